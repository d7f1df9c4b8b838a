//! A million of anything: refused when the limit is met, not when memory is full.

use super::{NOW, bytes, limits};
use crate::{
	Cause, FormatError, Limits, Record,
	csv::{self, Layout, Shape},
	openmetrics::{self, Dialect},
	senml,
	sparkplug::{Session, Topic},
};

const MILLION: usize = 1_000_000;

/// As many bytes as come, but no more records than usual.
fn any_size() -> Limits {
	Limits { bytes: usize::MAX, ..limits() }
}

fn many(start: &str, one: &str, end: &str) -> Vec<u8> {
	format!("{start}{}{end}", one.repeat(MILLION)).into_bytes()
}

fn cause(read: Result<Vec<Record>, FormatError>) -> Cause {
	read.expect_err("a million").cause
}

#[test]
fn a_million_records_are_refused() {
	let limits = any_size();
	let refused = Cause::TooManyRecords.at(limits.records + 1);
	let json = many("[{\"n\":\"a\",\"v\":1}", ",{\"n\":\"a\",\"v\":1}", "]");
	assert_eq!(senml::decode_json(&json, NOW, &limits), Err(refused));
	let one = bytes("a2 00 6161 02 01");
	let cbor = [bytes("9f"), one.repeat(MILLION), bytes("ff")].concat();
	assert_eq!(senml::decode_cbor(&cbor, NOW, &limits), Err(refused));
	let metrics = many("", "a 1\n", "");
	assert_eq!(openmetrics::decode(&metrics, Dialect::Prometheus, &limits), Err(refused));
	let table = many("time,name,value,unit,kind\n", ",a,1,Cel,number\n", "");
	assert_eq!(cause(csv::decode(&table, &Layout::canonical(), &limits)), Cause::TooManyRecords);
}

/// A million channels: columns of a table, metrics of a birth.
#[test]
fn a_million_channels_are_refused() {
	let limits = any_size();
	let wide = Layout {
		time: None,
		shape: Shape::Wide(Vec::new()),
		decimal_comma: false,
		delimiter: ';',
		..Layout::canonical()
	};
	let table = many("", "a;", "a\n");
	assert_eq!(csv::decode(&table, &wide, &limits), Err(Cause::TooManyColumns.at(1)));
	let topic = Topic::parse("spBv1.0/g/NBIRTH/n").expect("a topic");
	let birth = b"\x12\x00".repeat(MILLION);
	let mut session = Session::new("g", "n", limits);
	assert_eq!(session.handle(&topic, &birth, NOW), Err(Cause::TooManyRecords.at(0)));
	assert_eq!(session.metric_count(), 0);
}

#[test]
fn a_million_levels_are_refused_without_a_stack() {
	let limits = any_size();
	let deep = [bytes("81 a1 6178"), bytes("81").repeat(MILLION), bytes("00")].concat();
	assert_eq!(senml::decode_cbor(&deep, NOW, &limits), Err(Cause::TooDeep.at(1)));
	let mixed = [bytes("81 a1 6178"), bytes("c1 9f bf 01").repeat(MILLION)].concat();
	assert_eq!(senml::decode_cbor(&mixed, NOW, &limits), Err(Cause::TooDeep.at(1)));
	// In the place of a value nothing nests.
	let value = [bytes("81 a2 00 6161 02"), bytes("c4").repeat(MILLION)].concat();
	assert_eq!(senml::decode_cbor(&value, NOW, &limits), Err(Cause::Malformed.at(1)));
	// Nor in the place of a record.
	let packs = bytes("81").repeat(MILLION);
	assert_eq!(senml::decode_cbor(&packs, NOW, &limits), Err(Cause::Malformed.at(1)));
}
