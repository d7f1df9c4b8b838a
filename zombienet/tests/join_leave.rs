//! A fifth validator comes and goes: it bonds, lets a node work for it, is elected, makes blocks and
//! votes; then it stands down, leaves the set, and its node can be switched off.

use std::time::Duration;

use cairn_chain::{
	NewSessionKeys, Payee, ValidatorPrefs,
	calls::{
		session::set_keys,
		staking::{bond, chill, validate},
	},
};
use cairn_network_tests::{
	account,
	history::History,
	machine,
	network::Network,
	node::{Node, Role, Settings},
	send,
	state::Account,
	until,
};
use serde_json::json;

/// Who joins.
const JOINER: &str = "//Eve";
/// What it puts at stake: as much as the others.
const STAKE: u128 = 100_000_000_000_000_000;
/// How long a node may take to follow a young chain.
const SYNCED: Duration = Duration::from_secs(180);
/// How long an election may take to have effect: two eras of a minute, and a session.
const ELECTED: Duration = Duration::from_secs(360);
/// How long a validator may wait for its first slot.
const AUTHORED: Duration = Duration::from_secs(90);
/// How long all nodes may take to vote in a new set.
const VOTED: Duration = Duration::from_secs(60);
/// How long finality may take for some more blocks.
const FINALIZED: Duration = Duration::from_secs(60);
/// Blocks that must still become final after each change.
const BLOCKS: u32 = 5;

#[tokio::test]
async fn a_fifth_validator_joins_and_leaves() {
	let _machine = machine().await;
	let builder = Network::builder().with_short_eras();
	let builder = builder.with("/staking/validatorCount", json!(5));
	let mut network = Box::pin(builder.start()).await;
	let joiner = network.add(Settings::new("eve", Role::Validator));
	network.finalized_above(0, SYNCED).await;

	Box::pin(join(&network.nodes()[joiner])).await;
	let stash = account(JOINER).account();
	wait_for_set(&mut network, &stash, true).await;
	wait_for_blocks(&mut network, &stash).await;
	wait_for_voters(&mut network, 5).await;

	let chain = network.nodes()[joiner].chain.clone();
	send(&chain, &chill(), &account(JOINER)).await;
	wait_for_set(&mut network, &stash, false).await;
	wait_for_voters(&mut network, 4).await;
	network.node(joiner).stop();
	let height = network.finalized_everywhere().await.expect("answers");
	network.finalized_above(height + BLOCKS, FINALIZED).await;

	let mut history = History::default();
	history.poll(network.nodes()).await;
	assert!(history.agreed() > height, "the four agree after the fifth has left");
}

/// Bond, stand for election, and let `node` work for it, by keys that it has made.
async fn join(node: &Node) {
	let joiner = account(JOINER);
	let made = Box::pin(node.chain.new_session_keys(&joiner.account())).await;
	let NewSessionKeys { keys, proof } = made.expect("session keys");
	// Without a commission.
	let terms = ValidatorPrefs::default();
	let calls = [bond(STAKE, &Payee::Stash), set_keys(&keys, &proof), validate(&terms)];
	let all = Box::pin(node.chain.batch(&calls)).await.expect("calls of this runtime");
	send(&node.chain, &all, &joiner).await;
	let has_keys = Box::pin(node.chain.has_session_keys(&keys)).await.expect("an answer");
	assert!(has_keys, "the node has what was registered");
}

/// Wait until a stash is among the session's validators, or is not.
async fn wait_for_set(network: &mut Network, stash: &Account, is_in: bool) {
	let what = if is_in { "the fifth validator in the set" } else { "four validators in the set" };
	let members = until(what, ELECTED, async || {
		network.ensure_running();
		let members = network.nodes()[0].validator_set().await?.members;
		(members.contains(stash) == is_in).then_some(members)
	})
	.await;
	assert_eq!(members.len(), if is_in { 5 } else { 4 });
}

/// Wait until a validator has earned points by a block of the current era.
async fn wait_for_blocks(network: &mut Network, stash: &Account) {
	until("a block by the fifth validator", AUTHORED, async || {
		network.ensure_running();
		let node = &network.nodes()[0];
		let era = node.era(None).await?;
		node.has_points(stash, era).await?.then_some(())
	})
	.await;
}

/// Wait until all nodes count so many voters, and finality goes on among them.
async fn wait_for_voters(network: &mut Network, count: u64) {
	until(&format!("{count} voters on finality"), VOTED, async || {
		network.ensure_running();
		for node in network.nodes() {
			if node.voters().await? != count {
				return None;
			}
		}
		Some(())
	})
	.await;
	let height = network.finalized_everywhere().await.expect("answers");
	network.finalized_above(height + BLOCKS, FINALIZED).await;
}
