//! The error of every command.

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
	/// Of the chain.
	#[error(transparent)]
	Chain(#[from] cairn_chain::Error),
}
