//! The hook in both variants.

use cairn_types::Hash32;
use frame_benchmarking::v2::*;
use frame_support::traits::{Get, Hooks};
use frame_system::pallet_prelude::BlockNumberFor;

use crate::{Accumulator, BenchmarkHelper, Config, Pallet, Seeds};

const OUTPUT: Hash32 = [7; 32];
const ACCUMULATOR: Hash32 = [1; 32];

#[benchmarks]
mod benchmarks {
	use super::*;

	/// The state before the block that is `blocks` after the end of the first period whose seed
	/// takes the place of another one.
	fn prepare<T: Config>(blocks: u32) -> BlockNumberFor<T> {
		let length = T::Period::get().max(1);
		let last = T::KEPT_SEEDS.saturating_add(1).saturating_mul(length);
		let now: BlockNumberFor<T> = last.saturating_add(blocks).into();
		frame_system::Pallet::<T>::set_block_number(now);
		T::BenchmarkHelper::set_previous_output(OUTPUT);
		Accumulator::<T>::put(ACCUMULATOR);
		Seeds::<T>::insert(0, ACCUMULATOR);
		now
	}

	#[benchmark]
	fn on_initialize_block() {
		let now = prepare::<T>(2);

		#[block]
		{
			Pallet::<T>::on_initialize(now);
		}

		assert!(Accumulator::<T>::exists());
	}

	#[benchmark]
	fn on_initialize_period() {
		let now = prepare::<T>(1);

		#[block]
		{
			Pallet::<T>::on_initialize(now);
		}

		assert!(Seeds::<T>::contains_key(T::KEPT_SEEDS));
		assert!(!Seeds::<T>::contains_key(0));
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
