//! Where devices are: H3 cells, their ancestors and neighbours, locations, and distances in
//! integers. Pallets, node and clients run this same code.
//!
//! Cells are those of [H3](https://h3geo.org), by `h3o`; golden vectors in `vectors/` are regenerated
//! by a script on H3's own library. Floats occur in the module `centre` only, once per assertion of
//! a location: `docs/src/adr/0002-floats-at-location-assertion.md`.

#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

extern crate alloc;

mod cell;
#[cfg_attr(
	substrate_runtime,
	expect(clippy::float_arithmetic, reason = "docs/src/adr/0002: once, at location assertion")
)]
mod centre;
mod error;
mod group;
mod location;
mod placed;
mod vector;

#[cfg(test)]
mod tests;

pub use cell::{Cell, FINEST_RESOLUTION};
#[cfg(feature = "std")]
pub use centre::Coordinates;
pub use error::GeoError;
pub use group::{GROUP_CELLS, GroupCounts, Spot};
pub use location::{
	COARSEST_COUNTED, LOCATION_RESOLUTION, Location, MAX_ALTITUDE_METRES, MAX_ANTENNA_GAIN_DECIDBI,
	MIN_ALTITUDE_METRES, MIN_ANTENNA_GAIN_DECIDBI,
};
pub use placed::Placed;
pub use vector::{EARTH_RADIUS_MILLIMETRES, UnitVector};
