//! The starter library: schemas that come with this command, for networks to share.

use std::fmt;

use cairn_chain::{At, Call, Outcome, SchemaView, calls};
use cairn_types::{Schema, SchemaId};
use clap::builder::PossibleValue;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
	super::{
		error::OwnerError,
		format,
		options::Signing,
		output,
		session::{Session, missing_event},
	},
	check, parse, published_all, schema_json,
};
use crate::cli::{Global, Output};

macro_rules! files {
	($($name:literal,)+) => {
		/// Names and texts of the library's files.
		const FILES: &[(&str, &str)] = &[
			$(($name, include_str!(concat!("../../../library/", $name, ".toml"))),)+
		];
	};
}

files! {
	"host",
	"weather",
	"air-quality",
	"energy-meter",
	"water-meter",
	"water-quality",
	"traffic-counter",
	"cold-chain",
	"lorawan-gateway",
	"bandwidth-node",
	"storage-node",
	"gpu-node",
}

/// A schema of the library.
struct Entry {
	name: &'static str,
	/// The file, with its comments.
	text: &'static str,
	schema: Schema,
}

/// The names that the command line knows, each with what it is for.
pub(super) fn values() -> Vec<PossibleValue> {
	FILES.iter().map(|&(name, text)| PossibleValue::new(name).help(about(text))).collect()
}

/// What a file is for: its first line.
fn about(text: &str) -> &str {
	text.lines().next().unwrap_or_default().trim_start_matches('#').trim()
}

/// The schemas of these names, or all of them, in the order of the library.
fn entries(names: &[String]) -> Result<Vec<Entry>, OwnerError> {
	let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
	let files = FILES.iter().filter(|(name, _)| wanted(name));
	let entries = files.map(|&(name, text)| {
		let schema = parse(text, true).map_err(|cause| OwnerError::File {
			path: format!("library/{name}.toml"),
			cause,
			remedy: "install a release of this command".to_owned(),
		})?;
		check(&schema)?;
		Ok(Entry { name, text, schema })
	});
	entries.collect()
}

/// The schema of this name.
///
/// # Errors
/// If there is none.
pub(crate) fn find(name: &str) -> Result<Schema, OwnerError> {
	let found = entries(&[name.to_owned()])?.pop();
	found.map(|entry| entry.schema).ok_or_else(|| {
		OwnerError::refused(
			format!("the library has no schema {name}"),
			"`cairn schema library` lists them",
		)
	})
}

/// List the library, or show one schema of it. Needs no chain.
///
/// # Errors
/// If it cannot be written.
pub(super) fn show(global: &Global, name: Option<&String>) -> Result<(), OwnerError> {
	let found = entries(name.map(std::slice::from_ref).unwrap_or_default())?;
	match (found.as_slice(), name) {
		([entry], Some(_)) => print_one(global.output, entry),
		_ => output::print(global.output, &Listing(found)),
	}
}

/// A schema as a file to start from.
fn print_one(output: Output, entry: &Entry) -> Result<(), OwnerError> {
	match output {
		Output::Text => output::write_line(&mut std::io::stdout().lock(), entry.text.trim_end()),
		Output::Json => output::print(output, &Document(schema_json(&entry.schema))),
	}
}

/// Publish the schemas of these names, or all of them, that are not on the chain yet: in one
/// transaction, all or none.
///
/// # Errors
/// If the transaction fails, or the node does not answer.
pub(super) async fn publish(
	session: &Session,
	names: &[String],
	signing: &Signing,
) -> Result<(), OwnerError> {
	let entries = entries(names)?;
	let known = equal_ones(session, &entries).await?;
	let places = places(&entries, &known);
	let missing = entries.iter().zip(&places).filter(|(_, place)| place.is_none());
	let calls = missing.map(|(entry, _)| calls::schemas::publish(&entry.schema));
	let outcome = match calls.collect::<Vec<_>>().as_slice() {
		[] => None,
		calls => Some(session.submit(&together(session, calls).await?, signing).await?),
	};
	session.print(&Report::new(&entries, &places, outcome.as_ref())?)
}

/// One transaction of these calls.
async fn together(session: &Session, calls: &[Call]) -> Result<Call, OwnerError> {
	match calls {
		[call] => Ok(call.clone()),
		_ => Ok(session.chain.batch(calls).await?),
	}
}

/// The chain's schemas that equal one of the library and that networks may choose.
async fn equal_ones(session: &Session, entries: &[Entry]) -> Result<Vec<SchemaView>, OwnerError> {
	let spinner = session.spinner("reading the chain's schemas");
	let is_ours = |view: &SchemaView| {
		!view.deprecated && entries.iter().any(|entry| entry.schema == view.schema)
	};
	let progress = |count: usize| spinner.say(format!("reading the chain's schemas: {count}"));
	Ok(session.chain.schemas_where(is_ours, progress, At::Best).await?)
}

/// Where each schema is on the chain: the lowest id of those that are equal.
fn places(entries: &[Entry], known: &[SchemaView]) -> Vec<Option<SchemaId>> {
	let place = |entry: &Entry| {
		let equal = known.iter().filter(|view| !view.deprecated && view.schema == entry.schema);
		equal.map(|view| view.id).min()
	};
	entries.iter().map(place).collect()
}

/// A schema of the library and its id.
struct Row {
	name: &'static str,
	version: u16,
	id: SchemaId,
	/// Whether this command published it.
	is_new: bool,
}

/// What was published, and what was there.
struct Report {
	rows: Vec<Row>,
	/// Number and hash of the block, and the transaction's place in it.
	block: Option<(u32, [u8; 32], u32)>,
}

impl Report {
	/// The ids of an outcome's events are those of the missing schemas, in order.
	fn new(
		entries: &[Entry],
		places: &[Option<SchemaId>],
		outcome: Option<&Outcome>,
	) -> Result<Self, OwnerError> {
		let mut published = outcome.map(published_all).unwrap_or_default().into_iter();
		let rows = entries.iter().zip(places).map(|(entry, place)| {
			let id = place.or_else(|| published.next());
			let id = id.ok_or_else(|| missing_event("Schemas.Published"))?;
			let (name, version) = (entry.name, entry.schema.version);
			Ok(Row { name, version, id, is_new: place.is_none() })
		});
		let rows = rows.collect::<Result<Vec<_>, OwnerError>>()?;
		let block = outcome.map(|outcome| (outcome.number, outcome.block, outcome.index));
		Ok(Self { rows, block })
	}
}

impl Serialize for Report {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let rows = self.rows.iter().map(|row| {
			json!({
				"name": row.name,
				"version": row.version,
				"schema": row.id,
				"published": row.is_new,
			})
		});
		let document = json!({
			"schemas": rows.collect::<Vec<_>>(),
			"block": self.block.map(|(number, _, _)| number),
			"block_hash": self.block.map(|(_, hash, _)| format::hash(&hash)),
			"extrinsic": self.block.map(|(_, _, index)| index),
		});
		document.serialize(serializer)
	}
}

impl fmt::Display for Report {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let new = self.rows.iter().filter(|row| row.is_new).count();
		let new = u64::try_from(new).unwrap_or(u64::MAX);
		match self.block {
			Some((number, hash, _)) => {
				let (count, hash) = (format::count(new, "schema"), format::short_hash(&hash));
				writeln!(f, "{count} published in block {number} ({hash})")?;
			},
			None => writeln!(f, "nothing to publish: all of them are on the chain")?,
		}
		for Row { name, version, id, is_new } in &self.rows {
			let state = if *is_new { "published" } else { "was there" };
			writeln!(f, "  schema {id:<5} {name:<16} version {version}, {state}")?;
		}
		writeln!(f, "  next: cairn network create --name NAME --schema ID …")
	}
}

/// The library as it is listed.
struct Listing(Vec<Entry>);

impl Serialize for Listing {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let schemas = self.0.iter().map(|entry| {
			json!({
				"name": entry.name,
				"version": entry.schema.version,
				"about": about(entry.text),
				"channels": entry.schema.channels.len(),
				"counters": entry.schema.counters(),
			})
		});
		json!({ "schemas": schemas.collect::<Vec<_>>() }).serialize(serializer)
	}
}

impl fmt::Display for Listing {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		for entry in &self.0 {
			let Schema { version, channels, .. } = &entry.schema;
			let (name, count) = (entry.name, channels.len());
			writeln!(f, "{name:<16} version {version}, {count:>2} channels")?;
			writeln!(f, "                 {}", about(entry.text))?;
		}
		writeln!(f, "next: cairn schema library NAME, or cairn schema publish --library NAME …")
	}
}

/// A JSON document; people see the file instead.
struct Document(Value);

impl Serialize for Document {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		self.0.serialize(serializer)
	}
}

impl fmt::Display for Document {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{:#}", self.0)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::agent::host_schema;
	use cairn_chain::Event;
	use cairn_types::schema::is_name;
	use codec::Encode;
	use std::collections::BTreeSet;

	fn all() -> Vec<Entry> {
		entries(&[]).expect("every file is a sound schema")
	}

	/// A schema of the chain.
	fn view(id: u32, schema: &Schema, deprecated: bool) -> SchemaView {
		SchemaView { id: SchemaId(id), owner: [1; 32], schema: schema.clone(), deprecated }
	}

	/// A transaction that published schemas of these ids.
	fn outcome(ids: &[u32]) -> Outcome {
		let event = |id: &u32| Event {
			pallet: "Schemas".to_owned(),
			name: "Published".to_owned(),
			fields: (SchemaId(*id), [1u8; 32]).encode(),
		};
		let events = ids.iter().map(event).collect();
		Outcome { block: [2; 32], number: 7, index: 1, events }
	}

	#[test]
	fn every_file_is_a_schema_that_the_chain_takes() {
		let found = all();
		assert_eq!(found.len(), FILES.len());
		for Entry { name, text, schema } in &found {
			assert_eq!(schema.check(), Ok(()), "{name}");
			assert_eq!(schema.name.as_slice(), name.as_bytes(), "{name}");
			assert!(is_name(&schema.name), "{name}");
			assert!(text.starts_with("# ") && about(text).ends_with('.'), "{name}");
			// Nothing in it is misspelt: every key is of the shared type.
			let value = toml::from_str::<Value>(text).expect("TOML");
			let keys = value.as_object().expect("a table").keys().map(String::as_str);
			assert_eq!(
				keys.collect::<BTreeSet<_>>(),
				BTreeSet::from(["name", "version", "channels"])
			);
			let known = schema_json(schema);
			let known = known["channels"][0].as_object().expect("a channel");
			for channel in value["channels"].as_array().expect("channels") {
				let keys = channel.as_object().expect("a table").keys();
				for key in keys {
					assert!(known.contains_key(key), "{name}: {key}");
				}
			}
		}
	}

	#[test]
	fn names_are_distinct_and_of_senml() {
		let found = all();
		let names = found.iter().map(|entry| entry.name).collect::<BTreeSet<_>>();
		assert_eq!(names.len(), found.len());
		for Entry { name, schema, .. } in &found {
			let channels = schema.channels.iter().map(|channel| channel.name.as_slice());
			let distinct = channels.clone().collect::<BTreeSet<_>>();
			assert_eq!(distinct.len(), schema.channels.len(), "{name}");
			assert!(channels.clone().all(is_name), "{name}");
		}
	}

	#[test]
	fn the_same_name_means_the_same_in_every_file() {
		let found = all();
		let channels = || found.iter().flat_map(|entry| entry.schema.channels.iter());
		for channel in channels() {
			for other in channels().filter(|other| other.name == channel.name) {
				assert_eq!(other.quantity, channel.quantity, "{}", format::text(&channel.name));
				assert_eq!(other.unit, channel.unit, "{}", format::text(&channel.name));
			}
		}
	}

	#[test]
	fn the_hosts_schema_is_the_agents() {
		let found = all();
		let host = found.iter().find(|entry| entry.name == "host").expect("listed");
		assert_eq!(host.schema, host_schema());
	}

	#[test]
	fn works_when_names_are_chosen() {
		let names = ["weather".to_owned(), "host".to_owned(), "weather".to_owned()];
		let found = entries(&names).expect("in the library");
		// Once each, in the library's order.
		assert_eq!(found.iter().map(|entry| entry.name).collect::<Vec<_>>(), ["host", "weather"]);
		assert_eq!(values().len(), FILES.len());
		assert_eq!(find("weather").expect("in the library").name.as_slice(), b"weather");
		assert!(find("nothing").is_err());
	}

	#[test]
	fn only_what_is_not_on_the_chain_is_published() {
		let found = entries(&["host".to_owned(), "weather".to_owned(), "gpu-node".to_owned()]);
		let found = found.expect("in the library");
		let [host, weather, gpu] = found.as_slice() else { panic!("three") };
		let mut other = weather.schema.clone();
		other.version += 1;
		let known = [
			view(9, &host.schema, false),
			view(4, &host.schema, false),
			view(1, &host.schema, true),
			view(2, &other, false),
			view(3, &gpu.schema, true),
		];
		let places = places(&found, &known);
		assert_eq!(places, [Some(SchemaId(4)), None, None]);

		let report = Report::new(&found, &places, Some(&outcome(&[10, 11]))).expect("two events");
		let text = report.to_string();
		assert!(text.starts_with("2 schemas published in block 7 (0x0202…0202)\n"), "{text}");
		assert!(text.contains("schema 4     host             version 1, was there"), "{text}");
		let value = serde_json::to_value(&report).expect("serializes");
		let ids = [4, 10, 11].map(|id| json!(id));
		let shown = value["schemas"].as_array().expect("rows").iter().map(|row| &row["schema"]);
		assert_eq!(shown.cloned().collect::<Vec<_>>(), ids);
		assert_eq!(value["schemas"][0]["published"], json!(false));
		assert_eq!((&value["block"], &value["extrinsic"]), (&json!(7), &json!(1)));
	}

	#[test]
	fn nothing_is_published_twice() {
		let found = all();
		let known = (0..).zip(&found).map(|(id, entry)| view(id, &entry.schema, false));
		let places = places(&found, &known.collect::<Vec<_>>());
		assert!(places.iter().all(Option::is_some));
		let report = Report::new(&found, &places, None).expect("every id is known");
		assert!(report.to_string().starts_with("nothing to publish"));
		let value = serde_json::to_value(&report).expect("serializes");
		assert!(value["block"].is_null() && value["block_hash"].is_null());
	}

	#[test]
	fn fails_when_an_event_is_missing() {
		let found = all();
		let places = places(&found, &[]);
		let failed = Report::new(&found, &places, Some(&outcome(&[1]))).err();
		let text = failed.expect("too few events").to_string();
		assert!(text.contains("Schemas.Published"), "{text}");
	}

	#[test]
	fn the_list_says_what_each_is_for() {
		let listing = Listing(all());
		let text = listing.to_string();
		let value = serde_json::to_value(&listing).expect("serializes");
		for (name, file) in FILES {
			assert!(text.contains(name) && text.contains(about(file)), "{text}");
		}
		assert_eq!(value["schemas"][0]["channels"], json!(11));
		assert_eq!(value["schemas"][0]["counters"], json!(6));
	}

	#[test]
	fn a_shown_schema_is_read_back() {
		for Entry { name, schema, .. } in all() {
			let text = Document(schema_json(&schema)).to_string();
			assert_eq!(parse(&text, false), Ok(schema), "{name}");
		}
	}
}
