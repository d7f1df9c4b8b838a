//! What token holders decide by is read as the runtime writes it.

mod support;

use cairn_chain::{
	AccountVote, Ballot, Call, Casting, Closed, Conviction, Curve, Deciding, Delegating,
	Delegations, Deposit, Described, DevicesPolicy, Enactment, Governance, Ongoing, PriorLock,
	Proposal, Referendum, RewardsPolicy, SealPolicy, Tally, Voting, account_text,
	calls::{self, parameters, system},
};
use cairn_runtime::{
	AccountId, Balance, BlockNumber, OriginCaller, Runtime,
	configs::{
		origins::Origin,
		parameters::{
			RuntimeParameters,
			dynamic_params::{devices, rewards, telemetry},
			production,
		},
		tracks::Tracks,
	},
};
use codec::{Decode, Encode};
use frame_support::{
	BoundedVec,
	traits::{Bounded, dynamic_params::AggregatedKeyValue, schedule::DispatchTime},
};
use pallet_referenda::TracksInfo;
use sp_runtime::Perbill;
use subxt::{
	Metadata,
	metadata::StorageHasher::{self, Blake2_128Concat, Identity},
};

use support::{BY_ONE, BY_TWO, metadata, parts};

fn within<R>(question: impl FnOnce() -> R) -> R {
	sp_io::TestExternalities::default().execute_with(question)
}

/// The beginning of what the runtime encodes, as clients read it.
fn read<T: Decode>(written: &impl Encode) -> T {
	T::decode(&mut written.encode().as_slice()).expect("it decodes")
}

#[test]
fn tracks_are_those_of_the_runtime() {
	let governance = Governance::of(&metadata()).expect("the runtime has governance");
	let tracks = within(|| {
		let tracks = <Tracks as TracksInfo<Balance, BlockNumber>>::tracks();
		tracks.map(|track| track.into_owned()).collect::<Vec<_>>()
	});
	assert_eq!(governance.tracks.len(), tracks.len());
	for (found, expected) in governance.tracks.iter().zip(&tracks) {
		let info = &expected.info;
		assert_eq!(found.id, expected.id);
		let padded = format!("{:\0<25}", found.name);
		assert_eq!(padded.as_bytes(), info.name);
		assert_eq!(found.max_deciding, info.max_deciding);
		assert_eq!(found.decision_deposit, info.decision_deposit);
		assert_eq!(found.prepare_period, info.prepare_period);
		assert_eq!(found.decision_period, info.decision_period);
		assert_eq!(found.confirm_period, info.confirm_period);
		assert_eq!(found.min_enactment_period, info.min_enactment_period);
	}
	assert_eq!(governance.track(0).map(|track| track.name.as_str()), Some("root"));
	assert!(governance.submission_deposit > 0);
	assert!(governance.undeciding_timeout > 0 && governance.vote_locking_period > 0);
}

#[test]
fn thresholds_are_those_of_the_pallet() {
	let steps = pallet_referenda::Curve::SteppedDecreasing {
		begin: Perbill::from_percent(83),
		end: Perbill::from_percent(7),
		step: Perbill::from_parts(31_415_926),
		period: Perbill::from_parts(27_182_818),
	};
	let mut curves = vec![steps];
	within(|| {
		for track in <Tracks as TracksInfo<Balance, BlockNumber>>::tracks() {
			curves.push(track.info.min_approval.clone());
			curves.push(track.info.min_support.clone());
		}
	});
	for expected in &curves {
		let curve: Curve = read(expected);
		for step in 0..=1_009 {
			let x = Perbill::from_rational(step, 1_009u32);
			assert_eq!(curve.threshold(x), expected.threshold(x), "{expected:?} at {x:?}");
		}
	}
}

#[test]
fn referenda_are_read_as_they_are_written() {
	type Info = pallet_referenda::ReferendumInfoOf<Runtime, ()>;
	type Status = pallet_referenda::ReferendumStatusOf<Runtime, ()>;

	let deposit = |byte: u8, amount| {
		let held = pallet_referenda::Deposit { who: AccountId::new([byte; 32]), amount };
		(held, Deposit { who: [byte; 32], amount })
	};
	let ((first, first_read), (second, second_read)) = (deposit(1, 10), deposit(2, 20));
	let status = Status {
		track: 10,
		origin: OriginCaller::Origins(Origin::EconomicAdmin),
		proposal: Bounded::Inline(BoundedVec::truncate_from(vec![3, 4, 5])),
		enactment: DispatchTime::After(6),
		submitted: 7,
		submission_deposit: first.clone(),
		decision_deposit: Some(second.clone()),
		deciding: Some(pallet_referenda::DecidingStatus { since: 8, confirming: Some(9) }),
		tally: pallet_conviction_voting::Tally::from_parts(11, 12, 13),
		in_queue: true,
		alarm: Some((14, (14, 0))),
	};
	let origin = status.origin.encode();
	let expected = Ongoing {
		track: 10,
		origin: origin.try_into().expect("two bytes"),
		proposal: Proposal::Inline(vec![3, 4, 5]),
		enactment: Enactment::After(6),
		submitted: 7,
		submission_deposit: first_read.clone(),
		decision_deposit: Some(second_read.clone()),
		deciding: Some(Deciding { since: 8, confirming: Some(9) }),
		tally: Tally { ayes: 11, nays: 12, support: 13 },
		in_queue: true,
	};
	assert_eq!(read::<Referendum>(&Info::Ongoing(status)), Referendum::Ongoing(expected));

	let held = || (15, Some(first.clone()), Some(second.clone()));
	let closed = || Closed {
		at: 15,
		submission_deposit: Some(first_read.clone()),
		decision_deposit: Some(second_read.clone()),
	};
	let (at, submission, decision) = held();
	let approved = Info::Approved(at, submission, decision);
	assert_eq!(read::<Referendum>(&approved), Referendum::Approved(closed()));
	let (at, submission, decision) = held();
	let rejected = Info::Rejected(at, submission, decision);
	assert_eq!(read::<Referendum>(&rejected), Referendum::Rejected(closed()));
	let (at, submission, decision) = held();
	let cancelled = Info::Cancelled(at, submission, decision);
	assert_eq!(read::<Referendum>(&cancelled), Referendum::Cancelled(closed()));
	let (at, submission, decision) = held();
	let timed_out = Info::TimedOut(at, submission, decision);
	assert_eq!(read::<Referendum>(&timed_out), Referendum::TimedOut(closed()));
	assert_eq!(read::<Referendum>(&Info::Killed(16)), Referendum::Killed(16));
}

#[test]
fn votes_are_read_as_they_are_written() {
	use pallet_conviction_voting as pallet;
	type Written = pallet::VotingOf<Runtime>;

	let vote = pallet::Vote { aye: true, conviction: pallet::Conviction::Locked3x };
	let votes = vec![
		(1, pallet::AccountVote::Standard { vote, balance: 2 }),
		(3, pallet::AccountVote::Split { aye: 4, nay: 5 }),
		(6, pallet::AccountVote::SplitAbstain { aye: 7, nay: 8, abstain: 9 }),
	];
	let delegations = pallet::Delegations { votes: 10, capital: 11 };
	let mut casting = pallet::Casting {
		votes: BoundedVec::truncate_from(votes),
		delegations,
		prior: Default::default(),
	};
	casting.prior.accumulate(12, 13);
	let ballot = Ballot { aye: true, conviction: Conviction::Locked3x };
	let expected = Voting::Casting(Casting {
		votes: vec![
			(1, AccountVote::Standard { ballot, amount: 2 }),
			(3, AccountVote::Split { aye: 4, nay: 5 }),
			(6, AccountVote::SplitAbstain { aye: 7, nay: 8, abstain: 9 }),
		],
		delegations: Delegations { votes: 10, capital: 11 },
		prior: PriorLock { until: 12, amount: 13 },
	});
	assert_eq!(read::<Voting>(&Written::Casting(casting)), expected);

	let delegating = pallet::Delegating {
		balance: 14,
		target: AccountId::new([15; 32]),
		conviction: pallet::Conviction::Locked1x,
		delegations,
		prior: Default::default(),
	};
	let expected = Voting::Delegating(Delegating {
		amount: 14,
		target: [15; 32],
		conviction: Conviction::Locked1x,
		delegations: Delegations { votes: 10, capital: 11 },
		prior: PriorLock::default(),
	});
	assert_eq!(read::<Voting>(&Written::Delegating(delegating)), expected);
	assert_eq!(read::<Voting>(&Written::default()), Voting::default());
	for (ours, theirs) in Conviction::ALL.into_iter().zip(0u8..) {
		let theirs = pallet::Conviction::try_from(theirs).expect("as many");
		assert_eq!(ours.lock_periods(), theirs.lock_periods());
		assert_eq!(ours.votes(123_456_789), theirs.votes(123_456_789u128).votes);
	}
}

#[test]
fn parameters_are_read_as_they_are_written() {
	let policy: SealPolicy = read(&production::TELEMETRY);
	assert_eq!(policy.encode(), production::TELEMETRY.encode());
	assert_eq!(policy.committee_size, production::TELEMETRY.committee_size);
	assert_eq!(policy.committee_share, production::TELEMETRY.committee_share);
	let policy: RewardsPolicy = read(&production::REWARDS);
	assert_eq!(policy.encode(), production::REWARDS.encode());
	assert_eq!(policy.treasury, production::REWARDS.split.treasury);
	assert_eq!(policy.default_weight, production::REWARDS.default_weight);
	let policy: DevicesPolicy = read(&production::DEVICES);
	assert_eq!(policy.encode(), production::DEVICES.encode());
	assert_eq!(policy.moving_fee, production::DEVICES.moving_fee);
	assert_eq!(policy.moving_ticks, production::DEVICES.moving_ticks);

	let telemetry =
		telemetry::Parameters::SealPolicy(telemetry::SealPolicy, Some(production::TELEMETRY));
	let rewards = rewards::Parameters::Emission(rewards::Emission, Some(production::REWARDS));
	let devices =
		devices::Parameters::RegistryPolicy(devices::RegistryPolicy, Some(production::DEVICES));
	for (parameter, place) in [
		(RuntimeParameters::Telemetry(telemetry), [0u8, 0]),
		(RuntimeParameters::Rewards(rewards), [1, 0]),
		(RuntimeParameters::Devices(devices), [2, 0]),
	] {
		let (key, value) = parameter.into_parts();
		assert_eq!(key.encode(), place);
		let value = value.map(|value| value.encode()).unwrap_or_default();
		assert_eq!(value.get(..2), Some(place.as_slice()));
	}
}

#[test]
fn entries_are_found_where_the_runtime_keeps_them() {
	let metadata = metadata();
	let value = |pallet: &str, name: &str, hashers: &[StorageHasher]| {
		parts(&metadata, support::value(&metadata, pallet, name, hashers))
	};
	value("Referenda", "ReferendumCount", &[]);
	let variants = ["Ongoing", "Approved", "Rejected", "Cancelled", "TimedOut", "Killed"];
	assert_eq!(value("Referenda", "ReferendumInfoFor", &[Blake2_128Concat]), variants);
	let variants = ["Casting", "Delegating"];
	assert_eq!(value("ConvictionVoting", "VotingFor", BY_TWO), variants);
	value("ConvictionVoting", "ClassLocksFor", BY_ONE);
	value("Balances", "TotalIssuance", &[]);
	let variants = ["Unrequested", "Requested"];
	assert_eq!(value("Preimage", "RequestStatusFor", &[Identity]), variants);
	let variants = ["Telemetry", "Rewards", "Devices"];
	assert_eq!(value("Parameters", "Parameters", &[Blake2_128Concat]), variants);
	value("Treasury", "SpendCount", &[]);
	let fields = ["asset_kind", "amount", "beneficiary", "valid_from", "expire_at", "status"];
	assert_eq!(value("Treasury", "Spends", BY_ONE), fields);
}

fn described(call: &Call, metadata: &Metadata) -> String {
	let bytes = call.encode(metadata).expect("the runtime has the call");
	Described::call(&bytes, metadata).expect("it is a call").to_string()
}

#[test]
fn calls_are_put_into_words() {
	let metadata = metadata();
	let remark = system::remark(b"more trees");
	assert_eq!(described(&remark, &metadata), "System.remark (remark: \"more trees\")");
	let transfer = calls::balances::transfer_keep_alive(&[7; 32], 8);
	let address = account_text(&[7; 32]);
	let expected = format!("Balances.transfer_keep_alive (dest: Id({address}), value: 8)");
	assert_eq!(described(&transfer, &metadata), expected);
	let policy: DevicesPolicy = read(&production::DEVICES);
	let text = described(&parameters::set_registry_policy(&policy), &metadata);
	assert!(text.starts_with("Parameters.set_parameter (key_value: Devices("), "{text}");
	assert!(text.contains("per_cycle: 10000"), "{text}");
	let policy: RewardsPolicy = read(&production::REWARDS);
	let text = described(&parameters::set_emission(&policy), &metadata);
	assert!(text.contains("validators: 30%") && text.contains("vesting: 30"), "{text}");
	let batch = Call::batch_all(&[remark.clone(), remark], &metadata).expect("both exist");
	let text = described(&batch, &metadata);
	assert_eq!(text.matches("System.remark(remark: \"more trees\")").count(), 2, "{text}");
	let code = described(&system::set_code(&[0; 1_000]), &metadata);
	assert!(code.starts_with("System.set_code (") && code.ends_with(" bytes)"), "{code}");
}

/// Whoever proposes something chooses its bytes, and they need not be a call.
#[test]
fn bytes_that_are_no_call_do_no_harm() {
	let metadata = metadata();
	let remark = system::remark(&[]).encode(&metadata).expect("the runtime has the call");
	let name = &remark[..2];
	// A list that claims 2^64 - 1 items, one that claims 2^30 - 1, and one with too few.
	let huge = [&[0b0001_0011][..], &[0xff; 8]].concat();
	for length in [huge, vec![0xfe, 0xff, 0xff, 0xff], vec![8, 1]] {
		assert_eq!(Described::call(&[name, &length].concat(), &metadata), None);
	}
	assert_eq!(Described::call(&[], &metadata), None);
	assert_eq!(Described::call(&[255, 255], &metadata), None);
	assert_eq!(Described::call(&[&remark[..], &[0]].concat(), &metadata), None);
}
