//! Claims proved against attested ledgers, and the whole way from readings to such a claim.

use cairn_telemetry::{
	Account, AccountV1, Claim, Proof, Reading, SignedReading, Verdict,
	check::check,
	seal::{DeviceReadings, Sealed, seal as seal_window},
	store::{self, MemoryStore},
	tree::{LedgerTree, Tree},
};
use cairn_traits::{AttestedLedger, SlotBook, Timekeeper};
use cairn_types::{Cycle, DeviceId, DeviceSignature, Slot, Window};
use codec::Encode;
use frame_support::{assert_noop, assert_ok};
use sp_core::{Pair, bounded::BoundedVec};

use crate::mock::*;

/// Nothing is worth anything yet.
fn rates(_: Cycle) -> u128 {
	0
}

/// Two readings a second apart: 50 units.
fn readings(device: DeviceId, window: Window) -> Vec<SignedReading> {
	let context = Telemetry::window_context(NETWORK, window).expect("recorded");
	let sign = |sequence: u64, value: i64| {
		let reading = Reading {
			network: NETWORK,
			schema: SCHEMA,
			device,
			sequence,
			anchor: context.required,
			time: PERIODS.start_of(window) + 1_000 * sequence,
			values: BoundedVec::truncate_from(vec![Some(value)]),
		};
		let signature = device_key(device).sign(&reading.message(&context.genesis));
		SignedReading { reading, signature: DeviceSignature::Ed25519(signature) }
	};
	vec![sign(1, 100), sign(2, 150)]
}

/// The first window of devices 0 and 1, in slots 0 and 1, as a gateway seals it.
fn first_window() -> (Sealed, MemoryStore) {
	let context = Telemetry::window_context(NETWORK, FIRST).expect("recorded");
	let devices = [0, 1].map(|slot: Slot| {
		let device = DeviceId(slot.into());
		DeviceReadings { slot, device, leaf: None, readings: readings(device, FIRST) }
	});
	let mut store = MemoryStore::default();
	let sealed = seal_window(&context, &rates, 0, &devices, &mut store).expect("sound readings");
	(sealed, store)
}

fn claim_of(slot: Slot, sealed: &Sealed, store: &MemoryStore) -> Claim {
	let (_, leaf) = sealed.leaves.iter().find(|(at, _)| *at == slot).expect("has readings");
	let Ok(proof) = store::prove(store, slot);
	Claim {
		gateway: GATEWAY,
		window: FIRST,
		slot,
		account: leaf.account.clone(),
		data: leaf.data.hash(),
		proof,
	}
}

/// A chain on which the first window is attested and has matured.
fn matured(test: impl FnOnce(&Sealed, &MemoryStore)) {
	ExtBuilder::default().build_and_execute(|| {
		let (sealed, store) = first_window();
		assert_ok!(seal_with(FIRST, sealed.header.clone()));
		attest(FIRST, 0);
		pass_until(51 + PERIODS.mature_ticks());
		test(&sealed, &store);
	});
}

#[test]
fn what_a_gateway_seals_is_what_a_committee_finds_valid() {
	ExtBuilder::default().build_and_execute(|| {
		let (sealed, _) = first_window();
		assert_eq!((sealed.header.sums.units, sealed.header.sums.devices), (100, 2));
		assert_ok!(seal_with(FIRST, sealed.header.clone()));

		let context = Telemetry::window_context(NETWORK, FIRST).expect("recorded");
		let mut ledger = Vec::new();
		let Ok(()) =
			store::pieces(&MemoryStore::default(), &[0, 1], &mut |_| Ok(None), &mut |piece| {
				piece.encode_to(&mut ledger)
			});
		let registry = |slot| Telemetry::slot_facts(GATEWAY, slot, FIRST);
		let (header, payload) = (&sealed.header, sealed.payload.as_slice());
		let checked = check(&context, header, 0, &registry, &rates, ledger.as_slice(), payload)
			.expect("available");
		assert_eq!((checked.fault, checked.readings), (None, 4));

		attest(FIRST, 0);
		assert_eq!(Noted::get(), [(NETWORK, 12, 100)]);
	});
}

#[test]
fn works_when_matured() {
	matured(|sealed, store| {
		for slot in [0, 1] {
			assert_ok!(Telemetry::prove(&claim_of(slot, sealed, store)), NETWORK);
		}
	});
}

#[test]
fn an_old_slot_is_proved_after_its_end_too() {
	matured(|sealed, store| {
		Telemetry::end(GATEWAY, 0, FakeTime::next_window());
		assert_ok!(Telemetry::prove(&claim_of(0, sealed, store)), NETWORK);
	});
}

#[test]
fn fails_when_the_window_is_not_attested() {
	ExtBuilder::default().build_and_execute(|| {
		let (sealed, store) = first_window();
		let claim = claim_of(0, &sealed, &store);
		assert_noop!(Telemetry::prove(&claim), Error::LedgerNotFound);
		assert_ok!(seal_with(FIRST, sealed.header));
		assert_noop!(Telemetry::prove(&claim), Error::LedgerNotFound);
		kill(FIRST, 0, Verdict::Unavailable);
		pass_until(60);
		assert_noop!(Telemetry::prove(&claim), Error::LedgerNotFound);
	});
}

#[test]
fn fails_when_newer_ledgers_have_replaced_it() {
	matured(|sealed, store| {
		let claim = claim_of(0, sealed, store);
		assert_ok!(collect(FIRST, 0));
		for _ in 0..26 {
			let window = FakeTime::now().window;
			pass_windows(1);
			assert_ok!(seal(window));
			attest(window, 0);
			idle(1);
		}
		assert_noop!(Telemetry::prove(&claim), Error::LedgerNotFound);
	});
}

#[test]
fn fails_when_not_matured() {
	ExtBuilder::default().build_and_execute(|| {
		let (sealed, store) = first_window();
		assert_ok!(seal_with(FIRST, sealed.header.clone()));
		attest(FIRST, 0);
		let claim = claim_of(0, &sealed, &store);
		pass_until(51 + PERIODS.mature_ticks() - 1);
		assert_noop!(Telemetry::prove(&claim), Error::LedgerNotMatured);
		// Ticks count, not windows.
		(0..20).for_each(|_| pass_window(false));
		assert_noop!(Telemetry::prove(&claim), Error::LedgerNotMatured);
		pass_window(true);
		assert_ok!(Telemetry::prove(&claim), NETWORK);
	});
}

#[test]
fn fails_when_the_path_is_encoded_otherwise() {
	matured(|sealed, store| {
		let sound = claim_of(0, sealed, store);
		// Slot 1 is the only sibling that is not empty.
		assert_eq!((sound.proof.bitmap, sound.proof.siblings.len()), (1, 1));
		let too_few = Proof { bitmap: 0b11, ..sound.proof.clone() };
		let mut too_many = sound.proof.clone();
		too_many.siblings.try_push([1; 32]).expect("there is room");
		let mut padded = too_few.clone();
		padded.siblings.try_push(LedgerTree::empty(1)).expect("there is room");
		for proof in [too_few, too_many, padded] {
			let claim = Claim { proof, ..sound.clone() };
			assert_noop!(Telemetry::prove(&claim), Error::BadProof);
		}
	});
}

#[test]
fn fails_when_the_proof_is_another_slots() {
	matured(|sealed, store| {
		let [first, second] = [0, 1].map(|slot| claim_of(slot, sealed, store));
		let swapped = [
			Claim { proof: second.proof.clone(), ..first.clone() },
			Claim { slot: 1, ..first.clone() },
			Claim { account: second.account, data: second.data, ..first },
		];
		for claim in swapped {
			assert_noop!(Telemetry::prove(&claim), Error::WrongRoot);
		}
	});
}

#[test]
fn fails_when_the_account_was_altered() {
	matured(|sealed, store| {
		let sound = claim_of(0, sealed, store);
		let Account::V1(account) = sound.account.clone();
		let richer = Account::V1(AccountV1 { settled: 1, ..account });
		let altered =
			[Claim { account: richer, ..sound.clone() }, Claim { data: [0; 32], ..sound.clone() }];
		for claim in altered {
			assert_noop!(Telemetry::prove(&claim), Error::WrongRoot);
		}
	});
}
