//! The lifecycle as types: what is not a method of a stage cannot happen in it.
//!
//! An entity is the checked part of a record whose stage is known. It decides; it reads and writes
//! no state.

use cairn_traits::Timekeeper;
use cairn_types::{
	Activity, Cycle, Dated, DeviceKey, MakerId, Tick, TooEarly, Window,
	view::{Assignment, DeviceState},
};

use crate::types::{DeviceRecord, Stage};

/// Why a change is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
	/// The device is in a stage in which this cannot happen.
	WrongStage,
	/// The last change of the same kind can still be checked.
	TooEarly,
}

impl From<TooEarly> for Fault {
	fn from(_: TooEarly) -> Self {
		Self::TooEarly
	}
}

/// What of the present a change depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
	/// The current tick.
	pub(crate) tick: Tick,
	/// The current cycle.
	pub(crate) cycle: Cycle,
	/// The window from which a change made now holds.
	pub(crate) next_window: Window,
	/// First tick at which no check reaches back before `next_window`.
	pub(crate) settled: Tick,
}

impl Clock {
	pub(crate) fn read<Time: Timekeeper>() -> Self {
		let (now, periods) = (Time::now(), Time::periods());
		Self {
			tick: now.tick,
			cycle: periods.cycle_of(now.tick),
			next_window: now.next_window(),
			settled: periods.settled_after(now.tick),
		}
	}
}

/// A device that was never active.
#[derive(Debug)]
pub(crate) struct Registered(DeviceState);

/// A device that is active until its certificate ends.
#[derive(Debug)]
pub(crate) struct Active(DeviceState);

/// A device that was active and may be again.
#[derive(Debug)]
pub(crate) struct Suspended(DeviceState);

/// A device that has ended for good.
#[derive(Debug)]
pub(crate) struct Retired(DeviceState);

/// A device that has not ended.
#[derive(Debug)]
pub(crate) enum Live {
	/// It was never active.
	Registered(Registered),
	/// It is active until its certificate ends.
	Active(Active),
	/// It was active and may be again.
	Suspended(Suspended),
}

impl<AccountId, Ticket> DeviceRecord<AccountId, Ticket> {
	/// The entity of a device that has not ended.
	pub(crate) fn live(&self) -> Result<Live, Fault> {
		let state = self.state.clone();
		match self.stage {
			Stage::Registered => Ok(Live::Registered(Registered(state))),
			Stage::Active => Ok(Live::Active(Active(state))),
			Stage::Suspended => Ok(Live::Suspended(Suspended(state))),
			Stage::Retired => Err(Fault::WrongStage),
		}
	}

	/// The entity of a device that has ended.
	pub(crate) fn retired(&self) -> Result<Retired, Fault> {
		match self.stage {
			Stage::Retired => Ok(Retired(self.state.clone())),
			Stage::Registered | Stage::Active | Stage::Suspended => Err(Fault::WrongStage),
		}
	}

	/// Take over what an entity decided.
	pub(crate) fn apply(&mut self, entity: impl Into<(Stage, DeviceState)>) {
		let (stage, state): (Stage, DeviceState) = entity.into();
		self.stage = stage;
		self.state = state;
	}
}

impl From<Active> for (Stage, DeviceState) {
	fn from(Active(state): Active) -> Self {
		(Stage::Active, state)
	}
}

impl From<Suspended> for (Stage, DeviceState) {
	fn from(Suspended(state): Suspended) -> Self {
		(Stage::Suspended, state)
	}
}

impl From<Retired> for (Stage, DeviceState) {
	fn from(Retired(state): Retired) -> Self {
		(Stage::Retired, state)
	}
}

impl From<Live> for (Stage, DeviceState) {
	fn from(live: Live) -> Self {
		match live {
			Live::Registered(Registered(state)) => (Stage::Registered, state),
			Live::Active(active) => active.into(),
			Live::Suspended(suspended) => suspended.into(),
		}
	}
}

impl Registered {
	/// Be active from the next window on, for the first time.
	pub(crate) fn activate(self, clock: &Clock) -> Active {
		let Self(state) = self;
		let activity = Activity::open(clock.next_window, state.expires);
		Active(DeviceState { activity, ..state })
	}
}

impl Suspended {
	/// Be active again from the next window on, once the last time is out of reach of every check.
	pub(crate) fn activate(self, clock: &Clock) -> Result<Active, Fault> {
		let Self(state) = self;
		let activity = state.activity.reopen(clock.next_window, state.expires, clock.tick)?;
		Ok(Active(DeviceState { activity, ..state }))
	}
}

impl Active {
	/// When it is active.
	pub(crate) const fn activity(&self) -> Activity {
		self.0.activity
	}

	/// Stop being active with the next window.
	pub(crate) fn suspend(self, clock: &Clock) -> Suspended {
		Suspended(ended(self.0, clock))
	}

	/// Be active until window `expires` instead. A device whose certificate ended before the next
	/// window is suspended: the gap in its activity has to stay visible until no check reaches it.
	fn renew(self, expires: Window, clock: &Clock) -> Live {
		let Self(state) = self;
		let state = DeviceState { expires, ..state };
		if state.activity.until < clock.next_window {
			return Live::Suspended(Suspended(ended(state, clock)));
		}
		let activity = Activity::open(state.activity.from, expires);
		Live::Active(Self(DeviceState { activity, ..state }))
	}
}

impl Retired {
	/// Allow to forget the device, once it is out of reach of every check.
	pub(crate) fn reap(self, clock: &Clock) -> Result<(), Fault> {
		if clock.tick < self.0.activity.settled { Err(Fault::TooEarly) } else { Ok(()) }
	}
}

impl Live {
	/// Be active from the next window on.
	pub(crate) fn activate(self, clock: &Clock) -> Result<Active, Fault> {
		match self {
			Self::Registered(registered) => Ok(registered.activate(clock)),
			Self::Suspended(suspended) => suspended.activate(clock),
			Self::Active(_) => Err(Fault::WrongStage),
		}
	}

	/// Stop being active with the next window.
	pub(crate) fn suspend(self, clock: &Clock) -> Result<Suspended, Fault> {
		match self {
			Self::Active(active) => Ok(active.suspend(clock)),
			Self::Registered(_) | Self::Suspended(_) => Err(Fault::WrongStage),
		}
	}

	/// End for good with the next window.
	pub(crate) fn retire(self, clock: &Clock) -> Retired {
		Retired(ended(self.into_state(), clock))
	}

	/// A certificate of `maker`, good until window `expires`, now stands for it.
	pub(crate) fn certify(self, maker: MakerId, expires: Window, clock: &Clock) -> Self {
		let certified = |state: DeviceState| DeviceState { maker: Some(maker), expires, ..state };
		match self {
			Self::Registered(Registered(state)) => Self::Registered(Registered(certified(state))),
			Self::Suspended(Suspended(state)) => Self::Suspended(Suspended(certified(state))),
			Self::Active(Active(state)) => {
				Active(DeviceState { maker: Some(maker), ..state }).renew(expires, clock)
			},
		}
	}

	/// Its certificate ends with the next window.
	pub(crate) fn revoke(self, clock: &Clock) -> Self {
		let expiring = |state: DeviceState| {
			let expires = state.expires.min(clock.next_window);
			DeviceState { expires, ..state }
		};
		match self {
			Self::Registered(Registered(state)) => Self::Registered(Registered(expiring(state))),
			Self::Suspended(Suspended(state)) => Self::Suspended(Suspended(expiring(state))),
			Self::Active(Active(state)) => Self::Suspended(Active(expiring(state)).suspend(clock)),
		}
	}

	/// Sign with `key` from the next window on.
	pub(crate) fn rotate(self, key: DeviceKey, clock: &Clock) -> Result<Self, Fault> {
		self.try_map(|state| {
			let key = state.key.change(key, clock.next_window, clock.tick, clock.settled)?;
			Ok(DeviceState { key, ..state })
		})
	}

	/// Check that its last change of slots is out of reach of every check.
	pub(crate) fn ensure_movable(&self, clock: &Clock) -> Result<(), Fault> {
		match &self.state().assignment {
			Some(held) if clock.tick < held.settled => Err(Fault::TooEarly),
			_ => Ok(()),
		}
	}

	/// Belong to `assignment` from the next window on.
	pub(crate) fn assign(self, assignment: Assignment, clock: &Clock) -> Result<Self, Fault> {
		let Clock { tick, next_window, settled, .. } = *clock;
		self.try_map(|state| {
			let assignment = match state.assignment {
				None => Dated::new(assignment, next_window, settled),
				Some(held) => held.change(assignment, next_window, tick, settled)?,
			};
			Ok(DeviceState { assignment: Some(assignment), ..state })
		})
	}

	const fn state(&self) -> &DeviceState {
		match self {
			Self::Registered(Registered(state))
			| Self::Active(Active(state))
			| Self::Suspended(Suspended(state)) => state,
		}
	}

	fn into_state(self) -> DeviceState {
		let (_, state): (Stage, DeviceState) = self.into();
		state
	}

	/// Change the state within the stage.
	fn try_map(
		self,
		change: impl FnOnce(DeviceState) -> Result<DeviceState, Fault>,
	) -> Result<Self, Fault> {
		Ok(match self {
			Self::Registered(Registered(state)) => Self::Registered(Registered(change(state)?)),
			Self::Active(Active(state)) => Self::Active(Active(change(state)?)),
			Self::Suspended(Suspended(state)) => Self::Suspended(Suspended(change(state)?)),
		})
	}
}

/// A state that is not active any more from the next window on.
fn ended(state: DeviceState, clock: &Clock) -> DeviceState {
	let activity = state.activity.end(clock.next_window, clock.settled);
	DeviceState { activity, ..state }
}
