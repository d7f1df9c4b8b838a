//! Where a device is, as its owner asserts it.

use codec::{Decode, DecodeWithMemTracking, Encode, Error as CodecError, Input, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use crate::{Cell, GeoError, UnitVector};

/// Resolution of a location: cells with edges of about 10 m.
pub const LOCATION_RESOLUTION: u8 = 12;
/// Coarsest resolution at which devices are counted: cells with edges of about 23 km.
pub const COARSEST_COUNTED: u8 = 4;

/// Lowest altitude: below the shore of the Dead Sea, 430 m below sea level.
pub const MIN_ALTITUDE_METRES: i16 = -500;
/// Highest altitude: above the summit of Everest, 8,849 m.
pub const MAX_ALTITUDE_METRES: i16 = 9_000;

/// Lowest antenna gain, in tenths of a dBi.
pub const MIN_ANTENNA_GAIN_DECIDBI: i16 = -100;
/// Highest antenna gain that counts, 15 dBi in tenths. A cap, because a stated gain raises how loud
/// a device may be heard before it is disbelieved.
pub const MAX_ANTENNA_GAIN_DECIDBI: i16 = 150;

/// Where a device is, how high, and how its antenna amplifies. Only valid locations exist: what is
/// decoded is checked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, MaxEncodedLen, TypeInfo)]
#[serde(rename_all = "camelCase", try_from = "Unchecked")]
pub struct Location {
	cell: Cell,
	altitude_metres: i16,
	antenna_gain_decidbi: i16,
}

/// A [`Location`] before it is checked: the same fields in the same order.
#[derive(Decode, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Unchecked {
	cell: Cell,
	altitude_metres: i16,
	antenna_gain_decidbi: i16,
}

impl Location {
	/// A device in `cell`, `altitude_metres` above sea level, with an antenna of
	/// `antenna_gain_decidbi` (tenths of a dBi).
	///
	/// # Errors
	/// In this order: [`GeoError::WrongResolution`] if the cell is not of [`LOCATION_RESOLUTION`],
	/// [`GeoError::AltitudeOutOfRange`], [`GeoError::GainOutOfRange`].
	pub fn new(
		cell: Cell,
		altitude_metres: i16,
		antenna_gain_decidbi: i16,
	) -> Result<Self, GeoError> {
		let found = cell.resolution();
		if found != LOCATION_RESOLUTION {
			return Err(GeoError::WrongResolution { expected: LOCATION_RESOLUTION, found });
		}
		if !(MIN_ALTITUDE_METRES..=MAX_ALTITUDE_METRES).contains(&altitude_metres) {
			return Err(GeoError::AltitudeOutOfRange { found: altitude_metres });
		}
		if !(MIN_ANTENNA_GAIN_DECIDBI..=MAX_ANTENNA_GAIN_DECIDBI).contains(&antenna_gain_decidbi) {
			return Err(GeoError::GainOutOfRange { found: antenna_gain_decidbi });
		}
		Ok(Self { cell, altitude_metres, antenna_gain_decidbi })
	}

	/// The cell of resolution [`LOCATION_RESOLUTION`].
	#[must_use]
	pub const fn cell(self) -> Cell {
		self.cell
	}

	/// Metres above sea level.
	#[must_use]
	pub const fn altitude_metres(self) -> i16 {
		self.altitude_metres
	}

	/// Antenna gain in tenths of a dBi.
	#[must_use]
	pub const fn antenna_gain_decidbi(self) -> i16 {
		self.antenna_gain_decidbi
	}

	/// The cell's direction; see [`Cell::unit_vector`]: once, at assertion.
	#[must_use]
	pub fn unit_vector(self) -> UnitVector {
		self.cell.unit_vector()
	}

	/// The nine cells in which the device counts, from [`LOCATION_RESOLUTION`] to
	/// [`COARSEST_COUNTED`].
	pub fn counted_cells(self) -> impl Iterator<Item = Cell> {
		self.cell.ancestors(COARSEST_COUNTED)
	}
}

impl TryFrom<Unchecked> for Location {
	type Error = GeoError;

	fn try_from(unchecked: Unchecked) -> Result<Self, GeoError> {
		let Unchecked { cell, altitude_metres, antenna_gain_decidbi } = unchecked;
		Self::new(cell, altitude_metres, antenna_gain_decidbi)
	}
}

impl Decode for Location {
	fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
		Self::try_from(Unchecked::decode(input)?).map_err(|error| error.cause().into())
	}
}

impl DecodeWithMemTracking for Location {}
