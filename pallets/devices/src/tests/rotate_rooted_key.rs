use cairn_types::{Dated, DeviceId, DeviceKey, Possession, RootSignature};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};

use crate::{DeviceByKey, mock::*};

fn pair() -> DevicePair {
	DevicePair::new(3)
}

/// A device of ALICE with root 1, all of it settled.
fn device() -> DeviceId {
	let device = rooted(&ALICE, &pair(), 1, 7);
	advance(SETTLED);
	events();
	device
}

fn send(device: DeviceId, key: DeviceKey, proof: Possession, by: RootSignature) -> DispatchResult {
	Devices::rotate_rooted_key(RuntimeOrigin::signed(ALICE), device, key, proof, by)
}

/// Rotate to the key of `next`, which proves itself and which a root names.
fn rotate(device: DeviceId, next: &DevicePair, root: u8) -> DispatchResult {
	let proof = next.prove(&ALICE);
	let signature = delegate(root, &ALICE, &next.key(), &proof).signature;
	send(device, next.key(), proof, signature)
}

#[test]
fn works_with_every_kind_of_operational_key() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		for next in [DevicePair::new(4), DevicePair::new(5), DevicePair::new(6)] {
			let before = record(device).state.key.current;
			assert_ok!(rotate(device, &next, 1));
			let (key, since) = (next.key(), next_window());
			assert_eq!(events(), [Event::KeyRotated { device, key, since }]);
			let kept = record(device);
			let settled = Now::get().tick + SETTLED;
			let dated = Dated { previous: Some(before), current: key, since, settled };
			assert_eq!((kept.state.key, kept.root), (dated, Some(root_key(1))));
			assert_eq!(kept.changed, System::block_number());
			assert_eq!(DeviceByKey::<Test>::get(key), Some(device));
			advance(VOID);
		}
	});
}

#[test]
fn a_recovery_is_cancelled() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		super::recover::requested(device);
		events();
		assert_ok!(rotate(device, &DevicePair::new(4), 1));
		let (key, since) = (DevicePair::new(4).key(), next_window());
		assert_eq!(
			events(),
			[Event::RecoveryCancelled { device }, Event::KeyRotated { device, key, since }]
		);
		assert_eq!(held(&ALICE), device_price());
	});
}

#[test]
fn fails_without_the_root() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		let next = DevicePair::new(4);
		let (origin, proof) = (RuntimeOrigin::signed(ALICE), next.prove(&ALICE));
		assert_noop!(Devices::rotate_key(origin, device, next.key(), proof), Error::RootRequired);
		assert_noop!(rotate(device, &next, 2), Error::DelegationInvalid);
	});
}

#[test]
fn fails_when_the_root_named_another_key_or_nonce() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		let next = DevicePair::new(4);
		let proof = next.prove(&ALICE);
		let other = Possession { nonce: 1, ..proof.clone() };
		for signed in [
			delegate(1, &ALICE, &DevicePair::new(5).key(), &proof),
			delegate(1, &BOB, &next.key(), &proof),
			delegate(1, &ALICE, &next.key(), &other),
		] {
			assert_noop!(
				send(device, next.key(), proof.clone(), signed.signature),
				Error::DelegationInvalid
			);
		}
	});
}

#[test]
fn fails_when_the_device_has_no_root() {
	ExtBuilder::default().build_and_execute(|| {
		let device = assigned(&ALICE, &pair());
		assert_noop!(rotate(device, &DevicePair::new(4), 1), Error::RootNotFound);
	});
}

#[test]
fn fails_as_a_rotation_without_a_root_does() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_noop!(rotate(DeviceId(9), &DevicePair::new(4), 1), Error::NotFound);
		let device = rooted(&ALICE, &pair(), 1, 7);
		end_blocks(2);
		assert_noop!(rotate(device, &DevicePair::new(4), 1), Error::TooEarly);
		advance(SETTLED);
		let next = DevicePair::new(4);
		let proof = next.prove(&ALICE);
		let signature = delegate(1, &ALICE, &next.key(), &proof).signature;
		let origin = RuntimeOrigin::signed(BOB);
		assert_noop!(
			Devices::rotate_rooted_key(origin, device, next.key(), proof, signature),
			Error::NotOwner
		);
		assert_noop!(rotate(device, &pair(), 1), Error::KeyTaken);
		let proof = DevicePair::new(5).prove(&ALICE);
		let signature = delegate(1, &ALICE, &next.key(), &proof).signature;
		assert_noop!(send(device, next.key(), proof, signature), Error::ProofInvalid);
	});
}

/// An owner who sold the device kept a delegation back.
#[test]
fn a_delegation_is_void_after_the_sale() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		let next = DevicePair::new(4);
		let proof = next.prove(&ALICE);
		let signature = delegate(1, &ALICE, &next.key(), &proof).signature;
		for (from, to) in [(ALICE, BOB), (BOB, ALICE)] {
			assert_ok!(Devices::transfer(RuntimeOrigin::signed(from), device, to.clone()));
			assert_ok!(Devices::accept(RuntimeOrigin::signed(to), device));
		}
		assert_noop!(send(device, next.key(), proof, signature), Error::ProofUsed);
	});
}
