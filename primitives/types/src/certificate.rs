//! What a maker says of a device, and what a device says of its owner.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{ConstU32, bounded::BoundedVec, ed25519};
use sp_io::hashing::blake2_256;

use crate::{DeviceKey, DeviceSignature, Hash32, ids::MakerId};

/// Longest serial or model, in bytes.
pub const MAX_SERIAL: u32 = 32;
/// A maker's serial number of a device.
pub type Serial = BoundedVec<u8, ConstU32<MAX_SERIAL>>;

const CERTIFICATE_DOMAIN: &[u8] = b"cairn/certificate/1";
const POSSESSION_DOMAIN: &[u8] = b"cairn/possession/1";

/// What a maker states: this key belongs to a device of that model and serial, until then.
#[derive(
	Clone,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
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
#[derive(
	Clone,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct Certificate {
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

/// What a device's key signs to say who its owner is.
#[derive(
	Clone,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
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
