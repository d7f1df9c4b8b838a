//! When a measurement begins and ends.

use std::{
	sync::{
		Arc,
		atomic::{AtomicBool, Ordering},
	},
	time::{Duration, Instant},
};

use cairn_network_tests::processors::{Counters, Usage};
use tokio::{
	sync::Notify,
	time::{sleep, timeout},
};

/// Time before a measurement in which connections are made and caches are filled.
pub(crate) const WARM_UP: Duration = Duration::from_secs(1);

/// What senders and the one who measures tell each other.
#[derive(Clone, Default)]
pub(crate) struct Signals {
	stop: Arc<AtomicBool>,
	ran_out: Arc<Notify>,
}

impl Signals {
	/// Whether no more is to be sent.
	pub(crate) fn is_over(&self) -> bool {
		self.stop.load(Ordering::Relaxed)
	}

	/// A sender has nothing left.
	pub(crate) fn run_out(&self) {
		self.ran_out.notify_one();
	}
}

/// A measurement's time, and who worked in it.
pub(crate) struct Timed {
	pub(crate) from: Instant,
	pub(crate) to: Instant,
	pub(crate) usage: Usage,
	/// Whether it ended early.
	pub(crate) ran_out: bool,
}

/// Wait while something is measured: for `seconds`, or until a sender has nothing left. Then it is over.
pub(crate) async fn measure(signals: &Signals, programs: &[u32], seconds: u64) -> Timed {
	sleep(WARM_UP).await;
	let (from, earlier) = (Instant::now(), read(programs));
	let ended = timeout(Duration::from_secs(seconds), signals.ran_out.notified()).await;
	let (to, later) = (Instant::now(), read(programs));
	signals.stop.store(true, Ordering::Relaxed);
	Timed { from, to, usage: later.since(&earlier), ran_out: ended.is_ok() }
}

/// What these programs have used of the processors.
pub(crate) fn read(programs: &[u32]) -> Counters {
	Counters::read(programs).expect("/proc tells what programs use")
}
