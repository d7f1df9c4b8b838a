//! Accounts that sign transactions.

use std::{fs, path::Path};

use sp_core::{Pair, sr25519};
use subxt::utils::{AccountId32, MultiSignature};

use crate::{account::account_text, config::CairnConfig, error::Error};

/// An sr25519 key pair that pays for and signs transactions.
#[derive(Clone)]
pub struct Signer {
	pair: sr25519::Pair,
}

impl Signer {
	/// From a secret: mnemonic, 0x-prefixed seed, each with derivations, or a development key.
	///
	/// # Errors
	/// [`Error::BadSecret`] if it is none of these.
	pub fn from_suri(suri: &str) -> Result<Self, Error> {
		Self::parse(suri, "the --suri")
	}

	/// From a file that holds a secret as [`Signer::from_suri`] takes it, readable by its owner only.
	///
	/// # Errors
	/// [`Error::KeyFile`] if it cannot be read or others may read it; [`Error::BadSecret`].
	pub fn from_file(path: &Path) -> Result<Self, Error> {
		ensure_private(path)?;
		let text = fs::read_to_string(path).map_err(|cause| Error::KeyFile {
			path: path.display().to_string(),
			cause: cause.to_string(),
			remedy: "name a file that holds a mnemonic or a 0x-prefixed seed".to_owned(),
		})?;
		Self::parse(text.trim(), &format!("the content of {}", path.display()))
	}

	fn parse(suri: &str, what: &str) -> Result<Self, Error> {
		let pair = sr25519::Pair::from_string(suri, None).map_err(|cause| Error::BadSecret {
			what: what.to_owned(),
			cause: format!("{cause:?}"),
		})?;
		Ok(Self { pair })
	}

	/// The account's 32 bytes.
	#[must_use]
	pub fn account(&self) -> [u8; 32] {
		self.pair.public().0
	}

	/// The account in SS58.
	#[must_use]
	pub fn address(&self) -> String {
		account_text(&self.account())
	}
}

impl std::fmt::Debug for Signer {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.debug_tuple("Signer").field(&self.address()).finish()
	}
}

impl subxt::tx::Signer<CairnConfig> for Signer {
	fn account_id(&self) -> AccountId32 {
		AccountId32(self.account())
	}

	fn sign(&self, signer_payload: &[u8]) -> MultiSignature {
		MultiSignature::Sr25519(self.pair.sign(signer_payload).0)
	}
}

/// Refuse a secret that others on this machine may read.
#[cfg(unix)]
fn ensure_private(path: &Path) -> Result<(), Error> {
	use std::os::unix::fs::PermissionsExt;

	let file = |cause: String, remedy: String| Error::KeyFile {
		path: path.display().to_string(),
		cause,
		remedy,
	};
	let metadata = fs::metadata(path).map_err(|cause| {
		file(cause.to_string(), "name an existing file with a secret".to_owned())
	})?;
	let mode = metadata.permissions().mode() & 0o777;
	if mode & 0o077 == 0 {
		return Ok(());
	}
	Err(file(
		format!("others may read it (mode {mode:o})"),
		format!("chmod 600 {}", path.display()),
	))
}

#[cfg(not(unix))]
fn ensure_private(_: &Path) -> Result<(), Error> {
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn works_when_the_secret_is_a_development_key() {
		let alice = Signer::from_suri("//Alice").expect("development key");
		assert_eq!(alice.address(), "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");
		assert!(!format!("{alice:?}").contains("Alice"));
	}

	#[test]
	fn fails_when_the_secret_is_none_and_does_not_tell_it() {
		let error = Signer::from_suri("correct horse battery").expect_err("no mnemonic");
		assert!(!error.to_string().contains("horse"));
	}
}
