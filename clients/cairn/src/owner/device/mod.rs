//! `cairn device`: a device's life, from registration to its end.

mod describe;
mod did;
mod fleet;
mod locate;
mod possession;
mod recovery;
mod show;

use std::path::PathBuf;

use cairn_chain::{At, Call, Outcome, account_text, calls, views::DeviceView};
use cairn_types::{
	Certificate, DeviceId, DeviceKey, GatewayId, MakerId, NetworkId, RootKey, Window,
};

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
use crate::{
	agent::{self, Occasion, P256Signer},
	cli::Global,
	clock::now_millis,
};

const EXAMPLES: &str = "\
Examples:
  cairn agent key --key device.key
  cairn device register --network 0 --key device.key --certificate 0001.certificate.json \\
      --owner-key account.key
  cairn device register --network 0 --key device.key --root-key tpm.toml --owner-key account.key
      With a root key in secure hardware, which names every key of the device.
  cairn device register-batch --network 0 --devices fleet.csv --owner-key account.key
  cairn device assign-gateway 7 --gateway 0 --owner-key account.key
  cairn device activate 7 --owner-key account.key
  cairn device locate 7 --lat 47.3769 --lon 8.5417 --altitude 408 --gain 2.5 \\
      --owner-key account.key
  cairn device describe 7 --file thing.jsonld --owner-key account.key
  cairn device did did:cairn:7 --output json
      As other systems know it: a W3C DID document.
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
	/// Register the devices of a list, up to 64 in a transaction, each against a deposit
	RegisterBatch(fleet::RegisterBatch),
	/// Start earning with the next window
	Activate(One),
	/// Stop earning with the next window; activate it again later
	Suspend(One),
	/// Suspend a device that its network does not admit any more; anybody may
	Expel(One),
	/// End a device for good; what it earned stays claimable
	Retire(One),
	/// Forget a retired device and return its deposit
	Reap(One),
	/// Let a device sign with another key from the next window on
	RotateKey(Rotate),
	/// Ask for other keys for a certified device that lost its own; its maker has to consent
	Recover(recovery::Recover),
	/// Give a device the keys that were asked for; anybody may
	CompleteRecovery(One),
	/// Let a device keep its keys: object by one of them, or as its owner
	CancelRecovery(recovery::CancelRecovery),
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
	/// Assert where a device is, from the next window on; to move costs a fee
	Locate(locate::Locate),
	/// Attach a W3C Thing Description by its hash, or remove it
	Describe(describe::Describe),
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
	/// Show a device's W3C DID document, by its id or its DID
	Did(did::ShowDid),
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

/// A device with another key, and who signs.
#[derive(Debug, clap::Args)]
struct Rotate {
	/// The device's id
	id: DeviceId,
	/// The new key's file, as `cairn agent key` makes it
	#[arg(long, value_name = "FILE")]
	key: PathBuf,
	/// The device's root key, if it has one: a file as for `cairn agent root-key`
	#[arg(long, value_name = "FILE")]
	root_key: Option<PathBuf>,
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

	/// The device's root key, which names this key and every later one: a file as for `cairn agent
	/// root-key`
	#[arg(long, value_name = "FILE")]
	root_key: Option<PathBuf>,

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
		DeviceCommand::Expel(one) => {
			end(session, one, devices::expel(one.id), "Suspended", "device suspended").await
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
		DeviceCommand::RegisterBatch(batch) => Box::pin(fleet::run(session, batch)).await,
		DeviceCommand::Recover(recover) => Box::pin(recovery::request(session, recover)).await,
		DeviceCommand::CompleteRecovery(one) => recovery::complete(session, one).await,
		DeviceCommand::CancelRecovery(cancel) => recovery::cancel(session, cancel).await,
		DeviceCommand::Describe(describe) => Box::pin(describe::run(session, describe)).await,
		DeviceCommand::Did(args) => Box::pin(did::run(session, args)).await,
		DeviceCommand::Locate(locate) => Box::pin(locate::run(session, locate)).await,
		DeviceCommand::RotateKey(rotate) => run_rotate(session, rotate).await,
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
	let root = root_of(register.root_key.as_ref())?;
	refuse_known(session, &public).await?;
	refuse_known_root(session, root.as_ref()).await?;
	let call = async |occasion: &Occasion| -> Result<Call, OwnerError> {
		let possession = occasion.prove(&pair);
		let (network, certificate) = (register.network, certificate.as_ref());
		let Some(root) = &root else {
			return Ok(calls::devices::register(network, &public, &possession, certificate));
		};
		let delegation = occasion.delegate(root, &public).await?;
		Ok(calls::devices::register_rooted(network, &public, &possession, &delegation, certificate))
	};
	let outcome = possession::submit(session, &register.signing, call).await?;
	let device = registered(&outcome)?;
	let mut receipt = Receipt::new("device registered", &outcome)
		.with("device", device.0)
		.with("network", register.network.0)
		.with("key", format::device_key(&public));
	if let Some(root) = &root {
		receipt = receipt.with("root_key", format::root_key(&RootKey::P256(root.public())));
	}
	if let Some(maker) = certificate.as_ref().map(Certificate::maker) {
		receipt = receipt.with("maker", maker.0);
	}
	let next = format!("next: cairn device assign-gateway {device} --gateway ID, then activate it");
	session.print(&receipt.note(next))
}

/// The root key of a file.
///
/// # Errors
/// If the file cannot be used.
fn root_of(file: Option<&PathBuf>) -> Result<Option<P256Signer>, OwnerError> {
	Ok(file.map(|file| P256Signer::load(file)).transpose()?)
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

/// Say which device has a root key already.
async fn refuse_known_root(session: &Session, root: Option<&P256Signer>) -> Result<(), OwnerError> {
	let Some(root) = root else { return Ok(()) };
	let root = RootKey::P256(root.public());
	match session.chain.device_by_root(&root, At::Best).await? {
		None => Ok(()),
		Some(device) => Err(OwnerError::refused(
			format!("the root key belongs to device {device} already"),
			format!("see `cairn device show {device}`; another device needs hardware of its own"),
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

async fn run_rotate(session: &Session, rotate: &Rotate) -> Result<(), OwnerError> {
	let pair = agent::load(&rotate.key)?;
	let (id, public) = (rotate.id, pair.public());
	let root = root_of(rotate.root_key.as_ref())?;
	refuse_known(session, &public).await?;
	check_root(&find(session, id).await?, root.as_ref())?;
	let call = async |occasion: &Occasion| -> Result<Call, OwnerError> {
		let possession = occasion.prove(&pair);
		let Some(root) = &root else {
			return Ok(calls::devices::rotate_key(id, &public, &possession));
		};
		let signature = occasion.delegate(root, &public).await?.signature;
		Ok(calls::devices::rotate_rooted_key(id, &public, &possession, &signature))
	};
	let outcome = possession::submit(session, &rotate.signing, call).await?;
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

/// Check that the root key at hand is the device's, before hardware is asked to sign. Pure.
fn check_root(device: &DeviceView, root: Option<&P256Signer>) -> Result<(), OwnerError> {
	let given = root.map(|root| RootKey::P256(root.public()));
	let id = device.device;
	match (device.root, given) {
		(known, given) if known == given => Ok(()),
		(Some(known), None) => Err(OwnerError::usage(
			format!("device {id} has the root key {}", format::root_key(&known)),
			"name it with --root-key; if it is lost, see `cairn device recover --help`",
		)),
		(Some(known), Some(_)) => Err(OwnerError::usage(
			format!("device {id} has another root key, {}", format::root_key(&known)),
			"name that one with --root-key",
		)),
		(None, _) => {
			Err(OwnerError::usage(format!("device {id} has no root key"), "leave --root-key out"))
		},
	}
}

async fn run_take_over(session: &Session, with: &WithKey) -> Result<(), OwnerError> {
	let pair = agent::load(&with.key)?;
	let call = async |occasion: &Occasion| -> Result<Call, OwnerError> {
		Ok(calls::devices::take_over(with.id, &occasion.prove(&pair)))
	};
	let outcome = possession::submit(session, &with.signing, call).await?;
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
