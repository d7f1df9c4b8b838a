//! Weights of `pallet_grandpa`.

use super::equivocation::{database, micros, report};
use frame_support::weights::Weight;

/// Weights of grandpa's calls on this runtime's database.
pub struct GrandpaWeight;

impl pallet_grandpa::WeightInfo for GrandpaWeight {
	fn report_equivocation(validator_count: u32, max_nominators_per_validator: u32) -> Weight {
		// The sessions of this set and of the one before bound the proof's session.
		let set_sessions = database().reads(2);
		report(micros(95), validator_count, max_nominators_per_validator)
			.saturating_add(set_sessions)
	}

	fn note_stalled() -> Weight {
		micros(3).saturating_add(database().writes(1))
	}
}
