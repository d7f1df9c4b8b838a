//! What the pallet keeps of gateways and batches; nothing here knows `T: Config`.

use cairn_economics::Accrual;
use cairn_telemetry::{Fault, Header, Sums, Verdict, committee::MAX_COMMITTEE};
use cairn_types::{
	Amount, Attempt, GatewayId, Hash32, NetworkId, Slot, Tick, Window, view::SlotRecord,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedVec, traits::ConstU32};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::Permill;
use sp_staking::SessionIndex;

/// Longest endpoint, in bytes.
pub const MAX_ENDPOINT: u32 = 128;
/// Where devices reach a gateway: a URL.
pub type Endpoint = BoundedVec<u8, ConstU32<MAX_ENDPOINT>>;
/// Attested ledgers kept behind those that have not matured.
pub const KEPT_LEDGERS: u32 = 16;
/// Batches that one `collect` pays for.
pub const MAX_COLLECTED: u32 = 16;

/// A batch on a gateway's chain of batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Head {
	/// Its window.
	pub window: Window,
	/// Its attempt.
	pub attempt: Attempt,
	/// Its ledger root.
	pub root: Hash32,
}

/// The most devices assigned at once, over the current and the previous span of A ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Assigned {
	/// Devices assigned now.
	pub now: u32,
	/// Number of the current span.
	pub span: u32,
	/// Most in the current span.
	pub current: u32,
	/// Most in the span before.
	pub previous: u32,
}

impl Assigned {
	/// The peaks as they are in `span`.
	#[must_use]
	pub const fn at(self, span: u32) -> Self {
		if span <= self.span {
			return self;
		}
		let previous = if span == self.span.saturating_add(1) { self.current } else { self.now };
		Self { now: self.now, span, current: self.now, previous }
	}

	/// One device more, in `span`.
	#[must_use]
	pub fn plus_one(self, span: u32) -> Self {
		let here = self.at(span);
		let now = here.now.saturating_add(1);
		Self { now, current: here.current.max(now), ..here }
	}

	/// One device less, in `span`.
	#[must_use]
	pub const fn minus_one(self, span: u32) -> Self {
		let here = self.at(span);
		Self { now: here.now.saturating_sub(1), ..here }
	}

	/// The most devices a batch sealed in `span` can be about.
	#[must_use]
	pub fn peak(self, span: u32) -> u32 {
		let here = self.at(span);
		here.current.max(here.previous)
	}
}

/// What became of a gateway's batches: the record that owners choose by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Availability {
	/// Attested.
	pub attested: u32,
	/// Found invalid.
	pub invalid: u32,
	/// Not to be had.
	pub unavailable: u32,
	/// Without a quorum: the committee's doing.
	pub missing: u32,
}

/// A gateway's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Stage {
	/// Takes devices and seals.
	Serving,
	/// Seals windows before `until`; may be reaped once `settled`.
	Retired {
		/// First window it does not serve.
		until: Window,
		/// First tick at which nothing it sealed can change.
		settled: Tick,
	},
}

/// A gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct GatewayRecord<AccountId, Ticket> {
	/// Who seals, and pays for it.
	pub operator: AccountId,
	/// The one network it serves.
	pub network: NetworkId,
	/// Where devices reach it.
	pub endpoint: Endpoint,
	/// Its life.
	pub stage: Stage,
	/// Last batch sealed that is not dead.
	pub sealed: Option<Head>,
	/// Last batch attested.
	pub attested: Option<Head>,
	/// Tick of that attestation.
	pub attested_at: Tick,
	/// Batches that died of their own: the attempt that the next seal names.
	pub deaths: Attempt,
	/// Own deaths of the window after the attested head.
	pub failures: u8,
	/// First window that may still be sealed: those before are out of attempts.
	pub floor: Window,
	/// Next slot to hand out.
	pub next_slot: Slot,
	/// Slots that are not closed.
	pub open_slots: u32,
	/// Devices assigned.
	pub assigned: Assigned,
	/// What became of its batches.
	pub availability: Availability,
	/// Ordinals in the queue of batches: oldest kept, first unsettled, first pending, next.
	pub queue: Queue,
	/// What was attested, and paid of it.
	pub accrual: Accrual,
	/// Bond and deposit, until nothing that a retired gateway sealed can change.
	pub ticket: Option<Ticket>,
}

impl<AccountId, Ticket> GatewayRecord<AccountId, Ticket> {
	/// Its first pending batch, of `window`, dies, and with it all later ones: heads return to the
	/// attested one. After `max_attempts` failures the window is skipped; returns whether it is.
	pub fn die(&mut self, window: Window, outcome: Outcome, max_attempts: u8) -> bool {
		let count = match outcome {
			Outcome::Invalid => &mut self.availability.invalid,
			Outcome::Unavailable => &mut self.availability.unavailable,
			Outcome::Missing | Outcome::Valid => &mut self.availability.missing,
		};
		*count = count.saturating_add(1);
		self.sealed = self.attested;
		self.deaths = self.deaths.saturating_add(1);
		self.queue.pending = self.queue.next;
		self.failures = self.failures.saturating_add(1);
		let skipped = self.failures >= max_attempts;
		if skipped {
			self.floor = window.saturating_add(1);
			self.failures = 0;
		}
		skipped
	}
}

/// A gateway's batches in the order they were sealed: `oldest ≤ settled ≤ pending ≤ next`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Queue {
	/// Oldest entry kept.
	pub oldest: u32,
	/// First entry that idle work has not settled: those before are paid for, and nothing refers to
	/// their sessions any more.
	pub settled: u32,
	/// First batch that waits for verdicts; `next` if none does.
	pub pending: u32,
	/// Ordinal of the next batch.
	pub next: u32,
}

/// A committee member's vote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Vote {
	/// None so far.
	#[default]
	None,
	/// For validity.
	Valid,
	/// For a fault.
	Invalid(Fault),
	/// The bytes could not be had.
	Unavailable,
}

impl From<Verdict> for Vote {
	fn from(verdict: Verdict) -> Self {
		match verdict {
			Verdict::Valid => Self::Valid,
			Verdict::Invalid(fault) => Self::Invalid(fault),
			Verdict::Unavailable => Self::Unavailable,
		}
	}
}

/// What a committee found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Outcome {
	/// Attested.
	Valid,
	/// Wrong.
	Invalid,
	/// Not to be had.
	Unavailable,
	/// Too few verdicts of any kind.
	Missing,
}

impl Outcome {
	/// Whether `vote` says the same.
	#[must_use]
	pub const fn is(self, vote: &Vote) -> bool {
		matches!(
			(self, vote),
			(Self::Valid, Vote::Valid)
				| (Self::Invalid, Vote::Invalid(_))
				| (Self::Unavailable, Vote::Unavailable)
		)
	}
}

/// What became of a batch. A pending batch before its gateway's first pending one is dead: without a
/// quorum, or with one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum BatchStage {
	/// Waits for verdicts, or for the batch before it.
	Pending,
	/// Attested; verdicts still count for the fee until `due`.
	Attested {
		/// First tick at which none is accepted any more.
		due: Tick,
		/// How many batches of the gateway were attested before it.
		ordinal: u32,
	},
	/// Dead of its own.
	Dead(Outcome),
}

/// A sealed batch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct BatchRecord {
	/// What it is called.
	pub header_hash: Hash32,
	/// The ledger after it.
	pub ledger_root: Hash32,
	/// Size of its payload.
	pub payload_size: u64,
	/// Units, readings, devices.
	pub sums: Sums,
	/// Tick of its window.
	pub tick: Tick,
	/// Tick at which it was sealed.
	pub sealed_at: Tick,
	/// Block at which it was sealed: its committee's seed begins after it.
	pub sealed_in: u32,
	/// Session whose validators the committee is drawn from.
	pub session: SessionIndex,
	/// How many validators that session has.
	pub validators: u32,
	/// K: members of the committee.
	pub members: u32,
	/// Its place in the gateway's queue.
	pub ordinal: u32,
	/// Held from the operator.
	pub fee: Amount,
	/// Part of the fee that the committee shares.
	pub committee_fee: Amount,
	/// Members drawn, as indices into the session's validators; empty until the first verdict.
	pub committee: BoundedVec<u32, ConstU32<MAX_COMMITTEE>>,
	/// Their votes, in the same order.
	pub votes: BoundedVec<Vote, ConstU32<MAX_COMMITTEE>>,
	/// What became of it.
	pub stage: BatchStage,
	/// Whether the fee has been paid out.
	pub collected: bool,
}

impl BatchRecord {
	/// Votes for validity, for a fault, for unavailability.
	#[must_use]
	pub fn tally(&self) -> [u32; 3] {
		self.votes.iter().fold([0; 3], |[valid, invalid, unavailable], vote| match vote {
			Vote::None => [valid, invalid, unavailable],
			Vote::Valid => [valid.saturating_add(1), invalid, unavailable],
			Vote::Invalid(_) => [valid, invalid.saturating_add(1), unavailable],
			Vote::Unavailable => [valid, invalid, unavailable.saturating_add(1)],
		})
	}

	/// First tick at which the batch is dead without a quorum, once the batch before it was attested
	/// at `attested_at`: V ticks after the later of that and its own sealing, at most A after its
	/// window.
	#[must_use]
	pub fn due(&self, attested_at: Tick, periods: &cairn_types::Periods) -> Tick {
		self.sealed_at
			.max(attested_at)
			.saturating_add(periods.verdict_ticks)
			.min(self.tick.saturating_add(periods.attest_ticks))
	}
}

/// A ledger that claims may be proved against once it has matured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct LedgerRecord {
	/// Its root.
	pub root: Hash32,
	/// Tick of its window.
	pub tick: Tick,
	/// Its gateway's network.
	pub network: NetworkId,
}

/// A slot with its deposit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct SlotEntry<AccountId, Ticket> {
	/// Whose slot, when, and who is paid.
	pub record: SlotRecord<AccountId>,
	/// Once ended: first tick at which nothing it earned can change.
	pub settled: Tick,
	/// Who paid the deposit: a later payee does not own it.
	pub depositor: AccountId,
	/// The deposit.
	pub ticket: Ticket,
}

/// Where idle work is: it visits gateway after gateway, again and again.
///
/// A pass that has visited all of them knows which sessions no unsettled batch refers to: along a
/// gateway's queue sessions never fall, and what is sealed behind the visitor refers to the newest
/// session, which was not older when the pass began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Sweep {
	/// The gateway to visit next.
	pub next: GatewayId,
	/// Oldest session that this pass has seen an unsettled batch refer to, or the newest one when it
	/// began.
	pub oldest: SessionIndex,
	/// Sessions before it are not needed: what the last pass found.
	pub needed: SessionIndex,
	/// Sessions before it are gone.
	pub kept: SessionIndex,
}

/// What sealing costs, and how committees are formed. Copied into each batch when it is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
	/// K: members of a committee, at most; 1..=64.
	pub committee_size: u32,
	/// Own deaths after which a window is skipped; at least 1.
	pub max_attempts: u8,
	/// Fee of any batch.
	pub base_fee: Amount,
	/// Fee per reading.
	pub reading_fee: Amount,
	/// Fee per started KiB of payload.
	pub kib_fee: Amount,
	/// The committee's part of the fee.
	pub committee_share: Permill,
}

impl Policy {
	/// The fee of a batch, and the committee's part of it, rounded down. Saturating.
	#[must_use]
	pub fn fee(&self, header: &Header) -> (Amount, Amount) {
		let header = header.latest();
		let kib = u128::from(header.payload_size.div_ceil(1_024));
		let fee = self
			.base_fee
			.saturating_add(self.reading_fee.saturating_mul(u128::from(header.sums.readings)))
			.saturating_add(self.kib_fee.saturating_mul(kib));
		(fee, self.committee_share.mul_floor(fee))
	}

	/// The policy with every number in its documented range.
	#[must_use]
	pub fn clamped(self) -> Self {
		Self {
			committee_size: self.committee_size.clamp(1, MAX_COMMITTEE),
			max_attempts: self.max_attempts.max(1),
			..self
		}
	}
}
