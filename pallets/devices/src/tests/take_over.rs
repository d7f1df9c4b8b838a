use cairn_types::{DeviceId, Possession};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};

use crate::{Offers, mock::*};

fn pair() -> DevicePair {
	DevicePair::new(3)
}

/// BOB takes over a device with this proof.
fn take_over(device: DeviceId, proof: Possession) -> DispatchResult {
	Devices::take_over(RuntimeOrigin::signed(BOB), device, proof)
}

#[test]
fn works_with_every_kind_of_key() {
	ExtBuilder::default().build_and_execute(|| {
		for (slot, pair) in (0..).step_by(2).zip(DevicePair::kinds()) {
			let device = assigned(&ALICE, &pair);
			assert_ok!(Devices::transfer(RuntimeOrigin::signed(ALICE), device, MAKER));
			events();
			assert_ok!(take_over(device, pair.prove(&BOB)));
			let (gateway, slot, since) = (GATEWAY, slot + 1, next_window());
			assert_eq!(
				events(),
				[
					Event::Transferred { device, from: ALICE, to: BOB },
					Event::GatewayAssigned { device, gateway, slot, since },
				]
			);
			assert_eq!(record(device).owner, BOB);
			assert!(!Offers::<Test>::contains_key(device));
		}
	});
}

#[test]
fn fails_when_not_found() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(take_over(DeviceId(0), pair().prove(&BOB)), Error::NotFound);
	});
}

#[test]
fn fails_when_it_belongs_to_the_caller() {
	ExtBuilder::default().build_and_execute(|| {
		let device = assigned(&BOB, &pair());
		assert_noop!(take_over(device, pair().prove(&BOB)), Error::AlreadyOwner);
	});
}

/// An operational key is in memory, a root in hardware: a thief of the one does not get the other's
/// device.
#[test]
fn fails_when_the_device_has_a_root() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = rooted(&ALICE, &pair(), 1, 7);
		end_blocks(2);
		assert_noop!(take_over(device, pair().prove(&BOB)), Error::RootRequired);
		// With its owner's consent it changes hands.
		assert_ok!(Devices::transfer(RuntimeOrigin::signed(ALICE), device, BOB));
		assert_ok!(Devices::accept(RuntimeOrigin::signed(BOB), device));
		assert_eq!((record(device).owner, record(device).root), (BOB, Some(root_key(1))));
	});
}

/// Who sold a device must not undo it with the key that it kept: neither before the buyer can rotate
/// it, nor when the buyer has not done so for long.
#[test]
fn fails_when_the_key_was_an_earlier_owners() {
	ExtBuilder::default().build_and_execute(|| {
		let device = registered(&ALICE, &pair());
		assert_ok!(Devices::transfer(RuntimeOrigin::signed(ALICE), device, BOB));
		assert_ok!(Devices::accept(RuntimeOrigin::signed(BOB), device));
		let take_back =
			|proof: Possession| Devices::take_over(RuntimeOrigin::signed(ALICE), device, proof);
		end_blocks(2);
		let early = pair().prove(&ALICE);
		assert_noop!(take_back(early), Error::KeyInherited);
		advance(VOID);
		let late = pair().prove(&ALICE);
		assert_noop!(take_back(late), Error::KeyInherited);

		let next = DevicePair::new(4);
		let (origin, proof) = (RuntimeOrigin::signed(BOB), next.prove(&BOB));
		assert_ok!(Devices::rotate_key(origin, device, next.key(), proof));
		end_blocks(2);
		let kept = pair().prove(&ALICE);
		assert_noop!(take_back(kept), Error::ProofInvalid);
		// What the buyer's own key says holds.
		assert_ok!(take_back(next.prove(&ALICE)));
		assert_eq!(record(device).owner, ALICE);
	});
}

#[test]
fn fails_when_it_was_just_taken_over() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		end_blocks(2);
		assert_ok!(take_over(device, pair().prove(&BOB)));
		end_blocks(2);
		let (origin, proof) = (RuntimeOrigin::signed(MAKER), pair().prove(&MAKER));
		assert_noop!(Devices::take_over(origin, device, proof), Error::KeyInherited);
	});
}

#[test]
fn fails_when_retired() {
	ExtBuilder::default().build_and_execute(|| {
		let device = reapable(&ALICE, &pair());
		assert_noop!(take_over(device, pair().prove(&BOB)), Error::WrongStage);
	});
}

#[test]
fn fails_when_the_last_change_can_still_be_checked() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		assert_ok!(Devices::assign_gateway(RuntimeOrigin::signed(ALICE), device, GATEWAY));
		end_blocks(2);
		assert_noop!(take_over(device, pair().prove(&BOB)), Error::TooEarly);
	});
}

#[test]
fn fails_when_the_proof_is_of_a_key_it_had() {
	ExtBuilder::default().build_and_execute(|| {
		let device = assigned(&ALICE, &pair());
		let next = DevicePair::new(4);
		let (origin, proof) = (RuntimeOrigin::signed(ALICE), next.prove(&ALICE));
		assert_ok!(Devices::rotate_key(origin, device, next.key(), proof));
		end_blocks(2);
		assert_noop!(take_over(device, pair().prove(&BOB)), Error::ProofInvalid);
		assert_ok!(take_over(device, next.prove(&BOB)));
	});
}

#[test]
fn fails_when_the_proof_names_another_owner() {
	ExtBuilder::default().build_and_execute(|| {
		let device = assigned(&ALICE, &pair());
		assert_noop!(take_over(device, pair().prove(&MAKER)), Error::ProofInvalid);
	});
}

#[test]
fn fails_when_the_proof_is_of_the_block_of_the_last_change() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		end_blocks(1);
		assert_noop!(take_over(device, pair().prove(&BOB)), Error::ProofUsed);
		end_blocks(1);
		assert_ok!(take_over(device, pair().prove(&BOB)));
	});
}
