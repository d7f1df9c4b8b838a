//! Topics: spBv1.0/group/type/node, and …/device.

use crate::Cause;

/// What all topics of Sparkplug B begin with.
pub const NAMESPACE: &str = "spBv1.0";

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
	/// NBIRTH: a node begins, and explains its metrics.
	NodeBirth,
	/// NDATA: values of a node.
	NodeData,
	/// NDEATH: a node is gone; its broker says so.
	NodeDeath,
	/// NCMD: a command to a node.
	NodeCommand,
	/// DBIRTH: a device begins, and explains its metrics.
	DeviceBirth,
	/// DDATA: values of a device.
	DeviceData,
	/// DDEATH: a device is gone; its node says so.
	DeviceDeath,
	/// DCMD: a command to a device.
	DeviceCommand,
}

/// A topic's parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topic<'a> {
	/// The group.
	pub group: &'a str,
	/// What the message is.
	pub kind: Kind,
	/// The edge node.
	pub node: &'a str,
	/// The device, of messages that begin with D.
	pub device: Option<&'a str>,
}

impl<'a> Topic<'a> {
	/// Read a topic.
	///
	/// # Errors
	/// [`Cause::BadTopic`], unless it is of Sparkplug B, complete, and names what its type asks
	/// for; [`Cause::NotData`] for a host's state.
	pub fn parse(topic: &'a str) -> Result<Self, Cause> {
		let mut parts = topic.split('/');
		if parts.next() != Some(NAMESPACE) {
			return Err(Cause::BadTopic);
		}
		let group = part(parts.next())?;
		if group == "STATE" {
			return Err(Cause::NotData);
		}
		let kind = kind(part(parts.next())?)?;
		let node = part(parts.next())?;
		let device = parts.next().map(|name| part(Some(name))).transpose()?;
		if parts.next().is_some() || device.is_some() != kind.is_of_device() {
			return Err(Cause::BadTopic);
		}
		Ok(Self { group, kind, node, device })
	}
}

impl Kind {
	const fn is_of_device(self) -> bool {
		match self {
			Self::NodeBirth | Self::NodeData | Self::NodeDeath | Self::NodeCommand => false,
			Self::DeviceBirth | Self::DeviceData | Self::DeviceDeath | Self::DeviceCommand => true,
		}
	}
}

fn kind(word: &str) -> Result<Kind, Cause> {
	Ok(match word {
		"NBIRTH" => Kind::NodeBirth,
		"NDATA" => Kind::NodeData,
		"NDEATH" => Kind::NodeDeath,
		"NCMD" => Kind::NodeCommand,
		"DBIRTH" => Kind::DeviceBirth,
		"DDATA" => Kind::DeviceData,
		"DDEATH" => Kind::DeviceDeath,
		"DCMD" => Kind::DeviceCommand,
		_ => return Err(Cause::BadTopic),
	})
}

/// A part that is there, and without MQTT's wildcards.
fn part(part: Option<&str>) -> Result<&str, Cause> {
	part.filter(|part| !part.is_empty() && !part.contains(['+', '#'])).ok_or(Cause::BadTopic)
}
