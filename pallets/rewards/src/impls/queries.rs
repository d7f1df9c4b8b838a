//! What the runtime API answers.

use cairn_economics::Rate;
use cairn_telemetry::Account;
use cairn_traits::{AttestedLedger, SlotBook};
use cairn_types::{Amount, Cycle, GatewayId, NetworkId, Slot};

use crate::{Config, Earner, Earning, Earnings, Pallet, Weights, types::Clock};

impl<T: Config> Pallet<T> {
	/// What claiming with this account now would turn into pay, and release at once; zeros if the
	/// claim would fail. Whether the account can be proved is not judged.
	#[must_use]
	pub fn claimable(gateway: GatewayId, slot: Slot, account: &Account) -> (Amount, Amount) {
		let Some(place) = T::Slots::get(gateway, slot) else { return (0, 0) };
		let Some((network, _)) = T::Ledger::accrual(gateway) else { return (0, 0) };
		if account.latest().device != place.device {
			return (0, 0);
		}
		Self::assess(network, gateway, slot, account, &place.payee)
			.map_or((0, 0), |settlement| (settlement.earned, settlement.released))
	}

	/// What a slot was paid; `None` before its first claim.
	#[must_use]
	pub fn earning(gateway: GatewayId, slot: Slot) -> Option<Earning> {
		Earnings::<T>::get(Earner::Slot(gateway, slot))
	}

	/// What a gateway's frozen attested units are worth so far, and what was paid of it.
	#[must_use]
	pub fn accrual(gateway: GatewayId) -> (Amount, Amount) {
		let Some((network, mut accrual)) = T::Ledger::accrual(gateway) else { return (0, 0) };
		Self::settle(&mut accrual, network, &Clock::read::<T::Time>());
		(accrual.accrued, accrual.paid)
	}

	/// A network's weight in the current cycle.
	#[must_use]
	pub fn weight(network: NetworkId) -> u32 {
		let cycle = Clock::read::<T::Time>().cycle;
		Weights::<T>::get(network).map_or(0, |record| record.history.at(cycle))
	}

	/// Units of a network that were attested in `cycle` so far; zero when they are not kept any more.
	#[must_use]
	pub fn units(network: NetworkId, cycle: Cycle) -> u128 {
		Self::total_of(&Clock::read::<T::Time>(), network, cycle).map_or(0, |total| total.units)
	}

	/// Worth of one unit of a frozen cycle in Q64, zero when it is not kept any more; `None` while
	/// the cycle is not frozen.
	#[must_use]
	pub fn frozen_rate(network: NetworkId, cycle: Cycle) -> Option<Rate> {
		let clock = Clock::read::<T::Time>();
		clock.is_frozen(cycle).then(|| Self::rate_at(&clock, network, cycle))
	}
}
