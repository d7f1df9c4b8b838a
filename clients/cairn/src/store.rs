//! Embedded stores, the gateway's and the agent's: how they are opened and what can go wrong.

use std::{
	fs,
	path::{Path, PathBuf},
};

use codec::Decode;
use redb::Database;

/// Why a store failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
	/// The database failed.
	#[error(
		"the store failed: {cause}\n  \
		 Remedy: look for a full or failing disk; if another process has the store open, stop it"
	)]
	Database {
		/// What it said.
		cause: String,
	},
	/// The directory or file cannot be used.
	#[error("cannot use {path}: {cause}\n  Remedy: name a directory that this user can write")]
	Path {
		/// Which.
		path: PathBuf,
		/// What the system said.
		cause: String,
	},
	/// What was stored does not decode.
	#[error(
		"the store holds {what} that this release does not read\n  \
		 Remedy: use the release that wrote it, or restore a backup"
	)]
	Undecodable {
		/// Of what kind.
		what: &'static str,
	},
	/// The store belongs to something else.
	#[error(
		"the store in {path} belongs to {found}, not to {expected}\n  Remedy: name another --data"
	)]
	Foreign {
		/// Where it is.
		path: PathBuf,
		/// What it says.
		found: String,
		/// What was asked for.
		expected: String,
	},
}

macro_rules! database_errors {
	($($error:ty),+ $(,)?) => {
		$(impl From<$error> for StoreError {
			fn from(error: $error) -> Self {
				Self::Database { cause: error.to_string() }
			}
		})+
	};
}

database_errors!(
	redb::CommitError,
	redb::DatabaseError,
	redb::StorageError,
	redb::TableError,
	redb::TransactionError,
);

/// How much memory a store may keep for what it read or is about to write. Beyond that it reads from the
/// system, which has a cache of its own and gives it up when programs want the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cache {
	bytes: usize,
}

impl Cache {
	/// Enough for a queue that is written at one end and read at the other.
	pub const SMALL: Self = Self::mebibytes(4);

	/// So many MiB.
	#[must_use]
	pub const fn mebibytes(count: u16) -> Self {
		Self { bytes: (count as usize).saturating_mul(1 << 20) }
	}
}

/// Open the database in `file`, or make it, with the directories above.
///
/// # Errors
/// [`StoreError`] if the directory cannot be made, or the file is in use or damaged.
pub fn open(file: &Path, cache: Cache) -> Result<Database, StoreError> {
	if let Some(directory) = file.parent() {
		fs::create_dir_all(directory).map_err(|cause| StoreError::Path {
			path: directory.to_path_buf(),
			cause: cause.to_string(),
		})?;
	}
	Ok(Database::builder().set_cache_size(cache.bytes).create(file)?)
}

/// Decode a stored value.
///
/// # Errors
/// [`StoreError::Undecodable`].
pub fn decode<T: Decode>(what: &'static str, bytes: &[u8]) -> Result<T, StoreError> {
	let mut input = bytes;
	T::decode(&mut input).map_err(|_| StoreError::Undecodable { what })
}
