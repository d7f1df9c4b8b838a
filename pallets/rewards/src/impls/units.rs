//! Attested units, and what those of frozen cycles are worth.

use cairn_economics::{Accrual, Rate, rate};
use cairn_traits::UnitBook;
use cairn_types::{Amount, Cycle, NetworkId};
use frame_support::defensive;

use crate::{Config, Cycles, NetworkCycle, Pallet, Totals, Weights, types::Clock};

impl<T: Config> Pallet<T> {
	/// Worth of one unit of `cycle`; zero until the cycle is frozen, and when its record is gone.
	///
	/// Whether it has *expired* is for those to judge who fold: `step` at its window, a claim at the
	/// current cycle.
	pub(crate) fn rate_at(clock: &Clock, network: NetworkId, cycle: Cycle) -> Rate {
		if !clock.is_frozen(cycle) {
			return 0;
		}
		Self::total_of(clock, network, cycle).map_or(0, |total| rate(total.pool, total.units))
	}

	/// What a network's units of a cycle share: ⌊bootstrap · weight / Σ weights⌋ of that cycle.
	fn pool_of(network: NetworkId, cycle: Cycle) -> Amount {
		let (Some(record), Some(weight)) = (Cycles::<T>::get(cycle), Weights::<T>::get(network))
		else {
			return 0;
		};
		record.pool(weight.history.at(cycle))
	}

	/// A network's totals of `cycle`, while they are kept: an entry may stay longer, until a later cycle
	/// takes its place.
	pub(crate) fn total_of(
		clock: &Clock,
		network: NetworkId,
		cycle: Cycle,
	) -> Option<NetworkCycle> {
		let held = Totals::<T>::get(network, clock.place(cycle))?;
		(held.cycle == cycle && clock.keeps(cycle)).then_some(held)
	}

	/// Fold what is frozen now into what a gateway of `network` has accrued.
	pub(crate) fn settle(accrual: &mut Accrual, network: NetworkId, clock: &Clock) {
		let rates = |cycle: Cycle| Self::rate_at(clock, network, cycle);
		accrual.settle(clock.tick, &clock.periods, &rates);
	}
}

impl<T: Config> UnitBook for Pallet<T> {
	fn note_attested(accrual: &mut Accrual, network: NetworkId, cycle: Cycle, units: u128) {
		if units == 0 {
			return;
		}
		let clock = Clock::read::<T::Time>();
		if cycle > clock.cycle || clock.is_frozen(cycle) {
			defensive!("units are attested before their cycle is frozen");
			return;
		}
		let total = Self::total_of(&clock, network, cycle).unwrap_or_else(|| NetworkCycle {
			cycle,
			units: 0,
			pool: Self::pool_of(network, cycle),
		});
		let mut settled = accrual.clone();
		Self::settle(&mut settled, network, &clock);
		let (Ok(()), Some(units)) = (settled.count(cycle, units), total.units.checked_add(units))
		else {
			defensive!("at most three cycles are open at once, and units fit");
			return;
		};

		Totals::<T>::insert(network, clock.place(cycle), NetworkCycle { units, ..total });
		*accrual = settled;
	}

	fn rate(network: NetworkId, cycle: Cycle) -> Rate {
		Self::rate_at(&Clock::read::<T::Time>(), network, cycle)
	}
}
