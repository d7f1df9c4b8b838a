//! The ledger in all its versions: a lookup at a version takes the newest one that is not newer.

use std::collections::BTreeMap;

use cairn_telemetry::{
	Leaf, Proof,
	partial::Piece,
	store::{self as tree, NodeStore},
};
use cairn_types::{Hash32, Slot, Window};
use codec::Encode;
use redb::{ReadOnlyTable, ReadableDatabase};

use super::{LEAVES, NODES, Store};
use crate::store::{StoreError, decode};

/// The ledger as of a window, with changes that are not stored yet on top.
pub struct LedgerView {
	nodes: ReadOnlyTable<(u8, u32, u32), &'static [u8; 32]>,
	leaves: ReadOnlyTable<(u32, u32), &'static [u8]>,
	version: Option<Window>,
	changes: BTreeMap<(u8, u32), Hash32>,
}

impl Store {
	/// The ledger after `version` was sealed; the empty ledger for `None`.
	///
	/// # Errors
	/// If the store fails.
	pub fn ledger(&self, version: Option<Window>) -> Result<LedgerView, StoreError> {
		let transaction = self.database.begin_read()?;
		Ok(LedgerView {
			nodes: transaction.open_table(NODES)?,
			leaves: transaction.open_table(LEAVES)?,
			version,
			changes: BTreeMap::new(),
		})
	}
}

impl LedgerView {
	/// The ledger's root.
	///
	/// # Errors
	/// If the store fails.
	pub fn root(&self) -> Result<Hash32, StoreError> {
		tree::root(self)
	}

	/// The stored leaf of `slot`.
	///
	/// # Errors
	/// If the store fails.
	pub fn leaf(&self, slot: Slot) -> Result<Option<Leaf>, StoreError> {
		let Some(version) = self.version else { return Ok(None) };
		let mut versions = self.leaves.range((slot, 0)..=(slot, version))?;
		match versions.next_back() {
			Some(entry) => {
				let (_, bytes) = entry?;
				Ok(Some(decode("a leaf", bytes.value())?))
			},
			None => Ok(None),
		}
	}

	/// The path of `slot`.
	///
	/// # Errors
	/// If the store fails.
	pub fn prove(&self, slot: Slot) -> Result<Proof, StoreError> {
		tree::prove(self, slot)
	}

	/// SCALE of the pieces that a batch touching `slots` (ascending) needs.
	///
	/// # Errors
	/// If the store fails.
	pub fn pieces(&self, slots: &[Slot]) -> Result<Vec<u8>, StoreError> {
		let mut bytes = Vec::new();
		let mut leaf = |slot| self.leaf(slot);
		let mut emit = |piece: Piece| piece.encode_to(&mut bytes);
		tree::pieces(self, slots, &mut leaf, &mut emit)?;
		Ok(bytes)
	}

	/// The changes that are not stored yet.
	#[must_use]
	pub fn into_changes(self) -> BTreeMap<(u8, u32), Hash32> {
		self.changes
	}
}

impl NodeStore for LedgerView {
	type Error = StoreError;

	fn node(&self, level: u8, index: u32) -> Result<Option<Hash32>, StoreError> {
		if let Some(hash) = self.changes.get(&(level, index)) {
			return Ok(Some(*hash));
		}
		let Some(version) = self.version else { return Ok(None) };
		let mut versions = self.nodes.range((level, index, 0)..=(level, index, version))?;
		match versions.next_back() {
			Some(entry) => {
				let (_, hash) = entry?;
				Ok(Some(*hash.value()))
			},
			None => Ok(None),
		}
	}

	fn set_node(&mut self, level: u8, index: u32, hash: Hash32) -> Result<(), StoreError> {
		self.changes.insert((level, index), hash);
		Ok(())
	}
}
