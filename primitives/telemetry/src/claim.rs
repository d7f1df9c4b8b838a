//! A claim: one proof that takes everything a slot has earned so far.

use cairn_types::{GatewayId, Hash32, Slot, Window};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use crate::{
	ledger::{Account, leaf_hash},
	tree::{Proof, ProofFault},
};

/// A slot's account in a ledger that was sealed, with the path to that ledger's root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Claim {
	/// The gateway.
	pub gateway: GatewayId,
	/// The window whose ledger it is; it must have matured and be kept.
	pub window: Window,
	/// The slot.
	pub slot: Slot,
	/// The slot's account.
	pub account: Account,
	/// Hash of the leaf's other part ([`crate::Data::hash`]).
	pub data: Hash32,
	/// The path.
	pub proof: Proof,
}

impl Claim {
	/// The root that the claim leads to: the claim is proved if it is the ledger's.
	///
	/// # Errors
	/// A [`ProofFault`] if the path is not in its one encoding.
	pub fn root(&self) -> Result<Hash32, ProofFault> {
		self.proof.root(self.slot, &leaf_hash(self.slot, &self.account, &self.data))
	}
}
