//! Gateways that do as they like, and what a reader of many has all the same: over real sockets, without a
//! node. A test's stranger is listed first, a gateway that is as it should be after it.

use std::{
	convert::Infallible,
	sync::{
		Arc,
		atomic::{AtomicUsize, Ordering},
	},
	time::Duration,
};

use axum::{
	Json, Router,
	body::Body,
	http::{StatusCode, Uri, header},
	response::{IntoResponse, Response},
};
use cairn_geo::Cell;
use cairn_types::{DeviceId, GatewayId, NetworkId};
use futures::{future::join_all, stream};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::sleep};

use super::{
	answer::Answer,
	ask::{Question, ask_all, tests::gateway},
	doubt::Doubt,
	gateways::{Gateway, Listed, Listing, Manner},
	heard::Check,
	prove::Inclusion,
	row::Row,
	verify::{Proved, Verdict, Verifier},
};
use crate::{
	gateway::{
		data::query::{Filter, Place},
		store::Position,
		testing::{CELL, GATEWAY, GENESIS, anchor},
	},
	owner::{OwnerError, outside::Bounds},
};

/// Who a stranger says that it is.
const STRANGER: GatewayId = GatewayId(8);
/// Nobody checks.
const UNCHECKED: Option<Verifier> = None;

/// What a stranger is asked for.
#[derive(Clone, Copy)]
struct Wanted {
	/// So many rows at most.
	limit: u64,
	/// From the one of this number on.
	first: u64,
	/// Read at this time or later.
	from: u64,
}

impl Wanted {
	/// A row of this number, such as it may answer.
	fn row(self, number: u64) -> Value {
		json!({
			"gateway": STRANGER,
			"network": 8,
			"device": 1,
			"sequence": number,
			"time": self.from,
			"channel": "temperature",
			"quantity": "temperature",
			"unit": "Cel",
			"value": 23.15,
			"stage": "sealed",
			"proof": format!("/v1/proof/1/1/{number}"),
		})
	}
}

/// A server that answers as it likes.
struct Stranger {
	url: String,
	/// How many requests have come.
	asked: Arc<AtomicUsize>,
}

impl Stranger {
	/// One that answers everything by `answer`.
	async fn start(answer: impl Fn(&Uri) -> Response + Clone + Send + Sync + 'static) -> Self {
		let asked = Arc::new(AtomicUsize::new(0));
		let count = asked.clone();
		let router = Router::new().fallback(move |uri: Uri| {
			count.fetch_add(1, Ordering::Relaxed);
			let answer = answer(&uri);
			async move { answer }
		});
		let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
		let url = format!("http://{}", listener.local_addr().expect("bound"));
		tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
		Self { url, asked }
	}

	/// One that says who it is, and answers for pages by `page`.
	async fn with_pages(page: impl Fn(Wanted) -> Response + Clone + Send + Sync + 'static) -> Self {
		Self::start(move |uri| {
			if uri.path() == "/v1/anchor" {
				return Json(anchor()).into_response();
			}
			let number =
				|name: &str| parameter(uri, name).and_then(|text| text.parse::<u64>().ok());
			let [limit, from] =
				["limit", "from"].map(|name| number(name).expect("it is asked for"));
			let place = parameter(uri, "cursor").and_then(Place::of_cursor);
			let first = place.map_or(0, |place| place.position.sequence);
			page(Wanted { limit, first, from })
		})
		.await
	}

	fn asked(&self) -> usize {
		self.asked.load(Ordering::Relaxed)
	}

	fn listed(&self) -> Listed {
		Listed { id: Some(STRANGER), network: Some(NetworkId(8)), url: self.url.clone() }
	}
}

fn parameter<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
	let mut parameters = uri.query()?.split('&').filter_map(|text| text.split_once('='));
	parameters.find(|(found, _)| *found == name).map(|(_, value)| value)
}

/// A page that leads to the row of this number.
fn page(rows: Vec<Value>, next: u64) -> Value {
	let position = Position { window: 1, device: DeviceId(1), sequence: next };
	let cursor = Filter::default().cursor(Place { position, channel: 0 });
	json!({ "rows": rows, "next": format!("/v1/data?cursor={cursor}") })
}

/// A stranger that always has as many values as it is asked for.
async fn endless() -> Stranger {
	Stranger::with_pages(|wanted| {
		let last = wanted.first + wanted.limit;
		let rows = (wanted.first..last).map(|number| wanted.row(number));
		Json(page(rows.collect(), last)).into_response()
	})
	.await
}

/// Ask a stranger, and after it a gateway with six values.
async fn ask_both<C: Check>(
	stranger: &Stranger,
	change: impl FnOnce(&mut Question),
	check: C,
) -> Answer {
	let (running, mut question) = gateway().await;
	question.gateways.clear();
	change(&mut question);
	let other = Listed { id: Some(GATEWAY), network: Some(NetworkId(1)), url: running.url("") };
	let listed = vec![stranger.listed(), other];
	let manner = Manner { genesis: Some(GENESIS), bounds: Bounds::Anywhere, time: question.time };
	ask_listed(listed, &question, manner, check).await
}

async fn ask_listed<C: Check>(
	listed: Vec<Listed>,
	question: &Question,
	manner: Manner,
	check: C,
) -> Answer {
	let answer = Answer::new(question.filter.clone(), None);
	let listing = Listing { listed, left_out: 0 };
	let answer = ask_all(answer, listing, question, manner, check, 1_000);
	Box::pin(answer).await.expect("an answer")
}

/// How many values of the stranger and of the other one there are, in the answer's order.
fn counts(answer: &Answer) -> (usize, usize) {
	let first = answer.rows.iter().take_while(|found| found.gateway == STRANGER).count();
	let second = answer.rows.iter().skip(first).filter(|found| found.gateway == GATEWAY).count();
	assert_eq!(first + second, answer.rows.len(), "one gateway after the other");
	(first, second)
}

/// What is told of the stranger: causes and remedies are complete.
fn failure(answer: &Answer) -> String {
	assert!(answer.asked[1].error.is_none(), "the other one is as it should be");
	let error = answer.asked[0].error.as_ref().expect("the stranger is not").to_string();
	let (cause, _) = error.split_once("\n  Remedy: ").expect("a remedy");
	assert!(answer.to_string().contains(cause), "{answer}");
	error
}

#[tokio::test]
async fn pages_without_values_end() {
	let stranger =
		Stranger::with_pages(|wanted| Json(page(Vec::new(), wanted.first + 1)).into_response())
			.await;
	let answer = ask_both(&stranger, |_| {}, UNCHECKED).await;
	assert_eq!(counts(&answer), (0, 6));
	assert!(failure(&answer).contains("has no value on 256 pages"), "{answer}");
	assert_eq!(stranger.asked(), 258, "who it is, and a page more than it may have");
	let error = answer.ensure_sound().expect_err("one has failed").to_string();
	assert!(error.contains(&stranger.url) && error.contains("Remedy: ask for less"), "{error}");
}

#[tokio::test]
async fn pages_without_values_lead_on() {
	for next in [0, 4, 5] {
		let stranger = Stranger::with_pages(move |wanted| {
			let next = if wanted.first == 0 { 5 } else { next };
			Json(page(Vec::new(), next)).into_response()
		})
		.await;
		let answer = ask_both(&stranger, |_| {}, UNCHECKED).await;
		assert_eq!(counts(&answer), (0, 6));
		assert!(failure(&answer).contains("from page to page without end"), "{answer}");
		assert_eq!(stranger.asked(), 3, "{next}");
	}
}

/// A page that comes late.
fn late(page: &Value, after: Duration) -> Response {
	let text = page.to_string();
	let late = stream::once(async move {
		sleep(after).await;
		Ok::<_, Infallible>(text)
	});
	Body::from_stream(late).into_response()
}

#[tokio::test]
async fn who_is_slow_has_an_end() {
	let slowly = |bytes: &'static [u8]| {
		let bytes = stream::unfold(bytes, |rest| async move {
			sleep(Duration::from_millis(100)).await;
			let (byte, rest) = rest.split_first().unwrap_or((&b' ', &[]));
			Some((Ok::<_, Infallible>(vec![*byte]), rest))
		});
		Body::from_stream(bytes).into_response()
	};
	// A document that never ends, byte by byte.
	let trickling = Stranger::with_pages(move |_| slowly(b"{\"rows\":[")).await;
	// Pages that lead on and on, each in good time.
	let leading = Stranger::with_pages(|wanted| {
		late(&page(Vec::new(), wanted.first + 1), Duration::from_millis(100))
	})
	.await;
	// Pages of values, each of which takes longer than its values are worth.
	let filling = Stranger::with_pages(|wanted| {
		let last = wanted.first + wanted.limit.min(200);
		let rows = (wanted.first..last).map(|number| wanted.row(number));
		late(&page(rows.collect(), last), Duration::from_secs(3))
	})
	.await;
	// Long enough for the other one on a busy machine, and less than one answer may take.
	let brief = |question: &mut Question| {
		question.time = Duration::from_secs(8);
		question.most = 2_000;
	};
	let strangers = [&trickling, &leading, &filling];
	let asking = strangers.map(|stranger| ask_both(stranger, brief, UNCHECKED));
	for answer in join_all(asking).await {
		// Whole pages, of who has values, and less than his share.
		let (kept, others) = counts(&answer);
		assert_eq!((kept % 200, others), (0, 6));
		assert!(kept < 1_000, "{kept}");
		let error = failure(&answer);
		assert!(error.contains("in the time that it has"), "{error}");
		assert!(error.contains("Remedy: ask for less at once"), "{error}");
	}
}

#[tokio::test]
async fn who_has_much_leaves_the_others_their_shares() {
	let stranger = endless().await;
	for (most, expected) in [(1, (1, 0)), (2, (1, 1)), (8, (4, 4)), (9, (5, 4)), (20, (14, 6))] {
		let answer = ask_both(&stranger, |question| question.most = most, UNCHECKED).await;
		assert_eq!(counts(&answer), expected, "{most}");
		assert!(!answer.is_whole && answer.asked.iter().all(|asked| asked.error.is_none()));
	}
}

/// Stands for everything but for what this doubts.
#[derive(Clone)]
struct Doubting(fn(&Gateway, &Row) -> Option<Doubt>);

impl Check for Doubting {
	async fn check(
		&mut self,
		gateway: &Gateway,
		_: &Filter,
		rows: &[Row],
	) -> Result<Vec<Option<Verdict>>, OwnerError> {
		let verdict = |row: &Row| -> Verdict {
			let proved = Proved {
				gateway: row.gateway,
				window: 1,
				attempt: 0,
				header_hash: [7; 32],
				attested_in: None,
				by: Inclusion::Ledger,
			};
			match (self.0)(gateway, row) {
				Some(doubt) => Err(doubt.into()),
				None => Ok(proved),
			}
		};
		Ok(rows.iter().map(verdict).map(Some).collect())
	}
}

#[tokio::test]
async fn what_is_not_proved_takes_nobodys_place() {
	let stranger = endless().await;
	let lies = Doubting(|gateway, _| (gateway.id == STRANGER).then_some(Doubt::NotInBatch));
	for (most, expected) in [(2, (1, 2)), (6, (3, 6)), (8, (4, 6)), (20, (10, 6))] {
		let answer = ask_both(&stranger, |question| question.most = most, lies.clone()).await;
		assert_eq!(counts(&answer), expected, "{most}");
		assert_eq!(answer.doubts().get(&Doubt::NotInBatch), Some(&expected.0));
		assert!(answer.ensure_sound().is_err());
	}
}

#[tokio::test]
async fn what_honest_gateways_have_too_ends_no_share() {
	let empty = Stranger::with_pages(|_| Json(json!({ "rows": [] })).into_response()).await;
	let one = Doubting(|gateway, row| {
		let is_first = row.sequence == 1 && row.channel == "level";
		(gateway.id == GATEWAY && is_first).then_some(Doubt::LeftOut)
	});
	let answer = ask_both(&empty, |question| question.most = 6, one).await;
	assert_eq!(counts(&answer), (0, 6));
	assert_eq!(answer.doubts().get(&Doubt::LeftOut), Some(&1));

	// Whose values the chain stands for comes first, and nobody answers more than is wanted in all.
	let stranger = endless().await;
	let early = Doubting(|gateway, _| (gateway.id == STRANGER).then_some(Doubt::NotSealed));
	for (most, expected) in [(2, (1, 2)), (6, (3, 6)), (8, (8, 6)), (20, (20, 6))] {
		let answer = ask_both(&stranger, |question| question.most = most, early.clone()).await;
		assert_eq!(counts(&answer), expected, "{most}");
		assert_eq!(answer.doubts().get(&Doubt::NotSealed), Some(&expected.0));
	}
}

#[tokio::test]
async fn no_value_comes_twice() {
	// Once on a page, and on the next one again.
	let repeating = Stranger::with_pages(|wanted| {
		Json(page(vec![wanted.row(7)], wanted.first + 1)).into_response()
	})
	.await;
	let twice = Stranger::with_pages(|wanted| {
		Json(json!({ "rows": [wanted.row(7), wanted.row(7)] })).into_response()
	})
	.await;
	for (stranger, kept) in [(repeating, 1), (twice, 0)] {
		let answer = ask_both(&stranger, |_| {}, UNCHECKED).await;
		assert_eq!(counts(&answer), (kept, 6));
		assert!(failure(&answer).contains("with one value more than once"), "{answer}");
	}
}

#[tokio::test]
async fn nobodys_rows_pass_for_others() {
	for (field, value, cause) in [
		("gateway", json!(GATEWAY), "of another gateway"),
		("network", json!(1), "of another network"),
		("time", json!(5), "not asked for"),
		("proof", json!("/v1/proof/1/1/9"), "of no reading"),
	] {
		let stranger = Stranger::with_pages(move |wanted| {
			let mut wrong = wanted.row(1);
			wrong[field] = value.clone();
			Json(json!({ "rows": [wanted.row(0), wrong] })).into_response()
		})
		.await;
		let answer = ask_both(&stranger, |_| {}, UNCHECKED).await;
		assert_eq!(counts(&answer), (0, 6), "{field}");
		assert!(failure(&answer).contains(cause), "{answer}");
	}

	// Rows of no place, where one was asked for.
	let region = CELL.parse::<Cell>().expect("a cell").parent(7).ok();
	let inside = |question: &mut Question| question.filter.region = region;
	let answer = ask_both(&endless().await, inside, UNCHECKED).await;
	assert_eq!(counts(&answer), (0, 6));
	assert!(failure(&answer).contains("not asked for"), "{answer}");

	// Of another network than the chain has for it.
	let (running, question) = gateway().await;
	let named = Listed::named(&running.url(""));
	let listed = Listed { id: Some(GATEWAY), network: Some(NetworkId(8)), ..named };
	let manner = Manner { genesis: None, bounds: Bounds::Anywhere, time: question.time };
	let question = Question { gateways: Vec::new(), networks: vec![NetworkId(8)], ..question };
	let answer = ask_listed(vec![listed], &question, manner, UNCHECKED).await;
	let error = answer.asked[0].error.as_ref().expect("it is not").to_string();
	assert!(answer.rows.is_empty() && error.contains("lists network 8"), "{error}");
}

#[tokio::test]
async fn nobody_is_led_elsewhere() {
	let target = endless().await;
	let location = format!("{}/v1/anchor?reboot=1", target.url);
	let stranger = Stranger::start(move |_| {
		(StatusCode::FOUND, [(header::LOCATION, location.clone())]).into_response()
	})
	.await;
	let answer = ask_both(&stranger, |_| {}, UNCHECKED).await;
	assert_eq!(counts(&answer), (0, 6));
	assert!(failure(&answer).contains("answers 302 Found"), "{answer}");
	assert_eq!((stranger.asked(), target.asked()), (1, 0));
}

#[tokio::test]
async fn nobody_is_led_into_the_own_network() {
	let (running, question) = gateway().await;
	let question = Question { gateways: Vec::new(), ..question };
	let stranger = endless().await;
	let port = stranger.url.rsplit_once(':').expect("a port").1;
	let urls = [
		stranger.url.clone(),
		format!("http://localhost:{port}"),
		format!("http://[::ffff:127.0.0.1]:{port}"),
		format!("http://127.0.0.1:{port}/x?reboot=1&y="),
		format!("http://127.0.0.1:{port}/#"),
		format!("http://name@localhost:{port}"),
	];
	let listed = urls.map(|url| Listed { id: Some(STRANGER), ..Listed::named(&url) });
	let manner = Manner { genesis: Some(GENESIS), bounds: Bounds::Public, time: question.time };
	let answer = ask_listed(listed.to_vec(), &question, manner, UNCHECKED).await;
	let errors = answer.asked.iter().filter_map(|asked| asked.error.as_ref());
	let errors = errors.map(ToString::to_string).collect::<Vec<_>>();
	assert_eq!(errors.len(), listed.len());
	let (private, none) = errors.split_at(3);
	for error in private {
		assert!(error.contains("not a public address"), "{error}");
		assert!(error.contains("--allow-private"), "{error}");
	}
	for error in none {
		assert!(error.contains("cannot be asked") && error.contains("Remedy: "), "{error}");
	}
	assert_eq!(stranger.asked(), 0);

	// Whoever is named is asked wherever it is.
	let named = vec![Listed::named(&running.url(""))];
	let answer = ask_listed(named, &question, manner, UNCHECKED).await;
	assert_eq!(counts(&answer), (0, 6));
}
