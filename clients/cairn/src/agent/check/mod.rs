//! `cairn agent check`: which record goes to which channel of which device, what it becomes, what is
//! left over and why. Nothing is signed.

mod report;
mod sample;
#[cfg(test)]
mod tests;

use std::{
	collections::BTreeMap,
	path::{Path, PathBuf},
	sync::{Arc, Mutex, PoisonError},
	time::Duration,
};

use cairn_formats::{Measure, Record, Value};
use cairn_types::{Schema, SchemaId};
use tokio::{
	task::JoinSet,
	time::{Instant, sleep},
};

use self::report::Report;
use super::{
	client::Client,
	config::{self, Config, Device},
	error::Error,
	hub::Sink,
	left::{Left, Taken},
	plan::{Batch, Input, Plan, SourceId, Span},
	source,
};
use crate::{
	cli::{Global, parse_duration},
	owner::read_schema,
	shutdown,
};

/// Most lines of a report.
const MOST_LINES: usize = 10_000;
/// Longest text of a value that is shown.
const LONGEST: usize = 40;

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
	/// Take this schema, in JSON or TOML, for every device that is explained, instead of asking the
	/// gateways; with a sample, those that its source feeds are explained.
	#[arg(long, value_name = "FILE")]
	pub schema: Option<PathBuf>,
}

/// Explain a configuration on a sample.
///
/// # Errors
/// If the configuration, a source or a schema cannot be used, or nothing comes.
pub async fn execute(global: &Global, args: &CheckArgs) -> Result<(), Error> {
	let config = config::load(&args.config)?;
	let devices = devices(&config, args.source.as_deref(), args.schema.as_deref()).await?;
	let explainer = Arc::new(Explainer::new(&config, devices));
	let began = Instant::now();
	match (&args.sample, &args.source) {
		(Some(file), Some(name)) => {
			let bytes = sample::read(file)?;
			sample::explain(&config, name, &bytes, args.topic.as_deref(), &*explainer)?;
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

/// The devices, of a sample those that its source feeds: others may have other schemas.
async fn devices(
	config: &Config,
	source: Option<&str>,
	schema: Option<&Path>,
) -> Result<Vec<Known>, Error> {
	let given = schema.map(|path| {
		read_schema(&path.to_path_buf()).map_err(|error| Error::Check {
			cause: error.to_string(),
			remedy: "name a file that holds a schema, such as `cairn schema library NAME` prints",
		})
	});
	let given = given.transpose()?;
	let mut devices = Vec::new();
	for device in config.devices.iter().filter(|device| is_fed(config, device, source)) {
		let (id, schema) = match &given {
			Some(schema) => (SchemaId(0), schema.clone()),
			None => asked(&device.gateway).await?,
		};
		let plan = Plan::new(id, &schema, &device.inputs)?;
		devices.push(Known { name: device.name.clone(), inputs: device.inputs.clone(), plan });
	}
	Ok(devices)
}

/// Whether a device takes something of the source, or of any if none is named.
fn is_fed(config: &Config, device: &Device, source: Option<&str>) -> bool {
	let name =
		|input: &Input| config.sources.get(input.source.0).map(|source| source.name.as_str());
	source.is_none() || device.inputs.iter().any(|input| name(input) == source)
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

	fn inputs(&self, source: SourceId) -> Vec<Input> {
		let inputs = self.devices.iter().flat_map(|known| &known.inputs);
		inputs.filter(|input| input.source == source).cloned().collect()
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
