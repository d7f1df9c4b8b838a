//! What a check has found, for people and for programs.

use std::{
	collections::BTreeMap,
	fmt::{self, Write},
};

use serde::Serialize;
use serde_json::{Value, json};

use super::{Explainer, Key, Known, Seen};
use crate::agent::{decimal, left::Left, plan::text};

/// What was found.
pub(super) struct Report<'a> {
	pub(super) explainer: &'a Explainer,
	pub(super) seconds: u64,
	pub(super) records: u64,
	pub(super) seen: BTreeMap<Key, Seen>,
	pub(super) trouble: BTreeMap<(usize, String), u64>,
	pub(super) more: u64,
}

impl Report<'_> {
	/// What fills a channel of a device.
	fn of_channel(&self, device: usize, channel: usize) -> impl Iterator<Item = (&Key, &Seen)> {
		let is_its = move |(key, _): &(&Key, &Seen)| {
			key.channel == Some((device, channel)) && key.left.is_none()
		};
		self.seen.iter().filter(is_its)
	}

	/// What is left over, with the reason.
	fn left(&self) -> impl Iterator<Item = (&Key, &Seen, Left)> {
		self.seen.iter().filter_map(|(key, seen)| Some((key, seen, key.left?)))
	}

	/// Device and channel of a key, for messages.
	fn target(&self, key: &Key) -> Option<(&str, String)> {
		let (device, channel) = key.channel?;
		let known = self.explainer.devices.get(device)?;
		Some((known.name.as_str(), text(known.plan.schema().channels.get(channel)?)))
	}

	/// Source, topic and name of a record.
	fn origin(&self, key: &Key) -> String {
		let source = self.explainer.source(key.source);
		match &key.topic {
			Some(topic) => format!("{source} {topic} {}", key.record),
			None => format!("{source} {}", key.record),
		}
	}

	fn device(&self, place: usize, known: &Known) -> Value {
		let channels = known.plan.schema().channels.iter().enumerate().map(|(index, channel)| {
			let from = self.of_channel(place, index).map(|(key, seen)| {
				json!({
					"source": self.explainer.source(key.source),
					"topic": key.topic,
					"record": key.record,
					"given": seen.given,
					"value": seen.value,
					"shown": seen.value.map(|value| decimal(value, channel.scale)),
					"count": seen.count,
				})
			});
			json!({
				"channel": text(channel),
				"unit": channel.unit,
				"scale": channel.scale,
				"from": from.collect::<Vec<_>>(),
			})
		});
		json!({
			"device": known.name,
			"schema": known.plan.schema_id(),
			"channels": channels.collect::<Vec<_>>(),
		})
	}

	fn write_device(&self, out: &mut impl Write, place: usize, known: &Known) -> fmt::Result {
		writeln!(out, "{} (schema {})", known.name, known.plan.schema_id())?;
		for (index, channel) in known.plan.schema().channels.iter().enumerate() {
			let (name, unit) = (text(channel), channel.unit.symbol());
			let mut is_filled = false;
			for (key, seen) in self.of_channel(place, index) {
				let value = seen.value.map_or_else(String::new, |it| decimal(it, channel.scale));
				let (origin, given) = (self.origin(key), &seen.given);
				writeln!(
					out,
					"  {name:<18} {value:>14} {unit:<6} from {origin} = {given}{}",
					times(seen.count)
				)?;
				is_filled = true;
			}
			if !is_filled {
				writeln!(out, "  {name:<18} {:>14} {unit:<6} nothing came for it", "-")?;
			}
		}
		Ok(())
	}
}

/// How often, if more than once.
fn times(count: u64) -> String {
	if count > 1 { format!(" ({count} times)") } else { String::new() }
}

impl fmt::Display for Report<'_> {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		writeln!(f, "{} records in {} s", self.records, self.seconds)?;
		for (place, known) in self.explainer.devices.iter().enumerate() {
			self.write_device(f, place, known)?;
		}
		let mut left = self.left().peekable();
		if left.peek().is_some() {
			writeln!(f, "left over")?;
		}
		for (key, seen, reason) in left {
			let (origin, count) = (self.origin(key), times(seen.count));
			let target = self.target(key);
			let target = target.map(|(device, channel)| format!(" for {device} {channel}"));
			let target = target.unwrap_or_default();
			writeln!(f, "  {origin} = {}{target}{count}: {reason}", seen.given)?;
		}
		if !self.trouble.is_empty() {
			writeln!(f, "trouble")?;
		}
		for ((source, what), count) in &self.trouble {
			writeln!(f, "  {}: {what}{}", self.explainer.source(*source), times(*count))?;
		}
		if self.more > 0 {
			writeln!(f, "and {} more that are not shown", self.more)?;
		}
		Ok(())
	}
}

impl Serialize for Report<'_> {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let devices = self.explainer.devices.iter().enumerate();
		let devices = devices.map(|(place, known)| self.device(place, known));
		let left = self.left().map(|(key, seen, reason)| {
			let (device, channel) = self.target(key).unzip();
			json!({
				"source": self.explainer.source(key.source),
				"topic": key.topic,
				"record": key.record,
				"given": seen.given,
				"device": device,
				"channel": channel,
				"code": reason.code(),
				"cause": reason.cause(),
				"remedy": reason.remedy(),
				"count": seen.count,
			})
		});
		let trouble = self.trouble.iter().map(|((source, what), count)| {
			json!({ "source": self.explainer.source(*source), "what": what, "count": count })
		});
		let document = json!({
			"seconds": self.seconds,
			"records": self.records,
			"devices": devices.collect::<Vec<_>>(),
			"left": left.collect::<Vec<_>>(),
			"trouble": trouble.collect::<Vec<_>>(),
			"more": self.more,
		});
		document.serialize(serializer)
	}
}
