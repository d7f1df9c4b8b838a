use alloc::format;

use cairn_types::DeviceId;
use serde_json::{Value, json};

use super::{GENESIS, bytes, facts, live};
use crate::{
	Did, DidError, DocumentFault, Facts, MultikeyError, Resolution, ThingFault, check_resolution,
	resolve,
};

const BLOCK: [u8; 32] = [5; 32];

/// What a resolver of a chain with one device, 7, answers.
fn answer(did: &str, known: Option<Facts>) -> Value {
	let resolution = resolve::<()>(did, &BLOCK, |device| {
		assert_eq!(Did(device), did.parse::<Did>().expect("asked for devices only"));
		Ok(known)
	});
	serde_json::to_value(resolution.expect("the chain answers")).expect("serializes")
}

#[test]
fn works_when_the_device_lives() {
	let answer = answer("did:cairn:7", Some(facts(Some(live()))));
	assert_eq!(check_resolution("did:cairn:7", &answer), Ok(()));
	assert_eq!(answer["didDocument"]["id"], "did:cairn:7");
	let expected = json!({
		"genesis": format!("0x{GENESIS}"),
		"blockHash": format!("0x{}", "05".repeat(32)),
	});
	assert_eq!(answer["didResolutionMetadata"], expected);
	assert_eq!(answer["didDocumentMetadata"], json!({ "deactivated": false }));
}

#[test]
fn works_when_the_device_has_ended() {
	let answer = answer("did:cairn:7", Some(facts(None)));
	assert_eq!(check_resolution("did:cairn:7", &answer), Ok(()));
	assert_eq!(answer["didDocumentMetadata"], json!({ "deactivated": true }));
}

#[test]
fn there_is_no_document_when_there_is_no_device() {
	for (did, error) in [
		("did:cairn:8", "notFound"),
		("did:cairn:08", "invalidDid"),
		("did:cairn:8#key", "invalidDid"),
		("nothing", "invalidDid"),
		("did:key:z6Mk", "methodNotSupported"),
	] {
		let answer = answer(did, None);
		assert_eq!(check_resolution(did, &answer), Ok(()));
		assert_eq!(answer["didDocument"], Value::Null, "{did}");
		assert_eq!(answer["didResolutionMetadata"]["error"], error, "{did}");
		assert!(answer["didResolutionMetadata"]["remedy"].is_string(), "{did}");
		assert_eq!(answer["didDocumentMetadata"], json!({}), "{did}");
	}
}

#[test]
fn fails_when_the_chain_does_not_answer() {
	let failed = |_: DeviceId| Err("no state");
	assert_eq!(resolve("did:cairn:7", &BLOCK, failed), Err("no state"));
	let refused = resolve("did:cairn:7/", &BLOCK, failed);
	assert_eq!(refused, Ok(Resolution::refused(DidError::IsUrl)), "the chain is not asked");
}

#[test]
fn every_error_has_a_code_a_cause_and_a_remedy() {
	fn check<T: Copy + core::fmt::Display>(
		all: &[T],
		parts: impl Fn(T) -> (u8, &'static str, &'static str),
	) {
		for (place, error) in (1u8..).zip(all) {
			let (code, cause, remedy) = parts(*error);
			assert_eq!(code, place, "{error}");
			assert!(cause.ends_with('.') && cause.len() > 10, "{error}");
			assert!(remedy.ends_with('.') && remedy.len() > 10, "{error}");
			assert!(format!("{error}").contains(cause), "{error}");
		}
	}
	check(DidError::ALL, |error| (error.code(), error.cause(), error.remedy()));
	check(MultikeyError::ALL, |error| (error.code(), error.cause(), error.remedy()));
	check(DocumentFault::ALL, |error| (error.code(), error.cause(), error.remedy()));
	check(ThingFault::ALL, |error| (error.code(), error.cause(), error.remedy()));
}

#[test]
fn the_chain_is_named_by_half_of_its_genesis_hash() {
	let genesis: [u8; 32] = bytes(GENESIS);
	let resolution = Resolution::found(&facts(Some(live())), &BLOCK);
	let controller = resolution.did_document.and_then(|document| document.controller);
	let name = format!("did:pkh:polkadot:{}:", hex::encode(&genesis[..16]));
	assert!(controller.is_some_and(|controller| controller.starts_with(&name)));
}
