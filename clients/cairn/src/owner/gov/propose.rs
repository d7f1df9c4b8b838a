//! `cairn gov propose` and `cairn gov dry-run`: trying a call out, and submitting it.

use std::fmt;

use cairn_chain::{
	At, Described, DispatchFailure, Enactment, Outcome, PreimageStatus, Proposal, Track,
	calls::{preimage, referenda},
	views::governance::{DryRun, DryRunError},
};
use serde::Serialize;
use serde_json::json;

use super::{
	super::{
		error::OwnerError,
		format,
		options::{SignBy, Signing},
		output::Receipt,
		session::{Session, missing_event},
	},
	Context,
	call::{self, Prepared, Proposed},
	track,
	words::{at_block, blocks},
};

/// Picoseconds of a millisecond.
const PS_PER_MS: u64 = 1_000_000_000;

/// Propose something to token holders, after trying it out
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cairn gov propose --track \"economic admin\" --set rewards.vesting=60 --key account.key
  cairn gov propose --track root --runtime cairn_runtime.compact.compressed.wasm --key account.key
  cairn gov propose --track \"small spender\" --spend 250 \\
      --to 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty --key account.key
  cairn gov propose --track \"network admin\" --convict 3 --key account.key
  cairn gov propose --track root --call-hex 0x00000468 --key account.key")]
pub(super) struct Propose {
	#[command(flatten)]
	proposed: Proposed,

	/// Blocks from its approval to its enactment; the track's least time if that is longer
	#[arg(long, value_name = "BLOCKS", default_value_t = 0)]
	after: u32,

	/// Propose it although it would fail if it were enacted now
	#[arg(long)]
	force: bool,

	#[command(flatten)]
	signing: Signing,
}

/// Try a call out as a track's referendum would enact it now; sends nothing
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cairn gov dry-run --track \"economic admin\" --set telemetry.base-fee=0.02
  cairn gov dry-run --track root --call-file call.scale --output json")]
pub(super) struct TryOut {
	#[command(flatten)]
	proposed: Proposed,
}

/// What became of a call that was tried out.
struct Trial {
	track: String,
	call: Described,
	notes: Vec<String>,
	failure: Option<DispatchFailure>,
	events: Vec<String>,
	/// Events that are not among `events`.
	more: u32,
	/// What its enactment may weigh at most, in ps.
	ref_time: u64,
}

/// Run `cairn gov dry-run`.
///
/// # Errors
/// If the call would fail, or cannot be tried out.
pub(super) async fn dry_run(session: &Session, args: &TryOut) -> Result<(), OwnerError> {
	let context = Context::read(session).await?;
	let track = track::find(&context.governance, &args.proposed.track)?;
	let prepared = call::prepare(session, &args.proposed).await?;
	let trial = try_out(session, track, &prepared).await?;
	session.print(&trial)?;
	match &trial.failure {
		Some(failure) => Err(would_fail(failure)),
		None => Ok(()),
	}
}

/// Run `cairn gov propose`.
///
/// # Errors
/// Whatever stops it.
pub(super) async fn propose(session: &Session, args: &Propose) -> Result<(), OwnerError> {
	let account = args.signing.signer()?.account();
	let context = Context::read(session).await?;
	let track = track::find(&context.governance, &args.proposed.track)?;
	let prepared = call::prepare(session, &args.proposed).await?;
	let trial = try_out(session, track, &prepared).await?;
	match &trial.failure {
		Some(failure) if !args.force => return Err(forcible(failure)),
		Some(failure) => tracing::warn!("the call would fail now: {}", failure.name),
		None => {},
	}
	let deposit = context.governance.submission_deposit;
	super::ensure_free(session, &account, deposit, "the submission deposit").await?;

	let proposal = Proposal::of(&prepared.bytes);
	let origin = session.chain.track_origin(track.id, At::Best).await?;
	let origin = origin.ok_or_else(|| unknown_track(track))?;
	let submit = referenda::submit(&origin, &proposal, Enactment::After(args.after));
	let outcome = if needs_preimage(session, &proposal).await? {
		let calls = [preimage::note(&prepared.bytes), submit];
		session.submit(&session.chain.batch(&calls).await?, &args.signing).await?
	} else {
		session.submit(&submit, &args.signing).await?
	};
	let receipt = submitted(&context, track, &prepared, &outcome)?;
	let receipt = with_preimage(session, receipt, &proposal, &outcome).await?;
	session.print(&receipt)
}

/// Try a call out.
async fn try_out(
	session: &Session,
	track: &Track,
	prepared: &Prepared,
) -> Result<Trial, OwnerError> {
	let spinner = session.spinner("trying it out");
	let answer = session.chain.dry_run(track.id, &prepared.bytes, At::Best).await?;
	drop(spinner);
	let DryRun { result, events, deposited, ref_time } =
		answer.map_err(|error| untried(track, &error))?;
	let metadata = session.chain.metadata().await?;
	let words = |event: &Vec<u8>| {
		let described = Described::event(event, &metadata);
		described.map_or_else(|| format!("0x{}", hex::encode(event)), |event| event.to_string())
	};
	let shown = u32::try_from(events.len()).unwrap_or(u32::MAX);
	Ok(Trial {
		track: track.name.clone(),
		call: prepared.described.clone(),
		notes: prepared.notes.clone(),
		failure: result.err().map(|error| DispatchFailure::of(&error, &metadata)),
		events: events.iter().map(words).collect(),
		more: deposited.saturating_sub(shown),
		ref_time,
	})
}

/// Whether the chain lacks the preimage of a proposal.
async fn needs_preimage(session: &Session, proposal: &Proposal) -> Result<bool, OwnerError> {
	let Proposal::Lookup { hash, .. } = proposal else { return Ok(false) };
	let status = session.chain.preimage_status(hash, At::Best).await?;
	Ok(!status.is_some_and(|status| status.is_noted()))
}

/// What the transaction that submitted a referendum did.
fn submitted(
	context: &Context,
	track: &Track,
	prepared: &Prepared,
	outcome: &Outcome,
) -> Result<Receipt, OwnerError> {
	let event = outcome.find::<(u32, u16)>("Referenda", "Submitted");
	let (index, _) = event.ok_or_else(|| missing_event("Referenda.Submitted"))?;
	let Context { governance, slot_millis, .. } = context;
	let now = outcome.number;
	let ready = now.saturating_add(track.prepare_period);
	let timeout = now.saturating_add(governance.undeciding_timeout);
	let when = |block| at_block(block, now, *slot_millis);
	let mut receipt = Receipt::new("referendum submitted", outcome)
		.with("referendum", index)
		.with("track", track.name.clone())
		.with("call", prepared.described.to_string())
		.with_amount("submission_deposit", governance.submission_deposit)
		.with_amount("decision_deposit", track.decision_deposit)
		.with_shown("decision_from", ready, when(ready))
		.with_shown("times_out", timeout, format!("{}, if nobody deposits", when(timeout)));
	for note in &prepared.notes {
		receipt = receipt.note(note.clone());
	}
	let decision = blocks(track.decision_period, *slot_millis);
	Ok(receipt
		.note(format!("next: cairn gov deposit {index}; then it is decided within {decision}"))
		.note(format!("votes count from now on: cairn gov vote {index} aye --amount CAIRN")))
}

/// Add what is held for the preimage.
async fn with_preimage(
	session: &Session,
	receipt: Receipt,
	proposal: &Proposal,
	outcome: &Outcome,
) -> Result<Receipt, OwnerError> {
	let Proposal::Lookup { hash, .. } = proposal else { return Ok(receipt) };
	let at = At::Block(outcome.block);
	let status = session.chain.preimage_status(hash, at).await?;
	let held = status.as_ref().and_then(PreimageStatus::ticket).map(|ticket| ticket.amount);
	let hash = format::hash(hash);
	let receipt = receipt.with("preimage", hash.clone());
	Ok(match held {
		Some(amount) => receipt.with_amount("preimage_deposit", amount).note(format!(
			"its deposit returns when the referendum is over: cairn gov refund --preimage {hash}"
		)),
		None => receipt,
	})
}

fn unknown_track(track: &Track) -> OwnerError {
	OwnerError::refused(
		format!("the runtime has no origin for the track {:?}", track.name),
		"use the release of this command that belongs to the chain's runtime",
	)
}

/// Why a call could not be tried out.
fn untried(track: &Track, error: &DryRunError) -> OwnerError {
	let millis = |ps: &u64| ps / PS_PER_MS;
	match error {
		DryRunError::UnknownTrack => unknown_track(track),
		DryRunError::Undecodable => OwnerError::usage(
			"the bytes are no call of the chain's runtime, or one that is nested too deep",
			"encode the call with this chain's metadata; nest fewer calls in each other",
		),
		DryRunError::TooHeavy { ref_time, limit } => OwnerError::refused(
			format!(
				"the call may take {} ms, and enactments have {} ms of a block: it would never run",
				millis(ref_time),
				millis(limit),
			),
			"propose less at once",
		),
	}
}

/// A call that would fail.
fn would_fail(failure: &DispatchFailure) -> OwnerError {
	let (cause, remedy) = reason(failure);
	OwnerError::refused(format!("the call would fail: {}: {cause}", failure.name), remedy)
}

/// A call that would fail, and may be proposed all the same.
fn forcible(failure: &DispatchFailure) -> OwnerError {
	let (cause, remedy) = reason(failure);
	OwnerError::refused(
		format!("the call would fail: {}: {cause}", failure.name),
		format!("{remedy}; --force proposes it all the same"),
	)
}

/// Cause and remedy of a failure, as they concern who proposes: the runtime's own remedies speak to
/// who signs.
fn reason(failure: &DispatchFailure) -> (String, String) {
	let (cause, remedy) = match failure.docs.split_once("Remedy: ") {
		Some((cause, remedy)) => (cause.trim(), Some(remedy.trim_end_matches('.'))),
		None => (failure.docs.trim(), None),
	};
	let remedy = match failure.name.as_str() {
		"BadOrigin" | "RootNotAllowed" => {
			"propose it on a track that may do it: see `cairn gov tracks`; root may do nearly all"
		},
		"Treasury::InsufficientPermission" => "spend less, or on the track of a bigger spender",
		"System::InvalidSpecName" | "System::FailedToExtractRuntimeVersion" => {
			"propose a runtime of this chain"
		},
		"System::SpecVersionNeedsToIncrease" => "raise spec_version and build the runtime again",
		"Whitelist::CallIsNotWhitelisted" => {
			"let the technical committee whitelist the call's hash first"
		},
		name if name.starts_with("Token(") => {
			"put the tokens where the call takes them from before it is enacted"
		},
		name if name.contains("::") => {
			remedy.unwrap_or("change the call, or what it depends on, and try it out again")
		},
		_ => "change the call, or what it depends on, and try it out again",
	};
	(cause.to_owned(), remedy.to_owned())
}

impl Serialize for Trial {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let failure = self.failure.as_ref().map(|failure| {
			let (cause, remedy) = reason(failure);
			json!({ "name": failure.name, "cause": cause, "remedy": remedy })
		});
		let document = json!({
			"track": self.track,
			"call": self.call.name,
			"fields": self.call.fields,
			"succeeds": self.failure.is_none(),
			"failure": failure,
			"events": self.events,
			"more_events": self.more,
			"ref_time": self.ref_time,
		});
		document.serialize(serializer)
	}
}

impl fmt::Display for Trial {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match &self.failure {
			None => writeln!(f, "would succeed on the track {}", self.track)?,
			Some(failure) => {
				writeln!(f, "would fail on the track {}: {}", self.track, failure.name)?;
			},
		}
		writeln!(f, "  call         {}", self.call)?;
		let millis = self.ref_time.div_ceil(PS_PER_MS);
		writeln!(f, "  weight       {millis} ms of a block at most")?;
		for event in &self.events {
			writeln!(f, "  event        {event}")?;
		}
		if self.more > 0 {
			writeln!(f, "  and {} more", format::count(u64::from(self.more), "event"))?;
		}
		for note in &self.notes {
			writeln!(f, "  {note}")?;
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn failure(name: &str, docs: &str) -> DispatchFailure {
		DispatchFailure { name: name.to_owned(), docs: docs.to_owned(), place: 0 }
	}

	fn trial(failure: Option<DispatchFailure>) -> Trial {
		Trial {
			track: "root".to_owned(),
			call: Described { name: "System.remark".to_owned(), fields: String::new() },
			notes: vec!["mind the gap".to_owned()],
			failure,
			events: vec!["System.Remarked".to_owned()],
			more: 2,
			ref_time: 1_500_000_000,
		}
	}

	#[test]
	fn a_trial_says_what_would_happen() {
		let text = trial(None).to_string();
		for expected in [
			"would succeed on the track root\n  call         System.remark\n",
			"weight       2 ms of a block",
			"event        System.Remarked\n  and 2 events more",
			"mind the gap",
		] {
			assert!(text.contains(expected), "{expected}: {text}");
		}
		let value = serde_json::to_value(trial(None)).expect("serializes");
		assert_eq!(value["succeeds"], true);
		assert!(value["failure"].is_null());
	}

	#[test]
	fn a_trial_says_why_it_would_fail() {
		let docs = "Bad origin. Remedy: sign with the account that the call belongs to.";
		let trial = trial(Some(failure("BadOrigin", docs)));
		assert!(trial.to_string().starts_with("would fail on the track root: BadOrigin\n"));
		let value = serde_json::to_value(&trial).expect("serializes");
		assert_eq!(value["succeeds"], false);
		assert_eq!(value["failure"]["cause"], "Bad origin.");
		let text = forcible(&failure("BadOrigin", docs)).to_string();
		assert!(text.contains("track that may do it") && text.contains("--force"), "{text}");
		assert!(!text.contains("sign with"), "{text}");
	}

	#[test]
	fn a_pallets_own_remedy_is_kept() {
		let own = failure("Networks::NotFound", "There is none. Remedy: look it up.");
		assert_eq!(reason(&own), ("There is none.".to_owned(), "look it up".to_owned()));
		let none = failure("Utility::TooManyCalls", "Too many calls batched.");
		let (cause, remedy) = reason(&none);
		assert_eq!(cause, "Too many calls batched.");
		assert!(remedy.contains("try it out again"), "{remedy}");
	}

	#[test]
	fn a_call_that_is_too_heavy_says_by_how_much() {
		let governance = super::super::track::tests::governance();
		let track = governance.track(0).expect("it is there");
		let error = DryRunError::TooHeavy { ref_time: 2_000 * PS_PER_MS, limit: 1_600 * PS_PER_MS };
		let text = untried(track, &error).to_string();
		assert!(text.contains("2000 ms") && text.contains("1600 ms"), "{text}");
		for error in [DryRunError::UnknownTrack, DryRunError::Undecodable] {
			assert!(untried(track, &error).to_string().contains("Remedy: "));
		}
	}
}
