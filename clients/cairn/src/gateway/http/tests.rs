//! The interface over a real socket, without a node.

use std::time::{Duration, Instant};

use cairn_telemetry::SignedReading;
use cairn_types::{NetworkId, SchemaId, schema::Values};
use codec::Encode;
use tokio::{io::AsyncWriteExt, net::TcpStream, task::yield_now, time::timeout};

use super::*;
use crate::{
	clock::now_millis,
	gateway::{
		deny::DenyArgs,
		testing::{
			DEVICE, GATEWAY, GENESIS, Options, Served, facts_of_many, schema, signed, signed_by,
			state, state_with_room_for,
		},
	},
	protocol::{AnchorInfo, OCTETS, ReadingStatus, ReadingsAnswer, SchemaInfo},
};

#[tokio::test]
async fn works_when_readings_are_sent_in_either_form() {
	let served = Served::start(Some(state()), 100).await;
	let now = now_millis();
	let results = served.send(&[signed(1, now), signed(2, now + 1)]).await;
	assert!(results.iter().all(|result| result.status == ReadingStatus::Accepted), "{results:?}");
	let body = vec![signed(2, now + 1), signed(3, now + 2)].encode();
	let request = served.client.post(served.url("/v1/readings")).header("content-type", OCTETS);
	let answer = request.body(body).send().await.expect("an answer");
	let results = answer.json::<ReadingsAnswer>().await.expect("JSON").results;
	let statuses = results.iter().map(|result| result.status).collect::<Vec<_>>();
	assert_eq!(statuses, [ReadingStatus::Duplicate, ReadingStatus::Accepted]);
	let note = served.app.store.note(DEVICE).expect("reads").expect("is there");
	assert_eq!((note.accepted, note.last.reading.sequence), (3, 3));
	let metrics = served.get("/metrics").await.text().await.expect("text");
	assert!(metrics.contains("cairn_gateway_readings_accepted_total 3"));
}

#[tokio::test]
async fn fails_when_readings_are_not_admissible() {
	let served = Served::start(Some(state()), 100).await;
	let now = now_millis();
	let mut forged = signed(1, now);
	forged.reading.values = Values::truncate_from(vec![Some(2)]);
	let mut network = signed(2, now);
	network.reading.network = NetworkId(7);
	let ahead = signed(3, now + 3_600_000);
	let results = served.send(&[forged, network, ahead]).await;
	let codes = results.iter().map(|result| result.code.as_deref()).collect::<Vec<_>>();
	assert_eq!(codes, [Some("bad_signature"), Some("wrong_network"), Some("future_dated")]);
	assert!(results.iter().all(|result| !result.retry && result.remedy.is_some()));
	assert_eq!(served.app.rejections.of(DEVICE).len(), 3);
	assert_eq!(served.app.store.note(DEVICE).expect("reads"), None);
}

#[tokio::test]
async fn fails_when_a_device_sends_too_much() {
	let served = Served::start(Some(state()), 2).await;
	let now = now_millis();
	let readings = (0..4).map(|n| signed(n + 1, now + n)).collect::<Vec<_>>();
	let results = served.send(&readings).await;
	let codes = results.iter().map(|result| result.code.as_deref()).collect::<Vec<_>>();
	assert_eq!(codes, [None, None, Some("rate_limited"), Some("rate_limited")]);
	assert!(results[2].retry && results[3].retry);
}

#[tokio::test]
async fn a_flood_leaves_every_device_its_place() {
	let state = state_with_room_for(3);
	let window = state.clock.now.window;
	let served = Served::start(Some(state), 100).await;
	served.app.registry.put(facts_of_many(window, &[DEVICE, DeviceId(5), DeviceId(6)]));
	let now = now_millis();
	let flood = (0..3).map(|n| signed(n + 1, now + n)).collect::<Vec<_>>();
	let results = served.send(&flood).await;
	let codes = results.iter().map(|result| result.code.as_deref()).collect::<Vec<_>>();
	assert_eq!(codes, [None, Some("over_share"), Some("over_share")]);
	assert!(!results[1].retry && results[1].remedy.is_some());
	for device in [5, 6] {
		let results = served.send(&[signed_by(DeviceId(device), 1, now, &[Some(1)])]).await;
		assert_eq!(results[0].status, ReadingStatus::Accepted, "{device}");
	}
	let results = served.send(&[signed(9, now + 9)]).await;
	assert_eq!(results[0].code.as_deref(), Some("window_full"));
	let metrics = served.get("/metrics").await.text().await.expect("text");
	assert!(metrics.contains("cairn_gateway_readings_rejected_total{code=\"over_share\"} 2"));
}

#[tokio::test]
async fn fails_when_the_operator_denies_the_device() {
	let deny = DenyArgs { deny: vec![DEVICE], ..DenyArgs::default() };
	let served = Served::made(Options { state: Some(state()), deny, ..Options::default() }).await;
	let results = served.send(&[signed(1, now_millis())]).await;
	assert_eq!(results[0].code.as_deref(), Some("denied"));
	assert!(!results[0].retry && results[0].remedy.is_some());
	assert_eq!(served.app.store.note(DEVICE).expect("reads"), None);
	assert_eq!(served.app.rejections.of(DEVICE), BTreeMap::from([(Refusal::Denied, 1)]));
	let metrics = served.get("/metrics").await.text().await.expect("text");
	assert!(metrics.contains("cairn_gateway_readings_rejected_total{code=\"denied\"} 1"));
}

#[tokio::test]
async fn fails_when_the_operator_denies_the_owner() {
	let owner = [7; 32];
	let deny = DenyArgs { deny_owner: vec![owner], ..DenyArgs::default() };
	let served = Served::made(Options { state: Some(state()), deny, ..Options::default() }).await;
	let now = now_millis();
	let results = served.send(&[signed(1, now)]).await;
	assert_eq!(results[0].status, ReadingStatus::Accepted, "nobody knows whose it is");
	served.app.registry.deny().learn(&[(DEVICE, owner)]);
	let results = served.send(&[signed(2, now + 1)]).await;
	assert_eq!(results[0].code.as_deref(), Some("denied"));
}

/// What the operator denies takes nobody's places.
#[tokio::test]
async fn shares_are_of_devices_that_are_not_denied() {
	let state = state_with_room_for(3);
	let window = state.clock.now.window;
	let deny = DenyArgs { deny: vec![DeviceId(5), DeviceId(6)], ..DenyArgs::default() };
	let served = Served::made(Options { state: Some(state), deny, ..Options::default() }).await;
	served.app.registry.put(facts_of_many(window, &[DEVICE, DeviceId(5), DeviceId(6)]));
	let now = now_millis();
	let readings = (0..4).map(|n| signed(n + 1, now + n)).collect::<Vec<_>>();
	let results = served.send(&readings).await;
	let codes = results.iter().map(|result| result.code.as_deref()).collect::<Vec<_>>();
	assert_eq!(codes, [None, None, None, Some("window_full")]);
}

#[tokio::test]
async fn fails_when_the_body_is_not_readings() {
	let served = Served::start(Some(state()), 100).await;
	let post = |kind: &'static str, body: Vec<u8>| {
		let request = served.client.post(served.url("/v1/readings")).header("content-type", kind);
		request.body(body).send()
	};
	for (kind, body, status) in [
		("application/json", b"{}".to_vec(), 400),
		(OCTETS, vec![0xff; 8], 400),
		(OCTETS, [Vec::<SignedReading>::new().encode(), vec![1]].concat(), 400),
		("text/plain", Vec::new(), 415),
	] {
		let answer = post(kind, body).await.expect("an answer");
		assert_eq!(answer.status().as_u16(), status, "{kind}");
		let problem = answer.json::<Problem>().await.expect("JSON");
		assert!(!problem.remedy.is_empty());
	}
}

#[tokio::test]
async fn others_are_served_while_bodies_trickle_in() {
	const SLOW: usize = 12;
	let served = Served::start(Some(state()), 100).await;
	let began = Instant::now();
	assert!(SLOW > served.app.ingest.available_permits());
	let mut connections = Vec::new();
	for _ in 0..SLOW {
		let mut stream = TcpStream::connect(served.address).await.expect("accepted");
		let head = "POST /v1/readings HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{";
		stream.write_all(head.as_bytes()).await.expect("is taken");
		connections.push(stream);
	}
	// Each of them has sent one byte.
	let all_begun = async {
		while served.app.bodies.available_permits() > BODIES - SLOW {
			yield_now().await;
		}
	};
	timeout(Duration::from_secs(120), all_begun).await.expect("all have begun");
	let results = served.send(&[signed(1, now_millis())]).await;
	assert_eq!(results[0].status, ReadingStatus::Accepted);
	// A machine that is busy for so long has given them up.
	let left = served.app.bodies.available_permits();
	assert!(left == BODIES - SLOW || began.elapsed() >= body::BODY_TIMEOUT, "they are still at it");
	drop(connections);
}

#[tokio::test]
async fn fails_when_too_many_bring_readings() {
	let served = Served::start(Some(state()), 100).await;
	let turns = served.app.ingest.acquire_many(4).await.expect("open");
	let post = || {
		let request = served.client.post(served.url("/v1/readings"));
		request.header("content-type", OCTETS).body(Vec::<SignedReading>::new().encode()).send()
	};
	let answer = post().await.expect("an answer");
	assert_eq!(answer.status().as_u16(), 503);
	assert!(answer.headers().contains_key("retry-after"));
	assert_eq!(answer.json::<Problem>().await.expect("JSON").code, "busy");
	drop(turns);
	assert_eq!(post().await.expect("an answer").status().as_u16(), 200);
}

#[tokio::test]
async fn works_when_a_device_asks_what_to_sign() {
	let served = Served::start(Some(state()), 100).await;
	let anchor = served.get("/v1/anchor").await.json::<AnchorInfo>().await.expect("JSON");
	assert_eq!((anchor.required, anchor.upcoming), ([5; 32], [6; 32]));
	assert_eq!((anchor.genesis, anchor.gateway), (GENESIS, GATEWAY));
	let info = served.get("/v1/schema").await.json::<SchemaInfo>().await.expect("JSON");
	assert_eq!(info, SchemaInfo { schema_id: SchemaId(2), schema: schema() });
	assert_eq!(served.get("/healthz").await.status().as_u16(), 200);
	let status = served.get("/v1/status").await.json::<serde_json::Value>().await.expect("JSON");
	assert_eq!(status["tick"], 7);
}

#[tokio::test]
async fn fails_when_the_chain_is_not_known_yet() {
	let served = Served::start(None, 100).await;
	for path in ["/v1/anchor", "/v1/schema", "/v1/status", "/healthz"] {
		let answer = served.get(path).await;
		assert_eq!(answer.status().as_u16(), 503, "{path}");
		assert!(answer.headers().contains_key("retry-after"));
	}
	let results = served.send(&[signed(1, now_millis())]).await;
	assert_eq!(results[0].code.as_deref(), Some("unsynced"));
	assert!(results[0].retry);
}

#[tokio::test]
async fn fails_when_a_batch_is_not_there() {
	let served = Served::start(Some(state()), 100).await;
	for path in [
		"/v1/gateways/3/batches/1/0/header",
		"/v1/gateways/4/batches/1/0/header",
		"/v1/gateways/3/batches/1/0/other",
		"/nothing",
	] {
		let answer = served.get(path).await;
		assert_eq!(answer.status().as_u16(), 404, "{path}");
		assert_eq!(answer.json::<Problem>().await.expect("JSON").code, "not_found");
	}
}

#[tokio::test]
async fn fails_when_too_many_ask_the_chain() {
	let served = Served::start(Some(state()), 100).await;
	let turns = served.app.questions.acquire_many(4).await.expect("open");
	let key = "00".repeat(32);
	for path in [
		format!("/v1/devices/by-key/ed25519/{key}"),
		"/v1/devices/4".into(),
		"/v1/devices/4/proof".into(),
	] {
		let answer = served.get(&path).await;
		assert_eq!(answer.status().as_u16(), 503, "{path}");
		assert!(answer.headers().contains_key("retry-after"));
		assert_eq!(answer.json::<Problem>().await.expect("JSON").code, "busy", "{path}");
	}
	drop(turns);
}

#[test]
fn strangers_do_not_crowd_out_the_devices_of_the_gateway() {
	let rejections = Rejections::default();
	let strangers = u64::try_from(KEPT_STRANGERS).expect("small") + 5;
	for device in 0..strangers {
		rejections.add(DeviceId(1_000 + device), false, Refusal::UnknownDevice);
	}
	assert!(rejections.of(DeviceId(1_000 + strangers - 1)).is_empty(), "one too many");
	rejections.add(DEVICE, true, Refusal::BadSignature);
	rejections.add(DEVICE, true, Refusal::BadSignature);
	assert_eq!(rejections.of(DEVICE), BTreeMap::from([(Refusal::BadSignature, 2)]));
	// Who is counted already is counted on.
	rejections.add(DeviceId(1_000), false, Refusal::UnknownDevice);
	assert_eq!(rejections.of(DeviceId(1_000)), BTreeMap::from([(Refusal::UnknownDevice, 2)]));
}
