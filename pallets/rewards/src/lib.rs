#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

#[cfg(any(feature = "runtime-benchmarks", feature = "try-runtime", test))]
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

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use cairn_economics::{Parts, Split};
pub use impls::ValidatorReward;
pub use pallet::*;
pub use types::{
	CycleRecord, Earner, Earning, History, Issuance, MAX_VESTING_CYCLES, NetworkCycle,
	NetworkWeight, Params, PendingParts,
};
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
	use cairn_economics::Parts;
	use cairn_telemetry::Claim;
	use cairn_traits::{AttestedLedger, NetworkRegistry, SlotBook, Timekeeper};
	use cairn_types::{Amount, Cycle, GatewayId, NetworkId, Slot};
	use frame_support::{
		pallet_prelude::*,
		traits::fungible::{Inspect, Mutate},
	};
	use frame_system::pallet_prelude::*;

	use crate::{
		CycleRecord, Earner, Earning, History, Issuance, NetworkCycle, NetworkWeight, Params,
		PendingParts, WeightInfo,
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// Most claims of one `claim_many`.
	pub const MAX_CLAIMS: u32 = 16;

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the pallet needs.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The token.
		type Currency: Inspect<Self::AccountId, Balance = Amount> + Mutate<Self::AccountId>;

		/// Ticks, cycles and their lengths.
		type Time: Timekeeper;

		/// Which networks exist, and whether they admit certified devices only.
		type Networks: NetworkRegistry;

		/// Whose slots are, and who is paid for them.
		type Slots: SlotBook<Self::AccountId>;

		/// What gateways' ledgers prove.
		type Ledger: AttestedLedger;

		/// The economic numbers; used within the ranges that [`Params`] documents.
		type Params: Get<Params>;

		/// Who gets the treasury's part.
		type Treasury: Get<Self::AccountId>;

		/// Who sets networks' weights.
		type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// What the calls cost.
		type WeightInfo: WeightInfo;

		/// Fixtures of other pallets.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: crate::BenchmarkHelper<Self::AccountId>;
	}

	/// Sum over all cycles so far of what was scheduled, by receiver, distributed or not.
	///
	/// Never shrinks; its sum never exceeds [`Params::emission_cap`].
	#[pallet::storage]
	pub type Scheduled<T: Config> = StorageValue<_, Parts, ValueQuery>;

	/// Parts that were scheduled and have not reached their receiver yet.
	#[pallet::storage]
	pub type Pending<T: Config> = StorageValue<_, PendingParts, ValueQuery>;

	/// What was minted so far, by receiver: each at most what [`Scheduled`] says.
	#[pallet::storage]
	pub type Issued<T: Config> = StorageValue<_, Issuance, ValueQuery>;

	/// Total issuance at genesis: all later issuance is in [`Issued`].
	#[pallet::storage]
	pub type GenesisIssuance<T: Config> = StorageValue<_, Amount, ValueQuery>;

	/// What is fixed for a cycle, by cycle.
	///
	/// Written at the cycle's first tick and never changed; each new one removes the one of R + 4
	/// cycles before. Twox: nobody chooses a key. The chain pays.
	#[pallet::storage]
	pub type Cycles<T: Config> = StorageMap<_, Twox64Concat, Cycle, CycleRecord>;

	/// Units and pool of a network in a cycle, by network and cycle mod (R + 4).
	///
	/// Created at the first attestation of that network and cycle; never changed after the freeze.
	/// A new entry takes the place of one whose rate is not kept any more, so a network never has
	/// more than R + 4. Twox: the chain gives the ids. The network's deposit pays.
	#[pallet::storage]
	pub type Totals<T: Config> =
		StorageDoubleMap<_, Twox64Concat, NetworkId, Twox64Concat, u32, NetworkCycle>;

	/// Networks' weights in the bootstrap pool, with those of the cycles that may still be attested.
	///
	/// Twox: the chain gives the ids. The network's deposit pays.
	#[pallet::storage]
	pub type Weights<T: Config> = StorageMap<_, Twox64Concat, NetworkId, NetworkWeight>;

	/// Sum of all networks' weights, dated like them.
	///
	/// Equals the sum over [`Weights`] in each cycle within its reach.
	#[pallet::storage]
	pub type WeightSum<T: Config> = StorageValue<_, History<u64>, ValueQuery>;

	/// What each earner was paid, and what of it is still to be released.
	///
	/// `paid` only grows. Twox: slots are given by the chain and never reused. The slot's deposit
	/// pays.
	#[pallet::storage]
	pub type Earnings<T: Config> = StorageMap<_, Twox64Concat, Earner, Earning>;

	/// Notes what exists before anything is minted: the pallet comes after balances.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		#[serde(skip)]
		#[doc(hidden)]
		pub _config: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			GenesisIssuance::<T>::put(T::Currency::total_issuance());
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A cycle has begun, and what it emits is fixed.
		Scheduled {
			/// The cycle.
			cycle: Cycle,
			/// What is scheduled for it.
			emission: Amount,
			/// That, by receiver.
			parts: Parts,
			/// What of the networks' part is shared by weight.
			bootstrap: Amount,
			/// Sum of the networks' weights.
			weights: u64,
		},
		/// A slot's account was turned into pay.
		Claimed {
			/// The gateway.
			gateway: GatewayId,
			/// The slot.
			slot: Slot,
			/// Who is paid.
			payee: T::AccountId,
			/// What the slot had earned beyond earlier claims.
			earned: Amount,
			/// What was minted now.
			released: Amount,
			/// What is left to be released.
			unvested: Amount,
		},
		/// What had vested of a slot's pay was minted.
		Released {
			/// The gateway.
			gateway: GatewayId,
			/// The slot.
			slot: Slot,
			/// Who is paid.
			payee: T::AccountId,
			/// What was minted now.
			released: Amount,
			/// What is left to be released.
			unvested: Amount,
		},
		/// From now on another account is paid for a slot.
		PayeeChanged {
			/// The gateway.
			gateway: GatewayId,
			/// The slot.
			slot: Slot,
			/// Who is paid.
			payee: T::AccountId,
		},
		/// A network's weight in the bootstrap pool changes.
		WeightChanged {
			/// The network.
			network: NetworkId,
			/// Its new weight.
			weight: u32,
			/// First cycle in which it holds.
			since: Cycle,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no such slot or network. Take gateway and slot from the device's assignment, a
		/// network's id from its event `Created`.
		NotFound,
		/// The caller is not the slot's payee. Let the account that is paid now name the next one.
		NotPayee,
		/// The network admits devices without a certificate in the next cycle, so it has no part in
		/// the bootstrap pool. Let its owner configure it to admit certified devices only.
		NotCertified,
		/// The network is closed: it earns nothing any more. Choose a network that is open.
		WrongStage,
		/// The account is that of another device than the slot's. Ask the gateway for the slot's own
		/// leaf; if it serves none, its ledger is wrong.
		WrongDevice,
		/// All that this account has earned by now was claimed before, and nothing has vested since.
		/// Wait until the next cycle is frozen, or claim with a newer ledger.
		NothingToClaim,
		/// The gateway's attested units do not cover this: its ledger says more than was attested.
		/// Claim with another ledger of the gateway; if there is none, assign the device to another
		/// gateway.
		BeyondAccrual,
		/// Nothing that the payee's account could take has vested. Wait for the next cycle, or bring
		/// the account to the existential deposit.
		NothingToRelease,
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
		/// Turn everything that a slot has earned so far into pay, and mint what is released of it.
		///
		/// Anybody may send it; the slot's payee is paid. Fails if there is no such slot
		/// (`NotFound`), the account is another device's (`WrongDevice`), the proof does not lead
		/// to a matured ledger (the ledger's own error), nothing is left to claim or release
		/// (`NothingToClaim`), or the gateway's attested units do not cover it (`BeyondAccrual`).
		///
		/// - `claim`: the slot's account in a matured ledger of its gateway, with its proof. An
		///   older ledger pays less, never more.
		///
		/// Emits [`Event::Claimed`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::claim_attested())]
		pub fn claim_attested(origin: OriginFor<T>, claim: Claim) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_claim(&claim)
		}

		/// Claim for several slots at once.
		///
		/// Fails as a whole if one of the claims fails, with the error of the first that does; see
		/// [`Pallet::claim_attested`].
		///
		/// - `claims`: up to [`MAX_CLAIMS`] claims, in the order in which they are applied.
		///
		/// Emits [`Event::Claimed`] for each.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::claim_many(
			u32::try_from(claims.len()).unwrap_or(MAX_CLAIMS)
		))]
		pub fn claim_many(
			origin: OriginFor<T>,
			claims: BoundedVec<Claim, ConstU32<MAX_CLAIMS>>,
		) -> DispatchResult {
			ensure_signed(origin)?;
			claims.iter().try_for_each(Self::do_claim)
		}

		/// Mint what has vested of a slot's pay, without a claim.
		///
		/// Anybody may send it; the slot's payee is paid. Fails if there is no such slot
		/// (`NotFound`) or nothing can be released (`NothingToRelease`).
		///
		/// - `gateway`, `slot`: a slot that was claimed for.
		///
		/// Emits [`Event::Released`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::release())]
		pub fn release(origin: OriginFor<T>, gateway: GatewayId, slot: Slot) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_release(gateway, slot)
		}

		/// Pay all that a slot has not released yet, and all that it will earn, to another account.
		///
		/// Fails if there is no such slot (`NotFound`) or the caller is not its payee (`NotPayee`).
		///
		/// - `gateway`, `slot`: a slot that the caller is paid for.
		/// - `payee`: who is paid from now on.
		///
		/// Emits [`Event::PayeeChanged`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::set_payee())]
		pub fn set_payee(
			origin: OriginFor<T>,
			gateway: GatewayId,
			slot: Slot,
			payee: T::AccountId,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_set_payee(&who, gateway, slot, payee)
		}

		/// Set a network's weight in the bootstrap pool from the next cycle on.
		///
		/// Another change in the same cycle replaces it. Fails unless the caller is the admin
		/// origin, if there is no such network (`NotFound`), it is closed (`WrongStage`), or it does
		/// not admit certified devices only in the next cycle (`NotCertified`).
		///
		/// - `network`: the network.
		/// - `weight`: its weight; its share is that of the weight in the sum of all weights.
		///
		/// Emits [`Event::WeightChanged`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::set_weight())]
		pub fn set_weight(origin: OriginFor<T>, network: NetworkId, weight: u32) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Self::do_set_weight(network, weight)
		}
	}
}
