#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

#[cfg(feature = "runtime-benchmarks")]
extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod impls;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
mod types;
pub mod weights;

pub use pallet::*;
pub use types::SchemaRecord;
pub use weights::WeightInfo;

/// A [`SchemaRecord`] as the runtime stores it.
pub type SchemaRecordOf<T> =
	SchemaRecord<<T as frame_system::Config>::AccountId, <T as Config>::Deposit>;

#[frame_support::pallet]
pub mod pallet {
	use cairn_types::{Schema, SchemaId};
	use frame_support::{
		pallet_prelude::*,
		traits::{Consideration, Footprint},
	};
	use frame_system::pallet_prelude::*;

	use crate::{SchemaRecordOf, WeightInfo};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the pallet needs.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// What a publisher leaves on hold for a schema.
		type Deposit: Consideration<Self::AccountId, Footprint>;

		/// Who may deprecate schemas that others own.
		type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// What the calls cost.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds funds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The deposit for a published schema.
		Deposit,
	}

	/// Published schemas by id.
	///
	/// Entries are only added, and of an entry only `deprecated` ever changes, once. Twox: the
	/// chain gives the ids, nobody can choose a key. The owner's ticket pays for the entry.
	#[pallet::storage]
	pub type Schemas<T: Config> = StorageMap<_, Twox64Concat, SchemaId, SchemaRecordOf<T>>;

	/// The id that the next schema gets: above every id given so far.
	#[pallet::storage]
	pub type NextId<T: Config> = StorageValue<_, SchemaId, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A schema was published: networks may choose it.
		Published {
			/// The schema's id.
			id: SchemaId,
			/// Who published it.
			owner: T::AccountId,
		},
		/// A schema was deprecated: networks may not choose it any more.
		Deprecated {
			/// The schema's id.
			id: SchemaId,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no schema with this id. Take the id from the event `Published`.
		NotFound,
		/// The caller does not own the schema. Let its owner, or governance, deprecate it.
		NotOwner,
		/// The schema is deprecated already: nothing is left to do.
		AlreadyDeprecated,
		/// All schema ids are given. Use a schema that exists.
		TooManySchemas,
		/// The schema has no channel, so it says nothing. Add at least one.
		Empty,
		/// A name is empty, does not start with a letter or digit, or has other characters than
		/// letters, digits and `- : . / _`. Rename the schema or the channel (RFC 8428 §4.5.1).
		BadName,
		/// Two channels have the same name. Rename one of them.
		DuplicateName,
		/// A channel's unit does not measure its quantity. Choose a unit of that quantity.
		UnitMismatch,
		/// A channel's `min` is above its `max`, a counter's `min` is negative, or a `max_change`
		/// is zero. Correct the range; leave `max_change` out for an unlimited change.
		BadRange,
		/// A channel's scale is outside −18..=18. Choose a power of ten within it.
		BadScale,
		/// A counter is of a quantity whose amounts do not add up, such as temperature or power.
		/// Make it a gauge, or count what adds up: energy instead of power, length of rain instead of
		/// its rate.
		NotCumulative,
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
		/// Publish a schema, for good.
		///
		/// The caller becomes its owner and leaves a deposit, which is never returned: a schema
		/// stays readable for ever. Fails if the schema says nothing, or contradicts itself, with
		/// the error of the first fault found.
		///
		/// - `schema`: name, version and 1..=16 channels.
		///
		/// Emits [`Event::Published`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::publish())]
		pub fn publish(origin: OriginFor<T>, schema: Schema) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_publish(owner, schema)
		}

		/// Keep networks from choosing a schema anew; those that have chosen it keep it.
		///
		/// Fails unless the caller is the schema's owner or the admin origin, and if the schema is
		/// deprecated already.
		///
		/// - `id`: a published schema.
		///
		/// Emits [`Event::Deprecated`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::deprecate())]
		pub fn deprecate(origin: OriginFor<T>, id: SchemaId) -> DispatchResult {
			let owner = match T::AdminOrigin::try_origin(origin) {
				Ok(_) => None,
				Err(origin) => Some(ensure_signed(origin)?),
			};
			Self::do_deprecate(owner.as_ref(), id)
		}
	}
}
