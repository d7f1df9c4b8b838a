//! Cairn's own pallets: what each needs of the others.

use crate::{
	AccountId, Balance, Balances, Devices, Entropy, Migrations, Networks, Rewards, Runtime,
	RuntimeHoldReason, Schemas, Telemetry, Time,
	configs::{
		governance::{Economic, NetworkGuard},
		parameters::{RewardsParams, dynamic_params},
	},
	currency::{UNIT, deposit},
	timing,
};
use cairn_traits::{AuthorVrf, ConsensusSlot, CurrentSession};
use cairn_types::{Hash32, Tick};
use frame_support::{
	PalletId,
	migrations::MultiStepMigrator,
	parameter_types,
	traits::{ConstU32, Footprint, Get, fungible::HoldConsideration},
};
use sp_runtime::traits::{AccountIdConversion, Convert};

/// The treasury's name, from which its account follows.
pub const TREASURY_ID: PalletId = PalletId(*b"py/trsry");

/// The price of an entry in state, by its size.
pub struct StatePrice;

impl Convert<Footprint, Balance> for StatePrice {
	fn convert(footprint: Footprint) -> Balance {
		deposit(footprint.count.into(), footprint.size.into())
	}
}

/// The price of an entry, and `BOND` tokens of good conduct.
pub struct Bonded<const BOND: u128>;

impl<const BOND: u128> Convert<Footprint, Balance> for Bonded<BOND> {
	fn convert(footprint: Footprint) -> Balance {
		StatePrice::convert(footprint).saturating_add(UNIT.saturating_mul(BOND))
	}
}

/// A deposit held for `Reason`.
type Deposit<Reason, Price = StatePrice> = HoldConsideration<AccountId, Balances, Reason, Price>;

parameter_types! {
	/// Ticks for which a maker's bond outlasts all checks: a referendum of the network admin's track
	/// takes four weeks and some hours at most.
	pub LeavingTicks: Tick = timing::governance_ticks(30);
	/// Where the treasury's tokens are.
	pub TreasuryAccount: AccountId = TREASURY_ID.into_account_truncating();
	pub const SchemaDeposit: RuntimeHoldReason =
		RuntimeHoldReason::Schemas(pallet_schemas::HoldReason::Deposit);
	pub const NetworkDeposit: RuntimeHoldReason =
		RuntimeHoldReason::Networks(pallet_networks::HoldReason::Deposit);
	pub const DeviceDeposit: RuntimeHoldReason =
		RuntimeHoldReason::Devices(pallet_devices::HoldReason::Deposit);
	pub const MakerBond: RuntimeHoldReason =
		RuntimeHoldReason::Devices(pallet_devices::HoldReason::MakerBond);
	pub const GatewayBond: RuntimeHoldReason =
		RuntimeHoldReason::Telemetry(pallet_telemetry::HoldReason::GatewayBond);
	pub const SlotDeposit: RuntimeHoldReason =
		RuntimeHoldReason::Telemetry(pallet_telemetry::HoldReason::SlotDeposit);
}

/// Babe and session, as our pallets see them.
pub struct Consensus;

impl AuthorVrf for Consensus {
	// Babe sets it as a block is finalized: here it is still that of the block before.
	fn previous_output() -> Option<Hash32> {
		pallet_babe::AuthorVrfRandomness::<Runtime>::get()
	}
}

impl ConsensusSlot for Consensus {
	fn slot() -> u64 {
		pallet_babe::CurrentSlot::<Runtime>::get().into()
	}
}

impl CurrentSession for Consensus {
	fn session() -> u32 {
		pallet_session::CurrentIndex::<Runtime>::get()
	}
}

/// Whether a migration over several blocks is under way: only inherents get in then.
pub struct Migrating;

impl Get<bool> for Migrating {
	fn get() -> bool {
		Migrations::ongoing()
	}
}

impl pallet_entropy::Config for Runtime {
	type Vrf = Consensus;
	type Period = timing::SeedPeriodBlocks;
	type WeightInfo = pallet_entropy::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Fixtures;
}

impl pallet_time::Config for Runtime {
	type Slot = Consensus;
	type Session = Consensus;
	type Entropy = Entropy;
	type Periods = timing::TickPeriods;
	type OnCycle = Rewards;
	type Migrating = Migrating;
	type AdminOrigin = Economic;
	type WeightInfo = pallet_time::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Fixtures;
}

impl pallet_schemas::Config for Runtime {
	type Deposit = Deposit<SchemaDeposit>;
	type AdminOrigin = NetworkGuard;
	type WeightInfo = pallet_schemas::weights::SubstrateWeight<Runtime>;
}

impl pallet_networks::Config for Runtime {
	type Time = Time;
	type Schemas = Schemas;
	type OnChange = Rewards;
	type Deposit = Deposit<NetworkDeposit, Bonded<10>>;
	type AdminOrigin = NetworkGuard;
	type WeightInfo = pallet_networks::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Fixtures;
}

impl pallet_devices::Config for Runtime {
	type Time = Time;
	type Networks = Networks;
	type Slots = Telemetry;
	type Deposit = Deposit<DeviceDeposit>;
	type MakerBond = Deposit<MakerBond, Bonded<1_000>>;
	type Currency = Balances;
	type Policy = dynamic_params::devices::RegistryPolicy;
	type MaxProofAge = ConstU32<256>;
	type LeavingTicks = LeavingTicks;
	type AdminOrigin = NetworkGuard;
	type WeightInfo = pallet_devices::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Fixtures;
}

impl pallet_telemetry::Config for Runtime {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type GatewayBond = Deposit<GatewayBond, Bonded<100>>;
	type SlotDeposit = Deposit<SlotDeposit>;
	type Time = Time;
	type Entropy = Entropy;
	type Session = Consensus;
	type Schemas = Schemas;
	type Networks = Networks;
	type Devices = Devices;
	type Units = Rewards;
	type Policy = dynamic_params::telemetry::SealPolicy;
	type Treasury = TreasuryAccount;
	type WeightInfo = pallet_telemetry::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Fixtures;
}

impl pallet_rewards::Config for Runtime {
	type Currency = Balances;
	type Time = Time;
	type Networks = Networks;
	type Slots = Telemetry;
	type Ledger = Telemetry;
	type Params = RewardsParams;
	type Treasury = TreasuryAccount;
	type AdminOrigin = Economic;
	type WeightInfo = pallet_rewards::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Fixtures;
}
