use cairn_types::{CertificateClaim, CertifierKey, MakerId};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use sp_core::ed25519;

use crate::{Makers, mock::*};

const FIRST: MakerId = MakerId(0);

/// Let the first maker sign with its key of this index, too.
fn add(index: u8) -> DispatchResult {
	let key = maker_key(0, index);
	Devices::add_maker_key(RuntimeOrigin::signed(MAKER), FIRST, key)
}

#[test]
fn works_until_all_are_used() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		for index in 1..8 {
			assert_ok!(add(index));
			assert_eq!(events(), [Event::MakerKeyAdded { maker: FIRST, index }]);
		}
		assert_noop!(add(8), Error::TooManyKeys);
	});
}

#[test]
fn a_revoked_key_makes_room() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		for index in 1..8 {
			assert_ok!(add(index));
		}
		for index in [3, 0] {
			assert_ok!(Devices::revoke_maker_key(RuntimeOrigin::signed(MAKER), FIRST, index));
		}
		events();
		assert_ok!(add(8));
		assert_eq!(events(), [Event::MakerKeyAdded { maker: FIRST, index: 8 }]);
		let record = Makers::<Test>::get(FIRST).expect("registered");
		let indices: Vec<_> = record.keys.iter().map(|key| key.index).collect();
		assert_eq!((indices, record.next_key), (vec![1, 2, 3, 4, 5, 6, 7, 8], 9));
	});
}

/// Certificates name keys by index: what became of a key may be forgotten, its index may not.
#[test]
fn a_forgotten_key_stays_revoked() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let pair = DevicePair::new(3);
		let certificate = certificate(7, &pair.key());
		assert_ok!(Devices::revoke_maker_key(RuntimeOrigin::signed(MAKER), FIRST, 0));
		for index in 1..9 {
			assert_ok!(add(index));
		}
		assert_eq!(Makers::<Test>::get(FIRST).expect("registered").key(0), None);
		let (origin, proof) = (RuntimeOrigin::signed(ALICE), pair.prove(&ALICE));
		assert_noop!(
			Devices::register(origin, CERTIFIED, pair.key(), proof, Some(certificate)),
			Error::MakerKeyRevoked
		);
		let origin = RuntimeOrigin::signed(MAKER);
		assert_noop!(Devices::revoke_maker_key(origin, FIRST, 0), Error::AlreadyRevoked);
		let origin = RuntimeOrigin::signed(MAKER);
		assert_noop!(Devices::revoke_maker_key(origin, FIRST, 9), Error::MakerKeyNotFound);
	});
}

#[test]
fn fails_when_no_index_is_left() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		Makers::<Test>::mutate_extant(FIRST, |record| record.next_key = u8::MAX);
		assert_noop!(add(1), Error::TooManyKeys);
	});
}

#[test]
fn its_certificates_are_good() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_ok!(add(1));
		let pair = DevicePair::new(3);
		let claim = CertificateClaim { key_index: 1, ..claim(7) };
		let certificate = Some(certify(claim, &pair.key()));
		let (origin, proof) = (RuntimeOrigin::signed(ALICE), pair.prove(&ALICE));
		assert_ok!(Devices::register(origin, CERTIFIED, pair.key(), proof, certificate));
	});
}

#[test]
fn fails_when_the_maker_is_unknown() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(add(1), Error::MakerNotFound);
	});
}

#[test]
fn fails_when_not_admin() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let (origin, key) = (RuntimeOrigin::signed(ALICE), maker_key(0, 1));
		assert_noop!(Devices::add_maker_key(origin, FIRST, key), Error::NotAuthorized);
	});
}

#[test]
fn fails_when_the_key_is_weak() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let origin = RuntimeOrigin::signed(MAKER);
		let key = CertifierKey::Ed25519(ed25519::Public::from_raw([0; 32]));
		assert_noop!(Devices::add_maker_key(origin, FIRST, key), Error::KeyWeak);
	});
}

#[test]
fn fails_when_the_maker_has_or_had_the_key() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_noop!(add(0), Error::AlreadyAdded);
		assert_ok!(Devices::revoke_maker_key(RuntimeOrigin::signed(MAKER), FIRST, 0));
		assert_noop!(add(0), Error::AlreadyAdded);
	});
}
