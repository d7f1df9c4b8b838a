//! The events of a chain's blocks, whatever caused them: transactions or hooks.

use std::{sync::Arc, time::Duration};

use cairn_chain::{BlockId, CairnConfig, Event};
use subxt::{OnlineClient, backend::LegacyBackend, rpcs::RpcClient, utils::H256};
use tokio::time::timeout;

use crate::{node::Node, until};

/// How long a connection may take, and the events of a block.
const ANSWER: Duration = Duration::from_secs(60);

/// The chain by this node, over a connection of its own: for what [`cairn_chain`] does not offer.
///
/// # Panics
/// If there is no connection.
pub async fn client(node: &Node) -> OnlineClient<CairnConfig> {
	let connection = RpcClient::from_insecure_url(node.chain.url());
	let connection = timeout(ANSWER, connection).await.expect("a connection in time");
	let backend = LegacyBackend::<CairnConfig>::builder().build(connection.expect("a node"));
	let client = OnlineClient::from_backend_with_config(CairnConfig::default(), Arc::new(backend));
	let client = timeout(ANSWER, Box::pin(client)).await.expect("metadata in time");
	client.expect("a chain")
}

/// Reads finalized blocks one after the other.
pub struct Events {
	client: OnlineClient<CairnConfig>,
	/// The next height to read.
	next: u32,
}

/// An event, and the block it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
	/// The block.
	pub block: BlockId,
	/// What happened.
	pub event: Event,
}

impl Events {
	/// Read by this node, from the height `from` on.
	///
	/// # Panics
	/// If there is no connection.
	pub async fn from(node: &Node, from: u32) -> Self {
		Self { client: Box::pin(client(node)).await, next: from }
	}

	/// Wait for the next block with an event of this name; what it reads over is not read again.
	///
	/// # Panics
	/// If none comes within `limit`.
	pub async fn next(
		&mut self,
		node: &Node,
		pallet: &str,
		name: &str,
		limit: Duration,
	) -> Vec<Happened> {
		until(&format!("an event {pallet}.{name}"), limit, async || {
			let head = node.finalized().await?;
			while self.next <= head.number {
				let hash = node.block_hash(self.next).await?;
				let block = BlockId { number: self.next, hash };
				let all = self.at(block).await?;
				self.next += 1;
				let is_named = |event: &Event| event.pallet == pallet && event.name == name;
				let found = all.into_iter().filter(is_named);
				let found = found.map(|event| Happened { block, event }).collect::<Vec<_>>();
				if !found.is_empty() {
					return Some(found);
				}
			}
			None
		})
		.await
	}

	/// Every event of a block; `None` if they cannot be had now.
	pub async fn at(&self, block: BlockId) -> Option<Vec<Event>> {
		let (hash, number) = (H256(block.hash), u64::from(block.number));
		let at = Box::pin(self.client.at_block_hash_and_number(hash, number)).await.ok()?;
		let all = Box::pin(at.events().fetch()).await.ok()?;
		let mut events = Vec::new();
		for event in all.iter() {
			let event = event.ok()?;
			events.push(Event {
				pallet: event.pallet_name().to_owned(),
				name: event.event_name().to_owned(),
				fields: event.field_bytes().to_vec(),
			});
		}
		Some(events)
	}
}
