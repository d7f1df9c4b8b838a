//! What stops a gateway.

use std::net::SocketAddr;

use cairn_types::GatewayId;

use crate::store::StoreError;

/// Why a gateway cannot run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
	/// The chain cannot be asked.
	#[error(transparent)]
	Chain(#[from] cairn_chain::Error),
	/// The store failed.
	#[error(transparent)]
	Store(#[from] StoreError),
	/// No such gateway.
	#[error(
		"the chain has no gateway {gateway}\n  \
		 Remedy: register one for your network, then name its id with --id"
	)]
	NoGateway {
		/// The id.
		gateway: GatewayId,
	},
	/// Another account operates the gateway.
	#[error(
		"gateway {gateway} is operated by {operator}, but the key given is that of {account}\n  \
		 Remedy: give the operator's key with --operator-key"
	)]
	NotOperator {
		/// The id.
		gateway: GatewayId,
		/// Who operates it.
		operator: String,
		/// Whose key was given.
		account: String,
	},
	/// No key was given.
	#[error("the gateway needs its operator's key\n  Remedy: give it with --operator-key FILE")]
	NoKey,
	/// The address cannot be listened on.
	#[error(
		"cannot listen on {address}: {cause}\n  \
		 Remedy: stop what uses the port, or name another address with --listen"
	)]
	Listen {
		/// The address.
		address: SocketAddr,
		/// What the system said.
		cause: String,
	},
	/// What was said of a broker does not hold.
	#[error(
		"cannot take readings by MQTT: {cause}\n  \
		 Remedy: correct --mqtt, or the option beside it that this names"
	)]
	Mqtt {
		/// What is wrong.
		cause: String,
	},
	/// What was said of other gateways does not hold.
	#[error("cannot ask other gateways: {cause}\n  Remedy: correct --peer")]
	Peer {
		/// What is wrong.
		cause: String,
	},
	/// Whom the operator denies cannot be read.
	#[error("cannot read whom to deny: {cause}\n  Remedy: correct the file of --deny-file")]
	Deny {
		/// What is wrong.
		cause: String,
	},
	/// Two metrics have one name.
	#[error("cannot make the metrics: {0}\n  Remedy: report it, this is not your mistake")]
	Metrics(#[from] prometheus::Error),
	/// A task of the gateway ended or panicked.
	#[error(
		"a part of the gateway stopped: {0}\n  Remedy: start it again, and report what the log says"
	)]
	Task(String),
}

impl From<tokio::task::JoinError> for Error {
	fn from(error: tokio::task::JoinError) -> Self {
		Self::Task(error.to_string())
	}
}
