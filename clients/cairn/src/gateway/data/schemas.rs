//! What values mean: schemas that the gateway has learnt. They never change once published.

use std::{
	collections::BTreeMap,
	num::NonZeroU32,
	sync::{Arc, PoisonError, RwLock},
};

use cairn_chain::{At, Chain};
use cairn_types::{Schema, SchemaId};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// Most schemas kept: a network changes its own at most once a cycle.
const KEPT: usize = 256;
/// Schemas asked for per second, at most.
const LOOKUPS: NonZeroU32 = NonZeroU32::new(20).expect("not zero");

/// Schemas by their ids.
pub type Known = BTreeMap<SchemaId, Arc<Schema>>;

/// Schemas that are known, and where others are asked for.
pub struct Schemas {
	chain: Chain,
	known: RwLock<Known>,
	limiter: DefaultDirectRateLimiter,
}

impl Schemas {
	/// None known yet.
	#[must_use]
	pub fn new(chain: Chain) -> Self {
		let limiter = RateLimiter::direct(Quota::per_second(LOOKUPS));
		Self { chain, known: RwLock::default(), limiter }
	}

	/// All that are known, and those of `current`, which are kept.
	#[must_use]
	pub fn with(&self, current: &[(SchemaId, Schema)]) -> Known {
		let is_new = {
			let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
			current.iter().any(|(id, _)| !known.contains_key(id))
		};
		if is_new {
			for (id, schema) in current {
				self.keep(*id, schema.clone());
			}
		}
		self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
	}

	/// Ask the chain for a schema and keep it.
	///
	/// - `None`: there is none, or it cannot be asked for now.
	pub async fn learn(&self, id: SchemaId) -> Option<Arc<Schema>> {
		self.limiter.check().ok()?;
		let found = self.chain.schema(id, At::Best).await;
		let found = found.inspect_err(|cause| tracing::warn!(%cause, "cannot look up a schema"));
		let (schema, _) = found.ok().flatten()?;
		Some(self.keep(id, schema))
	}

	fn keep(&self, id: SchemaId, schema: Schema) -> Arc<Schema> {
		let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
		if let Some(schema) = known.get(&id) {
			return schema.clone();
		}
		while known.len() >= KEPT {
			known.pop_first();
		}
		let schema = Arc::new(schema);
		known.insert(id, schema.clone());
		schema
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_core::bounded::BoundedVec;

	fn schema(version: u16) -> Schema {
		let name = BoundedVec::truncate_from(b"levels".to_vec());
		Schema { name, version, channels: BoundedVec::default() }
	}

	#[tokio::test]
	async fn schemas_stay_known_and_few() {
		let schemas = Schemas::new(Chain::lazy("ws://127.0.0.1:9"));
		let current = [(SchemaId(7), schema(1))];
		assert_eq!(*schemas.with(&current)[&SchemaId(7)], schema(1));
		// What was published does not change.
		assert_eq!(*schemas.with(&[(SchemaId(7), schema(2))])[&SchemaId(7)], schema(1));
		assert!(schemas.with(&[]).contains_key(&SchemaId(7)));
		let many = (100..1_000).map(|id| (SchemaId(id), schema(1))).collect::<Vec<_>>();
		let known = schemas.with(&many);
		assert_eq!(known.len(), KEPT);
		assert!(known.contains_key(&SchemaId(999)) && !known.contains_key(&SchemaId(7)));
		assert_eq!(schemas.learn(SchemaId(8)).await, None, "nobody answers");
	}
}
