use cairn_types::GatewayId;
use frame_support::assert_ok;

use crate::mock::*;

#[test]
fn what_is_displayed_as_claimable_is_claimed() {
	for vesting in [1, 30] {
		ExtBuilder::default().with_vesting(vesting).build_and_execute(|| {
			let (_, gateway) = earned_in_cycle_1(&[60, 40]);
			for slot in 0..2 {
				let claimed = newest_claim(gateway, slot);
				let shown = Rewards::claimable(gateway, slot, &claimed.account);
				assert!(shown.0 > 0 && shown.1 > 0);
				assert_ok!(claim(claimed.clone()));
				let [Event::Claimed { earned, released, .. }] = events()[..] else {
					panic!("one event")
				};
				assert_eq!(shown, (earned, released));
				assert_eq!(Rewards::claimable(gateway, slot, &claimed.account), (0, 0));
			}
		});
	}
}

#[test]
fn nothing_is_claimable_where_a_claim_would_fail() {
	ExtBuilder::default().build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[50, 50]);
		let account = newest_claim(gateway, 0).account;
		assert_eq!(Rewards::claimable(gateway, 1, &account), (0, 0), "another device");
		assert_eq!(Rewards::claimable(gateway, 2, &account), (0, 0), "no slot");
		assert_eq!(Rewards::claimable(GatewayId(9), 0, &account), (0, 0), "no gateway");

		assert!(forge(gateway, 0, Rewards::accrual(gateway).0));
		let account = newest_claim(gateway, 0).account;
		assert_eq!(Rewards::claimable(gateway, 0, &account), (0, 0), "beyond accrual");
	});
}

#[test]
fn units_grow_as_batches_are_attested() {
	ExtBuilder::default().build_and_execute(|| {
		let network = create_network(true);
		let gateway = register_gateway(network, 1);
		for units in 1..4u32 {
			assert_eq!(Rewards::units(network, 0), u128::from(units - 1) * 5);
			assert!(seal(gateway, &[(0, 5)]));
			attest(gateway);
			advance(1);
			assert_eq!(Rewards::units(network, 0), u128::from(units * 5));
		}
	});
}

#[test]
fn an_earning_is_there_from_the_first_claim_on() {
	ExtBuilder::default().build_and_execute(|| {
		let (_, gateway) = earned_in_cycle_1(&[1]);
		assert_eq!(Rewards::earning(gateway, 0), None);
		assert_ok!(claim(newest_claim(gateway, 0)));
		assert_eq!(Rewards::earning(gateway, 0).map(|earning| earning.paid), Some(bootstrap(1)));
	});
}
