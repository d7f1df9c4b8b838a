//! The report: tables for people, one JSON value for programs.

use cairn_network_tests::bench::Failure;
use cairn_network_tests::{
	ingest::figures::{Connected, Control, Measured, Memory, TARGET},
	processors,
};
use serde::Serialize;
use serde_json::json;

use crate::options::Options;

/// File systems that keep nothing on a disk.
const IN_MEMORY: [&str; 2] = ["tmpfs", "ramfs"];

/// Everything that was found out.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
	pub(crate) options: Options,
	/// Where the stores are.
	pub(crate) file_system: String,
	/// Files that a program may open.
	pub(crate) open_files: u64,
	pub(crate) control: Control,
	pub(crate) measured: Vec<Measured>,
	pub(crate) memory: Vec<Memory>,
	pub(crate) connected: Vec<Connected>,
}

impl Report {
	/// The JSON value.
	pub(crate) fn json(&self) -> Result<String, Failure> {
		let derived = self.measured.iter().map(|measured| {
			json!({
				"transport": measured.transport,
				"batch": measured.batch,
				"processor_micros_per_reading": measured.micros(),
				"processor_time_over_bare_signature": measured.signatures(&self.control),
				"commit_millis": measured.counters.commit_millis(),
				"commit_readings": measured.counters.commit_readings(),
				"meets_target": meets(measured),
			})
		});
		let value = json!({
			"machine": processors::described(),
			"target_per_second": TARGET,
			"derived": derived.collect::<Vec<_>>(),
			"report": self,
		});
		serde_json::to_string_pretty(&value)
			.map_err(|cause| Failure::new(format!("no JSON: {cause}"), "report it"))
	}

	/// The tables.
	pub(crate) fn table(&self) -> String {
		let mut lines = vec!["# Ingest of a gateway".to_owned(), String::new()];
		lines.extend(self.machine());
		lines.extend(["", "## Readings per second", ""].map(str::to_owned));
		lines.extend(self.rates());
		if !self.connected.is_empty() {
			lines.extend(["", "## Many devices, a reading in every window", ""].map(str::to_owned));
			lines.extend(self.crowds());
		}
		lines.extend(["", "## Memory", ""].map(str::to_owned));
		lines.extend(self.memory());
		lines.extend(self.failures());
		lines.iter().map(|line| format!("{line}\n")).collect()
	}

	fn machine(&self) -> Vec<String> {
		let Control { signatures, written, commits, commit_waits } = self.control;
		let Options { senders, seconds, .. } = self.options;
		let mut lines = vec![
			format!("Machine: {}.", processors::described()),
			format!("Stores on {}; {} open files.", self.file_system, self.open_files),
			format!(
				"Alone: {} checks of an ed25519 signature a second on one processor; {} commits of {} KiB \
				 a second, half of them within {} ms, 99 of 100 within {} ms.",
				number(signatures),
				number(commits),
				written >> 10,
				number(commit_waits.p50_millis),
				number(commit_waits.p99_millis),
			),
			format!(
				"{senders} devices send readings of 4 channels, signed before; each line {seconds} s. \
				 Processors: how many each program kept busy."
			),
		];
		if IN_MEMORY.contains(&self.file_system.as_str()) {
			lines.push(
				"These stores are in memory: nothing here is durable. Set TMPDIR.".to_owned(),
			);
		}
		lines
	}

	fn rates(&self) -> Vec<String> {
		let head = [
			"by",
			"readings each",
			"connections",
			"readings/s",
			"≥ 20,000",
			"p50, ms",
			"p99, ms",
			"gateway",
			"µs a reading",
			"× signature",
			"commit, ms",
			"readings a commit",
			"bench",
			"broker",
			"node",
			"machine busy, %",
			"gateway after, MiB",
			"not stored",
		];
		let mut lines = vec![line(&head), rule(head.len())];
		for measured in &self.measured {
			let Measured { acknowledged, processors, counters, .. } = measured;
			let rate = number(acknowledged.per_second);
			let early = match (measured.ran_out, acknowledged.per_second > 0.0) {
				(true, true) => format!("{rate}, ran out"),
				(true, false) => "not measured: raise --rate".to_owned(),
				(false, _) => rate,
			};
			lines.push(line(&[
				measured.transport.to_owned(),
				measured.batch.to_string(),
				measured.connections.to_string(),
				early,
				target(measured).to_owned(),
				number(acknowledged.waits.p50_millis),
				number(acknowledged.waits.p99_millis),
				number(processors.gateway),
				number(measured.micros()),
				number(measured.signatures(&self.control)),
				number(counters.commit_millis()),
				number(counters.commit_readings()),
				number(processors.bench),
				number(processors.broker),
				number(processors.node),
				number(processors.busy * 1e2),
				mebibytes(measured.resident_bytes),
				measured.refused.to_string(),
			]));
		}
		lines
	}

	fn crowds(&self) -> Vec<String> {
		let head = [
			"by",
			"devices",
			"connected in, s",
			"windows",
			"readings",
			"readings/s",
			"p50, ms",
			"p99, ms",
			"gateway, MiB",
			"broker, MiB",
			"gateway",
			"bench",
			"broker",
			"node",
			"machine busy, %",
			"busy answers",
			"failed",
			"windows sealed",
			"attested",
		];
		let mut lines = vec![line(&head), rule(head.len())];
		for crowd in &self.connected {
			let Connected { acknowledged, processors, counters, .. } = crowd;
			lines.push(line(&[
				crowd.transport.to_owned(),
				crowd.devices.to_string(),
				number(crowd.connect_seconds),
				crowd.windows.to_string(),
				acknowledged.readings.to_string(),
				number(acknowledged.per_second),
				number(acknowledged.waits.p50_millis),
				number(acknowledged.waits.p99_millis),
				mebibytes(crowd.gateway_bytes),
				mebibytes(crowd.broker_bytes),
				number(processors.gateway),
				number(processors.bench),
				number(processors.broker),
				number(processors.node),
				number(processors.busy * 1e2),
				crowd.busy.to_string(),
				crowd.failed.to_string(),
				number(counters.sealed),
				number(counters.attested),
			]));
		}
		lines
	}

	fn memory(&self) -> Vec<String> {
		let head = ["stage", "gateway, MiB", "broker, MiB"];
		let mut lines = vec![line(&head), rule(head.len())];
		let stages = self.memory.iter().map(|memory| {
			let Memory { stage, gateway_bytes, broker_bytes } = memory;
			line(&[stage.clone(), mebibytes(*gateway_bytes), mebibytes(*broker_bytes)])
		});
		lines.extend(stages);
		let connected = self.connected.iter().map(|crowd| {
			let stage = format!("{} devices connected by {}", crowd.devices, crowd.transport);
			line(&[stage, mebibytes(crowd.gateway_bytes), mebibytes(crowd.broker_bytes)])
		});
		lines.extend(connected);
		lines
	}

	/// What went wrong.
	fn failures(&self) -> Vec<String> {
		let refused =
			self.measured.iter().filter(|measured| measured.refused > 0).map(|measured| {
				let Measured { transport, batch, refused, first_refusal, .. } = measured;
				let cause = first_refusal.as_deref().unwrap_or_default();
				format!("{transport}, {batch} each: {refused} readings are not stored: {cause}")
			});
		let failed = self.connected.iter().filter_map(|crowd| {
			let cause = crowd.first_failure.as_ref()?;
			Some(format!(
				"{}, {} devices: the first failure: {cause}",
				crowd.transport, crowd.devices
			))
		});
		let failures = refused.chain(failed).collect::<Vec<_>>();
		let gap = (!failures.is_empty()).then(String::new);
		gap.into_iter().chain(failures).collect()
	}
}

/// Whether a measurement meets the target; `None` for single readings, which it is not about.
fn meets(measured: &Measured) -> Option<bool> {
	let rate = measured.acknowledged.per_second;
	// What ran out while warming up was not measured.
	(measured.batch > 1 && rate > 0.0).then_some(rate >= TARGET)
}

fn target(measured: &Measured) -> &'static str {
	match meets(measured) {
		Some(true) => "met",
		Some(false) => "missed",
		None => "",
	}
}

/// Large numbers whole, small ones to two places.
fn number(value: f64) -> String {
	if value.abs() < 100.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

fn mebibytes(bytes: u64) -> String {
	number(bytes as f64 / f64::from(1 << 20))
}

fn line(cells: &[impl AsRef<str>]) -> String {
	let cells = cells.iter().map(AsRef::as_ref).collect::<Vec<&str>>();
	format!("| {} |", cells.join(" | "))
}

fn rule(columns: usize) -> String {
	format!("|{}", "---|".repeat(columns))
}
