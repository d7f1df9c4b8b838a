//! A location with what the chain derived from it.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{Location, UnitVector};

/// A location as the chain keeps it: with its vector, which is derived once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Placed {
	/// What the owner asserted.
	pub location: Location,
	/// The direction of its cell: what distances are measured with.
	pub vector: UnitVector,
	/// Tick of the assertion: seniority counts from it.
	pub asserted: u32,
}

impl Placed {
	/// A location that is asserted at tick `asserted`. Derives its vector: once, on chain.
	#[must_use]
	pub fn new(location: Location, asserted: u32) -> Self {
		Self { location, vector: location.unit_vector(), asserted }
	}
}
