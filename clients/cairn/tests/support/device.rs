//! Devices whose keys the test holds.

use std::{
	collections::BTreeSet,
	sync::{Arc, Mutex, PoisonError},
	time::Duration,
};

use cairn::{
	agent::{DevicePair, Scheme, anchor_at},
	protocol::{AnchorInfo, ReadingStatus},
};
use cairn_telemetry::{Reading, SignedReading};
use cairn_types::{DeviceId, Hash32, NetworkId, Periods, SchemaId, schema::Values};
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use super::{
	chain::Network,
	gateway::Client,
	wait::{now_millis, until},
};

/// Time between two readings of a [`Beacon`].
const INTERVAL: Duration = Duration::from_millis(500);
/// How long a [`Beacon`] may take to learn what became of its last reading.
const LAST_WORD: Duration = Duration::from_secs(60);

/// A key pair that differs with `number`.
pub(crate) fn pair(scheme: Scheme, number: u8) -> DevicePair {
	DevicePair::from_seed(scheme, &[number; 32])
}

/// A registered device.
#[derive(Clone)]
pub(crate) struct Device {
	pub(crate) id: DeviceId,
	pub(crate) pair: DevicePair,
	pub(crate) genesis: Hash32,
	pub(crate) network: NetworkId,
	pub(crate) schema: SchemaId,
	pub(crate) channels: usize,
}

impl Device {
	/// The device `id` of `network`.
	pub(crate) fn new(network: &Network, id: DeviceId, pair: DevicePair) -> Self {
		Self {
			id,
			pair,
			genesis: network.genesis,
			network: network.id,
			schema: network.schema_id,
			channels: network.channels,
		}
	}

	/// What it says.
	pub(crate) fn reading(&self, sequence: u64, anchor: Hash32, time: u64) -> Reading {
		let mut values = vec![None; self.channels];
		values[0] = i64::try_from(sequence).ok();
		Reading {
			network: self.network,
			schema: self.schema,
			device: self.id,
			sequence,
			anchor,
			time,
			values: Values::try_from(values).expect("at most 16 channels"),
		}
	}

	/// Sign it.
	pub(crate) fn sign(&self, reading: Reading) -> SignedReading {
		let signature = self.pair.sign(&reading.message(&self.genesis));
		SignedReading { reading, signature }
	}

	/// A signed reading of now, under the anchor that a gateway names.
	pub(crate) fn now(&self, sequence: u64, info: &AnchorInfo) -> SignedReading {
		let time = now_millis();
		self.sign(self.reading(sequence, anchor_at(info, time), time))
	}
}

/// A device that reports twice a second, and sends each reading until it knows what became of it.
pub(crate) struct Beacon {
	task: JoinHandle<()>,
	accepted: Arc<Mutex<BTreeSet<u64>>>,
	stop: watch::Sender<bool>,
}

impl Beacon {
	/// Begin with sequence 1.
	pub(crate) fn start(device: Device, gateway: Client) -> Self {
		let accepted = Arc::<Mutex<BTreeSet<u64>>>::default();
		let (stop, stopped) = watch::channel(false);
		let task = tokio::spawn(report(device, gateway, accepted.clone(), stopped));
		Self { task, accepted, stop }
	}

	/// Sequences that the gateway has acknowledged so far.
	pub(crate) fn accepted(&self) -> BTreeSet<u64> {
		self.accepted.lock().unwrap_or_else(PoisonError::into_inner).clone()
	}

	/// End; returns every sequence that the gateway has acknowledged.
	pub(crate) async fn stop(mut self) -> BTreeSet<u64> {
		self.stop.send_replace(true);
		let ended = timeout(LAST_WORD, &mut self.task).await;
		ended.expect("the last reading's result in time").expect("a beacon does not panic");
		self.accepted()
	}
}

impl Drop for Beacon {
	fn drop(&mut self) {
		self.task.abort();
	}
}

async fn report(
	device: Device,
	gateway: Client,
	accepted: Arc<Mutex<BTreeSet<u64>>>,
	mut stop: watch::Receiver<bool>,
) {
	let mut sequence = 0;
	let mut waiting = None;
	while !*stop.borrow() || waiting.is_some() {
		if waiting.is_none()
			&& let Some(info) = gateway.get::<AnchorInfo>("/v1/anchor").await
		{
			sequence += 1;
			waiting = Some(device.now(sequence, &info));
		}
		if let Some(reading) = &waiting
			&& let Some(status) = settled(&gateway, reading).await
		{
			if status != ReadingStatus::Rejected {
				accepted.lock().unwrap_or_else(PoisonError::into_inner).insert(sequence);
			}
			waiting = None;
		}
		// The pace of the device, or the end.
		drop(timeout(INTERVAL, stop.changed()).await);
	}
}

/// What became of a reading; `None` if it is to be sent again.
async fn settled(gateway: &Client, reading: &SignedReading) -> Option<ReadingStatus> {
	let results = gateway.post(std::slice::from_ref(reading)).await?;
	let result = results.first()?;
	(!result.retry).then_some(result.status)
}

/// Wait until the window of the gateway's clock is another than `window`; returns what it says then.
pub(crate) async fn next_anchor(gateway: &Client, window: u32, periods: &Periods) -> AnchorInfo {
	let limit = Duration::from_millis(periods.window_millis() * 3);
	until("the next window", limit, async || {
		gateway.get::<AnchorInfo>("/v1/anchor").await.filter(|info| info.window > window)
	})
	.await
}
