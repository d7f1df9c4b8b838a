//! Rows, as gateways answer them and others read them.

use std::ops::RangeInclusive;

use cairn_formats::{Cause, Decimal, Measure, Record, RecordUnit, Value};
use cairn_geo::Cell;
use cairn_types::{
	DeviceId, GatewayId, NetworkId, Quantity, Unit, Window,
	schema::{MAX_NAME, is_name},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::value::RawValue;

use crate::gateway::{
	data::{parameters::digits, query::Filter},
	locations::contains,
	store::Stage,
};

/// Milliseconds below this are relative in SenML (RFC 8428 §4.5.3).
const SENML_FIRST: u64 = (1 << 28) * 1_000;
/// Most bytes of the path of a proof: three numbers of 10, 20 and 20 digits behind its beginning.
const LONGEST_PATH: usize = 62;
/// Exponents of values: a scale has 8 bits, and zeros at the end of 64 bits move into the exponent.
const EXPONENTS: RangeInclusive<i16> = -128..=146;

/// A page of `GET /v1/data`.
#[derive(Debug, Deserialize)]
pub(crate) struct Page {
	/// In the gateway's order.
	pub(crate) rows: Vec<Row>,
	/// Path of the next page, if there is one.
	#[serde(default)]
	pub(crate) next: Option<String>,
	/// Whether every gateway that has a part of the answer has answered.
	#[serde(default = "yes")]
	pub(crate) complete: bool,
}

const fn yes() -> bool {
	true
}

/// One value of one reading, as a gateway says it; JSON has the fields in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
	/// Who serves it first hand: its proofs are about it.
	pub(crate) gateway: GatewayId,
	/// The network.
	pub(crate) network: NetworkId,
	/// Who read it.
	pub(crate) device: DeviceId,
	/// The reading's sequence.
	pub(crate) sequence: u64,
	/// When it was read, ms since the epoch.
	pub(crate) time: u64,
	/// Name of the channel.
	#[serde(deserialize_with = "read_name")]
	pub(crate) channel: String,
	/// What is measured.
	pub(crate) quantity: Quantity,
	/// In which unit.
	pub(crate) unit: Unit,
	/// The value, exact.
	#[serde(serialize_with = "write_exact", deserialize_with = "read_exact")]
	pub(crate) value: Decimal,
	/// How far the reading has come.
	#[serde(serialize_with = "write_stage", deserialize_with = "read_stage")]
	pub(crate) stage: Stage,
	/// Where the device was, if that is known.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub(crate) cell: Option<Cell>,
	/// Where the proof is.
	#[serde(deserialize_with = "read_path")]
	pub(crate) proof: String,
}

/// Where the proof of a reading is, at the gateway that has sealed it.
#[must_use]
pub(crate) fn proof_path(window: Window, device: DeviceId, sequence: u64) -> String {
	format!("/v1/proof/{window}/{device}/{sequence}")
}

impl Row {
	/// The window of the reading, if the proof's path is one of this reading.
	#[must_use]
	pub(crate) fn window(&self) -> Option<Window> {
		let mut parts = self.proof.strip_prefix("/v1/proof/")?.split('/');
		let window = digits::<Window>(parts.next()?)?;
		let device = digits::<u64>(parts.next()?)?;
		let sequence = digits::<u64>(parts.next()?)?;
		let is_ours = device == self.device.0 && sequence == self.sequence;
		(is_ours && parts.next().is_none()).then_some(window)
	}

	/// Whether this is what was asked for, but for the place: that is for the chain to say.
	#[must_use]
	pub(crate) fn is_asked(&self, filter: &Filter) -> bool {
		let is_named = |channel: &String| *channel == self.channel;
		(filter.from..filter.to).contains(&self.time)
			&& (filter.networks.is_empty() || filter.networks.contains(&self.network))
			&& (filter.quantities.is_empty() || filter.quantities.contains(&self.quantity))
			&& filter.channel.as_ref().is_none_or(is_named)
			&& filter.device.is_none_or(|device| device == self.device)
			&& filter.stage.is_none_or(|stage| self.stage >= stage)
	}

	/// Whether it says that it was read in the region that was asked for.
	#[must_use]
	pub(crate) fn is_inside(&self, filter: &Filter) -> bool {
		let inside = |region| self.cell.is_some_and(|cell| contains(region, cell));
		filter.region.is_none_or(inside)
	}

	/// Whether a reading can say its value, and its proof is one of its own.
	#[must_use]
	pub(crate) fn is_possible(&self) -> bool {
		let is_value = i64::try_from(self.value.mantissa()).is_ok();
		is_value && EXPONENTS.contains(&self.value.exponent()) && self.window().is_some()
	}

	/// Ensure that it is one that a gateway of a network may answer. Whether it is true only its proof can
	/// say.
	///
	/// # Errors
	/// What is wrong with an answer that has it.
	pub(crate) fn ensure_right(
		&self,
		gateway: GatewayId,
		network: NetworkId,
		filter: &Filter,
	) -> Result<(), &'static str> {
		if self.gateway != gateway {
			return Err("answers with rows of another gateway");
		}
		if self.network != network {
			return Err("answers with rows of another network");
		}
		if !self.is_asked(filter) || !self.is_inside(filter) {
			return Err("answers with rows that were not asked for");
		}
		if self.is_possible() { Ok(()) } else { Err("answers with rows that are of no reading") }
	}

	/// The value as a record of exchange formats; its name is unique on the chain.
	#[must_use]
	pub(crate) fn record(&self) -> Record {
		Record {
			name: format!("cairn:{}:{}:{}", self.network, self.device, self.channel),
			time: Some(self.time),
			measure: Measure::Value,
			unit: Some(RecordUnit::Known(self.unit)),
			value: Value::Number(self.value),
		}
	}

	/// Whether SenML can say its time.
	#[must_use]
	pub(crate) const fn is_datable(&self) -> bool {
		self.time >= SENML_FIRST
	}
}

/// A name in SenML's character set: others could move a terminal's cursor.
fn read_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
	let text = String::deserialize(deserializer)?;
	let longest = usize::try_from(MAX_NAME).unwrap_or(usize::MAX);
	if is_name(text.as_bytes()) && text.len() <= longest {
		Ok(text)
	} else {
		Err(D::Error::custom("a channel's name is too long, or outside SenML's character set"))
	}
}

/// A path that is no longer than a proof's can be: many rows of a stranger fill no memory by it.
fn read_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
	let text = String::deserialize(deserializer)?;
	if text.len() <= LONGEST_PATH {
		Ok(text)
	} else {
		Err(D::Error::custom("the path of a proof is too long"))
	}
}

/// Write a value as a number of JSON, digit by digit.
pub(crate) fn write_exact<S: Serializer>(
	value: &Decimal,
	serializer: S,
) -> Result<S::Ok, S::Error> {
	let raw = RawValue::from_string(value.to_string()).map_err(S::Error::custom)?;
	raw.serialize(serializer)
}

/// The number that JSON has, digit by digit.
fn read_exact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
	let raw = Box::<RawValue>::deserialize(deserializer)?;
	raw.get().parse().map_err(|cause: Cause| D::Error::custom(cause.cause()))
}

/// Write a stage as its name.
pub(super) fn write_stage<S: Serializer>(stage: &Stage, serializer: S) -> Result<S::Ok, S::Error> {
	serializer.serialize_str(stage.name())
}

fn read_stage<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Stage, D::Error> {
	let text = String::deserialize(deserializer)?;
	let stage = Stage::ALL.into_iter().find(|stage| stage.name() == text);
	stage.ok_or_else(|| D::Error::custom("there is no such stage of a reading"))
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::{Value as Json, json};

	fn document() -> Json {
		json!({
			"gateway": 3,
			"network": 1,
			"device": 4,
			"sequence": 12,
			"time": 1_769_860_800_000u64,
			"channel": "temperature",
			"quantity": "temperature",
			"unit": "Cel",
			"value": 23.15,
			"stage": "sealed",
			"cell": "8c2a1072b59adff",
			"proof": "/v1/proof/491627/4/12",
		})
	}

	fn read(document: &Json) -> Result<Row, String> {
		serde_json::from_str(&document.to_string()).map_err(|error| error.to_string())
	}

	#[test]
	fn works_when_a_gateway_answers_as_it_should() {
		let row = read(&document()).expect("a row");
		assert_eq!((row.network, row.device, row.sequence), (NetworkId(1), DeviceId(4), 12));
		assert_eq!((row.quantity, row.unit), (Quantity::Temperature, Unit::Celsius));
		assert_eq!((row.value.mantissa(), row.value.exponent()), (2_315, -2));
		assert_eq!((row.stage, row.window()), (Stage::Sealed, Some(491_627)));
		let record = row.record();
		assert_eq!(record.name, "cairn:1:4:temperature");
		assert_eq!(record.value, Value::Number("23.15".parse().expect("a number")));
		assert!(row.is_datable() && !Row { time: 5, ..row }.is_datable());
	}

	#[test]
	fn values_are_exact() {
		let text = document().to_string().replace("23.15", "9223372036854775807");
		let row = serde_json::from_str::<Row>(&text).expect("a row");
		assert_eq!(row.value, Decimal::from(i64::MAX));
		let mut nowhere = document();
		nowhere["cell"].take();
		assert_eq!(read(&nowhere).expect("a row").cell, None);
	}

	#[test]
	fn the_longest_path_of_a_proof_is_read() {
		let mut document = document();
		document["device"] = json!(u64::MAX);
		document["sequence"] = json!(u64::MAX);
		let path = proof_path(Window::MAX, DeviceId(u64::MAX), u64::MAX);
		document["proof"] = json!(path);
		assert_eq!(path.len(), LONGEST_PATH);
		assert_eq!(read(&document).expect("a row").window(), Some(Window::MAX));
	}

	#[test]
	fn a_row_is_written_as_it_is_read() {
		let placed = concat!(
			r#"{"gateway":3,"network":1,"device":4,"sequence":12,"time":1769860800000,"#,
			r#""channel":"temperature","quantity":"temperature","unit":"Cel","value":23.15,"#,
			r#""stage":"sealed","cell":"8c2a1072b59adff","proof":"/v1/proof/491627/4/12"}"#,
		);
		let nowhere = placed.replace(r#""cell":"8c2a1072b59adff","#, "");
		let large = placed.replace("23.15", "-9223372036854775808");
		for text in [placed, nowhere.as_str(), large.as_str()] {
			let row = serde_json::from_str::<Row>(text).expect("a row");
			assert_eq!(serde_json::to_string(&row).expect("it is written"), text);
		}
	}

	#[test]
	fn what_is_unknown_is_skipped() {
		let mut newer = document();
		newer["later"] = json!([1]);
		assert_eq!(read(&newer).expect("a row"), read(&document()).expect("a row"));
	}

	#[test]
	fn fails_when_a_row_is_none() {
		for (field, value) in [
			("value", json!("23.15")),
			("value", json!(null)),
			("value", json!([1])),
			("channel", json!("a\u{1b}[2J")),
			("channel", json!("")),
			("channel", json!("a".repeat(33))),
			("gateway", json!(null)),
			("stage", json!("proved")),
			("unit", json!("degrees")),
			("quantity", json!("warmth")),
			("cell", json!("8c2a1072b59adfx")),
			("device", json!(-1)),
			("proof", json!("a".repeat(LONGEST_PATH + 1))),
		] {
			let mut document = document();
			document[field] = value;
			assert!(read(&document).is_err(), "{document}");
		}
	}

	#[test]
	fn a_row_is_asked_for_or_not() {
		let row = read(&document()).expect("a row");
		let time = row.time;
		let open = || Filter { from: time, to: time + 1, ..Filter::default() };
		let cell = |text: &str| text.parse::<Cell>().expect("a cell").parent(7).ok();
		assert!(row.is_asked(&open()) && row.is_inside(&open()));
		for filter in [
			Filter { from: time + 1, to: time + 2, ..open() },
			Filter { to: time, ..open() },
			Filter { networks: vec![NetworkId(2)], ..open() },
			Filter { quantities: vec![Quantity::Energy], ..open() },
			Filter { channel: Some("t".to_owned()), ..open() },
			Filter { device: Some(DeviceId(5)), ..open() },
			Filter { stage: Some(Stage::Matured), ..open() },
		] {
			assert!(!row.is_asked(&filter), "{filter:?}");
		}
		let named = Filter { networks: vec![NetworkId(2), NetworkId(1)], ..open() };
		assert!(row.is_asked(&named));
		assert!(row.is_inside(&Filter { region: cell("8c2a1072b59adff"), ..open() }));
		let elsewhere = Filter { region: cell("8c1fb46741ae9ff"), ..open() };
		assert!(!row.is_inside(&elsewhere));
		assert!(!Row { cell: None, ..row }.is_inside(&elsewhere));
	}

	#[test]
	fn a_row_is_possible_or_not() {
		let row = read(&document()).expect("a row");
		assert!(row.is_possible());
		for value in ["9223372036854775807", "-9223372036854775808", "1e146", "1e-128", "0"] {
			let value = value.parse().expect("a number");
			assert!(Row { value, ..row.clone() }.is_possible(), "{value}");
		}
		for value in ["9223372036854775809", "-9223372036854775809", "1e147", "1e-129"] {
			let value = value.parse().expect("a number");
			assert!(!Row { value, ..row.clone() }.is_possible(), "{value}");
		}
		let proof = "/v1/proof/491627/4/13".to_owned();
		assert!(!Row { proof, ..row }.is_possible());
	}

	#[test]
	fn a_row_is_right_or_not() {
		let row = read(&document()).expect("a row");
		let filter = Filter { from: row.time, to: row.time + 1, ..Filter::default() };
		let ensure =
			|row: &Row, filter: &Filter| row.ensure_right(GatewayId(3), NetworkId(1), filter);
		assert_eq!(ensure(&row, &filter), Ok(()));
		let elsewhere = Filter { region: "8c1fb46741ae9ff".parse().ok(), ..filter.clone() };
		for (row, filter, words) in [
			(Row { gateway: GatewayId(4), ..row.clone() }, &filter, "another gateway"),
			(Row { network: NetworkId(2), ..row.clone() }, &filter, "another network"),
			(Row { time: row.time + 1, ..row.clone() }, &filter, "not asked for"),
			(row.clone(), &elsewhere, "not asked for"),
			(Row { sequence: 13, ..row.clone() }, &filter, "of no reading"),
		] {
			let cause = ensure(&row, filter).expect_err(words);
			assert!(cause.contains(words), "{cause}");
		}
	}

	#[test]
	fn a_proof_of_another_reading_is_none() {
		for proof in [
			"",
			"/v1/proof/491627/4/13",
			"/v1/proof/491627/5/12",
			"/v1/proof/491627/4",
			"/v1/proof/491627/4/12/",
			"/v1/proof/x/4/12",
			"/v1/proof/4294967296/4/12",
			"http://elsewhere/v1/proof/491627/4/12",
		] {
			let mut document = document();
			document["proof"] = json!(proof);
			assert_eq!(read(&document).expect("a row").window(), None, "{proof}");
		}
	}
}
