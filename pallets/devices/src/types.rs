//! What the registry keeps, without knowing its configuration.

use cairn_types::{Cycle, DeviceId, MakerId, Serial, Tick, Window, view::DeviceState};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedVec, traits::ConstU32};
use scale_info::TypeInfo;
use sp_core::ed25519;

/// Most keys that a maker has in its life: an index names one key for ever.
pub const MAX_MAKER_KEYS: u32 = 8;

/// Where a device is in its life.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Stage {
	/// Known, and never active so far.
	Registered,
	/// Active until its certificate ends, if it has one.
	Active,
	/// Not active; may be again.
	Suspended,
	/// Ended for good.
	Retired,
}

/// The certificate that stands for a device: checked once, its result is kept.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Certified {
	/// Who certified.
	pub maker: MakerId,
	/// Which of the maker's keys signed.
	pub key_index: u8,
	/// The maker's serial number of the device.
	pub serial: Serial,
}

/// A registered device.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct DeviceRecord<AccountId, Ticket> {
	/// Who it belongs to.
	pub owner: AccountId,
	/// Where it is in its life.
	pub stage: Stage,
	/// What checks use of it, with its past.
	pub state: DeviceState,
	/// The certificate that stands for it, if any does.
	pub certified: Option<Certified>,
	/// Block of the last change of owner or key: proofs of possession of that block or an earlier
	/// one are void.
	pub changed: u32,
	/// What the owner left on hold for everything that is kept of the device.
	pub ticket: Ticket,
}

/// A key with which a maker signs certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct MakerKey {
	/// The key.
	pub public: ed25519::Public,
	/// Whether its certificates admit nothing any more.
	pub revoked: bool,
}

/// A manufacturer that certifies devices.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct MakerRecord<AccountId, Ticket> {
	/// Who acts for it.
	pub admin: AccountId,
	/// Its keys, by the index that certificates name.
	pub keys: BoundedVec<MakerKey, ConstU32<MAX_MAKER_KEYS>>,
	/// How many devices it certified in a cycle: the last one in which it certified any.
	pub registered: (Cycle, u32),
	/// How many devices its certificates stand for now.
	pub devices: u32,
	/// First tick at which nothing that its certificates admitted can be checked any more, once
	/// they stand for no device.
	pub settled: Tick,
	/// Its bond.
	pub ticket: Ticket,
}

impl<AccountId, Ticket> MakerRecord<AccountId, Ticket> {
	/// How many devices it certified in `cycle`.
	#[must_use]
	pub fn certified_in(&self, cycle: Cycle) -> u32 {
		let (last, count) = self.registered;
		if last == cycle { count } else { 0 }
	}

	/// Whether it has, or ever had, this key.
	#[must_use]
	pub fn has_key(&self, public: &ed25519::Public) -> bool {
		self.keys.iter().any(|key| key.public == *public)
	}

	/// Add a key; returns its index, `None` if all are used.
	pub(crate) fn add_key(&mut self, public: ed25519::Public) -> Option<u8> {
		let index = u8::try_from(self.keys.len()).ok()?;
		self.keys.try_push(MakerKey { public, revoked: false }).ok()?;
		Some(index)
	}

	/// Its certificate now stands for one more device, certified in `cycle`. Saturates: nobody
	/// registers four billion devices of one maker.
	pub(crate) fn admit(&mut self, cycle: Cycle) {
		self.registered = (cycle, self.certified_in(cycle).saturating_add(1));
		self.devices = self.devices.saturating_add(1);
	}

	/// Its certificate stands for one device less, which nothing checks any more from `settled` on.
	pub(crate) fn release(&mut self, settled: Tick) {
		self.devices = self.devices.saturating_sub(1);
		self.settled = self.settled.max(settled);
	}
}

/// What became of a maker's serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum SerialState {
	/// It certified this device, and certifies no other.
	Used(DeviceId),
	/// Its maker withdrew it.
	Revoked,
}

/// A maker's serial number that can certify no other device.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct SerialRecord<AccountId, Ticket> {
	/// What became of it.
	pub state: SerialState,
	/// First window after the end of the certificate; `Window::MAX` if revoked.
	pub ends: Window,
	/// Who paid for the entry, and with what; `None` while the certificate stands for the device,
	/// whose owner's deposit covers it.
	pub deposit: Option<(AccountId, Ticket)>,
}

impl<AccountId, Ticket> SerialRecord<AccountId, Ticket> {
	/// Whether the certificate with this number stands for `device`.
	#[must_use]
	pub fn stands_for(&self, device: DeviceId) -> bool {
		self.state == SerialState::Used(device) && self.deposit.is_none()
	}
}
