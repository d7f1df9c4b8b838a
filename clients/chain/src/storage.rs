//! What the runtime API does not answer, read from storage: makers, votes, a cycle's numbers, whose
//! slots are whose, and of many devices whose and where they are.
//!
//! Values are decoded up to the field that is needed; what follows is not looked at. A test holds
//! names and order of those fields against the runtime's metadata.

use cairn_geo::Placed;
use cairn_telemetry::{Fault, Sums};
use cairn_types::{
	Amount, Attempt, CertifierKey, Cycle, Dated, DeviceId, GatewayId, Hash32, MakerId, NetworkId,
	Slot, Tick, Window, view::SlotRecord,
};
use codec::{Decode, DecodeAll, Encode};
use sp_crypto_hashing::{twox_64, twox_128};
use subxt::utils::H256;

use crate::{
	client::{At, Chain},
	error::Error,
};

/// Entries that are read with one question.
const PAGE: u32 = 256;

/// A key with which a maker signs certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MakerKey {
	/// The index by which certificates name it.
	pub index: u8,
	/// The key.
	pub public: CertifierKey,
	/// Whether its certificates admit nothing any more.
	pub revoked: bool,
}

/// What a maker loses if it is convicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BondView {
	/// Which of the maker's admins left it.
	pub payer: [u8; 32],
	/// How much that one left on hold.
	pub amount: Amount,
}

/// A maker.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MakerView {
	/// Who acts for it, each alone.
	pub admins: Vec<[u8; 32]>,
	/// Its keys, ascending by index. Of revoked ones the oldest may be gone.
	pub keys: Vec<MakerKey>,
	/// The index that its next key gets.
	pub next_key: u8,
	/// A cycle, and how many devices it certified in it: the last one in which it certified any.
	pub registered: (Cycle, u32),
	/// How many devices its certificates stand for.
	pub devices: u32,
	/// First tick at which nothing that they admitted can be checked any more, once they stand for none.
	/// With a bond it may leave later.
	pub settled: Tick,
	/// Its bond; `None` if it was convicted: then all of its keys are revoked, and nobody acts for it.
	pub bond: Option<BondView>,
}

/// What a cycle's first tick fixed for it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CycleView {
	/// What it emits at most.
	pub emission: Amount,
	/// That, to validators, treasury and networks.
	pub parts: [Amount; 3],
	/// What of the networks' part is shared by weight.
	pub bootstrap: Amount,
	/// Sum of all networks' weights.
	pub weights: u64,
	/// Cycles over which claims made in it vest.
	pub vesting: u32,
}

impl CycleView {
	/// The pool of a network of this weight: ⌊bootstrap · weight / Σ weights⌋, as the runtime has it.
	#[must_use]
	pub fn pool(&self, weight: u32) -> Amount {
		self.bootstrap
			.saturating_mul(u128::from(weight))
			.checked_div(u128::from(self.weights))
			.unwrap_or(0)
	}
}

/// A committee member's vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Vote {
	/// None so far.
	None,
	/// For validity.
	Valid,
	/// For a fault.
	Invalid(Fault),
	/// The bytes could not be had.
	Unavailable,
}

/// A slot and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotView {
	/// The gateway.
	pub gateway: GatewayId,
	/// The place in its ledger.
	pub slot: Slot,
	/// Whose, when, and who is paid.
	pub record: SlotRecord<[u8; 32]>,
}

/// What is read of a batch's record.
#[derive(Decode)]
struct BatchHead {
	_header_hash: Hash32,
	_ledger_root: Hash32,
	_payload_size: u64,
	_sums: Sums,
	/// Tick, sealed at, sealed in, session, validators, members, ordinal.
	_numbers: [u32; 7],
	_fees: [Amount; 2],
	_committee: Vec<u32>,
	votes: Vec<Vote>,
}

/// What a node says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeView {
	/// The chain's name.
	pub chain: String,
	/// The node's implementation and version.
	pub version: String,
	/// How many peers it has.
	pub peers: usize,
	/// Whether it is catching up.
	pub is_syncing: bool,
}

impl Chain {
	/// A maker.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn maker(&self, id: MakerId, at: At) -> Result<Option<MakerView>, Error> {
		let key = [prefix("Devices", "Makers"), twox_64_concat(&id)].concat();
		self.stored("a maker", &key, at).await
	}

	/// What is fixed for a cycle; `None` if it has not begun, or so long ago that it is not kept.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn cycle_view(&self, cycle: Cycle, at: At) -> Result<Option<CycleView>, Error> {
		let key = [prefix("Rewards", "Cycles"), twox_64_concat(&cycle)].concat();
		self.stored("a cycle", &key, at).await
	}

	/// A network's weight with the first cycle of each value, ascending: the newest may hold from the
	/// next cycle on only. Empty if it never had one.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn weights(&self, network: NetworkId, at: At) -> Result<Vec<(Cycle, u32)>, Error> {
		let key = [prefix("Rewards", "Weights"), twox_64_concat(&network)].concat();
		let record: Option<(u32, Vec<(Cycle, u32)>)> =
			self.stored("a network's weight", &key, at).await?;
		Ok(record.map(|(_, history)| history).unwrap_or_default())
	}

	/// The votes on a batch; empty before the first, or if there is no such batch.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn votes(
		&self,
		gateway: GatewayId,
		window: Window,
		attempt: Attempt,
		at: At,
	) -> Result<Vec<Vote>, Error> {
		let key = [
			prefix("Telemetry", "Batches"),
			twox_64_concat(&gateway),
			twox_64_concat(&window),
			twox_64_concat(&attempt),
		]
		.concat();
		let batch: Option<BatchHead> = self.stored("a batch's votes", &key, at).await?;
		Ok(batch.map(|batch| batch.votes).unwrap_or_default())
	}

	/// Where devices are and were: those of `devices` that ever asserted a place and are not reaped, in
	/// this order.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn locations(
		&self,
		devices: &[DeviceId],
		at: At,
	) -> Result<Vec<(DeviceId, Dated<Placed>)>, Error> {
		let prefix = prefix("Devices", "Locations");
		let key = |device: &DeviceId| [prefix.clone(), twox_64_concat(device)].concat();
		let keys = devices.iter().map(key).collect::<Vec<_>>();
		let mut answers = self.stored_many("devices' locations", &keys, at).await?;
		let mut found = Vec::new();
		for device in devices {
			if let Some(place) = answers.take()? {
				found.push((*device, place));
			}
		}
		Ok(found)
	}

	/// Whose devices are: those of `devices` that are registered, in this order.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn owners(
		&self,
		devices: &[DeviceId],
		at: At,
	) -> Result<Vec<(DeviceId, [u8; 32])>, Error> {
		let prefix = prefix("Devices", "Devices");
		let key = |device: &DeviceId| [prefix.clone(), twox_64_concat(device)].concat();
		let keys = devices.iter().map(key).collect::<Vec<_>>();
		let mut answers = self.stored_many("devices' owners", &keys, at).await?;
		let mut found = Vec::new();
		for device in devices {
			if let Some(owner) = answers.take()? {
				found.push((*device, owner));
			}
		}
		Ok(found)
	}

	/// Every slot that is `wanted`, by gateway and slot. Reads the entries of all slots there are, a
	/// page at a time, and tells `progress` how many so far.
	///
	/// # Errors
	/// If the node does not answer as expected.
	pub async fn slots_where(
		&self,
		wanted: impl Fn(&SlotView) -> bool,
		progress: impl Fn(usize),
	) -> Result<Vec<SlotView>, Error> {
		const REQUEST: &str = "the slots' entries";
		let undecodable = |cause: String| Error::Undecodable { request: REQUEST.to_owned(), cause };
		let prefix = &prefix("Telemetry", "Slots");
		let at = Some(H256(self.best().await?.hash));
		let (mut found, mut seen) = (Vec::new(), 0usize);
		let mut last: Option<Vec<u8>> = None;
		loop {
			let from = last.as_deref();
			let keys = self
				.ask(REQUEST, |link| async move {
					link.rpc.state_get_keys_paged(prefix, PAGE, from, at).await
				})
				.await?;
			let Some(end) = keys.last().cloned() else { break };
			let keys = &keys;
			let sets = self
				.ask(REQUEST, |link| async move {
					link.rpc.state_query_storage_at(keys.iter().map(Vec::as_slice), at).await
				})
				.await?;
			for (key, value) in sets.into_iter().flat_map(|set| set.changes) {
				let Some(value) = value else { continue };
				let slot = read_slot(&key, &value).map_err(undecodable)?;
				seen = seen.saturating_add(1);
				if wanted(&slot) {
					found.push(slot);
				}
			}
			progress(seen);
			last = Some(end);
		}
		found.sort_by_key(|view| (view.gateway, view.slot));
		Ok(found)
	}

	/// What the node says of itself.
	///
	/// # Errors
	/// If the node does not answer.
	pub async fn node(&self) -> Result<NodeView, Error> {
		const REQUEST: &str = "the node's state";
		let chain = self.ask(REQUEST, |link| async move { link.rpc.system_chain().await }).await?;
		let version =
			self.ask(REQUEST, |link| async move { link.rpc.system_version().await }).await?;
		let health =
			self.ask(REQUEST, |link| async move { link.rpc.system_health().await }).await?;
		Ok(NodeView { chain, version, peers: health.peers, is_syncing: health.is_syncing })
	}

	/// Whether the node says that its chain is for development, or for tests on a few machines.
	///
	/// # Errors
	/// If the node does not answer.
	pub async fn is_for_development(&self) -> Result<bool, Error> {
		let kind = self
			.ask("the chain's type", |link| async move { link.rpc.system_chain_type().await })
			.await;
		match kind {
			Ok(kind) => Ok(matches!(kind.as_str(), "Development" | "Local")),
			// A type that has a name of its own is no word.
			Err(Error::Undecodable { .. }) => Ok(false),
			Err(error) => Err(error),
		}
	}

	/// Decode the beginning of the value under `key`.
	pub(crate) async fn stored<T: Decode>(
		&self,
		request: &str,
		key: &[u8],
		at: At,
	) -> Result<Option<T>, Error> {
		let at = self.resolve(at).await?;
		let bytes = self
			.ask(request, |link| async move { link.rpc.state_get_storage(key, at).await })
			.await?;
		let Some(bytes) = bytes else { return Ok(None) };
		T::decode(&mut bytes.as_slice()).map(Some).map_err(|cause| Error::Undecodable {
			request: request.to_owned(),
			cause: cause.to_string(),
		})
	}
}

/// First bytes of every key of a storage item; the key itself, if the item is one value.
#[must_use]
pub fn prefix(pallet: &str, item: &str) -> Vec<u8> {
	[twox_128(pallet.as_bytes()), twox_128(item.as_bytes())].concat()
}

/// A key's part under the hasher `Twox64Concat`.
pub(crate) fn twox_64_concat(key: &impl Encode) -> Vec<u8> {
	let bytes = key.encode();
	[twox_64(&bytes).as_slice(), &bytes].concat()
}

/// A slot from its entry's key and value.
fn read_slot(key: &[u8], value: &[u8]) -> Result<SlotView, String> {
	const PREFIX: usize = 32;
	type Key = ([u8; 8], GatewayId, [u8; 8], Slot);
	let parts = key.get(PREFIX..).unwrap_or_default();
	let (_, gateway, _, slot) = Key::decode_all(&mut &*parts).map_err(|cause| cause.to_string())?;
	let record = SlotRecord::decode(&mut &*value).map_err(|cause| cause.to_string())?;
	Ok(SlotView { gateway, slot, record })
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_slot_is_read_from_its_entry() {
		let key =
			[prefix("Telemetry", "Slots"), twox_64_concat(&GatewayId(3)), twox_64_concat(&7u32)]
				.concat();
		let record =
			SlotRecord { device: DeviceId(5), payee: [9u8; 32], from: 11, until: Window::MAX };
		let value = [record.encode(), vec![1, 2, 3]].concat();
		let view = SlotView { gateway: GatewayId(3), slot: 7, record };
		assert_eq!(read_slot(&key, &value), Ok(view));
		assert!(read_slot(&key[..50], &value).is_err());
		assert!(read_slot(&key, &value[..20]).is_err());
	}

	#[test]
	fn a_pool_is_the_weights_share_rounded_down() {
		let cycle =
			CycleView { emission: 0, parts: [0; 3], bootstrap: 100, weights: 3, vesting: 1 };
		assert_eq!(cycle.pool(2), 66);
		assert_eq!(CycleView { weights: 0, ..cycle }.pool(2), 0);
	}
}
