use cairn_traits::Timekeeper;
use cairn_types::Window;
use frame_support::{assert_ok, traits::Hooks, weights::Weight};

use crate::{Batches, Ledgers, Sealed, Sessions, mock::*, types::KEPT_LEDGERS};

/// Of a gateway that seals and attests every window: 16 behind those of H ticks, and the newest.
const KEPT: usize = 16 + 8 + 1;

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
			let window = live();
			if round >= PERIODS.verdict_ticks {
				assert_ok!(collect(window - PERIODS.verdict_ticks, 0));
			}
			Telemetry::on_idle(System::block_number(), Weight::MAX);

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
fn uncollected_batches_stay_until_they_are_paid_for() {
	ExtBuilder::default().with_stashes(stashes(3)).build_and_execute(|| {
		let first = FakeTime::now().window;
		(0..40).for_each(|_| {
			live();
		});
		let queued = Sealed::<Test>::iter_key_prefix(GATEWAY).count();
		assert_eq!((batches(), queued), (40, KEPT));
		assert_eq!(ledgers().first(), Some(&first));
		assert_eq!(held_fees(OPERATOR), 40 * FEE);
		check_state();

		for window in first..first + 15 {
			assert_ok!(collect(window, 0));
			check_state();
		}
		assert_eq!(batches(), KEPT);
		assert_eq!(ledgers().first(), Some(&(first + 15)));
	});
}

#[test]
fn a_backlog_does_not_grow() {
	ExtBuilder::default().with_stashes(stashes(3)).build_and_execute(|| {
		// One, two, three windows die together.
		for count in 1..=3 {
			pass_windows(1);
			let now = FakeTime::now().window;
			for window in now - count..now {
				assert_ok!(seal(window));
			}
			pass_windows(PERIODS.verdict_ticks);
			assert_ok!(Telemetry::expire(RuntimeOrigin::signed(OTHER), GATEWAY));
		}
		for (window, attempt) in Batches::<Test>::iter_key_prefix((GATEWAY,)).collect::<Vec<_>>() {
			assert_ok!(collect(window, attempt));
		}
		let backlog = batches();
		assert_eq!(backlog, 1 + 2 + 3);
		pass_windows(PERIODS.mature_ticks());
		for _ in 0..3 {
			live();
			assert_eq!(batches(), backlog);
		}
	});
}
