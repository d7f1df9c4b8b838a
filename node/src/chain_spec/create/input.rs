//! A description as its file says it, and where in the file: only the form is checked here.
//!
//! What is not given stays `None`; `checks` puts the default in its place.

use super::{Mistake, decimal::Decimal};
use cairn_runtime::TimingConfig;
use sc_service::ChainType;
use serde::{Deserialize, de::IgnoredAny};
use std::collections::BTreeMap;
use toml::Spanned;

/// A chain, as whoever launches it describes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Input {
	/// What people call the chain.
	pub(super) name: Spanned<String>,
	/// What the node calls it, and its directory.
	pub(super) id: Spanned<String>,
	/// What it is for.
	#[serde(default, rename = "type")]
	pub(super) kind: Kind,
	/// Part of the names of its protocols; the id if not given.
	pub(super) protocol_id: Option<Spanned<String>>,
	/// Where new nodes find the first peers.
	#[serde(default)]
	pub(super) boot_nodes: Vec<Spanned<String>>,
	/// What of its pace is not production's.
	#[serde(default)]
	pub(super) timing: Timing,
	/// Numbers of staking.
	#[serde(default)]
	pub(super) staking: Staking,
	/// Who validates at first.
	#[serde(default, rename = "validator")]
	pub(super) validators: Vec<Validator>,
	/// Who owns what at first.
	#[serde(default, rename = "balance")]
	pub(super) balances: Vec<Balance>,
	/// Who governs at first, beside the owners of tokens.
	#[serde(default)]
	pub(super) governance: Governance,
	/// What of the parameters is not production's.
	#[serde(default)]
	pub(super) parameters: Parameters,
}

/// What a chain is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
	/// For everybody.
	#[default]
	Live,
	/// For tests on one machine or a few.
	Local,
	/// For development, with a node or two.
	Development,
}

impl From<Kind> for ChainType {
	fn from(kind: Kind) -> Self {
		match kind {
			Kind::Live => Self::Live,
			Kind::Local => Self::Local,
			Kind::Development => Self::Development,
		}
	}
}

/// The numbers that genesis fixes for ever.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Timing {
	slot_duration: Option<u64>,
	epoch_slots: Option<u64>,
	sessions_per_era: Option<u32>,
	bonding_eras: Option<u32>,
	slash_defer_eras: Option<u32>,
	seed_period_blocks: Option<u32>,
	window_slots: Option<u32>,
	verdict_ticks: Option<u32>,
	attest_ticks: Option<u32>,
	dispute_ticks: Option<u32>,
	appeal_ticks: Option<u32>,
	cycle_ticks: Option<u32>,
	kept_cycles: Option<u32>,
	governance_day_blocks: Option<u32>,
}

impl Timing {
	/// Production's numbers, and these in their places.
	pub(super) fn config(&self) -> TimingConfig {
		let base = TimingConfig::default();
		TimingConfig {
			slot_duration: self.slot_duration.unwrap_or(base.slot_duration),
			epoch_slots: self.epoch_slots.unwrap_or(base.epoch_slots),
			sessions_per_era: self.sessions_per_era.unwrap_or(base.sessions_per_era),
			bonding_eras: self.bonding_eras.unwrap_or(base.bonding_eras),
			slash_defer_eras: self.slash_defer_eras.unwrap_or(base.slash_defer_eras),
			seed_period_blocks: self.seed_period_blocks.unwrap_or(base.seed_period_blocks),
			window_slots: self.window_slots.unwrap_or(base.window_slots),
			verdict_ticks: self.verdict_ticks.unwrap_or(base.verdict_ticks),
			attest_ticks: self.attest_ticks.unwrap_or(base.attest_ticks),
			dispute_ticks: self.dispute_ticks.unwrap_or(base.dispute_ticks),
			appeal_ticks: self.appeal_ticks.unwrap_or(base.appeal_ticks),
			cycle_ticks: self.cycle_ticks.unwrap_or(base.cycle_ticks),
			kept_cycles: self.kept_cycles.unwrap_or(base.kept_cycles),
			governance_day_blocks: self.governance_day_blocks.unwrap_or(base.governance_day_blocks),
			..base
		}
	}
}

/// Numbers of staking.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Staking {
	/// Seats of a session.
	pub(super) validator_count: Option<Spanned<u32>>,
	/// Seats below which an election counts for nothing.
	pub(super) minimum_validator_count: Option<Spanned<u32>>,
	/// Least stake of a validator.
	pub(super) min_validator_bond: Option<Spanned<Decimal>>,
	/// Least stake of a nominator.
	pub(super) min_nominator_bond: Option<Spanned<Decimal>>,
	/// What of a slash its reporter gets.
	pub(super) slash_reward_percent: Option<Spanned<Decimal>>,
}

/// A first validator.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Validator {
	/// The account that stakes.
	pub(super) stash: Spanned<String>,
	/// What it stakes.
	pub(super) stake: Spanned<Decimal>,
	/// What its node works with.
	pub(super) keys: Keys,
}

/// A validator's session keys.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Keys {
	/// sr25519: authors blocks.
	pub(super) babe: Spanned<String>,
	/// ed25519: finalizes them.
	pub(super) grandpa: Spanned<String>,
	/// sr25519: lets the other validators find it.
	pub(super) authority_discovery: Spanned<String>,
	/// sr25519: signs verdicts.
	pub(super) telemetry: Spanned<String>,
}

/// What an account owns.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Balance {
	/// Whose it is.
	pub(super) account: Spanned<String>,
	/// How much.
	pub(super) tokens: Spanned<Decimal>,
}

/// Who governs, beside the owners of tokens.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Governance {
	/// Members of the technical committee.
	#[serde(default)]
	pub(super) technical_committee: Vec<Spanned<String>>,
}

/// The parameters that governance may change later.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Parameters {
	/// What sealing costs, and how committees are formed.
	#[serde(default)]
	pub(super) telemetry: Telemetry,
	/// How the emission is split, tapered and vested.
	#[serde(default)]
	pub(super) rewards: Rewards,
	/// What makers may certify, how long a recovery takes, and what moving costs.
	#[serde(default)]
	pub(super) devices: Devices,
}

/// What makers may certify, how long a recovery takes, and what moving costs.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Devices {
	/// Devices that one maker certifies in a cycle.
	pub(super) per_cycle: Option<u32>,
	/// Ticks between the request of a recovery of lost keys and its completion.
	pub(super) recovery_ticks: Option<Spanned<u32>>,
	/// Tokens for asserting another location than before.
	pub(super) moving_fee: Option<Spanned<Decimal>>,
	/// Ticks for which a device stays where it is.
	pub(super) moving_ticks: Option<Spanned<u32>>,
}

/// What sealing costs, and how committees are formed.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Telemetry {
	/// Members of a committee.
	pub(super) committee_size: Option<Spanned<u32>>,
	/// Deaths of its own after which a window is skipped.
	pub(super) max_attempts: Option<Spanned<u8>>,
	/// Tokens for any batch.
	pub(super) base_fee: Option<Spanned<Decimal>>,
	/// Tokens for a reading.
	pub(super) reading_fee: Option<Spanned<Decimal>>,
	/// Tokens for a started KiB of payload.
	pub(super) kib_fee: Option<Spanned<Decimal>>,
	/// The committee's part of the fee.
	pub(super) committee_share_percent: Option<Spanned<Decimal>>,
}

/// How the emission is split, tapered and vested.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Rewards {
	/// The validators' share of the emission.
	pub(super) validators_percent: Option<Spanned<Decimal>>,
	/// The treasury's share of the emission.
	pub(super) treasury_percent: Option<Spanned<Decimal>>,
	/// What of the networks' part the bootstrap pool keeps for ever.
	pub(super) bootstrap_floor_percent: Option<Spanned<Decimal>>,
	/// What of the networks' part the bootstrap pool begins with.
	pub(super) bootstrap_start_percent: Option<Spanned<Decimal>>,
	/// Cycles in which that part halves.
	pub(super) half_life: Option<Spanned<u32>>,
	/// Cycles over which pay vests.
	pub(super) vesting: Option<Spanned<u32>>,
	/// Weight of a new network in the bootstrap pool.
	pub(super) default_weight: Option<u32>,
}

/// Where in a description things stand; lines count from 1.
pub(super) struct Places<'a> {
	text: &'a str,
	/// The keys of the outermost level: a table has no place of its own if it is written as dotted
	/// keys, or if only tables within it have a header.
	keys: BTreeMap<Spanned<String>, IgnoredAny>,
}

impl Places<'_> {
	/// The line of a value.
	pub(super) fn of<T>(&self, value: &Spanned<T>) -> usize {
		line(self.text, value.span().start)
	}

	/// The line on which a key of the outermost level is written first; 1 if it is not there.
	pub(super) fn of_key(&self, key: &str) -> usize {
		self.keys.get_key_value(key).map_or(1, |(key, _)| self.of(key))
	}
}

/// The line that the byte at `offset` is on.
fn line(text: &str, offset: usize) -> usize {
	text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// Reads a description; fails where its form is wrong for the first time.
pub(super) fn parse(text: &str) -> Result<(Input, Places<'_>), Mistake> {
	let mistake = |error: toml::de::Error| Mistake {
		line: line(text, error.span().map_or(0, |span| span.start)),
		cause: error.message().trim().replace('\n', ", "),
		remedy: "write it as the example of the guide `A new chain` does".to_owned(),
	};
	let keys = toml::from_str(text).map_err(mistake)?;
	let input = toml::from_str(text).map_err(mistake)?;
	Ok((input, Places { text, keys }))
}
