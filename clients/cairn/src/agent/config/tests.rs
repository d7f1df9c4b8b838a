//! Every mistake is provoked in a configuration that is right otherwise, and found on its line.

use super::*;
use crate::{
	agent::{
		plan::Plan,
		source::{Times, mqtt::Payload, replay::Pace},
	},
	mqtt::Version,
};
use cairn_formats::{Decimal, Measure};
use cairn_types::{SchemaId, Unit};

/// The example of the guide.
const EXAMPLE: &str = include_str!("../../../../../docs/src/guides/agent.example.toml");

/// A configuration, and what each line of it is.
const BASE: &str = "\
gateway = \"http://127.0.0.1:9977\"
[source.push.senml]
listen = \"127.0.0.1:8080\"
[source.broker.mqtt]
url = \"mqtt://broker.example\"
topics = [\"a/+\"]
payload = \"senml+json\"
[source.table.csv]
file = \"table.csv\"
[source.meter.scrape]
url = \"http://127.0.0.1:9100/metrics\"
[[device]]
name = \"roof\"
key = \"roof.key\"
[[device.input]]
source = \"push\"
[[device.input]]
source = \"broker\"
topic = \"a/b\"
record = \"t\"
channel = \"temperature\"
[[device.input]]
source = \"table\"
prefix = \"x/\"
[[device.input]]
source = \"meter\"
metric = \"energy_total\"
channel = \"energy\"
";

fn read_all(text: &str) -> Result<Config, Vec<Mistake>> {
	read(text, Path::new("/etc/cairn"), |_| true)
}

fn sound(text: &str) -> Config {
	read_all(text).unwrap_or_else(|mistakes| panic!("{mistakes:?}\n{text}"))
}

/// The configuration with other lines in the place of one; none removes it.
fn with(line: usize, content: &str) -> String {
	let mut lines = BASE.lines().collect::<Vec<_>>();
	lines[line - 1] = content;
	lines.retain(|line| !line.is_empty());
	lines.join("\n") + "\n"
}

/// Asserts that one thing is wrong, on this line, with this key, and that its cause says this.
#[track_caller]
fn assert_mistake(text: &str, line: usize, key: &str, says: &str) {
	let mistakes = read_all(text).expect_err(text);
	let [mistake] = mistakes.as_slice() else { panic!("one mistake: {mistakes:?}\n{text}") };
	assert_eq!((mistake.line, mistake.key.as_str()), (line, key), "{mistake:?}\n{text}");
	assert!(mistake.cause.contains(says), "{mistake:?}");
	assert!(!mistake.remedy.is_empty(), "{mistake:?}");
}

#[test]
fn works_when_nothing_is_wrong() {
	let config = sound(BASE);
	let names = config.sources.iter().map(|source| source.name.as_str()).collect::<Vec<_>>();
	assert_eq!(names, ["broker", "meter", "push", "table"]);
	let [device] = config.devices.as_slice() else { panic!("one device") };
	assert_eq!(device.key, Path::new("/etc/cairn/roof.key"));
	assert_eq!(device.state, Path::new("/etc/cairn/roof.key.state"));
	assert_eq!((device.interval, device.queue), (Duration::from_secs(10), 100_000));
	assert_eq!(device.gateway, "http://127.0.0.1:9977");
	let sources = device.inputs.iter().map(|input| input.source.0).collect::<Vec<_>>();
	assert_eq!(sources, [2, 0, 3, 1]);
	assert_eq!(device.inputs[0].pick, Pick::Names { prefix: String::new() });
	assert_eq!(device.inputs[1].topic.as_ref().map(|topic| topic.as_str()), Some("a/b"));
	assert!(
		matches!(&device.inputs[3].pick, Pick::Series { rule, .. } if rule.channel == "energy")
	);
}

#[test]
fn works_when_the_guides_example_is_read() {
	let config = sound(EXAMPLE);
	assert_eq!((config.sources.len(), config.devices.len()), (7, 5));
	let kind = |name: &str| {
		let source = config.sources.iter().find(|source| source.name == name).expect("a source");
		(&source.kind, source.pace)
	};
	let (Kind::Mqtt(broker), pace) = kind("broker") else { panic!("MQTT") };
	assert!(broker.address.is_secure && broker.is_acknowledged && !broker.is_persistent);
	assert_eq!((broker.address.port, broker.version), (8_883, Version::V3));
	assert_eq!((broker.payload, broker.times), (Payload::Json, Times::Stated));
	assert_eq!(broker.ca_file.as_deref(), Some(Path::new("/etc/cairn/ca.pem")));
	assert_eq!(pace, Duration::from_secs(30));
	let (Kind::Mqtt(works), _) = kind("works") else { panic!("MQTT") };
	assert_eq!((works.address.port, works.version), (1_883, Version::V5));
	assert_eq!((works.payload, works.rebirth), (Payload::Sparkplug, true));
	let (Kind::Replay(traffic), pace) = kind("traffic") else { panic!("a table") };
	assert_eq!((traffic.pace, pace), (Pace::Times { speed: 60 }, Duration::from_secs(1)));
	assert_eq!((traffic.repeat, traffic.counters.len()), (true, 2));
	let (Kind::Scrape { every, .. }, _) = kind("meter") else { panic!("an exporter") };
	assert_eq!(*every, Duration::from_secs(10));
}

/// What is set behind `#` in the example is what holds without it, or may be said.
#[test]
fn works_when_the_examples_other_settings_are_taken() {
	let lines = EXAMPLE.lines().map(|line| match line.strip_prefix('#') {
		Some(setting) if !setting.starts_with(' ') => setting,
		_ => line,
	});
	let mut all = sound(&lines.collect::<Vec<_>>().join("\n"));
	let mut example = sound(EXAMPLE);
	for config in [&mut all, &mut example] {
		for source in &mut config.sources {
			match &mut source.kind {
				Kind::Push(push) => push.token_file = None,
				Kind::Mqtt(mqtt) => mqtt.client_id = None,
				_ => {},
			}
		}
	}
	assert_eq!(all, example);
}

/// The example's devices fill channels of the library's schemas.
#[test]
fn the_examples_channels_are_the_librarys() {
	let config = sound(EXAMPLE);
	for (name, schema) in [
		("station", "weather"),
		("meter", "energy-meter"),
		("crossing", "traffic-counter"),
		("pump", "water-meter"),
		("antenna", "lorawan-gateway"),
	] {
		let file = format!("{}/library/{schema}.toml", env!("CARGO_MANIFEST_DIR"));
		let schema = crate::owner::read_schema(&file.into()).expect("a schema");
		let device = config.devices.iter().find(|device| device.name == name).expect("a device");
		if let Err(error) = Plan::new(SchemaId(1), &schema, &device.inputs) {
			panic!("{name}: {error}");
		}
	}
}

#[test]
fn works_when_a_value_is_converted() {
	let text = with(
		21,
		"channel = \"temperature\"\nunit = \"°F\"\nscale = \"0.5\"\noffset = -3\nmeasure = \"sum\"",
	);
	assert_mistake(&text, 22, "unit", "°F");
	let config = sound(&text.replace("°F", "celsius"));
	let Pick::Records { rule, .. } = &config.devices[0].inputs[1].pick else { panic!("a rule") };
	assert_eq!((rule.unit, rule.measure), (Some(Unit::Celsius), Measure::Sum));
	assert_eq!((rule.scale.to_string(), rule.offset), ("0.5".to_owned(), Decimal::from(-3i64)));
}

#[test]
fn works_when_the_record_is_called_as_the_channel() {
	let config = sound(&with(20, ""));
	let Pick::Records { rule, .. } = &config.devices[0].inputs[1].pick else { panic!("a rule") };
	assert_eq!(String::from(rule.name.clone()), "temperature");
}

#[test]
fn fails_when_the_form_is_wrong() {
	assert_mistake(&with(3, "listen = 5"), 3, "listen", "invalid type");
	assert_mistake(&with(3, "lisen = \"127.0.0.1:8080\""), 3, "lisen", "unknown field");
	assert_mistake(&with(7, "payload = \"json\""), 7, "payload", "unknown variant");
	assert_mistake(&with(13, "name = \"roof\"\nnames = 1"), 14, "names", "unknown field");
	assert_mistake(&with(21, "channel = \"t\"\nscale = 0.1"), 22, "scale", "in quotes");
	assert_mistake(&with(21, "channel = \"t\"\nscale = \"x\""), 22, "scale", "in quotes");
	assert_mistake(&format!("# a\u{1}\n{BASE}"), 1, "the file", "no TOML");
	assert_eq!(read_all(&with(20, "record = \"t")).expect_err("no end").len(), 1);
	let missing = read_all(&with(14, "")).expect_err("no key");
	assert!(missing.len() == 1 && missing[0].cause.contains("missing field `key`"), "{missing:?}");
	let unknown = read_all(&with(2, "[source.push.smoke]")).expect_err("no such kind");
	assert!(unknown.len() == 1 && unknown[0].cause.contains("unknown variant"), "{unknown:?}");
}

#[test]
fn fails_when_a_source_is_wrong() {
	for (line, content, key, says) in [
		(3, "listen = \"8080\"", "listen", "no address with a port"),
		(3, "listen = \"0.0.0.0:8080\"", "listen", "others than this machine"),
		(5, "url = \"http://broker.example\"", "url", "mqtt or mqtts"),
		(5, "url = \"mqtt://\"", "url", "host"),
		(5, "url = \"mqtts://[::1]\"", "url", "by name"),
		(5, "url = \"mqtt://me:secret@broker.example\"", "url", "a user"),
		(5, "url = \"mqtt://broker.example/city\"", "url", "more than a host"),
		(6, "topics = [\"a/#/b\"]", "topics", "not a filter"),
		(11, "url = \"127.0.0.1:9100\"", "url", ""),
		(11, "url = \"mqtt://127.0.0.1\"", "url", "http or https"),
	] {
		assert_mistake(&with(line, content), line, key, says);
	}
	for (line, content, key, says) in [
		(7, "payload = \"senml+json\"\nqos = 2", "qos", "acknowledgements"),
		(7, "payload = \"senml+json\"\ncaFile = \"ca.pem\"", "caFile", "not by TLS"),
		(7, "payload = \"senml+json\"\npasswordFile = \"x\"", "passwordFile", "no username"),
		(7, "payload = \"senml+json\"\nclientId = \"a b\"", "clientId", "letters"),
		(9, "file = \"a.csv\"\nspeed = 0", "speed", "nothing happens"),
		(9, "pace = \"fast\"\nspeed = 2\nfile = \"a.csv\"", "speed", "no speed"),
		(11, "url = \"http://h/\"\ninterval = \"1ms\"", "interval", "too short"),
		(11, "url = \"http://h/\"\ninterval = \"soon\"", "interval", "not a duration"),
	] {
		assert_mistake(&with(line, content), line + 1, key, says);
	}
	assert_mistake(&with(6, "topics = []"), 5, "url", "no topics");
	assert_mistake(
		&with(7, "payload = \"senml+cbor\"\npersistent = true"),
		5,
		"url",
		"know the agent",
	);
	let untimed = "file = \"a.csv\"\nlayout = { shape = { wide = [] } }";
	assert_mistake(&with(9, untimed), 9, "file", "no times");
}

#[test]
fn fails_when_a_device_is_wrong() {
	assert_mistake(&with(1, ""), 12, "name", "no gateway");
	assert_mistake(&with(1, "gateway = \"gateway\""), 1, "gateway", "");
	let long = format!("gateway = \"http://h/{}\"", "a".repeat(2_048));
	assert_mistake(&with(1, &long), 1, "gateway", "longer than 2048 bytes");
	for (content, key, says) in [
		("interval = \"0\"", "interval", "too short"),
		("interval = \"2d\"", "interval", "too long"),
		("queue = 0", "queue", "no room"),
	] {
		assert_mistake(&with(14, &format!("key = \"k\"\n{content}")), 15, key, says);
	}
	let second =
		|lines: &str| format!("{BASE}[[device]]\n{lines}[[device.input]]\nsource = \"push\"\n");
	assert_mistake(&second("name = \"roof\"\nkey = \"b\"\n"), 30, "name", "\"roof\"");
	assert_mistake(&second("name = \"b\"\nkey = \"roof.key\"\n"), 31, "key", "roof.key");
	assert_mistake(&second("name = \"b\"\nkey = \".//roof.key\"\n"), 31, "key", "cairn/roof.key");
	let implied = "name = \"b\"\nkey = \"b\"\nstate = \"roof.key.state\"\n";
	assert_mistake(&second(implied), 32, "state", "/etc/cairn/roof.key.state");
	let text = second("name = \"b\"\nkey = \"b\"\n")
		.replace("key = \"roof.key\"", "key = \"a\"\nstate = \"./b.state\"");
	assert_mistake(&text, 15, "state", "/etc/cairn/b.state");
	let states = "name = \"b\"\nkey = \"b\"\nstate = \"s\"\n";
	let text = second(states).replace("key = \"roof.key\"", "key = \"a\"\nstate = \"s\"");
	assert_mistake(&text, 33, "state", "/etc/cairn/s");
	let text = format!("{BASE}[[device]]\nname = \"b\"\nkey = \"b\"\n");
	assert_mistake(&text, 30, "name", "no input");
	let nobody = read_all("gateway = \"http://h/\"\n").expect_err("no device");
	assert!(nobody[0].cause.contains("no device"), "{nobody:?}");
}

#[test]
fn fails_when_an_input_is_wrong() {
	for (line, content, key, says) in [
		(16, "source = \"pushed\"\n[[device.input]]\nsource = \"push\"", "source", "no source"),
		(19, "topic = \"a/b#\"", "topic", "not a filter"),
		(20, "record = \"a*b*\"", "record", "more than one `*`"),
		(20, "record = \"\"", "record", "empty"),
		(24, "prefix = \"a*b*\"", "prefix", "more than one *"),
		(27, "metric = \"{a}\"", "metric", "selects no series"),
	] {
		assert_mistake(&with(line, content), line, key, says);
	}
	for (line, content, key, says) in [
		(16, "source = \"push\"\ntopic = \"a\"", "topic", "no topics"),
		(20, "record = \"t\"\nmetric = \"m\"", "metric", "exclude each other"),
		(21, "channel = \"t\"\nprefix = \"p\"", "prefix", "exclude each other"),
		(24, "prefix = \"x/\"\nunit = \"Cel\"", "unit", "no"),
		(24, "prefix = \"x/\"\nchannel = \"t\"", "channel", "all channels"),
	] {
		assert_mistake(&with(line, content), line + 1, key, says);
	}
	assert_mistake(&with(21, ""), 20, "record", "none is named");
	assert_mistake(&with(20, "metric = \"m\""), 20, "metric", "only sources that scrape");
}

#[test]
fn fails_when_nobody_takes_from_a_source() {
	let text = format!("[source.idle.host]\n{}", BASE.replacen("gateway", "#", 1));
	let text = text.replace("name = \"roof\"", "name = \"roof\"\ngateway = \"http://h/\"");
	assert_mistake(&text, 1, "source.idle", "\"idle\"");
}

#[test]
fn fails_when_a_file_is_missing() {
	let found = read(BASE, Path::new("/etc/cairn"), |path| !path.ends_with("table.csv"));
	let mistakes = found.expect_err("no table");
	assert_eq!((mistakes[0].line, mistakes[0].key.as_str()), (9, "file"));
	assert!(mistakes[0].cause.contains("/etc/cairn/table.csv"));
}

#[test]
fn every_mistake_is_found() {
	let text = with(3, "listen = \"8080\"").replace("source = \"table\"", "source = \"tables\"");
	let mistakes = read_all(&text).expect_err("three mistakes");
	let lines = mistakes.iter().map(|mistake| mistake.line).collect::<Vec<_>>();
	// The address, the table that nobody takes from, the source that is not there.
	assert_eq!(lines, [3, 8, 23]);
}

#[test]
fn only_so_many_mistakes_are_told() {
	let topics = |count| with(6, &format!("topics = [{}]", "\"#a\", ".repeat(count)));
	let told = |count| read_all(&topics(count)).expect_err("no filters");
	assert_eq!(told(MAX_MISTAKES).len(), MAX_MISTAKES);
	let mistakes = told(MAX_MISTAKES + 7);
	let (last, others) = mistakes.split_last().expect("mistakes");
	assert_eq!(others, told(MAX_MISTAKES));
	assert_eq!((last.line, last.cause.as_str()), (0, "there are 7 more mistakes"));
}

#[test]
fn a_mistake_names_the_file() {
	let directory = tempfile::tempdir().expect("a temporary directory");
	let path = directory.path().join("agent.toml");
	assert!(load(&path).expect_err("no file").to_string().contains("agent.toml"));
	fs::write(&path, with(3, "listen = 5")).expect("a file");
	let error = load(&path).expect_err("a mistake").to_string();
	assert!(error.contains("agent.toml: line 3, listen: "), "{error}");
	fs::write(&path, " ".repeat((1 << 20) + 1)).expect("a file");
	assert!(load(&path).expect_err("too large").to_string().contains("larger than 1 MiB"));
}

#[test]
fn options_are_a_configuration_of_their_own() {
	let every = Duration::from_secs(1);
	let mapping = "node_load1=load1".parse().expect("a mapping");
	let (sources, inputs) = of_options(Some("http://h/"), &[mapping], every).expect("sound");
	assert_eq!((sources.len(), inputs.len()), (2, 3));
	let plan = Plan::new(SchemaId(1), &crate::agent::host_schema(), &inputs).expect("a plan");
	assert_eq!(plan.unfilled(), Vec::<String>::new());
	let (sources, inputs) = of_options(None, &[], every).expect("sound");
	assert_eq!((sources.len(), inputs.len()), (1, 1));
}
