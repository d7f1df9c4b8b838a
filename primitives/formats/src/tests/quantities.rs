//! What may fill a channel: units that convert into its own, but measure something else, do not,
//! whichever format states them.

use cairn_types::{Channel, Quantity, Schema, Unit};

use super::{
	NOW, decimal, limits, mapping::channel, number, record, semtech::push_data, sparkplug, sum,
};
use crate::{
	Cause, FormatError, Mapping, Measure, Pattern, Record, RecordUnit, Rule, apply,
	csv::{self, Layout},
	openmetrics::{self, Dialect},
	semtech::{self, Datagram},
	senml,
	sparkplug::{MetricValue, Session, Topic},
};

/// Ratios, and other quantities that share units.
fn schema() -> Schema {
	of(vec![
		channel("packet-loss", Quantity::Dimensionless, Unit::Percent, -2),
		channel("battery", Quantity::Level, Unit::Percent, -1),
		channel("humidity", Quantity::RelativeHumidity, Unit::RelativeHumidity, -1),
		channel("carbon-dioxide", Quantity::Fraction, Unit::Ppm, 0),
		channel("load", Quantity::Load, Unit::One, -2),
		channel("signal-to-noise", Quantity::SignalRatio, Unit::Decibel, -1),
		channel("rain-rate", Quantity::PrecipitationRate, Unit::MillimetrePerHour, -1),
		channel("busy", Quantity::Duration, Unit::Second, -1),
	])
}

fn of(channels: Vec<Channel>) -> Schema {
	let schema = Schema {
		name: b"shares".to_vec().try_into().expect("a short name"),
		version: 1,
		channels: channels.try_into().expect("few channels"),
	};
	assert_eq!(schema.check(), Ok(()));
	schema
}

/// What the only record makes of a channel.
fn fill(rule: Rule, record: Record) -> Result<i64, FormatError> {
	let schema = schema();
	let place = schema.channels.iter().position(|it| it.name.as_slice() == rule.channel.as_bytes());
	let rows = apply(&schema, &Mapping { rules: vec![rule] }, &[record], NOW)?;
	Ok(rows[0].values[place.expect("a channel")].expect("a value"))
}

fn rule(channel: &str) -> Rule {
	Rule::new(Pattern::new("*").expect("a pattern"), channel)
}

/// A value of 0.5 in a unit, by a symbol or word that the format knows, as each format carries it.
fn carriers(symbol: &str, word: &str) -> Vec<(&'static str, Record)> {
	let mut carried = Vec::new();
	let mut carry = |format: &'static str, records: Result<Vec<Record>, FormatError>| {
		let records = records.expect(format);
		assert_eq!((records.len(), &records[0].value), (1, &number("0.5")), "{format}");
		carried.extend(records.into_iter().map(|record| (format, record)));
	};
	let pack = format!(r#"[{{"n":"a","u":"{symbol}","v":0.5}}]"#);
	carry("SenML JSON", senml::decode_json(pack.as_bytes(), NOW, &limits()));
	let length = u8::try_from(symbol.len()).expect("a short symbol");
	// A decimal fraction: 5 tenths.
	let (before, after) = (b"\x81\xa3\x00\x61a\x01", b"\x02\xc4\x82\x20\x05");
	let pack = [&before[..], &[0x60 + length], symbol.as_bytes(), after];
	carry("SenML CBOR", senml::decode_cbor(&pack.concat(), NOW, &limits()));
	let table = format!("time,name,value,unit,kind\n,a,0.5,{word},number\n");
	carry("long CSV", csv::decode(table.as_bytes(), &Layout::canonical(), &limits()));
	let wide = format!(
		r##"{{"header":false,"shape":{{"wide":[{{"column":"#1","name":"a","unit":"{word}"}}]}}}}"##
	);
	let wide = serde_json::from_str::<Layout>(&wide).expect("a layout");
	carry("wide CSV", csv::decode(b"0.5\n", &wide, &limits()));
	let text = format!("# UNIT a {word}\na 0.5\n");
	carry("Prometheus", openmetrics::decode(text.as_bytes(), Dialect::Prometheus, &limits()));
	// In OpenMetrics, the unit ends the metric's name.
	if word.bytes().all(|byte| byte.is_ascii_lowercase()) {
		let text = format!("# UNIT a_{word} {word}\na_{word} 0.5\n# EOF\n");
		carry("OpenMetrics", openmetrics::decode(text.as_bytes(), Dialect::OpenMetrics, &limits()));
	}
	let metric = sparkplug::metric("a", 1, sparkplug::DOUBLE, MetricValue::Double(0.5));
	let birth = sparkplug::message(0, vec![sparkplug::with_unit(metric, word)]);
	let topic = Topic::parse("spBv1.0/g/NBIRTH/n").expect("a topic");
	carry("Sparkplug", Session::new("g", "n", limits()).handle(&topic, &birth, NOW));
	carried
}

#[test]
fn works_when_a_ratio_does_not_say_of_what() {
	// SenML's `%` is a ratio, too; that of all others is a hundredth.
	for (symbol, word) in [("/", "ratio"), ("%", "ratio")] {
		for (format, record) in carriers(symbol, word) {
			for (channel, expected) in [
				("packet-loss", 5_000),
				("battery", 500),
				("humidity", 500),
				("carbon-dioxide", 500_000),
				("load", 50),
			] {
				let filled = fill(rule(channel), record.clone());
				assert_eq!(filled, Ok(expected), "{format} {symbol} {channel}");
			}
		}
	}
	for word in ["percent", "%"] {
		for (format, record) in carriers("/100", word) {
			for (channel, expected) in
				[("packet-loss", 50), ("battery", 5), ("humidity", 5), ("carbon-dioxide", 5_000)]
			{
				let filled = fill(rule(channel), record.clone());
				assert_eq!(filled, Ok(expected), "{format} {word} {channel}");
			}
		}
	}
}

#[test]
fn fails_when_a_record_is_of_another_quantity() {
	let strangers: [(&str, &str, &[&str]); 6] = [
		("%RH", "%RH", &["packet-loss", "battery", "carbon-dioxide", "load"]),
		("%EL", "%EL", &["packet-loss", "humidity", "carbon-dioxide", "load"]),
		("ppm", "ppm", &["battery", "humidity", "load"]),
		("/100", "percent", &["load"]),
		("Bspl", "Bspl", &["signal-to-noise"]),
		("km/h", "kph", &["rain-rate"]),
	];
	for (symbol, word, channels) in strangers {
		for (format, record) in carriers(symbol, word) {
			for channel in channels {
				let filled = fill(rule(channel), record.clone());
				assert_eq!(filled, Err(Cause::UnitMismatch.at(1)), "{format} {symbol} {channel}");
			}
		}
	}
}

#[test]
fn fails_when_a_forwarders_percentage_is_of_another_quantity() {
	let datagram = push_data(r#"{"stat":{"ackr":100.0}}"#);
	let (_, Datagram::PushData { gateway, push }) =
		semtech::decode(&datagram, &limits()).expect("a datagram")
	else {
		panic!("measurements");
	};
	let records = push.records(gateway);
	assert_eq!(records.len(), 1);
	assert_eq!(fill(rule("packet-loss"), records[0].clone()), Ok(10_000));
	let filled = fill(rule("load"), records[0].clone());
	assert_eq!(filled, Err(Cause::UnitMismatch.at(1)));
}

#[test]
fn fails_when_a_sum_is_of_another_quantity() {
	let busy = Rule { measure: Measure::Sum, ..rule("busy") };
	// Of a share of time: seconds.
	assert_eq!(fill(busy.clone(), sum("a", None, "/", number("90"))), Ok(900));
	let filled = fill(busy, sum("a", None, "W", number("90")));
	assert_eq!(filled, Err(Cause::UnitMismatch.at(1)));
}

#[test]
fn works_when_the_rule_says_what_a_value_is() {
	// Whoever knows better than the sensor may say so.
	let stated = Rule { unit: Some(Unit::Percent), ..rule("packet-loss") };
	let humid = record("a", None, "%RH", number("25"));
	assert_eq!(fill(stated, humid.clone()), Ok(2_500));
	// Hundredths as a share of 1, where the quantity has no unit of hundredths.
	let scaled = Rule { unit: Some(Unit::One), scale: decimal("0.01"), ..rule("load") };
	assert_eq!(fill(scaled, record("a", None, "/100", number("25"))), Ok(25));
	// What states no unit is in the channel's.
	let unstated = Record { unit: None, ..humid };
	assert_eq!(fill(rule("packet-loss"), unstated), Ok(2_500));
}

#[test]
fn a_channel_takes_every_unit_of_its_quantity_and_no_other() {
	for quantity in Quantity::ALL {
		for own in quantity.units() {
			let schema = of(vec![channel("c", *quantity, own, 0)]);
			let filled = |rule, records: &[Record]| {
				apply(&schema, &Mapping { rules: vec![rule] }, records, NOW).map(drop)
			};
			for unit in Unit::ALL {
				let is_its = unit.measures(*quantity);
				let told = Record {
					unit: Some(RecordUnit::Known(*unit)),
					..record("a", None, "", number("1"))
				};
				let expected = if is_its { Ok(()) } else { Err(Cause::UnitMismatch.at(1)) };
				assert_eq!(filled(rule("c"), &[told]), expected, "{unit:?} as {quantity:?}");
				let stated = Rule { unit: Some(*unit), ..rule("c") };
				let expected = if is_its { Ok(()) } else { Err(Cause::RuleUnitMismatch.at(0)) };
				assert_eq!(filled(stated, &[]), expected, "{unit:?} as {quantity:?}");
			}
		}
	}
}
