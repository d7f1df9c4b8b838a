//! Messages on their way into the store: in order, bounded, acknowledged when they are on disk.

use std::{
	collections::VecDeque,
	sync::Arc,
	time::{Duration, Instant},
};

use cairn_telemetry::SignedReading;
use cairn_types::{DeviceId, GatewayId, NetworkId};
use tokio::{task::JoinHandle, time::sleep};

use super::{MAX_PAYLOAD, MAX_PENDING, PACKET_V3, topic};
use crate::{
	gateway::{
		http::{App, decode_octets, take},
		metrics::gauge,
		refusal::Refusal,
	},
	mqtt::link::{Message, Receipt, Requests},
	protocol::{ReadingResult, ReadingStatus, RefusalNotice},
};

/// Most bytes of payloads that wait.
const MAX_BYTES: usize = 8 << 20;
/// Most messages of one device that wait.
const MAX_OF_DEVICE: usize = 16;
/// Most messages that wait of devices that the gateway does not have, so that they leave room for
/// those that it has.
const MAX_OF_STRANGERS: usize = 64;
/// Bytes of waiting payloads of such devices from which on no more of them wait.
const MAX_BYTES_OF_STRANGERS: usize = 1 << 20;
/// Most readings that are judged at once; a message has fewer.
const MAX_READINGS: usize = 4_096;
/// Most refusals that wait to be published.
const MAX_NOTICES: usize = 4_096;
/// Refusals that wait from which on no more are told to devices that the gateway does not have: one
/// message of theirs may bring thousands.
const MAX_NOTICES_WITH_STRANGERS: usize = MAX_NOTICES / 2;
/// How long a reading that may be taken later is tried again.
const HOLD: Duration = Duration::from_secs(30);
/// Time between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// A message with readings that are not judged for good yet.
struct Pending {
	device: DeviceId,
	/// The gateway did not have the device when the message came.
	is_stranger: bool,
	readings: Vec<SignedReading>,
	bytes: usize,
	since: Instant,
	receipt: (u64, Receipt),
}

/// Readings that are being judged and stored.
struct Job {
	results: JoinHandle<Vec<ReadingResult>>,
	/// How many of them are of each of the first messages.
	counts: Vec<usize>,
}

/// The queue of messages.
pub(super) struct Intake {
	app: Arc<App>,
	gateway: GatewayId,
	network: NetworkId,
	pending: VecDeque<Pending>,
	bytes: usize,
	job: Option<Job>,
	/// When the messages that wait are tried again.
	retry: Option<Instant>,
	/// Acknowledgements to be sent on this connection: no more than messages that the broker may have
	/// on their way.
	receipts: VecDeque<Receipt>,
	/// Refusals to be published, and whose they are.
	notices: VecDeque<(DeviceId, Vec<u8>)>,
	/// Counts connections: a receipt means nothing on another one.
	connection: u64,
	is_connected: bool,
	hold: Duration,
}

impl Intake {
	pub(super) fn new(app: Arc<App>, network: NetworkId) -> Self {
		Self {
			gateway: app.gateway,
			app,
			network,
			pending: VecDeque::new(),
			bytes: 0,
			job: None,
			retry: None,
			receipts: VecDeque::new(),
			notices: VecDeque::new(),
			connection: 0,
			is_connected: false,
			hold: HOLD,
		}
	}

	/// A connection was made: the broker sends again what it has no receipt for.
	pub(super) fn reconnected(&mut self) {
		self.connection += 1;
		self.is_connected = true;
		self.receipts.clear();
	}

	/// The connection ended: what is to be sent waits here.
	pub(super) const fn disconnected(&mut self) {
		self.is_connected = false;
	}

	/// Whether another message may come.
	pub(super) fn has_room(&self) -> bool {
		self.pending.len() < MAX_PENDING && self.bytes < MAX_BYTES
	}

	/// Take a message in.
	pub(super) fn push(&mut self, message: Message) {
		let Message { topic, payload, is_retained, receipt } = message;
		let receipt = (self.connection, receipt);
		if payload.len() > PACKET_V3 {
			self.app.metrics.mqtt_oversized.inc();
			// Bounded by what it takes to send one.
			tracing::warn!(
				code = Refusal::TooLarge.code(),
				topic,
				bytes = payload.len(),
				is_retained,
				"a message of more than 16 MiB is refused; remove it from the broker if it is retained"
			);
		}
		let Some((network, device)) = topic::read(&topic).filter(|(of, _)| *of == self.network)
		else {
			// Not asked for: nobody hears what became of it.
			self.app.metrics.mqtt_messages.with_label_values(&["malformed"]).inc();
			return self.acknowledge(receipt);
		};
		let readings = match decode(&payload) {
			Ok(readings) => readings,
			Err((refusal, cause)) => {
				tracing::debug!(%device, cause, "a message is not readings");
				self.app.metrics.mqtt_messages.with_label_values(&["malformed"]).inc();
				self.refuse(device, None, refusal);
				return self.acknowledge(receipt);
			},
		};
		self.app.metrics.mqtt_messages.with_label_values(&["readings"]).inc();
		let is_stranger = self.app.registry.is_stranger(device);
		let is_crowded = self.is_crowded(device, is_stranger);
		let (mut own, mut others) = (Vec::new(), Vec::new());
		for signed in readings {
			let reading = &signed.reading;
			let is_own = reading.device == device && reading.network == network;
			if is_own { own.push(signed) } else { others.push(signed.reading.sequence) }
		}
		for sequence in others {
			self.refuse(device, Some(sequence), Refusal::WrongTopic);
		}
		if is_crowded {
			for signed in &own {
				self.refuse(device, Some(signed.reading.sequence), Refusal::RateLimited);
			}
			own.clear();
		}
		if own.is_empty() {
			return self.acknowledge(receipt);
		}
		let (bytes, since) = (payload.len(), Instant::now());
		self.bytes += bytes;
		let readings = own;
		let pending = Pending { device, is_stranger, readings, bytes, since, receipt };
		self.pending.push_back(pending);
		self.start();
	}

	/// Whether as many messages of a device wait as may, or of strangers.
	fn is_crowded(&self, device: DeviceId, is_stranger: bool) -> bool {
		let own = self.pending.iter().filter(|pending| pending.device == device).count();
		let strangers = || self.pending.iter().filter(|pending| pending.is_stranger);
		let are_many = || {
			let bytes = strangers().map(|pending| pending.bytes).sum::<usize>();
			strangers().count() >= MAX_OF_STRANGERS || bytes >= MAX_BYTES_OF_STRANGERS
		};
		own >= MAX_OF_DEVICE || (is_stranger && are_many())
	}

	/// Do what there is to do next; never ready if there is nothing. May be dropped at any time.
	pub(super) async fn work(&mut self) {
		if let Some(job) = &mut self.job {
			let results = (&mut job.results).await;
			let counts = self.job.take().map(|job| job.counts).unwrap_or_default();
			let results = results.unwrap_or_else(|cause| {
				tracing::error!(%cause, "judging readings ended early");
				Vec::new()
			});
			return self.settle(&counts, results);
		}
		if let Some(retry) = self.retry {
			sleep(retry.saturating_duration_since(Instant::now())).await;
			self.retry = None;
			return self.start();
		}
		std::future::pending::<()>().await;
	}

	/// Hand over what waits for the broker, as far as there is room: acknowledgements first, so that
	/// one device's mistakes do not hold up the others' readings.
	pub(super) fn flush(&mut self, requests: &Requests) {
		if !self.is_connected {
			return;
		}
		while let Some(receipt) = self.receipts.front() {
			if !requests.acknowledge(*receipt) {
				return;
			}
			self.receipts.pop_front();
		}
		while let Some((device, notice)) = self.notices.front() {
			let topic = topic::refusals(self.network, *device);
			if requests.publish(&topic, notice.clone(), true).is_err() {
				return;
			}
			self.notices.pop_front();
		}
	}

	/// Begin to judge the first messages, unless that is being done.
	fn start(&mut self) {
		if self.job.is_some() || self.pending.is_empty() {
			return;
		}
		self.retry = None;
		let (mut counts, mut batch) = (Vec::new(), Vec::new());
		for pending in &self.pending {
			let count = pending.readings.len();
			if !batch.is_empty() && batch.len() + count > MAX_READINGS {
				break;
			}
			counts.push(count);
			batch.extend_from_slice(&pending.readings);
		}
		let app = self.app.clone();
		let results = tokio::spawn(async move { take(&app, batch).await });
		self.job = Some(Job { results, counts });
		self.app.metrics.mqtt_pending.set(gauge(self.pending.len()));
	}

	/// Put results to their messages: what is judged for good goes, the rest is tried again.
	fn settle(&mut self, counts: &[usize], results: Vec<ReadingResult>) {
		let mut results = results.into_iter();
		let mut kept = VecDeque::new();
		for count in counts {
			let Some(mut pending) = self.pending.pop_front() else { break };
			let judged = results.by_ref().take(*count).collect::<Vec<_>>();
			let final_results = retain(&mut pending, judged, self.hold);
			for result in final_results {
				self.notify(pending.device, result);
			}
			if pending.readings.is_empty() {
				self.bytes = self.bytes.saturating_sub(pending.bytes);
				self.acknowledge(pending.receipt);
			} else {
				kept.push_back(pending);
			}
		}
		let is_new = !self.pending.is_empty();
		kept.append(&mut self.pending);
		self.pending = kept;
		self.app.metrics.mqtt_pending.set(gauge(self.pending.len()));
		if is_new {
			self.start();
		} else if !self.pending.is_empty() {
			self.retry = Some(Instant::now() + PAUSE);
		}
	}

	fn acknowledge(&mut self, (connection, receipt): (u64, Receipt)) {
		// Nobody waits for a receipt without a number: a flood of such messages must leave nothing here.
		if connection == self.connection && receipt.0.is_some() {
			self.receipts.push_back(receipt);
		}
	}

	/// Tell a device what was refused.
	fn notify(&mut self, device: DeviceId, result: ReadingResult) {
		if result.status != ReadingStatus::Rejected {
			return;
		}
		let gateway = self.gateway;
		self.send(device, move || RefusalNotice {
			gateway,
			device,
			sequence: Some(result.sequence),
			code: result.code.unwrap_or_default(),
			cause: result.cause.unwrap_or_default(),
			remedy: result.remedy.unwrap_or_default(),
			retry: result.retry,
		});
	}

	/// Refuse something before it is judged, and tell the device.
	fn refuse(&mut self, device: DeviceId, sequence: Option<u64>, refusal: Refusal) {
		self.app.metrics.rejected.with_label_values(&[refusal.code()]).inc();
		let gateway = self.gateway;
		self.send(device, move || RefusalNotice {
			gateway,
			device,
			sequence,
			code: refusal.code().to_owned(),
			cause: refusal.cause().to_owned(),
			remedy: refusal.remedy().to_owned(),
			retry: refusal.retry(),
		});
	}

	/// Let a notice wait to be published, if there is room; it is made only then.
	fn send(&mut self, device: DeviceId, notice: impl FnOnce() -> RefusalNotice) {
		let waiting = self.notices.len();
		let is_full = waiting >= MAX_NOTICES
			|| (waiting >= MAX_NOTICES_WITH_STRANGERS && self.app.registry.is_stranger(device));
		if is_full {
			self.app.metrics.mqtt_notices_dropped.inc();
			return;
		}
		let bytes = serde_json::to_vec(&notice()).unwrap_or_default();
		self.notices.push_back((device, bytes));
	}
}

/// The readings of a payload.
fn decode(payload: &[u8]) -> Result<Vec<SignedReading>, (Refusal, String)> {
	if payload.len() > MAX_PAYLOAD {
		return Err((Refusal::TooLarge, format!("{} bytes", payload.len())));
	}
	decode_octets(payload).map_err(|cause| (Refusal::Malformed, cause))
}

/// Keep the readings that are to be tried again; returns the results of the others. Without a result
/// a reading is tried again: nothing was stored.
fn retain(
	pending: &mut Pending,
	results: Vec<ReadingResult>,
	hold: Duration,
) -> Vec<ReadingResult> {
	let is_old = pending.since.elapsed() >= hold;
	let ours = [Refusal::Unsynced.code(), Refusal::NotStored.code()];
	let mut results = results.into_iter();
	let (mut readings, mut judged) = (Vec::new(), Vec::new());
	for signed in pending.readings.drain(..) {
		match results.next() {
			None => readings.push(signed),
			// What the gateway cannot do now it does later, however long that takes.
			Some(result) if result.code.as_deref().is_some_and(|code| ours.contains(&code)) => {
				readings.push(signed);
			},
			Some(result) if result.retry && !is_old => readings.push(signed),
			Some(result) => judged.push(result),
		}
	}
	pending.readings = readings;
	judged
}

#[cfg(test)]
mod tests;
