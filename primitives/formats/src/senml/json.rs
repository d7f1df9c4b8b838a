//! SenML in JSON (RFC 8428 §5).

use alloc::vec::Vec;
use core::{fmt, str};

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{
	Pack,
	fields::{Fields, Item, Label},
};
use crate::{
	Cause, FormatError, Limits, Record, data,
	json::{self, Json},
	work,
};

/// Read a pack: UTF-8 JSON, an array of records. Linear in the input.
///
/// - `now`: milliseconds since the Unix epoch, to which relative times refer.
///
/// Times are rounded down to milliseconds. Numbers are exact; an upper-case E is read too.
///
/// # Errors
/// The first [`Cause`] met, with the number of its record from 1: sizes (1 to 6), types and numbers
/// (7 to 15), and what RFC 8428 asks (50 to 54).
pub fn decode_json(input: &[u8], now: u64, limits: &Limits) -> Result<Vec<Record>, FormatError> {
	limits.check_size(input)?;
	let text = str::from_utf8(input).map_err(|_| Cause::BadUtf8.at(0))?;
	work::add(text.len());
	let mut pack = Pack::new(now, limits);
	let mut reader = serde_json::Deserializer::from_str(text);
	match PackSeed(&mut pack).deserialize(&mut reader).and_then(|()| reader.end()) {
		Ok(()) => Ok(pack.records),
		Err(error) => Err(pack.failure.unwrap_or_else(|| json::cause(&error).at(pack.number))),
	}
}

impl Pack<'_> {
	/// Keep the cause, which an error of the JSON reader cannot carry.
	fn refuse<E: de::Error>(&mut self, cause: Cause) -> E {
		self.failure = Some(cause.at(self.number));
		E::custom("refused")
	}
}

/// Reads the array.
struct PackSeed<'p, 'l>(&'p mut Pack<'l>);

impl<'de> DeserializeSeed<'de> for PackSeed<'_, '_> {
	type Value = ();

	fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
		deserializer.deserialize_seq(self)
	}
}

impl<'de> Visitor<'de> for PackSeed<'_, '_> {
	type Value = ();

	fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("an array of SenML records")
	}

	fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<(), A::Error> {
		while records.next_element_seed(RecordSeed(&mut *self.0))?.is_some() {}
		Ok(())
	}
}

/// Reads and resolves one record.
struct RecordSeed<'p, 'l>(&'p mut Pack<'l>);

impl<'de> DeserializeSeed<'de> for RecordSeed<'_, '_> {
	type Value = ();

	fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
		self.0.start_record();
		deserializer.deserialize_map(self)
	}
}

impl<'de> Visitor<'de> for RecordSeed<'_, '_> {
	type Value = ();

	fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("a SenML record")
	}

	fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
		let mut fields = Fields::default();
		while let Some(label) = members.next_key_seed(LabelSeed)? {
			let raw: &'de RawValue = members.next_value()?;
			let taken = read_item(label, raw).and_then(|item| match item {
				Some(item) => fields.set(label, item),
				None => Ok(()),
			});
			taken.map_err(|cause| self.0.refuse::<A::Error>(cause))?;
		}
		self.0.resolve(fields).map_err(|cause| self.0.refuse(cause))
	}
}

/// Reads a member's name without keeping it.
struct LabelSeed;

impl<'de> DeserializeSeed<'de> for LabelSeed {
	type Value = Label;

	fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Label, D::Error> {
		deserializer.deserialize_str(self)
	}
}

impl Visitor<'_> for LabelSeed {
	type Value = Label;

	fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("a label")
	}

	fn visit_str<E: de::Error>(self, label: &str) -> Result<Label, E> {
		work::add(label.len());
		Ok(Label::from_text(label))
	}
}

/// The value of a field; `None` if it may be skipped.
fn read_item(label: Label, raw: &RawValue) -> Result<Option<Item<'_>>, Cause> {
	match label {
		Label::Mandatory => return Err(Cause::UnknownMandatory),
		Label::Unknown => return Ok(None),
		_ => {},
	}
	Ok(Some(match Json::read(raw)? {
		Json::Text(text) if label == Label::DataValue => Item::Data(data::decode_url_safe(&text)?),
		Json::Text(text) => Item::Text(text),
		Json::Number(number) => Item::Number(number),
		Json::Bool(is_on) => Item::Bool(is_on),
		Json::Other => return Err(Cause::WrongType),
	}))
}
