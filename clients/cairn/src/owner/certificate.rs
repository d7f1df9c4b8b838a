//! Certificate files: JSON for people, with the certificate itself as SCALE in hex.

use std::{fs, path::Path};

use cairn_types::{
	Certificate, CertificateClaim, CertificateV1, DeviceKey, DeviceSignature, Hash32, Identity,
};
use codec::{DecodeAll, Encode};
use serde::{Deserialize, Serialize};

use super::{error::OwnerError, format};
use crate::agent::DevicePair;

/// What a certificate file says. Only `certificate` counts; the rest is for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CertificateFile {
	/// SCALE of the certificate, in hex.
	pub(crate) certificate: String,
	/// Which key it certifies: the device's root key, or the one that signs its readings.
	pub(crate) device_key: String,
	/// Who certifies.
	pub(crate) maker: u32,
	/// Which of the maker's keys signed.
	pub(crate) key_index: u8,
	/// The maker's name of the model.
	pub(crate) model: String,
	/// The maker's name of the batch of manufacture.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub(crate) batch: Option<String>,
	/// The maker's serial number.
	pub(crate) serial: String,
	/// When it ends, ms since the epoch.
	pub(crate) expiry: u64,
	/// Hash of the first block of the chain that it is for.
	pub(crate) genesis: String,
}

/// Sign a claim for a device's key: a certificate of the first version.
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
		DeviceSignature::Ed25519(signature) => {
			Ok(Certificate::V1(CertificateV1 { claim, signature }))
		},
		_ => Err(OwnerError::usage(
			"makers sign certificates with ed25519 keys",
			"make a key with `cairn agent key --key FILE`",
		)),
	}
}

impl CertificateFile {
	/// What the file of a certificate says.
	pub(crate) fn new(certificate: &Certificate, device: &Identity, genesis: &Hash32) -> Self {
		let batch = match certificate {
			Certificate::V1(_) => None,
			Certificate::V2(certificate) => Some(format::text(&certificate.claim.batch)),
		};
		Self {
			certificate: format!("0x{}", hex::encode(certificate.encode())),
			device_key: match device {
				Identity::Operational(key) => format::device_key(key),
				Identity::Root(key) => format::root_key(key),
			},
			maker: certificate.maker().0,
			key_index: certificate.key_index(),
			model: format::text(certificate.model()),
			batch,
			serial: format::text(certificate.serial()),
			expiry: certificate.expiry(),
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
	use cairn_types::{
		CertificateClaimV2, CertificateV2, CertifierKey, CertifierSignature, MakerId, P256Pair,
		RootKey,
	};
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
		let DeviceKey::Ed25519(public) = maker.public() else { panic!("an ed25519 key") };
		let certifier = CertifierKey::Ed25519(public);
		assert!(certificate.is_signed_by(&certifier, &GENESIS, &device, None));
	}

	#[test]
	fn a_certificate_of_a_root_key_is_read_back() {
		let (pair, root) = (P256Pair::from_secret(&[1; 32]), P256Pair::from_secret(&[2; 32]));
		let (pair, root) = (pair.expect("a scalar"), root.expect("a scalar"));
		let identity = Identity::Root(RootKey::P256(root.public()));
		let name = |text: &str| BoundedVec::truncate_from(text.as_bytes().to_vec());
		let claim = CertificateClaimV2 {
			maker: MakerId(4),
			key_index: 1,
			model: name("M-1"),
			batch: name("2026-31"),
			serial: name("0001"),
			expiry: 5_000,
		};
		let signature = CertifierSignature::P256(pair.sign(&claim.message(&GENESIS, &identity)));
		let certificate = Certificate::V2(CertificateV2 { claim, signature });
		let file = CertificateFile::new(&certificate, &identity, &GENESIS);
		assert!(file.device_key.starts_with("p256:"));
		assert_eq!(file.batch.as_deref(), Some("2026-31"));
		let text = serde_json::to_string(&file).expect("serializes");
		assert_eq!(parse(&text), Ok(certificate));
	}

	#[test]
	fn works_when_a_file_is_read_back() {
		let (certificate, device, _) = made();
		let directory = tempfile::tempdir().expect("a temporary directory");
		let path = directory.path().join("device.json");
		let file = CertificateFile::new(&certificate, &Identity::Operational(device), &GENESIS);
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
