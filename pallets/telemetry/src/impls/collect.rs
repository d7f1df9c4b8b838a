//! Paying committees.

use cairn_traits::Timekeeper;
use cairn_types::{Amount, Attempt, GatewayId, Window};
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	traits::{
		Get,
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
	},
};
use sp_runtime::DispatchError;

use crate::{
	Batches, Config, Error, Event, Gateways, HoldReason, Keys, Pallet,
	types::{BatchRecord, BatchStage, Outcome},
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_collect(
		gateway: GatewayId,
		window: Window,
		attempt: Attempt,
	) -> DispatchResult {
		let mut batch =
			Batches::<T>::get((gateway, window, attempt)).ok_or(Error::<T>::BatchNotFound)?;
		ensure!(!batch.collected, Error::<T>::AlreadyCollected);
		let record = Gateways::<T>::get(gateway).ok_or(Error::<T>::Inconsistent)?;
		let outcome = match batch.stage {
			BatchStage::Attested { due, .. } => {
				ensure!(T::Time::now().tick >= due, Error::<T>::NotDue);
				Outcome::Valid
			},
			BatchStage::Dead(outcome) => outcome,
			// Died with the one before it: no verdict could be given.
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
		let has_left_the_queue = batch.ordinal < record.queue.oldest;
		Batches::<T>::insert((gateway, window, attempt), batch);
		if has_left_the_queue {
			Self::remove_batch(gateway, window, attempt);
		}
		let event = Event::Collected { gateway, window, attempt, share, members, returned };
		Self::deposit_event(event);
		Ok(())
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
