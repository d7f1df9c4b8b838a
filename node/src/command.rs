//! Runs what the user asked for.

use crate::{
	chain_spec,
	cli::{ChainSpecSubcommand, Cli, Subcommand},
	error::Error,
	preflight::{self, Problem},
	service::{
		self, Block, FullBackend, FullClient, Number,
		partial::{self, Parts},
	},
};
use sc_cli::{CliConfiguration, Runner, SubstrateCli};
use sc_service::{BasePath, Configuration};
use std::{
	io::{self, IsTerminal},
	net::IpAddr,
	num::NonZeroU32,
	path::PathBuf,
	sync::Arc,
};

/// Where `sc-network` keeps the network key in a chain's directory.
const NODE_KEY_FILE: &str = "network/secret_ed25519";

/// Calls that a connection from another machine may make in a minute, if the user says nothing: ten
/// a second, several times what a wallet needs.
const PUBLIC_CALLS_PER_MINUTE: Option<NonZeroU32> = NonZeroU32::new(600);

/// Undoes what the consensus keeps beside the blocks that a revert removes.
type Revert =
	Box<dyn FnOnce(Arc<FullClient>, Arc<FullBackend>, Number) -> Result<(), sc_cli::Error>>;

/// Parses the arguments and runs the command; returns when it is done or the node has stopped.
pub(crate) fn run() -> Result<(), Error> {
	let cli = Cli::from_args();
	match &cli.subcommand {
		None => run_node(&cli),
		Some(Subcommand::Key(command)) => key(&cli, command),
		Some(Subcommand::ChainSpec(command)) => match &command.subcommand {
			Some(ChainSpecSubcommand::Create(create)) => Ok(create.run()?),
			None => Ok(command.export.run(chain_spec::load(&command.export.chain)?)?),
		},
		Some(Subcommand::BuildSpec(command)) => runner(&cli, command)?
			.sync_run(|config| command.run(config.chain_spec, config.network).map_err(Error::from)),
		Some(Subcommand::CheckBlock(command)) => check_block(&cli, command),
		Some(Subcommand::ExportBlocks(command)) => export_blocks(&cli, command),
		Some(Subcommand::ExportState(command)) => export_state(&cli, command),
		Some(Subcommand::ImportBlocks(command)) => import_blocks(&cli, command),
		Some(Subcommand::PurgeChain(command)) => purge_chain(&cli, command),
		Some(Subcommand::Revert(command)) => revert(&cli, command),
		Some(Subcommand::ChainInfo(command)) => runner(&cli, command)?.sync_run(|config| {
			preflight::database(&config.database)?;
			command.run::<Block>(&config).map_err(Error::from)
		}),
	}
}

/// Runs a node until it is told to stop.
fn run_node(cli: &Cli) -> Result<(), Error> {
	let command = &cli.run;
	preflight::flags(command)?;
	let data = data_directory(cli)?;
	preflight::directories(&data, command.keystore_params.keystore_path.as_deref())?;
	let key = &command.network_params.node_key_params;
	if key.node_key.is_none() {
		let default = data.join(NODE_KEY_FILE);
		preflight::node_key(key.node_key_file.as_deref().unwrap_or(&default))?;
	}

	let source = cli.source();
	let is_default_rpc = command.rpc_params.experimental_rpc_endpoint.is_empty();
	cli.create_runner(command)?.run_node_until_exit(|mut config| async move {
		if is_default_rpc {
			harden_rpc(&mut config);
		}
		preflight::ports(&config)?;
		service::new_full(config, source)
	})
}

/// The directory in which the node keeps what belongs to its chain.
fn data_directory(cli: &Cli) -> Result<PathBuf, Error> {
	let command = &cli.run;
	let spec = chain_spec::load(&command.chain_id(command.is_dev()?)?)?;
	let base_path = match command.base_path()? {
		Some(base_path) => base_path,
		None => {
			preflight::home()?;
			BasePath::from_project("", "", &Cli::executable_name())
		},
	};
	Ok(base_path.config_dir(spec.id()))
}

/// Makes the JSON-RPC server fail where its port is taken: by default it takes any other port, and
/// clients talk to whoever has the one they know. Whom it serves beyond this machine it serves at a
/// bounded rate.
fn harden_rpc(config: &mut Configuration) {
	for endpoint in config.rpc.addr.iter_mut().flatten() {
		endpoint.retry_random_port = false;
		endpoint.rate_limit = rate_limit(endpoint.listen_addr.ip(), endpoint.rate_limit);
	}
}

/// The calls that a connection to `listener` may make in a minute; `asked` is what the user chose.
fn rate_limit(listener: IpAddr, asked: Option<NonZeroU32>) -> Option<NonZeroU32> {
	if listener.is_loopback() { asked } else { asked.or(PUBLIC_CALLS_PER_MINUTE) }
}

/// What runs a command over the database of a chain.
fn runner<C: CliConfiguration>(cli: &Cli, command: &C) -> Result<Runner<Cli>, Error> {
	if command.base_path()?.is_none() {
		preflight::home()?;
	}
	Ok(cli.create_runner(command)?)
}

fn key(cli: &Cli, command: &sc_cli::KeySubcommand) -> Result<(), Error> {
	if let sc_cli::KeySubcommand::Insert(insert) = command
		&& insert.shared_params.base_path.is_none()
	{
		preflight::home()?;
	}
	Ok(command.run(cli)?)
}

fn check_block(cli: &Cli, command: &sc_cli::CheckBlockCmd) -> Result<(), Error> {
	runner(cli, command)?.async_run(|config| {
		preflight::database(&config.database)?;
		let Parts { client, import_queue, task_manager, .. } = partial::new(&config)?;
		let task = async move { command.run(client, import_queue).await.map_err(Error::from) };
		Ok((task, task_manager))
	})
}

fn export_blocks(cli: &Cli, command: &sc_cli::ExportBlocksCmd) -> Result<(), Error> {
	runner(cli, command)?.async_run(|config| {
		preflight::database(&config.database)?;
		let Parts { client, task_manager, .. } = partial::new(&config)?;
		let task = async move { command.run(client, config.database).await.map_err(Error::from) };
		Ok((task, task_manager))
	})
}

fn export_state(cli: &Cli, command: &sc_cli::ExportStateCmd) -> Result<(), Error> {
	runner(cli, command)?.async_run(|config| {
		let Parts { client, task_manager, .. } = partial::new(&config)?;
		let task = async move { command.run(client, config.chain_spec).await.map_err(Error::from) };
		Ok((task, task_manager))
	})
}

fn import_blocks(cli: &Cli, command: &sc_cli::ImportBlocksCmd) -> Result<(), Error> {
	runner(cli, command)?.async_run(|config| {
		let Parts { client, import_queue, task_manager, .. } = partial::new(&config)?;
		let task = async move { command.run(client, import_queue).await.map_err(Error::from) };
		Ok((task, task_manager))
	})
}

fn purge_chain(cli: &Cli, command: &sc_cli::PurgeChainCmd) -> Result<(), Error> {
	if !command.yes && !io::stdin().is_terminal() {
		return Err(Problem::Unconfirmed.into());
	}
	let runner = runner(cli, command)?;
	runner.sync_run(|config| command.run(config.database).map_err(Error::from))
}

fn revert(cli: &Cli, command: &sc_cli::RevertCmd) -> Result<(), Error> {
	runner(cli, command)?.async_run(|config| {
		preflight::database(&config.database)?;
		let Parts { client, backend, task_manager, .. } = partial::new(&config)?;
		let undo = Some(revert_consensus());
		let task = async move { command.run(client, backend, undo).await.map_err(Error::from) };
		Ok((task, task_manager))
	})
}

/// Undoes BABE's and GRANDPA's own records of the reverted blocks.
#[expect(clippy::result_large_err, reason = "sc-cli sets the type of the closure")]
fn revert_consensus() -> Revert {
	Box::new(|client, backend, blocks| {
		sc_consensus_babe::revert(client.clone(), backend, blocks)?;
		sc_consensus_grandpa::revert(client, blocks)?;
		Ok(())
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::path::Path;

	fn data(arguments: &[&str]) -> Result<PathBuf, Error> {
		let cli = Cli::try_from_iter(std::iter::once(&"cairn-node").chain(arguments));
		data_directory(&cli.expect("valid flags"))
	}

	#[test]
	fn data_directory_fails_when_the_chain_is_unknown() {
		let result = data(&["--chain", "/nowhere/spec.json", "--base-path", "/tmp"]);
		assert!(matches!(result, Err(Error::Problem(Problem::UnknownChain { .. }))));
	}

	#[test]
	fn data_directory_is_named_after_the_chain() {
		if cairn_runtime::WASM_BINARY.is_none() {
			return; // built for tests of other crates
		}
		let path = data(&["--chain", "local", "--base-path", "/base"]).expect("a built-in chain");
		assert_eq!(path, Path::new("/base/chains/cairn_local"));
	}
}
