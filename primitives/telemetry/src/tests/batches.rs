//! What is sealed is valid; whatever is then changed is found out.

use std::{collections::BTreeMap, convert::Infallible};

use cairn_types::Slot;
use codec::{Decode, Encode};
use proptest::prelude::*;

use super::{
	tree::built,
	world::{Plan, UPTIME, WINDOW, World, meter, planned, plans, rates},
};
use crate::{
	Fault, HeaderV1, SignedReading, Sums,
	ledger::Leaf,
	payload::{CHUNK, Unavailable},
	seal::{DeviceReadings, SealError, seal},
	store,
	tree::LedgerTree,
};

/// Kind of key and two windows of readings, by slot.
type Plans = BTreeMap<Slot, (u8, Vec<Plan>, Vec<Plan>)>;

fn devices() -> impl Strategy<Value = Plans> {
	let slot = prop_oneof![0u32..16, any::<u32>()];
	prop::collection::btree_map(slot, (0u8..3, plans(), plans()), 1..5)
}

/// The readings of this window; devices that have none are left out.
fn report(world: &World, devices: &Plans) -> BTreeMap<Slot, Vec<SignedReading>> {
	let second = world.context.window > WINDOW;
	let mut entries = BTreeMap::new();
	for (slot, (_, now, later)) in devices {
		let (base, plans) = if second { (1_000, later) } else { (0, now) };
		let readings = planned(&world.context, world.devices[slot].id, base, plans);
		if !readings.is_empty() {
			let sign = |reading| world.sign(*slot, reading);
			entries.insert(*slot, readings.into_iter().map(sign).collect());
		}
	}
	entries
}

fn kinds(devices: &Plans) -> impl Iterator<Item = (Slot, u8)> {
	devices.iter().map(|(slot, (kind, ..))| (*slot, *kind))
}

/// What a check must say of a header of which one byte is changed; `None`: it is not for a check
/// to say.
fn expected(
	position: usize,
	before: &HeaderV1,
	after: &HeaderV1,
) -> Result<Option<Fault>, Unavailable> {
	match position {
		0..4 => Ok(None),
		4..36 | 128..160 => Err(Unavailable::Mismatch),
		36..68 => Ok(Some(Fault::LedgerRoot)),
		68..100 => Ok(Some(Fault::TransitionRoot)),
		116..124 if after.sums.readings > 65_536 => Ok(Some(Fault::TooLarge)),
		100..128 => Ok(Some(Fault::Sums)),
		160..168 if after.payload_size > before.payload_size => Err(Unavailable::Truncated),
		160..168 => Err(Unavailable::Mismatch),
		_ => Ok(Some(Fault::WrongRules)),
	}
}

/// Seal two reports, the second of them changed.
fn sealed(
	slots: [Slot; 2],
	change: impl FnOnce(&mut DeviceReadings),
) -> Result<Sums, SealError<Infallible>> {
	let mut world = World::begun();
	let mut devices = Vec::new();
	for slot in slots {
		let readings = world.report(&[slot]).remove(&slot).expect("reported");
		let leaf = world.ledger.get(&slot).cloned();
		devices.push(DeviceReadings { slot, device: world.devices[&slot].id, leaf, readings });
	}
	change(&mut devices[1]);
	seal(&world.context, &rates, 0, &devices, &mut world.nodes).map(|sealed| sealed.header.sums)
}

#[test]
fn fails_when_any_byte_of_a_header_is_changed() {
	let (world, mut batch) = World::sealed();
	assert_eq!(world.check(&batch).map(|checked| checked.fault), Ok(None));
	let (honest, bytes) = (batch.header.clone(), batch.header.encode());
	assert_eq!(bytes.len(), 172);
	for position in 0..bytes.len() {
		for mask in [0x01, 0x80] {
			let mut changed = bytes.clone();
			changed[position] ^= mask;
			batch.header = HeaderV1::decode(&mut changed.as_slice()).expect("fixed width");
			let found = world.check(&batch).map(|checked| checked.fault);
			assert_eq!(found, expected(position, &honest, &batch.header), "byte {position}");
		}
	}
}

#[test]
fn fails_when_any_byte_of_a_payload_is_changed() {
	let (world, mut batch) = World::sealed();
	for position in 0..batch.payload.len() {
		batch.payload[position] ^= 0x10;
		let refused = world.check(&batch).expect_err("not the committed bytes");
		assert!(
			matches!(refused, Unavailable::Mismatch | Unavailable::BadLedger),
			"byte {position}: {refused:?}"
		);
		batch.payload[position] ^= 0x10;
	}
}

#[test]
fn fails_when_any_byte_of_a_partial_ledger_is_changed() {
	let (world, mut batch) = World::sealed();
	for position in 0..batch.ledger.len() {
		batch.ledger[position] ^= 0x01;
		let refused = world.check(&batch).expect_err("not the ledger built on");
		assert!(
			matches!(refused, Unavailable::Mismatch | Unavailable::BadLedger),
			"byte {position}: {refused:?}"
		);
		batch.ledger[position] ^= 0x01;
	}
}

#[test]
fn fails_when_there_is_nothing_to_seal() {
	let mut world = World::begun();
	assert_eq!(seal(&world.context, &rates, 0, &[], &mut world.nodes), Err(SealError::Empty));
}

#[test]
fn fails_when_what_is_sealed_would_be_invalid() {
	let fault = |slot, fault| Err(SealError::Fault { slot, fault });
	let found = sealed([3, 9], |device| device.readings.reverse());
	assert_eq!(found, fault(9, Fault::SequenceOrder));
	let found = sealed([3, 9], |device| device.readings.clear());
	assert_eq!(found, fault(9, Fault::ReadingCount));
	assert_eq!(sealed([9, 3], |_| ()), fault(3, Fault::SlotOrder));
	assert_eq!(sealed([9, 9], |_| ()), fault(9, Fault::SlotOrder));
}

#[test]
fn works_when_a_device_has_128_readings() {
	let mut world = World::new(UPTIME, [(0, 0)]);
	let plans = vec![(40, 1, true, [Some(20), None, None]); 128];
	let entries = report(&world, &BTreeMap::from([(0, (0, plans, Vec::new()))]));
	assert_eq!(entries[&0].len(), 128);
	let batch = world.seal(&entries);
	let checked = world.check(&batch).expect("the bytes are the header's");
	assert_eq!((checked.fault, checked.readings), (None, 128));
	assert_eq!(batch.header.sums.units, 600);
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	#[test]
	fn what_is_sealed_is_valid(meter in meter(), devices in devices(), chunk in 0u64..4) {
		let mut world = World::new(meter, kinds(&devices));
		for _ in 0..2 {
			let entries = report(&world, &devices);
			if !entries.is_empty() {
				let batch = world.seal(&entries);
				let (ledger, payload) = (batch.ledger.as_slice(), batch.payload.as_slice());
				let checked = world.check_from(&batch, chunk, ledger, payload);
				let checked = checked.expect("the bytes are the header's");
				prop_assert_eq!(checked.fault, None);
				prop_assert_eq!(checked.readings, batch.header.sums.readings);
				prop_assert_eq!(checked.bytes, (ledger.len() + payload.len()) as u64);
				let start = (chunk * CHUNK) as usize;
				let end = payload.len().min(start + CHUNK as usize);
				let wanted = payload.get(start..end).unwrap_or_default();
				prop_assert_eq!(checked.chunk.as_slice(), wanted);
				let hash = |(slot, leaf): (&Slot, &Leaf)| (*slot, leaf.hash(*slot));
				let root = built::<LedgerTree>(&world.ledger.iter().map(hash).collect());
				prop_assert_eq!(root, batch.header.ledger_root);
				prop_assert_eq!(store::root(&world.nodes), Ok(root));
			}
			world.next_window();
		}
	}

	#[test]
	fn a_changed_byte_is_never_the_batchs_fault(
		devices in devices(),
		position in any::<prop::sample::Index>(),
		mask in 1u8..=255,
		in_payload in any::<bool>(),
	) {
		let mut world = World::new(UPTIME, kinds(&devices));
		let entries = report(&world, &devices);
		prop_assume!(!entries.is_empty());
		let mut batch = world.seal(&entries);
		let bytes = if in_payload { &mut batch.payload } else { &mut batch.ledger };
		let position = position.index(bytes.len());
		bytes[position] ^= mask;
		prop_assert!(world.check(&batch).is_err());
	}
}
