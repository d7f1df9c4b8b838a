//! The specifications' own examples, every cause, round trips, and properties over arbitrary and
//! broken inputs.

mod codes;
mod csv;
mod decimal;
mod fuzz;
mod mapping;
mod million;
mod openmetrics;
mod quantities;
mod semtech;
mod senml;
mod sparkplug;
mod time;

use proptest::prelude::*;

use cairn_types::Unit;

use crate::{Decimal, Limits, Measure, Record, RecordUnit, Value};

/// "Now" of every test: 2023-11-14T22:13:20Z.
const NOW: u64 = 1_700_000_000_000;

fn decimal(text: &str) -> Decimal {
	text.parse().expect("a number")
}

fn number(text: &str) -> Value {
	Value::Number(decimal(text))
}

fn text(text: &str) -> Value {
	Value::Text(text.to_owned())
}

/// A value with a SenML unit, or none if `unit` is empty.
fn record(name: &str, time: Option<u64>, unit: &str, value: Value) -> Record {
	Record {
		name: name.to_owned(),
		time,
		measure: Measure::Value,
		unit: RecordUnit::from_symbol(unit),
		value,
	}
}

fn sum(name: &str, time: Option<u64>, unit: &str, value: Value) -> Record {
	Record { measure: Measure::Sum, ..record(name, time, unit, value) }
}

/// A text without the blanks that make it readable.
fn dense(text: &str) -> String {
	text.split_whitespace().collect()
}

/// Bytes in hexadecimal digits.
fn bytes(text: &str) -> Vec<u8> {
	hex::decode(dense(text)).expect("hex")
}

fn limits() -> Limits {
	Limits::default()
}

fn any_decimal() -> impl Strategy<Value = Decimal> {
	(any::<i64>(), -30i64..30)
		.prop_map(|(mantissa, exponent)| Decimal::new(mantissa.into(), exponent).expect("small"))
}

fn any_unit() -> impl Strategy<Value = Option<RecordUnit>> {
	prop_oneof![
		Just(None),
		(0..Unit::ALL.len()).prop_map(|index| Some(RecordUnit::Known(Unit::ALL[index]))),
		"[a-z]{1,4}/[a-z ,\"]{0,4}x".prop_map(|symbol| RecordUnit::from_word(&symbol)),
	]
}

fn any_value() -> impl Strategy<Value = (Measure, Value)> {
	prop_oneof![
		any_decimal().prop_map(|number| (Measure::Value, Value::Number(number))),
		any_decimal().prop_map(|number| (Measure::Sum, Value::Number(number))),
		any::<bool>().prop_map(|is_on| (Measure::Value, Value::Bool(is_on))),
		any::<String>().prop_map(|text| (Measure::Value, Value::Text(text))),
		proptest::collection::vec(any::<u8>(), 0..20)
			.prop_map(|data| (Measure::Value, Value::Data(data))),
	]
}

/// Records that SenML and CSV can carry.
fn any_records() -> impl Strategy<Value = Vec<Record>> {
	let record =
		("[a-zA-Z0-9][a-zA-Z0-9:./_-]{0,40}", 268_435_456_000u64..1 << 53, any_unit(), any_value())
			.prop_map(|(name, time, unit, (measure, value))| Record {
				name,
				time: Some(time),
				measure,
				unit,
				value,
			});
	proptest::collection::vec(record, 0..12)
}
