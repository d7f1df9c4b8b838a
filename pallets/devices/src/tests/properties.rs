//! What holds over any sequence of calls.

use std::collections::BTreeMap;

use cairn_types::{
	CertificateClaim, DeviceId, GatewayId, MakerId, Tick, Window, view::DeviceFacts,
};
use frame_support::dispatch::DispatchResult;
use proptest::prelude::*;
use sp_core::Pair;

use crate::{NextDevice, mock::*};

/// A call by one of the users, with arguments that are likely to fit; or windows that pass.
#[derive(Clone, Debug)]
struct Step {
	call: u8,
	who: u8,
	device: u8,
	argument: u8,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
	let step = (0u8..24, 0u8..2, 0u8..4, 0u8..30).prop_map(|(call, who, device, argument)| Step {
		call,
		who,
		device,
		argument,
	});
	prop::collection::vec(step, 1..60)
}

/// What was seen of every device in every window, and the tick of every window.
#[derive(Default)]
struct History {
	ticks: BTreeMap<Window, Tick>,
	facts: BTreeMap<(DeviceId, Window), DeviceFacts>,
}

impl History {
	/// Remember what holds in the current window, which has just begun.
	fn record(&mut self) {
		let now = Now::get();
		self.ticks.insert(now.window, now.tick);
		for device in devices() {
			if let Some(facts) = Devices::facts(device, now.window) {
				self.facts.insert((device, now.window), facts);
			}
		}
	}

	/// Check that windows whose batches can still be checked look as they did when they began; a
	/// device that was reaped since was not active in them.
	fn check(&self) -> Result<(), TestCaseError> {
		let tick = Now::get().tick;
		let open = self.ticks.iter().filter(|(_, of)| !PERIODS.is_mature(**of, tick));
		for (window, _) in open {
			for device in devices() {
				let then = self.facts.get(&(device, *window)).copied();
				if crate::Devices::<Test>::contains_key(device) {
					prop_assert_eq!(Devices::facts(device, *window), then);
				} else {
					prop_assert!(!then.is_some_and(|facts| facts.active));
				}
			}
		}
		Ok(())
	}
}

fn devices() -> impl Iterator<Item = DeviceId> {
	(0..NextDevice::<Test>::get().0).map(DeviceId)
}

/// What a step's numbers mean.
struct Arguments {
	who: AccountId,
	device: DeviceId,
	known: Option<Record>,
	pair: DevicePair,
	maker: MakerId,
	claim: CertificateClaim,
	argument: u8,
}

impl Step {
	fn arguments(&self) -> Arguments {
		let argument = self.argument;
		let device = DeviceId(self.device.into());
		let maker = MakerId(u32::from(argument % 2));
		let expiry = PERIODS.start_of(Now::get().window + 2 + Window::from(argument));
		Arguments {
			who: if self.who == 0 { ALICE } else { BOB },
			device,
			known: crate::Devices::<Test>::get(device),
			pair: DevicePair::new(argument),
			maker,
			claim: CertificateClaim { maker, expiry, ..claim(argument % 5) },
			argument,
		}
	}
}

fn call(step: &Step) -> DispatchResult {
	let arguments = step.arguments();
	match step.call {
		0..=12 => live_and_die(step.call, arguments),
		13..=16 => change_hands(step.call, arguments),
		_ => vouch(step.call, arguments),
	}
}

fn live_and_die(call: u8, arguments: Arguments) -> DispatchResult {
	let Arguments { who, device, known, pair, claim, argument, .. } = arguments;
	let (key, proof) = (pair.key(), pair.prove(&who));
	let signed = RuntimeOrigin::signed(who);
	match call {
		0 | 1 => Devices::register(signed, OPEN, key, proof, None),
		2 | 3 => Devices::register(signed, CERTIFIED, key, proof, Some(certify(claim, &key))),
		4 | 5 => Devices::activate(signed, device),
		6 => Devices::suspend(signed, device),
		7 => Devices::retire(signed, device),
		8 => Devices::reap(signed, device),
		9 | 10 => Devices::rotate_key(signed, device, key, proof),
		_ => {
			let network = known.map_or(OPEN, |record| record.state.network);
			let gateway = GatewayId(network.0 * 10 + u32::from(argument % 2));
			Devices::assign_gateway(signed, device, gateway)
		},
	}
}

fn change_hands(call: u8, arguments: Arguments) -> DispatchResult {
	let Arguments { who, device, known, argument, .. } = arguments;
	let proof = known.and_then(|record| pair_of(&record)).map(|pair| pair.prove(&who));
	let signed = RuntimeOrigin::signed(who);
	match (call, proof) {
		(13, _) => Devices::transfer(signed, device, if argument < 15 { ALICE } else { BOB }),
		(14, _) => Devices::accept(signed, device),
		(15, _) => Devices::cancel_transfer(signed, device),
		(_, Some(proof)) => Devices::take_over(signed, device, proof),
		(_, None) => Ok(()),
	}
}

fn vouch(call: u8, arguments: Arguments) -> DispatchResult {
	let Arguments { who, device, known, maker, claim, argument, .. } = arguments;
	let (signed, admin) = (RuntimeOrigin::signed(who), RuntimeOrigin::signed(MAKER));
	match (call, known) {
		(17 | 18, Some(record)) => {
			Devices::certify(signed, device, certify(claim, &record.state.key.current))
		},
		(17 | 18, None) => Ok(()),
		(19, _) => Devices::revoke(admin, maker, serial(argument % 5)),
		(20, _) => Devices::forget(signed, maker, serial(argument % 5)),
		(21, _) => Devices::force_retire(RuntimeOrigin::root(), device),
		(22, _) => Devices::retire_maker(admin, maker),
		_ => Devices::add_maker_key(admin, maker, maker_pair(maker.0, 1).public()),
	}
}

/// What signs for a device: one of the thirty pairs that are used here.
fn pair_of(record: &Record) -> Option<DevicePair> {
	(0..30).map(DevicePair::new).find(|pair| pair.key() == record.state.key.current)
}

/// Let windows pass: a few, or as many as it takes to settle; of some no tick counts.
fn pass(argument: u8, history: &mut History) {
	let windows = if argument < 20 { argument % 4 } else { argument };
	for window in 0..windows {
		Now::mutate(|now| {
			now.window += 1 + u32::from(argument.is_multiple_of(7));
			now.tick += u32::from(window % 5 != 4);
		});
		end_blocks(10);
		history.record();
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	#[test]
	fn invariants_hold_and_the_past_never_changes(steps in steps()) {
		ExtBuilder::default().with_makers(2).build().execute_with(|| -> Result<(), TestCaseError> {
			LastAdmitted::set(1);
			let mut history = History::default();
			history.record();
			for step in &steps {
				// A call that fails is as good a step as one that does not: it must change nothing.
				let _ = call(step);
				check_state();
				history.check()?;
				if step.argument % 3 == 0 {
					pass(step.argument, &mut history);
				}
				end_blocks(1);
			}
			Ok(())
		})?;
	}
}
