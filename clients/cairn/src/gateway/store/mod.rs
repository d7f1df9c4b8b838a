//! What a gateway keeps, in one redb database: readings until their window has matured, and a while
//! longer for who asks for data; where devices were; the ledger in all its unmatured versions, and
//! sealed batches.
//!
//! Whatever is acknowledged to a device or told to the chain was committed here first. Every change
//! is one write transaction, so a kill at any moment leaves either all of it or none.

mod archive;
mod ingest;
mod ledger;
mod note;
mod places;
mod prune;
mod scan;
mod seals;

#[cfg(test)]
mod tests;

pub use archive::{Archived, Keep};
pub use ingest::{Incoming, Limits, Taken, Tally, largest};
pub use ledger::LedgerView;
pub use note::{DeviceNote, Lost, WindowRow};
pub use scan::{Kept, Position, Stage, Walked};
pub use seals::{Dropped, Head, SealedWindow};

use std::{
	collections::BTreeMap,
	path::{Path, PathBuf},
	sync::Arc,
};

use cairn_telemetry::SignedReading;
use cairn_types::{DeviceId, DeviceKey, GatewayId, Hash32, Window};
use codec::{Decode, Encode};
use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};

use crate::{
	protocol::hash,
	store::{self, Cache, StoreError, decode},
};

/// Singletons by name.
const META: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta");
/// Device → [`DeviceNote`].
const DEVICES: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("devices");
/// (window, device, sequence) → [`StoredReading`].
const READINGS: TableDefinition<'static, (u32, u64, u64), &[u8]> = TableDefinition::new("readings");
/// (window, device, sequence) → code of the fault for which a stored reading was left out.
const DROPPED: TableDefinition<'static, (u32, u64, u64), u8> = TableDefinition::new("dropped");
/// Window → [`WindowRow`].
const WINDOWS: TableDefinition<'static, u32, &[u8]> = TableDefinition::new("windows");
/// (level, index, window that set it) → node of the ledger tree.
const NODES: TableDefinition<'static, (u8, u32, u32), &[u8; 32]> = TableDefinition::new("nodes");
/// (slot, window that set it) → leaf.
const LEAVES: TableDefinition<'static, (u32, u32), &[u8]> = TableDefinition::new("leaves");
/// (window, level, index) → the version of the node that the window superseded.
const CHANGES: TableDefinition<'static, (u32, u8, u32), Option<u32>> =
	TableDefinition::new("changes");
/// Window → [`Head`]: which attempt the ledger's version of that window is.
const HEADS: TableDefinition<'static, u32, &[u8]> = TableDefinition::new("heads");
/// (device, slot) → first window sealed with it.
const SLOTS: TableDefinition<'static, (u64, u32), u32> = TableDefinition::new("slots");
/// (window, attempt) → header.
const HEADERS: TableDefinition<'static, (u32, u32), &[u8]> = TableDefinition::new("headers");
/// (window, attempt) → payload.
const PAYLOADS: TableDefinition<'static, (u32, u32), &[u8]> = TableDefinition::new("payloads");
/// (window, attempt) → the pieces of the ledger before that the batch touches.
const PIECES: TableDefinition<'static, (u32, u32), &[u8]> = TableDefinition::new("pieces");
/// Matured window → [`Archived`]: its readings stay until nobody is to be served them any more.
const ARCHIVE: TableDefinition<'static, u32, &[u8]> = TableDefinition::new("archive");
/// (device, window) → index of the cell in which it was from then on. The newest one stays for ever, the
/// others as long as a reading may need them.
const PLACES: TableDefinition<'static, (u64, u32), u64> = TableDefinition::new("places");
/// (path of a cell, device, window) → the last window of the place of which this was the first. By it
/// regions are looked up; each of [`PLACES`] has one.
const REGIONS: TableDefinition<'static, (u64, u64, u32), u32> = TableDefinition::new("regions");

const IDENTITY: &str = "identity";
const CLOSED: &str = "closed";

/// Whose store it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Identity {
	/// Hash of the chain's first block.
	pub genesis: Hash32,
	/// The gateway.
	pub gateway: GatewayId,
}

impl std::fmt::Display for Identity {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(f, "gateway {} of chain {}", self.gateway, hash::text(&self.genesis))
	}
}

/// A reading as it is stored: with the key that its signature was checked under, so that sealing
/// need not check it again unless the key turns out to be another.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StoredReading {
	/// The reading.
	pub signed: SignedReading,
	/// The key its signature verified under.
	pub key: DeviceKey,
}

impl From<Incoming> for StoredReading {
	fn from(incoming: Incoming) -> Self {
		Self { signed: incoming.signed, key: incoming.key }
	}
}

/// A gateway's store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
	database: Arc<Database>,
	file: PathBuf,
}

impl Store {
	/// Open the store in `directory`, or make it. It keeps no more than `cache` in memory.
	///
	/// # Errors
	/// [`StoreError::Foreign`] if it belongs to another gateway or chain; others if it cannot be
	/// opened.
	pub fn open(directory: &Path, identity: Identity, cache: Cache) -> Result<Self, StoreError> {
		let file = directory.join("gateway.redb");
		let store = Self { database: Arc::new(store::open(&file, cache)?), file };
		store.initialise(identity)?;
		Ok(store)
	}

	/// Make every table, so that readers find them, and claim or check the identity. What older
	/// releases did not keep is made of what they kept.
	fn initialise(&self, identity: Identity) -> Result<(), StoreError> {
		let transaction = self.database.begin_write()?;
		{
			transaction.open_table(DEVICES)?;
			transaction.open_table(READINGS)?;
			transaction.open_table(DROPPED)?;
			transaction.open_table(WINDOWS)?;
			transaction.open_table(NODES)?;
			transaction.open_table(LEAVES)?;
			transaction.open_table(CHANGES)?;
			transaction.open_table(HEADS)?;
			transaction.open_table(SLOTS)?;
			transaction.open_table(HEADERS)?;
			transaction.open_table(PAYLOADS)?;
			transaction.open_table(PIECES)?;
			transaction.open_table(ARCHIVE)?;
			transaction.open_table(PLACES)?;
			let mut meta = transaction.open_table(META)?;
			let found = match meta.get(IDENTITY)? {
				Some(bytes) => Some(decode::<Identity>("an identity", bytes.value())?),
				None => None,
			};
			match found {
				Some(found) if found != identity => {
					return Err(StoreError::Foreign {
						path: self.file.clone(),
						found: found.to_string(),
						expected: identity.to_string(),
					});
				},
				Some(_) => {},
				None => {
					meta.insert(IDENTITY, identity.encode().as_slice())?;
				},
			}
		}
		places::index(&transaction)?;
		transaction.commit()?;
		Ok(())
	}

	/// Bytes of the database file.
	#[must_use]
	pub fn bytes(&self) -> u64 {
		std::fs::metadata(&self.file).map_or(0, |metadata| metadata.len())
	}

	/// What is known of a device.
	///
	/// # Errors
	/// If the store fails.
	pub fn note(&self, device: DeviceId) -> Result<Option<DeviceNote>, StoreError> {
		let transaction = self.database.begin_read()?;
		let devices = transaction.open_table(DEVICES)?;
		match devices.get(device.0)? {
			Some(bytes) => Ok(Some(decode("a device's note", bytes.value())?)),
			None => Ok(None),
		}
	}

	/// Devices that ever had a reading stored.
	///
	/// # Errors
	/// If the store fails.
	pub fn devices(&self) -> Result<u64, StoreError> {
		let transaction = self.database.begin_read()?;
		Ok(transaction.open_table(DEVICES)?.len()?)
	}

	/// Every window with stored readings, ascending.
	///
	/// # Errors
	/// If the store fails.
	pub fn windows(&self) -> Result<BTreeMap<Window, WindowRow>, StoreError> {
		let transaction = self.database.begin_read()?;
		let windows = transaction.open_table(WINDOWS)?;
		let mut rows = BTreeMap::new();
		for entry in windows.iter()? {
			let (window, row) = entry?;
			rows.insert(window.value(), decode("a window's row", row.value())?);
		}
		Ok(rows)
	}

	/// The stored readings of `window` by device, each in sequence order.
	///
	/// # Errors
	/// If the store fails.
	pub fn readings(
		&self,
		window: Window,
	) -> Result<BTreeMap<DeviceId, Vec<StoredReading>>, StoreError> {
		let transaction = self.database.begin_read()?;
		let readings = transaction.open_table(READINGS)?;
		let mut grouped = BTreeMap::<DeviceId, Vec<StoredReading>>::new();
		for entry in readings.range((window, 0, 0)..=(window, u64::MAX, u64::MAX))? {
			let (key, bytes) = entry?;
			let (_, device, _) = key.value();
			let reading = decode("a reading", bytes.value())?;
			grouped.entry(DeviceId(device)).or_default().push(reading);
		}
		Ok(grouped)
	}

	/// Whether a device has stored readings in `window`.
	///
	/// # Errors
	/// If the store fails.
	pub fn has_readings(&self, window: Window, device: DeviceId) -> Result<bool, StoreError> {
		let transaction = self.database.begin_read()?;
		let readings = transaction.open_table(READINGS)?;
		let mut range = readings.range((window, device.0, 0)..=(window, device.0, u64::MAX))?;
		Ok(range.next().is_some())
	}

	/// The last window whose readings are not taken any more.
	///
	/// # Errors
	/// If the store fails.
	pub fn closed(&self) -> Result<Option<Window>, StoreError> {
		let transaction = self.database.begin_read()?;
		let meta = transaction.open_table(META)?;
		ingest::read_closed(&meta)
	}

	/// Take no more readings of `window` and earlier ones: what is stored of it now is what will be
	/// sealed.
	///
	/// # Errors
	/// If the store fails.
	pub fn close(&self, window: Window) -> Result<(), StoreError> {
		let transaction = self.database.begin_write()?;
		{
			let mut meta = transaction.open_table(META)?;
			let closed = ingest::read_closed(&meta)?.map_or(window, |closed| closed.max(window));
			meta.insert(CLOSED, closed.encode().as_slice())?;
		}
		transaction.commit()?;
		Ok(())
	}

	/// Write down that `windows` will never be sealed.
	///
	/// # Errors
	/// If the store fails.
	pub fn give_up(&self, windows: &[(Window, Lost)]) -> Result<(), StoreError> {
		let transaction = self.database.begin_write()?;
		{
			let mut rows = transaction.open_table(WINDOWS)?;
			for (window, lost) in windows {
				let row = note::read_row(&rows, *window)?;
				let row = WindowRow { lost: Some(*lost), ..row };
				rows.insert(*window, row.encode().as_slice())?;
			}
		}
		transaction.commit()?;
		Ok(())
	}
}
