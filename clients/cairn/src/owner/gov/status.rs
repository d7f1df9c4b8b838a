//! `cairn gov status`: referenda by track, what they propose, the votes, and what they need.

use std::fmt;

use cairn_chain::{
	At, Closed, Deposit, Described, Ongoing, PaymentState, Proposal, Referendum, Spend,
	account_text,
};
use cairn_types::Hash32;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
	super::{error::OwnerError, format, output::Smallest, session::Session},
	Context,
	referendum::{
		Phase, Share, outcome, outcome_name, phase, phase_text, share_text, shares, tally_text,
	},
	track,
	words::{at_block, percent},
};

/// Referenda that are over and shown without being asked for.
const LAST: usize = 10;
/// Longest call that is read where many referenda are listed, in bytes.
const MAX_READ: u32 = 4_096;

/// Show referenda: what they propose, the votes, what they need now and at the end
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cairn gov status
  cairn gov status 3
  cairn gov status --all --output json")]
pub(super) struct StatusArgs {
	/// The referendum; without it, all that are not decided, and the last ones that are
	index: Option<u32>,

	/// Every referendum there ever was
	#[arg(long, conflicts_with = "index")]
	all: bool,
}

/// What a referendum proposes.
struct Words {
	/// `Pallet.call`, if it is known.
	call: Option<String>,
	/// For people.
	text: String,
	/// Where the call is kept, if not in the referendum.
	preimage: Option<Hash32>,
}

/// A referendum that is not decided.
struct Open {
	index: u32,
	ongoing: Ongoing,
	words: Words,
}

/// Referenda as they are shown.
struct Shown {
	context: Context,
	issuance: u128,
	/// By track and index.
	open: Vec<Open>,
	/// By index.
	past: Vec<(u32, Referendum)>,
	/// Spends that wait to be paid out.
	spends: Vec<(u32, Spend)>,
}

/// Run the command.
///
/// # Errors
/// If there is no such referendum, or the node does not answer.
pub(super) async fn run(session: &Session, args: &StatusArgs) -> Result<(), OwnerError> {
	let context = Context::read(session).await?;
	let issuance = session.chain.total_issuance(At::Best).await?;
	let (referenda, spends) = match args.index {
		Some(index) => (vec![(index, super::find(session, index).await?)], Vec::new()),
		None => (all(session).await?, waiting(session, context.block).await?),
	};
	let (mut open, mut past) = (Vec::new(), Vec::new());
	for (index, referendum) in referenda {
		match referendum {
			Referendum::Ongoing(ongoing) => {
				let words = words(session, index, &ongoing.proposal, args.index.is_some()).await?;
				open.push(Open { index, ongoing, words });
			},
			over => past.push((index, over)),
		}
	}
	open.sort_by_key(|open| (open.ongoing.track, open.index));
	if !args.all {
		past.drain(..past.len().saturating_sub(LAST));
	}
	session.print(&Shown { context, issuance, open, past, spends })
}

async fn all(session: &Session) -> Result<Vec<(u32, Referendum)>, OwnerError> {
	let _spinner = session.spinner("reading referenda");
	Ok(session.chain.referenda(At::Best).await?)
}

/// Spends that can be paid out, or will be.
async fn waiting(session: &Session, now: u32) -> Result<Vec<(u32, Spend)>, OwnerError> {
	let mut spends = session.chain.spends(At::Best).await?;
	spends.retain(|(_, spend)| spend.state != PaymentState::Attempted && spend.expire_at > now);
	Ok(spends)
}

/// What a referendum proposes. A long call is read only if it `is_asked_for`.
async fn words(
	session: &Session,
	index: u32,
	proposal: &Proposal,
	is_asked_for: bool,
) -> Result<Words, OwnerError> {
	let unknown = |text: String, preimage| Words { call: None, text, preimage };
	let (bytes, preimage) = match proposal {
		Proposal::Inline(bytes) => (Some(bytes.clone()), None),
		Proposal::Lookup { hash, length } if is_asked_for || *length <= MAX_READ => {
			(session.chain.preimage(hash, *length, At::Best).await?, Some(*hash))
		},
		Proposal::Lookup { hash, length } => {
			let text = format!("a call of {length} bytes: see cairn gov status {index}");
			return Ok(unknown(text, Some(*hash)));
		},
		Proposal::Legacy(hash) => (None, Some(*hash)),
	};
	let Some(bytes) = bytes else {
		let text = "a call that nobody noted: it would do nothing".to_owned();
		return Ok(unknown(text, preimage));
	};
	let metadata = session.chain.metadata().await?;
	Ok(match Described::call(&bytes, &metadata) {
		Some(call) => Words { text: call.to_string(), call: Some(call.name), preimage },
		None => unknown("bytes that are no call: they would do nothing".to_owned(), preimage),
	})
}

fn share_json(share: &Share) -> Value {
	json!({
		"is": percent(share.is),
		"needed_now": percent(share.needed),
		"needed_at_end": percent(share.needed_at_end),
		"passes": share.passes(),
	})
}

fn deposit_json(deposit: &Deposit) -> Value {
	json!({ "account": account_text(&deposit.who), "amount": Smallest(deposit.amount) })
}

impl Shown {
	/// Name of the phase, and the block in which it is over.
	fn phase_json(&self, open: &Open) -> Value {
		let Some(track) = self.context.governance.track(open.ongoing.track) else {
			return Value::Null;
		};
		match phase(&open.ongoing, track, self.context.governance.undeciding_timeout) {
			Phase::Undeposited(ends) => json!({ "phase": "undeposited", "ends": ends }),
			Phase::Preparing(ends) => json!({ "phase": "preparing", "ends": ends }),
			Phase::Queued => json!({ "phase": "queued" }),
			Phase::Deciding { ends, confirming: None } => {
				json!({ "phase": "deciding", "ends": ends })
			},
			Phase::Deciding { confirming: Some(ends), .. } => {
				json!({ "phase": "confirming", "ends": ends })
			},
		}
	}

	fn open_json(&self, open: &Open) -> Value {
		let Open { index, ongoing, words } = open;
		let Context { governance, block, .. } = &self.context;
		let shares = governance
			.track(ongoing.track)
			.map(|track| shares(ongoing, track, self.issuance, *block));
		json!({
			"index": index,
			"track": track::name(governance, ongoing.track),
			"call": words.call,
			"proposal": words.text,
			"preimage": words.preimage.as_ref().map(format::hash),
			"state": self.phase_json(open),
			"submitted": ongoing.submitted,
			"submission_deposit": deposit_json(&ongoing.submission_deposit),
			"decision_deposit": ongoing.decision_deposit.as_ref().map(deposit_json),
			"ayes": Smallest(ongoing.tally.ayes),
			"nays": Smallest(ongoing.tally.nays),
			"support_amount": Smallest(ongoing.tally.support),
			"approval": shares.as_ref().map(|shares| share_json(&shares.approval)),
			"support": shares.as_ref().map(|shares| share_json(&shares.support)),
			"passing": shares.as_ref().map(|shares| shares.pass()),
		})
	}

	fn open_text(&self, f: &mut fmt::Formatter<'_>, open: &Open) -> fmt::Result {
		let Open { index, ongoing, words } = open;
		let Context { governance, slot_millis, block } = &self.context;
		writeln!(f, "{index:>4}  {}", words.text)?;
		if let Some(preimage) = &words.preimage {
			writeln!(f, "      preimage {}", format::hash(preimage))?;
		}
		let Some(track) = governance.track(ongoing.track) else { return Ok(()) };
		let phase = phase(ongoing, track, governance.undeciding_timeout);
		writeln!(f, "      {}", phase_text(phase, *index, track, *block, *slot_millis))?;
		let shares = shares(ongoing, track, self.issuance, *block);
		writeln!(f, "      {}", share_text("approval", &shares.approval))?;
		writeln!(f, "      {}", share_text("support", &shares.support))?;
		writeln!(f, "      {}", tally_text(&ongoing.tally))
	}
}

/// What a referendum that is over still holds.
fn held(referendum: &Referendum) -> [Option<&Deposit>; 2] {
	match referendum {
		Referendum::Approved(closed)
		| Referendum::Rejected(closed)
		| Referendum::Cancelled(closed)
		| Referendum::TimedOut(closed) => {
			let Closed { submission_deposit, decision_deposit, .. } = closed;
			[submission_deposit.as_ref(), decision_deposit.as_ref()]
		},
		Referendum::Ongoing(_) | Referendum::Killed(_) => [None, None],
	}
}

/// The block in which a referendum ended.
const fn ended(referendum: &Referendum) -> Option<u32> {
	match referendum {
		Referendum::Approved(closed)
		| Referendum::Rejected(closed)
		| Referendum::Cancelled(closed)
		| Referendum::TimedOut(closed) => Some(closed.at),
		Referendum::Killed(at) => Some(*at),
		Referendum::Ongoing(_) => None,
	}
}

fn past_json((index, referendum): &(u32, Referendum)) -> Value {
	let [submission, decision] = held(referendum);
	json!({
		"index": index,
		"outcome": outcome_name(referendum),
		"block": ended(referendum),
		"submission_deposit": submission.map(deposit_json),
		"decision_deposit": decision.map(deposit_json),
	})
}

fn spend_json((index, spend): &(u32, Spend)) -> Value {
	json!({
		"spend": index,
		"amount": Smallest(spend.amount),
		"to": account_text(&spend.beneficiary),
		"from_block": spend.valid_from,
		"until_block": spend.expire_at,
	})
}

impl Serialize for Shown {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let document = json!({
			"block": self.context.block,
			"issuance": Smallest(self.issuance),
			"open": self.open.iter().map(|open| self.open_json(open)).collect::<Vec<_>>(),
			"past": self.past.iter().map(past_json).collect::<Vec<_>>(),
			"spends": self.spends.iter().map(spend_json).collect::<Vec<_>>(),
		});
		document.serialize(serializer)
	}
}

impl fmt::Display for Shown {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let Context { governance, slot_millis, block } = &self.context;
		if self.open.is_empty() && self.past.is_empty() {
			writeln!(f, "no referenda: cairn gov propose makes one")?;
		}
		let mut before = None;
		for open in &self.open {
			let track = open.ongoing.track;
			if before != Some(track) {
				writeln!(f, "{}", track::name(governance, track))?;
			}
			before = Some(track);
			self.open_text(f, open)?;
		}
		if !self.past.is_empty() {
			writeln!(f, "over")?;
		}
		for (index, referendum) in &self.past {
			writeln!(f, "{index:>4}  {}", outcome(referendum))?;
			let held = held(referendum).into_iter().flatten().map(|deposit| deposit.amount);
			let held = held.fold(0u128, u128::saturating_add);
			if held > 0 {
				let held = format::amount(held);
				writeln!(f, "      {held} held: cairn gov refund {index}")?;
			}
		}
		if !self.spends.is_empty() {
			writeln!(f, "spends of the treasury that wait")?;
		}
		for (index, spend) in &self.spends {
			let amount = format::amount(spend.amount);
			writeln!(f, "{index:>4}  {amount} to {}", account_text(&spend.beneficiary))?;
			let expires = at_block(spend.expire_at, *block, *slot_millis);
			writeln!(f, "      expires {expires}: cairn gov payout {index}")?;
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn shown() -> Shown {
		let governance = track::tests::governance();
		let open = |index, track| {
			let ongoing = Ongoing { track, ..super::super::referendum::tests::ongoing() };
			let call = Some("System.remark".to_owned());
			let text = "System.remark (remark: \"hello\")".to_owned();
			Open { index, ongoing, words: Words { call, text, preimage: None } }
		};
		let deposit = Deposit { who: [7; 32], amount: 10 * format::UNIT };
		let closed = Closed { at: 90, submission_deposit: Some(deposit), decision_deposit: None };
		let spend = Spend {
			amount: 5 * format::UNIT,
			beneficiary: [8; 32],
			valid_from: 1,
			expire_at: 1_300,
			state: PaymentState::Pending,
		};
		Shown {
			context: Context { governance, slot_millis: 6_000, block: 700 },
			issuance: 100 * format::UNIT,
			open: vec![open(4, 0), open(3, 10), open(5, 10)],
			past: vec![(1, Referendum::Approved(closed)), (2, Referendum::Killed(80))],
			spends: vec![(0, spend)],
		}
	}

	#[test]
	fn referenda_are_shown_by_track() {
		let text = shown().to_string();
		assert_eq!(text.matches("economic admin\n").count(), 1, "{text}");
		for expected in [
			"root\n   4  System.remark",
			"   3  System.remark (remark: \"hello\")\n      is decided; rejected at block 1200",
			"      approval 60%: not enough, 75% is needed now, 50% at the end\n",
			"over\n   1  approved in block 90\n      10 CAIRN held: cairn gov refund 1\n",
			"   2  killed in block 80: its deposits are lost\nspends",
			"   0  5 CAIRN to 5",
			"expires at block 1300, in about 1 h: cairn gov payout 0",
		] {
			assert!(text.contains(expected), "{expected}: {text}");
		}
	}

	#[test]
	fn referenda_have_stable_names() {
		let value = serde_json::to_value(shown()).expect("serializes");
		let open = &value["open"][1];
		assert_eq!(open["index"], 3);
		assert_eq!(open["track"], "economic admin");
		assert_eq!(open["call"], "System.remark");
		assert_eq!(open["state"], json!({ "phase": "deciding", "ends": 1_200 }));
		assert_eq!(open["approval"]["needed_now"], "75%");
		assert_eq!(open["support"]["passes"], true);
		assert_eq!(open["passing"], false);
		assert_eq!(value["past"][0]["submission_deposit"]["amount"], "10000000000000");
		assert_eq!(value["past"][1]["outcome"], "killed");
		assert_eq!(value["spends"][0]["spend"], 0);
	}

	#[test]
	fn nothing_is_said_where_nothing_is() {
		let shown = Shown { open: Vec::new(), past: Vec::new(), spends: Vec::new(), ..shown() };
		assert_eq!(shown.to_string(), "no referenda: cairn gov propose makes one\n");
	}
}
