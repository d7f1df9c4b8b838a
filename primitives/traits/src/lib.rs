//! Traits by which pallets see each other without depending on each other: a pallet names what it
//! needs, the runtime says who provides it.

#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

extern crate alloc;

use alloc::vec::Vec;
use cairn_economics::Accrual;
use cairn_telemetry::Claim;
use cairn_types::{
	Amount, Cycle, Hash32, Moment, NetworkConfig, NetworkId, Periods, Rules, Schema, SchemaId,
	Slot, Tick, Window, WindowRecord,
	ids::{DeviceId, GatewayId},
	view::{DeviceState, SlotRecord},
};
use sp_runtime::{DispatchError, Weight};

/// Where the chain is in windows, ticks and cycles.
pub trait Timekeeper {
	/// The numbers that genesis fixed.
	fn periods() -> Periods;
	/// The current window and tick.
	fn now() -> Moment;
	/// What was recorded of `window`; `None` if it had no block or has matured and was removed.
	fn window(window: Window) -> Option<WindowRecord>;
	/// The rules of a version, while a window that uses it is kept.
	fn rules(version: u32) -> Option<Rules>;

	/// The window from which a change made now holds.
	fn next_window() -> Window {
		Self::now().next_window()
	}

	/// The cycle that the current tick belongs to.
	fn cycle() -> Cycle {
		Self::periods().cycle_of(Self::now().tick)
	}

	/// First tick at which no check can reach back before the next window: a change made now may be
	/// followed by another one then.
	fn settled() -> Tick {
		Self::periods().settled_after(Self::now().tick)
	}
}

/// Called at the first block of a cycle, once per cycle, in order.
pub trait OnCycle {
	/// `cycle` has begun; its first tick is the current one. Returns the weight used.
	fn on_cycle(cycle: Cycle) -> Weight;
}

impl OnCycle for () {
	fn on_cycle(_: Cycle) -> Weight {
		Weight::zero()
	}
}

/// Challenge randomness.
pub trait Entropy {
	/// The newest period seed; the genesis hash before the first.
	fn newest() -> Hash32;
	/// The seed for `subject`, from the first period that begins after block `after`; `None` until
	/// that period's seed is known, and again when it is no longer kept.
	fn seed(subject: &[u8], after: u32) -> Option<Hash32>;
}

/// The randomness that a block's author revealed with it.
pub trait AuthorVrf {
	/// Output of the author of the block before this one; `None` if it had none.
	fn previous_output() -> Option<Hash32>;
}

/// The consensus slot of the current block.
pub trait ConsensusSlot {
	/// The current slot.
	fn slot() -> u64;
}

/// The session of the current block.
pub trait CurrentSession {
	/// Its index.
	fn session() -> u32;
}

/// Published schemas.
pub trait SchemaRegistry {
	/// What a schema says.
	fn schema(id: SchemaId) -> Option<Schema>;
	/// Whether it may be chosen anew: published and not deprecated.
	fn is_current(id: SchemaId) -> bool;
}

/// The networks that live here.
pub trait NetworkRegistry {
	/// What holds of a network in `cycle`.
	fn config(id: NetworkId, cycle: Cycle) -> Option<NetworkConfig>;
	/// Whether it runs in `window`.
	fn is_active(id: NetworkId, window: Window) -> bool;
	/// Whether it takes new devices and gateways: it exists and is not closed.
	fn is_open(id: NetworkId) -> bool;

	/// What holds of a network in `cycle` if it takes new devices and gateways.
	fn open_config(id: NetworkId, cycle: Cycle) -> Option<NetworkConfig> {
		if Self::is_open(id) { Self::config(id, cycle) } else { None }
	}

	/// What holds of a network in `cycle` if it runs in `window`.
	fn active_config(id: NetworkId, window: Window, cycle: Cycle) -> Option<NetworkConfig> {
		if Self::is_active(id, window) { Self::config(id, cycle) } else { None }
	}
}

/// Told when what a network may earn changes.
pub trait OnNetworkChange {
	/// A network was created.
	fn on_created(id: NetworkId, certified: bool);
	/// From the next cycle on a network is (not) certified-only.
	fn on_configured(id: NetworkId, certified: bool);
	/// A network was closed for good.
	fn on_closed(id: NetworkId);
}

impl OnNetworkChange for () {
	fn on_created(_: NetworkId, _: bool) {}
	fn on_configured(_: NetworkId, _: bool) {}
	fn on_closed(_: NetworkId) {}
}

/// Registered devices.
pub trait DeviceRegistry {
	/// What checks use of a device, with its past.
	fn state(id: DeviceId) -> Option<DeviceState>;
}

/// The slots of gateways' ledgers.
pub trait SlotBook<AccountId> {
	/// Give `device` of `network` a new slot of `gateway` from window `from` on, paid to `payee`,
	/// who also pays the entry's deposit.
	///
	/// # Errors
	/// If the gateway does not exist, is retired, serves another network, has no slot left, or the
	/// deposit cannot be taken.
	fn open(
		gateway: GatewayId,
		network: NetworkId,
		device: DeviceId,
		payee: &AccountId,
		from: Window,
	) -> Result<Slot, DispatchError>;
	/// End a slot at window `until`; what it earned stays claimable.
	fn end(gateway: GatewayId, slot: Slot, until: Window);
	/// Whose slot it is, and when.
	fn get(gateway: GatewayId, slot: Slot) -> Option<SlotRecord<AccountId>>;
	/// Pay what the slot earns to `payee` from now on.
	///
	/// # Errors
	/// If there is no such slot.
	fn set_payee(gateway: GatewayId, slot: Slot, payee: AccountId) -> Result<(), DispatchError>;
}

/// What gateways' ledgers prove: how rewards and market read meters.
pub trait AttestedLedger {
	/// Check that a claim's account stands in the matured ledger that its gateway sealed for its
	/// window, and say of which network.
	///
	/// # Errors
	/// If no such ledger is attested and kept, it has not matured, or the proof does not lead from
	/// the leaf to its root.
	fn prove(claim: &Claim) -> Result<NetworkId, DispatchError>;
	/// The network of a gateway, and what was attested through it and paid of it.
	fn accrual(gateway: GatewayId) -> Option<(NetworkId, Accrual)>;
	/// Keep what has become of a gateway's accrual; nothing happens if there is no such gateway.
	fn set_accrual(gateway: GatewayId, accrual: Accrual);
	/// All gateways with their networks and accruals. Reads every gateway: for checks of state only.
	fn accruals() -> Vec<(GatewayId, NetworkId, Accrual)>;
}

/// Told of attested units, and asked what frozen ones are worth.
pub trait UnitBook {
	/// `units` of `network` in `cycle` were attested through the gateway whose accrual is given: fold
	/// what is frozen of it and count them. Never called after the cycle is frozen.
	fn note_attested(accrual: &mut Accrual, network: NetworkId, cycle: Cycle, units: u128);
	/// Worth of one unit of a frozen cycle in Q64; zero if it is not frozen, unknown or no longer kept.
	/// Whether it has expired is judged by whoever folds: a step at its window, a claim now.
	fn rate(network: NetworkId, cycle: Cycle) -> u128;
}

/// The part of an era's rewards that validators share.
pub trait ValidatorPart {
	/// Take what has accrued since the last call.
	fn take() -> Amount;
}
