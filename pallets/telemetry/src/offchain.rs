//! The off-chain worker: reports, never decides.
//!
//! It reads the locally configured source only, never a URL from state. [`decide`] is pure; what
//! is around it fetches, checks, signs and submits. One run at a time on a node, one persistent record
//! per batch and member, so restarts and reorgs repeat nothing but a submission.

use alloc::{string::String, vec::Vec};
use cairn_telemetry::{
	Header, Verdict, VerdictClaim,
	authority::AuthorityId,
	check::{Checked, check},
	offchain::{Part, SOURCE_KEY, STATS_KEY, WorkerStats},
	payload::{Source, Unavailable},
	verdict::{chunk_index, tag},
};
use cairn_traits::{Timekeeper, UnitBook};
use cairn_types::{Attempt, GatewayId, Hash32, Tick, Window};
use codec::{Decode, Encode};
use frame_system::{offchain::SubmitTransaction, pallet_prelude::BlockNumberFor};
use sp_core::offchain::{Duration, HttpRequestId, HttpRequestStatus, Timestamp};
use sp_runtime::{
	RuntimeAppPublic, SaturatedConversion,
	offchain::{
		storage::StorageValueRef,
		storage_lock::{StorageLock, Time},
	},
};

use crate::{
	Batches, Call, Config, Gateways, Pallet, Sealed,
	types::{BatchRecord, BatchStage, Vote},
};

const LOG: &str = "cairn::worker";
const LOCK_KEY: &[u8] = b"cairn/telemetry/lock";
const DONE_KEY: &[u8] = b"cairn/telemetry/done";

/// One run takes no new batch after this, in milliseconds.
const RUN_MILLIS: u64 = 8_000;
/// Fetching and checking one batch ends after this, in milliseconds: one deadline for all its parts.
const BATCH_MILLIS: u64 = 10_000;
/// The lock expires after the longest run: a node that was killed in one goes on then.
const LOCK_MILLIS: u64 = RUN_MILLIS + BATCH_MILLIS + 2_000;
/// Blocks after which a verdict that is not on chain is submitted again.
const RESUBMIT_BLOCKS: u32 = 5;
/// Verdicts remembered: more than can be owed at once, few enough to read and write whole.
const MAX_DONE: usize = 256;
/// Longest header that is read.
const MAX_HEADER_BYTES: usize = 512;

/// A member's verdict, kept until the batch is over.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Done {
	/// What was found.
	pub verdict: Verdict,
	/// The tag that goes with it.
	pub tag: Hash32,
	/// Block at which it was submitted last.
	pub submitted: u32,
}

/// Verdicts given by this node's members, by [`Duty::name`] and member, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
struct Memory(Vec<(Hash32, u32, Done)>);

impl Memory {
	fn load() -> Self {
		StorageValueRef::persistent(DONE_KEY).get().ok().flatten().unwrap_or_default()
	}

	fn recall(&self, name: &Hash32, member: u32) -> Option<Done> {
		let found = self.0.iter().find(|(duty, who, _)| duty == name && *who == member);
		found.map(|(_, _, done)| done.clone())
	}

	/// Remember durably, in place of what was known of the same batch and member.
	fn keep(&mut self, name: Hash32, member: u32, done: Done) {
		self.0.retain(|(duty, who, _)| *duty != name || *who != member);
		self.0.push((name, member, done));
		let surplus = self.0.len().saturating_sub(MAX_DONE);
		self.0.drain(..surplus);
		StorageValueRef::persistent(DONE_KEY).set(self);
	}
}

/// What is known of a batch that a local member owes a verdict on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Situation {
	/// What was found before, if anything.
	pub done: Option<Done>,
	/// Whether the member's vote is on chain.
	pub voted: bool,
	/// Current block.
	pub block: u32,
	/// Current tick.
	pub tick: Tick,
	/// First tick at which verdicts are not accepted.
	pub due: Tick,
}

/// What to do about a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
	/// Nothing, now.
	Nothing,
	/// Fetch and check it. If it cannot be had, say so on chain only if `last_chance`: a gateway may
	/// still be publishing.
	Check {
		/// Whether there will be no later try.
		last_chance: bool,
	},
	/// Submit what was found before.
	Submit(Done),
}

/// Decide what to do about a batch: pure.
#[must_use]
pub fn decide(situation: &Situation) -> Action {
	let Situation { done, voted, block, tick, due } = situation;
	if *voted || tick >= due {
		return Action::Nothing;
	}
	match done {
		Some(done) if block.saturating_sub(done.submitted) < RESUBMIT_BLOCKS => Action::Nothing,
		Some(done) => Action::Submit(done.clone()),
		None => Action::Check { last_chance: tick.saturating_add(1) >= *due },
	}
}

/// A batch that members on this node owe verdicts on.
struct Duty {
	gateway: GatewayId,
	window: Window,
	attempt: Attempt,
	batch: BatchRecord,
	seed: Hash32,
	due: Tick,
	members: Vec<(u32, AuthorityId)>,
}

impl Duty {
	/// What a verdict is remembered by: the header and the committee's seed, because after a reorg
	/// the tag may be over another chunk.
	fn name(&self) -> Hash32 {
		cairn_telemetry::hash(&[&self.batch.header_hash, &self.seed])
	}
}

impl<T: Config> Pallet<T> {
	/// One run: everything this node owes, as far as time allows.
	pub(crate) fn run_worker(block: BlockNumberFor<T>) {
		let Some(source) = source_url() else { return };
		let mut lock =
			StorageLock::<Time>::with_deadline(LOCK_KEY, Duration::from_millis(LOCK_MILLIS));
		let Ok(_guard) = lock.try_lock() else { return };
		let stop = sp_io::offchain::timestamp().add(Duration::from_millis(RUN_MILLIS));
		let mut memory = Memory::load();
		for duty in Self::duties() {
			if sp_io::offchain::timestamp() >= stop {
				return;
			}
			Self::attend(&source, block.saturated_into(), &duty, &mut memory);
		}
	}

	/// Batches that still accept verdicts of local members: the one that follows each attested head,
	/// and attested ones until they are due, so that who is slow is paid like who is fast.
	fn duties() -> impl Iterator<Item = Duty> {
		Gateways::<T>::iter().flat_map(|(gateway, record)| {
			let (pending, attested_at) = (record.queue.pending, record.attested_at);
			let ordinals = (record.queue.oldest..=pending).rev();
			let batches = ordinals.filter_map(move |ordinal| {
				let (window, attempt) = Sealed::<T>::get(gateway, ordinal)?;
				let batch = Batches::<T>::get((gateway, window, attempt))?;
				let due = match batch.stage {
					BatchStage::Pending if ordinal == pending => {
						batch.due(attested_at, &T::Time::periods())
					},
					BatchStage::Attested { due, .. } => due,
					// Dead, of its own or with the one before it; older ones may still be owed.
					BatchStage::Pending | BatchStage::Dead(_) => return None,
				};
				Some((window, attempt, batch, due))
			});
			let now = T::Time::now().tick;
			batches.take_while(move |(.., due)| *due > now).filter_map(
				move |(window, attempt, batch, due)| {
					let seed = Self::committee_seed(gateway, window, attempt, &batch)?;
					let committee = Self::committee_of(gateway, window, attempt, &batch)?;
					let members = Self::local_members(batch.session, &committee);
					(!members.is_empty()).then_some(Duty {
						gateway,
						window,
						attempt,
						batch,
						seed,
						due,
						members,
					})
				},
			)
		})
	}

	/// Do what is to be done about one batch, for each local member.
	fn attend(source: &str, block: u32, duty: &Duty, memory: &mut Memory) {
		for (member, key) in &duty.members {
			let situation = Situation {
				done: memory.recall(&duty.name(), *member),
				voted: has_voted(&duty.batch, *member),
				block,
				tick: T::Time::now().tick,
				due: duty.due,
			};
			let done = match decide(&situation) {
				Action::Nothing => continue,
				Action::Submit(done) => Some(Done { submitted: block, ..done }),
				Action::Check { last_chance } => Self::examine(source, duty, *member, last_chance)
					.map(|(verdict, tag)| Done { verdict, tag, submitted: block }),
			};
			let Some(done) = done else { continue };
			if Self::submit(duty, *member, key, &done) {
				memory.keep(duty.name(), *member, done);
			}
		}
	}

	/// Fetch and check a batch; `None` if it cannot be had and there is time to try again.
	fn examine(
		source: &str,
		duty: &Duty,
		member: u32,
		last_chance: bool,
	) -> Option<(Verdict, Hash32)> {
		let begun = sp_io::offchain::timestamp();
		let chunk = chunk_index(&duty.seed, member, duty.batch.payload_size);
		let found = Self::fetch_and_check(source, duty, chunk);
		let millis = sp_io::offchain::timestamp().diff(&begun).millis();
		let Duty { gateway, window, attempt, .. } = duty;
		let verdict = match &found {
			Ok(checked) => {
				log::info!(
					target: LOG,
					"batch {gateway}/{window}/{attempt}: {} readings, {} outliers, {} unanchored, fault {:?}, {millis} ms",
					checked.readings, checked.outliers, checked.unanchored, checked.fault,
				);
				let tag = tag(&duty.batch.header_hash, member, &checked.chunk);
				Some((checked.fault.map_or(Verdict::Valid, Verdict::Invalid), tag))
			},
			Err(why) => {
				log::warn!(target: LOG, "batch {gateway}/{window}/{attempt} not to be had: {why:?}");
				last_chance.then_some((Verdict::Unavailable, Hash32::default()))
			},
		};
		note_stats(verdict.map(|(verdict, _)| verdict), found.as_ref().ok(), millis);
		verdict
	}

	fn fetch_and_check(source: &str, duty: &Duty, chunk: u64) -> Result<Checked, Unavailable> {
		let Duty { gateway, window, attempt, batch, .. } = duty;
		let record = Gateways::<T>::get(gateway).ok_or(Unavailable::NotFound)?;
		let context = Self::window_context(record.network, *window).ok_or(Unavailable::NotFound)?;
		let deadline = sp_io::offchain::timestamp().add(Duration::from_millis(BATCH_MILLIS));
		let get = |part: Part| {
			let path = part.path(*gateway, *window, *attempt);
			Response::get(&[source, &path].concat(), deadline)
		};
		let header = read_header(get(Part::Header)?)?;
		let name = cairn_telemetry::header_hash(&context.genesis, *gateway, *window, &header);
		if name != batch.header_hash {
			return Err(Unavailable::Mismatch);
		}
		check(
			&context,
			header.latest(),
			chunk,
			&|slot| Self::slot_facts(*gateway, slot, *window),
			&|cycle| T::Units::rate(record.network, cycle),
			get(Part::Ledger)?,
			get(Part::Payload)?,
		)
	}

	/// Sign and submit a verdict; whether the transaction pool took it.
	fn submit(duty: &Duty, member: u32, key: &AuthorityId, done: &Done) -> bool {
		let claim = VerdictClaim {
			gateway: duty.gateway,
			window: duty.window,
			attempt: duty.attempt,
			header_hash: duty.batch.header_hash,
			session: duty.batch.session,
			member,
			verdict: done.verdict,
			tag: done.tag,
		};
		let Some(signature) = key.sign(&claim.message(&Self::genesis())) else {
			log::error!(target: LOG, "verdict key {key:?} is gone from the keystore: restore it");
			return false;
		};
		let call = Call::<T>::submit_verdict { claim, signature };
		let transaction = T::create_authorized_transaction(call.into());
		let taken = SubmitTransaction::<T, Call<T>>::submit_transaction(transaction).is_ok();
		if !taken {
			log::warn!(target: LOG, "the pool refused the verdict on {:?}", claim.header_hash);
		}
		taken
	}
}

fn has_voted(batch: &BatchRecord, member: u32) -> bool {
	batch
		.committee
		.iter()
		.zip(&batch.votes)
		.any(|(drawn, vote)| *drawn == member && *vote != Vote::None)
}

/// The configured source's URL, without a trailing slash.
fn source_url() -> Option<String> {
	let url = StorageValueRef::persistent(SOURCE_KEY).get::<Vec<u8>>().ok().flatten()?;
	let url = String::from_utf8(url).ok()?;
	Some(url.trim_end_matches('/').into())
}

/// Count a check; one run at a time holds the lock, so nothing is lost between read and write.
fn note_stats(verdict: Option<Verdict>, checked: Option<&Checked>, millis: u64) {
	let record = StorageValueRef::persistent(STATS_KEY);
	let mut stats = record.get::<WorkerStats>().ok().flatten().unwrap_or_default();
	let count = match verdict {
		Some(Verdict::Valid) => &mut stats.valid,
		Some(Verdict::Invalid(_)) => &mut stats.invalid,
		Some(Verdict::Unavailable) => &mut stats.unavailable,
		None => &mut stats.failures,
	};
	*count = count.saturating_add(1);
	stats.checked = stats.checked.saturating_add(u64::from(checked.is_some()));
	stats.readings = stats.readings.saturating_add(checked.map_or(0, |checked| checked.readings));
	stats.bytes = stats.bytes.saturating_add(checked.map_or(0, |checked| checked.bytes));
	stats.millis = stats.millis.saturating_add(millis);
	record.set(&stats);
}

fn read_header(mut response: Response) -> Result<Header, Unavailable> {
	let mut bytes = Vec::new();
	let mut buffer = [0; MAX_HEADER_BYTES];
	loop {
		let read = response.read(&mut buffer)?;
		if read == 0 {
			break;
		}
		bytes.extend_from_slice(buffer.get(..read).unwrap_or_default());
		if bytes.len() > MAX_HEADER_BYTES {
			return Err(Unavailable::Mismatch);
		}
	}
	let mut input = bytes.as_slice();
	let header = Header::decode(&mut input).map_err(|_| Unavailable::Mismatch)?;
	if input.is_empty() { Ok(header) } else { Err(Unavailable::Mismatch) }
}

/// The body of an answer, read within one absolute deadline.
struct Response {
	request: HttpRequestId,
	deadline: Timestamp,
}

impl Response {
	fn get(url: &str, deadline: Timestamp) -> Result<Self, Unavailable> {
		let request = sp_io::offchain::http_request_start("GET", url, &[])
			.map_err(|()| Unavailable::Unreachable)?;
		// An empty chunk sends the request.
		sp_io::offchain::http_request_write_body(request, &[], Some(deadline))
			.map_err(|_| Unavailable::Unreachable)?;
		let status = sp_io::offchain::http_response_wait(&[request], Some(deadline));
		match status.first() {
			Some(HttpRequestStatus::Finished(200)) => Ok(Self { request, deadline }),
			Some(HttpRequestStatus::Finished(404 | 410)) => Err(Unavailable::NotFound),
			_ => Err(Unavailable::Unreachable),
		}
	}
}

impl Source for Response {
	fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Unavailable> {
		let read =
			sp_io::offchain::http_response_read_body(self.request, buffer, Some(self.deadline))
				.map_err(|_| Unavailable::Unreachable)?;
		usize::try_from(read).map_err(|_| Unavailable::Unreachable)
	}
}
