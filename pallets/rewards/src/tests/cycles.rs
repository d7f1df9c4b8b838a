//! What a cycle emits, and the treasury's part.

use cairn_economics::{Parts, Split, emission, taper, value};
use proptest::prelude::*;
use sp_runtime::Permill;

use crate::{Cycles, Issued, Params, Pending, Scheduled, mock::*, types::total};

#[test]
fn the_first_cycle_is_fixed_at_its_first_tick() {
	ExtBuilder::default().build_and_execute(|| {
		let parts = Parts { validators: 3_000_000, treasury: 1_000_000, networks: 6_000_000 };
		let record = Cycles::<Test>::get(0).expect("begun");
		assert_eq!((record.emission, record.parts), (10_000_000, parts));
		assert_eq!((record.bootstrap, record.weights, record.vesting), (4_799_999, 0, 1));
		assert_eq!(Scheduled::<Test>::get(), parts);
	});
}

#[test]
fn each_cycle_emits_a_part_of_what_is_left() {
	ExtBuilder::default().build_and_execute(|| {
		create_network(true);
		events();
		advance_to_cycle(1);

		let amount = emission(PARAMS.emission_cap, 10_000_000, PARAMS.emission_tau);
		let parts = PARAMS.split.of(amount);
		let share = taper(PARAMS.bootstrap_floor, PARAMS.bootstrap_start, PARAMS.half_life, 1);
		let bootstrap = value(parts.networks, share);
		let scheduled =
			Event::Scheduled { cycle: 1, emission: amount, parts, bootstrap, weights: 1 };
		assert_eq!(events(), [scheduled]);
	});
}

#[test]
fn the_treasury_gets_its_part_at_once() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Balances::free_balance(TREASURY), 10 + 1_000_000);
		assert_eq!(Issued::<Test>::get().treasury, 1_000_000);
		advance_to_cycle(1);
		let parts = Cycles::<Test>::get(1).expect("begun").parts;
		assert_eq!(Balances::free_balance(TREASURY), 10 + 1_000_000 + parts.treasury);
	});
}

#[test]
fn the_treasury_gets_its_part_later_when_it_is_below_the_existential_deposit() {
	// The treasury's part of a cycle is 3.
	let params = Params { emission_cap: 3_000, ..PARAMS };
	ExtBuilder::default().with_params(params).without_treasury().build_and_execute(|| {
		assert_eq!(Pending::<Test>::get().treasury, 3);
		assert_eq!(Balances::free_balance(TREASURY), 0);
		while Balances::free_balance(TREASURY) == 0 {
			advance_to_cycle(cycle() + 1);
			check_state();
		}
		assert!(Balances::free_balance(TREASURY) >= 10);
		assert_eq!(Pending::<Test>::get().treasury, 0);
	});
}

#[test]
fn records_are_kept_for_four_cycles_more_than_rates() {
	ExtBuilder::default().build_and_execute(|| {
		for _ in 0..30 {
			advance_to_cycle(cycle() + 1);
			check_state();
			let kept = PERIODS.kept_cycles + 4;
			let count = u32::try_from(Cycles::<Test>::iter().count()).expect("few");
			assert_eq!(count, kept.min(cycle() + 1));
		}
	});
}

#[test]
fn parameters_out_of_range_are_brought_into_it() {
	let params = Params { emission_tau: 0, half_life: 0, vesting: 0, ..PARAMS };
	let clamped = Params { emission_tau: 1, half_life: 1, vesting: 1, ..PARAMS };
	assert_eq!(params.clamped(), clamped);
	let params = Params { vesting: u32::MAX, ..PARAMS };
	assert_eq!(params.clamped().vesting, crate::MAX_VESTING_CYCLES);
	assert_eq!(PARAMS.clamped(), PARAMS);
}

#[test]
fn a_change_of_parameters_counts_from_the_next_cycle_on() {
	ExtBuilder::default().build_and_execute(|| {
		CurrentParams::set(Params { vesting: 30, ..PARAMS });
		let (_, gateway) = earned_in_cycle_1(&[1]);
		CurrentParams::set(PARAMS);
		claim(newest_claim(gateway, 0)).expect("claimable");
		let earning = earning(gateway, 0);
		assert_eq!(earning.unvested, earning.paid - earning.paid / 30);
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(32))]

	#[test]
	fn the_cap_holds_and_no_part_is_lost(
		emission_cap in 0u128..1 << 80, emission_tau in 0u32..50,
		validators in 0u32..=1_000_000, treasury in 0u32..=1_000_000,
		cycles in 1u32..40,
	) {
		let split = Split {
			validators: Permill::from_parts(validators),
			treasury: Permill::from_parts(treasury),
		};
		let params = Params { emission_cap, emission_tau, split, ..PARAMS };
		ExtBuilder::default().with_params(params).build_and_execute(|| {
			let mut sum = Cycles::<Test>::get(0).expect("begun").emission;
			for cycle in 1..=cycles {
				advance_to_cycle(cycle);
				check_state();
				sum += Cycles::<Test>::get(cycle).expect("begun").emission;
			}
			assert_eq!(total(&Scheduled::<Test>::get()), sum);
		});
	}
}
