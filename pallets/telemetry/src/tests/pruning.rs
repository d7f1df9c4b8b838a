use cairn_traits::Timekeeper;
use cairn_types::Window;
use frame_support::assert_ok;

use crate::{Batches, Ledgers, Sealed, Sessions, mock::*, types::KEPT_LEDGERS};

/// Of a gateway that seals and attests every window: 16 behind those of H ticks.
const KEPT: usize = 16 + 8;

/// Seal and attest the current window as soon as it is over.
fn live() -> Window {
	let window = FakeTime::now().window;
	pass_window(true);
	assert_ok!(seal(window));
	attest(window, gateway().deaths);
	window
}

fn batches() -> usize {
	Batches::<Test>::iter_prefix((GATEWAY,)).count()
}

fn ledgers() -> Vec<Window> {
	let mut windows = Ledgers::<Test>::iter_key_prefix(GATEWAY).collect::<Vec<_>>();
	windows.sort_unstable();
	windows
}

fn assert_newest_matured_are_kept() {
	let now = FakeTime::now();
	let kept = ledgers();
	// Every window had a tick since the start.
	let tick = |window: Window| window - START.window + START.tick;
	let count = kept.iter().filter(|window| PERIODS.is_mature(tick(**window), now.tick)).count();
	assert!(count >= usize::try_from(KEPT_LEDGERS).expect("small"));
	// Without a gap up to the newest.
	let newest = *kept.last().expect("attested");
	assert!(kept.iter().copied().eq(kept[0]..=newest));
}

#[test]
fn batches_ledgers_and_keys_are_bounded_over_500_windows() {
	ExtBuilder::default().with_stashes(stashes(3)).build_and_execute(|| {
		for round in 0..500u32 {
			if round % 10 == 9 {
				begin_session(stashes(3));
			}
			live();
			idle(1);

			assert!(batches() <= KEPT && ledgers().len() <= KEPT);
			assert_eq!(Sealed::<Test>::iter_key_prefix(GATEWAY).count(), batches());
			// A session of ten windows each, and the newest.
			assert!(Sessions::<Test>::iter_keys().count() <= 4);
			if round >= 30 {
				assert_newest_matured_are_kept();
			}
			if round % 50 == 0 {
				check_state();
			}
		}
		assert_eq!(batches(), KEPT);
		assert_eq!(Noted::get().len(), 500);
	});
}

#[test]
fn what_nobody_collects_is_paid_for_in_idle_time() {
	ExtBuilder::default().with_stashes(stashes(3)).build_and_execute(|| {
		let first = FakeTime::now().window;
		(0..40).for_each(|_| {
			live();
		});
		assert_eq!((batches(), held_fees(OPERATOR)), (40, 40 * FEE));
		assert_eq!(ledgers().first(), Some(&first));
		for _ in 0..40 {
			idle(1);
			check_state();
		}
		assert_eq!(batches(), KEPT);
		assert_eq!(ledgers().first(), Some(&(first + 16)));
		// All but those of the last H ticks, which may still be judged.
		assert_eq!(held_fees(OPERATOR), u128::from(PERIODS.mature_ticks()) * FEE);
		assert_eq!(gateway().queue.settled, 40 - PERIODS.mature_ticks());
	});
}

#[test]
fn what_died_is_removed_and_its_fee_returned_in_idle_time() {
	ExtBuilder::default().with_stashes(stashes(3)).build_and_execute(|| {
		// One, two, three windows die together; nobody calls `expire`.
		for count in 1..=3 {
			pass_windows(1);
			let now = FakeTime::now().window;
			for window in now - count..now {
				assert_ok!(seal(window));
			}
			pass_windows(PERIODS.verdict_ticks);
			idle(1);
			assert_eq!((gateway().sealed, gateway().deaths), (None, count));
		}
		assert_eq!(gateway().queue.next, 6);
		pass_windows(PERIODS.mature_ticks() + 1);
		idle(6);
		assert_eq!((batches(), held_fees(OPERATOR)), (0, 0));
	});
}

#[test]
fn every_gateway_is_visited_however_many_there_are() {
	ExtBuilder::default().with_stashes(stashes(3)).build_and_execute(|| {
		for number in 0..50 {
			let url = endpoint(&format!("https://gateway-{number}.example"));
			assert_ok!(Telemetry::register_gateway(RuntimeOrigin::signed(OTHER), NETWORK, url));
		}
		assert_ok!(seal(FIRST));
		pass_windows(PERIODS.verdict_ticks);
		// All within a window's blocks.
		idle(BLOCKS_PER_WINDOW);
		assert_eq!(gateway().deaths, 1);
	});
}
