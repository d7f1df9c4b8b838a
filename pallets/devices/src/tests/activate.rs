use cairn_types::{Activity, CertificateClaim, DeviceId, MakerId, Window};
use frame_support::{assert_noop, assert_ok};

use crate::{Stage, mock::*};

fn pair() -> DevicePair {
	DevicePair::new(3)
}

fn activate(device: DeviceId) -> frame_support::dispatch::DispatchResult {
	Devices::activate(RuntimeOrigin::signed(ALICE), device)
}

#[test]
fn works_when_registered() {
	ExtBuilder::default().build_and_execute(|| {
		let device = registered(&ALICE, &pair());
		events();
		assert_ok!(activate(device));
		let (from, until) = (next_window(), Window::MAX);
		assert_eq!(events(), [Event::Activated { device, from, until }]);
		let record = record(device);
		assert_eq!(record.stage, Stage::Active);
		assert_eq!(record.state.activity, Activity { from, until, settled: 0 });
		assert!(!Devices::facts(device, from - 1).is_some_and(|facts| facts.active));
		assert!(Devices::facts(device, from).is_some_and(|facts| facts.active));
	});
}

#[test]
fn works_when_suspended_and_settled() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		assert_ok!(Devices::suspend(RuntimeOrigin::signed(ALICE), device));
		advance(SETTLED);
		events();
		assert_ok!(activate(device));
		let (from, until) = (next_window(), Window::MAX);
		assert_eq!(events(), [Event::Activated { device, from, until }]);
	});
}

#[test]
fn works_until_the_certificate_ends() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &pair(), 7);
		events();
		assert_ok!(activate(device));
		let (from, until) = (next_window(), START.window + 1_000);
		assert_eq!(events(), [Event::Activated { device, from, until }]);
		assert!(Devices::facts(device, until - 1).is_some_and(|facts| facts.active));
		assert!(Devices::facts(device, until).is_some_and(|facts| !facts.active));
	});
}

#[test]
fn fails_when_not_found() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(activate(DeviceId(0)), Error::NotFound);
	});
}

#[test]
fn fails_when_not_owner() {
	ExtBuilder::default().build_and_execute(|| {
		let device = registered(&BOB, &pair());
		assert_noop!(activate(device), Error::NotOwner);
	});
}

#[test]
fn fails_when_the_network_admits_it_no_more() {
	ExtBuilder::default().with_makers(2).build_and_execute(|| {
		let device = registered(&ALICE, &pair());
		OpenCertifies::set(true);
		assert_noop!(activate(device), Error::NotAdmitted);
		OpenCertifies::set(false);
		assert_ok!(activate(device));
	});
}

#[test]
fn fails_when_active_or_retired() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		assert_noop!(activate(device), Error::WrongStage);
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
		assert_noop!(activate(device), Error::WrongStage);
	});
}

#[test]
fn fails_when_the_last_end_can_still_be_checked() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		assert_ok!(Devices::suspend(RuntimeOrigin::signed(ALICE), device));
		advance(SETTLED - 1);
		assert_noop!(activate(device), Error::TooEarly);
		// Windows that no tick counts do not help.
		Now::mutate(|now| now.window += 100);
		assert_noop!(activate(device), Error::TooEarly);
	});
}

#[test]
fn fails_when_the_certificate_has_expired() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &pair(), 7);
		advance(999);
		assert_noop!(activate(device), Error::CertificateExpired);
	});
}

#[test]
fn fails_when_the_makers_key_is_revoked() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &pair(), 7);
		assert_ok!(Devices::revoke_maker_key(RuntimeOrigin::signed(MAKER), MakerId(0), 0));
		assert_noop!(activate(device), Error::MakerKeyRevoked);
	});
}

#[test]
fn fails_when_the_serial_is_revoked() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &pair(), 7);
		assert_ok!(Devices::revoke(RuntimeOrigin::signed(MAKER), MakerId(0), serial(7)));
		assert_noop!(activate(device), Error::SerialRevoked);
	});
}

#[test]
fn fails_when_the_maker_has_left() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &pair(), 7);
		assert_ok!(Devices::revoke(RuntimeOrigin::signed(MAKER), MakerId(0), serial(7)));
		advance(SETTLED + LEAVING);
		assert_ok!(Devices::retire_maker(RuntimeOrigin::signed(MAKER), MakerId(0)));
		assert_noop!(activate(device), Error::MakerNotFound);
	});
}

#[test]
fn works_when_certified_anew() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &pair(), 7);
		advance(999);
		let expiry = PERIODS.start_of(START.window + 2_000);
		let certificate = certify(CertificateClaim { expiry, ..claim(7) }, &pair().key());
		assert_ok!(Devices::certify(RuntimeOrigin::signed(ALICE), device, certificate));
		assert_ok!(activate(device));
	});
}
