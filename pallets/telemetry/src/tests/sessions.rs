use cairn_telemetry::Verdict;
use frame_support::{assert_ok, traits::Hooks, weights::Weight};
use sp_core::Pair;

use crate::{Batches, Keys, NewestSession, Sessions, Sweeping, WeightInfo, mock::*};

/// Blocks with idle time until what a pass finds has been done: one ends the pass that has begun, one
/// makes another, one drops what it found.
const ENOUGH: u32 = 3;

/// Sessions whose keys are kept.
fn kept() -> Vec<u32> {
	let mut kept = Sessions::<Test>::iter_keys().collect::<Vec<_>>();
	kept.sort_unstable();
	kept
}

#[test]
fn keys_are_written_at_genesis() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Sessions::<Test>::get(0), Some(4));
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
		idle(ENOUGH);
		assert_eq!(kept(), [2]);
		assert_eq!(Keys::<Test>::iter_keys().count(), 4);
	});
}

#[test]
fn keys_are_dropped_where_there_is_no_gateway() {
	ExtBuilder::default().with_devices(0).build_and_execute(|| {
		crate::Gateways::<Test>::remove(GATEWAY);
		crate::NextGateway::<Test>::kill();
		begin_session(stashes(4));
		idle(ENOUGH);
		assert_eq!(kept(), [1]);
	});
}

#[test]
fn keys_are_kept_while_a_batch_may_need_them() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(seal(FIRST));
		for _ in 0..5 {
			begin_session(stashes(4));
			idle(ENOUGH);
		}
		kill(FIRST, 0, Verdict::Unavailable);
		assert_ok!(collect(FIRST, 0));
		idle(ENOUGH);
		assert_eq!(kept(), [0, 1, 2, 3, 4, 5]);
		pass_until(60);
		idle(ENOUGH);
		assert_eq!(kept(), [5]);
	});
}

#[test]
fn keys_are_kept_until_the_members_were_paid() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(seal(FIRST));
		begin_session(stashes(4));
		kill(FIRST, 0, Verdict::Unavailable);
		pass_until(59);
		idle(ENOUGH);
		assert_eq!((kept(), Balances::free_balance(stash(0))), (vec![0, 1], 0));
		pass_until(60);
		idle(ENOUGH);
		// Nobody has asked for it.
		assert_eq!(Balances::free_balance(stash(0)), SHARE);
		assert_eq!(kept(), [1]);
		assert_eq!(Batches::<Test>::iter_keys().count(), 0);
	});
}

#[test]
fn a_session_is_kept_although_its_batch_is_sealed_behind_the_visitor() {
	ExtBuilder::default().build_and_execute(|| {
		let url = endpoint("https://second.example");
		assert_ok!(Telemetry::register_gateway(RuntimeOrigin::signed(OTHER), NETWORK, url));
		begin_session(stashes(4));
		// The limit lets one visit through, in the middle of a pass.
		let one = <() as WeightInfo>::sweep()
			.saturating_add(<() as WeightInfo>::visit_gateway())
			.saturating_add(<() as WeightInfo>::collect(64));
		let visit = || Telemetry::on_idle(System::block_number(), one);
		visit();
		assert_eq!(Sweeping::<Test>::get().next.0, 1);
		assert_ok!(seal(FIRST));
		for session in 2..5 {
			begin_session(stashes(4));
			for _ in 0..8 {
				visit();
				check_state();
			}
			assert_eq!(kept().first(), Some(&1), "in session {session}");
		}
	});
}

#[test]
fn keys_are_dropped_in_steps_that_fit_into_what_is_left() {
	ExtBuilder::default().with_stashes(stashes(20)).build_and_execute(|| {
		begin_session(stashes(4));
		assert_eq!(Telemetry::on_idle(System::block_number(), Weight::zero()), Weight::zero());
		idle(2);
		assert_eq!(Keys::<Test>::iter_key_prefix(0).count(), 20);

		let step = <() as WeightInfo>::sweep().saturating_add(<() as WeightInfo>::drop_keys());
		for left in [4, 0] {
			assert_eq!(Telemetry::on_idle(System::block_number(), step), step);
			assert_eq!(Keys::<Test>::iter_key_prefix(0).count(), left);
			check_state();
		}
		assert_eq!(kept(), [1]);
	});
}
