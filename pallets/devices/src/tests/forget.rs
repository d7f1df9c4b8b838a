use cairn_types::MakerId;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};

use crate::{Serials, mock::*};

const FIRST: MakerId = MakerId(0);

/// BOB, who gains nothing by it, has serial number 7 forgotten.
fn forget() -> DispatchResult {
	Devices::forget(RuntimeOrigin::signed(BOB), FIRST, serial(7))
}

/// A device of ALICE was certified with serial number 7, retired and reaped.
fn use_up() {
	let device = certified(&ALICE, &DevicePair::new(3), 7);
	assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
	advance(VOID);
	assert_ok!(Devices::reap(RuntimeOrigin::signed(BOB), device));
	events();
}

#[test]
fn works_when_the_certificate_has_ended() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		use_up();
		advance(1_000 - VOID);
		assert_ok!(forget());
		assert_eq!(events(), [Event::SerialForgotten { maker: FIRST, serial: serial(7) }]);
		assert!(!Serials::<Test>::contains_key(FIRST, serial(7)));
		assert_eq!(held(&ALICE), 0);
	});
}

#[test]
fn works_when_the_maker_has_left() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_ok!(Devices::revoke(RuntimeOrigin::signed(MAKER), FIRST, serial(7)));
		advance(SETTLED + LEAVING);
		assert_ok!(Devices::retire_maker(RuntimeOrigin::signed(MAKER), FIRST));
		assert_ok!(forget());
		assert_eq!(held(&MAKER), 0);
	});
}

#[test]
fn fails_when_revoked_while_a_convicted_maker_is_there() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_ok!(Devices::revoke(RuntimeOrigin::signed(MAKER), FIRST, serial(7)));
		assert_ok!(Devices::force_retire_maker(RuntimeOrigin::root(), FIRST));
		advance(SETTLED);
		assert_noop!(forget(), Error::SerialInUse);
		assert_ok!(Devices::retire_maker(RuntimeOrigin::signed(BOB), FIRST));
		assert_ok!(forget());
		assert_eq!(held(&MAKER), 0);
	});
}

#[test]
fn a_device_outlives_its_forgotten_serial() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &DevicePair::new(3), 7);
		assert_ok!(Devices::revoke(RuntimeOrigin::signed(MAKER), FIRST, serial(7)));
		advance(SETTLED + LEAVING);
		assert_ok!(Devices::retire_maker(RuntimeOrigin::signed(MAKER), FIRST));
		assert_ok!(forget());
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
		advance(VOID);
		assert_ok!(Devices::reap(RuntimeOrigin::signed(BOB), device));
		assert_eq!(held(&ALICE), 0);
	});
}

#[test]
fn fails_when_neither_used_nor_revoked() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_noop!(forget(), Error::SerialNotFound);
	});
}

#[test]
fn fails_when_it_stands_for_a_device() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		certified(&ALICE, &DevicePair::new(3), 7);
		advance(2_000);
		assert_noop!(forget(), Error::SerialInUse);
	});
}

#[test]
fn fails_when_the_certificate_could_be_used_again() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		use_up();
		advance(999 - VOID);
		assert_noop!(forget(), Error::SerialInUse);
	});
}

#[test]
fn fails_when_revoked_while_the_maker_is_there() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		use_up();
		assert_ok!(Devices::revoke(RuntimeOrigin::signed(MAKER), FIRST, serial(7)));
		advance(2_000);
		assert_noop!(forget(), Error::SerialInUse);
	});
}
