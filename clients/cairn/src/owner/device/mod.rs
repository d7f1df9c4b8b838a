//! `cairn device`: a device's life, from registration to its end.

mod possession;
mod show;

use std::path::PathBuf;

use cairn_chain::{At, Call, Outcome, account_text, calls, views::DeviceView};
use cairn_types::{
	Certificate, DeviceId, DeviceKey, GatewayId, MakerId, NetworkId, Possession, Window,
};

pub(crate) use possession::prove;

use super::{
	certificate,
	error::OwnerError,
	format,
	options::OwnerSigning,
	output::Receipt,
	parse,
	session::{Session, missing_event},
	why::{self, WhyArgs},
};
use crate::{agent, cli::Global, clock::now_millis};

const EXAMPLES: &str = "\
Examples:
  cairn agent key --key device.key
  cairn device register --network 0 --key device.key --certificate 0001.certificate.json \\
      --owner-key account.key
  cairn device assign-gateway 7 --gateway 0 --owner-key account.key
  cairn device activate 7 --owner-key account.key
  cairn device why 7
      Why it earns, or what stands in the way.";

/// Devices: register, activate, move, sell, end; and why one earns or does not
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct DeviceArgs {
	#[command(subcommand)]
	command: DeviceCommand,
}

/// Devices: register, activate, move, sell, end; and why one earns or does not
#[derive(Debug, clap::Subcommand)]
enum DeviceCommand {
	/// Register a device, against a deposit; its own key proves that you have it
	Register(Register),
	/// Start earning with the next window
	Activate(One),
	/// Stop earning with the next window; activate it again later
	Suspend(One),
	/// End a device for good; what it earned stays claimable
	Retire(One),
	/// Forget a retired device and return its deposit
	Reap(One),
	/// Let a device sign with another key from the next window on
	RotateKey(WithKey),
	/// Give a device a slot of a gateway from the next window on
	AssignGateway {
		/// The device's id
		id: DeviceId,
		/// The gateway's id
		#[arg(long, value_name = "ID")]
		gateway: GatewayId,
		#[command(flatten)]
		signing: OwnerSigning,
	},
	/// Bring a new certificate: one that ends later, or another maker's
	Certify {
		/// The device's id
		id: DeviceId,
		/// What `cairn maker certify` wrote
		#[arg(long, value_name = "FILE")]
		certificate: PathBuf,
		#[command(flatten)]
		signing: OwnerSigning,
	},
	/// Offer a device to another owner; what it earned before stays yours
	Transfer {
		/// The device's id
		id: DeviceId,
		/// Who may accept it
		#[arg(long, value_name = "ACCOUNT", value_parser = parse::account)]
		to: [u8; 32],
		#[command(flatten)]
		signing: OwnerSigning,
	},
	/// Withdraw an offer
	CancelTransfer(One),
	/// Take a device that was offered to you
	Accept(One),
	/// Take a device that you have in your hands: its own key names you as the owner
	TakeOver(WithKey),
	/// Show what the chain knows of a device
	Show {
		/// The device's id
		id: DeviceId,
	},
	/// Say in words why a device earns, or what stands in the way and what to do
	Why(WhyArgs),
}

/// A device, and who signs.
#[derive(Debug, clap::Args)]
struct One {
	/// The device's id
	id: DeviceId,
	#[command(flatten)]
	signing: OwnerSigning,
}

/// A device with a key that proves itself, and who signs.
#[derive(Debug, clap::Args)]
struct WithKey {
	/// The device's id
	id: DeviceId,
	/// The device's key file, as `cairn agent key` makes it
	#[arg(long, value_name = "FILE")]
	key: PathBuf,
	#[command(flatten)]
	signing: OwnerSigning,
}

/// Register a device, against a deposit; its own key proves that you have it
#[derive(Debug, clap::Args)]
struct Register {
	/// The network whose readings it signs, for good
	#[arg(long, value_name = "ID")]
	network: NetworkId,

	/// The device's key file, as `cairn agent key` makes it
	#[arg(long, value_name = "FILE")]
	key: PathBuf,

	/// The maker's certificate; networks that admit certified devices only require one
	#[arg(long, value_name = "FILE")]
	certificate: Option<PathBuf>,

	#[command(flatten)]
	signing: OwnerSigning,
}

/// Run the command.
///
/// # Errors
/// Whatever stops it.
pub(crate) async fn run(global: &Global, args: &DeviceArgs) -> Result<(), OwnerError> {
	use calls::devices;

	let session = Session::open(global).await?;
	let session = &session;
	match &args.command {
		DeviceCommand::Register(register) => run_register(session, register).await,
		DeviceCommand::Activate(one) => run_activate(session, one).await,
		DeviceCommand::Suspend(one) => {
			end(session, one, devices::suspend(one.id), "Suspended", "device suspended").await
		},
		DeviceCommand::Retire(one) => {
			end(session, one, devices::retire(one.id), "Retired", "device retired").await
		},
		DeviceCommand::Reap(one) => {
			send(session, one, devices::reap(one.id), "device removed").await
		},
		DeviceCommand::CancelTransfer(one) => {
			send(session, one, devices::cancel_transfer(one.id), "offer withdrawn").await
		},
		DeviceCommand::Accept(one) => {
			send(session, one, devices::accept(one.id), "device accepted").await
		},
		DeviceCommand::RotateKey(with) => run_rotate(session, with).await,
		DeviceCommand::TakeOver(with) => run_take_over(session, with).await,
		DeviceCommand::AssignGateway { id, gateway, signing } => {
			let call = devices::assign_gateway(*id, *gateway);
			let outcome = session.submit(&call, signing).await?;
			session.print(&assigned_receipt(session, &outcome).await?)
		},
		DeviceCommand::Certify { id, certificate, signing } => {
			let certificate = certificate::read(certificate)?;
			let outcome = session.submit(&devices::certify(*id, &certificate), signing).await?;
			session.print(&certified_receipt(&outcome)?)
		},
		DeviceCommand::Transfer { id, to, signing } => {
			let receipt = |outcome: &Outcome| {
				Receipt::new("device offered", outcome)
					.with("device", id.0)
					.with("to", account_text(to))
					.note(format!("the other account takes it with `cairn device accept {id}`"))
			};
			session.submit_and_print(&devices::transfer(*id, to), signing, receipt).await
		},
		DeviceCommand::Show { id } => show::run(session, *id).await,
		DeviceCommand::Why(why) => why::run(session, why).await,
	}
}

/// A device of the chain.
///
/// # Errors
/// If there is none.
pub(crate) async fn find(session: &Session, id: DeviceId) -> Result<DeviceView, OwnerError> {
	session.chain.device(id, At::Best).await?.ok_or_else(|| {
		OwnerError::not_found(
			format!("device {id}"),
			"take the id that `cairn device register` printed; a retired device may be gone",
		)
	})
}

/// The id of the device that a transaction registered.
///
/// # Errors
/// If the event is missing.
pub(crate) fn registered(outcome: &Outcome) -> Result<DeviceId, OwnerError> {
	type Fields = (DeviceId, [u8; 32], NetworkId, DeviceKey, Option<MakerId>);
	let event = outcome.find::<Fields>("Devices", "Registered");
	event.map(|(device, ..)| device).ok_or_else(|| missing_event("Devices.Registered"))
}

async fn send(
	session: &Session,
	one: &One,
	call: Call,
	action: &'static str,
) -> Result<(), OwnerError> {
	let receipt = |outcome: &Outcome| Receipt::new(action, outcome).with("device", one.id.0);
	session.submit_and_print(&call, &one.signing, receipt).await
}

/// Send a call that ends a device's activity.
async fn end(
	session: &Session,
	one: &One,
	call: Call,
	event: &'static str,
	action: &'static str,
) -> Result<(), OwnerError> {
	let outcome = session.submit(&call, &one.signing).await?;
	let mut receipt = Receipt::new(action, &outcome).with("device", one.id.0);
	if let Some((_, until)) = outcome.find::<(DeviceId, Window)>("Devices", event) {
		receipt = receipt.with("until_window", until);
	}
	session.print(&receipt)
}

async fn run_register(session: &Session, register: &Register) -> Result<(), OwnerError> {
	let pair = agent::load(&register.key)?;
	let public = pair.public();
	let certificate = match &register.certificate {
		Some(file) => Some(certificate::read(file)?),
		None => None,
	};
	refuse_known(session, &public).await?;
	let call = |possession: &Possession| {
		calls::devices::register(register.network, &public, possession, certificate.as_ref())
	};
	let outcome = possession::submit(session, &register.signing, &pair, call).await?;
	let device = registered(&outcome)?;
	let mut receipt = Receipt::new("device registered", &outcome)
		.with("device", device.0)
		.with("network", register.network.0)
		.with("key", format::device_key(&public));
	if let Some(Certificate { claim, .. }) = &certificate {
		receipt = receipt.with("maker", claim.maker.0);
	}
	let next = format!("next: cairn device assign-gateway {device} --gateway ID, then activate it");
	session.print(&receipt.note(next))
}

/// Say which device has a key already, before a fee is spent on it.
async fn refuse_known(session: &Session, public: &DeviceKey) -> Result<(), OwnerError> {
	match session.chain.device_by_key(public, At::Best).await? {
		None => Ok(()),
		Some(device) => Err(OwnerError::refused(
			format!("the key belongs to device {device} already"),
			format!("see `cairn device show {device}`; for another device, make another key"),
		)),
	}
}

async fn run_activate(session: &Session, one: &One) -> Result<(), OwnerError> {
	let outcome = session.submit(&calls::devices::activate(one.id), &one.signing).await?;
	let event = outcome.find::<(DeviceId, Window, Window)>("Devices", "Activated");
	let (device, from, until) = event.ok_or_else(|| missing_event("Devices.Activated"))?;
	let receipt = Receipt::new("device activated", &outcome)
		.with("device", device.0)
		.with("from_window", from)
		.with("until_window", (until != Window::MAX).then_some(until))
		.note(begins(session, from).await?);
	session.print(&receipt)
}

async fn run_rotate(session: &Session, with: &WithKey) -> Result<(), OwnerError> {
	let pair = agent::load(&with.key)?;
	let public = pair.public();
	refuse_known(session, &public).await?;
	let call = |possession: &Possession| calls::devices::rotate_key(with.id, &public, possession);
	let outcome = possession::submit(session, &with.signing, &pair, call).await?;
	let event = outcome.find::<(DeviceId, DeviceKey, Window)>("Devices", "KeyRotated");
	let (device, key, since) = event.ok_or_else(|| missing_event("Devices.KeyRotated"))?;
	let receipt = Receipt::new("key rotated", &outcome)
		.with("device", device.0)
		.with("key", format::device_key(&key))
		.with("since_window", since)
		.note(begins(session, since).await?)
		.note("until then the agent signs with the old key");
	session.print(&receipt)
}

async fn run_take_over(session: &Session, with: &WithKey) -> Result<(), OwnerError> {
	let pair = agent::load(&with.key)?;
	let call = |possession: &Possession| calls::devices::take_over(with.id, possession);
	let outcome = possession::submit(session, &with.signing, &pair, call).await?;
	let event = outcome.find::<(DeviceId, [u8; 32], [u8; 32])>("Devices", "Transferred");
	let (device, from, to) = event.ok_or_else(|| missing_event("Devices.Transferred"))?;
	let receipt = Receipt::new("device taken over", &outcome)
		.with("device", device.0)
		.with("from", account_text(&from))
		.with("to", account_text(&to));
	session.print(&receipt)
}

async fn assigned_receipt(session: &Session, outcome: &Outcome) -> Result<Receipt, OwnerError> {
	let event = outcome.find::<(DeviceId, GatewayId, u32, Window)>("Devices", "GatewayAssigned");
	let (device, gateway, slot, since) =
		event.ok_or_else(|| missing_event("Devices.GatewayAssigned"))?;
	Ok(Receipt::new("gateway assigned", outcome)
		.with("device", device.0)
		.with("gateway", gateway.0)
		.with("slot", slot)
		.with("since_window", since)
		.note(begins(session, since).await?))
}

fn certified_receipt(outcome: &Outcome) -> Result<Receipt, OwnerError> {
	let event = outcome.find::<(DeviceId, MakerId, Window)>("Devices", "Certified");
	let (device, maker, expires) = event.ok_or_else(|| missing_event("Devices.Certified"))?;
	let receipt = Receipt::new("device certified", outcome)
		.with("device", device.0)
		.with("maker", maker.0)
		.with("expires_window", expires);
	let suspended = outcome.find::<(DeviceId, Window)>("Devices", "Suspended").is_some();
	Ok(if suspended {
		receipt.note("the old certificate had ended: activate the device again")
	} else {
		receipt
	})
}

/// When a window begins, in words.
async fn begins(session: &Session, window: Window) -> Result<String, OwnerError> {
	let periods = session.clock().await?.periods;
	Ok(match format::seconds_until(window, &periods, now_millis()) {
		Some(seconds) => {
			format!("holds from window {window} on, in {}", format::duration(seconds))
		},
		None => format!("holds since window {window}"),
	})
}
