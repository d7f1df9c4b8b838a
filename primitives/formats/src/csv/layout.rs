//! What the columns of a table mean.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use super::rows::Row;
use crate::{Cause, Decimal, time};

/// Where a column is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Column {
	/// Its place, from 0. As a text: `#1` is the first column.
	Index(usize),
	/// Its name in the header.
	Name(String),
}

impl TryFrom<String> for Column {
	type Error = Cause;

	fn try_from(text: String) -> Result<Self, Cause> {
		let place = text.strip_prefix('#').and_then(|number| number.parse::<usize>().ok());
		match place {
			Some(number) => number.checked_sub(1).map(Self::Index).ok_or(Cause::BadLayout),
			None if text.is_empty() => Err(Cause::BadLayout),
			None => Ok(Self::Name(text)),
		}
	}
}

impl From<Column> for String {
	fn from(column: Column) -> Self {
		match column {
			Column::Index(place) => format!("#{}", place.saturating_add(1)),
			Column::Name(name) => name,
		}
	}
}

/// How a column writes times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeForm {
	/// RFC 3339, with its zone: `2024-02-29T12:00:00Z`.
	Rfc3339,
	/// Seconds since the Unix epoch, perhaps with a fraction.
	Seconds,
	/// Milliseconds since the Unix epoch.
	Millis,
}

impl TimeForm {
	/// Milliseconds since the epoch, rounded down.
	pub(super) fn read(
		self,
		text: &str,
		number: impl FnOnce(&str) -> Result<Decimal, Cause>,
	) -> Result<u64, Cause> {
		match self {
			Self::Rfc3339 => time::from_rfc3339(text),
			Self::Seconds => time::from_seconds(number(text)?),
			Self::Millis => time::from_millis(number(text)?),
		}
	}
}

/// The column of the time. An empty field is no time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TimeColumn {
	/// Where it is.
	pub column: Column,
	/// How it writes times.
	pub form: TimeForm,
}

/// A column of values of one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ValueColumn {
	/// Where it is.
	pub column: Column,
	/// Name of the records; without it the header's.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub name: Option<String>,
	/// Unit of the values, as a symbol or word.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub unit: Option<String>,
}

/// The columns of a table with one record a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LongColumns {
	/// The record's name.
	pub name: Column,
	/// The record's value.
	pub value: Column,
	/// The record's unit, as a symbol or word.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub unit: Option<Column>,
	/// What the value is: `number`, `sum`, `bool`, `text` or `data` (base64 for URLs). Without it
	/// values are numbers.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub kind: Option<Column>,
}

/// How records lie in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Shape {
	/// A column for each source. None listed: every column but the time's, named by the header.
	Wide(Vec<ValueColumn>),
	/// A row for each record.
	Long(LongColumns),
}

/// What the columns of a table mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Layout {
	/// What separates fields: one ASCII character other than a quote or a line's end.
	#[serde(default = "comma")]
	pub delimiter: char,
	/// Whether the first row names the columns.
	#[serde(default = "yes")]
	pub header: bool,
	/// Whether numbers have a comma for their point.
	#[serde(default)]
	pub decimal_comma: bool,
	/// Where the time is, if there is any.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub time: Option<TimeColumn>,
	/// Where the values are.
	pub shape: Shape,
}

const fn comma() -> char {
	','
}

const fn yes() -> bool {
	true
}

impl Layout {
	/// The layout that [`encode`](super::encode) writes: one record a row.
	#[must_use]
	pub fn canonical() -> Self {
		let named = |name: &str| Column::Name(name.to_owned());
		Self {
			delimiter: ',',
			header: true,
			decimal_comma: false,
			time: Some(TimeColumn { column: named("time"), form: TimeForm::Millis }),
			shape: Shape::Long(LongColumns {
				name: named("name"),
				value: named("value"),
				unit: Some(named("unit")),
				kind: Some(named("kind")),
			}),
		}
	}

	/// The delimiter as a byte that cannot be confused.
	pub(super) fn delimiter_byte(&self) -> Result<u8, Cause> {
		let byte = u8::try_from(self.delimiter).ok().filter(u8::is_ascii);
		byte.filter(|byte| !b"\"\r\n".contains(byte)).ok_or(Cause::BadLayout)
	}

	/// The place of a column, of which `first` is the first row.
	pub(super) fn find(&self, column: &Column, first: &Row<'_>) -> Result<usize, Cause> {
		match column {
			Column::Index(place) if *place < first.len() => Ok(*place),
			Column::Index(_) => Err(Cause::NoColumn),
			Column::Name(_) if !self.header => Err(Cause::BadLayout),
			Column::Name(name) => {
				let is_named =
					|place: &usize| first.field(*place).is_ok_and(|field| field.trim() == name);
				(0..first.len()).find(is_named).ok_or(Cause::NoColumn)
			},
		}
	}
}
