//! Following the chain block by block, over any number of connections.

use std::time::Duration;

use subxt::client::Blocks as Stream;
use tokio::time::{sleep, timeout};

use crate::{
	client::{BlockId, Chain},
	config::CairnConfig,
	error::Error,
};

/// Without a block for so long the connection is made anew.
const SILENCE: Duration = Duration::from_secs(120);
/// Longest pause between attempts to connect.
const MAX_PAUSE: Duration = Duration::from_secs(15);

/// Which blocks to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
	/// Each new best block: newest first known, may be reorganised away.
	Best,
	/// Each finalized block, in order.
	Finalized,
}

/// A subscription that outlives its connections; see [`Chain::blocks`].
pub struct Blocks {
	chain: Chain,
	kind: Kind,
	stream: Option<Stream<CairnConfig>>,
	pause: Duration,
}

impl Chain {
	/// Follow the chain. The first block comes at once or with the next block, after a
	/// reconnection some may be missing.
	#[must_use]
	pub fn blocks(&self, kind: Kind) -> Blocks {
		Blocks { chain: self.clone(), kind, stream: None, pause: Duration::from_millis(250) }
	}
}

impl Blocks {
	/// The next block. Waits as long as it takes: a node that is away is looked for again and again.
	pub async fn next(&mut self) -> BlockId {
		loop {
			match self.try_next().await {
				Ok(block) => {
					self.pause = Duration::from_millis(250);
					return block;
				},
				Err(cause) => {
					tracing::warn!(%cause, "waiting for the node");
					self.stream = None;
					sleep(self.pause).await;
					self.pause = (self.pause * 2).min(MAX_PAUSE);
				},
			}
		}
	}

	async fn try_next(&mut self) -> Result<BlockId, Error> {
		if self.stream.is_none() {
			self.stream = Some(subscribe(&self.chain, self.kind).await?);
		}
		let Some(stream) = self.stream.as_mut() else {
			return Err(self.chain.unreachable("no subscription"));
		};
		let lost = match timeout(SILENCE, stream.next()).await {
			Ok(Some(Ok(block))) => {
				let number = u32::try_from(block.number()).unwrap_or(u32::MAX);
				return Ok(BlockId { number, hash: block.hash().0 });
			},
			Ok(Some(Err(cause))) => cause.to_string(),
			Ok(None) => "the subscription ended".to_owned(),
			Err(_) => "no block for two minutes".to_owned(),
		};
		let link = self.chain.link().await?;
		self.chain.drop_link(&link).await;
		Err(self.chain.unreachable(&lost))
	}
}

async fn subscribe(chain: &Chain, kind: Kind) -> Result<Stream<CairnConfig>, Error> {
	let link = chain.link().await?;
	let stream = match kind {
		Kind::Best => link.client.stream_best_blocks().await,
		Kind::Finalized => link.client.stream_blocks().await,
	};
	match stream {
		Ok(stream) => Ok(stream),
		Err(cause) => {
			chain.drop_link(&link).await;
			Err(chain.unreachable(&cause.to_string()))
		},
	}
}
