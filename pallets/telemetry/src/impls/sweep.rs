//! Idle work: batches that are due die, those that are over are paid for and removed, and keys that
//! no batch refers to go with them. Nobody has to ask for any of it.

use cairn_types::{Attempt, GatewayId, Periods, Window};
use frame_support::{
	defensive,
	storage::with_storage_layer,
	traits::Get,
	weights::{Weight, WeightMeter},
};
use sp_runtime::DispatchError;
use sp_staking::SessionIndex;

use super::seal::Clock;
use crate::{
	Batches, Config, GatewayRecordOf, Gateways, Keys, Ledgers, NewestSession, NextGateway, Pallet,
	Sealed, Sessions, Sweeping, WeightInfo,
	types::{BatchRecord, BatchStage, KEPT_LEDGERS, Policy, Sweep},
};

/// Keys that one step removes.
pub(crate) const KEYS_DROPPED_AT_ONCE: u32 = 16;

impl<T: Config> Pallet<T> {
	/// What the dearest step may cost.
	pub(crate) fn dearest_step() -> Weight {
		Self::dearest_visit().max(T::WeightInfo::drop_keys())
	}

	fn dearest_visit() -> Weight {
		T::WeightInfo::visit_gateway().saturating_add(Self::dearest_collection(1))
	}

	/// Go on where the last block stopped, as far as `remaining` goes; returns what was used.
	///
	/// A visit settles one batch and removes one. A gateway seals A windows in V ticks at most, again
	/// and again if all of them die: so many gateways are visited that this is kept up with, however
	/// many there are, as long as blocks leave the time.
	pub(crate) fn sweep(remaining: Weight) -> Weight {
		let mut meter = WeightMeter::with_limit(remaining);
		if meter.try_consume(T::WeightInfo::sweep()).is_err() {
			return meter.consumed();
		}
		let before = Sweeping::<T>::get();
		let mut sweep = before;
		while sweep.kept < sweep.needed && meter.try_consume(T::WeightInfo::drop_keys()).is_ok() {
			if Self::drop_keys(sweep.kept) {
				sweep.kept = sweep.kept.saturating_add(1);
			}
		}
		let (clock, policy) = (Clock::read::<T::Time>(), T::Policy::get().clamped());
		let gateways = NextGateway::<T>::get().0;
		for _ in 0..visits(gateways, &clock.periods) {
			if !meter.can_consume(Self::dearest_visit()) {
				break;
			}
			let (paid, oldest) = Self::visit(sweep.next, &clock, &policy);
			meter.consume(T::WeightInfo::visit_gateway());
			meter.consume(paid.map_or(Weight::zero(), T::WeightInfo::collect));
			sweep = Self::passed(sweep, oldest, gateways);
		}
		if sweep != before {
			Sweeping::<T>::put(sweep);
		}
		meter.consumed()
	}

	/// The sweep after a visit that found `oldest`; at the end of a pass what it found holds.
	fn passed(sweep: Sweep, oldest: Option<SessionIndex>, gateways: u32) -> Sweep {
		let oldest = oldest.map_or(sweep.oldest, |session| sweep.oldest.min(session));
		let next = GatewayId(sweep.next.0.saturating_add(1));
		if next.0 < gateways {
			return Sweep { next, oldest, ..sweep };
		}
		let needed = sweep.needed.max(oldest);
		Sweep { next: GatewayId(0), oldest: NewestSession::<T>::get(), needed, ..sweep }
	}

	/// Let a gateway's first pending batch die if it is due, settle one that is over, remove one that
	/// nobody needs. Returns how many members a fee was paid to (all of them, if it could not be), if
	/// one was due, and the session of the oldest batch that is not settled.
	pub(crate) fn visit(
		gateway: GatewayId,
		clock: &Clock,
		policy: &Policy,
	) -> (Option<u32>, Option<SessionIndex>) {
		let Some(mut record) = Gateways::<T>::get(gateway) else { return (None, None) };
		let queue = record.queue;
		if Self::expire_if_due(gateway, &mut record, clock, policy).is_err() {
			defensive!("pending batches are kept");
		}
		let (paid, oldest) = Self::settle_one(gateway, &mut record, clock);
		Self::remove_one(gateway, &mut record, clock);
		if record.queue != queue {
			Gateways::<T>::insert(gateway, record);
		}
		(paid, oldest)
	}

	/// Settle the first batch that is not, if it has matured; see [`Self::visit`].
	fn settle_one(
		gateway: GatewayId,
		record: &mut GatewayRecordOf<T>,
		clock: &Clock,
	) -> (Option<u32>, Option<SessionIndex>) {
		let Some((window, attempt, batch)) = Self::queued(gateway, record.queue.settled) else {
			return (None, None);
		};
		let session = Some(batch.session);
		if record.queue.settled >= record.queue.pending || !clock.is_past(batch.tick) {
			return (None, session);
		}
		let paid = if batch.collected {
			None
		} else {
			let key = (gateway, window, attempt);
			let asked = batch.members;
			let Ok(members) = Self::pay_out_whole(record, key, batch, clock) else {
				defensive!("what has matured can be paid out");
				return (Some(asked), session);
			};
			Some(members)
		};
		record.queue.settled = record.queue.settled.saturating_add(1);
		(paid, session)
	}

	/// [`Self::pay_out`], all of it or nothing: nothing else undoes what a hook has written.
	pub(crate) fn pay_out_whole(
		record: &GatewayRecordOf<T>,
		key: (GatewayId, Window, Attempt),
		batch: BatchRecord,
		clock: &Clock,
	) -> Result<u32, DispatchError> {
		with_storage_layer(|| Self::pay_out(record, key, batch, clock))
	}

	/// Remove the oldest batch if it is settled and behind the attested ledgers that are kept.
	fn remove_one(gateway: GatewayId, record: &mut GatewayRecordOf<T>, clock: &Clock) {
		if record.queue.oldest >= record.queue.settled {
			return;
		}
		let Some((window, attempt, batch)) = Self::queued(gateway, record.queue.oldest) else {
			return;
		};
		let kept = KEPT_LEDGERS.saturating_add(clock.periods.mature_ticks());
		let needed = match batch.stage {
			BatchStage::Attested { ordinal, .. } => {
				record.availability.attested.saturating_sub(ordinal) <= kept
			},
			BatchStage::Pending | BatchStage::Dead(_) => false,
		};
		if !needed {
			Self::remove_oldest(gateway, record, (window, attempt), &batch);
		}
	}

	/// Take the oldest batch out of the queue; it is settled.
	pub(crate) fn remove_oldest(
		gateway: GatewayId,
		record: &mut GatewayRecordOf<T>,
		(window, attempt): (Window, Attempt),
		batch: &BatchRecord,
	) {
		Sealed::<T>::remove(gateway, record.queue.oldest);
		record.queue.oldest = record.queue.oldest.saturating_add(1);
		Batches::<T>::remove((gateway, window, attempt));
		if matches!(batch.stage, BatchStage::Attested { .. }) {
			Ledgers::<T>::remove(gateway, window);
		}
	}

	/// The batch at a place in a gateway's queue.
	pub(crate) fn queued(
		gateway: GatewayId,
		ordinal: u32,
	) -> Option<(Window, Attempt, BatchRecord)> {
		let (window, attempt) = Sealed::<T>::get(gateway, ordinal)?;
		let batch = Batches::<T>::get((gateway, window, attempt))?;
		Some((window, attempt, batch))
	}

	/// Remove some keys of a session that is not needed; whether all are gone. Keys are dense from 0,
	/// so each step removes the last ones and shortens the record: no cursor is kept.
	pub(crate) fn drop_keys(session: SessionIndex) -> bool {
		let Some(validators) = Sessions::<T>::get(session) else { return true };
		let left = validators.saturating_sub(KEYS_DROPPED_AT_ONCE);
		(left..validators).for_each(|member| Keys::<T>::remove(session, member));
		if left == 0 {
			Sessions::<T>::remove(session);
			return true;
		}
		Sessions::<T>::insert(session, left);
		false
	}
}

/// How many of `gateways` a block visits: ⌈gateways · ⌈A / V⌉ / N⌉ + 1, each at most once; at least
/// one visit, so that passes end where there is no gateway at all.
fn visits(gateways: u32, periods: &Periods) -> u32 {
	let batches = periods.attest_ticks.div_ceil(periods.verdict_ticks.max(1));
	let in_time = gateways.saturating_mul(batches).div_ceil(periods.window_slots.max(1));
	in_time.saturating_add(1).min(gateways.max(1))
}
