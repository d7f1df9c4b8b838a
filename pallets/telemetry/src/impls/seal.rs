//! Sealing: what the chain can check of a header by itself, and what it removes on the way.

use cairn_telemetry::{
	Header, HeaderV1, header_hash, reading::MAX_DEVICE_READINGS, tree::empty_root,
};
use cairn_traits::{NetworkRegistry, Timekeeper};
use cairn_types::{Attempt, GatewayId, Window, WindowRecord};
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	traits::{Get, fungible::MutateHold},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{DispatchError, SaturatedConversion};

use crate::{
	Batches, Config, Error, Event, GatewayRecordOf, Gateways, HoldReason, Ledgers, NewestSession,
	Pallet, Sealed, Sessions,
	types::{BatchRecord, BatchStage, Head, KEPT_LEDGERS, Outcome, Stage},
};

/// Old batches that each seal removes: as many as it adds, so no more are ever kept than were sealed
/// within the longest time that one is needed.
const REMOVED_AT_ONCE: u32 = 1;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_seal(
		operator: &T::AccountId,
		gateway: GatewayId,
		window: Window,
		header: &Header,
	) -> DispatchResult {
		let mut record = Self::gateway_of(operator, gateway)?;
		Self::expire_if_due(gateway, &mut record)?;
		let window_record = Self::ensure_window(&record, window)?;
		Self::ensure_header(&record, &window_record, window, header.latest())?;
		let batch = Self::batch_of(gateway, &record, window, &window_record, header)?;

		T::Currency::hold(&HoldReason::SealFee.into(), operator, batch.fee)
			.map_err(|_| Error::<T>::FundsTooLow)?;
		let (attempt, header_hash, fee) = (record.deaths, batch.header_hash, batch.fee);
		record.sealed = Some(Head { window, attempt, root: batch.ledger_root });
		Sealed::<T>::insert(gateway, record.queue.next, (window, attempt));
		record.queue.next = record.queue.next.saturating_add(1);
		Self::refer(batch.session);
		Batches::<T>::insert((gateway, window, attempt), batch);
		Self::remove_old_batches(gateway, &mut record);
		Gateways::<T>::insert(gateway, record);
		Self::deposit_event(Event::Sealed { gateway, window, attempt, header_hash, fee });
		Ok(())
	}

	/// The window's record, if the gateway may seal it now.
	fn ensure_window(
		record: &GatewayRecordOf<T>,
		window: Window,
	) -> Result<WindowRecord, DispatchError> {
		let now = T::Time::now();
		ensure!(window < now.window, Error::<T>::WindowNotOver);
		let after = record.sealed.is_none_or(|head| window > head.window);
		ensure!(after && window >= record.floor, Error::<T>::WindowNotAfter);
		if let Stage::Retired { until, .. } = record.stage {
			ensure!(window < until, Error::<T>::WindowAfterRetirement);
		}
		let window_record = T::Time::window(window).ok_or(Error::<T>::WindowNotFound)?;
		let latest = window_record.tick.saturating_add(T::Time::periods().attest_ticks);
		// At the last tick itself no verdict is accepted any more.
		ensure!(now.tick < latest, Error::<T>::WindowTooOld);
		Ok(window_record)
	}

	/// Everything that the chain can say of a header without its readings.
	fn ensure_header(
		record: &GatewayRecordOf<T>,
		window_record: &WindowRecord,
		window: Window,
		header: &HeaderV1,
	) -> DispatchResult {
		ensure!(header.attempt == record.deaths, Error::<T>::WrongAttempt);
		let previous = record.sealed.map_or_else(empty_root, |head| head.root);
		ensure!(header.previous_root == previous, Error::<T>::WrongPreviousRoot);
		ensure!(header.rules == window_record.rules, Error::<T>::WrongRules);
		let rules = T::Time::rules(header.rules).ok_or(Error::<T>::Inconsistent)?;
		let sums = header.sums;
		ensure!(header.payload_size > 0 && sums.devices > 0, Error::<T>::EmptyBatch);
		let (least, most) = (
			u64::from(sums.devices),
			u64::from(sums.devices).saturating_mul(MAX_DEVICE_READINGS as u64),
		);
		ensure!(
			(least..=most.min(u64::from(rules.max_readings))).contains(&sums.readings),
			Error::<T>::TooManyReadings
		);
		ensure!(header.payload_size <= rules.max_payload, Error::<T>::PayloadTooLarge);
		let peak = record.assigned.peak(Self::span());
		ensure!(sums.devices <= peak, Error::<T>::TooManyDevices);
		let periods = T::Time::periods();
		ensure!(T::Networks::is_active(record.network, window), Error::<T>::NetworkInactive);
		let cycle = periods.cycle_of(window_record.tick);
		let config =
			T::Networks::config(record.network, cycle).ok_or(Error::<T>::NetworkInactive)?;
		let cap = u128::from(config.meter.cap(periods.window_millis()));
		ensure!(
			sums.units <= cap.saturating_mul(u128::from(sums.devices)),
			Error::<T>::TooManyUnits
		);
		Ok(())
	}

	fn batch_of(
		gateway: GatewayId,
		record: &GatewayRecordOf<T>,
		window: Window,
		window_record: &WindowRecord,
		header: &Header,
	) -> Result<BatchRecord, DispatchError> {
		let policy = T::Policy::get().clamped();
		let session = NewestSession::<T>::get();
		let validators = Sessions::<T>::get(session).ok_or(Error::<T>::Inconsistent)?.validators;
		let (fee, committee_fee) = policy.fee(header);
		let v1 = header.latest();
		Ok(BatchRecord {
			header_hash: header_hash(&Self::genesis(), gateway, window, header),
			ledger_root: v1.ledger_root,
			payload_size: v1.payload_size,
			sums: v1.sums,
			tick: window_record.tick,
			sealed_at: T::Time::now().tick,
			sealed_in: frame_system::Pallet::<T>::block_number().saturated_into(),
			session,
			members: policy.committee_size.min(validators),
			ordinal: record.queue.next,
			fee,
			committee_fee,
			committee: Default::default(),
			votes: Default::default(),
			stage: BatchStage::Pending,
			collected: false,
		})
	}

	/// Let the first pending batch die if it is due without a quorum; whether it did.
	pub(crate) fn expire_if_due(
		gateway: GatewayId,
		record: &mut GatewayRecordOf<T>,
	) -> Result<bool, DispatchError> {
		let Some((window, attempt, mut batch)) = Self::pending_head(gateway, record)? else {
			return Ok(false);
		};
		if T::Time::now().tick < batch.due(record.attested_at, &T::Time::periods()) {
			return Ok(false);
		}
		Self::die(gateway, record, (window, attempt), &mut batch, Outcome::Missing);
		Batches::<T>::insert((gateway, window, attempt), batch);
		Ok(true)
	}

	/// The batch that follows the attested head, if there is one.
	pub(crate) fn pending_head(
		gateway: GatewayId,
		record: &GatewayRecordOf<T>,
	) -> Result<Option<(Window, Attempt, BatchRecord)>, DispatchError> {
		if record.queue.pending >= record.queue.next {
			return Ok(None);
		}
		let (window, attempt) =
			Sealed::<T>::get(gateway, record.queue.pending).ok_or(Error::<T>::Inconsistent)?;
		let batch =
			Batches::<T>::get((gateway, window, attempt)).ok_or(Error::<T>::Inconsistent)?;
		Ok(Some((window, attempt, batch)))
	}

	/// A batch dies of its own, and with it all later ones: heads return to the attested one.
	pub(crate) fn die(
		gateway: GatewayId,
		record: &mut GatewayRecordOf<T>,
		(window, attempt): (Window, Attempt),
		batch: &mut BatchRecord,
		outcome: Outcome,
	) {
		batch.stage = BatchStage::Dead(outcome);
		let count = match outcome {
			Outcome::Invalid => &mut record.availability.invalid,
			Outcome::Unavailable => &mut record.availability.unavailable,
			Outcome::Missing | Outcome::Valid => &mut record.availability.missing,
		};
		*count = count.saturating_add(1);
		record.sealed = record.attested;
		record.deaths = record.deaths.saturating_add(1);
		record.queue.pending = record.queue.next;
		record.failures = record.failures.saturating_add(1);
		let skipped = record.failures >= T::Policy::get().clamped().max_attempts;
		if skipped {
			record.floor = window.saturating_add(1);
			record.failures = 0;
		}
		Self::deposit_event(Event::Died { gateway, window, attempt, outcome, skipped });
	}

	pub(crate) fn do_expire(gateway: GatewayId) -> DispatchResult {
		let mut record = Gateways::<T>::get(gateway).ok_or(Error::<T>::GatewayNotFound)?;
		ensure!(Self::expire_if_due(gateway, &mut record)?, Error::<T>::NotDue);
		Gateways::<T>::insert(gateway, record);
		Ok(())
	}

	/// Remove the oldest batches that nobody needs any more: matured, and behind the attested ledgers
	/// that are kept.
	fn remove_old_batches(gateway: GatewayId, record: &mut GatewayRecordOf<T>) {
		let (now, periods) = (T::Time::now(), T::Time::periods());
		let kept = KEPT_LEDGERS.saturating_add(periods.mature_ticks());
		for _ in 0..REMOVED_AT_ONCE {
			if record.queue.oldest >= record.queue.pending {
				return;
			}
			let Some((window, attempt)) = Sealed::<T>::get(gateway, record.queue.oldest) else {
				return;
			};
			// A batch that has been collected and removed was dead: nothing of it is kept.
			let batch = Batches::<T>::get((gateway, window, attempt));
			let over = batch.as_ref().is_none_or(|batch| match batch.stage {
				BatchStage::Attested { ordinal, .. } => {
					record.availability.attested.saturating_sub(ordinal) > kept
				},
				BatchStage::Pending | BatchStage::Dead(_) => true,
			});
			let mature = batch
				.as_ref()
				.is_none_or(|batch| now.tick > batch.tick.saturating_add(periods.mature_ticks()));
			if !over || !mature {
				return;
			}
			let collected = batch.is_none_or(|batch| batch.collected);
			Self::remove_oldest(gateway, record, window, attempt, collected);
		}
	}

	/// Take the oldest entry out of the queue. A batch whose fee nobody has collected stays until
	/// somebody does; [`Pallet::do_collect`] then removes it.
	pub(crate) fn remove_oldest(
		gateway: GatewayId,
		record: &mut GatewayRecordOf<T>,
		window: Window,
		attempt: Attempt,
		collected: bool,
	) {
		Sealed::<T>::remove(gateway, record.queue.oldest);
		record.queue.oldest = record.queue.oldest.saturating_add(1);
		if collected {
			Self::remove_batch(gateway, window, attempt);
		}
	}

	/// Remove a batch, its ledger and its hold on a session's keys.
	pub(crate) fn remove_batch(gateway: GatewayId, window: Window, attempt: Attempt) {
		let Some(batch) = Batches::<T>::take((gateway, window, attempt)) else { return };
		if matches!(batch.stage, BatchStage::Attested { .. }) {
			Ledgers::<T>::remove(gateway, window);
		}
		Self::release(batch.session);
	}

	/// Hash of the chain's first block.
	pub(crate) fn genesis() -> cairn_types::Hash32 {
		let hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::from(0u32));
		let mut bytes = [0; 32];
		bytes.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
		bytes
	}
}
