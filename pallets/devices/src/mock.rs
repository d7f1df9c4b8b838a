//! A chain of balances and devices, with networks, gateways and a clock that tests set.

#![expect(unreachable_pub, reason = "the runtime macro wants public items")]

use cairn_geo::{Coordinates, LOCATION_RESOLUTION, Location};
use cairn_traits::{NetworkRegistry, SlotBook, Timekeeper};
use cairn_types::{
	Admission, Approval, Certificate, CertificateClaim, CertificateClaimV2, CertificateV1,
	CertificateV2, CertifierKey, CertifierSignature, Cycle, Delegation, DeviceId, DeviceKey,
	DeviceSignature, GatewayId, Hash32, Identity, MakerId, MeterRule, Moment, NetworkConfig,
	NetworkId, P256Pair, Periods, Possession, Registration, RootKey, RootSignature, Rules,
	SchemaId, Serial, Slot, Tick, Window, WindowRecord,
	certificate::{objection_message, possession_message, recovery_message},
	root::delegation_message,
	view::SlotRecord,
};
use codec::Encode;
use frame_support::{
	assert_ok, derive_impl, parameter_types,
	storage::unhashed,
	traits::{
		ConstU32, ConstU64, ConstantStoragePrice, LinearStoragePrice,
		fungible::{HoldConsideration, InspectHold, Mutate},
	},
	weights::constants::RocksDbWeight,
};
use frame_system::EnsureRoot;
use sp_core::{H256, Pair, ecdsa, ed25519, sr25519};
use sp_keystore::{KeystoreExt, testing::MemoryKeystore};
use sp_runtime::{AccountId32, BuildStorage, DispatchError, traits::IdentityLookup};

use crate::{self as pallet_devices, Policy};

pub type AccountId = AccountId32;
pub type Error = pallet_devices::Error<Test>;
pub type Event = pallet_devices::Event<Test>;
pub type Record = pallet_devices::DeviceRecordOf<Test>;

pub const ALICE: AccountId = AccountId32::new([1; 32]);
pub const BOB: AccountId = AccountId32::new([2; 32]);
/// Acts for makers.
pub const MAKER: AccountId = AccountId32::new([3; 32]);
/// Has nothing but the existential deposit.
pub const POOR: AccountId = AccountId32::new([4; 32]);

/// Admits every device.
pub const OPEN: NetworkId = NetworkId(0);
/// Admits certified devices only, at first those of the first maker.
pub const CERTIFIED: NetworkId = NetworkId(1);
/// Takes no new devices.
pub const CLOSED: NetworkId = NetworkId(2);

/// Gateways of [`OPEN`].
pub const GATEWAY: GatewayId = GatewayId(0);
pub const OTHER_GATEWAY: GatewayId = GatewayId(1);
/// A gateway that does not exist.
pub const NO_GATEWAY: GatewayId = GatewayId(99);

/// The preset `development`.
pub const PERIODS: Periods = Periods::DEVELOPMENT;
/// H, and one more: after as many ticks a change made now may be followed by another one.
pub const SETTLED: Tick = 9;
/// After as many windows proofs of possession are too old, too.
pub const VOID: Tick = 50;
/// Where tests begin.
pub const START: Moment = Moment { window: 1_000, tick: 500 };
/// Most devices of one maker in a cycle.
pub const CYCLE_LIMIT: u32 = 3;
/// Ticks for which a bond stays when nothing can be checked any more.
pub const LEAVING: Tick = 5;
/// Ticks between the request of a recovery and its completion.
pub const RECOVERY: Tick = 12;

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
	pub type Devices = pallet_devices;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlockU32<Test>;
	type AccountId = AccountId;
	type Lookup = IdentityLookup<AccountId>;
	type AccountData = pallet_balances::AccountData<u64>;
	type BlockHashCount = ConstU32<300>;
	type DbWeight = RocksDbWeight;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
}

parameter_types! {
	pub const DepositReason: RuntimeHoldReason =
		RuntimeHoldReason::Devices(pallet_devices::HoldReason::Deposit);
	pub const BondReason: RuntimeHoldReason =
		RuntimeHoldReason::Devices(pallet_devices::HoldReason::MakerBond);
	pub static Now: Moment = START;
	pub static Tuned: Policy<u64> = POLICY;
	/// [`CERTIFIED`] admits makers up to this one.
	pub static LastAdmitted: u32 = 0;
	/// [`OPEN`] has become as [`CERTIFIED`] is.
	pub static OpenCertifies: bool = false;
}

impl pallet_devices::Config for Test {
	type Time = FakeTime;
	type Networks = FakeNetworks;
	type Slots = FakeSlots;
	type Deposit = HoldConsideration<
		AccountId,
		Balances,
		DepositReason,
		LinearStoragePrice<ConstU64<100>, ConstU64<1>, u64>,
	>;
	type MakerBond = HoldConsideration<
		AccountId,
		Balances,
		BondReason,
		ConstantStoragePrice<ConstU64<BOND>, u64>,
	>;
	type Currency = Balances;
	type Policy = Tuned;
	type MaxProofAge = ConstU32<256>;
	type LeavingTicks = ConstU32<LEAVING>;
	type AdminOrigin = EnsureRoot<AccountId>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = FakeHelper;
}

/// What it costs to move.
pub const MOVING_FEE: u64 = 700;
/// Devices stay nowhere longer than checks reach back.
const POLICY: Policy<u64> = Policy {
	per_cycle: CYCLE_LIMIT,
	recovery_ticks: RECOVERY,
	moving_fee: MOVING_FEE,
	moving_ticks: 0,
};

/// A maker's bond.
pub const BOND: u64 = 5_000;

pub struct FakeTime;

impl Timekeeper for FakeTime {
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

/// Only devices of makers up to [`LastAdmitted`].
fn certified_only() -> Admission {
	let makers: Vec<_> = (0..=LastAdmitted::get()).map(MakerId).collect();
	Admission::Certified(makers.try_into().expect("few makers"))
}

pub struct FakeNetworks;

impl NetworkRegistry for FakeNetworks {
	fn config(id: NetworkId, _: Cycle) -> Option<NetworkConfig> {
		let admission = match id {
			OPEN if OpenCertifies::get() => certified_only(),
			OPEN | CLOSED => Admission::Open,
			CERTIFIED => certified_only(),
			_ => return None,
		};
		let meter = MeterRule::Uptime { expected: 1, cap: 1 };
		Some(NetworkConfig { schema: SchemaId(0), meter, admission })
	}

	fn is_active(id: NetworkId, _: Window) -> bool {
		Self::is_open(id)
	}

	fn is_open(id: NetworkId) -> bool {
		id == OPEN || id == CERTIFIED
	}
}

/// Gateways 0..10 serve [`OPEN`], 10..20 [`CERTIFIED`]; each gives slots in order.
pub struct FakeSlots;

impl FakeSlots {
	fn key(gateway: GatewayId, slot: Slot) -> Vec<u8> {
		(b"mock/slots", gateway, slot).encode()
	}

	fn next_key(gateway: GatewayId) -> Vec<u8> {
		(b"mock/next", gateway).encode()
	}
}

impl SlotBook<AccountId> for FakeSlots {
	fn open(
		gateway: GatewayId,
		network: NetworkId,
		device: DeviceId,
		payee: &AccountId,
		from: Window,
	) -> Result<Slot, DispatchError> {
		if gateway.0 / 10 != network.0 {
			return Err(DispatchError::Other("no such gateway of the network"));
		}
		let slot: Slot = unhashed::get_or_default(&Self::next_key(gateway));
		unhashed::put(&Self::next_key(gateway), &(slot + 1));
		let record = SlotRecord { device, payee: payee.clone(), from, until: Window::MAX };
		unhashed::put(&Self::key(gateway, slot), &record);
		Ok(slot)
	}

	fn end(gateway: GatewayId, slot: Slot, until: Window) {
		let mut record = Self::get(gateway, slot).expect("only open slots end");
		record.until = record.until.min(until);
		unhashed::put(&Self::key(gateway, slot), &record);
	}

	fn get(gateway: GatewayId, slot: Slot) -> Option<SlotRecord<AccountId>> {
		unhashed::get(&Self::key(gateway, slot))
	}

	fn set_payee(gateway: GatewayId, slot: Slot, payee: AccountId) -> Result<(), DispatchError> {
		let mut record = Self::get(gateway, slot).ok_or(DispatchError::CannotLookup)?;
		record.payee = payee;
		unhashed::put(&Self::key(gateway, slot), &record);
		Ok(())
	}
}

#[cfg(feature = "runtime-benchmarks")]
pub struct FakeHelper;

#[cfg(feature = "runtime-benchmarks")]
impl pallet_devices::BenchmarkHelper<AccountId> for FakeHelper {
	fn fund(who: &AccountId) {
		Balances::set_balance(who, 1_000_000);
	}

	fn network(maker: MakerId) -> NetworkId {
		LastAdmitted::set(maker.0);
		Tuned::mutate(|policy| policy.per_cycle = 1_000);
		CERTIFIED
	}

	fn open_network() -> NetworkId {
		OPEN
	}

	fn gateway(network: NetworkId) -> GatewayId {
		let used: u32 = unhashed::get_or_default(b"mock/gateways");
		unhashed::put(b"mock/gateways", &(used + 1));
		GatewayId(network.0 * 10 + used % 10)
	}

	fn advance(ticks: Tick) {
		Now::mutate(|now| {
			now.window += ticks;
			now.tick += ticks;
		});
	}
}

/// Builds the chain that a test starts from.
#[derive(Default)]
pub struct ExtBuilder {
	makers: u32,
}

impl ExtBuilder {
	/// With as many makers, for all of which [`MAKER`] acts.
	#[must_use]
	pub fn with_makers(mut self, makers: u32) -> Self {
		self.makers = makers;
		self
	}

	pub fn build(self) -> sp_io::TestExternalities {
		Now::set(START);
		Tuned::set(POLICY);
		LastAdmitted::set(0);
		OpenCertifies::set(false);
		let storage = RuntimeGenesisConfig::default().build_storage().expect("genesis is sound");
		let mut ext = sp_io::TestExternalities::new(storage);
		ext.register_extension(KeystoreExt::new(MemoryKeystore::new()));
		ext.execute_with(|| {
			for who in [ALICE, BOB, MAKER] {
				Balances::set_balance(&who, 1_000_000);
			}
			Balances::set_balance(&POOR, 1);
			end_blocks(10);
			for maker in 0..self.makers {
				let key = maker_key(maker, 0);
				assert_ok!(Devices::register_maker(RuntimeOrigin::signed(MAKER), key));
			}
			System::reset_events();
		});
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

/// Check the invariants of the pallet, and that what is on hold is the price of what is kept.
pub fn check_state() {
	Devices::do_try_state().expect("invariants hold");
	for who in [ALICE, BOB, MAKER, POOR] {
		assert_eq!(held(&who), price_of_entries(&who), "deposits of {who}");
		let makers = pallet_devices::Makers::<Test>::iter_values();
		let bonds =
			makers.filter_map(|record| record.bond).filter(|bond| bond.payer == who).count();
		assert_eq!(bonded(&who), BOND * u64::try_from(bonds).expect("few"), "bonds of {who}");
	}
}

fn price_of_entries(who: &AccountId) -> u64 {
	let devices = pallet_devices::Devices::<Test>::iter_values()
		.filter(|record| record.owner == *who)
		.map(|_| device_price());
	let serials = pallet_devices::Serials::<Test>::iter_values()
		.filter(|entry| entry.deposit.as_ref().is_some_and(|(payer, _)| payer == who))
		.map(|_| serial_price());
	let recoveries = pallet_devices::Recoveries::<Test>::iter_keys()
		.filter(|device| record(*device).owner == *who)
		.map(|_| recovery_price());
	let locations = pallet_devices::Locations::<Test>::iter_keys()
		.filter(|device| record(*device).owner == *who)
		.map(|_| location_price());
	devices.chain(serials).chain(recoveries).chain(locations).sum()
}

/// The deposit of a device.
pub fn device_price() -> u64 {
	100 + Devices::device_footprint().size
}

/// The deposit of a serial number.
pub fn serial_price() -> u64 {
	100 + Devices::serial_footprint().size
}

/// The deposit of a recovery.
pub fn recovery_price() -> u64 {
	100 + Devices::recovery_footprint().size
}

/// The deposit of a location.
pub fn location_price() -> u64 {
	100 + Devices::location_footprint().size
}

/// One of the places where devices are in tests, thousands of kilometres from one another.
pub fn place(number: u8) -> Location {
	let place = Coordinates::new(47.0, 8.0 + 30.0 * f64::from(number)).expect("on Earth");
	let cell = place.cell(LOCATION_RESOLUTION).expect("a resolution of H3");
	Location::new(cell, 400, 25).expect("valid")
}

/// What `who` has on hold for devices, their locations, serial numbers and recoveries.
pub fn held(who: &AccountId) -> u64 {
	Balances::balance_on_hold(&DepositReason::get(), who)
}

/// What `who` has on hold for makers.
pub fn bonded(who: &AccountId) -> u64 {
	Balances::balance_on_hold(&BondReason::get(), who)
}

/// Leave `who` with as much that may be put on hold.
pub fn spend_all_but(who: &AccountId, left: u64) {
	// One is the existential deposit.
	Balances::set_balance(who, 1 + left);
}

/// The pallet's events since the last call of this function.
pub fn events() -> Vec<Event> {
	let events = System::read_events_for_pallet();
	System::reset_events();
	events
}

/// Let as many blocks pass.
pub fn end_blocks(count: u32) {
	for _ in 0..count {
		let number = System::block_number();
		if number > 0 {
			let hash = H256::from_low_u64_be(u64::from(number));
			frame_system::BlockHash::<Test>::insert(number, hash);
		}
		System::set_block_number(number + 1);
	}
}

/// Let as many windows pass, each of them a tick.
pub fn advance(windows: Window) {
	Now::mutate(|now| {
		now.window += windows;
		now.tick += windows;
	});
	end_blocks(windows * 6);
}

/// The window from which a change made now holds.
pub fn next_window() -> Window {
	Now::get().window + 1
}

/// What a device signs with.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "a handful of keys in tests")]
pub enum DevicePair {
	Ed25519(ed25519::Pair),
	Sr25519(sr25519::Pair),
	Secp256k1(ecdsa::Pair),
}

impl DevicePair {
	/// The pair of a seed, of kind `seed mod 3`.
	pub fn new(seed: u8) -> Self {
		match seed % 3 {
			0 => Self::Ed25519(ed25519::Pair::from_seed(&[seed; 32])),
			1 => Self::Sr25519(sr25519::Pair::from_seed(&[seed; 32])),
			_ => Self::Secp256k1(ecdsa::Pair::from_seed(&[seed; 32])),
		}
	}

	/// One of each kind.
	pub fn kinds() -> [Self; 3] {
		[Self::new(3), Self::new(4), Self::new(5)]
	}

	pub fn key(&self) -> DeviceKey {
		match self {
			Self::Ed25519(pair) => DeviceKey::Ed25519(pair.public()),
			Self::Sr25519(pair) => DeviceKey::Sr25519(pair.public()),
			Self::Secp256k1(pair) => DeviceKey::Secp256k1(pair.public()),
		}
	}

	pub fn sign(&self, message: &Hash32) -> DeviceSignature {
		match self {
			Self::Ed25519(pair) => DeviceSignature::Ed25519(pair.sign(message)),
			Self::Sr25519(pair) => DeviceSignature::Sr25519(pair.sign(message)),
			Self::Secp256k1(pair) => DeviceSignature::Secp256k1(pair.sign_prehashed(message)),
		}
	}

	/// A proof of possession that is fresh now.
	pub fn prove(&self, owner: &AccountId) -> Possession {
		self.prove_at(owner, System::block_number() - 1, System::account_nonce(owner))
	}

	/// A proof of possession of some block and nonce.
	pub fn prove_at(&self, owner: &AccountId, block: u32, nonce: u32) -> Possession {
		self.prove_on(&System::block_hash(0u32).0, owner, block, nonce)
	}

	/// A proof of possession for some chain.
	pub fn prove_on(
		&self,
		genesis: &Hash32,
		owner: &AccountId,
		block: u32,
		nonce: u32,
	) -> Possession {
		let hash = System::block_hash(block).0;
		let message = possession_message(genesis, block, &hash, owner.as_ref(), nonce, &self.key());
		Possession { block, nonce, signature: self.sign(&message) }
	}
}

/// The pair of a root key.
pub fn root_pair(seed: u8) -> P256Pair {
	P256Pair::from_secret(&[seed; 32]).expect("a scalar")
}

/// The public part of [`root_pair`].
pub fn root_key(seed: u8) -> RootKey {
	RootKey::P256(root_pair(seed).public())
}

/// A root's signature over a message.
pub fn root_sign(seed: u8, message: &Hash32) -> RootSignature {
	RootSignature::P256(root_pair(seed).sign(message))
}

/// A root names `key`, for the owner, block and nonce of a proof.
pub fn delegate(seed: u8, owner: &AccountId, key: &DeviceKey, proof: &Possession) -> Delegation {
	let root = root_key(seed);
	let (block, nonce) = (proof.block, proof.nonce);
	let (genesis, hash) = (System::block_hash(0u32).0, System::block_hash(block).0);
	let message = delegation_message(&genesis, block, &hash, owner.as_ref(), nonce, &root, key);
	Delegation { root, signature: root_sign(seed, &message) }
}

/// The key pair of a maker.
pub fn maker_pair(maker: u32, index: u8) -> ed25519::Pair {
	let maker = u8::try_from(maker).expect("few makers");
	ed25519::Pair::from_seed(&[200 + maker * 10 + index; 32])
}

/// The public part of [`maker_pair`].
pub fn maker_key(maker: u32, index: u8) -> CertifierKey {
	CertifierKey::Ed25519(maker_pair(maker, index).public())
}

pub fn serial(number: u8) -> Serial {
	vec![b's', number].try_into().expect("at most 32 bytes")
}

/// What the first maker says of a device; good for a thousand windows.
pub fn claim(number: u8) -> CertificateClaim {
	CertificateClaim {
		maker: MakerId(0),
		key_index: 0,
		model: serial(0),
		serial: serial(number),
		expiry: PERIODS.start_of(START.window + 1_000),
	}
}

/// Have the maker sign a claim for `key`.
pub fn certify(claim: CertificateClaim, key: &DeviceKey) -> Certificate {
	let pair = maker_pair(claim.maker.0, claim.key_index);
	let signature = pair.sign(&claim.message(&System::block_hash(0u32).0, key));
	Certificate::V1(CertificateV1 { claim, signature })
}

/// A certificate by the first maker.
pub fn certificate(number: u8, key: &DeviceKey) -> Certificate {
	certify(claim(number), key)
}

/// What the first maker says of a device in V2.
pub fn claim_v2(number: u8) -> CertificateClaimV2 {
	let CertificateClaim { maker, key_index, model, serial, expiry } = claim(number);
	CertificateClaimV2 { maker, key_index, model, batch: serial.clone(), serial, expiry }
}

/// A certificate V2 by the first maker, for a root key or an operational one.
pub fn certificate_v2(number: u8, device: Identity) -> Certificate {
	let claim = claim_v2(number);
	let pair = maker_pair(claim.maker.0, claim.key_index);
	let message = claim.message(&System::block_hash(0u32).0, &device);
	let signature = CertifierSignature::Ed25519(pair.sign(&message));
	Certificate::V2(CertificateV2 { claim, signature })
}

/// The first maker's consent to new keys for a device.
pub fn approve(device: DeviceId, key: &DeviceKey, root: Option<RootKey>) -> Approval {
	let genesis = System::block_hash(0u32).0;
	let changed = record(device).changed;
	let maker = MakerId(0);
	let message = recovery_message(&genesis, maker, 0, device, changed, key, root.as_ref());
	let signature = CertifierSignature::Ed25519(maker_pair(0, 0).sign(&message));
	Approval { key_index: 0, signature }
}

/// What a device signs to object to the recovery that is pending.
pub fn objection(device: DeviceId) -> Hash32 {
	let pending = pallet_devices::Recoveries::<Test>::get(device).expect("it was requested");
	objection_message(&System::block_hash(0u32).0, device, pending.requested, &pending.key)
}

/// The record of a device.
pub fn record(device: DeviceId) -> Record {
	pallet_devices::Devices::<Test>::get(device).expect("the device is registered")
}

/// The slot that a device belongs to.
pub fn slot(device: DeviceId) -> SlotRecord<AccountId> {
	let held = record(device).state.assignment.expect("the device is assigned").current;
	FakeSlots::get(held.gateway, held.slot).expect("the slot was opened")
}

/// Register a device without a certificate.
pub fn registered(owner: &AccountId, pair: &DevicePair) -> DeviceId {
	let device = pallet_devices::NextDevice::<Test>::get();
	let origin = RuntimeOrigin::signed(owner.clone());
	assert_ok!(Devices::register(origin, OPEN, pair.key(), pair.prove(owner), None));
	device
}

/// Register a device that the first maker certified, on the network that requires it.
pub fn certified(owner: &AccountId, pair: &DevicePair, number: u8) -> DeviceId {
	let device = pallet_devices::NextDevice::<Test>::get();
	let origin = RuntimeOrigin::signed(owner.clone());
	let certificate = Some(certificate(number, &pair.key()));
	let proof = pair.prove(owner);
	assert_ok!(Devices::register(origin, CERTIFIED, pair.key(), proof, certificate));
	device
}

/// What registers a device of `owner` without a root, without a certificate.
pub fn registration(owner: &AccountId, pair: &DevicePair) -> Registration {
	let (key, possession) = (pair.key(), pair.prove(owner));
	Registration { key, possession, delegation: None, certificate: None }
}

/// What registers a device of `owner` with a root.
pub fn rooted_registration(owner: &AccountId, pair: &DevicePair, root: u8) -> Registration {
	let plain = registration(owner, pair);
	let delegation = Some(delegate(root, owner, &plain.key, &plain.possession));
	Registration { delegation, ..plain }
}

/// Register a device with a root, which the first maker certified.
pub fn rooted(owner: &AccountId, pair: &DevicePair, root: u8, number: u8) -> DeviceId {
	let device = pallet_devices::NextDevice::<Test>::get();
	let Registration { key, possession, delegation, .. } = rooted_registration(owner, pair, root);
	let certificate = Some(certificate_v2(number, Identity::Root(root_key(root))));
	let delegation = delegation.expect("it has a root");
	let origin = RuntimeOrigin::signed(owner.clone());
	assert_ok!(Devices::register_rooted(
		origin,
		CERTIFIED,
		key,
		possession,
		delegation,
		certificate
	));
	device
}

/// Register a device without a certificate and activate it.
pub fn active(owner: &AccountId, pair: &DevicePair) -> DeviceId {
	let device = registered(owner, pair);
	assert_ok!(Devices::activate(RuntimeOrigin::signed(owner.clone()), device));
	device
}

/// An active device that is assigned to [`GATEWAY`], all of it settled.
pub fn assigned(owner: &AccountId, pair: &DevicePair) -> DeviceId {
	let device = active(owner, pair);
	assert_ok!(Devices::assign_gateway(RuntimeOrigin::signed(owner.clone()), device, GATEWAY));
	advance(SETTLED);
	device
}

/// A device that has ended and may be reaped.
pub fn reapable(owner: &AccountId, pair: &DevicePair) -> DeviceId {
	let device = active(owner, pair);
	assert_ok!(Devices::retire(RuntimeOrigin::signed(owner.clone()), device));
	advance(VOID);
	device
}
