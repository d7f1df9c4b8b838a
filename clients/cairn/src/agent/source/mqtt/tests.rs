//! What becomes of messages, without a broker. With one: the end-to-end tests.

use std::sync::{Mutex, PoisonError};

use super::*;
use crate::{
	agent::{left::Taken, plan::Input},
	mqtt::link::Receipt,
};

/// Keeps what it is given.
#[derive(Default)]
struct Kept {
	taken: Mutex<Vec<(String, Option<u64>)>>,
	left: Mutex<Vec<(Left, String)>>,
	trouble: Mutex<Vec<String>>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
	mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sink for Kept {
	fn take(&self, batch: &Batch<'_>) -> Taken {
		let topic = batch.topic.expect("a topic");
		let records = batch.records.iter();
		let named = records.map(|record| (format!("{topic} {}", record.name), record.time));
		lock(&self.taken).extend(named);
		Taken::default()
	}

	fn leave(&self, _: SourceId, left: Left, record: &str) {
		lock(&self.left).push((left, record.to_owned()));
	}

	fn inputs(&self, _: SourceId) -> Vec<Input> {
		Vec::new()
	}

	fn is_ready(&self, _: SourceId) -> bool {
		true
	}

	fn trouble(&self, _: SourceId, what: String) {
		lock(&self.trouble).push(what);
	}
}

fn settings(payload: Payload) -> Mqtt {
	Mqtt {
		address: Address { host: "127.0.0.1".to_owned(), port: 9, is_secure: false },
		version: Version::V5,
		client_id: None,
		username: None,
		password_file: None,
		ca_file: None,
		topics: vec![TopicFilter::new("#").expect("a filter")],
		payload,
		is_acknowledged: true,
		times: Times::Stated,
		is_persistent: false,
		rebirth: true,
	}
}

/// Let a reader read one message after the other.
fn read(settings: &Mqtt, messages: &[(&str, &[u8], bool)]) -> Kept {
	let kept = Kept::default();
	let session = settings.open(SourceId(0), "broker").expect("opens");
	let queue = Queue::default();
	let requests = &session.requests;
	let reader = Reader { id: SourceId(0), settings, requests, queue: &queue, sink: &kept };
	let mut nodes = Nodes::default();
	for (topic, payload, is_retained) in messages {
		let message = Message {
			topic: (*topic).to_owned(),
			payload: payload.to_vec(),
			is_retained: *is_retained,
			receipt: Receipt(None),
		};
		reader.read(&message, &mut nodes);
	}
	kept
}

/// Names of what was taken.
fn names(kept: &Kept) -> Vec<String> {
	lock(&kept.taken).iter().map(|(name, _)| name.clone()).collect()
}

const PACK: &[u8] =
	br#"[{"n":"a","v":1,"t":1700000000},{"n":"b","v":2,"t":0},{"n":"c","v":3,"t":-5}]"#;

#[test]
fn works_when_senml_comes() {
	let kept = read(&settings(Payload::Json), &[("roof", PACK, false)]);
	assert_eq!(names(&kept), ["roof a", "roof b", "roof c"]);
	let cbor = [0x81, 0xa2, 0x00, 0x61, b'a', 0x02, 0x01];
	let kept = read(&settings(Payload::Cbor), &[("roof", &cbor, false)]);
	assert_eq!(names(&kept), ["roof a"]);
}

#[test]
fn of_a_retained_message_only_dated_records_count() {
	let kept = read(&settings(Payload::Json), &[("roof", PACK, true)]);
	let expected = [("roof a".to_owned(), Some(1_700_000_000_000))];
	assert_eq!(lock(&kept.taken).as_slice(), expected);
	let expected = [(Left::Retained, "b".to_owned()), (Left::Retained, "c".to_owned())];
	assert_eq!(lock(&kept.left).as_slice(), expected);
	let undated = Mqtt { times: Times::Arrival, ..settings(Payload::Json) };
	let kept = read(&undated, &[("roof", PACK, true)]);
	assert_eq!((names(&kept).len(), lock(&kept.left).len()), (0, 3));
}

#[test]
fn fails_when_a_message_cannot_be_read() {
	for (payload, topic) in [
		(Payload::Json, "roof"),
		(Payload::Cbor, "roof"),
		(Payload::Sparkplug, "roof"),
		(Payload::Sparkplug, "spBv1.0/water/NDATA/pump"),
	] {
		let kept = read(&settings(payload), &[(topic, b"{", false)]);
		let trouble = lock(&kept.trouble);
		assert!(trouble.len() == 1 && trouble[0].contains(topic), "{payload:?}: {trouble:?}");
		assert!(names(&kept).is_empty());
	}
}

#[test]
fn what_sparkplug_retains_is_left_out() {
	let topic = "spBv1.0/water/NBIRTH/pump";
	let kept = read(&settings(Payload::Sparkplug), &[(topic, &[], true)]);
	assert_eq!(lock(&kept.left).as_slice(), [(Left::Retained, topic.to_owned())]);
	assert!(lock(&kept.trouble).is_empty());
}

#[test]
fn fails_when_the_files_are_missing() {
	let directory = tempfile::tempdir().expect("a temporary directory");
	let missing = Some(directory.path().join("missing"));
	let address = Address { is_secure: true, ..settings(Payload::Json).address };
	for (source, says) in [
		(Mqtt { address, ca_file: missing.clone(), ..settings(Payload::Json) }, "missing"),
		(
			Mqtt {
				username: Some("agent".to_owned()),
				password_file: missing,
				..settings(Payload::Json)
			},
			"missing",
		),
	] {
		let error = source.open(SourceId(0), "broker").err().expect("refused").to_string();
		assert!(error.contains(says) && error.contains("broker"), "{error}");
	}
}

#[tokio::test]
async fn a_broker_that_is_away_is_tried_again() {
	let kept = Kept::default();
	let session = settings(Payload::Json).open(SourceId(0), "broker").expect("opens");
	let tried = async {
		while lock(&kept.trouble).len() < 2 {
			sleep(Duration::from_millis(10)).await;
		}
	};
	tokio::select! {
		() = session.run(&kept) => panic!("it goes on"),
		() = tried => {},
		() = sleep(Duration::from_secs(120)) => panic!("not in time"),
	}
	assert!(lock(&kept.trouble)[0].contains("127.0.0.1:9"));
}
