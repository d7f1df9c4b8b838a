//! From records to rows.

use proptest::prelude::*;

use cairn_types::{Channel, ChannelKind, Quantity, Schema, Unit};

use super::{NOW, decimal, number, record, sum, text};
use crate::{
	Cause, Decimal, FormatError, Mapping, Measure, Pattern, Record, RecordUnit, Row, Rule, Value,
	apply,
	mapping::{MAX_RULES, records},
};

pub(super) fn channel(name: &str, quantity: Quantity, unit: Unit, scale: i8) -> Channel {
	Channel {
		name: name.as_bytes().to_vec().try_into().expect("a short name"),
		quantity,
		unit,
		scale,
		kind: ChannelKind::Gauge,
		min: i64::MIN,
		max: i64::MAX,
		max_change: None,
	}
}

fn schema() -> Schema {
	let channels = vec![
		channel("temp", Quantity::Temperature, Unit::Celsius, -2),
		channel("energy", Quantity::Energy, Unit::KilowattHour, -3),
		channel("open", Quantity::Count, Unit::Count, 0),
	];
	let schema = Schema {
		name: b"room".to_vec().try_into().expect("a short name"),
		version: 1,
		channels: channels.try_into().expect("few channels"),
	};
	assert_eq!(schema.check(), Ok(()));
	schema
}

fn rule(name: &str, channel: &str) -> Rule {
	Rule::new(Pattern::new(name).expect("a pattern"), channel)
}

fn one(rule: Rule) -> Mapping {
	Mapping { rules: vec![rule] }
}

/// The rows, each as time and values.
fn rows(
	mapping: &Mapping,
	records: &[Record],
) -> Result<Vec<(u64, Vec<Option<i64>>)>, FormatError> {
	let rows = apply(&schema(), mapping, records, NOW)?;
	Ok(rows.into_iter().map(|row| (row.time, row.values.to_vec())).collect())
}

/// The temperature that one record gives.
fn temp(rule: Rule, record: Record) -> Result<Option<i64>, Cause> {
	let rows = rows(&one(rule), &[record]).map_err(|error| error.cause)?;
	Ok(rows.first().and_then(|(_, values)| values[0]))
}

#[test]
fn records_of_one_time_make_one_row() {
	let mapping = Mapping::of_schema(&schema(), "urn:x:").expect("a mapping");
	let records = [
		record("urn:x:temp", Some(2_000), "K", number("296.25")),
		record("urn:x:energy", Some(1_000), "J", number("5400000")),
		record("urn:x:open", Some(2_000), "", Value::Bool(true)),
		record("urn:x:other", Some(2_000), "", text("left out")),
		record("urn:x:temp", None, "", number("-0.004")),
	];
	let expected = vec![
		(1_000, vec![None, Some(1_500), None]),
		(2_000, vec![Some(2_310), None, Some(1)]),
		(NOW, vec![Some(0), None, None]),
	];
	assert_eq!(rows(&mapping, &records), Ok(expected));
	assert!(mapping.covers(&records[0]) && !mapping.covers(&records[3]));
}

#[test]
fn values_are_rounded_half_to_even() {
	for (value, expected) in
		[("0.125", 12), ("0.135", 14), ("-0.125", -12), ("0.12500001", 13), ("1e-400", 0)]
	{
		let record = record("t", None, "Cel", number(value));
		assert_eq!(temp(rule("t", "temp"), record), Ok(Some(expected)), "{value}");
	}
}

#[test]
fn the_unit_comes_from_rule_record_or_channel() {
	let value = |unit: &str| record("t", None, unit, number("300"));
	let kelvin = Rule { unit: Some(Unit::Kelvin), ..rule("t", "temp") };
	assert_eq!(temp(kelvin.clone(), value("Cel")), Ok(Some(2_685)));
	assert_eq!(temp(kelvin, value("degF")), Ok(Some(2_685)));
	assert_eq!(temp(rule("t", "temp"), value("K")), Ok(Some(2_685)));
	assert_eq!(temp(rule("t", "temp"), value("")), Ok(Some(30_000)));
}

#[test]
fn values_are_scaled_and_offset_before_units_convert() {
	// Tenths of a degree Fahrenheit, as (F + 459.67) · 5/9 is kelvin, cannot be had by decimals;
	// tenths of a kelvin above 200 can.
	let scaled = Rule {
		scale: decimal("0.1"),
		offset: decimal("200"),
		unit: Some(Unit::Kelvin),
		..rule("t", "temp")
	};
	assert_eq!(temp(scaled, record("t", None, "", number("962.5"))), Ok(Some(2_310)));
}

#[test]
fn sums_are_in_the_unit_times_seconds() {
	let rule = Rule { measure: Measure::Sum, ..rule("m", "energy") };
	let records =
		[sum("m", Some(1), "W", number("7200000")), record("m", Some(2), "W", number("1"))];
	let expected = vec![(1, vec![None, Some(2_000), None])];
	assert_eq!(rows(&one(rule.clone()), &records), Ok(expected));
	let other = [sum("m", Some(1), "Cel", number("1"))];
	assert_eq!(rows(&one(rule), &other), Err(Cause::UnknownUnit.at(1)));
}

#[test]
fn one_name_may_hold_several_quantities() {
	let only =
		|unit: &str, channel| Rule { only_unit: Some(unit.to_owned()), ..rule("d", channel) };
	let mapping = Mapping { rules: vec![only("Cel", "temp"), only("kilowatt_hours", "energy")] };
	let records = [
		record("d", None, "Cel", number("1")),
		record("d", None, "kWh", number("2")),
		record("d", None, "lat", number("3")),
		record("d", None, "", number("4")),
	];
	assert_eq!(rows(&mapping, &records), Ok(vec![(NOW, vec![Some(100), Some(2_000), None])]));
}

#[test]
fn a_pattern_has_one_gap() {
	for (pattern, name, matches) in [
		("abc", "abc", true),
		("abc", "abcd", false),
		("a*c", "abc", true),
		("a*c", "ac", true),
		("ab*bc", "abc", false),
		("*", "anything", true),
		("*/temp", "plant/press/temp", true),
		("*/temp", "plant/press/temperature", false),
		("cpu{*}", "cpu{core=\"1\"}", true),
	] {
		let found = Pattern::new(pattern).expect("a pattern").matches(name);
		assert_eq!(found, matches, "{pattern} {name}");
	}
	for text in ["", "**", "a*b*c"] {
		assert_eq!(Pattern::new(text), Err(Cause::BadPattern), "{text}");
	}
	assert_eq!(Mapping::of_schema(&schema(), "a*"), Err(Cause::BadPattern));
}

#[test]
fn fails_when_a_mapping_does_not_fit_the_schema() {
	assert_eq!(rows(&one(rule("t", "hum")), &[]), Err(Cause::UnknownChannel.at(0)));
	let many = Mapping { rules: vec![rule("t", "temp"); MAX_RULES + 1] };
	assert_eq!(rows(&many, &[]), Err(Cause::TooManyRules.at(0)));
	let most = Mapping { rules: vec![rule("t", "temp"); MAX_RULES] };
	assert_eq!(rows(&most, &[]), Ok(Vec::new()));
}

#[test]
fn fails_when_a_rule_is_for_a_unit_of_another_quantity() {
	let in_unit = |unit| Rule { unit: Some(unit), ..rule("t", "temp") };
	assert_eq!(rows(&one(in_unit(Unit::Kelvin)), &[]), Ok(Vec::new()));
	// Before any record comes, and whatever it says.
	let celsius = record("t", None, "Cel", number("1"));
	for records in [Vec::new(), vec![celsius]] {
		let refused = rows(&one(in_unit(Unit::Volt)), &records);
		assert_eq!(refused, Err(Cause::RuleUnitMismatch.at(0)));
	}
	let only = |unit: &str, measure, channel| Rule {
		only_unit: Some(unit.to_owned()),
		measure,
		..rule("t", channel)
	};
	for (rule, is_refused) in [
		(only("K", Measure::Value, "temp"), false),
		(only("furlong", Measure::Value, "temp"), false),
		(only("volts", Measure::Value, "temp"), true),
		(only("W", Measure::Value, "energy"), true),
		(only("W", Measure::Sum, "energy"), false),
		(only("A", Measure::Sum, "energy"), true),
		// No unit has this integral; a record would be refused.
		(only("Cel", Measure::Sum, "energy"), false),
		// What the rule says of the result counts.
		(Rule { unit: Some(Unit::Celsius), ..only("V", Measure::Value, "temp") }, false),
	] {
		let expected = if is_refused { Err(Cause::RuleUnitMismatch.at(0)) } else { Ok(Vec::new()) };
		assert_eq!(rows(&one(rule.clone()), &[]), expected, "{rule:?}");
	}
}

#[test]
fn fails_when_a_record_does_not_fit_the_channel() {
	for (record, cause) in [
		(record("t", None, "furlong", number("1")), Cause::UnknownUnit),
		(record("t", None, "V", number("1")), Cause::UnitMismatch),
		(record("t", None, "", text("21.5")), Cause::NotANumber),
		(record("t", None, "", Value::Data(vec![1])), Cause::NotANumber),
		(record("t", None, "", number("92233720368547758.08")), Cause::OutOfRange),
		(record("t", None, "", number("1e300")), Cause::OutOfRange),
	] {
		assert_eq!(temp(rule("t", "temp"), record), Err(cause));
	}
	let largest = record("t", None, "", number("92233720368547758.07"));
	assert_eq!(temp(rule("t", "temp"), largest), Ok(Some(i64::MAX)));
	let scaled = Rule { scale: decimal("1e30000"), ..rule("t", "temp") };
	let long = record("t", None, "", number("1e30000"));
	assert_eq!(temp(scaled, long), Err(Cause::NumberTooLong));
}

#[test]
fn fails_when_two_records_contradict_each_other() {
	let value = |name: &str, value| record(name, Some(1), "", number(value));
	let mapping = one(rule("t*", "temp"));
	let same = [value("t1", "1"), value("t2", "1.0")];
	assert_eq!(rows(&mapping, &same), Ok(vec![(1, vec![Some(100), None, None])]));
	let other = [value("t1", "1"), value("t2", "2")];
	assert_eq!(rows(&mapping, &other), Err(Cause::Conflict.at(2)));
}

#[test]
fn a_mapping_is_written_as_people_configure_it() {
	let json = r#"{ "rules": [
		{ "name": "*/temp", "channel": "temp", "scale": "0.1", "unit": "Cel" },
		{ "name": "m", "channel": "energy", "measure": "sum", "onlyUnit": "W" }
	] }"#;
	let expected = Mapping {
		rules: vec![
			Rule { scale: decimal("0.1"), unit: Some(Unit::Celsius), ..rule("*/temp", "temp") },
			Rule { measure: Measure::Sum, only_unit: Some("W".to_owned()), ..rule("m", "energy") },
		],
	};
	let mapping: Mapping = serde_json::from_str(json).expect("a mapping");
	assert_eq!(mapping, expected);
	let written = serde_json::to_string(&mapping).expect("writes");
	assert_eq!(serde_json::from_str::<Mapping>(&written).expect("reads"), mapping);
	for bad in [
		r#"{ "rules": [{ "name": "a**", "channel": "temp" }] }"#,
		r#"{ "rules": [{ "name": "a", "channel": "temp", "factor": "2" }] }"#,
	] {
		assert!(serde_json::from_str::<Mapping>(bad).is_err(), "{bad}");
	}
}

proptest! {
	#[test]
	fn rows_survive_as_records(
		values in proptest::collection::btree_map(
			any::<u64>(),
			proptest::collection::vec(any::<Option<i64>>(), 3),
			0..5,
		),
	) {
		let schema = schema();
		let has_value = |(_, values): &(u64, Vec<Option<i64>>)| values.iter().any(Option::is_some);
		let rows: Vec<_> = values
			.into_iter()
			.filter(has_value)
			.map(|(time, values)| Row { time, values: values.try_into().expect("three") })
			.collect();
		let mapping = Mapping::of_schema(&schema, "x/").expect("a mapping");
		let written = records(&schema, "x/", &rows);
		prop_assert_eq!(apply(&schema, &mapping, &written, NOW), Ok(rows));
	}

	#[test]
	fn a_channel_in_the_records_unit_only_shifts_the_point(value in any::<i32>(), places in 0u32..4) {
		let number = Decimal::new(i128::from(value), -i64::from(places)).expect("fits");
		let given = Record {
			unit: Some(RecordUnit::Known(Unit::Celsius)),
			..record("t", None, "", Value::Number(number))
		};
		let exact = i64::from(value) * 10i64.pow(4 - places);
		let rounded = temp(rule("t", "temp"), given).expect("fits").expect("a value");
		prop_assert!((rounded * 100 - exact).abs() <= 50);
	}
}
