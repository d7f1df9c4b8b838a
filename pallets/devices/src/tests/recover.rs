use cairn_types::{
	Approval, CertifierKey, CertifierSignature, DeviceId, DeviceKey, MakerId, Possession,
	certificate::recovery_message,
};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use sp_runtime::TokenError;

use crate::{Recoveries, Recovery, mock::*};

/// The key that a device is to get, and its root.
pub(super) fn next() -> DevicePair {
	DevicePair::new(10)
}
pub(super) const NEXT_ROOT: u8 = 2;

fn pair() -> DevicePair {
	DevicePair::new(3)
}

/// Ask for [`next`] with a root, all of it rightly signed, for a device of ALICE.
pub(super) fn requested(device: DeviceId) {
	end_blocks(2);
	assert_ok!(ask(device, Some(NEXT_ROOT)));
}

/// A device that BOB has bought of ALICE, with its root, and for which he requests a key and no root.
pub(super) fn requested_by_buyer(pair: &DevicePair) -> DeviceId {
	let device = rooted(&ALICE, pair, 1, 7);
	assert_ok!(Devices::transfer(RuntimeOrigin::signed(ALICE), device, BOB));
	assert_ok!(Devices::accept(RuntimeOrigin::signed(BOB), device));
	assert!(record(device).inherited);
	end_blocks(2);
	let approval = approve(device, &next().key(), None);
	let (origin, proof) = (RuntimeOrigin::signed(BOB), next().prove(&BOB));
	assert_ok!(Devices::recover(origin, device, next().key(), proof, None, approval));
	device
}

/// Ask for [`next`], rightly signed.
fn ask(device: DeviceId, root: Option<u8>) -> DispatchResult {
	let approval = approve(device, &next().key(), root.map(root_key));
	ask_with(device, next().prove(&ALICE), root, approval)
}

fn ask_with(
	device: DeviceId,
	proof: Possession,
	root: Option<u8>,
	approval: Approval,
) -> DispatchResult {
	let key = next().key();
	let delegation = root.map(|root| delegate(root, &ALICE, &key, &proof));
	Devices::recover(RuntimeOrigin::signed(ALICE), device, key, proof, delegation, approval)
}

/// A certified device of ALICE with root 1.
fn device() -> DeviceId {
	let device = rooted(&ALICE, &pair(), 1, 7);
	end_blocks(2);
	events();
	device
}

#[test]
fn works_with_another_root() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		let before = record(device);
		assert_ok!(ask(device, Some(NEXT_ROOT)));
		let (key, root, due) =
			(next().key(), Some(root_key(NEXT_ROOT)), Now::get().tick + RECOVERY);
		assert_eq!(events(), [Event::RecoveryRequested { device, key, root, due }]);
		let Recovery { requested, due: kept, maker, key_index, .. } =
			Recoveries::<Test>::get(device).expect("it is kept");
		assert_eq!((requested, kept), (System::block_number(), due));
		assert_eq!((maker, key_index), (MakerId(0), 0));
		// Nothing else changes yet.
		assert_eq!(record(device), before);
		assert_eq!(held(&ALICE), device_price() + recovery_price());
	});
}

#[test]
fn works_with_every_kind_of_key_and_without_a_root() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		for (number, next) in (0..).zip(DevicePair::kinds()) {
			let device = certified(&ALICE, &DevicePair::new(20 + number), number);
			end_blocks(2);
			let approval = approve(device, &next.key(), None);
			let (origin, proof) = (RuntimeOrigin::signed(ALICE), next.prove(&ALICE));
			assert_ok!(Devices::recover(origin, device, next.key(), proof, None, approval));
		}
	});
}

#[test]
fn works_when_the_maker_signs_on_p256() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		let key = CertifierKey::P256(root_pair(9).public());
		assert_ok!(Devices::add_maker_key(RuntimeOrigin::signed(MAKER), MakerId(0), key));
		let (genesis, changed) = (System::block_hash(0u32).0, record(device).changed);
		let (key, maker) = (next().key(), MakerId(0));
		let message = recovery_message(&genesis, maker, 1, device, changed, &key, None);
		let signature = CertifierSignature::P256(root_pair(9).sign(&message));
		let approval = Approval { key_index: 1, signature };
		assert_ok!(ask_with(device, next().prove(&ALICE), None, approval));
	});
}

#[test]
fn the_delay_is_brought_into_its_range() {
	for (set, delay) in [(0, 1), (5, 5), (u32::MAX, crate::MAX_RECOVERY_TICKS)] {
		ExtBuilder::default().with_makers(1).build_and_execute(|| {
			let device = device();
			Tuned::mutate(|policy| policy.recovery_ticks = set);
			assert_ok!(ask(device, None));
			let due = Recoveries::<Test>::get(device).expect("it is kept").due;
			assert_eq!(due, Now::get().tick + delay);
		});
	}
}

#[test]
fn fails_when_not_found_or_not_owner() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		let approval = approve(device, &next().key(), None);
		let proof = next().prove(&ALICE);
		assert_noop!(ask_with(DeviceId(9), proof.clone(), None, approval), Error::NotFound);
		let (origin, key) = (RuntimeOrigin::signed(BOB), next().key());
		assert_noop!(Devices::recover(origin, device, key, proof, None, approval), Error::NotOwner);
	});
}

#[test]
fn fails_when_retired() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
		assert_noop!(ask(device, None), Error::WrongStage);
	});
}

#[test]
fn fails_when_requested() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		assert_ok!(ask(device, None));
		assert_noop!(ask(device, None), Error::AlreadyRequested);
	});
}

#[test]
fn fails_when_a_key_is_taken_or_weak() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		assert_ok!(Devices::register_rooted(
			RuntimeOrigin::signed(BOB),
			OPEN,
			DevicePair::new(4).key(),
			DevicePair::new(4).prove(&BOB),
			delegate(NEXT_ROOT, &BOB, &DevicePair::new(4).key(), &DevicePair::new(4).prove(&BOB)),
			None
		));
		assert_noop!(ask(device, Some(NEXT_ROOT)), Error::RootTaken);
		let weak = DeviceKey::Sr25519(sp_core::sr25519::Public::from_raw([0; 32]));
		for (key, error) in [(pair().key(), Error::KeyTaken), (weak, Error::KeyWeak)] {
			let approval = approve(device, &key, None);
			let (origin, proof) = (RuntimeOrigin::signed(ALICE), next().prove(&ALICE));
			assert_noop!(Devices::recover(origin, device, key, proof, None, approval), error);
		}
		// Its own root may stay.
		assert_ok!(ask(device, Some(1)));
	});
}

#[test]
fn fails_when_the_proofs_are_not_good() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		let root = Some(root_key(NEXT_ROOT));
		let approval = approve(device, &next().key(), root);
		let other = DevicePair::new(13).prove(&ALICE);
		assert_noop!(ask_with(device, other, Some(NEXT_ROOT), approval), Error::ProofInvalid);
		let early = next().prove_at(&ALICE, record(device).changed, 0);
		assert_noop!(ask_with(device, early, Some(NEXT_ROOT), approval), Error::ProofUsed);
		let (origin, proof) = (RuntimeOrigin::signed(ALICE), next().prove(&ALICE));
		let stolen = delegate(NEXT_ROOT, &BOB, &next().key(), &proof);
		assert_noop!(
			Devices::recover(origin, device, next().key(), proof, Some(stolen), approval),
			Error::DelegationInvalid
		);
	});
}

#[test]
fn fails_when_uncertified() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = registered(&ALICE, &pair());
		end_blocks(2);
		assert_noop!(ask(device, None), Error::NotCertified);
	});
}

#[test]
fn fails_when_the_maker_did_not_consent() {
	ExtBuilder::default().with_makers(2).build_and_execute(|| {
		let device = device();
		let other = certified(&ALICE, &DevicePair::new(6), 8);
		end_blocks(2);
		let root = Some(root_key(NEXT_ROOT));
		let key = next().key();
		let good = approve(device, &key, root);
		let (genesis, changed) = (System::block_hash(0u32).0, record(device).changed);
		let message =
			recovery_message(&genesis, MakerId(0), 0, device, changed, &key, root.as_ref());
		let strangers = CertifierSignature::P256(root_pair(9).sign(&message));
		for approval in [
			approve(other, &key, root),
			approve(device, &pair().key(), root),
			approve(device, &key, None),
			approve(device, &key, Some(root_key(1))),
			Approval { signature: strangers, ..good },
		] {
			let proof = next().prove(&ALICE);
			assert_noop!(
				ask_with(device, proof, Some(NEXT_ROOT), approval),
				Error::ApprovalInvalid
			);
		}
		let unknown = Approval { key_index: 1, ..good };
		assert_noop!(
			ask_with(device, next().prove(&ALICE), Some(NEXT_ROOT), unknown),
			Error::MakerKeyNotFound
		);
		assert_ok!(ask_with(device, next().prove(&ALICE), Some(NEXT_ROOT), good));
	});
}

#[test]
fn a_consent_is_void_after_a_change_of_owner() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		let old = approve(device, &next().key(), None);
		for (from, to) in [(ALICE, BOB), (BOB, ALICE)] {
			assert_ok!(Devices::transfer(RuntimeOrigin::signed(from), device, to.clone()));
			assert_ok!(Devices::accept(RuntimeOrigin::signed(to), device));
		}
		end_blocks(2);
		assert_noop!(ask_with(device, next().prove(&ALICE), None, old), Error::ApprovalInvalid);
	});
}

#[test]
fn fails_when_the_maker_withdrew() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		let approval = approve(device, &next().key(), None);
		let revoke = Devices::revoke_maker_key(RuntimeOrigin::signed(MAKER), MakerId(0), 0);
		assert_ok!(revoke);
		assert_noop!(
			ask_with(device, next().prove(&ALICE), None, approval),
			Error::MakerKeyRevoked
		);
		let key = maker_key(0, 1);
		assert_ok!(Devices::add_maker_key(RuntimeOrigin::signed(MAKER), MakerId(0), key));
		assert_ok!(Devices::revoke(RuntimeOrigin::signed(MAKER), MakerId(0), serial(7)));
		let approval = Approval { key_index: 1, ..approval };
		assert_noop!(ask_with(device, next().prove(&ALICE), None, approval), Error::SerialRevoked);
		advance(SETTLED + LEAVING);
		assert_ok!(Devices::retire_maker(RuntimeOrigin::signed(MAKER), MakerId(0)));
		assert_noop!(ask_with(device, next().prove(&ALICE), None, approval), Error::MakerNotFound);
	});
}

#[test]
fn fails_when_the_deposit_is_missing() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		spend_all_but(&ALICE, recovery_price() - 1);
		assert_noop!(ask(device, None), TokenError::FundsUnavailable);
	});
}
