//! `cairn gateway`: collects readings, seals windows, serves committees and owners.
//!
//! Six tasks share one store: [`http`] takes readings and answers questions, [`mqtt`] takes readings
//! from a broker, [`writer`] commits them in groups, [`chain_state`] follows the chain, [`locations`]
//! learns from it where devices are, and [`sealer`] brings finished windows to it. [`signatures`] are
//! checked on threads of their own, and [`peers`] asked for what other networks have. Everything that
//! decides is pure and lies apart: [`screen`], [`shares`], [`data`], [`sealer::decide`],
//! [`sealer::select`].

pub mod chain_state;
pub mod data;
pub mod deny;
mod error;
mod files;
pub mod http;
pub mod locations;
pub mod metrics;
pub mod mqtt;
pub mod peers;
pub mod refusal;
pub mod registry;
pub mod screen;
pub mod sealer;
pub mod shares;
pub mod signatures;
pub mod store;
#[cfg(test)]
pub(crate) mod testing;
pub mod writer;

pub use error::Error;

use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf, sync::Arc, time::Duration};

use cairn_chain::{Chain, Signer, account_text};
use cairn_types::GatewayId;
use governor::{Quota, RateLimiter};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle, time::timeout};

use self::{
	chain_state::{ChainState, Follower, States},
	data::{Data, DataArgs, schemas::Schemas},
	deny::{Deny, DenyArgs},
	http::App,
	locations::Locator,
	metrics::Metrics,
	mqtt::{Mqtt, MqttArgs},
	peers::{PeerArgs, Peers},
	registry::Registry,
	sealer::Sealer,
	signatures::Signatures,
	store::{Identity, Store},
	writer::Writer,
};
use crate::{cli::parse_duration, clock::millis, store::Cache};

/// Memory for the store, in MiB, unless the operator says otherwise.
const CACHE_MIB: u16 = 64;
/// How long the writing thread may take to finish at the end.
const DRAIN: Duration = Duration::from_secs(10);

/// Collect readings and seal them.
#[derive(Debug, clap::Args)]
pub struct Args {
	/// What to do.
	#[command(subcommand)]
	pub command: Command,
}

/// What a gateway's operator does.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
	/// Run a gateway.
	Run(Box<RunArgs>),
	/// Send to the chain.
	#[command(flatten)]
	Admin(crate::owner::GatewayAdmin),
}

/// How to run a gateway.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
	cairn gateway run --id 0 --operator-key operator.key --data /var/lib/cairn\n  \
	cairn gateway run --id 0 --suri //Alice --listen 0.0.0.0:9977\n  \
	cairn gateway run --id 0 --operator-key operator.key --deny 17,23 --deny-file denied\n  \
	cairn gateway run --id 0 --operator-key operator.key --mqtt mqtts://broker.example \
	--mqtt-user gateway --mqtt-password-file password\n  \
	cairn gateway run --id 0 --operator-key operator.key --peer https://gateway.example")]
pub struct RunArgs {
	/// The gateway's id on the chain.
	#[arg(long)]
	pub id: GatewayId,
	/// File with the operator's secret: a mnemonic or a 0x-prefixed seed, mode 0600.
	#[arg(long, value_name = "FILE", conflicts_with = "suri")]
	pub operator_key: Option<PathBuf>,
	/// The operator's secret itself; shows in the process list, so for development only.
	#[arg(long, env = "CAIRN_SURI", hide_env_values = true)]
	pub suri: Option<String>,
	/// Directory of the gateway's store.
	#[arg(long, value_name = "DIR", default_value = "cairn-gateway")]
	pub data: PathBuf,
	/// Memory for what the store reads and writes, in MiB.
	#[arg(long, value_name = "MIB", default_value_t = CACHE_MIB)]
	#[arg(value_parser = clap::value_parser!(u16).range(1..))]
	pub cache: u16,
	/// Where devices, committee members and owners reach the gateway.
	#[arg(long, default_value = "127.0.0.1:9977")]
	pub listen: SocketAddr,
	/// How long after a window's end readings may still arrive [default: a quarter of a window, at
	/// most 30s]; as long after the gateway's start, or a quarter of a window, at most 75s, if that is
	/// more.
	#[arg(long, value_parser = parse_duration)]
	pub grace: Option<Duration>,
	/// How far ahead a device's clock may be.
	#[arg(long, value_parser = parse_duration, default_value = "2s")]
	pub clock_tolerance: Duration,
	/// Readings per second that one device may send.
	#[arg(long, default_value = "50")]
	pub device_rate: NonZeroU32,
	/// Readings that one device may send at once.
	#[arg(long, default_value = "512")]
	pub device_burst: NonZeroU32,
	/// Requests with readings that are worked on at once.
	#[arg(long, default_value_t = 64)]
	pub max_requests: usize,
	/// Open connections.
	#[arg(long, default_value_t = 1_024)]
	pub max_connections: usize,
	/// Whose readings are not taken.
	#[command(flatten)]
	pub deny: DenyArgs,
	/// Readings by MQTT.
	#[command(flatten)]
	pub mqtt: MqttArgs,
	/// Questions about data.
	#[command(flatten)]
	pub data_api: DataArgs,
	/// Questions about data of other gateways.
	#[command(flatten)]
	pub peers: PeerArgs,
}

/// A gateway that is ready to serve.
pub struct Gateway {
	app: Arc<App>,
	follower: Follower,
	locator: Locator,
	sealer: Sealer,
	mqtt: Option<Mqtt>,
	listener: TcpListener,
	max_connections: usize,
	writer: std::thread::JoinHandle<()>,
}

impl RunArgs {
	/// The operator's key.
	///
	/// # Errors
	/// [`Error::NoKey`] if none was given; others if it is none.
	pub fn signer(&self) -> Result<Signer, Error> {
		match (&self.operator_key, &self.suri) {
			(Some(file), _) => Ok(Signer::from_file(file)?),
			(None, Some(suri)) => Ok(Signer::from_suri(suri)?),
			(None, None) => Err(Error::NoKey),
		}
	}
}

impl Gateway {
	/// Reach the chain, open the store and the socket.
	///
	/// # Errors
	/// If anything the operator said does not hold, so that mistakes show at once.
	pub async fn start(node: &str, args: &RunArgs) -> Result<Self, Error> {
		let signer = args.signer()?;
		let deny = Arc::new(Deny::new(&args.deny)?);
		let chain = Chain::connect(node).await?;
		let genesis = chain.genesis().await?;
		let metrics = Arc::new(Metrics::new()?);
		let registry = Arc::new(Registry::new(chain.clone(), args.id, deny));
		let (mut follower, states) =
			Follower::new(chain.clone(), args.id, registry.clone(), metrics.clone());
		let state = follower.start().await?;
		ensure_operator(&state, &signer)?;
		let data = Data::new(&args.data_api, Schemas::new(chain.clone()));
		let peers = Peers::new(&args.peers, args.id, genesis)?;
		let broker = args.mqtt.broker(args.id, state.gateway.network)?;
		let identity = Identity { genesis, gateway: args.id };
		let store = Store::open(&args.data, identity, Cache::mebibytes(args.cache))?;
		let listener = http::server::listen(args.listen).await?;
		let locator = Locator::new(chain.clone(), args.id, store.clone());
		let (writer, thread) =
			Writer::start(store.clone(), states.clone(), registry.clone(), metrics.clone());
		let sealer = Sealer::new(
			chain.clone(),
			signer,
			args.id,
			store.clone(),
			states.clone(),
			metrics.clone(),
			args.grace,
			args.data_api.retention(),
		);
		let app = app(
			args, chain, genesis, store, writer, states, registry, metrics, &sealer, data, peers,
		);
		let mqtt = broker.map(|broker| Mqtt::new(app.clone(), broker));
		Ok(Self {
			app,
			follower,
			locator,
			sealer,
			mqtt,
			listener,
			max_connections: args.max_connections,
			writer: thread,
		})
	}

	/// Where the gateway listens.
	///
	/// # Errors
	/// If the socket does not say.
	pub fn address(&self) -> std::io::Result<SocketAddr> {
		self.listener.local_addr()
	}

	/// Serve until `stop` is ready; then finish what was begun.
	///
	/// # Errors
	/// If a part of the gateway stopped by itself.
	pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Error> {
		let Self { app, follower, locator, sealer, mqtt, listener, max_connections, writer } = self;
		let mut follower = tokio::spawn(follower.run());
		let mut locator = tokio::spawn(locator.run());
		let mut sealer = tokio::spawn(sealer.run());
		let mut mqtt = tokio::spawn(listen(mqtt));
		let router = http::router(app);
		let ended = {
			let served = http::server::serve(listener, router, max_connections, stop);
			tokio::pin!(served);
			tokio::select! {
				() = &mut served => Ok(()),
				ended = &mut follower => Err(stopped("following the chain", ended)),
				ended = &mut locator => Err(stopped("learning where devices are", ended)),
				ended = &mut sealer => Err(stopped("sealing", ended)),
				ended = &mut mqtt => Err(stopped("listening to the broker", ended)),
			}
		};
		end(follower).await;
		end(locator).await;
		end(sealer).await;
		end(mqtt).await;
		// The writer's last handle is gone with the router: it writes what it holds and ends.
		let joined = tokio::task::spawn_blocking(move || writer.join());
		match timeout(DRAIN, joined).await {
			Ok(joined) => match joined? {
				Ok(()) => ended,
				Err(_) => Err(Error::Task("the writing thread panicked".to_owned())),
			},
			Err(_) => ended,
		}
	}
}

/// Take readings from a broker, if there is one.
async fn listen(mqtt: Option<Mqtt>) {
	match mqtt {
		Some(mqtt) => mqtt.run().await,
		None => std::future::pending().await,
	}
}

/// End a task, unless it has ended.
async fn end(task: JoinHandle<()>) {
	task.abort();
	if !task.is_finished() {
		drop(task.await);
	}
}

fn stopped(what: &str, ended: Result<(), tokio::task::JoinError>) -> Error {
	match ended {
		Ok(()) => Error::Task(what.to_owned()),
		Err(cause) => Error::Task(format!("{what}: {cause}")),
	}
}

fn ensure_operator(state: &ChainState, signer: &Signer) -> Result<(), Error> {
	let operator = state.gateway.operator;
	if operator == signer.account() {
		return Ok(());
	}
	Err(Error::NotOperator {
		gateway: state.gateway.gateway,
		operator: account_text(&operator),
		account: signer.address(),
	})
}

/// What requests are answered from, put together.
fn app(
	args: &RunArgs,
	chain: Chain,
	genesis: cairn_types::Hash32,
	store: Store,
	writer: Writer,
	states: States,
	registry: Arc<Registry>,
	metrics: Arc<Metrics>,
	sealer: &Sealer,
	data: Data,
	peers: Peers,
) -> Arc<App> {
	let quota = Quota::per_second(args.device_rate).allow_burst(args.device_burst);
	Arc::new(App {
		gateway: args.id,
		genesis,
		chain,
		store,
		writer,
		signatures: Signatures::new(genesis),
		states,
		registry,
		metrics,
		sealer: sealer.status(),
		ingest: Semaphore::new(args.max_requests),
		bodies: Semaphore::new(http::BODIES),
		questions: Semaphore::new(http::QUESTIONS),
		limiter: RateLimiter::keyed(quota),
		tolerance_millis: millis(args.clock_tolerance),
		rejections: http::Rejections::default(),
		data,
		peers,
	})
}

/// Run what the operator asked for, until a signal.
///
/// # Errors
/// Whatever stops the gateway.
pub async fn execute(node: &str, args: &RunArgs) -> Result<(), Error> {
	files::provide(args.max_connections);
	let gateway = Box::pin(Gateway::start(node, args)).await?;
	tracing::info!(
		gateway = %args.id,
		listen = %args.listen,
		data = %args.data.display(),
		"the gateway runs"
	);
	Box::pin(gateway.run(crate::shutdown::signal())).await?;
	tracing::info!("the gateway has stopped");
	Ok(())
}
