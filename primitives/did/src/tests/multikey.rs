use alloc::{string::String, vec::Vec};

use proptest::prelude::*;
use serde_json::Value;

use super::{bytes, ed25519_key, p256_key, secp256k1_key, sr25519_key};
use crate::{
	Codec, MultikeyError, decode_multikey, encode_multikey,
	multikey::{device_multikey, root_multikey},
};

const VECTORS: &str = include_str!("../../vectors/multikey.json");

fn codec(name: &str) -> Codec {
	match name {
		"ed25519" => Codec::Ed25519,
		"sr25519" => Codec::Sr25519,
		"secp256k1" => Codec::Secp256k1,
		"p256" => Codec::P256,
		other => panic!("{other}"),
	}
}

/// Kind, key, and what it is as a Multikey.
fn vectors() -> Vec<(Codec, Vec<u8>, String)> {
	let vectors: Vec<Value> = serde_json::from_str(VECTORS).expect("a list");
	let text = |vector: &Value, name: &str| vector[name].as_str().expect("a text").into();
	let vector = |vector: &Value| {
		let digits: String = text(vector, "key");
		let name: String = text(vector, "codec");
		(codec(&name), hex::decode(digits).expect("hex"), text(vector, "multikey"))
	};
	vectors.iter().map(vector).collect()
}

#[test]
fn keys_are_what_the_specifications_have() {
	let vectors = vectors();
	for (codec, key, multikey) in &vectors {
		assert_eq!(encode_multikey(*codec, key), *multikey);
		assert_eq!(decode_multikey(multikey), Ok((*codec, key.clone())));
	}
	for codec in Codec::ALL {
		assert!(vectors.iter().any(|(of, ..)| *of == codec), "{codec:?}");
	}
}

#[test]
fn keys_of_devices_have_the_codec_of_their_kind() {
	for (multikey, codec) in [
		(device_multikey(&ed25519_key()), Codec::Ed25519),
		(device_multikey(&sr25519_key()), Codec::Sr25519),
		(device_multikey(&secp256k1_key()), Codec::Secp256k1),
		(root_multikey(&p256_key()), Codec::P256),
	] {
		assert_eq!(decode_multikey(&multikey).map(|(of, _)| of), Ok(codec));
	}
}

#[test]
fn fails_when_it_is_no_key_of_a_known_kind() {
	let other = |prefix: &[u8], key: &[u8]| {
		let mut text = String::from("z");
		text.push_str(&bs58::encode([prefix, key].concat()).into_string());
		text
	};
	let point: [u8; 33] = bytes(&["04", &"11".repeat(32)].concat());
	for (text, error) in [
		(String::from("z").repeat(129), MultikeyError::TooLong),
		(String::new(), MultikeyError::NotBase58),
		("6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp".into(), MultikeyError::NotBase58),
		("z6MkiTBz0".into(), MultikeyError::NotBase58),
		("z6MkiTBz\u{e9}".into(), MultikeyError::NotBase58),
		("z".into(), MultikeyError::UnknownCodec),
		// An X25519 key, which agrees on keys and signs nothing.
		(other(&[0xec, 0x01], &[1; 32]), MultikeyError::UnknownCodec),
		(other(&[0xed, 0x81, 0x00], &[1; 32]), MultikeyError::UnknownCodec),
		(encode_multikey(Codec::Ed25519, &[1; 31]), MultikeyError::WrongLength),
		(encode_multikey(Codec::Ed25519, &[1; 33]), MultikeyError::WrongLength),
		(encode_multikey(Codec::Sr25519, &[]), MultikeyError::WrongLength),
		(encode_multikey(Codec::P256, &[2; 65]), MultikeyError::WrongLength),
		(encode_multikey(Codec::Secp256k1, &[2; 32]), MultikeyError::WrongLength),
		(encode_multikey(Codec::P256, &point), MultikeyError::NotAPoint),
		(encode_multikey(Codec::Secp256k1, &point), MultikeyError::NotAPoint),
	] {
		assert_eq!(decode_multikey(&text), Err(error), "{text}");
	}
}

proptest! {
	#[test]
	fn a_key_is_read_back(kind in 0usize..4, bytes in any::<[u8; 32]>(), odd in any::<bool>()) {
		let codec = Codec::ALL[kind];
		let mut key = bytes.to_vec();
		if codec.key_len() > key.len() {
			key.insert(0, 2 + u8::from(odd));
		}
		let text = encode_multikey(codec, &key);
		prop_assert_eq!(decode_multikey(&text), Ok((codec, key)));
	}

	#[test]
	fn one_text_for_each_key(text in "z[1-9A-HJ-NP-Za-km-z]{40,52}|z6Mk.{0,50}|.{0,140}") {
		if let Ok((codec, key)) = decode_multikey(&text) {
			prop_assert_eq!(encode_multikey(codec, &key), text);
		}
	}
}
