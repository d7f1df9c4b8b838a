use cairn_types::{Dated, DeviceId, DeviceKey};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use sp_core::ed25519;

use crate::{DeviceByKey, mock::*};

fn pair() -> DevicePair {
	DevicePair::new(3)
}

/// Rotate ALICE's device to the key of `next`, which proves itself.
fn rotate(device: DeviceId, next: &DevicePair) -> DispatchResult {
	let proof = next.prove(&ALICE);
	Devices::rotate_key(RuntimeOrigin::signed(ALICE), device, next.key(), proof)
}

#[test]
fn works_with_every_kind_of_key() {
	ExtBuilder::default().build_and_execute(|| {
		for (seed, pair) in (10..).step_by(3).zip(DevicePair::kinds()) {
			let device = assigned(&ALICE, &DevicePair::new(seed));
			events();
			assert_ok!(rotate(device, &pair));
			let (key, since) = (pair.key(), next_window());
			assert_eq!(events(), [Event::KeyRotated { device, key, since }]);
		}
	});
}

#[test]
fn works_from_the_next_window_on() {
	ExtBuilder::default().build_and_execute(|| {
		let device = assigned(&ALICE, &pair());
		let next = DevicePair::new(4);
		assert_ok!(rotate(device, &next));
		let record = record(device);
		assert_eq!(record.changed, System::block_number());
		assert_eq!(
			record.state.key,
			Dated {
				previous: Some(pair().key()),
				current: next.key(),
				since: next_window(),
				settled: Now::get().tick + SETTLED,
			}
		);
		for key in [pair().key(), next.key()] {
			assert_eq!(DeviceByKey::<Test>::get(key), Some(device));
		}
	});
}

#[test]
fn the_key_before_the_last_rotation_is_free() {
	ExtBuilder::default().build_and_execute(|| {
		let device = assigned(&ALICE, &pair());
		assert_ok!(rotate(device, &DevicePair::new(4)));
		advance(VOID);
		assert_ok!(rotate(device, &DevicePair::new(5)));
		registered(&BOB, &pair());
	});
}

#[test]
fn the_certificate_stays() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &pair(), 7);
		advance(SETTLED);
		assert_ok!(rotate(device, &DevicePair::new(4)));
		assert_ok!(Devices::activate(RuntimeOrigin::signed(ALICE), device));
	});
}

#[test]
fn fails_when_not_found() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(rotate(DeviceId(0), &pair()), Error::NotFound);
	});
}

#[test]
fn fails_when_not_owner() {
	ExtBuilder::default().build_and_execute(|| {
		let device = assigned(&BOB, &pair());
		assert_noop!(rotate(device, &DevicePair::new(4)), Error::NotOwner);
	});
}

#[test]
fn fails_when_retired() {
	ExtBuilder::default().build_and_execute(|| {
		let device = reapable(&ALICE, &pair());
		assert_noop!(rotate(device, &DevicePair::new(4)), Error::WrongStage);
	});
}

#[test]
fn fails_when_the_last_change_can_still_be_checked() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		advance(SETTLED - 1);
		assert_noop!(rotate(device, &DevicePair::new(4)), Error::TooEarly);
		advance(1);
		assert_ok!(rotate(device, &DevicePair::new(4)));
	});
}

#[test]
fn fails_when_the_proof_of_the_forgotten_key_could_be_used_again() {
	ExtBuilder::default().build_and_execute(|| {
		let device = assigned(&ALICE, &pair());
		assert_ok!(rotate(device, &DevicePair::new(4)));
		Now::mutate(|now| now.tick += SETTLED);
		end_blocks(255);
		assert_noop!(rotate(device, &DevicePair::new(5)), Error::TooEarly);
		end_blocks(1);
		assert_ok!(rotate(device, &DevicePair::new(5)));
	});
}

#[test]
fn fails_when_the_key_is_weak() {
	ExtBuilder::default().build_and_execute(|| {
		let device = assigned(&ALICE, &pair());
		let key = DeviceKey::Ed25519(ed25519::Public::from_raw([0; 32]));
		let (origin, proof) = (RuntimeOrigin::signed(ALICE), pair().prove(&ALICE));
		assert_noop!(Devices::rotate_key(origin, device, key, proof), Error::KeyWeak);
	});
}

#[test]
fn fails_when_the_key_is_taken() {
	ExtBuilder::default().build_and_execute(|| {
		let device = assigned(&ALICE, &pair());
		registered(&BOB, &DevicePair::new(6));
		for taken in [pair(), DevicePair::new(6)] {
			assert_noop!(rotate(device, &taken), Error::KeyTaken);
		}
	});
}

#[test]
fn fails_when_the_proof_is_the_old_keys() {
	ExtBuilder::default().build_and_execute(|| {
		let device = assigned(&ALICE, &pair());
		let (origin, proof) = (RuntimeOrigin::signed(ALICE), pair().prove(&ALICE));
		let key = DevicePair::new(4).key();
		assert_noop!(Devices::rotate_key(origin, device, key, proof), Error::ProofInvalid);
	});
}

#[test]
fn fails_when_the_proof_is_from_before_the_last_change() {
	ExtBuilder::default().build_and_execute(|| {
		let device = registered(&ALICE, &pair());
		Now::mutate(|now| now.tick += SETTLED);
		let next = DevicePair::new(4);
		let block = System::block_number();
		end_blocks(1);
		let (origin, proof) = (RuntimeOrigin::signed(ALICE), next.prove_at(&ALICE, block, 0));
		assert_noop!(Devices::rotate_key(origin, device, next.key(), proof), Error::ProofUsed);
	});
}
