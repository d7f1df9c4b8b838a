//! MQTT as far as a sender needs it: packets of version 3.1.1, made before they are sent, and what
//! passes between a gateway and its broker, in any version. Pure.

use cairn_types::{DeviceId, NetworkId, SchemaId};
use codec::{Compact, Decode};

/// Kinds of packets, as the upper four bits of their first byte say it.
const CONNECT: u8 = 1;
const PUBLISH: u8 = 3;
const PUBACK: u8 = 4;
/// The version 3.1.1, and 5, in a CONNECT.
const LEVEL_3: u8 = 4;
const LEVEL_5: u8 = 5;
/// Most bytes of a packet's length.
const LENGTH_BYTES: usize = 4;

/// Where a device publishes its readings.
#[must_use]
pub fn topic(network: NetworkId, device: DeviceId) -> String {
	format!("cairn/1/readings/{network}/{device}")
}

/// A CONNECT: a session that ends with its connection.
#[must_use]
pub fn connect(client: &str, keep_alive_seconds: u16) -> Vec<u8> {
	const CLEAN_SESSION: u8 = 2;
	let mut body = string("MQTT");
	body.extend([LEVEL_3, CLEAN_SESSION]);
	body.extend(keep_alive_seconds.to_be_bytes());
	body.extend(string(client));
	packet(CONNECT << 4, &body)
}

/// A PUBLISH with QoS 1: the broker acknowledges its number.
#[must_use]
pub fn publish(topic: &str, number: u16, payload: &[u8]) -> Vec<u8> {
	const QOS_1: u8 = 2;
	let mut body = string(topic);
	body.extend(number.to_be_bytes());
	body.extend(payload);
	packet((PUBLISH << 4) | QOS_1, &body)
}

/// Numbers of packets: those from 1 on, again and again.
#[must_use]
pub fn number(index: usize) -> u16 {
	u16::try_from(index % usize::from(u16::MAX)).unwrap_or_default() + 1
}

/// A text with its length.
///
/// # Panics
/// If it is longer than 65,535 bytes.
fn string(text: &str) -> Vec<u8> {
	let length = u16::try_from(text.len()).expect("a short text");
	[&length.to_be_bytes(), text.as_bytes()].concat()
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
	let mut bytes = vec![first];
	let mut length = body.len();
	loop {
		let low = u8::try_from(length % 128).expect("less than 128");
		length /= 128;
		bytes.push(if length > 0 { low | 0x80 } else { low });
		if length == 0 {
			break;
		}
	}
	bytes.extend(body);
	bytes
}

/// A number of one to four bytes, the lowest seven bits first, and how many they are; `None` if it
/// goes on.
///
/// # Errors
/// In words, if it has more than four.
fn length(bytes: &[u8]) -> Result<Option<(usize, usize)>, String> {
	let mut value = 0;
	for (place, byte) in bytes.iter().take(LENGTH_BYTES).enumerate() {
		value |= usize::from(byte & 0x7f) << (7 * place);
		if byte & 0x80 == 0 {
			return Ok(Some((value, place + 1)));
		}
	}
	if bytes.len() < LENGTH_BYTES { Ok(None) } else { Err("a length has no end".to_owned()) }
}

/// Cuts what comes in into packets.
#[derive(Clone, Debug, Default)]
pub struct Packets(Vec<u8>);

/// A packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
	first: u8,
	body: Vec<u8>,
}

impl Packets {
	/// Something came in.
	pub fn push(&mut self, bytes: &[u8]) {
		self.0.extend_from_slice(bytes);
	}

	/// The packets that are complete; what has begun stays.
	///
	/// # Errors
	/// In words, if that is not MQTT.
	pub fn take(&mut self) -> Result<Vec<Packet>, String> {
		let mut packets = Vec::new();
		let mut rest = self.0.as_slice();
		while let Some((first, behind)) = rest.split_first() {
			let Some((size, bytes)) = length(behind)? else { break };
			let Some(body) = behind.get(bytes..bytes + size) else { break };
			packets.push(Packet { first: *first, body: body.to_vec() });
			rest = &behind[bytes + size..];
		}
		let done = self.0.len() - rest.len();
		self.0.drain(..done);
		Ok(packets)
	}
}

impl Packet {
	fn is(&self, kind: u8) -> bool {
		self.first >> 4 == kind
	}

	/// If it is a CONNECT: the version that the client speaks.
	#[must_use]
	pub fn level(&self) -> Option<u8> {
		let name = self.body.strip_prefix(b"\0\x04MQTT".as_slice());
		name.filter(|_| self.is(CONNECT))?.first().copied()
	}

	/// If it is a PUBLISH that wants to be acknowledged: its number and its payload. `level` is the
	/// version of the connection.
	#[must_use]
	pub fn published(&self, level: u8) -> Option<(u16, &[u8])> {
		let qos = (self.first >> 1) & 3;
		if !self.is(PUBLISH) || qos == 0 {
			return None;
		}
		let (topic, rest) = self.body.split_first_chunk::<2>()?;
		let rest = rest.get(usize::from(u16::from_be_bytes(*topic))..)?;
		let (number, mut rest) = rest.split_first_chunk::<2>()?;
		if level >= LEVEL_5 {
			let (properties, bytes) = length(rest).ok()??;
			rest = rest.get(bytes + properties..)?;
		}
		Some((u16::from_be_bytes(*number), rest))
	}

	/// If it is a PUBACK: the number of what it acknowledges.
	#[must_use]
	pub fn acknowledged(&self) -> Option<u16> {
		let (number, _) = self.body.split_first_chunk::<2>()?;
		self.is(PUBACK).then(|| u16::from_be_bytes(*number))
	}
}

/// Device and sequence of the first of the readings of a payload.
#[must_use]
pub fn first_reading(payload: &[u8]) -> Option<(DeviceId, u64)> {
	let mut input = payload;
	let count = Compact::<u32>::decode(&mut input).ok()?;
	let fields = <(NetworkId, SchemaId, DeviceId, u64)>::decode(&mut input).ok()?;
	let (_, _, device, sequence) = fields;
	(count.0 > 0).then_some((device, sequence))
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_telemetry::{Reading, SignedReading};
	use cairn_types::{DeviceSignature, schema::Values};
	use codec::Encode;
	use sp_core::ed25519;

	fn payload(count: u64) -> Vec<u8> {
		let signed = (0..count).map(|index| SignedReading {
			reading: Reading {
				network: NetworkId(1),
				schema: SchemaId(2),
				device: DeviceId(3),
				sequence: 4 + index,
				anchor: [0; 32],
				time: 5,
				values: Values::truncate_from(vec![Some(6); 4]),
			},
			signature: DeviceSignature::Ed25519(ed25519::Signature::from_raw([0; 64])),
		});
		signed.collect::<Vec<_>>().encode()
	}

	fn packets(bytes: &[u8]) -> Vec<Packet> {
		let mut packets = Packets::default();
		packets.push(bytes);
		packets.take().expect("MQTT")
	}

	#[test]
	fn packets_are_as_the_standard_has_them() {
		let connect = connect("me", 60);
		assert_eq!(connect, b"\x10\x0e\0\x04MQTT\x04\x02\0\x3c\0\x02me");
		assert_eq!(publish("a/b", 10, b"xyz"), b"\x32\x0a\0\x03a/b\0\x0axyz");
		let long = publish("a", 1, &[0; 321 - 5]);
		assert_eq!(long[..3], [0x32, 0xc1, 0x02], "321 has two bytes");
		assert_eq!(packets(&connect)[0].level(), Some(4));
		assert_eq!((number(0), number(65_534), number(65_535)), (1, 65_535, 1));
		assert_eq!(topic(NetworkId(1), DeviceId(2)), "cairn/1/readings/1/2");
	}

	#[test]
	fn packets_are_found_however_they_are_cut() {
		let payload = payload(1_000);
		let acknowledgement = [0x40, 2, 0, 7];
		let all = [publish("t", 7, &payload), acknowledgement.to_vec(), connect("c", 1)].concat();
		for size in [1, 3, 1_000, all.len()] {
			let mut packets = Packets::default();
			let mut found = Vec::new();
			for part in all.chunks(size) {
				packets.push(part);
				found.extend(packets.take().expect("MQTT"));
			}
			assert_eq!(found.len(), 3, "{size}");
			assert_eq!(found[0].published(LEVEL_3), Some((7, payload.as_slice())));
			assert_eq!(found[1].acknowledged(), Some(7));
			assert_eq!(found[2].level(), Some(LEVEL_3));
			let others = [found[1].level(), found[2].published(4).map(|_| 0), found[0].level()];
			assert_eq!(others, [None; 3]);
			assert_eq!((found[0].acknowledged(), packets.0.len()), (None, 0));
		}
	}

	#[test]
	fn version_5_has_properties_before_the_payload() {
		let packet = &packets(b"\x32\x0c\0\x01t\0\x07\x03\x0b\x01\x02pay")[0];
		assert_eq!(packet.published(LEVEL_5), Some((7, b"pay".as_slice())));
		let with_reason = &packets(b"\x40\x04\0\x07\0\0")[0];
		assert_eq!(with_reason.acknowledged(), Some(7));
		assert_eq!(packets(b"\x30\x04\0\x01tp")[0].published(LEVEL_5), None, "QoS 0");
	}

	#[test]
	fn fails_when_it_is_not_mqtt() {
		let mut packets = Packets::default();
		packets.push(&[0xff; 8]);
		assert!(packets.take().is_err());
		let cut = Packet { first: 0x32, body: vec![0, 9, b't'] };
		assert_eq!((cut.published(4), cut.acknowledged(), cut.level()), (None, None, None));
	}

	#[test]
	fn a_payload_names_its_first_reading() {
		for count in [1, 10, 100, 1_000] {
			assert_eq!(first_reading(&payload(count)), Some((DeviceId(3), 4)), "{count}");
		}
		assert_eq!((first_reading(&payload(0)), first_reading(&[4, 1])), (None, None));
	}
}
