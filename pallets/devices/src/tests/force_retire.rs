use cairn_types::DeviceId;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

use crate::{Stage, mock::*};

#[test]
fn works_when_forced() {
	ExtBuilder::default().build_and_execute(|| {
		let device = assigned(&ALICE, &DevicePair::new(3));
		events();
		assert_ok!(Devices::force_retire(RuntimeOrigin::root(), device));
		let until = next_window();
		assert_eq!(events(), [Event::Retired { device, until }]);
		assert_eq!((record(device).stage, slot(device).until), (Stage::Retired, until));
	});
}

#[test]
fn fails_when_not_admin() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &DevicePair::new(3));
		let origin = RuntimeOrigin::signed(ALICE);
		assert_noop!(Devices::force_retire(origin, device), DispatchError::BadOrigin);
	});
}

#[test]
fn fails_when_not_found() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Devices::force_retire(RuntimeOrigin::root(), DeviceId(0)), Error::NotFound);
	});
}

#[test]
fn fails_when_retired() {
	ExtBuilder::default().build_and_execute(|| {
		let device = active(&ALICE, &DevicePair::new(3));
		assert_ok!(Devices::retire(RuntimeOrigin::signed(ALICE), device));
		assert_noop!(Devices::force_retire(RuntimeOrigin::root(), device), Error::WrongStage);
	});
}
