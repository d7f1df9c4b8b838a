use cairn_traits::{NetworkRegistry, SchemaRegistry};
use cairn_types::view::NetworkFacts;
use frame_support::assert_ok;

use super::NOBODY;
use crate::mock::*;

#[test]
fn facts_are_those_of_the_window_and_its_cycle() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running();
		advance_to(28);
		assert_ok!(Registry::configure(RuntimeOrigin::signed(ALICE), id, wide()));
		assert_ok!(Registry::pause(RuntimeOrigin::signed(ALICE), id));

		let before = NetworkFacts {
			network: id,
			schema_id: WEATHER,
			schema: Catalogue::schema(WEATHER).expect("published"),
			meter: uptime().meter,
			active: true,
		};
		let after = NetworkFacts {
			schema_id: WIDE,
			schema: Catalogue::schema(WIDE).expect("published"),
			meter: wide().meter,
			active: false,
			..before.clone()
		};
		// Tick 28 is window 108; cycle 8 begins in window 112.
		assert_eq!(Registry::facts(id, 108, 7), Some(before.clone()));
		assert_eq!(Registry::facts(id, 109, 7), Some(NetworkFacts { active: false, ..before }));
		assert_eq!(Registry::facts(id, 112, 8), Some(after));
	});
}

#[test]
fn facts_of_a_deprecated_schema_stay() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running();
		let facts = Registry::facts(id, 102, 5);
		Deprecated::set(vec![WEATHER]);
		assert!(facts.is_some());
		assert_eq!(Registry::facts(id, 102, 5), facts);
	});
}

#[test]
fn an_unknown_network_is_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Registry::config(NOBODY, 5), None);
		assert_eq!(Registry::facts(NOBODY, 101, 5), None);
		assert!(!Registry::is_active(NOBODY, 101));
		assert!(!Registry::is_open(NOBODY));
	});
}

#[test]
fn a_network_had_no_facts_before_it_was_created() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running();
		assert_eq!(Registry::facts(id, 97, 4), None);
	});
}

#[test]
fn what_holds_of_it_is_told_while_it_is_open_or_active() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running();
		assert_eq!(Registry::open_config(id, 5), Some(uptime()));
		advance(1);
		assert_ok!(Registry::close(RuntimeOrigin::signed(ALICE), id));
		assert_eq!(Registry::config(id, 5), Some(uptime()));
		assert_eq!(Registry::open_config(id, 5), None);
		assert_eq!(Registry::active_config(id, 102, 5), Some(uptime()));
		assert_eq!(Registry::active_config(id, 103, 5), None);
		assert_eq!(Registry::open_config(NOBODY, 5), None);
		assert_eq!(Registry::active_config(NOBODY, 102, 5), None);
	});
}
