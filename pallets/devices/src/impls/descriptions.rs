//! What owners say their devices are: the hash of a W3C Thing Description.

use cairn_types::{DeviceId, Hash32};
use frame_support::ensure;
use sp_runtime::DispatchResult;

use crate::{Config, Descriptions, Error, Event, Pallet};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_describe(
		owner: &T::AccountId,
		device: DeviceId,
		description: Option<Hash32>,
	) -> DispatchResult {
		Self::owned(owner, device)?.live().map_err(Error::<T>::from)?;
		let known = Descriptions::<T>::get(device);
		ensure!(known.is_some() || description.is_some(), Error::<T>::NotDescribed);
		ensure!(known != description, Error::<T>::AlreadyDescribed);

		Descriptions::<T>::set(device, description);

		Self::deposit_event(Event::Described { device, description });
		Ok(())
	}
}
