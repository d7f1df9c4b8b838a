//! What stays of matured windows: their readings, for a while, and which batch holds them.

use cairn_telemetry::Header;
use cairn_types::{Attempt, Window};
use codec::{Decode, Encode};
use redb::{ReadableDatabase, ReadableTable, ReadableTableMetadata, WriteTransaction};

use super::{ARCHIVE, HEADERS, HEADS, Head, READINGS, Store, WINDOWS, prune::forget_windows};
use crate::store::{StoreError, decode};

/// Windows forgotten at once: a shorter retention takes effect in steps.
const FORGOTTEN_AT_ONCE: usize = 256;

/// What is known of a window that has matured.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Archived {
	/// The attempt that was attested.
	pub attempt: Attempt,
	/// Its header.
	pub header: Header,
}

/// How much of matured windows is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
	/// The first window that is kept.
	pub from: Window,
	/// Most readings of the whole store; what has not matured counts, but is never forgotten.
	pub readings: u64,
}

impl Store {
	/// What is known of a matured window that is kept.
	///
	/// # Errors
	/// If the store fails.
	pub fn archived(&self, window: Window) -> Result<Option<Archived>, StoreError> {
		let transaction = self.database.begin_read()?;
		match transaction.open_table(ARCHIVE)?.get(window)? {
			Some(bytes) => Ok(Some(decode("an archived window", bytes.value())?)),
			None => Ok(None),
		}
	}

	/// Every matured window that is kept, ascending.
	///
	/// # Errors
	/// If the store fails.
	pub fn archived_windows(&self) -> Result<Vec<Window>, StoreError> {
		let transaction = self.database.begin_read()?;
		let archive = transaction.open_table(ARCHIVE)?;
		let mut windows = Vec::new();
		for entry in archive.iter()? {
			windows.push(entry?.0.value());
		}
		Ok(windows)
	}
}

/// Archive every window up to `matured` that is sealed; forget the readings of the others.
pub(super) fn archive(transaction: &WriteTransaction, matured: Window) -> Result<(), StoreError> {
	for window in windows_until(transaction, matured)? {
		match sealed(transaction, window)? {
			Some(archived) => {
				let bytes = archived.encode();
				transaction.open_table(ARCHIVE)?.insert(window, bytes.as_slice())?;
				transaction.open_table(WINDOWS)?.remove(window)?;
			},
			None => forget_windows(transaction, window, window)?,
		}
	}
	Ok(())
}

/// Forget the oldest archived windows until no more is kept than `keep` says.
pub(super) fn forget(transaction: &WriteTransaction, keep: Keep) -> Result<(), StoreError> {
	for _ in 0..FORGOTTEN_AT_ONCE {
		let Some(window) = oldest(transaction)? else { return Ok(()) };
		let readings = transaction.open_table(READINGS)?.len()?;
		if window >= keep.from && readings <= keep.readings {
			return Ok(());
		}
		forget_windows(transaction, window, window)?;
		transaction.open_table(ARCHIVE)?.remove(window)?;
	}
	Ok(())
}

/// Windows up to `matured` that have a row.
fn windows_until(
	transaction: &WriteTransaction,
	matured: Window,
) -> Result<Vec<Window>, StoreError> {
	let rows = transaction.open_table(WINDOWS)?;
	let mut windows = Vec::new();
	for entry in rows.range(..=matured)? {
		windows.push(entry?.0.value());
	}
	Ok(windows)
}

/// The batch of a window; `None` if it is not sealed.
fn sealed(transaction: &WriteTransaction, window: Window) -> Result<Option<Archived>, StoreError> {
	let heads = transaction.open_table(HEADS)?;
	let head = match heads.get(window)? {
		Some(bytes) => decode::<Head>("a head", bytes.value())?,
		None => return Ok(None),
	};
	let headers = transaction.open_table(HEADERS)?;
	let header = match headers.get((window, head.attempt))? {
		Some(bytes) => decode::<Header>("a header", bytes.value())?,
		None => return Ok(None),
	};
	Ok(Some(Archived { attempt: head.attempt, header }))
}

/// The oldest archived window.
fn oldest(transaction: &WriteTransaction) -> Result<Option<Window>, StoreError> {
	let archive = transaction.open_table(ARCHIVE)?;
	let oldest = archive.first()?.map(|(window, _)| window.value());
	Ok(oldest)
}
