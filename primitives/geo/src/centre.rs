//! Where a cell's centre is: the only floats of code that runs on chain.
//!
//! `h3o` without its feature `std`, and this module, take every function that is no operation of
//! IEEE 754 from `libm`, which is compiled into the runtime.

use h3o::LatLng;

use crate::{
	Cell,
	vector::{ONE, UnitVector},
};

impl Cell {
	/// The direction of the cell's centre, each component rounded to the nearest 2⁻³⁰, halves away
	/// from zero: (cos φ·cos λ, cos φ·sin λ, sin φ) of latitude φ and longitude λ.
	///
	/// The runtime calls this once, when a location is asserted, and stores the result. Clients and
	/// off-chain workers read what is stored; they compare nothing with a vector of their own.
	///
	/// Within two units, 12 mm, of where H3's own library has it; less than 1 m from a pole within
	/// 0.1 m, because a latitude near 90° says little about the distance to the pole.
	#[must_use]
	pub fn unit_vector(self) -> UnitVector {
		let centre = LatLng::from(self.0);
		let (sin_latitude, cos_latitude) = libm::sincos(centre.lat_radians());
		let (sin_longitude, cos_longitude) = libm::sincos(centre.lng_radians());
		UnitVector::new_unchecked([
			to_units(cos_latitude * cos_longitude),
			to_units(cos_latitude * sin_longitude),
			to_units(sin_latitude),
		])
	}
}

/// A component of −1..=1 in units of 2⁻³⁰, rounded to nearest, halves away from zero. A float is
/// converted by truncation; beyond the range it saturates.
fn to_units(component: f64) -> i32 {
	let size = (libm::fabs(component) * f64::from(ONE) + 0.5) as u64;
	let size = i32::try_from(size).unwrap_or(ONE);
	if component < 0.0 { size.saturating_neg() } else { size }
}

#[cfg(feature = "std")]
pub use off_chain::Coordinates;

#[cfg(feature = "std")]
mod off_chain {
	use h3o::{LatLng, Resolution};
	use serde::{Deserialize, Serialize};

	use crate::{Cell, FINEST_RESOLUTION, GeoError};

	/// A place in degrees, as satellite receivers give it. For clients: the chain knows cells.
	#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
	#[serde(try_from = "Unchecked")]
	pub struct Coordinates {
		latitude: f64,
		longitude: f64,
	}

	#[derive(Deserialize)]
	struct Unchecked {
		latitude: f64,
		longitude: f64,
	}

	impl TryFrom<Unchecked> for Coordinates {
		type Error = GeoError;

		fn try_from(Unchecked { latitude, longitude }: Unchecked) -> Result<Self, GeoError> {
			Self::new(latitude, longitude)
		}
	}

	impl Coordinates {
		/// A place by its latitude and longitude in degrees, north and east positive.
		///
		/// # Errors
		/// [`GeoError::NotOnEarth`] beyond ±90 and ±180, and for what is not a number.
		pub fn new(latitude: f64, longitude: f64) -> Result<Self, GeoError> {
			let on_earth =
				(-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
			if on_earth { Ok(Self { latitude, longitude }) } else { Err(GeoError::NotOnEarth) }
		}

		/// Degrees north.
		#[must_use]
		pub const fn latitude(self) -> f64 {
			self.latitude
		}

		/// Degrees east.
		#[must_use]
		pub const fn longitude(self) -> f64 {
			self.longitude
		}

		/// The cell of `resolution` that contains this place.
		///
		/// # Errors
		/// [`GeoError::ResolutionOutOfRange`] beyond 0..=[`FINEST_RESOLUTION`].
		pub fn cell(self, resolution: u8) -> Result<Cell, GeoError> {
			let out_of_range = GeoError::ResolutionOutOfRange {
				asked: resolution,
				min: 0,
				max: FINEST_RESOLUTION,
			};
			let resolution = Resolution::try_from(resolution).map_err(|_| out_of_range)?;
			let place = LatLng::new(self.latitude, self.longitude);
			place.map(|place| Cell(place.to_cell(resolution))).map_err(|_| GeoError::NotOnEarth)
		}
	}

	impl Cell {
		/// The cell's centre. For display: what the chain compares is the stored vector.
		#[must_use]
		pub fn centre(self) -> Coordinates {
			let centre = LatLng::from(self.0);
			Coordinates { latitude: centre.lat(), longitude: centre.lng() }
		}
	}
}
