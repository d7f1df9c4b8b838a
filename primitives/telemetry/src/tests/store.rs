//! The kept tree: it agrees with the builder, and its cost grows with the slots touched only.

use std::{
	cell::Cell,
	collections::{BTreeMap, BTreeSet},
	convert::Infallible,
};

use cairn_types::{DeviceId, Hash32, Slot};
use codec::{Decode, Encode};
use proptest::prelude::*;

use super::{
	tree::{built, hashes, slots},
	world::{leaf_of, partial_ledger},
};
use crate::{
	Leaf,
	partial::{LedgerReader, Piece, size_limit},
	payload::Unavailable,
	store::{self, MemoryStore, NodeStore},
	tree::{LedgerTree, empty_root},
};

#[derive(Default)]
struct CountingStore {
	nodes: MemoryStore,
	reads: Cell<usize>,
	writes: usize,
}

impl NodeStore for CountingStore {
	type Error = Infallible;

	fn node(&self, level: u8, index: u32) -> Result<Option<Hash32>, Infallible> {
		self.reads.set(self.reads.get() + 1);
		self.nodes.node(level, index)
	}

	fn set_node(&mut self, level: u8, index: u32, hash: Hash32) -> Result<(), Infallible> {
		self.writes += 1;
		self.nodes.set_node(level, index, hash)
	}
}

/// A ledger with one leaf per slot, and its tree.
fn ledger_of(slots: &BTreeSet<Slot>) -> (BTreeMap<Slot, Leaf>, MemoryStore, Hash32) {
	let leaf = |slot: &Slot| (*slot, leaf_of(DeviceId(u64::from(*slot))));
	let ledger: BTreeMap<Slot, Leaf> = slots.iter().map(leaf).collect();
	let mut nodes = MemoryStore::default();
	let leaves = ledger.iter().map(|(slot, leaf)| (*slot, leaf.hash(*slot)));
	let root = store::update(&mut nodes, leaves).expect("memory does not fail");
	(ledger, nodes, root)
}

fn decoded(mut bytes: &[u8]) -> Vec<Piece> {
	let mut pieces = Vec::new();
	while !bytes.is_empty() {
		pieces.push(Piece::decode(&mut bytes).expect("whole pieces"));
	}
	pieces
}

/// Roots before and after that a reader makes of pieces when each touched slot gets a leaf; the
/// leaves it saw must be the ledger's.
fn read(
	bytes: &[u8],
	ledger: &BTreeMap<Slot, Leaf>,
	touched: &BTreeMap<Slot, Hash32>,
) -> Result<(Hash32, Hash32), Unavailable> {
	let limit = size_limit(135 * touched.len() as u64);
	let mut reader = LedgerReader::new(bytes, limit);
	for (slot, leaf) in touched {
		if reader.seek(*slot)?.as_ref() != ledger.get(slot) {
			return Err(Unavailable::Mismatch);
		}
		reader.put(*slot, *leaf)?;
	}
	reader.finish().map(|(before, after, _)| (before, after))
}

#[test]
fn works_when_nothing_is_there() {
	let mut nodes = MemoryStore::default();
	assert_eq!(store::root(&nodes), Ok(empty_root()));
	assert_eq!(store::update(&mut nodes, []), Ok(empty_root()));
	assert_eq!(partial_ledger(&nodes, &BTreeMap::new(), &[]), Vec::<u8>::new());
	let vacant = Piece::Vacant { slot: 5 }.encode();
	assert_eq!(partial_ledger(&nodes, &BTreeMap::new(), &[5]), vacant);
}

#[test]
fn works_when_nothing_is_touched() {
	let (ledger, nodes, root) = ledger_of(&BTreeSet::from([1, 2, 900]));
	let whole = Piece::Subtree { level: 32, index: 0, hash: root };
	assert_eq!(decoded(&partial_ledger(&nodes, &ledger, &[])), [whole]);
}

#[test]
fn fails_when_a_subtree_hides_a_touched_slot() {
	let (ledger, _, root) = ledger_of(&BTreeSet::from([7]));
	let hidden = Piece::Subtree { level: 0, index: 7, hash: ledger[&7].hash(7) };
	let bytes = [hidden.encode(), Piece::Vacant { slot: 7 }.encode()].concat();
	let mut reader = LedgerReader::new(bytes.as_slice(), 1_000);
	assert_eq!(reader.seek(7), Ok(None));
	assert_eq!(reader.put(7, [9; 32]), Err(Unavailable::BadLedger));
	let mut reader = LedgerReader::new(bytes.as_slice(), 1_000);
	assert_eq!(reader.seek(6), Err(Unavailable::BadLedger));
	let reader = LedgerReader::new(bytes.as_slice(), 1_000);
	assert_eq!(reader.finish(), Ok((root, root, bytes.len() as u64)));
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn updates_lead_to_the_root_that_is_built_at_once(first in slots(), second in slots()) {
		let mut nodes = MemoryStore::default();
		let mut leaves = hashes(&first);
		store::update(&mut nodes, leaves.clone()).expect("memory does not fail");
		let changes = second.iter().map(|slot| (*slot, [7; 32]));
		let root = store::update(&mut nodes, changes.clone()).expect("memory does not fail");
		leaves.extend(changes);
		prop_assert_eq!(root, built::<LedgerTree>(&leaves));
		prop_assert_eq!(store::root(&nodes), Ok(root));
	}

	#[test]
	fn the_cost_of_an_update_grows_with_the_slots_touched_only(
		size in 0u32..500, touched in slots(),
	) {
		let mut nodes = CountingStore::default();
		let dense = (0..size).collect();
		store::update(&mut nodes, hashes(&dense)).expect("memory does not fail");
		nodes.writes = 0;
		nodes.reads.set(0);
		store::update(&mut nodes, hashes(&touched)).expect("memory does not fail");
		prop_assert!(nodes.writes <= 33 * touched.len());
		prop_assert!(nodes.reads.get() <= 64 * touched.len() + 1);
	}

	#[test]
	fn pieces_lead_to_the_roots_before_and_after(present in slots(), touched in slots()) {
		let (ledger, mut nodes, root) = ledger_of(&present);
		let slots: Vec<Slot> = touched.iter().copied().collect();
		let bytes = partial_ledger(&nodes, &ledger, &slots);
		let changes = hashes(&touched);
		let after = store::update(&mut nodes, changes.clone()).expect("memory does not fail");
		prop_assert_eq!(read(&bytes, &ledger, &changes), Ok((root, after)));
	}

	#[test]
	fn the_size_of_a_partial_ledger_grows_with_the_slots_touched_only(
		size in 0u32..500, touched in slots(),
	) {
		let (ledger, nodes, _) = ledger_of(&(0..size).collect());
		let counting = CountingStore { nodes, ..CountingStore::default() };
		let slots: Vec<Slot> = touched.iter().copied().collect();
		let (mut pieces, mut bytes) = (0usize, 0usize);
		store::pieces(
			&counting,
			&slots,
			&mut |slot| Ok(ledger.get(&slot).cloned()),
			&mut |piece| {
				pieces += 1;
				bytes += piece.encoded_size();
			},
		)
		.expect("memory does not fail");
		prop_assert!(pieces <= (33 * slots.len()).max(1));
		prop_assert!(bytes as u64 <= size_limit(135 * slots.len() as u64));
		prop_assert!(counting.reads.get() <= 65 * slots.len() + 1);
	}

	#[test]
	fn a_partial_ledger_without_one_of_its_pieces_is_refused(
		present in slots(), touched in slots(), at in any::<prop::sample::Index>(),
	) {
		let (ledger, mut nodes, root) = ledger_of(&present);
		let slots: Vec<Slot> = touched.iter().copied().collect();
		let mut pieces = decoded(&partial_ledger(&nodes, &ledger, &slots));
		prop_assume!(!pieces.is_empty());
		let changes = hashes(&touched);
		let after = store::update(&mut nodes, changes.clone()).expect("memory does not fail");
		pieces.remove(at.index(pieces.len()));
		let bytes: Vec<u8> = pieces.iter().flat_map(Encode::encode).collect();
		prop_assert_ne!(read(&bytes, &ledger, &changes), Ok((root, after)));
	}
}
