//! The syntax of DIDs, DID URLs and URIs, and the DIDs of devices.

use core::{fmt, str::FromStr};

use cairn_types::DeviceId;

/// Most bytes of a text that is read as a DID.
pub const MAX_DID: usize = 2_048;

/// What the DID of a device begins with; its id in decimal digits follows.
const PREFIX: &str = "did:cairn:";

cairn_coded::coded! {
	/// Why a text is no DID of a device.
	#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
	pub enum DidError(
		/// The code by which documents and logs name it.
		code: u8,
	) {
		/// The text is longer than any DID that is read here.
		TooLong = 1: "Give the DID of a device: did:cairn: and the device's id.",
		/// The text is not a DID.
		NotADid = 2: "Give the DID of a device: did:cairn: and the device's id.",
		/// The text is a DID URL, which names a part of what a DID names.
		IsUrl = 3: "Leave out path, query and fragment: resolve the DID, and look the rest up in its document.",
		/// The DID is of another method.
		OtherMethod = 4: "Ask a resolver of that method; this one knows did:cairn.",
		/// The DID names no device: what follows the method is not an id in its one form.
		NotAnId = 5: "Give the device's id in decimal digits, without leading zeros.",
	}
}

/// The DID of a device: `did:cairn:` and its id in decimal digits, without leading zeros.
///
/// The text is the same on every chain; which chain it is about is the resolver's matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Did(pub DeviceId);

impl fmt::Display for Did {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{PREFIX}{}", self.0)
	}
}

impl FromStr for Did {
	type Err = DidError;

	/// Read the DID of a device.
	///
	/// # Errors
	/// [`DidError`], the first that fits; the text is looked at once.
	fn from_str(text: &str) -> Result<Self, DidError> {
		if text.len() > MAX_DID {
			return Err(DidError::TooLong);
		}
		if !is_did(text) {
			return Err(if is_did_url(text) { DidError::IsUrl } else { DidError::NotADid });
		}
		let id = text.strip_prefix(PREFIX).ok_or(DidError::OtherMethod)?;
		let is_canonical =
			id.bytes().all(|byte| byte.is_ascii_digit()) && (id == "0" || !id.starts_with('0'));
		match id.parse() {
			Ok(id) if is_canonical => Ok(Self(id)),
			_ => Err(DidError::NotAnId),
		}
	}
}

/// Whether a text is a DID (DID Core 1.0, section 3.1).
#[must_use]
pub fn is_did(text: &str) -> bool {
	let parts = text.strip_prefix("did:").and_then(|rest| rest.split_once(':'));
	let Some((method, id)) = parts else { return false };
	let is_method = !method.is_empty()
		&& method.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
	let ends_well = !id.is_empty() && !id.ends_with(':');
	is_method && ends_well && is_made_of(id, |byte| is_id_byte(byte) || byte == b':')
}

/// Whether a text is a DID URL (DID Core 1.0, section 3.2): a DID, and perhaps a path, a query and a
/// fragment.
#[must_use]
pub fn is_did_url(text: &str) -> bool {
	let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
	let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
	let (did, path) = rest.split_once('/').unwrap_or((rest, ""));
	is_did(did)
		&& is_made_of(path, |byte| is_path_byte(byte) || byte == b'/')
		&& is_made_of(query, is_query_byte)
		&& is_made_of(fragment, is_query_byte)
}

/// Whether a text is a URI: a scheme, then only characters that RFC 3986 allows, and at most one
/// fragment. What schemes ask of the rest is not looked at.
#[must_use]
pub fn is_uri(text: &str) -> bool {
	let Some((scheme, rest)) = text.split_once(':') else { return false };
	let is_scheme = scheme.bytes().next().is_some_and(|first| first.is_ascii_alphabetic())
		&& scheme
			.bytes()
			.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
	let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
	is_scheme
		&& is_made_of(rest, |byte| is_query_byte(byte) || matches!(byte, b'[' | b']'))
		&& is_made_of(fragment, is_query_byte)
}

/// `idchar` of DID Core, but for percent signs.
const fn is_id_byte(byte: u8) -> bool {
	byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

/// `pchar` of RFC 3986, but for percent signs.
const fn is_path_byte(byte: u8) -> bool {
	is_id_byte(byte)
		|| matches!(
			byte,
			b'~' | b'!'
				| b'$' | b'&'
				| b'\'' | b'('
				| b')' | b'*'
				| b'+' | b','
				| b';' | b'='
				| b':' | b'@'
		)
}

/// A character of a query or a fragment of RFC 3986, but for percent signs.
const fn is_query_byte(byte: u8) -> bool {
	is_path_byte(byte) || matches!(byte, b'/' | b'?')
}

/// Whether every byte is allowed, or a percent sign that two hexadecimal digits follow.
fn is_made_of(text: &str, is_allowed: impl Fn(u8) -> bool) -> bool {
	let mut bytes = text.bytes();
	while let Some(byte) = bytes.next() {
		let is_good = if byte == b'%' {
			let digits = [bytes.next(), bytes.next()];
			digits.iter().all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit()))
		} else {
			is_allowed(byte)
		};
		if !is_good {
			return false;
		}
	}
	true
}
