//! Comma-separated values (RFC 4180), read by a layout that says which columns mean what.
//!
//! Rows end with a line feed, with or without a carriage return; empty lines and a byte order mark
//! are skipped; fields may be quoted, with quotes doubled. Every row has as many fields as the
//! first.

mod encode;
mod layout;
pub(crate) mod rows;

pub use encode::encode;
pub use layout::{Column, Layout, LongColumns, Shape, TimeColumn, TimeForm, ValueColumn};

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::str;

use self::rows::{Row, Rows};
use crate::{Cause, Decimal, FormatError, Limits, Measure, Record, RecordUnit, Value, data};

/// Most fields of a row.
pub const MAX_COLUMNS: usize = 1_024;

/// Read a table. Linear in the input.
///
/// In a wide table each value column gives one record a row; an empty field gives none. Fields are
/// numbers, or `true` and `false`. In a long table each row is one record.
///
/// # Errors
/// The first [`Cause`] met, with the number of its row from 1, the header included: sizes and texts
/// (1 to 14), and causes 70 to 74; 0: the layout or the input as a whole.
pub fn decode(input: &[u8], layout: &Layout, limits: &Limits) -> Result<Vec<Record>, FormatError> {
	limits.check_size(input)?;
	str::from_utf8(input).map_err(|_| Cause::BadUtf8.at(0))?;
	let mut rows = Rows::new(input, layout.delimiter_byte().map_err(|cause| cause.at(0))?);
	let mut records = Vec::new();
	let Some(first) = rows.advance()? else { return Ok(records) };
	let table = Table::new(layout, &first).map_err(|cause| cause.at(first.number))?;
	if !layout.header {
		table.read(&first, limits, &mut records).map_err(|cause| cause.at(first.number))?;
	}
	while let Some(row) = rows.advance()? {
		table.read(&row, limits, &mut records).map_err(|cause| cause.at(row.number))?;
	}
	Ok(records)
}

/// A value column of a wide table.
struct Wide {
	place: usize,
	name: String,
	unit: Option<RecordUnit>,
}

/// The columns of a long table.
struct Long {
	name: usize,
	value: usize,
	unit: Option<usize>,
	kind: Option<usize>,
}

enum Places {
	Wide(Vec<Wide>),
	Long(Long),
}

/// A layout whose columns have been found.
struct Table {
	width: usize,
	decimal_comma: bool,
	time: Option<(usize, TimeForm)>,
	places: Places,
}

impl Table {
	fn new(layout: &Layout, first: &Row<'_>) -> Result<Self, Cause> {
		let find = |column: &Column| layout.find(column, first);
		let time = match &layout.time {
			Some(time) => Some((find(&time.column)?, time.form)),
			None => None,
		};
		let places = match &layout.shape {
			Shape::Wide(columns) if columns.is_empty() => {
				Places::Wide(all_columns(layout, first, time.map(|(place, _)| place))?)
			},
			Shape::Wide(columns) => {
				let columns = columns.iter().map(|column| wide(layout, first, column));
				Places::Wide(columns.collect::<Result<_, _>>()?)
			},
			Shape::Long(columns) => Places::Long(Long {
				name: find(&columns.name)?,
				value: find(&columns.value)?,
				unit: columns.unit.as_ref().map(find).transpose()?,
				kind: columns.kind.as_ref().map(find).transpose()?,
			}),
		};
		Ok(Self { width: first.len(), decimal_comma: layout.decimal_comma, time, places })
	}

	fn read(&self, row: &Row<'_>, limits: &Limits, records: &mut Vec<Record>) -> Result<(), Cause> {
		if row.len() != self.width {
			return Err(Cause::RaggedRow);
		}
		let time = match self.time {
			Some((place, form)) => self.read_time(row.field(place)?.trim(), form)?,
			None => None,
		};
		match &self.places {
			Places::Wide(columns) => columns.iter().try_for_each(|column| {
				let text = row.field(column.place)?.trim();
				if text.is_empty() {
					return Ok(());
				}
				let (name, unit) = (column.name.clone(), column.unit.clone());
				let value = self.read_value(text)?;
				limits.push(records, Record { name, time, measure: Measure::Value, unit, value })
			}),
			Places::Long(columns) => {
				let record = self.read_long(row, columns, time)?;
				limits.push(records, record)
			},
		}
	}

	fn read_time(&self, text: &str, form: TimeForm) -> Result<Option<u64>, Cause> {
		if text.is_empty() {
			return Ok(None);
		}
		form.read(text, |text| self.read_number(text)).map(Some)
	}

	fn read_long(&self, row: &Row<'_>, columns: &Long, time: Option<u64>) -> Result<Record, Cause> {
		let kind = columns.kind.map_or(Ok("number"), |place| row.field(place))?;
		let text = row.field(columns.value)?;
		let value = match kind {
			"number" | "sum" => Value::Number(self.read_number(text.trim())?),
			"bool" => read_bool(text.trim()).ok_or(Cause::WrongType)?,
			"text" => Value::Text(text.to_owned()),
			"data" => Value::Data(data::decode_url_safe(text)?),
			_ => return Err(Cause::BadKind),
		};
		let unit = columns.unit.map_or(Ok(""), |place| row.field(place))?;
		let name = row.field(columns.name)?;
		if name.is_empty() {
			return Err(Cause::BadName);
		}
		Ok(Record {
			name: name.to_owned(),
			time,
			measure: if kind == "sum" { Measure::Sum } else { Measure::Value },
			unit: RecordUnit::from_word(unit),
			value,
		})
	}

	fn read_value(&self, text: &str) -> Result<Value, Cause> {
		read_bool(text).map_or_else(|| self.read_number(text).map(Value::Number), Ok)
	}

	fn read_number(&self, text: &str) -> Result<Decimal, Cause> {
		if !self.decimal_comma {
			return text.parse();
		}
		// A point would group thousands, or mean what the comma means.
		if text.contains('.') { Err(Cause::BadNumber) } else { text.replace(',', ".").parse() }
	}
}

fn read_bool(text: &str) -> Option<Value> {
	if text.eq_ignore_ascii_case("true") {
		Some(Value::Bool(true))
	} else if text.eq_ignore_ascii_case("false") {
		Some(Value::Bool(false))
	} else {
		None
	}
}

/// A value column as the layout describes it.
fn wide(layout: &Layout, first: &Row<'_>, column: &ValueColumn) -> Result<Wide, Cause> {
	let place = layout.find(&column.column, first)?;
	let name = match &column.name {
		Some(name) => name.clone(),
		None if layout.header => first.field(place)?.trim().to_owned(),
		None => return Err(Cause::BadLayout),
	};
	if name.is_empty() {
		return Err(Cause::BadName);
	}
	let unit = column.unit.as_deref().and_then(RecordUnit::from_word);
	Ok(Wide { place, name, unit })
}

/// Every column but that of the time, named by the header.
fn all_columns(layout: &Layout, first: &Row<'_>, time: Option<usize>) -> Result<Vec<Wide>, Cause> {
	if !layout.header {
		return Err(Cause::BadLayout);
	}
	let places = (0..first.len()).filter(|place| Some(*place) != time);
	let columns = places.map(|place| {
		let column = ValueColumn { column: Column::Index(place), name: None, unit: None };
		wide(layout, first, &column)
	});
	columns.collect()
}
