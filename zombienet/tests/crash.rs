//! Half of the validators are killed. Blocks still come, none becomes final; with all validators back
//! finality goes on from where it was.

use std::time::{Duration, Instant};

use cairn_network_tests::{history::History, machine, network::Network};

/// Who is killed: two of four.
const KILLED: [usize; 2] = [2, 3];
/// Who goes on.
const ALIVE: [usize; 2] = [0, 1];
/// Blocks that must come while nothing becomes final.
const BLOCKS: u32 = 8;
/// How long finality may take to get this far: from the start, and by two authors of four.
const GROWN: Duration = Duration::from_secs(120);
/// How long finality may take to go on, nodes' start included.
const RESUMED: Duration = Duration::from_secs(240);

#[tokio::test]
async fn finality_waits_for_those_who_were_killed() {
	let _machine = machine().await;
	let mut network = Box::pin(Network::builder().start()).await;
	let mut history = History::default();
	network.finalized_above(BLOCKS, GROWN).await;
	history.poll(network.nodes()).await;

	for index in KILLED {
		network.node(index).kill();
	}
	// What both had voted for may still become final.
	let mut best = 0;
	for index in ALIVE {
		best = best.max(network.nodes()[index].best().await.expect("the best block").number);
	}
	Box::pin(network.best_above(&ALIVE, best + BLOCKS, GROWN)).await;
	history.poll(network.nodes()).await;
	let stopped = network.finalized_everywhere().await.expect("answers");
	Box::pin(network.best_above(&ALIVE, best + 2 * BLOCKS, GROWN)).await;
	history.poll(network.nodes()).await;
	for index in ALIVE {
		let node = &network.nodes()[index];
		let finalized = node.finalized().await.expect("an answer").number;
		assert!(finalized <= best, "{} finalized {finalized} without a quorum", node.name());
	}

	let back = Instant::now();
	for index in KILLED {
		network.node(index).start();
	}
	network.finalized_above(best + 2 * BLOCKS, RESUMED).await;
	println!(
		"finality stood at {stopped} and went on {:.1} s after both nodes were started again",
		back.elapsed().as_secs_f64()
	);
	history.poll_again(network.nodes()).await;
	assert!(history.agreed() > best + 2 * BLOCKS, "all four agree on what came since");
}
