use std::{collections::BTreeSet, fmt::Write};

use codec::{Decode, Encode};

use super::super::{Conversion, Quantity, Unit, VERSION};

const REGISTRY: &str = include_str!("../registry.txt");

/// The code as `registry.txt` has it.
fn registry() -> String {
	let mut text = format!("version {VERSION}\n");
	for quantity in Quantity::ALL {
		let _ = writeln!(text, "quantity {} {quantity:?}", index(quantity));
	}
	for unit in Unit::ALL {
		let quantities = unit.quantities().iter().map(|quantity| format!("{quantity:?}"));
		let quantities = quantities.collect::<Vec<_>>().join(",");
		let Conversion { factor, offset } = unit.conversion();
		let _ = writeln!(
			text,
			"unit {} {unit:?} {} {quantities} {}/{} {}/{} {:?}",
			index(unit),
			unit.symbol(),
			factor.0,
			factor.1,
			offset.0,
			offset.1,
			unit.reference(),
		);
	}
	text
}

/// What a value is in SCALE: one byte.
fn index(value: &impl Encode) -> u8 {
	let bytes = value.encode();
	assert_eq!(bytes.len(), 1);
	bytes[0]
}

#[test]
fn nothing_changes_but_by_appending() {
	// A line that differs here is a promise broken. New lines need a new version.
	assert_eq!(registry().lines().collect::<Vec<_>>(), REGISTRY.lines().collect::<Vec<_>>());
}

#[test]
fn version_1_ended_where_it_ended() {
	assert_eq!((index(&Quantity::Load), index(&Unit::DegreeOfAngle)), (40, 85));
}

#[test]
fn indices_ascend_and_others_are_refused() {
	for (position, unit) in Unit::ALL.iter().enumerate() {
		assert_eq!(usize::from(index(unit)), position);
		assert_eq!(Unit::decode(&mut &[index(unit)][..]), Ok(*unit));
	}
	for (position, quantity) in Quantity::ALL.iter().enumerate() {
		assert_eq!(usize::from(index(quantity)), position);
		assert_eq!(Quantity::decode(&mut &[index(quantity)][..]), Ok(*quantity));
	}
	let next = |length: usize| u8::try_from(length).expect("fewer than 256");
	assert!(Unit::decode(&mut &[next(Unit::ALL.len())][..]).is_err());
	assert!(Quantity::decode(&mut &[next(Quantity::ALL.len())][..]).is_err());
}

#[test]
fn symbols_are_distinct_ascii_without_blanks() {
	let symbols = Unit::ALL.iter().map(|unit| unit.symbol()).collect::<BTreeSet<_>>();
	assert_eq!(symbols.len(), Unit::ALL.len());
	assert!(symbols.iter().all(|symbol| symbol.bytes().all(|byte| byte.is_ascii_graphic())));
}

#[test]
fn json_has_the_symbol() {
	for unit in Unit::ALL {
		let text = serde_json::to_string(unit).expect("serializes");
		assert_eq!(text, format!("\"{}\"", unit.symbol()));
		assert_eq!(serde_json::from_str::<Unit>(&text).expect("reads back"), *unit);
	}
	// How percent was written in version 1.
	assert_eq!(serde_json::from_str::<Unit>("\"%\"").expect("an alias"), Unit::Percent);
	assert!(serde_json::from_str::<Unit>("\"parsec\"").is_err());
	let text = serde_json::to_string(&Quantity::RelativeHumidity).expect("serializes");
	assert_eq!(text, "\"relativeHumidity\"");
}

#[test]
fn every_quantity_has_units_of_one_reference() {
	for quantity in Quantity::ALL {
		let references = quantity.units().map(|unit| index(&unit.reference()));
		assert_eq!(references.collect::<BTreeSet<_>>().len(), 1, "{quantity:?}");
	}
}

#[test]
fn references_are_defined_by_themselves() {
	for unit in Unit::ALL {
		let Conversion { factor, offset } = unit.conversion();
		assert!(factor.0 > 0 && factor.1 > 0 && offset.1 > 0, "{unit:?}");
		let reference = unit.reference();
		assert_eq!(reference.reference(), reference, "{unit:?}");
		assert_eq!(reference.conversion(), Conversion { factor: (1, 1), offset: (0, 1) });
		assert!(unit.converts_to(reference), "{unit:?}");
	}
}

#[test]
fn what_adds_up_has_a_total() {
	assert!(Quantity::Energy.accumulates() && Quantity::Count.accumulates());
	for quantity in [Quantity::Temperature, Quantity::Power, Quantity::Speed, Quantity::Level] {
		assert!(!quantity.accumulates(), "{quantity:?}");
	}
}
