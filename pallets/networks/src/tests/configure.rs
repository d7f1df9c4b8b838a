use cairn_traits::NetworkRegistry;
use cairn_types::{Dated, NetworkConfig, NetworkId};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use sp_runtime::DispatchError;

use super::{NOBODY, record};
use crate::mock::*;

fn configure(id: NetworkId, config: NetworkConfig) -> DispatchResult {
	Registry::configure(RuntimeOrigin::signed(ALICE), id, config)
}

/// A network of Alice's that can be configured: at tick 28, the first of cycle 7.
fn settled() -> NetworkId {
	let id = running();
	advance_to(28);
	id
}

#[test]
fn works_when_settled() {
	ExtBuilder::default().build_and_execute(|| {
		let id = settled();
		assert_ok!(configure(id, rain()));
		assert_eq!(
			record(id).config,
			// Cycle 8 begins at tick 32.
			Dated { previous: Some(uptime()), current: rain(), since: 8, settled: 40 }
		);
		assert_eq!(Registry::config(id, 7), Some(uptime()));
		assert_eq!(Registry::config(id, 8), Some(rain()));
		assert_eq!(events(), [Event::Configured { id, config: rain(), since: 8 }]);
		assert_eq!(Changes::get(), [Change::Configured(id, true)]);
	});
}

#[test]
fn works_when_changed_again_in_the_same_cycle() {
	ExtBuilder::default().build_and_execute(|| {
		let id = settled();
		assert_ok!(configure(id, rain()));
		advance_to(31);
		assert_ok!(configure(id, wide()));
		assert_eq!(
			record(id).config,
			Dated { previous: Some(uptime()), current: wide(), since: 8, settled: 40 }
		);
		assert_eq!(
			events(),
			[
				Event::Configured { id, config: rain(), since: 8 },
				Event::Configured { id, config: wide(), since: 8 },
			]
		);
		assert_eq!(Changes::get(), [Change::Configured(id, true), Change::Configured(id, false)]);
	});
}

#[test]
fn works_when_the_last_change_has_settled() {
	ExtBuilder::default().build_and_execute(|| {
		let id = settled();
		assert_ok!(configure(id, rain()));
		advance_to(40);
		assert_ok!(configure(id, wide()));
		assert_eq!(
			record(id).config,
			Dated { previous: Some(rain()), current: wide(), since: 11, settled: 52 }
		);
	});
}

#[test]
fn works_when_paused() {
	ExtBuilder::default().build_and_execute(|| {
		let id = paused(true);
		advance_to(28);
		assert_ok!(configure(id, rain()));
		assert_eq!(events(), [Event::Configured { id, config: rain(), since: 8 }]);
	});
}

#[test]
fn works_when_the_chosen_schema_is_deprecated() {
	ExtBuilder::default().build_and_execute(|| {
		let id = settled();
		Deprecated::set(vec![WEATHER]);
		assert_ok!(configure(id, rain()));
		// Back from a pending change to what is still in force.
		assert_ok!(configure(id, wide()));
		assert_ok!(configure(id, uptime()));
		// Once another one is in force, the old one would be chosen anew.
		assert_ok!(configure(id, wide()));
		advance_to(40);
		assert_noop!(configure(id, uptime()), Error::SchemaDeprecated);
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		let id = settled();
		for origin in [RuntimeOrigin::none(), RuntimeOrigin::root()] {
			assert_noop!(Registry::configure(origin, id, rain()), DispatchError::BadOrigin);
		}
	});
}

#[test]
fn fails_when_unknown() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(configure(NOBODY, rain()), Error::NotFound);
	});
}

#[test]
fn fails_when_called_by_another() {
	ExtBuilder::default().build_and_execute(|| {
		let id = settled();
		assert_noop!(Registry::configure(RuntimeOrigin::signed(BOB), id, rain()), Error::NotOwner);
	});
}

#[test]
fn fails_when_closed() {
	ExtBuilder::default().build_and_execute(|| {
		let id = closed();
		advance_to(28);
		assert_noop!(configure(id, rain()), Error::WrongStage);
	});
}

#[test]
fn fails_when_the_past_may_still_be_checked() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running();
		advance_to(27);
		assert_noop!(configure(id, rain()), Error::TooEarly);
		advance_to(28);
		assert_ok!(configure(id, rain()));
		advance_to(39);
		assert_noop!(configure(id, wide()), Error::TooEarly);
	});
}

#[test]
fn fails_when_the_configuration_is_faulty() {
	ExtBuilder::default().build_and_execute(|| {
		let id = settled();
		Deprecated::set(vec![WIDE]);
		for (config, error) in faulty() {
			assert_noop!(configure(id, config), error);
		}
		assert!(Changes::get().is_empty());
	});
}
