//! A gateway and devices in the field: they report, it seals, as long as the story goes on.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use cairn::agent::{DevicePair, Scheme};
use cairn_chain::{
	At, Chain,
	views::{BatchView, GatewayView},
};
use cairn_types::{Attempt, ChannelKind, GatewayId, Quantity, Unit, Window};
use tokio::{sync::Mutex, task::JoinHandle, time::sleep};

use crate::{
	account,
	shared::{
		books::Books,
		chain::{Network, channel, of, placed, schema},
		device::{Beacon, Device},
		gateway::Gateway,
	},
	until,
};

/// Who seals.
const OPERATOR: &str = "//Dave";
/// Who owns the devices.
const OWNER: &str = "//Ferdie";
/// Devices, each with keys of another kind.
const SCHEMES: [Scheme; 2] = [Scheme::Ed25519, Scheme::Sr25519];

/// How often the books are brought up to date: a gateway forgets what has matured.
const BOOKED: Duration = Duration::from_millis(500);

/// A gateway and its devices. They stop when this is dropped, the devices first.
pub struct Field {
	_beacons: Vec<Beacon>,
	gateway: Gateway,
	books: Arc<Mutex<Books>>,
	/// Keeps the books, whatever the story does meanwhile.
	keeper: JoinHandle<()>,
	chain: Chain,
	/// The window in which the last device took its place.
	first: Window,
}

impl Field {
	/// An address on which a gateway can be started, to be known to validators before.
	#[must_use]
	pub fn free_address() -> SocketAddr {
		Gateway::free_address()
	}

	/// Register a network, a gateway and devices, and start them.
	///
	/// # Panics
	/// If one of them does not come about.
	pub async fn start(chain: &Chain, address: SocketAddr) -> Self {
		let level = channel("level", Quantity::Count, Unit::Count, 0, ChannelKind::Gauge);
		let network = Box::pin(Network::create(chain, &schema(vec![level]))).await;
		let id = Box::pin(network.gateway(chain, &account(OPERATOR))).await;
		let devices = Box::pin(register(chain, &network, id)).await;
		let gateway = Box::pin(Gateway::start(id, OPERATOR, chain.url(), address, &[])).await;
		for device in &devices {
			Box::pin(placed(chain, device.id)).await;
		}
		let first = of(chain.clock(At::Best)).await.now.window;
		let books = Books::new(chain, &gateway.client, id, network.id, first);
		let beacons = devices.into_iter();
		let beacons = beacons.map(|device| Beacon::start(device, gateway.client.clone())).collect();
		let books = Arc::new(Mutex::new(books));
		let keeper = tokio::spawn(keep(books.clone()));
		Self { _beacons: beacons, gateway, books, keeper, chain: chain.clone(), first }
	}

	/// The window from which on all devices report.
	#[must_use]
	pub const fn first(&self) -> Window {
		self.first
	}

	/// The gateway's id.
	#[must_use]
	pub const fn id(&self) -> GatewayId {
		self.gateway.id
	}

	/// What the chain has of the gateway.
	pub async fn view(&self) -> GatewayView {
		of(self.chain.gateway(self.id(), At::Best)).await.expect("a registered gateway")
	}

	/// What the chain has of a batch; `None` if it has none of that window and attempt.
	pub async fn batch(&self, window: Window, attempt: Attempt) -> Option<BatchView> {
		of(self.chain.batch_view(self.id(), window, attempt, At::Best)).await
	}

	/// Wait until `count` windows behind `window` are attested. Each batch is held against the
	/// readings that the gateway serves: their units are computed anew. Returns those windows, each
	/// with the attempt that was attested.
	///
	/// # Panics
	/// If a batch says something else than its readings, or time is up.
	pub async fn attested_behind(
		&mut self,
		window: Window,
		count: usize,
		limit: Duration,
	) -> Vec<(Window, Attempt)> {
		let what = format!("{count} windows attested behind {window}");
		until(&what, limit, async || {
			self.gateway.ensure_running();
			assert!(!self.keeper.is_finished(), "a batch is not what its readings say: see above");
			let books = self.books.lock().await;
			let windows = books.windows.range(window + 1..);
			let windows = windows.filter(|(_, attested)| !attested.sequences.is_empty());
			let found = windows.map(|(window, attested)| (*window, attested.attempt));
			let found = found.collect::<Vec<_>>();
			(found.len() >= count).then_some(found)
		})
		.await
	}

	/// How many readings behind `window` are in attested batches.
	pub async fn readings_behind(&self, window: Window) -> usize {
		let books = self.books.lock().await;
		let windows = books.windows.range(window + 1..);
		windows.flat_map(|(_, attested)| attested.sequences.values()).map(Vec::len).sum()
	}
}

impl Drop for Field {
	fn drop(&mut self) {
		self.keeper.abort();
	}
}

/// Book what is attested, for ever.
async fn keep(books: Arc<Mutex<Books>>) {
	loop {
		// What cannot be had now is had the next time.
		let _ = Box::pin(books.lock().await.poll()).await;
		sleep(BOOKED).await;
	}
}

/// Register devices and assign them to the gateway.
async fn register(chain: &Chain, network: &Network, gateway: GatewayId) -> Vec<Device> {
	let owner = account(OWNER);
	let mut devices = Vec::new();
	for (number, scheme) in (1..).zip(SCHEMES) {
		let pair = DevicePair::from_seed(scheme, &[number; 32]);
		let id = Box::pin(network.register(chain, &owner, &pair)).await;
		devices.push(Device::new(network, id, pair));
	}
	let ids = devices.iter().map(|device| device.id).collect::<Vec<_>>();
	Box::pin(network.assign(chain, &owner, &ids, gateway)).await;
	devices
}
