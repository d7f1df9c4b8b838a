//! The way of transactions from a sender into the chain: lanes that keep their order, what pools do
//! with them, and what the best chain has taken in.

use std::collections::{BTreeMap, VecDeque};

use cairn_chain::BlockId;
use cairn_types::Hash32;

/// What a node answers if it has the transaction already: from a peer, or from a request whose
/// answer was lost.
const ALREADY_IMPORTED: i32 = 1_013;
/// What a node answers if its pool has no room.
const DROPPED: i32 = 1_016;

/// What a pool did with a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
	/// It waits there, or did before.
	Accepted,
	/// There was no room.
	Dropped,
	/// It will never be accepted; why.
	Refused(String),
}

impl Fate {
	/// The fate behind an error of `author_submitExtrinsic`.
	#[must_use]
	pub fn of_error(code: i32, words: &str) -> Self {
		match code {
			ALREADY_IMPORTED => Self::Accepted,
			DROPPED => Self::Dropped,
			_ => Self::Refused(format!("{code} {words}")),
		}
	}
}

/// Signed transactions, in the order in which they are to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lane(VecDeque<String>);

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
	/// Transactions that were accepted.
	pub accepted: usize,
	/// Transactions for which there was no room: they are sent again.
	pub dropped: usize,
	/// Transactions that were refused: they are not.
	pub refused: usize,
	/// Why the first of these was.
	pub cause: Option<String>,
}

impl FromIterator<String> for Lane {
	fn from_iter<T: IntoIterator<Item = String>>(transactions: T) -> Self {
		Self(transactions.into_iter().collect())
	}
}

impl Lane {
	/// Whether nothing is left.
	#[must_use]
	pub fn is_empty(&self) -> bool {
		self.0.is_empty()
	}

	/// How many are left.
	#[must_use]
	pub fn len(&self) -> usize {
		self.0.len()
	}

	/// Take out the next ones, at most `most`.
	pub fn next_batch(&mut self, most: usize) -> Vec<String> {
		self.0.drain(..most.min(self.0.len())).collect()
	}

	/// Put a batch back, to be sent next: an account's nonces stay in order.
	pub fn put_back(&mut self, batch: Vec<String>) {
		batch.into_iter().rev().for_each(|transaction| self.0.push_front(transaction));
	}

	/// Take down what became of a batch; what was dropped is sent next.
	pub fn settle(&mut self, batch: Vec<String>, fates: Vec<Fate>) -> Settled {
		let (mut settled, mut dropped) = (Settled::default(), Vec::new());
		for (transaction, fate) in batch.into_iter().zip(fates) {
			match fate {
				Fate::Accepted => settled.accepted += 1,
				Fate::Dropped => dropped.push(transaction),
				Fate::Refused(cause) => {
					settled.refused += 1;
					settled.cause.get_or_insert(cause);
				},
			}
		}
		settled.dropped = dropped.len();
		self.put_back(dropped);
		settled
	}
}

/// What the best chain has taken in since a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
	base: u32,
	/// By height: the block there, and its signed transactions.
	blocks: BTreeMap<u32, (Hash32, u32)>,
}

impl Taken {
	/// Count what comes after the block `base`.
	#[must_use]
	pub const fn since(base: u32) -> Self {
		Self { base, blocks: BTreeMap::new() }
	}

	/// Let the chain end with this block; returns it if it has to be looked at.
	pub fn reorganise(&mut self, best: BlockId) -> Option<Hash32> {
		self.blocks.retain(|number, _| *number <= best.number);
		self.unknown(best)
	}

	/// Count a block; returns the one before it, `parent`, if that has to be looked at.
	pub fn insert(&mut self, block: BlockId, signed: u32, parent: Hash32) -> Option<Hash32> {
		self.blocks.insert(block.number, (block.hash, signed));
		self.unknown(BlockId { number: block.number.checked_sub(1)?, hash: parent })
	}

	fn unknown(&self, block: BlockId) -> Option<Hash32> {
		let is_known = self.blocks.get(&block.number).is_some_and(|(hash, _)| *hash == block.hash);
		(block.number > self.base && !is_known).then_some(block.hash)
	}

	/// Signed transactions in the blocks that were looked at and are on the best chain.
	#[must_use]
	pub fn total(&self) -> u64 {
		self.blocks.values().map(|(_, signed)| u64::from(*signed)).sum()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn lane(transactions: &[&str]) -> Lane {
		transactions.iter().map(|transaction| (*transaction).to_owned()).collect()
	}

	fn block(number: u32, fork: u8) -> BlockId {
		let low = u8::try_from(number).expect("small");
		BlockId { number, hash: [low ^ (fork << 7); 32] }
	}

	#[test]
	fn errors_of_pools_are_told_apart() {
		assert_eq!(Fate::of_error(1_013, "Already Imported"), Fate::Accepted);
		assert_eq!(Fate::of_error(1_016, "Immediately Dropped"), Fate::Dropped);
		let refused = Fate::of_error(1_010, "Invalid Transaction");
		assert_eq!(refused, Fate::Refused("1010 Invalid Transaction".to_owned()));
	}

	#[test]
	fn batches_are_no_longer_than_what_is_left() {
		let mut lane = lane(&["a", "b", "c"]);
		assert_eq!(lane.next_batch(2), ["a", "b"]);
		assert_eq!(lane.next_batch(2), ["c"]);
		assert!(lane.is_empty());
		assert!(lane.next_batch(2).is_empty());
	}

	#[test]
	fn what_was_dropped_is_sent_next_in_its_order() {
		let mut sent = lane(&["a", "b", "c", "d", "e"]);
		let batch = sent.next_batch(4);
		let refused = |cause: &str| Fate::Refused(cause.to_owned());
		let fates = vec![refused("first"), Fate::Dropped, refused("second"), Fate::Dropped];
		let settled = sent.settle(batch, fates);
		let cause = Some("first".to_owned());
		assert_eq!(settled, Settled { accepted: 0, dropped: 2, refused: 2, cause });
		assert_eq!(sent, lane(&["b", "d", "e"]));
	}

	#[test]
	fn what_was_accepted_is_gone() {
		let mut sent = lane(&["a", "b"]);
		let batch = sent.next_batch(2);
		let settled = sent.settle(batch, vec![Fate::Accepted, Fate::Accepted]);
		assert_eq!(settled, Settled { accepted: 2, ..Settled::default() });
		assert_eq!(sent.len(), 0);
	}

	#[test]
	fn a_batch_that_was_not_answered_is_put_back() {
		let mut sent = lane(&["a", "b", "c"]);
		let batch = sent.next_batch(2);
		sent.put_back(batch);
		assert_eq!(sent, lane(&["a", "b", "c"]));
	}

	#[test]
	fn blocks_are_counted_back_to_the_base() {
		let mut taken = Taken::since(10);
		assert_eq!(taken.reorganise(block(12, 0)), Some(block(12, 0).hash));
		let next = taken.insert(block(12, 0), 5, block(11, 0).hash);
		assert_eq!(next, Some(block(11, 0).hash));
		assert_eq!(taken.insert(block(11, 0), 3, block(10, 0).hash), None, "the base");
		assert_eq!(taken.total(), 8);
		assert_eq!(taken.reorganise(block(12, 0)), None, "known already");
		assert_eq!(taken.reorganise(block(10, 0)), None, "not after the base");
	}

	#[test]
	fn blocks_of_a_fork_do_not_count_any_more() {
		let mut taken = Taken::since(10);
		taken.insert(block(11, 0), 3, block(10, 0).hash);
		taken.insert(block(12, 0), 5, block(11, 0).hash);
		taken.insert(block(13, 0), 7, block(12, 0).hash);
		assert_eq!(taken.reorganise(block(12, 1)), Some(block(12, 1).hash));
		assert_eq!(taken.insert(block(12, 1), 1, block(11, 0).hash), None, "known already");
		assert_eq!(taken.total(), 4);
	}
}
