//! Raw state: many values with one question, every entry of a map, the runtime's constants.

use std::collections::BTreeMap;

use codec::{Decode, DecodeAll};
use subxt::{Metadata, utils::H256};

use crate::{
	client::{At, Chain},
	error::Error,
};

/// Entries that are read with one question.
const PAGE: u32 = 256;
/// Bytes before the first key of a map's entry: those of the pallet and of the item.
const PREFIX: usize = 32;
/// Bytes of the hash before a key under the hasher `Twox64Concat`.
const HASH: usize = 8;

/// Values in the order in which they were asked for.
pub(crate) struct Answers {
	request: String,
	values: std::vec::IntoIter<Option<Vec<u8>>>,
}

impl Answers {
	/// The next value, decoded as far as it is needed; `None` if it is not there.
	pub(crate) fn take<T: Decode>(&mut self) -> Result<Option<T>, Error> {
		let Some(bytes) = self.values.next().flatten() else { return Ok(None) };
		T::decode(&mut bytes.as_slice())
			.map(Some)
			.map_err(|cause| undecodable(&self.request, &cause.to_string()))
	}

	/// The next value; the default if it is not there.
	pub(crate) fn take_or_default<T: Decode + Default>(&mut self) -> Result<T, Error> {
		Ok(self.take()?.unwrap_or_default())
	}
}

impl Chain {
	/// The values under `keys`.
	pub(crate) async fn stored_many(
		&self,
		request: &str,
		keys: &[Vec<u8>],
		at: At,
	) -> Result<Answers, Error> {
		let at = self.resolve(at).await?;
		let mut found = BTreeMap::new();
		for page in keys.chunks(PAGE as usize) {
			let sets = self
				.ask(request, |link| async move {
					link.rpc.state_query_storage_at(page.iter().map(Vec::as_slice), at).await
				})
				.await?;
			for (key, value) in sets.into_iter().flat_map(|set| set.changes) {
				if let Some(value) = value {
					found.insert(key.0, value.0);
				}
			}
		}
		let values = keys.iter().map(|key| found.get(key).cloned()).collect::<Vec<_>>();
		Ok(Answers { request: request.to_owned(), values: values.into_iter() })
	}

	/// Tell `each` key and value of every entry under `prefix`, all of one block.
	pub(crate) async fn for_each_entry(
		&self,
		request: &str,
		prefix: &[u8],
		at: At,
		mut each: impl FnMut(&[u8], &[u8]) -> Result<(), codec::Error>,
	) -> Result<(), Error> {
		let block = match self.resolve(at).await? {
			Some(block) => block,
			None => H256(self.best().await?.hash),
		};
		let block = Some(block);
		let mut last: Option<Vec<u8>> = None;
		loop {
			let from = last.as_deref();
			let keys = self
				.ask(request, |link| async move {
					link.rpc.state_get_keys_paged(prefix, PAGE, from, block).await
				})
				.await?;
			let Some(end) = keys.last().cloned() else { return Ok(()) };
			let keys = &keys;
			let sets = self
				.ask(request, |link| async move {
					link.rpc.state_query_storage_at(keys.iter().map(Vec::as_slice), block).await
				})
				.await?;
			for (key, value) in sets.into_iter().flat_map(|set| set.changes) {
				let Some(value) = value else { continue };
				each(key.0.as_slice(), value.0.as_slice())
					.map_err(|cause| undecodable(request, &cause.to_string()))?;
			}
			last = Some(end);
		}
	}
}

/// A constant of the runtime. Those that genesis fixes are read by it from its state, so the
/// metadata must be the node's.
pub(crate) fn constant<T: Decode>(
	metadata: &Metadata,
	pallet: &str,
	name: &str,
) -> Result<T, Error> {
	let request = format!("the constant {pallet}.{name}");
	let found = metadata
		.pallet_by_name(pallet)
		.and_then(|pallet| pallet.constant_by_name(name))
		.ok_or_else(|| undecodable(&request, "the runtime has none of this name"))?;
	T::decode(&mut found.value()).map_err(|cause| undecodable(&request, &cause.to_string()))
}

/// The last key of an entry, an account.
pub(crate) fn last_account(key: &[u8]) -> Result<[u8; 32], codec::Error> {
	key.last_chunk::<32>().copied().ok_or_else(|| "the key has no account".into())
}

/// The keys of an entry that are numbers of four bytes, each behind its hash.
pub(crate) fn numbers<const N: usize>(key: &[u8]) -> Result<[u32; N], codec::Error> {
	let mut rest = key.get(PREFIX..).unwrap_or_default();
	let mut numbers = [0; N];
	for number in &mut numbers {
		<[u8; HASH]>::decode(&mut rest)?;
		*number = u32::decode(&mut rest)?;
	}
	if rest.is_empty() { Ok(numbers) } else { Err("the key has more parts".into()) }
}

/// All of `bytes` as a value.
pub(crate) fn whole<T: DecodeAll>(request: &str, bytes: &[u8]) -> Result<T, Error> {
	T::decode_all(&mut &*bytes).map_err(|cause| undecodable(request, &cause.to_string()))
}

pub(crate) fn undecodable(request: &str, cause: &str) -> Error {
	Error::Undecodable { request: request.to_owned(), cause: cause.to_owned() }
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::storage::{prefix, twox_64_concat};
	use codec::Encode;

	#[test]
	fn numbers_are_read_from_a_key() {
		let key = [prefix("Telemetry", "Keys"), twox_64_concat(&7u32), twox_64_concat(&9u32)];
		let key = key.concat();
		assert_eq!(numbers::<2>(&key), Ok([7, 9]));
		assert!(numbers::<1>(&key).is_err());
		assert!(numbers::<3>(&key).is_err());
		assert!(numbers::<1>(&key[..10]).is_err());
	}

	#[test]
	fn an_account_is_the_end_of_a_key() {
		let key = [prefix("Staking", "Bonded"), twox_64_concat(&[5u8; 32])].concat();
		assert_eq!(last_account(&key), Ok([5; 32]));
		assert!(last_account(&[5; 31]).is_err());
	}

	#[test]
	fn answers_come_in_the_order_of_the_questions() {
		let values = vec![Some(3u32.encode()), None, Some(vec![1])];
		let mut answers = Answers { request: "a test".to_owned(), values: values.into_iter() };
		assert_eq!(answers.take::<u32>().expect("decodes"), Some(3));
		assert_eq!(answers.take_or_default::<u32>().expect("a default"), 0);
		assert!(answers.take::<u32>().is_err());
		assert_eq!(answers.take::<u32>().expect("nothing is left"), None);
	}
}
