//! Every mistake is provoked in a description that is right otherwise, and found on its line.

use super::*;
use crate::chain_spec::ChainSpec;
use cairn_runtime::{
	AccountId, Balance,
	currency::{EXISTENTIAL_DEPOSIT, MILLI, UNIT},
	opaque::SessionKeys,
	timing,
};
use codec::Decode;
use sc_service::ChainType;
use serde_json::Value;
use sp_core::bytes::{from_hex, to_hex};
use sp_io::hashing::twox_128;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_runtime::{BuildStorage, Perbill, Permill};
use std::fmt::Write as _;

/// A description of two validators, and what each line of it is.
const BASE: &str = r#"name = "Meadow"
id = "meadow"
type = "local"
boot-nodes = ["/dns/a.example/tcp/30333/p2p/12D3KooWLQifjuFv98DcRtDvVQf8TZeoju5UDmvDwx82M6kTHg14"]

[timing]
slot-duration = 6000

[staking]
min-validator-bond = "500"

[governance]
technical-committee = ["5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"]

[[validator]]
stash = "5GNJqTPyNqANBkUVMN1LPPrxXnFouWXoe2wNSmmEoLctxiZY"
stake = 1000
[validator.keys]
babe = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
grandpa = "0x88dc3417d5058ec4b4503e0c12ea1a0a89be200fe98922423d4334014fa6b0ee"
authority-discovery = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
telemetry = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"

[[validator]]
stash = "5HpG9w8EBLe5XCrbczpwq5TSXvedjrBGCwqxK1iQ7qUsSWFc"
stake = "1000.5"
[validator.keys]
babe = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"
grandpa = "5GoNkf6WdbxCFnPdAnYYQyCjAKPJgLNxXwPjwTh6DGg6gN3E"
authority-discovery = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"
telemetry = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"

[[balance]]
account = "5GNJqTPyNqANBkUVMN1LPPrxXnFouWXoe2wNSmmEoLctxiZY"
tokens = 2000

[[balance]]
account = "5HpG9w8EBLe5XCrbczpwq5TSXvedjrBGCwqxK1iQ7qUsSWFc"
tokens = "2000.25"
"#;

/// The description that the guide explains.
const EXAMPLE: &str = include_str!("../../../../docs/src/guides/network.example.toml");

const ID: usize = 2;
const TYPE: usize = 3;
const BOOT_NODES: usize = 4;
const TIMING: usize = 6;
const BOND: usize = 10;
const COMMITTEE: usize = 13;
const FIRST_VALIDATOR: usize = 15;
const FIRST_STASH: usize = 16;
const FIRST_STAKE: usize = 17;
const FIRST_KEYS: usize = 18;
const FIRST_BABE: usize = 19;
const FIRST_GRANDPA: usize = 20;
const SECOND_STASH: usize = 25;
const SECOND_STAKE: usize = 26;
const SECOND_TELEMETRY: usize = 31;
const SECOND_ACCOUNT: usize = 38;
const SECOND_TOKENS: usize = 39;
/// The first line that `and` adds.
const ADDED: usize = 40;

const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
const ALICE_STASH: &str = "5GNJqTPyNqANBkUVMN1LPPrxXnFouWXoe2wNSmmEoLctxiZY";
const CHARLIE: &str = "5FLSigC9HGRKVhB9FiEo4Y3koPsNmBmLJbpXg2mp1hXcS59Y";
/// Alice on the chain whose addresses have prefix 0.
const ALICE_ELSEWHERE: &str = "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5";

/// The description with another line in the place of one.
fn with(line: usize, content: &str) -> String {
	let mut lines: Vec<_> = BASE.lines().collect();
	lines[line - 1] = content;
	lines.join("\n") + "\n"
}

/// The description, and more.
fn and(content: &str) -> String {
	format!("{BASE}{content}\n")
}

fn mistakes(text: &str) -> Vec<Mistake> {
	checks::chain(text).err().unwrap_or_default()
}

/// Asserts that one thing is wrong, on this line, and that its cause says this.
#[track_caller]
fn assert_mistake(text: &str, line: usize, says: &str) {
	let mistakes = mistakes(text);
	let [mistake] = mistakes.as_slice() else { panic!("not one mistake, but {mistakes:#?}") };
	assert_eq!(mistake.line, line, "{mistake:?}");
	assert!(mistake.cause.contains(says), "{says:?} is not in {mistake:?}");
	assert!(!mistake.remedy.is_empty());
}

#[track_caller]
fn chain(text: &str) -> checks::Chain {
	checks::chain(text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"))
}

/// Session keys of which all but the one for finality are the same.
fn keys(key: Sr25519Keyring, finality: Ed25519Keyring) -> SessionKeys {
	SessionKeys {
		babe: key.public().into(),
		grandpa: finality.public().into(),
		authority_discovery: key.public().into(),
		telemetry: key.public().into(),
	}
}

#[test]
fn works_when_everything_is_given() {
	let chain = chain(BASE);
	assert_eq!((chain.name.as_str(), chain.id.as_str()), ("Meadow", "meadow"));
	assert_eq!(chain.protocol_id, "meadow");
	assert_eq!(chain.chain_type, ChainType::Local);
	assert_eq!(chain.boot_nodes.len(), 1);
	assert_eq!(chain.timing.slot_duration, 6_000);
	assert_eq!(chain.staking.validator_count, 2);
	assert_eq!(chain.staking.minimum_validator_count, 1);
	assert_eq!(chain.staking.min_validator_bond, 500 * UNIT);
	assert_eq!(chain.staking.min_nominator_bond, 10 * UNIT);
	assert_eq!(chain.staking.slash_reward, Perbill::from_percent(10));
	assert_eq!(chain.committee, [Sr25519Keyring::Alice.to_account_id()]);

	let [first, second] = chain.validators.as_slice() else { panic!("two validators") };
	assert_eq!((first.stake, second.stake), (1_000 * UNIT, 1_000_500 * MILLI));
	assert_eq!(first.stash, Sr25519Keyring::AliceStash.to_account_id());
	assert_eq!(first.keys, keys(Sr25519Keyring::Alice, Ed25519Keyring::Alice));
	assert_eq!(second.keys, keys(Sr25519Keyring::Bob, Ed25519Keyring::Bob));
	let bob = Sr25519Keyring::BobStash.to_account_id();
	assert_eq!(chain.balances[1], (bob, 2_000_250 * MILLI));
}

#[test]
fn works_when_it_is_the_example_of_the_guide() {
	let chain = chain(EXAMPLE);
	assert_eq!(chain.chain_type, ChainType::Live);
	assert_eq!(chain.validators.len(), 4);
	assert!(chain.parameters.rewards.default_weight > 0, "new networks earn");
}

#[test]
fn defaults_of_the_example_hold() {
	// A setting behind `#` is shown with its default, prose stands behind `# `.
	let lines = EXAMPLE.lines().map(|line| match line.strip_prefix('#') {
		Some(setting) if !setting.is_empty() && !setting.starts_with(' ') => setting,
		_ => line,
	});
	let explicit = lines.collect::<Vec<_>>().join("\n");
	assert!(explicit.contains("\ngovernance-day-blocks = "));

	let (given, explicit) = (chain(EXAMPLE), chain(&explicit));
	assert_eq!(genesis::patch(&given).expect("JSON"), genesis::patch(&explicit).expect("JSON"));
	assert_eq!(given.chain_type, explicit.chain_type);
	assert_eq!(given.protocol_id, explicit.protocol_id);
}

#[test]
fn works_when_parameters_are_given() {
	let chain = chain(&and(r#"[parameters.telemetry]
committee-size = 7
max-attempts = 2
base-fee = "0.5"
reading-fee = 1
kib-fee = "0.000000000001"
committee-share-percent = "62.5"
[parameters.rewards]
validators-percent = 60
treasury-percent = 40
bootstrap-floor-percent = 1
bootstrap-start-percent = 100
half-life = 10
vesting = 1
default-weight = 3
[parameters.devices]
per-cycle = 5
recovery-ticks = 6
moving-fee = "2.5"
moving-ticks = 0"#));
	let (policy, rewards) = (chain.parameters.telemetry, chain.parameters.rewards);
	assert_eq!((policy.committee_size, policy.max_attempts), (7, 2));
	assert_eq!((policy.base_fee, policy.reading_fee, policy.kib_fee), (500 * MILLI, UNIT, 1));
	assert_eq!(policy.committee_share, Permill::from_parts(625_000));
	assert_eq!(rewards.split.validators, Permill::from_percent(60));
	assert_eq!(rewards.split.treasury, Permill::from_percent(40));
	assert_eq!(rewards.bootstrap_floor, Permill::from_percent(1));
	assert_eq!(rewards.bootstrap_start, Permill::from_percent(100));
	assert_eq!((rewards.half_life, rewards.vesting, rewards.default_weight), (10, 1, 3));
	let devices = chain.parameters.devices;
	assert_eq!((devices.per_cycle, devices.recovery_ticks), (5, 6));
	assert_eq!((devices.moving_fee, devices.moving_ticks), (2_500 * MILLI, 0));
}

#[test]
fn fails_when_it_is_not_toml() {
	assert_mistake(&with(ID, "id = meadow"), ID, "invalid string");
	assert_mistake(&with(ID, "name = \"Twice\""), ID, "duplicate key");
}

#[test]
fn fails_when_a_field_is_unknown() {
	assert_mistake(&with(ID, "identity = \"meadow\""), ID, "unknown field `identity`");
	assert_mistake(&with(TIMING + 1, "slot = 6000"), TIMING + 1, "unknown field `slot`");
	assert_mistake(&with(FIRST_BABE, "aura = \"\""), FIRST_BABE, "unknown field `aura`");
	let text = and("[parameters.rewards]\nhalving = 4");
	assert_mistake(&text, ADDED + 1, "unknown field `halving`");
}

#[test]
fn fails_when_a_field_is_missing() {
	assert_mistake(&with(ID, ""), 1, "missing field `id`");
	assert_mistake(&with(FIRST_STAKE, ""), FIRST_VALIDATOR, "missing field `stake`");
	assert_mistake(&with(FIRST_BABE, ""), FIRST_KEYS, "missing field `babe`");
}

#[test]
fn fails_when_a_value_is_of_another_type() {
	assert_mistake(&with(TYPE, "type = \"testnet\""), TYPE, "unknown variant `testnet`");
	assert_mistake(&with(FIRST_STAKE, "stake = 0.5"), FIRST_STAKE, "such as \"0.5\"");
	assert_mistake(&with(FIRST_STAKE, "stake = -1"), FIRST_STAKE, "whole number");
	assert_mistake(&with(BOND, "validator-count = -1"), BOND, "invalid value");
}

#[test]
fn fails_when_the_name_cannot_be_shown() {
	assert_mistake(&with(1, "name = \" \""), 1, "cannot be shown");
}

#[test]
fn fails_when_an_identifier_has_other_characters() {
	for id in ["", "a/b", "..", "wiese-ä"] {
		assert_mistake(&with(ID, &format!("id = {id:?}")), ID, "A-Z a-z 0-9 - _");
	}
	let text = with(5, "protocol-id = \"a b\"");
	assert_mistake(&text, 5, "the protocol-id \"a b\"");
}

#[test]
fn fails_when_a_boot_node_has_no_address() {
	for (address, says) in [
		("boot.example:30333", "not the address of a boot node"),
		("/dns/boot.example/tcp/30333", "Peer id is missing"),
		(
			"/tcp/30333/p2p/12D3KooWLQifjuFv98DcRtDvVQf8TZeoju5UDmvDwx82M6kTHg14",
			"begins with no host",
		),
	] {
		assert_mistake(&with(BOOT_NODES, &format!("boot-nodes = [{address:?}]")), BOOT_NODES, says);
	}
}

#[test]
fn fails_when_no_chain_can_run_on_the_timing() {
	assert_mistake(&with(TIMING + 1, "slot-duration = 6001"), TIMING, "babe halves the slot");
	assert_mistake(&with(TIMING + 1, "cycle-ticks = 1"), TIMING, "H <= 2L");

	// Dotted keys are a table without a header.
	let text = BASE.replace("[timing]\nslot-duration = 6000\n", "");
	let text = text.replacen("\n\n", "\ntiming.slot-duration = 6001\n\n", 1);
	assert_mistake(&text, BOOT_NODES + 1, "babe halves the slot");
}

#[test]
fn fails_when_seats_and_validators_do_not_match() {
	assert_mistake(&with(BOND, "validator-count = 0"), BOND, "without seats");
	assert_mistake(&with(BOND, "validator-count = 3"), BOND, "fewer validators, 2, than seats, 3");
	assert_mistake(&with(BOND, "validator-count = 101"), BOND, "no more than 100 seats");
	for count in [0, 3] {
		let text = with(BOND, &format!("minimum-validator-count = {count}"));
		assert_mistake(&text, BOND, "minimum-validator-count cannot be");
	}
	chain(&with(BOND, "validator-count = 1"));
}

#[test]
fn fails_when_nobody_validates() {
	assert_mistake("name = \"Meadow\"\nid = \"meadow\"\n", 1, "no [[validator]]");
}

#[test]
fn fails_when_there_are_more_candidates_than_an_election_takes() {
	let mut text = "name = \"N\"\nid = \"n\"\ntype = \"local\"\n".to_owned();
	text += "[staking]\nvalidator-count = 1\n";
	for index in 0..501u16 {
		let account = |kind: u8| {
			let mut bytes = [kind; 32];
			bytes[..2].copy_from_slice(&index.to_be_bytes());
			AccountId::from(bytes)
		};
		let [stash, first, second] = [1, 2, 3].map(account);
		write!(
			text,
			"[[validator]]\nstash = \"{stash}\"\nstake = 1000\nkeys = {{ babe = \"{first}\", \
			 grandpa = \"{second}\", authority-discovery = \"{first}\", telemetry = \"{first}\" }}\n\
			 [[balance]]\naccount = \"{stash}\"\ntokens = 2000\n"
		)
		.expect("a string takes everything");
	}
	assert_mistake(&text, 5 + 500 * 7 + 2, "no more than 500 candidates");
}

#[test]
fn fails_when_an_address_is_not_one() {
	let broken = format!("stash = {:?}", ALICE_STASH.replace("xiZY", "xiZX"));
	assert_mistake(&with(FIRST_STASH, &broken), FIRST_STASH, "Invalid checksum");
	assert_mistake(&with(FIRST_STASH, "stash = \"0l\""), FIRST_STASH, "not an SS58 address");
	let text = with(COMMITTEE, "technical-committee = [\"5Grwva\"]");
	assert_mistake(&text, COMMITTEE, "not an SS58 address");
	let text = with(SECOND_TELEMETRY, "telemetry = \"5Grwva\"");
	assert_mistake(&text, SECOND_TELEMETRY, "not an SS58 address");
}

#[test]
fn fails_when_an_address_is_of_another_chain() {
	let text = with(FIRST_STASH, &format!("stash = {ALICE_ELSEWHERE:?}"));
	assert_mistake(&text, FIRST_STASH, "its prefix is 0");
}

#[test]
fn fails_when_a_key_is_not_hex() {
	for digits in [String::new(), "88dc".to_owned(), "zz".repeat(32), "0".repeat(63)] {
		let key = format!("0x{digits}");
		let text = with(FIRST_GRANDPA, &format!("grandpa = {key:?}"));
		assert_mistake(&text, FIRST_GRANDPA, "not 32 bytes in hex");
	}
}

#[test]
fn fails_when_two_validators_have_a_key_in_common() {
	// Of another type than where it is first.
	let text = with(SECOND_TELEMETRY, &format!("telemetry = {ALICE:?}"));
	assert_mistake(&text, SECOND_TELEMETRY, "the same key, on line 19");
}

#[test]
fn fails_when_the_grandpa_key_is_of_another_kind() {
	let text = with(FIRST_GRANDPA, &format!("grandpa = {ALICE:?}"));
	assert_mistake(&text, FIRST_GRANDPA, "different kinds");
}

#[test]
fn fails_when_an_account_is_in_a_list_twice() {
	let text = with(SECOND_STASH, &format!("stash = {ALICE_STASH:?}"));
	assert_mistake(&text, SECOND_STASH, "is on line 16, too");
	let text = and(&format!("[[balance]]\naccount = {ALICE_STASH:?}\ntokens = 1"));
	assert_mistake(&text, ADDED + 1, "is on line 34, too");
	let text = with(COMMITTEE, &format!("technical-committee = [{ALICE:?}, {ALICE:?}]"));
	assert_mistake(&text, COMMITTEE, "is on line 13, too");
}

#[test]
fn fails_when_a_stash_owns_too_little() {
	let text = with(SECOND_ACCOUNT, &format!("account = {CHARLIE:?}"));
	assert_mistake(&text, SECOND_STASH, "owns nothing");
	// The stake, and a hundredth to exist; a base unit less is too little.
	chain(&with(SECOND_TOKENS, "tokens = \"1000.51\""));
	let text = with(SECOND_TOKENS, "tokens = \"1000.509999999999\"");
	assert_mistake(&text, SECOND_STAKE, "owns 1000.509999999999, too little");
}

#[test]
fn fails_when_a_stake_is_too_low() {
	let text = with(FIRST_STAKE, "stake = \"499.999999999999\"");
	assert_mistake(&text, FIRST_STAKE, "less than the least, 500");
	let text =
		with(BOND, "min-validator-bond = 0").replace("stake = 1000\n", "stake = \"0.009\"\n");
	assert_mistake(&text, FIRST_STAKE, "less than the least, 0.01");
}

#[test]
fn fails_when_an_amount_cannot_be_counted() {
	for (amount, says) in [
		("\"1.0000000000001\"", "more than 12 decimals"),
		("\"ten\"", "not a decimal number"),
		("\"-1\"", "not a decimal number"),
		("\"1.\"", "not a decimal number"),
		("\".5\"", "not a decimal number"),
		("\"1.2.3\"", "not a decimal number"),
		("\"\"", "not a decimal number"),
		("\"340282366920938463463374608\"", "more than the chain can count"),
	] {
		assert_mistake(&with(SECOND_TOKENS, &format!("tokens = {amount}")), SECOND_TOKENS, says);
	}
}

#[test]
fn fails_when_a_balance_is_below_the_existential_deposit() {
	let text = and(&format!("[[balance]]\naccount = {CHARLIE:?}\ntokens = \"0.009\""));
	assert_mistake(&text, ADDED + 2, "0.009 tokens are too few");
}

#[test]
fn fails_when_the_issuance_overflows() {
	// Alone it would fit: 2^128 base units, less what is ever emitted.
	let tokens = "340282366920938462463374607";
	let text = and(&format!("[[balance]]\naccount = {CHARLIE:?}\ntokens = {tokens:?}"));
	assert_mistake(&text, ADDED + 2, "more tokens than the chain can count");
}

#[test]
fn fails_when_a_parameter_is_out_of_range() {
	let percent = with(BOND, "slash-reward-percent = \"100.0000001\"");
	assert_mistake(&percent, BOND, "more than the whole");
	for (table, line, says) in [
		("telemetry", "committee-size = 0", "committee-size cannot be 0"),
		("telemetry", "committee-size = 65", "committee-size cannot be 65"),
		("telemetry", "max-attempts = 0", "max-attempts cannot be 0"),
		("telemetry", "base-fee = \"free\"", "not a decimal number"),
		("telemetry", "committee-share-percent = 101", "more than the whole"),
		("telemetry", "committee-share-percent = \"0.00001\"", "more than 4 decimals"),
		("rewards", "half-life = 0", "half-life cannot be 0"),
		("rewards", "vesting = 1001", "vesting cannot be 1001"),
		("rewards", "validators-percent = 91", "more than the whole emission"),
		("rewards", "treasury-percent = \"70.0001\"", "more than the whole emission"),
		("devices", "recovery-ticks = 0", "recovery-ticks cannot be 0"),
		("devices", "moving-ticks = 65537", "moving-ticks cannot be 65537"),
		("devices", "moving-fee = \"free\"", "not a decimal number"),
	] {
		assert_mistake(&and(&format!("[parameters.{table}]\n{line}")), ADDED + 1, says);
	}
}

#[test]
fn fails_when_a_live_chain_has_development_keys() {
	let mistakes = mistakes(&with(TYPE, "type = \"live\""));
	let lines: Vec<_> = mistakes.iter().map(|mistake| mistake.line).collect();
	assert_eq!(lines, [13, 16, 19, 20, 21, 22, 25, 28, 29, 30, 31, 34, 38]);
	assert!(mistakes.iter().all(|mistake| mistake.cause.contains("development key")));
}

#[test]
fn every_mistake_is_told_in_the_order_of_lines() {
	let text = with(SECOND_TOKENS, "tokens = \"many\"")
		.replace("id = \"meadow\"", "id = \"mea dow\"")
		.replace("stake = 1000\n", "stake = 1\n")
		.replace("slot-duration = 6000", "slot-duration = 7")
		.replace("min-validator-bond = \"500\"", "validator-count = 9");
	let mistakes = mistakes(&text);
	let lines: Vec<_> = mistakes.iter().map(|mistake| mistake.line).collect();
	assert_eq!(lines, [ID, TIMING, BOND, FIRST_STAKE, SECOND_TOKENS]);

	let path = PathBuf::from("meadow.toml");
	let text = CreateError::Description { path, mistakes }.to_string();
	assert!(text.starts_with("meadow.toml has 5 mistakes\nmeadow.toml:2: the id"), "{text}");
	assert!(
		text.contains("\nmeadow.toml:39: \"many\" is not a decimal number\n  Remedy: "),
		"{text}"
	);
}

#[test]
fn one_mistake_is_told_without_a_heading() {
	let path = PathBuf::from("meadow.toml");
	let mistakes = mistakes(&with(ID, "id = \"\""));
	let text = CreateError::Description { path, mistakes }.to_string();
	assert!(text.starts_with("meadow.toml:2: the id"), "{text}");
}

#[test]
fn fails_when_there_is_no_description() {
	let input = PathBuf::from("/nowhere/chain.toml");
	let result = CreateCmd { input, output: None, raw: false }.run();
	assert!(matches!(result, Err(CreateError::Input { .. })));
}

/// A description of four validators, one of which owns more than 64 bits can say.
fn four() -> String {
	let mut text =
		"name = \"Four\"\nid = \"four\"\ntype = \"local\"\n[timing]\nslot-duration = 3000\n\
		[governance]\n"
			.to_owned();
	let members = format!("{ALICE:?}, {CHARLIE:?}");
	writeln!(text, "technical-committee = [{members}]").expect("a string takes everything");
	for (stash, key, finality, tokens) in [
		(Sr25519Keyring::AliceStash, Sr25519Keyring::Alice, Ed25519Keyring::Alice, "100000000"),
		(Sr25519Keyring::BobStash, Sr25519Keyring::Bob, Ed25519Keyring::Bob, "2000"),
		(Sr25519Keyring::CharlieStash, Sr25519Keyring::Charlie, Ed25519Keyring::Charlie, "2000"),
		(Sr25519Keyring::DaveStash, Sr25519Keyring::Dave, Ed25519Keyring::Dave, "2000"),
	] {
		let stash = stash.to_account_id();
		let (key, finality) = (key.to_account_id(), to_hex(&finality.to_raw_public(), false));
		write!(
			text,
			"[[validator]]\nstash = \"{stash}\"\nstake = 1000\nkeys = {{ babe = \"{key}\", grandpa \
			 = \"{finality}\", authority-discovery = \"{key}\", telemetry = \"{key}\" }}\n\
			 [[balance]]\naccount = \"{stash}\"\ntokens = {tokens}\n"
		)
		.expect("a string takes everything");
	}
	text
}

/// A value of the state in a raw specification.
fn stored<T: Decode>(spec: &Value, key: &[u8]) -> T {
	let value = spec["genesis"]["raw"]["top"][to_hex(key, false)].as_str().expect("it is stored");
	let value = from_hex(value).expect("it is hex");
	T::decode(&mut value.as_slice()).expect("it is of this type")
}

fn key(pallet: &str, item: &str) -> Vec<u8> {
	[twox_128(pallet.as_bytes()), twox_128(item.as_bytes())].concat()
}

#[test]
fn works_when_the_runtime_builds_the_genesis_of_four_validators() {
	let Some(runtime) = cairn_runtime::WASM_BINARY else {
		return; // built for tests of other crates
	};
	let chain = chain(&four());
	let raw = genesis::specification(runtime, &chain, true).expect("a genesis");
	let spec: Value = serde_json::from_str(&raw).expect("JSON");
	assert_eq!(spec["id"], "four");
	assert_eq!(spec["chainType"], "Local");
	assert_eq!(spec["properties"]["ss58Format"], 42);

	let mut validators: Vec<AccountId> = stored(&spec, &key("Session", "Validators"));
	let mut stashes: Vec<_> = chain.validators.iter().map(|who| who.stash.clone()).collect();
	validators.sort();
	stashes.sort();
	assert_eq!(validators, stashes);
	let issuance: Balance = stored(&spec, &key("Balances", "TotalIssuance"));
	// The treasury begins with what an account needs to exist.
	assert_eq!(issuance, (100_000_000 + 3 * 2_000) * UNIT + EXISTENTIAL_DEPOSIT);
	assert!(issuance > Balance::from(u64::MAX));
	assert_eq!(stored::<u32>(&spec, &key("Staking", "ValidatorCount")), 4);
	assert_eq!(stored::<u64>(&spec, &timing::SlotDuration::key()), 3_000);
	let mut members = chain.committee.clone();
	members.sort();
	assert_eq!(stored::<Vec<AccountId>>(&spec, &key("TechnicalCommittee", "Members")), members);
}

#[test]
fn a_plain_specification_gives_the_genesis_of_the_raw_one() {
	let Some(runtime) = cairn_runtime::WASM_BINARY else {
		return; // built for tests of other crates
	};
	let state = |raw| {
		let json = genesis::specification(runtime, &chain(&four()), raw).expect("a genesis");
		let spec = ChainSpec::from_json_bytes(json.into_bytes()).expect("a specification");
		spec.build_storage().expect("a genesis").top
	};
	assert_eq!(state(false), state(true));
}

#[test]
fn fails_with_its_words_when_the_runtime_panics() {
	let Some(runtime) = cairn_runtime::WASM_BINARY else {
		return; // built for tests of other crates
	};
	let mut chain = chain(BASE);
	chain.balances.push(chain.balances[0].clone());
	let cause = genesis::specification(runtime, &chain, true).expect_err("two balances of one");
	assert!(cause.contains("duplicate balances in genesis"), "{cause}");
	let error = CreateError::Genesis { path: PathBuf::from("meadow.toml"), cause }.to_string();
	assert!(error.contains("Remedy: "), "{error}");
}
