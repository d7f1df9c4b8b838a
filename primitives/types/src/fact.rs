//! Facts that a check uses: they change only from a known moment on, and remember the value before.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// A second change came before the first one's past was out of reach of every check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooEarly;

/// A value dated by a window or by a cycle: `current` holds from `since` on, `previous` before.
///
/// One past value is enough, because a change is accepted only when nothing that still may be
/// checked lies before `since` (see [`Dated::change`]).
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Dated<T> {
	/// What held before `since`; `None` when there was nothing.
	pub previous: Option<T>,
	/// What holds from `since` on.
	pub current: T,
	/// First window (or cycle) of `current`.
	pub since: u32,
	/// First tick at which `current` may be replaced.
	pub settled: u32,
}

impl<T: Clone + PartialEq> Dated<T> {
	/// A fact that begins at `since`, with nothing before it, replaceable from tick `settled`.
	#[must_use]
	pub const fn new(current: T, since: u32, settled: u32) -> Self {
		Self { previous: None, current, since, settled }
	}

	/// What holds at window (or cycle) `at`.
	#[must_use]
	pub fn at(&self, at: u32) -> Option<&T> {
		if at >= self.since { Some(&self.current) } else { self.previous.as_ref() }
	}

	/// Replace the value from `since` on; `tick` is now, `settled` the tick from which the next
	/// change is accepted.
	///
	/// # Errors
	/// [`TooEarly`] if `tick` is before the tick at which the last change settled.
	pub fn change(self, value: T, since: u32, tick: u32, settled: u32) -> Result<Self, TooEarly> {
		if tick < self.settled {
			return Err(TooEarly);
		}
		Ok(Self { previous: Some(self.current), current: value, since, settled })
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn fails_when_changed_before_settled() {
		let fact = Dated::new(1u8, 5, 20);
		assert_eq!(fact.clone().change(2, 9, 19, 40), Err(TooEarly));
		assert!(fact.change(2, 9, 20, 40).is_ok());
	}

	proptest! {
		#[test]
		fn the_past_is_what_it_was_when_it_was_present(
			first in any::<u8>(), second in any::<u8>(), since in 1u32..1_000, gap in 1u32..1_000, at in 0u32..3_000,
		) {
			let before = Dated::new(first, since, 0);
			let after = before.clone().change(second, since + gap, 0, 0).expect("settled at 0");
			if at < since + gap && at >= since {
				prop_assert_eq!(before.at(at), after.at(at));
			}
			if at >= since + gap {
				prop_assert_eq!(after.at(at), Some(&second));
			}
		}
	}
}
