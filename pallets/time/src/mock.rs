//! A chain whose slots, sessions, seeds and migrations the test chooses.

use cairn_traits::{ConsensusSlot, CurrentSession, Entropy, OnCycle, Timekeeper};
use cairn_types::{Cycle, Hash32, Periods, Tick, Window};
use frame_support::{derive_impl, parameter_types, traits::Hooks, weights::Weight};
use frame_system::EnsureRoot;
use sp_io::{TestExternalities, hashing::blake2_256};
use sp_runtime::BuildStorage;

use crate as pallet_time;

/// What `frame_system` puts in place of the genesis hash.
pub const GENESIS: Hash32 = [69; 32];
/// The numbers of the `development` preset: H = 8.
pub const DEVELOPMENT: Periods = Periods::DEVELOPMENT;
/// What the mock's callback says it used.
pub const CALLBACK_WEIGHT: Weight = Weight::from_parts(1_234, 0);

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system::Pallet<Test>;

	#[runtime::pallet_index(1)]
	pub type Time = pallet_time::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
}

parameter_types! {
	pub storage TestPeriods: Periods = DEVELOPMENT;
	pub storage CurrentSlot: u64 = 0;
	pub storage SessionIndex: u32 = 0;
	pub storage Migrating: bool = false;
	/// The cycles that were begun, each with the tick it began at.
	pub storage Begun: Vec<(Cycle, Tick)> = Vec::new();
}

impl ConsensusSlot for CurrentSlot {
	fn slot() -> u64 {
		Self::get()
	}
}

impl CurrentSession for SessionIndex {
	fn session() -> u32 {
		Self::get()
	}
}

impl OnCycle for Begun {
	fn on_cycle(cycle: Cycle) -> Weight {
		let mut begun = Self::get();
		begun.push((cycle, Time::now().tick));
		Self::set(&begun);
		CALLBACK_WEIGHT
	}
}

/// A new seed in every block.
pub struct BlockSeed;

impl Entropy for BlockSeed {
	fn newest() -> Hash32 {
		seed_of(System::block_number())
	}

	fn seed(_: &[u8], _: u32) -> Option<Hash32> {
		None
	}
}

/// The newest seed in block `number`.
pub fn seed_of(number: u64) -> Hash32 {
	blake2_256(&number.to_le_bytes())
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper for CurrentSlot {
	fn set_slot(slot: u64) {
		Self::set(&slot);
	}
}

impl pallet_time::Config for Test {
	type Slot = CurrentSlot;
	type Session = SessionIndex;
	type Entropy = BlockSeed;
	type Periods = TestPeriods;
	type OnCycle = Begun;
	type Migrating = Migrating;
	type AdminOrigin = EnsureRoot<u64>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = CurrentSlot;
}

/// A chain with the numbers of `development`, unless told otherwise.
#[derive(Default)]
pub struct ExtBuilder {
	periods: Option<Periods>,
	rules: Option<cairn_types::Rules>,
}

impl ExtBuilder {
	/// Count time by `periods`.
	#[must_use]
	pub fn with_periods(mut self, periods: Periods) -> Self {
		self.periods = Some(periods);
		self
	}

	/// Begin with `rules`.
	#[must_use]
	pub fn with_rules(mut self, rules: cairn_types::Rules) -> Self {
		self.rules = Some(rules);
		self
	}

	/// The genesis state.
	pub fn build(self) -> TestExternalities {
		let mut genesis = RuntimeGenesisConfig::default();
		if let Some(rules) = self.rules {
			genesis.time.rules = rules;
		}
		let storage = genesis.build_storage().expect("genesis builds");
		let mut chain = TestExternalities::new(storage);
		chain.execute_with(|| TestPeriods::set(&self.periods.unwrap_or(DEVELOPMENT)));
		chain
	}

	/// Run `test`, then check the invariants.
	pub fn build_and_execute<R>(self, test: impl FnOnce() -> R) -> R {
		self.build().execute_with(|| {
			let result = test();
			Time::do_try_state().expect("the invariants hold");
			result
		})
	}
}

/// Author the next block, in `slot`; returns the weight of the hook. Events are those of this block.
pub fn author(slot: u64) -> Weight {
	let number = System::block_number() + 1;
	System::reset_events();
	System::set_block_number(number);
	CurrentSlot::set(&slot);
	<Time as Hooks<u64>>::on_initialize(number)
}

/// Author `blocks` blocks in the first slots of `window`.
pub fn author_window(window: Window, blocks: u32) {
	let first = u64::from(window) * u64::from(TestPeriods::get().window_slots);
	for slot in first..first + u64::from(blocks) {
		author(slot);
	}
}

/// What the pallet told in this block.
pub fn told() -> Vec<crate::Event<Test>> {
	System::read_events_for_pallet()
}
