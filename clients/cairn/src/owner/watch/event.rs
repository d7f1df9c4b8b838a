//! What happened between two snapshots: one line, or one JSON document, each. Pure.

use std::fmt;

use cairn_chain::views::BatchStage;
use cairn_types::{Attempt, Cycle, DeviceId, GatewayId, Tick, Window};
use serde::Serialize;

use super::snapshot::{Snapshot, Watched};
use crate::owner::{batch::Batch, format, output::Smallest};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
	/// Watching began here.
	Started { finalized: u32, window: Window, tick: Tick, cycle: Cycle },
	/// A window began.
	Window { window: Window, tick: Tick, finalized: u32 },
	/// A cycle began.
	Cycle { cycle: Cycle, emission: Option<Smallest> },
	/// Nothing of a cycle can change any more: its units have their price.
	Frozen { cycle: Cycle },
	/// A window was sealed.
	Sealed { batch: Name, readings: u64, devices: u32, units: String },
	/// Verdicts came.
	Verdicts { batch: Name, valid: u32, invalid: u32, unavailable: u32, members: u32, quorum: u32 },
	/// A batch was attested.
	Attested { batch: Name, matures_tick: Tick },
	/// A batch has matured: claims may use its ledger.
	Matured { batch: Name },
	/// A batch died.
	Dead { batch: Name, cause: String },
	/// What a claim pays has changed.
	Claimable { device: DeviceId, claimable: Smallest },
	/// A claim was paid.
	Paid { device: DeviceId, paid: Smallest, in_all: Smallest },
	/// What somebody else has to say.
	Note { text: String },
}

/// Which batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Name {
	gateway: GatewayId,
	window: Window,
	attempt: Attempt,
}

impl Name {
	const fn of(batch: &Batch) -> Self {
		let view = &batch.view;
		Self { gateway: view.gateway, window: view.window, attempt: view.attempt }
	}
}

impl fmt::Display for Name {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "window {} of gateway {}", self.window, self.gateway)?;
		if self.attempt > 0 { write!(f, ", attempt {}", self.attempt) } else { Ok(()) }
	}
}

impl fmt::Display for Event {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Started { finalized, window, tick, cycle } => {
				write!(
					f,
					"watching: window {window}, tick {tick}, cycle {cycle}, block {finalized} is final"
				)
			},
			Self::Window { window, tick, finalized } => {
				write!(f, "window {window} began, tick {tick}; block {finalized} is final")
			},
			Self::Cycle { cycle, emission: Some(emission) } => {
				write!(f, "cycle {cycle} began; it emits {emission} at most")
			},
			Self::Cycle { cycle, emission: None } => write!(f, "cycle {cycle} began"),
			Self::Frozen { cycle } => {
				write!(f, "cycle {cycle} is frozen: its units have their price")
			},
			Self::Sealed { batch, readings, devices, units } => {
				let readings = format::count(*readings, "reading");
				let devices = format::count(u64::from(*devices), "device");
				write!(f, "sealed {batch}: {readings} of {devices}, {units} units")
			},
			Self::Verdicts { batch, valid, invalid, unavailable, members, quorum } => {
				write!(f, "verdicts on {batch}: {valid} of {members} valid, {quorum} needed")?;
				if invalid + unavailable > 0 {
					write!(f, "; {invalid} invalid, {unavailable} unavailable")?;
				}
				Ok(())
			},
			Self::Attested { batch, matures_tick } => {
				write!(f, "attested {batch}; matures at tick {matures_tick}")
			},
			Self::Matured { batch } => write!(f, "matured {batch}"),
			Self::Dead { batch, cause } => write!(f, "dead {batch}: {cause}"),
			Self::Claimable { device, claimable } => {
				write!(f, "device {device} can claim {claimable}")
			},
			Self::Paid { device, paid, in_all } => {
				write!(f, "device {device} was paid {paid}, {in_all} in all")
			},
			Self::Note { text } => f.write_str(text),
		}
	}
}

/// What happened since `before`.
pub(crate) fn events(before: Option<&Snapshot>, now: &Snapshot) -> Vec<Event> {
	let Some(before) = before else { return vec![started(now)] };
	let mut events = time(before, now);
	for served in &now.gateways {
		let known = before.gateways.iter().find(|old| old.view.gateway == served.view.gateway);
		for batch in &served.batches {
			let old = known.and_then(|known| {
				known.batches.iter().find(|old| Name::of(old) == Name::of(batch))
			});
			let (then, tick) = (before.clock.now.tick, now.clock.now.tick);
			// What was there before watching began is no news.
			if known.is_some() {
				events.extend(batch_events(old, batch, then, tick));
			}
		}
	}
	if let Some(device) = &now.device {
		events.extend(money(before.device.as_ref(), device));
	}
	events
}

fn started(now: &Snapshot) -> Event {
	let clock = &now.clock;
	Event::Started {
		finalized: now.finalized.number,
		window: clock.now.window,
		tick: clock.now.tick,
		cycle: clock.cycle,
	}
}

fn time(before: &Snapshot, now: &Snapshot) -> Vec<Event> {
	let mut events = Vec::new();
	let (then, clock) = (&before.clock, &now.clock);
	if clock.now.window != then.now.window {
		let finalized = now.finalized.number;
		events.push(Event::Window { window: clock.now.window, tick: clock.now.tick, finalized });
	}
	if clock.cycle != then.cycle {
		let emission = now.cycle.as_ref().map(|cycle| Smallest(cycle.emission));
		events.push(Event::Cycle { cycle: clock.cycle, emission });
	}
	let periods = &clock.periods;
	let frozen = |cycle: &Cycle| {
		periods.is_frozen(*cycle, clock.now.tick) && !periods.is_frozen(*cycle, then.now.tick)
	};
	let open = then.cycle.saturating_sub(3)..=clock.cycle;
	events.extend(open.filter(frozen).map(|cycle| Event::Frozen { cycle }));
	events
}

fn batch_events(old: Option<&Batch>, batch: &Batch, then: Tick, tick: Tick) -> Vec<Event> {
	let name = Name::of(batch);
	let view = &batch.view;
	let mut events = Vec::new();
	if old.is_none() {
		let (readings, devices) = (view.sums.readings, view.sums.devices);
		let units = view.sums.units.to_string();
		events.push(Event::Sealed { batch: name, readings, devices, units });
	}
	let [valid, invalid, unavailable] = view.verdicts;
	let (members, quorum) = view.quorum;
	if view.verdicts != old.map_or([0; 3], |old| old.view.verdicts) {
		events.push(Event::Verdicts { batch: name, valid, invalid, unavailable, members, quorum });
	}
	let stage = old.map(|old| &old.view.stage);
	match &view.stage {
		BatchStage::Pending => {},
		BatchStage::Dead if stage != Some(&BatchStage::Dead) => {
			events.push(Event::Dead { batch: name, cause: batch.cause_of_death() });
		},
		BatchStage::Dead => {},
		BatchStage::Attested { matures } => {
			if !matches!(stage, Some(BatchStage::Attested { .. })) {
				events.push(Event::Attested { batch: name, matures_tick: *matures });
			}
			if *matures <= tick && then < *matures {
				events.push(Event::Matured { batch: name });
			}
		},
	}
	events
}

fn money(before: Option<&Watched>, now: &Watched) -> Vec<Event> {
	let device = now.view.device;
	let mut events = Vec::new();
	let Some(earning) = &now.earning else { return events };
	let then = before.and_then(|before| before.earning.as_ref());
	let paid = earning.paid.saturating_sub(then.map_or(earning.paid, |then| then.paid));
	if paid > 0 {
		let in_all = Smallest(earning.paid);
		events.push(Event::Paid { device, paid: Smallest(paid), in_all });
	}
	let claimable = earning.claimable.released();
	if claimable > 0 && then.is_none_or(|then| then.claimable.released() != claimable) {
		events.push(Event::Claimable { device, claimable: Smallest(claimable) });
	}
	events
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::owner::{
		batch::tests::batch,
		watch::tests::{EARNED, snapshot},
	};

	fn texts(before: &Snapshot, now: &Snapshot) -> Vec<String> {
		events(Some(before), now).iter().map(ToString::to_string).collect()
	}

	#[test]
	fn nothing_is_told_when_nothing_happened() {
		let now = snapshot(25);
		assert!(texts(&now, &now).is_empty());
		let first = events(None, &now);
		assert!(matches!(first.as_slice(), [Event::Started { window: 25, .. }]));
	}

	#[test]
	fn windows_and_cycles_are_told() {
		let told = texts(&snapshot(27), &snapshot(28));
		assert!(told.iter().any(|text| text.starts_with("window 28 began")), "{told:?}");
		assert!(told.iter().any(|text| text.starts_with("cycle 7 began; it emits")), "{told:?}");
		assert!(told.iter().any(|text| text.starts_with("cycle 4 is frozen")), "{told:?}");
	}

	#[test]
	fn a_batch_is_followed_through_its_life() {
		let mut before = snapshot(25);
		before.gateways[0].batches.clear();
		let mut stages = Vec::new();
		for (tick, stage, verdicts) in [
			(25, BatchStage::Pending, [0, 0, 0]),
			(25, BatchStage::Pending, [2, 0, 0]),
			(26, BatchStage::Attested { matures: 28 }, [3, 0, 0]),
			(28, BatchStage::Attested { matures: 28 }, [3, 0, 0]),
		] {
			let mut now = snapshot(tick);
			now.gateways[0].batches = vec![batch(stage, verdicts, vec![])];
			let told = texts(&before, &now);
			stages.extend(told.into_iter().filter(|text| text.contains("window 20")));
			before = now;
		}
		let begins = ["sealed", "verdicts", "verdicts", "attested", "matured"];
		assert_eq!(stages.len(), begins.len(), "{stages:?}");
		for (stage, begin) in stages.iter().zip(begins) {
			assert!(stage.starts_with(begin), "{stages:?}");
		}
	}

	#[test]
	fn a_death_is_told_once_with_its_cause() {
		let mut now = snapshot(25);
		now.gateways[0].batches = vec![batch(BatchStage::Dead, [0, 0, 2], vec![])];
		let told = texts(&snapshot(25), &now);
		assert!(
			told.iter().any(|text| text.contains("dead") && text.contains("could not fetch")),
			"{told:?}"
		);
		assert!(texts(&now, &now).is_empty());
	}

	#[test]
	fn money_is_told() {
		let mut before = snapshot(25);
		let now = snapshot(25);
		let earning = |snapshot: &mut Snapshot| {
			snapshot.device.as_mut().and_then(|device| device.earning.take())
		};
		let mut poorer = earning(&mut before).expect("an earning");
		poorer.paid -= 2 * format::UNIT;
		if let Some(device) = &mut before.device {
			device.earning = Some(poorer);
		}
		assert_eq!(texts(&before, &now), ["device 7 was paid 2 CAIRN, 5 CAIRN in all"]);
		let mut without = now.clone();
		without.device = None;
		let told = texts(&without, &now);
		assert_eq!(told, [format!("device 7 can claim {}", format::amount(EARNED))]);
	}

	#[test]
	fn programs_read_the_name_of_the_event() {
		let event = Event::Matured { batch: Name { gateway: GatewayId(1), window: 2, attempt: 0 } };
		let value = serde_json::to_value(&event).expect("serializes");
		assert_eq!(value["event"], "matured");
		assert_eq!(value["batch"]["window"], 2);
	}
}
