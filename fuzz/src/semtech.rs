//! Datagrams of packet forwarders.

use cairn_formats::semtech::{Datagram, Eui, Header, Push, decode};

use crate::records::{LIMITS, linear, refused, written};

/// Most measurements of a status, and of a packet.
const OF_STATUS: usize = 9;
const OF_PACKET: usize = 3;

/// A datagram.
///
/// # Panics
/// As [`crate::Target::run`] says; also if an acknowledgement answers something else, or if a datagram
/// written anew is another one.
#[must_use]
pub fn semtech(input: &[u8]) -> bool {
	let (header, datagram) = match linear(input.len(), || decode(input, &LIMITS)) {
		Ok(read) => read,
		Err(error) => {
			refused(input, error);
			return false;
		},
	};
	acknowledged(header);
	let [first, second] = header.token;
	let head = |identifier: u8| [header.version, first, second, identifier];
	let written = match datagram {
		Datagram::PushData { gateway, push } => {
			pushed(gateway, &push, input.len());
			return true;
		},
		Datagram::PushAck => header.push_ack().to_vec(),
		Datagram::PullAck => header.pull_ack().to_vec(),
		Datagram::PullData { gateway } => [&head(2)[..], &gateway].concat(),
		Datagram::PullResponse { json } => [&head(3)[..], json].concat(),
		Datagram::TxAck { gateway, json } => [&head(5)[..], &gateway, json].concat(),
	};
	assert_eq!(written, input);
	true
}

fn acknowledged(header: Header) {
	for (answer, expected) in
		[(header.push_ack(), Datagram::PushAck), (header.pull_ack(), Datagram::PullAck)]
	{
		assert_eq!(decode(&answer, &LIMITS), Ok((header, expected)));
	}
}

fn pushed(gateway: Eui, push: &Push, length: usize) {
	assert!(push.packets.len() <= LIMITS.records);
	let bytes: usize = push.packets.iter().map(|packet| packet.payload.len()).sum();
	assert!(bytes <= length, "{bytes} bytes of packets from {length}");
	let records = push.records(gateway);
	assert!(records.len() <= OF_STATUS + OF_PACKET * push.packets.len());
	assert!(records.iter().all(|record| record.name.len() <= LIMITS.name));
	written(&records);
}
