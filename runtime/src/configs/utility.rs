//! Acting together, for another, or for many at once: utility, multisig, proxy.

use crate::{
	Balance, Balances, OriginCaller, Runtime, RuntimeCall, RuntimeEvent, System, currency::deposit,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	parameter_types,
	traits::{ConstU32, InstanceFilter},
};
use scale_info::TypeInfo;
use sp_runtime::traits::BlakeTwo256;

impl pallet_utility::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type PalletsOrigin = OriginCaller;
	type WeightInfo = pallet_utility::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	/// Key: account and call hash with their hashes. Value: when, deposit and depositor.
	pub const MultisigDepositBase: Balance = deposit(1, (8 + 32) + (16 + 32) + (8 + 16 + 32));
	/// A signatory is an account.
	pub const MultisigDepositFactor: Balance = deposit(0, 32);
}

impl pallet_multisig::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type Currency = Balances;
	type DepositBase = MultisigDepositBase;
	type DepositFactor = MultisigDepositFactor;
	type MaxSignatories = ConstU32<100>;
	type WeightInfo = pallet_multisig::weights::SubstrateWeight<Runtime>;
	type BlockNumberProvider = System;
}

/// What a proxy may do for its account.
///
/// Narrow types list what they allow, so that a pallet added later is closed to them until it is
/// listed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Ord, PartialOrd)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum ProxyType {
	/// Everything.
	#[default]
	#[codec(index = 0)]
	Any,
	/// What moves no tokens out of the account.
	#[codec(index = 1)]
	NonTransfer,
	/// Staking and session keys: what the operator of a validator needs.
	#[codec(index = 2)]
	Staking,
	/// Devices and their claims: what the operator of a fleet needs.
	#[codec(index = 3)]
	Device,
	/// Referenda and votes: what a delegate needs.
	#[codec(index = 4)]
	Governance,
}

impl InstanceFilter<RuntimeCall> for ProxyType {
	fn filter(&self, call: &RuntimeCall) -> bool {
		// Calls inside a batch pass this filter one by one.
		let staking = matches!(
			call,
			RuntimeCall::Staking(..)
				| RuntimeCall::Session(..)
				| RuntimeCall::VoterList(..)
				| RuntimeCall::NominationPools(..)
				| RuntimeCall::Utility(..)
		);
		let device = matches!(
			call,
			RuntimeCall::Devices(..)
				| RuntimeCall::Telemetry(..)
				| RuntimeCall::Rewards(..)
				| RuntimeCall::Utility(..)
		);

		let governance = matches!(
			call,
			RuntimeCall::Referenda(..)
				| RuntimeCall::ConvictionVoting(..)
				| RuntimeCall::Preimage(..)
				| RuntimeCall::Whitelist(..)
				| RuntimeCall::TechnicalCommittee(..)
				| RuntimeCall::Utility(..)
		);

		match self {
			Self::Any => true,
			Self::NonTransfer => {
				staking
					|| device || governance
					|| matches!(call, RuntimeCall::System(..) | RuntimeCall::Proxy(..))
			},
			Self::Staking => staking,
			Self::Device => device,
			Self::Governance => governance,
		}
	}

	fn is_superset(&self, other: &Self) -> bool {
		self == other
			|| matches!(
				(self, other),
				(Self::Any, _)
					| (Self::NonTransfer, Self::Staking | Self::Device | Self::Governance)
			)
	}
}

parameter_types! {
	/// Key: account with its hash. Value: deposit and the length of the list.
	pub const ProxyDepositBase: Balance = deposit(1, (8 + 32) + (16 + 1));
	/// A proxy is an account, a type and a delay.
	pub const ProxyDepositFactor: Balance = deposit(0, 32 + 1 + 4);
	/// Key: account with its hash. Value: deposit and the length of the list.
	pub const AnnouncementDepositBase: Balance = deposit(1, (8 + 32) + (16 + 1));
	/// An announcement is an account, a call hash and a block number.
	pub const AnnouncementDepositFactor: Balance = deposit(0, 32 + 32 + 4);
}

impl pallet_proxy::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type Currency = Balances;
	type ProxyType = ProxyType;
	type ProxyDepositBase = ProxyDepositBase;
	type ProxyDepositFactor = ProxyDepositFactor;
	type MaxProxies = ConstU32<32>;
	type WeightInfo = pallet_proxy::weights::SubstrateWeight<Runtime>;
	type MaxPending = ConstU32<32>;
	type CallHasher = BlakeTwo256;
	type AnnouncementDepositBase = AnnouncementDepositBase;
	type AnnouncementDepositFactor = AnnouncementDepositFactor;
	type BlockNumberProvider = System;
}
