//! The city as people and programs see it. Pure: nothing here knows a terminal or a clock.

use std::{collections::BTreeMap, fmt, time::Duration};

use cairn_geo::Cell;
use cairn_types::{DeviceId, GatewayId, NetworkId};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::{
	round::{Check, Round},
	setup::{Device, Network},
};
use crate::{
	clock::millis,
	data::answer::{Answer, Found, columns},
	gateway::data::parameters::write_time,
	owner::watch::{Line, Span, Style},
};

/// What is real here and what is not.
pub(super) const SIMULATED: &str = "no sensor is plugged into this machine: the values are made up, \
	in clients/cairn/scenarios/city; their way from broker, exporter and table through agents, \
	gateways and chain to this answer is real";

/// A city on a chain.
#[derive(Clone, Debug)]
pub(super) struct Facts {
	/// Its name.
	pub(super) city: String,
	/// The cell that is asked about.
	pub(super) cell: Cell,
	/// Its networks.
	pub(super) networks: Vec<Network>,
}

/// The city, and the last question to it.
pub(super) struct Report<'a> {
	/// The city, once it is there.
	pub(super) facts: Option<&'a Facts>,
	/// The last answer.
	pub(super) round: Option<&'a Round>,
	/// Time from the node's start to its first block.
	pub(super) first_block: Duration,
	/// To the first answer of which everything held.
	pub(super) proved: Option<Duration>,
	/// To the end.
	pub(super) lasted: Duration,
}

impl Facts {
	/// A device of the city, and its network.
	fn device(&self, id: DeviceId) -> Option<(&Network, &Device)> {
		let mut all = self
			.networks
			.iter()
			.flat_map(|network| network.devices.iter().map(move |device| (network, device)));
		all.find(|(_, device)| device.id == id)
	}

	/// The newest value of each channel of each device, as lines of a table with a heading.
	fn table(&self, answer: &Answer) -> Vec<String> {
		let mut newest = BTreeMap::<(NetworkId, DeviceId, &str), &Found>::new();
		for found in &answer.rows {
			let row = &found.row;
			let held =
				newest.entry((row.network, row.device, row.channel.as_str())).or_insert(found);
			if held.row.time < row.time {
				*held = found;
			}
		}
		let heading = ["network", "device", "channel", "value", "unit", "time", "cell", "proof"];
		let mut lines = vec![heading.map(str::to_owned)];
		lines.extend(newest.into_values().map(|found| self.cells(found)));
		columns(&lines)
	}

	fn cells(&self, found: &Found) -> [String; 8] {
		let row = &found.row;
		let (network, device) = match self.device(row.device) {
			Some((network, device)) => (network.name.clone(), device.name.clone()),
			None => (row.network.to_string(), row.device.to_string()),
		};
		let proof = match (found.proved(), found.doubted()) {
			(Some(proved), _) => proved.to_string(),
			(None, Some(doubted)) => doubted.doubt.code().to_owned(),
			(None, None) => "not checked".to_owned(),
		};
		// The day is the same for all.
		let time = write_time(row.time);
		let time = time.split_once('T').map_or(time.as_str(), |(_, time)| time);
		[
			network,
			device,
			row.channel.clone(),
			row.value.to_string(),
			row.unit.symbol().to_owned(),
			time.to_owned(),
			row.cell.map(|cell| cell.to_string()).unwrap_or_default(),
			proof,
		]
	}

	/// Names of the devices that report from elsewhere.
	fn elsewhere(&self, round: &Round) -> String {
		let names = round.elsewhere.iter().filter_map(|id| self.device(*id));
		let names = names.map(|(_, device)| device.name.as_str()).collect::<Vec<_>>();
		names.join(", ")
	}

	/// The question as a command line.
	fn command(&self, round: &Round) -> String {
		let (from, until) = (round.answer.filter.from, round.answer.filter.to);
		let cell = self.cell;
		format!(
			"cairn data query --cell {cell} --from {from} --until {until} --stage sealed --verify"
		)
	}

	/// A screen of what there is.
	pub(super) fn screen(&self, round: Option<&Round>, notes: &[String]) -> Vec<Line> {
		let line = |style, text: String| vec![Span { style, text }];
		let mut lines = vec![
			line(Style::Strong, format!("{}: cell {}", self.city, self.cell)),
			line(Style::Dim, SIMULATED.to_owned()),
			Line::new(),
		];
		for Network { id, name, gateway, input, devices, .. } in &self.networks {
			let count = devices.len();
			let text = format!("network {id} {name}: gateway {gateway}, {count} devices, {input}");
			lines.push(line(Style::Plain, text));
		}
		lines.push(Line::new());
		match round {
			None => {
				lines.push(line(Style::Busy, "waiting for the first attested window".to_owned()))
			},
			Some(round) => {
				lines.push(line(Style::Strong, format!("window {}", round.window)));
				lines.push(line(Style::Dim, self.command(round)));
				let style = if round.holds() { Style::Good } else { Style::Bad };
				for (place, text) in self.table(&round.answer).into_iter().enumerate() {
					lines.push(line(if place == 0 { Style::Dim } else { style }, text));
				}
				let elsewhere = self.elsewhere(round);
				lines.push(line(Style::Dim, format!("not in the cell: {elsewhere}")));
			},
		}
		lines.extend(notes.iter().map(|note| line(Style::Bad, note.clone())));
		lines
	}
}

/// What programs read of a device.
#[derive(Serialize)]
struct DeviceJson<'a> {
	device: DeviceId,
	name: &'a str,
	cell: Cell,
	inside: bool,
}

/// What programs read of a network.
#[derive(Serialize)]
struct NetworkJson<'a> {
	network: NetworkId,
	name: &'a str,
	schema: &'a str,
	gateway: GatewayId,
	url: &'a str,
	input: &'a str,
	devices: Vec<DeviceJson<'a>>,
}

/// What programs read of something that has to hold.
#[derive(Serialize)]
struct CheckJson<'a> {
	check: &'static str,
	held: bool,
	#[serde(skip_serializing_if = "Option::is_none")]
	cause: Option<&'a str>,
}

/// What programs read of the city.
#[derive(Serialize)]
struct ReportJson<'a> {
	scenario: &'static str,
	simulated: &'static str,
	city: Option<&'a str>,
	cell: Option<Cell>,
	networks: Vec<NetworkJson<'a>>,
	window: Option<u32>,
	answer: Option<&'a Answer>,
	senml: Option<Box<RawValue>>,
	/// Devices that report but are not in the cell.
	elsewhere: Vec<DeviceId>,
	checks: Vec<CheckJson<'a>>,
	first_block_millis: u64,
	proved_millis: Option<u64>,
	millis: u64,
}

fn network_json(network: &Network) -> NetworkJson<'_> {
	let devices = network.devices.iter().map(|device| DeviceJson {
		device: device.id,
		name: &device.name,
		cell: device.cell,
		inside: device.is_inside,
	});
	NetworkJson {
		network: network.id,
		name: &network.name,
		schema: &network.schema,
		gateway: network.gateway,
		url: &network.url,
		input: &network.input,
		devices: devices.collect(),
	}
}

fn check_json(check: &Check) -> CheckJson<'_> {
	CheckJson { check: check.what, held: check.failed.is_none(), cause: check.failed.as_deref() }
}

impl Serialize for Report<'_> {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let pack = self.round.map(|round| round.pack.clone());
		let networks = self.facts.map(|facts| facts.networks.as_slice()).unwrap_or_default();
		let checks = self.round.map(|round| round.checks.as_slice()).unwrap_or_default();
		let elsewhere = self.round.map(|round| round.elsewhere.iter().copied().collect());
		let report = ReportJson {
			scenario: "city",
			simulated: SIMULATED,
			city: self.facts.map(|facts| facts.city.as_str()),
			cell: self.facts.map(|facts| facts.cell),
			networks: networks.iter().map(network_json).collect(),
			window: self.round.map(|round| round.window),
			answer: self.round.map(|round| &round.answer),
			senml: pack.and_then(|pack| RawValue::from_string(pack).ok()),
			elsewhere: elsewhere.unwrap_or_default(),
			checks: checks.iter().map(check_json).collect(),
			first_block_millis: millis(self.first_block),
			proved_millis: self.proved.map(millis),
			millis: millis(self.lasted),
		};
		report.serialize(serializer)
	}
}

impl fmt::Display for Report<'_> {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let seconds = |duration: Duration| format!("{:.1} s", duration.as_secs_f64());
		if let (Some(facts), Some(round)) = (self.facts, self.round) {
			write_round(f, facts, round)?;
		}
		writeln!(f, "the demo ran for {}", seconds(self.lasted))?;
		writeln!(f, "  first block   after {}", seconds(self.first_block))?;
		match self.proved {
			Some(proved) => writeln!(f, "  first answer  proved after {}", seconds(proved))?,
			None => writeln!(f, "  first answer  none of which everything held")?,
		}
		writeln!(f, "  {SIMULATED}")
	}
}

/// A question, its answer and what was made of it.
fn write_round(f: &mut fmt::Formatter<'_>, facts: &Facts, round: &Round) -> fmt::Result {
	writeln!(f, "\n{} in window {}, asked by", facts.city, round.window)?;
	writeln!(f, "  {}", facts.command(round))?;
	writeln!(f, "\nthe answer in SenML:")?;
	for line in pack_lines(&round.pack) {
		writeln!(f, "  {line}")?;
	}
	writeln!(f, "\nthe newest value of each:")?;
	for line in facts.table(&round.answer) {
		writeln!(f, "  {line}")?;
	}
	writeln!(f, "\nnot in the cell, and not in the answer: {}", facts.elsewhere(round))?;
	for Check { what, failed } in &round.checks {
		match failed {
			None => writeln!(f, "  ok    {what}")?,
			Some(cause) => writeln!(f, "  WRONG {what}: {cause}")?,
		}
	}
	writeln!(f)
}

/// A pack of SenML, a record on a line. Our own packs have no braces in their texts.
fn pack_lines(pack: &str) -> impl Iterator<Item = &str> {
	pack.split_inclusive("},")
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::demo::city::{plan::tests::plan, round::tests::round, setup::tests::networks};
	use cairn_formats::{Limits, senml};
	use serde_json::{Value, json};

	fn facts() -> Facts {
		Facts { city: "Zürich".to_owned(), cell: plan().cell, networks: networks() }
	}

	fn report<'a>(facts: &'a Facts, round: &'a Round) -> Report<'a> {
		Report {
			facts: Some(facts),
			round: Some(round),
			first_block: Duration::from_millis(2_100),
			proved: Some(Duration::from_secs(50)),
			lasted: Duration::from_secs(60),
		}
	}

	#[test]
	fn people_see_the_answer_and_its_proofs() {
		let (facts, round) = (facts(), round(&networks()));
		let text = report(&facts, &round).to_string();
		for expected in [
			"asked by\n  cairn data query --cell 871f8ed95ffffff --from 0 --until 0",
			"\"n\":\"cairn:0:0:temperature\"",
			"network       device     channel      value  unit  time",
			"city-traffic  bridge     temperature  23.15  Cel   12:00:00.123Z",
			"batch 0/294976800/0, attested in block 57",
			"not in the answer: north-gate, north-field, arena",
			"  ok    every value is proved",
			"first answer  proved after 50.0 s",
			"no sensor is plugged into this machine",
		] {
			assert!(text.contains(expected), "{expected:?} is not in\n{text}");
		}
		let nothing = Report { facts: None, round: None, proved: None, ..report(&facts, &round) };
		assert!(nothing.to_string().contains("none of which everything held"));
	}

	#[test]
	fn programs_read_networks_values_and_checks() {
		let (facts, round) = (facts(), round(&networks()));
		let text = serde_json::to_string(&report(&facts, &round)).expect("serializes");
		let value = serde_json::from_str::<Value>(&text).expect("JSON");
		assert_eq!(value["networks"].as_array().map(Vec::len), Some(3));
		assert_eq!(value["networks"][1]["devices"][0]["name"], "park");
		assert_eq!(value["answer"]["rows"].as_array().map(Vec::len), Some(6));
		assert_eq!(value["answer"]["rows"][0]["proof"]["attested_in"], 57);
		assert_eq!(value["elsewhere"], json!([2, 12, 22]));
		assert_eq!(value["checks"][1], json!({ "check": "every value is proved", "held": true }));
		assert_eq!((&value["proved_millis"], &value["millis"]), (&json!(50_000), &json!(60_000)));
		let pack = value["senml"].to_string();
		let records = senml::decode_json(pack.as_bytes(), 0, &Limits::default()).expect("SenML");
		assert_eq!(records.len(), 6);
	}

	#[test]
	fn the_screen_shows_whatever_is_there() {
		let (facts, round) = (facts(), round(&networks()));
		let text = |lines: Vec<Line>| {
			let line = |line: Line| line.into_iter().map(|span| span.text).collect::<String>();
			lines.into_iter().map(line).collect::<Vec<_>>().join("\n")
		};
		let early = text(facts.screen(None, &[]));
		assert!(early.contains("waiting for the first attested window"), "{early}");
		let notes = ["a gateway is slow".to_owned()];
		let later = text(facts.screen(Some(&round), &notes));
		for expected in ["window 294976800", "town-hall", "attested in block 57", "gateway is slow"]
		{
			assert!(later.contains(expected), "{expected:?} is not in\n{later}");
		}
	}
}
