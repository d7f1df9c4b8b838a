//! SenML in CBOR: the example of RFC 8428 §6, kinds of numbers, and every cause.

use super::{NOW, limits, number, record, senml::currents, text};
use crate::{Cause, FormatError, Limits, Record, Value, senml::decode_cbor};

/// The dump of RFC 8428 §6.
pub(super) const EXAMPLE: &str = "87a721781b75726e3a6465763a6f773a31306532303733613031303830303\
	63a22fb41d303a15b00106223614120050067766f6c7461676501615602fb405e066666666666a3006763757272656e\
	74062402fb3ff3333333333333a3006763757272656e74062302fb3ff4cccccccccccda3006763757272656e7406220\
	2fb3ff6666666666666a3006763757272656e74062102f93e00a3006763757272656e74062002fb3ff999999999999a\
	a3006763757272656e74060002fb3ffb333333333333";

pub(super) fn bytes(text: &str) -> Vec<u8> {
	let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
	hex::decode(digits).expect("hex")
}

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
fn works_when_it_is_the_example() {
	assert_eq!(bytes(EXAMPLE).len(), 0xc3);
	assert_eq!(read(EXAMPLE), Ok(currents()));
}

#[test]
fn every_beginning_of_the_example_is_truncated() {
	let example = bytes(EXAMPLE);
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
		("c482f93e0001", Cause::Malformed),
		("c48101", Cause::Malformed),
		("c49f0001ff", Cause::Malformed),
		("c482006161", Cause::Malformed),
		("c48200c26161", Cause::Malformed),
		("c24101", Cause::WrongType),
		("c10a", Cause::WrongType),
		("6131", Cause::WrongType),
		("4101", Cause::WrongType),
		("f5", Cause::WrongType),
		("f6", Cause::WrongType),
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
		("", 0, Cause::Truncated),
		("a0", 0, Cause::Malformed),
		("8101", 1, Cause::Malformed),
		("80 00", 0, Cause::Malformed),
		("81 a1 00 6161", 1, Cause::NoValue),
		("81 a0", 1, Cause::NoValue),
		("81 a3 00 6161 02 01 02 01", 1, Cause::DuplicateLabel),
		("81 a3 00 6161 02 01 616e 6161", 1, Cause::DuplicateLabel),
		("81 a3 00 6161 02 01 04 f5", 1, Cause::ManyValues),
		("81 a3 00 6161 02 01 62785f 01", 1, Cause::UnknownMandatory),
		("81 a3 20 0b 00 6161 02 01", 1, Cause::UnsupportedVersion),
		("82 a3 20 05 00 6161 02 01 a3 20 06 00 6161 02 01", 2, Cause::VersionConflict),
		("81 a2 00 6120 02 01", 1, Cause::BadName),
		("81 a2 00 61ff 02 01", 1, Cause::BadUtf8),
		("81 a2 00 4161 02 01", 1, Cause::WrongType),
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

#[test]
fn fails_when_a_limit_is_passed() {
	let pack = bytes("82 a2 00 6161 02 01 a2 00 6161 02 01");
	let exact = Limits { bytes: pack.len(), records: 2, name: 1, ..limits() };
	assert_eq!(decode_cbor(&pack, NOW, &exact).map(|records| records.len()), Ok(2));
	for (limits, refused) in [
		(Limits { bytes: pack.len() - 1, ..exact }, Cause::TooLarge.at(0)),
		(Limits { records: 1, ..exact }, Cause::TooManyRecords.at(2)),
		(Limits { name: 0, ..exact }, Cause::NameTooLong.at(1)),
	] {
		assert_eq!(decode_cbor(&pack, NOW, &limits), Err(refused));
	}
}
