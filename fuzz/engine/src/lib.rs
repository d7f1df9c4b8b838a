//! Runs a target as libFuzzer calls it. A panic ends the process, and libFuzzer keeps the input; what
//! it cannot keep, because the stack is used up or memory is, is in the file that
//! `CAIRN_FUZZ_LAST` names.

use std::{env, fs::File, os::unix::fs::FileExt, sync::OnceLock};

/// Where the input in hand is noted.
static LAST: OnceLock<Option<File>> = OnceLock::new();

/// Run a target on an input.
pub fn run(target: fn(&[u8]) -> bool, input: &[u8]) {
	note(input);
	target(input);
}

/// Note the input: its length as four bytes, the low one first, and itself.
fn note(input: &[u8]) {
	let open = || env::var_os("CAIRN_FUZZ_LAST").and_then(|path| File::create(path).ok());
	if let Some(file) = LAST.get_or_init(open) {
		let length = u32::try_from(input.len()).unwrap_or(u32::MAX);
		// A full disk does not stop a fuzzer.
		let _ = file.write_all_at(&[&length.to_le_bytes(), input].concat(), 0);
	}
}
