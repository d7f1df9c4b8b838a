//! Arguments that many commands share.

use std::{convert::Infallible, env, fmt, path::PathBuf, str::FromStr};

use cairn_chain::Signer;

use super::error::OwnerError;

/// Environment variable with the secret of the signing account.
const SURI_VARIABLE: &str = "CAIRN_SURI";

/// Who signs and pays.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Signing {
	/// Secret of the signing account: mnemonic, 0x-prefixed seed or development key (//Alice)
	///
	/// Other users of this machine see it in the process list: prefer --key, or CAIRN_SURI.
	#[arg(long, value_name = "SECRET", conflicts_with = "key")]
	suri: Option<Secret>,

	/// File with the secret of the signing account, readable by you only (mode 0600)
	#[arg(long, value_name = "FILE", aliases = ["owner-key", "operator-key"])]
	key: Option<PathBuf>,

	/// Wait until the transaction's block is final, not only until it is in a block
	#[arg(long)]
	finalized: bool,
}

/// Who signs and pays, where --key is the device's.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct OwnerSigning {
	/// Secret of the owner's account: mnemonic, 0x-prefixed seed or development key (//Alice)
	///
	/// Other users of this machine see it in the process list: prefer --owner-key, or CAIRN_SURI.
	#[arg(long, value_name = "SECRET", conflicts_with = "owner_key")]
	suri: Option<Secret>,

	/// File with the secret of the owner's account, readable by you only (mode 0600)
	#[arg(long, value_name = "FILE")]
	owner_key: Option<PathBuf>,

	/// Wait until the transaction's block is final, not only until it is in a block
	#[arg(long)]
	finalized: bool,
}

/// A secret that is not shown by accident.
#[derive(Clone)]
struct Secret(String);

impl FromStr for Secret {
	type Err = Infallible;

	fn from_str(text: &str) -> Result<Self, Infallible> {
		Ok(Self(text.to_owned()))
	}
}

impl fmt::Debug for Secret {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("***")
	}
}

/// Who signs, and how far to wait.
pub(crate) trait SignBy {
	/// The signing account.
	///
	/// # Errors
	/// If no secret is given, or it is none.
	fn signer(&self) -> Result<Signer, OwnerError>;

	/// Whether to wait for finality.
	fn finalized(&self) -> bool;
}

impl SignBy for Signing {
	fn signer(&self) -> Result<Signer, OwnerError> {
		resolve(self.suri.as_ref(), self.key.as_ref(), "--key")
	}

	fn finalized(&self) -> bool {
		self.finalized
	}
}

impl SignBy for OwnerSigning {
	fn signer(&self) -> Result<Signer, OwnerError> {
		resolve(self.suri.as_ref(), self.owner_key.as_ref(), "--owner-key")
	}

	fn finalized(&self) -> bool {
		self.finalized
	}
}

/// The signer: of --suri, else of the file, else of the environment.
fn resolve(
	suri: Option<&Secret>,
	file: Option<&PathBuf>,
	file_flag: &str,
) -> Result<Signer, OwnerError> {
	if let Some(Secret(suri)) = suri {
		return Ok(Signer::from_suri(suri)?);
	}
	if let Some(file) = file {
		return Ok(Signer::from_file(file)?);
	}
	match env::var(SURI_VARIABLE) {
		Ok(suri) => Ok(Signer::from_suri(suri.trim())?),
		Err(_) => Err(OwnerError::usage(
			"this command signs a transaction, and no account is given",
			format!("give {file_flag} FILE, --suri SECRET, or set {SURI_VARIABLE}"),
		)),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::Parser;

	#[derive(Debug, Parser)]
	struct Cli {
		#[command(flatten)]
		signing: Signing,
	}

	fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
		Cli::try_parse_from(std::iter::once(&"cairn").chain(arguments))
	}

	#[test]
	fn works_when_a_development_key_signs() {
		let cli = parse(&["--suri", "//Alice"]).expect("valid");
		let signer = cli.signing.signer().expect("a development key");
		assert_eq!(signer.address(), "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");
		assert!(!cli.signing.finalized());
	}

	#[test]
	fn a_secret_is_never_shown() {
		let cli = parse(&["--suri", "//Alice"]).expect("valid");
		assert!(!format!("{cli:?}").contains("Alice"));
	}

	#[test]
	fn fails_when_two_keys_are_given() {
		assert!(parse(&["--suri", "//Alice", "--key", "file"]).is_err());
		assert!(parse(&["--suri", "//Alice", "--operator-key", "file"]).is_err());
	}

	#[test]
	fn fails_when_the_key_file_is_missing() {
		let cli = parse(&["--key", "/nowhere/key"]).expect("valid");
		let error = cli.signing.signer().expect_err("no such file").to_string();
		assert!(error.contains("/nowhere/key") && error.contains("Remedy: "), "{error}");
	}
}
