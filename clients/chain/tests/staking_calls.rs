//! Calls of staking, sessions and the voter list are what the runtime decodes, and what is read of
//! their state is laid out as the runtime lays it out.

use cairn_chain::{Call, Payee, SessionKeys, ValidatorPrefs, calls};
use cairn_runtime::{Runtime, RuntimeCall};
use codec::{Decode, Encode};
use frame_support::traits::GetCallMetadata;
use scale_info::TypeDef;
use subxt::{Metadata, metadata::StorageHasher};

const STASH: [u8; 32] = [77; 32];
const OTHER: [u8; 32] = [78; 32];
const AMOUNT: u128 = 1_234_567_890_123;

fn metadata() -> Metadata {
	let bytes = sp_io::TestExternalities::default().execute_with(|| Runtime::metadata().encode());
	Metadata::decode(&mut bytes.as_slice()).expect("the runtime's metadata is valid")
}

/// The runtime decodes the call, encodes it to the same bytes, prints `arguments` in this order.
fn check(metadata: &Metadata, call: &Call, arguments: &[&str]) {
	let name = call.name();
	let bytes = call.encode(metadata).unwrap_or_else(|error| panic!("{name}: {error}"));
	let mut input = bytes.as_slice();
	let decoded = RuntimeCall::decode(&mut input).unwrap_or_else(|error| panic!("{name}: {error}"));
	assert!(input.is_empty(), "{name}: bytes are left over");
	assert_eq!(decoded.encode(), bytes, "{name}");
	let found = decoded.get_call_metadata();
	assert_eq!(format!("{}.{}", found.pallet_name, found.function_name), name);
	let text = format!("{decoded:?}");
	let mut rest = text.as_str();
	for argument in arguments {
		let Some((_, after)) = rest.split_once(*argument) else {
			panic!("{name}: {argument} is not in order in {text}");
		};
		rest = after;
	}
}

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

/// Names of a struct's fields, or of an enum's variants.
fn parts(metadata: &Metadata, id: u32) -> Vec<String> {
	match &metadata.types().resolve(id).expect("every type is listed").type_def {
		TypeDef::Composite(composite) => {
			composite.fields.iter().filter_map(|field| field.name.clone()).collect()
		},
		TypeDef::Variant(variants) => {
			variants.variants.iter().map(|variant| variant.name.clone()).collect()
		},
		_ => Vec::new(),
	}
}

/// The type of a struct's field.
fn field(metadata: &Metadata, id: u32, name: &str) -> u32 {
	let found = metadata.types().resolve(id).expect("every type is listed");
	let TypeDef::Composite(composite) = &found.type_def else { panic!("{name}: not a struct") };
	let mut fields = composite.fields.iter();
	fields.find(|field| field.name.as_deref() == Some(name)).expect("the field is there").ty.id
}

/// What a vector holds, bounded or not.
fn item(metadata: &Metadata, id: u32) -> u32 {
	match &metadata.types().resolve(id).expect("every type is listed").type_def {
		TypeDef::Composite(wrapper) => {
			item(metadata, wrapper.fields.first().expect("a vector inside").ty.id)
		},
		TypeDef::Sequence(sequence) => sequence.type_param.id,
		_ => panic!("not a vector"),
	}
}

/// The types of a tuple.
fn tuple(metadata: &Metadata, id: u32) -> Vec<u32> {
	match &metadata.types().resolve(id).expect("every type is listed").type_def {
		TypeDef::Tuple(tuple) => tuple.fields.iter().map(|field| field.id).collect(),
		_ => panic!("not a tuple"),
	}
}

/// The value's type of a storage item with these hashers of its keys.
fn value(metadata: &Metadata, pallet: &str, name: &str, hashers: &[StorageHasher]) -> u32 {
	let pallet = metadata.pallet_by_name(pallet).expect("the pallet is there");
	let storage = pallet.storage().expect("it has storage");
	let entry = storage.entry_by_name(name).unwrap_or_else(|| panic!("{name}: no such item"));
	let found = entry.keys().map(|key| key.hasher).collect::<Vec<_>>();
	assert_eq!(found, hashers, "{name}");
	entry.value_ty()
}

const BY_ONE: &[StorageHasher] = &[StorageHasher::Twox64Concat];
const BY_TWO: &[StorageHasher] = &[StorageHasher::Twox64Concat, StorageHasher::Twox64Concat];

#[test]
fn stakes_are_laid_out_as_expected() {
	let metadata = metadata();
	value(&metadata, "Staking", "Bonded", BY_ONE);
	let stake = value(&metadata, "Staking", "Ledger", &[StorageHasher::Blake2_128Concat]);
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
	let by_three = [StorageHasher::Twox64Concat; 3];
	let batch = value(&metadata, "Telemetry", "Batches", &by_three);
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
