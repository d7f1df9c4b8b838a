//! The cairn command: agent, gateway and owner's commands.

use std::process::ExitCode;

use cairn::{
	Error, agent,
	cli::{Global, init_logging},
	demo, gateway,
	owner::{self, OwnerCommand},
};
use clap::{Parser, Subcommand};

/// Cairn: physical infrastructure that can prove what it does.
#[derive(Debug, Parser)]
#[command(name = "cairn", version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
	#[command(flatten)]
	global: Global,
	#[command(subcommand)]
	command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
	/// This machine as a device: read its hardware, sign, send.
	Agent(agent::Args),
	/// Collect readings of devices and seal them.
	Gateway(gateway::Args),
	/// A chain on this machine, and a story on it: a device that is paid, or a city that is asked.
	Demo(demo::DemoArgs),
	#[command(flatten)]
	Owner(OwnerCommand),
}

#[tokio::main]
async fn main() -> ExitCode {
	let cli = Cli::parse();
	init_logging(cli.global.verbose);
	match run(&cli).await {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			match &error {
				Error::Owner(error) => eprintln!("{}", owner::error_text(cli.global.output, error)),
				error => eprintln!("Error: {error}"),
			}
			error.exit_code()
		},
	}
}

async fn run(cli: &Cli) -> Result<(), Error> {
	let Cli { global, command } = cli;
	match command {
		Command::Agent(args) => Ok(Box::pin(agent::execute(global, args)).await?),
		Command::Gateway(args) => match &args.command {
			gateway::Command::Run(args) => {
				Ok(Box::pin(gateway::execute(&global.node, args)).await?)
			},
			gateway::Command::Admin(command) => Ok(owner::run_gateway(global, command).await?),
		},
		Command::Demo(args) => Ok(Box::pin(demo::run(global, args)).await?),
		Command::Owner(command) => Ok(owner::run(global, command).await?),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::CommandFactory;

	#[test]
	fn the_command_line_is_consistent() {
		Cli::command().debug_assert();
	}

	#[test]
	fn works_when_global_options_follow_the_command() {
		let cli = Cli::try_parse_from([
			"cairn",
			"gateway",
			"run",
			"--id",
			"3",
			"--suri",
			"//Alice",
			"--node",
			"ws://host:1",
			"--grace",
			"500ms",
			"-v",
		])
		.expect("parses");
		assert_eq!(cli.global.node, "ws://host:1");
		assert_eq!(cli.global.verbose, 1);
		assert!(matches!(cli.command, Command::Gateway(_)));
	}
}
