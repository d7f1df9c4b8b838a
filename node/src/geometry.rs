//! Cells have the same vectors in wasm as the golden vectors say: the one place where the runtime
//! computes with floats.

use crate::service::FullExecutor;
use cairn_geo::{Cell, UnitVector};
use codec::{Decode, Encode};
use serde::Deserialize;
use sp_core::traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode};

/// What the golden vectors say of a cell, made with H3's own library.
#[derive(Deserialize)]
struct Described {
	cell: Cell,
	vector: [i32; 3],
}

/// Units by which a component may differ from H3's own library: 12 mm.
const TOLERANCE_UNITS: u32 = 2;

#[test]
fn vectors_of_cells_are_the_golden_ones_in_wasm() {
	let Some(wasm) = cairn_runtime::WASM_BINARY else {
		return; // built for tests of other crates
	};
	let golden = include_str!("../../primitives/geo/vectors/cells.json");
	let golden: Vec<Described> = serde_json::from_str(golden).expect("descriptions of cells");
	assert!(golden.iter().any(|known| known.cell.is_pentagon()));

	let executor = FullExecutor::builder().build();
	let fetcher = WrappedRuntimeCode(wasm.into());
	let code = RuntimeCode { code_fetcher: &fetcher, heap_pages: None, hash: vec![1; 32] };
	let mut state = sp_io::TestExternalities::default();
	for Described { cell, vector } in golden {
		let (answer, _) = executor.call(
			&mut state.ext(),
			&code,
			"CairnApi_unit_vector",
			&cell.encode(),
			CallContext::Offchain,
		);
		let answer = answer.expect("the runtime answers");
		let found = UnitVector::decode(&mut answer.as_slice()).expect("a vector");
		for (found, expected) in found.components().into_iter().zip(vector) {
			assert!(found.abs_diff(expected) <= TOLERANCE_UNITS, "{cell}: {found}, {expected}");
		}
		// Where both take their functions from the same library, to the last bit.
		assert_eq!(found, cell.unit_vector(), "{cell}");
	}
}
