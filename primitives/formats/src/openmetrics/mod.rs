//! OpenMetrics 1.0, and the text format of Prometheus 0.0.4 that it grew from.
//!
//! Every sample is one record, buckets and quantiles too. Its name is that of the series: the
//! metric's name, and in braces the labels in order of their names; labels with an empty value
//! count as none. Samples that are `NaN` or infinite have no value and give no record. Exemplars
//! are skipped. A UNIT line gives the unit of its family's values; buckets and counts are counts,
//! and `_created` is in seconds.

mod family;
mod series;

use alloc::vec::Vec;
use core::str;

use self::{
	family::Family,
	series::{Labels, series},
};
use crate::{Cause, Decimal, FormatError, Limits, Measure, Record, Value, time, work};

/// Which of the two formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
	/// `text/plain; version=0.0.4`: times in milliseconds, comments and empty lines allowed, no
	/// end.
	Prometheus,
	/// `application/openmetrics-text; version=1.0.0`: times in seconds, ends with `# EOF`.
	OpenMetrics,
}

/// Read an exposition. Linear in the input.
///
/// Numbers are exact; times are rounded down to milliseconds. Between the parts of a line any
/// number of blanks and tabs is read.
///
/// # Errors
/// The first [`Cause`] met, with the number of its line from 1: sizes, names and numbers (1 to 15),
/// and causes 90 to 93; 0: the input as a whole.
pub fn decode(input: &[u8], dialect: Dialect, limits: &Limits) -> Result<Vec<Record>, FormatError> {
	limits.check_size(input)?;
	let text = str::from_utf8(input).map_err(|_| Cause::BadUtf8.at(0))?;
	let mut exposition = Exposition {
		dialect,
		limits,
		family: Family::default(),
		labels: Vec::new(),
		is_ended: false,
		records: Vec::new(),
	};
	for (index, line) in text.split_terminator('\n').enumerate() {
		work::add(line.len());
		exposition.line(line).map_err(|cause| cause.at(index.saturating_add(1)))?;
	}
	if dialect == Dialect::OpenMetrics && !exposition.is_ended {
		return Err(Cause::MissingEof.at(0));
	}
	Ok(exposition.records)
}

/// What was read so far.
struct Exposition<'a, 'l> {
	dialect: Dialect,
	limits: &'l Limits,
	family: Family<'a>,
	/// The labels of one sample: kept so that each sample need not allocate.
	labels: Labels<'a>,
	is_ended: bool,
	records: Vec<Record>,
}

impl<'a> Exposition<'a, '_> {
	fn line(&mut self, line: &'a str) -> Result<(), Cause> {
		if self.is_ended {
			return Err(Cause::AfterEof);
		}
		let is_strict = self.dialect == Dialect::OpenMetrics;
		let trimmed = line.trim_matches(is_blank);
		if trimmed.is_empty() {
			return if is_strict { Err(Cause::Malformed) } else { Ok(()) };
		}
		let Some(comment) = trimmed.strip_prefix('#') else { return self.sample(trimmed) };
		if is_strict && line == "# EOF" {
			self.is_ended = true;
			return Ok(());
		}
		self.comment(comment, is_strict)
	}

	fn comment(&mut self, comment: &'a str, is_strict: bool) -> Result<(), Cause> {
		let (word, rest) = split_word(comment.trim_start_matches(is_blank));
		match word {
			"TYPE" => self.family.note_type(rest),
			"HELP" => self.family.note_help(rest),
			"UNIT" => match self.family.note_unit(rest, self.dialect) {
				// In Prometheus' format this may be any comment.
				Err(_) if !is_strict => Ok(()),
				noted => noted,
			},
			_ if is_strict => Err(Cause::BadMetadata),
			_ => Ok(()),
		}
	}

	fn sample(&mut self, line: &'a str) -> Result<(), Cause> {
		let end = line.find(|c: char| !is_metric_char(c)).unwrap_or(line.len());
		let (metric, rest) = line.split_at_checked(end).ok_or(Cause::BadName)?;
		if !is_metric_name(metric) {
			return Err(Cause::BadName);
		}
		let mut rest = rest.trim_start_matches(is_blank);
		self.labels.clear();
		if let Some(inner) = rest.strip_prefix('{') {
			let allows_comma = self.dialect == Dialect::Prometheus;
			rest = series::read_labels(inner, &mut self.labels, allows_comma)?;
		} else if rest.len() == line.len().saturating_sub(end) {
			// Neither labels nor a blank after the name.
			return Err(if rest.is_empty() { Cause::Malformed } else { Cause::BadName });
		}
		let (value, rest) = split_word(rest.trim_start_matches(is_blank));
		let time = self.trailer(rest)?;
		let unit = self.family.note_sample(metric);
		let value = match value.parse::<Decimal>() {
			Ok(value) => value,
			Err(Cause::NotFinite) => return Ok(()),
			Err(cause) => return Err(cause),
		};
		let name = series(metric, &mut self.labels, self.limits.name)?;
		let value = Value::Number(value);
		let record = Record { name, time, measure: Measure::Value, unit, value };
		self.limits.push(&mut self.records, record)
	}

	/// The time of a sample, and its exemplar, which is skipped.
	fn trailer(&self, rest: &str) -> Result<Option<u64>, Cause> {
		let is_strict = self.dialect == Dialect::OpenMetrics;
		let (word, after) = split_word(rest);
		if word.is_empty() {
			return Ok(None);
		}
		if is_strict && word == "#" {
			return exemplar(after).map(|()| None);
		}
		let time = word.parse::<Decimal>().map_err(|_| Cause::BadTime)?;
		let time = if is_strict { time::from_seconds(time)? } else { time::from_millis(time)? };
		match split_word(after) {
			("", _) => Ok(Some(time)),
			("#", after) if is_strict => exemplar(after).map(|()| Some(time)),
			_ => Err(Cause::Malformed),
		}
	}
}

/// An exemplar is only looked at so far that it cannot be anything else.
fn exemplar(text: &str) -> Result<(), Cause> {
	if text.starts_with('{') { Ok(()) } else { Err(Cause::Malformed) }
}

const fn is_blank(c: char) -> bool {
	matches!(c, ' ' | '\t')
}

/// The text up to the next blank, and what begins after it.
fn split_word(text: &str) -> (&str, &str) {
	match text.split_once(is_blank) {
		Some((word, rest)) => (word, rest.trim_start_matches(is_blank)),
		None => (text, ""),
	}
}

const fn is_metric_char(c: char) -> bool {
	c.is_ascii_alphanumeric() || matches!(c, '_' | ':')
}

fn is_metric_name(name: &str) -> bool {
	name.starts_with(|c: char| !c.is_ascii_digit()) && name.chars().all(is_metric_char)
}
