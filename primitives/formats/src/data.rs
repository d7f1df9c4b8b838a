//! Binary data in text: base64 as SenML and as packet forwarders write it.

use alloc::{string::String, vec::Vec};

use base64::{
	Engine, alphabet,
	engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use crate::{Cause, work};

/// Padding may be there or not.
const ANY_PADDING: GeneralPurposeConfig = GeneralPurposeConfig::new()
	.with_encode_padding(false)
	.with_decode_padding_mode(DecodePaddingMode::Indifferent);
/// RFC 4648 §5.
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, ANY_PADDING);

/// The bytes of a base64 text in the alphabet for URLs, with or without padding.
pub(crate) fn decode_url_safe(text: &str) -> Result<Vec<u8>, Cause> {
	work::add(text.len());
	URL_SAFE.decode(text).map_err(|_| Cause::BadData)
}

/// The bytes of a base64 text in either alphabet or both, with or without padding: packet
/// forwarders mix them.
pub(crate) fn decode_any(text: &str) -> Result<Vec<u8>, Cause> {
	let url_safe = text.bytes().map(|byte| match byte {
		b'+' => b'-',
		b'/' => b'_',
		other => other,
	});
	work::add(text.len());
	URL_SAFE.decode(url_safe.collect::<Vec<_>>()).map_err(|_| Cause::BadData)
}

/// Base64 in the alphabet for URLs, without padding.
pub(crate) fn encode_url_safe(bytes: &[u8]) -> String {
	URL_SAFE.encode(bytes)
}
