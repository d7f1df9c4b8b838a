//! What is read from storage without the runtime API is laid out as the runtime lays it out.

use cairn_runtime::Runtime;
use codec::{Decode, Encode};
use subxt::{Metadata, metadata::StorageHasher};

fn metadata() -> Metadata {
	let bytes = sp_io::TestExternalities::default().execute_with(|| Runtime::metadata().encode());
	Metadata::decode(&mut bytes.as_slice()).expect("the runtime's metadata is valid")
}

/// Names of the first fields of a type; of an enum, its variants.
fn parts(metadata: &Metadata, id: u32) -> Vec<String> {
	let found = metadata.types().resolve(id).expect("every type is listed");
	match &found.type_def {
		scale_info::TypeDef::Composite(composite) => {
			composite.fields.iter().filter_map(|field| field.name.clone()).collect()
		},
		scale_info::TypeDef::Variant(variants) => {
			variants.variants.iter().map(|variant| variant.name.clone()).collect()
		},
		_ => Vec::new(),
	}
}

/// The type of a field.
fn field(metadata: &Metadata, id: u32, name: &str) -> u32 {
	let found = metadata.types().resolve(id).expect("every type is listed");
	let scale_info::TypeDef::Composite(composite) = &found.type_def else {
		panic!("{name}: not a struct");
	};
	let named = |field: &&scale_info::Field<_>| field.name.as_deref() == Some(name);
	composite.fields.iter().find(named).expect("the field is there").ty.id
}

/// The type that a bounded vector or array holds.
fn item(metadata: &Metadata, id: u32) -> u32 {
	let found = metadata.types().resolve(id).expect("every type is listed");
	match &found.type_def {
		scale_info::TypeDef::Composite(wrapper) => {
			item(metadata, wrapper.fields.first().expect("a vector inside").ty.id)
		},
		scale_info::TypeDef::Sequence(sequence) => sequence.type_param.id,
		_ => panic!("not a vector"),
	}
}

/// The value's type of a storage item; each of its `keys` keys is hashed by `Twox64Concat`.
fn value(metadata: &Metadata, pallet: &str, name: &str, keys: usize) -> u32 {
	let pallet = metadata.pallet_by_name(pallet).expect("the pallet is there");
	let storage = pallet.storage().expect("it has storage");
	let entry = storage.entry_by_name(name).expect("the item is there");
	assert_eq!(entry.keys().len(), keys, "{name}");
	assert!(entry.keys().all(|key| key.hasher == StorageHasher::Twox64Concat), "{name}");
	entry.value_ty()
}

#[test]
fn makers_are_laid_out_as_expected() {
	let metadata = metadata();
	let record = value(&metadata, "Devices", "Makers", 1);
	let expected = ["admin", "keys", "registered", "devices", "settled"];
	assert_eq!(parts(&metadata, record)[..5], expected);
	let key = item(&metadata, field(&metadata, record, "keys"));
	assert_eq!(parts(&metadata, key), ["public", "revoked"]);
}

#[test]
fn cycles_are_laid_out_as_expected() {
	let metadata = metadata();
	let record = value(&metadata, "Rewards", "Cycles", 1);
	let expected = ["emission", "parts", "bootstrap", "weights", "vesting"];
	assert_eq!(parts(&metadata, record), expected);
	let inner = field(&metadata, record, "parts");
	assert_eq!(parts(&metadata, inner), ["validators", "treasury", "networks"]);
}

#[test]
fn weights_are_laid_out_as_expected() {
	let metadata = metadata();
	let record = value(&metadata, "Rewards", "Weights", 1);
	assert_eq!(parts(&metadata, record), ["granted", "history"]);
	// A newtype around a bounded vector of pairs.
	let pair = item(&metadata, field(&metadata, record, "history"));
	let found = metadata.types().resolve(pair).expect("every type is listed");
	let scale_info::TypeDef::Tuple(pair) = &found.type_def else { panic!("not a pair") };
	assert_eq!(pair.fields.len(), 2);
}

#[test]
fn batches_are_laid_out_as_expected() {
	let metadata = metadata();
	let record = value(&metadata, "Telemetry", "Batches", 3);
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
fn slots_are_laid_out_as_expected() {
	let metadata = metadata();
	let entry = value(&metadata, "Telemetry", "Slots", 2);
	assert_eq!(parts(&metadata, entry).first().map(String::as_str), Some("record"));
	let record = field(&metadata, entry, "record");
	assert_eq!(parts(&metadata, record), ["device", "payee", "from", "until"]);
}
