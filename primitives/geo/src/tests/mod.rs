//! Golden vectors of H3's own library, and properties of cells, locations, vectors and distances.

mod cells;
mod distances;
mod errors;
mod groups;
mod locations;
mod script;
mod vectors;

use proptest::prelude::*;

use crate::{Cell, Coordinates, EARTH_RADIUS_MILLIMETRES, FINEST_RESOLUTION};

/// H3's index layout: mode 1, resolution, base cell, and 3 bits a digit, 7 for those not used.
fn index_of(base: u64, digits: &[u64]) -> u64 {
	let resolution = u64::try_from(digits.len()).expect("at most 15");
	let places = (0..FINEST_RESOLUTION).rev().map(|place| u32::from(place) * 3);
	let digits = digits.iter().copied().chain(core::iter::repeat(7));
	let digits = places.zip(digits).fold(0u64, |bits, (place, digit)| bits | (digit << place));
	(1 << 59) | (resolution << 52) | (base << 45) | digits
}

/// Cells of some resolution, from all base cells.
fn cells(resolution: impl Strategy<Value = usize>) -> impl Strategy<Value = Cell> {
	let digits = resolution.prop_flat_map(|count| prop::collection::vec(0u64..7, count));
	let zeros = prop_oneof![3 => Just(0usize), 1 => 1usize..=15];
	(0u64..122, digits, zeros).prop_filter_map("a pentagon lacks these", |(base, digits, zeros)| {
		// Leading zeros: next to pentagons, or one.
		let digits = digits.into_iter().enumerate();
		let digits = digits.map(|(place, digit)| if place < zeros { 0 } else { digit });
		Cell::new(index_of(base, &digits.collect::<Vec<u64>>())).ok()
	})
}

fn any_cell() -> impl Strategy<Value = Cell> {
	cells(0usize..=15)
}

/// Cells that locations have.
fn located() -> impl Strategy<Value = Cell> {
	cells(Just(12usize))
}

/// The direction of a place as floats.
fn direction(place: Coordinates) -> [f64; 3] {
	let (latitude, longitude) = (place.latitude().to_radians(), place.longitude().to_radians());
	let (sin, cos) = latitude.sin_cos();
	[cos * longitude.cos(), cos * longitude.sin(), sin]
}

/// Metres through the Earth between two places.
fn chord(one: Coordinates, other: Coordinates) -> f64 {
	let pairs = direction(one).into_iter().zip(direction(other));
	radius_metres() * pairs.map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// Metres by the haversine formula.
fn haversine(one: Coordinates, other: Coordinates) -> f64 {
	let half = |a: f64, b: f64| ((b - a).to_radians() / 2.0).sin().powi(2);
	let cosines = one.latitude().to_radians().cos() * other.latitude().to_radians().cos();
	let square =
		half(one.latitude(), other.latitude()) + cosines * half(one.longitude(), other.longitude());
	2.0 * square.sqrt().min(1.0).asin() * radius_metres()
}

fn radius_metres() -> f64 {
	let millimetres = u32::try_from(EARTH_RADIUS_MILLIMETRES / 1_000).expect("6,371,007 m");
	let rest = u32::try_from(EARTH_RADIUS_MILLIMETRES % 1_000).expect("below 1,000 mm");
	f64::from(millimetres) + f64::from(rest) / 1_000.0
}
