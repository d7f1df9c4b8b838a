//! Everything that an agent takes, from real senders to a real gateway: SenML over HTTP and MQTT,
//! Sparkplug B, LoRa packet forwarders, a scraped exporter, a replayed table. One agent with a device
//! for each; its broker goes away and comes back, retains messages, and is flooded.

mod support;

use std::{
	collections::BTreeMap,
	fs,
	net::SocketAddr,
	path::Path,
	time::{Duration, Instant},
};

use axum::{Router, routing::get};
use cairn::{
	agent::{self, Scheme, State},
	protocol::DeviceReport,
};
use cairn_formats::sparkplug::{Metric, MetricValue, Payload};
use cairn_types::{Channel, ChannelKind, DeviceId, Quantity, Unit};
use prost::Message;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::UdpSocket, task::JoinHandle, time::timeout};

use support::{
	broker::{Broker, succeed},
	chain::{Network, account, channel, placed, schema},
	gateway::{Client, Gateway},
	node::Node,
	process::{Ended, Process, cairn, free_port, run_to_end},
	wait::{machine, now_millis, until},
};

/// How long a value may take from its sender to the gateway's store, a window's wait included.
const ARRIVES: Duration = Duration::from_secs(120);
/// How long a command may take.
const COMMAND: Duration = Duration::from_secs(120);
/// How long an answer to a datagram may take.
const ANSWER: Duration = Duration::from_secs(60);
/// Messages of the flood.
const FLOOD: u32 = 20_000;
/// What the agent may hold more than before the flood.
const MEMORY: u64 = 128 << 20;

/// The agent's devices.
const DEVICES: [&str; 7] = ["three", "five", "node", "push", "radio", "table", "meter"];
/// Places of the channels.
const TEMPERATURE: usize = 0;
const COUNT: usize = 1;
const ENERGY: usize = 2;
const HUNDREDTHS: i64 = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_sensors_say_arrives_at_the_gateway() {
	let _machine = machine().await;
	let mut story = Box::pin(Story::begin()).await;
	Box::pin(story.samples_are_explained()).await;
	Box::pin(story.pushed_senml_arrives()).await;
	Box::pin(story.datagrams_arrive()).await;
	Box::pin(story.scraped_metrics_arrive()).await;
	Box::pin(story.each_row_of_the_table_arrives_once()).await;
	Box::pin(story.messages_arrive_whatever_happens_to_the_broker()).await;
	Box::pin(story.a_flood_costs_old_messages_only()).await;
	Box::pin(story.sparkplug_arrives_and_births_are_asked_for()).await;
	story.ensure_all_is_well();
}

/// Everything that runs. Dropped in this order.
struct Story {
	agent: Process,
	broker: Broker,
	exporter: JoinHandle<()>,
	gateway: Gateway,
	node: Node,
	devices: BTreeMap<&'static str, DeviceId>,
	/// Where the agent listens.
	listen: SocketAddr,
	radio: SocketAddr,
	directory: TempDir,
}

impl Story {
	async fn begin() -> Self {
		let address = Gateway::free_address();
		let node = Node::start(&format!("http://{address}")).await;
		let (chain, owner) = (&node.chain, account("//Ferdie"));
		let directory = tempfile::tempdir().expect("a temporary directory");
		let network = Network::create(chain, &schema(channels())).await;
		let id = network.gateway(chain, &account("//Dave")).await;
		let mut devices = BTreeMap::new();
		for name in DEVICES {
			let key = directory.path().join(format!("{name}.key"));
			let (pair, _) = agent::load_or_make(&key, Scheme::Ed25519).expect("a key");
			devices.insert(name, network.register(chain, &owner, &pair).await);
		}
		let all = devices.values().copied().collect::<Vec<_>>();
		network.assign(chain, &owner, &all, id).await;
		for device in &all {
			placed(chain, *device).await;
		}
		let gateway = Gateway::start(id, "//Dave", &node.url(), address, &["--grace", "5s"]).await;

		let broker = Broker::start().await;
		let (exporter, metrics) = exporter().await;
		let local = || SocketAddr::from(([127, 0, 0, 1], free_port()));
		let (listen, radio) = (local(), local());
		let config = configuration(address, &broker, &metrics, listen, radio);
		prepare(directory.path(), &config);
		let mut command = cairn();
		command.args(["agent", "run", "--config"]).arg(directory.path().join("agent.toml"));
		let agent = Process::start("the agent", &mut command, &directory.path().join("agent.log"));
		Self { agent, broker, exporter, gateway, node, devices, listen, radio, directory }
	}

	fn client(&self) -> Client {
		self.gateway.client.clone()
	}

	async fn report(&self, device: &str) -> DeviceReport {
		let (client, id) = (self.client(), self.devices[device]);
		until("the gateway's report", COMMAND, async || client.report(id).await).await
	}

	/// Wait until the newest reading of a device has this value; `again` is called before each look.
	async fn arrives(
		&mut self,
		device: &str,
		channel: usize,
		value: i64,
		mut again: impl AsyncFnMut(&Self),
	) {
		let what = format!("{value} in channel {channel} of the device {device}");
		let (client, id) = (self.client(), self.devices[device]);
		until(&what, ARRIVES, async || {
			self.agent.ensure_running();
			self.broker.ensure_running();
			again(self).await;
			let last = client.report(id).await?.last?;
			(last.reading.values.get(channel) == Some(&Some(value))).then_some(())
		})
		.await;
	}

	/// What `cairn agent check` says of a sample, under the schema that the gateway names.
	async fn samples_are_explained(&self) {
		let sample = self.directory.path().join("sample.json");
		let pack = r#"[{"n":"temperature","u":"K","v":296.25},{"n":"stray","v":1}]"#;
		fs::write(&sample, pack).expect("a file");
		let mut command = cairn();
		command.args(["agent", "check", "--output", "json", "--source", "push", "--config"]);
		command.arg(self.directory.path().join("agent.toml")).arg("--sample").arg(&sample);
		let report = serde_json::from_str::<Value>(&succeed(&mut command)).expect("JSON");
		let devices = report["devices"].as_array().expect("devices");
		let push = devices.iter().find(|device| device["device"] == "push").expect("the device");
		let from = &push["channels"][TEMPERATURE]["from"][0];
		assert_eq!((&from["value"], &from["given"]), (&json!(2_310), &json!("296.25 K")));
		assert_eq!(report["left"][0]["code"], json!("unmapped"), "{report}");
		assert_eq!(report["left"][0]["record"], json!("stray"));
	}

	/// JSON and CBOR by HTTP. Until the devices know their schema, senders are asked to wait.
	async fn pushed_senml_arrives(&mut self) {
		let url = format!("http://{}/v1/senml", self.listen);
		let send = async |content: &'static str, body: Vec<u8>| {
			let request = reqwest::Client::new().post(&url).header("content-type", content);
			let answer = request.body(body).send().await.ok()?;
			let status = answer.status().as_u16();
			Some((status, answer.json::<Value>().await.unwrap_or_default()))
		};
		let answer = until("an agent that takes SenML", ARRIVES, async || {
			self.agent.ensure_running();
			let (status, answer) = send("application/senml+json", dated(23.1)).await?;
			assert!(matches!(status, 202 | 503), "{status} {answer}");
			(status == 202).then_some(answer)
		})
		.await;
		assert_eq!((&answer["records"], &answer["values"]), (&json!(1), &json!(1)), "{answer}");
		self.arrives("push", TEMPERATURE, 2_310, async |_| {}).await;

		// [{0: "temperature", 2: 17.5}]
		let mut pack = vec![0x81, 0xa2, 0x00, 0x6b];
		pack.extend_from_slice(b"temperature");
		pack.extend_from_slice(&[0x02, 0xf9, 0x4c, 0x60]);
		let (status, answer) = send("application/senml+cbor", pack).await.expect("an answer");
		assert_eq!((status, &answer["values"]), (202, &json!(1)), "{answer}");
		self.arrives("push", TEMPERATURE, 1_750, async |_| {}).await;
		let (status, answer) = send("application/senml+json", b"[{}]".to_vec()).await.expect("one");
		assert_eq!((status, &answer["code"]), (400, &json!("format-53")));
	}

	/// A packet forwarder's status, acknowledged as the protocol has it.
	async fn datagrams_arrive(&mut self) {
		let socket = UdpSocket::bind(("127.0.0.1", 0)).await.expect("a socket");
		let mut datagram = vec![2, 0xab, 0xcd, 0, 0xaa, 0x55, 0x5a, 0, 0, 0, 1, 1];
		datagram.extend_from_slice(br#"{"stat":{"rxnb":9,"rxok":7,"rxfw":5}}"#);
		self.arrives("radio", COUNT, 7, async |story| {
			socket.send_to(&datagram, story.radio).await.expect("sent");
			let mut answer = [0; 8];
			let received = timeout(ANSWER, socket.recv_from(&mut answer)).await;
			let (length, sender) = received.expect("an answer in time").expect("an answer");
			let expected = ([2, 0xab, 0xcd, 1].as_slice(), story.radio);
			assert_eq!((&answer[..length], sender), expected);
		})
		.await;
	}

	/// 1.5 kWh over two phases, from joules.
	async fn scraped_metrics_arrive(&mut self) {
		self.arrives("meter", ENERGY, 1_500, async |_| {}).await;
	}

	/// Three rows, three readings.
	async fn each_row_of_the_table_arrives_once(&mut self) {
		self.arrives("table", COUNT, 9, async |_| {}).await;
		let report = self.report("table").await;
		assert_eq!(report.accepted, 3, "each row is a reading: {report:?}");
	}

	/// Both versions, over TLS; the broker is restarted, and sends what it has retained once more.
	async fn messages_arrive_whatever_happens_to_the_broker(&mut self) {
		for device in ["three", "five"] {
			let topic = format!("city/{device}/weather");
			self.arrives(device, TEMPERATURE, 2_150, async |story| {
				// The agent may not have subscribed yet.
				story.broker.publish(&topic, &dated(21.5), false);
			})
			.await;
		}
		// What came before has been reported with it, or earlier.
		self.broker.publish("city/three/weather", &dated(22.0), false);
		self.arrives("three", TEMPERATURE, 2_200, async |_| {}).await;
		let before = self.report("three").await.accepted;
		let undated = br#"[{"n":"temperature","u":"Cel","v":40}]"#;
		self.broker.publish("city/three/weather", undated, true);
		self.arrives("three", TEMPERATURE, 4_000, async |_| {}).await;
		self.broker.publish("city/three/more", &dated(42.0), true);
		self.arrives("three", TEMPERATURE, 4_200, async |_| {}).await;
		assert_eq!(self.report("three").await.accepted, before + 2);

		Box::pin(self.broker.restart()).await;
		until("the retained message", ARRIVES, async || {
			self.agent.log().contains("code=retained").then_some(())
		})
		.await;
		// Two readings of another device: more time than one of this device would take.
		for value in [30, 31] {
			self.arrives("five", TEMPERATURE, i64::from(value) * HUNDREDTHS, async |story| {
				story.broker.publish("city/five/weather", &dated(f64::from(value)), false);
			})
			.await;
		}
		self.broker.publish("city/three/weather", &dated(43.0), false);
		self.arrives("three", TEMPERATURE, 4_300, async |_| {}).await;
		let after = self.report("three").await.accepted;
		assert_eq!(after, before + 3, "what the broker retained was not taken once more");
	}

	/// Thousands of messages in a second: one reading for each interval, and the newest value.
	async fn a_flood_costs_old_messages_only(&mut self) {
		let before = self.report("five").await.accepted;
		let memory = self.agent.resident_bytes();
		let began = Instant::now();
		let lines = (1..=FLOOD).map(|number| {
			let value = f64::from(number % 50);
			format!("[{{\"n\":\"temperature\",\"u\":\"Cel\",\"v\":{value}}}]\n")
		});
		self.broker.flood("city/five/weather", &lines.collect::<String>());
		self.arrives("five", TEMPERATURE, 7_700, async |story| {
			// Dated now: not earlier than what the flood has brought.
			story.broker.publish("city/five/weather", &dated(77.0), false);
		})
		.await;
		let made = self.report("five").await.accepted - before;
		let seconds = began.elapsed().as_secs();
		assert!(made <= seconds + 3, "{made} readings in {seconds} s");
		let held = self.agent.resident_bytes();
		assert!(held < memory + MEMORY, "the agent holds {held} bytes, {memory} before");
	}

	/// Data without a birth makes the agent ask; after the birth, data counts.
	async fn sparkplug_arrives_and_births_are_asked_for(&mut self) {
		let command = self.broker.listener("spBv1.0/works/NCMD/pump");
		let asked = tokio::task::spawn_blocking(move || {
			let mut command = command;
			run_to_end(&mut command, COMMAND * 2)
		});
		let data = |seq, value| {
			let metric = Metric {
				name: Some("Flow".to_owned()),
				datatype: Some(10),
				value: Some(MetricValue::Double(value)),
				..Metric::default()
			};
			let (timestamp, metrics) = (Some(now_millis()), vec![metric]);
			Payload { timestamp, metrics, seq: Some(seq) }.encode_to_vec()
		};
		let broker = &self.broker;
		let asking = async {
			loop {
				broker.publish("spBv1.0/works/NDATA/pump", &data(7, 1.0), false);
				tokio::time::sleep(Duration::from_secs(1)).await;
			}
		};
		let Ended { code, output, errors } = tokio::select! {
			ended = asked => ended.expect("a listener does not panic"),
			() = asking => unreachable!("it asks for ever"),
		};
		assert_eq!(code, Some(0), "the agent asks for a birth: {errors}");
		assert_eq!(output.trim(), "spBv1.0/works/NCMD/pump");

		self.broker.publish("spBv1.0/works/NBIRTH/pump", &data(0, 11.0), false);
		self.arrives("node", COUNT, 11, async |_| {}).await;
		self.broker.publish("spBv1.0/works/NDATA/pump", &data(1, 12.0), false);
		self.arrives("node", COUNT, 12, async |_| {}).await;
	}

	/// The agent ends in an orderly way, and nothing of what it sent was refused.
	fn ensure_all_is_well(&mut self) {
		self.agent.terminate(COMMAND);
		for name in DEVICES {
			let file = self.directory.path().join(format!("{name}.key.state"));
			let counts = State::open(&file, 1).and_then(|state| state.counts());
			let counts = counts.unwrap_or_else(|error| panic!("{name}: {error}"));
			assert_eq!((counts.refused, counts.overflowed), (0, 0), "{name}: {counts:?}");
			assert!(counts.delivered > 0, "{name}");
		}
		self.exporter.abort();
		self.broker.ensure_running();
		self.gateway.ensure_running();
		self.node.ensure_running();
	}
}

fn channels() -> Vec<Channel> {
	use ChannelKind::{Counter, Gauge};
	vec![
		channel("temperature", Quantity::Temperature, Unit::Celsius, -2, Gauge),
		channel("count", Quantity::Count, Unit::Count, 0, Counter),
		channel("energy", Quantity::Energy, Unit::WattHour, 0, Counter),
	]
}

/// A pack with a temperature of now, in °C.
fn dated(value: f64) -> Vec<u8> {
	let now = now_millis();
	let (seconds, millis) = (now / 1_000, now % 1_000);
	format!(r#"[{{"n":"temperature","u":"Cel","v":{value},"t":{seconds}.{millis:03}}}]"#)
		.into_bytes()
}

/// An exporter whose meter has two phases; returns where its metrics are.
async fn exporter() -> (JoinHandle<()>, String) {
	const METRICS: &str = "# TYPE energy_joules_total counter\n\
		energy_joules_total{phase=\"1\",direction=\"import\"} 1800000\n\
		energy_joules_total{phase=\"2\",direction=\"import\"} 3.6e6\n\
		energy_joules_total{phase=\"1\",direction=\"export\"} 99\n";
	let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
	let address = listener.local_addr().expect("an address");
	let router = Router::new().route("/metrics", get(|| async { METRICS }));
	let task = tokio::spawn(async move {
		axum::serve(listener, router).await.expect("the exporter serves");
	});
	(task, format!("http://{address}/metrics"))
}

/// The configuration, and the files that it names.
fn prepare(directory: &Path, config: &str) {
	fs::write(directory.join("agent.toml"), config).expect("a file");
	fs::write(directory.join("table.csv"), "cars\n2\n5\n9\n").expect("a file");
	let password = directory.join("password");
	fs::write(&password, Broker::password("agent")).expect("a file");
	private(&password);
}

/// Let nobody else read a file.
fn private(path: &Path) {
	use std::os::unix::fs::PermissionsExt;

	fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("the file's mode");
}

fn configuration(
	gateway: SocketAddr,
	broker: &Broker,
	metrics: &str,
	listen: SocketAddr,
	radio: SocketAddr,
) -> String {
	let mut text = format!("gateway = \"http://{gateway}\"\n");
	let login = format!(
		"url = \"mqtts://localhost:{}\"\nusername = \"agent\"\npasswordFile = \"password\"\n\
		 caFile = \"{}\"\n",
		broker.port,
		broker.authority().display()
	);
	for (name, version) in [("three", "3.1.1"), ("five", "5")] {
		text.push_str(&format!(
			"[source.{name}.mqtt]\n{login}version = \"{version}\"\ntopics = [\"city/{name}/+\"]\n\
			 payload = \"senml+json\"\n"
		));
	}
	text.push_str(&format!(
		"[source.node.mqtt]\n{login}topics = [\"spBv1.0/works/#\"]\npayload = \"sparkplug\"\n\
		 [source.push.senml]\nlisten = \"{listen}\"\n\
		 [source.radio.semtech]\nlisten = \"{radio}\"\n\
		 [source.table.csv]\nfile = \"table.csv\"\npace = \"fast\"\n\
		 layout = {{ shape = {{ wide = [] }} }}\n\
		 [source.meter.scrape]\nurl = \"{metrics}\"\n"
	));
	for (device, input) in [
		("three", ""),
		("five", ""),
		("node", "record = \"works/pump/Flow\"\nchannel = \"count\"\n"),
		("push", ""),
		("radio", "record = \"aa555a0000000101/stat/rxok\"\nchannel = \"count\"\n"),
		("table", "record = \"cars\"\nchannel = \"count\"\n"),
		(
			"meter",
			"metric = 'energy_joules_total{direction=\"import\"}'\nchannel = \"energy\"\n\
			 unit = \"J\"\n",
		),
	] {
		// Rows come in this distance, too: only a pause as long merges two of them into one reading.
		let interval = if device == "table" { "3s" } else { "1s" };
		text.push_str(&format!(
			"[[device]]\nname = \"{device}\"\nkey = \"{device}.key\"\ninterval = \"{interval}\"\n\
			 [[device.input]]\nsource = \"{device}\"\n{input}"
		));
	}
	text
}

/// No node and no gateway is needed to explain a sample under a schema of the library.
#[test]
fn a_sample_is_explained_without_a_gateway() {
	let directory = tempfile::tempdir().expect("a temporary directory");
	let file = |name: &str, text: &str| {
		let path = directory.path().join(name);
		fs::write(&path, text).expect("a file");
		path
	};
	let library = succeed(cairn().args(["schema", "library", "weather"]));
	let schema = file("weather.toml", &library);
	let config = "gateway = \"http://127.0.0.1:9\"\n[source.push.senml]\n\
		listen = \"127.0.0.1:0\"\n[[device]]\nname = \"roof\"\nkey = \"roof.key\"\n\
		[[device.input]]\nsource = \"push\"\nprefix = \"roof/\"\n\
		# Of another schema, which does not matter for a sample of another source.\n\
		[source.meter.scrape]\nurl = \"http://127.0.0.1:9/metrics\"\n\
		[[device]]\nname = \"meter\"\nkey = \"meter.key\"\n[[device.input]]\n\
		source = \"meter\"\nmetric = \"energy_total\"\nchannel = \"energy-import\"\n";
	let path = file("agent.toml", config);
	let sample = file(
		"pack.json",
		r#"[{"bn":"roof/","n":"humidity","u":"%RH","v":55.5},{"n":"x","v":1},
			{"n":"battery","u":"%RH","v":80}]"#,
	);
	let check = |config: &Path, sample: &Path| {
		let mut command = cairn();
		command.args(["agent", "check", "--source", "push", "--config"]).arg(config);
		command.arg("--sample").arg(sample).arg("--schema").arg(&schema);
		run_to_end(&mut command, COMMAND)
	};
	let Ended { code, output, errors } = check(&path, &sample);
	assert_eq!(code, Some(0), "{errors}");
	assert!(output.contains("from push roof/humidity = 55.5 %RH"), "{output}");
	assert!(output.contains("push roof/x = 1: unmapped: "), "{output}");
	let battery = "push roof/battery = 80 %RH for roof battery: format-34: ";
	assert!(output.contains(battery), "{output}");
	assert!(!output.contains("meter"), "{output}");

	let stated = "record = \"roof/humidity\"\nchannel = \"humidity\"\nunit = \"%EL\"";
	let stated = file("stated.toml", &config.replace("prefix = \"roof/\"", stated));
	let Ended { code, errors, .. } = check(&stated, &sample);
	assert_eq!(code, Some(1), "{errors}");
	let mistake = "the input \"roof/humidity\" is in %EL, but its channel \"humidity\" is of the \
		quantity relativeHumidity\n  Remedy: state one of /, /100, %RH, or name another channel";
	assert!(errors.contains(mistake), "{errors}");

	let Ended { code, output, errors } = check(&path, &file("empty.json", "[]"));
	assert_eq!(code, Some(1), "{output}");
	assert!(errors.contains("nothing came") && errors.contains("Remedy: "), "{errors}");

	let wrong = file("wrong.toml", &config.replace("listen", "lissten"));
	let Ended { code, errors, .. } = check(&wrong, &sample);
	assert_eq!(code, Some(1));
	assert!(errors.contains("wrong.toml: line 3, lissten: unknown field"), "{errors}");
}
