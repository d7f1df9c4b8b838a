//! Session keys and who validates: what a node is asked to make, what the chain has of it, and what
//! committees are owed by their members.

use std::collections::BTreeMap;

use cairn_telemetry::Sums;
use cairn_types::{Amount, Attempt, GatewayId, Hash32, Tick, Window};
use codec::{Decode, Encode};
use subxt::rpcs::client::RpcParams;

use crate::{
	client::{At, Chain},
	error::{Error, of_rpc},
	staking::SessionIndex,
	state::{numbers, undecodable, whole},
	storage::{Vote, prefix, twox_64_concat},
};

/// The keys that a validator works with, in the runtime's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SessionKeys {
	/// For block production: sr25519.
	pub babe: [u8; 32],
	/// For finality: ed25519.
	pub grandpa: [u8; 32],
	/// For being found by other validators: sr25519.
	pub authority_discovery: [u8; 32],
	/// For verdicts: sr25519.
	pub telemetry: [u8; 32],
}

impl SessionKeys {
	/// Each key with its name.
	#[must_use]
	pub const fn named(&self) -> [(&'static str, [u8; 32]); 4] {
		[
			("babe", self.babe),
			("grandpa", self.grandpa),
			("authority_discovery", self.authority_discovery),
			("telemetry", self.telemetry),
		]
	}
}

/// Keys that a node has just made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSessionKeys {
	/// The keys.
	pub keys: SessionKeys,
	/// That they are its owner's: a signature by each.
	pub proof: Vec<u8>,
}

/// Who validates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValidatorSet {
	/// The current session.
	pub session: SessionIndex,
	/// Its validators, by index.
	pub members: Vec<[u8; 32]>,
	/// Those of the next session, with the keys they will work with.
	pub queued: Vec<([u8; 32], SessionKeys)>,
	/// Indices of members that may not work now, because of an offence.
	pub disabled: Vec<u32>,
}

/// What a committee found: telemetry's `Outcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Decode)]
pub enum Ruling {
	/// Attested.
	Valid,
	/// Wrong.
	Invalid,
	/// Not to be had.
	Unavailable,
	/// Too few verdicts of any kind.
	Missing,
}

/// What became of a batch: telemetry's `BatchStage`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Decode)]
pub enum DutyStage {
	/// Waits for verdicts.
	Pending,
	/// Attested; its committee may vote until `due`.
	Attested {
		/// First tick at which no verdict is accepted any more.
		due: Tick,
		/// How many batches of the gateway were attested before it.
		ordinal: u32,
	},
	/// Dead of its own.
	Dead(Ruling),
}

/// A batch as its committee answers for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DutyView {
	/// Whose batch.
	pub gateway: GatewayId,
	/// Of which window.
	pub window: Window,
	/// Which try.
	pub attempt: Attempt,
	/// Tick of the window.
	pub tick: Tick,
	/// Session whose validators the committee is drawn from.
	pub session: SessionIndex,
	/// Members, as indices into that session's validators; empty until the first verdict.
	pub committee: Vec<u32>,
	/// Their votes, in the same order.
	pub votes: Vec<Vote>,
	/// What became of it.
	pub stage: DutyStage,
}

/// The beginning of telemetry's `BatchRecord`.
#[derive(Decode)]
struct BatchDuty {
	_header_hash: Hash32,
	_ledger_root: Hash32,
	_payload_size: u64,
	_sums: Sums,
	tick: Tick,
	/// Sealed at, sealed in.
	_sealed: [u32; 2],
	session: SessionIndex,
	/// Validators, members, ordinal.
	_numbers: [u32; 3],
	_fees: [Amount; 2],
	committee: Vec<u32>,
	votes: Vec<Vote>,
	stage: DutyStage,
}

/// Functions fail only as [`Chain`]'s questions do, and where a node keeps its keys to itself.
impl Chain {
	/// Let the node make session keys for `owner`; it keeps those it has, too.
	///
	/// # Errors
	/// [`Error::UnsafeRpc`] if the node does not do this for a connection like this one.
	pub async fn new_session_keys(&self, owner: &[u8; 32]) -> Result<NewSessionKeys, Error> {
		const REQUEST: &str = "new session keys";
		let mut params = RpcParams::new();
		params
			.push(format!("0x{}", hex::encode(owner)))
			.map_err(|cause| of_rpc(self.url(), REQUEST, &cause))?;
		let params = &params;
		// `GeneratedSessionKeys` of sc-rpc-api: in hex, without proof if the runtime knows none.
		let answer: BTreeMap<String, String> = self
			.ask(REQUEST, |link| async move {
				link.raw.request("author_rotateKeysWithOwner", params.clone()).await
			})
			.await?;
		let keys = bytes_of(REQUEST, &answer, "keys")?;
		let proof = bytes_of(REQUEST, &answer, "proof")?;
		Ok(NewSessionKeys { keys: whole(REQUEST, &keys)?, proof })
	}

	/// Whether the node has the secrets of all these keys.
	///
	/// # Errors
	/// [`Error::UnsafeRpc`] if the node does not say so to a connection like this one.
	pub async fn has_session_keys(&self, keys: &SessionKeys) -> Result<bool, Error> {
		let bytes = keys.encode();
		let bytes = &bytes;
		self.ask("whether it has session keys", |link| async move {
			link.rpc.author_has_session_keys(bytes.clone()).await
		})
		.await
	}

	/// The keys that an account has registered for the sessions after the next.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn session_keys(
		&self,
		account: &[u8; 32],
		at: At,
	) -> Result<Option<SessionKeys>, Error> {
		let key = [prefix("Session", "NextKeys"), twox_64_concat(account)].concat();
		self.stored("session keys", &key, at).await
	}

	/// Who validates.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn validator_set(&self, at: At) -> Result<ValidatorSet, Error> {
		let keys = ["CurrentIndex", "Validators", "QueuedKeys", "DisabledValidators"]
			.map(|item| prefix("Session", item));
		let mut answers = self.stored_many("the session", &keys, at).await?;
		let session = answers.take_or_default()?;
		let members = answers.take_or_default()?;
		let queued = answers.take_or_default()?;
		// Each with how severe its offence was, in billionths.
		let disabled: Vec<(u32, u32)> = answers.take_or_default()?;
		let disabled = disabled.into_iter().map(|(index, _)| index).collect();
		Ok(ValidatorSet { session, members, queued, disabled })
	}

	/// Every batch that is kept, by gateway, window and attempt.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn duties(&self, at: At) -> Result<Vec<DutyView>, Error> {
		let mut found = Vec::new();
		let map = prefix("Telemetry", "Batches");
		self.for_each_entry("the batches", &map, at, |key, value| {
			let [gateway, window, attempt] = numbers(key)?;
			let BatchDuty { tick, session, committee, votes, stage, .. } =
				BatchDuty::decode(&mut &*value)?;
			found.push(DutyView {
				gateway: GatewayId(gateway),
				window,
				attempt,
				tick,
				session,
				committee,
				votes,
				stage,
			});
			Ok(())
		})
		.await?;
		found.sort_by_key(|view| (view.gateway, view.window, view.attempt));
		Ok(found)
	}

	/// Whose verdict keys a session has, by the validator's index; those that no batch needs any
	/// more are gone.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn verdict_stashes(
		&self,
		session: SessionIndex,
		at: At,
	) -> Result<BTreeMap<u32, [u8; 32]>, Error> {
		let mut found = BTreeMap::new();
		let map = [prefix("Telemetry", "Keys"), twox_64_concat(&session)].concat();
		self.for_each_entry("a session's verdict keys", &map, at, |key, value| {
			let [_, index] = numbers(key)?;
			// The stash, then its key.
			found.insert(index, <[u8; 32]>::decode(&mut &*value)?);
			Ok(())
		})
		.await?;
		Ok(found)
	}
}

/// The bytes of a field in hex.
fn bytes_of(
	request: &str,
	answer: &BTreeMap<String, String>,
	field: &str,
) -> Result<Vec<u8>, Error> {
	let text = answer
		.get(field)
		.ok_or_else(|| undecodable(request, &format!("it has no field {field:?}")))?;
	let digits = text.strip_prefix("0x").unwrap_or(text);
	hex::decode(digits).map_err(|cause| undecodable(request, &cause.to_string()))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn keys_are_told_apart_by_name() {
		let keys = SessionKeys {
			babe: [1; 32],
			grandpa: [2; 32],
			authority_discovery: [3; 32],
			telemetry: [4; 32],
		};
		assert_eq!(keys.encode().len(), 128);
		assert_eq!(keys.named()[3], ("telemetry", [4; 32]));
		assert_eq!(whole::<SessionKeys>("keys", &keys.encode()).expect("128 bytes"), keys);
		assert!(whole::<SessionKeys>("keys", &[0; 160]).is_err());
	}

	#[test]
	fn an_answer_is_read_by_its_fields() {
		let answer = BTreeMap::from([
			("keys".to_owned(), "0x0102".to_owned()),
			("proof".to_owned(), "zz".to_owned()),
		]);
		assert_eq!(bytes_of("keys", &answer, "keys").expect("hex"), [1, 2]);
		assert!(bytes_of("keys", &answer, "proof").is_err());
		let missing = bytes_of("keys", &answer, "other").expect_err("no such field").to_string();
		assert!(missing.contains("no field \"other\""), "{missing}");
	}
}
