//! A validator without a telemetry source: the others attest, it is not paid, and nobody is slashed.

use std::time::Duration;

use cairn_chain::{At, Vote};
use cairn_network_tests::{
	account,
	field::Field,
	machine,
	network::{Network, VALIDATORS},
	node::Node,
	state::{Account, prefix},
	until,
};

/// The validator without a source.
const WITHOUT: usize = 3;
/// Batches that are looked at.
const BATCHES: usize = 2;
/// How long these may take from the devices' first readings on.
const ATTESTED: Duration = Duration::from_secs(180);
/// How long it may take until their fees are paid: they have matured then, and idle time has passed.
const PAID: Duration = Duration::from_secs(180);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_source_is_not_paid_and_not_slashed() {
	let _machine = machine().await;
	let address = Field::free_address();
	let builder = Network::builder().with_source(format!("http://{address}"));
	let mut network = Box::pin(builder.without_source(WITHOUT).start()).await;
	let before = Accounts::read(&network.nodes()[0]).await.expect("balances");
	let chain = network.nodes()[0].chain.clone();
	let mut field = Box::pin(Field::start(&chain, address)).await;

	let batches = Box::pin(field.attested_behind(field.first(), BATCHES, ATTESTED)).await;
	// In the newest block a reorganisation may take a verdict back.
	let best = network.nodes()[0].best().await.expect("the best block").number;
	network.finalized_above(best, ATTESTED).await;
	for (window, attempt) in batches.iter().copied() {
		let batch = field.batch(window, attempt).await.expect("an attested batch");
		assert_eq!(batch.quorum, (4, 3), "all four are on the committee, three are enough");
		let [valid, invalid, unavailable] = batch.verdicts;
		assert_eq!((valid, invalid, unavailable), (3, 0, 0), "who has no source says nothing");
		let votes = chain.votes(field.id(), window, attempt, At::Best);
		let votes = Box::pin(votes).await.expect("votes");
		let silent = votes.iter().filter(|vote| **vote == Vote::None).count();
		assert_eq!(silent, 1, "one of four gave no verdict");
	}

	let after = until("the committee's fees", PAID, async || {
		let after = Accounts::read(&network.nodes()[0]).await?;
		let paid = after.gains(&before);
		let others = paid.iter().enumerate().filter(|(index, _)| *index != WITHOUT);
		others.map(|(_, gain)| *gain).all(|gain| gain > 0).then_some(after)
	})
	.await;
	let gains = after.gains(&before);
	println!("paid for verdicts: {gains:?}");
	assert_eq!(gains[WITHOUT], 0, "who gave no verdict is not paid");
	assert_eq!((gains[0], gains[1]), (gains[1], gains[2]), "the others share alike");
	ensure_nobody_is_slashed(&network.nodes()[0], &before, &after).await;
	let [_, invalid, unavailable, _] = field.view().await.record;
	assert_eq!((invalid, unavailable), (0, 0), "silence is no verdict against a batch");
}

/// What the validators' stashes have, in order of the validators.
struct Accounts {
	free: Vec<u128>,
	staked: Vec<u128>,
}

impl Accounts {
	async fn read(node: &Node) -> Option<Self> {
		// One block for all: a payment is seen whole or not at all.
		let best = node.best().await?;
		let (mut free, mut staked) = (Vec::new(), Vec::new());
		for stash in stashes() {
			let balance = node.chain.balance(&stash, At::Block(best.hash));
			free.push(Box::pin(balance).await.ok()?.free);
			staked.push(node.stake(&stash, Some(best.hash)).await?);
		}
		Some(Self { free, staked })
	}

	/// What each has more than `before`.
	fn gains(&self, before: &Self) -> Vec<u128> {
		let both = self.free.iter().zip(&before.free);
		both.map(|(now, then)| now.checked_sub(*then).expect("nobody pays")).collect()
	}
}

fn stashes() -> impl Iterator<Item = Account> {
	VALIDATORS.iter().map(|name| {
		let (initial, rest) = name.split_at(1);
		account(&format!("//{}{rest}//stash", initial.to_uppercase())).account()
	})
}

async fn ensure_nobody_is_slashed(node: &Node, before: &Accounts, after: &Accounts) {
	assert_eq!(before.staked, after.staked, "stakes are whole");
	let set = node.validator_set().await.expect("the validators");
	assert!(set.disabled.is_empty(), "no validator is disabled");
	let reports = node.count_keys(&prefix("Offences", "Reports"), None).await;
	assert_eq!(reports, Some(0), "nothing was reported");
}
