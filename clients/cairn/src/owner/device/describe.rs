//! `cairn device describe`: what a device is, as a W3C Thing Description, attached by its hash.

use std::{
	fs::File,
	io::Read,
	path::{Path, PathBuf},
};

use cairn_chain::calls;
use cairn_did::{Did, MAX_THING, ThingFault, check_thing, thing_hash};
use cairn_types::{DeviceId, Hash32};

use crate::owner::{
	error::OwnerError,
	format,
	options::OwnerSigning,
	output::Receipt,
	session::{Session, missing_event},
};

/// Attach a W3C Thing Description to a device by its hash, or remove it
#[derive(Debug, clap::Args)]
pub(super) struct Describe {
	/// The device's id
	id: DeviceId,

	/// The Thing Description, JSON-LD of version 1.1: its bytes are hashed exactly as they are
	#[arg(
		long,
		value_name = "FILE",
		required_unless_present = "remove",
		conflicts_with = "remove"
	)]
	file: Option<PathBuf>,

	/// Remove the description that is attached
	#[arg(long)]
	remove: bool,

	#[command(flatten)]
	signing: OwnerSigning,
}

/// Attach a description, or remove it.
///
/// # Errors
/// If the file is none, or the chain refuses it.
pub(super) async fn run(session: &Session, describe: &Describe) -> Result<(), OwnerError> {
	let description = match &describe.file {
		Some(file) => Some(hash_of(file, Did(describe.id))?),
		None => None,
	};
	let call = calls::devices::describe(describe.id, description.as_ref());
	let outcome = session.submit(&call, &describe.signing).await?;
	let event = outcome.find::<(DeviceId, Option<Hash32>)>("Devices", "Described");
	let (device, description) = event.ok_or_else(|| missing_event("Devices.Described"))?;
	let action = if description.is_some() { "description attached" } else { "description removed" };
	let receipt = Receipt::new(action, &outcome)
		.with("device", device.0)
		.with("sha256", description.as_ref().map(format::hash))
		.note(format!("see `cairn device did {device}`"));
	session.print(&receipt)
}

/// The hash of a Thing Description of a device.
///
/// # Errors
/// If the file holds none.
fn hash_of(path: &Path, device: Did) -> Result<Hash32, OwnerError> {
	let bytes = read(path)?;
	check_thing(&bytes, device).map_err(|fault| unusable(path, fault))?;
	Ok(thing_hash(&bytes))
}

/// The bytes of a file that may be a Thing Description.
///
/// # Errors
/// If it cannot be read, or is too large to be one.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, OwnerError> {
	// One byte more shows that there are too many.
	let limit = u64::try_from(MAX_THING).unwrap_or(u64::MAX).saturating_add(1);
	let mut bytes = Vec::new();
	let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
	read.map_err(|cause| OwnerError::File {
		path: path.display().to_string(),
		cause: cause.to_string(),
		remedy: "name a file that you can read".to_owned(),
	})?;
	if bytes.len() > MAX_THING {
		return Err(unusable(path, ThingFault::TooLarge));
	}
	Ok(bytes)
}

fn unusable(path: &Path, fault: ThingFault) -> OwnerError {
	OwnerError::File {
		path: path.display().to_string(),
		cause: format!("{} {fault:?}, code {}", fault.cause(), fault.code()),
		remedy: fault.remedy().to_owned(),
	}
}

#[cfg(test)]
pub(super) mod tests {
	use std::fs;

	use super::*;

	/// The least that a Thing Description says.
	pub(crate) const LAMP: &str = r#"{
		"@context": "https://www.w3.org/2022/wot/td/v1.1",
		"title": "Lamp",
		"securityDefinitions": { "nosec_sc": { "scheme": "nosec" } },
		"security": "nosec_sc"
	}"#;

	/// What a file with these bytes gives.
	fn hashed(bytes: &[u8]) -> Result<Hash32, String> {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let path = directory.path().join("lamp.jsonld");
		fs::write(&path, bytes).expect("writable");
		hash_of(&path, Did(DeviceId(7))).map_err(|error| error.to_string())
	}

	#[test]
	fn works_when_it_is_a_thing_description() {
		assert_eq!(hashed(LAMP.as_bytes()), Ok(thing_hash(LAMP.as_bytes())));
		let padded = format!("{LAMP}\n");
		let hash = hashed(padded.as_bytes()).expect("a description");
		assert_ne!(hash, thing_hash(LAMP.as_bytes()), "every byte counts");

		let guide = include_str!("../../../../../docs/src/guides/device-owner.md");
		let (_, example) = guide.split_once("```json\n").expect("an example");
		let (text, _) = example.split_once("```").expect("its end");
		assert_eq!(hashed(text.as_bytes()), Ok(thing_hash(text.as_bytes())));
	}

	#[test]
	fn fails_when_it_is_none() {
		let large = vec![b' '; MAX_THING + 1];
		for (bytes, expected) in [
			(b"{".as_slice(), "NotJson, code 2"),
			(b"[]".as_slice(), "NotAnObject, code 3"),
			(LAMP.replace("v1.1", "v2").as_bytes(), "BadContext, code 4"),
			(LAMP.replace("title", "name").as_bytes(), "BadTitle, code 5"),
			(LAMP.replace("\"nosec_sc\":", "\"other\":").as_bytes(), "BadSecurity, code 7"),
			(LAMP.replace("\"title\"", "\"id\": \"did:cairn:8\", \"title\"").as_bytes(), "code 9"),
			(large.as_slice(), "TooLarge, code 1"),
		] {
			let error = hashed(bytes).expect_err("no description");
			assert!(error.contains(expected) && error.contains("Remedy: "), "{error}");
		}
	}

	#[test]
	fn fails_when_there_is_no_file() {
		let error = read(Path::new("/nowhere/lamp.jsonld")).expect_err("no file").to_string();
		assert!(error.contains("/nowhere/lamp.jsonld") && error.contains("Remedy: "), "{error}");
	}
}
