//! How devices come to be: one by one, or several at once.

use cairn_traits::NetworkRegistry;
use cairn_types::{
	Activity, Certificate, Dated, NetworkId, Registration, Registrations, Window, view::DeviceState,
};
use frame_support::{
	dispatch::{DispatchErrorWithPostInfo, DispatchResultWithPostInfo, Pays, PostDispatchInfo},
	ensure,
	traits::Consideration,
};
use sp_runtime::{DispatchError, DispatchResult};

use super::certificates::Reviewed;
use crate::{
	Config, DeviceByKey, DeviceByRoot, DeviceRecord, DeviceRecordOf, Devices, Error, Event,
	NextDevice, Pallet, Stage, entities::Clock,
};

/// An error that says of which item of a list it is: in the byte behind its number, which is zero
/// otherwise. Wallets show the error as they show it elsewhere.
///
/// Only a pallet's error has such a byte. All that a registration asks of others is its deposit, so
/// any other error is its want.
fn placed<T: Config>(error: DispatchError, place: u8) -> DispatchError {
	let error = match error {
		DispatchError::Module(_) => error,
		_ => Error::<T>::DepositMissing.into(),
	};
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
		let clock = Clock::read::<T::Time>();
		let maker = certificate.as_ref().map(Certificate::maker);
		Self::ensure_admitted(T::Networks::open_config(network, clock.cycle), maker)?;
		let block_hash = Self::ensure_fresh(owner, possession)?;
		let certificate = certificate.as_ref();
		let reviewed =
			certificate.map(|certificate| Self::review(certificate, None, &clock)).transpose()?;
		let device = NextDevice::<T>::get();
		let next = device.next().ok_or(Error::<T>::TooManyDevices)?;
		Self::ensure_possession(owner, key, possession, &block_hash)?;
		if let Some(reviewed) = &reviewed {
			Self::ensure_signed(reviewed, key, registration.root())?;
		}
		if let Some(delegation) = delegation {
			Self::ensure_delegated(owner, key, possession, &block_hash, delegation)?;
		}

		let record = Self::first_record(owner, network, registration, reviewed.as_ref(), &clock)?;
		if let Some(reviewed) = reviewed {
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
				DispatchErrorWithPostInfo { post_info, error: placed::<T>(error, place) }
			})?;
		}
		Ok(().into())
	}

	/// The record of a device that is registered now; takes its deposit.
	fn first_record(
		owner: &T::AccountId,
		network: NetworkId,
		registration: &Registration,
		reviewed: Option<&Reviewed<T>>,
		clock: &Clock,
	) -> Result<DeviceRecordOf<T>, DispatchError> {
		Ok(DeviceRecord {
			ticket: T::Deposit::new(owner, Self::device_footprint())?,
			owner: owner.clone(),
			stage: Stage::Registered,
			state: Self::first_state(network, registration, reviewed, clock),
			certified: reviewed.map(Reviewed::certified),
			root: registration.root().copied(),
			changed: Self::block(),
			inherited: false,
		})
	}

	/// The state of a device that is registered now.
	fn first_state(
		network: NetworkId,
		registration: &Registration,
		reviewed: Option<&Reviewed<T>>,
		clock: &Clock,
	) -> DeviceState {
		DeviceState {
			network,
			maker: registration.certificate.as_ref().map(Certificate::maker),
			key: Dated::new(registration.key, clock.next_window, clock.settled),
			assignment: None,
			activity: Activity::NEVER,
			expires: reviewed.map_or(Window::MAX, |reviewed| reviewed.expires),
		}
	}
}
