//! Calls of the chain's pallets, and sending them.

use cairn_chain::{Args, Call, Chain, Outcome, Signer};
use codec::{Compact, Encode};
use futures::future::LocalBoxFuture;

use crate::shared::chain;

/// A development account.
///
/// # Panics
/// If it is none.
#[must_use]
pub fn account(suri: &str) -> Signer {
	chain::account(suri)
}

/// Send a call that must succeed.
///
/// # Panics
/// If it does not.
pub fn send<'a>(
	chain: &'a Chain,
	call: &'a Call,
	signer: &'a Signer,
) -> LocalBoxFuture<'a, Outcome> {
	chain::send(chain, call, signer)
}

/// A call whose arguments are the fields of a tuple.
pub(crate) fn call(pallet: &'static str, call: &'static str, args: impl Encode) -> Call {
	Call { pallet, call, args: Args(args.encode()) }
}

/// Put so much at stake, pay it back to the stash.
#[must_use]
pub fn bond(value: u128) -> Call {
	/// `RewardDestination::Stash`.
	const STASH: u8 = 1;
	call("Staking", "bond", (Compact(value), STASH))
}

/// Stand for election, without a commission.
#[must_use]
pub fn validate() -> Call {
	let (commission, blocked) = (Compact(0u32), false);
	call("Staking", "validate", (commission, blocked))
}

/// Stand for election no more.
#[must_use]
pub fn chill() -> Call {
	call("Staking", "chill", ())
}

/// Let a node work for the sender: its keys as it encodes them, and its proof that it has them.
#[must_use]
pub fn set_keys(keys: &[u8], proof: &[u8]) -> Call {
	// The keys are a struct, the proof is a list of bytes.
	let args = [keys, &proof.encode()].concat();
	Call { pallet: "Session", call: "set_keys", args: Args(args) }
}

/// Let anybody bring the code with this hash, by governance.
#[must_use]
pub fn authorize_upgrade(code_hash: [u8; 32]) -> Call {
	call("System", "authorize_upgrade", (code_hash,))
}

/// Bring code that was authorized.
#[must_use]
pub fn apply_authorized_upgrade(code: &[u8]) -> Call {
	call("System", "apply_authorized_upgrade", (code,))
}
