//! What of the chain's state the document of a device says: SCALE, versioned, so that a resolver of
//! another release says that it does not understand, and nothing wrong.

use alloc::vec::Vec;

use cairn_types::{DeviceId, DeviceKey, GatewayId, Hash32, RootKey};
use codec::{Decode, Encode};
use scale_info::TypeInfo;

/// What a document says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum Facts {
	/// The first version.
	V1(FactsV1),
}

/// What a document says: the first version.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct FactsV1 {
	/// The device.
	pub device: DeviceId,
	/// Hash of the chain's first block.
	pub genesis: Hash32,
	/// What holds of it; `None` if it has ended, whether the chain still knows it or has forgotten it.
	pub live: Option<LiveV1>,
}

/// What holds of a device that has not ended, in the current window.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct LiveV1 {
	/// The account that it belongs to.
	pub owner: [u8; 32],
	/// The operational key that signs readings of the current window; `None` before its first window.
	pub signing: Option<DeviceKey>,
	/// The operational key that was chosen last: it signs from the next window on, at the latest.
	pub key: DeviceKey,
	/// Whether an earlier owner may have kept that key: the chain takes no orders from it then.
	pub inherited: bool,
	/// Whether its readings of the current window count.
	pub active: bool,
	/// Its root key.
	pub root: Option<RootKey>,
	/// Who takes its readings in the current window.
	pub gateway: Option<GatewayV1>,
	/// SHA-256 of the Thing Description that its owner attached.
	pub description: Option<Hash32>,
}

/// A gateway that takes a device's readings.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct GatewayV1 {
	/// Its id.
	pub gateway: GatewayId,
	/// Where it is: a URL, at most 128 bytes.
	pub endpoint: Vec<u8>,
}

impl Facts {
	/// The device.
	#[must_use]
	pub const fn device(&self) -> DeviceId {
		let Self::V1(facts) = self;
		facts.device
	}

	/// What holds of the device; `None` if it has ended.
	#[must_use]
	pub const fn live(&self) -> Option<&LiveV1> {
		let Self::V1(facts) = self;
		facts.live.as_ref()
	}
}
