//! Waits with a deadline, and the turns that tests take.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::{
	sync::{Mutex, MutexGuard},
	time::{Instant, sleep_until, timeout_at},
};

/// Time between two looks at a condition.
const POLL: Duration = Duration::from_millis(200);

/// The machine: stories run one after the other, because each takes most of two cores.
pub async fn machine() -> MutexGuard<'static, ()> {
	static MACHINE: Mutex<()> = Mutex::const_new(());
	MACHINE.lock().await
}

/// What `probe` finds, looked for until it finds something.
///
/// # Panics
/// After `limit`; the ends of the logs of what runs are shown as it is stopped.
pub async fn until<T>(what: &str, limit: Duration, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
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
///
/// # Panics
/// If the clock is not set.
#[must_use]
pub fn now_millis() -> u64 {
	let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is set");
	u64::try_from(now.as_millis()).expect("milliseconds fit for a while")
}
