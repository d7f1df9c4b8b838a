//! Sequence numbers that are never used twice, whatever happens to the process.

/// Numbers reserved at once.
const BLOCK: u64 = 1_000;

/// Hands out increasing numbers; reserves them ahead in blocks, so that most need no write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
	next: u64,
	/// First number that is not reserved.
	reserved: u64,
}

impl Sequence {
	/// Go on behind everything that an earlier run reserved.
	///
	/// The clock (ms since the epoch) is a lower bound: so a state file that was lost or restored from
	/// a backup does not lead back, as long as the device makes less than a reading per ms.
	#[must_use]
	pub fn resume(reserved: Option<u64>, now_millis: u64) -> Self {
		let next = reserved.unwrap_or(0).max(now_millis);
		Self { next, reserved: next }
	}

	/// The next number. `reserve` makes the limit it is given durable before numbers below it are
	/// handed out.
	///
	/// # Errors
	/// What `reserve` fails with; then no number is used.
	pub fn take<E>(&mut self, reserve: impl FnOnce(u64) -> Result<(), E>) -> Result<u64, E> {
		if self.next >= self.reserved {
			let limit = self.next.saturating_add(BLOCK);
			reserve(limit)?;
			self.reserved = limit;
		}
		let number = self.next;
		self.next = self.next.saturating_add(1);
		Ok(number)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	proptest! {
		#[test]
		fn no_number_is_used_twice_over_crashes(
			runs in prop::collection::vec((0u64..3_000, 0u64..5_000), 1..8),
		) {
			let mut durable = None;
			let mut last = None;
			for (clock, count) in runs {
				let mut sequence = Sequence::resume(durable, clock);
				for _ in 0..count {
					let reserve = |limit| {
						durable = Some(limit);
						Ok::<_, std::convert::Infallible>(())
					};
					let Ok(number) = sequence.take(reserve);
					prop_assert!(last.is_none_or(|last| number > last));
					prop_assert!(durable.is_some_and(|limit| number < limit));
					last = Some(number);
				}
			}
		}
	}

	#[test]
	fn fails_when_nothing_can_be_reserved() {
		let mut sequence = Sequence::resume(None, 5);
		assert_eq!(sequence.take(|_| Err("disk full")), Err("disk full"));
		assert_eq!(sequence.take(|_| Ok::<_, &str>(())), Ok(5));
	}
}
