//! The JSON of PUSH_DATA: packets and status.

use alloc::{boxed::Box, format, string::String, vec::Vec};
use core::str;

use cairn_types::Unit;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Eui;
use crate::{
	Cause, Decimal, FormatError, Limits, Measure, Record, RecordUnit, Value, data,
	json::{self, Json},
	time, work,
};

/// What a gateway sends at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Push {
	/// Packets that it received.
	pub packets: Vec<Packet>,
	/// How it does.
	pub status: Option<Box<Status>>,
}

/// What the checksum of a packet says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
	/// It is right.
	Good,
	/// It is wrong: the data is not what was sent.
	Bad,
	/// There is none.
	None,
}

/// How a packet was modulated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Modulation {
	/// LoRa.
	Lora {
		/// Spreading factor and bandwidth, such as `SF7BW125`.
		rate: String,
		/// Coding rate, such as `4/5`.
		coding: Option<String>,
	},
	/// FSK.
	Fsk {
		/// Bits per second.
		rate: u32,
	},
}

/// A received packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
	/// When it was received: milliseconds since the Unix epoch, rounded down, if the gateway knows.
	pub time: Option<u64>,
	/// The concentrator's clock: microseconds that wrap at 32 bits.
	pub counter: Option<u32>,
	/// Centre frequency in MHz.
	pub frequency: Option<Decimal>,
	/// Channel of the concentrator.
	pub channel: Option<u32>,
	/// Radio chain of the concentrator.
	pub chain: Option<u32>,
	/// What the checksum says.
	pub check: Check,
	/// Modulation and data rate, if stated.
	pub modulation: Option<Modulation>,
	/// Signal strength in dBm.
	pub rssi: Option<Decimal>,
	/// Signal to noise ratio in dB; LoRa only.
	pub snr: Option<Decimal>,
	/// The packet's bytes.
	pub payload: Vec<u8>,
}

/// A gateway's status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
	/// The gateway's time: milliseconds since the Unix epoch, rounded down.
	pub time: Option<u64>,
	/// Degrees north.
	pub latitude: Option<Decimal>,
	/// Degrees east.
	pub longitude: Option<Decimal>,
	/// Metres above the sea.
	pub altitude: Option<Decimal>,
	/// Packets received.
	pub received: Option<Decimal>,
	/// Packets received with a good checksum.
	pub good: Option<Decimal>,
	/// Packets forwarded.
	pub forwarded: Option<Decimal>,
	/// Percentage of datagrams that were acknowledged.
	pub acknowledged: Option<Decimal>,
	/// Datagrams received from the server.
	pub downlinks: Option<Decimal>,
	/// Packets sent by radio.
	pub sent: Option<Decimal>,
}

impl Push {
	/// The measurements in it, named by the gateway's identifier in hex: `…/stat/rxnb` and the
	/// like, `…/rxpk/rssi`, `…/rxpk/lsnr`, `…/rxpk/data`. Packets with a wrong checksum give none.
	#[must_use]
	pub fn records(&self, gateway: Eui) -> Vec<Record> {
		let eui = u64::from_be_bytes(gateway);
		let mut records = Vec::new();
		let mut push = |field: &str, time, unit: Option<Unit>, value: Option<Value>| {
			let Some(value) = value else { return };
			records.push(Record {
				name: format!("{eui:016x}/{field}"),
				time,
				measure: Measure::Value,
				unit: unit.map(RecordUnit::Known),
				value,
			});
		};
		if let Some(status) = &self.status {
			for (field, unit, number) in status.numbers() {
				push(field, status.time, Some(unit), number.map(Value::Number));
			}
		}
		for packet in self.packets.iter().filter(|packet| packet.check != Check::Bad) {
			let time = packet.time;
			push("rxpk/rssi", time, Some(Unit::DecibelMilliwatt), packet.rssi.map(Value::Number));
			push("rxpk/lsnr", time, Some(Unit::Decibel), packet.snr.map(Value::Number));
			push("rxpk/data", time, None, Some(Value::Data(packet.payload.clone())));
		}
		records
	}
}

impl Status {
	const fn numbers(&self) -> [(&'static str, Unit, Option<Decimal>); 9] {
		[
			("stat/lati", Unit::DegreesLatitude, self.latitude),
			("stat/long", Unit::DegreesLongitude, self.longitude),
			("stat/alti", Unit::Metre, self.altitude),
			("stat/rxnb", Unit::Count, self.received),
			("stat/rxok", Unit::Count, self.good),
			("stat/rxfw", Unit::Count, self.forwarded),
			("stat/ackr", Unit::Percent, self.acknowledged),
			("stat/dwnb", Unit::Count, self.downlinks),
			("stat/txnb", Unit::Count, self.sent),
		]
	}
}

/// The object as JSON has it, its values raw.
#[derive(Deserialize)]
struct RawPush<'a> {
	#[serde(borrow, default)]
	rxpk: Vec<&'a RawValue>,
	#[serde(borrow)]
	stat: Raw<'a>,
}

/// Values of one field; null counts as missing.
type Raw<'a> = Option<&'a RawValue>;

#[derive(Deserialize)]
struct RawPacket<'a> {
	#[serde(borrow)]
	time: Raw<'a>,
	#[serde(borrow)]
	tmst: Raw<'a>,
	#[serde(borrow)]
	freq: Raw<'a>,
	#[serde(borrow)]
	chan: Raw<'a>,
	#[serde(borrow)]
	rfch: Raw<'a>,
	#[serde(borrow)]
	stat: Raw<'a>,
	#[serde(borrow)]
	modu: Raw<'a>,
	#[serde(borrow)]
	datr: Raw<'a>,
	#[serde(borrow)]
	codr: Raw<'a>,
	#[serde(borrow)]
	rssi: Raw<'a>,
	#[serde(borrow)]
	lsnr: Raw<'a>,
	#[serde(borrow)]
	size: Raw<'a>,
	#[serde(borrow)]
	data: Raw<'a>,
}

#[derive(Deserialize)]
struct RawStatus<'a> {
	#[serde(borrow)]
	time: Raw<'a>,
	#[serde(borrow)]
	lati: Raw<'a>,
	#[serde(borrow)]
	long: Raw<'a>,
	#[serde(borrow)]
	alti: Raw<'a>,
	#[serde(borrow)]
	rxnb: Raw<'a>,
	#[serde(borrow)]
	rxok: Raw<'a>,
	#[serde(borrow)]
	rxfw: Raw<'a>,
	#[serde(borrow)]
	ackr: Raw<'a>,
	#[serde(borrow)]
	dwnb: Raw<'a>,
	#[serde(borrow)]
	txnb: Raw<'a>,
}

/// Read the JSON of PUSH_DATA.
pub(super) fn read(input: &[u8], limits: &Limits) -> Result<Push, FormatError> {
	let text = str::from_utf8(input).map_err(|_| Cause::BadUtf8.at(0))?;
	work::add(text.len());
	let raw: RawPush<'_> = object(text).map_err(|cause| cause.at(0))?;
	if raw.rxpk.len() > limits.records {
		return Err(Cause::TooManyRecords.at(0));
	}
	let packets = raw.rxpk.iter().enumerate().map(|(index, packet)| {
		let packet = object::<RawPacket<'_>>(packet.get()).and_then(|packet| packet.read());
		packet.map_err(|cause| cause.at(index.saturating_add(1)))
	});
	let packets = packets.collect::<Result<_, _>>()?;
	let status = raw
		.stat
		.map(|status| object::<RawStatus<'_>>(status.get()).and_then(|status| status.read()));
	let status = status.transpose().map_err(|cause| cause.at(0))?;
	Ok(Push { packets, status: status.map(Box::new) })
}

/// Read an object. Derived readers would take an array of its fields as well.
fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Cause> {
	if text.trim_start().starts_with('[') {
		return Err(Cause::Malformed);
	}
	serde_json::from_str(text).map_err(|error| json::cause(&error))
}

impl RawPacket<'_> {
	fn read(&self) -> Result<Packet, Cause> {
		let payload = match self.data {
			Some(data) => data::decode_any(&Json::text(data)?)?,
			None => Vec::new(),
		};
		if integer(self.size)?.is_some_and(|size| usize::try_from(size) != Ok(payload.len())) {
			return Err(Cause::WrongSize);
		}
		Ok(Packet {
			time: moment(self.time)?,
			counter: integer(self.tmst)?,
			frequency: number(self.freq)?,
			channel: integer(self.chan)?,
			chain: integer(self.rfch)?,
			check: check(self.stat)?,
			modulation: self.modulation()?,
			rssi: number(self.rssi)?,
			snr: number(self.lsnr)?,
			payload,
		})
	}

	fn modulation(&self) -> Result<Option<Modulation>, Cause> {
		let (Some(kind), Some(rate)) = (self.modu, self.datr) else { return Ok(None) };
		Ok(Some(match &*Json::text(kind)? {
			"LORA" => Modulation::Lora {
				rate: Json::text(rate)?.into_owned(),
				coding: self.codr.map(Json::text).transpose()?.map(Into::into),
			},
			"FSK" => Modulation::Fsk { rate: integer(Some(rate))?.unwrap_or_default() },
			_ => return Ok(None),
		}))
	}
}

impl RawStatus<'_> {
	fn read(&self) -> Result<Status, Cause> {
		Ok(Status {
			time: moment(self.time)?,
			latitude: number(self.lati)?,
			longitude: number(self.long)?,
			altitude: number(self.alti)?,
			received: number(self.rxnb)?,
			good: number(self.rxok)?,
			forwarded: number(self.rxfw)?,
			acknowledged: number(self.ackr)?,
			downlinks: number(self.dwnb)?,
			sent: number(self.txnb)?,
		})
	}
}

fn number(raw: Raw<'_>) -> Result<Option<Decimal>, Cause> {
	raw.map(Json::number).transpose()
}

/// A whole number of 32 bits.
fn integer(raw: Raw<'_>) -> Result<Option<u32>, Cause> {
	let Some(number) = number(raw)? else { return Ok(None) };
	let whole = number.floor(0).filter(|_| number.exponent() >= 0);
	whole.and_then(|whole| u32::try_from(whole).ok()).map(Some).ok_or(Cause::BadNumber)
}

fn moment(raw: Raw<'_>) -> Result<Option<u64>, Cause> {
	raw.map(|raw| time::from_rfc3339(&Json::text(raw)?)).transpose()
}

fn check(raw: Raw<'_>) -> Result<Check, Cause> {
	let Some(code) = number(raw)? else { return Ok(Check::None) };
	match (code.mantissa(), code.exponent()) {
		(1, 0) => Ok(Check::Good),
		(-1, 0) => Ok(Check::Bad),
		(0, _) => Ok(Check::None),
		_ => Err(Cause::BadNumber),
	}
}
