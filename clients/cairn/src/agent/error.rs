//! What stops an agent.

use std::path::{Path, PathBuf};

use super::config::Mistake;
use crate::{protocol::Problem, store::StoreError};

/// Why an agent cannot run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
	/// The key file cannot be used.
	#[error("cannot use the key file {path}: {cause}\n  Remedy: {remedy}")]
	KeyFile {
		/// The file.
		path: PathBuf,
		/// What is wrong with it.
		cause: String,
		/// What to do about it.
		remedy: String,
	},
	/// Two devices sign with one key.
	#[error(
		"devices {other:?} and {device:?} have the same key\n  \
		 Remedy: give each its own: make one with `cairn agent key --key FILE`"
	)]
	SameKey {
		/// A device's name in the configuration.
		device: String,
		/// The name of one before it.
		other: String,
	},
	/// The program that signs on P-256 does not.
	#[error("the key of {path} does not sign: {cause}\n  Remedy: {remedy}")]
	Hardware {
		/// The key's description.
		path: PathBuf,
		/// What went wrong.
		cause: String,
		/// What to do about it.
		remedy: String,
	},
	/// The state file cannot be used.
	#[error(transparent)]
	Store(#[from] StoreError),
	/// The chain cannot be asked.
	#[error(transparent)]
	Chain(#[from] cairn_chain::Error),
	/// The gateway's address is none.
	#[error(
		"{url:?} is not a gateway's address: {cause}\n  Remedy: write it like http://127.0.0.1:9977"
	)]
	BadUrl {
		/// The text.
		url: String,
		/// What is wrong with it.
		cause: String,
	},
	/// The gateway did not answer.
	#[error(
		"the gateway at {url} does not answer: {cause}\n  Remedy: look whether it runs and can be reached"
	)]
	Unreachable {
		/// Where it should be.
		url: String,
		/// What the transport said.
		cause: String,
	},
	/// The gateway answered with an error.
	#[error("the gateway refused {what} ({code}): {cause}\n  Remedy: {remedy}", code = .problem.code, cause = .problem.cause, remedy = .problem.remedy)]
	Refused {
		/// What was asked.
		what: &'static str,
		/// What the gateway said.
		problem: Problem,
		/// Seconds after which to ask again.
		retry_after: Option<u64>,
	},
	/// The gateway serves another chain than before.
	#[error(
		"the gateway serves another chain than the state file {path} was made for\n  \
		 Remedy: name a gateway of the same chain, or another --state file"
	)]
	OtherChain {
		/// The state file.
		path: PathBuf,
	},
	/// The schema has no channel that the device's inputs can fill.
	#[error(
		"none of the schema's channels ({channels}) can be filled\n  \
		 Remedy: map metrics to channels with --scrape and --map metric=channel, \
		 or records with --config, or use a network with the host schema"
	)]
	NoChannel {
		/// What the schema has.
		channels: String,
	},
	/// A mapping names a channel that the schema does not have.
	#[error(
		"an input names the channel {channel:?}, which the schema does not have\n  Remedy: use one of {channels}"
	)]
	UnknownChannel {
		/// What was named.
		channel: String,
		/// What the schema has.
		channels: String,
	},
	/// A channel of a host's name, but of another quantity.
	#[error(
		"the schema's channel {channel:?} is of the quantity {found}, but what the agent reads of this \
		 machine under that name is of {expected}\n  \
		 Remedy: fill it from another source, with --scrape and --map, or with --config"
	)]
	OtherQuantity {
		/// The channel.
		channel: String,
		/// Its quantity.
		found: String,
		/// The agent's quantity.
		expected: String,
	},
	/// An input states a unit of something else than its channel measures.
	#[error(
		"the input {input:?} is in {unit}, but its channel {channel:?} is of the quantity {quantity}\n  \
		 Remedy: state one of {units}, or name another channel"
	)]
	InputUnit {
		/// Its records or series.
		input: String,
		/// The unit.
		unit: String,
		/// The channel.
		channel: String,
		/// Its quantity.
		quantity: String,
		/// The units of that.
		units: String,
	},
	/// The configuration is wrong.
	#[error("{}", listed(.path, .mistakes))]
	Config {
		/// The file.
		path: PathBuf,
		/// What is wrong, in the order of lines.
		mistakes: Vec<Mistake>,
	},
	/// A source cannot be used.
	#[error("the source {name:?} cannot be used: {cause}\n  Remedy: {remedy}")]
	Source {
		/// Its name.
		name: String,
		/// What is wrong with it.
		cause: String,
		/// What to do about it.
		remedy: &'static str,
	},
	/// A rule cannot be made.
	#[error("a rule of the mapping is wrong: {0}")]
	Rule(#[from] cairn_formats::Cause),
	/// What is to be checked cannot be had.
	#[error("{cause}\n  Remedy: {remedy}")]
	Check {
		/// What is wrong.
		cause: String,
		/// What to do about it.
		remedy: &'static str,
	},
	/// Options that belong together.
	#[error("{0}\n  Remedy: see `cairn agent run --help`")]
	Options(&'static str),
	/// The device cannot be registered as asked.
	#[error("device {device} {cause}\n  Remedy: {remedy}")]
	Registration {
		/// The device.
		device: cairn_types::DeviceId,
		/// What stands in the way.
		cause: String,
		/// What to do about it.
		remedy: &'static str,
	},
	/// The machine cannot be read.
	#[error(
		"cannot read this machine: {cause}\n  Remedy: run the agent on Linux, with /proc and /sys readable"
	)]
	Host {
		/// What the system said.
		cause: String,
	},
	/// A task of the agent ended or panicked.
	#[error(
		"a part of the agent stopped: {0}\n  Remedy: start it again, and report what the log says"
	)]
	Task(String),
}

/// Mistakes of a file, one after the other.
fn listed(path: &Path, mistakes: &[Mistake]) -> String {
	let mistakes = mistakes.iter().map(|mistake| format!("{}: {mistake}", path.display()));
	mistakes.collect::<Vec<_>>().join("\n")
}
