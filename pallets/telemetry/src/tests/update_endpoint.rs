use cairn_types::GatewayId;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, DispatchResult};

use crate::mock::*;

fn update(who: u64, gateway: GatewayId, url: &str) -> DispatchResult {
	Telemetry::update_endpoint(RuntimeOrigin::signed(who), gateway, endpoint(url))
}

#[test]
fn works_when_the_operator_signs() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(update(OPERATOR, GATEWAY, "https://elsewhere.example"));
		let endpoint = endpoint("https://elsewhere.example");
		assert_eq!(gateway().endpoint, endpoint);
		assert_eq!(events(), [Event::EndpointUpdated { gateway: GATEWAY, endpoint }]);
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Telemetry::update_endpoint(RuntimeOrigin::root(), GATEWAY, endpoint("http://a")),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn fails_when_there_is_no_such_gateway() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(update(OPERATOR, GatewayId(1), "http://a"), Error::GatewayNotFound);
	});
}

#[test]
fn fails_when_another_signs() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(update(OTHER, GATEWAY, "http://a"), Error::NotOperator);
	});
}

#[test]
fn fails_when_the_endpoint_is_no_url() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(update(OPERATOR, GATEWAY, "gateway.example"), Error::BadEndpoint);
	});
}
