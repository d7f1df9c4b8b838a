//! Whole lives on the real runtime: from a device's key to its owner's pay, and what becomes of
//! those who do not play along.

mod support;

use cairn_runtime::{
	AccountId, Balance, Balances, Block, Runtime, RuntimeCall, RuntimeHoldReason, System, Time,
	UncheckedExtrinsic,
	currency::{UNIT, deposit},
};
use cairn_runtime_api::{BatchStage, runtime_decl_for_cairn_api::CairnApi};
use cairn_telemetry::{Claim, Sums, VerdictClaim};
use cairn_traits::Timekeeper as _;
use cairn_types::{
	Cycle, DeviceId, DeviceKey, DeviceSignature, GatewayId, Hash32, MakerId, Possession, RootKey,
	Schema, Serial, Window,
};
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{
	BoundedVec, assert_ok,
	storage::unhashed,
	traits::fungible::{Inspect as _, InspectHold as _},
};
use pallet_devices::{DeviceRecordOf, MakerRecordOf, SerialRecordOf};
use pallet_networks::NetworkRecordOf;
use pallet_schemas::SchemaRecordOf;
use pallet_telemetry::{GatewayRecordOf, Rejection, SlotEntryOf, types::Outcome};
use sp_core::{ed25519, sr25519};
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	DispatchError,
	transaction_validity::{InvalidTransaction, UnknownTransaction},
};
use support::{
	advance_until, apply, ask, assert_refused, general, next_block, run, send, sign, signed,
	validate,
	world::{
		Batch, DevicesCall, GATEWAY, MAKER, MAKER_ADMIN, NETWORK, NETWORK_OWNER, OPERATOR, OWNER,
		READINGS, RewardsCall, SCHEMA, STRANGER, SchemasCall, TelemetryCall, UNITS_PER_WINDOW,
		World, schema, vote,
	},
};

/// Units of the sealed window: a device earns in proportion to the intervals it reported in.
const UNITS: u128 = (UNITS_PER_WINDOW + UNITS_PER_WINDOW / 2) as u128;

/// The cycle of a batch's window.
fn cycle_of(batch: &Batch) -> Cycle {
	Time::periods().cycle_of(batch.record().tick)
}

/// Let ticks pass until nothing of the batch's cycle can change any more.
fn freeze(batch: &Batch) {
	let cycle = cycle_of(batch);
	advance_until(|| Time::periods().is_frozen(cycle, Time::now().tick));
}

fn claimable(claim: &Claim) -> (Balance, Balance) {
	let account = claim.account.clone();
	ask(|| <Runtime as CairnApi<Block>>::claimable(claim.gateway, claim.slot, account))
}

/// Claim, and find that it pays what was shown, to the owner, once.
fn take(claim: &Claim) -> Balance {
	let payee = OWNER.to_account_id();
	let (earned, released) = claimable(claim);
	assert_eq!(released, earned, "pay vests at once in `development`");

	let before = Balances::total_balance(&payee);
	assert_ok!(send(STRANGER, RewardsCall::claim_attested { claim: claim.clone() }));
	assert_eq!(Balances::total_balance(&payee) - before, released);
	let (gateway, slot) = (claim.gateway, claim.slot);
	let claimed = pallet_rewards::Event::<Runtime>::Claimed {
		gateway,
		slot,
		payee,
		earned,
		released,
		unvested: 0,
	};
	System::assert_has_event(claimed.into());

	assert_eq!(claimable(claim), (0, 0));
	let again = send(STRANGER, RewardsCall::claim_attested { claim: claim.clone() });
	assert_eq!(again, Err(pallet_rewards::Error::<Runtime>::NothingToClaim.into()));
	released
}

/// Let a batch be attested and its cycle freeze, and claim for all of its slots.
fn harvest(batch: &Batch) -> Balance {
	batch.attest();
	freeze(batch);
	batch.claims().iter().map(take).sum()
}

fn assert_attested(batch: &Batch) {
	let (window, attempt) = (batch.window, batch.attempt);
	let root = batch.sealed.header.ledger_root;
	let attested = pallet_telemetry::Event::<Runtime>::Attested {
		gateway: GATEWAY,
		window,
		attempt,
		root,
		units: UNITS,
	};
	System::assert_has_event(attested.into());

	let view = ask(|| <Runtime as CairnApi<Block>>::batch(GATEWAY, window, attempt));
	let matures = batch.record().tick + Time::periods().mature_ticks();
	assert_eq!(view.expect("it is kept").stage, BatchStage::Attested { matures });
	let gateway = ask(|| <Runtime as CairnApi<Block>>::gateway(GATEWAY)).expect("it is known");
	assert_eq!(gateway.attested.map(|head| head.root), Some(root));
	assert_eq!(ask(|| <Runtime as CairnApi<Block>>::matured(GATEWAY)), None);
}

#[test]
fn attested_readings_become_pay() {
	run(|| {
		let batch = World::found().first_batch();
		let readings = READINGS.iter().copied().map(u64::from).sum();
		let sums = Sums { units: UNITS, readings, devices: 2 };
		assert_eq!(batch.sealed.header.sums, sums);

		batch.attest();
		assert_attested(&batch);
		let claims = batch.claims();
		assert!(claims.iter().all(|claim| claimable(claim) == (0, 0)));
		let early = send(STRANGER, RewardsCall::claim_attested { claim: claims[0].clone() });
		assert_eq!(early, Err(pallet_telemetry::Error::<Runtime>::LedgerNotMatured.into()));

		let cycle = cycle_of(&batch);
		assert_eq!(ask(|| <Runtime as CairnApi<Block>>::rate(NETWORK, cycle)), None);
		freeze(&batch);
		assert!(ask(|| <Runtime as CairnApi<Block>>::rate(NETWORK, cycle)) > Some(0));
		let paid: Vec<_> = claims.iter().map(take).collect();

		// The network has the whole pool, and its devices share it by their units; each share is
		// rounded down.
		let record = pallet_rewards::Cycles::<Runtime>::get(cycle).expect("it has begun");
		let total: Balance = paid.iter().sum();
		assert!(record.bootstrap - total <= 2, "{} - {total}", record.bootstrap);
		assert!(paid[0].abs_diff(2 * paid[1]) <= 1, "{paid:?}");
		assert_eq!(pallet_rewards::Issued::<Runtime>::get().released, total);
	});
}

/// Let the committee's time pass without a verdict, and seal the window again.
fn seal_again(world: &World, batch: &Batch) -> Batch {
	let (window, attempt) = (batch.window, batch.attempt);
	advance_until(|| batch.seed().is_some());
	let verdict = vote(batch.verdict(), Sr25519Keyring::Alice);
	let due = ask(|| <Runtime as CairnApi<Block>>::batch(GATEWAY, window, attempt))
		.and_then(|view| view.due)
		.expect("it waits for verdicts");
	advance_until(|| Time::now().tick >= due);
	assert_refused(verdict.clone(), Rejection::TooLate);

	let old = send(OPERATOR, batch.seal_call());
	assert_eq!(old, Err(pallet_telemetry::Error::<Runtime>::WrongAttempt.into()));
	let gateway = ask(|| <Runtime as CairnApi<Block>>::gateway(GATEWAY)).expect("it is known");
	assert_eq!(gateway.attempt, attempt + 1);
	assert!(gateway.next_window <= window);
	let again = world.seal(window, gateway.attempt);

	let died = pallet_telemetry::Event::<Runtime>::Died {
		gateway: GATEWAY,
		window,
		attempt,
		outcome: Outcome::Missing,
		skipped: false,
	};
	System::assert_has_event(died.into());
	assert_refused(verdict, Rejection::Dead);
	again
}

#[test]
fn a_batch_without_verdicts_is_sealed_again_and_earns_the_same() {
	let undisturbed = run(|| harvest(&World::found().first_batch()));

	let sealed_again = run(|| {
		let world = World::found();
		let batch = world.first_batch();
		let again = seal_again(&world, &batch);
		assert_eq!(again.sealed.leaves, batch.sealed.leaves);

		// The silent committee is paid nothing: only the fee of the second attempt is still held.
		let batches = BoundedVec::truncate_from(vec![(GATEWAY, batch.window, batch.attempt)]);
		assert_ok!(send(STRANGER, TelemetryCall::collect { batches }));
		let fees = RuntimeHoldReason::Telemetry(pallet_telemetry::HoldReason::SealFee);
		let held = Balances::balance_on_hold(&fees, &OPERATOR.to_account_id());
		assert_eq!(held, again.record().fee);
		harvest(&again)
	});

	assert!(undisturbed > 0);
	assert_eq!(sealed_again, undisturbed);
}

/// The price of an entry of at most `bytes`, and a bond of so many tokens.
fn price(bytes: usize, bond: Balance) -> Balance {
	deposit(1, bytes as Balance) + bond * UNIT
}

fn held(reason: impl Into<RuntimeHoldReason>, who: Sr25519Keyring) -> Balance {
	Balances::balance_on_hold(&reason.into(), &who.to_account_id())
}

#[test]
fn deposits_are_the_price_of_the_longest_entry() {
	run(|| {
		World::found();
		let devices = READINGS.len() as Balance;

		let schema = SchemaRecordOf::<Runtime>::max_encoded_len();
		let schemas = pallet_schemas::HoldReason::Deposit;
		assert_eq!(held(schemas, NETWORK_OWNER), price(schema, 0));
		let network = NetworkRecordOf::<Runtime>::max_encoded_len();
		let networks = pallet_networks::HoldReason::Deposit;
		assert_eq!(held(networks, NETWORK_OWNER), price(network, 10));

		let maker = <(MakerId, MakerRecordOf<Runtime>)>::max_encoded_len();
		assert_eq!(held(pallet_devices::HoldReason::MakerBond, MAKER_ADMIN), price(maker, 1_000));
		// A device's owner also pays for two keys, a root key, a serial number, an offer and the hash of
		// a description.
		let device = <(DeviceId, DeviceRecordOf<Runtime>)>::max_encoded_len()
			+ 2 * <(DeviceKey, DeviceId)>::max_encoded_len()
			+ <(RootKey, DeviceId)>::max_encoded_len()
			+ <(MakerId, Serial, SerialRecordOf<Runtime>)>::max_encoded_len()
			+ <(DeviceId, AccountId)>::max_encoded_len()
			+ <(DeviceId, Hash32)>::max_encoded_len();
		let deposits = pallet_devices::HoldReason::Deposit;
		assert_eq!(held(deposits, OWNER), devices * price(device, 0));

		let gateway = GatewayRecordOf::<Runtime>::max_encoded_len();
		let gateways = pallet_telemetry::HoldReason::GatewayBond;
		assert_eq!(held(gateways, OPERATOR), price(gateway, 100));
		let slot = SlotEntryOf::<Runtime>::max_encoded_len();
		let slots = pallet_telemetry::HoldReason::SlotDeposit;
		assert_eq!(held(slots, OWNER), devices * price(slot, 0));
	});
}

#[test]
fn entries_are_no_longer_than_what_is_paid_for() {
	run(|| {
		World::found();
		let length = |key: Vec<u8>| unhashed::get_raw(&key).expect("it is in state").len();

		let schema = length(pallet_schemas::Schemas::<Runtime>::hashed_key_for(SCHEMA));
		assert!(schema <= SchemaRecordOf::<Runtime>::max_encoded_len());
		let network = length(pallet_networks::Networks::<Runtime>::hashed_key_for(NETWORK));
		assert!(network <= NetworkRecordOf::<Runtime>::max_encoded_len());
		let maker = length(pallet_devices::Makers::<Runtime>::hashed_key_for(MAKER));
		assert!(maker <= MakerRecordOf::<Runtime>::max_encoded_len());
		let device = length(pallet_devices::Devices::<Runtime>::hashed_key_for(DeviceId(0)));
		assert!(device <= DeviceRecordOf::<Runtime>::max_encoded_len());
		let gateway = length(pallet_telemetry::Gateways::<Runtime>::hashed_key_for(GATEWAY));
		assert!(gateway <= GatewayRecordOf::<Runtime>::max_encoded_len());
		let slot = length(pallet_telemetry::Slots::<Runtime>::hashed_key_for(GATEWAY, 0u32));
		assert!(slot <= SlotEntryOf::<Runtime>::max_encoded_len());
	});
}

#[test]
fn verdicts_are_refused_with_a_code() {
	run(|| {
		let batch = World::found().first_batch();
		let alice = Sr25519Keyring::Alice;
		assert_refused(vote(batch.excuse(), alice), Rejection::NoSeed);
		advance_until(|| batch.seed().is_some());
		let verdict = batch.verdict();

		for (claim, rejection) in [
			(VerdictClaim { attempt: 1, ..verdict }, Rejection::UnknownBatch),
			(VerdictClaim { gateway: GatewayId(7), ..verdict }, Rejection::UnknownBatch),
			(VerdictClaim { header_hash: [7; 32], ..verdict }, Rejection::OtherBatch),
			(VerdictClaim { session: u32::MAX, ..verdict }, Rejection::OtherBatch),
			(VerdictClaim { tag: [0; 32], ..verdict }, Rejection::BadTag),
			(VerdictClaim { member: 1, ..verdict }, Rejection::NotMember),
		] {
			assert_refused(vote(claim, alice), rejection);
		}
		assert_refused(vote(verdict, Sr25519Keyring::Bob), InvalidTransaction::Custom(10));
		let foreign = alice.sign(&verdict.message(&[7; 32])).into();
		let foreign = TelemetryCall::submit_verdict { claim: verdict, signature: foreign };
		assert_refused(general(foreign), InvalidTransaction::Custom(10));

		assert!(validate(vote(verdict, alice)).is_ok());
		assert_eq!(apply(vote(verdict, alice)), Ok(Ok(())));
		assert_refused(vote(verdict, alice), Rejection::AlreadyVoted);
	});
}

#[test]
fn calls_without_authorization_are_refused() {
	run(|| {
		let batch = World::found().first_batch();
		advance_until(|| batch.seed().is_some());
		let unauthorized = frame_system::Call::<Runtime>::remark { remark: vec![7] };
		assert_refused(general(unauthorized), InvalidTransaction::UnknownOrigin);

		let call: RuntimeCall = TelemetryCall::submit_verdict {
			claim: batch.verdict(),
			signature: sr25519::Signature::default().into(),
		}
		.into();
		// Verdicts are general transactions: no pool takes a bare one, and a block gains nothing.
		let bare = UncheckedExtrinsic::new_bare(call.clone());
		assert_eq!(validate(bare.clone()), Err(UnknownTransaction::NoUnsignedValidator.into()));
		assert_eq!(apply(bare), Ok(Err(DispatchError::BadOrigin)));
		assert_eq!(send(STRANGER, call), Err(DispatchError::BadOrigin));
	});
}

#[test]
fn signed_transactions_are_refused_with_a_code() {
	run(|| {
		next_block();
		let call = || RuntimeCall::from(frame_system::Call::<Runtime>::remark { remark: vec![7] });
		let nonce = System::account_nonce(STRANGER.to_account_id());
		assert_refused(sign(STRANGER, OWNER, nonce, call()), InvalidTransaction::BadProof);
		assert_ok!(send(STRANGER, call()));
		assert_refused(sign(STRANGER, STRANGER, nonce, call()), InvalidTransaction::Stale);
		let future = sign(STRANGER, STRANGER, nonce + 7, call());
		assert_eq!(apply(future), Err(InvalidTransaction::Future.into()));
		// Nobody gave this account anything.
		assert_refused(signed(Sr25519Keyring::One, call()), InvalidTransaction::Payment);
	});
}

/// Calls that make no sense, and what each is told.
fn odd_calls(batch: &Batch) -> Vec<(RuntimeCall, DispatchError)> {
	use cairn_runtime::Runtime as T;

	let claim = batch.claims().swap_remove(0);
	let elsewhere = Claim { gateway: GatewayId(u32::MAX), ..claim.clone() };
	let never = Claim { window: Window::MAX, ..claim };
	let batches = BoundedVec::truncate_from(vec![(GATEWAY, Window::MAX, u32::MAX)]);
	let signature = DeviceSignature::Ed25519(ed25519::Signature::default());
	let register = |key| DevicesCall::register {
		network: NETWORK,
		key,
		possession: Possession { block: u32::MAX, nonce: u32::MAX, signature: signature.clone() },
		certificate: None,
	};
	let weak = DeviceKey::Sr25519(sr25519::Public::from_raw([0; 32]));
	let uncertified = DeviceKey::Sr25519(STRANGER.public());
	let silent = Schema { channels: BoundedVec::default(), ..schema() };
	let limits =
		pallet_time::Call::<T>::set_rules { max_readings: u32::MAX, max_payload: u64::MAX };
	let weight = RewardsCall::set_weight { network: NETWORK, weight: u32::MAX };
	vec![
		(
			RewardsCall::claim_attested { claim: elsewhere }.into(),
			pallet_rewards::Error::<T>::NotFound.into(),
		),
		(
			RewardsCall::claim_attested { claim: never }.into(),
			pallet_telemetry::Error::<T>::LedgerNotFound.into(),
		),
		(batch.seal_call().into(), pallet_telemetry::Error::<T>::NotOperator.into()),
		(
			TelemetryCall::collect { batches }.into(),
			pallet_telemetry::Error::<T>::BatchNotFound.into(),
		),
		(register(weak).into(), pallet_devices::Error::<T>::KeyWeak.into()),
		(register(uncertified).into(), pallet_devices::Error::<T>::NotAdmitted.into()),
		(SchemasCall::publish { schema: silent }.into(), pallet_schemas::Error::<T>::Empty.into()),
		(limits.into(), DispatchError::BadOrigin),
		(weight.into(), DispatchError::BadOrigin),
	]
}

#[test]
fn senseless_calls_fail_with_an_error() {
	run(|| {
		let batch = World::found().first_batch();
		for (call, error) in odd_calls(&batch) {
			assert_eq!(send(STRANGER, call.clone()), Err(error), "{call:?}");
		}
	});
}

/// The transactions that one bit makes of another one, for a bit of each of its bytes.
fn altered(original: &UncheckedExtrinsic) -> Vec<UncheckedExtrinsic> {
	let bytes = original.encode();
	let flipped = |index: usize| {
		let mut altered = bytes.clone();
		altered[index] ^= 1u8 << (index % 8);
		UncheckedExtrinsic::decode(&mut altered.as_slice()).ok()
	};
	(0..bytes.len()).filter_map(flipped).collect()
}

#[test]
fn altered_transactions_change_nothing() {
	run(|| {
		let batch = World::found().first_batch();
		advance_until(|| batch.seed().is_some());

		let claim = batch.claims().swap_remove(0);
		let transaction = signed(STRANGER, RewardsCall::claim_attested { claim });
		let forgeries = altered(&transaction);
		assert!(!forgeries.is_empty());
		for forgery in forgeries {
			assert!(validate(forgery.clone()).is_err(), "{forgery:?}");
			assert!(!matches!(ask(|| apply(forgery)), Ok(Ok(()))));
		}

		// Nobody signs nonce and lifetime of a verdict, but all that it says.
		let transaction = vote(batch.verdict(), Sr25519Keyring::Alice);
		let forgeries = altered(&transaction);
		assert!(!forgeries.is_empty());
		for forgery in forgeries {
			let call = forgery.function.clone();
			if validate(forgery.clone()).is_ok() || ask(|| apply(forgery)) == Ok(Ok(())) {
				assert_eq!(call, transaction.function);
			}
		}
	});
}

#[test]
fn an_era_pays_validators_what_has_accrued() {
	use pallet_staking::Error::{AlreadyClaimed, InvalidEraToReward};

	run(|| {
		next_block();
		let stash = Sr25519Keyring::AliceStash.to_account_id();
		let payout = || pallet_staking::Call::<Runtime>::payout_stakers {
			validator_stash: Sr25519Keyring::AliceStash.to_account_id(),
			era: 0,
		};
		assert_eq!(send(STRANGER, payout()), Err(InvalidEraToReward::<Runtime>.into()));

		let era = || pallet_staking::ActiveEra::<Runtime>::get().map(|era| era.index);
		let accrued = (0..400)
			.find_map(|_| {
				let pending = pallet_rewards::Pending::<Runtime>::get().validators;
				next_block();
				(era() == Some(1)).then_some(pending)
			})
			.expect("the era ends");
		assert!(accrued > 0);
		assert_eq!(pallet_staking::ErasValidatorReward::<Runtime>::get(0u32), Some(accrued));
		let issued = || pallet_rewards::Issued::<Runtime>::get().validators;
		assert_eq!(issued(), 0, "nothing is minted before somebody collects it");

		// The block that ends an era has no room for transactions.
		next_block();
		let before = Balances::total_balance(&stash);
		assert_ok!(send(STRANGER, payout()));
		assert_eq!(Balances::total_balance(&stash) - before, accrued);
		assert_eq!(issued(), accrued);
		assert_eq!(send(STRANGER, payout()), Err(AlreadyClaimed::<Runtime>.into()));
		assert_eq!(issued(), accrued);
	});
}
