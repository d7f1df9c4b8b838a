//! What a committee member says of a batch, and how it shows that it downloaded it.

use cairn_types::{Attempt, GatewayId, Hash32, Window};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use crate::{committee::number, fault::Fault, hash, payload::CHUNK};

const VERDICT_DOMAIN: &[u8] = b"cairn/verdict/1";
const TAG_DOMAIN: &[u8] = b"cairn/tag/1";
const CHUNK_DOMAIN: &[u8] = b"cairn/chunk/1";

/// A member's judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
	/// The batch is what step and check make of its readings.
	Valid,
	/// The batch is wrong.
	Invalid(Fault),
	/// Its bytes could not be had in time.
	Unavailable,
}

/// What a verdict states; its signature covers all of it and the genesis hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct VerdictClaim {
	/// Whose batch.
	pub gateway: GatewayId,
	/// Of which window.
	pub window: Window,
	/// Which try.
	pub attempt: Attempt,
	/// Which batch exactly.
	pub header_hash: Hash32,
	/// Session whose keys the committee was drawn from.
	pub session: u32,
	/// The member's index among that session's validators.
	pub member: u32,
	/// The judgement.
	pub verdict: Verdict,
	/// [`tag`] over the member's chunk; zero with `Unavailable`.
	pub tag: Hash32,
}

impl VerdictClaim {
	/// The 32 bytes a member signs.
	#[must_use]
	pub fn message(&self, genesis: &Hash32) -> Hash32 {
		hash(&[VERDICT_DOMAIN, genesis, &self.encode()])
	}
}

/// H(domain ‖ header hash ‖ member ‖ chunk): refutable by showing the chunk.
#[must_use]
pub fn tag(header_hash: &Hash32, member: u32, chunk: &[u8]) -> Hash32 {
	hash(&[TAG_DOMAIN, header_hash, &member.to_le_bytes(), chunk])
}

/// Index of the chunk that `member`'s tag is over: u64(H(domain ‖ committee seed ‖ member)) mod
/// ⌈size / 1024⌉.
#[must_use]
pub fn chunk_index(seed: &Hash32, member: u32, size: u64) -> u64 {
	number(&hash(&[CHUNK_DOMAIN, seed, &member.to_le_bytes()]))
		.checked_rem(size.div_ceil(CHUNK))
		.unwrap_or(0)
}
