//! Which stored readings of a window go into its batch. Pure: what would be a fault is left out with
//! its reason, so that a device's mistake never kills the batch of all others.

use std::collections::{BTreeMap, BTreeSet};

use cairn_economics::RateSource;
use cairn_telemetry::{
	Fault, Leaf, SignedReading, WindowContext,
	check::{SlotFacts, ensure_admissible},
	seal::DeviceReadings,
	step,
};
use cairn_types::{Cycle, DeviceId, Slot};
use codec::Encode;

use crate::gateway::{
	registry::Facts,
	store::{Dropped, StoredReading},
};

/// Bytes that a slot adds to a payload besides its readings.
const SLOT_OVERHEAD: u64 = 5;

/// One device's stored readings of the window, with its leaf before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
	/// Its place in the ledger.
	pub slot: Slot,
	/// What the registry says of the slot.
	pub facts: SlotFacts,
	/// Its leaf before.
	pub leaf: Option<Leaf>,
	/// Its stored readings, in sequence order.
	pub readings: Vec<StoredReading>,
}

/// What goes into a batch and what does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
	/// Ascending by slot.
	pub devices: Vec<DeviceReadings>,
	/// Left out, with reasons.
	pub dropped: Vec<Dropped>,
}

/// Group stored readings by slot, looking up leaves with `leaf`; readings of devices without a slot
/// in this window are returned as dropped.
///
/// # Errors
/// What `leaf` fails with.
pub fn group<E>(
	facts: &Facts,
	readings: BTreeMap<DeviceId, Vec<StoredReading>>,
	mut leaf: impl FnMut(Slot) -> Result<Option<Leaf>, E>,
) -> Result<(Vec<Candidate>, Vec<Dropped>), E> {
	let mut by_slot = BTreeMap::new();
	let mut dropped = Vec::new();
	for (device, readings) in readings {
		match facts.place(device) {
			Some((slot, facts)) => {
				by_slot.insert(slot, (facts, readings));
			},
			None => {
				dropped.extend(readings.iter().map(|stored| drop_for(stored, Fault::Unassigned)))
			},
		}
	}
	let mut candidates = Vec::with_capacity(by_slot.len());
	for (slot, (facts, readings)) in by_slot {
		candidates.push(Candidate { slot, facts, leaf: leaf(slot)?, readings });
	}
	Ok((candidates, dropped))
}

/// Frozen cycles whose rates the steps of `candidates` need.
#[must_use]
pub fn cycles(context: &WindowContext, candidates: &[Candidate]) -> BTreeSet<Cycle> {
	let leaves = candidates.iter().filter_map(|candidate| candidate.leaf.as_ref());
	let open = leaves.flat_map(|leaf| leaf.account.latest().open.iter());
	open.map(|open| open.cycle)
		.filter(|cycle| context.periods.is_frozen(*cycle, context.tick))
		.collect()
}

/// Take every reading that may stand in the batch.
#[must_use]
pub fn select(
	context: &WindowContext,
	rates: &impl RateSource,
	candidates: Vec<Candidate>,
) -> Selection {
	let mut selection = Selection::default();
	for candidate in candidates {
		let Candidate { slot, facts, leaf, readings } = candidate;
		let (admitted, refused) = admit(context, &facts, readings);
		selection.dropped.extend(refused);
		let (readings, refused) = steps(context, rates, facts.device, leaf.as_ref(), admitted);
		selection.dropped.extend(refused);
		if !readings.is_empty() {
			selection.devices.push(DeviceReadings { slot, device: facts.device, leaf, readings });
		}
	}
	fit(context, &mut selection);
	selection
}

/// Leave out what the registry does not admit. A signature that was checked under the very key of
/// this window is not checked again.
fn admit(
	context: &WindowContext,
	facts: &SlotFacts,
	readings: Vec<StoredReading>,
) -> (Vec<SignedReading>, Vec<Dropped>) {
	let mut admitted = Vec::with_capacity(readings.len());
	let mut dropped = Vec::new();
	for stored in readings {
		let unchecked: &[SignedReading] =
			if stored.key == facts.key { &[] } else { std::slice::from_ref(&stored.signed) };
		match ensure_admissible(context, Some(*facts), unchecked) {
			Ok(_) => admitted.push(stored.signed),
			Err(fault) => dropped.push(drop_for(&stored, fault)),
		}
	}
	(admitted, dropped)
}

/// Leave out what a step refuses: all at once if nothing is wrong, else one reading after another.
fn steps(
	context: &WindowContext,
	rates: &impl RateSource,
	device: DeviceId,
	leaf: Option<&Leaf>,
	readings: Vec<SignedReading>,
) -> (Vec<SignedReading>, Vec<Dropped>) {
	if readings.is_empty() || step(context, rates, device, leaf, &readings).is_ok() {
		return (readings, Vec::new());
	}
	let mut kept = Vec::with_capacity(readings.len());
	let mut dropped = Vec::new();
	for signed in readings {
		kept.push(signed);
		if let Err(fault) = step(context, rates, device, leaf, &kept)
			&& let Some(signed) = kept.pop()
		{
			dropped.push(drop_signed(&signed, fault));
		}
	}
	(kept, dropped)
}

/// Leave out whole devices until the rules' limits hold, beginning at a place that moves with the
/// window, so that nobody is always the one.
fn fit(context: &WindowContext, selection: &mut Selection) {
	let count = selection.devices.len();
	let start = usize::try_from(context.window).unwrap_or(0).checked_rem(count).unwrap_or(0);
	let (mut readings, mut bytes) = (0u64, 0u64);
	let (mut kept, mut left_out) = (Vec::with_capacity(count), Vec::new());
	let mut devices = std::mem::take(&mut selection.devices);
	devices.rotate_left(start);
	for device in devices {
		let more = u64::try_from(device.readings.len()).unwrap_or(u64::MAX);
		let size = device.readings.iter().map(Encode::encoded_size).sum::<usize>();
		let size = u64::try_from(size).unwrap_or(u64::MAX).saturating_add(SLOT_OVERHEAD);
		let fits = readings.saturating_add(more) <= u64::from(context.rules.max_readings)
			&& bytes.saturating_add(size) <= context.rules.max_payload;
		if fits {
			readings = readings.saturating_add(more);
			bytes = bytes.saturating_add(size);
			kept.push(device);
		} else {
			let refused = device.readings.iter();
			left_out.extend(refused.map(|signed| drop_signed(signed, Fault::TooLarge)));
		}
	}
	kept.sort_by_key(|device| device.slot);
	selection.devices = kept;
	selection.dropped.extend(left_out);
}

fn drop_for(stored: &StoredReading, fault: Fault) -> Dropped {
	drop_signed(&stored.signed, fault)
}

fn drop_signed(signed: &SignedReading, fault: Fault) -> Dropped {
	let reading = &signed.reading;
	Dropped { device: reading.device, sequence: reading.sequence, fault }
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_telemetry::Reading;
	use cairn_types::{
		Channel, ChannelKind, DeviceKey, DeviceSignature, GatewayId, MeterRule, NetworkId, Periods,
		Quantity, Rules, Schema, SchemaId, Unit,
		schema::Values,
		view::{Assignment, DeviceFacts, NetworkFacts},
	};
	use sp_core::{Pair, bounded::BoundedVec, ed25519};

	const GATEWAY: GatewayId = GatewayId(3);
	const WINDOW: u32 = 5;

	fn pair(device: u64) -> ed25519::Pair {
		ed25519::Pair::from_seed(&[u8::try_from(device).expect("small"); 32])
	}

	fn context() -> WindowContext {
		let channel = Channel {
			name: BoundedVec::truncate_from(b"level".to_vec()),
			quantity: Quantity::Dimensionless,
			unit: Unit::One,
			scale: 0,
			kind: ChannelKind::Gauge,
			min: 0,
			max: 100,
			max_change: None,
		};
		let name = BoundedVec::truncate_from(b"levels".to_vec());
		let channels = BoundedVec::truncate_from(vec![channel]);
		WindowContext {
			genesis: [9; 32],
			window: WINDOW,
			tick: 5,
			required: [0; 32],
			rules_version: 1,
			rules: Rules { step: 1, header: 1, max_readings: 100, max_payload: 100_000 },
			periods: Periods { window_slots: 1, ..Periods::DEVELOPMENT },
			network: NetworkFacts {
				network: NetworkId(1),
				schema_id: SchemaId(2),
				schema: Schema { name, version: 1, channels },
				meter: MeterRule::Uptime { expected: 4, cap: 100 },
				active: true,
			},
		}
	}

	fn stored(device: u64, sequence: u64, time: u64) -> StoredReading {
		let reading = Reading {
			network: NetworkId(1),
			schema: SchemaId(2),
			device: DeviceId(device),
			sequence,
			anchor: [0; 32],
			time,
			values: Values::truncate_from(vec![Some(1)]),
		};
		let signature = pair(device).sign(&reading.message(&[9; 32]));
		StoredReading {
			signed: SignedReading { reading, signature: DeviceSignature::Ed25519(signature) },
			key: DeviceKey::Ed25519(pair(device).public()),
		}
	}

	fn facts(devices: &[(u64, Slot, bool)]) -> Facts {
		let rows = devices.iter().map(|(device, slot, active)| {
			let facts = DeviceFacts {
				device: DeviceId(*device),
				network: NetworkId(1),
				key: DeviceKey::Ed25519(pair(*device).public()),
				active: *active,
				assignment: Some(Assignment { gateway: GATEWAY, slot: *slot }),
			};
			(*slot, facts)
		});
		Facts::new(WINDOW, rows.collect())
	}

	fn run(
		facts: &Facts,
		context: &WindowContext,
		readings: &[StoredReading],
	) -> (Vec<(Slot, usize)>, Vec<(u64, u64, Fault)>) {
		let mut grouped = BTreeMap::<DeviceId, Vec<StoredReading>>::new();
		for stored in readings {
			grouped.entry(stored.signed.reading.device).or_default().push(stored.clone());
		}
		let no_leaf = |_: Slot| Ok::<_, std::convert::Infallible>(None);
		let Ok((candidates, mut dropped)) = group(facts, grouped, no_leaf);
		let selection = select(context, &|_: Cycle| 0u128, candidates);
		dropped.extend(selection.dropped);
		let devices = selection.devices.iter();
		(
			devices.map(|device| (device.slot, device.readings.len())).collect(),
			dropped.iter().map(|drop| (drop.device.0, drop.sequence, drop.fault)).collect(),
		)
	}

	#[test]
	fn works_when_every_reading_is_admissible() {
		let readings = [stored(1, 1, 5_000), stored(1, 2, 5_500), stored(2, 1, 5_100)];
		let facts = facts(&[(1, 8, true), (2, 4, true)]);
		let (devices, dropped) = run(&facts, &context(), &readings);
		assert_eq!(devices, [(4, 1), (8, 2)]);
		assert_eq!(dropped, []);
	}

	#[test]
	fn works_when_devices_do_not_belong() {
		let readings = [stored(1, 1, 5_000), stored(2, 1, 5_000), stored(3, 1, 5_000)];
		let facts = facts(&[(1, 0, true), (2, 1, false)]);
		let (devices, dropped) = run(&facts, &context(), &readings);
		assert_eq!(devices, [(0, 1)]);
		assert_eq!(dropped, [(3, 1, Fault::Unassigned), (2, 1, Fault::Inactive)]);
	}

	#[test]
	fn works_when_the_key_is_another_than_when_it_was_stored() {
		let mut other = stored(1, 2, 5_500);
		other.key = DeviceKey::Ed25519(pair(7).public());
		let mut forged = stored(1, 3, 5_600);
		forged.key = other.key;
		forged.signed.reading.anchor = [1; 32];
		let facts = facts(&[(1, 0, true)]);
		let (devices, dropped) = run(&facts, &context(), &[stored(1, 1, 5_000), other, forged]);
		assert_eq!(devices, [(0, 2)]);
		assert_eq!(dropped, [(1, 3, Fault::BadSignature)]);
	}

	#[test]
	fn works_when_some_readings_are_faulty() {
		let mut schema = stored(1, 2, 5_100);
		schema.signed.reading.schema = SchemaId(7);
		let mut channels = stored(1, 4, 5_300);
		channels.signed.reading.values = Values::default();
		let readings =
			[stored(1, 1, 5_000), schema, stored(1, 3, 5_200), channels, stored(1, 5, 6_000)];
		let (devices, dropped) = run(&facts(&[(1, 0, true)]), &context(), &readings);
		assert_eq!(devices, [(0, 2)]);
		let expected =
			[(1, 2, Fault::WrongSchema), (1, 4, Fault::ChannelCount), (1, 5, Fault::WrongWindow)];
		assert_eq!(dropped, expected);
	}

	#[test]
	fn works_when_the_batch_would_be_too_large() {
		let readings = (1..=4).map(|device| stored(device, 1, 5_000)).collect::<Vec<_>>();
		let facts = facts(&[(1, 0, true), (2, 1, true), (3, 2, true), (4, 3, true)]);
		let mut context = context();
		context.rules.max_readings = 2;
		let (devices, dropped) = run(&facts, &context, &readings);
		// Window 5 begins at the second of four devices.
		assert_eq!(devices, [(1, 1), (2, 1)]);
		assert_eq!(dropped, [(4, 1, Fault::TooLarge), (1, 1, Fault::TooLarge)]);
	}

	#[test]
	fn only_frozen_cycles_need_rates() {
		use cairn_telemetry::{Account, AccountV1, Data, DataV1};
		let open = [0, 1].map(|cycle| cairn_economics::Open { cycle, units: 1 });
		let account = AccountV1 {
			device: DeviceId(1),
			schema: SchemaId(2),
			sequence: 0,
			time: 0,
			open: BoundedVec::truncate_from(open.to_vec()),
			settled: 0,
			totals: Default::default(),
		};
		let leaf = Leaf { account: Account::V1(account), data: Data::V1(DataV1::default()) };
		let facts = facts(&[(1, 0, true)]);
		let (slot, slot_facts) = facts.place(DeviceId(1)).expect("assigned");
		let candidate =
			Candidate { slot, facts: slot_facts, leaf: Some(leaf), readings: Vec::new() };
		let context = WindowContext { tick: 12, ..context() };
		assert_eq!(cycles(&context, &[candidate]), BTreeSet::from([0]));
	}
}
