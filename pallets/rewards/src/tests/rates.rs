//! What attested units become.

use cairn_economics::Accrual;
use cairn_economics::rate;
use cairn_traits::{AttestedLedger, UnitBook};
use cairn_types::{GatewayId, NetworkId};
use frame_support::assert_ok;

use crate::{Totals, mock::*};

#[test]
fn a_rate_is_the_pool_by_all_units_of_the_network() {
	ExtBuilder::default().build_and_execute(|| {
		let networks = [create_network(true), create_network(true)];
		assert_ok!(Rewards::set_weight(RuntimeOrigin::root(), networks[1], 3));
		let gateways: Vec<_> = networks
			.into_iter()
			.chain(networks)
			.map(|network| register_gateway(network, 1))
			.collect();
		advance_to_cycle(1);
		for (gateway, units) in gateways.iter().zip([10, 20, 30, 40]) {
			assert!(seal(*gateway, &[(0, units)]));
			attest(*gateway);
		}
		freeze(1);
		assert_eq!(Rewards::rate(networks[0], 1), rate(bootstrap(1) / 4, 10 + 30));
		assert_eq!(Rewards::rate(networks[1], 1), rate(bootstrap(1) * 3 / 4, 20 + 40));
	});
}

#[test]
fn there_is_no_rate_before_the_freeze() {
	ExtBuilder::default().build_and_execute(|| {
		let network = create_network(true);
		let gateway = register_gateway(network, 1);
		advance_to_cycle(1);
		assert!(seal(gateway, &[(0, 1)]));
		attest(gateway);
		advance_to(2 * PERIODS.cycle_ticks + PERIODS.mature_ticks() - 1);
		assert_eq!((Rewards::rate(network, 1), Rewards::frozen_rate(network, 1)), (0, None));
		advance(1);
		let rate = Rewards::rate(network, 1);
		assert!(rate > 0);
		assert_eq!(Rewards::frozen_rate(network, 1), Some(rate));
	});
}

#[test]
fn a_rate_is_kept_until_its_record_is_gone() {
	ExtBuilder::default().build_and_execute(|| {
		let (network, _) = earned_in_cycle_1(&[3]);
		let rate = Rewards::rate(network, 1);
		advance_to_cycle(1 + PERIODS.kept_cycles + 3);
		assert_eq!(Rewards::rate(network, 1), rate);
		advance_to_cycle(1 + PERIODS.kept_cycles + 4);
		assert_eq!(Rewards::frozen_rate(network, 1), Some(0));
	});
}

#[test]
fn there_is_no_rate_where_nothing_was_attested() {
	ExtBuilder::default().build_and_execute(|| {
		let (network, _) = earned_in_cycle_1(&[3]);
		assert_eq!(Rewards::rate(network, 0), 0);
		assert_eq!(Rewards::rate(NetworkId(9), 1), 0);
	});
}

#[test]
fn there_is_no_rate_without_weight() {
	ExtBuilder::default().build_and_execute(|| {
		let network = create_network(false);
		let gateway = register_gateway(network, 1);
		advance_to_cycle(1);
		assert!(seal(gateway, &[(0, 1)]));
		freeze(1);
		assert_eq!(Rewards::units(network, 1), 1);
		assert_eq!(Rewards::rate(network, 1), 0);
	});
}

#[test]
fn nothing_is_noted_of_no_units() {
	ExtBuilder::default().build_and_execute(|| {
		let network = create_network(true);
		note_attested(GatewayId(0), network, 0, 0);
		assert_eq!(Totals::<Test>::iter().count(), 0);
		assert_eq!(World::accrual(GatewayId(0)), Some((network, Accrual::default())));
	});
}

#[test]
fn totals_of_a_network_are_bounded_whatever_cycles_it_leaves_out() {
	ExtBuilder::default().build_and_execute(|| {
		let network = create_network(true);
		let gateway = register_gateway(network, 1);
		let mut cycle = 0;
		for gap in [1, 1, 2, 1, 9, 3, 1, 1, 1, 14, 1, 1, 5, 1, 1, 1, 1, 1, 1, 1, 1, 1] {
			cycle += gap;
			advance_to_cycle(cycle);
			assert!(seal(gateway, &[(0, 1)]));
			attest(gateway);
			check_state();
			assert!(Totals::<Test>::iter().count() <= 9);
			assert_eq!(Rewards::units(network, cycle), 1);
		}
	});
}

#[test]
fn a_gateway_that_was_silent_accrued_what_its_ledger_did() {
	ExtBuilder::default().build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[3]);
		let accrued = Rewards::accrual(gateway).0;
		assert!(accrued > 0);
		assert_eq!(World::accrual(gateway).expect("attested").1.accrued, 0);
		advance_to_cycle(1 + PERIODS.kept_cycles + 3);
		assert_eq!(Rewards::accrual(gateway), (accrued, 0));
		advance_to_cycle(1 + PERIODS.kept_cycles + 4);
		assert_eq!(Rewards::accrual(gateway), (0, 0));
	});
}
