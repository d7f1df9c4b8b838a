//! `cairn maker`: who certifies devices.

use std::{
	fmt,
	path::{Path, PathBuf},
};

use cairn_chain::{At, BondView, MakerView, Outcome, account_text, calls};
use cairn_types::{
	Approval, Certificate, CertificateClaim, CertificateClaimV2, CertificateV2, CertifierKey,
	CertifierSignature, DeviceId, DeviceKey, DeviceSignature, Hash32, Identity, MakerId, RootKey,
	Serial, certificate::recovery_message,
};
use serde::Serialize;
use sp_core::ed25519;

use super::{
	approval::ApprovalFile,
	certificate::{self, CertificateFile},
	device,
	error::OwnerError,
	format,
	options::Signing,
	output::Receipt,
	parse,
	session::{Session, missing_event},
};
use crate::{
	agent::{self, DevicePair, P256Signer, Scheme},
	cli::Global,
	clock::now_millis,
};

const EXAMPLES: &str = "\
Examples:
  cairn maker register --cert-key maker.key --suri //Alice
      Become a maker; maker.key is made if it does not exist.
  cairn maker certify --maker 0 --cert-key maker.key --device-key ed25519:HEX \\
      --model M-1 --serial 0001 --days 365
      Write 0001.certificate.json; give it to the device's owner.
  cairn maker certify --maker 0 --cert-key hsm.toml --root-key p256:HEX \\
      --model M-1 --batch 2026-31 --serial 0002
      For a device with secure hardware, by a security module.
  cairn maker approve --maker 0 --cert-key maker.key --device 7 --device-key ed25519:HEX
      Consent to another key for a device that lost its own.
  cairn maker add-admin --maker 0 --admin ACCOUNT --key account.key
  cairn maker revoke --maker 0 --serial 0001 --key account.key
  cairn maker show 0";

const DAY_MILLIS: u64 = 86_400_000;

/// Makers: who certifies devices
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct MakerArgs {
	#[command(subcommand)]
	command: MakerCommand,
}

/// Makers: who certifies devices
#[derive(Debug, clap::Subcommand)]
enum MakerCommand {
	/// Become a maker, against a bond; prints the id
	Register {
		#[command(flatten)]
		cert_key: CertKey,
		#[command(flatten)]
		signing: Signing,
	},
	/// Sign certificates with one more key
	AddKey {
		/// The maker's id
		#[arg(long, value_name = "ID")]
		maker: MakerId,
		#[command(flatten)]
		cert_key: CertKey,
		#[command(flatten)]
		signing: Signing,
	},
	/// Let certificates by a key admit nothing any more, for good
	RevokeKey {
		/// The maker's id
		#[arg(long, value_name = "ID")]
		maker: MakerId,
		/// The key's index, as `maker show` prints it
		#[arg(long)]
		index: u8,
		#[command(flatten)]
		signing: Signing,
	},
	/// Certify a device's key: writes a certificate file, sends nothing
	Certify(Certify),
	/// Consent to other keys for a device that lost its own: writes a file, sends nothing
	Approve(Approve),
	/// Let one more account act for a maker, alone
	AddAdmin(OfAdmin),
	/// Let an account not act for a maker any more; who removes the one that left the bond leaves it
	RemoveAdmin(OfAdmin),
	/// Withdraw a serial number for good; its device is suspended
	Revoke {
		/// The maker's id
		#[arg(long, value_name = "ID")]
		maker: MakerId,
		/// The serial number
		#[arg(long, value_parser = parse::serial)]
		serial: Serial,
		#[command(flatten)]
		signing: Signing,
	},
	/// Take back the deposit of a serial number that can certify nothing any more
	Forget {
		/// The maker's id
		#[arg(long, value_name = "ID")]
		maker: MakerId,
		/// The serial number
		#[arg(long, value_parser = parse::serial)]
		serial: Serial,
		#[command(flatten)]
		signing: Signing,
	},
	/// Stop being a maker; the bond returns. Of a convicted one anybody removes what is left
	Retire {
		/// The maker's id
		#[arg(long, value_name = "ID")]
		maker: MakerId,
		#[command(flatten)]
		signing: Signing,
	},
	/// Show a maker and its keys
	Show {
		/// The maker's id
		id: MakerId,
	},
}

/// An account that acts for a maker, or is to.
#[derive(Debug, clap::Args)]
struct OfAdmin {
	/// The maker's id
	#[arg(long, value_name = "ID")]
	maker: MakerId,
	/// The account
	#[arg(long, value_name = "ACCOUNT", value_parser = parse::account)]
	admin: [u8; 32],
	#[command(flatten)]
	signing: Signing,
}

/// A certification key.
#[derive(Debug, clap::Args)]
struct CertKey {
	/// File with the key that signs certificates: an ed25519 key, made, mode 0600, if it does not
	/// exist; or a key on P-256, as for `cairn agent root-key`
	#[arg(long, value_name = "FILE", default_value = "maker.key")]
	cert_key: PathBuf,
}

/// Certify a device's key: writes a certificate file, sends nothing
#[derive(Debug, clap::Args)]
struct Certify {
	/// The maker's id
	#[arg(long, value_name = "ID")]
	maker: MakerId,

	/// File with the key that signs certificates: an ed25519 key, or one on P-256
	#[arg(long, value_name = "FILE", default_value = "maker.key")]
	cert_key: PathBuf,

	/// The device's public key: ed25519:HEX, sr25519:HEX or secp256k1:HEX
	#[arg(long, value_name = "PUB", value_parser = parse::device_key, required_unless_present = "root_key", conflicts_with = "root_key")]
	device_key: Option<DeviceKey>,

	/// The device's root key instead: p256:HEX, or a file with it in PEM or DER
	#[arg(long, value_name = "PUB", value_parser = parse::root_key)]
	root_key: Option<RootKey>,

	/// The batch of manufacture
	#[arg(long, value_parser = parse::serial)]
	batch: Option<Serial>,

	/// The serial number: one number, one device, for ever
	#[arg(long, value_parser = parse::serial)]
	serial: Serial,

	/// The model's name
	#[arg(long, value_parser = parse::serial)]
	model: Serial,

	/// Days for which the certificate is good
	#[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=36_500))]
	days: u32,

	/// Where to write it [default: SERIAL.certificate.json]
	#[arg(long, value_name = "FILE")]
	out: Option<PathBuf>,
}

/// Consent to other keys for a device that lost its own: writes a file, sends nothing
#[derive(Debug, clap::Args)]
struct Approve {
	/// The maker's id
	#[arg(long, value_name = "ID")]
	maker: MakerId,

	/// File with the key that signs: an ed25519 key, or one on P-256
	#[arg(long, value_name = "FILE", default_value = "maker.key")]
	cert_key: PathBuf,

	/// The device's id
	#[arg(long, value_name = "ID")]
	device: DeviceId,

	/// Its new public key: ed25519:HEX, sr25519:HEX or secp256k1:HEX
	#[arg(long, value_name = "PUB", value_parser = parse::device_key)]
	device_key: DeviceKey,

	/// Its new root key, if it is to have one: p256:HEX, or a file with it in PEM or DER
	#[arg(long, value_name = "PUB", value_parser = parse::root_key)]
	root_key: Option<RootKey>,

	/// Where to write it [default: DEVICE.approval.json]
	#[arg(long, value_name = "FILE")]
	out: Option<PathBuf>,
}

/// What signs for a maker.
enum Certifier {
	/// A key in a file.
	Ed25519 { pair: DevicePair, public: ed25519::Public },
	/// A key in a security module, or in a file.
	P256(P256Signer),
}

impl Certifier {
	/// Of a key in a file.
	///
	/// # Errors
	/// If it is of another kind.
	fn of(pair: DevicePair) -> Result<Self, OwnerError> {
		match pair.public() {
			DeviceKey::Ed25519(public) => Ok(Self::Ed25519 { pair, public }),
			_ => Err(OwnerError::usage(
				"makers sign with ed25519 or on P-256, and the file holds another kind of key",
				"name a file that does not exist, or a key as for `cairn agent root-key`",
			)),
		}
	}

	/// Read a certification key: an ed25519 key, or one on P-256.
	///
	/// # Errors
	/// If the file is neither.
	fn load(path: &Path) -> Result<Self, OwnerError> {
		let error = match agent::load(path) {
			Ok(pair) => return Self::of(pair),
			Err(error) => error,
		};
		let is_description = path.extension().is_some_and(|extension| extension == "toml");
		match P256Signer::load(path) {
			Ok(signer) => Ok(Self::P256(signer)),
			Err(error) if is_description => Err(error.into()),
			Err(_) => Err(error.into()),
		}
	}

	/// Read it, or make an ed25519 key; says whether it is new.
	///
	/// # Errors
	/// If the file is neither, or cannot be written.
	fn load_or_make(path: &Path) -> Result<(Self, bool), OwnerError> {
		if path.exists() {
			return Ok((Self::load(path)?, false));
		}
		let (pair, is_new) = agent::load_or_make(path, Scheme::Ed25519)?;
		Ok((Self::of(pair)?, is_new))
	}

	fn public(&self) -> CertifierKey {
		match self {
			Self::Ed25519 { public, .. } => CertifierKey::Ed25519(*public),
			Self::P256(signer) => CertifierKey::P256(signer.public()),
		}
	}

	async fn sign(&self, message: &Hash32) -> Result<CertifierSignature, OwnerError> {
		match self {
			Self::P256(signer) => {
				Ok(CertifierSignature::P256(Box::pin(signer.sign(message)).await?))
			},
			Self::Ed25519 { pair, .. } => match pair.sign(message) {
				DeviceSignature::Ed25519(signature) => Ok(CertifierSignature::Ed25519(signature)),
				_ => Err(OwnerError::refused("the key changed its kind", "report it")),
			},
		}
	}
}

/// Run the command.
///
/// # Errors
/// Whatever stops it.
pub(crate) async fn run(global: &Global, args: &MakerArgs) -> Result<(), OwnerError> {
	use calls::devices;

	let session = Session::open(global).await?;
	match &args.command {
		MakerCommand::Register { cert_key, signing } => {
			let public = public_key(cert_key)?;
			let outcome = session.submit(&devices::register_maker(&public), signing).await?;
			let maker = registered(&outcome)?;
			session.print(&key_receipt("maker registered", &outcome, maker, 0, cert_key, &public))
		},
		MakerCommand::AddKey { maker, cert_key, signing } => {
			let public = public_key(cert_key)?;
			let outcome = session.submit(&devices::add_maker_key(*maker, &public), signing).await?;
			let added = outcome.find::<(MakerId, u8)>("Devices", "MakerKeyAdded");
			let (maker, index) = added.ok_or_else(|| missing_event("Devices.MakerKeyAdded"))?;
			session.print(&key_receipt(
				"maker key added",
				&outcome,
				maker,
				index,
				cert_key,
				&public,
			))
		},
		MakerCommand::RevokeKey { maker, index, signing } => {
			let call = devices::revoke_maker_key(*maker, *index);
			let receipt = |outcome: &Outcome| {
				Receipt::new("maker key revoked", outcome)
					.with("maker", maker.0)
					.with("key_index", *index)
					.note("active devices stay active: revoke their serial numbers to end them")
			};
			session.submit_and_print(&call, signing, receipt).await
		},
		MakerCommand::Certify(certify) => Box::pin(run_certify(&session, certify)).await,
		MakerCommand::Approve(approve) => Box::pin(run_approve(&session, approve)).await,
		MakerCommand::AddAdmin(OfAdmin { maker, admin, signing }) => {
			let call = devices::add_maker_admin(*maker, admin);
			let receipt = |outcome: &Outcome| {
				Receipt::new("admin added", outcome)
					.with("maker", maker.0)
					.with("admin", account_text(admin))
					.note("it acts for the maker alone, and may remove others")
			};
			session.submit_and_print(&call, signing, receipt).await
		},
		MakerCommand::RemoveAdmin(OfAdmin { maker, admin, signing }) => {
			let call = devices::remove_maker_admin(*maker, admin);
			let receipt = |outcome: &Outcome| {
				let taken = outcome.find::<(MakerId, [u8; 32])>("Devices", "MakerBondTaken");
				let receipt = Receipt::new("admin removed", outcome)
					.with("maker", maker.0)
					.with("admin", account_text(admin));
				match taken {
					None => receipt,
					Some((_, payer)) => receipt.with("bond_of", account_text(&payer)),
				}
			};
			session.submit_and_print(&call, signing, receipt).await
		},
		MakerCommand::Revoke { maker, serial, signing } => {
			let call = devices::revoke(*maker, serial);
			let receipt = serial_receipt("serial number revoked", *maker, serial);
			session.submit_and_print(&call, signing, receipt).await
		},
		MakerCommand::Forget { maker, serial, signing } => {
			let call = devices::forget(*maker, serial);
			let receipt = serial_receipt("serial number forgotten", *maker, serial);
			session.submit_and_print(&call, signing, receipt).await
		},
		MakerCommand::Retire { maker, signing } => {
			let call = devices::retire_maker(*maker);
			let receipt =
				|outcome: &Outcome| Receipt::new("maker retired", outcome).with("maker", maker.0);
			session.submit_and_print(&call, signing, receipt).await
		},
		MakerCommand::Show { id } => {
			let maker = find(&session, *id).await?;
			session.print(&Shown { id: *id, maker })
		},
	}
}

/// The id of the maker that a transaction registered.
///
/// # Errors
/// If the event is missing.
pub(crate) fn registered(outcome: &Outcome) -> Result<MakerId, OwnerError> {
	let event = outcome.find::<(MakerId, [u8; 32])>("Devices", "MakerRegistered");
	event.map(|(maker, _)| maker).ok_or_else(|| missing_event("Devices.MakerRegistered"))
}

fn public_key(key: &CertKey) -> Result<CertifierKey, OwnerError> {
	let (certifier, is_new) = Certifier::load_or_make(&key.cert_key)?;
	if is_new {
		tracing::info!(file = %key.cert_key.display(), "made a certification key: keep it safe");
	}
	Ok(certifier.public())
}

fn key_receipt(
	action: &str,
	outcome: &Outcome,
	maker: MakerId,
	index: u8,
	key: &CertKey,
	public: &CertifierKey,
) -> Receipt {
	Receipt::new(action, outcome)
		.with("maker", maker.0)
		.with("key_index", index)
		.with("key", format::certifier_key(public))
		.with("cert_key", key.cert_key.display().to_string())
		.note("next: cairn maker certify, and a network that admits this maker")
}

fn serial_receipt(
	action: &'static str,
	maker: MakerId,
	serial: &Serial,
) -> impl FnOnce(&Outcome) -> Receipt {
	let serial = format::text(serial);
	move |outcome| Receipt::new(action, outcome).with("maker", maker.0).with("serial", serial)
}

async fn find(session: &Session, id: MakerId) -> Result<MakerView, OwnerError> {
	session.chain.maker(id, At::Best).await?.ok_or_else(|| {
		OwnerError::not_found(
			format!("maker {id}"),
			"take the id that `cairn maker register` printed; a maker that retired is gone",
		)
	})
}

/// Index of a certifier's key, as the chain knows it.
///
/// # Errors
/// If the maker does not have the key, or revoked it, or was convicted.
async fn index_on_chain(
	session: &Session,
	maker: MakerId,
	certifier: &Certifier,
) -> Result<u8, OwnerError> {
	let known = find(session, maker).await?;
	refuse_convicted(maker, &known)?;
	index_of(&known, &certifier.public()).map_err(|cause| {
		OwnerError::refused(
			cause,
			"add the key with `cairn maker add-key`, or name another --cert-key",
		)
	})
}

/// What a convicted maker signs is worth nothing. Pure.
fn refuse_convicted(id: MakerId, maker: &MakerView) -> Result<(), OwnerError> {
	if maker.bond.is_none() {
		return Err(OwnerError::refused(
			format!("maker {id} was convicted: what it signs admits nothing any more"),
			"name another maker; to be one, `cairn maker register`, and have networks name its id",
		));
	}
	Ok(())
}

/// A key that others could sign with is refused. Pure.
fn refuse_weak(key: &DeviceKey) -> Result<(), OwnerError> {
	if key.is_weak() {
		return Err(OwnerError::refused(
			"signatures under the device's key can be forged",
			"let the device generate another key",
		));
	}
	Ok(())
}

async fn run_certify(session: &Session, certify: &Certify) -> Result<(), OwnerError> {
	let certifier = Certifier::load(&certify.cert_key)?;
	let key_index = index_on_chain(session, certify.maker, &certifier).await?;
	let identity = match (certify.device_key, certify.root_key) {
		(Some(key), _) => {
			refuse_weak(&key)?;
			Identity::Operational(key)
		},
		(None, Some(root)) => Identity::Root(root),
		(None, None) => {
			return Err(OwnerError::usage("no key is named", "give --device-key or --root-key"));
		},
	};
	let genesis = session.chain.genesis().await?;
	let expiry = now_millis().saturating_add(u64::from(certify.days).saturating_mul(DAY_MILLIS));
	let certificate =
		certified(certify, &certifier, key_index, expiry, &genesis, &identity).await?;
	let content = CertificateFile::new(&certificate, &identity, &genesis);
	let path = match &certify.out {
		Some(path) => path.clone(),
		None => PathBuf::from(file_name(&certify.serial)),
	};
	content.write(&path)?;
	session.print(&Written { file: path.display().to_string(), days: certify.days, content })
}

/// A certificate: of the first version where that says everything, of the second otherwise.
async fn certified(
	certify: &Certify,
	certifier: &Certifier,
	key_index: u8,
	expiry: u64,
	genesis: &Hash32,
	identity: &Identity,
) -> Result<Certificate, OwnerError> {
	let maker = certify.maker;
	let (model, serial) = (certify.model.clone(), certify.serial.clone());
	match (certifier, identity, &certify.batch) {
		(Certifier::Ed25519 { pair, .. }, Identity::Operational(key), None) => {
			let claim = CertificateClaim { maker, key_index, model, serial, expiry };
			certificate::sign(pair, genesis, key, claim)
		},
		(_, _, batch) => {
			let batch = batch.clone().unwrap_or_default();
			let claim = CertificateClaimV2 { maker, key_index, model, batch, serial, expiry };
			let signature = certifier.sign(&claim.message(genesis, identity)).await?;
			Ok(Certificate::V2(CertificateV2 { claim, signature }))
		},
	}
}

async fn run_approve(session: &Session, approve: &Approve) -> Result<(), OwnerError> {
	let Approve { maker, device: id, device_key, root_key, .. } = approve;
	let certifier = Certifier::load(&approve.cert_key)?;
	let key_index = index_on_chain(session, *maker, &certifier).await?;
	refuse_weak(device_key)?;
	let device = device::find(session, *id).await?;
	if device.serial.as_ref().is_none_or(|(by, _)| by != maker) {
		return Err(OwnerError::refused(
			format!("device {id} has no certificate of maker {maker}"),
			format!("see `cairn device show {id}`; the maker that certified it has to consent"),
		));
	}
	let genesis = session.chain.genesis().await?;
	let (changed, root) = (device.changed, root_key.as_ref());
	let message = recovery_message(&genesis, *maker, key_index, *id, changed, device_key, root);
	let approval = Approval { key_index, signature: certifier.sign(&message).await? };
	let content = ApprovalFile::new(&approval, *id, changed, device_key, root);
	let path = match &approve.out {
		Some(path) => path.clone(),
		None => PathBuf::from(format!("{id}.approval.json")),
	};
	content.write(&path)?;
	session.print(&Consented { file: path.display().to_string(), content })
}

/// A consent that was written.
#[derive(Serialize)]
struct Consented {
	file: String,
	#[serde(flatten)]
	content: ApprovalFile,
}

impl fmt::Display for Consented {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let Self { file, content } = self;
		writeln!(f, "consent written to {file}, for device {}", content.device)?;
		writeln!(f, "  new key      {}", content.key)?;
		let root = content.root_key.as_deref().unwrap_or("none");
		writeln!(f, "  new root key {root}")?;
		writeln!(f, "  it is void after the device's next change of owner or key")?;
		let device = content.device;
		writeln!(f, "  next: cairn device recover {device} --key FILE --approval {file}")
	}
}

/// Index of a maker's key that may still sign.
fn index_of(maker: &MakerView, public: &CertifierKey) -> Result<u8, String> {
	let found = maker.keys.iter().find(|key| key.public == *public);
	let key = found.ok_or("the maker does not have this certification key")?;
	if key.revoked {
		return Err("the maker revoked this certification key".to_owned());
	}
	Ok(key.index)
}

/// A file's name for a serial number: nothing that leads elsewhere.
fn file_name(serial: &Serial) -> String {
	let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
	let name = if serial.iter().all(is_plain) {
		String::from_utf8_lossy(serial).into_owned()
	} else {
		hex::encode(serial)
	};
	format!("{name}.certificate.json")
}

/// A certificate that was written.
#[derive(Serialize)]
struct Written {
	file: String,
	#[serde(skip)]
	days: u32,
	#[serde(flatten)]
	content: CertificateFile,
}

impl fmt::Display for Written {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let Self { file, days, content } = self;
		let days = format::count(u64::from(*days), "day");
		writeln!(f, "certificate written to {file}, good for {days}")?;
		writeln!(f, "  device key   {}", content.device_key)?;
		writeln!(f, "  model        {}, serial {}", content.model, content.serial)?;
		writeln!(f, "  next: cairn device register --network N --key FILE --certificate {file}")
	}
}

/// A maker as it is shown.
struct Shown {
	id: MakerId,
	maker: MakerView,
}

impl Serialize for Shown {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let keys = self.maker.keys.iter().map(|key| {
			let public = format::certifier_key(&key.public);
			serde_json::json!({ "index": key.index, "key": public, "revoked": key.revoked })
		});
		let admins = self.maker.admins.iter().map(account_text);
		let (cycle, certified) = self.maker.registered;
		let document = serde_json::json!({
			"maker": self.id,
			"convicted": self.maker.bond.is_none(),
			"bond_of": self.maker.bond.map(|bond| account_text(&bond.payer)),
			"bond": self.maker.bond.map(|bond| bond.amount.to_string()),
			"admins": admins.collect::<Vec<_>>(),
			"keys": keys.collect::<Vec<_>>(),
			"devices": self.maker.devices,
			"last_cycle": { "cycle": cycle, "certified": certified },
			"settled": self.maker.settled,
		});
		document.serialize(serializer)
	}
}

impl fmt::Display for Shown {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let MakerView { admins, keys, registered: (cycle, certified), devices, bond, .. } =
			&self.maker;
		writeln!(f, "maker {}", self.id)?;
		if bond.is_none() {
			writeln!(
				f,
				"  convicted: its bond is burned, its certificates admit nothing any more"
			)?;
		}
		for admin in admins {
			let left = match bond {
				Some(BondView { payer, amount }) if payer == admin => {
					format!(", left the bond of {}", format::amount(*amount))
				},
				_ => String::new(),
			};
			writeln!(f, "  admin        {}{left}", account_text(admin))?;
		}
		writeln!(f, "  certificates stand for {}", format::count(u64::from(*devices), "device"))?;
		if *certified > 0 {
			writeln!(f, "  in cycle {cycle} it certified {certified}")?;
		}
		for key in keys {
			let state = if key.revoked { ", revoked" } else { "" };
			let public = format::certifier_key(&key.public);
			writeln!(f, "  key {:<9}{public}{state}", key.index)?;
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_chain::MakerKey;
	use cairn_types::P256Public;

	fn key(byte: u8) -> CertifierKey {
		CertifierKey::Ed25519(ed25519::Public::from_raw([byte; 32]))
	}

	fn maker() -> MakerView {
		let known = |index, public, revoked| MakerKey { index, public, revoked };
		let p256 = CertifierKey::P256(P256Public([4; 33]));
		MakerView {
			admins: vec![[7; 32], [8; 32]],
			keys: vec![known(3, key(1), true), known(4, key(2), false), known(6, p256, false)],
			next_key: 7,
			registered: (3, 4),
			devices: 5,
			settled: 6,
			bond: Some(BondView { payer: [7; 32], amount: 1_000 * format::UNIT }),
		}
	}

	#[test]
	fn works_when_the_key_is_the_makers() {
		let index = |public| index_of(&maker(), &public);
		assert_eq!(index(key(2)), Ok(4));
		assert_eq!(index(CertifierKey::P256(P256Public([4; 33]))), Ok(6));
		assert!(index(key(1)).is_err_and(|cause| cause.contains("revoked")));
		assert!(index(key(3)).is_err_and(|cause| cause.contains("does not have")));
	}

	#[test]
	fn fails_when_the_maker_was_convicted() {
		assert!(refuse_convicted(MakerId(9), &maker()).is_ok());
		let convicted = MakerView { bond: None, ..maker() };
		let error = refuse_convicted(MakerId(9), &convicted).expect_err("refused").to_string();
		assert!(error.contains("maker 9 was convicted") && error.contains("Remedy: "), "{error}");
	}

	#[tokio::test]
	async fn works_with_a_certification_key_of_either_kind() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let file = |name: &str| directory.path().join(name);
		let (made, is_new) = Certifier::load_or_make(&file("ed25519")).expect("made");
		assert!(is_new && matches!(made.public(), CertifierKey::Ed25519(_)));
		P256Signer::load_or_make(&file("p256")).expect("made");
		for name in ["ed25519", "p256"] {
			let (certifier, is_new) = Certifier::load_or_make(&file(name)).expect("read");
			assert!(!is_new);
			let signature = certifier.sign(&[7; 32]).await.expect("it signs");
			assert!(certifier.public().verify(&[7; 32], &signature), "{name}");
		}
		agent::load_or_make(&file("sr25519"), Scheme::Sr25519).expect("made");
		let error = Certifier::load(&file("sr25519")).err().expect("refused");
		assert!(error.to_string().contains("another kind"), "{error}");
		let error = Certifier::load(&file("missing")).err().expect("refused");
		assert!(error.to_string().contains("cairn agent key"), "{error}");
	}

	/// The arguments of `certify`.
	fn arguments(batch: Option<&str>) -> Certify {
		let text = |text: &str| parse::serial(text).expect("a serial");
		Certify {
			maker: MakerId(3),
			cert_key: PathBuf::new(),
			device_key: None,
			root_key: None,
			batch: batch.map(text),
			serial: text("0001"),
			model: text("M-1"),
			days: 1,
			out: None,
		}
	}

	#[tokio::test]
	async fn a_certificate_has_the_version_that_says_it_all() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let plain = Certifier::load_or_make(&directory.path().join("ed25519")).expect("made").0;
		let (module, _) = P256Signer::load_or_make(&directory.path().join("p256")).expect("made");
		let module = Certifier::P256(module);
		let key = DevicePair::from_seed(Scheme::Sr25519, &[1; 32]).public();
		let root = RootKey::P256(P256Public([2; 33]));
		for (certifier, identity, batch, is_first) in [
			(&plain, Identity::Operational(key), None, true),
			(&plain, Identity::Operational(key), Some("2026-31"), false),
			(&plain, Identity::Root(root), None, false),
			(&module, Identity::Operational(key), None, false),
			(&module, Identity::Root(root), Some("2026-31"), false),
		] {
			let arguments = arguments(batch);
			let certificate = certified(&arguments, certifier, 2, 9, &[5; 32], &identity).await;
			let certificate = certificate.expect("it is signed");
			assert_eq!(matches!(certificate, Certificate::V1(_)), is_first);
			assert_eq!((certificate.key_index(), certificate.expiry()), (2, 9));
			let root = matches!(identity, Identity::Root(_)).then_some(&root);
			assert!(certificate.is_signed_by(&certifier.public(), &[5; 32], &key, root));
		}
	}

	#[test]
	fn a_file_name_leads_nowhere_else() {
		let name = |text: &str| file_name(&parse::serial(text).expect("a serial"));
		assert_eq!(name("A-1_b"), "A-1_b.certificate.json");
		assert_eq!(name("../x"), "2e2e2f78.certificate.json");
	}

	#[test]
	fn a_maker_is_shown_with_its_keys() {
		let shown = Shown { id: MakerId(9), maker: maker() };
		let value = serde_json::to_value(&shown).expect("serializes");
		assert_eq!(value["keys"][0]["revoked"], true);
		assert_eq!(value["keys"][2]["index"], 6);
		assert_eq!(value["admins"][1], account_text(&[8; 32]));
		assert_eq!(value["devices"], 5);
		let text = shown.to_string();
		assert!(text.contains("maker 9") && text.contains("revoked") && text.contains("5 devices"));
		assert!(text.contains("left the bond of 1000 CAIRN"), "{text}");
		assert_eq!(value["convicted"], false);
		assert_eq!(value["bond_of"], account_text(&[7; 32]));
	}

	#[test]
	fn a_convicted_maker_is_shown_as_one() {
		let shown = Shown { id: MakerId(9), maker: MakerView { bond: None, ..maker() } };
		let value = serde_json::to_value(&shown).expect("serializes");
		assert_eq!(value["convicted"], true);
		assert!(value["bond_of"].is_null() && value["bond"].is_null());
		let text = shown.to_string();
		assert!(text.contains("convicted") && !text.contains("left the bond"), "{text}");
	}
}
