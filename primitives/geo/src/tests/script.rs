//! The golden vectors come from H3's own library, by a script that shares no code with this crate.

use std::{env, path::PathBuf, process::Command};

/// Where `scripts/setup` puts the Python that has the packages of `vectors/requirements.txt`.
fn python() -> PathBuf {
	let cache = env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
	let cache = cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")));
	cache.expect("HOME is set").join("cairn/python/bin/python")
}

#[test]
fn the_vectors_are_what_the_script_makes() {
	// At run time: checkouts share what they build, so a path that was compiled in may be another's.
	let script = env::var("CARGO_MANIFEST_DIR").expect("cargo runs this test");
	let script = format!("{script}/vectors/generate.py");
	let output = Command::new(python())
		.args(["-B", &script, "--check"])
		.output()
		.expect("Python with H3 is installed: make setup");
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
