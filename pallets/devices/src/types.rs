//! What the registry keeps, without knowing its configuration.

use cairn_geo::Placed;
use cairn_types::{
	CertifierKey, Cycle, Dated, DeviceId, DeviceKey, MakerId, RootKey, Serial, Tick, Window,
	view::DeviceState,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedVec, traits::ConstU32};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Most keys that a maker has at a time. A revoked one makes room for the next.
pub const MAX_MAKER_KEYS: u32 = 8;
/// Most accounts that act for a maker.
pub const MAX_MAKER_ADMINS: u32 = 8;

/// Most ticks between the request of a recovery and its completion.
pub const MAX_RECOVERY_TICKS: Tick = 65_536;

/// Most ticks that a device stays where it is before it may move.
pub const MAX_MOVING_TICKS: Tick = 65_536;

/// What governance tunes of devices and makers. Read when it is used, and then kept with what it was
/// used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct Policy<Balance> {
	/// Most devices that one maker certifies in a cycle.
	pub per_cycle: u32,
	/// Ticks between the request of a recovery and its completion, in which the device's present keys
	/// can object; 1 to [`MAX_RECOVERY_TICKS`].
	pub recovery_ticks: Tick,
	/// What it costs to assert another location than before; burned.
	pub moving_fee: Balance,
	/// Ticks for which a device stays where it is at least, up to [`MAX_MOVING_TICKS`]; longer if
	/// checks reach back farther.
	pub moving_ticks: Tick,
}

impl<Balance> Policy<Balance> {
	/// The policy with every number in its documented range.
	#[must_use]
	pub fn clamped(self) -> Self {
		Self {
			recovery_ticks: self.recovery_ticks.clamp(1, MAX_RECOVERY_TICKS),
			moving_ticks: self.moving_ticks.min(MAX_MOVING_TICKS),
			..self
		}
	}
}

/// Where a device is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
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
	/// Its root key, if it has one: names every operational key of it.
	pub root: Option<RootKey>,
	/// Block of the last change of owner or key: proofs of possession of that block or an earlier
	/// one are void.
	pub changed: u32,
	/// Whether its operational key was an earlier owner's, who may have kept it: such a key names no
	/// owner.
	pub inherited: bool,
	/// What the owner left on hold for everything that is kept of the device.
	pub ticket: Ticket,
}

/// A device's keys are lost: those that replace them, unless the device's present ones object.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Recovery<Ticket> {
	/// The operational key that it is to sign with.
	pub key: DeviceKey,
	/// The root key that it is to have.
	pub root: Option<RootKey>,
	/// Block of the request: objections name it.
	pub requested: u32,
	/// First tick at which it may be completed.
	pub due: Tick,
	/// Who consented: its certificate has to stand for the device until the end.
	pub maker: MakerId,
	/// Which of the maker's keys consented: it has to be good until the end.
	pub key_index: u8,
	/// What the owner left on hold for the entry.
	pub ticket: Ticket,
}

/// Where a device is, and was before.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct LocationRecord<Ticket> {
	/// The place, dated by windows.
	pub place: Dated<Placed>,
	/// What the device's owner left on hold for the entry, and for the counts of its cells.
	pub ticket: Ticket,
}

/// A key with which a maker signs certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct MakerKey {
	/// The index by which certificates name it: never another key's.
	pub index: u8,
	/// The key.
	pub public: CertifierKey,
	/// Whether its certificates admit nothing any more.
	pub revoked: bool,
}

/// What a maker loses if it is convicted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Bond<AccountId, Ticket> {
	/// Which of the maker's admins left it.
	pub payer: AccountId,
	/// What that one left on hold.
	pub ticket: Ticket,
}

/// A manufacturer that certifies devices.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct MakerRecord<AccountId, Ticket> {
	/// Who acts for it, each alone; never empty, nobody twice.
	pub admins: BoundedVec<AccountId, ConstU32<MAX_MAKER_ADMINS>>,
	/// Its keys, ascending by index. Of revoked ones the oldest may be gone.
	pub keys: BoundedVec<MakerKey, ConstU32<MAX_MAKER_KEYS>>,
	/// The index that its next key gets: above every index given so far.
	pub next_key: u8,
	/// How many devices it certified in a cycle: the last one in which it certified any.
	pub registered: (Cycle, u32),
	/// How many devices its certificates stand for now.
	pub devices: u32,
	/// First tick at which nothing that its certificates admitted can be checked any more, once
	/// they stand for no device.
	pub settled: Tick,
	/// Its bond; `None` if it was convicted: then all of its keys are revoked, and nobody acts for it.
	pub bond: Option<Bond<AccountId, Ticket>>,
}

impl<AccountId, Ticket> MakerRecord<AccountId, Ticket> {
	/// How many devices it certified in `cycle`.
	#[must_use]
	pub fn certified_in(&self, cycle: Cycle) -> u32 {
		let (last, count) = self.registered;
		if last == cycle { count } else { 0 }
	}

	/// Whether it has this key, or had it not long ago.
	#[must_use]
	pub fn has_key(&self, public: &CertifierKey) -> bool {
		self.keys.iter().any(|key| key.public == *public)
	}

	/// The key of an index, unless it was revoked and is gone.
	#[must_use]
	pub fn key(&self, index: u8) -> Option<&MakerKey> {
		self.keys.iter().find(|key| key.index == index)
	}

	/// Whether certificates by the key of an index admit nothing any more: of keys that are gone,
	/// too, so that forgetting one gives it back no power.
	#[must_use]
	pub fn is_revoked(&self, index: u8) -> bool {
		self.key(index).map_or(index < self.next_key, |key| key.revoked)
	}

	/// Whether its bond was taken: its word is worth nothing any more.
	#[must_use]
	pub const fn is_convicted(&self) -> bool {
		self.bond.is_none()
	}

	/// Take its bond and revoke all of its keys; `None` if it was convicted before.
	pub(crate) fn convict(&mut self) -> Option<Bond<AccountId, Ticket>> {
		let bond = self.bond.take()?;
		for key in &mut self.keys {
			key.revoked = true;
		}
		Some(bond)
	}

	/// Add a key, in the place of the oldest revoked one if there is no other; returns its index,
	/// `None` if all places or all indices are taken.
	pub(crate) fn add_key(&mut self, public: CertifierKey) -> Option<u8> {
		let index = self.next_key;
		let next = index.checked_add(1)?;
		if self.keys.is_full() {
			let oldest = self.keys.iter().position(|key| key.revoked)?;
			self.keys.remove(oldest);
		}
		self.keys.try_push(MakerKey { index, public, revoked: false }).ok()?;
		self.next_key = next;
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
	/// First window after the end of the certificate, of the one that ends last if it was renewed;
	/// `Window::MAX` if revoked.
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
