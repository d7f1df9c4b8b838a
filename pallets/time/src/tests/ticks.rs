//! When a window's first block adds a tick.

use cairn_traits::Timekeeper;
use cairn_types::Periods;

use crate::mock::*;

/// Ticks that the first block of window 11 adds after `blocks` blocks in window 10.
fn ticks_after(blocks: u32) -> u32 {
	author_window(10, blocks);
	author_window(11, 1);
	Time::now().tick
}

#[test]
fn full_windows_tick() {
	ExtBuilder::default().build_and_execute(|| {
		for window in 10..40 {
			author_window(window, 6);
			assert_eq!(Time::now().tick, window - 10);
		}
	});
}

#[test]
fn a_window_with_half_its_blocks_ticks() {
	ExtBuilder::default().build_and_execute(|| assert_eq!(ticks_after(3), 1));
}

#[test]
fn a_window_with_fewer_than_half_its_blocks_does_not_tick() {
	ExtBuilder::default().build_and_execute(|| assert_eq!(ticks_after(2), 0));
}

#[test]
fn half_of_an_odd_window_is_rounded_up() {
	let odd = Periods { window_slots: 5, ..DEVELOPMENT };
	let after =
		|blocks| ExtBuilder::default().with_periods(odd).build_and_execute(|| ticks_after(blocks));
	assert_eq!((after(2), after(3)), (0, 1));
}

#[test]
fn a_skipped_window_takes_the_tick_of_the_one_before() {
	ExtBuilder::default().build_and_execute(|| {
		author_window(10, 6);
		author_window(12, 6);
		assert_eq!(Time::now().tick, 0);
		author_window(13, 6);
		assert_eq!(Time::now().tick, 1);
	});
}

#[test]
fn a_stalled_chain_matures_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		author_window(10, 6);
		author_window(11, 6);
		for window in 12..62 {
			author_window(window, 2);
		}
		for window in (70..200).step_by(3) {
			author_window(window, 6);
		}
		// Window 11 had all its blocks: the first block of window 12 added the last tick.
		assert_eq!(Time::now().tick, 2);
		let first = Time::window(10).expect("nothing is past");
		assert!(!Time::periods().is_mature(first.tick, Time::now().tick));
	});
}

#[test]
fn a_window_in_which_a_migration_ran_does_not_tick() {
	for interrupted in 60..66 {
		ExtBuilder::default().build_and_execute(|| {
			for slot in 60..66 {
				Migrating::set(&(slot == interrupted));
				author(slot);
			}
			Migrating::set(&false);
			author_window(11, 6);
			assert_eq!(Time::now().tick, 0, "a migration ran in slot {interrupted}");
			author_window(12, 6);
			assert_eq!(Time::now().tick, 1, "no migration ran in window 11");
		});
	}
}

#[test]
fn a_migration_that_begins_with_a_window_is_not_of_the_one_before() {
	ExtBuilder::default().build_and_execute(|| {
		author_window(10, 6);
		Migrating::set(&true);
		author_window(11, 1);
		assert_eq!(Time::now().tick, 1);
	});
}
