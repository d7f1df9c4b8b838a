//! The part of a ledger that a batch touches, as a telemetry source serves it.

use cairn_telemetry::{
	partial::{LedgerReader, Piece},
	payload::{Source, Unavailable},
	tree::{LedgerTree, RootBuilder},
};
use cairn_types::{Hash32, Slot};
use codec::{Decode, Encode};

use crate::{memory, source::Parts};

/// Roots before and after, and the bytes fetched.
type Folded = Result<(Hash32, Hash32, u64), Unavailable>;

/// Two bytes, and pieces of a ledger: how many bytes come at a time, and which of eight slots in turn
/// are sought. Accepted if the pieces are a ledger.
///
/// # Panics
/// As [`crate::Target::run`] says; also if it matters in which parts the pieces come, if a piece has a
/// second encoding, or if a ledger in which nothing changes has another root than its pieces.
#[must_use]
pub fn ledger(input: &[u8]) -> bool {
	let Some((&[parts, mask], bytes)) = input.split_first_chunk::<2>() else { return false };
	let (pieces, is_whole) = pieces(bytes);
	let slots = pieces.iter().filter_map(|piece| match piece {
		Piece::Leaf { slot, .. } | Piece::Vacant { slot } => Some(*slot),
		Piece::Subtree { .. } => None,
	});
	let sought: Vec<_> = slots
		.enumerate()
		.filter(|(index, _)| (mask >> (index % 8)) & 1 == 1)
		.map(|(_, slot)| slot)
		.collect();
	let limit = u64::try_from(bytes.len()).expect("lengths have 64 bits at most");
	let whole = memory::linear(input.len(), || fold(bytes, limit, &sought));
	assert_eq!(fold(Parts::new(bytes, parts), limit, &sought), whole);
	match whole {
		Ok((before, after, fetched)) => {
			assert!(is_whole && fetched == limit);
			assert_eq!(root(&pieces), Some(before));
			assert_eq!(before, after);
		},
		Err(why) => assert_eq!(why, Unavailable::BadLedger),
	}
	if let Ok((_, _, fetched)) = fold(bytes, limit / 2, &[]) {
		assert_eq!(fetched, limit / 2);
	}
	whole.is_ok()
}

/// The pieces, and whether nothing else follows.
fn pieces(bytes: &[u8]) -> (Vec<Piece>, bool) {
	let mut rest = bytes;
	let mut pieces = Vec::new();
	while !rest.is_empty() {
		let before = rest;
		let Ok(piece) = Piece::decode(&mut rest) else { return (pieces, false) };
		assert_eq!(piece.encode(), before[..before.len() - rest.len()], "a second encoding");
		pieces.push(piece);
	}
	(pieces, true)
}

/// Seek these slots, and put back what is there.
fn fold(source: impl Source, limit: u64, sought: &[Slot]) -> Folded {
	let mut reader = LedgerReader::new(source, limit);
	for slot in sought {
		if let Some(leaf) = reader.seek(*slot)? {
			reader.put(*slot, leaf.hash(*slot))?;
		}
	}
	reader.finish()
}

/// The root of these pieces; `None` if they do not ascend.
fn root(pieces: &[Piece]) -> Option<Hash32> {
	let mut builder = RootBuilder::<LedgerTree>::default();
	for piece in pieces {
		match piece {
			Piece::Subtree { level, index, hash } => builder.subtree(*level, *index, *hash).ok()?,
			Piece::Leaf { slot, leaf } => builder.leaf(*slot, leaf.hash(*slot)).ok()?,
			Piece::Vacant { .. } => {},
		}
	}
	Some(builder.finish())
}
