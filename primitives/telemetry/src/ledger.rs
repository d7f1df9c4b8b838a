//! A gateway's ledger: what it keeps of each device, and how a leaf is hashed.

use cairn_economics::{OpenCycles, RateSource, fold};
use cairn_types::{Amount, DeviceId, Hash32, Periods, SchemaId, Slot, Tick, schema::MAX_CHANNELS};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{ConstU32, bounded::BoundedVec};

use crate::hash;

const LEAF: u8 = 0x00;

/// The part of a leaf that a claim reveals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Account {
	/// First version.
	V1(AccountV1),
}

/// What a slot's device has earned and counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct AccountV1 {
	/// Whose slot.
	pub device: DeviceId,
	/// Schema of the latest readings; totals and values restart under another one.
	pub schema: SchemaId,
	/// Sequence of the latest reading.
	pub sequence: u64,
	/// Time of the latest reading, ms.
	pub time: u64,
	/// Units of cycles that were not frozen at the last step.
	pub open: OpenCycles<u64>,
	/// Worth of all cycles folded so far.
	pub settled: Amount,
	/// Anchored increase of each counter channel of `schema`, in channel order.
	pub totals: BoundedVec<u64, ConstU32<MAX_CHANNELS>>,
}

/// The part of a leaf that only a step needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Data {
	/// First version.
	V1(DataV1),
}

/// A valid value and when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Sample {
	/// In the channel's unit × 10^scale.
	pub value: i64,
	/// ms since the epoch.
	pub time: u64,
}

/// Latest valid values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct DataV1 {
	/// Latest valid sample of each channel of the account's schema. Each has its own time: rates of
	/// change are judged against it, so neither a refused value nor a channel that reports seldom
	/// makes later values look like leaps.
	pub latest: BoundedVec<Option<Sample>, ConstU32<MAX_CHANNELS>>,
}

/// A slot's entry in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Leaf {
	/// What a claim reveals.
	pub account: Account,
	/// What only a step needs.
	pub data: Data,
}

impl Account {
	/// The newest form of the account.
	#[must_use]
	pub const fn latest(&self) -> &AccountV1 {
		match self {
			Self::V1(account) => account,
		}
	}

	/// What the account is worth at `tick`: settled + Σ ⌊units · rate⌋ over its frozen open cycles,
	/// folded as `step` folds them.
	#[must_use]
	pub fn entitlement(&self, tick: Tick, periods: &Periods, rates: &impl RateSource) -> Amount {
		let account = self.latest();
		account.settled.saturating_add(fold(&mut account.open.clone(), tick, periods, rates))
	}
}

impl Data {
	/// The newest form of the data.
	#[must_use]
	pub const fn latest(&self) -> &DataV1 {
		match self {
			Self::V1(data) => data,
		}
	}

	/// Hash of the data part: what a claim gives in its place.
	#[must_use]
	pub fn hash(&self) -> Hash32 {
		hash(&[&self.encode()])
	}
}

impl Leaf {
	/// The leaf's hash at `slot`.
	#[must_use]
	pub fn hash(&self, slot: Slot) -> Hash32 {
		leaf_hash(slot, &self.account, &self.data.hash())
	}
}

/// H(0x00 ‖ slot ‖ H(account) ‖ H(data)).
#[must_use]
pub fn leaf_hash(slot: Slot, account: &Account, data: &Hash32) -> Hash32 {
	hash(&[&[LEAF], &slot.to_le_bytes(), &hash(&[&account.encode()]), data])
}
