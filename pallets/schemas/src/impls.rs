//! What the calls do, and what other pallets ask.

use cairn_traits::SchemaRegistry;
use cairn_types::{Schema, SchemaFault, SchemaId};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{Consideration, Footprint},
};

use crate::{
	Config, Error, Event, NextId, Pallet, SchemaRecord, SchemaRecordOf, Schemas,
	types::AlreadyDeprecated,
};

impl<T: Config> Pallet<T> {
	/// What a schema takes in state at most: what its deposit is priced by.
	#[must_use]
	pub fn footprint() -> Footprint {
		Footprint::from_mel::<SchemaRecordOf<T>>()
	}

	pub(crate) fn do_publish(owner: T::AccountId, schema: Schema) -> DispatchResult {
		let id = NextId::<T>::get();
		let next = id.next().ok_or(Error::<T>::TooManySchemas)?;
		schema.check().map_err(Error::<T>::from)?;

		let ticket = T::Deposit::new(&owner, Self::footprint())?;
		Schemas::<T>::insert(id, SchemaRecord::current(owner.clone(), schema, ticket));
		NextId::<T>::put(next);

		Self::deposit_event(Event::Published { id, owner });
		Ok(())
	}

	/// `owner` is the caller; `None` stands for the admin.
	pub(crate) fn do_deprecate(owner: Option<&T::AccountId>, id: SchemaId) -> DispatchResult {
		let record = Schemas::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(owner.is_none_or(|owner| *owner == record.owner), Error::<T>::NotOwner);
		let record = record.deprecate().map_err(Error::<T>::from)?;

		Schemas::<T>::insert(id, record);

		Self::deposit_event(Event::Deprecated { id });
		Ok(())
	}
}

impl<T: Config> SchemaRegistry for Pallet<T> {
	fn schema(id: SchemaId) -> Option<Schema> {
		Schemas::<T>::get(id).map(|record| record.schema)
	}

	fn is_current(id: SchemaId) -> bool {
		Schemas::<T>::get(id).is_some_and(|record| !record.deprecated)
	}
}

impl<T> From<SchemaFault> for Error<T> {
	fn from(fault: SchemaFault) -> Self {
		match fault {
			SchemaFault::Empty => Self::Empty,
			SchemaFault::BadName => Self::BadName,
			SchemaFault::DuplicateName => Self::DuplicateName,
			SchemaFault::UnitMismatch => Self::UnitMismatch,
			SchemaFault::BadRange => Self::BadRange,
			SchemaFault::BadScale => Self::BadScale,
			SchemaFault::NotCumulative => Self::NotCumulative,
		}
	}
}

impl<T> From<AlreadyDeprecated> for Error<T> {
	fn from(_: AlreadyDeprecated) -> Self {
		Self::AlreadyDeprecated
	}
}
