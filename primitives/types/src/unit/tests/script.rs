//! The golden vectors come from a script that shares no code with this crate.

use std::process::Command;

#[test]
fn the_vectors_are_what_the_script_makes() {
	// At run time: checkouts share what they build, so a path that was compiled in may be another's.
	let script = std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs this test");
	let script = format!("{script}/vectors/generate.py");
	let output = Command::new("python3")
		.args(["-B", &script, "--check"])
		.output()
		.expect("python3 is installed: make setup");
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
