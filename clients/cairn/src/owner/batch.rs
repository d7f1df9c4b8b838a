//! `cairn batch`: what became of a gateway's batches.

use std::fmt;

use cairn_chain::{
	At, Chain, Vote, account_text,
	views::{BatchStage, BatchView, Clock, GatewayView},
};
use cairn_types::{Attempt, GatewayId, Window};
use futures::future::try_join_all;
use serde::Serialize;
use serde_json::{Value, json};

use super::{error::OwnerError, format, gateway, session::Session};
use crate::cli::Global;

const EXAMPLES: &str = "\
Examples:
  cairn batch show --gateway 0
      The last batches of a gateway.
  cairn batch show --gateway 0 --window 291000
  cairn batch show --gateway 0 --window 291000 --attempt 1 --output json";

/// How many windows back batches are looked for.
const RECENT_WINDOWS: u32 = 12;
/// How many attempts back batches are looked for.
const RECENT_ATTEMPTS: u32 = 3;

/// Batches: what was sealed, and what committees say of it
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct BatchArgs {
	#[command(subcommand)]
	command: BatchCommand,
}

/// Batches: what was sealed, and what committees say of it
#[derive(Debug, clap::Subcommand)]
enum BatchCommand {
	/// Show a batch, or a gateway's last ones
	Show {
		/// The gateway's id
		#[arg(long, value_name = "ID")]
		gateway: GatewayId,
		/// The window; without it, the last ones
		#[arg(long)]
		window: Option<Window>,
		/// Which try; without it, the last ones
		#[arg(long, requires = "window")]
		attempt: Option<Attempt>,
	},
}

/// A batch with the votes on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Batch {
	/// What the chain says of it.
	pub(crate) view: BatchView,
	/// The votes, in the committee's order; empty before the first.
	pub(crate) votes: Vec<Vote>,
}

/// Run the command.
///
/// # Errors
/// Whatever stops it.
pub(crate) async fn run(global: &Global, args: &BatchArgs) -> Result<(), OwnerError> {
	let BatchCommand::Show { gateway: id, window, attempt } = &args.command;
	let session = Session::open(global).await?;
	let gateway = gateway::find(&session, *id).await?;
	let clock = session.clock().await?;
	let batches = match (window, attempt) {
		(Some(window), Some(attempt)) => {
			find(&session.chain, *id, *window, *attempt).await?.into_iter().collect()
		},
		(Some(window), None) => of_window(&session.chain, &gateway, *window).await?,
		(None, _) => recent(&session.chain, &gateway, &clock).await?,
	};
	if batches.is_empty() {
		return Err(OwnerError::not_found(
			"such batch",
			"see `cairn gateway show ID` for what is sealed; matured batches are removed",
		));
	}
	session.print(&Shown { gateway, clock, batches })
}

/// A batch with its votes.
///
/// # Errors
/// If the node does not answer.
pub(crate) async fn find(
	chain: &Chain,
	gateway: GatewayId,
	window: Window,
	attempt: Attempt,
) -> Result<Option<Batch>, OwnerError> {
	let Some(view) = chain.batch_view(gateway, window, attempt, At::Best).await? else {
		return Ok(None);
	};
	let voted = view.verdicts.iter().any(|count| *count > 0);
	let votes =
		if voted { chain.votes(gateway, window, attempt, At::Best).await? } else { Vec::new() };
	Ok(Some(Batch { view, votes }))
}

/// The batches of a window, in the gateway's last attempts; oldest first.
async fn of_window(
	chain: &Chain,
	gateway: &GatewayView,
	window: Window,
) -> Result<Vec<Batch>, OwnerError> {
	let asked =
		attempts(gateway.attempt).map(|attempt| find(chain, gateway.gateway, window, attempt));
	Ok(try_join_all(asked).await?.into_iter().flatten().collect())
}

/// The last batches of a gateway, by window and attempt; oldest first.
///
/// # Errors
/// If the node does not answer.
pub(crate) async fn recent(
	chain: &Chain,
	gateway: &GatewayView,
	clock: &Clock,
) -> Result<Vec<Batch>, OwnerError> {
	let asked = windows(clock.now.window).map(|window| of_window(chain, gateway, window));
	Ok(try_join_all(asked).await?.into_iter().flatten().collect())
}

/// Windows whose batches are looked for; ascending.
pub(crate) fn windows(now: Window) -> std::ops::Range<Window> {
	now.saturating_sub(RECENT_WINDOWS)..now
}

/// Attempts in which batches are looked for; ascending.
pub(crate) fn attempts(current: Attempt) -> std::ops::RangeInclusive<Attempt> {
	current.saturating_sub(RECENT_ATTEMPTS.saturating_sub(1))..=current
}

impl Batch {
	/// What became of it, in words.
	pub(crate) fn text(&self, clock: &Clock) -> String {
		let view = &self.view;
		let tick = clock.now.tick;
		let [valid, invalid, unavailable] = view.verdicts;
		let (members, quorum) = view.quorum;
		let verdicts = format!("{valid} of {members} valid ({quorum} needed)");
		match &view.stage {
			BatchStage::Pending if view.due.is_none() => {
				"sealed, waits for the one before".to_owned()
			},
			BatchStage::Pending => {
				let others = match invalid + unavailable {
					0 => String::new(),
					_ => format!(", {invalid} invalid, {unavailable} unavailable"),
				};
				format!("sealed, {verdicts}{others}")
			},
			BatchStage::Attested { matures } if *matures <= tick => format!("matured, {verdicts}"),
			BatchStage::Attested { matures } => {
				format!(
					"attested, {verdicts}, matures {}",
					format::at_tick(*matures, tick, &clock.periods)
				)
			},
			BatchStage::Dead => format!("dead: {}", self.cause_of_death()),
		}
	}

	/// Why it died, in words.
	pub(crate) fn cause_of_death(&self) -> String {
		let [_, invalid, unavailable] = self.view.verdicts;
		let fault = self.votes.iter().find_map(|vote| match vote {
			Vote::Invalid(fault) => Some(fault),
			_ => None,
		});
		match fault {
			Some(fault) => {
				format!("{invalid} said {fault:?} (code {}): {}", fault.code(), fault.cause())
			},
			None if unavailable > 0 => {
				format!("{unavailable} could not fetch its bytes from the gateway in time")
			},
			None => "no quorum in time, or the batch before it died".to_owned(),
		}
	}

	/// For programs.
	pub(crate) fn json(&self, clock: &Clock) -> Value {
		let view = &self.view;
		let [valid, invalid, unavailable] = view.verdicts;
		let (stage, matures) = match &view.stage {
			BatchStage::Pending => ("pending", None),
			BatchStage::Attested { matures } if *matures <= clock.now.tick => {
				("matured", Some(matures))
			},
			BatchStage::Attested { matures } => ("attested", Some(matures)),
			BatchStage::Dead => ("dead", None),
		};
		let votes = self.votes.iter().map(|vote| match vote {
			Vote::None => Value::Null,
			Vote::Valid => json!("valid"),
			Vote::Invalid(fault) => json!({ "invalid": fault, "code": fault.code() }),
			Vote::Unavailable => json!("unavailable"),
		});
		json!({
			"gateway": view.gateway,
			"window": view.window,
			"attempt": view.attempt,
			"stage": stage,
			"matures_tick": matures,
			"due_tick": view.due,
			"header_hash": format::hash(&view.header_hash),
			"ledger_root": format::hash(&view.ledger_root),
			"units": view.sums.units.to_string(),
			"readings": view.sums.readings,
			"devices": view.sums.devices,
			"committee": view.committee,
			"members": view.quorum.0,
			"quorum": view.quorum.1,
			"verdicts": { "valid": valid, "invalid": invalid, "unavailable": unavailable },
			"votes": votes.collect::<Vec<_>>(),
		})
	}
}

/// Batches as they are shown.
struct Shown {
	gateway: GatewayView,
	clock: Clock,
	batches: Vec<Batch>,
}

impl Serialize for Shown {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let batches = self.batches.iter().map(|batch| batch.json(&self.clock)).collect::<Vec<_>>();
		json!({ "tick": self.clock.now.tick, "batches": batches }).serialize(serializer)
	}
}

impl fmt::Display for Shown {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let operator = account_text(&self.gateway.operator);
		writeln!(f, "gateway {} of {operator}", self.gateway.gateway)?;
		for batch in &self.batches {
			let BatchView { window, attempt, sums, .. } = &batch.view;
			writeln!(f, "window {window} attempt {attempt}: {}", batch.text(&self.clock))?;
			let readings = format::count(sums.readings, "reading");
			let devices = format::count(u64::from(sums.devices), "device");
			writeln!(f, "  {readings} of {devices}, {} units", sums.units)?;
		}
		Ok(())
	}
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use cairn_telemetry::{Fault, Sums};
	use cairn_types::{Moment, Periods};

	/// A batch in a stage, with verdicts.
	pub(crate) fn batch(stage: BatchStage, verdicts: [u32; 3], votes: Vec<Vote>) -> Batch {
		let view = BatchView {
			gateway: GatewayId(0),
			window: 20,
			attempt: 1,
			header_hash: [1; 32],
			ledger_root: [2; 32],
			sums: Sums { units: 1_000, readings: 6, devices: 1 },
			stage,
			committee: vec![0],
			verdicts,
			quorum: (4, 3),
			due: Some(22),
		};
		Batch { view, votes }
	}

	pub(crate) fn clock(tick: u32) -> Clock {
		let periods = Periods::DEVELOPMENT;
		let now = Moment { window: tick, tick };
		let cycle = periods.cycle_of(tick);
		Clock { now, cycle, periods, record: None, required: [0; 32], upcoming: [0; 32] }
	}

	#[test]
	fn a_batch_says_what_became_of_it() {
		let text = |stage, verdicts, votes| batch(stage, verdicts, votes).text(&clock(25));
		assert_eq!(text(BatchStage::Pending, [1, 0, 0], vec![]), "sealed, 1 of 4 valid (3 needed)");
		let doubt = text(BatchStage::Pending, [1, 1, 0], vec![]);
		assert!(doubt.ends_with("1 invalid, 0 unavailable"), "{doubt}");
		let attested = text(BatchStage::Attested { matures: 28 }, [3, 0, 0], vec![]);
		assert!(attested.contains("matures at tick 28, in 3 ticks, about 18 s"), "{attested}");
		let matured = text(BatchStage::Attested { matures: 25 }, [4, 0, 0], vec![]);
		assert!(matured.starts_with("matured"), "{matured}");
		let mut waiting = batch(BatchStage::Pending, [0; 3], vec![]);
		waiting.view.due = None;
		assert!(waiting.text(&clock(25)).contains("waits for the one before"));
	}

	#[test]
	fn a_dead_batch_says_why() {
		let votes = vec![Vote::None, Vote::Invalid(Fault::Inactive)];
		let invalid = batch(BatchStage::Dead, [0, 1, 0], votes);
		assert!(invalid.cause_of_death().contains("1 said Inactive (code 8)"));
		let away = batch(BatchStage::Dead, [0, 0, 2], vec![Vote::Unavailable; 2]);
		assert!(away.cause_of_death().contains("2 could not fetch"));
		let alone = batch(BatchStage::Dead, [0; 3], vec![]);
		assert!(alone.cause_of_death().contains("no quorum"));
		assert_eq!(invalid.json(&clock(25))["votes"][1]["code"], 8);
	}

	#[test]
	fn the_last_batches_are_looked_for_without_underflow() {
		assert_eq!(windows(20), 8..20);
		assert_eq!(windows(3), 0..3);
		assert_eq!(attempts(0).collect::<Vec<_>>(), [0]);
		assert_eq!(attempts(5).collect::<Vec<_>>(), [3, 4, 5]);
	}
}
