//! The benchmarks of the pallets, for `frame-omni-bencher`, and what they need of one another.

mod check;
mod fixtures;

pub(crate) use fixtures::Fixtures;

use crate::*;
use alloc::{string::String, vec::Vec};
use check::Pallet as Check;
use frame_benchmarking::{
	BenchmarkBatch, BenchmarkConfig, BenchmarkList, add_benchmark, baseline::Pallet as Baseline,
	list_benchmark,
};
use frame_support::traits::{
	StorageInfo, StorageInfoTrait, TrackedStorageKey, WhitelistedStorageKeys,
};
use frame_system_benchmarking::{Pallet as SystemCalls, extensions::Pallet as SystemExtensions};

impl frame_benchmarking::baseline::Config for Runtime {}
impl frame_system_benchmarking::Config for Runtime {}
impl pallet_transaction_payment::BenchmarkConfig for Runtime {}
impl check::Config for Runtime {}

/// Calls a macro with two of the caller's variables for every pallet that has benchmarks.
macro_rules! for_each_pallet {
	($do:ident, $first:ident, $second:ident) => {
		$do!($first, $second, frame_benchmarking, Baseline::<Runtime>);
		$do!($first, $second, frame_system, SystemCalls::<Runtime>);
		$do!($first, $second, frame_system_extensions, SystemExtensions::<Runtime>);
		$do!($first, $second, pallet_babe, Babe);
		$do!($first, $second, pallet_timestamp, Timestamp);
		$do!($first, $second, pallet_balances, Balances);
		$do!($first, $second, pallet_transaction_payment, TransactionPayment);
		$do!($first, $second, pallet_bags_list, VoterList);
		$do!($first, $second, pallet_staking, Staking);
		$do!($first, $second, pallet_grandpa, Grandpa);
		$do!($first, $second, pallet_preimage, Preimage);
		$do!($first, $second, pallet_scheduler, Scheduler);
		$do!($first, $second, pallet_referenda, Referenda);
		$do!($first, $second, pallet_conviction_voting, ConvictionVoting);
		$do!($first, $second, pallet_whitelist, Whitelist);
		$do!($first, $second, pallet_collective, TechnicalCommittee);
		$do!($first, $second, pallet_treasury, Treasury);
		$do!($first, $second, pallet_utility, Utility);
		$do!($first, $second, pallet_proxy, Proxy);
		$do!($first, $second, pallet_multisig, Multisig);
		$do!($first, $second, pallet_parameters, Parameters);
		$do!($first, $second, pallet_migrations, Migrations);
		$do!($first, $second, pallet_entropy, Entropy);
		$do!($first, $second, pallet_time, Time);
		$do!($first, $second, pallet_schemas, Schemas);
		$do!($first, $second, pallet_networks, Networks);
		$do!($first, $second, pallet_devices, Devices);
		$do!($first, $second, pallet_telemetry, Telemetry);
		$do!($first, $second, pallet_rewards, Rewards);
		$do!($first, $second, cairn_check, Check::<Runtime>);
	};
}

/// The benchmarks there are and the storage they touch.
pub(crate) fn list(extra: bool) -> (Vec<BenchmarkList>, Vec<StorageInfo>) {
	let mut list = Vec::<BenchmarkList>::new();
	for_each_pallet!(list_benchmark, list, extra);
	(list, AllPalletsWithSystem::storage_info())
}

/// Runs one benchmark.
pub(crate) fn run(config: BenchmarkConfig) -> Result<Vec<BenchmarkBatch>, String> {
	let mut whitelist: Vec<TrackedStorageKey> = AllPalletsWithSystem::whitelisted_storage_keys();
	// Every block's hooks have read them, and bear that: they are at hand for all that follows.
	let read_in_hooks = [timing::TickPeriods::key(), timing::SeedPeriodBlocks::key()];
	whitelist.extend(read_in_hooks.map(|key| key.to_vec().into()));
	let mut batches = Vec::<BenchmarkBatch>::new();
	let params = (&config, &whitelist);
	for_each_pallet!(add_benchmark, params, batches);
	Ok(batches)
}
