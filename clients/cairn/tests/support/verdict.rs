//! Verdicts as bytes, made by hand: what a stranger's node could send.

use std::sync::Arc;

use cairn_chain::calls;
use cairn_telemetry::{Verdict, VerdictClaim, authority::AuthoritySignature};
use cairn_types::{GatewayId, Hash32, Window};
use codec::{Compact, Decode, Encode};
use serde_json::Value;
use sp_core::{Pair, sr25519};
use subxt::Metadata;

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

/// Where verdicts are cast.
pub(crate) struct Booth<'a> {
	pub(crate) node: &'a Node,
	genesis: Hash32,
	metadata: Arc<Metadata>,
}

impl<'a> Booth<'a> {
	/// At `node`, for the chain of `genesis`.
	pub(crate) async fn open(node: &'a Node, genesis: Hash32) -> Self {
		Self { node, genesis, metadata: of(node.chain.metadata()).await }
	}

	/// Sign and send a verdict as the member's own node would.
	pub(crate) async fn vote(
		&self,
		claim: &VerdictClaim,
		key: &sr25519::Pair,
	) -> Result<Value, Refused> {
		self.node.submit_bytes(&self.ballot(&self.genesis, claim, key)).await
	}

	/// The bytes of a verdict that is signed for the chain of `genesis`: a general transaction of
	/// format 5. Another signature at each call.
	pub(crate) fn ballot(
		&self,
		genesis: &Hash32,
		claim: &VerdictClaim,
		key: &sr25519::Pair,
	) -> Vec<u8> {
		// Version byte, extension version 0, then what the extensions say: immortal era, nonce 0, tip
		// 0, no metadata hash.
		self.extrinsic(&[0x45, 0, 0, 0, 0, 0], claim, &sign(claim, genesis, key))
	}

	/// The bytes of a verdict as an extrinsic of format 5 that says nothing of its sender.
	pub(crate) fn bare(&self, claim: &VerdictClaim, key: &sr25519::Pair) -> Vec<u8> {
		self.extrinsic(&[0x05], claim, &sign(claim, &self.genesis, key))
	}

	fn extrinsic(
		&self,
		head: &[u8],
		claim: &VerdictClaim,
		signature: &AuthoritySignature,
	) -> Vec<u8> {
		let call = calls::telemetry::submit_verdict(claim, signature);
		let call = call.encode(&self.metadata).expect("a known call");
		let length = u32::try_from(head.len() + call.len()).expect("a short transaction");
		[Compact(length).encode().as_slice(), head, &call].concat()
	}
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

/// The code by which the chain refused a verdict.
pub(crate) fn rejection(result: &Result<Value, Refused>) -> Option<u8> {
	let refused = result.as_ref().err().filter(|refused| refused.code == INVALID)?;
	refused.data.strip_prefix("Custom error: ")?.parse().ok()
}

/// What makes a sound verdict false, each with the code that it is refused by.
pub(crate) fn false_verdicts(sound: &VerdictClaim) -> [(VerdictClaim, u8); 9] {
	[
		(VerdictClaim { gateway: GatewayId(9_999), ..*sound }, 1),
		(VerdictClaim { window: Window::MAX, ..*sound }, 1),
		(VerdictClaim { attempt: sound.attempt + 1, ..*sound }, 1),
		(VerdictClaim { header_hash: [5; 32], ..*sound }, 5),
		(VerdictClaim { session: sound.session + 7, ..*sound }, 5),
		(VerdictClaim { member: 1, ..*sound }, 7),
		(VerdictClaim { member: u32::MAX, ..*sound }, 7),
		(VerdictClaim { tag: [0; 32], ..*sound }, 9),
		(VerdictClaim { verdict: Verdict::Unavailable, ..*sound }, 9),
	]
}
