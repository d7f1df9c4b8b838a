//! Cycles begin once each, in order, at their first tick.

use cairn_traits::Timekeeper;

use crate::{Event, WeightInfo, mock::*};

#[test]
fn each_cycle_begins_once_at_its_first_tick() {
	ExtBuilder::default().build_and_execute(|| {
		for window in 10..31 {
			author_window(window, 6);
		}
		assert_eq!(Time::now().tick, 20);
		assert_eq!(Begun::get(), vec![(0, 0), (1, 4), (2, 8), (3, 12), (4, 16), (5, 20)]);
		assert_eq!(Time::cycle(), 5);
	});
}

#[test]
fn the_first_block_of_a_cycle_tells_and_charges_for_it() {
	ExtBuilder::default().build_and_execute(|| {
		for window in 10..14 {
			author_window(window, 6);
		}
		let charged = author(14 * 6);
		assert_eq!(charged, <() as WeightInfo>::on_initialize_window() + CALLBACK_WEIGHT);
		assert_eq!(
			told(),
			vec![Event::WindowOpened { window: 14, tick: 4 }, Event::CycleBegan { cycle: 1 }]
		);
	});
}

#[test]
fn a_cycle_does_not_begin_again_while_its_first_tick_lasts() {
	ExtBuilder::default().build_and_execute(|| {
		for window in 10..15 {
			author_window(window, 6);
		}
		assert_eq!(Begun::get(), vec![(0, 0), (1, 4)]);
		for window in [20, 25, 30] {
			author_window(window, 1);
			assert_eq!(told(), vec![Event::WindowOpened { window, tick: 4 }]);
		}
		assert_eq!(Begun::get(), vec![(0, 0), (1, 4)]);
	});
}
