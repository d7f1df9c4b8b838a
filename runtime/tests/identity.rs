//! Secure hardware on the real runtime: a device whose root key is on P-256, certified by a maker
//! whose key is, too; its rotation, the loss of its keys, and a fleet in one transaction.

#[expect(dead_code, reason = "these stories need a network, and no batches")]
mod support;

use cairn_runtime::{Block, Runtime, System, Time};
use cairn_runtime_api::{DeviceView, runtime_decl_for_cairn_api::CairnApi};
use cairn_traits::Timekeeper as _;
use cairn_types::{
	Approval, Certificate, CertificateClaimV2, CertificateV2, CertifierKey, CertifierSignature,
	Delegation, DeviceId, DeviceKey, DeviceSignature, Identity, Objection, P256Pair, Possession,
	Registration, RootKey, RootSignature,
	certificate::{objection_message, recovery_message},
	root::delegation_message,
};
use frame_support::assert_ok;
use pallet_devices::Error;
use sp_core::{Pair as _, ed25519};
use sp_runtime::{DispatchError, ModuleError};
use support::{
	advance_until, ask, genesis_hash, next_block, run, send,
	world::{
		DevicesCall, MAKER, MAKER_ADMIN, NETWORK, OWNER, STRANGER, World, bounded, possession,
	},
};

/// Index of the maker's key on P-256.
const INDEX: u8 = 1;

fn pair(seed: u8) -> ed25519::Pair {
	ed25519::Pair::from_seed(&[seed; 32])
}

fn key(seed: u8) -> DeviceKey {
	DeviceKey::Ed25519(pair(seed).public())
}

/// Secrets on P-256: the maker's and devices' roots.
fn p256(seed: u8) -> P256Pair {
	P256Pair::from_secret(&[seed; 32]).expect("a scalar")
}

fn root(seed: u8) -> RootKey {
	RootKey::P256(p256(seed).public())
}

/// The proof of [`pair`], for the owner's next transaction.
fn prove(seed: u8) -> Possession {
	possession(&pair(seed), &key(seed))
}

/// What a root signs to name an operational key, beside its proof.
fn delegate(seed: u8, of: &DeviceKey, proof: &Possession) -> Delegation {
	let (block, owner) = (proof.block, OWNER.to_raw_public());
	let hash = System::block_hash(block).0;
	let message =
		delegation_message(&genesis_hash(), block, &hash, &owner, proof.nonce, &root(seed), of);
	let signature = RootSignature::P256(p256(seed).sign(&message));
	Delegation { root: root(seed), signature }
}

/// The maker's certificate for a root, signed on P-256.
fn certificate(of: u8, serial: u8) -> Certificate {
	let claim = CertificateClaimV2 {
		maker: MAKER,
		key_index: INDEX,
		model: bounded(b"T2".to_vec()),
		batch: bounded(b"2026-31".to_vec()),
		serial: bounded(vec![b'A', serial]),
		expiry: u64::MAX,
	};
	let message = claim.message(&genesis_hash(), &Identity::Root(root(of)));
	let signature = CertifierSignature::P256(p256(100).sign(&message));
	Certificate::V2(CertificateV2 { claim, signature })
}

fn view(device: DeviceId) -> DeviceView {
	ask(|| <Runtime as CairnApi<Block>>::device(device)).expect("it is known")
}

/// The maker certifies with a key on P-256, too; the owner registers a device with root 1.
fn founded() -> DeviceId {
	World::found();
	let public = CertifierKey::P256(p256(100).public());
	let add = DevicesCall::add_maker_key { maker: MAKER, key: public };
	assert_ok!(send(MAKER_ADMIN, add));
	let (key, possession) = (key(40), prove(40));
	let delegation = delegate(1, &key, &possession);
	let certificate = Some(certificate(1, 0));
	let network = NETWORK;
	let register =
		DevicesCall::register_rooted { network, key, possession, delegation, certificate };
	assert_ok!(send(OWNER, register));
	let by_root = ask(|| <Runtime as CairnApi<Block>>::device_by_root(root(1)));
	by_root.expect("it is registered")
}

#[test]
fn a_root_names_every_operational_key() {
	run(|| {
		let device = founded();
		let known = view(device);
		assert_eq!((known.root, known.state.maker), (Some(root(1)), Some(MAKER)));
		assert_ok!(send(OWNER, DevicesCall::activate { device }));

		let settled = known.state.key.settled;
		advance_until(|| Time::now().tick >= settled);
		let next = key(41);
		let rotate = DevicesCall::rotate_key { device, key: next, possession: prove(41) };
		assert_eq!(send(OWNER, rotate), Err(Error::<Runtime>::RootRequired.into()));
		let possession = prove(41);
		let signature = delegate(1, &next, &possession).signature;
		let rotate = DevicesCall::rotate_rooted_key { device, key: next, possession, signature };
		assert_ok!(send(OWNER, rotate));
		let next_window = Time::next_window();
		let facts = ask(|| <Runtime as CairnApi<Block>>::device_facts(device, next_window));
		assert_eq!(facts.map(|facts| (facts.key, facts.active)), Some((next, true)));
	});
}

/// Ask for operational key 42 and root 2, with the maker's consent.
fn ask_for_recovery(device: DeviceId) {
	// A proof is from after the last change: the block before this one has to be.
	next_block();
	next_block();
	let (lost, key) = (view(device), key(42));
	let possession = prove(42);
	let delegation = delegate(2, &key, &possession);
	let (genesis, changed) = (genesis_hash(), lost.changed);
	let message =
		recovery_message(&genesis, MAKER, INDEX, device, changed, &key, Some(&delegation.root));
	let signature = CertifierSignature::P256(p256(100).sign(&message));
	let approval = Approval { key_index: INDEX, signature };
	let delegation = Some(delegation);
	let recover = DevicesCall::recover { device, key, possession, delegation, approval };
	assert_ok!(send(OWNER, recover));
}

#[test]
fn lost_keys_are_replaced_after_a_delay() {
	run(|| {
		let device = founded();
		ask_for_recovery(device);
		let pending = view(device).recovery.expect("it was requested");
		let complete = DevicesCall::complete_recovery { device };
		assert_eq!(send(STRANGER, complete.clone()), Err(Error::<Runtime>::TooEarly.into()));
		let settled = view(device).state.key.settled.max(pending.due);
		advance_until(|| Time::now().tick >= settled);
		assert_ok!(send(STRANGER, complete));
		let after = view(device);
		assert_eq!((after.state.key.current, after.root), (key(42), Some(root(2))));
		assert_eq!(after.recovery, None);
	});
}

#[test]
fn a_device_that_was_not_lost_keeps_its_keys() {
	run(|| {
		let device = founded();
		ask_for_recovery(device);
		let pending = view(device).recovery.expect("it was requested");
		let message = objection_message(&genesis_hash(), device, pending.requested, &pending.key);
		let signature = DeviceSignature::Ed25519(pair(40).sign(&message));
		let objection = Objection::Operational(signature);
		assert_ok!(send(STRANGER, DevicesCall::cancel_recovery { device, objection }));
		assert_eq!(view(device).recovery, None);
		ask_for_recovery(device);
		let pending = view(device).recovery.expect("it was requested");
		let message = objection_message(&genesis_hash(), device, pending.requested, &pending.key);
		let objection = Objection::Root(RootSignature::P256(p256(1).sign(&message)));
		assert_ok!(send(STRANGER, DevicesCall::cancel_recovery { device, objection }));
		assert_eq!(view(device).state.key.current, key(40));
	});
}

/// Devices of a fleet, each with a root and a certificate.
fn fleet() -> Vec<Registration> {
	let device = |number: u8| {
		let (key, possession) = (key(50 + number), prove(50 + number));
		let delegation = Some(delegate(10 + number, &key, &possession));
		let certificate = Some(certificate(10 + number, 1 + number));
		Registration { key, possession, delegation, certificate }
	};
	(0..5).map(device).collect()
}

#[test]
fn a_fleet_is_registered_in_one_transaction_or_not_at_all() {
	run(|| {
		founded();
		let count = || pallet_devices::Devices::<Runtime>::iter().count();
		let before = count();
		let batch = |registrations: Vec<Registration>| DevicesCall::register_batch {
			network: NETWORK,
			registrations: bounded(registrations),
		};
		let mut spoiled = fleet();
		spoiled[3].certificate = Some(certificate(11, 4));
		let DispatchError::Module(ModuleError { error, index, .. }) =
			send(OWNER, batch(spoiled)).expect_err("one certificate is another device's")
		else {
			panic!("an error of a pallet");
		};
		let DispatchError::Module(expected) = Error::<Runtime>::CertificateInvalid.into() else {
			panic!("an error of a pallet");
		};
		assert_eq!((index, error), (expected.index, [expected.error[0], 3, 0, 0]));
		assert_eq!(count(), before);

		assert_ok!(send(OWNER, batch(fleet())));
		assert_eq!(count(), before + 5);
	});
}
