//! How pay becomes tokens.

use cairn_economics::released;
use frame_support::assert_ok;
use proptest::prelude::*;

use crate::{Earning, mock::*};

#[test]
fn all_is_released_at_once_when_vesting_takes_one_cycle() {
	ExtBuilder::default().with_vesting(1).build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		assert_ok!(claim(newest_claim(gateway, 0)));
		let earning = earning(gateway, 0);
		assert_eq!(Balances::free_balance(payee(gateway, 0)), earning.paid);
		assert_eq!(earning.unreleased(), 0);
	});
}

#[test]
fn a_thirtieth_is_released_at_once_when_vesting_takes_thirty_cycles() {
	ExtBuilder::default().with_vesting(30).build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		assert_ok!(claim(newest_claim(gateway, 0)));
		let paid = bootstrap(1);
		assert_eq!(Balances::free_balance(payee(gateway, 0)), paid / 30);
		assert_eq!(earning(gateway, 0).unvested, paid - paid / 30);
	});
}

#[test]
fn a_claim_first_releases_what_vested_since_the_last_one() {
	ExtBuilder::default().with_vesting(30).build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		assert_ok!(claim(newest_claim(gateway, 0)));
		let first = earning(gateway, 0);
		assert!(seal(gateway, &[(0, 1)]));
		attest(gateway);
		let next = cycle();
		freeze(next);
		let payee = payee(gateway, 0);
		let before = Balances::free_balance(payee);
		events();

		assert_ok!(claim(newest_claim(gateway, 0)));

		let earned = bootstrap(next);
		let vested = released(first.unvested, 30, cycle() - first.touched);
		let released = vested + earned / 30;
		let unvested = first.unvested - vested + earned - earned / 30;
		assert_eq!(
			events(),
			[Event::Claimed { gateway, slot: 0, payee, earned, released, unvested }]
		);
		assert_eq!(Balances::free_balance(payee), before + released);
	});
}

#[test]
fn a_claim_that_only_vests_is_one() {
	ExtBuilder::default().with_vesting(30).build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		assert_ok!(claim(newest_claim(gateway, 0)));
		let first = earning(gateway, 0);
		advance(PERIODS.cycle_ticks);
		assert_ok!(claim(newest_claim(gateway, 0)));
		let second = earning(gateway, 0);
		assert_eq!(second.paid, first.paid);
		assert_eq!(second.unvested, first.unvested - released(first.unvested, 30, 1));
	});
}

#[test]
fn almost_all_is_released_in_the_end() {
	ExtBuilder::default().with_vesting(30).build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		assert_ok!(claim(newest_claim(gateway, 0)));
		advance(PERIODS.cycle_ticks * 300);
		assert_ok!(Rewards::release(RuntimeOrigin::signed(ALICE), gateway, 0));
		let earning = earning(gateway, 0);
		assert!(earning.unvested < earning.paid / 20_000);
	});
}

proptest! {
	#[test]
	fn nothing_is_lost_between_earned_and_released(
		v in 1u32..=1_000,
		steps in prop::collection::vec((0u32..40, 0u128..1 << 70, any::<bool>()), 1..40),
	) {
		let mut cycle = 0;
		let mut earning = Earning::new(0);
		let (mut entitlement, mut out) = (0u128, 0u128);
		for (gap, more, can_take) in steps {
			cycle += gap;
			entitlement += more;
			let (next, earned) = earning.vest(v, cycle).earn(entitlement, v);
			prop_assert_eq!(earned, more);
			let (next, released) = next.release(|_| can_take);
			prop_assert!(can_take || released == 0);
			earning = next;
			out += released;
			prop_assert_eq!(earning.paid, entitlement);
			prop_assert_eq!(out + earning.unreleased(), earning.paid);
		}
	}

	#[test]
	fn an_older_entitlement_earns_nothing(
		v in 1u32..=1_000, first in any::<u128>(), second in any::<u128>(),
	) {
		let (earning, earned) = Earning::new(0).earn(first, v);
		prop_assert_eq!(earned, first);
		let (earning, earned) = earning.earn(second, v);
		prop_assert_eq!(earning.paid, first.max(second));
		prop_assert_eq!(earned, first.max(second) - first);
	}
}
