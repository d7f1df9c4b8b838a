//! What a batch changes: one entry per device with readings, in a tree whose nodes carry sums.

use cairn_types::{Hash32, Slot, Units};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use crate::{empty, hash, tree::Tree};

const ENTRY: u8 = 0x02;
const ANNOTATED: u8 = 0x03;

/// Sums over a part of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Sums {
	/// Units metered.
	pub units: u128,
	/// Readings sealed.
	pub readings: u64,
	/// Devices with readings.
	pub devices: u32,
}

impl Sums {
	/// The sums of two parts; saturating, which no batch within the rules reaches.
	#[must_use]
	pub const fn plus(self, other: Self) -> Self {
		Self {
			units: self.units.saturating_add(other.units),
			readings: self.readings.saturating_add(other.readings),
			devices: self.devices.saturating_add(other.devices),
		}
	}

	fn bytes(&self) -> [u8; 28] {
		let mut bytes = [0; 28];
		let (units, rest) = bytes.split_at_mut(16);
		let (readings, devices) = rest.split_at_mut(8);
		units.copy_from_slice(&self.units.to_le_bytes());
		readings.copy_from_slice(&self.readings.to_le_bytes());
		devices.copy_from_slice(&self.devices.to_le_bytes());
		bytes
	}
}

/// One device's change in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Entry {
	/// The device's slot.
	pub slot: Slot,
	/// Hash of its leaf before; zero for an empty slot.
	pub old_leaf: Hash32,
	/// Hash of its leaf after.
	pub new_leaf: Hash32,
	/// Number of its readings, 1..=128.
	pub readings: u8,
	/// Digest of its signed readings.
	pub digest: Hash32,
	/// Units they are worth.
	pub units: Units,
}

impl Entry {
	/// H(0x02 ‖ SCALE(entry)).
	#[must_use]
	pub fn hash(&self) -> Hash32 {
		hash(&[&[ENTRY], &self.encode()])
	}

	/// The entry as a node of the transition tree.
	#[must_use]
	pub fn node(&self) -> Annotated {
		let sums =
			Sums { units: u128::from(self.units), readings: u64::from(self.readings), devices: 1 };
		Annotated { hash: self.hash(), sums }
	}
}

/// A node with its sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Annotated {
	/// Commits to everything below, sums included.
	pub hash: Hash32,
	/// Sums of everything below.
	pub sums: Sums,
}

/// The transition tree.
pub struct TransitionTree;

impl Tree for TransitionTree {
	type Node = Annotated;

	fn join(left: &Annotated, right: &Annotated) -> Annotated {
		let hash =
			hash(&[&[ANNOTATED], &left.hash, &left.sums.bytes(), &right.hash, &right.sums.bytes()]);
		Annotated { hash, sums: left.sums.plus(right.sums) }
	}

	fn empty(level: u8) -> Annotated {
		let hash = empty::TRANSITION.get(usize::from(level)).copied().unwrap_or_default();
		Annotated { hash, sums: Sums::default() }
	}
}
