//! The numbers of genesis: their keys are frozen, all are written, and senseless ones are refused.

use cairn_runtime::{TimingConfig, timing::*};
use frame_support::traits::BuildGenesisConfig;
use sp_core::bytes::to_hex;
use sp_io::TestExternalities;

/// The key of each number, in the order of [`storage_keys`].
const FROZEN: [(&str, &str); 8] = [
	("SlotDuration", "0x9d5be4d012bffbc26ef8dafff8d33c28"),
	("EpochSlots", "0xd5f469e1eed1ce4f2fb4169d7271dbf9"),
	("SessionsPerEra", "0xa779f0cd0cdde2961331fd80565829d8"),
	("BondingEras", "0x95a0c7503f5a478f20a8c907f244732c"),
	("SlashDeferEras", "0x6a5146908277208bcb6783d5a8f3f3db"),
	("SeedPeriodBlocks", "0x8facac5e894f5ae5ee40082214f418ed"),
	("GovernanceDayBlocks", "0x859cee4a33bf7748c05dbcbd9158eafa"),
	("TickPeriods", "0x4d1d389a2d18dc2676775e05bff56c50"),
];

fn assert_read(expected: &TimingConfig) {
	assert_eq!(SlotDuration::get(), expected.slot_duration);
	assert_eq!(EpochSlots::get(), expected.epoch_slots);
	assert_eq!(SessionsPerEra::get(), expected.sessions_per_era);
	assert_eq!(BondingEras::get(), expected.bonding_eras);
	assert_eq!(SlashDeferEras::get(), expected.slash_defer_eras);
	assert_eq!(SeedPeriodBlocks::get(), expected.seed_period_blocks);
	assert_eq!(GovernanceDayBlocks::get(), expected.governance_day_blocks);
	assert_eq!(TickPeriods::get(), expected.periods());
}

fn assert_stored(expected: TimingConfig) {
	TestExternalities::default().execute_with(|| {
		expected.build();
		for (key, (name, _)) in storage_keys().iter().zip(FROZEN) {
			assert!(sp_io::storage::exists(key), "{name} is not written");
		}
		assert_read(&expected);
	});
}

#[test]
fn storage_keys_are_frozen() {
	let keys = storage_keys().map(|key| to_hex(&key, false));
	assert_eq!(keys, FROZEN.map(|(_, key)| key));
}

#[test]
fn genesis_writes_every_number() {
	assert_stored(TimingConfig::default());
	assert_stored(TimingConfig::development());
}

#[test]
fn empty_state_reads_as_production() {
	TestExternalities::default().execute_with(|| assert_read(&TimingConfig::default()));
}

#[test]
fn derived_numbers_follow_genesis() {
	TestExternalities::default().execute_with(|| {
		TimingConfig::development().build();
		assert_eq!(MaturityTicks::get(), 8);
		assert_eq!(MinimumPeriod::get(), 500);
		assert_eq!(ExpectedBlockTime::get(), 1_000);
		assert_eq!(MaxSetIdSessionEntries::get(), 9);
		assert_eq!(ReportLongevity::get(), 540);
	});
	TestExternalities::default().execute_with(|| {
		TimingConfig::default().build();
		assert_eq!(MaturityTicks::get(), 216);
		assert_eq!(MinimumPeriod::get(), 3_000);
		assert_eq!(MaxSetIdSessionEntries::get(), 84);
		assert_eq!(ReportLongevity::get(), 84 * 2_400);
	});
}

#[test]
fn governance_counts_in_its_own_days() {
	TestExternalities::default().execute_with(|| {
		TimingConfig::development().build();
		assert_eq!([1, 30, 60, 61, 24 * 60].map(governance_blocks), [1, 1, 1, 2, 24]);
		assert_eq!((governance_days(7), governance_ticks(7)), (168, 28));
	});
	TestExternalities::default().execute_with(|| {
		TimingConfig::default().build();
		assert_eq!([10, 60].map(governance_blocks), [100, 600]);
		assert_eq!((governance_days(28), governance_ticks(28)), (403_200, 4_032));
	});
}

#[test]
fn presets_are_accepted() {
	assert_eq!(TimingConfig::default().check(), Ok(()));
	assert_eq!(TimingConfig::development().check(), Ok(()));
}

#[test]
fn senseless_numbers_are_refused() {
	let production = TimingConfig::default;
	let development = TimingConfig::development;

	for (config, reason) in [
		(TimingConfig { slot_duration: 0, ..production() }, "a slot takes time"),
		(TimingConfig { slot_duration: 5_999, ..production() }, "babe halves the slot"),
		(TimingConfig { epoch_slots: 1, ..production() }, "an epoch has at least 2 slots"),
		(TimingConfig { sessions_per_era: 0, ..production() }, "an era has a session"),
		(
			TimingConfig { slash_defer_eras: 14, ..production() },
			"a slash is applied while the stake is bonded",
		),
		(
			TimingConfig { bonding_eras: 32, ..production() },
			"pools keep what is unbonded apart for fewer eras than bonding lasts",
		),
		(TimingConfig { governance_day_blocks: 0, ..production() }, "a governance day has a block"),
		(TimingConfig { window_slots: 0, ..production() }, "no period is empty"),
		(TimingConfig { kept_cycles: 0, ..production() }, "no period is empty"),
		(
			TimingConfig { cycle_ticks: 107, ..production() },
			"at most three cycles are open at once: H <= 2L",
		),
		(
			TimingConfig { appeal_ticks: 2, ..development() },
			"at most three cycles are open at once: H <= 2L",
		),
		(TimingConfig { verdict_ticks: 13, ..production() }, "three attempts fit: 3V <= A"),
		(TimingConfig { seed_period_blocks: 5, ..production() }, "seeds are kept for H ticks"),
		(
			TimingConfig { bonding_eras: 1, slash_defer_eras: 0, ..production() },
			"validators are bonded for H ticks",
		),
	] {
		assert_eq!(config.check(), Err(reason));
	}
}

#[test]
#[should_panic(expected = "babe halves the slot")]
fn genesis_stops_on_senseless_numbers() {
	TestExternalities::default().execute_with(|| {
		TimingConfig { slot_duration: 999, ..TimingConfig::default() }.build();
	});
}
