//! Equivocations on the real runtime: a report with its proof is taken from the node itself and from
//! blocks, names the offender once, and is a slash that waits.

#[expect(dead_code, reason = "these stories need blocks only")]
mod support;

use cairn_runtime::{
	Babe, Executive, Grandpa, Hash, Header, Historical, Runtime, RuntimeCall, RuntimeEvent,
	Session, System, UncheckedExtrinsic,
};
use frame_support::{assert_ok, traits::KeyOwnerProofSystem};
use sp_consensus_babe::{
	AuthorityId as BabeId, AuthoritySignature as AuthorSignature, EquivocationProof as TwoBlocks,
	digests::{CompatibleDigestItem, PreDigest},
};
use sp_consensus_grandpa::{
	AuthorityId as GrandpaId, AuthoritySignature, Equivocation, EquivocationProof as TwoVotes,
	localized_payload,
};
use sp_core::crypto::KeyTypeId;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_runtime::{
	Digest, DigestItem, Perbill,
	traits::Header as _,
	transaction_validity::{InvalidTransaction, TransactionSource, TransactionValidity},
};
use sp_session::MembershipProof;
use support::{advance_until, apply, ask, next_block, run};

/// Kinds of offences, as the chain names them.
const TWO_BLOCKS: [u8; 16] = *b"babe:equivocatio";
const TWO_VOTES: [u8; 16] = *b"grandpa:equivoca";

/// The one validator's keys.
const AUTHOR: Sr25519Keyring = Sr25519Keyring::Alice;
const VOTER: Ed25519Keyring = Ed25519Keyring::Alice;
const STASH: Sr25519Keyring = Sr25519Keyring::AliceStash;

/// Proof that a key is one of the current session's.
fn membership(kind: KeyTypeId, key: [u8; 32]) -> MembershipProof {
	Historical::prove((kind, key)).expect("the validator's key")
}

fn author_membership() -> MembershipProof {
	membership(sp_consensus_babe::KEY_TYPE, AUTHOR.public().0)
}

fn voter_membership() -> MembershipProof {
	membership(sp_consensus_grandpa::KEY_TYPE, VOTER.public().0)
}

/// A header of the open block's slot, sealed by its author; `state` makes it differ from others.
fn sealed(state: u8) -> Header {
	let open = System::digest();
	let claim: PreDigest =
		open.logs().iter().find_map(DigestItem::as_babe_pre_digest).expect("babe's claim");
	let digest = Digest { logs: vec![DigestItem::babe_pre_digest(claim)] };
	let (number, parent) = (System::block_number(), System::parent_hash());
	let root = Hash::repeat_byte(state);
	let mut header = Header::new(number, root, root, parent, digest);
	let seal = AuthorSignature::from(AUTHOR.sign(header.hash().as_bytes()));
	header.digest_mut().push(DigestItem::babe_seal(seal));
	header
}

/// Two blocks in the open block's slot.
fn two_blocks() -> TwoBlocks<Header> {
	TwoBlocks {
		offender: BabeId::from(AUTHOR.public()),
		slot: pallet_babe::CurrentSlot::<Runtime>::get(),
		first_header: sealed(1),
		second_header: sealed(2),
	}
}

/// Two prevotes in a round of the current set.
fn two_votes() -> TwoVotes<Hash, u32> {
	const ROUND: u64 = 3;
	let set = Grandpa::current_set_id();
	let vote = |target: u8| {
		let prevote = finality_grandpa::Prevote {
			target_hash: Hash::repeat_byte(target),
			target_number: u32::from(target),
		};
		let message = finality_grandpa::Message::Prevote(prevote.clone());
		let signature = VOTER.sign(&localized_payload(ROUND, set, &message));
		(prevote, AuthoritySignature::from(signature))
	};
	let equivocation = finality_grandpa::Equivocation {
		round_number: ROUND,
		identity: GrandpaId::from(VOTER.public()),
		first: vote(1),
		second: vote(2),
	};
	TwoVotes::new(set, Equivocation::Prevote(equivocation))
}

fn blocks_report(proof: TwoBlocks<Header>, member: MembershipProof) -> UncheckedExtrinsic {
	let call = pallet_babe::Call::<Runtime>::report_equivocation_unsigned {
		equivocation_proof: Box::new(proof),
		key_owner_proof: member,
	};
	UncheckedExtrinsic::new_bare(RuntimeCall::from(call))
}

fn votes_report(proof: TwoVotes<Hash, u32>, member: MembershipProof) -> UncheckedExtrinsic {
	let call = pallet_grandpa::Call::<Runtime>::report_equivocation_unsigned {
		equivocation_proof: Box::new(proof),
		key_owner_proof: member,
	};
	UncheckedExtrinsic::new_bare(RuntimeCall::from(call))
}

/// What a pool says of a report from `source`, at the open block.
fn validity(report: &UncheckedExtrinsic, source: TransactionSource) -> TransactionValidity {
	let parent = System::parent_hash();
	ask(|| Executive::validate_transaction(source, report.clone(), parent))
}

fn offences() -> Vec<[u8; 16]> {
	let events = System::events().into_iter().filter_map(|record| match record.event {
		RuntimeEvent::Offences(pallet_offences::Event::Offence { kind, .. }) => Some(kind),
		_ => None,
	});
	events.collect()
}

/// Slashes that wait, as (stash, of its own stake).
fn waiting() -> Vec<(cairn_runtime::AccountId, cairn_runtime::Balance)> {
	let slashes = pallet_staking::UnappliedSlashes::<Runtime>::iter();
	slashes.flat_map(|(_, slashes)| slashes).map(|slash| (slash.validator, slash.own)).collect()
}

fn stake() -> cairn_runtime::Balance {
	let stash = STASH.to_account_id();
	pallet_staking::Ledger::<Runtime>::get(&stash).map_or(0, |ledger| ledger.active)
}

#[test]
fn two_blocks_in_a_slot_are_an_offence_and_a_slash_that_waits() {
	run(|| {
		next_block();
		let report = blocks_report(two_blocks(), author_membership());
		let external = validity(&report, TransactionSource::External);
		assert_eq!(external, Err(InvalidTransaction::Call.into()), "only from the node itself");
		let local = validity(&report, TransactionSource::Local).expect("a valid report");
		assert!(!local.propagate);
		assert!(local.longevity > 0);

		let before = stake();
		assert_eq!(apply(report.clone()), Ok(Ok(())));
		assert_eq!(offences(), [TWO_BLOCKS]);
		// min((3 · 1 offender / 1 validator)², 1) of the stake.
		assert_eq!(waiting(), [(STASH.to_account_id(), Perbill::one() * before)]);
		assert_eq!(stake(), before, "nothing is taken yet");

		let again = validity(&report, TransactionSource::Local);
		assert_eq!(again, Err(InvalidTransaction::Stale.into()), "an offence counts once");
	});
}

#[test]
fn two_votes_in_a_round_are_an_offence() {
	run(|| {
		next_block();
		let report = votes_report(two_votes(), voter_membership());
		assert_ok!(validity(&report, TransactionSource::Local));
		assert_eq!(apply(report), Ok(Ok(())));
		assert_eq!(offences(), [TWO_VOTES]);
		assert_eq!(waiting().len(), 1);
	});
}

#[test]
fn an_offence_is_judged_in_later_sessions_by_the_proof_of_its_own() {
	run(|| {
		advance_until(|| Session::current_index() == 2);
		next_block();
		let (proof, member) = (two_blocks(), author_membership());
		advance_until(|| Session::current_index() == 4);
		next_block();
		// A proof of the present session is not about the offence's.
		let wrong = blocks_report(proof.clone(), author_membership());
		let refused = apply(wrong).expect("it is in the block").expect_err("another session");
		let expected = pallet_babe::Error::<Runtime>::InvalidKeyOwnershipProof;
		assert_eq!(refused, expected.into());
		assert_eq!(apply(blocks_report(proof, member)), Ok(Ok(())));
		assert_eq!(offences(), [TWO_BLOCKS]);
	});
}

#[test]
fn one_block_reported_as_two_is_no_offence() {
	run(|| {
		next_block();
		let mut proof = two_blocks();
		proof.second_header = proof.first_header.clone();
		let refused = apply(blocks_report(proof, author_membership()));
		let expected = pallet_babe::Error::<Runtime>::InvalidEquivocationProof;
		assert_eq!(refused, Ok(Err(expected.into())));
		assert_eq!(waiting(), []);
		assert_eq!(Babe::authorities().len(), 1);
	});
}
