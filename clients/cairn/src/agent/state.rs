//! What an agent keeps over restarts: its sequence, its queue of readings, and who it is.

use std::{
	path::{Path, PathBuf},
	sync::{Mutex, PoisonError},
};

use cairn_telemetry::SignedReading;
use cairn_types::{DeviceId, GatewayId, Hash32, NetworkId};
use codec::{Decode, Encode};
use redb::{
	Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, Table, TableDefinition,
};

use super::sequence::Sequence;
use crate::{
	clock::now_millis,
	store::{self, Cache, StoreError, decode},
};

const META: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta");
/// Sequence number → signed reading.
const QUEUE: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("queue");

const RESERVED: &str = "reserved";
const PROFILE: &str = "profile";
const LAST_TIME: &str = "last-time";
const COUNTS: &str = "counts";

/// Who the agent is: enough to sign while the gateway is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Profile {
	/// Hash of the chain's first block.
	pub genesis: Hash32,
	/// The network.
	pub network: NetworkId,
	/// The gateway.
	pub gateway: GatewayId,
	/// The device.
	pub device: DeviceId,
}

/// What became of readings since the state was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Counts {
	/// Put into the queue.
	pub queued: u64,
	/// Taken by the gateway.
	pub delivered: u64,
	/// Refused by the gateway for good.
	pub refused: u64,
	/// Lost because the queue was full.
	pub overflowed: u64,
}

/// An agent's state file.
pub struct State {
	database: Database,
	file: PathBuf,
	sequence: Mutex<Sequence>,
	/// Most readings in the queue.
	capacity: u64,
}

impl State {
	/// Open the state in `file`, or make it, with a queue of at most `capacity` readings.
	///
	/// # Errors
	/// If the file cannot be used.
	pub fn open(file: &Path, capacity: u64) -> Result<Self, StoreError> {
		let database = store::open(file, Cache::SMALL)?;
		let transaction = database.begin_write()?;
		let reserved = {
			transaction.open_table(QUEUE)?;
			get(&transaction.open_table(META)?, RESERVED)?
		};
		transaction.commit()?;
		let sequence = Mutex::new(Sequence::resume(reserved, now_millis()));
		Ok(Self { database, file: file.to_path_buf(), sequence, capacity: capacity.max(1) })
	}

	/// The state's file.
	#[must_use]
	pub fn file(&self) -> &Path {
		&self.file
	}

	/// A sequence number that was never used and will never be used again.
	///
	/// # Errors
	/// If it cannot be reserved durably.
	pub fn sequence(&self) -> Result<u64, StoreError> {
		let mut sequence = self.sequence.lock().unwrap_or_else(PoisonError::into_inner);
		sequence.take(|limit| self.set(RESERVED, &limit))
	}

	/// Who the agent is, if it ever found out.
	///
	/// # Errors
	/// If the state cannot be read.
	pub fn profile(&self) -> Result<Option<Profile>, StoreError> {
		let transaction = self.database.begin_read()?;
		get(&transaction.open_table(META)?, PROFILE)
	}

	/// Remember who the agent is.
	///
	/// # Errors
	/// If the state cannot be written.
	pub fn set_profile(&self, profile: &Profile) -> Result<(), StoreError> {
		self.set(PROFILE, profile)
	}

	/// Time of the newest reading, ms; 0 before the first.
	///
	/// # Errors
	/// If the state cannot be read.
	pub fn last_time(&self) -> Result<u64, StoreError> {
		let transaction = self.database.begin_read()?;
		Ok(get(&transaction.open_table(META)?, LAST_TIME)?.unwrap_or(0))
	}

	/// What became of readings.
	///
	/// # Errors
	/// If the state cannot be read.
	pub fn counts(&self) -> Result<Counts, StoreError> {
		let transaction = self.database.begin_read()?;
		Ok(get(&transaction.open_table(META)?, COUNTS)?.unwrap_or_default())
	}

	/// Put a reading into the queue; returns how many of the oldest had to go for it.
	///
	/// # Errors
	/// If the state cannot be written; then the reading is not queued.
	pub fn push(&self, signed: &SignedReading) -> Result<u64, StoreError> {
		let transaction = self.database.begin_write()?;
		let mut overflowed = 0;
		{
			let mut queue = transaction.open_table(QUEUE)?;
			queue.insert(signed.reading.sequence, signed.encode().as_slice())?;
			while queue.len()? > self.capacity {
				queue.pop_first()?;
				overflowed += 1;
			}
			let mut meta = transaction.open_table(META)?;
			meta.insert(LAST_TIME, signed.reading.time.encode().as_slice())?;
			count(&mut meta, |counts| {
				counts.queued = counts.queued.saturating_add(1);
				counts.overflowed = counts.overflowed.saturating_add(overflowed);
			})?;
		}
		transaction.commit()?;
		Ok(overflowed)
	}

	/// The oldest readings of the queue, in sequence order.
	///
	/// # Errors
	/// If the state cannot be read.
	pub fn peek(&self, most: usize) -> Result<Vec<SignedReading>, StoreError> {
		let transaction = self.database.begin_read()?;
		let queue = transaction.open_table(QUEUE)?;
		let mut readings = Vec::new();
		for entry in queue.iter()?.take(most) {
			let (_, bytes) = entry?;
			readings.push(decode("a reading", bytes.value())?);
		}
		Ok(readings)
	}

	/// Readings in the queue.
	///
	/// # Errors
	/// If the state cannot be read.
	pub fn queued(&self) -> Result<u64, StoreError> {
		let transaction = self.database.begin_read()?;
		Ok(transaction.open_table(QUEUE)?.len()?)
	}

	/// Take readings out of the queue: delivered ones, and those that were refused for good.
	///
	/// # Errors
	/// If the state cannot be written; then they stay in the queue.
	pub fn settle(&self, delivered: &[u64], refused: &[u64]) -> Result<(), StoreError> {
		let transaction = self.database.begin_write()?;
		{
			let mut queue = transaction.open_table(QUEUE)?;
			for sequence in delivered.iter().chain(refused) {
				queue.remove(*sequence)?;
			}
			let mut meta = transaction.open_table(META)?;
			count(&mut meta, |counts| {
				let more = |list: &[u64]| u64::try_from(list.len()).unwrap_or(u64::MAX);
				counts.delivered = counts.delivered.saturating_add(more(delivered));
				counts.refused = counts.refused.saturating_add(more(refused));
			})?;
		}
		transaction.commit()?;
		Ok(())
	}

	fn set(&self, name: &'static str, value: &impl Encode) -> Result<(), StoreError> {
		let transaction = self.database.begin_write()?;
		{
			let mut meta = transaction.open_table(META)?;
			meta.insert(name, value.encode().as_slice())?;
		}
		transaction.commit()?;
		Ok(())
	}
}

fn get<T: Decode>(
	meta: &impl ReadableTable<&'static str, &'static [u8]>,
	name: &'static str,
) -> Result<Option<T>, StoreError> {
	match meta.get(name)? {
		Some(bytes) => Ok(Some(decode(name, bytes.value())?)),
		None => Ok(None),
	}
}

fn count(
	meta: &mut Table<'_, &'static str, &'static [u8]>,
	change: impl FnOnce(&mut Counts),
) -> Result<(), StoreError> {
	let mut counts = get::<Counts>(meta, COUNTS)?.unwrap_or_default();
	change(&mut counts);
	meta.insert(COUNTS, counts.encode().as_slice())?;
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use cairn_telemetry::Reading;
	use cairn_types::{DeviceSignature, SchemaId};
	use sp_core::ed25519;

	fn signed(sequence: u64) -> SignedReading {
		let reading = Reading {
			network: NetworkId(1),
			schema: SchemaId(1),
			device: DeviceId(1),
			sequence,
			anchor: [0; 32],
			time: sequence * 10,
			values: Default::default(),
		};
		let signature = DeviceSignature::Ed25519(ed25519::Signature::from_raw([0; 64]));
		SignedReading { reading, signature }
	}

	fn sequences(state: &State) -> Vec<u64> {
		let readings = state.peek(100).expect("reads");
		readings.iter().map(|signed| signed.reading.sequence).collect()
	}

	#[test]
	fn works_when_readings_are_delivered() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let file = directory.path().join("state");
		let state = State::open(&file, 10).expect("opens");
		for sequence in 1..=4 {
			assert_eq!(state.push(&signed(sequence)), Ok(0));
		}
		state.settle(&[1, 3], &[2]).expect("settles");
		assert_eq!(sequences(&state), [4]);
		drop(state);
		let state = State::open(&file, 10).expect("opens again");
		assert_eq!(sequences(&state), [4]);
		assert_eq!((state.queued(), state.last_time()), (Ok(1), Ok(40)));
		let expected = Counts { queued: 4, delivered: 2, refused: 1, overflowed: 0 };
		assert_eq!(state.counts(), Ok(expected));
	}

	#[test]
	fn works_when_the_queue_is_full() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let state = State::open(&directory.path().join("state"), 2).expect("opens");
		let overflowed = (1..=4).map(|sequence| state.push(&signed(sequence)).expect("pushes"));
		assert_eq!(overflowed.collect::<Vec<_>>(), [0, 0, 1, 1]);
		assert_eq!(sequences(&state), [3, 4]);
		assert_eq!(state.counts().expect("reads").overflowed, 2);
	}

	#[test]
	fn works_when_the_agent_starts_again() {
		let directory = tempfile::tempdir().expect("a temporary directory");
		let file = directory.path().join("state");
		let profile = Profile {
			genesis: [1; 32],
			network: NetworkId(2),
			gateway: GatewayId(3),
			device: DeviceId(4),
		};
		let state = State::open(&file, 2).expect("opens");
		assert_eq!(state.profile(), Ok(None));
		state.set_profile(&profile).expect("writes");
		let used = state.sequence().expect("reserves");
		drop(state);
		let state = State::open(&file, 2).expect("opens again");
		assert_eq!(state.profile(), Ok(Some(profile)));
		assert!(state.sequence().expect("reserves") > used);
	}
}
