#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

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
pub use types::{
	Bond, Certified, DeviceRecord, LocationRecord, MAX_MAKER_ADMINS, MAX_MAKER_KEYS,
	MAX_MOVING_TICKS, MAX_RECOVERY_TICKS, MakerKey, MakerRecord, Policy, Recovery, SerialRecord,
	SerialState, Stage,
};
pub use weights::WeightInfo;

use frame_support::traits::fungible::Inspect;

/// A [`DeviceRecord`] as the runtime stores it.
pub type DeviceRecordOf<T> =
	DeviceRecord<<T as frame_system::Config>::AccountId, <T as Config>::Deposit>;
/// A [`LocationRecord`] as the runtime stores it.
pub type LocationRecordOf<T> = LocationRecord<<T as Config>::Deposit>;
/// A [`MakerRecord`] as the runtime stores it.
pub type MakerRecordOf<T> =
	MakerRecord<<T as frame_system::Config>::AccountId, <T as Config>::MakerBond>;
/// A [`Policy`] as the runtime gives it.
pub type PolicyOf<T> =
	Policy<<<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance>;
/// A [`Recovery`] as the runtime stores it.
pub type RecoveryOf<T> = Recovery<<T as Config>::Deposit>;
/// A [`SerialRecord`] as the runtime stores it.
pub type SerialRecordOf<T> =
	SerialRecord<<T as frame_system::Config>::AccountId, <T as Config>::Deposit>;

#[frame_support::pallet]
pub mod pallet {
	use cairn_geo::{Cell, GroupCounts, Location};
	use cairn_traits::{NetworkRegistry, SlotBook, Timekeeper};
	use cairn_types::{
		Approval, Certificate, CertifierKey, Delegation, DeviceId, DeviceKey, GatewayId, Hash32,
		MakerId, NetworkId, Objection, Possession, Registration, Registrations, RootKey,
		RootSignature, Serial, Slot, Tick, Window,
	};
	use frame_support::{
		pallet_prelude::*,
		traits::{Consideration, Footprint, fungible::Mutate},
	};
	use frame_system::pallet_prelude::*;

	use crate::{
		DeviceRecordOf, LocationRecordOf, MakerRecordOf, PolicyOf, RecoveryOf, SerialRecordOf,
		WeightInfo,
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the pallet needs.
	#[pallet::config]
	pub trait Config:
		frame_system::Config<
			RuntimeEvent: From<Event<Self>>,
			AccountId: AsRef<[u8; 32]>,
			Hash: Into<Hash32>,
		>
	{
		/// Where the chain is in time.
		type Time: Timekeeper;

		/// The networks that devices join.
		type Networks: NetworkRegistry;

		/// The slots that gateways give devices.
		type Slots: SlotBook<Self::AccountId>;

		/// What owners leave on hold for a device, and whoever keeps a serial number for its entry.
		type Deposit: Consideration<Self::AccountId, Footprint>;

		/// What a maker leaves on hold while its certificates stand for devices, and loses if it is
		/// convicted.
		type MakerBond: Consideration<Self::AccountId, Footprint>;

		/// What fees for moving are paid in.
		type Currency: Mutate<Self::AccountId>;

		/// What governance tunes.
		type Policy: Get<PolicyOf<Self>>;

		/// Most blocks between the block that a proof of possession names and its use.
		#[pallet::constant]
		type MaxProofAge: Get<u32>;

		/// Ticks for which a maker's bond stays when nothing that its certificates admitted can be checked
		/// any more: as many as the admin origin may take to convict it.
		type LeavingTicks: Get<Tick>;

		/// Who may end devices that others own, and convict makers.
		type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// What the calls cost.
		type WeightInfo: WeightInfo;

		/// What benchmarks need of other pallets.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: crate::BenchmarkHelper<Self::AccountId>;
	}

	/// Why this pallet holds funds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The deposit for a device, or for a serial number that outlives it.
		Deposit,
		/// The bond of a maker.
		MakerBond,
	}

	/// Registered devices by id.
	///
	/// Removed by `reap` only. Twox: the chain gives the ids. The owner's ticket pays for the
	/// entry, its keys, its serial number, an offer and a description.
	#[pallet::storage]
	pub type Devices<T: Config> = StorageMap<_, Twox64Concat, DeviceId, DeviceRecordOf<T>>;

	/// Which device a key belongs to, or belonged to before the last rotation.
	///
	/// Exactly the current and the previous key of every record: a key is taken as long as a record
	/// remembers it. Blake2: keys are chosen by users. Paid by the device's ticket.
	#[pallet::storage]
	pub type DeviceByKey<T: Config> = StorageMap<_, Blake2_128Concat, DeviceKey, DeviceId>;

	/// The id that the next device gets: above every id given so far.
	#[pallet::storage]
	pub type NextDevice<T: Config> = StorageValue<_, DeviceId, ValueQuery>;

	/// Makers by id.
	///
	/// Removed by `retire_maker` only. Twox: the chain gives the ids. The bond pays; once it is
	/// burned, it has paid.
	#[pallet::storage]
	pub type Makers<T: Config> = StorageMap<_, Twox64Concat, MakerId, MakerRecordOf<T>>;

	/// The id that the next maker gets: above every id given so far.
	#[pallet::storage]
	pub type NextMaker<T: Config> = StorageValue<_, MakerId, ValueQuery>;

	/// Serial numbers that can certify no other device, by maker and number.
	///
	/// Blake2: numbers are chosen by users. The device's ticket pays while the certificate stands for
	/// it, then the entry's: the last owner's if the number was used, the maker's if it was revoked.
	#[pallet::storage]
	pub type Serials<T: Config> =
		StorageDoubleMap<_, Twox64Concat, MakerId, Blake2_128Concat, Serial, SerialRecordOf<T>>;

	/// To whom the owner of a device offers it.
	///
	/// Only of devices that have not ended. Twox: the chain gives the ids. Paid by the device's
	/// ticket.
	#[pallet::storage]
	pub type Offers<T: Config> = StorageMap<_, Twox64Concat, DeviceId, T::AccountId>;

	/// Which device a root key belongs to.
	///
	/// Exactly the root keys of all records. Blake2: keys are chosen by users. Paid by the device's
	/// ticket.
	#[pallet::storage]
	pub type DeviceByRoot<T: Config> = StorageMap<_, Blake2_128Concat, RootKey, DeviceId>;

	/// Devices that are to get other keys, as theirs are lost.
	///
	/// Only of devices that have not ended. Twox: the chain gives the ids. The entry's ticket, of
	/// the device's owner, pays.
	#[pallet::storage]
	pub type Recoveries<T: Config> = StorageMap<_, Twox64Concat, DeviceId, RecoveryOf<T>>;

	/// Where devices are, of those that ever asserted it.
	///
	/// Removed with the device by `reap`: what is checked after its end still needs it. Twox: the
	/// chain gives the ids. The entry's ticket, of the device's owner, pays for it and for the
	/// counts of its cells.
	#[pallet::storage]
	pub type Locations<T: Config> = StorageMap<_, Twox64Concat, DeviceId, LocationRecordOf<T>>;

	/// How many devices asserted a place within a cell, of resolutions 4 to 12, by groups: a cell of
	/// resolution 4, 7 or 10 with its children and grandchildren.
	///
	/// Of devices that have not ended, where they are from the next window on; a group without any
	/// has no entry. Blake2: cells are chosen by users. Paid by the tickets of [`Locations`].
	#[pallet::storage]
	pub type CellCounts<T: Config> = StorageMap<_, Blake2_128Concat, Cell, GroupCounts, ValueQuery>;

	/// SHA-256 of the W3C Thing Description that the owner of a device attached to it.
	///
	/// Only of devices that have not ended; what an owner attached, a later one does not inherit.
	/// Twox: the chain gives the ids. Paid by the device's ticket.
	#[pallet::storage]
	pub type Descriptions<T: Config> = StorageMap<_, Twox64Concat, DeviceId, Hash32>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A device was registered.
		Registered {
			/// Its id.
			device: DeviceId,
			/// Who it belongs to.
			owner: T::AccountId,
			/// Its network.
			network: NetworkId,
			/// Its key, from the next window on.
			key: DeviceKey,
			/// Who certified it.
			maker: Option<MakerId>,
		},
		/// A device is active.
		Activated {
			/// The device.
			device: DeviceId,
			/// First window in which it is active.
			from: Window,
			/// First window after its certificate's end; the last window there is without one.
			until: Window,
		},
		/// A device is not active until its owner activates it again.
		Suspended {
			/// The device.
			device: DeviceId,
			/// First window in which it is not active.
			until: Window,
		},
		/// A device has ended for good.
		Retired {
			/// The device.
			device: DeviceId,
			/// First window in which it is not active.
			until: Window,
		},
		/// A device was forgotten and its deposit returned.
		Reaped {
			/// The device.
			device: DeviceId,
		},
		/// A device signs with another key.
		KeyRotated {
			/// The device.
			device: DeviceId,
			/// The new key.
			key: DeviceKey,
			/// First window of the new key.
			since: Window,
		},
		/// A device belongs to another slot.
		GatewayAssigned {
			/// The device.
			device: DeviceId,
			/// The gateway.
			gateway: GatewayId,
			/// The slot in its ledger.
			slot: Slot,
			/// First window of the assignment.
			since: Window,
		},
		/// A device was offered to another owner.
		TransferOffered {
			/// The device.
			device: DeviceId,
			/// Who may accept.
			to: T::AccountId,
		},
		/// An offer was withdrawn.
		TransferCancelled {
			/// The device.
			device: DeviceId,
		},
		/// A device has another owner.
		Transferred {
			/// The device.
			device: DeviceId,
			/// Who it belonged to.
			from: T::AccountId,
			/// Who it belongs to.
			to: T::AccountId,
		},
		/// A certificate stands for a device.
		Certified {
			/// The device.
			device: DeviceId,
			/// Who certified it.
			maker: MakerId,
			/// First window after the certificate's end.
			expires: Window,
		},
		/// A maker was registered.
		MakerRegistered {
			/// Its id.
			maker: MakerId,
			/// Who acts for it.
			admin: T::AccountId,
		},
		/// A maker signs with one more key.
		MakerKeyAdded {
			/// The maker.
			maker: MakerId,
			/// The index by which certificates name the key.
			index: u8,
		},
		/// Certificates by a maker's key admit nothing any more.
		MakerKeyRevoked {
			/// The maker.
			maker: MakerId,
			/// The index of the key.
			index: u8,
		},
		/// A maker withdrew a serial number.
		SerialRevoked {
			/// The maker.
			maker: MakerId,
			/// The serial number.
			serial: Serial,
			/// The device for which the certificate stood.
			device: Option<DeviceId>,
		},
		/// A serial number that can certify nothing any more was forgotten and its deposit returned.
		SerialForgotten {
			/// The maker.
			maker: MakerId,
			/// The serial number.
			serial: Serial,
		},
		/// A maker has left and its bond was returned, unless it was convicted.
		MakerRetired {
			/// The maker.
			maker: MakerId,
		},
		/// A root key names the operational keys of a device that was registered.
		Rooted {
			/// The device.
			device: DeviceId,
			/// The root key.
			root: RootKey,
		},
		/// A device is to get other keys.
		RecoveryRequested {
			/// The device.
			device: DeviceId,
			/// Its operational key then.
			key: DeviceKey,
			/// Its root key then.
			root: Option<RootKey>,
			/// First tick at which it gets them, if nobody objects.
			due: Tick,
		},
		/// A device keeps its keys: somebody objected, it changed hands or key, or it has ended.
		RecoveryCancelled {
			/// The device.
			device: DeviceId,
		},
		/// A device has other keys.
		Recovered {
			/// The device.
			device: DeviceId,
			/// Its root key.
			root: Option<RootKey>,
		},
		/// One more account acts for a maker.
		MakerAdminAdded {
			/// The maker.
			maker: MakerId,
			/// The account.
			admin: T::AccountId,
		},
		/// An account does not act for a maker any more.
		MakerAdminRemoved {
			/// The maker.
			maker: MakerId,
			/// The account.
			admin: T::AccountId,
		},
		/// A maker's bond was returned to who left it, and left by another of its admins.
		MakerBondTaken {
			/// The maker.
			maker: MakerId,
			/// Who left it now.
			payer: T::AccountId,
		},
		/// A device is somewhere, or somewhere else.
		LocationAsserted {
			/// The device.
			device: DeviceId,
			/// Where it is.
			location: Location,
			/// First window in which it is there.
			since: Window,
		},
		/// A device has a Thing Description, or another one, or none any more.
		Described {
			/// The device.
			device: DeviceId,
			/// SHA-256 of the description.
			description: Option<Hash32>,
		},
		/// A maker's bond was burned, and all of its keys were revoked.
		MakerConvicted {
			/// The maker.
			maker: MakerId,
			/// Whose tokens the bond was.
			payer: T::AccountId,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no device with this id. Take the id from the event `Registered`.
		NotFound,
		/// The caller does not own the device. Let its owner sign.
		NotOwner,
		/// The caller does not act for the maker. Let one of the maker's admins sign.
		NotAuthorized,
		/// The device's stage does not allow this. Look it up; the call's documentation says which
		/// stages it accepts.
		WrongStage,
		/// What was changed before can still be checked. Wait for H ticks after it, and before a
		/// key is forgotten also for as many blocks as a proof of possession is accepted; before a
		/// device moves again, for `moving_ticks` of the policy; before a maker leaves with its bond, for
		/// `LeavingTicks` more.
		TooEarly,
		/// All device ids are given.
		TooManyDevices,
		/// The network does not exist or is closed. Choose another one.
		NetworkClosed,
		/// The network does not admit this device. Bring a certificate of a maker that it admits.
		NotAdmitted,
		/// Signatures under this key can be forged. Generate another key.
		KeyWeak,
		/// The key belongs to a device, now or before its last rotation. Generate another key.
		KeyTaken,
		/// The proof of possession names the current block or a later one. Name an earlier block.
		ProofTooNew,
		/// The proof of possession names a block too long ago. Have the device sign a recent one.
		ProofTooOld,
		/// The hash of the block that the proof of possession names is not known. Name a later one.
		ProofBlockUnknown,
		/// The proof of possession is for another nonce. Have the device sign the nonce of the
		/// transaction that carries the proof.
		ProofNonceMismatch,
		/// The proof of possession is not from after the last change of the device's owner or key.
		/// Have the device sign a later block.
		ProofUsed,
		/// The proof of possession is not this key's signature for this owner on this chain. Check
		/// key, owner, nonce, block and genesis hash of the signed message.
		ProofInvalid,
		/// There is no maker with this id, or it has left. Ask the maker for its id.
		MakerNotFound,
		/// The maker has no key with this index. Take the index from the event `MakerKeyAdded`.
		MakerKeyNotFound,
		/// The key that signed is revoked, by the maker or because the maker was convicted. Ask the maker
		/// for another certificate, or another maker.
		MakerKeyRevoked,
		/// The certificate ends before a whole window after the next one begins. Ask the maker for
		/// another one.
		CertificateExpired,
		/// The certificate is not the maker's signature for this key on this chain. Check key,
		/// claim and genesis hash of the signed message.
		CertificateInvalid,
		/// The serial number certified another device already. Ask the maker for another one.
		SerialTaken,
		/// The maker revoked the serial number. Ask the maker for another one.
		SerialRevoked,
		/// The maker certified as many devices in this cycle as it may. Wait for the next cycle.
		TooManyCertified,
		/// The device belongs to the caller already: nothing is left to do.
		AlreadyOwner,
		/// The device is assigned to this gateway already: nothing is left to do.
		AlreadyAssigned,
		/// The device is not offered, or not to the caller. Ask its owner to offer it.
		NotOffered,
		/// All maker ids are given.
		TooManyMakers,
		/// The maker has as many keys as it may, or has had all there are indices for. Revoke one, or
		/// register another maker.
		TooManyKeys,
		/// The maker has or had this key. Generate another key.
		AlreadyAdded,
		/// The key or serial number is revoked: nothing is left to do.
		AlreadyRevoked,
		/// The maker's certificates stand for devices. Revoke their serial numbers, or wait until
		/// they are reaped or certified by other makers.
		MakerInUse,
		/// The maker's serial number was neither used nor revoked: nothing is kept of it.
		SerialNotFound,
		/// The serial number is still needed. Wait until its certificate ends and its device is
		/// reaped; a revoked one is kept until the maker has left.
		SerialInUse,
		/// The device has a root key: its operational key alone can neither be replaced nor name another
		/// owner. Have the root sign, and call `rotate_rooted_key`; if it is lost, `recover`. To hand the
		/// device over, let its owner offer it.
		RootRequired,
		/// The device has no root key. Call `rotate_key`.
		RootNotFound,
		/// The root key belongs to a device. Reap that device first, or use other hardware.
		RootTaken,
		/// The delegation is not the root key's signature for this operational key, owner, nonce and
		/// block on this chain, or not in its low-S form. Check the fields of the signed message.
		DelegationInvalid,
		/// No certificate stands for the device, so no maker can consent. Rotate its key instead.
		NotCertified,
		/// The consent is not the signature of the device's maker for this device, its last change
		/// and these keys on this chain, or another maker's certificate stands for the device since. Ask
		/// the maker for another one.
		ApprovalInvalid,
		/// A recovery of the device is requested already. Wait for it, or cancel it.
		AlreadyRequested,
		/// No recovery of the device is requested: nothing is left to do.
		NotRequested,
		/// The objection is not the signature of the device's present operational or root key for
		/// this recovery on this chain, or that key was an earlier owner's. Check the fields of the
		/// signed message, or let the owner object.
		ObjectionInvalid,
		/// As many accounts act for the maker as may. Remove one of them.
		TooManyAdmins,
		/// The account acts for the maker already: nothing is left to do.
		AlreadyAdmin,
		/// The account does not act for the maker: nothing is left to do.
		AdminNotFound,
		/// Nobody else acts for the maker. Add another admin first, or let the maker leave.
		LastAdmin,
		/// The caller's bond stands for the maker. Let another admin remove the caller, and leave a
		/// bond instead.
		BondNeeded,
		/// The list of devices is empty. Name at least one.
		Empty,
		/// The device asserted this very location last: nothing is left to do.
		AlreadyThere,
		/// This very description is attached to the device: nothing is left to do.
		AlreadyDescribed,
		/// No description is attached to the device: nothing is left to remove.
		NotDescribed,
		/// The caller cannot leave the deposit for this device of the list. Put more of the token into
		/// the account, or name fewer devices.
		DepositMissing,
		/// The device's network admits it in the current cycle. Wait for the cycle in which it does not.
		StillAdmitted,
		/// The device's operational key was an earlier owner's, who may have kept it: it names no
		/// owner. Let the owner offer the device, or rotate its key first.
		KeyInherited,
		/// The maker was convicted: its bond is burned, its keys are revoked, and nobody acts for it.
		/// Nothing is left to do but to remove it, with `retire_maker`.
		MakerConvicted,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			let oldest: BlockNumberFor<T> = T::MaxProofAge::get().into();
			assert!(T::BlockHashCount::get() >= oldest, "BlockHashCount is below MaxProofAge");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Register a device; the caller becomes its owner and leaves a deposit.
		///
		/// Fails if the key is weak or taken, the network closed or closed to this device, the
		/// certificate not good for the whole of a later window, used, revoked or forged, or the
		/// proof not a fresh one of this key for this owner: otherwise anybody could claim a key.
		///
		/// - `network`: the network whose readings it signs, for good.
		/// - `key`: its operational key.
		/// - `possession`: the key's signature that names the caller as the owner.
		/// - `certificate`: its maker's; required by networks that admit certified devices only.
		///
		/// Emits [`Event::Registered`].
		#[pallet::call_index(0)]
		#[pallet::weight(Pallet::<T>::weight_of_register(key, certificate.as_ref()))]
		pub fn register(
			origin: OriginFor<T>,
			network: NetworkId,
			key: DeviceKey,
			possession: Possession,
			certificate: Option<Certificate>,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			let registration = Registration { key, possession, delegation: None, certificate };
			Self::do_register(&owner, network, &registration)
		}

		/// Start earning with a registered or suspended device from the next window on.
		///
		/// Fails if its certificate has ended or was revoked, if the network does not admit it any
		/// more, and within H ticks of its last end: one past interval is remembered.
		///
		/// - `device`: a device of the caller.
		///
		/// Emits [`Event::Activated`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::activate())]
		pub fn activate(origin: OriginFor<T>, device: DeviceId) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_activate(&owner, device)
		}

		/// Stop earning with an active device with the next window. Never waits.
		///
		/// - `device`: an active device of the caller.
		///
		/// Emits [`Event::Suspended`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::suspend())]
		pub fn suspend(origin: OriginFor<T>, device: DeviceId) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_suspend(&owner, device)
		}

		/// End a device for good with the next window, and its slot with it.
		///
		/// What the slot earned stays claimable; [`Pallet::reap`] returns the deposit later.
		///
		/// - `device`: a device of the caller that has not ended.
		///
		/// Emits [`Event::Retired`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::retire())]
		pub fn retire(origin: OriginFor<T>, device: DeviceId) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_retire(&owner, device)
		}

		/// Forget a retired device and return the deposit to its owner. Anybody may call it.
		///
		/// Fails until no check and no proof can reach the device any more. The part of the deposit
		/// for a serial number that could be used again stays on hold until [`Pallet::forget`].
		///
		/// - `device`: a retired device.
		///
		/// Emits [`Event::Reaped`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::reap())]
		pub fn reap(origin: OriginFor<T>, device: DeviceId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_reap(device)
		}

		/// Have a device sign with another key from the next window on.
		///
		/// Fails if the new key is weak or taken or does not prove itself, within H ticks of the last
		/// change, as one past key is remembered, and for devices with a root key, which has to name
		/// every operational key: [`Pallet::rotate_rooted_key`]. The certificate stays with the
		/// device; a recovery that was requested is cancelled.
		///
		/// - `device`: a device of the caller that has not ended.
		/// - `key`: its new operational key.
		/// - `possession`: the new key's signature that names the caller as the owner.
		///
		/// Emits [`Event::KeyRotated`].
		#[pallet::call_index(5)]
		#[pallet::weight(Pallet::<T>::weight_of_rotate_key(key))]
		pub fn rotate_key(
			origin: OriginFor<T>,
			device: DeviceId,
			key: DeviceKey,
			possession: Possession,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_rotate_key(&owner, device, key, &possession, None)
		}

		/// Give a device a slot of a gateway from the next window on; its old slot ends then.
		///
		/// Fails if the gateway has none to give, or is the device's already, and within H ticks of
		/// the last change: one past slot is remembered.
		///
		/// - `device`: a device of the caller that has not ended.
		/// - `gateway`: a gateway of the device's network.
		///
		/// Emits [`Event::GatewayAssigned`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::assign_gateway())]
		pub fn assign_gateway(
			origin: OriginFor<T>,
			device: DeviceId,
			gateway: GatewayId,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_assign_gateway(&owner, device, gateway)
		}

		/// Offer a device to another owner, instead of an earlier offer.
		///
		/// - `device`: a device of the caller that has not ended.
		/// - `to`: who may accept.
		///
		/// Emits [`Event::TransferOffered`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::transfer())]
		pub fn transfer(
			origin: OriginFor<T>,
			device: DeviceId,
			to: T::AccountId,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_transfer(&owner, device, to)
		}

		/// Take over a device that its owner offered.
		///
		/// The caller's deposit replaces the old owner's. An assigned device gets a new slot of its
		/// gateway from the next window on, so what was earned before stays with the seller; hence
		/// it fails within H ticks of the last change of slots, and if the gateway has none to give.
		///
		/// - `device`: a device that is offered to the caller.
		///
		/// Emits [`Event::Transferred`], and [`Event::GatewayAssigned`] for an assigned device.
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::accept())]
		pub fn accept(origin: OriginFor<T>, device: DeviceId) -> DispatchResult {
			let to = ensure_signed(origin)?;
			Self::do_accept(to, device)
		}

		/// Take over a device that itself names the caller as its owner.
		///
		/// Fails like [`Pallet::accept`], for devices with a root key, and if the proof is not a fresh
		/// one, from after the last change of owner or key. It also fails while the device has the key
		/// that it had under an earlier owner, who may have kept it to take the device back: rotate it
		/// first.
		///
		/// - `device`: a device of somebody else that has not ended, without a root key.
		/// - `possession`: its key's signature that names the caller as the owner.
		///
		/// Emits [`Event::Transferred`], and [`Event::GatewayAssigned`] for an assigned device.
		#[pallet::call_index(9)]
		#[pallet::weight(Pallet::<T>::weight_of_take_over())]
		pub fn take_over(
			origin: OriginFor<T>,
			device: DeviceId,
			possession: Possession,
		) -> DispatchResult {
			let to = ensure_signed(origin)?;
			Self::do_take_over(to, device, &possession)
		}

		/// Withdraw the offer of a device.
		///
		/// - `device`: a device of the caller that is offered.
		///
		/// Emits [`Event::TransferCancelled`].
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::cancel_transfer())]
		pub fn cancel_transfer(origin: OriginFor<T>, device: DeviceId) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_cancel_transfer(&owner, device)
		}

		/// Register a maker; the caller becomes its admin and leaves a bond.
		///
		/// - `key`: the first key with which it signs certificates.
		///
		/// Emits [`Event::MakerRegistered`].
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::register_maker())]
		pub fn register_maker(origin: OriginFor<T>, key: CertifierKey) -> DispatchResult {
			let admin = ensure_signed(origin)?;
			Self::do_register_maker(admin, key)
		}

		/// Let a maker sign with one more key. It takes the place of the oldest revoked one if there
		/// is no other.
		///
		/// - `maker`: a maker that the caller acts for.
		/// - `key`: a key that the maker does not have.
		///
		/// Emits [`Event::MakerKeyAdded`].
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::add_maker_key())]
		pub fn add_maker_key(
			origin: OriginFor<T>,
			maker: MakerId,
			key: CertifierKey,
		) -> DispatchResult {
			let admin = ensure_signed(origin)?;
			Self::do_add_maker_key(&admin, maker, key)
		}

		/// Let certificates by a maker's key register and activate nothing any more, for good.
		///
		/// Active devices stay active: revoke their serial numbers to end them.
		///
		/// - `maker`: a maker that the caller acts for.
		/// - `index`: which of its keys.
		///
		/// Emits [`Event::MakerKeyRevoked`].
		#[pallet::call_index(13)]
		#[pallet::weight(T::WeightInfo::revoke_maker_key())]
		pub fn revoke_maker_key(origin: OriginFor<T>, maker: MakerId, index: u8) -> DispatchResult {
			let admin = ensure_signed(origin)?;
			Self::do_revoke_maker_key(&admin, maker, index)
		}

		/// Withdraw a serial number for good: its certificates admit nothing any more, and the
		/// device for which one stands is suspended. The caller leaves a deposit for the entry.
		///
		/// - `maker`: a maker that the caller acts for.
		/// - `serial`: a serial number, used or not.
		///
		/// Emits [`Event::SerialRevoked`], and [`Event::Suspended`] for an active device.
		#[pallet::call_index(14)]
		#[pallet::weight(Pallet::<T>::weight_of_revoke())]
		pub fn revoke(origin: OriginFor<T>, maker: MakerId, serial: Serial) -> DispatchResult {
			let admin = ensure_signed(origin)?;
			Self::do_revoke(admin, maker, serial)
		}

		/// Bring a new certificate for the current key of a device, or for its root key: one that
		/// ends later, or the first, or another maker's.
		///
		/// Fails as the same certificate would at registration. An active device whose certificate
		/// has ended before is suspended: activate it again.
		///
		/// - `device`: a device of the caller that has not ended.
		/// - `certificate`: replaces the one that stands for it.
		///
		/// Emits [`Event::Certified`], and [`Event::Suspended`] if it was too late.
		#[pallet::call_index(15)]
		#[pallet::weight(Pallet::<T>::weight_of_certify(certificate))]
		pub fn certify(
			origin: OriginFor<T>,
			device: DeviceId,
			certificate: Certificate,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_certify(owner, device, &certificate)
		}

		/// Remove a maker and return its bond. Of one that was convicted anybody may remove what is left.
		///
		/// Fails while its certificates stand for devices, and until H ticks after the last one did, or
		/// after its registration; with a bond until `LeavingTicks` after that: who lied is not to be
		/// quicker than a referendum.
		///
		/// - `maker`: a maker that the caller acts for, or one that was convicted.
		///
		/// Emits [`Event::MakerRetired`].
		#[pallet::call_index(16)]
		#[pallet::weight(T::WeightInfo::retire_maker())]
		pub fn retire_maker(origin: OriginFor<T>, maker: MakerId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_retire_maker(&who, maker)
		}

		/// End a device for good as its owner could: for the admin origin.
		///
		/// - `device`: a device that has not ended.
		///
		/// Emits [`Event::Retired`].
		#[pallet::call_index(17)]
		#[pallet::weight(T::WeightInfo::force_retire())]
		pub fn force_retire(origin: OriginFor<T>, device: DeviceId) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Self::do_force_retire(device)
		}

		/// Forget a serial number and return its deposit. Anybody may call it.
		///
		/// Fails while its certificate stands for a device or could register another one: a used
		/// one is kept until it ends, a revoked one until its maker has left.
		///
		/// - `maker`: the maker, which may have left.
		/// - `serial`: a serial number that was used or revoked.
		///
		/// Emits [`Event::SerialForgotten`].
		#[pallet::call_index(18)]
		#[pallet::weight(T::WeightInfo::forget())]
		pub fn forget(origin: OriginFor<T>, maker: MakerId, serial: Serial) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_forget(maker, serial)
		}

		/// Register a device with a root key, which secure hardware keeps: it names the operational
		/// key now, and every later one.
		///
		/// Fails as [`Pallet::register`] does, if the root belongs to a device already, or did not
		/// sign for this operational key. A certificate of version 2 is for the root key.
		///
		/// - `network`: the network whose readings it signs, for good.
		/// - `key`: its operational key.
		/// - `possession`: the operational key's signature that names the caller as the owner.
		/// - `delegation`: the root key, and its signature that names owner and operational key, for
		///   the same block and nonce.
		/// - `certificate`: its maker's; required by networks that admit certified devices only.
		///
		/// Emits [`Event::Registered`] and [`Event::Rooted`].
		#[pallet::call_index(19)]
		#[pallet::weight(Pallet::<T>::weight_of_register_rooted(key, certificate.as_ref()))]
		pub fn register_rooted(
			origin: OriginFor<T>,
			network: NetworkId,
			key: DeviceKey,
			possession: Possession,
			delegation: Delegation,
			certificate: Option<Certificate>,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			let delegation = Some(delegation);
			let registration = Registration { key, possession, delegation, certificate };
			Self::do_register(&owner, network, &registration)
		}

		/// Have a device with a root key sign with another operational key from the next window on.
		///
		/// Fails as [`Pallet::rotate_key`] does, and if the root did not sign for the new key.
		///
		/// - `device`: a device of the caller that has not ended.
		/// - `key`: its new operational key.
		/// - `possession`: the new key's signature that names the caller as the owner.
		/// - `signature`: the root key's, which names owner and new key, for the same block and nonce.
		///
		/// Emits [`Event::KeyRotated`].
		#[pallet::call_index(20)]
		#[pallet::weight(Pallet::<T>::weight_of_rotate_rooted_key(key))]
		pub fn rotate_rooted_key(
			origin: OriginFor<T>,
			device: DeviceId,
			key: DeviceKey,
			possession: Possession,
			signature: RootSignature,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_rotate_key(&owner, device, key, &possession, Some(signature))
		}

		/// Register several devices, all or none; the caller becomes their owner and leaves a deposit
		/// for each.
		///
		/// Fails as the registration of the first of them that cannot be registered, and with
		/// [`Error::DepositMissing`] where the caller's funds end. The second byte of that error (its
		/// first is the error's number) says which, counted from 0; the weight of those behind it is
		/// refunded.
		///
		/// - `network`: the network whose readings they sign, for good.
		/// - `registrations`: for each what [`Pallet::register`] or [`Pallet::register_rooted`] takes;
		///   all proofs name the nonce of this transaction.
		///
		/// Emits [`Event::Registered`] for each, and [`Event::Rooted`] for those with a root key.
		#[pallet::call_index(21)]
		#[pallet::weight(Pallet::<T>::weight_of_register_batch(registrations))]
		pub fn register_batch(
			origin: OriginFor<T>,
			network: NetworkId,
			registrations: Registrations,
		) -> DispatchResultWithPostInfo {
			let owner = ensure_signed(origin)?;
			Self::do_register_batch(&owner, network, &registrations)
		}

		/// Ask for other keys for a certified device whose own are lost. They hold after
		/// [`Pallet::complete_recovery`], `recovery_ticks` of the policy later at the earliest; until then its
		/// present keys can object. The caller leaves a deposit for the entry.
		///
		/// Fails if the maker whose certificate stands for the device did not consent to these very
		/// keys since the device's last change, or if they are taken or do not prove themselves.
		///
		/// - `device`: a device of the caller that has not ended.
		/// - `key`: its new operational key.
		/// - `possession`: the new key's signature that names the caller as the owner.
		/// - `delegation`: its new root key, if it is to have one, and its signature.
		/// - `approval`: the maker's consent.
		///
		/// Emits [`Event::RecoveryRequested`].
		#[pallet::call_index(22)]
		#[pallet::weight(
			Pallet::<T>::weight_of_recover(key, delegation.as_ref(), approval)
		)]
		pub fn recover(
			origin: OriginFor<T>,
			device: DeviceId,
			key: DeviceKey,
			possession: Possession,
			delegation: Option<Delegation>,
			approval: Approval,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			let delegation = delegation.as_ref();
			Self::do_recover(&owner, device, key, &possession, delegation, &approval)
		}

		/// Give a device the keys that were asked for, its operational key from the next window on.
		/// Anybody may call it.
		///
		/// Fails before the recovery is due, within H ticks of the last change of its key, if somebody
		/// took the keys, or if meanwhile the maker withdrew the device's certificate or the key that
		/// consented, or another maker's certificate came.
		///
		/// - `device`: a device for which a recovery was requested.
		///
		/// Emits [`Event::KeyRotated`] and [`Event::Recovered`].
		#[pallet::call_index(23)]
		#[pallet::weight(T::WeightInfo::complete_recovery())]
		pub fn complete_recovery(origin: OriginFor<T>, device: DeviceId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_complete_recovery(device)
		}

		/// Let a device keep its keys. Its present operational key or its root key objects, whoever
		/// sends it, or its owner does; an operational key that came with another owner does not. The maker's consent is void then, and the deposit returns.
		///
		/// - `device`: a device for which a recovery was requested.
		/// - `objection`: who objects.
		///
		/// Emits [`Event::RecoveryCancelled`].
		#[pallet::call_index(24)]
		#[pallet::weight(Pallet::<T>::weight_of_cancel_recovery(objection))]
		pub fn cancel_recovery(
			origin: OriginFor<T>,
			device: DeviceId,
			objection: Objection,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_cancel_recovery(&who, device, &objection)
		}

		/// Let one more account act for a maker, in everything, alone. Where several have to agree,
		/// let the only admin be a multisig account.
		///
		/// The account need not consent: it owes nothing by it, and may remove itself.
		///
		/// - `maker`: a maker that the caller acts for.
		/// - `admin`: the account.
		///
		/// Emits [`Event::MakerAdminAdded`].
		#[pallet::call_index(25)]
		#[pallet::weight(T::WeightInfo::add_maker_admin())]
		pub fn add_maker_admin(
			origin: OriginFor<T>,
			maker: MakerId,
			admin: T::AccountId,
		) -> DispatchResult {
			let caller = ensure_signed(origin)?;
			Self::do_add_maker_admin(&caller, maker, admin)
		}

		/// Let an account not act for a maker any more. If it left the bond, the caller leaves one
		/// instead, and that account's returns.
		///
		/// Fails for the last admin, and for who left the bond and calls: a bond has to stand.
		///
		/// - `maker`: a maker that the caller acts for.
		/// - `admin`: the account; may be the caller.
		///
		/// Emits [`Event::MakerAdminRemoved`], and [`Event::MakerBondTaken`] if the bond moved.
		#[pallet::call_index(26)]
		#[pallet::weight(T::WeightInfo::remove_maker_admin())]
		pub fn remove_maker_admin(
			origin: OriginFor<T>,
			maker: MakerId,
			admin: T::AccountId,
		) -> DispatchResult {
			let caller = ensure_signed(origin)?;
			Self::do_remove_maker_admin(&caller, maker, admin)
		}

		/// Assert where a device is, from the next window on. The first time the caller leaves a
		/// deposit; to move costs `moving_fee` of the policy, which is burned.
		///
		/// Fails within H ticks of the last assertion, as one past place is remembered, and within
		/// `moving_ticks` as they were then, so that a device cannot be wherever it pays most.
		///
		/// - `device`: a device of the caller that has not ended.
		/// - `location`: a cell of resolution 12, altitude and antenna gain; others do not decode.
		///
		/// Emits [`Event::LocationAsserted`].
		#[pallet::call_index(27)]
		#[pallet::weight(Pallet::<T>::weight_of_assert_location())]
		pub fn assert_location(
			origin: OriginFor<T>,
			device: DeviceId,
			location: Location,
		) -> DispatchResultWithPostInfo {
			let owner = ensure_signed(origin)?;
			Self::do_assert_location(&owner, device, location)
		}

		/// Attach a W3C Thing Description to a device by its hash, instead of an earlier one, or remove
		/// it.
		///
		/// It is the owner's word and goes with the owner: a change of owner removes it, as does the
		/// device's end. No check of readings asks for it.
		///
		/// - `device`: a device of the caller that has not ended.
		/// - `description`: SHA-256 of the description's bytes, or `None` to remove it.
		///
		/// Emits [`Event::Described`].
		#[pallet::call_index(28)]
		#[pallet::weight(T::WeightInfo::describe())]
		pub fn describe(
			origin: OriginFor<T>,
			device: DeviceId,
			description: Option<Hash32>,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_describe(&owner, device, description)
		}

		/// Suspend an active device that its network does not admit any more: since it became one of
		/// certified devices only, does not name the device's maker now, or names one that was convicted.
		/// Anybody may call it.
		///
		/// Devices that came before stay active until then, and may have earned: that is not touched.
		/// Another certificate lets it in again.
		///
		/// - `device`: an active device.
		///
		/// Emits [`Event::Suspended`].
		#[pallet::call_index(29)]
		#[pallet::weight(T::WeightInfo::expel())]
		pub fn expel(origin: OriginFor<T>, device: DeviceId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_expel(device)
		}

		/// Convict a maker that vouched for what is not so: its bond is burned, and its certificates and
		/// consents admit nothing any more, for good. For the admin origin.
		///
		/// Nobody acts for it then. Its active devices stay active until their certificates end, or until
		/// somebody has them suspended: [`Pallet::expel`]. [`Pallet::retire_maker`], by anybody, removes
		/// the maker when its certificates stand for no device.
		///
		/// - `maker`: a maker that was not convicted before.
		///
		/// Emits [`Event::MakerConvicted`].
		#[pallet::call_index(30)]
		#[pallet::weight(T::WeightInfo::force_retire_maker())]
		pub fn force_retire_maker(origin: OriginFor<T>, maker: MakerId) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Self::do_force_retire_maker(maker)
		}
	}
}
