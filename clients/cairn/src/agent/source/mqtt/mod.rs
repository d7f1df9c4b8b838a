//! Messages of an MQTT broker, 3.1.1 or 5: SenML or Sparkplug B.
//!
//! One part keeps the connection and puts messages into a bounded queue, another one reads them; they
//! take turns. So a flood costs the oldest messages and nothing else. A message that the broker has retained is old
//! by an unknown time: of it only records with a time of their own count, and since a device's times
//! only go up, none counts twice.

mod nodes;
mod queue;
mod tls;

pub use nodes::{Nodes, Trouble};

use std::{
	hash::{BuildHasher, RandomState},
	path::PathBuf,
	time::Duration,
};

use cairn_formats::Record;
use serde::Deserialize;
use tokio::{
	task::yield_now,
	time::{Instant, sleep},
};

use self::queue::Queue;
use super::{Times, push, read_secret};
use crate::{
	agent::{
		error::Error,
		hub::Sink,
		left::Left,
		plan::{Batch, SourceId},
		topic::TopicFilter,
	},
	backoff::Backoff,
	clock::now_millis,
	mqtt::{
		Address, Version,
		link::{self, Broken, Event, Events, Limits, Message, Requests, Settings},
	},
};

/// First and longest limit of the pauses between tries to connect.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// A connection that lasted this long was a good one.
const GOOD: Duration = Duration::from_secs(10);
/// Messages after which the other part has its turn.
const TURN: u64 = 64;
/// How long a broker keeps messages while the agent is away, if it is asked to, in seconds.
const KEPT: u32 = 86_400;
/// Most bytes of a packet: a payload of what is read at once, with its topic and properties.
const MOST_PACKET: u32 = (1 << 20) + (1 << 17);

/// A broker, and what is wanted of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mqtt {
	/// Where it is.
	pub address: Address,
	/// Which version it speaks.
	pub version: Version,
	/// What the agent is called there; else something that nobody else is called.
	pub client_id: Option<String>,
	/// As whom the agent signs in.
	pub username: Option<String>,
	/// File with the password, for its owner's eyes only.
	pub password_file: Option<PathBuf>,
	/// File with the certificates that may sign the broker's, if not those of the system.
	pub ca_file: Option<PathBuf>,
	/// At least one.
	pub topics: Vec<TopicFilter>,
	/// What messages are.
	pub payload: Payload,
	/// Whether each message comes at least once, or at most once.
	pub is_acknowledged: bool,
	/// Which times records get.
	pub times: Times,
	/// Whether the broker keeps messages while the agent is away.
	pub is_persistent: bool,
	/// Whether nodes of Sparkplug are asked for a birth.
	pub rebirth: bool,
}

/// What messages are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Payload {
	/// SenML in JSON.
	#[serde(rename = "senml+json")]
	Json,
	/// SenML in CBOR.
	#[serde(rename = "senml+cbor")]
	Cbor,
	/// Sparkplug B.
	#[serde(rename = "sparkplug")]
	Sparkplug,
}

/// A broker to be connected to.
pub struct Session {
	id: SourceId,
	settings: Mqtt,
	events: Events,
	requests: Requests,
}

impl Mqtt {
	/// Read the files. The connection comes later: a broker may be away.
	///
	/// # Errors
	/// [`Error::Source`].
	pub fn open(&self, id: SourceId, name: &str) -> Result<Session, Error> {
		let password = self.password_file.as_ref().map(|path| read_secret(name, path));
		let login = self.username.clone().map(|user| {
			let password = password.unwrap_or_else(|| Ok(String::new()))?;
			Ok::<_, Error>((user, password))
		});
		let tls = if self.address.is_secure {
			Some(tls::client(name, self.ca_file.as_deref())?)
		} else {
			None
		};
		// The standard library seeds each hasher from the system's randomness.
		let random = || format!("cairn{:016x}", RandomState::new().hash_one(id));
		let client_id = self.client_id.clone().unwrap_or_else(random);
		let (requests, events) = link::open(&Settings {
			address: self.address.clone(),
			tls,
			version: self.version,
			login: login.transpose()?,
			client_id,
			kept: self.is_persistent.then_some(KEPT),
			by_receipt: false,
			limits: limits(),
		});
		Ok(Session { id, settings: self.clone(), events, requests })
	}
}

/// What a connection of the agent bears.
fn limits() -> Limits {
	Limits {
		keep_alive: Duration::from_secs(20),
		packet_v3: usize::try_from(MOST_PACKET).unwrap_or(usize::MAX),
		packet_v5: MOST_PACKET,
		waiting: None,
		requests: 64,
		inflight: 16,
	}
}

impl Session {
	/// Take messages for ever.
	pub(super) async fn run(self, sink: &dyn Sink) {
		let Self { id, settings, events, requests } = self;
		let queue = Queue::default();
		let reader = Reader { id, settings: &settings, requests: &requests, queue: &queue, sink };
		tokio::select! {
			() = receive(events, &reader) => {},
			() = reader.run() => {},
		}
	}
}

/// Keep the connection, and put what comes into the queue.
async fn receive(mut events: Events, reader: &Reader<'_>) {
	let Reader { id, settings, requests, queue, sink } = *reader;
	let Address { host, port, .. } = &settings.address;
	let mut backoff = Backoff::new(PAUSES.0, PAUSES.1);
	let (mut since, mut received) = (Instant::now(), 0u64);
	loop {
		match events.next().await {
			Ok(Event::Connected) => {
				since = Instant::now();
				tracing::info!(host, port, "connected to the broker");
				let topics = settings.topics.iter().map(TopicFilter::as_str);
				if let Err(cause) = requests.subscribe(topics, settings.is_acknowledged) {
					sink.trouble(id, format!("cannot subscribe: {cause}"));
				}
			},
			Ok(Event::Subscribed(granted)) => {
				let topics = settings.topics.iter().zip(granted);
				for (topic, _) in topics.filter(|(_, is_granted)| !is_granted) {
					let topic = topic.as_str();
					sink.trouble(id, format!("the broker does not let us subscribe to {topic}"));
				}
			},
			Ok(Event::Message(message)) => {
				queue.push(message);
				received = received.wrapping_add(1);
				if received.is_multiple_of(TURN) {
					yield_now().await;
				}
			},
			Ok(Event::Other) => {},
			Err(Broken { cause, fault }) => {
				let (code, remedy) = (fault.code(), fault.remedy());
				let what = format!("the broker at {host}:{port}: {code}: {cause}; trying again");
				sink.trouble(id, format!("{what}. Remedy: {remedy}"));
				if since.elapsed() > GOOD {
					backoff.reset();
				}
				sleep(backoff.next(None)).await;
				since = Instant::now();
			},
		}
	}
}

/// Reads what is in the queue.
struct Reader<'a> {
	id: SourceId,
	settings: &'a Mqtt,
	requests: &'a Requests,
	queue: &'a Queue,
	sink: &'a dyn Sink,
}

impl Reader<'_> {
	async fn run(&self) {
		let mut nodes = Nodes::naming(&self.settings.topics, &self.sink.inputs(self.id));
		loop {
			let message = self.queue.pop().await;
			self.read(&message, &mut nodes);
			for _ in 1..TURN {
				let Some(message) = self.queue.take() else { break };
				self.read(&message, &mut nodes);
			}
			let lost = self.queue.take_lost();
			if lost > 0 {
				let what = format!("{lost} messages came faster than they could be read: lost");
				self.sink.trouble(self.id, what);
			}
			yield_now().await;
		}
	}

	fn read(&self, message: &Message, nodes: &mut Nodes) {
		let now = now_millis();
		let records = match self.settings.payload {
			Payload::Json => self.senml(message, false, now),
			Payload::Cbor => self.senml(message, true, now),
			Payload::Sparkplug => self.sparkplug(message, nodes, now),
		};
		let Some(mut records) = records else { return };
		self.settings.times.apply(&mut records);
		if !records.is_empty() {
			let topic = Some(message.topic.as_str());
			self.sink.take(&Batch { source: self.id, topic, records: &records, now });
		}
	}

	/// The records of a message; none if it cannot be read.
	fn senml(&self, message: &Message, is_cbor: bool, now: u64) -> Option<Vec<Record>> {
		let read = |now| push::decode(&message.payload, is_cbor, now);
		let read = read(now).and_then(|records| {
			let later = if message.is_retained { read(now.saturating_add(1))? } else { Vec::new() };
			Ok((records, later))
		});
		match read {
			Ok((records, later)) if message.is_retained => Some(self.dated(records, &later)),
			Ok((records, _)) => Some(records),
			Err(error) => {
				self.unreadable(&message.topic, &error.to_string());
				None
			},
		}
	}

	/// Of what the broker has kept, the records that state a time of their own: one that counts from
	/// now is another one a moment later.
	fn dated(&self, records: Vec<Record>, later: &[Record]) -> Vec<Record> {
		let is_dated = |pair: &(Record, &Record)| pair.0.time == pair.1.time;
		let (dated, others): (Vec<_>, Vec<_>) = records.into_iter().zip(later).partition(is_dated);
		others
			.iter()
			.for_each(|(record, _)| self.sink.leave(self.id, Left::Retained, &record.name));
		match self.settings.times {
			Times::Stated => dated.into_iter().map(|(record, _)| record).collect(),
			// Its arrival says nothing of its age.
			Times::Arrival => {
				let names = dated.iter().map(|(record, _)| &record.name);
				names.for_each(|name| self.sink.leave(self.id, Left::Retained, name));
				Vec::new()
			},
		}
	}

	fn sparkplug(&self, message: &Message, nodes: &mut Nodes, now: u64) -> Option<Vec<Record>> {
		if message.is_retained {
			// Sparkplug retains no births and no data (3.0.0 §6.4): their sequence would be broken.
			self.sink.leave(self.id, Left::Retained, &message.topic);
			return None;
		}
		match nodes.handle(&message.topic, &message.payload, now) {
			Ok(records) => Some(records),
			Err(Trouble { cause, rebirth }) => {
				if let Some(topic) = rebirth.filter(|_| self.settings.rebirth) {
					let payload = cairn_formats::sparkplug::rebirth(now);
					if let Err(cause) = self.requests.publish(&topic, payload, false) {
						self.sink.trouble(self.id, format!("cannot ask for a rebirth: {cause}"));
					}
				}
				self.unreadable(&message.topic, &cause);
				None
			},
		}
	}

	fn unreadable(&self, topic: &str, cause: &str) {
		self.sink.trouble(self.id, format!("a message of {topic} cannot be read: {cause}"));
	}
}

#[cfg(test)]
mod tests;
