//! Groups count what a map of cells would.

use std::collections::BTreeMap;

use codec::{Compact, Decode, Encode, MaxEncodedLen};
use proptest::{prelude::*, sample::Index};

use super::{any_cell, cells::children, index_of, located};
use crate::{
	COARSEST_COUNTED, Cell, GROUP_CELLS, GroupCounts, LOCATION_RESOLUTION, Location, Spot,
};

/// As the chain keeps them: groups that are not empty, by their coarsest cell.
#[derive(Clone, Debug, Default, PartialEq)]
struct Groups(BTreeMap<Cell, GroupCounts>);

impl Groups {
	fn change(&mut self, location: Location, change: impl Fn(&mut GroupCounts, Spot)) {
		for spot in location.spots() {
			let mut counts = self.0.remove(&spot.group()).unwrap_or_default();
			change(&mut counts, spot);
			if !counts.is_empty() {
				self.0.insert(spot.group(), counts);
			}
		}
	}

	fn enter(&mut self, location: Location) {
		self.change(location, GroupCounts::enter);
	}

	fn leave(&mut self, location: Location) {
		self.change(location, GroupCounts::leave);
	}

	fn count(&self, cell: Cell) -> u32 {
		let counts = cell.group().and_then(|group| self.0.get(&group));
		counts.map_or(0, |counts| counts.count(cell))
	}

	/// Bytes that are kept, with the keys.
	fn bytes(&self) -> usize {
		self.0.iter().map(|entry| entry.encoded_size()).sum()
	}
}

fn location(cell: Cell) -> Location {
	Location::new(cell, 0, 0).expect("of resolution 12")
}

/// Places of which many share groups: their cells differ in their last digits.
fn neighbourhood() -> impl Strategy<Value = Vec<Location>> {
	let ends = prop::collection::vec((0usize..=8, prop::collection::vec(0u64..7, 8)), 0..8);
	(located(), ends).prop_map(|(cell, ends)| {
		let base = (cell.index() >> 45) & 127;
		let own: Vec<u64> = (1..=12).filter_map(|at| cell.digit(at)).map(u64::from).collect();
		let near = ends.into_iter().filter_map(|(differ, digits)| {
			let digits = [&own[..12 - differ], &digits[..differ]].concat();
			Cell::new(index_of(base, &digits)).ok()
		});
		std::iter::once(cell).chain(near).map(location).collect::<Vec<Location>>()
	})
}

/// Devices that come (`true`) and leave.
fn visits() -> impl Strategy<Value = Vec<(Index, bool)>> {
	prop::collection::vec((any::<Index>(), any::<bool>()), 0..100)
}

/// Counts of which most are zero. Not every position is one of a pentagon.
fn any_counts() -> impl Strategy<Value = [u32; GROUP_CELLS]> {
	let count = prop_oneof![4 => Just(0u32), 2 => 1u32..70, 1 => 1..u32::MAX];
	prop::collection::vec(count, GROUP_CELLS)
		.prop_map(|counts| <[u32; GROUP_CELLS]>::try_from(counts).expect("as many"))
}

#[test]
fn a_device_that_is_alone_takes_three_bytes_a_group() {
	let cell: Cell = "8c2a1072b59adff".parse().expect("a cell");
	let mut groups = Groups::default();
	groups.enter(location(cell));
	let mut keys: Vec<Cell> = groups.0.keys().copied().collect();
	keys.sort_by_key(|cell| cell.resolution());
	let expected = [4, 7, 10].map(|resolution| cell.parent(resolution).expect("coarser"));
	assert_eq!(keys, expected);
	for (group, counts) in &groups.0 {
		let finest = group.resolution() + 2;
		let digits = [finest - 1, finest].map(|at| cell.digit(at).expect("not finer"));
		assert_eq!(counts.encode(), [4, 7 * digits[0] + digits[1], 4]);
	}
	assert_eq!(groups.bytes(), GroupCounts::max_len_per_device());
}

#[test]
fn the_longest_encoding_is_that_of_a_full_group() {
	let full = GroupCounts::from([u32::MAX; GROUP_CELLS]);
	assert_eq!(full.encoded_size(), GroupCounts::max_encoded_len());
	assert_eq!(GroupCounts::decode(&mut full.encode().as_slice()), Ok(full));
}

#[test]
fn counts_and_their_sums_saturate() {
	let cell: Cell = "8c2a1072b59adff".parse().expect("a cell");
	let full = GroupCounts::from([u32::MAX; GROUP_CELLS]);
	let mut entered = full.clone();
	location(cell).spots().for_each(|spot| entered.enter(spot));
	assert_eq!(entered, full);
	for counted in cell.ancestors(10) {
		assert_eq!(full.count(counted), u32::MAX);
	}
	let mut empty = GroupCounts::default();
	location(cell).spots().for_each(|spot| empty.leave(spot));
	assert!(empty.is_empty());
}

#[test]
fn fails_to_decode_what_would_not_be_written() {
	let all = (0..49u8).flat_map(|position| [position, 4]);
	let too_many: Vec<u8> = [50 << 2].into_iter().chain(all).chain([49, 4]).collect();
	let endless: Vec<u8> = [0xfe, 0xff, 0xff, 0xff].into_iter().chain([0, 4].repeat(100)).collect();
	let refused: [(&str, &[u8]); 8] = [
		("nothing", &[]),
		("a position twice", &[8, 1, 4, 1, 4]),
		("descending", &[8, 2, 4, 1, 4]),
		("beyond the group", &[4, 49, 4]),
		("a count of zero", &[4, 1, 0]),
		("short", &[8, 1, 4]),
		("fifty positions", &too_many),
		("a length of 2^30 - 1", &endless),
	];
	for (why, mut bytes) in refused {
		assert!(GroupCounts::decode(&mut bytes).is_err(), "{why}");
	}
	assert_eq!(GroupCounts::decode(&mut [0u8].as_slice()), Ok(GroupCounts::default()));
}

proptest! {
	#[test]
	fn groups_count_what_a_map_of_cells_does(
		places in neighbourhood(), steps in visits(),
	) {
		let (mut groups, mut map) = (Groups::default(), BTreeMap::<Cell, u32>::new());
		let mut present: Vec<Location> = Vec::new();
		for (index, enters) in steps {
			if enters || present.is_empty() {
				let place = *index.get(&places);
				present.push(place);
				groups.enter(place);
				place.counted_cells().for_each(|cell| *map.entry(cell).or_default() += 1);
			} else {
				let place = present.swap_remove(index.index(present.len()));
				groups.leave(place);
				for cell in place.counted_cells() {
					let count = map.get_mut(&cell).expect("it entered");
					*count -= 1;
				}
			}
		}
		map.retain(|_, count| *count > 0);
		for cell in places.iter().flat_map(|place| place.counted_cells()) {
			prop_assert_eq!(groups.count(cell), map.get(&cell).copied().unwrap_or_default());
		}
		let coarsest = map.keys().copied().filter(|cell| cell.group() == Some(*cell));
		prop_assert!(groups.0.keys().copied().eq(coarsest));
		prop_assert!(groups.bytes() <= present.len() * GroupCounts::max_len_per_device());
	}

	#[test]
	fn a_cell_has_as_many_devices_as_its_children(places in neighbourhood()) {
		let mut groups = Groups::default();
		places.iter().for_each(|place| groups.enter(*place));
		for cell in places.iter().flat_map(|place| place.counted_cells()) {
			let sum: u32 = children(cell).into_iter().map(|child| groups.count(child)).sum();
			// Of the finest no children are counted.
			let is_finest = cell.resolution() == LOCATION_RESOLUTION;
			prop_assert_eq!(sum, if is_finest { 0 } else { groups.count(cell) });
		}
	}

	#[test]
	fn who_leaves_undoes_entering(places in neighbourhood(), cell in located()) {
		let mut groups = Groups::default();
		places.iter().for_each(|place| groups.enter(*place));
		for place in places.into_iter().chain([location(cell)]) {
			let mut changed = groups.clone();
			changed.enter(place);
			prop_assert_eq!(changed.count(place.cell()), groups.count(place.cell()) + 1);
			changed.leave(place);
			prop_assert_eq!(&changed, &groups);
		}
	}

	#[test]
	fn entering_and_leaving_change_one_count(counts in any_counts(), cell in located()) {
		let before = GroupCounts::from(counts);
		for spot in location(cell).spots() {
			let mut after = before.clone();
			after.enter(spot);
			prop_assert_ne!(&after, &before);
			after.leave(spot);
			prop_assert_eq!(&after, &before);
		}
	}

	#[test]
	fn devices_are_counted_from_resolution_4_to_12(cell in any_cell(), counts in any_counts()) {
		let resolution = cell.resolution();
		let group = [4, 7, 10].into_iter().rfind(|coarsest| *coarsest <= resolution);
		let group = group.filter(|_| resolution <= LOCATION_RESOLUTION);
		let expected = group.map(|coarsest| cell.parent(coarsest).expect("coarser"));
		prop_assert_eq!(cell.group(), expected);
		if !(COARSEST_COUNTED..=LOCATION_RESOLUTION).contains(&resolution) {
			prop_assert_eq!(GroupCounts::from(counts).count(cell), 0);
		}
	}

	#[test]
	fn counts_survive_scale_as_a_list_of_what_is_not_zero(counts in any_counts()) {
		let group = GroupCounts::from(counts);
		let encoded = group.encode();
		prop_assert!(encoded.len() <= GroupCounts::max_encoded_len());
		prop_assert_eq!(GroupCounts::decode(&mut encoded.as_slice()), Ok(group));
		let list = Vec::<(u8, Compact<u32>)>::decode(&mut encoded.as_slice()).expect("a list");
		let kept = (0u8..).zip(counts).filter(|(_, count)| *count > 0);
		let kept: Vec<_> = kept.map(|(position, count)| (position, Compact(count))).collect();
		prop_assert_eq!(list, kept);
	}

	#[test]
	fn what_is_decoded_is_written_the_same(counts in any_counts(), bit in any::<Index>()) {
		let mut bytes = GroupCounts::from(counts).encode();
		let bit = bit.index(bytes.len() * 8);
		bytes[bit / 8] ^= 1 << (bit % 8);
		let mut input = bytes.as_slice();
		if let Ok(decoded) = GroupCounts::decode(&mut input) {
			let read = bytes.len() - input.len();
			prop_assert_eq!(decoded.encode(), &bytes[..read]);
		}
	}
}
