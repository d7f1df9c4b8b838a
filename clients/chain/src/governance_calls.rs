//! Calls that token holders make or propose, in the manner of [`crate::calls`], which offers them:
//! one module per pallet.

/// Calls of `System`.
pub mod system {
	use crate::call::Call;
	use cairn_types::Hash32;

	const PALLET: &str = "System";

	/// Say something, on record.
	#[must_use]
	pub fn remark(text: &[u8]) -> Call {
		Call::new(PALLET, "remark", (text,))
	}

	/// Run another runtime, by governance.
	#[must_use]
	pub fn set_code(code: &[u8]) -> Call {
		Call::new(PALLET, "set_code", (code,))
	}

	/// Let anybody bring the runtime with this BLAKE2b-256 hash, by governance.
	#[must_use]
	pub fn authorize_upgrade(code_hash: &Hash32) -> Call {
		Call::new(PALLET, "authorize_upgrade", (code_hash,))
	}

	/// Bring the runtime that was authorized.
	#[must_use]
	pub fn apply_authorized_upgrade(code: &[u8]) -> Call {
		Call::new(PALLET, "apply_authorized_upgrade", (code,))
	}
}

/// Calls of `Parameters`.
pub mod parameters {
	use crate::{
		call::Call,
		governance::{
			DevicesPolicy, EMISSION, REGISTRY_POLICY, RewardsPolicy, SEAL_POLICY, SealPolicy,
		},
	};
	use codec::Encode;

	/// Set what sealing costs and how committees are formed, by governance.
	#[must_use]
	pub fn set_seal_policy(policy: &SealPolicy) -> Call {
		set(SEAL_POLICY, policy)
	}

	/// Set how the emission is split, tapered and vested, by governance.
	#[must_use]
	pub fn set_emission(policy: &RewardsPolicy) -> Call {
		set(EMISSION, policy)
	}

	/// Set what makers may certify, how long a recovery takes, and what moving costs, by governance.
	#[must_use]
	pub fn set_registry_policy(policy: &DevicesPolicy) -> Call {
		set(REGISTRY_POLICY, policy)
	}

	/// Group, number within it, and a value: `None` would delete it.
	fn set(place: [u8; 2], value: &impl Encode) -> Call {
		Call::new("Parameters", "set_parameter", (place, Some(value)))
	}
}

/// Calls of `Preimage`.
pub mod preimage {
	use crate::call::Call;
	use cairn_types::Hash32;

	const PALLET: &str = "Preimage";

	/// Keep a call on the chain, for a deposit by its length.
	#[must_use]
	pub fn note(call: &[u8]) -> Call {
		Call::new(PALLET, "note_preimage", (call,))
	}

	/// Take back the deposit of a preimage of the sender's; it is removed if nothing needs it.
	#[must_use]
	pub fn unnote(hash: &Hash32) -> Call {
		Call::new(PALLET, "unnote_preimage", (hash,))
	}
}

/// Calls of `Referenda`.
pub mod referenda {
	use crate::{
		call::{Args, Call},
		referendum::{Enactment, Proposal},
	};
	use codec::Encode;

	const PALLET: &str = "Referenda";

	/// Submit a proposal that speaks for `origin`, encoded; see
	/// [`Chain::track_origin`](crate::Chain::track_origin).
	#[must_use]
	pub fn submit(origin: &[u8], proposal: &Proposal, enactment: Enactment) -> Call {
		let mut args = origin.to_vec();
		(proposal, enactment).encode_to(&mut args);
		Call { pallet: PALLET, call: "submit", args: Args(args) }
	}

	/// Place the deposit without which no decision begins.
	#[must_use]
	pub fn place_decision_deposit(index: u32) -> Call {
		Call::new(PALLET, "place_decision_deposit", (index,))
	}

	/// Return the decision deposit of a referendum that is over.
	#[must_use]
	pub fn refund_decision_deposit(index: u32) -> Call {
		Call::new(PALLET, "refund_decision_deposit", (index,))
	}

	/// Return the submission deposit of a referendum that was approved or cancelled.
	#[must_use]
	pub fn refund_submission_deposit(index: u32) -> Call {
		Call::new(PALLET, "refund_submission_deposit", (index,))
	}
}

/// Calls of `ConvictionVoting`.
pub mod conviction_voting {
	use crate::{
		call::Call,
		referendum::{AccountVote, Conviction},
	};
	use codec::Compact;
	use sp_runtime::{AccountId32, MultiAddress};

	const PALLET: &str = "ConvictionVoting";

	/// Vote, or vote otherwise.
	#[must_use]
	pub fn vote(referendum: u32, vote: &AccountVote) -> Call {
		Call::new(PALLET, "vote", (Compact(referendum), vote))
	}

	/// Let another account vote on a track.
	#[must_use]
	pub fn delegate(track: u16, to: &[u8; 32], conviction: Conviction, amount: u128) -> Call {
		Call::new(PALLET, "delegate", (track, address(to), conviction, amount))
	}

	/// Vote oneself again on a track.
	#[must_use]
	pub fn undelegate(track: u16) -> Call {
		Call::new(PALLET, "undelegate", (track,))
	}

	/// Lift the locks of an account on a track that are over.
	#[must_use]
	pub fn unlock(track: u16, account: &[u8; 32]) -> Call {
		Call::new(PALLET, "unlock", (track, address(account)))
	}

	/// Take back a vote on a referendum of a track, or forget it once that is over.
	#[must_use]
	pub fn remove_vote(track: u16, referendum: u32) -> Call {
		Call::new(PALLET, "remove_vote", (Some(track), referendum))
	}

	fn address(account: &[u8; 32]) -> MultiAddress<AccountId32, ()> {
		MultiAddress::Id(AccountId32::new(*account))
	}
}

/// Calls of `Treasury`.
pub mod treasury {
	use crate::call::Call;
	use codec::Compact;

	const PALLET: &str = "Treasury";

	/// Approve a spend, by governance: anyone may then pay it out.
	#[must_use]
	pub fn spend(amount: u128, to: &[u8; 32]) -> Call {
		// There is one kind of asset, which has no bytes; it may be paid out at once.
		Call::new(PALLET, "spend", ((), Compact(amount), to, Option::<u32>::None))
	}

	/// Pay out an approved spend.
	#[must_use]
	pub fn payout(index: u32) -> Call {
		Call::new(PALLET, "payout", (index,))
	}
}
