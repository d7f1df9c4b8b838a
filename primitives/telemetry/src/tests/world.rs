//! What the tests are made of: windows, devices with keys of each kind, a ledger, and batches.

use std::collections::BTreeMap;

use cairn_economics::{ONE, Rate};
use cairn_types::{
	Channel, ChannelKind, Cycle, DeviceId, DeviceKey, DeviceSignature, Hash32, MeterRule,
	NetworkId, Periods, Quantity, Rules, Schema, SchemaId, Slot, Tick, Unit, Window,
	view::NetworkFacts,
};
use codec::Encode;
use proptest::prelude::*;
use sp_core::{Pair as _, bounded::BoundedVec, ecdsa, ed25519, sr25519};

use crate::{
	Account, AccountV1, Data, DataV1, HeaderV1, Leaf, Reading, SignedReading, Sums, WindowContext,
	check::{Checked, SlotFacts, check},
	payload::{self, Source, Unavailable},
	seal::{DeviceReadings, seal},
	store::{self, MemoryStore},
};

pub(super) const GENESIS: Hash32 = [1; 32];
pub(super) const REQUIRED: Hash32 = [2; 32];
pub(super) const NO_ANCHOR: Hash32 = [0; 32];
pub(super) const WINDOW: Window = 291_000_000;
pub(super) const TICK: Tick = 400;
pub(super) const PERIODS: Periods = Periods::DEVELOPMENT;
pub(super) const UPTIME: MeterRule = MeterRule::Uptime { expected: 6, cap: 600 };
pub(super) const COUNTER: MeterRule = MeterRule::Counter { channel: 1, max_rate: 100 };

/// Another rate for each cycle, none of them a round number of the smallest unit.
pub(super) fn rates(cycle: Cycle) -> Rate {
	u128::from(cycle % 5 + 1) * ONE / 3
}

/// A gauge that changes slowly, and two counters.
pub(super) fn schema() -> Schema {
	let channel = |name: &str, quantity: Quantity, unit: Unit, kind: ChannelKind| Channel {
		name: BoundedVec::truncate_from(name.as_bytes().to_vec()),
		quantity,
		unit,
		scale: 0,
		kind,
		min: if kind == ChannelKind::Gauge { -5_000 } else { 0 },
		max: 1_000_000_000,
		max_change: (kind == ChannelKind::Gauge).then_some(50),
	};
	Schema {
		name: BoundedVec::truncate_from(b"cairn:meter".to_vec()),
		version: 1,
		channels: BoundedVec::truncate_from(vec![
			channel("temperature", Quantity::Temperature, Unit::Celsius, ChannelKind::Gauge),
			channel("energy", Quantity::Energy, Unit::WattHour, ChannelKind::Counter),
			channel("traffic", Quantity::Information, Unit::Byte, ChannelKind::Counter),
		]),
	}
}

pub(super) fn context(meter: MeterRule) -> WindowContext {
	WindowContext {
		genesis: GENESIS,
		window: WINDOW,
		tick: TICK,
		required: REQUIRED,
		rules_version: 2,
		rules: Rules { step: 1, header: 1, max_readings: 65_536, max_payload: 16 << 20 },
		periods: PERIODS,
		network: NetworkFacts {
			network: NetworkId(5),
			schema_id: SchemaId(1),
			schema: schema(),
			meter,
			active: true,
		},
	}
}

pub(super) fn meter() -> impl Strategy<Value = MeterRule> {
	prop_oneof![
		(1u16..=128, 1u64..1_000_000)
			.prop_map(|(expected, cap)| MeterRule::Uptime { expected, cap }),
		(1u8..3, 1u64..10_000)
			.prop_map(|(channel, max_rate)| MeterRule::Counter { channel, max_rate }),
	]
}

/// A reading to be: milliseconds and sequence numbers since the one before, whether it carries the
/// anchor, its values.
pub(super) type Plan = (u64, u64, bool, [Option<i64>; 3]);

/// At most eight readings, some of them implausible or without the anchor.
pub(super) fn plans() -> impl Strategy<Value = Vec<Plan>> {
	let value = prop_oneof![4 => -100i64..20_000, 1 => any::<i64>()];
	let values = prop::array::uniform3(prop::option::of(value));
	prop::collection::vec((1u64..1_500, 1u64..5, prop::bool::weighted(0.8), values), 0..8)
}

/// The planned readings as far as they fit into the window, numbered from `base` on.
pub(super) fn planned(
	context: &WindowContext,
	device: DeviceId,
	base: u64,
	plans: &[Plan],
) -> Vec<Reading> {
	let (mut after, mut sequence, mut readings) = (0u64, base, Vec::new());
	for (gap, step, anchored, values) in plans {
		after += *gap;
		sequence += *step;
		if after < context.periods.window_millis() {
			let mut reading = reading(context, device, sequence, after, values);
			reading.anchor = if *anchored { context.required } else { NO_ANCHOR };
			readings.push(reading);
		}
	}
	readings
}

/// A sound reading, `after` milliseconds into the window.
pub(super) fn reading(
	context: &WindowContext,
	device: DeviceId,
	sequence: u64,
	after: u64,
	values: &[Option<i64>],
) -> Reading {
	Reading {
		network: context.network.network,
		schema: context.network.schema_id,
		device,
		sequence,
		anchor: context.required,
		time: context.periods.start_of(context.window) + after,
		values: BoundedVec::truncate_from(values.to_vec()),
	}
}

/// Signed by nobody: for `step`, which does not judge signatures.
pub(super) fn unsigned(reading: Reading) -> SignedReading {
	SignedReading { reading, signature: DeviceSignature::Ed25519(ed25519::Signature::default()) }
}

/// A leaf that differs from those of all other devices.
pub(super) fn leaf_of(device: DeviceId) -> Leaf {
	let account = AccountV1 {
		device,
		schema: SchemaId(1),
		sequence: 1,
		time: device.0,
		open: BoundedVec::default(),
		settled: 0,
		totals: BoundedVec::truncate_from(vec![device.0; 2]),
	};
	Leaf { account: Account::V1(account), data: Data::V1(DataV1::default()) }
}

/// What signs for a device.
pub(super) struct Signer {
	pub(super) key: DeviceKey,
	sign: Box<dyn Fn(&Hash32) -> DeviceSignature>,
}

impl Signer {
	/// An Ed25519, sr25519 or secp256k1 key, by `kind` modulo 3.
	pub(super) fn new(kind: u8, number: u8) -> Self {
		let mut seed = [1u8; 32];
		seed[31] = number;
		match kind % 3 {
			0 => {
				let pair = ed25519::Pair::from_seed(&seed);
				let key = DeviceKey::Ed25519(pair.public());
				let sign = move |message: &Hash32| DeviceSignature::Ed25519(pair.sign(message));
				Self { key, sign: Box::new(sign) }
			},
			1 => {
				let pair = sr25519::Pair::from_seed(&seed);
				let key = DeviceKey::Sr25519(pair.public());
				let sign = move |message: &Hash32| DeviceSignature::Sr25519(pair.sign(message));
				Self { key, sign: Box::new(sign) }
			},
			_ => {
				let pair = ecdsa::Pair::from_seed(&seed);
				let key = DeviceKey::Secp256k1(pair.public());
				let sign = move |message: &Hash32| {
					DeviceSignature::Secp256k1(pair.sign_prehashed(message))
				};
				Self { key, sign: Box::new(sign) }
			},
		}
	}

	pub(super) fn sign(&self, genesis: &Hash32, reading: Reading) -> SignedReading {
		let signature = (self.sign)(&reading.message(genesis));
		SignedReading { reading, signature }
	}
}

pub(super) struct Device {
	pub(super) id: DeviceId,
	pub(super) active: bool,
	pub(super) signer: Signer,
}

/// A sealed batch, with what a source serves of it.
#[derive(Clone)]
pub(super) struct Batch {
	pub(super) header: HeaderV1,
	pub(super) payload: Vec<u8>,
	pub(super) ledger: Vec<u8>,
}

/// A gateway with its devices, by slot.
pub(super) struct World {
	pub(super) context: WindowContext,
	pub(super) devices: BTreeMap<Slot, Device>,
	pub(super) ledger: BTreeMap<Slot, Leaf>,
	pub(super) nodes: MemoryStore,
}

impl World {
	/// An empty ledger and one device per slot, with a key of the given kind.
	pub(super) fn new(meter: MeterRule, slots: impl IntoIterator<Item = (Slot, u8)>) -> Self {
		let mut devices = BTreeMap::new();
		for ((slot, kind), number) in slots.into_iter().zip(1u8..) {
			let id = DeviceId(100 + u64::from(number));
			devices.insert(slot, Device { id, active: true, signer: Signer::new(kind, number) });
		}
		let (ledger, nodes) = (BTreeMap::new(), MemoryStore::default());
		Self { context: context(meter), devices, ledger, nodes }
	}

	/// Four devices with keys of each kind, in their second window; slot 12 has no leaf yet.
	pub(super) fn begun() -> Self {
		let mut world = Self::new(COUNTER, [(3, 0), (9, 1), (12, 2), (200, 0)]);
		let report = world.report(&[3, 9, 200]);
		world.seal(&report);
		world.next_window();
		world
	}

	/// [`World::begun`] with a batch of slots 3, 9 and 12.
	pub(super) fn sealed() -> (Self, Batch) {
		let mut world = Self::begun();
		let report = world.report(&[3, 9, 12]);
		let batch = world.seal(&report);
		(world, batch)
	}

	pub(super) fn next_window(&mut self) {
		self.context.window += 1;
		self.context.tick += 1;
	}

	/// Two sound readings of each slot's device; the first half a second into the window.
	pub(super) fn report(&self, slots: &[Slot]) -> BTreeMap<Slot, Vec<SignedReading>> {
		let base = u64::from(self.context.window - WINDOW) * 10;
		let signed = |slot: Slot, number: u64| {
			let energy = 1_000 + 10 * i64::try_from(base + number).expect("small");
			let values = [Some(20), Some(energy), None];
			let (id, after) = (self.devices[&slot].id, 1_000 * number - 500);
			self.sign(slot, reading(&self.context, id, base + number, after, &values))
		};
		slots.iter().map(|slot| (*slot, vec![signed(*slot, 1), signed(*slot, 2)])).collect()
	}

	/// Signed by the device of `slot`.
	pub(super) fn sign(&self, slot: Slot, reading: Reading) -> SignedReading {
		self.devices[&slot].signer.sign(&self.context.genesis, reading)
	}

	/// Seal the window; the ledger is then the one after it.
	pub(super) fn seal(&mut self, entries: &BTreeMap<Slot, Vec<SignedReading>>) -> Batch {
		let slots: Vec<Slot> = entries.keys().copied().collect();
		let ledger = partial_ledger(&self.nodes, &self.ledger, &slots);
		let mut devices = Vec::new();
		for (slot, readings) in entries {
			devices.push(DeviceReadings {
				slot: *slot,
				device: self.devices[slot].id,
				leaf: self.ledger.get(slot).cloned(),
				readings: readings.clone(),
			});
		}
		let sealed = seal(&self.context, &rates, 1, &devices, &mut self.nodes).expect("sound");
		self.ledger.extend(sealed.leaves);
		Batch { header: sealed.header, payload: sealed.payload, ledger }
	}

	/// A batch whose header commits to this payload, whatever it is; its other roots are made up.
	pub(super) fn commit(&self, payload: Vec<u8>, touched: &[Slot]) -> Batch {
		let mut touched = touched.to_vec();
		touched.sort_unstable();
		touched.dedup();
		let devices = u32::try_from(touched.len()).expect("few");
		let header = HeaderV1 {
			attempt: 1,
			previous_root: store::root(&self.nodes).expect("memory does not fail"),
			ledger_root: [3; 32],
			transition_root: [4; 32],
			sums: Sums { devices, ..Sums::default() },
			payload_root: payload::payload_root(&payload),
			payload_size: payload.len() as u64,
			rules: self.context.rules_version,
		};
		Batch { header, payload, ledger: partial_ledger(&self.nodes, &self.ledger, &touched) }
	}

	pub(super) fn facts(&self, slot: Slot) -> Option<SlotFacts> {
		let device = self.devices.get(&slot)?;
		Some(SlotFacts { device: device.id, key: device.signer.key, active: device.active })
	}

	pub(super) fn check(&self, batch: &Batch) -> Result<Checked, Unavailable> {
		self.check_from(batch, 0, batch.ledger.as_slice(), batch.payload.as_slice())
	}

	pub(super) fn check_from(
		&self,
		batch: &Batch,
		chunk: u64,
		ledger: impl Source,
		payload: impl Source,
	) -> Result<Checked, Unavailable> {
		let registry = |slot: Slot| self.facts(slot);
		check(&self.context, &batch.header, chunk, &registry, &rates, ledger, payload)
	}
}

/// What a source serves of a ledger for a batch that touches `slots`.
pub(super) fn partial_ledger(
	nodes: &MemoryStore,
	ledger: &BTreeMap<Slot, Leaf>,
	slots: &[Slot],
) -> Vec<u8> {
	let mut bytes = Vec::new();
	store::pieces(nodes, slots, &mut |slot| Ok(ledger.get(&slot).cloned()), &mut |piece| {
		piece.encode_to(&mut bytes)
	})
	.expect("memory does not fail");
	bytes
}

/// The bytes of these readings, in this order.
pub(super) fn payload_of(entries: &[(Slot, Vec<SignedReading>)]) -> Vec<u8> {
	let mut bytes = Vec::new();
	for (slot, readings) in entries {
		payload::push(&mut bytes, *slot, readings);
	}
	bytes
}
