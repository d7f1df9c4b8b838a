//! What a gateway takes: readings per second over HTTP and MQTT, acknowledged when they are on disk,
//! and memory with many devices. `scripts/bench ingest` calls it; `docs/src/reference/benchmarks.md`
//! says what is measured and how.

mod connected;
mod control;
mod messages;
mod options;
mod report;
mod requests;
mod run;
mod stage;
mod supply;
mod timing;
mod wire;

use std::{fs, process::ExitCode};

use crate::options::Options;
use cairn_network_tests::bench::{self, Failure, Output};

fn main() -> ExitCode {
	let options = Options::from_command_line();
	bench::run(measure(&options))
}

/// Measure what the user asks for; the report.
async fn measure(options: &Options) -> Result<String, Failure> {
	let report = Box::pin(run::run(options)).await?;
	if let Some(file) = &options.json {
		fs::write(file, report.json()?).map_err(|cause| {
			let what = format!("cannot write {}: {cause}", file.display());
			Failure::new(what, "name another file by --json")
		})?;
	}
	match options.output {
		Output::Table => Ok(report.table()),
		Output::Json => report.json(),
	}
}
