//! Where devices are, and how many are in a cell.

use alloc::{collections::BTreeSet, vec::Vec};
use cairn_geo::{Cell, Location, Placed, Spot};
use cairn_types::{Dated, DeviceId, Window};
use frame_support::{
	dispatch::DispatchResultWithPostInfo,
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
	MAX_MOVING_TICKS, Pallet, WeightInfo, entities::Clock,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_assert_location(
		owner: &T::AccountId,
		device: DeviceId,
		location: Location,
	) -> DispatchResultWithPostInfo {
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
		// What was declared is a move's weight.
		Ok(from.is_none().then(T::WeightInfo::assert_location_first).into())
	}

	/// Where a device is in `window`; `None` if it had asserted nothing then.
	pub fn location(device: DeviceId, window: Window) -> Option<Placed> {
		Locations::<T>::get(device)?.place.at(window).copied()
	}

	/// How many devices that have not ended asserted a place in `cell`, from the next window on; 0
	/// for cells coarser than resolution 4 or finer than 12.
	pub fn cell_count(cell: Cell) -> u32 {
		let counts = cell.group().map(CellCounts::<T>::get);
		counts.map_or(0, |counts| counts.count(cell))
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

	/// Count a device at the spots of `to` and no more at those of `from`. Spots of both stay as they
	/// are; of the others each group is read and written once, and not kept when it is empty.
	fn recount(from: Option<Location>, to: Option<Location>) {
		let spots = |place: Option<Location>| -> Vec<Spot> {
			place.into_iter().flat_map(Location::spots).collect()
		};
		let (from, to) = (spots(from), spots(to));
		let left = from.iter().filter(|spot| !to.contains(spot));
		let entered = to.iter().filter(|spot| !from.contains(spot));
		let groups: BTreeSet<Cell> =
			left.clone().chain(entered.clone()).map(|spot| spot.group()).collect();
		for group in groups {
			CellCounts::<T>::mutate_exists(group, |kept| {
				let mut counts = kept.take().unwrap_or_default();
				let is_here = |spot: &&Spot| spot.group() == group;
				left.clone().filter(is_here).for_each(|spot| counts.leave(*spot));
				entered.clone().filter(is_here).for_each(|spot| counts.enter(*spot));
				*kept = Some(counts).filter(|counts| !counts.is_empty());
			});
		}
	}
}
