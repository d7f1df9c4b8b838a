//! `cairn schema`: what devices report.

mod library;

use std::{fmt, fs, path::PathBuf};

use cairn_chain::{At, Outcome, calls};
use cairn_types::{Channel, ChannelKind, Schema, SchemaId};
use clap::builder::PossibleValuesParser;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
	error::OwnerError,
	format,
	options::Signing,
	output::Receipt,
	session::{Session, missing_event},
};
use crate::{agent::host_schema, cli::Global};

pub(crate) use library::find as library_schema;

const EXAMPLES: &str = "\
Examples:
  cairn schema publish --host --suri //Alice
      Publish what the agent reports of the machine it runs on.
  cairn schema publish --file weather.toml --key account.key
  cairn schema library
      List the schemas that come with this command.
  cairn schema library weather > weather.toml
  cairn schema publish --library weather gpu-node --key account.key
      Publish those of them that are not on the chain yet, and say which ids they have.
  cairn schema show 0
  cairn schema deprecate 0 --key account.key";

/// Schemas: what devices report
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct SchemaArgs {
	#[command(subcommand)]
	command: SchemaCommand,
}

/// Schemas: what devices report
#[derive(Debug, clap::Subcommand)]
enum SchemaCommand {
	/// Publish a schema, for good; prints its id
	Publish(Publish),
	/// List the schemas that come with this command, or print one as a file to start from
	Library {
		/// The schema's name
		#[arg(value_parser = PossibleValuesParser::new(library::values()))]
		name: Option<String>,
	},
	/// Show a schema
	Show {
		/// The schema's id
		id: SchemaId,
	},
	/// Keep networks from choosing a schema anew; those that have it keep it
	Deprecate {
		/// The schema's id
		id: SchemaId,
		#[command(flatten)]
		signing: Signing,
	},
}

/// Publish a schema, for good; prints its id
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("source").required(true).args(["host", "file", "library"]))]
struct Publish {
	/// The schema that the agent reports of the machine it runs on
	#[arg(long)]
	host: bool,

	/// A schema in JSON or TOML, as `cairn schema show ID --output json` prints it
	#[arg(long, value_name = "FILE")]
	file: Option<PathBuf>,

	/// Schemas of the library that comes with this command; without NAME, all of them
	///
	/// Those that are on the chain already, word for word and not deprecated, are not published
	/// again: it prints the ids of all. `cairn schema library` lists them.
	#[arg(
		long,
		value_name = "NAME",
		num_args = 0..,
		value_parser = PossibleValuesParser::new(library::values()),
		hide_possible_values = true,
	)]
	library: Option<Vec<String>>,

	#[command(flatten)]
	signing: Signing,
}

/// Run the command.
///
/// # Errors
/// Whatever stops it.
pub(crate) async fn run(global: &Global, args: &SchemaArgs) -> Result<(), OwnerError> {
	match &args.command {
		SchemaCommand::Publish(publish) => match &publish.library {
			Some(names) => {
				let session = Session::open(global).await?;
				library::publish(&session, names, &publish.signing).await
			},
			None => publish_one(global, publish).await,
		},
		SchemaCommand::Library { name } => library::show(global, name.as_ref()),
		SchemaCommand::Show { id } => {
			let session = Session::open(global).await?;
			let (schema, current) = find(&session, *id).await?;
			session.print(&Shown { id: *id, current, schema })
		},
		SchemaCommand::Deprecate { id, signing } => {
			let session = Session::open(global).await?;
			let call = calls::schemas::deprecate(*id);
			let receipt =
				|outcome: &Outcome| Receipt::new("schema deprecated", outcome).with("schema", id.0);
			session.submit_and_print(&call, signing, receipt).await
		},
	}
}

/// Publish a file's schema, or the agent's.
async fn publish_one(global: &Global, publish: &Publish) -> Result<(), OwnerError> {
	let schema = match &publish.file {
		Some(file) => read(file)?,
		None => host_schema(),
	};
	check(&schema)?;
	let session = Session::open(global).await?;
	let call = calls::schemas::publish(&schema);
	let outcome = session.submit(&call, &publish.signing).await?;
	let id = published(&outcome)?;
	let receipt = Receipt::new("schema published", &outcome)
		.with("schema", id.0)
		.with("name", format::text(&schema.name))
		.note(format!("next: cairn network create --name NAME --schema {id} …"));
	session.print(&receipt)
}

/// The ids of the schemas that a transaction published, in order.
fn published_all(outcome: &Outcome) -> Vec<SchemaId> {
	let events = outcome.all::<(SchemaId, [u8; 32])>("Schemas", "Published");
	events.into_iter().map(|(id, _)| id).collect()
}

/// The id of the schema that a transaction published.
///
/// # Errors
/// If the event is missing.
pub(crate) fn published(outcome: &Outcome) -> Result<SchemaId, OwnerError> {
	let first = published_all(outcome).first().copied();
	first.ok_or_else(|| missing_event("Schemas.Published"))
}

/// A schema of the chain, and whether it may be chosen anew.
///
/// # Errors
/// If there is none.
pub(crate) async fn find(session: &Session, id: SchemaId) -> Result<(Schema, bool), OwnerError> {
	let found = session.chain.schema(id, At::Best).await?;
	found.ok_or_else(|| {
		OwnerError::not_found(
			format!("schema {id}"),
			"publish one with `cairn schema publish`, or take the id that it printed",
		)
	})
}

fn check(schema: &Schema) -> Result<(), OwnerError> {
	schema.check().map_err(|fault| {
		OwnerError::usage(
			format!("the schema cannot be published: {fault:?}"),
			"see the errors of Schemas.publish in the reference; channels need distinct names, \
			 units of their quantity and min ≤ max, and counters a quantity that adds up",
		)
	})
}

/// Read a schema from a file; what does not end in .toml is JSON.
pub(crate) fn read(file: &PathBuf) -> Result<Schema, OwnerError> {
	let failed = |cause: String, remedy: &str| OwnerError::File {
		path: file.display().to_string(),
		cause,
		remedy: remedy.to_owned(),
	};
	let text = fs::read_to_string(file)
		.map_err(|cause| failed(cause.to_string(), "name a file that holds a schema"))?;
	let is_toml = file.extension().is_some_and(|extension| extension == "toml");
	parse(&text, is_toml).map_err(|cause| {
		failed(cause, "write it as `cairn schema show ID --output json` prints one")
	})
}

/// Read a schema: names are text, as people write them.
fn parse(text: &str, is_toml: bool) -> Result<Schema, String> {
	let mut value: Value = if is_toml {
		toml::from_str(text).map_err(|cause| cause.to_string())?
	} else {
		serde_json::from_str(text).map_err(|cause| cause.to_string())?
	};
	to_bytes(&mut value);
	let channels = value.get_mut("channels").and_then(Value::as_array_mut);
	for channel in channels.into_iter().flatten() {
		to_bytes(channel);
	}
	serde_json::from_value(value).map_err(|cause| cause.to_string())
}

/// The shared type has names as bytes.
fn to_bytes(value: &mut Value) {
	if let Some(name) = value.get_mut("name")
		&& let Some(text) = name.as_str()
	{
		*name = text.as_bytes().into();
	}
}

/// A schema as it is shown.
struct Shown {
	id: SchemaId,
	current: bool,
	schema: Schema,
}

impl Serialize for Shown {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let mut document = schema_json(&self.schema);
		document["schema"] = json!(self.id);
		document["current"] = json!(self.current);
		document.serialize(serializer)
	}
}

/// What a schema says, as a file in JSON has it.
fn schema_json(schema: &Schema) -> Value {
	json!({
		"name": format::text(&schema.name),
		"version": schema.version,
		"channels": schema.channels.iter().map(channel_json).collect::<Vec<_>>(),
	})
}

fn channel_json(channel: &Channel) -> Value {
	json!({
		"name": format::text(&channel.name),
		"quantity": channel.quantity,
		"unit": channel.unit,
		"scale": channel.scale,
		"kind": channel.kind,
		"min": channel.min,
		"max": channel.max,
		"maxChange": channel.max_change,
	})
}

impl fmt::Display for Shown {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let state = if self.current { "" } else { ", deprecated: no network may choose it anew" };
		let Schema { name, version, channels } = &self.schema;
		writeln!(f, "schema {} {} version {version}{state}", self.id, format::text(name))?;
		for (index, channel) in channels.iter().enumerate() {
			let kind = match channel.kind {
				ChannelKind::Gauge => "gauge",
				ChannelKind::Counter => "counter",
			};
			let unit = serde_json::to_value(channel.unit).unwrap_or_default();
			let unit = unit.as_str().unwrap_or_default().to_owned();
			let scale = if channel.scale == 0 {
				String::new()
			} else {
				format!(" × 10^{}", channel.scale)
			};
			let change = match channel.max_change {
				Some(most) => format!(", at most {most} a second"),
				None => String::new(),
			};
			writeln!(
				f,
				"  {index:>2} {:<24} {kind:<7} {unit}{scale}, {}..={}{change}",
				format::text(&channel.name),
				channel.min,
				channel.max,
			)?;
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn works_when_a_shown_schema_is_read_back() {
		let schema = host_schema();
		let shown = Shown { id: SchemaId(3), current: true, schema: schema.clone() };
		let text = serde_json::to_string(&shown).expect("serializes");
		assert_eq!(parse(&text, false), Ok(schema.clone()));
		assert_eq!(schema.check(), Ok(()));
		assert!(shown.to_string().contains("schema 3 "));
	}

	#[test]
	fn works_when_a_schema_is_written_by_hand() {
		let guide = include_str!("../../../../../docs/src/guides/network-operator.md");
		let (_, example) = guide.split_once("```toml\n").expect("an example");
		let (text, _) = example.split_once("```").expect("its end");
		let schema = parse(text, true).expect("a schema");
		assert_eq!(schema.check(), Ok(()));
		assert_eq!(schema.channels.first().and_then(|channel| channel.max_change), Some(100));
	}

	#[test]
	fn fails_when_it_is_no_schema() {
		for text in ["", "[]", "{}", r#"{"name":"x","version":1,"channels":[{"name":"a"}]}"#] {
			assert!(parse(text, false).is_err(), "{text}");
		}
	}
}
