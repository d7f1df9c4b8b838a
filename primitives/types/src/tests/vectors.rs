//! Golden vectors of what makers, devices and root keys sign. They come from a script that shares no
//! code with this crate: a change of a message would break every signer in the field.

use std::process::Command;

use serde::Deserialize;
use sp_core::{bytes::from_hex, ecdsa, ed25519, sr25519};

use crate::{
	CertificateClaim, CertificateClaimV2, DeviceId, DeviceKey, Hash32, Identity, MakerId,
	P256Public, RootKey, Serial,
	certificate::{objection_message, possession_message, recovery_message},
	root::delegation_message,
};

#[derive(Deserialize)]
struct Case {
	kind: String,
	genesis: String,
	/// Also the block of a last change, and of a request.
	block: u32,
	block_hash: String,
	owner: String,
	nonce: u32,
	scheme: u8,
	key: String,
	root: Option<String>,
	maker: u32,
	index: u8,
	model: String,
	batch: String,
	serial: String,
	expiry: u64,
	device: u64,
	message: String,
}

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
	from_hex(hex).expect("hex").try_into().expect("as many bytes")
}

fn name(text: &str) -> Serial {
	text.as_bytes().to_vec().try_into().expect("at most 32 bytes")
}

impl Case {
	fn key(&self) -> DeviceKey {
		match self.scheme {
			0 => DeviceKey::Ed25519(ed25519::Public::from_raw(bytes(&self.key))),
			1 => DeviceKey::Sr25519(sr25519::Public::from_raw(bytes(&self.key))),
			2 => DeviceKey::Secp256k1(ecdsa::Public::from_raw(bytes(&self.key))),
			other => panic!("there is no scheme {other}"),
		}
	}

	fn root(&self) -> Option<RootKey> {
		self.root.as_ref().map(|root| RootKey::P256(P256Public(bytes(root))))
	}

	fn message(&self) -> Hash32 {
		let (genesis, key, root) = (&bytes(&self.genesis), &self.key(), self.root());
		let (hash, owner) = (&bytes(&self.block_hash), &bytes(&self.owner));
		let (maker, key_index, device) = (MakerId(self.maker), self.index, DeviceId(self.device));
		let (block, nonce, expiry) = (self.block, self.nonce, self.expiry);
		let (model, batch, serial) = (name(&self.model), name(&self.batch), name(&self.serial));
		match self.kind.as_str() {
			"possession" => possession_message(genesis, block, hash, owner, nonce, key),
			"delegation" => {
				let root = root.expect("it is of a root");
				delegation_message(genesis, block, hash, owner, nonce, &root, key)
			},
			"certificate 1" => {
				let claim = CertificateClaim { maker, key_index, model, serial, expiry };
				claim.message(genesis, key)
			},
			"certificate 2" => {
				let claim = CertificateClaimV2 { maker, key_index, model, batch, serial, expiry };
				let identity = root.map_or(Identity::Operational(*key), Identity::Root);
				claim.message(genesis, &identity)
			},
			"recovery" => {
				recovery_message(genesis, maker, key_index, device, block, key, root.as_ref())
			},
			"objection" => objection_message(genesis, device, block, key),
			other => panic!("there is no message {other}"),
		}
	}
}

#[test]
fn messages_are_those_of_the_vectors() {
	let cases = include_str!("../../vectors/identity.json");
	let cases: Vec<Case> = serde_json::from_str(cases).expect("identity.py writes JSON");
	let kinds: std::collections::BTreeSet<_> = cases.iter().map(|case| &case.kind).collect();
	assert_eq!(kinds.len(), 6);
	for case in &cases {
		let Case { kind, scheme, device, message, .. } = case;
		assert_eq!(case.message(), bytes::<32>(message), "{kind}, scheme {scheme}, {device}");
	}
}

#[test]
fn the_vectors_are_what_the_script_makes() {
	// At run time: checkouts share what they build, so a path that was compiled in may be another's.
	let script = std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs this test");
	let script = format!("{script}/vectors/identity.py");
	let output = Command::new("python3")
		.args(["-B", &script, "--check"])
		.output()
		.expect("python3 is installed: make setup");
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
