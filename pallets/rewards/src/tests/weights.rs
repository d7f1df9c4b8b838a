//! What becomes of networks' weights when networks change.

use cairn_traits::UnitBook;
use frame_support::assert_ok;
use proptest::prelude::*;

use crate::{Cycles, History, Params, Totals, Weights, mock::*};

#[test]
fn a_certified_network_has_its_weight_from_the_next_cycle_on() {
	ExtBuilder::default().build_and_execute(|| {
		let network = create_network(true);
		assert_eq!(events(), [Event::WeightChanged { network, weight: 1, since: 1 }]);
		assert_eq!(Rewards::weight(network), 0);
		advance_to_cycle(1);
		assert_eq!(Rewards::weight(network), 1);
		assert_eq!(Cycles::<Test>::get(0).expect("kept").weights, 0);
		assert_eq!(Cycles::<Test>::get(1).expect("kept").weights, 1);
	});
}

#[test]
fn a_network_open_to_all_has_none() {
	ExtBuilder::default().build_and_execute(|| {
		let network = create_network(false);
		assert!(events().is_empty());
		advance_to_cycle(1);
		assert_eq!(Rewards::weight(network), 0);
	});
}

/// Devices that came without a certificate stay in the network.
#[test]
fn what_was_granted_is_lost_when_a_network_opens() {
	ExtBuilder::default().build_and_execute(|| {
		let network = create_network(true);
		assert_ok!(Rewards::set_weight(RuntimeOrigin::root(), network, 5));
		advance_to_cycle(1);
		events();
		configure(network, false);
		advance_to_cycle(2);
		configure(network, true);
		advance_to_cycle(3);
		assert_eq!(Rewards::weight(network), 0);
		assert_ok!(Rewards::set_weight(RuntimeOrigin::root(), network, 5));
		// Nothing changes: nobody is told.
		configure(network, true);
		advance_to_cycle(4);

		let changes: Vec<_> = events()
			.into_iter()
			.filter(|event| matches!(event, Event::WeightChanged { .. }))
			.collect();
		let expected =
			[(0, 2), (5, 4)].map(|(weight, since)| Event::WeightChanged { network, weight, since });
		assert_eq!(changes, expected);
		assert_eq!(Rewards::weight(network), 5);
	});
}

#[test]
fn the_default_is_not_for_networks_that_were_open() {
	ExtBuilder::default().build_and_execute(|| {
		let network = create_network(false);
		advance_to_cycle(1);
		configure(network, true);
		advance_to_cycle(2);
		assert_eq!(Rewards::weight(network), 0);
		assert_eq!(Weights::<Test>::get(network).expect("kept").granted, 0);
	});
}

#[test]
fn what_governance_took_does_not_come_back() {
	ExtBuilder::default().build_and_execute(|| {
		let network = create_network(true);
		assert_ok!(Rewards::set_weight(RuntimeOrigin::root(), network, 0));
		configure(network, false);
		configure(network, true);
		advance_to_cycle(1);
		assert_eq!(Rewards::weight(network), 0);
	});
}

#[test]
fn a_closed_network_has_none_from_the_next_cycle_on() {
	ExtBuilder::default().build_and_execute(|| {
		let network = create_network(true);
		advance_to_cycle(1);
		events();
		close(network);
		assert_eq!(events(), [Event::WeightChanged { network, weight: 0, since: 2 }]);
		assert_eq!(Rewards::weight(network), 1);
		advance_to_cycle(2);
		assert_eq!(Rewards::weight(network), 0);
		assert_eq!(Weights::<Test>::get(network).expect("kept").granted, 0);
	});
}

#[test]
fn the_default_is_that_of_the_networks_creation() {
	let params = Params { default_weight: 0, ..PARAMS };
	ExtBuilder::default().with_params(params).build_and_execute(|| {
		let network = create_network(true);
		CurrentParams::set(Params { default_weight: 3, ..params });
		configure(network, true);
		let younger = create_network(true);
		advance_to_cycle(1);
		assert_eq!(Rewards::weight(network), 0);
		assert_eq!(Rewards::weight(younger), 3);
	});
}

#[test]
fn late_units_have_the_weight_of_their_cycle() {
	ExtBuilder::default().build_and_execute(|| {
		let network = create_network(true);
		let gateway = register_gateway(network, 1);
		// The last window of cycle 2.
		let window = 3 * PERIODS.cycle_ticks - 1;
		advance_to(window);
		assert!(seal(gateway, &[(0, 1)]));
		assert_ok!(Rewards::set_weight(RuntimeOrigin::root(), network, 2));
		advance_to_cycle(3);
		assert_ok!(Rewards::set_weight(RuntimeOrigin::root(), network, 3));
		advance_to(window + PERIODS.attest_ticks);
		assert_eq!(cycle(), 4);
		assert_ok!(Rewards::set_weight(RuntimeOrigin::root(), network, 9));
		attest(gateway);

		let place = 2 % (PERIODS.kept_cycles + 4);
		let total = Totals::<Test>::get(network, place).expect("attested");
		assert_eq!((total.cycle, total.units, total.pool), (2, 1, bootstrap(2)));
		freeze(2);
		assert_eq!(Rewards::rate(network, 2), bootstrap(2) << 64);
	});
}

proptest! {
	#[test]
	fn a_history_is_exact_within_its_reach(changes in prop::collection::vec((0u32..3, any::<u32>()), 1..40)) {
		let mut now = 0u32;
		let mut history = History::<u32>::default();
		// What holds in each cycle, the next one included.
		let mut all = vec![0u32; 2];
		for (gap, value) in changes {
			for _ in 0..gap {
				now += 1;
				all.push(*all.last().expect("two at least"));
			}
			history.set(now + 1, value);
			*all.last_mut().expect("two at least") = value;
			for cycle in now.saturating_sub(2)..=now + 1 {
				let index = usize::try_from(cycle).expect("32 bits at least");
				prop_assert_eq!(history.at(cycle), all[index]);
			}
			prop_assert_eq!(history.newest(), value);
		}
	}
}
