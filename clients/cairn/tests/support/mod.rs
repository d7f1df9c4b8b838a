//! The harness of the end-to-end tests: real processes, real extrinsics, a deadline on every wait.
//!
//! - [`process`]: processes under test, started in their own group and stopped by their id.
//! - [`node`], [`gateway`]: the two services, killed and restarted on the same data.
//! - [`chain`]: set-up by extrinsics of the development accounts.
//! - [`device`]: devices whose keys the test holds, and one that reports for ever.
//! - [`books`]: what was attested, with the units recomputed from the readings.
//! - [`source`]: a telemetry source that lies.
//! - [`hand`], [`verdict`]: batches and verdicts made by hand.

#![allow(dead_code, reason = "each test binary uses its own part of the harness")]

pub(crate) mod books;
pub(crate) mod chain;
pub(crate) mod device;
pub(crate) mod gateway;
pub(crate) mod hand;
pub(crate) mod node;
pub(crate) mod process;
pub(crate) mod source;
pub(crate) mod verdict;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cairn_types::{Periods, Window};
use tokio::{
	sync::{Mutex, MutexGuard},
	time::{Instant, sleep_until, timeout_at},
};

/// Time between two looks at a condition.
const POLL: Duration = Duration::from_millis(200);

/// The machine: stories run one after the other, because each takes most of two cores.
pub(crate) async fn machine() -> MutexGuard<'static, ()> {
	static MACHINE: Mutex<()> = Mutex::const_new(());
	MACHINE.lock().await
}

/// What `probe` finds, looked for until it finds something; the test fails after `limit`.
pub(crate) async fn until<T>(
	what: &str,
	limit: Duration,
	mut probe: impl AsyncFnMut() -> Option<T>,
) -> T {
	let end = Instant::now() + limit;
	loop {
		let found = timeout_at(end, probe()).await;
		if let Ok(Some(found)) = found {
			return found;
		}
		assert!(Instant::now() < end, "not within {} s: {what}", limit.as_secs());
		sleep_until((Instant::now() + POLL).min(end)).await;
	}
}

/// The time, as devices tell it.
pub(crate) fn now_millis() -> u64 {
	let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is set");
	u64::try_from(now.as_millis()).expect("milliseconds fit for a while")
}

/// Wait until the current window is in its first part, one of `parts`; returns it.
pub(crate) async fn window_begun(periods: &Periods, parts: u64) -> Window {
	let limit = Duration::from_millis(periods.window_millis() * 2);
	until("the beginning of a window", limit, async || {
		let now = now_millis();
		let window = periods.window_at(now);
		(now - periods.start_of(window) < periods.window_millis() / parts).then_some(window)
	})
	.await
}
