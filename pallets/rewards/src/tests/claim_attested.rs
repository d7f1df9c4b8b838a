use cairn_economics::{rate, value};
use cairn_telemetry::Account;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

use crate::{Cycles, Issued, Params, mock::*};

#[test]
fn works_when_the_cycle_is_frozen() {
	ExtBuilder::default().build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[60, 40]);
		let unit = rate(bootstrap(1), 100);
		let earned = value(60, unit);

		assert_ok!(claim(newest_claim(gateway, 0)));

		let payee = payee(gateway, 0);
		let unvested = 0;
		let claimed =
			Event::Claimed { gateway, slot: 0, payee, earned, released: earned, unvested };
		assert_eq!(events(), [claimed]);
		assert_eq!(Balances::free_balance(payee), earned);
		assert_eq!(Issued::<Test>::get().released, earned);
		assert_eq!(Rewards::accrual(gateway), (value(100, unit), earned));
	});
}

#[test]
fn works_when_one_claim_takes_many_cycles() {
	ExtBuilder::default().build_and_execute(|| {
		let gateway = register_gateway(create_network(true), 1);
		let mut worth = 0;
		for cycle in 1..=10 {
			advance_to_cycle(cycle);
			assert!(seal(gateway, &[(0, 7)]));
			worth += value(7, rate(bootstrap(cycle), 7));
		}
		freeze(10);
		// The leaf settled what is not kept any more.
		assert!(!Cycles::<Test>::contains_key(1));

		assert_ok!(claim(newest_claim(gateway, 0)));

		assert_eq!(earning(gateway, 0).paid, worth);
		assert_eq!(Balances::free_balance(payee(gateway, 0)), worth);
	});
}

#[test]
fn works_when_the_device_stopped_reporting() {
	ExtBuilder::default().build_and_execute(|| {
		let gateway = register_gateway(create_network(true), 2);
		advance_to_cycle(1);
		assert!(seal(gateway, &[(0, 1), (1, 1)]));
		advance_to_cycle(2);
		assert!(seal(gateway, &[(1, 1)]));
		freeze(2);

		let claimed = newest_claim(gateway, 0);
		assert_eq!(claimed.account.latest().settled, 0);
		assert_ok!(claim(claimed));
		assert_eq!(earning(gateway, 0).paid, value(1, rate(bootstrap(1), 2)));
	});
}

#[test]
fn works_when_the_ledger_settled_what_has_expired_since() {
	ExtBuilder::default().build_and_execute(|| {
		let gateway = register_gateway(create_network(true), 1);
		advance_to_cycle(1);
		assert!(seal(gateway, &[(0, 1)]));
		attest(gateway);
		let earned = bootstrap(1);
		// The last window in which cycle 1 has not expired, attested as late as possible.
		advance_to((1 + PERIODS.kept_cycles + 1) * PERIODS.cycle_ticks - 1);
		assert!(seal(gateway, &[(0, 1)]));
		advance(PERIODS.mature_ticks());
		assert!(PERIODS.is_expired(1, cycle()));

		let claimed = newest_claim(gateway, 0);
		assert_eq!(claimed.account.latest().settled, earned);
		assert_ok!(claim(claimed));
		assert_eq!(earning(gateway, 0).paid, earned);
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		let claim = newest_claim(gateway, 0);
		assert_noop!(
			Rewards::claim_attested(RuntimeOrigin::none(), claim),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn fails_when_there_is_no_such_slot() {
	ExtBuilder::default().build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		assert_noop!(claim(claim_of(gateway, 1, 4)), Error::NotFound);
	});
}

#[test]
fn fails_when_the_account_is_another_devices() {
	ExtBuilder::default().build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1, 2]);
		let mut swapped = newest_claim(gateway, 0);
		swapped.account = newest_claim(gateway, 1).account;
		assert_noop!(claim(swapped), Error::WrongDevice);
	});
}

#[test]
fn fails_when_the_account_was_altered() {
	ExtBuilder::default().build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		let mut altered = newest_claim(gateway, 0);
		let Account::V1(account) = &mut altered.account;
		account.settled += 1;
		assert_noop!(claim(altered), UNPROVED);
	});
}

#[test]
fn fails_when_the_ledger_has_not_matured() {
	ExtBuilder::default().build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		assert!(seal(gateway, &[(0, 1)]));
		attest(gateway);
		advance(PERIODS.mature_ticks() - 1);
		assert_noop!(claim(newest_claim(gateway, 0)), UNPROVED);
	});
}

#[test]
fn fails_when_the_cycle_is_not_frozen() {
	ExtBuilder::default().build_and_execute(|| {
		let gateway = register_gateway(create_network(true), 1);
		advance_to_cycle(1);
		assert!(seal(gateway, &[(0, 1)]));
		// One tick before cycle 1 is frozen; the ledger has matured.
		advance_to(2 * PERIODS.cycle_ticks + PERIODS.mature_ticks() - 1);
		assert_noop!(claim(newest_claim(gateway, 0)), Error::NothingToClaim);
		advance(1);
		assert_ok!(claim(newest_claim(gateway, 0)));
	});
}

#[test]
fn fails_when_claimed_before() {
	ExtBuilder::default().build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		assert_ok!(claim(newest_claim(gateway, 0)));
		assert_noop!(claim(newest_claim(gateway, 0)), Error::NothingToClaim);
	});
}

#[test]
fn fails_when_a_newer_ledger_was_claimed() {
	ExtBuilder::default().build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[5]);
		let older = newest_claim(gateway, 0);
		assert!(seal(gateway, &[(0, 5)]));
		attest(gateway);
		advance(PERIODS.mature_ticks());
		assert_ok!(claim(newest_claim(gateway, 0)));
		assert_noop!(claim(older), Error::NothingToClaim);
	});
}

#[test]
fn fails_when_the_cycle_has_expired() {
	ExtBuilder::default().build_and_execute(|| {
		let (network, gateway) = earned_in_cycle_1(&[5]);
		advance_to_cycle(1 + PERIODS.kept_cycles + 1);
		// Batches of windows before still need it.
		assert!(Rewards::frozen_rate(network, 1) > Some(0));
		assert_noop!(claim(newest_claim(gateway, 0)), Error::NothingToClaim);
	});
}

#[test]
fn fails_when_the_ledger_says_more_than_was_attested() {
	ExtBuilder::default().build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[50, 50]);
		let accrued = Rewards::accrual(gateway).0;
		assert_ok!(claim(newest_claim(gateway, 0)));
		let paid = earning(gateway, 0).paid;

		assert!(forge(gateway, 0, accrued - paid + 1));
		attest(gateway);
		advance(PERIODS.mature_ticks());
		assert_noop!(claim(newest_claim(gateway, 0)), Error::BeyondAccrual);

		// A false ledger takes from its own gateway's slots at most.
		assert_ok!(claim(newest_claim(gateway, 1)));
	});
}

#[test]
fn fails_when_nothing_was_attested() {
	ExtBuilder::default().build_and_execute(|| {
		let (network, _) = earned_in_cycle_1(&[50]);
		let gateway = register_gateway(network, 1);
		assert!(forge(gateway, 0, 1));
		attest(gateway);
		advance(PERIODS.mature_ticks());
		assert_noop!(claim(newest_claim(gateway, 0)), Error::BeyondAccrual);
	});
}

#[test]
fn pay_below_the_existential_deposit_waits() {
	let params = Params { emission_cap: 1_000, ..PARAMS };
	ExtBuilder::default().with_params(params).build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		let earned = bootstrap(1);
		assert!(earned > 0 && earned < 10);
		assert_ok!(claim(newest_claim(gateway, 0)));

		let payee = payee(gateway, 0);
		let claimed =
			Event::Claimed { gateway, slot: 0, payee, earned, released: 0, unvested: earned };
		assert_eq!(events(), [claimed]);
		assert_eq!(Balances::free_balance(payee), 0);
		assert_eq!(Issued::<Test>::get().released, 0);
		check_state();

		for _ in 0..3 {
			assert!(seal(gateway, &[(0, 1)]));
			advance(PERIODS.cycle_ticks);
		}
		freeze(cycle() - 1);
		assert_ok!(claim(newest_claim(gateway, 0)));
		let paid = earning(gateway, 0).paid;
		assert!(paid >= 10);
		assert_eq!(earning(gateway, 0).unreleased(), 0);
		assert_eq!(Balances::free_balance(payee), paid);
	});
}
