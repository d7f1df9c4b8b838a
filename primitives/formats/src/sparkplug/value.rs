//! What a metric's value is, by its type.

use super::payload::{Metric, MetricValue};
use crate::{Cause, Decimal, Value};

/// Types of Sparkplug 3.0.0 §6.4.16, `DataType`.
const INT8: u32 = 1;
const INT16: u32 = 2;
const INT32: u32 = 3;
const INT64: u32 = 4;
const UINT8: u32 = 5;
const UINT16: u32 = 6;
const UINT32: u32 = 7;
const UINT64: u32 = 8;
const FLOAT: u32 = 9;
const DOUBLE: u32 = 10;
pub(super) const BOOLEAN: u32 = 11;
const STRING: u32 = 12;
const DATE_TIME: u32 = 13;
const TEXT: u32 = 14;
const UUID: u32 = 15;
const BYTES: u32 = 17;
const FILE: u32 = 18;

/// The quality that says a value is good; any other is bad or stale.
const GOOD: u32 = 192;

/// The value of a metric whose birth said `datatype`; `None` if it has none: null, of bad quality,
/// no number, or of a type that is no single value.
pub(super) fn value_of(metric: &Metric, datatype: u32) -> Result<Option<Value>, Cause> {
	let quality = metric.properties.as_ref().and_then(|properties| properties.get("Quality"));
	let is_bad = quality.and_then(|quality| quality.int_value).is_some_and(|code| code != GOOD);
	let Some(value) = metric.value.as_ref().filter(|_| !is_bad) else { return Ok(None) };
	if metric.is_null == Some(true) {
		return Ok(None);
	}
	let value = match (datatype, value) {
		(INT8..=UINT64 | DATE_TIME, value) => Value::Number(integer(datatype, bits(value)?)?),
		(FLOAT | DOUBLE, value) => match float(value) {
			Ok(number) => Value::Number(number),
			Err(Cause::NotFinite) => return Ok(None),
			Err(cause) => return Err(cause),
		},
		(BOOLEAN, MetricValue::Boolean(is_on)) => Value::Bool(*is_on),
		(STRING | TEXT | UUID, MetricValue::Text(text)) => Value::Text(text.clone()),
		(BYTES | FILE, MetricValue::Bytes(bytes)) => Value::Data(bytes.clone()),
		(BOOLEAN | STRING | TEXT | UUID | BYTES | FILE, _) => return Err(Cause::WrongType),
		// Data sets, templates, arrays, and what later versions add.
		_ => return Ok(None),
	};
	Ok(Some(value))
}

fn bits(value: &MetricValue) -> Result<u64, Cause> {
	match value {
		MetricValue::Int(bits) => Ok(u64::from(*bits)),
		MetricValue::Long(bits) => Ok(*bits),
		_ => Err(Cause::WrongType),
	}
}

/// Clients fill the bits beyond a type's width with zeros or with its sign: only its width counts.
fn integer(datatype: u32, bits: u64) -> Result<Decimal, Cause> {
	let [b0, b1, b2, b3, ..] = bits.to_le_bytes();
	let number = match datatype {
		INT8 => i128::from(i8::from_le_bytes([b0])),
		INT16 => i128::from(i16::from_le_bytes([b0, b1])),
		INT32 => i128::from(i32::from_le_bytes([b0, b1, b2, b3])),
		INT64 => i128::from(i64::from_le_bytes(bits.to_le_bytes())),
		UINT8 => i128::from(b0),
		UINT16 => i128::from(u16::from_le_bytes([b0, b1])),
		UINT32 => i128::from(u32::from_le_bytes([b0, b1, b2, b3])),
		_ => i128::from(bits),
	};
	Decimal::new(number, 0)
}

fn float(value: &MetricValue) -> Result<Decimal, Cause> {
	match value {
		MetricValue::Float(number) => Decimal::from_f32(*number),
		MetricValue::Double(number) => Decimal::from_f64(*number),
		_ => Err(Cause::WrongType),
	}
}
