//! The data API across networks, over real sockets, without a node.

use std::time::Duration;

use cairn_formats::{Limits, Record, csv, senml};
use cairn_types::{GatewayId, NetworkId};
use reqwest::Response as Answer;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::data_tests::{json, problem};
use crate::{
	clock::now_millis,
	gateway::testing::{CELL, DEVICE, Options, Served, anchor, impostor, periods, signed_in},
	protocol::{AnchorInfo, Problem, ReadingProof, ReadingStatus},
};

/// A gateway with three readings of two values each, taken from `first` on.
async fn gateway(options: Options, first: u64) -> Served {
	let network = options.network;
	let served = Served::made(options).await;
	let reading = |number: u64| {
		let temperature = 2_315 + i64::try_from(number).expect("small");
		let values = [Some(7), Some(temperature)];
		signed_in(network, DEVICE, number + 1, first + number, &values)
	};
	let results = served.send(&(0..3).map(reading).collect::<Vec<_>>()).await;
	assert!(results.iter().all(|result| result.status == ReadingStatus::Accepted), "{results:?}");
	served
}

/// A few seconds ago, but in this window, whatever the time is.
fn start() -> u64 {
	let now = now_millis();
	now.saturating_sub(5_000).max(periods().start_of(periods().window_at(now)))
}

/// Gateways of three networks, and what to ask the first for: it knows the others.
struct City {
	first: Served,
	others: [Served; 2],
	/// All times of readings.
	range: String,
}

impl City {
	async fn start() -> Self {
		let from = start();
		let others =
			[gateway(Options::of(5, 2), from).await, gateway(Options::of(4, 7), from).await];
		let peers = others.iter().map(|other| other.url("")).collect();
		let first = gateway(Options { peers, ..Options::of(3, 1) }, from).await;
		Self { first, others, range: range(from) }
	}

	fn path(&self, more: &str) -> String {
		format!("/v1/data?{}{more}", self.range)
	}

	async fn get(&self, more: &str) -> Answer {
		self.first.get(&self.path(more)).await
	}

	/// The rows of a page.
	async fn rows(&self, more: &str) -> Vec<Value> {
		let page = json(self.get(more).await).await;
		assert_eq!(page["complete"], true);
		page["rows"].as_array().expect("rows").clone()
	}
}

fn range(from: u64) -> String {
	format!("from={from}&to={}", from + 10_000)
}

/// Network and gateway of each row, without those that follow their like.
fn holders(rows: &[Value]) -> Vec<(u64, u64)> {
	let number = |row: &Value, field: &str| row[field].as_u64().expect("a number");
	let holders = rows.iter().map(|row| (number(row, "network"), number(row, "gateway")));
	let mut found = holders.collect::<Vec<_>>();
	found.dedup();
	found
}

fn field(answer: &Answer, name: &str) -> Option<String> {
	answer.headers().get(name).map(|value| value.to_str().expect("text").to_owned())
}

/// The page that an answer's link leads to.
fn next(answer: &Answer) -> Option<String> {
	let link = field(answer, "link")?;
	let (next, rest) = link.strip_prefix('<')?.split_once('>')?;
	assert_eq!(rest, "; rel=\"next\"");
	Some(next.to_owned())
}

/// All rows, from page to page.
async fn walk(served: &Served, path: String) -> Vec<Value> {
	let (mut path, mut rows) = (Some(path), Vec::new());
	while let Some(asked) = path {
		let answer = served.get(&asked).await;
		path = next(&answer);
		let page = json(answer).await;
		rows.extend(page["rows"].as_array().expect("rows").clone());
	}
	rows
}

#[tokio::test]
async fn one_gateway_answers_for_all_networks() {
	let city = City::start().await;
	let page = json(city.get("").await).await;
	let rows = page["rows"].as_array().expect("rows");
	assert_eq!(rows.len(), 18);
	assert_eq!(holders(rows), [(1, 3), (2, 5), (7, 4)]);
	let [second, third] = [0, 1].map(|place| city.others[place].url(""));
	let expected = json!([
		{ "gateway": 3, "network": 1, "rows": 6 },
		{ "gateway": 5, "network": 2, "url": second, "rows": 6 },
		{ "gateway": 4, "network": 7, "url": third, "rows": 6 },
	]);
	assert_eq!((&page["gateways"], &page["complete"]), (&expected, &json!(true)));
	// A peer's rows are as it says them.
	let own = json(city.others[0].get(&city.path("")).await).await;
	assert_eq!(rows[6..12], own["rows"].as_array().expect("rows")[..]);
}

#[tokio::test]
async fn every_format_has_the_rows_of_all_networks() {
	let city = City::start().await;
	let mut expected = Vec::new();
	for row in city.rows("").await {
		let (network, device, channel) = (&row["network"], &row["device"], &row["channel"]);
		expected.push(format!("cairn:{network}:{device}:{}", channel.as_str().expect("a name")));
	}
	let (limits, layout) = (Limits::default(), csv::Layout::canonical());
	for format in ["senml", "cbor", "csv"] {
		let answer = city.get(&format!("&format={format}")).await;
		assert_eq!(answer.status().as_u16(), 200);
		let urls = city.others.iter().map(|other| other.url("")).collect::<Vec<_>>();
		let about = format!(
			"gateway=3;network=1;rows=6, gateway=5;network=2;url=\"{}\";rows=6, \
			 gateway=4;network=7;url=\"{}\";rows=6",
			urls[0], urls[1]
		);
		assert_eq!(field(&answer, "cairn-gateways"), Some(about), "{format}");
		assert_eq!(field(&answer, "cairn-missing"), None);
		let body = answer.bytes().await.expect("a body");
		let records = match format {
			"senml" => senml::decode_json(&body, 0, &limits),
			"cbor" => senml::decode_cbor(&body, 0, &limits),
			_ => csv::decode(&body, &layout, &limits),
		};
		let records = records.expect("records");
		let names = records.iter().map(|record: &Record| record.name.clone());
		assert_eq!(names.collect::<Vec<_>>(), expected, "{format}");
	}
}

#[tokio::test]
async fn networks_are_chosen() {
	let city = City::start().await;
	for (more, expected) in [
		("&network=2", vec![(2, 5)]),
		("&network=7,1", vec![(1, 3), (7, 4)]),
		("&network=1", vec![(1, 3)]),
		("&scope=own", vec![(1, 3)]),
		("&scope=all", vec![(1, 3), (2, 5), (7, 4)]),
		("&device=9", vec![]),
		("&scope=own&network=1", vec![(1, 3)]),
	] {
		assert_eq!(holders(&city.rows(more).await), expected, "{more}");
	}
	assert_eq!(city.rows(&format!("&cell={CELL}&quantity=temperature")).await.len(), 9);
	for more in ["&network=9", "&network=1,9", "&network=2&scope=own"] {
		assert_eq!(problem(city.get(more).await).await, (404, "network_not_served".to_owned()));
	}
}

#[tokio::test]
async fn pages_add_up_whatever_their_size() {
	let city = City::start().await;
	let all = city.rows("").await;
	for limit in [1, 2, 4, 5, 6, 7, 11, 12, 13, 17, 18, 19] {
		let rows = walk(&city.first, city.path(&format!("&limit={limit}"))).await;
		assert_eq!(rows, all, "{limit}");
	}
	let some = walk(&city.first, city.path("&limit=5&network=7,2")).await;
	assert_eq!(some, all[6..]);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_question_and_gateways() {
	let city = City::start().await;
	let path = next(&city.get("&limit=8").await).expect("a next page");
	let (before, cursor) = path.split_once("&cursor=").expect("a cursor");
	let mut tampered = cursor.to_owned();
	tampered.replace_range(0..2, "02");
	assert_ne!(tampered, cursor);
	for path in [
		format!("{before}&cursor={tampered}"),
		format!("{before}&cursor={}", &cursor[2..]),
		format!("{before}&cursor={cursor}00"),
		format!("{before}&cursor={}", "0".repeat(2_000)),
		format!("{before}&network=1&cursor={cursor}"),
		format!("{before}&scope=own&cursor={cursor}"),
		format!("{before}&partial=allow&cursor={cursor}"),
	] {
		let answer = city.first.get(&path).await;
		assert_eq!(problem(answer).await, (400, "bad_cursor".to_owned()), "{path}");
	}
	// Others know other gateways.
	let alone = Options { peers: vec![city.others[0].url("")], ..Options::of(3, 1) };
	let alone = Served::made(alone).await;
	assert_eq!(problem(alone.get(&path).await).await, (400, "bad_cursor".to_owned()));
	assert_eq!(json(city.first.get(&path).await).await["rows"].as_array().map(Vec::len), Some(8));
}

#[tokio::test]
async fn gateways_that_know_each_other_do_not_ask_in_circles() {
	let from = start();
	let bind = || TcpListener::bind("127.0.0.1:0");
	let listeners = [bind().await.expect("a port"), bind().await.expect("a port")];
	let urls =
		listeners.each_ref().map(|one| format!("http://{}", one.local_addr().expect("bound")));
	let [first, second] = listeners;
	let options = |listener, peer: &str, gateway, network| Options {
		listener: Some(listener),
		peers: vec![peer.to_owned()],
		..Options::of(gateway, network)
	};
	let first = gateway(options(first, &urls[1], 3, 1), from).await;
	let second = gateway(options(second, &urls[0], 5, 2), from).await;
	let path = format!("/v1/data?{}", range(from));
	for (served, expected) in [(&first, [(1, 3), (2, 5)]), (&second, [(2, 5), (1, 3)])] {
		let page = json(served.get(&path).await).await;
		let rows = page["rows"].as_array().expect("rows");
		assert_eq!((rows.len(), holders(rows)), (12, expected.to_vec()));
	}
}

#[tokio::test]
async fn what_a_client_has_is_not_sent_again() {
	let city = City::start().await;
	let tag = field(&city.get("").await, "etag").expect("a tag");
	let url = city.first.url(&city.path(""));
	let again = city.first.client.get(url).header("if-none-match", &tag).send().await;
	let again = again.expect("an answer");
	assert_eq!((again.status().as_u16(), field(&again, "etag")), (304, Some(tag)));
	assert!(field(&again, "cairn-gateways").is_some());
}

#[tokio::test]
async fn a_proof_is_where_the_reading_was_sealed() {
	let city = City::start().await;
	let page = json(city.get("&network=2").await).await;
	let proof = page["rows"][0]["proof"].as_str().expect("a path").to_owned();
	let url = page["gateways"][0]["url"].as_str().expect("where it is").to_owned();
	let found = city.first.client.get(format!("{url}{proof}")).send().await.expect("an answer");
	let found = found.json::<ReadingProof>().await.expect("a proof");
	assert_eq!((found.gateway, found.reading.reading.network), (GatewayId(5), NetworkId(2)));

	// What a peer has is never taken for one's own.
	let peers = vec![city.others[0].url("")];
	let empty = Served::made(Options { peers, ..Options::of(3, 1) }).await;
	let rows = json(empty.get(&city.path("")).await).await;
	assert_eq!(rows["rows"].as_array().map(Vec::len), Some(6));
	assert_eq!(empty.app.store.note(DEVICE), Ok(None));
	assert_eq!(problem(empty.get(&proof).await).await, (404, "no_reading".to_owned()));
	let own = json(empty.get(&city.path("&scope=own")).await).await;
	assert_eq!((&own["rows"], &own["gateways"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn a_part_is_never_taken_for_the_whole() {
	let from = start();
	let other = gateway(Options::of(5, 2), from).await;
	let away = "http://127.0.0.1:9".to_owned();
	let peers = vec![away.clone(), other.url("")];
	let served = gateway(Options { peers, ..Options::of(3, 1) }, from).await;
	let path = |more: &str| format!("/v1/data?{}{more}", range(from));

	let answer = served.get(&path("")).await;
	assert_eq!(answer.status().as_u16(), 502);
	let refused = answer.json::<Problem>().await.expect("JSON");
	assert_eq!(refused.code, "peer_failed");
	assert!(refused.cause.contains(&away), "{}", refused.cause);
	// It may serve any network, as long as it has not said which.
	let code = problem(served.get(&path("&network=2")).await).await;
	assert_eq!(code, (502, "peer_failed".to_owned()));
	assert_eq!(json(served.get(&path("&scope=own")).await).await["complete"], true);

	// From the page on where its rows should be, to the last.
	let (mut asked, mut rows) = (Some(path("&partial=allow&limit=5")), Vec::new());
	while let Some(path) = asked {
		let answer = served.get(&path).await;
		asked = next(&answer);
		let missing = field(&answer, "cairn-missing");
		let page = json(answer).await;
		let more = page["rows"].as_array().expect("rows");
		// All of it is the gateway's own.
		let is_before = rows.len() + more.len() < 6;
		rows.extend(more.clone());
		if is_before {
			continue;
		}
		assert_eq!(missing, Some(format!("url=\"{away}\";code=peer_failed")));
		assert_eq!(page["complete"], false);
		let holders = page["gateways"].as_array().expect("gateways");
		let silent = holders.iter().find(|holder| holder["url"] == away.as_str()).expect("it");
		assert_eq!(
			(&silent["rows"], &silent["failure"]["code"]),
			(&json!(0), &json!("peer_failed"))
		);
	}
	assert_eq!((rows.len(), holders(&rows)), (12, vec![(1, 3), (2, 5)]));

	for format in ["senml", "cbor", "csv"] {
		let answer = served.get(&path(&format!("&partial=allow&format={format}"))).await;
		let missing = field(&answer, "cairn-missing").expect("a field");
		assert!(missing.contains(&away), "{missing}");
	}
}

#[tokio::test]
async fn a_restricted_network_stays_restricted() {
	let from = start();
	let closed = gateway(Options { restricted: true, ..Options::of(5, 2) }, from).await;
	let peers = vec![closed.url("")];
	let open = gateway(Options { peers, ..Options::of(3, 1) }, from).await;
	let path = |more: &str| format!("/v1/data?{}{more}", range(from));
	for more in ["", "&network=2", "&network=2,1"] {
		let answer = open.get(&path(more)).await;
		assert_eq!(problem(answer).await, (403, "restricted".to_owned()), "{more}");
	}
	assert_eq!(json(open.get(&path("&network=1")).await).await["complete"], true);
	let page = json(open.get(&path("&partial=allow")).await).await;
	assert_eq!(holders(page["rows"].as_array().expect("rows")), [(1, 3)]);
	assert_eq!(page["complete"], false);
	assert_eq!(page["gateways"][1]["failure"]["code"], "restricted");

	// A gateway that keeps its own readings may still ask others.
	let peers = vec![open.url("")];
	let keeper = Options { peers, restricted: true, ..Options::of(6, 4) };
	let keeper = gateway(keeper, from).await;
	for more in ["", "&network=4", "&scope=own&partial=allow"] {
		let answer = keeper.get(&path(more)).await;
		assert_eq!(problem(answer).await, (403, "restricted".to_owned()), "{more}");
	}
	let rows = json(keeper.get(&path("&network=1")).await).await;
	assert_eq!(rows["rows"].as_array().map(Vec::len), Some(6));
}

/// The code and cause of what a gateway answers that has this one peer.
async fn refusal(peer: String, more: &str) -> (u16, String, String) {
	let served = Served::made(Options { peers: vec![peer], ..Options::of(3, 1) }).await;
	let answer = served.get(&format!("/v1/data?{more}")).await;
	let status = answer.status().as_u16();
	let problem = answer.json::<Problem>().await.expect("JSON");
	(status, problem.code, problem.cause)
}

#[tokio::test]
async fn fails_when_a_peer_answers_what_it_cannot_have() {
	let from = start();
	let honest = gateway(Options::of(8, 8), from).await;
	let page = json(honest.get(&format!("/v1/data?{}&limit=1", range(from))).await).await;
	let whole = json!({ "rows": [page["rows"][0]] });
	// It is believed as long as it says what it may.
	let url = impostor(&anchor(), whole.to_string().into_bytes()).await;
	let served = Served::made(Options { peers: vec![url], ..Options::of(3, 1) }).await;
	let asked = format!("{}&channel=level&limit=2", range(from));
	let found = json(served.get(&format!("/v1/data?{asked}")).await).await;
	assert_eq!(found["rows"], whole["rows"]);

	for (pointer, value, words) in [
		("/rows/0/network", json!(1), "of another network"),
		("/rows/0/gateway", json!(3), "of another gateway"),
		("/rows/0/time", json!(from - 1), "not asked for"),
		("/rows/0/channel", json!("temperature"), "not asked for"),
		("/rows/0/value", json!(1e300), "of no reading"),
		("/rows/0/proof", json!("/v1/proof/1/4/2"), "of no reading"),
		("/rows/0/unit", json!("degrees"), "does not read"),
		("/rows/0/channel", json!("a".repeat(1_000_000)), "does not read"),
		("/rows", json!(vec![whole["rows"][0].clone(); 3]), "more rows"),
		("/rows", json!("none"), "does not read"),
	] {
		let mut lie = whole.clone();
		*lie.pointer_mut(pointer).expect(pointer) = value;
		let url = impostor(&anchor(), lie.to_string().into_bytes()).await;
		let (status, code, cause) = refusal(url.clone(), &asked).await;
		assert_eq!((status, code.as_str()), (502, "peer_failed"), "{pointer}: {cause}");
		assert!(cause.contains(words) && cause.contains(&url), "{pointer}: {cause}");
		assert!(cause.len() < 500, "{}", cause.len());
	}
	for next in [
		"http://127.0.0.1:9/v1/data?cursor=00".to_owned(),
		"/v1/readings".to_owned(),
		"/v1/data?cursor=0".to_owned(),
		format!("/v1/data?cursor={}", "0".repeat(258)),
	] {
		let lie = json!({ "rows": [], "next": next });
		let url = impostor(&anchor(), lie.to_string().into_bytes()).await;
		let (status, code, cause) = refusal(url, &asked).await;
		assert_eq!((status, code.as_str()), (502, "peer_failed"), "{next}: {cause}");
		assert!(cause.contains("something else"), "{cause}");
	}
	let partial = json!({ "rows": [], "complete": false });
	for (page, words) in [
		(partial.to_string().into_bytes(), "a part of"),
		(vec![b' '; 9 << 20], "more than"),
		(b"<html>".to_vec(), "does not read"),
	] {
		let url = impostor(&anchor(), page).await;
		let (status, code, cause) = refusal(url, &asked).await;
		assert_eq!((status, code.as_str()), (502, "peer_failed"), "{cause}");
		assert!(cause.contains(words), "{cause}");
	}
}

#[tokio::test]
async fn fails_when_a_peer_is_somebody_else() {
	let nothing = || json!({ "rows": [] }).to_string().into_bytes();
	for (anchor, words) in [
		(AnchorInfo { genesis: [1; 32], ..anchor() }, "another chain"),
		(AnchorInfo { gateway: GatewayId(3), ..anchor() }, "this gateway itself"),
	] {
		let (status, code, cause) = refusal(impostor(&anchor, nothing()).await, "").await;
		assert_eq!((status, code.as_str()), (502, "peer_failed"), "{cause}");
		assert!(cause.contains(words), "{cause}");
	}
	// The same under two addresses.
	let peers = vec![impostor(&anchor(), nothing()).await, impostor(&anchor(), nothing()).await];
	let served = Served::made(Options { peers, ..Options::of(3, 1) }).await;
	let answer = served.get("/v1/data").await.json::<Problem>().await.expect("JSON");
	assert!(answer.cause.contains("another peer"), "{}", answer.cause);
	let found = json(served.get("/v1/data?partial=allow").await).await;
	assert_eq!(found["gateways"].as_array().map(Vec::len), Some(1), "one is missing");
}

#[tokio::test]
async fn fails_when_a_peer_is_slow() {
	// The system takes the connection, and nobody the request.
	let deaf = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
	let url = format!("http://{}", deaf.local_addr().expect("bound"));
	let peer_timeout = Duration::from_millis(200);
	let peers = vec![url.clone()];
	let served = Served::made(Options { peers, peer_timeout, ..Options::of(3, 1) }).await;
	let answer = served.get("/v1/data").await;
	assert_eq!(answer.status().as_u16(), 504);
	let refused = answer.json::<Problem>().await.expect("JSON");
	assert_eq!(refused.code, "peer_late");
	assert!(refused.cause.contains(&url), "{}", refused.cause);
	let page = json(served.get("/v1/data?partial=allow").await).await;
	assert_eq!(page["gateways"][0]["failure"]["code"], "peer_late");
}

#[tokio::test]
async fn fails_when_too_many_ask() {
	let city = City::start().await;
	let busy = city.first.app.peers.permits.acquire_many(8).await.expect("open");
	assert_eq!(problem(city.get("").await).await, (503, "busy".to_owned()));
	assert_eq!(city.rows("&scope=own").await.len(), 6, "its own rows have their own limit");
	drop(busy);
	assert_eq!(city.rows("").await.len(), 18);
}
