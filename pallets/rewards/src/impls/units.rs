//! Attested units, and what those of frozen cycles are worth.

use cairn_economics::{Rate, rate};
use cairn_traits::UnitBook;
use cairn_types::{Cycle, GatewayId, NetworkId};
use frame_support::defensive;

use crate::{
	Accrual, Config, Cycles, Gateways, NetworkCycle, Pallet, Totals, Weights, types::Clock,
};

impl<T: Config> Pallet<T> {
	/// Worth of one unit of `cycle`; zero until the cycle is frozen, and when its record is gone.
	///
	/// Whether it has *expired* is for those to judge who fold: `step` at its window, a claim at the
	/// current cycle.
	pub(crate) fn rate_at(clock: &Clock, network: NetworkId, cycle: Cycle) -> Rate {
		if !clock.is_frozen(cycle) {
			return 0;
		}
		match (Cycles::<T>::get(cycle), Self::total_of(clock, network, cycle)) {
			(Some(record), Some(total)) => rate(record.pool(total.weight), total.units),
			_ => 0,
		}
	}

	/// A network's totals of `cycle`, while they are kept.
	pub(crate) fn total_of(
		clock: &Clock,
		network: NetworkId,
		cycle: Cycle,
	) -> Option<NetworkCycle> {
		Totals::<T>::get(network, clock.place(cycle)).filter(|total| total.cycle == cycle)
	}

	/// Fold what is frozen now into what a gateway has accrued.
	pub(crate) fn settle(accrual: &mut Accrual, clock: &Clock) {
		let network = accrual.network;
		accrual.settle(clock, &|cycle: Cycle| Self::rate_at(clock, network, cycle));
	}
}

impl<T: Config> UnitBook for Pallet<T> {
	fn note_attested(gateway: GatewayId, network: NetworkId, cycle: Cycle, units: u128) {
		if units == 0 {
			return;
		}
		let clock = Clock::read::<T::Time>();
		if cycle > clock.cycle || clock.is_frozen(cycle) {
			defensive!("units are attested before their cycle is frozen");
			return;
		}
		let mut accrual = Gateways::<T>::get(gateway).unwrap_or_else(|| Accrual::new(network));
		Self::settle(&mut accrual, &clock);
		let total = Self::total_of(&clock, network, cycle).unwrap_or_else(|| NetworkCycle {
			cycle,
			units: 0,
			weight: Weights::<T>::get(network).map_or(0, |record| record.history.at(cycle)),
		});
		let (Ok(()), Some(units)) = (accrual.count(cycle, units), total.units.checked_add(units))
		else {
			defensive!("at most three cycles are open at once, and units fit");
			return;
		};

		Totals::<T>::insert(network, clock.place(cycle), NetworkCycle { units, ..total });
		Gateways::<T>::insert(gateway, accrual);
	}

	fn rate(network: NetworkId, cycle: Cycle) -> Rate {
		Self::rate_at(&Clock::read::<T::Time>(), network, cycle)
	}
}
