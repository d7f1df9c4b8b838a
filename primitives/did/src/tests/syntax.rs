use alloc::{format, string::ToString};

use cairn_types::DeviceId;
use proptest::prelude::*;

use crate::{Did, DidError, MAX_DID, is_did, is_did_url, is_uri};

#[test]
fn works_when_a_did_names_a_device() {
	for (text, id) in [
		("did:cairn:0", 0),
		("did:cairn:7", 7),
		("did:cairn:1234567890", 1_234_567_890),
		("did:cairn:18446744073709551615", u64::MAX),
	] {
		assert_eq!(text.parse::<Did>(), Ok(Did(DeviceId(id))));
		assert_eq!(Did(DeviceId(id)).to_string(), text);
	}
}

#[test]
fn fails_when_it_names_no_device() {
	let long = format!("did:cairn:{}", "1".repeat(MAX_DID));
	for (text, error) in [
		(long.as_str(), DidError::TooLong),
		("", DidError::NotADid),
		("7", DidError::NotADid),
		("did", DidError::NotADid),
		("did:cairn", DidError::NotADid),
		("did:cairn:", DidError::NotADid),
		("did::7", DidError::NotADid),
		("did:cairn:7:", DidError::NotADid),
		("did:cairn:7 ", DidError::NotADid),
		(" did:cairn:7", DidError::NotADid),
		("did:cairn:7%2", DidError::NotADid),
		("did:Cairn:7", DidError::NotADid),
		("DID:cairn:7", DidError::NotADid),
		("did:cairn:\u{0667}", DidError::NotADid),
		("did:cairn:7/", DidError::IsUrl),
		("did:cairn:7?versionId=1", DidError::IsUrl),
		("did:cairn:7#z6Mk", DidError::IsUrl),
		("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp", DidError::OtherMethod),
		("did:cairn2:7", DidError::OtherMethod),
		("did:cairn:07", DidError::NotAnId),
		("did:cairn:00", DidError::NotAnId),
		("did:cairn:-7", DidError::NotAnId),
		("did:cairn:%37", DidError::NotAnId),
		("did:cairn:0x7", DidError::NotAnId),
		("did:cairn:main:7", DidError::NotAnId),
		("did:cairn:18446744073709551616", DidError::NotAnId),
	] {
		assert_eq!(text.parse::<Did>(), Err(error), "{text}");
	}
}

#[test]
fn dids_follow_the_grammar_of_did_core() {
	for text in [
		"did:example:123456789abcdefghi",
		"did:example:123:abc",
		"did:example::abc",
		"did:web:example.com%3A3000:user",
		"did:pkh:polkadot:91b171bb158e2d3848fa23a9f1c25182:5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXC",
		"did:0:_.-",
	] {
		assert!(is_did(text) && is_did_url(text) && is_uri(text), "{text}");
	}
	for text in ["did:example:", "did:e_x:1", "did:example:a/b", "did:example:a%", "did:x:a%zz"] {
		assert!(!is_did(text), "{text}");
	}
	for text in ["did:example:1/path", "did:example:1?a=b/c", "did:example:1/a?b#c", "did:x:1#"] {
		assert!(!is_did(text) && is_did_url(text), "{text}");
	}
	for text in ["#key", "did:example:1#a#b", "did:example:1#a b", "did:example:1?%", "urn:a:b"] {
		assert!(!is_did_url(text), "{text}");
	}
}

#[test]
fn uris_follow_the_grammar_of_rfc_3986() {
	// Section 1.1.2 has the first eight.
	for text in [
		"ftp://ftp.is.co.za/rfc/rfc1808.txt",
		"http://www.ietf.org/rfc/rfc2396.txt",
		"ldap://[2001:db8::7]/c=GB?objectClass?one",
		"mailto:John.Doe@example.com",
		"news:comp.infosystems.www.servers.unix",
		"tel:+1-816-555-1212",
		"telnet://192.0.2.16:80/",
		"urn:oasis:names:specification:docbook:dtd:xml:4.1.2",
		"ni:///sha-256;f4OxZX_x_FO5LcGBSKHWXfwtSx-j1ncoSt3SABJtkGk?ct=application/td+json",
		"did:cairn:7#gateway",
	] {
		assert!(is_uri(text), "{text}");
	}
	for text in [
		"",
		":",
		"/path",
		"1http://host",
		"ht_tp://host",
		"http://a b",
		"http://\u{fc}",
		"http://host/%4",
		"http://host#a#b",
		"http://host/<script>",
		"http://host/\"",
		"http://host/\u{7f}",
		"#fragment",
	] {
		assert!(!is_uri(text), "{text}");
	}
}

proptest! {
	#[test]
	fn a_did_is_read_back(id in any::<u64>()) {
		let did = Did(DeviceId(id));
		let text = did.to_string();
		prop_assert!(is_did(&text));
		prop_assert_eq!(text.parse::<Did>(), Ok(did));
	}

	#[test]
	fn a_device_has_one_did(text in "did:cairn:[0-9a-z:%#/?. -]{0,24}|.{0,40}") {
		if let Ok(did) = text.parse::<Did>() {
			prop_assert_eq!(did.to_string(), text);
		}
	}

	#[test]
	fn what_is_a_did_is_a_did_url_and_a_uri(text in "did:[a-z0-9]{0,3}:[a-z0-9:%._-]{0,12}") {
		if is_did(&text) {
			prop_assert!(is_did_url(&text) && is_uri(&text));
		}
	}
}
