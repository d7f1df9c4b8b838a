//! What agents and gateways say to each other over HTTP and MQTT, as JSON.

use cairn_telemetry::{Account, Claim, Fault, Leaf, Proof, SignedReading};
use cairn_types::{
	Attempt, DeviceId, DeviceKey, GatewayId, Hash32, NetworkId, Schema, SchemaId, Slot, Tick,
	Window,
};
use serde::{Deserialize, Serialize};

/// Content type of SCALE bytes.
pub const OCTETS: &str = "application/octet-stream";

/// `GET /v1/anchor`: what a device needs to sign readings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnchorInfo {
	/// Hash of the chain's first block.
	#[serde(with = "hash")]
	pub genesis: Hash32,
	/// The gateway's network.
	pub network: NetworkId,
	/// The network's schema in the current cycle.
	pub schema_id: SchemaId,
	/// The gateway.
	pub gateway: GatewayId,
	/// The chain's current window.
	pub window: Window,
	/// Length of a window.
	pub window_millis: u64,
	/// The anchor that readings of `window` must carry to count units.
	#[serde(with = "hash")]
	pub required: Hash32,
	/// The anchor that readings of later windows must carry, as far as is known now.
	#[serde(with = "hash")]
	pub upcoming: Hash32,
	/// The gateway's clock, ms since the epoch.
	pub now_millis: u64,
}

/// `GET /v1/schema`: how readings' values are ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaInfo {
	/// Its id.
	pub schema_id: SchemaId,
	/// What it says.
	pub schema: Schema,
}

/// Body of `POST /v1/readings`, unless it is SCALE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingsRequest {
	/// Readings; those of one device in sequence order.
	pub readings: Vec<SignedReading>,
}

/// Answer to `POST /v1/readings`: one result per reading, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingsAnswer {
	/// Results in the order of the request.
	pub results: Vec<ReadingResult>,
}

/// What became of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReadingStatus {
	/// Stored durably.
	Accepted,
	/// Stored durably before: nothing to do.
	Duplicate,
	/// Not stored.
	Rejected,
}

/// What became of a reading, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingResult {
	/// Whose reading.
	pub device: DeviceId,
	/// Its sequence number.
	pub sequence: u64,
	/// What became of it.
	pub status: ReadingStatus,
	/// Why it was rejected: a code of the reference.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub code: Option<String>,
	/// What is wrong with it.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub cause: Option<String>,
	/// What to do about it.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub remedy: Option<String>,
	/// Whether the same reading may be accepted later.
	#[serde(default)]
	pub retry: bool,
}

/// A message on `cairn/1/refusals/<network>/<device>`: what a gateway did not take by MQTT.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalNotice {
	/// The gateway that says so: others may listen to the same topic.
	pub gateway: GatewayId,
	/// The device of the topic.
	pub device: DeviceId,
	/// Sequence of the reading; `None` if the message is not readings.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub sequence: Option<u64>,
	/// Why: a code of the reference.
	pub code: String,
	/// What is wrong.
	pub cause: String,
	/// What to do about it.
	pub remedy: String,
	/// Whether the same reading may be accepted later.
	pub retry: bool,
}

/// The body of every HTTP error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
	/// A code of the reference.
	pub code: String,
	/// What is wrong.
	pub cause: String,
	/// What to do about it.
	pub remedy: String,
}

/// `GET /v1/devices/by-key/{scheme}/{hex}`: a device's place in the gateway's ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DevicePlace {
	/// The device.
	pub device: DeviceId,
	/// Its slot.
	pub slot: Slot,
	/// The key that signs.
	pub key: DeviceKey,
	/// Whether it is active.
	pub active: bool,
	/// The window in which this holds.
	pub window: Window,
}

/// How often something happened, by reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
	/// A code of the reference.
	pub code: String,
	/// What it means.
	pub cause: String,
	/// What to do about it.
	pub remedy: String,
	/// How often.
	pub count: u64,
}

/// `GET /v1/devices/{id}`: what the gateway knows of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceReport {
	/// The device.
	pub device: DeviceId,
	/// Its place in the current window; `None`: not assigned to this gateway.
	pub place: Option<DevicePlace>,
	/// The newest stored reading.
	pub last: Option<SignedReading>,
	/// The window of the newest stored reading.
	pub last_window: Option<Window>,
	/// Stored readings of that window.
	pub readings_in_window: u32,
	/// Readings stored since the gateway's store was made.
	pub accepted: u64,
	/// Readings rejected since the gateway started, by reason.
	pub rejected: Vec<Count>,
	/// Stored readings that were left out of a batch, by fault.
	pub left_out: Vec<Count>,
	/// Windows with stored readings that are not sealed yet.
	pub pending: Vec<Window>,
	/// Its account in the newest sealed ledger.
	pub account: Option<Account>,
}

/// `GET /v1/devices/{id}/proof`: a claim for the newest matured ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofInfo {
	/// The claim, ready for `Rewards.claim_attested`.
	pub claim: Claim,
	/// Every slot of this gateway that the device has had, newest last.
	pub slots: Vec<Slot>,
	/// The current tick.
	pub tick: Tick,
	/// The current window.
	pub window: Window,
}

/// `GET /v1/proof/{window}/{device}/{sequence}`: what proves a stored reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingProof {
	/// Hash of the chain's first block.
	#[serde(with = "hash")]
	pub genesis: Hash32,
	/// The gateway.
	pub gateway: GatewayId,
	/// The window of the reading's time.
	pub window: Window,
	/// The reading with its device's signature.
	pub reading: SignedReading,
	/// The key that signed.
	pub key: DeviceKey,
	/// How far the reading has come.
	pub stage: String,
	/// The batch that it is in, once it is in one.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub batch: Option<BatchProof>,
	/// The device's leaf after the batch, if its latest values are those of this reading and the
	/// gateway still has it.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub leaf: Option<LeafProof>,
}

/// The batch that a reading is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchProof {
	/// Its attempt.
	pub attempt: Attempt,
	/// SCALE of its header, as 0x-prefixed hex.
	pub header: String,
	/// The header's hash, which the chain has under (gateway, window, attempt).
	#[serde(with = "hash")]
	pub hash: Hash32,
	/// Where all readings of the batch are; their BLAKE3 root is in the header. `None` when the batch
	/// has matured.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub payload: Option<String>,
}

/// A leaf with its path to the ledger root that a header has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeafProof {
	/// Its slot.
	pub slot: Slot,
	/// What it holds.
	pub leaf: Leaf,
	/// The path.
	pub proof: Proof,
}

impl Count {
	/// Stored readings that were left out because of `fault`.
	#[must_use]
	pub fn of_fault(fault: Fault, count: u64) -> Self {
		Self {
			code: format!("{fault:?}"),
			cause: fault.cause().to_owned(),
			remedy: fault.remedy().to_owned(),
			count,
		}
	}
}

/// Hashes as 0x-prefixed hex.
pub mod hash {
	use cairn_types::Hash32;
	use serde::{Deserialize, Deserializer, Serializer, de::Error};

	/// A hash as text.
	#[must_use]
	pub fn text(hash: &Hash32) -> String {
		format!("0x{}", hex::encode(hash))
	}

	/// Read a hash, with or without 0x.
	#[must_use]
	pub fn parse(text: &str) -> Option<Hash32> {
		let digits = text.strip_prefix("0x").unwrap_or(text);
		hex::decode(digits).ok()?.try_into().ok()
	}

	/// For serde.
	///
	/// # Errors
	/// If the serializer fails.
	pub fn serialize<S: Serializer>(hash: &Hash32, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.serialize_str(&text(hash))
	}

	/// For serde.
	///
	/// # Errors
	/// If the text is not 32 bytes in hex.
	pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash32, D::Error> {
		let text = String::deserialize(deserializer)?;
		parse(&text).ok_or_else(|| D::Error::custom("expected 0x and 64 hex digits"))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn works_when_an_anchor_is_read_back() {
		let info = AnchorInfo {
			genesis: [1; 32],
			network: NetworkId(2),
			schema_id: SchemaId(3),
			gateway: GatewayId(4),
			window: 5,
			window_millis: 6_000,
			required: [7; 32],
			upcoming: [8; 32],
			now_millis: 9,
		};
		let text = serde_json::to_string(&info).expect("serializes");
		assert!(text.contains(&format!("\"genesis\":\"0x{}\"", "01".repeat(32))));
		assert_eq!(serde_json::from_str::<AnchorInfo>(&text).expect("reads back"), info);
	}

	#[test]
	fn fails_when_a_hash_is_short() {
		assert_eq!(hash::parse("0x01"), None);
	}
}
