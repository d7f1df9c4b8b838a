//! The error of every command.

use std::process::ExitCode;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
	/// Of the agent.
	#[error(transparent)]
	Agent(#[from] crate::agent::Error),
	/// Of the gateway.
	#[error(transparent)]
	Gateway(#[from] crate::gateway::Error),
	/// Of an owner's command.
	#[error(transparent)]
	Owner(#[from] crate::owner::OwnerError),
	/// Of the chain.
	#[error(transparent)]
	Chain(#[from] cairn_chain::Error),
}

impl Error {
	/// The code to exit with: 2 for a wrong usage, 1 for everything else.
	#[must_use]
	pub fn exit_code(&self) -> ExitCode {
		match self {
			Self::Owner(error) => error.exit_code(),
			_ => ExitCode::FAILURE,
		}
	}
}
