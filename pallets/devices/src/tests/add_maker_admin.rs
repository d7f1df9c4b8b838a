use cairn_types::MakerId;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};

use crate::{MAX_MAKER_ADMINS, Makers, mock::*};

const FIRST: MakerId = MakerId(0);

fn add(who: AccountId, admin: AccountId) -> DispatchResult {
	Devices::add_maker_admin(RuntimeOrigin::signed(who), FIRST, admin)
}

#[test]
fn works_and_each_acts_alone() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_ok!(add(MAKER, BOB));
		assert_eq!(events(), [Event::MakerAdminAdded { maker: FIRST, admin: BOB }]);
		let record = Makers::<Test>::get(FIRST).expect("registered");
		let payer = record.bond.expect("it stands").payer;
		assert_eq!((payer, record.admins.into_inner()), (MAKER, vec![MAKER, BOB]));
		let key = maker_key(0, 1);
		assert_ok!(Devices::add_maker_key(RuntimeOrigin::signed(BOB), FIRST, key));
		assert_ok!(Devices::revoke_maker_key(RuntimeOrigin::signed(BOB), FIRST, 0));
		// Who withdraws a serial number pays for its entry.
		assert_ok!(Devices::revoke(RuntimeOrigin::signed(BOB), FIRST, serial(7)));
		assert_eq!((held(&BOB), bonded(&BOB)), (serial_price(), 0));
		assert_ok!(add(BOB, ALICE));
		advance(SETTLED + LEAVING);
		assert_ok!(Devices::retire_maker(RuntimeOrigin::signed(ALICE), FIRST));
		assert_eq!(bonded(&MAKER), 0);
	});
}

#[test]
fn who_did_not_want_to_owes_nothing_and_leaves() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_ok!(add(MAKER, POOR));
		assert_eq!((held(&POOR), bonded(&POOR)), (0, 0));
		// Nor does the bond become its affair: who left it cannot go on without one.
		let remove =
			|who, admin| Devices::remove_maker_admin(RuntimeOrigin::signed(who), FIRST, admin);
		assert_noop!(remove(MAKER, MAKER), Error::BondNeeded);
		assert_ok!(remove(POOR, POOR));
		assert_eq!((bonded(&MAKER), bonded(&POOR)), (BOND, 0));
	});
}

#[test]
fn fails_when_the_maker_is_unknown() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(add(MAKER, BOB), Error::MakerNotFound);
	});
}

#[test]
fn fails_when_not_admin() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_noop!(add(ALICE, ALICE), Error::NotAuthorized);
	});
}

#[test]
fn fails_when_admin_already() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_noop!(add(MAKER, MAKER), Error::AlreadyAdmin);
		assert_ok!(add(MAKER, BOB));
		assert_noop!(add(BOB, BOB), Error::AlreadyAdmin);
	});
}

#[test]
fn fails_when_there_are_enough() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		for number in 1..MAX_MAKER_ADMINS {
			let number = u8::try_from(number).expect("few");
			assert_ok!(add(MAKER, AccountId::new([100 + number; 32])));
		}
		assert_noop!(add(MAKER, BOB), Error::TooManyAdmins);
	});
}
