//! The numbers that genesis fixes and nothing changes afterwards.
//!
//! They live in storage, under keys derived from their *names*, so that one WASM serves networks
//! of different pace. A renamed type would read its default instead and stop the chain:
//! `tests/timing.rs` freezes the keys. The letters are those of docs and design: N, V, A, D, J, H,
//! L, R.

use crate::configs::staking::MAX_UNBONDING_POOLS;
use cairn_types::{Periods, Tick};
use frame_support::parameter_types;
use sp_staking::{EraIndex, SessionIndex};

pub use pallet::*;

/// The most period seeds that are kept; set by the design of `entropy`.
pub const KEPT_SEED_PERIODS: u64 = 4_096;

const MILLISECS_PER_MINUTE: u64 = 60_000;
const MINUTES_PER_DAY: u64 = 24 * 60;

/// Production numbers: what a genesis gets that says nothing else.
mod production {
	use super::{EraIndex, Periods, SessionIndex};

	pub(super) const SLOT_MILLISECS: u64 = 6_000;
	/// Four hours. Babe drops the randomness of an epoch with fewer than 256 primary blocks, and
	/// only a quarter of the slots has one: shorter epochs would repeat a predictable schedule.
	pub(super) const EPOCH_SLOTS: u64 = 2_400;
	/// One day.
	pub(super) const ERA_SESSIONS: SessionIndex = 6;
	pub(super) const BONDING_ERAS: EraIndex = 14;
	/// Leaves governance a week to cancel a slash.
	pub(super) const SLASH_DEFER_ERAS: EraIndex = 7;
	pub(super) const SEED_PERIOD_BLOCKS: u32 = 16;
	/// A day of blocks.
	pub(super) const GOVERNANCE_DAY_BLOCKS: u32 = 14_400;
	pub(super) const PERIODS: Periods = Periods {
		slot_millis: SLOT_MILLISECS,
		window_slots: 100,
		verdict_ticks: 6,
		attest_ticks: 36,
		dispute_ticks: 144,
		appeal_ticks: 36,
		cycle_ticks: 144,
		kept_cycles: 100,
	};
}

parameter_types! {
	/// Length of a slot, in ms.
	pub storage SlotDuration: u64 = production::SLOT_MILLISECS;
	/// Slots of an epoch, which is a session.
	pub storage EpochSlots: u64 = production::EPOCH_SLOTS;
	/// Sessions of a staking era.
	pub storage SessionsPerEra: SessionIndex = production::ERA_SESSIONS;
	/// Eras that a stake stays bonded after its owner asked for it.
	pub storage BondingEras: EraIndex = production::BONDING_ERAS;
	/// Eras between an offence and its slash.
	pub storage SlashDeferEras: EraIndex = production::SLASH_DEFER_ERAS;
	/// Blocks of a seed period.
	pub storage SeedPeriodBlocks: u32 = production::SEED_PERIOD_BLOCKS;
	/// Blocks of a governance day, in which tracks, locks and spends are counted.
	pub storage GovernanceDayBlocks: u32 = production::GOVERNANCE_DAY_BLOCKS;
	/// Slot, N, V, A, D, J, L and R together: whoever reads one usually reads several, at one read.
	pub storage TickPeriods: Periods = production::PERIODS;

	/// Ticks after which a batch has matured (H).
	pub MaturityTicks: u32 = TickPeriods::get().mature_ticks();
	/// Least time between two blocks, in ms; babe takes twice this for the slot.
	pub MinimumPeriod: u64 = SlotDuration::get() / 2;
	/// Time between two blocks, in ms: with secondary slots every slot has an author.
	pub ExpectedBlockTime: u64 = SlotDuration::get();
	/// Sessions for which an equivocation can still be judged: as long as stake is bonded.
	pub MaxSetIdSessionEntries: u64 =
		u64::from(BondingEras::get()).saturating_mul(u64::from(SessionsPerEra::get()));
	/// Blocks for which the report of an equivocation stays in the pool.
	pub ReportLongevity: u64 = MaxSetIdSessionEntries::get().saturating_mul(EpochSlots::get());
}

/// The key of every number that genesis writes, in the order in which it writes them.
pub fn storage_keys() -> [[u8; 16]; 8] {
	[
		SlotDuration::key(),
		EpochSlots::key(),
		SessionsPerEra::key(),
		BondingEras::key(),
		SlashDeferEras::key(),
		SeedPeriodBlocks::key(),
		GovernanceDayBlocks::key(),
		TickPeriods::key(),
	]
}

/// Blocks of as many minutes of governance, rounded up: at least one.
pub fn governance_blocks(minutes: u32) -> u32 {
	let blocks = u64::from(minutes)
		.saturating_mul(u64::from(GovernanceDayBlocks::get()))
		.div_ceil(MINUTES_PER_DAY);
	u32::try_from(blocks).unwrap_or(u32::MAX).max(1)
}

/// Blocks of as many days of governance.
pub fn governance_days(days: u32) -> u32 {
	days.saturating_mul(GovernanceDayBlocks::get())
}

/// Ticks of as many days of governance in which no block is missing.
pub fn governance_ticks(days: u32) -> Tick {
	let window = TickPeriods::get().window_slots;
	governance_days(days).checked_div(window).unwrap_or(Tick::MAX)
}

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::pallet_prelude::*;

	#[pallet::config]
	pub trait Config: frame_system::Config {}

	/// Raised by the migration of the upgrade story.
	const STORAGE_VERSION: StorageVersion =
		StorageVersion::new(if cfg!(feature = "upgrade-test") { 1 } else { 0 });

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Every number of a network; the default is production.
	#[pallet::genesis_config]
	pub struct GenesisConfig<T: Config> {
		/// Length of a slot, in ms.
		pub slot_duration: u64,
		/// Slots of an epoch.
		pub epoch_slots: u64,
		/// Sessions of an era.
		pub sessions_per_era: SessionIndex,
		/// Eras of bonding.
		pub bonding_eras: EraIndex,
		/// Eras before a slash.
		pub slash_defer_eras: EraIndex,
		/// Blocks of a seed period.
		pub seed_period_blocks: u32,
		/// Blocks of a governance day.
		pub governance_day_blocks: u32,
		/// N.
		pub window_slots: u32,
		/// V.
		pub verdict_ticks: u32,
		/// A.
		pub attest_ticks: u32,
		/// D.
		pub dispute_ticks: u32,
		/// J.
		pub appeal_ticks: u32,
		/// L.
		pub cycle_ticks: u32,
		/// R.
		pub kept_cycles: u32,
		#[serde(skip)]
		#[doc(hidden)]
		pub _config: core::marker::PhantomData<T>,
	}

	impl<T: Config> Default for GenesisConfig<T> {
		fn default() -> Self {
			Self::of(production::PERIODS)
		}
	}

	impl<T: Config> GenesisConfig<T> {
		/// These numbers of the main path, and else those of production.
		fn of(periods: Periods) -> Self {
			Self {
				slot_duration: periods.slot_millis,
				epoch_slots: production::EPOCH_SLOTS,
				sessions_per_era: production::ERA_SESSIONS,
				bonding_eras: production::BONDING_ERAS,
				slash_defer_eras: production::SLASH_DEFER_ERAS,
				seed_period_blocks: production::SEED_PERIOD_BLOCKS,
				governance_day_blocks: production::GOVERNANCE_DAY_BLOCKS,
				window_slots: periods.window_slots,
				verdict_ticks: periods.verdict_ticks,
				attest_ticks: periods.attest_ticks,
				dispute_ticks: periods.dispute_ticks,
				appeal_ticks: periods.appeal_ticks,
				cycle_ticks: periods.cycle_ticks,
				kept_cycles: periods.kept_cycles,
				_config: core::marker::PhantomData,
			}
		}

		/// Numbers of a network on a developer's machine: a first claim is paid within 2 minutes.
		pub fn development() -> Self {
			Self {
				epoch_slots: 60,
				sessions_per_era: 3,
				bonding_eras: 3,
				slash_defer_eras: 1,
				seed_period_blocks: 2,
				governance_day_blocks: 24,
				..Self::of(Periods::DEVELOPMENT)
			}
		}

		/// Says why a chain could not run on these numbers.
		pub fn check(&self) -> Result<(), &'static str> {
			self.check_consensus()?;
			self.check_ticks()
		}

		fn check_consensus(&self) -> Result<(), &'static str> {
			ensure!(self.slot_duration > 0, "a slot takes time");
			ensure!(self.slot_duration.is_multiple_of(2), "babe halves the slot");
			ensure!(self.epoch_slots >= 2, "an epoch has at least 2 slots");
			ensure!(self.sessions_per_era > 0, "an era has a session");
			ensure!(
				self.slash_defer_eras < self.bonding_eras,
				"a slash is applied while the stake is bonded"
			);
			ensure!(
				self.bonding_eras < MAX_UNBONDING_POOLS,
				"pools keep what is unbonded apart for fewer eras than bonding lasts"
			);
			ensure!(self.governance_day_blocks > 0, "a governance day has a block");
			Ok(())
		}

		fn check_ticks(&self) -> Result<(), &'static str> {
			let all = [
				self.seed_period_blocks,
				self.window_slots,
				self.verdict_ticks,
				self.attest_ticks,
				self.dispute_ticks,
				self.appeal_ticks,
				self.cycle_ticks,
				self.kept_cycles,
			];
			ensure!(all.iter().all(|number| *number > 0), "no period is empty");

			let maturity = self.maturity_ticks();
			ensure!(
				maturity <= u64::from(self.cycle_ticks).saturating_mul(2),
				"at most three cycles are open at once: H <= 2L"
			);

			let window = u64::from(self.window_slots);
			// Shorter windows are for development, where one attempt has to do.
			let three_attempts = window.saturating_mul(self.slot_duration) >= MILLISECS_PER_MINUTE;
			let verdicts = u64::from(self.verdict_ticks).saturating_mul(3);
			ensure!(
				!three_attempts || verdicts <= u64::from(self.attest_ticks),
				"three attempts fit: 3V <= A"
			);

			let maturity_slots = maturity.saturating_mul(window);
			let seed_slots = KEPT_SEED_PERIODS.saturating_mul(u64::from(self.seed_period_blocks));
			ensure!(seed_slots >= maturity_slots, "seeds are kept for H ticks");

			let bonding_slots = u64::from(self.bonding_eras)
				.saturating_mul(u64::from(self.sessions_per_era))
				.saturating_mul(self.epoch_slots);
			ensure!(bonding_slots >= maturity_slots, "validators are bonded for H ticks");
			Ok(())
		}

		/// The numbers of the main path.
		pub fn periods(&self) -> Periods {
			Periods {
				slot_millis: self.slot_duration,
				window_slots: self.window_slots,
				verdict_ticks: self.verdict_ticks,
				attest_ticks: self.attest_ticks,
				dispute_ticks: self.dispute_ticks,
				appeal_ticks: self.appeal_ticks,
				cycle_ticks: self.cycle_ticks,
				kept_cycles: self.kept_cycles,
			}
		}

		fn maturity_ticks(&self) -> u64 {
			u64::from(self.attest_ticks)
				.saturating_add(u64::from(self.dispute_ticks))
				.saturating_add(u64::from(self.appeal_ticks))
		}
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		/// Writes every number, default or not: a later default must not move a running chain.
		fn build(&self) {
			assert_eq!(self.check(), Ok(()), "timing");

			SlotDuration::set(&self.slot_duration);
			EpochSlots::set(&self.epoch_slots);
			SessionsPerEra::set(&self.sessions_per_era);
			BondingEras::set(&self.bonding_eras);
			SlashDeferEras::set(&self.slash_defer_eras);
			SeedPeriodBlocks::set(&self.seed_period_blocks);
			GovernanceDayBlocks::set(&self.governance_day_blocks);
			TickPeriods::set(&self.periods());
		}
	}

	/// What clients read from the metadata. What babe and staking show themselves is not repeated.
	#[pallet::extra_constants]
	impl<T: Config> Pallet<T> {
		/// Length of a slot, in ms.
		#[pallet::constant_name(SlotDuration)]
		fn slot_duration() -> u64 {
			SlotDuration::get()
		}

		/// Blocks of a seed period.
		#[pallet::constant_name(SeedPeriodBlocks)]
		fn seed_period_blocks() -> u32 {
			SeedPeriodBlocks::get()
		}

		/// Ticks after which a batch has matured (H).
		#[pallet::constant_name(MaturityTicks)]
		fn maturity_ticks() -> u32 {
			MaturityTicks::get()
		}
	}
}
