//! Public keys as W3C Multikeys: `z`, and in base58btc the key's multicodec and the key.
//!
//! Sources: Controlled Identifiers 1.0, sections 2.2.2 and 2.4; the table of multicodecs.

use alloc::{string::String, vec::Vec};

use cairn_types::{DeviceKey, RootKey};

/// Most bytes of a text that is read as a Multikey: base58 takes time that grows with their square.
const MAX_TEXT: usize = 128;

cairn_coded::coded! {
	/// Why a text is no Multikey.
	#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
	pub enum MultikeyError(
		/// The code by which documents and logs name it.
		code: u8,
	) {
		/// The text is longer than any key that is read here.
		TooLong = 1: "Give a public key of a kind that devices have.",
		/// The text is not in base58btc.
		NotBase58 = 2: "Write the key as z and base58btc.",
		/// The key is of a kind that devices do not have.
		UnknownCodec = 3: "Use ed25519, sr25519, secp256k1 or P-256.",
		/// The key is shorter or longer than keys of its kind.
		WrongLength = 4: "Give 32 bytes for ed25519 and sr25519, 33 for secp256k1 and P-256.",
		/// The bytes are no compressed point.
		NotAPoint = 5: "Give a compressed point: 02 or 03, and the x coordinate.",
	}
}

/// A kind of public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
	/// `ed25519-pub`, 0xed.
	Ed25519,
	/// `sr25519-pub`, 0xef: a draft in the table of multicodecs, and in no W3C recommendation.
	Sr25519,
	/// `secp256k1-pub`, 0xe7: a compressed point.
	Secp256k1,
	/// `p256-pub`, 0x1200: a compressed point.
	P256,
}

impl Codec {
	/// Every kind.
	pub const ALL: [Self; 4] = [Self::Ed25519, Self::Sr25519, Self::Secp256k1, Self::P256];

	/// The multicodec as an unsigned varint.
	#[must_use]
	pub const fn prefix(self) -> [u8; 2] {
		match self {
			Self::Ed25519 => [0xed, 0x01],
			Self::Sr25519 => [0xef, 0x01],
			Self::Secp256k1 => [0xe7, 0x01],
			Self::P256 => [0x80, 0x24],
		}
	}

	/// Bytes of a key.
	#[must_use]
	pub const fn key_len(self) -> usize {
		match self {
			Self::Ed25519 | Self::Sr25519 => 32,
			Self::Secp256k1 | Self::P256 => 33,
		}
	}

	/// Whether keys are compressed points.
	const fn is_compressed(self) -> bool {
		matches!(self, Self::Secp256k1 | Self::P256)
	}
}

/// A key as a Multikey. The bytes are taken as they are: [`decode_multikey`] checks them.
#[must_use]
pub fn encode_multikey(codec: Codec, key: &[u8]) -> String {
	let mut text = String::from("z");
	text.push_str(&bs58::encode([codec.prefix().as_slice(), key].concat()).into_string());
	text
}

/// The kind and the bytes of a Multikey.
///
/// # Errors
/// [`MultikeyError`], the first that fits. Whether a point lies on its curve is not looked at.
pub fn decode_multikey(text: &str) -> Result<(Codec, Vec<u8>), MultikeyError> {
	if text.len() > MAX_TEXT {
		return Err(MultikeyError::TooLong);
	}
	let digits = text.strip_prefix('z').ok_or(MultikeyError::NotBase58)?;
	let bytes = bs58::decode(digits).into_vec().map_err(|_| MultikeyError::NotBase58)?;
	let codec = Codec::ALL
		.into_iter()
		.find(|codec| bytes.starts_with(&codec.prefix()))
		.ok_or(MultikeyError::UnknownCodec)?;
	let key = bytes.get(codec.prefix().len()..).unwrap_or_default();
	if key.len() != codec.key_len() {
		return Err(MultikeyError::WrongLength);
	}
	if codec.is_compressed() && !matches!(key.first(), Some(2 | 3)) {
		return Err(MultikeyError::NotAPoint);
	}
	Ok((codec, key.to_vec()))
}

/// An operational key as a Multikey.
pub(crate) fn device_multikey(key: &DeviceKey) -> String {
	match key {
		DeviceKey::Ed25519(key) => encode_multikey(Codec::Ed25519, &key.0),
		DeviceKey::Sr25519(key) => encode_multikey(Codec::Sr25519, &key.0),
		DeviceKey::Secp256k1(key) => encode_multikey(Codec::Secp256k1, &key.0),
	}
}

/// A root key as a Multikey.
pub(crate) fn root_multikey(key: &RootKey) -> String {
	match key {
		RootKey::P256(key) => encode_multikey(Codec::P256, &key.0),
	}
}
