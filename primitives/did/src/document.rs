//! Facts as a DID document in JSON-LD.

use alloc::{
	format,
	string::{String, ToString},
	vec,
	vec::Vec,
};
use core::fmt::Write;

use cairn_types::Hash32;
use serde::Serialize;
use sp_core::crypto::{AccountId32, Ss58AddressFormat, Ss58Codec};

use crate::{
	facts::{Facts, GatewayV1, LiveV1},
	multikey::{device_multikey, root_multikey},
	syntax::{Did, is_uri},
	thing::thing_name,
};

/// The context that every document has first.
pub const DID_CONTEXT: &str = "https://www.w3.org/ns/did/v1";
/// The prefix of addresses: that of the runtime.
pub const SS58_PREFIX: u16 = 42;

/// The context of the type `Multikey`.
const MULTIKEY_CONTEXT: &str = "https://w3id.org/security/multikey/v1";
/// Bytes of a genesis hash that name a chain (CAIP-2, namespace `polkadot`).
const CHAIN_BYTES: usize = 16;

/// A DID document, in the order in which it is printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
	/// What its terms mean.
	#[serde(rename = "@context")]
	pub context: Vec<Context>,
	/// The DID.
	pub id: String,
	/// The owner's DID.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub controller: Option<String>,
	/// Public keys.
	#[serde(skip_serializing_if = "Vec::is_empty")]
	pub verification_method: Vec<VerificationMethod>,
	/// Keys that speak as the device.
	#[serde(skip_serializing_if = "Vec::is_empty")]
	pub authentication: Vec<String>,
	/// Keys whose readings count.
	#[serde(skip_serializing_if = "Vec::is_empty")]
	pub assertion_method: Vec<String>,
	/// Keys that the chain takes orders from: new keys, a new owner, an objection.
	#[serde(skip_serializing_if = "Vec::is_empty")]
	pub capability_invocation: Vec<String>,
	/// Keys that name other keys of the device.
	#[serde(skip_serializing_if = "Vec::is_empty")]
	pub capability_delegation: Vec<String>,
	/// Where more is to be had.
	#[serde(skip_serializing_if = "Vec::is_empty")]
	pub service: Vec<Service>,
}

/// An entry of `@context`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Context {
	/// Terms that others define.
	Uri(&'static str),
	/// Terms of this method.
	Terms(Terms),
}

/// The types of services that this method defines, each with what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Terms {
	#[serde(rename = "CairnGateway")]
	gateway: &'static str,
	#[serde(rename = "CairnThingDescription")]
	description: &'static str,
}

const TERMS: Terms = Terms {
	gateway: "https://github.com/cairn-depin/cairn#CairnGateway",
	description: "https://github.com/cairn-depin/cairn#CairnThingDescription",
};

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationMethod {
	/// The DID, and the key as its fragment.
	pub id: String,
	/// `Multikey`.
	#[serde(rename = "type")]
	pub kind: &'static str,
	/// The DID.
	pub controller: String,
	/// The key.
	pub public_key_multibase: String,
}

/// Where something of the device is to be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
	/// The DID, and a fragment.
	pub id: String,
	/// What it is.
	#[serde(rename = "type")]
	pub kind: &'static str,
	/// A URI.
	pub service_endpoint: String,
}

impl Document {
	/// The document of a device, as its facts have it.
	#[must_use]
	pub fn new(facts: &Facts) -> Self {
		let Facts::V1(known) = facts;
		let id = Did(known.device).to_string();
		match &known.live {
			None => Self::ended(id),
			Some(live) => Self::live(id, &known.genesis, live),
		}
	}

	/// The document of a device that has ended: nobody speaks for it.
	fn ended(id: String) -> Self {
		Self {
			context: vec![Context::Uri(DID_CONTEXT)],
			id,
			controller: None,
			verification_method: Vec::new(),
			authentication: Vec::new(),
			assertion_method: Vec::new(),
			capability_invocation: Vec::new(),
			capability_delegation: Vec::new(),
			service: Vec::new(),
		}
	}

	fn live(id: String, genesis: &Hash32, live: &LiveV1) -> Self {
		let url = |key: &String| format!("{id}#{key}");
		let chosen = device_multikey(&live.key);
		let signing = live.signing.as_ref().map(device_multikey);
		let root = live.root.as_ref().map(root_multikey);
		let leaving = signing.as_ref().filter(|key| **key != chosen);
		let operational = leaving.into_iter().chain([&chosen]);
		let asserting = signing.as_ref().filter(|_| live.active);
		let commanding = (!live.inherited).then_some(&chosen);
		let service = services(&id, live);
		let mut context = vec![Context::Uri(DID_CONTEXT), Context::Uri(MULTIKEY_CONTEXT)];
		if !service.is_empty() {
			context.push(Context::Terms(TERMS));
		}
		Self {
			context,
			controller: Some(account_did(genesis, live.owner)),
			verification_method: operational
				.clone()
				.chain(&root)
				.map(|key| method(&id, key))
				.collect(),
			authentication: operational.map(url).collect(),
			assertion_method: asserting.map(url).into_iter().collect(),
			capability_invocation: commanding.into_iter().chain(&root).map(url).collect(),
			capability_delegation: root.iter().map(url).collect(),
			service,
			id,
		}
	}
}

fn method(did: &str, key: &str) -> VerificationMethod {
	VerificationMethod {
		id: format!("{did}#{key}"),
		kind: "Multikey",
		controller: did.to_string(),
		public_key_multibase: key.to_string(),
	}
}

fn services(did: &str, live: &LiveV1) -> Vec<Service> {
	let gateway = live.gateway.as_ref().and_then(endpoint).map(|endpoint| Service {
		id: format!("{did}#gateway"),
		kind: "CairnGateway",
		service_endpoint: endpoint.to_string(),
	});
	let description = live.description.as_ref().map(|hash| Service {
		id: format!("{did}#description"),
		kind: "CairnThingDescription",
		service_endpoint: thing_name(hash),
	});
	gateway.into_iter().chain(description).collect()
}

/// Where a gateway is, unless what its operator wrote is no URI: then a document that names it would
/// be none.
fn endpoint(gateway: &GatewayV1) -> Option<&str> {
	core::str::from_utf8(&gateway.endpoint).ok().filter(|endpoint| is_uri(endpoint))
}

/// An account as `did:pkh` with its CAIP-10 name: the chain by the first half of its genesis hash, the
/// account by its address.
fn account_did(genesis: &Hash32, account: [u8; 32]) -> String {
	let format = Ss58AddressFormat::custom(SS58_PREFIX);
	let address = AccountId32::new(account).to_ss58check_with_version(format);
	let mut did = String::from("did:pkh:polkadot:");
	for byte in genesis.iter().take(CHAIN_BYTES) {
		// Writing to a string never fails.
		let _ = write!(did, "{byte:02x}");
	}
	did.push(':');
	did.push_str(&address);
	did
}
