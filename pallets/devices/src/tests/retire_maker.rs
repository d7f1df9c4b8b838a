use cairn_types::MakerId;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};

use crate::{Makers, mock::*};

const FIRST: MakerId = MakerId(0);

fn retire(who: AccountId) -> DispatchResult {
	Devices::retire_maker(RuntimeOrigin::signed(who), FIRST)
}

#[test]
fn works_when_settled() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		advance(SETTLED + LEAVING);
		assert_ok!(retire(MAKER));
		assert_eq!(events(), [Event::MakerRetired { maker: FIRST }]);
		assert!(!Makers::<Test>::contains_key(FIRST));
		assert_eq!(bonded(&MAKER), 0);
	});
}

#[test]
fn works_when_its_devices_were_revoked_or_reaped() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		certified(&ALICE, &DevicePair::new(3), 7);
		let reaped = certified(&BOB, &DevicePair::new(4), 8);
		assert_ok!(Devices::retire(RuntimeOrigin::signed(BOB), reaped));
		advance(VOID);
		assert_ok!(Devices::reap(RuntimeOrigin::signed(ALICE), reaped));
		assert_noop!(retire(MAKER), Error::MakerInUse);
		assert_ok!(Devices::revoke(RuntimeOrigin::signed(MAKER), FIRST, serial(7)));
		advance(SETTLED + LEAVING - 1);
		assert_noop!(retire(MAKER), Error::TooEarly);
		advance(1);
		assert_ok!(retire(MAKER));
	});
}

/// Who lied is not quicker than a referendum.
#[test]
fn the_bond_can_be_taken_until_the_maker_may_leave() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		certified(&ALICE, &DevicePair::new(3), 7);
		assert_ok!(Devices::revoke(RuntimeOrigin::signed(MAKER), FIRST, serial(7)));
		advance(SETTLED + LEAVING - 1);
		assert_noop!(retire(MAKER), Error::TooEarly);
		assert_ok!(Devices::force_retire_maker(RuntimeOrigin::root(), FIRST));
		assert_eq!(bonded(&MAKER), 0);
		// Of what is left nobody has to wait for the end.
		assert_ok!(retire(BOB));
	});
}

/// So who leaves revokes its keys first.
#[test]
fn a_certificate_that_is_brought_meanwhile_begins_the_wait_anew() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		advance(SETTLED + LEAVING - 1);
		certified(&ALICE, &DevicePair::new(3), 7);
		assert_ok!(Devices::revoke(RuntimeOrigin::signed(MAKER), FIRST, serial(7)));
		assert_ok!(Devices::revoke_maker_key(RuntimeOrigin::signed(MAKER), FIRST, 0));
		advance(1);
		assert_noop!(retire(MAKER), Error::TooEarly);
		let another = DevicePair::new(4);
		let (key, proof) = (another.key(), another.prove(&ALICE));
		let certificate = Some(certificate(8, &key));
		let origin = RuntimeOrigin::signed(ALICE);
		assert_noop!(
			Devices::register(origin, CERTIFIED, key, proof, certificate),
			Error::MakerKeyRevoked
		);
		advance(SETTLED + LEAVING - 1);
		assert_ok!(retire(MAKER));
	});
}

#[test]
fn anybody_removes_what_is_left_of_a_convicted_one() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &DevicePair::new(3), 7);
		assert_ok!(Devices::revoke(RuntimeOrigin::signed(MAKER), FIRST, serial(8)));
		assert_ok!(Devices::force_retire_maker(RuntimeOrigin::root(), FIRST));
		advance(VOID);
		assert_noop!(retire(BOB), Error::MakerInUse);
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
		advance(VOID);
		assert_ok!(Devices::reap(RuntimeOrigin::signed(BOB), device));
		assert_noop!(retire(BOB), Error::TooEarly);
		advance(SETTLED);
		events();
		assert_ok!(retire(BOB));
		assert_eq!(events(), [Event::MakerRetired { maker: FIRST }]);
		assert!(!Makers::<Test>::contains_key(FIRST));
		// Nothing but what was left for numbers returns, to who left it.
		assert_eq!((held(&ALICE), held(&MAKER)), (serial_price(), serial_price()));
		for number in [7, 8] {
			let signed = RuntimeOrigin::signed(BOB);
			assert_ok!(Devices::forget(signed, FIRST, serial(number)));
		}
		assert_eq!((held(&ALICE), held(&MAKER)), (0, 0));
	});
}

#[test]
fn fails_when_the_maker_is_unknown() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(retire(MAKER), Error::MakerNotFound);
	});
}

#[test]
fn fails_when_not_admin() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_noop!(retire(ALICE), Error::NotAuthorized);
	});
}

#[test]
fn fails_when_in_use() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		certified(&ALICE, &DevicePair::new(3), 7);
		advance(SETTLED);
		assert_noop!(retire(MAKER), Error::MakerInUse);
	});
}

#[test]
fn fails_when_just_registered() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		advance(SETTLED + LEAVING - 1);
		assert_noop!(retire(MAKER), Error::TooEarly);
	});
}
