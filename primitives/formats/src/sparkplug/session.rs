//! What a node's births said, and where its messages are.

use alloc::{
	borrow::ToOwned,
	collections::{BTreeMap, btree_map::Entry},
	format,
	string::String,
	vec::Vec,
};

use super::{
	payload::{self, Metric, MetricValue, Payload},
	topic::{Kind, Topic},
	value::value_of,
};
use crate::{Cause, FormatError, Limits, Measure, Record, RecordUnit, work};

/// The metric that ties a node's birth to its death.
const DEATH_SEQUENCE: &str = "bdSeq";
/// The property by which controllers state a unit.
const UNIT: &str = "engUnit";

/// The state of one edge node. Memory is bounded by [`Limits::records`] devices, and as many metrics
/// over all of them, with names of [`Limits::name`] bytes.
#[derive(Clone, Debug)]
pub struct Session {
	group: String,
	node: String,
	limits: Limits,
	birth: Option<Birth>,
}

/// What the newest birth began.
#[derive(Clone, Debug, Default)]
struct Birth {
	/// The number that the node's death will carry.
	death_sequence: Option<u64>,
	/// The number of the next message.
	next: u8,
	/// Metrics of the node (no device), and of each device.
	owners: BTreeMap<Option<String>, Owner>,
	/// Aliases, which are the node's: each belongs to one owner.
	aliases: BTreeMap<u64, (Option<String>, String)>,
	/// Metrics of all owners.
	count: usize,
}

#[derive(Clone, Debug, Default)]
struct Owner {
	metrics: BTreeMap<String, Definition>,
	aliases: Vec<u64>,
}

/// What a birth says of a metric.
#[derive(Clone, Debug)]
struct Definition {
	datatype: u32,
	unit: Option<RecordUnit>,
}

impl Session {
	/// A node of which nothing is known: data needs a birth.
	#[must_use]
	pub fn new(group: &str, node: &str, limits: Limits) -> Self {
		Self { group: group.to_owned(), node: node.to_owned(), limits, birth: None }
	}

	/// Whether a birth is in force.
	#[must_use]
	pub const fn is_born(&self) -> bool {
		self.birth.is_some()
	}

	/// Whether a device's birth is in force.
	#[must_use]
	pub fn is_device_born(&self, device: &str) -> bool {
		let owner = Some(device.to_owned());
		self.birth.as_ref().is_some_and(|birth| birth.owners.contains_key(&owner))
	}

	/// How many metrics are known, over all devices.
	#[must_use]
	pub fn metric_count(&self) -> usize {
		self.birth.as_ref().map_or(0, |birth| birth.count)
	}

	/// How many devices' births are in force.
	#[must_use]
	pub fn device_count(&self) -> usize {
		let owners = self.birth.as_ref().map_or(0, |birth| birth.owners.len());
		// One of them is the node itself.
		owners.saturating_sub(1)
	}

	/// Take a message, and give its values as records named group/node/metric or
	/// group/node/device/metric. Metrics that are null, of bad quality, not finite, or no single
	/// value give none.
	///
	/// - `received`: milliseconds since the Unix epoch, for where neither metric nor message has a
	///   time.
	///
	/// Linear in the message, but for a look-up by name or alias per metric.
	///
	/// # Errors
	/// The first [`Cause`] met, with the number of its metric from 1, or 0 for the message: sizes
	/// and types (1 to 13), and causes 110 to 118. Of those, [`Cause::needs_rebirth`] says when to
	/// ask for a birth. A missing message ends the births in force. A birth whose metrics are
	/// refused ends what it would have replaced: all, or a device's. Any other refusal changes
	/// nothing but the sequence.
	pub fn handle(
		&mut self,
		topic: &Topic<'_>,
		message: &[u8],
		received: u64,
	) -> Result<Vec<Record>, FormatError> {
		let whole = |cause: Cause| cause.at(0);
		if topic.group != self.group || topic.node != self.node {
			return Err(Cause::BadTopic.at(0));
		}
		if matches!(topic.kind, Kind::NodeCommand | Kind::DeviceCommand) {
			return Err(Cause::NotData.at(0));
		}
		self.limits.check_size(message)?;
		let payload = payload::decode(message, &self.limits).map_err(whole)?;
		if topic.kind == Kind::NodeDeath {
			return self.end(&payload).map(|()| Vec::new()).map_err(whole);
		}
		if topic.kind == Kind::NodeBirth {
			self.begin(&payload)?;
		} else {
			self.advance(payload.seq).map_err(whole)?;
		}
		let limits = self.limits;
		let birth = self.birth.as_mut().ok_or(Cause::NeedsBirth.at(0))?;
		match topic.kind {
			Kind::DeviceBirth => birth.define(topic.device, &payload.metrics, &limits)?,
			Kind::DeviceDeath => {
				birth.remove(topic.device);
				return Ok(Vec::new());
			},
			_ => {},
		}
		birth.records(topic, &payload, received, &limits)
	}

	/// NBIRTH: forget all, and begin anew.
	fn begin(&mut self, payload: &Payload) -> Result<(), FormatError> {
		self.birth = None;
		let sequence = sequence(payload.seq).map_err(|cause| cause.at(0))?;
		let mut birth = Birth {
			death_sequence: death_sequence(&payload.metrics),
			next: sequence.wrapping_add(1),
			..Birth::default()
		};
		birth.define(None, &payload.metrics, &self.limits)?;
		self.birth = Some(birth);
		Ok(())
	}

	/// NDEATH: forget all, unless a newer birth has come.
	fn end(&mut self, payload: &Payload) -> Result<(), Cause> {
		let birth = self.birth.as_ref().ok_or(Cause::StaleDeath)?;
		if let (Some(born), Some(died)) = (birth.death_sequence, death_sequence(&payload.metrics))
			&& born != died
		{
			return Err(Cause::StaleDeath);
		}
		self.birth = None;
		Ok(())
	}

	/// Check that no message is missing.
	fn advance(&mut self, stated: Option<u64>) -> Result<(), Cause> {
		let birth = self.birth.as_mut().ok_or(Cause::NeedsBirth)?;
		let sequence = sequence(stated)?;
		let is_next = sequence == birth.next;
		birth.next = sequence.wrapping_add(1);
		if !is_next {
			self.birth = None;
			return Err(Cause::SequenceGap);
		}
		Ok(())
	}
}

impl Birth {
	/// Take over what a birth says of its metrics.
	fn define(
		&mut self,
		device: Option<&str>,
		metrics: &[Metric],
		limits: &Limits,
	) -> Result<(), FormatError> {
		self.remove(device);
		limits.check_name(device.unwrap_or_default()).map_err(|cause| cause.at(0))?;
		// The node itself is one of the owners.
		if self.owners.len() > limits.records {
			return Err(Cause::TooManyMetrics.at(0));
		}
		self.owners.insert(device.map(ToOwned::to_owned), Owner::default());
		for (index, metric) in metrics.iter().enumerate() {
			if let Err(cause) = self.define_metric(device, metric, limits) {
				self.remove(device);
				return Err(cause.at(index.saturating_add(1)));
			}
		}
		Ok(())
	}

	fn define_metric(
		&mut self,
		device: Option<&str>,
		metric: &Metric,
		limits: &Limits,
	) -> Result<(), Cause> {
		let name = metric.name.as_deref().filter(|name| !name.is_empty()).ok_or(Cause::BadName)?;
		limits.check_name(name)?;
		work::add(name.len());
		let key = device.map(ToOwned::to_owned);
		let owner = self.owners.entry(key.clone()).or_default();
		let unit = metric.properties.as_ref().and_then(|properties| properties.get(UNIT));
		let unit = unit.and_then(|unit| unit.string_value.as_deref());
		let definition = Definition {
			datatype: metric.datatype.unwrap_or(0),
			unit: unit.and_then(RecordUnit::from_word),
		};
		if owner.metrics.insert(name.to_owned(), definition).is_none() {
			self.count = self.count.saturating_add(1);
		}
		if self.count > limits.records {
			return Err(Cause::TooManyMetrics);
		}
		if let Some(alias) = metric.alias {
			match self.aliases.entry(alias) {
				Entry::Vacant(place) => place.insert((key, name.to_owned())),
				Entry::Occupied(_) => return Err(Cause::AliasConflict),
			};
			owner.aliases.push(alias);
		}
		Ok(())
	}

	/// Forget the metrics of a device, or of the node itself.
	fn remove(&mut self, device: Option<&str>) {
		let Some(owner) = self.owners.remove(&device.map(ToOwned::to_owned)) else { return };
		self.count = self.count.saturating_sub(owner.metrics.len());
		for alias in owner.aliases {
			self.aliases.remove(&alias);
		}
	}

	fn records(
		&self,
		topic: &Topic<'_>,
		payload: &Payload,
		received: u64,
		limits: &Limits,
	) -> Result<Vec<Record>, FormatError> {
		let key = topic.device.map(ToOwned::to_owned);
		let owner = self.owners.get(&key).ok_or(Cause::NeedsBirth.at(0))?;
		let prefix = match topic.device {
			Some(device) => format!("{}/{}/{device}/", topic.group, topic.node),
			None => format!("{}/{}/", topic.group, topic.node),
		};
		let mut records = Vec::new();
		for (index, metric) in payload.metrics.iter().enumerate() {
			let at = |cause: Cause| cause.at(index.saturating_add(1));
			let name = self.name_of(&key, metric).map_err(at)?;
			let definition = owner.metrics.get(name).ok_or(Cause::UnknownMetric).map_err(at)?;
			let Some(value) = value_of(metric, definition.datatype).map_err(at)? else { continue };
			if topic.device.is_none() && name == DEATH_SEQUENCE {
				continue;
			}
			let length = prefix.len().saturating_add(name.len());
			work::add(length);
			if length > limits.name {
				return Err(at(Cause::NameTooLong));
			}
			let record = Record {
				name: format!("{prefix}{name}"),
				time: Some(metric.timestamp.or(payload.timestamp).unwrap_or(received)),
				measure: Measure::Value,
				unit: definition.unit.clone(),
				value,
			};
			limits.push(&mut records, record).map_err(at)?;
		}
		Ok(records)
	}

	/// A metric's name: its own, or that of its alias.
	fn name_of<'m>(&'m self, owner: &Option<String>, metric: &'m Metric) -> Result<&'m str, Cause> {
		if let Some(name) = metric.name.as_deref().filter(|name| !name.is_empty()) {
			return Ok(name);
		}
		let alias = metric.alias.ok_or(Cause::BadName)?;
		match self.aliases.get(&alias) {
			Some((held, name)) if held == owner => Ok(name),
			_ => Err(Cause::UnknownMetric),
		}
	}
}

/// The number that ties birth and death.
fn death_sequence(metrics: &[Metric]) -> Option<u64> {
	let metric = metrics.iter().find(|metric| metric.name.as_deref() == Some(DEATH_SEQUENCE))?;
	match metric.value.as_ref()? {
		MetricValue::Int(number) => Some(u64::from(*number)),
		MetricValue::Long(number) => Some(*number),
		_ => None,
	}
}

fn sequence(stated: Option<u64>) -> Result<u8, Cause> {
	stated.and_then(|number| u8::try_from(number).ok()).ok_or(Cause::NoSequence)
}
