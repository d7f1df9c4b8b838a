//! What others ask, and what entries cost.

use cairn_geo::GroupCounts;
use cairn_traits::DeviceRegistry;
use cairn_types::{
	DeviceId, DeviceKey, Hash32, MakerId, RootKey, Serial, Window,
	view::{DeviceFacts, DeviceState, facts},
};
use codec::MaxEncodedLen;
use frame_support::traits::Footprint;

use crate::{
	Config, DeviceRecordOf, Devices, LocationRecordOf, MakerRecordOf, Pallet, RecoveryOf,
	SerialRecordOf,
};

impl<T: Config> Pallet<T> {
	/// What holds of a device in `window`; `None` if it is unknown or had no key then.
	pub fn facts(device: DeviceId, window: Window) -> Option<DeviceFacts> {
		facts(device, &Devices::<T>::get(device)?.state, window)
	}

	/// What the owner of a device pays for: its record, two keys, a root key, a serial number, an
	/// offer and a description.
	#[must_use]
	pub fn device_footprint() -> Footprint {
		let key = <(DeviceKey, DeviceId)>::max_encoded_len();
		let bytes = <(DeviceId, DeviceRecordOf<T>)>::max_encoded_len()
			.saturating_add(key)
			.saturating_add(key)
			.saturating_add(<(RootKey, DeviceId)>::max_encoded_len())
			.saturating_add(Self::serial_len())
			.saturating_add(<(DeviceId, T::AccountId)>::max_encoded_len())
			.saturating_add(<(DeviceId, Hash32)>::max_encoded_len());
		Footprint::from_parts(1, bytes)
	}

	/// What is paid for a serial number whose certificate stands for no device.
	#[must_use]
	pub fn serial_footprint() -> Footprint {
		Footprint::from_parts(1, Self::serial_len())
	}

	/// What the owner of a device pays for while a recovery is pending.
	#[must_use]
	pub fn recovery_footprint() -> Footprint {
		Footprint::from_parts(1, <(DeviceId, RecoveryOf<T>)>::max_encoded_len())
	}

	/// What the owner of a device pays for while its location is kept: the record, and the counts of
	/// the cells that it is in.
	#[must_use]
	pub fn location_footprint() -> Footprint {
		let counts = GroupCounts::max_len_per_device();
		let record = <(DeviceId, LocationRecordOf<T>)>::max_encoded_len();
		Footprint::from_parts(1, record.saturating_add(counts))
	}

	/// What a maker's bond pays for, besides being one.
	#[must_use]
	pub fn maker_footprint() -> Footprint {
		Footprint::from_parts(1, <(MakerId, MakerRecordOf<T>)>::max_encoded_len())
	}

	fn serial_len() -> usize {
		<(MakerId, Serial, SerialRecordOf<T>)>::max_encoded_len()
	}
}

impl<T: Config> DeviceRegistry for Pallet<T> {
	fn state(id: DeviceId) -> Option<DeviceState> {
		Devices::<T>::get(id).map(|record| record.state)
	}
}
