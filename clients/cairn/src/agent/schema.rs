//! What a host reports: the host schema, and its records.

use cairn_formats::{Decimal, Measure, Record, RecordUnit, Value};
use cairn_types::{Channel, ChannelKind, Quantity, Schema, Unit};
use sp_core::bounded::BoundedVec;

use super::host::{HostReading, Measure as HostMeasure};

/// Name of the channel, and of the record, by which a scrape says whether it was answered.
pub const SCRAPE_UP: &str = "scrape-up";

/// A channel of the host schema.
struct HostChannel {
	name: &'static str,
	measure: HostMeasure,
	quantity: Quantity,
	unit: Unit,
	scale: i8,
	kind: ChannelKind,
	min: i64,
	max: i64,
}

const fn channel(
	name: &'static str,
	measure: HostMeasure,
	quantity: Quantity,
	unit: Unit,
	kind: ChannelKind,
) -> HostChannel {
	HostChannel { name, measure, quantity, unit, scale: 0, kind, min: 0, max: i64::MAX }
}

/// Everything that the agent reads of a host, in the host schema's order.
const HOST_CHANNELS: [HostChannel; 11] = {
	use ChannelKind::{Counter, Gauge};
	use Quantity::{Dimensionless, Duration, Information, Load, Temperature};
	[
		channel("cpu-time", HostMeasure::CpuTime, Duration, Unit::Millisecond, Counter),
		HostChannel { scale: -2, ..channel("load1", HostMeasure::Load1, Load, Unit::One, Gauge) },
		channel("memory-used", HostMeasure::MemoryUsed, Information, Unit::Byte, Gauge),
		channel("memory-total", HostMeasure::MemoryTotal, Information, Unit::Byte, Gauge),
		channel("disk-read", HostMeasure::DiskRead, Information, Unit::Byte, Counter),
		channel("disk-written", HostMeasure::DiskWritten, Information, Unit::Byte, Counter),
		channel("net-received", HostMeasure::NetReceived, Information, Unit::Byte, Counter),
		channel("net-sent", HostMeasure::NetSent, Information, Unit::Byte, Counter),
		HostChannel {
			scale: -1,
			min: -1_000,
			max: 2_000,
			..channel("temperature", HostMeasure::Temperature, Temperature, Unit::Celsius, Gauge)
		},
		channel("uptime", HostMeasure::Uptime, Duration, Unit::Second, Counter),
		HostChannel {
			max: 1,
			..channel(SCRAPE_UP, HostMeasure::ScrapeUp, Dimensionless, Unit::One, Gauge)
		},
	]
};

/// The schema that `cairn schema publish --host` publishes and that any Linux host can fill.
#[must_use]
pub fn host_schema() -> Schema {
	let channels = HOST_CHANNELS.iter().map(|host| Channel {
		name: BoundedVec::truncate_from(host.name.as_bytes().to_vec()),
		quantity: host.quantity,
		unit: host.unit,
		scale: host.scale,
		kind: host.kind,
		min: host.min,
		max: host.max,
		max_change: None,
	});
	Schema {
		name: BoundedVec::truncate_from(b"host".to_vec()),
		version: 1,
		channels: BoundedVec::truncate_from(channels.collect()),
	}
}

/// What was read of a host as records, named as the host schema's channels are.
#[must_use]
pub fn host_records(reading: &HostReading) -> Vec<Record> {
	let record = |host: &HostChannel| {
		let value = reading.get(host.measure)?;
		Some(Record {
			name: host.name.to_owned(),
			time: None,
			measure: Measure::Value,
			unit: Some(RecordUnit::Known(host.unit)),
			value: Value::Number(value),
		})
	};
	HOST_CHANNELS.iter().filter_map(record).collect()
}

/// The record by which a scrape says whether it was answered: 1 or 0.
#[must_use]
pub fn scrape_up(is_up: bool) -> Record {
	Record {
		name: SCRAPE_UP.to_owned(),
		time: None,
		measure: Measure::Value,
		unit: Some(RecordUnit::Known(Unit::One)),
		value: Value::Number(Decimal::from(u64::from(is_up))),
	}
}

/// What a host's record of this name measures; `None` if there is none.
#[must_use]
pub fn host_quantity(name: &[u8]) -> Option<Quantity> {
	let host = HOST_CHANNELS.iter().find(|host| host.name.as_bytes() == name);
	host.filter(|host| host.measure != HostMeasure::ScrapeUp).map(|host| host.quantity)
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::collections::BTreeSet;

	#[test]
	fn the_host_schema_can_be_published_and_metered() {
		let schema = host_schema();
		assert_eq!(schema.check(), Ok(()));
		assert_eq!(schema.counters(), 6);
	}

	#[test]
	fn records_are_named_as_the_channels_are() {
		let mut reading = HostReading::default();
		reading.set(HostMeasure::Uptime, 5u64);
		reading.set(HostMeasure::CpuTime, 123_456u64);
		let records = host_records(&reading);
		let names = records.iter().map(|record| record.name.as_str()).collect::<Vec<_>>();
		assert_eq!(names, ["cpu-time", "uptime"]);
		assert_eq!(records[0].unit, Some(RecordUnit::Known(Unit::Millisecond)));
		assert_eq!(records[0].value, Value::Number(Decimal::from(123_456u64)));
	}

	#[test]
	fn every_channel_is_a_hosts_or_a_scrapes() {
		let schema = host_schema();
		let others = schema.channels.iter();
		let others = others.filter(|channel| host_quantity(&channel.name).is_none());
		let others = others.map(|channel| channel.name.to_vec()).collect::<BTreeSet<_>>();
		assert_eq!(others, BTreeSet::from([scrape_up(true).name.into_bytes()]));
		for channel in &schema.channels {
			assert!(host_quantity(&channel.name).is_none_or(|it| it == channel.quantity));
		}
	}
}
