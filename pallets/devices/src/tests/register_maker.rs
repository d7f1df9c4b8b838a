use cairn_types::{CertifierKey, MakerId, P256Public};
use frame_support::{assert_noop, assert_ok};
use sp_core::ed25519;
use sp_runtime::{DispatchError, TokenError};

use crate::{MakerKey, MakerRecord, Makers, NextMaker, mock::*};

#[test]
fn works_when_bonded() {
	ExtBuilder::default().build_and_execute(|| {
		let public = maker_key(0, 0);
		for maker in [MakerId(0), MakerId(1)] {
			assert_ok!(Devices::register_maker(RuntimeOrigin::signed(MAKER), public));
			assert_eq!(events(), [Event::MakerRegistered { maker, admin: MAKER }]);
			let record = Makers::<Test>::get(maker).expect("registered");
			let MakerRecord { bond, admins, keys, registered, devices, settled, .. } = record;
			assert_eq!(bond.map(|bond| bond.payer), Some(MAKER));
			assert_eq!(admins.into_inner(), [MAKER]);
			assert_eq!(keys.into_inner(), [MakerKey { index: 0, public, revoked: false }]);
			assert_eq!((registered.1, devices, settled), (0, 0, START.tick + SETTLED));
		}
		assert_eq!(bonded(&MAKER), 2 * BOND);
		assert_eq!(NextMaker::<Test>::get(), MakerId(2));
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		let key = maker_key(0, 0);
		assert_noop!(Devices::register_maker(RuntimeOrigin::root(), key), DispatchError::BadOrigin);
	});
}

#[test]
fn fails_when_the_key_is_weak() {
	ExtBuilder::default().build_and_execute(|| {
		let weak = [
			CertifierKey::Ed25519(ed25519::Public::from_raw([0; 32])),
			// Not a point of the curve, and a point in another encoding.
			CertifierKey::P256(P256Public([3; 33])),
			CertifierKey::P256(P256Public([5; 33])),
		];
		for key in weak {
			let origin = RuntimeOrigin::signed(MAKER);
			assert_noop!(Devices::register_maker(origin, key), Error::KeyWeak);
		}
	});
}

#[test]
fn fails_when_no_id_is_left() {
	ExtBuilder::default().build_and_execute(|| {
		NextMaker::<Test>::put(MakerId(u32::MAX));
		let key = maker_key(0, 0);
		assert_noop!(
			Devices::register_maker(RuntimeOrigin::signed(MAKER), key),
			Error::TooManyMakers
		);
	});
}

#[test]
fn fails_when_the_bond_is_missing() {
	ExtBuilder::default().build_and_execute(|| {
		let key = maker_key(0, 0);
		assert_noop!(
			Devices::register_maker(RuntimeOrigin::signed(POOR), key),
			TokenError::FundsUnavailable
		);
	});
}

#[test]
fn works_with_a_key_on_p256() {
	ExtBuilder::default().build_and_execute(|| {
		let key = CertifierKey::P256(root_pair(1).public());
		assert_ok!(Devices::register_maker(RuntimeOrigin::signed(MAKER), key));
		assert!(Makers::<Test>::get(MakerId(0)).expect("registered").has_key(&key));
	});
}
