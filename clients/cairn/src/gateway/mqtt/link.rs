//! A connection to a broker, whichever version it speaks.

use std::time::Duration;

use rumqttc::{
	AsyncClient, ConnectionError, EventLoop, MqttOptions, Packet, QoS, StateError,
	SubscribeReasonCode, TlsConfiguration, Transport,
	mqttbytes::Error as PacketError,
	v5::{
		self,
		mqttbytes::{Error as PacketErrorV5, QoS as QosV5, v5 as packets},
	},
};

use super::{
	MAX_PAYLOAD, MAX_PENDING,
	options::{Broker, Version},
};

/// Time without a word after which the connection is tried.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// Requests of ours that wait for the connection.
const REQUESTS: usize = 1_024;
/// Refusals that the broker has not acknowledged.
const INFLIGHT: u16 = 64;
/// Most bytes of a packet besides its payload: topic and properties.
const OVERHEAD: u32 = 64 << 10;
/// Most bytes of a packet of MQTT 3.1.1, where the broker cannot be told what is too much.
const MAX_PACKET_V3: usize = 16 << 20;
/// How long a broker that speaks MQTT 5 keeps messages while the gateway is away, seconds: 7 days.
const SESSION: u32 = 7 * 86_400;

/// What happens on a connection.
#[derive(Debug)]
pub(super) enum Event {
	/// It is made.
	Connected,
	/// Whether the broker grants the topics.
	Subscribed(bool),
	/// A message came.
	Message(Message),
	/// Anything else.
	Other,
}

/// A message.
#[derive(Debug)]
pub(super) struct Message {
	pub(super) topic: String,
	pub(super) payload: Vec<u8>,
	pub(super) receipt: Receipt,
}

/// What acknowledges a message: its number on the connection; `None` if nobody waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Receipt(pub(super) Option<u16>);

/// Why a connection ended.
#[derive(Debug)]
pub(super) struct Broken {
	pub(super) cause: String,
	/// The broker sent more at once than is read: it would send it again for ever.
	pub(super) is_poisoned: bool,
}

/// What comes from a broker.
pub(super) enum Events {
	V3(Box<EventLoop>),
	V5(Box<v5::EventLoop>),
}

/// What goes to a broker.
pub(super) enum Requests {
	V3(AsyncClient),
	V5(v5::AsyncClient),
}

/// A connection that is made when it is first asked for events, and made anew after each error. The
/// broker keeps what was not acknowledged, unless it is asked to forget it.
pub(super) fn open(broker: &Broker, forget: bool) -> (Requests, Events) {
	match broker.version {
		Version::V3 => open_v3(broker, forget),
		Version::V5 => open_v5(broker, forget),
	}
}

fn transport(broker: &Broker) -> Transport {
	match &broker.tls {
		Some(tls) => Transport::tls_with_config(TlsConfiguration::Rustls(tls.clone())),
		None => Transport::Tcp,
	}
}

fn open_v3(broker: &Broker, forget: bool) -> (Requests, Events) {
	let mut options = MqttOptions::new(broker.client_id.clone(), broker.host.clone(), broker.port);
	options
		.set_keep_alive(KEEP_ALIVE)
		.set_clean_session(forget)
		.set_manual_acks(true)
		.set_max_packet_size(MAX_PACKET_V3, MAX_PACKET_V3)
		.set_inflight(INFLIGHT)
		.set_transport(transport(broker));
	if let Some((user, password)) = &broker.login {
		options.set_credentials(user.clone(), password.clone());
	}
	let (client, events) = AsyncClient::new(options, REQUESTS);
	(Requests::V3(client), Events::V3(Box::new(events)))
}

fn open_v5(broker: &Broker, forget: bool) -> (Requests, Events) {
	let mut options =
		v5::MqttOptions::new(broker.client_id.clone(), broker.host.clone(), broker.port);
	let most = u32::try_from(MAX_PAYLOAD).unwrap_or(u32::MAX).saturating_add(OVERHEAD);
	options
		.set_keep_alive(KEEP_ALIVE)
		.set_clean_start(forget)
		.set_manual_acks(true)
		.set_session_expiry_interval((!forget).then_some(SESSION))
		.set_receive_maximum(u16::try_from(MAX_PENDING).ok())
		.set_max_packet_size(Some(most))
		.set_outgoing_inflight_upper_limit(INFLIGHT)
		.set_transport(transport(broker));
	if let Some((user, password)) = &broker.login {
		options.set_credentials(user.clone(), password.clone());
	}
	let (client, events) = v5::AsyncClient::new(options, REQUESTS);
	(Requests::V5(client), Events::V5(Box::new(events)))
}

impl Events {
	/// The next event.
	///
	/// # Errors
	/// [`Broken`] if the connection ended or could not be made.
	pub(super) async fn next(&mut self) -> Result<Event, Broken> {
		match self {
			Self::V3(events) => {
				let event = Box::pin(events.poll()).await;
				if event.is_err() {
					// What came before the end is sent again, under numbers that hold then.
					events.state.events.clear();
				}
				event.map(event_v3).map_err(|cause| broken_v3(&cause))
			},
			Self::V5(events) => {
				let event = Box::pin(events.poll()).await;
				if event.is_err() {
					events.state.events.clear();
				}
				event.map(event_v5).map_err(|cause| broken_v5(&cause))
			},
		}
	}
}

fn event_v3(event: rumqttc::Event) -> Event {
	match event {
		rumqttc::Event::Incoming(Packet::ConnAck(_)) => Event::Connected,
		rumqttc::Event::Incoming(Packet::SubAck(answer)) => {
			let granted =
				|code: &SubscribeReasonCode| matches!(code, SubscribeReasonCode::Success(_));
			Event::Subscribed(answer.return_codes.iter().all(granted))
		},
		rumqttc::Event::Incoming(Packet::Publish(publish)) => {
			let receipt = Receipt((publish.qos != QoS::AtMostOnce).then_some(publish.pkid));
			let (topic, payload) = (publish.topic, publish.payload.to_vec());
			Event::Message(Message { topic, payload, receipt })
		},
		_ => Event::Other,
	}
}

fn event_v5(event: v5::Event) -> Event {
	match event {
		v5::Event::Incoming(packets::Packet::ConnAck(_)) => Event::Connected,
		v5::Event::Incoming(packets::Packet::SubAck(answer)) => {
			let granted = |code: &packets::SubscribeReasonCode| {
				matches!(code, packets::SubscribeReasonCode::Success(_))
			};
			Event::Subscribed(answer.return_codes.iter().all(granted))
		},
		v5::Event::Incoming(packets::Packet::Publish(publish)) => {
			let topic = String::from_utf8_lossy(&publish.topic).into_owned();
			let receipt = Receipt((publish.qos != QosV5::AtMostOnce).then_some(publish.pkid));
			Event::Message(Message { topic, payload: publish.payload.to_vec(), receipt })
		},
		_ => Event::Other,
	}
}

fn broken_v3(error: &ConnectionError) -> Broken {
	let is_poisoned = matches!(
		error,
		ConnectionError::MqttState(StateError::Deserialization(
			PacketError::PayloadSizeLimitExceeded(_)
		))
	);
	Broken { cause: error.to_string(), is_poisoned }
}

fn broken_v5(error: &v5::ConnectionError) -> Broken {
	let is_poisoned = matches!(
		error,
		v5::ConnectionError::MqttState(v5::StateError::Deserialization(
			PacketErrorV5::PayloadSizeLimitExceeded { .. }
		))
	);
	Broken { cause: error.to_string(), is_poisoned }
}

impl Requests {
	/// Ask for a topic; false if there is no room to ask.
	pub(super) fn subscribe(&self, filter: &str) -> bool {
		match self {
			Self::V3(client) => client.try_subscribe(filter, QoS::AtLeastOnce).is_ok(),
			Self::V5(client) => client.try_subscribe(filter, QosV5::AtLeastOnce).is_ok(),
		}
	}

	/// Acknowledge a message; false if there is no room to.
	pub(super) fn acknowledge(&self, receipt: Receipt) -> bool {
		let Some(number) = receipt.0 else { return true };
		match self {
			Self::V3(client) => {
				let mut publish = rumqttc::Publish::new("", QoS::AtLeastOnce, Vec::<u8>::new());
				publish.pkid = number;
				client.try_ack(&publish).is_ok()
			},
			Self::V5(client) => {
				let nothing = Vec::<u8>::new();
				let mut publish = packets::Publish::new("", QosV5::AtLeastOnce, nothing, None);
				publish.pkid = number;
				client.try_ack(&publish).is_ok()
			},
		}
	}

	/// Send a message, at least once; false if there is no room to.
	pub(super) fn publish(&self, topic: &str, payload: Vec<u8>) -> bool {
		match self {
			Self::V3(client) => client.try_publish(topic, QoS::AtLeastOnce, false, payload).is_ok(),
			Self::V5(client) => {
				client.try_publish(topic, QosV5::AtLeastOnce, false, payload).is_ok()
			},
		}
	}
}
