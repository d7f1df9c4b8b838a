//! SenML in CBOR (RFC 8428 §6).

use alloc::{
	borrow::{Cow, ToOwned},
	vec::Vec,
};

use super::{
	Pack,
	fields::{Fields, Item, Label},
};
use crate::{
	Cause, FormatError, Limits, Record,
	cbor::{Head, Key, Reader, Scalar},
};

/// Read a pack, or a stream that has ended: one array of records. Linear in the input.
///
/// - `now`: milliseconds since the Unix epoch, to which relative times refer.
///
/// Times are rounded down to milliseconds. Integers and decimal fractions are exact; a float is the
/// shortest decimal that reads back as it in its own width.
///
/// # Errors
/// The first [`Cause`] met, with the number of its record from 1: sizes (1 to 6), types and numbers
/// (7 to 15), and what RFC 8428 asks (50 to 54).
pub fn decode_cbor(input: &[u8], now: u64, limits: &Limits) -> Result<Vec<Record>, FormatError> {
	limits.check_size(input)?;
	let mut reader = Reader::new(input, limits.depth);
	let mut pack = Pack::new(now, limits);
	match read_pack(&mut reader, &mut pack) {
		Ok(()) if reader.is_finished() => Ok(pack.records),
		Ok(()) => Err(Cause::Malformed.at(0)),
		Err(cause) => Err(cause.at(pack.number)),
	}
}

fn read_pack(reader: &mut Reader<'_>, pack: &mut Pack<'_>) -> Result<(), Cause> {
	let Head::Array(length) = reader.head()? else { return Err(Cause::Malformed) };
	reader.each(length, |reader| {
		pack.start_record();
		let Head::Map(length) = reader.head()? else { return Err(Cause::Malformed) };
		let mut fields = Fields::default();
		reader.each(length, |reader| read_field(reader, &mut fields))?;
		pack.resolve(fields)
	})
}

fn read_field<'a>(reader: &mut Reader<'a>, fields: &mut Fields<'a>) -> Result<(), Cause> {
	let label = match reader.key()? {
		Key::Number(number) => Label::from_number(number),
		Key::Text(text) => Label::from_text(text),
	};
	match label {
		Label::Mandatory => return Err(Cause::UnknownMandatory),
		Label::Unknown => return reader.skip(),
		_ => {},
	}
	let item = match reader.scalar()? {
		Scalar::Number(number) => Item::Number(number),
		Scalar::Text(text) => Item::Text(Cow::Borrowed(text)),
		Scalar::Bool(is_on) => Item::Bool(is_on),
		Scalar::Bytes(bytes) => Item::Data(bytes.to_owned()),
	};
	fields.set(label, item)
}
