//! From a description to a chain that can start, or to everything that is wrong with it.
//!
//! A check that fails notes a [`Mistake`] and goes on with what is left, so that one run tells all
//! mistakes. What genesis itself would refuse is refused here first: here it has a line.

mod parameters;
mod validators;

use super::{
	Mistake,
	decimal::{Decimal, in_tokens},
	input::{self, Input, Kind, Places},
};
use crate::chain_spec::SS58_FORMAT;
use cairn_runtime::{
	AccountId, Balance, ParametersGenesisConfig, TimingConfig,
	configs::{parameters::EMISSION_CAP, staking::MAX_VALIDATORS},
	currency::{DECIMALS, EXISTENTIAL_DEPOSIT, UNIT},
	opaque::SessionKeys,
};
use sc_network::{Multiaddr, config::MultiaddrWithPeerId, multiaddr::Protocol};
use sc_service::ChainType;
use sp_core::crypto::Ss58Codec;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_runtime::Perbill;
use std::{collections::BTreeMap, fmt::Display, ops::RangeInclusive};
use toml::Spanned;

/// Least stake of a validator where the description names none; that of the runtime's presets.
const MIN_VALIDATOR_BOND: Balance = 1_000 * UNIT;
/// Least stake of a nominator where the description names none; that of the runtime's presets.
const MIN_NOMINATOR_BOND: Balance = 10 * UNIT;
/// What of a slash its reporter gets where the description says nothing; that of the presets.
const SLASH_REWARD: Perbill = Perbill::from_percent(10);
/// Most that all accounts own together at first: rewards add to it.
const MAX_ISSUANCE: Balance = Balance::MAX - EMISSION_CAP;
/// Decimals of a percentage that is kept in billionths.
const PERBILL_DECIMALS: u8 = 7;

/// A chain that can start.
pub(super) struct Chain {
	pub(super) name: String,
	pub(super) id: String,
	pub(super) protocol_id: String,
	pub(super) chain_type: ChainType,
	pub(super) boot_nodes: Vec<MultiaddrWithPeerId>,
	pub(super) timing: TimingConfig,
	pub(super) staking: Staking,
	pub(super) validators: Vec<Validator>,
	pub(super) balances: Vec<(AccountId, Balance)>,
	pub(super) committee: Vec<AccountId>,
	pub(super) parameters: ParametersGenesisConfig,
}

/// Numbers of staking.
pub(super) struct Staking {
	pub(super) validator_count: u32,
	pub(super) minimum_validator_count: u32,
	pub(super) min_validator_bond: Balance,
	pub(super) min_nominator_bond: Balance,
	pub(super) slash_reward: Perbill,
}

/// A first validator.
pub(super) struct Validator {
	pub(super) stash: AccountId,
	pub(super) stake: Balance,
	pub(super) keys: SessionKeys,
}

/// What the accounts own.
#[derive(Default)]
struct Funds {
	/// As described.
	balances: Vec<(AccountId, Balance)>,
	/// By owner; `None` if the amount is mistaken.
	by_owner: BTreeMap<AccountId, Option<Balance>>,
}

/// The chain that `text` describes, or its mistakes in the order of their lines.
pub(super) fn chain(text: &str) -> Result<Chain, Vec<Mistake>> {
	let (input, places) = input::parse(text).map_err(|mistake| vec![mistake])?;
	let mut checks = Checks { is_live: input.kind == Kind::Live, places, mistakes: Vec::new() };
	let chain = checks.chain(&input);
	let mut mistakes = checks.mistakes;
	if mistakes.is_empty() {
		return Ok(chain);
	}
	mistakes.sort_by_key(|mistake| mistake.line);
	Err(mistakes)
}

/// The checks of one description.
struct Checks<'a> {
	/// Whether development keys are out of place.
	is_live: bool,
	places: Places<'a>,
	mistakes: Vec<Mistake>,
}

impl Checks<'_> {
	/// Notes what is wrong with a value.
	fn mistake<T>(&mut self, at: &Spanned<T>, cause: impl Into<String>, remedy: impl Into<String>) {
		self.mistake_on(self.places.of(at), cause, remedy);
	}

	/// Notes what is wrong on a line.
	fn mistake_on(&mut self, line: usize, cause: impl Into<String>, remedy: impl Into<String>) {
		self.mistakes.push(Mistake { line, cause: cause.into(), remedy: remedy.into() });
	}

	/// The chain. Something else stands in for what is mistaken.
	fn chain(&mut self, input: &Input) -> Chain {
		let id = self.identifier("id", &input.id);
		let protocol_id = input.protocol_id.as_ref();
		let protocol_id = protocol_id.map(|text| self.identifier("protocol-id", text));
		let funds = self.funds(&input.balances);
		let staking = self.staking(&input.staking, input.validators.len());
		Chain {
			name: self.name(&input.name),
			protocol_id: protocol_id.unwrap_or_else(|| id.clone()),
			id,
			chain_type: input.kind.into(),
			boot_nodes: input.boot_nodes.iter().filter_map(|node| self.boot_node(node)).collect(),
			timing: self.timing(&input.timing),
			validators: self.validators(&input.validators, &staking, &funds),
			staking,
			balances: funds.balances,
			committee: self.committee(&input.governance),
			parameters: self.parameters(&input.parameters),
		}
	}

	fn name(&mut self, name: &Spanned<String>) -> String {
		let text = name.get_ref();
		if text.trim().is_empty() || text.chars().any(char::is_control) {
			let cause = format!("the name {text:?} cannot be shown");
			self.mistake(name, cause, "give a name that people recognise");
		}
		text.clone()
	}

	/// A word that is part of the names of directories and protocols.
	fn identifier(&mut self, key: &str, word: &Spanned<String>) -> String {
		let text = word.get_ref();
		let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
		if text.is_empty() || !text.bytes().all(is_allowed) {
			let cause = format!("the {key} {text:?} is not made of A-Z a-z 0-9 - _ alone");
			self.mistake(word, cause, "leave out the other characters");
		}
		text.clone()
	}

	fn boot_node(&mut self, address: &Spanned<String>) -> Option<MultiaddrWithPeerId> {
		let text = address.get_ref();
		let cause = match text.parse::<MultiaddrWithPeerId>() {
			Ok(node) if has_host(&node.multiaddr) => return Some(node),
			Ok(_) => "it begins with no host".to_owned(),
			Err(error) => error.to_string(),
		};
		self.mistake(
			address,
			format!("{text:?} is not the address of a boot node: {cause}"),
			"give one such as /dns/boot.example.org/tcp/30333/p2p/PEER; `cairn-node key \
			 generate-node-key` prints the peer's id",
		);
		None
	}

	fn timing(&mut self, given: &input::Timing) -> TimingConfig {
		let timing = given.config();
		if let Err(cause) = timing.check() {
			self.mistake_on(
				self.places.of_key("timing"),
				format!("no chain can run on this timing: {cause}"),
				"change its numbers; the reference `Parameters` of the book has all conditions",
			);
		}
		timing
	}

	fn funds(&mut self, given: &[input::Balance]) -> Funds {
		let mut funds = Funds::default();
		let mut lines = BTreeMap::new();
		let mut issuance = 0;
		for balance in given {
			let account = self.unique("account", &balance.account, &mut lines);
			let amount = self.tokens(&balance.tokens);
			if let Some(amount) = amount {
				issuance = self.issued(&balance.tokens, amount, issuance);
			}
			if let Some(account) = account {
				funds.balances.extend(amount.map(|amount| (account.clone(), amount)));
				funds.by_owner.insert(account, amount);
			}
		}
		funds
	}

	/// What is issued when `amount` is, too.
	fn issued(&mut self, at: &Spanned<Decimal>, amount: Balance, before: Balance) -> Balance {
		if amount < EXISTENTIAL_DEPOSIT {
			self.mistake(
				at,
				format!("{} tokens are too few for an account to exist", in_tokens(amount)),
				format!("give at least {}", in_tokens(EXISTENTIAL_DEPOSIT)),
			);
		}
		match before.checked_add(amount).filter(|issuance| *issuance <= MAX_ISSUANCE) {
			Some(issuance) => issuance,
			None => {
				self.mistake(
					at,
					"with this balance there are more tokens than the chain can count",
					format!("let all balances together be at most {}", in_tokens(MAX_ISSUANCE)),
				);
				before
			},
		}
	}

	/// - `validators`: how many there are at first.
	fn staking(&mut self, given: &input::Staking, validators: usize) -> Staking {
		let validators = u32::try_from(validators).unwrap_or(u32::MAX);
		if validators == 0 {
			self.mistake_on(
				1,
				"there is no [[validator]]: nobody would author a block",
				"add at least one with stash, stake and keys; four bear the loss of one",
			);
		}
		let validator_count = self.seats(given.validator_count.as_ref(), validators);
		let minimum = given.minimum_validator_count.as_ref().and_then(|count| {
			self.within("minimum-validator-count", count, 1..=validator_count.max(1))
		});
		let min_validator_bond = given.min_validator_bond.as_ref();
		let min_nominator_bond = given.min_nominator_bond.as_ref();
		let slash_reward = given.slash_reward_percent.as_ref();
		Staking {
			validator_count,
			minimum_validator_count: minimum.unwrap_or(1),
			min_validator_bond: min_validator_bond
				.and_then(|bond| self.tokens(bond))
				.unwrap_or(MIN_VALIDATOR_BOND),
			min_nominator_bond: min_nominator_bond
				.and_then(|bond| self.tokens(bond))
				.unwrap_or(MIN_NOMINATOR_BOND),
			slash_reward: slash_reward
				.and_then(|percent| self.percent(percent, PERBILL_DECIMALS))
				.map_or(SLASH_REWARD, Perbill::from_parts),
		}
	}

	/// Seats of a session: as many as there are validators, if nothing is said.
	fn seats(&mut self, given: Option<&Spanned<u32>>, validators: u32) -> u32 {
		let most = validators.min(MAX_VALIDATORS);
		let Some(count) = given else { return most };
		let cause = match *count.get_ref() {
			0 => "a session without seats has no authors".to_owned(),
			seats if seats > MAX_VALIDATORS => {
				format!("a session has no more than {MAX_VALIDATORS} seats, not {seats}")
			},
			seats if seats > validators => {
				format!("there are fewer validators, {validators}, than seats, {seats}")
			},
			seats => return seats,
		};
		self.mistake(count, cause, format!("give a number from 1 to {}", most.max(1)));
		most
	}

	fn committee(&mut self, given: &input::Governance) -> Vec<AccountId> {
		let mut lines = BTreeMap::new();
		let members = given.technical_committee.iter();
		members.filter_map(|member| self.unique("member", member, &mut lines)).collect()
	}

	/// An account that is in a list once.
	///
	/// - `lines`: where the list's other accounts are.
	fn unique(
		&mut self,
		what: &str,
		address: &Spanned<String>,
		lines: &mut BTreeMap<AccountId, usize>,
	) -> Option<AccountId> {
		let account = self.account(address)?;
		let line = self.places.of(address);
		if let Some(first) = lines.get(&account) {
			let cause = format!("the {what} {} is on line {first}, too", address.get_ref());
			self.mistake(address, cause, "remove one of the two");
			return None;
		}
		lines.insert(account.clone(), line);
		Some(account)
	}

	fn account(&mut self, address: &Spanned<String>) -> Option<AccountId> {
		match ss58(address.get_ref()) {
			Ok(account) => {
				self.refuse_development_key(address, account.as_ref());
				Some(account)
			},
			Err(cause) => {
				let remedy = format!(
					"give an address of prefix {SS58_FORMAT}, which begins with 5: `cairn-node key \
					 inspect` prints it"
				);
				self.mistake(address, cause, remedy);
				None
			},
		}
	}

	/// Refuses a key that everybody has, on a chain for everybody.
	fn refuse_development_key(&mut self, at: &Spanned<String>, key: &[u8; 32]) {
		if self.is_live && is_development_key(key) {
			self.mistake(
				at,
				format!("everybody has the secret of {}: it is a development key", at.get_ref()),
				"put a key of your own in its place, or say type = \"local\"",
			);
		}
	}

	/// An amount, given in tokens.
	fn tokens(&mut self, given: &Spanned<Decimal>) -> Option<Balance> {
		self.number(given, DECIMALS)
	}

	/// A percentage in parts of 100 · 10^`decimals`.
	fn percent(&mut self, given: &Spanned<Decimal>, decimals: u8) -> Option<u32> {
		let whole = 100 * 10u128.pow(u32::from(decimals));
		let parts = self.number(given, decimals)?;
		if parts > whole {
			let cause = format!("{} percent are more than the whole", given.get_ref());
			self.mistake(given, cause, "give a number from 0 to 100");
			return None;
		}
		u32::try_from(parts).ok()
	}

	/// A number in units of 10^-`decimals`.
	fn number(&mut self, given: &Spanned<Decimal>, decimals: u8) -> Option<u128> {
		let number = given.get_ref();
		match number.scaled(decimals) {
			Ok(scaled) => Some(scaled),
			Err(cause) => {
				let remedy = format!(
					"give a number such as 10 or \"0.5\", with at most {decimals} decimals"
				);
				self.mistake(given, format!("{number} {cause}"), remedy);
				None
			},
		}
	}

	/// A number that has to be in a range.
	fn within<T: Copy + Display + PartialOrd>(
		&mut self,
		key: &str,
		given: &Spanned<T>,
		range: RangeInclusive<T>,
	) -> Option<T> {
		let number = *given.get_ref();
		if range.contains(&number) {
			return Some(number);
		}
		let remedy = format!("give a number from {} to {}", range.start(), range.end());
		self.mistake(given, format!("{key} cannot be {number}"), remedy);
		None
	}
}

/// Whether a node can be reached at an address.
fn has_host(address: &Multiaddr) -> bool {
	matches!(
		address.iter().next(),
		Some(
			Protocol::Dns(_)
				| Protocol::Dns4(_)
				| Protocol::Dns6(_)
				| Protocol::Dnsaddr(_)
				| Protocol::Ip4(_)
				| Protocol::Ip6(_)
		)
	)
}

/// The account of an address, or what is wrong with the address.
fn ss58(text: &str) -> Result<AccountId, String> {
	let (account, format) = AccountId::from_ss58check_with_version(text)
		.map_err(|error| format!("{text:?} is not an SS58 address: {error}"))?;
	let prefix = format.prefix();
	if u32::from(prefix) != SS58_FORMAT {
		return Err(format!("{text} is an address of another chain: its prefix is {prefix}"));
	}
	Ok(account)
}

/// Whether a key is one of those that everybody has: `//Alice`, `//Alice//stash`, `//Bob`, …
fn is_development_key(key: &[u8; 32]) -> bool {
	Sr25519Keyring::iter().any(|name| name.to_raw_public() == *key)
		|| Ed25519Keyring::iter().any(|name| name.to_raw_public() == *key)
}
