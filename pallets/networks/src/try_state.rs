//! What always holds of the pallet's state.
//!
//! Whether a ticket is good cannot be asked of a `Consideration`; the pallet's tests compare the
//! holds with the records instead.

use cairn_types::{NetworkConfig, NetworkId, Window, schema::is_name};
use frame_support::ensure;
use sp_runtime::TryRuntimeError;

use crate::{Config, NetworkRecordOf, Networks, NextId, Pallet, Stage, entities::Clock};

impl<T: Config> Pallet<T> {
	/// Check every invariant of every network.
	///
	/// # Errors
	/// What does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let clock = Clock::read::<T::Time>();
		for (id, record) in Networks::<T>::iter() {
			Self::id_was_given(id)?;
			Self::name_is_good(&record)?;
			Self::offer_can_be_accepted(&record)?;
			Self::activity_fits_the_stage(&record, &clock)?;
			Self::config_is_dated(&record, &clock)?;
			Self::config_fits_its_schema(&record.config.current)?;
			record.config.previous.as_ref().map_or(Ok(()), Self::config_fits_its_schema)?;
		}
		Ok(())
	}

	fn id_was_given(id: NetworkId) -> Result<(), TryRuntimeError> {
		ensure!(id < NextId::<T>::get(), "networks: an id is not below the next one");
		Ok(())
	}

	fn name_is_good(record: &NetworkRecordOf<T>) -> Result<(), TryRuntimeError> {
		ensure!(is_name(&record.name), "networks: a name is bad");
		Ok(())
	}

	fn offer_can_be_accepted(record: &NetworkRecordOf<T>) -> Result<(), TryRuntimeError> {
		let Some(offered) = &record.offered else { return Ok(()) };
		ensure!(*offered != record.owner, "networks: one is offered to its owner");
		ensure!(record.stage != Stage::Closed, "networks: a closed one is offered");
		Ok(())
	}

	fn activity_fits_the_stage(
		record: &NetworkRecordOf<T>,
		clock: &Clock,
	) -> Result<(), TryRuntimeError> {
		let activity = record.activity;
		ensure!(activity.from <= clock.next_window, "networks: one starts later than next window");
		match record.stage {
			Stage::Running => ensure!(
				activity.until == Window::MAX && activity.settled == 0,
				"networks: a running one has ended activity"
			),
			Stage::Paused { .. } | Stage::Closed => ensure!(
				activity.until <= clock.next_window && activity.settled > 0,
				"networks: a paused or closed one has not ended activity"
			),
		}
		Ok(())
	}

	fn config_is_dated(record: &NetworkRecordOf<T>, clock: &Clock) -> Result<(), TryRuntimeError> {
		let config = &record.config;
		ensure!(config.since <= clock.next_cycle(), "networks: a change skips a cycle");
		ensure!(
			config.settled == clock.settled_before(config.since),
			"networks: a change settles at another tick than its cycle's"
		);
		Ok(())
	}

	fn config_fits_its_schema(config: &NetworkConfig) -> Result<(), TryRuntimeError> {
		Self::ensure_sound(config).map_err(|_| "networks: a configuration is faulty")?;
		Ok(())
	}
}
