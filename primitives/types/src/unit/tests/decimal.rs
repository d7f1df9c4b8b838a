use proptest::prelude::*;

use super::super::{ConversionFault, Decimal};

fn parse(text: &str) -> Result<Decimal, ConversionFault> {
	text.parse()
}

#[test]
fn works_when_a_number_is_written_as_texts_do() {
	for (text, mantissa, exponent) in [
		("0", 0, 0),
		("-0.0", 0, 0),
		("+7", 7, 0),
		("1.500", 15, -1),
		("21.37", 2_137, -2),
		(".5", 5, -1),
		("5.", 5, 0),
		("1200", 12, 2),
		("-1.5e-3", -15, -4),
		("1E+3", 1, 3),
		("000.0001", 1, -4),
		("1e2147483647", 1, i32::MAX),
		("1e99999999999", 1, i32::MAX),
		("1e-99999999999", 1, -i32::MAX),
	] {
		let found = parse(text).expect(text);
		assert_eq!(found.mantissa, mantissa, "{text}");
		assert!(mantissa == 0 || found.exponent == exponent, "{text}: {found:?}");
	}
	let digits = "1".repeat(38);
	assert_eq!(parse(&digits).expect("fits").mantissa.to_string(), digits);
	let zeros = format!("0.{}1{}", "0".repeat(400), "0".repeat(400));
	assert_eq!(parse(&zeros), Ok(Decimal::new(1, -401)));
}

#[test]
fn fails_when_it_is_not_finite() {
	for text in ["NaN", "nan", "Inf", "+Inf", "-Inf", "infinity", "-INFINITY"] {
		assert_eq!(parse(text), Err(ConversionFault::NotFinite), "{text}");
	}
	for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
		assert_eq!(Decimal::from_f64(value), Err(ConversionFault::NotFinite));
	}
}

#[test]
fn fails_when_it_is_no_number() {
	let texts = ["", "+", "-", ".", "e", "e5", "1e", "1e+", "1e1.5", "1.2.3", "--1", "+-1", " 1"];
	for text in texts.into_iter().chain(["1 ", "0x10", "1_000", "1,5", "١", "n", "1e5e5", "1e٣"])
	{
		assert_eq!(parse(text), Err(ConversionFault::Malformed), "{text}");
	}
}

#[test]
fn fails_when_it_is_too_long() {
	for text in ["9".repeat(40), format!("1{}1", "0".repeat(38)), format!("0.{}", "3".repeat(50))] {
		assert_eq!(parse(&text), Err(ConversionFault::TooLong), "{text}");
	}
}

#[test]
fn a_float_is_what_people_mean_by_it() {
	assert_eq!(Decimal::from_f64(0.1), Ok(Decimal::new(1, -1)));
	assert_eq!(Decimal::from_f64(-2_500.0), Ok(Decimal::new(-25, 2)));
	assert_eq!(Decimal::from_f64(f64::MIN_POSITIVE).map(|found| found.mantissa > 0), Ok(true));
}

proptest! {
	#[test]
	fn a_float_is_read_back(value in any::<f64>().prop_filter("finite", |value| value.is_finite())) {
		let found = Decimal::from_f64(value).expect("finite");
		let text = format!("{}e{}", found.mantissa, found.exponent);
		prop_assert_eq!(text.parse::<f64>().expect("a number"), value);
	}

	#[test]
	fn a_number_is_read_back(mantissa in any::<i64>(), exponent in -400i32..400) {
		let found = parse(&format!("{mantissa}e{exponent}")).expect("a number");
		let zeros = u32::try_from(found.exponent - exponent).expect("zeros move to the exponent");
		prop_assert_eq!(found.mantissa * 10i128.pow(zeros), i128::from(mantissa));
	}

	#[test]
	fn no_text_is_too_much(text in "[-+0-9.eEnaif]{0,60}|.{0,20}") {
		if let Ok(found) = parse(&text) {
			prop_assert!(text.bytes().any(|byte| byte.is_ascii_digit()), "{:?}", found);
		}
	}
}
