use cairn_traits::NetworkRegistry;
use cairn_types::Activity;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

use super::{NOBODY, record};
use crate::{Stage, mock::*};

#[test]
fn works_when_running() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running();
		advance(1);
		assert_ok!(Registry::close(RuntimeOrigin::signed(ALICE), id));
		assert_eq!(record(id).stage, Stage::Closed);
		// Cycle 5 ends with tick 23 and is frozen at 32.
		assert_eq!(record(id).activity, Activity { from: 102, until: 103, settled: 32 });
		assert!(Registry::is_active(id, 102));
		assert!(!Registry::is_active(id, 103));
		assert!(!Registry::is_open(id));
		assert_eq!(Registry::config(id, 5), Some(uptime()));
		assert_eq!(held(ALICE), deposit());
		assert_eq!(events(), [Event::Closed { id, until: 103, settled: 32 }]);
		assert_eq!(Changes::get(), [Change::Closed(id)]);
	});
}

#[test]
fn works_when_paused() {
	ExtBuilder::default().build_and_execute(|| {
		let id = paused(true);
		advance_to(25);
		assert_ok!(Registry::close(RuntimeOrigin::signed(ALICE), id));
		assert_eq!(events(), [Event::Closed { id, until: 103, settled: 36 }]);
		assert_eq!(Changes::get(), [Change::Closed(id)]);
	});
}

#[test]
fn works_when_called_by_the_admin() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running();
		assert_ok!(Registry::close(RuntimeOrigin::root(), id));
		assert_eq!(events(), [Event::Closed { id, until: 102, settled: 32 }]);
	});
}

#[test]
fn works_when_offered_and_withdraws_the_offer() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running();
		assert_ok!(Registry::transfer(RuntimeOrigin::signed(ALICE), id, BOB));
		assert_ok!(Registry::close(RuntimeOrigin::signed(ALICE), id));
		assert_eq!(record(id).offered, None);
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running();
		assert_noop!(Registry::close(RuntimeOrigin::none(), id), DispatchError::BadOrigin);
	});
}

#[test]
fn fails_when_unknown() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Registry::close(RuntimeOrigin::signed(ALICE), NOBODY), Error::NotFound);
	});
}

#[test]
fn fails_when_called_by_another() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running();
		assert_noop!(Registry::close(RuntimeOrigin::signed(BOB), id), Error::NotOwner);
	});
}

#[test]
fn fails_when_closed_already() {
	ExtBuilder::default().build_and_execute(|| {
		let id = closed();
		for origin in [RuntimeOrigin::signed(ALICE), RuntimeOrigin::root()] {
			assert_noop!(Registry::close(origin, id), Error::WrongStage);
		}
	});
}
