//! Calls of those who validate and nominate, in the manner of [`crate::calls`], which offers them:
//! one module per pallet, in the order of its calls.

use sp_runtime::{AccountId32, MultiAddress};

/// How a call names an account.
fn lookup(account: &[u8; 32]) -> MultiAddress<AccountId32, ()> {
	MultiAddress::Id(AccountId32::new(*account))
}

/// Calls of `Staking`.
pub mod staking {
	use super::lookup;
	use crate::{
		call::Call,
		staking::{Era, Page, Payee, ValidatorPrefs},
	};
	use cairn_types::Amount;
	use codec::Compact;

	const PALLET: &str = "Staking";

	/// Bond for the first time.
	#[must_use]
	pub fn bond(value: Amount, payee: &Payee) -> Call {
		Call::new(PALLET, "bond", (Compact(value), payee))
	}

	/// Bond more.
	#[must_use]
	pub fn bond_extra(additional: Amount) -> Call {
		Call::new(PALLET, "bond_extra", (Compact(additional),))
	}

	/// Ask stake back.
	#[must_use]
	pub fn unbond(value: Amount) -> Call {
		Call::new(PALLET, "unbond", (Compact(value),))
	}

	/// Take what was asked back long enough ago. `spans` of possible slashes are cleared with a
	/// stake of which nothing is left.
	#[must_use]
	pub fn withdraw_unbonded(spans: u32) -> Call {
		Call::new(PALLET, "withdraw_unbonded", (spans,))
	}

	/// Be a candidate on these terms.
	#[must_use]
	pub fn validate(prefs: &ValidatorPrefs) -> Call {
		Call::new(PALLET, "validate", (prefs,))
	}

	/// Back these candidates.
	#[must_use]
	pub fn nominate(targets: &[[u8; 32]]) -> Call {
		let targets = targets.iter().map(lookup).collect::<Vec<_>>();
		Call::new(PALLET, "nominate", (targets,))
	}

	/// Be neither a candidate nor a nominator.
	#[must_use]
	pub fn chill() -> Call {
		Call::new(PALLET, "chill", ())
	}

	/// Let rewards go elsewhere.
	#[must_use]
	pub fn set_payee(payee: &Payee) -> Call {
		Call::new(PALLET, "set_payee", (payee,))
	}

	/// Pay a page of a validator's era.
	#[must_use]
	pub fn payout_stakers_by_page(validator: &[u8; 32], era: Era, page: Page) -> Call {
		Call::new(PALLET, "payout_stakers_by_page", (validator, era, page))
	}
}

/// Calls of `Session`.
pub mod session {
	use crate::{call::Call, session::SessionKeys};

	const PALLET: &str = "Session";

	/// Register session keys, with the proof that they are the sender's.
	#[must_use]
	pub fn set_keys(keys: &SessionKeys, proof: &[u8]) -> Call {
		Call::new(PALLET, "set_keys", (keys, proof))
	}
}

/// Calls of `VoterList`.
pub mod voter_list {
	use super::lookup;
	use crate::call::Call;

	/// Put an account where its stake belongs in the list of voters.
	#[must_use]
	pub fn rebag(account: &[u8; 32]) -> Call {
		Call::new("VoterList", "rebag", (lookup(account),))
	}
}
