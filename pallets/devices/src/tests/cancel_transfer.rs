use cairn_types::DeviceId;
use frame_support::{assert_noop, assert_ok};

use crate::{Offers, mock::*};

fn pair() -> DevicePair {
	DevicePair::new(3)
}

#[test]
fn works_when_offered() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		assert_ok!(Devices::transfer(RuntimeOrigin::signed(ALICE), device, BOB));
		events();
		assert_ok!(Devices::cancel_transfer(RuntimeOrigin::signed(ALICE), device));
		assert_eq!(events(), [Event::TransferCancelled { device }]);
		assert!(!Offers::<Test>::contains_key(device));
		assert_noop!(Devices::accept(RuntimeOrigin::signed(BOB), device), Error::NotOffered);
	});
}

#[test]
fn fails_when_not_found() {
	ExtBuilder::default().build_and_execute(|| {
		let origin = RuntimeOrigin::signed(ALICE);
		assert_noop!(Devices::cancel_transfer(origin, DeviceId(0)), Error::NotFound);
	});
}

#[test]
fn fails_when_not_owner() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		assert_ok!(Devices::transfer(RuntimeOrigin::signed(ALICE), device, BOB));
		let origin = RuntimeOrigin::signed(BOB);
		assert_noop!(Devices::cancel_transfer(origin, device), Error::NotOwner);
	});
}

#[test]
fn fails_when_not_offered() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		let origin = RuntimeOrigin::signed(ALICE);
		assert_noop!(Devices::cancel_transfer(origin, device), Error::NotOffered);
	});
}
