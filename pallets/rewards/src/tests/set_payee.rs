use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

use crate::mock::*;

#[test]
fn works_when_called_by_the_payee() {
	ExtBuilder::default().with_vesting(30).build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		assert_ok!(claim(newest_claim(gateway, 0)));
		let old = payee(gateway, 0);
		let before = Balances::free_balance(old);
		events();

		assert_ok!(Rewards::set_payee(RuntimeOrigin::signed(old), gateway, 0, BOB));

		assert_eq!(events(), [Event::PayeeChanged { gateway, slot: 0, payee: BOB }]);
		advance(PERIODS.cycle_ticks);
		assert_ok!(Rewards::release(RuntimeOrigin::signed(ALICE), gateway, 0));
		assert_eq!(Balances::free_balance(old), before);
		assert!(Balances::free_balance(BOB) > 0);
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		assert_noop!(
			Rewards::set_payee(RuntimeOrigin::none(), gateway, 0, BOB),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn fails_when_there_is_no_such_slot() {
	ExtBuilder::default().build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		assert_noop!(
			Rewards::set_payee(RuntimeOrigin::signed(ALICE), gateway, 1, BOB),
			Error::NotFound
		);
	});
}

#[test]
fn fails_when_called_by_another() {
	ExtBuilder::default().build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		assert_noop!(
			Rewards::set_payee(RuntimeOrigin::signed(BOB), gateway, 0, BOB),
			Error::NotPayee
		);
	});
}
