//! What can go wrong between a client and the chain, each with its remedy.

use crate::dispatch::DispatchFailure;

/// What a node says of an unsafe method (sc-rpc-api, `policy.rs`).
const UNSAFE: &str = "unsafe to be called externally";

/// Why something could not be had from the chain, or done on it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
	/// No connection.
	#[error(
		"cannot reach the node at {url}: {cause}\n  \
		 Remedy: start the node, or name a running one with --node"
	)]
	Unreachable {
		/// Where the node was looked for.
		url: String,
		/// What the transport said.
		cause: String,
	},
	/// The node keeps this from connections like this one.
	#[error(
		"the node at {url} does not answer {request} to this connection: the method is unsafe\n  \
		 Remedy: run the command on the node's own machine with --node ws://127.0.0.1:9944, or \
		 through an SSH tunnel to it; the node must listen on localhost (--rpc-methods auto, without \
		 --rpc-external). Never open unsafe methods to others"
	)]
	UnsafeRpc {
		/// Where the node is.
		url: String,
		/// What was asked.
		request: String,
	},
	/// After a reconnection the node is on another chain.
	#[error(
		"the node at {url} serves another chain than before (genesis {found}, expected {expected})\n  \
		 Remedy: point --node at a node of the right network, or start afresh with another data directory"
	)]
	OtherChain {
		/// Where the node is.
		url: String,
		/// Its genesis hash.
		found: String,
		/// The genesis hash before.
		expected: String,
	},
	/// The node answered with an error.
	#[error(
		"the node refused {request}: {cause}\n  \
		 Remedy: use a node that is in sync and runs the same release as this command"
	)]
	Refused {
		/// What was asked.
		request: String,
		/// What the node said.
		cause: String,
	},
	/// The node's answer is not what this release understands.
	#[error(
		"the node's answer to {request} does not decode: {cause}\n  \
		 Remedy: use the release of this command that belongs to the chain's runtime"
	)]
	Undecodable {
		/// What was asked.
		request: String,
		/// What the decoder said.
		cause: String,
	},
	/// The runtime has no such call, or it takes other arguments.
	#[error(
		"the chain's runtime does not take {call} as this command makes it: {cause}\n  \
		 Remedy: use the release of this command that belongs to the chain's runtime"
	)]
	Incompatible {
		/// Pallet and call.
		call: String,
		/// What does not fit.
		cause: String,
	},
	/// The transaction did not get into the pool.
	#[error("the transaction was not accepted: {cause}\n  Remedy: {remedy}")]
	Rejected {
		/// What the node said.
		cause: String,
		/// What to do about it.
		remedy: &'static str,
	},
	/// The transaction did not get into the pool: another one of its account has its nonce.
	#[error(
		"the transaction was not accepted: {cause}\n  \
		 Remedy: another transaction of this account used the nonce; let it pass, then send it again"
	)]
	NonceUsed {
		/// What the node said.
		cause: String,
	},
	/// The transaction was lost sight of before it was in a block of the best chain; on a fork that
	/// wins later it may be executed still.
	#[error(
		"the transaction was not included, as far as is known: {cause}\n  \
		 Remedy: look whether its effect is there already, then send it again"
	)]
	NotIncluded {
		/// What became of it.
		cause: String,
	},
	/// The call was executed and failed.
	#[error(transparent)]
	Dispatch(#[from] DispatchFailure),
	/// A secret is not one.
	#[error(
		"{what} is not a secret key: {cause}\n  \
		 Remedy: give a mnemonic, a 0x-prefixed 32-byte seed, or a development key such as //Alice"
	)]
	BadSecret {
		/// Where it came from; never the secret itself.
		what: String,
		/// What is wrong with it.
		cause: String,
	},
	/// A key file that cannot be used.
	#[error("cannot use the key file {path}: {cause}\n  Remedy: {remedy}")]
	KeyFile {
		/// The file.
		path: String,
		/// What is wrong with it.
		cause: String,
		/// What to do about it.
		remedy: String,
	},
	/// A text is not an account.
	#[error(
		"{text:?} is not an account\n  \
		 Remedy: give an SS58 address (5…), 0x and 64 hex digits, or a development key such as //Alice"
	)]
	BadAccount {
		/// The text.
		text: String,
	},
}

impl Error {
	/// The name of the pallet error behind it, as `Pallet::Error`.
	#[must_use]
	pub fn dispatch_name(&self) -> Option<&str> {
		match self {
			Self::Dispatch(failure) => Some(&failure.name),
			_ => None,
		}
	}
}

/// What an RPC error means here.
pub(crate) fn of_rpc(url: &str, request: &str, error: &subxt::rpcs::Error) -> Error {
	use subxt::rpcs::Error as Rpc;
	match error {
		Rpc::User(refusal) if refusal.message.contains(UNSAFE) => {
			Error::UnsafeRpc { url: url.to_owned(), request: request.to_owned() }
		},
		Rpc::User(_) | Rpc::Serialization(_) => {
			Error::Refused { request: request.to_owned(), cause: error.to_string() }
		},
		Rpc::Deserialization(_) | Rpc::Decode(_) => {
			Error::Undecodable { request: request.to_owned(), cause: error.to_string() }
		},
		_ => Error::Unreachable { url: url.to_owned(), cause: error.to_string() },
	}
}

/// Why the pool refused a transaction, with what to do: codes of `author_submitExtrinsic`
/// (sc-rpc-api, `author/error.rs`).
pub(crate) fn of_submission(code: i32, message: &str, data: Option<&str>) -> Error {
	let data = data.unwrap_or_default().trim_matches('"');
	let cause = if data.is_empty() { message.to_owned() } else { format!("{message}: {data}") };
	let is_outdated = data.contains("outdated") || data.contains("Stale");
	if code == 1014 || (code == 1010 && is_outdated) {
		return Error::NonceUsed { cause };
	}
	let remedy = match code {
		1010 if data.contains("pay some fees") => "put more of the token into the signing account",
		1010 if data.contains("future") => {
			"an earlier transaction of this account is missing; wait for it or send it again"
		},
		1010 if data.contains("bad signature") => {
			"this command signs for another chain or runtime version; use the chain's release"
		},
		1010 if data.contains("exhaust") => "the block is full; send it again later",
		1011 | 1016 => "the node cannot judge it now; send it again when the node is in sync",
		1012 => "the pool banned it for a while after it became invalid; wait half an hour",
		1013 => "it is in the pool already; wait for it",
		_ => "see the cause; look up the call in the reference",
	};
	Error::Rejected { cause, remedy }
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_rejection_names_a_remedy() {
		for (code, data, remedy) in [
			(1010, Some("\"Inability to pay some fees (e.g. account balance too low)\""), "token"),
			(1010, Some("\"Transaction is outdated\""), "nonce"),
			(1010, Some("\"Transaction will be valid in the future\""), "earlier"),
			(1014, None, "nonce"),
			(4711, None, "reference"),
		] {
			let text = of_submission(code, "Invalid Transaction", data).to_string();
			assert!(text.contains("Remedy: ") && text.contains(remedy), "{text}");
		}
	}
}
