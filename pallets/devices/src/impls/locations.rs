//! Where devices are, and how many are in a cell.

use alloc::vec::Vec;
use cairn_geo::{Cell, Location, Placed};
use cairn_types::{Dated, DeviceId, Window};
use frame_support::{
	ensure,
	traits::{
		Consideration, Get,
		fungible::Mutate,
		tokens::{Fortitude, Precision, Preservation},
	},
};
use sp_runtime::{DispatchError, DispatchResult, traits::Zero};

use crate::{
	CellCounts, Config, Error, Event, LocationRecord, LocationRecordOf, Locations,
	MAX_MOVING_TICKS, Pallet, entities::Clock,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_assert_location(
		owner: &T::AccountId,
		device: DeviceId,
		location: Location,
	) -> DispatchResult {
		Self::owned(owner, device)?.live().map_err(Error::<T>::from)?;
		let clock = Clock::read::<T::Time>();
		let known = Locations::<T>::get(device);
		let from = known.as_ref().map(|known| known.place.current.location);
		ensure!(from != Some(location), Error::<T>::AlreadyThere);
		let record = match known {
			None => Self::first_location(owner, location, &clock)?,
			Some(known) => Self::moved(owner, known, location, &clock)?,
		};

		Self::recount(from, Some(location));
		Locations::<T>::insert(device, record);

		let since = clock.next_window;
		Self::deposit_event(Event::LocationAsserted { device, location, since });
		Ok(())
	}

	/// Where a device is in `window`; `None` if it had asserted nothing then.
	pub fn location(device: DeviceId, window: Window) -> Option<Placed> {
		Locations::<T>::get(device)?.place.at(window).copied()
	}

	/// Count a device that has ended no more. Where it was stays known until it is reaped.
	pub(super) fn uncount(device: DeviceId) {
		if let Some(known) = Locations::<T>::get(device) {
			Self::recount(Some(known.place.current.location), None);
		}
	}

	/// Forget where a device was, and return the deposit for it.
	pub(super) fn drop_location(device: DeviceId, owner: &T::AccountId) -> DispatchResult {
		match Locations::<T>::take(device) {
			Some(known) => known.ticket.drop(owner),
			None => Ok(()),
		}
	}

	/// Take the deposit for a device's location from `to`, and return that of `from`.
	pub(super) fn hand_over_location(
		device: DeviceId,
		from: &T::AccountId,
		to: &T::AccountId,
	) -> DispatchResult {
		let Some(mut known) = Locations::<T>::get(device) else { return Ok(()) };
		let ticket = T::Deposit::new(to, Self::location_footprint())?;
		core::mem::replace(&mut known.ticket, ticket).drop(from)?;
		Locations::<T>::insert(device, known);
		Ok(())
	}

	/// The record of a device that asserts a location for the first time; takes its deposit.
	fn first_location(
		owner: &T::AccountId,
		location: Location,
		clock: &Clock,
	) -> Result<LocationRecordOf<T>, DispatchError> {
		let ticket = T::Deposit::new(owner, Self::location_footprint())?;
		let placed = Placed::new(location, clock.tick);
		let place = Dated::new(placed, clock.next_window, Self::movable_from(clock));
		Ok(LocationRecord { place, ticket })
	}

	/// The record of a device that moves, which costs a fee.
	fn moved(
		owner: &T::AccountId,
		known: LocationRecordOf<T>,
		location: Location,
		clock: &Clock,
	) -> Result<LocationRecordOf<T>, DispatchError> {
		let LocationRecord { place, ticket } = known;
		ensure!(clock.tick >= place.settled, Error::<T>::TooEarly);
		let fee = T::MovingFee::get();
		if !fee.is_zero() {
			let (keep, exact) = (Preservation::Preserve, Precision::Exact);
			T::Currency::burn_from(owner, fee, keep, exact, Fortitude::Polite)?;
		}
		let placed = Placed::new(location, clock.tick);
		let place = place
			.change(placed, clock.next_window, clock.tick, Self::movable_from(clock))
			.map_err(|_| Error::<T>::TooEarly)?;
		Ok(LocationRecord { place, ticket })
	}

	/// First tick at which a device that asserts a location now may move.
	fn movable_from(clock: &Clock) -> u32 {
		let pause = T::MovingTicks::get().min(MAX_MOVING_TICKS);
		clock.settled.max(clock.tick.saturating_add(pause))
	}

	/// Count a device in the cells of `to` and no more in those of `from`. Cells of both stay as
	/// they are.
	fn recount(from: Option<Location>, to: Option<Location>) {
		let cells = |place: Option<Location>| -> Vec<Cell> {
			place.into_iter().flat_map(Location::counted_cells).collect()
		};
		let (left, entered) = (cells(from), cells(to));
		for cell in left.iter().filter(|cell| !entered.contains(cell)) {
			CellCounts::<T>::mutate_exists(cell, |count| {
				// A count of zero is not kept.
				*count = count.and_then(|count| count.checked_sub(1)).filter(|count| *count > 0);
			});
		}
		for cell in entered.iter().filter(|cell| !left.contains(cell)) {
			CellCounts::<T>::mutate(cell, |count| *count = count.saturating_add(1));
		}
	}
}
