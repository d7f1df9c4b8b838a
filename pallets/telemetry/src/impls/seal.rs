//! Sealing: what the chain can check of a header by itself, and what it removes on the way.

use cairn_telemetry::{
	Header, HeaderV1, header_hash, reading::MAX_DEVICE_READINGS, tree::empty_root,
};
use cairn_traits::{NetworkRegistry, Timekeeper};
use cairn_types::{Attempt, GatewayId, Moment, Periods, Tick, Window, WindowRecord};
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	traits::{Get, fungible::MutateHold},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{DispatchError, SaturatedConversion};

use crate::{
	Batches, Config, Error, Event, GatewayRecordOf, Gateways, HoldReason, NewestSession, Pallet,
	Sealed, Sessions,
	types::{BatchRecord, BatchStage, Head, Outcome, Policy, Stage},
};

/// Where the chain is, read once per call.
pub(crate) struct Clock {
	/// The current window and tick.
	pub(crate) now: Moment,
	/// What genesis fixed.
	pub(crate) periods: Periods,
}

impl Clock {
	pub(crate) fn read<Time: Timekeeper>() -> Self {
		Self { now: Time::now(), periods: Time::periods() }
	}

	/// The span of A ticks that the current tick lies in.
	pub(crate) fn span(&self) -> u32 {
		self.now.tick.checked_div(self.periods.attest_ticks).unwrap_or(0)
	}

	/// Whether everything that was sealed for a window of `tick` has matured.
	pub(crate) const fn is_past(&self, tick: Tick) -> bool {
		self.now.tick > tick.saturating_add(self.periods.mature_ticks())
	}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_seal(
		operator: &T::AccountId,
		gateway: GatewayId,
		window: Window,
		header: &Header,
	) -> DispatchResult {
		let mut record = Self::gateway_of(operator, gateway)?;
		let clock = Clock::read::<T::Time>();
		let policy = T::Policy::get().clamped();
		Self::expire_if_due(gateway, &mut record, &clock, &policy)?;
		let window_record = Self::ensure_window(&record, window, &clock)?;
		Self::ensure_header(&record, &window_record, window, header.latest(), &clock)?;
		let batch =
			Self::batch_of(gateway, &record, window, &window_record, header, &clock, &policy)?;

		T::Currency::hold(&HoldReason::SealFee.into(), operator, batch.fee)
			.map_err(|_| Error::<T>::FundsTooLow)?;
		let (attempt, header_hash, fee) = (record.deaths, batch.header_hash, batch.fee);
		record.sealed = Some(Head { window, attempt, root: batch.ledger_root });
		Sealed::<T>::insert(gateway, record.queue.next, (window, attempt));
		record.queue.next = record.queue.next.saturating_add(1);
		Batches::<T>::insert((gateway, window, attempt), batch);
		Gateways::<T>::insert(gateway, record);
		Self::deposit_event(Event::Sealed { gateway, window, attempt, header_hash, fee });
		Ok(())
	}

	/// The window's record, if the gateway may seal it now.
	fn ensure_window(
		record: &GatewayRecordOf<T>,
		window: Window,
		clock: &Clock,
	) -> Result<WindowRecord, DispatchError> {
		ensure!(window < clock.now.window, Error::<T>::WindowNotOver);
		let after = record.sealed.is_none_or(|head| window > head.window);
		ensure!(after && window >= record.floor, Error::<T>::WindowNotAfter);
		if let Stage::Retired { until, .. } = record.stage {
			ensure!(window < until, Error::<T>::WindowAfterRetirement);
		}
		let window_record = T::Time::window(window).ok_or(Error::<T>::WindowNotFound)?;
		let latest = window_record.tick.saturating_add(clock.periods.attest_ticks);
		// At the last tick itself no verdict is accepted any more.
		ensure!(clock.now.tick < latest, Error::<T>::WindowTooOld);
		Ok(window_record)
	}

	/// Everything that the chain can say of a header without its readings.
	fn ensure_header(
		record: &GatewayRecordOf<T>,
		window_record: &WindowRecord,
		window: Window,
		header: &HeaderV1,
		clock: &Clock,
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
		let peak = record.assigned.peak(clock.span());
		ensure!(sums.devices <= peak, Error::<T>::TooManyDevices);
		let cycle = clock.periods.cycle_of(window_record.tick);
		let config = T::Networks::active_config(record.network, window, cycle)
			.ok_or(Error::<T>::NetworkInactive)?;
		let cap = u128::from(config.meter.cap(clock.periods.window_millis()));
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
		clock: &Clock,
		policy: &Policy,
	) -> Result<BatchRecord, DispatchError> {
		let session = NewestSession::<T>::get();
		let validators = Sessions::<T>::get(session).ok_or(Error::<T>::Inconsistent)?;
		let (fee, committee_fee) = policy.fee(header);
		let v1 = header.latest();
		Ok(BatchRecord {
			header_hash: header_hash(&Self::genesis(), gateway, window, header),
			ledger_root: v1.ledger_root,
			payload_size: v1.payload_size,
			sums: v1.sums,
			tick: window_record.tick,
			sealed_at: clock.now.tick,
			sealed_in: frame_system::Pallet::<T>::block_number().saturated_into(),
			session,
			validators,
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
	///
	/// The batch itself is not written: a pending one before the first pending is dead.
	pub(crate) fn expire_if_due(
		gateway: GatewayId,
		record: &mut GatewayRecordOf<T>,
		clock: &Clock,
		policy: &Policy,
	) -> Result<bool, DispatchError> {
		let Some((window, attempt)) = Self::due_head(gateway, record, clock)? else {
			return Ok(false);
		};
		let outcome = Outcome::Missing;
		let skipped = record.die(window, outcome, policy.max_attempts);
		Self::deposit_event(Event::Died { gateway, window, attempt, outcome, skipped });
		Ok(true)
	}

	/// The first pending batch, if it is due.
	pub(crate) fn due_head(
		gateway: GatewayId,
		record: &GatewayRecordOf<T>,
		clock: &Clock,
	) -> Result<Option<(Window, Attempt)>, DispatchError> {
		let head = Self::pending_head(gateway, record)?;
		Ok(head.and_then(|(window, attempt, batch)| {
			let due = batch.due(record.attested_at, &clock.periods);
			(clock.now.tick >= due).then_some((window, attempt))
		}))
	}

	/// The batch that follows the attested head, if there is one.
	pub(crate) fn pending_head(
		gateway: GatewayId,
		record: &GatewayRecordOf<T>,
	) -> Result<Option<(Window, Attempt, BatchRecord)>, DispatchError> {
		if record.queue.pending >= record.queue.next {
			return Ok(None);
		}
		Ok(Some(Self::queued(gateway, record.queue.pending).ok_or(Error::<T>::Inconsistent)?))
	}

	pub(crate) fn do_expire(gateway: GatewayId) -> DispatchResult {
		let mut record = Gateways::<T>::get(gateway).ok_or(Error::<T>::GatewayNotFound)?;
		let (clock, policy) = (Clock::read::<T::Time>(), T::Policy::get().clamped());
		ensure!(Self::expire_if_due(gateway, &mut record, &clock, &policy)?, Error::<T>::NotDue);
		Gateways::<T>::insert(gateway, record);
		Ok(())
	}

	/// Hash of the chain's first block.
	pub(crate) fn genesis() -> cairn_types::Hash32 {
		let hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::from(0u32));
		let mut bytes = [0; 32];
		bytes.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
		bytes
	}
}
