//! What [`cairn_runtime_api::CairnApi`] answers, decoded by the shared types.

use cairn_did::Facts;
use cairn_geo::Cell;
use cairn_runtime_api::{
	AccountBytes, BatchView, Clock, DeviceView, EarningView, GatewayView, HeadView, NetworkView,
};
use cairn_telemetry::{Account, WindowContext};
use cairn_types::{
	Amount, Attempt, Cycle, DeviceId, DeviceKey, GatewayId, NetworkId, RootKey, Schema, SchemaId,
	Slot, Window,
	view::{DeviceFacts, SlotRecord},
};
use codec::Encode;

use crate::{
	client::{At, Chain},
	error::Error,
};

/// Every function fails only as [`Chain`]'s questions do: no node, or one of another release.
impl Chain {
	/// Where the chain is in time.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn clock(&self, at: At) -> Result<Clock, Error> {
		self.call_api("CairnApi_clock", &[], at).await
	}

	/// What a step of `network` in `window` depends on; `None` if the window has no record.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn window_context(
		&self,
		network: NetworkId,
		window: Window,
		at: At,
	) -> Result<Option<WindowContext>, Error> {
		self.call_api("CairnApi_window_context", &(network, window).encode(), at).await
	}

	/// Worth of one unit of a frozen cycle in Q64; `None` while it is not frozen.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn rate(
		&self,
		network: NetworkId,
		cycle: Cycle,
		at: At,
	) -> Result<Option<u128>, Error> {
		self.call_api("CairnApi_rate", &(network, cycle).encode(), at).await
	}

	/// A schema, and whether it may be chosen anew.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn schema(&self, id: SchemaId, at: At) -> Result<Option<(Schema, bool)>, Error> {
		self.call_api("CairnApi_schema", &id.encode(), at).await
	}

	/// A network.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn network(&self, id: NetworkId, at: At) -> Result<Option<NetworkView>, Error> {
		self.call_api("CairnApi_network", &id.encode(), at).await
	}

	/// A device.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn device(&self, id: DeviceId, at: At) -> Result<Option<DeviceView>, Error> {
		self.call_api("CairnApi_device", &id.encode(), at).await
	}

	/// The device with this key.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn device_by_key(&self, key: &DeviceKey, at: At) -> Result<Option<DeviceId>, Error> {
		self.call_api("CairnApi_device_by_key", &key.encode(), at).await
	}

	/// The device with this root key.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn device_by_root(&self, root: &RootKey, at: At) -> Result<Option<DeviceId>, Error> {
		self.call_api("CairnApi_device_by_root", &root.encode(), at).await
	}

	/// How many devices that have not ended asserted a place in a cell of resolution 4 to 12.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn cell_count(&self, cell: Cell, at: At) -> Result<u32, Error> {
		self.call_api("CairnApi_cell_count", &cell.encode(), at).await
	}

	/// What the DID document of a device says; `None` if there never was such a device.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn did_facts(&self, id: DeviceId, at: At) -> Result<Option<Facts>, Error> {
		self.call_api("CairnApi_did_facts", &id.encode(), at).await
	}

	/// What holds of a device in a window.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn device_facts(
		&self,
		id: DeviceId,
		window: Window,
		at: At,
	) -> Result<Option<DeviceFacts>, Error> {
		self.call_api("CairnApi_device_facts", &(id, window).encode(), at).await
	}

	/// A gateway.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn gateway(&self, id: GatewayId, at: At) -> Result<Option<GatewayView>, Error> {
		self.call_api("CairnApi_gateway", &id.encode(), at).await
	}

	/// A slot of a gateway's ledger.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn slot(
		&self,
		gateway: GatewayId,
		slot: Slot,
		at: At,
	) -> Result<Option<SlotRecord<AccountBytes>>, Error> {
		self.call_api("CairnApi_slot", &(gateway, slot).encode(), at).await
	}

	/// Slots `from..from + count` of a gateway with what holds of their devices in `window`.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn slots(
		&self,
		gateway: GatewayId,
		window: Window,
		from: Slot,
		count: u32,
		at: At,
	) -> Result<Vec<(Slot, DeviceFacts)>, Error> {
		self.call_api("CairnApi_slots", &(gateway, window, from, count).encode(), at).await
	}

	/// A batch.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn batch_view(
		&self,
		gateway: GatewayId,
		window: Window,
		attempt: Attempt,
		at: At,
	) -> Result<Option<BatchView>, Error> {
		self.call_api("CairnApi_batch", &(gateway, window, attempt).encode(), at).await
	}

	/// The newest window of a gateway whose ledger has matured and is kept.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn matured(&self, gateway: GatewayId, at: At) -> Result<Option<HeadView>, Error> {
		self.call_api("CairnApi_matured", &gateway.encode(), at).await
	}

	/// What a slot has been paid.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn earning(
		&self,
		gateway: GatewayId,
		slot: Slot,
		at: At,
	) -> Result<Option<EarningView>, Error> {
		self.call_api("CairnApi_earning", &(gateway, slot).encode(), at).await
	}

	/// What claiming with this account now would turn into pay, and release at once.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn claimable(
		&self,
		gateway: GatewayId,
		slot: Slot,
		account: &Account,
		at: At,
	) -> Result<(Amount, Amount), Error> {
		self.call_api("CairnApi_claimable", &(gateway, slot, account).encode(), at).await
	}
}
