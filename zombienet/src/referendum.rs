//! Decisions by token holders: a referendum on the root track that half of all tokens agree with, so
//! that it passes as soon as its track permits.

use std::time::Duration;

use cairn_chain::{
	AccountVote, Ballot, Call, Chain, Conviction, Enactment, Proposal,
	calls::{conviction_voting, referenda},
};
use futures::future::join_all;
use tokio::time::timeout;

use crate::{account, send, settle};

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
/// `OriginCaller::system(RawOrigin::Root)`.
const ROOT: [u8; 2] = [0, 0];

/// Propose `proposal` as root, and vote for it with more than half of all tokens; returns the
/// referendum's index.
///
/// # Panics
/// If one of the transactions fails.
pub async fn propose_and_vote(chain: &Chain, proposal: &Call) -> u32 {
	let proposer = account("//Eve");
	let metadata = Box::pin(chain.metadata()).await.expect("metadata");
	let bytes = proposal.encode(&metadata).expect("a call of this runtime");
	// It is short enough to be held by the referendum itself.
	let submission = referenda::submit(&ROOT, &Proposal::Inline(bytes), Enactment::After(0));
	let outcome = send(chain, &submission, &proposer).await;
	let (index, _track) = outcome.find::<(u32, u16)>("Referenda", "Submitted").expect("an index");
	// Voters rely on it.
	settle(chain, &referenda::place_decision_deposit(index), &proposer).await;

	let ballot = Ballot { aye: true, conviction: Conviction::Locked1x };
	let vote = conviction_voting::vote(index, &AccountVote::Standard { ballot, amount: BALLOT });
	let voters = VOTERS.map(account);
	let votes = voters.iter().map(|voter| send(chain, &vote, voter));
	timeout(CAST, join_all(votes)).await.expect("the votes in time");
	index
}
