//! What the calls do: read, decide, write, tell.

mod certificates;
mod declared;
mod descriptions;
mod devices;
mod keys;
mod locations;
mod makers;
mod possession;
mod queries;
mod recovery;
mod registration;
mod transfers;

use cairn_types::DeviceId;
use frame_support::ensure;

use crate::{Config, DeviceRecordOf, Devices, Error, Pallet, entities::Fault};

impl<T: Config> From<Fault> for Error<T> {
	fn from(fault: Fault) -> Self {
		match fault {
			Fault::WrongStage => Self::WrongStage,
			Fault::TooEarly => Self::TooEarly,
		}
	}
}

impl<T: Config> Pallet<T> {
	/// The record of a device.
	fn found(device: DeviceId) -> Result<DeviceRecordOf<T>, Error<T>> {
		Devices::<T>::get(device).ok_or(Error::<T>::NotFound)
	}

	/// The record of a device that belongs to `owner`.
	fn owned(owner: &T::AccountId, device: DeviceId) -> Result<DeviceRecordOf<T>, Error<T>> {
		let record = Self::found(device)?;
		ensure!(record.owner == *owner, Error::<T>::NotOwner);
		Ok(record)
	}
}
