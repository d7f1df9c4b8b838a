//! `cairn maker`: who certifies devices.

use std::{fmt, path::PathBuf};

use cairn_chain::{At, MakerView, Outcome, account_text, calls};
use cairn_types::{CertificateClaim, DeviceKey, MakerId, Serial};
use serde::Serialize;
use sp_core::ed25519;

use super::{
	certificate::{self, CertificateFile},
	error::OwnerError,
	format,
	options::Signing,
	output::Receipt,
	parse,
	session::{Session, missing_event},
};
use crate::{
	agent::{self, DevicePair, Scheme},
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
	/// Stop being a maker; the bond returns
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

/// A certification key.
#[derive(Debug, clap::Args)]
struct CertKey {
	/// File with the ed25519 key that signs certificates; made, mode 0600, if it does not exist
	#[arg(long, value_name = "FILE", default_value = "maker.key")]
	cert_key: PathBuf,
}

/// Certify a device's key: writes a certificate file, sends nothing
#[derive(Debug, clap::Args)]
struct Certify {
	/// The maker's id
	#[arg(long, value_name = "ID")]
	maker: MakerId,

	/// File with the ed25519 key that signs certificates
	#[arg(long, value_name = "FILE", default_value = "maker.key")]
	cert_key: PathBuf,

	/// The device's public key: ed25519:HEX, sr25519:HEX or secp256k1:HEX
	#[arg(long, value_name = "PUB", value_parser = parse::device_key)]
	device_key: DeviceKey,

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
		MakerCommand::Certify(certify) => run_certify(&session, certify).await,
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

fn public_key(key: &CertKey) -> Result<ed25519::Public, OwnerError> {
	let (pair, is_new) = agent::load_or_make(&key.cert_key, Scheme::Ed25519)?;
	if is_new {
		tracing::info!(file = %key.cert_key.display(), "made a certification key: keep it safe");
	}
	certification_public(&pair)
}

fn certification_public(pair: &DevicePair) -> Result<ed25519::Public, OwnerError> {
	match pair.public() {
		DeviceKey::Ed25519(public) => Ok(public),
		_ => Err(OwnerError::usage(
			"makers sign certificates with ed25519 keys, and the file holds another kind",
			"make a key with `cairn agent key --key FILE`, or name a file that does not exist",
		)),
	}
}

fn key_receipt(
	action: &str,
	outcome: &Outcome,
	maker: MakerId,
	index: u8,
	key: &CertKey,
	public: &ed25519::Public,
) -> Receipt {
	Receipt::new(action, outcome)
		.with("maker", maker.0)
		.with("key_index", index)
		.with("key", format::device_key(&DeviceKey::Ed25519(*public)))
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

async fn run_certify(session: &Session, certify: &Certify) -> Result<(), OwnerError> {
	let pair = agent::load(&certify.cert_key)?;
	let public = certification_public(&pair)?;
	let maker = find(session, certify.maker).await?;
	let key_index = index_of(&maker, &public).map_err(|cause| {
		OwnerError::refused(
			cause,
			"add the key with `cairn maker add-key`, or name another --cert-key",
		)
	})?;
	if certify.device_key.is_weak() {
		return Err(OwnerError::refused(
			"signatures under the device's key can be forged",
			"let the device generate another key",
		));
	}
	let claim = CertificateClaim {
		maker: certify.maker,
		key_index,
		model: certify.model.clone(),
		serial: certify.serial.clone(),
		expiry: now_millis().saturating_add(u64::from(certify.days).saturating_mul(DAY_MILLIS)),
	};
	let genesis = session.chain.genesis().await?;
	let certificate = certificate::sign(&pair, &genesis, &certify.device_key, claim)?;
	let content = CertificateFile::new(&certificate, &certify.device_key, &genesis);
	let path = match &certify.out {
		Some(path) => path.clone(),
		None => PathBuf::from(file_name(&certify.serial)),
	};
	content.write(&path)?;
	session.print(&Written { file: path.display().to_string(), days: certify.days, content })
}

/// Index of a maker's key that may still sign.
fn index_of(maker: &MakerView, public: &ed25519::Public) -> Result<u8, String> {
	let found = maker.keys.iter().position(|key| key.public == *public);
	let index = found.ok_or("the maker does not have this certification key")?;
	if maker.keys.get(index).is_some_and(|key| key.revoked) {
		return Err("the maker revoked this certification key".to_owned());
	}
	u8::try_from(index).map_err(|_| "a maker has at most eight keys".to_owned())
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
		let keys = self.maker.keys.iter().enumerate().map(|(index, key)| {
			let public = format::device_key(&DeviceKey::Ed25519(key.public));
			serde_json::json!({ "index": index, "key": public, "revoked": key.revoked })
		});
		let (cycle, certified) = self.maker.registered;
		let document = serde_json::json!({
			"maker": self.id,
			"admin": account_text(&self.maker.admin),
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
		let MakerView { admin, keys, registered: (cycle, certified), devices, .. } = &self.maker;
		writeln!(f, "maker {}", self.id)?;
		writeln!(f, "  admin        {}", account_text(admin))?;
		writeln!(f, "  certificates stand for {}", format::count(u64::from(*devices), "device"))?;
		if *certified > 0 {
			writeln!(f, "  in cycle {cycle} it certified {certified}")?;
		}
		for (index, key) in keys.iter().enumerate() {
			let state = if key.revoked { ", revoked" } else { "" };
			let public = format::device_key(&DeviceKey::Ed25519(key.public));
			writeln!(f, "  key {index}        {public}{state}")?;
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_chain::MakerKey;

	fn maker() -> MakerView {
		let key =
			|byte, revoked| MakerKey { public: ed25519::Public::from_raw([byte; 32]), revoked };
		MakerView {
			admin: [7; 32],
			keys: vec![key(1, true), key(2, false)],
			registered: (3, 4),
			devices: 5,
			settled: 6,
		}
	}

	#[test]
	fn works_when_the_key_is_the_makers() {
		let index = |byte| index_of(&maker(), &ed25519::Public::from_raw([byte; 32]));
		assert_eq!(index(2), Ok(1));
		assert!(index(1).is_err_and(|cause| cause.contains("revoked")));
		assert!(index(3).is_err_and(|cause| cause.contains("does not have")));
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
		assert_eq!(value["devices"], 5);
		let text = shown.to_string();
		assert!(text.contains("maker 9") && text.contains("revoked") && text.contains("5 devices"));
	}
}
