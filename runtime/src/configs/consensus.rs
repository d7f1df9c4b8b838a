//! Who authors and finalizes blocks: babe, grandpa, sessions, offences, authority discovery.

use crate::{
	AccountId, Babe, Balance, Balances, Historical, Offences, Runtime, RuntimeEvent, Session,
	Staking,
	configs::staking::{MAX_ELECTING_VOTERS, MAX_VALIDATORS},
	currency::deposit,
	opaque::SessionKeys,
	timing,
	weights::{babe::BabeWeight, grandpa::GrandpaWeight},
};
use frame_support::{parameter_types, traits::ConstU32};
use pallet_session::{disabling::UpToLimitWithReEnablingDisablingStrategy, historical};
use sp_consensus_babe::{AllowedSlots, BabeEpochConfiguration};
use sp_runtime::traits::{ConvertInto, OpaqueKeys};
use sp_session::MembershipProof;

/// How slots get their authors at genesis.
///
/// A quarter of the slots has primary authors; secondary authors fill the others and also give a
/// VRF output, so that every block renews the randomness that `entropy` collects.
pub const BABE_GENESIS_EPOCH_CONFIG: BabeEpochConfiguration =
	BabeEpochConfiguration { c: (1, 4), allowed_slots: AllowedSlots::PrimaryAndSecondaryVRFSlots };

impl pallet_babe::Config for Runtime {
	type EpochDuration = timing::EpochSlots;
	type ExpectedBlockTime = timing::ExpectedBlockTime;
	type EpochChangeTrigger = pallet_babe::ExternalTrigger;
	type DisabledValidators = Session;
	type WeightInfo = BabeWeight;
	type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
	type MaxNominators = ConstU32<MAX_ELECTING_VOTERS>;
	type KeyOwnerProof = MembershipProof;
	type EquivocationReportSystem =
		pallet_babe::EquivocationReportSystem<Self, Offences, Historical, timing::ReportLongevity>;
}

impl pallet_grandpa::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = GrandpaWeight;
	type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
	type MaxNominators = ConstU32<MAX_ELECTING_VOTERS>;
	type MaxSetIdSessionEntries = timing::MaxSetIdSessionEntries;
	type KeyOwnerProof = MembershipProof;
	type EquivocationReportSystem = pallet_grandpa::EquivocationReportSystem<
		Self,
		Offences,
		Historical,
		timing::ReportLongevity,
	>;
}

impl pallet_authorship::Config for Runtime {
	type FindAuthor = pallet_session::FindAccountFromAuthorIndex<Self, Babe>;
	type EventHandler = Staking;
}

parameter_types! {
	/// The keys, and for each of four keys the look-up of its owner: 32 bytes of key, 4 of its
	/// type and 32 of the owner.
	pub const KeyDeposit: Balance = deposit(5, 4 * 32 + 4 * (32 + 4 + 32));
}

impl pallet_session::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type ValidatorId = AccountId;
	// Anyone may set keys, before or after bonding; the deposit pays for them.
	type ValidatorIdOf = ConvertInto;
	type ShouldEndSession = Babe;
	type NextSessionRotation = Babe;
	type SessionManager = historical::NoteHistoricalRoot<Self, Staking>;
	type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
	type Keys = SessionKeys;
	type DisablingStrategy = UpToLimitWithReEnablingDisablingStrategy;
	type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type KeyDeposit = KeyDeposit;
}

impl historical::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type FullIdentification = ();
	type FullIdentificationOf = pallet_staking::UnitIdentificationOf<Self>;
}

impl pallet_offences::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type IdentificationTuple = historical::IdentificationTuple<Self>;
	type OnOffenceHandler = Staking;
}

impl pallet_authority_discovery::Config for Runtime {
	type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
}
