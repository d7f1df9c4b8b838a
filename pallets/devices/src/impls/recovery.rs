//! Lost keys: the owner asks, the maker consents, time passes in which the device can object.

use cairn_traits::Timekeeper;
use cairn_types::{
	Approval, CertifierKey, Delegation, DeviceId, DeviceKey, MakerId, Objection, Possession,
	certificate::{objection_message, recovery_message},
};
use frame_support::{
	ensure,
	traits::{Consideration, Get},
};
use sp_runtime::{DispatchError, DispatchResult};

use crate::{
	Certified, Config, DeviceRecordOf, Devices, Error, Event, Makers, Pallet, Recoveries, Recovery,
	RecoveryOf, entities::Clock,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_recover(
		owner: &T::AccountId,
		device: DeviceId,
		key: DeviceKey,
		possession: &Possession,
		delegation: Option<&Delegation>,
		approval: &Approval,
	) -> DispatchResult {
		let record = Self::owned(owner, device)?;
		record.live().map_err(Error::<T>::from)?;
		ensure!(!Recoveries::<T>::contains_key(device), Error::<T>::AlreadyRequested);
		let (maker, public) = Self::consenting(device, &record, approval.key_index)?;
		let root = delegation.map(|delegation| &delegation.root);
		Self::ensure_free(&key)?;
		Self::ensure_root_free(root, Some(device))?;
		Self::ensure_unused(record.changed, possession)?;
		let block_hash = Self::ensure_fresh(owner, possession)?;
		Self::ensure_possession(owner, &key, possession, &block_hash)?;
		let (genesis, index, changed) = (Self::genesis(), approval.key_index, record.changed);
		let consent = recovery_message(&genesis, maker, index, device, changed, &key, root);
		ensure!(public.verify(&consent, &approval.signature), Error::<T>::ApprovalInvalid);
		if let Some(delegation) = delegation {
			Self::ensure_delegated(owner, &key, possession, &block_hash, delegation)?;
		}

		let delay = T::Policy::get().clamped().recovery_ticks;
		let due = T::Time::now().tick.saturating_add(delay);
		let ticket = T::Deposit::new(owner, Self::recovery_footprint())?;
		let (root, requested, key_index) = (root.copied(), Self::block(), index);
		let pending = Recovery { key, root, requested, due, maker, key_index, ticket };
		Recoveries::<T>::insert(device, pending);

		Self::deposit_event(Event::RecoveryRequested { device, key, root, due });
		Ok(())
	}

	pub(crate) fn do_complete_recovery(device: DeviceId) -> DispatchResult {
		let record = Self::found(device)?;
		let pending = Self::requested(device)?;
		let clock = Clock::read::<T::Time>();
		ensure!(clock.tick >= pending.due, Error::<T>::TooEarly);
		Self::ensure_consented(device, &record, &pending)?;
		let Recovery { key, root, ticket, .. } = pending;
		let rotated = Self::rotate(&record, key, &clock)?;
		Self::ensure_root_free(root.as_ref(), Some(device))?;

		Recoveries::<T>::remove(device);
		ticket.drop(&record.owner)?;
		Self::put_keys(device, record, rotated, root);

		Self::deposit_event(Event::KeyRotated { device, key, since: clock.next_window });
		Self::deposit_event(Event::Recovered { device, root });
		Ok(())
	}

	pub(crate) fn do_cancel_recovery(
		who: &T::AccountId,
		device: DeviceId,
		objection: &Objection,
	) -> DispatchResult {
		let mut record = Self::found(device)?;
		let pending = Self::requested(device)?;
		Self::ensure_objection(who, device, &record, &pending, objection)?;

		Recoveries::<T>::remove(device);
		pending.ticket.drop(&record.owner)?;
		// Voids the maker's consent: who asks again has to ask the maker again.
		record.changed = Self::block();
		Devices::<T>::insert(device, record);

		Self::deposit_event(Event::RecoveryCancelled { device });
		Ok(())
	}

	/// Forget a device's recovery, if one was requested, and return its deposit to `owner`.
	pub(super) fn drop_recovery(
		device: DeviceId,
		owner: &T::AccountId,
	) -> Result<(), DispatchError> {
		let Some(pending) = Recoveries::<T>::take(device) else { return Ok(()) };
		pending.ticket.drop(owner)?;
		Self::deposit_event(Event::RecoveryCancelled { device });
		Ok(())
	}

	fn requested(device: DeviceId) -> Result<RecoveryOf<T>, Error<T>> {
		Recoveries::<T>::get(device).ok_or(Error::<T>::NotRequested)
	}

	/// The maker whose certificate stands for a device, and its key of an index.
	fn consenting(
		device: DeviceId,
		record: &DeviceRecordOf<T>,
		key_index: u8,
	) -> Result<(MakerId, CertifierKey), Error<T>> {
		let Certified { maker, serial, .. } =
			record.certified.as_ref().ok_or(Error::<T>::NotCertified)?;
		let known = Makers::<T>::get(maker).ok_or(Error::<T>::MakerNotFound)?;
		let public = Self::usable_key(&known, key_index)?;
		ensure!(Self::stands(device, *maker, serial), Error::<T>::SerialRevoked);
		Ok((*maker, public))
	}

	/// Check that the consent to a recovery is as good as it was when it was requested. Otherwise a
	/// maker of the owner's choice could consent, and another one's certificate go to the new keys;
	/// or whoever stole a maker's key be faster than its revocation.
	fn ensure_consented(
		device: DeviceId,
		record: &DeviceRecordOf<T>,
		pending: &RecoveryOf<T>,
	) -> Result<(), Error<T>> {
		ensure!(record.state.maker == Some(pending.maker), Error::<T>::ApprovalInvalid);
		Self::consenting(device, record, pending.key_index)?;
		Ok(())
	}

	/// Check that who objects may: the owner, or one of the device's present keys, unless an earlier
	/// owner may have it, too.
	fn ensure_objection(
		who: &T::AccountId,
		device: DeviceId,
		record: &DeviceRecordOf<T>,
		pending: &RecoveryOf<T>,
		objection: &Objection,
	) -> Result<(), Error<T>> {
		let message = objection_message(&Self::genesis(), device, pending.requested, &pending.key);
		let is_valid = match objection {
			Objection::Owner => {
				ensure!(record.owner == *who, Error::<T>::NotOwner);
				true
			},
			// An earlier owner may have kept an inherited key, and must not hinder its replacement.
			Objection::Operational(signature) => {
				!record.inherited && record.state.key.current.verify(&message, signature)
			},
			Objection::Root(signature) => {
				record.root.is_some_and(|root| root.verify(&message, signature))
			},
		};
		ensure!(is_valid, Error::<T>::ObjectionInvalid);
		Ok(())
	}
}
