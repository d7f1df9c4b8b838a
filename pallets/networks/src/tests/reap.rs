use cairn_traits::NetworkRegistry;
use cairn_types::NetworkId;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

use super::NOBODY;
use crate::{Networks, mock::*};

/// The tick at which a network [`closed`] at tick 22 can be reaped.
const SETTLED: u32 = 32;

#[test]
fn works_when_settled() {
	ExtBuilder::default().build_and_execute(|| {
		let id = closed();
		advance_to(SETTLED);
		assert_ok!(Registry::reap(RuntimeOrigin::signed(BOB), id));
		assert!(!Networks::<Test>::contains_key(id));
		assert_eq!(Registry::config(id, 5), None);
		assert_eq!(held(ALICE), 0);
		assert_eq!(events(), [Event::Reaped { id, owner: ALICE }]);
	});
}

#[test]
fn the_id_of_a_reaped_network_is_not_given_again() {
	ExtBuilder::default().build_and_execute(|| {
		let id = closed();
		advance_to(SETTLED);
		assert_ok!(Registry::reap(RuntimeOrigin::signed(BOB), id));
		assert_eq!(id, NetworkId(0));
		assert_eq!(running(), NetworkId(1));
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		let id = closed();
		advance_to(SETTLED);
		assert_noop!(Registry::reap(RuntimeOrigin::none(), id), DispatchError::BadOrigin);
	});
}

#[test]
fn fails_when_unknown() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Registry::reap(RuntimeOrigin::signed(BOB), NOBODY), Error::NotFound);
	});
}

#[test]
fn fails_when_not_closed() {
	ExtBuilder::default().build_and_execute(|| {
		for id in [running(), paused(true)] {
			advance(100);
			assert_noop!(Registry::reap(RuntimeOrigin::signed(BOB), id), Error::WrongStage);
		}
	});
}

#[test]
fn fails_when_its_facts_may_still_be_checked() {
	ExtBuilder::default().build_and_execute(|| {
		let id = closed();
		advance_to(SETTLED - 1);
		assert_noop!(Registry::reap(RuntimeOrigin::signed(BOB), id), Error::TooEarly);
	});
}
