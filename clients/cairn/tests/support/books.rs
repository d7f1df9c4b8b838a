//! What the chain attested of a gateway, with the units of each slot recomputed from the readings by
//! the formula of the book, not by the code under test.

use std::collections::{BTreeMap, BTreeSet};

use cairn_chain::{
	At, Chain,
	views::{BatchStage, BatchView, Clock},
};
use cairn_telemetry::{Header, SignedReading, WindowContext, header_hash, offchain::Part};
use cairn_types::{Attempt, Cycle, DeviceId, GatewayId, NetworkId, Slot, Window};
use codec::Decode;

use super::{
	chain::{CAP, EXPECTED, of},
	gateway::Client,
};

/// An attested window.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attested {
	/// The cycle that its units count in.
	pub(crate) cycle: Cycle,
	/// Which try was attested.
	pub(crate) attempt: Attempt,
	/// What each slot's readings are worth.
	pub(crate) units: BTreeMap<Slot, u64>,
	/// Each device's sequence numbers, in order.
	pub(crate) sequences: BTreeMap<DeviceId, Vec<u64>>,
}

/// A gateway's attested windows.
pub(crate) struct Books {
	chain: Chain,
	client: Client,
	gateway: GatewayId,
	network: NetworkId,
	next: Window,
	/// By window.
	pub(crate) windows: BTreeMap<Window, Attested>,
}

impl Books {
	/// Nothing yet, from `from` on.
	pub(crate) fn new(
		chain: &Chain,
		client: &Client,
		gateway: GatewayId,
		network: NetworkId,
		from: Window,
	) -> Self {
		let (chain, client) = (chain.clone(), client.clone());
		Self { chain, client, gateway, network, next: from, windows: BTreeMap::new() }
	}

	/// Look at the windows from `from` on again: a killed node may have forgotten its last blocks.
	pub(crate) fn rewind(&mut self, from: Window) {
		self.next = self.next.min(from);
		drop(self.windows.split_off(&from));
	}

	/// Book what has been attested since; `None` if something cannot be had now. To be called more
	/// often than a gateway forgets what has matured.
	pub(crate) async fn poll(&mut self) -> Option<()> {
		// One block: nodes of a network reorganise.
		let at = At::Block(self.chain.best().await.ok()?.hash);
		let view = Box::pin(self.chain.gateway(self.gateway, at)).await.ok()??;
		let Some(head) = view.attested else { return Some(()) };
		while self.next <= head.window {
			let window = self.next;
			for attempt in (0..=head.attempt).rev() {
				if let Some(batch) = self.batch(window, attempt, at).await?
					&& matches!(batch.stage, BatchStage::Attested { .. })
				{
					let attested = self.book(&batch).await?;
					self.windows.insert(window, attested);
					break;
				}
			}
			self.next += 1;
		}
		Some(())
	}

	async fn batch(&self, window: Window, attempt: Attempt, at: At) -> Option<Option<BatchView>> {
		let view = self.chain.batch_view(self.gateway, window, attempt, at);
		Box::pin(view).await.ok()
	}

	/// Fetch a batch's bytes, and hold them against what the chain attested.
	async fn book(&self, batch: &BatchView) -> Option<Attested> {
		let BatchView { window, attempt, sums, .. } = *batch;
		let context = self.chain.window_context(self.network, window, At::Best);
		let context = Box::pin(context).await.ok()??;
		let part = |part| self.client.part(self.gateway, window, attempt, part);
		let (header, payload) = (part(Part::Header).await?, part(Part::Payload).await?);
		let header = Header::decode(&mut header.as_slice()).expect("a header");
		let name = header_hash(&context.genesis, self.gateway, window, &header);
		assert_eq!(name, batch.header_hash, "window {window}: the chain has another header");
		let root = header.latest().payload_root;
		assert_eq!(*blake3::hash(&payload).as_bytes(), root, "window {window}: another payload");

		let slots = decode_payload(&payload);
		let attested = recompute(&context, attempt, &slots);
		let units = attested.units.values().copied().map(u128::from).sum::<u128>();
		let readings = slots.values().map(|readings| readings.len() as u64).sum::<u64>();
		assert_eq!(units, sums.units, "window {window}: units");
		assert_eq!(readings, sums.readings, "window {window}: readings");
		assert_eq!(slots.len(), sums.devices as usize, "window {window}: devices");
		Some(attested)
	}

	/// What `slot` is entitled to by the ledger of `until`: Σ ⌊units · rate⌋ over frozen cycles.
	pub(crate) async fn entitlement(&self, clock: &Clock, slot: Slot, until: Window) -> u128 {
		let mut cycles = BTreeMap::<Cycle, u128>::new();
		for attested in self.windows.range(..=until).map(|(_, attested)| attested) {
			let units = attested.units.get(&slot).copied().unwrap_or(0);
			*cycles.entry(attested.cycle).or_default() += u128::from(units);
		}
		let mut entitlement = 0;
		for (cycle, units) in cycles {
			if clock.periods.is_frozen(cycle, clock.now.tick) {
				let rate = of(self.chain.rate(self.network, cycle, At::Best)).await;
				let rate = rate.expect("a frozen cycle has a rate");
				// A Q64 fraction: ⌊units · rate / 2^64⌋.
				entitlement +=
					units.checked_mul(rate).expect("at most a cycle's pool in Q64") >> 64;
			}
		}
		entitlement
	}

	/// Every attested sequence number of a device.
	pub(crate) fn sequences(&self, device: DeviceId) -> BTreeSet<u64> {
		let windows = self.windows.values();
		windows.filter_map(|window| window.sequences.get(&device)).flatten().copied().collect()
	}
}

/// For each slot its number, how many readings, and the readings.
fn decode_payload(payload: &[u8]) -> BTreeMap<Slot, Vec<SignedReading>> {
	let mut input = payload;
	let mut slots = BTreeMap::new();
	while !input.is_empty() {
		let (slot, count) = <(Slot, u8)>::decode(&mut input).expect("a slot and a count");
		let readings = (0..count).map(|_| SignedReading::decode(&mut input).expect("a reading"));
		slots.insert(slot, readings.collect());
	}
	slots
}

/// Units of an uptime meter: ⌊cap · (intervals with an anchored reading) / expected⌋.
fn recompute(
	context: &WindowContext,
	attempt: Attempt,
	slots: &BTreeMap<Slot, Vec<SignedReading>>,
) -> Attested {
	let periods = &context.periods;
	let (start, length) = (periods.start_of(context.window), periods.window_millis());
	let cycle = periods.cycle_of(context.tick);
	let mut attested = Attested { cycle, attempt, ..Attested::default() };
	for (slot, readings) in slots {
		let mut hit = BTreeSet::new();
		for signed in readings {
			let reading = &signed.reading;
			attested.sequences.entry(reading.device).or_default().push(reading.sequence);
			if reading.anchor == context.required {
				hit.insert((reading.time - start) * EXPECTED / length);
			}
		}
		attested.units.insert(*slot, CAP * hit.len() as u64 / EXPECTED);
	}
	attested
}
