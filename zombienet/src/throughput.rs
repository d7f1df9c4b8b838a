//! What a measurement of throughput comes to: the slots that it covers, the blocks made in them, and
//! how one chain compares with another.

use serde::Serialize;

use crate::{lag::Behind, processors::Usage};

/// The share of a limit from which on it counts as reached: the last transaction that does not fit
/// any more leaves a gap, and so do hooks.
const REACHED: f64 = 0.95;

/// Slots of a chain, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
	/// The first one.
	pub first: u64,
	/// How many.
	pub slots: u32,
	/// Length of one, ms.
	pub slot_millis: u64,
}

impl Window {
	/// The next whole slots after `now`, as many as fit into these seconds, at least one.
	#[must_use]
	pub fn next(now_millis: u64, slot_millis: u64, seconds: u64) -> Self {
		let slots = (seconds * 1_000 / slot_millis).max(1);
		let slots = u32::try_from(slots).unwrap_or(u32::MAX);
		Self { first: now_millis / slot_millis + 1, slots, slot_millis }
	}

	/// When it begins, in ms of Unix time.
	#[must_use]
	pub const fn begin_millis(&self) -> u64 {
		self.first * self.slot_millis
	}

	/// How long it is, ms.
	#[must_use]
	pub fn millis(&self) -> u64 {
		u64::from(self.slots) * self.slot_millis
	}

	/// Whether a slot is one of them.
	#[must_use]
	pub fn contains(&self, slot: u64) -> bool {
		(self.first..self.first + u64::from(self.slots)).contains(&slot)
	}

	/// What finalized blocks of its slots, in order, come to; `open` further ones are not final.
	#[must_use]
	pub fn production(&self, blocks: &[Made], open: u32) -> Production {
		let transfers = blocks.iter().map(|block| u64::from(block.transfers)).sum::<u64>();
		let seconds = float(self.millis()) / 1e3;
		let count = u32::try_from(blocks.len()).unwrap_or(u32::MAX);
		let times = blocks.windows(2).map(|pair| match pair {
			[earlier, later] => float(later.moment.saturating_sub(earlier.moment)),
			_ => 0.0,
		});
		Production {
			seconds,
			slots: self.slots,
			blocks: count,
			open,
			missed: self.slots.saturating_sub(count).saturating_sub(open),
			transfers,
			per_second: float(transfers) / seconds,
			block_millis: Spread::of(times),
			weight: Spread::of(blocks.iter().map(|block| block.weight)),
			bytes: Spread::of(blocks.iter().map(|block| block.bytes)),
		}
	}
}

/// Exact up to 2^53.
fn float(number: u64) -> f64 {
	number as f64
}

/// A block that was made while transfers were measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Made {
	/// When, by its author's clock, in ms of Unix time.
	pub moment: u64,
	/// Transfers that were executed without error.
	pub transfers: u32,
	/// Weight of its normal transactions over the limit.
	pub weight: f64,
	/// Bytes of its transactions over the limit of normal ones.
	pub bytes: f64,
}

/// Mean and maximum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
	/// The mean; 0 of nothing.
	pub mean: f64,
	/// The largest; 0 of nothing.
	pub max: f64,
}

impl Spread {
	/// Of numbers that are not negative.
	#[must_use]
	pub fn of(numbers: impl IntoIterator<Item = f64>) -> Self {
		let (mut count, mut sum, mut max) = (0.0, 0.0, 0.0_f64);
		for number in numbers {
			count += 1.0;
			sum += number;
			max = max.max(number);
		}
		Self { mean: if count > 0.0 { sum / count } else { 0.0 }, max }
	}
}

/// What the blocks of a window come to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Production {
	/// Length of the window.
	pub seconds: f64,
	/// Slots of the window.
	pub slots: u32,
	/// Finalized blocks in them.
	pub blocks: u32,
	/// Blocks in them that were not final when waiting for it ended. They do not count.
	pub open: u32,
	/// Slots without a block.
	pub missed: u32,
	/// Transfers in the finalized blocks.
	pub transfers: u64,
	/// Transfers in finalized blocks for each second of the window.
	pub per_second: f64,
	/// Time from a block to the next.
	pub block_millis: Spread,
	/// Share of the weight that normal transactions may have.
	pub weight: Spread,
	/// Share of the bytes that normal transactions may have.
	pub bytes: Spread,
}

/// Finality on one node.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NodeLag {
	/// The node.
	pub node: &'static str,
	/// How far finality lay behind there.
	#[serde(flatten)]
	pub behind: Behind,
}

/// What was sent, in the window and before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sent {
	/// Transfers that pools took.
	pub accepted: usize,
	/// Transfers that pools refused for another reason than that they were full.
	pub refused: usize,
	/// Why the first of them was refused, or the first connection broke.
	pub first_failure: Option<String>,
	/// Whether a connection had nothing left to send before the window ended.
	pub ran_out: bool,
}

/// What kept a chain from more transfers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
	/// The bench had no more signed transfers.
	RanOut,
	/// Blocks were as heavy as normal transactions may make them.
	Weight,
	/// Blocks were as long as normal transactions may make them.
	Bytes,
	/// The machine's processors had no time left.
	Processors,
	/// None of these: what the pools were given in time, or the time that an author takes for a block.
	Other,
}

impl Bound {
	/// What it was. A limit of the chain comes before the machine: the former would hold on any
	/// machine.
	#[must_use]
	pub fn of(production: &Production, sent: &Sent, busy: f64) -> Self {
		if sent.ran_out {
			Self::RanOut
		} else if production.weight.mean >= REACHED {
			Self::Weight
		} else if production.bytes.mean >= REACHED {
			Self::Bytes
		} else if busy >= REACHED {
			Self::Processors
		} else {
			Self::Other
		}
	}

	/// For people.
	#[must_use]
	pub const fn words(self) -> &'static str {
		match self {
			Self::RanOut => "signed transfers ran out: more by --rate",
			Self::Weight => "the declared weight of a block",
			Self::Bytes => "the bytes of a block",
			Self::Processors => "this machine's processors",
			Self::Other => "neither blocks nor processors were full",
		}
	}
}

/// One measurement of one chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
	/// The chain.
	pub chain: &'static str,
	/// Which of its measurements, from 1 on.
	pub round: u32,
	/// Finality without load, on each node.
	pub rest: Vec<NodeLag>,
	/// Finality of the blocks of the window, on each node.
	pub load: Vec<NodeLag>,
	/// Blocks of the window.
	pub production: Production,
	/// What was sent.
	pub sent: Sent,
	/// Processors in the window: each node's, then the bench's.
	pub processors: Usage,
	/// What kept it from more.
	pub bound: Bound,
}

/// A figure by which chains are compared.
struct Figure {
	name: &'static str,
	of: fn(&Measured) -> f64,
}

/// What is compared, in the order in which it is shown.
static FIGURES: [Figure; 17] = [
	Figure { name: "transfers per second, finalized", of: |run| run.production.per_second },
	Figure { name: "block time, mean, ms", of: |run| run.production.block_millis.mean },
	Figure { name: "block time, max, ms", of: |run| run.production.block_millis.max },
	Figure { name: "slots without a block", of: |run| f64::from(run.production.missed) },
	Figure {
		name: "weight of blocks, mean, % of limit",
		of: |run| run.production.weight.mean * 1e2,
	},
	Figure { name: "weight of blocks, max, % of limit", of: |run| run.production.weight.max * 1e2 },
	Figure { name: "bytes of blocks, mean, % of limit", of: |run| run.production.bytes.mean * 1e2 },
	Figure {
		name: "finality lag at rest, mean, ms",
		of: |run| mean(&run.rest, |lag| lag.mean_millis),
	},
	Figure {
		name: "finality lag at rest, max, ms",
		of: |run| max(&run.rest, |lag| lag.max_millis),
	},
	Figure {
		name: "finality lag at rest, mean, blocks",
		of: |run| mean(&run.rest, |lag| lag.mean_blocks),
	},
	Figure { name: "finality lag at rest, max, blocks", of: |run| max(&run.rest, most_blocks) },
	Figure {
		name: "finality lag under load, mean, ms",
		of: |run| mean(&run.load, |lag| lag.mean_millis),
	},
	Figure {
		name: "finality lag under load, max, ms",
		of: |run| max(&run.load, |lag| lag.max_millis),
	},
	Figure {
		name: "finality lag under load, mean, blocks",
		of: |run| mean(&run.load, |lag| lag.mean_blocks),
	},
	Figure { name: "finality lag under load, max, blocks", of: |run| max(&run.load, most_blocks) },
	Figure { name: "processors of the nodes", of: |run| nodes(run).iter().sum() },
	Figure { name: "processors of the bench", of: bench },
];

fn most_blocks(lag: &Behind) -> f64 {
	f64::from(lag.max_blocks)
}

/// The mean over the nodes.
fn mean(lags: &[NodeLag], of: fn(&Behind) -> f64) -> f64 {
	Spread::of(lags.iter().map(|lag| of(&lag.behind))).mean
}

/// The largest of the nodes.
fn max(lags: &[NodeLag], of: fn(&Behind) -> f64) -> f64 {
	Spread::of(lags.iter().map(|lag| of(&lag.behind))).max
}

/// The processors of each node.
#[must_use]
pub fn nodes(run: &Measured) -> &[f64] {
	run.processors.programs.get(..run.load.len()).unwrap_or_default()
}

/// The processors of the bench itself.
#[must_use]
pub fn bench(run: &Measured) -> f64 {
	run.processors.programs.get(run.load.len()).copied().unwrap_or_default()
}

/// A figure of two chains.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
	/// What it is, with its unit.
	pub figure: &'static str,
	/// Of the first chain, round by round.
	pub ours: Vec<f64>,
	/// Of the second one; empty if there is none.
	pub theirs: Vec<f64>,
	/// The mean of the first over that of the second; `None` if there is none, or that is zero.
	pub ratio: Option<f64>,
}

/// Every figure of the chain `ours` and of all other ones.
#[must_use]
pub fn compare(ours: &str, runs: &[Measured]) -> Vec<Row> {
	let (first, second): (Vec<_>, Vec<_>) = runs.iter().partition(|run| run.chain == ours);
	let rows = FIGURES.iter().map(|figure| {
		let of = |runs: &[&Measured]| runs.iter().map(|run| (figure.of)(run)).collect::<Vec<_>>();
		let (ours, theirs) = (of(&first), of(&second));
		let means = (average(&ours), average(&theirs));
		let ratio = (means.1 > 0.0).then(|| means.0 / means.1);
		Row { figure: figure.name, ours, theirs, ratio }
	});
	rows.collect()
}

/// The mean of a figure's rounds; 0 of none.
#[must_use]
pub fn average(rounds: &[f64]) -> f64 {
	Spread::of(rounds.iter().copied()).mean
}

#[cfg(test)]
mod tests {
	use super::*;

	const WINDOW: Window = Window { first: 100, slots: 4, slot_millis: 6_000 };

	fn made(moment: u64, transfers: u32, weight: f64) -> Made {
		Made { moment, transfers, weight, bytes: 0.1 }
	}

	fn production() -> Production {
		let blocks = [made(600_010, 300, 0.9), made(606_020, 300, 1.0), made(618_060, 600, 0.95)];
		WINDOW.production(&blocks, 0)
	}

	fn measured(chain: &'static str, round: u32, transfers: u64) -> Measured {
		let behind = |millis: f64| Behind {
			mean_millis: millis,
			max_millis: 2.0 * millis,
			..Behind::default()
		};
		let lag = |node, millis| NodeLag { node, behind: behind(millis) };
		Measured {
			chain,
			round,
			rest: vec![lag("alice", 1_000.0), lag("bob", 3_000.0)],
			load: vec![lag("alice", 4_000.0), lag("bob", 4_000.0)],
			production: Production {
				transfers,
				per_second: float(transfers) / 24.0,
				..production()
			},
			sent: Sent::default(),
			processors: Usage { programs: vec![0.5, 0.25, 0.125], busy: 0.5 },
			bound: Bound::Other,
		}
	}

	fn row<'a>(rows: &'a [Row], figure: &str) -> &'a Row {
		rows.iter().find(|row| row.figure == figure).expect("a figure of this name")
	}

	#[test]
	fn windows_are_whole_slots_to_come() {
		let window = Window::next(599_999, 6_000, 25);
		assert_eq!(window, WINDOW);
		assert_eq!((window.begin_millis(), window.millis()), (600_000, 24_000));
		assert_eq!(Window::next(600_000, 6_000, 25).first, 101, "this one has begun");
		assert_eq!(Window::next(599_999, 6_000, 5).slots, 1);
	}

	#[test]
	fn windows_contain_their_slots() {
		let all = [99, 100, 103, 104].map(|slot| WINDOW.contains(slot));
		assert_eq!(all, [false, true, true, false]);
	}

	#[test]
	fn blocks_are_counted_over_all_slots() {
		let production = production();
		assert_eq!((production.blocks, production.missed, production.open), (3, 1, 0));
		assert_eq!((production.transfers, production.per_second), (1_200, 50.0));
		assert_eq!(production.block_millis, Spread { mean: 9_025.0, max: 12_040.0 });
		assert_eq!(production.weight.max, 1.0);
	}

	#[test]
	fn blocks_that_are_not_final_are_neither_missed_nor_counted() {
		let production = WINDOW.production(&[made(600_010, 240, 1.0)], 2);
		assert_eq!((production.blocks, production.missed, production.open), (1, 1, 2));
		assert_eq!(production.per_second, 10.0);
		assert_eq!(production.block_millis, Spread::default(), "one block has no next");
	}

	#[test]
	fn nothing_is_produced_without_blocks() {
		let production = WINDOW.production(&[], 0);
		assert_eq!((production.per_second, production.missed), (0.0, 4));
		assert_eq!(production.weight, Spread::default());
	}

	#[test]
	fn the_bound_is_the_chains_before_the_machines() {
		let full = Spread { mean: 0.96, max: 1.0 };
		let heavy = Production { weight: full, ..production() };
		let light = Production { weight: Spread::default(), ..production() };
		let long = Production { bytes: full, ..light.clone() };
		let (enough, out) = (Sent::default(), Sent { ran_out: true, ..Sent::default() });
		assert_eq!(Bound::of(&heavy, &out, 1.0), Bound::RanOut);
		assert_eq!(Bound::of(&heavy, &enough, 1.0), Bound::Weight);
		assert_eq!(Bound::of(&long, &enough, 1.0), Bound::Bytes);
		assert_eq!(Bound::of(&light, &enough, 0.99), Bound::Processors);
		assert_eq!(Bound::of(&light, &enough, 0.5), Bound::Other);
	}

	#[test]
	fn figures_are_compared_by_the_means_of_their_rounds() {
		let runs = [
			measured("ours", 1, 12_000),
			measured("theirs", 1, 24_000),
			measured("ours", 2, 24_000),
			measured("theirs", 2, 24_000),
		];
		let rows = compare("ours", &runs);
		let rate = row(&rows, "transfers per second, finalized");
		assert_eq!(rate.ours, [500.0, 1_000.0]);
		assert_eq!(rate.theirs, [1_000.0, 1_000.0]);
		assert_eq!(rate.ratio, Some(0.75));
		assert_eq!(row(&rows, "finality lag at rest, mean, ms").ours, [2_000.0, 2_000.0]);
		assert_eq!(row(&rows, "finality lag at rest, max, ms").ours, [6_000.0, 6_000.0]);
		assert_eq!(row(&rows, "processors of the nodes").ours, [0.75, 0.75]);
		assert_eq!(row(&rows, "processors of the bench").ours, [0.125, 0.125]);
		assert_eq!(row(&rows, "finality lag at rest, max, blocks").ratio, None, "over zero");
	}

	#[test]
	fn a_chain_alone_has_no_ratio() {
		let rows = compare("ours", &[measured("ours", 1, 12_000)]);
		assert!(rows.iter().all(|row| row.theirs.is_empty() && row.ratio.is_none()));
	}
}
