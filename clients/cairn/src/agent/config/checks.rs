//! What a configuration means: every mistake is found, not only the first.

use std::{
	collections::{BTreeMap, BTreeSet},
	fmt,
	net::SocketAddr,
	path::{Path, PathBuf},
	time::Duration,
};

use cairn_formats::{Pattern, Rule, csv::Layout};
use cairn_types::Unit;
use reqwest::Url;
use toml::Spanned;

use super::{
	Config, Device, INTERVALS, MAX_MISTAKES, Mistake,
	file::{CsvTable, DeviceTable, File, InputTable, MqttTable, PaceWord, SenmlTable, SourceTable},
	place::Places,
	state_file,
};
use crate::{
	agent::{
		plan::{Input, Pick, SourceId},
		scrape::Selector,
		source::{
			Kind, Source,
			mqtt::Mqtt,
			push::Push,
			radio::Radio,
			replay::{Pace, Replay},
		},
		topic::TopicFilter,
	},
	cli::parse_duration,
	mqtt::Address,
};

/// Time between readings of devices that do not say.
const INTERVAL: Duration = Duration::from_secs(10);
/// Readings that wait for the gateway, of devices that do not say.
const QUEUE: u64 = 100_000;
/// Most bytes of an address of a gateway: all devices may have the same.
const LONGEST_URL: usize = 2_048;

/// The configuration that `file` describes, or its mistakes in the order of their lines.
pub(super) fn check(
	text: &str,
	base: &Path,
	is_file: &dyn Fn(&Path) -> bool,
	file: &File,
) -> Result<Config, Vec<Mistake>> {
	let places = Places(text);
	let known = file.sources.keys().map(String::as_str).zip(0..).collect();
	let mistakes = Vec::new();
	let mut checker = Checker { places, base, is_file, file, known, mistakes, more: 0 };
	let devices = checker.devices();
	let sources = checker.sources(&devices);
	let Checker { mut mistakes, more, .. } = checker;
	mistakes.sort_by_key(|mistake| mistake.line);
	if more > 0 {
		let (key, cause) = (String::new(), format!("there are {more} more mistakes"));
		let remedy = "correct the ones above first".to_owned();
		mistakes.push(Mistake { line: 0, key, cause, remedy });
	}
	match (sources, mistakes.is_empty()) {
		(Some(sources), true) => Ok(Config { sources, devices }),
		_ => Err(mistakes),
	}
}

struct Checker<'a> {
	places: Places<'a>,
	base: &'a Path,
	is_file: &'a dyn Fn(&Path) -> bool,
	file: &'a File,
	/// The sources' places, by their names.
	known: BTreeMap<&'a str, usize>,
	mistakes: Vec<Mistake>,
	/// How many mistakes are not told.
	more: usize,
}

/// Names of the sources, for messages.
struct Names<'a>(&'a File);

impl fmt::Display for Names<'_> {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("name one of: ")?;
		for (place, name) in self.0.sources.keys().enumerate() {
			let separator = if place > 0 { ", " } else { "" };
			write!(f, "{separator}{name}")?;
		}
		Ok(())
	}
}

impl Checker<'_> {
	/// Note what is wrong with a value.
	fn mistake<T>(&mut self, value: &Spanned<T>, cause: impl Into<String>, remedy: impl ToString) {
		if self.is_told() {
			let mistake = self.places.mistake(value.span(), cause.into(), remedy.to_string());
			self.mistakes.push(mistake);
		}
	}

	/// Note what is wrong with a table.
	fn mistake_of(&mut self, table: &str, cause: impl Into<String>, remedy: &str) {
		if self.is_told() {
			let line = self.places.table(table);
			let (key, cause) = (table.to_owned(), cause.into());
			self.mistakes.push(Mistake { line, key, cause, remedy: remedy.to_owned() });
		}
	}

	/// Whether the next mistake is told: finding its place takes a look at the whole file.
	const fn is_told(&mut self) -> bool {
		let is_told = self.mistakes.len() < MAX_MISTAKES;
		if !is_told {
			self.more = self.more.saturating_add(1);
		}
		is_told
	}

	/// What `read` makes of a text.
	fn read<T>(
		&mut self,
		text: &Spanned<String>,
		remedy: &str,
		read: impl FnOnce(&str) -> Result<T, String>,
	) -> Option<T> {
		match read(text.get_ref()) {
			Ok(value) => Some(value),
			Err(cause) => {
				self.mistake(text, cause, remedy);
				None
			},
		}
	}

	fn devices(&mut self) -> Vec<Device> {
		let file = self.file;
		if file.devices.is_empty() {
			self.mistake_of("device", "there is no device", "add a [[device]] with its key");
		}
		let devices = file.devices.iter().map(|table| self.device(table)).collect::<Vec<_>>();
		let names = file.devices.iter().map(|table| (&table.name, table.name.get_ref().clone()));
		self.ensure_distinct("name", BTreeSet::new(), names);
		// One file has many paths: `a`, `./a`, `.//a`.
		let path = |path: &Path| path.components().collect::<PathBuf>().display().to_string();
		let all = || file.devices.iter().zip(&devices);
		let keys = all().map(|(table, device)| (&table.key, path(&device.key)));
		self.ensure_distinct("key", BTreeSet::new(), keys);
		let implied = all().filter(|(table, _)| table.state.is_none());
		let implied = implied.map(|(_, device)| path(&device.state)).collect();
		let states =
			all().filter_map(|(table, device)| Some((table.state.as_ref()?, path(&device.state))));
		self.ensure_distinct("state", implied, states);
		devices
	}

	/// Note values that another one before has, or one of `seen`.
	fn ensure_distinct<'s>(
		&mut self,
		what: &str,
		mut seen: BTreeSet<String>,
		values: impl Iterator<Item = (&'s Spanned<String>, String)>,
	) {
		for (place, value) in values {
			if !seen.insert(value.clone()) {
				let cause = format!("another device has the {what} {value:?}, too");
				self.mistake(place, cause, "give each device its own");
			}
		}
	}

	fn device(&mut self, table: &DeviceTable) -> Device {
		let gateway = table.gateway.as_ref().or(self.file.gateway.as_ref());
		if gateway.is_none() {
			let remedy = "name its address here, or for all devices at the beginning of the file";
			self.mistake(&table.name, "the device has no gateway", remedy);
		}
		let gateway = gateway.and_then(|url| self.http(url)).unwrap_or_default();
		if table.inputs.is_empty() {
			let remedy = "add a [[device.input]] that names a source";
			self.mistake(&table.name, "the device has no input", remedy);
		}
		if let Some(queue) = table.queue.as_ref().filter(|queue| *queue.get_ref() == 0) {
			self.mistake(queue, "the queue has no room", "let at least one reading wait");
		}
		let key = self.path(&table.key);
		let state = table.state.as_ref().map_or_else(|| state_file(&key), |path| self.path(path));
		let inputs = table.inputs.iter().filter_map(|input| self.input(input));
		Device {
			name: table.name.get_ref().clone(),
			inputs: inputs.collect(),
			interval: self.interval(table.interval.as_ref()).unwrap_or(INTERVAL),
			queue: table.queue.as_ref().map_or(QUEUE, |queue| *queue.get_ref()),
			key,
			state,
			gateway,
		}
	}

	fn input(&mut self, table: &InputTable) -> Option<Input> {
		let name = table.source.get_ref();
		let Some(place) = self.known.get(name.as_str()).copied() else {
			let names = Names(self.file);
			self.mistake(&table.source, format!("there is no source {name:?}"), names);
			return None;
		};
		let kind = self.file.sources.get(name)?;
		let topic = match &table.topic {
			Some(topic) if !matches!(kind, SourceTable::Mqtt(_)) => {
				let remedy = "leave it out: only sources of MQTT have topics";
				self.mistake(topic, format!("the source {name:?} has no topics"), remedy);
				None
			},
			Some(topic) => Some(self.topic(topic)?),
			None => None,
		};
		let pick = self.pick(table, kind)?;
		Some(Input { source: SourceId(place), topic, pick })
	}

	fn topic(&mut self, text: &Spanned<String>) -> Option<TopicFilter> {
		let remedy = "let + stand for one whole level, and # for the last ones";
		self.read(text, remedy, TopicFilter::new)
	}

	/// Which records an input takes.
	fn pick(&mut self, table: &InputTable, kind: &SourceTable) -> Option<Pick> {
		let choices = [&table.record, &table.metric, &table.prefix];
		if let Some(second) = choices.into_iter().flatten().nth(1) {
			let cause = "record, metric and prefix exclude each other";
			self.mistake(second, cause, "keep one of them");
			return None;
		}
		match (&table.channel, &table.prefix) {
			(Some(channel), None) => self.rule(table, channel, kind),
			(Some(channel), Some(_)) => {
				let cause = "a prefix is for all channels";
				self.mistake(channel, cause, "leave out the channel, or give a record instead");
				None
			},
			(None, prefix) => self.names(table, prefix.as_ref(), kind),
		}
	}

	/// Records named as the channels are.
	fn names(
		&mut self,
		table: &InputTable,
		prefix: Option<&Spanned<String>>,
		kind: &SourceTable,
	) -> Option<Pick> {
		let spans = [
			table.record.as_ref().map(Spanned::span),
			table.metric.as_ref().map(Spanned::span),
			table.only_unit.as_ref().map(Spanned::span),
			table.measure.as_ref().map(Spanned::span),
			table.unit.as_ref().map(Spanned::span),
			table.scale.as_ref().map(Spanned::span),
			table.offset.as_ref().map(Spanned::span),
		];
		if let Some(span) = spans.into_iter().flatten().next() {
			self.mistake(
				&Spanned::new(span, ()),
				"this is for one channel, and none is named",
				"name the channel",
			);
			return None;
		}
		let Some(prefix) = prefix else {
			return Some(match kind {
				SourceTable::Host(_) => Pick::Host,
				_ => Pick::Names { prefix: String::new() },
			});
		};
		if prefix.get_ref().bytes().filter(|byte| *byte == b'*').count() > 1 {
			self.mistake(prefix, "there is more than one *", "let one * stand for anything");
			return None;
		}
		Some(Pick::Names { prefix: prefix.get_ref().clone() })
	}

	/// Records that fill a channel.
	fn rule(
		&mut self,
		table: &InputTable,
		channel: &Spanned<String>,
		kind: &SourceTable,
	) -> Option<Pick> {
		// Without a name, the record is called as the channel is.
		let all = Spanned::new(channel.span(), "*".to_owned());
		let name = match (&table.record, &table.metric) {
			(Some(record), _) => record,
			(None, Some(_)) => &all,
			(None, None) => channel,
		};
		let remedy = "write the whole name, or one * for any part of it";
		let pattern = self.read(name, remedy, |name| {
			Pattern::new(name).map_err(|cause| cause.cause().to_owned())
		});
		let unit = table.unit.as_ref().map(|unit| self.unit(unit));
		let mut rule = Rule::new(pattern?, channel.get_ref());
		rule.only_unit = table.only_unit.as_ref().map(|unit| unit.get_ref().clone());
		rule.measure = table.measure.as_ref().map_or(rule.measure, |it| *it.get_ref());
		rule.unit = match unit {
			Some(unit) => Some(unit?),
			None => None,
		};
		rule.scale = table.scale.as_ref().map_or(rule.scale, |it| it.get_ref().0);
		rule.offset = table.offset.as_ref().map_or(rule.offset, |it| it.get_ref().0);
		let Some(metric) = &table.metric else {
			return Some(Pick::Records { rule, is_optional: false });
		};
		if !matches!(kind, SourceTable::Scrape(_)) {
			let cause = "only sources that scrape have metrics";
			self.mistake(metric, cause, "give the name of a record instead");
			return None;
		}
		let remedy = "write it like http_requests_total or http_requests_total{code=\"200\"}";
		let selector = self.read(metric, remedy, |text| text.parse::<Selector>())?;
		Some(Pick::Series { selector, rule })
	}

	fn unit(&mut self, text: &Spanned<String>) -> Option<Unit> {
		let remedy = "use a symbol of the data standard, or a word such as celsius";
		self.read(text, remedy, |text| {
			Unit::from_name(text).ok_or_else(|| format!("{text:?} is no unit"))
		})
	}

	/// The sources; none if one of them is wrong.
	fn sources(&mut self, devices: &[Device]) -> Option<Vec<Source>> {
		let file = self.file;
		let inputs = file.devices.iter().flat_map(|device| &device.inputs);
		let taken = inputs.map(|input| input.source.get_ref()).collect::<BTreeSet<_>>();
		let intervals = intervals(devices, file.sources.len());
		let sources = file.sources.iter().zip(intervals).map(|((name, table), intervals)| {
			if !taken.contains(name) {
				let table = format!("source.{name}");
				let remedy = "add a [[device.input]] for it, or leave it out";
				self.mistake_of(&table, format!("no device takes anything from {name:?}"), remedy);
			}
			let (shortest, pace) = intervals.unwrap_or((INTERVAL, INTERVAL));
			let kind = self.kind(table, shortest)?;
			Some(Source { name: name.clone(), kind, pace })
		});
		// All of them are looked at before the first wrong one decides.
		sources.collect::<Vec<_>>().into_iter().collect()
	}

	fn kind(&mut self, table: &SourceTable, shortest: Duration) -> Option<Kind> {
		Some(match table {
			SourceTable::Host(host) => {
				Kind::Host { every: self.interval(host.interval.as_ref()).unwrap_or(shortest) }
			},
			SourceTable::Scrape(scrape) => {
				let every = self.interval(scrape.interval.as_ref()).unwrap_or(shortest);
				Kind::Scrape { url: self.http(&scrape.url)?, every }
			},
			SourceTable::Senml(senml) => Kind::Push(self.push(senml)?),
			SourceTable::Mqtt(mqtt) => Kind::Mqtt(Box::new(self.mqtt(mqtt)?)),
			SourceTable::Semtech(semtech) => {
				Kind::Radio(Radio { listen: self.listen(&semtech.listen)?, times: semtech.times })
			},
			SourceTable::Csv(csv) => Kind::Replay(Box::new(self.replay(csv)?)),
		})
	}

	fn push(&mut self, table: &SenmlTable) -> Option<Push> {
		let token_file = table.token_file.as_ref().map(|path| self.existing(path));
		let listen = self.listen(&table.listen)?;
		if !listen.ip().is_loopback() && token_file.is_none() {
			let cause = "others than this machine could report in the devices' names";
			let remedy = "listen on 127.0.0.1, or let senders show the token in a tokenFile";
			self.mistake(&table.listen, cause, remedy);
		}
		Some(Push { listen, token_file, times: table.times })
	}

	fn mqtt(&mut self, table: &MqttTable) -> Option<Mqtt> {
		let address = self.broker(&table.url);
		self.ensure_mqtt(table, address.as_ref());
		let topics = table.topics.iter().filter_map(|topic| self.topic(topic)).collect();
		Some(Mqtt {
			password_file: table.password_file.as_ref().map(|path| self.existing(path)),
			ca_file: table.ca_file.as_ref().map(|path| self.existing(path)),
			address: address?,
			version: table.version,
			client_id: table.client_id.as_ref().map(|id| id.get_ref().clone()),
			username: table.username.clone(),
			topics,
			payload: table.payload,
			is_acknowledged: table.qos.as_ref().is_none_or(|qos| *qos.get_ref() > 0),
			times: table.times,
			is_persistent: table.persistent,
			rebirth: table.rebirth.unwrap_or(true),
		})
	}

	/// Whether what is said of a broker goes together.
	fn ensure_mqtt(&mut self, table: &MqttTable, address: Option<&Address>) {
		let is_open = address.is_some_and(|address| !address.is_secure);
		if let Some(path) = table.ca_file.as_ref().filter(|_| is_open) {
			self.mistake(path, "the connection is not by TLS", "write the url with mqtts://");
		}
		if let (Some(path), None) = (&table.password_file, &table.username) {
			self.mistake(path, "there is no username", "name the user whose password it is");
		}
		if table.persistent && table.client_id.is_none() {
			let cause = "the broker cannot know the agent again";
			self.mistake(&table.url, cause, "give it a clientId that no other client has");
		}
		if let Some(id) = table.client_id.as_ref().filter(|id| !is_client_id(id.get_ref())) {
			let cause = "it is empty, longer than 64 bytes, or not of letters, digits, - _ . :";
			self.mistake(id, cause, "write another one");
		}
		if let Some(qos) = table.qos.as_ref().filter(|qos| *qos.get_ref() > 1) {
			let cause = "there are no such acknowledgements here";
			self.mistake(qos, cause, "0: at most once, 1: at least once; nothing counts twice");
		}
		if table.topics.is_empty() {
			self.mistake(&table.url, "there are no topics", "list topics, or # for all");
		}
	}

	fn broker(&mut self, url: &Spanned<String>) -> Option<Address> {
		let remedy = "write it like mqtts://broker.example:8883, or mqtt:// without TLS";
		self.read(url, remedy, Address::read)
	}

	fn replay(&mut self, table: &CsvTable) -> Option<Replay> {
		let layout = table.layout.clone().unwrap_or_else(Layout::canonical);
		let is_timed = table.pace == PaceWord::Times;
		if is_timed && layout.time.is_none() {
			let cause = "its rows have no times to be replayed by";
			self.mistake(&table.file, cause, "name the time's column, or write pace = \"fast\"");
		}
		if let Some(speed) = &table.speed {
			if !is_timed {
				self.mistake(speed, "without times there is no speed", "leave it out");
			} else if *speed.get_ref() == 0 {
				self.mistake(speed, "at this speed nothing happens", "write 1 or more");
			}
		}
		let speed = table.speed.as_ref().map_or(1, |speed| *speed.get_ref());
		Some(Replay {
			file: self.existing(&table.file),
			layout,
			pace: if is_timed { Pace::Times { speed } } else { Pace::Fast },
			repeat: table.repeat,
			counters: table.counters.iter().cloned().collect(),
		})
	}

	fn interval(&mut self, text: Option<&Spanned<String>>) -> Option<Duration> {
		let (shortest, longest) = INTERVALS;
		self.read(text?, "write it like 10s, from 10ms to 1d", |text| {
			let interval = parse_duration(text)?;
			if (shortest..=longest).contains(&interval) {
				Ok(interval)
			} else {
				Err(format!("{text} is too short or too long"))
			}
		})
	}

	fn http(&mut self, url: &Spanned<String>) -> Option<String> {
		self.read(url, "write it like http://127.0.0.1:9977", |text| {
			if text.len() > LONGEST_URL {
				return Err(format!("it is longer than {LONGEST_URL} bytes"));
			}
			let url = Url::parse(text).map_err(|cause| cause.to_string())?;
			if matches!(url.scheme(), "http" | "https") && url.has_host() {
				Ok(text.to_owned())
			} else {
				Err("it names no host by http or https".to_owned())
			}
		})
	}

	fn listen(&mut self, address: &Spanned<String>) -> Option<SocketAddr> {
		self.read(address, "write it like 127.0.0.1:8080", |text| {
			text.parse().map_err(|_| format!("{text:?} is no address with a port"))
		})
	}

	/// A path, from the configuration's directory on.
	fn path(&self, path: &Spanned<String>) -> PathBuf {
		self.base.join(path.get_ref())
	}

	/// A path at which there has to be a file.
	fn existing(&mut self, path: &Spanned<String>) -> PathBuf {
		let found = self.path(path);
		if !(self.is_file)(&found) {
			let cause = format!("there is no file {}", found.display());
			self.mistake(path, cause, "name a file, from this file's directory on");
		}
		found
	}
}

/// The shortest and the longest interval of the devices that each source feeds.
fn intervals(devices: &[Device], sources: usize) -> Vec<Option<(Duration, Duration)>> {
	let mut intervals = vec![None; sources];
	for Device { interval, inputs, .. } in devices {
		for input in inputs {
			if let Some(known) = intervals.get_mut(input.source.0) {
				let (shortest, longest) = known.unwrap_or((*interval, *interval));
				*known = Some((shortest.min(*interval), longest.max(*interval)));
			}
		}
	}
	intervals
}

fn is_client_id(id: &str) -> bool {
	let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
	(1..=64).contains(&id.len()) && id.chars().all(is_allowed)
}
