//! Sealing a window: a gateway's side of what [`crate::check`] checks.

use alloc::vec::Vec;
use cairn_economics::RateSource;
use cairn_types::{Attempt, DeviceId, Hash32, Slot};

use crate::{
	batch::HeaderV1,
	check::ensure_header,
	fault::Fault,
	ledger::Leaf,
	payload,
	reading::{SignedReading, readings_digest},
	step::{WindowContext, step},
	store::{self, NodeStore},
	transition::{Entry, TransitionTree},
	tree::RootBuilder,
};

/// One device's readings of a window, with its leaf before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceReadings {
	/// Its place in the ledger.
	pub slot: Slot,
	/// Whose slot.
	pub device: DeviceId,
	/// Its leaf before; `None` if it has none yet.
	pub leaf: Option<Leaf>,
	/// Its readings in sequence order, each checked when it came in.
	pub readings: Vec<SignedReading>,
}

/// A sealed window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
	/// What goes to the chain.
	pub header: HeaderV1,
	/// What goes to whoever checks.
	pub payload: Vec<u8>,
	/// The leaves that changed, ascending by slot.
	pub leaves: Vec<(Slot, Leaf)>,
	/// The transition tree's entries, ascending by slot.
	pub entries: Vec<Entry>,
}

/// Why a window cannot be sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealError<E> {
	/// There is no reading.
	Empty,
	/// A device's readings would make the batch invalid.
	Fault {
		/// Whose readings.
		slot: Slot,
		/// What is wrong with them.
		fault: Fault,
	},
	/// The network does not run in the window, or the batch is larger than the rules allow.
	Batch(Fault),
	/// The store failed.
	Store(E),
}

/// Seal a window: `devices` ascending by slot, `nodes` the ledger's tree before, which is updated.
///
/// # Errors
/// A [`SealError`]; the store may then hold part of the update and is to be dropped.
pub fn seal<S: NodeStore>(
	context: &WindowContext,
	rates: &impl RateSource,
	attempt: Attempt,
	devices: &[DeviceReadings],
	nodes: &mut S,
) -> Result<Sealed, SealError<S::Error>> {
	if devices.is_empty() {
		return Err(SealError::Empty);
	}
	let previous_root = store::root(nodes).map_err(SealError::Store)?;
	let mut sealing = Sealing::default();
	for device in devices {
		let fault = |fault| SealError::Fault { slot: device.slot, fault };
		sealing.add(context, rates, device).map_err(fault)?;
	}
	let hashes = sealing.entries.iter().map(|entry| (entry.slot, entry.new_leaf));
	let ledger_root = store::update(nodes, hashes).map_err(SealError::Store)?;
	let sealed = sealing.finish(context, attempt, previous_root, ledger_root);
	ensure_header(context, &sealed.header).map_err(SealError::Batch)?;
	Ok(sealed)
}

#[derive(Default)]
struct Sealing {
	payload: Vec<u8>,
	leaves: Vec<(Slot, Leaf)>,
	entries: Vec<Entry>,
	transition: RootBuilder<TransitionTree>,
}

impl Sealing {
	fn add(
		&mut self,
		context: &WindowContext,
		rates: &impl RateSource,
		device: &DeviceReadings,
	) -> Result<(), Fault> {
		let DeviceReadings { slot, device, leaf, readings } = device;
		let stepped = step(context, rates, *device, leaf.as_ref(), readings)?;
		let entry = entry_of(*slot, leaf.as_ref(), &stepped.leaf, readings, stepped.units);
		self.transition.leaf(*slot, entry.node()).map_err(|_| Fault::SlotOrder)?;
		payload::push(&mut self.payload, *slot, readings);
		self.leaves.push((*slot, stepped.leaf));
		self.entries.push(entry);
		Ok(())
	}

	fn finish(
		self,
		context: &WindowContext,
		attempt: Attempt,
		previous_root: Hash32,
		ledger_root: Hash32,
	) -> Sealed {
		let transition = self.transition.finish();
		let header = HeaderV1 {
			attempt,
			previous_root,
			ledger_root,
			transition_root: transition.hash,
			sums: transition.sums,
			payload_root: payload::payload_root(&self.payload),
			payload_size: self.payload.len() as u64,
			rules: context.rules_version,
		};
		Sealed { header, payload: self.payload, leaves: self.leaves, entries: self.entries }
	}
}

/// The transition entry of one device's step.
#[must_use]
pub fn entry_of(
	slot: Slot,
	before: Option<&Leaf>,
	after: &Leaf,
	readings: &[SignedReading],
	units: u64,
) -> Entry {
	Entry {
		slot,
		old_leaf: before.map(|leaf| leaf.hash(slot)).unwrap_or_default(),
		new_leaf: after.hash(slot),
		readings: u8::try_from(readings.len()).unwrap_or(u8::MAX),
		digest: readings_digest(readings),
		units,
	}
}
