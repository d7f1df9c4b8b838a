use cairn_types::{Activity, Certificate, CertificateClaim, DeviceId, MakerId, Window};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};

use crate::{Certified, Makers, SerialRecord, SerialState, Serials, Stage, mock::*};

const FIRST: MakerId = MakerId(0);
const SECOND: MakerId = MakerId(1);

fn pair() -> DevicePair {
	DevicePair::new(3)
}

/// ALICE brings a certificate.
fn bring(device: DeviceId, certificate: Certificate) -> DispatchResult {
	Devices::certify(RuntimeOrigin::signed(ALICE), device, certificate)
}

/// A claim that ends a thousand windows later than the first one.
fn later(number: u8) -> CertificateClaim {
	CertificateClaim { expiry: PERIODS.start_of(START.window + 2_000), ..claim(number) }
}

fn devices_of(maker: MakerId) -> u32 {
	Makers::<Test>::get(maker).expect("registered").devices
}

/// A certified device of ALICE, active.
fn certified_and_active() -> DeviceId {
	let device = certified(&ALICE, &pair(), 7);
	assert_ok!(Devices::activate(RuntimeOrigin::signed(ALICE), device));
	events();
	device
}

#[test]
fn works_when_renewed_in_time() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified_and_active();
		let from = next_window();
		// The last moment: the old certificate ends with the current window.
		advance(999);
		assert_ok!(bring(device, certify(later(7), &pair().key())));
		let expires = START.window + 2_000;
		assert_eq!(events(), [Event::Certified { device, maker: FIRST, expires }]);
		let record = record(device);
		assert_eq!((record.stage, record.state.expires), (Stage::Active, expires));
		assert_eq!(record.state.activity, Activity { from, until: expires, settled: 0 });
		let entry = SerialRecord { state: SerialState::Used(device), ends: expires, deposit: None };
		assert_eq!(Serials::<Test>::get(FIRST, serial(7)), Some(entry));
		// A renewal is no new device.
		assert_eq!(devices_of(FIRST), 1);
	});
}

/// Otherwise the number could be forgotten, and its first certificate register a second device.
#[test]
fn a_renewal_that_ends_earlier_does_not_free_the_serial() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified_and_active();
		let sooner = START.window + 100;
		let claim = CertificateClaim { expiry: PERIODS.start_of(sooner), ..claim(7) };
		assert_ok!(bring(device, certify(claim, &pair().key())));
		assert_eq!(record(device).state.expires, sooner);
		assert_eq!(record(device).state.activity.until, sooner);
		assert_ok!(bring(device, certificate(8, &pair().key())));
		let ends = Serials::<Test>::get(FIRST, serial(7)).map(|entry| entry.ends);
		assert_eq!(ends, Some(START.window + 1_000));
		advance(100);
		let forget = || Devices::forget(RuntimeOrigin::signed(BOB), FIRST, serial(7));
		assert_noop!(forget(), Error::SerialInUse);
		advance(900);
		assert_ok!(forget());
	});
}

#[test]
fn suspends_when_renewed_too_late() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified_and_active();
		advance(1_000);
		assert_ok!(bring(device, certify(later(7), &pair().key())));
		let (expires, until) = (START.window + 2_000, next_window());
		assert_eq!(
			events(),
			[
				Event::Certified { device, maker: FIRST, expires },
				Event::Suspended { device, until },
			]
		);
		// The gap stays visible.
		let ended = START.window + 1_000;
		assert!(Devices::facts(device, ended - 1).is_some_and(|facts| facts.active));
		assert!(Devices::facts(device, ended).is_some_and(|facts| !facts.active));
		let origin = RuntimeOrigin::signed(ALICE);
		assert_noop!(Devices::activate(origin, device), Error::TooEarly);
		advance(SETTLED);
		assert_ok!(Devices::activate(RuntimeOrigin::signed(ALICE), device));
	});
}

#[test]
fn works_when_uncertified_before() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = active(&ALICE, &pair());
		assert_eq!(record(device).state.expires, Window::MAX);
		assert_ok!(bring(device, certificate(7, &pair().key())));
		let record = record(device);
		let expected = Certified { maker: FIRST, key_index: 0, serial: serial(7) };
		assert_eq!((record.state.maker, record.certified), (Some(FIRST), Some(expected)));
		let expires = START.window + 1_000;
		assert_eq!((record.state.activity.until, record.state.expires), (expires, expires));
		assert_eq!(devices_of(FIRST), 1);
	});
}

#[test]
fn works_with_another_serial() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified_and_active();
		assert_ok!(bring(device, certificate(8, &pair().key())));
		assert_eq!(record(device).certified.map(|known| known.serial), Some(serial(8)));
		// The old number stays used, at the owner's cost.
		let old = Serials::<Test>::get(FIRST, serial(7)).expect("kept");
		assert_eq!(old.state, SerialState::Used(device));
		assert_eq!(old.deposit.map(|(payer, _)| payer), Some(ALICE));
		assert_eq!(held(&ALICE), device_price() + serial_price());
		assert_eq!(devices_of(FIRST), 1);
		// So it cannot come back.
		assert_noop!(bring(device, certificate(7, &pair().key())), Error::SerialTaken);
	});
}

#[test]
fn works_with_another_maker() {
	ExtBuilder::default().with_makers(2).build_and_execute(|| {
		LastAdmitted::set(1);
		let device = certified_and_active();
		let claim = CertificateClaim { maker: SECOND, ..claim(7) };
		assert_ok!(bring(device, certify(claim, &pair().key())));
		assert_eq!(record(device).state.maker, Some(SECOND));
		assert_eq!((devices_of(FIRST), devices_of(SECOND)), (0, 1));
		let first = Makers::<Test>::get(FIRST).expect("registered");
		assert_eq!(first.settled, Now::get().tick + SETTLED);
	});
}

#[test]
fn works_when_the_old_serial_was_revoked() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified_and_active();
		assert_ok!(Devices::revoke(RuntimeOrigin::signed(MAKER), FIRST, serial(7)));
		assert_ok!(bring(device, certificate(8, &pair().key())));
		assert_eq!((held(&ALICE), held(&MAKER)), (device_price(), serial_price()));
		advance(SETTLED);
		assert_ok!(Devices::activate(RuntimeOrigin::signed(ALICE), device));
	});
}

#[test]
fn fails_when_not_found() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_noop!(bring(DeviceId(0), certificate(7, &pair().key())), Error::NotFound);
	});
}

#[test]
fn fails_when_not_owner() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&BOB, &pair(), 7);
		assert_noop!(bring(device, certify(later(7), &pair().key())), Error::NotOwner);
	});
}

#[test]
fn fails_when_retired() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = reapable(&ALICE, &pair());
		assert_noop!(bring(device, certificate(7, &pair().key())), Error::WrongStage);
	});
}

#[test]
fn fails_when_the_network_does_not_admit_the_maker() {
	ExtBuilder::default().with_makers(2).build_and_execute(|| {
		let device = certified_and_active();
		let claim = CertificateClaim { maker: SECOND, ..claim(7) };
		assert_noop!(bring(device, certify(claim, &pair().key())), Error::NotAdmitted);
	});
}

#[test]
fn fails_as_registration_does() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = active(&ALICE, &pair());
		certified(&BOB, &DevicePair::new(6), 7);
		assert_ok!(Devices::revoke(RuntimeOrigin::signed(MAKER), FIRST, serial(9)));
		let key = pair().key();
		let faulty = [
			(CertificateClaim { maker: MakerId(2), ..claim(8) }, Error::MakerNotFound),
			(CertificateClaim { key_index: 1, ..claim(8) }, Error::MakerKeyNotFound),
			(CertificateClaim { expiry: 0, ..claim(8) }, Error::CertificateExpired),
			(claim(7), Error::SerialTaken),
			(claim(9), Error::SerialRevoked),
		];
		for (claim, error) in faulty {
			assert_noop!(bring(device, certify(claim, &key)), error);
		}
		let other = certificate(8, &DevicePair::new(6).key());
		assert_noop!(bring(device, other), Error::CertificateInvalid);
		Tuned::mutate(|policy| policy.per_cycle = 1);
		assert_noop!(bring(device, certificate(8, &key)), Error::TooManyCertified);
		assert_ok!(Devices::revoke_maker_key(RuntimeOrigin::signed(MAKER), FIRST, 0));
		assert_noop!(bring(device, certificate(8, &key)), Error::MakerKeyRevoked);
	});
}

#[test]
fn a_renewal_does_not_count_in_the_cycle() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified_and_active();
		Tuned::mutate(|policy| policy.per_cycle = 1);
		assert_ok!(bring(device, certify(later(7), &pair().key())));
	});
}

#[test]
fn fails_with_a_certificate_of_the_key_before() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified_and_active();
		advance(SETTLED);
		let next = DevicePair::new(4);
		let (origin, proof) = (RuntimeOrigin::signed(ALICE), next.prove(&ALICE));
		assert_ok!(Devices::rotate_key(origin, device, next.key(), proof));
		assert_noop!(bring(device, certify(later(7), &pair().key())), Error::CertificateInvalid);
		assert_ok!(bring(device, certify(later(7), &next.key())));
	});
}
