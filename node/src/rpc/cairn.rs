//! `cairn_resolveDid`: the DID document of a device, for those who know DIDs and not this chain.

use crate::service::{FullClient, Hash};
use cairn_did::{Facts, Resolution, resolve};
use cairn_runtime_api::CairnApi as _;
use cairn_types::DeviceId;
use jsonrpsee::{
	RpcModule,
	core::RegisterMethodError,
	types::{ErrorObjectOwned, Params},
};
use serde::{Deserialize, Serialize};
use sp_api::{ApiError, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use std::{fmt::Display, sync::Arc};

/// The methods of this namespace.
pub(super) fn module(
	client: Arc<FullClient>,
) -> Result<RpcModule<Arc<FullClient>>, RegisterMethodError> {
	let mut module = RpcModule::new(client);
	// On a thread that may wait: the runtime of an old block may have to be compiled first.
	module.register_blocking_method("cairn_resolveDid", |params, client, _| {
		resolve_did(&params, &client)
	})?;
	Ok(module)
}

/// What is asked: by name, or in this order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
	/// The DID.
	did: String,
	/// The block of whose state the document is made; the best one if it is missing.
	#[serde(default)]
	at: Option<Hash>,
}

/// The answer of a resolver. That there is no such device, or that the text is no DID, is an answer.
fn resolve_did(params: &Params<'_>, client: &FullClient) -> Result<Resolution, ErrorObjectOwned> {
	let Request { did, at } = params.parse::<Request>()?;
	let block = match at {
		None => HeaderBackend::info(client).best_hash,
		Some(at) => known(client, at)?,
	};
	let facts = |device: DeviceId| -> Result<Option<Facts>, ApiError> {
		client.runtime_api().did_facts(block, device)
	};
	resolve(&did, &block.0, facts).map_err(|error| Failure::NoState.object(&error))
}

/// A block, if the node has it.
fn known(client: &FullClient, block: Hash) -> Result<Hash, ErrorObjectOwned> {
	match HeaderBackend::number(client, block) {
		Ok(Some(_)) => Ok(block),
		Ok(None) => Err(Failure::UnknownBlock.object(&block)),
		Err(error) => Err(Failure::NoState.object(&error)),
	}
}

/// Why the node has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
	UnknownBlock,
	NoState,
}

/// What comes with the error of a call.
#[derive(Debug, Serialize)]
struct Explanation {
	code: &'static str,
	cause: String,
	remedy: &'static str,
}

impl Failure {
	/// The code of the JSON-RPC error; others of this namespace follow.
	const fn number(self) -> i32 {
		match self {
			Self::UnknownBlock => 9_001,
			Self::NoState => 9_002,
		}
	}

	const fn code(self) -> &'static str {
		match self {
			Self::UnknownBlock => "unknown_block",
			Self::NoState => "no_state",
		}
	}

	const fn cause(self) -> &'static str {
		match self {
			Self::UnknownBlock => "the node does not have this block",
			Self::NoState => "the node cannot ask the runtime at this block",
		}
	}

	const fn remedy(self) -> &'static str {
		match self {
			Self::UnknownBlock => {
				"name a block of this chain by its hash, and wait until the node is in sync"
			},
			Self::NoState => {
				"name a recent block, or none for the best one; older states have archive nodes \
				 (--state-pruning archive), and blocks before the runtime knew DIDs have none"
			},
		}
	}

	fn object(self, detail: &dyn Display) -> ErrorObjectOwned {
		let cause = format!("{}: {detail}", self.cause());
		let explanation = Explanation { code: self.code(), cause, remedy: self.remedy() };
		ErrorObjectOwned::owned(self.number(), self.cause(), Some(explanation))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn parse(json: &str) -> Result<Request, ErrorObjectOwned> {
		Params::new(Some(json)).parse::<Request>()
	}

	#[test]
	fn works_when_arguments_are_in_order_or_named() {
		let hash = format!("0x{}", "07".repeat(32));
		for (json, at) in [
			(r#"["did:cairn:7"]"#.to_owned(), None),
			(r#"["did:cairn:7", null]"#.to_owned(), None),
			(r#"{"did": "did:cairn:7"}"#.to_owned(), None),
			(format!(r#"["did:cairn:7", "{hash}"]"#), Some(Hash::repeat_byte(7))),
			(format!(r#"{{"at": "{hash}", "did": "did:cairn:7"}}"#), Some(Hash::repeat_byte(7))),
		] {
			let request = parse(&json).unwrap_or_else(|error| panic!("{json}: {error}"));
			assert_eq!((request.did.as_str(), request.at), ("did:cairn:7", at), "{json}");
		}
	}

	#[test]
	fn fails_when_arguments_are_missing_or_of_another_kind() {
		for json in [
			"[]",
			"{}",
			"[7]",
			"null",
			r#"["did:cairn:7", 7]"#,
			r#"["did:cairn:7", "0x07"]"#,
			r#"["did:cairn:7", null, null]"#,
			r#"{"did": "did:cairn:7", "block": 7}"#,
		] {
			let error = parse(json).expect_err("no request");
			assert_eq!(error.code(), -32_602, "{json}");
		}
	}

	#[test]
	fn every_failure_has_a_code_a_cause_and_a_remedy() {
		for (failure, number, code) in
			[(Failure::UnknownBlock, 9_001, "unknown_block"), (Failure::NoState, 9_002, "no_state")]
		{
			let object = failure.object(&"detail");
			assert_eq!(object.code(), number);
			let data = object.data().expect("it is explained").get();
			let data: serde_json::Value = serde_json::from_str(data).expect("JSON");
			assert_eq!(data["code"], code);
			assert!(data["cause"].as_str().is_some_and(|cause| cause.ends_with(": detail")));
			assert!(data["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()));
		}
	}
}
