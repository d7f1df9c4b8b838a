//! What the tests hold against the runtime: calls as it decodes them, state as it lays it out.

#![allow(dead_code, reason = "each test binary uses its own part of it")]

use cairn_chain::Call;
use cairn_runtime::{Runtime, RuntimeCall};
use codec::{Decode, Encode};
use frame_support::traits::GetCallMetadata;
use scale_info::{TypeDef, form::PortableForm};
use subxt::{
	Metadata,
	metadata::StorageHasher::{self, Twox64Concat},
};

/// Hashers of maps by one, two and three keys, as most of them are.
pub(crate) const BY_ONE: &[StorageHasher] = &[Twox64Concat; 1];
pub(crate) const BY_TWO: &[StorageHasher] = &[Twox64Concat; 2];
pub(crate) const BY_THREE: &[StorageHasher] = &[Twox64Concat; 3];

/// The runtime's metadata.
pub(crate) fn metadata() -> Metadata {
	let bytes = sp_io::TestExternalities::default().execute_with(|| Runtime::metadata().encode());
	Metadata::decode(&mut bytes.as_slice()).expect("the runtime's metadata is valid")
}

/// The runtime decodes the call, encodes it to the same bytes, prints `arguments` in this order.
pub(crate) fn check(metadata: &Metadata, call: &Call, arguments: &[&str]) {
	let name = call.name();
	let bytes = call.encode(metadata).unwrap_or_else(|error| panic!("{name}: {error}"));
	let mut input = bytes.as_slice();
	let decoded = RuntimeCall::decode(&mut input).unwrap_or_else(|error| panic!("{name}: {error}"));
	assert!(input.is_empty(), "{name}: bytes are left over");
	assert_eq!(decoded.encode(), bytes, "{name}");
	let found = decoded.get_call_metadata();
	assert_eq!(format!("{}.{}", found.pallet_name, found.function_name), name);
	let text = format!("{decoded:?}");
	let mut rest = text.as_str();
	for argument in arguments {
		let Some((_, after)) = rest.split_once(*argument) else {
			panic!("{name}: {argument} is not in order in {text}");
		};
		rest = after;
	}
}

/// The value's type of a storage item with these hashers of its keys.
pub(crate) fn value(
	metadata: &Metadata,
	pallet: &str,
	name: &str,
	hashers: &[StorageHasher],
) -> u32 {
	let found = metadata.pallet_by_name(pallet).expect("the pallet is there");
	let entry = found.storage().and_then(|storage| storage.entry_by_name(name));
	let entry = entry.unwrap_or_else(|| panic!("{pallet} has no {name}"));
	let found = entry.keys().map(|key| key.hasher).collect::<Vec<_>>();
	assert_eq!(found, hashers, "{pallet}.{name}");
	entry.value_ty()
}

fn definition(metadata: &Metadata, id: u32) -> &TypeDef<PortableForm> {
	&metadata.types().resolve(id).expect("every type is listed").type_def
}

/// Names of a struct's fields, or of an enum's variants.
pub(crate) fn parts(metadata: &Metadata, id: u32) -> Vec<String> {
	match definition(metadata, id) {
		TypeDef::Composite(composite) => {
			composite.fields.iter().filter_map(|field| field.name.clone()).collect()
		},
		TypeDef::Variant(variants) => {
			variants.variants.iter().map(|variant| variant.name.clone()).collect()
		},
		_ => Vec::new(),
	}
}

/// The type of a struct's field.
pub(crate) fn field(metadata: &Metadata, id: u32, name: &str) -> u32 {
	let TypeDef::Composite(composite) = definition(metadata, id) else {
		panic!("{name}: not a struct");
	};
	let mut fields = composite.fields.iter();
	fields.find(|field| field.name.as_deref() == Some(name)).expect("the field is there").ty.id
}

/// What a vector holds, bounded or not.
pub(crate) fn item(metadata: &Metadata, id: u32) -> u32 {
	match definition(metadata, id) {
		TypeDef::Composite(wrapper) => {
			item(metadata, wrapper.fields.first().expect("a vector inside").ty.id)
		},
		TypeDef::Sequence(sequence) => sequence.type_param.id,
		_ => panic!("not a vector"),
	}
}

/// What an option may hold.
pub(crate) fn some(metadata: &Metadata, id: u32) -> u32 {
	let TypeDef::Variant(option) = definition(metadata, id) else { panic!("not an option") };
	let held = option.variants.iter().find(|variant| variant.name == "Some");
	held.and_then(|variant| variant.fields.first()).expect("it holds something").ty.id
}

/// The types of a tuple.
pub(crate) fn tuple(metadata: &Metadata, id: u32) -> Vec<u32> {
	match definition(metadata, id) {
		TypeDef::Tuple(tuple) => tuple.fields.iter().map(|field| field.id).collect(),
		_ => panic!("not a tuple"),
	}
}
