//! Runtime APIs that clients call: what gateways, agents, owners and explorers need, in the shared
//! types, so that a client decodes an answer without metadata.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod governance;

use alloc::vec::Vec;
use cairn_did::Facts;
use cairn_geo::{Cell, Placed, UnitVector};
use cairn_telemetry::{Account, WindowContext};
use cairn_types::{
	Amount, Attempt, Cycle, Dated, DeviceId, DeviceKey, GatewayId, Hash32, MakerId, Moment,
	NetworkConfig, NetworkId, Periods, RootKey, Schema, SchemaId, Slot, Tick, Window, WindowRecord,
	view::{DeviceFacts, DeviceState, SlotRecord},
};
use codec::{Decode, Encode};
use scale_info::TypeInfo;

/// Accounts, as clients see them.
pub type AccountBytes = [u8; 32];

/// Where the chain is, and by which periods it counts.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Clock {
	/// Current window and tick.
	pub now: Moment,
	/// Current cycle.
	pub cycle: Cycle,
	/// What genesis fixed.
	pub periods: Periods,
	/// The current window's record.
	pub record: Option<WindowRecord>,
	/// The anchor that readings of the current window must carry.
	pub required: Hash32,
	/// The anchor that readings of the next window must carry, as far as is known now.
	pub upcoming: Hash32,
}

/// A device, with everything `why` needs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct DeviceView {
	/// Its id.
	pub device: DeviceId,
	/// Its owner.
	pub owner: AccountBytes,
	/// Name of its stage.
	pub stage: Vec<u8>,
	/// What checks use, with its past.
	pub state: DeviceState,
	/// Maker and serial of its certificate.
	pub serial: Option<(MakerId, Vec<u8>)>,
	/// Its root key.
	pub root: Option<RootKey>,
	/// Block of its last change of owner or key: proofs and makers' consents name it.
	pub changed: u32,
	/// Whether its operational key was an earlier owner's, and so names no owner.
	pub inherited: bool,
	/// The keys that it is to get, if it has lost its own.
	pub recovery: Option<RecoveryView>,
	/// Where it is and was, if it ever asserted a place.
	pub location: Option<Dated<Placed>>,
}

/// Keys that a device is to get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct RecoveryView {
	/// Its operational key then.
	pub key: DeviceKey,
	/// Its root key then.
	pub root: Option<RootKey>,
	/// Block of the request: objections name it.
	pub requested: u32,
	/// First tick at which it gets them, if nobody objects.
	pub due: Tick,
}

/// A network.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct NetworkView {
	/// Its id.
	pub network: NetworkId,
	/// Its owner.
	pub owner: AccountBytes,
	/// Its name.
	pub name: Vec<u8>,
	/// Name of its stage.
	pub stage: Vec<u8>,
	/// What holds in the current cycle.
	pub config: NetworkConfig,
	/// What holds from the next cycle on.
	pub next: NetworkConfig,
	/// Bootstrap weight in the current cycle.
	pub weight: u32,
	/// Units attested in the current cycle so far.
	pub units: u128,
}

/// A head of a gateway's chain of batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct HeadView {
	/// Its window.
	pub window: Window,
	/// Its attempt.
	pub attempt: Attempt,
	/// Its ledger root.
	pub root: Hash32,
}

/// A gateway.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct GatewayView {
	/// Its id.
	pub gateway: GatewayId,
	/// Its operator.
	pub operator: AccountBytes,
	/// The network it serves.
	pub network: NetworkId,
	/// Where devices reach it.
	pub endpoint: Vec<u8>,
	/// Whether it has been retired.
	pub retired: bool,
	/// The last window it sealed and that is not dead.
	pub sealed: Option<HeadView>,
	/// The last window that was attested.
	pub attested: Option<HeadView>,
	/// The attempt that a batch sealed now must name.
	pub attempt: Attempt,
	/// First window that may be sealed next; earlier ones are sealed, skipped or too old.
	pub next_window: Window,
	/// Slots handed out so far.
	pub slots: Slot,
	/// Devices assigned now.
	pub assigned: u32,
	/// Batches attested, found invalid, unavailable, and without a quorum.
	pub record: [u32; 4],
	/// Worth of frozen cycles attested through it.
	pub accrued: Amount,
	/// Paid through it so far.
	pub paid: Amount,
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum BatchStage {
	/// Waiting for verdicts, or for the batch before it.
	Pending,
	/// Attested; matured at the tick given.
	Attested {
		/// Tick from which claims may use it.
		matures: Tick,
	},
	/// Dead: it may be sealed again.
	Dead,
}

/// A batch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct BatchView {
	/// Whose.
	pub gateway: GatewayId,
	/// Of which window.
	pub window: Window,
	/// Which try.
	pub attempt: Attempt,
	/// What it is called.
	pub header_hash: Hash32,
	/// The ledger after it.
	pub ledger_root: Hash32,
	/// Units, readings, devices.
	pub sums: cairn_telemetry::Sums,
	/// What became of it.
	pub stage: BatchStage,
	/// Members drawn; empty until the seed is known and the first verdict came.
	pub committee: Vec<u32>,
	/// Verdicts so far: valid, invalid, unavailable.
	pub verdicts: [u32; 3],
	/// Members on the committee and verdicts needed.
	pub quorum: (u32, u32),
	/// First tick at which it is dead without a quorum; `None` while the batch before it waits.
	pub due: Option<Tick>,
}

/// What a slot has earned.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct EarningView {
	/// Whose slot.
	pub slot: SlotRecord<AccountBytes>,
	/// Entitlement already turned into pay.
	pub paid: Amount,
	/// Of that, not released yet.
	pub unvested: Amount,
}

sp_api::decl_runtime_apis! {
	/// What Cairn's clients ask.
	pub trait CairnApi {
		/// Where the chain is in time.
		fn clock() -> Clock;
		/// What a step of `network` in `window` depends on; `None` if the window has no record.
		fn window_context(network: NetworkId, window: Window) -> Option<WindowContext>;
		/// Worth of one unit of a frozen cycle in Q64; `None` while it is not frozen.
		fn rate(network: NetworkId, cycle: Cycle) -> Option<u128>;
		/// A schema, and whether it may be chosen anew.
		fn schema(id: SchemaId) -> Option<(Schema, bool)>;
		/// A network.
		fn network(id: NetworkId) -> Option<NetworkView>;
		/// A device.
		fn device(id: DeviceId) -> Option<DeviceView>;
		/// The device with this key.
		fn device_by_key(key: DeviceKey) -> Option<DeviceId>;
		/// What holds of a device in a window.
		fn device_facts(id: DeviceId, window: Window) -> Option<DeviceFacts>;
		/// A gateway.
		fn gateway(id: GatewayId) -> Option<GatewayView>;
		/// A slot of a gateway's ledger.
		fn slot(gateway: GatewayId, slot: Slot) -> Option<SlotRecord<AccountBytes>>;
		/// Slots `from..from + count` of a gateway with what holds of their devices in `window`.
		fn slots(gateway: GatewayId, window: Window, from: Slot, count: u32) -> Vec<(Slot, DeviceFacts)>;
		/// A batch.
		fn batch(gateway: GatewayId, window: Window, attempt: Attempt) -> Option<BatchView>;
		/// The newest window of a gateway whose ledger has matured and is kept.
		fn matured(gateway: GatewayId) -> Option<HeadView>;
		/// What a slot has been paid.
		fn earning(gateway: GatewayId, slot: Slot) -> Option<EarningView>;
		/// What claiming with this account now would turn into pay, and release at once.
		fn claimable(gateway: GatewayId, slot: Slot, account: Account) -> (Amount, Amount);
		/// The device with this root key.
		fn device_by_root(root: RootKey) -> Option<DeviceId>;
		/// How many devices that have not ended asserted a place in a cell of resolution 4 to 12.
		fn cell_count(cell: Cell) -> u32;
		/// The vector that asserting a place in this cell stores.
		fn unit_vector(cell: Cell) -> UnitVector;
		/// What the DID document of a device says; `None` if there never was such a device.
		fn did_facts(id: DeviceId) -> Option<Facts>;
	}
}
