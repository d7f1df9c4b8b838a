//! A chain of balances and schemas.

#![expect(unreachable_pub, reason = "the runtime macro wants public items")]

use std::collections::BTreeMap;

use cairn_types::{Channel, ChannelKind, Quantity, Schema, Unit, schema::Name};
use frame_support::{
	derive_impl, parameter_types,
	traits::{
		ConstU64, LinearStoragePrice,
		fungible::{HoldConsideration, InspectHold},
	},
};
use frame_system::EnsureRoot;
use sp_runtime::BuildStorage;

use crate as pallet_schemas;

pub type Error = pallet_schemas::Error<Test>;
pub type Event = pallet_schemas::Event<Test>;

pub const ALICE: u64 = 1;
pub const BOB: u64 = 2;
/// Has nothing but the existential deposit.
pub const POOR: u64 = 3;

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
	pub type System = frame_system;

	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances;

	#[runtime::pallet_index(2)]
	pub type Registry = pallet_schemas;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
	type AccountData = pallet_balances::AccountData<u64>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
}

parameter_types! {
	pub const DepositReason: RuntimeHoldReason =
		RuntimeHoldReason::Registry(pallet_schemas::HoldReason::Deposit);
}

impl pallet_schemas::Config for Test {
	type Deposit = HoldConsideration<
		u64,
		Balances,
		DepositReason,
		LinearStoragePrice<ConstU64<100>, ConstU64<1>, u64>,
	>;
	type AdminOrigin = EnsureRoot<u64>;
	type WeightInfo = ();
}

/// Builds the chain that a test starts from.
pub struct ExtBuilder {
	balances: BTreeMap<u64, u64>,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self { balances: BTreeMap::from([(ALICE, 1_000_000), (BOB, 1_000_000), (POOR, 1)]) }
	}
}

impl ExtBuilder {
	#[must_use]
	pub fn with_balance(mut self, who: u64, amount: u64) -> Self {
		self.balances.insert(who, amount);
		self
	}

	pub fn build(self) -> sp_io::TestExternalities {
		let balances = pallet_balances::GenesisConfig::<Test> {
			balances: self.balances.into_iter().collect(),
			..Default::default()
		};
		let storage = RuntimeGenesisConfig { balances, ..Default::default() }
			.build_storage()
			.expect("genesis is sound");
		let mut ext = sp_io::TestExternalities::new(storage);
		// Events of the genesis block are dropped.
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	/// Run a test and check the invariants after it.
	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			check_state();
		});
	}
}

/// Check the invariants of the pallet, and that every record is paid for by its owner.
pub fn check_state() {
	Registry::do_try_state().expect("invariants hold");
	for who in [ALICE, BOB, POOR] {
		assert_eq!(held(who), deposit() * owned(who), "deposit of {who}");
	}
}

/// The price of one schema.
pub fn deposit() -> u64 {
	100 + Registry::footprint().size
}

/// What `who` has on hold for schemas.
pub fn held(who: u64) -> u64 {
	Balances::balance_on_hold(&DepositReason::get(), &who)
}

fn owned(who: u64) -> u64 {
	let records = pallet_schemas::Schemas::<Test>::iter_values();
	u64::try_from(records.filter(|record| record.owner == who).count()).expect("few schemas")
}

/// The pallet's events since the last call of this function.
pub fn events() -> Vec<Event> {
	let events = System::read_events_for_pallet();
	System::reset_events();
	events
}

pub fn name(name: &str) -> Name {
	name.as_bytes().to_vec().try_into().expect("at most 32 bytes")
}

/// A valid gauge.
pub fn temperature() -> Channel {
	Channel {
		name: name("temperature"),
		quantity: Quantity::Temperature,
		unit: Unit::Celsius,
		scale: -2,
		kind: ChannelKind::Gauge,
		min: -4_000,
		max: 8_500,
		max_change: Some(100),
	}
}

/// A valid counter.
pub fn traffic() -> Channel {
	Channel {
		name: name("traffic"),
		quantity: Quantity::Information,
		unit: Unit::Byte,
		scale: 0,
		kind: ChannelKind::Counter,
		min: 0,
		max: i64::MAX,
		max_change: None,
	}
}

/// A schema of these channels.
pub fn schema(channels: Vec<Channel>) -> Schema {
	Schema {
		name: name("weather"),
		version: 1,
		channels: channels.try_into().expect("at most 16 channels"),
	}
}
