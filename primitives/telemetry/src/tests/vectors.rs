//! The golden vectors of `vectors/`: what the formats are, byte by byte.

use std::{collections::BTreeMap, fmt::Debug, str::FromStr};

use cairn_economics::{Open, Rate};
use cairn_types::{
	Certificate, CertifierKey, Channel, Cycle, Delegation, DeviceId, DeviceKey, DeviceSignature,
	GatewayId, Hash32, Identity, MakerId, MeterRule, NetworkId, P256Public, Periods, RootKey,
	Rules, Schema, SchemaId, Slot,
	certificate::{objection_message, possession_message, recovery_message},
	root::delegation_message,
	view::NetworkFacts,
};
use codec::{Decode, Encode};
use serde_json::Value;
use sp_core::{bounded::BoundedVec, ed25519};

use super::{tree::built, world::partial_ledger};
use crate::{
	Account, AccountV1, Claim, Data, DataV1, Entry, Fault, Header, HeaderV1, Leaf, Proof,
	ProofFault, Reading, SignedReading, Sums, Verdict, VerdictClaim, WindowContext,
	check::{SlotFacts, check},
	committee, hash, header_hash,
	ledger::Sample,
	payload::{self, payload_root},
	reading::readings_digest,
	seal::{DeviceReadings, seal},
	step::step,
	store::{self, MemoryStore},
	transition::{Annotated, TransitionTree},
	tree::{LedgerTree, Tree},
	verdict::{chunk_index, tag},
};

macro_rules! vectors {
	($name:literal) => {
		serde_json::from_str::<Value>(include_str!(concat!("../../vectors/", $name, ".json")))
			.expect("generate.py writes JSON")
	};
}

fn bytes(value: &Value) -> Vec<u8> {
	hex::decode(value.as_str().expect("a string")).expect("hex")
}

fn hash32(value: &Value) -> Hash32 {
	bytes(value).try_into().expect("32 bytes")
}

/// A number, or a decimal string where JSON would lose digits.
fn int<T: FromStr<Err: Debug>>(value: &Value) -> T {
	let text = value.as_str().map_or_else(|| value.to_string(), String::from);
	text.parse().expect("a number of this size")
}

fn list(value: &Value) -> &[Value] {
	value.as_array().expect("a list")
}

fn all<T>(value: &Value, of: impl Fn(&Value) -> T) -> Vec<T> {
	list(value).iter().map(of).collect()
}

fn optional<T>(value: &Value, of: impl Fn(&Value) -> T) -> Option<T> {
	(!value.is_null()).then(|| of(value))
}

/// What serde makes of a value without large integers.
fn plain<T: serde::de::DeserializeOwned>(value: &Value) -> T {
	serde_json::from_value(value.clone()).expect("the names of the types")
}

fn text(value: &Value) -> Vec<u8> {
	value.as_str().expect("a string").as_bytes().to_vec()
}

fn reading(value: &Value) -> Reading {
	Reading {
		network: NetworkId(int(&value["network"])),
		schema: SchemaId(int(&value["schema"])),
		device: DeviceId(int(&value["device"])),
		sequence: int(&value["sequence"]),
		anchor: hash32(&value["anchor"]),
		time: int(&value["time"]),
		values: BoundedVec::truncate_from(all(&value["values"], |value| optional(value, int))),
	}
}

fn signed(value: &Value) -> SignedReading {
	let signature: [u8; 64] = bytes(&value["signature"]).try_into().expect("64 bytes");
	let signature = DeviceSignature::Ed25519(ed25519::Signature::from(signature));
	SignedReading { reading: reading(value), signature }
}

fn leaf(value: &Value) -> Leaf {
	let open = |value: &Value| Open { cycle: int(&value[0]), units: int(&value[1]) };
	let sample = |value: &Value| Sample { value: int(&value[0]), time: int(&value[1]) };
	let account = AccountV1 {
		device: DeviceId(int(&value["device"])),
		schema: SchemaId(int(&value["schema"])),
		sequence: int(&value["sequence"]),
		time: int(&value["time"]),
		open: BoundedVec::truncate_from(all(&value["open"], open)),
		settled: int(&value["settled"]),
		totals: BoundedVec::truncate_from(all(&value["totals"], int)),
	};
	let latest = all(&value["latest"], |value| optional(value, sample));
	let data = DataV1 { latest: BoundedVec::truncate_from(latest) };
	Leaf { account: Account::V1(account), data: Data::V1(data) }
}

fn channel(value: &Value) -> Channel {
	Channel {
		name: BoundedVec::truncate_from(text(&value["name"])),
		quantity: plain(&value["quantity"]),
		unit: plain(&value["unit"]),
		scale: int(&value["scale"]),
		kind: plain(&value["kind"]),
		min: int(&value["min"]),
		max: int(&value["max"]),
		max_change: optional(&value["maxChange"], int),
	}
}

fn meter(value: &Value) -> MeterRule {
	match value.get("uptime") {
		Some(uptime) => {
			MeterRule::Uptime { expected: int(&uptime["expected"]), cap: int(&uptime["cap"]) }
		},
		None => {
			let counter = &value["counter"];
			let (channel, max_rate) = (int(&counter["channel"]), int(&counter["maxRate"]));
			MeterRule::Counter { channel, max_rate }
		},
	}
}

fn context(value: &Value) -> WindowContext {
	let schema = &value["schema"];
	let context = WindowContext {
		genesis: hash32(&value["genesis"]),
		window: int(&value["window"]),
		tick: int(&value["tick"]),
		required: hash32(&value["required"]),
		rules_version: int(&value["rulesVersion"]),
		rules: plain::<Rules>(&value["rules"]),
		periods: plain::<Periods>(&value["periods"]),
		network: NetworkFacts {
			network: NetworkId(int(&value["network"])),
			schema_id: SchemaId(int(&value["schemaId"])),
			schema: Schema {
				name: BoundedVec::truncate_from(text(&schema["name"])),
				version: int(&schema["version"]),
				channels: BoundedVec::truncate_from(all(&schema["channels"], channel)),
			},
			meter: meter(&value["meter"]),
			active: plain(&value["active"]),
		},
	};
	assert_eq!(context.network.schema.check(), Ok(()));
	assert_eq!(context.network.meter.check(&context.network.schema), Ok(()));
	assert_eq!(context.encode(), bytes(&value["scale"]));
	context
}

fn sums(value: &Value) -> Sums {
	Sums {
		units: int(&value["units"]),
		readings: int(&value["readings"]),
		devices: int(&value["devices"]),
	}
}

fn entry(value: &Value) -> Entry {
	Entry {
		slot: int(&value["slot"]),
		old_leaf: hash32(&value["oldLeaf"]),
		new_leaf: hash32(&value["newLeaf"]),
		readings: int(&value["readings"]),
		digest: hash32(&value["digest"]),
		units: int(&value["units"]),
	}
}

fn proof(value: &Value) -> Proof {
	let siblings = BoundedVec::truncate_from(all(&value["siblings"], hash32));
	Proof { bitmap: int(&value["bitmap"]), siblings }
}

fn rates(value: &Value) -> BTreeMap<Cycle, Rate> {
	let rates = value.as_object().expect("rates by cycle").iter();
	rates.map(|(cycle, rate)| (cycle.parse().expect("a cycle"), int(rate))).collect()
}

#[test]
fn readings_are_encoded_and_signed_as_the_vectors_say() {
	let file = vectors!("reading");
	let genesis = hash32(&file["genesis"]);
	let readings = all(&file["readings"], signed);
	for (signed, value) in readings.iter().zip(list(&file["readings"])) {
		assert_eq!(signed.reading.encode(), bytes(&value["scale"]));
		assert_eq!(signed.encode(), bytes(&value["signed"]));
		assert_eq!(signed.reading.message(&genesis), hash32(&value["message"]));
		let key = DeviceKey::decode(&mut bytes(&value["key"]).as_slice()).expect("a key");
		assert!(signed.verify(&genesis, &key));
		assert!(!signed.verify(&[0; 32], &key));
	}
	for value in list(&file["digests"]) {
		let of = all(&value["of"], |index| readings[int::<usize>(index)].clone());
		assert_eq!(readings_digest(&of), hash32(&value["digest"]));
	}
}

#[test]
fn ledgers_are_hashed_as_the_vectors_say() {
	let file = vectors!("ledger");
	for (level, hash) in (0..).zip(list(&file["empty"])) {
		assert_eq!(LedgerTree::empty(level), hash32(hash), "level {level}");
	}
	for value in list(&file["leaves"]) {
		let (slot, leaf) = (int::<Slot>(&value["slot"]), leaf(&value["leaf"]));
		assert_eq!(leaf.account.encode(), bytes(&value["account"]));
		assert_eq!(leaf.data.encode(), bytes(&value["data"]));
		assert_eq!(hash(&[&leaf.account.encode()]), hash32(&value["accountHash"]));
		assert_eq!(leaf.data.hash(), hash32(&value["dataHash"]));
		assert_eq!(leaf.hash(slot), hash32(&value["hash"]));
		let decoded = Leaf::decode(&mut leaf.encode().as_slice()).expect("a leaf");
		assert_eq!(decoded, leaf);
	}
	let claim = bytes(&file["claim"]["scale"]);
	let decoded = Claim::decode(&mut claim.as_slice()).expect("a claim");
	assert_eq!(decoded.encode(), claim);
	assert_eq!(decoded.root(), Ok(hash32(&file["claim"]["root"])));
}

#[test]
fn proofs_are_those_of_the_vectors() {
	let file = vectors!("ledger");
	for value in list(&file["trees"]) {
		let leaf = |leaf: &Value| (int::<Slot>(&leaf["slot"]), hash32(&leaf["hash"]));
		let leaves: BTreeMap<Slot, Hash32> = all(&value["leaves"], leaf).into_iter().collect();
		let root = hash32(&value["root"]);
		assert_eq!(built::<LedgerTree>(&leaves), root);
		let mut nodes = MemoryStore::default();
		assert_eq!(store::update(&mut nodes, leaves.clone()), Ok(root));
		for value in list(&value["proofs"]) {
			let slot = int::<Slot>(&value["slot"]);
			let proof = proof(value);
			assert_eq!(store::prove(&nodes, slot), Ok(proof.clone()));
			assert_eq!(proof.encode(), bytes(&value["scale"]));
			let leaf = leaves.get(&slot).copied().unwrap_or_default();
			assert_eq!(proof.root(slot, &leaf), Ok(root));
		}
	}
	for value in list(&file["refused"]) {
		let fault = match value["fault"].as_str() {
			Some("EmptySibling") => ProofFault::EmptySibling,
			_ => ProofFault::SiblingCount,
		};
		assert_eq!(proof(value).root(0, &[9; 32]), Err(fault));
	}
}

#[test]
fn transitions_are_hashed_as_the_vectors_say() {
	let file = vectors!("transition");
	for (level, hash) in (0..).zip(list(&file["empty"])) {
		let empty = Annotated { hash: hash32(hash), sums: Sums::default() };
		assert_eq!(TransitionTree::empty(level), empty, "level {level}");
	}
	let entries = all(&file["entries"], entry);
	for (entry, value) in entries.iter().zip(list(&file["entries"])) {
		assert_eq!(entry.hash(), hash32(&value["hash"]));
	}
	for value in list(&file["trees"]) {
		let of = list(&value["of"]).iter().map(|index| &entries[int::<usize>(index)]);
		let nodes: BTreeMap<Slot, Annotated> = of.map(|entry| (entry.slot, entry.node())).collect();
		let root = Annotated { hash: hash32(&value["hash"]), sums: sums(&value["sums"]) };
		assert_eq!(built::<TransitionTree>(&nodes), root);
	}
}

#[test]
fn steps_are_those_of_the_vectors() {
	let file = vectors!("step");
	let (device, rates) = (DeviceId(int(&file["device"])), rates(&file["rates"]));
	let rates = |cycle: Cycle| rates.get(&cycle).copied().unwrap_or(0);
	for value in list(&file["steps"]) {
		let name = value["name"].as_str().expect("a name");
		let (context, before) = (context(&value["context"]), optional(&value["before"], leaf));
		let readings = all(&value["readings"], signed);
		let found = step(&context, &rates, device, before.as_ref(), &readings);
		if let Some(fault) = value.get("fault") {
			assert_eq!(found.map_err(Fault::code), Err(int::<u8>(fault)), "{name}");
			continue;
		}
		let found = found.expect(name);
		assert_eq!(found.leaf, leaf(&value["after"]), "{name}");
		assert_eq!(found.leaf.encode(), bytes(&value["after"]["scale"]), "{name}");
		assert_eq!(found.units, int::<u64>(&value["units"]), "{name}");
		assert_eq!(found.outliers, int::<u32>(&value["outliers"]), "{name}");
		assert_eq!(found.unanchored, int::<u32>(&value["unanchored"]), "{name}");
	}
}

/// The vectors' batch, as the gateway has it that seals it.
struct Vectors {
	file: Value,
	context: WindowContext,
	header: HeaderV1,
	ledger: BTreeMap<Slot, Leaf>,
	nodes: MemoryStore,
	payload: Vec<u8>,
	/// Key and device by slot.
	registry: BTreeMap<Slot, SlotFacts>,
}

impl Vectors {
	fn batch() -> Self {
		let file = vectors!("batch");
		let before = |value: &Value| (int::<Slot>(&value["slot"]), leaf(&value["leaf"]));
		let ledger: BTreeMap<Slot, Leaf> = all(&file["before"], before).into_iter().collect();
		let mut nodes = MemoryStore::default();
		let hashes = ledger.iter().map(|(slot, leaf)| (*slot, leaf.hash(*slot)));
		store::update(&mut nodes, hashes).expect("memory does not fail");
		let facts = |value: &Value| {
			let key = DeviceKey::decode(&mut bytes(&value["key"]).as_slice()).expect("a key");
			let device = DeviceId(int(&value["device"]));
			(int::<Slot>(&value["entry"]["slot"]), SlotFacts { device, key, active: true })
		};
		let header = &file["header"];
		let header = HeaderV1 {
			attempt: int(&header["attempt"]),
			previous_root: hash32(&header["previousRoot"]),
			ledger_root: hash32(&header["ledgerRoot"]),
			transition_root: hash32(&header["transitionRoot"]),
			sums: sums(&header["sums"]),
			payload_root: hash32(&header["payloadRoot"]),
			payload_size: int(&header["payloadSize"]),
			rules: int(&header["rules"]),
		};
		Self {
			context: context(&file["context"]),
			header,
			ledger,
			nodes,
			payload: bytes(&file["payload"]),
			registry: all(&file["devices"], facts).into_iter().collect(),
			file,
		}
	}

	fn header_hash(&self) -> Hash32 {
		let gateway = GatewayId(int(&self.file["gateway"]));
		let header = Header::V1(self.header.clone());
		assert_eq!(header.encode(), bytes(&self.file["scale"]));
		header_hash(&self.context.genesis, gateway, self.context.window, &header)
	}

	/// The payload's readings, with the leaves before.
	fn devices(&self) -> Vec<DeviceReadings> {
		let mut input = self.payload.as_slice();
		let mut devices = Vec::new();
		while !input.is_empty() {
			let (slot, readings) = payload::next(&mut input).expect("whole readings");
			let (device, leaf) = (self.registry[&slot].device, self.ledger.get(&slot).cloned());
			devices.push(DeviceReadings { slot, device, leaf, readings });
		}
		devices
	}
}

#[test]
fn a_batch_is_sealed_as_the_vectors_say() {
	let Vectors { file, context, header, mut nodes, payload, ledger, .. } = Vectors::batch();
	let devices = Vectors::batch().devices();
	let rates = rates(&file["rates"]);
	let rates = |cycle: Cycle| rates.get(&cycle).copied().unwrap_or(0);
	let slots: Vec<Slot> = devices.iter().map(|device| device.slot).collect();
	assert_eq!(partial_ledger(&nodes, &ledger, &slots), bytes(&file["pieces"]));
	let sealed = seal(&context, &rates, 1, &devices, &mut nodes).expect("sound readings");
	assert_eq!(sealed.header, header);
	assert_eq!(sealed.payload, payload);
	assert_eq!(sealed.entries, all(&file["devices"], |value| entry(&value["entry"])));
	let after = |value: &Value| (int::<Slot>(&value["entry"]["slot"]), leaf(&value["after"]));
	assert_eq!(sealed.leaves, all(&file["devices"], after));
	assert_eq!(Vectors::batch().header_hash(), hash32(&file["hash"]));
}

#[test]
fn a_batch_is_checked_and_tagged_as_the_vectors_say() {
	let batch = Vectors::batch();
	let (file, hash, pieces) = (&batch.file, batch.header_hash(), bytes(&batch.file["pieces"]));
	let rates = rates(&file["rates"]);
	let rates = |cycle: Cycle| rates.get(&cycle).copied().unwrap_or(0);
	let registry = |slot: Slot| batch.registry.get(&slot).copied();
	for value in list(&file["tags"]) {
		let member = int::<u32>(&value["member"]);
		let chunk = int::<u64>(&value["chunk"]);
		let seed = hash32(&file["committeeSeed"]);
		assert_eq!(chunk_index(&seed, member, batch.header.payload_size), chunk);
		let (ledger, payload) = (pieces.as_slice(), batch.payload.as_slice());
		let checked =
			check(&batch.context, &batch.header, chunk, &registry, &rates, ledger, payload)
				.expect("the bytes are the header's");
		assert_eq!(checked.fault, None);
		assert_eq!(checked.outliers, int::<u64>(&file["outliers"]));
		assert_eq!(checked.unanchored, int::<u64>(&file["unanchored"]));
		assert_eq!(tag(&hash, member, &checked.chunk), hash32(&value["tag"]));
	}
	for value in list(&file["payloadRoots"]) {
		let pattern: Vec<u8> = (0..=250).cycle().take(int(&value["size"])).collect();
		assert_eq!(payload_root(&pattern), hash32(&value["root"]));
	}
}

#[test]
fn verdicts_and_committees_are_those_of_the_vectors() {
	let file = vectors!("verdict");
	let genesis = hash32(&file["genesis"]);
	for value in list(&file["claims"]) {
		let verdict = match value["verdict"].as_str() {
			Some("valid") => Verdict::Valid,
			Some(_) => Verdict::Unavailable,
			None => {
				let code = int::<u8>(&value["verdict"]["invalid"]);
				let fault = Fault::ALL.iter().find(|fault| fault.code() == code);
				Verdict::Invalid(*fault.expect("a known code"))
			},
		};
		let claim = VerdictClaim {
			gateway: GatewayId(int(&value["gateway"])),
			window: int(&value["window"]),
			attempt: int(&value["attempt"]),
			header_hash: hash32(&value["headerHash"]),
			session: int(&value["session"]),
			member: int(&value["member"]),
			verdict,
			tag: hash32(&value["tag"]),
		};
		assert_eq!(claim.message(&genesis), hash32(&value["message"]));
	}
	for value in list(&file["committees"]) {
		let (validators, size) = (int(&value["validators"]), int(&value["size"]));
		let drawn = committee::draw(&hash32(&value["seed"]), validators, size);
		assert_eq!(drawn, all(&value["drawn"], int::<u32>));
	}
	for value in list(&file["chunks"]) {
		let (seed, member) = (hash32(&value["seed"]), int(&value["member"]));
		let chunk = chunk_index(&seed, member, int(&value["size"]));
		assert_eq!(chunk, int::<u64>(&value["chunk"]));
	}
}

/// Genesis, operational key and root key of `identity.json`.
fn identity(file: &Value) -> (Hash32, DeviceKey, RootKey) {
	let device = DeviceKey::decode(&mut bytes(&file["device"]).as_slice()).expect("a key");
	let root = RootKey::decode(&mut bytes(&file["root"]).as_slice()).expect("a root key");
	(hash32(&file["genesis"]), device, root)
}

fn certificate(value: &Value) -> Certificate {
	let scale = bytes(&value["scale"]);
	let certificate = Certificate::decode(&mut scale.as_slice()).expect("a certificate");
	assert_eq!(certificate.encode(), scale);
	assert_eq!(certificate.maker(), MakerId(int(&value["maker"])));
	assert_eq!(certificate.key_index(), int::<u8>(&value["keyIndex"]));
	assert_eq!(certificate.model().to_vec(), text(&value["model"]));
	assert_eq!(certificate.serial().to_vec(), text(&value["serial"]));
	assert_eq!(certificate.expiry(), int::<u64>(&value["expiry"]));
	certificate
}

#[test]
fn certificates_are_those_of_the_vectors() {
	let file = vectors!("identity");
	let (genesis, device, root) = identity(&file);
	let value = &file["certificate"];
	let first = certificate(value);
	let Certificate::V1(certified) = &first else { panic!("of another version") };
	assert_eq!(certified.claim.message(&genesis, &device), hash32(&value["message"]));
	let maker = CertifierKey::Ed25519(ed25519::Public::from(hash32(&value["makerKey"])));
	assert!(first.is_signed_by(&maker, &genesis, &device, None));

	let value = &file["certificateV2"];
	let second = certificate(value);
	let Certificate::V2(certified) = &second else { panic!("of another version") };
	assert_eq!(certified.claim.batch.to_vec(), text(&value["batch"]));
	let message = |identity| certified.claim.message(&genesis, &identity);
	assert_eq!(message(Identity::Root(root)), hash32(&value["message"]));
	let without = hash32(&value["messageWithoutRoot"]);
	assert_eq!(message(Identity::Operational(device)), without);
	let maker = bytes(&value["makerKey"]).try_into().expect("33 bytes");
	let maker = CertifierKey::P256(P256Public(maker));
	assert!(second.is_signed_by(&maker, &genesis, &device, Some(&root)));
	assert!(!second.is_signed_by(&maker, &genesis, &device, None));
}

#[test]
fn possession_and_delegation_are_those_of_the_vectors() {
	let file = vectors!("identity");
	let (genesis, device, root) = identity(&file);
	let value = &file["possession"];
	let block_hash = hash32(&value["blockHash"]);
	let (block, nonce) = (int(&value["block"]), int(&value["nonce"]));
	let owner = hash32(&value["owner"]);
	let message = possession_message(&genesis, block, &block_hash, &owner, nonce, &device);
	assert_eq!(message, hash32(&value["message"]));

	let value = &file["delegation"];
	let message = delegation_message(&genesis, block, &block_hash, &owner, nonce, &root, &device);
	assert_eq!(message, hash32(&value["message"]));
	let delegation = Delegation::decode(&mut bytes(&value["scale"]).as_slice()).expect("one");
	assert_eq!(delegation.root, root);
	assert!(root.verify(&message, &delegation.signature));
}

#[test]
fn recoveries_are_those_of_the_vectors() {
	let file = vectors!("identity");
	let (genesis, device, root) = identity(&file);
	let value = &file["recovery"];
	let (maker, index) = (MakerId(int(&value["maker"])), int(&value["keyIndex"]));
	let (id, changed) = (DeviceId(int(&value["device"])), int(&value["changed"]));
	let message = |root| recovery_message(&genesis, maker, index, id, changed, &device, root);
	assert_eq!(message(Some(&root)), hash32(&value["message"]));
	assert_eq!(message(None), hash32(&value["messageWithoutRoot"]));

	let value = &file["objection"];
	let (id, requested) = (DeviceId(int(&value["device"])), int(&value["requested"]));
	let message = objection_message(&genesis, id, requested, &device);
	assert_eq!(message, hash32(&value["message"]));
}
