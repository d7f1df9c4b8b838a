use cairn_types::MakerId;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};

use crate::{Stage, mock::*};

const FIRST: MakerId = MakerId(0);

fn revoke(who: AccountId, index: u8) -> DispatchResult {
	Devices::revoke_maker_key(RuntimeOrigin::signed(who), FIRST, index)
}

#[test]
fn works_and_leaves_active_devices_alone() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &DevicePair::new(3), 7);
		assert_ok!(Devices::activate(RuntimeOrigin::signed(ALICE), device));
		events();
		assert_ok!(revoke(MAKER, 0));
		assert_eq!(events(), [Event::MakerKeyRevoked { maker: FIRST, index: 0 }]);
		assert_eq!(record(device).stage, Stage::Active);
		assert!(Devices::facts(device, next_window()).is_some_and(|facts| facts.active));
	});
}

#[test]
fn fails_when_the_maker_is_unknown() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(revoke(MAKER, 0), Error::MakerNotFound);
	});
}

#[test]
fn fails_when_not_admin() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_noop!(revoke(ALICE, 0), Error::NotAuthorized);
	});
}

#[test]
fn fails_when_the_key_is_unknown() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_noop!(revoke(MAKER, 1), Error::MakerKeyNotFound);
	});
}

#[test]
fn fails_when_the_key_is_revoked() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_ok!(revoke(MAKER, 0));
		assert_noop!(revoke(MAKER, 0), Error::AlreadyRevoked);
	});
}
