//! Taking readings: judged against what is stored, committed before anybody is told.

use std::collections::{BTreeMap, HashMap, btree_map::Entry};

use cairn_telemetry::{SignedReading, reading::MAX_DEVICE_READINGS};
use cairn_types::{DeviceId, DeviceKey, Window, schema::MAX_CHANNELS};
use codec::{Encode, MaxEncodedLen};
use redb::{ReadableDatabase, ReadableTable, Table};

use super::{
	CLOSED, DEVICES, DeviceNote, META, READINGS, Store, StoredReading, WINDOWS, WindowRow, note,
};
use crate::{
	gateway::{
		refusal::Refusal,
		shares::{Reserve, Shares},
	},
	store::{StoreError, decode},
};

/// Bytes that a slot adds to a payload besides its readings.
const SLOT_OVERHEAD: u64 = 5;

/// A reading whose signature and place have been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
	/// The window of its time.
	pub window: Window,
	/// The reading.
	pub signed: SignedReading,
	/// The key its signature verified under.
	pub key: DeviceKey,
}

/// Most of a window that one batch can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
	/// Readings.
	pub readings: u32,
	/// Bytes.
	pub bytes: u64,
}

/// How many readings are stored of a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
	/// All of them.
	pub row: WindowRow,
	/// Those of each device that has some.
	pub devices: HashMap<DeviceId, u32>,
}

/// A reading that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
	/// Now.
	Accepted,
	/// Before.
	Duplicate,
}

/// What stands under a reading's place in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
	Nothing,
	Same,
	Other,
}

/// Judge a reading against what is stored. Pure.
///
/// # Errors
/// A [`Refusal`] if it must not be stored.
pub(super) fn judge(
	incoming: &Incoming,
	stored: Stored,
	note: Option<&DeviceNote>,
	row: &WindowRow,
	closed: Option<Window>,
	limits: Limits,
	reserve: Option<&Reserve>,
) -> Result<Taken, Refusal> {
	if stored == Stored::Same {
		return Ok(Taken::Duplicate);
	}
	if closed.is_some_and(|closed| incoming.window <= closed) || row.lost.is_some() {
		return Err(Refusal::TooOld);
	}
	let reading = &incoming.signed.reading;
	if let Some(note) = note {
		let last = &note.last.reading;
		let follows = reading.sequence > last.sequence && reading.time > last.time;
		if stored == Stored::Other || !follows {
			return Err(Refusal::OutOfOrder);
		}
		let in_window = if note.window == incoming.window { note.in_window } else { 0 };
		if usize::try_from(in_window).unwrap_or(usize::MAX) >= MAX_DEVICE_READINGS {
			return Err(Refusal::TooMany);
		}
	}
	let bytes = size(&incoming.signed);
	if row.readings >= limits.readings || row.bytes.saturating_add(bytes) > limits.bytes {
		return Err(Refusal::WindowFull);
	}
	if reserve.is_some_and(|reserve| !reserve.admits(reading.device, row, bytes)) {
		return Err(Refusal::OverShare);
	}
	Ok(Taken::Accepted)
}

/// Most bytes that a reading adds to a payload.
fn size(signed: &SignedReading) -> u64 {
	u64::try_from(signed.encoded_size()).unwrap_or(u64::MAX).saturating_add(SLOT_OVERHEAD)
}

/// Most bytes that a reading of so many channels adds to a payload.
#[must_use]
pub fn largest(channels: usize) -> u64 {
	let most = usize::try_from(MAX_CHANNELS).unwrap_or(usize::MAX);
	let unused = most.saturating_sub(channels).saturating_mul(Option::<i64>::max_encoded_len());
	let bytes = SignedReading::max_encoded_len().saturating_sub(unused);
	u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(SLOT_OVERHEAD)
}

/// The last closed window.
pub(super) fn read_closed(
	meta: &impl ReadableTable<&'static str, &'static [u8]>,
) -> Result<Option<Window>, StoreError> {
	match meta.get(CLOSED)? {
		Some(bytes) => Ok(Some(decode("the closed window", bytes.value())?)),
		None => Ok(None),
	}
}

/// One transaction of ingest: notes and rows are read once and written once.
struct Ingest<'a> {
	readings: Table<'a, (u32, u64, u64), &'static [u8]>,
	devices: Table<'a, u64, &'static [u8]>,
	windows: Table<'a, u32, &'static [u8]>,
	notes: BTreeMap<DeviceId, Option<DeviceNote>>,
	rows: BTreeMap<Window, WindowRow>,
	closed: Option<Window>,
	limits: Limits,
	shares: &'a mut Shares,
}

impl Ingest<'_> {
	fn take(&mut self, incoming: Incoming) -> Result<Result<Taken, Refusal>, StoreError> {
		let (device, window) = (incoming.signed.reading.device, incoming.window);
		let key = (window, device.0, incoming.signed.reading.sequence);
		let value = StoredReading { signed: incoming.signed.clone(), key: incoming.key }.encode();
		let stored = self.stored(key, &incoming.signed)?;
		self.load(device, window)?;
		let note = self.notes.get(&device).and_then(Option::as_ref);
		let row = self.rows.get(&window).copied().unwrap_or_default();
		let reserve = self.shares.of(window);
		let verdict = judge(&incoming, stored, note, &row, self.closed, self.limits, reserve);
		match verdict {
			Ok(Taken::Accepted) => {
				self.readings.insert(key, value.as_slice())?;
				self.shares.take(window, device);
				self.note(incoming, row);
			},
			Err(Refusal::WindowFull | Refusal::OverShare) => self.shares.refuse(window),
			Ok(Taken::Duplicate) | Err(_) => {},
		}
		Ok(verdict)
	}

	fn stored(&self, key: (u32, u64, u64), signed: &SignedReading) -> Result<Stored, StoreError> {
		let Some(bytes) = self.readings.get(key)? else { return Ok(Stored::Nothing) };
		let stored = decode::<StoredReading>("a reading", bytes.value())?;
		Ok(if stored.signed == *signed { Stored::Same } else { Stored::Other })
	}

	/// Bring a device's note and a window's row into memory.
	fn load(&mut self, device: DeviceId, window: Window) -> Result<(), StoreError> {
		if let Entry::Vacant(vacant) = self.notes.entry(device) {
			let note = match self.devices.get(device.0)? {
				Some(bytes) => Some(decode("a device's note", bytes.value())?),
				None => None,
			};
			vacant.insert(note);
		}
		if let Entry::Vacant(vacant) = self.rows.entry(window) {
			vacant.insert(note::read_row(&self.windows, window)?);
		}
		Ok(())
	}

	/// Note an accepted reading.
	fn note(&mut self, incoming: Incoming, row: WindowRow) {
		let Incoming { window, signed, .. } = incoming;
		let row = WindowRow {
			readings: row.readings.saturating_add(1),
			bytes: row.bytes.saturating_add(size(&signed)),
			lost: row.lost,
		};
		self.rows.insert(window, row);
		let before = self.notes.remove(&signed.reading.device).flatten();
		let device = signed.reading.device;
		let note = match before {
			Some(note) => DeviceNote {
				in_window: if note.window == window { note.in_window.saturating_add(1) } else { 1 },
				accepted: note.accepted.saturating_add(1),
				left_out: note.left_out,
				last: signed,
				window,
			},
			None => {
				DeviceNote { last: signed, window, in_window: 1, accepted: 1, left_out: Vec::new() }
			},
		};
		self.notes.insert(device, Some(note));
	}

	fn flush(&mut self) -> Result<(), StoreError> {
		for (device, note) in &self.notes {
			if let Some(note) = note {
				self.devices.insert(device.0, note.encode().as_slice())?;
			}
		}
		for (window, row) in &self.rows {
			if *row != WindowRow::default() {
				self.windows.insert(*window, row.encode().as_slice())?;
			}
		}
		Ok(())
	}
}

impl Store {
	/// Take the readings of several requests in one transaction: when this returns, all that was
	/// accepted is on disk.
	///
	/// - `shares`: what is kept for devices, of windows that have a reserve; it is brought up to date.
	///
	/// # Errors
	/// If the store fails; then nothing was taken, and `shares` may be wrong.
	pub fn ingest(
		&self,
		requests: Vec<Vec<Incoming>>,
		limits: Limits,
		shares: &mut Shares,
	) -> Result<Vec<Vec<Result<Taken, Refusal>>>, StoreError> {
		let transaction = self.database.begin_write()?;
		let mut results = Vec::with_capacity(requests.len());
		{
			let closed = read_closed(&transaction.open_table(META)?)?;
			let mut ingest = Ingest {
				readings: transaction.open_table(READINGS)?,
				devices: transaction.open_table(DEVICES)?,
				windows: transaction.open_table(WINDOWS)?,
				notes: BTreeMap::new(),
				rows: BTreeMap::new(),
				closed,
				limits,
				shares,
			};
			for request in requests {
				let taken = request.into_iter().map(|incoming| ingest.take(incoming));
				results.push(taken.collect::<Result<Vec<_>, _>>()?);
			}
			ingest.flush()?;
		}
		transaction.commit()?;
		Ok(results)
	}

	/// How many readings are stored of a window. Looks at the key of each of them.
	///
	/// # Errors
	/// If the store fails.
	pub fn tally(&self, window: Window) -> Result<Tally, StoreError> {
		let transaction = self.database.begin_read()?;
		let row = note::read_row(&transaction.open_table(WINDOWS)?, window)?;
		let readings = transaction.open_table(READINGS)?;
		let mut devices = HashMap::<DeviceId, u32>::new();
		for entry in readings.range((window, 0, 0)..=(window, u64::MAX, u64::MAX))? {
			let (key, _) = entry?;
			let (_, device, _) = key.value();
			let count = devices.entry(DeviceId(device)).or_default();
			*count = count.saturating_add(1);
		}
		Ok(Tally { row, devices })
	}
}
