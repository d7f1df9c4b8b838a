use cairn_telemetry::{HeaderV1, check::SlotFacts, tree::empty_root};
use cairn_traits::{SlotBook, Timekeeper};
use cairn_types::{DeviceId, DeviceKey, GatewayId, NetworkId, view::NetworkFacts};
use frame_support::assert_ok;
use sp_core::Pair;

use crate::{mock::*, types::Head};

#[test]
fn a_windows_context_is_what_was_recorded_with_it() {
	ExtBuilder::default().build_and_execute(|| {
		let context = Telemetry::window_context(NETWORK, FIRST).expect("recorded");
		assert_eq!((context.genesis, context.window, context.tick), (GENESIS, FIRST, 51));
		assert_eq!((context.required, context.periods), (ANCHOR, PERIODS));
		assert_eq!((context.rules_version, context.rules), (RULES_VERSION, RULES));
		let NetworkFacts { network, schema_id, active, .. } = context.network;
		assert_eq!((network, schema_id, active), (NETWORK, SCHEMA, true));

		change_network(|network| network.activity.until = FIRST);
		let context = Telemetry::window_context(NETWORK, FIRST).expect("recorded");
		assert!(!context.network.active);
	});
}

#[test]
fn there_is_no_context_without_a_window_or_a_network() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Telemetry::window_context(NETWORK, 103), None);
		assert_eq!(Telemetry::window_context(NetworkId(99), FIRST), None);
		pass_until(51 + PERIODS.mature_ticks());
		assert_eq!(Telemetry::window_context(NETWORK, FIRST), None);
	});
}

#[test]
fn a_slots_facts_are_those_of_its_device_while_it_lasts() {
	ExtBuilder::default().build_and_execute(|| {
		let device = DeviceId(1);
		let key = DeviceKey::Ed25519(device_key(device).public());
		let facts = Some(SlotFacts { device, key, active: true });
		Telemetry::end(GATEWAY, 1, FakeTime::next_window());
		for (window, expected) in [(100, None), (101, facts), (102, facts), (103, None)] {
			assert_eq!(Telemetry::slot_facts(GATEWAY, 1, window), expected);
		}
		assert_eq!(Telemetry::slot_facts(GATEWAY, 2, 102), None);
	});
}

#[test]
fn devices_are_listed_by_slot() {
	ExtBuilder::default().build_and_execute(|| {
		let list = |from, count| {
			let devices = Telemetry::slot_devices(GATEWAY, FIRST, from, count);
			devices.into_iter().map(|(slot, facts)| (slot, facts.device)).collect::<Vec<_>>()
		};
		assert_eq!(list(0, 10), [(0, DeviceId(0)), (1, DeviceId(1))]);
		assert_eq!(list(1, 10), [(1, DeviceId(1))]);
		assert_eq!(list(0, 1), [(0, DeviceId(0))]);
		assert!(list(u32::MAX, 10).is_empty());
	});
}

#[test]
fn the_newest_matured_is_the_newest_that_can_be_claimed_from() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Telemetry::newest_matured(GATEWAY), None);
		pass_windows(1);
		for window in [101, 102] {
			assert_ok!(seal(window));
			attest(window, 0);
		}
		assert_ok!(seal_and_kill());
		for (tick, newest) in [(58, None), (59, Some(101)), (60, Some(102)), (80, Some(102))] {
			pass_until(tick);
			let head = newest.map(|window| Head {
				window,
				attempt: 0,
				root: batch(window, 0).ledger_root,
			});
			assert_eq!(Telemetry::newest_matured(GATEWAY), head);
		}
	});
}

#[test]
fn a_due_batch_is_dead_for_the_next_seal_although_nobody_said_so() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(seal(FIRST));
		let sealed = gateway();
		let next = || Telemetry::gateway_at_next_seal(GATEWAY);
		assert_eq!(next(), Some(sealed.clone()));
		pass_windows(PERIODS.verdict_ticks);
		let next = next().expect("registered");
		assert_eq!((next.sealed, next.deaths, next.queue.pending), (None, 1, 1));
		// Asking changes nothing, and the next seal finds what was said.
		assert_eq!(gateway(), sealed);
		assert_ok!(seal_with(
			FIRST,
			HeaderV1 { attempt: next.deaths, previous_root: empty_root(), ..header(GATEWAY) }
		));
		assert_eq!(Telemetry::gateway_at_next_seal(GatewayId(1)), None);
	});
}

/// A dead batch behind the attested ones.
fn seal_and_kill() -> sp_runtime::DispatchResult {
	let window = FakeTime::now().window;
	pass_windows(1);
	seal(window)?;
	kill(window, 0, cairn_telemetry::Verdict::Unavailable);
	Ok(())
}
