//! A configuration as its file says it: only the form is checked here.

use std::{collections::BTreeMap, fmt};

use cairn_formats::{Decimal, Measure, csv::Layout};
use serde::{Deserialize, Deserializer, de};
use toml::Spanned;

use super::{Mistake, place::Places};
use crate::{
	agent::source::{Times, mqtt::Payload},
	mqtt::Version,
};

/// What an agent is to do.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct File {
	/// Address of the gateway of devices that name none.
	pub(super) gateway: Option<Spanned<String>>,
	/// Where records come from, by name.
	#[serde(default, rename = "source")]
	pub(super) sources: BTreeMap<String, SourceTable>,
	/// Who reports them.
	#[serde(default, rename = "device")]
	pub(super) devices: Vec<DeviceTable>,
}

/// A source: one table, named for its kind.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum SourceTable {
	Host(HostTable),
	Scrape(ScrapeTable),
	Senml(SenmlTable),
	Mqtt(Box<MqttTable>),
	Semtech(SemtechTable),
	Csv(Box<CsvTable>),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct HostTable {
	pub(super) interval: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ScrapeTable {
	pub(super) url: Spanned<String>,
	pub(super) interval: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SenmlTable {
	pub(super) listen: Spanned<String>,
	pub(super) token_file: Option<Spanned<String>>,
	#[serde(default)]
	pub(super) times: Times,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MqttTable {
	pub(super) url: Spanned<String>,
	#[serde(default = "spoken_by_all")]
	pub(super) version: Version,
	pub(super) client_id: Option<Spanned<String>>,
	pub(super) username: Option<String>,
	pub(super) password_file: Option<Spanned<String>>,
	pub(super) ca_file: Option<Spanned<String>>,
	pub(super) topics: Vec<Spanned<String>>,
	pub(super) payload: Payload,
	pub(super) qos: Option<Spanned<u8>>,
	#[serde(default)]
	pub(super) times: Times,
	#[serde(default)]
	pub(super) persistent: bool,
	pub(super) rebirth: Option<bool>,
}

/// The version of brokers of which nothing is said.
const fn spoken_by_all() -> Version {
	Version::V3
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SemtechTable {
	pub(super) listen: Spanned<String>,
	#[serde(default)]
	pub(super) times: Times,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CsvTable {
	pub(super) file: Spanned<String>,
	/// Without it, what this command writes is read.
	pub(super) layout: Option<Layout>,
	#[serde(default)]
	pub(super) pace: PaceWord,
	pub(super) speed: Option<Spanned<u32>>,
	#[serde(default)]
	pub(super) repeat: bool,
	#[serde(default)]
	pub(super) counters: Vec<String>,
}

/// How fast a table is replayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PaceWord {
	/// As its times say.
	#[default]
	Times,
	/// As fast as the devices report.
	Fast,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DeviceTable {
	pub(super) name: Spanned<String>,
	pub(super) key: Spanned<String>,
	pub(super) state: Option<Spanned<String>>,
	pub(super) gateway: Option<Spanned<String>>,
	pub(super) interval: Option<Spanned<String>>,
	pub(super) queue: Option<Spanned<u64>>,
	#[serde(default, rename = "input")]
	pub(super) inputs: Vec<InputTable>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct InputTable {
	pub(super) source: Spanned<String>,
	pub(super) topic: Option<Spanned<String>>,
	pub(super) record: Option<Spanned<String>>,
	pub(super) metric: Option<Spanned<String>>,
	pub(super) prefix: Option<Spanned<String>>,
	pub(super) channel: Option<Spanned<String>>,
	pub(super) only_unit: Option<Spanned<String>>,
	pub(super) measure: Option<Spanned<Measure>>,
	pub(super) unit: Option<Spanned<String>>,
	pub(super) scale: Option<Spanned<Number>>,
	pub(super) offset: Option<Spanned<Number>>,
}

/// A whole number, or any decimal in quotes: so nothing is rounded on its way here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number(pub(super) Decimal);

impl<'de> Deserialize<'de> for Number {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		deserializer.deserialize_any(NumberVisitor)
	}
}

struct NumberVisitor;

impl de::Visitor<'_> for NumberVisitor {
	type Value = Number;

	fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("a whole number, or a decimal in quotes such as \"0.001\"")
	}

	fn visit_i64<E: de::Error>(self, number: i64) -> Result<Number, E> {
		Ok(Number(Decimal::from(number)))
	}

	fn visit_u64<E: de::Error>(self, number: u64) -> Result<Number, E> {
		Ok(Number(Decimal::from(number)))
	}

	fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
		text.parse().map(Number).map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
	}
}

impl File {
	/// Read a file's text.
	///
	/// # Errors
	/// The first mistake in its form.
	pub(super) fn read(text: &str) -> Result<Self, Mistake> {
		toml::from_str(text).map_err(|error| {
			let span = error.span().unwrap_or(0..0);
			let cause = match error.message().trim() {
				// Of what no rule of the grammar begins with, the parser says nothing.
				"" => "from here on it is no TOML".to_owned(),
				message => message.replace('\n', "; "),
			};
			let remedy = "see the guide of the agent for every key and an example".to_owned();
			Places(text).mistake(span, cause, remedy)
		})
	}
}
