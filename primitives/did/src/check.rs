//! The rules of DID Core 1.0, applied to any JSON: sections 5 (properties), 6.3 (JSON-LD) and 7.1
//! (resolution).

use alloc::{
	borrow::Cow,
	collections::BTreeSet,
	format,
	string::{String, ToString},
};
use core::fmt;

use serde_json::{Map, Value};

use crate::{
	document::DID_CONTEXT,
	multikey::decode_multikey,
	syntax::{is_did, is_did_url, is_uri},
};

/// Most entries of a set.
pub const MAX_ENTRIES: usize = 256;

/// Sets of verification methods, each for a purpose.
const RELATIONSHIPS: [&str; 5] = [
	"authentication",
	"assertionMethod",
	"keyAgreement",
	"capabilityInvocation",
	"capabilityDelegation",
];

/// A map of a document.
type Object = Map<String, Value>;

cairn_coded::coded! {
	/// A rule that a document breaks.
	#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
	pub enum DocumentFault(
		/// The code by which documents and logs name it.
		code: u8,
	) {
		/// What has to be a map is none.
		NotAMap = 1: "Write a JSON object.",
		/// The context is missing, is not a list of URIs and maps, or does not begin with that of DIDs.
		BadContext = 2: "Let @context begin with https://www.w3.org/ns/did/v1.",
		/// The subject's id is missing, or no DID.
		BadId = 3: "Let id be the DID.",
		/// A controller is missing where there has to be one, or no DID.
		BadController = 4: "Let controller be a DID, or a set of them.",
		/// Another name of the subject is no URI.
		BadName = 5: "Let alsoKnownAs be a set of URIs.",
		/// What has to be a set is none.
		NotASet = 6: "Write a JSON array.",
		/// A set that needs an entry has none.
		EmptySet = 7: "Leave the property out.",
		/// A set has an entry twice.
		Repeated = 8: "Name each entry once.",
		/// A set has more than 256 entries.
		TooMany = 9: "Split the document's subject.",
		/// A verification method lacks id or type, or its id is no DID URL.
		BadMethod = 10: "Give it an id that is a DID URL, and one type.",
		/// A verification method's key is written twice, or has another type than its property.
		BadMaterial = 11: "Write the key once: publicKeyMultibase or publicKeyJwk.",
		/// A verification method gives a secret away.
		SecretKey = 12: "Remove the secret, and use another key: this one is not secret any more.",
		/// A Multikey lacks publicKeyMultibase, or its value is no key of a known kind.
		BadMultikey = 13: "Write z and, in base58btc, the multicodec and the bytes of the public key.",
		/// A reference to a verification method is no DID URL.
		BadReference = 14: "Refer to the method by its id.",
		/// A reference leads to no verification method of the document.
		UnknownMethod = 15: "Add the method, or remove the reference.",
		/// A service lacks id or type, or its id is no URI.
		BadService = 16: "Give it an id that is a URI, and a type.",
		/// A service's endpoint is missing, or neither a URI nor a map, nor a set of these.
		BadEndpoint = 17: "Give the URI at which the service is.",
		/// Two parts of the document have the same id.
		DuplicateId = 18: "Give each method and each service an id of its own.",
		/// A resolution lacks its metadata, has a document with an error, or metadata of a wrong type.
		BadResolution = 19: "Answer with a document and its metadata, or with an error only.",
		/// The document is that of another subject than was asked for.
		OtherSubject = 20: "Answer with the document of the DID that was asked for.",
	}
}

/// Where a document breaks which rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
	/// The rule.
	pub fault: DocumentFault,
	/// The property, with the place in a set behind its name.
	pub at: String,
}

impl fmt::Display for Violation {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}: {}", self.at, self.fault)
	}
}

impl core::error::Error for Violation {}

fn violation(fault: DocumentFault, at: &str) -> Violation {
	Violation { fault, at: at.to_string() }
}

/// Check that a JSON value is a DID document in JSON-LD by the rules of DID Core 1.0.
///
/// References that begin with `#` are taken as relative to the document's id. Of verification methods
/// of type `Multikey`, kind and length of the key are checked; Multikeys of kinds that devices do not
/// have are refused. References to methods of other subjects are not followed.
///
/// # Errors
/// The first rule that is broken, in the order in which properties are checked: context, id,
/// controller, other names, verification methods, their purposes, services.
pub fn check_document(document: &Value) -> Result<(), Violation> {
	let document = map(document, DocumentFault::NotAMap, "document")?;
	check_context(document)?;
	let id = document.get("id").and_then(Value::as_str).filter(|id| is_did(id));
	let did = id.ok_or_else(|| violation(DocumentFault::BadId, "id"))?;
	if let Some(controllers) = document.get("controller") {
		check_texts(controllers, "controller", DocumentFault::BadController, is_did)?;
	}
	check_other_names(document)?;
	let mut parts = Parts { did, ids: BTreeSet::new() };
	for (at, method) in entries(document, "verificationMethod")? {
		parts.check_method(method, &at)?;
	}
	let methods = parts.ids.clone();
	for relationship in RELATIONSHIPS {
		parts.check_relationship(document, relationship, &methods)?;
	}
	for (at, service) in entries(document, "service")? {
		parts.check_service(service, &at)?;
	}
	Ok(())
}

/// Check that a JSON value is what a resolver answers to `did`: a valid document of that subject with
/// metadata, or an error without one.
///
/// # Errors
/// The first rule that is broken.
pub fn check_resolution(did: &str, resolution: &Value) -> Result<(), Violation> {
	const BAD: DocumentFault = DocumentFault::BadResolution;
	let resolution = map(resolution, DocumentFault::NotAMap, "resolution")?;
	let about_resolution = metadata(resolution, "didResolutionMetadata")?;
	let about_document = metadata(resolution, "didDocumentMetadata")?;
	let document = resolution.get("didDocument").filter(|document| !document.is_null());
	match (about_resolution.get("error"), document) {
		(Some(Value::String(error)), None) if !error.is_empty() && about_document.is_empty() => {
			Ok(())
		},
		(None, Some(document)) => {
			check_document(document)?;
			if document.get("id").and_then(Value::as_str) != Some(did) {
				return Err(violation(DocumentFault::OtherSubject, "didDocument"));
			}
			match about_document.get("deactivated") {
				None | Some(Value::Bool(_)) => Ok(()),
				Some(_) => Err(violation(BAD, "didDocumentMetadata")),
			}
		},
		_ => Err(violation(BAD, "didResolutionMetadata")),
	}
}

/// Metadata: a map without numbers (section 7.3).
fn metadata<'a>(resolution: &'a Object, name: &str) -> Result<&'a Object, Violation> {
	let found = resolution.get(name).and_then(Value::as_object);
	found
		.filter(|metadata| !metadata.values().any(Value::is_number))
		.ok_or_else(|| violation(DocumentFault::BadResolution, name))
}

/// The parts of a document that have ids.
struct Parts<'a> {
	did: &'a str,
	ids: BTreeSet<String>,
}

impl Parts<'_> {
	/// A reference, relative ones joined to the document's id.
	fn absolute<'t>(&self, reference: &'t str) -> Cow<'t, str> {
		if reference.starts_with('#') {
			Cow::Owned(format!("{}{reference}", self.did))
		} else {
			Cow::Borrowed(reference)
		}
	}

	/// Whether a DID URL is one of the document's own.
	fn is_own(&self, url: &str) -> bool {
		let rest = url.strip_prefix(self.did);
		rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['#', '/', '?']))
	}

	/// Give a part its id, unless another part has it.
	fn take(&mut self, id: String, at: &str) -> Result<(), Violation> {
		if self.ids.insert(id) { Ok(()) } else { Err(violation(DocumentFault::DuplicateId, at)) }
	}

	fn check_method(&mut self, method: &Value, at: &str) -> Result<(), Violation> {
		const BAD: DocumentFault = DocumentFault::BadMethod;
		let method = map(method, BAD, at)?;
		let id = self.absolute(text(method, "id", BAD, at)?);
		if !is_did_url(&id) {
			return Err(violation(BAD, at));
		}
		let kind = text(method, "type", BAD, at)?;
		if !is_did(text(method, "controller", DocumentFault::BadController, at)?) {
			return Err(violation(DocumentFault::BadController, at));
		}
		check_material(method, kind, at)?;
		self.take(id.into_owned(), at)
	}

	/// Check a set of references to `methods`, and of methods for this purpose only.
	fn check_relationship(
		&mut self,
		document: &Object,
		name: &'static str,
		methods: &BTreeSet<String>,
	) -> Result<(), Violation> {
		if matches!(document.get(name), Some(Value::Array(entries)) if entries.is_empty()) {
			return Err(violation(DocumentFault::EmptySet, name));
		}
		let mut seen = BTreeSet::new();
		for (at, entry) in entries(document, name)? {
			let Value::String(reference) = entry else {
				self.check_method(entry, &at)?;
				continue;
			};
			let url = self.absolute(reference);
			if !is_did_url(&url) {
				return Err(violation(DocumentFault::BadReference, &at));
			}
			if self.is_own(&url) && !methods.contains(&*url) {
				return Err(violation(DocumentFault::UnknownMethod, &at));
			}
			if !seen.insert(url) {
				return Err(violation(DocumentFault::Repeated, &at));
			}
		}
		Ok(())
	}

	fn check_service(&mut self, service: &Value, at: &str) -> Result<(), Violation> {
		const BAD: DocumentFault = DocumentFault::BadService;
		let service = map(service, BAD, at)?;
		let id = self.absolute(text(service, "id", BAD, at)?);
		if !is_uri(&id) {
			return Err(violation(BAD, at));
		}
		let kinds = service.get("type").ok_or_else(|| violation(BAD, at))?;
		check_texts(kinds, at, BAD, |kind| !kind.is_empty())?;
		let missing = || violation(DocumentFault::BadEndpoint, at);
		for endpoint in one_or_more(service.get("serviceEndpoint").ok_or_else(missing)?, at)? {
			let is_good = match endpoint {
				Value::String(endpoint) => is_uri(endpoint),
				other => other.is_object(),
			};
			if !is_good {
				return Err(missing());
			}
		}
		self.take(id.into_owned(), at)
	}
}

/// Check a verification method's key: written once, public, and of its type.
fn check_material(method: &Object, kind: &str, at: &str) -> Result<(), Violation> {
	let (jwk, multibase) = (method.get("publicKeyJwk"), method.get("publicKeyMultibase"));
	let has_secret = jwk.is_some_and(|jwk| jwk.get("d").is_some());
	if has_secret || method.contains_key("secretKeyMultibase") {
		return Err(violation(DocumentFault::SecretKey, at));
	}
	let is_typed = jwk.is_none_or(Value::is_object) && multibase.is_none_or(Value::is_string);
	if !is_typed || (jwk.is_some() && multibase.is_some()) {
		return Err(violation(DocumentFault::BadMaterial, at));
	}
	if kind != "Multikey" {
		return Ok(());
	}
	let key = multibase.and_then(Value::as_str).map(decode_multikey);
	match key {
		Some(Ok(_)) => Ok(()),
		Some(Err(_)) | None => Err(violation(DocumentFault::BadMultikey, at)),
	}
}

fn check_context(document: &Object) -> Result<(), Violation> {
	const AT: &str = "@context";
	let bad = || violation(DocumentFault::BadContext, AT);
	let contexts = one_or_more(document.get(AT).ok_or_else(bad)?, AT)?;
	if contexts.first().and_then(Value::as_str) != Some(DID_CONTEXT) {
		return Err(bad());
	}
	let mut seen = BTreeSet::new();
	for context in contexts {
		match context {
			Value::String(uri) if !is_uri(uri) => return Err(bad()),
			Value::String(uri) if !seen.insert(uri) => {
				return Err(violation(DocumentFault::Repeated, AT));
			},
			Value::String(_) | Value::Object(_) => {},
			_ => return Err(bad()),
		}
	}
	Ok(())
}

fn check_other_names(document: &Object) -> Result<(), Violation> {
	let mut seen = BTreeSet::new();
	for (at, name) in entries(document, "alsoKnownAs")? {
		let uri = name.as_str().filter(|name| is_uri(name));
		if !seen.insert(uri.ok_or_else(|| violation(DocumentFault::BadName, &at))?) {
			return Err(violation(DocumentFault::Repeated, &at));
		}
	}
	Ok(())
}

/// Check one text or a set of them: all good, none twice.
fn check_texts(
	value: &Value,
	at: &str,
	fault: DocumentFault,
	is_good: impl Fn(&str) -> bool,
) -> Result<(), Violation> {
	let mut seen = BTreeSet::new();
	for value in one_or_more(value, at)? {
		let text = value.as_str().filter(|text| is_good(text));
		if !seen.insert(text.ok_or_else(|| violation(fault, at))?) {
			return Err(violation(DocumentFault::Repeated, at));
		}
	}
	Ok(())
}

fn map<'a>(value: &'a Value, fault: DocumentFault, at: &str) -> Result<&'a Object, Violation> {
	value.as_object().ok_or_else(|| violation(fault, at))
}

/// A text that has to be there.
fn text<'a>(
	map: &'a Object,
	name: &str,
	fault: DocumentFault,
	at: &str,
) -> Result<&'a str, Violation> {
	let found = map.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
	found.ok_or_else(|| violation(fault, at))
}

/// The entries of a set that may be missing, each with its place.
fn entries<'a>(
	map: &'a Object,
	name: &'static str,
) -> Result<impl Iterator<Item = (String, &'a Value)>, Violation> {
	let values: &[Value] = match map.get(name) {
		None => &[],
		Some(Value::Array(values)) if values.len() > MAX_ENTRIES => {
			return Err(violation(DocumentFault::TooMany, name));
		},
		Some(Value::Array(values)) => values,
		Some(_) => return Err(violation(DocumentFault::NotASet, name)),
	};
	Ok(values.iter().enumerate().map(move |(place, value)| (format!("{name}[{place}]"), value)))
}

/// A value, or the entries of a set of at least one.
fn one_or_more<'a>(value: &'a Value, at: &str) -> Result<&'a [Value], Violation> {
	match value {
		Value::Array(values) if values.is_empty() => Err(violation(DocumentFault::EmptySet, at)),
		Value::Array(values) if values.len() > MAX_ENTRIES => {
			Err(violation(DocumentFault::TooMany, at))
		},
		Value::Array(values) => Ok(values.as_slice()),
		one => Ok(core::slice::from_ref(one)),
	}
}
