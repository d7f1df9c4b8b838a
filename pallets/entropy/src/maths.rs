//! Which blocks a period covers, and what hashes make its seed. Pure: clients can draw as well.
//!
//! Everywhere `length` is P, the blocks in a period; zero counts as one.

use core::ops::RangeInclusive;

use cairn_types::Hash32;

const ACCUMULATOR_DOMAIN: &[u8] = b"cairn/entropy/1";
const SEED_DOMAIN: &[u8] = b"cairn/seed/1";

/// The accumulator before the first output: H(domain ‖ genesis).
#[must_use]
pub fn start(genesis: &Hash32) -> Hash32 {
	hash(&[ACCUMULATOR_DOMAIN, genesis])
}

/// The accumulator after one more output: H(domain ‖ accumulator ‖ output).
#[must_use]
pub fn fold(accumulator: &Hash32, output: &Hash32) -> Hash32 {
	hash(&[ACCUMULATOR_DOMAIN, accumulator, output])
}

/// What `subject` draws from a period's seed: H(domain ‖ genesis ‖ subject ‖ seed).
#[must_use]
pub fn draw(genesis: &Hash32, subject: &[u8], seed: &Hash32) -> Hash32 {
	hash(&[SEED_DOMAIN, genesis, subject, seed])
}

/// Blocks whose outputs `period` folds: p·P + 1 ..= (p + 1)·P, saturating.
#[must_use]
pub fn blocks(period: u32, length: u32) -> RangeInclusive<u32> {
	let length = length.max(1);
	let before = period.saturating_mul(length);
	before.saturating_add(1)..=before.saturating_add(length)
}

/// Number of periods whose last block is `block` or an earlier one: ⌊block / P⌋.
#[must_use]
pub fn completed(block: u32, length: u32) -> u32 {
	block.checked_div(length.max(1)).unwrap_or(0)
}

/// The period whose last block is `block`: block = (p + 1)·P.
#[must_use]
pub fn ending_at(block: u32, length: u32) -> Option<u32> {
	let length = length.max(1);
	if block.is_multiple_of(length) { completed(block, length).checked_sub(1) } else { None }
}

/// The first period that begins after block `after`: the least p with p·P + 1 > after, ⌈after / P⌉.
#[must_use]
pub fn first_after(after: u32, length: u32) -> u32 {
	after.div_ceil(length.max(1))
}

fn hash(parts: &[&[u8]]) -> Hash32 {
	sp_io::hashing::blake2_256(&parts.concat())
}
