//! What checking a batch costs beside the bare checks of its signatures.
//!
//! Not a pallet of the chain: like frame-benchmarking's `baseline`, a type that only has
//! benchmarks. They run in wasm, as an off-chain worker does; what they leave out is the transfer
//! of the bytes. Of the ledger every second slot reports, so that each leaf brings a sibling along.

use super::fixtures::{insert_device, largest_schema, last_counter};
use crate::{Telemetry, timing::TickPeriods};
use alloc::{format, vec, vec::Vec};
use cairn_economics::Rate;
use cairn_telemetry::{
	HeaderV1, Leaf, Reading, SignedReading, WindowContext,
	check::{self, Checked, Registry, SlotFacts},
	seal::{DeviceReadings, seal},
	store::{self, MemoryStore},
};
use cairn_types::{
	Cycle, DeviceId, DeviceKey, DeviceSignature, GatewayId, Hash32, NetworkId, SchemaId, Slot,
	Window, view::NetworkFacts,
};
use codec::Encode;
use core::marker::PhantomData;
use frame_benchmarking::v2::*;
use frame_support::BoundedVec;
use sp_core::{crypto::KeyTypeId, ed25519};

const KEYS: KeyTypeId = KeyTypeId(*b"chkb");
const GATEWAY: GatewayId = GatewayId(0);
const NETWORK: NetworkId = NetworkId(0);
const SCHEMA: SchemaId = SchemaId(0);
const WINDOW: Window = 1_000;
const GENESIS: Hash32 = [1; 32];
const ANCHOR: Hash32 = [2; 32];
/// Readings of the device in the window before: its leaf comes from them.
const EARLIER: u32 = 1;
const MILLISECS_BETWEEN_READINGS: u64 = 100;

/// Has the benchmarks.
pub(crate) struct Pallet<T: Config>(PhantomData<T>);

/// Nothing is needed of the runtime.
pub(crate) trait Config: frame_system::Config {}

/// A sealed window as a member of its committee meets it.
struct Batch {
	context: WindowContext,
	header: HeaderV1,
	ledger: Vec<u8>,
	payload: Vec<u8>,
	devices: Vec<DeviceReadings>,
	keys: Vec<DeviceKey>,
}

impl Batch {
	/// `readings` readings of devices with `each` of them, fewer for the last.
	fn new(readings: u32, each: u32) -> Result<Self, BenchmarkError> {
		let keys: Vec<_> = (0..readings.div_ceil(each)).map(generate).collect();
		let mut nodes = MemoryStore::default();
		let silent = keys.iter().zip(0..).map(|(_, index)| (slot(index) | 1, [7; 32]));
		let Ok(_) = store::update(&mut nodes, silent);
		let mut devices = earlier_devices(&keys, &mut nodes)?;

		let context = context(WINDOW);
		let mut left = readings;
		for (device, key) in devices.iter_mut().zip(&keys) {
			let count = left.min(each);
			left = left.saturating_sub(count);
			let readings = (0..count).map(|i| signed(&context, device.device, i, key));
			device.readings = readings.collect::<Result<_, _>>()?;
		}
		let ledger = partial_ledger(&devices, &nodes);
		let sealed = seal(&context, &no_rate, 0, &devices, &mut nodes)
			.map_err(|_| BenchmarkError::Stop("the window cannot be sealed"))?;
		let (header, payload) = (sealed.header, sealed.payload);
		Ok(Self { context, header, ledger, payload, devices, keys })
	}

	/// Key, message and signature of each reading.
	fn signatures(&self) -> Vec<(DeviceKey, Hash32, DeviceSignature)> {
		let of_device = |(device, key): (&DeviceReadings, &DeviceKey)| {
			let of_reading = |signed: &SignedReading| {
				(*key, signed.reading.message(&GENESIS), signed.signature.clone())
			};
			device.readings.iter().map(of_reading).collect::<Vec<_>>()
		};
		self.devices.iter().zip(&self.keys).flat_map(of_device).collect()
	}

	/// What the registry says of the batch's slots.
	fn facts(&self) -> Vec<SlotFacts> {
		let facts = |(device, key): (&DeviceReadings, &DeviceKey)| SlotFacts {
			device: device.device,
			key: *key,
			active: true,
		};
		self.devices.iter().zip(&self.keys).map(facts).collect()
	}

	/// Write the devices and their slots to state.
	fn register(&self) {
		for (device, key) in self.devices.iter().zip(&self.keys) {
			insert_device(NETWORK, device.device, *key, (GATEWAY, device.slot));
		}
	}

	fn check(&self, registry: &impl Registry) -> Option<Checked> {
		let (ledger, payload) = (self.ledger.as_slice(), self.payload.as_slice());
		check::check(&self.context, &self.header, 0, registry, &no_rate, ledger, payload).ok()
	}

	/// Whether `checked` says that the whole batch is valid.
	fn is_valid(&self, checked: Option<Checked>) -> bool {
		let all = self.header.sums.readings;
		checked.is_some_and(|checked| checked.fault.is_none() && checked.readings == all)
	}
}

fn generate(index: u32) -> DeviceKey {
	// A raw seed: deriving from a phrase would take longer than all checks together.
	let seed = format!("0x{:064x}", u64::from(index).saturating_add(1));
	DeviceKey::Ed25519(sp_io::crypto::ed25519_generate(KEYS, Some(seed.into_bytes())))
}

/// Every second slot.
fn slot(index: u32) -> Slot {
	index.saturating_mul(2)
}

/// A registry that needs no state.
fn in_memory(facts: &[SlotFacts]) -> impl Fn(Slot) -> Option<SlotFacts> {
	move |slot: Slot| facts.get(usize::try_from(slot >> 1).ok()?).copied()
}

fn no_rate(_: Cycle) -> Rate {
	0
}

fn context(window: Window) -> WindowContext {
	let periods = TickPeriods::get();
	WindowContext {
		genesis: GENESIS,
		window,
		tick: window,
		required: ANCHOR,
		rules_version: 1,
		rules: pallet_time::INITIAL_RULES,
		periods,
		network: NetworkFacts {
			network: NETWORK,
			schema_id: SCHEMA,
			schema: largest_schema(),
			meter: last_counter(),
			active: true,
		},
	}
}

/// The reading number `index` of a window, which has a value for every channel.
fn reading(context: &WindowContext, device: DeviceId, index: u32) -> Reading {
	let WindowContext { window, periods, network, .. } = context;
	let offset = u64::from(index).saturating_mul(MILLISECS_BETWEEN_READINGS);
	let count = u64::from(*window).saturating_mul(1_000).saturating_add(u64::from(index));
	let value = i64::try_from(count).unwrap_or(i64::MAX);
	Reading {
		network: network.network,
		schema: network.schema_id,
		device,
		sequence: count,
		anchor: context.required,
		time: periods.start_of(*window).saturating_add(offset),
		values: BoundedVec::truncate_from(vec![Some(value); network.schema.channels.len()]),
	}
}

fn signed(
	context: &WindowContext,
	device: DeviceId,
	index: u32,
	key: &DeviceKey,
) -> Result<SignedReading, BenchmarkError> {
	let reading = reading(context, device, index);
	let DeviceKey::Ed25519(key) = key else {
		return Err(BenchmarkError::Stop("all keys are ed25519"));
	};
	let signature = sp_io::crypto::ed25519_sign(KEYS, key, &reading.message(&GENESIS))
		.ok_or(BenchmarkError::Stop("the key is not in the keystore"))?;
	Ok(SignedReading { reading, signature: DeviceSignature::Ed25519(signature) })
}

/// The devices after the window before, each with a leaf, and `nodes` with all leaves in it.
fn earlier_devices(
	keys: &[DeviceKey],
	nodes: &mut MemoryStore,
) -> Result<Vec<DeviceReadings>, BenchmarkError> {
	let context = context(WINDOW.saturating_sub(1));
	// Sealing checks no signature.
	let signature = DeviceSignature::Ed25519(ed25519::Signature::from_raw([0; 64]));
	let device = |index: u32| {
		let device = DeviceId(index.into());
		let reading = |i| reading(&context, device, i);
		let sign = |reading| SignedReading { reading, signature: signature.clone() };
		let readings = (0..EARLIER).map(reading).map(sign).collect();
		DeviceReadings { slot: slot(index), device, leaf: None, readings }
	};
	let mut devices: Vec<_> = keys.iter().zip(0..).map(|(_, index)| device(index)).collect();
	let sealed = seal(&context, &no_rate, 0, &devices, nodes)
		.map_err(|_| BenchmarkError::Stop("the window before cannot be sealed"))?;
	for (device, (_, leaf)) in devices.iter_mut().zip(sealed.leaves) {
		device.leaf = Some(leaf);
	}
	Ok(devices)
}

/// What a source serves of the ledger before.
fn partial_ledger(devices: &[DeviceReadings], nodes: &MemoryStore) -> Vec<u8> {
	let slots: Vec<_> = devices.iter().map(|device| device.slot).collect();
	let leaf = |slot: Slot| -> Option<Leaf> {
		let index = slots.binary_search(&slot).ok()?;
		devices.get(index)?.leaf.clone()
	};
	let mut ledger = Vec::new();
	let Ok(()) = store::pieces(nodes, &slots, &mut |slot| Ok(leaf(slot)), &mut |piece| {
		piece.encode_to(&mut ledger);
	});
	ledger
}

#[benchmarks]
mod benchmarks {
	use super::*;

	/// The signatures alone.
	#[benchmark(extra)]
	fn signatures(r: Linear<1, 10_000>) -> Result<(), BenchmarkError> {
		let all = Batch::new(r, 1)?.signatures();
		let valid;

		#[block]
		{
			valid = all.iter().filter(|(key, message, sig)| key.verify(message, sig)).count();
		}

		assert_eq!(valid, all.len());
		Ok(())
	}

	/// One reading of each device; what the registry says is at hand.
	#[benchmark(extra)]
	fn check(r: Linear<1, 10_000>) -> Result<(), BenchmarkError> {
		let batch = Batch::new(r, 1)?;
		let facts = batch.facts();
		let checked;

		#[block]
		{
			checked = batch.check(&in_memory(&facts));
		}

		assert!(batch.is_valid(checked));
		Ok(())
	}

	/// Ten readings of each device.
	#[benchmark(extra)]
	fn check_ten_each(r: Linear<1, 10_000>) -> Result<(), BenchmarkError> {
		let batch = Batch::new(r, 10)?;
		let facts = batch.facts();
		let checked;

		#[block]
		{
			checked = batch.check(&in_memory(&facts));
		}

		assert!(batch.is_valid(checked));
		Ok(())
	}

	/// One reading of each device; the registry is read from state, as the off-chain worker does.
	#[benchmark(extra)]
	fn check_from_state(r: Linear<1, 10_000>) -> Result<(), BenchmarkError> {
		let batch = Batch::new(r, 1)?;
		batch.register();
		let checked;

		#[block]
		{
			checked = batch.check(&|slot| Telemetry::slot_facts(GATEWAY, slot, WINDOW));
		}

		assert!(batch.is_valid(checked));
		Ok(())
	}
}
