//! How much of an input is read: memory and time are bounded before anything is parsed.

use alloc::vec::Vec;

use crate::{Cause, FormatError, Record};

/// Limits of one input. Time and memory of every reader grow at most linearly with the input, by a
/// factor that these fix: a record holds its name, so records · name bounds what short inputs can
/// expand to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
	/// Most bytes of an input.
	pub bytes: usize,
	/// Most records of an input; of a Sparkplug node, most metrics, and most devices.
	pub records: usize,
	/// Deepest nesting in CBOR.
	pub depth: usize,
	/// Longest name of a record in bytes, with base name, labels or topic.
	pub name: usize,
}

impl Default for Limits {
	/// 1 MiB, 16,384 records, 16 levels, names of 256 bytes.
	fn default() -> Self {
		Self { bytes: 1 << 20, records: 1 << 14, depth: 16, name: 256 }
	}
}

impl Limits {
	pub(crate) fn check_size(&self, input: &[u8]) -> Result<(), FormatError> {
		if input.len() > self.bytes { Err(Cause::TooLarge.at(0)) } else { Ok(()) }
	}

	pub(crate) fn check_name(&self, name: &str) -> Result<(), Cause> {
		if name.len() > self.name { Err(Cause::NameTooLong) } else { Ok(()) }
	}

	/// Append a record, unless there are as many as allowed or its name is too long.
	pub(crate) fn push(&self, records: &mut Vec<Record>, record: Record) -> Result<(), Cause> {
		self.check_name(&record.name)?;
		if records.len() >= self.records {
			return Err(Cause::TooManyRecords);
		}
		records.push(record);
		Ok(())
	}
}
