//! A chain of balances and rewards, whose gateways keep real ledgers.

#![expect(unreachable_pub, reason = "the runtime macro wants public items")]

use std::{
	cell::RefCell,
	collections::{BTreeMap, VecDeque},
};

use cairn_economics::{Accrual, Split, count, fold};
use cairn_telemetry::{
	Account, AccountV1, Claim, Data, DataV1, Leaf,
	store::{MemoryStore, prove, root, update},
};
use cairn_traits::{
	AttestedLedger, NetworkRegistry, OnCycle, OnNetworkChange, SlotBook, Timekeeper, UnitBook,
};
use cairn_types::{
	Amount, Cycle, DeviceId, GatewayId, Hash32, MakerId, MeterRule, Moment, NetworkConfig,
	NetworkId, Periods, Rules, SchemaId, Slot, Tick, Window, WindowRecord, meter::Admission,
	view::SlotRecord,
};
use frame_support::{
	BoundedVec, derive_impl, parameter_types,
	traits::{ConstU64, ConstU128},
};
use frame_system::EnsureRoot;
use sp_runtime::{BuildStorage, DispatchError, Permill};

use crate as pallet_rewards;
use crate::{Earning, Params};

pub type Error = pallet_rewards::Error<Test>;
pub type Event = pallet_rewards::Event<Test>;

/// Sends calls, is paid for nothing.
pub const ALICE: u64 = 1;
pub const BOB: u64 = 2;
/// Has an account from the beginning.
pub const TREASURY: u64 = 99;

/// Of `development`, but rates are kept for five cycles.
pub const PERIODS: Periods = Periods { kept_cycles: 5, ..Periods::DEVELOPMENT };

/// The first cycle emits 10,000,000, of which 4,799,999 are the bootstrap pool.
pub const PARAMS: Params = Params {
	emission_cap: 1_000_000_000,
	emission_tau: 100,
	split: Split { validators: Permill::from_percent(30), treasury: Permill::from_percent(10) },
	bootstrap_floor: Permill::from_percent(5),
	bootstrap_start: Permill::from_percent(80),
	half_life: 100,
	vesting: 1,
	default_weight: 1,
};

/// What the ledger of the mock answers.
pub const UNPROVED: DispatchError = DispatchError::Other("no such matured ledger");

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
	pub type Rewards = pallet_rewards;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
	type AccountData = pallet_balances::AccountData<u128>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = u128;
	type ExistentialDeposit = ConstU128<10>;
	type AccountStore = System;
}

parameter_types! {
	pub static CurrentTick: Tick = 0;
	pub static CurrentParams: Params = PARAMS;
	/// In storage, so that they roll back with everything else.
	pub storage Accruals: BTreeMap<GatewayId, (NetworkId, Accrual)> = BTreeMap::new();
}

impl pallet_rewards::Config for Test {
	type Currency = Balances;
	type Time = World;
	type Networks = World;
	type Slots = World;
	type Ledger = World;
	type Params = CurrentParams;
	type Treasury = ConstU64<TREASURY>;
	type AdminOrigin = EnsureRoot<u64>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = World;
}

/// A ledger that a gateway sealed; its window has the number of its tick.
struct Sealed {
	store: MemoryStore,
	leaves: BTreeMap<Slot, Leaf>,
	attested: bool,
}

struct Gateway {
	network: NetworkId,
	slots: Vec<SlotRecord<u64>>,
	leaves: BTreeMap<Slot, Leaf>,
	store: MemoryStore,
	ledgers: BTreeMap<Window, Sealed>,
	/// Sealed windows that wait for attestation, with their units.
	waiting: VecDeque<(Window, u128)>,
}

struct Network {
	/// Whether it admits certified devices only, by first cycle.
	certified: Vec<(Cycle, bool)>,
	open: bool,
}

thread_local! {
	static NETWORKS: RefCell<BTreeMap<NetworkId, Network>> = RefCell::default();
	static GATEWAYS: RefCell<BTreeMap<GatewayId, Gateway>> = RefCell::default();
	/// Roots that benchmarks made provable.
	static ROOTS: RefCell<BTreeMap<(GatewayId, Window), (Hash32, NetworkId)>> = RefCell::default();
	/// Slots that benchmarks made, beside those of gateways.
	static SLOTS: RefCell<BTreeMap<(GatewayId, Slot), SlotRecord<u64>>> = RefCell::default();
}

/// The other pallets.
pub struct World;

impl Timekeeper for World {
	fn periods() -> Periods {
		PERIODS
	}

	fn now() -> Moment {
		Moment { window: CurrentTick::get(), tick: CurrentTick::get() }
	}

	fn window(window: Window) -> Option<WindowRecord> {
		(window <= CurrentTick::get()).then_some(WindowRecord {
			tick: window,
			anchor: [0; 32],
			required: [0; 32],
			session: 0,
			rules: 1,
			first_block: 1,
		})
	}

	fn rules(_: u32) -> Option<Rules> {
		None
	}
}

impl NetworkRegistry for World {
	fn config(id: NetworkId, cycle: Cycle) -> Option<NetworkConfig> {
		let certified = NETWORKS.with_borrow(|networks| {
			let held = networks.get(&id)?.certified.iter().rev().find(|(since, _)| *since <= cycle);
			held.map(|(_, certified)| *certified)
		})?;
		let makers = BoundedVec::truncate_from(vec![MakerId(0)]);
		Some(NetworkConfig {
			schema: SchemaId(0),
			meter: MeterRule::Uptime { expected: 1, cap: 1 },
			admission: if certified { Admission::Certified(makers) } else { Admission::Open },
		})
	}

	fn is_active(id: NetworkId, _: Window) -> bool {
		Self::is_open(id)
	}

	fn is_open(id: NetworkId) -> bool {
		NETWORKS.with_borrow(|networks| networks.get(&id).is_some_and(|network| network.open))
	}
}

impl SlotBook<u64> for World {
	fn open(
		gateway: GatewayId,
		_: NetworkId,
		device: DeviceId,
		payee: &u64,
		from: Window,
	) -> Result<Slot, DispatchError> {
		GATEWAYS.with_borrow_mut(|gateways| {
			let slots = &mut gateways.get_mut(&gateway).ok_or("no such gateway")?.slots;
			slots.push(SlotRecord { device, payee: *payee, from, until: Window::MAX });
			Ok(Slot::try_from(slots.len() - 1).expect("few slots"))
		})
	}

	fn end(gateway: GatewayId, slot: Slot, until: Window) {
		change_slot(gateway, slot, |record| record.until = until);
	}

	fn get(gateway: GatewayId, slot: Slot) -> Option<SlotRecord<u64>> {
		let made = SLOTS.with_borrow(|slots| slots.get(&(gateway, slot)).cloned());
		made.or_else(|| {
			GATEWAYS.with_borrow(|gateways| {
				let index = usize::try_from(slot).expect("32 bits at least");
				gateways.get(&gateway)?.slots.get(index).cloned()
			})
		})
	}

	fn set_payee(gateway: GatewayId, slot: Slot, payee: u64) -> Result<(), DispatchError> {
		change_slot(gateway, slot, |record| record.payee = payee);
		Ok(())
	}
}

impl AttestedLedger for World {
	fn prove(claim: &Claim) -> Result<NetworkId, DispatchError> {
		let made = ROOTS.with_borrow(|roots| roots.get(&(claim.gateway, claim.window)).copied());
		let (root, network) =
			made.or_else(|| matured(claim.gateway, claim.window)).ok_or(UNPROVED)?;
		if claim.root() == Ok(root) { Ok(network) } else { Err(UNPROVED) }
	}

	fn accrual(gateway: GatewayId) -> Option<(NetworkId, Accrual)> {
		Accruals::get().remove(&gateway)
	}

	fn set_accrual(gateway: GatewayId, accrual: Accrual) {
		let mut accruals = Accruals::get();
		if let Some((_, held)) = accruals.get_mut(&gateway) {
			*held = accrual;
		}
		Accruals::set(&accruals);
	}

	fn accruals() -> Vec<(GatewayId, NetworkId, Accrual)> {
		let accruals = Accruals::get().into_iter();
		accruals.map(|(gateway, (network, accrual))| (gateway, network, accrual)).collect()
	}
}

/// Let units be attested through a gateway, which is registered if it is not yet.
pub fn note_attested(gateway: GatewayId, network: NetworkId, cycle: Cycle, units: u128) {
	let mut accruals = Accruals::get();
	let (_, accrual) = accruals.entry(gateway).or_insert_with(|| (network, Accrual::default()));
	Rewards::note_attested(accrual, network, cycle, units);
	Accruals::set(&accruals);
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper<u64> for World {
	fn set_tick(tick: Tick) {
		CurrentTick::set(tick);
	}

	fn certified_network() -> NetworkId {
		create_network(true)
	}

	fn note_attested(gateway: GatewayId, network: NetworkId, cycle: Cycle, units: u128) {
		note_attested(gateway, network, cycle, units);
	}

	fn prove(claim: &Claim, network: NetworkId, payee: &u64) {
		let key = (claim.gateway, claim.window);
		let root = claim.root().expect("one encoding");
		ROOTS.with_borrow_mut(|roots| roots.insert(key, (root, network)));
		let record = SlotRecord {
			device: claim.account.latest().device,
			payee: *payee,
			from: 0,
			until: Window::MAX,
		};
		SLOTS.with_borrow_mut(|slots| slots.insert((claim.gateway, claim.slot), record));
	}
}

fn change_slot(gateway: GatewayId, slot: Slot, change: impl Fn(&mut SlotRecord<u64>)) {
	GATEWAYS.with_borrow_mut(|gateways| {
		let index = usize::try_from(slot).expect("32 bits at least");
		let slots = gateways.get_mut(&gateway).map(|gateway| &mut gateway.slots);
		if let Some(record) = slots.and_then(|slots| slots.get_mut(index)) {
			change(record);
		}
	});
	SLOTS.with_borrow_mut(|slots| {
		if let Some(record) = slots.get_mut(&(gateway, slot)) {
			change(record);
		}
	});
}

/// Root and network of a ledger that has matured.
fn matured(gateway: GatewayId, window: Window) -> Option<(Hash32, NetworkId)> {
	GATEWAYS.with_borrow(|gateways| {
		let gateway = gateways.get(&gateway)?;
		let ledger = gateway.ledgers.get(&window)?;
		let is_mature = ledger.attested && PERIODS.is_mature(window, CurrentTick::get());
		is_mature.then(|| (root(&ledger.store).expect("in memory"), gateway.network))
	})
}

/// Builds the chain that a test starts from: the first block of cycle 0.
pub struct ExtBuilder {
	params: Params,
	balances: Vec<(u64, u128)>,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self { params: PARAMS, balances: vec![(ALICE, 1_000), (TREASURY, 10)] }
	}
}

impl ExtBuilder {
	#[must_use]
	pub fn with_params(mut self, params: Params) -> Self {
		self.params = params;
		self
	}

	#[must_use]
	pub fn with_vesting(self, vesting: u32) -> Self {
		let params = Params { vesting, ..self.params };
		self.with_params(params)
	}

	#[must_use]
	pub fn without_treasury(mut self) -> Self {
		self.balances.retain(|(who, _)| *who != TREASURY);
		self
	}

	pub fn build(self) -> sp_io::TestExternalities {
		CurrentTick::set(0);
		CurrentParams::set(self.params);
		NETWORKS.take();
		GATEWAYS.take();
		ROOTS.take();
		SLOTS.take();
		let balances = pallet_balances::GenesisConfig::<Test> {
			balances: self.balances,
			..Default::default()
		};
		let storage = RuntimeGenesisConfig { balances, ..Default::default() }
			.build_storage()
			.expect("genesis is sound");
		let mut ext = sp_io::TestExternalities::new(storage);
		ext.execute_with(|| {
			System::set_block_number(1);
			Rewards::on_cycle(0);
			events();
		});
		ext
	}

	/// Run a test and check the invariants after it.
	pub fn build_and_execute<R>(self, test: impl FnOnce() -> R) -> R {
		self.build().execute_with(|| {
			let result = test();
			check_state();
			result
		})
	}
}

/// Check the invariants of the pallet, and that nothing was burned: then they are equalities.
pub fn check_state() {
	Rewards::do_try_state().expect("invariants hold");
	let issued = crate::Issued::<Test>::get();
	let accounted = crate::GenesisIssuance::<Test>::get()
		+ issued.released
		+ issued.validators
		+ issued.treasury;
	assert_eq!(pallet_balances::TotalIssuance::<Test>::get(), accounted);
}

/// The pallet's events since the last call of this function.
pub fn events() -> Vec<Event> {
	let events = System::read_events_for_pallet();
	System::reset_events();
	events
}

/// Let `ticks` ticks pass; what would be too late for it is attested before.
pub fn advance(ticks: Tick) {
	for _ in 0..ticks {
		let tick = CurrentTick::get() + 1;
		while let Some(gateway) = most_urgent(tick) {
			attest(gateway);
		}
		CurrentTick::set(tick);
		if tick.is_multiple_of(PERIODS.cycle_ticks) {
			Rewards::on_cycle(tick / PERIODS.cycle_ticks);
		}
	}
}

/// Advance to `tick`.
pub fn advance_to(tick: Tick) {
	advance(tick.checked_sub(CurrentTick::get()).expect("ticks never go back"));
}

/// Advance to the first tick of `cycle`.
pub fn advance_to_cycle(cycle: Cycle) {
	advance_to(cycle * PERIODS.cycle_ticks);
}

/// Advance to the first tick at which `cycle` is frozen.
pub fn freeze(cycle: Cycle) {
	advance_to((cycle + 1) * PERIODS.cycle_ticks + PERIODS.mature_ticks());
}

pub fn cycle() -> Cycle {
	PERIODS.cycle_of(CurrentTick::get())
}

/// A gateway whose next batch must be attested before `tick`.
fn most_urgent(tick: Tick) -> Option<GatewayId> {
	GATEWAYS.with_borrow(|gateways| {
		let late = |gateway: &Gateway| {
			let next = gateway.waiting.front();
			next.is_some_and(|(window, _)| tick > window + PERIODS.attest_ticks)
		};
		gateways.iter().find(|(_, gateway)| late(gateway)).map(|(id, _)| *id)
	})
}

/// Create a network, as the networks pallet does.
pub fn create_network(certified: bool) -> NetworkId {
	let id = NETWORKS.with_borrow_mut(|networks| {
		let id = NetworkId(u32::try_from(networks.len()).expect("few networks"));
		networks.insert(id, Network { certified: vec![(0, certified)], open: true });
		id
	});
	Rewards::on_created(id, certified);
	id
}

/// Configure a network from the next cycle on, as the networks pallet does.
pub fn configure(id: NetworkId, certified: bool) {
	let since = cycle() + 1;
	NETWORKS.with_borrow_mut(|networks| {
		networks.get_mut(&id).expect("created").certified.push((since, certified));
	});
	Rewards::on_configured(id, certified);
}

/// Close a network, as the networks pallet does.
pub fn close(id: NetworkId) {
	NETWORKS.with_borrow_mut(|networks| networks.get_mut(&id).expect("created").open = false);
	Rewards::on_closed(id);
}

/// A gateway of `network` with `slots` slots.
pub fn register_gateway(network: NetworkId, slots: Slot) -> GatewayId {
	let id = GATEWAYS.with_borrow_mut(|gateways| {
		let id = GatewayId(u32::try_from(gateways.len()).expect("few gateways"));
		gateways.insert(
			id,
			Gateway {
				network,
				slots: Vec::new(),
				leaves: BTreeMap::new(),
				store: MemoryStore::default(),
				ledgers: BTreeMap::new(),
				waiting: VecDeque::new(),
			},
		);
		id
	});
	for slot in 0..slots {
		World::open(id, network, device(id, slot), &payee(id, slot), 0).expect("registered");
	}
	id
}

pub fn device(gateway: GatewayId, slot: Slot) -> DeviceId {
	DeviceId(u64::from(gateway.0) * 1_000 + u64::from(slot))
}

/// Who is paid for a slot at first; has no account.
pub fn payee(gateway: GatewayId, slot: Slot) -> u64 {
	1_000 + device(gateway, slot).0
}

/// A leaf of a device that never had a reading.
fn new_leaf(device: DeviceId) -> Leaf {
	Leaf {
		account: Account::V1(AccountV1 {
			device,
			schema: SchemaId(0),
			sequence: 0,
			time: 0,
			open: Default::default(),
			settled: 0,
			totals: Default::default(),
		}),
		data: Data::V1(DataV1::default()),
	}
}

/// Change the leaves of these slots as if the gateway had sealed that; false if it has sealed a
/// ledger in this window already.
fn seal_leaves(
	id: GatewayId,
	units: u128,
	slots: &[Slot],
	change: impl Fn(Slot, &mut AccountV1),
) -> bool {
	let window = CurrentTick::get();
	GATEWAYS.with_borrow_mut(|gateways| {
		let gateway = gateways.get_mut(&id).expect("registered");
		if gateway.ledgers.contains_key(&window) {
			return false;
		}
		for slot in slots {
			let leaf = gateway.leaves.entry(*slot).or_insert_with(|| new_leaf(device(id, *slot)));
			let Account::V1(account) = &mut leaf.account;
			change(*slot, account);
			update(&mut gateway.store, [(*slot, leaf.hash(*slot))]).expect("in memory");
		}
		let (store, leaves) = (gateway.store.clone(), gateway.leaves.clone());
		gateway.ledgers.insert(window, Sealed { store, leaves, attested: false });
		gateway.waiting.push_back((window, units));
		true
	})
}

/// Seal a batch in which these slots had these units, folding leaves as `step` does; false if there
/// is one in this window already.
pub fn seal(id: GatewayId, units: &[(Slot, u64)]) -> bool {
	let tick = CurrentTick::get();
	let network = GATEWAYS.with_borrow(|gateways| gateways.get(&id).expect("registered").network);
	let rates: BTreeMap<Cycle, u128> = (cycle().saturating_sub(PERIODS.kept_cycles)..=cycle())
		.map(|cycle| (cycle, Rewards::rate(network, cycle)))
		.collect();
	let slots: Vec<_> = units.iter().map(|(slot, _)| *slot).collect();
	let sum = units.iter().map(|(_, units)| u128::from(*units)).sum();
	seal_leaves(id, sum, &slots, |slot, account| {
		let rate = |cycle: Cycle| rates.get(&cycle).copied().unwrap_or(0);
		account.settled += fold(&mut account.open, tick, &PERIODS, &rate);
		for (_, units) in units.iter().filter(|(of, _)| *of == slot) {
			count(&mut account.open, PERIODS.cycle_of(tick), *units).expect("folded before");
		}
	})
}

/// Seal a ledger that says a slot had settled `amount` more than it had, without any units.
pub fn forge(id: GatewayId, slot: Slot, amount: Amount) -> bool {
	seal_leaves(id, 0, &[slot], |_, account| account.settled += amount)
}

/// Attest the next batch that waits, if there is one.
pub fn attest(id: GatewayId) {
	let next = GATEWAYS.with_borrow_mut(|gateways| {
		let gateway = gateways.get_mut(&id)?;
		let (window, units) = gateway.waiting.pop_front()?;
		gateway.ledgers.get_mut(&window)?.attested = true;
		Some((gateway.network, window, units))
	});
	if let Some((network, window, units)) = next {
		note_attested(id, network, PERIODS.cycle_of(window), units);
	}
}

/// Windows of a gateway whose ledgers have matured, ascending.
pub fn matured_windows(id: GatewayId) -> Vec<Window> {
	let windows: Vec<Window> = GATEWAYS.with_borrow(|gateways| {
		gateways.get(&id).expect("registered").ledgers.keys().copied().collect()
	});
	windows.into_iter().filter(|window| matured(id, *window).is_some()).collect()
}

/// The claim of a slot with the ledger that its gateway sealed in `window`, matured or not.
pub fn claim_of(id: GatewayId, slot: Slot, window: Window) -> Claim {
	GATEWAYS.with_borrow(|gateways| {
		let ledger = gateways.get(&id).and_then(|gateway| gateway.ledgers.get(&window));
		let ledger = ledger.expect("sealed");
		let leaf = ledger.leaves.get(&slot).cloned().unwrap_or_else(|| new_leaf(device(id, slot)));
		Claim {
			gateway: id,
			window,
			slot,
			account: leaf.account,
			data: leaf.data.hash(),
			proof: prove(&ledger.store, slot).expect("in memory"),
		}
	})
}

/// The claim of a slot with its gateway's newest ledger.
pub fn newest_claim(id: GatewayId, slot: Slot) -> Claim {
	let newest = GATEWAYS.with_borrow(|gateways| {
		gateways.get(&id).and_then(|gateway| gateway.ledgers.keys().next_back().copied())
	});
	claim_of(id, slot, newest.expect("sealed"))
}

/// A certified network and one gateway whose slots 0, 1, … had these units in cycle 1; all of it is
/// attested and frozen.
pub fn earned_in_cycle_1(units: &[u64]) -> (NetworkId, GatewayId) {
	let network = create_network(true);
	let slots = Slot::try_from(units.len()).expect("few slots");
	let gateway = register_gateway(network, slots);
	advance_to_cycle(1);
	let units: Vec<_> = (0..slots).zip(units.iter().copied()).collect();
	assert!(seal(gateway, &units));
	attest(gateway);
	freeze(1);
	events();
	(network, gateway)
}

/// What a network with all the weight had to share in `cycle`.
pub fn bootstrap(cycle: Cycle) -> Amount {
	crate::Cycles::<Test>::get(cycle).expect("kept").bootstrap
}

/// What a slot was paid.
pub fn earning(gateway: GatewayId, slot: Slot) -> Earning {
	Rewards::earning(gateway, slot).expect("claimed")
}

pub fn claim(claim: Claim) -> Result<(), DispatchError> {
	Rewards::claim_attested(RuntimeOrigin::signed(ALICE), claim)
}
