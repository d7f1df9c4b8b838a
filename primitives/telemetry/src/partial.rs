//! The part of a ledger that a batch touches, as a stream: enough to recompute the root before and
//! after, at a cost that grows with the devices that reported and not with the ledger.

use cairn_types::{Hash32, Slot};
use codec::{Decode, Encode};

use crate::{
	ledger::Leaf,
	payload::{Source, Stream, Unavailable},
	tree::{LedgerTree, RootBuilder},
};

/// One piece of a ledger; pieces come in ascending order of slots and do not overlap.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Piece {
	/// A subtree that no reading touches.
	Subtree {
		/// Its height.
		level: u8,
		/// Which of that height.
		index: u32,
		/// Its root.
		hash: Hash32,
	},
	/// A leaf.
	Leaf {
		/// Its place.
		slot: Slot,
		/// What it says.
		leaf: Leaf,
	},
	/// A slot that has no leaf yet.
	Vacant {
		/// Its place.
		slot: Slot,
	},
}

/// Fewest bytes that a device takes in a payload: slot, count, and one signed reading without values.
const MIN_DEVICE_BYTES: u64 = 135;

/// Most bytes of a partial ledger for a payload of `payload_size` bytes: each of the devices that fit
/// brings a leaf of at most 768 bytes and at most 32 subtrees of 38.
#[must_use]
pub const fn size_limit(payload_size: u64) -> u64 {
	payload_size.div_ceil(MIN_DEVICE_BYTES).saturating_mul(768 + 32 * 38).saturating_add(4_096)
}

/// Reads a partial ledger beside a payload and folds the roots before and after.
pub struct LedgerReader<S> {
	stream: Stream<S, ()>,
	before: RootBuilder<LedgerTree>,
	after: RootBuilder<LedgerTree>,
}

impl<S: Source> LedgerReader<S> {
	/// Read at most `limit` bytes of `source`.
	pub fn new(source: S, limit: u64) -> Self {
		Self {
			stream: Stream::new(source, limit, ()),
			before: RootBuilder::default(),
			after: RootBuilder::default(),
		}
	}

	/// The leaf of `slot` before the batch; everything before it is folded into both roots. Follow
	/// with [`LedgerReader::put`].
	///
	/// # Errors
	/// [`Unavailable`] if the source fails or has no piece for exactly this slot.
	pub fn seek(&mut self, slot: Slot) -> Result<Option<Leaf>, Unavailable> {
		loop {
			match self.next()?.ok_or(Unavailable::BadLedger)? {
				Piece::Leaf { slot: here, leaf } if here == slot => {
					let hash = leaf.hash(here);
					self.before.leaf(here, hash).map_err(|_| Unavailable::BadLedger)?;
					return Ok(Some(leaf));
				},
				Piece::Vacant { slot: here } if here == slot => return Ok(None),
				piece => {
					if piece.start() > u64::from(slot) {
						return Err(Unavailable::BadLedger);
					}
					self.pass(&piece)?;
				},
			}
		}
	}

	/// The leaf of `slot` after the batch.
	///
	/// # Errors
	/// [`Unavailable`] if slots did not ascend.
	pub fn put(&mut self, slot: Slot, leaf: Hash32) -> Result<(), Unavailable> {
		self.after.leaf(slot, leaf).map_err(|_| Unavailable::BadLedger)
	}

	/// Roots before and after, and the bytes fetched.
	///
	/// # Errors
	/// [`Unavailable`] if the source fails or its pieces are out of order.
	pub fn finish(mut self) -> Result<(Hash32, Hash32, u64), Unavailable> {
		while let Some(piece) = self.next()? {
			self.pass(&piece)?;
		}
		Ok((self.before.finish(), self.after.finish(), self.stream.fetched()))
	}

	fn next(&mut self) -> Result<Option<Piece>, Unavailable> {
		if self.stream.is_finished()? {
			return Ok(None);
		}
		let piece = Piece::decode(&mut self.stream);
		piece.map(Some).map_err(|_| self.stream.failure().unwrap_or(Unavailable::BadLedger))
	}

	/// Fold a piece that the batch does not touch into both roots.
	fn pass(&mut self, piece: &Piece) -> Result<(), Unavailable> {
		let (level, index, hash) = match piece {
			Piece::Subtree { level, index, hash } => (*level, *index, *hash),
			Piece::Leaf { slot, leaf } => (0, *slot, leaf.hash(*slot)),
			Piece::Vacant { .. } => return Ok(()),
		};
		self.before.subtree(level, index, hash).map_err(|_| Unavailable::BadLedger)?;
		self.after.subtree(level, index, hash).map_err(|_| Unavailable::BadLedger)
	}
}

impl Piece {
	/// First slot that the piece covers.
	fn start(&self) -> u64 {
		match self {
			Self::Subtree { level, index, .. } => {
				u64::from(*index).checked_shl(u32::from(*level)).unwrap_or(u64::MAX)
			},
			Self::Leaf { slot, .. } | Self::Vacant { slot } => u64::from(*slot),
		}
	}
}
