use cairn_types::MakerId;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use sp_runtime::TokenError;

use crate::{Makers, mock::*};

const FIRST: MakerId = MakerId(0);

fn add(admin: AccountId) {
	assert_ok!(Devices::add_maker_admin(RuntimeOrigin::signed(MAKER), FIRST, admin));
	events();
}

fn remove(who: AccountId, admin: AccountId) -> DispatchResult {
	Devices::remove_maker_admin(RuntimeOrigin::signed(who), FIRST, admin)
}

#[test]
fn works_and_the_account_acts_no_more() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		add(BOB);
		assert_ok!(remove(MAKER, BOB));
		assert_eq!(events(), [Event::MakerAdminRemoved { maker: FIRST, admin: BOB }]);
		let key = maker_key(0, 1);
		assert_noop!(
			Devices::add_maker_key(RuntimeOrigin::signed(BOB), FIRST, key),
			Error::NotAuthorized
		);
	});
}

#[test]
fn works_when_an_admin_leaves() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		add(BOB);
		assert_ok!(remove(BOB, BOB));
		let record = Makers::<Test>::get(FIRST).expect("registered");
		assert_eq!(record.admins.into_inner(), [MAKER]);
	});
}

#[test]
fn the_bond_passes_to_who_removes_its_payer() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		add(BOB);
		assert_ok!(remove(BOB, MAKER));
		assert_eq!(
			events(),
			[
				Event::MakerAdminRemoved { maker: FIRST, admin: MAKER },
				Event::MakerBondTaken { maker: FIRST, payer: BOB },
			]
		);
		assert_eq!((bonded(&MAKER), bonded(&BOB)), (0, BOND));
		let record = Makers::<Test>::get(FIRST).expect("registered");
		let payer = record.bond.expect("it stands").payer;
		assert_eq!((payer, record.admins.into_inner()), (BOB, vec![BOB]));
	});
}

#[test]
fn fails_when_the_maker_is_unknown() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(remove(MAKER, BOB), Error::MakerNotFound);
	});
}

#[test]
fn fails_when_not_admin() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		add(BOB);
		assert_noop!(remove(ALICE, BOB), Error::NotAuthorized);
	});
}

#[test]
fn fails_when_the_account_is_no_admin() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_noop!(remove(MAKER, BOB), Error::AdminNotFound);
	});
}

#[test]
fn fails_when_it_is_the_last() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_noop!(remove(MAKER, MAKER), Error::LastAdmin);
	});
}

#[test]
fn fails_when_the_payer_leaves() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		add(BOB);
		assert_noop!(remove(MAKER, MAKER), Error::BondNeeded);
	});
}

#[test]
fn fails_when_the_bond_is_missing() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		add(POOR);
		assert_noop!(remove(POOR, MAKER), TokenError::FundsUnavailable);
	});
}
