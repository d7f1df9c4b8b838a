//! SenML in JSON: the other examples of RFC 8428 §5.1, and what only JSON has or is tried in.

use crate::{
	Cause, FormatError, Record, Value,
	senml::decode_json,
	tests::{NOW, limits, number, record, sum, text},
};

const DEVICE: &str = "urn:dev:ow:10e2073a01080063";

fn read(pack: &str) -> Result<Vec<Record>, FormatError> {
	decode_json(pack.as_bytes(), NOW, &limits())
}

#[test]
fn works_when_there_is_one_data_point() {
	let pack = r#"[{"n":"urn:dev:ow:10e2073a01080063","u":"Cel","v":23.1}]"#;
	assert_eq!(read(pack), Ok(vec![record(DEVICE, Some(NOW), "Cel", number("23.1"))]));
}

#[test]
fn works_when_there_are_several_data_points() {
	let pack = r#"[
		{"bn":"urn:dev:ow:10e2073a01080063:","n":"voltage","u":"V","v":120.1},
		{"n":"current","u":"A","v":1.2}
	]"#;
	let expected = vec![
		record(&format!("{DEVICE}:voltage"), Some(NOW), "V", number("120.1")),
		record(&format!("{DEVICE}:current"), Some(NOW), "A", number("1.2")),
	];
	assert_eq!(read(pack), Ok(expected));
}

#[test]
fn works_when_a_stream_has_no_names() {
	let pack = r#"[
		{"bn":"urn:dev:ow:10e2073a01080063","bt":1.320067464e+09,"bu":"%RH","v":21.2},
		{"t":10,"v":21.3},
		{"t":20,"v":21.4},
		{"t":80,"v":21.7}
	]"#;
	let at = |seconds: u64, value| {
		record(DEVICE, Some(1_320_067_464_000 + seconds * 1_000), "%RH", number(value))
	};
	let expected = vec![at(0, "21.2"), at(10, "21.3"), at(20, "21.4"), at(80, "21.7")];
	assert_eq!(read(pack), Ok(expected));
}

#[test]
fn resolved_data_says_the_same() {
	let pack = r#"[
		{"bn":"urn:dev:ow:10e2073a01080063","bt":1.320067464e+09,"bu":"%RH","v":20},
		{"u":"lon","v":24.30621},
		{"u":"lat","v":60.07965},
		{"t":60,"v":20.3},
		{"u":"lon","t":60,"v":24.30622},
		{"u":"lat","t":60,"v":60.07965},
		{"t":120,"v":20.7},
		{"u":"lon","t":120,"v":24.30623},
		{"u":"lat","t":120,"v":60.07966},
		{"u":"%EL","t":150,"v":98},
		{"t":180,"v":21.2},
		{"u":"lon","t":180,"v":24.30628},
		{"u":"lat","t":180,"v":60.07967}
	]"#;
	let resolved = r#"[
		{"n":"urn:dev:ow:10e2073a01080063","u":"%RH","t":1.320067464e+09,"v":20},
		{"n":"urn:dev:ow:10e2073a01080063","u":"lon","t":1.320067464e+09,"v":24.30621},
		{"n":"urn:dev:ow:10e2073a01080063","u":"lat","t":1.320067464e+09,"v":60.07965},
		{"n":"urn:dev:ow:10e2073a01080063","u":"%RH","t":1.320067524e+09,"v":20.3},
		{"n":"urn:dev:ow:10e2073a01080063","u":"lon","t":1.320067524e+09,"v":24.30622},
		{"n":"urn:dev:ow:10e2073a01080063","u":"lat","t":1.320067524e+09,"v":60.07965},
		{"n":"urn:dev:ow:10e2073a01080063","u":"%RH","t":1.320067584e+09,"v":20.7},
		{"n":"urn:dev:ow:10e2073a01080063","u":"lon","t":1.320067584e+09,"v":24.30623},
		{"n":"urn:dev:ow:10e2073a01080063","u":"lat","t":1.320067584e+09,"v":60.07966},
		{"n":"urn:dev:ow:10e2073a01080063","u":"%EL","t":1.320067614e+09,"v":98},
		{"n":"urn:dev:ow:10e2073a01080063","u":"%RH","t":1.320067644e+09,"v":21.2},
		{"n":"urn:dev:ow:10e2073a01080063","u":"lon","t":1.320067644e+09,"v":24.30628},
		{"n":"urn:dev:ow:10e2073a01080063","u":"lat","t":1.320067644e+09,"v":60.07967}
	]"#;
	let records = read(pack).expect("the example of the RFC");
	assert_eq!(records.len(), 13);
	assert_eq!(records[12], record(DEVICE, Some(1_320_067_644_000), "lat", number("60.07967")));
	assert_eq!(read(resolved), Ok(records));
}

#[test]
fn works_when_data_types_differ() {
	let pack = r#"[
		{"bn":"urn:dev:ow:10e2073a01080063:","n":"temp","u":"Cel","v":23.1},
		{"n":"label","vs":"Machine Room"},
		{"n":"open","vb":false},
		{"n":"nfv-reader","vd":"aGkgCg"}
	]"#;
	let name = |name: &str| format!("{DEVICE}:{name}");
	let expected = vec![
		record(&name("temp"), Some(NOW), "Cel", number("23.1")),
		record(&name("label"), Some(NOW), "", text("Machine Room")),
		record(&name("open"), Some(NOW), "", Value::Bool(false)),
		record(&name("nfv-reader"), Some(NOW), "", Value::Data(b"hi \n".to_vec())),
	];
	assert_eq!(read(pack), Ok(expected));
}

#[test]
fn a_later_base_name_keeps_the_base_time() {
	let pack = r#"[
		{"bn":"2001:db8::2/","bt":1.320078429e+09,"n":"temperature","u":"Cel","v":25.2},
		{"n":"humidity","u":"%RH","v":30},
		{"bn":"2001:db8::1/","n":"temperature","u":"Cel","v":12.3},
		{"n":"humidity","u":"%RH","v":67}
	]"#;
	let time = Some(1_320_078_429_000);
	let expected = vec![
		record("2001:db8::2/temperature", time, "Cel", number("25.2")),
		record("2001:db8::2/humidity", time, "%RH", number("30")),
		record("2001:db8::1/temperature", time, "Cel", number("12.3")),
		record("2001:db8::1/humidity", time, "%RH", number("67")),
	];
	assert_eq!(read(pack), Ok(expected));
}

#[test]
fn works_when_a_record_has_base_fields_only() {
	let pack = r#"[
		{"bn":"urn:dev:ow:10e2073a01080063:"},
		{"n":"temp","u":"Cel","v":23.1},
		{"n":"heat","u":"/","v":1},
		{"n":"fan","u":"/","v":0}
	]"#;
	let records = read(pack).expect("the example of the RFC");
	assert_eq!(records.len(), 3);
	assert_eq!(records[2], record(&format!("{DEVICE}:fan"), Some(NOW), "/", number("0")));
}

#[test]
fn works_when_lights_are_switched() {
	let on = r#"[
		{"bt":1.320078429e+09,"bu":"/","n":"2001:db8::3","v":1},
		{"n":"2001:db8::4","v":1}
	]"#;
	let time = Some(1_320_078_429_000);
	let expected = vec![
		record("2001:db8::3", time, "/", number("1")),
		record("2001:db8::4", time, "/", number("1")),
	];
	assert_eq!(read(on), Ok(expected));
	let off = r#"[
		{"bt":1.320078429e+09,"bu":"/","n":"2001:db8::3","v":0.5},
		{"n":"2001:db8::4","v":0.5},
		{"n":"2001:db8::3","t":0.1,"v":0},
		{"n":"2001:db8::4","t":0.1,"v":0}
	]"#;
	let records = read(off).expect("the example of the RFC");
	assert_eq!(records[3], record("2001:db8::4", Some(1_320_078_429_100), "/", number("0")));
}

#[test]
fn base_values_and_sums_are_added() {
	let pack = r#"[
		{"bn":"m","bu":"W","bv":20,"bs":100,"s":5,"v":1.5},
		{"v":-0.5},
		{"s":6},
		{"vb":true},
		{"vs":"on","s":-100}
	]"#;
	let now = Some(NOW);
	let expected = vec![
		record("m", now, "W", number("21.5")),
		sum("m", now, "W", number("105")),
		record("m", now, "W", number("19.5")),
		sum("m", now, "W", number("100")),
		sum("m", now, "W", number("106")),
		record("m", now, "W", Value::Bool(true)),
		record("m", now, "W", text("on")),
		sum("m", now, "W", number("0")),
	];
	assert_eq!(read(pack), Ok(expected));
}

#[test]
fn times_below_two_to_the_28_are_relative() {
	for (time, millis) in [
		("0", NOW),
		("-5", NOW - 5_000),
		("-0.0001", NOW - 1),
		("2.5", NOW + 2_500),
		("268435455.9999", NOW + 268_435_455_999),
		("268435456", 268_435_456_000),
		("1.6e9", 1_600_000_000_000),
	] {
		let pack = format!(r#"[{{"n":"a","t":{time},"v":1}}]"#);
		assert_eq!(read(&pack), Ok(vec![record("a", Some(millis), "", number("1"))]), "{time}");
	}
}

#[test]
fn what_is_unknown_is_skipped() {
	let pack = r#"[{"n":"a","x":{"deep":[[[[1,2],{"v":3}]]]},"v":1,"ut":5,"l":"link","é":null}]"#;
	assert_eq!(read(pack), Ok(vec![record("a", Some(NOW), "", number("1"))]));
	assert_eq!(read("[]"), Ok(Vec::new()));
	assert_eq!(read(r#" [ { "\u006e" : "a" , "v" : 1E0 } ] "#).map(|records| records.len()), Ok(1));
}

#[test]
fn skipping_needs_no_stack() {
	let deep = 200_000;
	let pack = format!(r#"[{{"n":"a","v":1,"x":{}1{}}}]"#, "[".repeat(deep), "]".repeat(deep));
	assert_eq!(read(&pack).map(|records| records.len()), Ok(1));
}

#[test]
fn a_percent_sign_is_a_ratio() {
	let records = read(r#"[{"n":"a","u":"%","v":0.5},{"n":"a","u":"/100","v":50}]"#);
	let expected = vec![
		record("a", Some(NOW), "/", number("0.5")),
		record("a", Some(NOW), "/100", number("50")),
	];
	assert_eq!(records, Ok(expected));
}

#[test]
fn numbers_are_exact() {
	for value in ["0.1", "123456789012345678901234567890.12345678", "-1e-300", "9007199254740993"] {
		let pack = format!(r#"[{{"n":"a","v":{value}}}]"#);
		assert_eq!(read(&pack), Ok(vec![record("a", Some(NOW), "", number(value))]));
	}
}

#[test]
fn fails_when_a_pack_breaks_the_rules() {
	for (pack, number, cause) in [
		(r#"[{"bs":1},{"n":"a"}]"#, 2, Cause::NoValue),
		(r#"[{"bn":"a","u":"V"}]"#, 1, Cause::NoValue),
		(r#"[{"n":"a","n":"a","v":1}]"#, 1, Cause::DuplicateLabel),
		(r#"[{"bn":"a","bn":"b","v":1}]"#, 1, Cause::DuplicateLabel),
		(r#"[{"n":"a","vb":1}]"#, 1, Cause::WrongType),
		(r#"[{"n":"a","v":1,"ut":"5"}]"#, 1, Cause::WrongType),
		(r#"[{"bver":0,"n":"a","v":1}]"#, 1, Cause::UnsupportedVersion),
		(r#"[{"bver":10.5,"n":"a","v":1}]"#, 1, Cause::UnsupportedVersion),
		(r#"[{"bver":-10,"n":"a","v":1}]"#, 1, Cause::UnsupportedVersion),
		(r#"[{"n":"a","v":1},{"bver":5,"n":"a","v":1}]"#, 2, Cause::VersionConflict),
	] {
		assert_eq!(read(pack), Err(cause.at(number)), "{pack}");
	}
}

#[test]
fn fails_when_a_field_is_not_what_it_should_be() {
	let long = format!(r#"[{{"n":"{}","v":1}}]"#, "a".repeat(257));
	let split = format!(r#"[{{"bn":"{}"}},{{"n":"{}","v":1}}]"#, "a".repeat(200), "a".repeat(57));
	let digits = format!(r#"[{{"n":"a","v":{}}}]"#, "7".repeat(41));
	for (pack, number, cause) in [
		(r#"[{"v":1}]"#, 1, Cause::BadName),
		(r#"[{"n":"-a","v":1}]"#, 1, Cause::BadName),
		(r#"[{"n":"é","v":1}]"#, 1, Cause::BadName),
		(long.as_str(), 1, Cause::NameTooLong),
		(split.as_str(), 2, Cause::NameTooLong),
		(r#"[{"n":"a","vd":"a+b/"}]"#, 1, Cause::BadData),
		(digits.as_str(), 1, Cause::NumberTooLong),
		(r#"[{"n":"a","v":1e99999}]"#, 1, Cause::NumberTooLong),
		(r#"[{"n":"a","bv":1e30,"v":1e-30}]"#, 1, Cause::NumberTooLong),
		(r#"[{"n":"a","t":-1e12,"v":1}]"#, 1, Cause::BadTime),
		(r#"[{"n":"a","t":1e30,"v":1}]"#, 1, Cause::BadTime),
		(r#"[{"n":"a","v":1},{"n":"#, 2, Cause::Truncated),
		(r#"[{"n":"a","v":NaN}]"#, 1, Cause::Malformed),
		(r#"[{"n":"a","v":01}]"#, 1, Cause::Malformed),
		(r#"[{"n":"a","vs":"\ud800"}]"#, 1, Cause::Malformed),
	] {
		assert_eq!(read(pack), Err(cause.at(number)), "{pack}");
	}
	assert_eq!(decode_json(b"[{\"n\":\"\xff\"}]", NOW, &limits()), Err(Cause::BadUtf8.at(0)));
}
