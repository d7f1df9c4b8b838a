//! Golden vectors of W3C's specifications, rules that fail one by one, and what holds of any input.

mod check;
mod documents;
mod multikey;
mod resolution;
mod syntax;
mod thing;

use alloc::{vec, vec::Vec};

use cairn_types::{DeviceId, DeviceKey, GatewayId, P256Public, RootKey};
use serde_json::Value;
use sp_core::{ecdsa, ed25519, sr25519};

use crate::{Document, Facts, FactsV1, GatewayV1, LiveV1, thing_hash};

/// Hash of the first block of the Polkadot relay chain: CAIP-2's example.
const GENESIS: &str = "91b171bb158e2d3848fa23a9f1c25182fb8e20313b2c1eb49219da7a70ce90c3";
/// The development key //Alice.
const ALICE: &str = "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";

fn bytes<const N: usize>(digits: &str) -> [u8; N] {
	hex::decode(digits).expect("hex").try_into().expect("of this length")
}

fn ed25519_key() -> DeviceKey {
	let key = "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29";
	DeviceKey::Ed25519(ed25519::Public::from_raw(bytes(key)))
}

fn sr25519_key() -> DeviceKey {
	DeviceKey::Sr25519(sr25519::Public::from_raw(bytes(ALICE)))
}

fn secp256k1_key() -> DeviceKey {
	let key = "03874c15c7fda20e539c6e5ba573c139884c351188799f5458b4b41f7924f235cd";
	DeviceKey::Secp256k1(ecdsa::Public::from_raw(bytes(key)))
}

fn p256_key() -> RootKey {
	let key = "038a0ac59a2d3086e8a12a78fd4773a6d52a0ca61ef6c1419e15a05bcc6dafce7b";
	RootKey::P256(P256Public(bytes(key)))
}

fn gateway(endpoint: &[u8]) -> GatewayV1 {
	GatewayV1 { gateway: GatewayId(3), endpoint: endpoint.to_vec() }
}

/// A device with everything that a device may have, about to sign with another key.
fn live() -> LiveV1 {
	LiveV1 {
		owner: bytes(ALICE),
		signing: Some(ed25519_key()),
		key: secp256k1_key(),
		inherited: false,
		active: true,
		root: Some(p256_key()),
		gateway: Some(gateway(b"https://gateway.example:9977")),
		description: Some(thing_hash(b"Hello World!")),
	}
}

/// Device 7, of which `live` holds.
fn facts(live: Option<LiveV1>) -> Facts {
	Facts::V1(FactsV1 { device: DeviceId(7), genesis: bytes(GENESIS), live })
}

fn json(document: &Document) -> Value {
	serde_json::to_value(document).expect("serializes")
}

/// The document of [`live`].
fn document() -> Value {
	json(&Document::new(&facts(Some(live()))))
}

/// Devices with more or less of what a device may have.
fn lives() -> Vec<LiveV1> {
	let bare = LiveV1 {
		signing: None,
		active: false,
		root: None,
		gateway: None,
		description: None,
		..live()
	};
	let steady = LiveV1 { signing: Some(sr25519_key()), key: sr25519_key(), ..live() };
	vec![live(), bare, steady]
}
