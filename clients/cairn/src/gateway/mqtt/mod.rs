//! Readings by MQTT: the gateway is a client of a broker, which keeps what devices publish until the
//! gateway has it on disk.
//!
//! Devices publish SCALE of signed readings, as for `POST /v1/readings`, on
//! `cairn/1/readings/<network>/<device>` with QoS 1, and hear of refusals on
//! `cairn/1/refusals/<network>/<device>`. A message is acknowledged when all of its readings are
//! stored or refused for good; what may be taken later is tried again here.

mod intake;
mod options;
mod topic;

#[cfg(test)]
mod tests;

pub use options::{Broker, MqttArgs};

use std::{sync::Arc, time::Duration};

use tokio::time::{sleep, timeout};

use self::intake::Intake;
use super::http::App;
use crate::{
	backoff::Backoff,
	mqtt::{
		BrokerFault, Version,
		link::{self, Broken, Event, Events, Requests},
	},
};

/// Most bytes of a message.
const MAX_PAYLOAD: usize = 256 << 10;
/// Most bytes of a packet of MQTT 3.1.1, until a larger one comes.
const PACKET_V3: usize = 16 << 20;
/// Most bytes that the protocol has for a packet.
const LARGEST_V3: usize = 268_435_455;
/// Most messages that wait; with MQTT 5 the broker is told.
const MAX_PENDING: usize = 256;
/// Pauses before the broker is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// How long forgetting a session may take.
const FORGET: Duration = Duration::from_secs(30);

/// Takes readings from a broker.
pub struct Mqtt {
	app: Arc<App>,
	broker: Broker,
}

/// Why a connection is to be opened anew.
enum Ended {
	/// The broker does not grant the topic.
	Denied,
	/// What the broker keeps for us cannot be read.
	Poisoned,
}

impl Ended {
	const fn fault(&self) -> BrokerFault {
		match self {
			Self::Denied => BrokerFault::TopicDenied,
			Self::Poisoned => BrokerFault::TooLarge,
		}
	}
}

impl Mqtt {
	/// Not connected yet.
	#[must_use]
	pub const fn new(app: Arc<App>, broker: Broker) -> Self {
		Self { app, broker }
	}

	/// Take readings for ever.
	pub async fn run(self) {
		let mut packet_v3 = PACKET_V3;
		let mut backoff = Backoff::new(PAUSES.0, PAUSES.1);
		let mut intake = Intake::new(self.app.clone(), self.broker.network);
		loop {
			let (requests, mut events) = link::open(&self.broker.settings(false, packet_v3));
			let ended =
				Box::pin(self.serve(&requests, &mut events, &mut intake, &mut backoff)).await;
			intake.disconnected();
			self.note(ended.fault());
			match ended {
				Ended::Denied => tracing::error!(
					code = BrokerFault::TopicDenied.code(),
					filter = topic::filter(self.broker.network),
					"the broker does not let the gateway subscribe; grant it the topic"
				),
				// A broker of MQTT 3.1.1 sends it again, and behind it whatever else it keeps: the only
				// way past it is to read it.
				Ended::Poisoned if self.broker.version == Version::V3 && packet_v3 < LARGEST_V3 => {
					packet_v3 = LARGEST_V3;
					tracing::error!(
						code = BrokerFault::TooLarge.code(),
						"a message of more than 16 MiB has come; from now on such messages are read, with \
						 up to 1 GiB of memory, and refused. Let the broker refuse messages of more than \
						 256 KiB (of mosquitto: message_size_limit 262144), or use MQTT 5"
					);
				},
				Ended::Poisoned => {
					tracing::error!(
						code = BrokerFault::TooLarge.code(),
						"the broker sends a message that is larger than it was told to; it is asked to \
						 forget what it keeps for the gateway. Let it refuse messages of more than 256 KiB"
					);
					drop(timeout(FORGET, self.forget()).await);
				},
			}
			sleep(backoff.next(None)).await;
		}
	}

	/// Serve connections until something has to change.
	async fn serve(
		&self,
		requests: &Requests,
		events: &mut Events,
		intake: &mut Intake,
		backoff: &mut Backoff,
	) -> Ended {
		let mut pause = Duration::ZERO;
		loop {
			match next(requests, events, intake, pause).await {
				Ok(event) => {
					pause = Duration::ZERO;
					if let Some(ended) = self.handle(event, requests, intake, backoff) {
						return ended;
					}
				},
				Err(Broken { fault: BrokerFault::TooLarge, .. }) => return Ended::Poisoned,
				Err(Broken { cause, fault }) => {
					intake.disconnected();
					self.note(fault);
					pause = backoff.next(None);
					let (code, remedy) = (fault.code(), fault.remedy());
					tracing::warn!(code, cause, remedy, ?pause, "no connection to the broker");
				},
			}
		}
	}

	/// Note that there is no connection.
	fn note(&self, fault: BrokerFault) {
		self.app.metrics.mqtt_connected.set(0);
		self.app.metrics.mqtt_failures.with_label_values(&[fault.code()]).inc();
	}

	fn handle(
		&self,
		event: Event,
		requests: &Requests,
		intake: &mut Intake,
		backoff: &mut Backoff,
	) -> Option<Ended> {
		match event {
			Event::Connected => {
				intake.reconnected();
				// There is room for it: nothing else is sent while there is no connection.
				let filter = topic::filter(self.broker.network);
				if requests.subscribe(std::iter::once(filter.as_str()), true).is_err() {
					return Some(Ended::Denied);
				}
			},
			Event::Subscribed(granted) if granted.contains(&false) => return Some(Ended::Denied),
			Event::Subscribed(_) => {
				backoff.reset();
				self.app.metrics.mqtt_connected.set(1);
				tracing::info!(
					host = self.broker.address.host,
					"readings are taken from the broker"
				);
			},
			Event::Message(message) => intake.push(message),
			Event::Other => {},
		}
		None
	}

	/// Let the broker forget the session: what it keeps is lost, and what comes can be taken again.
	async fn forget(&self) {
		let (_requests, mut events) = link::open(&self.broker.settings(true, PACKET_V3));
		match events.next().await {
			Ok(_) => tracing::warn!("the broker has forgotten what it kept for the gateway"),
			Err(Broken { cause, fault }) => {
				let (code, remedy) = (fault.code(), fault.remedy());
				tracing::warn!(code, cause, remedy, "no connection to the broker");
			},
		}
	}
}

/// The next event, `pause` from now at the earliest; meanwhile messages that came are worked on. While
/// too many wait, no more are read.
async fn next(
	requests: &Requests,
	events: &mut Events,
	intake: &mut Intake,
	pause: Duration,
) -> Result<Event, Broken> {
	// Asking for an event must not be broken off: one future is kept until it is ready.
	let mut event = Box::pin(async move {
		if !pause.is_zero() {
			sleep(pause).await;
		}
		events.next().await
	});
	loop {
		intake.flush(requests);
		tokio::select! {
			event = &mut event, if intake.has_room() => return event,
			() = intake.work() => {},
		}
	}
}
