//! Root keys: what secure elements, TPMs and phones hold. A root signs seldom, to name the key with
//! which its device signs readings; checking it costs some forty checks of an operational key.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use p256::ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier};
use scale_info::TypeInfo;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sp_core::bytes::{ExpectedLen, deserialize_check_len, serialize};

use crate::{DeviceKey, Hash32};

/// Bytes of a compressed point.
const POINT: usize = 33;
/// Bytes of r ‖ s.
const SCALARS: usize = 64;

/// Half of the order of P-256, rounded down, big-endian: the largest `s` of a low-S signature
/// (order: SP 800-186, section 3.2.1.3).
const P256_HALF_ORDER: [u8; 32] = [
	0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
];

const DELEGATION_DOMAIN: &[u8] = b"cairn/delegation/1";

/// A key on P-256 (secp256r1): a compressed SEC 1 point, 0x02 or 0x03 and the x coordinate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct P256Public(pub [u8; POINT]);

/// A signature by a key on P-256: r ‖ s, each 32 bytes, big-endian; `s` at most half of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct P256Signature(pub [u8; SCALARS]);

/// In JSON: 0x and 66 hex digits.
impl Serialize for P256Public {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serialize(&self.0, serializer)
	}
}

impl<'de> Deserialize<'de> for P256Public {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		let mut bytes = [0; POINT];
		deserialize_check_len(deserializer, ExpectedLen::Exact(&mut bytes))?;
		Ok(Self(bytes))
	}
}

/// In JSON: 0x and 128 hex digits.
impl Serialize for P256Signature {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serialize(&self.0, serializer)
	}
}

impl<'de> Deserialize<'de> for P256Signature {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		let mut bytes = [0; SCALARS];
		deserialize_check_len(deserializer, ExpectedLen::Exact(&mut bytes))?;
		Ok(Self(bytes))
	}
}

impl P256Public {
	/// The point; `None` if the bytes are no point of the curve in its one encoding. SEC 1 has a third
	/// encoding of 33 bytes, which would give a key a second name.
	fn point(&self) -> Option<VerifyingKey> {
		let is_compressed = matches!(self.0.first(), Some(2 | 3));
		if is_compressed { VerifyingKey::from_sec1_bytes(&self.0).ok() } else { None }
	}

	/// Whether it is a point of the curve, in the one encoding that is accepted. The group has prime
	/// order and the identity has no such encoding: every point is a good key.
	#[must_use]
	pub fn is_valid(&self) -> bool {
		self.point().is_some()
	}

	/// Whether `signature` is this key's ECDSA signature with SHA-256 ("ES256") over `message` (a
	/// 32-byte hash, which is hashed again: that is what hardware and libraries sign by default).
	///
	/// Refuses high-S signatures, so that nobody can alter a signature in passing, and points in other
	/// encodings. In the runtime this is computed in wasm, at some 2 ms.
	#[must_use]
	pub fn verify(&self, message: &Hash32, signature: &P256Signature) -> bool {
		if !signature.is_low_s() {
			return false;
		}
		let (Some(key), Ok(signature)) = (self.point(), Signature::from_slice(&signature.0)) else {
			return false;
		};
		let digest = sp_io::hashing::sha2_256(message);
		key.verify_prehash(&digest, &signature).is_ok()
	}
}

impl P256Signature {
	/// Whether its `s` is at most half of the group's order.
	#[must_use]
	pub fn is_low_s(&self) -> bool {
		self.0.get(32..).is_some_and(|s| s <= P256_HALF_ORDER.as_slice())
	}
}

/// A device's root key. The enum grows with the kinds of hardware.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[serde(rename_all = "lowercase")]
pub enum RootKey {
	/// P-256: ATECC608, TPM 2.0, secure enclaves of phones.
	P256(P256Public),
}

/// A root key's signature over a 32-byte message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[serde(rename_all = "lowercase")]
pub enum RootSignature {
	/// Of a [`RootKey::P256`] key.
	P256(P256Signature),
}

impl RootKey {
	/// Whether `signature` is this key's over `message`.
	#[must_use]
	pub fn verify(&self, message: &Hash32, signature: &RootSignature) -> bool {
		match (self, signature) {
			(Self::P256(key), RootSignature::P256(signature)) => key.verify(message, signature),
		}
	}
}

/// A root key names the operational key of its device: [`delegation_message`] says over what. Block
/// and nonce are those of the operational key's own proof, which comes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Delegation {
	/// The root key.
	pub root: RootKey,
	/// Its signature.
	pub signature: RootSignature,
}

/// The 32 bytes that a root signs: H("cairn/delegation/1" ‖ SCALE(genesis, block number, block hash,
/// owner, nonce of the owner, root key, operational key)). Without block and owner, an earlier owner
/// could replay an old delegation.
#[must_use]
pub fn delegation_message(
	genesis: &Hash32,
	block: u32,
	block_hash: &Hash32,
	owner: &[u8; 32],
	nonce: u32,
	root: &RootKey,
	key: &DeviceKey,
) -> Hash32 {
	let fields = (genesis, block, block_hash, owner, nonce, root, key).encode();
	sp_io::hashing::blake2_256(&[DELEGATION_DOMAIN, &fields].concat())
}

/// Software keys on P-256: for clients without hardware, tests and benchmarks.
#[cfg(feature = "signing")]
pub use signing::P256Pair;

#[cfg(feature = "signing")]
mod signing {
	use p256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};

	use super::{Hash32, P256Public, P256Signature, POINT, SCALARS};

	/// A key pair on P-256 whose secret is in memory.
	#[derive(Clone)]
	pub struct P256Pair(SigningKey);

	impl P256Pair {
		/// The pair of a secret scalar, big-endian; `None` if it is zero or not below the order, which
		/// one of 2^32 random secrets is.
		#[must_use]
		pub fn from_secret(secret: &[u8; 32]) -> Option<Self> {
			SigningKey::from_slice(secret).ok().map(Self)
		}

		/// The public key.
		#[must_use]
		pub fn public(&self) -> P256Public {
			let point = self.0.verifying_key().to_encoded_point(true);
			// A compressed point always has 33 bytes.
			P256Public(point.as_bytes().try_into().unwrap_or([0; POINT]))
		}

		/// Sign 32 bytes as [`P256Public::verify`] expects it: deterministic (RFC 6979), low-S. Zeros,
		/// which verify under no key, in a case that nobody has ever seen: r or s would be zero.
		#[must_use]
		pub fn sign(&self, message: &Hash32) -> P256Signature {
			let digest = sp_io::hashing::sha2_256(message);
			let signed: Result<Signature, _> = self.0.sign_prehash(&digest);
			let bytes = signed.ok().and_then(|signature| {
				let low = signature.normalize_s().unwrap_or(signature);
				low.to_bytes().as_slice().try_into().ok()
			});
			P256Signature(bytes.unwrap_or([0; SCALARS]))
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use sp_core::{Pair, bytes::from_hex, ed25519};

	/// Made with OpenSSL 3.0: `openssl dgst -sha256 -sign`, DER taken apart.
	const PUBLIC: &str = "036ddc417590b47817b3575971fc1d5e324c11ea895e4396467a5e87a5e0a2b77e";
	const LOW: &str = "6c53e3471542802c632150bed0f9cb971a0af3e81038da029e2f77d09a8fa45e\
		7a5fa8f4558ed32c7a541e85cacd94952f2c4121109cf23c48009a685e76b546";
	const HIGH: &str = "b1411e8d957d66067f8424350d17ef184fb3f1eb5177d24722c6f5e634d0a179\
		b43f1697d5d034b489e14705690cdbbbd3634f984f986dce4b267486a5abd018";
	/// The order of the group.
	const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
	/// 0, 1, 2, …: what was signed.
	const MESSAGE: Hash32 = [
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
		25, 26, 27, 28, 29, 30, 31,
	];

	fn bytes<const N: usize>(hex: &str) -> [u8; N] {
		from_hex(hex).expect("hex").try_into().expect("as many bytes")
	}

	fn public() -> P256Public {
		P256Public(bytes(PUBLIC))
	}

	fn signature(hex: &str) -> P256Signature {
		P256Signature(bytes(hex))
	}

	#[test]
	fn works_when_openssl_signed() {
		let signature = signature(LOW);
		assert!(public().is_valid() && signature.is_low_s());
		assert!(public().verify(&MESSAGE, &signature));
		assert!(!public().verify(&[7; 32], &signature));
		let (root, signature) = (RootKey::P256(public()), RootSignature::P256(signature));
		assert!(root.verify(&MESSAGE, &signature));
	}

	#[test]
	fn fails_when_s_is_high() {
		let signature = signature(HIGH);
		assert!(!signature.is_low_s());
		assert!(!public().verify(&MESSAGE, &signature));
		// It is a good one otherwise.
		let normal = Signature::from_slice(&signature.0).expect("a signature").normalize_s();
		let low = normal.expect("it was high").to_bytes();
		let low = P256Signature(low.as_slice().try_into().expect("64 bytes"));
		assert!(public().verify(&MESSAGE, &low));
	}

	#[test]
	fn half_of_the_order_is_the_largest_low_s() {
		let with = |s: [u8; 32]| {
			let mut bytes = [1; 64];
			bytes[32..].copy_from_slice(&s);
			P256Signature(bytes)
		};
		let mut above = P256_HALF_ORDER;
		above[31] += 1;
		assert!(with(P256_HALF_ORDER).is_low_s() && !with(above).is_low_s());
		// Twice the half, and one, is the order, which is odd.
		let mut order = [0u8; 32];
		let mut carry = 1u16;
		for (place, half) in order.iter_mut().rev().zip(P256_HALF_ORDER.iter().rev()) {
			let sum = 2 * u16::from(*half) + carry;
			*place = u8::try_from(sum % 256).expect("a byte");
			carry = sum / 256;
		}
		assert_eq!(order, bytes(ORDER));
	}

	#[test]
	fn fails_when_r_or_s_is_out_of_range() {
		let (zero, order): ([u8; 32], [u8; 32]) = ([0; 32], bytes(ORDER));
		let good: [u8; 64] = bytes(LOW);
		for wrong in [zero, order] {
			let mut r = good;
			r[..32].copy_from_slice(&wrong);
			let mut s = good;
			s[32..].copy_from_slice(&wrong);
			for bytes in [r, s] {
				assert!(!public().verify(&MESSAGE, &P256Signature(bytes)));
			}
		}
	}

	#[test]
	fn a_key_has_one_encoding() {
		let good: [u8; POINT] = bytes(PUBLIC);
		// Compact (draft-jivsov-ecc-compact), uncompressed, hybrid, infinity.
		for tag in [5, 4, 6, 7, 0] {
			let mut other = good;
			other[0] = tag;
			assert!(!P256Public(other).is_valid(), "tag {tag}");
			assert!(!P256Public(other).verify(&MESSAGE, &signature(LOW)), "tag {tag}");
		}
		// The other point with this x is another key.
		let mut negative = good;
		negative[0] ^= 1;
		assert!(P256Public(negative).is_valid());
		assert!(!P256Public(negative).verify(&MESSAGE, &signature(LOW)));
		// x is a number of the field: 2^256 − 1 is above its prime.
		let mut beyond = [0xff; POINT];
		beyond[0] = 2;
		assert!(!P256Public(beyond).is_valid());
		// x = 0 is on the curve, as b is a square; x = 5 is on it, x = 1 is not.
		let at = |x: u8| {
			let mut point = [0; POINT];
			(point[0], point[32]) = (2, x);
			P256Public(point).is_valid()
		};
		assert!(at(0) && at(5) && !at(1));
	}

	#[test]
	fn a_delegation_names_all_that_it_is_for() {
		let key = DeviceKey::Ed25519(ed25519::Pair::from_seed(&[1; 32]).public());
		let other = DeviceKey::Ed25519(ed25519::Pair::from_seed(&[2; 32]).public());
		let root = RootKey::P256(public());
		let mut second = public();
		second.0[0] ^= 1;
		let messages = [
			delegation_message(&[1; 32], 2, &[3; 32], &[4; 32], 5, &root, &key),
			delegation_message(&[9; 32], 2, &[3; 32], &[4; 32], 5, &root, &key),
			delegation_message(&[1; 32], 9, &[3; 32], &[4; 32], 5, &root, &key),
			delegation_message(&[1; 32], 2, &[9; 32], &[4; 32], 5, &root, &key),
			delegation_message(&[1; 32], 2, &[3; 32], &[9; 32], 5, &root, &key),
			delegation_message(&[1; 32], 2, &[3; 32], &[4; 32], 9, &root, &key),
			delegation_message(&[1; 32], 2, &[3; 32], &[4; 32], 5, &RootKey::P256(second), &key),
			delegation_message(&[1; 32], 2, &[3; 32], &[4; 32], 5, &root, &other),
		];
		let distinct: std::collections::BTreeSet<_> = messages.iter().collect();
		assert_eq!(distinct.len(), messages.len());
	}

	#[test]
	fn works_when_written_as_json() {
		let root = RootKey::P256(public());
		let text = serde_json::to_string(&root).expect("serializes");
		assert_eq!(text, format!("{{\"p256\":\"0x{PUBLIC}\"}}"));
		assert_eq!(serde_json::from_str::<RootKey>(&text).expect("reads"), root);
		let signed = RootSignature::P256(signature(LOW));
		let text = serde_json::to_string(&signed).expect("serializes");
		assert_eq!(serde_json::from_str::<RootSignature>(&text).expect("reads"), signed);
		for text in ["{\"p256\":\"0x02\"}", "{\"p256\":7}", "{\"rsa\":\"0x02\"}"] {
			assert!(serde_json::from_str::<RootKey>(text).is_err(), "{text}");
		}
	}

	#[cfg(feature = "signing")]
	proptest! {
		#![proptest_config(ProptestConfig::with_cases(16))]

		#[test]
		fn what_a_pair_signs_verifies_under_it_alone(
			secret in any::<[u8; 32]>(), message in any::<[u8; 32]>(), place in 0usize..64, bit in 0u8..8,
		) {
			let Some(pair) = P256Pair::from_secret(&secret) else { return Ok(()) };
			let signed = pair.sign(&message);
			prop_assert!(signed.is_low_s());
			prop_assert!(pair.public().verify(&message, &signed));
			prop_assert!(!public().verify(&message, &signed));
			let mut altered = signed;
			altered.0[place] ^= 1 << bit;
			prop_assert!(!pair.public().verify(&message, &altered));
		}
	}

	proptest! {
		#[test]
		fn no_bytes_make_a_check_panic(
			key in prop::collection::vec(any::<u8>(), POINT),
			signed in prop::collection::vec(any::<u8>(), SCALARS),
			message in any::<[u8; 32]>(),
		) {
			let key = P256Public(key.try_into().expect("33 bytes"));
			let signed = P256Signature(signed.try_into().expect("64 bytes"));
			prop_assert!(!key.verify(&message, &signed));
		}
	}
}
