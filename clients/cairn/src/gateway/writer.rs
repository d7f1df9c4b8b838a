//! The one who writes readings: what many requests bring at the same time goes into one commit.

use std::{sync::Arc, thread, time::Instant};

use tokio::sync::{mpsc, oneshot};

use super::{
	chain_state::States,
	metrics::{Metrics, gauge},
	refusal::Refusal,
	store::{Incoming, Limits, Store, Taken},
};
use crate::store::StoreError;

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
		metrics: Arc<Metrics>,
	) -> (Self, thread::JoinHandle<()>) {
		let (jobs, queue) = mpsc::channel(QUEUE);
		let meter = metrics.clone();
		let thread = thread::spawn(move || run(&store, queue, &states, &meter));
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

fn run(store: &Store, mut queue: mpsc::Receiver<Job>, states: &States, metrics: &Metrics) {
	while let Some(first) = queue.blocking_recv() {
		let jobs = gather(first, &mut queue);
		let (requests, replies): (Vec<_>, Vec<_>) =
			jobs.into_iter().map(|job| (job.readings, job.reply)).unzip();
		let start = Instant::now();
		let results = store.ingest(requests, limits(states));
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
		metrics.store_bytes.set(gauge(store.bytes()));
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

/// What the current rules allow in a batch.
fn limits(states: &States) -> Limits {
	let state = states.borrow();
	let rules = state.as_ref().and_then(|state| Some(state.context.as_ref()?.rules));
	rules.map_or(Limits { readings: u32::MAX, bytes: u64::MAX }, |rules| Limits {
		readings: rules.max_readings,
		bytes: rules.max_payload,
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::gateway::testing::{pair, signed};
	use cairn_types::DeviceKey;
	use sp_core::Pair;

	fn job(readings: usize) -> Job {
		let key = DeviceKey::Ed25519(pair().public());
		let one = Incoming { window: 1, signed: signed(1, 1), key };
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

	#[test]
	fn a_commit_has_bounds() {
		assert_eq!(gathered(1, &[1; GROUP + 10]).len(), GROUP);
		assert_eq!(gathered(GROUP_READINGS - 1, &[4_096, 1]), [GROUP_READINGS - 1, 4_096]);
		assert_eq!(gathered(GROUP_READINGS, &[1]), [GROUP_READINGS], "others come with the next");
	}
}
