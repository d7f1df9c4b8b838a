//! A ledger tree that is kept: updated, proved and streamed at a cost that grows with the slots
//! touched, not with the ledger.

use alloc::{collections::BTreeMap, vec::Vec};
use cairn_types::{Hash32, Slot};
use sp_core::bounded::BoundedVec;

use crate::{
	ledger::Leaf,
	partial::Piece,
	tree::{DEPTH, LedgerTree, Proof, Tree},
};

/// Where a tree's nodes are kept. Level 0 holds leaves by slot, level 32 the root at index 0; a node
/// that is not there is an empty subtree.
pub trait NodeStore {
	/// What can go wrong in the store.
	type Error;
	/// The node `index` of `level`.
	///
	/// # Errors
	/// If the store fails.
	fn node(&self, level: u8, index: u32) -> Result<Option<Hash32>, Self::Error>;
	/// Keep a node.
	///
	/// # Errors
	/// If the store fails.
	fn set_node(&mut self, level: u8, index: u32, hash: Hash32) -> Result<(), Self::Error>;
}

/// Nodes in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryStore(pub BTreeMap<(u8, u32), Hash32>);

impl NodeStore for MemoryStore {
	type Error = core::convert::Infallible;

	fn node(&self, level: u8, index: u32) -> Result<Option<Hash32>, Self::Error> {
		Ok(self.0.get(&(level, index)).copied())
	}

	fn set_node(&mut self, level: u8, index: u32, hash: Hash32) -> Result<(), Self::Error> {
		self.0.insert((level, index), hash);
		Ok(())
	}
}

/// The root of a kept tree.
///
/// # Errors
/// If the store fails.
pub fn root<S: NodeStore>(store: &S) -> Result<Hash32, S::Error> {
	node_or_empty(store, DEPTH, 0)
}

/// Set leaves and every node above them; returns the root. At most 33 writes per leaf.
///
/// # Errors
/// If the store fails.
pub fn update<S: NodeStore>(
	store: &mut S,
	leaves: impl IntoIterator<Item = (Slot, Hash32)>,
) -> Result<Hash32, S::Error> {
	let mut changed: BTreeMap<u32, Hash32> = leaves.into_iter().collect();
	for (slot, hash) in &changed {
		store.set_node(0, *slot, *hash)?;
	}
	for level in 0..DEPTH {
		let mut parents = BTreeMap::new();
		for index in changed.keys() {
			let parent = index >> 1;
			if parents.contains_key(&parent) {
				continue;
			}
			let left = node_or_empty(store, level, parent << 1)?;
			let right = node_or_empty(store, level, (parent << 1) | 1)?;
			let hash = LedgerTree::join(&left, &right);
			store.set_node(level.saturating_add(1), parent, hash)?;
			parents.insert(parent, hash);
		}
		changed = parents;
	}
	root(store)
}

/// The path of `slot`, whether it has a leaf or not.
///
/// # Errors
/// If the store fails.
pub fn prove<S: NodeStore>(store: &S, slot: Slot) -> Result<Proof, S::Error> {
	let mut bitmap = 0u32;
	let mut siblings = Vec::new();
	for level in 0..DEPTH {
		let index = slot >> level;
		let sibling = node_or_empty(store, level, index ^ 1)?;
		if sibling != LedgerTree::empty(level) {
			bitmap |= 1u32 << level;
			siblings.push(sibling);
		}
	}
	Ok(Proof { bitmap, siblings: BoundedVec::truncate_from(siblings) })
}

/// The pieces of the ledger that a batch touching `slots` (ascending, distinct) needs, in order.
///
/// # Errors
/// If the store fails; `leaf` looks up the leaf of a slot.
pub fn pieces<S: NodeStore>(
	store: &S,
	slots: &[Slot],
	leaf: &mut dyn FnMut(Slot) -> Result<Option<Leaf>, S::Error>,
	emit: &mut dyn FnMut(Piece),
) -> Result<(), S::Error> {
	walk(store, DEPTH, 0, slots, leaf, emit)
}

fn walk<S: NodeStore>(
	store: &S,
	level: u8,
	index: u32,
	slots: &[Slot],
	leaf: &mut dyn FnMut(Slot) -> Result<Option<Leaf>, S::Error>,
	emit: &mut dyn FnMut(Piece),
) -> Result<(), S::Error> {
	let node = store.node(level, index)?;
	let Some(hash) = node else {
		slots.iter().for_each(|slot| emit(Piece::Vacant { slot: *slot }));
		return Ok(());
	};
	if slots.is_empty() {
		if hash != LedgerTree::empty(level) {
			emit(Piece::Subtree { level, index, hash });
		}
		return Ok(());
	}
	let Some(below) = level.checked_sub(1) else {
		emit(match leaf(index)? {
			Some(leaf) => Piece::Leaf { slot: index, leaf },
			None => Piece::Vacant { slot: index },
		});
		return Ok(());
	};
	let right = (index << 1) | 1;
	let border = u64::from(right) << below;
	let (left_slots, right_slots) =
		slots.split_at(slots.partition_point(|slot| u64::from(*slot) < border));
	walk(store, below, index << 1, left_slots, leaf, emit)?;
	walk(store, below, right, right_slots, leaf, emit)
}

fn node_or_empty<S: NodeStore>(store: &S, level: u8, index: u32) -> Result<Hash32, S::Error> {
	Ok(store.node(level, index)?.unwrap_or_else(|| LedgerTree::empty(level)))
}
