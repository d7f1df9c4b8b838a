//! What the pallets' benchmarks need of other pallets: made by their own calls where a call can
//! make it, written to their storage where it takes time or a committee.

use crate::{
	AccountId, Balance, Balances, Entropy, Networks, Rewards, Runtime, RuntimeOrigin, Schemas,
	System, Telemetry, Time, configs::cairn::Consensus, currency::UNIT, timing,
};
use alloc::{vec, vec::Vec};
use cairn_economics::{Accrual, MAX_OPEN};
use cairn_telemetry::Claim;
use cairn_traits::{AttestedLedger, CurrentSession, Entropy as _, OnCycle, Timekeeper, UnitBook};
use cairn_types::{
	Activity, Channel, ChannelKind, Cycle, Dated, DeviceId, DeviceKey, GatewayId, Hash32, MakerId,
	MeterRule, Moment, NetworkConfig, NetworkId, Quantity, Schema, SchemaId, Slot, Tick, Unit,
	Window, WindowRecord,
	meter::{Admission, MAX_ADMITTED},
	schema::{MAX_CHANNELS, MAX_NAME, Name},
	view::{DeviceState, SlotRecord},
};
use codec::MaxEncodedLen;
use frame_benchmarking::account;
use frame_support::{
	BoundedVec,
	traits::{Consideration, Footprint, fungible::Mutate},
};
use pallet_devices::{DeviceRecord, DeviceRecordOf};
use pallet_entropy::maths::first_after;
use pallet_telemetry::{
	SlotEntryOf,
	types::{LedgerRecord, MAX_ENDPOINT, SlotEntry},
};
use pallet_time::TimeState;

/// More than any deposit or bond.
const FUNDS: Balance = 1_000_000 * UNIT;
const SEED: Hash32 = [5; 32];

/// The other pallets, to each pallet's benchmarks.
pub struct Fixtures;

/// A name of full length that differs from the others in its last byte only.
fn name(last: u8) -> Name {
	let mut bytes = vec![b'n'; usize::try_from(MAX_NAME).unwrap_or(1)];
	if let Some(byte) = bytes.last_mut() {
		*byte = last;
	}
	BoundedVec::truncate_from(bytes)
}

/// A schema of as many channels as allowed, all of them counters.
pub(super) fn largest_schema() -> Schema {
	let channels: Vec<_> = (b'a'..=b'z')
		.take(usize::try_from(MAX_CHANNELS).unwrap_or(1))
		.map(|last| Channel {
			name: name(last),
			quantity: Quantity::Information,
			unit: Unit::Byte,
			scale: 0,
			kind: ChannelKind::Counter,
			min: 0,
			max: i64::MAX,
			max_change: Some(u64::MAX),
		})
		.collect();
	Schema { name: name(b'0'), version: 1, channels: BoundedVec::truncate_from(channels) }
}

/// The meter that looks furthest into [`largest_schema`]: its last channel.
pub(super) fn last_counter() -> MeterRule {
	MeterRule::Counter {
		channel: u8::try_from(MAX_CHANNELS.saturating_sub(1)).unwrap_or(0),
		max_rate: u64::MAX,
	}
}

fn fund(who: &AccountId) {
	let _ = Balances::mint_into(who, FUNDS); // fails only beyond the total of all balances
}

fn funded(name: &'static str) -> AccountId {
	let who = account(name, 0, 0);
	fund(&who);
	who
}

/// Publish the largest schema.
fn publish() -> SchemaId {
	let id = pallet_schemas::NextId::<Runtime>::get();
	let publisher = RuntimeOrigin::signed(funded("publisher"));
	Schemas::publish(publisher, largest_schema()).expect("a sound schema; the publisher can pay");
	id
}

/// Admit as many makers as a network may: `maker` the last, and those with the ids before it.
fn certified_by(maker: MakerId) -> Admission {
	let makers = (0..MAX_ADMITTED).rev().map(|before| MakerId(maker.0.wrapping_sub(before)));
	Admission::Certified(BoundedVec::truncate_from(makers.collect()))
}

/// Create a network of the largest schema.
fn create_network(admission: Admission) -> NetworkId {
	let id = pallet_networks::NextId::<Runtime>::get();
	let config = NetworkConfig { schema: publish(), meter: last_counter(), admission };
	let owner = RuntimeOrigin::signed(funded("network owner"));
	Networks::create(owner, name(b'0'), config).expect("a sound network; its owner can pay");
	id
}

/// Register a gateway of `network`.
fn register_gateway(network: NetworkId) -> GatewayId {
	let id = pallet_telemetry::NextGateway::<Runtime>::get();
	let operator = RuntimeOrigin::signed(funded("gateway operator"));
	let mut endpoint = b"https://gateway".to_vec();
	endpoint.resize(usize::try_from(MAX_ENDPOINT).unwrap_or(64), b'y');
	let endpoint = BoundedVec::truncate_from(endpoint);
	Telemetry::register_gateway(operator, network, endpoint)
		.expect("the network is open; the operator can pay");
	id
}

/// Let ticks pass, and as many windows, each of them recorded.
fn pass(ticks: Tick) {
	let Moment { window, tick } = Time::now();
	let anchor = Entropy::newest();
	let record = |tick: Tick| WindowRecord {
		tick,
		anchor,
		required: anchor,
		session: Consensus::session(),
		rules: pallet_time::RulesVersion::<Runtime>::get(),
		first_block: System::block_number(),
	};
	for passed in 0..=ticks {
		let (window, tick) = (window.saturating_add(passed), tick.saturating_add(passed));
		pallet_time::Windows::<Runtime>::insert(window, record(tick));
		pallet_time::Now::<Runtime>::mutate(|now| {
			let before = now.unwrap_or_else(|| TimeState::first(window, anchor, false));
			*now = Some(TimeState { window, tick, ..before });
		});
	}
}

/// Pass to the first tick of a cycle, and begin it.
fn begin_cycle(cycle: Cycle) {
	pass(cycle.saturating_mul(Time::periods().cycle_ticks).saturating_sub(Time::now().tick));
	if !pallet_rewards::Cycles::<Runtime>::contains_key(cycle) {
		Rewards::on_cycle(cycle);
	}
}

/// Give `device` a slot for all times, paid to `payee`.
fn insert_slot(gateway: GatewayId, slot: Slot, device: DeviceId, payee: AccountId) {
	type Deposit = <Runtime as pallet_telemetry::Config>::SlotDeposit;

	let depositor = funded("depositor");
	let footprint = Footprint::from_parts(1, SlotEntryOf::<Runtime>::max_encoded_len());
	let ticket = Deposit::new(&depositor, footprint).expect("the depositor can pay");
	let record = SlotRecord { device, payee, from: 0, until: Window::MAX };
	let entry = SlotEntry { record, settled: 0, depositor, ticket };
	pallet_telemetry::Slots::<Runtime>::insert(gateway, slot, entry);
}

/// Register `device` of `network` with `key`, active and in a slot of `gateway`, for all times.
pub(super) fn insert_device(
	network: NetworkId,
	device: DeviceId,
	key: DeviceKey,
	(gateway, slot): (GatewayId, Slot),
) {
	type Deposit = <Runtime as pallet_devices::Config>::Deposit;

	let owner = funded("device owner");
	let footprint = Footprint::from_mel::<DeviceRecordOf<Runtime>>();
	let record = DeviceRecord {
		ticket: Deposit::new(&owner, footprint).expect("the owner can pay"),
		owner: owner.clone(),
		stage: pallet_devices::Stage::Active,
		state: DeviceState {
			network,
			maker: None,
			key: Dated::new(key, 0, 0),
			assignment: None,
			activity: Activity::open(0, Window::MAX),
			expires: Window::MAX,
		},
		certified: None,
		root: None,
		changed: 0,
		inherited: false,
	};
	pallet_devices::Devices::<Runtime>::insert(device, record);
	insert_slot(gateway, slot, device, owner);
}

impl pallet_entropy::BenchmarkHelper for Fixtures {
	fn set_previous_output(output: Hash32) {
		pallet_babe::AuthorVrfRandomness::<Runtime>::put(Some(output));
	}
}

impl pallet_time::BenchmarkHelper for Fixtures {
	fn set_slot(slot: u64) {
		pallet_babe::CurrentSlot::<Runtime>::put(sp_consensus_babe::Slot::from(slot));
	}
}

impl pallet_networks::BenchmarkHelper for Fixtures {
	fn schema() -> SchemaId {
		publish()
	}
}

impl pallet_devices::BenchmarkHelper<AccountId> for Fixtures {
	fn fund(who: &AccountId) {
		fund(who);
	}

	fn network(maker: MakerId) -> NetworkId {
		create_network(certified_by(maker))
	}

	fn open_network() -> NetworkId {
		create_network(Admission::Open)
	}

	fn gateway(network: NetworkId) -> GatewayId {
		register_gateway(network)
	}

	fn advance(ticks: Tick) {
		pass(ticks);
	}
}

impl pallet_telemetry::BenchmarkHelper<AccountId> for Fixtures {
	fn fund(who: &AccountId) {
		fund(who);
	}

	fn network() -> NetworkId {
		create_network(certified_by(MakerId(0)))
	}

	fn advance(ticks: Tick) {
		pass(ticks);
	}

	fn accrued(network: NetworkId) -> Accrual {
		let mut accrual = Accrual::default();
		for cycle in 1..=MAX_OPEN {
			begin_cycle(cycle);
			<Rewards as UnitBook>::note_attested(&mut accrual, network, cycle, 1);
		}
		// All of them are frozen by then: H is at most two cycles.
		begin_cycle(MAX_OPEN.saturating_add(3));
		accrual
	}

	fn make_seed(after: u32) {
		let period = first_after(after, timing::SeedPeriodBlocks::get());
		pallet_entropy::Seeds::<Runtime>::insert(period, SEED);
	}
}

impl pallet_rewards::BenchmarkHelper<AccountId> for Fixtures {
	fn set_tick(tick: Tick) {
		pass(tick.saturating_sub(Time::now().tick));
	}

	fn certified_network() -> NetworkId {
		create_network(certified_by(MakerId(0)))
	}

	fn note_attested(gateway: GatewayId, network: NetworkId, cycle: Cycle, units: u128) {
		while pallet_telemetry::NextGateway::<Runtime>::get() <= gateway {
			register_gateway(network);
		}
		let (_, mut accrual) = Telemetry::accrual(gateway).unwrap_or_default();
		<Rewards as UnitBook>::note_attested(&mut accrual, network, cycle, units);
		Telemetry::set_accrual(gateway, accrual);
	}

	fn prove(claim: &Claim, network: NetworkId, payee: &AccountId) {
		let root = claim.root().expect("the path is in its one encoding");
		let ledger = LedgerRecord { root, tick: 0, network };
		pallet_telemetry::Ledgers::<Runtime>::insert(claim.gateway, claim.window, ledger);
		insert_slot(claim.gateway, claim.slot, claim.account.latest().device, payee.clone());
	}
}
