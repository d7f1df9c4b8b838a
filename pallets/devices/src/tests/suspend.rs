use cairn_types::DeviceId;
use frame_support::{assert_noop, assert_ok};

use crate::{Stage, mock::*};

fn pair() -> DevicePair {
	DevicePair::new(3)
}

#[test]
fn works_when_active() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		advance(3);
		events();
		assert_ok!(Devices::suspend(RuntimeOrigin::signed(ALICE), device));
		let until = next_window();
		assert_eq!(events(), [Event::Suspended { device, until }]);
		let record = record(device);
		assert_eq!(record.stage, Stage::Suspended);
		assert_eq!(record.state.activity.settled, Now::get().tick + SETTLED);
		assert!(Devices::facts(device, until - 1).is_some_and(|facts| facts.active));
		assert!(Devices::facts(device, until).is_some_and(|facts| !facts.active));
	});
}

#[test]
fn works_when_activated_in_the_same_window() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		assert_ok!(Devices::suspend(RuntimeOrigin::signed(ALICE), device));
		assert!(Devices::facts(device, next_window()).is_some_and(|facts| !facts.active));
	});
}

#[test]
fn works_when_the_certificate_has_ended() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &pair(), 7);
		assert_ok!(Devices::activate(RuntimeOrigin::signed(ALICE), device));
		advance(1_010);
		assert_ok!(Devices::suspend(RuntimeOrigin::signed(ALICE), device));
		assert_eq!(record(device).state.activity.until, START.window + 1_000);
	});
}

#[test]
fn fails_when_not_found() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Devices::suspend(RuntimeOrigin::signed(ALICE), DeviceId(0)), Error::NotFound);
	});
}

#[test]
fn fails_when_not_owner() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		assert_noop!(Devices::suspend(RuntimeOrigin::signed(BOB), device), Error::NotOwner);
	});
}

#[test]
fn fails_when_not_active() {
	ExtBuilder::default().build_and_execute(|| {
		let suspend = |device| Devices::suspend(RuntimeOrigin::signed(ALICE), device);
		let device = registered(&ALICE, &pair());
		assert_noop!(suspend(device), Error::WrongStage);
		assert_ok!(Devices::activate(RuntimeOrigin::signed(ALICE), device));
		assert_ok!(suspend(device));
		assert_noop!(suspend(device), Error::WrongStage);
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
		assert_noop!(suspend(device), Error::WrongStage);
	});
}
