//! Consent files: what a maker gives an owner whose device lost its keys. JSON for people, with the
//! consent itself as SCALE in hex.

use std::{fs, path::Path};

use cairn_types::{Approval, DeviceId, DeviceKey, RootKey};
use codec::{DecodeAll, Encode};
use serde::{Deserialize, Serialize};

use super::{error::OwnerError, format};

/// What a consent file says. Only `approval` counts for the chain; the rest says what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ApprovalFile {
	/// SCALE of the consent, in hex.
	pub(crate) approval: String,
	/// For which device.
	pub(crate) device: u64,
	/// Since which block the device has its keys and its owner.
	pub(crate) changed: u32,
	/// Its operational key then.
	pub(crate) key: String,
	/// Its root key then.
	pub(crate) root_key: Option<String>,
}

impl ApprovalFile {
	/// What the file of a consent says.
	pub(crate) fn new(
		approval: &Approval,
		device: DeviceId,
		changed: u32,
		key: &DeviceKey,
		root: Option<&RootKey>,
	) -> Self {
		Self {
			approval: format!("0x{}", hex::encode(approval.encode())),
			device: device.0,
			changed,
			key: format::device_key(key),
			root_key: root.map(format::root_key),
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

	/// Read one.
	///
	/// # Errors
	/// If the file is missing or is none.
	pub(crate) fn read(path: &Path) -> Result<Self, OwnerError> {
		let failed = |cause: String| OwnerError::File {
			path: path.display().to_string(),
			cause,
			remedy: "ask the maker for it: `cairn maker approve` writes one".to_owned(),
		};
		let text = fs::read_to_string(path).map_err(|cause| failed(cause.to_string()))?;
		serde_json::from_str(&text).map_err(|cause| failed(cause.to_string()))
	}

	/// The consent, if it is for this device, its last change and these keys. Pure.
	///
	/// # Errors
	/// What it is for instead.
	pub(crate) fn for_keys(
		&self,
		device: DeviceId,
		changed: u32,
		key: &DeviceKey,
		root: Option<&RootKey>,
	) -> Result<Approval, String> {
		let digits = self.approval.strip_prefix("0x").unwrap_or(&self.approval);
		let bytes = hex::decode(digits).map_err(|_| "it holds no consent in hex".to_owned())?;
		let approval = Approval::decode_all(&mut bytes.as_slice())
			.map_err(|cause| format!("it holds no consent of this release ({cause})"))?;
		if self.device != device.0 {
			return Err(format!("it is for device {}", self.device));
		}
		if self.changed != changed {
			return Err(format!(
				"it is for the device as of block {}; owner or key changed in block {changed}",
				self.changed
			));
		}
		if self.key != format::device_key(key) {
			return Err(format!("it is for the key {}", self.key));
		}
		if self.root_key != root.map(format::root_key) {
			let named = self.root_key.as_deref().unwrap_or("none");
			return Err(format!("it is for another root key: {named}"));
		}
		Ok(approval)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_types::{CertifierSignature, P256Public, P256Signature};
	use sp_core::{Pair, ed25519};

	const DEVICE: DeviceId = DeviceId(7);

	fn key(seed: u8) -> DeviceKey {
		DeviceKey::Ed25519(ed25519::Pair::from_seed(&[seed; 32]).public())
	}

	fn root(byte: u8) -> RootKey {
		RootKey::P256(P256Public([byte; 33]))
	}

	fn approval() -> Approval {
		Approval { key_index: 1, signature: CertifierSignature::P256(P256Signature([3; 64])) }
	}

	fn file() -> ApprovalFile {
		ApprovalFile::new(&approval(), DEVICE, 40, &key(1), Some(&root(2)))
	}

	#[test]
	fn works_when_a_file_is_read_back() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let path = directory.path().join("7.approval.json");
		file().write(&path).expect("writable");
		let read = ApprovalFile::read(&path).expect("a consent");
		assert_eq!(read, file());
		assert_eq!(read.for_keys(DEVICE, 40, &key(1), Some(&root(2))), Ok(approval()));
		let plain = ApprovalFile::new(&approval(), DEVICE, 40, &key(1), None);
		assert_eq!(plain.for_keys(DEVICE, 40, &key(1), None), Ok(approval()));
	}

	#[test]
	fn fails_when_it_is_for_something_else() {
		let root = root(2);
		for (given, says) in [
			(file().for_keys(DeviceId(8), 40, &key(1), Some(&root)), "device 7"),
			(file().for_keys(DEVICE, 41, &key(1), Some(&root)), "as of block 40"),
			(file().for_keys(DEVICE, 40, &key(2), Some(&root)), "the key ed25519:"),
			(file().for_keys(DEVICE, 40, &key(1), None), "another root key: p256:"),
		] {
			let error = given.expect_err(says);
			assert!(error.contains(says), "{error}");
		}
	}

	#[test]
	fn fails_when_it_is_no_consent() {
		for text in ["", "0x", "0x00", "zz"] {
			let file = ApprovalFile { approval: text.to_owned(), ..file() };
			assert!(file.for_keys(DEVICE, 40, &key(1), Some(&root(2))).is_err(), "{text}");
		}
		let directory = tempfile::tempdir().expect("a temporary directory");
		assert!(ApprovalFile::read(&directory.path().join("missing")).is_err());
	}
}
