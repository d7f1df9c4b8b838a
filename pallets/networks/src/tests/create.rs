use cairn_traits::NetworkRegistry;
use cairn_types::{Activity, Dated, NetworkId, Window};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, TokenError};

use super::record;
use crate::{NextId, Stage, mock::*};

const ID: NetworkId = NetworkId(0);

#[test]
fn works_when_sound() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Registry::create(RuntimeOrigin::signed(ALICE), name("network"), uptime()));
		let created = record(ID);
		assert_eq!(created.owner, ALICE);
		assert_eq!(created.offered, None);
		assert_eq!(created.name, name("network"));
		// Cycle 5 begins at tick 20; what was before can be checked for 8 ticks more.
		assert_eq!(created.config, Dated::new(uptime(), 5, 28));
		assert_eq!(created.activity, Activity::open(102, Window::MAX));
		assert_eq!(created.stage, Stage::Running);
		assert_eq!(NextId::<Test>::get(), NetworkId(1));
		assert_eq!(events(), [Event::Created { id: ID, owner: ALICE, from: 102 }]);
		assert_eq!(Changes::get(), [Change::Created(ID, false)]);
	});
}

#[test]
fn works_when_certified() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Registry::create(RuntimeOrigin::signed(ALICE), name("network"), rain()));
		assert_eq!(Changes::get(), [Change::Created(ID, true)]);
	});
}

#[test]
fn works_when_the_name_is_taken() {
	ExtBuilder::default().build_and_execute(|| {
		running();
		assert_ok!(Registry::create(RuntimeOrigin::signed(BOB), name("network"), uptime()));
		assert_eq!(events(), [Event::Created { id: NetworkId(1), owner: BOB, from: 102 }]);
	});
}

#[test]
fn a_new_network_runs_from_the_next_window_in_the_current_cycle() {
	ExtBuilder::default().build_and_execute(|| {
		assert!(!Registry::is_open(ID));
		assert_eq!(running(), ID);
		assert!(Registry::is_open(ID));
		assert_eq!(Registry::config(ID, 4), None);
		assert_eq!(Registry::config(ID, 5), Some(uptime()));
		assert!(!Registry::is_active(ID, 101));
		assert!(Registry::is_active(ID, 102));
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		for origin in [RuntimeOrigin::none(), RuntimeOrigin::root()] {
			assert_noop!(
				Registry::create(origin, name("network"), uptime()),
				DispatchError::BadOrigin
			);
		}
	});
}

#[test]
fn fails_when_the_name_is_bad() {
	ExtBuilder::default().build_and_execute(|| {
		for bad in ["", "-a", "a b"] {
			assert_noop!(
				Registry::create(RuntimeOrigin::signed(ALICE), name(bad), uptime()),
				Error::BadName
			);
		}
	});
}

#[test]
fn fails_when_the_configuration_is_faulty() {
	ExtBuilder::default().build_and_execute(|| {
		Deprecated::set(vec![WIDE]);
		for (config, error) in faulty() {
			assert_noop!(
				Registry::create(RuntimeOrigin::signed(ALICE), name("network"), config),
				error
			);
		}
		assert!(Changes::get().is_empty());
	});
}

#[test]
fn fails_when_ids_are_used_up() {
	ExtBuilder::default().build_and_execute(|| {
		NextId::<Test>::put(NetworkId(u32::MAX));
		assert_noop!(
			Registry::create(RuntimeOrigin::signed(ALICE), name("network"), uptime()),
			Error::TooManyNetworks
		);
	});
}

#[test]
fn fails_when_the_deposit_cannot_be_held() {
	// The existential deposit cannot be held too.
	ExtBuilder::default().with_balance(BOB, deposit()).build_and_execute(|| {
		assert_noop!(
			Registry::create(RuntimeOrigin::signed(BOB), name("network"), uptime()),
			TokenError::FundsUnavailable
		);
	});
}
