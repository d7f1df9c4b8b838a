use cairn_types::{DeviceId, GatewayId};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, DispatchResult};

use crate::{mock::*, types::Stage};

fn retire(who: u64, gateway: GatewayId) -> DispatchResult {
	Telemetry::retire_gateway(RuntimeOrigin::signed(who), gateway)
}

#[test]
fn works_when_serving() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(retire(OPERATOR, GATEWAY));
		// Window 102 of tick 52 is the last one; H = 8 ticks after window 103 everything is settled.
		assert_eq!(gateway().stage, Stage::Retired { until: 103, settled: 61 });
		assert_eq!(events(), [Event::GatewayRetired { gateway: GATEWAY, until: 103 }]);
	});
}

#[test]
fn windows_up_to_retirement_may_still_be_sealed() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(retire(OPERATOR, GATEWAY));
		pass_windows(2);
		assert_ok!(seal(101));
		assert_ok!(seal(102));
		assert_noop!(seal(103), Error::WindowAfterRetirement);
	});
}

#[test]
fn no_device_is_taken_any_more() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(retire(OPERATOR, GATEWAY));
		assert_noop!(assign(DeviceId(9), GATEWAY, OWNER), Error::AlreadyRetired);
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Telemetry::retire_gateway(RuntimeOrigin::root(), GATEWAY),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn fails_when_there_is_no_such_gateway() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(retire(OPERATOR, GatewayId(1)), Error::GatewayNotFound);
	});
}

#[test]
fn fails_when_another_signs() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(retire(OTHER, GATEWAY), Error::NotOperator);
	});
}

#[test]
fn fails_when_retired() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(retire(OPERATOR, GATEWAY));
		assert_noop!(retire(OPERATOR, GATEWAY), Error::AlreadyRetired);
	});
}
