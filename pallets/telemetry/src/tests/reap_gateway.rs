use cairn_telemetry::Verdict;
use cairn_traits::{SlotBook, Timekeeper};
use cairn_types::GatewayId;
use frame_support::{assert_noop, assert_ok, traits::fungible::InspectHold};
use sp_runtime::{DispatchError, DispatchResult};

use crate::{Batches, Gateways, Ledgers, Sealed, mock::*};

fn reap() -> DispatchResult {
	Telemetry::reap_gateway(RuntimeOrigin::signed(OTHER), GATEWAY)
}

/// Retire the gateway and end its only slot; nothing can change after this function.
fn retire_and_settle() {
	Telemetry::end(GATEWAY, 0, FakeTime::next_window());
	assert_ok!(Telemetry::retire_gateway(RuntimeOrigin::signed(OPERATOR), GATEWAY));
	pass_windows(PERIODS.mature_ticks() + 1);
}

fn close_slot() {
	assert_ok!(Telemetry::close_leaf(RuntimeOrigin::signed(OWNER), GATEWAY, 0));
}

/// Seal and attest as many windows, and pay for them.
fn attest_windows(windows: u32) {
	for _ in 0..windows {
		let window = FakeTime::now().window - 1;
		assert_ok!(seal(window));
		attest(window, 0);
		pass_windows(PERIODS.verdict_ticks);
		assert_ok!(collect(window, 0));
	}
}

/// A chain with a gateway that one device is assigned to.
fn one_device(test: impl FnOnce()) {
	ExtBuilder::default().with_devices(1).build_and_execute(test);
}

#[test]
fn works_when_nothing_is_left() {
	one_device(|| {
		retire_and_settle();
		close_slot();
		events();
		assert_ok!(reap());
		assert_eq!(events(), [Event::GatewayReaped { gateway: GATEWAY }]);
		assert!(!Gateways::<Test>::contains_key(GATEWAY));
		assert_eq!(Balances::balance_on_hold(&BondReason::get(), &OPERATOR), 0);
		assert_noop!(reap(), Error::GatewayNotFound);
	});
}

#[test]
fn two_batches_go_with_each_call() {
	one_device(|| {
		attest_windows(5);
		retire_and_settle();
		close_slot();
		events();
		for left in [3, 1] {
			assert_ok!(reap());
			assert!(events().is_empty());
			assert_eq!(Batches::<Test>::iter_prefix((GATEWAY,)).count(), left);
			check_state();
		}
		assert_ok!(reap());
		assert_eq!(events(), [Event::GatewayReaped { gateway: GATEWAY }]);
		assert_eq!(Batches::<Test>::iter_keys().count(), 0);
		assert_eq!(Ledgers::<Test>::iter_keys().count(), 0);
		assert_eq!(Sealed::<Test>::iter_keys().count(), 0);
	});
}

#[test]
fn fails_when_unsigned() {
	one_device(|| {
		assert_noop!(
			Telemetry::reap_gateway(RuntimeOrigin::none(), GATEWAY),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn fails_when_there_is_no_such_gateway() {
	one_device(|| {
		assert_noop!(
			Telemetry::reap_gateway(RuntimeOrigin::signed(OTHER), GatewayId(1)),
			Error::GatewayNotFound
		);
	});
}

#[test]
fn fails_when_serving() {
	one_device(|| {
		assert_noop!(reap(), Error::NotRetired);
	});
}

#[test]
fn fails_when_what_it_sealed_may_change() {
	one_device(|| {
		assert_ok!(Telemetry::retire_gateway(RuntimeOrigin::signed(OPERATOR), GATEWAY));
		pass_windows(PERIODS.mature_ticks());
		assert_noop!(reap(), Error::TooEarly);
	});
}

#[test]
fn fails_when_a_slot_is_open() {
	one_device(|| {
		retire_and_settle();
		assert!(gateway().ticket.is_some());
		assert_ok!(reap());
		// Whoever opened the slot cannot keep the bond by not closing it.
		assert!(gateway().ticket.is_none());
		assert_noop!(reap(), Error::NotEmpty);
		close_slot();
		assert_ok!(reap());
		assert_eq!(Gateways::<Test>::get(GATEWAY), None);
	});
}

#[test]
fn fails_when_a_batch_is_not_paid_for() {
	one_device(|| {
		assert_ok!(seal(FIRST));
		attest(FIRST, 0);
		retire_and_settle();
		close_slot();
		assert_ok!(reap());
		assert_noop!(reap(), Error::NotEmpty);
		assert_ok!(collect(FIRST, 0));
		assert_ok!(reap());
	});
}

#[test]
fn fails_when_a_batch_without_verdicts_is_not_paid_back() {
	one_device(|| {
		assert_ok!(seal(FIRST));
		retire_and_settle();
		close_slot();
		assert_ok!(reap());
		assert_noop!(reap(), Error::NotEmpty);
		// Its fee goes back: nobody voted.
		assert_ok!(collect(FIRST, 0));
		assert_ok!(reap());
		assert_eq!(held_fees(OPERATOR), 0);
	});
}

#[test]
fn works_when_idle_time_has_paid_for_the_batches() {
	one_device(|| {
		assert_ok!(seal(FIRST));
		kill(FIRST, 0, Verdict::Unavailable);
		retire_and_settle();
		close_slot();
		idle(2);
		assert_ok!(reap());
		assert!(!Gateways::<Test>::contains_key(GATEWAY));
		assert_eq!(held_fees(OPERATOR), 0);
	});
}

#[test]
fn fails_when_units_are_not_frozen() {
	one_device(|| {
		pass_until(53);
		let window = FakeTime::now().window - 1;
		assert_ok!(seal(window));
		attest(window, 0);
		// Of cycle 13, which is frozen at tick 64.
		retire_and_settle();
		close_slot();
		assert_ok!(collect(window, 0));
		assert_ok!(reap());
		assert_noop!(reap(), Error::NotEmpty);
		pass_until(63);
		assert_noop!(reap(), Error::NotEmpty);
		pass_until(64);
		assert_ok!(reap());
		assert!(!Gateways::<Test>::contains_key(GATEWAY));
	});
}
