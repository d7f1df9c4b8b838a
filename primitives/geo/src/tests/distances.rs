//! Vectors and distances.

use codec::{Decode, Encode, MaxEncodedLen};
use proptest::prelude::*;

use super::{any_cell, direction, haversine, located};
use crate::{
	Cell, Coordinates, GeoError, LOCATION_RESOLUTION, UnitVector,
	vector::{ARCTANGENTS, ONE, arctangent},
};

/// Distances differ from the haversine formula by no more, in metres.
const HAVERSINE_BOUND: f64 = 0.53;
/// 2⁴⁸: angles are in units of its inverse.
const ANGLE_ONE: f64 = 281_474_976_710_656.0;

fn vector(components: [i32; 3]) -> UnitVector {
	UnitVector::new(components).expect("of length 1")
}

/// A cell some way from another, from a step away to half around the Earth, evenly in magnitude.
fn pairs() -> impl Strategy<Value = (Cell, Cell)> {
	(located(), -4.5..2.25f64, 0.0..core::f64::consts::TAU).prop_map(
		|(cell, magnitude, bearing)| {
			let (centre, degrees) = (cell.centre(), 10f64.powf(magnitude));
			let latitude = (centre.latitude() + degrees * bearing.cos()).clamp(-90.0, 90.0);
			let longitude = (centre.longitude() + degrees * bearing.sin()).clamp(-180.0, 180.0);
			let other = Coordinates::new(latitude, longitude).expect("on Earth");
			(cell, other.cell(LOCATION_RESOLUTION).expect("a resolution of H3"))
		},
	)
}

fn distance(one: Cell, other: Cell) -> u32 {
	one.unit_vector().distance_metres(other.unit_vector())
}

#[test]
fn distances_between_axes_are_quarters_of_the_girth() {
	let axes = [[ONE, 0, 0], [0, ONE, 0], [0, 0, ONE], [0, 0, -ONE]].map(vector);
	assert_eq!(axes[0].distance_metres(axes[0]), 0);
	assert_eq!(axes[0].distance_metres(axes[1]), 10_007_555);
	assert_eq!(axes[1].distance_metres(axes[2]), 10_007_555);
	assert_eq!(axes[2].distance_metres(axes[3]), 20_015_109);
}

#[test]
fn distances_step_from_one_metre_to_the_next() {
	// 2⁻³⁰ of the radius is 5.93 mm: half a metre is 84.3 units.
	let home = vector([ONE, 0, 0]);
	assert_eq!(home.distance_metres(vector([ONE, 84, 0])), 0);
	assert_eq!(home.distance_metres(vector([ONE, 85, 0])), 1);
	assert_eq!(home.distance_metres(vector([ONE, 0, -85])), 1);
}

#[test]
fn fails_when_a_vector_has_another_length() {
	let shorter = [ONE - 2, 0, 0];
	for components in
		[[0; 3], shorter, [ONE, ONE, 0], [i32::MIN; 3], [i32::MAX; 3], [-ONE - 2, 0, 0]]
	{
		assert_eq!(UnitVector::new(components), Err(GeoError::NotAUnitVector), "{components:?}");
		assert!(UnitVector::decode(&mut components.encode().as_slice()).is_err());
		let json = serde_json::to_string(&components).expect("a list");
		assert!(serde_json::from_str::<UnitVector>(&json).is_err());
	}
	assert!(UnitVector::new([ONE - 1, 0, 0]).is_ok());
}

#[test]
fn the_table_holds_arctangents() {
	for (step, angle) in (0..).zip(ARCTANGENTS) {
		let exact = (0.5f64.powi(step).atan() * ANGLE_ONE).round();
		assert_eq!(format!("{exact}"), angle.to_string(), "step {step}");
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(512))]

	#[test]
	fn an_arctangent_is_off_by_less_than_its_bound(
		large in (1u32 << 20)..=u32::MAX, shift in 0u32..32, swap in any::<bool>(), small in any::<u32>(),
	) {
		let small = small >> shift;
		let (opposite, adjacent) = if swap { (large, small) } else { (small, large) };
		let exact = f64::from(opposite).atan2(f64::from(adjacent));
		let found: f64 = arctangent(opposite, adjacent).to_string().parse().expect("a number");
		prop_assert!((found / ANGLE_ONE - exact).abs() < 0.5f64.powi(38), "{found} {exact}");
	}

	#[test]
	fn a_vector_is_the_rounded_direction_of_the_centre(cell in any_cell()) {
		let vector = cell.unit_vector();
		for (found, exact) in vector.components().into_iter().zip(direction(cell.centre())) {
			prop_assert!((f64::from(found) - exact * f64::from(ONE)).abs() < 0.51, "{cell}");
		}
		prop_assert_eq!(UnitVector::new(vector.components()), Ok(vector));
	}

	#[test]
	fn a_vector_survives_scale_and_json(cell in any_cell()) {
		let vector = cell.unit_vector();
		let encoded = vector.encode();
		prop_assert_eq!(encoded.len(), UnitVector::max_encoded_len());
		prop_assert_eq!(UnitVector::decode(&mut encoded.as_slice()), Ok(vector));
		let json = serde_json::to_string(&vector).expect("a list");
		prop_assert_eq!(serde_json::from_str::<UnitVector>(&json).ok(), Some(vector));
	}

	#[test]
	fn a_distance_is_that_of_the_haversine_formula((one, other) in pairs()) {
		let exact = haversine(one.centre(), other.centre());
		let found = f64::from(distance(one, other));
		prop_assert!((found - exact).abs() <= HAVERSINE_BOUND, "{found} {exact}");
	}

	#[test]
	fn a_distance_is_symmetric_and_zero_only_for_the_same_cell((one, other) in pairs()) {
		prop_assert_eq!(distance(one, other), distance(other, one));
		prop_assert_eq!(distance(one, other) == 0, one == other);
		prop_assert_eq!(distance(one, one), 0);
	}

	#[test]
	fn neighbours_are_13_to_21_metres_apart(cell in located()) {
		for neighbour in cell.neighbours() {
			prop_assert!((13..=21).contains(&distance(cell, neighbour)), "{cell} {neighbour}");
		}
	}

	#[test]
	fn a_detour_is_at_most_a_metre_shorter((one, other) in pairs(), third in located()) {
		let detour = distance(one, third) + distance(third, other);
		prop_assert!(distance(one, other) <= detour + 1);
		let around = distance(one, other) + distance(other, third);
		prop_assert!(distance(one, third) <= around + 1);
	}
}
