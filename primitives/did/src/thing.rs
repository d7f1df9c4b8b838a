//! W3C Thing Descriptions: the least they say, their hash, and the name that follows from it.

use alloc::{format, string::String};
use core::fmt::Write;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cairn_types::Hash32;
use serde_json::{Map, Value};

use crate::syntax::{Did, is_uri};

/// Most bytes of a Thing Description.
pub const MAX_THING: usize = 1_048_576;

/// The context of Thing Description 1.1.
const TD_1_1: &str = "https://www.w3.org/2022/wot/td/v1.1";
/// The context of Thing Description 1.0: may stand before that of 1.1, for old consumers.
const TD_1_0: &str = "https://www.w3.org/2019/wot/td/v1";

cairn_coded::coded! {
	/// Why bytes are no Thing Description of a device.
	#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
	pub enum ThingFault(
		/// The code by which documents and logs name it.
		code: u8,
	) {
		/// The description has more than 1 MiB.
		TooLarge = 1: "Leave out what consumers do not need, or link to it.",
		/// The description is not JSON.
		NotJson = 2: "Write one JSON value in UTF-8, without a byte order mark.",
		/// The description is not a JSON object.
		NotAnObject = 3: "Write one JSON object.",
		/// The description's `@context` is not that of Thing Description 1.1.
		BadContext = 4: "Let @context be https://www.w3.org/2022/wot/td/v1.1, or a list that begins with it.",
		/// The description has no `title`.
		BadTitle = 5: "Add a title: a text for people.",
		/// The description's `securityDefinitions` is not a map of one or more schemes.
		BadDefinitions = 6: "Define at least one, such as {\"nosec_sc\": {\"scheme\": \"nosec\"}}.",
		/// The description's `security` does not name definitions of `securityDefinitions`.
		BadSecurity = 7: "Name one or more keys of securityDefinitions.",
		/// The description's `id` is not a URI.
		BadId = 8: "Let id be the device's DID, or another URI, or leave it out.",
		/// The description's `id` is the DID of another device.
		OtherDevice = 9: "Attach it to that device, or let id be this device's DID.",
	}
}

/// Check that bytes are a Thing Description 1.1 of a device: JSON with the members that every one has
/// (`@context`, `title`, `securityDefinitions`, `security`), and an `id` that is not another device's.
/// What it says beyond is not looked at.
///
/// # Errors
/// [`ThingFault`], the first that fits.
pub fn check_thing(bytes: &[u8], device: Did) -> Result<(), ThingFault> {
	if bytes.len() > MAX_THING {
		return Err(ThingFault::TooLarge);
	}
	let thing: Value = serde_json::from_slice(bytes).map_err(|_| ThingFault::NotJson)?;
	let thing = thing.as_object().ok_or(ThingFault::NotAnObject)?;
	if !thing.get("@context").is_some_and(is_context) {
		return Err(ThingFault::BadContext);
	}
	if !thing.get("title").is_some_and(Value::is_string) {
		return Err(ThingFault::BadTitle);
	}
	let definitions = thing
		.get("securityDefinitions")
		.and_then(Value::as_object)
		.filter(|definitions| !definitions.is_empty() && definitions.values().all(is_scheme))
		.ok_or(ThingFault::BadDefinitions)?;
	if !thing.get("security").is_some_and(|security| is_defined(security, definitions)) {
		return Err(ThingFault::BadSecurity);
	}
	thing.get("id").map_or(Ok(()), |id| check_id(id, device))
}

/// A list begins with the context of 1.1, or with that of 1.0 and that of 1.1.
fn is_context(context: &Value) -> bool {
	match context {
		Value::String(context) => context == TD_1_1,
		Value::Array(contexts) => {
			let mut contexts = contexts.iter().map(Value::as_str);
			match contexts.next().flatten() {
				Some(TD_1_1) => true,
				Some(TD_1_0) => contexts.next().flatten() == Some(TD_1_1),
				_ => false,
			}
		},
		_ => false,
	}
}

fn is_scheme(definition: &Value) -> bool {
	definition.get("scheme").is_some_and(Value::is_string)
}

/// Whether `security` is a name, or a list of at least one, each of a definition.
fn is_defined(security: &Value, definitions: &Map<String, Value>) -> bool {
	let is_name = |name: &Value| name.as_str().is_some_and(|name| definitions.contains_key(name));
	match security {
		Value::Array(names) => !names.is_empty() && names.iter().all(is_name),
		name => is_name(name),
	}
}

fn check_id(id: &Value, device: Did) -> Result<(), ThingFault> {
	let id = id.as_str().filter(|id| is_uri(id)).ok_or(ThingFault::BadId)?;
	match id.parse::<Did>() {
		Ok(other) if other != device => Err(ThingFault::OtherDevice),
		_ => Ok(()),
	}
}

/// The hash that is attached to a device: SHA-256 of the description's bytes, exactly as they are.
#[must_use]
pub fn thing_hash(bytes: &[u8]) -> Hash32 {
	sp_crypto_hashing::sha2_256(bytes)
}

/// A description's name: a URI that says its hash and its media type (RFC 6920, section 3).
#[must_use]
pub fn thing_name(hash: &Hash32) -> String {
	format!("ni:///sha-256;{}?ct=application/td+json", URL_SAFE_NO_PAD.encode(hash))
}

/// A hash as 0x and 64 hexadecimal digits.
pub(crate) fn hex(hash: &Hash32) -> String {
	let mut text = String::from("0x");
	for byte in hash {
		// Writing to a string never fails.
		let _ = write!(text, "{byte:02x}");
	}
	text
}
