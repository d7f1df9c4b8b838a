//! Windows, ticks, cycles and the periods that genesis fixes.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use crate::{
	Hash32,
	ids::{Cycle, Tick, Window},
};

/// The numbers of the main path that genesis fixes and nothing changes afterwards.
///
/// Letters are those of the design: N, V, A, D, J, L, R; H = A + D + J.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct Periods {
	/// Slot duration in milliseconds.
	pub slot_millis: u64,
	/// N: slots in a window.
	pub window_slots: u32,
	/// V: ticks a committee has for its verdicts.
	pub verdict_ticks: u32,
	/// A: ticks after its window until which a batch may be attested.
	pub attest_ticks: u32,
	/// D: ticks after A in which a batch can be disputed or appealed against.
	pub dispute_ticks: u32,
	/// J: ticks after D in which appeals are decided.
	pub appeal_ticks: u32,
	/// L: ticks in a cycle.
	pub cycle_ticks: u32,
	/// R: cycles for which a frozen cycle's rate is kept; then an unclaimed cycle is worth zero.
	pub kept_cycles: u32,
}

impl Periods {
	/// Those of a network on a developer's machine: windows of 6 s, H = 8, L = 4.
	pub const DEVELOPMENT: Self = Self {
		slot_millis: 1_000,
		window_slots: 6,
		verdict_ticks: 2,
		attest_ticks: 6,
		dispute_ticks: 1,
		appeal_ticks: 1,
		cycle_ticks: 4,
		kept_cycles: 100,
	};

	/// H = A + D + J: ticks after its window until a batch has matured.
	#[must_use]
	pub const fn mature_ticks(&self) -> u32 {
		self.attest_ticks.saturating_add(self.dispute_ticks).saturating_add(self.appeal_ticks)
	}

	/// Length of a window in milliseconds, at least 1.
	#[must_use]
	pub const fn window_millis(&self) -> u64 {
		let millis = self.slot_millis.saturating_mul(self.window_slots as u64);
		if millis == 0 { 1 } else { millis }
	}

	/// The window that `time` (ms since the epoch) lies in; saturates at `Window::MAX`.
	#[must_use]
	pub fn window_at(&self, time: u64) -> Window {
		Window::try_from(time.checked_div(self.window_millis()).unwrap_or(0)).unwrap_or(Window::MAX)
	}

	/// The window of a consensus slot.
	#[must_use]
	pub fn window_of_slot(&self, slot: u64) -> Window {
		let window = slot.checked_div(u64::from(self.window_slots)).unwrap_or(0);
		Window::try_from(window).unwrap_or(Window::MAX)
	}

	/// First millisecond of `window`.
	#[must_use]
	pub fn start_of(&self, window: Window) -> u64 {
		self.window_millis().saturating_mul(u64::from(window))
	}

	/// The cycle that `tick` belongs to: ⌊tick / L⌋.
	#[must_use]
	pub fn cycle_of(&self, tick: Tick) -> Cycle {
		tick.checked_div(self.cycle_ticks).unwrap_or(0)
	}

	/// Whether nothing of `cycle` can change any more at `tick`: tick ≥ (c + 1)·L + H.
	#[must_use]
	pub fn is_frozen(&self, cycle: Cycle, tick: Tick) -> bool {
		tick >= cycle
			.saturating_add(1)
			.saturating_mul(self.cycle_ticks)
			.saturating_add(self.mature_ticks())
	}

	/// Whether what was sealed for a window of tick `of` has matured at `now`: now ≥ of + H.
	#[must_use]
	pub fn is_mature(&self, of: Tick, now: Tick) -> bool {
		now >= of.saturating_add(self.mature_ticks())
	}

	/// First tick at which no check can reach back before the window after one of tick `now`: a change
	/// made at `now` may be followed by another one then. now + 1 + H, saturating.
	#[must_use]
	pub const fn settled_after(&self, now: Tick) -> Tick {
		now.saturating_add(1).saturating_add(self.mature_ticks())
	}

	/// Whether a frozen cycle's rate has expired when judged in cycle `now`: c + R < now.
	#[must_use]
	pub fn is_expired(&self, cycle: Cycle, now: Cycle) -> bool {
		cycle.saturating_add(self.kept_cycles) < now
	}
}

/// Where the chain is in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Moment {
	/// The current window.
	pub window: Window,
	/// The current tick.
	pub tick: Tick,
}

impl Moment {
	/// The window from which a change made now holds. Saturates in the last window there is.
	#[must_use]
	pub const fn next_window(&self) -> Window {
		self.window.saturating_add(1)
	}
}

/// What is recorded of a window at its first block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct WindowRecord {
	/// The tick in force in the window.
	pub tick: Tick,
	/// Period seed newest at the window's first block: required by readings of the next one.
	pub anchor: Hash32,
	/// Anchor required of this window's own readings: that of the recorded window before.
	pub required: Hash32,
	/// Session of the window's first block.
	pub session: u32,
	/// Version of the rules that this window's batches are judged by.
	pub rules: u32,
	/// Number of the window's first block.
	pub first_block: u32,
}

/// What a verifier uses besides facts; fixed per window by version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
	/// Version of `step`.
	pub step: u16,
	/// Version of the batch header.
	pub header: u16,
	/// Most readings in one batch.
	pub max_readings: u32,
	/// Most payload bytes in one batch.
	pub max_payload: u64,
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const DEVELOPMENT: Periods = Periods::DEVELOPMENT;

	proptest! {
		#[test]
		fn at_most_three_cycles_are_open_at_once(tick in 0u32..100_000) {
			let open = (0..=DEVELOPMENT.cycle_of(tick))
				.rev()
				.take_while(|cycle| !DEVELOPMENT.is_frozen(*cycle, tick))
				.count();
			prop_assert!((1..=3).contains(&open));
		}

		#[test]
		fn a_time_lies_in_the_window_that_starts_before_it(time in 0u64..u64::from(u32::MAX) * 6_000) {
			let window = DEVELOPMENT.window_at(time);
			prop_assert!(DEVELOPMENT.start_of(window) <= time);
			prop_assert!(time < DEVELOPMENT.start_of(window) + DEVELOPMENT.window_millis());
		}
	}
}
