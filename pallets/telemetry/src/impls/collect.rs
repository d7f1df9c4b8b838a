//! Paying committees.

use cairn_telemetry::committee::MAX_COMMITTEE;
use cairn_types::{Amount, Attempt, GatewayId, Window};
use frame_support::{
	BoundedVec,
	dispatch::{DispatchResultWithPostInfo, WithPostDispatchInfo},
	ensure,
	pallet_prelude::{ConstU32, DispatchResult},
	traits::{
		Get,
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
	},
	weights::Weight,
};
use sp_runtime::DispatchError;

use super::seal::Clock;
use crate::{
	Batches, Config, Error, Event, GatewayRecordOf, Gateways, HoldReason, Keys, Pallet, WeightInfo,
	types::{BatchRecord, BatchStage, MAX_COLLECTED, Outcome},
};

impl<T: Config> Pallet<T> {
	/// What collecting as many batches costs, if every member of full committees is paid.
	pub(crate) fn dearest_collection(batches: usize) -> Weight {
		let batches = u64::try_from(batches).unwrap_or(u64::MAX);
		T::WeightInfo::collect(MAX_COMMITTEE).saturating_mul(batches)
	}

	pub(crate) fn do_collect(
		batches: BoundedVec<(GatewayId, Window, Attempt), ConstU32<MAX_COLLECTED>>,
	) -> DispatchResultWithPostInfo {
		let clock = Clock::read::<T::Time>();
		let mut spent = Weight::zero();
		let mut is_left = batches.is_empty();
		for key in batches {
			let batch = Batches::<T>::get(key).ok_or(Error::<T>::BatchNotFound)?;
			let members = if batch.collected {
				0
			} else {
				is_left = true;
				let record = Gateways::<T>::get(key.0).ok_or(Error::<T>::Inconsistent)?;
				Self::pay_out(&record, key, batch, &clock)?
			};
			spent = spent.saturating_add(T::WeightInfo::collect(members));
		}
		if is_left {
			Ok(Some(spent).into())
		} else {
			Err(Error::<T>::AlreadyCollected.with_weight(spent))
		}
	}

	/// Pay out the fee of a batch that is not collected; returns how many members were paid.
	pub(crate) fn pay_out(
		record: &GatewayRecordOf<T>,
		(gateway, window, attempt): (GatewayId, Window, Attempt),
		mut batch: BatchRecord,
		clock: &Clock,
	) -> Result<u32, DispatchError> {
		let outcome = match batch.stage {
			BatchStage::Attested { due, .. } => {
				ensure!(clock.now.tick >= due, Error::<T>::NotDue);
				Outcome::Valid
			},
			BatchStage::Dead(outcome) => outcome,
			// Died without a quorum, or with the one before it: no verdict counts.
			BatchStage::Pending => {
				ensure!(batch.ordinal < record.queue.pending, Error::<T>::NotDue);
				Outcome::Missing
			},
		};
		let (share, members) = Self::pay_members(&record.operator, &batch, outcome)?;
		let paid = share.saturating_mul(Amount::from(members));
		let left = batch.fee.saturating_sub(paid);
		let returned = Self::dispose(&record.operator, outcome, left)?;
		batch.collected = true;
		Batches::<T>::insert((gateway, window, attempt), batch);
		let event = Event::Collected { gateway, window, attempt, share, members, returned };
		Self::deposit_event(event);
		Ok(members)
	}

	/// Pay each member whose vote equals the outcome ⌊committee part / K⌋; what a member cannot
	/// receive (an account below the existential deposit) is not paid. Returns share and number.
	fn pay_members(
		operator: &T::AccountId,
		batch: &BatchRecord,
		outcome: Outcome,
	) -> Result<(Amount, u32), DispatchError> {
		let share = batch.committee_fee.checked_div(Amount::from(batch.members)).unwrap_or(0);
		let mut paid = 0u32;
		for (member, vote) in batch.committee.iter().zip(&batch.votes) {
			if share == 0 || !outcome.is(vote) {
				continue;
			}
			let (stash, _) =
				Keys::<T>::get(batch.session, member).ok_or(Error::<T>::Inconsistent)?;
			if Self::move_held(operator, &stash, share).is_ok() {
				paid = paid.saturating_add(1);
			}
		}
		Ok((share, paid))
	}

	/// What is left of a fee: back to the operator after a missing quorum, so that it pays for the next
	/// attempt; to the treasury otherwise. Returns what went back.
	fn dispose(
		operator: &T::AccountId,
		outcome: Outcome,
		left: Amount,
	) -> Result<Amount, DispatchError> {
		let reason = HoldReason::SealFee.into();
		if outcome == Outcome::Missing
			|| Self::move_held(operator, &T::Treasury::get(), left).is_err()
		{
			T::Currency::release(&reason, operator, left, Precision::BestEffort)?;
			return Ok(left);
		}
		Ok(0)
	}

	fn move_held(from: &T::AccountId, to: &T::AccountId, amount: Amount) -> DispatchResult {
		if from == to {
			T::Currency::release(&HoldReason::SealFee.into(), from, amount, Precision::Exact)?;
			return Ok(());
		}
		T::Currency::transfer_on_hold(
			&HoldReason::SealFee.into(),
			from,
			to,
			amount,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Force,
		)
		.map(|_| ())
	}
}
