//! Nominated proof of stake on the real runtime: who may validate and nominate, what elections cost,
//! and what pools pay.

#[expect(dead_code, reason = "these stories need blocks and stakes only")]
mod support;

use cairn_runtime::{
	AccountId, Address, Balance, Balances, NominationPools, Runtime, Session, Staking,
	configs::{
		staking::{MAX_ELECTABLE_TARGETS, MAX_ELECTING_VOTERS, MAX_NOMINATIONS},
		system::MAX_BLOCK_WEIGHT,
	},
	currency::UNIT,
	opaque::SessionKeys,
};
use codec::Encode;
use frame_election_provider_support::WeightInfo as _;
use frame_support::{
	assert_ok,
	traits::fungible::{Inspect, Mutate},
};
use pallet_staking::{Error as Refusal, RewardDestination, ValidatorPrefs};
use sp_core::crypto::KeyTypeId;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_runtime::traits::OpaqueKeys;
use support::{advance_until, next_block, run, send};

type PoolsCall = pallet_nomination_pools::Call<Runtime>;
type SessionCall = pallet_session::Call<Runtime>;
type StakingCall = pallet_staking::Call<Runtime>;

const CANDIDATE: Sr25519Keyring = Sr25519Keyring::Bob;
const NOMINATOR: Sr25519Keyring = Sr25519Keyring::Eve;

fn bond(value: Balance) -> StakingCall {
	StakingCall::bond { value, payee: RewardDestination::Staked }
}

fn validate() -> StakingCall {
	StakingCall::validate { prefs: ValidatorPrefs::default() }
}

fn nominate(targets: impl IntoIterator<Item = Sr25519Keyring>) -> StakingCall {
	let targets = targets.into_iter().map(|who| Address::Id(who.to_account_id())).collect();
	StakingCall::nominate { targets }
}

fn active_era() -> u32 {
	pallet_staking::ActiveEra::<Runtime>::get().map_or(0, |era| era.index)
}

fn keys_of(key: Sr25519Keyring, finality: Ed25519Keyring) -> SessionKeys {
	SessionKeys {
		babe: key.public().into(),
		grandpa: finality.public().into(),
		authority_discovery: key.public().into(),
		telemetry: key.public().into(),
	}
}

#[test]
fn too_little_stake_is_refused() {
	run(|| {
		next_block();
		assert_ok!(send(CANDIDATE, bond(999 * UNIT)));
		let refused = send(CANDIDATE, validate());
		assert_eq!(refused, Err(Refusal::<Runtime>::InsufficientBond.into()));
		assert_ok!(send(CANDIDATE, StakingCall::bond_extra { max_additional: UNIT }));
		assert_ok!(send(CANDIDATE, validate()));

		assert_ok!(send(NOMINATOR, bond(9 * UNIT)));
		let refused = send(NOMINATOR, nominate([CANDIDATE]));
		assert_eq!(refused, Err(Refusal::<Runtime>::InsufficientBond.into()));
	});
}

#[test]
fn more_votes_than_there_are_places_for_are_refused() {
	run(|| {
		next_block();
		assert_ok!(send(NOMINATOR, bond(1_000 * UNIT)));
		let targets = std::iter::repeat_n(Sr25519Keyring::AliceStash, MAX_NOMINATIONS as usize + 1);
		let refused = send(NOMINATOR, nominate(targets));
		assert_eq!(refused, Err(Refusal::<Runtime>::TooManyTargets.into()));
	});
}

#[test]
fn keys_without_a_proof_of_their_own_are_refused() {
	run(|| {
		next_block();
		let keys = keys_of(CANDIDATE, Ed25519Keyring::Bob);
		let set = |proof| SessionCall::set_keys { keys: keys.clone(), proof };
		let invalid = Err(pallet_session::Error::<Runtime>::InvalidProof.into());
		assert_eq!(send(CANDIDATE, set(Vec::new())), invalid);

		// A proof for another owner: what somebody sees in the pool is of no use to him.
		let proof = |owner: Sr25519Keyring| {
			let owner = owner.to_account_id().encode();
			let statement = sp_core::proof_of_possession::statement_of_ownership(&owner);
			let sr25519 = CANDIDATE.sign(&statement);
			let ed25519 = Ed25519Keyring::Bob.sign(&statement);
			(sr25519, ed25519, sr25519, sr25519).encode()
		};
		assert_eq!(send(CANDIDATE, set(proof(NOMINATOR))), invalid);
		assert_ok!(send(CANDIDATE, set(proof(CANDIDATE))));
		let owner = |id: [u8; 4], key: &[u8]| Session::key_owner(KeyTypeId(id), key);
		let telemetry = keys.get_raw(KeyTypeId(*b"telm")).to_vec();
		assert_eq!(owner(*b"telm", &telemetry), Some(CANDIDATE.to_account_id()));
	});
}

#[test]
fn a_candidate_without_keys_joins_no_session() {
	run(|| {
		next_block();
		pallet_staking::ValidatorCount::<Runtime>::put(2);
		assert_ok!(send(CANDIDATE, bond(100_000 * UNIT)));
		assert_ok!(send(CANDIDATE, validate()));
		let era = active_era();
		advance_until(|| active_era() > era);
		let elected = |who: &AccountId| {
			pallet_staking::ErasStakersOverview::<Runtime>::contains_key(active_era(), who)
		};
		assert!(elected(&CANDIDATE.to_account_id()));
		assert_eq!(Session::validators(), [Sr25519Keyring::AliceStash.to_account_id()]);
	});
}

#[test]
fn a_nominator_moves_up_the_bags() {
	run(|| {
		next_block();
		assert_ok!(send(NOMINATOR, bond(10 * UNIT)));
		assert_ok!(send(NOMINATOR, nominate([Sr25519Keyring::AliceStash])));
		let bag = || {
			let node = pallet_bags_list::ListNodes::<Runtime>::get(NOMINATOR.to_account_id());
			node.map(|node| node.bag_upper).expect("it votes")
		};
		let first = bag();
		assert_ok!(send(NOMINATOR, StakingCall::bond_extra { max_additional: 100_000 * UNIT }));
		assert!(bag() > first);
	});
}

#[test]
fn an_election_at_its_bounds_fits_into_a_tenth_of_a_block() {
	type Weights = frame_election_provider_support::weights::SubstrateWeight<Runtime>;

	let election = Weights::phragmen(MAX_ELECTING_VOTERS, MAX_ELECTABLE_TARGETS, MAX_NOMINATIONS);
	assert!(election.ref_time() * 10 <= MAX_BLOCK_WEIGHT.ref_time(), "{election:?}");
}

#[test]
fn an_election_goes_through_with_more_voters_than_it_takes() {
	run(|| {
		next_block();
		for number in 0..MAX_ELECTING_VOTERS + 200 {
			let who = AccountId::new(sp_io::hashing::blake2_256(&number.to_le_bytes()));
			let stake = Balance::from(10 + number) * UNIT;
			assert_ok!(Balances::mint_into(&who, stake * 2));
			// Not a transaction of its own: blocks would fill up.
			let origin = cairn_runtime::RuntimeOrigin::signed(who);
			assert_ok!(Staking::bond(origin.clone(), stake, RewardDestination::Staked));
			let targets = vec![Address::Id(Sr25519Keyring::AliceStash.to_account_id())];
			assert_ok!(Staking::nominate(origin, targets));
		}
		let issued = pallet_balances::TotalIssuance::<Runtime>::get();
		pallet_rewards::GenesisIssuance::<Runtime>::put(issued);
		let era = active_era();
		advance_until(|| active_era() > era);
		let stash = Sr25519Keyring::AliceStash.to_account_id();
		let overview = pallet_staking::ErasStakersOverview::<Runtime>::get(active_era(), stash);
		assert_eq!(overview.map(|all| all.nominator_count), Some(MAX_ELECTING_VOTERS - 1));
	});
}

#[test]
fn a_pool_shares_what_its_members_earn() {
	run(|| {
		next_block();
		let root = Address::Id(CANDIDATE.to_account_id());
		let create = PoolsCall::create {
			amount: 1_000 * UNIT,
			root: root.clone(),
			nominator: root.clone(),
			bouncer: root,
		};
		assert_ok!(send(CANDIDATE, create));
		assert_ok!(send(NOMINATOR, PoolsCall::join { amount: 500 * UNIT, pool_id: 1 }));
		let validators = vec![Sr25519Keyring::AliceStash.to_account_id()];
		assert_ok!(send(CANDIDATE, PoolsCall::nominate { pool_id: 1, validators }));

		// Nominations count from the next era, which is paid when it has ended.
		let era = active_era() + 1;
		advance_until(|| active_era() >= era);
		advance_until(|| active_era() > era);
		next_block();
		let validator_stash = Sr25519Keyring::AliceStash.to_account_id();
		assert_ok!(send(NOMINATOR, StakingCall::payout_stakers { validator_stash, era }));
		let pending = NominationPools::api_pending_rewards(NOMINATOR.to_account_id());
		assert!(pending.is_some_and(|pending| pending > UNIT), "{pending:?}");

		let before = Balances::total_balance(&NOMINATOR.to_account_id());
		assert_ok!(send(NOMINATOR, PoolsCall::claim_payout {}));
		let after = Balances::total_balance(&NOMINATOR.to_account_id());
		assert!(after > before + UNIT);
	});
}
