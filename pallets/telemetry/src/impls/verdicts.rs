//! Verdicts: who may give which, what they decide.

use alloc::vec::Vec;
use cairn_telemetry::{
	VerdictClaim,
	authority::{AuthorityId, AuthoritySignature},
	committee,
};
use cairn_traits::{Entropy, Timekeeper, UnitBook};
use cairn_types::{Attempt, GatewayId, Hash32, Window};
use codec::Encode;
use frame_support::{
	BoundedVec, ensure,
	pallet_prelude::{
		DispatchResult, InvalidTransaction, TransactionPriority, TransactionSource,
		TransactionValidityError, TransactionValidityWithRefund, ValidTransaction, Weight,
	},
	traits::Get,
};
use sp_runtime::RuntimeAppPublic;

use crate::{
	Batches, Config, Error, Event, GatewayRecordOf, Gateways, Keys, Ledgers, Pallet, WeightInfo,
	types::{BatchRecord, BatchStage, Head, LedgerRecord, Outcome, Vote},
};

/// Why a verdict is refused; the transaction pool reports it as `InvalidTransaction::Custom(code)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
	/// There is no such batch: it was never sealed, or is long over.
	UnknownBatch,
	/// The batch is dead.
	Dead,
	/// A batch before it has not been attested yet: wait.
	NotNext,
	/// It is due: verdicts are not accepted any more.
	TooLate,
	/// The verdict names another header, session or batch than the one sealed.
	OtherBatch,
	/// The committee's seed is not known yet: wait for the next period.
	NoSeed,
	/// Not a member of the committee.
	NotMember,
	/// The member has voted.
	AlreadyVoted,
	/// The tag and the verdict do not go together: zero with `Unavailable`, and only then.
	BadTag,
	/// The signature is not the member's session key's.
	BadSignature,
	/// The member's key is not kept: a bug.
	NoKey,
}

impl Rejection {
	/// Every rejection, in order of code.
	pub const ALL: &[Self] = &[
		Self::UnknownBatch,
		Self::Dead,
		Self::NotNext,
		Self::TooLate,
		Self::OtherBatch,
		Self::NoSeed,
		Self::NotMember,
		Self::AlreadyVoted,
		Self::BadTag,
		Self::BadSignature,
		Self::NoKey,
	];

	/// What is wrong and what to do about it.
	#[must_use]
	pub const fn text(self) -> &'static str {
		match self {
			Self::UnknownBatch => "There is no such batch. Check gateway, window and attempt.",
			Self::Dead => "The batch is dead. Nothing is owed for it.",
			Self::NotNext => "A batch before it waits. Vote when that one is attested.",
			Self::TooLate => "The batch is due. Check the node's load and its source's speed.",
			Self::OtherBatch => "Another header or session was sealed. Fetch the batch again.",
			Self::NoSeed => "The committee is not drawn yet. Vote when the next period ends.",
			Self::NotMember => "The member is not on the committee. Nothing is owed.",
			Self::AlreadyVoted => "The member has voted. One verdict counts.",
			Self::BadTag => "The tag is zero with Unavailable, and only then.",
			Self::BadSignature => "Not signed by the member's key. Check the keystore and genesis.",
			Self::NoKey => "The session's keys are not kept. Please report this bug.",
		}
	}

	/// The code that the pool reports.
	#[must_use]
	pub const fn code(self) -> u8 {
		match self {
			Self::UnknownBatch => 1,
			Self::Dead => 2,
			Self::NotNext => 3,
			Self::TooLate => 4,
			Self::OtherBatch => 5,
			Self::NoSeed => 6,
			Self::NotMember => 7,
			Self::AlreadyVoted => 8,
			Self::BadTag => 9,
			Self::BadSignature => 10,
			Self::NoKey => 11,
		}
	}
}

impl From<Rejection> for TransactionValidityError {
	fn from(rejection: Rejection) -> Self {
		InvalidTransaction::Custom(rejection.code()).into()
	}
}

/// A verdict that may be given: everything but its signature has been checked.
pub(crate) struct Ballot<T: Config> {
	gateway: GatewayRecordOf<T>,
	batch: BatchRecord,
	/// The member's place in the committee.
	place: usize,
}

impl<T: Config> Pallet<T> {
	/// What a verdict costs at most beyond its authorisation. Both look at the same entries: measured
	/// together, these are counted once.
	pub(crate) fn verdict_beyond_authorization() -> Weight {
		T::WeightInfo::submit_first_verdict()
			.max(T::WeightInfo::submit_last_verdict())
			.saturating_sub(T::WeightInfo::authorize_submit_verdict())
	}

	/// Cheap checks first, the signature last.
	pub(crate) fn authorize_verdict(
		_: TransactionSource,
		claim: &VerdictClaim,
		signature: &AuthoritySignature,
	) -> TransactionValidityWithRefund {
		Self::ballot(claim)?;
		let (_, key) = Keys::<T>::get(claim.session, claim.member).ok_or(Rejection::NoKey)?;
		let message = claim.message(&Self::genesis());
		ensure!(key.verify(&message, signature), Rejection::BadSignature);
		let validity = ValidTransaction::with_tag_prefix("cairn/verdict")
			.priority(TransactionPriority::MAX / 2)
			.and_provides((claim.gateway, claim.window, claim.attempt, claim.member))
			.longevity(32)
			.propagate(true)
			.build()?;
		Ok((validity, Weight::zero()))
	}

	/// Whether a verdict on this batch by this member is accepted now.
	fn ballot(claim: &VerdictClaim) -> Result<Ballot<T>, Rejection> {
		let key = (claim.gateway, claim.window, claim.attempt);
		let mut batch = Batches::<T>::get(key).ok_or(Rejection::UnknownBatch)?;
		let gateway = Gateways::<T>::get(claim.gateway).ok_or(Rejection::UnknownBatch)?;
		let due = match batch.stage {
			BatchStage::Attested { due, .. } => due,
			BatchStage::Dead(_) => return Err(Rejection::Dead),
			BatchStage::Pending if batch.ordinal < gateway.queue.pending => {
				return Err(Rejection::Dead);
			},
			BatchStage::Pending if batch.ordinal > gateway.queue.pending => {
				return Err(Rejection::NotNext);
			},
			BatchStage::Pending => batch.due(gateway.attested_at, &T::Time::periods()),
		};
		ensure!(T::Time::now().tick < due, Rejection::TooLate);
		ensure!(
			claim.header_hash == batch.header_hash && claim.session == batch.session,
			Rejection::OtherBatch
		);
		let unavailable = claim.verdict == cairn_telemetry::Verdict::Unavailable;
		ensure!(unavailable == (claim.tag == Hash32::default()), Rejection::BadTag);
		if batch.committee.is_empty() {
			let seed = Self::committee_seed(claim.gateway, claim.window, claim.attempt, &batch)
				.ok_or(Rejection::NoSeed)?;
			draw(&mut batch, &seed);
		}
		let place = batch.committee.iter().position(|member| *member == claim.member);
		let place = place.ok_or(Rejection::NotMember)?;
		ensure!(batch.votes.get(place) == Some(&Vote::None), Rejection::AlreadyVoted);
		Ok(Ballot { gateway, batch, place })
	}

	/// The seed of a batch's committee: drawn after the header was fixed.
	pub(crate) fn committee_seed(
		gateway: GatewayId,
		window: Window,
		attempt: Attempt,
		batch: &BatchRecord,
	) -> Option<Hash32> {
		let subject = (b"cairn/committee", gateway, window, attempt, batch.header_hash).encode();
		T::Entropy::seed(&subject, batch.sealed_in)
	}

	/// The committee of a batch as it is or will be drawn; `None` until its seed is known.
	pub(crate) fn committee_of(
		gateway: GatewayId,
		window: Window,
		attempt: Attempt,
		batch: &BatchRecord,
	) -> Option<Vec<u32>> {
		if !batch.committee.is_empty() {
			return Some(batch.committee.to_vec());
		}
		let seed = Self::committee_seed(gateway, window, attempt, batch)?;
		let mut drawn = batch.clone();
		draw(&mut drawn, &seed);
		Some(drawn.committee.into_inner())
	}

	pub(crate) fn do_submit_verdict(claim: &VerdictClaim) -> DispatchResult {
		let Ballot { mut gateway, mut batch, place } =
			Self::ballot(claim).map_err(|_| Error::<T>::VerdictRejected)?;
		let VerdictClaim { gateway: id, window, attempt, member, verdict, .. } = *claim;
		*batch.votes.get_mut(place).ok_or(Error::<T>::Inconsistent)? = verdict.into();
		Self::deposit_event(Event::VerdictGiven { gateway: id, window, attempt, member, verdict });
		let decided = if batch.stage == BatchStage::Pending { decision(&batch) } else { None };
		match decided {
			Some(Outcome::Valid) => Self::attest(id, &mut gateway, (window, attempt), &mut batch),
			Some(outcome) => {
				batch.stage = BatchStage::Dead(outcome);
				let max_attempts = T::Policy::get().clamped().max_attempts;
				let skipped = gateway.die(window, outcome, max_attempts);
				let died = Event::Died { gateway: id, window, attempt, outcome, skipped };
				Self::deposit_event(died);
			},
			None => {},
		}
		if decided.is_some() {
			Gateways::<T>::insert(id, gateway);
		}
		Batches::<T>::insert((id, window, attempt), batch);
		Ok(())
	}

	fn attest(
		id: GatewayId,
		gateway: &mut GatewayRecordOf<T>,
		(window, attempt): (Window, Attempt),
		batch: &mut BatchRecord,
	) {
		let (now, periods) = (T::Time::now(), T::Time::periods());
		let (root, units) = (batch.ledger_root, batch.sums.units);
		batch.stage = BatchStage::Attested {
			due: batch.due(gateway.attested_at, &periods),
			ordinal: gateway.availability.attested,
		};
		gateway.attested = Some(Head { window, attempt, root });
		gateway.attested_at = now.tick;
		gateway.failures = 0;
		gateway.availability.attested = gateway.availability.attested.saturating_add(1);
		gateway.queue.pending = gateway.queue.pending.saturating_add(1);
		let record = LedgerRecord { root, tick: batch.tick, network: gateway.network };
		Ledgers::<T>::insert(id, window, record);
		let cycle = periods.cycle_of(batch.tick);
		T::Units::note_attested(&mut gateway.accrual, gateway.network, cycle, units);
		Self::deposit_event(Event::Attested { gateway: id, window, attempt, root, units });
	}

	/// The verdict keys of this node that sit on a committee, with their members' indices.
	pub(crate) fn local_members(session: u32, committee: &[u32]) -> Vec<(u32, AuthorityId)> {
		let local = AuthorityId::all();
		let key = |member: &u32| Keys::<T>::get(session, member).map(|(_, key)| (*member, key));
		committee.iter().filter_map(key).filter(|(_, key)| local.contains(key)).collect()
	}
}

/// Draw a batch's committee from the validators of its session.
fn draw(batch: &mut BatchRecord, seed: &Hash32) {
	let members = committee::draw(seed, batch.validators, batch.members);
	batch.votes = BoundedVec::truncate_from(alloc::vec![Vote::None; members.len()]);
	batch.committee = BoundedVec::truncate_from(members);
}

/// What the votes so far decide: Valid at a quorum; dead once a quorum cannot be reached any more.
fn decision(batch: &BatchRecord) -> Option<Outcome> {
	let [valid, invalid, unavailable] = batch.tally();
	let members = u32::try_from(batch.committee.len()).unwrap_or(u32::MAX);
	let quorum = committee::quorum(members);
	let blocking = members.saturating_sub(quorum).saturating_add(1);
	if valid >= quorum {
		return Some(Outcome::Valid);
	}
	if invalid.saturating_add(unavailable) < blocking {
		return None;
	}
	// Never a refund after a vote: else a gateway could try committee after committee for nothing.
	Some(if invalid > unavailable { Outcome::Invalid } else { Outcome::Unavailable })
}
