//! A running device: one task signs what its inputs bring, one sends, one keeps the anchor fresh.
//! They meet in the durable queue, so none waits for another.

use std::{
	collections::BTreeMap,
	sync::{Arc, Mutex, PoisonError},
	time::Duration,
};

use cairn_telemetry::{Reading, SignedReading};
use cairn_types::{SchemaId, Window};
use tokio::{
	sync::{Notify, watch},
	task::block_in_place,
	time::{Instant, sleep, sleep_until},
};

use super::{
	anchor::{anchor_at, refresh_millis},
	client::Client,
	error::Error,
	hub::Post,
	inbox::Moment,
	key::DevicePair,
	plan::{Plan, Span},
	state::{Profile, State},
};
use crate::{
	backoff::Backoff,
	clock::{millis, now_millis},
	gateway::refusal::Refusal,
	protocol::{AnchorInfo, ReadingResult, ReadingStatus},
};

/// Most readings sent at once.
const BATCH: usize = 256;
/// A clock that differs by more is told about.
const SKEW_MILLIS: u64 = 1_000;
/// Every so many refusals for one reason are told about, after the first.
const TELL_EVERY: u64 = 100;
/// How long what belongs together may take to come together, at most.
const SETTLE: Duration = Duration::from_millis(100);

/// What a running device is made of.
pub struct Agent {
	/// The device's key.
	pub pair: DevicePair,
	/// What it keeps.
	pub state: State,
	/// The gateway.
	pub client: Client,
	/// Shortest time between readings.
	pub interval: Duration,
	/// Where what it reports comes in.
	pub post: Arc<Post>,
}

/// What the gateway last said.
#[derive(Clone)]
struct Known {
	info: AnchorInfo,
	plan: Arc<Plan>,
	/// The window from which the gateway takes this device's readings.
	from: Window,
}

type Latest = watch::Receiver<Option<Known>>;

impl Agent {
	/// Sign and send until `stop` is ready.
	///
	/// # Errors
	/// If something is wrong that does not pass by itself.
	pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Error> {
		let (known, latest) = watch::channel(None);
		let queued = Notify::new();
		let refusals = Refusals::default();
		let ended = tokio::select! {
			ended = self.follow(&known) => ended,
			ended = self.report(&latest, &queued) => ended,
			ended = self.deliver(&queued, &refusals) => ended,
			() = stop => Ok(()),
		};
		let counts = self.state.counts()?;
		tracing::info!(
			waiting = self.state.queued()?,
			delivered = counts.delivered,
			refused = counts.refused,
			overflowed = counts.overflowed,
			"the agent has stopped; what waits is sent next time"
		);
		ended
	}

	/// Keep anchor and schema fresh; waits through the gateway's absence.
	async fn follow(&self, known: &watch::Sender<Option<Known>>) -> Result<(), Error> {
		let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(15));
		let mut told = false;
		loop {
			let before = known.borrow().clone();
			match self.learn(before).await {
				Ok(next) => {
					backoff.reset();
					told = false;
					self.tell_skew(&next.info);
					let pause = Duration::from_millis(refresh_millis(&next.info));
					let (plan, span) = (next.plan.clone(), self.span(&next)?);
					known.send_replace(Some(next));
					self.post.follow(&plan, span);
					sleep(pause).await;
				},
				Err(cause) if is_passing(&cause) => {
					if !told {
						tracing::warn!(%cause, "cannot learn the anchor; trying again");
						told = true;
					}
					sleep(backoff.next(None)).await;
				},
				Err(cause) => return Err(cause),
			}
		}
	}

	/// Ask for the anchor and, if the schema is another one, for the schema.
	async fn learn(&self, before: Option<Known>) -> Result<Known, Error> {
		let info = self.client.anchor().await?;
		if let Some(profile) = self.state.profile()?
			&& profile.genesis != info.genesis
		{
			return Err(Error::OtherChain { path: self.state.file().to_path_buf() });
		}
		let from = before.as_ref().map_or(0, |known| known.from);
		let plan = before.map(|known| known.plan);
		let plan = match plan.filter(|plan| plan.schema_id() == info.schema_id) {
			Some(plan) => plan,
			None => {
				let schema = self.client.schema().await?;
				let plan = Plan::new(schema.schema_id, &schema.schema, &self.post.inputs)?;
				tracing::info!(
					schema = %plan.schema_id(),
					channels = schema.schema.channels.len(),
					unfilled = plan.unfilled().len(),
					"reading under the network's schema"
				);
				Arc::new(plan)
			},
		};
		let from = self.introduce(&info).await?.unwrap_or(from);
		Ok(Known { info, plan, from })
	}

	/// Find out who this device is, and remember it; returns the window from which that holds, if it
	/// is news.
	async fn introduce(&self, info: &AnchorInfo) -> Result<Option<Window>, Error> {
		let known = self.state.profile()?;
		if known.is_some_and(|known| known.gateway == info.gateway && known.network == info.network)
		{
			return Ok(None);
		}
		let place = self.client.place(&self.pair.public()).await?;
		let profile = Profile {
			genesis: info.genesis,
			network: info.network,
			gateway: info.gateway,
			device: place.device,
		};
		self.state.set_profile(&profile)?;
		tracing::info!(
			device = %place.device,
			slot = place.slot,
			window = place.window,
			"this device has its place"
		);
		Ok(Some(place.window))
	}

	fn tell_skew(&self, info: &AnchorInfo) {
		let skew = now_millis().abs_diff(info.now_millis);
		if skew > SKEW_MILLIS {
			tracing::warn!(skew, "this clock differs from the gateway's (ms): set it, e.g. by NTP");
		}
	}

	/// Which times still count: those after the newest reading, from the window before the chain's
	/// on.
	fn span(&self, known: &Known) -> Result<Span, Error> {
		let first = known.from.max(known.info.window.saturating_sub(1));
		let oldest = u64::from(first).saturating_mul(known.info.window_millis);
		Ok(Span { after: self.state.last_time()?, oldest })
	}

	/// Sign what comes in, at most once in each interval; goes on while the gateway is away.
	async fn report(&self, latest: &Latest, queued: &Notify) -> Result<(), Error> {
		let settle = SETTLE.min(self.interval / 4);
		let interval = millis(self.interval);
		let mut due = None::<Instant>;
		loop {
			self.post.arrived().await;
			let settled = Instant::now() + settle;
			let at = due.map_or(settled, |due| settled.max(due + self.interval));
			due = Some(at);
			sleep_until(at).await;
			let Some(known) = latest.borrow().clone() else { continue };
			let Some(profile) = self.state.profile()? else { continue };
			let Some((schema, moments)) = self.post.moments(interval) else { continue };
			for moment in moments {
				let signed = self.sign(&profile, &known.info, schema, moment)?;
				let overflowed = block_in_place(|| self.state.push(&signed))?;
				if overflowed > 0 {
					tracing::warn!(overflowed, "the queue is full: the oldest readings are lost");
				}
			}
			queued.notify_one();
		}
	}

	fn sign(
		&self,
		profile: &Profile,
		info: &AnchorInfo,
		schema: SchemaId,
		moment: Moment,
	) -> Result<SignedReading, Error> {
		let reading = Reading {
			network: profile.network,
			schema,
			device: profile.device,
			sequence: block_in_place(|| self.state.sequence())?,
			anchor: anchor_at(info, moment.time),
			time: moment.time,
			values: moment.values,
		};
		let signature = self.pair.sign(&reading.message(&profile.genesis));
		Ok(SignedReading { reading, signature })
	}

	/// Send what is queued, oldest first; waits longer after each failure.
	async fn deliver(&self, queued: &Notify, refusals: &Refusals) -> Result<(), Error> {
		let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(60));
		let mut told = false;
		loop {
			let readings = block_in_place(|| self.state.peek(BATCH))?;
			if readings.is_empty() {
				queued.notified().await;
				continue;
			}
			match self.client.send(&readings).await {
				Ok(results) => {
					let settled = settle(&results);
					refusals.tell(&results);
					block_in_place(|| self.state.settle(&settled.delivered, &settled.refused))?;
					if told {
						tracing::info!("the gateway takes readings again");
						told = false;
					}
					if settled.waiting == 0 || !settled.delivered.is_empty() {
						backoff.reset();
					}
					if settled.waiting > 0 {
						sleep(backoff.next(None)).await;
					}
				},
				Err(cause) => {
					if !told {
						tracing::warn!(%cause, "cannot send readings; they wait in the queue");
						told = true;
					}
					sleep(backoff.next(retry_after(&cause))).await;
				},
			}
		}
	}
}

/// Whether an error may pass without anybody acting here.
const fn is_passing(error: &Error) -> bool {
	matches!(error, Error::Unreachable { .. } | Error::Refused { .. })
}

fn retry_after(error: &Error) -> Option<Duration> {
	match error {
		Error::Refused { retry_after, .. } => retry_after.map(Duration::from_secs),
		_ => None,
	}
}

/// What is to be done with readings that were answered for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Settled {
	delivered: Vec<u64>,
	refused: Vec<u64>,
	waiting: usize,
}

/// Sort answers: delivered, refused for good, to be sent again. Pure.
fn settle(results: &[ReadingResult]) -> Settled {
	let mut settled = Settled::default();
	for result in results {
		match result.status {
			ReadingStatus::Accepted | ReadingStatus::Duplicate => {
				settled.delivered.push(result.sequence);
			},
			ReadingStatus::Rejected if result.retry => settled.waiting += 1,
			ReadingStatus::Rejected => settled.refused.push(result.sequence),
		}
	}
	settled
}

/// Tells about refusals without flooding the log. Codes that no gateway of this release gives are
/// counted as one: a gateway may invent as many as it likes.
#[derive(Default)]
struct Refusals(Mutex<BTreeMap<Option<Refusal>, u64>>);

impl Refusals {
	fn tell(&self, results: &[ReadingResult]) {
		for result in results {
			let Some(code) = &result.code else { continue };
			let before = self.count(code);
			if before.is_multiple_of(TELL_EVERY) {
				tracing::warn!(
					code,
					cause = result.cause.as_deref().unwrap_or_default(),
					remedy = result.remedy.as_deref().unwrap_or_default(),
					sequence = result.sequence,
					retry = result.retry,
					before,
					"the gateway does not take a reading"
				);
			}
		}
	}

	/// Count a refusal; returns how many there were before for the same reason.
	fn count(&self, code: &str) -> u64 {
		let known = Refusal::ALL.iter().copied().find(|refusal| refusal.code() == code);
		let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
		let count = counts.entry(known).or_default();
		let before = *count;
		*count = count.saturating_add(1);
		before
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_types::DeviceId;

	#[test]
	fn answers_are_sorted() {
		let result = |sequence, status, retry| ReadingResult {
			device: DeviceId(1),
			sequence,
			status,
			code: None,
			cause: None,
			remedy: None,
			retry,
		};
		let results = [
			result(1, ReadingStatus::Accepted, false),
			result(2, ReadingStatus::Duplicate, false),
			result(3, ReadingStatus::Rejected, false),
			result(4, ReadingStatus::Rejected, true),
		];
		let expected = Settled { delivered: vec![1, 2], refused: vec![3], waiting: 1 };
		assert_eq!(settle(&results), expected);
	}

	#[test]
	fn codes_that_a_gateway_invents_are_counted_as_one() {
		let refusals = Refusals::default();
		for number in 0..1_000u64 {
			assert_eq!(refusals.count(&format!("invented_{number}")), number);
		}
		for before in 0..2 {
			for refusal in Refusal::ALL {
				assert_eq!(refusals.count(refusal.code()), before, "{refusal}");
			}
		}
		let refused = ReadingResult {
			device: DeviceId(1),
			sequence: 1,
			status: ReadingStatus::Rejected,
			code: Some("another".to_owned()),
			cause: None,
			remedy: None,
			retry: false,
		};
		refusals.tell(&[refused.clone(), ReadingResult { code: None, ..refused }]);
		assert_eq!(refusals.count("one more"), 1_001);
		let counts = refusals.0.lock().unwrap_or_else(PoisonError::into_inner);
		assert_eq!(counts.len(), Refusal::ALL.len() + 1);
	}
}
