use cairn_telemetry::Verdict;
use cairn_traits::Timekeeper;
use cairn_types::GatewayId;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, DispatchResult};

use crate::{
	mock::*,
	types::{BatchStage, Outcome},
};

fn expire(gateway: GatewayId) -> DispatchResult {
	Telemetry::expire(RuntimeOrigin::signed(OTHER), gateway)
}

#[test]
fn works_when_due_without_a_quorum() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(seal(FIRST));
		for member in 0..2 {
			assert_ok!(vote(GATEWAY, FIRST, 0, member, Verdict::Valid), Ok(()));
		}
		pass_until(53);
		assert_noop!(expire(GATEWAY), Error::NotDue);
		pass_until(54);
		events();
		assert_ok!(expire(GATEWAY));
		let outcome = Outcome::Missing;
		assert_eq!(
			events(),
			[Event::Died { gateway: GATEWAY, window: FIRST, attempt: 0, outcome, skipped: false }]
		);
		// Nothing is written to it: its place before the first pending one says enough.
		assert_eq!((batch(FIRST, 0).stage, batch(FIRST, 0).ordinal), (BatchStage::Pending, 0));
		let gateway = gateway();
		assert_eq!((gateway.sealed, gateway.deaths, gateway.failures), (None, 1, 1));
		assert_eq!((gateway.queue.pending, gateway.queue.next), (1, 1));
		assert_eq!(gateway.availability.missing, 1);
	});
}

#[test]
fn later_batches_die_without_a_death_of_their_own() {
	ExtBuilder::default().build_and_execute(|| {
		pass_windows(2);
		for window in 101..104 {
			assert_ok!(seal(window));
		}
		pass_windows(PERIODS.verdict_ticks);
		assert_ok!(expire(GATEWAY));
		assert_eq!((gateway().deaths, gateway().availability.missing), (1, 1));
		assert_noop!(expire(GATEWAY), Error::NotDue);
		assert_eq!(batch(103, 0).stage, BatchStage::Pending);
	});
}

#[test]
fn a_batch_that_waited_is_not_due_with_its_predecessor() {
	ExtBuilder::default().build_and_execute(|| {
		pass_windows(1);
		assert_ok!(seal(101));
		assert_ok!(seal(102));
		pass_until(54);
		attest(101, 0);
		pass_until(55);
		assert_noop!(expire(GATEWAY), Error::NotDue);
		pass_until(56);
		assert_ok!(expire(GATEWAY));
		assert_eq!(gateway().sealed.map(|head| head.window), Some(101));
	});
}

#[test]
fn a_window_without_a_quorum_is_skipped_in_the_end() {
	ExtBuilder::default().build_and_execute(|| {
		// Sealed at 52, 54 and 56; the last try has one tick only.
		for attempt in 0..3 {
			assert_ok!(seal(FIRST));
			pass_windows(PERIODS.verdict_ticks);
			events();
			assert_ok!(expire(GATEWAY));
			let died = Event::Died {
				gateway: GATEWAY,
				window: FIRST,
				attempt,
				outcome: Outcome::Missing,
				skipped: attempt == 2,
			};
			assert_eq!(events(), [died]);
		}
		assert_eq!(gateway().floor, FIRST + 1);
		assert_noop!(seal(FIRST), Error::WindowNotAfter);
	});
}

#[test]
fn nothing_dies_while_the_chain_stalls() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(seal(FIRST));
		for _ in 0..200 {
			pass_window(false);
			assert_noop!(expire(GATEWAY), Error::NotDue);
		}
		assert_eq!(FakeTime::now().tick, 52);
		pass_windows(PERIODS.verdict_ticks);
		assert_ok!(expire(GATEWAY));
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Telemetry::expire(RuntimeOrigin::none(), GATEWAY), DispatchError::BadOrigin);
	});
}

#[test]
fn fails_when_there_is_no_such_gateway() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(expire(GatewayId(1)), Error::GatewayNotFound);
	});
}

#[test]
fn fails_when_nothing_waits() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(expire(GATEWAY), Error::NotDue);
		assert_ok!(seal(FIRST));
		attest(FIRST, 0);
		pass_windows(10);
		assert_noop!(expire(GATEWAY), Error::NotDue);
	});
}
