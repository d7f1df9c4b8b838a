//! Who may depend on whom: pallets on primitives and FRAME, never on each other; primitives, but for
//! the runtime's interface, not on FRAME.

use std::{
	collections::{BTreeMap, BTreeSet},
	env, fs,
	path::PathBuf,
};

/// Packages of a directory of the workspace, each with what its manifest says that it depends on.
fn packages(directory: &str) -> BTreeMap<String, BTreeSet<String>> {
	let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo runs this test"));
	let entries = fs::read_dir(root.join("..").join(directory)).expect("the directory is there");
	let manifests = entries.map(|entry| entry.expect("an entry").path().join("Cargo.toml"));
	manifests
		.map(|path| package(&fs::read_to_string(path).expect("each of them is a package")))
		.collect()
}

/// Name and dependencies of a package, those of its tests too.
fn package(manifest: &str) -> (String, BTreeSet<String>) {
	let (mut section, mut name, mut needed) = ("", None, BTreeSet::new());
	for line in manifest.lines() {
		if line.starts_with('[') {
			section = line.trim_matches(['[', ']']);
		} else if let Some((key, value)) = line.split_once('=') {
			let key = key.trim();
			if section == "package" && key == "name" {
				name = Some(value.trim().trim_matches('"').to_owned());
			} else if section.ends_with("dependencies") {
				needed.insert(key.split('.').next().unwrap_or(key).to_owned());
			}
		}
	}
	(name.expect("a package has a name"), needed)
}

#[test]
fn no_pallet_depends_on_another() {
	let pallets = packages("pallets");
	assert!(pallets.contains_key("pallet-devices"), "{pallets:?}");
	for (name, needed) in &pallets {
		let others = needed.iter().filter(|other| pallets.contains_key(*other));
		assert_eq!(others.collect::<Vec<_>>(), Vec::<&String>::new(), "{name}");
		assert!(needed.contains("frame-support"), "{name}: its manifest is read wrongly");
	}
}

#[test]
fn primitives_do_not_know_frame() {
	let primitives = packages("primitives");
	assert!(primitives["cairn-runtime-api"].contains("sp-api"));
	for (name, needed) in &primitives {
		let frame = needed.iter().filter(|other| {
			["frame-", "pallet-", "sc-"].iter().any(|prefix| other.starts_with(prefix))
				|| (name != "cairn-runtime-api" && *other == "sp-api")
		});
		assert_eq!(frame.collect::<Vec<_>>(), Vec::<&String>::new(), "{name}");
		// Only the macro of coded causes needs nothing.
		assert_eq!(
			needed.is_empty(),
			name == "cairn-coded",
			"{name}: its manifest is read wrongly"
		);
	}
}

#[test]
fn a_dependency_is_found_however_it_is_written() {
	let (name, needed) = package(
		"[package]\nname = \"pallet-x\"\nversion.workspace = true\n\n[dependencies]\n\
		 codec = { workspace = true }\npallet-y.workspace = true\n\n[dev-dependencies]\n\
		 pallet-z = { workspace = true }\n\n[features]\nstd = [\"codec/std\"]\n",
	);
	assert_eq!(name, "pallet-x");
	assert_eq!(
		needed.iter().map(String::as_str).collect::<Vec<_>>(),
		["codec", "pallet-y", "pallet-z"]
	);
}
