//! What always holds of the pallet's state.

use cairn_types::{Schema, SchemaId};
use frame_support::ensure;
use sp_runtime::TryRuntimeError;

use crate::{Config, NextId, Pallet, Schemas};

impl<T: Config> Pallet<T> {
	/// Check every invariant of every schema.
	///
	/// # Errors
	/// What does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		for (id, record) in Schemas::<T>::iter() {
			Self::id_was_given(id)?;
			Self::schema_is_sound(&record.schema)?;
		}
		Self::no_schema_was_removed()
	}

	fn id_was_given(id: SchemaId) -> Result<(), TryRuntimeError> {
		ensure!(id < NextId::<T>::get(), "schemas: an id is not below the next one");
		Ok(())
	}

	fn schema_is_sound(schema: &Schema) -> Result<(), TryRuntimeError> {
		ensure!(schema.check().is_ok(), "schemas: a published schema is faulty");
		Ok(())
	}

	/// With [`Self::id_was_given`]: there is a schema for every id below the next one.
	fn no_schema_was_removed() -> Result<(), TryRuntimeError> {
		let published = Schemas::<T>::iter_keys().count();
		let given = usize::try_from(NextId::<T>::get().0).unwrap_or(usize::MAX);
		ensure!(published == given, "schemas: a schema was removed");
		Ok(())
	}
}
