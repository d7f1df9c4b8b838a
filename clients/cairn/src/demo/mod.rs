//! `cairn demo`: stories on this machine, told by real programs: a node of its own, gateways, agents,
//! and what feeds them.
//!
//! What happens is real: transactions, signed readings, sealed windows, verdicts, claims. Everything
//! that is started is ended, and every file removed, however the demo ends. `scenario` lists the
//! stories; `stage` is what each of them needs.

mod city;
mod host;
pub(crate) mod place;
mod process;
mod scenario;
mod setup;
mod stage;

use std::{
	path::PathBuf,
	time::{Duration, Instant},
};

use tokio::signal::ctrl_c;

use self::{
	place::Directory,
	process::Processes,
	scenario::{End, Scenario},
	stage::Stage,
};
use crate::{
	cli::Global,
	owner::{OwnerError, print},
};

/// A chain on this machine, and a story on it: a device that is paid, or a city that is asked
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cairn demo
      Watch it live; q or Ctrl-C ends it.
  cairn demo --once
      Without a terminal: until the first claim is paid; fails if it pays another amount than shown.
  cairn demo --scenario city --once
      Three networks of a city; fails unless each value of the answer is proved.
  cairn demo --node-bin target/debug/cairn-node --base-path /tmp --keep --logs /tmp/demo-logs")]
pub struct DemoArgs {
	/// Which story
	#[arg(long, value_enum, default_value_t)]
	scenario: Scenario,

	/// End when the story has reached its goal; fail unless everything was as it should be
	///
	/// For the host, that the first claim paid what was displayed as claimable; for the city, that
	/// every value of the answer was proved.
	#[arg(long)]
	once: bool,

	/// Shell command to run then, while everything still runs; its status becomes the demo's
	///
	/// For the host it finds CAIRN_WS, CAIRN_DEVICE, CAIRN_GATEWAY, CAIRN_SLOT, CAIRN_WINDOW and
	/// CAIRN_ATTEMPT (the newest matured batch) in its environment; for the city CAIRN_WS, CAIRN_CELL,
	/// CAIRN_FROM, CAIRN_UNTIL (ms since 1970) and CAIRN_GATEWAYS (addresses).
	#[arg(long, value_name = "COMMAND", requires = "once")]
	then: Option<String>,

	/// The node's program [default: cairn-node beside this program, or on the PATH]
	#[arg(long, value_name = "PATH")]
	node_bin: Option<PathBuf>,

	/// Directory in which the demo makes its own [default: the system's for temporary files]
	#[arg(long, value_name = "DIR")]
	base_path: Option<PathBuf>,

	/// Directory for the logs of what is started; it stays [default: inside the demo's own]
	#[arg(long, value_name = "DIR")]
	logs: Option<PathBuf>,

	/// Keep the demo's directory: databases, keys, logs
	#[arg(long)]
	keep: bool,
}

/// Run the demo; end everything that was started.
///
/// # Errors
/// Whatever stopped it; with --once also a story that did not reach its goal.
pub async fn run(global: &Global, args: &DemoArgs) -> Result<(), OwnerError> {
	let directory = Directory::new(args.base_path.as_deref(), args.keep)?;
	let logs = args.logs.clone().unwrap_or_else(|| directory.join("logs"));
	place::make_directory(&logs)?;
	let mut stage = Stage {
		output: global.output,
		once: args.once,
		then: args.then.clone(),
		node_program: place::find_node(args.node_bin.as_deref())?,
		directory: &directory,
		logs,
		processes: Processes::default(),
		began: Instant::now(),
		first_block: Duration::ZERO,
	};
	let mut story = args.scenario.story();
	let played = tokio::select! {
		played = story.play(&mut stage) => played,
		() = interrupted() => Ok(End::Stopped),
	};
	stage.say("stopping what was started");
	stage.processes.stop().await;
	if directory.is_kept() {
		stage.say(&format!("kept {}", directory.path().display()));
	}
	let summary = story.summary(&stage).and_then(|summary| print(global.output, &summary));
	let end = played?;
	summary?;
	match (end, args.once && !story.is_proved()) {
		(End::Stopped, true) => Err(OwnerError::refused(
			format!("the demo was stopped before {}", story.goal()),
			"run it again",
		)),
		_ => Ok(()),
	}
}

/// Ready when the user or the system asks to stop.
async fn interrupted() {
	#[cfg(unix)]
	{
		use tokio::signal::unix::{SignalKind, signal};

		let (terminate, hang_up) = (signal(SignalKind::terminate()), signal(SignalKind::hangup()));
		if let (Ok(mut terminate), Ok(mut hang_up)) = (terminate, hang_up) {
			tokio::select! {
				_ = ctrl_c() => {},
				_ = terminate.recv() => {},
				_ = hang_up.recv() => {},
			}
			return;
		}
	}
	if ctrl_c().await.is_err() {
		std::future::pending::<()>().await;
	}
}
