//! The golden vectors of `vectors/`: this crate against H3's own library.

use std::collections::BTreeSet;

use codec::{Decode, Encode};
use serde::{Deserialize, de::DeserializeOwned};

use super::chord;
use crate::{Cell, Coordinates, GROUP_CELLS, GeoError, GroupCounts, UnitVector};

/// How far two libraries may place a centre, in units of 2⁻³⁰: one differs by the last digits of
/// its floats, which counts close to the poles.
const TOLERANCE_UNITS: u32 = 2;
const TOLERANCE_METRES: f64 = 0.012;

macro_rules! vectors {
	($name:literal) => {
		entries(include_str!(concat!("../../vectors/", $name, ".json")))
	};
}

fn entries<T: DeserializeOwned>(file: &str) -> Vec<T> {
	serde_json::from_str(file).expect("generate.py writes JSON")
}

#[derive(Deserialize)]
struct Described {
	cell: Cell,
	resolution: u8,
	pentagon: bool,
	parents: Vec<Cell>,
	finest: u64,
	neighbours: Vec<Cell>,
	latitude: f64,
	longitude: f64,
	vector: [i32; 3],
}

#[derive(Deserialize)]
struct Grouped {
	cell: Cell,
	digits: Vec<u8>,
	group: Cell,
	inside: Vec<u8>,
	outside: Vec<u8>,
}

#[derive(Deserialize)]
struct Refused {
	why: String,
	index: String,
}

#[derive(Deserialize)]
struct Point {
	latitude: f64,
	longitude: f64,
	cells: Vec<Cell>,
	resolutions: Vec<u8>,
}

#[derive(Deserialize)]
struct Pair {
	cells: [Cell; 2],
	vectors: [[i32; 3]; 2],
	metres: u32,
}

fn described() -> Vec<Described> {
	vectors!("cells")
}

#[test]
fn cells_have_the_relatives_that_the_vectors_say() {
	for entry in described() {
		let Described { cell, resolution, .. } = entry;
		assert_eq!(cell.resolution(), resolution, "{cell}");
		assert_eq!(cell.is_pentagon(), entry.pentagon, "{cell}");
		for (level, parent) in (0..).zip(&entry.parents) {
			assert_eq!(cell.parent(level), Ok(*parent), "{cell}");
		}
		let ancestors: Vec<Cell> = cell.ancestors(0).skip(1).collect();
		let upwards: Vec<Cell> = entry.parents.into_iter().rev().collect();
		assert_eq!(ancestors, upwards, "{cell}");
		assert_eq!(cell.children_count(15), Ok(entry.finest), "{cell}");
		assert_eq!(cell.neighbours(), entry.neighbours, "{cell}");
	}
}

#[test]
fn centres_are_where_the_vectors_say() {
	for Described { cell, latitude, longitude, vector, .. } in described() {
		let expected = Coordinates::new(latitude, longitude).expect("on Earth");
		assert!(chord(cell.centre(), expected) < TOLERANCE_METRES, "{cell}");
		for (found, expected) in cell.unit_vector().components().into_iter().zip(vector) {
			assert!(found.abs_diff(expected) <= TOLERANCE_UNITS, "{cell}: {found}, {expected}");
		}
	}
}

#[test]
fn the_vectors_have_every_base_cell_and_pentagon() {
	let entries = described();
	let bases = entries.iter().map(|entry| (entry.cell.index() >> 45) & 127);
	assert_eq!(bases.collect::<BTreeSet<u64>>().len(), 122);
	let located = entries.iter().filter(|entry| entry.pentagon && entry.resolution == 12);
	assert_eq!(located.map(|entry| entry.cell).collect::<BTreeSet<Cell>>().len(), 12);
}

#[test]
fn fails_when_an_index_is_refused_by_the_vectors() {
	let entries: Vec<Refused> = vectors!("refused");
	assert!(!entries.is_empty());
	for Refused { why, index: text } in entries {
		let index = u64::from_str_radix(&text, 16).expect("64 bits");
		assert_eq!(Cell::new(index), Err(GeoError::NotACell), "{why}");
		assert_eq!(text.parse::<Cell>(), Err(GeoError::NotACell), "{why}");
		assert!(Cell::decode(&mut index.encode().as_slice()).is_err(), "{why}");
		assert!(serde_json::from_str::<Cell>(&format!("\"{text}\"")).is_err(), "{why}");
	}
}

#[test]
fn cells_are_counted_where_the_vectors_say() {
	let entries: Vec<Grouped> = vectors!("groups");
	let sizes = entries.iter().map(|entry| entry.inside.len() + entry.outside.len());
	assert_eq!(sizes.collect::<BTreeSet<usize>>(), BTreeSet::from([41, GROUP_CELLS]));
	for Grouped { cell, digits, group, inside, outside } in entries {
		let found: Vec<u8> = (1..=cell.resolution()).filter_map(|at| cell.digit(at)).collect();
		assert_eq!(found, digits, "{cell}");
		assert_eq!(cell.group(), Some(group), "{cell}");
		for (positions, count) in [(inside, 1), (outside, 0)] {
			for position in positions {
				// A list of one device at this position.
				let counts = GroupCounts::decode(&mut [4, position, 4].as_slice()).expect("sound");
				assert_eq!(counts.count(cell), count, "{cell}, {position}");
			}
		}
	}
}

#[test]
fn points_lie_in_the_cells_that_the_vectors_say() {
	let entries: Vec<Point> = vectors!("points");
	assert!(entries.len() >= 100);
	for Point { latitude, longitude, cells, resolutions } in entries {
		let place = Coordinates::new(latitude, longitude).expect("on Earth");
		assert_eq!(cells.len(), resolutions.len());
		for (cell, resolution) in cells.into_iter().zip(resolutions) {
			assert_eq!(place.cell(resolution), Ok(cell), "{latitude}, {longitude}");
		}
	}
}

#[test]
fn distances_are_those_of_the_vectors() {
	let entries: Vec<Pair> = vectors!("distances");
	assert!(entries.len() >= 100);
	for Pair { cells, vectors, metres } in entries {
		let [one, other] = vectors.map(|vector| UnitVector::new(vector).expect("of length 1"));
		assert_eq!(one.distance_metres(other), metres, "{cells:?}");
		assert_eq!(other.distance_metres(one), metres, "{cells:?}");
		let [one, other] = cells.map(Cell::unit_vector);
		assert!(one.distance_metres(other).abs_diff(metres) <= 1, "{cells:?}");
	}
}
