//! How fast the formats are read, and how much they allocate: `cargo bench -p cairn-formats`.
//!
//! Each input is about a megabyte of one measurement a record. Of each reader the fastest of
//! several runs counts, so that other load on the machine matters little. Beside ours, on the same
//! bytes and in the same run, stand kept readers that do less: `serde_json::Value`, `ciborium::Value`,
//! the `csv` crate and `prometheus-parse` keep texts and floats, and `prost` alone keeps the fields of
//! protobuf; none resolves base values or aliases, or checks names.

#![expect(unsafe_code, reason = "an allocator that counts has to be one")]

use std::{
	alloc::{GlobalAlloc, Layout as Memory, System},
	hint::black_box,
	io::BufRead,
	sync::atomic::{AtomicUsize, Ordering},
	time::{Duration, Instant},
};

use cairn_formats::{
	Limits, csv,
	openmetrics::{self, Dialect},
	semtech, senml,
	sparkplug::{Metric, MetricValue, Payload, Session, Topic},
};
use prost::Message;

const NOW: u64 = 1_700_000_000_000;
const RECORDS: usize = 12_000;
const RUNS: usize = 15;
/// Bytes of a datagram before its JSON.
const HEADER: usize = 12;
const LIMITS: Limits = Limits { bytes: 1 << 24, records: 1 << 16, depth: 16, name: 256 };

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, which counts.
struct Counting;

// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
	unsafe fn alloc(&self, memory: Memory) -> *mut u8 {
		ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
		// SAFETY: the caller keeps the contract of `alloc`.
		unsafe { System.alloc(memory) }
	}

	unsafe fn dealloc(&self, pointer: *mut u8, memory: Memory) {
		// SAFETY: the caller keeps the contract of `dealloc`, and `pointer` came from `System`.
		unsafe { System.dealloc(pointer, memory) }
	}

	unsafe fn realloc(&self, pointer: *mut u8, memory: Memory, size: usize) -> *mut u8 {
		ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
		// SAFETY: the caller keeps the contract of `realloc`, and `pointer` came from `System`.
		unsafe { System.realloc(pointer, memory, size) }
	}
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Messages of `sparkplug_b.proto`, for `prost` alone: all that they say of themselves and of metrics
/// with single values and properties. Data sets and templates are not in the input.
mod plain {
	use prost::{Message, Oneof};

	#[derive(Clone, PartialEq, Message)]
	pub(super) struct Payload {
		#[prost(uint64, optional, tag = "1")]
		pub(super) timestamp: Option<u64>,
		#[prost(message, repeated, tag = "2")]
		pub(super) metrics: Vec<Metric>,
		#[prost(uint64, optional, tag = "3")]
		pub(super) seq: Option<u64>,
		#[prost(string, optional, tag = "4")]
		pub(super) uuid: Option<String>,
		#[prost(bytes = "vec", optional, tag = "5")]
		pub(super) body: Option<Vec<u8>>,
	}

	#[derive(Clone, PartialEq, Message)]
	pub(super) struct Metric {
		#[prost(string, optional, tag = "1")]
		pub(super) name: Option<String>,
		#[prost(uint64, optional, tag = "2")]
		pub(super) alias: Option<u64>,
		#[prost(uint64, optional, tag = "3")]
		pub(super) timestamp: Option<u64>,
		#[prost(uint32, optional, tag = "4")]
		pub(super) datatype: Option<u32>,
		#[prost(bool, optional, tag = "5")]
		pub(super) is_historical: Option<bool>,
		#[prost(bool, optional, tag = "6")]
		pub(super) is_transient: Option<bool>,
		#[prost(bool, optional, tag = "7")]
		pub(super) is_null: Option<bool>,
		#[prost(message, optional, tag = "8")]
		pub(super) metadata: Option<MetaData>,
		#[prost(message, optional, tag = "9")]
		pub(super) properties: Option<PropertySet>,
		#[prost(oneof = "Value", tags = "10, 11, 12, 13, 14, 15, 16")]
		pub(super) value: Option<Value>,
	}

	#[derive(Clone, PartialEq, Oneof)]
	pub(super) enum Value {
		#[prost(uint32, tag = "10")]
		Int(u32),
		#[prost(uint64, tag = "11")]
		Long(u64),
		#[prost(float, tag = "12")]
		Float(f32),
		#[prost(double, tag = "13")]
		Double(f64),
		#[prost(bool, tag = "14")]
		Boolean(bool),
		#[prost(string, tag = "15")]
		Text(String),
		#[prost(bytes = "vec", tag = "16")]
		Bytes(Vec<u8>),
	}

	#[derive(Clone, PartialEq, Message)]
	pub(super) struct MetaData {
		#[prost(bool, optional, tag = "1")]
		pub(super) is_multi_part: Option<bool>,
		#[prost(string, optional, tag = "2")]
		pub(super) content_type: Option<String>,
		#[prost(uint64, optional, tag = "3")]
		pub(super) size: Option<u64>,
		#[prost(uint64, optional, tag = "4")]
		pub(super) seq: Option<u64>,
		#[prost(string, optional, tag = "5")]
		pub(super) file_name: Option<String>,
		#[prost(string, optional, tag = "6")]
		pub(super) file_type: Option<String>,
		#[prost(string, optional, tag = "7")]
		pub(super) md5: Option<String>,
		#[prost(string, optional, tag = "8")]
		pub(super) description: Option<String>,
	}

	#[derive(Clone, PartialEq, Message)]
	pub(super) struct PropertySet {
		#[prost(string, repeated, tag = "1")]
		pub(super) keys: Vec<String>,
		#[prost(message, repeated, tag = "2")]
		pub(super) values: Vec<PropertyValue>,
	}

	#[derive(Clone, PartialEq, Message)]
	pub(super) struct PropertyValue {
		#[prost(uint32, optional, tag = "1")]
		pub(super) kind: Option<u32>,
		#[prost(bool, optional, tag = "2")]
		pub(super) is_null: Option<bool>,
		#[prost(oneof = "Property", tags = "3, 4, 5, 6, 7, 8")]
		pub(super) value: Option<Property>,
	}

	#[derive(Clone, PartialEq, Oneof)]
	pub(super) enum Property {
		#[prost(uint32, tag = "3")]
		Int(u32),
		#[prost(uint64, tag = "4")]
		Long(u64),
		#[prost(float, tag = "5")]
		Float(f32),
		#[prost(double, tag = "6")]
		Double(f64),
		#[prost(bool, tag = "7")]
		Boolean(bool),
		#[prost(string, tag = "8")]
		Text(String),
	}
}

/// What a reader takes.
#[derive(Clone, Copy)]
struct Measured {
	megabytes_per_second: f64,
	allocations_per_record: f64,
}

/// Measure a reader that returns how many records it has read.
fn measure(name: &str, input: &[u8], read: impl Fn(&[u8]) -> usize) -> Measured {
	let mut fastest = Duration::MAX;
	let mut allocations = 0;
	let mut records = 0;
	for _ in 0..RUNS {
		let before = ALLOCATIONS.load(Ordering::Relaxed);
		let start = Instant::now();
		records = black_box(read(black_box(input)));
		fastest = fastest.min(start.elapsed());
		allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
	}
	let megabytes = input.len() as f64 / 1e6;
	let measured = Measured {
		megabytes_per_second: megabytes / fastest.as_secs_f64(),
		allocations_per_record: allocations as f64 / records.max(1) as f64,
	};
	println!(
		"{name:<28} {megabytes:>7.2} MB {:>9.1} MB/s {:>9.0} records/ms {:>7.2} allocations/record",
		measured.megabytes_per_second,
		records as f64 / (fastest.as_secs_f64() * 1e3),
		measured.allocations_per_record,
	);
	measured
}

/// Measure a kept reader on the same input, and say how ours does beside it.
fn compare(ours: Measured, name: &str, input: &[u8], read: impl Fn(&[u8]) -> usize) {
	let theirs = measure(&format!("  beside {name}"), input, read);
	println!(
		"  ours: {:.2} times as fast, {:.2} allocations a record against {:.2}",
		ours.megabytes_per_second / theirs.megabytes_per_second,
		ours.allocations_per_record,
		theirs.allocations_per_record,
	);
}

fn senml_json() -> String {
	let mut pack =
		String::from("[{\"bn\":\"urn:dev:ow:10e2073a01080063:\",\"bt\":1.7e9,\"bu\":\"Cel\"}");
	for index in 0..RECORDS {
		pack.push_str(&format!(
			",{{\"n\":\"temperature\",\"u\":\"Cel\",\"t\":{index},\"v\":{}.25}}",
			index % 40
		));
	}
	pack.push(']');
	pack
}

fn senml_cbor() -> Vec<u8> {
	let mut pack = vec![0x9f];
	for index in 0..RECORDS {
		pack.extend(b"\xa4\x00\x6btemperature\x01\x63Cel\x06\x19");
		pack.extend(u16::try_from(index).unwrap_or(0).to_be_bytes());
		pack.extend(b"\x02\xfb");
		pack.extend((20.0 + (index % 100) as f64 / 8.0).to_be_bytes());
	}
	pack.push(0xff);
	pack
}

fn table() -> String {
	let mut table = String::from("time,temperature,humidity,pressure\n");
	for index in 0..RECORDS / 3 {
		let part = index % 40;
		table.push_str(&format!(
			"{},{part}.25,4{}.5,1013.{part}\n",
			1_700_000_000 + index,
			index % 10
		));
	}
	table
}

fn wide() -> csv::Layout {
	csv::Layout {
		time: Some(csv::TimeColumn {
			column: csv::Column::Name("time".to_owned()),
			form: csv::TimeForm::Seconds,
		}),
		shape: csv::Shape::Wide(Vec::new()),
		..csv::Layout::canonical()
	}
}

fn exposition() -> String {
	let mut text =
		String::from("# TYPE node_cpu_seconds counter\n# UNIT node_cpu_seconds seconds\n");
	for index in 0..RECORDS {
		text.push_str(&format!(
			"node_cpu_seconds_total{{mode=\"user\",cpu=\"{}\"}} {index}.125\n",
			index % 128
		));
	}
	text.push_str("# EOF\n");
	text
}

fn sparkplug(is_birth: bool, seq: u64) -> Payload {
	let metric = |index: usize| Metric {
		name: is_birth.then(|| format!("line/{index}/temperature")),
		alias: u64::try_from(index).ok(),
		timestamp: Some(NOW),
		datatype: Some(10),
		value: Some(MetricValue::Double(index as f64 / 8.0)),
		..Metric::default()
	};
	Payload { timestamp: Some(NOW), metrics: (0..RECORDS).map(metric).collect(), seq: Some(seq) }
}

fn datagram() -> Vec<u8> {
	let packet = "{\"time\":\"2013-03-31T16:21:17.528002Z\",\"tmst\":3512348611,\"chan\":2,\"rfch\":0,\
		\"freq\":866.349812,\"stat\":1,\"modu\":\"LORA\",\"datr\":\"SF7BW125\",\"codr\":\"4/6\",\
		\"rssi\":-35,\"lsnr\":5.1,\"size\":4,\"data\":\"AQIDBA==\"}";
	let json = format!("{{\"rxpk\":[{}]}}", vec![packet; 250].join(","));
	[&[2u8, 0x12, 0x34, 0, 1, 2, 3, 4, 5, 6, 7, 8][..], json.as_bytes()].concat()
}

fn measure_senml() {
	let json = senml_json();
	let ours = measure("SenML JSON", json.as_bytes(), |input| {
		senml::decode_json(input, NOW, &LIMITS).expect("a pack").len()
	});
	compare(ours, "serde_json::Value", json.as_bytes(), |input| {
		let pack: serde_json::Value = serde_json::from_slice(input).expect("JSON");
		pack.as_array().map_or(0, Vec::len)
	});
	let cbor = senml_cbor();
	let ours = measure("SenML CBOR", &cbor, |input| {
		senml::decode_cbor(input, NOW, &LIMITS).expect("a pack").len()
	});
	compare(ours, "ciborium::Value", &cbor, |input| {
		let pack: ciborium::Value = ciborium::from_reader(input).expect("CBOR");
		pack.as_array().map_or(0, Vec::len)
	});
	let records = senml::decode_json(json.as_bytes(), NOW, &LIMITS).expect("a pack");
	measure("SenML JSON, written", json.as_bytes(), |_| {
		black_box(senml::encode_json(&records).expect("SenML can carry it"));
		records.len()
	});
	let pack = senml::encode_cbor(&records).expect("SenML can carry it");
	measure("SenML CBOR, written", &pack, |_| {
		black_box(senml::encode_cbor(&records).expect("SenML can carry it"));
		records.len()
	});
}

fn measure_csv() {
	let (table, layout) = (table(), wide());
	let ours = measure("CSV, wide", table.as_bytes(), |input| {
		csv::decode(input, &layout, &LIMITS).expect("a table").len()
	});
	compare(ours, "the csv crate", table.as_bytes(), |input| {
		let mut reader = ::csv::Reader::from_reader(input);
		let fields = reader.records().map(|row| {
			let row = row.expect("a row");
			black_box(row.iter().filter_map(|field| field.parse::<f64>().ok()).sum::<f64>());
			row.len() - 1
		});
		fields.sum()
	});
}

fn measure_openmetrics() {
	let text = exposition();
	let ours = measure("OpenMetrics", text.as_bytes(), |input| {
		openmetrics::decode(input, Dialect::OpenMetrics, &LIMITS).expect("an exposition").len()
	});
	compare(ours, "prometheus-parse", text.as_bytes(), |input| {
		let lines = input.lines();
		prometheus_parse::Scrape::parse(lines).expect("an exposition").samples.len()
	});
}

fn measure_sparkplug() {
	let mut born = Session::new("plant", "press", LIMITS);
	let birth = sparkplug(true, 0).encode_to_vec();
	let topic = |text| Topic::parse(text).expect("a topic");
	let prost_alone =
		|input: &[u8]| plain::Payload::decode(input).expect("a message").metrics.len();
	let ours = measure("Sparkplug B, birth", &birth, |input| {
		let mut session = Session::new("plant", "press", LIMITS);
		session.handle(&topic("spBv1.0/plant/NBIRTH/press"), input, NOW).expect("a birth").len()
	});
	compare(ours, "prost", &birth, prost_alone);
	born.handle(&topic("spBv1.0/plant/NBIRTH/press"), &birth, NOW).expect("a birth");
	let data = sparkplug(false, 1).encode_to_vec();
	let ours = measure("Sparkplug B, data and copy", &data, |input| {
		// The copy puts the sequence back.
		let mut session = born.clone();
		session.handle(&topic("spBv1.0/plant/NDATA/press"), input, NOW).expect("data").len()
	});
	compare(ours, "prost", &data, prost_alone);
}

fn measure_semtech() {
	let datagram = datagram();
	let ours = measure("Semtech UDP", &datagram, |input| match semtech::decode(input, &LIMITS) {
		Ok((_, semtech::Datagram::PushData { push, .. })) => push.packets.len(),
		other => panic!("{other:?}"),
	});
	compare(ours, "serde_json::Value", &datagram, |input| {
		let json = input.get(HEADER..).expect("a header");
		let push: serde_json::Value = serde_json::from_slice(json).expect("JSON");
		push["rxpk"].as_array().map_or(0, Vec::len)
	});
}

fn main() {
	measure_senml();
	measure_csv();
	measure_openmetrics();
	measure_sparkplug();
	measure_semtech();
}
