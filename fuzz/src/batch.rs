//! A whole batch, as a member of a committee checks it: ledger and payload from a source that may lie.

use cairn_telemetry::{
	HeaderV1,
	payload::{CHUNK, payload_root},
};

use crate::{memory, source::Parts, world};

/// How many bytes come at a time (one byte), the ledger's length (two, the low one first), pieces of a
/// ledger, a payload. Accepted if the batch is valid under a header that commits to the payload.
///
/// # Panics
/// As [`crate::Target::run`] says; also if a source can make an honest batch invalid, or if it matters
/// in which parts its bytes come.
#[must_use]
pub fn batch(input: &[u8]) -> bool {
	let Some((&[parts, low, high], rest)) = input.split_first_chunk::<3>() else { return false };
	let length = usize::from(u16::from_le_bytes([low, high])).min(rest.len());
	let (ledger, payload) = rest.split_at(length);
	let world = world::batch();
	if let Ok(checked) = world.check(&world.header, Parts::new(ledger, parts), payload) {
		assert_eq!(checked.fault, None, "the honest batch is called invalid");
	}
	let header = HeaderV1 {
		payload_root: payload_root(payload),
		payload_size: u64::try_from(payload.len()).expect("lengths have 64 bits at most"),
		..world.header.clone()
	};
	let whole = memory::linear(input.len(), || world.check(&header, ledger, payload));
	let (ledger, payload) = (Parts::new(ledger, parts), Parts::new(payload, parts));
	assert_eq!(world.check(&header, ledger, payload), whole);
	let Ok(checked) = whole else { return false };
	assert!(checked.bytes <= u64::try_from(rest.len()).expect("lengths have 64 bits at most"));
	assert!(checked.chunk.len() <= usize::try_from(CHUNK).expect("a chunk fits memory"));
	assert!(checked.outliers.saturating_add(checked.unanchored) <= checked.readings);
	checked.fault.is_none()
}
