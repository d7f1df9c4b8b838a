//! What is watched, at one block.

use cairn_chain::{
	At, BlockId, Chain, CycleView,
	views::{Clock, DeviceView, GatewayView},
};
use cairn_types::{DeviceId, GatewayId};

use super::super::{
	batch::{self, Batch},
	earnings::{Gateways, SlotEarning, places},
	error::OwnerError,
};
use crate::protocol::DeviceReport;

/// Gateways that are watched if none is named.
const MAX_GATEWAYS: u32 = 4;

/// What is watched, at one block.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
	/// The best block.
	pub(crate) best: BlockId,
	/// The last finalized block.
	pub(crate) finalized: BlockId,
	/// Where the chain is.
	pub(crate) clock: Clock,
	/// The current cycle's numbers.
	pub(crate) cycle: Option<CycleView>,
	/// The gateways and their last batches.
	pub(crate) gateways: Vec<Served>,
	/// The device.
	pub(crate) device: Option<Watched>,
}

/// A gateway and its last batches.
#[derive(Clone, Debug)]
pub(crate) struct Served {
	/// The gateway.
	pub(crate) view: GatewayView,
	/// Its last batches, oldest first.
	pub(crate) batches: Vec<Batch>,
}

/// A device and what it has earned.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
	/// The device.
	pub(crate) view: DeviceView,
	/// What its gateway says of it, if it answers.
	pub(crate) report: Option<DeviceReport>,
	/// What its present place has earned.
	pub(crate) earning: Option<SlotEarning>,
}

/// Takes snapshots.
pub(crate) struct Collector {
	chain: Chain,
	gateways: Gateways,
	device: Option<DeviceId>,
}

impl Collector {
	/// Watch a device and its gateway; the gateway at `url`; or else every gateway with a low id.
	///
	/// # Errors
	/// If nothing answers at `url`.
	pub(crate) async fn new(
		chain: &Chain,
		url: Option<&str>,
		device: Option<DeviceId>,
	) -> Result<Self, OwnerError> {
		let gateways = Gateways::new(chain, url).await?;
		Ok(Self { chain: chain.clone(), gateways, device })
	}

	/// What there is to see at the best block.
	///
	/// # Errors
	/// If the node does not answer.
	pub(crate) async fn snapshot(&mut self, best: BlockId) -> Result<Snapshot, OwnerError> {
		let chain = self.chain.clone();
		let clock = chain.clock(At::Best).await?;
		let device = match self.device {
			Some(id) => self.watched(id).await?,
			None => None,
		};
		let gateways = self.served(&clock, device.as_ref()).await?;
		Ok(Snapshot {
			best,
			finalized: chain.finalized().await?,
			cycle: chain.cycle_view(clock.cycle, At::Best).await?,
			clock,
			gateways,
			device,
		})
	}

	async fn watched(&mut self, id: DeviceId) -> Result<Option<Watched>, OwnerError> {
		let Some(view) = self.chain.device(id, At::Best).await? else { return Ok(None) };
		let Some((gateway, slot)) = places(&view.state).first().copied() else {
			return Ok(Some(Watched { view, report: None, earning: None }));
		};
		let report = match self.gateways.at(gateway).await? {
			Ok(served) => served.report(id).await.ok(),
			Err(_) => None,
		};
		let earning = self.gateways.earning(gateway, slot).await?;
		Ok(Some(Watched { view, report, earning }))
	}

	async fn served(
		&self,
		clock: &Clock,
		device: Option<&Watched>,
	) -> Result<Vec<Served>, OwnerError> {
		let assigned = device.and_then(|device| places(&device.view.state).first().copied());
		let ids = match (self.gateways.named(), assigned) {
			(Some(named), _) => vec![named],
			(None, Some((gateway, _))) => vec![gateway],
			(None, None) => (0..MAX_GATEWAYS).map(GatewayId).collect(),
		};
		let mut served = Vec::new();
		for id in ids {
			let Some(view) = self.chain.gateway(id, At::Best).await? else { continue };
			let batches = batch::recent(&self.chain, &view, clock).await?;
			served.push(Served { view, batches });
		}
		Ok(served)
	}
}
