//! Every typed call is what the runtime decodes: same pallet, same call, same arguments in order.

mod support;

use cairn_chain::{Call, calls};
use cairn_geo::Location;
use cairn_telemetry::{
	Account, AccountV1, Claim, Header, HeaderV1, Proof, Sums, Verdict, VerdictClaim,
	authority::AuthoritySignature,
};
use cairn_types::{
	Approval, Certificate, CertificateClaim, CertificateClaimV2, CertificateV1, CertificateV2,
	CertifierKey, CertifierSignature, Channel, ChannelKind, Delegation, DeviceId, DeviceKey,
	DeviceSignature, GatewayId, MakerId, MeterRule, NetworkConfig, NetworkId, Objection,
	P256Public, P256Signature, Possession, Quantity, Registration, RootKey, RootSignature, Schema,
	SchemaId, Unit, meter::Admission,
};
use codec::Decode;
use sp_core::{ConstU32, bounded::BoundedVec, ed25519};
use std::fmt::Debug;
use subxt::Metadata;

use support::{check, metadata};

const GATEWAY: GatewayId = GatewayId(70);
const DEVICE: DeviceId = DeviceId(71);
const NETWORK: NetworkId = NetworkId(72);
const MAKER: MakerId = MakerId(73);
const SCHEMA: SchemaId = SchemaId(74);
const SLOT: u32 = 75;
const WINDOW: u32 = 76;
const ACCOUNT: [u8; 32] = [77; 32];

fn bounded<const N: u32>(bytes: &[u8]) -> BoundedVec<u8, ConstU32<N>> {
	BoundedVec::truncate_from(bytes.to_vec())
}

fn schema() -> Schema {
	let channel = Channel {
		name: bounded(b"temperature"),
		quantity: Quantity::Temperature,
		unit: Unit::Celsius,
		scale: -1,
		kind: ChannelKind::Gauge,
		min: -500,
		max: 1_500,
		max_change: Some(10),
	};
	Schema {
		name: bounded(b"weather"),
		version: 3,
		channels: BoundedVec::truncate_from(vec![channel]),
	}
}

fn config() -> NetworkConfig {
	NetworkConfig {
		schema: SCHEMA,
		meter: MeterRule::Uptime { expected: 6, cap: 600 },
		admission: Admission::Certified(BoundedVec::truncate_from(vec![MAKER])),
	}
}

fn key() -> DeviceKey {
	DeviceKey::Ed25519(ed25519::Public::from_raw([1; 32]))
}

fn possession() -> Possession {
	let signature = DeviceSignature::Ed25519(ed25519::Signature::from_raw([2; 64]));
	Possession { block: 80, nonce: 81, signature }
}

fn certificate() -> Certificate {
	let claim = CertificateClaim {
		maker: MAKER,
		key_index: 1,
		model: bounded(b"model"),
		serial: bounded(b"serial"),
		expiry: 82,
	};
	let signature = ed25519::Signature::from_raw([3; 64]);
	Certificate::V1(CertificateV1 { claim, signature })
}

fn certificate_v2() -> Certificate {
	let claim = CertificateClaimV2 {
		maker: MAKER,
		key_index: 1,
		model: bounded(b"model"),
		batch: bounded(b"batch"),
		serial: bounded(b"serial"),
		expiry: 82,
	};
	let signature = CertifierSignature::P256(P256Signature([83; 64]));
	Certificate::V2(CertificateV2 { claim, signature })
}

fn delegation() -> Delegation {
	let root = RootKey::P256(P256Public([84; 33]));
	Delegation { root, signature: RootSignature::P256(P256Signature([85; 64])) }
}

fn approval() -> Approval {
	let signature = CertifierSignature::Ed25519(ed25519::Signature::from_raw([86; 64]));
	Approval { key_index: 2, signature }
}

fn header() -> Header {
	Header::V1(HeaderV1 {
		attempt: 1,
		previous_root: [4; 32],
		ledger_root: [5; 32],
		transition_root: [6; 32],
		sums: Sums { units: 7, readings: 8, devices: 9 },
		payload_root: [10; 32],
		payload_size: 11,
		rules: 12,
	})
}

fn verdict() -> VerdictClaim {
	VerdictClaim {
		gateway: GATEWAY,
		window: WINDOW,
		attempt: 1,
		header_hash: [13; 32],
		session: 14,
		member: 15,
		verdict: Verdict::Valid,
		tag: [16; 32],
	}
}

fn claim() -> Claim {
	let account = Account::V1(AccountV1 {
		device: DEVICE,
		schema: SCHEMA,
		sequence: 17,
		time: 18,
		open: BoundedVec::truncate_from(vec![cairn_economics::Open { cycle: 19, units: 20 }]),
		settled: 21,
		totals: BoundedVec::truncate_from(vec![22]),
	});
	let proof = Proof { bitmap: 1, siblings: BoundedVec::truncate_from(vec![[23; 32]]) };
	Claim { gateway: GATEWAY, window: WINDOW, slot: SLOT, account, data: [24; 32], proof }
}

/// Values as the runtime prints them.
fn shown(values: &[&dyn Debug]) -> Vec<String> {
	values.iter().map(|value| format!("{value:?}")).collect()
}

fn check_all(metadata: &Metadata, cases: &[(Call, Vec<String>)]) {
	for (call, arguments) in cases {
		let arguments = arguments.iter().map(String::as_str).collect::<Vec<_>>();
		check(metadata, call, &arguments);
	}
}

#[test]
fn works_when_the_runtime_decodes_registry_calls() {
	let metadata = metadata();
	let (schema, config, name) = (schema(), config(), bounded::<32>(b"weather"));
	let cases = [
		(calls::schemas::publish(&schema), shown(&[&schema])),
		(calls::schemas::deprecate(SCHEMA), shown(&[&SCHEMA])),
		(calls::networks::create(&name, &config), shown(&[&name, &config])),
		(calls::networks::configure(NETWORK, &config), shown(&[&NETWORK, &config])),
		(calls::networks::pause(NETWORK), shown(&[&NETWORK])),
		(calls::networks::resume(NETWORK), shown(&[&NETWORK])),
		(calls::networks::transfer(NETWORK, &ACCOUNT), shown(&[&NETWORK])),
		(calls::networks::accept(NETWORK), shown(&[&NETWORK])),
		(calls::networks::close(NETWORK), shown(&[&NETWORK])),
		(calls::networks::reap(NETWORK), shown(&[&NETWORK])),
	];
	check_all(&metadata, &cases);
}

#[test]
fn works_when_the_runtime_decodes_device_calls() {
	let metadata = metadata();
	let (key, possession, certificate) = (key(), possession(), certificate());
	let maker_key = CertifierKey::Ed25519(ed25519::Public::from_raw([1; 32]));
	let serial = bounded::<32>(b"serial");
	let cell = "8c2a1072b59adff".parse().expect("a cell");
	let location = Location::new(cell, 89, 90).expect("valid");
	use calls::devices::{
		accept, activate, add_maker_key, assert_location, assign_gateway, cancel_transfer, certify,
		describe, expel, force_retire, force_retire_maker, forget, reap, register, register_maker,
		retire, retire_maker, revoke, revoke_maker_key, rotate_key, suspend, take_over, transfer,
	};
	let cases = [
		(
			register(NETWORK, &key, &possession, Some(&certificate)),
			shown(&[&NETWORK, &key, &possession, &certificate]),
		),
		(register(NETWORK, &key, &possession, None), shown(&[&NETWORK, &key, &possession])),
		(activate(DEVICE), shown(&[&DEVICE])),
		(suspend(DEVICE), shown(&[&DEVICE])),
		(expel(DEVICE), shown(&[&DEVICE])),
		(retire(DEVICE), shown(&[&DEVICE])),
		(reap(DEVICE), shown(&[&DEVICE])),
		(rotate_key(DEVICE, &key, &possession), shown(&[&DEVICE, &key, &possession])),
		(assign_gateway(DEVICE, GATEWAY), shown(&[&DEVICE, &GATEWAY])),
		(transfer(DEVICE, &ACCOUNT), shown(&[&DEVICE])),
		(accept(DEVICE), shown(&[&DEVICE])),
		(take_over(DEVICE, &possession), shown(&[&DEVICE, &possession])),
		(cancel_transfer(DEVICE), shown(&[&DEVICE])),
		(register_maker(&maker_key), shown(&[&maker_key])),
		(add_maker_key(MAKER, &maker_key), shown(&[&MAKER, &maker_key])),
		(revoke_maker_key(MAKER, 2), shown(&[&MAKER, &2u8])),
		(revoke(MAKER, &serial), shown(&[&MAKER, &serial])),
		(certify(DEVICE, &certificate), shown(&[&DEVICE, &certificate])),
		(retire_maker(MAKER), shown(&[&MAKER])),
		(force_retire(DEVICE), shown(&[&DEVICE])),
		(force_retire_maker(MAKER), shown(&[&MAKER])),
		(forget(MAKER, &serial), shown(&[&MAKER, &serial])),
		(assert_location(DEVICE, &location), shown(&[&DEVICE, &location])),
		(describe(DEVICE, Some(&ACCOUNT)), shown(&[&DEVICE, &ACCOUNT])),
		(describe(DEVICE, None), shown(&[&DEVICE, &None::<[u8; 32]>])),
	];
	check_all(&metadata, &cases);
}

#[test]
fn works_when_the_runtime_decodes_calls_of_secure_hardware() {
	let metadata = metadata();
	let (key, possession, certificate) = (key(), possession(), certificate_v2());
	let (delegation, approval) = (delegation(), approval());
	let signature = delegation.signature;
	let maker_key = CertifierKey::P256(P256Public([87; 33]));
	let plain = Registration {
		key,
		possession: possession.clone(),
		delegation: None,
		certificate: Some(certificate.clone()),
	};
	let rooted = Registration { delegation: Some(delegation), certificate: None, ..plain.clone() };
	let registrations = BoundedVec::truncate_from(vec![plain, rooted]);
	let objections = [
		Objection::Owner,
		Objection::Operational(DeviceSignature::Ed25519(ed25519::Signature::from_raw([88; 64]))),
		Objection::Root(signature),
	];
	use calls::devices::{
		add_maker_admin, add_maker_key, cancel_recovery, certify, complete_recovery, recover,
		register_batch, register_maker, register_rooted, remove_maker_admin, rotate_rooted_key,
	};
	let mut cases = vec![
		(
			register_rooted(NETWORK, &key, &possession, &delegation, Some(&certificate)),
			shown(&[&NETWORK, &key, &possession, &delegation, &certificate]),
		),
		(
			rotate_rooted_key(DEVICE, &key, &possession, &signature),
			shown(&[&DEVICE, &key, &possession, &signature]),
		),
		(register_batch(NETWORK, &registrations), shown(&[&NETWORK, &registrations])),
		(
			recover(DEVICE, &key, &possession, Some(&delegation), &approval),
			shown(&[&DEVICE, &key, &possession, &delegation, &approval]),
		),
		(
			recover(DEVICE, &key, &possession, None, &approval),
			shown(&[&DEVICE, &key, &possession, &approval]),
		),
		(complete_recovery(DEVICE), shown(&[&DEVICE])),
		(add_maker_admin(MAKER, &ACCOUNT), shown(&[&MAKER])),
		(remove_maker_admin(MAKER, &ACCOUNT), shown(&[&MAKER])),
		(register_maker(&maker_key), shown(&[&maker_key])),
		(add_maker_key(MAKER, &maker_key), shown(&[&MAKER, &maker_key])),
		(certify(DEVICE, &certificate), shown(&[&DEVICE, &certificate])),
	];
	for objection in &objections {
		cases.push((cancel_recovery(DEVICE, objection), shown(&[&DEVICE, objection])));
	}
	check_all(&metadata, &cases);
}

#[test]
fn works_when_the_runtime_decodes_telemetry_and_rewards_calls() {
	let metadata = metadata();
	let (header, verdict, claim) = (header(), verdict(), claim());
	let endpoint = bounded::<128>(b"http://127.0.0.1:9977");
	let batches = BoundedVec::truncate_from(vec![(GATEWAY, WINDOW, 1)]);
	let claims = BoundedVec::truncate_from(vec![claim.clone()]);
	let signature = AuthoritySignature::decode(&mut [25u8; 64].as_slice()).expect("64 bytes");
	use calls::{rewards, telemetry};
	let cases = [
		(telemetry::register_gateway(NETWORK, &endpoint), shown(&[&NETWORK, &endpoint])),
		(telemetry::update_endpoint(GATEWAY, &endpoint), shown(&[&GATEWAY, &endpoint])),
		(telemetry::retire_gateway(GATEWAY), shown(&[&GATEWAY])),
		(telemetry::seal(GATEWAY, WINDOW, &header), shown(&[&GATEWAY, &WINDOW, &header])),
		(telemetry::submit_verdict(&verdict, &signature), shown(&[&verdict])),
		(telemetry::expire(GATEWAY), shown(&[&GATEWAY])),
		(telemetry::collect(&batches), shown(&[&batches])),
		(telemetry::close_leaf(GATEWAY, SLOT), shown(&[&GATEWAY, &SLOT])),
		(telemetry::reap_gateway(GATEWAY), shown(&[&GATEWAY])),
		(rewards::claim_attested(&claim), shown(&[&claim])),
		(rewards::claim_many(&claims), shown(&[&claims])),
		(rewards::release(GATEWAY, SLOT), shown(&[&GATEWAY, &SLOT])),
		(rewards::set_payee(GATEWAY, SLOT, &ACCOUNT), shown(&[&GATEWAY, &SLOT])),
		(rewards::set_weight(NETWORK, 26), shown(&[&NETWORK, &26u32])),
	];
	check_all(&metadata, &cases);
}

#[test]
fn works_when_calls_are_batched() {
	let metadata = metadata();
	let transfer = calls::balances::transfer_keep_alive(&ACCOUNT, 1_000_000_000_000);
	let activate = calls::devices::activate(DEVICE);
	let both = [transfer.clone(), activate];
	let batch = Call::batch_all(&both, &metadata).expect("both exist");
	let cases = [
		(transfer, shown(&[&1_000_000_000_000u128])),
		(batch, shown(&[&1_000_000_000_000u128, &DEVICE])),
	];
	check_all(&metadata, &cases);
}
