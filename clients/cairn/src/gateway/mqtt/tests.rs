//! Readings by way of a real broker, and of one that behaves badly.

mod broker;
mod device;
mod secured;

use std::time::Instant;

use cairn_types::{DeviceId, GatewayId, NetworkId};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpListener, TcpStream},
	task::JoinHandle,
};

use self::{
	broker::{RealBroker, anybody},
	device::Device,
};
use super::*;
use crate::{
	clock::now_millis,
	gateway::testing::{DEVICE, GATEWAY, Served, signed, state},
};

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);
/// What a gateway is called at its broker.
const CLIENT: &str = "cairn-gateway-3";
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

async fn disconnected(served: &Served) {
	let is_away = || (served.app.metrics.mqtt_connected.get() == 0).then_some(());
	until("a gateway that knows", is_away).await;
}

/// Wait until a connection has ended for this reason.
async fn failed(served: &Served, fault: BrokerFault) {
	let failures = served.app.metrics.mqtt_failures.with_label_values(&[fault.code()]);
	until(fault.code(), || (failures.get() >= 1).then_some(())).await;
}

async fn stored(served: &Served, count: u64) {
	until("stored readings", || {
		let note = served.app.store.note(DEVICE).expect("reads")?;
		(note.accepted == count).then_some(())
	})
	.await;
}

/// Wait until the broker has heard that so many messages were taken, since it was started last.
async fn acknowledged(broker: &RealBroker, count: usize) {
	let has_heard = || (broker.acknowledged_by(CLIENT) >= count).then_some(());
	until("acknowledgements of the gateway", has_heard).await;
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
	disconnected(&served).await;
	broker.restart().await;
	connected(&served).await;
	let mut device = Device::connect(broker.port).await;
	device.publish(&[signed(3, now + 2)]).await;
	stored(&served, 3).await;
	failed(&served, BrokerFault::Ended).await;
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
	// Otherwise the broker delivers it again.
	acknowledged(&broker, 1).await;
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
	failed(&served, BrokerFault::TooLarge).await;
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
	failed(&served, BrokerFault::TopicDenied).await;
	task.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fails_when_the_broker_refuses_for_a_reason_of_its_own() {
	// It is not available, in the words of either version.
	for (version, answer) in
		[(Version::V3, &[0x20, 2, 0, 3][..]), (Version::V5, &[0x20, 3, 0, 0x88, 0][..])]
	{
		let (listener, served, task) = bad_broker(version).await;
		let accepted = timeout(LIMIT, listener.accept()).await.expect("a connection in time");
		let (mut stream, _) = accepted.expect("a connection");
		let (kind, _) = read_packet(&mut stream).await;
		assert_eq!(kind, 0x10, "CONNECT");
		stream.write_all(answer).await.expect("CONNACK");
		failed(&served, BrokerFault::Refused).await;
		task.abort();
	}
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
