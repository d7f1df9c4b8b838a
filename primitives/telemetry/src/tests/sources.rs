//! Sources that are slow, broken or lying: a check takes no more than was committed to, and holds
//! none of it against the batch.

use std::{cell::Cell, rc::Rc};

use cairn_types::GatewayId;
use proptest::prelude::*;

use super::world::{Batch, World};
use crate::{
	Fault,
	check::Checked,
	offchain::Part,
	partial::size_limit,
	payload::{PayloadObserver, Source, Stream, Unavailable, payload_root},
};

/// What comes after a source's bytes.
#[derive(Clone, Copy)]
enum Then {
	End,
	Fail(Unavailable),
	/// This byte, forever.
	Forever(u8),
}

/// What was asked of a source.
#[derive(Clone, Default)]
struct Tally {
	bytes: Rc<Cell<u64>>,
	largest: Rc<Cell<usize>>,
}

struct Scripted<'a> {
	bytes: &'a [u8],
	/// Most bytes per read.
	step: usize,
	then: Then,
	tally: Tally,
}

impl<'a> Scripted<'a> {
	fn new(bytes: &'a [u8], then: Then) -> Self {
		Self { bytes, step: usize::MAX, then, tally: Tally::default() }
	}
}

impl Source for Scripted<'_> {
	fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Unavailable> {
		self.tally.largest.set(self.tally.largest.get().max(buffer.len()));
		let mut size = self.bytes.len().min(buffer.len()).min(self.step);
		let (now, later) = self.bytes.split_at(size);
		buffer[..size].copy_from_slice(now);
		self.bytes = later;
		if size == 0 {
			match self.then {
				Then::End => {},
				Then::Fail(why) => return Err(why),
				Then::Forever(byte) => {
					buffer.fill(byte);
					size = buffer.len();
				},
			}
		}
		self.tally.bytes.set(self.tally.bytes.get() + size as u64);
		Ok(size)
	}
}

/// Check with another source of the payload.
fn with_payload(
	world: &World,
	batch: &Batch,
	payload: Scripted<'_>,
) -> Result<Checked, Unavailable> {
	world.check_from(batch, 0, batch.ledger.as_slice(), payload)
}

/// Check with another source of the partial ledger.
fn with_ledger(world: &World, batch: &Batch, ledger: Scripted<'_>) -> Result<Checked, Unavailable> {
	world.check_from(batch, 0, ledger, batch.payload.as_slice())
}

#[test]
fn works_when_a_source_gives_a_byte_at_a_time() {
	let (world, batch) = World::sealed();
	let ledger = Scripted { step: 1, ..Scripted::new(&batch.ledger, Then::End) };
	let payload = Scripted { step: 1, ..Scripted::new(&batch.payload, Then::End) };
	let slow = world.check_from(&batch, 0, ledger, payload);
	assert_eq!(slow, world.check(&batch));
	assert_eq!(slow.map(|checked| checked.fault), Ok(None));
}

#[test]
fn fails_when_a_payload_ends_early() {
	let (world, batch) = World::sealed();
	for size in 0..batch.payload.len() {
		let cut = Scripted::new(&batch.payload[..size], Then::End);
		assert_eq!(with_payload(&world, &batch, cut), Err(Unavailable::Truncated), "{size} bytes");
	}
}

#[test]
fn fails_when_a_partial_ledger_ends_early() {
	let (world, batch) = World::sealed();
	for size in 0..batch.ledger.len() {
		let cut = Scripted::new(&batch.ledger[..size], Then::End);
		let refused = with_ledger(&world, &batch, cut).expect_err("not the whole ledger");
		assert!(matches!(refused, Unavailable::BadLedger | Unavailable::Mismatch), "{size} bytes");
	}
}

#[test]
fn fails_when_a_source_fails() {
	let (world, batch) = World::sealed();
	for why in [Unavailable::Unreachable, Unavailable::NotFound, Unavailable::Mismatch] {
		for size in (0..batch.payload.len()).step_by(7) {
			let failing = Scripted::new(&batch.payload[..size], Then::Fail(why));
			assert_eq!(with_payload(&world, &batch, failing), Err(why), "{size} bytes");
		}
		for size in (0..=batch.ledger.len()).step_by(7) {
			let failing = Scripted::new(&batch.ledger[..size], Then::Fail(why));
			assert_eq!(with_ledger(&world, &batch, failing), Err(why), "{size} bytes");
		}
	}
}

#[test]
fn works_when_a_payload_goes_on_behind_its_end() {
	let (world, batch) = World::sealed();
	let endless = Scripted::new(&batch.payload, Then::Forever(0));
	let tally = endless.tally.clone();
	let checked = with_payload(&world, &batch, endless).expect("the bytes are the header's");
	assert_eq!(checked.fault, None);
	assert_eq!(tally.bytes.get(), batch.header.payload_size);
}

#[test]
fn fails_when_a_partial_ledger_goes_on_behind_its_end() {
	let (world, batch) = World::sealed();
	let endless = Scripted::new(&batch.ledger, Then::Forever(0));
	assert_eq!(with_ledger(&world, &batch, endless), Err(Unavailable::BadLedger));
}

/// Five bytes 0x02 say that a far slot is vacant, which is true and says nothing.
#[test]
fn a_partial_ledger_without_end_is_read_up_to_its_limit() {
	let (world, batch) = World::sealed();
	let endless = Scripted::new(&batch.ledger, Then::Forever(2));
	let tally = endless.tally.clone();
	// Where the limit falls decides whether the last piece is whole.
	match with_ledger(&world, &batch, endless) {
		Ok(checked) => assert_eq!(checked.fault, None),
		Err(why) => assert_eq!(why, Unavailable::BadLedger),
	}
	assert_eq!(tally.bytes.get(), size_limit(batch.header.payload_size));
}

#[test]
fn the_memory_of_a_check_does_not_grow_with_the_payload() {
	let world = World::begun();
	let batch = world.commit(vec![0; 1 << 20], &[0]);
	let endless = Scripted::new(&[], Then::Forever(0));
	let tally = endless.tally.clone();
	let checked = with_payload(&world, &batch, endless).expect("the bytes are the header's");
	assert_eq!((checked.fault, checked.chunk.len()), (Some(Fault::Unassigned), 1_024));
	assert_eq!(tally.bytes.get(), 1 << 20);
	assert!(tally.largest.get() <= 64 * 1_024);
}

#[test]
fn a_source_is_asked_by_gateway_window_and_attempt() {
	let path = |part: Part| part.path(GatewayId(3), 900, 1);
	assert_eq!(path(Part::Header), "/v1/gateways/3/batches/900/1/header");
	assert_eq!(path(Part::Ledger), "/v1/gateways/3/batches/900/1/ledger");
	assert_eq!(path(Part::Payload), "/v1/gateways/3/batches/900/1/payload");
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn an_observer_sees_the_same_in_pieces_of_any_size(
		size in 0usize..5_000, wanted in 0u64..6, step in 1usize..3_000, limit in 0u64..6_000,
	) {
		let bytes: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
		let source = Scripted { step, ..Scripted::new(&bytes, Then::End) };
		let stream = Stream::new(source, limit, PayloadObserver::new(wanted));
		let (observer, fetched) = stream.drain().expect("the source does not fail");
		let seen = &bytes[..size.min(limit as usize)];
		prop_assert_eq!(fetched, seen.len() as u64);
		let chunk = seen.chunks(1_024).nth(wanted as usize).unwrap_or_default();
		prop_assert_eq!(observer.finish(), (payload_root(seen), chunk.to_vec()));
	}
}
