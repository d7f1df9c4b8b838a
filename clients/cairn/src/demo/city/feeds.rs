//! What stands for sensors: weather stations that publish SenML, and electricity meters whose counters
//! an exporter serves. The values are made up; how they travel is not.

use std::{
	collections::BTreeMap,
	fmt::Write,
	fs, io,
	path::{Path, PathBuf},
	time::Duration,
};

use cairn_formats::{FormatError, Record, RecordUnit, Value, senml};
use cairn_types::Schema;
use rumqttc::{AsyncClient, EventLoop, MqttOptions, QoS};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::{agent::source::replay::Step, clock::now_millis};

/// Time between two rows.
pub(super) const PERIOD: Duration = Duration::from_secs(3);
/// That, in seconds.
const PERIOD_SECONDS: u64 = 3;
/// How long to wait after the broker was not to be had.
const PAUSE: Duration = Duration::from_secs(1);
/// Messages that wait for the broker.
const WAITING: usize = 64;

/// As whom the stations sign in, and where.
pub(super) struct Login {
	/// Port of the broker on this machine.
	pub(super) port: u16,
	/// The user.
	pub(super) user: &'static str,
	/// The user's password.
	pub(super) password: String,
}

/// Publish what the stations say, row after row, for ever.
///
/// - `schema`: what they report, for the units.
pub(super) async fn publish(login: Login, steps: Vec<Step>, schema: Schema) {
	let mut options = MqttOptions::new("city-weather-stations", "127.0.0.1", login.port);
	options.set_credentials(login.user, login.password);
	let (client, events) = AsyncClient::new(options, WAITING);
	tokio::join!(say(client, &steps, &schema), keep(events));
}

async fn say(client: AsyncClient, steps: &[Step], schema: &Schema) {
	let mut pace = interval(PERIOD);
	pace.set_missed_tick_behavior(MissedTickBehavior::Skip);
	for step in steps.iter().cycle() {
		pace.tick().await;
		for (station, pack) in packs(step, schema, now_millis()) {
			let topic = format!("city/{station}/weather");
			let sent = match pack {
				Ok(pack) => client.publish(topic, QoS::AtLeastOnce, false, pack).await,
				Err(cause) => {
					tracing::warn!(%cause, "what a station says cannot be written");
					continue;
				},
			};
			if let Err(cause) = sent {
				tracing::warn!(%cause, "a station cannot publish");
			}
		}
	}
}

/// Keep a connection going; after an error it is made anew.
async fn keep(mut events: EventLoop) {
	loop {
		if let Err(cause) = Box::pin(events.poll()).await {
			tracing::debug!(%cause, "the stations have lost the broker");
			sleep(PAUSE).await;
		}
	}
}

/// What each station says of a row now, in SenML. Pure.
///
/// - `now`: ms since the epoch.
fn packs(step: &Step, schema: &Schema, now: u64) -> Vec<(String, Result<String, FormatError>)> {
	let mut stations = BTreeMap::<&str, Vec<Record>>::new();
	for record in &step.records {
		let Some((station, name)) = record.name.split_once('/') else { continue };
		let mut channels = schema.channels.iter();
		let channel = channels.find(|channel| channel.name.as_slice() == name.as_bytes());
		stations.entry(station).or_default().push(Record {
			name: name.to_owned(),
			time: Some(now),
			unit: channel.map(|channel| RecordUnit::Known(channel.unit)),
			..record.clone()
		});
	}
	let pack = |(station, records): (&str, Vec<Record>)| {
		(station.to_owned(), senml::encode_json(&records))
	};
	stations.into_iter().map(pack).collect()
}

/// Electricity meters: their power now, in watts, and their counters, in joules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Meters(BTreeMap<String, (u64, u64)>);

impl Meters {
	/// A period goes by under the power of a row.
	pub(super) fn advance(&mut self, step: &Step) {
		for record in &step.records {
			let Some(meter) = record.name.strip_suffix("/power") else { continue };
			let Value::Number(watts) = &record.value else { continue };
			let watts = watts.floor(0).and_then(|watts| u64::try_from(watts).ok()).unwrap_or(0);
			let (power, energy) = self.0.entry(meter.to_owned()).or_default();
			*power = watts;
			*energy = energy.saturating_add(watts.saturating_mul(PERIOD_SECONDS));
		}
	}

	/// What an exporter reads: Prometheus' text.
	pub(super) fn text(&self) -> String {
		let mut text = "# HELP meter_energy_joules_total Energy since the demo began.\n\
			# TYPE meter_energy_joules_total counter\n"
			.to_owned();
		// Writing to a string does not fail.
		for (meter, (_, energy)) in &self.0 {
			let _ = writeln!(
				text,
				"meter_energy_joules_total{{meter=\"{meter}\",direction=\"import\"}} {energy}"
			);
		}
		text.push_str("# HELP meter_power_watts Power.\n# TYPE meter_power_watts gauge\n");
		for (meter, (power, _)) in &self.0 {
			let _ = writeln!(text, "meter_power_watts{{meter=\"{meter}\"}} {power}");
		}
		text
	}

	/// Write it, all of it at once: the exporter may be reading.
	///
	/// # Errors
	/// If it cannot be written.
	pub(super) fn write(&self, file: &Path) -> io::Result<()> {
		let new = file.with_extension("new");
		fs::write(&new, self.text())?;
		fs::rename(&new, file)
	}
}

/// Let the meters count in a file, row after row, for ever.
pub(super) async fn count(mut meters: Meters, file: PathBuf, steps: Vec<Step>) {
	let mut pace = interval(PERIOD);
	pace.set_missed_tick_behavior(MissedTickBehavior::Skip);
	for step in steps.iter().cycle() {
		pace.tick().await;
		meters.advance(step);
		if let Err(cause) = meters.write(&file) {
			tracing::warn!(%cause, "the meters cannot be written");
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		agent::scrape,
		demo::city::plan::{energy, weather},
		owner::library_schema,
	};
	use cairn_formats::{Limits, openmetrics::Dialect};
	use cairn_types::Unit;

	#[test]
	fn stations_speak_senml_with_units_and_times() {
		let steps = weather().expect("a table");
		let schema = library_schema("weather").expect("in the library");
		let now = 1_769_860_800_123;
		let packs = packs(&steps[0], &schema, now);
		let stations = packs.iter().map(|(station, _)| station.as_str()).collect::<Vec<_>>();
		assert_eq!(stations, ["hill", "north-field", "park"]);
		let pack = packs[2].1.as_ref().expect("a pack");
		let records = senml::decode_json(pack.as_bytes(), 0, &Limits::default()).expect("SenML");
		let first = &records[0];
		assert_eq!((first.name.as_str(), first.time), ("temperature", Some(now)));
		assert_eq!(first.unit, Some(RecordUnit::Known(Unit::Celsius)));
		assert_eq!(first.value, steps[0].records[0].value);
	}

	#[test]
	fn meters_count_what_flows() {
		assert_eq!(PERIOD.as_secs(), PERIOD_SECONDS);
		let steps = energy().expect("a table");
		let mut meters = Meters::default();
		meters.advance(&steps[0]);
		meters.advance(&steps[1]);
		let records = scrape::parse(meters.text().as_bytes(), Dialect::Prometheus);
		let records = records.expect("an exposition");
		let value = |series: &str| {
			let record = records.iter().find(|record| record.name == series);
			record.map(|record| record.value.clone())
		};
		let power = |row: usize| match &steps[row].records[0].value {
			Value::Number(watts) => watts.floor(0).expect("small"),
			other => panic!("{other:?}"),
		};
		let number =
			|value: i128| Some(Value::Number(value.to_string().parse().expect("a number")));
		let energy = "meter_energy_joules_total{direction=\"import\",meter=\"town-hall\"}";
		assert_eq!(value(energy), number((power(0) + power(1)) * 3));
		assert_eq!(value("meter_power_watts{meter=\"town-hall\"}"), number(power(1)));
		assert_eq!(records.len(), 6);
	}

	#[test]
	fn the_file_is_replaced_as_a_whole() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let file = directory.path().join("meters.prom");
		let mut meters = Meters::default();
		meters.write(&file).expect("writable");
		meters.advance(&energy().expect("a table")[0]);
		meters.write(&file).expect("writable");
		assert_eq!(fs::read_to_string(&file).expect("readable"), meters.text());
		assert_eq!(fs::read_dir(directory.path()).expect("readable").count(), 1);
	}
}
