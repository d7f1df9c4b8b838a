//! A proof of possession is good for one owner, one chain, 256 blocks and one use; a certificate
//! for one key and one device.

use cairn_types::{DeviceId, Possession};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};

use crate::mock::*;

fn register(who: AccountId, pair: &DevicePair, proof: Possession) -> DispatchResult {
	Devices::register(RuntimeOrigin::signed(who), OPEN, pair.key(), proof, None)
}

#[test]
fn a_proof_names_one_owner() {
	for pair in DevicePair::kinds() {
		ExtBuilder::default().build_and_execute(|| {
			let proof = pair.prove(&ALICE);
			assert_noop!(register(BOB, &pair, proof.clone()), Error::ProofInvalid);
			assert_ok!(register(ALICE, &pair, proof));
		});
	}
}

#[test]
fn a_proof_names_one_chain() {
	for pair in DevicePair::kinds() {
		ExtBuilder::default().build_and_execute(|| {
			let block = System::block_number() - 1;
			let elsewhere = pair.prove_on(&[7; 32], &ALICE, block, 0);
			assert_noop!(register(ALICE, &pair, elsewhere), Error::ProofInvalid);
			let here = pair.prove_on(&System::block_hash(0u32).0, &ALICE, block, 0);
			assert_ok!(register(ALICE, &pair, here));
		});
	}
}

#[test]
fn a_proof_names_one_block_of_that_chain() {
	for pair in DevicePair::kinds() {
		ExtBuilder::default().build_and_execute(|| {
			let proof = pair.prove(&ALICE);
			let fork = sp_core::H256::repeat_byte(9);
			frame_system::BlockHash::<Test>::insert(proof.block, fork);
			assert_noop!(register(ALICE, &pair, proof), Error::ProofInvalid);
		});
	}
}

#[test]
fn a_proof_ends_after_256_blocks() {
	for pair in DevicePair::kinds() {
		ExtBuilder::default().build_and_execute(|| {
			let proof = pair.prove(&ALICE);
			end_blocks(256);
			assert_noop!(register(ALICE, &pair, proof), Error::ProofTooOld);
		});
	}
}

/// Calls by proxy do not raise the owner's nonce: without the rule that a proof is from after the
/// last change, the second use would pass.
#[test]
fn a_proof_registers_once() {
	for pair in DevicePair::kinds() {
		ExtBuilder::default().build_and_execute(|| {
			let proof = pair.prove(&ALICE);
			assert_ok!(register(ALICE, &pair, proof.clone()));
			assert_noop!(register(ALICE, &pair, proof.clone()), Error::KeyTaken);
			assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), DeviceId(0)));
			Now::mutate(|now| now.tick += SETTLED);
			end_blocks(256);
			assert_ok!(Devices::reap(RuntimeOrigin::signed(BOB), DeviceId(0)));
			assert_noop!(register(ALICE, &pair, proof), Error::ProofTooOld);
		});
	}
}

#[test]
fn a_proof_takes_over_once() {
	for pair in DevicePair::kinds() {
		ExtBuilder::default().build_and_execute(|| {
			let device = active(&ALICE, &pair);
			end_blocks(2);
			let proof = pair.prove(&BOB);
			assert_ok!(Devices::take_over(RuntimeOrigin::signed(BOB), device, proof.clone()));
			end_blocks(1);
			assert_ok!(Devices::transfer(RuntimeOrigin::signed(BOB), device, ALICE));
			assert_ok!(Devices::accept(RuntimeOrigin::signed(ALICE), device));
			assert_noop!(
				Devices::take_over(RuntimeOrigin::signed(BOB), device, proof),
				Error::KeyInherited
			);
		});
	}
}

#[test]
fn a_proof_that_an_owner_kept_back_is_void_after_the_sale() {
	for pair in DevicePair::kinds() {
		ExtBuilder::default().build_and_execute(|| {
			let device = active(&ALICE, &pair);
			end_blocks(2);
			let kept_back = pair.prove(&ALICE);
			assert_ok!(Devices::transfer(RuntimeOrigin::signed(ALICE), device, BOB));
			assert_ok!(Devices::accept(RuntimeOrigin::signed(BOB), device));
			end_blocks(1);
			assert_noop!(
				Devices::take_over(RuntimeOrigin::signed(ALICE), device, kept_back),
				Error::KeyInherited
			);
		});
	}
}

#[test]
fn a_proof_rotates_once() {
	ExtBuilder::default().build_and_execute(|| {
		let device = assigned(&ALICE, &DevicePair::new(3));
		let second = DevicePair::new(4);
		let proof = second.prove(&ALICE);
		let rotate = |pair: &DevicePair, proof: Possession| {
			Devices::rotate_key(RuntimeOrigin::signed(ALICE), device, pair.key(), proof)
		};
		assert_ok!(rotate(&second, proof.clone()));
		advance(VOID);
		let third = DevicePair::new(5);
		assert_ok!(rotate(&third, third.prove(&ALICE)));
		advance(VOID);
		// The second key is forgotten with the next rotation, and its proof is void.
		let fourth = DevicePair::new(6);
		assert_ok!(rotate(&fourth, fourth.prove(&ALICE)));
		assert_noop!(register(ALICE, &second, proof.clone()), Error::ProofTooOld);
		advance(VOID);
		assert_noop!(rotate(&second, proof), Error::ProofUsed);
	});
}

#[test]
fn a_certificate_certifies_one_key() {
	for pair in DevicePair::kinds() {
		ExtBuilder::default().with_makers(1).build_and_execute(|| {
			let certificate = Some(certificate(7, &DevicePair::new(30).key()));
			let (origin, proof) = (RuntimeOrigin::signed(ALICE), pair.prove(&ALICE));
			assert_noop!(
				Devices::register(origin, CERTIFIED, pair.key(), proof, certificate),
				Error::CertificateInvalid
			);
		});
	}
}

#[test]
fn a_serial_certifies_one_device() {
	for pair in DevicePair::kinds() {
		ExtBuilder::default().with_makers(1).build_and_execute(|| {
			let device = certified(&ALICE, &pair, 7);
			let other = DevicePair::new(30);
			let register = |pair: &DevicePair| {
				let certificate = Some(certificate(7, &pair.key()));
				let (origin, proof) = (RuntimeOrigin::signed(BOB), pair.prove(&BOB));
				Devices::register(origin, CERTIFIED, pair.key(), proof, certificate)
			};
			assert_noop!(register(&other), Error::SerialTaken);
			assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
			assert_noop!(register(&other), Error::SerialTaken);
			advance(VOID);
			assert_ok!(Devices::reap(RuntimeOrigin::signed(ALICE), device));
			assert_noop!(register(&other), Error::SerialTaken);
			assert_noop!(register(&pair), Error::SerialTaken);
		});
	}
}
