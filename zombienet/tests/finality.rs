//! Four validators: sessions follow one another, finality follows the best block, and all agree.

use std::time::Duration;

use cairn_network_tests::{history::History, lag::Lag, machine, network::Network, until};

/// Sessions that must pass.
const SESSIONS: u32 = 2;
/// How long these sessions of 30 s may take.
const PASSED: Duration = Duration::from_secs(180);
/// How far finality may lie behind the best block on average, in blocks. Without load it is 2 or 3.
const MEAN_LAG: f64 = 12.0;

#[tokio::test]
async fn four_validators_agree_on_what_is_final() {
	let _machine = machine().await;
	let mut network = Box::pin(Network::builder().with_short_eras().start()).await;
	let (mut history, mut lag) = (History::default(), Lag::default());
	let first = network.nodes()[0].validator_set().await.expect("a session").session;
	until("two more sessions", PASSED, async || {
		network.ensure_running();
		history.poll(network.nodes()).await;
		let node = &network.nodes()[0];
		lag.look(node).await?;
		(node.validator_set().await?.session >= first + SESSIONS).then_some(())
	})
	.await;

	let height = network.finalized_everywhere().await.expect("answers of all nodes");
	history.poll_again(network.nodes()).await;
	assert!(history.agreed() >= height, "every node has the finalized blocks of the others");
	let behind = lag.whole();
	println!("{height} blocks finalized on every node; {behind}");
	assert!(behind.blocks > 0, "blocks became final while they were watched");
	assert!(behind.mean_blocks < MEAN_LAG, "finality lies behind: {behind}");
}
