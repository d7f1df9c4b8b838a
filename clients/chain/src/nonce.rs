//! Nonces of transactions to come, on a chain that forks.

use std::{
	collections::BTreeMap,
	sync::{Mutex, MutexGuard, PoisonError},
	time::Duration,
};

use subxt::utils::AccountId32;
use tokio::time::sleep;

use crate::{client::Chain, error::Error};

/// How often the best chain is looked at.
pub(crate) const LOOK: Duration = Duration::from_millis(500);
/// How many times for another best block: half a minute.
const LOOKS: u32 = 60;
/// Best blocks for which a transaction may be away in a reorganisation.
const BLOCKS: u32 = 3;

/// The newest nonce of each account that was seen in a block.
#[derive(Debug, Default)]
pub(crate) struct Used(Mutex<BTreeMap<[u8; 32], u32>>);

impl Used {
	/// A transaction with this nonce is in a block.
	pub(crate) fn note(&self, account: &[u8; 32], nonce: u32) {
		let mut used = self.lock();
		let newest = used.entry(*account).or_insert(nonce);
		*newest = nonce.max(*newest);
	}

	/// Whether a nonce is behind all that were seen.
	fn is_free(&self, account: &[u8; 32], nonce: u32) -> bool {
		self.lock().get(account).is_none_or(|newest| nonce > *newest)
	}

	/// What was seen is not so any more.
	fn forget(&self, account: &[u8; 32]) {
		self.lock().remove(account);
	}

	fn lock(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], u32>> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

impl Chain {
	/// The nonce of the account's next transaction, those in the pool counted.
	///
	/// # Errors
	/// If the node does not answer.
	pub async fn next_nonce(&self, account: &[u8; 32]) -> Result<u32, Error> {
		let account = &AccountId32(*account);
		let nonce = self
			.ask("an account's nonce", |link| async move {
				link.rpc.system_account_next_index(account).await
			})
			.await?;
		Ok(u32::try_from(nonce).unwrap_or(u32::MAX))
	}

	/// [`Chain::next_nonce`], which no transaction has that was sent from here and got into a block. A
	/// reorganisation takes such a transaction out of the best chain for a moment, and another one with
	/// its nonce could take its place for good.
	pub(crate) async fn free_nonce(&self, account: &[u8; 32]) -> Result<u32, Error> {
		for _ in 0..BLOCKS {
			let nonce = self.next_nonce(account).await?;
			if self.inner.used.is_free(account, nonce) {
				return Ok(nonce);
			}
			self.another_best().await?;
		}
		// It does not return: the node has lost its last blocks, or is not in sync, or the transaction is
		// invalid on this fork.
		self.inner.used.forget(account);
		self.next_nonce(account).await
	}

	/// Wait for another best block, for a while.
	pub(crate) async fn another_best(&self) -> Result<(), Error> {
		let best = self.best().await?;
		for _ in 0..LOOKS {
			sleep(LOOK).await;
			if self.best().await? != best {
				break;
			}
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::scripted_node::{Script, block, play};

	#[test]
	fn a_nonce_that_was_seen_in_a_block_is_not_free() {
		let used = Used::default();
		let (one, other) = ([1; 32], [2; 32]);
		assert!(used.is_free(&one, 0));
		used.note(&one, 7);
		used.note(&one, 5);
		assert!(!used.is_free(&one, 5) && !used.is_free(&one, 7) && used.is_free(&one, 8));
		assert!(used.is_free(&other, 7));
		used.forget(&one);
		assert!(used.is_free(&one, 0));
	}

	#[tokio::test]
	async fn what_a_reorganisation_took_away_is_waited_for() {
		let best = (1..10).map(|number| block(number, 1)).collect();
		let script = Script { best, nonces: vec![5, 5, 6], ..Script::default() };
		let (chain, _node) = play(script).await;
		chain.inner.used.note(&[1; 32], 5);
		assert_eq!(chain.free_nonce(&[1; 32]).await.expect("answers"), 6);
	}

	#[tokio::test]
	async fn what_does_not_return_is_given_up() {
		let best = (1..10).map(|number| block(number, 1)).collect();
		let script = Script { best, nonces: vec![5], ..Script::default() };
		let (chain, _node) = play(script).await;
		chain.inner.used.note(&[1; 32], 5);
		assert_eq!(chain.free_nonce(&[1; 32]).await.expect("answers"), 5);
		assert!(chain.inner.used.is_free(&[1; 32], 5), "it is not waited for again");
	}
}
