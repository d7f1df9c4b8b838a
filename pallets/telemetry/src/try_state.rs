//! What always holds of the pallet's state.
//!
//! Whether a ticket is good cannot be asked of a `Consideration`; the pallet's tests compare the
//! holds with the records instead. A batch does not keep the root it builds on, so the chain of
//! roots is checked at its ends: the heads.

use alloc::collections::{BTreeMap, BTreeSet};

use cairn_telemetry::committee::{MAX_COMMITTEE, quorum};
use cairn_traits::Timekeeper;
use cairn_types::{Amount, Attempt, GatewayId, Window};
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

use crate::{
	Batches, Config, GatewayRecordOf, Gateways, HoldReason, Keys, Ledgers, NewestSession,
	NextGateway, Pallet, Sealed, Sessions, Slots, Sweeping,
	types::{BatchRecord, BatchStage, Head, Stage},
};

type Check = Result<(), TryRuntimeError>;

impl<T: Config> Pallet<T> {
	/// Check every invariant of gateways, batches, ledgers, slots and sessions.
	///
	/// # Errors
	/// What does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		for (gateway, record) in Gateways::<T>::iter() {
			Self::id_was_given(gateway)?;
			Self::queue_is_ordered(&record)?;
			Self::queue_is_complete(gateway, &record)?;
			Self::pending_batches_follow_each_other(gateway, &record)?;
			Self::sealed_head_is_the_last_batch(gateway, &record)?;
			Self::attested_head_has_the_newest_ledger(gateway, &record)?;
			Self::deaths_have_an_outcome_each(&record)?;
			Self::settled_batches_are_paid_for(gateway, &record)?;
			Self::assigned_are_the_slots_without_end(gateway, &record)?;
			Self::open_slots_are_those_kept(gateway, &record)?;
		}
		for ((gateway, _, attempt), batch) in Batches::<T>::iter() {
			Self::batch_has_a_gateway(gateway, attempt, &batch)?;
			Self::votes_are_the_committees(&batch)?;
			Self::attested_has_a_quorum(&batch)?;
		}
		Self::slots_settle_once_ended()?;
		Self::fees_of_uncollected_batches_are_held()?;
		Self::ledgers_are_those_of_attested_batches()?;
		Self::sessions_of_unsettled_batches_are_kept()?;
		Self::sweep_is_sound()?;
		Self::keys_are_dense()
	}

	fn id_was_given(gateway: GatewayId) -> Check {
		ensure!(gateway < NextGateway::<T>::get(), "telemetry: an id is not below the next one");
		Ok(())
	}

	fn queue_is_ordered(record: &GatewayRecordOf<T>) -> Check {
		let queue = record.queue;
		ensure!(
			queue.oldest <= queue.settled
				&& queue.settled <= queue.pending
				&& queue.pending <= queue.next,
			"telemetry: oldest ≤ settled ≤ pending ≤ next does not hold"
		);
		Ok(())
	}

	fn queue_is_complete(gateway: GatewayId, record: &GatewayRecordOf<T>) -> Check {
		let queue = record.queue;
		let mut session = 0;
		for ordinal in queue.oldest..queue.next {
			let (_, batch) = Self::at(gateway, ordinal)?;
			ensure!(batch.ordinal == ordinal, "telemetry: a batch is in another's place");
			ensure!(batch.session >= session, "telemetry: sessions fall along a queue");
			session = batch.session;
		}
		let entries = u32::try_from(Sealed::<T>::iter_key_prefix(gateway).count());
		ensure!(
			entries == Ok(queue.next.saturating_sub(queue.oldest)),
			"telemetry: an entry lies outside the queue"
		);
		Ok(())
	}

	/// Pending are exactly the batches from `pending` on, in ascending windows that may be sealed,
	/// all of the current attempt. Those before that are still called pending died with another one.
	fn pending_batches_follow_each_other(gateway: GatewayId, record: &GatewayRecordOf<T>) -> Check {
		let mut last = record.attested.map(|head| head.window);
		for ordinal in record.queue.pending..record.queue.next {
			let (head, batch) = Self::at(gateway, ordinal)?;
			ensure!(batch.stage == BatchStage::Pending, "telemetry: a decided batch waits");
			ensure!(head.attempt == record.deaths, "telemetry: a batch of another attempt waits");
			ensure!(head.window >= record.floor, "telemetry: a skipped window waits");
			ensure!(last.is_none_or(|last| last < head.window), "telemetry: windows do not ascend");
			last = Some(head.window);
		}
		Ok(())
	}

	fn sealed_head_is_the_last_batch(gateway: GatewayId, record: &GatewayRecordOf<T>) -> Check {
		if Self::may_be_reaped(record) {
			return Ok(());
		}
		let last = match record.queue.next.checked_sub(1) {
			Some(ordinal) if ordinal >= record.queue.pending => Some(Self::at(gateway, ordinal)?.0),
			_ => record.attested,
		};
		ensure!(record.sealed == last, "telemetry: the sealed head is not the last batch");
		Ok(())
	}

	fn attested_head_has_the_newest_ledger(
		gateway: GatewayId,
		record: &GatewayRecordOf<T>,
	) -> Check {
		if Self::may_be_reaped(record) {
			return Ok(());
		}
		let newest = Ledgers::<T>::iter_key_prefix(gateway).max();
		ensure!(
			newest == record.attested.map(|head| head.window),
			"telemetry: the newest ledger is not the attested head's"
		);
		let Some(head) = record.attested else { return Ok(()) };
		ensure!(
			Ledgers::<T>::get(gateway, head.window).is_some_and(|ledger| {
				ledger.root == head.root && ledger.network == record.network
			}),
			"telemetry: the attested head's ledger is another one"
		);
		Ok(())
	}

	fn settled_batches_are_paid_for(gateway: GatewayId, record: &GatewayRecordOf<T>) -> Check {
		for ordinal in record.queue.oldest..record.queue.settled {
			let (_, batch) = Self::at(gateway, ordinal)?;
			ensure!(batch.collected, "telemetry: a settled batch is not paid for");
		}
		Ok(())
	}

	fn deaths_have_an_outcome_each(record: &GatewayRecordOf<T>) -> Check {
		let count = record.availability;
		ensure!(
			count.invalid.saturating_add(count.unavailable).saturating_add(count.missing)
				== record.deaths,
			"telemetry: deaths do not add up"
		);
		ensure!(
			u32::from(record.failures) <= record.deaths,
			"telemetry: more failures than deaths"
		);
		Ok(())
	}

	fn assigned_are_the_slots_without_end(
		gateway: GatewayId,
		record: &GatewayRecordOf<T>,
	) -> Check {
		let lasting = Slots::<T>::iter_prefix_values(gateway)
			.filter(|entry| entry.record.until == Window::MAX)
			.count();
		ensure!(
			u32::try_from(lasting) == Ok(record.assigned.now),
			"telemetry: the assigned are not the slots without end"
		);
		ensure!(
			record.assigned.now <= record.assigned.current,
			"telemetry: more are assigned than the span's peak"
		);
		Ok(())
	}

	fn open_slots_are_those_kept(gateway: GatewayId, record: &GatewayRecordOf<T>) -> Check {
		let slots = Slots::<T>::iter_key_prefix(gateway).collect::<BTreeSet<_>>();
		ensure!(
			u32::try_from(slots.len()) == Ok(record.open_slots),
			"telemetry: the open slots are not those kept"
		);
		ensure!(
			slots.last().is_none_or(|last| *last < record.next_slot),
			"telemetry: a slot was not handed out"
		);
		Ok(())
	}

	fn batch_has_a_gateway(gateway: GatewayId, attempt: Attempt, batch: &BatchRecord) -> Check {
		let record =
			Gateways::<T>::get(gateway).ok_or("telemetry: a batch outlives its gateway")?;
		ensure!(attempt <= record.deaths, "telemetry: an attempt is beyond the deaths");
		ensure!(
			(record.queue.oldest..record.queue.next).contains(&batch.ordinal),
			"telemetry: a batch outlives its place in the queue"
		);
		ensure!(batch.committee_fee <= batch.fee, "telemetry: a committee gets more than the fee");
		Ok(())
	}

	fn votes_are_the_committees(batch: &BatchRecord) -> Check {
		let members = batch.committee.iter().collect::<BTreeSet<_>>();
		let drawn = u32::try_from(batch.committee.len()).unwrap_or(u32::MAX);
		ensure!(
			batch.votes.len() == batch.committee.len(),
			"telemetry: there is not one vote per member"
		);
		ensure!(members.len() == batch.committee.len(), "telemetry: a member was drawn twice");
		ensure!(
			(drawn == 0 || drawn == batch.members) && batch.members <= MAX_COMMITTEE,
			"telemetry: a committee has another size than its batch says"
		);
		ensure!(
			members.last().is_none_or(|last| **last < batch.validators),
			"telemetry: a member is no validator of the session"
		);
		Ok(())
	}

	/// Attested are the batches with a quorum for validity, and no others.
	fn attested_has_a_quorum(batch: &BatchRecord) -> Check {
		let [valid, ..] = batch.tally();
		let quorate = valid > 0 && valid >= quorum(batch.members);
		ensure!(
			quorate == matches!(batch.stage, BatchStage::Attested { .. }),
			"telemetry: a batch is attested without a quorum, or not in spite of one"
		);
		Ok(())
	}

	fn slots_settle_once_ended() -> Check {
		ensure!(
			Slots::<T>::iter_values()
				.all(|entry| (entry.record.until == Window::MAX) == (entry.settled == 0)),
			"telemetry: a slot settles without having ended, or has ended without settling"
		);
		Ok(())
	}

	fn fees_of_uncollected_batches_are_held() -> Check {
		let mut owed = BTreeMap::<T::AccountId, Amount>::new();
		for (gateway, record) in Gateways::<T>::iter() {
			let fees = Batches::<T>::iter_prefix_values((gateway,))
				.filter(|batch| !batch.collected)
				.fold(0, |sum: Amount, batch| sum.saturating_add(batch.fee));
			let sum = owed.entry(record.operator).or_default();
			*sum = sum.saturating_add(fees);
		}
		for (operator, fees) in owed {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::SealFee.into(), &operator) == fees,
				"telemetry: an operator's held fees are not those of its uncollected batches"
			);
		}
		Ok(())
	}

	fn ledgers_are_those_of_attested_batches() -> Check {
		let mut attested = BTreeSet::new();
		for ((gateway, window, _), batch) in Batches::<T>::iter() {
			if !matches!(batch.stage, BatchStage::Attested { .. }) {
				continue;
			}
			ensure!(attested.insert((gateway, window)), "telemetry: a window is attested twice");
			ensure!(
				Ledgers::<T>::get(gateway, window).is_some_and(|ledger| {
					ledger.root == batch.ledger_root && ledger.tick == batch.tick
				}),
				"telemetry: an attested batch has no ledger, or another one"
			);
		}
		ensure!(
			Ledgers::<T>::iter_keys().all(|key| attested.contains(&key)),
			"telemetry: a ledger has no attested batch"
		);
		Ok(())
	}

	/// Members are paid and judged by their session's keys until idle work has settled the batch.
	fn sessions_of_unsettled_batches_are_kept() -> Check {
		for (gateway, record) in Gateways::<T>::iter() {
			for ordinal in record.queue.settled..record.queue.next {
				let (_, batch) = Self::at(gateway, ordinal)?;
				ensure!(
					Sessions::<T>::get(batch.session) == Some(batch.validators),
					"telemetry: an unsettled batch refers to a session that is not kept"
				);
			}
		}
		Ok(())
	}

	fn sweep_is_sound() -> Check {
		let (sweep, newest) = (Sweeping::<T>::get(), NewestSession::<T>::get());
		ensure!(
			sweep.kept <= sweep.needed && sweep.needed <= sweep.oldest && sweep.oldest <= newest,
			"telemetry: kept ≤ needed ≤ oldest ≤ newest does not hold"
		);
		ensure!(
			Sessions::<T>::iter_keys().all(|session| session >= sweep.kept),
			"telemetry: a session is kept that was dropped"
		);
		Ok(())
	}

	fn keys_are_dense() -> Check {
		for (session, validators) in Sessions::<T>::iter() {
			ensure!(
				(0..validators).all(|member| Keys::<T>::contains_key(session, member)),
				"telemetry: a validator's key is not kept"
			);
		}
		ensure!(
			Keys::<T>::iter_keys().all(|(session, member)| {
				Sessions::<T>::get(session).is_some_and(|validators| member < validators)
			}),
			"telemetry: a key is kept that no session counts"
		);
		Ok(())
	}

	/// The batch at a place in a gateway's queue, and its head.
	fn at(gateway: GatewayId, ordinal: u32) -> Result<(Head, BatchRecord), TryRuntimeError> {
		let (window, attempt, batch) =
			Self::queued(gateway, ordinal).ok_or("telemetry: a place in the queue has no batch")?;
		Ok((Head { window, attempt, root: batch.ledger_root }, batch))
	}

	/// Whether the gateway is being reaped, oldest batches first: its heads point to nothing then.
	fn may_be_reaped(record: &GatewayRecordOf<T>) -> bool {
		matches!(record.stage, Stage::Retired { settled, .. } if T::Time::now().tick >= settled)
	}
}
