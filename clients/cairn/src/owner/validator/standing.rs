//! What keeps an account from validating. Pure.

use cairn_chain::{SessionKeys, StakeView, StakingLimits};
use cairn_types::Amount;

use super::{super::format, words};

/// Something that keeps an account from validating.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
	/// Nothing is at stake.
	NotBonded,
	/// Less is at stake than candidates must have.
	BondTooLow {
		/// What is.
		active: Amount,
		/// What must be.
		least: Amount,
	},
	/// It does not want to.
	NotCandidate {
		/// It nominates others instead.
		nominates: bool,
	},
	/// It has registered no session keys.
	NoKeys,
	/// It asks for less than candidates may.
	CommissionTooLow {
		/// The least, in billionths.
		least: u32,
	},
	/// There are as many candidates as there may be.
	TooManyCandidates {
		/// How many.
		most: u32,
	},
	/// It was elected before it had keys.
	KeysTooLate,
	/// Too little backs it, even if all its nominators gave it everything.
	Outbid {
		/// What backs it at most.
		backing: Amount,
		/// What backs the last who was elected.
		lowest: Amount,
	},
	/// Enough could back it, but nominators name others, too, and the election gave it to those.
	Spread {
		/// What backs it at most.
		backing: Amount,
		/// What backs the last who was elected.
		lowest: Amount,
	},
	/// It stands since the last election, or something it lacked then, stake or keys, is there now.
	NotYet,
}

impl Obstacle {
	/// A stable name for programs.
	pub(super) const fn code(&self) -> &'static str {
		match self {
			Self::NotBonded => "not-bonded",
			Self::BondTooLow { .. } => "bond-too-low",
			Self::NotCandidate { .. } => "not-candidate",
			Self::NoKeys => "no-keys",
			Self::CommissionTooLow { .. } => "commission-too-low",
			Self::TooManyCandidates { .. } => "too-many-candidates",
			Self::KeysTooLate => "keys-too-late",
			Self::Outbid { .. } => "outbid",
			Self::Spread { .. } => "spread",
			Self::NotYet => "not-yet",
		}
	}

	/// Whether the next election removes it without anybody doing anything.
	pub(super) const fn passes(&self) -> bool {
		matches!(self, Self::KeysTooLate | Self::NotYet)
	}

	/// What it is, in words.
	pub(super) fn says(&self) -> String {
		let amount = |smallest: &Amount| format::amount(*smallest);
		match self {
			Self::NotBonded => "nothing is at stake".to_owned(),
			Self::BondTooLow { active, least } => {
				format!("{} is at stake, candidates need {}", amount(active), amount(least))
			},
			Self::NotCandidate { nominates: true } => {
				"the account nominates others and is no candidate".to_owned()
			},
			Self::NotCandidate { nominates: false } => {
				"the account is no candidate: it never started to validate, or stopped".to_owned()
			},
			Self::NoKeys => "the account has registered no session keys".to_owned(),
			Self::CommissionTooLow { least } => {
				format!("the chain asks for a commission of at least {}", words::percent(*least))
			},
			Self::TooManyCandidates { most } => {
				format!("there are {most} candidates, as many as the chain admits")
			},
			Self::KeysTooLate => "it was elected while it had no session keys".to_owned(),
			Self::Outbid { backing, lowest } => format!(
				"at most {} backs it, the last who was elected has {}",
				amount(backing),
				amount(lowest)
			),
			Self::Spread { backing, lowest } => format!(
				"its nominators have {}, but too much of it went to others whom they name; the \
				 last who was elected has {}",
				amount(backing),
				amount(lowest)
			),
			Self::NotYet => {
				"it was not ready at the last election, or had less at stake".to_owned()
			},
		}
	}

	/// What to do about it.
	pub(super) fn remedy(&self) -> String {
		match self {
			Self::NotBonded => "cairn validator bond --amount TOKENS".to_owned(),
			Self::BondTooLow { active, least } => {
				let lacking = format::number(least.saturating_sub(*active));
				format!("cairn validator bond --amount {lacking}")
			},
			Self::NotCandidate { .. } => "cairn validator start --commission PERCENT".to_owned(),
			Self::NoKeys => "cairn validator keys rotate, on the node's own machine".to_owned(),
			Self::CommissionTooLow { least } => {
				let least = words::percent(*least);
				format!("cairn validator start --commission {}", least.trim_end_matches('%'))
			},
			Self::TooManyCandidates { .. } => {
				"wait until one stops, or let governance raise the limit".to_owned()
			},
			Self::KeysTooLate | Self::NotYet => "wait for the next election".to_owned(),
			Self::Outbid { backing, lowest } => {
				let lacking = format::amount(lowest.saturating_sub(*backing));
				format!("bond or find nominators for {lacking} more, or wait for more seats")
			},
			Self::Spread { .. } => {
				"bond more, or ask nominators to name fewer candidates beside it".to_owned()
			},
		}
	}
}

/// What an account lacks that wants to become a candidate on these terms; first things first.
pub(super) fn before_start(
	stake: Option<&StakeView>,
	keys: Option<&SessionKeys>,
	limits: &StakingLimits,
	commission: u32,
	is_candidate: bool,
) -> Option<Obstacle> {
	let bond = stake_obstacle(stake, limits);
	if bond.is_some() {
		return bond;
	}
	if keys.is_none() {
		return Some(Obstacle::NoKeys);
	}
	if commission < limits.min_commission {
		return Some(Obstacle::CommissionTooLow { least: limits.min_commission });
	}
	let most = limits.max_candidates?;
	let is_full = !is_candidate && limits.candidates >= most;
	is_full.then_some(Obstacle::TooManyCandidates { most })
}

/// What an account's stake lacks for a candidate's.
fn stake_obstacle(stake: Option<&StakeView>, limits: &StakingLimits) -> Option<Obstacle> {
	let Some(stake) = stake else { return Some(Obstacle::NotBonded) };
	// Nobody is elected with nothing, whatever governance asks for.
	let (active, least) = (stake.active, limits.min_validator_bond.max(1));
	(active < least).then_some(Obstacle::BondTooLow { active, least })
}

/// What decides an election for an account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidacy<'a> {
	/// What it has at stake.
	pub(super) stake: Option<&'a StakeView>,
	/// What staking asks of everybody.
	pub(super) limits: &'a StakingLimits,
	/// Whether it wants to validate.
	pub(super) is_candidate: bool,
	/// Whether it nominates.
	pub(super) nominates: bool,
	/// Whether it has registered keys.
	pub(super) has_keys: bool,
	/// Whether it won a seat in the last election.
	pub(super) is_elected: bool,
	/// What backs it: of the last election if it won, else the most that the next one may give it.
	pub(super) backing: Amount,
	/// What backs the last who was elected.
	pub(super) lowest: Option<Amount>,
}

/// Why an account does not validate; everything that it lacks itself, else how the election went.
pub(super) fn absence(candidacy: &Candidacy<'_>) -> Vec<Obstacle> {
	let Candidacy { stake, limits, is_candidate, nominates, has_keys, .. } = *candidacy;
	let mut found = Vec::new();
	// A candidate stays one if the chain asks for more later.
	let counts_bond = !is_candidate || stake.is_none_or(|stake| stake.active == 0);
	found.extend(stake_obstacle(stake, limits).filter(|_| counts_bond));
	if !is_candidate && stake.is_some() {
		found.push(Obstacle::NotCandidate { nominates });
	}
	if !has_keys {
		found.push(Obstacle::NoKeys);
	}
	if found.is_empty() {
		found.push(outcome(candidacy));
	}
	found
}

/// How the last election went for a candidate that lacks nothing now.
fn outcome(candidacy: &Candidacy<'_>) -> Obstacle {
	let Candidacy { stake, limits, is_elected, backing, lowest, .. } = *candidacy;
	if is_elected {
		return Obstacle::KeysTooLate;
	}
	let own = stake.map_or(0, |stake| stake.active);
	// Where there are seats for all, whoever stands is elected.
	match lowest.filter(|_| limits.candidates > limits.seats) {
		Some(lowest) if backing < lowest => Obstacle::Outbid { backing, lowest },
		// Nobody shares it with others: had it been there, it would have won.
		Some(lowest) if own > lowest => Obstacle::NotYet,
		Some(lowest) => Obstacle::Spread { backing, lowest },
		None => Obstacle::NotYet,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const LIMITS: StakingLimits = StakingLimits {
		min_validator_bond: 100,
		min_nominator_bond: 10,
		min_commission: 50_000_000,
		max_candidates: Some(4),
		candidates: 3,
		seats: 2,
	};
	const KEYS: SessionKeys = SessionKeys {
		babe: [1; 32],
		grandpa: [2; 32],
		authority_discovery: [3; 32],
		telemetry: [4; 32],
	};

	fn stake(active: Amount) -> StakeView {
		StakeView { stash: [1; 32], total: active, active, unlocking: Vec::new() }
	}

	fn start(active: Amount, commission: u32, limits: &StakingLimits) -> Option<Obstacle> {
		before_start(Some(&stake(active)), Some(&KEYS), limits, commission, false)
	}

	fn loser<'a>(stake: &'a StakeView, limits: &'a StakingLimits) -> Candidacy<'a> {
		Candidacy {
			stake: Some(stake),
			limits,
			is_candidate: true,
			nominates: false,
			has_keys: true,
			is_elected: false,
			backing: 500,
			lowest: Some(600),
		}
	}

	#[test]
	fn works_when_nothing_is_in_a_candidates_way() {
		assert_eq!(start(100, 50_000_000, &LIMITS), None);
		let free = StakingLimits { max_candidates: None, min_commission: 0, ..LIMITS };
		assert_eq!(start(100, 0, &free), None);
	}

	#[test]
	fn fails_when_a_candidate_lacks_something() {
		assert_eq!(before_start(None, None, &LIMITS, 0, false), Some(Obstacle::NotBonded));
		let low = Some(Obstacle::BondTooLow { active: 99, least: 100 });
		assert_eq!(start(99, 50_000_000, &LIMITS), low);
		let stake = stake(100);
		let no_keys = before_start(Some(&stake), None, &LIMITS, 50_000_000, false);
		assert_eq!(no_keys, Some(Obstacle::NoKeys));
		let cheap = Some(Obstacle::CommissionTooLow { least: 50_000_000 });
		assert_eq!(start(100, 49_999_999, &LIMITS), cheap);
		let full = StakingLimits { candidates: 4, ..LIMITS };
		let crowd = Some(Obstacle::TooManyCandidates { most: 4 });
		assert_eq!(start(100, 50_000_000, &full), crowd);
		assert_eq!(before_start(Some(&stake), Some(&KEYS), &full, 50_000_000, true), None);
	}

	#[test]
	fn an_account_that_lacks_several_things_hears_of_all() {
		let (poor, limits) = (stake(99), LIMITS);
		let candidacy = Candidacy { is_candidate: false, has_keys: false, ..loser(&poor, &limits) };
		let low = Obstacle::BondTooLow { active: 99, least: 100 };
		let stands_not = Obstacle::NotCandidate { nominates: false };
		assert_eq!(absence(&candidacy), [low, stands_not, Obstacle::NoKeys]);
		let nobody = Candidacy { stake: None, is_candidate: false, ..loser(&poor, &limits) };
		assert_eq!(absence(&nobody), [Obstacle::NotBonded]);
	}

	#[test]
	fn a_candidate_stays_one_if_the_chain_asks_for_more() {
		let (poor, limits) = (stake(99), LIMITS);
		let outbid = Obstacle::Outbid { backing: 500, lowest: 600 };
		assert_eq!(absence(&loser(&poor, &limits)), [outbid]);
		let empty = stake(0);
		let low = Obstacle::BondTooLow { active: 0, least: 100 };
		assert_eq!(absence(&loser(&empty, &limits)), [low]);
	}

	#[test]
	fn an_election_is_lost_by_backing_or_by_how_it_was_shared() {
		let (rich, limits) = (stake(300), LIMITS);
		let candidacy = loser(&rich, &limits);
		let spread = Candidacy { backing: 600, ..candidacy };
		assert_eq!(absence(&spread), [Obstacle::Spread { backing: 600, lowest: 600 }]);
		let richer = stake(601);
		let late = Candidacy { stake: Some(&richer), backing: 601, ..candidacy };
		assert_eq!(absence(&late), [Obstacle::NotYet], "it has won by its own stake, or will");
		let early = Candidacy { is_elected: true, ..candidacy };
		assert_eq!(absence(&early), [Obstacle::KeysTooLate]);
		let roomy = StakingLimits { seats: 3, ..LIMITS };
		assert_eq!(absence(&Candidacy { limits: &roomy, ..candidacy }), [Obstacle::NotYet]);
	}

	#[test]
	fn every_obstacle_has_words_and_a_remedy() {
		let all = [
			Obstacle::NotBonded,
			Obstacle::BondTooLow { active: 1, least: 3 },
			Obstacle::NotCandidate { nominates: true },
			Obstacle::NotCandidate { nominates: false },
			Obstacle::NoKeys,
			Obstacle::CommissionTooLow { least: 50_000_000 },
			Obstacle::TooManyCandidates { most: 4 },
			Obstacle::KeysTooLate,
			Obstacle::Outbid { backing: 1, lowest: 2 },
			Obstacle::Spread { backing: 3, lowest: 2 },
			Obstacle::NotYet,
		];
		for obstacle in all {
			assert!(!obstacle.says().is_empty() && !obstacle.remedy().is_empty());
			assert!(obstacle.code().bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase()));
		}
		let low = Obstacle::BondTooLow { active: 0, least: format::UNIT };
		assert_eq!(low.remedy(), "cairn validator bond --amount 1");
		let cheap = Obstacle::CommissionTooLow { least: 50_000_000 };
		assert_eq!(cheap.remedy(), "cairn validator start --commission 5");
	}
}
