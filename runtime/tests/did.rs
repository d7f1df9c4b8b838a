//! DID documents of the real runtime's state, through a device's whole life: each of them is valid.

#[expect(dead_code, reason = "these stories need a network, and no batches")]
mod support;

use cairn_did::{
	Did, Facts, FactsV1, GatewayV1, LiveV1, Resolution, SS58_PREFIX, check_resolution, thing_hash,
};
use cairn_runtime::{Block, Runtime, System, Time};
use cairn_runtime_api::{DeviceView, runtime_decl_for_cairn_api::CairnApi};
use cairn_traits::Timekeeper as _;
use cairn_types::{DeviceId, DeviceKey};
use frame_support::{assert_ok, traits::Get};
use pallet_devices::Error;
use serde_json::{Value, json};
use sp_core::{Pair as _, ed25519};
use support::{
	advance_until, ask, genesis_hash, next_block, run, send,
	world::{
		DevicesCall, GATEWAY, OPERATOR, OWNER, STRANGER, TelemetryCall, World, bounded, possession,
	},
};

/// A device of the owner's.
const DEVICE: DeviceId = DeviceId(0);
/// A block, as far as documents know.
const BLOCK: [u8; 32] = [9; 32];

fn facts(device: DeviceId) -> Option<FactsV1> {
	let known = ask(|| <Runtime as CairnApi<Block>>::did_facts(device));
	known.map(|Facts::V1(facts)| facts)
}

/// What holds of the device, which lives.
fn live() -> LiveV1 {
	facts(DEVICE).and_then(|facts| facts.live).expect("it lives")
}

/// What a resolver answers, by the rules of DID Core.
fn resolved(device: DeviceId) -> Value {
	let did = Did(device).to_string();
	let resolution = facts(device)
		.map_or_else(Resolution::not_found, |facts| Resolution::found(&Facts::V1(facts), &BLOCK));
	let answer = serde_json::to_value(&resolution).expect("serializes");
	assert_eq!(check_resolution(&did, &answer), Ok(()));
	answer
}

/// How many entries a set of the device's document has.
fn entries(name: &str) -> usize {
	resolved(DEVICE)["didDocument"][name].as_array().map_or(0, Vec::len)
}

/// Let blocks pass until `it_is_so`, and one more: the first block of a window may be that of a new
/// session, which has no room for transactions.
fn wait_until(it_is_so: impl Fn() -> bool) {
	advance_until(it_is_so);
	next_block();
}

fn next_window() {
	let window = Time::now().window;
	wait_until(|| Time::now().window > window);
}

/// The device as clients see it.
fn view() -> Option<DeviceView> {
	ask(|| <Runtime as CairnApi<Block>>::device(DEVICE))
}

/// Another key of the device.
fn next_pair() -> ed25519::Pair {
	ed25519::Pair::from_seed(&[77; 32])
}

#[test]
fn a_document_follows_the_device_until_it_ends() {
	run(|| {
		assert_eq!(facts(DEVICE), None, "no device has this id so far");
		let answer = resolved(DEVICE);
		assert_eq!(answer["didResolutionMetadata"]["error"], "notFound");

		World::found();
		let registered = live();
		let (signing, active) = (registered.signing, registered.active);
		assert_eq!((signing, active, registered.gateway), (None, false, None));
		assert_eq!((entries("authentication"), entries("assertionMethod")), (1, 0));

		next_window();
		let reporting = live();
		assert_eq!(reporting.signing, Some(reporting.key));
		assert!(reporting.active);
		let endpoint = b"http://127.0.0.1:9977".to_vec();
		assert_eq!(reporting.gateway, Some(GatewayV1 { gateway: GATEWAY, endpoint }));
		assert_eq!(reporting.owner, OWNER.to_raw_public());
		assert_eq!((entries("assertionMethod"), entries("service")), (1, 1));

		rotate();
		suspend();
		end();
	});
}

/// The key of this window asserts, the one of the next authenticates already.
fn rotate() {
	let settled = view().expect("it is known").state.key.settled;
	wait_until(|| Time::now().tick >= settled);
	let (before, pair) = (live().key, next_pair());
	let key = DeviceKey::Ed25519(pair.public());
	let possession = possession(&pair, &key);
	assert_ok!(send(OWNER, DevicesCall::rotate_key { device: DEVICE, key, possession }));
	assert_eq!((live().signing, live().key), (Some(before), key));
	let sets = ["verificationMethod", "authentication", "assertionMethod", "capabilityInvocation"];
	assert_eq!(sets.map(entries), [2, 2, 1, 1]);
	next_window();
	assert_eq!((live().signing, live().key), (Some(key), key));
	assert_eq!(sets.map(entries), [1; 4]);
}

/// It is still itself, and what it signs does not count.
fn suspend() {
	assert_ok!(send(OWNER, DevicesCall::suspend { device: DEVICE }));
	assert_eq!(entries("assertionMethod"), 1, "readings of this window count");
	next_window();
	assert_eq!((entries("authentication"), entries("assertionMethod")), (1, 0));
}

/// Ended, then forgotten: the id has been a device's, and nobody speaks for it.
fn end() {
	assert_ok!(send(OWNER, DevicesCall::retire { device: DEVICE }));
	let genesis = genesis_hash();
	let ended = FactsV1 { device: DEVICE, genesis, live: None };
	assert_eq!(facts(DEVICE), Some(ended.clone()));
	let answer = resolved(DEVICE);
	assert_eq!(answer["didDocumentMetadata"], json!({ "deactivated": true }));
	assert_eq!(answer["didDocument"].as_object().map(|document| document.len()), Some(2));

	let known = view().expect("it can still be checked");
	let oldest = <<Runtime as pallet_devices::Config>::MaxProofAge as Get<u32>>::get();
	wait_until(|| {
		let is_settled = Time::now().tick >= known.state.activity.settled;
		is_settled && System::block_number() >= known.changed + oldest
	});
	assert_ok!(send(STRANGER, DevicesCall::reap { device: DEVICE }));
	assert_eq!(view(), None);
	assert_eq!(facts(DEVICE), Some(ended));
	assert_eq!(resolved(DEVICE), answer);
}

#[test]
fn an_owner_describes_a_device() {
	run(|| {
		World::found();
		let hash = thing_hash(b"{}");
		let describe = |description| DevicesCall::describe { device: DEVICE, description };
		let refused = send(STRANGER, describe(Some(hash)));
		assert_eq!(refused, Err(Error::<Runtime>::NotOwner.into()));
		assert_eq!(entries("service"), 0);
		assert_ok!(send(OWNER, describe(Some(hash))));
		assert_eq!(live().description, Some(hash));
		assert_eq!(entries("service"), 1);
		assert_ok!(send(OWNER, describe(None)));
		assert_eq!((live().description, entries("service")), (None, 0));
	});
}

#[test]
fn a_gateway_is_named_where_it_is_and_while_it_serves() {
	run(|| {
		World::found();
		next_window();
		let endpoint = || live().gateway.map(|gateway| gateway.endpoint);
		let moved = b"https://gateway.example".to_vec();
		let update =
			TelemetryCall::update_endpoint { gateway: GATEWAY, endpoint: bounded(moved.clone()) };
		assert_ok!(send(OPERATOR, update));
		assert_eq!(endpoint(), Some(moved.clone()));
		assert_ok!(send(OPERATOR, TelemetryCall::retire_gateway { gateway: GATEWAY }));
		assert_eq!(endpoint(), Some(moved), "it serves this window");
		next_window();
		assert_eq!((endpoint(), entries("service")), (None, 0));
	});
}

#[test]
fn addresses_in_documents_have_the_prefix_of_the_runtime() {
	let prefix = <<Runtime as frame_system::Config>::SS58Prefix as Get<u16>>::get();
	assert_eq!(prefix, SS58_PREFIX);
}
