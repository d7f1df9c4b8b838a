//! Waiting longer after each failure, never in step with others.

use std::{
	hash::{BuildHasher, RandomState},
	time::Duration,
};

/// Exponential backoff with full jitter: each pause is drawn between zero and a limit that doubles.
#[derive(Clone, Debug)]
pub struct Backoff {
	first: Duration,
	most: Duration,
	limit: Duration,
}

impl Backoff {
	/// Limits from `first`, doubled after each failure, up to `most`.
	#[must_use]
	pub const fn new(first: Duration, most: Duration) -> Self {
		Self { first, most, limit: first }
	}

	/// It worked: begin again with the first limit.
	pub const fn reset(&mut self) {
		self.limit = self.first;
	}

	/// It failed: how long to wait, at least `least` if the other side asked for it.
	pub fn next(&mut self, least: Option<Duration>) -> Duration {
		// The standard library seeds each hasher from the system's randomness.
		let random = RandomState::new().hash_one(0u8);
		let pause = draw(self.limit, random);
		self.limit = self.limit.saturating_mul(2).min(self.most);
		least.map_or(pause, |least| pause.saturating_add(least.min(self.most)))
	}
}

/// The part of `limit` that a random number stands for. Pure.
fn draw(limit: Duration, random: u64) -> Duration {
	let nanos = limit.as_nanos().saturating_mul(u128::from(random)) >> 64;
	Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn limits_double_up_to_the_most() {
		let second = Duration::from_secs(1);
		let mut backoff = Backoff::new(second, second * 5);
		for limit in [1, 2, 4, 5, 5] {
			assert_eq!(backoff.limit, second * limit);
			assert!(backoff.next(None) < second * limit);
		}
		backoff.reset();
		assert_eq!(backoff.limit, second);
		assert!(backoff.next(Some(second * 3)) >= second * 3);
	}

	#[test]
	fn pauses_lie_between_zero_and_the_limit() {
		let limit = Duration::from_secs(60);
		assert_eq!(draw(limit, 0), Duration::ZERO);
		assert_eq!(draw(limit, 1 << 63), Duration::from_secs(30));
		assert!(draw(limit, u64::MAX) < limit);
	}
}
