//! The harness of the end-to-end tests: real processes, real extrinsics, a deadline on every wait.
//!
//! - [`process`]: processes under test, started in their own group and stopped by their id.
//! - [`node`], [`gateway`]: the two services, killed and restarted on the same data.
//! - [`chain`]: set-up by extrinsics of the development accounts.
//! - [`device`]: devices whose keys the test holds, and one that reports for ever.
//! - [`books`]: what was attested, with the units recomputed from the readings.
//! - [`broker`]: a broker of MQTT with TLS and users.
//! - [`source`]: a telemetry source that lies.
//! - [`hand`], [`verdict`]: batches and verdicts made by hand.
//! - [`wait`]: waits with a deadline, and the turns that tests take.
//!
//! The network tests compile some of these files into their own harness; what is public here, their
//! stories use.

#![allow(dead_code, reason = "each test binary uses its own part of the harness")]
#![allow(unreachable_pub, reason = "public in the harness of the network tests")]

pub(crate) mod books;
pub(crate) mod broker;
pub(crate) mod chain;
pub(crate) mod device;
pub(crate) mod gateway;
pub(crate) mod hand;
pub(crate) mod node;
pub(crate) mod process;
pub(crate) mod source;
pub(crate) mod verdict;
pub(crate) mod wait;

use std::time::Duration;

use cairn_types::{Periods, Window};

use wait::{now_millis, until};

/// Wait until the current window is in its first part, one of `parts`; returns it.
pub(crate) async fn window_begun(periods: &Periods, parts: u64) -> Window {
	let limit = Duration::from_millis(periods.window_millis() * 10);
	until("the beginning of a window", limit, async || {
		let now = now_millis();
		let window = periods.window_at(now);
		(now - periods.start_of(window) < periods.window_millis() / parts).then_some(window)
	})
	.await
}
