//! Makers: their keys, their bond, and what they withdraw.

use cairn_traits::Timekeeper;
use cairn_types::{DeviceId, DeviceKey, MakerId, Serial, Window};
use frame_support::{BoundedVec, ensure, traits::Consideration};
use sp_core::ed25519;
use sp_runtime::DispatchResult;

use crate::{
	Config, Devices, Error, Event, MakerRecord, MakerRecordOf, Makers, NextMaker, Pallet,
	SerialRecord, SerialState, Serials, Stage, entities::Clock,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_register_maker(admin: T::AccountId, key: ed25519::Public) -> DispatchResult {
		ensure!(!DeviceKey::Ed25519(key).is_weak(), Error::<T>::KeyWeak);
		let maker = NextMaker::<T>::get();
		let next = maker.next().ok_or(Error::<T>::TooManyMakers)?;

		let mut record = MakerRecord {
			admin: admin.clone(),
			keys: BoundedVec::default(),
			registered: (T::Time::cycle(), 0),
			devices: 0,
			settled: T::Time::settled(),
			ticket: T::MakerBond::new(&admin, Self::maker_footprint())?,
		};
		record.add_key(key).ok_or(Error::<T>::TooManyKeys)?;
		NextMaker::<T>::put(next);
		Makers::<T>::insert(maker, record);

		Self::deposit_event(Event::MakerRegistered { maker, admin });
		Ok(())
	}

	pub(crate) fn do_add_maker_key(
		admin: &T::AccountId,
		maker: MakerId,
		key: ed25519::Public,
	) -> DispatchResult {
		let mut record = Self::administered(admin, maker)?;
		ensure!(!DeviceKey::Ed25519(key).is_weak(), Error::<T>::KeyWeak);
		ensure!(!record.has_key(&key), Error::<T>::AlreadyAdded);
		let index = record.add_key(key).ok_or(Error::<T>::TooManyKeys)?;

		Makers::<T>::insert(maker, record);

		Self::deposit_event(Event::MakerKeyAdded { maker, index });
		Ok(())
	}

	pub(crate) fn do_revoke_maker_key(
		admin: &T::AccountId,
		maker: MakerId,
		index: u8,
	) -> DispatchResult {
		let mut record = Self::administered(admin, maker)?;
		let key = record.keys.get_mut(usize::from(index)).ok_or(Error::<T>::MakerKeyNotFound)?;
		ensure!(!key.revoked, Error::<T>::AlreadyRevoked);

		key.revoked = true;
		Makers::<T>::insert(maker, record);

		Self::deposit_event(Event::MakerKeyRevoked { maker, index });
		Ok(())
	}

	pub(crate) fn do_revoke(admin: T::AccountId, maker: MakerId, serial: Serial) -> DispatchResult {
		Self::administered(&admin, maker)?;
		let entry = Serials::<T>::get(maker, &serial);
		let state = entry.as_ref().map(|entry| entry.state);
		ensure!(state != Some(SerialState::Revoked), Error::<T>::AlreadyRevoked);

		let ticket = T::Deposit::new(&admin, Self::serial_footprint())?;
		let revoked = SerialRecord {
			state: SerialState::Revoked,
			ends: Window::MAX,
			deposit: Some((admin, ticket)),
		};
		Serials::<T>::insert(maker, &serial, revoked);
		let mut ended = None;
		match entry {
			Some(SerialRecord { deposit: Some((payer, old)), .. }) => old.drop(&payer)?,
			Some(SerialRecord { state: SerialState::Used(device), .. }) => ended = Some(device),
			_ => {},
		}
		let clock = Clock::read::<T::Time>();
		let is_suspended = ended.is_some_and(|device| Self::end_certificate(device, maker, &clock));

		Self::deposit_event(Event::SerialRevoked { maker, serial, device: ended });
		if let Some(device) = ended.filter(|_| is_suspended) {
			Self::deposit_event(Event::Suspended { device, until: clock.next_window });
		}
		Ok(())
	}

	/// The certificate that stands for a device ends with the next window; returns whether that
	/// suspended the device.
	fn end_certificate(device: DeviceId, maker: MakerId, clock: &Clock) -> bool {
		Makers::<T>::mutate_extant(maker, |record| record.release(clock.settled));
		Devices::<T>::mutate_extant(device, |record| {
			// A device that has ended is not active, and cannot be again.
			let Ok(live) = record.live() else { return false };
			let was_active = record.stage == Stage::Active;
			record.apply(live.revoke(clock));
			was_active
		})
	}

	pub(crate) fn do_retire_maker(admin: &T::AccountId, maker: MakerId) -> DispatchResult {
		let record = Self::administered(admin, maker)?;
		ensure!(record.devices == 0, Error::<T>::MakerInUse);
		ensure!(T::Time::now().tick >= record.settled, Error::<T>::TooEarly);

		Makers::<T>::remove(maker);
		record.ticket.drop(admin)?;

		Self::deposit_event(Event::MakerRetired { maker });
		Ok(())
	}

	/// The record of a maker that `admin` acts for.
	fn administered(admin: &T::AccountId, maker: MakerId) -> Result<MakerRecordOf<T>, Error<T>> {
		let record = Makers::<T>::get(maker).ok_or(Error::<T>::MakerNotFound)?;
		ensure!(record.admin == *admin, Error::<T>::NotAuthorized);
		Ok(record)
	}
}
