use cairn_economics::released;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

use crate::{Params, mock::*};

fn release(gateway: cairn_types::GatewayId, slot: u32) -> Result<(), DispatchError> {
	Rewards::release(RuntimeOrigin::signed(ALICE), gateway, slot)
}

#[test]
fn works_when_a_cycle_has_passed() {
	ExtBuilder::default().with_vesting(30).build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		assert_ok!(claim(newest_claim(gateway, 0)));
		let unvested = earning(gateway, 0).unvested;
		let payee = payee(gateway, 0);
		let before = Balances::free_balance(payee);
		advance(PERIODS.cycle_ticks);
		events();

		assert_ok!(release(gateway, 0));

		let due = released(unvested, 30, 1);
		let unvested = unvested - due;
		let event = Event::Released { gateway, slot: 0, payee, released: due, unvested };
		assert_eq!(events(), [event]);
		assert_eq!(Balances::free_balance(payee), before + due);
	});
}

#[test]
fn works_when_the_account_can_take_what_waited() {
	let params = Params { emission_cap: 1_000, ..PARAMS };
	ExtBuilder::default().with_params(params).build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		assert_ok!(claim(newest_claim(gateway, 0)));
		let earned = earning(gateway, 0).due;
		assert_noop!(release(gateway, 0), Error::NothingToRelease);

		let payee = payee(gateway, 0);
		assert_ok!(Balances::transfer_allow_death(RuntimeOrigin::signed(ALICE), payee, 10));
		assert_ok!(release(gateway, 0));
		assert_eq!(Balances::free_balance(payee), 10 + earned);
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		assert_noop!(Rewards::release(RuntimeOrigin::none(), gateway, 0), DispatchError::BadOrigin);
	});
}

#[test]
fn fails_when_there_is_no_such_slot() {
	ExtBuilder::default().build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		assert_noop!(release(gateway, 1), Error::NotFound);
	});
}

#[test]
fn fails_when_nothing_was_claimed() {
	ExtBuilder::default().build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		assert_noop!(release(gateway, 0), Error::NothingToRelease);
	});
}

#[test]
fn fails_when_no_cycle_has_passed() {
	ExtBuilder::default().with_vesting(30).build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		assert_ok!(claim(newest_claim(gateway, 0)));
		assert_noop!(release(gateway, 0), Error::NothingToRelease);
	});
}
