//! Other gateways whose rows this one's data API answers, too: those that its operator names.
//!
//! What the chain lists is not asked: an endpoint there is what a stranger has written, and may lead
//! into the operator's own network. What a peer answers is a stranger's, too: bounded in time and size,
//! read strictly, compared with what was asked, shown as that peer's, and never kept.

use std::{collections::BTreeSet, sync::OnceLock, time::Duration};

use cairn_types::{GatewayId, Hash32, NetworkId};
use futures::future::join_all;
use tokio::sync::Semaphore;

use super::{
	data::{
		across::Why,
		query::{Filter, Reach},
	},
	error::Error,
};
use crate::{
	cli::parse_duration,
	data::{
		part::{self, Part},
		row::proof_path,
	},
	owner::{
		parse,
		served::{Served, Trouble},
	},
	protocol::{AnchorInfo, Problem},
};

/// Most peers of a gateway.
const MOST: usize = 32;
/// Questions to peers at once.
const AT_ONCE: usize = 8;
/// Most characters of a peer's cursor; there is room for it in one across gateways.
const MAX_CURSOR: usize = 256;
/// Longest address of a peer.
const MAX_URL: usize = 128;
/// Most characters that are shown of what a peer says.
const SHOWN: usize = 160;

/// What a gateway's operator says of other gateways.
#[derive(Clone, Debug, clap::Args)]
pub struct PeerArgs {
	/// Address of another gateway, whose rows the data API answers, too; may be given several times.
	/// Readers are told it.
	#[arg(long = "peer", value_name = "URL", value_parser = parse_peer)]
	pub peers: Vec<String>,
	/// How long a peer may take for one answer.
	#[arg(long, value_parser = parse_duration, default_value = "5s")]
	pub peer_timeout: Duration,
}

/// Other gateways.
pub struct Peers {
	/// Who asks.
	own: GatewayId,
	genesis: Hash32,
	peers: Vec<Peer>,
	/// How many questions may ask them at once.
	pub permits: Semaphore,
}

struct Peer {
	served: Served,
	/// Who it is, once it has said so.
	met: OnceLock<Met>,
}

/// Who a peer is, as it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Met {
	pub(crate) gateway: GatewayId,
	pub(crate) network: NetworkId,
}

impl Peer {
	fn at(url: &str, limit: Duration) -> Result<Self, Error> {
		let served = Served::within(url, limit);
		let served = served.map_err(|error| Error::Peer { cause: error.to_string() })?;
		Ok(Self { served, met: OnceLock::new() })
	}
}

impl Peers {
	/// As the operator says it, for gateway `own`.
	///
	/// # Errors
	/// [`Error::Peer`] if one is named twice, or too many are.
	pub fn new(args: &PeerArgs, own: GatewayId, genesis: Hash32) -> Result<Self, Error> {
		let wrong = |cause: String| Err(Error::Peer { cause });
		if args.peers.len() > MOST {
			return wrong(format!("{} are named, and at most {MOST} are asked", args.peers.len()));
		}
		let mut seen = BTreeSet::new();
		if let Some(twice) = args.peers.iter().find(|url| !seen.insert(url.as_str())) {
			return wrong(format!("{twice} is named twice"));
		}
		let peers = args.peers.iter().map(|url| Peer::at(url, args.peer_timeout));
		let peers = peers.collect::<Result<Vec<_>, Error>>()?;
		Ok(Self { own, genesis, peers, permits: Semaphore::new(AT_ONCE) })
	}

	/// Their addresses, in the order in which they are named.
	pub(crate) fn urls(&self) -> impl ExactSizeIterator<Item = &str> {
		self.peers.iter().map(|peer| peer.served.url())
	}

	/// Who they are. Who has not said so yet is asked.
	pub(crate) async fn meet(&self) -> Vec<Result<Met, Trouble>> {
		let met = join_all((0..self.peers.len()).map(|index| self.meet_one(index))).await;
		let mut seen = BTreeSet::new();
		let mut ensure_new = |met: Met| {
			// Its rows would come twice.
			if seen.insert(met.gateway) { Ok(met) } else { Err(odd("is another peer, too")) }
		};
		met.into_iter().map(|met| met.and_then(&mut ensure_new)).collect()
	}

	async fn meet_one(&self, index: usize) -> Result<Met, Trouble> {
		let Some(peer) = self.peers.get(index) else { return Err(odd("is no peer")) };
		if let Some(met) = peer.met.get() {
			return Ok(*met);
		}
		let AnchorInfo { gateway, network, genesis, .. } = peer.served.identity().await?;
		if genesis != self.genesis {
			return Err(odd("serves another chain"));
		}
		if gateway == self.own {
			return Err(odd("is this gateway itself"));
		}
		Ok(*peer.met.get_or_init(|| Met { gateway, network }))
	}

	/// A page of a peer's own rows.
	///
	/// - `met`: who it is.
	///
	/// # Errors
	/// If it does not answer as it should.
	pub(crate) async fn page(
		&self,
		index: usize,
		met: Met,
		filter: &Filter,
		limit: usize,
		cursor: Option<&str>,
	) -> Result<Part, Trouble> {
		let Some(peer) = self.peers.get(index) else { return Err(odd("is no peer")) };
		// It asks nobody else: questions do not go round in circles.
		let reach = Reach { own: true, partial: false };
		let mut part = part::ask(&peer.served, filter, reach, limit, cursor).await?;
		if !part.is_complete {
			return Err(odd("answers a part of what it was asked for"));
		}
		if part
			.next
			.as_ref()
			.is_some_and(|next| next.len() > MAX_CURSOR || !next.len().is_multiple_of(2))
		{
			return Err(odd("leads from one page to something else"));
		}
		for row in &mut part.rows {
			row.ensure_right(met.gateway, met.network, filter).map_err(odd)?;
			if let Some(window) = row.window() {
				row.proof = proof_path(window, row.device, row.sequence);
			}
		}
		Ok(part)
	}
}

fn odd(cause: &str) -> Trouble {
	Trouble::Odd(cause.to_owned())
}

/// Why a peer's part is missing.
pub(crate) fn why(trouble: &Trouble) -> Why {
	match trouble {
		Trouble::Late(_) | Trouble::Spent => Why::Late,
		Trouble::Refused(_, Problem { code, .. }) if code == "restricted" => Why::Restricted,
		Trouble::Silent(_) | Trouble::Inside(_) | Trouble::Refused(..) | Trouble::Odd(_) => {
			Why::Failed
		},
	}
}

/// What went wrong, in few printable characters: a part of it may be the peer's own words.
pub(crate) fn words(trouble: &Trouble) -> String {
	let text = match trouble {
		Trouble::Refused(status, Problem { code, .. }) => format!("answers {status} ({code})"),
		Trouble::Late(_)
		| Trouble::Silent(_)
		| Trouble::Spent
		| Trouble::Inside(_)
		| Trouble::Odd(_) => trouble.to_string(),
	};
	text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(SHOWN).collect()
}

/// A peer's address: it stands in answers as it is.
fn parse_peer(text: &str) -> Result<String, String> {
	let url = parse::url(text)?;
	let is_plain =
		url.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\,;<>@?#".contains(&byte));
	if is_plain && url.len() <= MAX_URL {
		Ok(url)
	} else {
		Err(format!(
			"{text:?} is told to readers as it is: write at most {MAX_URL} characters, without names, \
			 passwords and parameters"
		))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::gateway::testing::{GATEWAY, GENESIS};
	use reqwest::StatusCode;

	fn args(peers: &[&str]) -> PeerArgs {
		let peers = peers.iter().map(|url| (*url).to_owned()).collect();
		PeerArgs { peers, peer_timeout: Duration::from_secs(5) }
	}

	#[test]
	fn works_when_peers_are_few_and_different() {
		let peers = Peers::new(&args(&["http://a.example", "https://b.example"]), GATEWAY, GENESIS);
		let peers = peers.expect("peers");
		assert_eq!(peers.urls().collect::<Vec<_>>(), ["http://a.example", "https://b.example"]);
	}

	#[test]
	fn fails_when_peers_are_too_many_or_twice_the_same() {
		let error = |peers: &[&str]| {
			let peers = Peers::new(&args(peers), GATEWAY, GENESIS);
			peers.err().expect("an error").to_string()
		};
		let twice = error(&["http://a.example", "http://b.example", "http://a.example"]);
		assert!(twice.contains("http://a.example is named twice"), "{twice}");
		assert!(twice.contains("Remedy: "), "{twice}");
		let many = (0..=MOST).map(|number| format!("http://{number}.example"));
		let many = many.collect::<Vec<_>>();
		let many = error(&many.iter().map(String::as_str).collect::<Vec<_>>());
		assert!(many.contains("33 are named"), "{many}");
	}

	#[test]
	fn an_address_is_plain() {
		assert_eq!(parse_peer("http://[::1]:9977/"), Ok("http://[::1]:9977".to_owned()));
		assert!(parse_peer("https://gateway.example/cairn").is_ok());
		let long = format!("http://{}.example", "a".repeat(MAX_URL));
		for text in [
			"gateway.example",
			"file:///etc/passwd",
			"http://user:secret@gateway.example",
			"http://gateway.example/?key=secret",
			"http://gateway.example/#here",
			"http://gateway.example/\"",
			"http://gatewäy.example",
			long.as_str(),
		] {
			assert!(parse_peer(text).is_err(), "{text}");
		}
	}

	#[test]
	fn what_a_peer_says_is_short_and_printable() {
		let problem = |code: &str| Problem {
			code: code.to_owned(),
			cause: "c".to_owned(),
			remedy: "r".to_owned(),
		};
		let refused = |code: &str| Trouble::Refused(StatusCode::FORBIDDEN, problem(code));
		assert_eq!(words(&refused("a\u{1b}[2Jb\n")), "answers 403 Forbidden (a[2Jb)");
		assert_eq!(words(&Trouble::Odd("x".repeat(9_999))).len(), SHOWN);
		assert_eq!(why(&refused("restricted")), Why::Restricted);
		assert_eq!(why(&refused("busy")), Why::Failed);
		assert_eq!(why(&Trouble::Late("l".to_owned())), Why::Late);
		assert_eq!(why(&Trouble::Silent("s".to_owned())), Why::Failed);
	}
}
