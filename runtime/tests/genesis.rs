//! Both presets, and genesis without one, build the state of a chain that can start.

#[path = "support/preset.rs"]
mod preset;

use cairn_runtime::{
	AllPalletsWithSystem, Runtime, Session, Staking, TimingConfig,
	configs::{
		parameters::{
			RewardsPolicy,
			dynamic_params::{rewards, telemetry},
		},
		staking::{MAX_ELECTABLE_TARGETS, MAX_VALIDATORS},
	},
	genesis::{get_preset, preset_names},
	timing,
};
use codec::Encode;
use frame_support::traits::{Get, IntegrityTest};
use pallet_telemetry::types::Policy;
use preset::genesis;
use sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring;

fn assert_validators(preset: &str, stashes: &[Sr25519Keyring]) {
	genesis(preset).execute_with(|| {
		let mut validators = Session::validators();
		validators.sort();
		let mut expected: Vec<_> = stashes.iter().map(|stash| stash.to_account_id()).collect();
		expected.sort();
		assert_eq!(validators, expected);

		// Every handler of session keys got the keys of every validator.
		let count = stashes.len();
		assert_eq!(pallet_babe::Authorities::<Runtime>::get().len(), count);
		assert_eq!(pallet_grandpa::Authorities::<Runtime>::get().len(), count);
		assert_eq!(pallet_authority_discovery::Keys::<Runtime>::get().len(), count);
		assert_eq!(pallet_session::QueuedKeys::<Runtime>::get().len(), count);

		assert_eq!(Staking::validator_count() as usize, count);
		assert!(Staking::validator_count() <= MAX_VALIDATORS);
	});
}

fn assert_sound(preset: &str) {
	genesis(preset).execute_with(|| {
		// More candidates than an election takes would end all elections.
		let candidates = pallet_staking::MaxValidatorsCount::<Runtime>::get();
		assert!(candidates.is_some_and(|most| most <= MAX_ELECTABLE_TARGETS));

		// The wallets' view: every parameter is in state.
		assert_eq!(pallet_parameters::Parameters::<Runtime>::iter().count(), 3);
		assert_eq!(<telemetry::SealPolicy as Get<Policy>>::get().committee_size, 21);
		let emission = <rewards::Emission as Get<RewardsPolicy>>::get();
		assert_eq!((emission.default_weight, emission.vesting), (1, 1));

		assert_eq!(timing::SlotDuration::get(), 1_000);
		assert_eq!(cairn_runtime::Babe::slot_duration(), 1_000);
		let epoch_slots: u64 = <Runtime as pallet_babe::Config>::EpochDuration::get();
		assert_eq!(epoch_slots, 60);
	});
}

#[test]
fn presets_are_those_that_tools_ask_for() {
	assert_eq!(preset_names(), [DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET]);
	assert_eq!(get_preset(&"unknown".into()), None);
}

#[test]
fn development_has_one_validator() {
	assert_validators(DEV_RUNTIME_PRESET, &[Sr25519Keyring::AliceStash]);
}

#[test]
fn local_has_four_validators() {
	let stashes = [
		Sr25519Keyring::AliceStash,
		Sr25519Keyring::BobStash,
		Sr25519Keyring::CharlieStash,
		Sr25519Keyring::DaveStash,
	];
	assert_validators(LOCAL_TESTNET_RUNTIME_PRESET, &stashes);
}

#[test]
fn presets_are_sound() {
	assert_sound(DEV_RUNTIME_PRESET);
	assert_sound(LOCAL_TESTNET_RUNTIME_PRESET);
}

#[test]
fn well_known_accounts_own_the_issuance() {
	use frame_support::traits::fungible::Inspect;

	genesis(DEV_RUNTIME_PRESET).execute_with(|| {
		let issuance: u128 = Sr25519Keyring::well_known()
			.map(|account| cairn_runtime::Balances::total_balance(&account.to_account_id()))
			.sum();
		// The treasury begins with what an account needs to exist.
		let others = cairn_runtime::currency::EXISTENTIAL_DEPOSIT;
		assert_eq!(pallet_balances::TotalIssuance::<Runtime>::get(), issuance + others);
	});
}

#[test]
fn every_key_belongs_to_a_pallet_or_is_well_known() {
	use frame_support::traits::PalletsInfoAccess;
	use sp_io::hashing::twox_128;

	let timing = timing::storage_keys().map(|key| key.to_vec());
	let pallets: Vec<_> = AllPalletsWithSystem::infos()
		.iter()
		.map(|info| twox_128(info.name.as_bytes()).to_vec())
		.collect();

	genesis(LOCAL_TESTNET_RUNTIME_PRESET).execute_with(|| {
		let mut key = Vec::new();
		while let Some(next) = sp_io::storage::next_key(&key) {
			key = next;
			let known = key.starts_with(b":")
				|| timing.contains(&key)
				|| pallets.iter().any(|prefix| key.starts_with(prefix));
			assert!(known, "{} belongs to nobody", sp_core::bytes::to_hex(&key, false));
		}
	});
}

#[test]
fn integrity_holds() {
	<AllPalletsWithSystem as IntegrityTest>::integrity_test();
}

#[cfg(feature = "try-runtime")]
#[test]
fn genesis_decodes_and_its_invariants_hold() {
	use frame_support::traits::{TryDecodeEntireStorage, TryState, TryStateSelect};

	for preset in [DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET] {
		genesis(preset).execute_with(|| {
			let decoded = AllPalletsWithSystem::try_decode_entire_state();
			assert!(decoded.is_ok(), "{decoded:?}");
			let state = <AllPalletsWithSystem as TryState<u32>>::try_state(0, TryStateSelect::All);
			assert_eq!(state, Ok(()));
		});
	}
}

#[test]
fn metadata_shows_the_numbers_of_the_network() {
	let periods = || {
		cairn_runtime::Time::pallet_constants_metadata()
			.into_iter()
			.find(|constant| constant.name == "Periods")
			.map(|constant| constant.value)
	};

	genesis(DEV_RUNTIME_PRESET).execute_with(|| {
		assert_eq!(periods(), Some(TimingConfig::development().periods().encode()));
	});
	TestExternalities::default().execute_with(|| {
		assert_eq!(periods(), Some(TimingConfig::default().periods().encode()));
	});
}
