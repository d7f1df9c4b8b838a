use cairn_traits::SlotBook;
use cairn_types::{Dated, DeviceId, GatewayId, Window, view::Assignment};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use sp_runtime::DispatchError;

use crate::mock::*;

fn pair() -> DevicePair {
	DevicePair::new(3)
}

fn assign(device: DeviceId, gateway: GatewayId) -> DispatchResult {
	Devices::assign_gateway(RuntimeOrigin::signed(ALICE), device, gateway)
}

#[test]
fn works_for_the_first_time() {
	ExtBuilder::default().build_and_execute(|| {
		let device = registered(&ALICE, &pair());
		events();
		assert_ok!(assign(device, GATEWAY));
		let (slot, since) = (0, next_window());
		assert_eq!(events(), [Event::GatewayAssigned { device, gateway: GATEWAY, slot, since }]);
		let assignment = Assignment { gateway: GATEWAY, slot };
		let expected = Dated::new(assignment, since, Now::get().tick + SETTLED);
		assert_eq!(record(device).state.assignment, Some(expected));
		let slot = FakeSlots::get(GATEWAY, slot).expect("opened");
		assert_eq!((slot.device, slot.payee), (device, ALICE));
		assert_eq!((slot.from, slot.until), (since, Window::MAX));
	});
}

#[test]
fn works_when_moved() {
	ExtBuilder::default().build_and_execute(|| {
		let device = assigned(&ALICE, &pair());
		events();
		assert_ok!(assign(device, OTHER_GATEWAY));
		let (slot, since) = (0, next_window());
		assert_eq!(
			events(),
			[Event::GatewayAssigned { device, gateway: OTHER_GATEWAY, slot, since }]
		);
		assert_eq!(FakeSlots::get(GATEWAY, 0).map(|slot| slot.until), Some(since));
		assert_eq!(FakeSlots::get(OTHER_GATEWAY, 0).map(|slot| slot.from), Some(since));
		let at = |window| Devices::facts(device, window).and_then(|facts| facts.assignment);
		assert_eq!(at(since - 1), Some(Assignment { gateway: GATEWAY, slot: 0 }));
		assert_eq!(at(since), Some(Assignment { gateway: OTHER_GATEWAY, slot: 0 }));
	});
}

#[test]
fn fails_when_not_found() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(assign(DeviceId(0), GATEWAY), Error::NotFound);
	});
}

#[test]
fn fails_when_not_owner() {
	ExtBuilder::default().build_and_execute(|| {
		let device = registered(&BOB, &pair());
		assert_noop!(assign(device, GATEWAY), Error::NotOwner);
	});
}

#[test]
fn fails_when_retired() {
	ExtBuilder::default().build_and_execute(|| {
		let device = reapable(&ALICE, &pair());
		assert_noop!(assign(device, GATEWAY), Error::WrongStage);
	});
}

#[test]
fn fails_when_assigned_to_it_already() {
	ExtBuilder::default().build_and_execute(|| {
		let device = assigned(&ALICE, &pair());
		assert_noop!(assign(device, GATEWAY), Error::AlreadyAssigned);
	});
}

#[test]
fn fails_when_the_last_change_can_still_be_checked() {
	ExtBuilder::default().build_and_execute(|| {
		let device = registered(&ALICE, &pair());
		assert_ok!(assign(device, GATEWAY));
		advance(SETTLED - 1);
		assert_noop!(assign(device, OTHER_GATEWAY), Error::TooEarly);
		advance(1);
		assert_ok!(assign(device, OTHER_GATEWAY));
	});
}

#[test]
fn fails_when_the_gateway_gives_no_slot() {
	ExtBuilder::default().build_and_execute(|| {
		let device = registered(&ALICE, &pair());
		assert_noop!(
			assign(device, NO_GATEWAY),
			DispatchError::Other("no such gateway of the network")
		);
	});
}
