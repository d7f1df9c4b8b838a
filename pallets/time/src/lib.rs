#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

extern crate alloc;

mod impls;
pub mod types;
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
pub use types::{INITIAL_RULES, MAX_PAYLOAD, MAX_READINGS, TimeState, min_payload};
pub use weights::WeightInfo;

const LOG_TARGET: &str = "runtime::time";

/// What benchmarks need of the provider of slots.
#[cfg(feature = "runtime-benchmarks")]
pub trait BenchmarkHelper {
	/// Make `slot` the current one.
	fn set_slot(slot: u64);
}

/// Opens windows, counts ticks, calls cycles.
#[frame_support::pallet]
pub mod pallet {
	use cairn_traits::{ConsensusSlot, CurrentSession, Entropy, OnCycle};
	use cairn_types::{Cycle, Hash32, Periods, Tick, Window, WindowRecord};
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;

	use crate::{
		WeightInfo,
		types::{INITIAL_RULES, RulesFault, TimeState, check_rules},
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);
	const FIRST_VERSION: u32 = 1;

	/// What time is counted by, and who is told.
	#[pallet::config]
	pub trait Config:
		frame_system::Config<RuntimeEvent: From<Event<Self>>, Hash: Into<Hash32>>
	{
		/// The slot of the current block: never lower than that of the block before.
		type Slot: ConsensusSlot;
		/// The session of the current block.
		type Session: CurrentSession;
		/// What anchors readings.
		type Entropy: Entropy;
		/// The numbers that genesis fixed.
		#[pallet::constant]
		type Periods: Get<Periods>;
		/// Told of each cycle at its first block.
		type OnCycle: OnCycle;
		/// Whether a multi-block migration runs in this block, so that it takes no transactions.
		type Migrating: Get<bool>;
		/// Who may set the rules.
		type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// What hook and call cost.
		type WeightInfo: WeightInfo;
		/// Sets what benchmarks need of the provider of slots.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: crate::BenchmarkHelper;
	}

	/// What stores windows and rules.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Where the chain is, and which records are kept.
	///
	/// `None` until the first block. One value: nobody pays. Every block begins by writing it, so later
	/// reads in the block find it at hand.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type Now<T: Config> = StorageValue<_, TimeState, OptionQuery>;

	/// What is remembered of each window that had a block, by its number.
	///
	/// Holds exactly the windows that [`Recorded`] lists. Hashed with Twox64Concat: slots make the
	/// keys, nobody can choose one to unbalance the trie, and the key can be read back. Nobody pays.
	#[pallet::storage]
	pub type Windows<T: Config> = StorageMap<_, Twox64Concat, Window, WindowRecord, OptionQuery>;

	/// The recorded windows in order, so that the oldest is found without iterating: windows by
	/// ordinal, from `oldest` to `next` of [`Now`].
	///
	/// Hashed with Twox64Concat: the chain counts the keys. Nobody pays.
	#[pallet::storage]
	pub type Recorded<T: Config> = StorageMap<_, Twox64Concat, u32, Window, OptionQuery>;

	/// What verifiers use besides facts, by version.
	///
	/// Holds the versions of all kept windows, and the newest version. Hashed with Twox64Concat: the
	/// chain counts the keys. Nobody pays.
	#[pallet::storage]
	pub type Rules<T: Config> = StorageMap<_, Twox64Concat, u32, cairn_types::Rules, OptionQuery>;

	/// The newest version of the rules: that of the next window.
	#[pallet::storage]
	pub type RulesVersion<T: Config> = StorageValue<_, u32, ValueQuery>;

	/// The rules that the chain begins with.
	#[pallet::genesis_config]
	pub struct GenesisConfig<T: Config> {
		/// Version 1 of the rules.
		pub rules: cairn_types::Rules,
		/// Binds the runtime.
		#[serde(skip)]
		pub _config: PhantomData<T>,
	}

	impl<T: Config> Default for GenesisConfig<T> {
		fn default() -> Self {
			Self { rules: INITIAL_RULES, _config: PhantomData }
		}
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			assert!(
				check_rules(self.rules.max_readings, self.rules.max_payload).is_ok(),
				"the rules of genesis are ones that `set_rules` would refuse"
			);
			Rules::<T>::insert(FIRST_VERSION, self.rules);
			RulesVersion::<T>::put(FIRST_VERSION);
		}
	}

	/// What happened to time.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A window's first block came.
		WindowOpened {
			/// The window.
			window: Window,
			/// The tick in force in it.
			tick: Tick,
		},
		/// A cycle's first tick came.
		CycleBegan {
			/// The cycle.
			cycle: Cycle,
		},
		/// There are new rules.
		RulesSet {
			/// Their version: that of all windows that open from now on.
			version: u32,
		},
	}

	/// Why rules are not set.
	#[pallet::error]
	pub enum Error<T> {
		/// No batch could satisfy the rules: a batch of no readings, or of fewer payload bytes than
		/// one reading takes. Allow at least one reading and `min_payload()` bytes (280).
		RulesTooLow,
		/// Verifiers could not check such a batch in time. Allow at most 1,048,576 readings and 64 MiB
		/// of payload.
		RulesTooHigh,
		/// These rules are the newest already, and hold for every window that opens. Nothing needs
		/// to be done.
		AlreadySet,
		/// The newest rules are not in storage: a bug. Report it; a runtime upgrade has to restore
		/// them.
		Inconsistent,
	}

	impl<T> From<RulesFault> for Error<T> {
		fn from(fault: RulesFault) -> Self {
			match fault {
				RulesFault::TooLow => Self::RulesTooLow,
				RulesFault::TooHigh => Self::RulesTooHigh,
			}
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(now: BlockNumberFor<T>) -> Weight {
			Self::do_note_block(now)
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Set what a batch may hold, for all windows that open from now on.
		///
		/// The windows so far keep their rules: gateways seal, and committees check, by the rules
		/// that the window began with.
		///
		/// Fails if the origin is not `AdminOrigin`, if a limit is out of range ([`Error::RulesTooLow`],
		/// [`Error::RulesTooHigh`]), or if both are what they were ([`Error::AlreadySet`]).
		///
		/// - `max_readings`: most readings in one batch, 1 to 1,048,576.
		/// - `max_payload`: most payload bytes in one batch, enough for one reading to 64 MiB.
		///
		/// Emits [`Event::RulesSet`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::set_rules())]
		pub fn set_rules(
			origin: OriginFor<T>,
			max_readings: u32,
			max_payload: u64,
		) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Self::do_set_rules(max_readings, max_payload)
		}
	}
}
