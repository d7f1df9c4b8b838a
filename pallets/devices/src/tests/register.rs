use cairn_types::{
	Activity, Certificate, CertificateClaim, CertificateV1, CertificateV2, CertifierKey,
	CertifierSignature, Dated, DeviceId, DeviceKey, Identity, MakerId, NetworkId, Possession,
	Window, view::DeviceState,
};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use sp_core::{H256, ecdsa, ed25519, sr25519};
use sp_runtime::{DispatchError, TokenError};

use crate::{
	Certified, DeviceByKey, DeviceRecord, Makers, NextDevice, SerialRecord, SerialState, Serials,
	Stage, mock::*,
};

fn pair() -> DevicePair {
	DevicePair::new(3)
}

/// Register [`pair`] on [`OPEN`] for ALICE with this proof.
fn register_with(proof: Possession) -> DispatchResult {
	Devices::register(RuntimeOrigin::signed(ALICE), OPEN, pair().key(), proof, None)
}

/// Register [`pair`] on [`CERTIFIED`] for ALICE with this certificate.
fn register_certified(certificate: Certificate) -> DispatchResult {
	let (key, proof) = (pair().key(), pair().prove(&ALICE));
	Devices::register(RuntimeOrigin::signed(ALICE), CERTIFIED, key, proof, Some(certificate))
}

/// Register [`pair`] with a certificate of this claim, rightly signed.
fn register_claimed(claim: CertificateClaim) -> DispatchResult {
	register_certified(certify(claim, &pair().key()))
}

#[test]
fn works_with_every_kind_of_key() {
	ExtBuilder::default().build_and_execute(|| {
		for (id, pair) in (0..).map(DeviceId).zip(DevicePair::kinds()) {
			let key = pair.key();
			let proof = pair.prove(&ALICE);
			assert_ok!(Devices::register(RuntimeOrigin::signed(ALICE), OPEN, key, proof, None));
			let (owner, network, maker) = (ALICE, OPEN, None);
			assert_eq!(events(), [Event::Registered { device: id, owner, network, key, maker }]);
			assert_eq!(DeviceByKey::<Test>::get(key), Some(id));
		}
		assert_eq!(NextDevice::<Test>::get(), DeviceId(3));
		assert_eq!(held(&ALICE), 3 * device_price());
	});
}

#[test]
fn works_when_uncertified() {
	ExtBuilder::default().build_and_execute(|| {
		let device = registered(&ALICE, &pair());
		let DeviceRecord { owner, stage, state, certified, changed, .. } = record(device);
		assert_eq!((owner, stage, certified), (ALICE, Stage::Registered, None));
		assert_eq!(changed, System::block_number());
		assert_eq!(
			state,
			DeviceState {
				network: OPEN,
				maker: None,
				key: Dated::new(pair().key(), START.window + 1, START.tick + SETTLED),
				assignment: None,
				activity: Activity::NEVER,
				expires: Window::MAX,
			}
		);
	});
}

#[test]
fn works_when_certified() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &pair(), 7);
		let (owner, network, key) = (ALICE, CERTIFIED, pair().key());
		let maker = Some(MakerId(0));
		assert_eq!(events(), [Event::Registered { device, owner, network, key, maker }]);

		let kept = record(device);
		let expected = Certified { maker: MakerId(0), key_index: 0, serial: serial(7) };
		assert_eq!(kept.certified, Some(expected));
		assert_eq!((kept.state.maker, kept.state.expires), (maker, START.window + 1_000));
		let state = SerialState::Used(device);
		let entry = SerialRecord { state, ends: START.window + 1_000, deposit: None };
		assert_eq!(Serials::<Test>::get(MakerId(0), serial(7)), Some(entry));
		let maker = Makers::<Test>::get(MakerId(0)).expect("registered");
		assert_eq!((maker.registered, maker.devices), ((START.tick / 4, 1), 1));
	});
}

#[test]
fn works_with_a_certificate_of_the_second_version() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_ok!(register_certified(certificate_v2(7, Identity::Operational(pair().key()))));
		let kept = record(DeviceId(0));
		let expected = Certified { maker: MakerId(0), key_index: 0, serial: serial(7) };
		assert_eq!((kept.certified, kept.root), (Some(expected), None));
		assert_eq!(kept.state.expires, START.window + 1_000);
	});
}

#[test]
fn works_when_the_maker_signs_on_p256() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let key = CertifierKey::P256(root_pair(9).public());
		assert_ok!(Devices::add_maker_key(RuntimeOrigin::signed(MAKER), MakerId(0), key));
		let mut claim = claim_v2(7);
		claim.key_index = 1;
		let device = Identity::Operational(pair().key());
		let message = claim.message(&System::block_hash(0u32).0, &device);
		let signature = CertifierSignature::P256(root_pair(9).sign(&message));
		let other = CertifierSignature::P256(root_pair(8).sign(&message));
		let signed = |signature| Certificate::V2(CertificateV2 { claim: claim.clone(), signature });
		assert_noop!(register_certified(signed(other)), Error::CertificateInvalid);
		assert_ok!(register_certified(signed(signature)));
		let certified = record(DeviceId(0)).certified.expect("it is certified");
		assert_eq!(certified.key_index, 1);
	});
}

#[test]
fn works_when_certified_without_need() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let (key, proof) = (pair().key(), pair().prove(&ALICE));
		let certificate = Some(certificate(7, &key));
		let origin = RuntimeOrigin::signed(ALICE);
		assert_ok!(Devices::register(origin, OPEN, key, proof, certificate));
		assert_eq!(record(DeviceId(0)).state.maker, Some(MakerId(0)));
	});
}

#[test]
fn works_when_the_certificate_covers_one_window() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let expiry = PERIODS.start_of(next_window() + 1);
		assert_ok!(register_claimed(CertificateClaim { expiry, ..claim(7) }));
		assert_eq!(record(DeviceId(0)).state.expires, next_window() + 1);
	});
}

#[test]
fn fails_when_unsigned() {
	ExtBuilder::default().build_and_execute(|| {
		for origin in [RuntimeOrigin::none(), RuntimeOrigin::root()] {
			let (key, proof) = (pair().key(), pair().prove(&ALICE));
			assert_noop!(
				Devices::register(origin, OPEN, key, proof, None),
				DispatchError::BadOrigin
			);
		}
	});
}

#[test]
fn fails_when_the_key_is_weak() {
	ExtBuilder::default().build_and_execute(|| {
		let weak = [
			DeviceKey::Ed25519(ed25519::Public::from_raw([0; 32])),
			DeviceKey::Sr25519(sr25519::Public::from_raw([0; 32])),
		];
		for key in weak {
			let proof = pair().prove(&ALICE);
			assert_noop!(
				Devices::register(RuntimeOrigin::signed(ALICE), OPEN, key, proof, None),
				Error::KeyWeak
			);
		}
	});
}

#[test]
fn fails_when_the_key_is_taken() {
	ExtBuilder::default().build_and_execute(|| {
		registered(&ALICE, &pair());
		assert_noop!(register_with(pair().prove(&ALICE)), Error::KeyTaken);
		let origin = RuntimeOrigin::signed(BOB);
		assert_noop!(
			Devices::register(origin, OPEN, pair().key(), pair().prove(&BOB), None),
			Error::KeyTaken
		);
	});
}

#[test]
fn fails_when_the_network_is_closed() {
	ExtBuilder::default().build_and_execute(|| {
		for network in [CLOSED, NetworkId(9)] {
			let (key, proof) = (pair().key(), pair().prove(&ALICE));
			assert_noop!(
				Devices::register(RuntimeOrigin::signed(ALICE), network, key, proof, None),
				Error::NetworkClosed
			);
		}
	});
}

#[test]
fn fails_when_not_admitted() {
	ExtBuilder::default().with_makers(2).build_and_execute(|| {
		let (key, proof) = (pair().key(), pair().prove(&ALICE));
		assert_noop!(
			Devices::register(RuntimeOrigin::signed(ALICE), CERTIFIED, key, proof, None),
			Error::NotAdmitted
		);
		let other = CertificateClaim { maker: MakerId(1), ..claim(7) };
		assert_noop!(register_claimed(other), Error::NotAdmitted);
	});
}

#[test]
fn fails_when_the_proof_is_too_new() {
	ExtBuilder::default().build_and_execute(|| {
		let now = System::block_number();
		for block in [now, now + 1, u32::MAX] {
			assert_noop!(register_with(pair().prove_at(&ALICE, block, 0)), Error::ProofTooNew);
		}
	});
}

#[test]
fn fails_when_the_proof_is_too_old() {
	ExtBuilder::default().build_and_execute(|| {
		let proof = pair().prove(&ALICE);
		end_blocks(256);
		assert_noop!(register_with(proof), Error::ProofTooOld);
	});
}

#[test]
fn works_when_the_proof_is_just_not_too_old() {
	ExtBuilder::default().build_and_execute(|| {
		let proof = pair().prove(&ALICE);
		end_blocks(255);
		assert_ok!(register_with(proof));
	});
}

#[test]
fn fails_when_the_block_of_the_proof_is_unknown() {
	ExtBuilder::default().build_and_execute(|| {
		let proof = pair().prove(&ALICE);
		frame_system::BlockHash::<Test>::insert(proof.block, H256::zero());
		assert_noop!(register_with(proof), Error::ProofBlockUnknown);
	});
}

#[test]
fn fails_when_the_nonce_of_the_proof_is_another() {
	ExtBuilder::default().build_and_execute(|| {
		let block = System::block_number() - 1;
		assert_noop!(register_with(pair().prove_at(&ALICE, block, 1)), Error::ProofNonceMismatch);
		System::inc_account_nonce(ALICE);
		System::inc_account_nonce(ALICE);
		for nonce in [0, 3, u32::MAX] {
			let proof = pair().prove_at(&ALICE, block, nonce);
			assert_noop!(register_with(proof), Error::ProofNonceMismatch);
		}
	});
}

#[test]
fn works_when_the_nonce_was_raised_by_the_transaction() {
	ExtBuilder::default().build_and_execute(|| {
		let proof = pair().prove(&ALICE);
		System::inc_account_nonce(ALICE);
		assert_ok!(register_with(proof));
	});
}

#[test]
fn fails_when_the_proof_is_invalid() {
	ExtBuilder::default().build_and_execute(|| {
		let others = [
			DevicePair::new(6).prove(&ALICE),
			DevicePair::new(4).prove(&ALICE),
			pair().prove(&BOB),
			Possession { block: 1, ..pair().prove(&ALICE) },
		];
		for proof in others {
			assert_noop!(register_with(proof), Error::ProofInvalid);
		}
		// Not a point of the curve.
		let key = DeviceKey::Secp256k1(ecdsa::Public::from_raw([0; 33]));
		let proof = DevicePair::new(5).prove(&ALICE);
		assert_noop!(
			Devices::register(RuntimeOrigin::signed(ALICE), OPEN, key, proof, None),
			Error::ProofInvalid
		);
	});
}

#[test]
fn fails_when_the_maker_is_unknown() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(register_claimed(claim(7)), Error::MakerNotFound);
	});
}

#[test]
fn fails_when_the_makers_key_is_unknown() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let other = CertificateClaim { key_index: 1, ..claim(7) };
		assert_noop!(register_claimed(other), Error::MakerKeyNotFound);
	});
}

#[test]
fn fails_when_the_makers_key_is_revoked() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_ok!(Devices::revoke_maker_key(RuntimeOrigin::signed(MAKER), MakerId(0), 0));
		assert_noop!(register_claimed(claim(7)), Error::MakerKeyRevoked);
	});
}

#[test]
fn fails_when_the_certificate_has_expired() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let too_early = PERIODS.start_of(next_window() + 1) - 1;
		for expiry in [0, too_early] {
			let claim = CertificateClaim { expiry, ..claim(7) };
			assert_noop!(register_claimed(claim), Error::CertificateExpired);
		}
	});
}

#[test]
fn fails_when_the_serial_is_taken() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		certified(&BOB, &DevicePair::new(6), 7);
		assert_noop!(register_claimed(claim(7)), Error::SerialTaken);
	});
}

#[test]
fn fails_when_the_serial_is_revoked() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		assert_ok!(Devices::revoke(RuntimeOrigin::signed(MAKER), MakerId(0), serial(7)));
		assert_noop!(register_claimed(claim(7)), Error::SerialRevoked);
	});
}

#[test]
fn fails_when_the_maker_certified_enough() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		for number in 0..3 {
			certified(&BOB, &DevicePair::new(10 + number), number);
		}
		assert_noop!(register_claimed(claim(7)), Error::TooManyCertified);
		advance(PERIODS.cycle_ticks);
		assert_ok!(register_claimed(claim(7)));
	});
}

#[test]
fn fails_when_the_certificate_is_invalid() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let honest = certificate(7, &pair().key());
		let Certificate::V1(CertificateV1 { signature, .. }) = honest else {
			panic!("of another version")
		};
		let model = CertificateClaim { model: serial(1), ..claim(7) };
		let others = [
			certificate(7, &DevicePair::new(6).key()),
			Certificate::V1(CertificateV1 { claim: model, signature }),
			Certificate::V1(CertificateV1 { claim: claim(8), signature }),
			certificate_v2(7, Identity::Operational(DevicePair::new(6).key())),
			certificate_v2(7, Identity::Root(root_key(1))),
		];
		for certificate in others {
			assert_noop!(register_certified(certificate), Error::CertificateInvalid);
		}
	});
}

#[test]
fn fails_when_no_id_is_left() {
	ExtBuilder::default().build_and_execute(|| {
		NextDevice::<Test>::put(DeviceId(u64::MAX));
		assert_noop!(register_with(pair().prove(&ALICE)), Error::TooManyDevices);
	});
}

#[test]
fn fails_when_the_deposit_is_missing() {
	ExtBuilder::default().build_and_execute(|| {
		let (key, proof) = (pair().key(), pair().prove(&POOR));
		assert_noop!(
			Devices::register(RuntimeOrigin::signed(POOR), OPEN, key, proof, None),
			TokenError::FundsUnavailable
		);
	});
}
