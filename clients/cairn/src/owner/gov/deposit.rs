//! `cairn gov deposit|refund|payout`: what lets a decision begin, and what comes back.

use std::str::FromStr;

use cairn_chain::{
	At, Call, Closed, Outcome, PaymentState, Referendum, Spend, account_text,
	calls::{preimage, referenda, treasury},
};
use cairn_types::Hash32;

use super::{
	super::{
		error::OwnerError,
		format,
		options::{SignBy, Signing},
		output::Receipt,
		session::Session,
	},
	Context,
	words::{at_block, blocks},
};

/// Take back the deposits of a referendum that is over, or of a preimage
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["index", "preimage"]))]
#[command(after_long_help = "\
Examples:
  cairn gov refund 3 --key account.key
      Anyone may send it: deposits return to who placed them.
  cairn gov refund --preimage 0x… --key account.key
      Only who noted it; `cairn gov propose` printed its hash.")]
pub(super) struct Refund {
	/// The referendum's index
	index: Option<u32>,

	/// The hash of a preimage that no referendum needs any more
	#[arg(long, value_name = "HASH")]
	preimage: Option<Hash>,

	#[command(flatten)]
	signing: Signing,
}

/// A hash in hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hash(Hash32);

impl FromStr for Hash {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let bad = || format!("{text:?} is not 0x and 64 hex digits");
		let digits = text.strip_prefix("0x").unwrap_or(text);
		let bytes = hex::decode(digits).map_err(|_| bad())?;
		bytes.try_into().map(Self).map_err(|_| bad())
	}
}

/// Run `cairn gov deposit`.
///
/// # Errors
/// Whatever stops it.
pub(super) async fn place(
	session: &Session,
	index: u32,
	signing: &Signing,
) -> Result<(), OwnerError> {
	let account = signing.signer()?.account();
	let context = Context::read(session).await?;
	let ongoing = super::ongoing(session, index).await?;
	if let Some(deposit) = &ongoing.decision_deposit {
		return Err(OwnerError::refused(
			format!("{} placed the decision deposit already", account_text(&deposit.who)),
			format!("nothing is left to do but voting: cairn gov vote {index}"),
		));
	}
	let track = context.governance.track(ongoing.track).ok_or_else(|| {
		OwnerError::not_found(
			format!("track {}", ongoing.track),
			"use the release of this command that belongs to the chain's runtime",
		)
	})?;
	let amount = track.decision_deposit;
	super::ensure_free(session, &account, amount, "the decision deposit").await?;

	let call = referenda::place_decision_deposit(index);
	let outcome = session.submit(&call, signing).await?;
	let ready = ongoing.submitted.saturating_add(track.prepare_period);
	let when = at_block(ready, outcome.number, context.slot_millis);
	let decision = blocks(track.decision_period, context.slot_millis);
	let receipt = Receipt::new("decision deposit placed", &outcome)
		.with("referendum", index)
		.with("track", track.name.clone())
		.with_amount("deposit", amount)
		.with_shown("decision_from", ready, when)
		.note(format!("its track decides {} at once, each within {decision}", track.max_deciding))
		.note(format!("next: cairn gov vote {index} aye --amount CAIRN"))
		.note(format!("it returns when the referendum is over: cairn gov refund {index}"));
	session.print(&receipt)
}

/// Run `cairn gov refund`.
///
/// # Errors
/// If there is nothing to return, or the transaction fails.
pub(super) async fn refund(session: &Session, args: &Refund) -> Result<(), OwnerError> {
	if let Some(Hash(hash)) = &args.preimage {
		return refund_preimage(session, hash, &args.signing).await;
	}
	let index = args.index.unwrap_or_default();
	let referendum = super::find(session, index).await?;
	let refunds = refunds(index, &referendum)?;
	let calls = refunds.iter().map(|(call, ..)| call.clone()).collect::<Vec<_>>();
	let call = match calls.as_slice() {
		[only] => only.clone(),
		calls => session.chain.batch(calls).await?,
	};
	let outcome = session.submit(&call, &args.signing).await?;
	let mut receipt = Receipt::new("deposits returned", &outcome).with("referendum", index);
	for (_, name, who, amount) in &refunds {
		let shown = format!("{} to {}", format::amount(*amount), account_text(who));
		receipt = receipt.with_shown(name, amount.to_string(), shown);
	}
	session.print(&receipt)
}

/// A call that returns a deposit, the deposit's name, whose it is, and how much.
type Return = (Call, &'static str, [u8; 32], u128);

/// What a referendum still holds and returns.
fn refunds(index: u32, referendum: &Referendum) -> Result<Vec<Return>, OwnerError> {
	let (Closed { submission_deposit, decision_deposit, .. }, returns_submission) = match referendum
	{
		Referendum::Approved(closed) | Referendum::Cancelled(closed) => (closed, true),
		Referendum::Rejected(closed) | Referendum::TimedOut(closed) => (closed, false),
		Referendum::Ongoing(_) => {
			return Err(OwnerError::refused(
				format!("referendum {index} is not over"),
				format!("wait for its end: cairn gov status {index}"),
			));
		},
		Referendum::Killed(_) => {
			return Err(OwnerError::refused(
				format!("referendum {index} was killed: its deposits are lost"),
				"nothing is left to do",
			));
		},
	};
	let decision = decision_deposit.as_ref().map(|deposit| {
		let call = referenda::refund_decision_deposit(index);
		(call, "decision_deposit", deposit.who, deposit.amount)
	});
	let submission = submission_deposit.as_ref().filter(|_| returns_submission).map(|deposit| {
		let call = referenda::refund_submission_deposit(index);
		(call, "submission_deposit", deposit.who, deposit.amount)
	});
	let refunds = [decision, submission].into_iter().flatten().collect::<Vec<_>>();
	if refunds.is_empty() {
		return Err(OwnerError::refused(
			format!("referendum {index} holds no deposit that it returns"),
			"nothing is left to do: the submission deposit returns only if it was approved or \
			 cancelled",
		));
	}
	Ok(refunds)
}

async fn refund_preimage(
	session: &Session,
	hash: &Hash32,
	signing: &Signing,
) -> Result<(), OwnerError> {
	let account = signing.signer()?.account();
	let status = session.chain.preimage_status(hash, At::Best).await?;
	let ticket = status.as_ref().and_then(|status| status.ticket()).cloned();
	let ticket = ticket.ok_or_else(|| {
		OwnerError::not_found(
			format!("deposit for the preimage {}", format::hash(hash)),
			"take the hash that `cairn gov propose` printed; it may have been returned already",
		)
	})?;
	if ticket.who != account {
		return Err(OwnerError::refused(
			format!("{} noted the preimage", account_text(&ticket.who)),
			"sign with that account",
		));
	}
	let call = preimage::unnote(hash);
	let receipt = |outcome: &Outcome| {
		Receipt::new("preimage's deposit returned", outcome)
			.with("preimage", format::hash(hash))
			.with_amount("preimage_deposit", ticket.amount)
	};
	session.submit_and_print(&call, signing, receipt).await
}

/// Run `cairn gov payout`.
///
/// # Errors
/// If the spend cannot be paid out now, or the transaction fails.
pub(super) async fn payout(
	session: &Session,
	index: u32,
	signing: &Signing,
) -> Result<(), OwnerError> {
	let now = session.chain.best().await?.number;
	let spend = session.chain.spend(index, At::Best).await?.ok_or_else(|| {
		OwnerError::not_found(
			format!("approved spend {index}"),
			"take the index that `cairn gov status` prints; a spend is approved when its \
			 referendum is enacted",
		)
	})?;
	ensure_payable(&spend, now)?;
	let receipt = |outcome: &Outcome| {
		Receipt::new("paid out", outcome)
			.with("spend", index)
			.with_amount("amount", spend.amount)
			.with("to", account_text(&spend.beneficiary))
	};
	session.submit_and_print(&treasury::payout(index), signing, receipt).await
}

fn ensure_payable(spend: &Spend, now: u32) -> Result<(), OwnerError> {
	if spend.state == PaymentState::Attempted {
		return Err(OwnerError::refused("it was paid out already", "nothing is left to do"));
	}
	if now < spend.valid_from {
		return Err(OwnerError::refused(
			format!("it can be paid out from block {} on", spend.valid_from),
			"wait until then",
		));
	}
	if now >= spend.expire_at {
		return Err(OwnerError::refused(
			format!("it expired in block {}", spend.expire_at),
			"propose it again",
		));
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_chain::Deposit;

	fn closed(submission: bool, decision: bool) -> Closed {
		let deposit = |amount| Deposit { who: [7; 32], amount };
		Closed {
			at: 9,
			submission_deposit: submission.then(|| deposit(10)),
			decision_deposit: decision.then(|| deposit(1_000)),
		}
	}

	fn names(referendum: &Referendum) -> Vec<&'static str> {
		let refunds = refunds(3, referendum).unwrap_or_default();
		refunds.into_iter().map(|(_, name, ..)| name).collect()
	}

	#[test]
	fn works_when_a_referendum_holds_deposits() {
		let both = ["decision_deposit", "submission_deposit"];
		assert_eq!(names(&Referendum::Approved(closed(true, true))), both);
		assert_eq!(names(&Referendum::Cancelled(closed(true, true))), both);
		assert_eq!(names(&Referendum::Rejected(closed(true, true))), both[..1]);
		assert_eq!(names(&Referendum::TimedOut(closed(true, true))), both[..1]);
		assert_eq!(names(&Referendum::Approved(closed(true, false))), both[1..]);
	}

	#[test]
	fn fails_when_a_referendum_returns_nothing() {
		for referendum in [
			Referendum::Approved(closed(false, false)),
			Referendum::TimedOut(closed(true, false)),
			Referendum::Killed(9),
		] {
			let error = refunds(3, &referendum).expect_err("it returns nothing").to_string();
			assert!(error.contains("referendum 3") && error.contains("Remedy: "), "{error}");
		}
	}

	#[test]
	fn works_when_a_hash_is_written() {
		let text = format!("0x{}", "ab".repeat(32));
		assert_eq!(text.parse::<Hash>(), Ok(Hash([0xab; 32])));
		for text in ["", "0x", "0xab", "xyz"] {
			assert!(text.parse::<Hash>().is_err(), "{text}");
		}
	}

	#[test]
	fn a_spend_is_paid_in_its_time() {
		let spend = Spend {
			amount: 1,
			beneficiary: [7; 32],
			valid_from: 10,
			expire_at: 20,
			state: PaymentState::Pending,
		};
		for (now, is_payable) in [(9, false), (10, true), (19, true), (20, false)] {
			assert_eq!(ensure_payable(&spend, now).is_ok(), is_payable, "{now}");
		}
		let failed = Spend { state: PaymentState::Failed, ..spend.clone() };
		assert!(ensure_payable(&failed, 10).is_ok());
		let paid = Spend { state: PaymentState::Attempted, ..spend };
		assert!(ensure_payable(&paid, 10).is_err());
	}
}
