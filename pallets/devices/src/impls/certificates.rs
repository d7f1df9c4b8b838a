//! Certificates: who vouches for a device, and with which serial number.

use cairn_traits::{NetworkRegistry, Timekeeper};
use cairn_types::{
	Certificate, CertifierKey, DeviceId, DeviceKey, MakerId, NetworkConfig, RootKey, Serial, Window,
};
use frame_support::{
	ensure,
	traits::{Consideration, Get},
};
use sp_runtime::{DispatchError, DispatchResult};

use crate::{
	Certified, Config, DeviceRecordOf, Devices, Error, Event, MakerRecordOf, Makers, Pallet,
	SerialRecord, SerialState, Serials, Stage, entities::Clock,
};

/// A certificate that passed every check but that of its signature.
pub(super) struct Reviewed<'a, T: Config> {
	certificate: &'a Certificate,
	/// The maker's key that has to have signed.
	public: CertifierKey,
	/// First window after its end.
	pub(super) expires: Window,
	/// First window after the end of every certificate with its number that was brought.
	ends: Window,
	/// The maker as it is once the device is counted; `None` if it is counted already, as the
	/// certificate has the maker and serial number of the one that stands for it.
	counted: Option<MakerRecordOf<T>>,
}

impl<T: Config> Reviewed<'_, T> {
	/// Whether it has the maker and serial number of the one that stands for the device.
	const fn is_renewal(&self) -> bool {
		self.counted.is_none()
	}

	/// What is kept of the certificate.
	pub(super) fn certified(&self) -> Certified {
		let Self { certificate, .. } = self;
		Certified {
			maker: certificate.maker(),
			key_index: certificate.key_index(),
			serial: certificate.serial().clone(),
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Check that a network now admits devices that `maker` (or nobody) certified; `config` is what
	/// holds of it now, `None` if it takes no devices.
	pub(super) fn ensure_admitted(
		config: Option<NetworkConfig>,
		maker: Option<MakerId>,
	) -> DispatchResult {
		let config = config.ok_or(Error::<T>::NetworkClosed)?;
		ensure!(config.admission.admits(maker), Error::<T>::NotAdmitted);
		Ok(())
	}

	/// The maker whose word admits a device, if any does: that of one that was convicted does not.
	pub(super) fn vouching(record: &DeviceRecordOf<T>) -> Option<MakerId> {
		let maker = record.state.maker?;
		Makers::<T>::get(maker).is_some_and(|known| !known.is_convicted()).then_some(maker)
	}

	/// Check everything of a certificate but its signature; `current` is the one that stands for
	/// the device now.
	pub(super) fn review<'a>(
		certificate: &'a Certificate,
		current: Option<&Certified>,
		clock: &Clock,
	) -> Result<Reviewed<'a, T>, DispatchError> {
		let (id, serial) = (certificate.maker(), certificate.serial());
		let mut maker = Makers::<T>::get(id).ok_or(Error::<T>::MakerNotFound)?;
		let public = Self::usable_key(&maker, certificate.key_index())?;
		let expires = T::Time::periods().window_at(certificate.expiry());
		ensure!(expires > clock.next_window, Error::<T>::CertificateExpired);
		let is_renewal = current.is_some_and(|known| known.maker == id && known.serial == *serial);
		let known = Serials::<T>::get(id, serial);
		match known.as_ref().map(|entry| entry.state) {
			Some(SerialState::Revoked) => return Err(Error::<T>::SerialRevoked.into()),
			Some(SerialState::Used(_)) if !is_renewal => {
				return Err(Error::<T>::SerialTaken.into());
			},
			Some(SerialState::Used(_)) | None => {},
		}
		let counted = if is_renewal {
			None
		} else {
			let is_full = maker.certified_in(clock.cycle) >= T::Policy::get().per_cycle;
			ensure!(!is_full, Error::<T>::TooManyCertified);
			maker.admit(clock.cycle);
			Some(maker)
		};
		// A renewal that ends earlier does not make what it replaces void: the number stays used as long.
		let ends = known.map_or(expires, |entry| entry.ends.max(expires));
		Ok(Reviewed { certificate, public, expires, ends, counted })
	}

	/// Check that the maker signed a certificate for the device with this operational key and root.
	pub(super) fn ensure_signed(
		reviewed: &Reviewed<T>,
		key: &DeviceKey,
		root: Option<&RootKey>,
	) -> DispatchResult {
		let Reviewed { certificate, public, .. } = reviewed;
		ensure!(
			certificate.is_signed_by(public, &Self::genesis(), key, root),
			Error::<T>::CertificateInvalid
		);
		Ok(())
	}

	/// Check that the certificate of a device, if it has one, still admits it to be activated.
	pub(super) fn ensure_standing(
		device: DeviceId,
		record: &DeviceRecordOf<T>,
		clock: &Clock,
	) -> Result<(), Error<T>> {
		let Some(Certified { maker, key_index, serial }) = &record.certified else {
			return Ok(());
		};
		let maker_record = Makers::<T>::get(maker).ok_or(Error::<T>::MakerNotFound)?;
		Self::usable_key(&maker_record, *key_index)?;
		ensure!(Self::stands(device, *maker, serial), Error::<T>::SerialRevoked);
		ensure!(record.state.expires > clock.next_window, Error::<T>::CertificateExpired);
		Ok(())
	}

	pub(crate) fn do_certify(
		owner: T::AccountId,
		device: DeviceId,
		certificate: &Certificate,
	) -> DispatchResult {
		let mut record = Self::owned(&owner, device)?;
		let live = record.live().map_err(Error::<T>::from)?;
		let maker = certificate.maker();
		let clock = Clock::read::<T::Time>();
		let config = T::Networks::config(record.state.network, clock.cycle);
		Self::ensure_admitted(config, Some(maker))?;
		let reviewed = Self::review(certificate, record.certified.as_ref(), &clock)?;
		Self::ensure_signed(&reviewed, &record.state.key.current, record.root.as_ref())?;

		let was_active = record.stage == Stage::Active;
		let (expires, is_renewal) = (reviewed.expires, reviewed.is_renewal());
		record.apply(live.certify(maker, expires, &clock));
		let lapsed = was_active && record.stage != Stage::Active;

		let old = record.certified.replace(reviewed.certified());
		Self::note_certified(device, reviewed);
		if !is_renewal
			&& let Some(old) = old
			&& Self::stands(device, old.maker, &old.serial)
		{
			let ticket = T::Deposit::new(&owner, Self::serial_footprint())?;
			Self::retain_serial(&old, owner, ticket, &clock);
		}
		Devices::<T>::insert(device, record);

		Self::deposit_event(Event::Certified { device, maker, expires });
		if lapsed {
			Self::deposit_event(Event::Suspended { device, until: clock.next_window });
		}
		Ok(())
	}

	/// Forget a serial number that can certify nothing any more.
	pub(crate) fn do_forget(maker: MakerId, serial: Serial) -> DispatchResult {
		let entry = Serials::<T>::get(maker, &serial).ok_or(Error::<T>::SerialNotFound)?;
		let (payer, ticket) = entry.deposit.ok_or(Error::<T>::SerialInUse)?;
		let is_over = entry.ends <= T::Time::now().window || !Makers::<T>::contains_key(maker);
		ensure!(is_over, Error::<T>::SerialInUse);

		Serials::<T>::remove(maker, &serial);
		ticket.drop(&payer)?;

		Self::deposit_event(Event::SerialForgotten { maker, serial });
		Ok(())
	}

	/// A key of a maker by whose certificates devices may be registered and activated.
	pub(super) fn usable_key(
		maker: &MakerRecordOf<T>,
		index: u8,
	) -> Result<CertifierKey, Error<T>> {
		ensure!(!maker.is_revoked(index), Error::<T>::MakerKeyRevoked);
		let key = maker.key(index).ok_or(Error::<T>::MakerKeyNotFound)?;
		Ok(key.public)
	}

	/// Whether the certificate with this number stands for `device`.
	pub(super) fn stands(device: DeviceId, maker: MakerId, serial: &Serial) -> bool {
		Serials::<T>::get(maker, serial).is_some_and(|entry| entry.stands_for(device))
	}

	/// A certificate now stands for `device`. Its maker must not have changed since it was reviewed.
	pub(super) fn note_certified(device: DeviceId, reviewed: Reviewed<T>) {
		let Reviewed { certificate, ends, counted, .. } = reviewed;
		let (maker, serial) = (certificate.maker(), certificate.serial());
		if let Some(counted) = counted {
			Makers::<T>::insert(maker, counted);
		}
		let entry = SerialRecord { state: SerialState::Used(device), ends, deposit: None };
		Serials::<T>::insert(maker, serial, entry);
	}

	/// A certificate does not stand for a device any more; its number stays used, paid by `payer`.
	pub(super) fn retain_serial(
		certified: &Certified,
		payer: T::AccountId,
		ticket: T::Deposit,
		clock: &Clock,
	) {
		let Certified { maker, serial, .. } = certified;
		Serials::<T>::mutate(maker, serial, |entry| {
			if let Some(entry) = entry {
				entry.deposit = Some((payer, ticket));
			}
		});
		Makers::<T>::mutate_extant(maker, |record| record.release(clock.settled));
	}
}
