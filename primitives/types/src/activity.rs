//! Being active is an interval of windows.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use crate::{TooEarly, ids::Window};

/// The interval `[from, until)` of windows in which something is active.
///
/// Ending never waits; a new interval begins only when no check can reach the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Activity {
	/// First active window.
	pub from: Window,
	/// First window that is not active any more; `Window::MAX` while open.
	pub until: Window,
	/// First tick at which another interval may replace this one; 0 while open.
	pub settled: u32,
}

impl Activity {
	/// Never active.
	pub const NEVER: Self = Self { from: 0, until: 0, settled: 0 };

	/// Active from `from` on, capped at `cap`.
	#[must_use]
	pub const fn open(from: Window, cap: Window) -> Self {
		Self { from, until: cap, settled: 0 }
	}

	/// Whether `window` lies in the interval.
	#[must_use]
	pub const fn contains(&self, window: Window) -> bool {
		self.from <= window && window < self.until
	}

	/// End at `until` at the latest; the interval may be replaced from tick `settled`.
	#[must_use]
	pub fn end(self, until: Window, settled: u32) -> Self {
		Self { until: self.until.min(until), settled: self.settled.max(settled), ..self }
	}

	/// Begin again at `from`, capped at `cap`.
	///
	/// # Errors
	/// [`TooEarly`] before the tick at which the last interval settled.
	pub fn reopen(self, from: Window, cap: Window, tick: u32) -> Result<Self, TooEarly> {
		if tick < self.settled { Err(TooEarly) } else { Ok(Self::open(from, cap)) }
	}
}
