//! The lifecycle as types: what is not a method of a stage cannot happen in it.
//!
//! An entity is a record whose stage is known. It decides; it reads and writes no state.

use cairn_traits::Timekeeper;
use cairn_types::{
	Activity, Cycle, Dated, NetworkConfig, SchemaId, Tick, TooEarly, Window, schema::Name,
};

use crate::types::{NetworkRecord, Stage};

/// The network is in a stage in which this cannot happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrongStage;

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
	/// L: ticks in a cycle.
	cycle_ticks: u32,
	/// H: ticks until a batch has matured.
	mature_ticks: u32,
}

impl Clock {
	pub(crate) fn read<Time: Timekeeper>() -> Self {
		let (now, periods) = (Time::now(), Time::periods());
		Self {
			tick: now.tick,
			cycle: periods.cycle_of(now.tick),
			next_window: now.next_window(),
			settled: periods.settled_after(now.tick),
			cycle_ticks: periods.cycle_ticks,
			mature_ticks: periods.mature_ticks(),
		}
	}

	/// The cycle from which a configuration made now holds. Saturates in the last cycle there is.
	pub(crate) const fn next_cycle(&self) -> Cycle {
		self.cycle.saturating_add(1)
	}

	/// First tick at which no check reaches back before `cycle`: cycle · L + H. Saturates to the
	/// last tick there is: later than right, never earlier.
	pub(crate) const fn settled_before(&self, cycle: Cycle) -> Tick {
		cycle.saturating_mul(self.cycle_ticks).saturating_add(self.mature_ticks)
	}
}

/// A network whose readings count.
pub(crate) struct Running<AccountId, Ticket>(NetworkRecord<AccountId, Ticket>);

/// A network whose readings do not count until it is resumed.
pub(crate) struct Paused<AccountId, Ticket> {
	record: NetworkRecord<AccountId, Ticket>,
	by_admin: bool,
}

/// A network that runs or is paused.
pub(crate) struct Open<AccountId, Ticket>(NetworkRecord<AccountId, Ticket>);

/// A network that has ended for good.
pub(crate) struct Closed<AccountId, Ticket>(NetworkRecord<AccountId, Ticket>);

/// A network, by stage.
pub(crate) enum Network<AccountId, Ticket> {
	Running(Running<AccountId, Ticket>),
	Paused(Paused<AccountId, Ticket>),
	Closed(Closed<AccountId, Ticket>),
}

impl<AccountId, Ticket> NetworkRecord<AccountId, Ticket> {
	/// The entity of this record's stage.
	pub(crate) fn into_entity(self) -> Network<AccountId, Ticket> {
		match self.stage {
			Stage::Running => Network::Running(Running(self)),
			Stage::Paused { by_admin } => Network::Paused(Paused { record: self, by_admin }),
			Stage::Closed => Network::Closed(Closed(self)),
		}
	}

	/// The entity of a record that has not ended.
	pub(crate) fn into_open(self) -> Result<Open<AccountId, Ticket>, WrongStage> {
		match self.stage {
			Stage::Running | Stage::Paused { .. } => Ok(Open(self)),
			Stage::Closed => Err(WrongStage),
		}
	}
}

impl<AccountId, Ticket> Running<AccountId, Ticket> {
	/// A new network: configured for the current cycle, active from the next window on.
	pub(crate) fn create(
		owner: AccountId,
		name: Name,
		config: NetworkConfig,
		ticket: Ticket,
		clock: &Clock,
	) -> Self {
		Self(NetworkRecord {
			owner,
			offered: None,
			name,
			config: Dated::new(config, clock.cycle, clock.settled_before(clock.cycle)),
			activity: Activity::open(clock.next_window, Window::MAX),
			stage: Stage::Running,
			ticket,
		})
	}

	/// Stop counting with the next window.
	pub(crate) fn pause(self, by_admin: bool, clock: &Clock) -> Paused<AccountId, Ticket> {
		let Self(record) = self;
		let activity = record.activity.end(clock.next_window, clock.settled);
		let stage = Stage::Paused { by_admin };
		Paused { record: NetworkRecord { activity, stage, ..record }, by_admin }
	}

	pub(crate) fn into_record(self) -> NetworkRecord<AccountId, Ticket> {
		self.0
	}
}

impl<AccountId, Ticket> Paused<AccountId, Ticket> {
	/// Whether governance paused it.
	pub(crate) const fn by_admin(&self) -> bool {
		self.by_admin
	}

	/// Keep it paused until governance resumes it.
	pub(crate) fn seize(self) -> Self {
		let stage = Stage::Paused { by_admin: true };
		Self { record: NetworkRecord { stage, ..self.record }, by_admin: true }
	}

	/// Count again from the next window on.
	pub(crate) fn resume(self, clock: &Clock) -> Result<Running<AccountId, Ticket>, TooEarly> {
		let Self { record, .. } = self;
		let activity = record.activity.reopen(clock.next_window, Window::MAX, clock.tick)?;
		Ok(Running(NetworkRecord { activity, stage: Stage::Running, ..record }))
	}

	pub(crate) fn into_record(self) -> NetworkRecord<AccountId, Ticket> {
		self.record
	}
}

impl<AccountId, Ticket> Open<AccountId, Ticket> {
	/// Whether the network has chosen `schema`: it holds now or is to hold.
	pub(crate) fn has_chosen(&self, schema: SchemaId, clock: &Clock) -> bool {
		let config = &self.0.config;
		let in_force = config.at(clock.cycle);
		config.current.schema == schema || in_force.is_some_and(|config| config.schema == schema)
	}

	/// Have `config` from the next cycle on.
	pub(crate) fn configure(self, config: NetworkConfig, clock: &Clock) -> Result<Self, TooEarly> {
		let Self(record) = self;
		let config = reconfigured(record.config, config, clock)?;
		Ok(Self(NetworkRecord { config, ..record }))
	}

	/// Offer it to `offered`, or to nobody.
	pub(crate) fn offer(self, offered: Option<AccountId>) -> Self {
		Self(NetworkRecord { offered, ..self.0 })
	}

	/// Make `owner` its owner, who has paid for `ticket`; gives back the old owner and ticket.
	pub(crate) fn hand_over(self, owner: AccountId, ticket: Ticket) -> (Self, AccountId, Ticket) {
		let Self(record) = self;
		let handed_over = NetworkRecord { owner, offered: None, ticket, ..record };
		(Self(handed_over), record.owner, record.ticket)
	}

	/// End it for good with the next window.
	pub(crate) fn close(self, clock: &Clock) -> Closed<AccountId, Ticket> {
		let Self(record) = self;
		// Not H after the last window: the configuration is dated by cycle, and this one must have
		// frozen before its facts may go.
		let settled = clock.settled_before(clock.next_cycle());
		let activity = record.activity.end(clock.next_window, settled);
		Closed(NetworkRecord { activity, offered: None, stage: Stage::Closed, ..record })
	}

	pub(crate) fn into_record(self) -> NetworkRecord<AccountId, Ticket> {
		self.0
	}
}

impl<AccountId, Ticket> Closed<AccountId, Ticket> {
	/// Remove it, if no check can need it any more; gives back its owner and ticket.
	pub(crate) fn reap(self, clock: &Clock) -> Result<(AccountId, Ticket), TooEarly> {
		let Self(record) = self;
		if clock.tick < record.activity.settled {
			return Err(TooEarly);
		}
		Ok((record.owner, record.ticket))
	}

	pub(crate) fn into_record(self) -> NetworkRecord<AccountId, Ticket> {
		self.0
	}
}

/// `config` with `value` from the next cycle on.
fn reconfigured(
	config: Dated<NetworkConfig>,
	value: NetworkConfig,
	clock: &Clock,
) -> Result<Dated<NetworkConfig>, TooEarly> {
	if config.since > clock.cycle {
		// It does not hold yet, so nothing was checked by it.
		return Ok(Dated { current: value, ..config });
	}
	let since = clock.next_cycle();
	config.change(value, since, clock.tick, clock.settled_before(since))
}
