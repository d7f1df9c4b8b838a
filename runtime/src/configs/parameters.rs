//! What governance may tune, one group per pallet.
//!
//! Values are effective at once and unchecked: readers clamp them to their documented range, and
//! what several verifiers must agree on is copied into the thing they verify.

use crate::{AccountId, Runtime, RuntimeEvent, weights::parameters::ParametersWeight};
use frame_support::{dynamic_params::dynamic_pallet_params, traits::AsEnsureOriginWithArg};
use frame_system::EnsureRoot;
use sp_runtime::Permill;

/// Values of production: what genesis writes if it says nothing else, and what stands in for a
/// parameter that governance deleted.
pub mod production {
	use sp_runtime::Permill;

	/// Members of a committee (K).
	pub const COMMITTEE_SIZE: u32 = 21;
	/// Times that a window may be sealed again.
	pub const MAX_ATTEMPTS: u8 = 3;
	/// Validators' share of the emission.
	pub const VALIDATORS_SHARE: Permill = Permill::from_percent(30);
	/// The treasury's share of the emission.
	pub const TREASURY_SHARE: Permill = Permill::from_percent(10);
	/// The networks' share of the emission.
	pub const NETWORKS_SHARE: Permill = Permill::from_percent(60);
	/// Weight of a new certified network: none before governance gives it some.
	pub const DEFAULT_NETWORK_WEIGHT: u32 = 0;
	/// Cycles over which a claim vests.
	pub const VESTING_CYCLES: u32 = 30;
}

/// The parameters. Their indices are part of the call's encoding.
#[frame_support::dynamic_params::dynamic_params(
	RuntimeParameters,
	pallet_parameters::Parameters::<Runtime>
)]
pub mod dynamic_params {
	use super::*;

	/// Attested readings.
	#[dynamic_pallet_params]
	#[codec(index = 0)]
	pub mod telemetry {
		/// Members of a committee (K); fewer if there are fewer validators.
		#[codec(index = 0)]
		pub static CommitteeSize: u32 = production::COMMITTEE_SIZE;

		/// Times that a window may be sealed again after failures of its gateway.
		#[codec(index = 1)]
		pub static MaxAttempts: u8 = production::MAX_ATTEMPTS;
	}

	/// Emission and its split.
	#[dynamic_pallet_params]
	#[codec(index = 1)]
	pub mod rewards {
		/// Validators' share of the emission.
		#[codec(index = 0)]
		pub static ValidatorsShare: Permill = production::VALIDATORS_SHARE;

		/// The treasury's share of the emission.
		#[codec(index = 1)]
		pub static TreasuryShare: Permill = production::TREASURY_SHARE;

		/// The networks' share of the emission.
		#[codec(index = 2)]
		pub static NetworksShare: Permill = production::NETWORKS_SHARE;

		/// Weight of a new certified network in the bootstrap pool.
		#[codec(index = 3)]
		pub static DefaultNetworkWeight: u32 = production::DEFAULT_NETWORK_WEIGHT;

		/// Cycles over which a claim vests; 1 pays all of it at once.
		#[codec(index = 4)]
		pub static VestingCycles: u32 = production::VESTING_CYCLES;
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl Default for RuntimeParameters {
	fn default() -> Self {
		use dynamic_params::telemetry::{CommitteeSize, Parameters};

		Self::Telemetry(Parameters::CommitteeSize(CommitteeSize, Some(production::COMMITTEE_SIZE)))
	}
}

impl pallet_parameters::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeParameters = RuntimeParameters;
	type AdminOrigin = AsEnsureOriginWithArg<EnsureRoot<AccountId>>;
	type WeightInfo = ParametersWeight;
}
