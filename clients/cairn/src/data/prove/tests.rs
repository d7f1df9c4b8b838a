//! A small world in which everything is as it should be, and what happens when it is not.

use super::*;
use crate::{
	agent::{DevicePair, Scheme},
	protocol::BatchProof,
};
use cairn_geo::{Cell, Location, Placed};
use cairn_telemetry::{
	Account, AccountV1, Data, DataV1, Leaf, Proof, Sums, ledger::Sample, tree::empty_root,
};
use cairn_types::{
	Activity, Channel, ChannelKind, Dated, DeviceId, Quantity, SchemaId, Unit,
	schema::Values,
	view::{Assignment, DeviceState},
};
use codec::Decode;
use proptest::prelude::*;
use sp_core::bounded::BoundedVec;
use std::collections::BTreeSet;

const GENESIS: Hash32 = [9; 32];
const GATEWAY: GatewayId = GatewayId(3);
const NETWORK: NetworkId = NetworkId(1);
const DEVICE: DeviceId = DeviceId(4);
const SCHEMA: SchemaId = SchemaId(2);
const SLOT: Slot = 5;
const WINDOW: Window = 100_000_000;
const CELL: &str = "8c2a1072b59adff";

const PERIODS: Periods = Periods::DEVELOPMENT;
/// When the chain is asked.
const NOW: Moment = Moment { window: WINDOW + 20, tick: 50 };

fn cell(text: &str) -> Cell {
	text.parse().expect("a cell")
}

fn pair(seed: u8) -> DevicePair {
	DevicePair::from_seed(Scheme::Ed25519, &[seed; 32])
}

fn channel(name: &str, quantity: Quantity, unit: Unit, scale: i8) -> Channel {
	Channel {
		name: BoundedVec::truncate_from(name.as_bytes().to_vec()),
		quantity,
		unit,
		scale,
		kind: ChannelKind::Gauge,
		min: -10_000,
		max: 10_000,
		max_change: None,
	}
}

fn schema() -> Schema {
	let channels = vec![
		channel("level", Quantity::Dimensionless, Unit::One, 0),
		channel("temperature", Quantity::Temperature, Unit::Celsius, -2),
	];
	Schema {
		name: BoundedVec::truncate_from(b"levels".to_vec()),
		version: 1,
		channels: BoundedVec::truncate_from(channels),
	}
}

/// The device's reading of this sequence.
fn signed(sequence: u64) -> SignedReading {
	let time = PERIODS.start_of(WINDOW) + sequence * 100;
	let values = vec![None, Some(2_300 + i64::try_from(sequence).expect("small"))];
	let reading = Reading {
		network: NETWORK,
		schema: SCHEMA,
		device: DEVICE,
		sequence,
		anchor: [5; 32],
		time,
		values: Values::truncate_from(values),
	};
	let signature = pair(1).sign(&reading.message(&GENESIS));
	SignedReading { reading, signature }
}

fn device() -> DeviceView {
	let since = WINDOW - 10;
	let place = Assignment { gateway: GATEWAY, slot: SLOT };
	let location = Location::new(cell(CELL), 10, 0).expect("a location");
	DeviceView {
		device: DEVICE,
		owner: [7; 32],
		stage: b"Active".to_vec(),
		state: DeviceState {
			network: NETWORK,
			maker: None,
			key: Dated::new(pair(1).public(), since, 0),
			assignment: Some(Dated::new(place, since, 0)),
			activity: Activity::open(since, Window::MAX),
			expires: Window::MAX,
		},
		serial: None,
		root: None,
		changed: 0,
		inherited: false,
		recovery: None,
		location: Some(Dated::new(Placed::new(location, 0), since, 0)),
	}
}

/// A device that was in [`CELL`], asserted at a tick, and moved on in the window after [`WINDOW`].
fn moved(asserted: u32) -> Dated<Placed> {
	let [before, after] =
		[CELL, "8c1fb46741ae9ff"].map(|text| Location::new(cell(text), 10, 0).expect("a location"));
	let before = Dated::new(Placed::new(before, asserted), WINDOW - 10, 0);
	let moved = before.change(Placed::new(after, 45), WINDOW + 2, 45, 0);
	moved.expect("it may move")
}

/// The leaf after the reading of sequence 2.
fn leaf() -> Leaf {
	let reading = signed(2).reading;
	let sample = reading.values[1].map(|value| Sample { value, time: reading.time });
	Leaf {
		account: Account::V1(AccountV1 {
			device: DEVICE,
			schema: SCHEMA,
			sequence: reading.sequence,
			time: reading.time,
			open: BoundedVec::default(),
			settled: 0,
			totals: BoundedVec::default(),
		}),
		data: Data::V1(DataV1 { latest: BoundedVec::truncate_from(vec![None, sample]) }),
	}
}

fn hex_of(header: &Header) -> String {
	format!("0x{}", hex::encode(header.encode()))
}

/// A batch of two readings, what a gateway serves of one of them, and what the chain knows.
struct World {
	filter: Filter,
	row: Row,
	proof: ReadingProof,
	payload: Option<Vec<u8>>,
	device: Option<DeviceView>,
	schema: Option<Schema>,
	batch: Option<BatchView>,
	network: NetworkId,
}

impl World {
	/// A gateway that proves the reading of sequence 1 by the payload, that of sequence 2 by the
	/// leaf.
	fn new(sequence: u64) -> Self {
		let mut payload = Vec::new();
		payload::push(&mut payload, SLOT, &[signed(1), signed(2)]);
		let path = Proof::default();
		let ledger_root = path.root(SLOT, &leaf().hash(SLOT)).expect("a path");
		let header = Header::V1(HeaderV1 {
			attempt: 1,
			previous_root: empty_root(),
			ledger_root,
			transition_root: [0; 32],
			sums: Sums { units: 5, readings: 2, devices: 1 },
			payload_root: payload_root(&payload),
			payload_size: u64::try_from(payload.len()).expect("small"),
			rules: 1,
		});
		let name = header_hash(&GENESIS, GATEWAY, WINDOW, &header);
		let signed = signed(sequence);
		let row = Row {
			gateway: GATEWAY,
			network: NETWORK,
			device: DEVICE,
			sequence,
			time: signed.reading.time,
			channel: "temperature".to_owned(),
			quantity: Quantity::Temperature,
			unit: Unit::Celsius,
			value: format!("23.0{sequence}").parse().expect("a number"),
			stage: Stage::Sealed,
			cell: Some(cell(CELL)),
			proof: format!("/v1/proof/{WINDOW}/{DEVICE}/{sequence}"),
		};
		let is_last = sequence == 2;
		let proof = ReadingProof {
			genesis: GENESIS,
			gateway: GATEWAY,
			window: WINDOW,
			reading: signed,
			key: pair(1).public(),
			stage: "sealed".to_owned(),
			batch: Some(BatchProof {
				attempt: 1,
				header: hex_of(&header),
				hash: name,
				payload: None,
			}),
			leaf: is_last.then(|| LeafProof { slot: SLOT, leaf: leaf(), proof: path }),
		};
		let batch = BatchView {
			gateway: GATEWAY,
			window: WINDOW,
			attempt: 1,
			header_hash: name,
			ledger_root,
			sums: header.latest().sums,
			stage: BatchStage::Attested { matures: 9 },
			committee: vec![0],
			verdicts: [1, 0, 0],
			quorum: (1, 1),
			due: None,
		};
		let from = PERIODS.start_of(WINDOW);
		let filter = Filter {
			from,
			to: from + PERIODS.window_millis(),
			region: cell(CELL).parent(7).ok(),
			stage: Some(Stage::Sealed),
			..Filter::default()
		};
		Self {
			filter,
			row,
			proof,
			payload: (!is_last).then_some(payload),
			device: Some(device()),
			schema: Some(schema()),
			batch: Some(batch),
			network: NETWORK,
		}
	}

	/// All three steps.
	fn prove(&self) -> Result<Inclusion, Doubted> {
		let known = Known {
			genesis: GENESIS,
			periods: PERIODS,
			now: NOW,
			gateway: GATEWAY,
			network: self.network,
			device: self.device.as_ref(),
			schema: self.schema.as_ref(),
		};
		let said = statement(&self.filter, &self.row, &self.proof, &known)?;
		assert_eq!(said, Said { slot: SLOT, channel: 1 });
		let header = header(&self.proof, self.batch.as_ref(), &known)?;
		if is_in_ledger(said, &self.proof, &header)? {
			return Ok(Inclusion::Ledger);
		}
		let payload = self.payload.as_ref().ok_or(Doubt::NoInclusion)?;
		Payload::read(payload, &header)?.ensure_holds(said, &self.proof.reading)?;
		Ok(Inclusion::Payload)
	}

	fn shown(&mut self) -> &mut BatchProof {
		self.proof.batch.as_mut().expect("a batch")
	}

	fn view(&mut self) -> &mut BatchView {
		self.batch.as_mut().expect("a batch")
	}

	fn known(&mut self) -> &mut DeviceView {
		self.device.as_mut().expect("a device")
	}

	fn leaf(&mut self) -> &mut LeafProof {
		self.proof.leaf.as_mut().expect("a leaf")
	}

	/// Another payload, to which the header that the chain has commits.
	fn repack(&mut self, payload: Vec<u8>) {
		self.reseal(|header| {
			header.payload_root = payload_root(&payload);
			header.payload_size = u64::try_from(payload.len()).expect("small");
		});
		self.payload = Some(payload);
	}

	/// Another ledger, to which the header that the chain has leads.
	fn rebook(&mut self) {
		let LeafProof { slot, leaf, proof } = self.leaf().clone();
		let root = proof.root(slot, &leaf.hash(slot)).expect("a path");
		self.reseal(|header| header.ledger_root = root);
	}

	/// Another header, which the chain has as well.
	fn reseal(&mut self, change: impl FnOnce(&mut HeaderV1)) {
		let digits = self.shown().header.trim_start_matches("0x").to_owned();
		let bytes = hex::decode(digits).expect("hex");
		let Header::V1(mut header) = Header::decode(&mut bytes.as_slice()).expect("a header");
		change(&mut header);
		let header = Header::V1(header);
		self.shown().header = hex_of(&header);
		self.view().header_hash = header_hash(&GENESIS, GATEWAY, WINDOW, &header);
	}
}

/// A change that makes a value doubtful.
type Change = fn(&mut World);

const fn lie(doubt: Doubt, change: Change) -> (Doubt, Change) {
	(doubt, change)
}

/// Lies about the reading of sequence 1, each with the doubt that it raises.
fn lies() -> Vec<(Doubt, Change)> {
	vec![
		lie(Doubt::NotAsked, |world| world.filter.to = world.filter.from),
		lie(Doubt::NotAsked, |world| world.filter.networks = vec![NetworkId(7)]),
		lie(Doubt::NotAsked, |world| world.filter.quantities = vec![Quantity::Pressure]),
		lie(Doubt::NotAsked, |world| world.filter.channel = Some("level".to_owned())),
		lie(Doubt::NotAsked, |world| world.filter.device = Some(DeviceId(5))),
		lie(Doubt::NotAsked, |world| world.filter.stage = Some(Stage::Matured)),
		lie(Doubt::OtherChain, |world| world.proof.genesis = [1; 32]),
		lie(Doubt::OtherGateway, |world| world.proof.gateway = GatewayId(4)),
		lie(Doubt::OtherGateway, |world| world.row.gateway = GatewayId(4)),
		lie(Doubt::OtherGateway, |world| world.network = NetworkId(2)),
		lie(Doubt::RowDiffers, |world| world.row.time += 1),
		lie(Doubt::RowDiffers, |world| world.row.device = DeviceId(5)),
		lie(Doubt::RowDiffers, |world| world.row.sequence = 2),
		lie(Doubt::RowDiffers, |world| world.proof.reading.reading.network = NetworkId(2)),
		lie(Doubt::RowDiffers, |world| world.row.channel = "level".to_owned()),
		lie(Doubt::RowDiffers, |world| world.row.channel = "pressure".to_owned()),
		lie(Doubt::RowDiffers, |world| world.row.quantity = Quantity::Pressure),
		lie(Doubt::RowDiffers, |world| world.row.unit = Unit::Kelvin),
		lie(Doubt::RowDiffers, |world| world.row.value = "23.02".parse().expect("a number")),
		lie(Doubt::RowDiffers, |world| world.schema = None),
		lie(Doubt::WrongWindow, |world| world.proof.window += 1),
		lie(Doubt::WrongWindow, |world| world.row.proof = "/v1/proof/1/4/1".to_owned()),
		lie(Doubt::UnknownDevice, |world| world.device = None),
		lie(Doubt::UnknownDevice, |world| {
			world.known().state.key = Dated::new(pair(1).public(), WINDOW + 1, 0);
		}),
		lie(Doubt::WrongKey, |world| {
			// Signed well, by a key that is not the device's.
			let message = world.proof.reading.reading.message(&GENESIS);
			world.proof.key = pair(2).public();
			world.proof.reading.signature = pair(2).sign(&message);
		}),
		lie(Doubt::BadSignature, |world| {
			let message = world.proof.reading.reading.message(&[8; 32]);
			world.proof.reading.signature = pair(1).sign(&message);
		}),
		lie(Doubt::BadSignature, |world| world.proof.reading.reading.anchor = [6; 32]),
		lie(Doubt::NotAssigned, |world| world.known().state.assignment = None),
		lie(Doubt::NotAssigned, |world| {
			let place = Assignment { gateway: GatewayId(4), slot: SLOT };
			world.known().state.assignment = Some(Dated::new(place, 0, 0));
		}),
		lie(Doubt::OtherPlace, |world| world.known().location = None),
		lie(Doubt::OtherPlace, |world| world.row.cell = None),
		lie(Doubt::OtherPlace, |world| world.row.cell = Some(cell("8c1fb46741ae9ff"))),
		lie(Doubt::OtherPlace, |world| {
			world.filter.region = cell("8c1fb46741ae9ff").parent(7).ok();
		}),
		lie(Doubt::OtherPlace, |world| {
			// It came there later.
			let place = world.known().location.as_ref().expect("a place").current;
			world.known().location = Some(Dated::new(place, WINDOW + 1, 0));
		}),
		lie(Doubt::OtherPlace, |world| {
			// It has moved since, and came there 18 windows ago, for all that the chain says.
			world.known().location = Some(moved(31));
		}),
		lie(Doubt::NotSealed, |world| world.proof.batch = None),
		lie(Doubt::LeftOut, |world| {
			world.proof.batch = None;
			world.proof.stage = "left_out".to_owned();
		}),
		lie(Doubt::LeftOut, |world| {
			world.proof.batch = None;
			world.proof.stage = "lost".to_owned();
		}),
		lie(Doubt::BadHeader, |world| world.shown().header.push_str("00")),
		lie(Doubt::BadHeader, |world| world.shown().header.push('x')),
		lie(Doubt::BadHeader, |world| world.shown().attempt = 2),
		lie(Doubt::UnknownBatch, |world| world.batch = None),
		lie(Doubt::HeaderDiffers, |world| world.view().header_hash = [1; 32]),
		lie(Doubt::NotAttested, |world| world.view().stage = BatchStage::Pending),
		lie(Doubt::DeadBatch, |world| world.view().stage = BatchStage::Dead),
		lie(Doubt::WrongPayload, |world| {
			world.payload.as_mut().expect("a payload").push(0);
		}),
		lie(Doubt::WrongPayload, |world| {
			// Bytes that are no readings, and that a header commits to.
			world.repack(vec![7; 9]);
		}),
		lie(Doubt::NotInBatch, |world| {
			let mut payload = Vec::new();
			payload::push(&mut payload, SLOT, &[signed(2)]);
			world.repack(payload);
		}),
		lie(Doubt::NotInBatch, |world| {
			// It is in the batch, under another device's slot.
			let mut payload = Vec::new();
			payload::push(&mut payload, SLOT + 1, &[signed(1)]);
			world.repack(payload);
		}),
		lie(Doubt::NoInclusion, |world| world.payload = None),
	]
}

/// Lies about the reading of sequence 2, which only its leaf proves.
fn lies_about_the_leaf() -> Vec<(Doubt, Change)> {
	vec![
		lie(Doubt::WrongLeaf, |world| world.leaf().slot += 1),
		lie(Doubt::WrongLeaf, |world| world.leaf().proof.bitmap = 1),
		lie(Doubt::WrongLeaf, |world| {
			let Data::V1(data) = &mut world.leaf().leaf.data;
			data.latest[1] = Some(Sample { value: 5, time: 5 });
		}),
		lie(Doubt::WrongLeaf, |world| world.reseal(|header| header.ledger_root = [1; 32])),
		lie(Doubt::NoInclusion, |world| {
			// The ledger goes on; what it ends with is another reading.
			let Account::V1(account) = &mut world.leaf().leaf.account;
			account.sequence = 3;
			world.rebook();
		}),
		lie(Doubt::NoInclusion, |world| {
			// The value was implausible: the leaf keeps the one before.
			let Data::V1(data) = &mut world.leaf().leaf.data;
			data.latest[1] = Some(Sample { value: 2_301, time: 5 });
			world.rebook();
		}),
		lie(Doubt::NoInclusion, |world| world.proof.leaf = None),
	]
}

#[test]
fn works_when_the_payload_or_the_leaf_shows_the_reading() {
	assert_eq!(World::new(1).prove(), Ok(Inclusion::Payload));
	assert_eq!(World::new(2).prove(), Ok(Inclusion::Ledger));
	// Where it was is not asked, and not said.
	let mut anywhere = World::new(1);
	anywhere.filter.region = None;
	assert_eq!(anywhere.prove(), Ok(Inclusion::Payload));
	anywhere.row.cell = None;
	anywhere.known().location = None;
	assert_eq!(anywhere.prove(), Ok(Inclusion::Payload));
	// It has moved since.
	let mut before = World::new(1);
	before.known().location = Some(moved(29));
	assert_eq!(before.prove(), Ok(Inclusion::Payload));
}

#[test]
fn fails_when_anything_is_not_as_the_chain_has_it() {
	let mut met = BTreeSet::new();
	for (sequence, lies) in [(1, lies()), (2, lies_about_the_leaf())] {
		for (place, (doubt, change)) in lies.into_iter().enumerate() {
			let mut world = World::new(sequence);
			change(&mut world);
			let doubted = world.prove().expect_err(doubt.code());
			assert_eq!(doubted.doubt, doubt, "lie {place} about reading {sequence}");
			met.insert(doubt);
		}
	}
	// That a gateway answers at all is not for this module to judge.
	met.insert(Doubt::NoProof);
	assert_eq!(met, Doubt::ALL.iter().copied().collect::<BTreeSet<_>>());
}

#[test]
fn who_has_no_signature_raises_no_honest_doubt() {
	for (sequence, lies) in [(1, lies()), (2, lies_about_the_leaf())] {
		for (place, (_, change)) in lies.into_iter().enumerate() {
			let mut world = World::new(sequence);
			change(&mut world);
			let message = world.proof.reading.reading.message(&[8; 32]);
			world.proof.reading.signature = pair(1).sign(&message);
			let doubt = world.prove().expect_err("not signed").doubt;
			assert!(!doubt.is_honest(), "lie {place} about reading {sequence}: {doubt:?}");
		}
	}
}

/// One bit of some bytes is another one.
fn flip(bytes: &mut [u8], place: usize) {
	let place = place % (bytes.len() * 8);
	bytes[place / 8] ^= 1 << (place % 8);
}

proptest! {
	#[test]
	fn no_bit_of_a_reading_can_change(place in any::<usize>()) {
		let mut world = World::new(1);
		let mut bytes = world.proof.reading.encode();
		flip(&mut bytes, place);
		if let Ok(reading) = SignedReading::decode_all(&mut bytes.as_slice()) {
			world.proof.reading = reading;
			prop_assert!(world.prove().is_err());
		}
	}

	#[test]
	fn no_bit_of_a_payload_can_change(place in any::<usize>()) {
		let mut world = World::new(1);
		flip(world.payload.as_mut().expect("a payload"), place);
		let doubted = world.prove().expect_err("another payload");
		prop_assert_eq!(doubted.doubt, Doubt::WrongPayload);
	}

	#[test]
	fn no_bit_of_a_header_can_change(place in any::<usize>()) {
		let mut world = World::new(2);
		let digits = world.shown().header.trim_start_matches("0x").to_owned();
		let mut bytes = hex::decode(digits).expect("hex");
		flip(&mut bytes, place);
		world.shown().header = hex::encode(bytes);
		let doubt = world.prove().expect_err("another header").doubt;
		prop_assert!(matches!(doubt, Doubt::BadHeader | Doubt::HeaderDiffers));
	}
}
