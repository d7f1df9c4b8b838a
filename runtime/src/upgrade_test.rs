//! What the next runtime of the upgrade test does besides what this one does: migrations, as a release
//! may bring them. Compiled with the feature `upgrade-test` only, which no release has; see
//! `scripts/upgrade-wasm` and `zombienet/tests/upgrade.rs`.

use crate::{AccountId, BlockNumber, Runtime, System, Timing, timing};
use alloc::vec::Vec;
use frame_support::{
	migrations::{SteppedMigration, SteppedMigrationError, VersionedMigration},
	parameter_types,
	storage::unhashed,
	traits::UncheckedOnRuntimeUpgrade,
	weights::{Weight, WeightMeter},
};
use sp_runtime::{
	SaturatedConversion,
	traits::{BlakeTwo256, Hash as _},
};

type DbWeight = <Runtime as frame_system::Config>::DbWeight;

/// Accounts that a step counts: few, so that the migration takes several blocks.
const ACCOUNTS_OF_A_STEP: u32 = 4;
/// Steps after which something is wrong.
const MAX_STEPS: u32 = 64;

parameter_types! {
	/// Block after which the first migration ran.
	pub storage UpgradedAfter: BlockNumber = 0;
	/// BLAKE2b-256 of the numbers of genesis, as the first migration read them.
	pub storage NumbersDigest: [u8; 32] = [0; 32];
	/// Accounts that the second migration has counted.
	pub storage AccountsCounted: u32 = 0;
}

/// Runs in the first block of this runtime, once: the version of `Timing`'s storage says so.
pub type SingleBlock = VersionedMigration<0, 1, NoteNumbers, Timing, DbWeight>;

/// Reads every number that genesis fixed, under the keys that are frozen, and notes what it found.
pub struct NoteNumbers;

impl UncheckedOnRuntimeUpgrade for NoteNumbers {
	fn on_runtime_upgrade() -> Weight {
		let keys = timing::storage_keys();
		let values = keys.iter().filter_map(|key| unhashed::get_raw(key)).flatten();
		NumbersDigest::set(&BlakeTwo256::hash(&values.collect::<Vec<u8>>()).0);
		// The block is not initialised yet: this is the one before.
		UpgradedAfter::set(&System::block_number());
		DbWeight::get().reads_writes(keys.len().saturated_into::<u64>().saturating_add(1), 2)
	}
}

/// Counts all accounts, some in each block. Blocks have no transactions meanwhile.
pub struct CountAccounts;

impl SteppedMigration for CountAccounts {
	type Cursor = AccountId;
	type Identifier = [u8; 20];

	fn id() -> Self::Identifier {
		*b"cairn/count-accounts"
	}

	fn max_steps() -> Option<u32> {
		Some(MAX_STEPS)
	}

	fn step(
		cursor: Option<AccountId>,
		meter: &mut WeightMeter,
	) -> Result<Option<AccountId>, SteppedMigrationError> {
		let required = DbWeight::get().reads_writes(u64::from(ACCOUNTS_OF_A_STEP), 1);
		if meter.try_consume(required).is_err() {
			return Err(SteppedMigrationError::InsufficientWeight { required });
		}
		let accounts = match &cursor {
			Some(last) => frame_system::Account::<Runtime>::iter_keys_from_key(last),
			None => frame_system::Account::<Runtime>::iter_keys(),
		};
		let some = accounts.take(ACCOUNTS_OF_A_STEP.saturated_into()).collect::<Vec<_>>();
		let count = some.len().saturated_into::<u32>();
		AccountsCounted::set(&AccountsCounted::get().saturating_add(count));
		Ok(if count < ACCOUNTS_OF_A_STEP { None } else { some.into_iter().next_back() })
	}
}
