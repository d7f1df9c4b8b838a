//! The validators' part, as the runtime wires it to staking.

use cairn_traits::ValidatorPart;
use frame_support::traits::{
	OnUnbalanced,
	fungible::{Balanced, Debt},
	tokens::Precision,
};

use crate::{Issued, Pending, Scheduled, ValidatorReward, mock::*};

fn pay_out(who: u64, amount: u128) {
	let minted: Debt<u64, Balances> =
		Balances::deposit(&who, amount, Precision::Exact).expect("above the existential deposit");
	ValidatorReward::<Test>::on_unbalanced(minted);
}

#[test]
fn an_era_takes_what_has_accrued_since_the_last_one() {
	ExtBuilder::default().build_and_execute(|| {
		advance_to_cycle(2);
		let part = Scheduled::<Test>::get().validators;
		assert_eq!(Rewards::take(), part);
		assert_eq!(Rewards::take(), 0);
		advance_to_cycle(3);
		assert_eq!(Rewards::take(), Scheduled::<Test>::get().validators - part);
	});
}

#[test]
fn payouts_are_issued_and_counted() {
	ExtBuilder::default().build_and_execute(|| {
		let part = Rewards::take();
		let before = pallet_balances::TotalIssuance::<Test>::get();
		pay_out(BOB, part / 3);
		check_state();
		pay_out(ALICE, part / 3);
		assert_eq!(Issued::<Test>::get().validators, part / 3 * 2);
		assert_eq!(pallet_balances::TotalIssuance::<Test>::get(), before + part / 3 * 2);
	});
}

#[test]
fn the_invariants_fail_when_validators_are_paid_twice() {
	ExtBuilder::default().build().execute_with(|| {
		let part = Rewards::take();
		pay_out(BOB, part);
		pay_out(BOB, 1);
		assert!(Rewards::do_try_state().is_err());
		assert_eq!(Pending::<Test>::get().validators, 0);
	});
}
