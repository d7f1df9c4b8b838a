//! Passwords and tokens in files: one line each, that only its owner may read.

use std::{
	fs::{File, Metadata},
	io::Read,
	path::Path,
};

/// No secret is longer, in bytes.
const MOST: u64 = 4_096;

/// Why a file is no secret, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
	/// What is wrong, with the file's name.
	pub(crate) cause: String,
	/// What to do about it.
	pub(crate) remedy: &'static str,
}

/// Read a secret; what ends its line is no part of it.
///
/// # Errors
/// A [`Fault`], also if others than the file's owner may do anything with it.
pub(crate) fn read(path: &Path) -> Result<String, Fault> {
	let fault =
		|cause: String, remedy| Fault { cause: format!("{}: {cause}", path.display()), remedy };
	let unreadable =
		|cause: std::io::Error| fault(cause.to_string(), "name a file that this user can read");
	let file = File::open(path).map_err(unreadable)?;
	let metadata = file.metadata().map_err(unreadable)?;
	if let Some(mode) = open_mode(&metadata) {
		return Err(fault(format!("others may read it (mode {mode:o})"), "chmod 600 it"));
	}
	let mut bytes = Vec::new();
	file.take(MOST.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
	if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MOST {
		let remedy = "name the file that holds the secret and nothing else";
		return Err(fault(format!("it has more than {MOST} bytes"), remedy));
	}
	let text = String::from_utf8(bytes)
		.map_err(|_| fault("it is not text".to_owned(), "write it anew"))?;
	let secret = text.trim_end_matches(['\r', '\n']);
	if secret.is_empty() || secret.contains(['\r', '\n']) {
		let remedy = "write the secret into its first line";
		return Err(fault("it does not hold one line".to_owned(), remedy));
	}
	Ok(secret.to_owned())
}

/// A file's mode, if others than its owner may do anything with it.
#[cfg(unix)]
pub(crate) fn open_mode(metadata: &Metadata) -> Option<u32> {
	use std::os::unix::fs::PermissionsExt;

	let mode = metadata.permissions().mode() & 0o777;
	(mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
pub(crate) const fn open_mode(_: &Metadata) -> Option<u32> {
	None
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use std::fs;

	/// Write a file as a secret is kept.
	pub(crate) fn write(path: &Path, bytes: impl AsRef<[u8]>) {
		fs::write(path, bytes).expect("a file");
		allow(path, 0o600);
	}

	#[cfg(unix)]
	pub(crate) fn allow(path: &Path, mode: u32) {
		use std::os::unix::fs::PermissionsExt;

		fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("chmod");
	}

	#[cfg(not(unix))]
	pub(crate) fn allow(_: &Path, _: u32) {}

	#[test]
	fn works_when_it_is_one_line() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let path = directory.path().join("secret");
		for (text, secret) in [("pass word", "pass word"), (" a\r\n", " a"), ("b\n\n", "b")] {
			write(&path, text);
			assert_eq!(read(&path).as_deref(), Ok(secret));
		}
		let longest = "x".repeat(4_096);
		write(&path, &longest);
		assert_eq!(read(&path), Ok(longest));
	}

	#[test]
	fn fails_when_it_is_something_else() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let path = directory.path().join("secret");
		let refused = || read(&path).expect_err("refused").cause;
		assert!(refused().contains("secret"), "it is not there");
		for (bytes, says) in [
			(b"".to_vec(), "one line"),
			(b"\n".to_vec(), "one line"),
			(b"a\nb\n".to_vec(), "one line"),
			(vec![0xff, 0xfe], "not text"),
			(vec![b'x'; 4_097], "more than 4096 bytes"),
		] {
			write(&path, bytes);
			assert!(refused().contains(says), "{says}: {}", refused());
		}
	}

	#[cfg(unix)]
	#[test]
	fn fails_when_others_may_read_it() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let path = directory.path().join("secret");
		write(&path, "open sesame");
		for mode in [0o640, 0o604, 0o622] {
			allow(&path, mode);
			let fault = read(&path).expect_err("refused");
			assert!(
				fault.cause.contains(&format!("others may read it (mode {mode:o})")),
				"{fault:?}"
			);
			assert_eq!(fault.remedy, "chmod 600 it");
		}
	}
}
