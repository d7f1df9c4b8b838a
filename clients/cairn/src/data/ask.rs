//! Putting one question to many gateways, or through one to those that it knows.

use std::collections::{BTreeMap, BTreeSet};

use cairn_chain::Chain;
use cairn_types::{GatewayId, Hash32, NetworkId};
use futures::{StreamExt, stream};

use super::{
	answer::{Answer, Asked, Found},
	doubt::{Doubt, Doubted},
	gateways::{Gateway, Listed, MOST, of_chain, of_id},
	part::{self, Part},
	row::Row,
	verify::{Verdict, Verifier, first_line},
};
use crate::{
	gateway::data::query::{Filter, Reach},
	owner::{OwnerError, served::Served},
};

/// Gateways that are asked at once.
const AT_ONCE: usize = 8;
/// Rows of a page.
const PAGE: usize = 1_000;
/// Most pages of one gateway: pages may be empty, and not the last.
const PAGES: usize = 10_000;

/// What is asked, of whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
	/// Which values.
	pub(crate) filter: Filter,
	/// Of these networks; of all, if there is none.
	pub(crate) networks: Vec<NetworkId>,
	/// Addresses of gateways; all that the chain lists, if there is none.
	pub(crate) gateways: Vec<String>,
	/// Address of the one gateway that is asked for all that it knows, instead.
	pub(crate) through: Option<String>,
	/// Most rows in all.
	pub(crate) most: usize,
	/// Whether each value is checked against the chain.
	pub(crate) verify: bool,
}

/// What a gateway has answered.
struct Heard {
	gateway: Gateway,
	rows: Vec<Row>,
	/// Whether it has no more.
	is_whole: bool,
}

/// Ask.
///
/// - `chain`: needed where no gateway is named, and to check.
///
/// # Errors
/// If there is nobody to ask, a gateway that is named does not answer, or the node does not. That one
/// of the chain's gateways does not answer is a part of the answer.
pub(crate) async fn ask(chain: Option<&Chain>, question: &Question) -> Result<Answer, OwnerError> {
	ask_by_pages(chain, question, PAGE).await
}

/// [`ask`], with pages of this many rows.
async fn ask_by_pages(
	chain: Option<&Chain>,
	question: &Question,
	page: usize,
) -> Result<Answer, OwnerError> {
	let (genesis, mut verifier) = match chain {
		Some(chain) if question.verify => {
			(Some(chain.genesis().await?), Some(Box::pin(Verifier::new(chain)).await?))
		},
		Some(chain) => (Some(chain.genesis().await?), None),
		None => (None, None),
	};
	if let Some(url) = &question.through {
		let gateway = Listed::named(url).meet(genesis).await?;
		return Box::pin(ask_through(chain, question, gateway, verifier, page)).await;
	}
	let listed = listed(chain, question).await?;
	let heard = listed.into_iter().map(|listed| async move {
		let heard = Box::pin(hear(&listed, genesis, question, page)).await;
		(listed, heard)
	});
	let heard = stream::iter(heard).buffered(AT_ONCE).collect::<Vec<_>>();
	let mut answer = Answer::new(question.filter.clone(), verifier.as_ref().map(Verifier::at));
	for (listed, heard) in Box::pin(heard).await {
		match heard {
			Ok(Some(heard)) => {
				let left = question.most.saturating_sub(answer.rows.len());
				let heard = heard.cut(left);
				Box::pin(add(&mut answer, heard, verifier.as_mut(), &question.filter)).await?;
			},
			// Not of a network that was asked for.
			Ok(None) => {},
			// Somebody named it, and wants its answer.
			Err(error) if listed.id.is_none() => return Err(error),
			Err(error) => answer.asked.push(Asked::silent(&listed, error)),
		}
	}
	Ok(answer)
}

/// The gateways to ask.
async fn listed(chain: Option<&Chain>, question: &Question) -> Result<Vec<Listed>, OwnerError> {
	if !question.gateways.is_empty() {
		return Ok(question.gateways.iter().map(|url| Listed::named(url)).collect());
	}
	match chain {
		Some(chain) => Box::pin(of_chain(chain, &question.networks)).await,
		None => Err(OwnerError::usage(
			"no gateway is named, and no node that lists them",
			"give --gateway URL, or --node URL",
		)),
	}
}

/// Ask one gateway; `None` if it serves none of the networks.
async fn hear(
	listed: &Listed,
	genesis: Option<Hash32>,
	question: &Question,
	page: usize,
) -> Result<Option<Heard>, OwnerError> {
	let gateway = listed.meet(genesis).await?;
	if !question.networks.is_empty() && !question.networks.contains(&gateway.network) {
		return Ok(None);
	}
	// Its peers are asked themselves.
	let reach = Reach { own: true, partial: false };
	let (rows, is_whole) =
		rows(&gateway.served, &question.filter, reach, question.most, page).await?;
	Ok(Some(Heard { gateway, rows, is_whole }))
}

/// All rows of a gateway, page by page, but no more than `most`; and whether these are all. None comes
/// twice: its proof would hold for each of them.
async fn rows(
	served: &Served,
	filter: &Filter,
	reach: Reach,
	most: usize,
	page: usize,
) -> Result<(Vec<Row>, bool), OwnerError> {
	let (mut rows, mut cursor, mut seen) = (Vec::new(), None::<String>, BTreeSet::new());
	for _ in 0..PAGES {
		let part = part::ask(served, filter, reach, page, cursor.as_deref()).await;
		let Part { rows: more, next, is_complete } =
			part.map_err(|trouble| served.error(trouble))?;
		if !is_complete {
			return Err(served.odd("answers a part, where the whole was asked for"));
		}
		for row in &more {
			let reading = (row.gateway, row.window(), row.device, row.sequence);
			if !seen.insert((reading, row.channel.clone())) {
				return Err(served.odd("answers with one value more than once"));
			}
		}
		rows.extend(more);
		if rows.len() > most || (rows.len() == most && next.is_some()) {
			rows.truncate(most);
			return Ok((rows, false));
		}
		match next {
			None => return Ok((rows, true)),
			next => cursor = next,
		}
	}
	Err(served.odd("leads from page to page without end"))
}

/// Ask one gateway for all that it knows.
async fn ask_through(
	chain: Option<&Chain>,
	question: &Question,
	gateway: Gateway,
	mut verifier: Option<Verifier>,
	page: usize,
) -> Result<Answer, OwnerError> {
	let filter = Filter { networks: question.networks.clone(), ..question.filter.clone() };
	let served = &gateway.served;
	let (rows, is_whole) = rows(served, &filter, Reach::default(), question.most, page).await?;
	let sealers = by_sealer(rows);
	if sealers.len() > MOST {
		return Err(served.odd(&format!("answers with rows of more than {MOST} gateways")));
	}
	let mut answer = Answer::new(filter.clone(), verifier.as_ref().map(Verifier::at));
	answer.is_whole = is_whole;
	if sealers.is_empty() {
		answer.asked.push(Asked::heard(&gateway, 0));
	}
	for (id, rows) in sealers {
		let verdicts: Vec<Option<Verdict>> = match (chain, verifier.as_mut()) {
			(Some(chain), Some(verifier)) => {
				let checked = check(chain, verifier, &gateway, &filter, id, &rows);
				Box::pin(checked).await?.into_iter().map(Some).collect()
			},
			_ => vec![None; rows.len()],
		};
		answer.asked.push(Asked {
			gateway: Some(id),
			network: rows.first().map(|row| row.network),
			url: served.url().to_owned(),
			rows: rows.len(),
			error: None,
		});
		let found = |(row, verdict)| Found { gateway: id, row, verdict };
		answer.rows.extend(rows.into_iter().zip(verdicts).map(found));
	}
	Ok(answer)
}

/// Rows by the gateway that has sealed them, as they say, each gateway's in their order.
fn by_sealer(rows: Vec<Row>) -> BTreeMap<GatewayId, Vec<Row>> {
	let mut sealers = BTreeMap::<GatewayId, Vec<Row>>::new();
	for row in rows {
		sealers.entry(row.gateway).or_default().push(row);
	}
	sealers
}

/// Check rows of gateway `id` by its own proofs, wherever the chain says that it is.
///
/// - `through`: who has passed the rows on.
async fn check(
	chain: &Chain,
	verifier: &mut Verifier,
	through: &Gateway,
	filter: &Filter,
	id: GatewayId,
	rows: &[Row],
) -> Result<Vec<Verdict>, OwnerError> {
	if id == through.id {
		return verifier.verify(through, filter, rows).await;
	}
	let doubted = |doubted: Doubted| Ok(rows.iter().map(|_| Err(doubted.clone())).collect());
	let Some(listed) = of_id(chain, id).await? else {
		return doubted(Doubt::OtherGateway.about("the chain has no such gateway"));
	};
	match listed.meet(Some(chain.genesis().await?)).await {
		Ok(gateway) => verifier.verify(&gateway, filter, rows).await,
		Err(error) => doubted(Doubt::NoProof.about(first_line(&error))),
	}
}

impl Heard {
	/// The first rows only.
	fn cut(mut self, most: usize) -> Self {
		if self.rows.len() > most {
			self.rows.truncate(most);
			self.is_whole = false;
		}
		self
	}
}

/// Add what a gateway has answered, checked if it is to be.
async fn add(
	answer: &mut Answer,
	heard: Heard,
	verifier: Option<&mut Verifier>,
	filter: &Filter,
) -> Result<(), OwnerError> {
	let Heard { gateway, rows, is_whole } = heard;
	let verdicts: Vec<Option<Verdict>> = match verifier {
		Some(verifier) => {
			let verdicts = verifier.verify(&gateway, filter, &rows).await?;
			verdicts.into_iter().map(Some).collect()
		},
		None => vec![None; rows.len()],
	};
	answer.is_whole &= is_whole;
	answer.asked.push(Asked::heard(&gateway, rows.len()));
	let found = |(row, verdict)| Found { gateway: gateway.id, row, verdict };
	answer.rows.extend(rows.into_iter().zip(verdicts).map(found));
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		clock::now_millis,
		gateway::testing::{
			DEVICE, GATEWAY, Options, Served as Gateways, anchor, impostor, periods, signed_by,
			state_of_two,
		},
	};
	use cairn_types::{DeviceId, Quantity};
	use serde_json::{Value, json};

	/// A gateway with three readings of two values each, a few seconds old.
	async fn gateway() -> (Gateways, Question) {
		let running = Gateways::start(Some(state_of_two()), 100).await;
		// All in one window, whatever the time is.
		let now = now_millis();
		let first = now.saturating_sub(5_000).max(periods().start_of(periods().window_at(now)));
		let readings = (0..3u64).map(|number| {
			let temperature = 2_315 + i64::try_from(number).expect("small");
			signed_by(DEVICE, number + 1, first + number, &[Some(7), Some(temperature)])
		});
		running.send(&readings.collect::<Vec<_>>()).await;
		let filter = Filter { from: first, to: first + 1_000, ..Filter::default() };
		let question = Question {
			filter,
			networks: Vec::new(),
			gateways: vec![running.url("")],
			through: None,
			most: 10_000,
			verify: false,
		};
		(running, question)
	}

	#[tokio::test]
	async fn pages_add_up_whatever_their_size() {
		let (_running, question) = gateway().await;
		let all = ask(None, &question).await.expect("an answer");
		assert_eq!((all.rows.len(), all.is_whole), (6, true));
		assert!(all.rows.iter().all(|found| found.gateway == GATEWAY && found.verdict.is_none()));
		for page in 1..=7 {
			let answer = ask_by_pages(None, &question, page).await.expect("an answer");
			assert_eq!(answer.rows, all.rows, "{page}");
		}
		for most in 0..=7 {
			let fewer = Question { most, ..question.clone() };
			let answer = ask_by_pages(None, &fewer, 2).await.expect("an answer");
			assert_eq!(answer.rows, all.rows[..most.min(6)], "{most}");
			assert_eq!(answer.is_whole, most >= 6, "{most}");
		}
	}

	#[tokio::test]
	async fn one_gateway_answers_for_those_that_it_knows() {
		let (running, question) = gateway().await;
		let direct = ask(None, &question).await.expect("an answer");
		let peers = vec![running.url("")];
		let known = Gateways::made(Options { peers, ..Options::of(5, 2) }).await;
		let through = Some(known.url(""));
		let question = Question { gateways: Vec::new(), through, ..question };
		for page in [1, 4, 5, 6, 7] {
			let answer = ask_by_pages(None, &question, page).await.expect("an answer");
			assert_eq!((&answer.rows, answer.is_whole), (&direct.rows, true), "{page}");
			let asked = answer.asked.first().expect("one has rows");
			assert_eq!((asked.gateway, asked.network), (Some(GATEWAY), Some(NetworkId(1))));
			assert_eq!((asked.rows, &asked.url), (6, &known.url("")));
		}
		let fewer = Question { most: 3, ..question.clone() };
		let answer = ask(None, &fewer).await.expect("an answer");
		assert_eq!((answer.rows.len(), answer.is_whole), (3, false));
		let other = Question { networks: vec![NetworkId(2)], ..question };
		let answer = ask(None, &other).await.expect("an answer");
		let asked = answer.asked.first().expect("the one that was asked");
		assert_eq!((answer.rows.len(), asked.gateway), (0, Some(GatewayId(5))));
	}

	#[tokio::test]
	async fn fails_when_one_gateway_answers_for_none() {
		let (running, question) = gateway().await;
		let query = question.filter.parameters();
		let page = running.get(&format!("/v1/data?{query}&limit=1")).await;
		let page = page.json::<Value>().await.expect("JSON");
		let row = |gateway: usize| {
			let mut row = page["rows"][0].clone();
			row["gateway"] = json!(gateway);
			row
		};
		for (lie, words) in [
			(json!({ "rows": [row(3)], "complete": false }), "answers a part"),
			(
				json!({ "rows": (0..=MOST).map(row).collect::<Vec<_>>() }),
				"of more than 256 gateways",
			),
			(json!({ "rows": [row(3), row(4), row(3)] }), "more than once"),
			(json!({ "rows": [row(3)], "next": "/v1/schema" }), "something else"),
			(json!({ "rows": [row(3)], "next": "/v1/data?cursor=00" }), "without end"),
		] {
			let through = Some(impostor(&anchor(), lie.to_string().into_bytes()).await);
			let most = usize::MAX;
			let asked = Question { gateways: Vec::new(), through, most, ..question.clone() };
			let error = ask(None, &asked).await.expect_err(words).to_string();
			assert!(error.contains(words) && error.contains("Remedy: "), "{error}");
		}
	}

	#[tokio::test]
	async fn only_what_is_asked_for_comes() {
		let (running, question) = gateway().await;
		let count =
			async |question: &Question| ask(None, question).await.expect("an answer").rows.len();
		let filter = || question.filter.clone();
		for (filter, rows) in [
			(Filter { quantities: vec![Quantity::Temperature], ..filter() }, 3),
			(Filter { device: Some(DeviceId(9)), ..filter() }, 0),
			(Filter { to: question.filter.from + 1, ..filter() }, 2),
		] {
			assert_eq!(count(&Question { filter, ..question.clone() }).await, rows);
		}
		let other = Question { networks: vec![NetworkId(2)], ..question.clone() };
		assert_eq!(count(&other).await, 0);
		let twice = Question { gateways: vec![running.url(""); 2], ..question };
		assert_eq!(count(&twice).await, 12);
	}

	#[tokio::test]
	async fn fails_when_nobody_can_be_asked() {
		let (running, question) = gateway().await;
		let nobody = Question { gateways: Vec::new(), ..question.clone() };
		let error = ask(None, &nobody).await.expect_err("nobody").to_string();
		assert!(error.contains("no gateway is named"), "{error}");

		// Its own words, with its code.
		let filter = Filter { from: 0, ..question.filter.clone() };
		let refused = Question { filter, ..question.clone() };
		let error = ask(None, &refused).await.expect_err("too long").to_string();
		assert!(error.contains("(range_too_long)") && error.contains("Remedy: "), "{error}");

		// One that is named has to answer.
		let away = vec![running.url(""), "http://127.0.0.1:9".to_owned()];
		let error = ask(None, &Question { gateways: away, ..question }).await;
		let error = error.expect_err("nobody listens").to_string();
		assert!(error.contains("does not answer"), "{error}");
	}
}
