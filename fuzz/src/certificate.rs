//! Makers' certificates.

use cairn_types::Certificate;
use codec::Decode;

use crate::{memory, world};

/// A certificate in SCALE. Accepted if a known maker has signed it for the known device.
///
/// # Panics
/// As [`crate::Target::run`] says; also if anything but what the makers have signed passes for it.
#[must_use]
pub fn certificate(input: &[u8]) -> bool {
	let makers = world::makers();
	let mut rest = input;
	let decoded = memory::linear(input.len(), || Certificate::decode(&mut rest));
	let Ok(certificate) = decoded else { return false };
	let is_signed = makers.keys.iter().any(|key| {
		[None, Some(&makers.root)]
			.into_iter()
			.any(|root| certificate.is_signed_by(key, &makers.genesis, &makers.device, root))
	});
	assert!(!is_signed || makers.certificates.contains(&certificate), "{certificate:?} is forged");
	is_signed
}
