//! A device's connection to a broker, of either version.

use std::sync::Arc;

use cairn_telemetry::SignedReading;
use codec::Encode;
use rumqttc::{
	AsyncClient, Event, MqttOptions, Packet, QoS, TlsConfiguration, Transport,
	v5::{
		self,
		mqttbytes::{QoS as QosV5, v5 as packets},
	},
};
use rustls::ClientConfig;
use tokio::{
	sync::mpsc,
	task::JoinHandle,
	time::{sleep, timeout},
};

use super::{
	LIMIT, POLL,
	broker::{RealBroker, password_of},
};
use crate::{
	gateway::testing::DEVICE,
	mqtt::{Version, tls},
	protocol::RefusalNotice,
};

/// Whom it signs in as, and what it is called.
const NAME: &str = "device";
/// Most bytes of a packet.
const PACKET: u32 = 1 << 20;
/// Requests that wait for the connection.
const REQUESTS: usize = 16;
/// How long the broker keeps its session, seconds.
const SESSION: u32 = 3_600;

/// What it hears.
enum Heard {
	Subscribed,
	Acknowledged,
	Message(Vec<u8>),
}

enum Client {
	V3(AsyncClient),
	V5(v5::AsyncClient),
}

/// A device that hears what is refused.
pub(super) struct Device {
	client: Client,
	heard: mpsc::UnboundedReceiver<Heard>,
	task: JoinHandle<()>,
}

impl Device {
	/// To a broker for anybody.
	pub(super) async fn connect(port: u16) -> Self {
		Self::open(port, Version::V3, None).await
	}

	/// To a broker that is known, and knows the device; what the device sends while the broker is away
	/// it sends when the broker is back.
	pub(super) async fn sign_in(broker: &RealBroker, version: Version) -> Self {
		let authority = std::fs::read(broker.authority()).expect("a file");
		let tls = tls::client(Some(&authority)).expect("a certificate");
		Self::open(broker.port, version, Some(tls)).await
	}

	async fn open(port: u16, version: Version, tls: Option<Arc<ClientConfig>>) -> Self {
		let (sender, heard) = mpsc::unbounded_channel();
		let (client, task) = match version {
			Version::V3 => open_v3(port, tls, sender),
			Version::V5 => open_v5(port, tls, sender),
		};
		let mut device = Self { client, heard, task };
		let topic = format!("cairn/1/refusals/1/{DEVICE}");
		let is_asked = match &device.client {
			Client::V3(client) => client.subscribe(topic, QoS::AtLeastOnce).await.is_ok(),
			Client::V5(client) => client.subscribe(topic, QosV5::AtLeastOnce).await.is_ok(),
		};
		assert!(is_asked, "a connection");
		device.hear(|heard| matches!(heard, Heard::Subscribed).then_some(())).await;
		device
	}

	/// The next of a kind.
	async fn hear<T>(&mut self, pick: impl Fn(Heard) -> Option<T>) -> T {
		let heard = async {
			loop {
				if let Some(found) = pick(self.heard.recv().await.expect("a connection")) {
					return found;
				}
			}
		};
		timeout(LIMIT, heard).await.expect("an answer in time")
	}

	/// Publish readings; returns when the broker has them.
	pub(super) async fn publish(&mut self, readings: &[SignedReading]) {
		self.send(readings, false).await;
	}

	/// Publish readings, perhaps for the broker to retain; returns when the broker has them.
	pub(super) async fn send(&mut self, readings: &[SignedReading], is_retained: bool) {
		self.put(readings.to_vec().encode(), true, is_retained).await;
		self.hear(|heard| matches!(heard, Heard::Acknowledged).then_some(())).await;
	}

	/// Publish messages that are no readings, as fast as it goes.
	pub(super) async fn flood(&self, count: u32) {
		for _ in 0..count {
			self.put(vec![0xff], false, false).await;
		}
	}

	async fn put(&self, payload: Vec<u8>, is_acknowledged: bool, is_retained: bool) {
		let topic = format!("cairn/1/readings/1/{DEVICE}");
		let is_sent = match &self.client {
			Client::V3(client) => {
				let quality = if is_acknowledged { QoS::AtLeastOnce } else { QoS::AtMostOnce };
				client.publish(topic, quality, is_retained, payload).await.is_ok()
			},
			Client::V5(client) => {
				let quality = if is_acknowledged { QosV5::AtLeastOnce } else { QosV5::AtMostOnce };
				client.publish(topic, quality, is_retained, payload).await.is_ok()
			},
		};
		assert!(is_sent, "a connection");
	}

	/// The next refusal.
	pub(super) async fn refusal(&mut self) -> RefusalNotice {
		let message = |heard| match heard {
			Heard::Message(payload) => Some(payload),
			Heard::Subscribed | Heard::Acknowledged => None,
		};
		serde_json::from_slice(&self.hear(message).await).expect("JSON")
	}
}

impl Drop for Device {
	fn drop(&mut self) {
		self.task.abort();
	}
}

fn open_v3(
	port: u16,
	tls: Option<Arc<ClientConfig>>,
	sender: mpsc::UnboundedSender<Heard>,
) -> (Client, JoinHandle<()>) {
	let mut options = MqttOptions::new(NAME, "127.0.0.1", port);
	let packet = usize::try_from(PACKET).expect("small");
	options.set_max_packet_size(packet, packet);
	if let Some(tls) = tls {
		options
			.set_clean_session(false)
			.set_credentials(NAME, password_of(NAME))
			.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(tls)));
	}
	let (client, mut events) = AsyncClient::new(options, REQUESTS);
	let task = tokio::spawn(async move {
		loop {
			match Box::pin(events.poll()).await {
				Ok(event) => heard_v3(event).into_iter().for_each(|heard| drop(sender.send(heard))),
				Err(_) => sleep(POLL).await,
			}
		}
	});
	(Client::V3(client), task)
}

fn open_v5(
	port: u16,
	tls: Option<Arc<ClientConfig>>,
	sender: mpsc::UnboundedSender<Heard>,
) -> (Client, JoinHandle<()>) {
	let mut options = v5::MqttOptions::new(NAME, "127.0.0.1", port);
	options.set_max_packet_size(Some(PACKET));
	if let Some(tls) = tls {
		options
			.set_clean_start(false)
			.set_session_expiry_interval(Some(SESSION))
			.set_credentials(NAME, password_of(NAME))
			.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(tls)));
	}
	let (client, mut events) = v5::AsyncClient::new(options, REQUESTS);
	let task = tokio::spawn(async move {
		loop {
			match Box::pin(events.poll()).await {
				Ok(event) => heard_v5(event).into_iter().for_each(|heard| drop(sender.send(heard))),
				Err(_) => sleep(POLL).await,
			}
		}
	});
	(Client::V5(client), task)
}

fn heard_v3(event: Event) -> Option<Heard> {
	match event {
		Event::Incoming(Packet::SubAck(_)) => Some(Heard::Subscribed),
		Event::Incoming(Packet::PubAck(_)) => Some(Heard::Acknowledged),
		Event::Incoming(Packet::Publish(publish)) => Some(Heard::Message(publish.payload.to_vec())),
		_ => None,
	}
}

fn heard_v5(event: v5::Event) -> Option<Heard> {
	match event {
		v5::Event::Incoming(packets::Packet::SubAck(_)) => Some(Heard::Subscribed),
		v5::Event::Incoming(packets::Packet::PubAck(_)) => Some(Heard::Acknowledged),
		v5::Event::Incoming(packets::Packet::Publish(publish)) => {
			Some(Heard::Message(publish.payload.to_vec()))
		},
		_ => None,
	}
}
