//! What every format is read into: named, dated values with a unit.

use alloc::{borrow::ToOwned, string::String, vec::Vec};

use cairn_types::Unit;
use serde::{Deserialize, Serialize};

use crate::{Decimal, units};

/// A value as its source gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
	/// An exact decimal number.
	Number(Decimal),
	/// A switch or state.
	Bool(bool),
	/// Text.
	Text(String),
	/// Binary data.
	Data(Vec<u8>),
}

/// What of a source is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
	/// The value itself.
	#[default]
	Value,
	/// The integral of the value over time: in the record's unit times seconds (RFC 8428 §4.2).
	Sum,
}

/// The unit that a source states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordUnit {
	/// A unit of the data standard.
	Known(Unit),
	/// A text that is none: a mapping has to say what it means.
	Other(String),
}

impl RecordUnit {
	/// The unit of a SenML symbol; `None` for an empty text.
	#[must_use]
	pub fn from_symbol(symbol: &str) -> Option<Self> {
		Self::read(symbol, units::by_symbol)
	}

	/// The unit of a symbol or of a word that exporters and controllers use for one, such as
	/// `seconds` or `°C`; `None` for an empty text.
	#[must_use]
	pub fn from_word(word: &str) -> Option<Self> {
		Self::read(word, units::by_word)
	}

	fn read(text: &str, known: fn(&str) -> Option<Unit>) -> Option<Self> {
		if text.is_empty() {
			return None;
		}
		Some(known(text).map_or_else(|| Self::Other(text.to_owned()), Self::Known))
	}

	/// The symbol, or the text that is none.
	#[must_use]
	pub fn symbol(&self) -> &str {
		match self {
			Self::Known(unit) => unit.symbol(),
			Self::Other(text) => text,
		}
	}
}

/// One measurement of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
	/// The source's name or path, unique within the input's origin.
	pub name: String,
	/// Milliseconds since the Unix epoch, rounded down; `None` if the input gives no time.
	pub time: Option<u64>,
	/// Whether this is the value or its integral.
	pub measure: Measure,
	/// The unit, if the input states one.
	pub unit: Option<RecordUnit>,
	/// The value.
	pub value: Value,
}
