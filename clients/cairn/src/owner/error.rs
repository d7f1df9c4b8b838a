//! What can go wrong in an owner's command, each with its remedy.

use std::process::ExitCode;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OwnerError {
	/// The chain, or the way there.
	#[error(transparent)]
	Chain(#[from] cairn_chain::Error),
	/// A key file.
	#[error(transparent)]
	Agent(#[from] crate::agent::Error),
	/// The arguments do not make sense together.
	#[error("{cause}\n  Remedy: {remedy}")]
	Usage {
		/// What is wrong.
		cause: String,
		/// What to do about it.
		remedy: String,
	},
	/// The chain does not know it.
	#[error("the chain has no {what}\n  Remedy: {remedy}")]
	NotFound {
		/// What was looked for.
		what: String,
		/// What to do about it.
		remedy: String,
	},
	/// A file cannot be read, written or understood.
	#[error("cannot use the file {path}: {cause}\n  Remedy: {remedy}")]
	File {
		/// Which.
		path: String,
		/// What is wrong with it.
		cause: String,
		/// What to do about it.
		remedy: String,
	},
	/// A gateway does not answer, or not as it should.
	#[error("the gateway at {url} {cause}\n  Remedy: {remedy}")]
	Gateway {
		/// Where it was looked for.
		url: String,
		/// What it did.
		cause: String,
		/// What to do about it.
		remedy: String,
	},
	/// What was asked for cannot be done now.
	#[error("{cause}\n  Remedy: {remedy}")]
	Refused {
		/// Why.
		cause: String,
		/// What to do about it.
		remedy: String,
	},
	/// The terminal or the standard output.
	#[error(
		"cannot write to the terminal: {0}\n  Remedy: run the command in a terminal, or with --plain"
	)]
	Terminal(#[from] std::io::Error),
}

impl OwnerError {
	/// Arguments that do not make sense.
	pub(crate) fn usage(cause: impl Into<String>, remedy: impl Into<String>) -> Self {
		Self::Usage { cause: cause.into(), remedy: remedy.into() }
	}

	/// Something the chain does not know.
	pub(crate) fn not_found(what: impl Into<String>, remedy: impl Into<String>) -> Self {
		Self::NotFound { what: what.into(), remedy: remedy.into() }
	}

	/// Something that cannot be done now.
	pub(crate) fn refused(cause: impl Into<String>, remedy: impl Into<String>) -> Self {
		Self::Refused { cause: cause.into(), remedy: remedy.into() }
	}

	/// The process's exit code: 2 for a mistake in the arguments, 1 for everything else.
	#[must_use]
	pub fn exit_code(&self) -> ExitCode {
		match self {
			Self::Usage { .. } => ExitCode::from(2),
			_ => ExitCode::FAILURE,
		}
	}

	/// The name of the pallet error behind it, as `Pallet::Error`.
	pub(crate) fn dispatch_name(&self) -> Option<&str> {
		match self {
			Self::Chain(error) => error.dispatch_name(),
			_ => None,
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_message_has_a_remedy() {
		for error in [
			OwnerError::usage("both", "name one"),
			OwnerError::not_found("device 7", "look the id up"),
			OwnerError::refused("nothing to claim", "wait"),
			OwnerError::Terminal(std::io::Error::other("closed")),
		] {
			assert!(error.to_string().contains("\n  Remedy: "), "{error}");
		}
	}

	#[test]
	fn a_mistake_in_the_arguments_exits_with_two() {
		let code = |error: OwnerError| format!("{:?}", error.exit_code());
		assert_eq!(code(OwnerError::usage("", "")), format!("{:?}", ExitCode::from(2)));
		assert_eq!(code(OwnerError::refused("", "")), format!("{:?}", ExitCode::from(1)));
	}
}
