//! When the tokens of a vote are free: what pallet-conviction-voting does, said beforehand. Pure.

use cairn_chain::{AccountVote, Ballot, Conviction, Referendum, Voting};

/// When a vote can be forgotten, and its tokens with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Release {
	/// Its referendum is not decided: taking it back frees its tokens.
	Open,
	/// Nothing keeps it.
	Free,
	/// In this block.
	At(u32),
}

/// When a vote is free. `period` is the chain's lock period.
pub(super) fn release(vote: &AccountVote, referendum: Option<&Referendum>, period: u32) -> Release {
	let (at, approved) = match referendum {
		Some(Referendum::Ongoing(_)) => return Release::Open,
		Some(Referendum::Approved(closed)) => (closed.at, true),
		Some(Referendum::Rejected(closed)) => (closed.at, false),
		// Nobody won.
		Some(Referendum::Cancelled(_) | Referendum::TimedOut(_) | Referendum::Killed(_)) | None => {
			return Release::Free;
		},
	};
	match vote {
		// Only who won is bound.
		AccountVote::Standard { ballot: Ballot { aye, conviction }, .. } if *aye == approved => {
			match lock_blocks(*conviction, period) {
				0 => Release::Free,
				blocks => Release::At(at.saturating_add(blocks)),
			}
		},
		_ => Release::Free,
	}
}

/// For how many blocks a conviction locks after a referendum, or after a delegation.
pub(super) const fn lock_blocks(conviction: Conviction, period: u32) -> u32 {
	conviction.lock_periods().saturating_mul(period)
}

/// What an account's votes on a track come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
	/// Referenda whose votes can be forgotten.
	pub(super) over: Vec<u32>,
	/// What stays locked for votes on referenda that are not decided, or for a delegation.
	pub(super) open: u128,
	/// What stays locked until a block, and that block.
	pub(super) until: Vec<(u128, u32)>,
}

/// What of an account's activity on a track can be forgotten in block `now`, and what cannot.
pub(super) fn standing(
	voting: &Voting,
	referendum: impl Fn(u32) -> Option<Referendum>,
	period: u32,
	now: u32,
) -> Standing {
	let mut standing = Standing::default();
	if let Voting::Delegating(delegating) = voting {
		standing.open = delegating.amount;
	}
	for (index, vote) in voting.votes() {
		match release(vote, referendum(*index).as_ref(), period) {
			Release::Open => standing.open = standing.open.max(vote.amount()),
			Release::At(block) if block > now => standing.until.push((vote.amount(), block)),
			Release::At(_) | Release::Free => standing.over.push(*index),
		}
	}
	let prior = voting.prior();
	if prior.amount > 0 && prior.until > now {
		standing.until.push((prior.amount, prior.until));
	}
	standing
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_chain::{Casting, Closed, Delegating, Delegations, PriorLock};

	const PERIOD: u32 = 100;

	fn closed(at: u32) -> Closed {
		Closed { at, submission_deposit: None, decision_deposit: None }
	}

	fn vote(aye: bool, conviction: Conviction) -> AccountVote {
		AccountVote::Standard { ballot: Ballot { aye, conviction }, amount: 7 }
	}

	#[test]
	fn who_won_with_conviction_is_bound() {
		let approved = Referendum::Approved(closed(1_000));
		let rejected = Referendum::Rejected(closed(1_000));
		let strong = |aye| vote(aye, Conviction::Locked3x);
		let after = |vote: AccountVote, referendum| release(&vote, Some(referendum), PERIOD);
		assert_eq!(after(strong(true), &approved), Release::At(1_400));
		assert_eq!(after(strong(false), &rejected), Release::At(1_400));
		assert_eq!(after(strong(false), &approved), Release::Free);
		assert_eq!(after(strong(true), &rejected), Release::Free);
		assert_eq!(after(vote(true, Conviction::None), &approved), Release::Free);
		let split = AccountVote::SplitAbstain { aye: 1, nay: 1, abstain: 1 };
		assert_eq!(after(split, &approved), Release::Free);
	}

	#[test]
	fn nobody_is_bound_if_nothing_was_decided() {
		let vote = vote(true, Conviction::Locked6x);
		for referendum in [
			Referendum::Cancelled(closed(9)),
			Referendum::TimedOut(closed(9)),
			Referendum::Killed(9),
		] {
			assert_eq!(release(&vote, Some(&referendum), PERIOD), Release::Free);
		}
		assert_eq!(release(&vote, None, PERIOD), Release::Free);
	}

	#[test]
	fn a_track_is_taken_stock_of() {
		let voting = Voting::Casting(Casting {
			votes: vec![
				(1, vote(true, Conviction::Locked1x)),
				(2, vote(false, Conviction::Locked1x)),
				(3, vote(true, Conviction::Locked2x)),
			],
			delegations: Delegations::default(),
			prior: PriorLock { until: 500, amount: 9 },
		});
		let referendum = |index: u32| {
			let at = if index == 1 { 100 } else { 150 };
			Some(Referendum::Approved(closed(at)))
		};
		let found = standing(&voting, referendum, PERIOD, 200);
		let expected = Standing { over: vec![1, 2], open: 0, until: vec![(7, 350), (9, 500)] };
		assert_eq!(found, expected);
		assert_eq!(standing(&voting, referendum, PERIOD, 500).over, [1, 2, 3]);
		assert!(standing(&voting, referendum, PERIOD, 500).until.is_empty());
	}

	#[test]
	fn a_delegation_stays_until_it_is_ended() {
		let voting = Voting::Delegating(Delegating {
			amount: 5,
			target: [1; 32],
			conviction: Conviction::None,
			delegations: Delegations::default(),
			prior: PriorLock::default(),
		});
		let found = standing(&voting, |_| None, PERIOD, 1);
		assert_eq!(found, Standing { over: Vec::new(), open: 5, until: Vec::new() });
	}
}
