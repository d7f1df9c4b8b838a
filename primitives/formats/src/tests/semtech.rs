//! Datagrams of packet forwarders.

use cairn_types::Unit;

use super::{decimal, limits, number};
use crate::{
	Cause, FormatError, Limits, RecordUnit, Value,
	semtech::{Check, Datagram, Header, Modulation, Packet, Push, Status, decode},
};

const EUI: [u8; 8] = [0xaa, 0x55, 0x5a, 0, 0, 0, 0, 1];

/// The example of the protocol's document, with one packet of each modulation.
pub(super) const PACKETS: &str = r#"{"rxpk":[
	{
		"time":"2013-03-31T16:21:17.528002Z",
		"tmst":3512348611,
		"chan":2,
		"rfch":0,
		"freq":866.349812,
		"stat":1,
		"modu":"LORA",
		"datr":"SF7BW125",
		"codr":"4/6",
		"rssi":-35,
		"lsnr":5.1,
		"size":32,
		"data":"-DS4CGaDCdG+48eJNM3Vai-zDpsR71Pn9CPA9uCON84"
	},{
		"time":"2013-03-31T16:21:17.530974Z",
		"tmst":3512348514,
		"chan":9,
		"rfch":1,
		"freq":869.1,
		"stat":-1,
		"modu":"FSK",
		"datr":50000,
		"rssi":-75,
		"size":16,
		"data":"VEVTVF9QQUNLRVRfMTIzNA=="
	}
]}"#;

const STATUS: &str = r#"{"stat":{
	"time":"2014-01-12 08:59:28 GMT",
	"lati":46.24000,
	"long":3.25230,
	"alti":145,
	"rxnb":2,
	"rxok":2,
	"rxfw":2,
	"ackr":100.0,
	"dwnb":2,
	"txnb":2
}}"#;

/// A PUSH_DATA.
pub(super) fn push_data(json: &str) -> Vec<u8> {
	[&[2u8, 0x12, 0x34, 0][..], &EUI, json.as_bytes()].concat()
}

fn push(json: &str) -> Result<Push, FormatError> {
	match decode(&push_data(json), &limits())? {
		(_, Datagram::PushData { gateway: EUI, push }) => Ok(push),
		other => panic!("{other:?}"),
	}
}

#[test]
fn works_when_packets_are_pushed() {
	let push = push(PACKETS).expect("the example");
	let [lora, fsk] = &push.packets[..] else { panic!("two packets") };
	assert_eq!(lora.payload.len(), 32);
	let expected = Packet {
		time: Some(1_364_746_877_528),
		counter: Some(3_512_348_611),
		frequency: Some(decimal("866.349812")),
		channel: Some(2),
		chain: Some(0),
		check: Check::Good,
		modulation: Some(Modulation::Lora {
			rate: "SF7BW125".to_owned(),
			coding: Some("4/6".to_owned()),
		}),
		rssi: Some(decimal("-35")),
		snr: Some(decimal("5.1")),
		payload: lora.payload.clone(),
	};
	assert_eq!(*lora, expected);
	assert_eq!(fsk.payload, b"TEST_PACKET_1234");
	assert_eq!(fsk.modulation, Some(Modulation::Fsk { rate: 50_000 }));
	assert_eq!((fsk.check, fsk.snr), (Check::Bad, None));
	assert_eq!(push.status, None);
}

#[test]
fn works_when_a_status_is_pushed() {
	let push = push(STATUS).expect("the example");
	let two = Some(decimal("2"));
	let expected = Status {
		time: Some(1_389_517_168_000),
		latitude: Some(decimal("46.24")),
		longitude: Some(decimal("3.2523")),
		altitude: Some(decimal("145")),
		received: two,
		good: two,
		forwarded: two,
		acknowledged: Some(decimal("100")),
		downlinks: two,
		sent: two,
	};
	assert_eq!(push.status, Some(Box::new(expected)));
	assert!(push.packets.is_empty());
}

#[test]
fn records_leave_out_packets_with_a_wrong_checksum() {
	let records = push(PACKETS).expect("the example").records(EUI);
	let names: Vec<_> = records.iter().map(|record| record.name.as_str()).collect();
	let expected =
		["aa555a0000000001/rxpk/rssi", "aa555a0000000001/rxpk/lsnr", "aa555a0000000001/rxpk/data"];
	assert_eq!(names, expected);
	assert_eq!(records[0].time, Some(1_364_746_877_528));
	assert_eq!(records[0].unit, Some(RecordUnit::Known(Unit::DecibelMilliwatt)));
	assert_eq!(records[0].value, number("-35"));
	assert!(matches!(&records[2].value, Value::Data(data) if data.len() == 32));

	let records = push(STATUS).expect("the example").records(EUI);
	assert_eq!(records.len(), 9);
	assert_eq!(records[0].name, "aa555a0000000001/stat/lati");
	assert_eq!(records[0].unit, Some(RecordUnit::Known(Unit::DegreesLatitude)));
	assert_eq!(records[8].value, number("2"));
}

#[test]
fn works_when_fields_are_missing_or_unknown() {
	let push = push(r#"{"rxpk":[{"data":null,"brd":0,"aesk":[{}]}],"stat":null,"more":1}"#);
	let packet = push.expect("a packet").packets.remove(0);
	assert_eq!((packet.check, packet.modulation, packet.payload), (Check::None, None, Vec::new()));
}

#[test]
fn works_when_it_is_another_datagram() {
	let header = Header { version: 1, token: [0xab, 0xcd] };
	let with_eui =
		|identifier: u8, rest: &[u8]| [&[1u8, 0xab, 0xcd, identifier][..], &EUI, rest].concat();
	for (bytes, expected) in [
		(vec![1, 0xab, 0xcd, 1], Datagram::PushAck),
		(with_eui(2, b""), Datagram::PullData { gateway: EUI }),
		(vec![1, 0xab, 0xcd, 4], Datagram::PullAck),
		(vec![1, 0xab, 0xcd, 3, b'{', b'}'], Datagram::PullResponse { json: b"{}" }),
		(with_eui(5, b"{}"), Datagram::TxAck { gateway: EUI, json: b"{}" }),
		(with_eui(5, b""), Datagram::TxAck { gateway: EUI, json: b"" }),
	] {
		assert_eq!(decode(&bytes, &limits()), Ok((header, expected)));
	}
	let (header, _) = decode(&push_data("{}"), &limits()).expect("nothing pushed");
	assert_eq!(header, Header { version: 2, token: [0x12, 0x34] });
}

#[test]
fn an_acknowledgement_carries_version_and_token() {
	let header = Header { version: 2, token: [0x12, 0x34] };
	assert_eq!(header.push_ack(), [2, 0x12, 0x34, 1]);
	assert_eq!(header.pull_ack(), [2, 0x12, 0x34, 4]);
	for (ack, expected) in
		[(header.push_ack(), Datagram::PushAck), (header.pull_ack(), Datagram::PullAck)]
	{
		let (read, datagram) = decode(&ack, &limits()).expect("an acknowledgement");
		assert_eq!(datagram, expected);
		assert_eq!(read.answers([0x12, 0x34]), Ok(()));
		assert_eq!(read.answers([0x34, 0x12]), Err(Cause::WrongToken.at(0)));
	}
}

#[test]
fn fails_when_a_datagram_breaks_the_rules() {
	for (bytes, cause) in [
		(vec![], Cause::Truncated),
		(vec![2, 0, 0], Cause::Truncated),
		(vec![0, 0, 0, 1], Cause::BadVersion),
		(vec![3, 0, 0, 1], Cause::BadVersion),
		(vec![2, 0, 0, 6], Cause::BadIdentifier),
		(vec![2, 0, 0, 0, 1, 2, 3], Cause::Truncated),
		(vec![2, 0, 0, 2, 1, 2, 3], Cause::Truncated),
		(vec![2, 0, 0, 1, 0], Cause::Malformed),
		(vec![2, 0, 0, 4, 0], Cause::Malformed),
		([&[2u8, 0, 0, 2][..], &EUI, &[0]].concat(), Cause::Malformed),
		([&[2u8, 0, 0, 0][..], &EUI, &[0xff]].concat(), Cause::BadUtf8),
		(vec![2; 65_536], Cause::TooLarge),
	] {
		assert_eq!(decode(&bytes, &limits()), Err(cause.at(0)), "{:?}", bytes.get(..13));
	}
}

#[test]
fn fails_when_a_push_breaks_the_rules() {
	for (json, number, cause) in [
		("", 0, Cause::Truncated),
		(r#"{"rxpk":[{"#, 0, Cause::Truncated),
		("[]", 0, Cause::Malformed),
		("{}{}", 0, Cause::Malformed),
		(r#"{"rxpk":1}"#, 0, Cause::Malformed),
		(r#"{"rxpk":[],"rxpk":[]}"#, 0, Cause::Malformed),
		(r#"{"rxpk":[{},[]]}"#, 2, Cause::Malformed),
		(r#"{"rxpk":[1]}"#, 1, Cause::Malformed),
		(r#"{"stat":[]}"#, 0, Cause::Malformed),
		(r#"{"rxpk":[{},{"data":1}]}"#, 2, Cause::WrongType),
		(r#"{"rxpk":[{"data":"!"}]}"#, 1, Cause::BadData),
		(r#"{"rxpk":[{"data":"AA","size":2}]}"#, 1, Cause::WrongSize),
		(r#"{"rxpk":[{"size":1}]}"#, 1, Cause::WrongSize),
		(r#"{"rxpk":[{"tmst":-1}]}"#, 1, Cause::BadNumber),
		(r#"{"rxpk":[{"tmst":4294967296}]}"#, 1, Cause::BadNumber),
		(r#"{"rxpk":[{"chan":1.5}]}"#, 1, Cause::BadNumber),
		(r#"{"rxpk":[{"stat":2}]}"#, 1, Cause::BadNumber),
		(r#"{"rxpk":[{"rssi":"-35"}]}"#, 1, Cause::WrongType),
		(r#"{"rxpk":[{"freq":1e99999}]}"#, 1, Cause::NumberTooLong),
		(r#"{"rxpk":[{"modu":"LORA","datr":7}]}"#, 1, Cause::WrongType),
		(r#"{"rxpk":[{"modu":"FSK","datr":"x"}]}"#, 1, Cause::WrongType),
		(r#"{"rxpk":[{"time":"today"}]}"#, 1, Cause::BadTime),
		(r#"{"stat":{"time":"today"}}"#, 0, Cause::BadTime),
		(r#"{"stat":{"lati":"north"}}"#, 0, Cause::WrongType),
	] {
		assert_eq!(push(json), Err(cause.at(number)), "{json}");
	}
}

#[test]
fn fails_when_a_limit_is_passed() {
	let bytes = push_data(r#"{"rxpk":[{},{}]}"#);
	let exact = Limits { bytes: bytes.len(), records: 2, ..limits() };
	assert!(decode(&bytes, &exact).is_ok());
	for (limits, cause) in [
		(Limits { bytes: bytes.len() - 1, ..exact }, Cause::TooLarge),
		(Limits { records: 1, ..exact }, Cause::TooManyRecords),
	] {
		assert_eq!(decode(&bytes, &limits), Err(cause.at(0)));
	}
}
