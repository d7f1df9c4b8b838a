//! `cairn demo`: a chain, a gateway and a device on this machine, from nothing to a paid claim.
//!
//! What happens is real: a node of its own, transactions, signed readings, sealed windows, verdicts,
//! claims. Everything that is started is ended, and every file removed, however the demo ends.

mod place;
mod process;
mod setup;
mod stats;

use std::{
	ffi::OsString,
	io::{self, Write},
	path::{Path, PathBuf},
	time::{Duration, Instant},
};

use cairn_chain::{At, BlockId, Chain, Kind, Signer, SubmitOptions, calls};
use cairn_types::{DeviceId, GatewayId};
use tokio::{
	signal::ctrl_c,
	time::{sleep, timeout},
};

use self::{
	place::Directory,
	process::Processes,
	setup::Cast,
	stats::{Claimed, Stats},
};
use crate::{
	agent::{self, Scheme},
	cli::{Global, Output},
	owner::{
		OwnerError,
		earnings::Claimable,
		explain_device, format, print,
		rewards::claim::paid,
		watch::{Collector, Snapshot, Viewer},
	},
};

/// How long a program may take until it answers.
const START: Duration = Duration::from_secs(60);
/// How long one claim may take to come, if it is to come once. The design says two minutes.
const ONCE: Duration = Duration::from_secs(240);
/// How often a program that starts is looked at.
const POLL: Duration = Duration::from_millis(100);

/// A chain, a gateway and a device on this machine, from nothing to a paid claim
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cairn demo
      Watch it live; q or Ctrl-C ends it.
  cairn demo --once
      Without a terminal: until the first claim is paid; fails if it pays another amount than shown.
  cairn demo --node-bin target/debug/cairn-node --base-path /tmp --keep --logs /tmp/demo-logs")]
pub struct DemoArgs {
	/// End after the first claim; fail unless it paid what was displayed as claimable
	#[arg(long)]
	once: bool,

	/// Shell command to run after the first claim while everything still runs; its status becomes the
	/// demo's. It finds CAIRN_WS, CAIRN_DEVICE, CAIRN_GATEWAY, CAIRN_SLOT, CAIRN_WINDOW and
	/// CAIRN_ATTEMPT (the newest matured batch) in its environment
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

/// How a demo ended.
enum End {
	/// As it should.
	Done,
	/// The user stopped it.
	Stopped,
}

/// Run the demo; end everything that was started.
///
/// # Errors
/// Whatever stopped it; with --once also a claim that did not pay what was displayed.
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
		stats: Stats::default(),
		began: Instant::now(),
	};
	let played = tokio::select! {
		played = Box::pin(stage.play()) => played,
		() = interrupted() => Ok(End::Stopped),
	};
	stage.say("stopping what was started");
	stage.processes.stop().await;
	if directory.is_kept() {
		stage.say(&format!("kept {}", directory.path().display()));
	}
	let lasted = stage.began.elapsed();
	let proved = stage.stats.is_proved();
	let summary = std::mem::take(&mut stage.stats).summary(lasted);
	let printed = print(global.output, &summary);
	let end = played?;
	printed?;
	match (end, args.once && !proved) {
		(End::Stopped, true) => {
			Err(OwnerError::refused("the demo was stopped before a claim was paid", "run it again"))
		},
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

/// Everything of a running demo.
struct Stage<'a> {
	output: Output,
	once: bool,
	then: Option<String>,
	node_program: PathBuf,
	directory: &'a Directory,
	logs: PathBuf,
	processes: Processes,
	stats: Stats,
	began: Instant,
}

/// What was set up: who is watched, and who claims.
struct Scene {
	chain: Chain,
	node_url: String,
	gateway: GatewayId,
	gateway_url: String,
	device: DeviceId,
	owner: Signer,
}

impl Stage<'_> {
	/// From the node's start to the end.
	async fn play(&mut self) -> Result<End, OwnerError> {
		let scene = Box::pin(self.set_up()).await?;
		if !self.once {
			return Box::pin(self.follow(&scene)).await;
		}
		match timeout(ONCE, Box::pin(self.follow(&scene))).await {
			Ok(Ok(End::Done)) => Box::pin(self.run_then(&scene)).await.map(|()| End::Done),
			Ok(end) => end,
			Err(_) => {
				let reasons = explain_device(&scene.chain, scene.device).await?;
				Err(OwnerError::refused(
					format!("no claim was paid within {} s\n{reasons}", ONCE.as_secs()),
					"see the checks above; keep the logs with --logs DIR",
				))
			},
		}
	}

	/// Run the command that was to follow the first claim.
	async fn run_then(&mut self, scene: &Scene) -> Result<(), OwnerError> {
		let Some(command) = self.then.take() else { return Ok(()) };
		let missing = |what: &str| OwnerError::refused(format!("{what} is gone"), "run it again");
		let batch = scene.chain.matured(scene.gateway, At::Best).await?;
		let batch = batch.ok_or_else(|| missing("the matured batch"))?;
		let device = scene.chain.device(scene.device, At::Best).await?;
		let assignment = device.and_then(|device| device.state.assignment);
		let slot = assignment.ok_or_else(|| missing("the device's slot"))?.current.slot;
		self.say(&format!("running {command}"));
		let status = tokio::process::Command::new("sh")
			.args(["-c", &command])
			.env("CAIRN_WS", &scene.node_url)
			.env("CAIRN_DEVICE", scene.device.to_string())
			.env("CAIRN_GATEWAY", scene.gateway.to_string())
			.env("CAIRN_SLOT", slot.to_string())
			.env("CAIRN_WINDOW", batch.window.to_string())
			.env("CAIRN_ATTEMPT", batch.attempt.to_string())
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

	/// Start the node, put everything on its chain, start gateway and agent.
	async fn set_up(&mut self) -> Result<Scene, OwnerError> {
		let [rpc, p2p, http] = place::free_ports()?;
		let node_url = format!("ws://127.0.0.1:{rpc}");
		let gateway_url = format!("http://127.0.0.1:{http}");
		self.began = Instant::now();
		self.start_node(rpc, p2p, &gateway_url)?;
		self.say(&format!("node started, {node_url}"));
		let chain = self.first_block(&node_url).await?;
		self.say("the first block is there");

		let Cast { operator, sealer, owner } = Cast::new()?;
		let ground = setup::ground(&chain, &operator).await?;
		let (schema, maker, network) = (ground.schema, ground.maker, ground.network);
		self.say(&format!("schema {schema}, maker {maker} and network {network} are on the chain"));
		let key = self.directory.join("device.key");
		let (pair, _) = agent::load_or_make(&key, Scheme::Ed25519)?;
		let (gateway, device) = tokio::try_join!(
			Box::pin(setup::register_gateway(&chain, &sealer, network, &gateway_url)),
			Box::pin(setup::register_device(&chain, &owner, ground, &pair)),
		)?;
		self.say(&format!("gateway {gateway} and device {device} are registered"));
		self.start_gateway(gateway, http, &node_url)?;
		let from = setup::put_to_work(&chain, &owner, device, gateway).await?;
		self.say(&format!("device {device} works for gateway {gateway} from window {from} on"));
		self.reach_gateway(&gateway_url).await?;
		self.start_agent(&key, &gateway_url)?;
		self.say("gateway and agent run");
		Ok(Scene { chain, node_url, gateway, gateway_url, device, owner })
	}

	fn start_node(&mut self, rpc: u16, p2p: u16, source: &str) -> Result<(), OwnerError> {
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

	fn start_gateway(&mut self, id: GatewayId, port: u16, node: &str) -> Result<(), OwnerError> {
		let key = self.directory.join("operator.key");
		place::write_secret(&key, setup::SEALER_SECRET)?;
		let arguments: [OsString; 12] = [
			"gateway".into(),
			"run".into(),
			"--id".into(),
			id.to_string().into(),
			"--operator-key".into(),
			key.into_os_string(),
			"--data".into(),
			self.directory.join("gateway").into_os_string(),
			"--listen".into(),
			format!("127.0.0.1:{port}").into(),
			"--node".into(),
			node.into(),
		];
		self.start("cairn gateway", &place::this_program()?, &arguments)
	}

	fn start_agent(&mut self, key: &Path, gateway: &str) -> Result<(), OwnerError> {
		let arguments: [OsString; 8] = [
			"agent".into(),
			"run".into(),
			"--gateway".into(),
			gateway.into(),
			"--key".into(),
			key.as_os_str().to_owned(),
			"--interval".into(),
			"1s".into(),
		];
		self.start("cairn agent", &place::this_program()?, &arguments)
	}

	fn start(
		&mut self,
		name: &'static str,
		program: &Path,
		arguments: &[OsString],
	) -> Result<(), OwnerError> {
		let log = self.logs.join(format!("{}.log", name.replace(' ', "-")));
		self.processes.start(name, program, arguments, log)
	}

	/// Wait for the node to answer and to make a block.
	async fn first_block(&mut self, url: &str) -> Result<Chain, OwnerError> {
		let chain = Chain::lazy(url);
		let until = Instant::now() + START;
		loop {
			self.processes.check()?;
			match Box::pin(chain.best()).await {
				Ok(BlockId { number, .. }) if number > 0 => break,
				Err(error) if Instant::now() > until => return Err(error.into()),
				Ok(_) if Instant::now() > until => {
					return Err(OwnerError::refused(
						format!("the node made no block within {} s", START.as_secs()),
						"look into its log; keep it with --logs DIR",
					));
				},
				_ => sleep(POLL).await,
			}
		}
		self.stats.first_block = self.began.elapsed();
		Ok(chain)
	}

	/// Wait for the gateway to answer.
	async fn reach_gateway(&mut self, url: &str) -> Result<(), OwnerError> {
		let client = agent::Client::new(url)?;
		let health = format!("{url}/healthz");
		let until = Instant::now() + START;
		loop {
			self.processes.check()?;
			let answer = client.http().get(&health).send().await;
			if answer.is_ok_and(|answer| answer.status().is_success()) {
				return Ok(());
			}
			if Instant::now() > until {
				return Err(OwnerError::refused(
					format!("the gateway at {url} is not ready within {} s", START.as_secs()),
					"look into its log; keep it with --logs DIR",
				));
			}
			sleep(POLL).await;
		}
	}

	/// Show every block and claim whatever can be claimed, until the user stops it or, if it is to
	/// happen once, a claim was paid.
	async fn follow(&mut self, scene: &Scene) -> Result<End, OwnerError> {
		let url = Some(scene.gateway_url.as_str());
		let mut collector = Collector::new(&scene.chain, url, Some(scene.device)).await?;
		let mut viewer = match self.output {
			Output::Text => Some(Viewer::new(self.output, !self.once)?),
			Output::Json => None,
		};
		let mut blocks = scene.chain.blocks(Kind::Best);
		loop {
			let block = tokio::select! {
				block = blocks.next() => block,
				() = quit(&mut viewer) => return Ok(End::Stopped),
			};
			self.processes.check()?;
			let snapshot = match Box::pin(collector.snapshot(block)).await {
				Ok(snapshot) => snapshot,
				// If it was more than a moment's trouble, the next check or the deadline tells.
				Err(error) => {
					note(&mut viewer, &[error.to_string()])?;
					continue;
				},
			};
			self.stats.note(&snapshot);
			if let Some(viewer) = &mut viewer {
				viewer.show(snapshot.clone())?;
			}
			let claimed = Box::pin(self.claim(scene, &snapshot)).await;
			note(&mut viewer, &claimed.notes)?;
			if let (true, Some(claim)) = (self.once, claimed.paid) {
				return if claim.paid == claim.displayed {
					Ok(End::Done)
				} else {
					Err(differs(claim))
				};
			}
		}
	}

	/// Claim what a snapshot shows as claimable.
	async fn claim(&mut self, scene: &Scene, snapshot: &Snapshot) -> Claiming {
		let earning = snapshot.device.as_ref().and_then(|device| device.earning.as_ref());
		let Some(Claimable::With { claim, released, .. }) = earning.map(|it| &it.claimable) else {
			return Claiming::default();
		};
		let displayed = *released;
		if displayed == 0 {
			return Claiming::default();
		}
		let mut notes = vec![format!("claiming {}", format::amount(displayed))];
		let call = calls::rewards::claim_attested(claim);
		let sent = scene.chain.submit(&call, &scene.owner, SubmitOptions::default()).await;
		let outcome = match sent {
			Ok(outcome) => outcome,
			Err(error) => {
				notes.push(format!("the claim failed: {error}"));
				return Claiming { notes, paid: None };
			},
		};
		let after = self.began.elapsed();
		let amount = paid(&outcome).iter().map(|paid| paid.released).fold(0, u128::saturating_add);
		let claimed = Claimed { displayed, paid: amount, after };
		self.stats.claims.push(claimed);
		let block = outcome.number;
		notes.push(format!(
			"claimed: paid {} in block {block}, {:.1} s after the node's start",
			format::amount(amount),
			after.as_secs_f64()
		));
		Claiming { notes, paid: Some(claimed) }
	}

	/// Tell people how far it is, while nothing is shown live.
	fn say(&self, text: &str) {
		if self.output == Output::Text {
			let seconds = self.began.elapsed().as_secs_f64();
			// A demo that nobody reads still ends in order.
			let _ = writeln!(io::stdout().lock(), "[{seconds:>5.1} s] {text}");
		}
	}
}

/// What came of a claim.
#[derive(Default)]
struct Claiming {
	notes: Vec<String>,
	paid: Option<Claimed>,
}

fn differs(claim: Claimed) -> OwnerError {
	OwnerError::refused(
		format!(
			"the claim paid {}, but {} was displayed as claimable",
			format::amount(claim.paid),
			format::amount(claim.displayed)
		),
		"report it: what is displayed has to be what a claim pays",
	)
}

/// Tell who watches.
fn note(viewer: &mut Option<Viewer>, texts: &[String]) -> Result<(), OwnerError> {
	let Some(viewer) = viewer else { return Ok(()) };
	texts.iter().try_for_each(|text| viewer.note(text))
}

/// Ready when the user asks a live view to stop.
async fn quit(viewer: &mut Option<Viewer>) {
	match viewer {
		Some(viewer) => viewer.quit().await,
		None => std::future::pending().await,
	}
}
