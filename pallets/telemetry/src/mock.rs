//! A chain of balances and gateways. What other pallets know is kept in storage by fakes, so that
//! it rolls back with everything else.

#![expect(unreachable_pub, reason = "the runtime macro wants public items")]

use std::collections::BTreeMap;

use cairn_economics::Accrual;
use cairn_telemetry::{
	Header, HeaderV1, Sums, Verdict, VerdictClaim,
	authority::{AuthorityId, AuthorityPair, AuthoritySignature},
	committee::quorum,
	tree::empty_root,
};
use cairn_traits::{
	CurrentSession, DeviceRegistry, Entropy, NetworkRegistry, SchemaRegistry, SlotBook, Timekeeper,
	UnitBook,
};
use cairn_types::{
	Activity, Attempt, Channel, ChannelKind, Cycle, Dated, DeviceId, DeviceKey, GatewayId, Hash32,
	MeterRule, Moment, NetworkConfig, NetworkId, Periods, Quantity, Rules, Schema, SchemaId, Slot,
	Tick, Unit, Window, WindowRecord,
	meter::Admission,
	schema::Name,
	view::{Assignment, DeviceState},
};
use codec::{Decode, Encode};
use frame_support::{
	assert_ok, derive_impl,
	dispatch::{DispatchResult, DispatchResultWithPostInfo, GetDispatchInfo},
	parameter_types,
	traits::{
		ConstU128, Hooks, LinearStoragePrice, OneSessionHandler,
		fungible::{HoldConsideration, InspectHold},
	},
	weights::Weight,
};
use frame_system::{
	ChainContext,
	offchain::{CreateAuthorizedTransaction, CreateTransaction, CreateTransactionBase},
};
use sp_core::{Pair, ed25519};
use sp_io::{TestExternalities, hashing::blake2_256};
use sp_keystore::{KeystoreExt, testing::MemoryKeystore};
use sp_runtime::{
	ApplyExtrinsicResult, BuildStorage, DispatchError, Permill, generic,
	testing::UintAuthorityId,
	traits::{Applyable, BlakeTwo256, Checkable},
};

use crate as pallet_telemetry;
use crate::{
	Batches, GatewayRecordOf, Gateways, Slots,
	types::{BatchRecord, Endpoint, Policy},
};

pub type Call = pallet_telemetry::Call<Test>;
pub type Error = pallet_telemetry::Error<Test>;
pub type Event = pallet_telemetry::Event<Test>;
pub type HoldReason = pallet_telemetry::HoldReason;

pub const OPERATOR: u64 = 1;
/// Operates nothing unless a test says so.
pub const OTHER: u64 = 2;
/// Owns the devices and is paid for them.
pub const OWNER: u64 = 3;
/// Whom slots are sold to.
pub const BUYER: u64 = 4;
/// Has nothing but the existential deposit.
pub const POOR: u64 = 5;
/// Does not exist before it is paid.
pub const TREASURY: u64 = 9;
pub const FUNDS: u128 = 100_000_000;
pub const EXISTENTIAL: u128 = 10;
pub const BOND: u128 = 5_000;
pub const SLOT_DEPOSIT: u128 = 100;

/// Open and active.
pub const NETWORK: NetworkId = NetworkId(1);
/// Open and active too.
pub const OTHER_NETWORK: NetworkId = NetworkId(2);
pub const SCHEMA: SchemaId = SchemaId(7);
/// The operator's gateway on [`NETWORK`] that every test starts with.
pub const GATEWAY: GatewayId = GatewayId(0);

/// What `frame_system` puts in place of the genesis hash.
pub const GENESIS: Hash32 = [69; 32];
pub const ANCHOR: Hash32 = [8; 32];
pub const BLOCKS_PER_WINDOW: u32 = 6;

/// The development preset: V = 2, A = 6, H = 8, L = 4.
pub const PERIODS: Periods = Periods::DEVELOPMENT;
pub const RULES_VERSION: u32 = 1;
/// Few enough readings that two devices could exceed them.
pub const RULES: Rules = Rules { step: 1, header: 1, max_readings: 200, max_payload: 1_000_000 };
/// Most units of a device in a window.
pub const UNIT_CAP: u128 = 600;
pub const POLICY: Policy = Policy {
	committee_size: 21,
	max_attempts: 3,
	base_fee: 1_000,
	reading_fee: 10,
	kib_fee: 5,
	committee_share: Permill::from_percent(80),
};
/// Of a batch with [`header`]: 1,000 + 2 readings · 10 + 2 KiB · 5.
pub const FEE: u128 = 1_030;
/// Of one of four members: ⌊80 % of the fee / 4⌋.
pub const SHARE: u128 = 206;

/// When the gateway is registered and devices are assigned to it.
pub const START: Moment = Moment { window: 100, tick: 50 };
/// The window before the one in which tests begin: the first in which devices are assigned.
pub const FIRST: Window = 101;

pub type TxExtension = (frame_system::AuthorizeCall<Test>,);
pub type Extrinsic = generic::UncheckedExtrinsic<u64, RuntimeCall, UintAuthorityId, TxExtension>;
pub type Block = generic::Block<generic::Header<u32, BlakeTwo256>, Extrinsic>;

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
	pub type Telemetry = pallet_telemetry;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<u128>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = u128;
	type ExistentialDeposit = ConstU128<EXISTENTIAL>;
	type AccountStore = System;
}

impl<LocalCall> CreateTransactionBase<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	type Extrinsic = Extrinsic;
	type RuntimeCall = RuntimeCall;
}

impl<LocalCall> CreateTransaction<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	type Extension = TxExtension;

	fn create_transaction(call: RuntimeCall, extension: TxExtension) -> Extrinsic {
		Extrinsic::new_transaction(call, extension)
	}
}

impl<LocalCall> CreateAuthorizedTransaction<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	fn create_extension() -> TxExtension {
		(frame_system::AuthorizeCall::new(),)
	}
}

/// A network as the fake registry keeps it.
#[derive(Clone, Debug, Encode, Decode)]
pub struct FakeNetwork {
	pub config: NetworkConfig,
	pub activity: Activity,
	pub open: bool,
}

parameter_types! {
	pub const BondReason: RuntimeHoldReason =
		RuntimeHoldReason::Telemetry(HoldReason::GatewayBond);
	pub const SlotReason: RuntimeHoldReason =
		RuntimeHoldReason::Telemetry(HoldReason::SlotDeposit);
	pub const TreasuryAccount: u64 = TREASURY;
	pub storage PolicyNow: Policy = POLICY;
	pub storage Present: Moment = START;
	pub storage Windows: BTreeMap<Window, WindowRecord> = BTreeMap::new();
	pub storage SessionNow: u32 = 0;
	/// Seeds are known for what was committed before this block.
	pub storage SeedsBefore: u32 = u32::MAX;
	pub storage NetworkTable: BTreeMap<NetworkId, FakeNetwork> = networks();
	pub storage DeviceTable: BTreeMap<DeviceId, DeviceState> = BTreeMap::new();
	pub storage Noted: Vec<(NetworkId, Cycle, u128)> = Vec::new();
}

impl pallet_telemetry::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type GatewayBond = HoldConsideration<
		u64,
		Balances,
		BondReason,
		LinearStoragePrice<ConstU128<BOND>, ConstU128<0>, u128>,
	>;
	type SlotDeposit = HoldConsideration<
		u64,
		Balances,
		SlotReason,
		LinearStoragePrice<ConstU128<SLOT_DEPOSIT>, ConstU128<0>, u128>,
	>;
	type Time = FakeTime;
	type Entropy = FakeEntropy;
	type Session = FakeSession;
	type Schemas = FakeSchemas;
	type Networks = FakeNetworks;
	type Devices = FakeDevices;
	type Units = FakeUnits;
	type Policy = PolicyNow;
	type Treasury = TreasuryAccount;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Fixtures;
}

/// Time that passes when tests call [`pass_window`].
pub struct FakeTime;

impl Timekeeper for FakeTime {
	fn periods() -> Periods {
		PERIODS
	}

	fn now() -> Moment {
		Present::get()
	}

	fn window(window: Window) -> Option<WindowRecord> {
		Windows::get().remove(&window)
	}

	fn rules(version: u32) -> Option<Rules> {
		(version == RULES_VERSION).then_some(RULES)
	}
}

/// Seeds that are known at once, unless [`SeedsBefore`] is set.
pub struct FakeEntropy;

impl Entropy for FakeEntropy {
	fn newest() -> Hash32 {
		ANCHOR
	}

	fn seed(subject: &[u8], after: u32) -> Option<Hash32> {
		(after < SeedsBefore::get()).then(|| blake2_256(&(subject, after).encode()))
	}
}

pub struct FakeSession;

impl CurrentSession for FakeSession {
	fn session() -> u32 {
		SessionNow::get()
	}
}

/// One schema: a counter of energy.
pub struct FakeSchemas;

impl SchemaRegistry for FakeSchemas {
	fn schema(id: SchemaId) -> Option<Schema> {
		let energy = Channel {
			name: name("energy"),
			quantity: Quantity::Energy,
			unit: Unit::WattHour,
			scale: 0,
			kind: ChannelKind::Counter,
			min: 0,
			max: i64::MAX,
			max_change: None,
		};
		let channels = vec![energy].try_into().expect("one channel");
		(id == SCHEMA).then(|| Schema { name: name("meter"), version: 1, channels })
	}

	fn is_current(id: SchemaId) -> bool {
		id == SCHEMA
	}
}

pub struct FakeNetworks;

impl NetworkRegistry for FakeNetworks {
	fn config(id: NetworkId, _: Cycle) -> Option<NetworkConfig> {
		Some(NetworkTable::get().remove(&id)?.config)
	}

	fn is_active(id: NetworkId, window: Window) -> bool {
		NetworkTable::get().get(&id).is_some_and(|network| network.activity.contains(window))
	}

	fn is_open(id: NetworkId) -> bool {
		NetworkTable::get().get(&id).is_some_and(|network| network.open)
	}
}

pub struct FakeDevices;

impl DeviceRegistry for FakeDevices {
	fn state(id: DeviceId) -> Option<DeviceState> {
		DeviceTable::get().remove(&id)
	}
}

/// Records what it is told in [`Noted`]; a unit is worth nothing.
pub struct FakeUnits;

impl UnitBook for FakeUnits {
	fn note_attested(accrual: &mut Accrual, network: NetworkId, cycle: Cycle, units: u128) {
		let mut noted = Noted::get();
		noted.push((network, cycle, units));
		Noted::set(&noted);
		accrual.settle(Present::get().tick, &PERIODS, &|_| 0);
		accrual.count(cycle, units).expect("settled before");
	}

	fn rate(_: NetworkId, _: Cycle) -> u128 {
		0
	}
}

#[cfg(feature = "runtime-benchmarks")]
pub struct Fixtures;

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper<u64> for Fixtures {
	fn fund(who: &u64) {
		use frame_support::traits::fungible::Mutate;
		Balances::set_balance(who, FUNDS);
	}

	fn network() -> NetworkId {
		NETWORK
	}

	fn advance(ticks: Tick) {
		pass_windows(ticks);
	}

	fn accrued(_: NetworkId) -> Accrual {
		let mut accrual = Accrual::default();
		(1..=3).for_each(|cycle| accrual.count(cycle, 1).expect("room for three"));
		accrual
	}

	fn make_seed(after: u32) {
		SeedsBefore::set(&after.saturating_add(1));
	}
}

/// Builds the chain that a test starts from: [`GATEWAY`], its devices in slots 0 and on, and a
/// session of validators, all of whom sit on every committee.
pub struct ExtBuilder {
	devices: u64,
	stashes: Vec<u64>,
	policy: Policy,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self { devices: 2, stashes: stashes(4), policy: POLICY }
	}
}

impl ExtBuilder {
	/// As many devices are assigned to [`GATEWAY`].
	#[must_use]
	pub fn with_devices(self, devices: u64) -> Self {
		Self { devices, ..self }
	}

	/// These accounts are the validators.
	#[must_use]
	pub fn with_stashes(self, stashes: Vec<u64>) -> Self {
		Self { stashes, ..self }
	}

	/// Other fees, committees or attempts.
	#[must_use]
	pub fn with_policy(self, policy: Policy) -> Self {
		Self { policy, ..self }
	}

	pub fn build(self) -> TestExternalities {
		let rich = [OPERATOR, OTHER, OWNER, BUYER].map(|who| (who, FUNDS));
		let balances = pallet_balances::GenesisConfig::<Test> {
			balances: rich.into_iter().chain([(POOR, EXISTENTIAL)]).collect(),
			..Default::default()
		};
		let storage = RuntimeGenesisConfig { balances, ..Default::default() }
			.build_storage()
			.expect("genesis is sound");
		let mut ext = TestExternalities::new(storage);
		ext.register_extension(KeystoreExt::new(MemoryKeystore::new()));
		ext.execute_with(|| self.begin());
		ext
	}

	/// Run a test and check the invariants after it.
	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			check_state();
		});
	}

	fn begin(self) {
		System::set_block_number(1);
		PolicyNow::set(&self.policy);
		open_window(START);
		let validators = validators(0, self.stashes);
		Telemetry::on_genesis_session(validators.iter().map(|(who, key)| (who, key.clone())));
		assert_ok!(Telemetry::register_gateway(
			RuntimeOrigin::signed(OPERATOR),
			NETWORK,
			endpoint("https://gateway.example:9977")
		));
		for device in 0..self.devices {
			assert_ok!(assign(DeviceId(device), GATEWAY, OWNER));
		}
		pass_windows(2);
		System::reset_events();
	}
}

/// Check the invariants of the pallet, and that every slot is paid for by its depositor.
pub fn check_state() {
	Telemetry::do_try_state().expect("invariants hold");
	for who in [OPERATOR, OTHER, OWNER, BUYER, POOR] {
		let slots = Slots::<Test>::iter_values().filter(|entry| entry.depositor == who).count();
		let deposits = SLOT_DEPOSIT * u128::try_from(slots).expect("few slots");
		assert_eq!(Balances::balance_on_hold(&SlotReason::get(), &who), deposits);
	}
}

/// The pallet's events since the last call of this function.
pub fn events() -> Vec<Event> {
	let events = System::read_events_for_pallet();
	System::reset_events();
	events
}

/// Open the next window, with or without a tick; what has matured is forgotten.
pub fn pass_window(with_tick: bool) {
	let Moment { window, tick } = Present::get();
	System::set_block_number(System::block_number() + BLOCKS_PER_WINDOW);
	open_window(Moment { window: window + 1, tick: tick + u32::from(with_tick) });
}

/// Open as many windows, each with a tick.
pub fn pass_windows(windows: u32) {
	(0..windows).for_each(|_| pass_window(true));
}

/// Open windows, each with a tick, up to the one of `tick`.
pub fn pass_until(tick: Tick) {
	pass_windows(tick - Present::get().tick);
}

/// Leave the pallet idle time without limit in as many blocks; returns what it used in the last one.
pub fn idle(blocks: u32) -> Weight {
	(0..blocks).fold(Weight::zero(), |_, _| Telemetry::on_idle(System::block_number(), Weight::MAX))
}

/// Make `now` the current window, whatever was before.
pub fn open_window(now: Moment) {
	let mut windows = Windows::get();
	windows.retain(|_, record| !PERIODS.is_mature(record.tick, now.tick));
	let record = WindowRecord {
		tick: now.tick,
		anchor: ANCHOR,
		required: ANCHOR,
		session: SessionNow::get(),
		rules: RULES_VERSION,
		first_block: System::block_number(),
	};
	windows.insert(now.window, record);
	Windows::set(&windows);
	Present::set(&now);
}

/// Accounts of as many validators; none of them exists yet.
pub fn stashes(validators: u32) -> Vec<u64> {
	(0..validators).map(stash).collect()
}

/// The account of the validator with this index.
pub fn stash(member: u32) -> u64 {
	1_000 + u64::from(member)
}

/// The verdict key of a validator: another one in each session.
pub fn verdict_key(session: u32, member: u32) -> AuthorityPair {
	AuthorityPair::from_seed(&blake2_256(&("validator", session, member).encode()))
}

fn validators(session: u32, stashes: Vec<u64>) -> Vec<(u64, AuthorityId)> {
	(0..).zip(stashes).map(|(i, who)| (who, verdict_key(session, i).public())).collect()
}

/// Begin the next session; tells the pallet that nothing has changed, which it must not believe.
pub fn begin_session(stashes: Vec<u64>) {
	let session = SessionNow::get() + 1;
	SessionNow::set(&session);
	let validators = validators(session, stashes);
	let incoming = validators.iter().map(|(who, key)| (who, key.clone()));
	Telemetry::on_new_session(false, incoming.clone(), incoming);
}

fn networks() -> BTreeMap<NetworkId, FakeNetwork> {
	let config = NetworkConfig {
		schema: SCHEMA,
		meter: MeterRule::Counter { channel: 0, max_rate: 100 },
		admission: Admission::Open,
	};
	let network = FakeNetwork { config, activity: Activity::open(0, Window::MAX), open: true };
	BTreeMap::from([(NETWORK, network.clone()), (OTHER_NETWORK, network)])
}

/// Change what is known of [`NETWORK`].
pub fn change_network(change: impl FnOnce(&mut FakeNetwork)) {
	let mut networks = NetworkTable::get();
	change(networks.get_mut(&NETWORK).expect("registered"));
	NetworkTable::set(&networks);
}

/// With which a device signs its readings.
pub fn device_key(device: DeviceId) -> ed25519::Pair {
	ed25519::Pair::from_seed(&blake2_256(&("device", device).encode()))
}

/// Give an active device of [`NETWORK`] a slot from the next window on, paid to `payee`.
pub fn assign(device: DeviceId, gateway: GatewayId, payee: u64) -> Result<Slot, DispatchError> {
	let from = FakeTime::next_window();
	let slot = Telemetry::open(gateway, NETWORK, device, &payee, from)?;
	let state = DeviceState {
		network: NETWORK,
		maker: None,
		key: Dated::new(DeviceKey::Ed25519(device_key(device).public()), 0, 0),
		assignment: Some(Dated::new(Assignment { gateway, slot }, from, 0)),
		activity: Activity::open(0, Window::MAX),
		expires: Window::MAX,
	};
	let mut devices = DeviceTable::get();
	devices.insert(device, state);
	DeviceTable::set(&devices);
	Ok(slot)
}

pub fn name(text: &str) -> Name {
	text.as_bytes().to_vec().try_into().expect("at most 32 bytes")
}

pub fn endpoint(url: &str) -> Endpoint {
	url.as_bytes().to_vec().try_into().expect("at most 128 bytes")
}

/// [`GATEWAY`]'s record.
pub fn gateway() -> GatewayRecordOf<Test> {
	Gateways::<Test>::get(GATEWAY).expect("registered")
}

/// A batch of [`GATEWAY`].
pub fn batch(window: Window, attempt: Attempt) -> BatchRecord {
	Batches::<Test>::get((GATEWAY, window, attempt)).expect("kept")
}

/// What a gateway may seal next: two readings of one device, worth ten units, in 2,000 bytes.
pub fn header(gateway: GatewayId) -> HeaderV1 {
	let record = Gateways::<Test>::get(gateway).expect("registered");
	HeaderV1 {
		attempt: record.deaths,
		previous_root: record.sealed.map_or_else(empty_root, |head| head.root),
		ledger_root: blake2_256(&("ledger", gateway, record.queue.next).encode()),
		transition_root: [3; 32],
		sums: Sums { units: 10, readings: 2, devices: 1 },
		payload_root: [4; 32],
		payload_size: 2_000,
		rules: RULES_VERSION,
	}
}

/// Seal a window of [`GATEWAY`] with [`header`].
pub fn seal(window: Window) -> DispatchResult {
	seal_with(window, header(GATEWAY))
}

/// Seal a window of [`GATEWAY`].
pub fn seal_with(window: Window, header: HeaderV1) -> DispatchResult {
	Telemetry::seal(RuntimeOrigin::signed(OPERATOR), GATEWAY, window, Header::V1(header))
}

/// What a member says of a batch, with a tag that goes with the verdict.
pub fn claim(
	gateway: GatewayId,
	window: Window,
	attempt: Attempt,
	member: u32,
	verdict: Verdict,
) -> VerdictClaim {
	let batch = Batches::<Test>::get((gateway, window, attempt));
	VerdictClaim {
		gateway,
		window,
		attempt,
		header_hash: batch.as_ref().map_or([0; 32], |batch| batch.header_hash),
		session: batch.map_or_else(SessionNow::get, |batch| batch.session),
		member,
		verdict,
		tag: if verdict == Verdict::Unavailable { [0; 32] } else { [1; 32] },
	}
}

/// The signature of the member that the claim names.
pub fn sign(claim: &VerdictClaim) -> AuthoritySignature {
	verdict_key(claim.session, claim.member).sign(&claim.message(&GENESIS))
}

/// The general transaction by which a node submits a verdict.
pub fn transaction(claim: VerdictClaim, signature: AuthoritySignature) -> Extrinsic {
	let call = RuntimeCall::Telemetry(Call::submit_verdict { claim, signature });
	<Test as CreateAuthorizedTransaction<Call>>::create_authorized_transaction(call)
}

/// Apply a verdict as a block does: authorised, then dispatched.
pub fn submit(claim: VerdictClaim, signature: AuthoritySignature) -> ApplyExtrinsicResult {
	let transaction = transaction(claim, signature);
	let info = transaction.get_dispatch_info();
	let length = transaction.encoded_size();
	let checked = transaction.check(&ChainContext::<Test>::default())?;
	let result = checked.apply::<Test>(&info, length)?;
	Ok(result.map(|_| ()).map_err(|failure| failure.error))
}

/// A member's signed verdict, applied.
pub fn vote(
	gateway: GatewayId,
	window: Window,
	attempt: Attempt,
	member: u32,
	verdict: Verdict,
) -> ApplyExtrinsicResult {
	let claim = claim(gateway, window, attempt, member, verdict);
	submit(claim, sign(&claim))
}

/// As many members as a quorum takes find a batch of [`GATEWAY`] valid.
pub fn attest(window: Window, attempt: Attempt) {
	for member in 0..quorum(batch(window, attempt).members) {
		assert_ok!(vote(GATEWAY, window, attempt, member, Verdict::Valid), Ok(()));
	}
}

/// As many members as it takes find a batch of [`GATEWAY`] not valid.
pub fn kill(window: Window, attempt: Attempt, verdict: Verdict) {
	let members = batch(window, attempt).members;
	for member in 0..=members - quorum(members) {
		assert_ok!(vote(GATEWAY, window, attempt, member, verdict), Ok(()));
	}
}

/// Pay out one batch of [`GATEWAY`].
pub fn collect(window: Window, attempt: Attempt) -> DispatchResult {
	collect_all(&[(GATEWAY, window, attempt)]).map(|_| ()).map_err(|failure| failure.error)
}

/// Pay out batches.
pub fn collect_all(batches: &[(GatewayId, Window, Attempt)]) -> DispatchResultWithPostInfo {
	let batches = batches.to_vec().try_into().expect("at most sixteen");
	Telemetry::collect(RuntimeOrigin::signed(OTHER), batches)
}

/// What `who` has on hold for sealed batches.
pub fn held_fees(who: u64) -> u128 {
	Balances::balance_on_hold(&RuntimeHoldReason::Telemetry(HoldReason::SealFee), &who)
}
