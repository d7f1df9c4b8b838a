//! Samples of every kind of source, and what is said of them.

use serde_json::{Value as Json, json};

use super::{sample::explain, *};
use crate::agent::schema::{host_schema, scrape_up};

const CONFIG: &str = "\
gateway = \"http://127.0.0.1:9977\"
[source.machine.host]
[source.push.senml]
listen = \"127.0.0.1:8080\"
[source.broker.mqtt]
url = \"mqtt://broker.example\"
topics = [\"a/+\"]
payload = \"senml+json\"
[source.nodes.mqtt]
url = \"mqtt://broker.example\"
topics = [\"spBv1.0/#\"]
payload = \"sparkplug\"
[source.radio.semtech]
listen = \"127.0.0.1:1700\"
[source.table.csv]
file = \"table.csv\"
pace = \"fast\"
layout = { shape = { wide = [] } }
[source.meter.scrape]
url = \"http://127.0.0.1:9100/metrics\"
[[device]]
name = \"host\"
key = \"host.key\"
input = [
{ source = \"machine\" },
{ source = \"push\", record = \"hot\", channel = \"temperature\" },
{ source = \"push\", record = \"note\", channel = \"load1\" },
{ source = \"broker\", topic = \"a/b\", record = \"*\", channel = \"load1\", unit = \"/\" },
{ source = \"nodes\", record = \"*\", channel = \"uptime\" },
{ source = \"radio\", record = \"*\", channel = \"net-received\", unit = \"B\" },
{ source = \"table\", record = \"seconds\", channel = \"uptime\" },
{ source = \"meter\", metric = \"cpu_seconds\", channel = \"cpu-time\", unit = \"s\" },
]
";

fn config() -> Config {
	config::read(CONFIG, Path::new(""), |_| true).expect("a configuration")
}

fn explainer(config: &Config) -> Explainer {
	let known = config.devices.iter().map(|device| Known {
		name: device.name.clone(),
		inputs: device.inputs.clone(),
		plan: Plan::new(SchemaId(3), &host_schema(), &device.inputs).expect("a plan"),
	});
	Explainer::new(config, known.collect())
}

/// The report on a sample, as JSON and as text.
fn report(source: &str, bytes: &[u8], topic: Option<&str>) -> (Json, String) {
	let config = config();
	let explainer = explainer(&config);
	explain(&config, source, bytes, topic, &explainer).expect("explained");
	let report = explainer.report(Duration::from_secs(2));
	(serde_json::to_value(&report).expect("serializes"), report.to_string())
}

/// Record, and what it becomes, of a channel.
fn fills(report: &Json, channel: &str) -> Vec<(String, String)> {
	let channels = report["devices"][0]["channels"].as_array().expect("channels");
	let found = channels.iter().find(|it| it["channel"] == channel).expect("a channel");
	let from = found["from"].as_array().expect("a list").iter();
	let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
	from.map(|it| (text(&it["record"]), text(&it["shown"]))).collect()
}

/// Record and code of what is left.
fn left(report: &Json) -> Vec<(String, String)> {
	let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
	let left = report["left"].as_array().expect("a list").iter();
	left.map(|it| (text(&it["record"]), text(&it["code"]))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
	pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

const PACK: &[u8] =
	br#"[{"n":"hot","u":"K","v":300.15},{"n":"note","vs":"warm"},{"n":"stray","v":1}]"#;

#[test]
fn works_when_every_record_is_explained() {
	let (json, text) = report("push", PACK, None);
	assert_eq!((&json["records"], &json["seconds"]), (&json!(3), &json!(2)));
	assert_eq!(fills(&json, "temperature"), pairs(&[("hot", "27.0")]));
	assert_eq!(left(&json), pairs(&[("note", "format-35"), ("stray", "unmapped")]));
	assert_eq!(json["left"][0]["device"], json!("host"));
	assert!(json["left"][1]["device"].is_null());
	for line in [
		"3 records in 2 s",
		"host (schema 3)",
		"from push hot = 300.15 K",
		"nothing came for it",
		"push note = \"warm\" for host load1: format-35: ",
		"push stray = 1: unmapped: No input of a device is for this record. Remedy: ",
	] {
		assert!(text.contains(line), "{line}\n{text}");
	}
}

#[test]
fn a_unit_of_another_quantity_is_explained() {
	// A ratio may be a load, but a percentage is none.
	let pack = br#"[{"n":"note","u":"/","v":0.5},{"n":"note","u":"/100","v":50}]"#;
	let (json, text) = report("push", pack, None);
	assert_eq!(fills(&json, "load1"), pairs(&[("note", "0.50")]));
	assert_eq!(left(&json), pairs(&[("note", "format-34")]));
	let line = "push note = 50 /100 for host load1: format-34: \
		The record's unit does not measure the channel's quantity. Remedy: ";
	assert!(text.contains(line), "{text}");
}

#[test]
fn works_when_the_sample_is_of_any_format() {
	let cbor = [0x81, 0xa2, 0x00, 0x63, b'h', b'o', b't', 0x02, 0x01];
	assert_eq!(fills(&report("push", &cbor, None).0, "temperature"), pairs(&[("hot", "1.0")]));
	let senml = br#"[{"n":"x","v":0.5}]"#;
	let (json, _) = report("broker", senml, Some("a/b"));
	assert_eq!(fills(&json, "load1"), pairs(&[("x", "0.50")]));
	assert_eq!(left(&report("broker", senml, Some("a/c")).0), pairs(&[("x", "unmapped")]));
	let mut datagram = vec![2, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
	datagram.extend_from_slice(br#"{"stat":{"rxnb":7}}"#);
	let (json, _) = report("radio", &datagram, None);
	assert_eq!(fills(&json, "net-received"), pairs(&[("0102030405060708/stat/rxnb", "7")]));
	let (json, _) = report("table", b"seconds,other\n5,1\n6,1\n", None);
	assert_eq!(fills(&json, "uptime"), pairs(&[("seconds", "6")]));
	assert_eq!(
		(left(&json), &json["left"][0]["count"]),
		(pairs(&[("other", "unmapped")]), &json!(2))
	);
	let scrape = b"cpu_seconds{cpu=\"0\"} 1.5\ncpu_seconds{cpu=\"1\"} 2\n";
	let (json, _) = report("meter", scrape, None);
	let expected = pairs(&[("cpu_seconds{cpu=\"0\"} and 1 more", "3500")]);
	assert_eq!(fills(&json, "cpu-time"), expected);
}

#[test]
fn trouble_is_told() {
	let samples: [(&str, &[u8], Option<&str>); 7] = [
		("push", b"[", None),
		("broker", b"[", Some("a/b")),
		("broker", b"[]", Some("elsewhere")),
		("nodes", b"x", Some("spBv1.0/g/NDATA/n")),
		("radio", b"x", None),
		("table", b"a\n1,2\n", None),
		("meter", b"{", None),
	];
	for (source, bytes, topic) in samples {
		let (json, text) = report(source, bytes, topic);
		assert_eq!(json["trouble"][0]["source"], json!(source), "{json}");
		assert!(text.contains("trouble\n") && json["records"] == json!(0), "{text}");
	}
}

#[test]
fn fails_when_there_is_no_such_sample() {
	let config = config();
	for (source, topic, says) in [
		("other", None, "no source"),
		("machine", None, "this machine"),
		("broker", None, "several topics"),
	] {
		let explained = explain(&config, source, b"[]", topic, &explainer(&config));
		assert!(explained.expect_err(source).to_string().contains(says), "{source}");
	}
}

#[test]
fn a_report_is_bounded() {
	let config = config();
	let explainer = explainer(&config);
	for number in 0..MOST_LINES + 5 {
		explainer.leave(SourceId(0), Left::Retained, &number.to_string());
	}
	explainer.leave(SourceId(0), Left::Retained, "0");
	let report = explainer.report(Duration::ZERO);
	assert_eq!((report.seen.len(), report.more), (MOST_LINES, 5));
	assert!(report.to_string().contains("and 5 more"));
}

#[test]
fn long_values_are_cut() {
	let value = |value| Record { value, ..scrape_up(true) };
	let long = given(&value(Value::Text("é".repeat(50))));
	assert_eq!(long.chars().filter(|c| *c == 'é').count(), LONGEST);
	assert_eq!(given(&value(Value::Data(vec![0; 5]))), "5 bytes /");
}
