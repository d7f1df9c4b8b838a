//! This machine's hardware.

use std::{
	collections::{BTreeMap, BTreeSet},
	ffi::OsStr,
};

use cairn_formats::Decimal;
use procfs::{CurrentSI, KernelStats};
use sysinfo::{Components, Disks, Networks, System};

use super::error::Error;

/// What is measured of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
	/// Time that processors worked, ms.
	CpuTime,
	/// Runnable work, averaged over a minute.
	Load1,
	/// Memory in use, bytes.
	MemoryUsed,
	/// Memory, bytes.
	MemoryTotal,
	/// Bytes read from disks.
	DiskRead,
	/// Bytes written to disks.
	DiskWritten,
	/// Bytes received from the network.
	NetReceived,
	/// Bytes sent to the network.
	NetSent,
	/// The hottest sensor, °C.
	Temperature,
	/// Time since the machine started, s.
	Uptime,
	/// 1 if the metrics could be scraped, 0 if not. Not the host's: a scrape gives it.
	ScrapeUp,
}

/// One reading of a host; what could not be read is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostReading(BTreeMap<Measure, Decimal>);

impl HostReading {
	/// What was measured.
	#[must_use]
	pub fn get(&self, measure: Measure) -> Option<Decimal> {
		self.0.get(&measure).copied()
	}

	/// Note a measurement.
	pub fn set(&mut self, measure: Measure, value: impl Into<Decimal>) {
		self.0.insert(measure, value.into());
	}

	fn set_some(&mut self, measure: Measure, value: Option<Decimal>) {
		if let Some(value) = value {
			self.set(measure, value);
		}
	}
}

/// This machine.
pub struct Host {
	system: System,
	disks: Disks,
	networks: Networks,
	components: Components,
}

impl Host {
	/// Find out what there is to read.
	///
	/// # Errors
	/// [`Error::Host`] on a system that cannot be read.
	pub fn new() -> Result<Self, Error> {
		let failed = |cause: sysinfo::Error| Error::Host { cause: format!("{cause:?}") };
		Ok(Self {
			system: System::new().map_err(failed)?,
			disks: Disks::new_with_refreshed_list().map_err(failed)?,
			networks: Networks::new_with_refreshed_list().map_err(failed)?,
			components: Components::new_with_refreshed_list().map_err(failed)?,
		})
	}

	/// Read everything.
	pub fn read(&mut self) -> HostReading {
		let mut reading = HostReading::default();
		reading.set_some(Measure::CpuTime, cpu_time());
		let load = System::load_average().ok();
		let load = load.and_then(|load| Decimal::from_f64(load.one).ok());
		reading.set_some(Measure::Load1, load);
		self.system.refresh_memory();
		reading.set(Measure::MemoryUsed, self.system.used_memory());
		reading.set(Measure::MemoryTotal, self.system.total_memory());
		self.read_disks(&mut reading);
		self.read_networks(&mut reading);
		self.components.refresh(false);
		let hottest = self.components.iter().filter_map(sysinfo::Component::temperature);
		let hottest = hottest.filter(|value| value.is_finite()).reduce(f32::max);
		let hottest = hottest.and_then(|value| Decimal::from_f32(value).ok());
		reading.set_some(Measure::Temperature, hottest);
		reading.set_some(Measure::Uptime, System::uptime().ok().map(Decimal::from));
		reading
	}

	/// Bytes of each disk once, however often it is mounted.
	fn read_disks(&mut self, reading: &mut HostReading) {
		self.disks.refresh(false);
		let mut seen = BTreeSet::<&OsStr>::new();
		let (mut read, mut written) = (0u64, 0u64);
		for disk in self.disks.iter().filter(|disk| seen.insert(disk.name())) {
			let usage = disk.usage();
			read = read.saturating_add(usage.total_read_bytes);
			written = written.saturating_add(usage.total_written_bytes);
		}
		reading.set(Measure::DiskRead, read);
		reading.set(Measure::DiskWritten, written);
	}

	/// Bytes of every interface but the loopback.
	fn read_networks(&mut self, reading: &mut HostReading) {
		self.networks.refresh(false);
		let (mut received, mut sent) = (0u64, 0u64);
		for (_, data) in self.networks.iter().filter(|(name, _)| name.as_os_str() != "lo") {
			received = received.saturating_add(data.total_received());
			sent = sent.saturating_add(data.total_transmitted());
		}
		reading.set(Measure::NetReceived, received);
		reading.set(Measure::NetSent, sent);
	}
}

/// ms that processors did not idle, since the machine started.
fn cpu_time() -> Option<Decimal> {
	let total = KernelStats::current().ok()?.total;
	let parts = [
		Some(total.user_ms()),
		Some(total.nice_ms()),
		Some(total.system_ms()),
		total.irq_ms(),
		total.softirq_ms(),
		total.steal_ms(),
	];
	Some(Decimal::from(parts.into_iter().flatten().fold(0u64, u64::saturating_add)))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn works_when_this_machine_is_read_twice() {
		let mut host = Host::new().expect("a machine that can be read");
		let (first, second) = (host.read(), host.read());
		for measure in [Measure::CpuTime, Measure::Uptime, Measure::NetReceived, Measure::DiskRead]
		{
			let at = |reading: &HostReading| reading.get(measure).and_then(|value| value.floor(0));
			assert!(at(&first).is_some(), "{measure:?}");
			assert!(at(&first) <= at(&second), "{measure:?}");
		}
		let used = first.get(Measure::MemoryUsed).and_then(|value| value.floor(0));
		let total = first.get(Measure::MemoryTotal).and_then(|value| value.floor(0));
		assert!(used > Some(0) && used <= total);
	}
}
