#![no_main]

use cairn_fuzz_targets::cursor;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
	cairn_fuzz::run(cursor::cursor, input);
});
