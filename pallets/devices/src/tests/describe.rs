use cairn_types::{DeviceId, Hash32};
use codec::Encode;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use sp_runtime::DispatchError;

use crate::{Call, Descriptions, mock::*};

const FIRST: Hash32 = [1; 32];
const SECOND: Hash32 = [2; 32];

fn pair() -> DevicePair {
	DevicePair::new(3)
}

fn describe(who: AccountId, device: DeviceId, description: Option<Hash32>) -> DispatchResult {
	Devices::describe(RuntimeOrigin::signed(who), device, description)
}

fn described() -> DeviceId {
	let device = active(&ALICE, &pair());
	assert_ok!(describe(ALICE, device, Some(FIRST)));
	device
}

#[test]
fn works_when_attached_replaced_and_removed() {
	ExtBuilder::default().build_and_execute(|| {
		let device = registered(&ALICE, &pair());
		let before = (held(&ALICE), record(device));
		events();
		for description in [Some(FIRST), Some(SECOND), None, Some(FIRST)] {
			assert_ok!(describe(ALICE, device, description));
			assert_eq!(events(), [Event::Described { device, description }]);
			assert_eq!(Descriptions::<Test>::get(device), description);
		}
		assert_eq!((held(&ALICE), record(device)), before, "the device's deposit covers it");
	});
}

#[test]
fn works_when_suspended() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &pair());
		assert_ok!(Devices::suspend(RuntimeOrigin::signed(ALICE), device));
		assert_ok!(describe(ALICE, device, Some(FIRST)));
	});
}

#[test]
fn it_is_that_of_one_device_only() {
	ExtBuilder::default().build_and_execute(|| {
		let (device, other) = (described(), registered(&ALICE, &DevicePair::new(4)));
		assert_ok!(describe(ALICE, other, Some(FIRST)));
		assert_ok!(describe(ALICE, device, None));
		assert_eq!(Descriptions::<Test>::get(other), Some(FIRST));
	});
}

#[test]
fn it_ends_with_the_device() {
	for force in [false, true] {
		ExtBuilder::default().build_and_execute(|| {
			let device = described();
			if force {
				assert_ok!(Devices::force_retire(RuntimeOrigin::root(), device));
			} else {
				assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
			}
			assert_eq!(Descriptions::<Test>::get(device), None);
		});
	}
}

#[test]
fn a_later_owner_does_not_inherit_it() {
	ExtBuilder::default().build_and_execute(|| {
		let device = described();
		assert_ok!(Devices::transfer(RuntimeOrigin::signed(ALICE), device, BOB));
		assert_eq!(Descriptions::<Test>::get(device), Some(FIRST), "an offer changes nothing");
		assert_ok!(Devices::accept(RuntimeOrigin::signed(BOB), device));
		assert_eq!(Descriptions::<Test>::get(device), None);
		assert_noop!(describe(ALICE, device, Some(FIRST)), Error::NotOwner);
	});
}

#[test]
fn who_takes_the_device_over_does_not_inherit_it() {
	ExtBuilder::default().build_and_execute(|| {
		let device = described();
		end_blocks(2);
		let proof = pair().prove(&BOB);
		assert_ok!(Devices::take_over(RuntimeOrigin::signed(BOB), device, proof));
		assert_eq!(Descriptions::<Test>::get(device), None);
		assert_ok!(describe(BOB, device, Some(SECOND)));
	});
}

#[test]
fn it_survives_a_change_of_key() {
	ExtBuilder::default().build_and_execute(|| {
		let device = described();
		advance(SETTLED);
		let next = DevicePair::new(6);
		let proof = next.prove(&ALICE);
		assert_ok!(Devices::rotate_key(RuntimeOrigin::signed(ALICE), device, next.key(), proof));
		assert_eq!(Descriptions::<Test>::get(device), Some(FIRST));
	});
}

#[test]
fn fails_when_not_found() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(describe(ALICE, DeviceId(0), Some(FIRST)), Error::NotFound);
	});
}

#[test]
fn fails_when_not_owner() {
	ExtBuilder::default().with_makers(1).build_and_execute(|| {
		let device = certified(&ALICE, &pair(), 1);
		assert_ok!(describe(ALICE, device, Some(FIRST)));
		assert_ok!(Devices::transfer(RuntimeOrigin::signed(ALICE), device, BOB));
		// Neither to whom it is offered, nor the maker that certified it, nor anybody else.
		for who in [BOB, MAKER, POOR] {
			for description in [Some(FIRST), Some(SECOND), None] {
				assert_noop!(describe(who.clone(), device, description), Error::NotOwner);
			}
		}
	});
}

#[test]
fn fails_without_a_signature() {
	ExtBuilder::default().build_and_execute(|| {
		let device = described();
		for origin in [RuntimeOrigin::none(), RuntimeOrigin::root()] {
			assert_noop!(Devices::describe(origin, device, None), DispatchError::BadOrigin);
		}
	});
}

#[test]
fn fails_when_retired() {
	ExtBuilder::default().build_and_execute(|| {
		let device = described();
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
		for description in [Some(FIRST), None] {
			assert_noop!(describe(ALICE, device, description), Error::WrongStage);
		}
	});
}

#[test]
fn fails_when_it_is_attached_already() {
	ExtBuilder::default().build_and_execute(|| {
		let device = described();
		assert_noop!(describe(ALICE, device, Some(FIRST)), Error::AlreadyDescribed);
	});
}

#[test]
fn fails_when_there_is_none_to_remove() {
	ExtBuilder::default().build_and_execute(|| {
		let device = registered(&ALICE, &pair());
		assert_noop!(describe(ALICE, device, None), Error::NotDescribed);
	});
}

#[test]
fn its_encoding_holds() {
	let call = Call::<Test>::describe { device: DeviceId(7), description: Some(FIRST) };
	assert_eq!(call.encode(), (28u8, 7u64, 1u8, FIRST).encode());
}
