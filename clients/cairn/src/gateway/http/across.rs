//! A page of `GET /v1/data` across networks: the gateway's own rows, then those of its peers.
//!
//! Peers are asked one after the other, each for what is left of the page: what one holds is mostly
//! enough for it, and none is asked for rows that nobody gets to see.

use std::{
	iter::once,
	time::{Duration, Instant},
};

use cairn_types::{GatewayId, NetworkId};

use super::{App, Failure, data};
use crate::{
	data::{part::Part, row::Row},
	gateway::{
		chain_state::ChainState,
		data::{
			across::{Missed, Source, Stand, Why},
			fault::{DataFault, Refused},
			query::{Filter, Question, Request},
		},
		peers::{Met, why, words},
	},
	owner::served::Trouble,
};

/// After so long no other peer is asked for a page: it ends there.
const PATIENCE: Duration = Duration::from_secs(15);

/// A page of rows of one gateway or of many.
#[derive(Debug, Default)]
pub(super) struct Page {
	/// Who has rows on it, in their order.
	pub(super) shares: Vec<Share>,
	/// Whose rows are missing, on this page or before it.
	pub(super) missing: Vec<(Holder, Why)>,
	/// The cursor of the next page, if there is one.
	pub(super) next: Option<String>,
}

/// A gateway's part of a page.
#[derive(Debug)]
pub(super) struct Share {
	pub(super) holder: Holder,
	pub(super) rows: Vec<Row>,
}

/// A gateway that has a part of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holder {
	/// Its id, if it has said so.
	pub(super) gateway: Option<GatewayId>,
	/// Its network, if it has said so.
	pub(super) network: Option<NetworkId>,
	/// Where it is; `None` for the one that answers.
	pub(super) url: Option<String>,
}

/// Why a gateway's rows do not come.
enum Lack {
	/// They are missing.
	Missed(Why, String),
	/// The question cannot be answered at all.
	Stop(Failure),
}

/// Goes from one gateway to the next until a page is full.
struct Walk<'a> {
	app: &'a App,
	state: &'a ChainState,
	request: &'a Request,
	/// The request's filter as each gateway is asked, for its own rows.
	filter: Filter,
	/// Who the peers are.
	met: Vec<Result<Met, Trouble>>,
	shares: Vec<Share>,
	missed: Vec<Missed>,
}

/// Answer a request with a page.
pub(super) async fn page(
	app: &App,
	state: &ChainState,
	request: &Request,
) -> Result<Page, Failure> {
	let peers = app.peers.urls().len();
	if request.reach.own || peers == 0 {
		return own(app, state, request).await;
	}
	let sources = peers.saturating_add(1);
	let question = question(app, request);
	let start = request.cursor.as_deref();
	let start = start.map(|cursor| Stand::read(cursor, &question, sources)).transpose()?;
	let Ok(_permit) = app.peers.permits.try_acquire() else {
		return Err(Refused::from(DataFault::Busy).into());
	};
	let met = app.peers.meet().await;
	let filter = Filter { networks: Vec::new(), ..request.filter.clone() };
	let (shares, missed) = (Vec::new(), Vec::new());
	let mut walk = Walk { app, state, request, filter, met, shares, missed };
	let next = walk.go(start.unwrap_or_default()).await?;
	let next = next.map(|stand| stand.write(&question)).transpose()?;
	let missing = walk.missed.iter().map(|missed| (walk.holder(missed.source), missed.why));
	Ok(Page { missing: missing.collect(), next, shares: walk.shares })
}

/// What a cursor across gateways belongs to: what is asked, of whom.
fn question(app: &App, request: &Request) -> String {
	let partial = if request.reach.partial { " partial" } else { "" };
	let text = format!("{}{partial}", request.filter.parameters());
	app.peers.urls().fold(text, |text, url| format!("{text} {url}"))
}

/// Answer with the gateway's own rows only.
async fn own(app: &App, state: &ChainState, request: &Request) -> Result<Page, Failure> {
	let Request { filter, limit, cursor, .. } = request;
	let network = state.gateway.network;
	ensure_served(&filter.networks, |asked| asked == network)?;
	let part = own_part(app, state, filter, *limit, cursor.as_deref()).await;
	let Part { rows, next, .. } = match part {
		Ok(part) => part,
		Err(Lack::Missed(why, _)) => return Err(Refused::from(why.fault()).into()),
		Err(Lack::Stop(failure)) => return Err(failure),
	};
	let holder = itself(app, state);
	let shares = if rows.is_empty() { Vec::new() } else { vec![Share { holder, rows }] };
	Ok(Page { shares, missing: Vec::new(), next })
}

fn itself(app: &App, state: &ChainState) -> Holder {
	let (gateway, network) = (Some(app.gateway), Some(state.gateway.network));
	Holder { gateway, network, url: None }
}

/// Ensure that every network that is asked for is served.
fn ensure_served(
	asked: &[NetworkId],
	is_served: impl Fn(NetworkId) -> bool,
) -> Result<(), Refused> {
	match asked.iter().find(|network| !is_served(**network)) {
		Some(network) => Err(DataFault::NetworkNotServed.about(network.to_string())),
		None => Ok(()),
	}
}

/// A page of the gateway's own rows.
async fn own_part(
	app: &App,
	state: &ChainState,
	filter: &Filter,
	limit: usize,
	cursor: Option<&str>,
) -> Result<Part, Lack> {
	let start = cursor.map(|cursor| filter.place(cursor)).transpose();
	let start = start.map_err(|refused| Lack::Stop(refused.into()))?;
	if app.data.ensure_open().is_err() {
		return Err(Lack::Missed(Why::Restricted, "is restricted".to_owned()));
	}
	let question = Question { filter: filter.clone(), start, skip: 0, limit };
	let page = data::page(app, state, &question).await.map_err(Lack::Stop)?;
	let rows = page.rows.iter().map(|row| row.said(app.gateway)).collect();
	let next = page.next.map(|place| filter.cursor(place));
	Ok(Part { rows, next, is_complete: true })
}

impl Walk<'_> {
	/// Fill the page from `start` on; returns where the next one begins.
	async fn go(&mut self, start: Stand) -> Result<Option<Stand>, Failure> {
		let (began, limit) = (Instant::now(), self.request.limit);
		let Stand { source: first, mut cursor, missed } = start;
		self.missed = missed;
		let mut left = limit;
		for (asked, source) in self.sources(first)?.into_iter().enumerate() {
			if left == 0 || (asked > 0 && began.elapsed() >= PATIENCE) {
				return Ok(Some(self.stand(source, None)));
			}
			// Only the first one goes on where a page ended.
			let cursor = cursor.take().filter(|_| source == first);
			let Part { rows, next, .. } = match self.ask(source, left, cursor.as_deref()).await {
				Ok(part) => part,
				Err(Lack::Missed(why, words)) => {
					self.miss(source, why, &words)?;
					continue;
				},
				Err(Lack::Stop(failure)) => return Err(failure),
			};
			left = left.saturating_sub(rows.len());
			if !rows.is_empty() {
				self.shares.push(Share { holder: self.holder(source), rows });
			}
			if next.is_some() {
				return Ok(Some(self.stand(source, next)));
			}
		}
		Ok(None)
	}

	/// Who is asked, from `first` on: who serves what is asked for, or may serve it, as far as nothing
	/// is missing of it already.
	///
	/// # Errors
	/// [`DataFault::NetworkNotServed`] if nobody serves a network that is asked for.
	fn sources(&self, first: Source) -> Result<Vec<Source>, Refused> {
		let asked = &self.request.filter.networks;
		let peers = self.met.iter().map(|met| met.as_ref().ok().map(|met| met.network));
		let networks = once(Some(self.state.gateway.network)).chain(peers).collect::<Vec<_>>();
		// Who has not said so may serve any.
		let is_served = |network| networks.contains(&Some(network)) || networks.contains(&None);
		ensure_served(asked, is_served)?;
		let is_asked = |network: NetworkId| asked.is_empty() || asked.contains(&network);
		let is_missed = |source: Source| self.missed.iter().any(|missed| missed.source == source);
		let wanted = (0..).zip(networks).filter(|(source, network)| {
			*source >= first && network.is_none_or(is_asked) && !is_missed(*source)
		});
		Ok(wanted.map(|(source, _)| source).collect())
	}

	/// Ask somebody for a page of its own rows.
	async fn ask(&self, source: Source, limit: usize, cursor: Option<&str>) -> Result<Part, Lack> {
		let Some(index) = usize::from(source).checked_sub(1) else {
			return own_part(self.app, self.state, &self.filter, limit, cursor).await;
		};
		let part = match self.met.get(index) {
			Some(Ok(met)) => {
				Box::pin(self.app.peers.page(index, *met, &self.filter, limit, cursor)).await
			},
			Some(Err(trouble)) => Err(trouble.clone()),
			None => Err(Trouble::Odd("is no peer".to_owned())),
		};
		part.map_err(|trouble| match trouble {
			Trouble::Refused(_, problem) if cursor.is_some() && problem.code == "bad_cursor" => {
				Lack::Stop(Refused::from(DataFault::BadCursor).into())
			},
			trouble => Lack::Missed(why(&trouble), words(&trouble)),
		})
	}

	/// Go on without somebody, if a part of the answer will do.
	fn miss(&mut self, source: Source, why: Why, words: &str) -> Result<(), Refused> {
		let holder = self.holder(source);
		tracing::warn!(peer = %holder, cause = words, "a part of an answer is missing");
		if !self.request.reach.partial {
			return Err(why.fault().about(format!("{holder} {words}")));
		}
		self.missed.push(Missed { source, why });
		Ok(())
	}

	fn stand(&self, source: Source, cursor: Option<String>) -> Stand {
		Stand { source, cursor, missed: self.missed.clone() }
	}

	fn holder(&self, source: Source) -> Holder {
		let Some(index) = usize::from(source).checked_sub(1) else {
			return itself(self.app, self.state);
		};
		let met = self.met.get(index).and_then(|met| met.as_ref().ok());
		Holder {
			gateway: met.map(|met| met.gateway),
			network: met.map(|met| met.network),
			url: self.app.peers.urls().nth(index).map(str::to_owned),
		}
	}
}

impl std::fmt::Display for Holder {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		let Self { gateway, network, url } = self;
		match (gateway, network) {
			(Some(gateway), Some(network)) => write!(f, "gateway {gateway} of network {network}")?,
			_ => f.write_str("the gateway")?,
		}
		match url {
			Some(url) => write!(f, " at {url}"),
			None => Ok(()),
		}
	}
}
