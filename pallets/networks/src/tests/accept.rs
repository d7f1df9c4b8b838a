use cairn_types::NetworkId;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, TokenError};

use super::{NOBODY, record};
use crate::mock::*;

/// A network that Alice offers to Bob.
fn offered() -> NetworkId {
	let id = running();
	assert_ok!(Registry::transfer(RuntimeOrigin::signed(ALICE), id, BOB));
	events();
	id
}

#[test]
fn works_when_offered() {
	ExtBuilder::default().build_and_execute(|| {
		let id = offered();
		assert_eq!((held(ALICE), held(BOB)), (deposit(), 0));
		assert_ok!(Registry::accept(RuntimeOrigin::signed(BOB), id));
		assert_eq!((record(id).owner, record(id).offered), (BOB, None));
		assert_eq!((held(ALICE), held(BOB)), (0, deposit()));
		assert_eq!(events(), [Event::Transferred { id, from: ALICE, to: BOB }]);
		assert_noop!(Registry::pause(RuntimeOrigin::signed(ALICE), id), Error::NotOwner);
		assert_ok!(Registry::pause(RuntimeOrigin::signed(BOB), id));
	});
}

#[test]
fn works_when_paused_by_the_admin_which_it_stays() {
	ExtBuilder::default().build_and_execute(|| {
		let id = offered();
		assert_ok!(Registry::pause(RuntimeOrigin::root(), id));
		assert_ok!(Registry::accept(RuntimeOrigin::signed(BOB), id));
		advance(20);
		assert_noop!(Registry::resume(RuntimeOrigin::signed(BOB), id), Error::NotAuthorized);
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		let id = offered();
		for origin in [RuntimeOrigin::none(), RuntimeOrigin::root()] {
			assert_noop!(Registry::accept(origin, id), DispatchError::BadOrigin);
		}
	});
}

#[test]
fn fails_when_unknown() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Registry::accept(RuntimeOrigin::signed(BOB), NOBODY), Error::NotFound);
	});
}

#[test]
fn fails_when_not_offered_to_the_caller() {
	ExtBuilder::default().build_and_execute(|| {
		let never = running();
		assert_noop!(Registry::accept(RuntimeOrigin::signed(BOB), never), Error::NotOffered);

		let id = offered();
		for other in [ALICE, CAROL] {
			assert_noop!(Registry::accept(RuntimeOrigin::signed(other), id), Error::NotOffered);
		}
		assert_ok!(Registry::transfer(RuntimeOrigin::signed(ALICE), id, CAROL));
		assert_noop!(Registry::accept(RuntimeOrigin::signed(BOB), id), Error::NotOffered);
		assert_ok!(Registry::transfer(RuntimeOrigin::signed(ALICE), id, ALICE));
		assert_noop!(Registry::accept(RuntimeOrigin::signed(CAROL), id), Error::NotOffered);
	});
}

#[test]
fn fails_when_closed() {
	ExtBuilder::default().build_and_execute(|| {
		let id = offered();
		assert_ok!(Registry::close(RuntimeOrigin::signed(ALICE), id));
		assert_noop!(Registry::accept(RuntimeOrigin::signed(BOB), id), Error::WrongStage);
	});
}

#[test]
fn fails_when_the_deposit_cannot_be_held() {
	ExtBuilder::default().with_balance(BOB, deposit()).build_and_execute(|| {
		let id = offered();
		assert_noop!(
			Registry::accept(RuntimeOrigin::signed(BOB), id),
			TokenError::FundsUnavailable
		);
	});
}
