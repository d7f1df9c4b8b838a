//! Trees: the table of empty subtrees, the builder against the definition, proofs.

use std::collections::{BTreeMap, BTreeSet};

use cairn_types::{Hash32, Slot};
use proptest::prelude::*;
use sp_core::bounded::BoundedVec;

use crate::{
	Entry, Sums, hash,
	store::{self, MemoryStore},
	transition::{Annotated, TransitionTree},
	tree::{DEPTH, LedgerTree, OutOfOrder, Proof, ProofFault, RootBuilder, Tree, empty_root},
};

/// Sets of slots, near to each other and far apart.
pub(super) fn slots() -> impl Strategy<Value = BTreeSet<Slot>> {
	let power = (0u32..32).prop_map(|bit| 1u32 << bit);
	let slot = prop_oneof![0u32..40, any::<u32>(), power, Just(u32::MAX)];
	prop::collection::btree_set(slot, 0..24)
}

/// A made-up leaf hash per slot.
pub(super) fn hashes(slots: &BTreeSet<Slot>) -> BTreeMap<Slot, Hash32> {
	slots.iter().map(|slot| (*slot, hash(&[b"leaf", &slot.to_le_bytes()]))).collect()
}

/// The root that [`RootBuilder`] makes of leaves.
pub(super) fn built<T: Tree>(leaves: &BTreeMap<Slot, T::Node>) -> T::Node {
	let mut builder = RootBuilder::<T>::default();
	for (slot, node) in leaves {
		builder.leaf(*slot, node.clone()).expect("ascending");
	}
	builder.finish()
}

fn is_vacant<N>(leaves: &BTreeMap<Slot, N>, level: u8, index: u32) -> bool {
	let first = u64::from(index) << level;
	let last = first + (1u64 << level) - 1;
	let narrow = |slot: u64| Slot::try_from(slot).expect("within the tree");
	leaves.range(narrow(first)..=narrow(last)).next().is_none()
}

/// The node `index` of `level` by definition.
fn defined<T: Tree>(leaves: &BTreeMap<Slot, T::Node>, level: u8, index: u32) -> T::Node {
	if is_vacant(leaves, level, index) {
		return T::empty(level);
	}
	if level == 0 {
		return leaves[&index].clone();
	}
	let left = defined::<T>(leaves, level - 1, index << 1);
	let right = defined::<T>(leaves, level - 1, (index << 1) | 1);
	T::join(&left, &right)
}

/// Add a tree in pieces: at each node a coin tells whether it is added whole.
fn add_in_pieces<T: Tree>(
	builder: &mut RootBuilder<T>,
	leaves: &BTreeMap<Slot, T::Node>,
	seed: u64,
	level: u8,
	index: u32,
) {
	let coin = hash(&[&seed.to_le_bytes(), &[level], &index.to_le_bytes()])[0] % 4;
	if level == 0 || coin == 0 {
		let node = defined::<T>(leaves, level, index);
		builder.subtree(level, index, node).expect("ascending");
	} else if !is_vacant(leaves, level, index) {
		add_in_pieces(builder, leaves, seed, level - 1, index << 1);
		add_in_pieces(builder, leaves, seed, level - 1, (index << 1) | 1);
	}
}

fn entry(slot: Slot, units: u64) -> Entry {
	Entry {
		slot,
		old_leaf: [1; 32],
		new_leaf: [2; 32],
		readings: u8::try_from(slot % 128 + 1).expect("at most 128"),
		digest: [3; 32],
		units,
	}
}

/// The proof with the sibling of a level that it omits.
fn with_sibling(proof: &Proof, level: u8, sibling: Hash32) -> Proof {
	let before = proof.bitmap & ((1u32 << level) - 1);
	let mut siblings = proof.siblings.to_vec();
	siblings.insert(before.count_ones() as usize, sibling);
	let siblings = BoundedVec::truncate_from(siblings);
	Proof { bitmap: proof.bitmap | (1u32 << level), siblings }
}

fn stored(leaves: &BTreeMap<Slot, Hash32>) -> (MemoryStore, Hash32) {
	let mut nodes = MemoryStore::default();
	let leaves = leaves.iter().map(|(slot, leaf)| (*slot, *leaf));
	let root = store::update(&mut nodes, leaves).expect("memory does not fail");
	(nodes, root)
}

#[test]
fn empty_subtrees_follow_the_node_rules() {
	assert_eq!(LedgerTree::empty(0), [0; 32]);
	assert_eq!(TransitionTree::empty(0), Annotated { hash: [0; 32], sums: Sums::default() });
	for level in 0..DEPTH {
		let (ledger, transition) = (LedgerTree::empty(level), TransitionTree::empty(level));
		assert_eq!(LedgerTree::join(&ledger, &ledger), LedgerTree::empty(level + 1));
		let joined = TransitionTree::join(&transition, &transition);
		assert_eq!(joined, TransitionTree::empty(level + 1));
	}
	assert_eq!(empty_root(), LedgerTree::empty(DEPTH));
}

#[test]
fn fails_when_subtrees_overlap_or_leave_the_tree() {
	let behind = |level: u8, index: u32| {
		let mut builder = RootBuilder::<LedgerTree>::default();
		builder.subtree(2, 1, [7; 32]).expect("the first");
		builder.subtree(level, index, [8; 32])
	};
	for (level, index) in [(0, 0), (0, 7), (1, 3), (2, 0), (2, 1), (3, 0), (32, 0)] {
		assert_eq!(behind(level, index), Err(OutOfOrder), "{level} {index}");
	}
	for (level, index) in [(0, 8), (3, 1), (31, 1), (0, u32::MAX)] {
		assert_eq!(behind(level, index), Ok(()), "{level} {index}");
	}
	for (level, index) in [(33, 0), (64, 0), (255, 3), (32, 1), (31, 2), (1, 1 << 31)] {
		let mut builder = RootBuilder::<LedgerTree>::default();
		assert_eq!(builder.subtree(level, index, [8; 32]), Err(OutOfOrder), "{level} {index}");
	}
}

#[test]
fn works_when_the_whole_tree_is_one_piece() {
	let mut builder = RootBuilder::<LedgerTree>::default();
	builder.subtree(DEPTH, 0, [7; 32]).expect("the first");
	assert_eq!(builder.finish(), [7; 32]);
	assert_eq!(RootBuilder::<LedgerTree>::default().finish(), empty_root());
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn a_built_root_is_the_defined_one(slots in slots()) {
		let leaves = hashes(&slots);
		prop_assert_eq!(built::<LedgerTree>(&leaves), defined::<LedgerTree>(&leaves, DEPTH, 0));
	}

	#[test]
	fn a_root_does_not_depend_on_the_pieces_it_is_built_of(slots in slots(), seed in any::<u64>()) {
		let leaves = hashes(&slots);
		let mut builder = RootBuilder::<LedgerTree>::default();
		add_in_pieces(&mut builder, &leaves, seed, DEPTH, 0);
		prop_assert_eq!(builder.finish(), built::<LedgerTree>(&leaves));
	}

	#[test]
	fn a_transition_root_commits_to_the_sums_of_its_entries(
		slots in slots(), seed in any::<u64>(),
	) {
		let entries = slots.iter().map(|slot| (*slot, entry(*slot, seed >> (slot % 64)).node()));
		let entries: BTreeMap<Slot, Annotated> = entries.collect();
		let root = built::<TransitionTree>(&entries);
		prop_assert_eq!(root, defined::<TransitionTree>(&entries, DEPTH, 0));
		let units: u128 = slots.iter().map(|slot| u128::from(seed >> (slot % 64))).sum();
		let readings: u64 = slots.iter().map(|slot| u64::from(slot % 128 + 1)).sum();
		let devices = u32::try_from(slots.len()).expect("few");
		prop_assert_eq!(root.sums, Sums { units, readings, devices });
		if let Some(slot) = slots.first() {
			let mut other = entries;
			other.insert(*slot, entry(*slot, (seed >> (slot % 64)) ^ 1).node());
			prop_assert_ne!(built::<TransitionTree>(&other).hash, root.hash);
		}
	}

	#[test]
	fn a_transition_root_commits_to_the_sums_of_every_node(
		units in any::<u64>(), slot in any::<u32>(),
	) {
		let honest = entry(slot, units).node();
		let sums = Sums { units: honest.sums.units ^ 1, ..honest.sums };
		let lying = Annotated { sums, ..honest };
		let root = |node: Annotated| built::<TransitionTree>(&BTreeMap::from([(slot, node)])).hash;
		prop_assert_ne!(root(lying), root(honest));
	}

	#[test]
	fn a_proof_leads_to_the_root_from_its_own_slot_only(slots in slots(), vacant in any::<u32>()) {
		let leaves = hashes(&slots);
		let (nodes, root) = stored(&leaves);
		for (slot, leaf) in &leaves {
			let proof = store::prove(&nodes, *slot).expect("memory does not fail");
			prop_assert_eq!(proof.root(*slot, leaf), Ok(root));
			let near = (0u32..32).step_by(5).map(|bit| *slot ^ (1u32 << bit));
			for other in near.chain(slots.iter().copied()).filter(|other| other != slot) {
				prop_assert_ne!(proof.root(other, leaf), Ok(root));
			}
		}
		let proof = store::prove(&nodes, vacant).expect("memory does not fail");
		let leaf = leaves.get(&vacant).copied().unwrap_or_default();
		prop_assert_eq!(proof.root(vacant, &leaf), Ok(root));
	}

	#[test]
	fn an_altered_proof_does_not_lead_to_the_root(
		slots in slots(), at in any::<prop::sample::Index>(), bit in 0usize..256, level in 0u32..32,
	) {
		prop_assume!(slots.len() > 1);
		let leaves = hashes(&slots);
		let (nodes, root) = stored(&leaves);
		let slot = *at.get(&slots.iter().copied().collect::<Vec<_>>());
		let proof = store::prove(&nodes, slot).expect("memory does not fail");

		let mut siblings = proof.siblings.to_vec();
		let place = at.index(siblings.len());
		siblings[place][bit / 8] ^= 1 << (bit % 8);
		let siblings = BoundedVec::truncate_from(siblings);
		let altered = Proof { bitmap: proof.bitmap, siblings };
		prop_assert_ne!(altered.root(slot, &leaves[&slot]), Ok(root));

		let altered = Proof { bitmap: proof.bitmap ^ (1u32 << level), ..proof.clone() };
		prop_assert_eq!(altered.root(slot, &leaves[&slot]), Err(ProofFault::SiblingCount));

		let altered = Proof { bitmap: proof.bitmap.rotate_left(1), ..proof.clone() };
		if altered.bitmap != proof.bitmap {
			prop_assert_ne!(altered.root(slot, &leaves[&slot]), Ok(root));
		}
		let mut leaf = leaves[&slot];
		leaf[bit / 8] ^= 1 << (bit % 8);
		prop_assert_ne!(proof.root(slot, &leaf), Ok(root));
	}

	#[test]
	fn a_proof_has_one_encoding(slots in slots(), slot in any::<u32>()) {
		let (nodes, _) = stored(&hashes(&slots));
		let proof = store::prove(&nodes, slot).expect("memory does not fail");
		for level in (0..DEPTH).filter(|level| proof.bitmap & (1u32 << level) == 0) {
			let explicit = with_sibling(&proof, level, LedgerTree::empty(level));
			prop_assert_eq!(explicit.root(slot, &[9; 32]), Err(ProofFault::EmptySibling));
			let uncounted = Proof { bitmap: proof.bitmap, ..explicit };
			prop_assert_eq!(uncounted.root(slot, &[9; 32]), Err(ProofFault::SiblingCount));
		}
	}
}
