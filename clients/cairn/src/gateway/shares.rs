//! A fair part of a window's batch for every device. Pure.
//!
//! Each device that is active at the gateway is kept its *share*: what the batch holds over the devices,
//! at most what one device may send. Its readings use up what is kept for it, which is never more than
//! the share's part of the time that is left, rounded up, nor is it cut below one place. A device for
//! which nothing is kept any more is taken as long as there is room beside all that is kept for others.
//!
//! So a device that keeps pace has its share, and one that is late has a place at least, whatever others
//! send; and what silent devices do not use is free again, bit by bit. Shares are of devices: whoever has
//! many devices has many shares.

use std::{
	collections::{BTreeMap, HashMap},
	fmt::Write,
	sync::Arc,
};

use cairn_telemetry::reading::MAX_DEVICE_READINGS;
use cairn_types::{DeviceId, Periods, Window};

use super::{
	registry::Facts,
	store::{Limits, Tally, WindowRow},
};

/// Most places that are kept for a device: it may send no more in a window.
const MOST: u64 = MAX_DEVICE_READINGS as u64;
/// Devices that the operator is told of when places are short.
const TOLD: usize = 8;

/// How much of a window is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
	/// ms that are left.
	millis: u64,
	/// ms of the whole window.
	of: u64,
}

impl Left {
	/// What is left of `window` at `now`, ms since the epoch.
	#[must_use]
	pub fn at(window: Window, periods: &Periods, now: u64) -> Self {
		let of = periods.window_millis();
		let end = periods.start_of(window).saturating_add(of);
		Self { millis: end.saturating_sub(now).min(of), of }
	}

	/// Most places that are still kept for one device: of `share` the part of the time that is left,
	/// rounded up; at least one, unless the share is none.
	fn part(self, share: u32) -> u32 {
		let part = u64::from(share).saturating_mul(self.millis).div_ceil(self.of.max(1));
		u32::try_from(part).unwrap_or(share).clamp(share.min(1), share)
	}
}

/// Places of a device at the beginning of a window: readings and bytes are shared alike, rounded down.
///
/// - `largest`: bytes that a reading adds to a payload at most.
fn share(limits: Limits, largest: u64, devices: usize) -> u32 {
	let places = limits.bytes.checked_div(largest).unwrap_or(u64::MAX);
	let places = places.min(u64::from(limits.readings));
	let devices = u64::try_from(devices).unwrap_or(u64::MAX);
	let share = places.checked_div(devices).unwrap_or(0).min(MOST);
	u32::try_from(share).unwrap_or(u32::MAX)
}

/// What is kept for devices in the batch of one window.
///
/// What is stored and all that is kept fit into the batch together. Nothing here makes that false: a
/// place that is kept is there until it is used or given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserve {
	limits: Limits,
	/// Bytes that a reading adds to a payload at most.
	largest: u64,
	/// Places of a device at the beginning.
	share: u32,
	/// Places kept for each device; what is above the level is given up.
	kept: HashMap<DeviceId, u32>,
	/// How many devices have so many places kept, from none on. The last one is the level: nobody has
	/// more.
	counts: Vec<u32>,
	/// All places that are kept.
	total: u32,
}

impl Reserve {
	/// Keep each of `devices` its share, less what it has had. The same store, devices and time make the
	/// same reserve: a gateway that starts again goes on with it.
	///
	/// - `largest`: bytes that a reading adds to a payload at most.
	/// - `tally`: what is stored of the window. If that leaves less room than is to be kept, everybody's
	///   part is cut alike.
	#[must_use]
	pub fn new(
		limits: Limits,
		largest: u64,
		devices: &[DeviceId],
		tally: &Tally,
		left: Left,
	) -> Self {
		let share = share(limits, largest, devices.len());
		let levels = usize::try_from(share).unwrap_or(0).saturating_add(1);
		let (kept, counts) = (HashMap::new(), vec![0; levels]);
		let mut reserve = Self { limits, largest, share, kept, counts, total: 0 };
		if share > 0 {
			reserve.kept.reserve(devices.len());
			for device in devices {
				let had = tally.devices.get(device).copied().unwrap_or(0);
				reserve.keep(*device, share.saturating_sub(had));
			}
		}
		reserve.release(left);
		while reserve.level() > 0 && !reserve.leaves_room(&tally.row, 0, 0) {
			reserve.lower();
		}
		reserve
	}

	/// Places of a device at the beginning.
	#[must_use]
	pub const fn share(&self) -> u32 {
		self.share
	}

	/// Give up what nobody is kept any more at this time.
	pub fn release(&mut self, left: Left) {
		let level = left.part(self.share);
		while self.level() > level {
			self.lower();
		}
	}

	/// Whether a reading of a device may be taken.
	///
	/// - `row`: what is stored of the window; it has room for the reading.
	/// - `bytes`: what the reading adds to a payload.
	#[must_use]
	pub fn admits(&self, device: DeviceId, row: &WindowRow, bytes: u64) -> bool {
		self.kept_for(device) > 0 || self.leaves_room(row, 1, bytes)
	}

	/// Note that a reading of a device was taken: it uses a place that was kept for it, if there is one.
	pub fn take(&mut self, device: DeviceId) {
		let level = self.level();
		let Some(places) = self.kept.get_mut(&device) else { return };
		let before = level.min(*places);
		let Some(after) = before.checked_sub(1) else { return };
		*places = after;
		if let Some(count) = self.count(before) {
			*count = count.saturating_sub(1);
		}
		if let Some(count) = self.count(after) {
			*count = count.saturating_add(1);
		}
		self.total = self.total.saturating_sub(1);
	}

	/// Places that are kept for a device.
	fn kept_for(&self, device: DeviceId) -> u32 {
		self.kept.get(&device).map_or(0, |places| self.level().min(*places))
	}

	/// Most places that are kept for one device.
	fn level(&self) -> u32 {
		u32::try_from(self.counts.len().saturating_sub(1)).unwrap_or(u32::MAX)
	}

	/// How many devices have so many places kept.
	fn count(&mut self, places: u32) -> Option<&mut u32> {
		self.counts.get_mut(usize::try_from(places).ok()?)
	}

	fn keep(&mut self, device: DeviceId, places: u32) {
		if self.kept.insert(device, places).is_some() {
			return;
		}
		if let Some(count) = self.count(places) {
			*count = count.saturating_add(1);
			self.total = self.total.saturating_add(places);
		}
	}

	/// Cut the level by one: those who are at it have one place less.
	fn lower(&mut self) {
		let cut = self.counts.pop().unwrap_or(0);
		self.total = self.total.saturating_sub(cut);
		match self.counts.last_mut() {
			Some(below) => *below = below.saturating_add(cut),
			None => self.counts.push(cut),
		}
	}

	/// Whether so many more readings and bytes leave room for all that is kept.
	fn leaves_room(&self, row: &WindowRow, readings: u32, bytes: u64) -> bool {
		let readings = row.readings.saturating_add(readings).saturating_add(self.total);
		let kept = u64::from(self.total).saturating_mul(self.largest);
		let bytes = row.bytes.saturating_add(bytes).saturating_add(kept);
		readings <= self.limits.readings && bytes <= self.limits.bytes
	}
}

/// What the reserve of a window is made for.
#[derive(Clone, Debug)]
pub struct Basis {
	/// Who has a slot.
	pub facts: Arc<Facts>,
	/// What the batch holds.
	pub limits: Limits,
	/// Bytes that a reading adds to a payload at most.
	pub largest: u64,
}

impl Basis {
	fn is_same(&self, other: &Self) -> bool {
		Arc::ptr_eq(&self.facts, &other.facts)
			&& (self.limits, self.largest) == (other.limits, other.largest)
	}
}

/// A window with its reserve.
#[derive(Debug)]
struct Held {
	basis: Basis,
	reserve: Reserve,
	/// Whether a reading was refused for want of a place.
	is_crowded: bool,
	/// Whether that was told.
	is_told: bool,
}

/// The reserves of windows; none at first: then readings are taken as they come.
#[derive(Debug, Default)]
pub struct Shares(BTreeMap<Window, Held>);

impl Shares {
	/// Bring the reserve of a window up to date, and make it anew if it was made for something else.
	///
	/// - `know`: the devices that are kept a share, and what is stored of the window.
	///
	/// # Errors
	/// What `know` fails with.
	pub fn prepare<E>(
		&mut self,
		window: Window,
		basis: Basis,
		left: Left,
		know: impl FnOnce() -> Result<(Vec<DeviceId>, Tally), E>,
	) -> Result<(), E> {
		if let Some(held) = self.0.get_mut(&window)
			&& held.basis.is_same(&basis)
		{
			held.reserve.release(left);
			return Ok(());
		}
		let (devices, tally) = know()?;
		let reserve = Reserve::new(basis.limits, basis.largest, &devices, &tally, left);
		let (is_crowded, is_told) =
			self.0.get(&window).map_or((false, false), |held| (held.is_crowded, held.is_told));
		self.0.insert(window, Held { basis, reserve, is_crowded, is_told });
		Ok(())
	}

	/// Forget windows before this one.
	pub fn forget_before(&mut self, window: Window) {
		self.0 = self.0.split_off(&window);
	}

	/// The reserve of a window, if there is one.
	#[must_use]
	pub fn of(&self, window: Window) -> Option<&Reserve> {
		self.0.get(&window).map(|held| &held.reserve)
	}

	/// Note that a reading was taken.
	pub fn take(&mut self, window: Window, device: DeviceId) {
		if let Some(held) = self.0.get_mut(&window) {
			held.reserve.take(device);
		}
	}

	/// Note that a reading was refused for want of a place.
	pub fn refuse(&mut self, window: Window) {
		if let Some(held) = self.0.get_mut(&window) {
			held.is_crowded = true;
		}
	}

	/// A window in which places were short for the first time, and a device's share of it: each window is
	/// told once.
	pub fn crowded(&mut self) -> Option<(Window, u32)> {
		let mut held = self.0.iter_mut();
		let (window, held) = held.find(|(_, held)| held.is_crowded && !held.is_told)?;
		held.is_told = true;
		Some((*window, held.reserve.share))
	}
}

/// The devices with most readings in a window, each with their number.
#[must_use]
pub fn busiest(tally: &Tally) -> String {
	let mut devices = tally.devices.iter().collect::<Vec<_>>();
	devices.sort_unstable_by_key(|(device, readings)| (std::cmp::Reverse(**readings), **device));
	let mut text = String::new();
	for (device, readings) in devices.into_iter().take(TOLD) {
		let comma = if text.is_empty() { "" } else { ", " };
		let _ = write!(text, "{comma}{device}: {readings}");
	}
	text
}

#[cfg(test)]
mod tests;
