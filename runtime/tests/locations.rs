//! A device's place on the real runtime: asserted, seen by clients, counted, moved for a fee.

#[expect(dead_code, reason = "this story needs a network, and no batches")]
mod support;

use cairn_geo::{Cell, LOCATION_RESOLUTION, Location};
use cairn_runtime::{Balances, Block, Runtime, Time, configs::parameters::production};
use cairn_runtime_api::runtime_decl_for_cairn_api::CairnApi;
use cairn_traits::Timekeeper as _;
use cairn_types::DeviceId;
use frame_support::{assert_ok, traits::fungible::Inspect as _};
use pallet_devices::Error;
use support::{
	advance_until, ask, run, send,
	world::{DevicesCall, OWNER, STRANGER, World},
};

/// A device of the owner's.
const DEVICE: DeviceId = DeviceId(0);

fn place(cell: &str) -> Location {
	let cell: Cell = cell.parse().expect("a cell");
	assert_eq!(cell.resolution(), LOCATION_RESOLUTION);
	Location::new(cell, 30, 25).expect("valid")
}

fn count(location: Location) -> Vec<u32> {
	let count = |cell| ask(|| <Runtime as CairnApi<Block>>::cell_count(cell));
	location.counted_cells().map(count).collect()
}

#[test]
fn a_device_is_counted_where_it_is() {
	run(|| {
		World::found();
		let (here, there) = (place("8c2a1072b59adff"), place("8c00eb4e4743dff"));
		let assert_location = |location| DevicesCall::assert_location { device: DEVICE, location };
		assert_eq!(send(STRANGER, assert_location(here)), Err(Error::<Runtime>::NotOwner.into()));
		assert_ok!(send(OWNER, assert_location(here)));
		let since = Time::next_window();
		let view = || ask(|| <Runtime as CairnApi<Block>>::device(DEVICE)).expect("it is known");
		let known = view().location.expect("it was asserted");
		assert_eq!((known.current.location, known.since), (here, since));
		let vector = ask(|| <Runtime as CairnApi<Block>>::unit_vector(here.cell()));
		assert_eq!(known.current.vector, vector);
		assert_eq!(count(here), [1; 9]);

		assert_eq!(send(OWNER, assert_location(there)), Err(Error::<Runtime>::TooEarly.into()));
		advance_until(|| Time::now().tick >= known.settled);
		let before = Balances::total_balance(&OWNER.to_account_id());
		assert_ok!(send(OWNER, assert_location(there)));
		let paid = before - Balances::total_balance(&OWNER.to_account_id());
		assert!(
			paid > production::DEVICES.moving_fee,
			"the fee for moving and that of the transaction"
		);
		assert_eq!((count(here), count(there)), (vec![0; 9], vec![1; 9]));
	});
}
