//! Who checks a batch: a draw without replacement from a session's validators.

use alloc::{collections::BTreeMap, vec::Vec};
use cairn_types::Hash32;

use crate::hash;

/// Most members of a committee.
pub const MAX_COMMITTEE: u32 = 64;

const COMMITTEE_DOMAIN: &[u8] = b"cairn/committee/1";

/// Draw min(`size`, `validators`, [`MAX_COMMITTEE`]) distinct indices below `validators`, uniformly
/// up to a bias below 2^−32.
///
/// The first steps of a Fisher–Yates shuffle (Durstenfeld 1964), with draw i taken from
/// H(domain ‖ seed ‖ i).
#[must_use]
pub fn draw(seed: &Hash32, validators: u32, size: u32) -> Vec<u32> {
	let size = size.min(validators).min(MAX_COMMITTEE);
	let mut moved = BTreeMap::new();
	let mut drawn = Vec::new();
	for place in 0..size {
		let left = u64::from(validators.saturating_sub(place));
		let pick = number(&hash(&[COMMITTEE_DOMAIN, seed, &place.to_le_bytes()]))
			.checked_rem(left)
			.unwrap_or(0);
		let pick = place.saturating_add(u32::try_from(pick).unwrap_or(0));
		let here = moved.get(&place).copied().unwrap_or(place);
		drawn.push(moved.insert(pick, here).unwrap_or(pick));
	}
	drawn
}

/// Valid verdicts that attest a batch: ⌈2K/3⌉.
#[must_use]
pub const fn quorum(members: u32) -> u32 {
	members.saturating_mul(2).div_ceil(3)
}

/// The first eight bytes of a hash as a little-endian number.
#[must_use]
pub fn number(hash: &Hash32) -> u64 {
	hash.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
