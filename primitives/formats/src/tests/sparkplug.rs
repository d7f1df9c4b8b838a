//! Sparkplug B: topics, values, and a node's life.

use prost::Message;

use super::{NOW, limits, number, record, text};
use crate::{
	Cause, FormatError, Limits, Record, RecordUnit, Value,
	sparkplug::{
		Kind, Metric, MetricValue, Payload, PropertySet, PropertyValue, Session, Topic, rebirth,
	},
};

const INT64: u32 = 4;
pub(super) const DOUBLE: u32 = 10;

fn topic(text: &str) -> Topic<'_> {
	Topic::parse(text).expect("a topic")
}

fn session() -> Session {
	Session::new("plant", "press", limits())
}

pub(super) fn metric(name: &str, alias: u64, datatype: u32, value: MetricValue) -> Metric {
	Metric {
		name: Some(name.to_owned()),
		alias: Some(alias),
		datatype: Some(datatype),
		value: Some(value),
		..Metric::default()
	}
}

/// A value under an alias, as data messages carry it.
pub(super) fn by_alias(alias: u64, value: MetricValue) -> Metric {
	Metric { alias: Some(alias), value: Some(value), ..Metric::default() }
}

pub(super) fn message(seq: u64, metrics: Vec<Metric>) -> Vec<u8> {
	Payload { timestamp: Some(NOW), metrics, seq: Some(seq) }.encode_to_vec()
}

fn births(death_sequence: u64) -> Metric {
	Metric { alias: None, ..metric("bdSeq", 0, INT64, MetricValue::Long(death_sequence)) }
}

pub(super) fn with_unit(metric: Metric, unit: &str) -> Metric {
	let value = PropertyValue { string_value: Some(unit.to_owned()), ..PropertyValue::default() };
	let properties = PropertySet { keys: vec!["engUnit".to_owned()], values: vec![value] };
	Metric { properties: Some(properties), ..metric }
}

fn nbirth(seq: u64) -> Vec<u8> {
	let force = with_unit(metric("force", 1, DOUBLE, MetricValue::Double(1.5)), "N");
	message(seq, vec![births(7), force])
}

fn dbirth(seq: u64, alias: u64) -> Vec<u8> {
	message(seq, vec![metric("oil/temp", alias, DOUBLE, MetricValue::Double(60.25))])
}

fn send(session: &mut Session, kind: &str, message: &[u8]) -> Result<Vec<Record>, FormatError> {
	let name = match kind.as_bytes()[0] {
		b'N' => format!("spBv1.0/plant/{kind}/press"),
		_ => format!("spBv1.0/plant/{kind}/press/pump"),
	};
	session.handle(&topic(&name), message, NOW + 1)
}

#[test]
fn topics_say_who_and_what() {
	let data = topic("spBv1.0/plant/DDATA/press/pump");
	let expected =
		Topic { group: "plant", kind: Kind::DeviceData, node: "press", device: Some("pump") };
	assert_eq!(data, expected);
	let birth = topic("spBv1.0/plant/NBIRTH/press");
	assert_eq!((birth.kind, birth.device), (Kind::NodeBirth, None));
	for text in [
		"",
		"spAv1.0/plant/NBIRTH/press",
		"spBv1.0/plant/NBIRTH",
		"spBv1.0/plant/NBIRTH/",
		"spBv1.0//NBIRTH/press",
		"spBv1.0/plant/NBIRTH/press/pump",
		"spBv1.0/plant/DBIRTH/press",
		"spBv1.0/plant/DBIRTH/press/pump/valve",
		"spBv1.0/plant/BIRTH/press",
		"spBv1.0/+/NBIRTH/press",
		"spBv1.0/plant/NBIRTH/#",
	] {
		assert_eq!(Topic::parse(text), Err(Cause::BadTopic), "{text}");
	}
	assert_eq!(Topic::parse("spBv1.0/STATE/host"), Err(Cause::NotData));
}

#[test]
fn works_when_a_node_lives() {
	let mut session = session();
	let force = |time, value| record("plant/press/force", Some(time), "N", number(value));
	let oil = |time, value| record("plant/press/pump/oil/temp", Some(time), "", number(value));

	assert_eq!(send(&mut session, "NBIRTH", &nbirth(254)), Ok(vec![force(NOW, "1.5")]));
	assert_eq!(send(&mut session, "DBIRTH", &dbirth(255, 2)), Ok(vec![oil(NOW, "60.25")]));
	assert!(session.is_born() && session.is_device_born("pump"));
	assert_eq!((session.metric_count(), session.device_count()), (3, 1));

	// The sequence wraps; a metric's own time comes first, then the message's, then that of
	// arrival.
	let timed = Metric { timestamp: Some(5), ..by_alias(2, MetricValue::Double(61.0)) };
	assert_eq!(send(&mut session, "DDATA", &message(0, vec![timed])), Ok(vec![oil(5, "61")]));
	let untimed = Payload {
		timestamp: None,
		metrics: vec![Metric {
			alias: None,
			..metric("force", 0, DOUBLE, MetricValue::Float(1.2))
		}],
		seq: Some(1),
	};
	let records = send(&mut session, "NDATA", &untimed.encode_to_vec());
	assert_eq!(records, Ok(vec![force(NOW + 1, "1.2")]));

	// The device dies, is born again, and its node dies.
	assert_eq!(send(&mut session, "DDEATH", &message(2, Vec::new())), Ok(Vec::new()));
	assert!(!session.is_device_born("pump"));
	assert_eq!((session.metric_count(), session.device_count()), (2, 0));
	let late =
		send(&mut session, "DDATA", &message(3, vec![by_alias(2, MetricValue::Double(1.0))]));
	assert_eq!(late, Err(Cause::NeedsBirth.at(0)));
	assert!(send(&mut session, "DBIRTH", &dbirth(4, 2)).is_ok());
	assert_eq!(send(&mut session, "NDEATH", &message(0, vec![births(7)])), Ok(Vec::new()));
	assert!(!session.is_born());
}

#[test]
fn data_before_a_birth_asks_for_one() {
	for (kind, message) in [
		("NDATA", message(0, Vec::new())),
		("DBIRTH", dbirth(0, 1)),
		("DDEATH", message(0, Vec::new())),
	] {
		let refused = send(&mut session(), kind, &message).expect_err("no birth");
		assert_eq!(refused, Cause::NeedsBirth.at(0));
		assert!(refused.cause.needs_rebirth());
	}
	let mut session = session();
	assert!(send(&mut session, "NBIRTH", &nbirth(0)).is_ok());
	let refused = send(&mut session, "DDATA", &message(1, vec![by_alias(1, MetricValue::Int(1))]));
	assert_eq!(refused, Err(Cause::NeedsBirth.at(0)));
	assert!(session.is_born(), "other devices go on");
}

#[test]
fn a_missing_message_ends_the_birth() {
	let mut session = session();
	assert!(send(&mut session, "NBIRTH", &nbirth(0)).is_ok());
	let refused = send(&mut session, "NDATA", &message(2, Vec::new())).expect_err("1 is missing");
	assert_eq!(refused, Cause::SequenceGap.at(0));
	assert!(refused.cause.needs_rebirth());
	assert!(!session.is_born());
	assert_eq!(send(&mut session, "NDATA", &message(3, Vec::new())), Err(Cause::NeedsBirth.at(0)));
	assert!(send(&mut session, "NBIRTH", &nbirth(9)).is_ok());
	assert_eq!(send(&mut session, "NDATA", &message(10, Vec::new())), Ok(Vec::new()));
}

#[test]
fn fails_when_a_message_has_no_number() {
	let mut session = session();
	let nameless = Payload { seq: None, ..Payload::default() }.encode_to_vec();
	for message in [nameless, message(256, Vec::new())] {
		assert_eq!(send(&mut session, "NBIRTH", &message), Err(Cause::NoSequence.at(0)));
	}
	assert!(send(&mut session, "NBIRTH", &nbirth(0)).is_ok());
	assert_eq!(
		send(&mut session, "NDATA", &message(256, Vec::new())),
		Err(Cause::NoSequence.at(0))
	);
	assert_eq!(send(&mut session, "NDATA", &message(1, Vec::new())), Ok(Vec::new()));
}

#[test]
fn a_death_of_an_earlier_birth_is_stale() {
	let mut session = session();
	let death = |number| Payload { seq: None, metrics: vec![births(number)], timestamp: None };
	assert_eq!(
		send(&mut session, "NDEATH", &death(7).encode_to_vec()),
		Err(Cause::StaleDeath.at(0))
	);
	assert!(send(&mut session, "NBIRTH", &nbirth(0)).is_ok());
	assert_eq!(
		send(&mut session, "NDEATH", &death(6).encode_to_vec()),
		Err(Cause::StaleDeath.at(0))
	);
	assert!(session.is_born());
	assert_eq!(send(&mut session, "NDEATH", &death(7).encode_to_vec()), Ok(Vec::new()));
}

#[test]
fn a_new_birth_forgets_the_old_one() {
	let mut session = session();
	assert!(send(&mut session, "NBIRTH", &nbirth(0)).is_ok());
	assert!(send(&mut session, "DBIRTH", &dbirth(1, 2)).is_ok());
	assert!(send(&mut session, "DBIRTH", &dbirth(2, 3)).is_ok(), "a device may be born again");
	assert_eq!(session.metric_count(), 3);
	let old = send(&mut session, "DDATA", &message(3, vec![by_alias(2, MetricValue::Double(1.0))]));
	assert_eq!(old, Err(Cause::UnknownMetric.at(1)));
	assert!(send(&mut session, "NBIRTH", &nbirth(0)).is_ok());
	assert!(!session.is_device_born("pump"));
	assert_eq!(session.metric_count(), 2);
}

#[test]
fn fails_when_a_metric_is_not_in_the_birth() {
	let mut session = session();
	assert!(send(&mut session, "NBIRTH", &nbirth(0)).is_ok());
	assert!(send(&mut session, "DBIRTH", &dbirth(1, 2)).is_ok());
	let value = || MetricValue::Double(1.0);
	for (seq, metric, cause) in [
		(2, metric("speed", 1, DOUBLE, value()), Cause::UnknownMetric),
		(3, by_alias(9, value()), Cause::UnknownMetric),
		(4, by_alias(2, value()), Cause::UnknownMetric),
		(5, Metric { value: Some(value()), ..Metric::default() }, Cause::BadName),
	] {
		let good = by_alias(1, value());
		let refused = send(&mut session, "NDATA", &message(seq, vec![good, metric]));
		assert_eq!(refused, Err(cause.at(2)));
	}
	assert!(Cause::UnknownMetric.needs_rebirth());
}

#[test]
fn fails_when_a_birth_breaks_the_rules() {
	let value = || MetricValue::Double(1.0);
	let nameless = Metric { value: Some(value()), ..Metric::default() };
	let small = Limits { records: 2, name: 16, ..limits() };
	for (metrics, number, cause) in [
		(vec![nameless], 1, Cause::BadName),
		(
			vec![metric("a", 1, DOUBLE, value()), metric("b", 1, DOUBLE, value())],
			2,
			Cause::AliasConflict,
		),
		(vec![metric(&"a".repeat(17), 1, DOUBLE, value())], 1, Cause::NameTooLong),
		(vec![metric("plant/press", 1, DOUBLE, value())], 1, Cause::NameTooLong),
		(vec![metric("a", 1, DOUBLE, MetricValue::Text("1".to_owned()))], 1, Cause::WrongType),
	] {
		let mut session = Session::new("plant", "press", small);
		let refused = send(&mut session, "NBIRTH", &message(0, metrics));
		assert_eq!(refused, Err(cause.at(number)));
	}

	// A device's refused birth leaves the node alive.
	let mut session = Session::new("plant", "press", Limits { records: 2, ..limits() });
	assert!(send(&mut session, "NBIRTH", &nbirth(0)).is_ok());
	assert_eq!(send(&mut session, "DBIRTH", &dbirth(1, 5)), Err(Cause::TooManyMetrics.at(1)));
	assert!(session.is_born() && !session.is_device_born("pump"));
	assert_eq!(session.metric_count(), 2);
	let mut session = super::sparkplug::session();
	assert!(send(&mut session, "NBIRTH", &nbirth(0)).is_ok());
	assert_eq!(send(&mut session, "DBIRTH", &dbirth(1, 1)), Err(Cause::AliasConflict.at(1)));
	assert!(send(&mut session, "DBIRTH", &dbirth(2, 2)).is_ok());
}

#[test]
fn devices_without_metrics_count_too() {
	let mut session = Session::new("plant", "press", Limits { records: 2, ..limits() });
	assert!(send(&mut session, "NBIRTH", &nbirth(0)).is_ok());
	let mut birth = |seq: u64, device: &str| {
		let name = format!("spBv1.0/plant/DBIRTH/press/{device}");
		session.handle(&topic(&name), &message(seq, Vec::new()), NOW)
	};
	assert_eq!(birth(1, "a"), Ok(Vec::new()));
	assert_eq!(birth(2, "b"), Ok(Vec::new()));
	assert_eq!(birth(3, "c"), Err(Cause::TooManyMetrics.at(0)));
	assert_eq!(birth(4, "a"), Ok(Vec::new()), "a device may be born again");
	assert_eq!(birth(5, &"d".repeat(257)), Err(Cause::NameTooLong.at(0)));
}

#[test]
fn fails_when_a_message_is_not_for_the_session() {
	let mut session = session();
	for name in ["spBv1.0/plant/NBIRTH/lathe", "spBv1.0/mill/NBIRTH/press"] {
		assert_eq!(session.handle(&topic(name), &nbirth(0), NOW), Err(Cause::BadTopic.at(0)));
	}
	for kind in ["NCMD", "DCMD"] {
		assert_eq!(send(&mut session, kind, &nbirth(0)), Err(Cause::NotData.at(0)));
	}
}

#[test]
fn fails_when_a_payload_breaks_the_rules() {
	let whole = nbirth(0);
	for (payload, cause) in [
		(&b"\x12"[..], Cause::Truncated),
		(b"\x12\x05a", Cause::Truncated),
		(b"\x09\x01", Cause::Truncated),
		(b"\x80", Cause::Truncated),
		(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", Cause::Malformed),
		(b"\x0b\x0c", Cause::Malformed),
		(b"\x12\x02\x0a\x05", Cause::Malformed),
		(b"\x12\x03\x0a\x01\xff", Cause::Malformed),
		(b"\x10\x01", Cause::Malformed),
		(&whole[..25], Cause::Truncated),
	] {
		assert_eq!(send(&mut session(), "NBIRTH", payload), Err(cause.at(0)), "{payload:?}");
	}
	let limits = Limits { records: 3, ..limits() };
	let mut session = Session::new("plant", "press", limits);
	let many = message(0, vec![Metric::default(); 4]);
	assert_eq!(send(&mut session, "NBIRTH", &many), Err(Cause::TooManyRecords.at(0)));
	let mut session = Session::new("plant", "press", Limits { bytes: many.len() - 1, ..limits });
	assert_eq!(send(&mut session, "NBIRTH", &many), Err(Cause::TooLarge.at(0)));
}

/// What a value becomes under a type.
fn read(datatype: u32, value: MetricValue) -> Result<Option<Value>, Cause> {
	read_metric(metric("a", 1, datatype, value))
}

fn read_metric(metric: Metric) -> Result<Option<Value>, Cause> {
	let records = send(&mut session(), "NBIRTH", &message(0, vec![metric]));
	let mut records = records.map_err(|error| error.cause)?;
	Ok(records.pop().map(|record| record.value))
}

#[test]
fn every_type_is_read() {
	use MetricValue::{Boolean, Bytes, Double, Float, Int, Long, Text};
	for (datatype, value, expected) in [
		(1, Int(0xff), number("-1")),
		(1, Int(0xffff_ff80), number("-128")),
		(2, Int(0x8000), number("-32768")),
		(3, Int(0xffff_ffff), number("-1")),
		(3, Long(0xffff_ffff_ffff_fffe), number("-2")),
		(4, Long(u64::MAX), number("-1")),
		(5, Int(0xff), number("255")),
		(6, Int(0xffff), number("65535")),
		(7, Long(0xffff_ffff), number("4294967295")),
		(8, Long(u64::MAX), number("18446744073709551615")),
		(9, Float(1.2), number("1.2")),
		(9, Double(1.2), number("1.2")),
		(10, Float(1.2), number("1.2")),
		(11, Boolean(true), Value::Bool(true)),
		(12, Text("on".to_owned()), text("on")),
		(13, Long(NOW), number("1.7e12")),
		(14, Text("on".to_owned()), text("on")),
		(15, Text("on".to_owned()), text("on")),
		(17, Bytes(vec![1, 2]), Value::Data(vec![1, 2])),
		(18, Bytes(vec![1, 2]), Value::Data(vec![1, 2])),
	] {
		assert_eq!(read(datatype, value.clone()), Ok(Some(expected)), "{datatype} {value:?}");
	}
}

#[test]
fn what_has_no_value_gives_no_record() {
	let good = metric("a", 1, DOUBLE, MetricValue::Double(1.0));
	let null = Metric { is_null: Some(true), ..good.clone() };
	let missing = Metric { value: None, ..good.clone() };
	let quality = |code| {
		let value = PropertyValue { int_value: Some(code), ..PropertyValue::default() };
		let properties = PropertySet { keys: vec!["Quality".to_owned()], values: vec![value] };
		Metric { properties: Some(properties), ..good.clone() }
	};
	for metric in [null, missing, quality(0), quality(500)] {
		assert_eq!(read_metric(metric), Ok(None));
	}
	assert_eq!(read_metric(quality(192)), Ok(Some(number("1"))));
	for (datatype, value) in [
		(0, MetricValue::Int(1)),
		(9, MetricValue::Float(f32::NAN)),
		(10, MetricValue::Double(f64::INFINITY)),
		(16, MetricValue::Int(1)),
		(19, MetricValue::Int(1)),
		(34, MetricValue::Bytes(vec![1])),
		(u32::MAX, MetricValue::Int(1)),
	] {
		assert_eq!(read(datatype, value), Ok(None), "{datatype}");
	}
}

#[test]
fn fails_when_a_value_is_not_of_its_type() {
	for (datatype, value) in [
		(1, MetricValue::Double(1.0)),
		(8, MetricValue::Text("1".to_owned())),
		(10, MetricValue::Long(1)),
		(11, MetricValue::Int(1)),
		(12, MetricValue::Bytes(vec![1])),
		(17, MetricValue::Text("1".to_owned())),
	] {
		assert_eq!(read(datatype, value), Err(Cause::WrongType), "{datatype}");
	}
}

#[test]
fn units_are_those_of_the_birth() {
	for (unit, expected) in [
		("°C", RecordUnit::from_symbol("Cel")),
		("kWh", RecordUnit::from_symbol("kWh")),
		("pints", Some(RecordUnit::Other("pints".to_owned()))),
		("", None),
	] {
		let metric = with_unit(metric("a", 1, DOUBLE, MetricValue::Double(1.0)), unit);
		let records = send(&mut session(), "NBIRTH", &message(0, vec![metric]));
		assert_eq!(records.expect("a birth")[0].unit, expected, "{unit}");
	}
}

#[test]
fn a_rebirth_can_be_asked_for() {
	let payload = Payload::decode(&rebirth(NOW)[..]).expect("a payload");
	assert_eq!((payload.timestamp, payload.seq), (Some(NOW), None));
	let [metric] = &payload.metrics[..] else { panic!("one metric") };
	assert_eq!(metric.name.as_deref(), Some("Node Control/Rebirth"));
	assert_eq!(metric.value, Some(MetricValue::Boolean(true)));
	assert_eq!(metric.datatype, Some(11));
}
