//! The first validators: stakes that their stashes can bear, and keys that are theirs alone.

use super::{Checks, Funds, Staking, Validator, ss58};
use crate::chain_spec::create::{decimal::in_tokens, input};
use cairn_runtime::{
	AccountId, Balance, configs::staking::MAX_ELECTABLE_TARGETS, currency::EXISTENTIAL_DEPOSIT,
	opaque::SessionKeys,
};
use sp_core::{bytes::from_hex, ed25519, sr25519};
use std::collections::BTreeMap;
use toml::Spanned;

/// Length of a public key in hex, with its `0x`.
const KEY_DIGITS: usize = 2 + 2 * 32;

/// Which validator, and on which line, a session key was first given to.
type KeyOwners = BTreeMap<[u8; 32], (usize, usize)>;

impl Checks<'_> {
	/// The validators whose stash, stake and keys are all right.
	pub(super) fn validators(
		&mut self,
		given: &[input::Validator],
		staking: &Staking,
		funds: &Funds,
	) -> Vec<Validator> {
		let most = usize::try_from(MAX_ELECTABLE_TARGETS).unwrap_or(usize::MAX);
		if let Some(surplus) = given.get(most) {
			self.mistake(
				&surplus.stash,
				format!("an election has no more than {most} candidates"),
				"leave out this validator and those after it",
			);
		}
		let mut lines = BTreeMap::new();
		let mut owners = KeyOwners::new();
		let validators = given.iter().enumerate().filter_map(|(index, validator)| {
			let stash = self.unique("stash", &validator.stash, &mut lines);
			let stake = self.stake(validator, stash.as_ref(), staking, funds);
			let keys = self.keys(&validator.keys, index, &mut owners);
			Some(Validator { stash: stash?, stake: stake?, keys: keys? })
		});
		validators.collect()
	}

	/// The stake of a validator, which has to be enough, and its stash's own.
	fn stake(
		&mut self,
		validator: &input::Validator,
		stash: Option<&AccountId>,
		staking: &Staking,
		funds: &Funds,
	) -> Option<Balance> {
		let balance = stash.map(|stash| funds.by_owner.get(stash));
		if balance == Some(None) {
			self.mistake(
				&validator.stash,
				format!("the stash {} owns nothing", validator.stash.get_ref()),
				format!(
					"add a [[balance]] of its stake and {} tokens more",
					in_tokens(EXISTENTIAL_DEPOSIT)
				),
			);
		}
		let stake = self.tokens(&validator.stake)?;
		let least = staking.min_validator_bond.max(EXISTENTIAL_DEPOSIT);
		if stake < least {
			self.mistake(
				&validator.stake,
				format!(
					"a stake of {} is less than the least, {}",
					in_tokens(stake),
					in_tokens(least)
				),
				"raise the stake, or lower min-validator-bond in [staking]",
			);
		}
		let needed = stake.saturating_add(EXISTENTIAL_DEPOSIT);
		if let Some(Some(Some(owned))) = balance
			&& *owned < needed
		{
			self.mistake(
				&validator.stake,
				format!("the stash owns {}, too little for this stake", in_tokens(*owned)),
				format!(
					"raise its [[balance]] to at least {}, or lower the stake",
					in_tokens(needed)
				),
			);
		}
		Some(stake)
	}

	/// The session keys of a validator.
	///
	/// No two validators may have a key in common, of whatever types: who signs for two of them is
	/// slashed as two. Within a validator the three sr25519 keys may be the same one, as in the
	/// presets, but none of them is an ed25519 key.
	fn keys(
		&mut self,
		given: &input::Keys,
		validator: usize,
		owners: &mut KeyOwners,
	) -> Option<SessionKeys> {
		let babe = self.key(&given.babe, validator, owners);
		let grandpa = self.key(&given.grandpa, validator, owners);
		let authority_discovery = self.key(&given.authority_discovery, validator, owners);
		let telemetry = self.key(&given.telemetry, validator, owners);
		if grandpa.is_some() && [babe, authority_discovery, telemetry].contains(&grandpa) {
			self.mistake(
				&given.grandpa,
				"the grandpa key is another key of the same validator: they are of different kinds",
				"give its ed25519 key: `cairn-node key inspect --scheme ed25519` prints it",
			);
		}
		Some(SessionKeys {
			babe: sr25519::Public::from_raw(babe?).into(),
			grandpa: ed25519::Public::from_raw(grandpa?).into(),
			authority_discovery: sr25519::Public::from_raw(authority_discovery?).into(),
			telemetry: sr25519::Public::from_raw(telemetry?).into(),
		})
	}

	/// A session key that no other validator has.
	fn key(
		&mut self,
		given: &Spanned<String>,
		validator: usize,
		owners: &mut KeyOwners,
	) -> Option<[u8; 32]> {
		let key = match public_key(given.get_ref()) {
			Ok(key) => key,
			Err(cause) => {
				let remedy = "give the public key as 0x and 64 hex digits, or as an address: \
					`cairn-node key inspect` prints both";
				self.mistake(given, cause, remedy);
				return None;
			},
		};
		self.refuse_development_key(given, &key);
		let line = self.places.of(given);
		let (owner, first) = *owners.entry(key).or_insert((validator, line));
		if owner != validator {
			self.mistake(
				given,
				format!("another validator has the same key, on line {first}"),
				"give each validator keys of its own",
			);
		}
		Some(key)
	}
}

/// A public key from hex or from an address, or what is wrong with it.
fn public_key(text: &str) -> Result<[u8; 32], String> {
	if !text.starts_with("0x") {
		return ss58(text).map(Into::into);
	}
	let bytes = from_hex(text).ok().filter(|_| text.len() == KEY_DIGITS);
	let key: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.try_into().ok());
	key.ok_or_else(|| format!("{text:?} is not 32 bytes in hex"))
}
