//! What a device says and signs.

use cairn_types::{
	DeviceId, DeviceKey, DeviceSignature, Hash32, NetworkId, SchemaId, schema::Values,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use crate::hash;

/// Most readings of one device in one window.
pub const MAX_DEVICE_READINGS: usize = 128;

const READING_DOMAIN: &[u8] = b"cairn/reading/1";
const READINGS_DOMAIN: &[u8] = b"cairn/readings/1";

/// Channel values at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Reading {
	/// The network.
	pub network: NetworkId,
	/// The schema that orders the values.
	pub schema: SchemaId,
	/// Who reads.
	pub device: DeviceId,
	/// Strictly increasing over the device's life at one gateway.
	pub sequence: u64,
	/// The anchor required in the reading's window; zero: none, the reading counts no units.
	pub anchor: Hash32,
	/// When, in ms since the epoch: strictly increasing.
	pub time: u64,
	/// One place per channel of the schema, in units × 10^scale.
	pub values: Values,
}

/// A reading with its device's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct SignedReading {
	/// What is said.
	pub reading: Reading,
	/// Over [`Reading::message`].
	pub signature: DeviceSignature,
}

impl Reading {
	/// The 32 bytes a device signs: H(domain ‖ genesis ‖ SCALE(reading)).
	#[must_use]
	pub fn message(&self, genesis: &Hash32) -> Hash32 {
		hash(&[READING_DOMAIN, genesis, &self.encode()])
	}
}

impl SignedReading {
	/// Whether the signature is `key`'s on the chain of `genesis`.
	#[must_use]
	pub fn verify(&self, genesis: &Hash32, key: &DeviceKey) -> bool {
		key.verify(&self.reading.message(genesis), &self.signature)
	}
}

/// Digest of a device's signed readings of a window: H(domain ‖ their SCALE, concatenated in
/// sequence order).
#[must_use]
pub fn readings_digest(readings: &[SignedReading]) -> Hash32 {
	let mut bytes = READINGS_DOMAIN.to_vec();
	for reading in readings {
		reading.encode_to(&mut bytes);
	}
	sp_io::hashing::blake2_256(&bytes)
}
