//! What the calls do, and what other pallets ask.

use cairn_traits::{NetworkRegistry, OnNetworkChange, SchemaRegistry};
use cairn_types::{
	Cycle, NetworkConfig, NetworkId, TooEarly, Window,
	meter::MeterFault,
	schema::{Name, is_name},
	view::NetworkFacts,
};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{Consideration, EnsureOrigin, Footprint},
};
use frame_system::{ensure_signed, pallet_prelude::OriginFor};
use sp_runtime::{DispatchError, traits::BadOrigin};

use crate::{
	Config, Error, Event, NetworkRecordOf, Networks, NextId, Pallet, Stage,
	entities::{Clock, Network, Running, WrongStage},
	types::{AdmissionFault, Caller, check_admission},
};

impl<T: Config> Pallet<T> {
	/// What a network takes in state at most: what its deposit is priced by.
	#[must_use]
	pub fn footprint() -> Footprint {
		Footprint::from_mel::<NetworkRecordOf<T>>()
	}

	/// What holds of `network` in `window`, which lies in `cycle`; `None` if there is no such
	/// network or it had no configuration then.
	#[must_use]
	pub fn facts(network: NetworkId, window: Window, cycle: Cycle) -> Option<NetworkFacts> {
		let record = Networks::<T>::get(network)?;
		let config = record.config.at(cycle)?;
		Some(NetworkFacts {
			network,
			schema_id: config.schema,
			schema: T::Schemas::schema(config.schema)?,
			meter: config.meter,
			active: record.activity.contains(window),
		})
	}

	pub(crate) fn do_create(
		owner: T::AccountId,
		name: Name,
		config: NetworkConfig,
	) -> DispatchResult {
		let id = NextId::<T>::get();
		let next = id.next().ok_or(Error::<T>::TooManyNetworks)?;
		let clock = Clock::read::<T::Time>();
		ensure!(is_name(&name), Error::<T>::BadName);
		Self::ensure_sound(&config)?;
		ensure!(T::Schemas::is_current(config.schema), Error::<T>::SchemaDeprecated);
		let certified = config.admission.is_certified();

		let ticket = T::Deposit::new(&owner, Self::footprint())?;
		let running = Running::create(owner.clone(), name, config, ticket, &clock);
		Networks::<T>::insert(id, running.into_record());
		NextId::<T>::put(next);
		T::OnChange::on_created(id, certified);

		Self::deposit_event(Event::Created { id, owner, from: clock.next_window });
		Ok(())
	}

	pub(crate) fn do_configure(
		owner: &T::AccountId,
		id: NetworkId,
		config: NetworkConfig,
	) -> DispatchResult {
		let record = Self::owned(owner, id)?;
		let clock = Clock::read::<T::Time>();
		let network = record.into_open().map_err(Error::<T>::from)?;
		Self::ensure_sound(&config)?;
		let may_choose =
			network.has_chosen(config.schema, &clock) || T::Schemas::is_current(config.schema);
		ensure!(may_choose, Error::<T>::SchemaDeprecated);
		let network = network.configure(config.clone(), &clock).map_err(Error::<T>::from)?;

		Networks::<T>::insert(id, network.into_record());
		T::OnChange::on_configured(id, config.admission.is_certified());

		Self::deposit_event(Event::Configured { id, config, since: clock.next_cycle() });
		Ok(())
	}

	pub(crate) fn do_pause(caller: &Caller<T::AccountId>, id: NetworkId) -> DispatchResult {
		let record = Self::governed(caller, id)?;
		let by_admin = *caller == Caller::Admin;
		let clock = Clock::read::<T::Time>();
		let paused = match record.into_entity() {
			Network::Running(running) => running.pause(by_admin, &clock),
			Network::Paused(paused) if by_admin && !paused.by_admin() => paused.seize(),
			Network::Paused(_) => return Err(Error::<T>::AlreadyPaused.into()),
			Network::Closed(_) => return Err(Error::<T>::WrongStage.into()),
		};
		let record = paused.into_record();
		let until = record.activity.until;

		Networks::<T>::insert(id, record);

		Self::deposit_event(Event::Paused { id, by_admin, until });
		Ok(())
	}

	pub(crate) fn do_resume(caller: &Caller<T::AccountId>, id: NetworkId) -> DispatchResult {
		let record = Self::governed(caller, id)?;
		let clock = Clock::read::<T::Time>();
		let Network::Paused(paused) = record.into_entity() else {
			return Err(Error::<T>::WrongStage.into());
		};
		ensure!(paused.by_admin() == (*caller == Caller::Admin), Error::<T>::NotAuthorized);
		let running = paused.resume(&clock).map_err(Error::<T>::from)?;

		Networks::<T>::insert(id, running.into_record());

		Self::deposit_event(Event::Resumed { id, from: clock.next_window });
		Ok(())
	}

	pub(crate) fn do_transfer(
		owner: &T::AccountId,
		id: NetworkId,
		new_owner: T::AccountId,
	) -> DispatchResult {
		let record = Self::owned(owner, id)?;
		let was_offered = record.offered.is_some();
		let network = record.into_open().map_err(Error::<T>::from)?;
		let (network, event): (_, Event<T>) = if new_owner == *owner {
			ensure!(was_offered, Error::<T>::AlreadyOwner);
			(network.offer(None), Event::Withdrawn { id })
		} else {
			(network.offer(Some(new_owner.clone())), Event::Offered { id, to: new_owner })
		};

		Networks::<T>::insert(id, network.into_record());

		Self::deposit_event(event);
		Ok(())
	}

	pub(crate) fn do_accept(new_owner: T::AccountId, id: NetworkId) -> DispatchResult {
		let record = Networks::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		let is_offered = record.offered.as_ref() == Some(&new_owner);
		let network = record.into_open().map_err(Error::<T>::from)?;
		ensure!(is_offered, Error::<T>::NotOffered);

		// Taken before the old one is dropped: the entry is paid for at every moment.
		let ticket = T::Deposit::new(&new_owner, Self::footprint())?;
		let (network, old_owner, old_ticket) = network.hand_over(new_owner.clone(), ticket);
		old_ticket.drop(&old_owner)?;
		Networks::<T>::insert(id, network.into_record());

		Self::deposit_event(Event::Transferred { id, from: old_owner, to: new_owner });
		Ok(())
	}

	pub(crate) fn do_close(caller: &Caller<T::AccountId>, id: NetworkId) -> DispatchResult {
		let record = Self::governed(caller, id)?;
		let clock = Clock::read::<T::Time>();
		let network = record.into_open().map_err(Error::<T>::from)?;
		let record = network.close(&clock).into_record();
		let activity = record.activity;

		Networks::<T>::insert(id, record);
		T::OnChange::on_closed(id);

		let (until, settled) = (activity.until, activity.settled);
		Self::deposit_event(Event::Closed { id, until, settled });
		Ok(())
	}

	pub(crate) fn do_reap(id: NetworkId) -> DispatchResult {
		let record = Networks::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		let clock = Clock::read::<T::Time>();
		let Network::Closed(closed) = record.into_entity() else {
			return Err(Error::<T>::WrongStage.into());
		};
		let (owner, ticket) = closed.reap(&clock).map_err(Error::<T>::from)?;

		Networks::<T>::remove(id);
		ticket.drop(&owner)?;

		Self::deposit_event(Event::Reaped { id, owner });
		Ok(())
	}

	pub(crate) fn ensure_admin_or_signed(
		origin: OriginFor<T>,
	) -> Result<Caller<T::AccountId>, BadOrigin> {
		match T::AdminOrigin::try_origin(origin) {
			Ok(_) => Ok(Caller::Admin),
			Err(origin) => ensure_signed(origin).map(Caller::Account),
		}
	}

	/// The record of a network that `owner` owns.
	fn owned(owner: &T::AccountId, id: NetworkId) -> Result<NetworkRecordOf<T>, DispatchError> {
		let record = Networks::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(record.owner == *owner, Error::<T>::NotOwner);
		Ok(record)
	}

	/// The record of a network that `caller` owns or governs.
	fn governed(
		caller: &Caller<T::AccountId>,
		id: NetworkId,
	) -> Result<NetworkRecordOf<T>, DispatchError> {
		match caller {
			Caller::Admin => Networks::<T>::get(id).ok_or(Error::<T>::NotFound.into()),
			Caller::Account(account) => Self::owned(account, id),
		}
	}

	/// Whether schema, meter rule and admission fit together, deprecated or not.
	pub(crate) fn ensure_sound(config: &NetworkConfig) -> DispatchResult {
		let schema = T::Schemas::schema(config.schema).ok_or(Error::<T>::SchemaNotFound)?;
		config.meter.check(&schema).map_err(Error::<T>::from)?;
		check_admission(&config.admission).map_err(Error::<T>::from)?;
		Ok(())
	}
}

impl<T: Config> NetworkRegistry for Pallet<T> {
	fn config(id: NetworkId, cycle: Cycle) -> Option<NetworkConfig> {
		config_if::<T>(id, cycle, |_| true)
	}

	fn is_active(id: NetworkId, window: Window) -> bool {
		Networks::<T>::get(id).is_some_and(|record| record.activity.contains(window))
	}

	fn is_open(id: NetworkId) -> bool {
		Networks::<T>::get(id).is_some_and(|record| record.stage != Stage::Closed)
	}

	fn open_config(id: NetworkId, cycle: Cycle) -> Option<NetworkConfig> {
		config_if::<T>(id, cycle, |record| record.stage != Stage::Closed)
	}

	fn active_config(id: NetworkId, window: Window, cycle: Cycle) -> Option<NetworkConfig> {
		config_if::<T>(id, cycle, |record| record.activity.contains(window))
	}
}

/// What holds of a network in `cycle` if its record is as asked: one read.
fn config_if<T: Config>(
	id: NetworkId,
	cycle: Cycle,
	is_asked: impl FnOnce(&NetworkRecordOf<T>) -> bool,
) -> Option<NetworkConfig> {
	let record = Networks::<T>::get(id).filter(is_asked)?;
	record.config.at(cycle).cloned()
}

impl<T> From<MeterFault> for Error<T> {
	fn from(fault: MeterFault) -> Self {
		match fault {
			MeterFault::OutOfRange => Self::MeterOutOfRange,
			MeterFault::NoChannel => Self::NoChannel,
			MeterFault::NotACounter => Self::NotACounter,
		}
	}
}

impl<T> From<AdmissionFault> for Error<T> {
	fn from(fault: AdmissionFault) -> Self {
		match fault {
			AdmissionFault::NoMakers => Self::NoMakers,
			AdmissionFault::DuplicateMaker => Self::DuplicateMaker,
		}
	}
}

impl<T> From<WrongStage> for Error<T> {
	fn from(_: WrongStage) -> Self {
		Self::WrongStage
	}
}

impl<T> From<TooEarly> for Error<T> {
	fn from(_: TooEarly) -> Self {
		Self::TooEarly
	}
}
