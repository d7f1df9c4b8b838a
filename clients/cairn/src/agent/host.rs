//! This machine's hardware.

use std::{
	collections::{BTreeMap, BTreeSet},
	ffi::OsStr,
};

use procfs::{CurrentSI, KernelStats};
use sysinfo::{Components, Disks, Networks, System};

use super::error::Error;

/// Decimal places that floating-point sources are read with.
const PLACES: i8 = -6;

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
	/// 1 if the metrics could be scraped, 0 if not; nothing without a scrape.
	ScrapeUp,
}

/// A measured number: `mantissa` × 10^`exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
	mantissa: i128,
	exponent: i8,
}

impl Measured {
	/// A whole number.
	#[must_use]
	pub fn whole(value: impl Into<i128>) -> Self {
		Self { mantissa: value.into(), exponent: 0 }
	}

	/// A floating-point number, to six places; `None` if it is no number or too large.
	#[must_use]
	pub fn from_float(value: f64) -> Option<Self> {
		let scaled = (value * 1e6).round();
		// Far inside an i128; what the cast cuts off is below the sixth place.
		(scaled.abs() < 1e30).then_some(Self { mantissa: scaled as i128, exponent: PLACES })
	}

	/// The number in units of 10^`scale`, rounded half away from zero; `None` if that does not fit.
	#[must_use]
	pub fn at_scale(self, scale: i8) -> Option<i64> {
		let shift = i16::from(self.exponent) - i16::from(scale);
		let factor = 10i128.checked_pow(u32::from(shift.unsigned_abs()))?;
		let value = if shift >= 0 {
			self.mantissa.checked_mul(factor)?
		} else {
			let half = factor / 2 * self.mantissa.signum();
			self.mantissa.checked_add(half)? / factor
		};
		i64::try_from(value).ok()
	}
}

/// One reading of a host; what could not be read is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostReading(BTreeMap<Measure, Measured>);

impl HostReading {
	/// What was measured.
	#[must_use]
	pub fn get(&self, measure: Measure) -> Option<Measured> {
		self.0.get(&measure).copied()
	}

	/// Note a measurement.
	pub fn set(&mut self, measure: Measure, value: Measured) {
		self.0.insert(measure, value);
	}

	fn set_some(&mut self, measure: Measure, value: Option<Measured>) {
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
		let load = load.and_then(|load| Measured::from_float(load.one));
		reading.set_some(Measure::Load1, load);
		self.system.refresh_memory();
		reading.set(Measure::MemoryUsed, Measured::whole(self.system.used_memory()));
		reading.set(Measure::MemoryTotal, Measured::whole(self.system.total_memory()));
		self.read_disks(&mut reading);
		self.read_networks(&mut reading);
		self.components.refresh(false);
		let hottest = self.components.iter().filter_map(sysinfo::Component::temperature);
		let hottest = hottest.filter(|value| value.is_finite()).reduce(f32::max);
		let hottest = hottest.and_then(|value| Measured::from_float(f64::from(value)));
		reading.set_some(Measure::Temperature, hottest);
		reading.set_some(Measure::Uptime, System::uptime().ok().map(Measured::whole));
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
		reading.set(Measure::DiskRead, Measured::whole(read));
		reading.set(Measure::DiskWritten, Measured::whole(written));
	}

	/// Bytes of every interface but the loopback.
	fn read_networks(&mut self, reading: &mut HostReading) {
		self.networks.refresh(false);
		let (mut received, mut sent) = (0u64, 0u64);
		for (_, data) in self.networks.iter().filter(|(name, _)| name.as_os_str() != "lo") {
			received = received.saturating_add(data.total_received());
			sent = sent.saturating_add(data.total_transmitted());
		}
		reading.set(Measure::NetReceived, Measured::whole(received));
		reading.set(Measure::NetSent, Measured::whole(sent));
	}
}

/// ms that processors did not idle, since the machine started.
fn cpu_time() -> Option<Measured> {
	let total = KernelStats::current().ok()?.total;
	let parts = [
		Some(total.user_ms()),
		Some(total.nice_ms()),
		Some(total.system_ms()),
		total.irq_ms(),
		total.softirq_ms(),
		total.steal_ms(),
	];
	Some(Measured::whole(parts.into_iter().flatten().fold(0u64, u64::saturating_add)))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn works_when_numbers_are_scaled() {
		for (value, scale, expected) in [
			(Measured::whole(1_499), 3, Some(1)),
			(Measured::whole(1_500), 3, Some(2)),
			(Measured::whole(-1_500), 3, Some(-2)),
			(Measured::whole(7), -2, Some(700)),
			(Measured::whole(u64::MAX), 0, None),
			(Measured::whole(u64::MAX), 1, Some(1_844_674_407_370_955_162)),
			(Measured::whole(1), -38, None),
		] {
			assert_eq!(value.at_scale(scale), expected, "{value:?} at {scale}");
		}
		let float = |value| Measured::from_float(value).and_then(|value| value.at_scale(-1));
		assert_eq!(
			[float(41.25), float(-0.04), float(1e12)],
			[Some(413), Some(0), Some(10i64.pow(13))]
		);
		assert_eq!([float(f64::NAN), float(f64::INFINITY), float(1e300)], [None; 3]);
	}

	#[test]
	fn works_when_this_machine_is_read_twice() {
		let mut host = Host::new().expect("a machine that can be read");
		let (first, second) = (host.read(), host.read());
		for measure in [Measure::CpuTime, Measure::Uptime, Measure::NetReceived, Measure::DiskRead]
		{
			let at =
				|reading: &HostReading| reading.get(measure).and_then(|value| value.at_scale(0));
			assert!(at(&first).is_some(), "{measure:?}");
			assert!(at(&first) <= at(&second), "{measure:?}");
		}
		let used = first.get(Measure::MemoryUsed).and_then(|value| value.at_scale(0));
		let total = first.get(Measure::MemoryTotal).and_then(|value| value.at_scale(0));
		assert!(used > Some(0) && used <= total);
	}
}
