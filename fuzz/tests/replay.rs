//! Every input of the corpus, and everything that was ever found, through the targets that a fuzzer
//! drives.

use std::{
	collections::BTreeSet,
	env, fs,
	panic::catch_unwind,
	path::{Path, PathBuf},
	process::Command,
};

use cairn_fuzz_targets::{TARGETS, Target};

/// At run time: checkouts share what they build, so a path that was compiled in may be another's.
fn here() -> PathBuf {
	PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo runs this test"))
}

/// Names of the files in a directory; none if it is not there.
fn names(directory: &Path) -> BTreeSet<String> {
	let Ok(entries) = fs::read_dir(directory) else { return BTreeSet::new() };
	let name = |entry: std::io::Result<fs::DirEntry>| {
		entry.expect("a readable directory").file_name().into_string().expect("plain names")
	};
	entries.map(name).collect()
}

/// What is wrong with a target's answer to one input, if anything is.
fn replay(target: &Target, path: &Path, name: &str) -> Option<String> {
	let input = fs::read(path).expect("a readable file");
	let run = target.run;
	let wrong = match catch_unwind(move || run(&input)) {
		Ok(false) if name.starts_with("good-") => "is refused",
		Ok(true) if name.starts_with("bad-") => "is accepted",
		Ok(_) => return None,
		Err(_) => "is not survived",
	};
	Some(format!("{} {wrong}", path.display()))
}

/// Everything in the directories of one kind, by target.
fn replay_all(kind: &str) -> Vec<String> {
	let mut wrong = Vec::new();
	for target in TARGETS {
		let directory = here().join(kind).join(target.name);
		for name in names(&directory) {
			wrong.extend(replay(target, &directory.join(&name), &name));
		}
	}
	wrong
}

#[test]
fn every_input_of_the_corpus_is_judged_as_its_name_says() {
	assert_eq!(replay_all("corpus"), Vec::<String>::new());
}

#[test]
fn every_finding_is_survived() {
	assert_eq!(replay_all("findings"), Vec::<String>::new());
}

#[test]
fn every_target_has_good_and_bad_seeds() {
	for target in TARGETS {
		let seeds = names(&here().join("corpus").join(target.name));
		for kind in ["good-", "bad-"] {
			assert!(seeds.iter().any(|name| name.starts_with(kind)), "{} {kind}", target.name);
		}
	}
}

#[test]
fn targets_are_in_order_and_nothing_belongs_to_another() {
	let targets: BTreeSet<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
	assert!(TARGETS.is_sorted_by(|one, next| one.name < next.name));
	assert_eq!(names(&here().join("corpus")), targets);
	assert!(names(&here().join("findings")).is_subset(&targets));
	let stems = |directory: &str, end: &str| -> BTreeSet<String> {
		let strip = |name: &String| name.strip_suffix(end).map(ToOwned::to_owned);
		names(&here().join(directory)).iter().filter_map(strip).collect()
	};
	assert_eq!(stems("engine/src/bin", ".rs"), targets);
	assert!(stems("dictionaries", ".dict").is_subset(&targets));
}

#[test]
fn the_seeds_are_what_the_script_makes() {
	let script = here().join("seeds/generate.py");
	let output = Command::new("python3")
		.arg("-B")
		.arg(script)
		.arg("--check")
		.output()
		.expect("python3 is installed: make setup");
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
