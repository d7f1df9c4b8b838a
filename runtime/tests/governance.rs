//! Token holders steer the chain: each track's proposals on the real runtime, from the submission to
//! what is enacted, and what governance may not do.

#[expect(dead_code, reason = "these stories need networks, and no batches")]
mod support;

use cairn_runtime::{
	Balance, Balances, BlockNumber, Networks, OriginCaller, Preimage, Runtime, RuntimeCall,
	RuntimeHoldReason, System,
	configs::{
		cairn::{LeavingTicks, TreasuryAccount},
		origins::Origin,
		parameters::{DevicesPolicy, RuntimeParameters, dynamic_params::devices, production},
		tracks::Tracks,
	},
	currency::UNIT,
	timing::TickPeriods,
};
use codec::Encode;
use frame_support::{
	assert_ok,
	traits::{
		Bounded, Get, StorePreimage,
		fungible::{Inspect, InspectHold},
		schedule::DispatchTime,
	},
};
use frame_system::RawOrigin;
use pallet_conviction_voting::{AccountVote, Conviction, Vote};
use pallet_referenda::{ReferendumIndex, ReferendumInfo, TracksInfo};
use sp_keyring::Sr25519Keyring;
use sp_runtime::{DispatchError, Perbill, traits::Hash as _};
use support::{
	advance_until, next_block, run, send,
	world::{MAKER, MAKER_ADMIN, NETWORK, STRANGER, World},
};

type CommitteeCall = pallet_collective::Call<Runtime, pallet_collective::Instance1>;
type ReferendaCall = pallet_referenda::Call<Runtime>;
type StakingCall = pallet_staking::Call<Runtime>;
type TreasuryCall = pallet_treasury::Call<Runtime>;
type VotingCall = pallet_conviction_voting::Call<Runtime>;
type WhitelistCall = pallet_whitelist::Call<Runtime>;

/// Three fifths of all tokens.
const VOTERS: [Sr25519Keyring; 8] = [
	Sr25519Keyring::Alice,
	Sr25519Keyring::Bob,
	Sr25519Keyring::Charlie,
	Sr25519Keyring::Dave,
	Sr25519Keyring::Eve,
	Sr25519Keyring::BobStash,
	Sr25519Keyring::CharlieStash,
	Sr25519Keyring::DaveStash,
];
/// What each of them votes with.
const VOTE: Balance = 900_000 * UNIT;

fn root() -> OriginCaller {
	OriginCaller::system(RawOrigin::Root)
}

/// Propose `call` as `origin`, with its preimage where it is large, and pay both deposits.
fn propose(origin: impl Into<OriginCaller>, call: impl Into<RuntimeCall>) -> ReferendumIndex {
	let index = pallet_referenda::ReferendumCount::<Runtime>::get();
	let bytes = call.into().encode();
	let proposal = match bytes.clone().try_into() {
		Ok(inline) => Bounded::Inline(inline),
		Err(_) => {
			let hash = <Runtime as frame_system::Config>::Hashing::hash(&bytes);
			let len = u32::try_from(bytes.len()).expect("short");
			let note = pallet_preimage::Call::<Runtime>::note_preimage { bytes };
			assert_ok!(send(STRANGER, note));
			Bounded::Lookup { hash, len }
		},
	};
	let submit = ReferendaCall::submit {
		proposal_origin: Box::new(origin.into()),
		proposal,
		enactment_moment: DispatchTime::After(0),
	};
	assert_ok!(send(STRANGER, submit));
	assert_ok!(send(STRANGER, ReferendaCall::place_decision_deposit { index }));
	index
}

fn vote(who: Sr25519Keyring, poll_index: ReferendumIndex, aye: bool, balance: Balance) {
	assert_ok!(send(who, voting(poll_index, aye, balance)));
}

fn voting(poll_index: ReferendumIndex, aye: bool, balance: Balance) -> VotingCall {
	let vote = Vote { aye, conviction: Conviction::Locked1x };
	VotingCall::vote { poll_index, vote: AccountVote::Standard { vote, balance } }
}

/// Propose, have everybody vote for it, and wait until it is approved.
fn approve(origin: impl Into<OriginCaller>, call: impl Into<RuntimeCall>) -> ReferendumIndex {
	let index = propose(origin, call);
	for who in VOTERS {
		vote(who, index, true, VOTE);
	}
	advance_until(|| is_approved(index));
	index
}

fn is_approved(index: ReferendumIndex) -> bool {
	let info = pallet_referenda::ReferendumInfoFor::<Runtime>::get(index);
	matches!(info, Some(ReferendumInfo::Approved(..)))
}

/// Sets how many devices a maker certifies in a cycle.
fn set_devices(count: u32) -> pallet_parameters::Call<Runtime> {
	let policy = DevicesPolicy { per_cycle: count, ..production::DEVICES };
	let parameter = devices::Parameters::RegistryPolicy(devices::RegistryPolicy, Some(policy));
	pallet_parameters::Call::set_parameter { key_value: RuntimeParameters::Devices(parameter) }
}

fn devices_per_cycle() -> u32 {
	<devices::RegistryPolicy as Get<DevicesPolicy>>::get().per_cycle
}

/// What became of what was enacted last.
fn dispatched() -> Option<Result<(), DispatchError>> {
	System::read_events_for_pallet::<pallet_scheduler::Event<Runtime>>().into_iter().find_map(
		|event| match event {
			pallet_scheduler::Event::Dispatched { id: Some(_), result, .. } => Some(result),
			_ => None,
		},
	)
}

/// Approve, and wait until the proposal is enacted.
fn enact(
	origin: impl Into<OriginCaller>,
	call: impl Into<RuntimeCall>,
) -> Result<(), DispatchError> {
	approve(origin, call);
	advance_until(|| dispatched().is_some());
	dispatched().expect("it was just there")
}

#[test]
fn a_referendum_changes_a_parameter_and_returns_its_deposits() {
	run(|| {
		next_block();
		let before = Balances::total_balance(&STRANGER.to_account_id());
		let index = approve(Origin::EconomicAdmin, set_devices(7));
		assert_ne!(devices_per_cycle(), 7, "enactment takes its time");
		advance_until(|| devices_per_cycle() == 7);

		assert_ok!(send(STRANGER, ReferendaCall::refund_decision_deposit { index }));
		assert_ok!(send(STRANGER, ReferendaCall::refund_submission_deposit { index }));
		let after = Balances::total_balance(&STRANGER.to_account_id());
		assert!(before - after < UNIT, "fees only");
		assert_eq!(pallet_balances::Account::<Runtime>::get(STRANGER.to_account_id()).reserved, 0);
	});
}

#[test]
fn what_most_vote_against_is_never_enacted() {
	run(|| {
		next_block();
		let index = propose(Origin::EconomicAdmin, set_devices(7));
		for (who, aye) in VOTERS.into_iter().zip([true, false].into_iter().cycle()) {
			vote(who, index, aye, if aye { VOTE } else { VOTE + UNIT });
		}
		(0..100).for_each(|_| next_block());
		assert!(!is_approved(index));
	});
}

#[test]
fn nobody_votes_with_more_than_there_is() {
	run(|| {
		next_block();
		let index = propose(Origin::EconomicAdmin, set_devices(7));
		let total = Balances::total_balance(&Sr25519Keyring::Bob.to_account_id());
		let refused = send(Sr25519Keyring::Bob, voting(index, true, total + 1));
		let reason = pallet_conviction_voting::Error::<Runtime>::InsufficientFunds;
		assert_eq!(refused, Err(reason.into()));
	});
}

#[test]
fn an_origin_can_do_its_own_things_only() {
	run(|| {
		World::found();
		let pause = pallet_networks::Call::<Runtime>::pause { id: NETWORK };
		assert_eq!(enact(Origin::EconomicAdmin, pause), Err(DispatchError::BadOrigin));
		assert_eq!(enact(Origin::NetworkAdmin, set_devices(7)), Err(DispatchError::BadOrigin));
		let code = frame_system::Call::<Runtime>::set_code { code: vec![0; 4] };
		assert_eq!(enact(Origin::Treasurer, code), Err(DispatchError::BadOrigin));
	});
}

#[test]
fn network_admins_pause_networks_and_retire_devices() {
	use cairn_traits::{NetworkRegistry, Timekeeper};

	run(|| {
		World::found();
		assert_ok!(enact(
			Origin::NetworkAdmin,
			pallet_networks::Call::<Runtime>::pause { id: NETWORK }
		));
		let next = cairn_runtime::Time::next_window();
		assert!(!Networks::is_active(NETWORK, next));

		let device = cairn_types::DeviceId(0);
		let retire = pallet_devices::Call::<Runtime>::force_retire { device };
		assert_ok!(enact(Origin::NetworkAdmin, retire));
		let record = pallet_devices::Devices::<Runtime>::get(device).expect("kept");
		assert_eq!(record.stage, pallet_devices::Stage::Retired);
	});
}

#[test]
fn network_admins_convict_makers_and_anybody_expels_their_devices() {
	run(|| {
		World::found();
		let (who, reason) = (MAKER_ADMIN.to_account_id(), pallet_devices::HoldReason::MakerBond);
		let reason = RuntimeHoldReason::from(reason);
		let amount = Balances::balance_on_hold(&reason, &who);
		assert!(amount > 1_000 * UNIT, "the bond and the price of the entry: {amount}");

		let convict = pallet_devices::Call::<Runtime>::force_retire_maker { maker: MAKER };
		assert_ok!(enact(Origin::NetworkAdmin, convict));
		assert_eq!(Balances::balance_on_hold(&reason, &who), 0);
		let burned = pallet_balances::Event::BurnedHeld { reason, who, amount };
		let events = System::read_events_for_pallet::<pallet_balances::Event<Runtime>>();
		assert!(events.contains(&burned), "{events:?}");

		let device = cairn_types::DeviceId(0);
		assert_ok!(send(STRANGER, pallet_devices::Call::<Runtime>::expel { device }));
		let record = pallet_devices::Devices::<Runtime>::get(device).expect("kept");
		assert_eq!(record.stage, pallet_devices::Stage::Suspended);
	});
}

/// On a developer's network, and with the numbers of production.
#[test]
fn a_makers_bond_outlasts_a_referendum() {
	let check = || {
		let mut tracks = <Tracks as TracksInfo<Balance, BlockNumber>>::tracks();
		let track = tracks.find(|track| track.id == 11).expect("the network admin's");
		let info = &track.info;
		let longest = info.prepare_period
			+ info.decision_period
			+ info.confirm_period
			+ info.min_enactment_period;
		let stays = LeavingTicks::get() * TickPeriods::get().window_slots;
		assert!(stays >= longest, "{stays} blocks, and a referendum takes {longest}");
	};
	run(check);
	sp_io::TestExternalities::default().execute_with(check);
}

#[test]
fn economic_admins_weigh_networks_and_limit_batches() {
	run(|| {
		World::found();
		let weigh = pallet_rewards::Call::<Runtime>::set_weight { network: NETWORK, weight: 5 };
		assert_ok!(enact(Origin::EconomicAdmin, weigh));
		let rules = pallet_time::Call::<Runtime>::set_rules { max_readings: 9, max_payload: 9_000 };
		assert_ok!(enact(Origin::EconomicAdmin, rules));
		assert_eq!(pallet_time::RulesVersion::<Runtime>::get(), 2);
	});
}

#[test]
fn spenders_spend_up_to_their_limit() {
	run(|| {
		next_block();
		let treasury = TreasuryAccount::get();
		advance_until(|| Balances::total_balance(&treasury) > 20_000 * UNIT);
		let spend = |amount| TreasuryCall::spend {
			asset_kind: Box::new(()),
			amount,
			beneficiary: Box::new(STRANGER.to_account_id()),
			valid_from: None,
		};
		let beyond = enact(Origin::SmallSpender, spend(1_000 * UNIT + 1));
		let reason = pallet_treasury::Error::<Runtime>::InsufficientPermission;
		assert_eq!(beyond, Err(reason.into()));

		assert_ok!(enact(Origin::SmallSpender, spend(1_000 * UNIT)));
		let before = Balances::total_balance(&treasury);
		assert_ok!(send(STRANGER, TreasuryCall::payout { index: 0 }));
		assert_eq!(before - Balances::total_balance(&treasury), 1_000 * UNIT);
		assert!(send(STRANGER, TreasuryCall::payout { index: 0 }).is_err(), "once");
	});
}

#[test]
fn a_spend_beyond_the_treasury_can_be_paid_later() {
	run(|| {
		next_block();
		let spend = TreasuryCall::spend {
			asset_kind: Box::new(()),
			amount: u128::MAX / 2,
			beneficiary: Box::new(STRANGER.to_account_id()),
			valid_from: None,
		};
		assert_ok!(enact(Origin::Treasurer, spend));
		let reason = pallet_treasury::Error::<Runtime>::PayoutError;
		assert_eq!(send(STRANGER, TreasuryCall::payout { index: 0 }), Err(reason.into()));
	});
}

#[test]
fn what_the_committee_whitelists_passes_within_the_hour() {
	run(|| {
		next_block();
		let call = RuntimeCall::from(set_devices(7));
		let call_hash = <Runtime as frame_system::Config>::Hashing::hash_of(&call);
		let dispatch = || WhitelistCall::dispatch_whitelisted_call_with_preimage {
			call: Box::new(RuntimeCall::from(set_devices(7))),
		};
		// The committee of a developer's network: two of three.
		let proposal = RuntimeCall::from(WhitelistCall::whitelist_call { call_hash });
		let proposal_hash = <Runtime as frame_system::Config>::Hashing::hash_of(&proposal);
		let length_bound = u32::try_from(proposal.encoded_size()).expect("short");
		let propose = CommitteeCall::propose {
			threshold: 2,
			proposal: Box::new(proposal.clone()),
			length_bound,
		};
		assert!(send(STRANGER, propose.clone()).is_err(), "members only");
		assert_ok!(send(Sr25519Keyring::Alice, propose));
		for member in [Sr25519Keyring::Alice, Sr25519Keyring::Bob] {
			let approve = CommitteeCall::vote { proposal: proposal_hash, index: 0, approve: true };
			assert_ok!(send(member, approve));
		}
		let close = CommitteeCall::close {
			proposal_hash,
			index: 0,
			proposal_weight_bound: frame_support::weights::Weight::from_parts(
				1_000_000_000,
				100_000,
			),
			length_bound,
		};
		assert_ok!(send(STRANGER, close));
		assert!(pallet_whitelist::WhitelistedCall::<Runtime>::contains_key(call_hash));

		let submitted = System::block_number();
		assert_ok!(enact(Origin::WhitelistedCaller, dispatch()));
		assert_eq!(devices_per_cycle(), 7);
		assert!(System::block_number() - submitted < 24, "less than a governance day");
	});
}

#[test]
fn what_nobody_whitelisted_is_not_dispatched() {
	run(|| {
		next_block();
		let call = Box::new(RuntimeCall::from(set_devices(7)));
		let dispatch = WhitelistCall::dispatch_whitelisted_call_with_preimage { call };
		let _ = enact(Origin::WhitelistedCaller, dispatch);
		assert_ne!(devices_per_cycle(), 7);
	});
}

#[test]
fn a_slash_can_be_cancelled_before_it_is_applied() {
	use sp_staking::offence::{OffenceDetails, OnOffenceHandler};

	run(|| {
		next_block();
		let stash = Sr25519Keyring::AliceStash.to_account_id();
		let offender = OffenceDetails { offender: (stash.clone(), ()), reporters: Vec::new() };
		let fraction = Perbill::from_percent(10);
		<cairn_runtime::Staking as OnOffenceHandler<_, _, _>>::on_offence(
			&[offender],
			&[fraction],
			pallet_session::CurrentIndex::<Runtime>::get(),
		);
		let due: Vec<_> = pallet_staking::UnappliedSlashes::<Runtime>::iter().collect();
		let [(era, slashes)] = due.as_slice() else { panic!("one slash waits: {due:?}") };
		assert_eq!(slashes.len(), 1);
		let staked = || pallet_staking::Ledger::<Runtime>::get(&stash).map(|ledger| ledger.total);
		let before = staked();

		let cancel = StakingCall::cancel_deferred_slash { era: *era, slash_indices: vec![0] };
		assert_ok!(enact(root(), cancel));
		let active = || pallet_staking::ActiveEra::<Runtime>::get().map_or(0, |era| era.index);
		advance_until(|| active() >= *era);
		advance_until(|| active() > *era);
		assert_eq!(staked(), before);
	});
}

#[test]
fn a_referendum_is_cancelled_by_another_and_a_killed_one_loses_its_deposits() {
	run(|| {
		next_block();
		let first = propose(Origin::EconomicAdmin, set_devices(7));
		assert_ok!(enact(Origin::ReferendumCanceller, ReferendaCall::cancel { index: first }));
		assert_ok!(send(STRANGER, ReferendaCall::refund_decision_deposit { index: first }));

		let second = propose(Origin::EconomicAdmin, set_devices(8));
		let treasury = Balances::total_balance(&TreasuryAccount::get());
		assert_ok!(enact(Origin::ReferendumKiller, ReferendaCall::kill { index: second }));
		let lost = Balances::total_balance(&TreasuryAccount::get()) - treasury;
		assert!(lost >= 1_010 * UNIT, "both deposits: {lost}");
	});
}

#[test]
fn a_malformed_preimage_enacts_nothing() {
	run(|| {
		next_block();
		let bytes = vec![0xff; 200];
		let hash = <Runtime as frame_system::Config>::Hashing::hash(&bytes);
		let note = pallet_preimage::Call::<Runtime>::note_preimage { bytes };
		assert_ok!(send(STRANGER, note));
		let submit = ReferendaCall::submit {
			proposal_origin: Box::new(root()),
			proposal: Bounded::Lookup { hash, len: 200 },
			enactment_moment: DispatchTime::After(0),
		};
		assert_ok!(send(STRANGER, submit));
		assert_ok!(send(STRANGER, ReferendaCall::place_decision_deposit { index: 0 }));
		for who in VOTERS {
			vote(who, 0, true, VOTE);
		}
		advance_until(|| is_approved(0));
		(0..60).for_each(|_| next_block());
		let next = System::block_number() + 1;
		let incomplete = pallet_scheduler::IncompleteSince::<Runtime>::get();
		assert_eq!(incomplete, Some(next), "nothing is left behind");
	});
}

#[test]
fn a_call_too_heavy_for_a_block_is_never_dispatched() {
	run(|| {
		next_block();
		let limit = <Runtime as pallet_scheduler::Config>::MaximumWeight::get();
		let heavy = pallet_utility::Call::<Runtime>::with_weight {
			call: Box::new(set_devices(7).into()),
			weight: limit.saturating_mul(2),
		};
		approve(root(), heavy);
		(0..60).for_each(|_| next_block());
		assert_ne!(devices_per_cycle(), 7);
	});
}

#[test]
fn delegated_votes_count_until_they_are_taken_back() {
	run(|| {
		next_block();
		let delegate = VotingCall::delegate {
			class: 10,
			to: cairn_runtime::Address::Id(Sr25519Keyring::Alice.to_account_id()),
			conviction: Conviction::None,
			balance: VOTE,
		};
		assert_ok!(send(Sr25519Keyring::Bob, delegate));
		let index = propose(Origin::EconomicAdmin, set_devices(7));
		vote(Sr25519Keyring::Alice, index, true, VOTE);
		let support = || match pallet_referenda::ReferendumInfoFor::<Runtime>::get(index) {
			Some(ReferendumInfo::Ongoing(status)) => status.tally.support,
			other => panic!("ongoing: {other:?}"),
		};
		assert_eq!(support(), 2 * VOTE);
		assert_ok!(send(Sr25519Keyring::Bob, VotingCall::undelegate { class: 10 }));
		assert_eq!(support(), VOTE);
	});
}

#[test]
fn a_referendum_without_a_track_is_refused() {
	run(|| {
		next_block();
		let nobody = OriginCaller::system(RawOrigin::None);
		let proposal =
			Preimage::bound(RuntimeCall::from(set_devices(7))).expect("short enough to be inline");
		let submit = ReferendaCall::submit {
			proposal_origin: Box::new(nobody),
			proposal,
			enactment_moment: DispatchTime::After(0),
		};
		let reason = pallet_referenda::Error::<Runtime>::NoTrack;
		assert_eq!(send(STRANGER, submit), Err(reason.into()));
	});
}
