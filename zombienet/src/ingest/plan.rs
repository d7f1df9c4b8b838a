//! Which readings a request has, and when they are dated. Pure.
//!
//! Readings are signed before they are measured, and a gateway may be fast or slow: so they are dated
//! ahead, in windows that begin only when everything is over. No window is sealed meanwhile, and none
//! is too old. A gateway takes readings of windows to come if it lets devices' clocks be ahead.

use cairn_types::{Periods, Window};

/// Readings of a device in one window: half of what the protocol allows. A thousand devices then fill
/// a batch as the rules have it at first.
pub const PER_WINDOW: u64 = 64;

/// When a device's readings are dated: one after the other, from the beginning of a window on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
	window_millis: u64,
	first: Window,
}

impl Calendar {
	/// From the beginning of window `first` on.
	#[must_use]
	pub const fn new(periods: &Periods, first: Window) -> Self {
		Self { window_millis: periods.window_millis(), first }
	}

	/// The moment of a device's reading number `index`, from 0 on, in ms of Unix time.
	#[must_use]
	pub fn moment(&self, index: u64) -> u64 {
		let window = u64::from(self.first) + index / PER_WINDOW;
		let step = self.window_millis / PER_WINDOW;
		window * self.window_millis + index % PER_WINDOW * step
	}

	/// For what follows the first `count` readings of each device: from the next window on.
	#[must_use]
	pub fn after(&self, count: u64) -> Self {
		let windows = u32::try_from(count.div_ceil(PER_WINDOW)).unwrap_or(u32::MAX);
		Self { first: self.first.saturating_add(windows), ..*self }
	}
}

/// Whose readings are sent together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
	/// Those of all devices of a connection, in turns: a concentrator's.
	Mixed,
	/// Those of one device; the next request has another's.
	Alone,
}

impl Order {
	/// Which readings request number `number` of a connection has: device, of `devices`, and index of
	/// the reading. The requests of a connection, in their order, have each device's readings in theirs.
	#[must_use]
	pub fn request(self, number: usize, size: usize, devices: usize) -> Vec<(usize, u64)> {
		let wide = |index: usize| u64::try_from(index).unwrap_or(u64::MAX);
		match self {
			Self::Mixed => {
				let readings = number * size..(number + 1) * size;
				readings.map(|reading| (reading % devices, wide(reading / devices))).collect()
			},
			Self::Alone => {
				let round = number / devices;
				let indices = round * size..(round + 1) * size;
				indices.map(|index| (number % devices, wide(index))).collect()
			},
		}
	}

	/// How many readings of one device `requests` requests of a connection have at most.
	#[must_use]
	pub fn most(self, requests: usize, size: usize, devices: usize) -> u64 {
		let most = match self {
			Self::Mixed => (requests * size).div_ceil(devices),
			Self::Alone => requests.div_ceil(devices) * size,
		};
		u64::try_from(most).unwrap_or(u64::MAX)
	}
}

/// How many connections send requests of `size` readings, if as many as `most` send single ones:
/// larger requests need fewer to keep a gateway busy.
#[must_use]
pub fn connections(size: usize, most: usize) -> usize {
	(most * 10 / size.max(1)).clamp(most.min(8), most)
}

/// Cut `count` devices into connections: which ones each has.
#[must_use]
pub fn shares(count: usize, connections: usize) -> Vec<std::ops::Range<usize>> {
	let bound = |connection: usize| connection * count / connections;
	(0..connections).map(|connection| bound(connection)..bound(connection + 1)).collect()
}

/// The next moment, after `now`, that lies `offset` behind the beginning of a window; all in ms.
#[must_use]
pub const fn next_moment(now: u64, window_millis: u64, offset: u64) -> u64 {
	let begin = now - now % window_millis;
	let moment = begin + offset % window_millis;
	if moment > now { moment } else { moment + window_millis }
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::collections::BTreeMap;

	const PERIODS: Periods = Periods {
		slot_millis: 1_000,
		window_slots: 6,
		verdict_ticks: 2,
		attest_ticks: 6,
		dispute_ticks: 1,
		appeal_ticks: 1,
		cycle_ticks: 4,
		kept_cycles: 100,
	};

	#[test]
	fn a_devices_readings_are_dated_one_after_the_other() {
		let calendar = Calendar::new(&PERIODS, 100);
		let moments = (0..3 * PER_WINDOW).map(|index| calendar.moment(index)).collect::<Vec<_>>();
		assert!(moments.is_sorted_by(|earlier, later| earlier < later));
		assert_eq!((moments[0], PERIODS.window_at(moments[0])), (600_000, 100));
		assert_eq!(PERIODS.window_at(calendar.moment(PER_WINDOW - 1)), 100);
		assert_eq!(PERIODS.window_at(calendar.moment(PER_WINDOW)), 101);
	}

	#[test]
	fn what_follows_is_dated_in_later_windows() {
		let calendar = Calendar::new(&PERIODS, 100);
		for (count, window) in [(0, 100), (1, 101), (PER_WINDOW, 101), (PER_WINDOW + 1, 102)] {
			assert_eq!(calendar.after(count), Calendar::new(&PERIODS, window), "{count}");
		}
	}

	#[test]
	fn every_devices_readings_come_in_order() {
		for (order, size, devices) in [
			(Order::Mixed, 1, 3),
			(Order::Mixed, 10, 3),
			(Order::Mixed, 2, 7),
			(Order::Alone, 5, 3),
		] {
			let mut next = BTreeMap::new();
			for number in 0..20 {
				for (device, index) in order.request(number, size, devices) {
					let expected = next.entry(device).or_insert(0);
					assert_eq!(index, *expected, "{order:?} {size} {devices}");
					*expected += 1;
				}
			}
			assert_eq!(next.len(), devices);
			let most = next.values().max().copied();
			assert_eq!(most, Some(order.most(20, size, devices)), "{order:?} {size} {devices}");
		}
		let alone = Order::Alone.request(4, 2, 3);
		assert_eq!(alone, [(1, 2), (1, 3)], "a message has one device's readings");
	}

	#[test]
	fn larger_requests_come_over_fewer_connections() {
		let counts = [1, 10, 100, 1_000].map(|size| connections(size, 64));
		assert_eq!(counts, [64, 64, 8, 8]);
		assert_eq!((connections(100, 4), connections(1, 4)), (4, 4));
	}

	#[test]
	fn every_window_has_a_moment_of_a_device() {
		let moments = [0, 99, 100, 101, 6_099, 6_100].map(|now| next_moment(now, 6_000, 100));
		assert_eq!(moments, [100, 100, 6_100, 6_100, 6_100, 12_100]);
		assert_eq!(next_moment(12_000, 6_000, 0), 18_000, "after now");
	}

	#[test]
	fn every_device_has_one_connection() {
		let shares = shares(10, 4);
		assert_eq!(shares, [0..2, 2..5, 5..7, 7..10]);
	}
}
