//! Where devices are, and how many are in a cell.

use core::iter;

use cairn_geo::{Cell, GroupCounts, Location, Placed};
use cairn_types::{Dated, DeviceId, Tick, Window};
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
	CellCounts, Config, Error, Event, LocationRecord, LocationRecordOf, Locations, Pallet,
	PolicyOf, WeightInfo, entities::Clock,
};

/// First tick at which a device may move that asserts a location now and has to stay there for
/// `pause` ticks.
fn movable_from(clock: &Clock, pause: Tick) -> Tick {
	clock.settled.max(clock.tick.saturating_add(pause))
}

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
		let policy = T::Policy::get().clamped();
		let record = match known {
			None => Self::first_location(owner, location, &clock, &policy)?,
			Some(known) => Self::moved(owner, known, location, &clock, &policy)?,
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
		policy: &PolicyOf<T>,
	) -> Result<LocationRecordOf<T>, DispatchError> {
		let ticket = T::Deposit::new(owner, Self::location_footprint())?;
		let placed = Placed::new(location, clock.tick);
		let place = Dated::new(placed, clock.next_window, movable_from(clock, policy.moving_ticks));
		Ok(LocationRecord { place, ticket })
	}

	/// The record of a device that moves, which costs a fee.
	fn moved(
		owner: &T::AccountId,
		known: LocationRecordOf<T>,
		location: Location,
		clock: &Clock,
		policy: &PolicyOf<T>,
	) -> Result<LocationRecordOf<T>, DispatchError> {
		let LocationRecord { place, ticket } = known;
		ensure!(clock.tick >= place.settled, Error::<T>::TooEarly);
		if !policy.moving_fee.is_zero() {
			let (keep, exact) = (Preservation::Preserve, Precision::Exact);
			T::Currency::burn_from(owner, policy.moving_fee, keep, exact, Fortitude::Polite)?;
		}
		let placed = Placed::new(location, clock.tick);
		let place = place
			.change(placed, clock.next_window, clock.tick, movable_from(clock, policy.moving_ticks))
			.map_err(|_| Error::<T>::TooEarly)?;
		Ok(LocationRecord { place, ticket })
	}

	/// Count a device at the spots of `to` and no more at those of `from`. Spots of both stay as they
	/// are; of the others each group is read and written once.
	fn recount(from: Option<Location>, to: Option<Location>) {
		// Spots come in one order of resolutions, and groups are the same only at one resolution.
		let spots = |place: Option<Location>| {
			let known = place.into_iter().flat_map(Location::spots);
			known.map(Some).chain(iter::repeat(None))
		};
		for pair in spots(from).zip(spots(to)).take_while(|pair| *pair != (None, None)) {
			match pair {
				(left, entered) if left == entered => {},
				(Some(left), Some(entered)) if left.group() == entered.group() => {
					Self::count(left.group(), |counts| {
						counts.leave(left);
						counts.enter(entered);
					});
				},
				(left, entered) => {
					if let Some(left) = left {
						Self::count(left.group(), |counts| counts.leave(left));
					}
					if let Some(entered) = entered {
						Self::count(entered.group(), |counts| counts.enter(entered));
					}
				},
			}
		}
	}

	/// Change the counts of `group`, which are not kept when it is empty.
	fn count(group: Cell, change: impl FnOnce(&mut GroupCounts)) {
		CellCounts::<T>::mutate_exists(group, |kept| {
			let mut counts = kept.take().unwrap_or_default();
			change(&mut counts);
			*kept = Some(counts).filter(|counts| !counts.is_empty());
		});
	}
}
