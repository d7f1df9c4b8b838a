//! Checks of what the chain's registry says: device, certificate, key, gateway, network.

use cairn_chain::views::DeviceView;
use cairn_types::{DeviceId, Window, view::DeviceState};

use super::{Facts, Finding};
use crate::owner::format;

/// The one finding of a device that is not there.
pub(super) fn unregistered(id: DeviceId) -> Finding {
	Finding::bad(
		"registered",
		format!("the chain has no device {id}"),
		"cairn device register; a retired device that was removed needs another key",
	)
}

/// Every check of the registry, in order.
pub(super) fn findings(facts: &Facts, device: &DeviceView) -> Vec<Finding> {
	let stage = format::text(&device.stage);
	let network = device.state.network;
	let registered = format!("device {} of network {network}, stage {stage}", device.device);
	let checks = [
		Some(Finding::good("registered", registered)),
		Some(active(facts, device)),
		Some(certificate(facts, device)),
		key(facts, &device.state),
		Some(assigned(facts, device)),
		Some(running(facts, device)),
		gateway(facts, device),
	];
	checks.into_iter().flatten().collect()
}

/// When a window begins, in words.
fn begins(facts: &Facts, window: Window) -> String {
	match format::seconds_until(window, &facts.clock.periods, facts.now_millis) {
		Some(seconds) => format!("from window {window} on, in {}", format::duration(seconds)),
		None => format!("from window {window} on, any moment"),
	}
}

fn active(facts: &Facts, device: &DeviceView) -> Finding {
	const CHECK: &str = "active";
	let id = device.device;
	let now = facts.clock.now.window;
	let activity = device.state.activity;
	let interval = format::interval(activity.from, activity.until);
	match device.stage.as_slice() {
		b"Retired" => Finding::bad(
			CHECK,
			format!("it was retired for good, in window {}", activity.until),
			"register another device; what this one earned stays claimable",
		),
		b"Registered" => Finding::bad(
			CHECK,
			"it was never activated",
			format!("cairn device activate {id}; it holds from the next window"),
		),
		_ if activity.contains(now) => {
			Finding::good(CHECK, format!("active {interval}; now is window {now}"))
		},
		b"Active" if now < activity.from => {
			Finding::wait(CHECK, format!("active {}", begins(facts, activity.from)))
		},
		b"Active" => Finding::bad(
			CHECK,
			format!("its certificate ended in window {}, and its activity with it", activity.until),
			format!(
				"cairn device certify {id} --certificate FILE, then cairn device activate {id}"
			),
		),
		_ => {
			let tick = facts.clock.now.tick;
			let when = if tick < activity.settled {
				format!(
					", possible {}",
					format::at_tick(activity.settled, tick, &facts.clock.periods)
				)
			} else {
				String::new()
			};
			Finding::bad(
				CHECK,
				format!("it is suspended since window {}", activity.until),
				format!("cairn device activate {id}{when}"),
			)
		},
	}
}

fn certificate(facts: &Facts, device: &DeviceView) -> Finding {
	const CHECK: &str = "certificate";
	let id = device.device;
	let bring = format!("cairn device certify {id} --certificate FILE");
	let renew = format!("ask the maker for another, then {bring}");
	let replace = format!("ask another maker that the network admits, then {bring}");
	let state = &device.state;
	let Some((maker, serial)) = &device.serial else {
		let required =
			facts.network.as_ref().is_some_and(|network| network.config.admission.is_certified());
		return if required {
			Finding::bad(CHECK, "it has none, and its network admits certified devices only", renew)
		} else {
			Finding::good(CHECK, "it has none, and its network asks for none")
		};
	};
	let by = format!("maker {maker}, serial {}", format::text(serial));
	let now = facts.clock.now.window;
	if now >= state.expires {
		let says = format!("{by}: ended in window {}", state.expires);
		let remedy = if facts.is_convicted { replace } else { renew };
		return Finding::bad(CHECK, says, remedy);
	}
	if facts.is_convicted {
		return of_a_convicted_maker(CHECK, device, &by, replace);
	}
	if state.expires == Window::MAX {
		return Finding::good(CHECK, by);
	}
	let left = format::seconds_until(state.expires, &facts.clock.periods, facts.now_millis);
	let says = format!(
		"{by}: good until window {}, for {}",
		state.expires,
		format::duration(left.unwrap_or(0))
	);
	let cycle = u64::from(facts.clock.periods.cycle_ticks);
	if u64::from(state.expires - now) <= cycle {
		return Finding::note(CHECK, says, renew);
	}
	Finding::good(CHECK, says)
}

/// What is active stays so until somebody has it expelled.
fn of_a_convicted_maker(
	check: &'static str,
	device: &DeviceView,
	by: &str,
	remedy: String,
) -> Finding {
	let says = format!("{by}: the maker was convicted, what it signed admits nothing any more");
	match device.stage.as_slice() {
		b"Active" => Finding::note(check, says, remedy),
		_ => Finding::bad(check, says, remedy),
	}
}

/// Only worth saying while a change is pending.
fn key(facts: &Facts, state: &DeviceState) -> Option<Finding> {
	let since = state.key.since;
	(since > facts.clock.now.window).then(|| {
		let says = match state.key.previous {
			Some(_) => {
				format!("its new key signs {}; until then the old one", begins(facts, since))
			},
			None => format!("its key signs {}", begins(facts, since)),
		};
		Finding::wait("key", says)
	})
}

fn assigned(facts: &Facts, device: &DeviceView) -> Finding {
	const CHECK: &str = "assigned";
	let id = device.device;
	let Some(dated) = &device.state.assignment else {
		return Finding::bad(
			CHECK,
			"it is assigned to no gateway: nobody can seal its readings",
			format!("cairn device assign-gateway {id} --gateway ID; it holds from the next window"),
		);
	};
	let place = dated.current;
	let says = format!("slot {} of gateway {}", place.slot, place.gateway);
	if dated.since <= facts.clock.now.window {
		return Finding::good(CHECK, format!("{says} since window {}", dated.since));
	}
	let until_then = match dated.previous {
		Some(old) => format!("; until then slot {} of gateway {}", old.slot, old.gateway),
		None => String::new(),
	};
	Finding::wait(CHECK, format!("{says} {}{until_then}", begins(facts, dated.since)))
}

fn running(facts: &Facts, device: &DeviceView) -> Finding {
	const CHECK: &str = "network";
	let id = device.state.network;
	let Some(network) = &facts.network else {
		return Finding::bad(
			CHECK,
			format!("network {id} is gone"),
			"register the device anew, in another network, with another key",
		);
	};
	let name = format::text(&network.name);
	match network.stage.as_slice() {
		b"Running" => Finding::good(CHECK, format!("network {id} {name} runs")),
		b"Closed" => Finding::bad(
			CHECK,
			format!("network {id} {name} was closed for good"),
			"claim what was earned; register the device anew, in another network, with another key",
		),
		stage => {
			let stage = format::text(stage).to_lowercase();
			let says = format!("network {id} {name} is {stage}: its readings do not count");
			Finding::bad(CHECK, says, "wait until who paused it lets it run again")
		},
	}
}

/// Only if there is an assignment.
fn gateway(facts: &Facts, device: &DeviceView) -> Option<Finding> {
	const CHECK: &str = "gateway";
	let place = device.state.assignment.as_ref()?.current;
	let elsewhere = format!("cairn device assign-gateway {} --gateway ID", device.device);
	let Some(gateway) = &facts.gateway else {
		return Some(Finding::bad(CHECK, format!("gateway {} is gone", place.gateway), elsewhere));
	};
	let id = gateway.gateway;
	if gateway.retired {
		let says = format!("gateway {id} is retired: it seals no more windows");
		return Some(Finding::bad(CHECK, says, elsewhere));
	}
	let endpoint = format::text(&gateway.endpoint);
	let assigned = format::count(u64::from(gateway.assigned), "device");
	Some(Finding::good(CHECK, format!("gateway {id} serves {assigned} at {endpoint}")))
}
