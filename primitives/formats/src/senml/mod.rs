//! Sensor Measurement Lists (RFC 8428) in JSON and CBOR, read into resolved records (§4.6) and
//! written from them.
//!
//! Base fields hold for the record they are in and for those after it. A record of base fields only
//! is allowed (§5.1.7). Values with a base sum in force have a sum as well (§4.5.4). Fields that
//! are unknown are skipped, unless their label ends in `_` (§4.4). Versions up to 10 are read, and
//! 26, which is 10 with secondary units (RFC 9100). Update times are checked for their type and
//! left out. Records keep the order of the pack.

mod cbor;
mod encode;
mod fields;
mod json;

pub use cbor::decode_cbor;
pub use encode::{encode_cbor, encode_json};
pub use json::decode_json;

use alloc::{string::String, vec::Vec};

use cairn_types::schema::is_name;

use self::fields::Fields;
use crate::{Cause, Decimal, FormatError, Limits, Measure, Record, RecordUnit, Value, work};

/// The version of RFC 8428, which holds unless a pack says otherwise.
const VERSION: u64 = 10;
/// The version with secondary units: RFC 9100 §4 adds 2^4.
const VERSION_SECONDARY: u64 = 26;
/// Times below 2^28 seconds are relative to now (§4.5.3). In milliseconds.
const RELATIVE_BELOW: i128 = (1 << 28) * 1_000;

/// Resolves a pack's records one after the other.
struct Pack<'l> {
	limits: &'l Limits,
	/// Milliseconds since the epoch that "now" stands for.
	now: u64,
	base_name: String,
	base_unit: Option<RecordUnit>,
	base_time: Decimal,
	base_value: Decimal,
	base_sum: Option<Decimal>,
	/// None before the first record.
	version: Option<u64>,
	/// Number of the record that is being read, from 1.
	number: usize,
	records: Vec<Record>,
	failure: Option<FormatError>,
}

impl<'l> Pack<'l> {
	fn new(now: u64, limits: &'l Limits) -> Self {
		Self {
			limits,
			now,
			base_name: String::new(),
			base_unit: None,
			base_time: Decimal::ZERO,
			base_value: Decimal::ZERO,
			base_sum: None,
			version: None,
			number: 0,
			records: Vec::new(),
			failure: None,
		}
	}

	/// Begin with the next record.
	fn start_record(&mut self) {
		self.number = self.number.saturating_add(1);
	}

	/// Apply the base values to a record, and keep it.
	fn resolve(&mut self, fields: Fields<'_>) -> Result<(), Cause> {
		self.check_version(fields.version)?;
		let is_base_only = fields.is_base_only();
		self.set_bases(&fields)?;
		if is_base_only {
			return Ok(());
		}
		// A base sum alone does not make a record (§4.2).
		if fields.value.is_none() && fields.sum.is_none() {
			return Err(Cause::NoValue);
		}
		let name = self.name(fields.name.as_deref().unwrap_or_default())?;
		let time = Some(self.time(fields.time.unwrap_or_default())?);
		let unit = match &fields.unit {
			Some(symbol) => RecordUnit::from_symbol(symbol),
			None => self.base_unit.clone(),
		};
		let sum = self.sum(&fields)?;
		let template =
			Record { name, time, measure: Measure::Value, unit, value: Value::Bool(false) };
		let value = match fields.value {
			Some(Value::Number(number)) => Some(Value::Number(number.plus(self.base_value)?)),
			other => other,
		};
		match (value, sum) {
			(Some(value), None) => self.push(Record { value, ..template }),
			(Some(value), Some(sum)) => {
				self.push(Record { value, ..template.clone() })?;
				self.push_sum(template, sum)
			},
			(None, Some(sum)) => self.push_sum(template, sum),
			(None, None) => Err(Cause::NoValue),
		}
	}

	fn push(&mut self, record: Record) -> Result<(), Cause> {
		self.limits.push(&mut self.records, record)
	}

	fn push_sum(&mut self, template: Record, sum: Decimal) -> Result<(), Cause> {
		self.push(Record { measure: Measure::Sum, value: Value::Number(sum), ..template })
	}

	/// All records of a pack have one version: that of the first, or the default.
	fn check_version(&mut self, stated: Option<u64>) -> Result<(), Cause> {
		let version = stated.or(self.version).unwrap_or(VERSION);
		if !(1..=VERSION).contains(&version) && version != VERSION_SECONDARY {
			return Err(Cause::UnsupportedVersion);
		}
		if self.version.is_some_and(|held| held != version) {
			return Err(Cause::VersionConflict);
		}
		self.version = Some(version);
		Ok(())
	}

	fn set_bases(&mut self, fields: &Fields<'_>) -> Result<(), Cause> {
		if let Some(name) = &fields.base_name {
			self.limits.check_name(name)?;
			self.base_name.clear();
			self.base_name.push_str(name);
		}
		if let Some(symbol) = &fields.base_unit {
			self.base_unit = RecordUnit::from_symbol(symbol);
		}
		self.base_time = fields.base_time.unwrap_or(self.base_time);
		self.base_value = fields.base_value.unwrap_or(self.base_value);
		self.base_sum = fields.base_sum.or(self.base_sum);
		Ok(())
	}

	/// Base name and name, joined (§4.5.1).
	fn name(&self, name: &str) -> Result<String, Cause> {
		let length = self.base_name.len().saturating_add(name.len());
		work::add(length);
		if length > self.limits.name {
			return Err(Cause::NameTooLong);
		}
		let mut joined = String::with_capacity(length);
		joined.push_str(&self.base_name);
		joined.push_str(name);
		if is_name(joined.as_bytes()) { Ok(joined) } else { Err(Cause::BadName) }
	}

	/// Base time and time, added; relative ones count from now (§4.5.3).
	fn time(&self, time: Decimal) -> Result<u64, Cause> {
		let millis = self.base_time.plus(time)?.floor(3).ok_or(Cause::BadTime)?;
		let millis = if millis < RELATIVE_BELOW {
			millis.saturating_add(i128::from(self.now))
		} else {
			millis
		};
		u64::try_from(millis).map_err(|_| Cause::BadTime)
	}

	/// Base sum and sum, added, if either is there. What is no number has only the sum it states.
	fn sum(&self, fields: &Fields<'_>) -> Result<Option<Decimal>, Cause> {
		let base = match fields.value {
			None | Some(Value::Number(_)) => self.base_sum,
			Some(_) => fields.sum.and(self.base_sum),
		};
		match (base, fields.sum) {
			(None, None) => Ok(None),
			(base, sum) => base.unwrap_or_default().plus(sum.unwrap_or_default()).map(Some),
		}
	}
}
