//! What signers, wallets and state depend on is written down for every release: a change of it is
//! never an accident.
//!
//! `runtime/releases/<spec version>.txt` has a line for each pallet, call, storage item, event, error
//! and transaction extension, with a fingerprint of the types' encoding. `scripts/release-diff` shows
//! what has changed since the last release; `CAIRN_BLESS=1 cargo test -p cairn-runtime --test release`
//! writes the file of a version that has not been released yet.

use cairn_runtime::VERSION;
use scale_info::{MetaType, PortableRegistry, Registry, TypeDef, form::PortableForm};
use std::{
	collections::BTreeMap,
	fmt::Write,
	fs,
	path::{Path, PathBuf},
};

/// Enums of the whole runtime: they grow with every pallet, which has lines of its own.
const OUTER: [&str; 6] = [
	"RuntimeCall",
	"RuntimeEvent",
	"OriginCaller",
	"RuntimeHoldReason",
	"RuntimeFreezeReason",
	"SessionKeys",
];

/// Types with a fingerprint of how each is encoded.
struct Types {
	registry: PortableRegistry,
	ids: BTreeMap<MetaType, u32>,
}

impl Types {
	fn of(all: impl IntoIterator<Item = MetaType>) -> Self {
		let mut registry = Registry::new();
		let ids = all.into_iter().map(|ty| (ty, registry.register_type(&ty).id)).collect();
		Self { registry: registry.into(), ids }
	}

	/// Eight hex digits that change if the encoding does.
	fn fingerprint(&self, ty: &MetaType) -> String {
		let shape = self.shape(self.ids[ty], &mut Vec::new(), true);
		sp_core::bytes::to_hex(&sp_io::hashing::blake2_128(shape.as_bytes()), false)[2..10].into()
	}

	/// How a type is encoded, in words. Inside of a type, an outer enum or one that is being described
	/// is its name.
	fn shape(&self, id: u32, within: &mut Vec<u32>, is_root: bool) -> String {
		let ty = self.registry.resolve(id).expect("registered");
		let name = ty.path.segments.last().cloned().unwrap_or_default();
		if within.contains(&id) || (!is_root && OUTER.contains(&name.as_str())) {
			return format!("^{name}");
		}
		within.push(id);
		let shape = self.definition(&ty.type_def, within);
		within.pop();
		shape
	}

	fn definition(&self, def: &TypeDef<PortableForm>, within: &mut Vec<u32>) -> String {
		let mut inner = |id: u32| self.shape(id, within, false);
		match def {
			TypeDef::Composite(def) => {
				let fields: Vec<_> = def.fields.iter().map(|field| inner(field.ty.id)).collect();
				format!("{{{}}}", fields.join(","))
			},
			TypeDef::Variant(def) => {
				let variant = |variant: &scale_info::Variant<PortableForm>| {
					let fields: Vec<_> =
						variant.fields.iter().map(|field| inner(field.ty.id)).collect();
					format!("{}:{}({})", variant.index, variant.name, fields.join(","))
				};
				format!("<{}>", def.variants.iter().map(variant).collect::<Vec<_>>().join("|"))
			},
			TypeDef::Sequence(def) => format!("[{}]", inner(def.type_param.id)),
			TypeDef::Array(def) => format!("[{};{}]", inner(def.type_param.id), def.len),
			TypeDef::Tuple(def) => {
				let fields: Vec<_> = def.fields.iter().map(|field| inner(field.id)).collect();
				format!("({})", fields.join(","))
			},
			TypeDef::Primitive(def) => format!("{def:?}"),
			TypeDef::Compact(def) => format!("compact {}", inner(def.type_param.id)),
			TypeDef::BitSequence(_) => "bits".into(),
		}
	}
}

/// A line for everything that something outside of the runtime depends on, sorted.
fn surface() -> String {
	let metadata = cairn_runtime::documentation();
	let mut lines = Vec::new();
	for extension in &metadata.extrinsic.extensions_in_versions {
		let types = Types::of([extension.ty, extension.implicit]);
		let (explicit, implied) =
			(types.fingerprint(&extension.ty), types.fingerprint(&extension.implicit));
		lines.push(format!("extension {} #{explicit} #{implied}", extension.identifier));
	}
	for pallet in &metadata.pallets {
		let (index, name) = (pallet.index, pallet.name);
		lines.push(format!("pallet {index:02} {name}"));
		if let Some(calls) = &pallet.calls {
			variants(&mut lines, "call", index, name, calls.ty);
		}
		if let Some(events) = &pallet.event {
			variants(&mut lines, "event", index, name, events.ty);
		}
		if let Some(errors) = &pallet.error {
			variants(&mut lines, "error", index, name, errors.ty);
		}
		for entry in pallet.storage.iter().flat_map(|storage| &storage.entries) {
			lines.push(format!("storage {name}.{} {}", entry.name, storage(&entry.ty)));
		}
	}
	lines.sort();
	lines.join("\n") + "\n"
}

/// A line for each variant of an enum of a pallet.
fn variants(lines: &mut Vec<String>, kind: &str, index: u8, pallet: &str, ty: MetaType) {
	let TypeDef::Variant(def) = ty.type_info().type_def else { return };
	for variant in def.variants {
		let types = Types::of(variant.fields.iter().map(|field| field.ty));
		let mut fields = String::new();
		for field in &variant.fields {
			let name = field.name.unwrap_or("_");
			let _ = write!(fields, " {name}#{}", types.fingerprint(&field.ty));
		}
		let (number, name) = (variant.index, variant.name);
		lines.push(format!("{kind} {index:02}.{number:02} {pallet}.{name}{fields}"));
	}
}

fn storage(ty: &frame_support::__private::metadata_ir::StorageEntryTypeIR) -> String {
	match ty {
		frame_support::__private::metadata_ir::StorageEntryTypeIR::Plain(value) => {
			format!("value#{}", Types::of([*value]).fingerprint(value))
		},
		frame_support::__private::metadata_ir::StorageEntryTypeIR::Map { hashers, key, value } => {
			let types = Types::of([*key, *value]);
			let (key, value) = (types.fingerprint(key), types.fingerprint(value));
			format!("{hashers:?} key#{key} value#{value}")
		},
	}
}

fn releases() -> PathBuf {
	Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs this test")).join("releases")
}

/// What `call 65.03` and the like were called, by kind and index.
fn indices(surface: &str) -> BTreeMap<&str, &str> {
	let named = ["pallet", "call"];
	surface
		.lines()
		.filter(|line| named.iter().any(|kind| line.starts_with(kind)))
		.filter_map(|line| {
			let (kind, rest) = line.split_once(' ')?;
			let (index, rest) = rest.split_once(' ')?;
			let name = rest.split(' ').next()?;
			Some((&line[..kind.len() + 1 + index.len()], name))
		})
		.collect()
}

/// Indices of pallets and calls that mean something else in `new` than in `old`.
fn reused<'a>(old: &'a str, new: &'a str) -> Vec<(&'a str, &'a str, &'a str)> {
	let new = indices(new);
	indices(old)
		.into_iter()
		.filter_map(|(index, before)| {
			let now = *new.get(index)?;
			(now != before).then_some((index, before, now))
		})
		.collect()
}

#[test]
fn what_others_depend_on_is_written_down() {
	sp_io::TestExternalities::default().execute_with(|| {
		let surface = surface();
		let path = releases().join(format!("{}.txt", VERSION.spec_version));
		if let Some(copy) = std::env::var_os("CAIRN_SURFACE") {
			fs::write(copy, &surface).expect("the file that was asked for can be written");
		}
		if std::env::var_os("CAIRN_BLESS").is_some() {
			fs::write(&path, &surface).expect("the file can be written");
		}
		let written = fs::read_to_string(&path).unwrap_or_default();
		assert!(
			written == surface,
			"{} is not what the runtime is: if that version was released, raise `spec_version` and \
			 write a migration; see the head of this test and scripts/release-diff",
			path.display()
		);
	});
}

#[test]
fn no_index_of_an_earlier_release_means_something_else() {
	let mut earlier: Vec<(u32, String)> = fs::read_dir(releases())
		.expect("there are releases")
		.map(|entry| entry.expect("readable").path())
		.map(|path| {
			let version = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
			(version.expect("<version>.txt"), fs::read_to_string(&path).expect("readable"))
		})
		.collect();
	earlier.sort_unstable();
	assert_eq!(earlier.last().map(|(version, _)| *version), Some(VERSION.spec_version));
	for pair in earlier.windows(2) {
		let [(_, old), (_, new)] = pair else { unreachable!("windows of two") };
		assert_eq!(reused(old, new), []);
	}
}

#[test]
fn a_reused_index_is_noticed() {
	let old = "call 65.00 Telemetry.seal gateway#1\npallet 65 Telemetry\n";
	assert_eq!(reused(old, "call 65.01 Telemetry.seal gateway#2\npallet 65 Telemetry\n"), []);
	assert_eq!(
		reused(old, "call 65.00 Telemetry.steal gateway#1\n"),
		[("call 65.00", "Telemetry.seal", "Telemetry.steal")]
	);
}
