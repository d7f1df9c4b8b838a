use cairn_types::{MakerId, Window};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use sp_runtime::TokenError;

use crate::{Makers, SerialRecord, SerialState, Serials, Stage, mock::*};

const FIRST: MakerId = MakerId(0);

fn revoke(who: AccountId) -> DispatchResult {
	Devices::revoke(RuntimeOrigin::signed(who), FIRST, serial(7))
}

/// Serial number 7 is revoked at the cost of its maker.
fn assert_revoked() {
	let SerialRecord { state, ends, deposit } =
		Serials::<Test>::get(FIRST, serial(7)).expect("kept");
	assert_eq!((state, ends), (SerialState::Revoked, Window::MAX));
	assert_eq!(deposit.map(|(payer, _)| payer), Some(MAKER));
	assert_eq!(held(&MAKER), serial_price());
}

#[test]
fn works_when_unused() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_ok!(revoke(MAKER));
		let (maker, serial, device) = (FIRST, serial(7), None);
		assert_eq!(events(), [Event::SerialRevoked { maker, serial, device }]);
		assert_revoked();
	});
}

#[test]
fn works_when_the_device_is_active() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &DevicePair::new(3), 7);
		assert_ok!(Devices::activate(RuntimeOrigin::signed(ALICE), device));
		advance(3);
		events();
		assert_ok!(revoke(MAKER));
		let until = next_window();
		let (maker, serial) = (FIRST, serial(7));
		assert_eq!(
			events(),
			[
				Event::SerialRevoked { maker, serial, device: Some(device) },
				Event::Suspended { device, until },
			]
		);
		assert_revoked();
		let record = record(device);
		assert_eq!(record.stage, Stage::Suspended);
		assert_eq!((record.state.activity.until, record.state.expires), (until, until));
		assert!(Devices::facts(device, until - 1).is_some_and(|facts| facts.active));
		assert!(Devices::facts(device, until).is_some_and(|facts| !facts.active));
		let maker = Makers::<Test>::get(FIRST).expect("registered");
		assert_eq!((maker.devices, maker.settled), (0, Now::get().tick + SETTLED));
	});
}

#[test]
fn works_when_the_device_is_not_active() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &DevicePair::new(3), 7);
		events();
		assert_ok!(revoke(MAKER));
		let (maker, serial) = (FIRST, serial(7));
		assert_eq!(events(), [Event::SerialRevoked { maker, serial, device: Some(device) }]);
		assert_eq!(record(device).stage, Stage::Registered);
		assert_eq!(record(device).state.expires, next_window());
		assert_revoked();
	});
}

#[test]
fn works_when_the_device_has_ended() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &DevicePair::new(3), 7);
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
		let before = record(device);
		assert_ok!(revoke(MAKER));
		assert_eq!(record(device), before);
		assert_revoked();
	});
}

#[test]
fn works_when_the_device_was_reaped() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &DevicePair::new(3), 7);
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
		advance(VOID);
		assert_ok!(Devices::reap(RuntimeOrigin::signed(BOB), device));
		events();
		assert_ok!(revoke(MAKER));
		let (maker, serial, device) = (FIRST, serial(7), None);
		assert_eq!(events(), [Event::SerialRevoked { maker, serial, device }]);
		assert_eq!(held(&ALICE), 0);
		assert_revoked();
	});
}

#[test]
fn fails_when_the_maker_is_unknown() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(revoke(MAKER), Error::MakerNotFound);
	});
}

#[test]
fn fails_when_not_admin() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		certified(&ALICE, &DevicePair::new(3), 7);
		assert_noop!(revoke(ALICE), Error::NotAuthorized);
	});
}

#[test]
fn fails_when_revoked() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_ok!(revoke(MAKER));
		assert_noop!(revoke(MAKER), Error::AlreadyRevoked);
	});
}

#[test]
fn fails_when_the_deposit_is_missing() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_ok!(Devices::add_maker_admin(RuntimeOrigin::signed(MAKER), FIRST, POOR));
		assert_noop!(revoke(POOR), TokenError::FundsUnavailable);
	});
}
