use std::collections::BTreeMap;

use cairn_traits::{NetworkRegistry, Timekeeper};
use cairn_types::{Cycle, Moment, NetworkConfig, NetworkId, Tick, Window};
use frame_support::traits::UnfilteredDispatchable;
use proptest::prelude::*;

use crate::{Networks, mock::*};

#[derive(Clone, Debug)]
enum Command {
	/// Some windows pass, live or not.
	Pass { windows: u32, live: bool },
	/// An account, or else governance, calls.
	Call { who: Option<u64>, call: Call },
	/// Other schemas are deprecated.
	Deprecate { schema: Option<bool> },
}

fn config() -> impl Strategy<Value = NetworkConfig> {
	let faults = faulty().into_iter().map(|(config, _)| config).collect::<Vec<_>>();
	prop_oneof![
		3 => Just(uptime()),
		3 => Just(rain()),
		3 => Just(wide()),
		1 => prop::sample::select(faults),
	]
}

fn call() -> impl Strategy<Value = Call> {
	let id = (0u32..3).prop_map(NetworkId);
	prop_oneof![
		2 => config().prop_map(|config| Call::create { name: name("network"), config }),
		8 => (id.clone(), config()).prop_map(|(id, config)| Call::configure { id, config }),
		3 => id.clone().prop_map(|id| Call::pause { id }),
		4 => id.clone().prop_map(|id| Call::resume { id }),
		2 => (id.clone(), ALICE..=BOB)
			.prop_map(|(id, new_owner)| Call::transfer { id, new_owner }),
		2 => id.clone().prop_map(|id| Call::accept { id }),
		1 => id.clone().prop_map(|id| Call::close { id }),
		2 => id.prop_map(|id| Call::reap { id }),
	]
}

fn command() -> impl Strategy<Value = Command> {
	prop_oneof![
		6 => (1u32..6, any::<bool>()).prop_map(|(windows, live)| Command::Pass { windows, live }),
		12 => (prop::option::weighted(0.9, ALICE..=BOB), call())
			.prop_map(|(who, call)| Command::Call { who, call }),
		1 => any::<Option<bool>>().prop_map(|schema| Command::Deprecate { schema }),
	]
}

/// What could be seen of networks when it was the present.
#[derive(Default)]
struct Seen {
	/// The configuration of each cycle that was not frozen, of networks that were open.
	configs: BTreeMap<(NetworkId, Cycle), Option<NetworkConfig>>,
	/// Whether it ran in each window, with the window's tick.
	activity: BTreeMap<(NetworkId, Window), (Tick, bool)>,
}

impl Seen {
	fn look(&mut self) {
		let Moment { window, tick } = Now::get();
		for id in Networks::<Test>::iter_keys() {
			let now = (tick, Registry::is_active(id, window));
			self.activity.entry((id, window)).or_insert(now);
			let unfrozen = (0..=Clock::cycle()).filter(|cycle| !PERIODS.is_frozen(*cycle, tick));
			for cycle in unfrozen.filter(|_| Registry::is_open(id)) {
				let config = Registry::config(id, cycle);
				self.configs.entry((id, cycle)).or_insert(config);
			}
		}
	}

	/// What may still be checked is as it was seen.
	fn check(&mut self) {
		let Moment { tick, .. } = Now::get();
		self.configs.retain(|(_, cycle), _| !PERIODS.is_frozen(*cycle, tick));
		for ((id, cycle), config) in &self.configs {
			assert_eq!(Registry::config(*id, *cycle), *config, "{id} in cycle {cycle}");
		}
		self.activity.retain(|_, (of, _)| !PERIODS.is_mature(*of, tick));
		for ((id, window), (_, active)) in &self.activity {
			assert_eq!(Registry::is_active(*id, *window), *active, "{id} in window {window}");
		}
	}
}

fn run(command: Command, seen: &mut Seen) {
	match command {
		Command::Pass { windows, live } => {
			for _ in 0..windows {
				Now::mutate(|now| {
					now.window += 1;
					now.tick += u32::from(live);
				});
				seen.look();
			}
		},
		Command::Call { who, call } => {
			let origin = who.map_or(RuntimeOrigin::root(), RuntimeOrigin::signed);
			// Refused calls are part of the game.
			let _ = call.dispatch_bypass_filter(origin);
			seen.look();
		},
		Command::Deprecate { schema } => {
			let deprecated = schema.map(|wide| if wide { WIDE } else { WEATHER });
			Deprecated::set(deprecated.into_iter().collect());
		},
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn what_may_still_be_checked_never_changes(
		commands in prop::collection::vec(command(), 1..80),
	) {
		ExtBuilder::default().build_and_execute(|| {
			let mut seen = Seen::default();
			// Something to change from the beginning.
			running();
			seen.look();
			for command in commands {
				run(command, &mut seen);
				seen.check();
				check_state();
			}
		});
	}
}
