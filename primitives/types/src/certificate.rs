//! What a maker says of a device, and what a device says of its owner.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{ConstU32, bounded::BoundedVec, ed25519};
use sp_io::hashing::blake2_256;

use crate::{
	DeviceKey, DeviceSignature, Hash32, P256Public, P256Signature, RootKey, RootSignature,
	ids::{DeviceId, MakerId},
	text,
};

/// Longest serial, model or batch, in bytes.
pub const MAX_SERIAL: u32 = 32;
/// A maker's serial number of a device.
pub type Serial = BoundedVec<u8, ConstU32<MAX_SERIAL>>;

const CERTIFICATE_DOMAIN: &[u8] = b"cairn/certificate/1";
const CERTIFICATE_V2_DOMAIN: &[u8] = b"cairn/certificate/2";
const POSSESSION_DOMAIN: &[u8] = b"cairn/possession/1";
const RECOVERY_DOMAIN: &[u8] = b"cairn/recovery/1";
const OBJECTION_DOMAIN: &[u8] = b"cairn/objection/1";

/// A key with which a maker certifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[serde(rename_all = "lowercase")]
pub enum CertifierKey {
	/// Edwards-curve key (RFC 8032).
	Ed25519(#[serde(deserialize_with = "text::deserialize")] ed25519::Public),
	/// P-256: hardware security modules. Signs certificates from V2 on.
	P256(P256Public),
}

/// A maker's signature over a 32-byte message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[serde(rename_all = "lowercase")]
pub enum CertifierSignature {
	/// Of a [`CertifierKey::Ed25519`] key.
	Ed25519(ed25519::Signature),
	/// Of a [`CertifierKey::P256`] key; see [`P256Public::verify`].
	P256(P256Signature),
}

impl CertifierKey {
	/// Whether no honest maker has this key: signatures under it can be forged, or none can be made.
	#[must_use]
	pub fn is_weak(&self) -> bool {
		match self {
			Self::Ed25519(key) => DeviceKey::Ed25519(*key).is_weak(),
			Self::P256(key) => !key.is_valid(),
		}
	}

	/// Whether `signature` is this key's over `message`.
	#[must_use]
	pub fn verify(&self, message: &Hash32, signature: &CertifierSignature) -> bool {
		match (self, signature) {
			(Self::Ed25519(key), CertifierSignature::Ed25519(signature)) => {
				sp_io::crypto::ed25519_verify(signature, message, key)
			},
			(Self::P256(key), CertifierSignature::P256(signature)) => {
				key.verify(message, signature)
			},
			_ => false,
		}
	}
}

/// A device, as its certificate names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Identity {
	/// By the key that signs its readings: a device without a root key.
	Operational(DeviceKey),
	/// By its root key.
	Root(RootKey),
}

/// A maker's signed statement on a device. Versioned: each version binds other things.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Certificate {
	/// Binds the operational key; signed with ed25519.
	V1(CertificateV1),
	/// Binds the root key, if the device has one, and the batch of manufacture.
	V2(CertificateV2),
}

/// What a maker states in V1: this operational key belongs to a device of that model and serial, until then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct CertificateClaim {
	/// Who certifies.
	pub maker: MakerId,
	/// Which of the maker's keys signed.
	pub key_index: u8,
	/// The maker's name of the model.
	pub model: Serial,
	/// The maker's serial number: one certificate, one device.
	pub serial: Serial,
	/// When the statement ends, in ms since the epoch.
	pub expiry: u64,
}

/// A signed [`CertificateClaim`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct CertificateV1 {
	/// What is stated.
	pub claim: CertificateClaim,
	/// The maker's signature over [`CertificateClaim::message`].
	pub signature: ed25519::Signature,
}

impl CertificateClaim {
	/// The 32 bytes a maker signs: H(domain ‖ genesis ‖ SCALE(maker, key index, device key, model,
	/// serial, expiry)).
	#[must_use]
	pub fn message(&self, genesis: &Hash32, device: &DeviceKey) -> Hash32 {
		let fields =
			(self.maker, self.key_index, device, &self.model, &self.serial, self.expiry).encode();
		blake2_256(&[CERTIFICATE_DOMAIN, genesis.as_slice(), &fields].concat())
	}
}

/// What a maker states in V2: this device is of that model, batch and serial, until then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct CertificateClaimV2 {
	/// Who certifies.
	pub maker: MakerId,
	/// Which of the maker's keys signed.
	pub key_index: u8,
	/// The maker's name of the model.
	pub model: Serial,
	/// The maker's name of the batch of manufacture.
	pub batch: Serial,
	/// The maker's serial number: one certificate, one device.
	pub serial: Serial,
	/// When the statement ends, in ms since the epoch.
	pub expiry: u64,
}

/// A signed [`CertificateClaimV2`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct CertificateV2 {
	/// What is stated.
	pub claim: CertificateClaimV2,
	/// The maker's signature over [`CertificateClaimV2::message`].
	pub signature: CertifierSignature,
}

impl CertificateClaimV2 {
	/// The 32 bytes a maker signs: H("cairn/certificate/2" ‖ genesis ‖ SCALE(maker, key index,
	/// identity, model, batch, serial, expiry)).
	#[must_use]
	pub fn message(&self, genesis: &Hash32, device: &Identity) -> Hash32 {
		let Self { maker, key_index, model, batch, serial, expiry } = self;
		let fields = (maker, key_index, device, model, batch, serial, expiry).encode();
		blake2_256(&[CERTIFICATE_V2_DOMAIN, genesis.as_slice(), &fields].concat())
	}
}

impl Certificate {
	/// Who certifies.
	#[must_use]
	pub const fn maker(&self) -> MakerId {
		match self {
			Self::V1(certificate) => certificate.claim.maker,
			Self::V2(certificate) => certificate.claim.maker,
		}
	}

	/// Which of the maker's keys signed.
	#[must_use]
	pub const fn key_index(&self) -> u8 {
		match self {
			Self::V1(certificate) => certificate.claim.key_index,
			Self::V2(certificate) => certificate.claim.key_index,
		}
	}

	/// The maker's name of the model.
	#[must_use]
	pub const fn model(&self) -> &Serial {
		match self {
			Self::V1(certificate) => &certificate.claim.model,
			Self::V2(certificate) => &certificate.claim.model,
		}
	}

	/// The maker's serial number of the device.
	#[must_use]
	pub const fn serial(&self) -> &Serial {
		match self {
			Self::V1(certificate) => &certificate.claim.serial,
			Self::V2(certificate) => &certificate.claim.serial,
		}
	}

	/// When it ends, in ms since the epoch.
	#[must_use]
	pub const fn expiry(&self) -> u64 {
		match self {
			Self::V1(certificate) => certificate.claim.expiry,
			Self::V2(certificate) => certificate.claim.expiry,
		}
	}

	/// Whether its signature is one of P-256, which costs some forty of the others.
	#[must_use]
	pub const fn is_p256(&self) -> bool {
		matches!(self, Self::V2(CertificateV2 { signature: CertifierSignature::P256(_), .. }))
	}

	/// Whether the maker's key `certifier` signed it for the device with this operational key and
	/// root.
	#[must_use]
	pub fn is_signed_by(
		&self,
		certifier: &CertifierKey,
		genesis: &Hash32,
		key: &DeviceKey,
		root: Option<&RootKey>,
	) -> bool {
		match self {
			Self::V1(CertificateV1 { claim, signature }) => certifier
				.verify(&claim.message(genesis, key), &CertifierSignature::Ed25519(*signature)),
			Self::V2(CertificateV2 { claim, signature }) => {
				let identity =
					root.map_or(Identity::Operational(*key), |root| Identity::Root(*root));
				certifier.verify(&claim.message(genesis, &identity), signature)
			},
		}
	}
}

/// What a device's key signs to say who its owner is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Possession {
	/// Number of a recent block.
	pub block: u32,
	/// The owner's nonce in the transaction that carries this proof.
	pub nonce: u32,
	/// The device key's signature over [`possession_message`].
	pub signature: DeviceSignature,
}

/// The 32 bytes a device signs: H(domain ‖ SCALE(genesis, block number, block hash, owner, nonce of
/// the owner, key)). Without the block, an earlier owner could replay an old proof.
pub fn possession_message(
	genesis: &Hash32,
	block: u32,
	block_hash: &Hash32,
	owner: &[u8; 32],
	nonce: u32,
	key: &DeviceKey,
) -> Hash32 {
	let fields = (genesis, block, block_hash, owner, nonce, key).encode();
	blake2_256(&[POSSESSION_DOMAIN, &fields].concat())
}

/// A maker's consent to the recovery of a device whose keys are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Approval {
	/// Which of the maker's keys signed.
	pub key_index: u8,
	/// The maker's signature over [`recovery_message`].
	pub signature: CertifierSignature,
}

/// The 32 bytes a maker signs to consent to a recovery: H("cairn/recovery/1" ‖ genesis ‖ SCALE(maker,
/// key index, device, block of its last change of owner or key, new operational key, new root key or
/// none)). The next such change voids it, so it is good for one recovery.
#[must_use]
pub fn recovery_message(
	genesis: &Hash32,
	maker: MakerId,
	key_index: u8,
	device: DeviceId,
	changed: u32,
	key: &DeviceKey,
	root: Option<&RootKey>,
) -> Hash32 {
	let fields = (maker, key_index, device, changed, key, root).encode();
	blake2_256(&[RECOVERY_DOMAIN, genesis.as_slice(), &fields].concat())
}

/// Who objects to a recovery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Objection {
	/// The owner, by sending the call.
	Owner,
	/// The device, by its present operational key's signature over [`objection_message`]; not by a
	/// key that an earlier owner may have kept.
	Operational(DeviceSignature),
	/// The device, by its root key's signature over [`objection_message`].
	Root(RootSignature),
}

/// The 32 bytes a device's present key signs to object to a recovery: H("cairn/objection/1" ‖ genesis
/// ‖ SCALE(device, block of the request, new operational key)).
#[must_use]
pub fn objection_message(
	genesis: &Hash32,
	device: DeviceId,
	requested: u32,
	key: &DeviceKey,
) -> Hash32 {
	let fields = (device, requested, key).encode();
	blake2_256(&[OBJECTION_DOMAIN, genesis.as_slice(), &fields].concat())
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use sp_core::Pair;

	const GENESIS: Hash32 = [3; 32];

	fn text(bytes: &[u8]) -> Serial {
		Serial::truncate_from(bytes.to_vec())
	}

	fn key(seed: u8) -> DeviceKey {
		DeviceKey::Ed25519(ed25519::Pair::from_seed(&[seed; 32]).public())
	}

	/// A point of the curve, and its negative.
	fn roots() -> [RootKey; 2] {
		let mut point = [0; 33];
		(point[0], point[32]) = (2, 5);
		let first = P256Public(point);
		point[0] = 3;
		[first, P256Public(point)].map(RootKey::P256)
	}

	fn claim() -> CertificateClaimV2 {
		CertificateClaimV2 {
			maker: MakerId(1),
			key_index: 2,
			model: text(b"model"),
			batch: text(b"batch"),
			serial: text(b"serial"),
			expiry: 3,
		}
	}

	fn signed(pair: &ed25519::Pair, device: &Identity) -> Certificate {
		let claim = claim();
		let signature = CertifierSignature::Ed25519(pair.sign(&claim.message(&GENESIS, device)));
		Certificate::V2(CertificateV2 { claim, signature })
	}

	#[test]
	fn a_certificate_of_a_root_is_not_one_of_the_key() {
		let pair = ed25519::Pair::from_seed(&[9; 32]);
		let certifier = CertifierKey::Ed25519(pair.public());
		let [root, other] = roots();
		let of_root = signed(&pair, &Identity::Root(root));
		assert!(of_root.is_signed_by(&certifier, &GENESIS, &key(1), Some(&root)));
		// The operational key may be another one: the root names it.
		assert!(of_root.is_signed_by(&certifier, &GENESIS, &key(2), Some(&root)));
		assert!(!of_root.is_signed_by(&certifier, &GENESIS, &key(1), Some(&other)));
		assert!(!of_root.is_signed_by(&certifier, &GENESIS, &key(1), None));
		assert!(!of_root.is_signed_by(&certifier, &[4; 32], &key(1), Some(&root)));

		let of_key = signed(&pair, &Identity::Operational(key(1)));
		assert!(of_key.is_signed_by(&certifier, &GENESIS, &key(1), None));
		assert!(!of_key.is_signed_by(&certifier, &GENESIS, &key(2), None));
		assert!(!of_key.is_signed_by(&certifier, &GENESIS, &key(1), Some(&root)));
	}

	#[test]
	fn every_field_is_signed() {
		let device = Identity::Operational(key(1));
		let others = [
			CertificateClaimV2 { maker: MakerId(9), ..claim() },
			CertificateClaimV2 { key_index: 9, ..claim() },
			CertificateClaimV2 { model: text(b"other"), ..claim() },
			CertificateClaimV2 { batch: text(b"other"), ..claim() },
			CertificateClaimV2 { serial: text(b"other"), ..claim() },
			CertificateClaimV2 { expiry: 9, ..claim() },
			// The border between two fields is signed, too.
			CertificateClaimV2 { model: text(b"modelb"), batch: text(b"atch"), ..claim() },
		];
		for other in others {
			assert_ne!(other.message(&GENESIS, &device), claim().message(&GENESIS, &device));
		}
	}

	#[test]
	fn the_first_version_is_signed_with_ed25519_only() {
		let pair = ed25519::Pair::from_seed(&[9; 32]);
		let (maker, key_index, expiry) = (MakerId(1), 2, 3);
		let (model, serial) = (text(b"model"), text(b"serial"));
		let claim = CertificateClaim { maker, key_index, model, serial, expiry };
		let signature = pair.sign(&claim.message(&GENESIS, &key(1)));
		let certificate = Certificate::V1(CertificateV1 { claim, signature });
		let ed25519 = CertifierKey::Ed25519(pair.public());
		assert!(certificate.is_signed_by(&ed25519, &GENESIS, &key(1), None));
		// It names the operational key, with a root or without.
		assert!(certificate.is_signed_by(&ed25519, &GENESIS, &key(1), Some(&roots()[0])));
		assert!(!certificate.is_signed_by(&ed25519, &GENESIS, &key(2), None));
		let RootKey::P256(p256) = roots()[0];
		let p256 = CertifierKey::P256(p256);
		assert!(!certificate.is_signed_by(&p256, &GENESIS, &key(1), None));
		assert!(!certificate.is_p256());
		assert_eq!(certificate.encode().first(), Some(&0));
	}

	#[test]
	fn keys_that_certify_nothing_are_weak() {
		assert!(CertifierKey::Ed25519(ed25519::Public::from_raw([0; 32])).is_weak());
		assert!(!CertifierKey::Ed25519(ed25519::Pair::from_seed(&[1; 32]).public()).is_weak());
		assert!(CertifierKey::P256(P256Public([0; 33])).is_weak());
		let [RootKey::P256(good), _] = roots();
		assert!(!CertifierKey::P256(good).is_weak());
	}

	#[cfg(feature = "signing")]
	#[test]
	fn works_when_a_p256_key_certifies() {
		let pair = crate::P256Pair::from_secret(&[7; 32]).expect("a scalar");
		let certifier = CertifierKey::P256(pair.public());
		let device = Identity::Root(roots()[0]);
		let signature = CertifierSignature::P256(pair.sign(&claim().message(&GENESIS, &device)));
		let certificate = Certificate::V2(CertificateV2 { claim: claim(), signature });
		assert!(certificate.is_p256());
		assert!(certificate.is_signed_by(&certifier, &GENESIS, &key(1), Some(&roots()[0])));
		assert!(!certificate.is_signed_by(&certifier, &GENESIS, &key(1), Some(&roots()[1])));
		let ed25519 = CertifierKey::Ed25519(ed25519::Pair::from_seed(&[1; 32]).public());
		assert!(!certificate.is_signed_by(&ed25519, &GENESIS, &key(1), Some(&roots()[0])));
	}

	proptest! {
		#[test]
		fn a_recovery_names_all_that_it_is_for(
			maker in 0u32..2, index in 0u8..2, device in 0u64..2, changed in 0u32..2, seed in 1u8..3,
			root in 0usize..3,
		) {
			let [first, second] = roots();
			let message = |maker, index, device, changed, seed, root| {
				let root = [None, Some(&first), Some(&second)][root];
				let (maker, device) = (MakerId(maker), DeviceId(device));
				recovery_message(&GENESIS, maker, index, device, changed, &key(seed), root)
			};
			let base = message(0, 0, 0, 0, 1, 0);
			let is_base = (maker, index, device, changed, seed, root) == (0, 0, 0, 0, 1, 0);
			prop_assert_eq!(message(maker, index, device, changed, seed, root) == base, is_base);
		}

		#[test]
		fn an_objection_names_the_request(device in 0u64..2, requested in 0u32..2, seed in 1u8..3) {
			let message =
				|device, requested, seed| objection_message(&GENESIS, DeviceId(device), requested, &key(seed));
			let is_base = (device, requested, seed) == (0, 0, 1);
			prop_assert_eq!(message(device, requested, seed) == message(0, 0, 1), is_base);
		}
	}
}
