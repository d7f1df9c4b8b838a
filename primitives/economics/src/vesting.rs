//! Vesting: what is earned is released geometrically, cycle by cycle.

use sp_arithmetic::{Rounding, helpers_128bit::multiply_by_rational_with_rounding};

use crate::rate::ONE;

/// (1 − 1/v)^cycles in Q64, rounded up at every step: rounding keeps tokens unvested.
///
/// `v` is the vesting length in cycles; 0 and 1 keep nothing (after at least one cycle).
#[must_use]
pub fn kept_share(v: u32, cycles: u32) -> u128 {
	if cycles == 0 {
		return ONE;
	}
	if v <= 1 {
		return 0;
	}
	let released = ONE.checked_div(u128::from(v)).unwrap_or(0);
	let mut base = ONE.saturating_sub(released);
	let mut power = ONE;
	let mut exponent = cycles;
	while exponent > 0 {
		if exponent & 1 == 1 {
			power = product_up(power, base);
		}
		base = product_up(base, base);
		exponent >>= 1;
	}
	power.min(ONE)
}

/// What of `unvested` is released after `cycles`: ⌊unvested · (1 − (1 − 1/v)^cycles)⌋, the rest
/// rounded up.
#[must_use]
pub fn released(unvested: u128, v: u32, cycles: u32) -> u128 {
	let kept =
		multiply_by_rational_with_rounding(unvested, kept_share(v, cycles), ONE, Rounding::Up)
			.unwrap_or(unvested);
	unvested.saturating_sub(kept)
}

fn product_up(a: u128, b: u128) -> u128 {
	multiply_by_rational_with_rounding(a, b, ONE, Rounding::Up).unwrap_or(ONE)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	proptest! {
		#[test]
		fn touching_more_often_never_releases_more_than_rounding(unvested in 0u128..1 << 80, v in 1u32..400, a in 1u32..50, b in 1u32..50) {
			let once = released(unvested, v, a + b);
			let first = released(unvested, v, a);
			let twice = first + released(unvested - first, v, b);
			let slack = 2 + (unvested >> 56);
			prop_assert!(twice <= once + slack && once <= twice + slack, "{} {}", once, twice);
		}

		#[test]
		fn nothing_is_released_beyond_what_is_there(unvested in any::<u128>(), v in any::<u32>(), cycles in any::<u32>()) {
			prop_assert!(released(unvested, v, cycles) <= unvested);
		}
	}

	#[test]
	fn one_cycle_vesting_releases_all() {
		assert_eq!(released(1_000, 1, 1), 1_000);
		assert_eq!(released(1_000, 1, 0), 0);
	}

	#[test]
	fn a_cycle_of_v_releases_a_vth() {
		assert_eq!(released(30_000, 30, 1), 999);
	}
}
