//! Checking a sealed batch: every signature, assignment, activity, window, sequence and channel;
//! the ledger folded by `step`; sums, digests and roots. Streamed: memory does not grow with the
//! batch.
//!
//! A fault is named only when the bytes are exactly those the header commits to and the ledger is
//! exactly the one the batch builds on. Whatever else a source serves makes the batch unavailable,
//! not invalid: a lying source must not kill an honest batch.

use alloc::vec::Vec;
use cairn_economics::RateSource;
use cairn_types::{DeviceId, DeviceKey, Slot};

use crate::{
	batch::{HEADER_VERSION, HeaderV1},
	fault::Fault,
	partial::{LedgerReader, size_limit},
	payload::{self, PayloadObserver, Source, Stream, Unavailable},
	reading::{MAX_DEVICE_READINGS, SignedReading},
	seal::entry_of,
	step::{STEP_VERSION, WindowContext, step},
	transition::TransitionTree,
	tree::RootBuilder,
};

/// What the registry says of a slot in the batch's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotFacts {
	/// Whose slot.
	pub device: DeviceId,
	/// The key its readings are signed with.
	pub key: DeviceKey,
	/// Whether it is active.
	pub active: bool,
}

/// Who holds which slot of the batch's gateway in the batch's window.
pub trait Registry {
	/// What holds of `slot`; `None` if nobody has it in this window.
	fn slot(&self, slot: Slot) -> Option<SlotFacts>;
}

impl<F: Fn(Slot) -> Option<SlotFacts>> Registry for F {
	fn slot(&self, slot: Slot) -> Option<SlotFacts> {
		self(slot)
	}
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
	/// What is wrong with the batch; `None`: it is valid.
	pub fault: Option<Fault>,
	/// The chunk of the payload that the verdict's tag is over.
	pub chunk: Vec<u8>,
	/// Readings checked.
	pub readings: u64,
	/// Bytes fetched.
	pub bytes: u64,
	/// Readings with implausible values.
	pub outliers: u64,
	/// Readings without the required anchor.
	pub unanchored: u64,
}

/// Check a batch whose partial ledger and payload come from sources; `chunk` is the index of the
/// chunk to keep for the verdict's tag.
///
/// # Errors
/// [`Unavailable`] if the sources do not yield the committed bytes.
pub fn check(
	context: &WindowContext,
	header: &HeaderV1,
	chunk: u64,
	registry: &impl Registry,
	rates: &impl RateSource,
	ledger: impl Source,
	payload: impl Source,
) -> Result<Checked, Unavailable> {
	if context.rules.step != STEP_VERSION || context.rules.header != HEADER_VERSION {
		return Err(Unavailable::UnknownRules);
	}
	let mut checking = Checking {
		context,
		registry,
		rates,
		ledger: LedgerReader::new(ledger, size_limit(header.payload_size)),
		transition: RootBuilder::default(),
		last: None,
		readings: 0,
		outliers: 0,
		unanchored: 0,
	};
	let mut stream = Stream::new(payload, header.payload_size, PayloadObserver::new(chunk));
	let found = match checking.fold(&mut stream) {
		Ok(()) => ensure_header(context, header),
		Err(Stop::Fault(fault)) => Err(fault),
		Err(Stop::Unavailable(why)) => return Err(why),
	};
	let (observer, fetched) = stream.drain()?;
	if fetched < header.payload_size {
		return Err(Unavailable::Truncated);
	}
	let (root, chunk) = observer.finish();
	let Checking { ledger, transition, readings, outliers, unanchored, .. } = checking;
	let (before, after, ledger_bytes) = ledger.finish()?;
	if root != header.payload_root || before != header.previous_root {
		return Err(Unavailable::Mismatch);
	}
	let transition = transition.finish();
	let fault = found
		.and_then(|()| ensure(transition.sums == header.sums, Fault::Sums))
		.and_then(|()| ensure(transition.hash == header.transition_root, Fault::TransitionRoot))
		.and_then(|()| ensure(after == header.ledger_root, Fault::LedgerRoot))
		.err();
	let bytes = fetched.saturating_add(ledger_bytes);
	Ok(Checked { fault, chunk, readings, bytes, outliers, unanchored })
}

/// Whether one device's readings may stand in a batch of this window: its slot, its activity and
/// every signature. A gateway asks this when readings come in, a verifier when it checks.
///
/// # Errors
/// The first [`Fault`]; signatures last.
pub fn ensure_admissible(
	context: &WindowContext,
	facts: Option<SlotFacts>,
	readings: &[SignedReading],
) -> Result<DeviceId, Fault> {
	let facts = facts.ok_or(Fault::Unassigned)?;
	ensure(facts.active, Fault::Inactive)?;
	ensure(readings.len() <= MAX_DEVICE_READINGS, Fault::ReadingCount)?;
	let device = |signed: &SignedReading| signed.reading.device == facts.device;
	ensure(readings.iter().all(device), Fault::WrongDevice)?;
	let verified = |signed: &SignedReading| signed.verify(&context.genesis, &facts.key);
	ensure(readings.iter().all(verified), Fault::BadSignature)?;
	Ok(facts.device)
}

enum Stop {
	Fault(Fault),
	Unavailable(Unavailable),
}

struct Checking<'a, R, Q, L> {
	context: &'a WindowContext,
	registry: &'a R,
	rates: &'a Q,
	ledger: LedgerReader<L>,
	transition: RootBuilder<TransitionTree>,
	last: Option<Slot>,
	readings: u64,
	outliers: u64,
	unanchored: u64,
}

impl<R: Registry, Q: RateSource, L: Source> Checking<'_, R, Q, L> {
	/// Fold the whole payload, device by device.
	fn fold<P: Source>(&mut self, stream: &mut Stream<P, PayloadObserver>) -> Result<(), Stop> {
		while !stream.is_finished().map_err(Stop::Unavailable)? {
			let (slot, readings) = payload::next(stream).map_err(|_| {
				stream.failure().map_or(Stop::Fault(Fault::Malformed), Stop::Unavailable)
			})?;
			self.device(slot, &readings)?;
		}
		Ok(())
	}

	fn device(&mut self, slot: Slot, readings: &[SignedReading]) -> Result<(), Stop> {
		ensure(self.last.is_none_or(|last| last < slot), Fault::SlotOrder).map_err(Stop::Fault)?;
		self.last = Some(slot);
		let leaf = self.ledger.seek(slot).map_err(Stop::Unavailable)?;
		let device = ensure_admissible(self.context, self.registry.slot(slot), readings)
			.map_err(Stop::Fault)?;
		let stepped =
			step(self.context, self.rates, device, leaf.as_ref(), readings).map_err(Stop::Fault)?;
		let entry = entry_of(slot, leaf.as_ref(), &stepped.leaf, readings, stepped.units);
		self.ledger.put(slot, entry.new_leaf).map_err(Stop::Unavailable)?;
		let ordered = self.transition.leaf(slot, entry.node());
		ordered.map_err(|_| Stop::Fault(Fault::SlotOrder))?;
		self.readings = self.readings.saturating_add(u64::from(entry.readings));
		self.outliers = self.outliers.saturating_add(u64::from(stepped.outliers));
		self.unanchored = self.unanchored.saturating_add(u64::from(stepped.unanchored));
		Ok(())
	}
}

/// What of a header can be judged without its readings. Sealing asks the same.
pub(crate) fn ensure_header(context: &WindowContext, header: &HeaderV1) -> Result<(), Fault> {
	let rules = &context.rules;
	ensure(context.network.active, Fault::NetworkInactive)?;
	ensure(header.rules == context.rules_version, Fault::WrongRules)?;
	ensure(header.payload_size > 0 && header.sums.devices > 0, Fault::Malformed)?;
	ensure(
		header.payload_size <= rules.max_payload
			&& header.sums.readings <= u64::from(rules.max_readings),
		Fault::TooLarge,
	)
}

fn ensure(holds: bool, fault: Fault) -> Result<(), Fault> {
	if holds { Ok(()) } else { Err(fault) }
}
