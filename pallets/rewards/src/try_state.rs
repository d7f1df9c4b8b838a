//! What always holds of the pallet's state.

use alloc::collections::BTreeMap;
use cairn_traits::{AttestedLedger, Timekeeper};
use cairn_types::{Amount, Cycle, GatewayId, NetworkId};
use frame_support::{ensure, traits::fungible::Inspect};
use sp_runtime::TryRuntimeError;

use crate::{
	Config, Cycles, Earner, Earnings, GenesisIssuance, Issued, Pallet, Pending, Scheduled, Totals,
	WeightSum, Weights,
	types::{Clock, kept_cycles, total},
};

impl<T: Config> Pallet<T> {
	/// Check every invariant.
	///
	/// # Errors
	/// What does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let clock = Clock::read::<T::Time>();
		Self::issuance_is_accounted_for()?;
		Self::parts_are_covered()?;
		Self::cap_holds()?;
		Self::cycles_are_sound(&clock)?;
		Self::weights_add_up(&clock)?;
		Self::totals_are_sound(&clock)?;
		Self::totals_are_those_of_the_gateways(&clock)?;
		Self::gateways_are_covered(&clock)?;
		Self::earnings_are_those_of_the_gateways(&clock)
	}

	/// Issuance = genesis + released + validators + treasury − burned.
	fn issuance_is_accounted_for() -> Result<(), TryRuntimeError> {
		let issued = Issued::<T>::get();
		let accounted =
			[GenesisIssuance::<T>::get(), issued.released, issued.validators, issued.treasury]
				.into_iter()
				.fold(0, Amount::saturating_add);
		ensure!(
			T::Currency::total_issuance() <= accounted,
			"rewards: tokens exist that nobody minted"
		);
		Ok(())
	}

	/// No receiver got more than was scheduled for it, and nothing on its way was lost.
	fn parts_are_covered() -> Result<(), TryRuntimeError> {
		let (scheduled, pending, issued) =
			(Scheduled::<T>::get(), Pending::<T>::get(), Issued::<T>::get());
		ensure!(
			issued.released <= scheduled.networks,
			"rewards: more was released than the networks' part"
		);
		ensure!(
			issued.validators.saturating_add(pending.validators) <= scheduled.validators,
			"rewards: validators got more than their part"
		);
		ensure!(
			issued.treasury.saturating_add(pending.treasury) == scheduled.treasury,
			"rewards: the treasury did not get its part"
		);
		Ok(())
	}

	fn cap_holds() -> Result<(), TryRuntimeError> {
		ensure!(
			total(&Scheduled::<T>::get()) <= Self::params().emission_cap,
			"rewards: more is scheduled than the cap"
		);
		Ok(())
	}

	/// Records are those of the last R + 4 cycles, and each splits its emission without a rest.
	fn cycles_are_sound(clock: &Clock) -> Result<(), TryRuntimeError> {
		let kept = kept_cycles(&T::Time::periods());
		for (cycle, record) in Cycles::<T>::iter() {
			ensure!(cycle <= clock.cycle, "rewards: a cycle began too early");
			ensure!(cycle.saturating_add(kept) > clock.cycle, "rewards: a cycle is kept too long");
			ensure!(total(&record.parts) == record.emission, "rewards: parts are not the whole");
			ensure!(
				record.bootstrap <= record.parts.networks,
				"rewards: a bootstrap pool exceeds the networks' part"
			);
		}
		Ok(())
	}

	/// In every cycle within reach, and in the next, the sum of weights is that of all weights.
	fn weights_add_up(clock: &Clock) -> Result<(), TryRuntimeError> {
		let first = clock.cycle.saturating_sub(2);
		let records: alloc::vec::Vec<_> = Weights::<T>::iter_values().collect();
		for cycle in first..=clock.next_cycle() {
			let sum = records
				.iter()
				.map(|record| u64::from(record.history.at(cycle)))
				.fold(0, u64::saturating_add);
			ensure!(sum == WeightSum::<T>::get().at(cycle), "rewards: weights do not add up");
			let fixed = Cycles::<T>::get(cycle).map(|record| record.weights);
			ensure!(
				fixed.is_none_or(|fixed| fixed == sum),
				"rewards: a cycle's sum of weights is not that of its weights"
			);
		}
		Ok(())
	}

	/// Each entry is in its place, and no cycle's pools exceed what is shared: none is shared twice.
	fn totals_are_sound(clock: &Clock) -> Result<(), TryRuntimeError> {
		let mut pools = BTreeMap::<Cycle, Amount>::new();
		for (_, place, total) in Totals::<T>::iter() {
			ensure!(place == clock.place(total.cycle), "rewards: totals are out of place");
			ensure!(total.cycle <= clock.cycle, "rewards: totals of a cycle to come");
			ensure!(total.units > 0, "rewards: totals without units");
			let sum = pools.entry(total.cycle).or_default();
			*sum = sum.saturating_add(total.pool);
		}
		for (cycle, sum) in pools {
			let shared = Cycles::<T>::get(cycle).map(|record| record.bootstrap);
			ensure!(
				shared.is_none_or(|shared| sum <= shared),
				"rewards: networks' pools exceed what is shared"
			);
		}
		Ok(())
	}

	/// Until a cycle is frozen, a network's units are those of its gateways.
	fn totals_are_those_of_the_gateways(clock: &Clock) -> Result<(), TryRuntimeError> {
		let mut of_gateways = BTreeMap::<(NetworkId, Cycle), u128>::new();
		for (_, network, accrual) in T::Ledger::accruals() {
			for open in accrual.open.iter().filter(|open| !clock.is_frozen(open.cycle)) {
				let units = of_gateways.entry((network, open.cycle)).or_default();
				*units = units.saturating_add(open.units);
			}
		}
		let of_networks: BTreeMap<_, _> = Totals::<T>::iter()
			.filter(|(_, _, total)| !clock.is_frozen(total.cycle))
			.map(|(network, _, total)| ((network, total.cycle), total.units))
			.collect();
		ensure!(of_gateways == of_networks, "rewards: a network's units are not its gateways'");
		Ok(())
	}

	/// No gateway's slots were paid more than its attested units are worth, nor all together more
	/// than the networks' part.
	fn gateways_are_covered(clock: &Clock) -> Result<(), TryRuntimeError> {
		let mut accrued: Amount = 0;
		for (_, network, mut accrual) in T::Ledger::accruals() {
			Self::settle(&mut accrual, network, clock);
			ensure!(
				accrual.paid <= accrual.accrued,
				"rewards: a gateway paid more than it accrued"
			);
			accrued = accrued.saturating_add(accrual.accrued);
		}
		ensure!(
			accrued <= Scheduled::<T>::get().networks,
			"rewards: gateways accrued more than the networks' part"
		);
		Ok(())
	}

	/// What slots were paid is what their gateway paid, and what of it is not waiting was released.
	fn earnings_are_those_of_the_gateways(clock: &Clock) -> Result<(), TryRuntimeError> {
		let mut paid = BTreeMap::<GatewayId, Amount>::new();
		let mut released: Amount = 0;
		for (Earner::Slot(gateway, _), earning) in Earnings::<T>::iter() {
			ensure!(earning.touched <= clock.cycle, "rewards: pay vested ahead of time");
			let out = earning.paid.checked_sub(earning.unreleased());
			released = released.saturating_add(out.ok_or("rewards: more waits than was paid")?);
			let sum = paid.entry(gateway).or_default();
			*sum = sum.saturating_add(earning.paid);
		}
		ensure!(
			released == Issued::<T>::get().released,
			"rewards: what was released is not what slots got"
		);
		// Slots of a gateway that is gone keep what they were paid.
		for (gateway, _, accrual) in T::Ledger::accruals() {
			let sum = paid.remove(&gateway).unwrap_or(0);
			ensure!(sum == accrual.paid, "rewards: a gateway's slots were paid something else");
		}
		Ok(())
	}
}
