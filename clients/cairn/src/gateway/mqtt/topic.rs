//! Topics: where devices publish, and where they hear what was refused. Pure.

use cairn_types::{DeviceId, NetworkId};

use crate::gateway::data::parameters::digits;

const READINGS: &str = "cairn/1/readings/";

/// The filter for readings of a network.
pub(super) fn filter(network: NetworkId) -> String {
	format!("{READINGS}{network}/+")
}

/// Where a device of a network hears what was refused.
pub(super) fn refusals(network: NetworkId, device: DeviceId) -> String {
	format!("cairn/1/refusals/{network}/{device}")
}

/// Network and device of a topic of readings; `None` for any other topic. Each has one topic: numbers
/// are without leading zeros.
pub(super) fn read(topic: &str) -> Option<(NetworkId, DeviceId)> {
	let (network, device) = topic.strip_prefix(READINGS)?.split_once('/')?;
	let (network, device) = (NetworkId(digits(network)?), DeviceId(digits(device)?));
	(format!("{READINGS}{network}/{device}") == topic).then_some((network, device))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn works_when_a_topic_is_of_readings() {
		let place = (NetworkId(3), DeviceId(u64::MAX));
		assert_eq!(read("cairn/1/readings/3/18446744073709551615"), Some(place));
		assert_eq!(filter(NetworkId(3)), "cairn/1/readings/3/+");
		assert_eq!(refusals(NetworkId(3), DeviceId(4)), "cairn/1/refusals/3/4");
	}

	#[test]
	fn fails_when_a_topic_is_another() {
		for topic in [
			"",
			"cairn/1/readings/3",
			"cairn/1/readings/3/",
			"cairn/1/readings/3/x",
			"cairn/1/readings/3/-1",
			"cairn/1/readings/03/4",
			"cairn/1/readings/3/04",
			"cairn/1/readings/3/4/5",
			"cairn/1/readings/4294967296/4",
			"cairn/2/readings/3/4",
			"cairn/1/refusals/3/4",
		] {
			assert_eq!(read(topic), None, "{topic}");
		}
	}
}
