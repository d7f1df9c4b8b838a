//! Why staking refuses a call, with what to do: the SDK's pallets name states only. Pure.

use super::super::error::OwnerError;

/// Names of errors, their cause, and what to do.
const REFUSALS: [(&[&str], &str, &str); 18] = [
	(
		&["Session::InvalidProof"],
		"the proof is not one of these keys for the signing account (Session::InvalidProof)",
		"run `cairn validator keys rotate` again, with --node at the validator's own node and \
		 the stash's key; node and chain must be of the same release",
	),
	(
		&["Session::DuplicatedKey"],
		"another account has registered one of these keys (Session::DuplicatedKey)",
		"run `cairn validator keys rotate` again: every validator needs keys of its own",
	),
	(
		&["Session::NoAccount"],
		"the signing account does not exist yet, so it cannot have keys (Session::NoAccount)",
		"transfer at least the existential deposit and the deposit for keys to it",
	),
	(
		&["Staking::NotController", "Staking::NotStash"],
		"the account has nothing at stake",
		"bond first: cairn validator bond --amount TOKENS",
	),
	(
		&["Staking::AlreadyBonded", "Staking::AlreadyPaired"],
		"the account has been bonded in the meantime",
		"look with `cairn validator status`, then bond again: it adds to the stake",
	),
	(
		&["Staking::InsufficientBond"],
		"too little would be at stake for what the account does (Staking::InsufficientBond)",
		"bond more, or give the role up first: `cairn validator stop` for a validator, \
		 `cairn validator chill` for a nominator",
	),
	(
		&["Staking::NoMoreChunks"],
		"too many parts of this stake have been asked back already (Staking::NoMoreChunks)",
		"wait until the oldest can be withdrawn: cairn validator withdraw",
	),
	(
		&["Staking::CommissionTooLow"],
		"the chain asks for a higher commission (Staking::CommissionTooLow)",
		"see the least one in `cairn validator status`",
	),
	(
		&["Staking::TooManyValidators"],
		"there are as many candidates as the chain admits (Staking::TooManyValidators)",
		"wait until one stops, or let governance raise the limit",
	),
	(
		&["Staking::TooManyNominators"],
		"there are as many nominators as the chain admits (Staking::TooManyNominators)",
		"wait until one stops, or let governance raise the limit",
	),
	(
		&["Staking::TooManyTargets", "Staking::EmptyTargets"],
		"the number of targets is not one that a nominator may have",
		"name 1 to 16 candidates",
	),
	(
		&["Staking::BadTarget"],
		"one of the targets takes no more nominators (Staking::BadTarget)",
		"leave it out; `cairn validator status ACCOUNT` says which one is blocked",
	),
	(
		&["Staking::InvalidEraToReward", "Staking::InvalidPage"],
		"the era pays nothing: it has not ended, or is not kept any more",
		"see `cairn validator status` for the eras that are unclaimed",
	),
	(
		&["Staking::AlreadyClaimed"],
		"somebody has collected this in the meantime (Staking::AlreadyClaimed)",
		"nothing is left to do for this era",
	),
	(
		&["Staking::Restricted"],
		"the account stakes in another way already, perhaps in a pool (Staking::Restricted)",
		"use another account for a stake of its own",
	),
	(
		&["Staking::IncorrectSlashingSpans"],
		"the account was slashed in the meantime (Staking::IncorrectSlashingSpans)",
		"run the command again",
	),
	(
		&["VoterList::List"],
		"the account is not in the list of voters (VoterList::List)",
		"only candidates and nominators are: start to validate or to nominate",
	),
	(
		&["VoterList::Locked"],
		"the list of voters is locked while an election runs (VoterList::Locked)",
		"run the command again in a few blocks",
	),
];

/// The error with cause and remedy, where the chain gives a state only.
pub(super) fn explain(error: OwnerError) -> OwnerError {
	let known = error.dispatch_name().and_then(words);
	match known {
		Some((cause, remedy)) => OwnerError::refused(cause, remedy),
		None => error,
	}
}

/// Whether a page was paid by somebody else in the meantime.
pub(super) fn is_claimed(error: &OwnerError) -> bool {
	error.dispatch_name() == Some("Staking::AlreadyClaimed")
}

/// Cause and remedy of a pallet's error.
fn words(name: &str) -> Option<(&'static str, &'static str)> {
	let known = REFUSALS.iter().find(|(names, ..)| names.contains(&name));
	known.map(|(_, cause, remedy)| (*cause, *remedy))
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_chain::{DispatchFailure, Error};

	fn failed(name: &str) -> OwnerError {
		let failure =
			DispatchFailure { name: name.to_owned(), docs: "A state.".to_owned(), place: 0 };
		OwnerError::Chain(Error::Dispatch(failure))
	}

	#[test]
	fn a_state_gets_cause_and_remedy() {
		let text = explain(failed("Session::InvalidProof")).to_string();
		assert!(text.contains("keys rotate") && text.contains("Remedy: "), "{text}");
		let text = explain(failed("Staking::InsufficientBond")).to_string();
		assert!(text.contains("validator stop"), "{text}");
	}

	#[test]
	fn other_errors_stay_as_they_are() {
		let text = explain(failed("Balances::Expendability")).to_string();
		assert_eq!(text, "Balances::Expendability: A state.");
		let usage = OwnerError::usage("no", "yes");
		assert_eq!(explain(usage).to_string(), "no\n  Remedy: yes");
	}

	#[test]
	fn every_refusal_has_a_remedy() {
		for (names, cause, remedy) in REFUSALS {
			assert!(names.iter().all(|name| name.contains("::")), "{cause}");
			assert!(!cause.ends_with('.') && !remedy.ends_with('.'), "{cause}");
		}
	}

	#[test]
	fn what_others_collected_is_known() {
		assert!(is_claimed(&failed("Staking::AlreadyClaimed")));
		assert!(!is_claimed(&failed("Staking::NotStash")));
	}
}
