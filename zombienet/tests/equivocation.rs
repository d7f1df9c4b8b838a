//! A validator runs twice: both nodes make blocks in the same slots. Others report it, the offence is
//! on the chain, and after the deferral, which leaves time to cancel it, the slash is applied.

use std::time::Duration;

use cairn_network_tests::{
	account,
	events::{Events, Happened},
	history::History,
	machine,
	network::{Network, VALIDATORS},
	node::{Role, Settings},
	state::Account,
	until,
};
use codec::Decode;

/// Who runs twice.
const DOUBLED: usize = 3;
const STASH: &str = "//Dave//stash";
/// How long two nodes may take until they collide in a slot: the second one's start included.
const COLLIDED: Duration = Duration::from_secs(300);
/// How long the slash may take: it is applied as the second era after that of the offence begins.
const SLASHED: Duration = Duration::from_secs(300);
/// How long the three others may take to finalize more.
const FINALIZED: Duration = Duration::from_secs(90);
/// Eras of deferral in the development genesis.
const DEFERRED: u32 = 1;
/// Blocks that must still become final.
const BLOCKS: u32 = 10;
/// What a node logs that reports an equivocation in block production.
const REPORTED: &str = "Submitted equivocation report for author";
/// The kind of the offence, as the chain names it.
const TWO_BLOCKS: &[u8] = b"babe:equivocatio";
/// Of (3 · offenders / validators)², in parts per billion: (3/4)².
const FRACTION: u32 = 562_500_000;

#[tokio::test]
async fn who_runs_twice_is_reported_and_slashed() {
	let _machine = machine().await;
	let mut network = Box::pin(Network::builder().with_short_eras().start()).await;
	let begun = network.finalized_everywhere().await.expect("answers");
	let stash = account(STASH).account();
	let before = network.nodes()[0].stake(&stash, None).await.expect("a stake");
	let mut events = Box::pin(Events::from(&network.nodes()[0], begun + 1)).await;
	let double = network.add(second_node());

	let report = Box::pin(wait_for_report(&network, &mut events)).await;
	assert_eq!((report.validator, report.fraction), (stash, FRACTION));
	// One offence is enough.
	network.node(double).kill();

	let witness = &network.nodes()[0];
	let due = report.era + DEFERRED + 1;
	let pending = witness.scheduled_slash(&stash, due).await;
	let pending = pending.unwrap_or_else(|| panic!("no slash waits for era {due}"));
	assert_eq!(pending, before / 1_000_000_000 * u128::from(FRACTION));
	assert_eq!(witness.stake(&stash, None).await, Some(before), "nothing is taken yet");

	let slashed = Box::pin(events.next(witness, "Staking", "Slashed", SLASHED)).await;
	let block = slashed[0].block;
	assert_eq!(witness.era(Some(block.hash)).await, Some(due), "in the era that it waited for");
	let amounts = slashed.iter().map(amount_of).filter(|(who, _)| *who == stash);
	let taken = amounts.map(|(_, amount)| amount).sum::<u128>();
	assert!(taken >= pending, "at least what was announced");
	let after = witness.stake(&stash, Some(block.hash)).await;
	assert_eq!(after, Some(before - taken), "what was taken is gone from the stake");
	println!("{taken} of {before} were slashed in block {}", block.number);
	Box::pin(the_others_go_on(&mut network)).await;
}

/// A node with the keys of a validator that runs already, and with a network key of its own. It makes
/// blocks and does not vote: the first offence is to be about blocks.
fn second_node() -> Settings {
	let options = vec!["--no-grandpa".to_owned()];
	let role = Role::Development(VALIDATORS[DOUBLED]);
	Settings { options, ..Settings::new("dave-twice", role) }
}

/// Wait until the chain has a report of two blocks in a slot, made by an honest validator.
async fn wait_for_report(network: &Network, events: &mut Events) -> Report {
	let witness = &network.nodes()[0];
	let reported = Box::pin(events.next(witness, "Staking", "SlashReported", COLLIDED)).await;
	let all = Box::pin(events.at(reported[0].block)).await.expect("the block's events");
	let offence = all.iter().find(|event| event.pallet == "Offences" && event.name == "Offence");
	let offence = offence.expect("an offence beside the report of its slash");
	assert!(offence.fields.starts_with(TWO_BLOCKS), "the offence is about blocks");
	// They collide again and again: of several nodes that see it at once, the first one reports it.
	until("an honest node's report", COLLIDED, async || {
		let mut honest = network.nodes().iter().take(DOUBLED);
		honest.any(|node| node.log().contains(REPORTED)).then_some(())
	})
	.await;
	Report::of(&reported[0])
}

async fn the_others_go_on(network: &mut Network) {
	let mut history = History::default();
	let height = network.finalized_everywhere().await.expect("answers");
	network.finalized_above(height + BLOCKS, FINALIZED).await;
	until("one history", FINALIZED, async || {
		history.poll(network.nodes()).await;
		(history.agreed() > height).then_some(())
	})
	.await;
}

/// The fields of `Staking.SlashReported`.
#[derive(Decode)]
struct Report {
	validator: Account,
	/// Parts per billion.
	fraction: u32,
	era: u32,
}

impl Report {
	fn of(happened: &Happened) -> Self {
		Self::decode(&mut happened.event.fields.as_slice()).expect("the fields of a report")
	}
}

/// The fields of `Staking.Slashed`.
fn amount_of(happened: &Happened) -> (Account, u128) {
	Decode::decode(&mut happened.event.fields.as_slice()).expect("whose stake, how much")
}
