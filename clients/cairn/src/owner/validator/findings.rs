//! How an account stands as a validator, in words: a list of findings. Pure.

use std::collections::BTreeMap;

use cairn_chain::{
	EraView, ErasView, ExposureView, Payee, SessionKeys, SlashView, StakeView, StakingLimits,
	StakingTerms, ValidatorPrefs, ValidatorSet, account_text,
};
use cairn_types::Amount;

use super::{
	super::{format, why::Finding},
	due,
	duty::Duty,
	keys::{self, Queued},
	standing::{Candidacy, Obstacle, absence},
	words,
};

/// Everything that is said of an account.
#[derive(Clone, Debug)]
pub(super) struct Facts {
	/// The account.
	pub(super) stash: [u8; 32],
	/// What it has at stake.
	pub(super) stake: Option<StakeView>,
	/// Where its rewards go.
	pub(super) payee: Option<Payee>,
	/// Its terms, if it wants to validate.
	pub(super) prefs: Option<ValidatorPrefs>,
	/// How many it nominates.
	pub(super) nominates: usize,
	/// The keys that it has registered.
	pub(super) keys: Option<SessionKeys>,
	/// Whether the node has them; `None` if it does not tell.
	pub(super) node_has_keys: Option<bool>,
	/// What staking asks of everybody.
	pub(super) limits: StakingLimits,
	/// What genesis and the runtime fix.
	pub(super) terms: StakingTerms,
	/// Where eras are.
	pub(super) eras: ErasView,
	/// Who validates.
	pub(super) set: ValidatorSet,
	/// Who won the last election.
	pub(super) elected: BTreeMap<[u8; 32], ExposureView>,
	/// The most that the next election may give a candidate that did not win: its own stake and
	/// all of its nominators'.
	pub(super) approved: Amount,
	/// The eras that are kept, up to the active one.
	pub(super) history: Vec<EraView>,
	/// Slashes that are scheduled.
	pub(super) slashes: Vec<SlashView>,
	/// Verdicts owed and given.
	pub(super) duty: Duty,
}

/// Where an account is among the validators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
	/// It validates, and goes on in the next session.
	Validates,
	/// It validates in this session for the last time.
	Leaves,
	/// It begins with the next session.
	Joins,
	/// It does not validate.
	Out,
}

impl Place {
	/// A stable name for programs.
	pub(super) const fn code(self) -> &'static str {
		match self {
			Self::Validates => "validates",
			Self::Leaves => "leaves",
			Self::Joins => "joins",
			Self::Out => "out",
		}
	}
}

impl Facts {
	/// Where it is among the validators.
	pub(super) fn place(&self) -> Place {
		let is_member = self.set.members.contains(&self.stash);
		let is_queued = self.set.queued.iter().any(|(stash, _)| *stash == self.stash);
		match (is_member, is_queued) {
			(true, true) => Place::Validates,
			(true, false) => Place::Leaves,
			(false, true) => Place::Joins,
			(false, false) => Place::Out,
		}
	}

	/// What backs it: as the last election had it, or else the most that the next may give it.
	pub(super) fn backing(&self) -> Amount {
		self.elected.get(&self.stash).map_or(self.approved, |exposure| exposure.total)
	}

	/// What backs the last who was elected.
	pub(super) fn lowest(&self) -> Option<Amount> {
		self.elected.values().map(|exposure| exposure.total).min()
	}

	/// What keeps it from validating in the next session; empty if nothing does.
	pub(super) fn obstacles(&self) -> Vec<Obstacle> {
		if matches!(self.place(), Place::Validates | Place::Joins) {
			return Vec::new();
		}
		absence(&Candidacy {
			stake: self.stake.as_ref(),
			limits: &self.limits,
			is_candidate: self.prefs.is_some(),
			nominates: self.nominates > 0,
			has_keys: self.keys.is_some(),
			is_elected: self.elected.contains_key(&self.stash),
			backing: self.backing(),
			lowest: self.lowest(),
		})
	}

	/// Whether it may not work now.
	pub(super) fn is_disabled(&self) -> bool {
		let place = self.set.members.iter().position(|member| *member == self.stash);
		let index = place.and_then(|place| u32::try_from(place).ok());
		index.is_some_and(|index| self.set.disabled.contains(&index))
	}

	/// The active era.
	pub(super) fn active_era(&self) -> Option<&EraView> {
		self.history.iter().find(|view| view.era == self.eras.active)
	}

	/// The ended eras in which it earned something, newest first.
	pub(super) fn earning_eras(&self) -> impl Iterator<Item = &EraView> {
		self.history.iter().rev().filter(|view| view.earned().0 > 0)
	}

	/// Eras with something unclaimed, and what of it is the validator's; about, where some pages of
	/// an era are paid.
	pub(super) fn unclaimed(&self) -> (usize, Amount) {
		let open = self.history.iter().filter(|view| !due::unclaimed(view).is_empty());
		open.fold((0, 0), |(eras, sum), view| (eras + 1, sum.saturating_add(view.earned().1)))
	}
}

/// Every check in order: stake, keys, candidacy, the set of validators, money, verdicts.
pub(super) fn explain(facts: &Facts) -> Vec<Finding> {
	let mut findings = stake(facts);
	findings.extend(session_keys(facts));
	findings.push(candidacy(facts));
	findings.push(place(facts));
	if facts.is_disabled() {
		findings.push(Finding::bad(
			"disabled",
			"an offence keeps it from working until the set of validators changes",
			"look at the node's log; never run the same keys on two machines",
		));
	}
	findings.extend(points(facts));
	findings.extend(pay(facts));
	findings.extend(facts.slashes.iter().map(|slash| slashed(facts, slash)));
	findings.push(verdicts(&facts.duty));
	findings
}

/// The answer in one sentence.
pub(super) fn verdict(facts: &Facts) -> String {
	let session = facts.set.session;
	let next = session.saturating_add(1);
	match facts.place() {
		Place::Validates if facts.is_disabled() => {
			format!("it is a validator of session {session}, but disabled")
		},
		Place::Validates => {
			format!("it validates, in session {session} of era {}", facts.eras.active)
		},
		Place::Joins => format!("it validates from session {next} on"),
		Place::Leaves => format!("it validates until session {session} ends: {}", reasons(facts)),
		Place::Out => format!("it does not validate: {}", reasons(facts)),
	}
}

/// Every obstacle in words.
fn reasons(facts: &Facts) -> String {
	let obstacles = facts.obstacles();
	let reasons = obstacles.iter().map(Obstacle::says).collect::<Vec<_>>();
	reasons.join("; ")
}

fn obstructed(check: &'static str, obstacle: &Obstacle) -> Finding {
	Finding::bad(check, obstacle.says(), obstacle.remedy())
}

fn stake(facts: &Facts) -> Vec<Finding> {
	let Some(stake) = &facts.stake else {
		return vec![obstructed("stake", &Obstacle::NotBonded)];
	};
	let payee = facts.payee.as_ref().map_or_else(|| "nobody".to_owned(), words::payee);
	let (active, total) = (format::amount(stake.active), format::amount(stake.total));
	let says = format!("{active} at stake, {total} bonded; rewards go to: {payee}");
	let (have, least) = (stake.active, facts.limits.min_validator_bond);
	let low = Obstacle::BondTooLow { active: have, least };
	let mut findings = vec![if have < least {
		Finding::note("stake", format!("{says}; {}", low.says()), low.remedy())
	} else {
		Finding::good("stake", says)
	}];
	for chunk in &stake.unlocking {
		let amount = format::amount(chunk.value);
		let when = words::unlocks(chunk.era, &facts.eras, &facts.terms);
		findings.push(if chunk.era <= facts.eras.planned {
			let says = format!("{amount} can be withdrawn {when}");
			Finding::note("unlocking", says, "cairn validator withdraw")
		} else {
			Finding::wait("unlocking", format!("{amount} was asked back, to be withdrawn {when}"))
		});
	}
	findings
}

fn session_keys(facts: &Facts) -> Vec<Finding> {
	let Some(registered) = &facts.keys else {
		return vec![obstructed("keys", &Obstacle::NoKeys)];
	};
	let mut findings = vec![match facts.node_has_keys {
		Some(true) => Finding::good("keys", "session keys are registered, and this node has them"),
		Some(false) => Finding::note(
			"keys",
			"session keys are registered, but this node does not have all of them",
			"ask the validator's own node with --node; if this is it: cairn validator keys rotate",
		),
		None => Finding::unknown(
			"keys",
			"session keys are registered; the node tells only its own machine if it has them",
			"run the command on the node's machine, or through a tunnel",
		),
	}];
	if keys::queued(&facts.stash, registered, &facts.set) == Queued::Other {
		let next = facts.set.session.saturating_add(1);
		let says = format!("session {next} works with older keys still: keep them in the node");
		findings.push(Finding::wait("keys", says));
	}
	findings
}

fn candidacy(facts: &Facts) -> Finding {
	match &facts.prefs {
		Some(prefs) => {
			let commission = words::percent(prefs.commission);
			let blocked = if prefs.blocked { ", takes no new nominators" } else { "" };
			Finding::good(
				"candidate",
				format!("wants to validate, commission {commission}{blocked}"),
			)
		},
		None => obstructed("candidate", &Obstacle::NotCandidate { nominates: facts.nominates > 0 }),
	}
}

fn place(facts: &Facts) -> Finding {
	let session = facts.set.session;
	let next = session.saturating_add(1);
	let backing = format::amount(facts.backing());
	let of = format::count(facts.set.members.len() as u64, "validator");
	match facts.place() {
		Place::Validates => {
			let says = format!("one of {of} of session {session}, backed by {backing}");
			return Finding::good("set", says);
		},
		Place::Joins => {
			let says = format!("elected, backed by {backing}; works from session {next} on");
			return Finding::wait("set", says);
		},
		Place::Leaves | Place::Out => {},
	}
	let obstacles = facts.obstacles();
	let election = words::next_election(session, &facts.eras, &facts.terms);
	let says = format!("not among the validators of session {next}: {}", reasons(facts));
	if obstacles.iter().all(Obstacle::passes) {
		return Finding::wait("set", format!("{says}; the next election is {election}"));
	}
	let remedy = obstacles.first().map(Obstacle::remedy).unwrap_or_default();
	Finding::bad("set", says, format!("{remedy}; the next election is {election}"))
}

fn points(facts: &Facts) -> Option<Finding> {
	let era = facts.active_era()?;
	let EraView { points, total_points, .. } = *era;
	era.exposure?;
	let share = words::share(points, total_points);
	let says = format!("{points} of {total_points} points in era {}, {share}", era.era);
	Some(if points == 0 && total_points > 0 {
		let remedy = "points come with blocks: wait for the first, or look at the node's log";
		Finding::note("points", says, remedy)
	} else {
		Finding::good("points", says)
	})
}

fn pay(facts: &Facts) -> Vec<Finding> {
	let mut findings = Vec::new();
	if let Some(last) = facts.earning_eras().next() {
		let (all, own) = last.earned();
		let (all, own) = (format::amount(all), format::amount(own));
		let sum = facts.earning_eras().map(|view| view.earned().1).fold(0, Amount::saturating_add);
		let sum = format::amount(sum);
		findings.push(Finding::good(
			"earned",
			format!(
				"about {own} in era {} ({all} with its nominators), {sum} in all that are kept",
				last.era
			),
		));
	}
	let (eras, amount) = facts.unclaimed();
	if eras > 0 {
		let (eras, amount) = (format::count(eras as u64, "era"), format::amount(amount));
		findings.push(Finding::note(
			"unclaimed",
			format!("{eras}, about {amount} for the validator itself"),
			"cairn validator payout --all",
		));
	}
	findings
}

fn slashed(facts: &Facts, slash: &SlashView) -> Finding {
	let SlashView { era, validator, own, others } = slash;
	let (own, others) = (format::amount(*own), format::amount(*others));
	let whose = if *validator == facts.stash {
		format!("for an offence of its own; {others} of its nominators with it")
	} else {
		format!("for an offence of {}", account_text(validator))
	};
	Finding::bad(
		"slash",
		format!("{own} is taken when era {era} begins, {whose}"),
		"if nothing was done wrong, let governance cancel it before that",
	)
}

fn verdicts(duty: &Duty) -> Finding {
	let Duty { owed, given, agreed, differed, missed, open, undrawn, forgotten } = *duty;
	let batches = |count: u32| match count {
		1 => "1 batch".to_owned(),
		_ => format!("{count} batches"),
	};
	let mut says = match owed {
		0 => "no committee of the batches that are kept had it".to_owned(),
		_ => format!("{given} of {owed} verdicts given: {agreed} agreed, {differed} differed"),
	};
	for (count, what) in [(missed, "missed"), (open, "still to be given")] {
		if count > 0 {
			says.push_str(&format!(", {count} {what}"));
		}
	}
	if undrawn > 0 {
		says.push_str(&format!("; {} without any verdict yet", batches(undrawn)));
	}
	if forgotten > 0 {
		let batches = batches(forgotten);
		says.push_str(&format!("; {batches} of sessions that the chain has forgotten"));
	}
	if missed > 0 {
		let remedy = "see that the node runs with --telemetry-source and has the key telm; its log \
		              of cairn::worker says what it did";
		return Finding::note("verdicts", says, remedy);
	}
	Finding::good("verdicts", says)
}

#[cfg(test)]
pub(super) mod tests {
	use super::{super::super::why::Mark, *};
	use cairn_chain::UnlockView;

	const STASH: [u8; 32] = [7; 32];
	const KEYS: SessionKeys = SessionKeys {
		babe: [1; 32],
		grandpa: [2; 32],
		authority_discovery: [3; 32],
		telemetry: [4; 32],
	};

	fn exposure(total: Amount) -> ExposureView {
		ExposureView { total, own: format::UNIT, nominators: 1, pages: 1 }
	}

	fn era(era: u32, payout: Option<Amount>) -> EraView {
		EraView {
			era,
			payout,
			exposure: Some(exposure(2 * format::UNIT)),
			commission: 0,
			points: 20,
			total_points: 40,
			claimed: Vec::new(),
		}
	}

	/// A validator in session 121 of era 20, which is well.
	pub(in super::super) fn facts() -> Facts {
		let active = 100 * format::UNIT;
		Facts {
			stash: STASH,
			stake: Some(StakeView { stash: STASH, total: active, active, unlocking: Vec::new() }),
			payee: Some(Payee::Staked),
			prefs: Some(ValidatorPrefs { commission: 50_000_000, blocked: false }),
			nominates: 0,
			keys: Some(KEYS),
			node_has_keys: Some(true),
			limits: StakingLimits {
				min_validator_bond: format::UNIT,
				candidates: 3,
				seats: 2,
				..StakingLimits::default()
			},
			terms: StakingTerms {
				sessions_per_era: 6,
				session_slots: 600,
				slot_millis: 6_000,
				..StakingTerms::default()
			},
			eras: ErasView { active: 20, planned: 20, planned_start: 120 },
			set: ValidatorSet {
				session: 121,
				members: vec![[1; 32], STASH],
				queued: vec![([1; 32], KEYS), (STASH, KEYS)],
				disabled: Vec::new(),
			},
			elected: BTreeMap::from([
				([1; 32], exposure(500 * format::UNIT)),
				(STASH, exposure(300 * format::UNIT)),
			]),
			approved: 0,
			history: vec![era(18, Some(8 * format::UNIT)), era(19, Some(0)), era(20, None)],
			slashes: Vec::new(),
			duty: Duty { owed: 2, given: 2, agreed: 2, ..Duty::default() },
		}
	}

	/// The same account, when another one won its seat.
	fn loser() -> Facts {
		let mut facts = facts();
		facts.set.members = vec![[1; 32], [2; 32]];
		facts.set.queued = vec![([1; 32], KEYS), ([2; 32], KEYS)];
		facts.elected.remove(&STASH);
		facts.elected.insert([2; 32], exposure(400 * format::UNIT));
		facts.approved = 150 * format::UNIT;
		facts
	}

	fn finding(facts: &Facts, check: &str) -> Finding {
		let found = explain(facts).into_iter().find(|finding| finding.check == check);
		found.unwrap_or_else(|| panic!("no finding about {check}"))
	}

	#[test]
	fn works_when_a_validator_is_well() {
		let facts = facts();
		assert_eq!(verdict(&facts), "it validates, in session 121 of era 20");
		assert!(facts.obstacles().is_empty());
		assert!(explain(&facts).iter().all(|finding| finding.mark != Mark::Bad));
		assert!(finding(&facts, "set").says.contains("backed by 300 CAIRN"));
		assert!(finding(&facts, "points").says.starts_with("20 of 40 points in era 20, 50%"));
		assert_eq!(finding(&facts, "verdicts").mark, Mark::Good);
	}

	#[test]
	fn pay_is_what_ended_eras_earned() {
		let facts = facts();
		let says = finding(&facts, "earned").says;
		assert!(
			says.starts_with("about 2 CAIRN in era 18 (4 CAIRN with its nominators)"),
			"{says}"
		);
		assert_eq!(facts.unclaimed(), (1, 2 * format::UNIT));
		assert_eq!(finding(&facts, "unclaimed").mark, Mark::Note);
	}

	#[test]
	fn a_lost_election_says_what_was_lacking() {
		let facts = loser();
		let found = finding(&facts, "set");
		assert_eq!(found.mark, Mark::Bad);
		assert!(found.says.contains("at most 150 CAIRN backs it"), "{}", found.says);
		assert!(found.says.contains("the last who was elected has 400 CAIRN"), "{}", found.says);
		let remedy = found.remedy.expect("there is something to do");
		assert!(remedy.contains("250 CAIRN more") && remedy.contains("session 125"), "{remedy}");
		assert!(verdict(&facts).starts_with("it does not validate: at most"));
	}

	#[test]
	fn a_new_candidate_waits_for_the_next_election() {
		let mut facts = loser();
		facts.limits.seats = 3;
		assert_eq!(facts.obstacles(), [Obstacle::NotYet]);
		assert_eq!(finding(&facts, "set").mark, Mark::Wait);
	}

	#[test]
	fn an_account_that_lacks_everything_hears_of_all() {
		let mut facts = loser();
		facts.stake = None;
		facts.prefs = None;
		facts.keys = None;
		for check in ["stake", "keys", "candidate", "set"] {
			assert_eq!(finding(&facts, check).mark, Mark::Bad, "{check}");
		}
		assert_eq!(facts.obstacles(), [Obstacle::NotBonded, Obstacle::NoKeys]);
		let remedy = finding(&facts, "set").remedy.unwrap_or_default();
		assert!(remedy.starts_with("cairn validator bond"), "{remedy}");
	}

	#[test]
	fn a_place_is_told_by_this_session_and_the_next() {
		let mut facts = facts();
		assert_eq!(facts.place(), Place::Validates);
		facts.set.queued.pop();
		assert_eq!(facts.place(), Place::Leaves);
		assert!(verdict(&facts).contains("until session 121 ends"));
		facts.set.members.pop();
		assert_eq!(facts.place(), Place::Out);
		facts.set.queued.push((STASH, KEYS));
		assert_eq!(facts.place(), Place::Joins);
		assert_eq!(verdict(&facts), "it validates from session 122 on");
	}

	#[test]
	fn what_goes_wrong_is_said() {
		let mut facts = facts();
		facts.set.disabled = vec![1];
		facts.slashes =
			vec![SlashView { era: 27, validator: STASH, own: format::UNIT, others: format::UNIT }];
		facts.duty = Duty { owed: 3, given: 2, agreed: 2, missed: 1, ..Duty::default() };
		facts.node_has_keys = Some(false);
		assert_eq!(finding(&facts, "disabled").mark, Mark::Bad);
		assert!(verdict(&facts).contains("disabled"));
		let says = finding(&facts, "slash").says;
		assert!(says.starts_with("1 CAIRN is taken when era 27 begins"), "{says}");
		assert!(finding(&facts, "verdicts").says.contains("2 of 3 verdicts given"));
		assert_eq!(finding(&facts, "verdicts").mark, Mark::Note);
		assert_eq!(finding(&facts, "keys").mark, Mark::Note);
	}

	#[test]
	fn stake_that_was_asked_back_says_when_it_comes() {
		let mut facts = facts();
		let chunk = |era| UnlockView { value: format::UNIT, era };
		if let Some(stake) = &mut facts.stake {
			stake.unlocking = vec![chunk(20), chunk(22)];
		}
		let found = explain(&facts);
		let marks = found.iter().filter(|finding| finding.check == "unlocking");
		let marks = marks.map(|finding| finding.mark).collect::<Vec<_>>();
		assert_eq!(marks, [Mark::Note, Mark::Wait]);
	}

	#[test]
	fn batches_that_tell_nothing_are_mentioned() {
		let duty = Duty { undrawn: 1, forgotten: 2, ..Duty::default() };
		let says = verdicts(&duty).says;
		assert!(says.contains("1 batch without any verdict"), "{says}");
		assert!(says.contains("2 batches of sessions"), "{says}");
	}
}
