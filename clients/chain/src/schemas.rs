//! Published schemas, read from storage: the runtime API answers for one id only.

use cairn_types::{Schema, SchemaId};
use codec::Decode;

use crate::{
	client::{At, Chain},
	error::Error,
	state::numbers,
	storage::prefix,
};

/// A published schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaView {
	/// Its id.
	pub id: SchemaId,
	/// Who published it.
	pub owner: [u8; 32],
	/// What it says.
	pub schema: Schema,
	/// Whether networks may not choose it any more.
	pub deprecated: bool,
}

/// What is read of a schema's record.
#[derive(Decode)]
struct Record {
	owner: [u8; 32],
	schema: Schema,
	deprecated: bool,
}

impl Chain {
	/// Every schema that is `wanted`, by id. Reads all schemas there are, a page at a time, and tells
	/// `progress` how many so far.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn schemas_where(
		&self,
		wanted: impl Fn(&SchemaView) -> bool,
		progress: impl Fn(usize),
		at: At,
	) -> Result<Vec<SchemaView>, Error> {
		let (mut found, mut seen) = (Vec::new(), 0usize);
		let map = prefix("Schemas", "Schemas");
		self.for_each_entry("the schemas", &map, at, |key, value| {
			let view = read(key, value)?;
			seen = seen.saturating_add(1);
			progress(seen);
			if wanted(&view) {
				found.push(view);
			}
			Ok(())
		})
		.await?;
		found.sort_by_key(|view| view.id);
		Ok(found)
	}
}

/// A schema from its entry's key and value.
fn read(key: &[u8], value: &[u8]) -> Result<SchemaView, codec::Error> {
	let [id] = numbers(key)?;
	let Record { owner, schema, deprecated } = Record::decode(&mut &*value)?;
	Ok(SchemaView { id: SchemaId(id), owner, schema, deprecated })
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::storage::twox_64_concat;
	use cairn_types::{Channel, ChannelKind, Quantity, Unit};
	use codec::Encode;
	use sp_core::bounded::BoundedVec;

	fn schema() -> Schema {
		let channel = Channel {
			name: BoundedVec::truncate_from(b"energy".to_vec()),
			quantity: Quantity::Energy,
			unit: Unit::WattHour,
			scale: 0,
			kind: ChannelKind::Counter,
			min: 0,
			max: i64::MAX,
			max_change: Some(5),
		};
		Schema {
			name: BoundedVec::truncate_from(b"meter".to_vec()),
			version: 2,
			channels: BoundedVec::truncate_from(vec![channel]),
		}
	}

	#[test]
	fn a_schema_is_read_from_its_entry() {
		let key = [prefix("Schemas", "Schemas"), twox_64_concat(&SchemaId(3))].concat();
		// Owner, schema, whether it is deprecated, then the deposit.
		let value = ([9u8; 32], schema(), true, 7u128).encode();
		let view =
			SchemaView { id: SchemaId(3), owner: [9; 32], schema: schema(), deprecated: true };
		assert_eq!(read(&key, &value), Ok(view));
		assert!(read(&key[..40], &value).is_err());
		assert!(read(&key, &value[..40]).is_err());
	}
}
