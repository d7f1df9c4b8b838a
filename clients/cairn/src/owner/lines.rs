//! Command lines under test: what is understood, and what is refused.

use clap::{Args, Command};

/// A program that takes these arguments.
pub(crate) fn program<A: Args>() -> Command {
	A::augment_args(Command::new("cairn"))
}

/// The arguments on a line, whose first word is the program's name.
fn parse<A: Args>(line: &str) -> Result<A, clap::Error> {
	let matches = program::<A>().try_get_matches_from(line.split_whitespace())?;
	A::from_arg_matches(&matches)
}

/// The arguments do not contradict each other.
pub(crate) fn assert_consistent<A: Args>() {
	program::<A>().debug_assert();
}

/// Every line is understood.
pub(crate) fn assert_understood<A: Args>(lines: &[&str]) {
	for line in lines {
		if let Err(error) = parse::<A>(line) {
			panic!("{line}: {error:?}");
		}
	}
}

/// Every line is refused, with the exit code of a command that is used wrongly.
pub(crate) fn assert_refused<A: Args>(lines: &[&str]) {
	for line in lines {
		let error = parse::<A>(line).err().unwrap_or_else(|| panic!("{line}: understood"));
		assert_eq!(error.exit_code(), 2, "{line}");
	}
}
