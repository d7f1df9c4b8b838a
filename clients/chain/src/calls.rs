//! Every call that a client makes, typed: one module per pallet, in the order of its calls.

pub use crate::governance_calls::{
	conviction_voting, parameters, preimage, referenda, system, treasury,
};
pub use crate::staking_calls::{session, staking, voter_list};

/// Calls of `Schemas`.
pub mod schemas {
	use crate::call::Call;
	use cairn_types::{Schema, SchemaId};

	const PALLET: &str = "Schemas";

	/// Publish a schema.
	#[must_use]
	pub fn publish(schema: &Schema) -> Call {
		Call::new(PALLET, "publish", (schema,))
	}

	/// Let nobody choose a schema anew.
	#[must_use]
	pub fn deprecate(id: SchemaId) -> Call {
		Call::new(PALLET, "deprecate", (id,))
	}
}

/// Calls of `Networks`.
pub mod networks {
	use crate::call::Call;
	use cairn_types::{NetworkConfig, NetworkId, schema::Name};

	const PALLET: &str = "Networks";

	/// Create a network.
	#[must_use]
	pub fn create(name: &Name, config: &NetworkConfig) -> Call {
		Call::new(PALLET, "create", (name, config))
	}

	/// Change a network from the next cycle on.
	#[must_use]
	pub fn configure(id: NetworkId, config: &NetworkConfig) -> Call {
		Call::new(PALLET, "configure", (id, config))
	}

	/// Stop a network.
	#[must_use]
	pub fn pause(id: NetworkId) -> Call {
		Call::new(PALLET, "pause", (id,))
	}

	/// Let a paused network run again.
	#[must_use]
	pub fn resume(id: NetworkId) -> Call {
		Call::new(PALLET, "resume", (id,))
	}

	/// Offer a network to another owner.
	#[must_use]
	pub fn transfer(id: NetworkId, to: &[u8; 32]) -> Call {
		Call::new(PALLET, "transfer", (id, to))
	}

	/// Take a network that was offered.
	#[must_use]
	pub fn accept(id: NetworkId) -> Call {
		Call::new(PALLET, "accept", (id,))
	}

	/// Close a network for good.
	#[must_use]
	pub fn close(id: NetworkId) -> Call {
		Call::new(PALLET, "close", (id,))
	}

	/// Remove a closed network's record.
	#[must_use]
	pub fn reap(id: NetworkId) -> Call {
		Call::new(PALLET, "reap", (id,))
	}
}

/// Calls of `Devices`.
pub mod devices {
	use crate::call::Call;
	use cairn_geo::Location;
	use cairn_types::{
		Approval, Certificate, CertifierKey, Delegation, DeviceId, DeviceKey, GatewayId, Hash32,
		MakerId, NetworkId, Objection, Possession, Registrations, RootSignature, Serial,
	};

	const PALLET: &str = "Devices";

	/// Register a device of the sender.
	#[must_use]
	pub fn register(
		network: NetworkId,
		key: &DeviceKey,
		possession: &Possession,
		certificate: Option<&Certificate>,
	) -> Call {
		Call::new(PALLET, "register", (network, key, possession, certificate))
	}

	/// Make a device active from the next window on.
	#[must_use]
	pub fn activate(device: DeviceId) -> Call {
		Call::new(PALLET, "activate", (device,))
	}

	/// End a device's activity for the time being.
	#[must_use]
	pub fn suspend(device: DeviceId) -> Call {
		Call::new(PALLET, "suspend", (device,))
	}

	/// Suspend a device that its network does not admit any more.
	#[must_use]
	pub fn expel(device: DeviceId) -> Call {
		Call::new(PALLET, "expel", (device,))
	}

	/// End a device's activity for good.
	#[must_use]
	pub fn retire(device: DeviceId) -> Call {
		Call::new(PALLET, "retire", (device,))
	}

	/// Remove a retired device's record.
	#[must_use]
	pub fn reap(device: DeviceId) -> Call {
		Call::new(PALLET, "reap", (device,))
	}

	/// Give a device another key from the next window on.
	#[must_use]
	pub fn rotate_key(device: DeviceId, key: &DeviceKey, possession: &Possession) -> Call {
		Call::new(PALLET, "rotate_key", (device, key, possession))
	}

	/// Give a device a slot of a gateway from the next window on.
	#[must_use]
	pub fn assign_gateway(device: DeviceId, gateway: GatewayId) -> Call {
		Call::new(PALLET, "assign_gateway", (device, gateway))
	}

	/// Offer a device to another owner.
	#[must_use]
	pub fn transfer(device: DeviceId, to: &[u8; 32]) -> Call {
		Call::new(PALLET, "transfer", (device, to))
	}

	/// Take a device that was offered.
	#[must_use]
	pub fn accept(device: DeviceId) -> Call {
		Call::new(PALLET, "accept", (device,))
	}

	/// Take a device that was offered, with its own consent.
	#[must_use]
	pub fn take_over(device: DeviceId, possession: &Possession) -> Call {
		Call::new(PALLET, "take_over", (device, possession))
	}

	/// Withdraw an offer.
	#[must_use]
	pub fn cancel_transfer(device: DeviceId) -> Call {
		Call::new(PALLET, "cancel_transfer", (device,))
	}

	/// Become a maker.
	#[must_use]
	pub fn register_maker(key: &CertifierKey) -> Call {
		Call::new(PALLET, "register_maker", (key,))
	}

	/// Add a certification key.
	#[must_use]
	pub fn add_maker_key(maker: MakerId, key: &CertifierKey) -> Call {
		Call::new(PALLET, "add_maker_key", (maker, key))
	}

	/// Revoke a certification key.
	#[must_use]
	pub fn revoke_maker_key(maker: MakerId, index: u8) -> Call {
		Call::new(PALLET, "revoke_maker_key", (maker, index))
	}

	/// Revoke a certificate.
	#[must_use]
	pub fn revoke(maker: MakerId, serial: &Serial) -> Call {
		Call::new(PALLET, "revoke", (maker, serial))
	}

	/// Give a registered device a certificate.
	#[must_use]
	pub fn certify(device: DeviceId, certificate: &Certificate) -> Call {
		Call::new(PALLET, "certify", (device, certificate))
	}

	/// Stop being a maker.
	#[must_use]
	pub fn retire_maker(maker: MakerId) -> Call {
		Call::new(PALLET, "retire_maker", (maker,))
	}

	/// Retire a device by governance.
	#[must_use]
	pub fn force_retire(device: DeviceId) -> Call {
		Call::new(PALLET, "force_retire", (device,))
	}

	/// Forget a serial number that can certify nothing any more.
	#[must_use]
	pub fn forget(maker: MakerId, serial: &Serial) -> Call {
		Call::new(PALLET, "forget", (maker, serial))
	}

	/// Register a device of the sender with a root key.
	#[must_use]
	pub fn register_rooted(
		network: NetworkId,
		key: &DeviceKey,
		possession: &Possession,
		delegation: &Delegation,
		certificate: Option<&Certificate>,
	) -> Call {
		let arguments = (network, key, possession, delegation, certificate);
		Call::new(PALLET, "register_rooted", arguments)
	}

	/// Give a device with a root key another operational key from the next window on.
	#[must_use]
	pub fn rotate_rooted_key(
		device: DeviceId,
		key: &DeviceKey,
		possession: &Possession,
		signature: &RootSignature,
	) -> Call {
		Call::new(PALLET, "rotate_rooted_key", (device, key, possession, signature))
	}

	/// Register several devices of the sender, all or none.
	#[must_use]
	pub fn register_batch(network: NetworkId, registrations: &Registrations) -> Call {
		Call::new(PALLET, "register_batch", (network, registrations))
	}

	/// Ask for other keys for a device that lost its own.
	#[must_use]
	pub fn recover(
		device: DeviceId,
		key: &DeviceKey,
		possession: &Possession,
		delegation: Option<&Delegation>,
		approval: &Approval,
	) -> Call {
		Call::new(PALLET, "recover", (device, key, possession, delegation, approval))
	}

	/// Give a device the keys that were asked for.
	#[must_use]
	pub fn complete_recovery(device: DeviceId) -> Call {
		Call::new(PALLET, "complete_recovery", (device,))
	}

	/// Let a device keep its keys.
	#[must_use]
	pub fn cancel_recovery(device: DeviceId, objection: &Objection) -> Call {
		Call::new(PALLET, "cancel_recovery", (device, objection))
	}

	/// Let one more account act for a maker.
	#[must_use]
	pub fn add_maker_admin(maker: MakerId, admin: &[u8; 32]) -> Call {
		Call::new(PALLET, "add_maker_admin", (maker, admin))
	}

	/// Let an account not act for a maker any more.
	#[must_use]
	pub fn remove_maker_admin(maker: MakerId, admin: &[u8; 32]) -> Call {
		Call::new(PALLET, "remove_maker_admin", (maker, admin))
	}

	/// Assert where a device is.
	#[must_use]
	pub fn assert_location(device: DeviceId, location: &Location) -> Call {
		Call::new(PALLET, "assert_location", (device, location))
	}

	/// Attach a Thing Description to a device by its SHA-256 hash, or remove it.
	#[must_use]
	pub fn describe(device: DeviceId, description: Option<&Hash32>) -> Call {
		Call::new(PALLET, "describe", (device, description))
	}

	/// Convict a maker by governance: its bond is burned, its certificates admit nothing any more.
	#[must_use]
	pub fn force_retire_maker(maker: MakerId) -> Call {
		Call::new(PALLET, "force_retire_maker", (maker,))
	}
}

/// Calls of `Telemetry`.
pub mod telemetry {
	use crate::call::Call;
	use cairn_telemetry::{Header, VerdictClaim, authority::AuthoritySignature};
	use cairn_types::{Attempt, GatewayId, NetworkId, Slot, Window};
	use sp_core::{ConstU32, bounded::BoundedVec};

	const PALLET: &str = "Telemetry";

	/// Where devices reach a gateway: a URL.
	pub type Endpoint = BoundedVec<u8, ConstU32<128>>;
	/// Batches to collect for.
	pub type Batches = BoundedVec<(GatewayId, Window, Attempt), ConstU32<16>>;

	/// Register a gateway of the sender for a network.
	#[must_use]
	pub fn register_gateway(network: NetworkId, endpoint: &Endpoint) -> Call {
		Call::new(PALLET, "register_gateway", (network, endpoint))
	}

	/// Tell where devices reach a gateway.
	#[must_use]
	pub fn update_endpoint(gateway: GatewayId, endpoint: &Endpoint) -> Call {
		Call::new(PALLET, "update_endpoint", (gateway, endpoint))
	}

	/// Retire a gateway.
	#[must_use]
	pub fn retire_gateway(gateway: GatewayId) -> Call {
		Call::new(PALLET, "retire_gateway", (gateway,))
	}

	/// Seal a window.
	#[must_use]
	pub fn seal(gateway: GatewayId, window: Window, header: &Header) -> Call {
		Call::new(PALLET, "seal", (gateway, window, header))
	}

	/// Say what a committee member found.
	#[must_use]
	pub fn submit_verdict(claim: &VerdictClaim, signature: &AuthoritySignature) -> Call {
		Call::new(PALLET, "submit_verdict", (claim, signature))
	}

	/// Apply a gateway's death.
	#[must_use]
	pub fn expire(gateway: GatewayId) -> Call {
		Call::new(PALLET, "expire", (gateway,))
	}

	/// Take a committee member's shares.
	#[must_use]
	pub fn collect(batches: &Batches) -> Call {
		Call::new(PALLET, "collect", (batches,))
	}

	/// Close a slot whose device left.
	#[must_use]
	pub fn close_leaf(gateway: GatewayId, slot: Slot) -> Call {
		Call::new(PALLET, "close_leaf", (gateway, slot))
	}

	/// Remove a retired gateway's record.
	#[must_use]
	pub fn reap_gateway(gateway: GatewayId) -> Call {
		Call::new(PALLET, "reap_gateway", (gateway,))
	}
}

/// Calls of `Rewards`.
pub mod rewards {
	use crate::call::Call;
	use cairn_telemetry::Claim;
	use cairn_types::{GatewayId, NetworkId, Slot};
	use sp_core::{ConstU32, bounded::BoundedVec};

	const PALLET: &str = "Rewards";

	/// Claims of one transaction.
	pub type Claims = BoundedVec<Claim, ConstU32<16>>;

	/// Claim everything that a slot has earned.
	#[must_use]
	pub fn claim_attested(claim: &Claim) -> Call {
		Call::new(PALLET, "claim_attested", (claim,))
	}

	/// Claim for several slots.
	#[must_use]
	pub fn claim_many(claims: &Claims) -> Call {
		Call::new(PALLET, "claim_many", (claims,))
	}

	/// Release what has vested.
	#[must_use]
	pub fn release(gateway: GatewayId, slot: Slot) -> Call {
		Call::new(PALLET, "release", (gateway, slot))
	}

	/// Pay what a slot earns to another account.
	#[must_use]
	pub fn set_payee(gateway: GatewayId, slot: Slot, payee: &[u8; 32]) -> Call {
		Call::new(PALLET, "set_payee", (gateway, slot, payee))
	}

	/// Set a network's bootstrap weight, by governance.
	#[must_use]
	pub fn set_weight(network: NetworkId, weight: u32) -> Call {
		Call::new(PALLET, "set_weight", (network, weight))
	}
}

/// Calls of `Balances`.
pub mod balances {
	use crate::call::Call;
	use codec::Compact;
	use sp_runtime::{AccountId32, MultiAddress};

	/// Transfer, and leave the sender alive.
	#[must_use]
	pub fn transfer_keep_alive(to: &[u8; 32], value: u128) -> Call {
		let to = MultiAddress::<AccountId32, ()>::Id(AccountId32::new(*to));
		Call::new("Balances", "transfer_keep_alive", (to, Compact(value)))
	}
}
