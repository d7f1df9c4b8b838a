#![no_main]

use cairn_fuzz_targets::agent_config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
	cairn_fuzz::run(agent_config::agent_config, input);
});
