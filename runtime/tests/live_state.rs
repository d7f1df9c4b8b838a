//! The runtime of this checkout upgrades the state of a live chain: every migration runs, and every
//! pallet's invariants hold before and after, on what is really there.
//!
//! `make try-runtime` starts a chain with devices and runs it; for another chain:
//! `scripts/try-runtime --url ws://HOST:9944`.

use cairn_runtime::{
	AllPalletsWithSystem, Block, BlockNumber, Executive, Runtime, System, VERSION,
};
use frame_remote_externalities::{Builder, Mode, OnlineConfig};
use frame_support::traits::{TryDecodeEntireStorage, TryState, TryStateSelect};
use frame_try_runtime::UpgradeCheckSelect;

/// Where the chain is.
const URL: &str = "CAIRN_NODE_URL";

fn state() -> frame_remote_externalities::RemoteExternalities<Block> {
	let url = std::env::var(URL)
		.unwrap_or_else(|_| panic!("{URL} is not set: run this test with scripts/try-runtime"));
	let online = OnlineConfig { transport_uris: vec![url], ..OnlineConfig::default() };
	tokio::runtime::Builder::new_multi_thread()
		.enable_all()
		.build()
		.expect("threads can be started")
		.block_on(Builder::<Block>::default().mode(Mode::Online(online)).build())
		.expect("the state can be fetched")
}

fn assert_sound(when: &str) {
	let number = System::block_number();
	let state =
		<AllPalletsWithSystem as TryState<BlockNumber>>::try_state(number, TryStateSelect::All);
	assert_eq!(state, Ok(()), "{when}");
}

#[test]
fn live_state_is_upgraded_and_its_invariants_hold() {
	let mut ext = state();
	ext.execute_with(|| {
		let was =
			frame_system::LastRuntimeUpgrade::<Runtime>::get().map(|last| last.spec_version.0);
		let block = System::block_number();
		let networks = pallet_networks::Networks::<Runtime>::iter().count();
		let batches = pallet_telemetry::Batches::<Runtime>::iter().count();
		println!("block {block}: {networks} networks, {batches} batches; version {was:?}");
		assert_sound("before the upgrade");

		let weight = Executive::try_runtime_upgrade(UpgradeCheckSelect::All)
			.expect("migrations and their checks succeed");
		let share = weight.ref_time() as f64
			/ cairn_runtime::configs::system::MAX_BLOCK_WEIGHT.ref_time() as f64;
		println!("version {}: {:.4} of a block's weight", VERSION.spec_version, share);
		assert!(share < 1.0, "the upgrade fits into a block");
		assert_sound("after the upgrade");
		let decoded = AllPalletsWithSystem::try_decode_entire_state();
		assert!(decoded.is_ok(), "{decoded:?}");
	});
}
