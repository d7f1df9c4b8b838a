//! Slots: a device's places in gateways' ledgers, each with its own payee.

use cairn_traits::{SlotBook, Timekeeper};
use cairn_types::{DeviceId, GatewayId, NetworkId, Slot, Window, view::SlotRecord};
use codec::MaxEncodedLen;
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	traits::{Consideration, Footprint},
};
use sp_runtime::DispatchError;

use super::seal::Clock;
use crate::{
	Config, Error, Event, Gateways, Pallet, SlotEntryOf, Slots,
	types::{SlotEntry, Stage},
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_close_leaf(
		payee: &T::AccountId,
		gateway: GatewayId,
		slot: Slot,
	) -> DispatchResult {
		let entry = Slots::<T>::get(gateway, slot).ok_or(Error::<T>::SlotNotFound)?;
		ensure!(entry.record.payee == *payee, Error::<T>::NotPayee);
		ensure!(entry.record.until < Window::MAX, Error::<T>::SlotInUse);
		ensure!(T::Time::now().tick >= entry.settled, Error::<T>::TooEarly);
		let mut record = Gateways::<T>::get(gateway).ok_or(Error::<T>::Inconsistent)?;
		entry.ticket.drop(&entry.depositor)?;
		record.open_slots = record.open_slots.saturating_sub(1);
		Gateways::<T>::insert(gateway, record);
		Slots::<T>::remove(gateway, slot);
		Self::deposit_event(Event::LeafClosed { gateway, slot });
		Ok(())
	}
}

impl<T: Config> SlotBook<T::AccountId> for Pallet<T> {
	fn open(
		gateway: GatewayId,
		network: NetworkId,
		device: DeviceId,
		payee: &T::AccountId,
		from: Window,
	) -> Result<Slot, DispatchError> {
		let mut record = Gateways::<T>::get(gateway).ok_or(Error::<T>::GatewayNotFound)?;
		ensure!(record.stage == Stage::Serving, Error::<T>::AlreadyRetired);
		ensure!(record.network == network, Error::<T>::WrongNetwork);
		let slot = record.next_slot;
		record.next_slot = slot.checked_add(1).ok_or(Error::<T>::TooManySlots)?;
		record.open_slots = record.open_slots.saturating_add(1);
		record.assigned = record.assigned.plus_one(Clock::read::<T::Time>().span());
		let footprint = Footprint::from_parts(1, SlotEntryOf::<T>::max_encoded_len());
		let entry = SlotEntry {
			record: SlotRecord { device, payee: payee.clone(), from, until: Window::MAX },
			settled: 0,
			depositor: payee.clone(),
			ticket: T::SlotDeposit::new(payee, footprint)?,
		};
		Gateways::<T>::insert(gateway, record);
		Slots::<T>::insert(gateway, slot, entry);
		Self::deposit_event(Event::SlotOpened { gateway, slot, device, from });
		Ok(slot)
	}

	fn end(gateway: GatewayId, slot: Slot, until: Window) {
		let Some(mut entry) = Slots::<T>::get(gateway, slot) else { return };
		if entry.record.until < Window::MAX {
			return;
		}
		entry.record.until = until;
		entry.settled = T::Time::settled();
		Slots::<T>::insert(gateway, slot, entry);
		Gateways::<T>::mutate_extant(gateway, |record| {
			record.assigned = record.assigned.minus_one(Clock::read::<T::Time>().span());
		});
		Self::deposit_event(Event::SlotEnded { gateway, slot, until });
	}

	fn get(gateway: GatewayId, slot: Slot) -> Option<SlotRecord<T::AccountId>> {
		Slots::<T>::get(gateway, slot).map(|entry| entry.record)
	}

	fn set_payee(gateway: GatewayId, slot: Slot, payee: T::AccountId) -> DispatchResult {
		Slots::<T>::try_mutate(gateway, slot, |entry| {
			let entry = entry.as_mut().ok_or(Error::<T>::SlotNotFound)?;
			entry.record.payee = payee;
			Ok(())
		})
	}
}
