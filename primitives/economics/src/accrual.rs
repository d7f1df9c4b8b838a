//! What a gateway's attested units are worth, and what was paid of it: the bound of its slots' pay.

use cairn_types::{Amount, Cycle, Periods, Tick};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::fold::{OpenCycles, RateSource, TooManyOpen, count, fold};

/// A gateway's units that are not frozen yet, what the frozen ones were worth, and what was paid.
///
/// `paid` never exceeds `accrued`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Accrual {
	/// Worth of all cycles folded so far.
	pub accrued: Amount,
	/// Paid to the gateway's slots so far.
	pub paid: Amount,
	/// Attested units of cycles that were not frozen when it was last folded.
	pub open: OpenCycles<u128>,
}

/// The attested units do not cover a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotCovered;

impl Accrual {
	/// Fold the cycles that are frozen at `tick`, as leaves do, but at the rates that are *kept*.
	/// Saturating.
	///
	/// A leaf is folded at its window, up to two cycles before the batch is attested: judged by the
	/// current cycle, its rate might have expired in between, and the leaf would not be covered.
	pub fn settle(&mut self, tick: Tick, periods: &Periods, rates: &impl RateSource) {
		let kept_for_ever = Periods { kept_cycles: u32::MAX, ..*periods };
		let worth = fold(&mut self.open, tick, &kept_for_ever, rates);
		self.accrued = self.accrued.saturating_add(worth);
	}

	/// Count attested units of a cycle that is not frozen; settle first.
	///
	/// # Errors
	/// [`TooManyOpen`] if more cycles are open than can be.
	pub fn count(&mut self, cycle: Cycle, units: u128) -> Result<(), TooManyOpen> {
		count(&mut self.open, cycle, units)
	}

	/// Note a payment of `amount`.
	///
	/// # Errors
	/// [`NotCovered`] if what has accrued does not cover it; nothing is noted then.
	pub fn pay(&mut self, amount: Amount) -> Result<(), NotCovered> {
		let paid = self.paid.checked_add(amount).ok_or(NotCovered)?;
		if paid > self.accrued {
			return Err(NotCovered);
		}
		self.paid = paid;
		Ok(())
	}
}
