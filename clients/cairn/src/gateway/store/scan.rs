//! Reading what is stored in the order of windows, devices and sequence, a part at a time.

use std::{
	collections::BTreeSet,
	ops::{Bound, ControlFlow},
};

use cairn_geo::Cell;
use cairn_types::{DeviceId, Window};
use codec::{Decode, Encode};
use redb::{ReadOnlyTable, ReadTransaction, ReadableDatabase};

use super::{
	ARCHIVE, DEVICES, DROPPED, DeviceNote, HEADS, READINGS, Store, StoredReading, WINDOWS, note,
	places::Cells,
};
use crate::store::{StoreError, decode};

/// Where a reading stands: readings are served in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Position {
	/// The window of its time.
	pub window: Window,
	/// Whose it is.
	pub device: DeviceId,
	/// Its sequence.
	pub sequence: u64,
}

impl Position {
	/// The place before every reading of `window`.
	#[must_use]
	pub const fn start_of(window: Window) -> Self {
		Self { window, device: DeviceId(0), sequence: 0 }
	}

	const fn key(self) -> (u32, u64, u64) {
		(self.window, self.device.0, self.sequence)
	}

	const fn of((window, device, sequence): (u32, u64, u64)) -> Self {
		Self { window, device: DeviceId(device), sequence }
	}
}

/// How far a stored reading has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
	/// It was left out of its window's batch because of a fault.
	LeftOut,
	/// Its window was given up: it is in no batch.
	Lost,
	/// It is stored, and its signature holds.
	Accepted,
	/// It is in a batch that may still die.
	Sealed,
	/// It is in a batch that has matured.
	Matured,
}

impl Stage {
	/// Every stage.
	pub const ALL: [Self; 5] =
		[Self::LeftOut, Self::Lost, Self::Accepted, Self::Sealed, Self::Matured];

	/// Its name in answers and queries.
	#[must_use]
	pub const fn name(self) -> &'static str {
		match self {
			Self::LeftOut => "left_out",
			Self::Lost => "lost",
			Self::Accepted => "accepted",
			Self::Sealed => "sealed",
			Self::Matured => "matured",
		}
	}
}

/// A stored reading with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
	/// Where it stands.
	pub position: Position,
	/// The reading, and the key of its signature.
	pub stored: StoredReading,
	/// How far it has come.
	pub stage: Stage,
	/// Where the device was in its window, if that is known.
	pub cell: Option<Cell>,
}

/// How a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walked {
	/// There is nothing more.
	Done,
	/// The next reading to look at.
	Paused(Position),
}

/// Tells stages of readings in ascending order of windows.
struct Stages {
	archive: ReadOnlyTable<u32, &'static [u8]>,
	heads: ReadOnlyTable<u32, &'static [u8]>,
	windows: ReadOnlyTable<u32, &'static [u8]>,
	dropped: ReadOnlyTable<(u32, u64, u64), u8>,
	/// The window looked up last.
	known: Option<(Window, Stage)>,
}

impl Stages {
	fn open(transaction: &ReadTransaction) -> Result<Self, StoreError> {
		Ok(Self {
			archive: transaction.open_table(ARCHIVE)?,
			heads: transaction.open_table(HEADS)?,
			windows: transaction.open_table(WINDOWS)?,
			dropped: transaction.open_table(DROPPED)?,
			known: None,
		})
	}

	fn of(&mut self, position: Position) -> Result<Stage, StoreError> {
		if self.dropped.get(position.key())?.is_some() {
			return Ok(Stage::LeftOut);
		}
		match self.known {
			Some((window, stage)) if window == position.window => Ok(stage),
			_ => {
				let stage = self.of_window(position.window)?;
				self.known = Some((position.window, stage));
				Ok(stage)
			},
		}
	}

	fn of_window(&self, window: Window) -> Result<Stage, StoreError> {
		if self.archive.get(window)?.is_some() {
			return Ok(Stage::Matured);
		}
		if self.heads.get(window)?.is_some() {
			return Ok(Stage::Sealed);
		}
		let row = note::read_row(&self.windows, window)?;
		Ok(if row.lost.is_some() { Stage::Lost } else { Stage::Accepted })
	}
}

impl Store {
	/// Visit stored readings from `from` on, up to the end of window `last`: those of `devices`, or
	/// all. Pauses where `visit` breaks off, and after `most` entries that were looked at, so one walk
	/// takes bounded time.
	///
	/// # Errors
	/// If the store fails.
	pub fn walk(
		&self,
		from: Position,
		last: Window,
		devices: Option<&BTreeSet<DeviceId>>,
		most: u32,
		visit: &mut dyn FnMut(Kept) -> ControlFlow<()>,
	) -> Result<Walked, StoreError> {
		let transaction = self.database.begin_read()?;
		let readings = transaction.open_table(READINGS)?;
		let mut stages = Stages::open(&transaction)?;
		let mut cells = Cells::open(&transaction)?;
		let end = (last, u64::MAX, u64::MAX);
		let (mut from, mut steps) = (from, 0u32);
		'seek: loop {
			if from.key() > end {
				return Ok(Walked::Done);
			}
			for entry in readings.range(from.key()..=end)? {
				let (key, bytes) = entry?;
				let position = Position::of(key.value());
				if steps >= most {
					return Ok(Walked::Paused(position));
				}
				steps = steps.saturating_add(1);
				if let Some(devices) = devices
					&& !devices.contains(&position.device)
				{
					let Some(next) = next(devices, position) else { return Ok(Walked::Done) };
					from = next;
					continue 'seek;
				}
				let stored = decode("a reading", bytes.value())?;
				let (stage, cell) = (stages.of(position)?, cells.of(position)?);
				if visit(Kept { position, stored, stage, cell }).is_break() {
					return Ok(Walked::Paused(position));
				}
			}
			return Ok(Walked::Done);
		}
	}

	/// The reading at a position.
	///
	/// # Errors
	/// If the store fails.
	pub fn kept(&self, position: Position) -> Result<Option<Kept>, StoreError> {
		let transaction = self.database.begin_read()?;
		let readings = transaction.open_table(READINGS)?;
		let stored = match readings.get(position.key())? {
			Some(bytes) => decode::<StoredReading>("a reading", bytes.value())?,
			None => return Ok(None),
		};
		let stage = Stages::open(&transaction)?.of(position)?;
		let cell = Cells::open(&transaction)?.of(position)?;
		Ok(Some(Kept { position, stored, stage, cell }))
	}

	/// Visit the notes of devices that ever had a reading stored, ascending from `from` on, until
	/// `visit` breaks off or `most` were visited. Returns where it stopped: the device of the break, or
	/// the first that was not visited; `None` at the end.
	///
	/// # Errors
	/// If the store fails.
	pub fn each_note(
		&self,
		from: DeviceId,
		most: u32,
		visit: &mut dyn FnMut(DeviceId, DeviceNote) -> ControlFlow<()>,
	) -> Result<Option<DeviceId>, StoreError> {
		let transaction = self.database.begin_read()?;
		let devices = transaction.open_table(DEVICES)?;
		for (step, entry) in (0u32..).zip(devices.range(from.0..)?) {
			let (device, bytes) = entry?;
			let device = DeviceId(device.value());
			if step >= most {
				return Ok(Some(device));
			}
			let note = decode("a device's note", bytes.value())?;
			if visit(device, note).is_break() {
				return Ok(Some(device));
			}
		}
		Ok(None)
	}
}

/// The place before the next reading that may be of one of `devices`, after one at `position` that
/// is not; `None` if there can be none.
fn next(devices: &BTreeSet<DeviceId>, position: Position) -> Option<Position> {
	let after = (Bound::Excluded(position.device), Bound::Unbounded);
	if let Some(device) = devices.range(after).next() {
		return Some(Position { window: position.window, device: *device, sequence: 0 });
	}
	let window = position.window.checked_add(1)?;
	Some(Position { window, device: *devices.first()?, sequence: 0 })
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn works_when_devices_are_skipped() {
		let devices = BTreeSet::from([DeviceId(3), DeviceId(7)]);
		let at = |window, device, sequence| Position { window, device: DeviceId(device), sequence };
		assert_eq!(next(&devices, at(1, 1, 9)), Some(at(1, 3, 0)));
		assert_eq!(next(&devices, at(1, 4, 9)), Some(at(1, 7, 0)));
		assert_eq!(next(&devices, at(1, 8, 9)), Some(at(2, 3, 0)));
		assert_eq!(next(&devices, at(u32::MAX, 8, 9)), None);
		assert_eq!(next(&BTreeSet::new(), at(1, 8, 9)), None);
	}

	#[test]
	fn every_stage_has_its_own_name() {
		let names = Stage::ALL.map(Stage::name);
		assert_eq!(BTreeSet::from(names).len(), Stage::ALL.len());
	}
}
