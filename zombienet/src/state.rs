//! What a node says of sessions, staking and offences, and what the chain stores under any key.

use cairn_chain::{At, ValidatorSet};
use cairn_types::Hash32;
use codec::Decode;
use serde_json::json;
use sp_crypto_hashing::twox_128;

use crate::node::Node;

pub use cairn_chain::storage_prefix as prefix;

/// An account, as the chain stores it.
pub type Account = [u8; 32];

/// Keys that one question is answered with.
const PAGE: u32 = 1_000;

/// The key of a number of the runtime that is stored under its name.
#[must_use]
pub fn parameter(name: &str) -> Vec<u8> {
	twox_128(format!(":{name}:").as_bytes()).to_vec()
}

/// A block, or the best one.
fn at(block: Option<Hash32>) -> At {
	block.map_or(At::Best, At::Block)
}

impl Node {
	/// The value under a key, at a block or at the best one.
	///
	/// # Errors
	/// If there is no answer.
	pub async fn storage(&self, key: &[u8], at: Option<Hash32>) -> Result<Option<Vec<u8>>, String> {
		let key = format!("0x{}", hex::encode(key));
		let parameters = match at {
			Some(hash) => json!([key, format!("0x{}", hex::encode(hash))]),
			None => json!([key]),
		};
		let value = self.rpc("state_getStorage", parameters).await?;
		let Some(text) = value.as_str() else { return Ok(None) };
		let digits = text.strip_prefix("0x").unwrap_or(text);
		hex::decode(digits).map(Some).map_err(|error| error.to_string())
	}

	/// The beginning of the value under a key; `None` if there is none, or no answer.
	pub async fn stored<T: Decode>(&self, key: &[u8], at: Option<Hash32>) -> Option<T> {
		let bytes = self.storage(key, at).await.ok()??;
		T::decode(&mut bytes.as_slice()).ok()
	}

	/// How many keys begin with `prefix`, a page at most.
	pub async fn count_keys(&self, prefix: &[u8], at: Option<Hash32>) -> Option<usize> {
		let prefix = format!("0x{}", hex::encode(prefix));
		let at = at.map(|hash| format!("0x{}", hex::encode(hash)));
		let keys = self.rpc("state_getKeysPaged", json!([prefix, PAGE, null, at])).await;
		Some(keys.ok()?.as_array()?.len())
	}

	/// The current session, who validates in it, and who of them is disabled; `None` without an
	/// answer.
	pub async fn validator_set(&self) -> Option<ValidatorSet> {
		Box::pin(self.chain.validator_set(At::Best)).await.ok()
	}

	/// Number of the era whose blocks are made now.
	pub async fn era(&self, block: Option<Hash32>) -> Option<u32> {
		let eras = Box::pin(self.chain.eras(at(block))).await.ok()?;
		Some(eras.active)
	}

	/// What a stash has at stake and unbonding.
	pub async fn stake(&self, stash: &Account, block: Option<Hash32>) -> Option<u128> {
		let stake = Box::pin(self.chain.stake(stash, at(block))).await.ok()??;
		Some(stake.total)
	}

	/// What a validator loses of its own stake for an offence of its own as this era begins; `None`
	/// if that is not scheduled, or without an answer.
	pub async fn scheduled_slash(&self, validator: &Account, era: u32) -> Option<u128> {
		let slashes = Box::pin(self.chain.scheduled_slashes(validator, At::Best)).await.ok()?;
		let mut own = slashes.iter().filter(|slash| slash.validator == *validator);
		own.find(|slash| slash.era == era).map(|slash| slash.own)
	}

	/// Whether a validator has earned points by blocks in this era; `None` without an answer.
	pub async fn has_points(&self, validator: &Account, era: u32) -> Option<bool> {
		let eras = Box::pin(self.chain.era_views(validator, era..era + 1, At::Best)).await.ok()?;
		Some(eras.first()?.points > 0)
	}

	/// How many vote on finality, by the node's own count.
	pub async fn voters(&self) -> Option<u64> {
		let state = self.rpc("grandpa_roundState", json!([])).await.ok()?;
		state["best"]["totalWeight"].as_u64()
	}
}
