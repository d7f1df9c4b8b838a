//! Cairn's subxt configuration.

use subxt::{
	ArcMetadata,
	config::{Config, DefaultTransactionExtensions, HashFor, SubstrateConfig},
	utils::{AccountId32, MultiAddress, MultiSignature},
};

/// [`SubstrateConfig`] with Cairn's address type.
///
/// The default transaction extensions fit: those that subxt does not know (`AuthorizeCall`,
/// `CheckNonZeroSender`, `CheckWeight`, `WeightReclaim`) are empty and need nothing.
#[derive(Clone, Debug, Default)]
pub struct CairnConfig(SubstrateConfig);

impl Config for CairnConfig {
	type AccountId = AccountId32;
	type Address = MultiAddress<AccountId32, ()>;
	type Signature = MultiSignature;
	type Header = <SubstrateConfig as Config>::Header;
	type TransactionExtensions = DefaultTransactionExtensions<Self>;
	type AssetId = <SubstrateConfig as Config>::AssetId;
	type Hasher = <SubstrateConfig as Config>::Hasher;

	fn genesis_hash(&self) -> Option<HashFor<Self>> {
		self.0.genesis_hash()
	}

	fn metadata_for_spec_version(&self, spec_version: u32) -> Option<ArcMetadata> {
		self.0.metadata_for_spec_version(spec_version)
	}

	fn set_metadata_for_spec_version(&self, spec_version: u32, metadata: ArcMetadata) {
		self.0.set_metadata_for_spec_version(spec_version, metadata);
	}
}
