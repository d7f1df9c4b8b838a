//! Whose readings the gateway's operator does not take.
//!
//! Assigning a device to a gateway is its owner's matter, and asks nobody. What the gateway takes is its
//! operator's: devices, and owners with all their devices, named at the start or in a file.

use std::{
	collections::{HashMap, HashSet},
	fs::File,
	io::Read,
	path::{Path, PathBuf},
	sync::{PoisonError, RwLock},
};

use cairn_chain::{parse_account, views::AccountBytes};
use cairn_types::DeviceId;

use super::error::Error;
use crate::owner::parse;

/// Most bytes of a file of devices and owners.
const MAX_BYTES: u64 = 4 << 20;

/// What a gateway's operator says of devices that it does not serve.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct DenyArgs {
	/// Devices of which no readings are taken; several with commas, or the option several times.
	#[arg(long, value_name = "ID", value_delimiter = ',')]
	pub deny: Vec<DeviceId>,
	/// Owners of whose devices no readings are taken.
	#[arg(long, value_name = "ACCOUNT", value_delimiter = ',', value_parser = parse::account)]
	pub deny_owner: Vec<AccountBytes>,
	/// File with devices and owners of which no readings are taken, too: one in a line, # begins a
	/// comment; it is read again with every window.
	#[arg(long, value_name = "FILE")]
	pub deny_file: Option<PathBuf>,
}

/// Whom the operator names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Named {
	devices: HashSet<DeviceId>,
	owners: HashSet<AccountBytes>,
}

impl Named {
	/// Read a file's text. Pure.
	///
	/// # Errors
	/// In words, which line is neither a device nor an account.
	fn read(text: &str) -> Result<Self, String> {
		let mut named = Self::default();
		for (number, line) in (1u32..).zip(text.lines()) {
			let entry = line.split_once('#').map_or(line, |(entry, _)| entry).trim();
			if entry.is_empty() {
				continue;
			}
			if let Ok(device) = entry.parse::<DeviceId>() {
				named.devices.insert(device);
			} else if let Ok(owner) = parse_account(entry) {
				named.owners.insert(owner);
			} else {
				let cause = "is neither a device's id nor an account";
				return Err(format!("line {number}: {entry:?} {cause}"));
			}
		}
		Ok(named)
	}
}

/// Whom the operator names, and what is known of whose devices are whose.
#[derive(Debug, Default)]
struct Lists {
	named: Named,
	/// Devices of owners that are named, or were when this was learnt.
	owners: HashMap<DeviceId, AccountBytes>,
}

/// Whose readings are not taken; nobody's is denied by [`Default`].
#[derive(Debug, Default)]
pub struct Deny {
	args: DenyArgs,
	lists: RwLock<Lists>,
}

impl Deny {
	/// As the operator says it.
	///
	/// # Errors
	/// [`Error::Deny`] if the file cannot be read.
	pub fn new(args: &DenyArgs) -> Result<Self, Error> {
		let lists = Lists { named: named(args)?, owners: HashMap::new() };
		Ok(Self { args: args.clone(), lists: RwLock::new(lists) })
	}

	/// Read the file again, if one was named. If that fails, what was read before holds.
	pub fn reload(&self) {
		if self.args.deny_file.is_none() {
			return;
		}
		let named = named(&self.args)
			.inspect_err(|cause| tracing::warn!(%cause, "whom to deny stays as it was"));
		let Ok(named) = named else { return };
		let mut lists = self.lists.write().unwrap_or_else(PoisonError::into_inner);
		if lists.named != named {
			let (devices, owners) = (named.devices.len(), named.owners.len());
			tracing::info!(devices, owners, "whom to deny has changed");
			lists.named = named;
		}
	}

	/// Whether readings of a device are not taken.
	#[must_use]
	pub fn is_denied(&self, device: DeviceId) -> bool {
		let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner);
		lists.named.devices.contains(&device)
			|| lists.owners.get(&device).is_some_and(|owner| lists.named.owners.contains(owner))
	}

	/// Whether owners are denied: then it has to be learnt whose devices are whose.
	#[must_use]
	pub fn has_owners(&self) -> bool {
		let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner);
		!lists.named.owners.is_empty()
	}

	/// Learn whose these devices are now.
	pub fn learn(&self, owners: &[(DeviceId, AccountBytes)]) {
		let mut lists = self.lists.write().unwrap_or_else(PoisonError::into_inner);
		for (device, owner) in owners {
			if lists.named.owners.contains(owner) {
				lists.owners.insert(*device, *owner);
			} else {
				lists.owners.remove(device);
			}
		}
	}
}

/// Everybody who is named, in the command line and in the file.
fn named(args: &DenyArgs) -> Result<Named, Error> {
	let mut named = match &args.deny_file {
		Some(file) => {
			let text = read(file).and_then(|text| Named::read(&text));
			text.map_err(|cause| Error::Deny { cause: format!("{}: {cause}", file.display()) })?
		},
		None => Named::default(),
	};
	named.devices.extend(&args.deny);
	named.owners.extend(&args.deny_owner);
	Ok(named)
}

fn read(file: &Path) -> Result<String, String> {
	let opened = File::open(file).map_err(|cause| cause.to_string())?;
	let mut text = String::new();
	let most = MAX_BYTES.saturating_add(1);
	opened.take(most).read_to_string(&mut text).map_err(|cause| cause.to_string())?;
	if u64::try_from(text.len()).unwrap_or(u64::MAX) > MAX_BYTES {
		return Err(format!("it has more than {MAX_BYTES} bytes"));
	}
	Ok(text)
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_chain::account_text;
	use clap::Parser;
	use std::fs;

	const OWNER: AccountBytes = [7; 32];

	/// As if these options were given.
	#[derive(Debug, Parser)]
	struct Line {
		#[command(flatten)]
		deny: DenyArgs,
	}

	fn deny(options: &[&str]) -> Result<Deny, Error> {
		let line =
			Line::try_parse_from([["gateway"].as_slice(), options].concat()).expect("options");
		Deny::new(&line.deny)
	}

	fn denied(deny: &Deny) -> Vec<u64> {
		(0..10).filter(|device| deny.is_denied(DeviceId(*device))).collect()
	}

	#[test]
	fn works_when_devices_are_named() {
		assert!(denied(&Deny::default()).is_empty());
		let deny = deny(&["--deny", "3,5", "--deny", "4"]).expect("names devices");
		assert_eq!((denied(&deny), deny.has_owners()), (vec![3, 4, 5], false));
	}

	#[test]
	fn works_when_an_owner_is_named() {
		let deny = deny(&["--deny-owner", &account_text(&OWNER)]).expect("names an owner");
		assert!(deny.has_owners());
		assert!(denied(&deny).is_empty(), "whose they are is not known yet");
		deny.learn(&[(DeviceId(1), OWNER), (DeviceId(2), [8; 32]), (DeviceId(3), OWNER)]);
		assert_eq!(denied(&deny), [1, 3]);
		// One was sold.
		deny.learn(&[(DeviceId(3), [8; 32])]);
		assert_eq!(denied(&deny), [1]);
	}

	#[test]
	fn works_when_the_file_changes() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let file = directory.path().join("denied");
		let name = file.to_str().expect("text");
		let owner = account_text(&OWNER);
		fs::write(&file, format!("# sends too much\n3\n\n 4 # this, too\r\n{owner}\n"))
			.expect("writes");
		let deny = deny(&["--deny-file", name, "--deny", "9"]).expect("names devices");
		deny.learn(&[(DeviceId(1), OWNER)]);
		assert_eq!(denied(&deny), [1, 3, 4, 9]);
		fs::write(&file, "5").expect("writes");
		deny.reload();
		assert_eq!((denied(&deny), deny.has_owners()), (vec![5, 9], false));
		for wrong in ["6\nseven", "-1", "5Grwva"] {
			fs::write(&file, wrong).expect("writes");
			deny.reload();
			assert_eq!(denied(&deny), [5, 9], "{wrong:?}");
		}
		fs::remove_file(&file).expect("removes");
		deny.reload();
		assert_eq!(denied(&deny), [5, 9]);
	}

	#[test]
	fn fails_when_the_file_does_not_name_them() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let file = directory.path().join("denied");
		let name = file.to_str().expect("text");
		let cause = || deny(&["--deny-file", name]).expect_err("refused").to_string();
		assert!(cause().contains("denied: "), "{}", cause());
		fs::write(&file, "1\n2 3").expect("writes");
		assert!(cause().contains("line 2: \"2 3\" is neither"), "{}", cause());
		fs::write(&file, [0xff_u8; 4]).expect("writes");
		assert!(cause().contains("Remedy: "), "{}", cause());
		fs::write(&file, " ".repeat(5 << 20)).expect("writes");
		assert!(cause().contains("more than 4194304 bytes"), "{}", cause());
	}

	#[test]
	fn fails_when_the_options_name_nobody() {
		for options in [["--deny", "x"], ["--deny", "-1"], ["--deny-owner", "nobody"]] {
			let line = [["gateway"].as_slice(), options.as_slice()].concat();
			assert!(Line::try_parse_from(line).is_err(), "{options:?}");
		}
	}
}
