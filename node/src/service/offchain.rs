//! The off-chain worker: where it reads batches, how it runs, what it reports.
//!
//! The worker is part of the runtime and reaches the node through the off-chain database only: the
//! node writes the telemetry source there at start, the worker writes its statistics.

use super::{Context, FullBackend};
use crate::{error::Error, preflight::Problem, source::SourceUrl};
use cairn_telemetry::offchain::{SOURCE_KEY, STATS_KEY, WorkerStats};
use codec::{Decode, Encode};
use sc_client_api::Backend;
use sc_network::service::traits::NetworkService;
use sc_offchain::{OffchainWorkerOptions, OffchainWorkers};
use sc_service::{Configuration, TaskManager};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_core::offchain::{OffchainStorage, STORAGE_PREFIX};
use std::{sync::Arc, time::Duration};
use substrate_prometheus_endpoint::{
	Counter, CounterVec, F64, Opts, PrometheusError, Registry, U64, register,
};

/// How often the worker's statistics become metrics.
const STATS_INTERVAL: Duration = Duration::from_secs(10);

/// Writes the telemetry source for the worker to read, and warns a validator that has none.
pub(crate) fn configure(config: &Configuration, backend: &FullBackend, source: Option<&SourceUrl>) {
	if let Some(mut storage) = backend.offchain_storage() {
		write_source(&mut storage, source);
	}
	if !config.role.is_authority() {
		return;
	}
	if !config.offchain_worker.enabled {
		log::warn!(
			"Off-chain workers are off: this validator checks no telemetry batches. Leave out \
			 --offchain-worker never to take part in committees."
		);
	} else if let Some(source) = source {
		log::info!("Telemetry batches are read from {source}");
	} else {
		log::warn!(
			"No telemetry source: this validator cannot check the batches it is drawn for. Run a \
			 gateway and name it with --telemetry-source URL, for example \
			 --telemetry-source {}.",
			SourceUrl::local_gateway()
		);
	}
}

/// Sets the source in the off-chain database, or removes that of an earlier start.
fn write_source(storage: &mut impl OffchainStorage, source: Option<&SourceUrl>) {
	match source {
		Some(url) => storage.set(STORAGE_PREFIX, SOURCE_KEY, &url.as_bytes().encode()),
		None => storage.remove(STORAGE_PREFIX, SOURCE_KEY),
	}
}

/// Starts the task that runs the worker at every new best block.
///
/// Fails without CA certificates, which its HTTP client loads at once.
pub(crate) fn spawn_worker(
	context: &Context,
	network: &Arc<dyn NetworkService>,
	tasks: &TaskManager,
) -> Result<(), Error> {
	let worker = OffchainWorkers::new(OffchainWorkerOptions {
		runtime_api_provider: context.client.clone(),
		keystore: Some(context.keystore.clone()),
		offchain_db: context.backend.offchain_storage(),
		transaction_pool: Some(OffchainTransactionPoolFactory::new(context.pool.clone())),
		network_provider: Arc::new(network.clone()),
		is_validator: context.settings.role.is_authority(),
		enable_http_requests: true,
		custom_extensions: |_| Vec::new(),
	})
	.map_err(Problem::NoCertificates)?;
	let run = worker.run(context.client.clone(), tasks.spawn_handle());
	tasks.spawn_handle().spawn("offchain-workers-runner", "offchain-worker", run);
	Ok(())
}

/// Starts the task that turns the worker's statistics into metrics, if metrics are on.
pub(crate) fn spawn_metrics(context: &Context, tasks: &TaskManager) -> Result<(), Error> {
	let registry = context.settings.registry.as_ref();
	if let (Some(registry), Some(storage)) = (registry, context.backend.offchain_storage()) {
		let export = export(storage, Metrics::register(registry)?);
		tasks.spawn_handle().spawn("telemetry-metrics", "offchain-worker", export);
	}
	Ok(())
}

/// Adds to the metrics what the worker did since the last look, for ever.
async fn export(storage: impl OffchainStorage, metrics: Metrics) {
	let mut interval = tokio::time::interval(STATS_INTERVAL);
	let mut before = stats(&storage);
	loop {
		interval.tick().await;
		let now = stats(&storage);
		metrics.add(&before, &now);
		before = now;
	}
}

/// What the worker has written; nothing before its first batch.
fn stats(storage: &impl OffchainStorage) -> WorkerStats {
	storage
		.get(STORAGE_PREFIX, STATS_KEY)
		.and_then(|bytes| WorkerStats::decode(&mut bytes.as_slice()).ok())
		.unwrap_or_default()
}

/// What the worker did since the node started.
struct Metrics {
	batches: CounterVec<U64>,
	readings: Counter<U64>,
	bytes: Counter<U64>,
	seconds: Counter<F64>,
	failures: Counter<U64>,
}

impl Metrics {
	fn register(registry: &Registry) -> Result<Self, PrometheusError> {
		let batches = Opts::new(
			"cairn_telemetry_batches_checked",
			"Batches that the off-chain worker checked, by the verdict it came to",
		);
		let metrics = Self {
			batches: register(CounterVec::new(batches, &["outcome"])?, registry)?,
			readings: counter(
				"cairn_telemetry_readings_checked",
				"Readings in the batches that the off-chain worker checked",
				registry,
			)?,
			bytes: counter(
				"cairn_telemetry_bytes_fetched",
				"Bytes that the off-chain worker read from the telemetry source",
				registry,
			)?,
			seconds: register(
				Counter::new(
					"cairn_telemetry_check_seconds",
					"Seconds that the off-chain worker spent on checking batches",
				)?,
				registry,
			)?,
			failures: counter(
				"cairn_telemetry_source_failures",
				"Requests to the telemetry source that failed",
				registry,
			)?,
		};
		// Shows every outcome from the start, so that a rate can be computed at the first one.
		metrics.add(&WorkerStats::default(), &WorkerStats::default());
		Ok(metrics)
	}

	/// Adds the difference of two statistics; nothing where they were reset in between.
	fn add(&self, before: &WorkerStats, now: &WorkerStats) {
		for (outcome, before, now) in [
			("valid", before.valid, now.valid),
			("invalid", before.invalid, now.invalid),
			("unavailable", before.unavailable, now.unavailable),
		] {
			self.batches.with_label_values(&[outcome]).inc_by(now.saturating_sub(before));
		}
		self.readings.inc_by(now.readings.saturating_sub(before.readings));
		self.bytes.inc_by(now.bytes.saturating_sub(before.bytes));
		self.failures.inc_by(now.failures.saturating_sub(before.failures));
		let spent = Duration::from_millis(now.millis.saturating_sub(before.millis));
		self.seconds.inc_by(spent.as_secs_f64());
	}
}

/// Registers a counter of whole things.
fn counter(name: &str, help: &str, registry: &Registry) -> Result<Counter<U64>, PrometheusError> {
	register(Counter::new(name, help)?, registry)
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_core::offchain::storage::InMemOffchainStorage;

	fn source(storage: &InMemOffchainStorage) -> Option<Vec<u8>> {
		let bytes = storage.get(STORAGE_PREFIX, SOURCE_KEY)?;
		Some(Decode::decode(&mut bytes.as_slice()).expect("a vector of bytes"))
	}

	#[test]
	fn write_source_replaces_that_of_an_earlier_start() {
		let mut storage = InMemOffchainStorage::default();
		write_source(&mut storage, Some(&SourceUrl::local_gateway()));
		assert_eq!(source(&storage), Some(b"http://127.0.0.1:9977".to_vec()));
		write_source(&mut storage, None);
		assert_eq!(source(&storage), None);
		write_source(&mut storage, None);
		assert_eq!(source(&storage), None);
	}

	#[test]
	fn stats_are_empty_when_nothing_readable_was_written() {
		let mut storage = InMemOffchainStorage::default();
		assert_eq!(stats(&storage).readings, 0);
		storage.set(STORAGE_PREFIX, STATS_KEY, b"\x01");
		assert_eq!(stats(&storage).readings, 0);
	}

	#[test]
	fn metrics_count_what_happened_between_two_looks() {
		let metrics = Metrics::register(&Registry::new()).expect("unused names");
		let before = WorkerStats { valid: 5, readings: 70, millis: 100, ..Default::default() };
		let now = WorkerStats {
			valid: 7,
			invalid: 1,
			readings: 100,
			bytes: 4096,
			millis: 1_600,
			failures: 2,
			..Default::default()
		};
		metrics.add(&before, &now);
		assert_eq!(metrics.batches.with_label_values(&["valid"]).get(), 2);
		assert_eq!(metrics.batches.with_label_values(&["invalid"]).get(), 1);
		assert_eq!(metrics.batches.with_label_values(&["unavailable"]).get(), 0);
		assert_eq!((metrics.readings.get(), metrics.bytes.get()), (30, 4096));
		assert_eq!((metrics.seconds.get(), metrics.failures.get()), (1.5, 2));

		metrics.add(&now, &before);
		assert_eq!(metrics.readings.get(), 30, "a reset takes nothing away");
	}
}
