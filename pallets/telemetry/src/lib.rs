#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod impls;
#[cfg(test)]
mod mock;
pub mod offchain;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod types;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use impls::verdicts::Rejection;
pub use pallet::*;
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
	use cairn_telemetry::{
		Header, VerdictClaim,
		authority::{AuthorityId, AuthoritySignature},
	};
	use cairn_traits::{
		CurrentSession, DeviceRegistry, Entropy, NetworkRegistry, SchemaRegistry, Timekeeper,
		UnitBook,
	};
	use cairn_types::{Amount, Attempt, GatewayId, Hash32, NetworkId, Slot, Window};
	use frame_support::{
		pallet_prelude::*,
		traits::{Consideration, Footprint, fungible},
	};
	use frame_system::{offchain::CreateAuthorizedTransaction, pallet_prelude::*};
	use sp_staking::SessionIndex;

	use crate::{
		types::{
			BatchRecord, Endpoint, GatewayRecord, LedgerRecord, MAX_COLLECTED, Outcome, Policy,
			SlotEntry, Sweep,
		},
		weights::WeightInfo,
	};

	/// The pallet.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// Why funds are held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The fee of a sealed batch, until its committee has been paid.
		SealFee,
		/// A gateway's bond and deposit.
		GatewayBond,
		/// A slot's deposit.
		SlotDeposit,
	}

	/// Configuration.
	#[pallet::config]
	pub trait Config:
		frame_system::Config<RuntimeEvent: From<Event<Self>>>
		+ CreateAuthorizedTransaction<Call<Self>>
	{
		/// Fees are held and paid in it.
		type Currency: fungible::Mutate<Self::AccountId, Balance = Amount>
			+ fungible::hold::Mutate<
				Self::AccountId,
				Balance = Amount,
				Reason = Self::RuntimeHoldReason,
			>;
		/// The overarching hold reason.
		type RuntimeHoldReason: From<HoldReason>;
		/// A gateway's bond and deposit.
		type GatewayBond: Consideration<Self::AccountId, Footprint>;
		/// A slot's deposit.
		type SlotDeposit: Consideration<Self::AccountId, Footprint>;
		/// Windows, ticks and rules.
		type Time: Timekeeper;
		/// Committees' seeds.
		type Entropy: Entropy;
		/// The current session.
		type Session: CurrentSession;
		/// Schemas, for the off-chain worker's checks.
		type Schemas: SchemaRegistry;
		/// Meters.
		type Networks: NetworkRegistry;
		/// Keys and activity.
		type Devices: DeviceRegistry;
		/// Told of attested units; knows rates.
		type Units: UnitBook;
		/// What sealing costs and how committees are formed.
		type Policy: Get<Policy>;
		/// Receives what of a fee no member earned.
		type Treasury: Get<Self::AccountId>;
		/// Weights.
		type WeightInfo: WeightInfo;
		/// Fixtures of other pallets.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
	}

	/// A gateway's record as this runtime has it.
	pub type GatewayRecordOf<T> =
		GatewayRecord<<T as frame_system::Config>::AccountId, <T as Config>::GatewayBond>;
	/// A slot's entry as this runtime has it.
	pub type SlotEntryOf<T> =
		SlotEntry<<T as frame_system::Config>::AccountId, <T as Config>::SlotDeposit>;

	/// Gateways by id. Keys are handed out in order, so they need no unpredictable hash. The operator
	/// pays a bond.
	#[pallet::storage]
	pub type Gateways<T: Config> = StorageMap<_, Twox64Concat, GatewayId, GatewayRecordOf<T>>;

	/// Id of the next gateway.
	#[pallet::storage]
	pub type NextGateway<T: Config> = StorageValue<_, GatewayId, ValueQuery>;

	/// Slots of gateways' ledgers. Never reused: an entry is removed only when it has been closed.
	/// The payee of the assignment pays a deposit.
	#[pallet::storage]
	pub type Slots<T: Config> =
		StorageDoubleMap<_, Twox64Concat, GatewayId, Twox64Concat, Slot, SlotEntryOf<T>>;

	/// Sealed batches by (gateway, window, attempt), until tick(w) + H has passed, the fee is paid out
	/// and newer ledgers are kept. The held fee pays for the entry.
	#[pallet::storage]
	pub type Batches<T: Config> = StorageNMap<
		_,
		(
			NMapKey<Twox64Concat, GatewayId>,
			NMapKey<Twox64Concat, Window>,
			NMapKey<Twox64Concat, Attempt>,
		),
		BatchRecord,
	>;

	/// Each gateway's batches in the order they were sealed: what to expire and what to remove next.
	#[pallet::storage]
	pub type Sealed<T: Config> =
		StorageDoubleMap<_, Twox64Concat, GatewayId, Twox64Concat, u32, (Window, Attempt)>;

	/// Ledgers that claims are proved against, by (gateway, window).
	#[pallet::storage]
	pub type Ledgers<T: Config> =
		StorageDoubleMap<_, Twox64Concat, GatewayId, Twox64Concat, Window, LedgerRecord>;

	/// Validators' stashes and verdict keys by session and index; kept while an unsettled batch refers
	/// to the session.
	#[pallet::storage]
	pub type Keys<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		SessionIndex,
		Twox64Concat,
		u32,
		(T::AccountId, AuthorityId),
	>;

	/// How many validators each session has whose keys are kept.
	#[pallet::storage]
	pub type Sessions<T: Config> = StorageMap<_, Twox64Concat, SessionIndex, u32>;

	/// The session whose keys were written last.
	#[pallet::storage]
	pub type NewestSession<T: Config> = StorageValue<_, SessionIndex, ValueQuery>;

	/// Where idle work is.
	#[pallet::storage]
	pub type Sweeping<T: Config> = StorageValue<_, Sweep, ValueQuery>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A gateway was registered.
		GatewayRegistered {
			/// Its id.
			gateway: GatewayId,
			/// Its operator.
			operator: T::AccountId,
			/// The network it serves.
			network: NetworkId,
		},
		/// A gateway is reached elsewhere.
		EndpointUpdated {
			/// The gateway.
			gateway: GatewayId,
			/// Its new URL.
			endpoint: Endpoint,
		},
		/// A gateway ends.
		GatewayRetired {
			/// The gateway.
			gateway: GatewayId,
			/// First window it does not serve.
			until: Window,
		},
		/// A retired gateway's record and bond are gone.
		GatewayReaped {
			/// The gateway.
			gateway: GatewayId,
		},
		/// A window was sealed.
		Sealed {
			/// By whom.
			gateway: GatewayId,
			/// The window.
			window: Window,
			/// Which try.
			attempt: Attempt,
			/// What the batch is called.
			header_hash: Hash32,
			/// The fee held.
			fee: Amount,
		},
		/// A committee member gave a verdict.
		VerdictGiven {
			/// On whose batch.
			gateway: GatewayId,
			/// Of which window.
			window: Window,
			/// Which try.
			attempt: Attempt,
			/// The member's index among the session's validators.
			member: u32,
			/// What it says.
			verdict: cairn_telemetry::Verdict,
		},
		/// A batch was attested.
		Attested {
			/// Whose.
			gateway: GatewayId,
			/// Of which window.
			window: Window,
			/// Which try.
			attempt: Attempt,
			/// The ledger after it.
			root: Hash32,
			/// Units it added to its cycle.
			units: u128,
		},
		/// A batch died, and with it all later ones of the gateway.
		Died {
			/// Whose.
			gateway: GatewayId,
			/// Of which window.
			window: Window,
			/// Which try.
			attempt: Attempt,
			/// What the committee found.
			outcome: Outcome,
			/// Whether the window is out of attempts.
			skipped: bool,
		},
		/// A batch's fee was paid out.
		Collected {
			/// Whose batch.
			gateway: GatewayId,
			/// Of which window.
			window: Window,
			/// Which try.
			attempt: Attempt,
			/// Each paid member's share.
			share: Amount,
			/// How many were paid.
			members: u32,
			/// What went back to the operator.
			returned: Amount,
		},
		/// A slot was handed out.
		SlotOpened {
			/// The gateway.
			gateway: GatewayId,
			/// The slot.
			slot: Slot,
			/// The device.
			device: cairn_types::DeviceId,
			/// First window.
			from: Window,
		},
		/// A slot ends.
		SlotEnded {
			/// The gateway.
			gateway: GatewayId,
			/// The slot.
			slot: Slot,
			/// First window it is nobody's.
			until: Window,
		},
		/// A slot's entry and deposit are gone; nothing can be claimed for it any more.
		LeafClosed {
			/// The gateway.
			gateway: GatewayId,
			/// The slot.
			slot: Slot,
		},
	}

	/// Why a call is refused.
	#[pallet::error]
	pub enum Error<T> {
		/// There is no such gateway. Look its id up with `cairn gateway show` or in the event of its
		/// registration.
		GatewayNotFound,
		/// There is no such batch, or it has been removed after it matured. Name a batch that is kept.
		BatchNotFound,
		/// There is no such slot, or it has been closed. Look the slot up in the device's assignment.
		SlotNotFound,
		/// The network does not exist or is closed. Choose a network that runs.
		NetworkNotOpen,
		/// Only the gateway's operator may do this. Sign with the operator's account.
		NotOperator,
		/// Only the slot's payee may do this. Sign with the payee's account.
		NotPayee,
		/// The endpoint is not an http or https URL. Give one such as `https://gateway.example:9977`.
		BadEndpoint,
		/// The gateway has been retired. Assign devices to another one.
		AlreadyRetired,
		/// The gateway still serves. Retire it first.
		NotRetired,
		/// The gateway serves another network than the device's. Choose a gateway of that network.
		WrongNetwork,
		/// All ids or slots are used up. Register another gateway.
		TooManySlots,
		/// The window is not over yet. Seal it when the next one has begun.
		WindowNotOver,
		/// The window had no block, or was so long ago that it is not kept. Its readings count nowhere;
		/// counters carry over.
		WindowNotFound,
		/// The window was A ticks ago or more. Its readings count nowhere; counters carry over.
		WindowTooOld,
		/// The window is not after the last one sealed, or is out of attempts. Seal a later one.
		WindowNotAfter,
		/// The gateway did not serve in that window any more.
		WindowAfterRetirement,
		/// The header names another attempt than the number of deaths the gateway has had. Seal again
		/// with the current one.
		WrongAttempt,
		/// The header builds on another ledger than the last one sealed. Rebuild it from the sealed
		/// head.
		WrongPreviousRoot,
		/// The header names other rules than those recorded with the window. Name those.
		WrongRules,
		/// The batch has no reading or no payload. Seal windows with readings only.
		EmptyBatch,
		/// More readings than the rules allow, or than 128 per device, or fewer than devices.
		TooManyReadings,
		/// More payload bytes than the rules allow.
		PayloadTooLarge,
		/// More devices than were assigned at once in the last A ticks.
		TooManyDevices,
		/// More units than that many devices can have in a window.
		TooManyUnits,
		/// The network is paused or closed in that window.
		NetworkInactive,
		/// The operator cannot pay the fee. Fund the operator's account.
		FundsTooLow,
		/// The batch may still get verdicts. Wait until it is due.
		NotDue,
		/// The fees of all these batches have been paid out: nothing is left to do.
		AlreadyCollected,
		/// The slot has not ended. Move or retire the device first.
		SlotInUse,
		/// What ended may still be checked. Wait until H ticks after its end.
		TooEarly,
		/// Slots or batches of the gateway are left. Close them first.
		NotEmpty,
		/// No attested ledger of this window is kept: it was not attested, or newer ones have replaced it.
		/// Fetch a proof in the newest matured ledger.
		LedgerNotFound,
		/// The ledger may still be disputed. Claim when its window is H ticks past, or with an older
		/// proof.
		LedgerNotMatured,
		/// The proof's path is not in its one encoding. Fetch it again.
		BadProof,
		/// The proof does not lead from the account to the ledger's root: another slot's, or altered.
		/// Fetch it again.
		WrongRoot,
		/// Not a verdict that this batch accepts; the transaction pool says why by code.
		VerdictRejected,
		/// State is not what it must be: a bug. Please report it.
		Inconsistent,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			Self::sweep(remaining)
		}

		fn offchain_worker(block: BlockNumberFor<T>) {
			Self::run_worker(block);
		}

		fn integrity_test() {
			assert!(
				Self::dearest_step().all_lte(T::BlockWeights::get().max_block),
				"each step of idle work fits into a block",
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call(weight = T::WeightInfo)]
	impl<T: Config> Pallet<T> {
		/// Register a gateway for a network. Anyone may, against a bond.
		///
		/// - `network`: the one network it serves; it must be open.
		/// - `endpoint`: where devices reach it.
		///
		/// Emits [`Event::GatewayRegistered`].
		#[pallet::call_index(0)]
		pub fn register_gateway(
			origin: OriginFor<T>,
			network: NetworkId,
			endpoint: Endpoint,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_register_gateway(operator, network, endpoint)
		}

		/// Say where devices reach a gateway from now on.
		///
		/// Emits [`Event::EndpointUpdated`].
		#[pallet::call_index(1)]
		pub fn update_endpoint(
			origin: OriginFor<T>,
			gateway: GatewayId,
			endpoint: Endpoint,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_update_endpoint(&operator, gateway, endpoint)
		}

		/// End a gateway: it serves no window after the current one. Windows before may still be sealed;
		/// the bond stays until nothing it sealed can change.
		///
		/// Emits [`Event::GatewayRetired`].
		#[pallet::call_index(2)]
		pub fn retire_gateway(origin: OriginFor<T>, gateway: GatewayId) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_retire_gateway(&operator, gateway)
		}

		/// Seal a window: commit to its readings and to the ledger they lead to.
		///
		/// The header is not checked against the readings here: a committee does that. What the chain
		/// knows is: who seals, which window and rules, the ledger before, and how many units so many
		/// devices can have at most. A due batch without a quorum dies first.
		///
		/// - `window`: over, at most A ticks ago, after the last one sealed.
		/// - `header`: what the batch commits to.
		///
		/// Emits [`Event::Sealed`].
		#[pallet::call_index(3)]
		pub fn seal(
			origin: OriginFor<T>,
			gateway: GatewayId,
			window: Window,
			header: Header,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			Self::do_seal(&operator, gateway, window, &header)
		}

		/// Give a committee member's verdict. Feeless: authorised by the member's session key.
		///
		/// Accepted once per member, for the batch that follows the attested head and for attested ones,
		/// until it is due.
		///
		/// Emits [`Event::VerdictGiven`], and [`Event::Attested`] or [`Event::Died`] if it decides.
		#[pallet::call_index(4)]
		#[pallet::weight((Pallet::<T>::verdict_beyond_authorization(), DispatchClass::Operational))]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_submit_verdict())]
		#[pallet::authorize(Self::authorize_verdict)]
		pub fn submit_verdict(
			origin: OriginFor<T>,
			claim: VerdictClaim,
			signature: AuthoritySignature,
		) -> DispatchResult {
			ensure_authorized(origin)?;
			let _ = signature;
			Self::do_submit_verdict(&claim)
		}

		/// Let a batch die that is due without a quorum. Anyone may.
		///
		/// Emits [`Event::Died`].
		#[pallet::call_index(5)]
		pub fn expire(origin: OriginFor<T>, gateway: GatewayId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_expire(gateway)
		}

		/// Pay out the fees of batches whose time for verdicts is over, without waiting for idle time to
		/// do it. Anyone may: each member whose verdict equals the outcome gets the same share, so speed
		/// earns nothing.
		///
		/// Batches that somebody else has collected meanwhile are passed over; fails if that leaves
		/// none. Charged for the members that were paid.
		///
		/// Emits [`Event::Collected`] for each.
		#[pallet::call_index(6)]
		#[pallet::weight(Pallet::<T>::dearest_collection(batches.len()))]
		pub fn collect(
			origin: OriginFor<T>,
			batches: BoundedVec<(GatewayId, Window, Attempt), ConstU32<MAX_COLLECTED>>,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_collect(batches)
		}

		/// Give up what a slot that has ended may still earn, and take its deposit back.
		///
		/// Claim first: nothing can be proved for a closed slot.
		///
		/// Emits [`Event::LeafClosed`].
		#[pallet::call_index(7)]
		pub fn close_leaf(origin: OriginFor<T>, gateway: GatewayId, slot: Slot) -> DispatchResult {
			let payee = ensure_signed(origin)?;
			Self::do_close_leaf(&payee, gateway, slot)
		}

		/// Return a retired gateway's bond once nothing it sealed can change, and remove it when every
		/// slot is closed and every fee collected; call again while batches are left. Anyone may.
		///
		/// Emits [`Event::GatewayReaped`] when the record is gone.
		#[pallet::call_index(8)]
		pub fn reap_gateway(origin: OriginFor<T>, gateway: GatewayId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_reap_gateway(gateway)
		}
	}
}
