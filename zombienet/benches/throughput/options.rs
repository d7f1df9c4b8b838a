//! What the user may ask for.

use std::path::PathBuf;

use cairn_network_tests::bench::{Output, arguments};
use clap::{Parser, value_parser};
use serde::Serialize;

/// Shown below `--help`.
const EXAMPLES: &str = "\
Examples:
  scripts/bench throughput
  scripts/bench throughput --baseline ~/template/target/release/solochain-template-node \\
      --node target/release/cairn-node --output json";

/// Measure transfers and finality of four validators on this machine.
///
/// Four validators are started on loopback with a fresh chain of 6-second slots. Finality is
/// measured at rest; then signed transfers are sent to all of them, so that their pools stay full,
/// and what is in finalized blocks is counted. With --baseline, another program's chain is measured
/// in the same way, in turns with ours. Progress goes to standard error, the report to standard
/// output. Use a quiet machine: every process on it takes from what is measured.
#[derive(Clone, Debug, Parser, Serialize)]
#[command(name = "scripts/bench throughput", bin_name = "scripts/bench throughput")]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Options {
	/// A node to compare with: a solochain-template-node (Aura and GRANDPA, slots as ours)
	#[arg(long, value_name = "PATH")]
	pub(crate) baseline: Option<PathBuf>,

	/// Our node [default: the cairn-node that the workspace has built]
	///
	/// Compare only nodes that were built with the same profile.
	#[arg(long, value_name = "PATH")]
	pub(crate) node: Option<PathBuf>,

	/// Measurements of each chain
	#[arg(long, value_name = "N", default_value_t = 2)]
	#[arg(value_parser = value_parser!(u32).range(1..=20))]
	pub(crate) rounds: u32,

	/// Length of each measurement under load
	#[arg(long, value_name = "S", default_value_t = 60)]
	#[arg(value_parser = value_parser!(u64).range(6..=3_600))]
	pub(crate) seconds: u64,

	/// Length of each measurement at rest
	#[arg(long, value_name = "S", default_value_t = 30)]
	#[arg(value_parser = value_parser!(u64).range(6..=3_600))]
	pub(crate) rest: u64,

	/// Length of a slot of our chain; the baseline's is fixed in it and has to be the same
	#[arg(long, value_name = "MS", default_value_t = 6_000, value_parser = slot)]
	pub(crate) slot: u64,

	/// Transfers that are kept waiting: sent, and in no best block yet; nodes keep 8,192 at most
	#[arg(long, value_name = "N", default_value_t = 6_000)]
	#[arg(value_parser = value_parser!(u32).range(500..=8_000))]
	pub(crate) pool: u32,

	/// Transfers per second for which enough are signed before: more than a chain can take
	#[arg(long, value_name = "N", default_value_t = 1_000)]
	#[arg(value_parser = value_parser!(u32).range(10..=20_000))]
	pub(crate) rate: u32,

	/// How the report is printed
	#[arg(long, value_enum, default_value_t = Output::Table)]
	pub(crate) output: Output,
}

impl Options {
	/// What this program was called with; without the flag that cargo gives to every bench.
	pub(crate) fn from_command_line() -> Self {
		Self::parse_from(arguments())
	}
}

/// The length of a slot in ms.
fn slot(text: &str) -> Result<u64, String> {
	let millis = text.parse::<u64>().map_err(|cause| cause.to_string())?;
	if !(1_000..=60_000).contains(&millis) || !millis.is_multiple_of(2) {
		return Err("a slot has 1000 to 60000 ms, an even number: Babe halves it".to_owned());
	}
	Ok(millis)
}
