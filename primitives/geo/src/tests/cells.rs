//! What holds of every cell.

use codec::{Decode, Encode, MaxEncodedLen};
use proptest::prelude::*;

use super::{any_cell, cells, index_of};
use crate::{Cell, FINEST_RESOLUTION, GeoError};

/// The base cells that are pentagons, from H3's specification.
const PENTAGONS: [u64; 12] = [4, 14, 24, 38, 49, 58, 63, 72, 83, 97, 107, 117];

/// The rules of H3's specification, one after the other.
fn is_cell(index: u64) -> bool {
	let (resolution, base) = ((index >> 52) & 15, (index >> 45) & 127);
	let digit = |level: u64| (index >> (3 * (15 - level))) & 7;
	let digits = || (1..=resolution).map(digit);
	let mode_and_reserved = index >> 59 == 1 && (index >> 56) & 7 == 0;
	let unused = (resolution + 1..=15).map(digit).all(|digit| digit == 7);
	let deleted = PENTAGONS.contains(&base) && digits().find(|digit| *digit != 0) == Some(1);
	mode_and_reserved && base < 122 && unused && digits().all(|digit| digit < 7) && !deleted
}

/// The index of the cell's child at this digit, valid or not.
fn child(cell: Cell, digit: u64) -> u64 {
	let level = u64::from(cell.resolution()) + 1;
	let place = 3 * (15 - level);
	(cell.index() & !(15 << 52) & !(7 << place)) | (level << 52) | (digit << place)
}

pub(super) fn children(cell: Cell) -> Vec<Cell> {
	(0..7).filter_map(|digit| Cell::new(child(cell, digit)).ok()).collect()
}

/// Numbers that are cells, or nearly.
fn indices() -> impl Strategy<Value = u64> {
	let digits = prop::collection::vec(prop_oneof![8 => 0u64..7, 1 => Just(7u64)], 0..=15);
	let composed = (0u64..128, digits).prop_map(|(base, digits)| index_of(base, &digits));
	let flipped = (any_cell(), prop::collection::vec(0u32..64, 1..3)).prop_map(|(cell, bits)| {
		bits.into_iter().fold(cell.index(), |index, bit| index ^ (1 << bit))
	});
	let pentagonal = (prop::sample::select(PENTAGONS.to_vec()), 0u32..15, 1u64..7)
		.prop_map(|(base, place, digit)| index_of(base, &[0; 15]) | (digit << (3 * place)));
	prop_oneof![any::<u64>(), composed, flipped, pentagonal]
}

#[test]
fn a_cell_is_written_as_tools_of_h3_write_it() {
	let cell: Cell = "8c2a1072b59adff".parse().expect("a cell");
	assert_eq!(cell.index(), 0x08c2_a107_2b59_adff);
	assert_eq!(cell.to_string(), "8c2a1072b59adff");
	assert_eq!(format!("{cell:?}"), "Cell(8c2a1072b59adff)");
	assert_eq!("8C2A1072B59ADFF".parse::<Cell>(), Ok(cell));
	assert_eq!("08c2a1072b59adff".parse::<Cell>(), Ok(cell));
}

#[test]
fn fails_when_a_text_is_not_a_cell() {
	let long = "0".repeat(1_000_000);
	let texts =
		["", "0", "+8c2a1072b59adff", " 8c2a1072b59adff", "0x8c2a1072b59adf", "8c2a1072b59adfg"];
	for text in
		texts.into_iter().chain(["8c2a1072b59adff0", "00008c2a1072b59adff", "é", long.as_str()])
	{
		assert_eq!(text.parse::<Cell>(), Err(GeoError::NotACell), "{text:.20}");
	}
}

#[test]
fn fails_when_json_has_a_number_instead_of_a_text() {
	assert!(serde_json::from_str::<Cell>("631054413246758399").is_err());
	assert!(serde_json::from_str::<Cell>("null").is_err());
}

#[test]
fn fails_when_the_encoding_is_short() {
	assert!(Cell::decode(&mut [0xffu8; 7].as_slice()).is_err());
}

#[test]
fn pentagons_have_five_neighbours() {
	for base in PENTAGONS {
		for resolution in [0, 1, 5, 12, 15] {
			let cell = Cell::new(index_of(base, &vec![0; resolution])).expect("a pentagon");
			assert!(cell.is_pentagon());
			assert_eq!(cell.neighbours().len(), 5);
		}
	}
}

#[test]
fn a_coarse_cell_has_no_ancestors_of_finer_resolutions() {
	let cell = Cell::new(index_of(20, &[3, 1])).expect("a cell");
	assert_eq!(cell.ancestors(3).count(), 0);
	assert_eq!(cell.ancestors(2).collect::<Vec<Cell>>(), [cell]);
	assert_eq!(cell.ancestors(FINEST_RESOLUTION + 1).count(), 0);
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(512))]

	#[test]
	fn what_the_specification_calls_a_cell_is_one(index in indices()) {
		let cell = Cell::new(index);
		prop_assert_eq!(cell.is_ok(), is_cell(index));
		prop_assert_eq!(Cell::try_from(index), cell);
		prop_assert_eq!(Cell::decode(&mut index.encode().as_slice()).ok(), cell.ok());
		prop_assert_eq!(format!("{index:x}").parse::<Cell>(), cell);
	}

	#[test]
	fn a_cell_survives_scale_text_and_json(cell in any_cell()) {
		prop_assert_eq!(cell.encode(), cell.index().encode());
		prop_assert_eq!(cell.encode().len(), Cell::max_encoded_len());
		prop_assert_eq!(Cell::decode(&mut cell.encode().as_slice()), Ok(cell));
		prop_assert_eq!(cell.to_string().parse::<Cell>(), Ok(cell));
		prop_assert_eq!(u64::from(cell), cell.index());
		let json = serde_json::to_string(&cell).expect("a text");
		prop_assert_eq!(&json, &format!("\"{cell}\""));
		prop_assert_eq!(serde_json::from_str::<Cell>(&json).ok(), Some(cell));
	}

	#[test]
	fn a_cell_is_its_childrens_parent_and_counts_them(cell in cells(0usize..15)) {
		let (own, children) = (cell.resolution(), children(cell));
		let expected = if cell.is_pentagon() { 6 } else { 7 };
		prop_assert_eq!(children.len(), expected);
		let count = u64::try_from(children.len()).expect("few");
		prop_assert_eq!(cell.children_count(own + 1), Ok(count));
		let grandchildren = children.iter().map(|child| child.children_count(FINEST_RESOLUTION));
		let sum: Result<u64, GeoError> = grandchildren.sum();
		prop_assert_eq!(cell.children_count(FINEST_RESOLUTION), sum);
		for child in children {
			prop_assert_eq!(child.parent(own), Ok(cell));
		}
	}

	#[test]
	fn relatives_out_of_range_are_refused(cell in any_cell(), asked in any::<u8>()) {
		let own = cell.resolution();
		let finer = GeoError::ResolutionOutOfRange { asked, min: 0, max: own };
		let coarser = GeoError::ResolutionOutOfRange { asked, min: own, max: FINEST_RESOLUTION };
		prop_assert_eq!(cell.parent(asked).err(), (asked > own).then_some(finer));
		let fits = (own..=FINEST_RESOLUTION).contains(&asked);
		prop_assert_eq!(cell.children_count(asked).err(), (!fits).then_some(coarser));
		prop_assert_eq!(cell.children_count(own), Ok(1));
	}

	#[test]
	fn digits_are_those_of_the_index(cell in any_cell(), asked in 0u8..=16) {
		let exists = (1..=cell.resolution()).contains(&asked);
		let digit = exists.then(|| (cell.index() >> (3 * (15 - asked))) & 7);
		prop_assert_eq!(cell.digit(asked).map(u64::from), digit);
	}

	#[test]
	fn ancestors_go_up_one_resolution_at_a_time(cell in any_cell(), coarsest in 0u8..=15) {
		let own = cell.resolution();
		let ancestors: Vec<Cell> = cell.ancestors(coarsest).collect();
		let resolutions: Vec<u8> = ancestors.iter().map(|cell| cell.resolution()).collect();
		prop_assert_eq!(resolutions, (coarsest..=own).rev().collect::<Vec<u8>>());
		for pair in ancestors.windows(2) {
			prop_assert_eq!(pair[0].parent(pair[1].resolution()), Ok(pair[1]));
		}
	}

	#[test]
	fn neighbours_are_mutual_ascending_and_of_one_resolution(cell in any_cell()) {
		let neighbours = cell.neighbours();
		prop_assert_eq!(neighbours.len(), if cell.is_pentagon() { 5 } else { 6 });
		prop_assert!(neighbours.windows(2).all(|pair| pair[0].index() < pair[1].index()));
		for neighbour in neighbours {
			prop_assert_eq!(neighbour.resolution(), cell.resolution());
			prop_assert!(neighbour.neighbours().contains(&cell));
		}
	}

	#[test]
	fn a_cell_contains_its_centre(cell in any_cell()) {
		prop_assert_eq!(cell.centre().cell(cell.resolution()), Ok(cell));
	}
}
