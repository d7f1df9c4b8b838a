//! The protobuf messages of Sparkplug B, as far as measurements need them. Fields that are not here
//! are skipped. Names and numbers are those of `sparkplug_b.proto` (Sparkplug 3.0.0 §6.4.1).

use alloc::{string::String, vec::Vec};

use prost::Message;

use crate::{Cause, Limits, work};

/// Number of the payload's field of metrics.
const METRICS: u64 = 2;
// Wire types of protobuf.
const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const DELIMITED: u64 = 2;
const FIXED32: u64 = 5;

/// A message.
#[derive(Clone, PartialEq, Message)]
pub struct Payload {
	/// When it was sent: milliseconds since the Unix epoch.
	#[prost(uint64, optional, tag = "1")]
	pub timestamp: Option<u64>,
	/// What it says.
	#[prost(message, repeated, tag = "2")]
	pub metrics: Vec<Metric>,
	/// Its place among the node's messages, 0 to 255.
	#[prost(uint64, optional, tag = "3")]
	pub seq: Option<u64>,
}

/// One metric.
#[derive(Clone, PartialEq, Message)]
pub struct Metric {
	/// Its name: in births always, later if it has no alias.
	#[prost(string, optional, tag = "1")]
	pub name: Option<String>,
	/// The number that stands for the name after the birth.
	#[prost(uint64, optional, tag = "2")]
	pub alias: Option<u64>,
	/// When it was measured: milliseconds since the Unix epoch.
	#[prost(uint64, optional, tag = "3")]
	pub timestamp: Option<u64>,
	/// Its type: an index of the specification's `DataType`.
	#[prost(uint32, optional, tag = "4")]
	pub datatype: Option<u32>,
	/// Whether it has no value.
	#[prost(bool, optional, tag = "7")]
	pub is_null: Option<bool>,
	/// Its properties.
	#[prost(message, optional, tag = "9")]
	pub properties: Option<PropertySet>,
	/// Its value.
	#[prost(oneof = "MetricValue", tags = "10, 11, 12, 13, 14, 15, 16")]
	pub value: Option<MetricValue>,
}

/// A metric's value. Data sets and templates are not read.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum MetricValue {
	/// An integer of at most 32 bits, in two's complement if its type has a sign.
	#[prost(uint32, tag = "10")]
	Int(u32),
	/// An integer of at most 64 bits.
	#[prost(uint64, tag = "11")]
	Long(u64),
	/// A single.
	#[prost(float, tag = "12")]
	Float(f32),
	/// A double.
	#[prost(double, tag = "13")]
	Double(f64),
	/// A boolean.
	#[prost(bool, tag = "14")]
	Boolean(bool),
	/// A text.
	#[prost(string, tag = "15")]
	Text(String),
	/// Bytes, or a file.
	#[prost(bytes = "vec", tag = "16")]
	Bytes(Vec<u8>),
}

/// Properties: keys and values in the same order.
#[derive(Clone, PartialEq, Message)]
pub struct PropertySet {
	/// Their names.
	#[prost(string, repeated, tag = "1")]
	pub keys: Vec<String>,
	/// What they say.
	#[prost(message, repeated, tag = "2")]
	pub values: Vec<PropertyValue>,
}

/// What a property says. Of those that are neither integer nor text the value is not read.
#[derive(Clone, PartialEq, Message)]
pub struct PropertyValue {
	/// An integer.
	#[prost(uint32, optional, tag = "3")]
	pub int_value: Option<u32>,
	/// A text.
	#[prost(string, optional, tag = "8")]
	pub string_value: Option<String>,
}

impl PropertySet {
	/// The value of a property.
	#[must_use]
	pub fn get(&self, key: &str) -> Option<&PropertyValue> {
		let found = self.keys.iter().zip(&self.values).find(|(name, _)| *name == key);
		found.map(|(_, value)| value)
	}
}

/// Read a message: metrics are counted before any is kept, so that empty ones cannot fill memory.
pub(super) fn decode(input: &[u8], limits: &Limits) -> Result<Payload, Cause> {
	if count_metrics(input)? > limits.records {
		return Err(Cause::TooManyRecords);
	}
	work::add(input.len());
	Payload::decode(input).map_err(|_| Cause::Malformed)
}

fn count_metrics(input: &[u8]) -> Result<usize, Cause> {
	let mut rest = input;
	let mut count = 0usize;
	while !rest.is_empty() {
		let (key, after) = varint(rest)?;
		let (length, after) = match key & 7 {
			VARINT => (0, varint(after)?.1),
			FIXED64 => (8, after),
			FIXED32 => (4, after),
			DELIMITED => varint(after)?,
			_ => return Err(Cause::Malformed),
		};
		let length = usize::try_from(length).map_err(|_| Cause::Truncated)?;
		rest = after.split_at_checked(length).ok_or(Cause::Truncated)?.1;
		work::add(length);
		count = count.saturating_add(usize::from(key >> 3 == METRICS));
	}
	Ok(count)
}

/// A varint of at most ten bytes, and what follows. Bits beyond 64 are dropped.
fn varint(input: &[u8]) -> Result<(u64, &[u8]), Cause> {
	let mut number = 0u64;
	let mut rest = input;
	for shift in (0..70).step_by(7) {
		let (byte, after) = rest.split_first().ok_or(Cause::Truncated)?;
		work::add(1);
		rest = after;
		number |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
		if byte & 0x80 == 0 {
			return Ok((number, rest));
		}
	}
	Err(Cause::Malformed)
}

/// The message that asks a node for a rebirth, to be published as NCMD (Sparkplug 3.0.0 §5.9).
///
/// - `now`: milliseconds since the Unix epoch.
#[must_use]
pub fn rebirth(now: u64) -> Vec<u8> {
	let metric = Metric {
		name: Some(String::from("Node Control/Rebirth")),
		timestamp: Some(now),
		datatype: Some(super::value::BOOLEAN),
		value: Some(MetricValue::Boolean(true)),
		..Metric::default()
	};
	Payload { timestamp: Some(now), metrics: Vec::from([metric]), seq: None }.encode_to_vec()
}
