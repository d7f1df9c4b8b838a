//! `cairn rewards`: what devices have earned, and claiming it.

pub(crate) mod claim;
pub(crate) mod show;

use cairn_chain::{SlotView, account_text, calls};
use cairn_types::{DeviceId, GatewayId, Slot, Window};

use super::{
	device,
	earnings::places,
	error::OwnerError,
	format,
	options::{SignBy, Signing},
	output::Receipt,
	parse,
	session::{Session, missing_event},
};
use crate::cli::Global;

const EXAMPLES: &str = "\
Examples:
  cairn rewards show --device 7
      What it was paid, what a claim pays now, and when more comes.
  cairn rewards show --owner 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty
  cairn rewards claim --device 7 8 --key account.key
  cairn rewards claim --all --key account.key
      Everything that is paid to the signing account.
  cairn rewards set-payee --device 7 --to 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty \\
      --key account.key";

/// Rewards: what devices have earned, and claiming it
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct RewardsArgs {
	#[command(subcommand)]
	command: RewardsCommand,
}

/// Rewards: what devices have earned, and claiming it
#[derive(Debug, clap::Subcommand)]
enum RewardsCommand {
	/// Show what was paid, what a claim pays now, and when more comes
	Show(Show),
	/// Claim what slots have earned: fetches the proofs, sends them, says what was paid
	Claim(Claim),
	/// Release what has vested of a slot's pay, without a claim
	Release(OnePlace),
	/// Let another account be paid for a slot from now on
	SetPayee(SetPayee),
}

/// Whose rewards.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("whose").required(true).args(["device", "owner"]))]
struct Show {
	/// The devices
	#[arg(long, value_name = "ID", num_args = 1.., value_delimiter = ',')]
	device: Vec<DeviceId>,

	/// Everything that is paid to this account
	#[arg(long, value_name = "ACCOUNT", value_parser = parse::account)]
	owner: Option<[u8; 32]>,

	/// A gateway's address, instead of the one on the chain
	#[arg(long, value_name = "URL", value_parser = parse::url)]
	gateway: Option<String>,
}

/// What to claim.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["device", "all"]))]
struct Claim {
	/// The devices; anybody may claim for them, their payees are paid
	#[arg(long, value_name = "ID", num_args = 1.., value_delimiter = ',')]
	device: Vec<DeviceId>,

	/// Everything that is paid to the signing account
	#[arg(long)]
	all: bool,

	/// A gateway's address, instead of the one on the chain
	#[arg(long, value_name = "URL", value_parser = parse::url)]
	gateway: Option<String>,

	#[command(flatten)]
	signing: Signing,
}

/// A slot: a device's present one, or any.
#[derive(Debug, clap::Args)]
struct Place {
	/// The device, for its present slot
	#[arg(long, value_name = "ID", required_unless_present = "slot")]
	device: Option<DeviceId>,

	/// Any slot, as GATEWAY:SLOT
	#[arg(long, value_name = "GATEWAY:SLOT", value_parser = slot_name, conflicts_with = "device")]
	slot: Option<(GatewayId, Slot)>,
}

/// A slot, and who signs.
#[derive(Debug, clap::Args)]
struct OnePlace {
	#[command(flatten)]
	place: Place,

	#[command(flatten)]
	signing: Signing,
}

/// A slot, its next payee, and who signs.
#[derive(Debug, clap::Args)]
struct SetPayee {
	#[command(flatten)]
	place: Place,

	/// Who is paid from now on, also for what has not been released yet
	#[arg(long, value_name = "ACCOUNT", value_parser = parse::account)]
	to: [u8; 32],

	#[command(flatten)]
	signing: Signing,
}

/// `GATEWAY:SLOT`.
fn slot_name(text: &str) -> Result<(GatewayId, Slot), String> {
	let bad = || format!("{text:?} is not GATEWAY:SLOT, for example 0:12");
	let (gateway, slot) = text.split_once(':').ok_or_else(bad)?;
	let gateway = gateway.parse().map_err(|_| bad())?;
	let slot = slot.parse().map_err(|_| bad())?;
	Ok((GatewayId(gateway), slot))
}

/// Run the command.
///
/// # Errors
/// Whatever stops it.
pub(crate) async fn run(global: &Global, args: &RewardsArgs) -> Result<(), OwnerError> {
	let session = Session::open(global).await?;
	match &args.command {
		RewardsCommand::Show(show) => {
			let slots = match show.owner {
				Some(owner) => slots_of(&session, owner).await?,
				None => slots_of_devices(&session, &show.device).await?,
			};
			show::run(&session, show.gateway.as_deref(), &slots).await
		},
		RewardsCommand::Claim(claim) => {
			let slots = if claim.all {
				slots_of(&session, claim.signing.signer()?.account()).await?
			} else {
				slots_of_devices(&session, &claim.device).await?
			};
			claim::run(&session, claim.gateway.as_deref(), &slots, &claim.signing).await
		},
		RewardsCommand::Release(one) => run_release(&session, one).await,
		RewardsCommand::SetPayee(set) => {
			let (gateway, slot) = place(&session, &set.place).await?;
			let call = calls::rewards::set_payee(gateway, slot, &set.to);
			let outcome = session.submit(&call, &set.signing).await?;
			let receipt = Receipt::new("payee changed", &outcome)
				.with("gateway", gateway.0)
				.with("slot", slot)
				.with("payee", account_text(&set.to));
			session.print(&receipt)
		},
	}
}

async fn run_release(session: &Session, one: &OnePlace) -> Result<(), OwnerError> {
	type Fields = (GatewayId, Slot, [u8; 32], u128, u128);
	let (gateway, slot) = place(session, &one.place).await?;
	let outcome = session.submit(&calls::rewards::release(gateway, slot), &one.signing).await?;
	let event = outcome.find::<Fields>("Rewards", "Released");
	let (.., payee, released, unvested) = event.ok_or_else(|| missing_event("Rewards.Released"))?;
	let receipt = Receipt::new(format!("released {}", format::amount(released)), &outcome)
		.with("gateway", gateway.0)
		.with("slot", slot)
		.with("payee", account_text(&payee))
		.with_amount("released", released)
		.with_amount("unvested", unvested);
	session.print(&receipt)
}

/// The slot that the arguments name.
async fn place(session: &Session, place: &Place) -> Result<(GatewayId, Slot), OwnerError> {
	if let Some(slot) = place.slot {
		return Ok(slot);
	}
	let Some(id) = place.device else {
		return Err(OwnerError::usage("no slot is named", "name --device or --slot"));
	};
	let device = device::find(session, id).await?;
	places(&device.state).first().copied().ok_or_else(|| unassigned(id))
}

/// Every place that devices' records remember.
async fn slots_of_devices(
	session: &Session,
	devices: &[DeviceId],
) -> Result<Vec<(GatewayId, Slot)>, OwnerError> {
	let mut slots = Vec::new();
	for id in devices {
		let device = device::find(session, *id).await?;
		let places = places(&device.state);
		if places.is_empty() {
			return Err(unassigned(*id));
		}
		slots.extend(places);
	}
	Ok(slots)
}

fn unassigned(id: DeviceId) -> OwnerError {
	OwnerError::refused(
		format!("device {id} has no slot: it was never assigned to a gateway"),
		format!("cairn device assign-gateway {id} --gateway ID"),
	)
}

/// Every slot that pays an account, sold devices' old ones included.
async fn slots_of(
	session: &Session,
	account: [u8; 32],
) -> Result<Vec<(GatewayId, Slot)>, OwnerError> {
	let spinner = session.spinner("looking for slots");
	let wanted = |view: &SlotView| view.record.payee == account;
	let progress = |seen| spinner.say(format!("looking for slots: {seen} seen"));
	let slots = Box::pin(session.chain.slots_where(wanted, progress)).await?;
	drop(spinner);
	if slots.is_empty() {
		return Err(OwnerError::refused(
			format!("no slot pays {}", account_text(&account)),
			"assign a device of this account to a gateway; name devices with --device",
		));
	}
	Ok(slots.iter().map(|view| (view.gateway, view.slot)).collect())
}

/// A slot's name for people.
pub(crate) fn slot_text(gateway: GatewayId, slot: Slot, device: DeviceId, until: Window) -> String {
	let past = if until == Window::MAX { "" } else { " (past)" };
	format!("device {device}, slot {slot} of gateway {gateway}{past}")
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn works_when_a_slot_is_named() {
		assert_eq!(slot_name("3:12"), Ok((GatewayId(3), 12)));
		for text in ["", "3", ":", "3:", "a:1", "1:2:3"] {
			assert!(slot_name(text).is_err(), "{text}");
		}
		assert_eq!(
			slot_text(GatewayId(3), 12, DeviceId(7), 90),
			"device 7, slot 12 of gateway 3 (past)"
		);
	}
}
