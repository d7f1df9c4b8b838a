//! `cairn device did`: the W3C DID document of a device, made of the chain's state and checked by the
//! rules of DID Core before it is printed.

use std::{
	fmt,
	path::{Path, PathBuf},
};

use cairn_chain::{At, BlockId};
use cairn_did::{
	Codec, Did, Document, Facts, Resolution, Violation, check_resolution, decode_multikey,
	thing_hash,
};
use cairn_types::{DeviceId, Hash32};
use serde::Serialize;

use super::describe;
use crate::owner::{error::OwnerError, format, session::Session};

/// Show a device's W3C DID document
#[derive(Debug, clap::Args)]
pub(super) struct ShowDid {
	/// The device's id, or its DID, such as did:cairn:7
	#[arg(value_name = "ID|DID", value_parser = parse)]
	did: Did,

	/// Check that this file is the Thing Description that is attached to the device
	#[arg(long, value_name = "FILE")]
	description: Option<PathBuf>,

	/// With --output json: print what a resolver answers, the document with its metadata
	#[arg(long)]
	resolution: bool,
}

/// A device by its id or its DID. Pure.
fn parse(text: &str) -> Result<Did, String> {
	if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
		let id = text.parse::<DeviceId>();
		return id.map(Did).map_err(|_| format!("{text} is more than there are devices"));
	}
	text.parse::<Did>().map_err(|error| error.to_string())
}

/// Show a document.
///
/// # Errors
/// If there is no such device, the file is not its description, or the node does not answer.
pub(super) async fn run(session: &Session, args: &ShowDid) -> Result<(), OwnerError> {
	let Did(device) = args.did;
	let block = session.chain.best().await?;
	let known = session.chain.did_facts(device, At::Block(block.hash)).await?;
	let facts = known.ok_or_else(|| {
		OwnerError::not_found(
			format!("device with the DID {}", args.did),
			"take the id that `cairn device register` printed, and ask a node of the right chain",
		)
	})?;
	let shown = Shown::new(facts, block, args.resolution)?;
	if let Some(file) = &args.description {
		let hash = thing_hash(&describe::read(file)?);
		shown.ensure_described(file, &hash)?;
	}
	session.print(&shown)
}

/// A document as it is shown.
#[derive(Debug)]
struct Shown {
	facts: Facts,
	block: BlockId,
	resolution: Resolution,
	/// Whether programs get the metadata, too.
	whole: bool,
}

impl Shown {
	/// The document that the facts have, once it is known to be valid.
	fn new(facts: Facts, block: BlockId, whole: bool) -> Result<Self, OwnerError> {
		let resolution = Resolution::found(&facts, &block.hash);
		let answer = serde_json::to_value(&resolution).map_err(std::io::Error::other)?;
		let did = Did(facts.device()).to_string();
		check_resolution(&did, &answer).map_err(|violation| invalid(&did, &violation))?;
		Ok(Self { facts, block, resolution, whole })
	}

	/// The hash of the description that is attached.
	fn description(&self) -> Option<&Hash32> {
		self.facts.live()?.description.as_ref()
	}

	/// Check that a file's hash is the one that is attached.
	fn ensure_described(&self, file: &Path, hash: &Hash32) -> Result<(), OwnerError> {
		let (file, found, did) = (file.display(), format::hash(hash), Did(self.facts.device()));
		match self.description() {
			Some(attached) if attached == hash => Ok(()),
			Some(attached) => Err(OwnerError::refused(
				format!(
					"{file} is not the Thing Description of {did}: its SHA-256 is {found}, and {} is \
					 attached",
					format::hash(attached)
				),
				"ask the device's owner for the file; a change of one byte is another description",
			)),
			None => Err(OwnerError::refused(
				format!(
					"no Thing Description is attached to {did}; the SHA-256 of {file} is {found}"
				),
				"let the device's owner attach it: see `cairn device describe --help`",
			)),
		}
	}
}

fn invalid(did: &str, violation: &Violation) -> OwnerError {
	let Violation { fault, at } = violation;
	OwnerError::refused(
		format!(
			"the document of {did} breaks a rule of DID Core at {at}: {} ({fault:?}, code {})",
			fault.cause(),
			fault.code()
		),
		"report it with the device's id: the chain keeps something that no document can say",
	)
}

impl Serialize for Shown {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		match &self.resolution.did_document {
			Some(document) if !self.whole => document.serialize(serializer),
			_ => self.resolution.serialize(serializer),
		}
	}
}

impl fmt::Display for Shown {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let did = Did(self.facts.device());
		let state = match self.facts.live() {
			None => "deactivated",
			Some(live) if live.active => "active: what it signs counts",
			Some(_) => "not active: what it signs does not count",
		};
		writeln!(f, "{did}: {state}")?;
		if let Some(document) = &self.resolution.did_document {
			show_document(f, document)?;
		}
		if let Some(hash) = self.description() {
			writeln!(f, "  {:<12} {} (SHA-256)", "description", format::hash(hash))?;
		}
		let BlockId { number, hash } = &self.block;
		writeln!(f, "  {:<12} {number} ({})", "block", format::short_hash(hash))
	}
}

fn show_document(f: &mut fmt::Formatter<'_>, document: &Document) -> fmt::Result {
	if let Some(controller) = &document.controller {
		writeln!(f, "  {:<12} {controller}", "controller")?;
	}
	for method in &document.verification_method {
		let key = &method.public_key_multibase;
		writeln!(f, "  {:<12} {key}, {}", kind(key), purposes(document, &method.id))?;
	}
	for service in document.service.iter().filter(|service| service.id.ends_with("#gateway")) {
		writeln!(f, "  {:<12} {}", "gateway", format::text(service.service_endpoint.as_bytes()))?;
	}
	Ok(())
}

/// What a key is for, in the words of DID Core.
fn purposes(document: &Document, id: &str) -> String {
	let all = [
		("authentication", &document.authentication),
		("assertionMethod", &document.assertion_method),
		("capabilityInvocation", &document.capability_invocation),
		("capabilityDelegation", &document.capability_delegation),
	];
	let named = all.into_iter().filter(|(_, keys)| keys.iter().any(|key| key == id));
	named.map(|(name, _)| name).collect::<Vec<_>>().join(", ")
}

/// The kind of a key.
fn kind(multikey: &str) -> &'static str {
	match decode_multikey(multikey) {
		Ok((Codec::Ed25519, _)) => "ed25519",
		Ok((Codec::Sr25519, _)) => "sr25519",
		Ok((Codec::Secp256k1, _)) => "secp256k1",
		Ok((Codec::P256, _)) => "p256",
		Err(_) => "key",
	}
}

#[cfg(test)]
mod tests {
	use cairn_did::{FactsV1, GatewayV1, LiveV1, check_document};
	use cairn_types::{DeviceKey, GatewayId, P256Public, RootKey};
	use serde_json::json;
	use sp_core::{ed25519, sr25519};

	use super::{super::describe::tests::LAMP, *};

	const BLOCK: BlockId = BlockId { number: 12, hash: [9; 32] };

	fn live() -> LiveV1 {
		LiveV1 {
			owner: [4; 32],
			signing: Some(DeviceKey::Ed25519(ed25519::Public::from_raw([1; 32]))),
			key: DeviceKey::Sr25519(sr25519::Public::from_raw([2; 32])),
			inherited: false,
			active: true,
			root: Some(RootKey::P256(P256Public([3; 33]))),
			gateway: Some(GatewayV1 { gateway: GatewayId(3), endpoint: b"http://host".to_vec() }),
			description: Some(thing_hash(LAMP.as_bytes())),
		}
	}

	fn shown(live: Option<LiveV1>, whole: bool) -> Shown {
		let facts = Facts::V1(FactsV1 { device: DeviceId(7), genesis: [8; 32], live });
		Shown::new(facts, BLOCK, whole).expect("a valid document")
	}

	#[test]
	fn a_device_is_named_by_its_id_or_its_did() {
		for (text, id) in [("7", 7), ("007", 7), ("0", 0), ("did:cairn:7", 7)] {
			assert_eq!(parse(text), Ok(Did(DeviceId(id))), "{text}");
		}
		for (text, code) in [
			("", "code 2"),
			("-7", "code 2"),
			("did:cairn:7#key", "code 3"),
			("did:key:z6Mk", "code 4"),
			("did:cairn:07", "code 5"),
			("18446744073709551616", "more than there are devices"),
		] {
			let error = parse(text).expect_err("no device");
			assert!(error.contains(code), "{error}");
		}
	}

	#[test]
	fn people_see_which_key_is_for_what() {
		let text = shown(Some(live()), false).to_string();
		for expected in [
			"did:cairn:7: active: what it signs counts\n",
			"  controller   did:pkh:polkadot:08080808080808080808080808080808:5",
			"  ed25519      z6Mk",
			", authentication, assertionMethod\n",
			"  sr25519      z6Q",
			", authentication, capabilityInvocation\n",
			"  p256         zDn",
			", capabilityInvocation, capabilityDelegation\n",
			"  gateway      http://host\n",
			"  block        12 (0x0909…0909)\n",
		] {
			assert!(text.contains(expected), "{expected:?} is not in {text}");
		}
		let hash = format::hash(&thing_hash(LAMP.as_bytes()));
		assert!(text.contains(&format!("  description  {hash} (SHA-256)\n")), "{text}");
		let idle = LiveV1 { active: false, ..live() };
		assert!(shown(Some(idle), false).to_string().contains("not active"));
		assert!(shown(None, false).to_string().starts_with("did:cairn:7: deactivated\n"));
	}

	#[test]
	fn programs_get_the_document_or_the_whole_answer() {
		let document = serde_json::to_value(shown(Some(live()), false)).expect("serializes");
		assert_eq!(check_document(&document), Ok(()));
		let answer = serde_json::to_value(shown(Some(live()), true)).expect("serializes");
		assert_eq!(answer["didDocument"], document);
		assert_eq!(answer["didDocumentMetadata"], json!({ "deactivated": false }));
		let ended = serde_json::to_value(shown(None, true)).expect("serializes");
		assert_eq!(ended["didDocumentMetadata"], json!({ "deactivated": true }));
	}

	#[test]
	fn a_description_is_the_one_that_is_attached_or_not() {
		let file = Path::new("lamp.jsonld");
		let (right, wrong) = (thing_hash(LAMP.as_bytes()), [5; 32]);
		let described = shown(Some(live()), false);
		assert!(described.ensure_described(file, &right).is_ok());
		let error = described.ensure_described(file, &wrong).expect_err("another").to_string();
		for expected in ["lamp.jsonld", &format::hash(&right), &format::hash(&wrong), "Remedy: "] {
			assert!(error.contains(expected), "{error}");
		}
		for live in [None, Some(LiveV1 { description: None, ..live() })] {
			let error = shown(live, false).ensure_described(file, &right).expect_err("none");
			assert!(error.to_string().contains("no Thing Description is attached"), "{error}");
		}
	}

	#[test]
	fn a_document_that_breaks_a_rule_is_not_printed() {
		let fault = cairn_did::DocumentFault::BadMultikey;
		let violation = Violation { fault, at: "verificationMethod[0]".to_owned() };
		let error = invalid("did:cairn:7", &violation).to_string();
		for expected in ["verificationMethod[0]", "BadMultikey, code 13", "Remedy: "] {
			assert!(error.contains(expected), "{error}");
		}
	}

	#[test]
	fn fails_when_the_chain_keeps_a_key_that_no_document_can_say() {
		let root = Some(RootKey::P256(P256Public([4; 33])));
		let live = Some(LiveV1 { root, ..live() });
		let facts = Facts::V1(FactsV1 { device: DeviceId(7), genesis: [8; 32], live });
		let error = Shown::new(facts, BLOCK, false).expect_err("no compressed point").to_string();
		assert!(error.contains("verificationMethod[2]") && error.contains("code 13"), "{error}");
	}
}
