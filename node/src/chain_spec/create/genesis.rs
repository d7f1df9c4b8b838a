//! From a chain to its specification, whose genesis the runtime has built once.

use super::checks::Chain;
use crate::chain_spec::{ChainSpec, Extensions, properties};
use cairn_runtime::{
	AccountId, Balance,
	configs::{consensus::BABE_GENESIS_EPOCH_CONFIG, staking::MAX_ELECTABLE_TARGETS},
};
use codec::Decode;
use sc_service::ChainSpec as _;
use serde_json::{Value, json, to_value};
use sp_core::storage::Storage;
use sp_io::hashing::twox_128;
use sp_runtime::{BuildStorage, Perbill};
use std::cell::RefCell;

/// Nomination pools there may be; that of the runtime's presets, like the next three.
const MAX_POOLS: u32 = 64;
/// Members of a pool.
const MAX_POOL_MEMBERS: u32 = 1_024;
/// Members of all pools together.
const MAX_MEMBERS: u32 = 16_384;
/// What of a reward a pool's commission may be.
const MAX_COMMISSION: Perbill = Perbill::from_percent(50);
/// Least stakes of a nominator that make the least stake of who opens a pool; as in the presets.
const POOL_BONDS: Balance = 10;

/// The specification of `chain` as JSON, or why the runtime builds no genesis of it.
pub(super) fn specification(runtime: &[u8], chain: &Chain, raw: bool) -> Result<String, String> {
	let patch = patch(chain).map_err(|error| error.to_string())?;
	let mut spec = ChainSpec::builder(runtime, Extensions::default())
		.with_name(&chain.name)
		.with_id(&chain.id)
		.with_chain_type(chain.chain_type.clone())
		.with_protocol_id(&chain.protocol_id)
		.with_boot_nodes(chain.boot_nodes.clone())
		.with_properties(properties())
		.with_genesis_config_patch(patch)
		.build();
	let state = build(&spec)?;
	check_election(&state, chain)?;
	if raw {
		spec.set_storage(state);
	}
	spec.as_json(raw)
}

/// What is put in the place of the defaults of the runtime's genesis.
///
/// Amounts are JSON numbers beyond 64 bits, which `serde_json` keeps exact: `sp-genesis-builder`
/// has it built so.
pub(super) fn patch(chain: &Chain) -> Result<Value, serde_json::Error> {
	let staking = &chain.staking;
	let validators = chain.validators.iter();
	let stakers: Vec<_> = validators
		.clone()
		.map(|validator| (&validator.stash, &validator.stash, validator.stake, "Validator"))
		.collect();
	let keys: Vec<_> =
		validators.map(|validator| (&validator.stash, &validator.stash, &validator.keys)).collect();
	Ok(json!({
		"timing": to_value(&chain.timing)?,
		"babe": { "epochConfig": to_value(BABE_GENESIS_EPOCH_CONFIG)? },
		"balances": { "balances": to_value(&chain.balances)? },
		"staking": {
			"validatorCount": staking.validator_count,
			"minimumValidatorCount": staking.minimum_validator_count,
			"slashRewardFraction": to_value(staking.slash_reward)?,
			"stakers": to_value(stakers)?,
			"minNominatorBond": to_value(staking.min_nominator_bond)?,
			"minValidatorBond": to_value(staking.min_validator_bond)?,
			"maxValidatorCount": MAX_ELECTABLE_TARGETS,
		},
		"session": { "keys": to_value(keys)? },
		"nominationPools": {
			"minJoinBond": to_value(staking.min_nominator_bond)?,
			"minCreateBond": to_value(staking.min_nominator_bond.saturating_mul(POOL_BONDS))?,
			"maxPools": MAX_POOLS,
			"maxMembersPerPool": MAX_POOL_MEMBERS,
			"maxMembers": MAX_MEMBERS,
			"globalMaxCommission": to_value(MAX_COMMISSION)?,
		},
		"technicalCommittee": { "members": to_value(&chain.committee)? },
		"parametersGenesis": to_value(&chain.parameters)?,
	}))
}

/// Has the runtime build the genesis; fails with what it says against it.
fn build(spec: &ChainSpec) -> Result<Storage, String> {
	// Where a logger is installed already, it has shown what the runtime says.
	if log::set_logger(&RuntimeErrors).is_ok() {
		log::set_max_level(log::LevelFilter::Error);
	}
	SAID.set(Vec::new());
	let state = spec.build_storage();
	let said = SAID.take();
	state
		.map_err(|report| if said.is_empty() { brief(&report) } else { one_line(&said.join("\n")) })
}

thread_local! {
	/// What the runtime has logged as errors on this thread.
	static SAID: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Keeps what the runtime logs as errors: there, and only there, it says why it panics.
struct RuntimeErrors;

impl log::Log for RuntimeErrors {
	fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
		metadata.level() == log::Level::Error
	}

	fn log(&self, record: &log::Record<'_>) {
		if self.enabled(record.metadata()) {
			SAID.with_borrow_mut(|said| said.push(record.args().to_string()));
		}
	}

	fn flush(&self) {}
}

/// A report of the executor without its appendix: the wasm's backtrace, or the whole genesis.
fn brief(report: &str) -> String {
	one_line(before(before(report, "\nWASM backtrace"), " for blob:"))
}

/// What of a text is before a mark; all of it, if the mark is not there.
fn before<'a>(text: &'a str, mark: &str) -> &'a str {
	text.split_once(mark).map_or(text, |(head, _)| head)
}

/// A text of several lines on one.
fn one_line(text: &str) -> String {
	text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Checks that genesis elected as many validators as there are seats.
///
/// Where the election fails, the session falls back on all validators, and eras never begin.
fn check_election(state: &Storage, chain: &Chain) -> Result<(), String> {
	let validators: Vec<AccountId> = item(state, "Session", "Validators").unwrap_or_default();
	let era: Option<u32> = item(state, "Staking", "CurrentEra");
	let seats = chain.staking.validator_count;
	if era.is_some() && u32::try_from(validators.len()) == Ok(seats) {
		return Ok(());
	}
	Err(format!("the election fills {} of {seats} seats of the first session", validators.len()))
}

/// A value of a pallet's storage.
fn item<T: Decode>(state: &Storage, pallet: &str, name: &str) -> Option<T> {
	let key = [twox_128(pallet.as_bytes()), twox_128(name.as_bytes())].concat();
	state.top.get(&key).and_then(|value| T::decode(&mut value.as_slice()).ok())
}
