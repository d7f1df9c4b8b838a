//! What a gateway seals of a window.

use cairn_types::{Attempt, GatewayId, Hash32, Window};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use crate::{hash, transition::Sums};

/// The newest version of the header.
pub const HEADER_VERSION: u16 = 1;

const HEADER_DOMAIN: &[u8] = b"cairn/header/1";

/// A batch's header: all of it that the chain sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Header {
	/// First version.
	V1(HeaderV1),
}

/// A batch without aggregates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct HeaderV1 {
	/// Which try this is: the number of deaths the gateway has had.
	pub attempt: Attempt,
	/// Root of the ledger before.
	pub previous_root: Hash32,
	/// Root of the ledger after.
	pub ledger_root: Hash32,
	/// Root hash of the transition tree.
	pub transition_root: Hash32,
	/// Sums at the transition tree's root.
	pub sums: Sums,
	/// BLAKE3 root of the payload.
	pub payload_root: Hash32,
	/// Size of the payload in bytes; never 0.
	pub payload_size: u64,
	/// Version of the rules recorded with the window.
	pub rules: u32,
}

impl Header {
	/// The newest form of the header.
	#[must_use]
	pub const fn latest(&self) -> &HeaderV1 {
		match self {
			Self::V1(header) => header,
		}
	}
}

/// H(domain ‖ genesis ‖ gateway ‖ window ‖ SCALE(header)): what a batch is called.
#[must_use]
pub fn header_hash(
	genesis: &Hash32,
	gateway: GatewayId,
	window: Window,
	header: &Header,
) -> Hash32 {
	hash(&[
		HEADER_DOMAIN,
		genesis,
		&gateway.0.to_le_bytes(),
		&window.to_le_bytes(),
		&header.encode(),
	])
}
