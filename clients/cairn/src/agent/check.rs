//! `cairn agent check`: which record goes to which channel of which device, what it becomes, what is
//! left over and why. Nothing is signed.

use std::{
	collections::BTreeMap,
	fmt::{self, Write},
	path::{Path, PathBuf},
	sync::{Arc, Mutex, PoisonError},
	time::Duration,
};

use cairn_formats::{Measure, Record, Value, openmetrics::Dialect};
use cairn_types::{Schema, SchemaId};
use serde::Serialize;
use serde_json::{Value as Json, json};
use tokio::{
	task::JoinSet,
	time::{Instant, sleep},
};

use super::{
	client::Client,
	config::{self, Config},
	decimal,
	error::Error,
	hub::Sink,
	left::{Left, Taken},
	plan::{Batch, Input, Plan, SourceId, Span, text},
	schema::scrape_up,
	scrape,
	source::{
		self, Kind, Source,
		mqtt::{Mqtt, Nodes, Payload},
		push, radio, replay,
	},
};
use crate::{
	cli::{Global, parse_duration},
	clock::now_millis,
	owner::read_schema,
	shutdown,
};

/// Most lines of a report.
const MOST_LINES: usize = 10_000;
/// Longest text of a value that is shown.
const LONGEST: usize = 40;
/// Largest sample.
const MOST_BYTES: u64 = 32 << 20;

/// What to check.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
	cairn agent check --config agent.toml --for 30s\n  \
	cairn agent check --config agent.toml --source push --sample pack.json --schema weather.toml\n  \
	cairn agent check --config agent.toml --source broker --sample pack.json --topic city/north/weather")]
pub struct CheckArgs {
	/// File that says which sources fill which channels of which devices.
	#[arg(long, value_name = "FILE")]
	pub config: PathBuf,
	/// How long to listen to the sources.
	#[arg(long = "for", value_name = "DURATION", value_parser = parse_duration, default_value = "10s")]
	pub duration: Duration,
	/// Read a file in place of what the sources give: a payload, datagram, scrape or table.
	#[arg(long, value_name = "FILE", requires = "source", conflicts_with = "duration")]
	pub sample: Option<PathBuf>,
	/// The source that the sample could have come from.
	#[arg(long, value_name = "NAME", requires = "sample")]
	pub source: Option<String>,
	/// The topic by which the sample could have come.
	#[arg(long, value_name = "TOPIC", requires = "sample")]
	pub topic: Option<String>,
	/// Take this schema for every device, in JSON or TOML, instead of asking the gateways.
	#[arg(long, value_name = "FILE")]
	pub schema: Option<PathBuf>,
}

/// Explain a configuration on a sample.
///
/// # Errors
/// If the configuration, a source or a schema cannot be used, or nothing comes.
pub async fn execute(global: &Global, args: &CheckArgs) -> Result<(), Error> {
	let config = config::load(&args.config)?;
	let devices = devices(&config, args.schema.as_deref()).await?;
	let explainer = Arc::new(Explainer::new(&config, devices));
	let began = Instant::now();
	match (&args.sample, &args.source) {
		(Some(file), Some(name)) => {
			let bytes = sample(file)?;
			explain(&config, name, &bytes, args.topic.as_deref(), &*explainer)?;
		},
		_ => listen(&config, &explainer, args.duration).await?,
	}
	let report = explainer.report(began.elapsed());
	global.output.print(report.to_string().trim_end(), &report);
	if report.records > 0 {
		Ok(())
	} else {
		Err(Error::Check {
			cause: format!("nothing came that could be read within {} s", report.seconds),
			remedy: "see what is said of the sources above, or wait longer with --for",
		})
	}
}

/// A device whose schema is known.
struct Known {
	name: String,
	inputs: Vec<Input>,
	plan: Plan,
}

async fn devices(config: &Config, schema: Option<&Path>) -> Result<Vec<Known>, Error> {
	let given = schema.map(|path| {
		read_schema(&path.to_path_buf()).map_err(|error| Error::Check {
			cause: error.to_string(),
			remedy: "name a file that holds a schema, such as `cairn schema library NAME` prints",
		})
	});
	let given = given.transpose()?;
	let mut devices = Vec::new();
	for device in &config.devices {
		let (id, schema) = match &given {
			Some(schema) => (SchemaId(0), schema.clone()),
			None => asked(&device.gateway).await?,
		};
		let plan = Plan::new(id, &schema, &device.inputs)?;
		devices.push(Known { name: device.name.clone(), inputs: device.inputs.clone(), plan });
	}
	Ok(devices)
}

async fn asked(gateway: &str) -> Result<(SchemaId, Schema), Error> {
	let info = Client::new(gateway)?.schema().await?;
	Ok((info.schema_id, info.schema))
}

/// Let the sources run for a while, or until the user has seen enough.
async fn listen(
	config: &Config,
	explainer: &Arc<Explainer>,
	duration: Duration,
) -> Result<(), Error> {
	let mut jobs = JoinSet::new();
	for job in source::open(&config.sources).await? {
		let sink: Arc<dyn Sink> = explainer.clone();
		jobs.spawn(Box::pin(job.run(sink)));
	}
	tokio::select! {
		() = sleep(duration) => {},
		() = shutdown::signal() => {},
	}
	jobs.shutdown().await;
	Ok(())
}

fn sample(file: &Path) -> Result<Vec<u8>, Error> {
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
fn explain(
	config: &Config,
	name: &str,
	bytes: &[u8],
	topic: Option<&str>,
	sink: &dyn Sink,
) -> Result<(), Error> {
	let index = config.sources.iter().position(|source| source.name == name);
	let found = index.and_then(|index| Some((SourceId(index), config.sources.get(index)?)));
	let Some((id, Source { kind, .. })) = found else {
		return Err(Error::Check {
			cause: format!("there is no source {name:?}"),
			remedy: "name one of the configuration",
		});
	};
	let now = now_millis();
	let take = |topic: Option<&str>, records: &[Record], now: u64| {
		sink.take(&Batch { source: id, topic, records, now });
	};
	let read = match kind {
		Kind::Host { .. } => {
			return Err(Error::Check {
				cause: format!("the source {name:?} is this machine"),
				remedy: "leave out --sample: it is read at any time",
			});
		},
		Kind::Scrape { .. } => scraped(bytes),
		Kind::Push(push) => senml(bytes, now).map(|mut records| {
			push.times.apply(&mut records);
			records
		}),
		Kind::Radio(radio) => radio::read(bytes).map(|read| {
			let mut records = read.records;
			radio.times.apply(&mut records);
			records
		}),
		Kind::Mqtt(mqtt) => {
			let topic = topic_of(mqtt, topic)?;
			match message(mqtt, &topic, bytes, now) {
				Ok(records) => take(Some(&topic), &records, now),
				Err(cause) => sink.trouble(id, cause),
			}
			return Ok(());
		},
		Kind::Replay(replay) => {
			match replay::steps(bytes, &replay.layout) {
				// Each row at a moment of its own.
				Ok(steps) => {
					(now..).zip(steps).for_each(|(now, step)| take(None, &step.records, now))
				},
				Err(error) => sink.trouble(id, error.to_string()),
			}
			return Ok(());
		},
	};
	match read {
		Ok(records) => take(None, &records, now),
		Err(cause) => sink.trouble(id, cause),
	}
	Ok(())
}

fn scraped(bytes: &[u8]) -> Result<Vec<Record>, String> {
	let is_ended = bytes.trim_ascii_end().ends_with(b"# EOF");
	let dialect = if is_ended { Dialect::OpenMetrics } else { Dialect::Prometheus };
	let mut records = scrape::parse(bytes, dialect)?;
	records.iter_mut().for_each(|record| record.time = None);
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
	let read = match mqtt.payload {
		Payload::Json | Payload::Cbor => {
			let is_cbor = mqtt.payload == Payload::Cbor;
			push::decode(bytes, is_cbor, now).map_err(|error| error.to_string())
		},
		Payload::Sparkplug => {
			Nodes::default().handle(topic, bytes, now).map_err(|trouble| trouble.cause)
		},
	};
	read.map(|mut records| {
		mqtt.times.apply(&mut records);
		records
	})
}

/// What is seen of one record, or of several that are added up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
	source: usize,
	topic: Option<String>,
	record: String,
	/// Places of the device and of the channel; none if no input is for it.
	channel: Option<(usize, usize)>,
	left: Option<Left>,
}

/// How often, and what the newest one said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
	count: u64,
	given: String,
	value: Option<i64>,
}

#[derive(Default)]
struct Notes {
	records: u64,
	seen: BTreeMap<Key, Seen>,
	trouble: BTreeMap<(usize, String), u64>,
	/// What found no place in the report.
	more: u64,
}

impl Notes {
	fn see(&mut self, key: Key, given: String, value: Option<i64>) {
		if self.seen.len() >= MOST_LINES && !self.seen.contains_key(&key) {
			self.more = self.more.saturating_add(1);
			return;
		}
		let seen = self.seen.entry(key).or_default();
		*seen = Seen { count: seen.count.saturating_add(1), given, value };
	}
}

/// Takes note of what comes, instead of reporting it.
struct Explainer {
	sources: Vec<String>,
	devices: Vec<Known>,
	notes: Mutex<Notes>,
}

impl Explainer {
	fn new(config: &Config, devices: Vec<Known>) -> Self {
		let sources = config.sources.iter().map(|source| source.name.clone()).collect();
		Self { sources, devices, notes: Mutex::default() }
	}

	/// Note what becomes of a batch at one device; returns for each record whether an input is for
	/// it.
	fn route(
		&self,
		place: usize,
		known: &Known,
		batch: &Batch<'_>,
		notes: &mut Notes,
	) -> Vec<bool> {
		let routed = known.plan.route(batch, Span::default());
		for fate in routed.fates {
			let Some(record) = batch.records.get(fate.record) else { continue };
			let others = fate.count.saturating_sub(1);
			let name = match others {
				0 => record.name.clone(),
				others => format!("{} and {others} more", record.name),
			};
			let (value, left) = match fate.value {
				Ok((_, value)) => (Some(value), None),
				Err(left) => (None, Some(left)),
			};
			let channel = Some((place, fate.channel));
			notes.see(key(batch, name, channel, left), given(record), value);
		}
		routed.is_wanted
	}

	fn report(&self, lasted: Duration) -> Report<'_> {
		let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
		let Notes { records, seen, trouble, more } = std::mem::take(&mut *notes);
		Report { explainer: self, seconds: lasted.as_secs(), records, seen, trouble, more }
	}

	fn source(&self, place: usize) -> &str {
		self.sources.get(place).map_or("", String::as_str)
	}
}

fn key(
	batch: &Batch<'_>,
	record: String,
	channel: Option<(usize, usize)>,
	left: Option<Left>,
) -> Key {
	let topic = batch.topic.map(str::to_owned);
	Key { source: batch.source.0, topic, record, channel, left }
}

/// A record's value and unit, for people.
fn given(record: &Record) -> String {
	let mut text = match &record.value {
		Value::Number(number) => number.to_string(),
		Value::Bool(is_on) => is_on.to_string(),
		Value::Text(text) if text.chars().count() > LONGEST => {
			format!("{:?}…", text.chars().take(LONGEST).collect::<String>())
		},
		Value::Text(text) => format!("{text:?}"),
		Value::Data(bytes) => format!("{} bytes", bytes.len()),
	};
	if let Some(unit) = &record.unit {
		text = format!("{text} {}", unit.symbol());
	}
	if record.measure == Measure::Sum {
		text.push_str(" (sum)");
	}
	text
}

impl Sink for Explainer {
	fn take(&self, batch: &Batch<'_>) -> Taken {
		let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
		let count = u64::try_from(batch.records.len()).unwrap_or(u64::MAX);
		notes.records = notes.records.saturating_add(count);
		let mut is_wanted = vec![false; batch.records.len()];
		for (place, known) in self.devices.iter().enumerate() {
			if known.inputs.iter().any(|input| input.source == batch.source) {
				let wanted = self.route(place, known, batch, &mut notes);
				is_wanted.iter_mut().zip(wanted).for_each(|(all, one)| *all |= one);
			}
		}
		let mut taken = Taken { values: count, ..Taken::default() };
		for (record, is_wanted) in batch.records.iter().zip(is_wanted) {
			if !is_wanted {
				taken.leave(Left::Unmapped, &record.name);
				let left = Some(Left::Unmapped);
				notes.see(key(batch, record.name.clone(), None, left), given(record), None);
			}
		}
		taken
	}

	fn leave(&self, source: SourceId, left: Left, record: &str) {
		let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
		let record = record.to_owned();
		let key = Key { source: source.0, topic: None, record, channel: None, left: Some(left) };
		notes.see(key, String::new(), None);
	}

	fn is_ready(&self, _: SourceId) -> bool {
		true
	}

	fn trouble(&self, source: SourceId, what: String) {
		let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
		let key = (source.0, what);
		if notes.trouble.len() < MOST_LINES || notes.trouble.contains_key(&key) {
			let count = notes.trouble.entry(key).or_default();
			*count = count.saturating_add(1);
		} else {
			notes.more = notes.more.saturating_add(1);
		}
	}
}

/// What was found.
struct Report<'a> {
	explainer: &'a Explainer,
	seconds: u64,
	records: u64,
	seen: BTreeMap<Key, Seen>,
	trouble: BTreeMap<(usize, String), u64>,
	more: u64,
}

impl Report<'_> {
	/// What fills a channel of a device.
	fn of_channel(&self, device: usize, channel: usize) -> impl Iterator<Item = (&Key, &Seen)> {
		let is_its = move |(key, _): &(&Key, &Seen)| {
			key.channel == Some((device, channel)) && key.left.is_none()
		};
		self.seen.iter().filter(is_its)
	}

	/// What is left over, with the reason.
	fn left(&self) -> impl Iterator<Item = (&Key, &Seen, Left)> {
		self.seen.iter().filter_map(|(key, seen)| Some((key, seen, key.left?)))
	}

	/// Device and channel of a key, for messages.
	fn target(&self, key: &Key) -> Option<(&str, String)> {
		let (device, channel) = key.channel?;
		let known = self.explainer.devices.get(device)?;
		Some((known.name.as_str(), text(known.plan.schema().channels.get(channel)?)))
	}

	/// Source, topic and name of a record.
	fn origin(&self, key: &Key) -> String {
		let source = self.explainer.source(key.source);
		match &key.topic {
			Some(topic) => format!("{source} {topic} {}", key.record),
			None => format!("{source} {}", key.record),
		}
	}

	fn device(&self, place: usize, known: &Known) -> Json {
		let channels = known.plan.schema().channels.iter().enumerate().map(|(index, channel)| {
			let from = self.of_channel(place, index).map(|(key, seen)| {
				json!({
					"source": self.explainer.source(key.source),
					"topic": key.topic,
					"record": key.record,
					"given": seen.given,
					"value": seen.value,
					"shown": seen.value.map(|value| decimal(value, channel.scale)),
					"count": seen.count,
				})
			});
			json!({
				"channel": text(channel),
				"unit": channel.unit,
				"scale": channel.scale,
				"from": from.collect::<Vec<_>>(),
			})
		});
		json!({
			"device": known.name,
			"schema": known.plan.schema_id(),
			"channels": channels.collect::<Vec<_>>(),
		})
	}

	fn write_device(&self, out: &mut impl Write, place: usize, known: &Known) -> fmt::Result {
		writeln!(out, "{} (schema {})", known.name, known.plan.schema_id())?;
		for (index, channel) in known.plan.schema().channels.iter().enumerate() {
			let (name, unit) = (text(channel), channel.unit.symbol());
			let mut is_filled = false;
			for (key, seen) in self.of_channel(place, index) {
				let value = seen.value.map_or_else(String::new, |it| decimal(it, channel.scale));
				let (origin, given) = (self.origin(key), &seen.given);
				writeln!(
					out,
					"  {name:<18} {value:>14} {unit:<6} from {origin} = {given}{}",
					times(seen.count)
				)?;
				is_filled = true;
			}
			if !is_filled {
				writeln!(out, "  {name:<18} {:>14} {unit:<6} nothing came for it", "-")?;
			}
		}
		Ok(())
	}
}

/// How often, if more than once.
fn times(count: u64) -> String {
	if count > 1 { format!(" ({count} times)") } else { String::new() }
}

impl fmt::Display for Report<'_> {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		writeln!(f, "{} records in {} s", self.records, self.seconds)?;
		for (place, known) in self.explainer.devices.iter().enumerate() {
			self.write_device(f, place, known)?;
		}
		let mut left = self.left().peekable();
		if left.peek().is_some() {
			writeln!(f, "left over")?;
		}
		for (key, seen, reason) in left {
			let (origin, count) = (self.origin(key), times(seen.count));
			let target = self.target(key);
			let target = target.map(|(device, channel)| format!(" for {device} {channel}"));
			let target = target.unwrap_or_default();
			writeln!(f, "  {origin} = {}{target}{count}: {reason}", seen.given)?;
		}
		if !self.trouble.is_empty() {
			writeln!(f, "trouble")?;
		}
		for ((source, what), count) in &self.trouble {
			writeln!(f, "  {}: {what}{}", self.explainer.source(*source), times(*count))?;
		}
		if self.more > 0 {
			writeln!(f, "and {} more that are not shown", self.more)?;
		}
		Ok(())
	}
}

impl Serialize for Report<'_> {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let devices = self.explainer.devices.iter().enumerate();
		let devices = devices.map(|(place, known)| self.device(place, known));
		let left = self.left().map(|(key, seen, reason)| {
			let (device, channel) = self.target(key).unzip();
			json!({
				"source": self.explainer.source(key.source),
				"topic": key.topic,
				"record": key.record,
				"given": seen.given,
				"device": device,
				"channel": channel,
				"code": reason.code(),
				"cause": reason.cause(),
				"remedy": reason.remedy(),
				"count": seen.count,
			})
		});
		let trouble = self.trouble.iter().map(|((source, what), count)| {
			json!({ "source": self.explainer.source(*source), "what": what, "count": count })
		});
		let document = json!({
			"seconds": self.seconds,
			"records": self.records,
			"devices": devices.collect::<Vec<_>>(),
			"left": left.collect::<Vec<_>>(),
			"trouble": trouble.collect::<Vec<_>>(),
			"more": self.more,
		});
		document.serialize(serializer)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::agent::schema::host_schema;

	const CONFIG: &str = "\
gateway = \"http://127.0.0.1:9977\"
[source.machine.host]
[source.push.senml]
listen = \"127.0.0.1:8080\"
[source.broker.mqtt]
url = \"mqtt://broker.example\"
topics = [\"a/+\"]
payload = \"senml+json\"
[source.nodes.mqtt]
url = \"mqtt://broker.example\"
topics = [\"spBv1.0/#\"]
payload = \"sparkplug\"
[source.radio.semtech]
listen = \"127.0.0.1:1700\"
[source.table.csv]
file = \"table.csv\"
pace = \"fast\"
layout = { shape = { wide = [] } }
[source.meter.scrape]
url = \"http://127.0.0.1:9100/metrics\"
[[device]]
name = \"host\"
key = \"host.key\"
input = [
	{ source = \"machine\" },
	{ source = \"push\", record = \"hot\", channel = \"temperature\" },
	{ source = \"push\", record = \"note\", channel = \"load1\" },
	{ source = \"broker\", topic = \"a/b\", record = \"*\", channel = \"load1\", unit = \"/\" },
	{ source = \"nodes\", record = \"*\", channel = \"uptime\" },
	{ source = \"radio\", record = \"*\", channel = \"net-received\", unit = \"B\" },
	{ source = \"table\", record = \"seconds\", channel = \"uptime\" },
	{ source = \"meter\", metric = \"cpu_seconds\", channel = \"cpu-time\", unit = \"s\" },
]
";

	fn config() -> Config {
		config::read(CONFIG, Path::new(""), |_| true).expect("a configuration")
	}

	fn explainer(config: &Config) -> Explainer {
		let known = config.devices.iter().map(|device| Known {
			name: device.name.clone(),
			inputs: device.inputs.clone(),
			plan: Plan::new(SchemaId(3), &host_schema(), &device.inputs).expect("a plan"),
		});
		Explainer::new(config, known.collect())
	}

	/// The report on a sample, as JSON and as text.
	fn report(source: &str, bytes: &[u8], topic: Option<&str>) -> (Json, String) {
		let config = config();
		let explainer = explainer(&config);
		explain(&config, source, bytes, topic, &explainer).expect("explained");
		let report = explainer.report(Duration::from_secs(2));
		(serde_json::to_value(&report).expect("serializes"), report.to_string())
	}

	/// Record, and what it becomes, of a channel.
	fn fills(report: &Json, channel: &str) -> Vec<(String, String)> {
		let channels = report["devices"][0]["channels"].as_array().expect("channels");
		let found = channels.iter().find(|it| it["channel"] == channel).expect("a channel");
		let from = found["from"].as_array().expect("a list").iter();
		let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
		from.map(|it| (text(&it["record"]), text(&it["shown"]))).collect()
	}

	/// Record and code of what is left.
	fn left(report: &Json) -> Vec<(String, String)> {
		let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
		let left = report["left"].as_array().expect("a list").iter();
		left.map(|it| (text(&it["record"]), text(&it["code"]))).collect()
	}

	fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
		pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
	}

	const PACK: &[u8] =
		br#"[{"n":"hot","u":"K","v":300.15},{"n":"note","vs":"warm"},{"n":"stray","v":1}]"#;

	#[test]
	fn works_when_every_record_is_explained() {
		let (json, text) = report("push", PACK, None);
		assert_eq!((&json["records"], &json["seconds"]), (&json!(3), &json!(2)));
		assert_eq!(fills(&json, "temperature"), pairs(&[("hot", "27.0")]));
		assert_eq!(left(&json), pairs(&[("note", "format-35"), ("stray", "unmapped")]));
		assert_eq!(json["left"][0]["device"], json!("host"));
		assert!(json["left"][1]["device"].is_null());
		for line in [
			"3 records in 2 s",
			"host (schema 3)",
			"from push hot = 300.15 K",
			"nothing came for it",
			"push note = \"warm\" for host load1: format-35: ",
			"push stray = 1: unmapped: No input of a device is for this record. Remedy: ",
		] {
			assert!(text.contains(line), "{line}\n{text}");
		}
	}

	#[test]
	fn works_when_the_sample_is_of_any_format() {
		let cbor = [0x81, 0xa2, 0x00, 0x63, b'h', b'o', b't', 0x02, 0x01];
		assert_eq!(fills(&report("push", &cbor, None).0, "temperature"), pairs(&[("hot", "1.0")]));
		let senml = br#"[{"n":"x","v":0.5}]"#;
		let (json, _) = report("broker", senml, Some("a/b"));
		assert_eq!(fills(&json, "load1"), pairs(&[("x", "0.50")]));
		assert_eq!(left(&report("broker", senml, Some("a/c")).0), pairs(&[("x", "unmapped")]));
		let mut datagram = vec![2, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
		datagram.extend_from_slice(br#"{"stat":{"rxnb":7}}"#);
		let (json, _) = report("radio", &datagram, None);
		assert_eq!(fills(&json, "net-received"), pairs(&[("0102030405060708/stat/rxnb", "7")]));
		let (json, _) = report("table", b"seconds,other\n5,1\n6,1\n", None);
		assert_eq!(fills(&json, "uptime"), pairs(&[("seconds", "6")]));
		assert_eq!(
			(left(&json), &json["left"][0]["count"]),
			(pairs(&[("other", "unmapped")]), &json!(2))
		);
		let scrape = b"cpu_seconds{cpu=\"0\"} 1.5\ncpu_seconds{cpu=\"1\"} 2\n";
		let (json, _) = report("meter", scrape, None);
		let expected = pairs(&[("cpu_seconds{cpu=\"0\"} and 1 more", "3500")]);
		assert_eq!(fills(&json, "cpu-time"), expected);
	}

	#[test]
	fn trouble_is_told() {
		let samples: [(&str, &[u8], Option<&str>); 7] = [
			("push", b"[", None),
			("broker", b"[", Some("a/b")),
			("broker", b"[]", Some("elsewhere")),
			("nodes", b"x", Some("spBv1.0/g/NDATA/n")),
			("radio", b"x", None),
			("table", b"a\n1,2\n", None),
			("meter", b"{", None),
		];
		for (source, bytes, topic) in samples {
			let (json, text) = report(source, bytes, topic);
			assert_eq!(json["trouble"][0]["source"], json!(source), "{json}");
			assert!(text.contains("trouble\n") && json["records"] == json!(0), "{text}");
		}
	}

	#[test]
	fn fails_when_there_is_no_such_sample() {
		let config = config();
		for (source, topic, says) in [
			("other", None, "no source"),
			("machine", None, "this machine"),
			("broker", None, "several topics"),
		] {
			let explained = explain(&config, source, b"[]", topic, &explainer(&config));
			assert!(explained.expect_err(source).to_string().contains(says), "{source}");
		}
	}

	#[test]
	fn a_report_is_bounded() {
		let config = config();
		let explainer = explainer(&config);
		for number in 0..MOST_LINES + 5 {
			explainer.leave(SourceId(0), Left::Retained, &number.to_string());
		}
		explainer.leave(SourceId(0), Left::Retained, "0");
		let report = explainer.report(Duration::ZERO);
		assert_eq!((report.seen.len(), report.more), (MOST_LINES, 5));
		assert!(report.to_string().contains("and 5 more"));
	}

	#[test]
	fn long_values_are_cut() {
		let value = |value| Record { value, ..scrape_up(true) };
		let long = given(&value(Value::Text("é".repeat(50))));
		assert_eq!(long.chars().filter(|c| *c == 'é').count(), LONGEST);
		assert_eq!(given(&value(Value::Data(vec![0; 5]))), "5 bytes /");
	}
}
