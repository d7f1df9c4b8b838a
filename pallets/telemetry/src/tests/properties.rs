//! Whatever happens in whatever order: units are reported once, for attested batches only; money
//! is neither made nor lost; the invariants hold after each command and nothing panics.

use std::collections::BTreeMap;

use cairn_telemetry::{Fault, Header, HeaderV1, Sums, Verdict};
use cairn_traits::{SlotBook, Timekeeper};
use cairn_types::{Attempt, DeviceId, GatewayId, Slot, Window};
use proptest::prelude::*;
use sp_runtime::DispatchResult;

use crate::{Batches, Gateways, Rejection, Sealed, mock::*};

const GATEWAYS: u32 = 2;

#[derive(Clone, Debug)]
enum Command {
	/// A window passes, live or not, perhaps into another session.
	Pass {
		tick: bool,
		session: bool,
	},
	/// A window is sealed as soon as it is over, and attested.
	Live {
		gateway: GatewayId,
		units: u128,
	},
	/// An older window is sealed, perhaps with another header than the chain expects.
	Seal {
		gateway: GatewayId,
		back: Window,
		units: u128,
		wrong: Wrong,
	},
	/// A member judges a batch: with 2 the first one that waits, with less a later one.
	Vote {
		gateway: GatewayId,
		behind: u32,
		member: u32,
		verdict: Verdict,
	},
	Expire {
		gateway: GatewayId,
	},
	/// Some of the batches kept are paid for.
	Collect {
		first: usize,
		count: usize,
	},
	Assign {
		gateway: GatewayId,
	},
	End {
		gateway: GatewayId,
		slot: Slot,
	},
	Close {
		gateway: GatewayId,
		slot: Slot,
	},
	SetPayee {
		gateway: GatewayId,
		slot: Slot,
	},
	/// All devices leave, the gateway retires, everything settles and every leaf is closed.
	Leave {
		gateway: GatewayId,
	},
	Reap {
		gateway: GatewayId,
	},
	Idle,
}

#[derive(Clone, Copy, Debug)]
enum Wrong {
	Nothing,
	Attempt,
	Root,
	Devices,
}

fn verdict() -> impl Strategy<Value = Verdict> {
	prop_oneof![
		6 => Just(Verdict::Valid),
		1 => Just(Verdict::Invalid(Fault::LedgerRoot)),
		1 => Just(Verdict::Invalid(Fault::Sums)),
		1 => Just(Verdict::Unavailable),
	]
}

fn wrong() -> impl Strategy<Value = Wrong> {
	prop_oneof![
		8 => Just(Wrong::Nothing),
		1 => Just(Wrong::Attempt),
		1 => Just(Wrong::Root),
		1 => Just(Wrong::Devices),
	]
}

fn command() -> impl Strategy<Value = Command> {
	let gateway = || (0..GATEWAYS).prop_map(GatewayId);
	let slot = || 0..6u32;
	let units = || 0..700u128;
	let behind = prop_oneof![6 => Just(2u32), 1 => Just(0), 1 => Just(1), 1 => Just(3)];
	prop_oneof![
		8 => (prop::bool::weighted(0.8), prop::bool::weighted(0.2))
			.prop_map(|(tick, session)| Command::Pass { tick, session }),
		12 => (gateway(), units()).prop_map(|(gateway, units)| Command::Live { gateway, units }),
		8 => (gateway(), 0u32..9, units(), wrong()).prop_map(|(gateway, back, units, wrong)| {
			Command::Seal { gateway, back, units, wrong }
		}),
		24 => (gateway(), behind, 0u32..5, verdict()).prop_map(
			|(gateway, behind, member, verdict)| Command::Vote { gateway, behind, member, verdict }
		),
		3 => gateway().prop_map(|gateway| Command::Expire { gateway }),
		6 => (0usize..40, 1usize..17).prop_map(|(first, count)| Command::Collect { first, count }),
		2 => gateway().prop_map(|gateway| Command::Assign { gateway }),
		2 => (gateway(), slot()).prop_map(|(gateway, slot)| Command::End { gateway, slot }),
		2 => (gateway(), slot()).prop_map(|(gateway, slot)| Command::Close { gateway, slot }),
		1 => (gateway(), slot()).prop_map(|(gateway, slot)| Command::SetPayee { gateway, slot }),
		1 => gateway().prop_map(|gateway| Command::Leave { gateway }),
		2 => gateway().prop_map(|gateway| Command::Reap { gateway }),
		3 => Just(Command::Idle),
	]
}

/// What was sealed and what became of it, by the events.
#[derive(Default)]
struct Model {
	/// Units that each batch was sealed with.
	sealed: BTreeMap<(GatewayId, Window, Attempt), u128>,
	/// Units of each attested window.
	attested: BTreeMap<(GatewayId, Window), u128>,
	/// Batches that were paid for.
	collected: Vec<(GatewayId, Window, Attempt)>,
}

impl Model {
	fn note(&mut self) {
		for event in events() {
			match event {
				Event::Sealed { gateway, window, attempt, .. } => {
					let batch = Batches::<Test>::get((gateway, window, attempt)).expect("kept");
					let before = self.sealed.insert((gateway, window, attempt), batch.sums.units);
					assert_eq!(before, None, "a name is used once");
				},
				Event::Attested { gateway, window, attempt, units, .. } => {
					let last =
						self.attested.range((gateway, 0)..=(gateway, Window::MAX)).next_back();
					assert!(last.is_none_or(|((_, last), _)| *last < window), "in order");
					assert_eq!(self.sealed.get(&(gateway, window, attempt)), Some(&units));
					assert_eq!(self.attested.insert((gateway, window), units), None);
				},
				Event::Collected { gateway, window, attempt, .. } => {
					let name = (gateway, window, attempt);
					assert!(!self.collected.contains(&name), "paid for once");
					self.collected.push(name);
				},
				_ => {},
			}
		}
		let attested = self.attested.values().sum::<u128>();
		let noted = Noted::get().iter().map(|(.., units)| units).sum::<u128>();
		assert_eq!(noted, attested, "units reported are those of attested batches");
	}
}

/// A call that fails leaves no trace; none fails because state is not what it must be.
fn tried(result: DispatchResult) {
	assert_ne!(result, Err(Error::Inconsistent.into()));
}

fn seal_units(gateway: GatewayId, window: Window, units: u128, wrong: Wrong) {
	if !Gateways::<Test>::contains_key(gateway) {
		return;
	}
	let sums = Sums { units, readings: 2, devices: 1 };
	let right = HeaderV1 { sums, ..header(gateway) };
	let header = match wrong {
		Wrong::Nothing => right,
		Wrong::Attempt => HeaderV1 { attempt: right.attempt + 1, ..right },
		Wrong::Root => HeaderV1 { previous_root: [9; 32], ..right },
		Wrong::Devices => HeaderV1 { sums: Sums { units, readings: 99, devices: 99 }, ..right },
	};
	let header = Header::V1(header);
	tried(Telemetry::seal(RuntimeOrigin::signed(OPERATOR), gateway, window, header));
}

fn vote_on(gateway: GatewayId, ordinal: u32, member: u32, verdict: Verdict) {
	let Some((window, attempt)) = Sealed::<Test>::get(gateway, ordinal) else { return };
	match vote(gateway, window, attempt, member, verdict) {
		Ok(result) => assert_eq!(result, Ok(()), "what is authorised is dispatched"),
		Err(error) => assert_ne!(error, Rejection::NoKey.into()),
	}
}

fn collect_some(first: usize, count: usize) {
	let mut kept = Batches::<Test>::iter_keys().collect::<Vec<_>>();
	kept.sort_unstable();
	for batch in kept.into_iter().skip(first).take(count) {
		tried(collect_all(&[batch]).map(|_| ()).map_err(|failure| failure.error));
	}
}

fn close(gateway: GatewayId, slot: Slot) {
	for payee in [OWNER, BUYER] {
		tried(Telemetry::close_leaf(RuntimeOrigin::signed(payee), gateway, slot));
	}
}

fn leave(gateway: GatewayId) {
	let Some(record) = Gateways::<Test>::get(gateway) else { return };
	(0..record.next_slot).for_each(|slot| {
		Telemetry::end(gateway, slot, FakeTime::next_window());
	});
	tried(Telemetry::retire_gateway(RuntimeOrigin::signed(OPERATOR), gateway));
	pass_windows(PERIODS.mature_ticks() + 1);
	(0..record.next_slot).for_each(|slot| close(gateway, slot));
}

impl Command {
	fn run(self) {
		match self {
			Self::Pass { tick, session } => {
				pass_window(tick);
				if session {
					begin_session(stashes(4));
				}
			},
			Self::Live { gateway, units } => {
				let window = FakeTime::now().window;
				pass_window(true);
				seal_units(gateway, window, units, Wrong::Nothing);
				let pending =
					Gateways::<Test>::get(gateway).map_or(0, |record| record.queue.pending);
				(0..3).for_each(|member| vote_on(gateway, pending, member, Verdict::Valid));
			},
			Self::Seal { gateway, back, units, wrong } => {
				let window = FakeTime::now().window.saturating_sub(back);
				seal_units(gateway, window, units, wrong);
			},
			Self::Vote { gateway, behind, member, verdict } => {
				let Some(record) = Gateways::<Test>::get(gateway) else { return };
				let ordinal = (record.queue.pending + 2).saturating_sub(behind);
				vote_on(gateway, ordinal, member, verdict);
			},
			Self::Expire { gateway } => {
				tried(Telemetry::expire(RuntimeOrigin::signed(OTHER), gateway));
			},
			Self::Collect { first, count } => collect_some(first, count),
			Self::Assign { gateway } => tried(assign(DeviceId(0), gateway, OWNER).map(|_| ())),
			Self::End { gateway, slot } => {
				Telemetry::end(gateway, slot, FakeTime::next_window());
			},
			Self::Close { gateway, slot } => close(gateway, slot),
			Self::SetPayee { gateway, slot } => {
				tried(Telemetry::set_payee(gateway, slot, BUYER));
			},
			Self::Leave { gateway } => leave(gateway),
			Self::Reap { gateway } => {
				tried(Telemetry::reap_gateway(RuntimeOrigin::signed(OTHER), gateway));
			},
			Self::Idle => {
				idle(1);
			},
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	#[test]
	fn units_are_reported_once_and_the_invariants_hold(
		commands in prop::collection::vec(command(), 1..120),
	) {
		ExtBuilder::default().build_and_execute(|| {
			let url = endpoint("https://second.example");
			tried(Telemetry::register_gateway(RuntimeOrigin::signed(OPERATOR), NETWORK, url));
			tried(assign(DeviceId(2), GatewayId(1), OWNER).map(|_| ()));
			let issuance = Balances::total_issuance();
			let mut model = Model::default();
			for command in commands {
				command.run();
				model.note();
				check_state();
				assert_eq!(Balances::total_issuance(), issuance);
			}
		});
	}
}
