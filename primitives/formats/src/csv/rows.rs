//! The rows of a table, one after the other.

use alloc::{vec, vec::Vec};
use core::str;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::MAX_COLUMNS;
use crate::{Cause, FormatError, work};

/// Reads rows into one buffer.
pub(crate) struct Rows<'a> {
	reader: Reader,
	rest: &'a [u8],
	/// The row's fields, joined. A row is no longer than the input.
	text: Vec<u8>,
	/// Where each field ends.
	ends: Vec<usize>,
	number: usize,
}

/// One row.
pub(crate) struct Row<'r> {
	text: &'r [u8],
	ends: &'r [usize],
	/// Its number, from 1.
	pub(crate) number: usize,
}

impl<'a> Rows<'a> {
	pub(crate) fn new(input: &'a [u8], delimiter: u8) -> Self {
		Self {
			reader: ReaderBuilder::new().delimiter(delimiter).build(),
			rest: input,
			text: vec![0; input.len().saturating_add(1)],
			ends: vec![0; MAX_COLUMNS.saturating_add(1)],
			number: 0,
		}
	}

	/// The next row; `None` at the end.
	pub(crate) fn advance(&mut self) -> Result<Option<Row<'_>>, FormatError> {
		let (mut used, mut fields) = (0usize, 0usize);
		let number = self.number.saturating_add(1);
		self.number = number;
		loop {
			let (result, read, written, ended) = self.reader.read_record(
				self.rest,
				self.text.get_mut(used..).unwrap_or_default(),
				self.ends.get_mut(fields..).unwrap_or_default(),
			);
			work::add(read);
			self.rest = self.rest.get(read..).unwrap_or_default();
			used = used.saturating_add(written);
			fields = fields.saturating_add(ended);
			match result {
				// The last row has no end of line: another call ends it.
				ReadRecordResult::InputEmpty => {},
				ReadRecordResult::Record if fields <= MAX_COLUMNS => break,
				ReadRecordResult::Record | ReadRecordResult::OutputEndsFull => {
					return Err(Cause::TooManyColumns.at(number));
				},
				ReadRecordResult::OutputFull => return Err(Cause::TooLarge.at(number)),
				ReadRecordResult::End => return Ok(None),
			}
		}
		let text = self.text.get(..used).unwrap_or_default();
		let ends = self.ends.get(..fields).unwrap_or_default();
		Ok(Some(Row { text, ends, number }))
	}
}

impl<'r> Row<'r> {
	/// How many fields it has.
	pub(crate) const fn len(&self) -> usize {
		self.ends.len()
	}

	/// A field, without its quotes.
	pub(crate) fn field(&self, place: usize) -> Result<&'r str, Cause> {
		let end = *self.ends.get(place).ok_or(Cause::RaggedRow)?;
		let before = place.checked_sub(1).and_then(|before| self.ends.get(before));
		let start = before.copied().unwrap_or(0);
		let bytes = self.text.get(start..end).ok_or(Cause::Malformed)?;
		str::from_utf8(bytes).map_err(|_| Cause::BadUtf8)
	}
}
