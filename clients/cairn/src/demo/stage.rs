//! What every story needs: a directory, programs, a chain from its first block on, and a way to tell
//! how far it is.

use std::{
	ffi::OsString,
	io::{self, Write},
	net::SocketAddr,
	path::{Path, PathBuf},
	time::{Duration, Instant},
};

use cairn_chain::{BlockId, Chain};
use cairn_types::GatewayId;
use tokio::{net::TcpStream, time::sleep};

use super::{
	place::{self, Directory},
	process::Processes,
};
use crate::{agent, bounded, cli::Output, owner::OwnerError};

/// How long a program may take until it answers: an unoptimised node compiles its runtime for a while,
/// and longer beside others.
const START: Duration = Duration::from_secs(180);
/// How long the end of a story that is told once may take to come, after everything was set up. The
/// design says two minutes.
pub(super) const ONCE: Duration = Duration::from_secs(240);
/// How often a program that starts is looked at.
const POLL: Duration = Duration::from_millis(100);
/// Most bytes of an answer that is looked at.
const MAX_ANSWER: usize = 8 << 20;

/// Where a story is told.
pub(super) struct Stage<'a> {
	/// How results are printed.
	pub(super) output: Output,
	/// Whether the story ends when it has reached its goal.
	pub(super) once: bool,
	/// Command to run then.
	pub(super) then: Option<String>,
	/// The node's program.
	pub(super) node_program: PathBuf,
	/// For databases and keys.
	pub(super) directory: &'a Directory,
	/// For logs.
	pub(super) logs: PathBuf,
	/// What was started.
	pub(super) processes: Processes,
	/// When the first program was started.
	pub(super) began: Instant,
	/// Time from then to the chain's first block.
	pub(super) first_block: Duration,
}

/// A gateway that is to run.
pub(super) struct GatewayRun<'a> {
	/// Its id on the chain.
	pub(super) id: GatewayId,
	/// Its name in logs and of its files.
	pub(super) name: &'a str,
	/// Its operator's secret.
	pub(super) secret: &'a str,
	/// Port on this machine.
	pub(super) port: u16,
	/// The node.
	pub(super) node: &'a str,
	/// Other gateways whose rows it answers, too.
	pub(super) peers: Vec<String>,
}

impl Stage<'_> {
	/// Tell people how far it is, while nothing is shown live.
	pub(super) fn say(&self, text: &str) {
		if self.output == Output::Text {
			let seconds = self.began.elapsed().as_secs_f64();
			// A demo that nobody reads still ends in order.
			let _ = writeln!(io::stdout().lock(), "[{seconds:>5.1} s] {text}");
		}
	}

	/// Start a program whose log has its name.
	///
	/// # Errors
	/// If it cannot be started.
	pub(super) fn start(
		&mut self,
		name: &str,
		program: &Path,
		arguments: &[OsString],
	) -> Result<(), OwnerError> {
		let log = self.logs.join(format!("{}.log", name.replace(' ', "-")));
		self.processes.start(name, program, arguments, log)
	}

	/// Start a node of a new chain, whose off-chain worker reads batches from `source`.
	///
	/// # Errors
	/// If it cannot be started.
	pub(super) fn start_node(
		&mut self,
		rpc: u16,
		p2p: u16,
		source: &str,
	) -> Result<(), OwnerError> {
		self.began = Instant::now();
		let arguments: [OsString; 12] = [
			"--dev".into(),
			"--base-path".into(),
			self.directory.join("node").into_os_string(),
			"--rpc-port".into(),
			rpc.to_string().into(),
			"--port".into(),
			p2p.to_string().into(),
			"--no-prometheus".into(),
			"--no-telemetry".into(),
			"--no-mdns".into(),
			"--telemetry-source".into(),
			source.into(),
		];
		let program = self.node_program.clone();
		self.start("cairn-node", &program, &arguments)
	}

	/// Wait for the node to answer and to make a block.
	///
	/// # Errors
	/// If it does not.
	pub(super) async fn first_block(&mut self, url: &str) -> Result<Chain, OwnerError> {
		let chain = Chain::lazy(url);
		let until = Instant::now() + START;
		loop {
			self.processes.check()?;
			match Box::pin(chain.best()).await {
				Ok(BlockId { number, .. }) if number > 0 => break,
				Err(error) if Instant::now() > until => return Err(error.into()),
				Ok(_) if Instant::now() > until => return Err(late("the node made no block")),
				_ => sleep(POLL).await,
			}
		}
		self.first_block = self.began.elapsed();
		Ok(chain)
	}

	/// Start a gateway; its operator's key is written first.
	///
	/// # Errors
	/// If it cannot be started.
	pub(super) fn start_gateway(&mut self, run: &GatewayRun<'_>) -> Result<(), OwnerError> {
		let GatewayRun { id, name, secret, port, node, peers } = run;
		let file = name.replace(' ', "-");
		let key = self.directory.join(&format!("{file}.operator.key"));
		place::write_secret(&key, secret)?;
		let arguments: [OsString; 12] = [
			"gateway".into(),
			"run".into(),
			"--id".into(),
			id.to_string().into(),
			"--operator-key".into(),
			key.into_os_string(),
			"--data".into(),
			self.directory.join(&file).into_os_string(),
			"--listen".into(),
			format!("127.0.0.1:{port}").into(),
			"--node".into(),
			node.into(),
		];
		let named = |peer: &String| -> [OsString; 2] { ["--peer".into(), peer.into()] };
		let peers = peers.iter().flat_map(named);
		// All share one machine, which may be busy.
		let patience: [OsString; 2] = ["--peer-timeout".into(), "30s".into()];
		let arguments =
			arguments.into_iter().chain(patience).chain(peers).collect::<Vec<OsString>>();
		self.start(name, &place::this_program()?, &arguments)
	}

	/// Wait for a gateway to answer.
	///
	/// # Errors
	/// If it does not.
	pub(super) async fn reach_gateway(&mut self, url: &str) -> Result<(), OwnerError> {
		let health = format!("{url}/healthz");
		self.reach(&health, |_| true).await
	}

	/// Wait for something good, with the right text, under a URL.
	///
	/// # Errors
	/// If it does not come.
	pub(super) async fn reach(
		&mut self,
		url: &str,
		is_right: impl Fn(&str) -> bool,
	) -> Result<(), OwnerError> {
		let client = agent::Client::new(url)?;
		let until = Instant::now() + START;
		loop {
			self.processes.check()?;
			let answer = client.http().get(url).send().await;
			if let Ok(answer) = answer.and_then(reqwest::Response::error_for_status)
				&& let Ok(body) = bounded::read(answer, MAX_ANSWER).await
				&& is_right(&String::from_utf8_lossy(&body))
			{
				return Ok(());
			}
			if Instant::now() > until {
				return Err(late(&format!("{url} does not answer as it should")));
			}
			sleep(POLL).await;
		}
	}

	/// Wait for somebody to listen at a port of this machine.
	///
	/// # Errors
	/// If nobody does.
	pub(super) async fn reach_port(&mut self, port: u16) -> Result<(), OwnerError> {
		let address = SocketAddr::from(([127, 0, 0, 1], port));
		let until = Instant::now() + START;
		loop {
			self.processes.check()?;
			if TcpStream::connect(address).await.is_ok() {
				return Ok(());
			}
			if Instant::now() > until {
				return Err(late(&format!("nobody listens at {address}")));
			}
			sleep(POLL).await;
		}
	}

	/// Run the command that was to follow, if there is one, with these variables.
	///
	/// # Errors
	/// If it cannot be run, or fails.
	pub(super) async fn run_then(
		&mut self,
		variables: &[(&str, String)],
	) -> Result<(), OwnerError> {
		let Some(command) = self.then.take() else { return Ok(()) };
		self.say(&format!("running {command}"));
		let status = tokio::process::Command::new("sh")
			.args(["-c", &command])
			.envs(variables.iter().map(|(name, value)| (name, value)))
			.kill_on_drop(true)
			.status()
			.await;
		match status {
			Ok(status) if status.success() => Ok(()),
			Ok(status) => Err(OwnerError::refused(
				format!("{command}: {status}"),
				"see what it printed above",
			)),
			Err(cause) => Err(OwnerError::refused(
				format!("{command} cannot be run: {cause}"),
				"give a command that sh understands",
			)),
		}
	}
}

/// Something did not come in time.
fn late(what: &str) -> OwnerError {
	OwnerError::refused(
		format!("{what} within {} s", START.as_secs()),
		"look into the logs; keep them with --logs DIR",
	)
}
