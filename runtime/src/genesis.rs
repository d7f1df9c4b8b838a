//! Presets that chain specifications start from.
//!
//! Without a preset genesis has production numbers, no accounts and no validators: a production
//! specification adds its own.

use crate::{
	AccountId, BabeConfig, Balance, BalancesConfig, NominationPoolsConfig, ParametersGenesisConfig,
	RuntimeGenesisConfig, SessionConfig, StakingConfig, TechnicalCommitteeConfig, TimingConfig,
	configs::{consensus::BABE_GENESIS_EPOCH_CONFIG, staking::MAX_ELECTABLE_TARGETS},
	currency::UNIT,
	opaque::SessionKeys,
};
use alloc::{vec, vec::Vec};
use frame_support::build_struct_json_patch;
use pallet_staking::StakerStatus;
use serde_json::Value;
use sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET, PresetId};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_runtime::{Perbill, SaturatedConversion};

/// What each well-known account owns. It has to fit into a JSON number of 64 bits.
const ENDOWMENT: Balance = 1_000_000 * UNIT;
/// What each validator stakes.
const STAKE: Balance = ENDOWMENT / 10;
/// Least stake of a validator that registers later.
const MIN_VALIDATOR_BOND: Balance = 1_000 * UNIT;
/// The technical committee of a developer's network.
const TECHNICIANS: [Sr25519Keyring; 3] =
	[Sr25519Keyring::Alice, Sr25519Keyring::Bob, Sr25519Keyring::Charlie];
/// Least stake of a nominator.
const MIN_NOMINATOR_BOND: Balance = 10 * UNIT;

/// A validator of a preset.
#[derive(Clone)]
struct Validator {
	stash: AccountId,
	keys: SessionKeys,
}

impl Validator {
	/// The validator whose stash is `//<Name>//stash` and whose keys are all `//<Name>`.
	fn new(stash: Sr25519Keyring, key: Sr25519Keyring, finality: Ed25519Keyring) -> Self {
		Self {
			stash: stash.to_account_id(),
			keys: SessionKeys {
				babe: key.public().into(),
				grandpa: finality.public().into(),
				authority_discovery: key.public().into(),
				telemetry: key.public().into(),
			},
		}
	}

	fn alice() -> Self {
		Self::new(Sr25519Keyring::AliceStash, Sr25519Keyring::Alice, Ed25519Keyring::Alice)
	}

	fn bob() -> Self {
		Self::new(Sr25519Keyring::BobStash, Sr25519Keyring::Bob, Ed25519Keyring::Bob)
	}

	fn charlie() -> Self {
		Self::new(Sr25519Keyring::CharlieStash, Sr25519Keyring::Charlie, Ed25519Keyring::Charlie)
	}

	fn dave() -> Self {
		Self::new(Sr25519Keyring::DaveStash, Sr25519Keyring::Dave, Ed25519Keyring::Dave)
	}
}

/// A network on a developer's machine: well-known accounts and these validators.
fn developers_network(validators: &[Validator]) -> Value {
	build_struct_json_patch!(RuntimeGenesisConfig {
		timing: TimingConfig::development(),
		babe: BabeConfig { epoch_config: BABE_GENESIS_EPOCH_CONFIG },
		balances: BalancesConfig {
			balances: Sr25519Keyring::well_known()
				.map(|account| (account.to_account_id(), ENDOWMENT))
				.collect(),
		},
		staking: StakingConfig {
			validator_count: validators.len().saturated_into::<u32>(),
			minimum_validator_count: 1,
			slash_reward_fraction: Perbill::from_percent(10),
			stakers: validators
				.iter()
				.map(|validator| {
					let stash = validator.stash.clone();
					(stash.clone(), stash, STAKE, StakerStatus::<AccountId>::Validator)
				})
				.collect(),
			min_nominator_bond: MIN_NOMINATOR_BOND,
			min_validator_bond: MIN_VALIDATOR_BOND,
			max_validator_count: Some(MAX_ELECTABLE_TARGETS),
		},
		session: SessionConfig {
			keys: validators
				.iter()
				.cloned()
				.map(|validator| (validator.stash.clone(), validator.stash, validator.keys))
				.collect(),
		},
		nomination_pools: NominationPoolsConfig {
			min_join_bond: MIN_NOMINATOR_BOND,
			min_create_bond: MIN_NOMINATOR_BOND * 10,
			max_pools: Some(64),
			max_members_per_pool: Some(1_024),
			max_members: Some(16_384),
			global_max_commission: Some(Perbill::from_percent(50)),
		},
		parameters_genesis: ParametersGenesisConfig::development(),
		technical_committee: TechnicalCommitteeConfig {
			phantom: Default::default(),
			members: TECHNICIANS.map(|member| member.to_account_id()).to_vec(),
		},
	})
}

/// The patch of a preset, as JSON; `None` if there is no such preset.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
	let patch = match id.as_str() {
		DEV_RUNTIME_PRESET => developers_network(&[Validator::alice()]),
		LOCAL_TESTNET_RUNTIME_PRESET => developers_network(&[
			Validator::alice(),
			Validator::bob(),
			Validator::charlie(),
			Validator::dave(),
		]),
		_ => return None,
	};
	serde_json::to_vec(&patch).ok()
}

/// The presets there are.
pub fn preset_names() -> Vec<PresetId> {
	vec![PresetId::from(DEV_RUNTIME_PRESET), PresetId::from(LOCAL_TESTNET_RUNTIME_PRESET)]
}
