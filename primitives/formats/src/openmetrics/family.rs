//! The metric family that the lines belong to.

use cairn_types::Unit;

use super::{Dialect, is_metric_name, split_word};
use crate::{Cause, RecordUnit};

/// What may be said of a family's samples by the end of their names.
const SUFFIXES: &[&str] =
	&["_total", "_created", "_count", "_sum", "_bucket", "_gcount", "_gsum", "_info"];
/// The words of both formats.
const TYPES: &[&str] = &[
	"counter",
	"gauge",
	"histogram",
	"gaugehistogram",
	"stateset",
	"info",
	"summary",
	"unknown",
	"untyped",
];

/// What metadata lines say of the newest family.
#[derive(Default)]
pub(super) struct Family<'a> {
	name: &'a str,
	unit: Option<RecordUnit>,
	has_type: bool,
	has_unit: bool,
	has_help: bool,
	has_samples: bool,
}

impl<'a> Family<'a> {
	pub(super) fn note_type(&mut self, line: &'a str) -> Result<(), Cause> {
		let (name, word) = split_word(line);
		self.enter(name)?;
		let is_first = !core::mem::replace(&mut self.has_type, true);
		if is_first && TYPES.contains(&word) { Ok(()) } else { Err(Cause::BadMetadata) }
	}

	/// A unit is an ending of the family's name, in OpenMetrics.
	pub(super) fn note_unit(&mut self, line: &'a str, dialect: Dialect) -> Result<(), Cause> {
		let (name, word) = split_word(line);
		self.enter(name)?;
		let is_first = !core::mem::replace(&mut self.has_unit, true);
		let is_ending =
			name.strip_suffix(word).is_some_and(|before| word.is_empty() || before.ends_with('_'));
		if !is_first || (dialect == Dialect::OpenMetrics && !is_ending) {
			return Err(Cause::BadMetadata);
		}
		self.unit = RecordUnit::from_word(word);
		Ok(())
	}

	pub(super) fn note_help(&mut self, line: &'a str) -> Result<(), Cause> {
		let (name, _) = split_word(line);
		self.enter(name)?;
		let is_first = !core::mem::replace(&mut self.has_help, true);
		if is_first { Ok(()) } else { Err(Cause::BadMetadata) }
	}

	/// Metadata of another family begins that one; of this one it comes before the samples.
	fn enter(&mut self, name: &'a str) -> Result<(), Cause> {
		if !is_metric_name(name) {
			return Err(Cause::BadMetadata);
		}
		if name != self.name {
			*self = Self { name, ..Self::default() };
		}
		if self.has_samples { Err(Cause::BadMetadata) } else { Ok(()) }
	}

	/// The unit of a sample's values.
	pub(super) fn note_sample(&mut self, metric: &str) -> Option<RecordUnit> {
		let suffix = metric.strip_prefix(self.name).filter(|_| !self.name.is_empty())?;
		if !suffix.is_empty() && !SUFFIXES.contains(&suffix) {
			return None;
		}
		self.has_samples = true;
		match suffix {
			"_created" => Some(RecordUnit::Known(Unit::Second)),
			"_count" | "_bucket" | "_gcount" => Some(RecordUnit::Known(Unit::Count)),
			"_info" => None,
			_ => self.unit.clone(),
		}
	}
}
