#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

extern crate alloc;

mod check;
mod document;
mod facts;
mod multikey;
mod resolution;
mod syntax;
mod thing;

#[cfg(test)]
mod tests;

pub use check::{DocumentFault, MAX_ENTRIES, Violation, check_document, check_resolution};
pub use document::{
	Context, DID_CONTEXT, Document, SS58_PREFIX, Service, Terms, VerificationMethod,
};
pub use facts::{Facts, FactsV1, GatewayV1, LiveV1};
pub use multikey::{Codec, MultikeyError, decode_multikey, encode_multikey};
pub use resolution::{DocumentMetadata, Resolution, ResolutionError, ResolutionMetadata, resolve};
pub use syntax::{Did, DidError, MAX_DID, is_did, is_did_url, is_uri};
pub use thing::{MAX_THING, ThingFault, check_thing, thing_hash, thing_name};
