//! The configuration of an agent, as `cairn agent check` reads and explains it.

use std::{cell::Cell, collections::BTreeSet, path::Path, str};

use cairn::agent::{
	Plan,
	config::{Config, Device, INTERVALS, MAX_MISTAKES, Mistake, read},
	plan::{Batch, Fate, Pick, Routed, SourceId, Span},
	source::{Kind, Source, mqtt::Mqtt, push::Push, replay::Pace},
};
use cairn_formats::{Record, senml};
use cairn_types::{Schema, SchemaId};

use crate::{
	mapping::schema,
	memory::{PerByte, within},
	records::{LIMITS, NOW},
};

/// What files are named from.
const BASE: &str = "/etc/cairn";
/// The topic by which a pack comes from a broker.
const TOPIC: &str = "a/b";
/// What may be taken: two bytes of TOML can stand for a table of its own.
const TOML: PerByte = PerByte { in_use: 2_048, asked: 8_192 };

/// Mistakes, or what an agent is to do.
type Read = Result<Config, Vec<Mistake>>;

/// A configuration in TOML; with a zero byte behind it, a pack of SenML in JSON, which comes from each of
/// its sources. Accepted if the configuration has no mistake.
///
/// # Panics
/// As [`crate::Target::run`] says; also if a mistake does not say what is wrong and where, if a comment
/// matters, or a file that is not there does not, if an agent would have to do what it cannot, or if a
/// record goes to a channel that nobody has asked it to fill.
#[must_use]
pub fn agent_config(input: &[u8]) -> bool {
	let end = input.iter().position(|byte| *byte == 0);
	let (text, pack) = end.map_or((input, None), |end| (&input[..end], Some(&input[end + 1..])));
	let Ok(text) = str::from_utf8(text) else { return false };
	let found = within(TOML, text.len(), || configured(text));
	commented(text, &found);
	match &found {
		Ok(config) => {
			sound(config);
			filed(text, config);
			if let Some(pack) = pack {
				explained(config, pack);
			}
		},
		Err(mistakes) => told(text, mistakes),
	}
	found.is_ok()
}

/// What a configuration says, where every file is there.
fn configured(text: &str) -> Read {
	read(text, Path::new(BASE), |_| true)
}

/// Every mistake says what is wrong, what to do, and where: by a line that is there, and by what is
/// written there.
fn told(text: &str, mistakes: &[Mistake]) {
	assert!((1..=MAX_MISTAKES + 1).contains(&mistakes.len()));
	let (placed, others) = mistakes.split_at(mistakes.len().min(MAX_MISTAKES));
	assert!(placed.is_sorted_by_key(|mistake| mistake.line));
	assert!(others.iter().all(|mistake| mistake.line == 0));
	let lines = text.split('\n').count();
	for mistake in placed {
		let Mistake { line, key, .. } = mistake;
		let is_named = key == "the file" || key == "device" || key.starts_with("source.");
		assert!((1..=lines).contains(line), "{mistake:?}");
		assert!(!key.is_empty() && (is_named || text.contains(key.as_str())), "{mistake:?}");
	}
	for Mistake { cause, remedy, .. } in mistakes {
		assert!(!cause.is_empty() && !remedy.is_empty(), "{mistakes:?}");
	}
}

/// A comment above a configuration changes nothing but the lines of its mistakes.
fn commented(text: &str, found: &Read) {
	// A mark of the byte order is one at the beginning only.
	if text.starts_with('\u{feff}') {
		return;
	}
	match (found, configured(&format!("# A comment.\n{text}"))) {
		(Ok(config), Ok(same)) => assert_eq!(*config, same),
		(Err(mistakes), Err(later)) => {
			let (mistakes, later) = (sorted(mistakes), sorted(&later));
			assert_eq!(mistakes.len(), later.len(), "{mistakes:?}, {later:?}");
			for ((cause, remedy, line), moved) in mistakes.into_iter().zip(later) {
				assert_eq!((cause, remedy), (moved.0, moved.1));
				// What is nowhere in particular is said of the first line, or of none.
				let is_nowhere = line <= 1 && moved.2 == line;
				assert!(is_nowhere || moved.2 == line + 1, "{cause}: {line}, {}", moved.2);
			}
		},
		(found, later) => panic!("{found:?}, with a comment {later:?}"),
	}
}

/// Cause, remedy and line of each mistake, in order.
fn sorted(mistakes: &[Mistake]) -> Vec<(&str, &str, usize)> {
	let mut parts = Vec::new();
	for Mistake { line, cause, remedy, .. } in mistakes {
		parts.push((cause.as_str(), remedy.as_str(), *line));
	}
	parts.sort_unstable();
	parts
}

/// Where no file is there, a configuration that names none is the same, and any other is told of it.
fn filed(text: &str, config: &Config) {
	let asked = Cell::new(0_usize);
	let found = read(text, Path::new(BASE), |_| {
		asked.set(asked.get() + 1);
		false
	});
	match found {
		Ok(same) => assert!(asked.get() == 0 && same == *config),
		Err(mistakes) => {
			let missing = mistakes.iter().filter(|mistake| mistake.cause.contains("no file"));
			assert_eq!(missing.count(), asked.get().min(MAX_MISTAKES), "{mistakes:?}");
		},
	}
}

/// An agent can do what it is to do.
fn sound(config: &Config) {
	let Config { sources, devices } = config;
	assert!(!devices.is_empty());
	assert!(sources.is_sorted_by(|one, next| one.name < next.name));
	let names: BTreeSet<_> = devices.iter().map(|device| device.name.as_str()).collect();
	// Paths that differ in how they are written only are the same.
	let keys: BTreeSet<_> = devices.iter().map(|device| device.key.as_path()).collect();
	let states: BTreeSet<_> = devices.iter().map(|device| device.state.as_path()).collect();
	assert_eq!([names.len(), keys.len(), states.len()], [devices.len(); 3], "{devices:?}");
	devices.iter().for_each(|device| fed(device, sources));
	for (place, Source { kind, pace, .. }) in sources.iter().enumerate() {
		let mut inputs = devices.iter().flat_map(|device| &device.inputs);
		assert!(inputs.any(|input| input.source == SourceId(place)), "nobody takes from it");
		assert!((INTERVALS.0..=INTERVALS.1).contains(pace));
		open(kind);
	}
}

/// A device can report, and takes from sources what they have.
fn fed(device: &Device, sources: &[Source]) {
	assert!((INTERVALS.0..=INTERVALS.1).contains(&device.interval) && device.queue > 0);
	assert!(!device.gateway.is_empty() && !device.inputs.is_empty(), "{device:?}");
	for input in &device.inputs {
		let kind = &sources[input.source.0].kind;
		assert!(input.topic.is_none() || matches!(kind, Kind::Mqtt(_)), "{input:?}");
		let is_its = match &input.pick {
			Pick::Records { is_optional, .. } => !is_optional,
			Pick::Series { .. } => matches!(kind, Kind::Scrape { .. }),
			Pick::Names { prefix } => prefix.matches('*').count() <= 1,
			Pick::Host => matches!(kind, Kind::Host { .. }),
		};
		assert!(is_its, "{input:?}");
	}
}

/// A source can be opened, and lets nobody else in.
fn open(kind: &Kind) {
	match kind {
		Kind::Host { every } | Kind::Scrape { every, .. } => {
			assert!((INTERVALS.0..=INTERVALS.1).contains(every));
		},
		Kind::Push(Push { listen, token_file, .. }) => {
			assert!(listen.ip().is_loopback() || token_file.is_some());
		},
		Kind::Mqtt(mqtt) => {
			let Mqtt { address, client_id, username, password_file, ca_file, topics, .. } = &**mqtt;
			assert!(!topics.is_empty() && !address.host.is_empty());
			assert!(username.is_some() || password_file.is_none());
			assert!(address.is_secure || ca_file.is_none());
			assert!(client_id.is_some() || !mqtt.is_persistent);
		},
		Kind::Radio(_) => {},
		Kind::Replay(replay) => {
			let is_timed = replay.layout.time.is_some();
			assert!(match replay.pace {
				Pace::Times { speed } => is_timed && speed > 0,
				Pace::Fast => true,
			});
		},
	}
}

/// What becomes of a pack that comes from each source, at each device.
fn explained(config: &Config, pack: &[u8]) {
	let Ok(records) = senml::decode_json(pack, NOW, &LIMITS) else { return };
	let schema = schema();
	for device in &config.devices {
		let plan = match Plan::new(SchemaId(1), &schema, &device.inputs) {
			Ok(plan) => plan,
			Err(error) => {
				assert!(error.to_string().contains("Remedy: "), "{error}");
				continue;
			},
		};
		for (place, source) in config.sources.iter().enumerate() {
			let is_broker = matches!(source.kind, Kind::Mqtt(_));
			let batch = Batch {
				source: SourceId(place),
				topic: is_broker.then_some(TOPIC),
				records: &records,
				now: NOW,
			};
			let length = pack.len() * device.inputs.len();
			let routed = within(TOML, length, || plan.route(&batch, Span::default()));
			asked_for(device, &batch, &schema, &routed);
			ordered(device, &plan, &batch, &routed);
		}
	}
}

/// What fills a channel is a record of a source that the device takes from, within the channel's range.
fn asked_for(device: &Device, batch: &Batch<'_>, schema: &Schema, routed: &Routed) {
	let Routed { fates, is_wanted } = routed;
	assert_eq!(is_wanted.len(), batch.records.len());
	let mut inputs = device.inputs.iter();
	let is_taken = inputs.any(|input| input.source == batch.source);
	assert!(is_taken || !is_wanted.contains(&true));
	for Fate { record, count, channel, value } in fates {
		assert!(is_wanted[*record] && (1..=batch.records.len()).contains(count));
		let channel = &schema.channels[*channel];
		if let Ok((time, value)) = value {
			assert!(*time <= NOW && (channel.min..=channel.max).contains(value));
		}
	}
}

/// In which order records come does not matter, unless they are added up: a sum may be too long on its
/// way.
fn ordered(device: &Device, plan: &Plan, batch: &Batch<'_>, routed: &Routed) {
	if device.inputs.iter().any(|input| matches!(input.pick, Pick::Series { .. })) {
		return;
	}
	let backwards: Vec<Record> = batch.records.iter().rev().cloned().collect();
	let mut other = plan.route(&Batch { records: &backwards, ..*batch }, Span::default());
	for fate in &mut other.fates {
		fate.record = backwards.len() - 1 - fate.record;
	}
	let listed = |fates: &[Fate]| {
		let mut fates: Vec<_> = fates.iter().map(|fate| format!("{fate:?}")).collect();
		fates.sort_unstable();
		fates
	};
	assert_eq!(listed(&other.fates), listed(&routed.fates));
}
