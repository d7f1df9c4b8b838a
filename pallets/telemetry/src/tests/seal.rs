use cairn_telemetry::{Header, HeaderV1, Sums, Verdict, header_hash, tree::empty_root};
use cairn_traits::Timekeeper;
use cairn_types::{Activity, GatewayId, Moment};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

use crate::{
	Sealed, Sessions,
	mock::*,
	types::{BatchStage, Head, Outcome, Policy},
};

/// The default header with other sums.
fn with_sums(units: u128, readings: u64, devices: u32) -> HeaderV1 {
	HeaderV1 { sums: Sums { units, readings, devices }, ..header(GATEWAY) }
}

#[test]
fn works_when_the_window_is_over() {
	ExtBuilder::default().build_and_execute(|| {
		let header = header(GATEWAY);
		assert_eq!((header.attempt, header.previous_root), (0, empty_root()));
		assert_ok!(seal_with(FIRST, header.clone()));

		let root = header.ledger_root;
		let hash = header_hash(&GENESIS, GATEWAY, FIRST, &Header::V1(header));
		let sealed = Event::Sealed {
			gateway: GATEWAY,
			window: FIRST,
			attempt: 0,
			header_hash: hash,
			fee: FEE,
		};
		assert_eq!(events(), [sealed]);
		assert_eq!(gateway().sealed, Some(Head { window: FIRST, attempt: 0, root }));
		assert_eq!(gateway().attested, None);
		assert_eq!(Sealed::<Test>::get(GATEWAY, 0), Some((FIRST, 0)));
		assert_eq!(held_fees(OPERATOR), FEE);

		let batch = batch(FIRST, 0);
		assert_eq!((batch.header_hash, batch.ledger_root, batch.payload_size), (hash, root, 2_000));
		assert_eq!((batch.tick, batch.sealed_at, batch.ordinal), (51, 52, 0));
		assert_eq!(batch.sealed_in, System::block_number());
		assert_eq!((batch.session, batch.validators, batch.members), (0, 4, 4));
		assert_eq!((batch.fee, batch.committee_fee), (FEE, 4 * SHARE));
		assert_eq!((batch.stage, batch.collected), (BatchStage::Pending, false));
		assert!(batch.committee.is_empty() && batch.votes.is_empty());
	});
}

#[test]
fn works_when_windows_are_left_out() {
	ExtBuilder::default().build_and_execute(|| {
		pass_windows(3);
		let first = header(GATEWAY).ledger_root;
		assert_ok!(seal(101));
		assert_eq!(header(GATEWAY).previous_root, first);
		assert_ok!(seal(104));
		assert_eq!(gateway().queue.next, 2);
		assert_eq!(held_fees(OPERATOR), 2 * FEE);
	});
}

#[test]
fn works_when_everything_is_at_its_limit() {
	ExtBuilder::default().build_and_execute(|| {
		let limits = HeaderV1 {
			payload_size: RULES.max_payload,
			..with_sums(2 * UNIT_CAP, u64::from(RULES.max_readings), 2)
		};
		assert_ok!(seal_with(FIRST, limits));
		// 1,000 + 200 readings · 10 + 977 KiB · 5.
		assert_eq!(held_fees(OPERATOR), 1_000 + 2_000 + 4_885);
	});
}

#[test]
fn the_committee_is_as_large_as_policy_says_or_as_there_are_validators() {
	for (committee_size, members) in [(0, 1), (3, 3), (4, 4), (64, 4), (u32::MAX, 4)] {
		let policy = Policy { committee_size, ..POLICY };
		ExtBuilder::default().with_policy(policy).build_and_execute(|| {
			assert_ok!(seal(FIRST));
			assert_eq!(batch(FIRST, 0).members, members);
		});
	}
}

#[test]
fn a_due_batch_dies_first() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(seal(FIRST));
		pass_windows(PERIODS.verdict_ticks);
		events();
		assert_noop!(seal(102), Error::WrongAttempt);

		let again = HeaderV1 { attempt: 1, previous_root: empty_root(), ..header(GATEWAY) };
		let hash = header_hash(&GENESIS, GATEWAY, FIRST, &Header::V1(again.clone()));
		assert_ok!(seal_with(FIRST, again));
		let outcome = Outcome::Missing;
		assert_eq!(
			events(),
			[
				Event::Died {
					gateway: GATEWAY,
					window: FIRST,
					attempt: 0,
					outcome,
					skipped: false
				},
				Event::Sealed {
					gateway: GATEWAY,
					window: FIRST,
					attempt: 1,
					header_hash: hash,
					fee: FEE
				},
			]
		);
	});
}

#[test]
fn dead_windows_are_sealed_again_with_the_new_attempt() {
	ExtBuilder::default().build_and_execute(|| {
		pass_windows(1);
		assert_ok!(seal(101));
		assert_ok!(seal(102));
		kill(101, 0, Verdict::Unavailable);
		for window in [101, 102] {
			let old = HeaderV1 { attempt: 0, ..header(GATEWAY) };
			assert_noop!(seal_with(window, old), Error::WrongAttempt);
			assert_ok!(seal(window));
			assert_eq!(batch(window, 1).stage, BatchStage::Pending);
		}
		attest(101, 1);
		attest(102, 1);
		assert_eq!(gateway().attested.map(|head| head.window), Some(102));
	});
}

#[test]
fn a_window_out_of_attempts_is_skipped() {
	ExtBuilder::default().build_and_execute(|| {
		pass_windows(1);
		for attempt in 0..3 {
			assert_ok!(seal(101));
			events();
			kill(101, attempt, Verdict::Unavailable);
			let died = Event::Died {
				gateway: GATEWAY,
				window: 101,
				attempt,
				outcome: Outcome::Unavailable,
				skipped: attempt == 2,
			};
			assert_eq!(events().last(), Some(&died));
		}
		assert_noop!(seal(101), Error::WindowNotAfter);
		// The next window has all its attempts.
		for attempt in 3..5 {
			assert_ok!(seal(102));
			kill(102, attempt, Verdict::Unavailable);
		}
		assert_ok!(seal(102));
		attest(102, 5);
		assert_eq!((gateway().deaths, gateway().failures), (5, 0));
	});
}

#[test]
fn deaths_are_counted_from_the_last_attestation() {
	ExtBuilder::default().build_and_execute(|| {
		pass_windows(1);
		for attempt in 0..2 {
			assert_ok!(seal(101));
			kill(101, attempt, Verdict::Unavailable);
		}
		assert_ok!(seal(101));
		attest(101, 2);
		for attempt in 2..4 {
			assert_ok!(seal(102));
			kill(102, attempt, Verdict::Unavailable);
		}
		assert_ok!(seal(102));
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		let header = Header::V1(header(GATEWAY));
		assert_noop!(
			Telemetry::seal(RuntimeOrigin::none(), GATEWAY, FIRST, header),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn fails_when_there_is_no_such_gateway() {
	ExtBuilder::default().build_and_execute(|| {
		let header = Header::V1(header(GATEWAY));
		assert_noop!(
			Telemetry::seal(RuntimeOrigin::signed(OPERATOR), GatewayId(1), FIRST, header),
			Error::GatewayNotFound
		);
	});
}

#[test]
fn fails_when_the_gateway_is_anothers() {
	ExtBuilder::default().build_and_execute(|| {
		let header = Header::V1(header(GATEWAY));
		assert_noop!(
			Telemetry::seal(RuntimeOrigin::signed(OTHER), GATEWAY, FIRST, header),
			Error::NotOperator
		);
	});
}

#[test]
fn fails_when_the_window_is_not_over() {
	ExtBuilder::default().build_and_execute(|| {
		let now = FakeTime::now().window;
		for window in [now, now + 1, u32::MAX] {
			assert_noop!(seal(window), Error::WindowNotOver);
		}
	});
}

#[test]
fn fails_when_sealed_or_before_a_sealed_window() {
	ExtBuilder::default().build_and_execute(|| {
		pass_windows(1);
		assert_ok!(seal(102));
		assert_noop!(seal(102), Error::WindowNotAfter);
		assert_noop!(seal(101), Error::WindowNotAfter);
		attest(102, 0);
		assert_noop!(seal(102), Error::WindowNotAfter);
	});
}

#[test]
fn fails_when_before_registration() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(seal(START.window - 1), Error::WindowNotAfter);
	});
}

#[test]
fn fails_when_the_window_had_no_block() {
	ExtBuilder::default().build_and_execute(|| {
		let Moment { window, tick } = FakeTime::now();
		open_window(Moment { window: window + 2, tick });
		assert_noop!(seal(window + 1), Error::WindowNotFound);
		assert_ok!(seal(window));
	});
}

#[test]
fn fails_when_more_than_a_ticks_old() {
	ExtBuilder::default().build_and_execute(|| {
		pass_until(51 + PERIODS.attest_ticks + 1);
		assert_noop!(seal(101), Error::WindowTooOld);
		assert_ok!(seal(103));
	});
}

#[test]
fn works_when_old_windows_passed_without_ticks() {
	ExtBuilder::default().build_and_execute(|| {
		(0..100).for_each(|_| pass_window(false));
		assert_ok!(seal(FIRST));
	});
}

#[test]
fn fails_when_the_attempt_is_another() {
	ExtBuilder::default().build_and_execute(|| {
		let header = HeaderV1 { attempt: 1, ..header(GATEWAY) };
		assert_noop!(seal_with(FIRST, header), Error::WrongAttempt);
	});
}

#[test]
fn fails_when_it_builds_on_another_ledger() {
	ExtBuilder::default().build_and_execute(|| {
		let wrong = HeaderV1 { previous_root: [1; 32], ..header(GATEWAY) };
		assert_noop!(seal_with(FIRST, wrong), Error::WrongPreviousRoot);
		assert_ok!(seal(FIRST));
		pass_windows(1);
		let stale = HeaderV1 { previous_root: empty_root(), ..header(GATEWAY) };
		assert_noop!(seal_with(102, stale), Error::WrongPreviousRoot);
	});
}

#[test]
fn fails_when_it_names_other_rules() {
	ExtBuilder::default().build_and_execute(|| {
		let header = HeaderV1 { rules: RULES_VERSION + 1, ..header(GATEWAY) };
		assert_noop!(seal_with(FIRST, header), Error::WrongRules);
	});
}

#[test]
fn fails_when_empty() {
	ExtBuilder::default().build_and_execute(|| {
		let no_payload = HeaderV1 { payload_size: 0, ..header(GATEWAY) };
		assert_noop!(seal_with(FIRST, no_payload), Error::EmptyBatch);
		assert_noop!(seal_with(FIRST, with_sums(0, 0, 0)), Error::EmptyBatch);
	});
}

#[test]
fn fails_when_readings_and_devices_do_not_go_together() {
	ExtBuilder::default().build_and_execute(|| {
		for (readings, devices) in [(0, 1), (1, 2), (129, 1), (201, 2), (u64::MAX, u32::MAX)] {
			let header = with_sums(1, readings, devices);
			assert_noop!(seal_with(FIRST, header), Error::TooManyReadings);
		}
		assert_ok!(seal_with(FIRST, with_sums(1, 128, 1)));
	});
}

#[test]
fn fails_when_the_payload_is_too_large() {
	ExtBuilder::default().build_and_execute(|| {
		let header = HeaderV1 { payload_size: RULES.max_payload + 1, ..header(GATEWAY) };
		assert_noop!(seal_with(FIRST, header), Error::PayloadTooLarge);
	});
}

#[test]
fn fails_when_more_devices_than_were_assigned() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(seal_with(FIRST, with_sums(1, 3, 3)), Error::TooManyDevices);
	});
	ExtBuilder::default().with_devices(0).build_and_execute(|| {
		assert_noop!(seal(FIRST), Error::TooManyDevices);
	});
}

#[test]
fn fails_when_more_units_than_devices_can_have() {
	ExtBuilder::default().build_and_execute(|| {
		for units in [UNIT_CAP + 1, u128::MAX] {
			assert_noop!(seal_with(FIRST, with_sums(units, 2, 1)), Error::TooManyUnits);
		}
		assert_noop!(seal_with(FIRST, with_sums(2 * UNIT_CAP + 1, 2, 2)), Error::TooManyUnits);
	});
}

#[test]
fn fails_when_the_network_was_not_active() {
	ExtBuilder::default().build_and_execute(|| {
		pass_windows(2);
		change_network(|network| network.activity = Activity { until: 102, ..network.activity });
		assert_noop!(seal(102), Error::NetworkInactive);
		assert_ok!(seal(101));
		NetworkTable::set(&Default::default());
		assert_noop!(seal(102), Error::NetworkInactive);
	});
}

#[test]
fn fails_when_the_fee_cannot_be_held() {
	let policy = Policy { base_fee: FUNDS, ..POLICY };
	ExtBuilder::default().with_policy(policy).build_and_execute(|| {
		assert_noop!(seal(FIRST), Error::FundsTooLow);
	});
}

#[test]
fn fails_when_no_session_is_known() {
	ExtBuilder::default().build().execute_with(|| {
		Sessions::<Test>::remove(0);
		assert_noop!(seal(FIRST), Error::Inconsistent);
	});
}
