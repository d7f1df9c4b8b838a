//! Calls of staking, sessions and the voter list are what the runtime decodes, and what is read of
//! their state is laid out as the runtime lays it out.

mod support;

use cairn_chain::{Call, Payee, SessionKeys, ValidatorPrefs, calls};
use scale_info::TypeDef;
use subxt::metadata::StorageHasher::Blake2_128Concat;

use support::{BY_ONE, BY_THREE, BY_TWO, check, field, item, metadata, parts, tuple, value};

const STASH: [u8; 32] = [77; 32];
const OTHER: [u8; 32] = [78; 32];
const AMOUNT: u128 = 1_234_567_890_123;

#[test]
fn works_when_the_runtime_decodes_calls_of_stakers() {
	use calls::staking::{
		bond, bond_extra, chill, nominate, payout_stakers_by_page, set_payee, unbond, validate,
		withdraw_unbonded,
	};
	let metadata = metadata();
	let texts = [hex::encode(STASH), hex::encode(OTHER), AMOUNT.to_string()];
	let [stash, other, amount] = texts.each_ref().map(String::as_str);
	let prefs = ValidatorPrefs { commission: 55_000_000, blocked: true };
	let cases: [(Call, &[&str]); 14] = [
		(bond(AMOUNT, &Payee::Staked), &[amount, "Staked"]),
		(bond(AMOUNT, &Payee::Stash), &[amount, "Stash"]),
		(bond(AMOUNT, &Payee::Account(OTHER)), &[amount, "Account", other]),
		(bond(AMOUNT, &Payee::None), &[amount, "None"]),
		(bond_extra(AMOUNT), &[amount]),
		(unbond(AMOUNT), &[amount]),
		(withdraw_unbonded(3), &["num_slashing_spans: 3"]),
		(validate(&prefs), &["commission: 5.5%", "blocked: true"]),
		(validate(&ValidatorPrefs::default()), &["commission: 0%", "blocked: false"]),
		(nominate(&[STASH, OTHER]), &[stash, other]),
		(chill(), &[]),
		(set_payee(&Payee::Account(STASH)), &["Account", stash]),
		(payout_stakers_by_page(&STASH, 41, 2), &[stash, "era: 41", "page: 2"]),
		(calls::voter_list::rebag(&OTHER), &[other]),
	];
	cases.iter().for_each(|(call, arguments)| check(&metadata, call, arguments));
}

#[test]
fn works_when_the_runtime_decodes_new_session_keys() {
	let keys = SessionKeys {
		babe: [1; 32],
		grandpa: [2; 32],
		authority_discovery: [3; 32],
		telemetry: [4; 32],
	};
	let names = ["babe", "grandpa", "authority_discovery", "telemetry", "[9, 8, 7]"];
	check(&metadata(), &calls::session::set_keys(&keys, &[9, 8, 7]), &names);
}

#[test]
fn stakes_are_laid_out_as_expected() {
	let metadata = metadata();
	value(&metadata, "Staking", "Bonded", BY_ONE);
	let stake = value(&metadata, "Staking", "Ledger", &[Blake2_128Concat]);
	assert_eq!(parts(&metadata, stake)[..4], ["stash", "total", "active", "unlocking"]);
	let chunk = item(&metadata, field(&metadata, stake, "unlocking"));
	assert_eq!(parts(&metadata, chunk), ["value", "era"]);
	let payee = value(&metadata, "Staking", "Payee", BY_ONE);
	assert_eq!(parts(&metadata, payee), ["Staked", "Stash", "Controller", "Account", "None"]);
	let prefs = value(&metadata, "Staking", "Validators", BY_ONE);
	assert_eq!(parts(&metadata, prefs), ["commission", "blocked"]);
	let nominations = value(&metadata, "Staking", "Nominators", BY_ONE);
	assert_eq!(parts(&metadata, nominations).first().map(String::as_str), Some("targets"));
	let spans = value(&metadata, "Staking", "SlashingSpans", BY_ONE);
	let expected = ["span_index", "last_start", "last_nonzero_slash", "prior"];
	assert_eq!(parts(&metadata, spans), expected);
	for name in [
		"MinValidatorBond",
		"MinNominatorBond",
		"MinCommission",
		"MaxValidatorsCount",
		"CounterForValidators",
		"ValidatorCount",
	] {
		value(&metadata, "Staking", name, &[]);
	}
}

#[test]
fn eras_are_laid_out_as_expected() {
	let metadata = metadata();
	let active = value(&metadata, "Staking", "ActiveEra", &[]);
	assert_eq!(parts(&metadata, active), ["index", "start"]);
	value(&metadata, "Staking", "CurrentEra", &[]);
	value(&metadata, "Staking", "ErasStartSessionIndex", BY_ONE);
	value(&metadata, "Staking", "ErasValidatorReward", BY_ONE);
	let points = value(&metadata, "Staking", "ErasRewardPoints", BY_ONE);
	assert_eq!(parts(&metadata, points), ["total", "individual"]);
	let overview = value(&metadata, "Staking", "ErasStakersOverview", BY_TWO);
	assert_eq!(parts(&metadata, overview), ["total", "own", "nominator_count", "page_count"]);
	let prefs = value(&metadata, "Staking", "ErasValidatorPrefs", BY_TWO);
	assert_eq!(parts(&metadata, prefs), ["commission", "blocked"]);
	value(&metadata, "Staking", "ClaimedRewards", BY_TWO);
	let slash = item(&metadata, value(&metadata, "Staking", "UnappliedSlashes", BY_ONE));
	assert_eq!(parts(&metadata, slash), ["validator", "own", "others", "reporters", "payout"]);
}

#[test]
fn sessions_are_laid_out_as_expected() {
	let metadata = metadata();
	let expected = ["babe", "grandpa", "authority_discovery", "telemetry"];
	let keys = value(&metadata, "Session", "NextKeys", BY_ONE);
	assert_eq!(parts(&metadata, keys), expected);
	let queued = item(&metadata, value(&metadata, "Session", "QueuedKeys", &[]));
	let queued = tuple(&metadata, queued);
	assert_eq!(parts(&metadata, queued[1]), expected);
	value(&metadata, "Session", "Validators", &[]);
	value(&metadata, "Session", "CurrentIndex", &[]);
	let disabled = item(&metadata, value(&metadata, "Session", "DisabledValidators", &[]));
	assert_eq!(tuple(&metadata, disabled).len(), 2);
}

#[test]
fn duties_are_laid_out_as_expected() {
	let metadata = metadata();
	let batch = value(&metadata, "Telemetry", "Batches", BY_THREE);
	let expected = [
		"header_hash",
		"ledger_root",
		"payload_size",
		"sums",
		"tick",
		"sealed_at",
		"sealed_in",
		"session",
		"validators",
		"members",
		"ordinal",
		"fee",
		"committee_fee",
		"committee",
		"votes",
		"stage",
	];
	assert_eq!(parts(&metadata, batch)[..expected.len()], expected);
	let stage = field(&metadata, batch, "stage");
	assert_eq!(parts(&metadata, stage), ["Pending", "Attested", "Dead"]);
	let TypeDef::Variant(stages) = &metadata.types().resolve(stage).expect("listed").type_def
	else {
		panic!("not an enum");
	};
	let names = |at: usize| {
		let fields = stages.variants[at].fields.iter();
		fields.map(|field| field.name.clone().unwrap_or_default()).collect::<Vec<_>>()
	};
	assert_eq!(names(1), ["due", "ordinal"]);
	let ruling = stages.variants[2].fields[0].ty.id;
	assert_eq!(parts(&metadata, ruling), ["Valid", "Invalid", "Unavailable", "Missing"]);
	assert_eq!(tuple(&metadata, value(&metadata, "Telemetry", "Keys", BY_TWO)).len(), 2);
}

#[test]
fn terms_are_constants_of_the_runtime() {
	let metadata = metadata();
	for (pallet, name, bytes) in [
		("Staking", "SessionsPerEra", 4),
		("Staking", "BondingDuration", 4),
		("Staking", "HistoryDepth", 4),
		("Babe", "EpochDuration", 8),
		("Babe", "ExpectedBlockTime", 8),
		("Session", "KeyDeposit", 16),
		("Balances", "ExistentialDeposit", 16),
	] {
		let found = metadata.pallet_by_name(pallet).expect("the pallet is there");
		let constant = found.constant_by_name(name).unwrap_or_else(|| panic!("{name}: none"));
		assert_eq!(constant.value().len(), bytes, "{pallet}.{name}");
	}
}
