//! Decisions by token holders: a referendum on the root track that half of all tokens agree with, so
//! that it passes as soon as its track permits.

use std::time::Duration;

use cairn_chain::{Args, Call, Chain};
use codec::{Compact, Encode};
use futures::future::join_all;
use tokio::time::timeout;

use crate::calls::{account, call, send};

/// One token.
const UNIT: u128 = 1_000_000_000_000;
/// What each voter votes with: of the million that it has, what fees and deposits leave for sure.
const BALLOT: u128 = 900_000 * UNIT;
/// Accounts that vote: not all, because some of them send transactions of their own meanwhile.
const VOTERS: [&str; 8] = [
	"//Alice",
	"//Bob",
	"//Eve",
	"//Ferdie",
	"//Alice//stash",
	"//Bob//stash",
	"//Charlie//stash",
	"//Dave//stash",
];
/// How long the votes may take to be in blocks.
const CAST: Duration = Duration::from_secs(120);

/// Propose `proposal` as root, and vote for it with more than half of all tokens; returns the
/// referendum's index.
///
/// # Panics
/// If one of the transactions fails.
pub async fn propose_and_vote(chain: &Chain, proposal: &Call) -> u32 {
	let proposer = account("//Eve");
	let metadata = Box::pin(chain.metadata()).await.expect("metadata");
	let bytes = proposal.encode(&metadata).expect("a call of this runtime");
	let outcome = send(chain, &submit(&bytes), &proposer).await;
	let (index, _track) = outcome.find::<(u32, u16)>("Referenda", "Submitted").expect("an index");
	send(chain, &call("Referenda", "place_decision_deposit", (index,)), &proposer).await;

	let (vote, voters) = (aye(index), VOTERS.map(account));
	let votes = voters.iter().map(|voter| send(chain, &vote, voter));
	timeout(CAST, join_all(votes)).await.expect("the votes in time");
	index
}

/// `Referenda.submit` of a call that is short enough to be held by the referendum itself.
fn submit(proposal: &[u8]) -> Call {
	/// `OriginCaller::system(RawOrigin::Root)`.
	const ROOT: [u8; 2] = [0, 0];
	/// `Bounded::Inline`.
	const INLINE: u8 = 1;
	/// `DispatchTime::After`.
	const AFTER: u8 = 1;
	let soon = (AFTER, 0u32);
	let args = [ROOT.to_vec(), (INLINE, proposal).encode(), soon.encode()].concat();
	Call { pallet: "Referenda", call: "submit", args: Args(args) }
}

/// `ConvictionVoting.vote` for a referendum.
fn aye(index: u32) -> Call {
	/// `AccountVote::Standard`.
	const STANDARD: u8 = 0;
	/// The highest bit says aye, the others the conviction: one lock period.
	const AYE: u8 = 0x81;
	call("ConvictionVoting", "vote", (Compact(index), STANDARD, AYE, BALLOT))
}
