//! One measurement of one chain: at rest, then under load.

use std::{
	sync::Arc,
	time::{Duration, Instant},
};

use cairn_chain::{BlockId, Event, Signer};
use cairn_network_tests::{
	block::Limits,
	events::Events,
	intake::Lane,
	network::Network,
	now_millis,
	processors::{Counters, Usage},
	throughput::{Bound, Made, Measured, NodeLag, Sent, Window},
};
use tokio::time::sleep;

use crate::{
	accounts,
	load::{CONNECTIONS, Load},
	options::Options,
	subject::Subject,
	watch::Watch,
};
use cairn_network_tests::bench::Failure;

/// How long pools may take to fill. Transfers are signed for this time too.
const FILLED: Duration = Duration::from_secs(30);
/// How long blocks that were seen may take to become final after a measurement at rest.
const SETTLED_AT_REST: Duration = Duration::from_secs(60);
/// How long they may take after one under load.
const SETTLED_AFTER_LOAD: Duration = Duration::from_secs(180);
/// Time between two looks at whether all nodes run.
const LOOK: Duration = Duration::from_millis(500);
/// The event of a transfer that was executed.
const TRANSFER: (&str, &str) = ("Balances", "Transfer");

/// Measure a chain on a fresh network, which ends with the measurement.
pub(crate) async fn run(
	subject: &Subject,
	round: u32,
	options: &Options,
	accounts: &Arc<Vec<Signer>>,
) -> Result<Measured, Failure> {
	let name = subject.name;
	tell(name, round, "starting four validators");
	let mut network = Box::pin(subject.network(accounts).start()).await;
	let slot_millis = slot(subject, &network, options).await?;
	let watch = Watch::start(network.nodes());

	tell(name, round, "signing transfers");
	let lanes = sign(&network, options, accounts).await;

	tell(name, round, "measuring at rest");
	// Finality may have lagged while processors were busy signing.
	pass(&mut network, Duration::from_millis(2 * slot_millis)).await;
	let rest = at_rest(&mut network, &watch, Duration::from_secs(options.rest)).await;

	tell(name, round, "filling the pools");
	let base = network.nodes()[0].best().await.expect("a best block");
	let load = Load::start(network.nodes(), base, options.pool, lanes);
	fill(&mut network, &load).await;

	tell(name, round, "measuring under load");
	let window = Window::next(now_millis(), slot_millis, options.seconds);
	let loaded = under_load(&mut network, &watch, load, &window).await;

	tell(name, round, "reading blocks");
	let blocks = Box::pin(blocks(&network, &window, base.number)).await;
	let production = window.production(&blocks.made, blocks.open);
	let bound = Bound::of(&production, &loaded.sent, loaded.processors.busy);
	let Loaded { finality, sent, processors } = loaded;
	Ok(Measured { chain: name, round, rest, load: finality, production, sent, processors, bound })
}

fn tell(name: &str, round: u32, what: &str) {
	eprintln!("{name}, round {round}: {what}");
}

/// The length of the chain's slots, if it is the one that was asked for.
async fn slot(subject: &Subject, network: &Network, options: &Options) -> Result<u64, Failure> {
	let millis = network.nodes()[0].slot_millis().await.ok_or_else(|| {
		let what = format!("{} does not tell the length of its slots", subject.program.display());
		Failure::new(what, "name a node of a chain with Aura or Babe")
	})?;
	if millis == options.slot {
		return Ok(millis);
	}
	let what = format!("{} has slots of {millis} ms, not of {}", subject.name, options.slot);
	Err(Failure::new(what, format!("measure with --slot {millis}")))
}

/// Sign as many transfers as may be sent, for every connection.
async fn sign(network: &Network, options: &Options, accounts: &Arc<Vec<Signer>>) -> Vec<Lane> {
	let lanes = network.nodes().len() * CONNECTIONS;
	// The window begins with the next slot, not at once.
	let seconds = options.seconds + FILLED.as_secs() + options.slot.div_ceil(1_000);
	let count = u64::from(options.rate) * seconds + u64::from(options.pool);
	let each = usize::try_from(count).expect("fits into memory").div_ceil(lanes);
	Box::pin(accounts::sign(&network.nodes()[0], accounts, lanes, each)).await
}

/// Let time pass, and see that no node ends by itself meanwhile.
async fn pass(network: &mut Network, time: Duration) {
	let end = Instant::now() + time;
	loop {
		network.ensure_running();
		let left = end.saturating_duration_since(Instant::now());
		if left.is_zero() {
			return;
		}
		sleep(left.min(LOOK)).await;
	}
}

/// Wait until this is so, but no longer than `limit`.
async fn wait(network: &mut Network, limit: Duration, mut is_so: impl FnMut() -> bool) {
	let end = Instant::now() + limit;
	while !is_so() && Instant::now() < end {
		pass(network, LOOK).await;
	}
}

/// Finality without transactions.
async fn at_rest(network: &mut Network, watch: &Watch, time: Duration) -> Vec<NodeLag> {
	let from = Instant::now();
	pass(network, time).await;
	let to = Instant::now();
	wait(network, SETTLED_AT_REST, || watch.is_settled(from, to)).await;
	watch.between(from, to)
}

/// Wait until as much has been sent as may be. Where blocks take in more than that it is never so: that
/// is measured all the same.
async fn fill(network: &mut Network, load: &Load) {
	wait(network, FILLED, || load.is_full()).await;
	if !load.is_full() {
		eprintln!("  the pools are not full after {} s", FILLED.as_secs());
	}
}

/// What is measured while transfers are sent.
struct Loaded {
	finality: Vec<NodeLag>,
	sent: Sent,
	processors: Usage,
}

/// Go on sending until the window's end; then wait until its blocks are final.
async fn under_load(network: &mut Network, watch: &Watch, load: Load, window: &Window) -> Loaded {
	let wait_for_begin = window.begin_millis().saturating_sub(now_millis());
	pass(network, Duration::from_millis(wait_for_begin)).await;
	let (from, earlier) = (Instant::now(), counters(network));
	pass(network, Duration::from_millis(window.millis())).await;
	let (to, later) = (Instant::now(), counters(network));
	let sent = load.sent();
	drop(load);
	// The block of the last slot may come after the slot.
	let late = Duration::from_millis(window.slot_millis);
	pass(network, late).await;
	wait(network, SETTLED_AFTER_LOAD, || watch.is_settled(from, to + late)).await;
	Loaded { finality: watch.between(from, to), sent, processors: later.since(&earlier) }
}

/// What the nodes' processes, and this one, have used of the processors.
fn counters(network: &Network) -> Counters {
	let nodes = network.nodes().iter();
	let mut ids = nodes.map(|node| node.process_id().expect("it runs")).collect::<Vec<_>>();
	ids.push(std::process::id());
	Counters::read(&ids).expect("/proc tells what processes use")
}

/// The blocks of a window.
#[derive(Default)]
struct Blocks {
	/// Those that are final, in order.
	made: Vec<Made>,
	/// How many are not.
	open: u32,
}

/// Read the blocks of the window, all of them after the height `base`.
async fn blocks(network: &Network, window: &Window, base: u32) -> Blocks {
	const ANSWER: &str = "an answer of the node";
	let node = &network.nodes()[0];
	let metadata = Box::pin(node.chain.metadata()).await.expect(ANSWER);
	let limits = Limits::read(&metadata).expect("limits of blocks in the metadata");
	let events = Box::pin(Events::from(node, base)).await;
	let finalized = node.finalized().await.expect(ANSWER).number;
	let best = node.best().await.expect(ANSWER).number;
	let mut blocks = Blocks::default();
	for number in base + 1..=best {
		let hash = node.block_hash(number).await.expect(ANSWER);
		let block = Box::pin(node.http().block(hash)).await.expect(ANSWER);
		if !block.slot.is_some_and(|slot| window.contains(slot)) {
			continue;
		}
		if number > finalized {
			blocks.open += 1;
			continue;
		}
		let all = Box::pin(events.at(BlockId { number, hash })).await.expect(ANSWER);
		let transfers = all.iter().filter(|event| is_transfer(event)).count();
		let weight = node.normal_weight(hash).await.unwrap_or(0);
		blocks.made.push(Made {
			moment: node.moment(hash).await.expect(ANSWER),
			transfers: u32::try_from(transfers).expect("few in one block"),
			weight: share(weight, limits.weight),
			bytes: share(block.bytes, u64::from(limits.bytes)),
		});
	}
	blocks
}

fn is_transfer(event: &Event) -> bool {
	(event.pallet.as_str(), event.name.as_str()) == TRANSFER
}

/// A share of a limit.
fn share(used: u64, limit: u64) -> f64 {
	if limit == 0 { 0.0 } else { used as f64 / limit as f64 }
}
