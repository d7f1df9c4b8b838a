//! The keys of a device: its operational key, and the root key that names it.

use cairn_types::{Delegation, DeviceId, DeviceKey, Possession, RootKey, RootSignature};
use frame_support::ensure;
use sp_runtime::DispatchResult;

use crate::{
	Config, DeviceByKey, DeviceByRoot, DeviceRecordOf, Devices, Error, Event, Pallet,
	entities::{Clock, Live},
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_rotate_key(
		owner: &T::AccountId,
		device: DeviceId,
		key: DeviceKey,
		possession: &Possession,
		signature: Option<RootSignature>,
	) -> DispatchResult {
		let record = Self::owned(owner, device)?;
		let clock = Clock::read::<T::Time>();
		let delegation = match (record.root, signature) {
			(Some(root), Some(signature)) => Some(Delegation { root, signature }),
			(None, None) => None,
			(Some(_), None) => return Err(Error::<T>::RootRequired.into()),
			(None, Some(_)) => return Err(Error::<T>::RootNotFound.into()),
		};
		let rotated = Self::rotate(&record, key, &clock)?;
		Self::ensure_unused(record.changed, possession)?;
		let block_hash = Self::ensure_fresh(owner, possession)?;
		Self::ensure_possession(owner, &key, possession, &block_hash)?;
		if let Some(delegation) = &delegation {
			Self::ensure_delegated(owner, &key, possession, &block_hash, delegation)?;
		}

		Self::drop_recovery(device, owner)?;
		let root = record.root;
		Self::put_keys(device, record, rotated, root);

		Self::deposit_event(Event::KeyRotated { device, key, since: clock.next_window });
		Ok(())
	}

	/// The entity of a device that signs with `key` from the next window on. Checks that it may: its
	/// last change is settled, `key` is free, and no proof can use the key that is forgotten.
	pub(super) fn rotate(
		record: &DeviceRecordOf<T>,
		key: DeviceKey,
		clock: &Clock,
	) -> Result<Live, Error<T>> {
		let live = record.live().map_err(Error::<T>::from)?;
		let rotated = live.rotate(key, clock).map_err(Error::<T>::from)?;
		let forgets = record.state.key.previous.is_some();
		ensure!(!forgets || Self::is_void(record.changed), Error::<T>::TooEarly);
		Self::ensure_free(&key)?;
		Ok(rotated)
	}

	/// Write a device's new operational key, and its root key.
	pub(super) fn put_keys(
		device: DeviceId,
		mut record: DeviceRecordOf<T>,
		rotated: Live,
		root: Option<RootKey>,
	) {
		if let Some(forgotten) = record.state.key.previous {
			DeviceByKey::<T>::remove(forgotten);
		}
		record.apply(rotated);
		DeviceByKey::<T>::insert(record.state.key.current, device);
		if record.root != root {
			if let Some(old) = record.root {
				DeviceByRoot::<T>::remove(old);
			}
			if let Some(new) = root {
				DeviceByRoot::<T>::insert(new, device);
			}
			record.root = root;
		}
		record.changed = Self::block();
		record.inherited = false;
		Devices::<T>::insert(device, record);
	}

	/// Check that no device has `key`, and that it is worth having.
	pub(super) fn ensure_free(key: &DeviceKey) -> Result<(), Error<T>> {
		ensure!(!key.is_weak(), Error::<T>::KeyWeak);
		ensure!(!DeviceByKey::<T>::contains_key(key), Error::<T>::KeyTaken);
		Ok(())
	}

	/// Check that no device but `holder` has this root key: one piece of hardware, one device.
	pub(super) fn ensure_root_free(
		root: Option<&RootKey>,
		holder: Option<DeviceId>,
	) -> Result<(), Error<T>> {
		let taken = root.and_then(DeviceByRoot::<T>::get);
		ensure!(taken.is_none() || taken == holder, Error::<T>::RootTaken);
		Ok(())
	}
}
