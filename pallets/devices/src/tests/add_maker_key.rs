use cairn_types::{CertificateClaim, MakerId};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use sp_core::{Pair, ed25519};

use crate::mock::*;

const FIRST: MakerId = MakerId(0);

/// Let the first maker sign with its key of this index, too.
fn add(index: u8) -> DispatchResult {
	let key = maker_pair(0, index).public();
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
		// A revoked key keeps its place: certificates name keys by index.
		assert_ok!(Devices::revoke_maker_key(RuntimeOrigin::signed(MAKER), FIRST, 0));
		assert_noop!(add(8), Error::TooManyKeys);
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
		let (origin, key) = (RuntimeOrigin::signed(ALICE), maker_pair(0, 1).public());
		assert_noop!(Devices::add_maker_key(origin, FIRST, key), Error::NotAuthorized);
	});
}

#[test]
fn fails_when_the_key_is_weak() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let (origin, key) = (RuntimeOrigin::signed(MAKER), ed25519::Public::from_raw([0; 32]));
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
