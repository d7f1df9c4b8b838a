//! Calls that carry proofs of possession: sent, and made anew with other proofs if those came too late.

use cairn_chain::{BlockId, Call, Chain, Outcome};

use super::super::{error::OwnerError, options::SignBy, session::Session};
use crate::agent::Occasion;

/// How often a proof is made anew.
const ATTEMPTS: usize = 4;
/// Blocks by which finality may lag before a proof names the best block instead.
const MAX_LAG: u32 = 64;

/// Send the call that carries proofs; proofs that came too late are made anew.
///
/// # Errors
/// If the call cannot be made, fails for another reason, or too often.
pub(crate) async fn submit(
	session: &Session,
	signing: &impl SignBy,
	call: impl AsyncFn(&Occasion) -> Result<Call, OwnerError>,
) -> Result<Outcome, OwnerError> {
	let chain = &session.chain;
	let owner = signing.signer()?.account();
	let genesis = chain.genesis().await?;
	let mut attempt = 1;
	loop {
		let call = |nonce| {
			let call = &call;
			async move {
				let block = recent(chain, attempt > 1).await?;
				call(&Occasion { genesis, block, owner, nonce }).await
			}
		};
		let sent = session.submit_made(signing, call).await;
		match sent {
			Err(error) if attempt < ATTEMPTS && is_late(&error) => {
				tracing::info!(%error, "the proofs came too late: others are signed");
			},
			sent => return sent,
		}
		attempt += 1;
	}
}

/// A block to name: final, so that the proof outlives a reorganisation; the best one if that is too
/// old, or was older than the device's last change.
async fn recent(chain: &Chain, newest: bool) -> Result<BlockId, OwnerError> {
	let best = chain.best().await?;
	if newest {
		return Ok(best);
	}
	let finalized = chain.finalized().await?;
	let lags = best.number.saturating_sub(finalized.number) > MAX_LAG;
	Ok(if lags { best } else { finalized })
}

/// Whether another proof would do: another transaction came first, or the block was too old. Pure.
fn is_late(error: &OwnerError) -> bool {
	let names = [
		"Devices::ProofBlockUnknown",
		"Devices::ProofNonceMismatch",
		"Devices::ProofTooNew",
		"Devices::ProofTooOld",
		"Devices::ProofUsed",
	];
	error.dispatch_name().is_some_and(|name| names.contains(&name))
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_chain::{DispatchFailure, Error};

	#[test]
	fn only_late_proofs_are_made_anew() {
		let failed = |name: &str| {
			let failure = DispatchFailure { name: name.to_owned(), docs: String::new(), place: 0 };
			OwnerError::from(Error::Dispatch(failure))
		};
		assert!(is_late(&failed("Devices::ProofUsed")));
		assert!(!is_late(&failed("Devices::KeyTaken")));
		assert!(!is_late(&failed("Devices::NotAdmitted")));
	}
}
