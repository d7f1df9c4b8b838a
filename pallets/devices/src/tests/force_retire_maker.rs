use cairn_types::MakerId;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use sp_runtime::DispatchError;

use super::recover::{next, requested};
use crate::{Makers, Stage, mock::*};

const FIRST: MakerId = MakerId(0);

fn pair() -> DevicePair {
	DevicePair::new(3)
}

fn convict() -> DispatchResult {
	Devices::force_retire_maker(RuntimeOrigin::root(), FIRST)
}

#[test]
fn works_and_the_bond_is_burned() {
	ExtBuilder::default().with_makers(2).build_and_execute(|| {
		let key = maker_key(0, 1);
		assert_ok!(Devices::add_maker_key(RuntimeOrigin::signed(MAKER), FIRST, key));
		events();
		let issued = pallet_balances::TotalIssuance::<Test>::get();
		assert_ok!(convict());
		assert_eq!(events(), [Event::MakerConvicted { maker: FIRST, payer: MAKER }]);
		assert_eq!(pallet_balances::TotalIssuance::<Test>::get(), issued - BOND);
		let record = Makers::<Test>::get(FIRST).expect("kept");
		assert_eq!((record.bond, record.keys.len()), (None, 2));
		assert!(record.keys.iter().all(|key| key.revoked));
		// The other maker is none of its affair.
		assert_eq!(bonded(&MAKER), BOND);
		let other = Makers::<Test>::get(MakerId(1)).expect("kept");
		assert!(!other.is_convicted() && !other.is_revoked(0));
	});
}

#[test]
fn works_when_another_admin_left_the_bond_since() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_ok!(Devices::add_maker_admin(RuntimeOrigin::signed(MAKER), FIRST, BOB));
		assert_ok!(Devices::remove_maker_admin(RuntimeOrigin::signed(BOB), FIRST, MAKER));
		events();
		assert_ok!(convict());
		assert_eq!(events(), [Event::MakerConvicted { maker: FIRST, payer: BOB }]);
		assert_eq!((bonded(&MAKER), bonded(&BOB)), (0, 0));
	});
}

#[test]
fn its_certificates_admit_nothing() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let waiting = certified(&ALICE, &pair(), 7);
		let plain = registered(&ALICE, &DevicePair::new(4));
		assert_ok!(convict());
		let signed = || RuntimeOrigin::signed(ALICE);
		assert_noop!(Devices::activate(signed(), waiting), Error::MakerKeyRevoked);
		let renewal = certificate(7, &pair().key());
		assert_noop!(Devices::certify(signed(), waiting, renewal), Error::MakerKeyRevoked);
		let first = certificate(8, &DevicePair::new(4).key());
		assert_noop!(Devices::certify(signed(), plain, first), Error::MakerKeyRevoked);
		let fresh = DevicePair::new(5);
		let (key, proof) = (fresh.key(), fresh.prove(&ALICE));
		let certificate = Some(certificate(9, &key));
		assert_noop!(
			Devices::register(signed(), CERTIFIED, key, proof, certificate),
			Error::MakerKeyRevoked
		);
	});
}

#[test]
fn its_consents_replace_no_keys() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let pending = rooted(&ALICE, &pair(), 1, 7);
		let lost = certified(&ALICE, &DevicePair::new(4), 8);
		requested(pending);
		advance(RECOVERY);
		assert_ok!(convict());
		assert_noop!(
			Devices::complete_recovery(RuntimeOrigin::signed(BOB), pending),
			Error::MakerKeyRevoked
		);
		let (key, proof) = (next().key(), next().prove(&ALICE));
		let approval = approve(lost, &key, None);
		assert_noop!(
			Devices::recover(RuntimeOrigin::signed(ALICE), lost, key, proof, None, approval),
			Error::MakerKeyRevoked
		);
	});
}

#[test]
fn nobody_acts_for_it() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let signed = || RuntimeOrigin::signed(MAKER);
		let key = maker_key(0, 1);
		assert_ok!(Devices::add_maker_admin(signed(), FIRST, BOB));
		certified(&ALICE, &pair(), 7);
		assert_ok!(convict());
		assert_noop!(Devices::add_maker_key(signed(), FIRST, key), Error::MakerConvicted);
		assert_noop!(Devices::revoke_maker_key(signed(), FIRST, 0), Error::MakerConvicted);
		assert_noop!(Devices::add_maker_admin(signed(), FIRST, ALICE), Error::MakerConvicted);
		assert_noop!(Devices::remove_maker_admin(signed(), FIRST, BOB), Error::MakerConvicted);
		assert_noop!(Devices::revoke(signed(), FIRST, serial(7)), Error::MakerConvicted);
		assert_noop!(
			Devices::add_maker_key(RuntimeOrigin::signed(ALICE), FIRST, key),
			Error::NotAuthorized
		);
	});
}

#[test]
fn active_devices_stay_active() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &pair(), 7);
		assert_ok!(Devices::activate(RuntimeOrigin::signed(ALICE), device));
		assert_ok!(convict());
		assert_eq!(record(device).stage, Stage::Active);
		assert!(Devices::facts(device, next_window()).is_some_and(|facts| facts.active));
	});
}

#[test]
fn a_new_bond_makes_another_maker() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_ok!(convict());
		assert_ok!(Devices::register_maker(RuntimeOrigin::signed(MAKER), maker_key(0, 0)));
		// Networks and certificates name makers by id.
		let (key, proof) = (pair().key(), pair().prove(&ALICE));
		let certificate = Some(certificate(7, &key));
		assert_noop!(
			Devices::register(RuntimeOrigin::signed(ALICE), CERTIFIED, key, proof, certificate),
			Error::MakerKeyRevoked
		);
		assert_eq!(bonded(&MAKER), BOND);
	});
}

#[test]
fn fails_when_not_admin() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		for origin in [RuntimeOrigin::signed(MAKER), RuntimeOrigin::none()] {
			assert_noop!(Devices::force_retire_maker(origin, FIRST), DispatchError::BadOrigin);
		}
	});
}

#[test]
fn fails_when_the_maker_is_unknown() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(convict(), Error::MakerNotFound);
	});
}

#[test]
fn fails_when_convicted() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_ok!(convict());
		assert_noop!(convict(), Error::MakerConvicted);
	});
}
