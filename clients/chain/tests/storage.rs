//! What is read from storage without the runtime API is laid out as the runtime lays it out.

mod support;

use support::{BY_ONE, BY_THREE, BY_TWO, field, item, metadata, parts, some, tuple, value};

#[test]
fn makers_are_laid_out_as_expected() {
	let metadata = metadata();
	let record = value(&metadata, "Devices", "Makers", BY_ONE);
	let expected = ["admins", "keys", "next_key", "registered", "devices", "settled", "bond"];
	assert_eq!(parts(&metadata, record), expected);
	let bond = some(&metadata, field(&metadata, record, "bond"));
	assert_eq!(parts(&metadata, bond), ["payer", "ticket"]);
	let key = item(&metadata, field(&metadata, record, "keys"));
	assert_eq!(parts(&metadata, key), ["index", "public", "revoked"]);
	let public = field(&metadata, key, "public");
	assert_eq!(parts(&metadata, public), ["Ed25519", "P256"]);
}

#[test]
fn devices_are_laid_out_as_expected() {
	let metadata = metadata();
	let record = value(&metadata, "Devices", "Devices", BY_ONE);
	assert_eq!(parts(&metadata, record).first().map(String::as_str), Some("owner"));
}

#[test]
fn locations_are_laid_out_as_expected() {
	let metadata = metadata();
	let record = value(&metadata, "Devices", "Locations", BY_ONE);
	assert_eq!(parts(&metadata, record), ["place", "ticket"]);
	let place = field(&metadata, record, "place");
	assert_eq!(parts(&metadata, place), ["previous", "current", "since", "settled"]);
	let placed = field(&metadata, place, "current");
	assert_eq!(parts(&metadata, placed), ["location", "vector", "asserted"]);
	let location = field(&metadata, placed, "location");
	let expected = ["cell", "altitude_metres", "antenna_gain_decidbi"];
	assert_eq!(parts(&metadata, location), expected);
}

#[test]
fn cycles_are_laid_out_as_expected() {
	let metadata = metadata();
	let record = value(&metadata, "Rewards", "Cycles", BY_ONE);
	let expected = ["emission", "parts", "bootstrap", "weights", "vesting"];
	assert_eq!(parts(&metadata, record), expected);
	let inner = field(&metadata, record, "parts");
	assert_eq!(parts(&metadata, inner), ["validators", "treasury", "networks"]);
}

#[test]
fn weights_are_laid_out_as_expected() {
	let metadata = metadata();
	let record = value(&metadata, "Rewards", "Weights", BY_ONE);
	assert_eq!(parts(&metadata, record), ["granted", "history"]);
	// A newtype around a bounded vector of pairs.
	let pair = item(&metadata, field(&metadata, record, "history"));
	assert_eq!(tuple(&metadata, pair).len(), 2);
}

#[test]
fn batches_are_laid_out_as_expected() {
	let metadata = metadata();
	let record = value(&metadata, "Telemetry", "Batches", BY_THREE);
	let expected = [
		"header_hash",
		"ledger_root",
		"payload_size",
		"sums",
		"tick",
		"sealed_at",
		"sealed_in",
		"session",
		"validators",
		"members",
		"ordinal",
		"fee",
		"committee_fee",
		"committee",
		"votes",
	];
	assert_eq!(parts(&metadata, record)[..expected.len()], expected);
	let vote = item(&metadata, field(&metadata, record, "votes"));
	assert_eq!(parts(&metadata, vote), ["None", "Valid", "Invalid", "Unavailable"]);
}

#[test]
fn schemas_are_laid_out_as_expected() {
	let metadata = metadata();
	let record = value(&metadata, "Schemas", "Schemas", BY_ONE);
	assert_eq!(parts(&metadata, record), ["owner", "schema", "deprecated", "ticket"]);
	let schema = field(&metadata, record, "schema");
	assert_eq!(parts(&metadata, schema), ["name", "version", "channels"]);
}

#[test]
fn gateways_are_keyed_as_expected() {
	let metadata = metadata();
	let record = value(&metadata, "Telemetry", "Gateways", BY_ONE);
	assert!(parts(&metadata, record).iter().any(|part| part == "network"));
}

#[test]
fn slots_are_laid_out_as_expected() {
	let metadata = metadata();
	let entry = value(&metadata, "Telemetry", "Slots", BY_TWO);
	assert_eq!(parts(&metadata, entry).first().map(String::as_str), Some("record"));
	let record = field(&metadata, entry, "record");
	assert_eq!(parts(&metadata, record), ["device", "payee", "from", "until"]);
}
