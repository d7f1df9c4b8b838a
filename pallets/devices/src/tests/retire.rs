use cairn_types::{Activity, DeviceId};
use frame_support::{assert_noop, assert_ok};

use crate::{Offers, Stage, mock::*};

fn pair() -> DevicePair {
	DevicePair::new(3)
}

#[test]
fn works_when_assigned_and_offered() {
	ExtBuilder::default().build_and_execute(|| {
		let device = assigned(&ALICE, &pair());
		assert_ok!(Devices::transfer(RuntimeOrigin::signed(ALICE), device, BOB));
		events();
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
		let until = next_window();
		assert_eq!(events(), [Event::Retired { device, until }]);
		assert_eq!(record(device).stage, Stage::Retired);
		assert_eq!((slot(device).payee, slot(device).until), (ALICE, until));
		assert!(!Offers::<Test>::contains_key(device));
		assert!(Devices::facts(device, until - 1).is_some_and(|facts| facts.active));
		assert!(Devices::facts(device, until).is_some_and(|facts| !facts.active));
		assert_eq!(held(&ALICE), device_price());
	});
}

#[test]
fn works_when_never_active_or_suspended() {
	ExtBuilder::default().build_and_execute(|| {
		let never = registered(&ALICE, &pair());
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), never));
		let settled = Now::get().tick + SETTLED;
		assert_eq!(record(never).state.activity, Activity { from: 0, until: 0, settled });

		let suspended = active(&ALICE, &DevicePair::new(4));
		assert_ok!(Devices::suspend(RuntimeOrigin::signed(ALICE), suspended));
		let until = next_window();
		advance(2);
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), suspended));
		assert_eq!(record(suspended).state.activity.until, until);
	});
}

#[test]
fn fails_when_not_found() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Devices::retire(RuntimeOrigin::signed(ALICE), DeviceId(0)), Error::NotFound);
	});
}

#[test]
fn fails_when_not_owner() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		assert_noop!(Devices::retire(RuntimeOrigin::signed(BOB), device), Error::NotOwner);
	});
}

#[test]
fn fails_when_retired() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
		assert_noop!(Devices::retire(RuntimeOrigin::signed(ALICE), device), Error::WrongStage);
	});
}
