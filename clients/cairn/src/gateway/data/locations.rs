//! Where devices are.
//!
//! A file of the operator says it. What owners assert on the chain is not read here yet; whatever does
//! implements [`Located`].

use std::{
	collections::{BTreeMap, BTreeSet},
	fs::File,
	io::Read,
	path::Path,
};

use cairn_geo::Cell;
use cairn_types::DeviceId;
use serde::Deserialize;

use crate::gateway::error::Error;

/// Most bytes of a file of locations: some hundred thousand devices.
const MAX_BYTES: u64 = 16 << 20;

/// Who knows where devices are.
pub trait Located: Send + Sync {
	/// The cell that a device is in; `None` if that is not known.
	fn located(&self, device: DeviceId) -> Option<Cell>;

	/// Every device that is known to be in `region`.
	fn inside(&self, region: Cell) -> BTreeSet<DeviceId>;
}

/// Whether what is in `cell` is in `region`. A cell coarser than the region is in none of it: where
/// in the cell the device is, nobody knows. Descent is by digits, as H3 has it.
#[must_use]
pub fn contains(region: Cell, cell: Cell) -> bool {
	cell.parent(region.resolution()) == Ok(region)
}

/// Locations from a file:
///
/// ```toml
/// [devices]
/// 17 = "8c2a1072b59adff"
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileLocations(BTreeMap<DeviceId, Cell>);

/// What the file holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
	#[serde(default)]
	devices: BTreeMap<String, String>,
}

impl FileLocations {
	/// Read a file.
	///
	/// # Errors
	/// [`Error::Locations`], with the device if one is to blame.
	pub fn read(file: &Path) -> Result<Self, Error> {
		let failed = |cause: String| Error::Locations { file: file.to_path_buf(), cause };
		let mut text = String::new();
		let opened = File::open(file).map_err(|cause| failed(cause.to_string()))?;
		let read = opened.take(MAX_BYTES + 1).read_to_string(&mut text);
		read.map_err(|cause| failed(cause.to_string()))?;
		if text.len() as u64 > MAX_BYTES {
			return Err(failed("it has more than 16 MiB".to_owned()));
		}
		Self::parse(&text).map_err(failed)
	}

	/// Read a text. Pure.
	///
	/// # Errors
	/// In words.
	pub fn parse(text: &str) -> Result<Self, String> {
		let document = toml::from_str::<Document>(text).map_err(|cause| cause.to_string())?;
		let entry = |(device, cell): (&String, &String)| {
			let id = device.parse::<DeviceId>();
			let id = id.map_err(|_| format!("{device:?} is not the id of a device"))?;
			let cell = cell.parse::<Cell>().map_err(|cause| format!("device {device}: {cause}"))?;
			Ok((id, cell))
		};
		let entries = document.devices.iter().map(entry).collect::<Result<Vec<_>, String>>()?;
		let count = entries.len();
		let locations = entries.into_iter().collect::<BTreeMap<_, _>>();
		// 1 and 01 are two keys of the file, and one device.
		if locations.len() == count {
			Ok(Self(locations))
		} else {
			Err("a device is named twice".to_owned())
		}
	}
}

impl Located for FileLocations {
	fn located(&self, device: DeviceId) -> Option<Cell> {
		self.0.get(&device).copied()
	}

	fn inside(&self, region: Cell) -> BTreeSet<DeviceId> {
		let inside = self.0.iter().filter(|(_, cell)| contains(region, **cell));
		inside.map(|(device, _)| *device).collect()
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::fs;

	/// A cell of resolution 12 in New York.
	const CELL: &str = "8c2a1072b59adff";

	fn cell() -> Cell {
		CELL.parse().expect("a cell")
	}

	#[test]
	fn works_when_devices_are_located() {
		let text = format!("[devices]\n7 = \"{CELL}\"\n9 = \"8c1fb46741ae9ff\"\n");
		let places = FileLocations::parse(&text).expect("reads");
		assert_eq!(places.located(DeviceId(7)), Some(cell()));
		assert_eq!(places.located(DeviceId(8)), None);
		for resolution in 0..=12 {
			let region = cell().parent(resolution).expect("coarser");
			assert!(places.inside(region).contains(&DeviceId(7)), "{resolution}");
		}
		let region = cell().parent(5).expect("coarser");
		assert_eq!(places.inside(region), BTreeSet::from([DeviceId(7)]));
		assert_eq!(FileLocations::parse(""), Ok(FileLocations::default()));
	}

	#[test]
	fn a_coarse_cell_is_not_in_a_finer_region() {
		let coarse = cell().parent(6).expect("coarser");
		assert!(contains(coarse, cell()) && contains(cell(), cell()));
		assert!(!contains(cell(), coarse));
		assert!(cell().neighbours().iter().all(|neighbour| !contains(cell(), *neighbour)));
	}

	#[test]
	fn fails_when_the_file_is_not_of_locations() {
		for (text, word) in [
			("[devices]\nseven = \"8c2a1072b59adff\"", "\"seven\""),
			("[devices]\n7 = \"8c2a1072b59adfx\"", "device 7"),
			("[devices]\n7 = \"8c2a1072b59adff\"\n07 = \"8c2a1072b59adff\"", "twice"),
			("[devices]\n7 = 5", "string"),
			("[places]\n7 = \"8c2a1072b59adff\"", "places"),
			("devices", "TOML"),
		] {
			let cause = FileLocations::parse(text).expect_err(text);
			assert!(cause.contains(word), "{text}: {cause}");
		}
		let directory = tempfile::tempdir().expect("a temporary directory");
		let file = directory.path().join("locations.toml");
		assert!(matches!(FileLocations::read(&file), Err(Error::Locations { .. })));
		let size = usize::try_from(MAX_BYTES).expect("small") + 1;
		fs::write(&file, vec![b'\n'; size]).expect("a file");
		let error = FileLocations::read(&file).expect_err("too large");
		assert!(error.to_string().contains("16 MiB"), "{error}");
		fs::write(&file, format!("[devices]\n7 = \"{CELL}\"\n")).expect("a file");
		let places = FileLocations::read(&file).expect("reads");
		assert_eq!(places.located(DeviceId(7)), Some(cell()));
	}
}
