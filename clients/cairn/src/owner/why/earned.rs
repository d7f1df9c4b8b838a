//! Checks of units and money: what is counted, what the network shares, what can be claimed.

use cairn_chain::views::{DeviceView, NetworkView};
use cairn_economics::value;
use cairn_types::Amount;

use super::{Facts, Finding, Reach};
use crate::owner::{
	earnings::{Claimable, SlotEarning},
	format,
	rewards::{
		show::{frozen_at, open_text},
		slot_text,
	},
};

/// Name of the check of the network's share.
const POOL: &str = "pool";

/// Every check of units and money, in order.
pub(super) fn findings(facts: &Facts, device: &DeviceView) -> Vec<Finding> {
	let mut findings = units(facts);
	findings.extend(pool(facts));
	findings.extend(facts.earnings.iter().map(|earning| claimable(facts, device, earning)));
	findings
}

/// Units of the cycles that the newest sealed ledger has open.
fn units(facts: &Facts) -> Vec<Finding> {
	const CHECK: &str = "units";
	let Some(earning) = facts.earnings.first() else { return Vec::new() };
	if !earning.open.is_empty() {
		let open = earning.open.iter();
		return open.map(|open| Finding::good(CHECK, open_text(open, &facts.clock))).collect();
	}
	let Reach::Answered(report) = &facts.reach else { return Vec::new() };
	let finding = match &report.account {
		None => Finding::wait(CHECK, "no window with its readings is sealed yet"),
		Some(_) => Finding::bad(
			CHECK,
			"its readings are sealed, but count no units in any open cycle",
			"see the checks above: anchor, values, and how often it reports; a counter counts increases only",
		),
	};
	vec![finding]
}

/// The network's share of the current cycle.
fn pool(facts: &Facts) -> Option<Finding> {
	let network = facts.network.as_ref()?;
	let cycle = facts.cycle.as_ref()?;
	let id = network.network;
	if !network.config.admission.is_certified() {
		return Some(Finding::bad(
			POOL,
			format!("network {id} admits every device, so it has no part in the bootstrap pool"),
			"ask its operator to admit certified devices only",
		));
	}
	let pool = cycle.pool(network.weight);
	if pool == 0 {
		return Some(worthless(facts, network, cycle.weights));
	}
	let number = facts.clock.cycle;
	let mut says = format!(
		"network {id} shares {} in cycle {number} (weight {} of {}), for {} units so far",
		format::amount(pool),
		network.weight,
		cycle.weights,
		network.units
	);
	if let Some(share) = share(facts, pool, network.units) {
		says = format!("{says}; the device's part would be {}", format::amount(share));
	}
	Some(Finding::good(POOL, says))
}

/// A network without a part in the pool: for good, or until its weight begins.
fn worthless(facts: &Facts, network: &NetworkView, weights: u64) -> Finding {
	let id = network.network;
	let now = facts.clock.cycle;
	match facts.weights.last() {
		Some((since, weight)) if *since > now && *weight > 0 => {
			let says = format!(
				"network {id} has no weight in cycle {now}; {weight} from cycle {since} on"
			);
			Finding::wait(POOL, says)
		},
		_ => Finding::bad(
			POOL,
			format!(
				"network {id} has weight {} of {weights}: its units are worth nothing",
				network.weight
			),
			"weights are set by governance",
		),
	}
}

/// What the device's units of the current cycle would be worth if it ended now.
fn share(facts: &Facts, pool: Amount, units: u128) -> Option<Amount> {
	let open = &facts.earnings.first()?.open;
	let own = open.iter().find(|open| open.cycle == facts.clock.cycle)?.units;
	// Units are sealed before they are attested: the network's total may lag behind.
	let units = units.max(u128::from(own));
	Some(value(u128::from(own), cairn_economics::rate(pool, units)))
}

fn claimable(facts: &Facts, device: &DeviceView, earning: &SlotEarning) -> Finding {
	const CHECK: &str = "claimable";
	let SlotEarning { gateway, slot, until, paid, unvested, .. } = earning;
	let name = slot_text(*gateway, *slot, device.device, *until);
	let mut so_far = format!("paid {} so far", format::amount(*paid));
	if *unvested > 0 {
		so_far = format!("{so_far}, {} of it not released yet", format::amount(*unvested));
	}
	match &earning.claimable {
		Claimable::With { released, .. } if earning.claimable.pays() => Finding::good(
			CHECK,
			format!(
				"{} now for {name}; {so_far}. cairn rewards claim --device {}",
				format::amount(*released),
				device.device
			),
		),
		Claimable::With { .. } | Claimable::Immature => Finding::wait(
			CHECK,
			format!("nothing now for {name}{}; {so_far}", next(facts, earning)),
		),
		Claimable::Unknown(cause) => {
			let cause = cause.lines().next().unwrap_or_default();
			Finding::unknown(
				CHECK,
				format!("not known for {name}: {cause}; {so_far}"),
				"the gateway has the proof: ask its operator, or name its address with --gateway",
			)
		},
	}
}

/// When more can be claimed.
fn next(facts: &Facts, earning: &SlotEarning) -> String {
	let periods = &facts.clock.periods;
	let tick = facts.clock.now.tick;
	let open = earning.open.iter().find(|open| !periods.is_frozen(open.cycle, tick));
	match open {
		Some(open) => {
			let when = format::at_tick(frozen_at(open.cycle, periods), tick, periods);
			format!("; cycle {} is frozen {when}", open.cycle)
		},
		None => String::new(),
	}
}
