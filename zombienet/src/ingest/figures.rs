//! What a measurement of ingest comes to.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::processors::Usage;

/// Readings a second that a gateway is to take in batches.
pub const TARGET: f64 = 20_000.0;

/// A request or message that the gateway acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
	/// When its sender knew.
	pub at: Instant,
	/// Time since it was sent.
	pub waited: Duration,
	/// Readings that are stored now.
	pub readings: u32,
}

/// How long senders waited for acknowledgements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Waits {
	/// How many of them.
	pub count: usize,
	/// Half of them waited at most so long, ms.
	pub p50_millis: f64,
	/// All but one in a hundred waited at most so long, ms.
	pub p99_millis: f64,
	/// The longest, ms.
	pub max_millis: f64,
}

impl Waits {
	/// Of these; percentiles by nearest rank: the p-th is the smallest wait that at least p % do not
	/// exceed. All zero of none.
	#[must_use]
	pub fn of(waits: impl IntoIterator<Item = Duration>) -> Self {
		let mut waits = waits.into_iter().collect::<Vec<_>>();
		waits.sort_unstable();
		let rank = |percent: usize| (waits.len() * percent).div_ceil(100).saturating_sub(1);
		let millis = |place: usize| waits.get(place).map_or(0.0, |wait| wait.as_secs_f64() * 1e3);
		Self {
			count: waits.len(),
			p50_millis: millis(rank(50)),
			p99_millis: millis(rank(99)),
			max_millis: millis(waits.len().saturating_sub(1)),
		}
	}
}

/// What was acknowledged in some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Acknowledged {
	/// Length of the time.
	pub seconds: f64,
	/// Requests or messages.
	pub requests: usize,
	/// Readings.
	pub readings: u64,
	/// Readings a second.
	pub per_second: f64,
	/// How long senders waited.
	pub waits: Waits,
}

impl Acknowledged {
	/// What samples between two moments come to; the others do not count.
	#[must_use]
	pub fn between(samples: &[Sample], from: Instant, to: Instant) -> Self {
		let samples = samples.iter().filter(|sample| (from..to).contains(&sample.at));
		let samples = samples.collect::<Vec<_>>();
		let readings = samples.iter().map(|sample| u64::from(sample.readings)).sum::<u64>();
		let seconds = to.saturating_duration_since(from).as_secs_f64();
		Self {
			seconds,
			requests: samples.len(),
			readings,
			per_second: if seconds > 0.0 { float(readings) / seconds } else { 0.0 },
			waits: Waits::of(samples.iter().map(|sample| sample.waited)),
		}
	}
}

/// Exact up to 2^53.
fn float(number: u64) -> f64 {
	number as f64
}

/// Processors that each program kept busy, on average, and the share of all that worked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Shares {
	/// The gateway.
	pub gateway: f64,
	/// The program that sends.
	pub bench: f64,
	/// The node.
	pub node: f64,
	/// The broker, if there is one.
	pub broker: f64,
	/// Share of all processors' time in which they worked, whoever for.
	pub busy: f64,
}

impl Shares {
	/// Of programs in this order: gateway, bench, node, broker.
	#[must_use]
	pub fn of(usage: &Usage) -> Self {
		let share = |place: usize| usage.programs.get(place).copied().unwrap_or_default();
		Self {
			gateway: share(0),
			bench: share(1),
			node: share(2),
			broker: share(3),
			busy: usage.busy,
		}
	}
}

/// Counters of a gateway, from what it tells Prometheus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Counters {
	/// Readings stored.
	pub accepted: f64,
	/// Readings refused.
	pub rejected: f64,
	/// Commits.
	pub commits: f64,
	/// Seconds that they took.
	pub commit_seconds: f64,
	/// Windows sealed.
	pub sealed: f64,
	/// Batches attested, as the chain counts.
	pub attested: f64,
	/// Devices assigned in the chain's window.
	pub devices: f64,
}

impl Counters {
	/// Read them.
	#[must_use]
	pub fn read(text: &str) -> Self {
		let metric = |name: &str| metric(text, &format!("cairn_gateway_{name}"));
		Self {
			accepted: metric("readings_accepted_total"),
			rejected: metric("readings_rejected_total"),
			commits: metric("commit_seconds_count"),
			commit_seconds: metric("commit_seconds_sum"),
			sealed: metric("windows_sealed_total"),
			attested: metric("batches_attested"),
			devices: metric("devices"),
		}
	}

	/// What came since `earlier`; the number of devices stays.
	#[must_use]
	pub fn since(&self, earlier: &Self) -> Self {
		Self {
			accepted: self.accepted - earlier.accepted,
			rejected: self.rejected - earlier.rejected,
			commits: self.commits - earlier.commits,
			commit_seconds: self.commit_seconds - earlier.commit_seconds,
			sealed: self.sealed - earlier.sealed,
			attested: self.attested - earlier.attested,
			devices: self.devices,
		}
	}

	/// Milliseconds of a commit, on average.
	#[must_use]
	pub fn commit_millis(&self) -> f64 {
		ratio(self.commit_seconds * 1e3, self.commits)
	}

	/// Readings of a commit, on average.
	#[must_use]
	pub fn commit_readings(&self) -> f64 {
		ratio(self.accepted, self.commits)
	}
}

/// A part over a whole; 0 of nothing.
fn ratio(part: f64, whole: f64) -> f64 {
	if whole > 0.0 { part / whole } else { 0.0 }
}

/// The sum of a metric over its labels, in Prometheus' text; 0 if it is not there.
#[must_use]
pub fn metric(text: &str, name: &str) -> f64 {
	let lines = text.lines().filter_map(|line| {
		let rest = line.strip_prefix(name)?;
		let value = match rest.strip_prefix('{') {
			Some(labels) => labels.rsplit_once('}')?.1,
			None => rest.strip_prefix(' ')?,
		};
		value.split_whitespace().next()?.parse::<f64>().ok()
	});
	lines.sum()
}

/// How many readings a gateway has refused, by code, in words.
#[must_use]
pub fn refusals(text: &str) -> String {
	const NAME: &str = "cairn_gateway_readings_rejected_total{code=\"";
	let codes = text.lines().filter_map(|line| {
		let (code, count) = line.strip_prefix(NAME)?.split_once("\"} ")?;
		Some(format!("{count} {code}"))
	});
	let codes = codes.collect::<Vec<_>>();
	if codes.is_empty() { "no reason is known".to_owned() } else { codes.join(", ") }
}

/// What the machine does alone, to hold the gateway's figures against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Control {
	/// Bare checks of an ed25519 signature a second, on one processor, by the function that
	/// validators use.
	pub signatures: f64,
	/// The bytes of a commit that are written and synchronised.
	pub written: usize,
	/// Such commits a second, one after the other.
	pub commits: f64,
	/// How long they took.
	pub commit_waits: Waits,
}

/// One measurement of ingest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
	/// HTTP or MQTT.
	pub transport: &'static str,
	/// Readings of a request or message.
	pub batch: usize,
	/// Connections that send.
	pub connections: usize,
	/// What was acknowledged.
	#[serde(flatten)]
	pub acknowledged: Acknowledged,
	/// Processors.
	pub processors: Shares,
	/// The gateway's counters over the whole run, from before the first reading to after the last.
	pub counters: Counters,
	/// Readings that were sent and are not stored, over the whole run.
	pub refused: u64,
	/// What the gateway said of the first of them, or why it refused any.
	pub first_refusal: Option<String>,
	/// Whether a connection had nothing left to send before the time was over.
	pub ran_out: bool,
	/// Memory that the gateway holds afterwards, bytes.
	pub resident_bytes: u64,
}

impl Measured {
	/// Microseconds of a processor that the gateway takes for a reading.
	#[must_use]
	pub fn micros(&self) -> f64 {
		ratio(self.processors.gateway * 1e6, self.acknowledged.per_second)
	}

	/// The same, over a bare check of a signature.
	#[must_use]
	pub fn signatures(&self, control: &Control) -> f64 {
		self.micros() * control.signatures / 1e6
	}
}

/// Memory at some stage.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Memory {
	/// Which stage.
	pub stage: String,
	/// What the gateway holds, bytes.
	pub gateway_bytes: u64,
	/// What the broker holds, bytes.
	pub broker_bytes: u64,
}

/// Many connected devices, each with a reading in every window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Connected {
	/// HTTP or MQTT.
	pub transport: &'static str,
	/// Devices, each with a connection of its own.
	pub devices: usize,
	/// Seconds until all of them were connected.
	pub connect_seconds: f64,
	/// Windows that were measured.
	pub windows: u64,
	/// What was acknowledged in them.
	#[serde(flatten)]
	pub acknowledged: Acknowledged,
	/// Processors in them.
	pub processors: Shares,
	/// The gateway's counters over them.
	pub counters: Counters,
	/// Answers that the gateway was busy: such readings are sent again.
	pub busy: u64,
	/// Readings that were refused, and connections that broke.
	pub failed: u64,
	/// The first of these.
	pub first_failure: Option<String>,
	/// The most memory that the gateway held, looked at every second, bytes.
	pub gateway_bytes: u64,
	/// The same of the broker.
	pub broker_bytes: u64,
}

#[cfg(test)]
mod tests {
	use super::*;

	fn millis(millis: u64) -> Duration {
		Duration::from_millis(millis)
	}

	#[test]
	fn percentiles_are_waits_that_happened() {
		let waits = Waits::of((1..=200).rev().map(millis));
		assert_eq!(waits.count, 200);
		assert_eq!((waits.p50_millis, waits.p99_millis, waits.max_millis), (100.0, 198.0, 200.0));
		let one = Waits::of([millis(7)]);
		assert_eq!((one.p50_millis, one.p99_millis, one.max_millis), (7.0, 7.0, 7.0));
		assert_eq!(Waits::of([]), Waits::default());
	}

	#[test]
	fn what_comes_before_and_after_does_not_count() {
		let from = Instant::now();
		let sample =
			|at: u64, readings| Sample { at: from + millis(at), waited: millis(5), readings };
		let samples = [sample(0, 10), sample(1_999, 20), sample(2_000, 40)];
		let found = Acknowledged::between(&samples, from, from + millis(2_000));
		assert_eq!((found.requests, found.readings, found.per_second), (2, 30, 15.0));
		assert_eq!((found.seconds, found.waits.p99_millis), (2.0, 5.0));
		let none = Acknowledged::between(&samples, from, from);
		assert_eq!(none, Acknowledged::default());
	}

	#[test]
	fn metrics_are_summed_over_their_labels() {
		let text = "# HELP a_total Words.\n# TYPE a_total counter\na_total 3\n\
			b_total{code=\"x\"} 4\nb_total{code=\"}\"} 5\na_total_more 6\nc_sum 0.25\n";
		assert_eq!(metric(text, "a_total"), 3.0);
		assert_eq!(metric(text, "b_total"), 9.0);
		assert_eq!((metric(text, "c_sum"), metric(text, "d")), (0.25, 0.0));
	}

	#[test]
	fn refusals_are_told_by_their_codes() {
		let text = "cairn_gateway_readings_accepted_total 3\n\
			cairn_gateway_readings_rejected_total{code=\"too_old\"} 4\n\
			cairn_gateway_readings_rejected_total{code=\"too_many\"} 1\n";
		assert_eq!(refusals(text), "4 too_old, 1 too_many");
		assert_eq!(refusals(""), "no reason is known");
		assert_eq!(Counters::read(text).rejected, 5.0);
	}

	#[test]
	fn counters_are_those_of_the_time_between() {
		let text = |accepted: u32, commits: u32| {
			format!(
				"cairn_gateway_readings_accepted_total {accepted}\n\
				 cairn_gateway_commit_seconds_sum 1.5\n\
				 cairn_gateway_commit_seconds_count {commits}\n\
				 cairn_gateway_devices 8\n"
			)
		};
		let earlier = Counters { commit_seconds: 0.5, ..Counters::read(&text(100, 10)) };
		let between = Counters::read(&text(300, 30)).since(&earlier);
		assert_eq!((between.accepted, between.commits, between.devices), (200.0, 20.0, 8.0));
		assert_eq!((between.commit_millis(), between.commit_readings()), (50.0, 10.0));
		assert_eq!(Counters::default().commit_millis(), 0.0);
	}

	#[test]
	fn cost_is_told_in_signatures() {
		let measured = Measured {
			transport: "HTTP",
			batch: 1,
			connections: 1,
			acknowledged: Acknowledged { per_second: 10_000.0, ..Acknowledged::default() },
			processors: Shares { gateway: 0.5, ..Shares::default() },
			counters: Counters::default(),
			refused: 0,
			first_refusal: None,
			ran_out: false,
			resident_bytes: 0,
		};
		let control = Control { signatures: 20_000.0, ..Control::default() };
		assert_eq!((measured.micros(), measured.signatures(&control)), (50.0, 1.0));
	}

	#[test]
	fn shares_are_in_the_order_of_the_programs() {
		let usage = Usage { programs: vec![1.0, 0.5, 0.25], busy: 0.9 };
		let shares = Shares::of(&usage);
		assert_eq!((shares.gateway, shares.bench, shares.node), (1.0, 0.5, 0.25));
		assert_eq!((shares.broker, shares.busy), (0.0, 0.9));
	}
}
