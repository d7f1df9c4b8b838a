//! What judging an equivocation costs.
//!
//! Execution times are those of upstream's `default_weights.rs` in pallet-babe 50 and
//! pallet-grandpa 50; state access is this runtime's database.

use crate::Runtime;
use frame_support::{
	traits::Get,
	weights::{
		RuntimeDbWeight, Weight,
		constants::{WEIGHT_REF_TIME_PER_MICROS, WEIGHT_REF_TIME_PER_NANOS},
	},
};

/// Below this size of the validator set the fixed cost of the membership proof dominates.
const MIN_VALIDATORS: u64 = 100;
const MEMBERSHIP: Weight = micros(35);
const MEMBERSHIP_PER_VALIDATOR: Weight = Weight::from_parts(175 * WEIGHT_REF_TIME_PER_NANOS, 0);
const MEMBERSHIP_READS: u64 = 5;
const SLASH: Weight = micros(110);
const SLASH_READS: u64 = 14;
const SLASH_WRITES: u64 = 10;
const SLASH_PER_NOMINATOR: Weight = micros(25);
/// Ledger, balance and slashing span of a nominator, each read and written.
const ITEMS_PER_NOMINATOR: u64 = 3;

pub(super) const fn micros(time: u64) -> Weight {
	Weight::from_parts(time.saturating_mul(WEIGHT_REF_TIME_PER_MICROS), 0)
}

pub(super) fn database() -> RuntimeDbWeight {
	<<Runtime as frame_system::Config>::DbWeight as Get<RuntimeDbWeight>>::get()
}

/// Weight of a report: the membership proof, `verification` of the two signatures, and the slash of
/// a validator with all of its nominators.
pub(super) fn report(verification: Weight, validators: u32, nominators: u32) -> Weight {
	let validators = u64::from(validators).max(MIN_VALIDATORS);
	let nominators = u64::from(nominators);
	let items = nominators.saturating_mul(ITEMS_PER_NOMINATOR);
	let reads = MEMBERSHIP_READS.saturating_add(SLASH_READS).saturating_add(items);
	let writes = SLASH_WRITES.saturating_add(items);

	MEMBERSHIP
		.saturating_add(MEMBERSHIP_PER_VALIDATOR.saturating_mul(validators))
		.saturating_add(verification)
		.saturating_add(SLASH)
		.saturating_add(SLASH_PER_NOMINATOR.saturating_mul(nominators))
		.saturating_add(database().reads_writes(reads, writes))
}
