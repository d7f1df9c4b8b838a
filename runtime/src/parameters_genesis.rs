//! Writes the tunable parameters at genesis.
//!
//! `pallet-parameters` has no genesis of its own, and its defaults are invisible in state: wallets
//! would show nothing. This pallet is a genesis and nothing else.

use crate::configs::parameters::{
	DevicesPolicy, RewardsPolicy, RuntimeParameters, dynamic_params, production,
};
use frame_support::traits::dynamic_params::AggregatedKeyValue;
use pallet_rewards::Split;
use pallet_telemetry::types::Policy;
use sp_runtime::Permill;

pub use pallet::*;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::pallet_prelude::*;

	#[pallet::config]
	pub trait Config:
		frame_system::Config + pallet_parameters::Config<RuntimeParameters = RuntimeParameters>
	{
	}

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// Every parameter; the default is production.
	#[pallet::genesis_config]
	pub struct GenesisConfig<T: Config> {
		/// What sealing costs and how committees are formed.
		pub telemetry: Policy,
		/// How the emission is split, tapered and vested.
		pub rewards: RewardsPolicy,
		/// What makers may certify, how long a recovery takes, and what moving costs.
		pub devices: DevicesPolicy,
		#[serde(skip)]
		#[doc(hidden)]
		pub _config: core::marker::PhantomData<T>,
	}

	impl<T: Config> Default for GenesisConfig<T> {
		fn default() -> Self {
			Self {
				telemetry: production::TELEMETRY,
				rewards: production::REWARDS,
				devices: production::DEVICES,
				_config: core::marker::PhantomData,
			}
		}
	}

	impl<T: Config> GenesisConfig<T> {
		/// Parameters of a network on a developer's machine: new networks earn, claims pay at once,
		/// lost keys are soon replaced, and devices move as soon as checks allow it.
		pub fn development() -> Self {
			let rewards = RewardsPolicy { default_weight: 1, vesting: 1, ..production::REWARDS };
			let devices =
				DevicesPolicy { recovery_ticks: 4, moving_ticks: 0, ..production::DEVICES };
			Self { rewards, devices, ..Self::default() }
		}

		fn all(&self) -> [RuntimeParameters; 3] {
			use dynamic_params::{devices, rewards, telemetry};

			[
				RuntimeParameters::Telemetry(telemetry::Parameters::SealPolicy(
					telemetry::SealPolicy,
					Some(self.telemetry),
				)),
				RuntimeParameters::Rewards(rewards::Parameters::Emission(
					rewards::Emission,
					Some(self.rewards),
				)),
				RuntimeParameters::Devices(devices::Parameters::RegistryPolicy(
					devices::RegistryPolicy,
					Some(self.devices),
				)),
			]
		}
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			assert!(self.rewards.vesting > 0, "a claim vests within a cycle at the earliest");
			let Split { validators, treasury } = self.rewards.split;
			let whole = validators.deconstruct().saturating_add(treasury.deconstruct());
			assert!(
				whole <= Permill::one().deconstruct(),
				"shares of the emission are at most 100%"
			);

			for parameter in self.all() {
				if let (key, Some(value)) = parameter.into_parts() {
					pallet_parameters::Parameters::<T>::insert(key, value);
				}
			}
		}
	}
}
