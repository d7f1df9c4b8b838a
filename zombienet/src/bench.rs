//! What every bench is: a program that measures, prints a report, and ends with a code.

use std::{env, ffi::OsString, fmt, process::ExitCode};

use clap::ValueEnum;
use serde::Serialize;
use tokio::{
	runtime::Runtime,
	signal::{
		ctrl_c,
		unix::{SignalKind, signal},
	},
};

/// The exit code after a failure that the user can do something about.
const FAILED: u8 = 2;
/// The exit code after Ctrl-C.
const INTERRUPTED: u8 = 130;

/// What is wrong, and what the user can do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
	what: String,
	remedy: String,
}

impl Failure {
	/// This is wrong; do that.
	#[must_use]
	pub fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
		Self { what: what.into(), remedy: remedy.into() }
	}
}

impl fmt::Display for Failure {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "error: {}\n  remedy: {}", self.what, self.remedy)
	}
}

/// How the report is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Output {
	/// For people: Markdown tables.
	#[default]
	Table,
	/// For programs: one JSON value.
	Json,
}

/// What this program was called with; without the flag that cargo gives to every bench.
pub fn arguments() -> impl Iterator<Item = OsString> {
	env::args_os().filter(|argument| argument != "--bench")
}

/// Print the report of a measurement, or why there is none. Ctrl-C and SIGTERM drop the measurement,
/// and what it has started ends with it.
///
/// # Panics
/// If the system gives no threads or signals.
pub fn run(measurement: impl Future<Output = Result<String, Failure>>) -> ExitCode {
	let runtime = Runtime::new().expect("threads can be started");
	let code = runtime.block_on(async {
		tokio::select! {
			report = Box::pin(measurement) => match report {
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
	// Nobody waits for what is still being signed.
	runtime.shutdown_background();
	code
}

/// Waits until somebody wants this to end: Ctrl-C, or SIGTERM.
async fn interrupted() {
	let mut terminated = signal(SignalKind::terminate()).expect("signals can be waited for");
	tokio::select! {
		_ = ctrl_c() => (),
		_ = terminated.recv() => (),
	}
}
