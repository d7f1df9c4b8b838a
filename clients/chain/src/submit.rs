//! Sending a transaction and learning what became of it.

use std::{
	future::ready,
	time::{Duration, Instant},
};

use cairn_types::Hash32;
use codec::Decode;
use subxt::{
	config::DefaultExtrinsicParamsBuilder,
	events::Phase,
	rpcs::{
		client::RpcSubscription,
		methods::legacy::{NumberOrHex, TransactionStatus},
	},
	utils::H256,
};
use tokio::time::timeout;

use crate::{
	call::Call,
	client::{BlockId, Chain, Link},
	config::CairnConfig,
	dispatch::DispatchFailure,
	error::{Error, of_rpc, of_submission},
	nonce::LOOK,
	signer::Signer,
};

/// Blocks for which a transaction may be included.
const LIFETIME: u64 = 64;
/// Blocks behind the best in which a lifetime may begin at the latest.
const BIRTH_DEPTH: u32 = 16;
/// How often a transaction is signed at most: anew whenever its nonce was used meanwhile.
const ATTEMPTS: u32 = 8;
/// How long nothing may be heard of a transaction.
const SILENCE: Duration = Duration::from_secs(600);

/// How far to wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Until {
	/// Included in a block of the best chain.
	#[default]
	InBlock,
	/// Included in a finalized block.
	Finalized,
}

/// What a transaction has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
	/// Signed with this nonce.
	Signed(u32),
	/// In the node's pool.
	InPool,
	/// In a block, which may be on a fork that never becomes the best chain.
	InBlock(Hash32),
	/// Its block is not on the best chain any more; it waits in the pool again.
	Retracted,
	/// In a finalized block.
	Finalized(Hash32),
}

/// How to send a transaction.
#[derive(Clone, Copy, Default)]
pub struct SubmitOptions<'a> {
	/// How far to wait.
	pub until: Until,
	/// The nonce; `None`: the account's next one.
	pub nonce: Option<u32>,
	/// Told of every step.
	pub progress: Option<&'a (dyn Fn(Progress) + Send + Sync)>,
}

impl SubmitOptions<'_> {
	/// Wait until the transaction's block is finalized.
	#[must_use]
	pub fn finalized() -> Self {
		Self { until: Until::Finalized, ..Self::default() }
	}

	fn tell(&self, progress: Progress) {
		if let Some(tell) = self.progress {
			tell(progress);
		}
	}
}

/// An event of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
	/// The pallet's name.
	pub pallet: String,
	/// The event's name.
	pub name: String,
	/// SCALE of its fields, in order.
	pub fields: Vec<u8>,
}

/// A transaction that was executed without error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
	/// Its block's hash.
	pub block: Hash32,
	/// Its block's number.
	pub number: u32,
	/// Its place in the block.
	pub index: u32,
	/// Its events.
	pub events: Vec<Event>,
}

impl Outcome {
	/// The fields of the first event of that name, as a tuple in order; `None` if there is none or
	/// its fields are others.
	#[must_use]
	pub fn find<T: Decode>(&self, pallet: &str, name: &str) -> Option<T> {
		let event =
			self.events.iter().find(|event| event.pallet == pallet && event.name == name)?;
		T::decode(&mut event.fields.as_slice()).ok()
	}

	/// The fields of every event of that name that has such fields.
	#[must_use]
	pub fn all<T: Decode>(&self, pallet: &str, name: &str) -> Vec<T> {
		let named = self.events.iter().filter(|event| event.pallet == pallet && event.name == name);
		named.filter_map(|event| T::decode(&mut event.fields.as_slice()).ok()).collect()
	}
}

impl Chain {
	/// Sign `call`, send it and wait until it is executed. Without a nonce it is signed anew if
	/// another transaction takes its nonce before the pool has it, as [`Chain::submit_made`] does.
	///
	/// # Errors
	/// [`Error::Dispatch`] if the call failed, with cause and remedy; others if it did not get that
	/// far.
	pub async fn submit(
		&self,
		call: &Call,
		signer: &Signer,
		options: SubmitOptions<'_>,
	) -> Result<Outcome, Error> {
		match options.nonce {
			Some(nonce) => self.submit_at(call, signer, nonce, options).await,
			None => self.submit_made(signer, options, |_| ready(Ok(call.clone()))).await,
		}
	}

	/// [`Chain::submit`] for a call that says its transaction's nonce itself: `call` makes it, for
	/// the account's next nonce, and once more whenever that nonce was used meanwhile, by another
	/// command or because a reorganisation brought a transaction back. Only what the pool refused is
	/// made again, so nothing is sent twice. A nonce in `options` is not looked at.
	///
	/// # Errors
	/// As [`Chain::submit`], and what `call` fails with.
	pub async fn submit_made<E: From<Error>, A>(
		&self,
		signer: &Signer,
		options: SubmitOptions<'_>,
		call: impl Fn(u32) -> A,
	) -> Result<Outcome, E>
	where
		A: Future<Output = Result<Call, E>>,
	{
		let account = signer.account();
		let mut attempt = 1;
		loop {
			let nonce = self.free_nonce(&account).await?;
			let sent = self.submit_at(&call(nonce).await?, signer, nonce, options).await;
			match sent {
				Err(Error::NonceUsed { cause }) if attempt < ATTEMPTS => {
					tracing::debug!(nonce, cause, "signing anew");
				},
				sent => return Ok(sent?),
			}
			if self.next_nonce(&account).await? == nonce {
				// The node's pool looks at one fork, and its state is another's.
				self.another_best().await?;
			}
			attempt += 1;
		}
	}

	/// [`Chain::submit`] with this nonce, once.
	async fn submit_at(
		&self,
		call: &Call,
		signer: &Signer,
		nonce: u32,
		options: SubmitOptions<'_>,
	) -> Result<Outcome, Error> {
		let link = self.link().await?;
		let bytes = self.sign(&link, call, signer, nonce).await?;
		options.tell(Progress::Signed(nonce));
		let mut statuses = self.send(&link, &bytes).await?;
		let block = self.watch(&link, &mut statuses, options).await?;
		self.inner.used.note(&signer.account(), nonce);
		self.outcome(block, &bytes).await
	}

	/// The signed transaction's bytes.
	async fn sign(
		&self,
		link: &Link,
		call: &Call,
		signer: &Signer,
		nonce: u32,
	) -> Result<Vec<u8>, Error> {
		let best = self.best().await?;
		let birth = self.birth(best).await?;
		let at = link
			.client
			.at_block_hash_and_number(H256(best.hash), u64::from(best.number))
			.await
			.map_err(|cause| self.unreachable(&cause.to_string()))?;
		let transactions = at.tx();
		let incompatible = |cause: String| Error::Incompatible { call: call.name(), cause };
		// The bytes were made without looking at this runtime: let its metadata read them.
		let encoded = call.encode(at.metadata_ref())?;
		transactions
			.from_call_data_bytes(&encoded)
			.map_err(|cause| incompatible(cause.to_string()))?;
		let params = DefaultExtrinsicParamsBuilder::<CairnConfig>::new()
			.nonce(u64::from(nonce))
			.mortal_from_unchecked(LIFETIME, u64::from(birth.number), H256(birth.hash))
			.build();
		let mut signable = transactions
			.create_signable_offline(call, params)
			.map_err(|cause| incompatible(cause.to_string()))?;
		let signed = signable.sign(signer).map_err(|cause| incompatible(cause.to_string()))?;
		Ok(signed.encoded().to_vec())
	}

	/// Where a lifetime begins: a finalized block, or one that is deep enough if finality lags.
	async fn birth(&self, best: BlockId) -> Result<BlockId, Error> {
		let finalized = self.finalized().await?;
		let oldest = best.number.saturating_sub(BIRTH_DEPTH);
		if finalized.number >= oldest {
			return Ok(finalized);
		}
		let hash = self.block_hash(oldest).await?;
		Ok(hash.map_or(finalized, |hash| BlockId { number: oldest, hash }))
	}

	async fn send(
		&self,
		link: &Link,
		bytes: &[u8],
	) -> Result<RpcSubscription<TransactionStatus<H256>>, Error> {
		match link.rpc.author_submit_and_watch_extrinsic(bytes).await {
			Ok(statuses) => Ok(statuses),
			Err(subxt::rpcs::Error::User(error)) => {
				let data = error.data.as_ref().map(|data| data.get());
				Err(of_submission(error.code, &error.message, data))
			},
			Err(cause) => {
				self.drop_link(link).await;
				Err(of_rpc(self.url(), "a transaction", &cause))
			},
		}
	}

	/// Follow the transaction; returns the block it is in.
	async fn watch(
		&self,
		link: &Link,
		statuses: &mut RpcSubscription<TransactionStatus<H256>>,
		options: SubmitOptions<'_>,
	) -> Result<Hash32, Error> {
		// The pool tells of blocks on every fork, the best one or not.
		let mut included = Vec::new();
		let mut heard = Instant::now();
		let cause = loop {
			let mut patience = SILENCE;
			if options.until == Until::InBlock && !included.is_empty() {
				if let Some(block) = self.on_best_chain(link, &included).await {
					return Ok(block);
				}
				patience = LOOK;
			}
			let status = match timeout(patience, statuses.next()).await {
				Ok(Some(Ok(status))) => status,
				Ok(Some(Err(cause))) => {
					self.drop_link(link).await;
					return Err(not_included(&format!("the node was lost while waiting: {cause}")));
				},
				Ok(None) => {
					self.drop_link(link).await;
					return Err(not_included("the node was lost while waiting"));
				},
				Err(_) if heard.elapsed() < SILENCE => continue,
				Err(_) => return Err(not_included("nothing was heard of it for ten minutes")),
			};
			heard = Instant::now();
			match status {
				TransactionStatus::Future
				| TransactionStatus::Ready
				| TransactionStatus::Broadcast(_) => options.tell(Progress::InPool),
				TransactionStatus::InBlock(hash) => {
					options.tell(Progress::InBlock(hash.0));
					included.push(hash);
				},
				TransactionStatus::Retracted(_) => options.tell(Progress::Retracted),
				TransactionStatus::Finalized(hash) => {
					options.tell(Progress::Finalized(hash.0));
					return Ok(hash.0);
				},
				TransactionStatus::FinalityTimeout(_) => {
					return Err(not_included("its block was not finalized in time"));
				},
				TransactionStatus::Usurped(_) => {
					break "another transaction with its nonce took its place";
				},
				TransactionStatus::Dropped => break "the node's pool is full",
				TransactionStatus::Invalid => break "it became invalid while it waited",
			}
		};
		// That may have been on one fork, while another one with it has won.
		let won = match options.until {
			Until::InBlock => self.on_best_chain(link, &included).await,
			Until::Finalized => None,
		};
		won.ok_or_else(|| not_included(cause))
	}

	/// The first of these blocks that is on the best chain of the node that told of them, as far as it
	/// says so: if it is lost, the transaction's statuses end.
	async fn on_best_chain(&self, link: &Link, blocks: &[H256]) -> Option<Hash32> {
		const REQUEST: &str = "whether a block is on the best chain";
		for hash in blocks {
			let header = link.rpc.chain_get_header(Some(*hash));
			// A fork that has lost is forgotten in the end.
			let Some(header) = self.wait(link, REQUEST, header).await.ok()? else { continue };
			let number = link.rpc.chain_get_block_hash(Some(NumberOrHex::Number(header.number)));
			if self.wait(link, REQUEST, number).await.ok()? == Some(*hash) {
				return Some(hash.0);
			}
		}
		None
	}

	/// The events of the transaction with these bytes.
	async fn outcome(&self, block: Hash32, bytes: &[u8]) -> Result<Outcome, Error> {
		const REQUEST: &str = "the transaction's block";
		let refused = |cause: String| Error::Refused { request: REQUEST.to_owned(), cause };
		let body = self
			.ask(REQUEST, |link| async move { link.rpc.chain_get_block(Some(H256(block))).await })
			.await?
			.ok_or_else(|| refused("it knows none".to_owned()))?;
		let place = body.block.extrinsics.iter().position(|extrinsic| extrinsic.0 == bytes);
		let index = place
			.and_then(|place| u32::try_from(place).ok())
			.ok_or_else(|| refused("the transaction is not in it".to_owned()))?;
		let number = u32::try_from(body.block.header.number).unwrap_or(u32::MAX);
		// Not that of the statuses: it may be lost since.
		let link = self.link().await?;
		let at = link
			.client
			.at_block_hash_and_number(H256(block), u64::from(number))
			.await
			.map_err(|cause| refused(cause.to_string()))?;
		let all = at.events().fetch().await.map_err(|cause| refused(cause.to_string()))?;
		let mut events = Vec::new();
		for event in all.iter() {
			let event = event.map_err(|cause| refused(cause.to_string()))?;
			if event.phase() != Phase::ApplyExtrinsic(index) {
				continue;
			}
			let (pallet, name) = (event.pallet_name(), event.event_name());
			if pallet == "System" && name == "ExtrinsicFailed" {
				return Err(DispatchFailure::decode(event.field_bytes(), at.metadata_ref()).into());
			}
			events.push(Event {
				pallet: pallet.to_owned(),
				name: name.to_owned(),
				fields: event.field_bytes().to_vec(),
			});
		}
		Ok(Outcome { block, number, index, events })
	}
}

fn not_included(cause: &str) -> Error {
	Error::NotIncluded { cause: cause.to_owned() }
}

#[cfg(test)]
mod tests {
	use serde_json::{Value, json};

	use super::*;
	use crate::scripted_node::{Script, block, play, text};

	/// The fork that the transaction's block is on, and another one.
	const OURS: u8 = 1;
	const OTHER: u8 = 2;

	/// What is said of a transaction with these statuses, while the best chain has these forks' blocks
	/// when it is looked at.
	async fn watched(
		statuses: Vec<Value>,
		forks: &[u8],
		options: SubmitOptions<'_>,
	) -> Result<Hash32, Error> {
		let chain = forks.iter().map(|fork| block(7, *fork)).collect();
		let script = Script { chain, statuses, ..Script::default() };
		let (chain, _node) = play(script).await;
		let link = chain.link().await?;
		let mut statuses = chain.send(&link, b"a transaction").await?;
		chain.watch(&link, &mut statuses, options).await
	}

	fn in_block() -> Vec<Value> {
		vec![json!("ready"), json!({ "inBlock": text(block(7, OURS)) })]
	}

	#[tokio::test]
	async fn a_block_counts_when_its_fork_is_the_best_chain() {
		for forks in [&[OURS][..], &[OTHER, OTHER, OURS]] {
			let found = watched(in_block(), forks, SubmitOptions::default()).await;
			assert_eq!(found.expect("included"), block(7, OURS));
		}
	}

	#[tokio::test]
	async fn what_is_final_needs_no_look() {
		let mut statuses = in_block();
		statuses.push(json!({ "finalized": text(block(8, OTHER)) }));
		for options in [SubmitOptions::default(), SubmitOptions::finalized()] {
			let found = watched(statuses.clone(), &[OTHER], options).await;
			assert_eq!(found.expect("final"), block(8, OTHER));
		}
	}

	#[tokio::test]
	async fn who_loses_a_nonce_on_a_fork_may_have_won_on_another() {
		let mut statuses = in_block();
		statuses.push(json!({ "usurped": text([9; 32]) }));
		let won = watched(statuses.clone(), &[OTHER, OURS], SubmitOptions::default()).await;
		assert_eq!(won.expect("included"), block(7, OURS));
		for (forks, options) in
			[(&[OTHER][..], SubmitOptions::default()), (&[OURS][..], SubmitOptions::finalized())]
		{
			let lost = watched(statuses.clone(), forks, options).await;
			assert!(matches!(lost, Err(Error::NotIncluded { .. })), "{lost:?}");
		}
	}
}
