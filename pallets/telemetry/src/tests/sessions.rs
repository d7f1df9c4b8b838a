use cairn_telemetry::Verdict;
use cairn_traits::Timekeeper;
use frame_support::{assert_ok, traits::Hooks, weights::Weight};
use sp_core::Pair;

use crate::{Keys, NewestSession, Sessions, WeightInfo, mock::*, types::SessionRecord};

/// What idle time is left to the pallet.
fn idle(weight: Weight) -> Weight {
	Telemetry::on_idle(System::block_number(), weight)
}

fn step() -> Weight {
	<() as WeightInfo>::drop_stale_keys()
}

/// Sessions whose keys are kept.
fn kept() -> Vec<u32> {
	let mut kept = Sessions::<Test>::iter_keys().collect::<Vec<_>>();
	kept.sort_unstable();
	kept
}

#[test]
fn keys_are_written_at_genesis() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Sessions::<Test>::get(0), Some(SessionRecord { validators: 4, references: 0 }));
		assert_eq!(Keys::<Test>::get(0, 3), Some((stash(3), verdict_key(0, 3).public())));
		assert_eq!(Keys::<Test>::get(0, 4), None);
	});
}

#[test]
fn keys_are_written_in_every_session_although_nothing_has_changed() {
	ExtBuilder::default().build_and_execute(|| {
		begin_session(stashes(5));
		assert_eq!(NewestSession::<Test>::get(), 1);
		assert_eq!(Keys::<Test>::get(1, 4), Some((stash(4), verdict_key(1, 4).public())));
		assert_ok!(seal(FIRST));
		assert_eq!((batch(FIRST, 0).session, batch(FIRST, 0).members), (1, 5));
	});
}

#[test]
fn keys_that_no_batch_refers_to_are_dropped() {
	ExtBuilder::default().build_and_execute(|| {
		begin_session(stashes(4));
		begin_session(stashes(4));
		assert_eq!(kept(), [0, 1, 2]);
		idle(Weight::MAX);
		assert_eq!(kept(), [2]);
		assert_eq!(Keys::<Test>::iter_keys().count(), 4);
	});
}

#[test]
fn keys_are_kept_while_a_batch_refers_to_them() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(seal(FIRST));
		for _ in 0..5 {
			begin_session(stashes(4));
			idle(Weight::MAX);
		}
		assert_eq!(kept(), [0, 5]);

		kill(FIRST, 0, Verdict::Unavailable);
		assert_ok!(collect(FIRST, 0));
		assert_eq!(kept(), [0, 5]);
		pass_until(60);
		// Makes room for another batch.
		assert_ok!(seal(FakeTime::now().window - 1));
		idle(Weight::MAX);
		assert_eq!(kept(), [5]);
	});
}

#[test]
fn keys_are_kept_until_a_batch_outside_the_queue_is_paid_for() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(seal(FIRST));
		begin_session(stashes(4));
		kill(FIRST, 0, Verdict::Unavailable);
		pass_until(60);
		assert_ok!(seal(FakeTime::now().window - 1));
		idle(Weight::MAX);
		assert_eq!(kept(), [0, 1]);
		assert_ok!(collect(FIRST, 0));
		assert_eq!(Balances::free_balance(stash(0)), SHARE);
		idle(Weight::MAX);
		assert_eq!(kept(), [1]);
	});
}

#[test]
fn keys_are_dropped_in_steps_that_fit_into_what_is_left() {
	ExtBuilder::default().with_stashes(stashes(20)).build_and_execute(|| {
		begin_session(stashes(4));
		assert_eq!(idle(Weight::zero()), Weight::zero());
		assert_eq!(Keys::<Test>::iter_key_prefix(0).count(), 20);

		let almost = step().saturating_mul(2).saturating_sub(Weight::from_parts(1, 1));
		assert_eq!(idle(almost), step());
		let left = Keys::<Test>::iter_key_prefix(0).count();
		assert!(left < 20 && left > 0);
		check_state();

		assert_eq!(idle(step()), step());
		assert_eq!(Keys::<Test>::iter_key_prefix(0).count(), 0);
		assert_eq!(kept(), [1]);
	});
}
