//! No pallet runs on the weights of the unit type, which are those of another database or zero.

use std::{
	fs,
	path::{Path, PathBuf},
};

/// Types of a configuration that must name something, because upstream's default is empty.
const NAMED: &[&str] = &[
	"AccountData",
	"BlockLength",
	"BlockWeights",
	"DbWeight",
	"ExtensionsWeightInfo",
	"SystemWeightInfo",
	"WeightInfo",
];

fn sources(directory: &Path) -> Vec<PathBuf> {
	fs::read_dir(directory)
		.expect("the crate's sources are readable")
		.map(|entry| entry.expect("the crate's sources are readable").path())
		.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
		.collect()
}

fn is_unit(line: &str) -> bool {
	let declaration: String = line.split_whitespace().collect();
	NAMED.iter().any(|name| declaration == format!("type{name}=();"))
}

#[test]
fn unit_is_recognised() {
	assert!(is_unit("\ttype WeightInfo = ();"));
	assert!(!is_unit("\ttype Slash = ();"));
}

#[test]
fn every_weight_has_a_name() {
	let root = std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs this test");
	let root = Path::new(&root).join("src");
	let files = sources(&root);
	assert!(files.len() > 10, "the sources moved");

	for file in files {
		let text = fs::read_to_string(&file).expect("the crate's sources are UTF-8");
		for (number, line) in text.lines().enumerate() {
			assert!(!is_unit(line), "{}:{}: {}", file.display(), number + 1, line.trim());
		}
	}
}

#[test]
fn state_is_priced_as_parity_db() {
	use cairn_runtime::Runtime;
	use frame_support::{
		traits::Get,
		weights::{RuntimeDbWeight, constants::ParityDbWeight},
	};

	let database = <<Runtime as frame_system::Config>::DbWeight as Get<RuntimeDbWeight>>::get();
	assert_eq!(database, ParityDbWeight::get());
}

#[test]
fn reports_of_equivocations_fit_into_a_block() {
	use cairn_runtime::{
		configs::{
			staking::{MAX_ELECTING_VOTERS, MAX_VALIDATORS},
			system::max_normal_weight,
		},
		weights::{babe::BabeWeight, grandpa::GrandpaWeight},
	};
	use frame_support::weights::Weight;

	let reports: [fn(u32, u32) -> Weight; 2] = [
		<BabeWeight as pallet_babe::WeightInfo>::report_equivocation,
		<GrandpaWeight as pallet_grandpa::WeightInfo>::report_equivocation,
	];
	for report in reports {
		let worst = report(MAX_VALIDATORS, MAX_ELECTING_VOTERS);
		assert!(worst.ref_time() > report(MAX_VALIDATORS, 0).ref_time());
		assert!(worst.all_lt(max_normal_weight().saturating_div(2)));
	}
}
