//! What the user may ask for.

use std::path::PathBuf;

use cairn_network_tests::bench::{Output, arguments};
use clap::{Parser, ValueEnum, value_parser};
use serde::Serialize;

/// Shown below `--help`.
const EXAMPLES: &str = "\
Examples:
  scripts/bench ingest
  scripts/bench ingest --transports http --sizes 100,1000 --devices 0
  TMPDIR=/var/tmp scripts/bench ingest --json ingest.json";

/// Measure how many readings a gateway takes over HTTP and MQTT, and its memory with many devices.
///
/// A development node and a gateway with its durable store are started, and mosquitto. Devices are
/// registered on the chain; their readings are signed before the clock starts, sent in requests of
/// several sizes, and count when the gateway has acknowledged them. Then many devices are connected
/// at once, each with a reading in every window. Progress goes to standard error, the report to
/// standard output. Everything runs on this machine and shares its processors: use a quiet one.
/// Stores are made in the directory for temporary files (TMPDIR), which has to be on a disk.
#[derive(Clone, Debug, Parser, Serialize)]
#[command(name = "scripts/bench ingest", bin_name = "scripts/bench ingest")]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Options {
	/// How readings are sent
	#[arg(long, value_enum, value_delimiter = ',', default_values_t = [Transport::Http, Transport::Mqtt])]
	pub(crate) transports: Vec<Transport>,

	/// Readings of a request or message, one measurement for each
	#[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [1, 10, 100, 1_000])]
	#[arg(value_parser = size)]
	pub(crate) sizes: Vec<usize>,

	/// Length of each measurement
	#[arg(long, value_name = "S", default_value_t = 8)]
	#[arg(value_parser = value_parser!(u64).range(1..=600))]
	pub(crate) seconds: u64,

	/// Devices that send while readings are counted, at most 1,024: theirs fill a batch
	#[arg(long, value_name = "N", default_value_t = 1_024, value_parser = senders)]
	pub(crate) senders: usize,

	/// Connections that send single readings; larger requests come over fewer
	#[arg(long, value_name = "N", default_value_t = 64, value_parser = connections)]
	pub(crate) connections: usize,

	/// Readings per second for which enough are signed before: more than the gateway can take
	#[arg(long, value_name = "N", default_value_t = 40_000)]
	#[arg(value_parser = value_parser!(u32).range(100..=1_000_000))]
	pub(crate) rate: u32,

	/// Devices that are connected at once while memory is measured, at least those of --senders; 0:
	/// none
	#[arg(long, value_name = "N", default_value_t = 10_000, value_parser = devices)]
	pub(crate) devices: usize,

	/// Windows of 6 s for which they report
	#[arg(long, value_name = "N", default_value_t = 4)]
	#[arg(value_parser = value_parser!(u64).range(1..=100))]
	pub(crate) windows: u64,

	/// How the report is printed
	#[arg(long, value_enum, default_value_t = Output::Table)]
	pub(crate) output: Output,

	/// Write the report as JSON to this file, too
	#[arg(long, value_name = "FILE")]
	pub(crate) json: Option<PathBuf>,
}

impl Options {
	/// What this program was called with; without the flag that cargo gives to every bench.
	pub(crate) fn from_command_line() -> Self {
		Self::parse_from(arguments())
	}

	/// Whether readings are sent in this way.
	pub(crate) fn has(&self, transport: Transport) -> bool {
		self.transports.contains(&transport)
	}
}

/// How readings are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Transport {
	/// POST, over connections that stay open.
	Http,
	/// QoS 1, by a broker.
	Mqtt,
}

/// A number in a range.
fn within(text: &str, least: usize, most: usize) -> Result<usize, String> {
	let number = text.parse::<usize>().map_err(|cause| cause.to_string())?;
	if (least..=most).contains(&number) {
		return Ok(number);
	}
	Err(format!("it has to be from {least} to {most}"))
}

/// A message of MQTT has at most 256 KiB.
fn size(text: &str) -> Result<usize, String> {
	within(text, 1, 1_500)
}

fn senders(text: &str) -> Result<usize, String> {
	within(text, 64, 1_024)
}

fn connections(text: &str) -> Result<usize, String> {
	within(text, 1, 64)
}

fn devices(text: &str) -> Result<usize, String> {
	within(text, 0, 50_000)
}
