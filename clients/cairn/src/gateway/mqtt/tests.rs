//! Readings by way of a real broker, and of one that behaves badly.

use std::{
	fs,
	net::TcpStream as Probe,
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
	time::Instant,
};

use cairn_telemetry::SignedReading;
use cairn_types::{DeviceId, GatewayId, NetworkId};
use codec::Encode;
use rumqttc::{AsyncClient, Event as DeviceEvent, MqttOptions, Packet, QoS};
use tempfile::TempDir;
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpListener, TcpStream},
	sync::mpsc,
	task::JoinHandle,
};

use super::*;
use crate::{
	clock::now_millis,
	demo::place::free_ports,
	gateway::testing::{DEVICE, GATEWAY, Served, signed, state},
	protocol::RefusalNotice,
	secret,
};

/// Debian's broker.
const BROKER: &str = "/usr/sbin/mosquitto";
/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);
/// Messages of a flood.
const FLOOD: u32 = 5_000;

/// What `probe` finds, looked for until it finds something.
async fn until<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
	let end = Instant::now() + LIMIT;
	loop {
		if let Some(found) = probe() {
			return found;
		}
		assert!(Instant::now() < end, "not in time: {what}");
		sleep(POLL).await;
	}
}

/// A running broker; ends when dropped.
struct RealBroker {
	child: Child,
	port: u16,
	directory: TempDir,
}

impl RealBroker {
	/// Start one; `lines` are added to its configuration, after its listener.
	async fn start(lines: impl Fn(&Path) -> String) -> Self {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let [port] = free_ports().expect("a free port");
		let user = "user root\npersistence false\nmax_queued_messages 0\n";
		let more = lines(directory.path());
		let text = format!("{user}listener {port} 127.0.0.1\n{more}");
		fs::write(directory.path().join("broker.conf"), text).expect("a file");
		let mut broker = Self { child: Self::spawn(directory.path()), port, directory };
		broker.wait().await;
		broker
	}

	fn spawn(directory: &Path) -> Child {
		let mut command = Command::new(BROKER);
		command.arg("-c").arg(directory.join("broker.conf"));
		let log = fs::File::create(directory.join("log")).expect("a file");
		command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
		command.spawn().expect("mosquitto is installed: make setup")
	}

	async fn wait(&mut self) {
		let port = self.port;
		until("a broker that listens", || {
			let ended = self.child.try_wait().expect("a child's status");
			let log = fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
			assert!(ended.is_none(), "the broker has ended: {log}");
			Probe::connect(("127.0.0.1", port)).ok()
		})
		.await;
	}

	fn kill(&mut self) {
		drop(self.child.kill());
		drop(self.child.wait());
	}

	async fn restart(&mut self) {
		self.child = Self::spawn(self.directory.path());
		self.wait().await;
	}
}

impl Drop for RealBroker {
	fn drop(&mut self) {
		self.kill();
	}
}

fn anybody(_: &Path) -> String {
	"allow_anonymous true\n".to_owned()
}

fn args(port: u16, version: Version) -> MqttArgs {
	let url = format!("mqtt://127.0.0.1:{port}");
	MqttArgs { mqtt: Some(url), mqtt_version: version, ..MqttArgs::default() }
}

/// Let a gateway listen to a broker.
fn listen(served: &Served, args: &MqttArgs) -> JoinHandle<()> {
	let broker = args.broker(GATEWAY, NetworkId(1)).expect("nothing is wrong");
	let mqtt = Mqtt::new(served.app.clone(), broker.expect("a broker"));
	tokio::spawn(mqtt.run())
}

async fn connected(served: &Served) {
	let is_connected = || (served.app.metrics.mqtt_connected.get() == 1).then_some(());
	until("a gateway that listens", is_connected).await;
}

async fn stored(served: &Served, count: u64) {
	until("stored readings", || {
		let note = served.app.store.note(DEVICE).expect("reads")?;
		(note.accepted == count).then_some(())
	})
	.await;
}

/// A device's connection to a broker.
struct Device {
	client: AsyncClient,
	/// What it hears.
	heard: mpsc::UnboundedReceiver<Packet>,
	task: JoinHandle<()>,
}

impl Device {
	async fn connect(port: u16) -> Self {
		let mut options = MqttOptions::new("device", "127.0.0.1", port);
		options.set_max_packet_size(1 << 20, 1 << 20);
		let (client, mut events) = AsyncClient::new(options, 16);
		let (sender, heard) = mpsc::unbounded_channel();
		let task = tokio::spawn(async move {
			loop {
				match events.poll().await {
					Ok(DeviceEvent::Incoming(packet)) => drop(sender.send(packet)),
					Ok(DeviceEvent::Outgoing(_)) => {},
					Err(_) => sleep(POLL).await,
				}
			}
		});
		let mut device = Self { client, heard, task };
		let topic = format!("cairn/1/refusals/1/{DEVICE}");
		device.client.subscribe(topic, QoS::AtLeastOnce).await.expect("a connection");
		device.hear(|packet| matches!(packet, Packet::SubAck(_))).await;
		device
	}

	/// The next packet of a kind.
	async fn hear(&mut self, is_wanted: impl Fn(&Packet) -> bool) -> Packet {
		let heard = async {
			loop {
				let packet = self.heard.recv().await.expect("a connection");
				if is_wanted(&packet) {
					return packet;
				}
			}
		};
		timeout(LIMIT, heard).await.expect("an answer in time")
	}

	/// Publish readings; returns when the broker has them.
	async fn publish(&mut self, readings: &[SignedReading]) {
		self.send(readings, false).await;
	}

	/// Publish readings, perhaps for the broker to retain; returns when the broker has them.
	async fn send(&mut self, readings: &[SignedReading], is_retained: bool) {
		let topic = format!("cairn/1/readings/1/{DEVICE}");
		let payload = readings.to_vec().encode();
		let sent = self.client.publish(topic, QoS::AtLeastOnce, is_retained, payload).await;
		sent.expect("a connection");
		self.hear(|packet| matches!(packet, Packet::PubAck(_))).await;
	}

	/// Publish messages that are no readings, as fast as it goes.
	async fn flood(&self, count: u32) {
		let topic = format!("cairn/1/readings/1/{DEVICE}");
		for _ in 0..count {
			let sent =
				self.client.publish(topic.as_str(), QoS::AtMostOnce, false, vec![0xff]).await;
			sent.expect("a connection");
		}
	}

	async fn refusal(&mut self) -> RefusalNotice {
		let packet = self.hear(|packet| matches!(packet, Packet::Publish(_))).await;
		let Packet::Publish(publish) = packet else { unreachable!("it is one") };
		serde_json::from_slice(&publish.payload).expect("JSON")
	}
}

impl Drop for Device {
	fn drop(&mut self) {
		self.task.abort();
	}
}

/// Readings pass, refusals come back, and a broker that was away is found again.
async fn passes(version: Version) {
	let mut broker = RealBroker::start(anybody).await;
	let served = Served::start(Some(state()), 1_000).await;
	let task = listen(&served, &args(broker.port, version));
	connected(&served).await;
	let mut device = Device::connect(broker.port).await;
	let now = now_millis();
	device.publish(&[signed(1, now), signed(2, now + 1)]).await;
	stored(&served, 2).await;

	let mut forged = signed(3, now + 2);
	forged.reading.time += 1;
	device.publish(&[forged]).await;
	let notice = device.refusal().await;
	assert_eq!((notice.gateway, notice.device), (GatewayId(3), DeviceId(4)));
	assert_eq!((notice.sequence, notice.code.as_str()), (Some(3), "bad_signature"));
	assert!(!notice.remedy.is_empty() && !notice.retry);

	drop(device);
	broker.kill();
	let is_away = || (served.app.metrics.mqtt_connected.get() == 0).then_some(());
	until("a gateway that knows", is_away).await;
	broker.restart().await;
	connected(&served).await;
	let mut device = Device::connect(broker.port).await;
	device.publish(&[signed(3, now + 2)]).await;
	stored(&served, 3).await;
	assert!(served.app.metrics.mqtt_failures.get() >= 1);
	task.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn works_when_the_broker_speaks_3_1_1() {
	passes(Version::V3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn works_when_the_broker_speaks_5() {
	passes(Version::V5).await;
}

/// A message that a gateway has not stored is delivered again when the gateway is back.
async fn delivers_again(version: Version) {
	let broker = RealBroker::start(anybody).await;
	// This one does not know its chain: it stores nothing.
	let unsynced = Served::start(None, 100).await;
	let task = listen(&unsynced, &args(broker.port, version));
	connected(&unsynced).await;
	let mut device = Device::connect(broker.port).await;
	device.publish(&[signed(1, now_millis())]).await;
	let is_waiting = || (unsynced.app.metrics.mqtt_pending.get() == 1).then_some(());
	until("a message that waits", is_waiting).await;
	task.abort();
	drop(task.await);
	// Published while nobody listens.
	device.publish(&[signed(2, now_millis() + 1)]).await;

	let served = Served::start(Some(state()), 100).await;
	let task = listen(&served, &args(broker.port, version));
	stored(&served, 2).await;
	task.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_over_3_1_1() {
	delivers_again(Version::V3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_over_5() {
	delivers_again(Version::V5).await;
}

/// What the broker has retained comes with each subscription (with MQTT 5 only with a new one), and
/// counts once.
async fn retains(version: Version) {
	let broker = RealBroker::start(anybody).await;
	let mut device = Device::connect(broker.port).await;
	let now = now_millis();
	device.send(&[signed(1, now)], true).await;
	let served = Served::start(Some(state()), 100).await;
	let task = listen(&served, &args(broker.port, version));
	stored(&served, 1).await;
	task.abort();
	drop(task.await);

	let task = listen(&served, &args(broker.port, version));
	let times = || served.app.metrics.duplicates.get();
	if version == Version::V3 {
		until("the retained reading once more", || (times() >= 1).then_some(())).await;
	}
	device.publish(&[signed(2, now + 1)]).await;
	stored(&served, 2).await;
	assert_eq!(times() > 0, version == Version::V3);
	task.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_retained_counts_once_over_3_1_1() {
	retains(Version::V3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_retained_counts_once_over_5() {
	retains(Version::V5).await;
}

/// Thousands of messages that are no readings: the reading behind them is taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_survived() {
	let broker = RealBroker::start(anybody).await;
	let served = Served::start(Some(state()), 100).await;
	let task = listen(&served, &args(broker.port, Version::V5));
	connected(&served).await;
	let mut device = Device::connect(broker.port).await;
	device.flood(FLOOD).await;
	device.publish(&[signed(1, now_millis())]).await;
	stored(&served, 1).await;
	let malformed = served.app.metrics.mqtt_messages.with_label_values(&["malformed"]);
	assert!(malformed.get() > 0, "none of the flood has come");
	task.abort();
}

/// Run a program to its end.
fn run(directory: &Path, program: &str, arguments: &[&str]) {
	let output = Command::new(program).args(arguments).current_dir(directory).output();
	let output = output.unwrap_or_else(|cause| panic!("{program}: {cause}"));
	assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

/// An authority, a broker's certificate of it, and a user with a password.
fn secured(directory: &Path) -> String {
	let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
	let own = ["-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=authority"];
	run(directory, "openssl", &[&["req", "-x509"][..], &key, &own].concat());
	let request = ["-keyout", "broker.key", "-out", "broker.csr", "-subj", "/CN=broker"];
	run(directory, "openssl", &[&["req"][..], &key, &request].concat());
	fs::write(directory.join("names"), "subjectAltName=IP:127.0.0.1\n").expect("a file");
	let sign = ["x509", "-req", "-in", "broker.csr", "-CA", "ca.pem", "-CAkey", "ca.key"];
	let into = ["-CAcreateserial", "-out", "broker.pem", "-days", "2", "-extfile", "names"];
	run(directory, "openssl", &[&sign[..], &into].concat());
	run(directory, "mosquitto_passwd", &["-b", "-c", "users", "gateway", "right"]);
	let place = |name: &str| directory.join(name).display().to_string();
	format!(
		"allow_anonymous false\npassword_file {}\ncafile {}\ncertfile {}\nkeyfile {}\n",
		place("users"),
		place("ca.pem"),
		place("broker.pem"),
		place("broker.key")
	)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn works_when_the_broker_is_known_and_knows_the_gateway() {
	let broker = RealBroker::start(secured).await;
	let directory = broker.directory.path();
	let password = |text: &str| -> PathBuf {
		let file = directory.join(text);
		secret::tests::write(&file, text);
		file
	};
	for version in [Version::V3, Version::V5] {
		let right = MqttArgs {
			mqtt: Some(format!("mqtts://127.0.0.1:{}", broker.port)),
			mqtt_version: version,
			mqtt_user: Some("gateway".to_owned()),
			mqtt_password_file: Some(password("right")),
			mqtt_ca: Some(directory.join("ca.pem")),
			mqtt_client_id: Some(format!("{version:?}")),
		};
		let served = Served::start(Some(state()), 100).await;
		let task = listen(&served, &right);
		connected(&served).await;
		task.abort();

		let wrong = MqttArgs { mqtt_password_file: Some(password("wrong")), ..right.clone() };
		let plain = MqttArgs { mqtt: args(broker.port, version).mqtt, ..right.clone() };
		// It trusts no authority of ours.
		let stranger = tempfile::tempdir().expect("a temporary directory");
		secured(stranger.path());
		let strange = MqttArgs { mqtt_ca: Some(stranger.path().join("ca.pem")), ..right };
		for args in [wrong, plain, strange] {
			let served = Served::start(Some(state()), 100).await;
			let task = listen(&served, &args);
			let has_failed = || (served.app.metrics.mqtt_failures.get() >= 2).then_some(());
			until("two failures", has_failed).await;
			assert_eq!(served.app.metrics.mqtt_connected.get(), 0);
			task.abort();
		}
	}
}

/// Read one packet of MQTT; returns its first byte and what follows its length.
async fn read_packet(stream: &mut TcpStream) -> (u8, Vec<u8>) {
	let kind = stream.read_u8().await.expect("a packet");
	let (mut length, mut shift) = (0usize, 0);
	loop {
		let byte = stream.read_u8().await.expect("a length");
		length |= usize::from(byte & 0x7f) << shift;
		shift += 7;
		if byte & 0x80 == 0 {
			break;
		}
	}
	let mut body = vec![0; length];
	stream.read_exact(&mut body).await.expect("a body");
	(kind, body)
}

/// Take the next connection; returns it, and whether it asks for a clean session.
async fn accept(listener: &TcpListener, version: Version) -> (TcpStream, bool) {
	let accepted = timeout(LIMIT, listener.accept()).await.expect("a connection in time");
	let (mut stream, _) = accepted.expect("a connection");
	let (kind, body) = read_packet(&mut stream).await;
	// CONNACK of MQTT 5 has properties: none.
	let (level, answer): (u8, &[u8]) = match version {
		Version::V3 => (4, &[0x20, 2, 0, 0]),
		Version::V5 => (5, &[0x20, 3, 0, 0, 0]),
	};
	assert_eq!((kind, &body[..6], body[6]), (0x10, &b"\0\x04MQTT"[..], level), "CONNECT");
	let is_clean = body[7] & 0x02 != 0;
	stream.write_all(answer).await.expect("CONNACK");
	(stream, is_clean)
}

/// Answer the next subscription.
async fn grant(stream: &mut TcpStream, version: Version, code: u8) {
	let (kind, body) = read_packet(stream).await;
	assert_eq!(kind, 0x82, "SUBSCRIBE");
	// MQTT 5: what is retained comes with new subscriptions only; the answer has no properties.
	let (asked, answer): (&[u8], Vec<u8>) = match version {
		Version::V3 => (b"cairn/1/readings/1/+\x01", vec![0x90, 3, body[0], body[1], code]),
		Version::V5 => (b"cairn/1/readings/1/+\x11", vec![0x90, 4, body[0], body[1], 0, code]),
	};
	assert!(body.ends_with(asked), "{body:?}");
	stream.write_all(&answer).await.expect("SUBACK");
}

/// Where a broker that behaves badly listens, and the gateway that listens to it.
async fn bad_broker(version: Version) -> (TcpListener, Served, JoinHandle<()>) {
	let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
	let port = listener.local_addr().expect("an address").port();
	let served = Served::start(Some(state()), 100).await;
	let task = listen(&served, &args(port, version));
	(listener, served, task)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_beyond_what_the_broker_was_told_ends_the_session() {
	let (listener, served, task) = bad_broker(Version::V5).await;
	let (mut stream, is_clean) = accept(&listener, Version::V5).await;
	assert!(!is_clean, "the broker is to keep messages");
	grant(&mut stream, Version::V5, 1).await;
	connected(&served).await;
	// A message of 256 MiB is announced: as it is kept, it would come again for ever.
	stream.write_all(&[0x30, 0xff, 0xff, 0xff, 0x7f]).await.expect("a header");
	let (_stream, is_clean) = accept(&listener, Version::V5).await;
	assert!(is_clean, "the session is forgotten");
	let (mut stream, is_clean) = accept(&listener, Version::V5).await;
	assert!(!is_clean, "and begun anew");
	grant(&mut stream, Version::V5, 1).await;
	connected(&served).await;
	task.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_behaves_badly_is_tried_again() {
	let (listener, served, task) = bad_broker(Version::V3).await;
	let (mut stream, _) = accept(&listener, Version::V3).await;
	// The topic is not granted.
	grant(&mut stream, Version::V3, 0x80).await;
	let (mut stream, _) = accept(&listener, Version::V3).await;
	grant(&mut stream, Version::V3, 1).await;
	connected(&served).await;
	assert!(served.app.metrics.mqtt_failures.get() >= 1);
	task.abort();
}

/// A broker of MQTT 3.1.1 cannot be told what is too much, and what it retains comes with every
/// subscription.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_any_size_is_read_past_over_3_1_1() {
	let (listener, served, task) = bad_broker(Version::V3).await;
	let topic = b"\0\x14cairn/1/readings/1/4\0\x07";
	let payload = PACKET_V3 + 1;
	let length = topic.len() + payload;
	// Its length, seven bits a byte.
	let digit = |place: u32| u8::try_from((length >> (7 * place)) & 0x7f).expect("seven bits");
	// PUBLISH with QoS 1, retained.
	let announced = [0x33, digit(0) | 0x80, digit(1) | 0x80, digit(2) | 0x80, digit(3)];
	let head = [&announced[..], &topic[..]].concat();

	let (mut stream, _) = accept(&listener, Version::V3).await;
	grant(&mut stream, Version::V3, 1).await;
	connected(&served).await;
	stream.write_all(&head).await.expect("the beginning of a message");
	// It is not read where 16 MiB are the limit, and the session is kept.
	let (mut stream, is_clean) = accept(&listener, Version::V3).await;
	assert!(!is_clean, "what waits behind it is not lost");
	grant(&mut stream, Version::V3, 1).await;
	stream.write_all(&head).await.expect("the beginning of a message");
	let (mut reader, mut writer) = stream.into_split();
	let rest = tokio::spawn(async move {
		writer.write_all(&vec![0xff; payload]).await.expect("the rest of it");
		writer
	});
	let mut answer = [0; 4];
	let read = timeout(LIMIT, reader.read_exact(&mut answer)).await;
	read.expect("an answer in time").expect("a connection");
	assert_eq!(answer, [0x40, 2, 0, 7], "PUBACK");
	drop(rest.await.expect("no panic"));
	assert_eq!(served.app.metrics.mqtt_oversized.get(), 1);
	let refused = served.app.metrics.rejected.with_label_values(&["too_large"]);
	assert_eq!(refused.get(), 1);
	task.abort();
}
