//! Proofs: the device's own key names its owner, its root key names that key.

use cairn_chain::{BlockId, Call, Chain, Outcome};
use cairn_types::{
	Delegation, DeviceKey, Hash32, Possession, RootKey, RootSignature,
	certificate::possession_message, root::delegation_message,
};

use super::super::{error::OwnerError, options::SignBy, session::Session};
use crate::agent::{DevicePair, P256Signer};

/// How often a proof is made anew.
const ATTEMPTS: usize = 4;
/// Blocks by which finality may lag before a proof names the best block instead.
const MAX_LAG: u32 = 64;

/// What the proofs of one transaction name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Occasion {
	/// The chain, by the hash of its first block.
	genesis: Hash32,
	/// A recent block.
	block: BlockId,
	/// Who sends the transaction.
	owner: [u8; 32],
	/// The transaction's nonce.
	nonce: u32,
}

impl Occasion {
	/// A device's key names the owner. Pure.
	pub(crate) fn prove(&self, pair: &DevicePair) -> Possession {
		let Self { genesis, block, owner, nonce } = self;
		prove(pair, genesis, *block, owner, *nonce)
	}

	/// A root names a device's key.
	///
	/// # Errors
	/// If the root does not sign.
	pub(crate) async fn delegate(
		&self,
		root: &P256Signer,
		key: &DeviceKey,
	) -> Result<Delegation, OwnerError> {
		let Self { genesis, block: BlockId { number, hash }, owner, nonce } = self;
		let named = RootKey::P256(root.public());
		let message = delegation_message(genesis, *number, hash, owner, *nonce, &named, key);
		let signature = RootSignature::P256(root.sign(&message).await?);
		Ok(Delegation { root: named, signature })
	}
}

/// Prove that a device's key names `owner`, in the transaction with `nonce`. Pure.
pub(crate) fn prove(
	pair: &DevicePair,
	genesis: &Hash32,
	block: BlockId,
	owner: &[u8; 32],
	nonce: u32,
) -> Possession {
	let message =
		possession_message(genesis, block.number, &block.hash, owner, nonce, &pair.public());
	Possession { block: block.number, nonce, signature: pair.sign(&message) }
}

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
	use crate::agent::Scheme;
	use cairn_chain::{DispatchFailure, Error};

	const BLOCK: BlockId = BlockId { number: 9, hash: [4; 32] };

	#[test]
	fn a_proof_is_the_devices_signature_for_this_owner_and_nonce() {
		for scheme in [Scheme::Ed25519, Scheme::Sr25519, Scheme::Secp256k1] {
			let pair = DevicePair::from_seed(scheme, &[1; 32]);
			let proof = prove(&pair, &[2; 32], BLOCK, &[3; 32], 7);
			let key = pair.public();
			let message = |owner, nonce| {
				possession_message(&[2; 32], BLOCK.number, &BLOCK.hash, owner, nonce, &key)
			};
			assert_eq!((proof.block, proof.nonce), (9, 7));
			assert!(key.verify(&message(&[3; 32], 7), &proof.signature));
			assert!(!key.verify(&message(&[5; 32], 7), &proof.signature));
			assert!(!key.verify(&message(&[3; 32], 8), &proof.signature));
		}
	}

	#[tokio::test]
	async fn a_delegation_is_the_roots_signature_for_this_key_and_proof() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let (root, _) = P256Signer::load_or_make(&directory.path().join("root")).expect("made");
		let pair = DevicePair::from_seed(Scheme::Ed25519, &[1; 32]);
		let key = pair.public();
		let occasion = Occasion { genesis: [2; 32], block: BLOCK, owner: [3; 32], nonce: 7 };
		let Delegation { root: named, signature } =
			occasion.delegate(&root, &key).await.expect("it signs");
		assert_eq!(named, RootKey::P256(root.public()));
		let message =
			|nonce| delegation_message(&[2; 32], 9, &BLOCK.hash, &[3; 32], nonce, &named, &key);
		assert!(named.verify(&message(7), &signature) && !named.verify(&message(8), &signature));
		assert_eq!(occasion.prove(&pair).nonce, 7);
	}

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
