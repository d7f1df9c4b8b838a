//! A node that says of its forks what a test lets it say.

use std::{
	collections::VecDeque,
	sync::{Mutex, PoisonError},
};

use cairn_types::Hash32;
use jsonrpsee::{
	RpcModule,
	server::{Server, ServerHandle, SubscriptionMessage},
};
use serde_json::{Value, json};

use crate::client::Chain;

/// The hash of a block with this number, on a fork with this name.
pub(crate) fn block(number: u8, fork: u8) -> Hash32 {
	let mut hash = [fork; 32];
	hash[0] = number;
	hash
}

/// A hash as JSON has it.
pub(crate) fn text(hash: Hash32) -> String {
	format!("0x{}", hex::encode(hash))
}

/// Answers in order; the last one stays.
#[derive(Debug)]
struct Answers<T>(Mutex<VecDeque<T>>);

impl<T: Clone> Answers<T> {
	fn new(answers: impl IntoIterator<Item = T>) -> Self {
		Self(Mutex::new(answers.into_iter().collect()))
	}

	fn next(&self) -> T {
		let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
		let next = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
		next.expect("an answer")
	}
}

/// What a node answers.
#[derive(Debug, Default)]
pub(crate) struct Script {
	/// Its best blocks.
	pub(crate) best: Vec<Hash32>,
	/// What its best chain has at the number that is asked about.
	pub(crate) chain: Vec<Hash32>,
	/// The next nonce of every account.
	pub(crate) nonces: Vec<u32>,
	/// What becomes of every transaction.
	pub(crate) statuses: Vec<Value>,
}

struct Node {
	best: Answers<Hash32>,
	chain: Answers<Hash32>,
	nonces: Answers<u32>,
	statuses: Vec<Value>,
}

/// A connection to a node with this script, which runs as long as the handle is kept.
pub(crate) async fn play(script: Script) -> (Chain, ServerHandle) {
	let Script { best, chain, nonces, statuses } = script;
	let (best, chain, nonces) = (Answers::new(best), Answers::new(chain), Answers::new(nonces));
	let mut module = RpcModule::new(Node { best, chain, nonces, statuses });
	let registered = module.register_method("chain_getBlockHash", |params, node, _| {
		match params.sequence().optional_next::<u64>().expect("a number or nothing") {
			None => text(node.best.next()),
			Some(0) => text([0; 32]),
			Some(_) => text(node.chain.next()),
		}
	});
	registered.expect("a new name");
	let registered = module.register_method("chain_getHeader", |params, _, _| {
		let hash = params.one::<String>().expect("a hash");
		json!({
			"parentHash": text([0; 32]),
			// Its first byte is the number.
			"number": hash.get(..4),
			"stateRoot": text([0; 32]),
			"extrinsicsRoot": text([0; 32]),
			"digest": { "logs": [] },
		})
	});
	registered.expect("a new name");
	let registered =
		module.register_method("system_accountNextIndex", |_, node, _| node.nonces.next());
	registered.expect("a new name");
	let registered = module.register_subscription(
		"author_submitAndWatchExtrinsic",
		"author_extrinsicUpdate",
		"author_unwatchExtrinsic",
		|_, pending, node, _| async move {
			let sink = pending.accept().await.expect("a subscriber");
			for status in &node.statuses {
				let message = SubscriptionMessage::from_json(status).expect("JSON");
				sink.send(message).await.expect("a subscriber");
			}
			sink.closed().await;
		},
	);
	registered.expect("a new name");
	let server = Server::builder().build("127.0.0.1:0").await.expect("a free port");
	let address = server.local_addr().expect("bound");
	let handle = server.start(module);
	(Chain::lazy(&format!("ws://{address}")), handle)
}
