//! `cairn chain`: where the chain is.

use std::fmt;

use cairn_chain::{At, BlockId, CycleView, NodeView, views::Clock};
use serde::Serialize;
use serde_json::json;

use super::{error::OwnerError, format, output::Smallest, session::Session};
use crate::cli::Global;

const EXAMPLES: &str = "\
Examples:
  cairn chain status
  cairn chain status --node wss://node.example --output json";

/// The chain: blocks, windows, ticks and cycles
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct ChainArgs {
	#[command(subcommand)]
	command: ChainCommand,
}

/// The chain: blocks, windows, ticks and cycles
#[derive(Debug, clap::Subcommand)]
enum ChainCommand {
	/// Show where the chain is, and what the current cycle emits
	Status,
}

/// Run the command.
///
/// # Errors
/// Whatever stops it.
pub(crate) async fn run(global: &Global, args: &ChainArgs) -> Result<(), OwnerError> {
	let ChainCommand::Status = args.command;
	let session = Session::open(global).await?;
	let chain = &session.chain;
	let clock = session.clock().await?;
	let status = Status {
		genesis: chain.genesis().await?,
		node: chain.node().await?,
		best: chain.best().await?,
		finalized: chain.finalized().await?,
		cycle: chain.cycle_view(clock.cycle, At::Best).await?,
		clock,
	};
	session.print(&status)
}

/// Where the chain is.
struct Status {
	node: NodeView,
	genesis: [u8; 32],
	best: BlockId,
	finalized: BlockId,
	clock: Clock,
	cycle: Option<CycleView>,
}

impl Serialize for Status {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let block =
			|block: &BlockId| json!({ "number": block.number, "hash": format::hash(&block.hash) });
		let periods = &self.clock.periods;
		let document = json!({
			"chain": self.node.chain,
			"node_version": self.node.version,
			"peers": self.node.peers,
			"syncing": self.node.is_syncing,
			"genesis": format::hash(&self.genesis),
			"best": block(&self.best),
			"finalized": block(&self.finalized),
			"window": self.clock.now.window,
			"tick": self.clock.now.tick,
			"cycle": self.clock.cycle,
			"window_millis": periods.window_millis(),
			"cycle_ticks": periods.cycle_ticks,
			"mature_ticks": periods.mature_ticks(),
			"periods": periods,
			"cycle_emission": self.cycle.as_ref().map(|cycle| Smallest(cycle.emission)),
			"cycle_bootstrap": self.cycle.as_ref().map(|cycle| Smallest(cycle.bootstrap)),
			"cycle_weights": self.cycle.as_ref().map(|cycle| cycle.weights),
		});
		document.serialize(serializer)
	}
}

impl fmt::Display for Status {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let NodeView { chain, version, peers, is_syncing } = &self.node;
		let state = if *is_syncing { "catching up" } else { "in sync" };
		let peers = format::count(u64::try_from(*peers).unwrap_or(u64::MAX), "peer");
		writeln!(f, "{chain}: node {version}, {peers}, {state}")?;
		for (label, block) in [("best", &self.best), ("finalized", &self.finalized)] {
			writeln!(f, "  {label:<12} {} ({})", block.number, format::short_hash(&block.hash))?;
		}
		writeln!(f, "  genesis      {}", format::hash(&self.genesis))?;
		let Clock { now, cycle, periods, .. } = &self.clock;
		let window = format::duration(periods.window_millis() / 1_000);
		writeln!(f, "  window       {}, {window} each", now.window)?;
		writeln!(f, "  tick         {}", now.tick)?;
		let place = now.tick.checked_rem(periods.cycle_ticks).unwrap_or(0) + 1;
		writeln!(f, "  cycle        {cycle}, tick {place} of {}", periods.cycle_ticks)?;
		writeln!(
			f,
			"  matures      {} after its window",
			format::ticks(periods.mature_ticks(), periods)
		)?;
		if let Some(CycleView { emission, bootstrap, weights, .. }) = &self.cycle {
			writeln!(f, "  emission     {} in this cycle", format::amount(*emission))?;
			let bootstrap = format::amount(*bootstrap);
			writeln!(f, "  bootstrap    {bootstrap} shared by a weight of {weights}")?;
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::owner::batch::tests::clock;

	#[test]
	fn the_status_says_where_the_chain_is() {
		let block = |number| BlockId { number, hash: [3; 32] };
		let status = Status {
			node: NodeView {
				chain: "Cairn Development".to_owned(),
				version: "0.1.0".to_owned(),
				peers: 0,
				is_syncing: false,
			},
			genesis: [1; 32],
			best: block(12),
			finalized: block(10),
			clock: clock(9),
			cycle: Some(CycleView {
				emission: 5 * format::UNIT,
				parts: [0; 3],
				bootstrap: format::UNIT,
				weights: 1,
				vesting: 1,
			}),
		};
		let text = status.to_string();
		for expected in
			["0 peers, in sync", "cycle        2, tick 2 of 4", "8 ticks, about 48 s", "5 CAIRN"]
		{
			assert!(text.contains(expected), "{text}");
		}
		let value = serde_json::to_value(&status).expect("serializes");
		assert_eq!(value["best"]["number"], 12);
		assert_eq!(value["cycle_bootstrap"], "1000000000000");
	}
}
