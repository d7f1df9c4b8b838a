//! Records as SenML JSON.

use alloc::string::String;

use cairn_types::schema::is_name;

use super::{RELATIVE_BELOW, VERSION, VERSION_SECONDARY};
use crate::{
	Cause, FormatError, Measure, Record, RecordUnit, Value, data, json, text, time, units,
};

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
	let version = if records.iter().any(needs_secondary) { VERSION_SECONDARY } else { VERSION };
	let mut pack = String::from("[");
	for (index, record) in records.iter().enumerate() {
		if index > 0 {
			pack.push(',');
		}
		let number = index.saturating_add(1);
		write_record(&mut pack, record, version).map_err(|cause| cause.at(number))?;
	}
	pack.push(']');
	Ok(pack)
}

fn needs_secondary(record: &Record) -> bool {
	record.unit.as_ref().is_some_and(|unit| units::is_secondary(unit.symbol()))
}

fn write_record(pack: &mut String, record: &Record, version: u64) -> Result<(), Cause> {
	pack.push('{');
	if version != VERSION {
		text::append(pack, format_args!("\"bver\":{version},"));
	}
	if !is_name(record.name.as_bytes()) {
		return Err(Cause::BadName);
	}
	text::append(pack, format_args!("\"n\":\"{}\"", record.name));
	if let Some(unit) = &record.unit {
		write_unit(pack, unit);
	}
	if let Some(millis) = record.time {
		if i128::from(millis) < RELATIVE_BELOW {
			return Err(Cause::NotAbsolute);
		}
		text::append(pack, format_args!(",\"t\":{}", time::to_seconds(millis)));
	}
	write_value(pack, record)?;
	pack.push('}');
	Ok(())
}

fn write_unit(pack: &mut String, unit: &RecordUnit) {
	pack.push_str(",\"u\":");
	json::quote(pack, unit.symbol());
}

fn write_value(pack: &mut String, record: &Record) -> Result<(), Cause> {
	match (record.measure, &record.value) {
		(Measure::Value, Value::Number(number)) => {
			text::append(pack, format_args!(",\"v\":{number}"));
		},
		(Measure::Sum, Value::Number(number)) => {
			text::append(pack, format_args!(",\"s\":{number}"));
		},
		(Measure::Sum, _) => return Err(Cause::NotANumber),
		(Measure::Value, Value::Bool(is_on)) => {
			text::append(pack, format_args!(",\"vb\":{is_on}"));
		},
		(Measure::Value, Value::Text(text)) => {
			pack.push_str(",\"vs\":");
			json::quote(pack, text);
		},
		(Measure::Value, Value::Data(bytes)) => {
			pack.push_str(",\"vd\":\"");
			pack.push_str(&data::encode_url_safe(bytes));
			pack.push('"');
		},
	}
	Ok(())
}
