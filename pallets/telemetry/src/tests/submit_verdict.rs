use cairn_telemetry::{Fault, Verdict, VerdictClaim, committee, committee::quorum};
use cairn_traits::Timekeeper;
use cairn_types::GatewayId;
use frame_support::{assert_noop, assert_ok, pallet_prelude::TransactionSource, traits::Authorize};
use sp_core::Pair;
use sp_runtime::{DispatchError, transaction_validity::ValidTransaction};

use crate::{
	Batches, Gateways, Keys, Ledgers, Rejection,
	mock::*,
	types::{BatchStage, Head, LedgerRecord, Outcome, Policy, Vote},
};

const INVALID: Verdict = Verdict::Invalid(Fault::LedgerRoot);

/// A claim on the first batch.
fn first(member: u32, verdict: Verdict) -> VerdictClaim {
	claim(GATEWAY, FIRST, 0, member, verdict)
}

fn given(member: u32, verdict: Verdict) -> Event {
	Event::VerdictGiven { gateway: GATEWAY, window: FIRST, attempt: 0, member, verdict }
}

fn died(outcome: Outcome) -> Event {
	Event::Died { gateway: GATEWAY, window: FIRST, attempt: 0, outcome, skipped: false }
}

/// What the pool is told of a claim.
fn authorize(claim: VerdictClaim) -> ValidTransaction {
	let call = Call::submit_verdict { claim, signature: sign(&claim) };
	let result =
		call.authorize(TransactionSource::External).expect("verdicts authorise themselves");
	result.expect("authorised").0
}

/// A chain with the first window sealed.
fn sealed(test: impl FnOnce()) {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(seal(FIRST));
		events();
		test();
	});
}

/// A chain with the first two windows sealed.
fn two_sealed(test: impl FnOnce()) {
	ExtBuilder::default().build_and_execute(|| {
		pass_windows(1);
		assert_ok!(seal(101));
		assert_ok!(seal(102));
		test();
	});
}

#[test]
fn works_when_a_member_gives_its_verdict() {
	sealed(|| {
		assert_ok!(vote(GATEWAY, FIRST, 0, 2, Verdict::Valid), Ok(()));
		assert_eq!(events(), [given(2, Verdict::Valid)]);

		let batch = batch(FIRST, 0);
		let seed = Telemetry::committee_seed(GATEWAY, FIRST, 0, &batch).expect("the seed is known");
		assert_eq!(batch.committee.to_vec(), committee::draw(&seed, 4, 4));
		for (member, vote) in batch.committee.iter().zip(&batch.votes) {
			assert_eq!(*vote, if *member == 2 { Vote::Valid } else { Vote::None });
		}
		assert_eq!(batch.stage, BatchStage::Pending);
	});
}

#[test]
fn a_quorum_attests() {
	sealed(|| {
		let root = batch(FIRST, 0).ledger_root;
		attest(FIRST, 0);
		let attested =
			Event::Attested { gateway: GATEWAY, window: FIRST, attempt: 0, root, units: 10 };
		assert_eq!(
			events(),
			[
				given(0, Verdict::Valid),
				given(1, Verdict::Valid),
				given(2, Verdict::Valid),
				attested
			]
		);
		assert_eq!(batch(FIRST, 0).stage, BatchStage::Attested { due: 54, ordinal: 0 });
		let head = Head { window: FIRST, attempt: 0, root };
		assert_eq!((gateway().sealed, gateway().attested), (Some(head), Some(head)));
		assert_eq!((gateway().attested_at, gateway().availability.attested), (52, 1));
		let ledger = LedgerRecord { root, tick: 51, network: NETWORK };
		assert_eq!(Ledgers::<Test>::get(GATEWAY, FIRST), Some(ledger));
		// Tick 51 lies in cycle 12.
		assert_eq!(Noted::get(), [(NETWORK, 12, 10)]);
	});
}

#[test]
fn a_quorum_is_two_thirds_rounded_up() {
	for validators in [1, 2, 3, 4, 5, 7, 21, 64] {
		let policy = Policy { committee_size: 64, ..POLICY };
		let builder = ExtBuilder::default().with_stashes(stashes(validators));
		builder.with_policy(policy).build_and_execute(|| {
			assert_ok!(seal(FIRST));
			let enough = quorum(validators);
			assert!(3 * enough >= 2 * validators && 3 * (enough - 1) < 2 * validators);
			for member in 0..enough {
				assert_eq!(gateway().attested, None);
				assert_ok!(vote(GATEWAY, FIRST, 0, member, Verdict::Valid), Ok(()));
			}
			assert_eq!(gateway().attested.map(|head| head.window), Some(FIRST));
		});
	}
}

#[test]
fn attestation_is_in_the_order_of_windows() {
	two_sealed(|| {
		let late = || vote(GATEWAY, 102, 0, 0, Verdict::Valid);
		assert_noop!(late(), Rejection::NotNext);
		attest(101, 0);
		assert_ok!(late(), Ok(()));
		attest_rest(102);
		assert_eq!(gateway().attested.map(|head| head.window), Some(102));
		assert_eq!(Noted::get().len(), 2);
	});
}

/// Members 1 and 2 complete the quorum.
fn attest_rest(window: u32) {
	for member in 1..3 {
		assert_ok!(vote(GATEWAY, window, 0, member, Verdict::Valid), Ok(()));
	}
}

#[test]
fn verdicts_count_for_the_fee_until_due_whatever_the_quorum() {
	sealed(|| {
		attest(FIRST, 0);
		pass_until(53);
		events();
		assert_ok!(vote(GATEWAY, FIRST, 0, 3, INVALID), Ok(()));
		assert_eq!(events(), [given(3, INVALID)]);
		assert_eq!(batch(FIRST, 0).tally(), [3, 1, 0]);
		assert_eq!(batch(FIRST, 0).stage, BatchStage::Attested { due: 54, ordinal: 0 });
	});
	sealed(|| {
		attest(FIRST, 0);
		pass_until(54);
		assert_noop!(vote(GATEWAY, FIRST, 0, 3, Verdict::Valid), Rejection::TooLate);
	});
}

#[test]
fn a_batch_is_invalid_once_no_quorum_can_be_reached() {
	sealed(|| {
		assert_ok!(vote(GATEWAY, FIRST, 0, 0, INVALID), Ok(()));
		assert_ok!(vote(GATEWAY, FIRST, 0, 1, Verdict::Valid), Ok(()));
		assert_eq!(batch(FIRST, 0).stage, BatchStage::Pending);
		events();
		// Another fault is as good.
		let other = Verdict::Invalid(Fault::BadSignature);
		assert_ok!(vote(GATEWAY, FIRST, 0, 2, other), Ok(()));
		assert_eq!(events(), [given(2, other), died(Outcome::Invalid)]);
		assert_eq!(batch(FIRST, 0).stage, BatchStage::Dead(Outcome::Invalid));
		assert_eq!((gateway().sealed, gateway().deaths), (None, 1));
		assert_eq!(gateway().availability.invalid, 1);
		assert!(Noted::get().is_empty());
	});
}

#[test]
fn a_batch_is_unavailable_once_no_quorum_can_be_reached() {
	sealed(|| {
		kill(FIRST, 0, Verdict::Unavailable);
		assert_eq!(events().last(), Some(&died(Outcome::Unavailable)));
		assert_eq!(gateway().availability.unavailable, 1);
	});
}

#[test]
fn mixed_verdicts_count_as_what_more_members_found() {
	sealed(|| {
		assert_ok!(vote(GATEWAY, FIRST, 0, 0, INVALID), Ok(()));
		assert_ok!(vote(GATEWAY, FIRST, 0, 1, Verdict::Unavailable), Ok(()));
		assert_eq!(events().last(), Some(&died(Outcome::Unavailable)));
		assert_eq!(gateway().availability.unavailable, 1);
	});
}

#[test]
fn later_batches_die_too() {
	two_sealed(|| {
		kill(101, 0, INVALID);
		assert_eq!((gateway().sealed, gateway().deaths), (None, 1));
		// Not a death of its own.
		assert_eq!(batch(102, 0).stage, BatchStage::Pending);
		assert_noop!(vote(GATEWAY, 102, 0, 0, Verdict::Valid), Rejection::Dead);
	});
	two_sealed(|| {
		attest(101, 0);
		kill(102, 0, INVALID);
		let gateway = gateway();
		assert_eq!(gateway.sealed, gateway.attested);
		assert_eq!(gateway.sealed.map(|head| head.window), Some(101));
	});
}

#[test]
fn a_batch_is_due_v_ticks_after_its_seal() {
	sealed(|| {
		pass_until(53);
		assert_ok!(vote(GATEWAY, FIRST, 0, 0, Verdict::Valid), Ok(()));
		pass_until(54);
		assert_noop!(vote(GATEWAY, FIRST, 0, 1, Verdict::Valid), Rejection::TooLate);
	});
}

#[test]
fn a_batch_that_waited_is_due_v_ticks_after_its_predecessors_attestation() {
	two_sealed(|| {
		pass_until(54);
		attest(101, 0);
		// Sealed at 53; it may be judged since 54.
		pass_until(55);
		assert_ok!(vote(GATEWAY, 102, 0, 0, Verdict::Valid), Ok(()));
		pass_until(56);
		assert_noop!(vote(GATEWAY, 102, 0, 1, Verdict::Valid), Rejection::TooLate);
	});
}

#[test]
fn a_batch_is_never_due_after_a_ticks() {
	ExtBuilder::default().build_and_execute(|| {
		pass_until(56);
		assert_ok!(seal(FIRST));
		assert_ok!(vote(GATEWAY, FIRST, 0, 0, Verdict::Valid), Ok(()));
		pass_until(57);
		assert_noop!(vote(GATEWAY, FIRST, 0, 1, Verdict::Valid), Rejection::TooLate);
	});
}

#[test]
fn nothing_is_due_while_no_tick_passes() {
	sealed(|| {
		(0..100).for_each(|_| pass_window(false));
		assert_noop!(Telemetry::expire(RuntimeOrigin::signed(OTHER), GATEWAY), Error::NotDue);
		attest(FIRST, 0);
		assert_eq!(gateway().attested_at, 52);
	});
}

#[test]
fn a_member_that_left_still_judges_batches_of_its_session() {
	sealed(|| {
		begin_session(stashes(1));
		attest(FIRST, 0);
		assert_eq!(batch(FIRST, 0).session, 0);
		assert_eq!(gateway().attested.map(|head| head.window), Some(FIRST));
	});
}

#[test]
fn the_pool_keeps_one_verdict_of_each_member() {
	sealed(|| {
		let valid = authorize(first(0, Verdict::Valid));
		assert_eq!(valid.provides, authorize(first(0, INVALID)).provides);
		assert_ne!(valid.provides, authorize(first(1, Verdict::Valid)).provides);
		assert!(valid.requires.is_empty() && valid.propagate);
	});
}

#[test]
fn fails_when_not_authorised() {
	sealed(|| {
		let claim = first(0, Verdict::Valid);
		for origin in
			[RuntimeOrigin::none(), RuntimeOrigin::root(), RuntimeOrigin::signed(stash(0))]
		{
			assert_noop!(
				Telemetry::submit_verdict(origin, claim, sign(&claim)),
				DispatchError::BadOrigin
			);
		}
	});
}

#[test]
fn fails_when_dispatched_for_a_batch_that_does_not_accept_it() {
	sealed(|| {
		let claim = VerdictClaim { attempt: 1, ..first(0, Verdict::Valid) };
		let origin = RuntimeOrigin::from(frame_system::RawOrigin::<u64>::Authorized);
		assert_noop!(
			Telemetry::submit_verdict(origin, claim, sign(&claim)),
			Error::VerdictRejected
		);
	});
}

#[test]
fn fails_when_there_is_no_such_batch() {
	sealed(|| {
		for (gateway, window, attempt) in
			[(GatewayId(1), FIRST, 0), (GATEWAY, FIRST + 1, 0), (GATEWAY, FIRST, 1)]
		{
			assert_noop!(
				vote(gateway, window, attempt, 0, Verdict::Valid),
				Rejection::UnknownBatch
			);
		}
	});
}

#[test]
fn fails_when_the_gateway_is_gone() {
	ExtBuilder::default().build().execute_with(|| {
		assert_ok!(seal(FIRST));
		Gateways::<Test>::remove(GATEWAY);
		assert_noop!(vote(GATEWAY, FIRST, 0, 0, Verdict::Valid), Rejection::UnknownBatch);
	});
}

#[test]
fn fails_when_the_batch_is_dead() {
	sealed(|| {
		kill(FIRST, 0, INVALID);
		assert_noop!(vote(GATEWAY, FIRST, 0, 3, INVALID), Rejection::Dead);
	});
	sealed(|| {
		pass_until(54);
		assert_ok!(Telemetry::expire(RuntimeOrigin::signed(OTHER), GATEWAY));
		assert_noop!(vote(GATEWAY, FIRST, 0, 0, Verdict::Valid), Rejection::Dead);
	});
}

#[test]
fn fails_when_it_names_another_header_or_session() {
	sealed(|| {
		let claim = first(0, Verdict::Valid);
		let other_header = VerdictClaim { header_hash: [0; 32], ..claim };
		assert_noop!(submit(other_header, sign(&other_header)), Rejection::OtherBatch);
		begin_session(stashes(4));
		let other_session = VerdictClaim { session: SessionNow::get(), ..claim };
		assert_noop!(submit(other_session, sign(&other_session)), Rejection::OtherBatch);
	});
}

#[test]
fn fails_when_the_seed_is_not_known() {
	sealed(|| {
		SeedsBefore::set(&batch(FIRST, 0).sealed_in);
		assert_noop!(vote(GATEWAY, FIRST, 0, 0, Verdict::Valid), Rejection::NoSeed);
		SeedsBefore::set(&(batch(FIRST, 0).sealed_in + 1));
		assert_ok!(vote(GATEWAY, FIRST, 0, 0, Verdict::Valid), Ok(()));
		// Once drawn, the committee is kept: the seed need not be.
		SeedsBefore::set(&0);
		assert_ok!(vote(GATEWAY, FIRST, 0, 1, Verdict::Valid), Ok(()));
	});
}

#[test]
fn fails_when_not_a_member() {
	let policy = Policy { committee_size: 5, ..POLICY };
	let builder = ExtBuilder::default().with_policy(policy).with_stashes(stashes(21));
	builder.build_and_execute(|| {
		assert_ok!(seal(FIRST));
		let committee = Telemetry::committee_of(GATEWAY, FIRST, 0, &batch(FIRST, 0))
			.expect("the seed is known");
		assert_eq!(committee.len(), 5);
		for member in (0..22).filter(|member| !committee.contains(member)) {
			assert_noop!(vote(GATEWAY, FIRST, 0, member, Verdict::Valid), Rejection::NotMember);
		}
		assert_ok!(vote(GATEWAY, FIRST, 0, committee[0], Verdict::Valid), Ok(()));
		let drawn = Telemetry::committee_of(GATEWAY, FIRST, 0, &batch(FIRST, 0));
		assert_eq!(drawn, Some(committee));
	});
}

#[test]
fn fails_when_the_member_has_voted() {
	sealed(|| {
		assert_ok!(vote(GATEWAY, FIRST, 0, 0, Verdict::Valid), Ok(()));
		for again in [Verdict::Valid, INVALID, Verdict::Unavailable] {
			assert_noop!(vote(GATEWAY, FIRST, 0, 0, again), Rejection::AlreadyVoted);
		}
	});
}

#[test]
fn fails_when_the_tag_does_not_go_with_the_verdict() {
	sealed(|| {
		for (verdict, tag) in
			[(Verdict::Valid, [0; 32]), (INVALID, [0; 32]), (Verdict::Unavailable, [1; 32])]
		{
			let claim = VerdictClaim { tag, ..first(0, verdict) };
			assert_noop!(submit(claim, sign(&claim)), Rejection::BadTag);
		}
	});
}

#[test]
fn fails_when_anything_signed_was_altered() {
	sealed(|| {
		let claim = first(0, Verdict::Valid);
		let signature = sign(&claim);
		let altered = [
			VerdictClaim { member: 1, ..claim },
			VerdictClaim { verdict: INVALID, ..claim },
			VerdictClaim { tag: [2; 32], ..claim },
		];
		for claim in altered {
			assert_noop!(submit(claim, signature.clone()), Rejection::BadSignature);
		}
		assert_ok!(submit(claim, signature), Ok(()));
	});
}

#[test]
fn fails_when_signed_by_another_member_or_with_a_key_of_another_session() {
	sealed(|| {
		let claim = first(0, Verdict::Valid);
		for key in [verdict_key(0, 1), verdict_key(1, 0)] {
			let signature = key.sign(&claim.message(&GENESIS));
			assert_noop!(submit(claim, signature), Rejection::BadSignature);
		}
	});
}

#[test]
fn fails_when_signed_for_another_chain() {
	sealed(|| {
		let claim = first(0, Verdict::Valid);
		let signature = verdict_key(0, 0).sign(&claim.message(&[1; 32]));
		assert_noop!(submit(claim, signature), Rejection::BadSignature);
	});
}

#[test]
fn fails_when_the_key_is_not_kept() {
	ExtBuilder::default().build().execute_with(|| {
		assert_ok!(seal(FIRST));
		Keys::<Test>::remove(0, 0);
		assert_noop!(vote(GATEWAY, FIRST, 0, 0, Verdict::Valid), Rejection::NoKey);
	});
}

#[test]
fn a_verdict_on_an_old_batch_is_worth_nothing() {
	sealed(|| {
		let claim = first(0, Verdict::Valid);
		let signature = sign(&claim);
		kill(FIRST, 0, Verdict::Unavailable);
		assert_ok!(seal(FIRST));
		assert_noop!(submit(claim, signature.clone()), Rejection::Dead);
		// Neither for the new attempt, whose hash is another.
		let renamed = VerdictClaim { attempt: 1, ..claim };
		assert_noop!(submit(renamed, signature), Rejection::OtherBatch);
	});
	sealed(|| {
		let claim = first(0, Verdict::Valid);
		let signature = sign(&claim);
		kill(FIRST, 0, Verdict::Unavailable);
		assert_ok!(collect(FIRST, 0));
		pass_until(FakeTime::now().tick + PERIODS.mature_ticks());
		idle(1);
		assert!(!Batches::<Test>::contains_key((GATEWAY, FIRST, 0)));
		assert_noop!(submit(claim, signature), Rejection::UnknownBatch);
	});
}

#[test]
fn every_rejection_has_its_own_code() {
	let codes = Rejection::ALL.iter().map(|rejection| rejection.code());
	assert!(codes.eq(1..=11));
	for rejection in Rejection::ALL {
		assert!(
			include_str!("../../README.md")
				.contains(&format!("| {} | `{rejection:?}` |", rejection.code()))
		);
	}
}
