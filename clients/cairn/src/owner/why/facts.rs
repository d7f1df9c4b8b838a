//! What `why` reasons from, and how it is gathered.

use cairn_chain::{
	At, Chain, CycleView,
	views::{Clock, DeviceView, GatewayView, NetworkView},
};
use cairn_telemetry::WindowContext;
use cairn_types::{Cycle, DeviceId, GatewayId, NetworkId};

use super::super::{
	batch::{self, Batch},
	earnings::{Gateways, SlotEarning, places},
	error::OwnerError,
};
use crate::{clock::now_millis, protocol::DeviceReport};

/// Everything that decides whether a device earns.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
	/// The device.
	pub(crate) id: DeviceId,
	/// Where the chain is.
	pub(crate) clock: Clock,
	/// This machine's clock, ms since the epoch.
	pub(crate) now_millis: u64,
	/// What the chain knows of the device.
	pub(crate) device: Option<DeviceView>,
	/// Whether the maker whose certificate it has was convicted.
	pub(crate) is_convicted: bool,
	/// Its network.
	pub(crate) network: Option<NetworkView>,
	/// Its weight, with the first cycle of each value, ascending.
	pub(crate) weights: Vec<(Cycle, u32)>,
	/// The current cycle's numbers.
	pub(crate) cycle: Option<CycleView>,
	/// The gateway of its newest assignment.
	pub(crate) gateway: Option<GatewayView>,
	/// What the gateway says of it.
	pub(crate) reach: Reach,
	/// What the window of its last reading asked of readings.
	pub(crate) context: Option<WindowContext>,
	/// The gateway's last batches, oldest first.
	pub(crate) batches: Vec<Batch>,
	/// What its places have earned, newest first.
	pub(crate) earnings: Vec<SlotEarning>,
}

/// What came of asking the gateway.
#[derive(Clone, Debug)]
pub(crate) enum Reach {
	/// There is no gateway to ask.
	Nobody,
	/// It does not answer.
	Silent(String),
	/// Another gateway answers at the address that was given.
	Other(GatewayId),
	/// It says this.
	Answered(Box<DeviceReport>),
}

/// Ask the chain and the gateway.
///
/// # Errors
/// If the node does not answer, or nothing answers at `url`.
pub(crate) async fn gather(
	chain: &Chain,
	id: DeviceId,
	url: Option<&str>,
) -> Result<Facts, OwnerError> {
	let clock = chain.clock(At::Best).await?;
	let device = chain.device(id, At::Best).await?;
	let mut facts = Facts {
		id,
		now_millis: now_millis(),
		cycle: chain.cycle_view(clock.cycle, At::Best).await?,
		clock,
		device: None,
		is_convicted: false,
		network: None,
		weights: Vec::new(),
		gateway: None,
		reach: Reach::Nobody,
		context: None,
		batches: Vec::new(),
		earnings: Vec::new(),
	};
	let Some(device) = device else { return Ok(facts) };
	if let Some((maker, _)) = &device.serial {
		let maker = chain.maker(*maker, At::Best).await?;
		facts.is_convicted = maker.is_some_and(|maker| maker.bond.is_none());
	}
	let network = device.state.network;
	facts.network = chain.network(network, At::Best).await?;
	facts.weights = chain.weights(network, At::Best).await?;
	let places = places(&device.state);
	facts.device = Some(device);
	let mut gateways = Gateways::new(chain, url).await?;
	if let Some((gateway, _)) = places.first() {
		facts.gateway = chain.gateway(*gateway, At::Best).await?;
		facts.reach = ask(&mut gateways, *gateway, id, url.is_some()).await?;
	}
	if let Some(view) = &facts.gateway {
		facts.batches = batch::recent(chain, view, &facts.clock).await?;
	}
	if let Reach::Answered(report) = &facts.reach {
		facts.context = context(chain, network, report).await?;
	}
	for (gateway, slot) in places {
		facts.earnings.extend(Box::pin(gateways.earning(gateway, slot)).await?);
	}
	Ok(facts)
}

async fn ask(
	gateways: &mut Gateways,
	gateway: GatewayId,
	device: DeviceId,
	is_named: bool,
) -> Result<Reach, OwnerError> {
	if is_named
		&& let Some(named) = gateways.named()
		&& named != gateway
	{
		return Ok(Reach::Other(named));
	}
	let served = match gateways.at(gateway).await? {
		Ok(served) => served,
		Err(cause) => return Ok(Reach::Silent(cause)),
	};
	Ok(match served.report(device).await {
		Ok(report) => Reach::Answered(Box::new(report)),
		Err(error) => Reach::Silent(error.to_string()),
	})
}

/// What the window of the device's last reading asked of readings.
async fn context(
	chain: &Chain,
	network: NetworkId,
	report: &DeviceReport,
) -> Result<Option<WindowContext>, OwnerError> {
	let Some(window) = report.last_window else { return Ok(None) };
	Ok(chain.window_context(network, window, At::Best).await?)
}
