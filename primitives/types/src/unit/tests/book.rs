//! The book's page on the data standard follows the code.

use std::fs;

use super::super::{ConversionFault, Quantity};

/// The page that lists quantities, units and faults.
fn page() -> String {
	// At run time: checkouts share what they build, so a path that was compiled in may be another's.
	let crate_root = std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs this test");
	let page = format!("{crate_root}/../../docs/src/concepts/data-standard.md");
	fs::read_to_string(page).expect("the page is there")
}

#[test]
fn the_book_lists_every_quantity_with_its_units() {
	let page = page();
	for quantity in Quantity::ALL {
		let name = serde_json::to_value(quantity).expect("serializes");
		let name = name.as_str().expect("a name").to_owned();
		let units = quantity.units().map(|unit| format!("`{}`", unit.symbol()));
		let units = units.collect::<Vec<_>>().join(" ");
		let counters = if quantity.accumulates() { "yes |" } else { "|" };
		let row = format!("\n| `{name}` | {units} | {counters}\n");
		assert!(page.contains(&row), "data-standard.md lacks the row{row}");
	}
}

#[test]
fn the_book_explains_every_fault() {
	let page = page();
	for fault in ConversionFault::ALL {
		let row = format!("\n| `{}` | {} | {} |\n", fault.code(), fault.cause(), fault.remedy());
		assert!(page.contains(&row), "data-standard.md lacks the row{row}");
	}
}
