//! What the user may ask for.

use crate::{chain_spec, source::SourceUrl};
use sc_cli::SubstrateCli;

/// Where to report what the node did wrong.
pub(crate) const ISSUES: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/issues");

/// Shown below `--help`.
const EXAMPLES: &str = "\
Examples:
  cairn-node --dev
      A chain of one validator in a temporary directory, beside a gateway on this machine.
  cairn-node --chain local --alice --base-path /tmp/alice
      One of the validators of a local network, with the session keys of Alice.
  cairn-node --chain cairn.json --validator --telemetry-source http://127.0.0.1:9977
      A validator of the network that the file describes.
  cairn-node --chain cairn.json --sync warp
      A full node that proves finality first and fetches the latest state.
  cairn-node chain-spec --chain local --raw --output local.json
      The specification that every node of a network shares.";

/// A node of the Cairn network.
#[derive(Debug, clap::Parser)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Cli {
	/// What to do instead of running a node.
	#[command(subcommand)]
	pub(crate) subcommand: Option<Subcommand>,

	/// How to run the node.
	#[command(flatten)]
	pub(crate) run: sc_cli::RunCmd,

	/// Base URL of the gateway from which the off-chain worker reads the batches it checks.
	///
	/// Only this source is read, never a URL from the chain. A validator without a source cannot
	/// check batches. With `--dev` the default is the local gateway, http://127.0.0.1:9977.
	#[arg(long, value_name = "URL")]
	pub(crate) telemetry_source: Option<SourceUrl>,
}

impl Cli {
	/// The telemetry source in effect: the flag, else the local gateway of a development node.
	pub(crate) fn source(&self) -> Option<SourceUrl> {
		let is_dev = self.run.shared_params.is_dev();
		self.telemetry_source.clone().or_else(|| is_dev.then(SourceUrl::local_gateway))
	}
}

/// The commands other than running a node.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Subcommand {
	/// Generate, inspect and insert keys
	#[command(subcommand)]
	Key(sc_cli::KeySubcommand),

	/// Write a chain specification as JSON, or create that of a new chain
	#[command(visible_alias = "export-chain-spec")]
	ChainSpec(ChainSpecCmd),

	/// Write a chain specification as JSON, with this node as its boot node
	BuildSpec(sc_cli::BuildSpecCmd),

	/// Execute a block of the database again and verify it
	CheckBlock(sc_cli::CheckBlockCmd),

	/// Write blocks to a file
	ExportBlocks(sc_cli::ExportBlocksCmd),

	/// Write the state of a block as a chain specification
	ExportState(sc_cli::ExportStateCmd),

	/// Read blocks from a file
	ImportBlocks(sc_cli::ImportBlocksCmd),

	/// Remove the database of a chain
	PurgeChain(sc_cli::PurgeChainCmd),

	/// Return the chain to an earlier block that is not finalized
	Revert(sc_cli::RevertCmd),

	/// Print the best, the finalized and the genesis block of the database
	ChainInfo(sc_cli::ChainInfoCmd),
}

/// Writes a specification that exists, or creates one.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ChainSpecCmd {
	/// What to do instead of writing one that exists.
	#[command(subcommand)]
	pub(crate) subcommand: Option<ChainSpecSubcommand>,

	/// Which one to write, and how.
	#[command(flatten)]
	pub(crate) export: sc_cli::ExportChainSpecCmd,
}

/// The commands below `chain-spec`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum ChainSpecSubcommand {
	/// Make the specification of a new chain from a description in TOML
	Create(chain_spec::create::CreateCmd),
}

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"Cairn Node".into()
	}

	fn impl_version() -> String {
		env!("SUBSTRATE_CLI_IMPL_VERSION").into()
	}

	fn executable_name() -> String {
		// Constant, because the default base path is named after it.
		env!("CARGO_PKG_NAME").into()
	}

	fn description() -> String {
		env!("CARGO_PKG_DESCRIPTION").into()
	}

	fn author() -> String {
		env!("CARGO_PKG_AUTHORS").into()
	}

	fn support_url() -> String {
		ISSUES.into()
	}

	fn copyright_start_year() -> i32 {
		2026
	}

	fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
		chain_spec::load(id).map_err(|problem| problem.to_string())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::CommandFactory;

	fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
		Cli::try_from_iter(std::iter::once(&"cairn-node").chain(arguments))
	}

	#[test]
	fn definition_holds() {
		Cli::setup_command(Cli::command()).debug_assert();
	}

	#[test]
	fn works_when_a_source_is_named() {
		let cli = parse(&["--telemetry-source", "http://10.0.0.7:9977/"]).expect("a valid URL");
		assert_eq!(cli.source().map(|url| url.to_string()), Some("http://10.0.0.7:9977".into()));
	}

	#[test]
	fn works_when_development_implies_the_local_gateway() {
		assert_eq!(parse(&[]).expect("no arguments").source(), None);
		let cli = parse(&["--dev"]).expect("a valid flag");
		assert_eq!(cli.source(), Some(SourceUrl::local_gateway()));
	}

	#[test]
	fn fails_when_the_source_is_not_a_url() {
		let error = parse(&["--telemetry-source", "gateway:9977"]).expect_err("no scheme");
		assert!(error.to_string().contains("http://"), "{error}");
	}

	#[test]
	fn works_when_a_specification_is_asked_for_by_any_name() {
		for name in ["chain-spec", "export-chain-spec"] {
			let cli = parse(&[name, "--chain", "dev", "--raw"]).expect("a valid command");
			assert!(matches!(cli.subcommand, Some(Subcommand::ChainSpec(_))));
		}
		let cli = parse(&["chain-spec", "create", "x.toml", "--raw"]).expect("a valid command");
		let Some(Subcommand::ChainSpec(command)) = cli.subcommand else { panic!("chain-spec") };
		assert!(matches!(command.subcommand, Some(ChainSpecSubcommand::Create(_))));
		parse(&["chain-spec", "--raw", "create", "x"]).expect_err("two commands at once");
		let cli = parse(&["build-spec", "--chain", "dev", "--raw", "--disable-default-bootnode"])
			.expect("a valid command");
		assert!(matches!(cli.subcommand, Some(Subcommand::BuildSpec(_))));
	}
}
