//! `cairn gov`: token holders propose, try out, vote, and follow what becomes of it.
//!
//! What decides is pure and lies apart: names and ranges of parameters, where a referendum stands,
//! and when a vote's tokens are free.

mod call;
mod deposit;
mod locks;
mod parameter;
mod propose;
mod referendum;
mod status;
mod track;
mod version;
mod vote;
mod words;

use std::fmt;

use cairn_chain::{At, Governance, Ongoing, Referendum};
use serde::Serialize;
use serde_json::json;

use super::{error::OwnerError, format, options::Signing, session::Session};
use crate::cli::Global;
use parameter::{Parameter, Values};

const EXAMPLES: &str = "\
Examples:
  cairn gov tracks
      Whom referenda may speak for, what they need, and how long they take.
  cairn gov propose --track \"economic admin\" --set rewards.vesting=60 --key account.key
      Tries it out first; prints the referendum's index, and what to do next.
  cairn gov deposit 3 --key account.key
  cairn gov vote 3 aye --amount 500 --conviction 2x --key account.key
  cairn gov status 3
  cairn gov unlock --key account.key";

/// Governance: propose, try out, vote, delegate, and follow referenda
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct GovArgs {
	#[command(subcommand)]
	command: GovCommand,
}

/// Governance: propose, try out, vote, delegate, and follow referenda
#[derive(Debug, clap::Subcommand)]
enum GovCommand {
	/// Propose a call to token holders: tries it out, and submits a referendum for a deposit
	Propose(propose::Propose),
	/// Try a call out as a track's referendum would enact it now; sends nothing
	DryRun(propose::TryOut),
	/// Place the deposit without which a referendum's decision does not begin
	Deposit(One),
	/// Vote on a referendum, or vote otherwise
	Vote(vote::Vote),
	/// Take back a vote, or forget it once its referendum is over
	Unvote(One),
	/// Let another account vote for you
	Delegate(vote::Delegate),
	/// Vote yourself again
	Undelegate(vote::Undelegate),
	/// Free the tokens of votes and delegations that are over
	Unlock {
		#[command(flatten)]
		signing: Signing,
	},
	/// Show referenda: what they propose, the votes, what they need now and at the end
	Status(status::StatusArgs),
	/// Show the tracks: whom they speak for, what they need, how long they take
	Tracks,
	/// Show what `--set` may change: names, ranges, and what holds now
	Parameters,
	/// Take back the deposits of a referendum that is over, or of a preimage
	Refund(deposit::Refund),
	/// Pay out what a referendum approved to be spent of the treasury; anyone may
	Payout {
		/// The spend's index, as `cairn gov status` prints it
		index: u32,
		#[command(flatten)]
		signing: Signing,
	},
}

/// A referendum, and who signs.
#[derive(Debug, clap::Args)]
struct One {
	/// The referendum's index
	index: u32,
	#[command(flatten)]
	signing: Signing,
}

/// Run the command.
///
/// # Errors
/// Whatever stops it.
pub(crate) async fn run(global: &Global, args: &GovArgs) -> Result<(), OwnerError> {
	let session = &Session::open(global).await?;
	match &args.command {
		GovCommand::Propose(args) => Box::pin(propose::propose(session, args)).await,
		GovCommand::DryRun(args) => Box::pin(propose::dry_run(session, args)).await,
		GovCommand::Deposit(One { index, signing }) => {
			Box::pin(deposit::place(session, *index, signing)).await
		},
		GovCommand::Vote(args) => Box::pin(vote::vote(session, args)).await,
		GovCommand::Unvote(One { index, signing }) => {
			Box::pin(vote::unvote(session, *index, signing)).await
		},
		GovCommand::Delegate(args) => Box::pin(vote::delegate(session, args)).await,
		GovCommand::Undelegate(args) => Box::pin(vote::undelegate(session, args)).await,
		GovCommand::Unlock { signing } => Box::pin(vote::unlock(session, signing)).await,
		GovCommand::Status(args) => Box::pin(status::run(session, args)).await,
		GovCommand::Tracks => {
			let Context { governance, slot_millis, .. } = Context::read(session).await?;
			session.print(&track::Shown { governance, slot_millis })
		},
		GovCommand::Parameters => session.print(&Shown(call::values(session).await?)),
		GovCommand::Refund(args) => Box::pin(deposit::refund(session, args)).await,
		GovCommand::Payout { index, signing } => {
			Box::pin(deposit::payout(session, *index, signing)).await
		},
	}
}

/// What most of these commands look at first.
struct Context {
	governance: Governance,
	/// Length of a block's slot.
	slot_millis: u64,
	/// The best block's number.
	block: u32,
}

impl Context {
	/// As it is at the best block.
	///
	/// # Errors
	/// If the node does not answer.
	async fn read(session: &Session) -> Result<Self, OwnerError> {
		let governance = session.chain.governance().await?;
		let slot_millis = session.clock().await?.periods.slot_millis;
		let block = session.chain.best().await?.number;
		Ok(Self { governance, slot_millis, block })
	}
}

/// A referendum that is or was.
///
/// # Errors
/// If there is none.
async fn find(session: &Session, index: u32) -> Result<Referendum, OwnerError> {
	session.chain.referendum(index, At::Best).await?.ok_or_else(|| {
		OwnerError::not_found(
			format!("referendum {index}"),
			"take the index that `cairn gov propose` printed, or see `cairn gov status`",
		)
	})
}

/// A referendum that is not decided yet.
///
/// # Errors
/// If there is none, or it is over.
async fn ongoing(session: &Session, index: u32) -> Result<Ongoing, OwnerError> {
	match find(session, index).await? {
		Referendum::Ongoing(ongoing) => Ok(ongoing),
		over => Err(OwnerError::refused(
			format!("referendum {index} is over: {}", referendum::outcome(&over)),
			"see `cairn gov status` for those that are not",
		)),
	}
}

/// Refuse to hold more than the account can spare.
///
/// # Errors
/// If it has less; says how much.
async fn ensure_free(
	session: &Session,
	account: &[u8; 32],
	amount: u128,
	what: &str,
) -> Result<(), OwnerError> {
	let free = session.chain.balance(account, At::Best).await?.free;
	if free > amount {
		return Ok(());
	}
	Err(OwnerError::refused(
		format!(
			"{what} is {}, and the account has {} that is not held already",
			format::amount(amount),
			format::amount(free),
		),
		"put more of the token into the signing account",
	))
}

/// The parameters as they are shown.
struct Shown(Values);

impl Shown {
	fn value(&self, parameter: Parameter) -> Option<String> {
		self.0.get(parameter).map(|value| parameter.range().show(value))
	}
}

impl Serialize for Shown {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let parameters = Parameter::ALL.map(|parameter| {
			json!({
				"name": parameter.name(),
				"value": self.value(parameter),
				"range": parameter.range().to_string(),
				"meaning": parameter.meaning(),
			})
		});
		json!({ "parameters": parameters }).serialize(serializer)
	}
}

impl fmt::Display for Shown {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		for parameter in Parameter::ALL {
			let value = self.value(parameter);
			let value = value.as_deref().unwrap_or("deleted: the runtime's default holds");
			writeln!(f, "{}={value}", parameter.name())?;
			writeln!(f, "    {}; {}", parameter.meaning(), parameter.range())?;
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::owner::lines;
	use cairn_chain::DevicesPolicy;

	#[test]
	fn the_command_line_is_consistent() {
		lines::assert_consistent::<GovArgs>();
	}

	#[test]
	fn works_when_commands_are_written_as_documented() {
		lines::assert_understood::<GovArgs>(&[
			"gov propose --track root --call-file call.scale --suri //Alice",
			"gov propose --track root --call-hex 0x0000 --after 100 --force --suri //Alice",
			"gov propose --track economic-admin --set rewards.vesting=60 --suri //Alice",
			"gov propose --track 10 --set rewards.vesting=60 devices.per-cycle=1 --suri //Alice",
			"gov propose --track root --runtime runtime.wasm --suri //Alice",
			"gov propose --track small-spender --spend 2.5 --to //Bob --suri //Alice",
			"gov propose --track root --remark hello --key account.key --finalized",
			"gov dry-run --track economic-admin --set telemetry.base-fee=0.02",
			"gov deposit 3 --suri //Alice",
			"gov vote 3 aye --amount 1.5 --suri //Alice",
			"gov vote 3 nay --amount 1 --conviction 6x --suri //Alice",
			"gov vote 3 abstain --amount 1 --conviction none --suri //Alice",
			"gov unvote 3 --suri //Alice",
			"gov delegate //Bob --track all --amount 5 --conviction 1x --suri //Alice",
			"gov undelegate --track root --suri //Alice",
			"gov undelegate --suri //Alice",
			"gov unlock --suri //Alice",
			"gov status",
			"gov status 3",
			"gov status --all",
			"gov tracks",
			"gov parameters",
			"gov refund 3 --suri //Alice",
			"gov payout 0 --suri //Alice",
		]);
		let hash = "01".repeat(32);
		let line = format!("gov refund --preimage 0x{hash} --suri //Alice");
		lines::assert_understood::<GovArgs>(&[&line]);
	}

	#[test]
	fn fails_when_arguments_do_not_go_together() {
		lines::assert_refused::<GovArgs>(&[
			"gov propose --track root --suri //Alice",
			"gov propose --remark hello --suri //Alice",
			"gov propose --track root --remark hello --call-hex 0x0000 --suri //Alice",
			"gov propose --track root --spend 1 --suri //Alice",
			"gov propose --track root --remark hello --to //Bob --suri //Alice",
			"gov propose --track root --set rewards.vesting=0 --suri //Alice",
			"gov propose --track root --set vesting=5 --suri //Alice",
			"gov vote 3 --amount 1 --suri //Alice",
			"gov vote 3 maybe --amount 1 --suri //Alice",
			"gov vote 3 aye --suri //Alice",
			"gov vote 3 aye --amount 1 --conviction 7x --suri //Alice",
			"gov delegate //Bob --amount 5 --suri //Alice",
			"gov refund --suri //Alice",
			"gov refund 3 --preimage 0x00 --suri //Alice",
			"gov payout --suri //Alice",
		]);
	}

	#[test]
	fn parameters_are_shown_as_they_are_set() {
		let shown = Shown(Values {
			telemetry: None,
			rewards: None,
			devices: Some(DevicesPolicy {
				per_cycle: 5,
				recovery_ticks: 6,
				moving_fee: 7,
				moving_ticks: 8,
			}),
		});
		let text = shown.to_string();
		assert!(text.contains("devices.per-cycle=5\n"), "{text}");
		assert!(text.contains("rewards.vesting=deleted"), "{text}");
		let value = serde_json::to_value(&shown).expect("serializes");
		assert_eq!(value["parameters"][13]["value"], "5");
		assert!(value["parameters"][0]["value"].is_null());
	}
}
