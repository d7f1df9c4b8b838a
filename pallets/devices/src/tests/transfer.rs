use cairn_types::DeviceId;
use frame_support::{assert_noop, assert_ok};

use crate::{Offers, mock::*};

fn pair() -> DevicePair {
	DevicePair::new(3)
}

#[test]
fn works_when_offered_twice() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		events();
		for to in [BOB, MAKER] {
			assert_ok!(Devices::transfer(RuntimeOrigin::signed(ALICE), device, to.clone()));
			assert_eq!(events(), [Event::TransferOffered { device, to: to.clone() }]);
			assert_eq!(Offers::<Test>::get(device), Some(to));
		}
		assert_eq!(record(device).owner, ALICE);
	});
}

#[test]
fn fails_when_not_found() {
	ExtBuilder::default().build_and_execute(|| {
		let origin = RuntimeOrigin::signed(ALICE);
		assert_noop!(Devices::transfer(origin, DeviceId(0), BOB), Error::NotFound);
	});
}

#[test]
fn fails_when_not_owner() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		assert_noop!(Devices::transfer(RuntimeOrigin::signed(BOB), device, BOB), Error::NotOwner);
	});
}

#[test]
fn fails_when_retired() {
	ExtBuilder::default().build_and_execute(|| {
		let device = reapable(&ALICE, &pair());
		let origin = RuntimeOrigin::signed(ALICE);
		assert_noop!(Devices::transfer(origin, device, BOB), Error::WrongStage);
	});
}

#[test]
fn fails_when_offered_to_the_owner() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		let origin = RuntimeOrigin::signed(ALICE);
		assert_noop!(Devices::transfer(origin, device, ALICE), Error::AlreadyOwner);
	});
}
