//! A device that moves, stops or returns gets exactly what it earned, and claims pay it once.

use std::collections::BTreeMap;

use cairn_types::{Amount, Cycle, DeviceId, Periods, Tick, Units};
use proptest::prelude::*;

use super::world::{NO_ANCHOR, PERIODS, UPTIME, context, rates, reading, unsigned};
use crate::{Account, Leaf, WindowContext, step::step};

const DEVICE: DeviceId = DeviceId(7);
/// No rate expires while these tests last.
const PATIENT: Periods = Periods { kept_cycles: 1_000, ..PERIODS };
/// Rates expire soon.
const IMPATIENT: Periods = Periods { kept_cycles: 3, ..PERIODS };

#[derive(Clone, Debug)]
enum Event {
	Reports { readings: u64, anchored: bool },
	Rests,
	Moves,
}

/// Dead windows, silent ticks, and what happens then.
type Happening = (u32, u32, Event);

fn happenings(silence: u32) -> impl Strategy<Value = Vec<Happening>> {
	let reports = (1u64..=6, prop::bool::weighted(0.8))
		.prop_map(|(readings, anchored)| Event::Reports { readings, anchored });
	let event = prop_oneof![8 => reports, 1 => Just(Event::Rests), 1 => Just(Event::Moves)];
	prop::collection::vec((0u32..3, 0..silence, event), 1..40)
}

/// One slot of the device: a gateway's, or the next after a move.
#[derive(Default)]
struct SlotLife {
	leaf: Option<Leaf>,
	/// What was metered, by tick.
	steps: Vec<(Tick, Units)>,
	/// The account after each step.
	accounts: Vec<(Tick, Account)>,
}

struct Life {
	context: WindowContext,
	sequence: u64,
	slots: Vec<SlotLife>,
}

impl Life {
	fn lived(periods: Periods, happenings: &[Happening]) -> Self {
		let context = WindowContext { periods, ..context(UPTIME) };
		let mut life = Self { context, sequence: 0, slots: vec![SlotLife::default()] };
		for (dead, silent, event) in happenings {
			life.context.window += 1 + *dead + *silent;
			life.context.tick += 1 + *silent;
			match event {
				Event::Reports { readings, anchored } => life.report(*readings, *anchored),
				Event::Rests => {},
				Event::Moves => life.slots.push(SlotLife::default()),
			}
		}
		life
	}

	/// Report once per second: a hundred units each.
	fn report(&mut self, readings: u64, anchored: bool) {
		let mut signed = Vec::new();
		for number in 0..readings {
			self.sequence += 1;
			let after = 1_000 * number;
			let mut reading = reading(&self.context, DEVICE, self.sequence, after, &[None; 3]);
			if !anchored {
				reading.anchor = NO_ANCHOR;
			}
			signed.push(unsigned(reading));
		}
		let slot = self.slots.last_mut().expect("there is always one");
		let leaf = slot.leaf.as_ref();
		let stepped = step(&self.context, &rates, DEVICE, leaf, &signed).expect("sound readings");
		slot.steps.push((self.context.tick, if anchored { 100 * readings } else { 0 }));
		slot.accounts.push((self.context.tick, stepped.leaf.account.clone()));
		slot.leaf = Some(stepped.leaf);
	}

	/// A tick at which every cycle of this life is frozen.
	fn end(&self) -> Tick {
		let periods = &self.context.periods;
		self.context.tick + periods.cycle_ticks + periods.mature_ticks()
	}
}

impl SlotLife {
	fn entitlement(&self, tick: Tick, periods: &Periods) -> Amount {
		self.leaf.as_ref().map_or(0, |leaf| leaf.account.entitlement(tick, periods, &rates))
	}

	fn units_by_cycle(&self, periods: &Periods) -> BTreeMap<Cycle, u128> {
		let mut cycles = BTreeMap::new();
		for (tick, units) in &self.steps {
			*cycles.entry(tick / periods.cycle_ticks).or_insert(0) += u128::from(*units);
		}
		cycles
	}

	/// What the slot earned if no rate expired.
	fn worth(&self, periods: &Periods) -> Amount {
		let cycles = self.units_by_cycle(periods);
		cycles.iter().map(|(cycle, units)| worth(*cycle, *units)).sum()
	}

	/// What the slot earned until `end`: a cycle is judged at the first step after its freeze, or
	/// else at the end.
	fn worth_in_time(&self, end: Tick, periods: &Periods) -> Amount {
		let judged = |cycle: Cycle| {
			let frozen = (cycle + 1) * periods.cycle_ticks + periods.mature_ticks();
			self.steps.iter().map(|(tick, _)| *tick).chain([end]).find(|tick| *tick >= frozen)
		};
		let in_time = |cycle: Cycle| {
			let kept = |tick: Tick| tick / periods.cycle_ticks <= cycle + periods.kept_cycles;
			judged(cycle).is_some_and(kept)
		};
		let cycles = self.units_by_cycle(periods);
		let cycles = cycles.iter().filter(|(cycle, _)| in_time(**cycle));
		cycles.map(|(cycle, units)| worth(*cycle, *units)).sum()
	}
}

fn worth(cycle: Cycle, units: u128) -> Amount {
	(units * rates(cycle)) >> 64
}

/// Claims of any sealed accounts, each some ticks after it matured, in order of time.
fn claimed(life: &Life, claims: &[(prop::sample::Index, u32)]) -> Vec<(Tick, usize, Amount)> {
	let periods = &life.context.periods;
	let mut sealed = Vec::new();
	for (number, slot) in life.slots.iter().enumerate() {
		sealed.extend(slot.accounts.iter().map(|(tick, account)| (number, *tick, account)));
	}
	let mut due = Vec::new();
	for (at, delay) in claims.iter().filter(|_| !sealed.is_empty()) {
		let (slot, tick, account) = at.get(&sealed);
		let now = *tick + periods.mature_ticks() + *delay;
		due.push((now, *slot, account.entitlement(now, periods, &rates)));
	}
	due.sort_unstable();
	due
}

proptest! {
	#[test]
	fn a_device_gets_what_it_earned_whenever_it_stops_or_moves(happenings in happenings(12)) {
		let life = Life::lived(PATIENT, &happenings);
		for slot in &life.slots {
			prop_assert_eq!(slot.entitlement(life.end(), &PATIENT), slot.worth(&PATIENT));
		}
	}

	#[test]
	fn a_cycle_counts_if_it_is_judged_before_its_rate_expires(
		happenings in happenings(30), later in 0u32..60,
	) {
		let life = Life::lived(IMPATIENT, &happenings);
		let end = life.context.tick + later;
		for slot in &life.slots {
			let earned = slot.worth_in_time(end, &IMPATIENT);
			prop_assert_eq!(slot.entitlement(end, &IMPATIENT), earned);
		}
	}

	#[test]
	fn an_older_root_never_gives_more(happenings in happenings(12), later in 0u32..60) {
		let life = Life::lived(PATIENT, &happenings);
		let now = life.context.tick + later;
		let worth = |account: &Account| account.entitlement(now, &PATIENT, &rates);
		for slot in &life.slots {
			for pair in slot.accounts.windows(2) {
				prop_assert!(worth(&pair[0].1) <= worth(&pair[1].1));
			}
		}
	}

	#[test]
	fn claims_of_any_roots_in_any_number_pay_once(
		happenings in happenings(12),
		claims in prop::collection::vec((any::<prop::sample::Index>(), 0u32..60), 0..20),
	) {
		let life = Life::lived(PATIENT, &happenings);
		let mut paid = vec![0; life.slots.len()];
		for (_, slot, entitlement) in claimed(&life, &claims) {
			paid[slot] = entitlement.max(paid[slot]);
			prop_assert!(paid[slot] <= life.slots[slot].worth(&PATIENT));
		}
		for (slot, paid) in life.slots.iter().zip(paid) {
			let last = slot.entitlement(life.end(), &PATIENT);
			prop_assert_eq!(last.max(paid), slot.worth(&PATIENT));
		}
	}

	#[test]
	fn claims_never_pay_more_than_was_earned_even_if_rates_expire(
		happenings in happenings(30),
		claims in prop::collection::vec((any::<prop::sample::Index>(), 0u32..60), 0..20),
	) {
		let life = Life::lived(IMPATIENT, &happenings);
		let mut paid = vec![0; life.slots.len()];
		for (_, slot, entitlement) in claimed(&life, &claims) {
			paid[slot] = entitlement.max(paid[slot]);
		}
		for (slot, paid) in life.slots.iter().zip(paid) {
			prop_assert!(paid <= slot.worth(&IMPATIENT));
		}
	}
}
