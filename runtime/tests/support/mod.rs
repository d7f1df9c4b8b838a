//! The real runtime, block by block: blocks with a claim of babe's and the time in them,
//! transactions with all their extensions.

mod preset;
pub(crate) mod world;

use cairn_runtime::{
	Address, Babe, Executive, Hash, Header, Nonce, Runtime, RuntimeCall, Signature, SignedPayload,
	System, UncheckedExtrinsic, timing::SlotDuration, transaction::tx_extension,
};
use cairn_types::Hash32;
use codec::Encode;
use frame_support::storage::{TransactionOutcome, with_transaction_unchecked};
use frame_system::offchain::CreateAuthorizedTransaction;
use sp_consensus_babe::{
	digests::{CompatibleDigestItem, PreDigest, SecondaryVRFPreDigest},
	make_vrf_sign_data,
};
use sp_core::crypto::VrfSecret;
use sp_genesis_builder::DEV_RUNTIME_PRESET;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	ApplyExtrinsicResult, Digest, DigestItem, DispatchResult,
	generic::Era,
	traits::Header as _,
	transaction_validity::{TransactionSource, TransactionValidity, TransactionValidityError},
};

/// Consensus slot of block 1: the first one of a window in November 2023.
const FIRST_SLOT: u64 = 6 * 283_333_333;
/// More blocks than any story takes.
const PATIENCE: u32 = 400;

/// Run a story on a chain of the preset `development`, from within block 1. Its one validator has
/// Alice's keys.
pub(crate) fn run<R>(story: impl FnOnce() -> R) -> R {
	preset::genesis(DEV_RUNTIME_PRESET).execute_with(|| {
		open_block(FIRST_SLOT, System::parent_hash());
		let outcome = story();
		Executive::finalize_block();
		assert_sound();
		outcome
	})
}

/// Close the open block and open the one of the next slot.
pub(crate) fn next_block() {
	let header = Executive::finalize_block();
	let slot = *pallet_babe::CurrentSlot::<Runtime>::get() + 1;
	open_block(slot, header.hash());
}

/// Let blocks pass until `it_is_so`.
pub(crate) fn advance_until(it_is_so: impl Fn() -> bool) {
	for _ in 0..PATIENCE {
		if it_is_so() {
			return;
		}
		next_block();
	}
	panic!("{PATIENCE} blocks passed, and it still is not so");
}

fn open_block(slot: u64, parent: Hash) {
	let digest = Digest { logs: vec![DigestItem::babe_pre_digest(claim(slot))] };
	let (number, root) = (System::block_number() + 1, Hash::default());
	Executive::initialize_block(&Header::new(number, root, root, parent, digest));
	let time = pallet_timestamp::Call::<Runtime>::set { now: slot * SlotDuration::get() };
	let inherent = UncheckedExtrinsic::new_bare(time.into());
	assert_eq!(Executive::apply_extrinsic(inherent), Ok(Ok(())));
}

/// Alice's claim of a secondary slot, with an output that babe verifies.
fn claim(slot: u64) -> PreDigest {
	let next = Babe::next_epoch();
	// The first epoch begins with block 1, whatever its slot.
	let is_next = System::block_number() > 0 && slot >= *next.start_slot;
	let epoch = if is_next { next } else { Babe::current_epoch() };
	let data = make_vrf_sign_data(&epoch.randomness, slot.into(), epoch.epoch_index);
	PreDigest::SecondaryVRF(SecondaryVRFPreDigest {
		authority_index: 0,
		slot: slot.into(),
		vrf_signature: Sr25519Keyring::Alice.pair().vrf_sign(&data),
	})
}

/// Hash of the chain's first block.
pub(crate) fn genesis_hash() -> Hash32 {
	System::block_hash(0u32).0
}

/// A transaction from `sender`'s account that `signer` signed.
pub(crate) fn sign(
	sender: Sr25519Keyring,
	signer: Sr25519Keyring,
	nonce: Nonce,
	call: RuntimeCall,
) -> UncheckedExtrinsic {
	let extension = tx_extension(nonce, Era::Immortal, 0);
	let payload = SignedPayload::new(call.clone(), extension.clone()).expect("all is implied");
	let signature = payload.using_encoded(|bytes| signer.sign(bytes));
	let address = Address::Id(sender.to_account_id());
	UncheckedExtrinsic::new_signed(call, address, Signature::Sr25519(signature), extension)
}

/// The next transaction of `who`.
pub(crate) fn signed(who: Sr25519Keyring, call: impl Into<RuntimeCall>) -> UncheckedExtrinsic {
	sign(who, who, System::account_nonce(who.to_account_id()), call.into())
}

/// A transaction that nobody signed: its call says by itself whether it is authorized.
pub(crate) fn general(call: impl Into<RuntimeCall>) -> UncheckedExtrinsic {
	<Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_authorized_transaction(
		call.into(),
	)
}

/// Put a transaction into the open block, as an author does: one that is refused leaves no trace.
pub(crate) fn apply(transaction: UncheckedExtrinsic) -> ApplyExtrinsicResult {
	with_transaction_unchecked(|| {
		let result = Executive::apply_extrinsic(transaction);
		if result.is_ok() {
			TransactionOutcome::Commit(result)
		} else {
			TransactionOutcome::Rollback(result)
		}
	})
}

/// Sign a call, put it into the open block and return what became of it.
pub(crate) fn send(who: Sr25519Keyring, call: impl Into<RuntimeCall>) -> DispatchResult {
	apply(signed(who, call)).expect("the transaction is valid")
}

/// Do something whose changes of state are discarded, as a node does for runtime APIs.
pub(crate) fn ask<R>(question: impl FnOnce() -> R) -> R {
	with_transaction_unchecked(|| TransactionOutcome::Rollback(question()))
}

/// What a node's pool says of a transaction.
pub(crate) fn validate(transaction: UncheckedExtrinsic) -> TransactionValidity {
	let parent = System::parent_hash();
	ask(|| Executive::validate_transaction(TransactionSource::External, transaction, parent))
}

/// Neither the pool nor a block takes the transaction, and both say the same.
#[track_caller]
pub(crate) fn assert_refused(
	transaction: UncheckedExtrinsic,
	why: impl Into<TransactionValidityError>,
) {
	let why = why.into();
	assert_eq!(validate(transaction.clone()), Err(why));
	assert_eq!(apply(transaction), Err(why));
}

/// No token exists that genesis or rewards did not make, and every pallet's invariants hold.
fn assert_sound() {
	let issued = pallet_rewards::Issued::<Runtime>::get();
	let accounted = pallet_rewards::GenesisIssuance::<Runtime>::get()
		+ issued.released
		+ issued.validators
		+ issued.treasury;
	assert!(pallet_balances::TotalIssuance::<Runtime>::get() <= accounted);

	#[cfg(feature = "try-runtime")]
	{
		use cairn_runtime::{AllPalletsWithSystem, BlockNumber};
		use frame_support::traits::{TryState, TryStateSelect};

		let number = System::block_number();
		let state =
			<AllPalletsWithSystem as TryState<BlockNumber>>::try_state(number, TryStateSelect::All);
		assert_eq!(state, Ok(()));
	}
}
