//! Claims: one proof leads from a slot's account to the ledger's root.

use cairn_types::GatewayId;

use super::world::World;
use crate::{Account, AccountV1, Claim, ProofFault, store};

/// The claim of a slot in the world's ledger.
fn claim_of(world: &World, slot: u32) -> Claim {
	let leaf = &world.ledger[&slot];
	Claim {
		gateway: GatewayId(3),
		window: world.context.window,
		slot,
		account: leaf.account.clone(),
		data: leaf.data.hash(),
		proof: store::prove(&world.nodes, slot).expect("memory does not fail"),
	}
}

/// The claim with another account.
fn with(claim: &Claim, change: impl FnOnce(&mut AccountV1)) -> Claim {
	let Account::V1(mut account) = claim.account.clone();
	change(&mut account);
	Claim { account: Account::V1(account), ..claim.clone() }
}

#[test]
fn works_when_the_account_is_the_ledgers() {
	let (world, batch) = World::sealed();
	for slot in [3, 9, 12, 200] {
		assert_eq!(claim_of(&world, slot).root(), Ok(batch.header.ledger_root));
	}
}

#[test]
fn fails_when_anything_is_changed() {
	let (world, batch) = World::sealed();
	let claim = claim_of(&world, 9);
	let changed = [
		with(&claim, |account| account.settled += 1),
		with(&claim, |account| account.open[0].units += 1),
		with(&claim, |account| account.open.clear()),
		with(&claim, |account| account.totals[0] += 1),
		with(&claim, |account| account.device.0 += 1),
		with(&claim, |account| account.time -= 1),
		Claim { slot: 3, ..claim.clone() },
		Claim { slot: 8, ..claim.clone() },
		Claim { data: [0; 32], ..claim.clone() },
		Claim { account: claim_of(&world, 3).account, ..claim.clone() },
		Claim { proof: claim_of(&world, 3).proof, ..claim.clone() },
	];
	for (number, claim) in changed.iter().enumerate() {
		assert_ne!(claim.root(), Ok(batch.header.ledger_root), "change {number}");
	}
}

#[test]
fn fails_when_the_proof_is_not_in_its_one_form() {
	let (world, _) = World::sealed();
	let mut claim = claim_of(&world, 9);
	claim.proof.siblings.pop();
	assert_eq!(claim.root(), Err(ProofFault::SiblingCount));
}
