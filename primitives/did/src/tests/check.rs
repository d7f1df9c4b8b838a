use alloc::{format, string::ToString, vec::Vec};

use proptest::{collection, prelude::*};
use serde_json::{Map, Value, json};

use super::document;
use crate::{DocumentFault, MAX_ENTRIES, Violation, check_document, check_resolution};

/// The document with the value at a pointer changed.
fn changed(pointer: &str, value: Value) -> Value {
	let mut document = document();
	*document.pointer_mut(pointer).expect("the document has it") = value;
	document
}

/// The document with another property.
fn with(name: &str, value: Value) -> Value {
	let mut document = document();
	document.as_object_mut().expect("a map").insert(name.to_string(), value);
	document
}

/// The document without a property of the part at a pointer.
fn without(pointer: &str, name: &str) -> Value {
	let mut document = document();
	let part = document.pointer_mut(pointer).and_then(Value::as_object_mut).expect("a map");
	part.remove(name).expect("it was there");
	document
}

fn fails(document: &Value, fault: DocumentFault, at: &str) {
	let expected = Violation { fault, at: at.to_string() };
	assert_eq!(check_document(document), Err(expected), "{document}");
}

#[test]
fn works_when_examples_of_the_specification_are_checked() {
	for document in [
		// DID Core 1.0, section 1.3.
		json!({
			"@context": [
				"https://www.w3.org/ns/did/v1",
				"https://w3id.org/security/suites/ed25519-2020/v1"
			],
			"id": "did:example:123456789abcdefghi",
			"authentication": [{
				"id": "did:example:123456789abcdefghi#keys-1",
				"type": "Ed25519VerificationKey2020",
				"controller": "did:example:123456789abcdefghi",
				"publicKeyMultibase": "zH3C2AVvLMv6gmMNam3uVAjZpfkcJCwDwnZn6z3wXmqPV"
			}]
		}),
		json!({ "@context": "https://www.w3.org/ns/did/v1", "id": "did:example:123" }),
		json!({
			"@context": ["https://www.w3.org/ns/did/v1", { "@base": "did:example:123" }],
			"id": "did:example:123",
			"alsoKnownAs": ["https://example.com/", "did:web:example.com"],
			"controller": ["did:example:bcehfew7h32f32h7af3", "did:example:123"],
			"verificationMethod": [{
				"id": "#key-0",
				"type": "JsonWebKey2020",
				"controller": "did:example:123",
				"publicKeyJwk": { "kty": "OKP", "crv": "Ed25519", "x": "VCpo2LMLhn6iWku8MKvSLg2ZAoC" }
			}],
			"authentication": ["#key-0", "did:example:elsewhere#key-9"],
			"keyAgreement": ["did:example:123#key-0"],
			"service": [{
				"id": "did:example:123#linked-domain",
				"type": ["LinkedDomains", "Other"],
				"serviceEndpoint": ["https://bar.example.com", { "origins": [] }]
			}],
			"extension": 7
		}),
	] {
		assert_eq!(check_document(&document), Ok(()), "{document}");
	}
}

#[test]
fn fails_when_the_document_is_no_map_or_has_no_subject() {
	use DocumentFault::{BadContext, BadId, EmptySet, NotAMap, Repeated};
	for value in [Value::Null, json!([]), json!("did:cairn:7"), json!(7)] {
		fails(&value, NotAMap, "document");
	}
	fails(&without("", "@context"), BadContext, "@context");
	fails(&changed("/@context", json!([])), EmptySet, "@context");
	fails(&changed("/@context/0", json!("https://w3id.org/did/v1")), BadContext, "@context");
	fails(&changed("/@context/1", json!("no uri")), BadContext, "@context");
	fails(&changed("/@context/1", json!(7)), BadContext, "@context");
	fails(&changed("/@context/1", json!("https://www.w3.org/ns/did/v1")), Repeated, "@context");
	fails(&without("", "id"), BadId, "id");
	for id in [json!(7), json!(""), json!("did:cairn:"), json!("did:cairn:7#key")] {
		fails(&changed("/id", id), BadId, "id");
	}
}

#[test]
fn fails_when_a_name_is_none() {
	use DocumentFault::{BadController, BadName, EmptySet, NotASet, Repeated};
	for controller in [json!(7), json!("5Grwva"), json!(["did:a:b", 7]), json!({})] {
		fails(&changed("/controller", controller), BadController, "controller");
	}
	fails(&changed("/controller", json!([])), EmptySet, "controller");
	fails(&changed("/controller", json!(["did:a:b", "did:a:b"])), Repeated, "controller");
	fails(&with("alsoKnownAs", json!("https://a.example")), NotASet, "alsoKnownAs");
	fails(&with("alsoKnownAs", json!(["a:b", "no uri"])), BadName, "alsoKnownAs[1]");
	fails(&with("alsoKnownAs", json!([["a:b"]])), BadName, "alsoKnownAs[0]");
	fails(&with("alsoKnownAs", json!(["a:b", "a:b"])), Repeated, "alsoKnownAs[1]");
}

#[test]
fn fails_when_a_verification_method_is_none() {
	use DocumentFault::{BadController, BadMethod, DuplicateId, NotASet, TooMany};
	const AT: &str = "verificationMethod[1]";
	for name in ["id", "type"] {
		fails(&without("/verificationMethod/1", name), BadMethod, AT);
		for value in [json!(7), json!(""), json!(["a"])] {
			fails(&changed(&format!("/verificationMethod/1/{name}"), value), BadMethod, AT);
		}
	}
	fails(&changed("/verificationMethod/1/id", json!("https://a.example#b")), BadMethod, AT);
	fails(&changed("/verificationMethod/1", json!("did:cairn:7#key")), BadMethod, AT);
	fails(&without("/verificationMethod/1", "controller"), BadController, AT);
	fails(&changed("/verificationMethod/1/controller", json!("me")), BadController, AT);
	let first = document()["verificationMethod"][0].clone();
	fails(&changed("/verificationMethod/1", first.clone()), DuplicateId, AT);
	fails(&changed("/verificationMethod", first.clone()), NotASet, "verificationMethod");
	let many = Value::Array((0..=MAX_ENTRIES).map(|_| first.clone()).collect());
	fails(&changed("/verificationMethod", many), TooMany, "verificationMethod");
}

#[test]
fn fails_when_a_key_is_written_wrongly() {
	use DocumentFault::{BadMaterial, BadMultikey, SecretKey};
	const AT: &str = "verificationMethod[0]";
	let key = "/verificationMethod/0/publicKeyMultibase";
	fails(&changed(key, json!(7)), BadMaterial, AT);
	// A key's last byte is missing; it is of a kind that does not sign; it is in base64.
	for text in [
		"z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooW",
		"z6LShs9GGnqk85isEBzzshkuVWrVKsRp24GnDuHk8QWkARMW",
		"u7QE7aie8zrakLWKjqNAqbw1zZTIVdx3iQ6Y6wEihi1naKQ",
		"",
	] {
		fails(&changed(key, json!(text)), BadMultikey, AT);
	}
	fails(&without("/verificationMethod/0", "publicKeyMultibase"), BadMultikey, AT);
	let mut both = document();
	both["verificationMethod"][0]["publicKeyJwk"] = json!({ "kty": "OKP" });
	fails(&both, BadMaterial, AT);
	let mut secret = document();
	secret["verificationMethod"][0]["publicKeyJwk"] = json!({ "kty": "OKP", "d": "AA" });
	fails(&secret, SecretKey, AT);
	let mut secret = document();
	secret["verificationMethod"][0]["secretKeyMultibase"] = json!("z3u2");
	fails(&secret, SecretKey, AT);
	let mut typed = document();
	typed["verificationMethod"][0] = json!({
		"id": "#a", "type": "JsonWebKey2020", "controller": "did:cairn:7", "publicKeyJwk": "a"
	});
	fails(&typed, BadMaterial, AT);
}

#[test]
fn fails_when_a_purpose_has_no_method() {
	use DocumentFault::{
		BadMethod, BadReference, DuplicateId, EmptySet, NotASet, Repeated, UnknownMethod,
	};
	for name in [
		"authentication",
		"assertionMethod",
		"keyAgreement",
		"capabilityInvocation",
		"capabilityDelegation",
	] {
		let at = format!("{name}[0]");
		fails(&with(name, json!([])), EmptySet, name);
		fails(&with(name, json!("did:cairn:7#key")), NotASet, name);
		fails(&with(name, json!(["did:cairn:7#key"])), UnknownMethod, &at);
		fails(&with(name, json!(["#key"])), UnknownMethod, &at);
		fails(&with(name, json!(["did:cairn:7#gateway"])), UnknownMethod, &at);
		fails(&with(name, json!(["key"])), BadReference, &at);
		fails(&with(name, json!([7])), BadMethod, &at);
		let method = document()["verificationMethod"][0].clone();
		fails(&with(name, json!([method])), DuplicateId, &at);
		let id = &method["id"];
		fails(&with(name, json!([id, id])), Repeated, &format!("{name}[1]"));
		// Of another subject; whether it is there is not this document's matter.
		assert_eq!(check_document(&with(name, json!(["did:cairn:70#key"]))), Ok(()));
	}
}

#[test]
fn fails_when_a_service_is_none() {
	use DocumentFault::{BadEndpoint, BadService, DuplicateId, EmptySet, NotASet, Repeated};
	const AT: &str = "service[1]";
	for name in ["id", "type"] {
		fails(&without("/service/1", name), BadService, AT);
		fails(&changed(&format!("/service/1/{name}"), json!(7)), BadService, AT);
		fails(&changed(&format!("/service/1/{name}"), json!("")), BadService, AT);
	}
	fails(&changed("/service/1", json!("https://a.example")), BadService, AT);
	fails(&changed("/service/1/id", json!("no uri")), BadService, AT);
	fails(&changed("/service/1/type", json!(["a", "a"])), Repeated, AT);
	fails(&changed("/service/1/id", json!("did:cairn:7#gateway")), DuplicateId, AT);
	let method = document()["verificationMethod"][0]["id"].clone();
	fails(&changed("/service/1/id", method), DuplicateId, AT);
	fails(&without("/service/1", "serviceEndpoint"), BadEndpoint, AT);
	for endpoint in [json!(7), json!("no uri"), json!([[]]), json!(["a:b", null])] {
		fails(&changed("/service/1/serviceEndpoint", endpoint), BadEndpoint, AT);
	}
	fails(&changed("/service/1/serviceEndpoint", json!([])), EmptySet, AT);
	fails(&changed("/service", json!({})), NotASet, "service");
}

#[test]
fn fails_when_a_resolution_contradicts_itself() {
	use DocumentFault::{BadContext, BadResolution, NotAMap, OtherSubject};
	let good = json!({
		"didDocument": document(),
		"didResolutionMetadata": {},
		"didDocumentMetadata": { "deactivated": false },
	});
	let check = |pointer: &str, value: Value| {
		let mut answer = good.clone();
		*answer.pointer_mut(pointer).expect("it is there") = value;
		check_resolution("did:cairn:7", &answer).map_err(|violation| violation.fault)
	};
	assert_eq!(check("/didDocumentMetadata", json!({})), Ok(()));
	assert_eq!(check("", json!([])), Err(NotAMap));
	assert_eq!(check("/didDocument", Value::Null), Err(BadResolution));
	assert_eq!(check("/didDocument/@context", json!(7)), Err(BadContext));
	assert_eq!(check("/didDocument", json!({})), Err(BadContext));
	for metadata in ["/didResolutionMetadata", "/didDocumentMetadata"] {
		assert_eq!(check(metadata, Value::Null), Err(BadResolution));
		assert_eq!(check(metadata, json!({ "block": 7 })), Err(BadResolution), "numbers");
	}
	let failed = json!({ "error": "notFound" });
	assert_eq!(check("/didResolutionMetadata", failed), Err(BadResolution), "with a document");
	assert_eq!(check("/didDocumentMetadata/deactivated", json!("no")), Err(BadResolution));
	let other = check_resolution("did:cairn:8", &good).map_err(|violation| violation.fault);
	assert_eq!(other, Err(OtherSubject));
	let silent = json!({
		"didDocument": null,
		"didResolutionMetadata": { "error": "" },
		"didDocumentMetadata": {},
	});
	assert!(check_resolution("did:cairn:8", &silent).is_err());
}

/// Any JSON, of a few names that rules look at.
fn any_json() -> impl Strategy<Value = Value> {
	let leaf = prop_oneof![
		Just(Value::Null),
		any::<bool>().prop_map(Value::from),
		any::<i64>().prop_map(Value::from),
		".{0,8}".prop_map(Value::from),
		Just(json!("did:cairn:7")),
		Just(json!("#a")),
		Just(json!("https://www.w3.org/ns/did/v1")),
	];
	let name = prop_oneof![
		Just("@context"),
		Just("id"),
		Just("type"),
		Just("controller"),
		Just("verificationMethod"),
		Just("authentication"),
		Just("publicKeyMultibase"),
		Just("service"),
		Just("serviceEndpoint"),
	];
	leaf.prop_recursive(4, 64, 6, move |inner| {
		prop_oneof![
			collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
			collection::vec((name.clone(), inner), 0..6).prop_map(|entries| {
				let entries = entries.into_iter().map(|(name, value)| (name.to_string(), value));
				Value::Object(entries.collect::<Map<_, _>>())
			}),
		]
	})
}

proptest! {
	#[test]
	fn any_json_has_an_answer(value in any_json()) {
		let _ = check_document(&value);
		let _ = check_resolution("did:cairn:7", &value);
	}

	#[test]
	fn whatever_replaces_a_part_a_good_document_names_its_keys(value in any_json(), part in 0usize..6) {
		let pointer = [
			"/id", "/controller", "/verificationMethod", "/verificationMethod/0",
			"/authentication", "/service",
		][part];
		let document = changed(pointer, value);
		if check_document(&document).is_ok() {
			let ids: Vec<_> = document["verificationMethod"]
				.as_array()
				.into_iter()
				.flatten()
				.map(|method| method["id"].clone())
				.collect();
			let did = document["id"].as_str().expect("it was checked");
			let own = format!("{did}#");
			for key in document["assertionMethod"].as_array().into_iter().flatten() {
				let is_own = key.as_str().is_some_and(|key| key.starts_with(&own));
				prop_assert!(!is_own || ids.contains(key));
			}
		}
	}
}
