//! What owners assert, and what clients make of coordinates.

use codec::{Decode, Encode, MaxEncodedLen};
use proptest::prelude::*;

use super::{any_cell, chord, located};
use crate::{
	COARSEST_COUNTED, Cell, Coordinates, GeoError, LOCATION_RESOLUTION, Location,
	MAX_ALTITUDE_METRES, MAX_ANTENNA_GAIN_DECIDBI, MIN_ALTITUDE_METRES, MIN_ANTENNA_GAIN_DECIDBI,
};

fn home() -> Cell {
	let home = Coordinates::new(52.520_008, 13.404_954).expect("on Earth");
	home.cell(LOCATION_RESOLUTION).expect("a resolution of H3")
}

fn locations() -> impl Strategy<Value = Location> {
	let altitude = MIN_ALTITUDE_METRES..=MAX_ALTITUDE_METRES;
	let gain = MIN_ANTENNA_GAIN_DECIDBI..=MAX_ANTENNA_GAIN_DECIDBI;
	(located(), altitude, gain)
		.prop_map(|(cell, altitude, gain)| Location::new(cell, altitude, gain).expect("in range"))
}

#[test]
fn works_when_everything_is_at_its_bounds() {
	for altitude in [MIN_ALTITUDE_METRES, MAX_ALTITUDE_METRES] {
		for gain in [MIN_ANTENNA_GAIN_DECIDBI, MAX_ANTENNA_GAIN_DECIDBI] {
			let location = Location::new(home(), altitude, gain).expect("in range");
			assert_eq!(location.cell(), home());
			assert_eq!(location.altitude_metres(), altitude);
			assert_eq!(location.antenna_gain_decidbi(), gain);
			assert_eq!(location.unit_vector(), home().unit_vector());
		}
	}
}

#[test]
fn fails_when_the_resolution_is_wrong() {
	let coarser = home().parent(11).expect("coarser");
	let refused = GeoError::WrongResolution { expected: 12, found: 11 };
	assert_eq!(Location::new(coarser, 0, 0), Err(refused));
	assert!(Location::decode(&mut (coarser, 0i16, 0i16).encode().as_slice()).is_err());
}

#[test]
fn fails_when_the_altitude_is_out_of_range() {
	for altitude in [i16::MIN, -501, 9_001, i16::MAX] {
		let refused = GeoError::AltitudeOutOfRange { found: altitude };
		assert_eq!(Location::new(home(), altitude, 0), Err(refused));
		assert!(Location::decode(&mut (home(), altitude, 0i16).encode().as_slice()).is_err());
	}
}

#[test]
fn fails_when_the_gain_is_out_of_range() {
	for gain in [i16::MIN, -101, 151, i16::MAX] {
		assert_eq!(Location::new(home(), 0, gain), Err(GeoError::GainOutOfRange { found: gain }));
		assert!(Location::decode(&mut (home(), 0i16, gain).encode().as_slice()).is_err());
	}
}

#[test]
fn a_location_in_json_names_its_units_and_is_checked() {
	let location = Location::new(home(), 34, 58).expect("in range");
	let json = serde_json::to_string(&location).expect("a text");
	let cell = home();
	assert_eq!(json, format!(r#"{{"cell":"{cell}","altitudeMetres":34,"antennaGainDecidbi":58}}"#));
	assert_eq!(serde_json::from_str::<Location>(&json).ok(), Some(location));
	let above = json.replace(":34,", ":9001,");
	let error = serde_json::from_str::<Location>(&above).expect_err("no such altitude");
	assert!(error.to_string().contains("code 4"), "{error}");
}

#[test]
fn fails_when_coordinates_are_not_on_earth() {
	let (nan, infinity) = (f64::NAN, f64::INFINITY);
	let places = [(90.1, 0.0), (-90.1, 0.0), (0.0, 180.1), (0.0, -180.1), (nan, 0.0), (0.0, nan)];
	for (latitude, longitude) in places.into_iter().chain([(infinity, 0.0), (0.0, -infinity)]) {
		let place = Coordinates::new(latitude, longitude);
		assert_eq!(place, Err(GeoError::NotOnEarth), "{latitude}, {longitude}");
	}
	let json = r#"{"latitude": 91, "longitude": 0}"#;
	assert!(serde_json::from_str::<Coordinates>(json).is_err());
}

#[test]
fn fails_when_h3_has_no_such_resolution() {
	let place = Coordinates::new(0.0, 0.0).expect("on Earth");
	let refused = GeoError::ResolutionOutOfRange { asked: 16, min: 0, max: 15 };
	assert_eq!(place.cell(16), Err(refused));
}

proptest! {
	#[test]
	fn a_location_survives_scale_and_json(location in locations()) {
		let encoded = location.encode();
		prop_assert_eq!(encoded.len(), Location::max_encoded_len());
		prop_assert_eq!(Location::decode(&mut encoded.as_slice()), Ok(location));
		let json = serde_json::to_string(&location).expect("a text");
		prop_assert_eq!(serde_json::from_str::<Location>(&json).ok(), Some(location));
	}

	#[test]
	fn what_is_decoded_is_a_location_or_refused(location in locations(), bit in 0usize..96) {
		let mut bytes = location.encode();
		bytes[bit / 8] ^= 1 << (bit % 8);
		let parts = <(u64, i16, i16)>::decode(&mut bytes.as_slice()).expect("12 bytes");
		let cell = Cell::new(parts.0);
		let expected = cell.and_then(|cell| Location::new(cell, parts.1, parts.2));
		prop_assert_eq!(Location::decode(&mut bytes.as_slice()).ok(), expected.ok());
	}

	#[test]
	fn only_cells_of_resolution_12_are_locations(cell in any_cell()) {
		let found = cell.resolution();
		let refused = GeoError::WrongResolution { expected: LOCATION_RESOLUTION, found };
		let expected = (found != LOCATION_RESOLUTION).then_some(refused);
		prop_assert_eq!(Location::new(cell, 0, 0).err(), expected);
	}

	#[test]
	fn a_device_counts_in_nine_cells(location in locations()) {
		let counted: Vec<Cell> = location.counted_cells().collect();
		prop_assert_eq!(counted.first(), Some(&location.cell()));
		let resolutions = (COARSEST_COUNTED..=LOCATION_RESOLUTION).rev();
		let expected: Vec<Cell> =
			resolutions.map(|level| location.cell().parent(level).expect("coarser")).collect();
		prop_assert_eq!(counted.len(), 9);
		prop_assert_eq!(counted, expected);
	}

	#[test]
	fn a_place_lies_in_the_cell_it_is_given(
		latitude in -90.0..=90.0f64, longitude in -180.0..=180.0f64,
	) {
		let place = Coordinates::new(latitude, longitude).expect("on Earth");
		let cell = place.cell(LOCATION_RESOLUTION).expect("a resolution of H3");
		// Corners are at most 12 m from the centre.
		prop_assert!(chord(place, cell.centre()) < 12.5, "{cell}");
	}
}
