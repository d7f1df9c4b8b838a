//! What governance may tune: one struct per pallet, so that a pallet reads all of its numbers at once.
//!
//! Values are effective at once and unchecked: readers clamp them to their documented range, and
//! what several verifiers must agree on is copied into the thing they verify.

use crate::{
	Balance, Runtime, RuntimeEvent,
	configs::governance::Economic,
	currency::{MILLI, UNIT},
	weights::parameters::ParametersWeight,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	dynamic_params::dynamic_pallet_params,
	traits::{AsEnsureOriginWithArg, Get},
};
use pallet_rewards::{Params, Split};
use pallet_telemetry::types::Policy;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::Permill;

/// Most that is ever scheduled beyond genesis.
pub const EMISSION_CAP: Balance = 1_000_000_000 * UNIT;
/// A cycle emits 1/τ of what the cap leaves: with cycles of a day, half of it in four years.
pub const EMISSION_TAU: u32 = 2_107;

/// What of the rewards' numbers governance may tune.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct RewardsPolicy {
	/// Validators' and treasury's shares of the emission; networks get the rest.
	pub split: Split,
	/// Share of the networks' part that the bootstrap pool keeps for ever.
	pub bootstrap_floor: Permill,
	/// Share of the networks' part that the bootstrap pool begins with.
	pub bootstrap_start: Permill,
	/// Cycles in which that share halves.
	pub half_life: u32,
	/// Cycles over which pay vests; 1 releases all at once.
	pub vesting: u32,
	/// Weight of a new certified network in the bootstrap pool.
	pub default_weight: u32,
}

/// What of the devices' numbers governance may tune.
pub type DevicesPolicy = pallet_devices::Policy<Balance>;

/// Values of production: what genesis writes if it says nothing else, and what stands in for a
/// parameter that governance deleted.
pub mod production {
	use super::*;

	/// Sealing: the fee pays a full committee's verdicts and checks several times over.
	pub const TELEMETRY: Policy = Policy {
		committee_size: 21,
		max_attempts: 3,
		base_fee: 10 * MILLI,
		reading_fee: MILLI / 10,
		kib_fee: MILLI / 100,
		committee_share: Permill::from_percent(80),
	};
	/// Emission: with cycles of a day, the bootstrap share halves every two years.
	pub const REWARDS: RewardsPolicy = RewardsPolicy {
		split: Split { validators: Permill::from_percent(30), treasury: Permill::from_percent(10) },
		bootstrap_floor: Permill::from_percent(5),
		bootstrap_start: Permill::from_percent(80),
		half_life: 730,
		vesting: 30,
		default_weight: 0,
	};
	/// Devices: a week of ticks to notice that a device is to get other keys, and a token to move it,
	/// once a week at most: a device is somewhere, not everywhere.
	pub const DEVICES: DevicesPolicy = DevicesPolicy {
		per_cycle: 10_000,
		recovery_ticks: 1_008,
		moving_fee: UNIT,
		moving_ticks: 1_008,
	};
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
		/// What sealing costs and how committees are formed; copied into each batch at its seal.
		#[codec(index = 0)]
		pub static SealPolicy: Policy = production::TELEMETRY;
	}

	/// Emission and claims.
	#[dynamic_pallet_params]
	#[codec(index = 1)]
	pub mod rewards {
		/// How the emission is split, tapered and vested; a cycle's numbers are fixed as it begins.
		#[codec(index = 0)]
		pub static Emission: RewardsPolicy = production::REWARDS;
	}

	/// Devices and makers.
	#[dynamic_pallet_params]
	#[codec(index = 2)]
	pub mod devices {
		/// What makers may certify, how long a recovery takes, and what moving costs.
		#[codec(index = 0)]
		pub static RegistryPolicy: DevicesPolicy = production::DEVICES;
	}
}

/// The rewards' numbers: what governance tunes, and the cap and pace that it does not.
pub struct RewardsParams;

impl Get<Params> for RewardsParams {
	fn get() -> Params {
		let policy = dynamic_params::rewards::Emission::get();
		Params {
			emission_cap: EMISSION_CAP,
			emission_tau: EMISSION_TAU,
			split: policy.split,
			bootstrap_floor: policy.bootstrap_floor,
			bootstrap_start: policy.bootstrap_start,
			half_life: policy.half_life,
			vesting: policy.vesting,
			default_weight: policy.default_weight,
		}
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl Default for RuntimeParameters {
	fn default() -> Self {
		use dynamic_params::telemetry::{Parameters, SealPolicy};

		Self::Telemetry(Parameters::SealPolicy(SealPolicy, Some(production::TELEMETRY)))
	}
}

impl pallet_parameters::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeParameters = RuntimeParameters;
	type AdminOrigin = AsEnsureOriginWithArg<Economic>;
	type WeightInfo = ParametersWeight;
}
