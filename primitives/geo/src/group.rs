//! How many devices are in each cell, kept by groups of three resolutions.
//!
//! A device counts in nine cells, one of each resolution from 12 to 4. A group is a cell of
//! resolution 4, 7 or 10 with its children and grandchildren, so nine cells are in three groups. Of a
//! group only its finest cells are counted: a coarser one has as many devices as those below it,
//! because every device is in a cell of the finest resolution.

use alloc::vec::Vec;
use core::ops::Range;

use codec::{
	Compact, Decode, DecodeWithMemTracking, Encode, EncodeLike, Error as CodecError, Input,
	MaxEncodedLen, Output,
};
use scale_info::{Path, Type, TypeInfo, build::Fields};

use crate::{COARSEST_COUNTED, Cell, LOCATION_RESOLUTION, Location};

/// Finest cells of a group: seven children of seven children. A pentagon's group has 41 of them.
pub const GROUP_CELLS: usize = 49;

/// Resolutions of a group.
const LEVELS: u8 = 3;
/// Children that a cell has at most, one for each digit.
const CHILDREN: usize = 7;
/// Groups in which a device counts.
const GROUPS: usize = 3;

/// What is encoded of one of the finest cells: its position, and how many devices are in it.
type Kept = (u8, Compact<u32>);

impl Cell {
	/// The coarsest cell of the group that this one is in, its ancestor or itself: of resolution 4, 7
	/// or 10. `None` unless devices are counted in cells of its resolution, which are those from
	/// [`COARSEST_COUNTED`] to [`LOCATION_RESOLUTION`].
	#[must_use]
	pub fn group(self) -> Option<Self> {
		let coarsest = self.resolution().saturating_sub(self.level()?);
		self.parent(coarsest).ok()
	}

	/// How many resolutions it is finer than its group: 0 to 2.
	fn level(self) -> Option<u8> {
		let own = self.resolution();
		let steps = own.checked_sub(COARSEST_COUNTED)?;
		if own > LOCATION_RESOLUTION { None } else { steps.checked_rem(LEVELS) }
	}

	/// The positions in its group of the finest cells that descend from it: all, seven or one.
	///
	/// A position has the digits of the cell below its group, to base seven.
	fn positions(self) -> Option<Range<usize>> {
		let (own, level) = (self.resolution(), self.level()?);
		let coarsest = usize::from(own.saturating_sub(level));
		let path = (1..=own)
			.skip(coarsest)
			.filter_map(|finer| self.digit(finer))
			.fold(0usize, |path, digit| {
				path.saturating_mul(CHILDREN).saturating_add(usize::from(digit))
			});
		let below = LEVELS.saturating_sub(1).saturating_sub(level);
		let width = CHILDREN.saturating_pow(u32::from(below));
		let first = path.saturating_mul(width);
		Some(first..first.saturating_add(width))
	}
}

impl Location {
	/// Where the device counts: one of the finest cells of each of three groups, which are of
	/// resolutions 10, 7 and 4, in this order.
	pub fn spots(self) -> impl Iterator<Item = Spot> {
		self.counted_cells().step_by(usize::from(LEVELS)).filter_map(Spot::of)
	}
}

/// One of the finest cells of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
	group: Cell,
	position: usize,
}

impl Spot {
	/// The first of the finest cells that descend from `cell`: the cell itself if it is one.
	fn of(cell: Cell) -> Option<Self> {
		let position = cell.positions()?.start;
		cell.group().map(|group| Self { group, position })
	}

	/// The coarsest cell of the group, by which its counts are kept.
	#[must_use]
	pub const fn group(self) -> Cell {
		self.group
	}
}

/// How many devices are in the cells of a group.
///
/// Memory: 196 bytes. SCALE: a list of (position as u8, count as compact u32) of the finest cells
/// that have devices, ascending by position: two bytes for a cell of up to 63 devices. The position of
/// a cell is 7·a + b, where a and b are its last two digits. Only lists that are written like this are
/// decoded. At most 295 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupCounts([u32; GROUP_CELLS]);

impl GroupCounts {
	/// How many devices are in `cell`, a cell of this group of any of its three resolutions; 0 if
	/// devices are not counted in cells of its resolution. A sum beyond the range is `u32::MAX`.
	///
	/// The digits of the cell say which count is meant: asked for a cell of another group, it answers
	/// for the cell at the same position in this one.
	#[must_use]
	pub fn count(&self, cell: Cell) -> u32 {
		let counts = cell.positions().and_then(|positions| self.0.get(positions));
		counts.unwrap_or_default().iter().fold(0u32, |sum, count| sum.saturating_add(*count))
	}

	/// Count one device more at `spot`, and so in three cells. Saturates: nobody pays for four
	/// billion devices.
	pub fn enter(&mut self, spot: Spot) {
		if let Some(count) = self.0.get_mut(spot.position) {
			*count = count.saturating_add(1);
		}
	}

	/// Count one device less at `spot`. Saturates: nobody leaves where nobody is.
	pub fn leave(&mut self, spot: Spot) {
		if let Some(count) = self.0.get_mut(spot.position) {
			*count = count.saturating_sub(1);
		}
	}

	/// Whether no device is in the group.
	#[must_use]
	pub fn is_empty(&self) -> bool {
		self.0.iter().all(|count| *count == 0)
	}

	/// Most bytes by which one device lengthens what is kept of all groups, with the cells by which it
	/// is kept: those of three groups that it has for itself. Where others are, it adds less.
	#[must_use]
	pub fn max_len_per_device() -> usize {
		// Length of the list, position and count: a byte each.
		Cell::max_encoded_len().saturating_add(3).saturating_mul(GROUPS)
	}

	fn kept(&self) -> impl Iterator<Item = Kept> {
		let counts = (0u8..).zip(&self.0).filter(|(_, count)| **count > 0);
		counts.map(|(position, count)| (position, Compact(*count)))
	}
}

impl Default for GroupCounts {
	fn default() -> Self {
		Self([0; GROUP_CELLS])
	}
}

/// The counts of the finest cells, by position.
impl From<[u32; GROUP_CELLS]> for GroupCounts {
	fn from(counts: [u32; GROUP_CELLS]) -> Self {
		Self(counts)
	}
}

impl Encode for GroupCounts {
	fn size_hint(&self) -> usize {
		Self::max_encoded_len()
	}

	fn encode_to<T: Output + ?Sized>(&self, output: &mut T) {
		// As a list is, without making one: the allocator is the host's, and costs more than this.
		let length = self.kept().fold(0u32, |length, _| length.saturating_add(1));
		Compact(length).encode_to(output);
		self.kept().for_each(|kept| kept.encode_to(output));
	}
}

impl EncodeLike for GroupCounts {}

impl MaxEncodedLen for GroupCounts {
	fn max_encoded_len() -> usize {
		// The length of the list is a byte, as it is below 64.
		Kept::max_encoded_len().saturating_mul(GROUP_CELLS).saturating_add(1)
	}
}

impl Decode for GroupCounts {
	fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
		let Compact(length) = Compact::<u32>::decode(input)?;
		let mut counts = [0u32; GROUP_CELLS];
		let mut next = 0usize;
		// As positions ascend, this fails before the fiftieth.
		for _ in 0..length {
			let (position, Compact(count)) = Kept::decode(input)?;
			let position = usize::from(position);
			let free = counts.get_mut(position).filter(|_| position >= next && count > 0);
			*free.ok_or("These are not the counts of a group.")? = count;
			next = position.saturating_add(1);
		}
		Ok(Self(counts))
	}
}

impl DecodeWithMemTracking for GroupCounts {}

impl TypeInfo for GroupCounts {
	type Identity = Self;

	fn type_info() -> Type {
		let kept = "Vec<(u8, Compact<u32>)>";
		Type::builder()
			.path(Path::new("GroupCounts", module_path!()))
			.composite(Fields::unnamed().field(|field| field.ty::<Vec<Kept>>().type_name(kept)))
	}
}
