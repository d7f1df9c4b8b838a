//! What other pallets ask.

use cairn_traits::DeviceRegistry;
use cairn_types::DeviceId;
use codec::MaxEncodedLen;

use crate::{DeviceRecordOf, MakerRecordOf, mock::*};

#[test]
fn the_state_is_that_of_the_record() {
	ExtBuilder::default().build_and_execute(|| {
		let device = assigned(&ALICE, &DevicePair::new(3));
		assert_eq!(Devices::state(device), Some(record(device).state));
		assert_eq!(Devices::state(DeviceId(1)), None);
		assert_eq!(Devices::facts(DeviceId(1), 0), None);
	});
}

#[test]
fn what_is_paid_for_is_the_longest_entry() {
	ExtBuilder::default().build_and_execute(|| {
		let device = Devices::device_footprint();
		let serial = Devices::serial_footprint();
		assert_eq!((device.count, serial.count), (1, 1));
		let record = u64::try_from(DeviceRecordOf::<Test>::max_encoded_len()).expect("short");
		assert!(device.size > record + serial.size);
		let maker = u64::try_from(MakerRecordOf::<Test>::max_encoded_len()).expect("short");
		assert_eq!(Devices::maker_footprint().size, maker + 4);
	});
}
