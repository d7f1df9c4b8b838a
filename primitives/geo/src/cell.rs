//! Cells: indices of H3 that are known to be valid.

use alloc::{string::String, vec::Vec};
use core::{
	fmt::{Debug, Display, Formatter, LowerHex},
	str::FromStr,
};

use codec::{
	Decode, DecodeWithMemTracking, Encode, EncodeLike, Error as CodecError, Input, MaxEncodedLen,
	Output,
};
use h3o::{CellIndex, Resolution};
use scale_info::{Path, Type, TypeInfo, build::Fields};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::GeoError;

/// Finest resolution of H3: cells of about 1 m².
pub const FINEST_RESOLUTION: u8 = 15;

/// Hexadecimal digits of a 64-bit index.
const MAX_DIGITS: usize = 16;

/// A cell of [H3](https://h3geo.org): a hexagon, or one of the twelve pentagons of its resolution.
///
/// Only valid cells exist: whatever is decoded, parsed or converted is checked first, by the rules
/// of H3's `isValidCell`. SCALE: its 64-bit index. Text and JSON: the index in lower-case
/// hexadecimal without leading zeros, as H3's tools write it. Cells of one resolution are ordered
/// by index.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell(pub(crate) CellIndex);

impl Cell {
	/// The cell with this index.
	///
	/// # Errors
	/// [`GeoError::NotACell`]: mode, reserved bits, base cell (0..=121) or digits are not those of a
	/// cell, or the cell lies in the subsequence that a pentagon lacks.
	pub fn new(index: u64) -> Result<Self, GeoError> {
		CellIndex::try_from(index).map(Self).map_err(|_| GeoError::NotACell)
	}

	/// The 64-bit index: mode, resolution, base cell and one digit of 3 bits per resolution.
	#[must_use]
	pub fn index(self) -> u64 {
		self.0.into()
	}

	/// How fine the cell is: 0 (the 122 base cells) to [`FINEST_RESOLUTION`]. Each step divides the
	/// area by seven.
	#[must_use]
	pub fn resolution(self) -> u8 {
		self.0.resolution().into()
	}

	/// Whether the cell is a pentagon, with five neighbours and six children.
	#[must_use]
	pub fn is_pentagon(self) -> bool {
		self.0.is_pentagon()
	}

	/// Which child of its parent the cell is, or its ancestor of `resolution` is: 0 for the one in the
	/// middle, to 6. A pentagon has no child of digit 1. `None` beyond 1..=[`Cell::resolution`].
	#[must_use]
	pub fn digit(self, resolution: u8) -> Option<u8> {
		let resolution = Resolution::try_from(resolution).ok()?;
		self.0.direction_at(resolution).map(u8::from)
	}

	/// The cell of `resolution` that this one descends from; itself at its own resolution.
	///
	/// Descent is by digits: a cell may protrude beyond its parent's edge.
	///
	/// # Errors
	/// [`GeoError::ResolutionOutOfRange`] beyond 0..=[`Cell::resolution`].
	pub fn parent(self, resolution: u8) -> Result<Self, GeoError> {
		let own = self.resolution();
		let out_of_range = GeoError::ResolutionOutOfRange { asked: resolution, min: 0, max: own };
		let resolution = Resolution::try_from(resolution).map_err(|_| out_of_range)?;
		self.0.parent(resolution).map(Self).ok_or(out_of_range)
	}

	/// The cell itself and what it descends from, each resolution once, down to `coarsest`: where
	/// something inside the cell counts. Empty if the cell is coarser than `coarsest`.
	pub fn ancestors(self, coarsest: u8) -> impl Iterator<Item = Self> {
		(coarsest..=self.resolution()).rev().filter_map(move |level| self.parent(level).ok())
	}

	/// How many cells of `resolution` descend from this one: 7^n after n steps, from a pentagon
	/// 1 + 5·(7^n − 1)/6. At most 4,747,561,509,943.
	///
	/// # Errors
	/// [`GeoError::ResolutionOutOfRange`] beyond [`Cell::resolution`]..=[`FINEST_RESOLUTION`].
	pub fn children_count(self, resolution: u8) -> Result<u64, GeoError> {
		let own = self.resolution();
		let out_of_range =
			GeoError::ResolutionOutOfRange { asked: resolution, min: own, max: FINEST_RESOLUTION };
		let finer = Resolution::try_from(resolution).map_err(|_| out_of_range)?;
		if resolution < own { Err(out_of_range) } else { Ok(self.0.children_count(finer)) }
	}

	/// The cells that share an edge with this one, ascending: six, of a pentagon five. With the cell
	/// itself they are H3's grid disk of k = 1.
	#[must_use]
	pub fn neighbours(self) -> Vec<Self> {
		let disk = self.0.grid_disk_safe(1).map(Self);
		let mut neighbours: Vec<Self> = disk.filter(|cell| *cell != self).collect();
		neighbours.sort_unstable();
		neighbours
	}
}

impl Display for Cell {
	fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
		LowerHex::fmt(&self.index(), f)
	}
}

impl Debug for Cell {
	fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
		write!(f, "Cell({self})")
	}
}

impl FromStr for Cell {
	type Err = GeoError;

	fn from_str(text: &str) -> Result<Self, GeoError> {
		let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
		if !digits || text.len() > MAX_DIGITS {
			return Err(GeoError::NotACell);
		}
		u64::from_str_radix(text, 16).map_err(|_| GeoError::NotACell).and_then(Self::new)
	}
}

impl TryFrom<u64> for Cell {
	type Error = GeoError;

	fn try_from(index: u64) -> Result<Self, GeoError> {
		Self::new(index)
	}
}

impl From<Cell> for u64 {
	fn from(cell: Cell) -> Self {
		cell.index()
	}
}

impl Encode for Cell {
	fn size_hint(&self) -> usize {
		Self::max_encoded_len()
	}

	fn encode_to<T: Output + ?Sized>(&self, output: &mut T) {
		self.index().encode_to(output);
	}
}

impl EncodeLike for Cell {}

impl MaxEncodedLen for Cell {
	fn max_encoded_len() -> usize {
		u64::max_encoded_len()
	}
}

impl Decode for Cell {
	fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
		Self::new(u64::decode(input)?).map_err(|error| error.cause().into())
	}

	fn encoded_fixed_size() -> Option<usize> {
		u64::encoded_fixed_size()
	}
}

impl DecodeWithMemTracking for Cell {}

impl TypeInfo for Cell {
	type Identity = Self;

	fn type_info() -> Type {
		Type::builder()
			.path(Path::new("Cell", module_path!()))
			.composite(Fields::unnamed().field(|field| field.ty::<u64>().type_name("u64")))
	}
}

impl Serialize for Cell {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.collect_str(self)
	}
}

impl<'de> Deserialize<'de> for Cell {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		String::deserialize(deserializer)?.parse::<Self>().map_err(D::Error::custom)
	}
}
