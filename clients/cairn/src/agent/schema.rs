//! What a host reports: the host schema, and how any schema's channels are filled from it.

use cairn_types::{Channel, ChannelKind, Quantity, Schema, SchemaId, Unit, schema::Values};
use sp_core::bounded::BoundedVec;

use super::{
	error::Error,
	host::{HostReading, Measure, Measured},
	scrape::{Mapping, Metrics},
};

/// A channel of the host schema.
struct HostChannel {
	name: &'static str,
	measure: Measure,
	quantity: Quantity,
	unit: Unit,
	scale: i8,
	kind: ChannelKind,
	min: i64,
	max: i64,
}

const fn channel(
	name: &'static str,
	measure: Measure,
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
		channel("cpu-time", Measure::CpuTime, Duration, Unit::Millisecond, Counter),
		HostChannel { scale: -2, ..channel("load1", Measure::Load1, Load, Unit::One, Gauge) },
		channel("memory-used", Measure::MemoryUsed, Information, Unit::Byte, Gauge),
		channel("memory-total", Measure::MemoryTotal, Information, Unit::Byte, Gauge),
		channel("disk-read", Measure::DiskRead, Information, Unit::Byte, Counter),
		channel("disk-written", Measure::DiskWritten, Information, Unit::Byte, Counter),
		channel("net-received", Measure::NetReceived, Information, Unit::Byte, Counter),
		channel("net-sent", Measure::NetSent, Information, Unit::Byte, Counter),
		HostChannel {
			scale: -1,
			min: -1_000,
			max: 2_000,
			..channel("temperature", Measure::Temperature, Temperature, Unit::Celsius, Gauge)
		},
		channel("uptime", Measure::Uptime, Duration, Unit::Second, Counter),
		HostChannel {
			max: 1,
			..channel("scrape-up", Measure::ScrapeUp, Dimensionless, Unit::One, Gauge)
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

/// Where a channel's values come from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
	/// This machine.
	Host(Measure),
	/// A scraped metric, by index of the mapping.
	Metric(usize),
	/// Nothing fills it.
	Nothing,
}

/// How the channels of one schema are filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
	schema_id: SchemaId,
	scales: Vec<i8>,
	sources: Vec<Source>,
	mappings: Vec<Mapping>,
}

impl Plan {
	/// Fill `schema` by channel name: mappings first, then what the agent reads of a host.
	///
	/// # Errors
	/// If a mapping names no channel, a host's channel is in another unit, or nothing is filled.
	pub fn new(schema_id: SchemaId, schema: &Schema, mappings: &[Mapping]) -> Result<Self, Error> {
		for mapping in mappings {
			let known = |channel: &Channel| channel.name.as_slice() == mapping.channel.as_bytes();
			if !schema.channels.iter().any(known) {
				let channel = mapping.channel.clone();
				return Err(Error::UnknownChannel { channel, channels: names(schema) });
			}
		}
		let sources = schema.channels.iter().map(|channel| source(channel, mappings));
		let sources = sources.collect::<Result<Vec<_>, _>>()?;
		if sources.iter().all(|source| *source == Source::Nothing) {
			return Err(Error::NoChannel { channels: names(schema) });
		}
		Ok(Self {
			schema_id,
			scales: schema.channels.iter().map(|channel| channel.scale).collect(),
			sources,
			mappings: mappings.to_vec(),
		})
	}

	/// The schema that is filled.
	#[must_use]
	pub const fn schema_id(&self) -> SchemaId {
		self.schema_id
	}

	/// How many channels nothing fills.
	#[must_use]
	pub fn unfilled(&self) -> usize {
		self.sources.iter().filter(|source| **source == Source::Nothing).count()
	}

	/// One value, or none, per channel. Values that do not fit an `i64` are none.
	#[must_use]
	pub fn values(&self, host: &HostReading, metrics: Option<&Metrics>) -> Values {
		let values = self.sources.iter().zip(&self.scales).map(|(source, scale)| match source {
			Source::Host(measure) => host.get(*measure)?.at_scale(*scale),
			Source::Metric(index) => {
				let value = metrics?.value(self.mappings.get(*index)?)?;
				Measured::from_float(value)?.at_scale(*scale)
			},
			Source::Nothing => None,
		});
		Values::truncate_from(values.collect())
	}
}

fn source(channel: &Channel, mappings: &[Mapping]) -> Result<Source, Error> {
	let name = channel.name.as_slice();
	if let Some(index) = mappings.iter().position(|mapping| mapping.channel.as_bytes() == name) {
		return Ok(Source::Metric(index));
	}
	let Some(host) = HOST_CHANNELS.iter().find(|host| host.name.as_bytes() == name) else {
		return Ok(Source::Nothing);
	};
	if host.unit != channel.unit {
		return Err(Error::OtherUnit {
			channel: host.name.to_owned(),
			found: format!("{:?}", channel.unit),
			expected: format!("{:?}", host.unit),
		});
	}
	Ok(Source::Host(host.measure))
}

/// A schema's channels, for messages.
fn names(schema: &Schema) -> String {
	let names = schema.channels.iter().map(|channel| String::from_utf8_lossy(&channel.name));
	names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
	use super::*;

	const ID: SchemaId = SchemaId(1);

	fn reading() -> HostReading {
		let mut reading = HostReading::default();
		reading.set(Measure::CpuTime, Measured::whole(123_456));
		reading.set(Measure::Load1, Measured::from_float(1.257).expect("finite"));
		reading.set(Measure::MemoryUsed, Measured::whole(4_096));
		reading
	}

	#[test]
	fn the_host_schema_can_be_published_and_metered() {
		let schema = host_schema();
		assert_eq!(schema.check(), Ok(()));
		assert_eq!(schema.counters(), 6);
		let plan = Plan::new(ID, &schema, &[]).expect("every channel is filled");
		assert_eq!((plan.unfilled(), plan.schema_id()), (0, ID));
	}

	#[test]
	fn works_when_the_schema_is_the_hosts() {
		let plan = Plan::new(ID, &host_schema(), &[]).expect("a plan");
		let values = plan.values(&reading(), None);
		assert_eq!(values[..4], [Some(123_456), Some(126), Some(4_096), None]);
		assert_eq!(values.len(), 11);
	}

	#[test]
	fn works_when_a_schema_has_some_of_the_channels_at_another_scale() {
		let mut schema = host_schema();
		schema.channels.retain(|channel| {
			[b"load1".as_slice(), b"memory-used"].contains(&channel.name.as_slice())
		});
		schema.channels[1].scale = 3;
		let plan = Plan::new(ID, &schema, &[]).expect("a plan");
		assert_eq!(plan.values(&reading(), None).into_inner(), [Some(126), Some(4)]);
	}

	#[test]
	fn works_when_a_metric_fills_a_channel() {
		let mapping = "requests_total{code=\"200\"}=uptime".parse().expect("a mapping");
		let plan = Plan::new(ID, &host_schema(), &[mapping]).expect("a plan");
		let text = "# TYPE requests_total counter\nrequests_total{code=\"200\"} 5\n";
		let metrics = Metrics::parse(text).expect("parses");
		assert_eq!(plan.values(&reading(), Some(&metrics))[9], Some(5));
		assert_eq!(plan.values(&reading(), None)[9], None);
	}

	#[test]
	fn fails_when_channels_do_not_fit() {
		let mapping = "metric=nothing".parse().expect("a mapping");
		let unknown = Plan::new(ID, &host_schema(), &[mapping]);
		assert!(matches!(unknown, Err(Error::UnknownChannel { .. })));
		let mut schema = host_schema();
		schema.channels[0].unit = Unit::Second;
		assert!(matches!(Plan::new(ID, &schema, &[]), Err(Error::OtherUnit { .. })));
		schema.channels.retain(|channel| channel.name.as_slice() == b"uptime");
		schema.channels[0].name = BoundedVec::truncate_from(b"other".to_vec());
		assert!(matches!(Plan::new(ID, &schema, &[]), Err(Error::NoChannel { .. })));
	}
}
