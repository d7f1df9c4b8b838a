//! Where a demo runs: its directory, its ports, its programs.

use std::{
	env,
	fs::{self, DirBuilder, OpenOptions},
	io::{self, Write},
	net::{Ipv4Addr, TcpListener},
	path::{Path, PathBuf},
	sync::atomic::{AtomicU32, Ordering},
};

use crate::{clock::now_millis, owner::OwnerError};

/// The first of the ports that programs get, and how many there are: below those that systems take for
/// outgoing connections, which could come between the choice of a port and its use.
const PORTS: (u32, u32) = (20_000, 12_000);

/// A directory that is removed when this is dropped, unless it is to be kept.
#[derive(Debug)]
pub(crate) struct Directory {
	path: PathBuf,
	keep: bool,
}

impl Directory {
	/// A new directory in `base`, or in the system's directory for temporary files.
	///
	/// # Errors
	/// If it cannot be made.
	pub(crate) fn new(base: Option<&Path>, keep: bool) -> Result<Self, OwnerError> {
		let base = base.map_or_else(env::temp_dir, Path::to_path_buf);
		let path = base.join(format!("cairn-demo-{}-{}", std::process::id(), now_millis()));
		let mut builder = DirBuilder::new();
		builder.recursive(true);
		#[cfg(unix)]
		{
			use std::os::unix::fs::DirBuilderExt;
			// It holds keys.
			builder.mode(0o700);
		}
		builder.create(&path).map_err(|cause| failed(&path, &cause))?;
		Ok(Self { path, keep })
	}

	/// Where it is.
	pub(crate) fn path(&self) -> &Path {
		&self.path
	}

	/// Whether it stays.
	pub(crate) const fn is_kept(&self) -> bool {
		self.keep
	}

	/// A path inside.
	pub(crate) fn join(&self, name: &str) -> PathBuf {
		self.path.join(name)
	}
}

impl Drop for Directory {
	fn drop(&mut self) {
		if self.keep {
			return;
		}
		if let Err(cause) = fs::remove_dir_all(&self.path) {
			tracing::warn!(%cause, directory = %self.path.display(), "cannot remove the demo's directory");
		}
	}
}

/// Make a directory for logs, which stays.
///
/// # Errors
/// If it cannot be made.
pub(crate) fn make_directory(path: &Path) -> Result<(), OwnerError> {
	fs::create_dir_all(path).map_err(|cause| failed(path, &cause))
}

/// Write a secret to a new file that only its owner can read.
///
/// # Errors
/// If it cannot be made.
pub(crate) fn write_secret(path: &Path, secret: &str) -> Result<(), OwnerError> {
	let mut options = OpenOptions::new();
	options.write(true).create_new(true);
	#[cfg(unix)]
	{
		use std::os::unix::fs::OpenOptionsExt;
		options.mode(0o600);
	}
	let written = options.open(path).and_then(|mut file| writeln!(file, "{secret}"));
	written.map_err(|cause| failed(path, &cause))
}

/// Write a file that anybody may read.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn write_file(path: &Path, text: &str) -> Result<(), OwnerError> {
	fs::write(path, text).map_err(|cause| failed(path, &cause))
}

/// Ports that are free now, all different, also from those of other calls.
///
/// # Errors
/// If the system gives none.
pub(crate) fn free_ports<const N: usize>() -> Result<[u16; N], OwnerError> {
	let mut ports = [0; N];
	// All are held until the last is found.
	let mut held = Vec::new();
	for port in &mut ports {
		let listener = candidates().find_map(|port| {
			// As far as can be known, nobody else listens there at another address either.
			TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).ok()
		});
		let listener = listener.ok_or_else(|| io::Error::from(io::ErrorKind::AddrInUse))?;
		*port = listener.local_addr()?.port();
		held.push(listener);
	}
	Ok(ports)
}

/// Every port once; where another call has ended, or another process has begun elsewhere.
fn candidates() -> impl Iterator<Item = u16> {
	static NEXT: AtomicU32 = AtomicU32::new(0);
	let (first, count) = PORTS;
	(0..count).filter_map(move |_| {
		let next = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(std::process::id());
		u16::try_from(first.saturating_add(next % count)).ok()
	})
}

/// The node's program: what was named, else beside this program, else on the path.
///
/// # Errors
/// If there is none.
pub(crate) fn find_node(named: Option<&Path>) -> Result<PathBuf, OwnerError> {
	const NAME: &str = "cairn-node";
	if let Some(named) = named {
		return if named.is_file() {
			Ok(named.to_path_buf())
		} else {
			Err(no_node(&named.display()))
		};
	}
	let beside = this_program()?.with_file_name(NAME);
	let path = env::var_os("PATH").unwrap_or_default();
	let candidates = env::split_paths(&path).map(|directory| directory.join(NAME));
	std::iter::once(beside)
		.chain(candidates)
		.find(|candidate| candidate.is_file())
		.ok_or_else(|| no_node(&NAME))
}

/// A program of the system, by its name and its Debian package. Services lie where not every user's
/// path leads.
///
/// # Errors
/// If it is not installed.
pub(crate) fn find_program(name: &str, package: &str) -> Result<PathBuf, OwnerError> {
	let path = env::var_os("PATH").unwrap_or_default();
	let directories =
		env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
	let mut candidates = directories.map(|directory| directory.join(name));
	candidates.find(|candidate| candidate.is_file()).ok_or_else(|| {
		OwnerError::refused(
			format!("there is no program {name}"),
			format!("install Debian's package {package}, as scripts/setup does"),
		)
	})
}

/// This program.
///
/// # Errors
/// If the system does not say.
pub(crate) fn this_program() -> Result<PathBuf, OwnerError> {
	Ok(env::current_exe()?)
}

fn no_node(name: &dyn std::fmt::Display) -> OwnerError {
	OwnerError::refused(
		format!("there is no program {name}"),
		"build it with `make build`, or name it with --node-bin",
	)
}

/// A file or directory that cannot be made.
pub(super) fn failed(path: &Path, cause: &io::Error) -> OwnerError {
	OwnerError::File {
		path: path.display().to_string(),
		cause: cause.to_string(),
		remedy: "name a directory that you can write".to_owned(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_directory_is_removed_unless_it_is_kept() {
		let base = tempfile::tempdir().expect("a temporary directory");
		for keep in [false, true] {
			let directory = Directory::new(Some(base.path()), keep).expect("made");
			let path = directory.path().to_path_buf();
			write_secret(&directory.join("key"), "//Alice").expect("written");
			assert!(write_secret(&directory.join("key"), "//Bob").is_err());
			drop(directory);
			assert_eq!(path.exists(), keep);
		}
	}

	#[test]
	fn ports_are_free_and_different() {
		let ports = free_ports::<4>().expect("four ports");
		let others = free_ports::<3>().expect("three ports");
		let distinct = ports.iter().chain(&others).collect::<std::collections::BTreeSet<_>>();
		assert_eq!(distinct.len(), 7);
		assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, ports[0])).is_ok());
	}

	#[test]
	fn fails_when_a_program_is_not_there() {
		let error = find_node(Some(Path::new("/nowhere/cairn-node"))).expect_err("no such file");
		assert!(error.to_string().contains("--node-bin"));
		let error = find_program("no-such-broker", "broker").expect_err("no such program");
		assert!(error.to_string().contains("package broker"), "{error}");
		assert!(find_program("sh", "dash").expect("a shell").is_file());
		let this = this_program().expect("a test program");
		assert_eq!(find_node(Some(&this)).expect("a file"), this);
	}
}
