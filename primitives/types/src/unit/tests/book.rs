//! The book's pages on units follow the code.

use std::fs;

use super::super::{ConversionFault, Quantity, Unit};

/// The page that lists quantities, units and faults.
const STANDARD: &str = "concepts/data-standard.md";
/// The page that says which units fill a channel.
const FORMATS: &str = "reference/input-formats.md";

fn page(name: &str) -> String {
	// At run time: checkouts share what they build, so a path that was compiled in may be another's.
	let crate_root = std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs this test");
	fs::read_to_string(format!("{crate_root}/../../docs/src/{name}")).expect("the page is there")
}

/// How schemas write a quantity.
fn name(quantity: Quantity) -> String {
	let name = serde_json::to_value(quantity).expect("serializes");
	name.as_str().expect("a name").to_owned()
}

#[test]
fn the_book_lists_every_quantity_with_its_units() {
	let page = page(STANDARD);
	for quantity in Quantity::ALL {
		let name = name(*quantity);
		let units = quantity.units().map(|unit| format!("`{}`", unit.symbol()));
		let units = units.collect::<Vec<_>>().join(" ");
		let counters = if quantity.accumulates() { "yes |" } else { "|" };
		let row = format!("\n| `{name}` | {units} | {counters}\n");
		assert!(page.contains(&row), "data-standard.md lacks the row{row}");
	}
}

#[test]
fn the_book_lists_every_unit_of_several_quantities() {
	let page = page(FORMATS);
	let (_, section) = page.split_once("\n### Units of a channel\n").expect("the section");
	for unit in Unit::ALL.iter().filter(|unit| unit.quantities().len() > 1) {
		let symbol = format!("`{}`", unit.symbol());
		let quantities = unit.quantities().iter().map(|quantity| format!("`{}`", name(*quantity)));
		let end = format!(" | {} |", quantities.collect::<Vec<_>>().join(", "));
		let is_its = |line: &str| line.strip_suffix(&end).is_some_and(|it| it.contains(&symbol));
		assert!(section.lines().any(is_its), "input-formats.md lacks a row of {symbol}{end}");
	}
}

#[test]
fn the_book_explains_every_fault() {
	let page = page(STANDARD);
	for fault in ConversionFault::ALL {
		let row = format!("\n| `{}` | {} | {} |\n", fault.code(), fault.cause(), fault.remedy());
		assert!(page.contains(&row), "data-standard.md lacks the row{row}");
	}
}
