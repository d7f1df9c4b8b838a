//! A document with its metadata, or why there is none: what a resolver answers (DID Core 1.0,
//! section 7.1).

use alloc::string::String;

use cairn_types::{DeviceId, Hash32};
use serde::Serialize;

use crate::{
	document::Document,
	facts::Facts,
	syntax::{Did, DidError},
	thing::hex,
};

/// Why there is no document, in the words of DID Core and of the registry of DID extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ResolutionError {
	/// The text is not the DID of anything.
	InvalidDid,
	/// The chain never had such a device.
	NotFound,
	/// The DID is of another method.
	MethodNotSupported,
}

/// What a resolver answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Resolution {
	/// The document; `null` if there is none.
	pub did_document: Option<Document>,
	/// Of the resolution.
	pub did_resolution_metadata: ResolutionMetadata,
	/// Of the document.
	pub did_document_metadata: DocumentMetadata,
}

/// Of a resolution: why it failed, or of which chain and block the document is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResolutionMetadata {
	/// Why there is no document.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub error: Option<ResolutionError>,
	/// The same in a sentence.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub cause: Option<&'static str>,
	/// What to do about it.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub remedy: Option<&'static str>,
	/// Hash of the chain's first block, 0x and hexadecimal digits.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub genesis: Option<String>,
	/// Hash of the block whose state the document is made of, 0x and hexadecimal digits.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub block_hash: Option<String>,
}

/// Of a document. Times and versions are not in it: the chain keeps none of the device's changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DocumentMetadata {
	/// Whether the device has ended; missing if there is no document.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub deactivated: Option<bool>,
}

impl DidError {
	/// What a resolver calls it.
	#[must_use]
	pub const fn resolution_error(self) -> ResolutionError {
		match self {
			Self::OtherMethod => ResolutionError::MethodNotSupported,
			Self::TooLong | Self::NotADid | Self::IsUrl | Self::NotAnId => {
				ResolutionError::InvalidDid
			},
		}
	}
}

impl Resolution {
	/// The document of a device, made of the state of a block.
	#[must_use]
	pub fn found(facts: &Facts, block: &Hash32) -> Self {
		let Facts::V1(known) = facts;
		Self {
			did_document: Some(Document::new(facts)),
			did_resolution_metadata: ResolutionMetadata {
				genesis: Some(hex(&known.genesis)),
				block_hash: Some(hex(block)),
				..ResolutionMetadata::default()
			},
			did_document_metadata: DocumentMetadata { deactivated: Some(known.live.is_none()) },
		}
	}

	/// There is no such device.
	#[must_use]
	pub fn not_found() -> Self {
		Self::failed(
			ResolutionError::NotFound,
			"The chain never had a device with this id.",
			"Take the id that the registration printed, and ask a node of the right chain.",
		)
	}

	/// The text is no DID of a device.
	#[must_use]
	pub fn refused(error: DidError) -> Self {
		Self::failed(error.resolution_error(), error.cause(), error.remedy())
	}

	fn failed(error: ResolutionError, cause: &'static str, remedy: &'static str) -> Self {
		Self {
			did_document: None,
			did_resolution_metadata: ResolutionMetadata {
				error: Some(error),
				cause: Some(cause),
				remedy: Some(remedy),
				..ResolutionMetadata::default()
			},
			did_document_metadata: DocumentMetadata::default(),
		}
	}
}

/// Resolve a DID, given what the chain knows of devices in the state of `block`.
///
/// # Errors
/// Whatever `facts` fails with. That there is no document is an answer, not an error.
pub fn resolve<E>(
	did: &str,
	block: &Hash32,
	facts: impl FnOnce(DeviceId) -> Result<Option<Facts>, E>,
) -> Result<Resolution, E> {
	let Did(device) = match did.parse::<Did>() {
		Ok(did) => did,
		Err(error) => return Ok(Resolution::refused(error)),
	};
	let known = facts(device)?;
	Ok(known.map_or_else(Resolution::not_found, |facts| Resolution::found(&facts, block)))
}
