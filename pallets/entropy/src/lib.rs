#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

extern crate alloc;

mod impls;
pub mod maths;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
#[allow(unreachable_pub, reason = "what the runtime macro generates is public")]
mod mock;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;

pub use pallet::*;
pub use weights::WeightInfo;

const LOG_TARGET: &str = "runtime::entropy";

/// What benchmarks need of the provider of outputs.
#[cfg(feature = "runtime-benchmarks")]
pub trait BenchmarkHelper {
	/// Make `output` that of the previous block's author.
	fn set_previous_output(output: cairn_types::Hash32);
}

#[cfg(feature = "runtime-benchmarks")]
impl BenchmarkHelper for () {
	fn set_previous_output(_: cairn_types::Hash32) {}
}

/// Folds outputs, keeps seeds.
#[frame_support::pallet]
pub mod pallet {
	use cairn_traits::AuthorVrf;
	use cairn_types::Hash32;
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;

	use crate::WeightInfo;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// Where outputs come from, and how they become seeds.
	#[pallet::config]
	pub trait Config: frame_system::Config<Hash: Into<Hash32>> {
		/// Seeds that are kept: a subject must be drawn for before that many periods have passed.
		const KEPT_SEEDS: u32 = 4_096;

		/// What the previous block's author revealed.
		type Vrf: AuthorVrf;
		/// P: blocks in a period. Fixed at genesis; zero counts as one.
		#[pallet::constant]
		type Period: Get<u32>;
		/// What the hook costs.
		type WeightInfo: WeightInfo;
		/// Sets what benchmarks need of the provider of outputs.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: crate::BenchmarkHelper;
	}

	/// What stores the accumulator and the seeds.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// All outputs so far, folded.
	///
	/// `None` until the first output is folded in block 2. One value: nobody pays.
	#[pallet::storage]
	pub type Accumulator<T: Config> = StorageValue<_, Hash32, OptionQuery>;

	/// The seeds of the newest periods, by the period's number.
	///
	/// Holds exactly the newest `KEPT_SEEDS` completed periods. Hashed with Twox64Concat: the chain
	/// counts the keys, nobody can choose one to unbalance the trie, and the key can be read back.
	/// Bounded: nobody pays.
	#[pallet::storage]
	pub type Seeds<T: Config> = StorageMap<_, Twox64Concat, u32, Hash32, OptionQuery>;

	#[pallet::extra_constants]
	impl<T: Config> Pallet<T> {
		/// Seeds that are kept.
		fn kept_seeds() -> u32 {
			T::KEPT_SEEDS
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(now: BlockNumberFor<T>) -> Weight {
			Self::do_fold(now)
		}

		fn integrity_test() {
			assert!(T::KEPT_SEEDS > 0, "a seed that is not kept cannot be used");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
