//! Expositions of OpenMetrics and Prometheus.

use proptest::prelude::*;

use super::{limits, number, record};
use crate::{
	Cause, FormatError, Limits, Record, RecordUnit,
	openmetrics::{Dialect, decode},
};

fn strict(text: &str) -> Result<Vec<Record>, FormatError> {
	decode(text.as_bytes(), Dialect::OpenMetrics, &limits())
}

fn loose(text: &str) -> Result<Vec<Record>, FormatError> {
	decode(text.as_bytes(), Dialect::Prometheus, &limits())
}

/// The only record's name.
fn name(text: &str) -> Result<String, Cause> {
	let records = loose(text).map_err(|error| error.cause)?;
	assert_eq!(records.len(), 1, "{text}");
	Ok(records[0].name.clone())
}

#[test]
fn works_when_it_is_openmetrics() {
	let text = "\
# TYPE router_seconds histogram
# UNIT router_seconds seconds
# HELP router_seconds Latency of \\\"all\\\" requests.
router_seconds_bucket{path=\"/\",le=\"0.5\"} 7 # {trace_id=\"oHg5SJYRHA0\"} 0.25 1520879607.789
router_seconds_bucket{path=\"/\",le=\"+Inf\"} 9 1520879607.789 # {} 0.25
router_seconds_count{path=\"/\"} 9
router_seconds_sum{path=\"/\"} 9.036e0
router_seconds_created{path=\"/\"} 1605281325.25
# TYPE room_celsius gauge
# UNIT room_celsius celsius
room_celsius -21.50
room_celsius{floor=\"2\"} NaN
# TYPE energy counter
energy_total 17.0 1604676851.123456789
# TYPE build info
build_info{version=\"8.2\"} 1
# EOF
";
	let time = Some(1_520_879_607_789);
	let expected = vec![
		record("router_seconds_bucket{le=\"0.5\",path=\"/\"}", None, "count", number("7")),
		record("router_seconds_bucket{le=\"+Inf\",path=\"/\"}", time, "count", number("9")),
		record("router_seconds_count{path=\"/\"}", None, "count", number("9")),
		record("router_seconds_sum{path=\"/\"}", None, "s", number("9.036")),
		record("router_seconds_created{path=\"/\"}", None, "s", number("1605281325.25")),
		record("room_celsius", None, "Cel", number("-21.5")),
		record("energy_total", Some(1_604_676_851_123), "", number("17")),
		record("build_info{version=\"8.2\"}", None, "", number("1")),
	];
	assert_eq!(strict(text), Ok(expected));
	assert_eq!(strict("# EOF"), Ok(Vec::new()));
}

#[test]
fn works_when_it_is_prometheus() {
	let text = "
# any comment
#another
# TYPE node_load1 gauge
\tnode_load1\t0.25  1395066363000
# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total { method = \"post\" , code=\"200\", } 1027
something_weird{problem=\"division by zero\"} +Inf -3982045
rpc{quantile=\"0.5\"} Nan
untyped .5e+1";
	let error = loose(text).expect_err("a time before 1970");
	assert_eq!(error, Cause::BadTime.at(9));
	let expected = vec![
		record("node_load1", Some(1_395_066_363_000), "", number("0.25")),
		record("http_requests_total{code=\"200\",method=\"post\"}", None, "", number("1027")),
		record("untyped", None, "", number("5")),
	];
	assert_eq!(loose(&text.replace(" -3982045", "")), Ok(expected));
	assert_eq!(loose(""), Ok(Vec::new()));
}

#[test]
fn a_series_has_one_name() {
	for (text, expected) in [
		("a 1", "a"),
		("a{} 1", "a"),
		("a{x=\"\"} 1", "a"),
		("a{b=\"1\",a=\"2\",c=\"\"} 1", "a{a=\"2\",b=\"1\"}"),
		("a{b=\"\\\\\\\"\\n\"} 1", "a{b=\"\\\\\\\"\\n\"}"),
		("a{b=\"\\x\"} 1", "a{b=\"\\\\x\"}"),
		("a{b=\"}, =\u{e9}\"} 1", "a{b=\"}, =\u{e9}\"}"),
		(":a:b{_=\"#\"} 1", ":a:b{_=\"#\"}"),
	] {
		assert_eq!(name(text), Ok(expected.to_owned()), "{text}");
	}
}

#[test]
fn a_unit_holds_for_its_family() {
	let text = "\
# TYPE power_watts gauge
# UNIT power_watts watts
power_watts 1
power_watts_other 2
powers 3
# UNIT speed_furlongs furlongs
speed_furlongs 4
# EOF
";
	let records = strict(text).expect("an exposition");
	let units: Vec<_> = records.into_iter().map(|record| record.unit).collect();
	let furlongs = RecordUnit::Other("furlongs".to_owned());
	assert_eq!(units, [RecordUnit::from_symbol("W"), None, None, Some(furlongs)]);
}

#[test]
fn fails_when_a_line_breaks_the_rules() {
	for (line, cause) in [
		("1a 1", Cause::BadName),
		("a-b 1", Cause::BadName),
		("{a=\"b\"} 1", Cause::BadName),
		("a", Cause::Malformed),
		("a ", Cause::Malformed),
		("a{} ", Cause::BadNumber),
		("a one", Cause::BadNumber),
		("a 0x10", Cause::BadNumber),
		("a 1 now", Cause::BadTime),
		("a 1 -1", Cause::BadTime),
		("a 1 2 3", Cause::Malformed),
		("a 1e99999", Cause::NumberTooLong),
		("a{b} 1", Cause::BadLabel),
		("a{b=c} 1", Cause::BadLabel),
		("a{b=\"c} 1", Cause::BadLabel),
		("a{b=\"c\\\"} 1", Cause::BadLabel),
		("a{b=\"c\"", Cause::BadLabel),
		("a{b=\"c\" d=\"e\"} 1", Cause::BadLabel),
		("a{1=\"c\"} 1", Cause::BadLabel),
		("a{,} 1", Cause::BadLabel),
		("a{b=\"c\",b=\"d\"} 1", Cause::DuplicateLabel),
		("# TYPE a gaudy", Cause::BadMetadata),
		("# TYPE", Cause::BadMetadata),
		("# HELP 1a x", Cause::BadMetadata),
	] {
		assert_eq!(loose(&format!("ok 1\n{line}\n")), Err(cause.at(2)), "{line}");
		let text = format!("ok 1\n{line}\n# EOF\n");
		assert_eq!(strict(&text).map_err(|error| error.record), Err(2), "{line}");
	}
}

#[test]
fn fails_when_openmetrics_is_not_kept_to() {
	for (text, number, cause) in [
		("a 1\n", 0, Cause::MissingEof),
		("", 0, Cause::MissingEof),
		("# EOF\n\n", 2, Cause::AfterEof),
		("# EOF\na 1\n", 2, Cause::AfterEof),
		("\n# EOF\n", 1, Cause::Malformed),
		("# comment\n# EOF\n", 1, Cause::BadMetadata),
		("#EOF\n", 1, Cause::BadMetadata),
		("a{b=\"c\",} 1\n# EOF\n", 1, Cause::BadLabel),
		("a 1 # x\n# EOF\n", 1, Cause::Malformed),
		("a 1 2 # x\n# EOF\n", 1, Cause::Malformed),
		("# TYPE a gauge\n# TYPE a gauge\n# EOF\n", 2, Cause::BadMetadata),
		("# HELP a x\n# HELP a x\n# EOF\n", 2, Cause::BadMetadata),
		("# UNIT a_s s\n# UNIT a_s s\n# EOF\n", 2, Cause::BadMetadata),
		("# UNIT a seconds\n# EOF\n", 1, Cause::BadMetadata),
		("# UNIT aseconds seconds\n# EOF\n", 1, Cause::BadMetadata),
		("# TYPE a gauge\na 1\n# HELP a x\n# EOF\n", 3, Cause::BadMetadata),
		("a 1\r\n# EOF\n", 1, Cause::BadNumber),
	] {
		assert_eq!(strict(text), Err(cause.at(number)), "{text}");
	}
	let refused = decode(b"a{b=\"\xff\"} 1\n", Dialect::Prometheus, &limits());
	assert_eq!(refused, Err(Cause::BadUtf8.at(0)));
}

#[test]
fn a_unit_in_prometheus_format_may_be_a_comment() {
	assert_eq!(loose("# UNIT 1 of these\na 1\n").map(|records| records.len()), Ok(1));
}

#[test]
fn fails_when_a_limit_is_passed() {
	let text = "a{b=\"c\"} 1\nd 2\n";
	let exact = Limits { bytes: text.len(), records: 2, name: 8, ..limits() };
	let read = |limits: &Limits| decode(text.as_bytes(), Dialect::Prometheus, limits);
	assert_eq!(read(&exact).map(|records| records.len()), Ok(2));
	assert_eq!(read(&Limits { bytes: text.len() - 1, ..exact }), Err(Cause::TooLarge.at(0)));
	assert_eq!(read(&Limits { records: 1, ..exact }), Err(Cause::TooManyRecords.at(2)));
	assert_eq!(read(&Limits { name: 7, ..exact }), Err(Cause::NameTooLong.at(1)));
}

proptest! {
	#[test]
	fn the_order_of_labels_does_not_matter(
		labels in proptest::collection::btree_map("[a-z_]{1,4}", "[ -~]{0,6}", 0..5),
		turn in 0usize..5,
	) {
		let escaped = |value: &String| value.replace('\\', "\\\\").replace('"', "\\\"");
		let mut parts: Vec<_> =
			labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
		let one = name(&format!("m{{{}}} 1", parts.join(",")));
		let turn = turn.min(parts.len());
		parts.rotate_left(turn);
		prop_assert_eq!(name(&format!("m{{{}}} 1", parts.join(","))), one.clone());
		// The name is the series as one may write it.
		let one = one.expect("a series");
		prop_assert_eq!(name(&format!("{one} 1")), Ok(one));
	}
}
