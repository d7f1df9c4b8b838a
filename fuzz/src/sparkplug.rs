//! Messages of a Sparkplug node, in any order.

use std::{collections::BTreeSet, str};

use cairn_formats::{
	Cause, Limits,
	sparkplug::{Kind, NAMESPACE, Payload, Session, Topic},
};
use prost::Message;

use crate::records::{LIMITS, NOW, Read, linear, refused, written};

/// So few that an input can pass them.
const FEW: Limits = Limits { records: 6, ..LIMITS };

/// Messages, one behind the other: a topic, a line feed, the payload's length as two bytes (the low
/// one first), the payload. The session is that of node `n` in group `g`. Accepted if any message is.
///
/// # Panics
/// As [`crate::Target::run`] says; also if more is kept of a node than the limits allow, if a topic is
/// not the one that was read, or if a payload written anew means something else.
#[must_use]
pub fn sparkplug(input: &[u8]) -> bool {
	let mut session = Session::new("g", "n", FEW);
	let mut devices = BTreeSet::new();
	let mut is_accepted = false;
	let mut rest = input;
	while let Some((name, message, after)) = frame(rest) {
		rest = after;
		let Some(topic) = str::from_utf8(name).ok().and_then(topic) else { continue };
		devices.extend(topic.device.map(ToOwned::to_owned));
		is_accepted |= handle(&mut session, &topic, name.len(), message).is_ok();
		let born = devices.iter().filter(|device| session.is_device_born(device)).count();
		assert!(born <= FEW.records && session.metric_count() <= FEW.records);
		assert_eq!(session.device_count(), born);
		assert!(session.is_born() || (born == 0 && session.metric_count() == 0));
	}
	is_accepted
}

/// The next topic and payload, and what follows; the last payload may be shorter than it says.
fn frame(input: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
	let end = input.iter().position(|byte| *byte == b'\n')?;
	let (name, rest) = input.split_at(end);
	let (length, rest) = rest.split_first_chunk::<3>()?;
	let length = usize::from(u16::from_le_bytes([length[1], length[2]]));
	let (message, after) = rest.split_at(length.min(rest.len()));
	Some((name, message, after))
}

/// A topic, which is written as it was read.
fn topic(text: &str) -> Option<Topic<'_>> {
	let topic = Topic::parse(text).ok()?;
	let kind = match topic.kind {
		Kind::NodeBirth => "NBIRTH",
		Kind::NodeData => "NDATA",
		Kind::NodeDeath => "NDEATH",
		Kind::NodeCommand => "NCMD",
		Kind::DeviceBirth => "DBIRTH",
		Kind::DeviceData => "DDATA",
		Kind::DeviceDeath => "DDEATH",
		Kind::DeviceCommand => "DCMD",
	};
	let device = topic.device.map(|device| format!("/{device}")).unwrap_or_default();
	let written = format!("{NAMESPACE}/{}/{kind}/{}{device}", topic.group, topic.node);
	assert_eq!(written, text);
	Some(topic)
}

fn handle(session: &mut Session, topic: &Topic<'_>, name: usize, message: &[u8]) -> Read {
	let mut other = session.clone();
	let result = linear(message.len() + name, || session.handle(topic, message, NOW));
	match &result {
		Ok(records) => {
			assert!(records.len() <= FEW.records);
			assert!(records.iter().all(|record| record.name.len() <= FEW.name));
			written(records);
		},
		Err(error) => refused(message, *error),
	}
	match Payload::decode(message) {
		Ok(payload) => {
			let again = other.handle(topic, &payload.encode_to_vec(), NOW);
			// Groups, which no version of the format has, are refused only here.
			if result != Err(Cause::Malformed.at(0)) {
				assert_eq!(again, result);
				assert_eq!(other.is_born(), session.is_born());
				assert_eq!(other.metric_count(), session.metric_count());
			}
		},
		Err(_) => {
			let error = result.as_ref().expect_err("it is no payload");
			assert_eq!(error.record, 0, "{error}");
		},
	}
	result
}
