//! What all commands share: global options, output, logging.

use std::{io::IsTerminal, time::Duration};

use serde::Serialize;
use tracing_subscriber::EnvFilter;

/// Where a development node listens.
pub const LOCAL_NODE: &str = "ws://127.0.0.1:9944";

/// Options of every command.
#[derive(Clone, Debug, clap::Args)]
pub struct Global {
	/// The node's RPC address.
	#[arg(long, global = true, env = "CAIRN_NODE", default_value = LOCAL_NODE, value_name = "URL")]
	pub node: String,
	/// How to print results.
	#[arg(long, global = true, value_enum, default_value_t = Output::Text)]
	pub output: Output,
	/// Log more; twice: everything.
	#[arg(short, long, global = true, action = clap::ArgAction::Count)]
	pub verbose: u8,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
	/// For people.
	#[default]
	Text,
	/// For programs: one JSON value.
	Json,
}

impl Output {
	/// Print a result: `text` for people, `value` for programs.
	pub fn print(self, text: impl std::fmt::Display, value: &impl Serialize) {
		match self {
			Self::Text => println!("{text}"),
			Self::Json => match serde_json::to_string_pretty(value) {
				Ok(json) => println!("{json}"),
				Err(cause) => tracing::error!(%cause, "cannot write JSON"),
			},
		}
	}
}

/// Log to standard error; `RUST_LOG` overrides `verbose`.
pub fn init_logging(verbose: u8) {
	let level = match verbose {
		0 => "warn,cairn=info,cairn_chain=info",
		1 => "info,cairn=debug,cairn_chain=debug",
		_ => "debug",
	};
	let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
	let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
	let logging = tracing_subscriber::fmt()
		.with_env_filter(filter)
		.with_writer(std::io::stderr)
		.with_ansi(colour)
		.try_init();
	if logging.is_err() {
		tracing::debug!("logging was set up before");
	}
}

/// Read a duration: a number with `ms`, `s`, `m`, `h` or `d`; without a unit, seconds.
///
/// # Errors
/// In words, if the text is none.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
	let text = text.trim();
	let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
	let (number, unit) = text.split_at(split);
	let wrong = || format!("{text:?} is not a duration: write 500ms, 2s, 5m, 1h or 1d");
	let number = number.parse::<u64>().map_err(|_| wrong())?;
	let millis = match unit.trim() {
		"ms" => Some(number),
		"" | "s" => number.checked_mul(1_000),
		"m" => number.checked_mul(60_000),
		"h" => number.checked_mul(3_600_000),
		"d" => number.checked_mul(86_400_000),
		_ => None,
	};
	millis.map(Duration::from_millis).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn works_when_a_duration_has_a_unit() {
		for (text, millis) in [
			("500ms", 500),
			("2s", 2_000),
			("2", 2_000),
			("5m", 300_000),
			("1h", 3_600_000),
			("1d", 86_400_000),
			(" 3 s ", 3_000),
		] {
			assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
		}
	}

	#[test]
	fn fails_when_it_is_no_duration() {
		for text in ["", "s", "1.5s", "-1s", "1y", "99999999999999999999s", "1000000000000000d"] {
			assert!(parse_duration(text).is_err(), "{text}");
		}
	}
}
