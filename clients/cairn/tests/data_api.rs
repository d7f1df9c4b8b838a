//! Anybody can ask a gateway for data, by region, quantity and time, over HTTP, and check what it
//! answers: readings of real devices, by HTTP and by MQTT, sealed and matured on a real chain, and
//! where their owners say that the devices are. What has matured is there after a kill, and where it
//! was taken even after a move; and the interface is what its description says, for whatever requests
//! Schemathesis makes up. The broker speaks TLS and knows its users: a wrong password is told by a code;
//! and a flood by way of it costs the gateway little memory, and the others nothing.

mod support;

use std::{
	collections::{BTreeMap, BTreeSet},
	env, fs,
	path::PathBuf,
	process::Command,
	time::Duration,
};

use cairn::{
	agent::{Scheme, anchor_at},
	mqtt::BrokerFault,
	protocol::{AnchorInfo, ReadingProof},
};
use cairn_chain::{At, Chain};
use cairn_geo::Cell;
use cairn_telemetry::{Header, payload::payload_root};
use cairn_types::{ChannelKind, DeviceId, GatewayId, NetworkId, Quantity, SchemaId, Unit, Window};
use codec::{Compact, Decode, Encode};
use rumqttc::{AsyncClient, EventLoop, QoS};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{task::JoinHandle, time::interval};

use support::{
	broker::Broker,
	chain::{Network, account, channel, of, placed, schema},
	device::{Beacon, Device, pair},
	gateway::{Client, Gateway},
	node::Node,
	process::{cairn, run_to_end},
	wait::{machine, now_millis, until},
};

/// Where the two devices are, and a region around the first.
const CELLS: [&str; 2] = ["8c2a1072b59adff", "8c1fb46741ae9ff"];
const REGION: &str = "852a1073fffffff";
/// How long anything may take to start, to be sealed, to mature.
const START: Duration = Duration::from_secs(180);
const SEALED: Duration = Duration::from_secs(120);
const MATURED: Duration = Duration::from_secs(300);
/// How long a command may take, and a run of Schemathesis.
const COMMAND: Duration = Duration::from_secs(120);
const CHECKED: Duration = Duration::from_secs(480);
/// A flood: how many devices that the gateway does not have send a message each, and the bytes of each
/// message; messages of a device that it has, and the readings of each. How long it may take to pass:
/// two million readings are read, by programs that are not optimised, on a machine that may be busy.
const STRANGERS: u64 = 1_100;
const LARGE: usize = 250_000;
const EAGER: (u64, u64) = (40, 16);
const PASSED: Duration = Duration::from_secs(900);
/// What the gateway may hold more than before, however much is sent to it: less than the flood has.
const MEMORY: u64 = 256 << 20;
/// Readings that a device may have in a window.
const WINDOW_READINGS: u64 = 128;
/// What counts messages of readings that were taken from the broker.
const TAKEN: &str = "cairn_gateway_mqtt_messages_total{kind=\"readings\"}";
/// Checks of Schemathesis: all that do not need to know what a request means.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
	response_headers_conformance,response_schema_conformance,negative_data_rejection,\
	unsupported_method,allow_header_conformance";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn anybody_can_ask_for_data_and_check_it() {
	let _machine = machine().await;
	let mut story = Box::pin(Story::begin()).await;
	let rows = Box::pin(story.rows_mature()).await;
	story.ensure_devices_said(&rows);
	Box::pin(story.ensure_questions_are_answered()).await;
	Box::pin(story.ensure_a_proof_leads_to_the_chain()).await;
	story.ensure_the_description_holds(&rows);
	let rows = Box::pin(story.rows_of_a_move(rows)).await;
	Box::pin(story.ensure_a_flood_is_survived()).await;
	Box::pin(story.ensure_a_kill_loses_nothing(&rows)).await;
	story.broker.ensure_running();
	story.gateway.ensure_running();
	story.node.ensure_running();
}

/// Everything that runs. Dropped in this order.
struct Story {
	beacon: Beacon,
	speaker: JoinHandle<()>,
	gateway: Gateway,
	broker: Broker,
	node: Node,
	network: NetworkId,
	schema: SchemaId,
	/// The one that speaks HTTP, and the one that speaks MQTT.
	devices: [DeviceId; 2],
	/// Another one, which sends too much.
	eager: Device,
	started: u64,
	directory: TempDir,
}

impl Drop for Story {
	fn drop(&mut self) {
		self.speaker.abort();
	}
}

/// A device that publishes a reading every second.
fn speak(device: Device, gateway: Client, broker: &Broker) -> JoinHandle<()> {
	let (client, events) = AsyncClient::new(broker.device("speaker"), 16);
	tokio::spawn(async move {
		tokio::join!(publish(device, gateway, client), poll(events));
	})
}

async fn publish(device: Device, gateway: Client, client: AsyncClient) {
	let topic = format!("cairn/1/readings/{}/{}", device.network, device.id);
	let (mut sequence, mut pace) = (0, interval(Duration::from_secs(1)));
	loop {
		pace.tick().await;
		let Some(info) = gateway.get::<AnchorInfo>("/v1/anchor").await else { continue };
		sequence += 1;
		let payload = vec![device.now(sequence, &info)].encode();
		let sent = client.publish(topic.as_str(), QoS::AtLeastOnce, false, payload).await;
		sent.expect("the connection is polled");
	}
}

/// Keep a connection going; after an error it is made anew.
async fn poll(mut events: EventLoop) {
	loop {
		drop(Box::pin(events.poll()).await);
	}
}

impl Story {
	async fn begin() -> Self {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let address = Gateway::free_address();
		let node = Node::start(&format!("http://{address}")).await;
		let (chain, owner) = (&node.chain, account("//Ferdie"));
		let channels = vec![
			channel("temperature", Quantity::Temperature, Unit::Celsius, -2, ChannelKind::Gauge),
			channel("level", Quantity::Count, Unit::Count, 0, ChannelKind::Gauge),
		];
		let network = Network::create(chain, &schema(channels)).await;
		let id = network.gateway(chain, &account("//Dave")).await;
		let mut devices = Vec::new();
		for number in [1, 2, 3] {
			let pair = pair(Scheme::Ed25519, number);
			let device = network.register(chain, &owner, &pair).await;
			devices.push(Device::new(&network, device, pair));
		}
		let ids = devices.iter().map(|device| device.id).collect::<Vec<_>>();
		for (device, cell) in ids.iter().zip(CELLS) {
			locate(&node, *device, cell);
		}
		network.assign(chain, &owner, &ids, id).await;

		let broker = Broker::for_gateways().await;
		let started = now_millis();
		let gateway = start_gateway(id, &node, address, &broker).await;
		for device in &ids {
			placed(chain, *device).await;
		}
		let mut devices = devices.into_iter();
		let mut next = || devices.next().expect("three devices");
		let (first, second, eager) = (next(), next(), next());
		let beacon = Beacon::start(first, gateway.client.clone());
		let speaker = speak(second, gateway.client.clone(), &broker);
		let (network, schema) = (network.id, network.schema_id);
		let devices = [ids[0], ids[1]];
		Self {
			beacon,
			speaker,
			gateway,
			broker,
			node,
			network,
			schema,
			devices,
			eager,
			started,
			directory,
		}
	}

	fn chain(&self) -> &Chain {
		&self.node.chain
	}

	/// All rows of a question, page by page.
	async fn rows(&self, query: &str) -> Option<Vec<Value>> {
		let mut path = format!("/v1/data?from={}&limit=50&{query}", self.started);
		let mut rows = Vec::new();
		loop {
			let page = self.gateway.client.get::<Value>(&path).await?;
			rows.extend(page["rows"].as_array().expect("rows").clone());
			match page["next"].as_str() {
				Some(next) => path = next.to_owned(),
				None => return Some(rows),
			}
		}
	}

	/// The rows that have matured, when both devices have some.
	async fn rows_mature(&mut self) -> Vec<Value> {
		let (devices, story) = (self.devices, &*self);
		until("matured rows of both devices", MATURED, async || {
			let rows = story.rows("stage=matured").await?;
			let count = |id: DeviceId| rows.iter().filter(|row| row["device"] == id.0).count();
			devices.into_iter().all(|device| count(device) >= 5).then_some(rows)
		})
		.await
	}

	/// Rows are what the devices have signed: the first channel holds the sequence in hundredths.
	fn ensure_devices_said(&self, rows: &[Value]) {
		let mut sequences = BTreeMap::<u64, Vec<u64>>::new();
		for row in rows {
			let device = row["device"].as_u64().expect("a device");
			let sequence = row["sequence"].as_u64().expect("a sequence");
			sequences.entry(device).or_default().push(sequence);
			let value = row["value"].as_f64().expect("a number");
			assert_eq!((value * 100.0).round(), sequence as f64, "{row}");
			assert_eq!((&row["channel"], &row["unit"]), (&"temperature".into(), &"Cel".into()));
			assert_eq!(row["network"], self.network.0);
			let place = self.devices.iter().position(|id| id.0 == device).expect("one of ours");
			assert_eq!(row["cell"], CELLS[place]);
		}
		let accepted = self.beacon.accepted();
		for (device, sequences) in sequences {
			assert!(sequences.is_sorted_by(|a, b| a < b), "{device}: {sequences:?}");
			let is_heard = |sequence: &u64| accepted.contains(sequence);
			assert!(device != self.devices[0].0 || sequences.iter().all(is_heard));
		}
	}

	async fn ensure_questions_are_answered(&self) {
		let devices = async |query: &str| {
			let rows = self.rows(query).await.expect("an answer");
			rows.iter().filter_map(|row| row["device"].as_u64()).collect::<BTreeSet<_>>()
		};
		let [first, second] = self.devices.map(|device| device.0);
		assert_eq!(devices("quantity=temperature").await, BTreeSet::from([first, second]));
		assert_eq!(devices("quantity=count").await, BTreeSet::new(), "no device has a level");
		assert_eq!(devices(&format!("cell={REGION}")).await, BTreeSet::from([first]));
		assert_eq!(
			devices(&format!("cell={}&resolution=5", CELLS[0])).await,
			BTreeSet::from([first])
		);
		assert_eq!(devices(&format!("cell={}", CELLS[1])).await, BTreeSet::from([second]));
		assert_eq!(devices(&format!("device={second}")).await, BTreeSet::from([second]));
		assert_eq!(
			devices(&format!("network={}", self.network)).await,
			BTreeSet::from([first, second])
		);

		let stream = format!("/v1/sensorthings/Datastreams('{second}-{}-0')", self.schema);
		let values = self.gateway.client.get::<Value>(&format!("{stream}/Observations")).await;
		let values = values.expect("an answer");
		let (result, about) = (&values["value"][0]["result"], &values["value"][0]["parameters"]);
		let hundredths = result.as_f64().map(|result| (result * 100.0).round());
		assert_eq!(hundredths, about["sequence"].as_f64(), "a reading by MQTT");
	}

	/// A sealed reading is signed by the key that the chain has, in a payload and under a header that
	/// the chain has the hash of.
	async fn ensure_a_proof_leads_to_the_chain(&self) {
		let (client, id) = (&self.gateway.client, self.gateway.id);
		let (proof, payload) = until("a sealed reading", SEALED, async || {
			let rows = self.rows("stage=sealed").await?;
			let row = rows.iter().find(|row| row["stage"] == "sealed")?;
			let proof = client.get::<ReadingProof>(row["proof"].as_str()?).await?;
			let payload = client.bytes(proof.batch.as_ref()?.payload.as_deref()?).await?;
			Some((proof, payload))
		})
		.await;
		let batch = proof.batch.as_ref().expect("it is in one");
		let window = proof.window;
		let view = until("the chain's record of the batch", SEALED, async || {
			let view = self.chain().batch_view(id, window, batch.attempt, At::Best);
			Box::pin(view).await.ok()?
		})
		.await;
		assert_eq!((proof.gateway, view.header_hash), (id, batch.hash));
		let bytes = hex::decode(batch.header.trim_start_matches("0x")).expect("hex");
		let header = Header::decode(&mut bytes.as_slice()).expect("a header");
		assert_eq!(cairn_telemetry::header_hash(&proof.genesis, id, window, &header), batch.hash);
		assert_eq!(payload_root(&payload), header.latest().payload_root);
		let reading = proof.reading.encode();
		assert!(payload.windows(reading.len()).any(|part| part == reading));
		let device = proof.reading.reading.device;
		let facts = of(self.chain().device_facts(device, window, At::Best)).await;
		let facts = facts.expect("a device");
		assert!(proof.reading.verify(&proof.genesis, &facts.key), "signed by the registered key");
		assert_eq!(proof.genesis, of(self.chain().genesis()).await);
	}

	/// The interface is what its description says: for requests made up, and for what is there.
	fn ensure_the_description_holds(&self, rows: &[Value]) {
		let all = ["--phases", "coverage,fuzzing", "--checks", CHECKS, "--max-examples", "10"];
		self.run_schemathesis("", &all);
		let row = rows.first().expect("rows");
		let proof = row["proof"].as_str().expect("a path");
		let mut parts = proof.trim_start_matches("/v1/proof/").split('/');
		let mut part = || parts.next().expect("three parts").to_owned();
		let (window, device, sequence) = (part(), part(), part());
		let there = format!(
			"[parameters]\n\"path.window\" = {window}\n\"path.device\" = {device}\n\
			 \"path.sequence\" = {sequence}\n\"path.quantity\" = \"temperature\"\n\
			 \"path.stream\" = \"{device}-{}-0\"\n\
			 \"path.observation\" = \"{window}-{device}-{sequence}-0\"\n\"query.from\" = {}\n",
			self.schema, self.started
		);
		let checks = "not_a_server_error,status_code_conformance,content_type_conformance,\
			response_headers_conformance,response_schema_conformance";
		let found = ["--phases", "fuzzing", "--mode", "positive", "--checks", checks];
		self.run_schemathesis(&there, &[&found[..], &["--max-examples", "5"]].concat());
	}

	fn run_schemathesis(&self, configuration: &str, arguments: &[&str]) {
		let file = self.directory.path().join("schemathesis.toml");
		fs::write(&file, configuration).expect("a file");
		let mut command = Command::new(python("schemathesis"));
		command
			.current_dir(self.directory.path())
			.arg("--config-file")
			.arg(&file)
			.arg("run")
			.arg(self.gateway.client.url("/v1/openapi.json"))
			// The same requests every time; readings are posted by the tests of bad input.
			.args(["--include-method", "GET", "--seed", "1", "--generation-database", "none"])
			.args(["--workers", "1", "--no-color", "--warnings", "off", "--request-timeout", "60"])
			.args(arguments);
		let ended = run_to_end(&mut command, CHECKED);
		assert_eq!(ended.code, Some(0), "{}\n{}", ended.output, ended.errors);
		assert!(ended.output.contains("passed"), "{}", ended.output);
	}

	/// The second device moves to the first: what it reads from the next window on is there, what it
	/// read before is not. Returns the rows that were there before, and those that tell of the move.
	async fn rows_of_a_move(&self, mut rows: Vec<Value>) -> Vec<Value> {
		let [_, second] = self.devices;
		let since = locate(&self.node, second, CELLS[0]);
		let moved = until("rows from another place", SEALED, async || {
			let rows = self.rows(&format!("device={second}&cell={REGION}&stage=sealed")).await?;
			(!rows.is_empty()).then_some(rows)
		})
		.await;
		let stayed = self.rows(&format!("device={second}&cell={}", CELLS[1])).await;
		let stayed = stayed.expect("an answer");
		let matured = self.rows("stage=matured").await.expect("an answer");
		assert!(rows.iter().all(|row| matured.contains(row)), "as they were before the move");
		let is_late = |row: &Value| {
			// Its proof is under its window.
			let path = row["proof"].as_str().expect("a path").trim_start_matches("/v1/proof/");
			let (window, _) = path.split_once('/').expect("more parts");
			window.parse::<Window>().expect("a window") >= since
		};
		assert!(!stayed.is_empty() && !stayed.iter().any(is_late), "{since}: {stayed:?}");
		assert!(moved.iter().all(is_late), "{since}: {moved:?}");
		assert!(moved.iter().all(|row| row["cell"] == CELLS[0]), "{moved:?}");
		// These have yet to mature.
		let later = until("matured rows from another place", MATURED, async || {
			let rows = self.rows(&format!("device={second}&cell={REGION}&stage=matured")).await?;
			(!rows.is_empty()).then_some(rows)
		});
		rows.extend(later.await);
		rows
	}

	/// What has matured is there after a kill, as it was.
	async fn ensure_a_kill_loses_nothing(&mut self, rows: &[Value]) {
		self.gateway.kill();
		self.gateway.restart().await;
		let again = until("matured rows", START, async || self.rows("stage=matured").await).await;
		for row in rows {
			assert!(again.contains(row), "{row}");
		}
		let newest = again.iter().filter_map(|row| row["time"].as_u64()).max().expect("rows");
		self.newer_rows_come(newest).await;
	}

	/// Wait for rows of what both devices read after `newest`, which come by either way.
	async fn newer_rows_come(&self, newest: u64) {
		until("newer rows of both devices", SEALED, async || {
			let rows = self.rows("stage=sealed").await?;
			let is_new = |row: &&Value| row["time"].as_u64() > Some(newest);
			let new = rows.iter().filter(is_new).filter_map(|row| row["device"].as_u64());
			let new = new.collect::<BTreeSet<_>>();
			self.devices.into_iter().all(|device| new.contains(&device.0)).then_some(())
		})
		.await;
	}
}

// More than the gateway takes

impl Story {
	/// Devices that the gateway does not have, and one that it has, send more than it takes: it holds
	/// little of that, refuses the rest, and takes what the others read.
	async fn ensure_a_flood_is_survived(&self) {
		let client = &self.gateway.client;
		let info = until("an anchor", START, async || client.get::<AnchorInfo>("/v1/anchor").await);
		let info = info.await;
		let before = until("metrics", START, async || self.metric(TAKEN).await).await;
		let held = self.gateway.resident_bytes();
		let (client, events) = AsyncClient::new(self.broker.device("flood"), 16);
		let polling = tokio::spawn(poll(events));
		let publish = async |device: DeviceId, payload: Vec<u8>| {
			let topic = format!("cairn/1/readings/{}/{device}", self.network);
			let sent = client.publish(topic, QoS::AtLeastOnce, false, payload).await;
			sent.expect("the connection is polled");
		};
		let sending = async {
			for payload in self.too_many_readings(&info) {
				publish(self.eager.id, payload).await;
			}
			for number in 0..STRANGERS {
				let (device, payload) = self.large_message(number, &info);
				publish(device, payload).await;
			}
		};
		let mut most = held;
		let passing = until("the end of a flood", PASSED, async || {
			most = most.max(self.gateway.resident_bytes());
			let taken = self.metric(TAKEN).await?;
			(taken >= before + EAGER.0 + STRANGERS).then_some(())
		});
		tokio::join!(sending, passing);
		polling.abort();
		assert!(most < held + MEMORY, "the gateway holds {most} bytes, {held} before");
		let refused = "cairn_gateway_readings_rejected_total{code=\"rate_limited\"}";
		let refused = until("refused readings", START, async || self.metric(refused).await).await;
		assert!(refused > 0);
		self.newer_rows_come(now_millis()).await;
		let report = self.gateway.client.report(self.eager.id).await;
		let taken = report.map_or(0, |report| report.accepted);
		assert!(taken <= 2 * WINDOW_READINGS, "{taken} readings of two windows at most");
	}

	/// Messages of a device of the gateway with sound readings of less than a second, more of them than
	/// two windows have room for.
	fn too_many_readings(&self, info: &AnchorInfo) -> Vec<Vec<u8>> {
		let (messages, readings) = EAGER;
		let first = now_millis() - messages * readings;
		let reading = |sequence: u64| {
			let time = first + sequence;
			self.eager.sign(self.eager.reading(sequence, anchor_at(info, time), time))
		};
		let message = |number: u64| {
			let places = 1..=readings;
			places.map(|place| reading(number * readings + place)).collect::<Vec<_>>().encode()
		};
		(0..messages).map(message).collect()
	}

	/// A message of a device that the gateway does not have: as many readings as fit.
	fn large_message(&self, number: u64, info: &AnchorInfo) -> (DeviceId, Vec<u8>) {
		let device = Device { id: DeviceId(1_000_000 + number), ..self.eager.clone() };
		let reading = device.now(1, info).encode();
		let count = LARGE / reading.len();
		let length = Compact(u32::try_from(count).expect("a few")).encode();
		(device.id, [length, reading.repeat(count)].concat())
	}

	/// A metric of the gateway, with its labels.
	async fn metric(&self, name: &str) -> Option<u64> {
		let text = String::from_utf8(self.gateway.client.bytes("/metrics").await?).ok()?;
		text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
	}
}

/// A gateway whose password is wrong at first: it says so by a code, and what to do, which is done.
async fn start_gateway(
	id: GatewayId,
	node: &Node,
	address: std::net::SocketAddr,
	broker: &Broker,
) -> Gateway {
	let url = format!("mqtts://localhost:{}", broker.port);
	let password = broker.password_file("another one").display().to_string();
	let authority = broker.authority().display().to_string();
	let options =
		["--grace", "3s", "--data-retention", "1h", "--mqtt", &url, "--mqtt-ca", &authority];
	let login = ["--mqtt-user", "gateway", "--mqtt-password-file", &password];
	let options = [&options[..], &login].concat();
	let mut gateway = Gateway::start(id, "//Dave", &node.url(), address, &options).await;
	let fault = BrokerFault::SignInRefused;
	let code = format!("code={:?}", fault.code());
	until("a gateway that says what is wrong", START, async || {
		let log = gateway.log();
		(log.contains(&code) && log.contains(fault.remedy())).then_some(())
	})
	.await;
	gateway.kill();
	broker.password_file(Broker::password("gateway"));
	gateway.restart().await;
	gateway
}

/// Assert that a device is in the middle of a cell, as its owner does; returns from which window on.
fn locate(node: &Node, device: DeviceId, cell: &str) -> Window {
	let centre = cell.parse::<Cell>().expect("a cell").centre();
	let mut command = cairn();
	command
		.args(["device", "locate", &device.to_string(), "--suri", "//Ferdie"])
		.args(["--lat", &centre.latitude().to_string()])
		.args(["--lon", &centre.longitude().to_string()])
		.args(["--altitude", "10", "--gain", "2.5"])
		.args(["--output", "json", "--node", &node.url()]);
	let ended = run_to_end(&mut command, COMMAND);
	assert_eq!(ended.code, Some(0), "{}", ended.errors);
	let answer = serde_json::from_str::<Value>(&ended.output).expect("JSON");
	assert_eq!(answer["cell"], cell);
	let since = answer["since_window"].as_u64().expect("a window");
	Window::try_from(since).expect("a window")
}

/// A program of the Python environment that `scripts/setup` makes.
fn python(name: &str) -> PathBuf {
	let cache = env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
	let cache = cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")));
	let program = cache.expect("HOME is set").join("cairn/python/bin").join(name);
	assert!(program.is_file(), "{} is missing: make setup", program.display());
	program
}
