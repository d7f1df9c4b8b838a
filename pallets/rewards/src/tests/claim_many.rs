use frame_support::{BoundedVec, assert_noop, assert_ok};
use sp_runtime::DispatchError;

use crate::mock::*;

fn claim_many(claims: Vec<cairn_telemetry::Claim>) -> Result<(), DispatchError> {
	Rewards::claim_many(RuntimeOrigin::signed(ALICE), BoundedVec::truncate_from(claims))
}

#[test]
fn works_when_every_claim_does() {
	ExtBuilder::default().build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1, 2, 3]);
		assert_ok!(claim_many((0..3).map(|slot| newest_claim(gateway, slot)).collect()));

		let expected: Vec<_> = (0..3)
			.map(|slot| {
				let earned = earning(gateway, slot).paid;
				let payee = payee(gateway, slot);
				Event::Claimed { gateway, slot, payee, earned, released: earned, unvested: 0 }
			})
			.collect();
		assert_eq!(events(), expected);
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Rewards::claim_many(RuntimeOrigin::none(), BoundedVec::new()),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn fails_as_a_whole_when_one_claim_does() {
	ExtBuilder::default().build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1, 0]);
		let claims = vec![newest_claim(gateway, 0), newest_claim(gateway, 1)];
		assert_noop!(claim_many(claims), Error::NothingToClaim);
		assert_eq!(Rewards::earning(gateway, 0), None);
	});
}

#[test]
fn fails_when_a_claim_comes_twice() {
	ExtBuilder::default().build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		let claims = vec![newest_claim(gateway, 0), newest_claim(gateway, 0)];
		assert_noop!(claim_many(claims), Error::NothingToClaim);
	});
}
