//! What a window's first block records, and what its other blocks do.

use cairn_traits::Timekeeper;
use cairn_types::{Moment, WindowRecord};

use crate::{Event, Now, TimeState, WeightInfo, mock::*};

#[test]
fn time_is_zero_before_the_first_block() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Time::now(), Moment::default());
		assert_eq!(Time::window(0), None);
	});
}

#[test]
fn the_first_block_opens_the_first_window_and_cycle() {
	ExtBuilder::default().build_and_execute(|| {
		SessionIndex::set(&3);
		let charged = author(62);
		assert_eq!(charged, <() as WeightInfo>::on_initialize_window() + CALLBACK_WEIGHT);
		assert_eq!(
			told(),
			vec![Event::WindowOpened { window: 10, tick: 0 }, Event::CycleBegan { cycle: 0 }]
		);
		assert_eq!(Time::now(), Moment { window: 10, tick: 0 });
		assert_eq!(
			Time::window(10),
			Some(WindowRecord {
				tick: 0,
				anchor: seed_of(1),
				required: GENESIS,
				session: 3,
				rules: 1,
				first_block: 1,
			})
		);
		assert_eq!(Begun::get(), vec![(0, 0)]);
	});
}

#[test]
fn the_other_blocks_of_a_window_are_counted() {
	ExtBuilder::default().build_and_execute(|| {
		author(60);
		let opened = Now::<Test>::get().expect("there was a block");
		let record = Time::window(10);
		for (slot, blocks) in [(61, 2), (63, 3), (65, 4)] {
			assert_eq!(author(slot), <() as WeightInfo>::on_initialize_block());
			assert_eq!(told(), vec![]);
			assert_eq!(Now::<Test>::get(), Some(TimeState { blocks, ..opened }));
		}
		assert_eq!(Time::window(10), record);
	});
}

#[test]
fn a_later_window_is_recorded_with_its_own_first_block() {
	ExtBuilder::default().build_and_execute(|| {
		author_window(10, 6);
		SessionIndex::set(&1);
		assert_eq!(author(67), <() as WeightInfo>::on_initialize_window());
		assert_eq!(told(), vec![Event::WindowOpened { window: 11, tick: 1 }]);
		assert_eq!(
			Time::window(11),
			Some(WindowRecord {
				tick: 1,
				anchor: seed_of(7),
				required: seed_of(1),
				session: 1,
				rules: 1,
				first_block: 7,
			})
		);
	});
}

#[test]
fn a_window_requires_the_anchor_of_the_last_recorded_one_before() {
	ExtBuilder::default().build_and_execute(|| {
		author_window(10, 6);
		author_window(14, 1);
		author_window(15, 6);
		let [ten, fourteen, fifteen] =
			[10, 14, 15].map(|window| Time::window(window).expect("recorded"));
		assert_eq!(fourteen.required, ten.anchor);
		assert_eq!(fifteen.required, fourteen.anchor);
		assert_eq!(Time::window(12), None);
	});
}

#[test]
fn a_slot_that_went_back_counts_in_the_current_window() {
	ExtBuilder::default().build_and_execute(|| {
		author(60);
		author(59);
		let state = Now::<Test>::get().expect("there was a block");
		assert_eq!((state.window, state.blocks), (10, 2));
		assert_eq!(Time::window(9), None);
	});
}
