//! Operational keys of devices, and the one function that checks their signatures.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{ecdsa, ed25519, sr25519};

use crate::text;

/// A key with which a device signs its readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKey {
	/// Edwards-curve key (RFC 8032).
	Ed25519(#[serde(deserialize_with = "text::deserialize")] ed25519::Public),
	/// Schnorrkel key over Ristretto; signing context `substrate`.
	Sr25519(#[serde(deserialize_with = "text::deserialize")] sr25519::Public),
	/// Compressed secp256k1 key.
	Secp256k1(#[serde(deserialize_with = "text::deserialize")] ecdsa::Public),
}

/// A device's signature over a 32-byte message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[serde(rename_all = "lowercase")]
pub enum DeviceSignature {
	/// Of an [`DeviceKey::Ed25519`] key.
	Ed25519(ed25519::Signature),
	/// Of an [`DeviceKey::Sr25519`] key.
	Sr25519(sr25519::Signature),
	/// Of a [`DeviceKey::Secp256k1`] key: r ‖ s ‖ recovery id, over the message as the prehash.
	Secp256k1(ecdsa::Signature),
}

/// Half of the order of secp256k1, big-endian: the largest `s` of a low-S signature (SEC 1, BIP 62).
const SECP256K1_HALF_ORDER: [u8; 32] = [
	0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];

/// y coordinates (little-endian, sign bit cleared) of the points of small order on Curve25519's
/// Edwards form, non-canonical encodings included: 0, 1, the two of order eight, p − 1, p, p + 1.
const ED25519_SMALL_ORDER: [[u8; 32]; 7] = [
	[0; 32],
	{
		let mut one = [0; 32];
		one[0] = 1;
		one
	},
	[
		0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
		0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
		0xfc, 0x05,
	],
	[
		0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
		0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
		0x03, 0x7a,
	],
	near_field_order(0xec),
	near_field_order(0xed),
	near_field_order(0xee),
];

/// 2^255 − 256 + `low`, little-endian: the numbers around p = 2^255 − 19.
const fn near_field_order(low: u8) -> [u8; 32] {
	let mut bytes = [0xff; 32];
	bytes[0] = low;
	bytes[31] = 0x7f;
	bytes
}

impl DeviceKey {
	/// Whether no honest device has this key: signatures under keys of small order can be forged.
	#[must_use]
	pub fn is_weak(&self) -> bool {
		match self {
			Self::Ed25519(key) => {
				let mut y = key.0;
				if let Some(last) = y.last_mut() {
					*last &= 0x7f;
				}
				ED25519_SMALL_ORDER.contains(&y)
			},
			// Ristretto has prime order; only the identity is degenerate.
			Self::Sr25519(key) => key.0 == [0; 32],
			// Prime order, and the identity has no compressed encoding.
			Self::Secp256k1(_) => false,
		}
	}

	/// Whether `signature` is this key's over `message` (a 32-byte hash).
	///
	/// secp256k1 takes the message as the prehash and refuses high-S signatures, so that nobody can
	/// alter a signature in passing. A signature of another kind of key is refused.
	#[must_use]
	pub fn verify(&self, message: &[u8; 32], signature: &DeviceSignature) -> bool {
		match (self, signature) {
			(Self::Ed25519(key), DeviceSignature::Ed25519(signature)) => {
				sp_io::crypto::ed25519_verify(signature, message, key)
			},
			(Self::Sr25519(key), DeviceSignature::Sr25519(signature)) => {
				sp_io::crypto::sr25519_verify(signature, message, key)
			},
			(Self::Secp256k1(key), DeviceSignature::Secp256k1(signature)) => {
				is_low_s(signature)
					&& sp_io::crypto::ecdsa_verify_prehashed(signature, message, key)
			},
			_ => false,
		}
	}
}

/// Whether the `s` of an r ‖ s ‖ v signature is at most half of the group's order.
fn is_low_s(signature: &ecdsa::Signature) -> bool {
	signature.0.get(32..64).is_some_and(|s| s <= SECP256K1_HALF_ORDER.as_slice())
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_core::Pair;

	const MESSAGE: [u8; 32] = [7; 32];

	#[test]
	fn works_when_each_kind_signs() {
		let ed = ed25519::Pair::from_seed(&[1; 32]);
		let sr = sr25519::Pair::from_seed(&[1; 32]);
		let k1 = ecdsa::Pair::from_seed(&[1; 32]);
		let pairs = [
			(DeviceKey::Ed25519(ed.public()), DeviceSignature::Ed25519(ed.sign(&MESSAGE))),
			(DeviceKey::Sr25519(sr.public()), DeviceSignature::Sr25519(sr.sign(&MESSAGE))),
			(
				DeviceKey::Secp256k1(k1.public()),
				DeviceSignature::Secp256k1(k1.sign_prehashed(&MESSAGE)),
			),
		];
		for (i, (key, _)) in pairs.iter().enumerate() {
			assert!(!key.is_weak());
			for (j, (_, signature)) in pairs.iter().enumerate() {
				assert_eq!(key.verify(&MESSAGE, signature), i == j);
				assert!(!key.verify(&[8; 32], signature));
			}
		}
	}

	#[test]
	fn fails_when_s_is_high() {
		const ORDER: [u8; 32] = [
			0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
			0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c,
			0xd0, 0x36, 0x41, 0x41,
		];
		let pair = ecdsa::Pair::from_seed(&[1; 32]);
		let low = pair.sign_prehashed(&MESSAGE);
		let mut high = low;
		let mut borrow = 0i16;
		for i in (0..32).rev() {
			let difference = i16::from(ORDER[i]) - i16::from(low.0[32 + i]) - borrow;
			borrow = i16::from(difference < 0);
			high.0[32 + i] = difference.rem_euclid(256) as u8;
		}
		high.0[64] ^= 1;
		assert!(ecdsa::Pair::verify_prehashed(&high, &MESSAGE, &pair.public()));
		let key = DeviceKey::Secp256k1(pair.public());
		assert!(key.verify(&MESSAGE, &DeviceSignature::Secp256k1(low)));
		assert!(!key.verify(&MESSAGE, &DeviceSignature::Secp256k1(high)));
	}

	#[test]
	fn keys_of_small_order_are_weak() {
		for point in curve25519_dalek::constants::EIGHT_TORSION {
			let key = DeviceKey::Ed25519(ed25519::Public::from_raw(point.compress().0));
			assert!(key.is_weak());
		}
		assert!(DeviceKey::Sr25519(sr25519::Public::from_raw([0; 32])).is_weak());
	}
}
