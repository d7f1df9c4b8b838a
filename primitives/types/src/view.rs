//! What a check needs to know of devices and networks, and how it follows from state: the one
//! function `facts(device, window)` that pallets, node and clients share.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use crate::{
	Activity, Dated, DeviceKey, MeterRule,
	ids::{DeviceId, GatewayId, MakerId, NetworkId, SchemaId, Slot, Window},
	schema::Schema,
};

/// A device's place in a gateway's ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Assignment {
	/// The gateway.
	pub gateway: GatewayId,
	/// The place in its ledger.
	pub slot: Slot,
}

/// What of a device a check uses, with its past.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct DeviceState {
	/// The network whose readings it signs.
	pub network: NetworkId,
	/// Who certified it, if anybody did.
	pub maker: Option<MakerId>,
	/// Its operational key.
	pub key: Dated<DeviceKey>,
	/// Its gateway and slot, once assigned.
	pub assignment: Option<Dated<Assignment>>,
	/// When it is active.
	pub activity: Activity,
	/// First window after its certificate's end; `Window::MAX` without one.
	pub expires: Window,
}

/// What holds of a device in one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct DeviceFacts {
	/// The device.
	pub device: DeviceId,
	/// Its network.
	pub network: NetworkId,
	/// The key that signs in this window.
	pub key: DeviceKey,
	/// Whether it is active and its certificate, if it has one, is good for the whole window.
	pub active: bool,
	/// Where its readings belong.
	pub assignment: Option<Assignment>,
}

/// What holds of `device` in `window`; `None` if it had no key then.
#[must_use]
pub fn facts(device: DeviceId, state: &DeviceState, window: Window) -> Option<DeviceFacts> {
	Some(DeviceFacts {
		device,
		network: state.network,
		key: *state.key.at(window)?,
		active: state.activity.contains(window) && window < state.expires,
		assignment: state.assignment.as_ref().and_then(|dated| dated.at(window)).copied(),
	})
}

/// A slot of a gateway's ledger: whose it was, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct SlotRecord<AccountId> {
	/// The device.
	pub device: DeviceId,
	/// Who is paid for what the slot earns.
	pub payee: AccountId,
	/// First window of the assignment.
	pub from: Window,
	/// First window after it; `Window::MAX` while it lasts.
	pub until: Window,
}

/// What holds of a network in one window: enough to meter a reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct NetworkFacts {
	/// The network.
	pub network: NetworkId,
	/// Its schema in the window's cycle.
	pub schema_id: SchemaId,
	/// What that schema says.
	pub schema: Schema,
	/// How readings become units.
	pub meter: MeterRule,
	/// Whether the network runs in the window.
	pub active: bool,
}
