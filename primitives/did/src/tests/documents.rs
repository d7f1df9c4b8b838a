use alloc::{format, vec::Vec};

use cairn_types::{DeviceId, DeviceKey, GatewayId, P256Public, RootKey};
use codec::{DecodeAll, Encode};
use proptest::{collection, option, prelude::*};
use serde_json::{Value, json};
use sp_core::{ecdsa, ed25519, sr25519};

use super::{document, ed25519_key, facts, gateway, json, live, lives, secp256k1_key};
use crate::{Document, Facts, FactsV1, GatewayV1, LiveV1, check_document, multikey::root_multikey};

const GOLDEN: &str = include_str!("../../vectors/document.json");

#[test]
fn the_document_of_a_device_is_what_it_was() {
	let golden: Value = serde_json::from_str(GOLDEN).expect("JSON");
	assert_eq!(document(), golden);
	assert_eq!(check_document(&golden), Ok(()));
	// In the order in which people read it, too.
	let printed = serde_json::to_string(&Document::new(&facts(Some(live())))).expect("serializes");
	let written: Vec<_> = GOLDEN.lines().map(str::trim).collect();
	assert_eq!(printed, written.concat().replace("\": ", "\":"));
}

#[test]
fn a_device_that_ended_has_nobody_who_speaks_for_it() {
	let document = json(&Document::new(&facts(None)));
	let expected = json!({ "@context": ["https://www.w3.org/ns/did/v1"], "id": "did:cairn:7" });
	assert_eq!(document, expected);
	assert_eq!(check_document(&document), Ok(()));
}

#[test]
fn only_active_devices_assert() {
	for live in lives() {
		let asserts = live.active;
		let document = json(&Document::new(&facts(Some(live.clone()))));
		assert_eq!(document.get("assertionMethod").is_some(), asserts);
		let suspended = LiveV1 { active: false, ..live };
		let document = json(&Document::new(&facts(Some(suspended))));
		assert_eq!(document.get("assertionMethod"), None);
		assert!(document.get("authentication").is_some(), "it is still itself");
	}
}

#[test]
fn before_its_first_window_a_device_has_its_key_and_asserts_nothing() {
	let registered = LiveV1 { signing: None, key: ed25519_key(), ..live() };
	let document = json(&Document::new(&facts(Some(registered))));
	assert_eq!(document["authentication"].as_array().map(Vec::len), Some(1));
	assert_eq!(
		document["authentication"],
		document["capabilityInvocation"].as_array().map_or(Value::Null, |keys| json!([keys[0]]),)
	);
	assert_eq!(document.get("assertionMethod"), None);
}

#[test]
fn a_key_that_stays_is_named_once() {
	let steady = LiveV1 { signing: Some(secp256k1_key()), root: None, ..live() };
	let document = json(&Document::new(&facts(Some(steady))));
	assert_eq!(document["verificationMethod"].as_array().map(Vec::len), Some(1));
	assert_eq!(document["authentication"], document["assertionMethod"]);
	assert_eq!(document["authentication"], document["capabilityInvocation"]);
	assert_eq!(document.get("capabilityDelegation"), None, "only roots name keys");
}

#[test]
fn an_inherited_key_is_the_devices_and_gives_no_orders() {
	for live in lives() {
		let root =
			live.root.as_ref().map(|root| json!(format!("did:cairn:7#{}", root_multikey(root))));
		let document = json(&Document::new(&facts(Some(live.clone()))));
		let inherited = json(&Document::new(&facts(Some(LiveV1 { inherited: true, ..live }))));
		let expected = root.map_or(Value::Null, |root| json!([root]));
		assert_eq!(inherited["capabilityInvocation"], expected);
		for purpose in ["authentication", "assertionMethod", "verificationMethod"] {
			assert_eq!(inherited[purpose], document[purpose], "{purpose}");
		}
		assert_eq!(check_document(&inherited), Ok(()));
	}
}

#[test]
fn an_endpoint_that_is_no_uri_is_left_out() {
	let endpoints: [&[u8]; 5] = [b"http://a b", b"http://<host>", &[0xff, 0xfe], b"", b"host"];
	for endpoint in endpoints {
		let live = LiveV1 { gateway: Some(gateway(endpoint)), description: None, ..live() };
		let document = json(&Document::new(&facts(Some(live))));
		assert_eq!(document.get("service"), None);
		assert_eq!(check_document(&document), Ok(()));
	}
}

#[test]
fn facts_of_another_version_are_not_understood() {
	let encoded = facts(Some(live())).encode();
	assert_eq!(Facts::decode_all(&mut encoded.as_slice()), Ok(facts(Some(live()))));
	assert_eq!(encoded[0], 0, "the first version");
	let mut newer = encoded;
	newer[0] = 1;
	assert!(Facts::decode_all(&mut newer.as_slice()).is_err());
}

fn device_key() -> impl Strategy<Value = DeviceKey> {
	(0u8..3, any::<[u8; 32]>(), any::<bool>()).prop_map(|(kind, bytes, odd)| match kind {
		0 => DeviceKey::Ed25519(ed25519::Public::from_raw(bytes)),
		1 => DeviceKey::Sr25519(sr25519::Public::from_raw(bytes)),
		_ => DeviceKey::Secp256k1(ecdsa::Public::from_raw(point(bytes, odd))),
	})
}

fn root_key() -> impl Strategy<Value = RootKey> {
	(any::<[u8; 32]>(), any::<bool>())
		.prop_map(|(bytes, odd)| RootKey::P256(P256Public(point(bytes, odd))))
}

/// A compressed point, perhaps of no curve.
fn point(x: [u8; 32], odd: bool) -> [u8; 33] {
	let mut point = [2 + u8::from(odd); 33];
	point[1..].copy_from_slice(&x);
	point
}

fn any_live() -> impl Strategy<Value = LiveV1> {
	let endpoint = prop_oneof![
		"https?://[a-z0-9.:/?#%\\[\\]]{0,40}".prop_map(|url| url.into_bytes()),
		collection::vec(any::<u8>(), 0..128),
	];
	let gateway = endpoint.prop_map(|endpoint| GatewayV1 { gateway: GatewayId(3), endpoint });
	(
		any::<[u8; 32]>(),
		option::of(device_key()),
		device_key(),
		any::<bool>(),
		any::<bool>(),
		option::of(root_key()),
		option::of(gateway),
		option::of(any::<[u8; 32]>()),
	)
		.prop_map(|(owner, signing, key, inherited, active, root, gateway, description)| LiveV1 {
			owner,
			signing,
			key,
			inherited,
			active,
			root,
			gateway,
			description,
		})
}

proptest! {
	#[test]
	fn every_document_is_valid(
		id in any::<u64>(), genesis in any::<[u8; 32]>(), live in option::of(any_live()),
	) {
		let facts = Facts::V1(FactsV1 { device: DeviceId(id), genesis, live });
		let document = json(&Document::new(&facts));
		prop_assert_eq!(check_document(&document), Ok(()));
		prop_assert_eq!(&document["id"], &json!(format!("did:cairn:{id}")));
		prop_assert_eq!(Facts::decode_all(&mut facts.encode().as_slice()), Ok(facts));
	}

	#[test]
	fn what_asserts_authenticates(live in any_live()) {
		let document = json(&Document::new(&facts(Some(live.clone()))));
		let set = |name: &str| document[name].as_array().cloned().unwrap_or_default();
		let asserting = set("assertionMethod");
		prop_assert_eq!(asserting.len(), usize::from(live.active && live.signing.is_some()));
		let authenticating = set("authentication");
		prop_assert!(asserting.iter().all(|key| authenticating.contains(key)));
		let roots = set("capabilityDelegation");
		prop_assert!(roots.iter().all(|root| !authenticating.contains(root)));
		let all = [authenticating, roots].concat();
		let methods = set("verificationMethod");
		let ids: Vec<_> = methods.iter().map(|method| method["id"].clone()).collect();
		prop_assert_eq!(ids, all);
	}
}
