//! A connection to a broker, whichever version it speaks.

use std::{sync::Arc, time::Duration};

use rumqttc::{
	AsyncClient, EventLoop, MqttOptions, Packet, QoS, SubscribeFilter, SubscribeReasonCode,
	TlsConfiguration, Transport, v5,
};
use rustls::ClientConfig;

use super::{Mqtt, Version};

/// Time without a word after which the connection is tried.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// Most bytes of a packet: a payload of what is read at once, with its topic and properties.
const MOST_PACKET: u32 = (1 << 20) + (1 << 17);
/// Requests of ours that wait for the broker.
const REQUESTS: usize = 64;
/// Messages of ours that the broker has not acknowledged.
const INFLIGHT: u16 = 16;
/// How long a broker keeps messages while the agent is away, if it is asked to, in seconds.
const KEPT: u32 = 86_400;

/// As whom the agent signs in.
pub(super) struct Login {
	pub(super) user: String,
	pub(super) password: String,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
	pub(super) topic: String,
	pub(super) payload: Vec<u8>,
	/// Whether the broker has kept it.
	pub(super) is_retained: bool,
}

/// What happens on a connection.
#[derive(Debug)]
pub(super) enum Event {
	Connected,
	/// For each topic, whether it is granted.
	Subscribed(Vec<bool>),
	Message(Message),
	Other,
}

/// What comes from a broker.
pub(super) enum Link {
	V3(Box<EventLoop>),
	V5(Box<v5::EventLoop>),
}

/// What goes to a broker.
#[derive(Clone)]
pub(super) enum Requests {
	V3(AsyncClient),
	V5(v5::AsyncClient),
}

impl Link {
	/// A connection that is made when it is first asked for events.
	pub(super) fn new(
		settings: &Mqtt,
		client_id: String,
		login: Option<Login>,
		tls: Option<Arc<ClientConfig>>,
	) -> (Self, Requests) {
		let transport = tls.map_or(Transport::Tcp, |tls| {
			Transport::tls_with_config(TlsConfiguration::Rustls(tls))
		});
		match settings.version {
			Version::V3 => connect_v3(settings, client_id, login, transport),
			Version::V5 => connect_v5(settings, client_id, login, transport),
		}
	}

	/// The next event. After an error, the connection is made anew.
	pub(super) async fn next(&mut self) -> Result<Event, String> {
		match self {
			Self::V3(events) => {
				let event = Box::pin(events.poll()).await;
				event.map(event_of_v3).map_err(|cause| cause.to_string())
			},
			Self::V5(events) => {
				let event = Box::pin(events.poll()).await;
				event.map(event_of_v5).map_err(|cause| cause.to_string())
			},
		}
	}
}

fn connect_v3(
	settings: &Mqtt,
	client_id: String,
	login: Option<Login>,
	transport: Transport,
) -> (Link, Requests) {
	let address = &settings.address;
	let mut options = MqttOptions::new(client_id, address.host.clone(), address.port);
	let most = usize::try_from(MOST_PACKET).unwrap_or(usize::MAX);
	options
		.set_keep_alive(KEEP_ALIVE)
		.set_clean_session(!settings.is_persistent)
		.set_max_packet_size(most, most)
		.set_inflight(INFLIGHT)
		.set_transport(transport);
	if let Some(Login { user, password }) = login {
		options.set_credentials(user, password);
	}
	let (client, events) = AsyncClient::new(options, REQUESTS);
	(Link::V3(Box::new(events)), Requests::V3(client))
}

fn connect_v5(
	settings: &Mqtt,
	client_id: String,
	login: Option<Login>,
	transport: Transport,
) -> (Link, Requests) {
	let address = &settings.address;
	let mut options = v5::MqttOptions::new(client_id, address.host.clone(), address.port);
	options
		.set_keep_alive(KEEP_ALIVE)
		.set_clean_start(!settings.is_persistent)
		.set_session_expiry_interval(settings.is_persistent.then_some(KEPT))
		.set_max_packet_size(Some(MOST_PACKET))
		.set_outgoing_inflight_upper_limit(INFLIGHT)
		.set_transport(transport);
	if let Some(Login { user, password }) = login {
		options.set_credentials(user, password);
	}
	let (client, events) = v5::AsyncClient::new(options, REQUESTS);
	(Link::V5(Box::new(events)), Requests::V5(client))
}

fn event_of_v3(event: rumqttc::Event) -> Event {
	match event {
		rumqttc::Event::Incoming(Packet::ConnAck(_)) => Event::Connected,
		rumqttc::Event::Incoming(Packet::SubAck(answer)) => {
			let granted = answer.return_codes.iter();
			let granted = granted.map(|code| matches!(code, SubscribeReasonCode::Success(_)));
			Event::Subscribed(granted.collect())
		},
		rumqttc::Event::Incoming(Packet::Publish(message)) => Event::Message(Message {
			topic: message.topic,
			payload: message.payload.to_vec(),
			is_retained: message.retain,
		}),
		_ => Event::Other,
	}
}

fn event_of_v5(event: v5::Event) -> Event {
	use v5::mqttbytes::v5::{Packet, SubscribeReasonCode};

	match event {
		v5::Event::Incoming(Packet::ConnAck(_)) => Event::Connected,
		v5::Event::Incoming(Packet::SubAck(answer)) => {
			let granted = answer.return_codes.iter();
			let granted = granted.map(|code| matches!(code, SubscribeReasonCode::Success(_)));
			Event::Subscribed(granted.collect())
		},
		v5::Event::Incoming(Packet::Publish(message)) => Event::Message(Message {
			topic: String::from_utf8_lossy(&message.topic).into_owned(),
			payload: message.payload.to_vec(),
			is_retained: message.retain,
		}),
		_ => Event::Other,
	}
}

impl Requests {
	/// Ask for the topics. Where the broker still has the subscription, version 5 does not send what
	/// it has retained once more.
	pub(super) fn subscribe(&self, settings: &Mqtt) -> Result<(), String> {
		let topics = settings.topics.iter().map(|topic| topic.as_str().to_owned());
		match self {
			Self::V3(client) => {
				let level =
					if settings.is_acknowledged { QoS::AtLeastOnce } else { QoS::AtMostOnce };
				let filters = topics.map(|topic| SubscribeFilter::new(topic, level));
				client.try_subscribe_many(filters).map_err(|cause| cause.to_string())
			},
			Self::V5(client) => {
				use v5::mqttbytes::{
					QoS,
					v5::{Filter, RetainForwardRule},
				};

				let level =
					if settings.is_acknowledged { QoS::AtLeastOnce } else { QoS::AtMostOnce };
				let filters = topics.map(|topic| Filter {
					retain_forward_rule: RetainForwardRule::OnNewSubscribe,
					..Filter::new(topic, level)
				});
				client.try_subscribe_many(filters).map_err(|cause| cause.to_string())
			},
		}
	}

	/// Send a message, at most once.
	pub(super) fn publish(&self, topic: &str, payload: Vec<u8>) -> Result<(), String> {
		match self {
			Self::V3(client) => client
				.try_publish(topic, QoS::AtMostOnce, false, payload)
				.map_err(|cause| cause.to_string()),
			Self::V5(client) => client
				.try_publish(topic, v5::mqttbytes::QoS::AtMostOnce, false, payload)
				.map_err(|cause| cause.to_string()),
		}
	}
}
