//! A gateway for tests, over a real socket, without a node: the chain's state is made up.

use std::{
	net::SocketAddr,
	num::NonZeroU32,
	sync::Arc,
	time::{Duration, Instant},
};

use axum::{Router, routing::get};
use cairn_chain::{
	BlockId, Chain,
	views::{Clock, GatewayView},
};
use cairn_telemetry::{Reading, SignedReading, WindowContext};
use cairn_types::{
	Channel, ChannelKind, DeviceId, DeviceKey, DeviceSignature, GatewayId, Hash32, MeterRule,
	Moment, NetworkId, Periods, Quantity, Rules, Schema, SchemaId, Unit,
	schema::Values,
	view::{Assignment, DeviceFacts, NetworkFacts},
};
use governor::{Quota, RateLimiter};
use sp_core::{Pair, bounded::BoundedVec, ed25519};
use tokio::{
	net::TcpListener,
	sync::{Semaphore, oneshot, watch},
};

use super::{
	chain_state::ChainState,
	data::{Data, STEPS, schemas::Schemas},
	deny::{Deny, DenyArgs},
	http::{App, BODIES, Rejections, router, server},
	metrics::Metrics,
	peers::{PeerArgs, Peers},
	registry::{Facts, Registry},
	sealer::Status,
	signatures::Signatures,
	store::{Identity, Store},
	writer::Writer,
};
use crate::{
	clock::now_millis,
	protocol::{AnchorInfo, ReadingResult, ReadingsAnswer, ReadingsRequest},
	store::Cache,
};

pub(crate) const GENESIS: Hash32 = [9; 32];
pub(crate) const GATEWAY: GatewayId = GatewayId(3);
/// The one device that the chain knows.
pub(crate) const DEVICE: DeviceId = DeviceId(4);
/// Where that device is.
pub(crate) const CELL: &str = "8c2a1072b59adff";

pub(crate) fn pair() -> ed25519::Pair {
	ed25519::Pair::from_seed(&[1; 32])
}

pub(crate) fn schema() -> Schema {
	schema_with(vec![level()])
}

/// A level, and a temperature in hundredths.
pub(crate) fn schema_of_two() -> Schema {
	let temperature = Channel {
		name: BoundedVec::truncate_from(b"temperature".to_vec()),
		quantity: Quantity::Temperature,
		unit: Unit::Celsius,
		scale: -2,
		min: -5_000,
		max: 10_000,
		..level()
	};
	schema_with(vec![level(), temperature])
}

fn level() -> Channel {
	Channel {
		name: BoundedVec::truncate_from(b"level".to_vec()),
		quantity: Quantity::Dimensionless,
		unit: Unit::One,
		scale: 0,
		kind: ChannelKind::Gauge,
		min: 0,
		max: 100,
		max_change: None,
	}
}

fn schema_with(channels: Vec<Channel>) -> Schema {
	let name = BoundedVec::truncate_from(b"levels".to_vec());
	Schema { name, version: 1, channels: BoundedVec::truncate_from(channels) }
}

/// Windows of an hour.
pub(crate) fn periods() -> Periods {
	Periods { window_slots: 3_600, ..Periods::DEVELOPMENT }
}

pub(crate) fn state() -> ChainState {
	let periods = periods();
	let window = periods.window_at(now_millis());
	let clock = Clock {
		now: Moment { window, tick: 7 },
		cycle: 1,
		periods,
		record: None,
		required: [5; 32],
		upcoming: [6; 32],
	};
	let gateway = GatewayView {
		gateway: GATEWAY,
		operator: [0; 32],
		network: NetworkId(1),
		endpoint: Vec::new(),
		retired: false,
		sealed: None,
		attested: None,
		attempt: 0,
		next_window: 0,
		slots: 1,
		assigned: 1,
		record: [0; 4],
		accrued: 0,
		paid: 0,
	};
	ChainState {
		best: BlockId { number: 1, hash: [0; 32] },
		clock,
		gateway,
		matured: None,
		context: None,
		schemas: vec![(SchemaId(2), schema())],
		seen: Instant::now(),
	}
}

/// The same, under a schema of two channels.
pub(crate) fn state_of_two() -> ChainState {
	ChainState { schemas: vec![(SchemaId(2), schema_of_two())], ..state() }
}

/// The same, of a batch that holds so many readings.
pub(crate) fn state_with_room_for(readings: u32) -> ChainState {
	let known = state();
	let network = NetworkFacts {
		network: NetworkId(1),
		schema_id: SchemaId(2),
		schema: schema(),
		meter: MeterRule::Uptime { expected: 4, cap: 100 },
		active: true,
	};
	let context = WindowContext {
		genesis: GENESIS,
		window: known.clock.now.window,
		tick: known.clock.now.tick,
		required: known.clock.required,
		rules_version: 1,
		rules: Rules { step: 1, header: 1, max_readings: readings, max_payload: 1 << 20 },
		periods: known.clock.periods,
		network,
	};
	ChainState { context: Some(context), ..known }
}

/// What holds of these devices, which all have the key of [`DEVICE`].
pub(crate) fn facts_of_many(window: u32, devices: &[DeviceId]) -> Facts {
	let rows = (0..).zip(devices).map(|(slot, device)| {
		let row = DeviceFacts {
			device: *device,
			network: NetworkId(1),
			key: DeviceKey::Ed25519(pair().public()),
			active: true,
			assignment: Some(Assignment { gateway: GATEWAY, slot }),
		};
		(slot, row)
	});
	Facts::new(window, rows.collect())
}

pub(crate) fn facts(window: u32) -> Facts {
	facts_of(window, GATEWAY, NetworkId(1))
}

/// The same, of a device of another gateway and network.
fn facts_of(window: u32, gateway: GatewayId, network: NetworkId) -> Facts {
	let row = DeviceFacts {
		device: DEVICE,
		network,
		key: DeviceKey::Ed25519(pair().public()),
		active: true,
		assignment: Some(Assignment { gateway, slot: 0 }),
	};
	Facts::new(window, vec![(0, row)])
}

/// A reading of one value.
pub(crate) fn signed(sequence: u64, time: u64) -> SignedReading {
	signed_by(DEVICE, sequence, time, &[Some(1)])
}

/// A reading of any device and values, signed by the key of [`DEVICE`].
pub(crate) fn signed_by(
	device: DeviceId,
	sequence: u64,
	time: u64,
	values: &[Option<i64>],
) -> SignedReading {
	signed_in(NetworkId(1), device, sequence, time, values)
}

/// The same, in any network.
pub(crate) fn signed_in(
	network: NetworkId,
	device: DeviceId,
	sequence: u64,
	time: u64,
	values: &[Option<i64>],
) -> SignedReading {
	let reading = Reading {
		network,
		schema: SchemaId(2),
		device,
		sequence,
		anchor: [5; 32],
		time,
		values: Values::truncate_from(values.to_vec()),
	};
	let signature = pair().sign(&reading.message(&GENESIS));
	SignedReading { reading, signature: DeviceSignature::Ed25519(signature) }
}

/// A server that is no gateway: it says who it is and what it has in these words. Returns its URL.
pub(crate) async fn impostor(anchor: &AnchorInfo, page: Vec<u8>) -> String {
	let anchor = serde_json::to_vec(anchor).expect("JSON");
	let said = |body: Vec<u8>| {
		get(move || {
			let body = body.clone();
			async move { body }
		})
	};
	let router = Router::new().route("/v1/anchor", said(anchor)).route("/v1/data", said(page));
	let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
	let url = format!("http://{}", listener.local_addr().expect("bound"));
	tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
	url
}

/// Who an impostor says that it is: gateway 8 of network 8.
pub(crate) fn anchor() -> AnchorInfo {
	AnchorInfo {
		genesis: GENESIS,
		network: NetworkId(8),
		schema_id: SchemaId(2),
		gateway: GatewayId(8),
		window: 0,
		window_millis: 1,
		required: [0; 32],
		upcoming: [0; 32],
		now_millis: 0,
	}
}

/// How a gateway is to be; [`Default`] knows nothing of the chain.
pub(crate) struct Options {
	pub(crate) state: Option<ChainState>,
	/// Readings that a device may send an hour.
	pub(crate) burst: u32,
	pub(crate) restricted: bool,
	pub(crate) gateway: GatewayId,
	pub(crate) network: NetworkId,
	/// Where it listens; on any free port, if `None`.
	pub(crate) listener: Option<TcpListener>,
	pub(crate) peers: Vec<String>,
	pub(crate) peer_timeout: Duration,
	/// Readings, or devices, that it looks at for one page.
	pub(crate) steps: u32,
	pub(crate) deny: DenyArgs,
}

impl Default for Options {
	fn default() -> Self {
		Self {
			state: None,
			burst: 100,
			restricted: false,
			gateway: GATEWAY,
			network: NetworkId(1),
			listener: None,
			peers: Vec::new(),
			peer_timeout: Duration::from_secs(30),
			steps: STEPS,
			deny: DenyArgs::default(),
		}
	}
}

impl Options {
	/// A gateway of another network, under a schema of two channels.
	pub(crate) fn of(gateway: u32, network: u32) -> Self {
		let (gateway, network) = (GatewayId(gateway), NetworkId(network));
		let known = state_of_two();
		let view = GatewayView { gateway, network, ..known.gateway };
		let state = Some(ChainState { gateway: view, ..known });
		Self { state, gateway, network, ..Self::default() }
	}
}

/// A served gateway; ends when dropped.
pub(crate) struct Served {
	pub(crate) address: SocketAddr,
	pub(crate) app: Arc<App>,
	pub(crate) client: reqwest::Client,
	pub(crate) states: watch::Sender<Option<Arc<ChainState>>>,
	_stop: oneshot::Sender<()>,
	_directory: tempfile::TempDir,
}

impl Served {
	/// A gateway that knows `state` of the chain, and takes `burst` readings of a device an hour.
	pub(crate) async fn start(state: Option<ChainState>, burst: u32) -> Self {
		Self::with(state, burst, false).await
	}

	/// The same, of a restricted network or not.
	pub(crate) async fn with(state: Option<ChainState>, burst: u32, restricted: bool) -> Self {
		Self::made(Options { state, burst, restricted, ..Options::default() }).await
	}

	/// The same, of any kind.
	pub(crate) async fn made(options: Options) -> Self {
		let Options { state, burst, restricted, gateway, network, steps, .. } = options;
		let directory = tempfile::tempdir().expect("a temporary directory");
		let identity = Identity { genesis: GENESIS, gateway };
		let store = Store::open(directory.path(), identity, Cache::SMALL).expect("a new store");
		let metrics = Arc::new(Metrics::new().expect("metrics"));
		// Nobody listens there: whatever needs the chain fails.
		let chain = Chain::lazy("ws://127.0.0.1:9");
		let deny = Arc::new(Deny::new(&options.deny).expect("names devices"));
		let registry = Arc::new(Registry::new(chain.clone(), gateway, deny));
		if let Some(state) = &state {
			registry.put(facts_of(state.clock.now.window, gateway, network));
		}
		let (sender, states) = watch::channel(state.map(Arc::new));
		let (writer, _) =
			Writer::start(store.clone(), states.clone(), registry.clone(), metrics.clone());
		let burst = NonZeroU32::new(burst).expect("not zero");
		let cell = CELL.parse().expect("a cell");
		store.learn(&[(DEVICE, vec![(0, cell)])]).expect("learns");
		let (schemas, permits) = (Schemas::new(chain.clone()), Semaphore::new(4));
		let data = Data { schemas, restricted, permits, steps };
		let args = PeerArgs { peers: options.peers, peer_timeout: options.peer_timeout };
		let peers = Peers::new(&args, gateway, GENESIS).expect("peers");
		let app = Arc::new(App {
			gateway,
			genesis: GENESIS,
			chain,
			store,
			writer,
			signatures: Signatures::new(GENESIS),
			states,
			registry,
			metrics,
			sealer: Status::default(),
			ingest: Semaphore::new(4),
			bodies: Semaphore::new(BODIES),
			questions: Semaphore::new(4),
			limiter: RateLimiter::keyed(Quota::per_hour(burst)),
			tolerance_millis: 2_000,
			rejections: Rejections::default(),
			data,
			peers,
		});
		let any = SocketAddr::from(([127, 0, 0, 1], 0));
		let listener = match options.listener {
			Some(listener) => listener,
			None => server::listen(any).await.expect("a free port"),
		};
		let address = listener.local_addr().expect("an address");
		let (stop, stopped) = oneshot::channel::<()>();
		let router = router(app.clone());
		tokio::spawn(async move {
			let stopped = async { drop(stopped.await) };
			server::serve(listener, router, 16, stopped).await;
		});
		let client = reqwest::Client::new();
		Self { address, app, client, states: sender, _stop: stop, _directory: directory }
	}

	pub(crate) fn url(&self, path: &str) -> String {
		format!("http://{}{path}", self.address)
	}

	pub(crate) async fn send(&self, readings: &[SignedReading]) -> Vec<ReadingResult> {
		let request = ReadingsRequest { readings: readings.to_vec() };
		let answer = self.client.post(self.url("/v1/readings")).json(&request).send().await;
		let answer = answer.expect("an answer").json::<ReadingsAnswer>().await;
		answer.expect("JSON").results
	}

	pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
		self.client.get(self.url(path)).send().await.expect("an answer")
	}
}
