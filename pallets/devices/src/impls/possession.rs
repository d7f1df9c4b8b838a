//! Proofs of possession: a device's key names its owner, once.

use cairn_types::{
	Delegation, DeviceKey, Hash32, Possession, certificate::possession_message,
	root::delegation_message,
};
use frame_support::{ensure, traits::Get};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{
	DispatchError, DispatchResult, SaturatedConversion,
	traits::{CheckedAdd, One, Zero},
};

use crate::{Config, Error, Pallet};

impl<T: Config> Pallet<T> {
	/// Number of the current block. Saturates: proofs, too, count blocks in 32 bits.
	pub(crate) fn block() -> u32 {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// What tells this chain from every other.
	pub(crate) fn genesis() -> Hash32 {
		frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero()).into()
	}

	/// Check everything of a proof but its signature: block and nonce. Returns the block's hash.
	///
	/// The transaction that carries the proof has already raised the signer's nonce when it is
	/// dispatched; a call by proxy or in a scheduled batch has not raised the owner's.
	pub(crate) fn ensure_fresh(
		owner: &T::AccountId,
		possession: &Possession,
	) -> Result<Hash32, DispatchError> {
		let age = Self::block()
			.checked_sub(possession.block)
			.filter(|age| *age > 0)
			.ok_or(Error::<T>::ProofTooNew)?;
		ensure!(age <= T::MaxProofAge::get(), Error::<T>::ProofTooOld);
		let nonce = frame_system::Pallet::<T>::account_nonce(owner);
		let signed = T::Nonce::from(possession.nonce);
		ensure!(
			signed == nonce || signed.checked_add(&T::Nonce::one()) == Some(nonce),
			Error::<T>::ProofNonceMismatch
		);
		let hash =
			frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::from(possession.block));
		ensure!(hash != T::Hash::default(), Error::<T>::ProofBlockUnknown);
		Ok(hash.into())
	}

	/// Check that a fresh proof is `key`'s signature for `owner`; `block_hash` is that of the block
	/// it names.
	pub(crate) fn ensure_possession(
		owner: &T::AccountId,
		key: &DeviceKey,
		possession: &Possession,
		block_hash: &Hash32,
	) -> DispatchResult {
		let Possession { block, nonce, signature } = possession;
		let message =
			possession_message(&Self::genesis(), *block, block_hash, owner.as_ref(), *nonce, key);
		ensure!(key.verify(&message, signature), Error::<T>::ProofInvalid);
		Ok(())
	}

	/// Check that a root key's signature names `key`, for the owner, block and nonce of the fresh proof
	/// `possession`.
	pub(crate) fn ensure_delegated(
		owner: &T::AccountId,
		key: &DeviceKey,
		possession: &Possession,
		block_hash: &Hash32,
		delegation: &Delegation,
	) -> DispatchResult {
		let Possession { block, nonce, .. } = possession;
		let Delegation { root, signature } = delegation;
		let message = delegation_message(
			&Self::genesis(),
			*block,
			block_hash,
			owner.as_ref(),
			*nonce,
			root,
			key,
		);
		ensure!(root.verify(&message, signature), Error::<T>::DelegationInvalid);
		Ok(())
	}

	/// Check that a proof was signed after the last change of owner or key: what was used for it,
	/// or signed for an earlier owner, is void.
	pub(crate) fn ensure_unused(changed: u32, possession: &Possession) -> Result<(), Error<T>> {
		ensure!(possession.block > changed, Error::<T>::ProofUsed);
		Ok(())
	}

	/// Whether every proof that was used up to block `changed` is too old to be used again, so that
	/// its key may be forgotten.
	pub(crate) fn is_void(changed: u32) -> bool {
		Self::block().saturating_sub(changed) >= T::MaxProofAge::get()
	}
}
