#![no_main]

use cairn_fuzz_targets::p256;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
	cairn_fuzz::run(p256::p256, input);
});
