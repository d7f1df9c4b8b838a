//! Lost keys: the owner asks for others, the maker has consented, the device can object.

use std::path::PathBuf;

use cairn_chain::{Call, Outcome, calls, views::DeviceView};
use cairn_types::{
	DeviceId, DeviceKey, Objection, RootKey, RootSignature, Tick, Window,
	certificate::objection_message,
};

use super::{One, begins, find, possession, root_of};
use crate::{
	agent::{self, Occasion},
	owner::{
		approval::ApprovalFile,
		error::OwnerError,
		format,
		options::OwnerSigning,
		output::Receipt,
		session::{Session, missing_event},
	},
};

/// Ask for other keys for a certified device that lost its own; its maker has to consent
#[derive(Debug, clap::Args)]
pub(super) struct Recover {
	/// The device's id
	id: DeviceId,

	/// The new key's file, as `cairn agent key` makes it
	#[arg(long, value_name = "FILE")]
	key: PathBuf,

	/// The new root key, if the device is to have one: a file as for `cairn agent root-key`
	#[arg(long, value_name = "FILE")]
	root_key: Option<PathBuf>,

	/// What `cairn maker approve` wrote: the maker's consent to these keys
	#[arg(long, value_name = "FILE")]
	approval: PathBuf,

	#[command(flatten)]
	signing: OwnerSigning,
}

/// Let a device keep its keys: object by one of them, or as its owner
#[derive(Debug, clap::Args)]
pub(super) struct CancelRecovery {
	/// The device's id
	id: DeviceId,

	/// The device's present key objects: its file; without it, the owner does
	#[arg(long, value_name = "FILE", conflicts_with = "root_key")]
	key: Option<PathBuf>,

	/// The device's root key objects: a file as for `cairn agent root-key`
	#[arg(long, value_name = "FILE")]
	root_key: Option<PathBuf>,

	#[command(flatten)]
	signing: OwnerSigning,
}

/// Ask for other keys.
pub(super) async fn request(session: &Session, recover: &Recover) -> Result<(), OwnerError> {
	let pair = agent::load(&recover.key)?;
	let (id, public) = (recover.id, pair.public());
	let root = root_of(recover.root_key.as_ref())?;
	let named = root.as_ref().map(|root| RootKey::P256(root.public()));
	let device = find(session, id).await?;
	refuse_uncertified(&device)?;
	super::refuse_known(session, &public).await?;
	if named != device.root {
		super::refuse_known_root(session, root.as_ref()).await?;
	}
	let file = ApprovalFile::read(&recover.approval)?;
	let approval = file.for_keys(id, device.changed, &public, named.as_ref());
	let approval = approval.map_err(|cause| OwnerError::File {
		path: recover.approval.display().to_string(),
		cause,
		remedy: "ask the maker for a consent to these keys, for the device as it is".to_owned(),
	})?;
	let call = async |occasion: &Occasion| -> Result<Call, OwnerError> {
		let possession = occasion.prove(&pair);
		let delegation = match &root {
			Some(root) => Some(occasion.delegate(root, &public).await?),
			None => None,
		};
		let delegation = delegation.as_ref();
		Ok(calls::devices::recover(id, &public, &possession, delegation, &approval))
	};
	let outcome = possession::submit(session, &recover.signing, call).await?;
	session.print(&requested_receipt(session, &outcome).await?)
}

/// A device without a certificate, or that has lost nothing, needs no recovery. Pure.
fn refuse_uncertified(device: &DeviceView) -> Result<(), OwnerError> {
	let id = device.device;
	if device.serial.is_none() {
		return Err(OwnerError::refused(
			format!("no certificate stands for device {id}, so no maker can consent"),
			"without a root key, `cairn device rotate-key` needs the new key only",
		));
	}
	match &device.recovery {
		None => Ok(()),
		Some(_) => Err(OwnerError::refused(
			format!("a recovery of device {id} is requested already"),
			format!(
				"see `cairn device show {id}`; `cairn device cancel-recovery {id}` withdraws it"
			),
		)),
	}
}

async fn requested_receipt(session: &Session, outcome: &Outcome) -> Result<Receipt, OwnerError> {
	type Fields = (DeviceId, DeviceKey, Option<RootKey>, Tick);
	let event = outcome.find::<Fields>("Devices", "RecoveryRequested");
	let (device, key, root, due) =
		event.ok_or_else(|| missing_event("Devices.RecoveryRequested"))?;
	let clock = session.clock().await?;
	let when = format::at_tick(due, clock.now.tick, &clock.periods);
	Ok(Receipt::new("recovery requested", outcome)
		.with("device", device.0)
		.with("key", format::device_key(&key))
		.with("root_key", root.as_ref().map(format::root_key))
		.with_shown("due_tick", due, when)
		.note(format!("next, then: cairn device complete-recovery {device}"))
		.note("until then the device's present keys can object"))
}

/// Give a device the keys that were asked for.
pub(super) async fn complete(session: &Session, one: &One) -> Result<(), OwnerError> {
	let call = calls::devices::complete_recovery(one.id);
	let outcome = session.submit(&call, &one.signing).await?;
	let event = outcome.find::<(DeviceId, DeviceKey, Window)>("Devices", "KeyRotated");
	let (device, key, since) = event.ok_or_else(|| missing_event("Devices.KeyRotated"))?;
	let recovered = outcome.find::<(DeviceId, Option<RootKey>)>("Devices", "Recovered");
	let root = recovered.and_then(|(_, root)| root);
	let receipt = Receipt::new("keys replaced", &outcome)
		.with("device", device.0)
		.with("key", format::device_key(&key))
		.with("root_key", root.as_ref().map(format::root_key))
		.with("since_window", since)
		.note(begins(session, since).await?);
	session.print(&receipt)
}

/// Object to a recovery.
pub(super) async fn cancel(session: &Session, cancel: &CancelRecovery) -> Result<(), OwnerError> {
	let id = cancel.id;
	let device = find(session, id).await?;
	let pending = device.recovery.ok_or_else(|| {
		OwnerError::refused(
			format!("no recovery of device {id} is requested"),
			"nothing is left to do",
		)
	})?;
	let genesis = session.chain.genesis().await?;
	let message = objection_message(&genesis, id, pending.requested, &pending.key);
	let objection = match (&cancel.key, root_of(cancel.root_key.as_ref())?) {
		(Some(file), _) => Objection::Operational(agent::load(file)?.sign(&message)),
		(None, Some(root)) => {
			Objection::Root(RootSignature::P256(Box::pin(root.sign(&message)).await?))
		},
		(None, None) => Objection::Owner,
	};
	let receipt = |outcome: &Outcome| {
		Receipt::new("recovery cancelled", outcome)
			.with("device", id.0)
			.note("the maker's consent is void: who asks again has to ask the maker again")
	};
	let call = calls::devices::cancel_recovery(id, &objection);
	session.submit_and_print(&call, &cancel.signing, receipt).await
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_chain::views::RecoveryView;
	use cairn_types::{Activity, Dated, MakerId, NetworkId, view::DeviceState};
	use sp_core::{Pair, ed25519};

	fn device() -> DeviceView {
		let key = DeviceKey::Ed25519(ed25519::Pair::from_seed(&[1; 32]).public());
		let state = DeviceState {
			network: NetworkId(0),
			maker: Some(MakerId(0)),
			key: Dated::new(key, 1, 2),
			assignment: None,
			activity: Activity::NEVER,
			expires: Window::MAX,
		};
		DeviceView {
			device: DeviceId(7),
			owner: [1; 32],
			stage: b"Registered".to_vec(),
			state,
			serial: Some((MakerId(0), b"1".to_vec())),
			root: None,
			changed: 3,
			inherited: false,
			recovery: None,
			location: None,
		}
	}

	#[test]
	fn only_a_certified_device_without_a_request_is_recovered() {
		assert!(refuse_uncertified(&device()).is_ok());
		let plain = DeviceView { serial: None, ..device() };
		let error = refuse_uncertified(&plain).expect_err("no maker").to_string();
		assert!(error.contains("rotate-key"), "{error}");
		let key = device().state.key.current;
		let pending = RecoveryView { key, root: None, requested: 4, due: 5 };
		let pending = DeviceView { recovery: Some(pending), ..device() };
		let error = refuse_uncertified(&pending).expect_err("requested").to_string();
		assert!(error.contains("cancel-recovery 7"), "{error}");
	}
}
