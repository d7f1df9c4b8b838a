//! Who sends transfers, and the transfers, signed before they are sent.

use std::sync::Arc;

use cairn_chain::{BlockId, CairnConfig, Signer, calls};
use cairn_network_tests::{events, intake::Lane, node::Node, processors::in_parallel};
use sp_crypto_hashing::blake2_256;
use subxt::{
	client::OnlineClientAtBlockImpl, config::DefaultExtrinsicParamsBuilder, tx::TransactionsClient,
	utils::H256,
};

/// What a transfer moves, in the smallest units: accounts exist, so that any amount will do.
const AMOUNT: u128 = 1_000;

/// Makes transactions of a chain as of a block.
type Transactions = TransactionsClient<CairnConfig, OnlineClientAtBlockImpl<CairnConfig>>;

/// As many accounts, always the same ones.
pub(crate) fn derive(count: u32) -> Vec<Signer> {
	(0..count).map(account).collect()
}

fn account(index: u32) -> Signer {
	let seed = blake2_256(format!("throughput {index}").as_bytes());
	let secret = format!("0x{}", hex::encode(seed));
	Signer::from_suri(&secret).expect("32 bytes are a secret")
}

/// Sign `count` transfers for each of `lanes` connections. No two lanes share an account, so that a
/// lane's order is that of nonces; an account's turn comes again when all others of its lane have
/// sent, so that few transactions of one account wait at a time.
///
/// The transactions are immortal, their nonces begin at 0, and the node's metadata says what else is
/// signed: they are good for this chain, whatever it is, once.
pub(crate) async fn sign(
	node: &Node,
	accounts: &Arc<Vec<Signer>>,
	lanes: usize,
	count: usize,
) -> Vec<Lane> {
	let client = Box::pin(events::client(node)).await;
	let BlockId { number, hash } = node.best().await.expect("a best block");
	let at = Box::pin(client.at_block_hash_and_number(H256(hash), u64::from(number))).await;
	let transactions = at.expect("the chain's metadata").transactions();
	let accounts = Arc::clone(accounts);
	let signed = tokio::task::spawn_blocking(move || {
		let groups = accounts.chunks(accounts.len().div_ceil(lanes)).collect::<Vec<_>>();
		in_parallel(&groups, |group| lane(&transactions, group, count))
	});
	signed.await.expect("transfers can be signed")
}

/// Sign the transfers of one lane: each account sends to the next.
fn lane(transactions: &Transactions, accounts: &[Signer], count: usize) -> Lane {
	let places = accounts.iter().zip(accounts.iter().cycle().skip(1)).cycle().take(count);
	let nonces = (0..count).map(|index| index / accounts.len());
	let transfers = places.zip(nonces).map(|((from, to), nonce)| {
		let nonce = u64::try_from(nonce).expect("few transfers");
		transfer(transactions, from, &to.account(), nonce)
	});
	transfers.collect()
}

fn transfer(transactions: &Transactions, from: &Signer, to: &[u8; 32], nonce: u64) -> String {
	let call = calls::balances::transfer_keep_alive(to, AMOUNT);
	let parameters = DefaultExtrinsicParamsBuilder::<CairnConfig>::new().immortal().nonce(nonce);
	let signable = transactions.create_signable_offline(&call, parameters.build());
	let signed = signable.and_then(|mut signable| signable.sign(from));
	let signed = signed.unwrap_or_else(|error| panic!("no transfer can be signed: {error}"));
	format!("0x{}", hex::encode(signed.encoded()))
}
