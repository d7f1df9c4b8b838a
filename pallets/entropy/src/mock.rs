//! A chain whose authors reveal what the test chooses.

use cairn_traits::AuthorVrf;
use cairn_types::Hash32;
use frame_support::{derive_impl, parameter_types, traits::Hooks};
use sp_io::{TestExternalities, hashing::blake2_256};
use sp_runtime::BuildStorage;

use crate as pallet_entropy;

/// What `frame_system` puts in place of the genesis hash.
pub const GENESIS: Hash32 = [69; 32];
/// Seeds that the mock keeps.
pub const KEPT: u32 = 8;

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
	pub type Entropy = pallet_entropy::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
}

parameter_types! {
	pub storage PreviousOutput: Option<Hash32> = None;
	pub storage PeriodBlocks: u32 = 4;
}

impl AuthorVrf for PreviousOutput {
	fn previous_output() -> Option<Hash32> {
		Self::get()
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper for PreviousOutput {
	fn set_previous_output(output: Hash32) {
		Self::set(&Some(output));
	}
}

impl pallet_entropy::Config for Test {
	const KEPT_SEEDS: u32 = KEPT;
	type Vrf = PreviousOutput;
	type Period = PeriodBlocks;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = PreviousOutput;
}

/// A chain of periods of 4 blocks, unless told otherwise.
#[derive(Default)]
pub struct ExtBuilder {
	period: Option<u32>,
}

impl ExtBuilder {
	/// A chain of periods of `blocks` blocks.
	#[must_use]
	pub fn with_period(mut self, blocks: u32) -> Self {
		self.period = Some(blocks);
		self
	}

	/// The genesis state.
	pub fn build(self) -> TestExternalities {
		let storage = RuntimeGenesisConfig::default().build_storage().expect("genesis builds");
		let mut chain = TestExternalities::new(storage);
		chain.execute_with(|| {
			if let Some(blocks) = self.period {
				PeriodBlocks::set(&blocks);
			}
		});
		chain
	}

	/// Run `test`, then check the invariants.
	pub fn build_and_execute<R>(self, test: impl FnOnce() -> R) -> R {
		self.build().execute_with(|| {
			let result = test();
			Entropy::do_try_state().expect("the invariants hold");
			result
		})
	}
}

/// What the author of block `number` reveals where the test does not care.
pub fn output_of(number: u64) -> Option<Hash32> {
	Some(blake2_256(&number.to_le_bytes()))
}

/// Author blocks up to `last`; `output(n)` is what the author of block `n` reveals.
pub fn author_until(last: u64, output: impl Fn(u64) -> Option<Hash32>) {
	for number in System::block_number() + 1..=last {
		PreviousOutput::set(&if number == 1 { None } else { output(number - 1) });
		System::set_block_number(number);
		<Entropy as Hooks<u64>>::on_initialize(number);
		Entropy::do_try_state().expect("the invariants hold after every block");
	}
}
