//! Many devices at once: a list of key files, registered up to 64 in a transaction.

use std::{
	collections::BTreeMap,
	fmt, fs,
	path::{Path, PathBuf},
};

use cairn_chain::{At, Call, DispatchFailure, Error, Outcome, calls};
use cairn_types::{
	Certificate, DeviceId, DeviceKey, MakerId, NetworkId, Registration, Registrations,
	registration::MAX_REGISTRATIONS,
};
use serde::{Deserialize, Serialize};
use sp_core::bounded::BoundedVec;

use super::possession;
use crate::{
	agent::{self, DevicePair, Occasion, P256Signer},
	owner::{certificate, error::OwnerError, format, options::OwnerSigning, session::Session},
};

const EXAMPLES: &str = "\
The list is CSV with a first line that names its columns, or TOML, by the file's name. Files are seen
from the list; certificate and root-key may be left out.

  key,certificate,root-key
  a.key,0001.certificate.json,
  b.key,0002.certificate.json,b.toml

  [[device]]
  key = \"a.key\"
  certificate = \"0001.certificate.json\"

Devices that are registered already are left out, so a list may be given again.";

/// Register the devices of a list, up to 64 in a transaction, each against a deposit
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct RegisterBatch {
	/// The network whose readings they sign, for good
	#[arg(long, value_name = "ID")]
	network: NetworkId,

	/// The list of devices: a file named *.csv or *.toml
	#[arg(long, value_name = "FILE")]
	devices: PathBuf,

	#[command(flatten)]
	signing: OwnerSigning,
}

/// A line of a list: where a device's keys are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Entry {
	/// The device's key.
	key: PathBuf,
	/// Its maker's certificate.
	certificate: Option<PathBuf>,
	/// Its root key.
	root_key: Option<PathBuf>,
}

/// A list in TOML.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
	#[serde(default)]
	device: Vec<Entry>,
}

/// A device with everything that registers it.
struct Item {
	name: String,
	pair: DevicePair,
	certificate: Option<Certificate>,
	root: Option<P256Signer>,
}

impl Item {
	async fn registration(&self, occasion: &Occasion) -> Result<Registration, OwnerError> {
		let key = self.pair.public();
		let delegation = match &self.root {
			Some(root) => Some(Box::pin(occasion.delegate(root, &key)).await?),
			None => None,
		};
		let (possession, certificate) = (occasion.prove(&self.pair), self.certificate.clone());
		Ok(Registration { key, possession, delegation, certificate })
	}
}

/// Register the devices of a list.
pub(super) async fn run(session: &Session, batch: &RegisterBatch) -> Result<(), OwnerError> {
	let failed = |cause: String| OwnerError::File {
		path: batch.devices.display().to_string(),
		cause,
		remedy: "see `cairn device register-batch --help` for how a list looks".to_owned(),
	};
	let text = fs::read_to_string(&batch.devices).map_err(|cause| failed(cause.to_string()))?;
	let entries = parse(&batch.devices, &text).map_err(failed)?;
	let items = load(&batch.devices, &entries)?;
	refuse_twins(&items).map_err(failed)?;

	let mut done = Done { network: batch.network, registered: Vec::new(), known: Vec::new() };
	let mut missing = Vec::new();
	let spinner = session.spinner("looking which devices are registered");
	for item in items {
		match session.chain.device_by_key(&item.pair.public(), At::Best).await? {
			Some(id) => done.known.push((item.name, id)),
			None => missing.push(item),
		}
	}
	drop(spinner);
	let most = usize::try_from(MAX_REGISTRATIONS).unwrap_or(usize::MAX);
	for part in missing.chunks(most) {
		let outcome = Box::pin(register(session, batch, part)).await;
		let outcome = outcome.map_err(|error| explain(error, part, &done))?;
		done.registered.extend(part.iter().map(|item| item.name.clone()).zip(ids(&outcome)));
	}
	session.print(&done)
}

/// Register some devices in one transaction.
async fn register(
	session: &Session,
	batch: &RegisterBatch,
	items: &[Item],
) -> Result<Outcome, OwnerError> {
	let call = async |occasion: &Occasion| -> Result<Call, OwnerError> {
		let mut registrations = Vec::new();
		for item in items {
			registrations.push(item.registration(occasion).await?);
		}
		let registrations: Registrations = BoundedVec::truncate_from(registrations);
		Ok(calls::devices::register_batch(batch.network, &registrations))
	};
	possession::submit(session, &batch.signing, call).await
}

/// The ids of the devices that a transaction registered, in order.
fn ids(outcome: &Outcome) -> Vec<DeviceId> {
	type Fields = (DeviceId, [u8; 32], NetworkId, DeviceKey, Option<MakerId>);
	let events = outcome.all::<Fields>("Devices", "Registered");
	events.into_iter().map(|(device, ..)| device).collect()
}

/// Which device of a transaction an error is about, and what was done before. Pure.
fn explain(error: OwnerError, part: &[Item], done: &Done) -> OwnerError {
	let OwnerError::Chain(Error::Dispatch(DispatchFailure { name, docs, place })) = &error else {
		return error;
	};
	// Errors of the runtime itself are of no pallet, and of no device.
	let Some(item) = part.get(usize::from(*place)).filter(|_| name.contains("::")) else {
		return error;
	};
	let before = match done.registered.len() {
		0 => "no device of the list is registered yet".to_owned(),
		count => format!("{} of the list are registered", format::count(count as u64, "device")),
	};
	OwnerError::refused(
		format!("{}: {name}: {docs}", item.name),
		format!("put it right or take it off the list, then run the command again: {before}"),
	)
}

/// Read a list. Pure.
fn parse(path: &Path, text: &str) -> Result<Vec<Entry>, String> {
	let entries = match path.extension().and_then(|extension| extension.to_str()) {
		Some("csv") => parse_csv(text)?,
		Some("toml") => toml::from_str::<List>(text).map_err(|cause| cause.to_string())?.device,
		_ => return Err("its name ends neither in .csv nor in .toml".to_owned()),
	};
	if entries.is_empty() { Err("it names no device".to_owned()) } else { Ok(entries) }
}

/// Read a list in CSV: names of files hold no commas and no quotation marks.
fn parse_csv(text: &str) -> Result<Vec<Entry>, String> {
	const COLUMNS: [&str; 3] = ["key", "certificate", "root-key"];
	let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
	let mut lines = lines.map(|(number, line)| {
		let cells = line.split(',').map(str::trim).collect::<Vec<_>>();
		(number, cells)
	});
	let (_, names) = lines.next().unwrap_or_default();
	if let Some(name) = names.iter().find(|name| !COLUMNS.contains(name)) {
		return Err(format!("it has a column {name:?}; columns are {}", COLUMNS.join(", ")));
	}
	if !names.contains(&"key") {
		return Err("its first line does not name the column key".to_owned());
	}
	let entry = |(number, cells): (usize, Vec<&str>)| {
		if cells.len() != names.len() {
			let (found, wanted) = (cells.len(), names.len());
			return Err(format!("line {number} has {found} cells instead of {wanted}"));
		}
		let cell = |wanted: &str| {
			let place = names.iter().position(|name| *name == wanted)?;
			cells.get(place).filter(|cell| !cell.is_empty()).map(PathBuf::from)
		};
		let key = cell("key").ok_or_else(|| format!("line {number} names no key"))?;
		Ok(Entry { key, certificate: cell("certificate"), root_key: cell("root-key") })
	};
	lines.map(entry).collect()
}

/// Read the files that a list names.
fn load(list: &Path, entries: &[Entry]) -> Result<Vec<Item>, OwnerError> {
	let directory = list.parent().unwrap_or(Path::new(""));
	let item = |entry: &Entry| -> Result<Item, OwnerError> {
		let certificate = entry.certificate.as_ref();
		let root = entry.root_key.as_ref();
		Ok(Item {
			name: entry.key.display().to_string(),
			pair: agent::load(&directory.join(&entry.key))?,
			certificate: certificate
				.map(|file| certificate::read(&directory.join(file)))
				.transpose()?,
			root: root.map(|file| P256Signer::load(&directory.join(file))).transpose()?,
		})
	};
	entries.iter().map(item).collect()
}

/// Two devices of a list cannot have one key, nor one root key. Pure.
fn refuse_twins(items: &[Item]) -> Result<(), String> {
	let mut seen = BTreeMap::new();
	for item in items {
		let keys = std::iter::once(format::device_key(&item.pair.public()))
			.chain(item.root.as_ref().map(|root| format!("p256:{}", hex::encode(root.public().0))));
		for key in keys {
			if let Some(other) = seen.insert(key, &item.name) {
				return Err(format!("{other} and {} have a key in common", item.name));
			}
		}
	}
	Ok(())
}

/// What became of a list.
#[derive(Debug, PartialEq, Eq)]
struct Done {
	network: NetworkId,
	/// Key files and ids of devices that were registered now.
	registered: Vec<(String, DeviceId)>,
	/// Of those that were before.
	known: Vec<(String, DeviceId)>,
}

impl Serialize for Done {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let listed = |devices: &[(String, DeviceId)]| {
			let device = |(key, device): &(String, DeviceId)| serde_json::json!({ "key_file": key, "device": device });
			devices.iter().map(device).collect::<Vec<_>>()
		};
		let document = serde_json::json!({
			"action": "devices registered",
			"network": self.network,
			"registered": listed(&self.registered),
			"registered_before": listed(&self.known),
		});
		document.serialize(serializer)
	}
}

impl fmt::Display for Done {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let count = format::count(self.registered.len() as u64, "device");
		writeln!(f, "{count} registered in network {}", self.network)?;
		for (key, device) in &self.registered {
			writeln!(f, "  device {device:<8} {key}")?;
		}
		for (key, device) in &self.known {
			writeln!(f, "  device {device:<8} {key} (registered before)")?;
		}
		writeln!(f, "  next: cairn device assign-gateway ID --gateway ID, then activate each")
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::agent::Scheme;

	fn entry(key: &str, certificate: Option<&str>, root_key: Option<&str>) -> Entry {
		let path = |name: &str| PathBuf::from(name);
		Entry { key: path(key), certificate: certificate.map(path), root_key: root_key.map(path) }
	}

	fn csv(text: &str) -> Result<Vec<Entry>, String> {
		parse(Path::new("fleet.csv"), text)
	}

	fn item(name: &str, seed: u8) -> Item {
		let pair = DevicePair::from_seed(Scheme::Ed25519, &[seed; 32]);
		Item { name: name.to_owned(), pair, certificate: None, root: None }
	}

	#[test]
	fn works_when_a_list_is_csv_or_toml() {
		let expected =
			vec![entry("a.key", Some("1.json"), None), entry("b.key", None, Some("b.toml"))];
		let text = "key, certificate, root-key\na.key, 1.json,\n\nb.key,,b.toml\n";
		assert_eq!(csv(text), Ok(expected.clone()));
		let text = "[[device]]\nkey = 'a.key'\ncertificate = '1.json'\n\
			[[device]]\nkey = 'b.key'\nroot-key = 'b.toml'\n";
		assert_eq!(parse(Path::new("fleet.toml"), text), Ok(expected));
		assert_eq!(csv("key\na.key"), Ok(vec![entry("a.key", None, None)]));

		let guide = include_str!("../../../../../docs/src/guides/maker.md");
		let (_, example) = guide.split_once("```csv\n").expect("an example");
		let (text, _) = example.split_once("```").expect("its end");
		let first = entry("b.key", Some("0002.certificate.json"), Some("b.toml"));
		assert_eq!(csv(text).map(|found| found.into_iter().next()), Ok(Some(first)));
	}

	#[test]
	fn fails_when_a_list_cannot_be_understood() {
		for (text, says) in [
			("", "does not name the column key"),
			("key\n", "names no device"),
			("certificate\n1.json", "does not name the column key"),
			("key,colour\na.key,red", "column \"colour\""),
			("key,certificate\na.key", "line 2 has 1 cells"),
			("certificate,key\n1.json,", "line 2 names no key"),
		] {
			let error = csv(text).expect_err(says);
			assert!(error.contains(says), "{text:?}: {error}");
		}
		assert!(parse(Path::new("fleet.txt"), "key\na.key").is_err());
		assert!(parse(Path::new("fleet.toml"), "[[device]]\nkey = 'a'\ncolour = 'red'").is_err());
	}

	#[test]
	fn fails_when_two_devices_have_one_key() {
		assert_eq!(refuse_twins(&[item("a", 1), item("b", 2)]), Ok(()));
		let error = refuse_twins(&[item("a", 1), item("b", 2), item("c", 1)]).expect_err("twins");
		assert!(error.contains("a and c"), "{error}");
	}

	#[test]
	fn an_error_names_the_device_that_it_is_about() {
		let part = [item("a.key", 1), item("b.key", 2)];
		let registered = vec![("z.key".to_owned(), DeviceId(3))];
		let done = Done { network: NetworkId(0), registered, known: Vec::new() };
		let failure = |name: &str, place| {
			let (name, docs) = (name.to_owned(), "A cause. A remedy.".to_owned());
			OwnerError::from(Error::Dispatch(DispatchFailure { name, docs, place }))
		};
		let text = explain(failure("Devices::KeyTaken", 1), &part, &done).to_string();
		assert!(text.starts_with("b.key: Devices::KeyTaken: A cause."), "{text}");
		assert!(text.contains("1 device of the list are registered"), "{text}");
		let text = explain(failure("Devices::DepositMissing", 1), &part, &done).to_string();
		assert!(text.starts_with("b.key: Devices::DepositMissing: A cause."), "{text}");
		let text = explain(failure("BadOrigin", 0), &part, &done).to_string();
		assert!(!text.contains("a.key"), "{text}");
	}

	#[test]
	fn what_was_done_is_shown() {
		let done = Done {
			network: NetworkId(4),
			registered: vec![("a.key".to_owned(), DeviceId(7))],
			known: vec![("b.key".to_owned(), DeviceId(2))],
		};
		let text = done.to_string();
		assert!(text.starts_with("1 device registered in network 4\n"), "{text}");
		assert!(text.contains("device 7") && text.contains("b.key (registered before)"), "{text}");
		let value = serde_json::to_value(&done).expect("serializes");
		assert_eq!(value["registered"][0]["device"], 7);
		assert_eq!(value["registered_before"][0]["key_file"], "b.key");
	}
}
