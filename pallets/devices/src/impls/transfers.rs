//! Changes of owner: what was earned before stays with the seller.

use cairn_types::{DeviceId, Possession, view::Assignment};
use frame_support::{ensure, traits::Consideration};
use sp_runtime::DispatchResult;

use crate::{
	Config, Descriptions, DeviceRecordOf, Devices, Error, Event, Offers, Pallet,
	entities::{Clock, Live},
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_transfer(
		owner: &T::AccountId,
		device: DeviceId,
		to: T::AccountId,
	) -> DispatchResult {
		let record = Self::owned(owner, device)?;
		record.live().map_err(Error::<T>::from)?;
		ensure!(to != *owner, Error::<T>::AlreadyOwner);

		Offers::<T>::insert(device, &to);

		Self::deposit_event(Event::TransferOffered { device, to });
		Ok(())
	}

	pub(crate) fn do_cancel_transfer(owner: &T::AccountId, device: DeviceId) -> DispatchResult {
		Self::owned(owner, device)?;
		ensure!(Offers::<T>::contains_key(device), Error::<T>::NotOffered);

		Offers::<T>::remove(device);

		Self::deposit_event(Event::TransferCancelled { device });
		Ok(())
	}

	pub(crate) fn do_accept(to: T::AccountId, device: DeviceId) -> DispatchResult {
		let record = Self::found(device)?;
		ensure!(Offers::<T>::get(device).as_ref() == Some(&to), Error::<T>::NotOffered);
		let clock = Clock::read::<T::Time>();
		let live = Self::movable(&record, &clock)?;
		Self::hand_over(device, record, live, to, &clock)
	}

	pub(crate) fn do_take_over(
		to: T::AccountId,
		device: DeviceId,
		possession: &Possession,
	) -> DispatchResult {
		let record = Self::found(device)?;
		ensure!(to != record.owner, Error::<T>::AlreadyOwner);
		// A device with a root is its root: what it named for readings, in whatever memory that is, must
		// not give it away.
		ensure!(record.root.is_none(), Error::<T>::RootRequired);
		ensure!(!record.inherited, Error::<T>::KeyInherited);
		let clock = Clock::read::<T::Time>();
		let live = Self::movable(&record, &clock)?;
		Self::ensure_unused(record.changed, possession)?;
		let block_hash = Self::ensure_fresh(&to, possession)?;
		Self::ensure_possession(&to, &record.state.key.current, possession, &block_hash)?;
		Self::hand_over(device, record, live, to, &clock)
	}

	/// The entity of a device that may get another slot now.
	fn movable(record: &DeviceRecordOf<T>, clock: &Clock) -> Result<Live, Error<T>> {
		let live = record.live().map_err(Error::<T>::from)?;
		live.ensure_movable(clock).map_err(Error::<T>::from)?;
		Ok(live)
	}

	/// Make `to` the owner of a device.
	fn hand_over(
		device: DeviceId,
		mut record: DeviceRecordOf<T>,
		mut live: Live,
		to: T::AccountId,
		clock: &Clock,
	) -> DispatchResult {
		let gateway = record.state.assignment.as_ref().map(|held| held.current.gateway);

		let ticket = T::Deposit::new(&to, Self::device_footprint())?;
		let mut assigned = None;
		if let Some(gateway) = gateway {
			let (moved, assignment) = Self::move_to(live, device, &record, gateway, &to, clock)?;
			live = moved;
			assigned = Some(assignment);
		}
		record.apply(live);
		record.changed = Self::block();
		record.inherited = true;
		let from = core::mem::replace(&mut record.owner, to.clone());
		core::mem::replace(&mut record.ticket, ticket).drop(&from)?;
		Self::hand_over_location(device, &from, &to)?;
		Self::drop_recovery(device, &from)?;
		Offers::<T>::remove(device);
		Descriptions::<T>::remove(device);
		Devices::<T>::insert(device, record);

		Self::deposit_event(Event::Transferred { device, from, to });
		if let Some(Assignment { gateway, slot }) = assigned {
			let since = clock.next_window;
			Self::deposit_event(Event::GatewayAssigned { device, gateway, slot, since });
		}
		Ok(())
	}
}
