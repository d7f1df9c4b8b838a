use cairn_telemetry::{HeaderV1, Sums};
use cairn_traits::{SlotBook, Timekeeper};
use cairn_types::{DeviceId, GatewayId, Window, view::SlotRecord};
use frame_support::{assert_noop, assert_ok};
use proptest::prelude::*;
use sp_runtime::{DispatchResult, TokenError};

use crate::{Gateways, Slots, mock::*, types::Assigned};

/// Seal the newest window that is over with a batch of as many devices.
fn seal_devices(devices: u32) -> DispatchResult {
	let sums = Sums { units: 1, readings: u64::from(devices), devices };
	seal_with(FakeTime::now().window - 1, HeaderV1 { sums, ..header(GATEWAY) })
}

fn end(slot: u32) {
	Telemetry::end(GATEWAY, slot, FakeTime::next_window());
}

#[test]
fn works_when_opened() {
	ExtBuilder::default().build_and_execute(|| {
		let device = DeviceId(9);
		assert_ok!(assign(device, GATEWAY, BUYER), 2);
		assert_eq!(events(), [Event::SlotOpened { gateway: GATEWAY, slot: 2, device, from: 103 }]);
		let record = SlotRecord { device, payee: BUYER, from: 103, until: Window::MAX };
		assert_eq!(Telemetry::get(GATEWAY, 2), Some(record));
		let gateway = gateway();
		assert_eq!((gateway.next_slot, gateway.open_slots, gateway.assigned.now), (3, 3, 3));
	});
}

#[test]
fn works_when_ended() {
	ExtBuilder::default().build_and_execute(|| {
		end(1);
		assert_eq!(events(), [Event::SlotEnded { gateway: GATEWAY, slot: 1, until: 103 }]);
		let entry = Slots::<Test>::get(GATEWAY, 1).expect("kept");
		assert_eq!((entry.record.until, entry.settled), (103, 61));
		assert_eq!((gateway().open_slots, gateway().assigned.now), (2, 1));

		// Ending twice changes nothing.
		pass_windows(1);
		end(1);
		end(7);
		assert!(events().is_empty());
		assert_eq!(Slots::<Test>::get(GATEWAY, 1), Some(entry));
		assert_eq!(gateway().assigned.now, 1);
	});
}

#[test]
fn a_sale_gives_a_new_slot_and_leaves_the_old_one_with_the_seller() {
	ExtBuilder::default().build_and_execute(|| {
		end(0);
		assert_ok!(assign(DeviceId(0), GATEWAY, BUYER), 2);
		let old = Telemetry::get(GATEWAY, 0).expect("kept");
		let new = Telemetry::get(GATEWAY, 2).expect("opened");
		assert_eq!((old.device, old.payee, old.until), (DeviceId(0), OWNER, 103));
		assert_eq!((new.device, new.payee, new.from), (DeviceId(0), BUYER, 103));
		// In no window both.
		for window in [101, 102, 103, 104] {
			let facts = [0, 2].map(|slot| Telemetry::slot_facts(GATEWAY, slot, window).is_some());
			assert_eq!(facts, [window < 103, window >= 103]);
		}
	});
}

#[test]
fn works_when_another_is_paid() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Telemetry::set_payee(GATEWAY, 0, BUYER));
		assert_eq!(Telemetry::get(GATEWAY, 0).map(|record| record.payee), Some(BUYER));
		assert_noop!(Telemetry::set_payee(GATEWAY, 2, BUYER), Error::SlotNotFound);
	});
}

#[test]
fn fails_when_there_is_no_such_gateway() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(assign(DeviceId(9), GatewayId(1), OWNER), Error::GatewayNotFound);
	});
}

#[test]
fn fails_when_the_gateway_serves_another_network() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Telemetry::open(GATEWAY, OTHER_NETWORK, DeviceId(9), &OWNER, 103),
			Error::WrongNetwork
		);
	});
}

#[test]
fn fails_when_slots_are_used_up() {
	ExtBuilder::default().build_and_execute(|| {
		Gateways::<Test>::mutate_extant(GATEWAY, |record| record.next_slot = u32::MAX);
		assert_noop!(assign(DeviceId(9), GATEWAY, OWNER), Error::TooManySlots);
	});
}

#[test]
fn fails_when_the_deposit_cannot_be_held() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(assign(DeviceId(9), GATEWAY, POOR), TokenError::FundsUnavailable);
	});
}

#[test]
fn devices_that_left_may_be_in_batches_for_two_spans() {
	ExtBuilder::default().build_and_execute(|| {
		// Ticks 48..54 are a span of A = 6 ticks; both devices leave one in it.
		end(0);
		end(1);
		pass_until(53);
		assert_ok!(seal_devices(2));
		pass_until(59);
		forget_what_is_due();
		assert_ok!(seal_devices(2));
		pass_until(60);
		forget_what_is_due();
		assert_noop!(seal_devices(2), Error::TooManyDevices);
		assert_noop!(seal_devices(1), Error::TooManyDevices);
	});
}

/// Let the batch that waits die, if it is due.
fn forget_what_is_due() {
	let _ = Telemetry::expire(RuntimeOrigin::signed(OTHER), GATEWAY);
}

#[test]
fn devices_that_joined_may_be_in_batches_at_once() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(seal_devices(3), Error::TooManyDevices);
		assert_ok!(assign(DeviceId(9), GATEWAY, OWNER));
		assert_ok!(seal_devices(3));
	});
}

#[test]
fn moving_to_and_fro_does_not_raise_the_peak() {
	ExtBuilder::default().build_and_execute(|| {
		for slot in 1..20 {
			end(slot);
			assert_ok!(assign(DeviceId(1), GATEWAY, OWNER), slot + 1);
		}
		assert_noop!(seal_devices(3), Error::TooManyDevices);
	});
}

proptest! {
	#[test]
	fn the_peak_is_the_most_of_this_and_the_last_span(
		steps in prop::collection::vec((0u32..4, any::<bool>()), 1..60),
	) {
		let mut span = 0u32;
		let mut assigned = Assigned::default();
		// Each span's number assigned at its begin and after each change.
		let mut counts = vec![vec![0u32]];
		for (gap, joins) in steps {
			for _ in 0..gap {
				span += 1;
				let now = *counts.last().and_then(|counts| counts.last()).expect("never empty");
				counts.push(vec![now]);
			}
			let now = *counts.last().and_then(|counts| counts.last()).expect("never empty");
			assigned = if joins { assigned.plus_one(span) } else { assigned.minus_one(span) };
			let now = if joins { now + 1 } else { now.saturating_sub(1) };
			counts.last_mut().expect("never empty").push(now);
			let most = counts.iter().rev().take(2).flatten().max().copied();
			prop_assert_eq!(Some(assigned.peak(span)), most);
			prop_assert_eq!(assigned.now, now);
		}
	}
}
