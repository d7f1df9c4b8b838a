//! The machine's clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// ms since the epoch; 0 before it.
#[must_use]
pub fn now_millis() -> u64 {
	let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
	millis(since)
}

/// Whole ms of a duration, rounded down; the most there are, if it has more.
#[must_use]
pub fn millis(duration: Duration) -> u64 {
	u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
