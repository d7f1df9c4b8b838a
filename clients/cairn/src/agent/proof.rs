//! Proofs that a transaction carries: the device's own key names its owner, its root key names that key.

use cairn_chain::BlockId;
use cairn_types::{
	Delegation, DeviceKey, Hash32, Possession, RootKey, RootSignature,
	certificate::possession_message, root::delegation_message,
};

use super::{error::Error, key::DevicePair, root::P256Signer};

/// What the proofs of one transaction name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occasion {
	/// The chain, by the hash of its first block.
	pub genesis: Hash32,
	/// A recent block.
	pub block: BlockId,
	/// Who sends the transaction.
	pub owner: [u8; 32],
	/// The transaction's nonce.
	pub nonce: u32,
}

impl Occasion {
	/// A device's key names the owner. Pure.
	#[must_use]
	pub fn prove(&self, pair: &DevicePair) -> Possession {
		let Self { genesis, block: BlockId { number, hash }, owner, nonce } = self;
		let message = possession_message(genesis, *number, hash, owner, *nonce, &pair.public());
		Possession { block: *number, nonce: *nonce, signature: pair.sign(&message) }
	}

	/// A root names a device's key.
	///
	/// # Errors
	/// If the root does not sign.
	pub async fn delegate(&self, root: &P256Signer, key: &DeviceKey) -> Result<Delegation, Error> {
		let Self { genesis, block: BlockId { number, hash }, owner, nonce } = self;
		let named = RootKey::P256(root.public());
		let message = delegation_message(genesis, *number, hash, owner, *nonce, &named, key);
		let signature = RootSignature::P256(root.sign(&message).await?);
		Ok(Delegation { root: named, signature })
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::agent::Scheme;

	const BLOCK: BlockId = BlockId { number: 9, hash: [4; 32] };

	#[test]
	fn a_proof_is_the_devices_signature_for_this_owner_and_nonce() {
		for scheme in [Scheme::Ed25519, Scheme::Sr25519, Scheme::Secp256k1] {
			let pair = DevicePair::from_seed(scheme, &[1; 32]);
			let occasion = Occasion { genesis: [2; 32], block: BLOCK, owner: [3; 32], nonce: 7 };
			let proof = occasion.prove(&pair);
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
}
