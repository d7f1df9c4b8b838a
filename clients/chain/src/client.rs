//! One connection to a node, shared by all who ask, made again when it breaks.

use std::{
	sync::{
		Arc,
		atomic::{AtomicU64, Ordering},
	},
	time::Duration,
};

use cairn_types::Hash32;
use subxt::{
	Metadata, OnlineClient,
	backend::LegacyBackend,
	config::RpcConfigFor,
	rpcs::{LegacyRpcMethods, RpcClient, methods::legacy::NumberOrHex},
	utils::H256,
};
use tokio::{
	sync::{Mutex, OnceCell},
	time::timeout,
};

use crate::{
	account::{AccountBalance, balance_key},
	call::Call,
	config::CairnConfig,
	error::{Error, of_rpc},
	nonce::Used,
};

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long an answer may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) type Rpc = LegacyRpcMethods<RpcConfigFor<CairnConfig>>;

/// The state that a question is put to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
	/// The node's best block: newest, may be reorganised away.
	Best,
	/// The last finalized block.
	Finalized,
	/// A block.
	Block(Hash32),
}

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockId {
	/// Its number.
	pub number: u32,
	/// Its hash.
	pub hash: Hash32,
}

/// The chain behind a node. Cheap to clone; reconnects by itself.
#[derive(Clone)]
pub struct Chain {
	pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
	url: String,
	/// Shared over connections: it caches the metadata of each runtime version.
	config: CairnConfig,
	genesis: OnceCell<Hash32>,
	link: Mutex<Option<Link>>,
	made: AtomicU64,
	/// Nonces of transactions that were sent from here and got into a block: each account's newest.
	pub(crate) used: Used,
}

/// A connection.
#[derive(Clone)]
pub(crate) struct Link {
	id: u64,
	/// For what is not among the standard methods.
	pub(crate) raw: RpcClient,
	pub(crate) rpc: Rpc,
	pub(crate) client: OnlineClient<CairnConfig>,
}

impl std::fmt::Debug for Chain {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.debug_tuple("Chain").field(&self.inner.url).finish()
	}
}

impl Chain {
	/// Connect to the node at `url` (ws:// or wss://).
	///
	/// # Errors
	/// [`Error::Unreachable`] if there is none.
	pub async fn connect(url: &str) -> Result<Self, Error> {
		let chain = Self::lazy(url);
		chain.genesis().await?;
		Ok(chain)
	}

	/// The chain behind `url`, connected when first asked.
	#[must_use]
	pub fn lazy(url: &str) -> Self {
		Self {
			inner: Arc::new(Inner {
				url: url.to_owned(),
				config: CairnConfig::default(),
				genesis: OnceCell::new(),
				link: Mutex::new(None),
				made: AtomicU64::new(0),
				used: Used::default(),
			}),
		}
	}

	/// Where the node is.
	#[must_use]
	pub fn url(&self) -> &str {
		&self.inner.url
	}

	/// Hash of the chain's first block.
	///
	/// # Errors
	/// [`Error::Unreachable`] if the node was never reached.
	pub async fn genesis(&self) -> Result<Hash32, Error> {
		if let Some(genesis) = self.inner.genesis.get() {
			return Ok(*genesis);
		}
		Ok(self.link().await?.client.genesis_hash().0)
	}

	/// The node's best block.
	///
	/// # Errors
	/// If the node does not answer.
	pub async fn best(&self) -> Result<BlockId, Error> {
		const REQUEST: &str = "the best block";
		let hash = self
			.ask(REQUEST, |link| async move { link.rpc.chain_get_block_hash(None).await })
			.await?;
		let hash = hash.ok_or_else(|| nothing(REQUEST))?;
		self.block(hash.0).await
	}

	/// The last finalized block.
	///
	/// # Errors
	/// If the node does not answer.
	pub async fn finalized(&self) -> Result<BlockId, Error> {
		const REQUEST: &str = "the finalized block";
		let hash = self
			.ask(REQUEST, |link| async move { link.rpc.chain_get_finalized_head().await })
			.await?;
		self.block(hash.0).await
	}

	/// The block of a hash.
	///
	/// # Errors
	/// If the node does not answer or does not know it.
	pub async fn block(&self, hash: Hash32) -> Result<BlockId, Error> {
		const REQUEST: &str = "a block's header";
		let header = self
			.ask(REQUEST, |link| async move { link.rpc.chain_get_header(Some(H256(hash))).await })
			.await?
			.ok_or_else(|| nothing(REQUEST))?;
		Ok(BlockId { number: u32::try_from(header.number).unwrap_or(u32::MAX), hash })
	}

	/// Hash of the best chain's block of that number; `None` if there is none yet.
	///
	/// # Errors
	/// If the node does not answer.
	pub async fn block_hash(&self, number: u32) -> Result<Option<Hash32>, Error> {
		let number = NumberOrHex::Number(u64::from(number));
		let hash = self
			.ask("a block's hash", |link| async move {
				link.rpc.chain_get_block_hash(Some(number)).await
			})
			.await?;
		Ok(hash.map(|hash| hash.0))
	}

	/// What an account has.
	///
	/// # Errors
	/// If the node does not answer, or in another form.
	pub async fn balance(&self, account: &[u8; 32], at: At) -> Result<AccountBalance, Error> {
		const REQUEST: &str = "an account's balance";
		let key = balance_key(account);
		let key = key.as_slice();
		let at = self.resolve(at).await?;
		let bytes = self
			.ask(REQUEST, |link| async move { link.rpc.state_get_storage(key, at).await })
			.await?;
		match bytes {
			Some(bytes) => decode(REQUEST, &bytes),
			None => Ok(AccountBalance::default()),
		}
	}

	/// `calls` as one: all of them in order, or none.
	///
	/// # Errors
	/// If the node does not answer, or its runtime lacks one of them.
	pub async fn batch(&self, calls: &[Call]) -> Result<Call, Error> {
		let metadata = self.metadata().await?;
		Call::batch_all(calls, &metadata)
	}

	/// The runtime's metadata at the best block.
	///
	/// # Errors
	/// If the node does not answer.
	pub async fn metadata(&self) -> Result<Arc<Metadata>, Error> {
		let best = self.best().await?;
		let link = self.link().await?;
		let at = link.client.at_block_hash_and_number(H256(best.hash), u64::from(best.number));
		let at = at.await.map_err(|cause| Error::Refused {
			request: "the metadata".to_owned(),
			cause: cause.to_string(),
		})?;
		Ok(at.metadata())
	}

	/// Call a function of the runtime's API and decode its answer.
	pub(crate) async fn call_api<T: codec::Decode>(
		&self,
		function: &'static str,
		args: &[u8],
		at: At,
	) -> Result<T, Error> {
		let at = self.resolve(at).await?;
		let answer =
			self.ask(function, |link| async move {
				link.rpc.state_call(function, Some(args), at).await
			})
			.await?;
		decode(function, &answer)
	}

	/// The block to ask at; `None` is the best.
	pub(crate) async fn resolve(&self, at: At) -> Result<Option<H256>, Error> {
		Ok(match at {
			At::Best => None,
			At::Block(hash) => Some(H256(hash)),
			At::Finalized => {
				let head = self.ask("the finalized block", |link| async move {
					link.rpc.chain_get_finalized_head().await
				});
				Some(head.await?)
			},
		})
	}

	/// Put a question; once more over a new connection if the old one broke.
	pub(crate) async fn ask<T, F, A>(&self, request: &str, question: F) -> Result<T, Error>
	where
		F: Fn(Link) -> A,
		A: Future<Output = Result<T, subxt::rpcs::Error>>,
	{
		let link = self.link().await?;
		let answer = self.wait(&link, request, question(link.clone())).await;
		if !matches!(answer, Err(Error::Unreachable { .. })) {
			return answer;
		}
		let link = self.link().await?;
		self.wait(&link, request, question(link.clone())).await
	}

	/// Wait for an answer, within limits; forget the connection if it broke.
	pub(crate) async fn wait<T>(
		&self,
		link: &Link,
		request: &str,
		answer: impl Future<Output = Result<T, subxt::rpcs::Error>>,
	) -> Result<T, Error> {
		let error = match timeout(REQUEST_TIMEOUT, answer).await {
			Ok(Ok(answer)) => return Ok(answer),
			Ok(Err(cause)) => of_rpc(&self.inner.url, request, &cause),
			Err(_) => self.unreachable("no answer in time"),
		};
		if matches!(error, Error::Unreachable { .. }) {
			self.drop_link(link).await;
		}
		Err(error)
	}

	/// The connection, made if there is none.
	pub(crate) async fn link(&self) -> Result<Link, Error> {
		let mut slot = self.inner.link.lock().await;
		if let Some(link) = slot.as_ref() {
			return Ok(link.clone());
		}
		let link = timeout(CONNECT_TIMEOUT, self.open())
			.await
			.map_err(|_| self.unreachable("no connection in time"))??;
		let genesis = link.client.genesis_hash().0;
		let expected = *self.inner.genesis.get_or_init(|| async move { genesis }).await;
		if genesis != expected {
			return Err(Error::OtherChain {
				url: self.inner.url.clone(),
				found: hex::encode(genesis),
				expected: hex::encode(expected),
			});
		}
		*slot = Some(link.clone());
		Ok(link)
	}

	async fn open(&self) -> Result<Link, Error> {
		let rpc = RpcClient::from_insecure_url(&self.inner.url)
			.await
			.map_err(|cause| of_rpc(&self.inner.url, "a connection", &cause))?;
		let backend = LegacyBackend::<CairnConfig>::builder().build(rpc.clone());
		let client =
			OnlineClient::from_backend_with_config(self.inner.config.clone(), Arc::new(backend));
		let client = client.await.map_err(|cause| self.unreachable(&cause.to_string()))?;
		let id = self.inner.made.fetch_add(1, Ordering::Relaxed);
		tracing::debug!(url = %self.inner.url, connection = id, "connected to the node");
		Ok(Link { id, raw: rpc.clone(), rpc: LegacyRpcMethods::new(rpc), client })
	}

	/// Forget a broken connection, unless somebody else did.
	pub(crate) async fn drop_link(&self, broken: &Link) {
		let mut slot = self.inner.link.lock().await;
		if slot.as_ref().is_some_and(|link| link.id == broken.id) {
			*slot = None;
			tracing::warn!(url = %self.inner.url, "lost the connection to the node");
		}
	}

	pub(crate) fn unreachable(&self, cause: &str) -> Error {
		Error::Unreachable { url: self.inner.url.clone(), cause: cause.to_owned() }
	}
}

fn decode<T: codec::Decode>(request: &str, bytes: &[u8]) -> Result<T, Error> {
	let mut input = bytes;
	let undecodable = |cause: String| Error::Undecodable { request: request.to_owned(), cause };
	let answer = T::decode(&mut input).map_err(|cause| undecodable(cause.to_string()))?;
	if input.is_empty() { Ok(answer) } else { Err(undecodable("bytes are left over".to_owned())) }
}

fn nothing(request: &str) -> Error {
	Error::Refused { request: request.to_owned(), cause: "it knows none".to_owned() }
}
