//! How much is emitted in a cycle, and to whom.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_arithmetic::Permill;

use crate::rate::{ONE, product};

/// 2^(−2^−k) in Q64 for k = 1..=32, rounded down: 2^−x for any binary fraction x is their product.
const HALVING_ROOTS: [u64; 32] = [
	0xb504f333f9de6484,
	0xd744fccad69d6af4,
	0xeac0c6e7dd24392e,
	0xf5257d152486cc2c,
	0xfa83b2db722a033a,
	0xfd3e0c0cf486c174,
	0xfe9e115c7b8f884b,
	0xff4ecb59511ec8a5,
	0xffa756521c8daed1,
	0xffd3a751c0f7e10b,
	0xffe9d2b2f7db2755,
	0xfff4e91bff1b8c3d,
	0xfffa747ea0040664,
	0xfffd3a3b7814eb53,
	0xfffe9d1cc60ddab1,
	0xffff4e8e25879bfa,
	0xffffa7470363f451,
	0xffffd3a37dda0313,
	0xffffe9d1bdf703ae,
	0xfffff4e8debe025e,
	0xfffffa746f4fa150,
	0xfffffd3a37a3f8b0,
	0xfffffe9d1bd1065a,
	0xffffff4e8de845ad,
	0xffffffa746f41376,
	0xffffffd3a37a05e3,
	0xffffffe9d1bd01fb,
	0xfffffff4e8de80c0,
	0xfffffffa746f4050,
	0xfffffffd3a37a024,
	0xfffffffe9d1bd011,
	0xffffffff4e8de808,
];

/// Emission of a cycle: ⌊(cap − scheduled) / tau⌋; zero once the cap is reached.
///
/// `scheduled` is the sum of all cycles' emissions before, distributed or not, so the sum over all
/// cycles never exceeds `cap`. `tau` is a number of cycles; 0 emits nothing.
#[must_use]
pub fn emission(cap: u128, scheduled: u128, tau: u32) -> u128 {
	cap.saturating_sub(scheduled).checked_div(u128::from(tau)).unwrap_or(0)
}

/// How a cycle's emission is split; what is left over goes to the networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Split {
	/// Validators' and nominators' share.
	pub validators: Permill,
	/// Treasury's share.
	pub treasury: Permill,
}

/// A cycle's emission by receiver, in the smallest unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Parts {
	/// To validators and nominators, through staking.
	pub validators: u128,
	/// To the treasury.
	pub treasury: u128,
	/// To the networks' devices.
	pub networks: u128,
}

impl Split {
	/// Split `amount`: validators' and treasury's parts are rounded down, networks get the rest.
	///
	/// Shares that add up to more than one are cut in that order, so the parts always sum to
	/// `amount`.
	#[must_use]
	pub fn of(&self, amount: u128) -> Parts {
		let validators = self.validators.mul_floor(amount);
		let left = amount.saturating_sub(validators);
		let treasury = self.treasury.mul_floor(amount).min(left);
		Parts { validators, treasury, networks: left.saturating_sub(treasury) }
	}
}

/// The bootstrap share of a cycle in Q64: max(floor, start · 2^(−cycle / half_life)), rounded down.
///
/// `half_life` in cycles; 0 means that only the floor is left.
#[must_use]
pub fn taper(floor: Permill, start: Permill, half_life: u32, cycle: u32) -> u128 {
	let (floor, start) = (permill_q64(floor), permill_q64(start));
	let (Some(halvings), Some(rest)) = (cycle.checked_div(half_life), cycle.checked_rem(half_life))
	else {
		return floor;
	};
	let fraction = u64::from(rest)
		.checked_shl(32)
		.and_then(|shifted| shifted.checked_div(u64::from(half_life)))
		.unwrap_or(0);
	let share = HALVING_ROOTS
		.iter()
		.zip((0..32u32).rev())
		.filter(|(_, bit)| fraction.checked_shr(*bit).unwrap_or(0) & 1 == 1)
		.fold(start, |share, (root, _)| product(share, u128::from(*root)));
	share.checked_shr(halvings).unwrap_or(0).max(floor)
}

/// A share in Q64, rounded down.
fn permill_q64(share: Permill) -> u128 {
	u128::from(share.deconstruct()).saturating_mul(ONE).checked_div(1_000_000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	proptest! {
		#[test]
		fn emission_never_exceeds_its_cap(cap in 0u128..1 << 90, tau in 1u32..10_000, cycles in 1usize..500) {
			let mut scheduled = 0u128;
			for _ in 0..cycles {
				scheduled += emission(cap, scheduled, tau);
				prop_assert!(scheduled <= cap);
			}
		}

		#[test]
		fn parts_sum_to_the_whole(amount in any::<u64>(), v in 0u32..=1_000_000, t in 0u32..=1_000_000) {
			let split = Split { validators: Permill::from_parts(v), treasury: Permill::from_parts(t) };
			let parts = split.of(u128::from(amount));
			prop_assert_eq!(parts.validators + parts.treasury + parts.networks, u128::from(amount));
		}

		#[test]
		fn the_taper_never_rises(half_life in 1u32..2_000, cycle in 0u32..20_000) {
			let at = |c| taper(Permill::from_percent(5), Permill::from_percent(80), half_life, c);
			prop_assert!(at(cycle + 1) <= at(cycle));
		}

		#[test]
		fn the_taper_is_within_a_billionth_of_the_formula(half_life in 1u32..2_000, cycle in 0u32..20_000) {
			let got = taper(Permill::zero(), Permill::one(), half_life, cycle) as f64 / ONE as f64;
			let want = (-f64::from(cycle) / f64::from(half_life)).exp2();
			prop_assert!((got - want).abs() < 1e-9, "{} {}", got, want);
		}
	}

	#[test]
	fn the_taper_halves_each_half_life() {
		let at = |c| taper(Permill::from_percent(10), Permill::from_percent(80), 100, c);
		assert_eq!(at(100), at(0) / 2);
		assert_eq!(at(200), at(0) / 4);
		assert_eq!(at(1_000), permill_q64(Permill::from_percent(10)));
	}
}
