use cairn_types::{
	Delegation, DeviceId, Identity, MakerId, NetworkId, P256Public, Possession, Registration,
	RootKey, RootSignature, root::delegation_message,
};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use sp_runtime::{DispatchError, TokenError};

use crate::{DeviceByRoot, mock::*};

fn pair() -> DevicePair {
	DevicePair::new(3)
}

/// Register a device on [`OPEN`] for ALICE.
fn register(registration: Registration) -> DispatchResult {
	let Registration { key, possession, delegation, certificate } = registration;
	let delegation = delegation.expect("it has a root");
	let origin = RuntimeOrigin::signed(ALICE);
	Devices::register_rooted(origin, OPEN, key, possession, delegation, certificate)
}

/// [`pair`] with root 1, for ALICE.
fn registration() -> Registration {
	rooted_registration(&ALICE, &pair(), 1)
}

/// What root 1 signs for [`pair`] and ALICE, on some chain, for some block and nonce.
fn delegation_at(genesis: [u8; 32], block: u32, nonce: u32) -> Delegation {
	let root = root_key(1);
	let hash = System::block_hash(block).0;
	let message =
		delegation_message(&genesis, block, &hash, ALICE.as_ref(), nonce, &root, &pair().key());
	Delegation { root, signature: root_sign(1, &message) }
}

#[test]
fn works_with_every_kind_of_operational_key() {
	ExtBuilder::default().build_and_execute(|| {
		for (id, pair) in (0..).map(DeviceId).zip(DevicePair::kinds()) {
			let seed = u8::try_from(id.0).expect("few") + 1;
			assert_ok!(register(rooted_registration(&ALICE, &pair, seed)));
			let (device, owner, network, maker) = (id, ALICE, OPEN, None);
			let (key, root) = (pair.key(), root_key(seed));
			assert_eq!(
				events(),
				[
					Event::Registered { device, owner, network, key, maker },
					Event::Rooted { device, root },
				]
			);
			assert_eq!(record(id).root, Some(root));
			assert_eq!(DeviceByRoot::<Test>::get(root), Some(id));
		}
		assert_eq!(held(&ALICE), 3 * device_price());
	});
}

#[test]
fn works_when_the_certificate_names_the_root() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = rooted(&ALICE, &pair(), 1, 7);
		let kept = record(device);
		assert_eq!((kept.state.maker, kept.root), (Some(MakerId(0)), Some(root_key(1))));
	});
}

#[test]
fn works_with_a_certificate_of_the_first_version() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let certificate = Some(certificate(7, &pair().key()));
		assert_ok!(register(Registration { certificate, ..registration() }));
	});
}

#[test]
fn a_root_is_free_when_its_device_is_reaped() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(register(registration()));
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), DeviceId(0)));
		advance(VOID);
		let again = rooted_registration(&ALICE, &DevicePair::new(4), 1);
		assert_noop!(register(again.clone()), Error::RootTaken);
		assert_ok!(Devices::reap(RuntimeOrigin::signed(BOB), DeviceId(0)));
		assert!(!DeviceByRoot::<Test>::contains_key(root_key(1)));
		assert_ok!(register(again));
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		let Registration { key, possession, delegation, .. } = registration();
		let delegation = delegation.expect("it has a root");
		let origin = RuntimeOrigin::root();
		assert_noop!(
			Devices::register_rooted(origin, OPEN, key, possession, delegation, None),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn fails_when_the_root_is_taken() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(register(registration()));
		let other = rooted_registration(&ALICE, &DevicePair::new(4), 1);
		assert_noop!(register(other), Error::RootTaken);
	});
}

#[test]
fn fails_as_registration_does() {
	ExtBuilder::default().build_and_execute(|| {
		let taken = registered(&BOB, &DevicePair::new(4));
		assert_noop!(
			register(rooted_registration(&ALICE, &DevicePair::new(4), 1)),
			Error::KeyTaken
		);
		assert_eq!(taken, DeviceId(0));
		let Registration { key, possession, delegation, .. } = registration();
		let delegation = delegation.expect("it has a root");
		let origin = RuntimeOrigin::signed(ALICE);
		assert_noop!(
			Devices::register_rooted(origin, NetworkId(9), key, possession, delegation, None),
			Error::NetworkClosed
		);
		// Only who has the operational key may delegate to it.
		let possession = DevicePair::new(6).prove(&ALICE);
		assert_noop!(register(Registration { possession, ..registration() }), Error::ProofInvalid);
	});
}

#[test]
fn fails_when_the_delegation_is_invalid() {
	ExtBuilder::default().build_and_execute(|| {
		let genesis = System::block_hash(0u32).0;
		let Possession { block, nonce, .. } = pair().prove(&ALICE);
		let good = delegation_at(genesis, block, nonce);
		let others = [
			// Another chain, block, nonce.
			delegation_at([7; 32], block, nonce),
			delegation_at(genesis, block - 1, nonce),
			delegation_at(genesis, block, nonce + 1),
			// Another owner, another operational key.
			delegate(1, &BOB, &pair().key(), &pair().prove(&BOB)),
			delegate(1, &ALICE, &DevicePair::new(4).key(), &pair().prove(&ALICE)),
			// Another root's signature, and a root that is no point of the curve.
			Delegation { root: root_key(2), ..good },
			Delegation { root: RootKey::P256(P256Public([3; 33])), ..good },
		];
		for other in others {
			let registration = Registration { delegation: Some(other), ..registration() };
			assert_noop!(register(registration), Error::DelegationInvalid);
		}
		assert_ok!(register(Registration { delegation: Some(good), ..registration() }));
	});
}

#[test]
fn fails_when_the_signature_is_not_in_its_low_form() {
	/// The order of the group, big-endian.
	const ORDER: [u8; 32] = [
		0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63,
		0x25, 0x51,
	];
	ExtBuilder::default().build_and_execute(|| {
		let mut delegation = registration().delegation.expect("it has a root");
		let RootSignature::P256(signature) = &mut delegation.signature;
		let mut borrow = 0i16;
		for (byte, order) in signature.0[32..].iter_mut().rev().zip(ORDER.iter().rev()) {
			let difference = i16::from(*order) - i16::from(*byte) - borrow;
			borrow = i16::from(difference < 0);
			*byte = u8::try_from(difference.rem_euclid(256)).expect("a byte");
		}
		let registration = Registration { delegation: Some(delegation), ..registration() };
		assert_noop!(register(registration), Error::DelegationInvalid);
	});
}

#[test]
fn fails_when_the_certificate_is_for_the_operational_key_or_another_root() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		for identity in [Identity::Operational(pair().key()), Identity::Root(root_key(2))] {
			let certificate = Some(certificate_v2(7, identity));
			assert_noop!(
				register(Registration { certificate, ..registration() }),
				Error::CertificateInvalid
			);
		}
	});
}

#[test]
fn fails_when_the_deposit_is_missing() {
	ExtBuilder::default().build_and_execute(|| {
		let Registration { key, possession, delegation, .. } =
			rooted_registration(&POOR, &pair(), 1);
		let delegation = delegation.expect("it has a root");
		let origin = RuntimeOrigin::signed(POOR);
		assert_noop!(
			Devices::register_rooted(origin, OPEN, key, possession, delegation, None),
			TokenError::FundsUnavailable
		);
	});
}
