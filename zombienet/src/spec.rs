//! The specification that the nodes of a network share: the built-in local one, raw, with another
//! genesis where a story needs one.

use std::{
	fs,
	path::{Path, PathBuf},
	process::Command,
	time::Duration,
};

use serde_json::{Value, json};

use crate::process::{binary, run_to_end};

/// Its id: the directory of the chain's data is named after it.
pub const CHAIN_ID: &str = "cairn_network_test";
/// Where the genesis is in a plain specification.
const GENESIS: &str = "/genesis/runtimeGenesis/patch";
/// How long a node may take to write one: for a raw one it compiles its runtime.
const WRITTEN: Duration = Duration::from_secs(180);

/// A value of the genesis: its JSON pointer, and what it becomes.
pub type Patch = (&'static str, Value);

/// Genesis of a network that a story need not wait for: sessions of 30 s, eras of a minute.
#[must_use]
pub fn short_eras() -> [Patch; 2] {
	[("/timing/epochSlots", json!(30)), ("/timing/sessionsPerEra", json!(2))]
}

/// Write the raw specification of a local network with these values in its genesis.
///
/// # Panics
/// If the genesis has no such value, or the node cannot start from it.
#[must_use]
pub fn write(directory: &Path, patches: &[Patch]) -> PathBuf {
	let plain = directory.join("plain.json");
	export("local", &[], &plain);
	let mut spec = parse(&plain);
	spec["name"] = json!("Cairn Network Test");
	spec["id"] = json!(CHAIN_ID);
	for (pointer, value) in patches {
		let place = spec.pointer_mut(&format!("{GENESIS}{pointer}"));
		let place = place.unwrap_or_else(|| panic!("the genesis has no {pointer}"));
		*place = value.clone();
	}
	fs::write(&plain, spec.to_string()).expect("a writable file");
	let raw = directory.join("raw.json");
	export(plain.to_str().expect("UTF-8"), &["--raw"], &raw);
	raw
}

/// Write `spec` to `output` with these boot nodes: what somebody gets who is to join.
///
/// # Panics
/// If the files cannot be read and written.
pub fn write_with_boot_nodes(spec: &Path, addresses: &[String], output: &Path) {
	let mut spec = parse(spec);
	spec["bootNodes"] = json!(addresses);
	fs::write(output, spec.to_string()).expect("a writable file");
}

fn export(chain: &str, options: &[&str], output: &Path) {
	let mut command = Command::new(binary("cairn-node"));
	command.args(["chain-spec", "--chain", chain]).args(options).arg("--output").arg(output);
	let ended = run_to_end(&mut command, WRITTEN);
	assert_eq!(ended.code, Some(0), "{}", ended.errors);
}

fn parse(file: &Path) -> Value {
	let text = fs::read_to_string(file).expect("a specification");
	serde_json::from_str(&text).expect("a specification in JSON")
}
