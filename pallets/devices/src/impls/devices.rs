//! A device's life: register, activate, suspend, retire, reap; its key and its gateway.

use cairn_traits::{NetworkRegistry, SlotBook};
use cairn_types::{
	Activity, Certificate, Dated, Delegation, DeviceId, DeviceKey, GatewayId, NetworkId,
	Possession, Registration, Registrations, RootKey, RootSignature, Window,
	view::{Assignment, DeviceState},
};
use frame_support::{
	dispatch::{DispatchErrorWithPostInfo, DispatchResultWithPostInfo, Pays, PostDispatchInfo},
	ensure,
	traits::Consideration,
};
use sp_runtime::{DispatchError, DispatchResult};

use super::certificates::Reviewed;
use crate::{
	Config, Descriptions, DeviceByKey, DeviceByRoot, DeviceRecord, DeviceRecordOf, Devices, Error,
	Event, NextDevice, Offers, Pallet, Stage,
	entities::{Clock, Live},
};

/// An error of a pallet that says of which item of a list it is: in the byte behind its number, which
/// is zero otherwise. Wallets show the error as they show it elsewhere.
fn placed(error: DispatchError, place: u8) -> DispatchError {
	let DispatchError::Module(mut module) = error else { return error };
	let [_, second, ..] = &mut module.error;
	*second = place;
	DispatchError::Module(module)
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_register(
		owner: &T::AccountId,
		network: NetworkId,
		registration: &Registration,
	) -> DispatchResult {
		let Registration { key, possession, delegation, certificate } = registration;
		Self::ensure_free(key)?;
		Self::ensure_root_free(registration.root(), None)?;
		ensure!(T::Networks::is_open(network), Error::<T>::NetworkClosed);
		let maker = certificate.as_ref().map(Certificate::maker);
		Self::ensure_admitted(network, maker)?;
		let block_hash = Self::ensure_fresh(owner, possession)?;
		let reviewed =
			certificate.as_ref().map(|certificate| Self::review(certificate, None)).transpose()?;
		let device = NextDevice::<T>::get();
		let next = device.next().ok_or(Error::<T>::TooManyDevices)?;
		Self::ensure_possession(owner, key, possession, &block_hash)?;
		if let Some(reviewed) = &reviewed {
			Self::ensure_signed(reviewed, key, registration.root())?;
		}
		if let Some(delegation) = delegation {
			Self::ensure_delegated(owner, key, possession, &block_hash, delegation)?;
		}

		let record = Self::first_record(owner, network, registration, reviewed.as_ref())?;
		if let Some(reviewed) = &reviewed {
			Self::note_certified(device, reviewed);
		}
		NextDevice::<T>::put(next);
		DeviceByKey::<T>::insert(key, device);
		if let Some(root) = &record.root {
			DeviceByRoot::<T>::insert(root, device);
		}
		let root = record.root;
		Devices::<T>::insert(device, record);

		let (owner, key) = (owner.clone(), *key);
		Self::deposit_event(Event::Registered { device, owner, network, key, maker });
		if let Some(root) = root {
			Self::deposit_event(Event::Rooted { device, root });
		}
		Ok(())
	}

	/// All or none; the error of the first that fails says which it is in the byte behind its number.
	pub(crate) fn do_register_batch(
		owner: &T::AccountId,
		network: NetworkId,
		registrations: &Registrations,
	) -> DispatchResultWithPostInfo {
		ensure!(!registrations.is_empty(), Error::<T>::Empty);
		for (place, registration) in (0u8..).zip(registrations) {
			Self::do_register(owner, network, registration).map_err(|error| {
				let tried = registrations.get(..=usize::from(place)).unwrap_or_default();
				let actual_weight = Some(Self::weight_of_register_batch(tried));
				let post_info = PostDispatchInfo { actual_weight, pays_fee: Pays::Yes };
				DispatchErrorWithPostInfo { post_info, error: placed(error, place) }
			})?;
		}
		Ok(().into())
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
		Devices::<T>::insert(device, record);
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

	/// The record of a device that is registered now; takes its deposit.
	fn first_record(
		owner: &T::AccountId,
		network: NetworkId,
		registration: &Registration,
		reviewed: Option<&Reviewed>,
	) -> Result<DeviceRecordOf<T>, DispatchError> {
		Ok(DeviceRecord {
			ticket: T::Deposit::new(owner, Self::device_footprint())?,
			owner: owner.clone(),
			stage: Stage::Registered,
			state: Self::first_state(network, registration.key, reviewed),
			certified: reviewed.map(Reviewed::certified),
			root: registration.root().copied(),
			changed: Self::block(),
		})
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
