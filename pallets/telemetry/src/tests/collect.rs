use cairn_telemetry::{Fault, Verdict};
use cairn_types::{Attempt, GatewayId, Window};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::GetDispatchInfo,
	traits::{LockableCurrency, WithdrawReasons},
};
use proptest::prelude::*;
use sp_runtime::{DispatchError, DispatchResult, Permill};

use crate::{Gateways, Keys, WeightInfo, impls::seal::Clock, mock::*, types::Policy};

const INVALID: Verdict = Verdict::Invalid(Fault::LedgerRoot);

/// Pay out batches, whatever it costs.
fn collect_many(batches: &[(GatewayId, Window, Attempt)]) -> DispatchResult {
	collect_all(batches).map(|_| ()).map_err(|failure| failure.error)
}

fn free(who: u64) -> u128 {
	Balances::free_balance(who)
}

/// What the validators have been paid.
fn paid() -> Vec<u128> {
	stashes(4).into_iter().map(free).collect()
}

fn collected(window: Window, members: u32, returned: u128) -> Event {
	Event::Collected { gateway: GATEWAY, window, attempt: 0, share: SHARE, members, returned }
}

/// Seal the first window and give these verdicts, by member.
fn judge(verdicts: &[Verdict]) {
	assert_ok!(seal(FIRST));
	for (member, verdict) in (0..).zip(verdicts) {
		assert_ok!(vote(GATEWAY, FIRST, 0, member, *verdict), Ok(()));
	}
}

#[test]
fn works_when_attested_and_due() {
	ExtBuilder::default().build_and_execute(|| {
		let before = free(OPERATOR);
		judge(&[Verdict::Valid, Verdict::Valid, Verdict::Valid, INVALID]);
		pass_until(53);
		assert_noop!(collect(FIRST, 0), Error::NotDue);
		pass_until(54);
		events();
		assert_ok!(collect(FIRST, 0));
		assert_eq!(events(), [collected(FIRST, 3, 0)]);
		assert_eq!(paid(), [SHARE, SHARE, SHARE, 0]);
		assert_eq!(free(TREASURY), FEE - 3 * SHARE);
		assert_eq!((free(OPERATOR), held_fees(OPERATOR)), (before - FEE, 0));
		assert!(batch(FIRST, 0).collected);
	});
}

#[test]
fn works_when_found_invalid() {
	ExtBuilder::default().build_and_execute(|| {
		judge(&[Verdict::Valid, INVALID, Verdict::Invalid(Fault::Sums)]);
		events();
		// Nobody can vote on a dead batch: nothing to wait for.
		assert_ok!(collect(FIRST, 0));
		assert_eq!(events(), [collected(FIRST, 2, 0)]);
		assert_eq!(paid(), [0, SHARE, SHARE, 0]);
		assert_eq!(free(TREASURY), FEE - 2 * SHARE);
	});
}

#[test]
fn works_when_found_unavailable() {
	ExtBuilder::default().build_and_execute(|| {
		judge(&[Verdict::Unavailable, Verdict::Valid, Verdict::Unavailable]);
		assert_ok!(collect(FIRST, 0));
		assert_eq!(paid(), [SHARE, 0, SHARE, 0]);
		assert_eq!(free(TREASURY), FEE - 2 * SHARE);
	});
}

#[test]
fn the_fee_goes_back_when_the_quorum_is_missing() {
	ExtBuilder::default().build_and_execute(|| {
		let before = free(OPERATOR);
		judge(&[Verdict::Valid, Verdict::Valid]);
		pass_until(54);
		assert_ok!(Telemetry::expire(RuntimeOrigin::signed(OTHER), GATEWAY));
		events();
		assert_ok!(collect(FIRST, 0));
		assert_eq!(events(), [collected(FIRST, 0, FEE)]);
		assert_eq!(paid(), [0; 4]);
		assert_eq!((free(OPERATOR), free(TREASURY)), (before, 0));
	});
}

#[test]
fn nothing_goes_back_when_verdicts_were_mixed() {
	ExtBuilder::default().build_and_execute(|| {
		judge(&[INVALID, Verdict::Unavailable]);
		events();
		assert_ok!(collect(FIRST, 0));
		let [Event::Collected { members, returned, .. }] = events()[..] else {
			panic!("one event");
		};
		assert_eq!((members, returned), (1, 0));
	});
}

#[test]
fn the_fee_goes_back_when_a_batch_died_with_another() {
	ExtBuilder::default().build_and_execute(|| {
		pass_windows(1);
		let before = free(OPERATOR);
		assert_ok!(seal(101));
		assert_ok!(seal(102));
		assert_noop!(collect(102, 0), Error::NotDue);
		kill(101, 0, INVALID);
		events();
		assert_ok!(collect(102, 0));
		assert_eq!(events(), [collected(102, 0, FEE)]);
		assert_eq!(free(OPERATOR), before - FEE);
	});
}

#[test]
fn works_when_many_are_collected_at_once() {
	ExtBuilder::default().build_and_execute(|| {
		pass_windows(1);
		assert_ok!(seal(101));
		assert_ok!(seal(102));
		attest(101, 0);
		attest(102, 0);
		pass_until(55);
		events();
		assert_ok!(collect_many(&[(GATEWAY, 101, 0), (GATEWAY, 102, 0)]));
		assert_eq!(events(), [collected(101, 3, 0), collected(102, 3, 0)]);
		assert_eq!(paid(), [2 * SHARE, 2 * SHARE, 2 * SHARE, 0]);
		assert_ok!(collect_many(&[]));
	});
}

#[test]
fn what_somebody_else_collected_is_passed_over() {
	ExtBuilder::default().build_and_execute(|| {
		pass_windows(1);
		assert_ok!(seal(101));
		assert_ok!(seal(102));
		attest(101, 0);
		attest(102, 0);
		pass_until(55);
		assert_ok!(collect(101, 0));
		events();
		assert_ok!(collect_many(&[(GATEWAY, 101, 0), (GATEWAY, 102, 0)]));
		assert_eq!(events(), [collected(102, 3, 0)]);
	});
}

#[test]
fn what_is_charged_is_that_of_the_members_paid() {
	ExtBuilder::default().build_and_execute(|| {
		judge(&[INVALID, INVALID]);
		let declared =
			Call::collect { batches: vec![(GATEWAY, FIRST, 0)].try_into().expect("one batch") }
				.get_dispatch_info()
				.call_weight;
		let charged = |members| <() as WeightInfo>::collect(members);
		assert_eq!(declared, charged(64));
		let paid = collect_all(&[(GATEWAY, FIRST, 0)]).expect("dead");
		assert_eq!(paid.actual_weight, Some(charged(2)));
		let again = collect_all(&[(GATEWAY, FIRST, 0)]).expect_err("collected");
		assert_eq!(again.post_info.actual_weight, Some(charged(0)));
	});
}

#[test]
fn an_operator_that_sits_on_the_committee_keeps_its_share() {
	let stashes = vec![OPERATOR, stash(1), stash(2), stash(3)];
	ExtBuilder::default().with_stashes(stashes).build_and_execute(|| {
		let before = free(OPERATOR);
		judge(&[Verdict::Valid; 4]);
		pass_until(54);
		events();
		assert_ok!(collect(FIRST, 0));
		assert_eq!(events(), [collected(FIRST, 4, 0)]);
		assert_eq!(free(OPERATOR), before - FEE + SHARE);
	});
}

#[test]
fn what_a_member_cannot_receive_goes_to_the_treasury() {
	let policy = Policy {
		base_fee: 20,
		reading_fee: 0,
		kib_fee: 0,
		committee_share: Permill::from_percent(50),
		..POLICY
	};
	ExtBuilder::default().with_policy(policy).build_and_execute(|| {
		// A share of 2 creates no account.
		judge(&[Verdict::Valid; 3]);
		pass_until(54);
		events();
		assert_ok!(collect(FIRST, 0));
		let (gateway, window) = (GATEWAY, FIRST);
		assert_eq!(
			events(),
			[Event::Collected { gateway, window, attempt: 0, share: 2, members: 0, returned: 0 }]
		);
		assert_eq!(free(TREASURY), 20);
	});
}

#[test]
fn what_the_treasury_cannot_receive_goes_back() {
	let policy = Policy { base_fee: 8, reading_fee: 0, kib_fee: 0, ..POLICY };
	ExtBuilder::default().with_policy(policy).build_and_execute(|| {
		let before = free(OPERATOR);
		judge(&[Verdict::Valid; 3]);
		pass_until(54);
		assert_ok!(collect(FIRST, 0));
		assert_eq!((free(OPERATOR), free(TREASURY)), (before, 0));
	});
}

#[test]
fn a_locked_balance_pays_too() {
	ExtBuilder::default().build_and_execute(|| {
		judge(&[Verdict::Valid; 3]);
		Balances::set_lock(*b"pyconvot", &OPERATOR, u128::MAX, WithdrawReasons::all());
		pass_until(54);
		assert_ok!(collect(FIRST, 0));
		assert_eq!(paid(), [SHARE, SHARE, SHARE, 0]);
	});
}

#[test]
fn works_when_nothing_is_charged() {
	let policy = Policy { base_fee: 0, reading_fee: 0, kib_fee: 0, ..POLICY };
	ExtBuilder::default().with_policy(policy).build_and_execute(|| {
		judge(&[Verdict::Valid; 3]);
		pass_until(54);
		assert_ok!(collect(FIRST, 0));
		assert_eq!((held_fees(OPERATOR), free(TREASURY)), (0, 0));
	});
}

#[test]
fn a_policy_that_changes_leaves_sealed_batches_alone() {
	ExtBuilder::default().build_and_execute(|| {
		judge(&[Verdict::Valid; 3]);
		PolicyNow::set(&Policy { base_fee: 7, committee_size: 1, ..POLICY });
		pass_until(54);
		assert_ok!(collect(FIRST, 0));
		assert_eq!(paid(), [SHARE, SHARE, SHARE, 0]);
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Telemetry::collect(RuntimeOrigin::none(), Default::default()),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn fails_when_there_is_no_such_batch() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(collect(FIRST, 0), Error::BatchNotFound);
		judge(&[INVALID, INVALID]);
		// All or nothing.
		assert_noop!(
			collect_many(&[(GATEWAY, FIRST, 0), (GATEWAY, FIRST, 1)]),
			Error::BatchNotFound
		);
	});
}

#[test]
fn fails_when_it_may_still_get_verdicts() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(seal(FIRST));
		pass_until(60);
		// Due, but nobody has said so.
		assert_noop!(collect(FIRST, 0), Error::NotDue);
	});
}

#[test]
fn fails_when_collected() {
	ExtBuilder::default().build_and_execute(|| {
		judge(&[INVALID, INVALID]);
		assert_ok!(collect(FIRST, 0));
		assert_noop!(collect(FIRST, 0), Error::AlreadyCollected);
		assert_noop!(collect_many(&[(GATEWAY, FIRST, 0); 2]), Error::AlreadyCollected);
	});
}

#[test]
fn fails_when_the_gateway_is_gone() {
	ExtBuilder::default().build().execute_with(|| {
		judge(&[INVALID, INVALID]);
		Gateways::<Test>::remove(GATEWAY);
		assert_noop!(collect(FIRST, 0), Error::Inconsistent);
	});
}

#[test]
fn a_payment_of_idle_work_that_fails_half_way_leaves_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		judge(&[Verdict::Valid; 3]);
		pass_until(54);
		let (record, batch) =
			(Gateways::<Test>::get(GATEWAY).expect("registered"), batch(FIRST, 0));
		let (session, second) = (batch.session, batch.committee[1]);
		let key = Keys::<Test>::take(session, second).expect("a member's key");
		let state = || (paid(), free(TREASURY), free(OPERATOR), held_fees(OPERATOR));
		let before = state();
		events();

		let clock = Clock::read::<FakeTime>();
		// The first member can be paid; the second is not known.
		let failure = Telemetry::pay_out_whole(&record, (GATEWAY, FIRST, 0), batch.clone(), &clock);
		assert_eq!(failure, Err(Error::Inconsistent.into()));
		assert_eq!((state(), events()), (before, vec![]));

		Keys::<Test>::insert(session, second, key);
		assert_eq!(Telemetry::pay_out_whole(&record, (GATEWAY, FIRST, 0), batch, &clock), Ok(3));
		assert_eq!(paid(), [SHARE, SHARE, SHARE, 0]);
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(24))]

	#[test]
	fn shares_are_equal_whatever_the_order_of_votes(
		order in Just((0..4u32).collect::<Vec<_>>()).prop_shuffle(),
		late in any::<bool>(),
	) {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(seal(FIRST));
			for (place, member) in order.into_iter().enumerate() {
				if late && place == 3 {
					pass_until(53);
				}
				assert_ok!(vote(GATEWAY, FIRST, 0, member, Verdict::Valid), Ok(()));
			}
			pass_until(54);
			assert_ok!(collect(FIRST, 0));
			assert_eq!(paid(), [SHARE; 4]);
			assert_eq!(free(TREASURY), FEE - 4 * SHARE);
		});
	}
}
