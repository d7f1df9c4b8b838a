//! Where a referendum stands: phase, shares, what they have to be, and all of it in words. Pure.

use cairn_chain::{Deciding, Ongoing, Perbill, Referendum, Tally, Track};

use super::{
	super::format,
	words::{at_block, percent, span},
};

/// Where an ongoing referendum is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
	/// Nobody placed its decision deposit; it is over in this block.
	Undeposited(u32),
	/// Its decision may begin in this block.
	Preparing(u32),
	/// Its decision may begin as soon as another one of the track ends.
	Queued,
	/// It is being decided.
	Deciding {
		/// The block in which it is rejected unless it passes.
		ends: u32,
		/// The block in which it is approved if it keeps passing.
		confirming: Option<u32>,
	},
}

/// What the votes come to, and what they have to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shares {
	/// The ayes' share.
	pub(super) approval: Share,
	/// The share of all tokens.
	pub(super) support: Share,
}

/// A share of the votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
	/// What it is.
	pub(super) is: Perbill,
	/// What it has to be now.
	pub(super) needed: Perbill,
	/// What it has to be at the end.
	pub(super) needed_at_end: Perbill,
}

impl Share {
	/// Whether it is enough now.
	pub(super) fn passes(&self) -> bool {
		self.is >= self.needed
	}
}

impl Shares {
	/// Whether it would be confirmed now.
	pub(super) fn pass(&self) -> bool {
		self.approval.passes() && self.support.passes()
	}
}

/// Where an ongoing referendum is. `timeout` is how many blocks it may wait for its decision.
pub(super) fn phase(ongoing: &Ongoing, track: &Track, timeout: u32) -> Phase {
	if let Some(Deciding { since, confirming }) = ongoing.deciding {
		return Phase::Deciding { ends: since.saturating_add(track.decision_period), confirming };
	}
	if ongoing.in_queue {
		return Phase::Queued;
	}
	match ongoing.decision_deposit {
		None => Phase::Undeposited(ongoing.submitted.saturating_add(timeout)),
		Some(_) => Phase::Preparing(ongoing.submitted.saturating_add(track.prepare_period)),
	}
}

/// What the votes come to in block `now`, of `issuance` tokens. Before the decision, what they have
/// to come to as it begins.
pub(super) fn shares(ongoing: &Ongoing, track: &Track, issuance: u128, now: u32) -> Shares {
	let period = track.decision_period;
	let elapsed = ongoing.deciding.map_or(0, |deciding| now.saturating_sub(deciding.since));
	let passed = Perbill::from_rational(elapsed.min(period), period);
	let approval = Share {
		is: ongoing.tally.approval(),
		needed: track.min_approval.threshold(passed),
		needed_at_end: track.min_approval.threshold(Perbill::one()),
	};
	let support = Share {
		is: ongoing.tally.support_of(issuance),
		needed: track.min_support.threshold(passed),
		needed_at_end: track.min_support.threshold(Perbill::one()),
	};
	Shares { approval, support }
}

/// A phase in words.
pub(super) fn phase_text(
	phase: Phase,
	index: u32,
	track: &Track,
	now: u32,
	slot_millis: u64,
) -> String {
	let when = |block| at_block(block, now, slot_millis);
	match phase {
		Phase::Undeposited(timeout) => {
			let deposit = format::amount(track.decision_deposit);
			format!(
				"waits for {deposit}: cairn gov deposit {index}; without it, it is over {}",
				when(timeout)
			)
		},
		Phase::Preparing(ready) => format!("prepares; its decision may begin {}", when(ready)),
		Phase::Queued => {
			format!("is queued: its track decides {} at once", track.max_deciding)
		},
		Phase::Deciding { confirming: Some(block), .. } => {
			format!("passes; approved {} if it goes on passing", when(block))
		},
		Phase::Deciding { ends, confirming: None } => {
			let confirm = span(track.confirm_period, slot_millis);
			format!("is decided; rejected {} unless it passes for {confirm}", when(ends))
		},
	}
}

/// A share in words: `approval 60% of 75.5% needed now, 50% at the end`.
pub(super) fn share_text(name: &str, share: &Share) -> String {
	let Share { is, needed, needed_at_end } = share;
	let verdict = if share.passes() { "enough" } else { "not enough" };
	format!(
		"{name} {}: {verdict}, {} is needed now, {} at the end",
		percent(*is),
		percent(*needed),
		percent(*needed_at_end)
	)
}

/// The votes in words.
pub(super) fn tally_text(tally: &Tally) -> String {
	let Tally { ayes, nays, support } = tally;
	let (ayes, nays) = (format::number(*ayes), format::number(*nays));
	let support = format::amount(*support);
	format!("{ayes} votes for it, {nays} against it; {support} behind ayes and abstentions")
}

/// What became of a referendum, in words.
pub(super) fn outcome(referendum: &Referendum) -> String {
	match referendum {
		Referendum::Ongoing(_) => "not decided".to_owned(),
		Referendum::Approved(closed) => format!("approved in block {}", closed.at),
		Referendum::Rejected(closed) => format!("rejected in block {}", closed.at),
		Referendum::Cancelled(closed) => format!("cancelled in block {}", closed.at),
		Referendum::TimedOut(closed) => {
			format!("timed out in block {}: its decision never began", closed.at)
		},
		Referendum::Killed(at) => format!("killed in block {at}: its deposits are lost"),
	}
}

/// What became of a referendum, in a word for programs.
pub(super) const fn outcome_name(referendum: &Referendum) -> &'static str {
	match referendum {
		Referendum::Ongoing(_) => "ongoing",
		Referendum::Approved(_) => "approved",
		Referendum::Rejected(_) => "rejected",
		Referendum::Cancelled(_) => "cancelled",
		Referendum::TimedOut(_) => "timed_out",
		Referendum::Killed(_) => "killed",
	}
}

#[cfg(test)]
pub(super) mod tests {
	use super::*;
	use cairn_chain::{Closed, Deposit, Enactment, Proposal};

	const SLOT_MILLIS: u64 = 6_000;

	/// On the track of 1,000 blocks, submitted in block 100.
	pub(in super::super) fn ongoing() -> Ongoing {
		let deposit = |amount| Deposit { who: [7; 32], amount };
		Ongoing {
			track: 10,
			origin: [30, 1],
			proposal: Proposal::Inline(vec![0, 0, 0]),
			enactment: Enactment::After(0),
			submitted: 100,
			submission_deposit: deposit(10 * format::UNIT),
			decision_deposit: Some(deposit(1_000 * format::UNIT)),
			deciding: Some(Deciding { since: 200, confirming: None }),
			tally: Tally {
				ayes: 60 * format::UNIT,
				nays: 40 * format::UNIT,
				support: 30 * format::UNIT,
			},
			in_queue: false,
		}
	}

	fn track() -> Track {
		let governance = super::super::track::tests::governance();
		governance.track(10).expect("it is there").clone()
	}

	#[test]
	fn a_referendum_goes_its_way() {
		let (track, deciding) = (track(), ongoing());
		let phase = |ongoing: &Ongoing| phase(ongoing, &track, 2_000);
		let text = |phase| phase_text(phase, 3, &track, 150, SLOT_MILLIS);

		let waiting = Ongoing { deciding: None, decision_deposit: None, ..deciding.clone() };
		assert_eq!(phase(&waiting), Phase::Undeposited(2_100));
		assert!(text(phase(&waiting)).contains("waits for 1000 CAIRN: cairn gov deposit 3"));

		let preparing = Ongoing { deciding: None, ..deciding.clone() };
		assert_eq!(phase(&preparing), Phase::Preparing(120));
		assert!(text(Phase::Preparing(160)).contains("may begin at block 160, in about 1 min"));

		let queued = Ongoing { in_queue: true, ..preparing };
		assert_eq!(phase(&queued), Phase::Queued);
		assert!(text(Phase::Queued).contains("decides 5 at once"));

		assert_eq!(phase(&deciding), Phase::Deciding { ends: 1_200, confirming: None });
		assert!(text(phase(&deciding)).contains("at block 1200"));
		let confirming =
			Ongoing { deciding: Some(Deciding { since: 200, confirming: Some(700) }), ..deciding };
		let expected = Phase::Deciding { ends: 1_200, confirming: Some(700) };
		assert_eq!(phase(&confirming), expected);
		assert!(text(expected).contains("approved at block 700"));
	}

	#[test]
	fn shares_are_held_against_the_curves() {
		let (track, ongoing) = (track(), ongoing());
		let percent = Perbill::from_percent;
		let issuance = 100 * format::UNIT;
		// Half of the period has passed.
		let found = shares(&ongoing, &track, issuance, 700);
		let approval = Share { is: percent(60), needed: percent(75), needed_at_end: percent(50) };
		let support = Share { is: percent(30), needed: percent(25), needed_at_end: percent(0) };
		assert_eq!(found, Shares { approval, support });
		assert!(!found.pass() && support.passes());
		assert!(shares(&ongoing, &track, issuance, 1_000).pass());
		assert!(shares(&ongoing, &track, issuance, 9_999).pass());
		let text = share_text("approval", &approval);
		assert_eq!(text, "approval 60%: not enough, 75% is needed now, 50% at the end");

		let waiting = Ongoing { deciding: None, ..ongoing };
		assert_eq!(shares(&waiting, &track, issuance, 700).approval.needed, percent(100));
	}

	#[test]
	fn votes_and_outcomes_are_put_into_words() {
		let text = tally_text(&ongoing().tally);
		assert_eq!(text, "60 votes for it, 40 against it; 30 CAIRN behind ayes and abstentions");
		let closed = Closed { at: 9, submission_deposit: None, decision_deposit: None };
		assert_eq!(outcome(&Referendum::Approved(closed)), "approved in block 9");
		assert_eq!(outcome_name(&Referendum::Killed(9)), "killed");
	}
}
