//! What runs, and where readings are dated next.

use std::sync::Arc;

use cairn_network_tests::ingest::{
	figures::{Acknowledged, Counters, Measured, Sample, Shares},
	fleet::Fleet,
	plan::{Calendar, Order, connections},
	site::Station,
};
use cairn_types::DeviceId;

use crate::{
	options::Options,
	supply::{Request, Supply},
	timing::{self, Signals, Timed, WARM_UP},
};
use cairn_network_tests::bench::Failure;

/// Everything that a measurement of throughput needs.
pub(crate) struct Stage<'a> {
	pub(crate) options: &'a Options,
	pub(crate) fleet: Arc<Fleet>,
	pub(crate) station: &'a Station,
	/// Process ids: gateway, bench, node and, if there is one, broker.
	pub(crate) programs: &'a [u32],
	pub(crate) calendar: Calendar,
}

/// A run, and what is known of it besides its samples.
pub(crate) struct Run {
	pub(crate) transport: &'static str,
	pub(crate) size: usize,
	pub(crate) connections: usize,
	/// The gateway's counters before.
	before: Counters,
}

impl Stage<'_> {
	/// Sign what a run sends: as much as a fast gateway can take.
	pub(crate) async fn supply(
		&mut self,
		run: &Run,
		order: Order,
		make: impl Fn(DeviceId, usize, &[u8]) -> Vec<u8> + Send + Sync + 'static,
	) -> Vec<Vec<Request>> {
		let seconds = self.options.seconds + WARM_UP.as_secs();
		let readings = u64::from(self.options.rate) * seconds;
		let readings = usize::try_from(readings).expect("fits into memory");
		let supply = Supply {
			fleet: self.fleet.clone(),
			devices: self.options.senders,
			order,
			size: run.size,
			connections: run.connections,
			requests: readings.div_ceil(run.size * run.connections),
			calendar: self.calendar,
		};
		self.calendar = supply.following();
		supply.sign(make).await
	}

	/// Begin a run.
	pub(crate) async fn begin(&self, transport: &'static str, size: usize) -> Run {
		let connections = connections(size, self.options.connections);
		Run { transport, size, connections, before: self.station.counters().await }
	}

	/// Measure while others send.
	pub(crate) async fn measure(&self, signals: &Signals) -> Timed {
		timing::measure(signals, self.programs, self.options.seconds).await
	}

	/// What a run came to; `sent` readings were sent in all of it.
	pub(crate) async fn end(&self, run: &Run, timed: &Timed, sent: &Sent) -> Measured {
		let counters = self.station.counters().await.since(&run.before);
		let refused = sent.readings.saturating_sub(whole(counters.accepted));
		let first_refusal = match &sent.first_refusal {
			Some(cause) => Some(cause.clone()),
			None if refused > 0 => Some(self.station.refusals().await),
			None => None,
		};
		Measured {
			transport: run.transport,
			batch: run.size,
			connections: run.connections,
			acknowledged: sent.between(timed),
			processors: Shares::of(&timed.usage),
			counters,
			refused,
			first_refusal,
			ran_out: timed.ran_out,
			resident_bytes: self.station.resident_bytes(),
		}
	}
}

/// What was sent.
#[derive(Default)]
pub(crate) struct Sent {
	/// Readings, whatever became of them.
	pub(crate) readings: u64,
	/// What was acknowledged.
	pub(crate) samples: Vec<Sample>,
	/// Why the first was refused.
	pub(crate) first_refusal: Option<String>,
}

impl Sent {
	/// What a connection has sent.
	pub(crate) fn add(&mut self, other: Self) {
		self.readings += other.readings;
		self.samples.extend(other.samples);
		if self.first_refusal.is_none() {
			self.first_refusal = other.first_refusal;
		}
	}

	fn between(&self, timed: &Timed) -> Acknowledged {
		Acknowledged::between(&self.samples, timed.from, timed.to)
	}
}

/// A counter as the number that it is.
fn whole(counter: f64) -> u64 {
	counter as u64
}

/// What goes wrong with connections.
pub(crate) fn broken(cause: impl std::fmt::Display) -> Failure {
	Failure::new(
		cause.to_string(),
		"measure again with fewer --connections; if it stays, report it",
	)
}
