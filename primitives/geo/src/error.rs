//! What can be wrong with a place, each with a code.

use core::fmt::{Display, Formatter};

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Why a place is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub enum GeoError {
	/// The number or text is not the index of an H3 cell.
	#[codec(index = 1)]
	NotACell,
	/// A location's cell has another resolution than
	/// [`LOCATION_RESOLUTION`](crate::LOCATION_RESOLUTION).
	#[codec(index = 2)]
	WrongResolution {
		/// The only resolution that is accepted.
		expected: u8,
		/// The cell's.
		found: u8,
	},
	/// A parent finer than the cell, children coarser than it, or a resolution that H3 does not have.
	#[codec(index = 3)]
	ResolutionOutOfRange {
		/// The resolution that was asked for.
		asked: u8,
		/// The coarsest that has an answer.
		min: u8,
		/// The finest that has an answer.
		max: u8,
	},
	/// The altitude is below [`MIN_ALTITUDE_METRES`](crate::MIN_ALTITUDE_METRES) or above
	/// [`MAX_ALTITUDE_METRES`](crate::MAX_ALTITUDE_METRES).
	#[codec(index = 4)]
	AltitudeOutOfRange {
		/// The altitude in metres.
		found: i16,
	},
	/// The antenna gain is below [`MIN_ANTENNA_GAIN_DECIDBI`](crate::MIN_ANTENNA_GAIN_DECIDBI) or
	/// above [`MAX_ANTENNA_GAIN_DECIDBI`](crate::MAX_ANTENNA_GAIN_DECIDBI).
	#[codec(index = 5)]
	GainOutOfRange {
		/// The gain in tenths of a dBi.
		found: i16,
	},
	/// The coordinates are not numbers, or beyond ±90° of latitude or ±180° of longitude.
	#[codec(index = 6)]
	NotOnEarth,
	/// The three numbers do not have length 2^30, so they are no unit vector.
	#[codec(index = 7)]
	NotAUnitVector,
}

impl GeoError {
	/// The code by which documents and logs name it: that of its SCALE encoding.
	#[must_use]
	pub const fn code(self) -> u8 {
		match self {
			Self::NotACell => 1,
			Self::WrongResolution { .. } => 2,
			Self::ResolutionOutOfRange { .. } => 3,
			Self::AltitudeOutOfRange { .. } => 4,
			Self::GainOutOfRange { .. } => 5,
			Self::NotOnEarth => 6,
			Self::NotAUnitVector => 7,
		}
	}

	/// What is wrong, in a sentence.
	#[must_use]
	pub const fn cause(self) -> &'static str {
		match self {
			Self::NotACell => "This is not the index of an H3 cell.",
			Self::WrongResolution { .. } => "The cell is not of the resolution of locations.",
			Self::ResolutionOutOfRange { .. } => "There are no such cells of this resolution.",
			Self::AltitudeOutOfRange { .. } => "No place for a device has this altitude.",
			Self::GainOutOfRange { .. } => "The antenna gain is beyond what counts.",
			Self::NotOnEarth => "These are not degrees of latitude and longitude.",
			Self::NotAUnitVector => "This vector does not have length 1.",
		}
	}

	/// What to do about it.
	#[must_use]
	pub const fn remedy(self) -> &'static str {
		match self {
			Self::NotACell => "Give a cell of H3 as 15 hexadecimal digits.",
			Self::WrongResolution { .. } => {
				"Give the cell of resolution 12 that contains the device."
			},
			Self::ResolutionOutOfRange { .. } => "Ask for a resolution within the range.",
			Self::AltitudeOutOfRange { .. } => "Give metres above sea level, -500 to 9000.",
			Self::GainOutOfRange { .. } => "Give tenths of a dBi, -100 to 150.",
			Self::NotOnEarth => "Give latitude within ±90 and longitude within ±180.",
			Self::NotAUnitVector => "Use the vector that the chain derived.",
		}
	}
}

impl Display for GeoError {
	fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
		write!(f, "{self:?} (code {}): {} Remedy: {}", self.code(), self.cause(), self.remedy())
	}
}

impl core::error::Error for GeoError {}
