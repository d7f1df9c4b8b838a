//! `cairn agent`: devices of this machine. It takes what their sources give, signs, and sends to
//! their gateways.
//!
//! ```text
//! host, metrics ─┐                ┌─▶ inbox ─▶ sign ─▶ queue ─▶ gateway
//! SenML, MQTT   ─┼─▶ hub: which   │
//! LoRa gateways ─┤   record fills ┼─▶ inbox ─▶ …
//! tables        ─┘   what         └─▶ left over, with the reason
//! ```
//!
//! What decides is pure and lies apart: [`plan`], [`inbox`], [`topic`], [`config`]'s checks.

mod anchor;
pub mod check;
mod client;
pub mod config;
mod error;
pub mod host;
pub mod hub;
pub mod inbox;
mod key;
pub mod left;
pub mod plan;
mod proof;
mod register;
pub mod root;
mod run;
pub mod schema;
pub mod scrape;
mod sequence;
pub mod serve;
pub mod source;
mod state;
pub mod topic;

pub use anchor::{anchor_at, refresh_millis, window_at};
pub use client::Client;
pub use error::Error;
pub use host::Host;
pub use key::{DevicePair, Scheme, key_hex, load, load_or_make, scheme_of};
pub use plan::Plan;
pub use proof::Occasion;
pub use register::{Wish, ensure as ensure_registered};
pub use root::P256Signer;
pub use run::Agent;
pub use schema::host_schema;
pub use scrape::Mapping;
pub use sequence::Sequence;
pub use state::{Counts, Profile, State};

use std::{
	path::{Path, PathBuf},
	sync::Arc,
	time::Duration,
};

use cairn_chain::{Chain, Signer};
use cairn_types::{GatewayId, NetworkId, SchemaId};
use serde::Serialize;

use self::{
	check::CheckArgs,
	config::{Config, Device, INTERVALS, state_file},
	hub::{Hub, Post},
	plan::Span,
	source::poll::Poller,
};
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
	/// Explain which record of which source goes to which channel, and what is left over; nothing
	/// is signed.
	Check(CheckArgs),
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
	--scrape http://127.0.0.1:9100/metrics --map node_load1=load1\n  \
	cairn agent run --config agent.toml")]
pub struct RunArgs {
	/// The gateway's address.
	#[arg(long, value_name = "URL", required_unless_present = "config")]
	pub gateway: Option<String>,
	/// File with the device's key; see `cairn agent key`.
	#[arg(long, value_name = "FILE", required_unless_present = "config")]
	pub key: Option<PathBuf>,
	/// File that says which sources fill which channels of which devices, in place of the other
	/// options.
	#[arg(
		long,
		value_name = "FILE",
		conflicts_with_all = ["gateway", "key", "state", "interval", "queue", "scrape", "register"],
	)]
	pub config: Option<PathBuf>,
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
		Command::Check(args) => Box::pin(check::execute(global, args)).await,
		Command::Key(args) => show_key(global, args),
		Command::RootKey(args) => show_root_key(global, args),
		Command::Read(args) => read_once(global, args).await,
	}
}

async fn run_agent(global: &Global, args: &RunArgs) -> Result<(), Error> {
	let config = match (&args.config, &args.gateway, &args.key) {
		(Some(path), _, _) => config::load(path)?,
		(None, Some(gateway), Some(key)) => {
			if args.register {
				let (pair, _) = load_or_make(key, args.scheme)?;
				Box::pin(register_device(global, args, &pair)).await?;
			}
			of_options(args, gateway, key)?
		},
		_ => return Err(Error::Options("without --config, --gateway and --key are needed")),
	};
	Box::pin(serve::run(&config, crate::shutdown::signal())).await
}

/// One device, that reports this machine.
fn of_options(args: &RunArgs, gateway: &str, key: &Path) -> Result<Config, Error> {
	let interval = args.interval.clamp(INTERVALS.0, INTERVALS.1);
	let Scraping { scrape, map } = &args.scraping;
	let (sources, inputs) = config::of_options(scrape.as_deref(), map, interval)?;
	let device = Device {
		// The log needs no name where there is one device.
		name: String::new(),
		key: key.to_path_buf(),
		state: args.state.clone().unwrap_or_else(|| state_file(key)),
		gateway: gateway.to_owned(),
		interval,
		queue: args.queue,
		inputs,
	};
	Ok(Config { sources, devices: vec![device] })
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
	let Scraping { scrape, map } = &args.scraping;
	let (sources, inputs) = config::of_options(scrape.as_deref(), map, INTERVALS.1)?;
	let plan = Arc::new(Plan::new(SchemaId(0), &schema, &inputs)?);
	let post = Arc::new(Post::new(String::new(), inputs));
	post.follow(&plan, Span::default());
	let names = sources.iter().map(|source| source.name.clone()).collect();
	let hub = Hub::new(names, vec![post.clone()]);
	for poller in &mut Poller::of(&sources)? {
		poller.poll(&hub).await;
	}
	let moments = post.moments(1).map_or_else(Vec::new, |(_, moments)| moments);
	let mut values = moments.into_iter().next().map_or_else(Vec::new, |it| it.values.into_inner());
	values.resize(schema.channels.len(), None);
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
	use clap::Parser;

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

	/// A command line of `cairn agent run`.
	fn parse(options: &str) -> Result<RunArgs, clap::Error> {
		#[derive(clap::Parser)]
		struct Cli {
			#[command(flatten)]
			run: RunArgs,
		}
		let options = options.split(' ').filter(|option| !option.is_empty());
		Cli::try_parse_from(["run"].into_iter().chain(options)).map(|cli| cli.run)
	}

	#[test]
	fn works_when_options_or_a_file_say_what_to_do() {
		let args = parse(
			"--gateway http://h:1 --key a.key --interval 1ms --scrape http://m/ --map a=load1",
		);
		let args = args.expect("parses");
		let key = args.key.clone().expect("a key");
		let config = of_options(&args, "http://h:1", &key).expect("a configuration");
		assert_eq!((config.sources.len(), config.devices[0].interval), (2, INTERVALS.0));
		assert!(parse("--config agent.toml").is_ok());
	}

	#[test]
	fn fails_when_a_file_and_options_say_what_to_do() {
		for options in [
			"",
			"--gateway http://h:1",
			"--key a.key",
			"--config a.toml --key a.key",
			"--config a.toml --interval 1s",
			"--config a.toml --scrape http://m/",
			"--gateway http://h:1 --key a.key --map a=b",
		] {
			assert!(parse(options).is_err(), "{options}");
		}
	}
}
