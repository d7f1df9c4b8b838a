//! Claims, and the paths that prove them.

use cairn_telemetry::{
	Claim, Proof, ProofFault,
	ledger::leaf_hash,
	tree::{DEPTH, LedgerTree, RootBuilder, Tree},
};
use cairn_types::{Hash32, Slot};
use codec::Decode;

use crate::memory;

/// A claim in SCALE. Accepted if its proof is a path.
///
/// # Panics
/// As [`crate::Target::run`] says; also if the path leads to another root than a tree of its nodes has,
/// or if it has a second encoding.
#[must_use]
pub fn proof(input: &[u8]) -> bool {
	let mut rest = input;
	let Ok(claim) = memory::linear(input.len(), || Claim::decode(&mut rest)) else { return false };
	let leaf = leaf_hash(claim.slot, &claim.account, &claim.data);
	let root = memory::linear(input.len(), || claim.root());
	assert_eq!(claim.proof.root(claim.slot, &leaf), root);
	let Ok(root) = root else { return false };
	assert_eq!(tree(claim.slot, leaf, &claim.proof), root);
	second_encodings(claim.slot, &leaf, &claim.proof);
	true
}

/// The levels whose siblings are given.
fn given(proof: &Proof) -> impl Iterator<Item = u8> {
	let bitmap = proof.bitmap;
	(0..DEPTH).filter(move |level| (bitmap >> level) & 1 == 1)
}

/// The root of a tree that has this leaf, and the siblings beside its path.
fn tree(slot: Slot, leaf: Hash32, proof: &Proof) -> Hash32 {
	let sibling = |(level, hash): (u8, &Hash32)| (level, (slot >> level) ^ 1, *hash);
	let mut nodes: Vec<_> = given(proof).zip(&proof.siblings).map(sibling).collect();
	nodes.push((0, slot, leaf));
	nodes.sort_by_key(|(level, index, _)| u64::from(*index) << level);
	let mut builder = RootBuilder::<LedgerTree>::default();
	for (level, index, hash) in nodes {
		builder.subtree(level, index, hash).expect("nodes beside a path do not overlap");
	}
	builder.finish()
}

/// A sibling too few, and an empty one that is given.
fn second_encodings(slot: Slot, leaf: &Hash32, proof: &Proof) {
	let mut fewer = proof.clone();
	if fewer.siblings.pop().is_some() {
		assert_eq!(fewer.root(slot, leaf), Err(ProofFault::SiblingCount));
	}
	let omitted = (0..DEPTH).find(|level| (proof.bitmap >> level) & 1 == 0);
	let Some(level) = omitted else { return };
	// The lowest one that is left out: all below it are given.
	let place = usize::from(level);
	let mut siblings = proof.siblings.to_vec();
	siblings.insert(place, LedgerTree::empty(level));
	let bitmap = proof.bitmap | (1 << level);
	let longer = Proof { bitmap, siblings: siblings.try_into().expect("32 at most") };
	assert_eq!(longer.root(slot, leaf), Err(ProofFault::EmptySibling));
}
