//! The specification that the nodes of a network share: one that their program has built in, raw,
//! with another genesis where a story needs one.

use std::{
	fs,
	path::{Path, PathBuf},
	process::Command,
	time::Duration,
};

use serde_json::{Value, json};

use crate::process::run_to_end;

/// Its id: the directory of the chain's data is named after it.
pub const CHAIN_ID: &str = "cairn_network_test";
/// The built-in network that others are made from.
pub const LOCAL: &str = "local";
/// Where the genesis is in a plain specification.
const GENESIS: &str = "/genesis/runtimeGenesis/patch";
/// How long a node may take to write one: for a raw one it compiles its runtime.
const WRITTEN: Duration = Duration::from_secs(180);
/// The commands by which nodes write one to standard output; older programs know the second.
const EXPORTS: [&[&str]; 2] =
	[&["export-chain-spec"], &["build-spec", "--disable-default-bootnode"]];

/// A value of the genesis: its JSON pointer, and what it becomes.
pub type Patch = (&'static str, Value);

/// Genesis of a network that a story need not wait for: sessions of 30 s, eras of a minute.
#[must_use]
pub fn short_eras() -> [Patch; 2] {
	[("/timing/epochSlots", json!(30)), ("/timing/sessionsPerEra", json!(2))]
}

/// A specification that is not raw yet: its genesis can be changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Plain(Value);

impl Plain {
	/// What `program` has built in under this name.
	///
	/// # Panics
	/// If the program does not write it.
	#[must_use]
	pub fn built_in(program: &Path, chain: &str) -> Self {
		let text = export(program, chain, false);
		let mut spec = serde_json::from_str::<Value>(&text).expect("a specification in JSON");
		spec["name"] = json!("Cairn Network Test");
		spec["id"] = json!(CHAIN_ID);
		Self(spec)
	}

	/// Let a value of the genesis be another one.
	///
	/// # Panics
	/// If the genesis has no such value.
	pub fn set(&mut self, pointer: &str, value: Value) {
		*self.place(pointer) = value;
	}

	/// Let a list of the genesis go on with these values.
	///
	/// # Panics
	/// If the genesis has no such list.
	pub fn append(&mut self, pointer: &str, values: impl IntoIterator<Item = Value>) {
		let list = self.place(pointer).as_array_mut();
		list.unwrap_or_else(|| panic!("the genesis has no list {pointer}")).extend(values);
	}

	fn place(&mut self, pointer: &str) -> &mut Value {
		let place = self.0.pointer_mut(&format!("{GENESIS}{pointer}"));
		place.unwrap_or_else(|| panic!("the genesis has no {pointer}"))
	}

	/// Write it, raw, to a file of `directory`; `program` makes it raw.
	///
	/// # Panics
	/// If the program cannot start from it.
	#[must_use]
	pub fn write(&self, program: &Path, directory: &Path) -> PathBuf {
		let plain = directory.join("plain.json");
		fs::write(&plain, self.0.to_string()).expect("a writable file");
		let raw = directory.join("raw.json");
		let text = export(program, plain.to_str().expect("UTF-8"), true);
		fs::write(&raw, text).expect("a writable file");
		raw
	}
}

/// Write `spec` to `output` with these boot nodes: what somebody gets who is to join.
///
/// # Panics
/// If the files cannot be read and written.
pub fn write_with_boot_nodes(spec: &Path, addresses: &[String], output: &Path) {
	let text = fs::read_to_string(spec).expect("a specification");
	let mut spec = serde_json::from_str::<Value>(&text).expect("a specification in JSON");
	spec["bootNodes"] = json!(addresses);
	fs::write(output, spec.to_string()).expect("a writable file");
}

/// The specification of this name or file, as `program` writes it.
fn export(program: &Path, chain: &str, raw: bool) -> String {
	let mut errors = String::new();
	for words in EXPORTS {
		let mut command = Command::new(program);
		command.args(words).args(["--chain", chain]).args(raw.then_some("--raw"));
		let ended = run_to_end(&mut command, WRITTEN);
		if ended.code == Some(0) {
			return ended.output;
		}
		errors.push_str(&ended.errors);
	}
	panic!("{} writes no specification of {chain}:\n{errors}", program.display())
}

#[cfg(test)]
mod tests {
	use super::*;

	fn plain() -> Plain {
		let patch =
			json!({ "timing": { "epochSlots": 60 }, "balances": { "balances": [["a", 1]] } });
		Plain(json!({ "genesis": { "runtimeGenesis": { "patch": patch } } }))
	}

	fn genesis(plain: &Plain, pointer: &str) -> Option<Value> {
		plain.0.pointer(&format!("{GENESIS}{pointer}")).cloned()
	}

	#[test]
	fn works_when_a_value_is_set() {
		let mut plain = plain();
		plain.set("/timing/epochSlots", json!(30));
		assert_eq!(genesis(&plain, "/timing"), Some(json!({ "epochSlots": 30 })));
	}

	#[test]
	fn works_when_a_list_goes_on() {
		let mut plain = plain();
		plain.append("/balances/balances", [json!(["b", 2]), json!(["c", 3])]);
		let expected = json!([["a", 1], ["b", 2], ["c", 3]]);
		assert_eq!(genesis(&plain, "/balances/balances"), Some(expected));
	}

	#[test]
	#[should_panic(expected = "the genesis has no /timing/epochs")]
	fn fails_when_there_is_no_such_value() {
		plain().set("/timing/epochs", json!(30));
	}

	#[test]
	#[should_panic(expected = "the genesis has no list /timing")]
	fn fails_when_it_is_no_list() {
		plain().append("/timing", [json!(1)]);
	}
}
