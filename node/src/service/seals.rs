//! Reports of equivocations in block production, with the seals that prove them.
//!
//! BABE's block import (`sc-consensus-babe` 0.60) looks for two blocks of one author in a slot, but by
//! then its verifier has taken the seals off the headers, and it reports the headers without them. The
//! runtime refuses such a proof: nobody signed it. So the seals are kept as blocks come in, and put back
//! into the headers of a report on its way to the pool (ADR 0010).

use super::{Block, FullPool, Hash};
use cairn_runtime::Header;
use codec::{Decode, Encode};
use log::warn;
use sc_consensus::{BlockCheckParams, BlockImport, BlockImportParams, ImportResult};
use sc_transaction_pool_api::{LocalTransactionFor, LocalTransactionPool, error};
use schnellru::{ByLength, LruMap};
use sp_consensus_babe::{EquivocationProof, digests::CompatibleDigestItem};
use sp_runtime::{DigestItem, OpaqueExtrinsic, traits::Header as _};
use std::sync::{Arc, Mutex, PoisonError};

/// Blocks whose seals are kept. BABE compares the blocks of the last 1,000 slots; forks come on top.
const KEPT_SEALS: u32 = 4_096;
/// Bytes of a bare extrinsic before its arguments: the version, and the indices of pallet and call.
const CALL_PREFIX: usize = 3;

/// The seals of the blocks that came in lately, by the hash of the header without its seal.
#[derive(Clone)]
pub(crate) struct Seals(Arc<Mutex<LruMap<Hash, DigestItem>>>);

/// A report cannot be completed: no seal is known of a block with this hash.
#[derive(Debug, PartialEq, Eq)]
struct Unsealed(Hash);

impl Default for Seals {
	fn default() -> Self {
		Self(Arc::new(Mutex::new(LruMap::new(ByLength::new(KEPT_SEALS)))))
	}
}

impl Seals {
	/// Keep the seal of a block of which the verifier, or the author, has set the seal apart.
	fn note(&self, block: &BlockImportParams<Block>) {
		let is_seal = |item: &&DigestItem| item.as_babe_seal().is_some();
		if let Some(seal) = block.post_digests.iter().find(is_seal) {
			self.insert(block.header.hash(), seal.clone());
		}
	}

	fn insert(&self, unsealed: Hash, seal: DigestItem) {
		let mut seals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
		seals.insert(unsealed, seal);
	}

	/// Put the seal back into a header, unless it has one.
	fn seal(&self, header: &mut Header) -> Result<(), Unsealed> {
		if header.digest().logs().last().is_some_and(|item| item.as_babe_seal().is_some()) {
			return Ok(());
		}
		let hash = header.hash();
		let mut seals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
		let seal = seals.get(&hash).ok_or(Unsealed(hash))?;
		header.digest_mut().push(seal.clone());
		Ok(())
	}

	/// A report with both headers sealed. Anything else comes back as it is.
	///
	/// Only the proof is looked into: the proof of membership behind it, and the indices before it, are
	/// the runtime's, which may be newer than this node.
	fn complete(&self, report: OpaqueExtrinsic) -> Result<OpaqueExtrinsic, Unsealed> {
		let Some((prefix, mut arguments)) = report.inner().split_at_checked(CALL_PREFIX) else {
			return Ok(report);
		};
		let Ok(mut proof) = EquivocationProof::<Header>::decode(&mut arguments) else {
			return Ok(report);
		};
		self.seal(&mut proof.first_header)?;
		self.seal(&mut proof.second_header)?;
		Ok(OpaqueExtrinsic::from_blob([prefix, &proof.encode(), arguments].concat()))
	}
}

/// A block import that keeps the seals of what it imports.
#[derive(Clone)]
pub(crate) struct SealKeeper<Import> {
	import: Import,
	seals: Seals,
}

impl<Import> SealKeeper<Import> {
	/// - `import`: BABE's, which reports equivocations to a [`SealedReports`] of the same seals.
	pub(crate) const fn new(import: Import, seals: Seals) -> Self {
		Self { import, seals }
	}
}

#[async_trait::async_trait]
impl<Import: BlockImport<Block> + Send + Sync> BlockImport<Block> for SealKeeper<Import> {
	type Error = Import::Error;

	async fn check_block(
		&self,
		block: BlockCheckParams<Block>,
	) -> Result<ImportResult, Self::Error> {
		self.import.check_block(block).await
	}

	async fn import_block(
		&self,
		block: BlockImportParams<Block>,
	) -> Result<ImportResult, Self::Error> {
		self.seals.note(&block);
		self.import.import_block(block).await
	}
}

/// The pool, for reports of equivocations in block production.
pub(crate) struct SealedReports {
	pool: Arc<FullPool>,
	seals: Seals,
}

impl SealedReports {
	pub(crate) const fn new(pool: Arc<FullPool>, seals: Seals) -> Self {
		Self { pool, seals }
	}
}

impl LocalTransactionPool for SealedReports {
	type Block = Block;
	type Hash = <FullPool as LocalTransactionPool>::Hash;
	type Error = <FullPool as LocalTransactionPool>::Error;

	fn submit_local(
		&self,
		at: Hash,
		report: LocalTransactionFor<Self>,
	) -> Result<Self::Hash, Self::Error> {
		let report = self.seals.complete(report).map_err(|Unsealed(hash)| {
			warn!(
				"An equivocation is not reported: no seal is known of the block whose unsealed \
				 header has the hash {hash:?}. It came in before this node was started; nodes that \
				 have run for longer report it."
			);
			error::Error::ImmediatelyDropped
		})?;
		self.pool.submit_local(at, report)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_runtime::{RuntimeCall, UncheckedExtrinsic};
	use sp_consensus_babe::{AuthorityId, check_equivocation_proof, digests::PreDigest};
	use sp_core::{crypto::VrfSecret, sr25519};
	use sp_keyring::Sr25519Keyring;
	use sp_runtime::{Digest, generic::Preamble};
	use sp_session::MembershipProof;

	const AUTHOR: Sr25519Keyring = Sr25519Keyring::Dave;
	const SLOT: u64 = 7;

	/// A header as its author makes it, before the seal.
	fn unsealed(state: u8) -> Header {
		let input = sr25519::vrf::VrfTranscript::new(b"test", &[]).into_sign_data();
		let claim = PreDigest::SecondaryVRF(sp_consensus_babe::digests::SecondaryVRFPreDigest {
			authority_index: 3,
			slot: SLOT.into(),
			vrf_signature: AUTHOR.pair().vrf_sign(&input),
		});
		let digest = Digest { logs: vec![DigestItem::babe_pre_digest(claim)] };
		let root = Hash::repeat_byte(state);
		Header::new(1, root, root, Hash::zero(), digest)
	}

	fn seal_of(header: &Header) -> DigestItem {
		DigestItem::babe_seal(AUTHOR.sign(header.hash().as_bytes()).into())
	}

	fn report(first: &Header, second: &Header) -> OpaqueExtrinsic {
		let proof = EquivocationProof {
			offender: AuthorityId::from(AUTHOR.public()),
			slot: SLOT.into(),
			first_header: first.clone(),
			second_header: second.clone(),
		};
		let member =
			MembershipProof { session: 3, trie_nodes: vec![vec![1; 40]], validator_count: 4 };
		let call = pallet_babe::Call::report_equivocation_unsigned {
			equivocation_proof: Box::new(proof),
			key_owner_proof: member,
		};
		let extrinsic = UncheckedExtrinsic::new_bare(RuntimeCall::Babe(call));
		OpaqueExtrinsic::try_from_encoded_extrinsic(&extrinsic.encode()).expect("an extrinsic")
	}

	/// What the runtime finds in a report.
	fn proof_in(report: &OpaqueExtrinsic) -> EquivocationProof<Header> {
		let bytes = report.encode();
		let extrinsic = UncheckedExtrinsic::decode(&mut bytes.as_slice()).expect("an extrinsic");
		assert!(matches!(extrinsic.preamble, Preamble::Bare(_)));
		let RuntimeCall::Babe(pallet_babe::Call::report_equivocation_unsigned {
			equivocation_proof,
			key_owner_proof,
		}) = extrinsic.function
		else {
			panic!("a report")
		};
		assert_eq!(key_owner_proof.validator_count, 4);
		assert_eq!(key_owner_proof.trie_nodes, [vec![1; 40]]);
		*equivocation_proof
	}

	#[test]
	fn a_report_without_seals_becomes_a_proof() {
		let (first, second) = (unsealed(1), unsealed(2));
		let bare = report(&first, &second);
		assert!(!check_equivocation_proof(proof_in(&bare)), "nobody signed it");

		let seals = Seals::default();
		seals.insert(first.hash(), seal_of(&first));
		seals.insert(second.hash(), seal_of(&second));
		let complete = seals.complete(bare).expect("both seals are known");
		assert!(check_equivocation_proof(proof_in(&complete)));
		assert_eq!(seals.complete(complete.clone()), Ok(complete), "nothing is left to do");
	}

	#[test]
	fn a_report_of_a_block_that_nobody_saw_stays_behind() {
		let (first, second) = (unsealed(1), unsealed(2));
		let seals = Seals::default();
		seals.insert(first.hash(), seal_of(&first));
		assert_eq!(seals.complete(report(&first, &second)), Err(Unsealed(second.hash())));
	}

	#[test]
	fn what_is_no_report_passes_as_it_is() {
		let seals = Seals::default();
		for bytes in [vec![], vec![4, 2], vec![4, 2, 1, 9, 9]] {
			let other = OpaqueExtrinsic::from_blob(bytes);
			assert_eq!(seals.complete(other.clone()), Ok(other));
		}
	}

	#[test]
	fn old_seals_make_room() {
		let seals = Seals::default();
		let seal = seal_of(&unsealed(0));
		for number in 0..=u64::from(KEPT_SEALS) {
			seals.insert(Hash::from_low_u64_be(number), seal.clone());
		}
		let mut kept = seals.0.lock().expect("nobody panicked");
		assert_eq!(kept.len(), KEPT_SEALS as usize);
		assert!(kept.get(&Hash::zero()).is_none());
	}
}
