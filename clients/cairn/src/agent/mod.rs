//! `cairn agent`: this machine as a device. Reads its hardware, signs, and sends to a gateway.

mod anchor;
mod client;
mod error;
mod host;
mod key;
mod register;
pub mod root;
mod run;
mod schema;
mod scrape;
mod sequence;
mod state;

pub use anchor::{anchor_at, refresh_millis, window_at};
pub use client::Client;
pub use error::Error;
pub use host::{Host, HostReading, Measure, Measured};
pub use key::{DevicePair, Scheme, key_hex, load, load_or_make, scheme_of};
pub use register::{Wish, ensure as ensure_registered};
pub use root::P256Signer;
pub use run::Agent;
pub use schema::{Plan, host_schema};
pub use scrape::{Mapping, Metrics, scrape};
pub use sequence::Sequence;
pub use state::{Counts, Profile, State};

use std::{
	path::{Path, PathBuf},
	time::Duration,
};

use cairn_chain::{Chain, Signer};
use cairn_types::{GatewayId, NetworkId, SchemaId};
use serde::Serialize;

use crate::cli::{Global, parse_duration};

/// This machine as a device.
#[derive(Debug, clap::Args)]
pub struct Args {
	/// What to do.
	#[command(subcommand)]
	pub command: Command,
}

/// What an owner does with a device.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
	/// Read, sign and send until stopped.
	Run(Box<RunArgs>),
	/// Show the device's key; make it if there is none.
	Key(KeyArgs),
	/// Show the device's root key; without hardware, make one in a file if there is none.
	RootKey(RootKeyArgs),
	/// Read this machine once and print it, unsigned.
	Read(ReadArgs),
}

/// How to run an agent.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
	cairn agent run --gateway http://127.0.0.1:9977 --key device.key\n  \
	cairn agent run --gateway http://gw:9977 --key device.key --register --owner-key owner.key \
	--network 0 --gateway-id 0\n  \
	cairn agent run --gateway http://gw:9977 --key device.key \
	--scrape http://127.0.0.1:9100/metrics --map node_load1=load1")]
pub struct RunArgs {
	/// The gateway's address.
	#[arg(long, value_name = "URL")]
	pub gateway: String,
	/// File with the device's key; see `cairn agent key`.
	#[arg(long, value_name = "FILE")]
	pub key: PathBuf,
	/// File with the agent's state [default: the key file's name with .state].
	#[arg(long, value_name = "FILE")]
	pub state: Option<PathBuf>,
	/// Time between readings.
	#[arg(long, value_parser = parse_duration, default_value = "1s")]
	pub interval: Duration,
	/// Most readings that wait for the gateway; beyond, the oldest are lost and counted.
	#[arg(long, default_value_t = 100_000)]
	pub queue: u64,
	/// Where to get its metrics.
	#[command(flatten)]
	pub scraping: Scraping,
	/// Register the device first, activate it and assign it to the gateway, as far as that is missing.
	#[arg(long, requires_all = ["network", "gateway_id"])]
	pub register: bool,
	/// With --register: file with the owner's secret, mode 0600.
	#[arg(long, value_name = "FILE", conflicts_with = "owner_suri")]
	pub owner_key: Option<PathBuf>,
	/// With --register: the owner's secret itself; for development only.
	#[arg(long, value_name = "SURI", env = "CAIRN_OWNER_SURI", hide_env_values = true)]
	pub owner_suri: Option<String>,
	/// With --register: the network.
	#[arg(long)]
	pub network: Option<NetworkId>,
	/// With --register: the gateway's id.
	#[arg(long)]
	pub gateway_id: Option<GatewayId>,
	/// With --register: the kind of key to make if there is none.
	#[arg(long, value_enum, default_value_t = Scheme::Ed25519)]
	pub scheme: Scheme,
	/// With --register: the root key that is to name the device's key; see `cairn agent root-key`.
	#[arg(long, value_name = "FILE", requires = "register")]
	pub root_key: Option<PathBuf>,
}

/// Metrics of other programs.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Scraping {
	/// Scrape metrics in Prometheus or OpenMetrics text from this address.
	#[arg(long, value_name = "URL")]
	pub scrape: Option<String>,
	/// Fill a channel from a scraped metric: metric=channel or metric{label="value"}=channel.
	#[arg(long, value_name = "METRIC=CHANNEL", requires = "scrape")]
	pub map: Vec<Mapping>,
}

/// Which key.
#[derive(Clone, Debug, clap::Args)]
pub struct KeyArgs {
	/// The key's file; made with mode 0600 if it is not there.
	#[arg(long, value_name = "FILE")]
	pub key: PathBuf,
	/// The kind of key to make.
	#[arg(long, value_enum, default_value_t = Scheme::Ed25519)]
	pub scheme: Scheme,
}

/// Which root key.
#[derive(Clone, Debug, clap::Args)]
pub struct RootKeyArgs {
	/// Description in TOML of hardware that signs on P-256, or a file with a secret, made with mode
	/// 0600 if it is not there.
	#[arg(long, value_name = "FILE")]
	pub root_key: PathBuf,
}

/// What to read.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ReadArgs {
	/// Where to get metrics.
	#[command(flatten)]
	pub scraping: Scraping,
}

/// Do what the owner asked for.
///
/// # Errors
/// Whatever stops it.
pub async fn execute(global: &Global, args: &Args) -> Result<(), Error> {
	match &args.command {
		Command::Run(args) => Box::pin(run_agent(global, args)).await,
		Command::Key(args) => show_key(global, args),
		Command::RootKey(args) => show_root_key(global, args),
		Command::Read(args) => read_once(global, args).await,
	}
}

async fn run_agent(global: &Global, args: &RunArgs) -> Result<(), Error> {
	let pair = if args.register {
		let (pair, _) = load_or_make(&args.key, args.scheme)?;
		Box::pin(register_device(global, args, &pair)).await?;
		pair
	} else {
		load(&args.key)?
	};
	let file = args.state.clone().unwrap_or_else(|| state_file(&args.key));
	let agent = Agent {
		pair,
		state: State::open(&file, args.queue)?,
		client: Client::new(&args.gateway)?,
		interval: args.interval.max(Duration::from_millis(10)),
		scrape: args.scraping.scrape.clone(),
		mappings: args.scraping.map.clone(),
	};
	tracing::info!(gateway = %args.gateway, state = %file.display(), "the agent runs");
	Box::pin(agent.run(Host::new()?, crate::shutdown::signal())).await
}

async fn register_device(global: &Global, args: &RunArgs, pair: &DevicePair) -> Result<(), Error> {
	let owner = match (&args.owner_key, &args.owner_suri) {
		(Some(file), _) => Signer::from_file(file)?,
		(None, Some(suri)) => Signer::from_suri(suri)?,
		(None, None) => return Err(Error::Options("--register needs --owner-key")),
	};
	let (Some(network), Some(gateway)) = (args.network, args.gateway_id) else {
		return Err(Error::Options("--register needs --network and --gateway-id"));
	};
	let root = args.root_key.as_deref().map(P256Signer::load).transpose()?;
	let chain = Chain::connect(&global.node).await?;
	let wish = Wish { network, gateway };
	ensure_registered(&chain, &owner, pair, root.as_ref(), wish).await?;
	Ok(())
}

/// The state file beside a key file.
fn state_file(key: &Path) -> PathBuf {
	let mut name = key.as_os_str().to_owned();
	name.push(".state");
	PathBuf::from(name)
}

fn show_key(global: &Global, args: &KeyArgs) -> Result<(), Error> {
	#[derive(Serialize)]
	struct Shown {
		scheme: &'static str,
		public: String,
		file: PathBuf,
		created: bool,
	}
	let (pair, created) = load_or_make(&args.key, args.scheme)?;
	let public = format!("0x{}", key_hex(&pair.public()));
	let scheme = pair.scheme().name();
	let text = format!("{scheme} {public}");
	global.output.print(text, &Shown { scheme, public, file: args.key.clone(), created });
	Ok(())
}

fn show_root_key(global: &Global, args: &RootKeyArgs) -> Result<(), Error> {
	#[derive(Serialize)]
	struct Shown {
		scheme: &'static str,
		public: String,
		file: PathBuf,
		created: bool,
	}
	let (signer, created) = P256Signer::load_or_make(&args.root_key)?;
	let public = format!("0x{}", hex::encode(signer.public().0));
	let text = format!("p256 {public}");
	let file = args.root_key.clone();
	global.output.print(text, &Shown { scheme: "p256", public, file, created });
	Ok(())
}

/// A channel's value, for people and programs.
#[derive(Serialize)]
struct Shown {
	channel: String,
	value: Option<i64>,
	scale: i8,
	unit: cairn_types::Unit,
}

async fn read_once(global: &Global, args: &ReadArgs) -> Result<(), Error> {
	let schema = host_schema();
	let plan = Plan::new(SchemaId(0), &schema, &args.scraping.map)?;
	let mut reading = Host::new()?.read();
	let metrics = match &args.scraping.scrape {
		Some(url) => {
			let client = Client::new(url)?;
			let metrics = scrape(client.http(), url).await;
			reading.set(Measure::ScrapeUp, Measured::whole(i32::from(metrics.is_ok())));
			metrics.inspect_err(|cause| tracing::warn!(url, cause, "cannot scrape")).ok()
		},
		None => None,
	};
	let values = plan.values(&reading, metrics.as_ref());
	let shown = schema.channels.iter().zip(&values).map(|(channel, value)| Shown {
		channel: String::from_utf8_lossy(&channel.name).into_owned(),
		value: *value,
		scale: channel.scale,
		unit: channel.unit,
	});
	let shown = shown.collect::<Vec<_>>();
	let lines = shown.iter().map(line).collect::<Vec<_>>();
	global.output.print(lines.join("\n"), &shown);
	Ok(())
}

fn line(shown: &Shown) -> String {
	let unit = serde_json::to_value(shown.unit).unwrap_or_default();
	let unit = unit.as_str().unwrap_or_default().to_owned();
	let value = match shown.value {
		Some(value) => decimal(value, shown.scale),
		None => "-".to_owned(),
	};
	format!("{:<14} {value:>20} {unit}", shown.channel)
}

/// `value` × 10^`scale` in decimal notation. Pure.
fn decimal(value: i64, scale: i8) -> String {
	let places = usize::from(scale.unsigned_abs());
	let digits = value.unsigned_abs().to_string();
	let sign = if value < 0 { "-" } else { "" };
	if scale >= 0 {
		let zeros = if value == 0 { 0 } else { places };
		return format!("{sign}{digits}{}", "0".repeat(zeros));
	}
	let padded = format!("{digits:0>width$}", width = places + 1);
	let (whole, fraction) = padded.split_at(padded.len() - places);
	format!("{sign}{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn works_when_numbers_are_shown() {
		for (value, scale, text) in [
			(126, -2, "1.26"),
			(-4, -1, "-0.4"),
			(0, 3, "0"),
			(5, 3, "5000"),
			(12, 0, "12"),
			(7, -3, "0.007"),
		] {
			assert_eq!(decimal(value, scale), text);
		}
	}

	#[test]
	fn the_state_lies_beside_the_key() {
		assert_eq!(state_file(Path::new("keys/a.key")), Path::new("keys/a.key.state"));
	}
}
