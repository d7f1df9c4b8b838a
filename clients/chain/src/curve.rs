//! How much approval and support a referendum needs, as its decision goes on.

use codec::{Decode, Encode};
use sp_runtime::Perbill;

/// The whole, in billionths: what [`Perbill`] and the numbers of [`Curve::Reciprocal`] count.
const ONE: u64 = 1_000_000_000;

/// What share is needed, as a function of the part of the decision period that has passed. Never
/// rises.
///
/// Evaluated as pallet-referenda does, to the last billionth; a test holds it against that pallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Curve {
	/// Falls evenly.
	LinearDecreasing {
		/// Where it reaches `floor`, and stays there.
		length: Perbill,
		/// What is needed at the end.
		floor: Perbill,
		/// What is needed at first.
		ceil: Perbill,
	},
	/// Falls in steps.
	SteppedDecreasing {
		/// What is needed at first.
		begin: Perbill,
		/// What is needed at least.
		end: Perbill,
		/// How much less after each period.
		step: Perbill,
		/// Length of a step.
		period: Perbill,
	},
	/// `factor / (x + x_offset) + y_offset`, in billionths.
	Reciprocal {
		/// Numerator.
		factor: i64,
		/// Added to what has passed.
		x_offset: i64,
		/// Added to the quotient.
		y_offset: i64,
	},
}

impl Curve {
	/// What is needed when `x` of the decision period has passed, rounded as the pallet does.
	#[must_use]
	pub fn threshold(&self, x: Perbill) -> Perbill {
		match *self {
			Self::LinearDecreasing { length, floor, ceil } => linear(x, length, floor, ceil),
			Self::SteppedDecreasing { begin, end, step, period } => {
				stepped(x, begin, end, step, period)
			},
			Self::Reciprocal { factor, x_offset, y_offset } => {
				reciprocal(x, factor, x_offset, y_offset)
			},
		}
	}

	/// Whether the share `y` is enough when `x` of the decision period has passed.
	#[must_use]
	pub fn passing(&self, x: Perbill, y: Perbill) -> bool {
		y >= self.threshold(x)
	}
}

fn linear(x: Perbill, length: Perbill, floor: Perbill, ceil: Perbill) -> Perbill {
	let passed = parts(x.min(length)).saturating_mul(ONE).checked_div(parts(length)).unwrap_or(ONE);
	let span = parts(ceil).saturating_sub(parts(floor));
	let fallen = passed.saturating_mul(span) / ONE;
	share(parts(ceil).saturating_sub(fallen))
}

fn stepped(x: Perbill, begin: Perbill, end: Perbill, step: Perbill, period: Perbill) -> Perbill {
	let steps = parts(x).checked_div(parts(period)).unwrap_or(u64::MAX);
	let fallen = parts(step).saturating_mul(steps).min(parts(begin));
	share(parts(begin).saturating_sub(fallen)).max(end)
}

fn reciprocal(x: Perbill, factor: i64, x_offset: i64, y_offset: i64) -> Perbill {
	let below = i128::from(parts(x)).saturating_add(i128::from(x_offset));
	let above = i128::from(factor).saturating_mul(i128::from(ONE));
	// The quotient is rounded towards minus infinity; Euclid's is, for a positive divisor.
	let (above, below) =
		if below < 0 { (above.saturating_neg(), below.saturating_neg()) } else { (above, below) };
	let quotient = above.checked_div_euclid(below).and_then(|number| i64::try_from(number).ok());
	let Some(quotient) = quotient else { return Perbill::one() };
	let needed = i128::from(quotient).saturating_add(i128::from(y_offset)).max(0);
	share(u64::try_from(needed).unwrap_or(ONE))
}

fn parts(share: Perbill) -> u64 {
	u64::from(share.deconstruct())
}

/// A share from billionths; what is more than the whole is the whole.
fn share(parts: u64) -> Perbill {
	Perbill::from_parts(u32::try_from(parts.min(ONE)).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
	use super::*;

	const fn percent(number: u32) -> Perbill {
		Perbill::from_percent(number)
	}

	#[test]
	fn works_when_a_curve_is_linear() {
		let curve =
			Curve::LinearDecreasing { length: percent(50), floor: percent(50), ceil: percent(100) };
		for (x, y) in [(0, 100), (10, 90), (25, 75), (50, 50), (100, 50)] {
			assert_eq!(curve.threshold(percent(x)), percent(y), "{x}");
		}
		assert!(curve.passing(percent(25), percent(75)));
		assert!(!curve.passing(percent(24), percent(75)));
	}

	#[test]
	fn works_when_a_curve_has_no_length() {
		let curve =
			Curve::LinearDecreasing { length: percent(0), floor: percent(20), ceil: percent(60) };
		assert_eq!(curve.threshold(percent(0)), percent(20));
	}

	#[test]
	fn works_when_a_curve_has_steps() {
		let curve = Curve::SteppedDecreasing {
			begin: percent(80),
			end: percent(30),
			step: percent(20),
			period: percent(25),
		};
		for (x, y) in [(0, 80), (24, 80), (25, 60), (50, 40), (75, 30), (100, 30)] {
			assert_eq!(curve.threshold(percent(x)), percent(y), "{x}");
		}
	}

	#[test]
	fn works_when_a_curve_is_a_reciprocal() {
		// 0.25 / (x + 0.25): 1 at the beginning, a fifth at the end.
		let curve = Curve::Reciprocal { factor: 250_000_000, x_offset: 250_000_000, y_offset: 0 };
		for (x, y) in [(0, 100), (25, 50), (75, 25), (100, 20)] {
			assert_eq!(curve.threshold(percent(x)), percent(y), "{x}");
		}
		let lower = Curve::Reciprocal {
			factor: 250_000_000,
			x_offset: 250_000_000,
			y_offset: -300_000_000,
		};
		assert_eq!(lower.threshold(percent(0)), percent(70));
		assert_eq!(lower.threshold(percent(100)), percent(0));
	}

	#[test]
	fn everything_is_needed_where_a_reciprocal_has_no_value() {
		let curve = Curve::Reciprocal { factor: 1, x_offset: 0, y_offset: 0 };
		assert_eq!(curve.threshold(percent(0)), percent(100));
	}
}
