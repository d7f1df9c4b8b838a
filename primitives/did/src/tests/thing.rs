use alloc::{format, vec, vec::Vec};

use cairn_types::DeviceId;
use proptest::{collection, prelude::*};
use serde_json::{Value, json};

use super::bytes;
use crate::{Did, MAX_THING, ThingFault, check_thing, is_uri, thing_hash, thing_name};

const DEVICE: Did = Did(DeviceId(7));

/// A lamp, much as in the specification's first example.
fn lamp() -> Value {
	json!({
		"@context": "https://www.w3.org/2022/wot/td/v1.1",
		"id": "did:cairn:7",
		"title": "MyLampThing",
		"securityDefinitions": { "basic_sc": { "scheme": "basic", "in": "header" } },
		"security": "basic_sc",
		"properties": {
			"status": { "type": "string", "forms": [{ "href": "https://lamp.example/status" }] }
		}
	})
}

fn check(thing: &Value) -> Result<(), ThingFault> {
	check_thing(&serde_json::to_vec(thing).expect("serializes"), DEVICE)
}

/// The lamp with a member replaced, or removed.
fn changed(name: &str, value: Option<Value>) -> Value {
	let mut lamp = lamp();
	let members = lamp.as_object_mut().expect("a map");
	match value {
		Some(value) => members.insert(name.into(), value),
		None => members.remove(name),
	};
	lamp
}

#[test]
fn works_when_it_is_a_thing_description() {
	assert_eq!(check(&lamp()), Ok(()));
	for (name, value) in [
		("id", None),
		("id", Some(json!("urn:uuid:0804d572-cce8-422a-bb7c-4412fcd56f06"))),
		("id", Some(json!("did:example:7"))),
		("security", Some(json!(["basic_sc"]))),
		("@context", Some(json!(["https://www.w3.org/2022/wot/td/v1.1", { "saref": "a:b" }]))),
		(
			"@context",
			Some(json!([
				"https://www.w3.org/2019/wot/td/v1",
				"https://www.w3.org/2022/wot/td/v1.1"
			])),
		),
		("properties", None),
	] {
		assert_eq!(check(&changed(name, value.clone())), Ok(()), "{name}: {value:?}");
	}
}

#[test]
fn fails_when_a_member_is_missing_or_wrong() {
	use ThingFault::{BadContext, BadDefinitions, BadId, BadSecurity, BadTitle, OtherDevice};
	for (name, value, fault) in [
		("@context", None, BadContext),
		("@context", Some(json!("https://www.w3.org/2019/wot/td/v1")), BadContext),
		("@context", Some(json!(["https://www.w3.org/2019/wot/td/v1"])), BadContext),
		("@context", Some(json!([{}, "https://www.w3.org/2022/wot/td/v1.1"])), BadContext),
		("@context", Some(json!([])), BadContext),
		("@context", Some(json!({})), BadContext),
		("title", None, BadTitle),
		("title", Some(json!(7)), BadTitle),
		("securityDefinitions", None, BadDefinitions),
		("securityDefinitions", Some(json!({})), BadDefinitions),
		("securityDefinitions", Some(json!([])), BadDefinitions),
		("securityDefinitions", Some(json!({ "basic_sc": {} })), BadDefinitions),
		("securityDefinitions", Some(json!({ "basic_sc": "basic" })), BadDefinitions),
		("securityDefinitions", Some(json!({ "a": { "scheme": "nosec" } })), BadSecurity),
		("security", None, BadSecurity),
		("security", Some(json!("nosec_sc")), BadSecurity),
		("security", Some(json!([])), BadSecurity),
		("security", Some(json!(["basic_sc", "nosec_sc"])), BadSecurity),
		("security", Some(json!([["basic_sc"]])), BadSecurity),
		("security", Some(json!(7)), BadSecurity),
		("id", Some(json!(7)), BadId),
		("id", Some(json!("the lamp")), BadId),
		("id", Some(json!("did:cairn:8")), OtherDevice),
	] {
		assert_eq!(check(&changed(name, value.clone())), Err(fault), "{name}: {value:?}");
	}
}

#[test]
fn fails_when_it_is_no_json() {
	let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
	let lamp = serde_json::to_vec(&lamp()).expect("serializes");
	let marked = [b"\xef\xbb\xbf".as_slice(), lamp.as_slice()].concat();
	let twice = [lamp.as_slice(), lamp.as_slice()].concat();
	let texts: [&[u8]; 8] =
		[b"", b"{", b"nothing", &[0xff], &marked, &twice, deep.as_bytes(), b"{\"a\":1,}"];
	for bytes in texts {
		assert_eq!(check_thing(bytes, DEVICE), Err(ThingFault::NotJson));
	}
	let values: [&[u8]; 4] = [b"7", b"[]", b"null", b"\"{}\""];
	for bytes in values {
		assert_eq!(check_thing(bytes, DEVICE), Err(ThingFault::NotAnObject));
	}
	assert_eq!(check_thing(&vec![b' '; MAX_THING + 1], DEVICE), Err(ThingFault::TooLarge));
	let mut padded = lamp;
	padded.resize(MAX_THING, b' ');
	assert_eq!(check_thing(&padded, DEVICE), Ok(()));
}

#[test]
fn names_are_those_of_rfc_6920() {
	// Section 8.2.
	let hash = thing_hash(b"Hello World!");
	let digits = "7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069";
	assert_eq!(hash, bytes(digits));
	let name = "ni:///sha-256;f4OxZX_x_FO5LcGBSKHWXfwtSx-j1ncoSt3SABJtkGk?ct=application/td+json";
	assert_eq!(thing_name(&hash), name);
}

proptest! {
	#[test]
	fn every_name_is_a_uri(hash in any::<[u8; 32]>()) {
		prop_assert!(is_uri(&thing_name(&hash)));
	}

	#[test]
	fn any_bytes_have_an_answer(bytes in collection::vec(any::<u8>(), 0..64), cut in 0usize..400) {
		prop_assert!(check_thing(&bytes, DEVICE).is_err());
		let lamp = serde_json::to_vec(&lamp()).expect("serializes");
		let part: Vec<u8> = lamp.iter().copied().take(cut).collect();
		prop_assert_eq!(check_thing(&part, DEVICE).is_ok(), cut >= lamp.len());
	}
}
