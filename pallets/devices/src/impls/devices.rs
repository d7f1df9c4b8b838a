//! A device's life: activate, suspend, retire, reap; its gateway.

use cairn_traits::{NetworkRegistry, SlotBook};
use cairn_types::{Activity, Dated, DeviceId, GatewayId, view::Assignment};
use frame_support::{ensure, traits::Consideration};
use sp_runtime::{DispatchError, DispatchResult};

use crate::{
	Config, Descriptions, DeviceByKey, DeviceByRoot, DeviceRecord, DeviceRecordOf, Devices, Error,
	Event, Offers, Pallet,
	entities::{Clock, Live},
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_activate(owner: &T::AccountId, device: DeviceId) -> DispatchResult {
		let mut record = Self::owned(owner, device)?;
		let live = record.live().map_err(Error::<T>::from)?;
		let clock = Clock::read::<T::Time>();
		let active = live.activate(&clock).map_err(Error::<T>::from)?;
		let config = T::Networks::config(record.state.network, clock.cycle);
		Self::ensure_admitted(config, record.state.maker)?;
		Self::ensure_standing(device, &record, &clock)?;

		let Activity { from, until, .. } = active.activity();
		record.apply(active);
		Devices::<T>::insert(device, record);

		Self::deposit_event(Event::Activated { device, from, until });
		Ok(())
	}

	pub(crate) fn do_suspend(owner: &T::AccountId, device: DeviceId) -> DispatchResult {
		let mut record = Self::owned(owner, device)?;
		let clock = Clock::read::<T::Time>();
		let live = record.live().map_err(Error::<T>::from)?;
		let suspended = live.suspend(&clock).map_err(Error::<T>::from)?;

		record.apply(suspended);
		Devices::<T>::insert(device, record);

		Self::deposit_event(Event::Suspended { device, until: clock.next_window });
		Ok(())
	}

	pub(crate) fn do_expel(device: DeviceId) -> DispatchResult {
		let mut record = Self::found(device)?;
		let clock = Clock::read::<T::Time>();
		let live = record.live().map_err(Error::<T>::from)?;
		let suspended = live.suspend(&clock).map_err(Error::<T>::from)?;
		let config = T::Networks::config(record.state.network, clock.cycle);
		let admitted = Self::ensure_admitted(config, Self::vouching(&record));
		ensure!(admitted.is_err(), Error::<T>::StillAdmitted);

		record.apply(suspended);
		Devices::<T>::insert(device, record);

		Self::deposit_event(Event::Suspended { device, until: clock.next_window });
		Ok(())
	}

	pub(crate) fn do_retire(owner: &T::AccountId, device: DeviceId) -> DispatchResult {
		let record = Self::owned(owner, device)?;
		Self::end(device, record)
	}

	pub(crate) fn do_force_retire(device: DeviceId) -> DispatchResult {
		let record = Self::found(device)?;
		Self::end(device, record)
	}

	fn end(device: DeviceId, mut record: DeviceRecordOf<T>) -> DispatchResult {
		let clock = Clock::read::<T::Time>();
		let until = clock.next_window;
		let live = record.live().map_err(Error::<T>::from)?;

		record.apply(live.retire(&clock));
		if let Some(Dated { current, .. }) = &record.state.assignment {
			T::Slots::end(current.gateway, current.slot, until);
		}
		Offers::<T>::remove(device);
		Descriptions::<T>::remove(device);
		Self::uncount(device);
		Self::drop_recovery(device, &record.owner)?;
		Devices::<T>::insert(device, record);

		Self::deposit_event(Event::Retired { device, until });
		Ok(())
	}

	pub(crate) fn do_reap(device: DeviceId) -> DispatchResult {
		let record = Self::found(device)?;
		let clock = Clock::read::<T::Time>();
		let retired = record.retired().map_err(Error::<T>::from)?;
		retired.reap(&clock).map_err(Error::<T>::from)?;
		ensure!(Self::is_void(record.changed), Error::<T>::TooEarly);

		let DeviceRecord { owner, state, certified, root, ticket, .. } = record;
		DeviceByKey::<T>::remove(state.key.current);
		if let Some(previous) = state.key.previous {
			DeviceByKey::<T>::remove(previous);
		}
		if let Some(root) = root {
			DeviceByRoot::<T>::remove(root);
		}
		Devices::<T>::remove(device);
		Self::drop_location(device, &owner)?;
		match certified.filter(|known| Self::stands(device, known.maker, &known.serial)) {
			Some(certified) => {
				let ticket = ticket.update(&owner, Self::serial_footprint())?;
				Self::retain_serial(&certified, owner, ticket, &clock);
			},
			None => ticket.drop(&owner)?,
		}

		Self::deposit_event(Event::Reaped { device });
		Ok(())
	}

	pub(crate) fn do_assign_gateway(
		owner: &T::AccountId,
		device: DeviceId,
		gateway: GatewayId,
	) -> DispatchResult {
		let mut record = Self::owned(owner, device)?;
		let clock = Clock::read::<T::Time>();
		let live = record.live().map_err(Error::<T>::from)?;
		let held = record.state.assignment.as_ref().map(|held| held.current.gateway);
		ensure!(held != Some(gateway), Error::<T>::AlreadyAssigned);
		live.ensure_movable(&clock).map_err(Error::<T>::from)?;

		let (live, Assignment { slot, .. }) =
			Self::move_to(live, device, &record, gateway, owner, &clock)?;
		record.apply(live);
		Devices::<T>::insert(device, record);

		let since = clock.next_window;
		Self::deposit_event(Event::GatewayAssigned { device, gateway, slot, since });
		Ok(())
	}

	/// Give a device a new slot of `gateway`, paid to `payee`, and end its old one.
	pub(super) fn move_to(
		live: Live,
		device: DeviceId,
		record: &DeviceRecordOf<T>,
		gateway: GatewayId,
		payee: &T::AccountId,
		clock: &Clock,
	) -> Result<(Live, Assignment), DispatchError> {
		let from = clock.next_window;
		let slot = T::Slots::open(gateway, record.state.network, device, payee, from)?;
		let assignment = Assignment { gateway, slot };
		let live = live.assign(assignment, clock).map_err(Error::<T>::from)?;
		if let Some(Dated { current, .. }) = &record.state.assignment {
			T::Slots::end(current.gateway, current.slot, from);
		}
		Ok((live, assignment))
	}
}
