use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

use super::{NOBODY, record};
use crate::mock::*;

#[test]
fn works_when_offered() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running();
		assert_ok!(Registry::transfer(RuntimeOrigin::signed(ALICE), id, BOB));
		assert_eq!((record(id).owner, record(id).offered), (ALICE, Some(BOB)));
		assert_eq!(events(), [Event::Offered { id, to: BOB }]);
	});
}

#[test]
fn works_when_offered_to_another() {
	ExtBuilder::default().build_and_execute(|| {
		let id = paused(true);
		assert_ok!(Registry::transfer(RuntimeOrigin::signed(ALICE), id, BOB));
		assert_ok!(Registry::transfer(RuntimeOrigin::signed(ALICE), id, CAROL));
		assert_eq!(record(id).offered, Some(CAROL));
		assert_eq!(events(), [Event::Offered { id, to: BOB }, Event::Offered { id, to: CAROL }]);
	});
}

#[test]
fn works_when_withdrawn() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running();
		assert_ok!(Registry::transfer(RuntimeOrigin::signed(ALICE), id, BOB));
		assert_ok!(Registry::transfer(RuntimeOrigin::signed(ALICE), id, ALICE));
		assert_eq!(record(id).offered, None);
		assert_eq!(events(), [Event::Offered { id, to: BOB }, Event::Withdrawn { id }]);
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running();
		for origin in [RuntimeOrigin::none(), RuntimeOrigin::root()] {
			assert_noop!(Registry::transfer(origin, id, BOB), DispatchError::BadOrigin);
		}
	});
}

#[test]
fn fails_when_unknown() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Registry::transfer(RuntimeOrigin::signed(ALICE), NOBODY, BOB),
			Error::NotFound
		);
	});
}

#[test]
fn fails_when_called_by_another() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running();
		assert_noop!(Registry::transfer(RuntimeOrigin::signed(BOB), id, BOB), Error::NotOwner);
	});
}

#[test]
fn fails_when_offered_to_the_owner() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running();
		assert_noop!(
			Registry::transfer(RuntimeOrigin::signed(ALICE), id, ALICE),
			Error::AlreadyOwner
		);
	});
}

#[test]
fn fails_when_closed() {
	ExtBuilder::default().build_and_execute(|| {
		let id = closed();
		assert_noop!(Registry::transfer(RuntimeOrigin::signed(ALICE), id, BOB), Error::WrongStage);
	});
}
