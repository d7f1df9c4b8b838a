//! What others ask: claims' proofs, and what clients want to know.

use alloc::vec::Vec;
use cairn_economics::Accrual;
use cairn_telemetry::{Claim, WindowContext, check::SlotFacts};
use cairn_traits::{AttestedLedger, DeviceRegistry, NetworkRegistry, SchemaRegistry, Timekeeper};
use cairn_types::{
	GatewayId, NetworkId, Slot, Window,
	view::{DeviceFacts, NetworkFacts, facts},
};
use frame_support::{ensure, traits::Get};
use sp_runtime::DispatchError;

use super::seal::Clock;
use crate::{
	Config, Error, GatewayRecordOf, Gateways, Ledgers, Pallet, Slots,
	types::{BatchStage, Head, Outcome},
};

impl<T: Config> AttestedLedger for Pallet<T> {
	fn prove(claim: &Claim) -> Result<NetworkId, DispatchError> {
		let ledger =
			Ledgers::<T>::get(claim.gateway, claim.window).ok_or(Error::<T>::LedgerNotFound)?;
		let mature = T::Time::periods().is_mature(ledger.tick, T::Time::now().tick);
		ensure!(mature, Error::<T>::LedgerNotMatured);
		let root = claim.root().map_err(|_| Error::<T>::BadProof)?;
		ensure!(root == ledger.root, Error::<T>::WrongRoot);
		Ok(ledger.network)
	}

	fn accrual(gateway: GatewayId) -> Option<(NetworkId, Accrual)> {
		Gateways::<T>::get(gateway).map(|record| (record.network, record.accrual))
	}

	fn set_accrual(gateway: GatewayId, accrual: Accrual) {
		Gateways::<T>::mutate_extant(gateway, |record| record.accrual = accrual);
	}

	fn accruals() -> Vec<(GatewayId, NetworkId, Accrual)> {
		Gateways::<T>::iter()
			.map(|(gateway, record)| (gateway, record.network, record.accrual))
			.collect()
	}
}

impl<T: Config> Pallet<T> {
	/// A gateway as the next `seal` will find it: a batch that is due without a quorum is dead, whether
	/// or not anybody has said so yet. Changes nothing.
	#[must_use]
	pub fn gateway_at_next_seal(gateway: GatewayId) -> Option<GatewayRecordOf<T>> {
		let mut record = Gateways::<T>::get(gateway)?;
		let due = Self::due_head(gateway, &record, &Clock::read::<T::Time>()).ok()?;
		if let Some((window, _)) = due {
			record.die(window, Outcome::Missing, T::Policy::get().clamped().max_attempts);
		}
		Some(record)
	}

	/// What a step of `network` in `window` depends on; `None` if the window has no record or the
	/// network did not exist.
	#[must_use]
	pub fn window_context(network: NetworkId, window: Window) -> Option<WindowContext> {
		let record = T::Time::window(window)?;
		let periods = T::Time::periods();
		let config = T::Networks::config(network, periods.cycle_of(record.tick))?;
		Some(WindowContext {
			genesis: Self::genesis(),
			window,
			tick: record.tick,
			required: record.required,
			rules_version: record.rules,
			rules: T::Time::rules(record.rules)?,
			periods,
			network: NetworkFacts {
				network,
				schema_id: config.schema,
				schema: T::Schemas::schema(config.schema)?,
				meter: config.meter,
				active: T::Networks::is_active(network, window),
			},
		})
	}

	/// What holds of the device in a slot in `window`; `None` if nobody has the slot then.
	#[must_use]
	pub fn slot_facts(gateway: GatewayId, slot: Slot, window: Window) -> Option<SlotFacts> {
		let facts = Self::slot_device(gateway, slot, window)?;
		Some(SlotFacts { device: facts.device, key: facts.key, active: facts.active })
	}

	/// The device in a slot in `window`.
	#[must_use]
	pub fn slot_device(gateway: GatewayId, slot: Slot, window: Window) -> Option<DeviceFacts> {
		let record = Slots::<T>::get(gateway, slot)?.record;
		if window < record.from || window >= record.until {
			return None;
		}
		facts(record.device, &T::Devices::state(record.device)?, window)
	}

	/// The newest window of a gateway whose ledger has matured and is kept.
	#[must_use]
	pub fn newest_matured(gateway: GatewayId) -> Option<Head> {
		let record = Gateways::<T>::get(gateway)?;
		let (now, periods) = (T::Time::now(), T::Time::periods());
		(record.queue.oldest..record.queue.pending).rev().find_map(|ordinal| {
			let (window, attempt, batch) = Self::queued(gateway, ordinal)?;
			let attested = matches!(batch.stage, BatchStage::Attested { .. });
			(attested && periods.is_mature(batch.tick, now.tick)).then_some(Head {
				window,
				attempt,
				root: batch.ledger_root,
			})
		})
	}

	/// Slots `from..from + count` of a gateway with what holds of their devices in `window`.
	#[must_use]
	pub fn slot_devices(
		gateway: GatewayId,
		window: Window,
		from: Slot,
		count: u32,
	) -> Vec<(Slot, DeviceFacts)> {
		(from..from.saturating_add(count))
			.filter_map(|slot| Some((slot, Self::slot_device(gateway, slot, window)?)))
			.collect()
	}
}
