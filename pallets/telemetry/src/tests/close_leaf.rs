use cairn_traits::{SlotBook, Timekeeper};
use cairn_types::{GatewayId, Slot, Window};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, DispatchResult};

use crate::{Gateways, Slots, mock::*};

fn close(who: u64, slot: Slot) -> DispatchResult {
	Telemetry::close_leaf(RuntimeOrigin::signed(who), GATEWAY, slot)
}

/// End a slot with the current window; nothing it earned can change after this function.
fn end_and_settle(slot: Slot) {
	Telemetry::end(GATEWAY, slot, FakeTime::next_window());
	pass_windows(PERIODS.mature_ticks() + 1);
}

#[test]
fn works_when_settled() {
	ExtBuilder::default().build_and_execute(|| {
		let before = Balances::free_balance(OWNER);
		end_and_settle(0);
		events();
		assert_ok!(close(OWNER, 0));
		assert_eq!(events(), [Event::LeafClosed { gateway: GATEWAY, slot: 0 }]);
		assert!(!Slots::<Test>::contains_key(GATEWAY, 0));
		assert_eq!(Balances::free_balance(OWNER), before + SLOT_DEPOSIT);
		let gateway = gateway();
		assert_eq!((gateway.open_slots, gateway.assigned.now, gateway.next_slot), (1, 1, 2));
	});
}

#[test]
fn the_deposit_goes_to_who_paid_it_although_another_is_paid() {
	ExtBuilder::default().build_and_execute(|| {
		let before = [OWNER, BUYER].map(Balances::free_balance);
		assert_ok!(Telemetry::set_payee(GATEWAY, 0, BUYER));
		end_and_settle(0);
		assert_noop!(close(OWNER, 0), Error::NotPayee);
		assert_ok!(close(BUYER, 0));
		let after = [OWNER, BUYER].map(Balances::free_balance);
		assert_eq!(after, [before[0] + SLOT_DEPOSIT, before[1]]);
	});
}

#[test]
fn a_closed_slot_is_never_handed_out_again() {
	ExtBuilder::default().build_and_execute(|| {
		end_and_settle(1);
		assert_ok!(close(OWNER, 1));
		assert_ok!(assign(cairn_types::DeviceId(1), GATEWAY, OWNER), 2);
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Telemetry::close_leaf(RuntimeOrigin::root(), GATEWAY, 0),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn fails_when_there_is_no_such_slot() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(close(OWNER, 2), Error::SlotNotFound);
		assert_noop!(
			Telemetry::close_leaf(RuntimeOrigin::signed(OWNER), GatewayId(1), 0),
			Error::SlotNotFound
		);
		end_and_settle(0);
		assert_ok!(close(OWNER, 0));
		assert_noop!(close(OWNER, 0), Error::SlotNotFound);
	});
}

#[test]
fn fails_when_another_signs() {
	ExtBuilder::default().build_and_execute(|| {
		end_and_settle(0);
		for who in [OTHER, OPERATOR] {
			assert_noop!(close(who, 0), Error::NotPayee);
		}
	});
}

#[test]
fn fails_when_the_slot_has_not_ended() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(
			Slots::<Test>::get(GATEWAY, 0).map(|entry| entry.record.until),
			Some(Window::MAX)
		);
		assert_noop!(close(OWNER, 0), Error::SlotInUse);
	});
}

#[test]
fn fails_when_it_may_still_be_checked() {
	ExtBuilder::default().build_and_execute(|| {
		Telemetry::end(GATEWAY, 0, FakeTime::next_window());
		pass_windows(PERIODS.mature_ticks());
		assert_noop!(close(OWNER, 0), Error::TooEarly);
		// Ticks count, not windows.
		pass_window(false);
		assert_noop!(close(OWNER, 0), Error::TooEarly);
		pass_window(true);
		assert_ok!(close(OWNER, 0));
	});
}

#[test]
fn fails_when_the_gateway_is_gone() {
	ExtBuilder::default().build().execute_with(|| {
		end_and_settle(0);
		Gateways::<Test>::remove(GATEWAY);
		assert_noop!(close(OWNER, 0), Error::Inconsistent);
	});
}
