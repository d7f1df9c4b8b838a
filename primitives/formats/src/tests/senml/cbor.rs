//! SenML in CBOR: the dump of RFC 8428 §6, kinds of numbers, and what only CBOR has.

use proptest::prelude::*;

use super::currents;
use crate::{
	Cause, Decimal, FormatError, Limits, Record, Value,
	senml::{decode_cbor, encode_cbor},
	tests::{NOW, bytes, limits, number, record, text},
};

/// The dump of RFC 8428 §6.
pub(crate) const EXAMPLE: &str = "87a721781b75726e3a6465763a6f773a31306532303733613031303830303\
	63a22fb41d303a15b00106223614120050067766f6c7461676501615602fb405e066666666666a3006763757272656e\
	74062402fb3ff3333333333333a3006763757272656e74062302fb3ff4cccccccccccda3006763757272656e7406220\
	2fb3ff6666666666666a3006763757272656e74062102f93e00a3006763757272656e74062002fb3ff999999999999a\
	a3006763757272656e74060002fb3ffb333333333333";

fn read(text: &str) -> Result<Vec<Record>, FormatError> {
	decode_cbor(&bytes(text), NOW, &limits())
}

/// A pack of one record named a with this value field.
fn value(item: &str) -> Result<Value, Cause> {
	match read(&format!("81 a2 00 6161 02 {item}")) {
		Ok(mut records) => Ok(records.remove(0).value),
		Err(error) => Err(error.cause),
	}
}

#[test]
fn every_beginning_of_the_example_is_truncated() {
	let example = bytes(EXAMPLE);
	assert_eq!(example.len(), 0xc3);
	for length in 0..example.len() {
		let refused = decode_cbor(&example[..length], NOW, &limits()).expect_err("cut off");
		assert_eq!(refused.cause, Cause::Truncated, "{length}");
	}
}

#[test]
fn every_kind_of_number_is_read() {
	for (item, expected) in [
		("00", "0"),
		("17", "23"),
		("1818", "24"),
		("190400", "1024"),
		("1a00010000", "65536"),
		("1bffffffffffffffff", "18446744073709551615"),
		("20", "-1"),
		("3863", "-100"),
		("3bffffffffffffffff", "-18446744073709551616"),
		("f93e00", "1.5"),
		("f9fbff", "-65504"),
		("f90400", "0.000061035156"),
		("f90001", "5.9604645e-8"),
		("f903ff", "0.00006097555"),
		("f98000", "0"),
		("fa3f99999a", "1.2"),
		("fb3ff3333333333333", "1.2"),
		("fb0000000000000001", "5e-324"),
		("c48221196ab3", "273.15"),
		("c48203c24105", "5000"),
		("c48220c3420100", "-25.7"),
		("c48239012b01", "1e-300"),
		("c482003bffffffffffffffff", "-18446744073709551616"),
	] {
		assert_eq!(value(item), Ok(number(expected)), "{item}");
	}
}

#[test]
fn fails_when_a_value_is_no_number() {
	let long = format!("c48200c25101{}", "00".repeat(16));
	for (item, cause) in [
		("f97c00", Cause::NotFinite),
		("f97e00", Cause::NotFinite),
		("fa7f800000", Cause::NotFinite),
		("fb7ff8000000000000", Cause::NotFinite),
		("c4821b7fffffffffffffff01", Cause::NumberTooLong),
		("c4823bffffffffffffffff01", Cause::NumberTooLong),
		(long.as_str(), Cause::NumberTooLong),
		("c48200c3507fffffffffffffffffffffffffffffff", Cause::NumberTooLong),
		("c482f93e0001", Cause::Malformed),
		("c48101", Cause::Malformed),
		("c49f0001ff", Cause::Malformed),
		("c482006161", Cause::Malformed),
		("c48200c26161", Cause::Malformed),
		("c24101", Cause::WrongType),
		("c10a", Cause::WrongType),
		("4101", Cause::WrongType),
		("f5", Cause::WrongType),
		("80", Cause::WrongType),
		("a0", Cause::WrongType),
		("7f6131ff", Cause::WrongType),
		("1c", Cause::Malformed),
		("f81f", Cause::Malformed),
		("ff", Cause::Malformed),
	] {
		assert_eq!(value(item), Err(cause), "{item}");
	}
}

#[test]
fn works_when_lengths_are_indefinite() {
	let expected = vec![record("a", Some(NOW), "", number("1"))];
	assert_eq!(read("9f bf 00 6161 02 01 ff ff"), Ok(expected.clone()));
	assert_eq!(read("81 a2 616e 6161 6176 01"), Ok(expected), "labels as texts");
}

#[test]
fn works_when_data_types_differ() {
	let records = read("83 a2 00 6161 03 62c3a9 a2 00 6161 04 f4 a2 00 6161 08 4201ff");
	let now = Some(NOW);
	let expected = vec![
		record("a", now, "", text("é")),
		record("a", now, "", Value::Bool(false)),
		record("a", now, "", Value::Data(vec![1, 0xff])),
	];
	assert_eq!(records, Ok(expected));
}

#[test]
fn what_is_unknown_is_skipped() {
	let expected = vec![record("a", Some(NOW), "", number("1"))];
	for (unknown, what) in [
		("6178 84 01 8202 03 a1 03 04 4101", "arrays and maps"),
		("6178 7f 6161 6162 ff", "a text in parts"),
		("6178 9f bf 01 02 ff 9f ff ff", "open arrays"),
		("6178 c1 c2 4101", "tags"),
		("6178 f820", "a simple value"),
		("6178 80", "nothing"),
		("18c8 fb0000000000000000", "a number for a label"),
		("29 a0", "a number below zero for a label"),
	] {
		assert_eq!(read(&format!("81 a3 00 6161 {unknown} 02 01")), Ok(expected.clone()), "{what}");
	}
}

#[test]
fn fails_when_a_pack_breaks_the_rules() {
	for (pack, number, cause) in [
		("81 a3 00 6161 02 01 616e 6161", 1, Cause::DuplicateLabel),
		("81 a2 00 61ff 02 01", 1, Cause::BadUtf8),
		("81 a2 f5 6161 02 01", 1, Cause::WrongType),
		("81 a2 00 6161 ff", 1, Cause::Malformed),
		("81 bf 00 6161 02 01", 1, Cause::Truncated),
		("9bffffffffffffffff a2 00 6161 02 01", 2, Cause::Truncated),
		("81 bbffffffffffffffff 00 6161", 1, Cause::Truncated),
		("81 a1 00 7bffffffffffffffff", 1, Cause::Truncated),
		("81 a3 00 6161 02 01 6178 bbffffffffffffffff", 1, Cause::Truncated),
		("81 a3 00 6161 02 01 6178 ff", 1, Cause::Malformed),
		("81 a3 00 6161 02 01 6178 82 ff", 1, Cause::Malformed),
	] {
		assert_eq!(read(pack), Err(cause.at(number)), "{pack}");
	}
}

#[test]
fn fails_when_what_is_skipped_is_too_deep() {
	let nested = |depth: usize| {
		let (arrays, tags) = ("81".repeat(depth - 1), "c1");
		bytes(&format!("81 a3 00 6161 02 01 6178 {arrays}{tags} 00"))
	};
	let limits = Limits { depth: 5, ..limits() };
	assert_eq!(decode_cbor(&nested(5), NOW, &limits).map(|records| records.len()), Ok(1));
	assert_eq!(decode_cbor(&nested(6), NOW, &limits), Err(Cause::TooDeep.at(1)));
}

fn written(records: &[Record]) -> String {
	hex::encode(encode_cbor(records).expect("SenML can carry them"))
}

#[test]
fn the_example_is_written_with_its_own_numbers() {
	// Names and units of "urn:dev:ow:10e2073a0108006:voltage" and the same with "current".
	let base = "75726e3a6465763a6f773a3130653230373361303130383030363a";
	let voltage = format!("{base}766f6c74616765016156");
	let current = format!("{base}63757272656e74016141");
	// The dump has the values, and the time that the first and the last record come to.
	let mut expected = "87".to_owned();
	for (name, time, value) in [
		(&voltage, "fb41d303a15b001062", "fb405e066666666666"),
		(&current, "fb41d303a159c01062", "fb3ff3333333333333"),
		(&current, "fb41d303a15a001062", "fb3ff4cccccccccccd"),
		(&current, "fb41d303a15a401062", "fb3ff6666666666666"),
		(&current, "fb41d303a15a801062", "f93e00"),
		(&current, "fb41d303a15ac01062", "fb3ff999999999999a"),
		(&current, "fb41d303a15b001062", "fb3ffb333333333333"),
	] {
		assert!(EXAMPLE.contains(&format!("02{value}")), "{value}");
		expected += &format!("a4007822{name}06{time}02{value}");
	}
	assert!(EXAMPLE.contains("22fb41d303a15b001062"), "the base time");
	assert_eq!(written(&currents()), expected);
}

#[test]
fn every_number_is_written_exactly_and_short() {
	for (text, item) in [
		("0", "00"),
		("23", "17"),
		("24", "1818"),
		("255", "18ff"),
		("256", "190100"),
		("1000", "1903e8"),
		("65536", "1a00010000"),
		("4294967296", "1b0000000100000000"),
		("18446744073709551615", "1bffffffffffffffff"),
		("18446744073709551616", "c48200c249010000000000000000"),
		("-1", "20"),
		("-25", "3818"),
		("-18446744073709551616", "3bffffffffffffffff"),
		("1.5", "f93e00"),
		("-0.25", "f9b400"),
		("65504.5", "fa477fe080"),
		("100000.5", "fa47c35040"),
		("0.1", "fb3fb999999999999a"),
		// As a single it would be 0.1.
		("0.10000000149011612", "fb3fb99999a0000000"),
		("120.1", "fb405e066666666666"),
		("273.15", "fb4071126666666666"),
		("1e30", "fb46293e5939a08cea"),
		("1e-300", "fb01a56e1fc2f8f359"),
		("5e-324", "fb0000000000000001"),
		// No float is taken for these.
		("9007199254740993.5", "c482201b014000000000000f"),
		("1e-400", "c48239018f01"),
		("1e400", "c48219019001"),
		("123456789012345678901234567890.12345678", "c48227c2500949b0f6f0023313c4499050de38f34e"),
		("-123456789012345678901234567890.12345678", "c48227c3500949b0f6f0023313c4499050de38f34d"),
	] {
		let records = [record("a", None, "", number(text))];
		assert_eq!(written(&records), format!("81a200616102{item}"), "{text}");
		assert_eq!(value(item), Ok(number(text)), "{text}");
	}
}

proptest! {
	#[test]
	fn every_number_reads_back(mantissa in any::<i128>(), shift in 0u32..128, exponent in -400i64..400) {
		let decimal = Decimal::new(mantissa >> shift, exponent).expect("a small exponent");
		let records = vec![record("a", Some(NOW), "", Value::Number(decimal))];
		let pack = encode_cbor(&records).expect("SenML can carry them");
		prop_assert_eq!(decode_cbor(&pack, NOW, &limits()), Ok(records));
	}
}
