//! `cairn validator`: session keys, stake, candidacy, pay and standing of those who validate.
//!
//! As everywhere on the owner's side, what decides is pure and lies apart from asking and sending:
//! what keeps an account from validating ([`standing`]), what of past eras is unclaimed ([`due`]),
//! which verdicts were owed ([`duty`]), and how all of it is put in words ([`findings`], [`words`],
//! [`refusal`]).

mod due;
mod duty;
mod findings;
mod keys;
mod payout;
mod refusal;
mod stake;
mod standing;
mod status;
mod words;

use cairn_chain::{At, Call, Outcome, StakeView};

use super::{
	error::OwnerError,
	options::{SignBy, Signing},
	parse,
	session::Session,
};
use crate::cli::Global;

const EXAMPLES: &str = "\
Examples:
  cairn validator bond --amount 5000 --key stash.key
  cairn validator keys rotate --key stash.key
      On the node's own machine: the node makes keys, the chain learns them.
  cairn validator start --commission 5 --key stash.key
  cairn validator status --key stash.key
      Whether it validates, and if not, why not; what it earned; verdicts owed and given.
  cairn validator payout --watch --key stash.key
      Pay each era when it ends, until Ctrl-C.
  cairn validator stop --key stash.key";

/// Validators: keys, stake, pay, and why one validates or does not
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct ValidatorArgs {
	#[command(subcommand)]
	command: ValidatorCommand,
}

/// Validators: keys, stake, pay, and why one validates or does not
#[derive(Debug, clap::Subcommand)]
enum ValidatorCommand {
	/// Session keys: what a validator's node signs with
	Keys(keys::Keys),
	/// Put tokens at stake, or more of them
	Bond(stake::Bond),
	/// Back candidates with the stake, instead of validating
	Nominate(stake::Nominate),
	/// Ask stake back; it stays bonded for some eras
	Unbond(stake::Unbond),
	/// Take stake that was asked back long enough ago
	Withdraw(Signing),
	/// Put an account where its stake belongs in the list of voters
	Rebag(Whose),
	/// Stop to validate or to nominate, from the next election on
	Chill(Signing),
	/// Become a candidate, or change the terms
	Start(stake::Start),
	/// Stop to validate, from the next election on; says when the stake can be withdrawn
	Stop(Signing),
	/// Pay what past eras have earned: to the validator and to those who backed it
	Payout(payout::Payout),
	/// Say whether an account validates, and if not, why not; what it earned and owes
	Status(Whose),
}

/// An account, and who signs.
#[derive(Debug, clap::Args)]
struct Whose {
	/// SS58, 0x-prefixed hex or a development key; without it, the account that would sign
	#[arg(value_name = "ACCOUNT", value_parser = parse::account)]
	account: Option<[u8; 32]>,

	#[command(flatten)]
	signing: Signing,
}

impl Whose {
	/// The account that is meant.
	fn account(&self) -> Result<[u8; 32], OwnerError> {
		match self.account {
			Some(account) => Ok(account),
			None => Ok(self.signing.signer()?.account()),
		}
	}
}

/// Run the command.
///
/// # Errors
/// Whatever stops it.
pub(crate) async fn run(global: &Global, args: &ValidatorArgs) -> Result<(), OwnerError> {
	let session = &Session::open(global).await?;
	match &args.command {
		ValidatorCommand::Keys(args) => Box::pin(keys::run(session, args)).await,
		ValidatorCommand::Bond(args) => Box::pin(stake::bond(session, args)).await,
		ValidatorCommand::Nominate(args) => Box::pin(stake::nominate(session, args)).await,
		ValidatorCommand::Unbond(args) => Box::pin(stake::unbond(session, args)).await,
		ValidatorCommand::Withdraw(signing) => Box::pin(stake::withdraw(session, signing)).await,
		ValidatorCommand::Rebag(whose) => Box::pin(stake::rebag(session, whose)).await,
		ValidatorCommand::Chill(signing) => Box::pin(stake::chill(session, signing)).await,
		ValidatorCommand::Start(args) => Box::pin(stake::start(session, args)).await,
		ValidatorCommand::Stop(signing) => Box::pin(stake::stop(session, signing)).await,
		ValidatorCommand::Payout(args) => Box::pin(payout::run(session, args)).await,
		ValidatorCommand::Status(whose) => Box::pin(status::run(session, &whose.account()?)).await,
	}
}

/// What an account has at stake.
///
/// # Errors
/// If that is nothing.
async fn stake_of(session: &Session, account: &[u8; 32]) -> Result<StakeView, OwnerError> {
	let stake = session.chain.stake(account, At::Best).await?;
	stake.ok_or_else(|| refused(standing::Obstacle::NotBonded))
}

/// What stands in the way, as an error.
fn refused(obstacle: standing::Obstacle) -> OwnerError {
	OwnerError::refused(obstacle.says(), obstacle.remedy())
}

/// Several calls as one: all of them in order, or none.
///
/// # Errors
/// If the node does not answer, or its runtime lacks one of them.
async fn together(session: &Session, calls: &[Call]) -> Result<Call, OwnerError> {
	match calls {
		[one] => Ok(one.clone()),
		several => Ok(session.chain.batch(several).await?),
	}
}

/// Send a call; if the chain refuses it, say why and what to do.
///
/// # Errors
/// If there is no key, or the call fails.
async fn send(session: &Session, call: &Call, signing: &Signing) -> Result<Outcome, OwnerError> {
	session.submit(call, signing).await.map_err(refusal::explain)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::owner::lines;

	#[test]
	fn the_command_line_is_consistent() {
		lines::assert_consistent::<ValidatorArgs>();
	}

	#[test]
	fn works_when_commands_are_written_as_documented() {
		lines::assert_understood::<ValidatorArgs>(&[
			"validator keys rotate --key stash.key",
			"validator keys show",
			"validator keys show //Alice --suri //Alice",
			"validator bond --amount 5000 --suri //Alice",
			"validator bond --amount 0.5 --payee staked --suri //Alice",
			"validator bond --amount 5 --payee //Bob --suri //Alice --finalized",
			"validator nominate //Alice //Bob --suri //Charlie",
			"validator unbond --amount 12.5 --suri //Alice",
			"validator withdraw --suri //Alice",
			"validator rebag --suri //Alice",
			"validator rebag //Bob --suri //Alice",
			"validator chill --suri //Alice",
			"validator start --commission 5 --suri //Alice",
			"validator start --commission 2.5% --blocked --suri //Alice",
			"validator stop --suri //Alice",
			"validator payout --suri //Alice",
			"validator payout --era 7 --stash //Bob --suri //Alice",
			"validator payout --all --suri //Alice",
			"validator payout --watch --stash //Bob --key payer.key",
			"validator status",
			"validator status //Alice",
		]);
	}

	#[test]
	fn fails_when_arguments_do_not_go_together() {
		lines::assert_refused::<ValidatorArgs>(&[
			"validator bond --suri //Alice",
			"validator bond --amount 5 --payee nobody --suri //Alice",
			"validator nominate --suri //Alice",
			"validator start --suri //Alice",
			"validator start --commission 101 --suri //Alice",
			"validator start --commission 5 --force --suri //Alice",
			"validator payout --era 7 --all --suri //Alice",
			"validator payout --era 7 --watch --suri //Alice",
			"validator payout --all --watch --suri //Alice",
			"validator unbond --suri //Alice",
			"validator unbond 12.5 --suri //Alice",
		]);
	}
}
