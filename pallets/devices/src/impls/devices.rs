//! A device's life: register, activate, suspend, retire, reap; its key and its gateway.

use cairn_traits::{NetworkRegistry, SlotBook};
use cairn_types::{
	Activity, Certificate, Dated, DeviceId, DeviceKey, GatewayId, NetworkId, Possession, Window,
	view::{Assignment, DeviceState},
};
use frame_support::{ensure, traits::Consideration};
use sp_runtime::{DispatchError, DispatchResult};

use super::certificates::Reviewed;
use crate::{
	Config, DeviceByKey, DeviceRecord, DeviceRecordOf, Devices, Error, Event, NextDevice, Offers,
	Pallet, Stage,
	entities::{Clock, Live},
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_register(
		owner: T::AccountId,
		network: NetworkId,
		key: DeviceKey,
		possession: &Possession,
		certificate: Option<&Certificate>,
	) -> DispatchResult {
		Self::ensure_free(&key)?;
		ensure!(T::Networks::is_open(network), Error::<T>::NetworkClosed);
		let maker = certificate.map(|certificate| certificate.claim.maker);
		Self::ensure_admitted(network, maker)?;
		let block_hash = Self::ensure_fresh(&owner, possession)?;
		let reviewed =
			certificate.map(|certificate| Self::review(certificate, None)).transpose()?;
		let device = NextDevice::<T>::get();
		let next = device.next().ok_or(Error::<T>::TooManyDevices)?;
		if let Some(reviewed) = &reviewed {
			Self::ensure_signed(reviewed, &key)?;
		}
		Self::ensure_possession(&owner, &key, possession, &block_hash)?;

		let state = Self::first_state(network, key, reviewed.as_ref());
		let certified = reviewed.as_ref().map(Reviewed::certified);

		let ticket = T::Deposit::new(&owner, Self::device_footprint())?;
		if let Some(reviewed) = &reviewed {
			Self::note_certified(device, reviewed);
		}
		NextDevice::<T>::put(next);
		DeviceByKey::<T>::insert(key, device);
		let (stage, changed) = (Stage::Registered, Self::block());
		let record =
			DeviceRecord { owner: owner.clone(), stage, state, certified, changed, ticket };
		Devices::<T>::insert(device, record);

		Self::deposit_event(Event::Registered { device, owner, network, key, maker });
		Ok(())
	}

	pub(crate) fn do_activate(owner: &T::AccountId, device: DeviceId) -> DispatchResult {
		let mut record = Self::owned(owner, device)?;
		let live = record.live().map_err(Error::<T>::from)?;
		let active = live.activate(&Clock::read::<T::Time>()).map_err(Error::<T>::from)?;
		Self::ensure_standing(device, &record)?;

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

		let DeviceRecord { owner, state, certified, ticket, .. } = record;
		DeviceByKey::<T>::remove(state.key.current);
		if let Some(previous) = state.key.previous {
			DeviceByKey::<T>::remove(previous);
		}
		Devices::<T>::remove(device);
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

	pub(crate) fn do_rotate_key(
		owner: &T::AccountId,
		device: DeviceId,
		key: DeviceKey,
		possession: &Possession,
	) -> DispatchResult {
		let mut record = Self::owned(owner, device)?;
		let clock = Clock::read::<T::Time>();
		let live = record.live().map_err(Error::<T>::from)?;
		let rotated = live.rotate(key, &clock).map_err(Error::<T>::from)?;
		let forgotten = record.state.key.previous;
		ensure!(forgotten.is_none() || Self::is_void(record.changed), Error::<T>::TooEarly);
		Self::ensure_free(&key)?;
		Self::ensure_unused(record.changed, possession)?;
		let block_hash = Self::ensure_fresh(owner, possession)?;
		Self::ensure_possession(owner, &key, possession, &block_hash)?;

		if let Some(forgotten) = forgotten {
			DeviceByKey::<T>::remove(forgotten);
		}
		DeviceByKey::<T>::insert(key, device);
		record.apply(rotated);
		record.changed = Self::block();
		Devices::<T>::insert(device, record);

		Self::deposit_event(Event::KeyRotated { device, key, since: clock.next_window });
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

	/// Check that no device has `key`, and that it is worth having.
	fn ensure_free(key: &DeviceKey) -> Result<(), Error<T>> {
		ensure!(!key.is_weak(), Error::<T>::KeyWeak);
		ensure!(!DeviceByKey::<T>::contains_key(key), Error::<T>::KeyTaken);
		Ok(())
	}

	/// The state of a device that is registered now.
	fn first_state(network: NetworkId, key: DeviceKey, reviewed: Option<&Reviewed>) -> DeviceState {
		let clock = Clock::read::<T::Time>();
		DeviceState {
			network,
			maker: reviewed.map(|reviewed| reviewed.certified().maker),
			key: Dated::new(key, clock.next_window, clock.settled),
			assignment: None,
			activity: Activity::NEVER,
			expires: reviewed.map_or(Window::MAX, |reviewed| reviewed.expires),
		}
	}
}
