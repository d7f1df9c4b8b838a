//! Records as SenML, in JSON and CBOR.

use alloc::{string::String, vec::Vec};

use cairn_types::schema::is_name;

use super::{RELATIVE_BELOW, VERSION, VERSION_SECONDARY};
use crate::{
	Cause, Decimal, FormatError, Measure, Record, RecordUnit, Value, cbor::write, data, json,
	text::append, time, units,
};

/// Labels of CBOR (RFC 8428 §6).
const BASE_VERSION: i64 = -1;
const NAME: i64 = 0;
const UNIT: i64 = 1;
const VALUE: i64 = 2;
const TEXT_VALUE: i64 = 3;
const BOOL_VALUE: i64 = 4;
const SUM: i64 = 5;
const TIME: i64 = 6;
const DATA_VALUE: i64 = 8;

/// Write records as one SenML pack in JSON, resolved: without base values, in the order given.
/// There is one encoding: fields in the order n, u, t, then the value; numbers exact and short; no
/// white space. [`decode_json`](super::decode_json) reads the same records back, if all have times.
///
/// Secondary units need version 26, which every record then states (RFC 8428 §4.6, RFC 9100 §4).
///
/// # Errors
/// With the number of the record from 1: [`Cause::BadName`] outside SenML's characters,
/// [`Cause::NotAbsolute`] for times before mid-1978, [`Cause::NotANumber`] for sums that are none.
pub fn encode_json(records: &[Record]) -> Result<String, FormatError> {
	let version = version(records);
	let mut pack = String::from("[");
	for (number, record) in (1usize..).zip(records) {
		if number > 1 {
			pack.push(',');
		}
		write_json(&mut pack, &Entry::new(record, version).map_err(|cause| cause.at(number))?);
	}
	pack.push(']');
	Ok(pack)
}

/// Write records as one SenML pack in CBOR (RFC 8428 §6): what [`encode_json`] says in JSON, in the
/// same order. There is one encoding: definite lengths, heads as short as they can be; numbers exact,
/// as integers of 64 bits, else as floats if those read back as the same decimal (of the least width
/// that holds the same number, but no half below 2^-14), else as decimal fractions.
/// [`decode_cbor`](super::decode_cbor) reads the same records back, if all have times.
///
/// # Errors
/// Those of [`encode_json`].
pub fn encode_cbor(records: &[Record]) -> Result<Vec<u8>, FormatError> {
	let version = version(records);
	let mut pack = Vec::new();
	write::array(&mut pack, records.len());
	for (number, record) in (1usize..).zip(records) {
		write_cbor(&mut pack, &Entry::new(record, version).map_err(|cause| cause.at(number))?);
	}
	Ok(pack)
}

/// The version that a pack of these records has to state; `None` if it need not.
fn version(records: &[Record]) -> Option<u64> {
	let is_secondary = |record: &Record| {
		record.unit.as_ref().is_some_and(|unit| units::is_secondary(unit.symbol()))
	};
	let version = if records.iter().any(is_secondary) { VERSION_SECONDARY } else { VERSION };
	(version != VERSION).then_some(version)
}

/// The fields of one record.
struct Entry<'a> {
	version: Option<u64>,
	name: &'a str,
	unit: Option<&'a str>,
	/// Seconds since the epoch.
	time: Option<Decimal>,
	content: Content<'a>,
}

/// The one field that is no label of the others.
enum Content<'a> {
	Number(Decimal),
	Sum(Decimal),
	Bool(bool),
	Text(&'a str),
	Data(&'a [u8]),
}

impl<'a> Entry<'a> {
	/// The fields of a record, if SenML can carry it.
	fn new(record: &'a Record, version: Option<u64>) -> Result<Self, Cause> {
		if !is_name(record.name.as_bytes()) {
			return Err(Cause::BadName);
		}
		if record.time.is_some_and(|millis| i128::from(millis) < RELATIVE_BELOW) {
			return Err(Cause::NotAbsolute);
		}
		let content = match (record.measure, &record.value) {
			(Measure::Value, Value::Number(number)) => Content::Number(*number),
			(Measure::Sum, Value::Number(number)) => Content::Sum(*number),
			(Measure::Sum, _) => return Err(Cause::NotANumber),
			(Measure::Value, Value::Bool(is_on)) => Content::Bool(*is_on),
			(Measure::Value, Value::Text(text)) => Content::Text(text),
			(Measure::Value, Value::Data(bytes)) => Content::Data(bytes),
		};
		Ok(Self {
			version,
			name: &record.name,
			unit: record.unit.as_ref().map(RecordUnit::symbol),
			time: record.time.map(time::to_seconds),
			content,
		})
	}
}

fn write_json(pack: &mut String, entry: &Entry<'_>) {
	pack.push('{');
	if let Some(version) = entry.version {
		append(pack, format_args!("\"bver\":{version},"));
	}
	append(pack, format_args!("\"n\":\"{}\"", entry.name));
	if let Some(unit) = entry.unit {
		pack.push_str(",\"u\":");
		json::quote(pack, unit);
	}
	if let Some(time) = entry.time {
		append(pack, format_args!(",\"t\":{time}"));
	}
	match entry.content {
		Content::Number(number) => append(pack, format_args!(",\"v\":{number}")),
		Content::Sum(number) => append(pack, format_args!(",\"s\":{number}")),
		Content::Bool(is_on) => append(pack, format_args!(",\"vb\":{is_on}")),
		Content::Text(text) => {
			pack.push_str(",\"vs\":");
			json::quote(pack, text);
		},
		Content::Data(bytes) => {
			pack.push_str(",\"vd\":\"");
			pack.push_str(&data::encode_url_safe(bytes));
			pack.push('"');
		},
	}
	pack.push('}');
}

fn write_cbor(pack: &mut Vec<u8>, entry: &Entry<'_>) {
	let optional = [entry.version.is_some(), entry.unit.is_some(), entry.time.is_some()];
	let fields = optional.into_iter().filter(|is_there| *is_there).count();
	// Beside these, the name and the value.
	write::map(pack, fields.saturating_add(2));
	if let Some(version) = entry.version {
		write::number(pack, BASE_VERSION.into());
		write::number(pack, version.into());
	}
	write::number(pack, NAME.into());
	write::text(pack, entry.name);
	if let Some(unit) = entry.unit {
		write::number(pack, UNIT.into());
		write::text(pack, unit);
	}
	if let Some(time) = entry.time {
		write::number(pack, TIME.into());
		write::number(pack, time);
	}
	match entry.content {
		Content::Number(number) => {
			write::number(pack, VALUE.into());
			write::number(pack, number);
		},
		Content::Sum(number) => {
			write::number(pack, SUM.into());
			write::number(pack, number);
		},
		Content::Bool(is_on) => {
			write::number(pack, BOOL_VALUE.into());
			write::boolean(pack, is_on);
		},
		Content::Text(text) => {
			write::number(pack, TEXT_VALUE.into());
			write::text(pack, text);
		},
		Content::Data(bytes) => {
			write::number(pack, DATA_VALUE.into());
			write::bytes(pack, bytes);
		},
	}
}
