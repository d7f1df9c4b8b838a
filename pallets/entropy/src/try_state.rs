//! What always holds between blocks.

use frame_support::{ensure, traits::Get};
use sp_runtime::TryRuntimeError;

use crate::{Accumulator, Config, Pallet, Seeds, maths};

impl<T: Config> Pallet<T> {
	/// Check every invariant of the pallet.
	///
	/// # Errors
	/// The reason of the first one that does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::outputs_are_folded_from_block_two_on()?;
		Self::exactly_the_newest_seeds_are_kept()
	}

	fn outputs_are_folded_from_block_two_on() -> Result<(), TryRuntimeError> {
		ensure!(
			Accumulator::<T>::exists() == (Self::previous_block() > 0),
			"the accumulator does not exist exactly from block 2 on"
		);
		Ok(())
	}

	fn exactly_the_newest_seeds_are_kept() -> Result<(), TryRuntimeError> {
		let completed = maths::completed(Self::previous_block(), T::Period::get());
		let oldest = completed.saturating_sub(T::KEPT_SEEDS);
		let kept = oldest..completed;
		ensure!(
			Seeds::<T>::iter_keys().all(|period| kept.contains(&period)),
			"a seed is kept that is not among the newest completed periods'"
		);
		ensure!(
			kept.clone().all(Seeds::<T>::contains_key),
			"the seed of one of the newest completed periods is missing"
		);
		Ok(())
	}
}
