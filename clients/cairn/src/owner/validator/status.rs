//! `cairn validator status`: whether an account validates, and if not, why not.

use std::fmt;

use cairn_chain::{At, EraView, UnlockView, account_text};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
	super::{error::OwnerError, output::Smallest, session::Session, why::Finding},
	due,
	duty::{self, Duty, Members},
	findings::{Facts, explain, verdict},
	keys, words,
};

/// Eras of which programs are told what they earned.
const SHOWN_ERAS: usize = 7;

/// Run the command.
///
/// # Errors
/// If the node does not answer.
pub(super) async fn run(session: &Session, account: &[u8; 32]) -> Result<(), OwnerError> {
	let spinner = session.spinner("looking at the validator");
	let facts = Box::pin(gather(session, account)).await?;
	drop(spinner);
	session.print(&Shown { findings: explain(&facts), facts })
}

/// Ask the chain and the node, all at one block.
async fn gather(session: &Session, stash: &[u8; 32]) -> Result<Facts, OwnerError> {
	let chain = &session.chain;
	let at = At::Block(chain.best().await?.hash);
	let stake = chain.stake(stash, at).await?;
	let keys = chain.session_keys(stash, at).await?;
	let node_has_keys = match &keys {
		Some(keys) => keys::in_node(session, keys).await?,
		None => None,
	};
	let terms = chain.staking_terms().await?;
	let eras = chain.eras(at).await?;
	let elected = chain.elected(eras.planned, at).await?;
	let prefs = chain.candidate(stash, at).await?;
	let active = stake.as_ref().map_or(0, |stake| stake.active);
	let is_decided = prefs.is_none() || elected.contains_key(stash);
	let backers = if is_decided { Vec::new() } else { chain.nominators_of(stash, at).await? };
	let approved = backers.iter().map(|(_, stake)| *stake).fold(active, u128::saturating_add);
	let first = due::payable(&eras, terms.kept_eras).start;
	Ok(Facts {
		stash: *stash,
		payee: chain.payee(stash, at).await?,
		nominates: chain.nominations(stash, at).await?.map_or(0, |targets| targets.len()),
		limits: chain.staking_limits(at).await?,
		set: chain.validator_set(at).await?,
		history: chain.era_views(stash, first..eras.active.saturating_add(1), at).await?,
		slashes: chain.scheduled_slashes(stash, at).await?,
		duty: Box::pin(verdicts(session, stash, at)).await?,
		stake,
		prefs,
		keys,
		node_has_keys,
		terms,
		eras,
		elected,
		approved,
	})
}

/// What committees are owed by the account, over the batches that are kept.
async fn verdicts(session: &Session, stash: &[u8; 32], at: At) -> Result<Duty, OwnerError> {
	let chain = &session.chain;
	let batches = chain.duties(at).await?;
	let mut members = Members::new();
	for number in duty::sessions(&batches) {
		let stashes = chain.verdict_stashes(number, at).await?;
		if !stashes.is_empty() {
			members.insert(number, stashes);
		}
	}
	let clock = chain.clock(at).await?;
	Ok(duty::count(stash, &batches, &members, clock.now.tick, &clock.periods))
}

/// A validator as it is shown.
struct Shown {
	facts: Facts,
	findings: Vec<Finding>,
}

impl Shown {
	fn eras_json(&self) -> Vec<Value> {
		let shown = self.facts.history.iter().rev().take(SHOWN_ERAS.saturating_add(1));
		shown.map(era_json).collect()
	}

	fn stake_json(&self) -> Value {
		let unlocking =
			|chunk: &UnlockView| json!({ "amount": Smallest(chunk.value), "era": chunk.era });
		match &self.facts.stake {
			None => Value::Null,
			Some(stake) => json!({
				"total": Smallest(stake.total),
				"active": Smallest(stake.active),
				"withdrawable": Smallest(stake.withdrawable(self.facts.eras.planned)),
				"unlocking": stake.unlocking.iter().map(unlocking).collect::<Vec<_>>(),
				"payee": self.facts.payee.as_ref().map(words::payee),
			}),
		}
	}

	fn set_json(&self) -> Value {
		let facts = &self.facts;
		let obstacles = facts.obstacles();
		json!({
			"place": facts.place().code(),
			"session": facts.set.session,
			"validators": facts.set.members.len(),
			"disabled": facts.is_disabled(),
			"active_era": facts.eras.active,
			"planned_era": facts.eras.planned,
			"elected": facts.elected.contains_key(&facts.stash),
			"backing": Smallest(facts.backing()),
			"lowest_elected": facts.lowest().map(Smallest),
			"seats": facts.limits.seats,
			"candidates": facts.limits.candidates,
			"obstacles": obstacles.iter().map(|obstacle| obstacle.code()).collect::<Vec<_>>(),
		})
	}
}

fn era_json(view: &EraView) -> Value {
	let (all, own) = view.earned();
	json!({
		"era": view.era,
		"ended": view.payout.is_some(),
		"elected": view.exposure.is_some(),
		"points": view.points,
		"total_points": view.total_points,
		"earned": Smallest(own),
		"earned_with_nominators": Smallest(all),
		"unclaimed_pages": due::unclaimed(view),
	})
}

impl Serialize for Shown {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let facts = &self.facts;
		let slashes = facts.slashes.iter().map(|slash| {
			json!({
				"era": slash.era,
				"validator": account_text(&slash.validator),
				"amount": Smallest(slash.own),
				"others": Smallest(slash.others),
			})
		});
		let prefs = facts
			.prefs
			.map(|prefs| json!({ "commission": prefs.commission, "blocked": prefs.blocked }));
		let (unclaimed_eras, unclaimed) = facts.unclaimed();
		let document = json!({
			"stash": account_text(&facts.stash),
			"verdict": verdict(facts),
			"stake": self.stake_json(),
			"keys": { "registered": facts.keys.is_some(), "in_node": facts.node_has_keys },
			"candidate": prefs,
			"nominates": facts.nominates,
			"set": self.set_json(),
			"eras": self.eras_json(),
			"unclaimed": { "eras": unclaimed_eras, "amount": Smallest(unclaimed) },
			"slashes": slashes.collect::<Vec<_>>(),
			"verdicts": facts.duty,
			"findings": self.findings,
		});
		document.serialize(serializer)
	}
}

impl fmt::Display for Shown {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		for Finding { check, mark, says, remedy } in &self.findings {
			writeln!(f, "{} {check:<11} {says}", mark.sign())?;
			if let Some(remedy) = remedy {
				writeln!(f, "              → {remedy}")?;
			}
		}
		writeln!(f, "\n{}: {}", account_text(&self.facts.stash), verdict(&self.facts))
	}
}

#[cfg(test)]
mod tests {
	use super::{super::findings::tests::facts, *};

	#[test]
	fn a_status_has_words_and_stable_names() {
		let facts = facts();
		let shown = Shown { findings: explain(&facts), facts };
		let text = shown.to_string();
		assert!(text.contains("✓ set") && text.trim_end().ends_with("era 20"), "{text}");
		let value = serde_json::to_value(&shown).expect("serializes");
		assert_eq!(value["set"]["place"], "validates");
		assert_eq!(value["set"]["lowest_elected"], "300000000000000");
		assert_eq!(value["set"]["obstacles"], json!([]));
		assert_eq!(value["stake"]["active"], "100000000000000");
		assert_eq!(value["candidate"]["commission"], 50_000_000);
		assert_eq!(value["eras"][0]["era"], 20);
		assert_eq!(value["eras"][2]["unclaimed_pages"], json!([0]));
		assert_eq!(value["verdicts"]["given"], 2);
		assert_eq!(value["unclaimed"]["amount"], "2000000000000");
	}

	#[test]
	fn a_status_without_stake_says_so() {
		let mut facts = facts();
		facts.stake = None;
		facts.prefs = None;
		let shown = Shown { findings: explain(&facts), facts };
		let value = serde_json::to_value(&shown).expect("serializes");
		assert_eq!(value["stake"], Value::Null);
		assert_eq!(value["candidate"], Value::Null);
		assert!(shown.to_string().contains("✗ stake"));
	}
}
