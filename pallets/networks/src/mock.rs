//! A chain of balances and networks, with a clock and a catalogue of schemas that tests set.

#![expect(unreachable_pub, reason = "the runtime macro wants public items")]

use std::collections::BTreeMap;

use cairn_traits::{OnNetworkChange, SchemaRegistry, Timekeeper};
use cairn_types::{
	Channel, ChannelKind, MakerId, MeterRule, Moment, NetworkConfig, NetworkId, Periods, Quantity,
	Rules, Schema, SchemaId, Unit, Window, WindowRecord, meter::Admission, schema::Name,
};
use frame_support::{
	assert_ok, derive_impl, parameter_types,
	traits::{
		ConstU64, LinearStoragePrice,
		fungible::{HoldConsideration, InspectHold},
	},
};
use frame_system::EnsureRoot;
use sp_runtime::BuildStorage;

use crate as pallet_networks;

pub type Call = pallet_networks::Call<Test>;
pub type Error = pallet_networks::Error<Test>;
pub type Event = pallet_networks::Event<Test>;

pub const ALICE: u64 = 1;
pub const BOB: u64 = 2;
pub const CAROL: u64 = 3;

/// A gauge, then a counter.
pub const WEATHER: SchemaId = SchemaId(0);
/// Sixteen counters.
pub const WIDE: SchemaId = SchemaId(1);
/// Nobody has published it.
pub const UNKNOWN: SchemaId = SchemaId(2);

/// L = 4, H = 8.
pub const PERIODS: Periods = Periods::DEVELOPMENT;

/// Where tests start: in cycle 5, which began at tick 20.
pub const START: Moment = Moment { window: 101, tick: 21 };

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
	pub type Registry = pallet_networks;
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

/// What other pallets were told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
	Created(NetworkId, bool),
	Configured(NetworkId, bool),
	Closed(NetworkId),
}

parameter_types! {
	pub const DepositReason: RuntimeHoldReason =
		RuntimeHoldReason::Registry(pallet_networks::HoldReason::Deposit);
	pub static Now: Moment = START;
	pub static Deprecated: Vec<SchemaId> = Vec::new();
	pub static Changes: Vec<Change> = Vec::new();
}

/// The clock that tests set by [`advance`].
pub struct Clock;

impl Timekeeper for Clock {
	fn periods() -> Periods {
		PERIODS
	}

	fn now() -> Moment {
		Now::get()
	}

	fn window(_: Window) -> Option<WindowRecord> {
		None
	}

	fn rules(_: u32) -> Option<Rules> {
		None
	}
}

/// Two schemas, current unless [`Deprecated`] names them.
pub struct Catalogue;

impl SchemaRegistry for Catalogue {
	fn schema(id: SchemaId) -> Option<Schema> {
		let channels = match id {
			WEATHER => vec![
				channel("temperature", ChannelKind::Gauge),
				channel("rain", ChannelKind::Counter),
			],
			WIDE => {
				(0..16).map(|index| channel(&format!("c{index}"), ChannelKind::Counter)).collect()
			},
			_ => return None,
		};
		let channels = channels.try_into().expect("at most 16 channels");
		Some(Schema { name: name("mock"), version: 1, channels })
	}

	fn is_current(id: SchemaId) -> bool {
		Self::schema(id).is_some() && !Deprecated::get().contains(&id)
	}
}

fn channel(text: &str, kind: ChannelKind) -> Channel {
	Channel {
		name: name(text),
		quantity: Quantity::Dimensionless,
		unit: Unit::One,
		scale: 0,
		kind,
		min: 0,
		max: i64::MAX,
		max_change: None,
	}
}

/// Remembers in [`Changes`] what it is told.
pub struct Listener;

impl OnNetworkChange for Listener {
	fn on_created(id: NetworkId, certified: bool) {
		Changes::mutate(|changes| changes.push(Change::Created(id, certified)));
	}

	fn on_configured(id: NetworkId, certified: bool) {
		Changes::mutate(|changes| changes.push(Change::Configured(id, certified)));
	}

	fn on_closed(id: NetworkId) {
		Changes::mutate(|changes| changes.push(Change::Closed(id)));
	}
}

impl pallet_networks::Config for Test {
	type Deposit = HoldConsideration<
		u64,
		Balances,
		DepositReason,
		LinearStoragePrice<ConstU64<100>, ConstU64<1>, u64>,
	>;
	type AdminOrigin = EnsureRoot<u64>;
	type Time = Clock;
	type Schemas = Catalogue;
	type OnChange = Listener;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Catalogue;
}

#[cfg(feature = "runtime-benchmarks")]
impl pallet_networks::BenchmarkHelper for Catalogue {
	fn schema() -> SchemaId {
		WIDE
	}
}

/// Builds the chain that a test starts from.
pub struct ExtBuilder {
	balances: BTreeMap<u64, u64>,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self { balances: [ALICE, BOB, CAROL].map(|who| (who, 1_000_000)).into() }
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
		// Tests share threads.
		Now::set(START);
		Deprecated::set(Vec::new());
		Changes::set(Vec::new());
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
	for who in [ALICE, BOB, CAROL] {
		assert_eq!(held(who), deposit() * owned(who), "deposit of {who}");
	}
}

/// The price of one network.
pub fn deposit() -> u64 {
	100 + Registry::footprint().size
}

/// What `who` has on hold for networks.
pub fn held(who: u64) -> u64 {
	Balances::balance_on_hold(&DepositReason::get(), &who)
}

fn owned(who: u64) -> u64 {
	let records = pallet_networks::Networks::<Test>::iter_values();
	u64::try_from(records.filter(|record| record.owner == who).count()).expect("few networks")
}

/// The pallet's events since the last call of this function.
pub fn events() -> Vec<Event> {
	let events = System::read_events_for_pallet();
	System::reset_events();
	events
}

/// The clock `ticks` windows later, all of them live.
pub fn advance(ticks: u32) {
	Now::mutate(|now| {
		now.window += ticks;
		now.tick += ticks;
	});
}

/// The clock at `tick`, all windows up to it live.
pub fn advance_to(tick: u32) {
	advance(tick - Now::get().tick);
}

pub fn name(name: &str) -> Name {
	name.as_bytes().to_vec().try_into().expect("at most 32 bytes")
}

/// Who is up earns; anybody is admitted.
pub fn uptime() -> NetworkConfig {
	NetworkConfig {
		schema: WEATHER,
		meter: MeterRule::Uptime { expected: 6, cap: 600 },
		admission: Admission::Open,
	}
}

/// Rain earns; devices of two makers are admitted.
pub fn rain() -> NetworkConfig {
	NetworkConfig {
		meter: MeterRule::Counter { channel: 1, max_rate: 10 },
		admission: certified([1, 2]),
		..uptime()
	}
}

/// The other schema's last channel earns; anybody is admitted.
pub fn wide() -> NetworkConfig {
	NetworkConfig {
		schema: WIDE,
		meter: MeterRule::Counter { channel: 15, max_rate: 1 },
		..uptime()
	}
}

pub fn certified<const N: usize>(makers: [u32; N]) -> Admission {
	let makers = makers.map(MakerId).to_vec();
	Admission::Certified(makers.try_into().expect("at most 16 makers"))
}

/// Every way in which a configuration can be faulty, if [`Deprecated`] names [`WIDE`].
pub fn faulty() -> Vec<(NetworkConfig, Error)> {
	let metered = |meter| NetworkConfig { meter, ..uptime() };
	let admitting = |admission| NetworkConfig { admission, ..uptime() };
	vec![
		(NetworkConfig { schema: UNKNOWN, ..uptime() }, Error::SchemaNotFound),
		(wide(), Error::SchemaDeprecated),
		(metered(MeterRule::Uptime { expected: 0, cap: 1 }), Error::MeterOutOfRange),
		(metered(MeterRule::Uptime { expected: 129, cap: 1 }), Error::MeterOutOfRange),
		(metered(MeterRule::Uptime { expected: 1, cap: 0 }), Error::MeterOutOfRange),
		(metered(MeterRule::Counter { channel: 1, max_rate: 0 }), Error::MeterOutOfRange),
		(metered(MeterRule::Counter { channel: 2, max_rate: 1 }), Error::NoChannel),
		(metered(MeterRule::Counter { channel: 0, max_rate: 1 }), Error::NotACounter),
		(admitting(certified([])), Error::NoMakers),
		(admitting(certified([1, 2, 1])), Error::DuplicateMaker),
	]
}

/// A running network of Alice's, which is up for [`uptime`].
pub fn running() -> NetworkId {
	let id = pallet_networks::NextId::<Test>::get();
	assert_ok!(Registry::create(RuntimeOrigin::signed(ALICE), name("network"), uptime()));
	forget();
	id
}

/// The same, paused by Alice or, if `by_admin`, by governance; one tick later.
pub fn paused(by_admin: bool) -> NetworkId {
	let id = running();
	advance(1);
	let origin = if by_admin { RuntimeOrigin::root() } else { RuntimeOrigin::signed(ALICE) };
	assert_ok!(Registry::pause(origin, id));
	forget();
	id
}

/// The same, closed by Alice; one tick later.
pub fn closed() -> NetworkId {
	let id = running();
	advance(1);
	assert_ok!(Registry::close(RuntimeOrigin::signed(ALICE), id));
	forget();
	id
}

/// Forget what was told so far.
fn forget() {
	System::reset_events();
	Changes::set(Vec::new());
}
