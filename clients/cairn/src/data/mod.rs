//! `cairn data`: what devices have read, asked of one gateway or of many, and checked against the
//! chain.
//!
//! A gateway has readings of one network. A question across networks goes to the gateways of all of
//! them, and what they answer becomes one answer in one format; or it goes to one gateway, which asks
//! its peers. `prove` decides, without any I/O, whether the chain stands for a value; `verify` gets what
//! it decides by. `row` is what gateways answer, which they write and others read; `part` reads a page of
//! it, for gateways that ask each other, too.
//!
//! **Invariant:** a gateway can keep back its own values, and nothing else. Who listens to many gateways
//! listens to strangers: `gateways` says which addresses are asked, `pages` bounds how long one leads on,
//! `heard` gives each a fair share of what is wanted, whatever the others answer, and takes no rows of it
//! but its own that were asked for.

pub(crate) mod answer;
pub(crate) mod ask;
pub mod doubt;
mod gateways;
mod heard;
mod pages;
pub(crate) mod part;
mod prove;
pub(crate) mod row;
#[cfg(test)]
mod strangers;
mod through;
mod verify;

use std::{io, time::Duration};

use cairn_geo::Cell;
use cairn_types::{
	DeviceId, NetworkId, Quantity,
	schema::{MAX_NAME, is_name},
};

use self::ask::{Question, ask};
use crate::{
	cli::{Global, parse_duration},
	clock::now_millis,
	gateway::{
		data::{parameters::read_time, quantity_of, query::Filter},
		store::Stage,
	},
	owner::{OwnerError, parse, print, session::Session, write_line},
};

/// The time range if no beginning is given, ms.
const DEFAULT_RANGE: u64 = 3_600_000;

const EXAMPLES: &str = "\
Examples:
  cairn data query --cell 871f8ed95ffffff --verify
      The last hour of every network in a cell of H3, each value checked against the chain.
  cairn data query --cell 8c1f8ed950a01ff --resolution 7 --quantity temperature,energy \\
      --from 2026-01-31T12:00:00Z --until 2026-01-31T12:10:00Z --format senml
  cairn data query --network 0 --network 2 --stage sealed --verify --output json
  cairn data query --through https://gateway.example --cell 871f8ed95ffffff --verify
      Asks one gateway for all networks that it knows, and checks each value at the gateway that has
      sealed it.
  cairn data query --gateway http://127.0.0.1:9977 --device 7 --format csv > readings.csv
      Needs no node: nothing is checked.";

/// Data: what devices have read, with proofs
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct DataArgs {
	#[command(subcommand)]
	command: DataCommand,
}

/// Data: what devices have read, with proofs
#[derive(Debug, clap::Subcommand)]
enum DataCommand {
	/// Ask gateways for values by region, quantity, time and network, across networks
	///
	/// The gateways are those that the chain lists, at most 256, or those that are named. Exits with 1 if
	/// one of them does not answer, and with --verify if the chain does not stand for a value; what came
	/// is printed first, and who failed, with what to do about it.
	Query(Box<Query>),
}

/// What to ask, and of whom
#[derive(Debug, clap::Args)]
struct Query {
	/// Address of a gateway; may be given several times [default: all that the chain lists]
	#[arg(long, value_name = "URL", value_parser = parse::url)]
	gateway: Vec<String>,

	/// Ask this gateway for the values of all networks that it knows. With --verify each is checked at
	/// the gateway that has sealed it
	#[arg(long, value_name = "URL", value_parser = parse::url, conflicts_with = "gateway")]
	through: Option<String>,

	/// Only this network; may be given several times [default: all]
	#[arg(long, value_name = "ID")]
	network: Vec<NetworkId>,

	/// Only devices that were in this cell of H3, of any resolution
	#[arg(long, value_name = "CELL", value_parser = parse_cell)]
	cell: Option<Cell>,

	/// The region is the cell of this resolution that --cell lies in [default: its own]
	#[arg(long, value_name = "0-15", requires = "cell")]
	resolution: Option<u8>,

	/// Only the device of this id
	#[arg(long, value_name = "ID")]
	device: Option<DeviceId>,

	/// Only these quantities, separated by commas
	#[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = parse_quantity)]
	quantity: Vec<Quantity>,

	/// Only the channel of this name
	#[arg(long, value_name = "NAME", value_parser = parse_channel)]
	channel: Option<String>,

	/// Read at this time or later: RFC 3339, or ms since 1970 [default: an hour before --until]
	#[arg(long, value_name = "TIME", value_parser = parse_time)]
	from: Option<u64>,

	/// Read before this time; at most 31 days later [default: now]
	#[arg(long, value_name = "TIME", value_parser = parse_time)]
	until: Option<u64>,

	/// Only readings that have come at least so far: accepted, sealed or matured
	#[arg(long, value_name = "STAGE", value_parser = parse_stage)]
	stage: Option<Stage>,

	/// Most values in all. Each gateway has an equal share; what one leaves goes to the others. With
	/// --verify values that the chain does not stand for are shown, and not counted
	#[arg(long, value_name = "COUNT", default_value_t = 10_000)]
	#[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
	limit: u32,

	/// How values are written
	#[arg(long, value_enum, default_value_t)]
	format: Format,

	/// Check each value against the chain: its device's key, its batch, the committee's verdict, the
	/// device's place. Believes nothing that a gateway says
	#[arg(long)]
	verify: bool,

	/// How long each gateway may take in all; it has 2 ms more for each value that it answers, and with
	/// --verify 50 ms for each whose proof it is asked for
	#[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "30s")]
	timeout: Duration,

	/// Ask gateways of the chain at addresses that are not public, too
	///
	/// Anybody can register a gateway at any address. One of this machine or of a private network would
	/// be yours, and the request, too: they are not asked unless you say so, or the chain is for
	/// development and its node on this machine. Gateways that you name are asked wherever they are.
	#[arg(long)]
	allow_private: bool,
}

/// How values are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
	/// A table with proofs; with --output json, a JSON document
	#[default]
	Table,
	/// A pack of SenML (RFC 8428)
	Senml,
	/// A table with the columns time, name, value, unit, kind
	Csv,
}

/// Run the command.
///
/// # Errors
/// Whatever stops it; after the answer, what is wrong with it.
pub(crate) async fn run(global: &Global, args: &DataArgs) -> Result<(), OwnerError> {
	let DataCommand::Query(query) = &args.command;
	let question = query.question(now_millis())?;
	let is_named = query.through.is_some() || !query.gateway.is_empty();
	let session = if query.verify || !is_named { Some(Session::open(global).await?) } else { None };
	let spinner = session.as_ref().map(|session| session.spinner("asking gateways"));
	let chain = session.as_ref().map(|session| &session.chain);
	let answer = Box::pin(ask(chain, &question)).await?;
	drop(spinner);
	if let Some(note) = answer.note().filter(|_| query.format != Format::Table) {
		tracing::warn!("{note}");
	}
	match query.format {
		Format::Table => print(global.output, &answer)?,
		Format::Senml => write(&answer.senml().map_err(|cause| unwritable(&cause))?)?,
		Format::Csv => write(&answer.csv().map_err(|cause| unwritable(&cause))?)?,
	}
	answer.ensure_sound()
}

impl Query {
	/// What is asked, at `now` (ms since the epoch).
	fn question(&self, now: u64) -> Result<Question, OwnerError> {
		let to = self.until.unwrap_or(now);
		let from = self.from.unwrap_or_else(|| to.saturating_sub(DEFAULT_RANGE));
		if from >= to {
			return Err(OwnerError::usage(
				"--from is not before --until",
				"leave --until out for now, or --from for an hour before",
			));
		}
		let filter = Filter {
			quantities: self.quantity.clone(),
			channel: self.channel.clone(),
			device: self.device,
			region: self.region()?,
			from,
			to,
			stage: self.stage,
			..Filter::default()
		};
		let most = usize::try_from(self.limit).unwrap_or(usize::MAX);
		let (networks, gateways) = (self.network.clone(), self.gateway.clone());
		Ok(Question {
			filter,
			networks,
			gateways,
			through: self.through.clone(),
			most,
			verify: self.verify,
			allow_private: self.allow_private,
			time: self.timeout,
		})
	}

	fn region(&self) -> Result<Option<Cell>, OwnerError> {
		let Some(cell) = self.cell else { return Ok(None) };
		let region = cell.parent(self.resolution.unwrap_or(cell.resolution()));
		region.map(Some).map_err(|error| OwnerError::usage(error.cause(), error.remedy()))
	}
}

/// Write what is no table.
fn write(text: &str) -> Result<(), OwnerError> {
	write_line(&mut io::stdout().lock(), text.trim_end())
}

fn unwritable(cause: &cairn_formats::FormatError) -> OwnerError {
	OwnerError::refused(
		format!("the values cannot be written in this format: {cause}"),
		"choose another one with --format",
	)
}

fn parse_cell(text: &str) -> Result<Cell, String> {
	text.parse::<Cell>().map_err(|error| error.to_string())
}

fn parse_quantity(text: &str) -> Result<Quantity, String> {
	quantity_of(text).ok_or_else(|| {
		format!("{text:?} is no quantity of the data standard; write it as schemas do: temperature")
	})
}

fn parse_channel(text: &str) -> Result<String, String> {
	let longest = usize::try_from(MAX_NAME).unwrap_or(usize::MAX);
	if is_name(text.as_bytes()) && text.len() <= longest {
		Ok(text.to_owned())
	} else {
		Err(format!("{text:?} is no channel's name; write one as `cairn schema show` lists it"))
	}
}

fn parse_time(text: &str) -> Result<u64, String> {
	read_time(text).ok_or_else(|| {
		format!("{text:?} is no time; write 2026-01-31T12:00:00Z, or milliseconds since 1970")
	})
}

fn parse_stage(text: &str) -> Result<Stage, String> {
	let stages = [Stage::Accepted, Stage::Sealed, Stage::Matured];
	let stage = stages.into_iter().find(|stage| stage.name() == text);
	stage.ok_or_else(|| format!("{text:?} is not accepted, sealed or matured"))
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::{Args, Command};

	const NOW: u64 = 1_769_860_800_000;

	fn question(options: &str) -> Result<Question, OwnerError> {
		let line = format!("cairn query {options}");
		let command = DataArgs::augment_args(Command::new("cairn"));
		let matches = command.try_get_matches_from(line.split_whitespace());
		let matches = matches.unwrap_or_else(|error| panic!("{options}: {error}"));
		let args = <DataArgs as clap::FromArgMatches>::from_arg_matches(&matches).expect("args");
		let DataCommand::Query(query) = args.command;
		query.question(NOW)
	}

	#[test]
	fn works_when_nothing_is_said() {
		let filter = Filter { from: NOW - 3_600_000, to: NOW, ..Filter::default() };
		let expected = Question {
			filter,
			networks: Vec::new(),
			gateways: Vec::new(),
			through: None,
			most: 10_000,
			verify: false,
			allow_private: false,
			time: Duration::from_secs(30),
		};
		assert_eq!(question("").expect("a question"), expected);
	}

	#[test]
	fn works_when_everything_is_said() {
		let question = question(
			"--gateway http://a.example --gateway http://b.example/ --network 1 --network 2 \
			 --cell 8c2a1072b59adff --resolution 5 --device 17 --quantity temperature,energy \
			 --channel t-1 --from 1000 --until 1970-01-01T00:00:02Z --stage sealed --limit 7 --verify \
			 --timeout 2m --allow-private",
		);
		let filter = Filter {
			networks: Vec::new(),
			quantities: vec![Quantity::Temperature, Quantity::Energy],
			channel: Some("t-1".to_owned()),
			stream: None,
			device: Some(DeviceId(17)),
			region: "852a1073fffffff".parse().ok(),
			from: 1_000,
			to: 2_000,
			stage: Some(Stage::Sealed),
		};
		let expected = Question {
			filter,
			networks: vec![NetworkId(1), NetworkId(2)],
			gateways: vec!["http://a.example".to_owned(), "http://b.example".to_owned()],
			through: None,
			most: 7,
			verify: true,
			allow_private: true,
			time: Duration::from_secs(120),
		};
		assert_eq!(question.expect("a question"), expected);
	}

	#[test]
	fn works_when_one_gateway_is_asked_for_all() {
		let question = question("--through http://a.example/ --network 2").expect("a question");
		assert_eq!(question.through.as_deref(), Some("http://a.example"));
		assert_eq!((question.networks, question.gateways.len()), (vec![NetworkId(2)], 0));
	}

	#[test]
	fn fails_when_times_or_resolutions_do_not_fit() {
		for options in [
			"--from 5 --until 5",
			"--from 2027-01-01T00:00:00Z",
			"--cell 852a1073fffffff --resolution 6",
			"--cell 852a1073fffffff --resolution 16",
		] {
			let error = question(options).expect_err(options);
			assert!(matches!(error, OwnerError::Usage { .. }), "{options}: {error}");
		}
	}

	#[test]
	fn fails_when_words_are_of_another_kind() {
		let error = parse_cell("8c2a1072b59adfx").expect_err("no cell");
		assert!(error.contains("code 1") && error.contains("15 hexadecimal digits"), "{error}");
		assert!(parse_quantity("warmth").is_err());
		assert!(parse_channel("a b").is_err() && parse_channel(&"a".repeat(33)).is_err());
		assert!(parse_time("noon").is_err());
		assert!(parse_stage("lost").is_err());
	}
}
