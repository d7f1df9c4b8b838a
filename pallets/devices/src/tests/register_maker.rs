use cairn_types::MakerId;
use frame_support::{assert_noop, assert_ok};
use sp_core::{Pair, ed25519};
use sp_runtime::{DispatchError, TokenError};

use crate::{MakerKey, MakerRecord, Makers, NextMaker, mock::*};

#[test]
fn works_when_bonded() {
	ExtBuilder::default().build_and_execute(|| {
		let public = maker_pair(0, 0).public();
		for maker in [MakerId(0), MakerId(1)] {
			assert_ok!(Devices::register_maker(RuntimeOrigin::signed(MAKER), public));
			assert_eq!(events(), [Event::MakerRegistered { maker, admin: MAKER }]);
			let record = Makers::<Test>::get(maker).expect("registered");
			let MakerRecord { admin, keys, registered, devices, settled, .. } = record;
			assert_eq!(
				(admin, keys.into_inner()),
				(MAKER, vec![MakerKey { public, revoked: false }])
			);
			assert_eq!((registered.1, devices, settled), (0, 0, START.tick + SETTLED));
		}
		assert_eq!(bonded(&MAKER), 2 * BOND);
		assert_eq!(NextMaker::<Test>::get(), MakerId(2));
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		let key = maker_pair(0, 0).public();
		assert_noop!(Devices::register_maker(RuntimeOrigin::root(), key), DispatchError::BadOrigin);
	});
}

#[test]
fn fails_when_the_key_is_weak() {
	ExtBuilder::default().build_and_execute(|| {
		let key = ed25519::Public::from_raw([0; 32]);
		assert_noop!(Devices::register_maker(RuntimeOrigin::signed(MAKER), key), Error::KeyWeak);
	});
}

#[test]
fn fails_when_no_id_is_left() {
	ExtBuilder::default().build_and_execute(|| {
		NextMaker::<Test>::put(MakerId(u32::MAX));
		let key = maker_pair(0, 0).public();
		assert_noop!(
			Devices::register_maker(RuntimeOrigin::signed(MAKER), key),
			Error::TooManyMakers
		);
	});
}

#[test]
fn fails_when_the_bond_is_missing() {
	ExtBuilder::default().build_and_execute(|| {
		let key = maker_pair(0, 0).public();
		assert_noop!(
			Devices::register_maker(RuntimeOrigin::signed(POOR), key),
			TokenError::FundsUnavailable
		);
	});
}
