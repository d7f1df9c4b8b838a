//! Sparse Merkle trees of fixed depth 32 over slots, bound to the slot and domain-separated.
//!
//! Empty subtrees are constants. One builder serves the ledger tree and the transition tree, whose
//! nodes also carry sums.

use cairn_types::{Hash32, Slot};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{ConstU32, bounded::BoundedVec};

use crate::{empty, hash};

/// Levels between a leaf and the root.
pub const DEPTH: u8 = 32;

const NODE: u8 = 0x01;

/// A kind of tree: how two nodes make one, and what nothing looks like at each level.
pub trait Tree {
	/// What a subtree is known by.
	type Node: Clone + PartialEq;
	/// The node over two neighbours.
	fn join(left: &Self::Node, right: &Self::Node) -> Self::Node;
	/// An empty subtree of `level`.
	fn empty(level: u8) -> Self::Node;
}

/// The ledger tree.
pub struct LedgerTree;

impl Tree for LedgerTree {
	type Node = Hash32;

	fn join(left: &Hash32, right: &Hash32) -> Hash32 {
		hash(&[&[NODE], left, right])
	}

	fn empty(level: u8) -> Hash32 {
		empty::LEDGER.get(usize::from(level)).copied().unwrap_or_default()
	}
}

/// Root of a ledger without leaves.
#[must_use]
pub fn empty_root() -> Hash32 {
	LedgerTree::empty(DEPTH)
}

/// Subtrees must come in ascending order without overlap, inside the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfOrder;

/// Builds a root from subtrees that come in ascending order, in memory of O(depth).
pub struct RootBuilder<T: Tree> {
	/// First leaf position not covered yet.
	next: u64,
	/// Finished left neighbours by level, each waiting for its right one.
	pending: [Option<T::Node>; empty::LEVELS],
}

impl<T: Tree> Default for RootBuilder<T> {
	fn default() -> Self {
		Self { next: 0, pending: core::array::from_fn(|_| None) }
	}
}

impl<T: Tree> RootBuilder<T> {
	/// Add the leaf of `slot`.
	///
	/// # Errors
	/// [`OutOfOrder`] unless `slot` lies behind everything added so far.
	pub fn leaf(&mut self, slot: Slot, node: T::Node) -> Result<(), OutOfOrder> {
		self.subtree(0, slot, node)
	}

	/// Add the subtree `index` of `level` (the one over slots `index · 2^level ..`).
	///
	/// # Errors
	/// [`OutOfOrder`] unless it lies behind everything added so far and inside the tree.
	pub fn subtree(&mut self, level: u8, index: u32, node: T::Node) -> Result<(), OutOfOrder> {
		let start = u64::from(index).checked_shl(u32::from(level)).ok_or(OutOfOrder)?;
		if level > DEPTH || start >= 1 << DEPTH || start < self.next {
			return Err(OutOfOrder);
		}
		self.fill(start);
		self.add(level, node);
		Ok(())
	}

	/// The root over everything added.
	#[must_use]
	pub fn finish(mut self) -> T::Node {
		self.fill(1 << DEPTH);
		let [.., root] = self.pending;
		root.unwrap_or_else(|| T::empty(DEPTH))
	}

	/// Cover everything before `until` with the largest empty subtrees that fit.
	fn fill(&mut self, until: u64) {
		while self.next < until {
			let aligned = self.next.trailing_zeros().min(u32::from(DEPTH));
			let room = until.saturating_sub(self.next).ilog2();
			let level = u8::try_from(aligned.min(room)).unwrap_or(DEPTH);
			self.add(level, T::empty(level));
		}
	}

	/// Add a node of `level` at `next`, joining it with every left neighbour that waits for it.
	fn add(&mut self, level: u8, node: T::Node) {
		self.next = self.next.saturating_add(1u64.checked_shl(u32::from(level)).unwrap_or(0));
		let mut node = node;
		for waiting in self.pending.iter_mut().skip(usize::from(level)) {
			match waiting.take() {
				Some(left) => node = T::join(&left, &node),
				None => {
					*waiting = Some(node);
					return;
				},
			}
		}
	}
}

/// A path from a leaf to the root: bit k of `bitmap` set means that the sibling of level k is given;
/// all others are empty subtrees.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Proof {
	/// Which siblings are given.
	pub bitmap: u32,
	/// The given siblings, in ascending order of level.
	pub siblings: BoundedVec<Hash32, ConstU32<32>>,
}

/// Why a proof is not one: each path has exactly one encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofFault {
	/// The number of siblings is not that of the bitmap's bits.
	SiblingCount,
	/// A given sibling is the empty subtree of its level: it must be omitted.
	EmptySibling,
}

impl Proof {
	/// The root that `leaf` at `slot` leads to.
	///
	/// # Errors
	/// A [`ProofFault`] if this is not the one encoding of a path.
	pub fn root(&self, slot: Slot, leaf: &Hash32) -> Result<Hash32, ProofFault> {
		if u32::try_from(self.siblings.len()) != Ok(self.bitmap.count_ones()) {
			return Err(ProofFault::SiblingCount);
		}
		let mut given = self.siblings.iter();
		let mut node = *leaf;
		for level in 0..DEPTH {
			let bit = |word: u32| word.checked_shr(u32::from(level)).unwrap_or(0) & 1 == 1;
			let empty = LedgerTree::empty(level);
			let sibling = if bit(self.bitmap) {
				let sibling = given.next().ok_or(ProofFault::SiblingCount)?;
				if *sibling == empty {
					return Err(ProofFault::EmptySibling);
				}
				*sibling
			} else {
				empty
			};
			node = if bit(slot) {
				LedgerTree::join(&sibling, &node)
			} else {
				LedgerTree::join(&node, &sibling)
			};
		}
		Ok(node)
	}
}
