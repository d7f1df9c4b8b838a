//! Codes of errors.

use std::collections::BTreeSet;

use codec::{Decode, Encode};

use crate::GeoError;

const ALL: [GeoError; 7] = [
	GeoError::NotACell,
	GeoError::WrongResolution { expected: 12, found: 11 },
	GeoError::ResolutionOutOfRange { asked: 16, min: 0, max: 15 },
	GeoError::AltitudeOutOfRange { found: 9_001 },
	GeoError::GainOutOfRange { found: 151 },
	GeoError::NotOnEarth,
	GeoError::NotAUnitVector,
];

#[test]
fn codes_are_the_first_byte_of_scale_and_distinct() {
	for error in ALL {
		assert_eq!(error.encode().first(), Some(&error.code()));
		assert_eq!(GeoError::decode(&mut error.encode().as_slice()), Ok(error));
	}
	assert_eq!(ALL.map(GeoError::code).into_iter().collect::<BTreeSet<u8>>().len(), ALL.len());
}

#[test]
fn an_error_names_cause_code_and_remedy() {
	let error = GeoError::WrongResolution { expected: 12, found: 11 };
	assert_eq!(
		error.to_string(),
		"WrongResolution { expected: 12, found: 11 } (code 2): The cell is not of the resolution of \
		 locations. Remedy: Give the cell of resolution 12 that contains the device."
	);
}

#[test]
fn the_readme_lists_every_error() {
	let readme = include_str!("../../README.md");
	for error in ALL {
		let debug = format!("{error:?}");
		let name = debug.split(' ').next().unwrap_or_default();
		let row = format!("| {} | `{name}` |", error.code());
		assert!(readme.contains(&row), "{row}");
	}
}
