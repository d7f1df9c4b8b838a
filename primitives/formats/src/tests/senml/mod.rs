//! SenML in both of its encodings: the example that RFC 8428 has in both, what both refuse, what
//! they write, and round trips.

pub(super) mod cbor;
mod json;

use proptest::prelude::*;

use super::{NOW, any_records, bytes, dense, limits, number, record, sum, text};
use crate::{
	Cause, FormatError, Limits, Record, Value,
	senml::{decode_cbor, decode_json, encode_cbor, encode_json},
};

/// What comes of each format, with its name: JSON, then CBOR, which is noted in hexadecimal digits.
type Both<T> = [(&'static str, Result<T, FormatError>); 2];

/// Read a pack of each format, within limits for its size.
fn read_within([json, cbor]: [&str; 2], limits: impl Fn(usize) -> Limits) -> Both<Vec<Record>> {
	let (json, cbor) = (json.as_bytes(), bytes(cbor));
	let from_json = decode_json(json, NOW, &limits(json.len()));
	[("JSON", from_json), ("CBOR", decode_cbor(&cbor, NOW, &limits(cbor.len())))]
}

fn read(packs: [&str; 2]) -> Both<Vec<Record>> {
	read_within(packs, |_| limits())
}

fn write(records: &[Record]) -> Both<String> {
	[("JSON", encode_json(records)), ("CBOR", encode_cbor(records).map(hex::encode))]
}

/// The second example of §5.1.2, resolved; §6 has it in CBOR.
fn currents() -> Vec<Record> {
	let base = "urn:dev:ow:10e2073a0108006:";
	let voltage = format!("{base}voltage");
	let current = format!("{base}current");
	let mut records = vec![record(&voltage, Some(1_276_020_076_001), "V", number("120.1"))];
	for (before, value) in [(5, "1.2"), (4, "1.3"), (3, "1.4"), (2, "1.5"), (1, "1.6"), (0, "1.7")]
	{
		let time = Some(1_276_020_076_001 - before * 1_000);
		records.push(record(&current, time, "A", number(value)));
	}
	records
}

#[test]
fn works_when_it_is_the_example() {
	let json = r#"[
		{"bn":"urn:dev:ow:10e2073a0108006:","bt":1.276020076001e+09,"bu":"A","bver":5,
		 "n":"voltage","u":"V","v":120.1},
		{"n":"current","t":-5,"v":1.2},
		{"n":"current","t":-4,"v":1.3},
		{"n":"current","t":-3,"v":1.4},
		{"n":"current","t":-2,"v":1.5},
		{"n":"current","t":-1,"v":1.6},
		{"n":"current","v":1.7}
	]"#;
	for (format, read) in read([json, cbor::EXAMPLE]) {
		assert_eq!(read, Ok(currents()), "{format}");
	}
}

/// Each case is named by its JSON.
#[test]
fn fails_when_a_pack_breaks_the_rules() {
	let versions = "82 a3 20 05 00 6161 02 01 a3 20 06 00 6161 02 01";
	for (json, cbor, number, cause) in [
		("", "", 0, Cause::Truncated),
		(r#"{"n":"a","v":1}"#, "a0", 0, Cause::Malformed),
		("[] []", "80 00", 0, Cause::Malformed),
		("[1]", "8101", 1, Cause::Malformed),
		("[{}]", "81 a0", 1, Cause::NoValue),
		(r#"[{"n":"a"}]"#, "81 a1 00 6161", 1, Cause::NoValue),
		(r#"[{"n":"a","v":1,"vb":true}]"#, "81 a3 00 6161 02 01 04 f5", 1, Cause::ManyValues),
		(r#"[{"n":"a","v":1,"v":2}]"#, "81 a3 00 6161 02 01 02 01", 1, Cause::DuplicateLabel),
		(r#"[{"n":"a","v":"1"}]"#, "81 a2 00 6161 02 6131", 1, Cause::WrongType),
		(r#"[{"n":"a","v":null}]"#, "81 a2 00 6161 02 f6", 1, Cause::WrongType),
		(r#"[{"n":1,"v":1}]"#, "81 a2 00 4161 02 01", 1, Cause::WrongType),
		(r#"[{"n":"a b","v":1}]"#, "81 a2 00 6120 02 01", 1, Cause::BadName),
		(r#"[{"n":"a","v":1,"x_":2}]"#, "81 a3 006161 0201 62785f01", 1, Cause::UnknownMandatory),
		(r#"[{"bver":11,"n":"a","v":1}]"#, "81 a3 200b 006161 0201", 1, Cause::UnsupportedVersion),
		(r#"[{"bver":5},{"bver":10}]"#, versions, 2, Cause::VersionConflict),
	] {
		for (format, read) in read([json, cbor]) {
			assert_eq!(read, Err(cause.at(number)), "{json:?} in {format}");
		}
	}
}

#[test]
fn fails_when_a_limit_is_passed() {
	let two = [r#"[{"n":"a","v":1},{"n":"a","v":1}]"#, "82 a2 00 6161 02 01 a2 00 6161 02 01"];
	let three =
		[r#"[{"n":"a","v":1},{"n":"a","v":1,"s":1}]"#, "82 a2006161 0201 a3006161 0201 0501"];
	for (case, packs, count) in [("two values", two, 2), ("a sum, too", three, 3)] {
		for (shorter, records, name, expected) in [
			(0, count, 1, Ok(count)),
			(1, count, 1, Err(Cause::TooLarge.at(0))),
			(0, count - 1, 1, Err(Cause::TooManyRecords.at(2))),
			(0, count, 0, Err(Cause::NameTooLong.at(1))),
		] {
			let within = |size: usize| Limits { bytes: size - shorter, records, name, ..limits() };
			for (format, read) in read_within(packs, within) {
				let read = read.map(|records| records.len());
				assert_eq!(read, expected, "{case} in {format}: {expected:?}");
			}
		}
	}
}

#[test]
fn there_is_one_encoding() {
	let time = Some(1_700_000_000_250);
	let records = [
		record("a:b", time, "Cel", number("-21.50")),
		sum("a:b", time, "W", number("1e3")),
		record("a", Some(1_700_000_000_000), "", Value::Bool(true)),
		record("a", None, "", Value::Bool(false)),
		record("a", None, "", text("é")),
		record("a", None, "", text("\"\\\n\u{1}é")),
		record("a", None, "", Value::Data(vec![0xfb, 0xff])),
	];
	let json = r#"[{"n":"a:b","u":"Cel","t":1700000000.25,"v":-21.5},
		{"n":"a:b","u":"W","t":1700000000.25,"s":1000},
		{"n":"a","t":1700000000,"vb":true},
		{"n":"a","vb":false},
		{"n":"a","vs":"é"},
		{"n":"a","vs":"\"\\\n\u0001é"},
		{"n":"a","vd":"-_8"}]"#;
	let cbor = "87
		a4 00 63613a62 01 6343656c 06 fb41d954fc40100000 02 f9cd60
		a4 00 63613a62 01 6157 06 fb41d954fc40100000 05 1903e8
		a3 00 6161 06 1a6553f100 04 f5
		a2 00 6161 04 f4
		a2 00 6161 03 62c3a9
		a2 00 6161 03 66225c0a01c3a9
		a2 00 6161 08 42fbff";
	let cases = [("all", &records[..], [json, cbor]), ("none", &records[..0], ["[]", "80"])];
	for (case, records, packs) in cases {
		for ((format, written), pack) in write(records).into_iter().zip(packs) {
			assert_eq!(written, Ok(dense(pack)), "{case} in {format}");
		}
	}
}

#[test]
fn secondary_units_state_their_version() {
	let records = [record("a", None, "V", number("1")), record("a", None, "kWh", number("2"))];
	let packs = [
		r#"[{"bver":26,"n":"a","u":"V","v":1},{"bver":26,"n":"a","u":"kWh","v":2}]"#,
		"82 a4 20 181a 00 6161 01 6156 02 01 a4 20 181a 00 6161 01 636b5768 02 02",
	];
	for ((format, written), pack) in write(&records).into_iter().zip(packs) {
		assert_eq!(written, Ok(dense(pack)), "{format}");
	}
	for (format, read) in read(packs) {
		assert!(read.is_ok(), "{format}: {read:?}");
	}
}

#[test]
fn fails_when_senml_cannot_carry_a_record() {
	let good = record("a", None, "", number("1"));
	for (bad, cause) in [
		(record("temp{a=\"b\"}", None, "", number("1")), Cause::BadName),
		(record("", None, "", number("1")), Cause::BadName),
		(record("a", Some(268_435_455_999), "", number("1")), Cause::NotAbsolute),
		(sum("a", None, "", text("1")), Cause::NotANumber),
	] {
		for (format, written) in write(&[good.clone(), bad.clone()]) {
			assert_eq!(written, Err(cause.at(2)), "{bad:?} in {format}");
		}
	}
}

proptest! {
	#[test]
	fn what_is_encoded_reads_back(records in any_records()) {
		let packs = write(&records).map(|(format, pack)| pack.expect(format));
		for (format, read) in read([&packs[0], &packs[1]]) {
			prop_assert_eq!(read, Ok(records.clone()), "{}", format);
		}
	}
}
