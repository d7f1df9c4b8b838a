//! Putting one question to many gateways.

use std::time::Duration;

use cairn_chain::Chain;
use cairn_types::NetworkId;
use futures::{StreamExt, stream};

use super::{
	answer::{Answer, Asked},
	gateways::{Listed, Listing, Manner, of_chain},
	heard::{AT_ONCE, Check, Heard, gather},
	through::ask_through,
	verify::Verifier,
};
use crate::{
	gateway::data::query::Filter,
	owner::{OwnerError, outside::Bounds},
};

/// Rows of a page.
const PAGE: usize = 1_000;

/// What is asked, of whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
	/// Which values.
	pub(crate) filter: Filter,
	/// Of these networks; of all, if there is none.
	pub(crate) networks: Vec<NetworkId>,
	/// Addresses of gateways; those that the chain lists, if there is none.
	pub(crate) gateways: Vec<String>,
	/// Address of the one gateway that is asked for all that it knows, instead.
	pub(crate) through: Option<String>,
	/// Most rows in all; those that the chain does not stand for are not counted.
	pub(crate) most: usize,
	/// Whether each value is checked against the chain.
	pub(crate) verify: bool,
	/// Whether endpoints of the chain may lead to addresses that are not public.
	pub(crate) allow_private: bool,
	/// How long a gateway may take in all, beside the time for the values that it answers.
	pub(crate) time: Duration,
}

/// Ask.
///
/// - `chain`: needed where no gateway is named, and to check.
///
/// # Errors
/// If there is nobody to ask, the only gateway that is named does not answer, or the node does not. That
/// one of many does not answer is a part of the answer.
pub(crate) async fn ask(chain: Option<&Chain>, question: &Question) -> Result<Answer, OwnerError> {
	ask_by_pages(chain, question, PAGE).await
}

/// [`ask`], with pages of this many rows.
async fn ask_by_pages(
	chain: Option<&Chain>,
	question: &Question,
	page: usize,
) -> Result<Answer, OwnerError> {
	let manner = Box::pin(manner(chain, question)).await?;
	let verifier = match chain {
		Some(chain) if question.verify => Some(Box::pin(Verifier::new(chain)).await?),
		_ => None,
	};
	if let Some(url) = &question.through {
		let gateway = Box::pin(Listed::named(url).meet(manner)).await?;
		let through = ask_through(chain, question, manner, gateway, verifier, page);
		return Box::pin(through).await;
	}
	let listing = Box::pin(listing(chain, question)).await?;
	let at = verifier.as_ref().map(Verifier::at);
	let answer = Answer::new(question.filter.clone(), at);
	Box::pin(ask_all(answer, listing, question, manner, verifier, page)).await
}

async fn manner(chain: Option<&Chain>, question: &Question) -> Result<Manner, OwnerError> {
	let time = question.time;
	let Some(chain) = chain else {
		return Ok(Manner { genesis: None, bounds: Bounds::Public, time });
	};
	let bounds = Bounds::of(chain, question.allow_private).await?;
	Ok(Manner { genesis: Some(chain.genesis().await?), bounds, time })
}

/// The gateways to ask.
async fn listing(chain: Option<&Chain>, question: &Question) -> Result<Listing, OwnerError> {
	if !question.gateways.is_empty() {
		let listed = question.gateways.iter().map(|url| Listed::named(url)).collect();
		return Ok(Listing { listed, left_out: 0 });
	}
	match chain {
		Some(chain) => Box::pin(of_chain(chain, &question.networks)).await,
		None => Err(OwnerError::usage(
			"no gateway is named, and no node that lists them",
			"give --gateway URL, or --node URL",
		)),
	}
}

/// Ask these gateways, and complete the answer: in their order, whoever is faster.
pub(super) async fn ask_all<C: Check>(
	mut answer: Answer,
	listing: Listing,
	question: &Question,
	manner: Manner,
	check: C,
	page: usize,
) -> Result<Answer, OwnerError> {
	let Listing { listed, left_out } = listing;
	answer.left_out = left_out;
	let met = listed.into_iter().enumerate().map(|(place, listed)| async move {
		let met = Box::pin(listed.meet(manner)).await;
		(place, listed, met)
	});
	let met = stream::iter(met).buffer_unordered(AT_ONCE).collect::<Vec<_>>();
	let (mut asked, mut heard) = (Vec::new(), Vec::new());
	for (place, listed, met) in Box::pin(met).await {
		match met {
			Ok(gateway) if question.is_about(gateway.network) => {
				heard.push(Heard::new(place, gateway, check.clone()));
			},
			// Of another network.
			Ok(_) => {},
			Err(error) => asked.push((place, Asked::silent(&listed, error))),
		}
	}
	heard.sort_by_key(|heard| heard.place);
	let heard = gather(heard, &question.filter, question.most, page);
	for heard in Box::pin(heard).await? {
		answer.is_whole &= heard.is_whole();
		let place = heard.place;
		let (told, found) = heard.told();
		asked.push((place, told));
		answer.rows.extend(found);
	}
	asked.sort_by_key(|(place, _)| *place);
	answer.asked = asked.into_iter().map(|(_, asked)| asked).collect();
	if question.gateways.len() == 1
		&& answer.rows.is_empty()
		&& let Some(error) = answer.asked.iter_mut().find_map(|asked| asked.error.take())
	{
		// There is nothing beside it to be shown.
		return Err(error);
	}
	Ok(answer)
}

impl Question {
	/// Whether values of a network are asked for.
	fn is_about(&self, network: NetworkId) -> bool {
		self.networks.is_empty() || self.networks.contains(&network)
	}
}

#[cfg(test)]
pub(super) mod tests {
	use super::*;
	use crate::{
		clock::now_millis,
		data::gateways::MOST,
		gateway::testing::{
			DEVICE, GATEWAY, Options, Served as Gateways, anchor, impostor, periods, signed_by,
			state_of_two,
		},
	};
	use cairn_types::{DeviceId, GatewayId, Quantity};
	use serde_json::{Value, json};

	/// A gateway with three readings of two values each, a few seconds old.
	pub(in crate::data) async fn gateway() -> (Gateways, Question) {
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
			allow_private: false,
			time: Duration::from_secs(30),
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
			(json!({ "rows": [], "next": "/v1/data?cursor=00" }), "without end"),
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

		// One of many that does not answer is told, beside what the others answer.
		let away = "http://127.0.0.1:9".to_owned();
		let two = Question { gateways: vec![away.clone(), running.url("")], ..question.clone() };
		let answer = ask(None, &two).await.expect("an answer");
		assert_eq!((answer.asked.len(), answer.rows.len()), (2, 6));
		let error = answer.ensure_sound().expect_err("nobody listens").to_string();
		assert!(error.contains("does not answer") && error.contains("Remedy: "), "{error}");

		// Of one alone there is nothing to tell beside.
		let error = ask(None, &Question { gateways: vec![away], ..question }).await;
		let error = error.expect_err("nobody listens").to_string();
		assert!(error.contains("does not answer"), "{error}");
	}
}
