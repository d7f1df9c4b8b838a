//! Where records come from: what is asked at intervals, and what comes by itself.
//!
//! A source only reads: it hands records over, each with the time that it states or none. What
//! becomes of them is the sink's to say.

pub mod mqtt;
pub mod poll;
pub mod push;
pub mod radio;
pub mod replay;

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use cairn_formats::Record;
use serde::Deserialize;

use self::{mqtt::Mqtt, poll::Poller, push::Push, radio::Radio, replay::Replay};
use super::{error::Error, hub::Sink, plan::SourceId};
use crate::secret::{self, Fault};

/// Which times records get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Times {
	/// Those that they state.
	#[default]
	Stated,
	/// That of their arrival.
	Arrival,
}

impl Times {
	/// Forget stated times, if so wished.
	pub(super) fn apply(self, records: &mut [Record]) {
		if self == Self::Arrival {
			records.iter_mut().for_each(|record| record.time = None);
		}
	}
}

/// A source, as the configuration describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
	/// Its name.
	pub name: String,
	/// What it is.
	pub kind: Kind,
	/// The longest interval of the devices that it feeds.
	pub pace: Duration,
}

/// What a source is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
	/// This machine.
	Host {
		/// Time between readings.
		every: Duration,
	},
	/// Metrics in Prometheus or OpenMetrics text.
	Scrape {
		/// Where they are.
		url: String,
		/// Time between scrapes.
		every: Duration,
	},
	/// SenML that is pushed over HTTP.
	Push(Push),
	/// Messages of an MQTT broker.
	Mqtt(Box<Mqtt>),
	/// Datagrams of LoRa packet forwarders.
	Radio(Radio),
	/// A table that is replayed.
	Replay(Box<Replay>),
}

/// A source that is ready to run.
pub enum Job {
	/// Everything that is asked at the same interval.
	Poll(Box<Poller>),
	/// SenML over HTTP.
	Push(push::Listening),
	/// MQTT.
	Mqtt(Box<mqtt::Session>),
	/// Packet forwarders.
	Radio(radio::Listening),
	/// A table.
	Replay(Box<replay::Player>),
}

impl Job {
	/// Hand over what comes, for ever or to the end.
	pub async fn run(self, sink: Arc<dyn Sink>) {
		match self {
			Self::Poll(poller) => Box::pin(poller.run(&*sink)).await,
			Self::Push(listening) => Box::pin(listening.run(sink)).await,
			Self::Mqtt(session) => Box::pin(session.run(&*sink)).await,
			Self::Radio(listening) => Box::pin(listening.run(&*sink)).await,
			Self::Replay(player) => Box::pin(player.run(&*sink)).await,
		}
	}
}

/// Make the sources ready: read their files, take their addresses.
///
/// # Errors
/// If a file cannot be used, or an address is taken.
pub async fn open(sources: &[Source]) -> Result<Vec<Job>, Error> {
	let mut jobs = Vec::new();
	for (index, source) in sources.iter().enumerate() {
		let id = SourceId(index);
		jobs.push(match &source.kind {
			Kind::Host { .. } | Kind::Scrape { .. } => continue,
			Kind::Push(push) => Job::Push(push.open(id, &source.name).await?),
			Kind::Mqtt(mqtt) => Job::Mqtt(Box::new(mqtt.open(id, &source.name)?)),
			Kind::Radio(radio) => Job::Radio(radio.open(id, &source.name).await?),
			Kind::Replay(replay) => {
				Job::Replay(Box::new(replay.open(id, &source.name, source.pace)?))
			},
		});
	}
	jobs.extend(Poller::of(sources)?.into_iter().map(|poller| Job::Poll(Box::new(poller))));
	Ok(jobs)
}

/// Read a file of a source.
///
/// # Errors
/// [`Error::Source`].
fn read_file(source: &str, path: &Path, most: u64) -> Result<Vec<u8>, Error> {
	let failed = |cause: String, remedy: &'static str| Error::Source {
		name: source.to_owned(),
		cause: format!("{}: {cause}", path.display()),
		remedy,
	};
	let readable = "name a file that this user can read";
	let size = std::fs::metadata(path).map_err(|cause| failed(cause.to_string(), readable))?.len();
	if size > most {
		return Err(failed(format!("it has more than {most} bytes"), "split it"));
	}
	std::fs::read(path).map_err(|cause| failed(cause.to_string(), readable))
}

/// Read the secret in a file that only its owner may read.
///
/// # Errors
/// [`Error::Source`].
fn read_secret(source: &str, path: &Path) -> Result<String, Error> {
	secret::read(path).map_err(|Fault { cause, remedy }| Error::Source {
		name: source.to_owned(),
		cause,
		remedy,
	})
}

/// A source whose address cannot be listened on.
fn taken(source: &str, address: SocketAddr, cause: &std::io::Error) -> Error {
	Error::Source {
		name: source.to_owned(),
		cause: format!("cannot listen on {address}: {cause}"),
		remedy: "name another address, or stop what listens there",
	}
}
