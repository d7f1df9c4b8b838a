use cairn_types::{CertificateClaim, Dated, DeviceId, MakerId, Objection};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};

use super::recover::{NEXT_ROOT, next, requested, requested_by_buyer};
use crate::{DeviceByKey, DeviceByRoot, Recoveries, mock::*};

fn pair() -> DevicePair {
	DevicePair::new(3)
}

/// Anybody completes a recovery.
fn complete(device: DeviceId) -> DispatchResult {
	Devices::complete_recovery(RuntimeOrigin::signed(BOB), device)
}

/// A device of ALICE for which a recovery was requested.
fn device() -> DeviceId {
	let device = rooted(&ALICE, &pair(), 1, 7);
	requested(device);
	events();
	device
}

#[test]
fn works_when_due() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		advance(RECOVERY);
		assert_ok!(complete(device));
		let (key, since, root) = (next().key(), next_window(), Some(root_key(NEXT_ROOT)));
		assert_eq!(
			events(),
			[Event::KeyRotated { device, key, since }, Event::Recovered { device, root }]
		);
		let kept = record(device);
		let settled = Now::get().tick + SETTLED;
		let dated = Dated { previous: Some(pair().key()), current: key, since, settled };
		assert_eq!((kept.state.key, kept.root), (dated, root));
		assert_eq!(kept.changed, System::block_number());
		assert!(!Recoveries::<Test>::contains_key(device));
		assert_eq!(DeviceByKey::<Test>::get(key), Some(device));
		assert_eq!(DeviceByRoot::<Test>::get(root_key(NEXT_ROOT)), Some(device));
		assert_eq!(DeviceByRoot::<Test>::get(root_key(1)), None);
		assert_eq!(held(&ALICE), device_price());
		// The certificate stays, and the new root names the next keys.
		assert!(kept.certified.is_some());
		advance(VOID);
		let another = DevicePair::new(13);
		let proof = another.prove(&ALICE);
		let signature = delegate(NEXT_ROOT, &ALICE, &another.key(), &proof).signature;
		let origin = RuntimeOrigin::signed(ALICE);
		assert_ok!(Devices::rotate_rooted_key(origin, device, another.key(), proof, signature));
	});
}

#[test]
fn works_without_a_root() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = rooted(&ALICE, &pair(), 1, 7);
		end_blocks(2);
		let approval = approve(device, &next().key(), None);
		let (origin, proof) = (RuntimeOrigin::signed(ALICE), next().prove(&ALICE));
		assert_ok!(Devices::recover(origin, device, next().key(), proof, None, approval));
		advance(RECOVERY);
		assert_ok!(complete(device));
		assert_eq!(record(device).root, None);
		assert!(!DeviceByRoot::<Test>::contains_key(root_key(1)));
	});
}

#[test]
fn the_new_key_was_no_earlier_owners() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = requested_by_buyer(&pair());
		advance(RECOVERY);
		assert_ok!(complete(device));
		end_blocks(2);
		// It has no root any more, so its key may name an owner.
		let (origin, proof) = (RuntimeOrigin::signed(MAKER), next().prove(&MAKER));
		assert_ok!(Devices::take_over(origin, device, proof));
		assert_eq!(record(device).owner, MAKER);
	});
}

#[test]
fn fails_when_not_found_or_not_requested() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_noop!(complete(DeviceId(9)), Error::NotFound);
		let device = rooted(&ALICE, &pair(), 1, 7);
		assert_noop!(complete(device), Error::NotRequested);
	});
}

#[test]
fn fails_before_it_is_due() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		advance(RECOVERY - 1);
		assert_noop!(complete(device), Error::TooEarly);
		advance(1);
		assert_ok!(complete(device));
	});
}

#[test]
fn fails_when_the_last_change_can_still_be_checked() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		Tuned::mutate(|policy| policy.recovery_ticks = 1);
		let device = device();
		advance(1);
		assert_noop!(complete(device), Error::TooEarly);
		advance(SETTLED);
		assert_ok!(complete(device));
	});
}

#[test]
fn fails_when_the_keys_were_taken_meanwhile() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		let taken = registered(&ALICE, &next());
		advance(RECOVERY);
		assert_noop!(complete(device), Error::KeyTaken);
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), taken));
		advance(VOID);
		assert_ok!(Devices::reap(RuntimeOrigin::signed(ALICE), taken));
		let other = DevicePair::new(4);
		let proof = other.prove(&BOB);
		let delegation = delegate(NEXT_ROOT, &BOB, &other.key(), &proof);
		let origin = RuntimeOrigin::signed(BOB);
		assert_ok!(Devices::register_rooted(origin, OPEN, other.key(), proof, delegation, None));
		assert_noop!(complete(device), Error::RootTaken);
	});
}

#[test]
fn fails_when_the_maker_withdrew_meanwhile() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		assert_ok!(Devices::revoke(RuntimeOrigin::signed(MAKER), MakerId(0), serial(7)));
		advance(RECOVERY);
		assert_noop!(complete(device), Error::SerialRevoked);
	});
}

/// Whoever stole a maker's key is not faster than its revocation.
#[test]
fn fails_when_the_key_that_consented_was_revoked_meanwhile() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = device();
		let add = |index| {
			let (origin, key) = (RuntimeOrigin::signed(MAKER), maker_key(0, index));
			Devices::add_maker_key(origin, MakerId(0), key)
		};
		let revoke =
			|index| Devices::revoke_maker_key(RuntimeOrigin::signed(MAKER), MakerId(0), index);
		assert_ok!(add(1));
		// Another key may go.
		assert_ok!(add(2));
		assert_ok!(revoke(2));
		advance(RECOVERY);
		assert_ok!(revoke(0));
		assert_noop!(complete(device), Error::MakerKeyRevoked);
		// The owner may ask again, with a consent by a good key.
		let cancel = Objection::Owner;
		assert_ok!(Devices::cancel_recovery(RuntimeOrigin::signed(ALICE), device, cancel));
		assert_eq!(held(&ALICE), device_price());
	});
}

/// The owner cannot have a maker of its choice consent, and bring another one's certificate then.
#[test]
fn fails_when_another_makers_certificate_stands_meanwhile() {
	ExtBuilder::default().with_makers(2).build_and_execute(|| {
		LastAdmitted::set(1);
		let device = certified(&ALICE, &pair(), 7);
		end_blocks(2);
		let approval = approve(device, &next().key(), None);
		let (origin, proof) = (RuntimeOrigin::signed(ALICE), next().prove(&ALICE));
		assert_ok!(Devices::recover(origin, device, next().key(), proof, None, approval));
		let claim = CertificateClaim { maker: MakerId(1), ..claim(7) };
		let certificate = certify(claim, &pair().key());
		assert_ok!(Devices::certify(RuntimeOrigin::signed(ALICE), device, certificate));
		advance(RECOVERY);
		assert_noop!(complete(device), Error::ApprovalInvalid);
	});
}

#[test]
fn works_when_the_certificate_was_renewed_meanwhile() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &pair(), 7);
		requested(device);
		let expiry = PERIODS.start_of(START.window + 2_000);
		let certificate = certify(CertificateClaim { expiry, ..claim(7) }, &pair().key());
		assert_ok!(Devices::certify(RuntimeOrigin::signed(ALICE), device, certificate));
		advance(RECOVERY);
		assert_ok!(complete(device));
	});
}
