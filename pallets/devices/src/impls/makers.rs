//! Makers: their keys, their bond, and what they withdraw.

use cairn_traits::Timekeeper;
use cairn_types::{CertifierKey, DeviceId, MakerId, Serial, Window};
use frame_support::{
	BoundedVec, ensure,
	traits::{Consideration, Get},
};
use sp_runtime::DispatchResult;

use crate::{
	Bond, Config, Devices, Error, Event, MakerRecord, MakerRecordOf, Makers, NextMaker, Pallet,
	SerialRecord, SerialState, Serials, Stage, entities::Clock,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_register_maker(admin: T::AccountId, key: CertifierKey) -> DispatchResult {
		let maker = NextMaker::<T>::get();
		let next = maker.next().ok_or(Error::<T>::TooManyMakers)?;
		ensure!(!key.is_weak(), Error::<T>::KeyWeak);

		let ticket = T::MakerBond::new(&admin, Self::maker_footprint())?;
		let mut record = MakerRecord {
			admins: BoundedVec::truncate_from(alloc::vec![admin.clone()]),
			keys: BoundedVec::default(),
			next_key: 0,
			registered: (T::Time::cycle(), 0),
			devices: 0,
			settled: T::Time::settled(),
			bond: Some(Bond { payer: admin.clone(), ticket }),
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
		key: CertifierKey,
	) -> DispatchResult {
		let mut record = Self::administered(admin, maker)?;
		ensure!(!record.has_key(&key), Error::<T>::AlreadyAdded);
		ensure!(!key.is_weak(), Error::<T>::KeyWeak);
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
		ensure!(!record.is_revoked(index), Error::<T>::AlreadyRevoked);
		let key = record.keys.iter_mut().find(|key| key.index == index);
		key.ok_or(Error::<T>::MakerKeyNotFound)?.revoked = true;

		Makers::<T>::insert(maker, record);

		Self::deposit_event(Event::MakerKeyRevoked { maker, index });
		Ok(())
	}

	pub(crate) fn do_add_maker_admin(
		admin: &T::AccountId,
		maker: MakerId,
		added: T::AccountId,
	) -> DispatchResult {
		let mut record = Self::administered(admin, maker)?;
		ensure!(!record.admins.contains(&added), Error::<T>::AlreadyAdmin);
		record.admins.try_push(added.clone()).map_err(|_| Error::<T>::TooManyAdmins)?;

		Makers::<T>::insert(maker, record);

		Self::deposit_event(Event::MakerAdminAdded { maker, admin: added });
		Ok(())
	}

	/// Who removes the admin that left the bond leaves one instead.
	pub(crate) fn do_remove_maker_admin(
		admin: &T::AccountId,
		maker: MakerId,
		removed: T::AccountId,
	) -> DispatchResult {
		let mut record = Self::administered(admin, maker)?;
		ensure!(record.admins.contains(&removed), Error::<T>::AdminNotFound);
		ensure!(record.admins.len() > 1, Error::<T>::LastAdmin);
		let is_payer = record.bond.as_ref().is_some_and(|bond| bond.payer == removed);
		ensure!(!is_payer || *admin != removed, Error::<T>::BondNeeded);

		if let Some(old) = record.bond.take_if(|_| is_payer) {
			let ticket = T::MakerBond::new(admin, Self::maker_footprint())?;
			old.ticket.drop(&removed)?;
			record.bond = Some(Bond { payer: admin.clone(), ticket });
		}
		record.admins.retain(|known| *known != removed);
		Makers::<T>::insert(maker, record);

		Self::deposit_event(Event::MakerAdminRemoved { maker, admin: removed });
		if is_payer {
			Self::deposit_event(Event::MakerBondTaken { maker, payer: admin.clone() });
		}
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

	/// What is left of a convicted maker anybody removes: nothing returns to anybody.
	pub(crate) fn do_retire_maker(who: &T::AccountId, maker: MakerId) -> DispatchResult {
		let record = Self::known(maker)?;
		ensure!(record.is_convicted() || record.admins.contains(who), Error::<T>::NotAuthorized);
		ensure!(record.devices == 0, Error::<T>::MakerInUse);
		let stays = if record.is_convicted() { 0 } else { T::LeavingTicks::get() };
		let due = record.settled.saturating_add(stays);
		ensure!(T::Time::now().tick >= due, Error::<T>::TooEarly);

		Makers::<T>::remove(maker);
		if let Some(Bond { payer, ticket }) = record.bond {
			ticket.drop(&payer)?;
		}

		Self::deposit_event(Event::MakerRetired { maker });
		Ok(())
	}

	pub(crate) fn do_force_retire_maker(maker: MakerId) -> DispatchResult {
		let mut record = Self::known(maker)?;
		let Bond { payer, ticket } = record.convict().ok_or(Error::<T>::MakerConvicted)?;

		Makers::<T>::insert(maker, record);
		ticket.burn(&payer);

		Self::deposit_event(Event::MakerConvicted { maker, payer });
		Ok(())
	}

	/// The record of a maker.
	fn known(maker: MakerId) -> Result<MakerRecordOf<T>, Error<T>> {
		Makers::<T>::get(maker).ok_or(Error::<T>::MakerNotFound)
	}

	/// The record of a maker that `admin` acts for: of one that was convicted, nobody does.
	fn administered(admin: &T::AccountId, maker: MakerId) -> Result<MakerRecordOf<T>, Error<T>> {
		let record = Self::known(maker)?;
		ensure!(record.admins.contains(admin), Error::<T>::NotAuthorized);
		ensure!(!record.is_convicted(), Error::<T>::MakerConvicted);
		Ok(record)
	}
}
