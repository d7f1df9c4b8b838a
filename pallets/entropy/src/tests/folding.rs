//! The hook: what is folded when, and what is kept.

use frame_support::{traits::Hooks, weights::Weight};

use crate::{Accumulator, Seeds, WeightInfo, maths, mock::*};

#[test]
fn nothing_is_folded_in_block_one() {
	ExtBuilder::default().build_and_execute(|| {
		author_until(1, output_of);
		assert_eq!(Accumulator::<Test>::get(), None);
	});
}

#[test]
fn each_block_folds_the_output_of_the_one_before() {
	ExtBuilder::default().build_and_execute(|| {
		let mut expected = maths::start(&GENESIS);
		for number in 2..40 {
			author_until(number, output_of);
			expected = maths::fold(&expected, &output_of(number - 1).expect("every block has one"));
			assert_eq!(Accumulator::<Test>::get(), Some(expected));
		}
	});
}

#[test]
fn a_seed_is_written_in_the_block_after_its_period() {
	ExtBuilder::default().build_and_execute(|| {
		author_until(4, output_of);
		assert_eq!(Seeds::<Test>::iter().count(), 0);
		author_until(5, output_of);
		assert_eq!(Seeds::<Test>::get(0), Accumulator::<Test>::get());
		author_until(8, output_of);
		assert_eq!(Seeds::<Test>::get(1), None);
		author_until(9, output_of);
		assert_eq!(Seeds::<Test>::get(1), Accumulator::<Test>::get());
	});
}

#[test]
fn a_missing_output_folds_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		author_until(5, |_| None);
		assert_eq!(Seeds::<Test>::get(0), Some(maths::start(&GENESIS)));
		author_until(9, |block| if block == 6 { None } else { output_of(block) });
		let expected = [5, 7, 8].into_iter().fold(maths::start(&GENESIS), |seed, block| {
			maths::fold(&seed, &output_of(block).expect("every block has one"))
		});
		assert_eq!(Seeds::<Test>::get(1), Some(expected));
	});
}

#[test]
fn only_the_newest_seeds_are_kept() {
	ExtBuilder::default().with_period(2).build_and_execute(|| {
		author_until(61, output_of);
		let mut kept: Vec<u32> = Seeds::<Test>::iter_keys().collect();
		kept.sort_unstable();
		assert_eq!(kept, (30 - KEPT..30).collect::<Vec<_>>());
	});
}

#[test]
fn a_period_of_no_blocks_counts_as_one_block() {
	ExtBuilder::default().with_period(0).build_and_execute(|| {
		author_until(4, output_of);
		assert_eq!(Seeds::<Test>::iter().count(), 3);
		assert_eq!(Seeds::<Test>::get(2), Accumulator::<Test>::get());
	});
}

#[test]
fn the_end_of_a_period_is_charged_as_such() {
	ExtBuilder::default().build_and_execute(|| {
		for number in 1..20 {
			author_until(number - 1, output_of);
			PreviousOutput::set(&output_of(number - 1));
			System::set_block_number(number);
			let charged: Weight = <Entropy as Hooks<u64>>::on_initialize(number);
			let expected = if number > 1 && number % 4 == 1 {
				<() as WeightInfo>::on_initialize_period()
			} else {
				<() as WeightInfo>::on_initialize_block()
			};
			assert_eq!(charged, expected, "block {number}");
		}
	});
}
