//! Datagrams of LoRa packet forwarders: Semtech's UDP protocol. Nothing in it is authenticated, so
//! it is for networks that are trusted.

use std::{net::SocketAddr, time::Duration};

use cairn_formats::{
	Limits, Record,
	semtech::{self, Datagram},
};
use tokio::{net::UdpSocket, time::sleep};

use super::{Times, taken};
use crate::{
	agent::{
		error::Error,
		hub::Sink,
		plan::{Batch, SourceId},
	},
	clock::now_millis,
};

/// No datagram of UDP is longer.
const LONGEST: usize = 65_535;
/// Pause after an error of the socket.
const PAUSE: Duration = Duration::from_millis(100);

/// A listener for packet forwarders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Radio {
	/// Where it listens.
	pub listen: SocketAddr,
	/// Which times records get.
	pub times: Times,
}

/// A listener that has its address.
pub struct Listening {
	id: SourceId,
	socket: UdpSocket,
	times: Times,
}

impl Radio {
	/// Take the address.
	///
	/// # Errors
	/// [`Error::Source`].
	pub async fn open(&self, id: SourceId, name: &str) -> Result<Listening, Error> {
		let socket = UdpSocket::bind(self.listen).await;
		let socket = socket.map_err(|cause| taken(name, self.listen, &cause))?;
		Ok(Listening { id, socket, times: self.times })
	}
}

impl Listening {
	/// Take datagrams for ever. More than the system buffers are lost, as the protocol has it.
	pub(super) async fn run(self, sink: &dyn Sink) {
		let mut buffer = vec![0; LONGEST];
		loop {
			match self.socket.recv_from(&mut buffer).await {
				Ok((length, sender)) => {
					let datagram = buffer.get(..length).unwrap_or_default();
					self.take(datagram, sender, sink).await;
				},
				Err(cause) => {
					sink.trouble(self.id, format!("cannot receive datagrams: {cause}"));
					sleep(PAUSE).await;
				},
			}
		}
	}

	async fn take(&self, datagram: &[u8], sender: SocketAddr, sink: &dyn Sink) {
		let now = now_millis();
		let Read { mut records, acknowledgement } = match read(datagram) {
			Ok(read) => read,
			Err(cause) => {
				sink.trouble(self.id, format!("a datagram of {sender} cannot be read: {cause}"));
				return;
			},
		};
		if let Some(bytes) = acknowledgement
			&& let Err(cause) = self.socket.send_to(&bytes, sender).await
		{
			sink.trouble(self.id, format!("cannot answer {sender}: {cause}"));
		}
		if !records.is_empty() {
			self.times.apply(&mut records);
			sink.take(&Batch { source: self.id, topic: None, records: &records, now });
		}
	}
}

/// What a datagram says, and how it is answered.
#[derive(Debug, PartialEq, Eq)]
pub struct Read {
	/// Its measurements.
	pub records: Vec<Record>,
	/// The acknowledgement that its sender waits for.
	pub acknowledgement: Option<[u8; 4]>,
}

/// Read a datagram. Pure.
///
/// # Errors
/// In words, if it is none of the protocol.
pub fn read(datagram: &[u8]) -> Result<Read, String> {
	let limits = Limits::default();
	let (header, datagram) =
		semtech::decode(datagram, &limits).map_err(|error| error.to_string())?;
	Ok(match datagram {
		Datagram::PushData { gateway, push } => {
			Read { records: push.records(gateway), acknowledgement: Some(header.push_ack()) }
		},
		Datagram::PullData { .. } => {
			Read { records: Vec::new(), acknowledgement: Some(header.pull_ack()) }
		},
		_ => Read { records: Vec::new(), acknowledgement: None },
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Version 2, token, kind, gateway, and what follows.
	fn datagram(kind: u8, json: &str) -> Vec<u8> {
		let mut bytes = vec![2, 0x12, 0x34, kind, 1, 2, 3, 4, 5, 6, 7, 8];
		bytes.extend_from_slice(json.as_bytes());
		bytes
	}

	#[test]
	fn works_when_a_forwarder_pushes() {
		let read = read(&datagram(0, r#"{"stat":{"rxnb":7,"rxok":5}}"#)).expect("a datagram");
		let names = read.records.iter().map(|record| record.name.as_str()).collect::<Vec<_>>();
		assert_eq!(names, ["0102030405060708/stat/rxnb", "0102030405060708/stat/rxok"]);
		assert_eq!(read.acknowledgement, Some([2, 0x12, 0x34, 1]));
	}

	#[test]
	fn works_when_a_forwarder_keeps_its_way_open() {
		let read = read(&datagram(2, "")).expect("a datagram");
		let expected = Read { records: Vec::new(), acknowledgement: Some([2, 0x12, 0x34, 4]) };
		assert_eq!(read, expected);
		let read = super::read(&datagram(5, "")).expect("a datagram");
		assert_eq!(read.acknowledgement, None);
	}

	#[test]
	fn fails_when_it_is_something_else() {
		for bytes in [vec![], vec![3, 0, 0, 0], vec![2, 0, 0, 9], datagram(0, "{")] {
			assert!(read(&bytes).is_err(), "{bytes:?}");
		}
	}
}
