use cairn_types::{CertificateClaim, DeviceId, MakerId};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use sp_runtime::DispatchError;

use crate::{NextDevice, Stage, mock::*};

fn pair() -> DevicePair {
	DevicePair::new(3)
}

/// By somebody who has nothing to do with it.
fn expel(device: DeviceId) -> DispatchResult {
	Devices::expel(RuntimeOrigin::signed(BOB), device)
}

/// An active device of [`CERTIFIED`] that the second maker certified, which is admitted until then.
fn of_the_second_maker() -> DeviceId {
	LastAdmitted::set(1);
	let device = NextDevice::<Test>::get();
	let key = pair().key();
	let certificate = certify(CertificateClaim { maker: MakerId(1), ..claim(7) }, &key);
	let (signed, proof) = (RuntimeOrigin::signed(ALICE), pair().prove(&ALICE));
	assert_ok!(Devices::register(signed, CERTIFIED, key, proof, Some(certificate)));
	assert_ok!(Devices::activate(RuntimeOrigin::signed(ALICE), device));
	device
}

#[test]
fn works_when_the_network_admits_certified_devices_only() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = active(&ALICE, &pair());
		advance(3);
		events();
		OpenCertifies::set(true);
		assert_ok!(expel(device));
		let until = next_window();
		assert_eq!(events(), [Event::Suspended { device, until }]);
		assert_eq!(record(device).stage, Stage::Suspended);
		// What has been is not touched.
		assert!(Devices::facts(device, until - 1).is_some_and(|facts| facts.active));
		assert!(Devices::facts(device, until).is_some_and(|facts| !facts.active));
	});
}

#[test]
fn works_when_the_network_admits_the_maker_no_more() {
	ExtBuilder::default().with_makers(2).build_and_execute(|| {
		let device = of_the_second_maker();
		events();
		assert_noop!(expel(device), Error::StillAdmitted);
		LastAdmitted::set(0);
		assert_ok!(expel(device));
		assert_eq!(events(), [Event::Suspended { device, until: next_window() }]);
	});
}

#[test]
fn works_when_the_maker_was_convicted() {
	ExtBuilder::default().with_makers(2).build_and_execute(|| {
		let device = of_the_second_maker();
		events();
		assert_ok!(Devices::force_retire_maker(RuntimeOrigin::root(), MakerId(1)));
		assert_ok!(expel(device));
		let (maker, payer, until) = (MakerId(1), MAKER, next_window());
		assert_eq!(
			events(),
			[Event::MakerConvicted { maker, payer }, Event::Suspended { device, until }]
		);
		// Its own word does not let it in again, another maker's does.
		advance(SETTLED);
		let activate = || Devices::activate(RuntimeOrigin::signed(ALICE), device);
		assert_noop!(activate(), Error::MakerKeyRevoked);
		let certificate = certificate(8, &pair().key());
		assert_ok!(Devices::certify(RuntimeOrigin::signed(ALICE), device, certificate));
		assert_ok!(activate());
		assert_noop!(expel(device), Error::StillAdmitted);
	});
}

/// It asks for no maker's word.
#[test]
fn fails_when_the_network_is_open_and_the_maker_was_convicted() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = registered(&ALICE, &pair());
		let certificate = certificate(7, &pair().key());
		assert_ok!(Devices::certify(RuntimeOrigin::signed(ALICE), device, certificate));
		assert_ok!(Devices::activate(RuntimeOrigin::signed(ALICE), device));
		assert_ok!(Devices::force_retire_maker(RuntimeOrigin::root(), MakerId(0)));
		assert_noop!(expel(device), Error::StillAdmitted);
	});
}

#[test]
fn a_certificate_lets_it_in_again() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = active(&ALICE, &pair());
		OpenCertifies::set(true);
		assert_ok!(expel(device));
		advance(SETTLED);
		let activate = || Devices::activate(RuntimeOrigin::signed(ALICE), device);
		assert_noop!(activate(), Error::NotAdmitted);
		let certificate = certificate(7, &pair().key());
		assert_ok!(Devices::certify(RuntimeOrigin::signed(ALICE), device, certificate));
		assert_ok!(activate());
		assert_noop!(expel(device), Error::StillAdmitted);
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		OpenCertifies::set(true);
		for origin in [RuntimeOrigin::none(), RuntimeOrigin::root()] {
			assert_noop!(Devices::expel(origin, device), DispatchError::BadOrigin);
		}
	});
}

#[test]
fn fails_when_not_found() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(expel(DeviceId(0)), Error::NotFound);
	});
}

#[test]
fn fails_when_still_admitted() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let open = active(&ALICE, &pair());
		assert_noop!(expel(open), Error::StillAdmitted);
		let device = certified(&ALICE, &DevicePair::new(4), 7);
		assert_ok!(Devices::activate(RuntimeOrigin::signed(ALICE), device));
		assert_noop!(expel(device), Error::StillAdmitted);
	});
}

#[test]
fn fails_when_not_active() {
	ExtBuilder::default().build_and_execute(|| {
		let device = registered(&ALICE, &pair());
		let ended = reapable(&ALICE, &DevicePair::new(4));
		OpenCertifies::set(true);
		assert_noop!(expel(device), Error::WrongStage);
		assert_noop!(expel(ended), Error::WrongStage);
	});
}
