//! Verdicts as bytes, made by hand: what a stranger's node could send.

use cairn_chain::{Chain, calls};
use cairn_telemetry::{VerdictClaim, authority::AuthoritySignature};
use cairn_types::Hash32;
use codec::{Compact, Decode, Encode};
use serde_json::Value;
use sp_core::{Pair, sr25519};

use super::{
	chain::of,
	node::{Node, Refused},
};

/// JSON-RPC code of a transaction that the pool finds invalid.
const INVALID: i64 = 1010;

/// The verdict key of a development validator.
pub(crate) fn verdict_key(suri: &str) -> sr25519::Pair {
	sr25519::Pair::from_string(suri, None).expect("a development key")
}

/// A signature over `claim` for the chain of `genesis`.
pub(crate) fn sign(
	claim: &VerdictClaim,
	genesis: &Hash32,
	key: &sr25519::Pair,
) -> AuthoritySignature {
	let signature = key.sign(&claim.message(genesis));
	AuthoritySignature::decode(&mut signature.encode().as_slice()).expect("64 bytes")
}

/// The bytes of the call.
pub(crate) async fn call(
	chain: &Chain,
	claim: &VerdictClaim,
	signature: &AuthoritySignature,
) -> Vec<u8> {
	let metadata = of(chain.metadata()).await;
	calls::telemetry::submit_verdict(claim, signature).encode(&metadata).expect("a known call")
}

/// A general transaction of format 5: version byte, extension version 0, then what the extensions
/// say (immortal era, nonce 0, tip 0, no metadata hash), and the call.
pub(crate) fn general(call: &[u8]) -> Vec<u8> {
	framed(&[[0x45, 0, 0, 0, 0, 0].as_slice(), call].concat())
}

/// An extrinsic of format 5 that nobody has signed.
pub(crate) fn bare(call: &[u8]) -> Vec<u8> {
	framed(&[[0x05].as_slice(), call].concat())
}

fn framed(bytes: &[u8]) -> Vec<u8> {
	let length = u32::try_from(bytes.len()).expect("a short transaction");
	[Compact(length).encode().as_slice(), bytes].concat()
}

/// Sign and send a verdict as the member's own node would.
pub(crate) async fn vote(
	node: &Node,
	claim: &VerdictClaim,
	genesis: &Hash32,
	key: &sr25519::Pair,
) -> Result<Value, Refused> {
	let bytes = call(&node.chain, claim, &sign(claim, genesis, key)).await;
	node.submit_bytes(&general(&bytes)).await
}

/// The code by which the chain refused a verdict.
pub(crate) fn rejection(result: &Result<Value, Refused>) -> Option<u8> {
	let refused = result.as_ref().err().filter(|refused| refused.code == INVALID)?;
	refused.data.strip_prefix("Custom error: ")?.parse().ok()
}
