//! `chain-spec create`: the specification of a new chain, from a description in TOML.
//!
//! [`input`] reads the description, [`checks`] finds all that is wrong with it, line by line, and
//! [`genesis`] turns it into a specification whose genesis the runtime has built once.

mod checks;
mod decimal;
mod genesis;
mod input;
#[cfg(test)]
mod tests;

use crate::{cli::ISSUES, preflight::Problem};
use std::{
	fs,
	io::{self, Write},
	path::{Path, PathBuf},
};

/// Shown below `--help`.
const EXAMPLES: &str = "\
Examples:
  cairn-node chain-spec create chain.toml --raw --output meadow.json
      The specification that every node of the chain starts with.
  cairn-node chain-spec create chain.toml | jq .genesis.runtimeGenesis.patch
      What the description says to the runtime.

The guide `A new chain` of the book has a description with every field explained.";

/// The specification of a new chain, from a description in TOML.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CreateCmd {
	/// The description: who validates, who owns what, and what is not as by default
	#[arg(value_name = "FILE")]
	input: PathBuf,

	/// Write the specification to this file instead of standard output
	#[arg(long, value_name = "FILE")]
	output: Option<PathBuf>,

	/// Write the state of the genesis block instead of what it is built from
	#[arg(long)]
	raw: bool,
}

impl CreateCmd {
	/// Writes the specification, or reports everything that is wrong with the description.
	pub(crate) fn run(&self) -> Result<(), CreateError> {
		let json = self.specification()?;
		let Some(path) = &self.output else {
			return io::stdout().write_all(json.as_bytes()).map_err(CreateError::Stdout);
		};
		fs::write(path, json)
			.map_err(|source| CreateError::Output { path: path.to_owned(), source })?;
		println!("Wrote the specification to {}", path.display());
		Ok(())
	}

	/// The specification as JSON.
	fn specification(&self) -> Result<String, CreateError> {
		let path = || self.input.clone();
		let text = fs::read_to_string(&self.input)
			.map_err(|source| CreateError::Input { path: path(), source })?;
		let chain = checks::chain(&text)
			.map_err(|mistakes| CreateError::Description { path: path(), mistakes })?;
		let runtime = cairn_runtime::WASM_BINARY.ok_or(Problem::NoRuntime)?;
		genesis::specification(runtime, &chain, self.raw)
			.map_err(|cause| CreateError::Genesis { path: path(), cause })
	}
}

/// Why there is no specification.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CreateError {
	/// The description cannot be read.
	#[error(
		"cannot read the description {path}: {source}\n  \
		 Remedy: name a TOML file in UTF-8 that you may read"
	)]
	Input { path: PathBuf, source: io::Error },

	/// The description describes no chain that could start.
	#[error("{}", report(.path, .mistakes))]
	Description { path: PathBuf, mistakes: Vec<Mistake> },

	/// The runtime builds no genesis of it.
	#[error(
		"the runtime builds no genesis from {path}: {cause}\n  \
		 Remedy: change what the cause names; if it names nothing of yours, report it with the \
		 description at {issues}",
		issues = ISSUES
	)]
	Genesis { path: PathBuf, cause: String },

	/// The specification cannot be written.
	#[error(
		"cannot write the specification to {path}: {source}\n  \
		 Remedy: name a file in a directory that exists and that you may write to"
	)]
	Output { path: PathBuf, source: io::Error },

	/// Nobody reads the specification.
	#[error(
		"cannot write the specification: {0}\n  \
		 Remedy: name a file with --output"
	)]
	Stdout(#[source] io::Error),

	/// The binary has no runtime.
	#[error(transparent)]
	Problem(#[from] Problem),
}

/// Something wrong with a description, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
	line: usize,
	cause: String,
	remedy: String,
}

/// What is wrong with a description, in the form that editors and terminals make links of.
fn report(path: &Path, mistakes: &[Mistake]) -> String {
	let file = path.display();
	let list: Vec<_> = mistakes
		.iter()
		.map(|Mistake { line, cause, remedy }| {
			format!("{file}:{line}: {cause}\n  Remedy: {remedy}")
		})
		.collect();
	let list = list.join("\n");
	match mistakes.len() {
		1 => list,
		count => format!("{file} has {count} mistakes\n{list}"),
	}
}
