//! What a gateway tells Prometheus.

use prometheus::{
	Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
	core::Collector,
};

/// Every metric of a gateway; names begin with `cairn_gateway_`.
pub struct Metrics {
	registry: Registry,
	/// Readings stored.
	pub accepted: IntCounter,
	/// Readings that were stored before.
	pub duplicates: IntCounter,
	/// Readings not taken, by code.
	pub rejected: IntCounterVec,
	/// Stored readings left out of a batch, by fault.
	pub left_out: IntCounterVec,
	/// Ingest requests that wait for the store.
	pub queue: IntGauge,
	/// Seconds to commit a group of requests.
	pub commit_seconds: Histogram,
	/// Windows sealed and stored.
	pub sealed: IntCounter,
	/// Seconds to seal a window, without waiting for the chain.
	pub seal_seconds: Histogram,
	/// Transactions sent, by call and result.
	pub transactions: IntCounterVec,
	/// Batches attested, as the chain counts.
	pub attested: IntGauge,
	/// Batches that died, as the chain counts.
	pub dead: IntGauge,
	/// Windows given up, by reason.
	pub given_up: IntCounterVec,
	/// Readings of windows given up.
	pub lost_readings: IntCounter,
	/// The chain's window.
	pub window: IntGauge,
	/// The chain's tick.
	pub tick: IntGauge,
	/// The newest window that the chain has a living batch of.
	pub sealed_window: IntGauge,
	/// The newest attested window.
	pub attested_window: IntGauge,
	/// Number of the best block.
	pub best_block: IntGauge,
	/// Devices assigned in the current window.
	pub devices: IntGauge,
	/// Windows with readings that wait to be sealed.
	pub open_windows: IntGauge,
	/// 1 if nothing can be sealed until somebody acts.
	pub stuck: IntGauge,
	/// Bytes of the database file.
	pub store_bytes: IntGauge,
	/// 1 while readings are taken from the broker.
	pub mqtt_connected: IntGauge,
	/// Connections to the broker that ended or could not be made, by code.
	pub mqtt_failures: IntCounterVec,
	/// Messages of the broker, by what they are.
	pub mqtt_messages: IntCounterVec,
	/// Messages of more than 16 MiB.
	pub mqtt_oversized: IntCounter,
	/// Messages whose readings are not judged for good yet.
	pub mqtt_pending: IntGauge,
	/// Refusals that were not published: too many waited.
	pub mqtt_notices_dropped: IntCounter,
}

/// Registers metrics under one prefix.
struct Maker(Registry);

impl Maker {
	fn add<C: Collector + Clone + 'static>(
		&self,
		metric: prometheus::Result<C>,
	) -> prometheus::Result<C> {
		let metric = metric?;
		self.0.register(Box::new(metric.clone()))?;
		Ok(metric)
	}

	fn counter(&self, name: &str, help: &str) -> prometheus::Result<IntCounter> {
		self.add(IntCounter::new(full(name), help))
	}

	fn counters(
		&self,
		name: &str,
		help: &str,
		labels: &[&str],
	) -> prometheus::Result<IntCounterVec> {
		self.add(IntCounterVec::new(Opts::new(full(name), help), labels))
	}

	fn gauge(&self, name: &str, help: &str) -> prometheus::Result<IntGauge> {
		self.add(IntGauge::new(full(name), help))
	}

	fn seconds(&self, name: &str, help: &str) -> prometheus::Result<Histogram> {
		let buckets = prometheus::exponential_buckets(0.001, 3.0, 10)?;
		self.add(Histogram::with_opts(HistogramOpts::new(full(name), help).buckets(buckets)))
	}
}

fn full(name: &str) -> String {
	format!("cairn_gateway_{name}")
}

impl Metrics {
	/// All at zero.
	///
	/// # Errors
	/// If two have the same name.
	pub fn new() -> prometheus::Result<Self> {
		let make = Maker(Registry::new());
		Ok(Self {
			accepted: make.counter("readings_accepted_total", "Readings stored.")?,
			duplicates: make.counter("readings_duplicate_total", "Readings stored before.")?,
			rejected: make.counters("readings_rejected_total", "Readings not taken.", &["code"])?,
			left_out: make.counters(
				"readings_left_out_total",
				"Stored readings left out of a batch.",
				&["fault"],
			)?,
			queue: make.gauge("ingest_queue", "Ingest requests that wait for the store.")?,
			commit_seconds: make.seconds("commit_seconds", "Seconds to commit a group.")?,
			sealed: make.counter("windows_sealed_total", "Windows sealed and stored.")?,
			seal_seconds: make.seconds("seal_seconds", "Seconds to seal a window.")?,
			transactions: make.counters(
				"transactions_total",
				"Transactions sent.",
				&["call", "result"],
			)?,
			attested: make.gauge("batches_attested", "Batches attested, by the chain's count.")?,
			dead: make.gauge("batches_dead", "Batches that died, by the chain's count.")?,
			given_up: make.counters("windows_given_up_total", "Windows given up.", &["reason"])?,
			lost_readings: make.counter("readings_lost_total", "Readings of given-up windows.")?,
			window: make.gauge("window", "The chain's window.")?,
			tick: make.gauge("tick", "The chain's tick.")?,
			sealed_window: make.gauge("sealed_window", "The newest window with a living batch.")?,
			attested_window: make.gauge("attested_window", "The newest attested window.")?,
			best_block: make.gauge("best_block", "Number of the best block.")?,
			devices: make.gauge("devices", "Devices assigned in the current window.")?,
			open_windows: make.gauge("open_windows", "Windows that wait to be sealed.")?,
			stuck: make.gauge("stuck", "1 if nothing can be sealed until somebody acts.")?,
			store_bytes: make.gauge("store_bytes", "Bytes of the database file.")?,
			mqtt_connected: make.gauge("mqtt_connected", "1 while the broker is listened to.")?,
			mqtt_failures: make.counters(
				"mqtt_failures_total",
				"Connections to the broker that ended.",
				&["code"],
			)?,
			mqtt_messages: make.counters("mqtt_messages_total", "Messages taken.", &["kind"])?,
			mqtt_oversized: make.counter("mqtt_oversized_total", "Messages above 16 MiB.")?,
			mqtt_pending: make.gauge("mqtt_pending", "Messages that are not judged yet.")?,
			mqtt_notices_dropped: make
				.counter("mqtt_notices_dropped_total", "Refusals that were not published.")?,
			registry: make.0,
		})
	}

	/// The text that Prometheus reads.
	///
	/// # Errors
	/// If a metric cannot be written.
	pub fn text(&self) -> prometheus::Result<String> {
		TextEncoder::new().encode_to_string(&self.registry.gather())
	}
}

/// A count as gauges take it; saturating.
#[must_use]
pub fn gauge(count: impl TryInto<i64>) -> i64 {
	count.try_into().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_metric_has_its_own_name() {
		let metrics = Metrics::new().expect("no name twice");
		metrics.rejected.with_label_values(&["too_old"]).inc();
		let text = metrics.text().expect("writes");
		assert!(text.contains("cairn_gateway_readings_rejected_total{code=\"too_old\"} 1"));
	}
}
