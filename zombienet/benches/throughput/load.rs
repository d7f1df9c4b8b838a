//! Sending transfers so that pools stay full and no fuller.

use std::{
	sync::{
		Arc, OnceLock,
		atomic::{AtomicBool, AtomicUsize, Ordering},
	},
	time::Duration,
};

use cairn_chain::{BlockId, Chain, Kind};
use cairn_network_tests::{
	block::Block,
	intake::{Fate, Lane, Settled, Taken},
	node::{Http, Node},
	throughput::Sent,
};
use cairn_types::Hash32;
use subxt::ext::jsonrpsee::{
	core::{
		client::ClientT,
		params::{ArrayParams, BatchRequestBuilder},
	},
	ws_client::{WsClient, WsClientBuilder},
};
use tokio::{sync::Semaphore, task::JoinSet, time::sleep};

/// Connections to each node.
pub(crate) const CONNECTIONS: usize = 2;
/// Transactions sent with one request.
const BATCH: usize = 50;
/// How long the answer to a request may take: nodes under load take their time.
const ANSWER: Duration = Duration::from_secs(60);
/// How long a connection rests whose node has no room, or that broke.
const PAUSE: Duration = Duration::from_millis(500);
/// Breaks in a row after which a connection is given up.
const BREAKS: u32 = 10;
/// How often a node is asked for a block of its own.
const ASKED: u32 = 10;

/// Sends until it is dropped.
pub(crate) struct Load {
	shared: Arc<Shared>,
	_tasks: JoinSet<()>,
}

/// What connections share.
struct Shared {
	/// How many transfers may be sent now.
	room: Semaphore,
	accepted: AtomicUsize,
	refused: AtomicUsize,
	first_failure: OnceLock<String>,
	ran_out: AtomicBool,
}

impl Load {
	/// Send these lanes to the nodes in turn, each over a connection of its own, `room` transfers
	/// ahead of the best block after `base`.
	pub(crate) fn start(nodes: &[Node], base: BlockId, room: u32, lanes: Vec<Lane>) -> Self {
		let shared = Arc::new(Shared {
			room: Semaphore::new(usize::try_from(room).expect("a small number")),
			accepted: AtomicUsize::new(0),
			refused: AtomicUsize::new(0),
			first_failure: OnceLock::new(),
			ran_out: AtomicBool::new(false),
		});
		let mut tasks = JoinSet::new();
		for (node, lane) in nodes.iter().cycle().zip(lanes) {
			tasks.spawn(send(node.chain.url().to_owned(), lane, shared.clone()));
		}
		if let Some(node) = nodes.first() {
			tasks.spawn(make_room(node.chain.clone(), node.http().clone(), base, shared.clone()));
		}
		Self { shared, _tasks: tasks }
	}

	/// Whether as much has been sent as may be.
	pub(crate) fn is_full(&self) -> bool {
		self.shared.room.available_permits() < BATCH
	}

	/// What has been sent so far.
	pub(crate) fn sent(&self) -> Sent {
		Sent {
			accepted: self.shared.accepted.load(Ordering::Relaxed),
			refused: self.shared.refused.load(Ordering::Relaxed),
			first_failure: self.shared.first_failure.get().cloned(),
			ran_out: self.shared.ran_out.load(Ordering::Relaxed),
		}
	}
}

impl Shared {
	/// Book what became of a batch; returns whether the node has no room now.
	fn book(&self, settled: Settled) -> bool {
		let Settled { accepted, dropped, refused, cause } = settled;
		self.accepted.fetch_add(accepted, Ordering::Relaxed);
		self.refused.fetch_add(refused, Ordering::Relaxed);
		self.room.add_permits(dropped + refused);
		if let Some(cause) = cause {
			self.fail(cause);
		}
		dropped > 0
	}

	/// Keep the first failure.
	fn fail(&self, cause: String) {
		self.first_failure.get_or_init(|| cause);
	}
}

/// Send a lane over one connection, which is made again when it breaks.
async fn send(url: String, mut lane: Lane, shared: Arc<Shared>) {
	let (mut client, mut breaks) = (None, 0);
	while breaks < BREAKS && !lane.is_empty() {
		let count = lane.len().min(BATCH);
		let permits = u32::try_from(count).expect("a small number");
		shared.room.acquire_many(permits).await.expect("never closed").forget();
		let batch = lane.next_batch(count);
		match Box::pin(submit(&url, &mut client, &batch)).await {
			Ok(fates) => {
				breaks = 0;
				if shared.book(lane.settle(batch, fates)) {
					sleep(PAUSE).await;
				}
			},
			Err(cause) => {
				breaks += 1;
				shared.fail(cause);
				shared.room.add_permits(count);
				lane.put_back(batch);
				client = None;
				sleep(PAUSE).await;
			},
		}
	}
	shared.ran_out.fetch_or(lane.is_empty(), Ordering::Relaxed);
}

/// Send a batch over the connection, made if there is none; what became of each transfer.
async fn submit(
	url: &str,
	client: &mut Option<WsClient>,
	batch: &[String],
) -> Result<Vec<Fate>, String> {
	let client = match client {
		Some(client) => client,
		None => {
			let made = WsClientBuilder::default().request_timeout(ANSWER).build(url);
			let made = Box::pin(made).await.map_err(|cause| format!("{url}: {cause}"))?;
			client.insert(made)
		},
	};
	let mut requests = BatchRequestBuilder::new();
	for transaction in batch {
		let mut parameters = ArrayParams::new();
		parameters.insert(transaction.as_str()).map_err(|cause| cause.to_string())?;
		let inserted = requests.insert("author_submitExtrinsic", parameters);
		inserted.map_err(|cause| cause.to_string())?;
	}
	let answers = Box::pin(client.batch_request::<String>(requests)).await;
	let answers = answers.map_err(|cause| format!("{url}: {cause}"))?;
	let fates = answers.into_iter().map(|answer| match answer {
		Ok(_) => Fate::Accepted,
		Err(error) => {
			let data = error.data().map_or("", |data| data.get());
			Fate::of_error(error.code(), &format!("{} {data}", error.message()))
		},
	});
	Ok(fates.collect())
}

/// Follow the best chain, and let as much be sent anew as it has taken in.
async fn make_room(chain: Chain, http: Http, base: BlockId, shared: Arc<Shared>) {
	let mut blocks = chain.blocks(Kind::Best);
	let (mut taken, mut credited) = (Taken::since(base.number), 0);
	loop {
		let best = Box::pin(blocks.next()).await;
		let mut next = taken.reorganise(best);
		while let Some(hash) = next {
			let Some(block) = fetch(&http, hash).await else { break };
			next = taken.insert(BlockId { number: block.number, hash }, block.signed, block.parent);
		}
		// After a reorganisation it may be less for a while: what is credited stays so.
		let total = taken.total();
		let more = usize::try_from(total.saturating_sub(credited)).unwrap_or(usize::MAX);
		shared.room.add_permits(more.min(Semaphore::MAX_PERMITS / 2));
		credited = credited.max(total);
	}
}

/// A block, asked for until the node answers; `None` if it does not.
async fn fetch(http: &Http, hash: Hash32) -> Option<Block> {
	for _ in 0..ASKED {
		if let Some(block) = Box::pin(http.block(hash)).await {
			return Some(block);
		}
		sleep(PAUSE).await;
	}
	None
}
