//! Four validators: sessions follow one another, finality follows the best block, and all agree.

use std::{
	collections::BTreeMap,
	time::{Duration, Instant},
};

use cairn_network_tests::{history::History, machine, network::Network, node::Node, until};

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
	println!("{height} blocks finalized on every node; {lag}");
	assert!(lag.mean_blocks() < MEAN_LAG, "finality lies behind: {lag}");
}

/// How far finality lies behind.
#[derive(Default)]
struct Lag {
	/// When each height was first seen as the best.
	seen: BTreeMap<u32, Instant>,
	finalized: u32,
	/// Blocks between the best and the finalized block, at each look.
	blocks: Vec<u32>,
	/// Time from a block's first sight to its finality.
	delays: Vec<Duration>,
}

impl Lag {
	async fn look(&mut self, node: &Node) -> Option<()> {
		let (best, finalized) = (node.best().await?.number, node.finalized().await?.number);
		let now = Instant::now();
		let newest = self.seen.last_key_value().map_or(best, |(number, _)| number + 1);
		self.seen.extend((newest..=best).map(|number| (number, now)));
		let since = self.seen.range(self.finalized + 1..=finalized.max(self.finalized + 1));
		let final_now = since.filter(|(number, _)| **number <= finalized);
		self.delays.extend(final_now.map(|(_, seen)| now.duration_since(*seen)));
		self.finalized = self.finalized.max(finalized);
		self.blocks.push(best.saturating_sub(finalized));
		Some(())
	}

	fn mean_blocks(&self) -> f64 {
		let sum = self.blocks.iter().copied().map(f64::from).sum::<f64>();
		sum / f64::from(u32::try_from(self.blocks.len().max(1)).unwrap_or(u32::MAX))
	}
}

impl std::fmt::Display for Lag {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		let count = u32::try_from(self.delays.len().max(1)).unwrap_or(u32::MAX);
		let mean = self.delays.iter().sum::<Duration>() / count;
		let longest = self.delays.iter().max().copied().unwrap_or_default();
		let most = self.blocks.iter().max().copied().unwrap_or_default();
		write!(
			f,
			"finality lag: {:.1} s on average, {:.1} s at most; {:.1} blocks on average, {most} at most",
			mean.as_secs_f64(),
			longest.as_secs_f64(),
			self.mean_blocks()
		)
	}
}
