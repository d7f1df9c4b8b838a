//! The golden vectors come from a script that shares no code with this crate.

use std::process::Command;

#[test]
fn the_vectors_are_what_the_script_makes() {
	let script = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/generate.py");
	let output = Command::new("python3")
		.args(["-B", script, "--check"])
		.output()
		.expect("python3 is installed: make setup");
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
