//! What node, off-chain worker and telemetry source agree on: keys of the off-chain database and
//! paths of the source.

use alloc::{format, string::String};
use cairn_types::{Attempt, GatewayId, Window};
use codec::{Decode, Encode};

/// Off-chain database key of the telemetry source's URL (SCALE bytes); set by the node at start,
/// removed when it is started without one.
pub const SOURCE_KEY: &[u8] = b"cairn/telemetry/source";
/// Off-chain database key of [`WorkerStats`].
pub const STATS_KEY: &[u8] = b"cairn/telemetry/stats";

/// What the off-chain worker has done since the database was made; the node exports it as metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct WorkerStats {
	/// Batches checked.
	pub checked: u64,
	/// Of these, found valid.
	pub valid: u64,
	/// Of these, found invalid.
	pub invalid: u64,
	/// Of these, not to be had.
	pub unavailable: u64,
	/// Readings checked.
	pub readings: u64,
	/// Bytes fetched.
	pub bytes: u64,
	/// Milliseconds spent fetching and checking.
	pub millis: u64,
	/// Requests that the source did not answer.
	pub failures: u64,
}

/// What a source serves of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
	/// SCALE of the batch's [`crate::Header`].
	Header,
	/// The pieces of the ledger that the batch touches ([`crate::partial::Piece`], concatenated).
	Ledger,
	/// The payload.
	Payload,
}

impl Part {
	/// The path below the source's URL.
	#[must_use]
	pub fn path(self, gateway: GatewayId, window: Window, attempt: Attempt) -> String {
		let part = match self {
			Self::Header => "header",
			Self::Ledger => "ledger",
			Self::Payload => "payload",
		};
		format!("/v1/gateways/{gateway}/batches/{window}/{attempt}/{part}")
	}
}
