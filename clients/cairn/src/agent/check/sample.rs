//! A sample, read as its source would have given it.

use std::path::Path;

use cairn_formats::{Record, openmetrics::Dialect};

use crate::{
	agent::{
		config::Config,
		error::Error,
		hub::Sink,
		plan::{Batch, SourceId},
		schema::scrape_up,
		scrape,
		source::{
			Kind, Source, Times,
			mqtt::{Mqtt, Nodes, Payload},
			push, radio, replay,
		},
	},
	clock::now_millis,
};

/// Largest sample.
const MOST_BYTES: u64 = 32 << 20;

/// Read a sample.
///
/// # Errors
/// If it cannot be read, or is too large.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, Error> {
	let failed = |cause: String| Error::Check {
		cause: format!("{}: {cause}", file.display()),
		remedy: "name a file of at most 32 MiB that this user can read",
	};
	let size = std::fs::metadata(file).map_err(|cause| failed(cause.to_string()))?.len();
	if size > MOST_BYTES {
		return Err(failed("it is larger than 32 MiB".to_owned()));
	}
	std::fs::read(file).map_err(|cause| failed(cause.to_string()))
}

/// Hand a sample over as if the source `name` had given it. No file and no network is used.
///
/// # Errors
/// If there is no such source, it has no samples, or its topic is not known.
pub(super) fn explain(
	config: &Config,
	name: &str,
	bytes: &[u8],
	topic: Option<&str>,
	sink: &dyn Sink,
) -> Result<(), Error> {
	let index = config.sources.iter().position(|source| source.name == name);
	let found = index.and_then(|index| Some((SourceId(index), config.sources.get(index)?)));
	let Some((source, Source { kind, .. })) = found else {
		return Err(Error::Check {
			cause: format!("there is no source {name:?}"),
			remedy: "name one of the configuration",
		});
	};
	let topic = match kind {
		Kind::Host { .. } => {
			return Err(Error::Check {
				cause: format!("the source {name:?} is this machine"),
				remedy: "leave out --sample: it is read at any time",
			});
		},
		Kind::Mqtt(mqtt) => Some(topic_of(mqtt, topic)?),
		_ => None,
	};
	let now = now_millis();
	match batches(kind, bytes, topic.as_deref(), now) {
		// Each row of a table at a moment of its own.
		Ok(batches) => (now..).zip(&batches).for_each(|(now, records)| {
			sink.take(&Batch { source, topic: topic.as_deref(), records, now });
		}),
		Err(cause) => sink.trouble(source, cause),
	}
	Ok(())
}

/// What a source of this kind would hand over, one batch after the other.
fn batches(
	kind: &Kind,
	bytes: &[u8],
	topic: Option<&str>,
	now: u64,
) -> Result<Vec<Vec<Record>>, String> {
	let (times, mut records) = match kind {
		Kind::Host { .. } => (Times::Stated, Vec::new()),
		Kind::Scrape { .. } => (Times::Arrival, scraped(bytes)?),
		Kind::Push(push) => (push.times, senml(bytes, now)?),
		Kind::Radio(radio) => (radio.times, radio::read(bytes)?.records),
		Kind::Mqtt(mqtt) => (mqtt.times, message(mqtt, topic.unwrap_or_default(), bytes, now)?),
		Kind::Replay(replay) => {
			let steps = replay::steps(bytes, &replay.layout).map_err(|error| error.to_string())?;
			return Ok(steps.into_iter().map(|step| step.records).collect());
		},
	};
	times.apply(&mut records);
	Ok(vec![records])
}

fn scraped(bytes: &[u8]) -> Result<Vec<Record>, String> {
	let is_ended = bytes.trim_ascii_end().ends_with(b"# EOF");
	let dialect = if is_ended { Dialect::OpenMetrics } else { Dialect::Prometheus };
	let mut records = scrape::parse(bytes, dialect)?;
	records.push(scrape_up(true));
	Ok(records)
}

/// SenML in JSON begins with a bracket; in CBOR, nothing does that could be read.
fn senml(bytes: &[u8], now: u64) -> Result<Vec<Record>, String> {
	let is_cbor = bytes.trim_ascii_start().first() != Some(&b'[');
	push::decode(bytes, is_cbor, now).map_err(|error| error.to_string())
}

/// The topic that is named, or the only one there is.
fn topic_of(mqtt: &Mqtt, topic: Option<&str>) -> Result<String, Error> {
	let only = match mqtt.topics.as_slice() {
		[only] if !only.as_str().contains(['+', '#']) => Some(only.as_str()),
		_ => None,
	};
	topic.or(only).map(str::to_owned).ok_or_else(|| Error::Check {
		cause: "the sample could have come by several topics".to_owned(),
		remedy: "name one with --topic",
	})
}

fn message(mqtt: &Mqtt, topic: &str, bytes: &[u8], now: u64) -> Result<Vec<Record>, String> {
	if !mqtt.topics.iter().any(|filter| filter.matches(topic)) {
		return Err(format!("the source is not subscribed to {topic}"));
	}
	match mqtt.payload {
		Payload::Json | Payload::Cbor => {
			let is_cbor = mqtt.payload == Payload::Cbor;
			push::decode(bytes, is_cbor, now).map_err(|error| error.to_string())
		},
		Payload::Sparkplug => {
			Nodes::default().handle(topic, bytes, now).map_err(|trouble| trouble.cause)
		},
	}
}
