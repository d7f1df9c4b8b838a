//! The WASM runtime of Cairn: which pallets the chain is made of and how they are configured.
//!
//! - [`timing`]: the numbers that genesis fixes, so that one WASM serves every network.
//! - [`configs`]: the pallets' configuration, by concern.
//! - [`transaction`]: what an extrinsic looks like and which extensions check it.
//! - [`genesis`]: the presets that chain specifications start from.
//! - [`apis`]: what the node and the clients may ask.

#![cfg_attr(not(feature = "std"), no_std)]
// The outer enums and the API dispatcher of this many pallets expand deeper than the default.
#![recursion_limit = "512"]

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

extern crate alloc;

pub mod apis;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarks;
pub mod configs;
pub mod currency;
mod dry_run;
pub mod genesis;
pub mod parameters_genesis;
mod queries;
pub mod timing;
pub mod transaction;
#[cfg(feature = "upgrade-test")]
pub mod upgrade_test;
pub mod weights;

pub use apis::RUNTIME_API_VERSIONS;
#[cfg(feature = "std")]
pub use apis::RuntimeApi;
pub use transaction::{SignedPayload, TxExtension, UncheckedExtrinsic};

use alloc::{borrow::Cow, vec::Vec};
use pallet_session::historical as pallet_session_historical;
use sp_runtime::{
	MultiAddress, MultiSignature, generic,
	traits::{BlakeTwo256, IdentifyAccount, Verify},
};
use sp_version::RuntimeVersion;

/// The version that nodes and signers compare.
#[cfg(not(feature = "upgrade-test"))]
#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
	spec_name: Cow::Borrowed("cairn"),
	impl_name: Cow::Borrowed("cairn"),
	authoring_version: 1,
	spec_version: 1,
	impl_version: 1,
	apis: RUNTIME_API_VERSIONS,
	transaction_version: 1,
	system_version: 1,
};

/// The version after it, which the upgrade story votes in. The macro takes literals only.
#[cfg(feature = "upgrade-test")]
#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
	spec_name: Cow::Borrowed("cairn"),
	impl_name: Cow::Borrowed("cairn"),
	authoring_version: 1,
	spec_version: 2,
	impl_version: 1,
	apis: RUNTIME_API_VERSIONS,
	transaction_version: 1,
	system_version: 1,
};

/// Signature of an account: ed25519, sr25519 or secp256k1.
pub type Signature = MultiSignature;
/// Identity of an account: the public key, or its hash.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// Amount of the token, in its smallest unit.
pub type Balance = u128;
/// Number of transactions that an account has sent.
pub type Nonce = u32;
/// Number of a block.
pub type BlockNumber = u32;
/// Hash of blocks, transactions and state.
pub type Hash = sp_core::H256;
/// Time, in ms since the Unix epoch.
pub type Moment = u64;
/// How a transaction names an account.
pub type Address = MultiAddress<AccountId, ()>;
/// Header of a block.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// A block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// A block with its justifications.
pub type SignedBlock = generic::SignedBlock<Block>;
/// Runs blocks.
pub type Executive = frame_executive::Executive<
	Runtime,
	Block,
	frame_system::ChainContext<Runtime>,
	Runtime,
	AllPalletsWithSystem,
>;

/// What the node needs to know of a block without knowing the runtime's calls.
pub mod opaque {
	use alloc::vec::Vec;
	use sp_runtime::{OpaqueExtrinsic, generic, impl_opaque_keys};

	pub use crate::Header;

	/// A block whose extrinsics are bytes.
	pub type Block = generic::Block<Header, OpaqueExtrinsic>;

	impl_opaque_keys! {
		/// The keys that a validator works with.
		///
		/// The session handler is the tuple of these pallets in this order: a key is only ever
		/// added at the end.
		pub struct SessionKeys {
			pub babe: crate::Babe,
			pub grandpa: crate::Grandpa,
			pub authority_discovery: crate::AuthorityDiscovery,
			pub telemetry: crate::Telemetry,
		}
	}
}

// Hooks and genesis run in the order of the indices; `tests/indices.rs` freezes them.
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
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Runtime;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;

	// Genesis of every other pallet may read the numbers that this one writes.
	#[runtime::pallet_index(1)]
	pub type Timing = timing;

	#[runtime::pallet_index(2)]
	pub type Babe = pallet_babe;

	#[runtime::pallet_index(3)]
	pub type Timestamp = pallet_timestamp;

	#[runtime::pallet_index(4)]
	pub type Authorship = pallet_authorship;

	#[runtime::pallet_index(5)]
	pub type Balances = pallet_balances;

	#[runtime::pallet_index(6)]
	pub type TransactionPayment = pallet_transaction_payment;

	// Staking's genesis reports its voters here.
	#[runtime::pallet_index(7)]
	pub type VoterList = pallet_bags_list;

	#[runtime::pallet_index(8)]
	pub type Staking = pallet_staking;

	#[runtime::pallet_index(9)]
	pub type DelegatedStaking = pallet_delegated_staking;

	#[runtime::pallet_index(10)]
	pub type NominationPools = pallet_nomination_pools;

	#[runtime::pallet_index(11)]
	pub type Offences = pallet_offences;

	#[runtime::pallet_index(12)]
	pub type Historical = pallet_session_historical;

	// Session's genesis elects the first validators among the stakers and hands their keys on.
	#[runtime::pallet_index(13)]
	pub type Session = pallet_session;

	#[runtime::pallet_index(14)]
	pub type Grandpa = pallet_grandpa;

	#[runtime::pallet_index(15)]
	pub type AuthorityDiscovery = pallet_authority_discovery;

	#[runtime::pallet_index(20)]
	pub type Utility = pallet_utility;

	#[runtime::pallet_index(21)]
	pub type Proxy = pallet_proxy;

	#[runtime::pallet_index(22)]
	pub type Multisig = pallet_multisig;

	#[runtime::pallet_index(23)]
	pub type Parameters = pallet_parameters;

	#[runtime::pallet_index(24)]
	pub type Migrations = pallet_migrations;

	#[runtime::pallet_index(25)]
	pub type ParametersGenesis = parameters_genesis;

	#[runtime::pallet_index(26)]
	pub type Preimage = pallet_preimage;

	#[runtime::pallet_index(27)]
	pub type Scheduler = pallet_scheduler;

	#[runtime::pallet_index(28)]
	pub type Referenda = pallet_referenda;

	#[runtime::pallet_index(29)]
	pub type ConvictionVoting = pallet_conviction_voting;

	// The origins that referenda speak with.
	#[runtime::pallet_index(30)]
	pub type Origins = configs::origins;

	#[runtime::pallet_index(31)]
	pub type Whitelist = pallet_whitelist;

	#[runtime::pallet_index(32)]
	pub type TechnicalCommittee = pallet_collective<Instance1>;

	#[runtime::pallet_index(33)]
	pub type Treasury = pallet_treasury;

	// Windows anchor readings to its newest seed: before `Time`.
	#[runtime::pallet_index(60)]
	pub type Entropy = pallet_entropy;

	// Everything behind it counts in its windows and ticks.
	#[runtime::pallet_index(61)]
	pub type Time = pallet_time;

	#[runtime::pallet_index(62)]
	pub type Schemas = pallet_schemas;

	#[runtime::pallet_index(63)]
	pub type Networks = pallet_networks;

	#[runtime::pallet_index(64)]
	pub type Devices = pallet_devices;

	#[runtime::pallet_index(65)]
	pub type Telemetry = pallet_telemetry;

	// Its genesis takes stock of what all others issued: last.
	#[runtime::pallet_index(66)]
	pub type Rewards = pallet_rewards;
}

/// The runtime's metadata with the code's documentation: what the reference pages are made of.
#[cfg(feature = "std")]
pub fn documentation() -> frame_support::__private::metadata_ir::MetadataIR {
	Runtime::metadata_ir()
}
