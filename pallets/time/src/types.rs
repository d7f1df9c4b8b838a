//! The state of time and the limits of rules, as pure data.

use cairn_telemetry::{SignedReading, step::STEP_VERSION};
use cairn_types::{Hash32, Moment, Rules, Tick, Window};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Most readings that rules may allow in one batch.
pub const MAX_READINGS: u32 = 1_048_576;
/// Most payload bytes that rules may allow in one batch: 64 MiB.
pub const MAX_PAYLOAD: u64 = 64 * 1_024 * 1_024;

/// Rules of a chain that says nothing else: 65,536 readings, 16 MiB.
pub const INITIAL_RULES: Rules =
	Rules { step: STEP_VERSION, header: 1, max_readings: 65_536, max_payload: 16 * 1_024 * 1_024 };

/// Bytes of a slot's number and of its count of readings, before the readings (formats, Payload).
const SLOT_PREFIX: u64 = 5;

/// Payload bytes that the largest reading takes by itself.
#[must_use]
pub fn min_payload() -> u64 {
	u64::try_from(SignedReading::max_encoded_len()).unwrap_or(u64::MAX).saturating_add(SLOT_PREFIX)
}

/// Why limits cannot be rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RulesFault {
	/// Not one reading fits.
	TooLow,
	/// More than verifiers can check in time.
	TooHigh,
}

/// Whether a batch may be limited to `max_readings` and `max_payload` bytes.
///
/// # Errors
/// The first [`RulesFault`] found.
pub fn check_rules(max_readings: u32, max_payload: u64) -> Result<(), RulesFault> {
	if max_readings == 0 || max_payload < min_payload() {
		return Err(RulesFault::TooLow);
	}
	if max_readings > MAX_READINGS || max_payload > MAX_PAYLOAD {
		return Err(RulesFault::TooHigh);
	}
	Ok(())
}

/// Where the chain is in time, and the bounds of the queue of kept records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct TimeState {
	/// The current window: the newest recorded one.
	pub window: Window,
	/// The tick in force.
	pub tick: Tick,
	/// Blocks in the current window so far.
	pub blocks: u32,
	/// Whether a migration ran in the current window so far.
	pub interrupted: bool,
	/// Anchor of the current window: required of the next window's readings.
	pub anchor: Hash32,
	/// Ordinal of the oldest kept record.
	pub oldest: u32,
	/// Ordinal of the next record.
	pub next: u32,
}

impl TimeState {
	/// The first block ever, in `window`.
	#[must_use]
	pub const fn first(window: Window, anchor: Hash32, migrating: bool) -> Self {
		Self { window, tick: 0, blocks: 1, interrupted: migrating, anchor, oldest: 0, next: 1 }
	}

	/// One more block in the current window.
	#[must_use]
	pub const fn note_block(self, migrating: bool) -> Self {
		Self {
			blocks: self.blocks.saturating_add(1),
			interrupted: self.interrupted || migrating,
			..self
		}
	}

	/// Whether the first block of `window` adds a tick: the window directly before it had at least
	/// half its blocks, and no migration ran.
	#[must_use]
	pub fn adds_tick(&self, window: Window, window_slots: u32) -> bool {
		self.window.checked_add(1) == Some(window)
			&& self.blocks.saturating_mul(2) >= window_slots
			&& !self.interrupted
	}

	/// The first block of a later window.
	#[must_use]
	pub const fn open(
		self,
		window: Window,
		adds_tick: bool,
		anchor: Hash32,
		migrating: bool,
	) -> Self {
		Self {
			window,
			tick: if adds_tick { self.tick.saturating_add(1) } else { self.tick },
			blocks: 1,
			interrupted: migrating,
			anchor,
			oldest: self.oldest,
			next: self.next.saturating_add(1),
		}
	}

	/// Window and tick.
	#[must_use]
	pub const fn moment(&self) -> Moment {
		Moment { window: self.window, tick: self.tick }
	}
}
