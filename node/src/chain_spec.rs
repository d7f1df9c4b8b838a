//! Chain specifications: the two that are built in, and files.

pub(crate) mod create;

use crate::{preflight::Problem, service::Block};
use sc_chain_spec::ChainSpecExtension;
use sc_service::{ChainType, GenericChainSpec, Properties};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Part of the names of the network's protocols.
const PROTOCOL_ID: &str = "cairn";
/// The symbol of the token, as wallets show it.
const TOKEN_SYMBOL: &str = "CAIRN";
/// Base units of one token, as a power of ten.
const TOKEN_DECIMALS: u32 = 12;
/// The prefix of account addresses; the runtime's `SS58Prefix`.
const SS58_FORMAT: u32 = 42;

/// A specification of a Cairn network.
pub(crate) type ChainSpec = GenericChainSpec<Extensions>;

/// What a specification says beyond its genesis, for the parts of the node that ask for it.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ChainSpecExtension)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Extensions {
	/// Blocks that every node must have at a height.
	pub(crate) fork_blocks: sc_client_api::ForkBlocks<Block>,
	/// Blocks that no node may import.
	pub(crate) bad_blocks: sc_client_api::BadBlocks<Block>,
	/// A finalized state from which light clients start; `sync_state_genSyncSpec` fills it in.
	pub(crate) light_sync_state: sc_sync_state_rpc::LightSyncStateExtension,
}

/// The specification that `--chain` names: `dev`, `local` (also when nothing is named) or a file.
pub(crate) fn load(id: &str) -> Result<Box<dyn sc_service::ChainSpec>, Problem> {
	let spec = match id {
		"dev" => built_in(
			"Cairn Development",
			"cairn_dev",
			ChainType::Development,
			sp_genesis_builder::DEV_RUNTIME_PRESET,
		),
		"" | "local" => built_in(
			"Cairn Local",
			"cairn_local",
			ChainType::Local,
			sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET,
		),
		path => from_file(path),
	}?;
	Ok(Box::new(spec))
}

/// A specification over a preset of the runtime this node was built with.
fn built_in(
	name: &str,
	id: &str,
	chain_type: ChainType,
	preset: &str,
) -> Result<ChainSpec, Problem> {
	let runtime = cairn_runtime::WASM_BINARY.ok_or(Problem::NoRuntime)?;
	Ok(ChainSpec::builder(runtime, Extensions::default())
		.with_name(name)
		.with_id(id)
		.with_chain_type(chain_type)
		.with_protocol_id(PROTOCOL_ID)
		.with_properties(properties())
		.with_genesis_config_preset_name(preset)
		.build())
}

/// What wallets need to show balances and addresses.
fn properties() -> Properties {
	Properties::from_iter([
		("tokenSymbol".to_owned(), TOKEN_SYMBOL.into()),
		("tokenDecimals".to_owned(), TOKEN_DECIMALS.into()),
		("ss58Format".to_owned(), SS58_FORMAT.into()),
	])
}

/// Reads a specification from a JSON file.
///
/// Its id becomes a directory's name, so it must not lead out of the base path.
fn from_file(path: &str) -> Result<ChainSpec, Problem> {
	let file = PathBuf::from(path);
	if !file.is_file() {
		return Err(Problem::UnknownChain { name: path.to_owned() });
	}
	let spec = ChainSpec::from_json_file(file)
		.map_err(|cause| Problem::Spec { cause: format!("{cause} in `{path}`") })?;
	let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
	if spec.id().is_empty() || !spec.id().bytes().all(is_name) {
		let cause = format!("the id {:?} has characters other than A-Z a-z 0-9 - _", spec.id());
		return Err(Problem::Spec { cause });
	}
	Ok(spec)
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::fs;

	fn file(content: &str) -> (tempfile::TempDir, String) {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let path = directory.path().join("spec.json");
		fs::write(&path, content).expect("a writable file");
		let path = path.to_str().expect("a temporary path in UTF-8").to_owned();
		(directory, path)
	}

	fn spec(id: &str) -> String {
		format!(
			r#"{{"name":"N","id":"{id}","chainType":"Live","bootNodes":[],"telemetryEndpoints":null,
			"protocolId":"cairn","properties":null,"consensusEngine":null,"codeSubstitutes":{{}},
			"genesis":{{"raw":{{"top":{{}},"childrenDefault":{{}}}}}}}}"#
		)
	}

	#[test]
	fn works_when_the_file_is_a_specification() {
		let (_directory, path) = file(&spec("cairn-1_a"));
		assert_eq!(load(&path).expect("a valid specification").id(), "cairn-1_a");
	}

	#[test]
	fn fails_when_nothing_has_the_name() {
		let result = load("/nowhere/spec.json").map(|_| ());
		assert!(matches!(result, Err(Problem::UnknownChain { .. })));
	}

	#[test]
	fn fails_when_the_file_is_not_a_specification() {
		let (_directory, path) = file("{");
		assert!(matches!(load(&path).map(|_| ()), Err(Problem::Spec { .. })));
	}

	#[test]
	fn fails_when_the_id_leaves_the_base_path() {
		for id in ["", "..", "/etc", "a/b"] {
			let (_directory, path) = file(&spec(id));
			assert!(matches!(load(&path).map(|_| ()), Err(Problem::Spec { .. })), "{id:?}");
		}
	}
}
