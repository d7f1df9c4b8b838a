//! Records as a table.

use alloc::{
	borrow::Cow,
	string::{String, ToString},
};

use crate::{Cause, FormatError, Measure, Record, Value, data, text};

/// What the columns are called; [`Layout::canonical`](super::Layout::canonical) reads them.
const HEADER: &str = "time,name,value,unit,kind\n";

/// Write records as a table, one a row, in the order given: time in milliseconds since the Unix
/// epoch, name, value, unit, kind. There is one encoding: fields are quoted only where they must
/// be, rows end with a line feed, numbers are exact and short. [`decode`](super::decode) with
/// [`Layout::canonical`](super::Layout::canonical) reads the same records back.
///
/// # Errors
/// With the number of the record from 1: [`Cause::BadName`] for an empty name,
/// [`Cause::NotANumber`] for a sum that is none.
pub fn encode(records: &[Record]) -> Result<String, FormatError> {
	let mut table = String::from(HEADER);
	for (index, record) in records.iter().enumerate() {
		let number = index.saturating_add(1);
		if record.name.is_empty() {
			return Err(Cause::BadName.at(number));
		}
		let (value, kind) = value_of(record).map_err(|cause| cause.at(number))?;
		if let Some(millis) = record.time {
			text::append(&mut table, millis);
		}
		let unit = record.unit.as_ref().map_or("", |unit| unit.symbol());
		for field in [record.name.as_str(), &value, unit, kind] {
			table.push(',');
			write_field(&mut table, field);
		}
		table.push('\n');
	}
	Ok(table)
}

fn value_of(record: &Record) -> Result<(Cow<'_, str>, &'static str), Cause> {
	Ok(match (record.measure, &record.value) {
		(Measure::Value, Value::Number(number)) => (Cow::Owned(number.to_string()), "number"),
		(Measure::Sum, Value::Number(number)) => (Cow::Owned(number.to_string()), "sum"),
		(Measure::Sum, _) => return Err(Cause::NotANumber),
		(Measure::Value, Value::Bool(is_on)) => {
			(Cow::Borrowed(if *is_on { "true" } else { "false" }), "bool")
		},
		(Measure::Value, Value::Text(text)) => (Cow::Borrowed(text.as_str()), "text"),
		(Measure::Value, Value::Data(bytes)) => (Cow::Owned(data::encode_url_safe(bytes)), "data"),
	})
}

fn write_field(table: &mut String, field: &str) {
	if !field.contains(['"', ',', '\n', '\r']) {
		table.push_str(field);
		return;
	}
	table.push('"');
	for c in field.chars() {
		if c == '"' {
			table.push('"');
		}
		table.push(c);
	}
	table.push('"');
}
