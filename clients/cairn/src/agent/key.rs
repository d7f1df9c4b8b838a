//! The device's key: made once, kept in a file that only its owner may read.

use std::{
	fs,
	io::Write,
	path::{Path, PathBuf},
};

use cairn_types::{DeviceKey, DeviceSignature, Hash32};
use sp_core::{Pair, ecdsa, ed25519, sr25519};

use super::error::Error;
use crate::secret;

/// Kinds of device keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Scheme {
	/// Edwards-curve key (RFC 8032).
	#[default]
	Ed25519,
	/// Schnorrkel key over Ristretto.
	Sr25519,
	/// secp256k1 key.
	Secp256k1,
}

impl Scheme {
	/// Its name in files, paths and options.
	#[must_use]
	pub const fn name(self) -> &'static str {
		match self {
			Self::Ed25519 => "ed25519",
			Self::Sr25519 => "sr25519",
			Self::Secp256k1 => "secp256k1",
		}
	}
}

/// A device's key pair.
#[derive(Clone)]
pub enum DevicePair {
	/// Edwards-curve.
	Ed25519(Box<ed25519::Pair>),
	/// Schnorrkel.
	Sr25519(Box<sr25519::Pair>),
	/// secp256k1.
	Secp256k1(Box<ecdsa::Pair>),
}

impl DevicePair {
	/// From a 32-byte seed.
	#[must_use]
	pub fn from_seed(scheme: Scheme, seed: &[u8; 32]) -> Self {
		match scheme {
			Scheme::Ed25519 => Self::Ed25519(Box::new(ed25519::Pair::from_seed(seed))),
			Scheme::Sr25519 => Self::Sr25519(Box::new(sr25519::Pair::from_seed(seed))),
			Scheme::Secp256k1 => Self::Secp256k1(Box::new(ecdsa::Pair::from_seed(seed))),
		}
	}

	/// The kind of key.
	#[must_use]
	pub const fn scheme(&self) -> Scheme {
		match self {
			Self::Ed25519(_) => Scheme::Ed25519,
			Self::Sr25519(_) => Scheme::Sr25519,
			Self::Secp256k1(_) => Scheme::Secp256k1,
		}
	}

	/// The public key.
	#[must_use]
	pub fn public(&self) -> DeviceKey {
		match self {
			Self::Ed25519(pair) => DeviceKey::Ed25519(pair.public()),
			Self::Sr25519(pair) => DeviceKey::Sr25519(pair.public()),
			Self::Secp256k1(pair) => DeviceKey::Secp256k1(pair.public()),
		}
	}

	/// Sign 32 bytes.
	#[must_use]
	pub fn sign(&self, message: &Hash32) -> DeviceSignature {
		match self {
			Self::Ed25519(pair) => DeviceSignature::Ed25519(pair.sign(message)),
			Self::Sr25519(pair) => DeviceSignature::Sr25519(pair.sign(message)),
			Self::Secp256k1(pair) => DeviceSignature::Secp256k1(pair.sign_prehashed(message)),
		}
	}
}

/// A public key in hex, without its kind.
#[must_use]
pub fn key_hex(key: &DeviceKey) -> String {
	match key {
		DeviceKey::Ed25519(key) => hex::encode(key.0),
		DeviceKey::Sr25519(key) => hex::encode(key.0),
		DeviceKey::Secp256k1(key) => hex::encode(key.0),
	}
}

/// The kind of a public key.
#[must_use]
pub const fn scheme_of(key: &DeviceKey) -> Scheme {
	match key {
		DeviceKey::Ed25519(_) => Scheme::Ed25519,
		DeviceKey::Sr25519(_) => Scheme::Sr25519,
		DeviceKey::Secp256k1(_) => Scheme::Secp256k1,
	}
}

/// Read a key file.
///
/// # Errors
/// [`Error::KeyFile`] if it is not there, others may read it, or it holds no key.
pub fn load(path: &Path) -> Result<DevicePair, Error> {
	let failed =
		|cause: String, remedy: String| Error::KeyFile { path: path.to_path_buf(), cause, remedy };
	let make = || format!("make one with `cairn agent key --key {}`", path.display());
	let text = fs::read_to_string(path).map_err(|cause| failed(cause.to_string(), make()))?;
	if let Some(mode) = open_mode(path) {
		return Err(failed(
			format!("others may read it (mode {mode:o})"),
			format!("chmod 600 {}", path.display()),
		));
	}
	parse(&text).ok_or_else(|| failed("it holds no key".to_owned(), make()))
}

/// Make a key and its file, unless the file is there already; returns the key and whether it is new.
///
/// # Errors
/// [`Error::KeyFile`] if the file cannot be written, or is there and cannot be used.
pub fn load_or_make(path: &Path, scheme: Scheme) -> Result<(DevicePair, bool), Error> {
	if path.exists() {
		return Ok((load(path)?, false));
	}
	let (_, seed) = ed25519::Pair::generate();
	let pair = DevicePair::from_seed(scheme, &seed);
	write(path, &format!("{} 0x{}\n", scheme.name(), hex::encode(seed))).map_err(|cause| {
		Error::KeyFile {
			path: path.to_path_buf(),
			cause: cause.to_string(),
			remedy: "name a file in a directory that this user can write".to_owned(),
		}
	})?;
	Ok((pair, true))
}

/// Scheme and seed, as the file holds them. Pure.
fn parse(text: &str) -> Option<DevicePair> {
	let (name, seed) = text.trim().split_once(' ')?;
	let schemes = [Scheme::Ed25519, Scheme::Sr25519, Scheme::Secp256k1];
	let scheme = schemes.into_iter().find(|scheme| scheme.name() == name)?;
	let seed = hex::decode(seed.trim().strip_prefix("0x")?).ok()?;
	Some(DevicePair::from_seed(scheme, &seed.try_into().ok()?))
}

/// Write a file that only its owner may read, all of it or nothing.
pub(super) fn write(path: &Path, content: &str) -> std::io::Result<()> {
	let directory = match path.parent() {
		Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
		_ => PathBuf::from("."),
	};
	fs::create_dir_all(&directory)?;
	let mut temporary = path.as_os_str().to_owned();
	temporary.push(format!(".{}.new", std::process::id()));
	let temporary = PathBuf::from(temporary);
	let written = create_private(&temporary).and_then(|mut file| {
		file.write_all(content.as_bytes())?;
		file.sync_all()?;
		// Unlike a rename this never replaces a key that somebody made meanwhile.
		fs::hard_link(&temporary, path)
	});
	let removed = fs::remove_file(&temporary);
	written?;
	removed?;
	fs::File::open(&directory)?.sync_all()
}

#[cfg(unix)]
fn create_private(path: &Path) -> std::io::Result<fs::File> {
	use std::os::unix::fs::OpenOptionsExt;

	fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> std::io::Result<fs::File> {
	fs::OpenOptions::new().write(true).create_new(true).open(path)
}

/// The file's mode, if others than its owner may do anything with it.
pub(super) fn open_mode(path: &Path) -> Option<u32> {
	secret::open_mode(&fs::metadata(path).ok()?)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn works_when_a_key_is_made_and_read_back() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		for scheme in [Scheme::Ed25519, Scheme::Sr25519, Scheme::Secp256k1] {
			let path = directory.path().join("keys").join(scheme.name());
			let (made, new) = load_or_make(&path, scheme).expect("made");
			assert!(new);
			let (read, new) = load_or_make(&path, Scheme::default()).expect("read");
			assert!(!new);
			assert_eq!((read.public(), read.scheme()), (made.public(), scheme));
			assert_eq!(scheme_of(&read.public()), scheme);
			let message = [7; 32];
			assert!(made.public().verify(&message, &read.sign(&message)));
			assert_eq!(open_mode(&path), None);
		}
		let files = fs::read_dir(directory.path().join("keys")).expect("lists").count();
		assert_eq!(files, 3);
	}

	#[cfg(unix)]
	#[test]
	fn fails_when_others_may_read_the_key() {
		use std::os::unix::fs::PermissionsExt;

		let directory = tempfile::tempdir().expect("a temporary directory");
		let path = directory.path().join("key");
		load_or_make(&path, Scheme::Ed25519).expect("made");
		fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("chmod");
		let error = load(&path).err().expect("refused");
		assert!(error.to_string().contains("chmod 600"));
	}

	#[test]
	fn fails_when_the_file_holds_no_key() {
		let seed = "11".repeat(32);
		assert!(parse(&format!("ed25519 0x{seed}")).is_some());
		for text in ["", "ed25519", &format!("rsa 0x{seed}"), &seed, "ed25519 0x11"] {
			assert!(parse(text).is_none(), "{text}");
		}
	}
}
