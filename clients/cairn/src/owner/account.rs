//! `cairn account` and `cairn transfer`: what accounts have.

use std::fmt;

use cairn_chain::{AccountBalance, At, Outcome, account_text, calls};
use serde::Serialize;
use serde_json::json;

use super::{
	error::OwnerError,
	format,
	options::{SignBy, Signing},
	output::{Receipt, Smallest},
	parse,
	session::Session,
};
use crate::cli::Global;

const TRANSFER_EXAMPLES: &str = "\
Examples:
  cairn transfer --to 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty --amount 1.5 --key account.key
  cairn transfer --to //Bob --amount 10 --suri //Alice --finalized";

const ACCOUNT_EXAMPLES: &str = "\
Examples:
  cairn account show //Alice
  cairn account show --key account.key --output json";

/// Transfer tokens, and keep the sender's account alive
#[derive(Debug, clap::Args)]
#[command(after_long_help = TRANSFER_EXAMPLES)]
pub struct TransferArgs {
	/// Who receives: SS58, 0x-prefixed hex or a development key
	#[arg(long, value_name = "ACCOUNT", value_parser = parse::account)]
	to: [u8; 32],

	/// How much, in CAIRN, with at most 12 decimals
	#[arg(long, value_name = "CAIRN", value_parser = format::parse_amount)]
	amount: u128,

	#[command(flatten)]
	signing: Signing,
}

/// Accounts: what they have
#[derive(Debug, clap::Args)]
#[command(after_long_help = ACCOUNT_EXAMPLES)]
pub struct AccountArgs {
	#[command(subcommand)]
	command: AccountCommand,
}

/// Accounts: what they have
#[derive(Debug, clap::Subcommand)]
enum AccountCommand {
	/// Show an account's balance
	Show {
		/// SS58, 0x-prefixed hex or a development key; without it, the account that would sign
		#[arg(value_name = "ACCOUNT", value_parser = parse::account)]
		account: Option<[u8; 32]>,
		#[command(flatten)]
		signing: Signing,
	},
}

/// Run `cairn transfer`.
///
/// # Errors
/// Whatever stops it.
pub(crate) async fn transfer(global: &Global, args: &TransferArgs) -> Result<(), OwnerError> {
	let session = Session::open(global).await?;
	let call = calls::balances::transfer_keep_alive(&args.to, args.amount);
	let receipt = |outcome: &Outcome| {
		Receipt::new(format!("transferred {}", format::amount(args.amount)), outcome)
			.with("to", account_text(&args.to))
			.with_amount("amount", args.amount)
	};
	session.submit_and_print(&call, &args.signing, receipt).await
}

/// Run `cairn account`.
///
/// # Errors
/// Whatever stops it.
pub(crate) async fn run(global: &Global, args: &AccountArgs) -> Result<(), OwnerError> {
	let AccountCommand::Show { account, signing } = &args.command;
	let account = match account {
		Some(account) => *account,
		None => signing.signer()?.account(),
	};
	let session = Session::open(global).await?;
	let balance = session.chain.balance(&account, At::Best).await?;
	session.print(&Shown { account, balance })
}

/// An account as it is shown.
struct Shown {
	account: [u8; 32],
	balance: AccountBalance,
}

impl Shown {
	/// What may leave the account.
	fn spendable(&self) -> u128 {
		let AccountBalance { free, reserved, frozen, .. } = self.balance;
		// Freezes cover holds first.
		free.saturating_sub(frozen.saturating_sub(reserved))
	}
}

impl Serialize for Shown {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let document = json!({
			"account": account_text(&self.account),
			"nonce": self.balance.nonce,
			"free": Smallest(self.balance.free),
			"held": Smallest(self.balance.reserved),
			"frozen": Smallest(self.balance.frozen),
			"spendable": Smallest(self.spendable()),
		});
		document.serialize(serializer)
	}
}

impl fmt::Display for Shown {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let AccountBalance { nonce, free, reserved, frozen, .. } = self.balance;
		writeln!(f, "account {}", account_text(&self.account))?;
		writeln!(f, "  free         {}", format::amount(free))?;
		writeln!(f, "  held         {} (deposits, bonds, stakes)", format::amount(reserved))?;
		if frozen > 0 {
			writeln!(f, "  frozen       {}", format::amount(frozen))?;
			writeln!(f, "  spendable    {}", format::amount(self.spendable()))?;
		}
		writeln!(f, "  transactions {nonce}")
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn freezes_cover_holds_first() {
		let unit = format::UNIT;
		let mut balance = AccountBalance::default();
		balance.free = 10 * unit;
		balance.reserved = 3 * unit;
		balance.frozen = 5 * unit;
		let shown = Shown { account: [1; 32], balance };
		assert_eq!(shown.spendable(), 8 * unit);
		let value = serde_json::to_value(&shown).expect("serializes");
		assert_eq!(value["spendable"], "8000000000000");
		assert!(shown.to_string().contains("spendable    8 CAIRN"));
	}
}
