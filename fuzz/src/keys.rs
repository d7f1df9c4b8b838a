//! Keys and signatures as hardware and tools write them.

use cairn_keys::{public_key, signature};

use crate::memory;

/// A file or an answer that may hold a public key or a signature. Accepted if it is either.
///
/// # Panics
/// As [`crate::Target::run`] says; also if what was read is not in the chain's form, or is another one
/// once it is written.
#[must_use]
pub fn keys(input: &[u8]) -> bool {
	let key = memory::linear(input.len(), || public_key(input));
	if let Ok(key) = &key {
		assert!(key.is_valid());
		let text = format!("p256:{}", hex::encode(key.0));
		assert_eq!(public_key(text.as_bytes()).as_ref(), Ok(key));
	}
	let signed = memory::linear(input.len(), || signature(input));
	if let Ok(signed) = &signed {
		assert!(signed.is_low_s());
		assert_eq!(signature(&signed.0).as_ref(), Ok(signed));
		assert_eq!(signature(hex::encode(signed.0).as_bytes()).as_ref(), Ok(signed));
	}
	key.is_ok() || signed.is_ok()
}
