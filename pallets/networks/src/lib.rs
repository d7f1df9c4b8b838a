#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

#[cfg(feature = "runtime-benchmarks")]
extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod entities;
mod impls;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
mod types;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use pallet::*;
pub use types::{NetworkRecord, Stage};
pub use weights::WeightInfo;

/// A [`NetworkRecord`] as the runtime stores it.
pub type NetworkRecordOf<T> =
	NetworkRecord<<T as frame_system::Config>::AccountId, <T as Config>::Deposit>;

#[frame_support::pallet]
pub mod pallet {
	use cairn_traits::{OnNetworkChange, SchemaRegistry, Timekeeper};
	use cairn_types::{Cycle, NetworkConfig, NetworkId, Tick, Window, schema::Name};
	use frame_support::{
		pallet_prelude::*,
		traits::{Consideration, Footprint},
	};
	use frame_system::pallet_prelude::*;

	use crate::{NetworkRecordOf, WeightInfo};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the pallet needs.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// What an owner leaves on hold for a network.
		type Deposit: Consideration<Self::AccountId, Footprint>;

		/// Governance: may pause and close networks that others own.
		type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Windows, ticks and cycles.
		type Time: Timekeeper;

		/// The schemas that networks choose from.
		type Schemas: SchemaRegistry;

		/// Told what a network may earn.
		type OnChange: OnNetworkChange;

		/// What the calls cost.
		type WeightInfo: WeightInfo;

		/// Fixtures of other pallets.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: crate::BenchmarkHelper;
	}

	/// Why this pallet holds funds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The deposit for a network.
		Deposit,
	}

	/// Networks by id.
	///
	/// A configuration that may still be checked never changes: see the README. Twox: the chain
	/// gives the ids, nobody can choose a key. The owner's ticket pays for the entry.
	#[pallet::storage]
	pub type Networks<T: Config> = StorageMap<_, Twox64Concat, NetworkId, NetworkRecordOf<T>>;

	/// The id that the next network gets: above every id given so far.
	#[pallet::storage]
	pub type NextId<T: Config> = StorageValue<_, NetworkId, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A network was created.
		Created {
			/// The network's id.
			id: NetworkId,
			/// Who runs it.
			owner: T::AccountId,
			/// First window in which it runs.
			from: Window,
		},
		/// A network was configured anew.
		Configured {
			/// The network.
			id: NetworkId,
			/// What holds then.
			config: NetworkConfig,
			/// First cycle in which it holds.
			since: Cycle,
		},
		/// A network was paused, or one that its owner had paused was taken over by governance.
		Paused {
			/// The network.
			id: NetworkId,
			/// Whether governance paused it: then only governance resumes it.
			by_admin: bool,
			/// First window in which it does not run.
			until: Window,
		},
		/// A network was resumed.
		Resumed {
			/// The network.
			id: NetworkId,
			/// First window in which it runs again.
			from: Window,
		},
		/// A network was offered to another owner, who may accept it.
		Offered {
			/// The network.
			id: NetworkId,
			/// To whom.
			to: T::AccountId,
		},
		/// The offer of a network was withdrawn.
		Withdrawn {
			/// The network.
			id: NetworkId,
		},
		/// A network was transferred to another owner.
		Transferred {
			/// The network.
			id: NetworkId,
			/// Who owned it.
			from: T::AccountId,
			/// Who owns it now.
			to: T::AccountId,
		},
		/// A network was closed for good.
		Closed {
			/// The network.
			id: NetworkId,
			/// First window in which it does not run.
			until: Window,
			/// First tick at which it can be reaped.
			settled: Tick,
		},
		/// A closed network was removed, and its deposit returned.
		Reaped {
			/// The network.
			id: NetworkId,
			/// Who owned it.
			owner: T::AccountId,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no network with this id. Take the id from the event `Created`; a closed network
		/// may have been reaped.
		NotFound,
		/// The caller does not own the network. Sign with its owner's account.
		NotOwner,
		/// Who paused a network resumes it: the owner what the owner paused, governance what
		/// governance paused. Ask the other one.
		NotAuthorized,
		/// The network was not offered to the caller. Let its owner offer it by `transfer`; a later
		/// offer replaces an earlier one.
		NotOffered,
		/// The owner cannot offer the network to itself while no offer is to be withdrawn. Name
		/// another account.
		AlreadyOwner,
		/// The network is paused already. To keep the owner from resuming it, let governance pause
		/// it.
		AlreadyPaused,
		/// The network is in a stage in which this cannot be done: only a paused network can be
		/// resumed, only a closed one reaped, and a closed one can do nothing else. Look at its
		/// `stage` first.
		WrongStage,
		/// Facts from before the last change, or before the end, may still be checked. Try again
		/// once the tick in the record has come: `config.settled` to configure, `activity.settled`
		/// to resume or reap.
		TooEarly,
		/// All network ids are given. Take over a network that exists.
		TooManyNetworks,
		/// The name is empty, does not start with a letter or digit, or has other characters than
		/// letters, digits and `- : . / _`. Choose another name (RFC 8428 §4.5.1).
		BadName,
		/// There is no schema with this id. Publish one, or choose one that exists.
		SchemaNotFound,
		/// The schema is deprecated, and the network has not chosen it before. Choose a current
		/// one.
		SchemaDeprecated,
		/// The meter rule's `expected` is not in 1..=128, or its `cap` or `max_rate` is zero.
		/// Correct the number: under this rule no reading would ever earn.
		MeterOutOfRange,
		/// The meter rule counts a channel that the schema does not have. Take an index below the
		/// number of the schema's channels.
		NoChannel,
		/// The meter rule counts a channel that is a gauge. Choose a counter of the schema, or the
		/// uptime rule.
		NotACounter,
		/// Only certified devices are admitted, but no maker is named. Name at least one, or admit
		/// all devices.
		NoMakers,
		/// A maker is named twice. Name it once.
		DuplicateMaker,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Create a network, which runs from the next window on.
		///
		/// The caller becomes its owner and leaves a deposit. Fails if the name is bad, if the
		/// schema is not current, if the meter rule does not fit the schema, or if only certified
		/// devices are admitted but no maker, or one twice, is named. Whether a maker exists is not
		/// checked.
		///
		/// - `name`: a label in SenML's character set; it need not be unique.
		/// - `config`: schema, meter rule and admission, from the current cycle on.
		///
		/// Emits [`Event::Created`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::create())]
		pub fn create(origin: OriginFor<T>, name: Name, config: NetworkConfig) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_create(owner, name, config)
		}

		/// Configure a network anew, from the next cycle on.
		///
		/// Replaces a change made in the same cycle. Fails unless called by the owner, if the
		/// network is closed, if the last change is so young that what held before may still be
		/// checked, and for the same faults of the configuration as [`Pallet::create`]; a
		/// deprecated schema that the network has chosen already may stay.
		///
		/// - `id`: a network of the caller's.
		/// - `config`: schema, meter rule and admission.
		///
		/// Emits [`Event::Configured`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::configure())]
		pub fn configure(
			origin: OriginFor<T>,
			id: NetworkId,
			config: NetworkConfig,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_configure(&owner, id, config)
		}

		/// Pause a network: from the next window on its readings do not count.
		///
		/// Never waits. Fails unless called by the owner or the admin origin, if the network is
		/// closed, and if it is paused already; but what the owner has paused the admin origin may
		/// pause once more, to keep the owner from resuming it.
		///
		/// - `id`: a running network.
		///
		/// Emits [`Event::Paused`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::pause())]
		pub fn pause(origin: OriginFor<T>, id: NetworkId) -> DispatchResult {
			let caller = Self::ensure_admin_or_signed(origin)?;
			Self::do_pause(&caller, id)
		}

		/// Resume a paused network from the next window on.
		///
		/// Fails unless called by who paused it, the owner or the admin origin, if the network is
		/// not paused, and while windows from before the pause may still be checked.
		///
		/// - `id`: a paused network.
		///
		/// Emits [`Event::Resumed`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::resume())]
		pub fn resume(origin: OriginFor<T>, id: NetworkId) -> DispatchResult {
			let caller = Self::ensure_admin_or_signed(origin)?;
			Self::do_resume(&caller, id)
		}

		/// Offer a network to another owner.
		///
		/// The offer replaces an earlier one; offering the network to oneself withdraws it. Fails
		/// unless called by the owner, and if the network is closed.
		///
		/// - `id`: a network of the caller's.
		/// - `new_owner`: who may accept it.
		///
		/// Emits [`Event::Offered`] or [`Event::Withdrawn`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::transfer())]
		pub fn transfer(
			origin: OriginFor<T>,
			id: NetworkId,
			new_owner: T::AccountId,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_transfer(&owner, id, new_owner)
		}

		/// Accept a network that was offered to the caller.
		///
		/// The caller leaves the deposit, the old owner's is returned. Fails if the network was not
		/// offered to the caller, if it is closed, and if the deposit cannot be held.
		///
		/// - `id`: the offered network.
		///
		/// Emits [`Event::Transferred`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::accept())]
		pub fn accept(origin: OriginFor<T>, id: NetworkId) -> DispatchResult {
			let new_owner = ensure_signed(origin)?;
			Self::do_accept(new_owner, id)
		}

		/// Close a network for good: from the next window on its readings do not count.
		///
		/// Never waits, and cannot be undone. What was earned stays claimable. Fails unless called
		/// by the owner or the admin origin, and if the network is closed already.
		///
		/// - `id`: a running or paused network.
		///
		/// Emits [`Event::Closed`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::close())]
		pub fn close(origin: OriginFor<T>, id: NetworkId) -> DispatchResult {
			let caller = Self::ensure_admin_or_signed(origin)?;
			Self::do_close(&caller, id)
		}

		/// Remove a closed network and return its deposit; anybody may.
		///
		/// Fails if the network is not closed, and until the cycle in which it was closed is
		/// frozen: before that its facts may still be checked.
		///
		/// - `id`: a closed network.
		///
		/// Emits [`Event::Reaped`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::reap())]
		pub fn reap(origin: OriginFor<T>, id: NetworkId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_reap(id)
		}
	}
}
