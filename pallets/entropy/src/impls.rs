//! The hook, and what others ask.

use cairn_traits::{AuthorVrf, Entropy};
use cairn_types::Hash32;
use frame_support::{traits::Get, weights::Weight};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{SaturatedConversion, traits::Zero};

use crate::{Accumulator, Config, LOG_TARGET, Pallet, Seeds, WeightInfo, maths};

impl<T: Config> Pallet<T> {
	/// Fold the output of the block before `now`; keep the seed of the period that it ends.
	///
	/// Benchmarks leave the period's length out, for the block's other calls to find it at hand.
	pub(crate) fn do_fold(now: BlockNumberFor<T>) -> Weight {
		Self::fold_before(now).saturating_add(T::DbWeight::get().reads(1))
	}

	fn fold_before(now: BlockNumberFor<T>) -> Weight {
		// Block 1 follows the genesis block, which has no author.
		let Some(previous) = now.saturated_into::<u32>().checked_sub(1).filter(|block| *block > 0)
		else {
			return T::WeightInfo::on_initialize_block();
		};
		let accumulator = Self::folded();
		Accumulator::<T>::put(accumulator);
		let Some(period) = maths::ending_at(previous, T::Period::get()) else {
			return T::WeightInfo::on_initialize_block();
		};
		Self::keep(period, accumulator);
		T::WeightInfo::on_initialize_period()
	}

	/// The accumulator with the output of the previous block.
	fn folded() -> Hash32 {
		let accumulator = Accumulator::<T>::get().unwrap_or_else(|| maths::start(&Self::genesis()));
		let Some(output) = T::Vrf::previous_output() else {
			// No `defensive!`: an author must not be able to stop a node built for debugging.
			log::warn!(target: LOG_TARGET, "the previous block has no VRF output: nothing folded");
			return accumulator;
		};
		maths::fold(&accumulator, &output)
	}

	/// Keep the seed of `period`, drop the oldest one.
	fn keep(period: u32, seed: Hash32) {
		Seeds::<T>::insert(period, seed);
		if let Some(oldest) = period.checked_sub(T::KEPT_SEEDS) {
			Seeds::<T>::remove(oldest);
		}
	}

	/// Number of the block before the current one; of the genesis block in it.
	pub(crate) fn previous_block() -> u32 {
		frame_system::Pallet::<T>::block_number().saturated_into::<u32>().saturating_sub(1)
	}

	fn newest_seed() -> Option<Hash32> {
		let newest = maths::completed(Self::previous_block(), T::Period::get()).checked_sub(1)?;
		// Hooks that run before ours still see the period before the one that this block completes.
		Seeds::<T>::get(newest).or_else(|| Seeds::<T>::get(newest.checked_sub(1)?))
	}

	fn genesis() -> Hash32 {
		frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero()).into()
	}
}

impl<T: Config> Entropy for Pallet<T> {
	fn newest() -> Hash32 {
		Self::newest_seed().unwrap_or_else(Self::genesis)
	}

	fn seed(subject: &[u8], after: u32) -> Option<Hash32> {
		let seed = Seeds::<T>::get(maths::first_after(after, T::Period::get()))?;
		Some(maths::draw(&Self::genesis(), subject, &seed))
	}
}
