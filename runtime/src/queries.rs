//! Answers to [`cairn_runtime_api::CairnApi`]: what clients want to know, put together from several
//! pallets.

use crate::{AccountId, Devices, Networks, Rewards, Runtime, Schemas, System, Telemetry, Time};
use alloc::vec::Vec;
use cairn_did::{Facts, FactsV1, GatewayV1, LiveV1};
use cairn_runtime_api::{
	BatchStage as StageView, BatchView, Clock, DeviceView, EarningView, GatewayView, HeadView,
	NetworkView, RecoveryView,
};
use cairn_telemetry::committee;
use cairn_traits::{DeviceRegistry, Entropy as _, SlotBook, Timekeeper};
use cairn_types::{
	Attempt, Cycle, DeviceId, GatewayId, NetworkId, Schema, SchemaId, Slot, Tick, Window,
	view::{DeviceFacts, SlotRecord, facts},
};
use pallet_telemetry::types::{BatchRecord, BatchStage, Head, Outcome, Stage};

/// Most slots that one question may ask for.
const MAX_SLOTS: u32 = 4_096;

pub(crate) fn clock() -> Clock {
	let now = Time::now();
	let periods = Time::periods();
	let record = Time::window(now.window);
	let newest = crate::Entropy::newest();
	Clock {
		now,
		cycle: periods.cycle_of(now.tick),
		periods,
		record,
		required: record.map_or(newest, |record| record.required),
		upcoming: record.map_or(newest, |record| record.anchor),
	}
}

pub(crate) fn schema(id: SchemaId) -> Option<(Schema, bool)> {
	let record = pallet_schemas::Schemas::<Runtime>::get(id)?;
	let current = <Schemas as cairn_traits::SchemaRegistry>::is_current(id);
	Some((record.schema, current))
}

pub(crate) fn network(id: NetworkId) -> Option<NetworkView> {
	let record = pallet_networks::Networks::<Runtime>::get(id)?;
	let cycle = Time::cycle();
	let config = <Networks as cairn_traits::NetworkRegistry>::config(id, cycle)?;
	Some(NetworkView {
		network: id,
		owner: record.owner.into(),
		name: record.name.into_inner(),
		stage: network_stage(record.stage).as_bytes().to_vec(),
		config,
		next: record.config.current,
		weight: Rewards::weight(id),
		units: Rewards::units(id, cycle),
	})
}

pub(crate) fn device(id: DeviceId) -> Option<DeviceView> {
	let record = pallet_devices::Devices::<Runtime>::get(id)?;
	Some(DeviceView {
		device: id,
		owner: record.owner.into(),
		stage: device_stage(record.stage).as_bytes().to_vec(),
		state: record.state,
		serial: record.certified.map(|by| (by.maker, by.serial.into_inner())),
		root: record.root,
		changed: record.changed,
		inherited: record.inherited,
		recovery: recovery(id),
		location: pallet_devices::Locations::<Runtime>::get(id).map(|known| known.place),
	})
}

fn recovery(id: DeviceId) -> Option<RecoveryView> {
	let pallet_devices::Recovery { key, root, requested, due, .. } =
		pallet_devices::Recoveries::<Runtime>::get(id)?;
	Some(RecoveryView { key, root, requested, due })
}

pub(crate) fn device_facts(id: DeviceId, window: Window) -> Option<DeviceFacts> {
	facts(id, &Devices::state(id)?, window)
}

pub(crate) fn did_facts(id: DeviceId) -> Option<Facts> {
	let genesis = System::block_hash(0u32).0;
	let known = match pallet_devices::Devices::<Runtime>::get(id) {
		Some(record) if record.stage == pallet_devices::Stage::Retired => None,
		Some(record) => Some(did_live(id, record)),
		// Ids are given in order: one below the next is of a device that has ended and is forgotten.
		None if id < pallet_devices::NextDevice::<Runtime>::get() => None,
		None => return None,
	};
	Some(Facts::V1(FactsV1 { device: id, genesis, live: known }))
}

/// What holds of a device that has not ended, in the current window.
fn did_live(id: DeviceId, record: pallet_devices::DeviceRecordOf<Runtime>) -> LiveV1 {
	let now = facts(id, &record.state, Time::now().window);
	let assigned = now.and_then(|now| now.assignment);
	LiveV1 {
		owner: record.owner.into(),
		signing: now.map(|now| now.key),
		key: record.state.key.current,
		inherited: record.inherited,
		active: now.is_some_and(|now| now.active),
		root: record.root,
		gateway: assigned.and_then(|assigned| did_gateway(assigned.gateway)),
		description: pallet_devices::Descriptions::<Runtime>::get(id),
	}
}

/// Where a gateway is, while it serves.
fn did_gateway(gateway: GatewayId) -> Option<GatewayV1> {
	let record = pallet_telemetry::Gateways::<Runtime>::get(gateway)?;
	let is_serving = match record.stage {
		Stage::Serving => true,
		Stage::Retired { until, .. } => Time::now().window < until,
	};
	is_serving.then(|| GatewayV1 { gateway, endpoint: record.endpoint.into_inner() })
}

pub(crate) fn slot(gateway: GatewayId, slot: Slot) -> Option<SlotRecord<[u8; 32]>> {
	let record: SlotRecord<AccountId> = Telemetry::get(gateway, slot)?;
	let SlotRecord { device, payee, from, until } = record;
	Some(SlotRecord { device, payee: payee.into(), from, until })
}

pub(crate) fn slots(
	gateway: GatewayId,
	window: Window,
	from: Slot,
	count: u32,
) -> Vec<(Slot, DeviceFacts)> {
	Telemetry::slot_devices(gateway, window, from, count.min(MAX_SLOTS))
}

pub(crate) fn gateway(id: GatewayId) -> Option<GatewayView> {
	let record = Telemetry::gateway_at_next_seal(id)?;
	let after = |head: Head| head.window.saturating_add(1);
	let (accrued, paid) = Rewards::accrual(id);
	let availability = record.availability;
	Some(GatewayView {
		gateway: id,
		operator: record.operator.into(),
		network: record.network,
		endpoint: record.endpoint.into_inner(),
		retired: record.stage != Stage::Serving,
		sealed: record.sealed.map(view_head),
		attested: record.attested.map(view_head),
		attempt: record.deaths,
		next_window: record.sealed.map_or(0, after).max(record.floor),
		slots: record.next_slot,
		assigned: record.assigned.now,
		record: [
			availability.attested,
			availability.invalid,
			availability.unavailable,
			availability.missing,
		],
		accrued,
		paid,
	})
}

pub(crate) fn batch(gateway: GatewayId, window: Window, attempt: Attempt) -> Option<BatchView> {
	let record = Telemetry::gateway_at_next_seal(gateway)?;
	let batch = pallet_telemetry::Batches::<Runtime>::get((gateway, window, attempt))?;
	let pending = record.queue.pending;
	Some(BatchView {
		gateway,
		window,
		attempt,
		header_hash: batch.header_hash,
		ledger_root: batch.ledger_root,
		sums: batch.sums,
		stage: batch_stage(&batch, pending),
		committee: batch.committee.to_vec(),
		verdicts: batch.tally(),
		quorum: (batch.members, committee::quorum(batch.members)),
		due: batch_due(&batch, pending, record.attested_at),
	})
}

pub(crate) fn matured(gateway: GatewayId) -> Option<HeadView> {
	Telemetry::newest_matured(gateway).map(view_head)
}

pub(crate) fn earning(gateway: GatewayId, at: Slot) -> Option<EarningView> {
	let slot = slot(gateway, at)?;
	let (paid, unvested) = Rewards::earning(gateway, at)
		.map_or((0, 0), |earning| (earning.paid, earning.unreleased()));
	Some(EarningView { slot, paid, unvested })
}

pub(crate) fn rate(network: NetworkId, cycle: Cycle) -> Option<u128> {
	Rewards::frozen_rate(network, cycle)
}

fn view_head(Head { window, attempt, root }: Head) -> HeadView {
	HeadView { window, attempt, root }
}

fn batch_stage(batch: &BatchRecord, pending: u32) -> StageView {
	match batch.stage {
		BatchStage::Attested { .. } => {
			let matures = batch.tick.saturating_add(Time::periods().mature_ticks());
			StageView::Attested { matures }
		},
		BatchStage::Dead(_) => StageView::Dead,
		BatchStage::Pending if batch.ordinal < pending => StageView::Dead,
		BatchStage::Pending => StageView::Pending,
	}
}

fn batch_due(batch: &BatchRecord, pending: u32, attested_at: Tick) -> Option<Tick> {
	match batch.stage {
		BatchStage::Attested { due, .. } => Some(due),
		BatchStage::Pending if batch.ordinal == pending => {
			Some(batch.due(attested_at, &Time::periods()))
		},
		BatchStage::Pending
		| BatchStage::Dead(
			Outcome::Valid | Outcome::Invalid | Outcome::Unavailable | Outcome::Missing,
		) => None,
	}
}

const fn network_stage(stage: pallet_networks::Stage) -> &'static str {
	match stage {
		pallet_networks::Stage::Running => "Running",
		pallet_networks::Stage::Paused { by_admin: false } => "Paused by its owner",
		pallet_networks::Stage::Paused { by_admin: true } => "Paused by governance",
		pallet_networks::Stage::Closed => "Closed",
	}
}

const fn device_stage(stage: pallet_devices::Stage) -> &'static str {
	match stage {
		pallet_devices::Stage::Registered => "Registered",
		pallet_devices::Stage::Active => "Active",
		pallet_devices::Stage::Suspended => "Suspended",
		pallet_devices::Stage::Retired => "Retired",
	}
}
