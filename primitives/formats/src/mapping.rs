//! From records to rows of a schema: which record fills which channel, in which unit.

use alloc::{borrow::ToOwned, collections::BTreeMap, format, string::String, vec, vec::Vec};

use cairn_types::{Channel, Schema, Unit, schema::Values};
use serde::{Deserialize, Serialize};

use crate::{Cause, Decimal, FormatError, Measure, Record, RecordUnit, Value, units, work};

/// Most rules of a mapping.
pub const MAX_RULES: usize = 256;

/// Which names a rule is for: one name, or all that begin and end as said around one `*`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
	start: String,
	end: Option<String>,
}

impl Pattern {
	/// Read a pattern.
	///
	/// # Errors
	/// [`Cause::BadPattern`] if it is empty or has more than one `*`.
	pub fn new(text: &str) -> Result<Self, Cause> {
		if text.is_empty() || text.bytes().filter(|byte| *byte == b'*').count() > 1 {
			return Err(Cause::BadPattern);
		}
		Ok(match text.split_once('*') {
			Some((start, end)) => Self { start: start.to_owned(), end: Some(end.to_owned()) },
			None => Self { start: text.to_owned(), end: None },
		})
	}

	/// Whether `name` is one of the names. Linear in its length.
	#[must_use]
	pub fn matches(&self, name: &str) -> bool {
		match (&self.end, name.strip_prefix(self.start.as_str())) {
			(None, _) => name == self.start,
			(Some(end), Some(rest)) => rest.ends_with(end.as_str()),
			(Some(_), None) => false,
		}
	}
}

impl TryFrom<String> for Pattern {
	type Error = Cause;

	fn try_from(text: String) -> Result<Self, Cause> {
		Self::new(&text)
	}
}

impl From<Pattern> for String {
	fn from(pattern: Pattern) -> Self {
		match pattern.end {
			Some(end) => format!("{}*{end}", pattern.start),
			None => pattern.start,
		}
	}
}

/// Which records fill one channel. The channel's value is value · `scale` + `offset`, in the unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
	/// Names of the records.
	pub name: Pattern,
	/// Only records that state this unit, if any is named: some sources send several quantities
	/// under one name.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub only_unit: Option<String>,
	/// Values, or their integrals over time.
	#[serde(default)]
	pub measure: Measure,
	/// Name of the channel.
	pub channel: String,
	/// The unit of the scaled values, whatever the record says. Without it the record's unit holds;
	/// a record without unit is taken to be in the channel's. It has to measure the channel's
	/// quantity.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub unit: Option<Unit>,
	/// What values are multiplied with.
	#[serde(default = "one")]
	pub scale: Decimal,
	/// What is then added.
	#[serde(default)]
	pub offset: Decimal,
}

const fn one() -> Decimal {
	Decimal::ONE
}

impl Rule {
	/// Records of one name fill a channel.
	#[must_use]
	pub fn new(name: Pattern, channel: &str) -> Self {
		Self {
			name,
			only_unit: None,
			measure: Measure::Value,
			channel: channel.to_owned(),
			unit: None,
			scale: Decimal::ONE,
			offset: Decimal::ZERO,
		}
	}

	/// Whether the rule is for `record`.
	#[must_use]
	pub fn matches(&self, record: &Record) -> bool {
		let is_unit = |wanted: &String| {
			record.unit.as_ref().is_some_and(|unit| {
				unit.symbol() == wanted || RecordUnit::from_word(wanted).as_ref() == Some(unit)
			})
		};
		self.measure == record.measure
			&& self.name.matches(&record.name)
			&& self.only_unit.as_ref().is_none_or(is_unit)
	}

	/// The unit in which values come by what the rule says: its own, else the one that it wants of
	/// records, for sums times seconds. `None` if that is left to the records.
	///
	/// One that does not measure the channel's quantity makes the rule useless: [`apply`] refuses it.
	#[must_use]
	pub fn stated_unit(&self) -> Option<Unit> {
		self.unit.or_else(|| self.measured(units::by_word(self.only_unit.as_deref()?)?))
	}

	/// The unit of what is taken of records in `unit`.
	const fn measured(&self, unit: Unit) -> Option<Unit> {
		match self.measure {
			Measure::Value => Some(unit),
			Measure::Sum => units::integrated(unit),
		}
	}

	/// The value of a record that the rule is for, as an integer of the channel.
	fn convert(&self, record: &Record, channel: &Channel) -> Result<i64, Cause> {
		let number = match &record.value {
			Value::Number(number) => *number,
			Value::Bool(is_on) => Decimal::from(u64::from(*is_on)),
			Value::Text(_) | Value::Data(_) => return Err(Cause::NotANumber),
		};
		let number = number.times(self.scale)?.plus(self.offset)?;
		let unit = match (self.unit, &record.unit) {
			(Some(unit), _) => unit,
			(None, None) => channel.unit,
			(None, Some(RecordUnit::Other(_))) => return Err(Cause::UnknownUnit),
			(None, Some(RecordUnit::Known(unit))) => {
				self.measured(*unit).ok_or(Cause::UnknownUnit)?
			},
		};
		units::value_of(channel, number, unit)
	}
}

/// Which records fill which channels. Records that no rule is for are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
	/// At most [`MAX_RULES`]; every one that is for a record applies.
	pub rules: Vec<Rule>,
}

impl Mapping {
	/// Records named as a schema's channels are, after `base`.
	///
	/// # Errors
	/// [`Cause::BadPattern`] if `base` contains a `*`.
	pub fn of_schema(schema: &Schema, base: &str) -> Result<Self, Cause> {
		let rules = schema.channels.iter().map(|channel| {
			let name = core::str::from_utf8(&channel.name).map_err(|_| Cause::BadName)?;
			let pattern = Pattern::new(&format!("{base}{name}"))?;
			if pattern.end.is_some() {
				return Err(Cause::BadPattern);
			}
			Ok(Rule::new(pattern, name))
		});
		Ok(Self { rules: rules.collect::<Result<_, _>>()? })
	}

	/// Whether some rule is for `record`.
	#[must_use]
	pub fn covers(&self, record: &Record) -> bool {
		self.rules.iter().any(|rule| rule.matches(record))
	}

	/// The rules, each with its channel and that one's place.
	fn bind<'a>(
		&'a self,
		schema: &'a Schema,
	) -> Result<Vec<(&'a Rule, usize, &'a Channel)>, Cause> {
		if self.rules.len() > MAX_RULES {
			return Err(Cause::TooManyRules);
		}
		let place = |rule: &'a Rule| {
			let mut channels = schema.channels.iter().enumerate();
			let found =
				channels.find(|(_, channel)| channel.name.as_slice() == rule.channel.as_bytes());
			let (index, channel) = found.ok_or(Cause::UnknownChannel)?;
			if rule.stated_unit().is_some_and(|unit| !unit.measures(channel.quantity)) {
				return Err(Cause::RuleUnitMismatch);
			}
			Ok((rule, index, channel))
		};
		self.rules.iter().map(place).collect()
	}
}

/// The values of one moment, in the order of a schema's channels: what a reading carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
	/// Milliseconds since the Unix epoch.
	pub time: u64,
	/// One place per channel, in the channel's unit · 10^scale.
	pub values: Values,
}

/// Turn records into rows of `schema`, in order of time. Records of one time make one row; a record
/// without time gets `now` (milliseconds since the Unix epoch).
///
/// A channel takes values in every unit of its quantity, and in no other. Units convert exactly; the
/// result is rounded once, to the nearest integer of the channel, half to even. Whether values lie
/// within the channel's range is not judged here.
///
/// # Errors
/// Causes 30 to 38, with the number of the record from 1; 0: the mapping itself.
pub fn apply(
	schema: &Schema,
	mapping: &Mapping,
	records: &[Record],
	now: u64,
) -> Result<Vec<Row>, FormatError> {
	let rules = mapping.bind(schema).map_err(|cause| cause.at(0))?;
	let empty = || vec![None; schema.channels.len()];
	let mut rows = BTreeMap::<u64, Vec<Option<i64>>>::new();
	for (index, record) in records.iter().enumerate() {
		work::add(record.name.len());
		for (rule, place, channel) in &rules {
			if rule.matches(record) {
				let row = rows.entry(record.time.unwrap_or(now)).or_insert_with(empty);
				fill(row, *place, rule.convert(record, channel))
					.map_err(|cause| cause.at(index.saturating_add(1)))?;
			}
		}
	}
	// A row is as long as the schema, which is bounded as values are.
	let row = |(time, values)| Row { time, values: Values::truncate_from(values) };
	Ok(rows.into_iter().map(row).collect())
}

fn fill(row: &mut [Option<i64>], place: usize, value: Result<i64, Cause>) -> Result<(), Cause> {
	let value = value?;
	let held = row.get_mut(place).ok_or(Cause::UnknownChannel)?;
	if held.is_some_and(|held| held != value) {
		return Err(Cause::Conflict);
	}
	*held = Some(value);
	Ok(())
}

/// The records of rows: the reverse of [`apply`] by [`Mapping::of_schema`]. Channels without a
/// value give none.
///
/// - `base`: what stands before the channel's name.
#[must_use]
pub fn records(schema: &Schema, base: &str, rows: &[Row]) -> Vec<Record> {
	let mut records = Vec::new();
	for row in rows {
		for (channel, value) in schema.channels.iter().zip(row.values.iter()) {
			let Some(value) = value else { continue };
			let name = core::str::from_utf8(&channel.name).unwrap_or_default();
			// A 64-bit integer and a scale of 8 bits are far within the limits of a decimal.
			let number = Decimal::new(i128::from(*value), i64::from(channel.scale));
			records.push(Record {
				name: format!("{base}{name}"),
				time: Some(row.time),
				measure: Measure::Value,
				unit: Some(RecordUnit::Known(channel.unit)),
				value: Value::Number(number.unwrap_or_default()),
			});
		}
	}
	records
}
