use cairn_types::{DeviceId, MakerId};
use frame_support::{assert_noop, assert_ok};

use crate::{DeviceByKey, Makers, SerialRecord, SerialState, Serials, mock::*};

fn pair() -> DevicePair {
	DevicePair::new(3)
}

fn reap(device: DeviceId) -> frame_support::dispatch::DispatchResult {
	Devices::reap(RuntimeOrigin::signed(BOB), device)
}

#[test]
fn works_when_settled() {
	ExtBuilder::default().build_and_execute(|| {
		let device = reapable(&ALICE, &pair());
		events();
		assert_ok!(reap(device));
		assert_eq!(events(), [Event::Reaped { device }]);
		assert!(!crate::Devices::<Test>::contains_key(device));
		assert!(!DeviceByKey::<Test>::contains_key(pair().key()));
		assert_eq!(held(&ALICE), 0);
	});
}

#[test]
fn works_when_the_key_was_rotated() {
	ExtBuilder::default().build_and_execute(|| {
		let device = assigned(&ALICE, &pair());
		let next = DevicePair::new(4);
		let (origin, proof) = (RuntimeOrigin::signed(ALICE), next.prove(&ALICE));
		assert_ok!(Devices::rotate_key(origin, device, next.key(), proof));
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
		advance(VOID);
		assert_ok!(reap(device));
		for pair in [pair(), next] {
			registered(&BOB, &pair);
		}
	});
}

#[test]
fn the_serial_stays_used_at_the_owners_cost() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &pair(), 7);
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
		advance(VOID);
		assert_ok!(reap(device));
		assert_eq!(held(&ALICE), serial_price());
		let entry = Serials::<Test>::get(MakerId(0), serial(7)).expect("kept");
		let SerialRecord { state, ends, deposit } = entry;
		assert_eq!((state, ends), (SerialState::Used(device), START.window + 1_000));
		assert_eq!(deposit.map(|(payer, _)| payer), Some(ALICE));
		assert_eq!(Makers::<Test>::get(MakerId(0)).expect("registered").devices, 0);

		let (key, proof) = (pair().key(), pair().prove(&ALICE));
		let again = Some(certificate(7, &key));
		assert_noop!(
			Devices::register(RuntimeOrigin::signed(ALICE), CERTIFIED, key, proof, again),
			Error::SerialTaken
		);
	});
}

#[test]
fn a_revoked_serial_stays_at_the_makers_cost() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &pair(), 7);
		assert_ok!(Devices::revoke(RuntimeOrigin::signed(MAKER), MakerId(0), serial(7)));
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
		advance(VOID);
		assert_ok!(reap(device));
		assert_eq!((held(&ALICE), held(&MAKER)), (0, serial_price()));
	});
}

#[test]
fn fails_when_not_found() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(reap(DeviceId(0)), Error::NotFound);
	});
}

#[test]
fn fails_when_not_retired() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		advance(VOID);
		assert_noop!(reap(device), Error::WrongStage);
	});
}

#[test]
fn fails_when_it_can_still_be_checked() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		advance(VOID);
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
		advance(SETTLED - 1);
		assert_noop!(reap(device), Error::TooEarly);
		advance(1);
		assert_ok!(reap(device));
	});
}

#[test]
fn fails_when_its_proof_could_be_used_again() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
		Now::mutate(|now| now.tick += SETTLED);
		end_blocks(255);
		assert_noop!(reap(device), Error::TooEarly);
		end_blocks(1);
		assert_ok!(reap(device));
	});
}
