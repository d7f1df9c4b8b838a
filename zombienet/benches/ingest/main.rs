//! What a gateway takes: readings per second over HTTP and MQTT, acknowledged when they are on disk,
//! and memory with many devices. `scripts/bench ingest` calls it; `docs/src/reference/benchmarks.md`
//! says what is measured and how.

mod connected;
mod control;
#[path = "../throughput/failure.rs"]
mod failure;
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

use tokio::{
	runtime::Runtime,
	signal::{
		ctrl_c,
		unix::{SignalKind, signal},
	},
};

use crate::{
	failure::Failure,
	options::{Options, Output},
};

/// The exit code after a failure that the user can do something about.
const FAILED: u8 = 2;
/// The exit code after Ctrl-C.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
	let options = Options::from_command_line();
	let runtime = Runtime::new().expect("threads can be started");
	// Programs end with the measurement that is dropped, whichever way.
	let code = runtime.block_on(async {
		tokio::select! {
			report = Box::pin(measure(&options)) => match report {
				Ok(report) => {
					println!("{report}");
					ExitCode::SUCCESS
				},
				Err(failure) => {
					eprintln!("{failure}");
					ExitCode::from(FAILED)
				},
			},
			() = interrupted() => {
				eprintln!("interrupted: what was started is stopped");
				ExitCode::from(INTERRUPTED)
			},
		}
	});
	// Nobody waits for readings that are still being signed.
	runtime.shutdown_background();
	code
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

/// Waits until somebody wants this to end: Ctrl-C, or SIGTERM.
async fn interrupted() {
	let mut terminated = signal(SignalKind::terminate()).expect("signals can be waited for");
	tokio::select! {
		_ = ctrl_c() => (),
		_ = terminated.recv() => (),
	}
}
