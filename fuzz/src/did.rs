//! Texts that name something: DIDs, DID URLs, URIs, keys as Multikeys.

use std::{convert::Infallible, str};

use cairn_did::{
	Did, DidError, Facts, FactsV1, MAX_DID, check_resolution, decode_multikey, encode_multikey,
	is_did, is_did_url, is_uri, resolve,
};
use cairn_types::{DeviceId, Hash32};

use crate::memory;

/// The block that a resolver answers of.
const BLOCK: Hash32 = [7; 32];

/// A text. Accepted if it is a DID URL, as every DID is, or a Multikey.
///
/// # Panics
/// As [`crate::Target::run`] says; also if the grammar says something else, if a device has a second
/// DID, if a Multikey has a second form, or if a resolver's answer is none by the rules of answers.
#[must_use]
pub fn did(input: &[u8]) -> bool {
	let Ok(text) = str::from_utf8(input) else { return false };
	let is_url = memory::linear(text.len(), || is_did_url(text));
	assert_eq!(is_url, grammar::is_did_url(input), "{text}");
	assert_eq!(is_did(text), grammar::is_did(input), "{text}");
	assert_eq!(is_uri(text), grammar::is_uri(input), "{text}");
	assert!(!is_did(text) || is_url, "{text}");
	assert!(!is_url || is_uri(text), "{text}");
	let read = memory::linear(text.len(), || text.parse::<Did>());
	assert_eq!(read, expected(text), "{text}");
	if let Ok(did) = read {
		assert_eq!(did.to_string(), text);
	}
	answered(text, read);
	is_multikey(text) || is_url
}

/// What a text is as the DID of a device: of the right form, and what its number is when written.
fn expected(text: &str) -> Result<Did, DidError> {
	let bytes = text.as_bytes();
	if bytes.len() > MAX_DID {
		return Err(DidError::TooLong);
	}
	match (grammar::is_did(bytes), grammar::is_did_url(bytes)) {
		(true, _) => {},
		(false, true) => return Err(DidError::IsUrl),
		(false, false) => return Err(DidError::NotADid),
	}
	let id = text.strip_prefix("did:cairn:").ok_or(DidError::OtherMethod)?;
	let number = id.parse::<u64>().ok().filter(|number| number.to_string() == id);
	number.map(|number| Did(DeviceId(number))).ok_or(DidError::NotAnId)
}

/// Whatever a resolver is asked, it answers by the rules: with a document of what was asked for, or with
/// an error.
fn answered(text: &str, read: Result<Did, DidError>) {
	for is_known in [true, false] {
		let facts = |device| {
			let ended = Facts::V1(FactsV1 { device, genesis: BLOCK, live: None });
			Ok::<_, Infallible>(is_known.then_some(ended))
		};
		let Ok(answer) = memory::linear(text.len(), || resolve(text, &BLOCK, facts));
		assert_eq!(answer.did_document.is_some(), is_known && read.is_ok(), "{text}");
		let json = serde_json::to_value(&answer).expect("it is JSON");
		assert_eq!(check_resolution(text, &json), Ok(()), "{json}");
	}
}

/// Whether it is a Multikey, which then is the only form of its key.
fn is_multikey(text: &str) -> bool {
	match memory::linear(text.len(), || decode_multikey(text)) {
		Ok((codec, key)) => {
			assert_eq!(key.len(), codec.key_len());
			assert_eq!(encode_multikey(codec, &key), text);
			true
		},
		Err(_) => false,
	}
}

/// The grammars of DID Core 1.0, section 3, and RFC 3986, appendix A, read from left to right.
mod grammar {
	/// `pchar`, but for letters, digits and what is percent-encoded.
	const PATH: &[u8] = b"-._~!$&'()*+,;=:@/";
	/// The same of queries and fragments.
	const QUERY: &[u8] = b"-._~!$&'()*+,;=:@/?";
	/// The same of all that may follow a scheme, but for a fragment.
	const AFTER_SCHEME: &[u8] = b"-._~!$&'()*+,;=:@/?[]";

	pub(super) fn is_did(text: &[u8]) -> bool {
		behind_did(text).is_some_and(<[u8]>::is_empty)
	}

	pub(super) fn is_did_url(text: &[u8]) -> bool {
		let Some(rest) = behind_did(text) else { return false };
		let rest = if rest.starts_with(b"/") { skip(rest, PATH) } else { rest };
		let rest = if rest.starts_with(b"?") { skip(rest, QUERY) } else { rest };
		is_fragment(rest)
	}

	pub(super) fn is_uri(text: &[u8]) -> bool {
		let is_of_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
		let end = text.iter().position(|byte| !is_of_scheme(byte));
		let Some((scheme, [b':', rest @ ..])) = end.map(|end| text.split_at(end)) else {
			return false;
		};
		scheme.first().is_some_and(u8::is_ascii_alphabetic) && is_fragment(skip(rest, AFTER_SCHEME))
	}

	/// What follows a DID.
	fn behind_did(text: &[u8]) -> Option<&[u8]> {
		let text = text.strip_prefix(b"did:")?;
		let is_of_method = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
		let end = text.iter().position(|byte| !is_of_method(byte)).filter(|end| *end > 0)?;
		let id = text[end..].strip_prefix(b":")?;
		let rest = skip(id, b".-_:");
		let last = id[..id.len() - rest.len()].last()?;
		(*last != b':').then_some(rest)
	}

	/// Whether it is nothing, or a fragment with its sign.
	fn is_fragment(text: &[u8]) -> bool {
		match text {
			[b'#', fragment @ ..] => skip(fragment, QUERY).is_empty(),
			rest => rest.is_empty(),
		}
	}

	/// What follows letters, digits, these bytes, and what is percent-encoded.
	fn skip<'a>(text: &'a [u8], allowed: &[u8]) -> &'a [u8] {
		let mut rest = text;
		loop {
			rest = match rest {
				[b'%', high, low, after @ ..]
					if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
				{
					after
				},
				[byte, after @ ..] if byte.is_ascii_alphanumeric() || allowed.contains(byte) => {
					after
				},
				_ => return rest,
			};
		}
	}
}
