//! What always holds of the pallet's state.

use alloc::collections::BTreeMap;
use cairn_geo::{Cell, GroupCounts};
use cairn_traits::{SlotBook, Timekeeper};
use cairn_types::{Activity, DeviceId, MakerId};
use frame_support::ensure;
use sp_runtime::TryRuntimeError;

use crate::{
	CellCounts, Config, Descriptions, DeviceByKey, DeviceByRoot, DeviceRecordOf, Devices,
	Locations, MakerRecordOf, Makers, NextDevice, NextMaker, Offers, Pallet, Recoveries,
	SerialState, Serials, Stage,
};

impl<T: Config> Pallet<T> {
	/// Check every invariant of every entry.
	///
	/// # Errors
	/// What does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		for (device, record) in Devices::<T>::iter() {
			Self::device_id_was_given(device)?;
			Self::keys_lead_to_their_device(device, &record)?;
			Self::root_leads_to_its_device(device, &record)?;
			Self::stage_says_when_it_is_active(&record)?;
			Self::maker_is_that_of_the_certificate(&record)?;
			Self::certificate_of_an_active_device_stands(device, &record)?;
			Self::slot_is_that_of_the_device(device, &record)?;
		}
		Self::every_key_belongs_to_a_device()?;
		Self::every_root_belongs_to_a_device()?;
		for (maker, record) in Makers::<T>::iter() {
			Self::maker_id_was_given(maker)?;
			Self::maker_counts_its_devices(maker, &record)?;
			Self::keys_of_a_maker_are_told_apart(&record)?;
			Self::bond_of_a_maker_is_an_admins(&record)?;
			Self::convicted_makers_have_no_good_key(&record)?;
		}
		Self::every_serial_is_paid_for()?;
		Self::offers_are_of_live_devices()?;
		Self::descriptions_are_of_live_devices()?;
		Self::recoveries_are_of_live_devices()?;
		Self::vectors_are_those_of_the_cells()?;
		Self::counts_are_of_live_devices()
	}

	fn device_id_was_given(device: DeviceId) -> Result<(), TryRuntimeError> {
		ensure!(device < NextDevice::<T>::get(), "devices: an id is not below the next one");
		Ok(())
	}

	fn maker_id_was_given(maker: MakerId) -> Result<(), TryRuntimeError> {
		ensure!(maker < NextMaker::<T>::get(), "devices: a maker's id is not below the next one");
		Ok(())
	}

	fn keys_lead_to_their_device(
		device: DeviceId,
		record: &DeviceRecordOf<T>,
	) -> Result<(), TryRuntimeError> {
		let key = &record.state.key;
		for key in core::iter::once(&key.current).chain(&key.previous) {
			ensure!(
				DeviceByKey::<T>::get(key) == Some(device),
				"devices: a key does not lead to its device"
			);
		}
		Ok(())
	}

	/// With [`Self::keys_lead_to_their_device`]: nothing but current and previous keys is taken.
	fn every_key_belongs_to_a_device() -> Result<(), TryRuntimeError> {
		let kept: usize = Devices::<T>::iter_values()
			.map(|record| if record.state.key.previous.is_some() { 2 } else { 1 })
			.sum();
		ensure!(
			DeviceByKey::<T>::iter_keys().count() == kept,
			"devices: a key is taken that belongs to no device"
		);
		Ok(())
	}

	fn root_leads_to_its_device(
		device: DeviceId,
		record: &DeviceRecordOf<T>,
	) -> Result<(), TryRuntimeError> {
		let Some(root) = &record.root else { return Ok(()) };
		ensure!(
			DeviceByRoot::<T>::get(root) == Some(device),
			"devices: a root key does not lead to its device"
		);
		Ok(())
	}

	/// With [`Self::root_leads_to_its_device`]: no other root keys are taken.
	fn every_root_belongs_to_a_device() -> Result<(), TryRuntimeError> {
		let rooted = Devices::<T>::iter_values().filter(|record| record.root.is_some()).count();
		ensure!(
			DeviceByRoot::<T>::iter_keys().count() == rooted,
			"devices: a root key is taken that belongs to no device"
		);
		Ok(())
	}

	fn stage_says_when_it_is_active(record: &DeviceRecordOf<T>) -> Result<(), TryRuntimeError> {
		let Activity { from, until, settled } = record.state.activity;
		let next_window = T::Time::next_window();
		let is_consistent = match record.stage {
			Stage::Registered => record.state.activity == Activity::NEVER,
			Stage::Active => from < until && until == record.state.expires && settled == 0,
			Stage::Suspended | Stage::Retired => until <= next_window && settled > 0,
		};
		ensure!(is_consistent, "devices: the stage contradicts the interval of activity");
		ensure!(until <= record.state.expires, "devices: activity outlives the certificate");
		Ok(())
	}

	fn maker_is_that_of_the_certificate(record: &DeviceRecordOf<T>) -> Result<(), TryRuntimeError> {
		let maker = record.certified.as_ref().map(|certified| certified.maker);
		ensure!(record.state.maker == maker, "devices: the maker is not that of the certificate");
		Ok(())
	}

	/// So its maker is there, and `expel` can ask whether it was convicted.
	fn certificate_of_an_active_device_stands(
		device: DeviceId,
		record: &DeviceRecordOf<T>,
	) -> Result<(), TryRuntimeError> {
		let active = record.certified.as_ref().filter(|_| record.stage == Stage::Active);
		let stands = active.is_none_or(|known| {
			Serials::<T>::get(known.maker, &known.serial)
				.is_some_and(|entry| entry.stands_for(device))
		});
		ensure!(stands, "devices: an active device's certificate does not stand");
		Ok(())
	}

	/// A slot may have been closed and removed, but is never another device's.
	fn slot_is_that_of_the_device(
		device: DeviceId,
		record: &DeviceRecordOf<T>,
	) -> Result<(), TryRuntimeError> {
		let Some(assignment) = record.state.assignment.as_ref().map(|held| held.current) else {
			return Ok(());
		};
		let slot = T::Slots::get(assignment.gateway, assignment.slot);
		ensure!(
			slot.is_none_or(|slot| slot.device == device),
			"devices: the slot is another device's"
		);
		Ok(())
	}

	fn maker_counts_its_devices(
		maker: MakerId,
		record: &MakerRecordOf<T>,
	) -> Result<(), TryRuntimeError> {
		let standing =
			Serials::<T>::iter_prefix_values(maker).filter(|entry| entry.deposit.is_none()).count();
		ensure!(
			usize::try_from(record.devices) == Ok(standing),
			"devices: a maker miscounts the devices it stands for"
		);
		Ok(())
	}

	/// Indices ascend, below the next one: each is one key's for ever. Revoked keys may be gone.
	fn keys_of_a_maker_are_told_apart(record: &MakerRecordOf<T>) -> Result<(), TryRuntimeError> {
		ensure!(!record.keys.is_empty(), "devices: a maker has never had a key");
		let indices = record.keys.iter().map(|key| key.index);
		ensure!(
			indices.chain(core::iter::once(record.next_key)).is_sorted_by(|a, b| a < b),
			"devices: indices of a maker's keys do not ascend"
		);
		Ok(())
	}

	fn bond_of_a_maker_is_an_admins(record: &MakerRecordOf<T>) -> Result<(), TryRuntimeError> {
		ensure!(
			record.bond.as_ref().is_none_or(|bond| record.admins.contains(&bond.payer)),
			"devices: a maker's bond is a stranger's"
		);
		let mut admins = record.admins.to_vec();
		admins.sort();
		ensure!(admins.is_sorted_by(|a, b| a != b), "devices: an account acts twice for a maker");
		Ok(())
	}

	fn convicted_makers_have_no_good_key(record: &MakerRecordOf<T>) -> Result<(), TryRuntimeError> {
		ensure!(
			!record.is_convicted() || record.keys.iter().all(|key| key.revoked),
			"devices: a convicted maker can certify"
		);
		Ok(())
	}

	/// A number without a deposit of its own is one whose certificate stands for a device: that
	/// device's deposit covers it.
	fn every_serial_is_paid_for() -> Result<(), TryRuntimeError> {
		for (maker, serial, entry) in Serials::<T>::iter() {
			if entry.deposit.is_some() {
				continue;
			}
			let SerialState::Used(device) = entry.state else {
				return Err("devices: nobody pays for a revoked serial number".into());
			};
			let record =
				Devices::<T>::get(device).ok_or("devices: nobody pays for a used serial number")?;
			ensure!(
				record
					.certified
					.is_some_and(|known| known.maker == maker && known.serial == serial),
				"devices: a device pays for a serial number that is not its own"
			);
			ensure!(Makers::<T>::contains_key(maker), "devices: a maker left its devices behind");
		}
		Ok(())
	}

	fn offers_are_of_live_devices() -> Result<(), TryRuntimeError> {
		for (device, to) in Offers::<T>::iter() {
			let record =
				Devices::<T>::get(device).ok_or("devices: something unknown is offered")?;
			ensure!(record.stage != Stage::Retired, "devices: an ended device is offered");
			ensure!(record.owner != to, "devices: a device is offered to its owner");
		}
		Ok(())
	}

	fn descriptions_are_of_live_devices() -> Result<(), TryRuntimeError> {
		for device in Descriptions::<T>::iter_keys() {
			let record =
				Devices::<T>::get(device).ok_or("devices: something unknown is described")?;
			ensure!(record.stage != Stage::Retired, "devices: an ended device is described");
		}
		Ok(())
	}

	fn recoveries_are_of_live_devices() -> Result<(), TryRuntimeError> {
		for (device, pending) in Recoveries::<T>::iter() {
			let record =
				Devices::<T>::get(device).ok_or("devices: something unknown is recovered")?;
			ensure!(record.stage != Stage::Retired, "devices: an ended device is recovered");
			ensure!(
				pending.requested > record.changed,
				"devices: a recovery outlives a change of owner or key"
			);
		}
		Ok(())
	}

	fn vectors_are_those_of_the_cells() -> Result<(), TryRuntimeError> {
		for (device, known) in Locations::<T>::iter() {
			ensure!(
				Devices::<T>::contains_key(device),
				"devices: something unknown has a location"
			);
			let place = &known.place;
			for placed in place.previous.iter().chain(core::iter::once(&place.current)) {
				ensure!(
					placed.vector == placed.location.unit_vector(),
					"devices: a vector is not that of its cell"
				);
			}
		}
		Ok(())
	}

	/// Counted anew, by groups and, as sums have to be right, by cells.
	fn counts_are_of_live_devices() -> Result<(), TryRuntimeError> {
		let mut cells: BTreeMap<Cell, u32> = BTreeMap::new();
		let mut groups: BTreeMap<Cell, GroupCounts> = BTreeMap::new();
		for (device, known) in Locations::<T>::iter() {
			let stage = Devices::<T>::get(device).map(|record| record.stage);
			if stage == Some(Stage::Retired) {
				continue;
			}
			let location = known.place.current.location;
			for cell in location.counted_cells() {
				let count = cells.entry(cell).or_default();
				*count = count.saturating_add(1);
			}
			for spot in location.spots() {
				groups.entry(spot.group()).or_default().enter(spot);
			}
		}
		let kept: BTreeMap<Cell, GroupCounts> = CellCounts::<T>::iter().collect();
		ensure!(kept == groups, "devices: a group miscounts its devices");
		for (cell, count) in cells {
			ensure!(Self::cell_count(cell) == count, "devices: a cell miscounts its devices");
		}
		Ok(())
	}
}
