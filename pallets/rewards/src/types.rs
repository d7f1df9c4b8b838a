//! Data of the pallet that knows no `Config`.

use cairn_economics::{Parts, Split, released};
use cairn_traits::Timekeeper;
use cairn_types::{Amount, Cycle, GatewayId, Periods, Slot, Tick};
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::{ConstU32, bounded::BoundedVec};
use sp_runtime::Permill;

/// Longest vesting, in cycles.
pub const MAX_VESTING_CYCLES: u32 = 1_000;

/// Cycles beyond R for which records are kept.
///
/// A batch is checked and attested until H ≤ 2L after its window, by whose cycle `step` judges what
/// has expired: two cycles. One for what is open at a cycle's border, one to spare.
const MARGIN_CYCLES: u32 = 4;

/// Values that a history remembers: those of the next cycle, of the current one, and of the two
/// before, in which there still may be windows to attest (A < H ≤ 2L).
const MAX_DATES: u32 = 4;

/// The economic numbers; amounts in the smallest unit, times in cycles.
///
/// All but the cap and τ may be tuned at any time: a cycle's own numbers are fixed when it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
	/// Most that is ever scheduled. Never to be lowered below what is scheduled already.
	pub emission_cap: Amount,
	/// τ: a cycle emits 1/τ of what the cap leaves. At least 1.
	pub emission_tau: u32,
	/// Validators' and treasury's shares; cut in this order where they exceed the whole.
	pub split: Split,
	/// Share of the networks' part that the bootstrap pool keeps for ever.
	pub bootstrap_floor: Permill,
	/// Share of the networks' part that the bootstrap pool begins with.
	pub bootstrap_start: Permill,
	/// Cycles in which that share halves. At least 1.
	pub half_life: u32,
	/// v: cycles over which pay vests; 1 releases all at once. 1..=[`MAX_VESTING_CYCLES`].
	pub vesting: u32,
	/// Weight of a new network.
	pub default_weight: u32,
}

impl Params {
	/// The numbers, each brought into its range.
	#[must_use]
	pub(crate) fn clamped(self) -> Self {
		Self {
			emission_tau: self.emission_tau.max(1),
			half_life: self.half_life.max(1),
			vesting: self.vesting.clamp(1, MAX_VESTING_CYCLES),
			..self
		}
	}
}

/// Where the chain is, read once per call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
	/// The current tick.
	pub(crate) tick: Tick,
	/// Its cycle.
	pub(crate) cycle: Cycle,
	/// What genesis fixed.
	pub(crate) periods: Periods,
}

impl Clock {
	pub(crate) fn read<Time: Timekeeper>() -> Self {
		let periods = Time::periods();
		let tick = Time::now().tick;
		Self { tick, cycle: periods.cycle_of(tick), periods }
	}

	/// The cycle from which a change made now holds.
	pub(crate) const fn next_cycle(&self) -> Cycle {
		self.cycle.saturating_add(1)
	}

	pub(crate) fn is_frozen(&self, cycle: Cycle) -> bool {
		self.periods.is_frozen(cycle, self.tick)
	}

	/// Whether the records of `cycle` are kept.
	pub(crate) const fn keeps(&self, cycle: Cycle) -> bool {
		cycle.saturating_add(kept_cycles(&self.periods)) > self.cycle
	}

	/// Where a network's totals of `cycle` are kept.
	pub(crate) fn place(&self, cycle: Cycle) -> u32 {
		cycle.checked_rem(kept_cycles(&self.periods)).unwrap_or(0)
	}
}

/// Cycles for which a cycle's records are kept: R + 4.
pub(crate) const fn kept_cycles(periods: &Periods) -> u32 {
	periods.kept_cycles.saturating_add(MARGIN_CYCLES)
}

/// What is fixed for a cycle at its first tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct CycleRecord {
	/// What it emits at most.
	pub emission: Amount,
	/// That, by receiver.
	pub parts: Parts,
	/// What of the networks' part is shared by weight.
	pub bootstrap: Amount,
	/// Sum of all networks' weights.
	pub weights: u64,
	/// Cycles over which claims made in this cycle vest.
	pub vesting: u32,
}

impl CycleRecord {
	/// The pool of a network of this weight: ⌊bootstrap · weight / Σ weights⌋; zero without weights.
	#[must_use]
	pub fn pool(&self, weight: u32) -> Amount {
		// Saturating would round down, and only from 2^96 on: beyond any cap.
		self.bootstrap
			.saturating_mul(u128::from(weight))
			.checked_div(u128::from(self.weights))
			.unwrap_or(0)
	}
}

/// What a network did in a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct NetworkCycle {
	/// The cycle.
	pub cycle: Cycle,
	/// Units attested in it.
	pub units: u128,
	/// What they share: the network's pool of the cycle, fixed when the cycle began.
	pub pool: Amount,
}

/// Values with the first cycle of each, ascending: the newest may hold from the next cycle on only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct History<V>(BoundedVec<(Cycle, V), ConstU32<MAX_DATES>>);

impl<V: Copy + Default> History<V> {
	/// What holds in `cycle`; the default before the first value.
	///
	/// Exact for the next cycle, the current one and the two before.
	#[must_use]
	pub fn at(&self, cycle: Cycle) -> V {
		let held = self.0.iter().rev().find(|(since, _)| *since <= cycle);
		held.map(|(_, value)| *value).unwrap_or_default()
	}

	/// What holds once all changes made so far do.
	#[must_use]
	pub fn newest(&self) -> V {
		self.0.last().map(|(_, value)| *value).unwrap_or_default()
	}

	/// Let `value` hold from the cycle `since` on, which is the next one.
	pub(crate) fn set(&mut self, since: Cycle, value: V) {
		if let Some((last, pending)) = self.0.last_mut()
			&& *last >= since
		{
			*pending = value;
			return;
		}
		if self.0.is_full() {
			// There is one value per cycle at most, so the second one already held two cycles ago.
			let oldest = self.0.first().map(|(since, _)| *since);
			self.0.retain(|(since, _)| Some(*since) != oldest);
		}
		// There is room now.
		self.0.force_push((since, value));
	}
}

/// A network's weight in the bootstrap pool.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct NetworkWeight {
	/// What it has as long as it admits certified devices only: zero once it has not, until governance
	/// grants it anew.
	pub granted: u32,
	/// What it had and has.
	pub history: History<u32>,
}

impl NetworkWeight {
	/// A network that has no weight yet.
	pub(crate) fn new(granted: u32) -> Self {
		Self { granted, history: History::default() }
	}
}

/// Who earns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[derive(Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Earner {
	/// A device's place in a gateway's ledger.
	#[codec(index = 0)]
	Slot(GatewayId, Slot),
}

/// What an earner was paid, and how much of it is still to be released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Earning {
	/// Entitlement that was turned into pay.
	pub paid: Amount,
	/// Of that, what has not vested at `touched`.
	pub unvested: Amount,
	/// Of that, what has vested and waits: alone it would be below the existential deposit.
	pub due: Amount,
	/// The cycle up to which it has vested.
	pub touched: Cycle,
}

impl Earning {
	/// Of an earner that was never paid.
	pub(crate) const fn new(cycle: Cycle) -> Self {
		Self { paid: 0, unvested: 0, due: 0, touched: cycle }
	}

	/// What is not released yet.
	#[must_use]
	pub const fn unreleased(&self) -> Amount {
		self.unvested.saturating_add(self.due)
	}

	/// Let the cycles since the last touch vest: ⌊unvested · (1 − (1 − 1/v)^cycles)⌋ becomes due.
	pub(crate) fn vest(self, v: u32, cycle: Cycle) -> Self {
		let vested = released(self.unvested, v, cycle.saturating_sub(self.touched));
		Self {
			unvested: self.unvested.saturating_sub(vested),
			due: self.due.saturating_add(vested),
			touched: self.touched.max(cycle),
			..self
		}
	}

	/// Turn an entitlement into pay: paid := max(paid, entitlement). Of the difference ⌊1/v⌋ is due
	/// at once, the rest vests. Returns the difference too.
	pub(crate) fn earn(self, entitlement: Amount, v: u32) -> (Self, Amount) {
		let earned = entitlement.saturating_sub(self.paid);
		let at_once = earned.checked_div(u128::from(v)).unwrap_or(earned);
		let earning = Self {
			paid: self.paid.saturating_add(earned),
			unvested: self.unvested.saturating_add(earned.saturating_sub(at_once)),
			due: self.due.saturating_add(at_once),
			..self
		};
		(earning, earned)
	}

	/// Release all that is due if the payee's account can take it. Returns what is released too.
	pub(crate) fn release(self, can_take: impl FnOnce(Amount) -> bool) -> (Self, Amount) {
		if self.due == 0 || !can_take(self.due) {
			return (self, 0);
		}
		(Self { due: 0, ..self }, self.due)
	}
}

/// What was minted since genesis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Issuance {
	/// Released to devices' payees.
	pub released: Amount,
	/// To validators and nominators.
	pub validators: Amount,
	/// To the treasury.
	pub treasury: Amount,
}

/// Parts of the emission on their way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct PendingParts {
	/// Validators' part since the last era.
	pub validators: Amount,
	/// Treasury's part that its account could not take: alone it would be below the existential
	/// deposit.
	pub treasury: Amount,
}

/// The sum of the parts.
pub(crate) const fn total(parts: &Parts) -> Amount {
	parts.validators.saturating_add(parts.treasury).saturating_add(parts.networks)
}

/// Receiver by receiver.
pub(crate) const fn plus(a: &Parts, b: &Parts) -> Parts {
	Parts {
		validators: a.validators.saturating_add(b.validators),
		treasury: a.treasury.saturating_add(b.treasury),
		networks: a.networks.saturating_add(b.networks),
	}
}
