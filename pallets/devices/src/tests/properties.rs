//! What holds over any sequence of calls.

use std::collections::BTreeMap;

use cairn_geo::Placed;
use cairn_types::{
	CertificateClaim, DeviceId, GatewayId, Identity, MakerId, Objection, Registration, Tick,
	Window, view::DeviceFacts,
};
use frame_support::dispatch::DispatchResult;
use proptest::prelude::*;

use crate::{NextDevice, Recoveries, mock::*};

/// A call by one of the users, with arguments that are likely to fit; or windows that pass.
#[derive(Clone, Debug)]
struct Step {
	call: u8,
	who: u8,
	device: u8,
	argument: u8,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
	let step = (0u8..41, 0u8..2, 0u8..4, 0u8..30).prop_map(|(call, who, device, argument)| Step {
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
	places: BTreeMap<(DeviceId, Window), Placed>,
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
			if let Some(placed) = Devices::location(device, now.window) {
				self.places.insert((device, now.window), placed);
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
					let place = self.places.get(&(device, *window)).copied();
					prop_assert_eq!(Devices::location(device, *window), place);
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
		17..=23 => vouch(step.call, arguments),
		24..=27 => root(step.call, arguments),
		28..=31 => recover(step.call, arguments),
		34..=36 => move_about(arguments),
		37 => describe(arguments),
		38 | 39 => admit(step.call, arguments),
		40 => convict(arguments),
		_ => act_for_a_maker(step.call, arguments),
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
		_ => Devices::add_maker_key(admin, maker, maker_key(maker.0, 1)),
	}
}

fn root(call: u8, arguments: Arguments) -> DispatchResult {
	let Arguments { who, device, pair, argument, .. } = arguments;
	let Registration { key, possession, delegation, .. } =
		rooted_registration(&who, &pair, argument % 4 + 1);
	let delegation = delegation.expect("it has a root");
	let signed = RuntimeOrigin::signed(who.clone());
	match call {
		24 => Devices::register_rooted(signed, OPEN, key, possession, delegation, None),
		25 => {
			let certificate = Some(certificate_v2(argument % 5, Identity::Root(delegation.root)));
			let network = CERTIFIED;
			Devices::register_rooted(signed, network, key, possession, delegation, certificate)
		},
		26 => Devices::rotate_rooted_key(signed, device, key, possession, delegation.signature),
		_ => {
			let both = vec![
				Registration { key, possession, delegation: Some(delegation), certificate: None },
				registration(&who, &DevicePair::new((argument + 1) % 30)),
			];
			let both = both.try_into().expect("two");
			let outcome = Devices::register_batch(signed, OPEN, both);
			outcome.map(|_| ()).map_err(|failed| failed.error)
		},
	}
}

fn recover(call: u8, arguments: Arguments) -> DispatchResult {
	let Arguments { who, device, known, pair, argument, .. } = arguments;
	let signed = RuntimeOrigin::signed(who.clone());
	let is_pending = Recoveries::<Test>::contains_key(device);
	match (call, known) {
		(28 | 29, Some(_)) => {
			let (key, proof) = (pair.key(), pair.prove(&who));
			let root = argument.is_multiple_of(2).then_some(argument % 4 + 1);
			let delegation = root.map(|root| delegate(root, &who, &key, &proof));
			let approval = approve(device, &key, root.map(root_key));
			Devices::recover(signed, device, key, proof, delegation, approval)
		},
		(30, _) => Devices::complete_recovery(signed, device),
		(31, Some(record)) if is_pending => {
			let message = objection(device);
			let objection = match (argument % 3, pair_of(&record)) {
				(0, Some(pair)) => Objection::Operational(pair.sign(&message)),
				(1, _) => Objection::Root(root_sign(argument % 4 + 1, &message)),
				_ => Objection::Owner,
			};
			Devices::cancel_recovery(signed, device, objection)
		},
		_ => Ok(()),
	}
}

fn act_for_a_maker(call: u8, arguments: Arguments) -> DispatchResult {
	let Arguments { who, maker, argument, .. } = arguments;
	let admin = RuntimeOrigin::signed(if argument.is_multiple_of(2) { MAKER } else { BOB });
	match call {
		32 => Devices::add_maker_admin(admin, maker, who),
		_ if argument < 15 => Devices::remove_maker_admin(admin, maker, who),
		_ => Devices::remove_maker_admin(admin, maker, MAKER),
	}
}

fn move_about(arguments: Arguments) -> DispatchResult {
	let Arguments { who, device, argument, .. } = arguments;
	let outcome = Devices::assert_location(RuntimeOrigin::signed(who), device, place(argument % 3));
	outcome.map(|_| ()).map_err(|failed| failed.error)
}

/// Networks change whom they admit, and devices have to go.
fn admit(call: u8, arguments: Arguments) -> DispatchResult {
	let Arguments { who, device, argument, .. } = arguments;
	if call == 38 {
		return Devices::expel(RuntimeOrigin::signed(who), device);
	}
	OpenCertifies::set(argument % 3 == 1);
	LastAdmitted::set(u32::from(argument % 2));
	Ok(())
}

/// A maker is convicted at times, and anybody removes what is left of it.
fn convict(arguments: Arguments) -> DispatchResult {
	let Arguments { who, maker, argument, .. } = arguments;
	if argument < 10 {
		return Devices::force_retire_maker(RuntimeOrigin::root(), maker);
	}
	Devices::retire_maker(RuntimeOrigin::signed(who), maker)
}

fn describe(arguments: Arguments) -> DispatchResult {
	let Arguments { who, device, argument, .. } = arguments;
	let description = (argument % 3 > 0).then_some([argument % 3; 32]);
	Devices::describe(RuntimeOrigin::signed(who), device, description)
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
