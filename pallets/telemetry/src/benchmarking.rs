//! What the calls and idle work cost at worst: full committees, batches that die on the way, units
//! of a cycle of which none were attested yet.
//!
//! A verdict's authorisation and its dispatch are two functions of one extrinsic: what the first has
//! read is at hand for the second, and counted once.

use alloc::vec;

use cairn_economics::Accrual;
use cairn_telemetry::{
	Header, HeaderV1, Sums, Verdict, VerdictClaim,
	authority::{AuthorityId, AuthoritySignature},
	committee::{MAX_COMMITTEE, quorum},
	tree::empty_root,
};
use cairn_traits::{SlotBook, Timekeeper};
use cairn_types::{DeviceId, GatewayId, NetworkId, Tick, Window};
use frame_benchmarking::v2::*;
use frame_support::{
	BoundedVec,
	dispatch::DispatchResultWithPostInfo,
	ensure,
	pallet_prelude::TransactionSource,
	traits::{
		Authorize, Get, UnfilteredDispatchable,
		fungible::{Inspect, MutateHold},
	},
};
use frame_system::RawOrigin;
use sp_core::sr25519;
use sp_runtime::{RuntimeAppPublic, SaturatedConversion};
use sp_staking::SessionIndex;

use crate::{
	Batches, Call, Config, Event, GatewayRecordOf, Gateways, HoldReason, Keys, Ledgers,
	NewestSession, NextGateway, Pallet, Sealed, Sessions, Slots, Sweeping, WeightInfo,
	impls::{seal::Clock, sweep::KEYS_DROPPED_AT_ONCE},
	types::{
		BatchRecord, BatchStage, Endpoint, Head, LedgerRecord, MAX_ENDPOINT, Queue, Stage, Vote,
	},
};

/// What benchmarks need of other pallets. Validators and their keys are this pallet's own state, and
/// no call looks into devices.
pub trait BenchmarkHelper<AccountId> {
	/// Give `who` enough for every bond, deposit and fee.
	fn fund(who: &AccountId);
	/// A network that is open, and active and configured with a meter from the next window on.
	fn network() -> NetworkId;
	/// Let as many windows pass, each recorded and with a tick.
	fn advance(ticks: Tick);
	/// Units of `network` in cycles that are frozen by now, all that a gateway may have waiting for
	/// their rates; and let the current cycle begin.
	fn accrued(network: NetworkId) -> Accrual;
	/// Make the seed known that answers what was committed in block `after`.
	fn make_seed(after: u32);
}

type Helper<T> = <T as Config>::BenchmarkHelper;
type Account<T> = <T as frame_system::Config>::AccountId;

fn funded<T: Config>(who: Account<T>) -> Account<T> {
	Helper::<T>::fund(&who);
	who
}

fn longest_endpoint() -> Endpoint {
	let mut url = b"https://".to_vec();
	url.resize(usize::try_from(MAX_ENDPOINT).unwrap_or(url.len()), b'g');
	BoundedVec::truncate_from(url)
}

/// A new gateway of `operator` with one device, in whose windows from the next one on the network is
/// active.
fn registered<T: Config>(operator: &Account<T>) -> Result<GatewayId, BenchmarkError> {
	let network = Helper::<T>::network();
	let gateway = NextGateway::<T>::get();
	Pallet::<T>::do_register_gateway(operator.clone(), network, longest_endpoint())?;
	let owner = funded::<T>(account("owner", gateway.0, 0));
	Pallet::<T>::open(gateway, network, DeviceId(0), &owner, T::Time::next_window())?;
	Ok(gateway)
}

fn record<T: Config>(gateway: GatewayId) -> Result<GatewayRecordOf<T>, BenchmarkError> {
	Gateways::<T>::get(gateway).ok_or(BenchmarkError::Stop("the gateway is registered"))
}

/// A key that nobody signs with.
fn any_key() -> AuthorityId {
	sr25519::Public::from_raw([1; 32]).into()
}

/// Keep a session of as many validators as a committee has at most, referred to by one batch. The
/// first one's key is `key`; none of the stashes exists.
fn keep_session<T: Config>(session: SessionIndex, key: AuthorityId) {
	for member in 0..MAX_COMMITTEE {
		let key = if member == 0 { key.clone() } else { any_key() };
		let stash: Account<T> = account("stash", session, member);
		Keys::<T>::insert(session, member, (stash, key));
	}
	Sessions::<T>::insert(session, MAX_COMMITTEE);
}

/// A batch with a full committee, all of whom have cast `vote`.
fn full_batch<T: Config>(session: SessionIndex, ordinal: u32, vote: Vote) -> BatchRecord {
	let members = usize::try_from(MAX_COMMITTEE).unwrap_or_default();
	BatchRecord {
		header_hash: [1; 32],
		ledger_root: [2; 32],
		payload_size: 1,
		sums: Sums { units: 1, readings: 1, devices: 1 },
		tick: 0,
		sealed_at: 0,
		sealed_in: frame_system::Pallet::<T>::block_number().saturated_into(),
		session,
		validators: MAX_COMMITTEE,
		members: MAX_COMMITTEE,
		ordinal,
		fee: 0,
		committee_fee: 0,
		committee: BoundedVec::truncate_from((0..MAX_COMMITTEE).collect()),
		votes: BoundedVec::truncate_from(vec![vote; members]),
		stage: BatchStage::Pending,
		collected: false,
	}
}

/// Put a batch of attempt 0 into the queue; `record` then says what of the queue waits.
fn queue<T: Config>(gateway: GatewayId, window: Window, batch: BatchRecord) {
	if matches!(batch.stage, BatchStage::Attested { .. }) {
		let (root, tick) = (batch.ledger_root, batch.tick);
		Ledgers::<T>::insert(gateway, window, LedgerRecord { root, tick, network: NetworkId(0) });
	}
	Sealed::<T>::insert(gateway, batch.ordinal, (window, 0));
	Batches::<T>::insert((gateway, window, 0), batch);
}

/// Two attested batches that were paid for long ago.
fn queue_two_old<T: Config>(gateway: GatewayId) {
	keep_session::<T>(1, any_key());
	for ordinal in 0..2u32 {
		let mut batch = full_batch::<T>(1, ordinal, Vote::Valid);
		batch.stage = BatchStage::Attested { due: 0, ordinal };
		batch.collected = true;
		queue::<T>(gateway, ordinal, batch);
	}
}

/// One batch of window 2 that may be judged now, by a session of which the first member's key is
/// `key`.
fn queue_judged<T: Config>(
	gateway: GatewayId,
	key: AuthorityId,
	batch: BatchRecord,
) -> Result<(), BenchmarkError> {
	keep_session::<T>(batch.session, key);
	let tick = T::Time::now().tick;
	queue::<T>(gateway, 2, BatchRecord { tick, sealed_at: tick, ..batch });
	let mut record = record::<T>(gateway)?;
	record.sealed = Some(Head { window: 2, attempt: 0, root: [2; 32] });
	record.queue = Queue { next: 1, ..Queue::default() };
	Gateways::<T>::insert(gateway, record);
	Ok(())
}

/// The first member's signed verdict on [`queue_judged`]'s batch.
fn first_verdict<T: Config>(
	gateway: GatewayId,
	session: SessionIndex,
	key: &AuthorityId,
) -> Result<(VerdictClaim, AuthoritySignature), BenchmarkError> {
	let claim = VerdictClaim {
		gateway,
		window: 2,
		attempt: 0,
		header_hash: [1; 32],
		session,
		member: 0,
		verdict: Verdict::Valid,
		tag: [1; 32],
	};
	let signature = key.sign(&claim.message(&Pallet::<T>::genesis()));
	Ok((claim, signature.ok_or(BenchmarkError::Stop("the keystore has the key"))?))
}

/// Authorise a verdict and dispatch it, as a block does.
fn apply<T: Config>(call: Call<T>) -> DispatchResultWithPostInfo {
	let authorized = call.authorize(TransactionSource::External);
	ensure!(authorized.is_some_and(|result| result.is_ok()), "the verdict is accepted");
	call.dispatch_bypass_filter(RawOrigin::Authorized.into())
}

/// A batch of which no member has given a verdict; its committee is not drawn.
fn undrawn<T: Config>() -> BatchRecord {
	BatchRecord {
		committee: Default::default(),
		votes: Default::default(),
		..full_batch::<T>(1, 0, Vote::None)
	}
}

fn assert_last_event<T: Config>(event: Event<T>) {
	frame_system::Pallet::<T>::assert_last_event(event.into());
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn register_gateway() {
		let operator = funded::<T>(whitelisted_caller());
		let network = Helper::<T>::network();
		let gateway = NextGateway::<T>::get();

		#[extrinsic_call]
		_(RawOrigin::Signed(operator.clone()), network, longest_endpoint());

		assert_last_event::<T>(Event::GatewayRegistered { gateway, operator, network });
	}

	#[benchmark]
	fn update_endpoint() -> Result<(), BenchmarkError> {
		let operator = funded::<T>(whitelisted_caller());
		let gateway = registered::<T>(&operator)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(operator), gateway, longest_endpoint());

		assert_last_event::<T>(Event::EndpointUpdated { gateway, endpoint: longest_endpoint() });
		Ok(())
	}

	#[benchmark]
	fn retire_gateway() -> Result<(), BenchmarkError> {
		let operator = funded::<T>(whitelisted_caller());
		let gateway = registered::<T>(&operator)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(operator), gateway);

		assert!(matches!(record::<T>(gateway)?.stage, Stage::Retired { .. }));
		Ok(())
	}

	/// A batch that is due dies first.
	#[benchmark]
	fn seal() -> Result<(), BenchmarkError> {
		let operator = funded::<T>(whitelisted_caller());
		let gateway = registered::<T>(&operator)?;
		Helper::<T>::advance(T::Time::periods().mature_ticks().saturating_add(2));
		keep_session::<T>(3, any_key());
		NewestSession::<T>::put(3);
		queue::<T>(gateway, 2, full_batch::<T>(3, 0, Vote::None));
		let mut before = record::<T>(gateway)?;
		before.queue = Queue { next: 1, ..Queue::default() };
		Gateways::<T>::insert(gateway, before);

		let window = T::Time::now().window.saturating_sub(1);
		let rules = T::Time::window(window).ok_or("the window is recorded")?.rules;
		let header = Header::V1(HeaderV1 {
			attempt: 1,
			previous_root: empty_root(),
			ledger_root: [3; 32],
			transition_root: [4; 32],
			sums: Sums { units: 0, readings: 1, devices: 1 },
			payload_root: [5; 32],
			payload_size: 1,
			rules,
		});

		#[extrinsic_call]
		_(RawOrigin::Signed(operator), gateway, window, header);

		let after = record::<T>(gateway)?;
		assert_eq!(after.queue, Queue { oldest: 0, settled: 0, pending: 1, next: 2 });
		Ok(())
	}

	/// The first verdict, by which the committee is drawn: authorisation and dispatch.
	#[benchmark]
	fn submit_first_verdict() -> Result<(), BenchmarkError> {
		let gateway = registered::<T>(&funded::<T>(account("operator", 0, 0)))?;
		let key = AuthorityId::generate_pair(None);
		let batch = undrawn::<T>();
		Helper::<T>::make_seed(batch.sealed_in);
		queue_judged::<T>(gateway, key.clone(), batch)?;
		let (claim, signature) = first_verdict::<T>(gateway, 1, &key)?;
		let call = Call::<T>::submit_verdict { claim, signature };
		let result;

		#[block]
		{
			result = apply(call);
		}

		assert!(result.is_ok());
		Ok(())
	}

	/// The last verdict that a full committee needs to attest, authorisation and dispatch: the first
	/// units of their cycle, after cycles whose units have waited for their rates.
	#[benchmark]
	fn submit_last_verdict() -> Result<(), BenchmarkError> {
		let gateway = registered::<T>(&funded::<T>(account("operator", 0, 0)))?;
		let mut before = record::<T>(gateway)?;
		before.accrual = Helper::<T>::accrued(before.network);
		Gateways::<T>::insert(gateway, before);
		let key = AuthorityId::generate_pair(None);
		let mut batch = full_batch::<T>(1, 0, Vote::None);
		let voted = usize::try_from(quorum(MAX_COMMITTEE)).unwrap_or_default();
		batch.votes.iter_mut().skip(1).take(voted.saturating_sub(1)).for_each(|vote| {
			*vote = Vote::Valid;
		});
		queue_judged::<T>(gateway, key.clone(), batch)?;
		let (claim, signature) = first_verdict::<T>(gateway, 1, &key)?;
		let call = Call::<T>::submit_verdict { claim, signature };
		let result;

		#[block]
		{
			result = apply(call);
		}

		assert!(result.is_ok());
		let after = record::<T>(gateway)?;
		assert!(after.attested.is_some_and(|head| head.window == 2));
		assert_eq!(after.accrual.open.len(), 1);
		Ok(())
	}

	/// The first verdict: the committee is drawn.
	#[benchmark]
	fn authorize_submit_verdict() -> Result<(), BenchmarkError> {
		let gateway = registered::<T>(&funded::<T>(account("operator", 0, 0)))?;
		let key = AuthorityId::generate_pair(None);
		let batch = undrawn::<T>();
		Helper::<T>::make_seed(batch.sealed_in);
		queue_judged::<T>(gateway, key.clone(), batch)?;
		let (claim, signature) = first_verdict::<T>(gateway, 1, &key)?;
		let call = Call::<T>::submit_verdict { claim, signature };
		let authorized;

		#[block]
		{
			authorized = call.authorize(TransactionSource::External);
		}

		assert!(authorized.is_some_and(|result| result.is_ok()));
		Ok(())
	}

	#[benchmark]
	fn expire() -> Result<(), BenchmarkError> {
		let gateway = registered::<T>(&funded::<T>(account("operator", 0, 0)))?;
		queue_judged::<T>(gateway, any_key(), full_batch::<T>(1, 0, Vote::None))?;
		Helper::<T>::advance(T::Time::periods().attest_ticks);

		#[extrinsic_call]
		_(RawOrigin::Signed(whitelisted_caller()), gateway);

		assert_eq!(record::<T>(gateway)?.deaths, 1);
		Ok(())
	}

	/// One batch, as many of whose members are paid, into new accounts.
	#[benchmark]
	fn collect(m: Linear<0, { MAX_COMMITTEE }>) -> Result<(), BenchmarkError> {
		let share = T::Currency::minimum_balance().max(1);
		let committee_fee = share.saturating_mul(MAX_COMMITTEE.into());
		let fee = committee_fee.saturating_add(share);
		let operator = funded::<T>(account("operator", 0, 0));
		let gateway = registered::<T>(&operator)?;
		T::Currency::hold(&HoldReason::SealFee.into(), &operator, fee)?;
		keep_session::<T>(1, any_key());
		let mut batch = full_batch::<T>(1, 0, Vote::None);
		batch.votes.iter_mut().zip(0..m).for_each(|(vote, _)| *vote = Vote::Valid);
		batch.stage = BatchStage::Attested { due: 0, ordinal: 0 };
		queue::<T>(gateway, 2, BatchRecord { fee, committee_fee, ..batch });
		let mut record = record::<T>(gateway)?;
		record.queue = Queue { pending: 1, next: 1, ..Queue::default() };
		Gateways::<T>::insert(gateway, record);
		let batches = vec![(gateway, 2, 0)].try_into().map_err(|_| "at most sixteen")?;

		#[extrinsic_call]
		_(RawOrigin::Signed(whitelisted_caller()), batches);

		let collected = Batches::<T>::get((gateway, 2, 0)).is_some_and(|batch| batch.collected);
		assert!(collected);
		Ok(())
	}

	#[benchmark]
	fn close_leaf() -> Result<(), BenchmarkError> {
		let gateway = registered::<T>(&funded::<T>(account("operator", 0, 0)))?;
		let payee = funded::<T>(whitelisted_caller());
		let network = record::<T>(gateway)?.network;
		let from = T::Time::next_window();
		let slot = Pallet::<T>::open(gateway, network, DeviceId(1), &payee, from)?;
		Pallet::<T>::end(gateway, slot, from);
		Helper::<T>::advance(T::Time::periods().mature_ticks().saturating_add(1));

		#[extrinsic_call]
		_(RawOrigin::Signed(payee), gateway, slot);

		assert!(!Slots::<T>::contains_key(gateway, slot));
		Ok(())
	}

	/// The last two batches go, and the gateway with them.
	#[benchmark]
	fn reap_gateway() -> Result<(), BenchmarkError> {
		let gateway = registered::<T>(&funded::<T>(account("operator", 0, 0)))?;
		queue_two_old::<T>(gateway);
		let mut before = record::<T>(gateway)?;
		before.queue = Queue { pending: 2, next: 2, ..Queue::default() };
		before.open_slots = 0;
		before.stage = Stage::Retired { until: 0, settled: 0 };
		Gateways::<T>::insert(gateway, before);

		#[extrinsic_call]
		_(RawOrigin::Signed(whitelisted_caller()), gateway);

		assert_last_event::<T>(Event::GatewayReaped { gateway });
		Ok(())
	}

	/// Where no gateway exists: a pass ends with its only visit.
	#[benchmark]
	fn sweep() {
		let limit = T::WeightInfo::sweep().saturating_add(Pallet::<T>::dearest_step());
		NewestSession::<T>::put(3);

		#[block]
		{
			Pallet::<T>::sweep(limit);
		}

		assert_eq!(Sweeping::<T>::get().oldest, 3);
	}

	/// A batch that is due dies, one that was paid for is settled, an old one is removed.
	#[benchmark]
	fn visit_gateway() -> Result<(), BenchmarkError> {
		let gateway = registered::<T>(&funded::<T>(account("operator", 0, 0)))?;
		Helper::<T>::advance(T::Time::periods().mature_ticks().saturating_add(2));
		queue_two_old::<T>(gateway);
		queue::<T>(gateway, 2, full_batch::<T>(1, 2, Vote::None));
		let mut before = record::<T>(gateway)?;
		before.queue = Queue { oldest: 0, settled: 1, pending: 2, next: 3 };
		before.availability.attested = u32::MAX;
		Gateways::<T>::insert(gateway, before);
		let clock = Clock::read::<T::Time>();
		let policy = T::Policy::get();

		#[block]
		{
			Pallet::<T>::visit(gateway, &clock, &policy);
		}

		let after = record::<T>(gateway)?;
		assert_eq!(after.queue, Queue { oldest: 1, settled: 2, pending: 3, next: 3 });
		Ok(())
	}

	/// The last step of a session's.
	#[benchmark]
	fn drop_keys() {
		keep_session::<T>(1, any_key());
		Sessions::<T>::insert(1, KEYS_DROPPED_AT_ONCE);

		#[block]
		{
			Pallet::<T>::drop_keys(1);
		}

		assert!(!Sessions::<T>::contains_key(1));
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
