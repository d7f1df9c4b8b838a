use cairn_traits::SlotBook;
use cairn_types::{DeviceId, Window};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

use crate::{Offers, mock::*};

fn pair() -> DevicePair {
	DevicePair::new(3)
}

/// ALICE offers a device to `to`.
fn offer(device: DeviceId, to: &AccountId) {
	assert_ok!(Devices::transfer(RuntimeOrigin::signed(ALICE), device, to.clone()));
	events();
}

#[test]
fn works_when_unassigned() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		end_blocks(5);
		offer(device, &BOB);
		let before = record(device);
		assert_ok!(Devices::accept(RuntimeOrigin::signed(BOB), device));
		assert_eq!(events(), [Event::Transferred { device, from: ALICE, to: BOB }]);
		let after = record(device);
		assert_eq!((after.owner, after.changed), (BOB, System::block_number()));
		assert_eq!((after.stage, after.state), (before.stage, before.state));
		assert_eq!((held(&ALICE), held(&BOB)), (0, device_price()));
		assert!(!Offers::<Test>::contains_key(device));
	});
}

#[test]
fn what_was_earned_before_stays_with_the_seller() {
	ExtBuilder::default().build_and_execute(|| {
		let device = assigned(&ALICE, &pair());
		offer(device, &BOB);
		assert_ok!(Devices::accept(RuntimeOrigin::signed(BOB), device));
		let (gateway, slot, since) = (GATEWAY, 1, next_window());
		assert_eq!(
			events(),
			[
				Event::Transferred { device, from: ALICE, to: BOB },
				Event::GatewayAssigned { device, gateway, slot, since },
			]
		);
		let sold = FakeSlots::get(GATEWAY, 0).expect("opened");
		assert_eq!((sold.payee, sold.until), (ALICE, since));
		let bought = FakeSlots::get(GATEWAY, 1).expect("opened");
		assert_eq!((bought.device, bought.payee), (device, BOB));
		assert_eq!((bought.from, bought.until), (since, Window::MAX));
	});
}

#[test]
fn fails_when_not_found() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Devices::accept(RuntimeOrigin::signed(BOB), DeviceId(0)), Error::NotFound);
	});
}

#[test]
fn fails_when_not_offered() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		assert_noop!(Devices::accept(RuntimeOrigin::signed(BOB), device), Error::NotOffered);
		offer(device, &MAKER);
		assert_noop!(Devices::accept(RuntimeOrigin::signed(BOB), device), Error::NotOffered);
	});
}

#[test]
fn fails_when_the_last_change_can_still_be_checked() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		assert_ok!(Devices::assign_gateway(RuntimeOrigin::signed(ALICE), device, GATEWAY));
		offer(device, &BOB);
		assert_noop!(Devices::accept(RuntimeOrigin::signed(BOB), device), Error::TooEarly);
	});
}

#[test]
fn fails_when_the_deposit_is_missing() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		offer(device, &POOR);
		assert_noop!(
			Devices::accept(RuntimeOrigin::signed(POOR), device),
			TokenError::FundsUnavailable
		);
	});
}
