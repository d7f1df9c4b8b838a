//! Random sequences of blocks, gaps, migrations and new rules, against a model that derives time
//! anew from the log of all blocks.

use cairn_traits::Timekeeper;
use cairn_types::{Hash32, Tick, Window};
use proptest::prelude::*;

use crate::mock::*;

#[derive(Clone, Debug)]
enum Step {
	/// A block, after some slots without one.
	Author { empty_slots: u64, migrating: bool },
	/// New rules, if they differ.
	SetRules { max_readings: u32 },
}

fn step() -> impl Strategy<Value = Step> {
	let empty_slots = prop_oneof![12 => Just(0u64), 3 => 1u64..4, 1 => 4u64..20];
	prop_oneof![
		20 => (empty_slots, prop::bool::weighted(0.02))
			.prop_map(|(empty_slots, migrating)| Step::Author { empty_slots, migrating }),
		1 => (1u32..5).prop_map(|max_readings| Step::SetRules { max_readings }),
	]
}

/// A window as the log tells it.
#[derive(Clone, Debug)]
struct Logged {
	window: Window,
	blocks: u32,
	migrated: bool,
	anchor: Hash32,
	max_readings: u32,
}

/// Each window's tick: one more than the one before if that was adjacent, half full and calm.
fn ticks(log: &[Logged]) -> Vec<Tick> {
	let mut ticks = vec![0];
	for pair in log.windows(2) {
		let [before, after] = pair else { unreachable!("windows of two") };
		let live = after.window == before.window + 1
			&& before.blocks * 2 >= DEVELOPMENT.window_slots
			&& !before.migrated;
		ticks.push(ticks[ticks.len() - 1] + u32::from(live));
	}
	ticks
}

fn note(log: &mut Vec<Logged>, slot: u64, migrating: bool, max_readings: u32) {
	let window = DEVELOPMENT.window_of_slot(slot);
	match log.last_mut() {
		Some(current) if current.window == window => {
			current.blocks += 1;
			current.migrated |= migrating;
		},
		_ => log.push(Logged {
			window,
			blocks: 1,
			migrated: migrating,
			anchor: seed_of(System::block_number()),
			max_readings,
		}),
	}
}

/// What is kept is what the log says, and everything that is not past is kept.
fn check(log: &[Logged]) -> Result<(), TestCaseError> {
	let ticks = ticks(log);
	let now = Time::now();
	prop_assert_eq!(Some(now.window), log.last().map(|logged| logged.window));
	prop_assert_eq!(Some(now.tick), ticks.last().copied());
	let mut required = GENESIS;
	for (logged, tick) in log.iter().zip(&ticks) {
		let kept = Time::window(logged.window);
		prop_assert!(kept.is_some() || now.tick > tick + DEVELOPMENT.mature_ticks());
		if let Some(record) = kept {
			prop_assert_eq!(record.tick, *tick);
			prop_assert_eq!(record.anchor, logged.anchor);
			prop_assert_eq!(record.required, required);
			let rules = Time::rules(record.rules).expect("kept with the window");
			prop_assert_eq!(rules.max_readings, logged.max_readings);
		}
		required = logged.anchor;
	}
	let cycles = 0..=now.tick / DEVELOPMENT.cycle_ticks;
	let expected: Vec<_> = cycles.map(|cycle| (cycle, cycle * DEVELOPMENT.cycle_ticks)).collect();
	prop_assert_eq!(Begun::get(), expected);
	Ok(())
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn time_is_what_the_blocks_say(steps in prop::collection::vec(step(), 1..300)) {
		ExtBuilder::default().build_and_execute(|| {
			let (mut log, mut slot) = (Vec::new(), 600u64);
			let mut max_readings = crate::INITIAL_RULES.max_readings;
			for step in steps {
				match step {
					Step::Author { empty_slots, migrating } => {
						slot += empty_slots + 1;
						Migrating::set(&migrating);
						author(slot);
						note(&mut log, slot, migrating, max_readings);
					},
					Step::SetRules { max_readings: limit } => {
						let result = Time::set_rules(RuntimeOrigin::root(), limit, 1 << 20);
						prop_assert_eq!(result.is_ok(), limit != max_readings);
						max_readings = limit;
					},
				}
				prop_assert_eq!(Time::do_try_state(), Ok(()));
			}
			if log.is_empty() { Ok(()) } else { check(&log) }
		})?;
	}
}
