//! A node that has nothing proves finality first, fetches the state, and follows.

use std::time::{Duration, Instant};

use cairn_chain::At;
use cairn_network_tests::{
	history::History,
	machine,
	network::Network,
	node::{Role, Settings},
	until,
};

/// What the fresh node must not have to import: three sessions.
const CHAIN: u32 = 90;
/// How long the network may take to get there.
const GROWN: Duration = Duration::from_secs(600);
/// How long the fresh node may take from its start to the network's finality.
const SYNCED: Duration = Duration::from_secs(180);
/// Blocks for which it then follows.
const FOLLOWED: u32 = 5;
/// How long that may take.
const CAUGHT_UP: Duration = Duration::from_secs(60);
/// What it logs when it has proved finality.
const PROVED: &str = "Warp sync is complete";

#[tokio::test]
async fn a_fresh_node_proves_finality_and_follows() {
	let _machine = machine().await;
	let mut network = Box::pin(Network::builder().with_short_eras().start()).await;
	let target = network.finalized_above(CHAIN, GROWN).await;

	let begun = Instant::now();
	let options = vec!["--sync=warp".to_owned()];
	let settings = Settings { options, ..Settings::new("fresh", Role::Full) };
	let fresh = network.add(settings);
	let height = until("the network's finality on the fresh node", SYNCED, async || {
		network.ensure_running();
		let height = network.nodes()[fresh].finalized().await?.number;
		(height >= target).then_some(height)
	})
	.await;
	let node = &network.nodes()[fresh];
	println!("a fresh node was at block {height} after {:.1} s", begun.elapsed().as_secs_f64());
	assert!(node.log().contains(PROVED), "it has proved finality and fetched the state");

	// The state is there: the runtime answers from it.
	let finalized = node.finalized().await.expect("a finalized block");
	let clock = Box::pin(node.chain.clock(At::Block(finalized.hash))).await;
	let expected = until("the same block on another node", CAUGHT_UP, async || {
		Box::pin(network.nodes()[0].chain.clock(At::Block(finalized.hash))).await.ok()
	})
	.await;
	assert_eq!(clock.expect("a clock"), expected);

	network.finalized_above(height + FOLLOWED, CAUGHT_UP).await;
	let mut history = History::default();
	let last = network.finalized_everywhere().await.expect("answers of all nodes");
	history.poll(network.nodes()).await;
	let node = &network.nodes()[fresh];
	let hash = node.block_hash(last).await.expect("a block that it followed to");
	assert_eq!(history.block(last), Some(hash), "it follows the same chain");
}
