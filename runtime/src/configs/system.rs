//! The base of the chain: limits of a block, accounts, balances, time of a block, migrations.

use crate::{
	AccountId, Babe, Balance, Block, BlockNumber, Hash, Migrations, Moment, Nonce, PalletInfo,
	Runtime, RuntimeCall, RuntimeEvent, RuntimeFreezeReason, RuntimeHoldReason, RuntimeOrigin,
	RuntimeTask, System, VERSION, currency::EXISTENTIAL_DEPOSIT, timing,
};
use frame_support::{
	dispatch::DispatchClass,
	migrations::FreezeChainOnFailedMigration,
	parameter_types,
	traits::{ConstU32, Everything, VariantCountOf},
	weights::{
		Weight,
		constants::{
			BlockExecutionWeight, ExtrinsicBaseWeight, ParityDbWeight, WEIGHT_REF_TIME_PER_SECOND,
		},
	},
};
use frame_system::limits;
use sp_runtime::{
	Perbill,
	traits::{AccountIdLookup, BlakeTwo256},
};
use sp_version::RuntimeVersion;

/// A third of the default slot; the rest is for propagation and slower machines.
pub const MAX_BLOCK_REF_TIME: u64 = 2 * WEIGHT_REF_TIME_PER_SECOND;
/// Nobody proves this chain's blocks to a relay chain, so the size of proofs is no limit.
pub const MAX_BLOCK_WEIGHT: Weight = Weight::from_parts(MAX_BLOCK_REF_TIME, u64::MAX);
/// Most bytes of a block.
pub const MAX_BLOCK_BYTES: u32 = 5 * 1_024 * 1_024;
/// Share of a block that normal transactions may fill. The rest is kept for operational ones:
/// verdicts, disputes and appeals have deadlines.
pub const NORMAL_DISPATCH_RATIO: Perbill = Perbill::from_percent(75);
/// What hooks are expected to take of a block before any transaction.
const AVERAGE_ON_INITIALIZE_RATIO: Perbill = Perbill::from_percent(10);

/// What normal transactions may weigh in a block.
pub fn max_normal_weight() -> Weight {
	Weight::from_parts(
		NORMAL_DISPATCH_RATIO.mul_floor(MAX_BLOCK_WEIGHT.ref_time()),
		NORMAL_DISPATCH_RATIO.mul_floor(MAX_BLOCK_WEIGHT.proof_size()),
	)
}

fn block_weights() -> limits::BlockWeights {
	let normal = max_normal_weight();

	limits::BlockWeights::builder()
		.base_block(BlockExecutionWeight::get())
		.for_class(DispatchClass::all(), |weights| {
			weights.base_extrinsic = ExtrinsicBaseWeight::get();
		})
		.for_class(DispatchClass::Normal, |weights| {
			weights.max_total = Some(normal);
		})
		.for_class(DispatchClass::Operational, |weights| {
			weights.max_total = Some(MAX_BLOCK_WEIGHT);
			weights.reserved = Some(MAX_BLOCK_WEIGHT.saturating_sub(normal));
		})
		.avg_block_initialization(AVERAGE_ON_INITIALIZE_RATIO)
		.build_or_panic()
}

fn block_length() -> limits::BlockLength {
	limits::BlockLength::builder()
		.max_length(MAX_BLOCK_BYTES)
		.modify_max_length_for_class(DispatchClass::Normal, |bytes| {
			*bytes = NORMAL_DISPATCH_RATIO.mul_floor(MAX_BLOCK_BYTES);
		})
		.build()
}

parameter_types! {
	/// Blocks whose hashes are kept: the longest life of a mortal transaction, 6.8 h by default.
	pub const BlockHashCount: BlockNumber = 4_096;
	pub const Version: RuntimeVersion = VERSION;
	/// The generic prefix: addresses look the same on every network of this WASM.
	pub const SS58Prefix: u16 = 42;
	pub BlockWeights: limits::BlockWeights = block_weights();
	pub BlockLength: limits::BlockLength = block_length();
}

impl frame_system::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type BaseCallFilter = Everything;
	type BlockWeights = BlockWeights;
	type BlockLength = BlockLength;
	type RuntimeOrigin = RuntimeOrigin;
	type RuntimeCall = RuntimeCall;
	type RuntimeTask = RuntimeTask;
	type Nonce = Nonce;
	type Hash = Hash;
	type Hashing = BlakeTwo256;
	type AccountId = AccountId;
	type Lookup = AccountIdLookup<AccountId, ()>;
	type Block = Block;
	type BlockHashCount = BlockHashCount;
	type DbWeight = ParityDbWeight;
	type Version = Version;
	type PalletInfo = PalletInfo;
	type AccountData = pallet_balances::AccountData<Balance>;
	type OnNewAccount = ();
	type OnKilledAccount = ();
	type SystemWeightInfo = frame_system::weights::SubstrateWeight<Runtime>;
	type ExtensionsWeightInfo = frame_system::SubstrateExtensionsWeight<Runtime>;
	type SS58Prefix = SS58Prefix;
	type OnSetCode = ();
	type MaxConsumers = ConstU32<128>;
	#[cfg(not(feature = "upgrade-test"))]
	type SingleBlockMigrations = ();
	#[cfg(feature = "upgrade-test")]
	type SingleBlockMigrations = crate::upgrade_test::SingleBlock;
	type MultiBlockMigrator = Migrations;
	type PreInherents = ();
	type PostInherents = ();
	type PostTransactions = ();
}

impl pallet_timestamp::Config for Runtime {
	type Moment = Moment;
	type OnTimestampSet = Babe;
	type MinimumPeriod = timing::MinimumPeriod;
	type WeightInfo = pallet_timestamp::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	pub const ExistentialDeposit: Balance = EXISTENTIAL_DEPOSIT;
}

impl pallet_balances::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeHoldReason = RuntimeHoldReason;
	type RuntimeFreezeReason = RuntimeFreezeReason;
	type Balance = Balance;
	type DustRemoval = ();
	type ExistentialDeposit = ExistentialDeposit;
	type AccountStore = System;
	type ReserveIdentifier = [u8; 8];
	type FreezeIdentifier = RuntimeFreezeReason;
	type MaxLocks = ConstU32<50>;
	type MaxReserves = ConstU32<50>;
	type MaxFreezes = VariantCountOf<RuntimeFreezeReason>;
	type DoneSlashHandler = ();
	type WeightInfo = pallet_balances::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	/// What a migration may use of a block. Such a block has no transactions; half of it is left
	/// for hooks that weigh more than expected on half-migrated state.
	pub MaxMigrationWeight: Weight = MAX_BLOCK_WEIGHT.saturating_div(2);
}

impl pallet_migrations::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	#[cfg(not(any(feature = "runtime-benchmarks", feature = "upgrade-test")))]
	type Migrations = ();
	#[cfg(all(feature = "upgrade-test", not(feature = "runtime-benchmarks")))]
	type Migrations = crate::upgrade_test::CountAccounts;
	#[cfg(feature = "runtime-benchmarks")]
	type Migrations = pallet_migrations::mock_helpers::MockedMigrations;
	type CursorMaxLen = ConstU32<65_536>;
	type IdentifierMaxLen = ConstU32<256>;
	type MigrationStatusHandler = ();
	// A half-migrated state must not take transactions. Operators recover with a code substitute.
	type FailedMigrationHandler = FreezeChainOnFailedMigration;
	type MaxServiceWeight = MaxMigrationWeight;
	type WeightInfo = pallet_migrations::weights::SubstrateWeight<Runtime>;
}

impl timing::Config for Runtime {}

impl crate::parameters_genesis::Config for Runtime {}
