//! DID documents: any JSON that may be one, and those that are made of what the chain knows.

use std::{collections::BTreeSet, str};

use cairn_did::{
	Codec, Did, DocumentFault, Facts, FactsV1, LiveV1, MAX_ENTRIES, Resolution, Violation,
	check_document, check_resolution, decode_multikey, encode_multikey, is_did, is_did_url, is_uri,
};
use cairn_types::{DeviceKey, RootKey};
use codec::{Decode, Encode};
use serde_json::{Value, json};

use crate::memory;

/// Sets of verification methods, each for a purpose.
const PURPOSES: [&str; 5] = [
	"authentication",
	"assertionMethod",
	"keyAgreement",
	"capabilityInvocation",
	"capabilityDelegation",
];

/// A JSON value. Accepted if it is a DID document, or what a resolver answers.
///
/// # Panics
/// As [`crate::Target::run`] says; also if a document that is accepted has two parts of one id, a
/// reference that leads nowhere, a secret or a key that is none, if it matters how the JSON is written,
/// or what no rule is about, or if a fault is not where it is said to be.
#[must_use]
pub fn did_document(input: &[u8]) -> bool {
	let read = memory::linear(input.len(), || serde_json::from_slice::<Value>(input));
	let Ok(value) = read else { return false };
	let verdict = memory::linear(input.len(), || check_document(&value));
	let written = serde_json::to_string_pretty(&value).expect("it is JSON");
	let again = serde_json::from_str::<Value>(&written).expect("it is JSON");
	assert_eq!(check_document(&again), verdict, "{written}");
	match &verdict {
		Ok(()) => {
			sound(&value);
			unaffected(&value);
			refused(&value);
		},
		Err(violation) => placed(&value, violation),
	}
	resolved(&value, &verdict);
	let is_answer = answers(input.len(), &value);
	verdict.is_ok() || is_answer
}

/// The entries of a set.
fn entries<'a>(document: &'a Value, name: &'static str) -> impl Iterator<Item = &'a Value> {
	document[name].as_array().into_iter().flatten()
}

/// The entries of the sets for purposes: references, and methods.
fn for_purposes(document: &Value) -> impl Iterator<Item = &Value> {
	PURPOSES.into_iter().flat_map(move |purpose| entries(document, purpose))
}

/// What those who read a document rely on.
fn sound(document: &Value) {
	let did = document["id"].as_str().expect("a subject");
	assert!(is_did(did));
	let absolute =
		|id: &str| if id.starts_with('#') { format!("{did}{id}") } else { id.to_owned() };
	let id = |part: &Value| absolute(part["id"].as_str().expect("an id"));
	let listed: Vec<String> = entries(document, "verificationMethod").map(id).collect();
	let embedded = for_purposes(document).filter(|entry| entry.is_object());
	let others = embedded.chain(entries(document, "service")).map(id);
	let ids: Vec<String> = listed.iter().cloned().chain(others).collect();
	let distinct: BTreeSet<&String> = ids.iter().collect();
	assert_eq!(distinct.len(), ids.len(), "two parts have one id");
	for reference in for_purposes(document).filter_map(Value::as_str) {
		let url = absolute(reference);
		assert!(is_did_url(&url), "{url}");
		let subject = url.split(['/', '?', '#']).next();
		assert!(subject != Some(did) || listed.contains(&url), "{url} leads nowhere");
	}
	let embedded = for_purposes(document).filter(|entry| entry.is_object());
	entries(document, "verificationMethod").chain(embedded).for_each(public);
	for name in PURPOSES.into_iter().chain(["verificationMethod", "service", "alsoKnownAs"]) {
		assert!(entries(document, name).count() <= MAX_ENTRIES);
	}
}

/// A verification method's key is public, and one that is called a Multikey is one.
fn public(method: &Value) {
	assert!(
		method.get("secretKeyMultibase").is_none() && method["publicKeyJwk"].get("d").is_none()
	);
	if method["type"] == "Multikey" {
		let key = method["publicKeyMultibase"].as_str().expect("a key");
		let (codec, bytes) = decode_multikey(key).expect("a key");
		assert_eq!(encode_multikey(codec, &bytes), key);
	}
}

/// What may be left out may be left out, and what no rule is about changes nothing.
fn unaffected(document: &Value) {
	for name in PURPOSES.into_iter().chain(["controller", "alsoKnownAs", "service"]) {
		let mut less = document.clone();
		less.as_object_mut().expect("a map").remove(name);
		assert_eq!(check_document(&less), Ok(()), "without {name}");
	}
	let mut more = document.clone();
	more["note"] = json!({ "secretKeyMultibase": "z" });
	assert_eq!(check_document(&more), Ok(()));
}

/// A secret is refused, and so is a method that comes twice.
fn refused(document: &Value) {
	let fault = |document: &Value| check_document(document).map_err(|violation| violation.fault);
	let mut secret = document.clone();
	let Some(method) = secret.pointer_mut("/verificationMethod/0") else { return };
	method["secretKeyMultibase"] = json!("z");
	assert_eq!(fault(&secret), Err(DocumentFault::SecretKey));
	let mut twice = document.clone();
	let methods = twice["verificationMethod"].as_array_mut().expect("a set");
	methods.extend_from_within(..1);
	let is_full = methods.len() > MAX_ENTRIES;
	let expected = if is_full { DocumentFault::TooMany } else { DocumentFault::DuplicateId };
	assert_eq!(fault(&twice), Err(expected));
}

/// A fault is in a property that rules are about, and in an entry that is there.
fn placed(document: &Value, Violation { fault, at }: &Violation) {
	let (name, place) = at.split_once('[').unwrap_or((at.as_str(), ""));
	let names = ["@context", "id", "controller", "alsoKnownAs", "verificationMethod", "service"];
	match *fault {
		DocumentFault::NotAMap => assert!(at == "document" && !document.is_object()),
		_ => assert!(names.contains(&name) || PURPOSES.contains(&name), "{at}"),
	}
	if let Some(place) = place.strip_suffix(']') {
		let place = place.parse::<usize>().expect("a place");
		assert!(document[name].get(place).is_some(), "{at}");
	}
}

/// A document is what a resolver may answer to its subject, and to no other; a wrong one is answered to
/// nobody.
fn resolved(document: &Value, verdict: &Result<(), Violation>) {
	if document.is_null() {
		return;
	}
	let did = document["id"].as_str().unwrap_or("did:example:nobody");
	let mut answer = json!({ "didResolutionMetadata": {}, "didDocumentMetadata": {} });
	answer["didDocument"] = document.clone();
	assert_eq!(&check_resolution(did, &answer), verdict);
	if verdict.is_ok() {
		let other = check_resolution(&format!("{did}0"), &answer);
		assert_eq!(other.map_err(|violation| violation.fault), Err(DocumentFault::OtherSubject));
	}
}

/// Whether it is what a resolver answers: a document of that subject, or an error.
fn answers(length: usize, value: &Value) -> bool {
	let document = &value["didDocument"];
	let did = document["id"].as_str().unwrap_or("did:example:nobody");
	let is_answer = memory::linear(length, || check_resolution(did, value)).is_ok();
	let error = &value["didResolutionMetadata"]["error"];
	if is_answer && document.is_null() {
		assert!(error.as_str().is_some_and(|error| !error.is_empty()), "{value}");
	} else if is_answer {
		assert!(check_document(document).is_ok() && error.is_null(), "{value}");
	}
	is_answer
}

/// What the chain knows of a device, in SCALE. Accepted if its document is one by the rules.
///
/// # Panics
/// As [`crate::Target::run`] says; also if there is a second encoding, if anything but a key that is no
/// point makes a wrong document, or if a document says something else than the chain.
#[must_use]
pub fn did_facts(input: &[u8]) -> bool {
	let mut rest = input;
	let decoded = memory::linear(input.len(), || Facts::decode(&mut rest));
	let Ok(facts) = decoded else { return false };
	assert_eq!(facts.encode(), input[..input.len() - rest.len()], "a second encoding");
	let Facts::V1(known) = &facts;
	let answer = memory::linear(input.len(), || Resolution::found(&facts, &known.genesis));
	let answer = serde_json::to_value(&answer).expect("it is JSON");
	let did = Did(known.device).to_string();
	let verdict = check_resolution(&did, &answer).map_err(|violation| violation.fault);
	let expected = if is_sound(known) { Ok(()) } else { Err(DocumentFault::BadMultikey) };
	assert_eq!(verdict, expected, "{answer}");
	if verdict.is_ok() {
		says(known, &answer["didDocument"]);
	}
	verdict.is_ok() && rest.is_empty()
}

/// Whether every key that has to be a compressed point begins as one.
fn is_sound(known: &FactsV1) -> bool {
	let Some(live) = &known.live else { return true };
	let is_point = |first: u8| matches!(first, 2 | 3);
	let is_key = |key: &DeviceKey| match key {
		DeviceKey::Secp256k1(key) => is_point(key.0[0]),
		DeviceKey::Ed25519(_) | DeviceKey::Sr25519(_) => true,
	};
	let is_root = |RootKey::P256(key): &RootKey| is_point(key.0[0]);
	is_key(&live.key)
		&& live.signing.as_ref().is_none_or(is_key)
		&& live.root.as_ref().is_none_or(is_root)
}

/// A key as a document has it.
type Key = (Codec, Vec<u8>);

/// The document says what the chain knows, and nothing else.
fn says(known: &FactsV1, document: &Value) {
	assert_eq!(document["id"], Did(known.device).to_string());
	let Some(live) = &known.live else {
		let members = document.as_object().expect("a map");
		assert!(members.keys().all(|name| name == "@context" || name == "id"), "{document}");
		return;
	};
	let chosen = of_device(&live.key);
	let signing = live.signing.as_ref().map(of_device);
	let root = live.root.as_ref().map(|RootKey::P256(key)| (Codec::P256, key.0.to_vec()));
	let leaving = signing.clone().filter(|key| *key != chosen);
	let asserting = signing.filter(|_| live.active);
	let commanding = Some(&chosen).filter(|_| !live.inherited);
	let all = |keys: [Option<&Key>; 2]| keys.into_iter().flatten().cloned().collect::<Vec<_>>();
	for (purpose, keys) in [
		("authentication", all([leaving.as_ref(), Some(&chosen)])),
		("assertionMethod", all([asserting.as_ref(), None])),
		("keyAgreement", all([None, None])),
		("capabilityInvocation", all([commanding, root.as_ref()])),
		("capabilityDelegation", all([root.as_ref(), None])),
	] {
		assert_eq!(referred(document, purpose), keys, "{purpose}");
	}
	serves(live, document);
}

fn of_device(key: &DeviceKey) -> Key {
	match key {
		DeviceKey::Ed25519(key) => (Codec::Ed25519, key.0.to_vec()),
		DeviceKey::Sr25519(key) => (Codec::Sr25519, key.0.to_vec()),
		DeviceKey::Secp256k1(key) => (Codec::Secp256k1, key.0.to_vec()),
	}
}

/// The keys that a document has for a purpose: the fragment of a reference is the key.
fn referred(document: &Value, purpose: &'static str) -> Vec<Key> {
	let key = |reference: &Value| {
		let url = reference.as_str().expect("a reference");
		let (_, key) = url.split_once('#').expect("a fragment");
		decode_multikey(key).expect("a key")
	};
	entries(document, purpose).map(key).collect()
}

/// The gateway is named if its address can be, the Thing Description if there is one.
fn serves(live: &LiveV1, document: &Value) {
	let of_kind = |kind: &str| {
		let mut services = entries(document, "service").filter(|service| service["type"] == kind);
		services.next().and_then(|service| service["serviceEndpoint"].as_str())
	};
	let endpoint = live.gateway.as_ref().and_then(|it| str::from_utf8(&it.endpoint).ok());
	assert_eq!(of_kind("CairnGateway"), endpoint.filter(|endpoint| is_uri(endpoint)));
	assert_eq!(of_kind("CairnThingDescription").is_some(), live.description.is_some());
}
