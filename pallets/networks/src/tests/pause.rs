use cairn_traits::NetworkRegistry;
use cairn_types::Activity;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

use super::{NOBODY, record};
use crate::{Stage, mock::*};

#[test]
fn works_when_called_by_the_owner() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running();
		advance(1);
		assert_ok!(Registry::pause(RuntimeOrigin::signed(ALICE), id));
		assert_eq!(record(id).stage, Stage::Paused { by_admin: false });
		// Tick 22 and the 8 after it may still be checked.
		assert_eq!(record(id).activity, Activity { from: 102, until: 103, settled: 31 });
		assert!(Registry::is_active(id, 102));
		assert!(!Registry::is_active(id, 103));
		assert!(Registry::is_open(id));
		assert_eq!(events(), [Event::Paused { id, by_admin: false, until: 103 }]);
	});
}

#[test]
fn works_when_called_by_the_admin() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running();
		advance(1);
		assert_ok!(Registry::pause(RuntimeOrigin::root(), id));
		assert_eq!(record(id).stage, Stage::Paused { by_admin: true });
		assert_eq!(events(), [Event::Paused { id, by_admin: true, until: 103 }]);
	});
}

#[test]
fn works_when_the_owner_paused_it_before_the_admin() {
	ExtBuilder::default().build_and_execute(|| {
		let id = paused(false);
		let activity = record(id).activity;
		advance(5);
		assert_ok!(Registry::pause(RuntimeOrigin::root(), id));
		assert_eq!(record(id).stage, Stage::Paused { by_admin: true });
		assert_eq!(record(id).activity, activity);
		assert_eq!(events(), [Event::Paused { id, by_admin: true, until: 103 }]);
	});
}

#[test]
fn works_when_it_has_not_run_yet() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running();
		assert_ok!(Registry::pause(RuntimeOrigin::signed(ALICE), id));
		assert!(!Registry::is_active(id, 102));
		assert_eq!(events(), [Event::Paused { id, by_admin: false, until: 102 }]);
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running();
		assert_noop!(Registry::pause(RuntimeOrigin::none(), id), DispatchError::BadOrigin);
	});
}

#[test]
fn fails_when_unknown() {
	ExtBuilder::default().build_and_execute(|| {
		for origin in [RuntimeOrigin::signed(ALICE), RuntimeOrigin::root()] {
			assert_noop!(Registry::pause(origin, NOBODY), Error::NotFound);
		}
	});
}

#[test]
fn fails_when_called_by_another() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running();
		assert_noop!(Registry::pause(RuntimeOrigin::signed(BOB), id), Error::NotOwner);
	});
}

#[test]
fn fails_when_paused_already() {
	ExtBuilder::default().build_and_execute(|| {
		let by_owner = paused(false);
		let alice = RuntimeOrigin::signed(ALICE);
		assert_noop!(Registry::pause(alice.clone(), by_owner), Error::AlreadyPaused);
		let by_admin = paused(true);
		assert_noop!(Registry::pause(alice, by_admin), Error::AlreadyPaused);
		assert_noop!(Registry::pause(RuntimeOrigin::root(), by_admin), Error::AlreadyPaused);
	});
}

#[test]
fn fails_when_closed() {
	ExtBuilder::default().build_and_execute(|| {
		let id = closed();
		assert_noop!(Registry::pause(RuntimeOrigin::signed(ALICE), id), Error::WrongStage);
	});
}
