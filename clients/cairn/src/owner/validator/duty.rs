//! Verdicts that a validator owed, and gave. Pure.

use std::collections::{BTreeMap, BTreeSet};

use cairn_chain::{DutyStage, DutyView, Ruling, SessionIndex, Vote};
use cairn_types::{Periods, Tick};
use serde::Serialize;

/// Stashes by validator's index, of each session.
pub(super) type Members = BTreeMap<SessionIndex, BTreeMap<u32, [u8; 32]>>;

/// Verdicts over the batches that the chain keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Duty {
	/// Committees that the account sat on.
	pub(super) owed: u32,
	/// Verdicts it gave.
	pub(super) given: u32,
	/// Of those, what the committee found: they are paid.
	pub(super) agreed: u32,
	/// Of those, what the committee did not find.
	pub(super) differed: u32,
	/// Verdicts that it can give no more.
	pub(super) missed: u32,
	/// Verdicts that it can still give.
	pub(super) open: u32,
	/// Batches without any verdict: their committees are not written down.
	pub(super) undrawn: u32,
	/// Batches of sessions whose members are not kept any more.
	pub(super) forgotten: u32,
}

/// Sessions whose members must be known.
pub(super) fn sessions(batches: &[DutyView]) -> BTreeSet<SessionIndex> {
	let drawn = batches.iter().filter(|batch| !batch.committee.is_empty());
	drawn.map(|batch| batch.session).collect()
}

/// Count what `stash` owed and gave.
pub(super) fn count(
	stash: &[u8; 32],
	batches: &[DutyView],
	members: &Members,
	tick: Tick,
	periods: &Periods,
) -> Duty {
	let mut duty = Duty::default();
	for batch in batches {
		match seat(stash, batch, members) {
			Seat::Undrawn => duty.undrawn += 1,
			Seat::Forgotten => duty.forgotten += 1,
			Seat::Other => {},
			Seat::Own(vote) => duty.add(vote, &batch.stage, is_over(batch, tick, periods)),
		}
	}
	duty
}

impl Duty {
	fn add(&mut self, vote: Vote, stage: &DutyStage, is_over: bool) {
		self.owed += 1;
		if vote == Vote::None {
			let count = if is_over { &mut self.missed } else { &mut self.open };
			*count += 1;
			return;
		}
		self.given += 1;
		let ruling = match stage {
			DutyStage::Pending => return,
			DutyStage::Attested { .. } => Ruling::Valid,
			DutyStage::Dead(ruling) => *ruling,
		};
		let count = if agrees(vote, ruling) { &mut self.agreed } else { &mut self.differed };
		*count += 1;
	}
}

/// A stash's place on a committee.
enum Seat {
	/// Nobody knows the committee yet.
	Undrawn,
	/// The session's members are gone.
	Forgotten,
	/// None.
	Other,
	/// One, with this vote.
	Own(Vote),
}

fn seat(stash: &[u8; 32], batch: &DutyView, members: &Members) -> Seat {
	if batch.committee.is_empty() {
		return Seat::Undrawn;
	}
	let Some(members) = members.get(&batch.session) else { return Seat::Forgotten };
	let mut is_known = true;
	for (index, vote) in batch.committee.iter().zip(&batch.votes) {
		match members.get(index) {
			Some(member) if member == stash => return Seat::Own(*vote),
			Some(_) => {},
			None => is_known = false,
		}
	}
	if is_known { Seat::Other } else { Seat::Forgotten }
}

/// Whether no verdict is accepted any more.
fn is_over(batch: &DutyView, tick: Tick, periods: &Periods) -> bool {
	match batch.stage {
		// At the latest; a pending batch that is due before that is dead soon.
		DutyStage::Pending => tick >= batch.tick.saturating_add(periods.attest_ticks),
		DutyStage::Attested { due, .. } => tick >= due,
		DutyStage::Dead(_) => true,
	}
}

const fn agrees(vote: Vote, ruling: Ruling) -> bool {
	matches!(
		(vote, ruling),
		(Vote::Valid, Ruling::Valid)
			| (Vote::Invalid(_), Ruling::Invalid)
			| (Vote::Unavailable, Ruling::Unavailable)
	)
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_types::GatewayId;

	const STASH: [u8; 32] = [7; 32];
	const PERIODS: Periods = Periods::DEVELOPMENT;

	/// A batch whose committee is the validators 0 and 1.
	fn batch(stage: DutyStage, votes: [Vote; 2]) -> DutyView {
		DutyView {
			gateway: GatewayId(0),
			window: 20,
			attempt: 0,
			tick: 20,
			session: 3,
			committee: vec![0, 1],
			votes: votes.to_vec(),
			stage,
		}
	}

	/// Session 3 with the stash at index 1.
	fn members() -> Members {
		Members::from([(3, BTreeMap::from([(0, [1; 32]), (1, STASH)]))])
	}

	fn counted(batches: &[DutyView], tick: Tick) -> Duty {
		count(&STASH, batches, &members(), tick, &PERIODS)
	}

	const ATTESTED: DutyStage = DutyStage::Attested { due: 23, ordinal: 0 };

	#[test]
	fn a_verdict_counts_as_what_the_committee_made_of_it() {
		let batches = [
			batch(ATTESTED, [Vote::None, Vote::Valid]),
			batch(DutyStage::Dead(Ruling::Unavailable), [Vote::None, Vote::Unavailable]),
			batch(ATTESTED, [Vote::None, Vote::Unavailable]),
			batch(DutyStage::Dead(Ruling::Missing), [Vote::None, Vote::Valid]),
			batch(DutyStage::Pending, [Vote::None, Vote::Valid]),
		];
		let expected = Duty { owed: 5, given: 5, agreed: 2, differed: 2, ..Duty::default() };
		assert_eq!(counted(&batches, 22), expected);
	}

	#[test]
	fn a_verdict_is_missed_when_it_is_accepted_no_more() {
		let silent = [Vote::Valid, Vote::None];
		let duty = |stage, tick| {
			let duty = counted(&[batch(stage, silent)], tick);
			assert_eq!((duty.owed, duty.given), (1, 0));
			(duty.open, duty.missed)
		};
		assert_eq!(duty(ATTESTED, 22), (1, 0));
		assert_eq!(duty(ATTESTED, 23), (0, 1));
		assert_eq!(duty(DutyStage::Pending, 25), (1, 0));
		assert_eq!(duty(DutyStage::Pending, 26), (0, 1));
		assert_eq!(duty(DutyStage::Dead(Ruling::Missing), 20), (0, 1));
	}

	#[test]
	fn what_cannot_be_known_is_told_apart() {
		let votes = [Vote::Valid, Vote::Valid];
		let undrawn = DutyView {
			committee: Vec::new(),
			votes: Vec::new(),
			..batch(DutyStage::Pending, votes)
		};
		let gone = DutyView { session: 2, ..batch(ATTESTED, votes) };
		let partly = DutyView { committee: vec![0, 9], ..batch(ATTESTED, votes) };
		let others = DutyView { committee: vec![0], ..batch(ATTESTED, votes) };
		let batches = [undrawn, gone, partly, others];
		let expected = Duty { undrawn: 1, forgotten: 2, ..Duty::default() };
		assert_eq!(counted(&batches, 22), expected);
		assert_eq!(sessions(&batches), BTreeSet::from([2, 3]));
	}
}
