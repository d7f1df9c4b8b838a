//! Getting what [`prove`](super::prove) decides by: proofs from a gateway, facts from the chain.
//!
//! All facts are of one final block, so that they fit each other and stay.

use std::{collections::BTreeMap, iter, time::Duration};

use cairn_chain::{
	At, BlockId, Chain,
	views::{BatchStage, BatchView, DeviceView},
};
use cairn_telemetry::{Header, offchain::Part};
use cairn_types::{
	Attempt, DeviceId, GatewayId, Hash32, Moment, NetworkId, Periods, Schema, SchemaId, Window,
};
use futures::{StreamExt, stream};

use super::{
	doubt::{Doubt, Doubted},
	gateways::Gateway,
	prove::{Inclusion, Known, Payload, Said, header, is_in_ledger, statement},
	row::Row,
};
use crate::{
	gateway::data::query::Filter,
	owner::{OwnerError, format},
	protocol::ReadingProof,
};

/// Proofs that a gateway is asked for at once.
const AT_ONCE: usize = 8;
/// Proofs that are kept until they are looked at: a stranger's may be 64 KiB each.
const TOGETHER: usize = 64;
/// What a gateway may take longer for each value whose proof it is asked for.
const PROOF_TIME: Duration = Duration::from_millis(50);
/// After so many doubts that no honest gateway raises, a gateway is asked for no more proofs.
const MOST_UNTRUE: usize = 64;
/// Largest payload that rules of the chain allow, in bytes.
const MAX_PAYLOAD: usize = 64 << 20;

/// A value that the chain stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proved {
	/// The batch that the reading is in.
	pub(crate) gateway: GatewayId,
	/// Its window.
	pub(crate) window: Window,
	/// Its attempt.
	pub(crate) attempt: Attempt,
	/// What the chain calls it.
	pub(crate) header_hash: Hash32,
	/// The first block in whose state it is attested; `None` if the node has no states so old.
	pub(crate) attested_in: Option<u32>,
	/// What shows that the reading is in it.
	pub(crate) by: Inclusion,
}

/// Whether the chain stands for a value.
pub(crate) type Verdict = Result<Proved, Doubted>;

/// Checks values against one block of the chain.
#[derive(Clone)]
pub(crate) struct Verifier {
	chain: Chain,
	at: BlockId,
	genesis: Hash32,
	periods: Periods,
	/// Where the chain is in time at that block.
	now: Moment,
	devices: BTreeMap<DeviceId, Option<DeviceView>>,
	schemas: BTreeMap<SchemaId, Option<Schema>>,
}

/// What all rows of an answer have in common.
#[derive(Clone, Copy)]
struct Context<'a> {
	gateway: &'a Gateway,
	/// The network that the chain has for the gateway.
	network: NetworkId,
	filter: &'a Filter,
}

/// A batch, as far as it has been looked up.
struct Batch {
	view: Option<BatchView>,
	payload: Option<Result<Payload, Doubted>>,
	attested_in: Option<Option<u32>>,
}

/// What has come of the rows of an answer.
#[derive(Default)]
struct Judged {
	/// By the rows' places.
	verdicts: BTreeMap<usize, Verdict>,
	/// How many doubts there are that no honest gateway raises.
	untrue: usize,
}

/// Why a value is not proved.
enum Stop {
	/// The chain does not stand for it.
	Doubt(Doubted),
	/// It could not be found out.
	Error(OwnerError),
}

impl From<Doubted> for Stop {
	fn from(doubted: Doubted) -> Self {
		Self::Doubt(doubted)
	}
}

impl From<cairn_chain::Error> for Stop {
	fn from(error: cairn_chain::Error) -> Self {
		Self::Error(error.into())
	}
}

impl Verifier {
	/// Check against the chain's last final block.
	///
	/// # Errors
	/// If the node does not answer.
	pub(crate) async fn new(chain: &Chain) -> Result<Self, OwnerError> {
		let at = chain.finalized().await?;
		let clock = chain.clock(At::Block(at.hash)).await?;
		Ok(Self {
			chain: chain.clone(),
			at,
			genesis: chain.genesis().await?,
			periods: clock.periods,
			now: clock.now,
			devices: BTreeMap::new(),
			schemas: BTreeMap::new(),
		})
	}

	/// The block.
	pub(crate) const fn at(&self) -> BlockId {
		self.at
	}

	/// Check what a gateway has answered; a verdict for each row, in their order.
	///
	/// # Errors
	/// If the node does not answer. That the gateway does not is a doubt.
	pub(crate) async fn verify(
		&mut self,
		gateway: &Gateway,
		filter: &Filter,
		rows: &[Row],
	) -> Result<Vec<Verdict>, OwnerError> {
		let known = self.chain.gateway(gateway.id, At::Block(self.at.hash)).await?;
		let Some(known) = known else {
			let unknown = || Doubt::OtherGateway.about("the chain has no such gateway");
			return Ok(rows.iter().map(|_| Err(unknown())).collect());
		};
		let context = Context { gateway, network: known.network, filter };
		let mut judged = Judged::default();
		for (window, readings) in by_reading(filter, rows) {
			let window = self.window(context, window, readings, rows, &mut judged);
			Box::pin(window).await?;
		}
		Ok(judged.told(filter, rows))
	}

	/// Check the rows of one window.
	async fn window(
		&mut self,
		context: Context<'_>,
		window: Window,
		readings: Readings,
		rows: &[Row],
		judged: &mut Judged,
	) -> Result<(), OwnerError> {
		let served = &context.gateway.served;
		let mut batches = BTreeMap::new();
		for part in parts(readings, TOGETHER) {
			if !judged.goes_on() {
				break;
			}
			let count = part.iter().map(|(_, places)| places.len()).sum::<usize>();
			served.grant(PROOF_TIME.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX)));
			let proofs = part.into_iter().map(|((device, sequence), places)| async move {
				(served.reading_proof(window, device, sequence).await, places)
			});
			// All of them, and only then the node: while that is waited for, no gateway's time passes.
			let proofs = stream::iter(proofs).buffered(AT_ONCE).collect::<Vec<_>>();
			for (proof, places) in Box::pin(proofs).await {
				for place in places {
					let Some(row) = rows.get(place) else { continue };
					let verdict = self.judge_by(context, row, proof.as_ref(), &mut batches);
					judged.note(place, Box::pin(verdict).await?);
				}
			}
		}
		Ok(())
	}

	/// Check one row by what the gateway has answered for its proof.
	async fn judge_by(
		&mut self,
		context: Context<'_>,
		row: &Row,
		proof: Result<&ReadingProof, &OwnerError>,
		batches: &mut BTreeMap<Attempt, Batch>,
	) -> Result<Verdict, OwnerError> {
		let judged = match proof {
			Ok(proof) => Box::pin(self.judge(context, row, proof, batches)).await,
			Err(error) => Err(Doubt::NoProof.about(first_line(error)).into()),
		};
		match judged {
			Ok(proved) => Ok(Ok(proved)),
			Err(Stop::Doubt(doubted)) => Ok(Err(doubted)),
			Err(Stop::Error(error)) => Err(error),
		}
	}

	/// Check one row.
	async fn judge(
		&mut self,
		context: Context<'_>,
		row: &Row,
		proof: &ReadingProof,
		batches: &mut BTreeMap<Attempt, Batch>,
	) -> Result<Proved, Stop> {
		let at = At::Block(self.at.hash);
		self.learn(row.device, proof.reading.reading.schema).await?;
		let known = self.known(context, row, proof);
		let said = statement(context.filter, row, proof, &known)?;
		let (gateway, window) = (context.gateway.id, proof.window);
		let attempt = proof.batch.as_ref().map(|batch| batch.attempt);
		if let Some(attempt) = attempt.filter(|attempt| !batches.contains_key(attempt)) {
			let view = self.chain.batch_view(gateway, window, attempt, at).await?;
			batches.insert(attempt, Batch { view, payload: None, attested_in: None });
		}
		let batch = match attempt {
			Some(attempt) => batches.get_mut(&attempt),
			None => None,
		};
		let view = batch.as_ref().and_then(|batch| batch.view.as_ref());
		let header = header(proof, view, &known)?;
		let (Some(attempt), Some(batch)) = (attempt, batch) else {
			return Err(Doubted::from(Doubt::NotSealed).into());
		};
		let by = batch.inclusion(context.gateway, said, proof, &header).await?;
		Ok(Proved {
			gateway,
			window,
			attempt,
			header_hash: batch.view.as_ref().map_or([0; 32], |view| view.header_hash),
			attested_in: batch.attested_in(&self.chain, self.at).await,
			by,
		})
	}

	/// Look up a device and a schema, once each.
	async fn learn(
		&mut self,
		device: DeviceId,
		schema: SchemaId,
	) -> Result<(), cairn_chain::Error> {
		let at = At::Block(self.at.hash);
		if !self.devices.contains_key(&device) {
			let view = self.chain.device(device, at).await?;
			self.devices.insert(device, view);
		}
		if !self.schemas.contains_key(&schema) {
			let found = self.chain.schema(schema, at).await?;
			self.schemas.insert(schema, found.map(|(schema, _)| schema));
		}
		Ok(())
	}

	fn known(&self, context: Context<'_>, row: &Row, proof: &ReadingProof) -> Known<'_> {
		let schema = &proof.reading.reading.schema;
		Known {
			genesis: self.genesis,
			periods: self.periods,
			now: self.now,
			gateway: context.gateway.id,
			network: context.network,
			device: self.devices.get(&row.device).and_then(Option::as_ref),
			schema: self.schemas.get(schema).and_then(Option::as_ref),
		}
	}
}

impl Judged {
	fn note(&mut self, place: usize, verdict: Verdict) {
		let is_untrue = verdict.as_ref().is_err_and(|doubted| !doubted.doubt.is_honest());
		self.untrue = self.untrue.saturating_add(usize::from(is_untrue));
		self.verdicts.insert(place, verdict);
	}

	/// Whether the gateway is asked for more proofs.
	const fn goes_on(&self) -> bool {
		self.untrue < MOST_UNTRUE
	}

	/// A verdict for each row, in their order.
	fn told(mut self, filter: &Filter, rows: &[Row]) -> Vec<Verdict> {
		let goes_on = self.goes_on();
		let verdict = |(place, row): (usize, &Row)| {
			let verdict = self.verdicts.remove(&place);
			verdict.unwrap_or_else(|| Err(why_unproved(filter, row, goes_on)))
		};
		rows.iter().enumerate().map(verdict).collect()
	}
}

/// Why a row's proof was not asked for.
fn why_unproved(filter: &Filter, row: &Row, goes_on: bool) -> Doubted {
	if !row.is_asked(filter) {
		return Doubt::NotAsked.into();
	}
	if goes_on || row.window().is_none() {
		return Doubt::NoProof.about("the row names no proof of its own");
	}
	let enough = format!("it was not asked for: {MOST_UNTRUE} others are missing, or do not hold");
	Doubt::NoProof.about(enough)
}

impl Batch {
	/// What shows that a reading is in the batch.
	async fn inclusion(
		&mut self,
		gateway: &Gateway,
		said: Said,
		proof: &ReadingProof,
		header: &Header,
	) -> Result<Inclusion, Doubted> {
		if is_in_ledger(said, proof, header)? {
			return Ok(Inclusion::Ledger);
		}
		if self.payload.is_none() {
			self.payload = Some(fetch(gateway, proof, header).await);
		}
		match &self.payload {
			Some(Ok(payload)) => payload.ensure_holds(said, &proof.reading)?,
			Some(Err(doubted)) => return Err(doubted.clone()),
			None => return Err(Doubt::NoInclusion.into()),
		}
		Ok(Inclusion::Payload)
	}

	/// The first block in whose state the batch is attested, if it is at `at`.
	async fn attested_in(&mut self, chain: &Chain, at: BlockId) -> Option<u32> {
		if let Some(known) = self.attested_in {
			return known;
		}
		let BatchView { gateway, window, attempt, .. } = self.view.as_ref()?;
		let is_attested = async |number: u32| {
			let hash = chain.block_hash(number).await.ok()??;
			let view = chain.batch_view(*gateway, *window, *attempt, At::Block(hash)).await.ok()?;
			Some(view.is_some_and(|view| matches!(view.stage, BatchStage::Attested { .. })))
		};
		let found = Box::pin(first_block(at.number, is_attested)).await;
		self.attested_in = Some(found);
		found
	}
}

/// Readings of one window by device and sequence, each with the places of its rows.
type Readings = BTreeMap<(DeviceId, u64), Vec<usize>>;

/// Rows by window and reading. Left out are those that were not asked for, and those whose proof is of
/// another reading: nobody is asked about them.
fn by_reading(filter: &Filter, rows: &[Row]) -> BTreeMap<Window, Readings> {
	let mut windows = BTreeMap::<Window, Readings>::new();
	for (place, row) in rows.iter().enumerate() {
		let Some(window) = row.window().filter(|_| row.is_asked(filter)) else { continue };
		let reading = (row.device, row.sequence);
		windows.entry(window).or_default().entry(reading).or_default().push(place);
	}
	windows
}

/// Items in their order, at most so many at a time. Pure.
fn parts<T>(items: impl IntoIterator<Item = T>, most: usize) -> impl Iterator<Item = Vec<T>> {
	let mut items = items.into_iter();
	iter::from_fn(move || {
		let part = items.by_ref().take(most).collect::<Vec<_>>();
		(!part.is_empty()).then_some(part)
	})
}

/// The payload of a reading's batch, from the gateway.
async fn fetch(
	gateway: &Gateway,
	proof: &ReadingProof,
	header: &Header,
) -> Result<Payload, Doubted> {
	let batch = proof.batch.as_ref().filter(|batch| batch.payload.is_some());
	let attempt = batch.ok_or(Doubt::NoInclusion)?.attempt;
	let size = usize::try_from(header.latest().payload_size).unwrap_or(usize::MAX);
	let path = Part::Payload.path(gateway.id, proof.window, attempt);
	let bytes = gateway.served.bytes(&path, size.min(MAX_PAYLOAD)).await;
	let bytes = bytes.map_err(|error| Doubt::NoInclusion.about(first_line(&error)))?;
	Payload::read(&bytes, header)
}

/// What an error says, without its remedy; text of a gateway moves no terminal's cursor.
pub(super) fn first_line(error: &OwnerError) -> String {
	let text = error.to_string();
	format::text(text.lines().next().unwrap_or_default().as_bytes())
}

/// The first block at which something holds that holds from there to `last`; `None` if it is not known
/// of the block before. Asks of a number of blocks that grows with the logarithm of the distance.
async fn first_block(last: u32, holds: impl AsyncFn(u32) -> Option<bool>) -> Option<u32> {
	let (mut first, mut step) = (last, 1u32);
	// It does not hold there, or that is not known.
	let (mut before, mut is_known) = loop {
		if first == 0 {
			return Some(first);
		}
		let number = first.saturating_sub(step);
		match holds(number).await {
			Some(true) => {
				first = number;
				step = step.saturating_mul(2);
			},
			found => break (number, found.is_some()),
		}
	};
	while first.saturating_sub(before) > 1 {
		let middle = before + (first - before) / 2;
		match holds(middle).await {
			Some(true) => first = middle,
			found => {
				before = middle;
				is_known = found.is_some();
			},
		}
	}
	is_known.then_some(first)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::data::answer::tests::found;
	use std::cell::Cell;

	#[test]
	fn parts_add_up_and_are_small() {
		let cases: [(u32, Vec<usize>); 4] =
			[(0, vec![]), (1, vec![1]), (4, vec![2, 2]), (5, vec![2, 2, 1])];
		for (count, sizes) in cases {
			let parts = parts(0..count, 2).collect::<Vec<_>>();
			assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), sizes);
			assert_eq!(parts.concat(), (0..count).collect::<Vec<_>>());
		}
	}

	fn everything() -> Filter {
		Filter { to: u64::MAX, ..Filter::default() }
	}

	#[test]
	fn who_shows_what_does_not_hold_is_asked_for_few_proofs() {
		let rows = vec![found(1, 4, "1").row; MOST_UNTRUE + 2];
		let doubts = |doubt: fn(usize) -> Doubt| {
			let mut judged = Judged::default();
			for place in 0..rows.len() {
				if judged.goes_on() {
					judged.note(place, Err(doubt(place).into()));
				}
			}
			let told = judged.told(&everything(), &rows);
			told.into_iter().map(|verdict| verdict.expect_err("a doubt")).collect::<Vec<_>>()
		};
		let told = doubts(|_| Doubt::BadSignature);
		let (asked, others) = told.split_at(MOST_UNTRUE);
		assert!(asked.iter().all(|doubted| doubted.doubt == Doubt::BadSignature));
		for doubted in others {
			let words = doubted.to_string();
			assert!(doubted.doubt == Doubt::NoProof && words.contains("not asked for"), "{words}");
		}
		// Honest gateways are asked for all, and so is who has shown little that does not hold.
		let few = |place: usize| if place > 2 { Doubt::LeftOut } else { Doubt::NoProof };
		let honest: [fn(usize) -> Doubt; 2] = [|_| Doubt::NotSealed, few];
		for doubt in honest {
			let told = doubts(doubt);
			assert!((0..).zip(told).all(|(place, doubted)| doubted.doubt == doubt(place)));
		}
	}

	#[test]
	fn nobody_is_asked_about_rows_that_were_not_asked_for() {
		let row = found(1, 4, "1").row;
		let unnamed = Row { proof: "/v1/proof/294976800/4/13".to_owned(), ..row.clone() };
		let other = Row { device: DeviceId(5), ..row.clone() };
		let rows = [row, unnamed, other];
		let filter = Filter { device: Some(DeviceId(4)), ..everything() };
		let windows = by_reading(&filter, &rows);
		assert_eq!(
			windows,
			BTreeMap::from([(294_976_800, Readings::from([((DeviceId(4), 12), vec![0])]))])
		);
		let told = Judged::default().told(&filter, &rows);
		let told = told.into_iter().map(|verdict| verdict.expect_err("not checked").doubt);
		assert_eq!(told.collect::<Vec<_>>(), [Doubt::NoProof, Doubt::NoProof, Doubt::NotAsked]);
	}

	#[tokio::test]
	async fn the_first_block_is_found() {
		for first in (0..=100).chain([999, 1_000]) {
			let asked = Cell::new(0);
			let holds = async |number: u32| {
				asked.set(asked.get() + 1);
				Some(number >= first)
			};
			assert_eq!(first_block(1_000, holds).await, Some(first));
			assert!(asked.get() <= 20, "{first}: {} blocks", asked.get());
		}
	}

	#[tokio::test]
	async fn what_is_not_known_is_not_guessed() {
		// States before block 40 are gone.
		let state = async |number: u32, first: u32| (number >= 40).then_some(number >= first);
		for (first, found) in [(90, Some(90)), (41, Some(41)), (40, None), (7, None)] {
			let holds = async |number: u32| state(number, first).await;
			assert_eq!(first_block(100, holds).await, found, "{first}");
		}
	}
}
