use std::collections::BTreeSet;

use cairn_geo::{COARSEST_COUNTED, Cell, FINEST_RESOLUTION, Location, Placed};
use cairn_types::{Dated, DeviceId};
use codec::{DecodeAll, Encode};
use frame_support::{
	assert_noop, assert_ok,
	dispatch::{DispatchResultWithPostInfo, GetDispatchInfo},
	traits::fungible::{Inspect, Mutate},
};
use sp_runtime::TokenError;

use crate::{Call, CellCounts, Config, Locations, MAX_MOVING_TICKS, WeightInfo, mock::*};

fn pair() -> DevicePair {
	DevicePair::new(3)
}

fn assert_location(device: DeviceId, location: Location) -> DispatchResultWithPostInfo {
	Devices::assert_location(RuntimeOrigin::signed(ALICE), device, location)
}

/// A device that asserted [`place`] of 0, and may move.
fn located() -> DeviceId {
	let device = active(&ALICE, &pair());
	assert_ok!(assert_location(device, place(0)));
	advance(SETTLED);
	device
}

fn counts(location: Location) -> Vec<u32> {
	location.counted_cells().map(Devices::cell_count).collect()
}

/// The groups that are kept, by their coarsest cells.
fn groups() -> BTreeSet<Cell> {
	CellCounts::<Test>::iter_keys().collect()
}

/// The three that count a device that is alone.
fn groups_of(location: Location) -> BTreeSet<Cell> {
	[4, 7, 10].map(|coarsest| location.cell().parent(coarsest).expect("coarser")).into()
}

/// A location whose cell of `resolution` is not that of `place(0)`, but has the same parent.
fn parted_at(resolution: u8) -> Location {
	let cell = place(0).cell();
	let ancestor = |level| cell.parent(level).expect("coarser");
	let (own, parent) = (ancestor(resolution), ancestor(resolution - 1));
	let mut siblings = own.neighbours().into_iter();
	let sibling = siblings.find(|near| near.parent(resolution - 1) == Ok(parent));
	let there = sibling.expect("its parent has seven children").centre().cell(12);
	Location::new(there.expect("a resolution of H3"), 10, 20).expect("valid")
}

/// A location near that of `place(0)`: another cell of resolution 12 below the same of 11.
fn next_door() -> Location {
	let cell = place(0).cell();
	let parent = cell.parent(11).expect("coarser");
	let sibling = cell.neighbours().into_iter().find(|near| near.parent(11) == Ok(parent));
	Location::new(sibling.expect("its parent has seven children"), 10, 20).expect("valid")
}

#[test]
fn works_for_the_first_time_without_a_fee() {
	ExtBuilder::default().build_and_execute(|| {
		let device = registered(&ALICE, &pair());
		events();
		let before = Balances::total_balance(&ALICE);
		assert_ok!(assert_location(device, place(0)));
		let since = next_window();
		assert_eq!(events(), [Event::LocationAsserted { device, location: place(0), since }]);
		assert_eq!(Balances::total_balance(&ALICE), before);
		assert_eq!(held(&ALICE), device_price() + location_price());
		let placed = Placed::new(place(0), START.tick);
		assert_eq!(placed.vector, place(0).cell().unit_vector());
		let known = Locations::<Test>::get(device).expect("asserted");
		assert_eq!(known.place, Dated::new(placed, since, START.tick + SETTLED));
		assert_eq!(Devices::location(device, since - 1), None);
		assert_eq!(Devices::location(device, since), Some(placed));
		assert_eq!(counts(place(0)), [1; 9]);
	});
}

#[test]
fn works_when_moved_for_a_fee_that_is_burned() {
	ExtBuilder::default().build_and_execute(|| {
		let device = located();
		let (before, issued) = (Balances::total_balance(&ALICE), Balances::total_issuance());
		assert_ok!(assert_location(device, place(1)));
		assert_eq!(Balances::total_balance(&ALICE), before - MOVING_FEE);
		assert_eq!(Balances::total_issuance(), issued - MOVING_FEE);
		let since = next_window();
		let at = |window| Devices::location(device, window).map(|placed| placed.location);
		assert_eq!((at(since - 1), at(since)), (Some(place(0)), Some(place(1))));
		assert_eq!((counts(place(0)), counts(place(1))), (vec![0; 9], vec![1; 9]));
		assert_eq!(groups(), groups_of(place(1)));
	});
}

#[test]
fn only_cells_that_differ_count_anew() {
	ExtBuilder::default().build_and_execute(|| {
		let device = located();
		assert_ok!(assert_location(device, next_door()));
		assert_eq!(counts(next_door()), [1; 9]);
		assert_eq!(counts(place(0)), [0, 1, 1, 1, 1, 1, 1, 1, 1]);
		assert_eq!(groups(), groups_of(place(0)));
	});
}

/// Below each cell that counts the device, to one that has no other cell in common with it.
#[test]
fn a_group_that_is_left_and_entered_counts_the_new_cells() {
	for shared in COARSEST_COUNTED..12 {
		ExtBuilder::default().build_and_execute(|| {
			let device = located();
			let there = parted_at(shared + 1);
			assert_ok!(assert_location(device, there));
			assert_eq!(counts(there), [1; 9]);
			let (left, kept) = (usize::from(12 - shared), usize::from(shared - 3));
			assert_eq!(counts(place(0)), [vec![0; left], vec![1; kept]].concat());
			assert_eq!(groups(), groups_of(there));
		});
	}
}

#[test]
fn cells_that_are_not_counted_have_no_devices() {
	ExtBuilder::default().build_and_execute(|| {
		located();
		let cell = place(0).cell();
		for resolution in 0..COARSEST_COUNTED {
			assert_eq!(Devices::cell_count(cell.parent(resolution).expect("coarser")), 0);
		}
		for resolution in 13..=FINEST_RESOLUTION {
			let finer = cell.centre().cell(resolution).expect("a resolution of H3");
			assert_eq!(finer.parent(12), Ok(cell));
			assert_eq!(Devices::cell_count(finer), 0);
		}
	});
}

#[test]
fn a_first_assertion_weighs_less_than_was_declared() {
	ExtBuilder::default().build_and_execute(|| {
		type Weights = <Test as Config>::WeightInfo;
		let (first, moved) = (Weights::assert_location_first(), Weights::assert_location());
		let device = active(&ALICE, &pair());
		let call = Call::<Test>::assert_location { device, location: place(0) };
		assert_eq!(call.get_dispatch_info().call_weight, moved.max(first));
		let done = assert_location(device, place(0)).expect("it was nowhere");
		assert_eq!(done.actual_weight, Some(first));
		advance(SETTLED);
		let done = assert_location(device, place(1)).expect("it may move");
		assert_eq!(done.actual_weight, None);
	});
}

#[test]
fn devices_of_one_cell_are_added_up() {
	ExtBuilder::default().build_and_execute(|| {
		let device = located();
		let other = registered(&BOB, &DevicePair::new(4));
		assert_ok!(Devices::assert_location(RuntimeOrigin::signed(BOB), other, place(0)));
		assert_eq!(counts(place(0)), [2; 9]);
		assert_ok!(Devices::force_retire(RuntimeOrigin::root(), other));
		assert_eq!(counts(place(0)), [1; 9]);
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
		assert_eq!(CellCounts::<Test>::iter().count(), 0);
		assert!(Devices::location(device, next_window()).is_some(), "it can still be checked");
	});
}

#[test]
fn it_is_forgotten_with_the_device_and_its_deposit_returns() {
	ExtBuilder::default().build_and_execute(|| {
		let device = located();
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
		advance(VOID);
		assert_ok!(Devices::reap(RuntimeOrigin::signed(BOB), device));
		assert!(!Locations::<Test>::contains_key(device));
		assert_eq!(held(&ALICE), 0);
	});
}

#[test]
fn its_deposit_is_the_new_owners_after_a_sale() {
	ExtBuilder::default().build_and_execute(|| {
		let device = located();
		assert_ok!(Devices::transfer(RuntimeOrigin::signed(ALICE), device, BOB));
		assert_ok!(Devices::accept(RuntimeOrigin::signed(BOB), device));
		assert_eq!(held(&ALICE), 0);
		assert_eq!(held(&BOB), device_price() + location_price());
		assert_eq!(counts(place(0)), [1; 9]);
	});
}

#[test]
fn another_altitude_is_a_move_within_the_cells() {
	ExtBuilder::default().build_and_execute(|| {
		let device = located();
		let higher = Location::new(place(0).cell(), 300, 20).expect("valid");
		assert_ok!(assert_location(device, higher));
		assert_eq!(counts(higher), [1; 9]);
	});
}

/// Of the twelve pentagons: six children instead of seven, and pentagons all the way up.
#[test]
fn works_in_a_pentagon() {
	ExtBuilder::default().build_and_execute(|| {
		let pentagon: Cell = "8c08000000001ff".parse().expect("a cell");
		assert!(pentagon.is_pentagon());
		let device = located();
		let there = Location::new(pentagon, 0, 0).expect("valid");
		assert_ok!(assert_location(device, there));
		assert_eq!(counts(there), [1; 9]);
		assert!(there.counted_cells().all(Cell::is_pentagon));
		let near = pentagon.neighbours().into_iter().next().expect("five");
		let other = registered(&BOB, &DevicePair::new(4));
		let near = Location::new(near, 0, 0).expect("valid");
		assert_ok!(Devices::assert_location(RuntimeOrigin::signed(BOB), other, near));
		assert_eq!(counts(there), [1, 2, 2, 2, 2, 2, 2, 2, 2]);
	});
}

#[test]
fn fails_when_not_found() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(assert_location(DeviceId(0), place(0)), Error::NotFound);
	});
}

#[test]
fn fails_when_not_owner() {
	ExtBuilder::default().build_and_execute(|| {
		let device = registered(&BOB, &pair());
		assert_noop!(assert_location(device, place(0)), Error::NotOwner);
	});
}

#[test]
fn fails_when_retired() {
	ExtBuilder::default().build_and_execute(|| {
		let device = reapable(&ALICE, &pair());
		assert_noop!(assert_location(device, place(0)), Error::WrongStage);
	});
}

#[test]
fn fails_when_it_is_there_already() {
	ExtBuilder::default().build_and_execute(|| {
		let device = located();
		assert_noop!(assert_location(device, place(0)), Error::AlreadyThere);
	});
}

#[test]
fn fails_when_the_last_change_can_still_be_checked() {
	ExtBuilder::default().build_and_execute(|| {
		let device = registered(&ALICE, &pair());
		assert_ok!(assert_location(device, place(0)));
		advance(SETTLED - 1);
		assert_noop!(assert_location(device, place(1)), Error::TooEarly);
		advance(1);
		assert_ok!(assert_location(device, place(1)));
	});
}

#[test]
fn fails_when_it_has_not_stayed_long_enough() {
	for (set, pause) in [(30, 30), (u32::MAX, MAX_MOVING_TICKS)] {
		ExtBuilder::default().build_and_execute(|| {
			Tuned::mutate(|policy| policy.moving_ticks = set);
			let device = registered(&ALICE, &pair());
			assert_ok!(assert_location(device, place(0)));
			// What was asked for then holds.
			Tuned::mutate(|policy| policy.moving_ticks = 0);
			Now::mutate(|now| now.tick += pause - 1);
			assert_noop!(assert_location(device, place(1)), Error::TooEarly);
			Now::mutate(|now| now.tick += 1);
			assert_ok!(assert_location(device, place(1)));
		});
	}
}

#[test]
fn fails_when_the_fee_cannot_be_paid() {
	ExtBuilder::default().build_and_execute(|| {
		let device = located();
		spend_all_but(&ALICE, MOVING_FEE - 1);
		assert_noop!(assert_location(device, place(1)), TokenError::FundsUnavailable);
		Balances::set_balance(&ALICE, 1_000_000);
		assert_ok!(assert_location(device, place(1)));
	});
}

#[test]
fn fails_when_the_deposit_cannot_be_paid() {
	ExtBuilder::default().build_and_execute(|| {
		let device = registered(&ALICE, &pair());
		spend_all_but(&ALICE, location_price() - 1);
		assert_noop!(assert_location(device, place(0)), TokenError::FundsUnavailable);
	});
}

#[test]
fn fails_to_decode_when_it_is_no_location() {
	let coarse = place(0).cell().parent(11).expect("coarser").index();
	let cell = place(0).cell().index();
	// In the subsequence that a pentagon lacks, and a directed edge.
	let (deleted, edge) = (0x08c0_8400_0000_01ff, (cell & !(1 << 59)) | (1 << 60));
	for (cell, altitude, gain, works) in [
		(cell, 9_000i16, 150i16, true),
		(cell + 1, 0, 0, false),
		(deleted, 0, 0, false),
		(edge, 0, 0, false),
		(coarse, 0, 0, false),
		(cell, 9_001, 0, false),
		(cell, -501, 0, false),
		(cell, 0, 151, false),
		(cell, 0, -101, false),
	] {
		let bytes = (27u8, DeviceId(0), cell, altitude, gain).encode();
		let call = Call::<Test>::decode_all(&mut bytes.as_slice());
		assert_eq!(call.is_ok(), works, "{cell:x} {altitude} {gain}");
	}
}

#[test]
fn what_is_paid_for_is_the_longest_entry_and_its_counts() {
	ExtBuilder::default().build_and_execute(|| {
		let device = located();
		assert_ok!(assert_location(device, place(1)));
		let known = Locations::<Test>::get(device).expect("asserted");
		let counts: usize = CellCounts::<Test>::iter().map(|entry| entry.encoded_size()).sum();
		let kept = u64::try_from((device, known).encoded_size() + counts).expect("short");
		let paid = Devices::location_footprint();
		assert_eq!(paid.count, 1);
		assert!(paid.size >= kept);
	});
}
