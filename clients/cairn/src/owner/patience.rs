//! How long somebody may take in all, however many answers that are.

use std::{
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	time::{Duration, Instant},
};

/// Time that somebody has for answers: it passes while one of them is waited for, and not else. Clones
/// share it.
#[derive(Clone, Debug)]
pub(crate) struct Patience(Arc<Mutex<Watch>>);

/// A stopwatch that runs backwards.
#[derive(Clone, Copy, Debug)]
struct Watch {
	/// What was left when it stopped last.
	left: Duration,
	/// How many answers are waited for.
	waiting: usize,
	/// When it began to run last.
	since: Instant,
}

impl Watch {
	fn left(&self, now: Instant) -> Duration {
		if self.waiting == 0 {
			return self.left;
		}
		self.left.saturating_sub(now.saturating_duration_since(self.since))
	}

	fn begin(&mut self, now: Instant) {
		if self.waiting == 0 {
			self.since = now;
		}
		self.waiting = self.waiting.saturating_add(1);
	}

	fn end(&mut self, now: Instant) {
		let left = self.left(now);
		self.waiting = self.waiting.saturating_sub(1);
		if self.waiting == 0 {
			self.left = left;
		}
	}

	fn grant(&mut self, more: Duration) {
		self.left = self.left.saturating_add(more);
	}
}

impl Patience {
	/// So much time.
	pub(crate) fn new(time: Duration) -> Self {
		Self(Arc::new(Mutex::new(Watch { left: time, waiting: 0, since: Instant::now() })))
	}

	/// Give more of it.
	pub(crate) fn grant(&self, more: Duration) {
		self.watch().grant(more);
	}

	/// What is left of it.
	pub(crate) fn left(&self) -> Duration {
		self.watch().left(Instant::now())
	}

	/// An answer is waited for until what is returned is dropped.
	pub(crate) fn wait(&self) -> Waiting<'_> {
		self.watch().begin(Instant::now());
		Waiting(self)
	}

	fn watch(&self) -> MutexGuard<'_, Watch> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

/// An answer that is waited for.
#[derive(Debug)]
pub(crate) struct Waiting<'a>(&'a Patience);

impl Drop for Waiting<'_> {
	fn drop(&mut self) {
		self.0.watch().end(Instant::now());
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const SECOND: Duration = Duration::from_secs(1);

	#[test]
	fn time_passes_only_while_somebody_waits() {
		let now = Instant::now();
		let mut watch = Watch { left: 10 * SECOND, waiting: 0, since: now };
		assert_eq!(watch.left(now + 5 * SECOND), 10 * SECOND);
		watch.begin(now + 5 * SECOND);
		assert_eq!(watch.left(now + 6 * SECOND), 9 * SECOND);
		watch.end(now + 7 * SECOND);
		assert_eq!(watch.left(now + 60 * SECOND), 8 * SECOND);
	}

	#[test]
	fn answers_at_once_take_their_time_once() {
		let now = Instant::now();
		let mut watch = Watch { left: 10 * SECOND, waiting: 0, since: now };
		watch.begin(now);
		watch.begin(now + SECOND);
		watch.end(now + 2 * SECOND);
		assert_eq!(watch.left(now + 3 * SECOND), 7 * SECOND);
		watch.end(now + 4 * SECOND);
		assert_eq!(watch.left(now + 9 * SECOND), 6 * SECOND);
	}

	#[test]
	fn more_can_be_given_and_no_less_than_nothing_is_left() {
		let now = Instant::now();
		let mut watch = Watch { left: SECOND, waiting: 0, since: now };
		watch.begin(now);
		watch.grant(2 * SECOND);
		assert_eq!(watch.left(now + SECOND), 2 * SECOND);
		watch.end(now + 9 * SECOND);
		assert_eq!(watch.left(now + 9 * SECOND), Duration::ZERO);
		watch.grant(SECOND);
		assert_eq!(watch.left(now + 9 * SECOND), SECOND);
	}

	#[test]
	fn clones_share_their_time() {
		let patience = Patience::new(SECOND);
		patience.clone().grant(SECOND);
		assert_eq!(patience.left(), 2 * SECOND);
		let waiting = patience.wait();
		assert!(patience.clone().left() <= 2 * SECOND);
		drop(waiting);
		assert_eq!(patience.left(), patience.left());
	}
}
