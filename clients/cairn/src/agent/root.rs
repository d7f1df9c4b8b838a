//! Keys on P-256: what secure hardware holds, reached by a program that signs; or, where there is no
//! hardware, in a file.
//!
//! Hardware and libraries give signatures in three forms, half of them with a high `s`; the chain
//! takes one. [`signature`] and [`public_key`] turn what they give into what the chain takes.

use std::{
	fs,
	path::{Path, PathBuf},
	process::Stdio,
	time::Duration,
};

pub use cairn_keys::{public_key, signature};
use cairn_types::{Hash32, P256Pair, P256Public, P256Signature};
use serde::Deserialize;
use sp_core::{Pair, ed25519};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	process::Command,
	time::timeout,
};

use super::{
	error::Error,
	key::{open_mode, write},
};

/// How long a program may take to sign: somebody may have to press a button.
const SIGNING: Duration = Duration::from_secs(60);
/// Longest signature that is read, in bytes: the longest form in hex is far below.
const LONGEST: usize = 1_024;
/// In place of the file with the 32 bytes to sign.
const MESSAGE: &str = "{message}";
/// In place of the file that the signature is to be written to.
const SIGNATURE: &str = "{signature}";
/// Names the kind of key in files and arguments.
const SCHEME: &str = "p256";

/// A key on P-256, and how to sign with it.
pub enum P256Signer {
	/// Its secret is in a file.
	File(Box<P256Pair>),
	/// Hardware has it.
	Program(Program),
}

/// A program that signs with a key that nobody sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
	/// Where it is described.
	path: PathBuf,
	/// The public key.
	public: P256Public,
	/// Program and arguments.
	sign: Vec<String>,
}

/// What a description of a key in hardware says.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Description {
	/// `p256:HEX`, or a file with the public key in PEM or DER, seen from the description.
	public: String,
	/// Program and arguments.
	sign: Vec<String>,
}

impl P256Signer {
	/// Read a key: a file that holds its secret, or a description in TOML of hardware that does.
	///
	/// # Errors
	/// [`Error::KeyFile`] if the file is not there or holds neither; if it holds a secret, also if
	/// others may read it.
	pub fn load(path: &Path) -> Result<Self, Error> {
		let failed = |cause: String, remedy: String| Error::KeyFile {
			path: path.to_path_buf(),
			cause,
			remedy,
		};
		let make = || {
			format!(
				"make one with `cairn agent root-key --root-key {}`, or describe hardware as the \
				 guide on secure hardware shows",
				path.display()
			)
		};
		let text = fs::read_to_string(path).map_err(|cause| failed(cause.to_string(), make()))?;
		if let Some(secret) = text.trim().strip_prefix(SCHEME).filter(|rest| rest.starts_with(' '))
		{
			if let Some(mode) = open_mode(path) {
				return Err(failed(
					format!("others may read it (mode {mode:o})"),
					format!("chmod 600 {}", path.display()),
				));
			}
			let pair =
				parse_secret(secret).ok_or_else(|| failed("no secret".to_owned(), make()))?;
			return Ok(Self::File(Box::new(pair)));
		}
		let program = describe(path, &text).map_err(|cause| failed(cause, make()))?;
		Ok(Self::Program(program))
	}

	/// Make a key and its file, unless the file is there already; returns the key and whether it is
	/// new.
	///
	/// # Errors
	/// [`Error::KeyFile`] if the file cannot be written, or is there and cannot be used.
	pub fn load_or_make(path: &Path) -> Result<(Self, bool), Error> {
		if path.exists() {
			return Ok((Self::load(path)?, false));
		}
		// One secret of 2^32 is none.
		let (pair, secret) = loop {
			let (_, secret) = ed25519::Pair::generate();
			if let Some(pair) = P256Pair::from_secret(&secret) {
				break (pair, secret);
			}
		};
		write(path, &format!("{SCHEME} 0x{}\n", hex::encode(secret))).map_err(|cause| {
			Error::KeyFile {
				path: path.to_path_buf(),
				cause: cause.to_string(),
				remedy: "name a file in a directory that this user can write".to_owned(),
			}
		})?;
		Ok((Self::File(Box::new(pair)), true))
	}

	/// The public key.
	#[must_use]
	pub fn public(&self) -> P256Public {
		match self {
			Self::File(pair) => pair.public(),
			Self::Program(program) => program.public,
		}
	}

	/// Sign 32 bytes: ECDSA with SHA-256, in the form that the chain takes.
	///
	/// # Errors
	/// [`Error::Hardware`] if the program fails, takes longer than a minute, or signs something else
	/// or with another key.
	pub async fn sign(&self, message: &Hash32) -> Result<P256Signature, Error> {
		match self {
			Self::File(pair) => Ok(pair.sign(message)),
			Self::Program(program) => Box::pin(program.sign(message)).await,
		}
	}
}

impl Program {
	async fn sign(&self, message: &Hash32) -> Result<P256Signature, Error> {
		let failed = |cause: String, remedy: &str| Error::Hardware {
			path: self.path.clone(),
			cause,
			remedy: remedy.to_owned(),
		};
		let given = match timeout(SIGNING, self.run(message)).await {
			Ok(given) => given.map_err(|cause| {
				failed(cause, "run the program of `sign` by hand, with a file of 32 bytes")
			})?,
			Err(_) => {
				let cause = format!("the program took longer than {} s", SIGNING.as_secs());
				return Err(failed(cause, "look what it waits for: a button, a password?"));
			},
		};
		let signature = signature(&given).map_err(|cause| {
			failed(cause, "have it written as DER, as r and s of 32 bytes each, or either in hex")
		})?;
		if self.public.verify(message, &signature) {
			return Ok(signature);
		}
		Err(failed(
			"the signature is not this key's over the message".to_owned(),
			"see that `public` is the key that signs, and that it signs with ECDSA and SHA-256",
		))
	}

	/// Run the program on a message; what it gives as a signature.
	async fn run(&self, message: &Hash32) -> Result<Vec<u8>, String> {
		let directory = tempfile::tempdir().map_err(|cause| cause.to_string())?;
		let (given, wanted) =
			(directory.path().join("message"), directory.path().join("signature"));
		fs::write(&given, message).map_err(|cause| cause.to_string())?;
		let has = |name: &str| self.sign.iter().any(|argument| argument.contains(name));
		let (takes_file, gives_file) = (has(MESSAGE), has(SIGNATURE));
		let (given, file) = (given.to_string_lossy(), wanted.to_string_lossy());
		let mut words = self
			.sign
			.iter()
			.map(|argument| argument.replace(MESSAGE, &given).replace(SIGNATURE, &file));
		let program = words.next().ok_or("`sign` names no program")?;

		let mut child = Command::new(&program)
			.args(words)
			// Programs that take a file may ask for a password.
			.stdin(if takes_file { Stdio::inherit() } else { Stdio::piped() })
			.stdout(if gives_file { Stdio::null() } else { Stdio::piped() })
			.kill_on_drop(true)
			.spawn()
			.map_err(|cause| format!("{program} cannot be run: {cause}"))?;
		if let Some(mut input) = child.stdin.take() {
			// A program that does not read it all has its reasons: its signature tells.
			let _ = input.write_all(message).await;
		}
		let mut bytes = Vec::new();
		if let Some(output) = child.stdout.take() {
			let most = u64::try_from(LONGEST).unwrap_or(u64::MAX);
			let read = output.take(most).read_to_end(&mut bytes).await;
			read.map_err(|cause| format!("{program} cannot be read: {cause}"))?;
		}
		let status = child.wait().await.map_err(|cause| cause.to_string())?;
		if !status.success() {
			return Err(format!("{program} ended with {status}"));
		}
		if gives_file { short_file(&wanted) } else { Ok(bytes) }
	}
}

/// The bytes of a file that is not long.
fn short_file(path: &Path) -> Result<Vec<u8>, String> {
	let named = |cause: std::io::Error| format!("no signature was written: {cause}");
	let length = fs::metadata(path).map_err(named)?.len();
	if length > u64::try_from(LONGEST).unwrap_or(u64::MAX) {
		return Err(format!("the file with the signature has {length} bytes"));
	}
	fs::read(path).map_err(named)
}

/// A secret, as a file holds it: 0x and 64 hex digits.
fn parse_secret(text: &str) -> Option<P256Pair> {
	let secret = hex::decode(text.trim().strip_prefix("0x")?).ok()?;
	P256Pair::from_secret(&secret.try_into().ok()?)
}

/// The program that a description names.
fn describe(path: &Path, text: &str) -> Result<Program, String> {
	let Description { public, sign } =
		toml::from_str(text).map_err(|cause| format!("it describes no key: {cause}"))?;
	if sign.is_empty() {
		return Err("`sign` names no program".to_owned());
	}
	let public = if public.starts_with(SCHEME) {
		public_key(public.as_bytes())?
	} else {
		let file = path.parent().unwrap_or(Path::new("")).join(&public);
		let bytes = fs::read(&file).map_err(|cause| format!("{}: {cause}", file.display()))?;
		public_key(&bytes)?
	};
	Ok(Program { path: path.to_path_buf(), public, sign })
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Made with OpenSSL 3.0; what was signed is 0, 1, 2, …, 31.
	const OPENSSL_POINT: &str =
		"036ddc417590b47817b3575971fc1d5e324c11ea895e4396467a5e87a5e0a2b77e";
	const OPENSSL_LOW: &str = "304402206c53e3471542802c632150bed0f9cb971a0af3e81038da029e2f77d09a\
		8fa45e02207a5fa8f4558ed32c7a541e85cacd94952f2c4121109cf23c48009a685e76b546";

	fn unhex(text: &str) -> Vec<u8> {
		hex::decode(text).expect("hex")
	}

	fn counted() -> Hash32 {
		std::array::from_fn(|place| u8::try_from(place).expect("a byte"))
	}

	#[tokio::test]
	async fn works_when_a_key_is_made_and_read_back() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let path = directory.path().join("root.key");
		let (made, new) = P256Signer::load_or_make(&path).expect("made");
		assert!(new);
		let (read, new) = P256Signer::load_or_make(&path).expect("read");
		assert!(!new);
		assert_eq!(read.public(), made.public());
		let signed = read.sign(&[7; 32]).await.expect("a secret signs");
		assert!(made.public().verify(&[7; 32], &signed));
	}

	#[cfg(unix)]
	#[test]
	fn fails_when_others_may_read_the_secret() {
		use std::os::unix::fs::PermissionsExt;

		let directory = tempfile::tempdir().expect("a temporary directory");
		let path = directory.path().join("root.key");
		P256Signer::load_or_make(&path).expect("made");
		fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("chmod");
		let error = P256Signer::load(&path).err().expect("refused");
		assert!(error.to_string().contains("chmod 600"));
	}

	/// A key whose program is a script of the shell.
	fn shell(directory: &Path, script: &str) -> P256Signer {
		let path = directory.join("root.toml");
		let public = format!("public = \"p256:{OPENSSL_POINT}\"");
		fs::write(&path, format!("{public}\nsign = [\"sh\", \"-c\", '{script}']\n"))
			.expect("writable");
		P256Signer::load(&path).expect("a description")
	}

	#[test]
	fn works_when_described_as_the_guide_does() {
		let guide = include_str!("../../../../docs/src/guides/secure-hardware.md");
		let examples = guide.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
		let programs = examples.map(|text| {
			let Description { public, sign } = toml::from_str(text).expect("a description");
			assert_eq!(public, "root.pem");
			assert!(sign.iter().any(|word| word == MESSAGE), "{sign:?}");
			assert!(sign.iter().any(|word| word == SIGNATURE), "{sign:?}");
			sign.into_iter().next().expect("a program")
		});
		assert_eq!(programs.collect::<Vec<_>>(), ["tpm2_sign", "pkcs11-tool"]);
	}

	#[tokio::test]
	async fn works_with_standard_streams_and_with_files() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let expected = signature(&unhex(OPENSSL_LOW)).expect("a signature");
		for script in [
			format!("test $(wc -c) = 32 && echo {OPENSSL_LOW}"),
			format!("test $(wc -c < {MESSAGE}) = 32 && echo {OPENSSL_LOW} > {SIGNATURE}"),
		] {
			let signer = shell(directory.path(), &script);
			assert_eq!(signer.sign(&counted()).await.expect("it signs"), expected);
		}
	}

	#[tokio::test]
	async fn fails_when_the_program_does_not_sign_and_says_why() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		for (script, says) in [
			("exit 3", "exit status: 3"),
			("cat > /dev/null", "0 bytes are no ECDSA signature"),
			("true {signature}", "no signature was written"),
			("cat > /dev/null; head -c 1024 /dev/zero", "1024 bytes are no ECDSA signature"),
			("head -c 100000 /dev/zero > {signature}", "has 100000 bytes"),
		] {
			let signer = shell(directory.path(), script);
			let error = signer.sign(&counted()).await.expect_err("it does not").to_string();
			assert!(error.contains(says) && error.contains("Remedy: "), "{script}: {error}");
		}
		// A good signature, over something else.
		let signer = shell(directory.path(), &format!("echo {OPENSSL_LOW}"));
		let error = signer.sign(&[7; 32]).await.expect_err("another message").to_string();
		assert!(error.contains("not this key's"), "{error}");
	}

	#[test]
	fn fails_when_a_description_makes_no_sense() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		for (number, text, says) in [
			(0, "", "missing field"),
			(1, "public = 'p256:00'\nsign = ['true']", "not a public key"),
			(2, "public = 'missing.pem'\nsign = ['true']", "missing.pem"),
			(3, "public = 'p256:00'\nsign = []", "no program"),
			(4, "public = 'p256:00'\nsign = ['true']\nslot = 1", "unknown field"),
			(5, "p256 0x00", "no secret"),
		] {
			let path = directory.path().join(format!("{number}.toml"));
			write(&path, text).expect("writable");
			let error = P256Signer::load(&path).err().expect("refused").to_string();
			assert!(error.contains(says), "{text}: {error}");
		}
	}
}
