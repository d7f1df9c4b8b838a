//! Sealed windows: stored with the ledger they lead to before the chain hears of them, taken back
//! when the chain's heads return.

use std::collections::BTreeMap;

use cairn_telemetry::{Fault, Header, HeaderV1, Leaf, offchain::Part};
use cairn_types::{Attempt, DeviceId, Hash32, Slot, Window};
use codec::{Decode, Encode};
use redb::{ReadableDatabase, ReadableTable, WriteTransaction};

use super::{
	CHANGES, DEVICES, DROPPED, DeviceNote, HEADERS, HEADS, LEAVES, NODES, PAYLOADS, PIECES, SLOTS,
	Store,
};
use crate::store::{StoreError, decode};

/// Which batch a version of the ledger is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Head {
	/// The batch's attempt.
	pub attempt: Attempt,
	/// The ledger's root after it.
	pub root: Hash32,
	/// The ledger's root before it.
	pub previous_root: Hash32,
}

/// A stored reading that was left out of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
	/// Whose reading.
	pub device: DeviceId,
	/// Its sequence.
	pub sequence: u64,
	/// What is wrong with it.
	pub fault: Fault,
}

/// A sealed window, ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedWindow {
	/// The window.
	pub window: Window,
	/// The header.
	pub header: HeaderV1,
	/// The readings' bytes.
	pub payload: Vec<u8>,
	/// The pieces of the ledger before that the batch touches.
	pub pieces: Vec<u8>,
	/// Nodes of the ledger that changed.
	pub nodes: BTreeMap<(u8, u32), Hash32>,
	/// Leaves that changed.
	pub leaves: Vec<(Slot, Leaf)>,
	/// Stored readings that were left out.
	pub dropped: Vec<Dropped>,
}

impl Store {
	/// Store a sealed window and the ledger it leads to, all or nothing.
	///
	/// # Errors
	/// If the store fails; then nothing was stored.
	pub fn commit_seal(&self, sealed: &SealedWindow) -> Result<(), StoreError> {
		let transaction = self.database.begin_write()?;
		write_ledger(&transaction, sealed)?;
		write_batch(&transaction, sealed)?;
		write_dropped(&transaction, sealed.window, &sealed.dropped)?;
		transaction.commit()?;
		Ok(())
	}

	/// Write down which readings of a window were left out, though nothing of it was sealed.
	///
	/// # Errors
	/// If the store fails.
	pub fn note_dropped(&self, window: Window, dropped: &[Dropped]) -> Result<(), StoreError> {
		let transaction = self.database.begin_write()?;
		write_dropped(&transaction, window, dropped)?;
		transaction.commit()?;
		Ok(())
	}

	/// The sealed versions of the ledger, ascending by window.
	///
	/// # Errors
	/// If the store fails.
	pub fn heads(&self) -> Result<BTreeMap<Window, Head>, StoreError> {
		let transaction = self.database.begin_read()?;
		let table = transaction.open_table(HEADS)?;
		let mut heads = BTreeMap::new();
		for entry in table.iter()? {
			let (window, head) = entry?;
			heads.insert(window.value(), decode("a head", head.value())?);
		}
		Ok(heads)
	}

	/// Take back every version of the ledger newer than `version` (all, for `None`). Sealed batches
	/// stay: members may still ask for them.
	///
	/// # Errors
	/// If the store fails; then nothing was taken back.
	pub fn revert(&self, version: Option<Window>) -> Result<(), StoreError> {
		let Some(from) = version.map_or(Some(0), |version| version.checked_add(1)) else {
			return Ok(());
		};
		let transaction = self.database.begin_write()?;
		{
			let mut nodes = transaction.open_table(NODES)?;
			let mut leaves = transaction.open_table(LEAVES)?;
			let mut changes = transaction.open_table(CHANGES)?;
			let mut heads = transaction.open_table(HEADS)?;
			let mut changed = Vec::new();
			for entry in changes.range((from, 0u8, 0u32)..)? {
				changed.push(entry?.0.value());
			}
			for (window, level, index) in changed {
				nodes.remove((level, index, window))?;
				if level == 0 {
					leaves.remove((index, window))?;
				}
				changes.remove((window, level, index))?;
			}
			heads.retain_in(from.., |_, _| false)?;
		}
		transaction.commit()?;
		Ok(())
	}

	/// The header of a sealed batch.
	///
	/// # Errors
	/// If the store fails.
	pub fn header(&self, window: Window, attempt: Attempt) -> Result<Option<Header>, StoreError> {
		match self.part(window, attempt, Part::Header)? {
			Some(bytes) => Ok(Some(decode("a header", &bytes)?)),
			None => Ok(None),
		}
	}

	/// A part of a sealed batch, as members ask for it.
	///
	/// # Errors
	/// If the store fails.
	pub fn part(
		&self,
		window: Window,
		attempt: Attempt,
		part: Part,
	) -> Result<Option<Vec<u8>>, StoreError> {
		let table = match part {
			Part::Header => HEADERS,
			Part::Ledger => PIECES,
			Part::Payload => PAYLOADS,
		};
		let transaction = self.database.begin_read()?;
		let bytes = transaction.open_table(table)?.get((window, attempt))?;
		Ok(bytes.map(|bytes| bytes.value().to_vec()))
	}

	/// Every slot that batches of this gateway have had for a device, ascending.
	///
	/// # Errors
	/// If the store fails.
	pub fn slots_of(&self, device: DeviceId) -> Result<Vec<Slot>, StoreError> {
		let transaction = self.database.begin_read()?;
		let table = transaction.open_table(SLOTS)?;
		let mut slots = Vec::new();
		for entry in table.range((device.0, 0)..=(device.0, u32::MAX))? {
			slots.push(entry?.0.value().1);
		}
		Ok(slots)
	}
}

/// Nodes, leaves, and what they supersede.
fn write_ledger(transaction: &WriteTransaction, sealed: &SealedWindow) -> Result<(), StoreError> {
	let window = sealed.window;
	let mut nodes = transaction.open_table(NODES)?;
	let mut changes = transaction.open_table(CHANGES)?;
	for ((level, index), hash) in &sealed.nodes {
		let superseded = {
			let mut versions = nodes.range((*level, *index, 0)..(*level, *index, window))?;
			match versions.next_back() {
				Some(entry) => Some(entry?.0.value().2),
				None => None,
			}
		};
		nodes.insert((*level, *index, window), hash)?;
		changes.insert((window, *level, *index), superseded)?;
	}
	let mut leaves = transaction.open_table(LEAVES)?;
	let mut slots = transaction.open_table(SLOTS)?;
	for (slot, leaf) in &sealed.leaves {
		leaves.insert((*slot, window), leaf.encode().as_slice())?;
		let place = (leaf.account.latest().device.0, *slot);
		if slots.get(place)?.is_none() {
			slots.insert(place, window)?;
		}
	}
	Ok(())
}

/// The batch, and that the ledger is now its.
fn write_batch(transaction: &WriteTransaction, sealed: &SealedWindow) -> Result<(), StoreError> {
	let header = &sealed.header;
	let key = (sealed.window, header.attempt);
	let head = Head {
		attempt: header.attempt,
		root: header.ledger_root,
		previous_root: header.previous_root,
	};
	transaction.open_table(HEADS)?.insert(sealed.window, head.encode().as_slice())?;
	let header = Header::V1(header.clone()).encode();
	transaction.open_table(HEADERS)?.insert(key, header.as_slice())?;
	transaction.open_table(PAYLOADS)?.insert(key, sealed.payload.as_slice())?;
	transaction.open_table(PIECES)?.insert(key, sealed.pieces.as_slice())?;
	Ok(())
}

/// Note each left-out reading once, however often its window is sealed.
fn write_dropped(
	transaction: &WriteTransaction,
	window: Window,
	dropped: &[Dropped],
) -> Result<(), StoreError> {
	let mut table = transaction.open_table(DROPPED)?;
	let mut devices = transaction.open_table(DEVICES)?;
	for Dropped { device, sequence, fault } in dropped {
		let key = (window, device.0, *sequence);
		if table.get(key)?.is_some() {
			continue;
		}
		table.insert(key, fault.code())?;
		let note = match devices.get(device.0)? {
			Some(bytes) => Some(decode::<DeviceNote>("a device's note", bytes.value())?),
			None => None,
		};
		if let Some(mut note) = note {
			note.leave_out(fault.code());
			devices.insert(device.0, note.encode().as_slice())?;
		}
	}
	Ok(())
}
