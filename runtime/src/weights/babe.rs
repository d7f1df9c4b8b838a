//! Weights of `pallet_babe`.

use super::equivocation::{database, micros, report};
use frame_support::weights::Weight;

/// Weights of babe's calls on this runtime's database.
pub struct BabeWeight;

impl pallet_babe::WeightInfo for BabeWeight {
	fn plan_config_change() -> Weight {
		database().writes(1)
	}

	fn report_equivocation(validator_count: u32, max_nominators_per_validator: u32) -> Weight {
		report(micros(110), validator_count, max_nominators_per_validator)
	}
}
