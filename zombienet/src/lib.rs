//! The harness of the network tests: real nodes of one chain, on this machine, that are killed,
//! doubled, cut off from each other and upgraded; a deadline on every wait.
//!
//! - [`process`]: programs under test, started in a group of their own and stopped by their id.
//! - [`spec`]: the network's specification, with another genesis where a story needs one.
//! - [`node`], [`network`]: validators and full nodes that find each other, and what befalls them.
//! - [`namespaces`]: network namespaces, so that a network can be cut in two.
//! - [`history`]: what every node has finalized, which must never differ.
//! - [`state`], [`events`], [`calls`], [`referendum`]: the chain, as far as the client library does
//!   not know it.
//! - [`field`]: a gateway and devices that report for ever.
//!
//! Each file in `tests/` tells one story and can be run alone.

pub mod calls;
pub mod events;
pub mod field;
pub mod history;
pub mod namespaces;
pub mod network;
pub mod node;
pub mod process;
pub mod referendum;
mod shared;
pub mod spec;
pub mod state;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::{
	sync::{Mutex, MutexGuard},
	time::{Instant, sleep_until, timeout_at},
};

/// Time between two looks at a condition.
const POLL: Duration = Duration::from_millis(200);

/// The machine: networks run one after the other, because each takes all of two cores.
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
