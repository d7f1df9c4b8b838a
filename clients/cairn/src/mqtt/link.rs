//! A connection to a broker, whichever version it speaks.

use std::{sync::Arc, time::Duration};

use rumqttc::{
	AsyncClient, ConnectReturnCode, ConnectionError, EventLoop, MqttOptions, NetworkOptions,
	Packet, QoS, StateError, SubscribeFilter, SubscribeReasonCode, TlsConfiguration, TlsError,
	Transport,
	mqttbytes::Error as PacketError,
	v5::{
		self,
		mqttbytes::{Error as PacketErrorV5, QoS as QosV5, v5 as packets},
	},
};
use rustls::{CertificateError, ClientConfig};

use super::{Address, BrokerFault, Version};

/// How to connect.
#[derive(Clone)]
pub(crate) struct Settings {
	/// Where the broker is.
	pub(crate) address: Address,
	/// Set if it speaks TLS.
	pub(crate) tls: Option<Arc<ClientConfig>>,
	/// The protocol.
	pub(crate) version: Version,
	/// Name and password.
	pub(crate) login: Option<(String, String)>,
	/// Under which name the broker keeps the session.
	pub(crate) client_id: String,
	/// How long a broker that speaks MQTT 5 keeps messages while nobody listens, seconds; `None` if no
	/// broker is to keep any, and those that it has are to be forgotten.
	pub(crate) kept: Option<u32>,
	/// Whether messages are acknowledged by their receipts, not when they come.
	pub(crate) by_receipt: bool,
	/// What is borne.
	pub(crate) limits: Limits,
}

/// What a connection bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
	/// Time without a word after which the connection is tried.
	pub(crate) keep_alive: Duration,
	/// Most bytes of a packet of MQTT 3.1.1, where the broker cannot be told what is too much.
	pub(crate) packet_v3: usize,
	/// Most bytes of a packet of MQTT 5.
	pub(crate) packet_v5: u32,
	/// Most messages that wait for their receipts; with MQTT 5 the broker is told.
	pub(crate) waiting: Option<u16>,
	/// Requests of ours that wait for the connection.
	pub(crate) requests: usize,
	/// Messages of ours that the broker has not acknowledged.
	pub(crate) inflight: u16,
}

/// What happens on a connection.
#[derive(Debug)]
pub(crate) enum Event {
	/// It is made.
	Connected,
	/// For each topic, whether the broker grants it.
	Subscribed(Vec<bool>),
	/// A message came.
	Message(Message),
	/// Anything else.
	Other,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
	pub(crate) topic: String,
	pub(crate) payload: Vec<u8>,
	/// Whether the broker has kept it.
	pub(crate) is_retained: bool,
	pub(crate) receipt: Receipt,
}

/// What acknowledges a message: its number on the connection; `None` if nobody waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Receipt(pub(crate) Option<u16>);

/// Why a connection ended.
#[derive(Debug)]
pub(crate) struct Broken {
	pub(crate) cause: String,
	/// [`BrokerFault::TooLarge`] would come again for ever: the broker keeps what it could not send.
	pub(crate) fault: BrokerFault,
}

/// What comes from a broker.
pub(crate) struct Events {
	/// Whether messages are acknowledged by their receipts.
	by_receipt: bool,
	stream: Stream,
}

enum Stream {
	V3(Box<EventLoop>),
	V5(Box<v5::EventLoop>),
}

/// What goes to a broker.
pub(crate) enum Requests {
	V3(AsyncClient),
	V5(v5::AsyncClient),
}

/// A connection that is made when it is first asked for events, and made anew after each error.
pub(crate) fn open(settings: &Settings) -> (Requests, Events) {
	let (requests, stream) = match settings.version {
		Version::V3 => open_v3(settings),
		Version::V5 => open_v5(settings),
	};
	(requests, Events { by_receipt: settings.by_receipt, stream })
}

fn transport(settings: &Settings) -> Transport {
	match &settings.tls {
		Some(tls) => Transport::tls_with_config(TlsConfiguration::Rustls(tls.clone())),
		None => Transport::Tcp,
	}
}

/// Acknowledgements are a few bytes each: none waits until the broker has the one before it.
fn network() -> NetworkOptions {
	let mut options = NetworkOptions::new();
	options.set_tcp_nodelay(true);
	options
}

fn open_v3(settings: &Settings) -> (Requests, Stream) {
	let Settings { address, limits, .. } = settings;
	let mut options =
		MqttOptions::new(settings.client_id.clone(), address.host.clone(), address.port);
	options
		.set_keep_alive(limits.keep_alive)
		.set_clean_session(settings.kept.is_none())
		.set_manual_acks(settings.by_receipt)
		.set_max_packet_size(limits.packet_v3, limits.packet_v3)
		.set_inflight(limits.inflight)
		.set_transport(transport(settings));
	if let Some((user, password)) = &settings.login {
		options.set_credentials(user.clone(), password.clone());
	}
	let (client, mut events) = AsyncClient::new(options, limits.requests);
	events.set_network_options(network());
	(Requests::V3(client), Stream::V3(Box::new(events)))
}

fn open_v5(settings: &Settings) -> (Requests, Stream) {
	let Settings { address, limits, .. } = settings;
	let mut options =
		v5::MqttOptions::new(settings.client_id.clone(), address.host.clone(), address.port);
	options
		.set_keep_alive(limits.keep_alive)
		.set_clean_start(settings.kept.is_none())
		.set_manual_acks(settings.by_receipt)
		.set_session_expiry_interval(settings.kept)
		.set_receive_maximum(limits.waiting)
		.set_max_packet_size(Some(limits.packet_v5))
		.set_outgoing_inflight_upper_limit(limits.inflight)
		.set_network_options(network())
		.set_transport(transport(settings));
	if let Some((user, password)) = &settings.login {
		options.set_credentials(user.clone(), password.clone());
	}
	let (client, events) = v5::AsyncClient::new(options, limits.requests);
	(Requests::V5(client), Stream::V5(Box::new(events)))
}

impl Events {
	/// The next event.
	///
	/// # Errors
	/// [`Broken`] if the connection ended or could not be made.
	pub(crate) async fn next(&mut self) -> Result<Event, Broken> {
		match &mut self.stream {
			Stream::V3(events) => {
				let event = Box::pin(events.poll()).await;
				if event.is_err() && self.by_receipt {
					// What came before the end is sent again, under numbers that hold then.
					events.state.events.clear();
				}
				event.map(event_v3).map_err(|cause| broken_v3(&cause))
			},
			Stream::V5(events) => {
				let event = Box::pin(events.poll()).await;
				if event.is_err() && self.by_receipt {
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
			let granted = answer.return_codes.iter();
			let granted = granted.map(|code| matches!(code, SubscribeReasonCode::Success(_)));
			Event::Subscribed(granted.collect())
		},
		rumqttc::Event::Incoming(Packet::Publish(publish)) => Event::Message(Message {
			receipt: Receipt((publish.qos != QoS::AtMostOnce).then_some(publish.pkid)),
			topic: publish.topic,
			payload: publish.payload.to_vec(),
			is_retained: publish.retain,
		}),
		_ => Event::Other,
	}
}

fn event_v5(event: v5::Event) -> Event {
	match event {
		v5::Event::Incoming(packets::Packet::ConnAck(_)) => Event::Connected,
		v5::Event::Incoming(packets::Packet::SubAck(answer)) => {
			let granted = answer.return_codes.iter();
			let granted =
				granted.map(|code| matches!(code, packets::SubscribeReasonCode::Success(_)));
			Event::Subscribed(granted.collect())
		},
		v5::Event::Incoming(packets::Packet::Publish(publish)) => Event::Message(Message {
			receipt: Receipt((publish.qos != QosV5::AtMostOnce).then_some(publish.pkid)),
			topic: String::from_utf8_lossy(&publish.topic).into_owned(),
			payload: publish.payload.to_vec(),
			is_retained: publish.retain,
		}),
		_ => Event::Other,
	}
}

fn broken_v3(error: &ConnectionError) -> Broken {
	let fault = match error {
		ConnectionError::MqttState(StateError::Deserialization(
			PacketError::PayloadSizeLimitExceeded(_),
		)) => BrokerFault::TooLarge,
		// Both come while a connection is being made only.
		ConnectionError::Io(_) | ConnectionError::NetworkTimeout => BrokerFault::Unreachable,
		ConnectionError::Tls(cause) => of_tls(cause),
		ConnectionError::ConnectionRefused(
			ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized,
		) => BrokerFault::SignInRefused,
		ConnectionError::ConnectionRefused(_) => BrokerFault::Refused,
		_ => BrokerFault::Ended,
	};
	Broken { cause: error.to_string(), fault }
}

fn broken_v5(error: &v5::ConnectionError) -> Broken {
	let fault = match error {
		v5::ConnectionError::MqttState(v5::StateError::Deserialization(
			PacketErrorV5::PayloadSizeLimitExceeded { .. },
		)) => BrokerFault::TooLarge,
		v5::ConnectionError::Io(_) | v5::ConnectionError::Timeout(_) => BrokerFault::Unreachable,
		v5::ConnectionError::Tls(cause) => of_tls(cause),
		v5::ConnectionError::ConnectionRefused(
			packets::ConnectReturnCode::BadUserNamePassword
			| packets::ConnectReturnCode::NotAuthorized
			| packets::ConnectReturnCode::BadAuthenticationMethod
			| packets::ConnectReturnCode::Banned,
		) => BrokerFault::SignInRefused,
		v5::ConnectionError::ConnectionRefused(_) => BrokerFault::Refused,
		_ => BrokerFault::Ended,
	};
	Broken { cause: error.to_string(), fault }
}

fn of_tls(error: &TlsError) -> BrokerFault {
	let cause = match error {
		// What the handshake finds comes wrapped.
		TlsError::Io(cause) => {
			cause.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>())
		},
		TlsError::TLS(cause) => Some(cause),
		_ => None,
	};
	match cause {
		Some(rustls::Error::InvalidCertificate(cause)) => of_certificate(cause),
		_ => BrokerFault::NoTls,
	}
}

const fn of_certificate(error: &CertificateError) -> BrokerFault {
	match error {
		CertificateError::Expired
		| CertificateError::ExpiredContext { .. }
		| CertificateError::NotValidYet
		| CertificateError::NotValidYetContext { .. } => BrokerFault::Expired,
		CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
			BrokerFault::WrongHost
		},
		_ => BrokerFault::Untrusted,
	}
}

const fn quality_v3(is_acknowledged: bool) -> QoS {
	if is_acknowledged { QoS::AtLeastOnce } else { QoS::AtMostOnce }
}

const fn quality_v5(is_acknowledged: bool) -> QosV5 {
	if is_acknowledged { QosV5::AtLeastOnce } else { QosV5::AtMostOnce }
}

impl Requests {
	/// Ask for topics. Where the broker still has the subscription, version 5 does not send what it
	/// has retained once more.
	///
	/// - `is_acknowledged`: messages come at least once, else at most once.
	///
	/// # Errors
	/// In words, if there is no room to ask, or a topic is no filter.
	pub(crate) fn subscribe<'a>(
		&self,
		topics: impl Iterator<Item = &'a str>,
		is_acknowledged: bool,
	) -> Result<(), String> {
		match self {
			Self::V3(client) => {
				let quality = quality_v3(is_acknowledged);
				let filters = topics.map(|topic| SubscribeFilter::new(topic.to_owned(), quality));
				client.try_subscribe_many(filters).map_err(|cause| cause.to_string())
			},
			Self::V5(client) => {
				let quality = quality_v5(is_acknowledged);
				let filters = topics.map(|topic| packets::Filter {
					retain_forward_rule: packets::RetainForwardRule::OnNewSubscribe,
					..packets::Filter::new(topic, quality)
				});
				client.try_subscribe_many(filters).map_err(|cause| cause.to_string())
			},
		}
	}

	/// Acknowledge a message; false if there is no room to.
	pub(crate) fn acknowledge(&self, receipt: Receipt) -> bool {
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

	/// Send a message.
	///
	/// - `is_acknowledged`: it comes at least once, else at most once.
	///
	/// # Errors
	/// In words, if there is no room to.
	pub(crate) fn publish(
		&self,
		topic: &str,
		payload: Vec<u8>,
		is_acknowledged: bool,
	) -> Result<(), String> {
		match self {
			Self::V3(client) => client
				.try_publish(topic, quality_v3(is_acknowledged), false, payload)
				.map_err(|cause| cause.to_string()),
			Self::V5(client) => client
				.try_publish(topic, quality_v5(is_acknowledged), false, payload)
				.map_err(|cause| cause.to_string()),
		}
	}
}
