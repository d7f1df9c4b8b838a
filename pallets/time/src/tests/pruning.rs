//! Records are kept until their tick + H has passed, and no longer than it takes to remove two per
//! window.

use cairn_traits::Timekeeper;
use cairn_types::{Periods, Window};
use frame_support::assert_ok;

use crate::{Now, Recorded, Rules, Windows, mock::*};

fn kept() -> u32 {
	let state = Now::<Test>::get().expect("there was a block");
	state.next - state.oldest
}

fn set_rules(max_readings: u32) {
	assert_ok!(Time::set_rules(RuntimeOrigin::root(), max_readings, 1 << 20));
}

#[test]
fn a_record_is_kept_until_its_tick_and_maturity_have_passed() {
	ExtBuilder::default().build_and_execute(|| {
		let mature = DEVELOPMENT.mature_ticks();
		for window in 10..=10 + mature {
			author_window(window, 6);
			assert!(Time::window(10).is_some());
		}
		assert!(DEVELOPMENT.is_mature(0, Time::now().tick));
		author_window(11 + mature, 1);
		assert_eq!(Time::window(10), None);
		assert!(Time::window(11).is_some());
	});
}

#[test]
fn state_stays_bounded_over_ten_thousand_windows() {
	let short = Periods { window_slots: 2, ..DEVELOPMENT };
	ExtBuilder::default().with_periods(short).build_and_execute(|| {
		for window in 0..10_000 {
			author_window(window, 1);
			assert!(kept() <= short.mature_ticks() + 1, "{} records in window {window}", kept());
		}
		assert_eq!(Time::now().tick, 9_999);
		assert_eq!(Windows::<Test>::iter().count(), 9);
		assert_eq!(Recorded::<Test>::iter().count(), 9);
	});
}

#[test]
fn a_backlog_shrinks_by_one_record_per_window() {
	ExtBuilder::default().build_and_execute(|| {
		// A tick that lasts thirty windows, and then nine more windows until they are past.
		for window in 10..40 {
			author_window(window, 1);
		}
		for window in 40..49 {
			author_window(window, 6);
		}
		assert_eq!((Time::now().tick, kept()), (8, 39));
		for gone in 1..=30 {
			author_window(48 + gone, 6);
			assert_eq!(kept(), 39 - gone);
		}
		author_window(79, 6);
		assert_eq!(kept(), 9);
	});
}

#[test]
fn rules_are_kept_as_long_as_a_window_that_uses_them() {
	ExtBuilder::default().build_and_execute(|| {
		let using = |window: Window| Time::window(window).map(|record| record.rules);
		author_window(10, 6);
		set_rules(10);
		author_window(11, 6);
		author_window(12, 6);
		set_rules(20);
		author_window(13, 6);
		assert_eq!([10, 11, 12, 13].map(using), [Some(1), Some(2), Some(2), Some(3)]);

		for window in 14..19 {
			author_window(window, 6);
		}
		let stored = || [1, 2, 3].map(Rules::<Test>::contains_key::<u32>);
		assert_eq!((Time::now().tick, stored()), (8, [true, true, true]));
		author_window(19, 6);
		assert_eq!(stored(), [false, true, true]);
		author_window(20, 6);
		assert_eq!(stored(), [false, true, true]);
		author_window(21, 6);
		assert_eq!(stored(), [false, false, true]);
		for window in 22..60 {
			author_window(window, 6);
		}
		assert_eq!(stored(), [false, false, true]);
	});
}
