//! The data API over a real socket, without a node.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use cairn_formats::{Limits, csv, senml};
use cairn_telemetry::{
	Account, AccountV1, Data as LeafData, DataV1, Header, HeaderV1, Leaf, SignedReading, Sums,
	header_hash, store as tree,
};
use cairn_types::{DeviceId, DeviceKey, Periods, SchemaId, Window};
use codec::{Decode, Encode};
use reqwest::Response as Answer;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::{
	clock::now_millis,
	gateway::{
		chain_state::ChainState,
		data::fault::DataFault,
		shares::Shares,
		store::{Incoming, Keep, Limits as StoreLimits, SealedWindow, Store},
		testing::{
			CELL, DEVICE, GATEWAY, GENESIS, Options, Served, pair, periods, signed_by, state,
			state_of_two,
		},
	},
	protocol::{Problem, ReadingProof, ReadingStatus},
};

/// A gateway with three readings of two values each, a few seconds old.
async fn served() -> (Served, Vec<SignedReading>) {
	let served = Served::start(Some(state_of_two()), 100).await;
	let readings = send(&served).await;
	(served, readings)
}

async fn send(served: &Served) -> Vec<SignedReading> {
	let first = now_millis() - 5_000;
	let reading = |number: u64| {
		let temperature = 2_315 + i64::try_from(number).expect("small");
		signed_by(DEVICE, number + 1, first + number * 1_000, &[Some(7), Some(temperature)])
	};
	let readings = (0..3).map(reading).collect::<Vec<_>>();
	let results = served.send(&readings).await;
	assert!(results.iter().all(|result| result.status == ReadingStatus::Accepted), "{results:?}");
	readings
}

pub(super) async fn json(answer: Answer) -> Value {
	assert_eq!(answer.status().as_u16(), 200);
	assert_eq!(answer.headers()["content-type"], "application/json");
	answer.json().await.expect("JSON")
}

pub(super) async fn problem(answer: Answer) -> (u16, String) {
	let status = answer.status().as_u16();
	let problem = answer.json::<Problem>().await.expect("JSON");
	assert!(!problem.remedy.is_empty() && !problem.cause.is_empty());
	(status, problem.code)
}

#[tokio::test]
async fn every_fault_is_met_by_a_request() {
	let (served, _) = served().await;
	let mut codes = BTreeSet::new();
	for (path, fault) in [
		("/v1/proof/x/1/1", DataFault::BadPath),
		("/v1/proof/1/1/-1", DataFault::BadPath),
		("/v1/devices/4294967296x", DataFault::BadPath),
		("/v1/data?colour=red", DataFault::UnknownParameter),
		("/v1/proof/1/1/1?colour=red", DataFault::UnknownParameter),
		("/v1/sensorthings?colour=red", DataFault::UnknownParameter),
		("/v1/data?limit=1&limit=2", DataFault::RepeatedParameter),
		("/v1/data?device=x", DataFault::BadParameter),
		("/v1/devices/4/proof?slot=x", DataFault::BadParameter),
		("/v1/data?from=noon", DataFault::BadTime),
		("/v1/data?from=0", DataFault::RangeTooLong),
		("/v1/data?quantity=warmth", DataFault::UnknownQuantity),
		("/v1/data?cell=ff", DataFault::BadRegion),
		("/v1/data?limit=10001", DataFault::BadLimit),
		("/v1/data?cursor=00", DataFault::BadCursor),
		("/v1/sensorthings/Observations?$skiptoken=00", DataFault::BadCursor),
		("/v1/sensorthings/Things?$skiptoken=4", DataFault::BadCursor),
		("/v1/data?format=xml", DataFault::BadFormat),
		("/v1/data?network=2", DataFault::NetworkNotServed),
		("/v1/proof/1/1/1", DataFault::NoReading),
		("/v1/sensorthings/Sensors", DataFault::NoEntity),
		("/v1/sensorthings/Things(5)", DataFault::NoEntity),
		("/v1/sensorthings/Things(5)/Datastreams", DataFault::NoEntity),
		("/v1/sensorthings/Things(5)/Locations", DataFault::NoEntity),
		("/v1/sensorthings/Locations(5)", DataFault::NoEntity),
		("/v1/sensorthings/Locations(5)/Things", DataFault::NoEntity),
		("/v1/sensorthings/Datastreams('4-2-2')", DataFault::NoEntity),
		("/v1/sensorthings/Datastreams('4-9-0')", DataFault::NoEntity),
		("/v1/sensorthings/Datastreams('5-2-0')/Observations", DataFault::NoEntity),
		("/v1/sensorthings/Observations('1-4-1-0')", DataFault::NoEntity),
		("/v1/sensorthings/Observations('1-4-1-0')/Datastream", DataFault::NoEntity),
		("/v1/sensorthings/Things?$expand=Datastreams", DataFault::UnsupportedOption),
		("/v1/sensorthings/Things(4)?$top=1", DataFault::UnsupportedOption),
		("/v1/sensorthings/Things?$filter=id%20eq%201", DataFault::UnsupportedOption),
		("/v1/sensorthings/Observations?$filter=result%20gt%205", DataFault::BadFilter),
		("/v1/sensorthings/Things?$top=1001", DataFault::BadPaging),
		("/v1/sensorthings/Things?$skip=-1", DataFault::BadPaging),
		("/v1/sensorthings/Observations?$skip=100001", DataFault::BadPaging),
	] {
		let (status, code) = problem(served.get(path).await).await;
		assert_eq!((status, code.as_str()), (fault.status(), fault.code()), "{path}");
		codes.insert(code);
	}
	let request = served.client.get(served.url("/v1/data")).header("accept", "image/png");
	let (status, code) = problem(request.send().await.expect("an answer")).await;
	assert_eq!(status, 406);
	codes.insert(code);

	let busy = served.app.data.permits.acquire_many(4).await.expect("open");
	for path in ["/v1/data", "/v1/sensorthings/Things", "/v1/sensorthings/Datastreams('4-2-0')"] {
		let answer = served.get(path).await;
		assert!(answer.headers().contains_key("retry-after"));
		assert_eq!(problem(answer).await, (503, "busy".to_owned()), "{path}");
	}
	codes.insert("busy".to_owned());
	drop(busy);

	let restricted = Served::with(Some(state_of_two()), 100, true).await;
	send(&restricted).await;
	for path in [
		"/v1/data",
		"/v1/proof/1/1/1",
		"/v1/sensorthings/Observations",
		"/v1/sensorthings/Observations('1-4-1-0')",
		"/v1/sensorthings/Observations('1-4-1-0')/Datastream",
		"/v1/sensorthings/Datastreams('4-2-0')/Observations",
	] {
		let answer = restricted.get(path).await;
		assert_eq!(problem(answer).await, (403, "restricted".to_owned()), "{path}");
	}
	codes.insert("restricted".to_owned());
	// What it has is no secret, only what it reads.
	json(restricted.get("/v1/sensorthings/Things(4)").await).await;

	let away = vec!["http://127.0.0.1:9".to_owned()];
	let away = Served::made(Options { peers: away, ..Options::of(3, 1) }).await;
	assert_eq!(problem(away.get("/v1/data").await).await, (502, "peer_failed".to_owned()));
	codes.insert("peer_failed".to_owned());
	// The system takes the connection, and nobody the request.
	let deaf = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
	let url = format!("http://{}", deaf.local_addr().expect("bound"));
	let peer_timeout = Duration::from_millis(200);
	let options = Options { peers: vec![url], peer_timeout, ..Options::of(3, 1) };
	let late = Served::made(options).await;
	assert_eq!(problem(late.get("/v1/data").await).await, (504, "peer_late".to_owned()));
	codes.insert("peer_late".to_owned());

	let all = DataFault::ALL.iter().map(|fault| fault.code().to_owned());
	assert_eq!(codes, all.collect::<BTreeSet<_>>());
}

#[tokio::test]
async fn fails_when_a_path_takes_no_such_request() {
	let (served, _) = served().await;
	for path in ["/v1/data", "/v1/sensorthings/Things", "/v1/proof/1/1/1", "/v1/status"] {
		let answer = served.client.post(served.url(path)).send().await.expect("an answer");
		assert_eq!(answer.headers()["allow"], "GET,HEAD");
		assert_eq!(problem(answer).await, (405, "wrong_method".to_owned()), "{path}");
	}
}

#[tokio::test]
async fn fails_when_the_chain_is_not_known_yet() {
	let served = Served::start(None, 100).await;
	for path in ["/v1/data", "/v1/proof/1/1/1", "/v1/sensorthings/Things"] {
		let answer = served.get(path).await;
		assert_eq!(problem(answer).await, (503, "unsynced".to_owned()), "{path}");
	}
	// What needs no chain is there.
	json(served.get("/v1/openapi.json").await).await;
	json(served.get("/v1/sensorthings").await).await;
}

#[tokio::test]
async fn fails_when_a_schema_cannot_be_learnt() {
	let (served, _) = served().await;
	let forgetful = ChainState { schemas: Vec::new(), ..state_of_two() };
	served.states.send_replace(Some(Arc::new(forgetful)));
	for path in
		["/v1/data", "/v1/sensorthings/Datastreams", "/v1/sensorthings/Datastreams('4-2-0')"]
	{
		let answer = served.get(path).await;
		assert_eq!(problem(answer).await, (503, "unsynced".to_owned()), "{path}");
	}
	// Once learnt, it stays.
	served.states.send_replace(Some(Arc::new(state_of_two())));
	json(served.get("/v1/data").await).await;
	served.states.send_replace(Some(Arc::new(ChainState { schemas: Vec::new(), ..state() })));
	json(served.get("/v1/data").await).await;
}

#[tokio::test]
async fn works_when_rows_are_asked_for_in_each_format() {
	let (served, readings) = served().await;
	let text = served.get("/v1/data").await.text().await.expect("text");
	assert!(text.contains("\"value\":23.15,"), "exact: {text}");
	let rows = serde_json::from_str::<Value>(&text).expect("JSON");
	let rows = rows["rows"].as_array().expect("rows");
	assert_eq!(rows.len(), 6);
	let time = readings[0].reading.time;
	let window = periods().window_at(time);
	let expected = serde_json::json!({
		"gateway": 3,
		"network": 1,
		"device": 4,
		"sequence": 1,
		"time": time,
		"channel": "temperature",
		"quantity": "temperature",
		"unit": "Cel",
		"value": 23.15,
		"stage": "accepted",
		"cell": CELL,
		"proof": format!("/v1/proof/{window}/4/1"),
	});
	assert_eq!(rows[1], expected);

	let request =
		served.client.get(served.url("/v1/data")).header("accept", "application/senml+json");
	let answer = request.send().await.expect("an answer");
	assert_eq!(answer.headers()["content-type"], "application/senml+json");
	let pack = answer.bytes().await.expect("a body");
	let records = senml::decode_json(&pack, 0, &Limits::default()).expect("SenML");
	let answer = served.get("/v1/data?format=csv").await;
	assert_eq!(answer.headers()["content-type"], "text/csv");
	let table = answer.bytes().await.expect("a body");
	let layout = csv::Layout::canonical();
	assert_eq!(csv::decode(&table, &layout, &Limits::default()), Ok(records.clone()));
	let request =
		served.client.get(served.url("/v1/data")).header("accept", "application/senml+cbor");
	let answer = request.send().await.expect("an answer");
	assert_eq!(answer.headers()["content-type"], "application/senml+cbor");
	let pack = answer.bytes().await.expect("a body");
	assert_eq!(senml::decode_cbor(&pack, 0, &Limits::default()), Ok(records.clone()));
	let names = records.iter().map(|record| (record.name.as_str(), record.time));
	let names = names.collect::<Vec<_>>();
	let times = readings.iter().map(|signed| Some(signed.reading.time));
	let expected =
		times.flat_map(|time| [("cairn:1:4:level", time), ("cairn:1:4:temperature", time)]);
	assert_eq!(names, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn works_when_rows_are_chosen() {
	let (served, readings) = served().await;
	let time = readings[1].reading.time;
	for (query, count) in [
		("network=1", 6),
		("quantity=temperature", 3),
		("quantity=temperature,dimensionless", 6),
		("quantity=pressure", 0),
		("channel=level", 3),
		("device=4", 6),
		("device=5", 0),
		("stage=accepted", 6),
		("stage=sealed", 0),
		("cell=8c2a1072b59adff", 6),
		("cell=8c2a1072b59adff&resolution=3", 6),
		("cell=852a1073fffffff", 6),
		("cell=851fb467fffffff", 0),
	] {
		let answer = json(served.get(&format!("/v1/data?{query}")).await).await;
		assert_eq!(answer["rows"].as_array().expect("rows").len(), count, "{query}");
	}
	let query = format!("/v1/data?from={time}&to={}", time + 1);
	let answer = json(served.get(&query).await).await;
	assert_eq!(answer["rows"].as_array().expect("rows").len(), 2);
	assert_eq!((&answer["from"], &answer["to"]), (&time.into(), &(time + 1).into()));
}

#[tokio::test]
async fn pages_lead_from_one_to_the_next() {
	let (served, _) = served().await;
	let all = json(served.get("/v1/data").await).await;
	for format in ["json", "senml", "cbor", "csv"] {
		let (mut path, mut pages) = (format!("/v1/data?limit=4&format={format}"), 0);
		let mut rows = Vec::new();
		loop {
			let answer = served.get(&path).await;
			pages += 1;
			let link =
				answer.headers().get("link").map(|link| link.to_str().expect("text").to_owned());
			if format == "json" {
				let page = json(answer).await;
				rows.extend(page["rows"].as_array().expect("rows").clone());
				let next = page["next"].as_str().map(|next| format!("<{next}>; rel=\"next\""));
				assert_eq!(next, link);
			}
			let Some(link) = link else { break };
			let (next, _) = link.trim_start_matches('<').split_once('>').expect("a link");
			path = next.to_owned();
		}
		assert_eq!(pages, 2, "{format}");
		if format == "json" {
			assert_eq!(rows, *all["rows"].as_array().expect("rows"));
		}
	}
}

#[tokio::test]
async fn what_a_client_has_is_not_sent_again() {
	let (served, readings) = served().await;
	let (from, to) = (readings[0].reading.time, readings[2].reading.time + 1);
	let data = format!("/v1/data?from={from}&to={to}");
	let proof = format!("/v1/proof/{}/4/1", periods().window_at(from));
	for path in [data.as_str(), &proof, "/v1/openapi.json", "/v1/sensorthings/Things"] {
		let tag = served.get(path).await.headers()["etag"].to_str().expect("text").to_owned();
		let ask = |tag: String| {
			let request = served.client.get(served.url(path)).header("if-none-match", tag);
			async move { request.send().await.expect("an answer") }
		};
		let answer = ask(tag.clone()).await;
		let same = answer.headers()["etag"].to_str().ok();
		assert_eq!((answer.status().as_u16(), same), (304, Some(tag.as_str())));
		assert!(answer.bytes().await.expect("no body").is_empty());
		assert_eq!(ask("\"0\"".to_owned()).await.status().as_u16(), 200, "{path}");
	}
}

/// Seal the window of some readings of [`DEVICE`] as slot 0; only what a proof needs is true.
fn seal(store: &Store, window: Window, last: &SignedReading) -> Header {
	let leaf = Leaf {
		account: Account::V1(AccountV1 {
			device: DEVICE,
			schema: SchemaId(2),
			sequence: last.reading.sequence,
			time: last.reading.time,
			open: Default::default(),
			settled: 0,
			totals: Default::default(),
		}),
		data: LeafData::V1(DataV1::default()),
	};
	let mut ledger = store.ledger(None).expect("a ledger");
	let previous_root = ledger.root().expect("a root");
	let pieces = ledger.pieces(&[0]).expect("pieces");
	let ledger_root = tree::update(&mut ledger, [(0, leaf.hash(0))]).expect("an update");
	let header = HeaderV1 {
		attempt: 2,
		previous_root,
		ledger_root,
		transition_root: [0; 32],
		sums: Sums::default(),
		payload_root: [0; 32],
		payload_size: 1,
		rules: 1,
	};
	let sealed = SealedWindow {
		window,
		header: header.clone(),
		payload: vec![7],
		pieces,
		nodes: ledger.into_changes(),
		leaves: vec![(0, leaf)],
		dropped: Vec::new(),
	};
	store.commit_seal(&sealed).expect("a commit");
	Header::V1(header)
}

#[tokio::test]
async fn a_proof_leads_to_the_header_that_the_chain_has() {
	let served = Served::start(Some(state_of_two()), 100).await;
	// All three in one window, whatever the time is.
	let Periods { slot_millis, window_slots, .. } = periods();
	let length = slot_millis * u64::from(window_slots);
	let start = now_millis() / length * length;
	let readings = (0..3).map(|n| signed_by(DEVICE, n + 1, start + n, &[Some(7), None]));
	let readings = readings.collect::<Vec<_>>();
	served.send(&readings).await;
	let window = periods().window_at(start);
	let get = |sequence: u64| {
		let path = format!("/v1/proof/{window}/4/{sequence}");
		let served = &served;
		async move { served.get(&path).await.json::<ReadingProof>().await.expect("JSON") }
	};
	let proof = get(1).await;
	assert_eq!((proof.stage.as_str(), proof.batch, proof.leaf), ("accepted", None, None));
	assert_eq!((&proof.reading, proof.key), (&readings[0], DeviceKey::Ed25519(public())));
	assert!(proof.reading.verify(&proof.genesis, &proof.key));

	let header = seal(&served.app.store, window, &readings[2]);
	let proof = get(1).await;
	let batch = proof.batch.expect("a batch");
	assert_eq!((proof.stage.as_str(), proof.leaf), ("sealed", None), "another one is newest");
	assert_eq!((batch.attempt, batch.hash), (2, header_hash(&GENESIS, GATEWAY, window, &header)));
	let bytes = hex::decode(batch.header.trim_start_matches("0x")).expect("hex");
	assert_eq!(Header::decode(&mut bytes.as_slice()), Ok(header.clone()));
	assert_eq!(bytes, header.encode());
	let payload = served.get(&batch.payload.expect("it has not matured")).await;
	assert_eq!(payload.bytes().await.expect("a body").to_vec(), [7]);
	let leaf = get(3).await.leaf.expect("it is the newest");
	let root = leaf.proof.root(leaf.slot, &leaf.leaf.hash(leaf.slot));
	assert_eq!(root, Ok(header.latest().ledger_root));

	served.app.store.prune(window, Keep { from: 0, readings: 10 }).expect("prunes");
	let proof = get(3).await;
	let batch = proof.batch.expect("a batch");
	assert_eq!((proof.stage.as_str(), batch.payload), ("matured", None));
	assert!(proof.leaf.is_some(), "the matured ledger is kept");
	let query = format!("/v1/data?from={start}&to={}&stage=matured", start + 3);
	let rows = json(served.get(&query).await).await;
	assert_eq!(rows["rows"].as_array().expect("rows").len(), 3);
	assert_eq!(rows["rows"][0]["stage"], "matured");

	served.app.store.prune(window, Keep { from: window + 1, readings: 10 }).expect("prunes");
	let answer = served.get(&format!("/v1/proof/{window}/4/3")).await;
	assert_eq!(problem(answer).await, (404, "no_reading".to_owned()));
}

fn public() -> sp_core::ed25519::Public {
	use sp_core::Pair;

	pair().public()
}

/// The entities of a set, all pages of it.
async fn entities(served: &Served, path: &str) -> Vec<Value> {
	let (mut path, mut found) = (path.to_owned(), Vec::new());
	loop {
		let page = json(served.get(&path).await).await;
		found.extend(page["value"].as_array().expect("a list").clone());
		match page["@iot.nextLink"].as_str() {
			Some(next) => path = next.to_owned(),
			None => return found,
		}
	}
}

#[tokio::test]
async fn the_view_of_sensorthings_leads_from_things_to_values() {
	let (served, readings) = served().await;
	let sets = entities(&served, "/v1/sensorthings").await;
	let names = sets.iter().map(|set| set["name"].as_str().expect("a name"));
	let names = names.collect::<Vec<_>>();
	assert_eq!(names, ["Things", "Locations", "Datastreams", "ObservedProperties", "Observations"]);

	let things = entities(&served, sets[0]["url"].as_str().expect("a path")).await;
	assert_eq!(things.len(), 1);
	let follow = |entity: &Value, link: &str| {
		let path = entity[format!("{link}@iot.navigationLink")].as_str().expect(link).to_owned();
		let served = &served;
		async move { json(served.get(&path).await).await }
	};
	let thing = &things[0];
	assert_eq!((&thing["@iot.id"], &thing["name"]), (&4.into(), &"cairn:1:4".into()));
	let places = follow(thing, "Locations").await;
	let location = &places["value"][0];
	assert_eq!((&location["name"], &location["location"]["type"]), (&CELL.into(), &"Point".into()));
	let coordinates = &location["location"]["coordinates"];
	assert!(coordinates[0].as_f64() < Some(-74.0) && coordinates[1].as_f64() > Some(40.0));
	assert_eq!(follow(location, "Things").await["value"][0], *thing);

	let streams = follow(thing, "Datastreams").await["value"].as_array().expect("a list").clone();
	assert_eq!(streams.len(), 2);
	let stream = &streams[1];
	assert_eq!(
		(&stream["@iot.id"], &stream["name"]),
		(&"4-2-1".into(), &"cairn:1:4:temperature".into())
	);
	assert_eq!(stream["unitOfMeasurement"]["symbol"], "Cel");
	assert_eq!(follow(stream, "Thing").await, *thing);
	let property = follow(stream, "ObservedProperty").await;
	assert_eq!(property["@iot.id"], "temperature");
	assert_eq!(follow(&property, "Datastreams").await["value"][0], *stream);

	let values = follow(stream, "Observations").await["value"].as_array().expect("a list").clone();
	let results = values.iter().map(|value| value["result"].as_f64());
	assert_eq!(results.collect::<Vec<_>>(), [Some(23.15), Some(23.16), Some(23.17)]);
	assert_eq!(values[0]["parameters"]["sequence"], 1);
	assert_eq!(follow(&values[0], "Datastream").await, *stream);
	for entity in [thing, location, stream, &property, &values[1]] {
		let own = entity["@iot.selfLink"].as_str().expect("a path");
		assert_eq!(json(served.get(own).await).await, *entity, "{own}");
	}
	let proof = values[2]["parameters"]["proof"].as_str().expect("a path");
	let proof = served.get(proof).await.json::<ReadingProof>().await.expect("JSON");
	assert_eq!(proof.reading, readings[2]);
}

#[tokio::test]
async fn the_view_of_sensorthings_comes_in_pages() {
	let (served, readings) = served().await;
	for (path, count) in [
		("/v1/sensorthings/Things", 1),
		("/v1/sensorthings/Locations", 1),
		("/v1/sensorthings/Datastreams", 2),
		("/v1/sensorthings/ObservedProperties", 58),
		("/v1/sensorthings/ObservedProperties('temperature')/Datastreams", 1),
		("/v1/sensorthings/ObservedProperties('pressure')/Datastreams", 0),
		("/v1/sensorthings/Observations", 6),
		("/v1/sensorthings/Datastreams('4-2-0')/Observations", 3),
	] {
		let all = entities(&served, path).await;
		assert_eq!(all.len(), count, "{path}");
		for top in [1, 2, 3, 1_000] {
			assert_eq!(entities(&served, &format!("{path}?$top={top}")).await, all, "{path} {top}");
		}
		let rest = entities(&served, &format!("{path}?$top=2&$skip=1")).await;
		assert_eq!(rest, all.get(1..).unwrap_or_default(), "{path}");
		let far = entities(&served, &format!("{path}?$skip=100000")).await;
		assert!(far.is_empty(), "{path}");
		let none = json(served.get(&format!("{path}?$top=0")).await).await;
		assert_eq!(none, serde_json::json!({ "value": [] }));
	}
	for (path, count) in [
		("/v1/sensorthings/Things?$skiptoken=4-0", 1),
		("/v1/sensorthings/Things?$skiptoken=5-0", 0),
		("/v1/sensorthings/Locations?$skiptoken=5-0", 0),
		("/v1/sensorthings/Datastreams?$top=1&$skiptoken=4-1", 1),
		("/v1/sensorthings/Things(4)/Datastreams?$skiptoken=4-1", 1),
	] {
		assert_eq!(entities(&served, path).await.len(), count, "{path}");
	}
	let time = |number: usize| readings[number].reading.time;
	for (filter, count) in [
		(format!("phenomenonTime ge {}", time(1)), 4),
		(format!("phenomenonTime gt {} and phenomenonTime le {}", time(0), time(1)), 2),
		(format!("phenomenonTime lt {}", time(0)), 0),
	] {
		let path = format!("/v1/sensorthings/Observations?$top=1&$filter={filter}");
		assert_eq!(entities(&served, &path.replace(' ', "%20")).await.len(), count, "{filter}");
	}
}

#[tokio::test]
async fn pages_that_end_early_add_up_and_leave_out_what_they_should() {
	let options = Options { state: Some(state_of_two()), steps: 1, ..Options::default() };
	let served = Served::made(options).await;
	let readings = send(&served).await;
	for path in [
		"/v1/sensorthings/Things",
		"/v1/sensorthings/Locations",
		"/v1/sensorthings/Datastreams",
		"/v1/sensorthings/Observations",
		"/v1/sensorthings/Datastreams('4-2-0')/Observations",
	] {
		let all = entities(&served, path).await;
		for (top, skip) in (0..=7).flat_map(|skip| [1, 2, 100].map(|top| (top, skip))) {
			let rest = entities(&served, &format!("{path}?$top={top}&$skip={skip}")).await;
			assert_eq!(rest, all.get(skip..).unwrap_or_default(), "{path} {top} {skip}");
		}
	}
	let all = entities(&served, "/v1/sensorthings/Observations").await;
	assert_eq!(all.len(), 6);
	let from = format!("$filter=phenomenonTime%20ge%20{}", readings[1].reading.time);
	let rest = entities(&served, &format!("/v1/sensorthings/Observations?$skip=3&{from}")).await;
	assert_eq!(rest, all[5..]);

	let (mut path, mut rows) = ("/v1/data".to_owned(), 0);
	loop {
		let page = json(served.get(&path).await).await;
		rows += page["rows"].as_array().expect("rows").len();
		let Some(next) = page["next"].as_str() else { break };
		path = next.to_owned();
	}
	assert_eq!(rows, 6);
}

#[tokio::test]
async fn a_device_elsewhere_is_in_no_location() {
	let (served, _) = served().await;
	let moved = Served::start(Some(state_of_two()), 100).await;
	// Stored as of another device, of which nobody knows where it is.
	let note = served.app.store.note(DEVICE).expect("reads").expect("is there");
	let other = signed_by(DeviceId(6), 1, note.last.reading.time, &[Some(1), None]);
	let incoming =
		Incoming { window: note.window, signed: other, key: DeviceKey::Ed25519(public()) };
	let limits = StoreLimits { readings: 9, bytes: 9_999 };
	let taken = moved
		.app
		.store
		.ingest(vec![vec![incoming]], limits, &mut Shares::default())
		.expect("the store works");
	assert!(taken[0][0].is_ok());
	assert!(entities(&moved, "/v1/sensorthings/Things(6)/Locations").await.is_empty());
	assert!(entities(&moved, "/v1/sensorthings/Locations").await.is_empty());
	let answer = moved.get("/v1/sensorthings/Locations(6)").await;
	assert_eq!(problem(answer).await, (404, "no_entity".to_owned()));
	let rows = json(moved.get("/v1/data?device=6").await).await;
	assert_eq!(rows["rows"][0].get("cell"), None);
}

#[tokio::test]
async fn a_move_leaves_values_where_they_were_taken() {
	const ELSEWHERE: &str = "8c1fb46741ae9ff";
	let state = state_of_two();
	let window = state.clock.now.window;
	let start = periods().start_of(window);
	let served = Served::start(Some(state), 100).await;
	let store = &served.app.store;
	let incoming = [(1, start - 1), (2, start)].map(|(sequence, time)| Incoming {
		window: periods().window_at(time),
		signed: signed_by(DEVICE, sequence, time, &[Some(7), None]),
		key: DeviceKey::Ed25519(public()),
	});
	let limits = StoreLimits { readings: 9, bytes: 9_999 };
	let taken = store
		.ingest(vec![incoming.to_vec()], limits, &mut Shares::default())
		.expect("the store works");
	assert!(taken[0].iter().all(Result::is_ok), "{taken:?}");

	// It moves with the window's beginning, and back with the next one's.
	let (here, there) = (CELL.parse().expect("a cell"), ELSEWHERE.parse().expect("a cell"));
	let told = vec![(window, there), (window + 1, here)];
	assert_eq!(store.learn(&[(DEVICE, told)]), Ok(1));
	let rows = async |query: &str| {
		let path = format!("/v1/data?from={}&to={}{query}", start - 1, start + 1);
		let page = json(served.get(&path).await).await;
		let rows = page["rows"].as_array().expect("rows").iter();
		let row = |row: &Value| (row["sequence"].as_u64(), row["cell"].as_str().map(str::to_owned));
		rows.map(row).collect::<Vec<_>>()
	};
	let (first, second) = ((Some(1), Some(CELL.to_owned())), (Some(2), Some(ELSEWHERE.to_owned())));
	assert_eq!(rows("").await, [first.clone(), second.clone()]);
	assert_eq!(rows(&format!("&cell={CELL}&resolution=5")).await, [first]);
	assert_eq!(rows(&format!("&cell={ELSEWHERE}&device=4")).await, [second]);

	let locations = entities(&served, "/v1/sensorthings/Locations").await;
	assert_eq!(locations[0]["name"], ELSEWHERE, "where it is now");
	let values = entities(&served, "/v1/sensorthings/Observations").await;
	let cells = values.iter().map(|value| &value["parameters"]["cell"]).collect::<Vec<_>>();
	assert_eq!(cells, [CELL, ELSEWHERE]);
}
