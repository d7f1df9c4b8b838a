//! Units of cycles that are not frozen yet, and how they become worth something: one fold for a
//! device's leaf and a gateway's accrual, in `step` and in a claim.

use cairn_types::{Cycle, Periods, Tick};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{ConstU32, bounded::BoundedVec};

use crate::rate::{Rate, value};

/// Most cycles that are open at once: H ≤ 2L.
pub const MAX_OPEN: u32 = 3;

/// Units of one cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Open<U> {
	/// The cycle.
	pub cycle: Cycle,
	/// Units counted in it so far.
	pub units: U,
}

/// At most [`MAX_OPEN`] cycles with units, ascending by cycle.
pub type OpenCycles<U> = BoundedVec<Open<U>, ConstU32<MAX_OPEN>>;

/// Where rates of frozen cycles come from. A cycle's rate never changes once it is frozen.
pub trait RateSource {
	/// Worth of a unit of `cycle` in one network; zero if there is none.
	fn rate(&self, cycle: Cycle) -> Rate;
}

impl<F: Fn(Cycle) -> Rate> RateSource for F {
	fn rate(&self, cycle: Cycle) -> Rate {
		self(cycle)
	}
}

/// There were more than [`MAX_OPEN`] unfrozen cycles, or units overflowed: the caller's ticks are
/// not those of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyOpen;

/// Take the cycles that are frozen at `tick` out of `open` and return what they are worth.
///
/// Each cycle's worth is rounded down by itself; a cycle whose rate has expired at `tick` is worth
/// zero. Saturating.
pub fn fold<U: Copy + Into<u128>>(
	open: &mut OpenCycles<U>,
	tick: Tick,
	periods: &Periods,
	rates: &impl RateSource,
) -> u128 {
	let now = periods.cycle_of(tick);
	let mut worth = 0u128;
	open.retain(|entry| {
		if !periods.is_frozen(entry.cycle, tick) {
			return true;
		}
		if !periods.is_expired(entry.cycle, now) {
			worth = worth.saturating_add(value(entry.units.into(), rates.rate(entry.cycle)));
		}
		false
	});
	worth
}

/// Count `units` in `cycle`; zero units leave no entry.
///
/// # Errors
/// [`TooManyOpen`] if there is no room for the cycle; fold first.
pub fn count<U: Copy + Into<u128> + TryFrom<u128>>(
	open: &mut OpenCycles<U>,
	cycle: Cycle,
	units: U,
) -> Result<(), TooManyOpen> {
	if units.into() == 0 {
		return Ok(());
	}
	if let Some(entry) = open.iter_mut().find(|entry| entry.cycle == cycle) {
		let sum = entry.units.into().checked_add(units.into()).ok_or(TooManyOpen)?;
		entry.units = U::try_from(sum).map_err(|_| TooManyOpen)?;
		return Ok(());
	}
	let place = open.iter().take_while(|entry| entry.cycle < cycle).count();
	open.try_insert(place, Open { cycle, units }).map_err(|_| TooManyOpen)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::rate::ONE;
	use proptest::prelude::*;

	const PERIODS: Periods = Periods { kept_cycles: 5, ..Periods::DEVELOPMENT };

	proptest! {
		#[test]
		fn folding_often_or_once_is_worth_the_same(steps in prop::collection::vec((0u32..6, 0u64..1_000), 1..60)) {
			let rates = |cycle: Cycle| u128::from(cycle % 7) * ONE / 3;
			let mut tick = 0;
			let mut often = OpenCycles::<u64>::default();
			let mut worth_often = 0u128;
			let mut all = std::collections::BTreeMap::<Cycle, u128>::new();
			for (gap, units) in steps {
				tick += gap;
				worth_often += fold(&mut often, tick, &PERIODS, &rates);
				count(&mut often, PERIODS.cycle_of(tick), units).expect("folded first");
				*all.entry(PERIODS.cycle_of(tick)).or_default() += u128::from(units);
			}
			// No gap is long enough for a rate to expire.
			let end = tick + 12;
			worth_often += fold(&mut often, end, &PERIODS, &rates);
			let worth_once: u128 = all.iter().map(|(cycle, units)| value(*units, rates(*cycle))).sum();
			prop_assert_eq!(worth_often, worth_once);
		}
	}

	#[test]
	fn an_expired_cycle_is_worth_nothing() {
		let mut open = OpenCycles::<u64>::default();
		count(&mut open, 0, 10).expect("room");
		let tick = PERIODS.cycle_ticks * (PERIODS.kept_cycles + 1);
		assert_eq!(fold(&mut open, tick, &PERIODS, &|_| ONE), 0);
		assert!(open.is_empty());
	}

	#[test]
	fn fails_when_a_fourth_cycle_opens() {
		let mut open = OpenCycles::<u64>::default();
		for cycle in 0..3 {
			count(&mut open, cycle, 1).expect("room");
		}
		assert_eq!(count(&mut open, 3, 1), Err(TooManyOpen));
	}
}
