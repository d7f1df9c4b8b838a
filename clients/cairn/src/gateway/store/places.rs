//! Where devices were, window by window.

use std::{collections::BTreeSet, ops::ControlFlow};

use cairn_geo::Cell;
use cairn_types::{DeviceId, Window};
use redb::{
	ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable, ReadableTableMetadata,
	WriteTransaction,
};

use super::{DEVICES, META, PLACES, Position, READINGS, REGIONS, Store, ingest::read_closed};
use crate::{
	gateway::locations::{Told, Track, path, paths},
	store::StoreError,
};

/// Tells where devices were, in ascending order of windows and devices.
pub(super) struct Cells {
	places: ReadOnlyTable<(u64, u32), u64>,
	/// The window and device looked up last.
	known: Option<(Window, DeviceId, Option<Cell>)>,
}

impl Cells {
	pub(super) fn open(transaction: &ReadTransaction) -> Result<Self, StoreError> {
		Ok(Self { places: transaction.open_table(PLACES)?, known: None })
	}

	/// Where the device of a reading was in its window.
	pub(super) fn of(&mut self, position: Position) -> Result<Option<Cell>, StoreError> {
		let Position { window, device, .. } = position;
		match self.known {
			Some((at, of, cell)) if (at, of) == (window, device) => Ok(cell),
			_ => {
				let cell = cell_at(&self.places, device, window)?;
				self.known = Some((window, device, cell));
				Ok(cell)
			},
		}
	}
}

impl Store {
	/// Learn what the chain tells of devices' places, all or nothing; returns of how many devices
	/// something was new. Of these devices, places are forgotten that no reading needs any more.
	///
	/// # Errors
	/// If the store fails; then nothing was learnt.
	pub fn learn(&self, told: &[(DeviceId, Told)]) -> Result<usize, StoreError> {
		let (mut changed, mut news) = (Vec::new(), 0usize);
		{
			let transaction = self.database.begin_read()?;
			let needed = needed_from(&transaction)?;
			let places = transaction.open_table(PLACES)?;
			for (device, told) in told {
				let known = read_track(&places, *device)?;
				let mut track = known.clone();
				track.learn(told);
				track.forget(needed);
				if track == known {
					continue;
				}
				let mut before = known;
				before.forget(needed);
				news = news.saturating_add(usize::from(track != before));
				changed.push((*device, track));
			}
		}
		if changed.is_empty() {
			return Ok(0);
		}
		let transaction = self.database.begin_write()?;
		{
			let mut places = transaction.open_table(PLACES)?;
			let mut regions = transaction.open_table(REGIONS)?;
			for (device, track) in &changed {
				for (from, cell) in read_track(&places, *device)?.places() {
					regions.remove((path(cell.index()), device.0, *from))?;
				}
				places.retain_in((device.0, 0)..=(device.0, u32::MAX), |_, _| false)?;
				for (from, until, cell) in track.spans() {
					places.insert((device.0, from), cell.index())?;
					regions.insert((path(cell.index()), device.0, from), until)?;
				}
			}
		}
		transaction.commit()?;
		Ok(news)
	}

	/// Where a device was in `window`; `None` if that is not known.
	///
	/// # Errors
	/// If the store fails.
	pub fn cell(&self, device: DeviceId, window: Window) -> Result<Option<Cell>, StoreError> {
		cell_at(&self.database.begin_read()?.open_table(PLACES)?, device, window)
	}

	/// Every device that was in `region` in one of the windows `first..=last`; `None` if more than
	/// `most` places in the region are known, of any time: then it takes too long to look at all.
	///
	/// # Errors
	/// If the store fails.
	pub fn inside(
		&self,
		region: Cell,
		(first, last): (Window, Window),
		most: u32,
	) -> Result<Option<BTreeSet<DeviceId>>, StoreError> {
		let regions = self.database.begin_read()?.open_table(REGIONS)?;
		let (start, end) = paths(region).into_inner();
		let places = regions.range((start, 0, 0)..=(end, u64::MAX, u32::MAX))?;
		let mut inside = BTreeSet::new();
		for (step, entry) in (0u32..).zip(places) {
			if step >= most {
				return Ok(None);
			}
			let (key, until) = entry?;
			let (_, device, from) = key.value();
			if from <= last && until.value() >= first {
				inside.insert(DeviceId(device));
			}
		}
		Ok(Some(inside))
	}

	/// Visit the devices that ever had a reading stored and are somewhere in `window`, ascending from
	/// `from` on, until `visit` breaks off or `most` devices were looked at. Returns where it stopped:
	/// the device of the break, or the first that was not looked at; `None` at the end.
	///
	/// # Errors
	/// If the store fails.
	pub fn each_cell(
		&self,
		window: Window,
		from: DeviceId,
		most: u32,
		visit: &mut dyn FnMut(DeviceId, Cell) -> ControlFlow<()>,
	) -> Result<Option<DeviceId>, StoreError> {
		let transaction = self.database.begin_read()?;
		let (devices, places) = (transaction.open_table(DEVICES)?, transaction.open_table(PLACES)?);
		for (step, entry) in (0u32..).zip(devices.range(from.0..)?) {
			let device = DeviceId(entry?.0.value());
			if step >= most {
				return Ok(Some(device));
			}
			if let Some(cell) = cell_at(&places, device, window)?
				&& visit(device, cell).is_break()
			{
				return Ok(Some(device));
			}
		}
		Ok(None)
	}
}

/// Make the index by regions anew, unless it has as many entries as there are places: releases before
/// it kept none.
pub(super) fn index(transaction: &WriteTransaction) -> Result<(), StoreError> {
	let places = transaction.open_table(PLACES)?;
	let mut regions = transaction.open_table(REGIONS)?;
	if regions.len()? == places.len()? {
		return Ok(());
	}
	regions.retain(|_, _| false)?;
	// Backwards: each place lasted until the one seen before it, if that is of the same device.
	let mut later: Option<(u64, Window)> = None;
	for entry in places.iter()?.rev() {
		let (key, cell) = entry?;
		let (device, from) = key.value();
		let next = later.filter(|(of, _)| *of == device);
		let until = next.map_or(Window::MAX, |(_, next)| next.saturating_sub(1));
		regions.insert((path(cell.value()), device, from), until)?;
		later = Some((device, from));
	}
	Ok(())
}

/// The first window of which a reading is kept, or may still come: of windows before, nobody needs to
/// know where devices were.
fn needed_from(transaction: &ReadTransaction) -> Result<Window, StoreError> {
	let Some(closed) = read_closed(&transaction.open_table(META)?)? else { return Ok(0) };
	let open = closed.saturating_add(1);
	let readings = transaction.open_table(READINGS)?;
	let oldest = readings.first()?.map(|(key, _)| key.value().0);
	Ok(oldest.map_or(open, |oldest| oldest.min(open)))
}

/// Where a device was in `window`.
fn cell_at(
	places: &impl ReadableTable<(u64, u32), u64>,
	device: DeviceId,
	window: Window,
) -> Result<Option<Cell>, StoreError> {
	match places.range((device.0, 0)..=(device.0, window))?.next_back() {
		Some(entry) => read_cell(entry?.1.value()).map(Some),
		None => Ok(None),
	}
}

/// Where a device was, as far as is known.
fn read_track(
	places: &impl ReadableTable<(u64, u32), u64>,
	device: DeviceId,
) -> Result<Track, StoreError> {
	let mut track = Vec::new();
	for entry in places.range((device.0, 0)..=(device.0, u32::MAX))? {
		let (key, cell) = entry?;
		let (_, from) = key.value();
		track.push((from, read_cell(cell.value())?));
	}
	Ok(Track::new(track))
}

fn read_cell(index: u64) -> Result<Cell, StoreError> {
	Cell::new(index).map_err(|_| StoreError::Undecodable { what: "a cell" })
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::gateway::{
		locations::contains,
		shares::Shares,
		store::{DeviceNote, Identity, Incoming, Limits, prune::forget_windows},
		testing::{CELL, GATEWAY, GENESIS, signed_by},
	};
	use crate::store::Cache;
	use cairn_types::DeviceKey;
	use proptest::prelude::*;
	use sp_core::ed25519;

	const DEVICE: DeviceId = DeviceId(7);
	const OTHER: DeviceId = DeviceId(8);
	const IDENTITY: Identity = Identity { genesis: GENESIS, gateway: GATEWAY };

	fn store() -> (tempfile::TempDir, Store) {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let store = Store::open(directory.path(), IDENTITY, Cache::SMALL).expect("a new store");
		(directory, store)
	}

	fn here() -> Cell {
		CELL.parse().expect("a cell")
	}

	/// A cell on another continent.
	fn there() -> Cell {
		"8c1fb46741ae9ff".parse().expect("a cell")
	}

	/// Learn some places of a device; returns of how many devices something was new.
	fn learn(store: &Store, device: DeviceId, told: &[(Window, Cell)]) -> usize {
		store.learn(&[(device, told.to_vec())]).expect("learns")
	}

	fn cells<const N: usize>(store: &Store, windows: [Window; N]) -> [Option<Cell>; N] {
		windows.map(|window| store.cell(DEVICE, window).expect("reads"))
	}

	#[test]
	fn places_are_kept_over_a_restart() {
		let (directory, store) = store();
		assert_eq!(cells(&store, [0, 9]), [None, None]);
		assert_eq!(learn(&store, DEVICE, &[(5, here())]), 1);
		assert_eq!(learn(&store, DEVICE, &[(5, here())]), 0, "nothing new");
		assert_eq!(learn(&store, DEVICE, &[(5, here()), (9, there())]), 1);
		assert_eq!(store.learn(&[]), Ok(0));
		drop(store);
		let store = Store::open(directory.path(), IDENTITY, Cache::SMALL).expect("opens again");
		let expected = [None, Some(here()), Some(here()), Some(there()), Some(there())];
		assert_eq!(cells(&store, [4, 5, 8, 9, u32::MAX]), expected);
		assert_eq!(store.cell(OTHER, 9), Ok(None));
	}

	#[test]
	fn a_region_holds_who_was_in_it_at_the_time() {
		let (_directory, store) = store();
		learn(&store, DEVICE, &[(5, here()), (9, there()), (12, here())]);
		learn(&store, OTHER, &[(7, there())]);
		let region = here().parent(5).expect("coarser");
		let inside = |first, last| {
			let devices = store.inside(region, (first, last), u32::MAX).expect("reads");
			devices.into_iter().flatten().map(|device| device.0).collect::<Vec<_>>()
		};
		for (first, last, devices) in [
			(0, 4, vec![]),
			(0, 5, vec![7]),
			(8, 8, vec![7]),
			(9, 11, vec![]),
			(8, 9, vec![7]),
			(11, 12, vec![7]),
			(900, 901, vec![7]),
		] {
			assert_eq!(inside(first, last), devices, "{first} to {last}");
		}
		let elsewhere = |most| store.inside(there(), (9, 11), most);
		assert_eq!(elsewhere(2), Ok(Some(BTreeSet::from([DEVICE, OTHER]))));
		assert_eq!(elsewhere(1), Ok(None), "there are two places in it");
		// Places of another time count, too: they are looked at.
		assert_eq!(store.inside(region, (9, 11), 2), Ok(Some(BTreeSet::new())));
		assert_eq!(store.inside(region, (9, 11), 1), Ok(None));
	}

	/// How many places are kept, and how many entries their index has.
	fn kept(store: &Store) -> (u64, u64) {
		let transaction = store.database.begin_read().expect("a transaction");
		let places = transaction.open_table(PLACES).expect("a table").len().expect("reads");
		(places, transaction.open_table(REGIONS).expect("a table").len().expect("reads"))
	}

	#[test]
	fn places_stay_as_long_as_a_reading_may_need_them() {
		let (directory, store) = store();
		learn(&store, DEVICE, &[(5, here()), (9, there()), (12, here())]);
		let incoming = Incoming {
			window: 6,
			signed: signed_by(OTHER, 1, 6, &[None]),
			key: DeviceKey::Ed25519(ed25519::Public::from_raw([0; 32])),
		};
		let limits = Limits { readings: 9, bytes: 9_999 };
		let taken = store
			.ingest(vec![vec![incoming]], limits, &mut Shares::default())
			.expect("the store works");
		assert!(taken[0].iter().all(Result::is_ok), "{taken:?}");
		let told = [(9, there()), (12, here())];
		// A reading of any window may still come; then, only one of window 6 is kept.
		for closed in [None, Some(20)] {
			if let Some(closed) = closed {
				store.close(closed).expect("closes");
			}
			assert_eq!((learn(&store, DEVICE, &told), kept(&store)), (0, (3, 3)), "{closed:?}");
		}
		let transaction = store.database.begin_write().expect("a transaction");
		forget_windows(&transaction, 6, 6).expect("forgets");
		transaction.commit().expect("a commit");
		// What was forgotten is no news when the chain tells it again.
		for _ in 0..2 {
			assert_eq!((learn(&store, DEVICE, &told), kept(&store)), (0, (1, 1)));
			assert_eq!(cells(&store, [9, 11, 12, 21]), [None, None, Some(here()), Some(here())]);
		}
		assert_eq!(store.inside(there(), (0, 99), 9), Ok(Some(BTreeSet::new())));
		// Of one that moves, the place before stays while windows are open in which it was there.
		let moved = [(12, here()), (23, there())];
		assert_eq!((learn(&store, DEVICE, &moved), kept(&store)), (1, (2, 2)));
		store.close(22).expect("closes");
		drop(store);
		let store = Store::open(directory.path(), IDENTITY, Cache::SMALL).expect("opens again");
		assert_eq!((learn(&store, DEVICE, &moved), kept(&store)), (0, (1, 1)));
		assert_eq!(cells(&store, [22, 23]), [None, Some(there())]);
	}

	/// One of a few cells, near to each other and far, of any resolution that a device could have.
	fn any_cell() -> impl Strategy<Value = Cell> {
		(0usize..8, 0u8..=12).prop_map(|(number, resolution)| {
			let cell = match number {
				6 => here(),
				7 => there(),
				number => here().neighbours()[number],
			};
			cell.parent(resolution).expect("coarser")
		})
	}

	/// Whether the index says what looking at every place of every window says.
	fn is_right(store: &Store, region: Cell, (first, last): (Window, Window)) -> bool {
		let is_inside = |device: &DeviceId| {
			let mut cells =
				(first..=last).map(|window| store.cell(*device, window).expect("reads"));
			cells.any(|cell| cell.is_some_and(|cell| contains(region, cell)))
		};
		let expected = (0..5).map(DeviceId).filter(is_inside).collect::<BTreeSet<_>>();
		let least = u32::try_from(expected.len()).expect("few");
		let inside = |most| store.inside(region, (first, last), most).expect("reads");
		// As many steps as there are devices may be too few, but never give another answer.
		inside(u32::MAX) == Some(expected.clone())
			&& inside(least).is_none_or(|inside| inside == expected)
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(24))]

		#[test]
		fn the_index_by_regions_says_what_all_places_say(
			told in prop::collection::vec((0u64..5, 0u32..12, any_cell()), 0..30),
			asked in prop::collection::vec((any_cell(), 0u32..14, 0u32..4), 1..10),
		) {
			let (directory, store) = store();
			for (device, from, cell) in told {
				learn(&store, DeviceId(device), &[(from, cell)]);
			}
			for (region, first, more) in &asked {
				prop_assert!(is_right(&store, *region, (*first, first + more)), "{:?}", region);
			}
			// As if a release that had no index had made the store.
			let transaction = store.database.begin_write().expect("a transaction");
			transaction.delete_table(REGIONS).expect("is there");
			transaction.commit().expect("a commit");
			drop(store);
			let store = Store::open(directory.path(), IDENTITY, Cache::SMALL).expect("opens again");
			for (region, first, more) in &asked {
				prop_assert!(is_right(&store, *region, (*first, first + more)), "{:?}", region);
			}
		}
	}

	#[test]
	fn what_an_older_release_learnt_since_is_found() {
		let (directory, store) = store();
		learn(&store, DEVICE, &[(5, here())]);
		let transaction = store.database.begin_write().expect("a transaction");
		let place = (OTHER.0, 6u32);
		transaction
			.open_table(PLACES)
			.expect("a table")
			.insert(place, here().index())
			.expect("new");
		transaction.commit().expect("a commit");
		drop(store);
		let store = Store::open(directory.path(), IDENTITY, Cache::SMALL).expect("opens again");
		let inside = |window| store.inside(here(), (window, window), 9);
		assert_eq!(inside(5), Ok(Some(BTreeSet::from([DEVICE]))));
		assert_eq!(inside(6), Ok(Some(BTreeSet::from([DEVICE, OTHER]))));
	}

	#[test]
	fn only_devices_with_readings_are_somewhere() {
		let (_directory, store) = store();
		for device in [DeviceId(6), DEVICE, OTHER] {
			learn(&store, device, &[(5, here())]);
		}
		let key = DeviceKey::Ed25519(ed25519::Public::from_raw([0; 32]));
		let incoming = [DEVICE, OTHER, DeviceId(9)].map(|device| Incoming {
			window: 6,
			signed: signed_by(device, 1, 6, &[None]),
			key,
		});
		let limits = Limits { readings: 9, bytes: 9_999 };
		let taken = store
			.ingest(vec![incoming.to_vec()], limits, &mut Shares::default())
			.expect("the store works");
		assert!(taken[0].iter().all(Result::is_ok), "{taken:?}");
		let visited = |window, most: usize| {
			let mut visited = Vec::new();
			let mut visit = |device: DeviceId, cell: Cell| {
				visited.push((device, cell));
				if visited.len() < most {
					ControlFlow::Continue(())
				} else {
					ControlFlow::Break(())
				}
			};
			let stopped = store.each_cell(window, DeviceId(0), 9, &mut visit).expect("reads");
			(visited, stopped)
		};
		assert_eq!(visited(5, 9), (vec![(DEVICE, here()), (OTHER, here())], None));
		assert_eq!(visited(5, 1), (vec![(DEVICE, here())], Some(DEVICE)));
		assert_eq!(visited(4, 9), (Vec::new(), None));

		// A walk looks at no more devices than it may, and is taken up where it stopped.
		let (mut met, mut noted) = (Vec::new(), Vec::new());
		let mut meet = |device: DeviceId, _: Cell| {
			met.push(device);
			ControlFlow::Continue(())
		};
		let mut note = |device: DeviceId, _: DeviceNote| {
			noted.push(device);
			ControlFlow::Continue(())
		};
		let stopped = store.each_cell(4, DeviceId(0), 2, &mut meet).expect("reads");
		assert_eq!(stopped, Some(DeviceId(9)), "nobody was anywhere, and two were looked at");
		assert_eq!(store.each_cell(5, OTHER, 2, &mut meet), Ok(None));
		assert_eq!(store.each_note(DeviceId(0), 1, &mut note), Ok(Some(OTHER)));
		assert_eq!(store.each_note(OTHER, 1, &mut note), Ok(Some(DeviceId(9))));
		assert_eq!(store.each_note(DeviceId(9), 1, &mut note), Ok(None));
		assert_eq!((met, noted), (vec![OTHER], vec![DEVICE, OTHER, DeviceId(9)]));
	}

	#[test]
	fn fails_when_a_stored_cell_is_none() {
		let (directory, store) = store();
		let transaction = store.database.begin_write().expect("a transaction");
		transaction
			.open_table(PLACES)
			.expect("a table")
			.insert((7u64, 5u32), 1u64)
			.expect("inserts");
		transaction.commit().expect("a commit");
		let wrong = StoreError::Undecodable { what: "a cell" };
		assert_eq!(store.cell(DEVICE, 5), Err(wrong.clone()));
		assert_eq!(store.learn(&[(DEVICE, vec![(6, here())])]), Err(wrong.clone()));
		// Only what needs the cell fails.
		drop(store);
		let store = Store::open(directory.path(), IDENTITY, Cache::SMALL).expect("opens again");
		assert_eq!(store.cell(DEVICE, 5), Err(wrong));
		assert_eq!(store.inside(here(), (0, 9), 9), Ok(Some(BTreeSet::new())));
	}
}
