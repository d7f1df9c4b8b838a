//! `set_rules`, and the rules of genesis.

use cairn_traits::Timekeeper;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

use crate::{
	Error, Event, INITIAL_RULES, MAX_PAYLOAD, MAX_READINGS, Rules, RulesVersion, min_payload,
	mock::*,
};

fn set(max_readings: u32, max_payload: u64) -> frame_support::dispatch::DispatchResult {
	Time::set_rules(RuntimeOrigin::root(), max_readings, max_payload)
}

#[test]
fn the_chain_begins_with_the_rules_of_genesis() {
	let rules = cairn_types::Rules { max_readings: 100, max_payload: 10_000, ..INITIAL_RULES };
	ExtBuilder::default().with_rules(rules).build_and_execute(|| {
		assert_eq!(RulesVersion::<Test>::get(), 1);
		author(0);
		let version = Time::window(0).expect("recorded").rules;
		assert_eq!(Time::rules(version), Some(rules));
	});
}

#[test]
#[should_panic(expected = "ones that `set_rules` would refuse")]
fn genesis_refuses_rules_that_are_out_of_range() {
	let rules = cairn_types::Rules { max_readings: 0, ..INITIAL_RULES };
	ExtBuilder::default().with_rules(rules).build();
}

#[test]
fn works_for_the_windows_that_open_later() {
	ExtBuilder::default().build_and_execute(|| {
		author(0);
		assert_ok!(set(10, 4_096));
		assert_eq!(told().last(), Some(&Event::RulesSet { version: 2 }));
		let rules = cairn_types::Rules { max_readings: 10, max_payload: 4_096, ..INITIAL_RULES };
		assert_eq!(Time::rules(2), Some(rules));
		author(1);
		assert_eq!(Time::window(0).expect("recorded").rules, 1);
		author(6);
		assert_eq!(Time::window(1).expect("recorded").rules, 2);
		assert_eq!(Time::rules(1), Some(INITIAL_RULES));
	});
}

#[test]
fn works_at_the_ends_of_the_range() {
	ExtBuilder::default().build_and_execute(|| {
		author(0);
		assert_ok!(set(1, min_payload()));
		assert_ok!(set(MAX_READINGS, MAX_PAYLOAD));
	});
}

#[test]
fn works_by_replacing_a_version_that_no_window_used() {
	ExtBuilder::default().build_and_execute(|| {
		author(0);
		for max_readings in 1..=20 {
			assert_ok!(set(max_readings, 4_096));
		}
		assert_eq!(RulesVersion::<Test>::get(), 21);
		assert_eq!(Rules::<Test>::iter().count(), 2);
		author(6);
		assert_eq!(Time::window(1).expect("recorded").rules, 21);
	});
}

#[test]
fn works_before_the_first_block() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(set(1, 4_096));
		assert_eq!(Rules::<Test>::iter_keys().collect::<Vec<_>>(), vec![2]);
	});
}

#[test]
fn fails_when_the_origin_is_not_the_admin() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Time::set_rules(RuntimeOrigin::signed(1), 10, 4_096),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn fails_when_not_one_reading_fits() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(set(0, 4_096), Error::<Test>::RulesTooLow);
		assert_noop!(set(1, min_payload() - 1), Error::<Test>::RulesTooLow);
	});
}

#[test]
fn fails_when_a_batch_could_not_be_checked_in_time() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(set(MAX_READINGS + 1, 4_096), Error::<Test>::RulesTooHigh);
		assert_noop!(set(10, MAX_PAYLOAD + 1), Error::<Test>::RulesTooHigh);
	});
}

#[test]
fn fails_when_the_newest_rules_say_so_already() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			set(INITIAL_RULES.max_readings, INITIAL_RULES.max_payload),
			Error::<Test>::AlreadySet
		);
		assert_ok!(set(10, 4_096));
		assert_noop!(set(10, 4_096), Error::<Test>::AlreadySet);
	});
}

#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "Defensive failure"))]
fn fails_when_the_newest_rules_are_lost() {
	ExtBuilder::default().build().execute_with(|| {
		Rules::<Test>::remove(1);
		assert_noop!(set(10, 4_096), Error::<Test>::Inconsistent);
	});
}

#[test]
fn the_documented_smallest_payload_holds_the_largest_reading() {
	// Slot and count; ids, sequence, anchor and time; sixteen values behind their count; signature.
	let largest = (4 + 1) + (4 + 4 + 8 + 8 + 32 + 8) + (1 + 16 * 9) + (1 + 65);
	assert_eq!(min_payload(), largest);
}
