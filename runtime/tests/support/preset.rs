//! State as a chain specification makes it of a preset.

use cairn_runtime::{RuntimeGenesisConfig, genesis::get_preset};
use frame_support::genesis_builder_helper::build_state;
use serde_json::Value;
use sp_io::TestExternalities;

/// Merges a patch into a document, as RFC 7396 says; presets remove nothing.
fn merge(document: &mut Value, patch: Value) {
	match (document, patch) {
		(Value::Object(document), Value::Object(patch)) => {
			for (key, value) in patch {
				merge(document.entry(key).or_insert(Value::Null), value);
			}
		},
		(document, patch) => *document = patch,
	}
}

/// Genesis of a preset.
pub(super) fn genesis(preset: &str) -> TestExternalities {
	let patch = get_preset(&preset.into()).expect("the preset exists");
	let mut config =
		serde_json::to_value(RuntimeGenesisConfig::default()).expect("the default is JSON");
	merge(&mut config, serde_json::from_slice(&patch).expect("the preset is JSON"));
	let config = serde_json::to_vec(&config).expect("it is JSON");

	let mut ext = TestExternalities::default();
	ext.execute_with(|| {
		build_state::<RuntimeGenesisConfig>(config).expect("the preset is a whole genesis");
	});
	ext
}
