use cairn_types::{DeviceId, Objection, certificate::objection_message};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};

use super::recover::{NEXT_ROOT, next, requested, requested_by_buyer};
use crate::{Recoveries, mock::*};

fn pair() -> DevicePair {
	DevicePair::new(3)
}

/// Somebody brings an objection.
fn cancel(who: AccountId, device: DeviceId, objection: Objection) -> DispatchResult {
	Devices::cancel_recovery(RuntimeOrigin::signed(who), device, objection)
}

/// A device of ALICE for which a recovery was requested.
fn device() -> DeviceId {
	let device = rooted(&ALICE, &pair(), 1, 7);
	requested(device);
	events();
	device
}

#[test]
fn works_with_every_kind_of_operational_key() {
	for pair in DevicePair::kinds() {
		ExtBuilder::default().with_makers(1).build_and_execute(|| {
			let device = rooted(&ALICE, &pair, 1, 7);
			requested(device);
			events();
			let signature = pair.sign(&objection(device));
			assert_ok!(cancel(BOB, device, Objection::Operational(signature)));
			assert_eq!(events(), [Event::RecoveryCancelled { device }]);
			assert!(!Recoveries::<Test>::contains_key(device));
			assert_eq!(record(device).state.key.current, pair.key());
			assert_eq!(held(&ALICE), device_price());
		});
	}
}

#[test]
fn works_when_the_root_or_the_owner_objects() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		let signature = root_sign(1, &objection(device));
		assert_ok!(cancel(BOB, device, Objection::Root(signature)));
		requested(device);
		assert_ok!(cancel(ALICE, device, Objection::Owner));
		assert_eq!(held(&ALICE), device_price());
	});
}

#[test]
fn the_makers_consent_is_void() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = rooted(&ALICE, &pair(), 1, 7);
		end_blocks(2);
		let approval = approve(device, &next().key(), None);
		let recover = || {
			let (origin, proof) = (RuntimeOrigin::signed(ALICE), next().prove(&ALICE));
			Devices::recover(origin, device, next().key(), proof, None, approval)
		};
		assert_ok!(recover());
		let signature = pair().sign(&objection(device));
		assert_ok!(cancel(BOB, device, Objection::Operational(signature)));
		end_blocks(2);
		assert_noop!(recover(), Error::ApprovalInvalid);
	});
}

#[test]
fn fails_when_not_found_or_not_requested() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_noop!(cancel(ALICE, DeviceId(9), Objection::Owner), Error::NotFound);
		let device = rooted(&ALICE, &pair(), 1, 7);
		assert_noop!(cancel(ALICE, device, Objection::Owner), Error::NotRequested);
	});
}

#[test]
fn fails_when_not_owner() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		assert_noop!(cancel(BOB, device, Objection::Owner), Error::NotOwner);
		assert_noop!(cancel(MAKER, device, Objection::Owner), Error::NotOwner);
	});
}

#[test]
fn fails_when_another_key_objects() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		let message = objection(device);
		let elsewhere = objection_message(&[7; 32], device, System::block_number(), &next().key());
		for objection in [
			// The keys that are to come have no say yet.
			Objection::Operational(next().sign(&message)),
			Objection::Root(root_sign(NEXT_ROOT, &message)),
			Objection::Operational(pair().sign(&elsewhere)),
			Objection::Root(root_sign(1, &elsewhere)),
		] {
			assert_noop!(cancel(BOB, device, objection), Error::ObjectionInvalid);
		}
	});
}

#[test]
fn fails_when_the_objection_was_to_an_earlier_request() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		let old = pair().sign(&objection(device));
		assert_ok!(cancel(ALICE, device, Objection::Owner));
		requested(device);
		assert_noop!(cancel(BOB, device, Objection::Operational(old)), Error::ObjectionInvalid);
	});
}

#[test]
fn fails_when_a_root_objects_for_a_device_without_one() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &pair(), 7);
		requested(device);
		let signature = root_sign(1, &objection(device));
		assert_noop!(cancel(BOB, device, Objection::Root(signature)), Error::ObjectionInvalid);
	});
}

#[test]
fn fails_when_the_key_may_be_an_earlier_owners() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = requested_by_buyer(&pair());
		let message = objection(device);
		let kept = Objection::Operational(pair().sign(&message));
		assert_noop!(cancel(ALICE, device, kept), Error::ObjectionInvalid);
		assert_ok!(cancel(ALICE, device, Objection::Root(root_sign(1, &message))));
	});
}

#[test]
fn a_change_of_owner_and_the_end_cancel_it_too() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		assert_ok!(Devices::transfer(RuntimeOrigin::signed(ALICE), device, BOB));
		events();
		assert_ok!(Devices::accept(RuntimeOrigin::signed(BOB), device));
		assert_eq!(
			events(),
			[
				Event::RecoveryCancelled { device },
				Event::Transferred { device, from: ALICE, to: BOB }
			]
		);
		assert_eq!((held(&ALICE), held(&BOB)), (0, device_price()));
		assert_ok!(Devices::transfer(RuntimeOrigin::signed(BOB), device, ALICE));
		assert_ok!(Devices::accept(RuntimeOrigin::signed(ALICE), device));
		requested(device);
		events();
		let until = next_window();
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
		assert_eq!(
			events(),
			[Event::RecoveryCancelled { device }, Event::Retired { device, until }]
		);
		assert_eq!(held(&ALICE), device_price());
	});
}
