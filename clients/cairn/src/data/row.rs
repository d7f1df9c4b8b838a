//! Rows, as gateways answer them.

use cairn_formats::{Cause, Decimal, Measure, Record, RecordUnit, Value};
use cairn_geo::Cell;
use cairn_types::{DeviceId, NetworkId, Quantity, Unit, Window, schema::is_name};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::value::RawValue;

use crate::gateway::{data::parameters::digits, store::Stage};

/// Milliseconds below this are relative in SenML (RFC 8428 §4.5.3).
const SENML_FIRST: u64 = (1 << 28) * 1_000;

/// A page of `GET /v1/data`.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
	/// In the gateway's order.
	pub(super) rows: Vec<Row>,
	/// Path of the next page, if there is one.
	#[serde(default)]
	pub(super) next: Option<String>,
}

/// One value of one reading, as a gateway says it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Row {
	/// The network.
	pub(crate) network: NetworkId,
	/// Who read it.
	pub(crate) device: DeviceId,
	/// The reading's sequence.
	pub(crate) sequence: u64,
	/// When it was read, ms since the epoch.
	pub(crate) time: u64,
	/// Name of the channel.
	#[serde(deserialize_with = "name")]
	pub(crate) channel: String,
	/// What is measured.
	pub(crate) quantity: Quantity,
	/// In which unit.
	pub(crate) unit: Unit,
	/// The value, exact.
	#[serde(deserialize_with = "exact")]
	pub(crate) value: Decimal,
	/// How far the reading has come.
	#[serde(deserialize_with = "stage")]
	pub(crate) stage: Stage,
	/// Where the device was, if that is known.
	#[serde(default)]
	pub(crate) cell: Option<Cell>,
	/// Where the proof is.
	pub(crate) proof: String,
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

/// The number that JSON has, digit by digit.
fn exact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
	let raw = Box::<RawValue>::deserialize(deserializer)?;
	raw.get().parse().map_err(|cause: Cause| D::Error::custom(cause.cause()))
}

/// A name in SenML's character set: others could move a terminal's cursor.
fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
	let text = String::deserialize(deserializer)?;
	if is_name(text.as_bytes()) {
		Ok(text)
	} else {
		Err(D::Error::custom("a channel's name is outside SenML's character set"))
	}
}

fn stage<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Stage, D::Error> {
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
	fn fails_when_a_row_is_none() {
		for (field, value) in [
			("value", json!("23.15")),
			("value", json!(null)),
			("value", json!([1])),
			("channel", json!("a\u{1b}[2J")),
			("channel", json!("")),
			("stage", json!("proved")),
			("unit", json!("degrees")),
			("quantity", json!("warmth")),
			("cell", json!("8c2a1072b59adfx")),
			("device", json!(-1)),
		] {
			let mut document = document();
			document[field] = value;
			assert!(read(&document).is_err(), "{document}");
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
