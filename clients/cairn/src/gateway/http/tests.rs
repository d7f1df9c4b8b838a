//! The interface over a real socket, without a node: the chain's state is made up.

use std::{net::SocketAddr, num::NonZeroU32, time::Instant};

use cairn_chain::{
	BlockId,
	views::{Clock, GatewayView},
};
use cairn_telemetry::{Reading, SignedReading};
use cairn_types::{
	Channel, ChannelKind, DeviceKey, DeviceSignature, Moment, NetworkId, Periods, Quantity, Schema,
	SchemaId, Unit,
	schema::Values,
	view::{Assignment, DeviceFacts},
};
use codec::Encode;
use governor::{Quota, RateLimiter};
use sp_core::{Pair, bounded::BoundedVec, ed25519};
use tokio::sync::{oneshot, watch};

use super::*;
use crate::{
	clock::now_millis,
	gateway::{registry::Facts, store::Identity},
	protocol::{
		AnchorInfo, OCTETS, ReadingResult, ReadingStatus, ReadingsAnswer, ReadingsRequest,
		SchemaInfo,
	},
};

const GENESIS: Hash32 = [9; 32];
const GATEWAY: GatewayId = GatewayId(3);
const DEVICE: DeviceId = DeviceId(4);

fn pair() -> ed25519::Pair {
	ed25519::Pair::from_seed(&[1; 32])
}

fn schema() -> Schema {
	let channel = Channel {
		name: BoundedVec::truncate_from(b"level".to_vec()),
		quantity: Quantity::Dimensionless,
		unit: Unit::One,
		scale: 0,
		kind: ChannelKind::Gauge,
		min: 0,
		max: 100,
		max_change: None,
	};
	let name = BoundedVec::truncate_from(b"levels".to_vec());
	Schema { name, version: 1, channels: BoundedVec::truncate_from(vec![channel]) }
}

fn state() -> ChainState {
	let periods = Periods {
		slot_millis: 1_000,
		window_slots: 3_600,
		verdict_ticks: 2,
		attest_ticks: 6,
		dispute_ticks: 1,
		appeal_ticks: 1,
		cycle_ticks: 4,
		kept_cycles: 100,
	};
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

fn facts(window: u32) -> Facts {
	let row = DeviceFacts {
		device: DEVICE,
		network: NetworkId(1),
		key: DeviceKey::Ed25519(pair().public()),
		active: true,
		assignment: Some(Assignment { gateway: GATEWAY, slot: 0 }),
	};
	Facts::new(window, vec![(0, row)])
}

/// A served gateway; ends when dropped.
struct Served {
	address: SocketAddr,
	app: Arc<App>,
	client: reqwest::Client,
	_states: watch::Sender<Option<Arc<ChainState>>>,
	_stop: oneshot::Sender<()>,
	_directory: tempfile::TempDir,
}

impl Served {
	async fn start(state: Option<ChainState>, burst: u32) -> Self {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let identity = Identity { genesis: GENESIS, gateway: GATEWAY };
		let store = Store::open(directory.path(), identity).expect("a new store");
		let metrics = Arc::new(Metrics::new().expect("metrics"));
		// Nobody listens there: whatever needs the chain fails.
		let chain = Chain::lazy("ws://127.0.0.1:9");
		let registry = Arc::new(Registry::new(chain.clone(), GATEWAY));
		if let Some(state) = &state {
			registry.put(facts(state.clock.now.window));
		}
		let (sender, states) = watch::channel(state.map(Arc::new));
		let (writer, _) = Writer::start(store.clone(), states.clone(), metrics.clone());
		let burst = NonZeroU32::new(burst).expect("not zero");
		let app = Arc::new(App {
			gateway: GATEWAY,
			genesis: GENESIS,
			chain,
			store,
			writer,
			states,
			registry,
			metrics,
			sealer: Status::default(),
			ingest: Semaphore::new(4),
			limiter: RateLimiter::keyed(Quota::per_hour(burst)),
			tolerance_millis: 2_000,
			rejections: Rejections::default(),
		});
		let any = SocketAddr::from(([127, 0, 0, 1], 0));
		let listener = server::listen(any).await.expect("a free port");
		let address = listener.local_addr().expect("an address");
		let (stop, stopped) = oneshot::channel::<()>();
		let router = router(app.clone());
		tokio::spawn(async move {
			let stopped = async { drop(stopped.await) };
			server::serve(listener, router, 16, stopped).await;
		});
		let client = reqwest::Client::new();
		Self { address, app, client, _states: sender, _stop: stop, _directory: directory }
	}

	fn url(&self, path: &str) -> String {
		format!("http://{}{path}", self.address)
	}

	async fn send(&self, readings: &[SignedReading]) -> Vec<ReadingResult> {
		let request = ReadingsRequest { readings: readings.to_vec() };
		let answer = self.client.post(self.url("/v1/readings")).json(&request).send().await;
		let answer = answer.expect("an answer").json::<ReadingsAnswer>().await;
		answer.expect("JSON").results
	}

	async fn get(&self, path: &str) -> reqwest::Response {
		self.client.get(self.url(path)).send().await.expect("an answer")
	}
}

fn signed(sequence: u64, time: u64) -> SignedReading {
	let reading = Reading {
		network: NetworkId(1),
		schema: SchemaId(2),
		device: DEVICE,
		sequence,
		anchor: [5; 32],
		time,
		values: Values::truncate_from(vec![Some(1)]),
	};
	let signature = pair().sign(&reading.message(&GENESIS));
	SignedReading { reading, signature: DeviceSignature::Ed25519(signature) }
}

#[tokio::test]
async fn works_when_readings_are_sent_in_either_form() {
	let served = Served::start(Some(state()), 100).await;
	let now = now_millis();
	let results = served.send(&[signed(1, now), signed(2, now + 1)]).await;
	assert!(results.iter().all(|result| result.status == ReadingStatus::Accepted), "{results:?}");
	let body = vec![signed(2, now + 1), signed(3, now + 2)].encode();
	let request = served.client.post(served.url("/v1/readings")).header("content-type", OCTETS);
	let answer = request.body(body).send().await.expect("an answer");
	let results = answer.json::<ReadingsAnswer>().await.expect("JSON").results;
	let statuses = results.iter().map(|result| result.status).collect::<Vec<_>>();
	assert_eq!(statuses, [ReadingStatus::Duplicate, ReadingStatus::Accepted]);
	let note = served.app.store.note(DEVICE).expect("reads").expect("is there");
	assert_eq!((note.accepted, note.last.reading.sequence), (3, 3));
	let metrics = served.get("/metrics").await.text().await.expect("text");
	assert!(metrics.contains("cairn_gateway_readings_accepted_total 3"));
}

#[tokio::test]
async fn fails_when_readings_are_not_admissible() {
	let served = Served::start(Some(state()), 100).await;
	let now = now_millis();
	let mut forged = signed(1, now);
	forged.reading.values = Values::truncate_from(vec![Some(2)]);
	let mut network = signed(2, now);
	network.reading.network = NetworkId(7);
	let ahead = signed(3, now + 3_600_000);
	let results = served.send(&[forged, network, ahead]).await;
	let codes = results.iter().map(|result| result.code.as_deref()).collect::<Vec<_>>();
	assert_eq!(codes, [Some("bad_signature"), Some("wrong_network"), Some("future_dated")]);
	assert!(results.iter().all(|result| !result.retry && result.remedy.is_some()));
	assert_eq!(served.app.rejections.of(DEVICE).len(), 3);
	assert_eq!(served.app.store.note(DEVICE).expect("reads"), None);
}

#[tokio::test]
async fn fails_when_a_device_sends_too_much() {
	let served = Served::start(Some(state()), 2).await;
	let now = now_millis();
	let readings = (0..4).map(|n| signed(n + 1, now + n)).collect::<Vec<_>>();
	let results = served.send(&readings).await;
	let codes = results.iter().map(|result| result.code.as_deref()).collect::<Vec<_>>();
	assert_eq!(codes, [None, None, Some("rate_limited"), Some("rate_limited")]);
	assert!(results[2].retry && results[3].retry);
}

#[tokio::test]
async fn fails_when_the_body_is_not_readings() {
	let served = Served::start(Some(state()), 100).await;
	let post = |kind: &'static str, body: Vec<u8>| {
		let request = served.client.post(served.url("/v1/readings")).header("content-type", kind);
		request.body(body).send()
	};
	for (kind, body, status) in [
		("application/json", b"{}".to_vec(), 400),
		(OCTETS, vec![0xff; 8], 400),
		(OCTETS, [Vec::<SignedReading>::new().encode(), vec![1]].concat(), 400),
		("text/plain", Vec::new(), 415),
	] {
		let answer = post(kind, body).await.expect("an answer");
		assert_eq!(answer.status().as_u16(), status, "{kind}");
		let problem = answer.json::<Problem>().await.expect("JSON");
		assert!(!problem.remedy.is_empty());
	}
}

#[tokio::test]
async fn works_when_a_device_asks_what_to_sign() {
	let served = Served::start(Some(state()), 100).await;
	let anchor = served.get("/v1/anchor").await.json::<AnchorInfo>().await.expect("JSON");
	assert_eq!((anchor.required, anchor.upcoming), ([5; 32], [6; 32]));
	assert_eq!((anchor.genesis, anchor.gateway), (GENESIS, GATEWAY));
	let info = served.get("/v1/schema").await.json::<SchemaInfo>().await.expect("JSON");
	assert_eq!(info, SchemaInfo { schema_id: SchemaId(2), schema: schema() });
	assert_eq!(served.get("/healthz").await.status().as_u16(), 200);
	let status = served.get("/v1/status").await.json::<serde_json::Value>().await.expect("JSON");
	assert_eq!(status["tick"], 7);
}

#[tokio::test]
async fn fails_when_the_chain_is_not_known_yet() {
	let served = Served::start(None, 100).await;
	for path in ["/v1/anchor", "/v1/schema", "/v1/status", "/healthz"] {
		let answer = served.get(path).await;
		assert_eq!(answer.status().as_u16(), 503, "{path}");
		assert!(answer.headers().contains_key("retry-after"));
	}
	let results = served.send(&[signed(1, now_millis())]).await;
	assert_eq!(results[0].code.as_deref(), Some("unsynced"));
	assert!(results[0].retry);
}

#[tokio::test]
async fn fails_when_a_batch_is_not_there() {
	let served = Served::start(Some(state()), 100).await;
	for path in [
		"/v1/gateways/3/batches/1/0/header",
		"/v1/gateways/4/batches/1/0/header",
		"/v1/gateways/3/batches/1/0/other",
		"/nothing",
	] {
		let answer = served.get(path).await;
		assert_eq!(answer.status().as_u16(), 404, "{path}");
		assert_eq!(answer.json::<Problem>().await.expect("JSON").code, "not_found");
	}
}
