//! Nominated proof of stake: who may validate, who elects them, what they are paid.

use crate::{
	AccountId, Balance, Balances, DelegatedStaking, NominationPools, Rewards, Runtime,
	RuntimeEvent, RuntimeFreezeReason, RuntimeHoldReason, Session, Staking, System, Timestamp,
	VoterList, configs::bag_thresholds, timing,
};
use cairn_traits::ValidatorPart;
use frame_election_provider_support::{
	SequentialPhragmen, VoteWeight,
	bounds::{ElectionBounds, ElectionBoundsBuilder},
	onchain,
};
use frame_support::{
	PalletId, parameter_types,
	traits::{ConstBool, ConstU8, ConstU32, Nothing},
};
use frame_system::EnsureRoot;
use pallet_rewards::ValidatorReward;
use sp_core::U256;
use sp_runtime::{FixedU128, Perbill, traits::Convert};
use sp_staking::currency_to_vote::U128CurrencyToVote;

/// Most validators of a session: the bound of every authority set.
pub const MAX_VALIDATORS: u32 = 100;
/// Most candidates of an election. Staking gives up an election that has more, so genesis limits
/// the number of validators that may register to this.
pub const MAX_ELECTABLE_TARGETS: u32 = 500;
/// Most voters of an election, those with the largest stake. Phragmén over them, their 16 votes and
/// all seats is to stay within a block.
pub const MAX_ELECTING_VOTERS: u32 = 2_000;
/// Eras for which pools keep apart what is unbonded in each; bonding is shorter.
pub const MAX_UNBONDING_POOLS: u32 = 32;
/// Votes of a nominator.
pub const MAX_NOMINATIONS: u32 = 16;

parameter_types! {
	pub SnapshotBounds: ElectionBounds = ElectionBoundsBuilder::default()
		.voters_count(MAX_ELECTING_VOTERS.into())
		.targets_count(MAX_ELECTABLE_TARGETS.into())
		.build();
	pub const BagThresholds: &'static [VoteWeight] = &bag_thresholds::THRESHOLDS;
}

/// Elections run inside the block that plans the next era.
pub struct OnChainElection;

impl onchain::Config for OnChainElection {
	type Sort = ConstBool<true>;
	type System = Runtime;
	type Solver = SequentialPhragmen<AccountId, Perbill>;
	// Every voter may back the same winner: nobody who voted is cut off.
	type MaxBackersPerWinner = ConstU32<MAX_ELECTING_VOTERS>;
	type MaxWinnersPerPage = ConstU32<MAX_VALIDATORS>;
	type DataProvider = Staking;
	type WeightInfo = frame_election_provider_support::weights::SubstrateWeight<Runtime>;
	type Bounds = SnapshotBounds;
}

impl pallet_bags_list::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_bags_list::weights::SubstrateWeight<Runtime>;
	type ScoreProvider = Staking;
	type BagThresholds = BagThresholds;
	type MaxAutoRebagPerBlock = ConstU32<10>;
	type Score = VoteWeight;
}

/// Sizes of staking's benchmarks.
pub struct StakingBenchmarks;

impl pallet_staking::BenchmarkingConfig for StakingBenchmarks {
	type MaxValidators = ConstU32<MAX_VALIDATORS>;
	type MaxNominators = ConstU32<1_000>;
}

/// An era pays validators and nominators what has accrued for them since the last one.
pub struct AccruedPart;

impl pallet_staking::EraPayout<Balance> for AccruedPart {
	fn era_payout(_staked: Balance, _issuance: Balance, _millisecs: u64) -> (Balance, Balance) {
		(<Rewards as ValidatorPart>::take(), 0)
	}
}

impl pallet_staking::Config for Runtime {
	type OldCurrency = Balances;
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type CurrencyBalance = Balance;
	type UnixTime = Timestamp;
	type CurrencyToVote = U128CurrencyToVote;
	type ElectionProvider = onchain::OnChainExecution<OnChainElection>;
	type GenesisElectionProvider = onchain::OnChainExecution<OnChainElection>;
	type NominationsQuota = pallet_staking::FixedNominationsQuota<MAX_NOMINATIONS>;
	// Twelve weeks of days to collect a payout in.
	type HistoryDepth = ConstU32<84>;
	type RewardRemainder = ();
	type RuntimeEvent = RuntimeEvent;
	// Slashed stake is burned.
	type Slash = ();
	// Minted when `payout_stakers` pays them, and counted there.
	type Reward = ValidatorReward<Self>;
	type SessionsPerEra = timing::SessionsPerEra;
	type BondingDuration = timing::BondingEras;
	type SlashDeferDuration = timing::SlashDeferEras;
	type AdminOrigin = EnsureRoot<AccountId>;
	type SessionInterface = Self;
	type EraPayout = AccruedPart;
	type NextNewSession = Session;
	type MaxExposurePageSize = ConstU32<256>;
	type MaxValidatorSet = ConstU32<MAX_VALIDATORS>;
	type VoterList = VoterList;
	type TargetList = pallet_staking::UseValidatorsMap<Self>;
	type MaxUnlockingChunks = ConstU32<32>;
	type MaxControllersInDeprecationBatch = ConstU32<100>;
	type EventListeners = (NominationPools, DelegatedStaking);
	type Filter = Nothing;
	type BenchmarkingConfig = StakingBenchmarks;
	type WeightInfo = pallet_staking::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	pub const DelegationPalletId: PalletId = PalletId(*b"py/dlstk");
	pub const PoolsPalletId: PalletId = PalletId(*b"py/nopls");
	/// Nobody is paid for reporting a slash of delegated stake: it is applied by anyone's call.
	pub const DelegationSlashReward: Perbill = Perbill::from_percent(1);
}

impl pallet_delegated_staking::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type PalletId = DelegationPalletId;
	type Currency = Balances;
	// Slashed stake is burned.
	type OnSlash = ();
	type SlashRewardFraction = DelegationSlashReward;
	type RuntimeHoldReason = RuntimeHoldReason;
	type CoreStaking = Staking;
}

/// Between balances and the numbers that pools divide by.
pub struct U256Balance;

impl Convert<Balance, U256> for U256Balance {
	fn convert(balance: Balance) -> U256 {
		U256::from(balance)
	}
}

impl Convert<U256, Balance> for U256Balance {
	fn convert(number: U256) -> Balance {
		number.try_into().unwrap_or(Balance::MAX)
	}
}

impl pallet_nomination_pools::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_nomination_pools::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type RuntimeFreezeReason = RuntimeFreezeReason;
	type RewardCounter = FixedU128;
	type PalletId = PoolsPalletId;
	type MaxPointsToBalance = ConstU8<10>;
	type MaxUnbonding = ConstU32<8>;
	type BalanceToU256 = U256Balance;
	type U256ToBalance = U256Balance;
	type StakeAdapter =
		pallet_nomination_pools::adapter::DelegateStake<Self, Staking, DelegatedStaking>;
	type MaxUnbondingPools = ConstU32<MAX_UNBONDING_POOLS>;
	type MaxMetadataLen = ConstU32<256>;
	type AdminOrigin = EnsureRoot<AccountId>;
	type BlockNumberProvider = System;
	type Filter = Nothing;
}
