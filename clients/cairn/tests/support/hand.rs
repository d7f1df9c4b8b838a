//! A gateway that the test runs by hand, so that it can seal what no honest one would.

use std::convert::Infallible;

use cairn_chain::{At, Chain, Signer, calls, views::GatewayView};
use cairn_telemetry::{
	Header, HeaderV1, Leaf, SignedReading, Sums, WindowContext,
	offchain::Part,
	partial::Piece,
	seal::{DeviceReadings, seal},
	store::{self, MemoryStore},
	tree::empty_root,
};
use cairn_types::{Cycle, GatewayId, NetworkId, Slot, Window};
use codec::Encode;

use super::{
	chain::{CAP, of, refused, send},
	device::Device,
	source::Source,
};

/// A gateway of one device.
pub(crate) struct Hand {
	pub(crate) id: GatewayId,
	pub(crate) operator: Signer,
	pub(crate) device: Device,
	network: NetworkId,
	slot: Slot,
	nodes: MemoryStore,
	leaf: Option<Leaf>,
}

/// A window's readings and what they lead to.
pub(crate) struct Batch {
	pub(crate) window: Window,
	pub(crate) header: HeaderV1,
	payload: Vec<u8>,
	ledger: Vec<u8>,
	nodes: MemoryStore,
	leaf: Option<Leaf>,
}

impl Hand {
	/// Nothing sealed yet.
	pub(crate) fn new(id: GatewayId, operator: Signer, device: Device, slot: Slot) -> Self {
		let network = device.network;
		Self { id, operator, device, network, slot, nodes: MemoryStore::default(), leaf: None }
	}

	/// What the chain knows of it.
	pub(crate) async fn view(&self, chain: &Chain) -> GatewayView {
		of(chain.gateway(self.id, At::Best)).await.expect("a registered gateway")
	}

	/// An honest batch of `window`.
	pub(crate) async fn batch(
		&self,
		chain: &Chain,
		window: Window,
		readings: Vec<SignedReading>,
	) -> Batch {
		let attempt = self.view(chain).await.attempt;
		let context = self.context(chain, window).await;
		let mut ledger = Vec::new();
		let mut emit = |piece: Piece| piece.encode_to(&mut ledger);
		let mut leaf = |_: Slot| Ok::<_, Infallible>(self.leaf.clone());
		let Ok(()) = store::pieces(&self.nodes, &[self.slot], &mut leaf, &mut emit);
		let (slot, device) = (self.slot, self.device.id);
		let devices = [DeviceReadings { slot, device, leaf: self.leaf.clone(), readings }];
		let mut nodes = self.nodes.clone();
		let sealed = seal(&context, &|_: Cycle| 0u128, attempt, &devices, &mut nodes);
		let sealed = sealed.expect("sound readings");
		let leaf = sealed.leaves.into_iter().next().map(|(_, leaf)| leaf);
		let (header, payload) = (sealed.header, sealed.payload);
		Batch { window, header, payload, ledger, nodes, leaf }
	}

	async fn context(&self, chain: &Chain, window: Window) -> WindowContext {
		let context = of(chain.window_context(self.network, window, At::Best)).await;
		context.expect("a recorded window")
	}

	/// A header of `window` that the chain takes, about nothing.
	pub(crate) async fn blank(&self, chain: &Chain, window: Window) -> HeaderV1 {
		let view = self.view(chain).await;
		HeaderV1 {
			attempt: view.attempt,
			previous_root: view.sealed.map_or_else(empty_root, |head| head.root),
			ledger_root: [1; 32],
			transition_root: [2; 32],
			sums: Sums { units: u128::from(CAP), readings: 1, devices: 1 },
			payload_root: [3; 32],
			payload_size: 100,
			rules: self.context(chain, window).await.rules_version,
		}
	}

	/// Serve a batch's bytes.
	pub(crate) fn publish(&self, source: &Source, batch: &Batch) {
		let Batch { window, header, payload, ledger, .. } = batch;
		for (part, bytes) in [
			(Part::Header, Header::V1(header.clone()).encode()),
			(Part::Ledger, ledger.clone()),
			(Part::Payload, payload.clone()),
		] {
			source.put(part.path(self.id, *window, header.attempt), bytes);
		}
	}

	/// Seal what must be accepted.
	pub(crate) async fn seal(&self, chain: &Chain, window: Window, header: &HeaderV1) {
		let call = calls::telemetry::seal(self.id, window, &Header::V1(header.clone()));
		send(chain, &call, &self.operator).await;
	}

	/// Seal what must not be accepted; returns the error's name.
	pub(crate) async fn refused(&self, chain: &Chain, window: Window, header: &HeaderV1) -> String {
		let call = calls::telemetry::seal(self.id, window, &Header::V1(header.clone()));
		refused(chain, &call, &self.operator).await
	}

	/// Go on from an attested batch.
	pub(crate) fn keep(&mut self, batch: Batch) {
		self.nodes = batch.nodes;
		self.leaf = batch.leaf;
	}
}

/// A change that makes a header unacceptable.
pub(crate) type Change = fn(&mut HeaderV1);

/// What makes a header of one device unacceptable to the chain, each with the error's name.
pub(crate) fn bad_headers() -> [(Change, &'static str); 11] {
	[
		(|header| header.attempt += 1, "Telemetry::WrongAttempt"),
		(|header| header.previous_root = [7; 32], "Telemetry::WrongPreviousRoot"),
		(|header| header.rules += 1, "Telemetry::WrongRules"),
		(|header| header.payload_size = 0, "Telemetry::EmptyBatch"),
		(|header| header.sums.devices = 0, "Telemetry::EmptyBatch"),
		(|header| header.sums.readings = 0, "Telemetry::TooManyReadings"),
		(|header| header.sums.readings = 129, "Telemetry::TooManyReadings"),
		(|header| header.payload_size = u64::MAX, "Telemetry::PayloadTooLarge"),
		(
			|header| header.sums = Sums { units: 1, readings: 2, devices: 2 },
			"Telemetry::TooManyDevices",
		),
		(|header| header.sums.units = u128::from(CAP) + 1, "Telemetry::TooManyUnits"),
		(|header| header.sums.units = u128::MAX, "Telemetry::TooManyUnits"),
	]
}
