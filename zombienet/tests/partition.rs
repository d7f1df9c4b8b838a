//! The network is cut in two halves. Each goes on with blocks of its own and finalizes none; healed,
//! all follow one chain, and nobody has ever finalized two blocks at a height.

use std::time::{Duration, Instant};

use cairn_network_tests::{history::History, machine, network::Network};

/// The halves.
const HERE: [usize; 2] = [0, 1];
const THERE: [usize; 2] = [2, 3];
/// Blocks of each half in which nothing becomes final.
const BLOCKS: u32 = 10;
/// How long a half may take for these blocks: every other slot has an author there.
const GROWN: Duration = Duration::from_secs(120);
/// How long the halves may take to find each other and to agree.
const HEALED: Duration = Duration::from_secs(240);

#[tokio::test]
async fn a_cut_network_finalizes_nothing_and_heals() {
	let _machine = machine().await;
	let mut network = Box::pin(Network::builder().that_can_be_cut().start()).await;
	let mut history = History::default();
	network.finalized_above(BLOCKS, GROWN).await;
	history.poll(network.nodes()).await;

	network.cut(&HERE).await;
	println!("cut: {}", network.how_it_is_cut());
	let best = highest(&network).await;
	for half in [HERE, THERE] {
		Box::pin(network.best_above(&half, best + BLOCKS, GROWN)).await;
	}
	history.poll(network.nodes()).await;
	ensure_nothing_final_above(&network, best).await;
	ensure_forked(&network, best + BLOCKS).await;

	let healed = Instant::now();
	let best = highest(&network).await;
	network.heal(&HERE).await;
	network.finalized_above(best, HEALED).await;
	println!("finality went on {:.1} s after the cut was healed", healed.elapsed().as_secs_f64());
	history.poll_again(network.nodes()).await;
	assert!(history.agreed() > best, "all four have the same finalized chain");
}

/// The highest block of any node.
async fn highest(network: &Network) -> u32 {
	let mut highest = 0;
	for node in network.nodes() {
		highest = highest.max(node.best().await.expect("the best block").number);
	}
	highest
}

/// What was voted for by all before the cut may become final after it, nothing later.
async fn ensure_nothing_final_above(network: &Network, best: u32) {
	for node in network.nodes() {
		let finalized = node.finalized().await.expect("an answer").number;
		assert!(finalized <= best, "{} finalized {finalized} without a quorum", node.name());
	}
}

/// Within a half all have the same block at this height or are about to, across the cut nobody has.
async fn ensure_forked(network: &Network, height: u32) {
	let mut blocks = Vec::new();
	for index in [HERE[0], THERE[0]] {
		blocks.push(network.nodes()[index].block_hash(height).await.expect("a block"));
	}
	assert_ne!(blocks[0], blocks[1], "the halves have blocks of their own");
}
