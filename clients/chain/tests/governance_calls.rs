//! Every typed call of token holders is what the runtime decodes: same pallet, same call, same
//! arguments in order.

mod support;

use cairn_chain::{
	AccountVote, Ballot, Conviction, DevicesPolicy, Enactment, Proposal, RewardsPolicy, SealPolicy,
	calls::{conviction_voting, parameters, preimage, referenda, system, treasury},
};
use cairn_runtime::{OriginCaller, configs::origins::Origin};
use codec::Encode;
use sp_runtime::Permill;

use support::{check, metadata};

const INDEX: u32 = 70;
const TRACK: u16 = 71;
const AMOUNT: u128 = 72_000_000_000_000;
const ACCOUNT: [u8; 32] = [73; 32];

#[test]
fn works_when_the_runtime_decodes_what_is_proposed() {
	let metadata = metadata();
	check(&metadata, &system::remark(&[1, 2, 3]), &["remark: [1, 2, 3]"]);
	check(&metadata, &system::set_code(&[4, 5, 6]), &["code: [4, 5, 6]"]);
	check(&metadata, &system::authorize_upgrade(&[7; 32]), &[&"07".repeat(32)]);
	check(&metadata, &system::apply_authorized_upgrade(&[8; 3]), &["code: [8, 8, 8]"]);
	let amount = AMOUNT.to_string();
	check(&metadata, &treasury::spend(AMOUNT, &ACCOUNT), &[&amount, "valid_from: None"]);

	let policy = SealPolicy {
		committee_size: 21,
		max_attempts: 22,
		base_fee: 23,
		reading_fee: 24,
		kib_fee: 25,
		committee_share: Permill::from_parts(26),
	};
	let arguments = [
		"Telemetry(SealPolicy(SealPolicy, Some(",
		"committee_size: 21",
		"max_attempts: 22",
		"base_fee: 23",
		"reading_fee: 24",
		"kib_fee: 25",
		"committee_share:",
	];
	check(&metadata, &parameters::set_seal_policy(&policy), &arguments);

	let policy = RewardsPolicy {
		validators: Permill::from_percent(31),
		treasury: Permill::from_percent(32),
		bootstrap_floor: Permill::from_percent(33),
		bootstrap_start: Permill::from_percent(34),
		half_life: 35,
		vesting: 36,
		default_weight: 37,
	};
	let arguments = [
		"Rewards(Emission(Emission, Some(",
		"validators: 31%",
		"treasury: 32%",
		"bootstrap_floor: 33%",
		"bootstrap_start: 34%",
		"half_life: 35",
		"vesting: 36",
		"default_weight: 37",
	];
	check(&metadata, &parameters::set_emission(&policy), &arguments);

	let policy =
		DevicesPolicy { per_cycle: 38, recovery_ticks: 39, moving_fee: 40, moving_ticks: 41 };
	let arguments = [
		"Devices(RegistryPolicy(RegistryPolicy, Some(",
		"per_cycle: 38",
		"recovery_ticks: 39",
		"moving_fee: 40",
		"moving_ticks: 41",
	];
	check(&metadata, &parameters::set_registry_policy(&policy), &arguments);
}

#[test]
fn works_when_the_runtime_decodes_referenda_and_preimages() {
	let metadata = metadata();
	check(&metadata, &preimage::note(&[7; 3]), &["bytes: [7, 7, 7]"]);
	check(&metadata, &preimage::unnote(&[8; 32]), &[&"08".repeat(32)]);

	let origin = OriginCaller::Origins(Origin::EconomicAdmin).encode();
	let inline = Proposal::of(&[9, 10, 11]);
	check(
		&metadata,
		&referenda::submit(&origin, &inline, Enactment::After(12)),
		&["Origins(EconomicAdmin)", "Inline(", "[9, 10, 11]", "After(12)"],
	);
	let root = OriginCaller::system(frame_support::dispatch::RawOrigin::Root).encode();
	let lookup = Proposal::Lookup { hash: [13; 32], length: 14 };
	check(
		&metadata,
		&referenda::submit(&root, &lookup, Enactment::At(15)),
		&["system(Root)", "Lookup {", &"0d".repeat(32), "len: 14", "At(15)"],
	);

	check(&metadata, &referenda::place_decision_deposit(INDEX), &["index: 70"]);
	check(&metadata, &referenda::refund_decision_deposit(INDEX), &["index: 70"]);
	check(&metadata, &referenda::refund_submission_deposit(INDEX), &["index: 70"]);
	check(&metadata, &treasury::payout(INDEX), &["index: 70"]);
}

#[test]
fn works_when_the_runtime_decodes_votes() {
	let metadata = metadata();
	for (aye, conviction) in [(true, Conviction::Locked2x), (false, Conviction::None)] {
		let vote = AccountVote::Standard { ballot: Ballot { aye, conviction }, amount: AMOUNT };
		let (side, strength) = (format!("aye: {aye}"), format!("conviction: {conviction:?}"));
		let balance = format!("balance: {AMOUNT}");
		let arguments = ["poll_index: 70", "Standard", &side, &strength, &balance];
		check(&metadata, &conviction_voting::vote(INDEX, &vote), &arguments);
	}
	let vote = AccountVote::Split { aye: 1, nay: 2 };
	check(&metadata, &conviction_voting::vote(INDEX, &vote), &["Split { aye: 1, nay: 2 }"]);
	let vote = AccountVote::SplitAbstain { aye: 1, nay: 2, abstain: 3 };
	let expected = ["SplitAbstain { aye: 1, nay: 2, abstain: 3 }"];
	check(&metadata, &conviction_voting::vote(INDEX, &vote), &expected);

	let balance = format!("balance: {AMOUNT}");
	check(
		&metadata,
		&conviction_voting::delegate(TRACK, &ACCOUNT, Conviction::Locked6x, AMOUNT),
		&["class: 71", "to: Id(", "conviction: Locked6x", &balance],
	);
	check(&metadata, &conviction_voting::undelegate(TRACK), &["class: 71"]);
	check(&metadata, &conviction_voting::unlock(TRACK, &ACCOUNT), &["class: 71", "target: Id("]);
	let expected = ["class: Some(71)", "index: 70"];
	check(&metadata, &conviction_voting::remove_vote(TRACK, INDEX), &expected);
}
