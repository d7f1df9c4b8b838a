use cairn_types::NetworkId;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

use crate::{WeightSum, mock::*};

fn set_weight(network: NetworkId, weight: u32) -> Result<(), DispatchError> {
	Rewards::set_weight(RuntimeOrigin::root(), network, weight)
}

#[test]
fn works_when_certified() {
	ExtBuilder::default().build_and_execute(|| {
		let network = create_network(true);
		advance_to_cycle(1);
		events();

		assert_ok!(set_weight(network, 7));

		assert_eq!(events(), [Event::WeightChanged { network, weight: 7, since: 2 }]);
		assert_eq!(Rewards::weight(network), 1);
		advance_to_cycle(2);
		assert_eq!(Rewards::weight(network), 7);
	});
}

#[test]
fn works_when_certified_from_the_next_cycle_on() {
	ExtBuilder::default().build_and_execute(|| {
		let network = create_network(false);
		configure(network, true);
		assert_ok!(set_weight(network, 7));
		advance_to_cycle(1);
		assert_eq!(Rewards::weight(network), 7);
	});
}

#[test]
fn works_when_set_again_in_the_same_cycle() {
	ExtBuilder::default().build_and_execute(|| {
		let network = create_network(true);
		advance_to_cycle(1);
		for weight in [7, 0, 9] {
			assert_ok!(set_weight(network, weight));
			check_state();
		}
		assert_eq!(Rewards::weight(network), 1);
		advance_to_cycle(2);
		assert_eq!(Rewards::weight(network), 9);
		assert_eq!(WeightSum::<Test>::get().newest(), 9);
	});
}

#[test]
fn fails_when_not_called_by_the_admin() {
	ExtBuilder::default().build_and_execute(|| {
		let network = create_network(true);
		assert_noop!(
			Rewards::set_weight(RuntimeOrigin::signed(ALICE), network, 7),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn fails_when_there_is_no_such_network() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(set_weight(NetworkId(0), 7), Error::NotFound);
	});
}

#[test]
fn fails_when_closed() {
	ExtBuilder::default().build_and_execute(|| {
		let network = create_network(true);
		close(network);
		assert_noop!(set_weight(network, 7), Error::WrongStage);
	});
}

#[test]
fn fails_when_open_to_all() {
	ExtBuilder::default().build_and_execute(|| {
		let network = create_network(false);
		assert_noop!(set_weight(network, 7), Error::NotCertified);
	});
}

#[test]
fn fails_when_open_to_all_from_the_next_cycle_on() {
	ExtBuilder::default().build_and_execute(|| {
		let network = create_network(true);
		configure(network, false);
		assert_noop!(set_weight(network, 7), Error::NotCertified);
	});
}
