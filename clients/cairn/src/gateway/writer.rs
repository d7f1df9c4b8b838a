//! The one who writes readings: what many requests bring at the same time goes into one commit.

use std::{collections::BTreeSet, sync::Arc, thread, time::Instant};

use tokio::sync::{mpsc, oneshot};

use super::{
	chain_state::{ChainState, States},
	metrics::{Metrics, gauge},
	refusal::Refusal,
	registry::Registry,
	shares::{Basis, Left, Shares, busiest},
	store::{Incoming, Limits, Store, Taken, largest},
};
use crate::{clock::now_millis, store::StoreError};

/// Requests that may wait.
const QUEUE: usize = 1_024;
/// Most requests in one commit.
const GROUP: usize = 256;
/// Readings from which on a commit takes in no further request: who waits for it waits for all of them.
const GROUP_READINGS: usize = 8_192;

/// What became of a request's readings, in order.
pub type Results = Vec<Result<Taken, Refusal>>;

struct Job {
	readings: Vec<Incoming>,
	reply: oneshot::Sender<Result<Results, StoreError>>,
}

/// Hands readings to the writing thread, which ends when the last of these is dropped.
#[derive(Clone)]
pub struct Writer {
	jobs: mpsc::Sender<Job>,
	metrics: Arc<Metrics>,
}

impl Writer {
	/// Start the thread.
	#[must_use]
	pub fn start(
		store: Store,
		states: States,
		registry: Arc<Registry>,
		metrics: Arc<Metrics>,
	) -> (Self, thread::JoinHandle<()>) {
		let (jobs, queue) = mpsc::channel(QUEUE);
		let meter = metrics.clone();
		let desk = Desk { store, states, registry, shares: Shares::default() };
		let thread = thread::spawn(move || run(desk, queue, &meter));
		(Self { jobs, metrics }, thread)
	}

	/// Store readings; when this returns, what was accepted is on disk.
	///
	/// # Errors
	/// If nothing could be stored.
	pub async fn write(&self, readings: Vec<Incoming>) -> Result<Results, StoreError> {
		let gone = || StoreError::Database { cause: "the writing thread has ended".to_owned() };
		let (reply, answer) = oneshot::channel();
		self.metrics.queue.inc();
		let sent = self.jobs.send(Job { readings, reply }).await;
		let answer = match sent {
			Ok(()) => answer.await.map_err(|_| gone()).and_then(|answer| answer),
			Err(_) => Err(gone()),
		};
		self.metrics.queue.dec();
		answer
	}

	/// Whether the thread takes readings.
	#[must_use]
	pub fn is_alive(&self) -> bool {
		!self.jobs.is_closed()
	}
}

fn run(mut desk: Desk, mut queue: mpsc::Receiver<Job>, metrics: &Metrics) {
	while let Some(first) = queue.blocking_recv() {
		let jobs = gather(first, &mut queue);
		let (requests, replies): (Vec<_>, Vec<_>) =
			jobs.into_iter().map(|job| (job.readings, job.reply)).unzip();
		let start = Instant::now();
		let results = desk.take(requests, now_millis());
		metrics.commit_seconds.observe(start.elapsed().as_secs_f64());
		match results {
			Ok(results) => {
				for (reply, result) in replies.into_iter().zip(results) {
					drop(reply.send(Ok(result)));
				}
			},
			Err(cause) => {
				tracing::error!(%cause, "cannot store readings");
				for reply in replies {
					drop(reply.send(Err(cause.clone())));
				}
			},
		}
		metrics.store_bytes.set(gauge(desk.store.bytes()));
		desk.tell();
	}
}

/// The first of those that wait, as many as one commit takes.
fn gather(first: Job, queue: &mut mpsc::Receiver<Job>) -> Vec<Job> {
	let mut readings = first.readings.len();
	let mut jobs = vec![first];
	while jobs.len() < GROUP
		&& readings < GROUP_READINGS
		&& let Ok(job) = queue.try_recv()
	{
		readings = readings.saturating_add(job.readings.len());
		jobs.push(job);
	}
	jobs
}

/// Where readings are judged against what is stored, and stored.
struct Desk {
	store: Store,
	states: States,
	registry: Arc<Registry>,
	shares: Shares,
}

impl Desk {
	/// Take the readings of several requests at `now`, ms since the epoch.
	fn take(&mut self, requests: Vec<Vec<Incoming>>, now: u64) -> Result<Vec<Results>, StoreError> {
		let state = self.states.borrow().clone();
		let limits = limits(state.as_deref());
		let prepared = match &state {
			Some(state) => self.prepare(&requests, state, limits, now),
			None => Ok(()),
		};
		let results = prepared.and_then(|()| self.store.ingest(requests, limits, &mut self.shares));
		if results.is_err() {
			// Of what they say, nothing may be stored.
			self.shares = Shares::default();
		}
		results
	}

	/// Bring the shares up to date, of the windows that run, have just ended, or are to begin: readings
	/// of others are few, and taken as they come.
	fn prepare(
		&mut self,
		requests: &[Vec<Incoming>],
		state: &ChainState,
		limits: Limits,
		now: u64,
	) -> Result<(), StoreError> {
		let periods = &state.clock.periods;
		let current = periods.window_at(now);
		let live = current.saturating_sub(1)..=current.saturating_add(1);
		self.shares.forget_before(*live.start());
		let windows = requests.iter().flatten().map(|incoming| incoming.window);
		let windows = windows.filter(|window| live.contains(window)).collect::<BTreeSet<_>>();
		let channels = state.schemas.iter().map(|(_, schema)| schema.channels.len()).max();
		let largest = largest(channels.unwrap_or(0));
		let (store, deny) = (&self.store, self.registry.deny());
		for window in windows {
			let Some(facts) = self.registry.near(window) else { continue };
			let basis = Basis { facts: facts.clone(), limits, largest };
			let know = || {
				let devices = facts.active().into_iter();
				let served = devices.filter(|device| !deny.is_denied(*device)).collect::<Vec<_>>();
				Ok::<_, StoreError>((served, store.tally(window)?))
			};
			self.shares.prepare(window, basis, Left::at(window, periods, now), know)?;
		}
		Ok(())
	}

	/// Tell the operator of a window whose batch is short of room, and who has most of them.
	fn tell(&mut self) {
		let Some((window, share)) = self.shares.crowded() else { return };
		match self.store.tally(window) {
			Ok(tally) => tracing::warn!(
				window,
				share,
				readings = tally.row.readings,
				devices = tally.devices.len(),
				most = %busiest(&tally),
				"the batch of a window is short of room, and readings are refused (window_full, over_share); \
				 if devices send to do harm, deny them: --deny, --deny-owner"
			),
			Err(cause) => {
				tracing::warn!(window, share, %cause, "the batch of a window is short of room")
			},
		}
	}
}

/// What the current rules allow in a batch.
fn limits(state: Option<&ChainState>) -> Limits {
	let rules = state.and_then(|state| Some(state.context.as_ref()?.rules));
	rules.map_or(Limits { readings: u32::MAX, bytes: u64::MAX }, |rules| Limits {
		readings: rules.max_readings,
		bytes: rules.max_payload,
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::gateway::{
		store::Identity,
		testing::{GATEWAY, GENESIS, facts, pair, periods, signed, state_with_room_for},
	};
	use crate::store::Cache;
	use cairn_chain::Chain;
	use cairn_types::{DeviceKey, Window};
	use sp_core::Pair;

	fn incoming(window: Window, sequence: u64, time: u64) -> Incoming {
		let key = DeviceKey::Ed25519(pair().public());
		Incoming { window, signed: signed(sequence, time), key }
	}

	fn job(readings: usize) -> Job {
		let one = incoming(1, 1, 1);
		let (reply, _) = oneshot::channel();
		Job { readings: vec![one; readings], reply }
	}

	/// How many readings each request of a commit has, if these wait.
	fn gathered(first: usize, waiting: &[usize]) -> Vec<usize> {
		let (jobs, mut queue) = mpsc::channel(QUEUE);
		for readings in waiting {
			assert!(jobs.try_send(job(*readings)).is_ok(), "there is room");
		}
		gather(job(first), &mut queue).iter().map(|job| job.readings.len()).collect()
	}

	#[test]
	fn works_when_few_wait() {
		assert_eq!(gathered(2, &[]), [2]);
		assert_eq!(gathered(2, &[3, 1]), [2, 3, 1]);
	}

	#[tokio::test]
	async fn shares_are_made_for_windows_of_now() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let identity = Identity { genesis: GENESIS, gateway: GATEWAY };
		let store = Store::open(directory.path(), identity, Cache::SMALL).expect("a new store");
		let chain = Chain::lazy("ws://127.0.0.1:9");
		let registry = Arc::new(Registry::new(chain, GATEWAY, Arc::default()));
		let state = state_with_room_for(9);
		let window = state.clock.now.window;
		let (sender, states) = tokio::sync::watch::channel(None);
		let mut desk = Desk { store, states, registry, shares: Shares::default() };
		let now = periods().start_of(window);
		let mut sequence = 0;
		let mut take = |desk: &mut Desk, of: Window| {
			sequence += 1;
			let reading = incoming(of, sequence, periods().start_of(of));
			let results = desk.take(vec![vec![reading]], now);
			assert_eq!(results, Ok(vec![vec![Ok(Taken::Accepted)]]), "{of}");
			desk.shares.of(of).is_some()
		};
		assert!(!take(&mut desk, window - 3), "nothing is known of the chain");
		sender.send_replace(Some(Arc::new(state)));
		desk.registry.put(facts(window));
		let have_shares = [window - 2, window - 1, window, window + 1, window + 2]
			.map(|window| take(&mut desk, window));
		assert_eq!(have_shares, [false, true, true, true, false]);
		desk.tell();
	}

	#[test]
	fn a_commit_has_bounds() {
		assert_eq!(gathered(1, &[1; GROUP + 10]).len(), GROUP);
		assert_eq!(gathered(GROUP_READINGS - 1, &[4_096, 1]), [GROUP_READINGS - 1, 4_096]);
		assert_eq!(gathered(GROUP_READINGS, &[1]), [GROUP_READINGS], "others come with the next");
	}
}
