//! Certificate files: JSON for people, with the certificate itself as SCALE in hex.

use std::{fs, path::Path};

use cairn_types::{Certificate, CertificateClaim, DeviceKey, DeviceSignature, Hash32};
use codec::{DecodeAll, Encode};
use serde::{Deserialize, Serialize};

use super::{error::OwnerError, format};
use crate::agent::DevicePair;

/// What a certificate file says. Only `certificate` counts; the rest is for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CertificateFile {
	/// SCALE of the certificate, in hex.
	pub(crate) certificate: String,
	/// Which key it certifies.
	pub(crate) device_key: String,
	/// Who certifies.
	pub(crate) maker: u32,
	/// Which of the maker's keys signed.
	pub(crate) key_index: u8,
	/// The maker's name of the model.
	pub(crate) model: String,
	/// The maker's serial number.
	pub(crate) serial: String,
	/// When it ends, ms since the epoch.
	pub(crate) expiry: u64,
	/// Hash of the first block of the chain that it is for.
	pub(crate) genesis: String,
}

/// Sign a claim for a device's key.
///
/// # Errors
/// If the maker's key is not ed25519.
pub(crate) fn sign(
	pair: &DevicePair,
	genesis: &Hash32,
	device: &DeviceKey,
	claim: CertificateClaim,
) -> Result<Certificate, OwnerError> {
	match pair.sign(&claim.message(genesis, device)) {
		DeviceSignature::Ed25519(signature) => Ok(Certificate { claim, signature }),
		_ => Err(OwnerError::usage(
			"makers sign certificates with ed25519 keys",
			"make a key with `cairn agent key --key FILE`",
		)),
	}
}

impl CertificateFile {
	/// What the file of a certificate says.
	pub(crate) fn new(certificate: &Certificate, device: &DeviceKey, genesis: &Hash32) -> Self {
		let claim = &certificate.claim;
		Self {
			certificate: format!("0x{}", hex::encode(certificate.encode())),
			device_key: format::device_key(device),
			maker: claim.maker.0,
			key_index: claim.key_index,
			model: format::text(&claim.model),
			serial: format::text(&claim.serial),
			expiry: claim.expiry,
			genesis: format::hash(genesis),
		}
	}

	/// Write it.
	///
	/// # Errors
	/// If the file cannot be written.
	pub(crate) fn write(&self, path: &Path) -> Result<(), OwnerError> {
		let text = serde_json::to_string_pretty(self).map_err(std::io::Error::other)?;
		fs::write(path, format!("{text}\n")).map_err(|cause| OwnerError::File {
			path: path.display().to_string(),
			cause: cause.to_string(),
			remedy: "name a file in a directory that you can write".to_owned(),
		})
	}
}

/// Read a certificate: a certificate file, or nothing but its SCALE in hex.
///
/// # Errors
/// If the file is missing or holds none.
pub(crate) fn read(path: &Path) -> Result<Certificate, OwnerError> {
	let failed = |cause: String| OwnerError::File {
		path: path.display().to_string(),
		cause,
		remedy: "ask the maker for it: `cairn maker certify` writes one".to_owned(),
	};
	let text = fs::read_to_string(path).map_err(|cause| failed(cause.to_string()))?;
	parse(&text).map_err(failed)
}

fn parse(text: &str) -> Result<Certificate, String> {
	let text = text.trim();
	let digits = if text.starts_with('{') {
		let file = serde_json::from_str::<CertificateFile>(text);
		file.map_err(|cause| cause.to_string())?.certificate
	} else {
		text.to_owned()
	};
	let digits = digits.strip_prefix("0x").unwrap_or(&digits);
	let bytes = hex::decode(digits).map_err(|_| "it holds no certificate in hex".to_owned())?;
	Certificate::decode_all(&mut bytes.as_slice())
		.map_err(|cause| format!("it holds no certificate of this release ({cause})"))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::agent::Scheme;
	use cairn_types::MakerId;
	use sp_core::bounded::BoundedVec;

	const GENESIS: Hash32 = [3; 32];

	fn made() -> (Certificate, DeviceKey, DevicePair) {
		let maker = DevicePair::from_seed(Scheme::Ed25519, &[1; 32]);
		let device = DevicePair::from_seed(Scheme::Sr25519, &[2; 32]).public();
		let claim = CertificateClaim {
			maker: MakerId(4),
			key_index: 1,
			model: BoundedVec::truncate_from(b"M-1".to_vec()),
			serial: BoundedVec::truncate_from(b"0001".to_vec()),
			expiry: 5_000,
		};
		let certificate = sign(&maker, &GENESIS, &device, claim).expect("an ed25519 key");
		(certificate, device, maker)
	}

	#[test]
	fn a_certificate_is_the_makers_signature_for_the_key() {
		let (certificate, device, maker) = made();
		let message = certificate.claim.message(&GENESIS, &device);
		let signature = DeviceSignature::Ed25519(certificate.signature);
		assert!(maker.public().verify(&message, &signature));
	}

	#[test]
	fn works_when_a_file_is_read_back() {
		let (certificate, device, _) = made();
		let directory = tempfile::tempdir().expect("a temporary directory");
		let path = directory.path().join("device.json");
		let file = CertificateFile::new(&certificate, &device, &GENESIS);
		file.write(&path).expect("writable");
		assert_eq!(read(&path).expect("a certificate"), certificate);
		assert_eq!(parse(&file.certificate), Ok(certificate.clone()));
		assert_eq!(parse(file.certificate.trim_start_matches("0x")), Ok(certificate));
		assert_eq!(file.serial, "0001");
	}

	#[test]
	fn fails_when_it_is_no_certificate() {
		let (certificate, _, _) = made();
		let longer = format!("{}00", hex::encode(certificate.encode()));
		for text in ["", "0x", "{}", "zz", "0x00", &longer] {
			assert!(parse(text).is_err(), "{text}");
		}
	}
}
