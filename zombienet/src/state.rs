//! What the chain stores of sessions, staking and offences, read by its keys.

use cairn_types::Hash32;
use codec::{Compact, Decode, Encode};
use serde_json::json;
use sp_crypto_hashing::{blake2_128, twox_64, twox_128};

use crate::node::Node;

/// An account, as the chain stores it.
pub type Account = [u8; 32];

/// Keys that one question is answered with.
const PAGE: u32 = 1_000;

/// First bytes of every key of a storage item; the key itself, if the item is one value.
#[must_use]
pub fn prefix(pallet: &str, item: &str) -> Vec<u8> {
	[twox_128(pallet.as_bytes()), twox_128(item.as_bytes())].concat()
}

/// The key of a map's entry, hashed by `Twox64Concat`.
fn by_number(pallet: &str, item: &str, key: u32) -> Vec<u8> {
	let key = key.encode();
	[prefix(pallet, item), twox_64(&key).to_vec(), key].concat()
}

/// The key of a map's entry, hashed by `Blake2_128Concat`.
fn by_account(pallet: &str, item: &str, account: &Account) -> Vec<u8> {
	[prefix(pallet, item), blake2_128(account).to_vec(), account.to_vec()].concat()
}

/// The key of a number of the runtime that is stored under its name.
#[must_use]
pub fn parameter(name: &str) -> Vec<u8> {
	twox_128(format!(":{name}:").as_bytes()).to_vec()
}

/// A slash that waits for its era, with what takes none of it left out.
#[derive(Clone, Debug, PartialEq, Eq, Decode)]
pub struct Unapplied {
	/// Whose validator.
	pub validator: Account,
	/// How much of the validator's own stake.
	pub own: u128,
	/// Of nominators.
	pub others: Vec<(Account, u128)>,
	/// Who is rewarded.
	pub reporters: Vec<Account>,
	/// The reward.
	pub payout: u128,
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

	/// Number of the current session; it is not stored before the first one has ended.
	pub async fn session(&self) -> Option<u32> {
		match self.storage(&prefix("Session", "CurrentIndex"), None).await.ok()? {
			Some(bytes) => u32::decode(&mut bytes.as_slice()).ok(),
			None => Some(0),
		}
	}

	/// Stashes of the current session's validators.
	pub async fn validators(&self) -> Option<Vec<Account>> {
		self.stored(&prefix("Session", "Validators"), None).await
	}

	/// How many of them are disabled; `None` without an answer.
	pub async fn disabled(&self) -> Option<u32> {
		let key = prefix("Session", "DisabledValidators");
		let Some(bytes) = self.storage(&key, None).await.ok()? else { return Some(0) };
		Compact::<u32>::decode(&mut bytes.as_slice()).ok().map(|Compact(count)| count)
	}

	/// Number of the era whose blocks are made now.
	pub async fn era(&self, at: Option<Hash32>) -> Option<u32> {
		self.stored(&prefix("Staking", "ActiveEra"), at).await
	}

	/// What a stash has at stake and unbonding.
	pub async fn stake(&self, stash: &Account, at: Option<Hash32>) -> Option<u128> {
		let key = by_account("Staking", "Ledger", stash);
		let (owner, Compact(total)): (Account, Compact<u128>) = self.stored(&key, at).await?;
		(owner == *stash).then_some(total)
	}

	/// Slashes that are applied as this era begins.
	pub async fn unapplied(&self, era: u32) -> Vec<Unapplied> {
		let key = by_number("Staking", "UnappliedSlashes", era);
		self.stored(&key, None).await.unwrap_or_default()
	}

	/// Who has earned points by blocks in this era.
	pub async fn authors(&self, era: u32) -> Vec<Account> {
		let key = by_number("Staking", "ErasRewardPoints", era);
		let points: Option<(u32, Vec<(Account, u32)>)> = self.stored(&key, None).await;
		points.map_or(Vec::new(), |(_, authors)| authors.into_iter().map(|(who, _)| who).collect())
	}

	/// How many vote on finality, by the node's own count.
	pub async fn voters(&self) -> Option<u64> {
		let state = self.rpc("grandpa_roundState", json!([])).await.ok()?;
		state["best"]["totalWeight"].as_u64()
	}
}
