//! Rates: what a unit of a frozen cycle is worth.

use sp_arithmetic::{Rounding, helpers_128bit::multiply_by_rational_with_rounding};

/// Worth of one unit in Q64 of the smallest currency unit.
pub type Rate = u128;

/// 1 in Q64.
pub const ONE: u128 = 1 << 64;

/// Rate of a frozen cycle: ⌊pool · 2^64 / units⌋; zero without units, saturating.
///
/// Rounded down: Σ ⌊uᵢ · rate⌋ ≤ pool for any uᵢ that sum to `units`.
#[must_use]
pub fn rate(pool: u128, units: u128) -> Rate {
	if units == 0 {
		return 0;
	}
	multiply_by_rational_with_rounding(pool, ONE, units, Rounding::Down).unwrap_or(Rate::MAX)
}

/// What `units` are worth at `rate`: ⌊units · rate / 2^64⌋, saturating.
#[must_use]
pub fn value(units: u128, rate: Rate) -> u128 {
	multiply_by_rational_with_rounding(units, rate, ONE, Rounding::Down).unwrap_or(u128::MAX)
}

/// The product of two Q64 fractions, rounded down.
#[must_use]
pub fn product(a: u128, b: u128) -> u128 {
	value(a, b)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	proptest! {
		#[test]
		fn what_is_paid_never_exceeds_the_pool(pool in 0u128..1 << 100, shares in prop::collection::vec(0u64..1 << 40, 1..50)) {
			let units: u128 = shares.iter().copied().map(u128::from).sum();
			let rate = rate(pool, units);
			let paid: u128 = shares.iter().map(|share| value(u128::from(*share), rate)).sum();
			prop_assert!(paid <= pool);
		}

		#[test]
		fn what_is_not_paid_is_below_one_per_share_and_unit(pool in 0u128..1 << 80, units in 1u128..1 << 60) {
			let paid = value(units, rate(pool, units));
			prop_assert!(pool - paid <= 1);
		}
	}
}
