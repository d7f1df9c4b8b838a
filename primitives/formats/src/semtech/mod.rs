//! The UDP protocol between LoRa packet forwarders and their servers: Semtech's *Basic
//! communication protocol between Lora gateway and server*, versions 1 and 2.
//!
//! A forwarder sends PUSH_DATA with packets and its status, and PULL_DATA to keep its way back
//! open; both are acknowledged with their token. Nothing is authenticated: whoever can send
//! datagrams can claim any gateway's identifier.

mod push;

pub use push::{Check, Modulation, Packet, Push, Status};

use crate::{Cause, FormatError, Limits, work};

/// The two random bytes that tie an acknowledgement to its datagram.
pub type Token = [u8; 2];
/// A gateway's identifier, as its hardware address makes it: EUI-64.
pub type Eui = [u8; 8];

/// No datagram of UDP is longer.
const LONGEST: usize = 65_535;
const PUSH_DATA: u8 = 0;
const PUSH_ACK: u8 = 1;
const PULL_DATA: u8 = 2;
const PULL_RESP: u8 = 3;
const PULL_ACK: u8 = 4;
const TX_ACK: u8 = 5;

/// What every datagram begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
	/// Version of the protocol: 1 or 2.
	pub version: u8,
	/// The datagram's token.
	pub token: Token,
}

/// A datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datagram<'a> {
	/// From a gateway: packets, its status, or both. Answer with [`Header::push_ack`].
	PushData {
		/// The gateway.
		gateway: Eui,
		/// What it sends.
		push: Push,
	},
	/// From a server: PUSH_DATA has arrived.
	PushAck,
	/// From a gateway: its way back is open. Answer with [`Header::pull_ack`].
	PullData {
		/// The gateway.
		gateway: Eui,
	},
	/// From a server: PULL_DATA has arrived.
	PullAck,
	/// From a server: a packet to be sent, as JSON that is not looked at.
	PullResponse {
		/// The JSON.
		json: &'a [u8],
	},
	/// From a gateway: whether a packet was sent, as JSON that is not looked at.
	TxAck {
		/// The gateway.
		gateway: Eui,
		/// The JSON; empty if there is nothing to say.
		json: &'a [u8],
	},
}

impl Header {
	/// The acknowledgement of PUSH_DATA with this header.
	#[must_use]
	pub const fn push_ack(&self) -> [u8; 4] {
		self.with(PUSH_ACK)
	}

	/// The acknowledgement of PULL_DATA with this header.
	#[must_use]
	pub const fn pull_ack(&self) -> [u8; 4] {
		self.with(PULL_ACK)
	}

	const fn with(self, identifier: u8) -> [u8; 4] {
		let [first, second] = self.token;
		[self.version, first, second, identifier]
	}

	/// Whether a datagram with this header answers one that was sent with `token`.
	///
	/// # Errors
	/// [`Cause::WrongToken`] if it answers another.
	pub fn answers(&self, token: Token) -> Result<(), FormatError> {
		if self.token == token { Ok(()) } else { Err(Cause::WrongToken.at(0)) }
	}
}

/// Read a datagram. Linear in its length.
///
/// # Errors
/// [`Cause::BadVersion`], [`Cause::BadIdentifier`], [`Cause::Truncated`]; [`Cause::Malformed`] for
/// bytes after an acknowledgement; and for PUSH_DATA, with the number of the packet from 1, causes
/// 1 to 14 and [`Cause::WrongSize`].
pub fn decode<'a>(input: &'a [u8], limits: &Limits) -> Result<(Header, Datagram<'a>), FormatError> {
	limits.check_size(input)?;
	if input.len() > LONGEST {
		return Err(Cause::TooLarge.at(0));
	}
	let (head, rest) = input.split_first_chunk::<4>().ok_or(Cause::Truncated.at(0))?;
	work::add(head.len());
	let [version, first, second, identifier] = *head;
	if !matches!(version, 1 | 2) {
		return Err(Cause::BadVersion.at(0));
	}
	let header = Header { version, token: [first, second] };
	let datagram = match identifier {
		PUSH_DATA => {
			let (gateway, json) = gateway(rest)?;
			Datagram::PushData { gateway, push: push::read(json, limits)? }
		},
		PUSH_ACK => ended(rest, Datagram::PushAck)?,
		PULL_DATA => {
			let (gateway, rest) = gateway(rest)?;
			ended(rest, Datagram::PullData { gateway })?
		},
		PULL_ACK => ended(rest, Datagram::PullAck)?,
		PULL_RESP => Datagram::PullResponse { json: rest },
		TX_ACK => {
			let (gateway, json) = gateway(rest)?;
			Datagram::TxAck { gateway, json }
		},
		_ => return Err(Cause::BadIdentifier.at(0)),
	};
	Ok((header, datagram))
}

fn gateway(rest: &[u8]) -> Result<(Eui, &[u8]), FormatError> {
	let (gateway, rest) = rest.split_first_chunk::<8>().ok_or(Cause::Truncated.at(0))?;
	Ok((*gateway, rest))
}

fn ended<'a>(rest: &[u8], datagram: Datagram<'a>) -> Result<Datagram<'a>, FormatError> {
	if rest.is_empty() { Ok(datagram) } else { Err(Cause::Malformed.at(0)) }
}
