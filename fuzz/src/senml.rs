//! SenML: packs in JSON and CBOR.

use cairn_formats::{Cause, senml};

use crate::records::{LIMITS, NOW, read};

/// A pack in JSON.
///
/// # Panics
/// As [`crate::Target::run`] says; also if a pack whose end is missing is read.
#[must_use]
pub fn json(input: &[u8]) -> bool {
	let records = read(input, |input, limits| senml::decode_json(input, NOW, limits));
	let Some(records) = records else { return false };
	assert!(records.iter().all(|record| record.time.is_some()));
	if let Some((_, cut)) = input.trim_ascii_end().split_last() {
		assert!(senml::decode_json(cut, NOW, &LIMITS).is_err(), "the end is missing");
	}
	true
}

/// A pack in CBOR.
///
/// # Panics
/// As [`crate::Target::run`] says; also if a pack whose end is missing is read, or one that something
/// follows.
#[must_use]
pub fn cbor(input: &[u8]) -> bool {
	let records = read(input, |input, limits| senml::decode_cbor(input, NOW, limits));
	let Some(records) = records else { return false };
	assert!(records.iter().all(|record| record.time.is_some()));
	if let Some((_, cut)) = input.split_last() {
		assert!(senml::decode_cbor(cut, NOW, &LIMITS).is_err(), "the end is missing");
	}
	let longer = [input, &[0]].concat();
	assert_eq!(senml::decode_cbor(&longer, NOW, &LIMITS), Err(Cause::Malformed.at(0)));
	true
}
