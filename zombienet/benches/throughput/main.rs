//! Throughput and finality of four validators on one machine, of our chain and of another one in the
//! same run. `scripts/bench throughput` calls it; `docs/src/reference/benchmarks.md` says what is
//! measured and how.

mod accounts;
mod load;
mod options;
mod report;
mod run;
mod subject;
mod watch;

use std::{
	path::{Path, PathBuf},
	process::ExitCode,
	sync::Arc,
};

use cairn_network_tests::process::binary;

use crate::{options::Options, subject::Subject};
use cairn_network_tests::bench::{self, Failure, Output};

fn main() -> ExitCode {
	let options = Options::from_command_line();
	bench::run(measure(&options))
}

/// Measure all chains in turns; the report.
async fn measure(options: &Options) -> Result<String, Failure> {
	let subjects = subjects(options)?;
	let accounts = Arc::new(accounts::derive(options.pool));
	let mut runs = Vec::new();
	for round in 1..=options.rounds {
		for subject in &subjects {
			runs.push(Box::pin(run::run(subject, round, options, &accounts)).await?);
		}
	}
	match options.output {
		Output::Table => Ok(report::table(&subjects, &runs, options)),
		Output::Json => report::json(&subjects, &runs, options),
	}
}

/// The chains: ours, and the baseline's if one is named.
fn subjects(options: &Options) -> Result<Vec<Subject>, Failure> {
	let node = match &options.node {
		Some(node) => program(node, "--node")?,
		None => binary("cairn-node"),
	};
	let mut subjects = vec![Subject::cairn(node, options.slot)];
	if let Some(baseline) = &options.baseline {
		subjects.push(Subject::baseline(program(baseline, "--baseline")?));
	}
	Ok(subjects)
}

/// A program that the user has named, wherever this one runs.
fn program(path: &Path, flag: &str) -> Result<PathBuf, Failure> {
	let found = path.canonicalize().ok().filter(|path| path.is_file());
	found.ok_or_else(|| {
		let what = format!("there is no program {}", path.display());
		Failure::new(what, format!("name a node's program by {flag}"))
	})
}
