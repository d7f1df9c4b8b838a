//! Weights of `pallet_parameters`.

use super::equivocation::database;
use frame_support::weights::{Weight, constants::WEIGHT_REF_TIME_PER_NANOS};

/// Weights of the parameters' call on this runtime's database.
///
/// The execution time is that of upstream's benchmark in pallet-parameters 0.21.
pub struct ParametersWeight;

impl pallet_parameters::WeightInfo for ParametersWeight {
	fn set_parameter() -> Weight {
		const EXECUTION: Weight = Weight::from_parts(6_204 * WEIGHT_REF_TIME_PER_NANOS, 0);
		EXECUTION.saturating_add(database().reads_writes(1, 1))
	}
}
