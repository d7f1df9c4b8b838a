use cairn_traits::Timekeeper;
use cairn_types::{GatewayId, NetworkId};
use frame_support::{assert_noop, assert_ok, traits::fungible::InspectHold};
use sp_runtime::{DispatchError, DispatchResult, TokenError};

use crate::{Gateways, NextGateway, mock::*, types::Stage};

fn register(who: u64, network: NetworkId, url: &str) -> DispatchResult {
	Telemetry::register_gateway(RuntimeOrigin::signed(who), network, endpoint(url))
}

#[test]
fn works_when_the_network_is_open() {
	ExtBuilder::default().build_and_execute(|| {
		let id = GatewayId(1);
		assert_ok!(register(OTHER, NETWORK, "https://other.example:9977"));
		assert_eq!(
			events(),
			[Event::GatewayRegistered { gateway: id, operator: OTHER, network: NETWORK }]
		);
		let record = Gateways::<Test>::get(id).expect("registered");
		assert_eq!(
			(record.operator, record.network, record.stage),
			(OTHER, NETWORK, Stage::Serving)
		);
		assert_eq!(record.floor, FakeTime::now().window);
		assert_eq!(Balances::balance_on_hold(&BondReason::get(), &OTHER), BOND);
	});
}

#[test]
fn works_when_an_operator_has_a_gateway_already() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(register(OPERATOR, OTHER_NETWORK, "http://[::1]:9977"));
		assert_eq!(Balances::balance_on_hold(&BondReason::get(), &OPERATOR), 2 * BOND);
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		for origin in [RuntimeOrigin::none(), RuntimeOrigin::root()] {
			assert_noop!(
				Telemetry::register_gateway(origin, NETWORK, endpoint("http://a")),
				DispatchError::BadOrigin
			);
		}
	});
}

#[test]
fn fails_when_the_network_is_not_open() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(register(OTHER, NetworkId(99), "http://a"), Error::NetworkNotOpen);
		change_network(|network| network.open = false);
		assert_noop!(register(OTHER, NETWORK, "http://a"), Error::NetworkNotOpen);
	});
}

#[test]
fn fails_when_the_endpoint_is_no_url() {
	ExtBuilder::default().build_and_execute(|| {
		let bad =
			["", "a", "ftp://a", "http://", "https:///a", "http://a b", "http://ä", "HTTP://a"];
		for url in bad {
			assert_noop!(register(OTHER, NETWORK, url), Error::BadEndpoint);
		}
	});
}

#[test]
fn fails_when_the_bond_cannot_be_held() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(register(POOR, NETWORK, "http://a"), TokenError::FundsUnavailable);
	});
}

#[test]
fn fails_when_ids_are_used_up() {
	ExtBuilder::default().build_and_execute(|| {
		NextGateway::<Test>::put(GatewayId(u32::MAX));
		assert_noop!(register(OTHER, NETWORK, "http://a"), Error::TooManySlots);
	});
}
