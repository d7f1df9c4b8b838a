//! Exact numbers.

use proptest::prelude::*;

use super::{any_decimal, decimal};
use crate::{Cause, Decimal};

#[test]
fn equal_numbers_are_equal_values() {
	for (left, right) in [
		("1.10", "1.1"),
		("100", "1e2"),
		("0.0", "-0e9"),
		("+5", "5."),
		(".5", "0.5"),
		("1E-2", "0.01"),
	] {
		assert_eq!(decimal(left), decimal(right), "{left} {right}");
	}
}

#[test]
fn a_number_is_written_short() {
	for (text, written) in [
		("0", "0"),
		("-21.50", "-21.5"),
		("1200", "1200"),
		("1e20", "100000000000000000000"),
		("1e21", "1e21"),
		("0.001", "0.001"),
		("-5e-7", "-0.0000005"),
		("7e-41", "7e-41"),
		("170141183460469231731687303715884105727", "170141183460469231731687303715884105727"),
	] {
		assert_eq!(decimal(text).to_string(), written);
	}
}

#[test]
fn fails_when_a_text_is_no_number() {
	for text in ["", "-", ".", "e5", "1e", "1.2.3", "1_000", "0x10", " 1", "1 ", "١"] {
		assert_eq!(text.parse::<Decimal>(), Err(Cause::BadNumber), "{text:?}");
	}
	for text in ["NaN", "+inf", "-Infinity", "INF"] {
		assert_eq!(text.parse::<Decimal>(), Err(Cause::NotFinite), "{text}");
	}
	let long = "9".repeat(40);
	for text in ["1e32768", "1e-32769", "1e99999999999", long.as_str()] {
		assert_eq!(text.parse::<Decimal>(), Err(Cause::NumberTooLong), "{text}");
	}
}

#[test]
fn fails_when_a_mantissa_has_no_negative() {
	assert_eq!(Decimal::new(i128::MIN, 0), Err(Cause::NumberTooLong));
	let least = Decimal::new(i128::MIN + 1, 0).expect("it has one");
	assert_eq!(least.to_string().parse::<Decimal>(), Ok(least));
	assert_eq!(least.plus(decimal("-1")), Err(Cause::NumberTooLong));
}

#[test]
fn zeros_do_not_make_a_number_long() {
	let zeros = "0".repeat(10_000);
	assert_eq!(decimal(&format!("1{zeros}")), Decimal::new(1, 10_000).expect("fits"));
	assert_eq!(decimal(&format!("0.{zeros}1")), Decimal::new(1, -10_001).expect("fits"));
	assert_eq!(decimal(&format!("{zeros}1.{zeros}")), Decimal::ONE);
	assert_eq!(decimal(&format!("0e{zeros}9")), Decimal::ZERO);
}

#[test]
fn a_float_is_its_shortest_decimal() {
	assert_eq!(Decimal::from_f64(0.1), Ok(decimal("0.1")));
	assert_eq!(Decimal::from_f32(1.2), Ok(decimal("1.2")));
	assert_eq!(Decimal::from_f64(f64::from(1.2f32)), Ok(decimal("1.2000000476837158")));
	assert_eq!(Decimal::from_f64(5e-324), Ok(decimal("5e-324")));
	assert_eq!(Decimal::from_f64(f64::MAX), Ok(decimal("1.7976931348623157e308")));
	assert_eq!(Decimal::from_f64(-0.0), Ok(Decimal::ZERO));
	for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
		assert_eq!(Decimal::from_f64(value), Err(Cause::NotFinite));
	}
	assert_eq!(Decimal::from_f32(f32::NAN), Err(Cause::NotFinite));
}

#[test]
fn sums_and_products_are_exact_or_refused() {
	assert_eq!(decimal("0.1").plus(decimal("0.2")), Ok(decimal("0.3")));
	assert_eq!(
		decimal("1e20").plus(decimal("1e-15")),
		Ok(decimal("100000000000000000000.000000000000001"))
	);
	assert_eq!(decimal("5").plus(decimal("-5")), Ok(Decimal::ZERO));
	assert_eq!(decimal("1e30000").plus(Decimal::ZERO), Ok(decimal("1e30000")));
	assert_eq!(decimal("1e30").plus(decimal("1e-30")), Err(Cause::NumberTooLong));
	assert_eq!(decimal("2.5").times(decimal("-0.4")), Ok(decimal("-1")));
	assert_eq!(decimal("1e20000").times(decimal("1e20000")), Err(Cause::NumberTooLong));
	let long = decimal(&"9".repeat(30));
	assert_eq!(long.times(long), Err(Cause::NumberTooLong));
}

#[test]
fn numbers_are_rounded_down() {
	for (text, places, floor) in [
		("1.9999", 3, Some(1_999)),
		("-1.9999", 3, Some(-2_000)),
		("1e-300", 3, Some(0)),
		("-1e-300", 3, Some(-1)),
		("12", 3, Some(12_000)),
		("1e40", 3, None),
	] {
		assert_eq!(decimal(text).floor(places), floor, "{text}");
	}
}

#[test]
fn decimals_are_texts_in_configurations() {
	let number: Decimal = serde_json::from_str("\"0.10\"").expect("a number");
	assert_eq!(number, decimal("0.1"));
	assert_eq!(serde_json::to_string(&number).expect("writes"), "\"0.1\"");
	assert!(serde_json::from_str::<Decimal>("\"ten\"").is_err());
}

proptest! {
	#[test]
	fn what_is_written_reads_back(number in any_decimal()) {
		prop_assert_eq!(number.to_string().parse::<Decimal>(), Ok(number));
	}

	#[test]
	fn a_double_reads_back_as_itself(value in any::<f64>().prop_filter("finite", |value| value.is_finite())) {
		let number = Decimal::from_f64(value).expect("finite");
		prop_assert_eq!(number.to_string().parse::<f64>().expect("a float"), value);
	}

	#[test]
	fn addition_agrees_with_integers(a in any::<i64>(), b in any::<i64>(), exponent in -20i64..20) {
		let a_decimal = Decimal::new(a.into(), exponent).expect("fits");
		let b_decimal = Decimal::new(b.into(), exponent).expect("fits");
		let sum = i128::from(a) + i128::from(b);
		prop_assert_eq!(a_decimal.plus(b_decimal), Decimal::new(sum, exponent));
	}
}
