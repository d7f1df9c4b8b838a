//! Keys as text in JSON, which strangers may have written.

use alloc::string::String;
use serde::{
	Deserialize, Deserializer,
	de::{Error, IntoDeserializer, value::StringDeserializer},
};

/// Longest text of a key: 33 bytes, with prefix and checksum, are 51 digits of base58.
const MAX_TEXT: usize = 64;

/// Read a key, if its text is short enough for one: what base58 costs grows with the square of its
/// length, so a megabyte of it would take hours.
pub(crate) fn deserialize<'de, D, Key>(deserializer: D) -> Result<Key, D::Error>
where
	D: Deserializer<'de>,
	Key: Deserialize<'de>,
{
	let text = String::deserialize(deserializer)?;
	if text.len() > MAX_TEXT {
		return Err(D::Error::custom("a key has 64 characters at most"));
	}
	let text: StringDeserializer<D::Error> = text.into_deserializer();
	Key::deserialize(text)
}

#[cfg(test)]
mod tests {
	use crate::{CertifierKey, DeviceKey};
	use sp_core::{Pair, ecdsa, ed25519, sr25519};

	#[test]
	fn works_when_a_key_is_read_back() {
		let ed = ed25519::Pair::from_seed(&[1; 32]).public();
		let sr = sr25519::Pair::from_seed(&[1; 32]).public();
		let k1 = ecdsa::Pair::from_seed(&[1; 32]).public();
		for key in [DeviceKey::Ed25519(ed), DeviceKey::Sr25519(sr), DeviceKey::Secp256k1(k1)] {
			let text = serde_json::to_string(&key).expect("serializes");
			assert_eq!(serde_json::from_str::<DeviceKey>(&text).expect("reads back"), key);
		}
		let key = CertifierKey::Ed25519(ed);
		let text = serde_json::to_string(&key).expect("serializes");
		assert_eq!(serde_json::from_str::<CertifierKey>(&text).expect("reads back"), key);
	}

	#[test]
	fn fails_at_once_when_the_text_is_long() {
		let document =
			|kind: &str, digits: usize| format!("{{\"{kind}\":\"{}\"}}", "5".repeat(digits));
		for kind in ["ed25519", "sr25519", "secp256k1"] {
			for digits in [65, 1 << 20] {
				let read = serde_json::from_str::<DeviceKey>(&document(kind, digits));
				let error = read.expect_err("too long").to_string();
				assert!(error.contains("64 characters"), "{error}");
			}
			let read = serde_json::from_str::<DeviceKey>(&document(kind, 64));
			let error = read.expect_err("no key").to_string();
			assert!(!error.contains("64 characters"), "{error}");
		}
		let read = serde_json::from_str::<CertifierKey>(&document("ed25519", 1 << 20));
		assert!(read.expect_err("too long").to_string().contains("64 characters"));
	}
}
