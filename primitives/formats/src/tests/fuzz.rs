//! Whatever comes in, readers neither panic nor take more than linear work, and keep to the limits.

use proptest::{collection::vec, prelude::*};
use prost::Message;

use super::{
	NOW, bytes,
	semtech::{PACKETS, push_data},
	senml::cbor::EXAMPLE,
	sparkplug::{by_alias, message, metric},
};
use crate::{
	FormatError, Limits, Record,
	csv::{self, Layout, Shape},
	openmetrics::{self, Dialect},
	semtech::{self, Datagram},
	senml,
	sparkplug::{MetricValue, Payload, Session, Topic},
	work,
};

/// Small, so that they are met.
const LIMITS: Limits = Limits { bytes: 1 << 20, records: 50, depth: 8, name: 64 };

type Read = Result<Vec<Record>, FormatError>;

/// Every reader of one input.
const READERS: &[(&str, fn(&[u8], &Limits) -> Read)] = &[
	("SenML JSON", |input, limits| senml::decode_json(input, NOW, limits)),
	("SenML CBOR", |input, limits| senml::decode_cbor(input, NOW, limits)),
	("long CSV", |input, limits| csv::decode(input, &Layout::canonical(), limits)),
	("wide CSV", |input, limits| csv::decode(input, &wide(), limits)),
	("OpenMetrics", |input, limits| openmetrics::decode(input, Dialect::OpenMetrics, limits)),
	("Prometheus", |input, limits| openmetrics::decode(input, Dialect::Prometheus, limits)),
	("Sparkplug", |input, limits| {
		let mut session = Session::new("g", "n", *limits);
		let topic = Topic::parse("spBv1.0/g/NBIRTH/n").expect("a topic");
		session.handle(&topic, input, NOW)
	}),
	("Semtech", |input, limits| {
		Ok(match semtech::decode(input, limits)? {
			(_, Datagram::PushData { gateway, push }) => push.records(gateway),
			_ => Vec::new(),
		})
	}),
];

fn wide() -> Layout {
	Layout {
		time: None,
		shape: Shape::Wide(Vec::new()),
		decimal_comma: true,
		delimiter: ';',
		..Layout::canonical()
	}
}

/// Valid inputs of each reader, in their order.
fn valid() -> Vec<Vec<u8>> {
	let json =
		br#"[{"bn":"a:","bt":1.7e9,"bu":"W","bver":10,"n":"b","v":1.5,"s":2,"ut":5,"x":[{}]},
		{"n":"c","t":-5,"vs":"\u00e9\n"},{"n":"d","vd":"aGkgCg"},{"n":"e","vb":true}]"#;
	let long = "time,name,value,unit,kind\n1700000000000,a,21.5,Cel,number\n,\"b,\"\"\",x,,text\n";
	let open = "# TYPE a_s gauge\n# UNIT a_s s\n# HELP a_s x\na_s{b=\"c\\\\d\",e=\"f\"} 1e3 1.5 # {} 1\n# EOF\n";
	let text = MetricValue::Text("x".to_owned());
	let birth = message(
		0,
		vec![
			metric("a", 1, 10, MetricValue::Double(1.5)),
			metric("b", 2, 12, text),
			metric("c", 3, 4, MetricValue::Long(u64::MAX)),
		],
	);
	vec![
		json.to_vec(),
		bytes(EXAMPLE),
		long.as_bytes().to_vec(),
		b"a;b\n1,5;true\n;-2e3\n".to_vec(),
		open.as_bytes().to_vec(),
		open.replace("1.5 # {} 1", "15").into_bytes(),
		birth,
		push_data(PACKETS),
	]
}

/// Check one reader on one input: it returns, in linear work, within the limits.
fn check(name: &str, read: fn(&[u8], &Limits) -> Read, input: &[u8]) -> Result<(), TestCaseError> {
	work::take();
	let result = read(input, &LIMITS);
	let done = work::take();
	// Each byte is looked at a few times; each record holds a name, which short inputs can share.
	let names = LIMITS.records * 4 * LIMITS.name;
	prop_assert!(done <= 8 * input.len() + names, "{name}: {done} for {} bytes", input.len());
	match result {
		Ok(records) => {
			prop_assert!(name == "Semtech" || records.len() <= LIMITS.records, "{name}");
			prop_assert!(records.iter().all(|record| record.name.len() <= LIMITS.name), "{name}");
		},
		Err(error) => prop_assert!(!error.to_string().is_empty()),
	}
	Ok(())
}

#[test]
fn every_valid_input_is_read() {
	for ((name, read), input) in READERS.iter().zip(valid()) {
		let records = read(&input, &LIMITS);
		assert!(records.as_ref().is_ok_and(|records| !records.is_empty()), "{name}: {records:?}");
	}
}

#[test]
fn every_beginning_of_a_valid_input_is_survived() {
	for ((name, read), input) in READERS.iter().zip(valid()) {
		for length in 0..input.len() {
			check(name, *read, &input[..length]).expect("a reader returns");
		}
	}
}

proptest! {
	#[test]
	fn arbitrary_bytes_are_survived(input in vec(any::<u8>(), 0..400)) {
		for (name, read) in READERS {
			check(name, *read, &input)?;
		}
	}

	#[test]
	fn arbitrary_text_is_survived(input in "[\\[\\]{}\":,;.=#\\\\\n\r eE+0-9a-f\u{e9}-]{0,200}") {
		for (name, read) in READERS {
			check(name, *read, input.as_bytes())?;
		}
	}

	#[test]
	fn changed_valid_inputs_are_survived(
		changes in vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..4), 1..6),
	) {
		for ((name, read), mut input) in READERS.iter().zip(valid()) {
			for (index, byte, how) in &changes {
				if input.is_empty() {
					break;
				}
				let at = index.index(input.len());
				match how {
					0 => input[at] = *byte,
					1 => input.insert(at, *byte),
					2 => {
						input.remove(at);
					},
					_ => {
						let copied = input[at..].to_vec();
						input.extend(copied);
					},
				}
			}
			check(name, *read, &input)?;
		}
	}

	#[test]
	fn any_messages_in_any_order_are_survived(
		messages in vec((0usize..8, vec((0u64..4, 0u32..20), 0..4), 0u64..6, any::<bool>()), 0..30),
	) {
		let kinds = ["NBIRTH/n", "NDATA/n", "NDEATH/n", "DBIRTH/n/d", "DDATA/n/d", "DDEATH/n/d", "DBIRTH/n/e", "DDATA/n/e"];
		let mut session = Session::new("g", "n", Limits { records: 5, ..LIMITS });
		for (kind, metrics, seq, has_names) in messages {
			let metrics = metrics.into_iter().map(|(alias, datatype)| {
				let value = MetricValue::Int(datatype);
				match has_names {
					true => metric(&format!("m{alias}"), alias, datatype, value),
					false => by_alias(alias, value),
				}
			});
			let message = message(seq, metrics.collect());
			let topic = format!("spBv1.0/g/{}", kinds[kind]);
			let topic = Topic::parse(&topic).expect("a topic");
			let _ = session.handle(&topic, &message, NOW);
			prop_assert!(session.metric_count() <= 5);
			prop_assert!(session.is_born() || session.metric_count() == 0);
		}
	}

	#[test]
	fn payloads_read_back(
		timestamp in any::<Option<u64>>(),
		seq in any::<Option<u64>>(),
		names in vec(any::<(Option<String>, Option<u64>, Option<u32>)>(), 0..5),
	) {
		let metrics = names.into_iter().map(|(name, alias, datatype)| crate::sparkplug::Metric {
			name,
			alias,
			datatype,
			value: datatype.map(MetricValue::Int),
			..Default::default()
		});
		let payload = Payload { timestamp, metrics: metrics.collect(), seq };
		prop_assert_eq!(Payload::decode(&payload.encode_to_vec()[..]), Ok(payload));
	}
}

/// Inputs that are built to cost, at some size.
fn costly(size: usize) -> Vec<(&'static str, Vec<u8>)> {
	let repeat = |start: &str, part: &str, end: &str| {
		format!("{start}{}{end}", part.repeat(size)).into_bytes()
	};
	let deep = |open: &str| repeat("[{\"n\":\"a\",\"v\":1,\"x\":", open, "");
	let mut floats = bytes("9f");
	floats.extend(bytes("a2006161 02 fb3fb999999999999a").repeat(size));
	floats.push(0xff);
	let mut nested = bytes("81 a1 6178");
	nested.extend(bytes("81").repeat(size));
	let mut datagram = vec![2u8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
	datagram.extend(repeat("{\"rxpk\":[", "{},", "{}]}"));
	vec![
		("SenML JSON", repeat("[{\"bn\":\"abcdefghijklmnopqrstuvwxyz\"}", ",{\"v\":1}", "]")),
		("SenML JSON", repeat("[{\"n\":\"a\",\"v\":0.", "0", "1}]")),
		("SenML JSON", repeat("[{\"n\":\"a\",\"v\":1e", "9", "}]")),
		("SenML JSON", repeat("[{\"n\":\"a\",\"vs\":\"", "\\\\", "\"}]")),
		("SenML JSON", repeat("[{\"n\":\"", "a", "\",\"v\":1}]")),
		("SenML JSON", repeat("[{\"", "_a", "\":1}]")),
		("SenML JSON", deep("[")),
		("SenML JSON", deep("{\"a\":")),
		("SenML CBOR", floats),
		("SenML CBOR", nested),
		("long CSV", repeat("time,name,value,unit,kind\n", ",a,1,Cel,number\n", "")),
		("long CSV", repeat("time,name,value,unit,kind\n,a,\"", "\"\"", "\",,text\n")),
		("wide CSV", repeat("a\n", "1,000000000000001\n", "")),
		("wide CSV", repeat("", "a;", "a\n")),
		("wide CSV", repeat("", "\n", "")),
		("Prometheus", repeat("a{", "a=\"\",", "} 1\n")),
		("Prometheus", repeat("a{b=\"", "\\\\", "\"} 1\n")),
		("Prometheus", repeat("a{b=\"", "\\x", "\"} 1\n")),
		("Prometheus", repeat("", "# HELP a\n", "")),
		("Prometheus", repeat("", "abc 1\n", "")),
		("Prometheus", repeat("a 1 ", "# ", "\n")),
		("OpenMetrics", repeat("", "# TYPE a gauge\na 1\n", "# EOF\n")),
		("Sparkplug", message(0, vec![metric("a", 1, 3, MetricValue::Int(1)); size])),
		("Sparkplug", repeat("", "\u{12}\u{0}", "")),
		("Semtech", datagram),
	]
}

#[test]
fn twice_the_input_is_twice_the_work() {
	let large = Limits { bytes: usize::MAX, records: usize::MAX, ..LIMITS };
	let measure = |(name, input): (&str, Vec<u8>)| {
		let (_, read) = READERS.iter().find(|(reader, _)| *reader == name).expect("a reader");
		work::take();
		let _ = read(&input, &large);
		(name.to_owned(), work::take())
	};
	let once: Vec<_> = costly(1_000).into_iter().map(measure).collect();
	let twice: Vec<_> = costly(2_000).into_iter().map(measure).collect();
	for (index, ((name, once), (_, twice))) in once.into_iter().zip(twice).enumerate() {
		assert!(twice <= 2 * once + 256, "{index}: {name} takes {once}, then {twice}");
	}
}
