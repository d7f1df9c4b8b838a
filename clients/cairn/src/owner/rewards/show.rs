//! What slots have earned, shown.

use std::fmt;

use cairn_chain::{account_text, views::Clock};
use cairn_economics::Open;
use cairn_types::{GatewayId, Periods, Slot, Tick};
use serde::Serialize;
use serde_json::{Value, json};

use super::super::{
	earnings::{Claimable, Gateways, SlotEarning},
	error::OwnerError,
	format,
	output::Smallest,
	session::Session,
};

/// Show what slots have earned.
///
/// # Errors
/// If the node does not answer.
pub(crate) async fn run(
	session: &Session,
	url: Option<&str>,
	slots: &[(GatewayId, Slot)],
) -> Result<(), OwnerError> {
	let mut gateways = Gateways::new(&session.chain, url).await?;
	let spinner = session.spinner("asking gateways");
	let seen = |seen| spinner.say(format!("asking gateways: {seen} of {} slots", slots.len()));
	let earnings = Box::pin(gateways.earnings(slots, seen)).await?;
	drop(spinner);
	let clock = session.clock().await?;
	session.print(&Shown { clock, earnings })
}

/// First tick at which nothing of a cycle can change any more: (c + 1)·L + H.
pub(crate) fn frozen_at(cycle: u32, periods: &Periods) -> Tick {
	cycle
		.saturating_add(1)
		.saturating_mul(periods.cycle_ticks)
		.saturating_add(periods.mature_ticks())
}

/// An open cycle in words.
pub(crate) fn open_text(open: &Open<u64>, clock: &Clock) -> String {
	let tick = frozen_at(open.cycle, &clock.periods);
	let units = open.units;
	if clock.periods.is_frozen(open.cycle, clock.now.tick) {
		format!("cycle {}: {units} units, frozen since tick {tick}", open.cycle)
	} else {
		let when = format::at_tick(tick, clock.now.tick, &clock.periods);
		format!("cycle {}: {units} units, frozen and claimable {when}", open.cycle)
	}
}

/// What slots have earned.
struct Shown {
	clock: Clock,
	earnings: Vec<SlotEarning>,
}

fn earning_json(earning: &SlotEarning, clock: &Clock) -> Value {
	let (claimable, earned, window, problem) = match &earning.claimable {
		Claimable::With { claim, earned, released } => {
			(Some(Smallest(*released)), Some(Smallest(*earned)), Some(claim.window), None)
		},
		Claimable::Immature => (Some(Smallest(0)), Some(Smallest(0)), None, None),
		Claimable::Unknown(cause) => (None, None, None, Some(cause)),
	};
	let open = earning.open.iter().map(|open| {
		json!({
			"cycle": open.cycle,
			"units": open.units.to_string(),
			"frozen": clock.periods.is_frozen(open.cycle, clock.now.tick),
			"frozen_tick": frozen_at(open.cycle, &clock.periods),
		})
	});
	json!({
		"device": earning.device,
		"gateway": earning.gateway,
		"slot": earning.slot,
		"payee": account_text(&earning.payee),
		"paid": Smallest(earning.paid),
		"unvested": Smallest(earning.unvested),
		"claimable": claimable,
		"claimable_earned": earned,
		"claim_window": window,
		"problem": problem,
		"open": open.collect::<Vec<_>>(),
	})
}

impl Serialize for Shown {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let slots = self.earnings.iter().map(|earning| earning_json(earning, &self.clock));
		let total = self.earnings.iter().map(|earning| earning.claimable.released());
		let document = json!({
			"tick": self.clock.now.tick,
			"cycle": self.clock.cycle,
			"claimable": Smallest(total.fold(0, u128::saturating_add)),
			"slots": slots.collect::<Vec<_>>(),
		});
		document.serialize(serializer)
	}
}

impl fmt::Display for Shown {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		for earning in &self.earnings {
			write_earning(f, earning, &self.clock)?;
		}
		let total = self.earnings.iter().map(|earning| earning.claimable.released());
		let total = total.fold(0, u128::saturating_add);
		if self.earnings.len() > 1 {
			writeln!(f, "claimable now in all: {}", format::amount(total))?;
		}
		if total > 0 {
			writeln!(f, "next: cairn rewards claim")?;
		}
		Ok(())
	}
}

fn write_earning(f: &mut fmt::Formatter<'_>, earning: &SlotEarning, clock: &Clock) -> fmt::Result {
	let SlotEarning { gateway, slot, device, payee, until, .. } = earning;
	writeln!(f, "{}", super::slot_text(*gateway, *slot, *device, *until))?;
	writeln!(f, "  payee        {}", account_text(payee))?;
	writeln!(f, "  paid         {}", format::amount(earning.paid))?;
	if earning.unvested > 0 {
		writeln!(
			f,
			"  unvested     {} of it, released by later claims",
			format::amount(earning.unvested)
		)?;
	}
	match &earning.claimable {
		Claimable::With { claim, earned, released } => {
			let now = format::amount(*released);
			writeln!(f, "  claimable    {now} now, with the ledger of window {}", claim.window)?;
			if earned > released {
				let later = format::amount(earned.saturating_sub(*released));
				writeln!(f, "  then vests   {later}")?;
			}
		},
		Claimable::Immature => {
			writeln!(
				f,
				"  claimable    nothing yet: no sealed window with its readings has matured"
			)?;
		},
		Claimable::Unknown(cause) => writeln!(f, "  claimable    not known: {cause}")?,
	}
	for open in &earning.open {
		writeln!(f, "  {}", open_text(open, clock))?;
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::owner::batch::tests::clock;
	use cairn_types::{DeviceId, Window};

	fn earning(claimable: Claimable) -> SlotEarning {
		SlotEarning {
			gateway: GatewayId(0),
			slot: 4,
			device: DeviceId(7),
			payee: [1; 32],
			until: Window::MAX,
			paid: 5 * format::UNIT,
			unvested: 0,
			claimable,
			open: vec![Open { cycle: 3, units: 900 }, Open { cycle: 5, units: 100 }],
		}
	}

	#[test]
	fn open_cycles_say_when_they_are_frozen() {
		let clock = clock(25);
		assert_eq!(frozen_at(3, &clock.periods), 24);
		let text = Shown { clock: clock.clone(), earnings: vec![earning(Claimable::Immature)] }
			.to_string();
		assert!(text.contains("cycle 3: 900 units, frozen since tick 24"), "{text}");
		assert!(
			text.contains("cycle 5: 100 units, frozen and claimable at tick 32, in 7 ticks"),
			"{text}"
		);
		assert!(text.contains("paid         5 CAIRN") && text.contains("nothing yet"), "{text}");
	}

	#[test]
	fn an_unknown_claim_is_not_zero() {
		let unknown = earning(Claimable::Unknown("no answer".to_owned()));
		let shown = Shown { clock: clock(25), earnings: vec![unknown] };
		let value = serde_json::to_value(&shown).expect("serializes");
		assert_eq!(value["slots"][0]["claimable"], Value::Null);
		assert_eq!(value["slots"][0]["problem"], "no answer");
		assert_eq!(value["slots"][0]["open"][1]["frozen_tick"], 32);
		assert_eq!(value["claimable"], "0");
	}
}
