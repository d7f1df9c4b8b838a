//! For each fault, batches that have it and whose headers commit to it.

use cairn_types::{DeviceId, NetworkId, SchemaId, Slot};
use codec::Encode;

use super::world::{Batch, World, payload_of, reading};
use crate::{Fault, HeaderV1, Reading, SignedReading, check::ensure_admissible};

type Entries = Vec<(Slot, Vec<SignedReading>)>;

/// A batch of slots 3, 9 and 12 with changed readings, and a header that commits to them.
fn with(change: impl FnOnce(&mut World, &mut Entries)) -> (World, Batch) {
	let mut world = World::begun();
	let mut entries: Entries = world.report(&[3, 9, 12]).into_iter().collect();
	change(&mut world, &mut entries);
	let touched: Vec<Slot> = entries.iter().map(|(slot, _)| *slot).collect();
	let batch = world.commit(payload_of(&entries), &touched);
	(world, batch)
}

/// The second reading of slot 9 is another one, and signed.
fn signed(change: impl FnOnce(&mut Reading)) -> (World, Batch) {
	with(|world, entries| {
		let mut reading = entries[1].1[1].reading.clone();
		change(&mut reading);
		entries[1].1[1] = world.sign(9, reading);
	})
}

/// The payload's bytes are others.
fn raw(change: impl FnOnce(&mut Vec<u8>)) -> (World, Batch) {
	let world = World::begun();
	let entries: Entries = world.report(&[3, 9, 12]).into_iter().collect();
	let mut payload = payload_of(&entries);
	change(&mut payload);
	let batch = world.commit(payload, &[3, 9, 12]);
	(world, batch)
}

/// The header of an otherwise honest batch states something else.
fn stated(change: impl FnOnce(&mut HeaderV1)) -> (World, Batch) {
	let (world, mut batch) = World::sealed();
	change(&mut batch.header);
	(world, batch)
}

/// The world is another one than the gateway thought.
fn judged(change: impl FnOnce(&mut World)) -> (World, Batch) {
	let (mut world, batch) = World::sealed();
	change(&mut world);
	(world, batch)
}

/// 129 readings of slot 3, 40 ms apart.
fn many(world: &World) -> Vec<SignedReading> {
	let id = world.devices[&3].id;
	let reading =
		|number: u64| reading(&world.context, id, 100 + number, 40 * number, &[None, None, None]);
	(0..129).map(|number| world.sign(3, reading(number))).collect()
}

/// Faults of the payload's form.
fn malformed() -> Vec<(Fault, (World, Batch))> {
	let first = World::begun().report(&[3])[&3][0].reading.encoded_size();
	vec![
		(Fault::Malformed, raw(|payload| payload.push(0))),
		(Fault::Malformed, raw(|payload| payload.truncate(payload.len() - 1))),
		(Fault::Malformed, raw(|payload| payload[4] = 5)),
		(Fault::Malformed, raw(|payload| payload[5 + 64] = 17 << 2)),
		(Fault::Malformed, raw(|payload| payload[5 + first] = 7)),
		(Fault::SlotOrder, with(|_, entries| entries.reverse())),
		(Fault::SlotOrder, with(|_, entries| entries.push(entries[2].clone()))),
		(Fault::SlotOrder, with(|_, entries| entries.insert(2, entries[0].clone()))),
		(Fault::ReadingCount, with(|_, entries| entries[1].1.clear())),
		(Fault::ReadingCount, with(|world, entries| entries[0].1 = many(world))),
	]
}

/// Faults of readings, all of them signed.
fn unsound() -> Vec<(Fault, (World, Batch))> {
	vec![
		(Fault::WrongNetwork, signed(|reading| reading.network = NetworkId(6))),
		(Fault::WrongSchema, signed(|reading| reading.schema = SchemaId(2))),
		(Fault::WrongDevice, signed(|reading| reading.device = DeviceId(1))),
		(Fault::WrongDevice, with(|world, entries| entries[1].1 = world.report(&[3])[&3].clone())),
		(Fault::WrongWindow, signed(|reading| reading.time += 6_000)),
		(Fault::WrongWindow, signed(|reading| reading.time -= 6_000)),
		(Fault::WrongWindow, signed(|reading| reading.time = u64::MAX)),
		(Fault::SequenceOrder, signed(|reading| reading.sequence -= 1)),
		(Fault::SequenceOrder, signed(|reading| reading.sequence = 0)),
		(Fault::SequenceOrder, with(|_, entries| entries[1].1.reverse())),
		(Fault::TimeOrder, signed(|reading| reading.time -= 1_000)),
		(Fault::TimeOrder, signed(|reading| reading.time -= 1_001)),
		(Fault::ChannelCount, signed(|reading| reading.values.truncate(2))),
		(
			Fault::ChannelCount,
			signed(|reading| reading.values.try_push(None).expect("room for a fourth")),
		),
	]
}

/// Faults of who signed.
fn inadmissible() -> Vec<(Fault, (World, Batch))> {
	let stranger = |_: &mut World, entries: &mut Entries| {
		let readings = entries[2].1.clone();
		entries.push((13, readings));
	};
	let retired = |world: &mut World, slot: Slot| {
		world.devices.get_mut(&slot).expect("one of the four").active = false;
	};
	vec![
		(Fault::Unassigned, with(stranger)),
		(Fault::Unassigned, judged(|world| drop(world.devices.remove(&9)))),
		(Fault::Inactive, judged(|world| retired(world, 3))),
		(Fault::Inactive, judged(|world| retired(world, 12))),
		(
			Fault::BadSignature,
			with(|world, entries| {
				let reading = entries[1].1[1].reading.clone();
				entries[1].1[1] = world.sign(200, reading);
			}),
		),
		(Fault::BadSignature, with(|_, entries| entries[0].1[0].reading.sequence += 1)),
		(Fault::BadSignature, with(|_, entries| entries[1].1[0].reading.anchor = [9; 32])),
		(Fault::BadSignature, with(|_, entries| entries[2].1[1].reading.values[0] = None)),
		(Fault::BadSignature, judged(|world| world.context.genesis = [9; 32])),
	]
}

/// Faults of the header.
fn misstated() -> Vec<(Fault, (World, Batch))> {
	vec![
		(Fault::LedgerRoot, stated(|header| header.ledger_root[0] ^= 1)),
		(Fault::LedgerRoot, stated(|header| header.ledger_root = header.previous_root)),
		(Fault::TransitionRoot, stated(|header| header.transition_root[31] ^= 1)),
		(Fault::Sums, stated(|header| header.sums.units += 1)),
		(Fault::Sums, stated(|header| header.sums.readings -= 1)),
		(Fault::Sums, stated(|header| header.sums.devices += 1)),
		(Fault::WrongRules, stated(|header| header.rules += 1)),
		(Fault::TooLarge, judged(|world| world.context.rules.max_readings = 5)),
		(Fault::TooLarge, judged(|world| world.context.rules.max_payload = 100)),
		(Fault::NetworkInactive, judged(|world| world.context.network.active = false)),
	]
}

#[test]
fn fails_when_a_batch_commits_to_any_fault() {
	let mut missing = Fault::ALL.to_vec();
	let examples =
		malformed().into_iter().chain(unsound()).chain(inadmissible()).chain(misstated());
	for (number, (fault, (world, batch))) in examples.enumerate() {
		let found = world.check(&batch).map(|checked| checked.fault);
		assert_eq!(found, Ok(Some(fault)), "example {number}");
		missing.retain(|other| *other != fault);
	}
	assert!(missing.is_empty(), "faults without an example: {missing:?}");
}

#[test]
fn works_when_nothing_is_wrong() {
	let (world, batch) = World::sealed();
	let checked = world.check(&batch).expect("the bytes are the header's");
	assert_eq!((checked.fault, checked.readings), (None, 6));
	assert_eq!((checked.outliers, checked.unanchored), (0, 0));
}

#[test]
fn fails_when_a_fault_comes_with_bytes_that_are_not_committed_to() {
	for (fault, (world, mut batch)) in malformed().into_iter().chain(unsound()) {
		batch.header.payload_root[0] ^= 1;
		assert!(world.check(&batch).is_err(), "{fault:?}");
	}
	for (fault, (world, mut batch)) in unsound() {
		batch.header.previous_root[0] ^= 1;
		assert!(world.check(&batch).is_err(), "{fault:?}");
	}
}

#[test]
fn a_gateway_admits_what_a_check_admits() {
	let world = World::begun();
	let readings = world.report(&[9]).remove(&9).expect("reported");
	let admit = |slot| ensure_admissible(&world.context, world.facts(slot), &readings);
	assert_eq!(admit(9), Ok(world.devices[&9].id));
	assert_eq!(admit(3), Err(Fault::WrongDevice));
	assert_eq!(admit(13), Err(Fault::Unassigned));
}
