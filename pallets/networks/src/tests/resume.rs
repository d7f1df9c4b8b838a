use cairn_traits::NetworkRegistry;
use cairn_types::{Activity, Window};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

use super::{NOBODY, record};
use crate::{Stage, mock::*};

/// The tick at which a network [`paused`] at tick 22 can be resumed.
const SETTLED: u32 = 31;

#[test]
fn works_when_the_owner_paused_it() {
	ExtBuilder::default().build_and_execute(|| {
		let id = paused(false);
		advance_to(SETTLED);
		assert_ok!(Registry::resume(RuntimeOrigin::signed(ALICE), id));
		assert_eq!(record(id).stage, Stage::Running);
		assert_eq!(record(id).activity, Activity::open(112, Window::MAX));
		assert!(!Registry::is_active(id, 111));
		assert!(Registry::is_active(id, 112));
		assert_eq!(events(), [Event::Resumed { id, from: 112 }]);
	});
}

#[test]
fn works_when_the_admin_paused_it() {
	ExtBuilder::default().build_and_execute(|| {
		let id = paused(true);
		advance_to(SETTLED);
		assert_ok!(Registry::resume(RuntimeOrigin::root(), id));
		assert_eq!(record(id).stage, Stage::Running);
		assert_eq!(events(), [Event::Resumed { id, from: 112 }]);
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		let id = paused(false);
		assert_noop!(Registry::resume(RuntimeOrigin::none(), id), DispatchError::BadOrigin);
	});
}

#[test]
fn fails_when_unknown() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Registry::resume(RuntimeOrigin::signed(ALICE), NOBODY), Error::NotFound);
	});
}

#[test]
fn fails_when_called_by_another() {
	ExtBuilder::default().build_and_execute(|| {
		let id = paused(false);
		advance_to(SETTLED);
		assert_noop!(Registry::resume(RuntimeOrigin::signed(BOB), id), Error::NotOwner);
	});
}

#[test]
fn fails_when_the_other_one_paused_it() {
	ExtBuilder::default().build_and_execute(|| {
		let by_owner = paused(false);
		let by_admin = paused(true);
		advance_to(SETTLED + 1);
		assert_noop!(Registry::resume(RuntimeOrigin::root(), by_owner), Error::NotAuthorized);
		let alice = RuntimeOrigin::signed(ALICE);
		assert_noop!(Registry::resume(alice.clone(), by_admin), Error::NotAuthorized);
		// What the admin takes over, the owner cannot resume any more.
		assert_ok!(Registry::pause(RuntimeOrigin::root(), by_owner));
		assert_noop!(Registry::resume(alice, by_owner), Error::NotAuthorized);
	});
}

#[test]
fn fails_when_not_paused() {
	ExtBuilder::default().build_and_execute(|| {
		for id in [running(), closed()] {
			assert_noop!(Registry::resume(RuntimeOrigin::signed(ALICE), id), Error::WrongStage);
		}
	});
}

#[test]
fn fails_when_the_past_may_still_be_checked() {
	ExtBuilder::default().build_and_execute(|| {
		let id = paused(false);
		advance_to(SETTLED - 1);
		assert_noop!(Registry::resume(RuntimeOrigin::signed(ALICE), id), Error::TooEarly);
	});
}
