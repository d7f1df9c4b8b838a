//! Writes the tunable parameters at genesis.
//!
//! `pallet-parameters` has no genesis of its own, and its defaults are invisible in state: wallets
//! would show nothing. This pallet is a genesis and nothing else.

use crate::configs::parameters::{RuntimeParameters, dynamic_params, production};
use frame_support::traits::dynamic_params::AggregatedKeyValue;
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
		/// Members of a committee.
		pub committee_size: u32,
		/// Attempts to seal a window.
		pub max_attempts: u8,
		/// Validators' share of the emission.
		pub validators_share: Permill,
		/// The treasury's share of the emission.
		pub treasury_share: Permill,
		/// The networks' share of the emission.
		pub networks_share: Permill,
		/// Weight of a new certified network.
		pub default_network_weight: u32,
		/// Cycles over which a claim vests.
		pub vesting_cycles: u32,
		#[serde(skip)]
		#[doc(hidden)]
		pub _config: core::marker::PhantomData<T>,
	}

	impl<T: Config> Default for GenesisConfig<T> {
		fn default() -> Self {
			Self {
				committee_size: production::COMMITTEE_SIZE,
				max_attempts: production::MAX_ATTEMPTS,
				validators_share: production::VALIDATORS_SHARE,
				treasury_share: production::TREASURY_SHARE,
				networks_share: production::NETWORKS_SHARE,
				default_network_weight: production::DEFAULT_NETWORK_WEIGHT,
				vesting_cycles: production::VESTING_CYCLES,
				_config: core::marker::PhantomData,
			}
		}
	}

	impl<T: Config> GenesisConfig<T> {
		/// Parameters of a network on a developer's machine: new networks earn, claims pay at once.
		pub fn development() -> Self {
			Self { default_network_weight: 1, vesting_cycles: 1, ..Self::default() }
		}

		fn telemetry(&self) -> [RuntimeParameters; 2] {
			use dynamic_params::telemetry::{CommitteeSize, MaxAttempts, Parameters};

			[
				Parameters::CommitteeSize(CommitteeSize, Some(self.committee_size)),
				Parameters::MaxAttempts(MaxAttempts, Some(self.max_attempts)),
			]
			.map(RuntimeParameters::Telemetry)
		}

		fn rewards(&self) -> [RuntimeParameters; 5] {
			use dynamic_params::rewards::{
				DefaultNetworkWeight, NetworksShare, Parameters, TreasuryShare, ValidatorsShare,
				VestingCycles,
			};

			[
				Parameters::ValidatorsShare(ValidatorsShare, Some(self.validators_share)),
				Parameters::TreasuryShare(TreasuryShare, Some(self.treasury_share)),
				Parameters::NetworksShare(NetworksShare, Some(self.networks_share)),
				Parameters::DefaultNetworkWeight(
					DefaultNetworkWeight,
					Some(self.default_network_weight),
				),
				Parameters::VestingCycles(VestingCycles, Some(self.vesting_cycles)),
			]
			.map(RuntimeParameters::Rewards)
		}

		/// Whether the shares are those of one whole.
		fn shares_add_up(&self) -> bool {
			[self.validators_share, self.treasury_share, self.networks_share]
				.iter()
				.map(|share| u64::from(share.deconstruct()))
				.fold(0_u64, u64::saturating_add)
				== u64::from(Permill::one().deconstruct())
		}
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			assert!(self.shares_add_up(), "the shares of the emission add up to 100%");
			assert!(self.vesting_cycles > 0, "a claim vests within a cycle at the earliest");

			for parameter in self.telemetry().into_iter().chain(self.rewards()) {
				if let (key, Some(value)) = parameter.into_parts() {
					pallet_parameters::Parameters::<T>::insert(key, value);
				}
			}
		}
	}
}
