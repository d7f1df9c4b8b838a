//! What a cycle emits, and how it reaches validators and treasury.

use core::marker::PhantomData;

use cairn_economics::{taper, value};
use cairn_traits::{OnCycle, Timekeeper, ValidatorPart};
use cairn_types::{Amount, Cycle};
use frame_support::{
	defensive,
	traits::{
		Get, Imbalance, OnUnbalanced,
		fungible::{Inspect, Mutate},
		tokens::{DepositConsequence, Provenance},
	},
	weights::Weight,
};

use crate::{
	Config, CycleRecord, Cycles, Event, Issued, Pallet, Params, Pending, Scheduled, WeightInfo,
	WeightSum,
	types::{kept_cycles, plus, total},
};

impl<T: Config> Pallet<T> {
	/// The economic numbers, each in its range.
	pub(crate) fn params() -> Params {
		T::Params::get().clamped()
	}

	/// Fix what `cycle` emits.
	pub(crate) fn do_begin(cycle: Cycle) {
		if Cycles::<T>::contains_key(cycle) {
			defensive!("a cycle begins once");
			return;
		}
		let record = Self::schedule(cycle);
		let CycleRecord { emission, parts, bootstrap, weights, .. } = record;
		let mut pending = Pending::<T>::get();
		pending.validators = pending.validators.saturating_add(parts.validators);
		pending.treasury = pending.treasury.saturating_add(parts.treasury);

		Cycles::<T>::insert(cycle, record);
		if let Some(expired) = cycle.checked_sub(kept_cycles(&T::Time::periods())) {
			Cycles::<T>::remove(expired);
		}
		Scheduled::<T>::mutate(|scheduled| *scheduled = plus(scheduled, &parts));
		if Self::mint_to_treasury(pending.treasury) {
			pending.treasury = 0;
		}
		Pending::<T>::put(pending);

		Self::deposit_event(Event::Scheduled { cycle, emission, parts, bootstrap, weights });
	}

	/// What a cycle that begins now emits, and how.
	fn schedule(cycle: Cycle) -> CycleRecord {
		let params = Self::params();
		let scheduled = total(&Scheduled::<T>::get());
		let emission =
			cairn_economics::emission(params.emission_cap, scheduled, params.emission_tau);
		let parts = params.split.of(emission);
		let share = taper(params.bootstrap_floor, params.bootstrap_start, params.half_life, cycle);
		CycleRecord {
			emission,
			parts,
			bootstrap: value(parts.networks, share),
			weights: WeightSum::<T>::get().at(cycle),
			vesting: params.vesting,
		}
	}

	/// Mint `amount` to the treasury; says whether its account took it.
	fn mint_to_treasury(amount: Amount) -> bool {
		let treasury = T::Treasury::get();
		if amount == 0 || !Self::can_take(&treasury, amount) {
			return false;
		}
		if T::Currency::mint_into(&treasury, amount).is_err() {
			defensive!("the treasury's account can take it");
			return false;
		}
		Issued::<T>::mutate(|issued| issued.treasury = issued.treasury.saturating_add(amount));
		true
	}

	/// Whether `amount` can be minted into an account: not if it would stay below the existential
	/// deposit.
	pub(crate) fn can_take(who: &T::AccountId, amount: Amount) -> bool {
		T::Currency::can_deposit(who, amount, Provenance::Minted) == DepositConsequence::Success
	}
}

impl<T: Config> OnCycle for Pallet<T> {
	fn on_cycle(cycle: Cycle) -> Weight {
		Self::do_begin(cycle);
		T::WeightInfo::on_cycle()
	}
}

impl<T: Config> ValidatorPart for Pallet<T> {
	fn take() -> Amount {
		Pending::<T>::mutate(|pending| core::mem::take(&mut pending.validators))
	}
}

/// Counts what staking mints to validators and nominators, and lets it be issued.
///
/// Staking mints when a payout is collected, long after [`ValidatorPart::take`]: what nobody
/// collects is never minted.
pub struct ValidatorReward<T>(PhantomData<T>);

impl<T: Config, I: Imbalance<Amount>> OnUnbalanced<I> for ValidatorReward<T> {
	fn on_nonzero_unbalanced(minted: I) {
		let amount = minted.peek();
		Issued::<T>::mutate(|issued| issued.validators = issued.validators.saturating_add(amount));
		// Dropping it adds it to the total issuance.
		drop(minted);
	}
}
