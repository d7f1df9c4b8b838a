//! Signatures on P-256, as root keys and makers' keys make them.

use cairn_types::{Hash32, P256Public, P256Signature};

/// Bytes of a key, of a signature and of a message.
const KEY: usize = 33;
const SIGNATURE: usize = 64;
const MESSAGE: usize = 32;
/// The order of the group, big-endian (SP 800-186, section 3.2.1.3).
const ORDER: [u8; 32] = [
	0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// A key, a signature and a message, one behind the other; what follows is not looked at. Accepted if
/// the signature is the key's over the message.
///
/// # Panics
/// As [`crate::Target::run`] says; also if a signature has a second form, or is good for another key
/// or message.
#[must_use]
pub fn p256(input: &[u8]) -> bool {
	let Some((key, rest)) = input.split_first_chunk::<KEY>() else { return false };
	let Some((signature, rest)) = rest.split_first_chunk::<SIGNATURE>() else { return false };
	let Some((message, _)) = rest.split_first_chunk::<MESSAGE>() else { return false };
	let (key, signature) = (P256Public(*key), P256Signature(*signature));
	let is_good = key.verify(message, &signature);
	if is_good {
		assert!(key.is_valid() && signature.is_low_s());
		unforged(key, signature, message);
	}
	is_good
}

fn unforged(key: P256Public, signature: P256Signature, message: &Hash32) {
	let mut high = signature;
	high.0[32..].copy_from_slice(&negative(&signature.0[32..]));
	assert!(!key.verify(message, &high), "n - s is as good as s");
	let mut other = key;
	other.0[0] ^= 1;
	assert!(!other.verify(message, &signature), "the other point is as good");
	let mut changed = *message;
	changed[31] ^= 1;
	assert!(!key.verify(&changed, &signature), "another message is as good");
}

/// The order less `scalar`, which is below it.
fn negative(scalar: &[u8]) -> [u8; 32] {
	let mut result = ORDER;
	let mut borrow = false;
	for (place, digit) in result.iter_mut().zip(scalar).rev() {
		let (less, first) = place.overflowing_sub(*digit);
		let (less, second) = less.overflowing_sub(u8::from(borrow));
		*place = less;
		borrow = first || second;
	}
	result
}
